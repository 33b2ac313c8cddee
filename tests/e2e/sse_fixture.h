/* A client of an event stream. */
#ifndef RECADO_TESTS_SSE_FIXTURE_H
#define RECADO_TESTS_SSE_FIXTURE_H

#include "api_fixture.h"

struct sse {
	struct client c;
	/* the frame that was read last */
	char event[32];
	int64_t id;
	const cJSON *data;
};

/* Drops what was read up to and including `text`, which must come. */
static inline const char *
sse_take(struct sse *s, const char *text)
{
	const char *end, *taken;
	size_t n;

	while (s->c.n == 0 || (end = strstr(s->c.p, text)) == NULL)
		ck_assert_msg(client_fill(&s->c), "the stream ended before \"%s\"", text);
	n = (size_t)(end - s->c.p) + strlen(text);
	taken = str_z(test_arena(), str_n(s->c.p, n));
	s->c.n -= n;
	memmove(s->c.p, s->c.p + n, s->c.n + 1);
	return taken;
}

/* query: what follows /api/events. token: as in call. header: whole lines, or "". */
static inline struct sse
sse_open(const struct world *w, const char *query, const char *token, const char *header)
{
	struct sse s = { .c = connect_to(&w->process) };
	const char *head;

	ck_assert_int_ge(s.c.fd, 0);
	if (token != NULL && strcmp(token, "op") == 0)
		header = FMT("x-admin-token: " ADMIN "\r\n%s", header);
	else if (token != NULL)
		header = FMT("Authorization: Bearer %s\r\n%s", token, header);
	client_send(&s.c, FMT("GET /api/events%s HTTP/1.1\r\nHost: a\r\n%s\r\n", query, header));
	head = sse_take(&s, "\r\n\r\n");
	ck_assert_msg(strncmp(head, "HTTP/1.1 200 ", 13) == 0, "%s", head);
	ck_assert_ptr_nonnull(strstr(head, "\r\nContent-Type: text/event-stream\r\n"));
	sse_take(&s, "retry: 2000\n\n");
	return s;
}

/* The next event; comments are passed over. */
static inline int64_t
sse_next(struct sse *s)
{
	const char *frame;
	long long id;
	int at = 0;

	do
		frame = sse_take(s, "\n\n");
	while (frame[0] == ':');
	ck_assert_int_eq(sscanf(frame, "event: %31s\nid: %lld\ndata: %n", s->event, &id, &at), 2);
	ck_assert_int_gt(at, 0);
	s->data = test_json(str_from(frame + at));
	s->id = id;
	return id;
}

static inline void
sse_expect(struct sse *s, const char *event, int64_t id)
{
	sse_next(s);
	ck_assert_str_eq(s->event, event);
	ck_assert_int_eq(s->id, id);
}

/* Until such an event, each of them with the id after the one before. */
static inline void
sse_until(struct sse *s, const char *event)
{
	int64_t before = s->id;

	do
		ck_assert_int_eq(sse_next(s), ++before);
	while (strcmp(s->event, event) != 0);
}

static inline void
sse_expect_end(struct sse *s)
{
	while (client_fill(&s->c))
		s->c.n = 0;
	client_close(&s->c);
}

static inline void
sse_close(struct sse *s)
{
	client_close(&s->c);
}

#endif
