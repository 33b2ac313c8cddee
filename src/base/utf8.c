/*
 * Validity of UTF-8. Why: both databases and every JSON reader refuse text that is not, and one
 * broken emoji must not lose a webhook. What always holds: a step is at least one byte and stays
 * within n.
 */
#include "base/utf8.h"

/* Number of following bytes that a lead byte asks for, and the range of the first of them. */
static int
lead(unsigned char c, unsigned char *low, unsigned char *high)
{
	*low = 0x80;
	*high = 0xbf;
	if (c < 0x80)
		return 0;
	if (c < 0xc2 || c > 0xf4)
		return -1;
	if (c < 0xe0)
		return 1;
	if (c < 0xf0) {
		if (c == 0xe0)
			*low = 0xa0;
		if (c == 0xed)
			*high = 0x9f;
		return 2;
	}
	if (c == 0xf0)
		*low = 0x90;
	if (c == 0xf4)
		*high = 0x8f;
	return 3;
}

size_t
utf8_step(const char *p, size_t n, bool *valid)
{
	unsigned char low, high;
	int more = lead((unsigned char)p[0], &low, &high);
	size_t i = 1;

	*valid = more == 0;
	if (more <= 0)
		return 1;
	for (; more > 0 && i < n; i++, more--) {
		unsigned char c = (unsigned char)p[i];

		if (c < low || c > high)
			return i;
		low = 0x80;
		high = 0xbf;
	}
	*valid = more == 0;
	return i;
}

uint32_t
utf8_next(struct str s, size_t *at)
{
	const char *p = s.p + *at;
	bool valid;
	size_t n = utf8_step(p, s.n - *at, &valid);
	uint32_t c = (unsigned char)p[0];

	*at += n;
	if (!valid)
		return UTF8_REPLACED;
	if (n > 1)
		c &= 0x7Fu >> n;
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)p[i] & 0x3F);
	return c;
}

size_t
utf8_valid_prefix(struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		uint64_t w;
		bool valid;
		size_t step;

		if (s.n - i >= sizeof(w)) {
			memcpy(&w, s.p + i, sizeof(w));
			if ((w & UINT64_C(0x8080808080808080)) == 0) {
				i += sizeof(w);
				continue;
			}
		}
		step = utf8_step(s.p + i, s.n - i, &valid);
		if (!valid)
			break;
		i += step;
	}
	return i;
}

struct str
utf8_cut(struct str s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && ((unsigned char)s.p[max] & 0xC0) == 0x80)
		max--;
	return str_n(s.p, max);
}

size_t
utf8_length(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}
