/*
 * The status of history runs: worked out from their folds by core/wa_rules, stored where it
 * changed, told to the audit log. Called after entries were marked, and by the keeper for what only
 * the clock changes.
 */
#ifndef RECADO_WORK_SYNC_STATUS_H
#define RECADO_WORK_SYNC_STATUS_H

#include "store/db.h"
#include "sys/rand.h"
#include "work/event.h"

/* For the current run of every live connection of a client. Needs the client's lane. What changed
 * is added to `events`, which the caller stores. */
MUST_CHECK enum err
sync_status_evaluate(struct db *, struct arena *, const struct randomness *, struct uuid client_id,
                     int64_t now_ms, int64_t alert_ms, struct event_batch *events);
/*
 * Which of the n clients sync_status_evaluate would write something for, in `due` (room for n).
 * Only reads; needs no lane.
 */
MUST_CHECK enum err
sync_status_due(struct db *, struct arena *, const struct uuid *clients, size_t n, int64_t now_ms,
                int64_t alert_ms, struct uuid *due, size_t *ndue);

/* A connection's new run, which is its current one from then on. */
struct sync_run_start {
	struct uuid id, client_id, connection_id;
	bool cloud_api;
	bool requested; /* its history is being asked for now */
};
/* In a transaction with the client's lane. */
MUST_CHECK enum err sync_run_insert(struct db *, const struct sync_run_start *, int64_t now_ms);

#endif
