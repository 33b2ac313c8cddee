/*
 * Masks personal data in a text before it leaves for the model. Source: 5-analysis "Prompt".
 *
 * Nothing is looked up: what is masked is what looks like such data, and where a check digit can
 * tell, what has the right one.
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
 * [TELEFONE]; the same slice where nothing was.
 */
struct str redact_text(struct arena *, struct str text, unsigned kinds);

#endif
