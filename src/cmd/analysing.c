/*
 * Why: the analyser is a step, and what it waits for are sockets. What always holds: its HTTP
 * client is used by its thread alone; what it holds is given back after the thread has ended.
 */
#include "cmd/analysing.h"

#include <stdlib.h>

#include "net/http_client.h"
#include "sys/log.h"
#include "sys/threads.h"
#include "work/analyser.h"
#include "work/analysis_plan.h"

#define RUNS_MAX 16 /* worked on at once */

struct analysing {
	struct http_client http;
	struct analyser *analyser;
	struct wake *wake;
	struct driver *driver;
};

static void
wait_for_answers(void *ctx, int fd, int64_t timeout_ms)
{
	const struct analysing *x = ctx;

	(void)http_client_wait(&x->http, fd, timeout_ms);
}

static enum err
start(struct analysing *x, const struct settings *s, struct db_pool *pool, struct uuid only)
{
	const struct config *c = &s->config;
	const struct http_client_options http = {
		.ca_file = str_is_empty(c->ca_file) ? STR_NONE : c->ca_file,
		.max_in_flight = (size_t)c->analysis_concurrency,
		.clock = &clock_real,
	};
	struct analyser_options o = {
		.pool = pool,
		.http = &x->http,
		.rand = &rand_system,
		.api_key = c->openai_api_key,
		.timeout_ms = c->analysis_timeout_seconds * TIME_SECOND,
		.concurrency = (size_t)c->analysis_concurrency,
		.owner = rand_uuid_v7(&rand_system, clock_now(&clock_real)),
		.only = only,
		.max_jobs = RUNS_MAX,
	};
	enum err e = http_client_open(&http, &x->http);

	analysis_model_of(c, &o.model);
	if (e == ERR_OK)
		e = analyser_open(&o, &x->analyser);
	if (e != ERR_OK)
		return e;
	x->wake = wake_new();
	return driver_start_waiting("analyser", analyser_step, x->analyser, &clock_real, x->wake,
	                            wait_for_answers, x, &x->driver);
}

enum err
analysing_start(const struct settings *s, struct db_pool *pool, struct uuid only,
                struct analysing **out)
{
	struct analysing *x = calloc(1, sizeof(*x));
	enum err e;

	if (x == NULL)
		abort();
	e = start(x, s, pool, only);
	if (e != ERR_OK) {
		log_error("analyser.not_started", LOG_ERR(e));
		analysing_join(x);
		return e;
	}
	*out = x;
	return ERR_OK;
}

void
analysing_wake(struct analysing *x)
{
	analyser_look(x->analyser);
	wake_set(x->wake);
}

void
analysing_stop(struct analysing *x)
{
	driver_stop(x->driver);
}

void
analysing_join(struct analysing *x)
{
	if (x == NULL)
		return;
	driver_join(x->driver);
	if (x->analyser != NULL)
		analyser_stop(x->analyser, clock_now(&clock_real));
	analyser_close(x->analyser);
	wake_free(x->wake);
	http_client_close(&x->http);
	free(x);
}
