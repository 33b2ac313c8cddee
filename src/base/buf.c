/*
 * The growing buffer. Why: text is built from pieces of unknown number, yet every buffer has a
 * limit. What always holds: n <= cap <= limit; a piece goes in whole or not at all; after the first
 * piece that does not fit nothing more goes in, so that what is there is a prefix of what was
 * meant.
 */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BUF_FIRST 256

void
buf_init(struct buf *b, struct arena *a, size_t limit)
{
	*b = (struct buf){ .arena = a, .limit = limit };
}

void
buf_deinit(struct buf *b)
{
	if (b->arena == NULL)
		free(b->p);
	*b = (struct buf){ .arena = b->arena, .limit = b->limit };
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->over = false;
}

/* Moves the bytes into room for `cap`; false if the arena has no more. */
static bool
grow(struct buf *b, size_t cap)
{
	char *p;

	if (b->arena == NULL) {
		p = realloc(b->p, cap);
		if (p == NULL)
			abort();
	} else {
		p = arena_try_alloc(b->arena, cap);
		if (p == NULL)
			return false;
		if (b->n > 0)
			memcpy(p, b->p, b->n);
	}
	b->p = p;
	b->cap = cap;
	return true;
}

bool
buf_reserve(struct buf *b, size_t extra)
{
	size_t need, cap;

	if (b->over)
		return false;
	if (extra > b->limit - b->n) {
		b->over = true;
		return false;
	}
	need = b->n + extra;
	if (need <= b->cap)
		return true;
	cap = b->cap < BUF_FIRST / 2 ? BUF_FIRST : b->cap;
	while (cap < need)
		cap = cap > b->limit / 2 ? b->limit : cap * 2;
	if (cap > b->limit)
		cap = b->limit;
	if (!grow(b, cap) && (cap == need || !grow(b, need)))
		b->over = true;
	return !b->over;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || !buf_reserve(b, n))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void
buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void
buf_z(struct buf *b, const char *z)
{
	buf_add(b, z, strlen(z));
}

void
buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	char small[256];
	char *big;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	assert(n >= 0);
	if ((size_t)n < sizeof(small)) {
		buf_add(b, small, (size_t)n);
		return;
	}
	if ((size_t)n > b->limit) {
		b->over = true;
		return;
	}
	big = malloc((size_t)n + 1);
	if (big == NULL)
		abort();
	va_start(ap, fmt);
	(void)vsnprintf(big, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_add(b, big, (size_t)n);
	free(big);
}

void
buf_i64(struct buf *b, int64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);
	uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (v < 0)
		digits[--at] = '-';
	buf_add(b, digits + at, sizeof(digits) - at);
}

struct str
buf_slice(const struct buf *b)
{
	return (struct str){ b->p == NULL ? "" : b->p, b->n };
}

enum err
buf_check(const struct buf *b)
{
	return b->over ? ERR_TOO_LARGE : ERR_OK;
}
