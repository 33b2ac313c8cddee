/*
 * Characters and groups of digits. Why classes: people write numbers with whatever their keyboard
 * and their address book give them: no-break spaces, non-breaking hyphens, full-width digits, marks
 * of direction that nobody sees. What always holds: a group begins and ends at a digit; no text is
 * read more often than a fixed number of times, however its digits are spread.
 */
#include "core/redact_internal.h"

#include <assert.h>

#include "base/utf8.h"

#define RING_SIZE 32
#define MAX_GAP   5 /* characters between two groups of one number */

static enum redact_class
class_of_ascii(uint32_t c)
{
	if (c >= '0' && c <= '9')
		return REDACT_DIGIT;
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
		return REDACT_LETTER;
	switch (c) {
	case ' ':
	case '\t':
		return REDACT_SPACE;
	case '.':
		return REDACT_DOT;
	case '-':
		return REDACT_HYPHEN;
	case '/':
		return REDACT_SLASH;
	case '(':
		return REDACT_OPEN;
	case ')':
		return REDACT_CLOSE;
	case '+':
		return REDACT_PLUS;
	default:
		return REDACT_OTHER;
	}
}

/* Sorted. */
static const struct range {
	uint32_t from, to;
	enum redact_class class;
} ranges[] = {
	{ 0x00A0, 0x00A0, REDACT_SPACE },   { 0x00AD, 0x00AD, REDACT_IGNORED },
	{ 0x00C0, 0x00D6, REDACT_LETTER },  { 0x00D8, 0x00F6, REDACT_LETTER },
	{ 0x00F8, 0x024F, REDACT_LETTER },  { 0x0300, 0x036F, REDACT_LETTER },
	{ 0x061C, 0x061C, REDACT_IGNORED }, { 0x1680, 0x1680, REDACT_SPACE },
	{ 0x2000, 0x200A, REDACT_SPACE },   { 0x200B, 0x200F, REDACT_IGNORED },
	{ 0x2010, 0x2015, REDACT_HYPHEN },  { 0x202A, 0x202E, REDACT_IGNORED },
	{ 0x202F, 0x202F, REDACT_SPACE },   { 0x2044, 0x2044, REDACT_SLASH },
	{ 0x205F, 0x205F, REDACT_SPACE },   { 0x2060, 0x206F, REDACT_IGNORED },
	{ 0x2212, 0x2212, REDACT_HYPHEN },  { 0x2215, 0x2215, REDACT_SLASH },
	{ 0x3000, 0x3000, REDACT_SPACE },   { 0xFE00, 0xFE0F, REDACT_IGNORED },
	{ 0xFE58, 0xFE58, REDACT_HYPHEN },  { 0xFE63, 0xFE63, REDACT_HYPHEN },
	{ 0xFEFF, 0xFEFF, REDACT_IGNORED }, { 0xFF08, 0xFF08, REDACT_OPEN },
	{ 0xFF09, 0xFF09, REDACT_CLOSE },   { 0xFF0B, 0xFF0B, REDACT_PLUS },
	{ 0xFF0D, 0xFF0D, REDACT_HYPHEN },  { 0xFF0E, 0xFF0E, REDACT_DOT },
	{ 0xFF0F, 0xFF0F, REDACT_SLASH },   { 0xFF10, 0xFF19, REDACT_DIGIT },
};

static enum redact_class
class_of(uint32_t c)
{
	size_t low = 0, high = sizeof ranges / sizeof ranges[0];

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c > ranges[mid].to)
			low = mid + 1;
		else
			high = mid;
	}
	return low < sizeof ranges / sizeof ranges[0] && c >= ranges[low].from ? ranges[low].class
	                                                                       : REDACT_OTHER;
}

struct redact_char
redact_char_at(struct str s, size_t at)
{
	struct redact_char c = { .c = (unsigned char)s.p[at], .from = at, .to = at + 1 };

	if (c.c < 0x80) {
		c.class = class_of_ascii(c.c);
		return c;
	}
	c.to = at;
	c.c = utf8_next(s, &c.to);
	c.class = class_of(c.c);
	return c;
}

