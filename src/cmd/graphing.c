/*
 * Why: what asks Meta waits for sockets, and shares connections and limits. What always holds: the
 * HTTP client is used by this thread alone; what it holds is given back after the thread has ended.
 */
#include "cmd/graphing.h"

#include <stdlib.h>

#include "sys/log.h"
#include "sys/threads.h"
#include "work/media_fetcher.h"
#include "work/onboarder.h"
#include "work/sender.h"
#include "work/transcriber.h"

#define CALLS_MAX 64                /* in flight */
#define DRAIN_MS  (3 * TIME_SECOND) /* for answers, when the process ends */

struct graphing {
	struct http_client http;
	struct graph_calls calls;
	struct onboarder *onboarder;
	struct media_fetcher *media;
	struct transcriber *transcriber; /* NULL without TRANSCRIBE or a key for the model */
	struct {
		step_fn *step;
		void *worker;
	} workers[4]; /* of these, in turn */
	size_t nworkers;
	struct sender *sender;
	struct wake *wake;
	struct driver *driver;
};

static void
wait_for_answers(void *ctx, int fd, int64_t timeout_ms)
{
	const struct graphing *x = ctx;

	(void)http_client_wait(&x->http, fd, timeout_ms);
}

/* One turn of each that works here; as soon as one of them wants it. */
static enum step
graphing_step(void *graphing, int64_t now_ms, int64_t *next_ms)
{
	struct graphing *x = graphing;
	enum step all = STEP_WAIT;

	(void)graph_calls_hear(&x->calls);
	*next_ms = INT64_MAX;
	for (size_t i = 0; i < x->nworkers; i++) {
		int64_t at = INT64_MAX;

		if (x->workers[i].step(x->workers[i].worker, now_ms, &at) == STEP_AGAIN)
			all = STEP_AGAIN;
		else if (at < *next_ms)
			*next_ms = at;
	}
	return all;
}

static bool
transcribes(const struct config *c)
{
	return c->transcribe && !str_is_empty(c->openai_api_key);
}

static enum err
open_transcriber(struct graphing *x, const struct settings *s, struct db_pool *pool)
{
	const struct config *c = &s->config;
	struct transcriber_options o = {
		.pool = pool,
		.http = &x->http,
		.rand = &rand_system,
		.base_url = c->openai_base_url,
		.api_key = c->openai_api_key,
		.model = c->transcribe_model,
		.dir = c->media_dir,
		.timeout_ms = c->analysis_timeout_seconds * TIME_SECOND,
		.owner = rand_uuid_v7(&rand_system, clock_now(&clock_real)),
	};
	struct arena *a = arena_new(1 << 16);
	enum err e = transcript_prices_read(a, c->transcribe_prices, &o.prices);

	arena_free(a);
	while (str_ends(o.base_url, STR("/")))
		o.base_url.n--;
	return e == ERR_OK ? transcriber_open(&o, &x->transcriber) : e;
}

static void
employ(struct graphing *x, step_fn *step, void *worker)
{
	x->workers[x->nworkers].step = step;
	x->workers[x->nworkers++].worker = worker;
}

static enum err
open_media(struct graphing *x, const struct settings *s, struct db_pool *pool)
{
	int64_t now_ms = clock_now(&clock_real);
	const struct media_fetcher_options media = {
		.pool = pool,
		.graph = &x->calls,
		.rand = &rand_system,
		.keys = &s->keys,
		.dir = s->config.media_dir,
		.budget_bytes = s->config.media_max_gib << 30,
		.transcribe = transcribes(&s->config),
		.owner = rand_uuid_v7(&rand_system, now_ms),
	};

	return media_fetcher_open(&media, now_ms, &x->media);
}

