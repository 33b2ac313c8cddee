/*
 * Masking. Why here and not in the prompt: what leaves for the model must be decided by rules that
 * can be read and tested, and evidence is checked on the masked text, so it is masked once, before
 * everything else.
 *
 * What always holds: a mask never cuts a character; the text between masks is untouched; masking
 * again changes nothing (redact_internal.h says why); the work for each group of digits is bounded,
 * so the whole is linear. E-mail addresses go first, since they may hold all the others. Of numbers
 * that overlap the one with more digits wins, then the first kind of the list.
 */
#include "core/redact.h"

#include "base/buf.h"
#include "core/redact_internal.h"

#define SHORTEST       8 /* digits of a telephone number */
#define LETTERED_LEAST 2 /* digits at the end of a CNPJ with letters: in one piece */
#define LETTERED_MOST  13
#define LETTERED_SIZE  14

/* In the order in which they win. */
static const struct kind {
	unsigned bit;
	const char *word;
	const char *mask;
} kinds_known[] = {
	{ REDACT_CPF, "cpf", "[CPF]" },        { REDACT_CNPJ, "cnpj", "[CNPJ]" },
	{ REDACT_CARD, "card", "[CARTÃO]" },   { REDACT_PHONE, "phone", "[TELEFONE]" },
	{ REDACT_EMAIL, "email", "[E-MAIL]" },
};

/* Documents that hold no personal number of ours but look as if: how their digits are grouped. */
static const unsigned char documents[][12] = {
	{ 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4 }, /* key of an electronic invoice */
	{ 5, 5, 5, 6, 5, 6, 1, 14 },         /* boleto of a bank */
	{ 11, 1, 11, 1, 11, 1, 11, 1 },      /* boleto of a utility */
};

struct redaction {
	struct arena *arena;
	struct str text;
	unsigned kinds;
	struct buf out;
	size_t copied; /* up to here the text is in `out` */
	size_t floor;  /* end of the last mask */
};

struct found {
	unsigned kind; /* 0: nothing */
	unsigned digits;
	size_t from, to;
	size_t groups; /* from the first on */
};

unsigned
redact_kinds(struct str words)
{
	unsigned kinds = 0;
	struct str word;

	while (str_split(&words, ',', &word))
		for (size_t i = 0; i < sizeof kinds_known / sizeof kinds_known[0]; i++)
			if (str_eq(str_trim(word), str_from(kinds_known[i].word)))
				kinds |= kinds_known[i].bit;
	return kinds;
}

static void
mask(struct redaction *r, unsigned kind, size_t from, size_t to)
{
	if (r->copied == 0 && r->out.n == 0)
		(void)buf_reserve(&r->out, r->text.n + 64);
	buf_add(&r->out, r->text.p + r->copied, from - r->copied);
	for (size_t i = 0; i < sizeof kinds_known / sizeof kinds_known[0]; i++)
		if (kinds_known[i].bit == kind)
			buf_z(&r->out, kinds_known[i].mask);
	r->copied = r->floor = to;
}

static bool
add_group(struct redact_number *x, const struct redact_group *g)
{
	if (x->n + g->n > REDACT_MAX_DIGITS)
		return false;
	memcpy(x->d + x->n, g->d, g->n);
	memset(x->gap + x->n, 0, g->n);
	x->gap[x->n] = (unsigned char)(x->n == 0 ? 0 : g->gap);
	x->n += g->n;
	x->to = g->to;
	return true;
}

/* What the number is, of the kinds that are wanted. */
static unsigned
kind_of(const struct redact_number *x, unsigned kinds, size_t *from)
{
	*from = x->from;
	if (x->n < SHORTEST)
		return 0;
	if ((kinds & REDACT_CPF) != 0 && redact_is_cpf(x))
		return REDACT_CPF;
	if ((kinds & REDACT_CNPJ) != 0 && redact_is_cnpj(x))
		return REDACT_CNPJ;
	if ((kinds & REDACT_CARD) != 0 && redact_is_card(x))
		return REDACT_CARD;
	return (kinds & REDACT_PHONE) != 0 && redact_is_phone(x, from) ? REDACT_PHONE : 0;
}

