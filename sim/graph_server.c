/*
 * See graph_server.h. What always holds: the graph is touched under the web server's lock only, and
 * nothing is delivered while it is held; of webhooks that are due the earlier ones go first.
 */
#include "sim/graph_server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sim/deliver.h"
#include "sys/threads.h"

struct parcel {
	struct graph_webhook webhook;
	int64_t due_us;
	uint64_t number; /* in the order they were made */
};

struct graph_server {
	struct graph *graph;
	struct graph_server_options options;
	struct web_server *web;
	struct wake *wake;
	atomic_bool stopping;
	pthread_t postman;
	/* the postman's */
	struct parcel *parcels;
	size_t n, cap;
	uint64_t number;
	uint64_t delivered, refused, lost;
};

struct web_server *
graph_server_web(struct graph_server *s)
{
	return s->web;
}

static void
answer(void *ctx, const struct web_request *q, int64_t now_ms, struct arena *a,
       struct web_reply *out)
{
	struct graph_server *s = ctx;

	if (!graph_control(s->graph, q, now_ms, a, out))
		graph_answer(s->graph, q, now_ms, a, out);
	if (s->graph->outbox.n > 0)
		wake_set(s->wake);
}

/* Takes what the graph made since the last time, and tells it what became of the rest. */
static void
fetch(struct graph_server *s, struct arena *a, struct deliver_options *o, int64_t now_us)
{
	struct graph *g = s->graph;
	struct graph_webhook *v;

	web_server_lock(s->web);
	size_t n = graph_take_webhooks(g, &v);
	o->url = str_z(a, g->deliver_url);
	o->secret = str_dup(a, g->deliver_secret);
	g->delivered = s->delivered;
	g->refused = s->refused;
	g->lost = s->lost;
	web_server_unlock(s->web);
	if (s->n + n > s->cap) {
		s->cap = 2 * (s->n + n);
		s->parcels = realloc(s->parcels, s->cap * sizeof *s->parcels);
		if (s->parcels == NULL)
			abort();
	}
	for (size_t i = 0; i < n; i++)
		s->parcels[s->n++] =
			(struct parcel){ v[i], now_us + v[i].delay_ms * 1000, s->number++ };
	free(v);
}

static int
by_due(const void *x, const void *y)
{
	const struct parcel *a = x, *b = y;

	if (a->due_us != b->due_us)
		return a->due_us < b->due_us ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

static void
drop(struct graph_server *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(s->parcels[i].webhook.bytes);
	s->n -= n;
	if (s->n > 0)
		memmove(s->parcels, s->parcels + n, s->n * sizeof *s->parcels);
}

/* Delivers what is due; in how many ms the next one is, at most an hour. */
static int64_t
deliver_due(struct graph_server *s, struct arena *a)
{
	struct deliver_options o = { .parallel = s->options.parallel,
		                     .attempts = s->options.attempts,
		                     .retry_ms = s->options.retry_ms,
		                     .stop = &s->stopping };
	struct world_bodies bodies = { 0 };
	struct deliver_stats stats = { 0 };
	int64_t now_us = clock_mono_us(&clock_real);

	fetch(s, a, &o, now_us);
	if (s->n == 0)
		return 3600000;
	qsort(s->parcels, s->n, sizeof *s->parcels, by_due);
	for (size_t i = 0; i < s->n && s->parcels[i].due_us <= now_us; i++) {
		const struct graph_webhook *w = &s->parcels[i].webhook;
		world_body_add(
			a, &bodies,
			(struct world_body){ .bytes = str_n(w->bytes, w->n), .part = w->part });
	}
	if (bodies.n == 0)
		return (s->parcels[0].due_us - now_us + 999) / 1000;
	if (!deliver(&o, &bodies, &stats))
		abort();
	s->delivered += stats.delivered;
	s->refused += stats.refused;
	s->lost += stats.lost;
	drop(s, bodies.n);
	return 0;
}

static void *
postman_main(void *arg)
{
	struct graph_server *s = arg;
	struct arena *a = arena_new((size_t)1 << 30);

	while (!atomic_load(&s->stopping)) {
		int64_t wait_ms = deliver_due(s, a);
		arena_reset(a);
		if (wait_ms > 0)
			(void)wake_wait(s->wake, wait_ms);
	}
	arena_free(a);
	return NULL;
}

enum err
graph_server_start(struct graph *g, const struct clock *clock, const struct graph_server_options *o,
                   struct graph_server **out)
{
	struct graph_server *s = calloc(1, sizeof *s);
	const struct web_handler handler = { answer, NULL, s };

	if (s == NULL)
		abort();
	s->graph = g;
	s->options = *o;
	s->wake = wake_new();
	if (web_server_start(&handler, clock, o->port, &s->web) != ERR_OK) {
		wake_free(s->wake);
		free(s);
		return ERR_IO;
	}
	if (pthread_create(&s->postman, NULL, postman_main, s) != 0)
		abort();
	*out = s;
	return ERR_OK;
}

void
graph_server_stop(struct graph_server *s)
{
	if (s == NULL)
		return;
	atomic_store(&s->stopping, true);
	wake_set(s->wake);
	pthread_join(s->postman, NULL);
	web_server_stop(s->web);
	drop(s, s->n);
	free(s->parcels);
	wake_free(s->wake);
	free(s);
}
