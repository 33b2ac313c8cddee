/*
 * Quotations. Why a form of our own: a model copies words faithfully and typography carelessly; it
 * straightens quotes, joins lines and composes accents, and none of that makes a quotation false.
 * Why not more than that: whoever reads a report must find the excerpt in the message by eye.
 *
 * What always holds: the normal form is valid UTF-8 in NFC with single spaces; making it again
 * changes nothing. One pass, bytes are copied in runs, and not at all while nothing changes. Only
 * what may compose with its neighbours goes through decomposition, from one character before which
 * nothing composes to the next, so that scratch memory follows the longest such stretch and not the
 * text. Marks are put in order by counting: a megabyte of them costs linear time.
 */
#include "core/evidence.h"

#include <utf8proc.h>

#include "base/buf.h"
#include "base/utf8.h"

#define MAX_DECOMPOSED 32 /* canonical ones are of 4 characters at most */
#define BRACKETED      5  /* bytes of "[...]" */

/* What becomes of a character. */
enum fate {
	KEEP,    /* as it is, and nothing composes with what stands before it */
	DROP,    /* nothing */
	SPACE,   /* a space, or part of one */
	REPLACE, /* other characters */
	COMPOSE  /* only its neighbours tell */
};

/* From these to ASCII; 0: dropped; '.': three of them. Sorted; what is not here stays. */
static const struct fold {
	uint32_t from, to;
	char with;
} folds[] = {
	{ 0x0080, 0x00A0, ' ' },  /* C1, no-break space */
	{ 0x00AB, 0x00AB, '"' },  /* « */
	{ 0x00AD, 0x00AD, 0 },    /* soft hyphen */
	{ 0x00B4, 0x00B4, '\'' }, /* acute accent */
	{ 0x00BB, 0x00BB, '"' },  /* » */
	{ 0x02B9, 0x02B9, '\'' }, /* modifier prime */
	{ 0x02BA, 0x02BA, '"' },
	{ 0x02BC, 0x02BC, '\'' }, /* modifier apostrophe */
	{ 0x034F, 0x034F, 0 },    /* grapheme joiner */
	{ 0x061C, 0x061C, 0 },    /* Arabic letter mark */
	{ 0x1680, 0x1680, ' ' },
	{ 0x180B, 0x180F, 0 }, /* Mongolian selectors */
	{ 0x2000, 0x200A, ' ' },
	{ 0x200B, 0x200F, 0 }, /* zero-width space and joiners, direction marks */
	{ 0x2010, 0x2015, '-' },
	{ 0x2018, 0x201B, '\'' },
	{ 0x201C, 0x201F, '"' },
	{ 0x2026, 0x2026, '.' },
	{ 0x2028, 0x2029, ' ' },
	{ 0x202A, 0x202E, 0 }, /* directions */
	{ 0x202F, 0x202F, ' ' },
	{ 0x2032, 0x2032, '\'' },
	{ 0x2033, 0x2033, '"' },
	{ 0x2035, 0x2035, '\'' },
	{ 0x2036, 0x2036, '"' },
	{ 0x2039, 0x203A, '\'' },
	{ 0x2043, 0x2043, '-' },
	{ 0x205F, 0x205F, ' ' },
	{ 0x2060, 0x206F, 0 }, /* word joiner, invisible operators, directions */
	{ 0x2212, 0x2212, '-' },
	{ 0x3000, 0x3000, ' ' },
	{ 0x301D, 0x301F, '"' },
	{ 0xFE00, 0xFE0F, 0 }, /* variation selectors */
	{ 0xFE58, 0xFE58, '-' },
	{ 0xFE63, 0xFE63, '-' },
	{ 0xFEFF, 0xFEFF, 0 },
	{ 0xFF02, 0xFF02, '"' },
	{ 0xFF07, 0xFF07, '\'' },
	{ 0xFF0D, 0xFF0D, '-' },
	{ 0xE0100, 0xE01EF, 0 }, /* variation selectors */
};

