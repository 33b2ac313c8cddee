/* Random values for the laws of folds: seeded, small ranges, so that ties and equal values are
 * common. */
#ifndef RECADO_TESTS_FOLD_FIXTURE_H
#define RECADO_TESTS_FOLD_FIXTURE_H

#include "testing.h"

struct fold_random {
	uint64_t state;
};

static inline uint64_t
fold_next(struct fold_random *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline int
fold_below(struct fold_random *r, int n)
{
	return (int)(fold_next(r) % (uint64_t)n);
}

/* A text "<letter><0…n-1>", or none with a chance of one in n. */
static inline struct str
fold_text(struct fold_random *r, struct arena *a, char letter, int n)
{
	int i = fold_below(r, n);

	return i == 0 ? STR_NONE : str_fmt(a, "%c%d", letter, i);
}

#define FOLD_NOW INT64_C(1768906800000)

/* Good times close together, one that only a later receipt believes, and times nobody believes. */
static inline int64_t
fold_time(struct fold_random *r)
{
	static const int64_t times[] = {
		TIME_NONE,
		0,
		-5000,
		FOLD_NOW - 1000,
		FOLD_NOW - 2000,
		FOLD_NOW - 3000,
		FOLD_NOW - 3000,
		FOLD_NOW + TIME_DAY + 1500,
		INT64_C(1) << 53,
		FOLD_NOW - 4000,
	};

	return times[fold_below(r, (int)(sizeof(times) / sizeof(times[0])))];
}

static inline int64_t
fold_receipt(struct fold_random *r)
{
	return FOLD_NOW + 1000 * fold_below(r, 4);
}

#endif
