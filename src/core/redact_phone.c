/*
 * Telephone numbers. They have no check digit, so what people write about a number decides: how it
 * is broken, what stands before it, whether its area exists. The more a number says of itself, the
 * less is asked of its surroundings:
 *
 *   1. "+", an area in brackets or 0xx: masked wherever it stands (+55 11 98765-4321,
 *      (11) 3333-4444, 0xx11 3333-4444, +351 912 345 678).
 *   2. An existing area and a number, broken as people break it (11 98765-4321, 11-3333-4444,
 *      055…): masked too.
 *   3. A mobile number without an area (98765-4321), a fixed one with its hyphen (3333-4444), and
 *      digits in one piece that hold an area (11987654321): masked unless a word says that it is
 *      something else (pedido, protocolo, R$) or it hangs on letters (PED-98765432, an URL).
 *   4. What could as well be a year, a date, a price or a range (3333 4444, 33334444, 2024-2025,
 *      3000-5000): only after a word that says telephone (tel, whats, ligar).
 *
 * Left alone are 0800, 0300 and the companies' 4004-…; a wrong CPF is masked if it has the shape of
 * a telephone number, which takes an existing area and a 9 behind it.
 */
#include "core/redact_internal.h"

#define BROKEN_BY    (REDACT_GAP_SPACE | REDACT_GAP_DOT | REDACT_GAP_HYPHEN)
#define BRACKETS     (REDACT_GAP_OPEN | REDACT_GAP_CLOSE)
#define COUNTRY      "55"
#define LEAST        8
#define MIN_ABROAD   9 /* digits with the country's, where its own bounds are not known */
#define MAX_ABROAD   15
#define COUNTRY_SIZE 4

/* How many digits follow the country's. Those that customers of a Brazilian company have most. */
static const struct country {
	char code[COUNTRY_SIZE];
	unsigned char least, most;
} countries[] = {
	{ "1", 10, 10 },  { "20", 8, 10 },  { "212", 9, 9 },  { "238", 7, 7 },  { "239", 7, 7 },
	{ "244", 9, 9 },  { "245", 7, 9 },  { "258", 8, 9 },  { "27", 9, 9 },   { "30", 10, 10 },
	{ "31", 9, 9 },   { "32", 8, 9 },   { "33", 9, 9 },   { "34", 9, 9 },   { "351", 9, 9 },
	{ "353", 7, 9 },  { "39", 8, 11 },  { "41", 9, 9 },   { "43", 7, 12 },  { "44", 9, 10 },
	{ "45", 8, 8 },   { "46", 7, 9 },   { "47", 8, 8 },   { "48", 9, 9 },   { "49", 6, 11 },
	{ "51", 8, 9 },   { "52", 10, 11 }, { "53", 8, 8 },   { "54", 10, 11 }, { "56", 9, 9 },
	{ "57", 10, 10 }, { "58", 10, 10 }, { "591", 8, 8 },  { "593", 8, 9 },  { "595", 8, 9 },
	{ "598", 7, 8 },  { "61", 9, 9 },   { "64", 8, 10 },  { "7", 10, 10 },  { "81", 9, 10 },
	{ "82", 8, 10 },  { "86", 10, 11 }, { "90", 10, 10 }, { "91", 10, 10 }, { "972", 8, 9 },
};

/* By the first digit: the second digits with which it is an area. Anatel, Resolução 263/2001. */
static const char *const areas[10] = {
	"",     "123456789", "12478",  "1234578",   "123456789",
	"1345", "123456789", "134579", "123456789", "123456789",
};

/* How what stands before the area may be broken. */
static const struct way {
	const char *begin; /* digits before the area, of which these are given */
	unsigned size, places;
} ways[] = {
	{ "", 0, 0 },
	{ "0", 1, REDACT_PLACE(1) },
	{ "0", 3, REDACT_PLACE(1) | REDACT_PLACE(3) }, /* with a carrier: 0 15 11 … */
	{ COUNTRY, 2, REDACT_PLACE(2) },
	{ COUNTRY "0", 3, REDACT_PLACE(2) | REDACT_PLACE(3) },
	{ "00" COUNTRY, 4, REDACT_PLACE(2) | REDACT_PLACE(4) },
};

/* A number taken apart; positions in its digits. */
struct phone {
	const struct redact_number *x;
	size_t from;        /* in the text, with what belongs to it */
	bool plus, carrier; /* "+", 0xx */
	unsigned area;      /* == local: none */
	unsigned local;     /* eight or nine digits from here on */
};

static bool
begins(const struct redact_number *x, const char *digits)
{
	size_t n = strlen(digits);

	return x->n >= n && memcmp(x->d, digits, n) == 0;
}

static unsigned
gap_of_local(const struct phone *p, unsigned i)
{
	return p->x->gap[p->local + i];
}

static unsigned
size_of_local(const struct phone *p)
{
	return p->x->n - p->local;
}

