/*
 * Answers without an end: an exchange that goes on being written to, from any thread, without one
 * of its own. What is written waits here until the client takes it, at most HTTP_STREAM_PENDING
 * bytes; a client that takes nothing of it for limits.request_ms is cut off. limits.streams at
 * once.
 */
#ifndef RECADO_NET_HTTP_STREAM_H
#define RECADO_NET_HTTP_STREAM_H

#include "net/http_server.h"

#define HTTP_STREAM_PENDING ((size_t)64 << 10)

struct http_stream; /* the caller's until http_stream_close, also when the client is gone */

/*
 * Answers 200 instead of http_reply, and never ends by itself; the connection closes with it.
 * ERR_UNAVAILABLE: as many are open as may be, or the server stops: the exchange is still to be
 * answered. Any thread.
 */
MUST_CHECK enum err
http_stream_open(struct http_exchange *, const char *content_type, struct http_stream **out);
/*
 * Sends the bytes (copied), all or none. ERR_TOO_LARGE: too much waits; try again later, or with
 * less. ERR_CANCELLED: the client is gone, or the server. Any thread.
 */
MUST_CHECK enum err http_stream_write(struct http_stream *, struct str bytes);
/* Ends it when what was written is sent. Also after the server was stopped. NULL is fine. */
void http_stream_close(struct http_stream *);
/* How many clients have one open. */
unsigned http_stream_count(struct http_server *);

#endif
