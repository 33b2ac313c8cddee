/*
 * The drain worker's step: route what is new, then apply one batch of the next client that has
 * something due. What always holds: a step does one bounded piece of work in transactions of its
 * own and leaves nothing behind in memory that the database does not know; killed at any point,
 * another worker goes on.
 */
#include "work/drain.h"

#include <stdlib.h>

#include "store/queries.h"
#include "sys/log.h"
#include "sys/metrics.h"
#include "work/drain_internal.h"
#include "work/pressure.h"

#define AWAY_MS 1000
#define IDLE_MS 1000

enum err
drain_open(const struct drain_options *o, struct drain **out)
{
	struct drain *d = calloc(1, sizeof(*d));
	enum err e;

	if (d == NULL)
		abort();
	d->o = *o;
	d->last_client = uuid_v7_floor(0);
	e = db_open_batch(o->pool, &d->db);
	if (e != ERR_OK) {
		free(d);
		return e;
	}
	d->arena = arena_new(o->arena_bytes);
	d->work = arena_new(o->arena_bytes);
	d->owns_hot = o->hot == NULL;
	d->hot = d->owns_hot ? drain_hot_new(DRAIN_HOT_BATCHES, o->arena_bytes) : o->hot;
	*out = d;
	return ERR_OK;
}

void
drain_close(struct drain *d)
{
	if (d == NULL)
		return;
	db_close(d->db);
	arena_free(d->arena);
	arena_free(d->work);
	if (d->owns_hot)
		drain_hot_free(d->hot);
	free(d);
}

enum err
drain_bodies(struct drain *d, struct arena *arena, struct drain_entry *v, size_t n)
{
	struct db_rows *rows = db_rows_new(arena, &q_drain_bodies);
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < n; i++) {
		if (v[i].facts != NULL)
			continue;
		db_row_int(rows, (int64_t)i);
		db_row_uuid(rows, v[i].id);
	}
	e = db_query(d->db, &q_drain_bodies, DB_NO_PARAMS, rows, arena, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct drain_entry *x = &v[db_get_int(&r, i, 0)];

		x->body = db_get_text(&r, i, 1);
		x->received_at = db_get_time(&r, i, 2);
		x->connection_id = db_get_uuid(&r, i, 3);
	}
	return e;
}

enum step
drain_step(void *worker, int64_t now_ms, int64_t *next_ms)
{
	static struct log_limit limit;
	struct drain *d = worker;
	size_t routed = 0;
	bool worked = false;
	int64_t hidden, hold_ms;
	enum err e;

	if (now_ms < d->away_until) {
		*next_ms = d->away_until;
		return STEP_WAIT;
	}
	hold_ms = d->o.pressure == NULL ? 0 : pressure_hold_ms(d->o.pressure, now_ms);
	if (hold_ms > 0) {
		*next_ms = now_ms + hold_ms;
		return STEP_WAIT;
	}
	e = drain_route(d, now_ms, &routed);
	if (e == ERR_OK)
		e = drain_apply(d, now_ms, &worked);
	if (e != ERR_OK) {
		if (log_limited(&limit, now_ms, 10000, &hidden))
			log_warn("drain.failed", LOG_ERR(e), LOG_Z("detail", db_message(d->db)),
			         LOG_INT("hidden", hidden));
		d->away_until = now_ms + AWAY_MS;
		*next_ms = d->away_until;
		return STEP_WAIT;
	}
	*next_ms = now_ms + IDLE_MS;
	return routed > 0 || worked ? STEP_AGAIN : STEP_WAIT;
}
