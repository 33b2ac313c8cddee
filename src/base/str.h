/*
 * Text as slices. A slice borrows: it lives as long as what it points into.
 * p may be NULL only when n is 0; NULL means "absent", a non-NULL empty slice "empty".
 */
#ifndef RECADO_BASE_STR_H
#define RECADO_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

struct str {
	const char *p;
	size_t n;
};

#define STR_NONE   ((struct str){ NULL, 0 })
#define STR(lit)   ((struct str){ "" lit, sizeof(lit) - 1 })
#define STR_FMT    "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

/* Slice over a C string; NULL gives STR_NONE. */
struct str str_from(const char *z);
struct str str_n(const char *p, size_t n);
static inline bool
str_is_set(struct str s)
{
	return s.p != NULL;
}
static inline bool
str_is_empty(struct str s)
{
	return s.n == 0;
}
bool str_eq(struct str a, struct str b);
/* Equal ignoring ASCII case. */
bool str_ieq(struct str a, struct str b);
/* Byte order; an absent slice sorts before an empty one. <0, 0, >0. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Index of the first byte c, or s.n. */
size_t str_find(struct str s, char c);
struct str str_trim(struct str s); /* ASCII white space at both ends */
/* Value of a hexadecimal digit, either case; -1 for any other character. */
static inline int
str_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
struct str str_sub(struct str s, size_t from, size_t n); /* clamped */
/* Cuts the part before the next `sep` off *rest; false when *rest is used up. */
bool str_split(struct str *rest, char sep, struct str *part);

struct str str_dup(struct arena *, struct str s); /* NUL-terminated copy; absent stays absent */
const char *str_z(struct arena *, struct str s);  /* NUL-terminated; absent gives "" */
struct str str_fmt(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Only the ASCII digits of s. */
struct str str_digits(struct arena *, struct str s);
/* Whole slice is one decimal number within int64; optional leading '-'. */
bool str_to_i64(struct str s, int64_t *out);
/* Stable 64-bit hash for tables in memory (not for storage). */
uint64_t str_hash(struct str s);

#endif
