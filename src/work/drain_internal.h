/* What routing and applying share inside one drain worker. */
#ifndef RECADO_WORK_DRAIN_INTERNAL_H
#define RECADO_WORK_DRAIN_INTERNAL_H

#include "work/apply.h"
#include "work/drain.h"
#include "work/drain_hot.h"

struct drain {
	struct drain_options o;
	struct db *db;
	struct arena *arena;   /* of one step: what was claimed and decoded */
	struct arena *work;    /* of one try at applying it */
	struct drain_hot *hot; /* shared, or our own */
	bool owns_hot;
	struct uuid
		route_after; /* everything up to here was routed; a hint, forgotten at rescan_at */
	int64_t rescan_at;
	size_t route_most;       /* entries in the next routing batch */
	struct uuid last_client; /* served last: the next one's turn */
	int64_t away_until;      /* the database was away: not before */
};

/* Bodies of the entries that have none yet, into `arena`. */
MUST_CHECK enum err drain_bodies(struct drain *, struct arena *, struct drain_entry *v, size_t n);
/* Routes up to a batch of new entries; *routed: how many. */
MUST_CHECK enum err drain_route(struct drain *, int64_t now_ms, size_t *routed);
/* Applies one batch of one client; *worked: whether there was one. */
MUST_CHECK enum err drain_apply(struct drain *, int64_t now_ms, bool *worked);

#endif
