/* See http_fake.h. What always holds: results come by the moment they fall due, of one moment in
 * the order of their calls. */
#include "http_fake.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

struct pending {
	struct pending *next;
	int64_t due;
	struct http_result result;
	bool (*sink)(void *ctx, struct str piece);
	void *sink_ctx;
	size_t max_body;
	struct http_fake_reply reply; /* for the sink; its text is the result's body */
};

struct http_fake {
	struct http_client client;
	const struct clock *clock;
	http_fake_answer *answer;
	void *ctx;
	struct pending *head;
	size_t max_in_flight, n, started, peak;
};

/* What comes of the reply under the call's limits, and when. */
static int64_t
judge(const struct http_call *c, const struct http_fake_reply *r, enum http_failure *failure)
{
	int64_t whole = r->delay_ms + r->body_delay_ms;
	int64_t first = c->first_byte_ms < c->whole_ms ? c->first_byte_ms : c->whole_ms;

	*failure = r->failure;
	if (r->failure == HTTP_TIMEOUT_CONNECT)
		return c->connect_ms < c->whole_ms ? c->connect_ms : c->whole_ms;
	if (r->failure == HTTP_TIMEOUT_FIRST_BYTE || r->delay_ms >= first) {
		*failure = HTTP_TIMEOUT_FIRST_BYTE;
		return first;
	}
	if (r->failure == HTTP_TIMEOUT_WHOLE || whole >= c->whole_ms) {
		*failure = HTTP_TIMEOUT_WHOLE;
		return c->whole_ms;
	}
	if (r->failure == HTTP_OK && c->sink == NULL && r->body.n > c->max_body)
		*failure = HTTP_TOO_LARGE;
	return whole;
}

static void
fill(struct http_result *r, const struct http_fake_reply *reply, int64_t now_ms)
{
	if (r->failure != HTTP_OK) {
		(void)snprintf(r->detail, sizeof r->detail, "%s",
		               reply->detail != NULL ? reply->detail
		                                     : http_failure_name(r->failure));
		return;
	}
	r->status = reply->status == 0 ? 200 : reply->status;
	for (const char *const *h = reply->headers; h != NULL && *h != NULL; h++)
		http_result_header(r, str_from(*h), now_ms);
	http_result_end(r, now_ms);
	r->body = calloc(1, reply->body.n + 1);
	if (r->body == NULL)
		abort();
	if (reply->body.n > 0)
		memcpy(r->body, reply->body.p, reply->body.n);
	r->body_len = reply->body.n;
}

static enum err
fake_start(void *ctx, const struct http_call *call, uint64_t *id)
{
	struct http_fake *f = ctx;
	struct http_fake_reply reply = { 0 };
	struct pending *p, **at = &f->head;
	int64_t now = clock_now(f->clock);
	enum err e = http_call_check(call);

	if (e != ERR_OK)
		return e;
	if (f->n >= f->max_in_flight)
		return ERR_TOO_MANY;
	p = calloc(1, sizeof *p);
	if (p == NULL)
		abort();
	f->answer(f->ctx, call, now, &reply);
	http_result_begin(&p->result);
	p->due = now + judge(call, &reply, &p->result.failure);
	p->result.id = ++f->started;
	p->result.user = call->user;
	fill(&p->result, &reply, p->due);
	p->sink = p->result.failure == HTTP_OK && p->result.status / 100 == 2 ? call->sink : NULL;
	p->sink_ctx = call->sink_ctx;
	p->max_body = call->max_body;
	p->reply = reply;
	while (*at != NULL && (*at)->due <= p->due)
		at = &(*at)->next;
	p->next = *at;
	*at = p;
	f->n++;
	f->peak = f->n > f->peak ? f->n : f->peak;
	*id = p->result.id;
	return ERR_OK;
}

#define PIECE 16000

/* A piece of what the sink is to get, from `at` on; 0: there is no more. */
static size_t
piece(const struct pending *p, size_t at, char out[PIECE])
{
	size_t body = p->result.body_len, all = body + p->reply.filler, n;

	if (p->reply.cut_at > 0 && p->reply.cut_at < all)
		all = p->reply.cut_at;
	if (at >= all)
		return 0;
	n = all - at < PIECE ? all - at : PIECE;
	if (at < body) {
		n = body - at < n ? body - at : n;
		memcpy(out, p->result.body + at, n);
	} else {
		p->reply.fill(p->reply.fill_seed, at - body, out, n);
	}
	return n;
}