/* The longest that begins with group i and is of at most so many groups. */
static struct found
find_at(const struct redaction *r, struct redact_groups *w, size_t i, size_t most)
{
	const struct redact_group *g = redact_groups_at(w, i);
	struct redact_number x = { .text = w->text, .floor = r->floor, .from = g->from };
	struct found best = { .kind = 0 };
	size_t from;

	if ((r->kinds & REDACT_CNPJ) != 0 && g->n >= LETTERED_LEAST && g->n <= LETTERED_MOST &&
	    redact_is_cnpj_with_letters(w->text, r->floor, g->to, &from))
		best = (struct found){ REDACT_CNPJ, LETTERED_SIZE, from, g->to, 1 };
	for (size_t k = 0; k < most; k++) {
		unsigned kind;

		g = redact_groups_at(w, i + k);
		if (g == NULL || (k > 0 && g->gap == 0) || !add_group(&x, g))
			break;
		kind = x.n > best.digits ? kind_of(&x, r->kinds, &from) : 0;
		if (kind != 0)
			best = (struct found){ kind, x.n, from, x.to, k + 1 };
	}
	return best;
}

/* It would be torn by what begins before it, or is the longer of the two. */
static bool
goes_before(const struct found *inner, const struct found *outer)
{
	if (inner->kind == 0)
		return false;
	return inner->digits > outer->digits ||
	       (inner->to > outer->to && inner->kind != REDACT_PHONE &&
	        outer->kind == REDACT_PHONE);
}

/* The number that begins with the first group, unless another that begins within it goes before;
 * then what is left of it. */
static struct found
find_first(const struct redaction *r, struct redact_groups *w)
{
	size_t most = REDACT_MAX_DIGITS;
	struct found f;

	for (;;) {
		size_t i = 1;

		f = find_at(r, w, 0, most);
		for (; f.kind != 0 && i < f.groups; i++) {
			struct found inner = find_at(r, w, i, REDACT_MAX_DIGITS);

			if (goes_before(&inner, &f))
				break;
		}
		if (f.kind == 0 || i == f.groups)
			return f;
		most = i;
	}
}

/* How many groups the document is of that begins with the first group; 0: none does. Nothing goes
 * on behind it: three cards in a row are no invoice's key. */
static size_t
document_at(struct redact_groups *w)
{
	const struct redact_group *g;
	size_t size;

	for (size_t d = 0; d < sizeof documents / sizeof documents[0]; d++) {
		for (size = 0; documents[d][size] != 0; size++) {
			g = redact_groups_at(w, size);
			if (g == NULL || (size > 0 && g->gap == 0) || g->n != documents[d][size])
				break;
		}
		if (documents[d][size] == 0) {
			g = redact_groups_at(w, size);
			return g == NULL || g->gap == 0 ? size : 0;
		}
	}
	return 0;
}

/* Numbers from the last mask to `end`. */
static void
mask_numbers(struct redaction *r, size_t end)
{
	struct redact_groups w = { .text = str_sub(r->text, 0, end), .at = r->floor };

	if ((r->kinds & ~(unsigned)REDACT_EMAIL) == 0)
		return;
	while (redact_groups_at(&w, 0) != NULL) {
		size_t document = document_at(&w);
		struct found f = { .kind = 0 };

		if (document == 0)
			f = find_first(r, &w);
		if (f.kind == 0) {
			redact_groups_leave(&w, document > 0 ? document : 1);
			continue;
		}
		mask(r, f.kind, f.from, f.to);
		redact_groups_leave(&w, f.groups);
		redact_groups_part(&w);
	}
}

struct str
redact_text(struct arena *a, struct str text, unsigned kinds)
{
	struct redaction r = { .arena = a, .text = text, .kinds = kinds };
	struct redact_emails emails = { .text = text };
	size_t from, to;

	if (text.n == 0 || kinds == 0)
		return text;
	buf_init(&r.out, a, SIZE_MAX / 8);
	while ((kinds & REDACT_EMAIL) != 0 && redact_emails_next(&emails, &from, &to)) {
		mask_numbers(&r, from);
		mask(&r, REDACT_EMAIL, from, to);
	}
	mask_numbers(&r, text.n);
	if (r.copied == 0)
		return text;
	buf_add(&r.out, text.p + r.copied, text.n - r.copied);
	return buf_slice(&r.out);
}