struct norm {
	struct arena *arena;
	struct str in;
	size_t run; /* from here on not copied yet */
	struct buf out;
	bool gap;      /* a space is due before the next character */
	int32_t *part; /* a stretch that is composed on its own, decomposed so far */
	size_t n, cap;
};

static const struct fold *
fold_of(uint32_t c)
{
	size_t low = 0, high = sizeof folds / sizeof folds[0];

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c > folds[mid].to)
			low = mid + 1;
		else
			high = mid;
	}
	return low < sizeof folds / sizeof folds[0] && c >= folds[low].from ? &folds[low] : NULL;
}

/* Nothing that stands before it composes with it, whatever it is. */
static bool
is_start(uint32_t c)
{
	const utf8proc_property_t *p = utf8proc_get_property((utf8proc_int32_t)c);

	return p->combining_class == 0 && (p->comb_index == UINT16_MAX || p->comb_index < 0x8000) &&
	       !(c >= 0x1161 && c <= 0x1175) && !(c >= 0x11A8 && c <= 0x11C2); /* jamo */
}

static enum fate
fate_of_other(uint32_t c, char *with)
{
	const struct fold *f;

	if (c < 0x80) {
		*with = c == '`' ? '\'' : ' ';
		return c == '`' ? REPLACE : c <= ' ' || c == 0x7F ? SPACE : KEEP;
	}
	f = fold_of(c);
	if (f == NULL) {
		const utf8proc_property_t *p = utf8proc_get_property((utf8proc_int32_t)c);

		return p->decomp_seqindex == UINT16_MAX && is_start(c) &&
		                       !(c >= 0xAC00 && c <= 0xD7A3)
		               ? KEEP
		               : COMPOSE;
	}
	*with = f->with;
	return f->with == 0 ? DROP : f->with == ' ' ? SPACE : REPLACE;
}

/* *with is set for SPACE and REPLACE. */
static enum fate
fate_of(uint32_t c, char *with)
{
	/* Latin letters below U+02B9 are in NFC unless a mark follows; emoji are whatever follows
	 */
	if ((c > ' ' && c < 0x7F && c != '`') || (c >= 0xBC && c < 0x2B9) ||
	    (c >= 0x1F000 && c < 0x20000))
		return KEEP;
	return fate_of_other(c, with);
}

static void
settle_gap(struct norm *s)
{
	if (s->gap && s->out.n > 0)
		buf_char(&s->out, ' ');
	s->gap = false;
}

/* Copies what is not copied yet of the input before `at`, and goes on at `resume`. */
static void
copy_run(struct norm *s, size_t at, size_t resume)
{
	if (s->run < at) {
		if (s->out.n == 0)
			(void)buf_reserve(&s->out, s->in.n + s->in.n / 8 + 16);
		settle_gap(s);
		buf_add(&s->out, s->in.p + s->run, at - s->run);
	}
	s->run = resume;
}

static void
put_char(struct norm *s, int32_t c)
{
	utf8proc_uint8_t bytes[4];

	settle_gap(s);
	buf_add(&s->out, bytes, (size_t)utf8proc_encode_char(c, bytes));
}

static void
put_replaced(struct norm *s, char with)
{
	settle_gap(s);
	buf_add(&s->out, "...", with == '.' ? 2 : 0);
	buf_char(&s->out, with);
}

static void
part_add(struct norm *s, int32_t c)
{
	*ARENA_ADD(s->arena, s->part, s->n, s->cap) = c;
}

static unsigned
class_of(int32_t c)
{
	return utf8proc_get_property(c)->combining_class & 0xFFu;
}

