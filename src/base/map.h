/*
 * A table from bytes to a number, on an arena: open addressing, grows by doubling, never shrinks.
 * Keys are borrowed. Iterate over what you number with it (the values are usually indexes 0…n-1
 * into an array), not over the table.
 */
#ifndef RECADO_BASE_MAP_H
#define RECADO_BASE_MAP_H

#include "base/str.h"
#include "base/uuid.h"

#define MAP_NONE ((size_t)-1)

struct map {
	struct arena *arena;
	struct map_slot {
		struct str key;
		uint64_t hash;
		size_t value;
	} * slots;
	size_t n, cap;
};

/* `expect`: how many keys are likely. */
void map_init(struct map *, struct arena *, size_t expect);
/* Value of the key, or MAP_NONE. */
size_t map_get(const struct map *, struct str key);
/* Value of the key if it is there; else stores `value` and returns it. *added may be NULL. */
size_t map_put(struct map *, struct str key, size_t value, bool *added);
/* Stores `value` whether or not the key is there. */
void map_set(struct map *, struct str key, size_t value);

/* Composite keys in the arena: uuid bytes followed by text. */
struct str map_key_uuid(struct arena *, struct uuid a, struct str rest);
struct str map_key_uuids(struct arena *, struct uuid a, struct uuid b);

#endif
