/* What the alerter's files share. One thread. */
#ifndef RECADO_WORK_ALERTER_INTERNAL_H
#define RECADO_WORK_ALERTER_INTERNAL_H

#include "base/map.h"
#include "core/alert.h"
#include "work/alerter.h"

/* One that is the case, or that was. Its texts are of the arena of the step. */
struct alert {
	enum alert_kind kind;
	struct uuid about, client_id, connection_id;
	struct str slug;
	int64_t since;
	struct str detail; /* JSON */
	bool mine;         /* wanted: only this process sees it */
	/* as it is stored */
	bool firing;
	int64_t changes;
	struct uuid owner;
	int64_t held_until;
	bool still; /* it is wanted again */
};

struct alerter {
	struct alerter_options o;
	struct db *db; /* also for tests: faults */
	struct arena *arena;
	int64_t began_at;     /* of its first step; TIME_NONE */
	struct map stored_by; /* kind and about → index */
	struct alert *stored, *wanted;
	size_t nstored, nwanted, stored_cap, wanted_cap;
};

/* alert_facts.c */

/* What is the case, by the rows as they are now, after `stored` was read. */
MUST_CHECK enum err alert_facts_read(struct alerter *, int64_t now_ms);
/* The stored one of that kind about that thing; NULL. */
struct alert *alerter_stored(struct alerter *, enum alert_kind, struct uuid about);

#endif
