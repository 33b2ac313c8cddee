/*
 * A time zone, read from the bytes of a zone file (RFC 8536): when a day of its calendar begins.
 * Pure: no file, no clock, nothing of the process's own zone is looked at or changed, so any thread
 * may ask any zone. Instants are ms UTC; days are civil day numbers since 1970-01-01
 * (time_parse_date).
 */
#ifndef RECADO_BASE_ZONE_H
#define RECADO_BASE_ZONE_H

#include "base/time.h"

#define ZONE_MAX_BYTES ((size_t)256 << 10) /* of a zone file */
#define ZONE_LAST_YEAR 2199                /* rules for years to come are followed up to here */

struct zone;

/* The zone that is UTC itself. */
const struct zone *zone_utc(void);
/* ERR_CORRUPT: no zone file, or one that counts leap seconds. Lives in the arena. */
MUST_CHECK enum err zone_read(struct arena *, struct str file, const struct zone **out);

/* Offset east of UTC in seconds. */
int64_t zone_offset(const struct zone *, int64_t ms);
/* The first instant that this day, or where the clock leaps over all of it a later one, holds.
 * Where midnight is leapt over the day begins after the leap. day: within the years 0…9999. */
int64_t zone_day_start(const struct zone *, int64_t day);

#endif