/* Stable order of n marks by class. */
static void
order_marks(struct norm *s, int32_t *marks, size_t n)
{
	size_t at[257] = { 0 };
	bool ordered = true;
	int32_t *sorted;

	for (size_t i = 1; ordered && i < n; i++)
		ordered = class_of(marks[i - 1]) <= class_of(marks[i]);
	if (ordered)
		return;
	sorted = ARENA_ARRAY(s->arena, n, int32_t);
	for (size_t i = 0; i < n; i++)
		at[class_of(marks[i]) + 1]++;
	for (size_t k = 1; k < 257; k++)
		at[k] += at[k - 1];
	for (size_t i = 0; i < n; i++)
		sorted[at[class_of(marks[i])]++] = marks[i];
	memcpy(marks, sorted, n * sizeof *marks);
}

/* Orders and composes the stretch, and writes it out. */
static void
part_end(struct norm *s)
{
	utf8proc_ssize_t n;

	for (size_t i = 0, from = 0; i <= s->n; i++)
		if (i == s->n || class_of(s->part[i]) == 0) {
			if (i > from + 1)
				order_marks(s, s->part + from, i - from);
			from = i + 1;
		}
	n = s->n == 0 ? 0
	              : utf8proc_normalize_utf32(s->part, (utf8proc_ssize_t)s->n,
	                                         UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	for (utf8proc_ssize_t i = 0; i < n; i++)
		put_char(s, s->part[i]);
	s->n = 0;
}

static void
part_decompose(struct norm *s, uint32_t c)
{
	utf8proc_int32_t d[MAX_DECOMPOSED];
	int ignored = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, d, MAX_DECOMPOSED,
	                                             UTF8PROC_STABLE | UTF8PROC_DECOMPOSE,
	                                             &ignored);

	for (utf8proc_ssize_t i = 0; i < n && i < MAX_DECOMPOSED; i++) {
		char with = 0;

		/* some stand for a quote or a dash: U+1FEF is ` */
		if (fate_of((uint32_t)d[i], &with) == REPLACE)
			d[i] = (unsigned char)with;
		if (is_start((uint32_t)d[i]))
			part_end(s);
		part_add(s, d[i]);
	}
}

/* The last character that was written is taken back: a mark may follow it. */
static void
take_back(struct norm *s)
{
	size_t at = s->out.n;
	struct str out = buf_slice(&s->out);

	if (s->gap || at == 0)
		return;
	do
		at--;
	while (at > 0 && ((unsigned char)out.p[at] & 0xC0) == 0x80);
	s->out.n = at;
	part_decompose(s, utf8_next(out, &at));
}

/* A stretch of characters that may compose, the first of them at `at`. Returns its end. */
static size_t
compose(struct norm *s, size_t at)
{
	copy_run(s, at, at);
	take_back(s);
	while (at < s->in.n) {
		size_t next = at;
		char with;
		uint32_t c = utf8_next(s->in, &next);
		enum fate fate = fate_of(c, &with);

		if (fate == COMPOSE)
			part_decompose(s, c);
		else if (fate != DROP)
			break;
		at = next;
	}
	part_end(s);
	s->run = at;
	return at;
}

/* The next byte begins a character that is kept, as far as that can be told from it. */
static bool
is_kept_byte(struct str in, size_t at)
{
	unsigned char c = at < in.n ? (unsigned char)in.p[at] : 0;

	return (c > ' ' && c < 0x7F && c != '`') ||
	       (c == 0xC3 && at + 1 < in.n && ((unsigned char)in.p[at + 1] & 0xC0) == 0x80);
}

/* One character of the input, at `at`. Returns where the next is. */
static size_t
step(struct norm *s, size_t at)
{
	size_t next = at;
	char with = 0;
	uint32_t c = utf8_next(s->in, &next);

	if (c == UTF8_REPLACED &&
	    (next - at != 3 || memcmp(s->in.p + at, UTF8_REPLACEMENT, 3) != 0)) {
		copy_run(s, at, next);
		put_char(s, UTF8_REPLACED);
		return next;
	}
	switch (fate_of(c, &with)) {
	case KEEP:
		return next;
	case COMPOSE:
		return compose(s, at);
	case DROP:
		copy_run(s, at, next);
		return next;
	case SPACE:
		if (c == ' ' && at > s->run && is_kept_byte(s->in, next))
			return next;
		copy_run(s, at, next);
		s->gap = true;
		return next;
	case REPLACE:
		copy_run(s, at, next);
		put_replaced(s, with);
		return next;
	}
	return next;
}

