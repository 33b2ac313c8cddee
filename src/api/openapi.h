/* What the two files that write the OpenAPI document share. Pure. */
#ifndef RECADO_API_OPENAPI_H
#define RECADO_API_OPENAPI_H

#include "api/call.h"

/* The schema of a member's value. */
void openapi_write_member(struct jw *, const struct api_member *);
/* The schema of a parameter's or a body member's value. */
void openapi_write_field(struct jw *, const struct api_field *);
/* {"type": "object", …} of what a body may hold. */
void openapi_write_body(struct jw *, const struct api_field *);
/* {"$ref": "#/components/<kind>/<name>"} */
void openapi_write_ref(struct jw *, const char *kind, const char *name);
/* The value of `components`. */
void openapi_write_components(struct jw *);

/* What a value of the kind must be, in words. */
const char *api_kind_words(enum api_kind);

/* Statuses of refusals that routes have in common, ascending; 0 ends the list. */
extern const int openapi_refusals[];
/* Its name in components/responses, such as Problem404. */
const char *openapi_refusal_name(int status, char out[32]);
/* The text of the table of errors for a status. */
const char *openapi_status_title(int status);

#endif
