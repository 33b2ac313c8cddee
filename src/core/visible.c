/*
 * Visible text. Why a table of our own: a JSON writer escapes what JSON asks for, which leaves line
 * separators, text that runs backwards and whole messages in invisible characters as they are. What
 * always holds: the output has no character below U+0020, no U+2028 and no U+2029; it reads back,
 * as a JSON string, as the text it was made from; the length of a text is the sum of its
 * characters' lengths.
 */
#include "core/visible.h"

#include "base/utf8.h"

#define MAX_ESCAPE 12 /* two surrogates */

/* Ascending. */
static const struct range {
	uint32_t from, to;
} hidden[] = {
	{ 0x00, 0x1f },       { 0x22, 0x22 },     { 0x5c, 0x5c },       { 0x7f, 0x9f },
	{ 0xad, 0xad },       { 0x34f, 0x34f },   { 0x61c, 0x61c },     { 0x115f, 0x1160 },
	{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f }, { 0x200b, 0x200b },   { 0x200e, 0x200f },
	{ 0x2028, 0x202e },   { 0x2060, 0x206f }, { 0x3164, 0x3164 },   { 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
};

static bool
is_hidden(uint32_t c)
{
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0] && c >= hidden[i].from; i++)
		if (c <= hidden[i].to)
			return true;
	return false;
}

static size_t
write_unit(uint32_t unit, char *out)
{
	static const char hex[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'u';
	for (int i = 0; i < 4; i++)
		out[2 + i] = hex[unit >> (12 - 4 * i) & 15];
	return 6;
}

static size_t
write_escape(uint32_t c, char out[MAX_ESCAPE])
{
	static const char shorts[] = "\"\"\\\\\nn\rr\tt";

	for (size_t i = 0; i < sizeof shorts - 1; i += 2)
		if (c == (unsigned char)shorts[i]) {
			out[0] = '\\';
			out[1] = shorts[i + 1];
			return 2;
		}
	if (c < 0x10000)
		return write_unit(c, out);
	c -= 0x10000;
	(void)write_unit(0xd800 + (c >> 10), out);
	return 6 + write_unit(0xdc00 + (c & 0x3ff), out + 6);
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/*
 * One character at p: how many bytes it has, and in *n what stands for it in `out`; 0 where it
 * stands for itself.
 */
static size_t
step(const char *p, size_t left, char out[MAX_ESCAPE], size_t *n)
{
	size_t bytes = 0;
	uint32_t c = utf8_next(str_n(p, left), &bytes);

	*n = 0;
	if (c == UTF8_REPLACED) {
		memcpy(out, UTF8_REPLACEMENT, sizeof UTF8_REPLACEMENT - 1);
		*n = sizeof UTF8_REPLACEMENT - 1;
	} else if (is_hidden(c)) {
		*n = write_escape(c, out);
	}
	return bytes;
}

void
visible_add(struct buf *b, struct str s)
{
	char out[MAX_ESCAPE];
	size_t run = 0, i = 0, n;

	while (i < s.n) {
		size_t bytes;

		while (i < s.n && is_plain((unsigned char)s.p[i]))
			i++;
		if (i == s.n)
			break;
		bytes = step(s.p + i, s.n - i, out, &n);
		if (n > 0) {
			buf_add(b, s.p + run, i - run);
			buf_add(b, out, n);
			run = i + bytes;
		}
		i += bytes;
	}
	if (i > run)
		buf_add(b, s.p + run, i - run);
}

/* Visible bytes of s until there are more than `max`; *at is where they end in s. */
static size_t
measure(struct str s, size_t max, size_t *at)
{
	char out[MAX_ESCAPE];
	size_t len = 0, i = 0, n;

	while (i < s.n) {
		size_t bytes = 1, own = 1;

		if (!is_plain((unsigned char)s.p[i])) {
			bytes = step(s.p + i, s.n - i, out, &n);
			own = n > 0 ? n : bytes;
		}
		if (own > max - len)
			break;
		len += own;
		i += bytes;
	}
	*at = i;
	return len;
}

size_t
visible_len(struct str s)
{
	size_t at;

	return measure(s, SIZE_MAX, &at);
}

size_t
visible_front(struct str s, size_t max)
{
	size_t at;

	(void)measure(s, max, &at);
	return at;
}

size_t
visible_back(struct str s, size_t max)
{
	size_t len = 0, from = s.n;

	while (from > 0) {
		size_t at = from - 1, own;

		while (at > 0 && ((unsigned char)s.p[at] & 0xc0) == 0x80)
			at--;
		own = visible_len(str_sub(s, at, from - at));
		if (own > max - len)
			break;
		len += own;
		from = at;
	}
	return s.n - from;
}

struct str
visible_text(struct arena *a, struct str s, size_t max)
{
	struct str front = str_sub(s, 0, visible_front(s, max));
	struct buf b;

	buf_init(&b, a, SIZE_MAX / 2);
	visible_add(&b, front);
	if (front.n < s.n)
		buf_z(&b, "…");
	return buf_slice(&b);
}
