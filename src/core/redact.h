/*
 * Masks personal data in a text before it leaves for the model. Source: 5-analysis "Prompt".
 *
 * Nothing is looked up: what is masked is what looks like such data, and, where check digits can
 * tell, has the right ones. In doubt a code without a word beside it is masked rather than a
 * telephone number left; tests/data/redact-cases.json shows both sides.
 *
 *   cpf    Right check digits, in one piece or broken as on the card, by . - / or spaces, whatever
 *          stands beside it. Eleven equal digits are none. One with a wrong digit is none either,
 *          but in one piece it may have the shape of a telephone number and be masked as that.
 *   cnpj   The same, and that with letters of IN RFB 2.229/2024 (12.ABC.345/01DE-35).
 *   card   13 to 19 digits with the beginning and length of a card, right by Luhn, in one piece or
 *          in the groups that are printed.
 *   email  Also with a space beside the @ or with "arroba" and "ponto", before a provider like
 *          gmail. Not handles (@loja.oficial).
 *   phone  Brazilian in all usual spellings, with an area that exists where one is written; of
 *          eight or nine digits too, if no word before it says that it is something else (pedido,
 *          protocolo, R$) and it is no year, range or part of a code; foreign with +, with 00, or
 *          after a word for telephone. Not the numbers of companies: 0800, 0300, 4004-…
 *
 * Full-width digits, no-break spaces, typographic hyphens and zero-width characters within a
 * number are understood. Not found: what is broken over lines or messages, digit by digit, or
 * written in words.
 */
#ifndef RECADO_CORE_REDACT_H
#define RECADO_CORE_REDACT_H

#include "base/arena.h"
#include "base/str.h"

enum {
	REDACT_CPF = 1,
	REDACT_CNPJ = 2,
	REDACT_CARD = 4,
	REDACT_EMAIL = 8,
	REDACT_PHONE = 16,
	REDACT_ALL = 31
};

/* Kinds from the words of ANALYSIS_REDACT ("cpf,cnpj"), already checked by config; unknown words
 * are passed over. */
unsigned redact_kinds(struct str words);

/*
 * The text with everything of those kinds replaced by [CPF], [CNPJ], [CARTÃO], [E-MAIL],
 * [TELEFONE]; the same slice where nothing was, else in the arena. Of what overlaps an address goes
 * first, then what has more digits, then the kinds in the order cpf, cnpj, card, phone. Valid UTF-8
 * stays valid; other bytes are passed through. Masking again changes nothing. Linear time.
 */
struct str redact_text(struct arena *, struct str text, unsigned kinds);

#endif
