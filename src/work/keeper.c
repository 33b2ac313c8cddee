/*
 * Slow housekeeping, one round a second. What always holds: each piece of a round fails alone, is
 * logged and tried again in the next round; every transaction is bounded: 2,000 parts that are
 * released, 2,000 amendments and 5,000 events that are dropped, entries that are pruned by their
 * bytes and number, 500 analyses that are returned, and of the history states and the imports that
 * are due one client's. What is left of the first four waits for the next round, which then comes
 * sooner; all clients' history states are one piece, as long as there are clients with something
 * due. What there is to do is looked for without the writer's lock (but for amendments and
 * analyses, which the changing statement finds itself), and worked out again from the rows, so
 * nothing is waited for on the disk.
 */
#include <stdlib.h>

#include "store/queries.h"
#include "sys/log.h"
#include "sys/metrics.h"
#include "work/analysis_queue.h"
#include "work/drain.h"
#include "work/event.h"
#include "work/jobs.h"
#include "work/sync_status.h"

#define ROUND_MS        1000
#define SWEEP_MS        (10 * 60 * 1000) /* journal and amendments are pruned this often */
#define IMPORTS_MS      5000             /* whether a periodic import is due */
#define ANALYSES_MS     10000            /* whether leases of analyses are over */
#define DROP_AMENDMENTS 2000             /* per transaction */
#define PRUNE_BYTES     (8 << 20)        /* of bodies, per transaction; one entry may always be */
#define PRUNE_ENTRIES   2000             /* looked at at once */
#define RELEASE_PARTS   2000             /* per transaction */
#define DROP_EVENTS     5000             /* per transaction */
#define CLIENTS         256              /* looked at at once */
#define COUNTED_PARTS   100000           /* the gauge goes no further */
#define ARENA_BYTES     (8u << 20)

struct keeper {
	struct keeper_options o;
	struct db *db;
	struct arena *arena;
	int64_t next_sweep, next_imports, next_analyses;
	struct uuid pruned_to; /* of the sweep that is under way */
	struct log_limit failed, checkpoint;
};

