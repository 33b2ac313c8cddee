/*
 * What Recado promises of its requests, looked at from outside. What always holds: a finding is
 * counted, never answered for; the forms that are looked for are those that nobody mistakes, so
 * that a finding is one (a protocol of eleven digits is no telephone number).
 */
#include "sim/llm_internal.h"

#define SECRET_CHARS 16

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_one_of(char c, struct str chars)
{
	return str_find(chars, c) < chars.n;
}

/* Digits at i, with what people write between them; *end is behind the last one. */
static size_t
count_digits(struct str s, size_t i, size_t *end)
{
	size_t n = 0, gap = 0;

	for (*end = i; i < s.n && gap < 3; i++) {
		if (is_digit(s.p[i])) {
			n++;
			gap = 0;
			*end = i + 1;
		} else if (is_one_of(s.p[i], STR(" ()-."))) {
			gap++;
		} else {
			break;
		}
	}
	return n;
}

/* +55 11 91234-5678, (11) 91234-5678 or 5511912345678 at i? */
static bool
is_phone(struct str s, size_t i)
{
	size_t end, n = count_digits(s, i + (is_digit(s.p[i]) ? 0 : 1), &end);

	if (i > 0 && (is_alnum(s.p[i - 1]) || s.p[i - 1] == '+'))
		return false;
	if (s.p[i] == '+')
		return n >= 10 && n <= 15 && i + 1 < s.n && is_digit(s.p[i + 1]);
	if (s.p[i] == '(')
		return (n == 10 || n == 11) && i + 3 < s.n && is_digit(s.p[i + 2]) &&
		       s.p[i + 3] == ')';
	return (n == 12 || n == 13) && end - i == n && str_starts(str_sub(s, i, 2), STR("55"));
}

/* A local part before the @ at i, and a domain with a dot after it? */
static bool
is_email(struct str s, size_t i)
{
	size_t end = i + 1, dot = 0;

	if (i == 0 || !is_alnum(s.p[i - 1]))
		return false;
	while (end < s.n && (is_alnum(s.p[end]) || s.p[end] == '-' || s.p[end] == '.'))
		end++;
	while (end > i && !is_alnum(s.p[end - 1]))
		end--; /* a full stop behind it */
	for (size_t k = i; k < end; k++)
		if (s.p[k] == '.')
			dot = k;
	return dot > i + 1 && dot + 2 < end;
}

/* Something like sk-… or "Bearer …" at i? */
static bool
is_key(struct str s, size_t i)
{
	static const struct str marks[] = { STR("sk-"), STR("Bearer "), STR("EAA") };
	struct str rest = str_sub(s, i, s.n);
	size_t n;

	if (i > 0 && is_alnum(s.p[i - 1]))
		return false;
	for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++) {
		if (!str_starts(rest, marks[k]))
			continue;
		n = marks[k].n;
		while (n < rest.n && (is_alnum(rest.p[n]) || is_one_of(rest.p[n], STR("-_.="))))
			n++;
		if (n >= marks[k].n + SECRET_CHARS)
			return true;
	}
	return false;
}

static void
note(struct llm *m, struct arena *a, enum llm_promise promise, struct str where, struct str text,
     size_t at)
{
	size_t from = at < 12 ? 0 : at - 12;

	while (from < at && ((unsigned char)text.p[from] & 0xC0) == 0x80)
		from++;
	m->stats.violations[promise]++;
	llm_note(&m->last_violation,
	         str_fmt(a, "%s in " STR_FMT ": " STR_FMT, llm_promise_names[promise],
	                 STR_ARG(where), STR_ARG(str_sub(text, from, at - from + 40))));
}

static void
look_at(struct llm *m, struct arena *a, struct str where, struct str text)
{
	bool found[LLM_PROMISES] = { false };

	for (size_t i = 0; i < text.n; i++) {
		enum llm_promise p = LLM_PROMISES;
		if (text.p[i] == '@' && is_email(text, i))
			p = PROMISE_EMAIL;
		else if ((is_digit(text.p[i]) || text.p[i] == '+' || text.p[i] == '(') &&
		         is_phone(text, i))
			p = PROMISE_PHONE;
		else if ((text.p[i] == 's' || text.p[i] == 'B' || text.p[i] == 'E') &&
		         is_key(text, i))
			p = PROMISE_KEY;
		if (p != LLM_PROMISES && !found[p]) {
			found[p] = true;
			note(m, a, p, where, text, i);
		}
	}
}

void
llm_check_promises(struct llm *m, struct arena *a, const struct llm_prompt *p)
{
	const cJSON *format = json_get(json_get(p->body, "text"), "format");
	bool store = true, strict = false;

	if (!json_bool(json_get(p->body, "store"), &store) || store) {
		m->stats.violations[PROMISE_STORE]++;
		llm_note(&m->last_violation, STR("store is not false"));
	}
	if (!json_bool(json_get(format, "strict"), &strict) || !strict) {
		m->stats.violations[PROMISE_STRICT]++;
		llm_note(&m->last_violation, STR("text.format is no strict json_schema"));
	}
	if (!m->options.strict_data)
		return;
	for (size_t i = 0; i < p->told.n; i++)
		look_at(m, a, p->told.v[i].id, p->told.v[i].text);
}
