/* Instants are int64_t milliseconds since 1970-01-01T00:00:00Z, UTC. No clock here. */
#ifndef RECADO_BASE_TIME_H
#define RECADO_BASE_TIME_H

#include "base/str.h"

#define TIME_NONE     INT64_MIN /* "no such time"; never a real instant */
#define TIME_TEXT_LEN 24
#define TIME_SECOND   INT64_C(1000)
#define TIME_MINUTE   (60 * TIME_SECOND)
#define TIME_HOUR     (60 * TIME_MINUTE)
#define TIME_DAY      (24 * TIME_HOUR)

/* "2024-01-10T09:00:00.000Z"; years outside 0…9999 are clamped. Writes 24 bytes and NUL. */
void time_format(int64_t ms, char out[TIME_TEXT_LEN + 1]);
struct str time_text(struct arena *, int64_t ms);
/*
 * ISO 8601 instant with zone: YYYY-MM-DDTHH:MM[:SS[.fraction]](Z|±HH:MM|±HHMM). Digits after ms are
 * dropped. A text without zone, an impossible date or trailing bytes is ERR_INVALID.
 */
MUST_CHECK enum err time_parse(struct str s, int64_t *ms);
/* YYYY-MM-DD only. Civil day number since 1970-01-01. */
MUST_CHECK enum err time_parse_date(struct str s, int64_t *day);

#endif