enum err
keeper_open(const struct keeper_options *o, struct keeper **out)
{
	struct keeper *k = calloc(1, sizeof(*k));
	enum err e;

	if (k == NULL)
		abort();
	k->o = *o;
	k->pruned_to = uuid_v7_floor(0);
	e = db_open_batch(o->pool, &k->db);
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

/* One piece of the round. *again: it was bounded, and there is more. */
typedef enum err piece_fn(struct keeper *, int64_t now_ms, bool *again);

static enum err
run(struct keeper *k, piece_fn *fn, const char *what, int64_t now_ms, bool *again)
{
	int64_t hidden;
	enum err e;

	arena_reset(k->arena);
	*again = false;
	e = fn(k, now_ms, again);
	if (e == ERR_OK)
		return e;
	db_rollback(k->db);
	*again = false;
	if (log_limited(&k->failed, now_ms, 10000, &hidden))
		log_warn("keeper.failed", LOG_Z("piece", what), LOG_ERR(e),
		         LOG_Z("detail", db_message(k->db)), LOG_INT("hidden", hidden));
	return e;
}

static enum err
unpark(struct keeper *k, int64_t now_ms, bool *again)
{
	struct db_rows *keys = db_rows_new(k->arena, &q_keeper_unpark);
	struct event_batch events;
	struct db_result r;
	int64_t parts = 0;
	enum err e = db_query(k->db, &q_keeper_known, DB_NO_PARAMS, NULL, k->arena, &r);

	if (e != ERR_OK || r.nrows == 0)
		return e;
	event_batch_init(&events, k->arena);
	for (size_t i = 0; i < r.nrows; i++) {
		db_row_text(keys, db_get_text(&r, i, 0));
		db_row_uuid(keys, db_get_uuid(&r, i, 1));
		event_batch_add(&events, db_get_uuid(&r, i, 2), EVENT_WEBHOOK_EVENTS, UUID_NIL);
	}
	e = db_begin(k->db, DB_APPLY);
	if (e == ERR_OK)
		e = db_exec(k->db, &q_keeper_unpark, DB_PARAMS(db_int(RELEASE_PARTS)), keys,
		            &parts);
	if (e == ERR_OK && parts > 0)
		e = event_batch_store(&events, k->db, now_ms);
	if (e == ERR_OK)
		e = db_commit(k->db);
	if (e == ERR_OK && parts > 0)
		log_info("journal.released", LOG_INT("parts", parts));
	*again = parts >= RELEASE_PARTS;
	return e;
}

/* In the client's lane; if another has it, that one evaluates it, or the next round does. */
static enum err
evaluate_client(struct keeper *k, struct uuid client_id, int64_t now_ms)
{
	struct event_batch events;
	enum err e = db_begin(k->db, DB_APPLY);

	if (e != ERR_OK)
		return e;
	e = db_lane(k->db, client_id, false);
	if (e == ERR_BUSY) {
		db_rollback(k->db);
		return ERR_OK;
	}
	event_batch_init(&events, k->arena);
	if (e == ERR_OK)
		e = sync_status_evaluate(k->db, k->arena, k->o.rand, client_id, now_ms,
		                         k->o.alert_ms, &events);
	if (e == ERR_OK)
		e = event_batch_store(&events, k->db, now_ms);
	return e == ERR_OK ? db_commit(k->db) : e;
}

/* One client's trouble stops no other. */
static void
pass_over(struct keeper *k, const char *piece, struct uuid client_id, enum err e, int64_t now_ms)
{
	int64_t hidden;

	if (e == ERR_OK)
		return;
	db_rollback(k->db);
	if (log_limited(&k->failed, now_ms, 10000, &hidden))
		log_warn("keeper.failed", LOG_Z("piece", piece), LOG_UUID("client", client_id),
		         LOG_ERR(e), LOG_Z("detail", db_message(k->db)), LOG_INT("hidden", hidden));
}

static void
evaluate_one(struct keeper *k, struct uuid client_id, int64_t now_ms)
{
	pass_over(k, "history state", client_id, evaluate_client(k, client_id, now_ms), now_ms);
}

/* All clients, a page at a time. */
static enum err
evaluate(struct keeper *k, int64_t now_ms, bool *again)
{
	struct uuid page[CLIENTS], due[CLIENTS], after = uuid_v7_floor(0);
	size_t n = CLIENTS, ndue = 0;
	enum err e = ERR_OK;

	*again = false;
	while (e == ERR_OK && n == CLIENTS) {
		struct db_result r;

		arena_reset(k->arena);
		e = db_query(k->db, &q_sync_clients, DB_PARAMS(db_uuid(after), db_int(CLIENTS)),
		             NULL, k->arena, &r);
		n = e == ERR_OK ? r.nrows : 0;
		for (size_t i = 0; i < n; i++)
			page[i] = after = db_get_uuid(&r, i, 0);
		if (e == ERR_OK)
			e = sync_status_due(k->db, k->arena, page, n, now_ms, k->o.alert_ms, due,
			                    &ndue);
		for (size_t i = 0; e == ERR_OK && i < ndue; i++)
			evaluate_one(k, due[i], now_ms);
	}
	return e;
}

/* In the client's lane; if another has it, the next look does it. */
static enum err
start_import(struct keeper *k, struct uuid client_id, int64_t now_ms)
{
	bool existing = false;
	struct uuid id;
	enum err e = db_begin(k->db, DB_APPLY);

	if (e != ERR_OK)
		return e;
	e = db_lane(k->db, client_id, false);
	if (e == ERR_BUSY) {
		db_rollback(k->db);
		return ERR_OK;
	}
	if (e == ERR_OK)
		e = jobs_enqueue(k->db, k->arena, k->o.rand, client_id, JOB_IMPORT, false, false,
		                 now_ms, &id, &existing);
	if (e == ERR_OK)
		e = db_commit(k->db);
	if (e == ERR_OK && !existing)
		log_info("import.scheduled", LOG_UUID("job", id), LOG_UUID("client", client_id));
	return e;
}

static enum err
start_imports(struct keeper *k, int64_t now_ms, bool *again)
{
	struct db_result r;
	enum err e = db_query(k->db, &q_jobs_import_due,
	                      DB_PARAMS(db_time(now_ms - k->o.import_every_ms), db_int(CLIENTS)),
	                      NULL, k->arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct uuid client = db_get_uuid(&r, i, 0);

		pass_over(k, "imports", client, start_import(k, client, now_ms), now_ms);
	}
	*again = false;
	return e;
}

static enum err
drop_amendments(struct keeper *k, int64_t now_ms, bool *again)
{
	int64_t dropped = 0;
	enum err e = db_begin(k->db, DB_APPLY);

	if (e == ERR_OK)
		e = db_exec(k->db, &q_keeper_amendments_drop,
		            DB_PARAMS(db_time(now_ms - k->o.amendment_ms), db_int(DROP_AMENDMENTS)),
		            NULL, &dropped);
	if (e == ERR_OK)
		e = db_commit(k->db);
	if (e == ERR_OK)
		metrics_add(M_AMENDMENTS_DROPPED, dropped);
	*again = dropped >= DROP_AMENDMENTS;
	return e;
}

/* Events that nobody can ask for any more. */
static enum err
drop_events(struct keeper *k, int64_t now_ms, bool *again)
{
	struct db_rows *old = db_rows_new(k->arena, &q_events_drop);
	int64_t dropped = 0;
	struct db_result r;
	enum err e = db_query(k->db, &q_events_old,
	                      DB_PARAMS(db_time(now_ms - k->o.event_ms), db_int(DROP_EVENTS)), NULL,
	                      k->arena, &r);

	if (e != ERR_OK || r.nrows == 0)
		return e;
	for (size_t i = 0; i < r.nrows; i++) {
		db_row_uuid(old, db_get_uuid(&r, i, 0));
		db_row_int(old, db_get_int(&r, i, 1));
	}
	e = db_begin(k->db, DB_APPLY);
	if (e == ERR_OK)
		e = db_exec(k->db, &q_events_drop, DB_NO_PARAMS, old, &dropped);
	if (e == ERR_OK)
		e = db_commit(k->db);
	*again = dropped >= DROP_EVENTS;
	return e;
}

/*
 * The next entries that are older than the retention: those that are done with go, the others are
 * passed over until the next sweep. An id is made when the entry has been received, so its time is
 * no earlier.
 */
static enum err
prune(struct keeper *k, int64_t now_ms, bool *again)
{
	struct db_rows *old = db_rows_new(k->arena, &q_keeper_journal_delete);
	struct db_result r;
	int64_t bytes = 0;
	size_t n = 0;
	enum err e = db_query(k->db, &q_keeper_journal_old,
	                      DB_PARAMS(db_uuid(k->pruned_to),
	                                db_uuid(uuid_v7_floor(now_ms - k->o.journal_retention_ms)),
	                                db_int(PRUNE_ENTRIES)),
	                      NULL, k->arena, &r);

	if (e != ERR_OK || r.nrows == 0)
		return e;
	for (; n < r.nrows && bytes < PRUNE_BYTES; n++) {
		if (!db_get_bool(&r, n, 1))
			continue;
		db_row_uuid(old, db_get_uuid(&r, n, 0));
		bytes += db_get_int(&r, n, 2);
	}
	if (old->nrows > 0) {
		e = db_begin(k->db, DB_APPLY);
		if (e == ERR_OK)
			e = db_exec(k->db, &q_keeper_parts_delete, DB_NO_PARAMS, old, NULL);
		if (e == ERR_OK)
			e = db_exec(k->db, &q_keeper_journal_delete, DB_NO_PARAMS, old, NULL);
		if (e == ERR_OK)
			e = db_commit(k->db);
	}
	if (e == ERR_OK)
		k->pruned_to = db_get_uuid(&r, n - 1, 0);
	*again = e == ERR_OK && (n < r.nrows || r.nrows == PRUNE_ENTRIES);
	return e;
}

/* Amendments, then events and the journal in pieces, one a call. *again: a piece is left. */
static void
sweep(struct keeper *k, int64_t now_ms, bool *again)
{
	bool more = false, events = false;
	enum err e = ERR_OK;

	if (uuid_eq(k->pruned_to, uuid_v7_floor(0)))
		e = run(k, drop_amendments, "amendments", now_ms, &more);
	e = run(k, prune, "journal", now_ms, again) == ERR_OK ? e : ERR_DB;
	e = run(k, drop_events, "events", now_ms, &events) == ERR_OK ? e : ERR_DB;
	*again |= more || events;
	if (e == ERR_OK && !*again) {
		k->next_sweep = now_ms + SWEEP_MS;
		k->pruned_to = uuid_v7_floor(0);
	}
}

/* What a process held that is gone; without a key for the model no analyser looks. */
static enum err
return_analyses(struct keeper *k, int64_t now_ms, bool *again)
{
	int64_t returned;
	enum err e = analysis_queue_sweep(k->db, now_ms, &returned);

	*again = false;
	if (e == ERR_OK && returned > 0)
		log_warn("analysis.returned", LOG_INT("rows", returned));
	return e;
}

static enum err
gauges(struct keeper *k, int64_t now_ms, bool *again)
{
	struct db_result r;
	enum err e = db_query(k->db, &q_keeper_depth, DB_PARAMS(db_int(COUNTED_PARTS)), NULL,
	                      k->arena, &r);
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

/* That a reader holds it up is no error; what is one lets the log grow until the disk is full. */
static void
checkpoint(struct keeper *k, int64_t now_ms)
{
	int64_t hidden;
	enum err e = db_checkpoint(k->db);

	if (e != ERR_OK && log_limited(&k->checkpoint, now_ms, 10000, &hidden))
		log_warn("keeper.checkpoint_failed", LOG_ERR(e), LOG_Z("detail", db_message(k->db)),
		         LOG_INT("hidden", hidden));
}

enum step
keeper_step(void *worker, int64_t now_ms, int64_t *next_ms)
{
	struct keeper *k = worker;
	bool parked = false, swept = false, none;

	(void)run(k, unpark, "unpark", now_ms, &parked);
	(void)run(k, evaluate, "history status", now_ms, &none);
	(void)run(k, gauges, "gauges", now_ms, &none);
	if (now_ms >= k->next_sweep)
		sweep(k, now_ms, &swept);
	if (k->o.import_every_ms > 0 && now_ms >= k->next_imports) {
		(void)run(k, start_imports, "imports", now_ms, &none);
		k->next_imports = now_ms + IMPORTS_MS;
	}
	if (k->o.return_analyses && now_ms >= k->next_analyses) {
		(void)run(k, return_analyses, "analyses", now_ms, &none);
		k->next_analyses = now_ms + ANALYSES_MS;
	}
	checkpoint(k, now_ms);
	*next_ms = now_ms + (parked || swept ? ROUND_MS / 10 : ROUND_MS);
	return STEP_WAIT;
}
