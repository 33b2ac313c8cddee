/*
 * Numbers with check digits: CPF, CNPJ and cards. Why groups count and not only digits: people
 * break a number where its owner does (529.982.247-25, 4111 1111 1111 1111), and a row of
 * quantities whose digits happen to check is broken elsewhere. What stands beside the number is no
 * matter ("CPF52998224725", "cpf:529.982.247-25,"): the check digits are proof enough. By chance
 * one number of a hundred has those of a CPF or CNPJ, and one of ten a card's; that one is masked.
 *
 * CNPJ with letters: Instrução Normativa RFB 2.229/2024, from July 2026 on. Twelve letters or
 * digits and two check digits; a character counts as its ASCII code less 48, the weights are the
 * old ones. Its own example is 12.ABC.345/01DE-35.
 */
#include "core/redact_internal.h"

#define CPF_DIGITS  11
#define CNPJ_DIGITS 14
#define BROKEN_BY   (REDACT_GAP_SPACE | REDACT_GAP_DOT | REDACT_GAP_HYPHEN)
#define AT(i)       REDACT_PLACE(i)

bool
redact_is_broken_at(const struct redact_number *x, unsigned from, unsigned places, unsigned gaps)
{
	for (unsigned i = from + 1; i < x->n; i++)
		if (x->gap[i] != 0 &&
		    ((places & REDACT_PLACE(i - from)) == 0 || (x->gap[i] & ~gaps) != 0))
			return false;
	return true;
}

static bool
is_one_digit(const char *d, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (d[i] != d[0])
			return false;
	return true;
}

/* Modulo 11 over n characters; the weights go up from 2 at the right, and begin anew after `most`.
 */
static int
check_digit(const char *d, int n, int most)
{
	int sum = 0, weight = 2;

	for (int i = n - 1; i >= 0; i--) {
		sum += (d[i] - '0') * weight;
		weight = weight == most ? 2 : weight + 1;
	}
	return sum % 11 < 2 ? 0 : 11 - sum % 11;
}

static bool
has_check_digits(const char *d, int n, int most)
{
	return check_digit(d, n - 2, most) == d[n - 2] - '0' &&
	       check_digit(d, n - 1, most) == d[n - 1] - '0';
}

bool
redact_is_cpf(const struct redact_number *x)
{
	return x->n == CPF_DIGITS && !is_one_digit(x->d, CPF_DIGITS) &&
	       redact_is_broken_at(x, 0, AT(3) | AT(6) | AT(9), BROKEN_BY | REDACT_GAP_SLASH) &&
	       has_check_digits(x->d, CPF_DIGITS, CPF_DIGITS);
}

bool
redact_is_cnpj(const struct redact_number *x)
{
	return x->n == CNPJ_DIGITS && !is_one_digit(x->d, CNPJ_DIGITS) &&
	       redact_is_broken_at(x, 0, AT(2) | AT(5) | AT(8) | AT(12),
	                           BROKEN_BY | REDACT_GAP_SLASH) &&
	       has_check_digits(x->d, CNPJ_DIGITS, 9);
}

static bool
luhn(const char *d, unsigned n)
{
	int sum = 0;

	for (unsigned i = 0; i < n; i++) {
		int v = d[n - 1 - i] - '0';

		v = i % 2 == 0 ? v : 2 * v;
		sum += v > 9 ? v - 9 : v;
	}
	return sum % 10 == 0;
}

/* How a number of such a beginning goes on: the first four digits, from and to, and how many there
 * are in all. */
