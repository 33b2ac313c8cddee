/* The cache of decoded entries. What always holds: a batch with pins is never given back; the list
 * is oldest first. */
#include "work/drain_hot.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#define SPARE_ARENAS 4

struct drain_hot {
	pthread_mutex_t lock;
	struct drain_batch *first;
	size_t n, max, arena_bytes, nspare;
	struct arena *spare[SPARE_ARENAS];
};

struct drain_hot *
drain_hot_new(size_t max_batches, size_t arena_bytes)
{
	struct drain_hot *h = calloc(1, sizeof(*h));

	if (h == NULL)
		abort();
	pthread_mutex_init(&h->lock, NULL);
	h->max = max_batches;
	h->arena_bytes = arena_bytes;
	return h;
}

/* Lock held, or nobody else knows the batch. The batch itself lives in its arena. */
static void
batch_free(struct drain_hot *h, struct drain_batch *b)
{
	struct arena *a = b->arena;

	assert(b->pins == 0);
	if (h->nspare == SPARE_ARENAS) {
		arena_free(a);
		return;
	}
	arena_reset(a);
	h->spare[h->nspare++] = a;
}

void
drain_hot_free(struct drain_hot *h)
{
	if (h == NULL)
		return;
	while (h->first != NULL) {
		struct drain_batch *b = h->first;

		h->first = b->next;
		batch_free(h, b);
	}
	for (size_t i = 0; i < h->nspare; i++)
		arena_free(h->spare[i]);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

struct drain_batch *
drain_hot_begin(struct drain_hot *h, size_t expect)
{
	struct arena *a = NULL;
	struct drain_batch *b;

	pthread_mutex_lock(&h->lock);
	if (h->nspare > 0)
		a = h->spare[--h->nspare];
	pthread_mutex_unlock(&h->lock);
	if (a == NULL)
		a = arena_new(h->arena_bytes);
	b = ARENA_NEW(a, struct drain_batch);
	b->arena = a;
	map_init(&b->map, a, expect);
	return b;
}

void
drain_hot_discard(struct drain_hot *h, struct drain_batch *b)
{
	pthread_mutex_lock(&h->lock);
	batch_free(h, b);
	pthread_mutex_unlock(&h->lock);
}

/* Gives back the batch that *at points to. Lock held. */
static void
unlink_batch(struct drain_hot *h, struct drain_batch **at)
{
	struct drain_batch *b = *at;

	*at = b->next;
	h->n--;
	batch_free(h, b);
}

void
drain_hot_add(struct drain_hot *h, struct drain_batch *b)
{
	struct drain_batch **at;

	b->left = b->entries.n;
	pthread_mutex_lock(&h->lock);
	for (at = &h->first; *at != NULL && h->n >= h->max;) {
		if ((*at)->pins == 0)
			unlink_batch(h, at);
		else
			at = &(*at)->next;
	}
	for (at = &h->first; *at != NULL;)
		at = &(*at)->next;
	*at = b;
	h->n++;
	pthread_mutex_unlock(&h->lock);
}

bool
drain_hot_take(struct drain_hot *h, struct drain_entry *out)
{
	struct str key = str_n((const char *)out->id.b, sizeof(out->id.b));

	pthread_mutex_lock(&h->lock);
	for (struct drain_batch *b = h->first; b != NULL; b = b->next) {
		size_t i = map_get(&b->map, key);

		if (i == MAP_NONE || b->entries.v[i].facts == NULL)
			continue;
		out->facts = b->entries.v[i].facts;
		out->connection_id = b->entries.v[i].connection_id;
		out->batch = b;
		b->pins++;
		break;
	}
	pthread_mutex_unlock(&h->lock);
	return out->batch != NULL;
}

void
drain_hot_release(struct drain_hot *h, struct drain_entry *e, bool applied)
{
	struct drain_batch *b = e->batch;

	if (b == NULL)
		return;
	e->batch = NULL;
	pthread_mutex_lock(&h->lock);
	b->pins--;
	if (applied && b->left > 0)
		b->left--;
	if (b->left == 0 && b->pins == 0) {
		struct drain_batch **at = &h->first;

		while (*at != b)
			at = &(*at)->next;
		unlink_batch(h, at);
	}
	pthread_mutex_unlock(&h->lock);
}
