/*
 * Sessions: how the helpdesk's trackings cut a ticket's messages into attendances. The sessions of
 * a ticket are a pure function of its trackings and the times of its messages; which session a
 * message is in is a pure function of the sessions and the message's time, so it is never stored:
 * readers ask session_assign() or session_assign_all() with the stored rows. Times are ms; times of
 * messages are never TIME_NONE. Source: 4-helpdesk §3 R0–R6, R9 and §5; the cases in
 * tests/data/session-cases.json define them.
 */
#ifndef RECADO_CORE_SESSION_H
#define RECADO_CORE_SESSION_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/time.h"

#define SESSION_NONE        SIZE_MAX
#define SESSION_WEAK_GAP_MS (60 * TIME_SECOND) /* between trackings of one weak group, R3 */
#define SESSION_SETTLE_MS   TIME_DAY           /* R9 */

/* The helpdesk's record of one attendance, as stored. */
struct tracking {
	int64_t id;
	int64_t created_at, started_at, finished_at; /* TIME_NONE: absent or not a time */
	struct str user_name, user_email;            /* STR_NONE: nobody */
	bool missing; /* missingSince is set: the ticket's array no longer names it */
};

enum session_type { SESSION_CLOSED, SESSION_OPEN_REAL, SESSION_OPEN_WEAK };
/* As it is stored and shown: CLOSED, OPEN_REAL, OPEN_WEAK. Of any other word: OPEN_WEAK. */
const char *session_type_word(enum session_type);
enum session_type session_type_of(struct str word);

/* Flags of a session, as bits. */
enum session_flag {
	SESSION_NOT_ACCEPTED = 1, /* finished, never started */
	SESSION_BAD_INTERVAL = 2, /* finished before it started */
	SESSION_END_INFERRED = 4, /* no end of its own: the next one's start */
	SESSION_ANCHORED = 8      /* its start is an earlier message's time */
};

/* What the row of a session that comes from trackings holds. */
struct session {
	enum session_type type;
	int64_t start;
	int64_t end;     /* TIME_NONE while open */
	int64_t lead_in; /* the trackings' (earliest) createdAt; never TIME_NONE */
	unsigned flags;
	const int64_t *ids; /* member trackings, ascending, at least one */
	size_t n_ids;
	struct str user_name, user_email; /* of the standing tracking: the member of highest id */
};

/* A session as the trackings want it. */
struct session_wanted {
	struct session s;
	/* OPEN_REAL trackings of the same start for which this one stands; not members,
	 * ascending. Their stored sessions were taken over by this one. */
	const int64_t *stood_for;
	size_t n_stood_for;
};

struct session_set {
	struct session_wanted *v; /* CLOSED by (start, tracking id), the open one last */
	size_t n;
	int64_t *rejected; /* trackings that are not missing and have no usable time, ascending */
	size_t n_rejected;
};

/*
 * R0–R5 and R8. `trackings` in the order of the payload (of equal ids the last one counts, one that
 * is not missing before one that is); the order matters for nothing else. An unknown array (null or
 * absent) is the caller's case: it keeps what is stored and calls nothing. A missing tracking that
 * was finished stays and takes part in R5 and R6; another missing one gives nothing, even if its
 * end had been inferred. `times`: of the ticket's messages, ascending. The result borrows text from
 * `trackings`. O((n_trackings + n_rejected) log + log n_times).
 */
void session_derive(struct arena *, const struct tracking *trackings, size_t n_trackings,
                    const int64_t *times, size_t n_times, struct session_set *out);

/*
 * R6: index of the session that a message of this time is in; SESSION_NONE if untracked. `sessions`
 * are those of one ticket that are not retired, in any order, at most one of them open; type,
 * start, end, lead_in and ids are read. The plain definition: O(n).
 */
size_t session_assign(const struct session *sessions, size_t n, int64_t at);
/* The same for many messages at once, in O(n log n + n_times). `times` ascending; out[i] belongs to
 * times[i]. */
void session_assign_all(struct arena *, const struct session *sessions, size_t n,
                        const int64_t *times, size_t n_times, size_t *out);

/* R9: when it may be analysed; TIME_NONE while open. Whether it is settled: now >= this. */
int64_t session_settles_at(const struct session *);
/* Its part in the figure of durations, in ms; TIME_NONE if it has none (4-helpdesk §4). */
int64_t session_duration_ms(const struct session *);

/* First response (4-helpdesk §4), folded over a session's messages in their order. Begin with
 * SESSION_RESPONSE_INIT; `answered_at` stays TIME_NONE until a message after the asking one in that
 * order answers. */
struct session_response {
	int64_t asked_at, answered_at;
};
#define SESSION_RESPONSE_INIT ((struct session_response){ TIME_NONE, TIME_NONE })
/* human: senderType HUMAN, or an echo of what was typed on the business's phone. */
void session_response_add(struct session_response *, int64_t at, bool outbound, bool human);

/* For those that compare rows: everything that is stored of the two is equal (an empty name is
 * none). */
bool session_same(const struct session *, const struct session *);
/* A total order by content; 0 only if session_same. Begins with the member ids. */
int session_cmp(const struct session *, const struct session *);

#endif
