/* Any bytes as a zone file: what is taken has days that begin where its clock first shows them. */
#include <assert.h>
#include <stdint.h>

#include "base/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_day(const struct zone *z, int64_t day)
{
	int64_t at = zone_day_start(z, day) / TIME_SECOND, midnight = day * 86400;

	assert(at + zone_offset(z, at * TIME_SECOND) >= midnight);
	assert(at - 1 + zone_offset(z, (at - 1) * TIME_SECOND) < midnight);
	assert(zone_day_start(z, day + 1) >= at * TIME_SECOND);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(16u << 20);
	const struct zone *z;

	if (size <= 1u << 20 && zone_read(a, str_n((const char *)data, size), &z) == ERR_OK) {
		for (int64_t day = -719528; day < 2932896; day += 1234)
			check_day(z, day);
		for (int64_t day = 17800; day < 17900; day++)
			check_day(z, day);
	}
	arena_free(a);
	return 0;
}
