/*
 * Why: looking is done by the clock, telling waits for sockets, and both are little. What always
 * holds: the HTTP client is used by this thread alone; the committer is looked at only while it is
 * there.
 */
#include "cmd/alerting.h"

#include <pthread.h>
#include <stdlib.h>

#include "sys/log.h"
#include "sys/threads.h"
#include "work/alert_sender.h"
#include "work/alerter.h"

struct alerting {
	pthread_mutex_t lock; /* of the next */
	const struct ingest *ingest;
	struct arena *arena;
	struct http_client http;
	struct alerter *alerter;
	struct alert_sender *sender; /* NULL without an ALERT_WEBHOOK_URL */
	int64_t look_at;             /* the alerter's next step */
	struct wake *wake;
	struct driver *driver;
};

static int64_t
blocked_ms(void *ctx)
{
	struct alerting *x = ctx;
	int64_t ms;

	pthread_mutex_lock(&x->lock);
	ms = x->ingest == NULL ? 0 : ingest_blocked_ms(x->ingest);
	pthread_mutex_unlock(&x->lock);
	return ms;
}

static void
wait_for_answers(void *ctx, int fd, int64_t timeout_ms)
{
	const struct alerting *x = ctx;

	(void)http_client_wait(&x->http, fd, timeout_ms);
}

static enum step
alerting_step(void *alerting, int64_t now_ms, int64_t *next_ms)
{
	struct alerting *x = alerting;
	enum step step = STEP_WAIT;

	if (now_ms >= x->look_at)
		(void)alerter_step(x->alerter, now_ms, &x->look_at);
	*next_ms = x->look_at;
	if (x->sender != NULL)
		step = alert_sender_step(x->sender, now_ms, next_ms);
	if (x->look_at < *next_ms)
		*next_ms = x->look_at;
	return step;
}

static enum err
open_sender(struct alerting *x, const struct settings *s, struct db_pool *pool, struct uuid owner)
{
	const struct config *c = &s->config;
	const struct alert_sender_options o = {
		.pool = pool,
		.http = &x->http,
		.rand = &rand_system,
		.url = c->alert_webhook_url,
		.secret = alert_secret(x->arena, c->alert_webhook_secret, s->keys.key,
		                       sizeof s->keys.key),
		.owner = owner,
	};

	return str_is_empty(o.url) ? ERR_OK : alert_sender_open(&o, &x->sender);
}

static enum err
start(struct alerting *x, const struct settings *s, struct db_pool *pool)
{
	const struct config *c = &s->config;
	const struct http_client_options http = {
		.ca_file = str_is_empty(c->ca_file) ? STR_NONE : c->ca_file,
		.max_in_flight = ALERT_SENDER_MOST,
		.clock = &clock_real,
	};
	const struct alerter_options o = {
		.pool = pool,
		.rand = &rand_system,
		.owner = rand_uuid_v7(&rand_system, clock_now(&clock_real)),
		.tell = !str_is_empty(c->alert_webhook_url),
		.import_every_ms = c->import_interval_minutes * TIME_MINUTE,
		.blocked_ms = blocked_ms,
		.ctx = x,
	};
	enum err e = http_client_open(&http, &x->http);

	if (e == ERR_OK)
		e = alerter_open(&o, &x->alerter);
	if (e == ERR_OK)
		e = open_sender(x, s, pool, o.owner);
	if (e != ERR_OK)
		return e;
	return driver_start_waiting("alerts", alerting_step, x, &clock_real, x->wake,
	                            wait_for_answers, x, &x->driver);
}

enum err
alerting_start(const struct settings *s, struct db_pool *pool, struct alerting **out)
{
	struct alerting *x = calloc(1, sizeof(*x));
	enum err e;

	if (x == NULL)
		abort();
	pthread_mutex_init(&x->lock, NULL);
	x->arena = arena_new((size_t)4 << 10);
	x->look_at = INT64_MIN;
	x->wake = wake_new();
	(void)wake_fd(x->wake); /* before it is shared */
	e = start(x, s, pool);
	if (e != ERR_OK) {
		log_error("alerts.not_started", LOG_ERR(e));
		alerting_join(x);
		return e;
	}
	*out = x;
	return ERR_OK;
}

void
alerting_watch(struct alerting *x, const struct ingest *ingest)
{
	pthread_mutex_lock(&x->lock);
	x->ingest = ingest;
	pthread_mutex_unlock(&x->lock);
}

void
alerting_stop(struct alerting *x)
{
	driver_stop(x->driver);
}

void
alerting_join(struct alerting *x)
{
	if (x == NULL)
		return;
	driver_join(x->driver);
	if (x->sender != NULL)
		alert_sender_stop(x->sender, clock_now(&clock_real));
	alert_sender_close(x->sender);
	alerter_close(x->alerter);
	wake_free(x->wake);
	http_client_close(&x->http);
	pthread_mutex_destroy(&x->lock);
	arena_free(x->arena);
	free(x);
}
