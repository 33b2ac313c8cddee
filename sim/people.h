/* One person of the world, by number. */
#ifndef RECADO_SIM_PEOPLE_H
#define RECADO_SIM_PEOPLE_H

#include "sim/world.h"

/* Everything but the address book. The same (seed, i) is the same person. */
void people_make(struct arena *, uint64_t seed, size_t i, struct world_person *out);
/* Puts the person into the business's address book around `at`. */
void people_enter_book(struct arena *, uint64_t seed, size_t i, int64_t at, struct world_person *);

#endif
