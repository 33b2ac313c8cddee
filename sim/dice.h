/* Seeded dice (splitmix64): the same seed throws the same numbers on every machine. One thread. */
#ifndef RECADO_SIM_DICE_H
#define RECADO_SIM_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

static inline uint64_t
dice_next(struct dice *d)
{
	uint64_t z = (d->state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* 0…n-1; n > 0. */
static inline uint64_t
dice_below(struct dice *d, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)dice_next(d) * n) >> 64);
}

/* from…to, both included. */
static inline int64_t
dice_range(struct dice *d, int64_t from, int64_t to)
{
	return from + (int64_t)dice_below(d, (uint64_t)(to - from) + 1);
}

/* True in so many of a thousand throws. */
static inline bool
dice_permille(struct dice *d, unsigned permille)
{
	return dice_below(d, 1000) < permille;
}

/* A stream of its own for one thing (a person, a message), so that other things do not shift it. */
static inline struct dice
dice_for(uint64_t seed, uint64_t kind, uint64_t index)
{
	struct dice d = { seed * UINT64_C(0xD6E8FEB86659FD93) +
		          kind * UINT64_C(0xA0761D6478BD642F) + index };

	d.state = dice_next(&d);
	return d;
}

#endif
