/*
 * Quotations, true and false. What always holds: a true one is a run of whole words of its message,
 * byte for byte; a false one is not found in the message whose id it carries, even by a reader that
 * does not look at case and white space.
 */
#include <assert.h>

#include "sim/llm_internal.h"

#define WINDOW_BYTES  2048
#define EXCERPT_BYTES 160
#define MOST_WORDS    10
#define WINDOW_WORDS  128
#define TRIES         12

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A letter, a digit or an emoji, as far as it can be told from single bytes: a dash proves nothing.
 */
static bool
says_something(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == 0xC3 || c == 0xF0 || (c >= '0' && c <= '9') ||
		    ((c | 32) >= 'a' && (c | 32) <= 'z'))
			return true;
	}
	return false;
}

static struct str
fold(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = is_space(s.p[i]) ? ' ' : s.p[i];
		if (c != ' ' || (n > 0 && p[n - 1] != ' '))
			p[n++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	while (n > 0 && p[n - 1] == ' ')
		n--;
	return str_n(p, n);
}

bool
llm_quote_found(struct arena *a, struct str text, struct str excerpt)
{
	struct str t = fold(a, text), e = fold(a, excerpt);

	return e.n > 0 && e.n <= t.n && memmem(t.p, t.n, e.p, e.n) != NULL;
}

/* Words of a stretch of the text; of a long one somewhere in it, without what is cut. */
static size_t
split_words(struct dice *d, struct str text, struct str words[WINDOW_WORDS])
{
	size_t n = 0, i = 0, end = text.n;

	if (text.n > WINDOW_BYTES) {
		i = (size_t)dice_below(d, text.n - WINDOW_BYTES + 1);
		end = i + WINDOW_BYTES;
		while (i > 0 && i < end && !is_space(text.p[i]))
			i++;
	}
	while (n < WINDOW_WORDS) {
		size_t from;
		while (i < end && is_space(text.p[i]))
			i++;
		from = i;
		while (i < end && !is_space(text.p[i]))
			i++;
		if (i == from || (i == end && end < text.n))
			break;
		words[n++] = str_sub(text, from, i - from);
	}
	return n;
}

/* From the beginning of the first word to the end of the last, with what is between them. */
static struct str
span(struct str first, struct str last)
{
	return str_n(first.p, (size_t)(last.p + last.n - first.p));
}

/* Some words on end that say something. False: the text has none. */
static bool
cut_out(struct dice *d, struct str text, struct str *out)
{
	struct str words[WINDOW_WORDS];

	for (int i = 0; i < TRIES; i++) {
		size_t n = split_words(d, text, words);
		if (n == 0)
			continue;
		size_t first = (size_t)dice_below(d, n);
		size_t most = n - first < MOST_WORDS ? n - first : MOST_WORDS;
		size_t count = (size_t)dice_range(d, most < 3 ? 1 : 3, (int64_t)most);
		while (count > 1 && span(words[first], words[first + count - 1]).n > EXCERPT_BYTES)
			count--;
		*out = span(words[first], words[first + count - 1]);
		if (says_something(*out))
			return true;
	}
	return false;
}

/* A message that can be quoted, and a quotation of it. Placeholders in brackets are left alone. */
static const struct llm_message *
pick(struct dice *d, const struct llm_prompt *p, struct str *excerpt)
{
	const struct llm_messages *all = &p->messages;
	size_t first = all->n == 0 ? 0 : (size_t)dice_below(d, all->n);

	for (size_t i = 0; i < all->n; i++) {
		const struct llm_message *m = &all->v[(first + i) % all->n];
		if (!str_starts(m->text, STR("[")) && cut_out(d, m->text, excerpt))
			return m;
	}
	return NULL;
}

static struct str
fabricate(struct arena *a, struct dice *d)
{
	static const char *const words[] = {
		"prometo devolver o dinheiro até sexta", "vocês nunca mais vão me ver aqui",
		"o gerente autorizou o desconto",        "já falei isso cinco vezes",
		"esse produto veio com defeito",         "vou pensar e retorno amanhã",
	};

	return str_fmt(a, "%s, ref. %llx", words[dice_below(d, 6)],
	               (unsigned long long)(dice_next(d) | UINT64_C(1) << 60));
}

/* The end of the message's quotation and the beginning of another message. */
static struct str
splice(struct arena *a, struct dice *d, const struct llm_prompt *p, const struct llm_message *m,
       struct str excerpt)
{
	for (int i = 0; i < TRIES; i++) {
		struct str other = STR_NONE;
		const struct llm_message *o = pick(d, p, &other);
		struct str both = str_fmt(a, STR_FMT " " STR_FMT, STR_ARG(excerpt), STR_ARG(other));
		if (o != NULL && o != m && !llm_quote_found(a, m->text, both))
			return both;
	}
	return fabricate(a, d);
}

/* The words of the excerpt from the last to the first. */
static struct str
turn_round(struct arena *a, struct dice *d, const struct llm_message *m, struct str excerpt)
{
	struct str words[WINDOW_WORDS];
	size_t n = split_words(d, excerpt, words);
	struct buf b;

	buf_init(&b, a, 1u << 20);
	for (size_t i = n; i > 0; i--) {
		buf_str(&b, words[i - 1]);
		buf_char(&b, ' ');
	}
	buf_z(&b, "mesmo assim");
	return llm_quote_found(a, m->text, buf_slice(&b)) ? fabricate(a, d) : buf_slice(&b);
}

/* A message that does not hold the excerpt; NULL: all do. */
static const struct llm_message *
pick_other(struct arena *a, struct dice *d, const struct llm_prompt *p, struct str excerpt)
{
	size_t n = p->messages.n, first = (size_t)dice_below(d, n);

	for (size_t i = 0; i < n && i < WINDOW_WORDS; i++) {
		const struct llm_message *m = &p->messages.v[(first + i) % n];
		if (!llm_quote_found(a, m->text, excerpt))
			return m;
	}
	return NULL;
}

bool
llm_quote_make(struct arena *a, struct dice *d, const struct llm_prompt *p, enum llm_kind kind,
               struct llm_quote *out)
{
	struct str excerpt = STR_NONE;
	const struct llm_message *m = pick(d, p, &excerpt), *other;

	assert(kind <= LLM_UNKNOWN_ID);
	if (m == NULL)
		return false;
	*out = (struct llm_quote){ m->id, excerpt, kind == LLM_GOOD };
	switch (kind) {
	case LLM_FABRICATED:
		out->excerpt = fabricate(a, d);
		break;
	case LLM_SPLICED:
		out->excerpt = splice(a, d, p, m, excerpt);
		break;
	case LLM_PARAPHRASE:
		out->excerpt = turn_round(a, d, m, excerpt);
		break;
	case LLM_WRONG_ID:
		other = pick_other(a, d, p, excerpt);
		out->id = other != NULL ? other->id : STR("m0");
		break;
	case LLM_UNKNOWN_ID:
		out->id = str_fmt(a, "m%zu", p->messages.n + 1 + (size_t)dice_below(d, 1000));
		break;
	default:
		break;
	}
	return true;
}
