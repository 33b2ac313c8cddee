/*
 * The HTTP server: libmicrohttpd driven by our own epoll loop in one I/O thread. It streams bodies,
 * enforces limits and deadlines and never blocks. When a request is whole, `dispatch` is called on
 * the I/O thread; it must not block either: it answers at once, or keeps the exchange and lets
 * another thread call http_reply() later. Every exchange is answered exactly once. Deadlines are
 * ours; they do not run while an exchange waits for its http_reply, or for what a stream will say.
 * Known limit: a client that closes its sending half while its answer is pending in another thread
 * gets none, since libmicrohttpd takes the end of the stream for the end of the client.
 */
#ifndef RECADO_NET_HTTP_SERVER_H
#define RECADO_NET_HTTP_SERVER_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct http_server;
struct problem;
struct http_exchange; /* one request and its answer; owned by the server until http_reply */

#define HTTP_MAX_FIELDS 100 /* header fields of a request */

struct http_limits {
	size_t header_bytes;   /* 16 KiB: request line and headers, else 431; likewise beyond
	                          HTTP_MAX_FIELDS */
	size_t body_in_flight; /* sum over all connections; beyond: 503 */
	unsigned connections;  /* beyond: not accepted until one closes */
	unsigned streams;      /* of them: http_stream.h; 0: none */
	/*
	 * Accepting to request line, request line to last byte, and answer ready to answer sent:
	 * each within this time, else the connection is closed.
	 */
	int64_t request_ms;
	int64_t idle_ms; /* keep-alive without a request */
};

struct http_hooks {
	/* Most bytes a body of this request may have, before any of it is read (beyond: 413). 0: no
	 * body allowed. */
	size_t (*body_limit)(void *ctx, struct str method, struct str path);
	/* A whole request. I/O thread. */
	void (*dispatch)(void *ctx, struct http_exchange *);
	/*
	 * A request whose request line was read but that never became whole. For counting; may be
	 * NULL. I/O thread. Status: what was answered (400, 413, 431, 501, 503); 400 too when the
	 * client left or libmicrohttpd refused, 408 (nothing is sent) when it was too slow.
	 */
	void (*refused)(void *ctx, struct str path, int status);
	void *ctx;
};

struct http_options {
	struct str host;
	uint16_t port; /* 0: any free one */
	struct http_limits limits;
	struct http_hooks hooks;
};

/*
 * Binds and starts the I/O thread. ERR_INVALID: the host is no address of this machine;
 * ERR_CONFLICT: the port is taken; ERR_FORBIDDEN: this user may not use it; the log has the
 * system's own words.
 */
MUST_CHECK enum err http_server_start(const struct http_options *, struct http_server **out);
uint16_t http_server_port(const struct http_server *);
/*
 * Stops accepting; open requests may finish for drain_ms; then exchanges without a reply get 503,
 * all is closed and joined. Whoever replies should be stopped before; a reply that comes later all
 * the same is dropped and is safe, as is a late http_body_release. NULL is fine.
 */
void http_server_stop(struct http_server *, int64_t drain_ms);

/* The request; valid until http_reply. Header names are case-insensitive. Query string as received,
 * without '?'. */
struct str http_method(const struct http_exchange *);
struct str
http_path(const struct http_exchange *); /* as received, percent-encoded, without the query */
struct str http_query(const struct http_exchange *);
struct str http_header(const struct http_exchange *, const char *name); /* STR_NONE if absent */
struct str http_body(const struct http_exchange *);
struct str
http_peer(const struct http_exchange *); /* address of the socket's other end, without port */
struct str http_request_id(const struct http_exchange *); /* ours, in X-Request-Id of the answer */
int64_t
http_received_us(const struct http_exchange *); /* monotonic, when the headers were complete */
/* Moves the body out (malloc'ed, caller frees, and releases it from body_in_flight by
 * http_body_release). */
char *http_take_body(struct http_exchange *, size_t *n);
void http_body_release(struct http_server *, size_t n);
struct http_server *http_server_of(struct http_exchange *);

struct http_header_out {
	const char *name;
	struct str value;
};
/*
 * Answers from any thread. body is copied. Headers end with name NULL, may be NULL; empty values
 * are left out. Content-Type is a parameter. Adds X-Request-Id, X-Content-Type-Options,
 * Cache-Control: no-store (unless given), Date.
 */
void http_reply(struct http_exchange *, int status, const char *content_type, struct str body,
                const struct http_header_out *headers);

/*
 * The same with a part of a file, which is read while it is sent: length bytes from offset on,
 * which must be there. Takes the descriptor over. A client that takes nothing for limits.request_ms
 * is cut off; for the whole it may take as long as it does.
 */
void http_reply_file(struct http_exchange *, int status, const char *content_type, int fd,
                     int64_t offset, int64_t length, const struct http_header_out *headers);

/* The same with a problem document. status: the answer's, where it is not the code's own; else 0.
 */
void http_reply_problem(struct http_exchange *, int status, const struct problem *,
                        const struct http_header_out *headers);

/* A pool of threads that answer exchanges; each has its own user context. */
struct http_pool;
struct http_pool_options {
	unsigned threads;
	unsigned queue; /* waiting exchanges; beyond http_pool_submit gives ERR_UNAVAILABLE */
	void *(*thread_start)(void *ctx); /* context of a thread, on that thread; NULL is allowed */
	void (*thread_end)(void *thread_ctx);
	void (*handle)(void *ctx, void *thread_ctx, struct http_exchange *);
	void *ctx;
};
MUST_CHECK enum err http_pool_start(const struct http_pool_options *, struct http_pool **out);
MUST_CHECK enum err
http_pool_submit(struct http_pool *, struct http_exchange *); /* any thread; never blocks */
void http_pool_stop(struct http_pool *); /* finishes what is queued, joins, frees */

#endif
