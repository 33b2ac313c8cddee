/*
 * GET /api/events: what changes at a client, as Server-Sent Events, to whoever has a stream open.
 * Read from the rows that work/event.h writes, so it does not matter which process wrote them. One
 * thread for all streams; it sleeps while there are none.
 *
 * The first frame of a stream is `ready`, with the id from which it goes on, or `reset` where what
 * was asked for is not kept any more: then what is shown is to be asked for anew. An event's id is
 * the same in every stream of the client. A comment every STREAM_BEAT_MS.
 */
#ifndef RECADO_API_STREAM_H
#define RECADO_API_STREAM_H

#include "base/digest.h"
#include "net/http_stream.h"
#include "store/db.h"
#include "sys/clock.h"

#define STREAM_CONTENT_TYPE "text/event-stream"
#define STREAM_BEAT_MS      (15 * TIME_SECOND)
#define STREAM_TOKENS_MS                                                                           \
	(2 * TIME_SECOND) /* so soon streams of a revoked token or an ended login end */

struct stream;
struct stream_options {
	struct db_pool *pool;
	const struct clock *clock;
};
/* Whose events, on whose behalf, and from where on. */
struct stream_wish {
	struct uuid client; /* nil: no stream is wished for */
	struct uuid token;  /* the stream ends when it is revoked; nil: the operator's */
	bool by_cookie;     /* and when this login ends: digest of the cookie's value */
	unsigned char login[SHA256_LEN];
	int64_t after; /* the last id that was seen; STREAM_FROM_NOW: none */
};
#define STREAM_FROM_NOW INT64_C(-1)
#define STREAM_LOST     INT64_C(-2) /* an id that none of ours is: reset */

struct stream *stream_new(const struct stream_options *);
/* Makes the exchange a stream. ERR_UNAVAILABLE: too many are open, or we are stopping: the caller
 * answers. Any thread. */
MUST_CHECK enum err stream_add(struct stream *, struct http_exchange *, const struct stream_wish *);
/* Ends all, and takes no more. Before the HTTP server stops. */
void stream_stop(struct stream *);
void stream_free(struct stream *); /* stops; after the HTTP server; NULL is fine */

#endif
