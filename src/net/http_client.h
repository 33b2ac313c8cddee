/*
 * Outgoing HTTP as an interface: one thread starts calls, and takes their results as they come,
 * with many in flight. The real client is libcurl's; tests have one that answers from a script.
 * Only http and https; certificates are verified; redirects are answers like any other; proxies of
 * the environment are not used. A call with a body is sent once: a kept connection that ends
 * without an answer is the failure that it is. Addresses that only this machine's surroundings
 * should reach (link-local, and the metadata services listed at http_address_forbidden) are never
 * connected to, whatever name leads there. No text that comes out of here holds a header's value, a
 * query string or a user's name from a URL.
 */
#ifndef RECADO_NET_HTTP_CLIENT_H
#define RECADO_NET_HTTP_CLIENT_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "net/http_server.h"
#include "sys/clock.h"

/* Why there is no answer. The time limits name how far the call had come. */
enum http_failure {
	HTTP_OK,                 /* there is one, whatever its status */
	HTTP_REFUSED,            /* nobody listens, or there is no way there */
	HTTP_FORBIDDEN,          /* an address that we do not call */
	HTTP_DNS,                /* the name is unknown */
	HTTP_TLS,                /* no secure connection: certificate, name, protocol */
	HTTP_TIMEOUT_CONNECT,    /* not connected within connect_ms */
	HTTP_TIMEOUT_FIRST_BYTE, /* connected, but no answer within first_byte_ms */
	HTTP_TIMEOUT_WHOLE,      /* the answer began but did not end within whole_ms */
	HTTP_CUT,                /* the connection ended in the middle */
	HTTP_TOO_LARGE,          /* the body passes max_body */
	HTTP_STOPPED,            /* the call's sink wanted no more */
	HTTP_OTHER               /* not HTTP, bad encoding … */
};
/* "refused" and so on, for logs and metrics. */
const char *http_failure_name(enum http_failure);

struct http_call {
	struct str method;                     /* absent: GET */
	struct str url;                        /* http:// or https://, without user and password */
	const struct http_header_out *headers; /* end with name NULL; may be NULL; values without
	                                          control characters; empty ones are left out */
	struct str body;                       /* absent: none */
	/* Each from the start of the call, > 0: until connected (name and TLS included), until the
	 * first byte of the answer, until its last one. */
	int64_t connect_ms, first_byte_ms, whole_ms;
	size_t max_body; /* of the answer, after decompression */
	/*
	 * Gets the body of an answer of 2xx piece by piece as it comes, after decompression,
	 * instead of its being collected; false: no more is wanted. Of other answers the first
	 * HTTP_SINK_OTHERS bytes are collected. NULL: all are. It must not use the client; it is
	 * not called any more once the call has its result or is cancelled.
	 */
	bool (*sink)(void *ctx, struct str piece);
	void *sink_ctx;
	void *user; /* given back with the result */
};
#define HTTP_SINK_OTHERS ((size_t)64 << 10)

struct http_result {
	uint64_t id; /* of http_client_start */
	void *user;
	enum http_failure failure;
	char detail[160]; /* of a failure, for people; "" otherwise */
	int status;       /* 0 with a failure */
	/* headers of the answer */
	int64_t date_ms;        /* Date; TIME_NONE */
	int64_t age_s;          /* Age; -1 */
	int64_t retry_after_ms; /* Retry-After as a duration, from now; -1 */
	int64_t retry_at_ms;    /* the same where it was written as a moment; TIME_NONE */
	char content_type[80];  /* as sent, cut; "" */
	char *body;      /* malloc'ed, the receiver's, NUL after body_len; NULL with a failure */
	size_t body_len; /* also of what a sink took */
};
/* Frees the body. */
void http_result_deinit(struct http_result *);

/* Like clock: pass it on by pointer; one thread at a time. */
struct http_client {
	MUST_CHECK enum err (*start)(void *ctx, const struct http_call *, uint64_t *id);
	bool (*next)(void *ctx, struct http_result *out);
	void (*cancel)(void *ctx, uint64_t id);
	bool (*wait)(void *ctx, int wake_fd, int64_t timeout_ms);
	size_t (*in_flight)(void *ctx);
	void *ctx;
};

/*
 * Begins a call; everything is copied, and over a connection that is there it leaves at once.
 * ERR_INVALID: a URL, method or header that is not allowed; ERR_TOO_MANY: as many as the client
 * allows are in flight. Never blocks.
 */
MUST_CHECK static inline enum err
http_client_start(const struct http_client *c, const struct http_call *call, uint64_t *id)
{
	return c->start(c->ctx, call, id);
}
/* Moves the calls on as far as that goes without waiting and takes one that is finished. False:
 * none is. Each call that was not cancelled has exactly one result. */
static inline bool
http_client_next(const struct http_client *c, struct http_result *out)
{
	return c->next(c->ctx, out);
}
/* Ends a call without a result; one that is not in flight is passed over. */
static inline void
http_client_cancel(const struct http_client *c, uint64_t id)
{
	c->cancel(c->ctx, id);
}
/*
 * Waits until a call can be moved on, wake_fd is readable (the caller reads it; -1: there is none)
 * or timeout_ms have passed; also until a call's time limit. True if wake_fd is readable.
 */
static inline bool
http_client_wait(const struct http_client *c, int wake_fd, int64_t timeout_ms)
{
	return c->wait(c->ctx, wake_fd, timeout_ms);
}
/* Started, neither taken nor cancelled. */
static inline size_t
http_client_in_flight(const struct http_client *c)
{
	return c->in_flight(c->ctx);
}

struct http_client_options {
	struct str ca_file; /* extra certificate authorities (PEM); absent: only the system's */
	size_t max_in_flight;
	const struct clock *clock;
};
/* libcurl's. Connections are kept and used again. The process ignores SIGPIPE. ERR_IO: ca_file
 * cannot be read. */
MUST_CHECK enum err http_client_open(const struct http_client_options *, struct http_client *out);
/* Ends what is in flight. For the real client only; of a zeroed struct nothing. */
void http_client_close(struct http_client *);

/* What both clients are made of. */

/* ERR_INVALID: see http_client_start. */
MUST_CHECK enum err http_call_check(const struct http_call *);
/* Date: any of HTTP's three forms (RFC 9110 §5.6.7), to ms; TIME_NONE if it is none. now_ms: for
 * years of two digits. */
int64_t http_date_parse(struct str, int64_t now_ms);
/* Makes the result's headers as of an answer without any. */
void http_result_begin(struct http_result *);
/* One header line of the answer, without its end. Others than the four are passed over. */
void http_result_header(struct http_result *, struct str line, int64_t now_ms);
/* All headers are there. */
void http_result_end(struct http_result *, int64_t now_ms);
/*
 * Link-local (169.254.0.0/16, fe80::/10) and metadata services elsewhere (100.100.100.200,
 * 168.63.129.16, 192.0.0.192, fd00:ec2::254, fd20:ce::254), also inside IPv6 (mapped, compatible,
 * NAT64, 6to4); and any family that is not IP. The machine itself and private networks are allowed:
 * a helpdesk or a model often stands there.
 */
bool http_address_forbidden(const struct sockaddr *);

#endif
