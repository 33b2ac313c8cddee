/*
 * E-mail addresses as people write them. Why not RFC 5322: nobody writes quoted local parts in a
 * chat, and everybody writes "joao@gmail.com.", "joao @gmail.com", "joao@gmail" and "joao arroba
 * gmail ponto com". What is written apart, spelled out or without an ending is an address only with
 * a well-known provider (spelled out also with a common ending): "segue @loja.oficial" and
 * "comprei 2 arrobas de boi" are none.
 *
 * What always holds: an address is one run of text; what its parts may hold never includes a sign,
 * so that no part of the text is read for more than the signs on both sides of it.
 */
#include "core/redact_internal.h"

#define PONTO " ponto "

/* First labels of domains. */
static const char *const providers[] = { "bol",     "gmail",      "globo",  "hotmail",
	                                 "icloud",  "ig",         "live",   "msn",
	                                 "outlook", "protonmail", "proton", "terra",
	                                 "uol",     "yahoo",      "ymail",  "zipmail" };
static const char *const endings[] = { "br", "com", "net", "org" };

/* What parts the name from the domain. */
struct sign {
	size_t from, to;
	bool spoken; /* arroba, (at) */
};

struct domain {
	size_t to;
	struct str first, last; /* labels */
};

static bool
is_one_of(struct str label, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(label, str_from(list[i])))
			return true;
	return false;
}

static bool
is_label_char(const struct redact_char *c)
{
	return (c->class == REDACT_LETTER && c->c != '_') || c->c == '-' ||
	       (c->class == REDACT_DIGIT && c->c < 0x80);
}

static bool
is_name_char(const struct redact_char *c)
{
	return is_label_char(c) || c->c == '_' || c->c == '.' || c->c == '+' || c->c == '\'';
}

static bool
stands_at(struct str s, size_t at, struct str what)
{
	return str_ieq(str_sub(s, at, what.n), what);
}

/* From `at` on; its end. */
static size_t
label_end(struct str s, size_t at)
{
	while (at < s.n) {
		struct redact_char c = redact_char_at(s, at);

		if (!is_label_char(&c))
			break;
		at = c.to;
	}
	return at;
}

/* What of a label could end a domain: two letters at least at its front; STR_NONE otherwise. */
static struct str
ending_of(struct str s, size_t from, size_t to)
{
	size_t at = from, letters = 0;

	if (stands_at(s, from, STR("xn--")))
		return str_sub(s, from, to - from);
	while (at < to) {
		struct redact_char c = redact_char_at(s, at);

		if (c.class != REDACT_LETTER)
			break;
		letters++;
		at = c.to;
	}
	return letters >= 2 ? str_sub(s, from, at - from) : STR_NONE;
}

/* The longest domain that begins at `at`; d->to is 0 if there is none. */
static void
read_domain(struct str s, size_t at, bool spoken, struct domain *d)
{
	size_t end = label_end(s, at);

	*d = (struct domain){ .first = str_sub(s, at, end - at) };
	while (end > at) {
		struct str last;

		if (end < s.n && s.p[end] == '.')
			at = end + 1;
		else if (spoken && stands_at(s, end, STR(PONTO)))
			at = end + sizeof PONTO - 1;
		else
			return;
		end = label_end(s, at);
		last = ending_of(s, at, end);
		if (str_is_set(last)) {
			d->last = last;
			d->to = at + last.n;
		}
	}
}

/* Where the name that ends at `to` begins; `to` if there is none. */
static size_t
name_start(struct str s, size_t floor, size_t to)
{
	size_t at = to;

	for (;;) {
		struct redact_char c = redact_char_before(s, floor, at);

		if (c.to != at || !is_name_char(&c))
			break;
		at = c.from;
	}
	while (at < to && strchr(".-+'", s.p[at]) != NULL)
		at++;
	return at;
}

/* Less one space before `at`. */
static size_t
before_space(struct str s, size_t floor, size_t at)
{
	struct redact_char c = redact_char_before(s, floor, at);

	return c.class == REDACT_SPACE ? c.from : at;
}

/* "joao ponto silva" before a spoken sign. */
static size_t
spoken_start(struct str s, size_t floor, size_t at)
{
	const size_t n = sizeof PONTO - 1;

	while (at - floor > n && stands_at(s, at - n, STR(PONTO))) {
		size_t from = name_start(s, floor, at - n);

		if (from == at - n)
			break;
		at = from;
	}
	return at;
}

/* "arroba" as a word of its own, its b at e->at. */
static bool
is_spoken(const struct redact_emails *e, struct sign *sign)
{
	struct str s = e->text;

	if (e->at < e->floor + 4 || !stands_at(s, e->at - 4, STR("arroba")))
		return false;
	sign->spoken = true;
	sign->from = e->at - 4;
	sign->to = e->at + 2;
	return redact_char_before(s, e->floor, sign->from).class == REDACT_SPACE &&
	       redact_char_after(s, sign->to).class == REDACT_SPACE;
}

static bool
is_sign(const struct redact_emails *e, struct sign *sign)
{
	struct str s = e->text;
	size_t at = e->at;

	sign->from = at;
	sign->spoken = false;
	sign->to = at + 1;
	switch (s.p[at]) {
	case '@':
		return true;
	case '\xEF':
		sign->to = at + 3;
		return stands_at(s, at, STR("\xEF\xBC\xA0")); /* full-width */
	case '(':
	case '[':
		sign->to = at + 4;
		return stands_at(s, at, STR("(at)")) || stands_at(s, at, STR("[at]"));
	case 'b': /* the rarest letter of it */
	case 'B':
		return is_spoken(e, sign);
	default:
		return false;
	}
}

static bool
read_address(const struct redact_emails *e, const struct sign *sign, size_t *from, size_t *to)
{
	struct str s = e->text;
	struct redact_char after = redact_char_after(s, sign->to);
	size_t at = after.class == REDACT_SPACE ? after.to : sign->to;
	size_t name = before_space(s, e->floor, sign->from);
	bool close = at == sign->to && name == sign->from && !sign->spoken, provided;
	struct domain d;

	read_domain(s, at, sign->spoken, &d);
	provided = is_one_of(d.first, providers, sizeof providers / sizeof providers[0]);
	if (d.to == 0 && provided && close)
		d.to = at + d.first.n;
	*from = name_start(s, e->floor, name);
	if (d.to == 0 || *from == name)
		return false;
	if (sign->spoken)
		*from = spoken_start(s, e->floor, *from);
	*to = d.to;
	return close || provided ||
	       (sign->spoken && is_one_of(d.last, endings, sizeof endings / sizeof endings[0]));
}

bool
redact_emails_next(struct redact_emails *e, size_t *from, size_t *to)
{
	/* the bytes at which is_sign() looks */
	static const bool looked_at[256] = {
		['@'] = true, [0xEF] = true, ['('] = true, ['['] = true, ['b'] = true, ['B'] = true
	};

	for (; e->at < e->text.n; e->at++) {
		struct sign sign;

		if (!looked_at[(unsigned char)e->text.p[e->at]] || !is_sign(e, &sign) ||
		    !read_address(e, &sign, from, to))
			continue;
		e->floor = e->at = *to;
		return true;
	}
	return false;
}
