/*
 * What people say before a number. Why words at all: 98765-4321 is a telephone number in "me liga
 * no 98765-4321" and none in "pedido 98765-4321", and nothing in the digits tells which. What
 * always holds: only the words right before the number count, over a few small words ("pedido de
 * número"), not beyond the end of a sentence, a line, a digit or a mask; the look ends after a
 * fixed number of characters.
 */
#include "core/redact_internal.h"

#define MAX_WORDS   6
#define MAX_LETTERS 16
#define MAX_BETWEEN 8 /* characters between two words */
#define MAX_URL     256
#define ABBREVIATED 4 /* letters at most of a word that a full stop may follow */

/* NUMBER: a telephone's if nothing else is said. */
enum says { UNKNOWN, FILLER, NUMBER, PHONE, OTHER };

/* In small letters without accents; "s" is the end of "O.S.". */
static const struct words {
	enum says says;
	const char *words;
} known[] = {
	{ FILLER, "a antigo atual com comercial da de do e eh esse este meu n na nesse neste no "
	          "novo nr num o para pelo pra pro residencial seu" },
	{ NUMBER, "numero" },
	{ PHONE, "cel celular chama chamar contato ctt fixo fone fones liga ligar ligue mobile "
	         "phone tel telefone telefones telephone wap whats whatsapp wpp zap zapzap" },
	{ OTHER, "ag agencia apolice artigo autorizacao boleto case cep chamado cnh cod codigo "
	         "compra contrato cupom fatura fiscal id imei instalacao invoice item lote "
	         "matricula medidor modelo nf nfe nis nota nsu orcamento ordem order os ped "
	         "pedido pin pis preco processo produto prot protocolo rastreamento rastreio ref "
	         "referencia renavam rg s senha serie sku ticket titulo token total tracking "
	         "transacao uc valor venda" },
};

/* What may stand between a word and its number, or end the look. */
enum between { BETWEEN, WORD, END, IS_PHONE, IS_OTHER };

static enum between
between(const struct redact_char *c)
{
	switch (c->class) {
	case REDACT_LETTER:
		return c->c == '_' ? BETWEEN : WORD;
	case REDACT_SPACE:
	case REDACT_DOT:
	case REDACT_HYPHEN:
	case REDACT_OPEN:
	case REDACT_PLUS:
		return BETWEEN;
	case REDACT_DIGIT:
	case REDACT_SLASH:
	case REDACT_CLOSE:
	case REDACT_IGNORED:
	case REDACT_OTHER:
		break;
	}
	switch (c->c) {
	case ':':
	case '=':
	case '*':
	case '~':
	case '"':
	case '\'':
	case '>':
	case '|':
	case 0xAA: /* ª */
	case 0xB0: /* ° */
	case 0xBA: /* º */
		return BETWEEN;
	case '#':
	case '$':
	case 0x20AC: /* € */
		return IS_OTHER;
	case 0x260E: /* ☎ */
	case 0x1F4DE:
	case 0x1F4F1:
	case 0x1F4F2:
		return IS_PHONE;
	default:
		return END;
	}
}

/* A letter without its accent, small; 0: one that is in no word of ours. */
static char
plain(uint32_t c)
{
	static const char latin[] =
		"aaaaaaaceeeeiiiidnooooo*ouuuuy*saaaaaaaceeeeiiiidnooooo*ouuuuy*y";

	if (c >= 'A' && c <= 'Z')
		return (char)(c + ('a' - 'A'));
	if (c >= 'a' && c <= 'z')
		return (char)c;
	return c >= 0xC0 && c <= 0xFF ? latin[c - 0xC0] : 0;
}

/* The word that ends at *at, which moves before it, as it is in the table; empty: too long for it.
 */
static struct str
read_word(struct str text, size_t floor, size_t *at, char buf[MAX_LETTERS])
{
	size_t n = 0;

	for (;;) {
		struct redact_char c = redact_char_before(text, floor, *at);

		if (c.class != REDACT_LETTER || c.c == '_')
			return str_n(buf + MAX_LETTERS - n, n);
		*at = c.from;
		if (c.c >= 0x300 && c.c <= 0x36F) /* an accent on its own */
			continue;
		if (n == MAX_LETTERS)
			return STR("");
		n++;
		buf[MAX_LETTERS - n] = plain(c.c);
	}
}

static enum says
find(struct str word)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct str rest = str_from(known[i].words), one;

		while (str_split(&rest, ' ', &one))
			if (str_eq(one, word))
				return known[i].says;
	}
	return UNKNOWN;
}

/* Moves *at over what is between; *stop: a full stop was there. */
static enum between
skip_between(struct str text, size_t floor, size_t *at, bool *stop)
{
	*stop = false;
	for (int i = 0; i <= MAX_BETWEEN; i++) {
		struct redact_char c = redact_char_before(text, floor, *at);
		enum between what = between(&c);

		/* "Telefone:" and the number in the next line */
		if (c.c == '\n' && redact_char_before(text, floor, c.from).c == ':')
			what = BETWEEN;
		if (what != BETWEEN)
			return what;
		*stop = *stop || c.class == REDACT_DOT;
		*at = c.from;
	}
	return END;
}

enum redact_said
redact_said_before(struct str text, size_t floor, size_t at)
{
	enum redact_said said = REDACT_SAID_NOTHING;

	for (int i = 0; i < MAX_WORDS; i++) {
		char buf[MAX_LETTERS];
		bool stop;
		enum between what = skip_between(text, floor, &at, &stop);
		enum says says;
		struct str word;

		if (what == IS_PHONE || what == IS_OTHER)
			return what == IS_PHONE ? REDACT_SAID_PHONE : REDACT_SAID_OTHER;
		if (what == END)
			return said;
		word = read_word(text, floor, &at, buf);
		says = stop && word.n > ABBREVIATED ? UNKNOWN : find(word);
		if (says == UNKNOWN)
			return said;
		if (says == PHONE || says == OTHER)
			return says == PHONE ? REDACT_SAID_PHONE : REDACT_SAID_OTHER;
		if (says == NUMBER)
			said = REDACT_SAID_PHONE;
	}
	return said;
}

bool
redact_is_in_url(struct str text, size_t floor, size_t at)
{
	size_t from = at;

	if (at - floor >= 6 && str_ieq(str_sub(text, at - 6, 6), STR("wa.me/")))
		return false;
	while (from > floor && at - from < MAX_URL && (unsigned char)text.p[from - 1] > ' ' &&
	       text.p[from - 1] != ']')
		from--;
	for (struct str s = str_sub(text, from, at - from); s.n > 4; s = str_sub(s, 1, s.n))
		if (str_starts(s, STR("://")) || str_starts(s, STR("www.")))
			return true;
	return false;
}
