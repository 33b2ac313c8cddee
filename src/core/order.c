/*
 * A merge sort from the bottom up. What always holds: elements that compare equal are never
 * exchanged, so what is sorted twice by two keys is sorted by the second, then the first.
 */
#include "core/order.h"

#include <string.h>

static bool
is_sorted(const char *v, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	for (size_t i = 1; i < n; i++) {
		if (cmp(v + (i - 1) * size, v + i * size) > 0)
			return false;
	}
	return true;
}

/* from[lo, mid) and from[mid, hi), each sorted, into the same places of `to`. */
static void
merge(const char *from, char *to, size_t size, const size_t at[3],
      int (*cmp)(const void *, const void *))
{
	size_t left = at[0], right = at[1];

	for (size_t out = at[0]; out < at[2]; out++) {
		bool take_left = left < at[1] && (right == at[2] || cmp(from + left * size,
		                                                        from + right * size) <= 0);
		memcpy(to + out * size, from + (take_left ? left++ : right++) * size, size);
	}
}

void
order_sort(struct arena *a, void *v, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	char *from = v, *to;

	if (is_sorted(v, n, size, cmp))
		return;
	to = arena_array(a, n, size);
	for (size_t width = 1; width < n; width *= 2) {
		for (size_t lo = 0; lo < n; lo += 2 * width) {
			size_t mid = n - lo < width ? n : lo + width;
			size_t hi = n - mid < width ? n : mid + width;
			merge(from, to, size, (const size_t[]){ lo, mid, hi }, cmp);
		}
		char *swap = from;
		from = to;
		to = swap;
	}
	if (from != v)
		memcpy(v, from, n * size);
}

int
order_cmp_i64(const void *a, const void *b)
{
	return order_i64(*(const int64_t *)a, *(const int64_t *)b);
}

size_t
order_first_after(const int64_t *v, size_t n, int64_t after)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (v[mid] > after)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}
