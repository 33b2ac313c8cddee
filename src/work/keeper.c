/*
 * Slow housekeeping, one round a second. What always holds: each part of a round is a transaction
 * of its own; one that fails is logged and tried again in the next round.
 */
#include <stdlib.h>

#include "store/queries.h"
#include "sys/log.h"
#include "sys/metrics.h"
#include "work/drain.h"
#include "work/sync_status.h"

#define ROUND_MS      1000
#define SWEEP_MS      (10 * 60 * 1000) /* journal and amendments are pruned this often */
#define PRUNE_ENTRIES 2000             /* per transaction */
#define ARENA_BYTES   (8u << 20)

struct keeper {
	struct keeper_options o;
	struct db *db;
	struct arena *arena;
	int64_t next_sweep;
};

enum err
keeper_open(const struct keeper_options *o, struct keeper **out)
{
	struct keeper *k = calloc(1, sizeof(*k));
	enum err e;

	if (k == NULL)
		abort();
	k->o = *o;
	e = db_open(o->pool, false, &k->db);
	if (e != ERR_OK) {
		free(k);
		return e;
	}
	k->arena = arena_new(ARENA_BYTES);
	*out = k;
	return ERR_OK;
}

void
keeper_close(struct keeper *k)
{
	if (k == NULL)
		return;
	db_close(k->db);
	arena_free(k->arena);
	free(k);
}

typedef enum err round_fn(struct keeper *, int64_t now_ms, bool *again);

/* One piece of the round in a transaction of its own. */
static bool
in_transaction(struct keeper *k, round_fn *fn, const char *what, int64_t now_ms)
{
	static struct log_limit limit;
	bool again = false;
	int64_t hidden;
	enum err e;

	arena_reset(k->arena);
	e = db_begin(k->db, DB_APPLY);
	if (e == ERR_OK)
		e = fn(k, now_ms, &again);
	if (e == ERR_OK)
		e = db_commit(k->db);
	if (e == ERR_OK)
		return again;
	db_rollback(k->db);
	if (log_limited(&limit, now_ms, 10000, &hidden))
		log_warn("keeper.failed", LOG_Z("piece", what), LOG_ERR(e),
		         LOG_Z("detail", db_message(k->db)));
	return false;
}

static enum err
unpark(struct keeper *k, int64_t now_ms, bool *again)
{
	struct db_result r;
	enum err e = db_query(k->db, &q_keeper_unpark, DB_NO_PARAMS, NULL, k->arena, &r);

	(void)now_ms;
	*again = false;
	if (e == ERR_OK && r.nrows > 0)
		log_info("journal.released", LOG_INT("parts", r.nrows));
	return e;
}

static enum err
evaluate(struct keeper *k, int64_t now_ms, bool *again)
{
	struct db_result r;
	enum err e = db_query(k->db, &q_sync_clients, DB_NO_PARAMS, NULL, k->arena, &r);

	*again = false;
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct uuid client_id = db_get_uuid(&r, i, 0);

		e = db_lane(k->db, client_id, false);
		if (e == ERR_BUSY) {
			e = ERR_OK; /* the lane's holder evaluates it, or the next round does */
			continue;
		}
		if (e == ERR_OK)
			e = sync_status_evaluate(k->db, k->arena, k->o.rand, client_id, now_ms,
			                         k->o.alert_ms);
	}
	return e;
}

static enum err
drop_amendments(struct keeper *k, int64_t now_ms, bool *again)
{
	int64_t dropped = 0;
	enum err e = db_exec(k->db, &q_keeper_amendments_drop,
	                     DB_PARAMS(db_time(now_ms - k->o.amendment_ms)), NULL, &dropped);

	*again = false;
	metrics_add(M_AMENDMENTS_DROPPED, dropped);
	return e;
}

static enum err
prune(struct keeper *k, int64_t now_ms, bool *again)
{
	struct db_rows *parts = db_rows_new(k->arena, &q_keeper_parts_delete);
	struct db_rows *entries = db_rows_new(k->arena, &q_keeper_journal_delete);
	struct db_result r;
	enum err e = db_query(
		k->db, &q_keeper_journal_old,
		DB_PARAMS(db_time(now_ms - k->o.journal_retention_ms), db_int(PRUNE_ENTRIES)), NULL,
		k->arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		db_row_uuid(parts, db_get_uuid(&r, i, 0));
		db_row_uuid(entries, db_get_uuid(&r, i, 0));
	}
	if (e == ERR_OK)
		e = db_exec(k->db, &q_keeper_parts_delete, DB_NO_PARAMS, parts, NULL);
	if (e == ERR_OK)
		e = db_exec(k->db, &q_keeper_journal_delete, DB_NO_PARAMS, entries, NULL);
	*again = e == ERR_OK && r.nrows == PRUNE_ENTRIES;
	return e;
}

static enum err
gauges(struct keeper *k, int64_t now_ms, bool *again)
{
	struct db_result r;
	enum err e = db_query(k->db, &q_keeper_depth, DB_NO_PARAMS, NULL, k->arena, &r);
	int64_t oldest;

	*again = false;
	if (e != ERR_OK || r.nrows == 0)
		return e;
	oldest = db_get_time(&r, 0, 1);
	metrics_set(M_JOURNAL_DEPTH, db_get_int(&r, 0, 0));
	metrics_set(M_JOURNAL_OLDEST_SECONDS,
	            oldest == TIME_NONE || oldest > now_ms ? 0 : (now_ms - oldest) / 1000);
	return e;
}

enum step
keeper_step(void *worker, int64_t now_ms, int64_t *next_ms)
{
	struct keeper *k = worker;

	*next_ms = now_ms + ROUND_MS;
	(void)in_transaction(k, unpark, "unpark", now_ms);
	(void)in_transaction(k, evaluate, "history status", now_ms);
	(void)in_transaction(k, gauges, "gauges", now_ms);
	if (now_ms >= k->next_sweep) {
		(void)in_transaction(k, drop_amendments, "amendments", now_ms);
		if (in_transaction(k, prune, "journal", now_ms)) {
			*next_ms = now_ms + ROUND_MS / 10;
			return STEP_WAIT;
		}
		k->next_sweep = now_ms + SWEEP_MS;
	}
	if (db_engine(k->db) == DB_SQLITE && db_checkpoint(k->db) != ERR_OK)
		log_debug("keeper.checkpoint_busy");
	return STEP_WAIT;
}
