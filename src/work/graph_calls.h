/*
 * Calls of Meta's Graph API, for the workers that share one HTTP client and one thread: each call
 * knows who is to hear of its end. Times out, never blocks. Source: the wire reference §8, §9.
 */
#ifndef RECADO_WORK_GRAPH_CALLS_H
#define RECADO_WORK_GRAPH_CALLS_H

#include "core/graph.h"
#include "net/http_client.h"

struct graph_calls {
	const struct http_client *http;
	struct str base_url; /* META_GRAPH_URL */
};

struct graph_call;
/* Takes the result over (http_result_deinit); the call is not in flight any more. */
typedef void graph_heard_fn(struct graph_call *, struct http_result *);

/* Embedded in whoever calls; zeroed to begin with. */
struct graph_call {
	graph_heard_fn *heard;
	uint64_t id;
	bool flying;
};

struct graph_request {
	struct str method;
	struct str path;  /* behind the base URL: "/123/phone_numbers?…" */
	struct str token; /* bearer; STR_NONE: none */
	struct str body;  /* JSON; STR_NONE: none */
	/* Of a file: its whole address instead of a path, and who gets its bytes
	 * (net/http_client.h), at most max_body of them within whole_ms. */
	struct str url;
	bool (*sink)(void *ctx, struct str piece);
	void *sink_ctx;
	size_t max_body;
	int64_t whole_ms;
};
/* ERR_TOO_MANY: as many as may are in flight; ERR_INVALID: a URL or token that is not allowed. */
MUST_CHECK enum err
graph_calls_start(struct graph_calls *, struct graph_call *, const struct graph_request *);
/* Without a result; one that is not in flight is passed over. */
void graph_calls_cancel(struct graph_calls *, struct graph_call *);
/* Tells those whose calls have ended. False: none has. */
bool graph_calls_hear(struct graph_calls *);
/* What came back, read. */
void graph_calls_read(struct arena *, const struct http_result *, struct graph_answer *out);
/* What the server asks to wait, from now; -1. */
int64_t graph_calls_retry_after(const struct http_result *, int64_t now_ms);

#endif