#define FROM_TO(from, to) ((1u << ((to)-12)) - (1u << ((from)-13)))
#define ONLY(n)           FROM_TO(n, n)
static const struct range {
	int from, to;
	unsigned lengths;
} ranges[] = {
	{ 2221, 2720, ONLY(16) },                       /* Mastercard */
	{ 3000, 3059, FROM_TO(14, 19) },                /* Diners */
	{ 3095, 3095, FROM_TO(14, 19) },                /* Diners */
	{ 3400, 3499, ONLY(15) },                       /* American Express */
	{ 3528, 3589, FROM_TO(16, 19) },                /* JCB */
	{ 3600, 3699, FROM_TO(14, 19) },                /* Diners */
	{ 3700, 3799, ONLY(15) },                       /* American Express */
	{ 3800, 3999, FROM_TO(14, 19) },                /* Diners, Hipercard */
	{ 4000, 4999, ONLY(13) | ONLY(16) | ONLY(19) }, /* Visa, Elo */
	{ 5018, 5018, FROM_TO(13, 19) },                /* Maestro */
	{ 5020, 5020, FROM_TO(13, 19) },
	{ 5038, 5038, FROM_TO(13, 19) },
	{ 5041, 5041, ONLY(16) }, /* Elo */
	{ 5066, 5067, ONLY(16) }, /* Elo */
	{ 5078, 5078, ONLY(16) }, /* Aura */
	{ 5090, 5099, ONLY(16) }, /* Elo */
	{ 5100, 5599, ONLY(16) }, /* Mastercard */
	{ 5893, 5893, FROM_TO(13, 19) },
	{ 5896, 5896, ONLY(16) },                       /* Cabal */
	{ 6011, 6011, FROM_TO(16, 19) },                /* Discover */
	{ 6042, 6043, ONLY(16) },                       /* Cabal */
	{ 6062, 6062, ONLY(13) | ONLY(16) | ONLY(19) }, /* Hipercard */
	{ 6200, 6299, FROM_TO(16, 19) },                /* UnionPay, Elo */
	{ 6304, 6304, FROM_TO(13, 19) },                /* Maestro */
	{ 6362, 6363, ONLY(16) },                       /* Elo */
	{ 6370, 6376, ONLY(16) },                       /* Hiper */
	{ 6440, 6599, FROM_TO(16, 19) },                /* Discover, Elo */
	{ 6759, 6763, FROM_TO(13, 19) },                /* Maestro */
};

static bool
is_issued(const struct redact_number *x)
{
	int first = 0;

	for (unsigned i = 0; i < 4; i++)
		first = 10 * first + (x->d[i] - '0');
	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
		if (first >= ranges[i].from && first <= ranges[i].to)
			return (ranges[i].lengths & ONLY(x->n)) != 0;
	return false;
}

bool
redact_is_card(const struct redact_number *x)
{
	return x->n >= 13 && x->n <= 19 && is_issued(x) &&
	       (redact_is_broken_at(x, 0, AT(4) | AT(8) | AT(12) | AT(16), BROKEN_BY) ||
	        redact_is_broken_at(x, 0, AT(4) | AT(10), BROKEN_BY) ||
	        redact_is_broken_at(x, 0, AT(6), BROKEN_BY)) &&
	       luhn(x->d, x->n);
}

/* What is read of it from the right to the left. */
struct lettered {
	char d[CNPJ_DIGITS];
	int n; /* still to come */
	bool letter, lower, broken, slash;
};

/* Takes the character; false: it does not belong there. */
static bool
take(struct lettered *x, const struct redact_char *c)
{
	if (c->class == REDACT_DIGIT) {
		x->d[--x->n] = (char)('0' + (c->c & 0xF));
		return true;
	}
	if (c->class == REDACT_LETTER && c->c < 0x80 && c->c != '_' && x->n <= 12) {
		x->lower = x->lower || c->c >= 'a';
		x->letter = true;
		x->d[--x->n] = (char)(c->c & ~0x20u);
		return true;
	}
	if (c->class != REDACT_DOT && c->class != REDACT_HYPHEN && c->class != REDACT_SLASH)
		return false;
	x->broken = true;
	x->slash = x->slash || (c->class == REDACT_SLASH && x->n == 8);
	return x->n == 2 || x->n == 5 || x->n == 8 || x->n == 12;
}

/* In one piece only with capitals, as codes are written; in pieces at least with the slash. */
bool
redact_is_cnpj_with_letters(struct str text, size_t floor, size_t to, size_t *from)
{
	struct lettered x = { .n = CNPJ_DIGITS };
	enum redact_class beside = redact_char_after(text, to).class;
	size_t at = to;
	bool broken_here = false;

	if (beside == REDACT_LETTER || beside == REDACT_DIGIT)
		return false;
	while (x.n > 0) {
		struct redact_char c = redact_char_before(text, floor, at);
		bool breaks = c.class != REDACT_DIGIT && c.class != REDACT_LETTER;

		if (!take(&x, &c) || (breaks && broken_here))
			return false;
		broken_here = breaks;
		at = c.from;
	}
	beside = redact_char_before(text, floor, at).class;
	if (beside == REDACT_LETTER || beside == REDACT_DIGIT || !x.letter)
		return false;
	*from = at;
	return (x.broken ? x.slash : !x.lower) && has_check_digits(x.d, CNPJ_DIGITS, 9);
}
