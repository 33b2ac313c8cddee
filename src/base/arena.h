/*
 * Region memory: everything that one request or one step needs comes from one
 * arena and is given back at once. Passing the cap is an error of the input,
 * not of the machine: the arena then becomes `over`, goes on handing out memory
 * (so that callers need no check at each allocation) up to twice the cap, and
 * the step must end with arena_check(). A failed malloc, or passing twice the
 * cap, aborts. Not thread-safe: one arena, one thread at a time.
 */
#ifndef RECADO_BASE_ARENA_H
#define RECADO_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct arena;

/* New arena that allows `cap_bytes` in sum. */
struct arena *arena_new(size_t cap_bytes);
/* Frees everything. NULL is fine. */
void arena_free(struct arena *);
/* Forgets all allocations and the `over` mark; keeps the first block. */
void arena_reset(struct arena *);

/* `n` zeroed bytes, aligned for any type. Never NULL. n = 0 gives a valid pointer. */
void *arena_alloc(struct arena *, size_t n) __attribute__((malloc, returns_nonnull));
/* Like arena_alloc, but NULL instead of passing the cap (for parsers that stop). */
void *arena_try_alloc(struct arena *, size_t n);
/* Copy of `n` bytes plus a final NUL. */
char *arena_copy(struct arena *, const void *p, size_t n);
/* `count` zeroed elements; aborts on overflow of the product. */
void *arena_array(struct arena *, size_t count, size_t size);
/*
 * `v`, a list of *n elements with room for *cap, made longer by one: the list to go on with. The
 * new element is zeroed, unless the list was longer before. Never NULL. Begin with NULL and zeros.
 */
void *arena_grow(struct arena *, void *v, size_t *n, size_t *cap, size_t size)
	__attribute__((returns_nonnull));

/* Marks the arena as `over`, for a writer that had to stop at the cap. */
void arena_fail(struct arena *);
/* Bytes handed out since the last reset, each piece rounded up to 16. */
size_t arena_used(const struct arena *);
/* ERR_TOO_LARGE once the cap was passed. */
MUST_CHECK enum err arena_check(const struct arena *);

#define ARENA_NEW(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, n, type) ((type *)arena_array((a), (n), sizeof(type)))
/* The place of one more element of such a list. */
#define ARENA_ADD(a, v, n, cap) ((v) = arena_grow((a), (v), &(n), &(cap), sizeof *(v)), &(v)[(n)-1])

#endif
