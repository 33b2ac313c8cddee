/*
 * How far a time that someone else wrote is believed. Source: 3-whatsapp §2 "Bad times": outside
 * 2009-01-01 … receive time + 1 day a time is bad.
 */
#ifndef RECADO_CORE_MOMENT_H
#define RECADO_CORE_MOMENT_H

#include "base/time.h"

#define MOMENT_FIRST INT64_C(1230768000000) /* 2009-01-01T00:00:00Z */

static inline bool
moment_is_good(int64_t at, int64_t received_at)
{
	return at != TIME_NONE && at >= MOMENT_FIRST && at <= received_at + TIME_DAY;
}
/* For registers: a bad time ranks below every good one; all bad ones are equal. */
static inline int64_t
moment_rank(int64_t at, int64_t received_at)
{
	return moment_is_good(at, received_at) ? at : 0;
}
/* What is shown and compared. */
static inline int64_t
moment_effective(int64_t at, int64_t received_at)
{
	return moment_is_good(at, received_at) ? at : received_at;
}
/* Folds that know "none". */
static inline int64_t
moment_min(int64_t a, int64_t b)
{
	if (a == TIME_NONE)
		return b;
	return b == TIME_NONE || a < b ? a : b;
}
static inline int64_t
moment_max(int64_t a, int64_t b)
{
	if (a == TIME_NONE)
		return b;
	return b == TIME_NONE || a > b ? a : b;
}

#endif
