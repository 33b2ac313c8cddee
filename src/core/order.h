/* Sorting for the core, which may not lean on libc's: stable, so that equal elements keep the order
 * they came in. Pure. */
#ifndef RECADO_CORE_ORDER_H
#define RECADO_CORE_ORDER_H

#include <stdint.h>

#include "base/arena.h"

/* Sorts n elements of `size` bytes at `v` in place by cmp (<0, 0, >0). O(n log n), O(n) if they are
 * in order already; takes n·size bytes of scratch from the arena when they are not. */
void
order_sort(struct arena *, void *v, size_t n, size_t size, int (*cmp)(const void *, const void *));
/* For cmp functions. */
static inline int
order_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}
/* cmp over int64_t elements. */
int order_cmp_i64(const void *a, const void *b);
/* Index of the first of n ascending values that is greater than `after`; n if none is. */
size_t order_first_after(const int64_t *v, size_t n, int64_t after);

#endif
