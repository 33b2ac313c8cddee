/*
 * Why: the importer is two steps, one that waits for sockets and one that waits for the database,
 * each with a thread of its own. What always holds: the HTTP client is used by the first alone; the
 * second outlives it; jobs are given back after both have ended.
 */
#include "cmd/importing.h"

#include <stdio.h>
#include <stdlib.h>

#include "net/http_client.h"
#include "sys/log.h"
#include "sys/threads.h"
#include "work/importer.h"

#define JOB_REQUESTS 8 /* in flight for one helpdesk */
#define TICKET_BYTES ((size_t)64 << 20)

struct importing {
	struct http_client http;
	struct importer *importer;
	struct wake *wake, *store_wake;
	struct driver *driver, *storer;
};

static void
wait_for_answers(void *ctx, int fd, int64_t timeout_ms)
{
	const struct importing *x = ctx;

	(void)http_client_wait(&x->http, fd, timeout_ms);
}

static enum err
start(struct importing *x, const struct settings *s, struct db_pool *pool, struct uuid only,
      size_t max_jobs)
{
	const struct config *c = &s->config;
	const struct http_client_options http = {
		.ca_file = str_is_empty(c->ca_file) ? STR_NONE : c->ca_file,
		.max_in_flight = max_jobs * JOB_REQUESTS,
		.clock = &clock_real,
	};
	const struct importer_options o = {
		.pool = pool,
		.http = &x->http,
		.rand = &rand_system,
		.keys = &s->keys,
		.per_minute = c->external_api_requests_per_minute,
		.start_at = c->import_start_at,
		.full_every_ms = c->import_full_every_hours * TIME_HOUR,
		.owner = rand_uuid_v7(&rand_system, clock_now(&clock_real)),
		.only = only,
		.max_jobs = max_jobs,
		.max_requests = JOB_REQUESTS,
		.ticket_bytes = TICKET_BYTES,
		.read_wake = x->wake,
		.store_wake = x->store_wake,
	};
	enum err e = http_client_open(&http, &x->http);

	if (e == ERR_OK)
		e = importer_open(&o, &x->importer);
	if (e != ERR_OK)
		return e;
	e = driver_start("import-store", importer_store_step, x->importer, &clock_real,
	                 x->store_wake, &x->storer);
	if (e != ERR_OK)
		return e;
	return driver_start_waiting("importer", importer_step, x->importer, &clock_real, x->wake,
	                            wait_for_answers, x, &x->driver);
}

enum err
importing_start(const struct settings *s, struct db_pool *pool, struct uuid only, size_t max_jobs,
                struct importing **out)
{
	struct importing *x = calloc(1, sizeof(*x));
	enum err e;

	if (x == NULL)
		abort();
	x->wake = wake_new();
	(void)wake_fd(x->wake); /* before it is shared */
	x->store_wake = wake_new();
	e = start(x, s, pool, only, max_jobs);
	if (e != ERR_OK) {
		log_error("importer.not_started", LOG_ERR(e));
		importing_join(x);
		return e;
	}
	*out = x;
	return ERR_OK;
}

void
importing_wake(struct importing *x)
{
	wake_set(x->wake);
}

void
importing_stop(struct importing *x)
{
	driver_stop(x->driver);
}

void
importing_join(struct importing *x)
{
	if (x == NULL)
		return;
	driver_join(x->driver);
	if (x->storer != NULL)
		driver_stop(x->storer);
	driver_join(x->storer);
	if (x->importer != NULL)
		importer_stop(x->importer, clock_now(&clock_real));
	importer_close(x->importer);
	wake_free(x->wake);
	wake_free(x->store_wake);
	http_client_close(&x->http);
	free(x);
}