/* Every bracket that closes was opened; `open`: one stands before the number. */
static bool
is_balanced(const struct redact_number *x, bool open)
{
	for (unsigned i = 1; i < x->n; i++) {
		if ((x->gap[i] & REDACT_GAP_CLOSE) != 0) {
			if (!open)
				return false;
			open = false;
		}
		if ((x->gap[i] & REDACT_GAP_OPEN) != 0) {
			if (open)
				return false;
			open = true;
		}
	}
	return !open;
}

/* "0xx" that ends at c; *from: where it begins. */
static bool
is_carrier(const struct redact_number *x, struct redact_char c, size_t *from)
{
	struct redact_char second = c;

	if (c.c != 'x' && c.c != 'X' && c.c != '*')
		return false;
	c = redact_char_before(x->text, x->floor, c.from);
	if (c.c != second.c)
		return false;
	c = redact_char_before(x->text, x->floor, c.from);
	*from = c.from;
	return c.c == '0' && redact_char_before(x->text, x->floor, c.from).class != REDACT_DIGIT;
}

/* A bracket if there is one, before p->from. */
static bool
read_bracket(struct phone *p)
{
	const struct redact_number *x = p->x;
	struct redact_char c = redact_char_before(x->text, x->floor, p->from);

	if (c.class == REDACT_SPACE)
		c = redact_char_before(x->text, x->floor, c.from);
	if (c.class == REDACT_OPEN)
		p->from = c.from;
	return c.class == REDACT_OPEN;
}

/* What stands before the digits and belongs to them. False: a bracket closes that never opened. */
static bool
read_before(struct phone *p)
{
	const struct redact_number *x = p->x;
	bool wanted = !is_balanced(x, false);
	bool open = wanted && read_bracket(p);
	struct redact_char c = redact_char_before(x->text, x->floor, p->from);
	size_t from = p->from;

	if (c.class == REDACT_SPACE)
		c = redact_char_before(x->text, x->floor, c.from);
	p->plus = c.class == REDACT_PLUS;
	p->carrier = is_carrier(x, c, &from);
	if (p->plus || p->carrier) {
		p->from = p->plus ? c.from : from;
		open = open || (wanted && read_bracket(p));
	}
	return !wanted || (open && is_balanced(x, true));
}

/* Eight or nine digits at the end, broken as people break them. */
static bool
read_local(struct phone *p, unsigned at)
{
	const struct redact_number *x = p->x;
	unsigned n = x->n > at ? x->n - at : 0;

	p->local = at;
	if (n == 8)
		return x->d[at] >= '2' && redact_is_broken_at(x, at, REDACT_PLACE(4), BROKEN_BY);
	return n == 9 && x->d[at] == '9' &&
	       (redact_is_broken_at(x, at, REDACT_PLACE(1) | REDACT_PLACE(5), BROKEN_BY) ||
	        redact_is_broken_at(x, at, REDACT_PLACE(3) | REDACT_PLACE(6), BROKEN_BY));
}

/* An area at `at` and a number behind it. */
static bool
read_area(struct phone *p, unsigned at)
{
	const struct redact_number *x = p->x;

	if (x->n < at + 10 || x->n > at + 11 || x->gap[at + 1] != 0 ||
	    (x->gap[at + 2] & ~(BROKEN_BY | REDACT_GAP_SLASH | BRACKETS)) != 0 ||
	    strchr(areas[x->d[at] - '0'], x->d[at + 1]) == NULL)
		return false;
	p->area = at;
	return read_local(p, at + 2);
}

static bool
read_home(struct phone *p)
{
	const struct redact_number *x = p->x;

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		const struct way *w = &ways[i];
		bool broken_well = true;

		if (!begins(x, w->begin) || (p->plus && !begins(x, COUNTRY)))
			continue;
		for (unsigned k = 1; k <= w->size && k < x->n; k++)
			if (x->gap[k] != 0 && ((w->places & REDACT_PLACE(k)) == 0 ||
			                       (x->gap[k] & ~(BROKEN_BY | BRACKETS)) != 0))
				broken_well = false;
		if (broken_well && read_area(p, w->size))
			return true;
	}
	p->area = p->plus && begins(x, COUNTRY) ? 2 : 0;
	return (p->area == 2 || !p->plus) && read_local(p, p->area);
}

/* Groups of three with dots are a quantity: +1.000.000. */
static bool
is_quantity(const struct redact_number *x)
{
	bool dots = false;

	for (unsigned i = 1; i < x->n; i++) {
		if (x->gap[i] != 0 && (x->gap[i] != REDACT_GAP_DOT || (x->n - i) % 3 != 0))
			return false;
		dots = dots || x->gap[i] != 0;
	}
	return dots;
}

/* A country's code at `at` and as many digits as it wants. Of countries that are not in the table
 * any number is good, where `any` says so. */
