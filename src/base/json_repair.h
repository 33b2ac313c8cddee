/* The normalising pass in front of cJSON; only json.c calls it. */
#ifndef RECADO_BASE_JSON_REPAIR_H
#define RECADO_BASE_JSON_REPAIR_H

#include "base/str.h"

/* Longest number that is left as it stands; cJSON reads at most 63 bytes. */
#define JSON_MAX_NUMBER_LEN 60
#define JSON_MAX_DIGITS     15

/*
 * Checks that the text is one RFC 8259 value and mends what can be mended: lone surrogate escapes,
 * \u0000, raw control characters inside strings and invalid UTF-8 become U+FFFD; integers of more
 * than 15 digits and numbers of more than 60 bytes become strings. Refused: everything else, a raw
 * NUL and a leading BOM included. *out is the text itself if nothing had to be mended, else a copy
 * in the arena. ERR_INVALID, or ERR_TOO_LARGE when the copy passes the arena's cap.
 */
MUST_CHECK enum err json_repair(struct arena *, struct str text, struct str *out);

#endif
