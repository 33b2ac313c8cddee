/*
 * Phone numbers as WhatsApp writes them. What always holds: digits out are ASCII digits only,
 * 1…20 of them, never begin with 00, and reading them again gives the same; a match key is only
 * used to compare.
 */
#include "core/phone.h"

#define BR_LONG   13 /* 55, two digits of area, 9, eight digits */
#define MX_LONG   13 /* 521 and ten digits */
#define AR_LONG   13 /* 549 and ten digits */
#define BSUID_MAX 128

static bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of the separator at s[i], 0 if there is none: ASCII ones, no-break spaces, and the dashes,
 * spaces and direction marks of U+2000…U+206F that address books add. */
static size_t
separator_len(struct str s, size_t i)
{
	unsigned char c = (unsigned char)s.p[i];

	if (c == ' ' || c == '\t' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/')
		return 1;
	if (c == 0xC2 && i + 1 < s.n && (unsigned char)s.p[i + 1] == 0xA0)
		return 2;
	if (i + 2 >= s.n)
		return 0;
	unsigned char d = (unsigned char)s.p[i + 1], e = (unsigned char)s.p[i + 2];
	if (c == 0xE2 && (d == 0x80 || (d == 0x81 && e <= 0xAF)) && e >= 0x80)
		return 3;
	if (c == 0xEF && d == 0xBB && e == 0xBF)
		return 3;
	return 0;
}

static bool
all_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit((unsigned char)s.p[i]))
			return false;
	return true;
}

/* Copies the digits of s to out; false if something else is in s or they are too many. */
static bool
copy_digits(struct str s, char out[PHONE_MAX_DIGITS], size_t *n)
{
	size_t zeros = 0, have = 0;
	bool plus = false;

	for (size_t i = 0; i < s.n;) {
		unsigned char c = (unsigned char)s.p[i];
		if (is_digit(c)) {
			/* leading zeros are held back until we know how many there are */
			if (have == 0 && c == '0') {
				zeros++;
			} else {
				if (have == 0 && zeros % 2 == 1)
					out[have++] = '0';
				if (have == PHONE_MAX_DIGITS)
					return false;
				out[have++] = (char)c;
			}
			i++;
		} else if (c == '+' && !plus && have == 0 && zeros == 0) {
			plus = true;
			i++;
		} else {
			size_t k = separator_len(s, i);
			if (k == 0)
				return false;
			i += k;
		}
	}
	*n = have;
	return have > 0;
}

struct str
phone_digits(struct arena *a, struct str text)
{
	char digits[PHONE_MAX_DIGITS];
	size_t n = 0;

	if (text.n >= 1 && text.n <= PHONE_MAX_DIGITS && text.p[0] != '0' && all_digits(text))
		return text;
	if (!copy_digits(text, digits, &n))
		return STR_NONE;
	return str_n(arena_copy(a, digits, n), n);
}

static struct str
without(struct arena *a, struct str s, size_t at)
{
	char *p = arena_alloc(a, s.n);

	memcpy(p, s.p, at);
	memcpy(p + at, s.p + at + 1, s.n - at - 1);
	return str_n(p, s.n - 1);
}

struct str
phone_match_key(struct arena *a, struct str digits)
{
	const char *p = digits.p;

	if (!all_digits(digits))
		return digits;
	if (digits.n == BR_LONG && str_starts(digits, STR("55")) && p[2] != '0' && p[4] == '9' &&
	    p[5] >= '6')
		return without(a, digits, 4);
	if (digits.n == MX_LONG && str_starts(digits, STR("521")))
		return without(a, digits, 2);
	if (digits.n == AR_LONG && str_starts(digits, STR("549")))
		return without(a, digits, 2);
	return digits;
}

bool
phone_same(struct arena *a, struct str x, struct str y)
{
	if (x.n == 0 || y.n == 0)
		return false;
	return str_eq(phone_match_key(a, x), phone_match_key(a, y));
}

bool
phone_is_bsuid(struct str s)
{
	size_t from = 3;

	if (s.n < 4 || s.p[0] < 'A' || s.p[0] > 'Z' || s.p[1] < 'A' || s.p[1] > 'Z' ||
	    s.p[2] != '.')
		return false;
	if (str_starts(str_sub(s, 3, s.n), STR("ENT.")))
		from = 7;
	if (s.n <= from || s.n - from > BSUID_MAX)
		return false;
	for (size_t i = from; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (!is_digit(c) && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z'))
			return false;
	}
	return true;
}
