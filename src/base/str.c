/*
 * Slices. Why: lengths are known, nothing is scanned twice, and input is never copied to be looked
 * at. What always holds: no function reads beyond n or needs a final NUL; absent and empty are
 * different.
 */
#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

struct str
str_from(const char *z)
{
	return z == NULL ? STR_NONE : (struct str){ z, strlen(z) };
}

struct str
str_n(const char *p, size_t n)
{
	assert(p != NULL || n == 0);
	return (struct str){ p, n };
}

bool
str_eq(struct str a, struct str b)
{
	if (a.p == NULL || b.p == NULL)
		return a.p == b.p;
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool
str_ieq(struct str a, struct str b)
{
	if (a.p == NULL || b.p == NULL)
		return a.p == b.p;
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c;

	if (a.p == NULL || b.p == NULL)
		return (a.p != NULL) - (b.p != NULL);
	c = n == 0 ? 0 : memcmp(a.p, b.p, n);
	if (c != 0)
		return c;
	return (a.n > b.n) - (a.n < b.n);
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	       (suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

size_t
str_find(struct str s, char c)
{
	const char *at = s.n == 0 ? NULL : memchr(s.p, c, s.n);

	return at == NULL ? s.n : (size_t)(at - s.p);
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str
str_trim(struct str s)
{
	while (s.n > 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str
str_sub(struct str s, size_t from, size_t n)
{
	if (s.p == NULL)
		return STR_NONE;
	if (from > s.n)
		from = s.n;
	if (n > s.n - from)
		n = s.n - from;
	return (struct str){ s.p + from, n };
}

bool
str_split(struct str *rest, char sep, struct str *part)
{
	size_t at;

	if (rest->p == NULL)
		return false;
	at = str_find(*rest, sep);
	*part = (struct str){ rest->p, at };
	*rest = at == rest->n ? STR_NONE : str_sub(*rest, at + 1, rest->n);
	return true;
}

struct str
str_dup(struct arena *a, struct str s)
{
	return s.p == NULL ? STR_NONE : (struct str){ arena_copy(a, s.p, s.n), s.n };
}

const char *
str_z(struct arena *a, struct str s)
{
	return s.p == NULL ? "" : arena_copy(a, s.p, s.n);
}

struct str
str_fmt(struct arena *a, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	assert(n >= 0);
	if ((size_t)n < sizeof(small))
		return (struct str){ arena_copy(a, small, (size_t)n), (size_t)n };
	p = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (struct str){ p, (size_t)n };
}

struct str
str_digits(struct arena *a, struct str s)
{
	char *p;
	size_t n = 0;

	if (s.p == NULL)
		return STR_NONE;
	p = arena_alloc(a, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			p[n++] = s.p[i];
	return (struct str){ p, n };
}

bool
str_to_i64(struct str s, int64_t *out)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	int64_t v = 0;

	if (s.n == (negative ? 1u : 0u))
		return false;
	for (size_t i = negative ? 1 : 0; i < s.n; i++) {
		int digit = s.p[i] - '0';

		if (digit < 0 || digit > 9)
			return false;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, negative ? -digit : digit, &v))
			return false;
	}
	*out = v;
	return true;
}

uint64_t
str_hash(struct str s)
{
	const uint64_t k = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t h = k ^ s.n;
	size_t i = 0;

	while (i < s.n) {
		size_t n = s.n - i < 8 ? s.n - i : 8;
		uint64_t w = 0;

		memcpy(&w, s.p + i, n);
		h = (h ^ w) * k;
		h ^= h >> 32;
		i += n;
	}
	h *= k;
	return h ^ (h >> 29);
}
