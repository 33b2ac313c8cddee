/*
 * Why: onboarding, sending and media ask the same server over the same connections. What always
 * holds: a token stands in a header and never in a URL or a log line.
 */
#include "work/graph_calls.h"

#include <stdio.h>
#include <string.h>

#define CONNECT_MS (10 * TIME_SECOND)
#define WHOLE_MS   (30 * TIME_SECOND)
#define MAX_URL    8192
#define MAX_TOKEN  4096
#define MAX_ANSWER ((size_t)1 << 20)

enum err
graph_calls_start(struct graph_calls *g, struct graph_call *c, const struct graph_request *q)
{
	char bearer[MAX_TOKEN + 8], url[MAX_URL];
	int m = snprintf(bearer, sizeof bearer, "Bearer " STR_FMT, STR_ARG(q->token));
	const struct http_header_out headers[] = {
		{ "Authorization", str_is_set(q->token) ? str_from(bearer) : STR_NONE },
		{ "Content-Type", str_is_set(q->body) ? STR("application/json") : STR_NONE },
		{ NULL, STR_NONE },
	};
	struct http_call call = {
		.method = q->method,
		.headers = headers,
		.body = q->body,
		.connect_ms = CONNECT_MS,
		.first_byte_ms = WHOLE_MS,
		.whole_ms = q->sink != NULL ? q->whole_ms : WHOLE_MS,
		.max_body = q->sink != NULL ? q->max_body : MAX_ANSWER,
		.sink = q->sink,
		.sink_ctx = q->sink_ctx,
		.user = c,
	};
	enum err e;
	bool whole = str_is_set(q->url);
	int n = snprintf(url, sizeof url, STR_FMT STR_FMT, STR_ARG(whole ? q->url : g->base_url),
	                 STR_ARG(whole ? STR_NONE : q->path));

	if (n < 0 || (size_t)n >= sizeof url || m < 0 || (size_t)m >= sizeof bearer)
		return ERR_INVALID;
	call.url = str_n(url, (size_t)n);
	e = http_client_start(g->http, &call, &c->id);
	explicit_bzero(bearer, sizeof bearer);
	explicit_bzero(url, sizeof url); /* the exchange of a code has secrets in it */
	c->flying = e == ERR_OK;
	return e;
}

void
graph_calls_cancel(struct graph_calls *g, struct graph_call *c)
{
	if (c->flying)
		http_client_cancel(g->http, c->id);
	c->flying = false;
}

bool
graph_calls_hear(struct graph_calls *g)
{
	struct http_result r;
	bool any = false;

	while (http_client_next(g->http, &r)) {
		struct graph_call *c = r.user;

		any = true;
		c->flying = false;
		c->heard(c, &r);
	}
	return any;
}

static enum graph_reply
reply_of(enum http_failure f)
{
	switch (f) {
	case HTTP_OK:
		return GRAPH_ANSWERED;
	case HTTP_FORBIDDEN:
		return GRAPH_FORBIDDEN;
	case HTTP_REFUSED:
	case HTTP_DNS:
	case HTTP_TLS:
	case HTTP_TIMEOUT_CONNECT:
		return GRAPH_UNSENT;
	default:
		return GRAPH_LOST;
	}
}

void
graph_calls_read(struct arena *a, const struct http_result *r, struct graph_answer *out)
{
	graph_read(a, reply_of(r->failure), r->status, str_n(r->body, r->body_len), out);
}

int64_t
graph_calls_retry_after(const struct http_result *r, int64_t now_ms)
{
	if (r->failure != HTTP_OK)
		return -1;
	if (r->retry_after_ms >= 0)
		return r->retry_after_ms;
	return r->retry_at_ms != TIME_NONE && r->retry_at_ms > now_ms ? r->retry_at_ms - now_ms
	                                                              : -1;
}
