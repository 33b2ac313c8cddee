/*
 * `recado serve`: everything in one process. What always holds: what is started is stopped in the
 * reverse order of use (callers before what they call), and a webhook that was answered 200 is
 * durable, whenever and however the process ends.
 */
#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "api/page.h"
#include "cmd/commands.h"
#include "cmd/lock.h"
#include "cmd/process.h"
#include "cmd/workers.h"
#include "net/problem.h"
#include "sys/log.h"
#include "sys/signals.h"
#include "work/door.h"

#define STOP_LIMIT_MS   4000
#define HTTP_DRAIN_MS   3000
#define INGEST_DRAIN_MS 500
#define BATCH_ENTRIES   512
#define BATCH_BYTES     ((size_t)8 << 20)
#define HEADER_BYTES    ((size_t)16 << 10)
#define IDLE_MS         60000
#define POOL_QUEUE      1024

struct server {
	const struct settings *settings;
	struct db_pool *pool;
	struct ingest *ingest;
	struct door *door;
	struct api *api;
	struct http_pool *handlers;
	bool signup; /* Embedded Signup can be begun */
	struct http_server *http;
	struct workers *workers;
};

static void
committed(void *ctx, size_t entries)
{
	struct server *s = ctx;

	workers_committed(s->workers, entries);
}

static void
wake(void *ctx)
{
	struct server *s = ctx;

	workers_wake(s->workers);
}

static size_t
body_limit(void *ctx, struct str method, struct str path)
{
	const struct server *s = ctx;

	if (!door_owns(path))
		return api_body_limit(s->api, method);
	return str_eq(method, STR("POST")) ? (size_t)s->settings->config.body_limit_bytes : 0;
}

static void
refused(void *ctx, struct str path, int status)
{
	(void)ctx;
	if (door_owns(path))
		door_count_refused(status);
}

static void
reply_busy(struct http_exchange *x)
{
	const struct http_header_out headers[] = { { "Retry-After", STR("1") },
		                                   { NULL, STR_NONE } };
	const struct problem p = { .code = ERR_UNAVAILABLE,
		                   .detail = STR("Too many requests wait: try again in a "
		                                 "second.") };

	http_reply_problem(x, 0, &p, headers);
}

static void
dispatch(void *ctx, struct http_exchange *x)
{
	struct server *s = ctx;
	struct str path = http_path(x);

	if (door_owns(path) && !str_is_set(door_secret(path)))
		door_dispatch(s->door, x);
	else if (!api_try_fast(x) && !page_try(x, s->signup) &&
	         http_pool_submit(s->handlers, x) != ERR_OK)
		reply_busy(x);
}

static enum err
start_door(struct server *s)
{
	const struct config *c = &s->settings->config;
	const struct ingest_options ingest = { .pool = s->pool,
		                               .clock = &clock_real,
		                               .rand = &rand_system,
		                               .max_entries = (size_t)c->queue_entries,
		                               .append_timeout_ms = c->append_timeout_ms,
		                               .batch_entries = BATCH_ENTRIES,
		                               .batch_bytes = BATCH_BYTES,
		                               .committed = committed,
		                               .ctx = s };
	struct door_options door = { .app_secret = c->meta_app_secret,
		                     .app_secret_previous = c->meta_app_secret_previous,
		                     .verify_token = c->meta_verify_token,
		                     .clock = &clock_real };
	enum err e = ingest_start(&ingest, &s->ingest);

	if (e != ERR_OK)
		return e;
	workers_watch(s->workers, s->ingest);
	door.ingest = s->ingest;
	return door_new(&door, &s->door);
}

static enum err
start_handlers(struct server *s)
{
	const struct config *c = &s->settings->config;
	const struct api_options api = { .pool = s->pool,
		                         .config = c,
		                         .keys = &s->settings->keys,
		                         .clock = &clock_real,
		                         .rand = &rand_system,
		                         .ingest = s->ingest,
		                         .door = s->door,
		                         .wake = wake,
		                         .wake_ctx = s };
	struct http_pool_options pool = { .threads = (unsigned)c->handler_threads,
		                          .queue = POOL_QUEUE,
		                          .thread_start = api_thread_start,
		                          .thread_end = api_thread_end,
		                          .handle = api_handle };
	enum err e = api_new(&api, &s->api);

	if (e != ERR_OK)
		return e;
	pool.ctx = s->api;
	s->signup = onboarding_ready(&s->settings->config);
	return http_pool_start(&pool, &s->handlers);
}

static unsigned
streams_of(const struct config *c)
{
	int64_t most = c->max_connections / 2;

	return (unsigned)(c->max_streams < most ? c->max_streams : most);
}

