/*
 * Why: serve and worker drive the same steps. What always holds: each drainer has a wake-up of its
 * own, so that one wake never goes to another's thread only; a worker is closed after its thread.
 */
#include "cmd/workers.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmd/alerting.h"
#include "cmd/analysing.h"
#include "cmd/graphing.h"
#include "cmd/importing.h"
#include "sys/log.h"
#include "sys/threads.h"
#include "work/drain.h"
#include "work/drain_hot.h"
#include "work/pressure.h"

#define WORKERS_MAX 64
#define IMPORTS_MAX 16 /* helpdesks read at once */

struct workers {
	size_t n;
	struct drain *drains[WORKERS_MAX];
	struct wake *wakes[WORKERS_MAX];
	struct driver *drivers[WORKERS_MAX];
	struct drain_hot *hot; /* shared by the drains */
	struct pressure *pressure;
	struct keeper *keeper;
	struct wake *keeper_wake;
	struct driver *keeper_driver;
	struct importing *importing;
	struct analysing *analysing; /* NULL without a key for the model */
	struct graphing *graphing;
	struct alerting *alerting;
};

static enum err
start_drainer(struct workers *w, const struct drain_options *o)
{
	char name[16];
	size_t i = w->n;
	enum err e = drain_open(o, &w->drains[i]);

	if (e != ERR_OK)
		return e;
	w->wakes[i] = wake_new();
	w->n++;
	snprintf(name, sizeof(name), "drain-%zu", i);
	return driver_start(name, drain_step, w->drains[i], &clock_real, w->wakes[i],
	                    &w->drivers[i]);
}

static enum err
start_keeper(struct workers *w, const struct keeper_options *o)
{
	enum err e = keeper_open(o, &w->keeper);

	if (e != ERR_OK)
		return e;
	w->keeper_wake = wake_new();
	return driver_start("keeper", keeper_step, w->keeper, &clock_real, w->keeper_wake,
	                    &w->keeper_driver);
}

/* What was parked for it may be applied now. */
static void
number_connected(void *workers)
{
	const struct workers *w = workers;

	wake_set(w->keeper_wake);
}

enum err
workers_start(const struct settings *s, struct db_pool *pool, struct workers **out)
{
	const struct config *c = &s->config;
	bool sqlite = db_pool_engine(pool) == DB_SQLITE;
	struct drain_options d = { .pool = pool,
		                   .rand = &rand_system,
		                   .route_entries = 512,
		                   .claim_messages = sqlite ? 500 : 2000,
		                   .claim_parts = sqlite ? 200 : 1024,
		                   .claim_bytes = (size_t)8 << 20,
		                   .arena_bytes = (size_t)256 << 20,
		                   .amendment_ms = c->amendment_days * TIME_DAY,
		                   .alert_ms = c->history_alert_minutes * TIME_MINUTE };
	const struct keeper_options k = {
		.pool = pool,
		.rand = &rand_system,
		.amendment_ms = d.amendment_ms,
		.alert_ms = d.alert_ms,
		.journal_retention_ms = c->journal_retention_days * TIME_DAY,
		.event_ms = c->event_hours * TIME_HOUR,
		.import_every_ms = c->import_interval_minutes * TIME_MINUTE,
		.return_analyses = str_is_empty(c->openai_api_key),
	};
	struct workers *w = calloc(1, sizeof(*w));
	int64_t wanted = sqlite ? 1 : c->drainers;
	enum err e = ERR_OK;

	if (w == NULL)
		abort();
	w->hot = drain_hot_new(DRAIN_HOT_BATCHES, d.arena_bytes);
	d.hot = w->hot;
	w->pressure = pressure_new(c->apply_hold_seconds * TIME_SECOND);
	d.pressure = w->pressure;
	for (int64_t i = 0; e == ERR_OK && i < wanted && i < WORKERS_MAX; i++)
		e = start_drainer(w, &d);
	if (e == ERR_OK)
		e = start_keeper(w, &k);
	if (e == ERR_OK)
		e = importing_start(s, pool, UUID_NIL, IMPORTS_MAX, &w->importing);
	if (e == ERR_OK && !str_is_empty(c->openai_api_key))
		e = analysing_start(s, pool, UUID_NIL, &w->analysing);
	if (e == ERR_OK)
		e = graphing_start(s, pool, number_connected, w, &w->graphing);
	if (e == ERR_OK)
		e = alerting_start(s, pool, &w->alerting);
	if (e != ERR_OK) {
		log_error("workers.not_started", LOG_ERR(e));
		workers_stop(w);
		workers_join(w);
		return e;
	}
	*out = w;
	return ERR_OK;
}

static void
wake_drains(struct workers *w)
{
	for (size_t i = 0; i < w->n; i++)
		wake_set(w->wakes[i]);
}

void
workers_committed(struct workers *w, size_t entries)
{
	int64_t now_ms = clock_now(&clock_real);

	pressure_committed(w->pressure, entries, now_ms);
	if (pressure_hold_ms(w->pressure, now_ms) == 0)
		wake_drains(w);
}

void
workers_wake(struct workers *w)
{
	wake_drains(w);
	if (w->keeper_wake != NULL)
		wake_set(w->keeper_wake);
	if (w->importing != NULL)
		importing_wake(w->importing);
	if (w->analysing != NULL)
		analysing_wake(w->analysing);
	if (w->graphing != NULL)
		graphing_wake(w->graphing);
}

void
workers_watch(struct workers *w, const struct ingest *ingest)
{
	alerting_watch(w->alerting, ingest);
}

void
workers_stop(struct workers *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->drivers[i] != NULL)
			driver_stop(w->drivers[i]);
	if (w->keeper_driver != NULL)
		driver_stop(w->keeper_driver);
	if (w->importing != NULL)
		importing_stop(w->importing);
	if (w->analysing != NULL)
		analysing_stop(w->analysing);
	if (w->graphing != NULL)
		graphing_stop(w->graphing);
	if (w->alerting != NULL)
		alerting_stop(w->alerting);
}

void
workers_join(struct workers *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->n; i++) {
		driver_join(w->drivers[i]);
		drain_close(w->drains[i]);
		wake_free(w->wakes[i]);
	}
	graphing_join(w->graphing); /* it wakes the keeper */
	alerting_join(w->alerting);
	driver_join(w->keeper_driver);
	importing_join(w->importing);
	analysing_join(w->analysing);
	if (w->keeper != NULL)
		keeper_close(w->keeper);
	if (w->keeper_wake != NULL)
		wake_free(w->keeper_wake);
	drain_hot_free(w->hot);
	pressure_free(w->pressure);
	free(w);
}
