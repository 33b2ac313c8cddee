/*
 * Randomness. Why an argument: a seed must reproduce a run to the byte.
 * What always holds: the seeded stream is the same on every machine; the system's never fails
 * quietly.
 */
#include "sys/rand.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void
system_fill(void *ctx, void *p, size_t n)
{
	char *to = p;

	(void)ctx;
	while (n > 0) {
		ssize_t got = getrandom(to, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			fputs("rand: the system has no randomness\n", stderr);
			abort();
		}
		to += got;
		n -= (size_t)got;
	}
}

const struct randomness rand_system = { system_fill, NULL };

/* A counter through a mixing function: every seed gives a full-length, well spread sequence. */
static uint64_t
seeded_next(struct rand_seeded *r)
{
	uint64_t x = r->state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void
seeded_fill(void *ctx, void *p, size_t n)
{
	unsigned char *to = p;
	uint64_t x = 0;

	for (size_t i = 0; i < n; i++, x >>= 8) {
		if (i % 8 == 0)
			x = seeded_next(ctx);
		to[i] = (unsigned char)x;
	}
}

struct randomness
rand_seeded(struct rand_seeded *r, uint64_t seed)
{
	r->state = seed;
	return (struct randomness){ seeded_fill, r };
}

void
rand_fill(const struct randomness *r, void *p, size_t n)
{
	r->fill(r->ctx, p, n);
}

uint64_t
rand_u64(const struct randomness *r)
{
	unsigned char b[8];
	uint64_t x = 0;

	rand_fill(r, b, sizeof(b));
	for (size_t i = 0; i < sizeof(b); i++)
		x |= (uint64_t)b[i] << 8 * i;
	return x;
}

uint64_t
rand_below(const struct randomness *r, uint64_t n)
{
	uint64_t skip, x;

	assert(n > 0);
	skip = (0 - n) % n; /* 2^64 mod n: below it the numbers would be too many */
	do
		x = rand_u64(r);
	while (x < skip);
	return x % n;
}

struct uuid
rand_uuid_v7(const struct randomness *r, int64_t now_ms)
{
	unsigned char b[10];

	rand_fill(r, b, sizeof(b));
	return uuid_v7(now_ms, b);
}
