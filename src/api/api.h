/*
 * The JSON API: every route but the door's. One `struct api` for the process, one thread context
 * for each handler thread (its own connections and arena), so that api_handle fits
 * http_pool_options.
 *
 *   .thread_start = api_thread_start, .thread_end = api_thread_end, .handle = api_handle, .ctx =
 * api
 */
#ifndef RECADO_API_API_H
#define RECADO_API_API_H

#include "api/stream.h"
#include "api/wait.h"
#include "base/buf.h"
#include "base/secretbox.h"
#include "net/http_server.h"
#include "store/db.h"
#include "sys/clock.h"
#include "sys/config.h"
#include "sys/rand.h"
#include "work/door.h"
#include "work/ingest.h"

struct api;

struct api_options {
	struct db_pool *pool;
	const struct config *config; /* outlives the api */
	const struct secretbox_keys *keys;
	const struct clock *clock;
	const struct randomness *rand; /* thread-safe */
	struct ingest *ingest;         /* for /ready; may be NULL */
	struct door *door;             /* for a connection's own URL; may be NULL: then 404 */
	void (*wake)(void *ctx);       /* after entries were put back to be applied; may be NULL */
	void *wake_ctx;
};

/* ERR_NOT_FOUND, ERR_CORRUPT: the configuration's time zone cannot be read. */
MUST_CHECK enum err api_new(const struct api_options *, struct api **out);
void api_free(struct api *); /* NULL is fine */
/* Answers requests that wait for a job's end, ends all streams, and lets none begin any more:
 * before the HTTP server stops. NULL is fine. */
void api_stop_waiting(struct api *);

/* Context of one handler thread; a database that is away is tried again at each request. */
void *api_thread_start(void *api);
void api_thread_end(void *thread);
/* Answers one exchange, or hands it to the door (a connection's own URL). Handler thread. */
void api_handle(void *api, void *thread, struct http_exchange *);
/* Answers /health and /api/health at once, without I/O; false: not such a request. I/O thread. */
bool api_try_fast(struct http_exchange *);
/* Most bytes of a body for this request, for http_hooks.body_limit. 0: none allowed. */
size_t api_body_limit(const struct api *, struct str method);

/* One request and its answer without a socket: what api_handle does between reading and replying.
 */
struct api_request {
	struct str method, path, query, body, peer, request_id;
	struct str (*header)(const void *ctx, const char *name); /* STR_NONE if absent */
	const void *ctx;
};
#define API_MAX_HEADERS 10
/* A part of a file. */
struct api_file {
	int fd; /* whoever gets the answer closes it */
	int64_t offset, length;
};
struct api_answer {
	int status;
	const char *content_type;
	struct str body;
	struct http_header_out headers[API_MAX_HEADERS + 1]; /* ends with name NULL */
	struct wait_for wait;                                /* hold it back until this has ended */
	struct stream_wish stream;   /* its client is not nil: a stream, without end */
	const struct api_file *file; /* the body, instead; NULL */
};
/* Everything in *out lives until the next call with the same thread. */
void api_serve(struct api *, void *thread, const struct api_request *, struct api_answer *out);

/* Whether Embedded Signup can be begun: all of META_* that it needs is set. */
bool onboarding_ready(const struct config *);

/* docs/api.md: the reference of every route, made from the tables. */
void api_reference(struct buf *);
/* The OpenAPI 3.1 document of every route, as JSON, made from the same tables. */
void api_openapi(struct buf *);
/* The route table for tests that call all of it: method and pattern of row i, or NULL past the end.
 */
const char *api_route_method(size_t i);
const char *api_route_pattern(size_t i);

#endif
