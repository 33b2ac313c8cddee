/*
 * What the files of redact.c share: characters as masking sees them, numbers as people write them,
 * and the question each kind answers. Positions are bytes of the text.
 *
 * Text is masked from left to right and a second time must change nothing. So no answer looks to
 * the right at anything that could be masked itself, and none looks to the left across `floor`, the
 * end of the last mask; there, a digit or a bracket ends the look as the mask's own bracket would.
 */
#ifndef RECADO_CORE_REDACT_INTERNAL_H
#define RECADO_CORE_REDACT_INTERNAL_H

#include "base/str.h"

#define REDACT_MAX_DIGITS 19 /* of the longest card number */

enum redact_class {
	REDACT_OTHER,
	REDACT_DIGIT,  /* ASCII and full-width */
	REDACT_LETTER, /* also _; everything beyond U+00BF that is not named here counts as other */
	REDACT_SPACE,  /* within a line */
	REDACT_DOT,
	REDACT_HYPHEN, /* and dashes */
	REDACT_SLASH,
	REDACT_OPEN,  /* ( */
	REDACT_CLOSE, /* ) */
	REDACT_PLUS,
	REDACT_IGNORED /* zero-width characters, direction marks, soft hyphens */
};

struct redact_char {
	enum redact_class class;
	uint32_t c;
	size_t from, to;
};
/* The character at `at` < s.n. */
struct redact_char redact_char_at(struct str s, size_t at);
/* The one before `at`, ignored ones passed over; OTHER with c = 0 at `floor`. */
struct redact_char redact_char_before(struct str s, size_t floor, size_t at);
/* The one from `at` on, ignored ones passed over; OTHER with c = 0 at the end. */
struct redact_char redact_char_after(struct str s, size_t at);

/* What stands between two groups of digits, as bits; 0: nothing that belongs into a number. */
enum {
	REDACT_GAP_SPACE = 1,
	REDACT_GAP_DOT = 2,
	REDACT_GAP_HYPHEN = 4,
	REDACT_GAP_SLASH = 8,
	REDACT_GAP_OPEN = 16,
	REDACT_GAP_CLOSE = 32
};

/* Digits without anything between them. */
struct redact_group {
	size_t from, to;
	unsigned gap; /* between the group before and this one */
	unsigned n;   /* more than REDACT_MAX_DIGITS: too many for anything */
	char d[REDACT_MAX_DIGITS];
};

/* The groups of a text in order, a few at a time. Begin with { .text = …, .at = … }. */
struct redact_groups {
	struct str text;
	size_t at;   /* where to look for the next */
	bool linked; /* a group ends at `at`, and the next may belong to it */
	struct redact_group ring[32];
	size_t head, n;
};
/* The group that is k (< 32) behind the first that was not left; NULL: there is none. */
struct redact_group *redact_groups_at(struct redact_groups *, size_t k);
/* Leaves the first n, which were looked at. */
void redact_groups_leave(struct redact_groups *, size_t n);
/* The next group has no part in a number with those that were left. */
void redact_groups_part(struct redact_groups *);

/* Some groups in a row as one number. */
struct redact_number {
	struct str text;
	size_t floor; /* what is before is masked or no concern of it */
	size_t from, to;
	unsigned n;
	char d[REDACT_MAX_DIGITS];
	unsigned char gap[REDACT_MAX_DIGITS]; /* before each digit */
};

#define REDACT_PLACE(i) (1u << (i)) /* before the i-th digit, from 0 */
/* Behind digit `from` it is broken only at `places`, counted from there, and only by `gaps`. */
bool
redact_is_broken_at(const struct redact_number *, unsigned from, unsigned places, unsigned gaps);

bool redact_is_cpf(const struct redact_number *);
bool redact_is_cnpj(const struct redact_number *);
bool redact_is_card(const struct redact_number *);
/* *from: where it begins, with a + or a bracket that belongs to it. */
bool redact_is_phone(const struct redact_number *, size_t *from);
/* A CNPJ with letters that ends with the digits at `to`; *from: where it begins. */
bool redact_is_cnpj_with_letters(struct str text, size_t floor, size_t to, size_t *from);

/* What the words before a number say that it is. */
enum redact_said { REDACT_SAID_NOTHING, REDACT_SAID_PHONE, REDACT_SAID_OTHER };
enum redact_said redact_said_before(struct str text, size_t floor, size_t at);
/* What ends at `at` is part of an URL, but not one of wa.me, whose path is a telephone number. */
bool redact_is_in_url(struct str text, size_t floor, size_t at);

/* E-mail addresses of a text in order. Begin with { .text = … }. */
struct redact_emails {
	struct str text;
	size_t at;    /* where to look for the next sign */
	size_t floor; /* end of the last address */
};
/* The next address; false: there is none. */
bool redact_emails_next(struct redact_emails *, size_t *from, size_t *to);

#endif