static enum err
start_http(struct server *s)
{
	const struct config *c = &s->settings->config;
	const struct http_options o = {
		.host = c->host,
		.port = (uint16_t)c->port,
		.limits = { .header_bytes = HEADER_BYTES,
		            .body_in_flight = (size_t)c->in_flight_bytes,
		            .connections = (unsigned)c->max_connections,
		            .streams = streams_of(c),
		            .request_ms = c->request_seconds * TIME_SECOND,
		            .idle_ms = IDLE_MS },
		.hooks = { .body_limit = body_limit,
		           .dispatch = dispatch,
		           .refused = refused,
		           .ctx = s },
	};

	return http_server_start(&o, &s->http);
}

/* In the order in which one may call the next only when it is there. */
static enum err
start(struct server *s)
{
	enum err e = workers_start(s->settings, s->pool, &s->workers);

	if (e == ERR_OK)
		e = start_door(s);
	if (e == ERR_OK)
		e = start_handlers(s);
	if (e == ERR_OK)
		e = start_http(s);
	return e;
}

/* Also for a server that was started half. */
static void
stop(struct server *s)
{
	if (s->workers != NULL)
		workers_stop(s->workers);
	api_stop_waiting(s->api);
	if (s->http != NULL)
		http_server_stop(s->http, HTTP_DRAIN_MS);
	if (s->handlers != NULL)
		http_pool_stop(s->handlers);
	if (s->workers != NULL)
		workers_watch(s->workers, NULL);
	ingest_stop(s->ingest, INGEST_DRAIN_MS);
	door_free(s->door);
	api_free(s->api);
	workers_join(s->workers);
	db_pool_close(s->pool);
}

static void
announce(const struct server *s)
{
	struct str host = s->settings->config.host;
	bool v6 = str_find(host, ':') < host.n;

	printf("listening on http://%s" STR_FMT "%s:%u\n", v6 ? "[" : "", STR_ARG(host),
	       v6 ? "]" : "", (unsigned)http_server_port(s->http));
	fflush(stdout);
}

/* Why it does not start, and what to do; the log says what the operating system said. */
static void
say_why(const struct server *s, enum err e)
{
	const struct config *c = &s->settings->config;

	fprintf(stderr, "recado serve: could not start: ");
	if (s->http != NULL || s->handlers == NULL)
		fprintf(stderr, "%s\n", err_info(e)->title);
	else if (e == ERR_CONFLICT)
		fprintf(stderr,
		        "port %d of " STR_FMT " is taken: stop the program that listens there "
		        "(ss -ltnp shows it), or set PORT\n",
		        (int)c->port, STR_ARG(c->host));
	else if (e == ERR_FORBIDDEN)
		fprintf(stderr,
		        "port %d may not be used by this user: set PORT to one above 1023\n",
		        (int)c->port);
	else if (e == ERR_INVALID)
		fprintf(stderr,
		        "HOST=" STR_FMT " is no address of this machine: set HOST to one of its "
		        "own, to 127.0.0.1, or to 0.0.0.0 for all\n",
		        STR_ARG(c->host));
	else
		fprintf(stderr, "it cannot listen on " STR_FMT ", port %d: %s\n", STR_ARG(c->host),
		        (int)c->port, err_info(e)->title);
}

/* What whoever starts it may have overlooked. */
static void
log_oversights(const struct settings *s)
{
	settings_log_warnings(s);
	if (str_is_empty(s->config.meta_app_secret) || str_is_empty(s->config.meta_verify_token))
		log_warn("door.closed", LOG_Z("remedy", "set META_APP_SECRET and META_VERIFY_TOKEN "
		                                        "and start again"));
}

static int
serve(const struct settings *settings, int signal_fd)
{
	struct server s = { .settings = settings };
	struct db *db = NULL;
	enum err e;
	int signal;

	if (settings_open_pool(settings, &s.pool) != ERR_OK)
		return EXIT_FAILED;
	if (settings_connect(settings, s.pool, lock_take, &db) != ERR_OK) {
		db_pool_close(s.pool);
		return EXIT_FAILED;
	}
	db_close(db);
	e = start(&s);
	if (e != ERR_OK) {
		say_why(&s, e);
		process_limit_stop(signal_fd, STOP_LIMIT_MS);
		stop(&s);
		return EXIT_FAILED;
	}
	announce(&s);
	process_notify("READY=1");
	log_info("serve.started", LOG_INT("port", http_server_port(s.http)));
	log_oversights(settings);
	signal = process_wait(signal_fd);
	process_notify("STOPPING=1");
	log_info("serve.stopping", LOG_INT("signal", signal));
	process_limit_stop(signal_fd, STOP_LIMIT_MS);
	stop(&s);
	log_info("serve.stopped");
	return EXIT_DONE;
}

int
serve_run(const struct invocation *inv)
{
	struct settings settings;
	int signal_fd, status = EXIT_CONFIG;

	(void)inv;
	if (signals_setup(&signal_fd) != ERR_OK) {
		fprintf(stderr, "recado serve: signals cannot be set up\n");
		return EXIT_FAILED;
	}
	if (settings_load(&settings)) {
		process_harden();
		status = serve(&settings, signal_fd);
	}
	settings_free(&settings);
	return status;
}