struct str
evidence_normal(struct arena *a, struct str text)
{
	struct norm s = { .arena = a, .in = text };
	size_t at = 0;

	if (!str_is_set(text))
		return STR_NONE;
	buf_init(&s.out, a, SIZE_MAX / 8);
	while (at < text.n) {
		unsigned char c = (unsigned char)text.p[at];

		at = c > ' ' && c < 0x7F && c != '`' ? at + 1 : step(&s, at);
	}
	if (s.run == 0 && s.out.n == 0)
		return text;
	copy_run(&s, at, at);
	return buf_slice(&s.out);
}

/* Something that can be read: a letter, a digit or an emoji. */
static bool
says_something(struct str normal)
{
	for (size_t at = 0; at < normal.n;) {
		uint32_t c = utf8_next(normal, &at);

		switch (utf8proc_category((utf8proc_int32_t)c)) {
		case UTF8PROC_CATEGORY_LU:
		case UTF8PROC_CATEGORY_LL:
		case UTF8PROC_CATEGORY_LT:
		case UTF8PROC_CATEGORY_LM:
		case UTF8PROC_CATEGORY_LO:
		case UTF8PROC_CATEGORY_ND:
		case UTF8PROC_CATEGORY_NL:
		case UTF8PROC_CATEGORY_NO:
			return true;
		case UTF8PROC_CATEGORY_SO:
			if (c != UTF8_REPLACED)
				return true;
			break;
		case UTF8PROC_CATEGORY_CN: /* emoji that are younger than the library */
			if (c >= 0x1F000 && c < 0x1FB00)
				return true;
			break;
		default:
			break;
		}
	}
	return false;
}

/* Bytes of the ellipsis that s begins with: three dots or more, or three in brackets. */
static size_t
ellipsis_before(struct str s)
{
	size_t n = 0;

	if (str_starts(s, STR("[...]")) || str_starts(s, STR("(...)")))
		return BRACKETED;
	while (n < s.n && s.p[n] == '.')
		n++;
	return n >= 3 ? n : 0;
}

static size_t
ellipsis_after(struct str s)
{
	size_t n = 0;

	if (str_ends(s, STR("[...]")) || str_ends(s, STR("(...)")))
		return BRACKETED;
	while (n < s.n && s.p[s.n - 1 - n] == '.')
		n++;
	return n >= 3 ? n : 0;
}

/* `inner` less the spaces at its ends if it says something, else `s`. */
static struct str
or_whole(struct str s, struct str inner)
{
	inner = str_trim(inner);
	return says_something(inner) ? inner : s;
}

static struct str
strip_ellipses(struct str s)
{
	struct str left = str_sub(s, ellipsis_before(s), s.n);

	return or_whole(s, str_sub(left, 0, left.n - ellipsis_after(left)));
}

static struct str
strip_quotes(struct str s)
{
	bool quoted = s.n > 2 && s.p[0] == s.p[s.n - 1] && (s.p[0] == '"' || s.p[0] == '\'');

	return quoted ? or_whole(s, str_sub(s, 1, s.n - 2)) : s;
}

struct str
evidence_excerpt(struct arena *a, struct str excerpt)
{
	struct str s = evidence_normal(a, excerpt);

	return str_is_set(s) ? strip_ellipses(strip_quotes(strip_ellipses(s))) : s;
}

bool
evidence_found(struct str normal_text, struct str normal_excerpt)
{
	return normal_excerpt.n <= normal_text.n && says_something(normal_excerpt) &&
	       memmem(normal_text.p, normal_text.n, normal_excerpt.p, normal_excerpt.n) != NULL;
}
