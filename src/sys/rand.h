/* Randomness as an argument: the system's, or a seeded one for simulation. */
#ifndef RECADO_SYS_RAND_H
#define RECADO_SYS_RAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"

struct randomness {
	void (*fill)(void *ctx, void *p, size_t n);
	void *ctx;
};
extern const struct randomness rand_system; /* thread-safe; aborts if the system has none */

struct rand_seeded {
	uint64_t state;
};
struct randomness rand_seeded(struct rand_seeded *, uint64_t seed); /* one thread */

void rand_fill(const struct randomness *, void *p, size_t n);
uint64_t rand_u64(const struct randomness *);
/* Uniform in 0…n-1, n > 0. */
uint64_t rand_below(const struct randomness *, uint64_t n);
struct uuid rand_uuid_v7(const struct randomness *, int64_t now_ms);

#endif