/* All pieces at once, as the call's limits allow. */
static void
pour(struct pending *p)
{
	enum http_failure failure = p->reply.cut_at > 0 ? HTTP_CUT : HTTP_OK;
	char bytes[PIECE];
	size_t at = 0, n;

	while ((n = piece(p, at, bytes)) > 0) {
		at += n;
		if (at > p->max_body)
			failure = HTTP_TOO_LARGE;
		else if (!p->sink(p->sink_ctx, str_n(bytes, n)))
			failure = HTTP_STOPPED;
		else
			continue;
		break;
	}
	http_result_deinit(&p->result);
	p->result.body_len = at;
	p->result.failure = failure;
	if (failure == HTTP_OK) {
		p->result.body = calloc(1, 1);
		return;
	}
	http_result_begin(&p->result);
	p->result.body_len = 0;
	(void)snprintf(p->result.detail, sizeof p->result.detail, "%s", http_failure_name(failure));
}

static bool
fake_next(void *ctx, struct http_result *out)
{
	struct http_fake *f = ctx;
	struct pending *p = f->head;

	if (p == NULL || p->due > clock_now(f->clock))
		return false;
	f->head = p->next;
	f->n--;
	if (p->sink != NULL)
		pour(p);
	*out = p->result;
	free(p);
	return true;
}

static void
fake_cancel(void *ctx, uint64_t id)
{
	struct http_fake *f = ctx;

	for (struct pending **at = &f->head; *at != NULL; at = &(*at)->next) {
		struct pending *p = *at;

		if (p->result.id != id)
			continue;
		*at = p->next;
		http_result_deinit(&p->result);
		free(p);
		f->n--;
		return;
	}
}

/* Time does not pass here: only the descriptor is looked at. */
static bool
fake_wait(void *ctx, int wake_fd, int64_t timeout_ms)
{
	struct pollfd fd = { .fd = wake_fd, .events = POLLIN };

	(void)ctx;
	(void)timeout_ms;
	return wake_fd >= 0 && poll(&fd, 1, 0) == 1;
}

static size_t
fake_in_flight(void *ctx)
{
	return ((struct http_fake *)ctx)->n;
}

struct http_fake *
http_fake_new(const struct clock *clock, size_t max_in_flight, http_fake_answer *answer, void *ctx)
{
	struct http_fake *f = calloc(1, sizeof *f);

	if (f == NULL)
		abort();
	f->clock = clock;
	f->max_in_flight = max_in_flight;
	f->answer = answer;
	f->ctx = ctx;
	f->client = (struct http_client){ .start = fake_start,
		                          .next = fake_next,
		                          .cancel = fake_cancel,
		                          .wait = fake_wait,
		                          .in_flight = fake_in_flight,
		                          .ctx = f };
	return f;
}

void
http_fake_free(struct http_fake *f)
{
	if (f == NULL)
		return;
	while (f->head != NULL)
		fake_cancel(f, f->head->result.id);
	free(f);
}

const struct http_client *
http_fake_client(struct http_fake *f)
{
	return &f->client;
}

int64_t
http_fake_due(const struct http_fake *f)
{
	return f->head == NULL ? INT64_MAX : f->head->due;
}

size_t
http_fake_started(const struct http_fake *f)
{
	return f->started;
}

size_t
http_fake_peak(const struct http_fake *f)
{
	return f->peak;
}

void
http_fake_scripted(void *ctx, const struct http_call *call, int64_t now_ms,
                   struct http_fake_reply *out)
{
	struct http_fake_script *s = ctx;
	const struct http_fake_row *row = &s->rows[s->at];

	(void)now_ms;
	if (s->at == s->n || (row->url != NULL && !str_ends(call->url, str_from(row->url)))) {
		fprintf(stderr, "http_fake: call %zu is not in the script: " STR_FMT "\n",
		        s->at + 1, STR_ARG(call->url));
		abort();
	}
	s->at++;
	*out = row->reply;
}