static bool
is_abroad(const struct redact_number *x, unsigned at, bool any)
{
	unsigned n = x->n - at;

	for (unsigned i = 1; i < x->n; i++)
		if ((x->gap[i] & REDACT_GAP_SLASH) != 0)
			return false;
	if (is_quantity(x) || x->d[at] == '0')
		return false;
	for (size_t i = 0; i < sizeof countries / sizeof countries[0]; i++) {
		const struct country *c = &countries[i];
		unsigned size = (unsigned)strlen(c->code);

		if (n > size && memcmp(x->d + at, c->code, size) == 0)
			return n >= size + c->least && n <= size + c->most;
	}
	return any && n >= MIN_ABROAD && n <= MAX_ABROAD;
}

static enum redact_said
said(const struct phone *p)
{
	return redact_said_before(p->x->text, p->x->floor, p->from);
}

/* It is part of a word, a code, a decimal fraction. */
static bool
hangs(const struct phone *p)
{
	const struct redact_number *x = p->x;
	struct redact_char c = redact_char_before(x->text, x->floor, p->from), d;

	if (c.class == REDACT_LETTER)
		return true;
	d = redact_char_before(x->text, x->floor, c.from);
	if (c.class == REDACT_HYPHEN && (d.class == REDACT_LETTER || d.class == REDACT_DIGIT))
		return true;
	if (c.class == REDACT_DOT && d.class == REDACT_DIGIT)
		return true;
	return x->n <= 10 && redact_is_broken_at(x, 0, 0, 0) &&
	       redact_char_after(x->text, x->to).class == REDACT_LETTER;
}

/* Nothing speaks against it. */
static bool
stands_free(const struct phone *p)
{
	enum redact_said word = said(p);

	if (word != REDACT_SAID_NOTHING)
		return word == REDACT_SAID_PHONE;
	return !hangs(p) && !redact_is_in_url(p->x->text, p->x->floor, p->from);
}

static int
number_at(const char *d, unsigned n)
{
	int v = 0;

	for (unsigned i = 0; i < n; i++)
		v = 10 * v + (d[i] - '0');
	return v;
}

/* 4004-1234: one number of a company in the whole country. */
static bool
is_company(const struct phone *p)
{
	int first = number_at(p->x->d + p->local, 3);

	return size_of_local(p) == 8 && (first == 300 || first == 400);
}

/* 2024-2025, 3000-5000: eight digits that are more often something else. */
static bool
is_doubtful(const struct phone *p)
{
	const char *d = p->x->d + p->local;
	int first = number_at(d, 4), second = number_at(d + 4, 4);

	return (first >= 1900 && first < 2100) || (first % 100 == 0 && second % 100 == 0);
}

static bool
is_date(const struct phone *p)
{
	const char *d = p->x->d + p->local;
	int year = number_at(d, 4), month = number_at(d + 4, 2), day = number_at(d + 6, 2);

	return year >= 1900 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static bool
decide_with_area(const struct phone *p)
{
	const struct redact_number *x = p->x;
	bool whole = redact_is_broken_at(x, 0, 0, 0);
	bool hyphen = (gap_of_local(p, 4) & REDACT_GAP_HYPHEN) != 0;
	char first = x->d[p->local];

	if (is_quantity(x))
		return false;
	if (size_of_local(p) == 9)
		return !whole || stands_free(p);
	if ((gap_of_local(p, 0) & REDACT_GAP_SLASH) != 0 || (!hyphen && first >= '6') ||
	    (!hyphen && is_doubtful(p)))
		return said(p) == REDACT_SAID_PHONE;
	return !whole || stands_free(p);
}

static bool
decide_local(const struct phone *p)
{
	if (size_of_local(p) == 9) {
		if (gap_of_local(p, 3) == 0 && gap_of_local(p, 6) == 0)
			return stands_free(p);
		return !is_quantity(p->x) && said(p) == REDACT_SAID_PHONE;
	}
	if (is_company(p))
		return false;
	if ((gap_of_local(p, 4) & REDACT_GAP_HYPHEN) != 0 && !is_doubtful(p))
		return stands_free(p);
	return said(p) == REDACT_SAID_PHONE && !is_date(p);
}

bool
redact_is_phone(const struct redact_number *x, size_t *from)
{
	struct phone p = { .x = x, .from = x->from };

	if (x->n < LEAST || x->n > MAX_ABROAD || !read_before(&p))
		return false;
	*from = p.from;
	if (read_home(&p)) {
		if (p.plus || p.carrier)
			return true;
		if (p.area == p.local)
			return decide_local(&p);
		return (gap_of_local(&p, 0) & REDACT_GAP_CLOSE) != 0 || decide_with_area(&p);
	}
	if (begins(x, "00") && x->n > 8)
		return is_abroad(x, 2, false);
	if (p.plus)
		return !begins(x, COUNTRY) && is_abroad(x, 0, true);
	return redact_is_broken_at(x, 0, 0, 0) && is_abroad(x, 0, false) &&
	       said(&p) == REDACT_SAID_PHONE;
}