static enum err
start(struct graphing *x, const struct settings *s, struct db_pool *pool,
      void (*connected)(void *ctx), void *ctx)
{
	const struct config *c = &s->config;
	const struct http_client_options http = {
		.ca_file = str_is_empty(c->ca_file) ? STR_NONE : c->ca_file,
		.max_in_flight = CALLS_MAX,
		.clock = &clock_real,
	};
	const struct onboarder_options onboard = {
		.pool = pool,
		.graph = &x->calls,
		.rand = &rand_system,
		.keys = &s->keys,
		.app_id = c->meta_app_id,
		.app_secret = c->meta_app_secret,
		.owner = rand_uuid_v7(&rand_system, clock_now(&clock_real)),
		.connected = connected,
		.ctx = ctx,
	};
	const struct sender_options send = {
		.pool = pool,
		.graph = &x->calls,
		.rand = &rand_system,
		.keys = &s->keys,
		.owner = onboard.owner,
		.give_up_ms = c->send_give_up_hours * TIME_HOUR,
	};
	enum err e = http_client_open(&http, &x->http);

	x->calls = (struct graph_calls){ .http = &x->http, .base_url = c->meta_graph_url };
	while (str_ends(x->calls.base_url, STR("/")))
		x->calls.base_url.n--;
	if (e == ERR_OK)
		e = onboarder_open(&onboard, &x->onboarder);
	if (e == ERR_OK)
		e = sender_open(&send, &x->sender);
	if (e == ERR_OK)
		e = open_media(x, s, pool);
	if (c->transcribe && !transcribes(c))
		log_warn("transcripts.off", LOG_Z("remedy", "set OPENAI_API_KEY and start again"));
	if (e == ERR_OK && transcribes(c))
		e = open_transcriber(x, s, pool);
	if (e != ERR_OK)
		return e;
	employ(x, onboarder_step, x->onboarder);
	employ(x, sender_step, x->sender);
	employ(x, media_fetcher_step, x->media);
	if (x->transcriber != NULL)
		employ(x, transcriber_step, x->transcriber);
	return driver_start_waiting("graph", graphing_step, x, &clock_real, x->wake,
	                            wait_for_answers, x, &x->driver);
}

enum err
graphing_start(const struct settings *s, struct db_pool *pool, void (*connected)(void *ctx),
               void *ctx, struct graphing **out)
{
	struct graphing *x = calloc(1, sizeof(*x));
	enum err e;

	if (x == NULL)
		abort();
	x->wake = wake_new();
	(void)wake_fd(x->wake); /* before it is shared */
	e = start(x, s, pool, connected, ctx);
	if (e != ERR_OK) {
		log_error("graph.not_started", LOG_ERR(e));
		graphing_join(x);
		return e;
	}
	*out = x;
	return ERR_OK;
}

void
graphing_wake(struct graphing *x)
{
	onboarder_look(x->onboarder);
	sender_look(x->sender);
	wake_set(x->wake);
}

void
graphing_stop(struct graphing *x)
{
	driver_stop(x->driver);
}

/* What was called may still be answered: what nobody has heard, nobody knows. */
static void
drain(struct graphing *x)
{
	int64_t until = clock_now(&clock_real) + DRAIN_MS, now;

	while ((now = clock_now(&clock_real)) < until && !sender_drain(x->sender, now)) {
		(void)http_client_wait(&x->http, -1, until - now);
		(void)graph_calls_hear(&x->calls);
	}
}

void
graphing_join(struct graphing *x)
{
	if (x == NULL)
		return;
	driver_join(x->driver);
	if (x->sender != NULL)
		drain(x);
	sender_close(x->sender);
	if (x->onboarder != NULL)
		onboarder_stop(x->onboarder, clock_now(&clock_real));
	if (x->media != NULL)
		media_fetcher_stop(x->media, clock_now(&clock_real));
	if (x->transcriber != NULL)
		transcriber_stop(x->transcriber, clock_now(&clock_real));
	onboarder_close(x->onboarder);
	media_fetcher_close(x->media);
	transcriber_close(x->transcriber);
	wake_free(x->wake);
	http_client_close(&x->http);
	free(x);
}
