/*
 * Region memory. Why: a request's memory is given back at once, so that no path can leak or free
 * twice. What always holds: every block but the newest is full or left; `used` counts what was
 * handed out, rounded to the alignment, whatever the blocks look like. Under AddressSanitizer the
 * bytes that were not handed out are poisoned, and each allocation is followed by a gap.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define ARENA_GAP 16
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ARENA_GAP                         0
#endif

#define ARENA_ALIGN       16
#define ARENA_FIRST_BLOCK ((size_t)8 * 1024)
#define ARENA_MAX_BLOCK   ((size_t)4 * 1024 * 1024)
#define ARENA_FIRST_LIST  16 /* elements */

struct block {
	struct block *older;
	size_t size, used;
	alignas(ARENA_ALIGN) char data[];
};

struct arena {
	struct block *newest;
	size_t cap, used;
	bool over;
};

static void
arena_abort(const char *why)
{
	fputs(why, stderr);
	abort();
}

static struct block *
block_new(size_t size, struct block *older)
{
	struct block *b = malloc(sizeof(*b) + size);

	if (b == NULL)
		arena_abort("arena: out of memory\n");
	b->older = older;
	b->size = size;
	b->used = 0;
	ASAN_POISON_MEMORY_REGION(b->data, size);
	return b;
}

static void
block_free(struct block *b)
{
	ASAN_UNPOISON_MEMORY_REGION(b->data, b->size);
	free(b);
}

struct arena *
arena_new(size_t cap_bytes)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (a == NULL)
		arena_abort("arena: out of memory\n");
	a->cap = cap_bytes;
	a->newest = block_new(ARENA_FIRST_BLOCK, NULL);
	return a;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	for (struct block *b = a->newest; b != NULL;) {
		struct block *older = b->older;

		block_free(b);
		b = older;
	}
	free(a);
}

void
arena_reset(struct arena *a)
{
	while (a->newest->older != NULL) {
		struct block *older = a->newest->older;

		block_free(a->newest);
		a->newest = older;
	}
	a->newest->used = 0;
	ASAN_POISON_MEMORY_REGION(a->newest->data, a->newest->size);
	a->used = 0;
	a->over = false;
}

/* Bytes that n takes; SIZE_MAX if that cannot be said. */
static size_t
rounded(size_t n)
{
	if (n == 0)
		return ARENA_ALIGN;
	if (n > SIZE_MAX / 4)
		return SIZE_MAX;
	return (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

/* Memory for n bytes that take `size`; not zeroed, no cap. */
static void *
take(struct arena *a, size_t n, size_t size)
{
	struct block *b = a->newest;
	size_t need = size + ARENA_GAP;
	char *p;

	if (b->size - b->used < need) {
		size_t next = b->size * 2 < ARENA_MAX_BLOCK ? b->size * 2 : ARENA_MAX_BLOCK;

		b = block_new(next > need ? next : need, b);
		a->newest = b;
	}
	p = b->data + b->used;
	b->used += need;
	a->used += size;
	ASAN_UNPOISON_MEMORY_REGION(p, n);
	return p;
}

/* Like take, with the cap's rules: over it marks, over twice it aborts. */
static void *
take_capped(struct arena *a, size_t n)
{
	size_t size = rounded(n);

	if (size == SIZE_MAX)
		arena_abort("arena: impossible size\n");
	if (size > a->cap || a->used > a->cap - size) {
		size_t sum, most;

		a->over = true;
		if (__builtin_mul_overflow(a->cap, 2, &most))
			most = SIZE_MAX;
		if (__builtin_add_overflow(a->used, size, &sum) || sum > most)
			arena_abort("arena: twice the cap was passed\n");
	}
	return take(a, n, size);
}

void *
arena_alloc(struct arena *a, size_t n)
{
	void *p = take_capped(a, n);

	memset(p, 0, n);
	return p;
}

void *
arena_try_alloc(struct arena *a, size_t n)
{
	size_t size = rounded(n);
	void *p;

	if (size > a->cap || a->used > a->cap - size)
		return NULL;
	p = take(a, n, size);
	memset(p, 0, n);
	return p;
}

char *
arena_copy(struct arena *a, const void *p, size_t n)
{
	char *copy;

	assert(n < SIZE_MAX);
	copy = take_capped(a, n + 1);
	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		arena_abort("arena: impossible size\n");
	return arena_alloc(a, n);
}

void *
arena_grow(struct arena *a, void *v, size_t *n, size_t *cap, size_t size)
{
	if (*n == *cap) {
		size_t more = *cap == 0 ? ARENA_FIRST_LIST : *cap * 2;
		void *old = v;

		v = arena_array(a, more, size);
		if (*n > 0)
			memcpy(v, old, *n * size);
		*cap = more;
	}
	++*n;
	return v;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}

void
arena_fail(struct arena *a)
{
	a->over = true;
}

enum err
arena_check(const struct arena *a)
{
	return a->over ? ERR_TOO_LARGE : ERR_OK;
}
