/*
 * The rule that a zone file gives for the years to come, in the words of POSIX's TZ:
 * "EST5EDT,M3.2.0,M11.1.0". Pure.
 */
#ifndef RECADO_BASE_ZONE_RULE_H
#define RECADO_BASE_ZONE_RULE_H

#include "base/str.h"

/* A moment of each year, by the local clock that it ends. */
struct zone_moment {
	char kind; /* M: month, week, weekday; J: day 1…365 without leap days; 0: day 0…365 */
	int64_t month, week, day;
	int64_t second; /* of that day; may lie beyond it on either side */
};

struct zone_rule {
	int64_t standard; /* seconds east of UTC */
	bool has_summer;
	int64_t summer;
	struct zone_moment begin, end; /* of summer time */
};

/* false: not such a rule. */
bool zone_rule_read(struct str line, struct zone_rule *out);
/* Local seconds since 1970-01-01T00:00:00 of that moment in a year of 1900…9999. */
int64_t zone_rule_instant(const struct zone_moment *, int64_t year);
/* Year that these seconds since 1970 are in, UTC; of years far from ours some other far one. */
int64_t zone_rule_year(int64_t s);

#endif
