/*
 * Holds real answers of the API against its OpenAPI document. It is stricter than the document: a
 * member that is not described is wrong, and so is a time without milliseconds and Z. It knows the
 * keywords that our document is written with, and says so of any other.
 */
#ifndef RECADO_TESTS_OPENAPI_CHECK_H
#define RECADO_TESTS_OPENAPI_CHECK_H

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"

struct openapi_answer {
	const char *method;
	const char *target; /* path, and query if any */
	int status;
	const char *head; /* status line and header lines, ended by CRLF each */
	struct str body;
};

/*
 * NULL, or what of the answer the document does not describe: "GET /api/me 200: role: is 7, not
 * string". doc: the parsed document. The text lives in the arena. An answer to a path or method
 * that is not described must be a refusal.
 */
const char *openapi_check(struct arena *, const cJSON *doc, const struct openapi_answer *);

/* The part of it that is about values: NULL, or what is wrong with a value of a schema of the
 * document (an element of it, or one that refers to it). */
const char *
openapi_check_value(struct arena *, const cJSON *doc, const cJSON *schema, const cJSON *value);

#endif