struct redact_char
redact_char_before(struct str s, size_t floor, size_t at)
{
	struct redact_char c;

	do {
		size_t from = at;

		if (at == floor)
			return (struct redact_char){ .from = at, .to = at };
		do
			from--;
		while (from > floor && at - from < 4 && ((unsigned char)s.p[from] & 0xC0) == 0x80);
		c = redact_char_at(s, from);
		if (c.to != at) /* not UTF-8 */
			c = (struct redact_char){ .c = 0xFFFD, .from = at - 1, .to = at };
		at = c.from;
	} while (c.class == REDACT_IGNORED);
	return c;
}

struct redact_char
redact_char_after(struct str s, size_t at)
{
	while (at < s.n) {
		struct redact_char c = redact_char_at(s, at);

		if (c.class != REDACT_IGNORED)
			return c;
		at = c.to;
	}
	return (struct redact_char){ .from = at, .to = at };
}

static bool
is_ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Where the next digit is, or s.n. */
static size_t
skip_to_digit(struct str s, size_t at)
{
	for (; at < s.n; at++) {
		if (is_ascii_digit(s.p[at]))
			break;
		if ((unsigned char)s.p[at] == 0xEF && redact_char_at(s, at).class == REDACT_DIGIT)
			break;
	}
	return at;
}

/* From a digit on. */
static struct redact_group
read_group(struct str s, size_t at)
{
	struct redact_group g = { .from = at };

	while (at < s.n) {
		struct redact_char c = { .class = REDACT_DIGIT, .to = at + 1 };

		c.c = (unsigned char)s.p[at];
		if (!is_ascii_digit(s.p[at]))
			c = redact_char_at(s, at);
		at = c.to;
		if (c.class == REDACT_IGNORED)
			continue;
		if (c.class != REDACT_DIGIT)
			break;
		g.to = c.to;
		if (g.n < REDACT_MAX_DIGITS)
			g.d[g.n] = (char)('0' + (c.c & 0xF)); /* both rows of digits end in 0…9 */
		g.n += g.n <= REDACT_MAX_DIGITS;
	}
	return g;
}

/* The gap from `at` on, and where its digit is; 0 if there is no digit behind it. */
static unsigned
read_gap(struct str s, size_t at, size_t *digit)
{
	static const unsigned char bits[] = { [REDACT_SPACE] = REDACT_GAP_SPACE,
		                              [REDACT_DOT] = REDACT_GAP_DOT,
		                              [REDACT_HYPHEN] = REDACT_GAP_HYPHEN,
		                              [REDACT_SLASH] = REDACT_GAP_SLASH,
		                              [REDACT_OPEN] = REDACT_GAP_OPEN,
		                              [REDACT_CLOSE] = REDACT_GAP_CLOSE,
		                              [REDACT_IGNORED] = 0 };
	unsigned gap = 0;

	for (int n = 0; n <= MAX_GAP; n++) {
		struct redact_char c = redact_char_after(s, at);
		unsigned bit = bits[c.class];

		if (c.class == REDACT_DIGIT) {
			*digit = c.from;
			return gap;
		}
		if (bit == 0 || (bit != REDACT_GAP_SPACE && (gap & bit) != 0))
			return 0;
		gap |= bit;
		at = c.to;
	}
	return 0;
}

static bool
load(struct redact_groups *w)
{
	struct redact_group *g = &w->ring[(w->head + w->n) % RING_SIZE];
	size_t at = w->at;
	unsigned gap = w->linked ? read_gap(w->text, w->at, &at) : 0;

	if (gap == 0)
		at = skip_to_digit(w->text, w->at);
	w->at = at;
	if (at == w->text.n)
		return false;
	*g = read_group(w->text, at);
	g->gap = gap;
	w->at = g->to;
	w->linked = true;
	w->n++;
	return true;
}

struct redact_group *
redact_groups_at(struct redact_groups *w, size_t k)
{
	assert(k < RING_SIZE);
	while (w->n <= k)
		if (!load(w))
			return NULL;
	return &w->ring[(w->head + k) % RING_SIZE];
}

void
redact_groups_leave(struct redact_groups *w, size_t n)
{
	assert(n <= w->n);
	w->head = (w->head + n) % RING_SIZE;
	w->n -= n;
}

void
redact_groups_part(struct redact_groups *w)
{
	if (w->n > 0)
		w->ring[w->head].gap = 0;
	else
		w->linked = false;
}
