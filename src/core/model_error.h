/* What the model server says of an error, fit for a log and a row. Pure. */
#ifndef RECADO_CORE_MODEL_ERROR_H
#define RECADO_CORE_MODEL_ERROR_H

#include "base/json.h"

#define MODEL_MAX_CODE 64  /* bytes; a longer word is no code */
#define MODEL_MAX_TEXT 300 /* bytes of words from outside that are kept */

struct model_error {
	struct str code; /* model_error_code; STR_NONE */
	/* error.message for a person: one line of visible text, personal data masked, at most
	 * MODEL_MAX_TEXT bytes and "…"; STR_NONE */
	struct str text;
};

/* What an error body of the server says; anything that is none gives STR_NONE twice. */
void model_error_read(struct arena *, struct str body, struct model_error *out);

/* The word of an error object: its code, or its type where it has none. STR_NONE unless it is a
 * plain word of at most MODEL_MAX_CODE bytes. */
struct str model_error_code(const cJSON *error);
/* Words from outside as one line of visible text, personal data masked, of at most MODEL_MAX_TEXT
 * bytes and "…". STR_NONE for none. */
struct str model_error_words(struct arena *, struct str);

#endif
