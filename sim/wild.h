/*
 * Webhooks without a truth behind them, for the order test: few people, few messages, few moments,
 * combined in every way that the wire allows, so that ties, contradictions, merges and bad times
 * are common. Seeded.
 */
#ifndef RECADO_SIM_WILD_H
#define RECADO_SIM_WILD_H

#include "sim/world.h"

#define WILD_MAX_LINES 6

struct wild_options {
	uint64_t seed;
	int64_t at; /* of the first delivery */
	size_t bodies;
	size_t nlines; /* numbers that exist */
	struct wire_line lines[WILD_MAX_LINES];
	bool strangers; /* also a number that does not exist */
};
/* received_at ascends, with ties; every body that is delivered twice is there twice. */
void wild_make(struct arena *, const struct wild_options *, struct world_bodies *out);

#endif
