/*
 * What to write so that a ticket's stored sessions become the wanted ones. A session's identity is
 * its trackings': a tracking keeps its session id through all classes, nothing is ever deleted and
 * inserted again, and a retired session is taken up again when its tracking comes back. Source:
 * 4-helpdesk §3 R7, R8, S1–S11, §5.
 */
#ifndef RECADO_CORE_SESSION_DIFF_H
#define RECADO_CORE_SESSION_DIFF_H

#include "base/uuid.h"
#include "core/session.h"

/* A stored row of source `tracking`; the caller gives all of the ticket, retired ones too. A
 * retired row keeps its members: by them it is found again. */
struct session_row {
	struct uuid id;
	bool retired;
	struct uuid heir; /* retired: the session that took it over; nil if none */
	struct session s;
};

enum session_act {
	SESSION_KEEP,   /* the row is what is wanted: not written */
	SESSION_UPDATE, /* the row gets the wanted content, its id stays */
	SESSION_INSERT, /* a new row, under an id of the caller's making */
	SESSION_REVIVE  /* as update; besides, no longer retired, without heir */
};

/* Where wanted session i goes: places[i]. */
struct session_place {
	enum session_act act;
	size_t row; /* index among the stored rows; SESSION_NONE when inserted */
};

/* A row to be retired, or one retired before whose heir is another now (`again`). Its content and
 * members are left as they are. */
struct session_leaving {
	size_t row;
	bool again;
	size_t heir; /* the wanted session that took it over, SESSION_NONE if none did; never that
	                when `again` */
};

struct session_diff {
	struct session_place *places; /* one per wanted session, in their order */
	struct session_leaving *leaving;
	size_t n_leaving; /* by the rows' content */
	bool changes;     /* false: nothing at all to write */
};

/*
 * Who lives on. Rows choose one after the other: those not retired before the retired, the retired
 * without heir before those with one, then by lowest tracking id, then by the rest of their
 * content. Each takes the wanted session that holds the lowest of its trackings and is still free.
 * So when a weak group splits the row goes with its lowest tracking, and when several rows fall
 * into one group the first of this order lives on. A row that finds none leaves; its heir is the
 * wanted session that has one of its trackings as a member, or stands for it (the lowest such
 * tracking decides). A row retired before keeps its heir until another takes it over.
 *
 * The result does not depend on the order of `rows`: only rows equal in all content are
 * interchangeable. Our ids decide nothing. Diffing the result against the same wanted sessions
 * changes nothing. O(all tracking ids · log).
 */
void session_diff(struct arena *, const struct session_row *rows, size_t n_rows,
                  const struct session_wanted *wanted, size_t n_wanted, struct session_diff *out);

#endif
