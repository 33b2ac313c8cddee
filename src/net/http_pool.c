/*
 * Threads that answer exchanges. What always holds: an exchange that was taken in is handled
 * exactly once, also when the pool stops meanwhile; the queue is bounded and submitting never
 * blocks.
 */
#include <signal.h>
#include <stdlib.h>

#include "net/http_internal.h"

struct http_pool {
	struct http_pool_options options;
	pthread_mutex_t lock;
	pthread_cond_t ready;
	struct http_exchange **ring;
	unsigned first, count, idle;
	bool stopping;
	unsigned nthreads;
	pthread_t threads[];
};

static void *
pool_main(void *arg)
{
	struct http_pool *p = arg;
	const struct http_pool_options *o = &p->options;
	void *own = o->thread_start != NULL ? o->thread_start(o->ctx) : NULL;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct http_exchange *ex;

		while (p->count == 0 && !p->stopping) {
			p->idle++;
			pthread_cond_wait(&p->ready, &p->lock);
			p->idle--;
		}
		if (p->count == 0)
			break;
		ex = p->ring[p->first];
		p->first = (p->first + 1) % o->queue;
		p->count--;
		pthread_mutex_unlock(&p->lock);
		o->handle(o->ctx, own, ex);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	if (o->thread_end != NULL)
		o->thread_end(own);
	return NULL;
}

enum err
http_pool_start(const struct http_pool_options *o, struct http_pool **out)
{
	struct http_pool *p = calloc(1, sizeof(*p) + o->threads * sizeof(p->threads[0]));
	sigset_t all, before;

	if (o->threads == 0 || o->queue == 0) {
		free(p);
		return ERR_INVALID;
	}
	if (p == NULL)
		abort();
	p->options = *o;
	p->ring = calloc(o->queue, sizeof(struct http_exchange *));
	if (p->ring == NULL)
		abort();
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->ready, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (p->nthreads < o->threads &&
	       pthread_create(&p->threads[p->nthreads], NULL, pool_main, p) == 0) {
		pthread_setname_np(p->threads[p->nthreads], "handler");
		p->nthreads++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (p->nthreads < o->threads) {
		http_pool_stop(p);
		return ERR_IO;
	}
	*out = p;
	return ERR_OK;
}

enum err
http_pool_submit(struct http_pool *p, struct http_exchange *ex)
{
	enum err e = ERR_UNAVAILABLE;
	bool wake = false;

	pthread_mutex_lock(&p->lock);
	if (!p->stopping && p->count < p->options.queue) {
		p->ring[(p->first + p->count) % p->options.queue] = ex;
		p->count++;
		wake = p->idle > 0;
		e = ERR_OK;
	}
	pthread_mutex_unlock(&p->lock);
	if (wake)
		pthread_cond_signal(&p->ready);
	return e;
}

void
http_pool_stop(struct http_pool *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_mutex_unlock(&p->lock);
	pthread_cond_broadcast(&p->ready);
	for (unsigned i = 0; i < p->nthreads; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->ready);
	pthread_mutex_destroy(&p->lock);
	free(p->ring);
	free(p);
}
