/*
 * Entries that were routed and decoded a moment ago, shared by the drain workers of one process:
 * whoever gets the lane finds them decoded, while another worker is already decoding the next. A
 * cache only: everything in it is in the journal. Thread-safe. What is found is pinned: it stays
 * until it is let go.
 */
#ifndef RECADO_WORK_DRAIN_HOT_H
#define RECADO_WORK_DRAIN_HOT_H

#include "base/map.h"
#include "core/facts.h"

struct drain_entry {
	struct uuid id, connection_id;
	int part_no;
	int64_t received_at, attempts, bytes, old_fields;
	struct str body;
	struct str route_key;      /* it was parked under; STR_NONE */
	const struct facts *facts; /* NULL: not decoded yet */
	struct drain_batch *batch; /* pinned there; NULL: not from the cache */
};

/* What one routing step decoded, in an arena of its own. */
struct drain_batch {
	struct arena *arena;
	struct map map; /* entry id → index */
	FACTS_LIST(struct drain_entry) entries;
	/* the cache's */
	size_t pins, left; /* left: entries that nobody has applied yet */
	struct drain_batch *next;
};

struct drain_hot;
/* max_batches: kept at most, the oldest goes first; arena_bytes: cap of one batch's memory. */
struct drain_hot *drain_hot_new(size_t max_batches, size_t arena_bytes);
void drain_hot_free(struct drain_hot *); /* nothing may be pinned; NULL is fine */

/* An empty batch to fill; then either add it or discard it. */
struct drain_batch *drain_hot_begin(struct drain_hot *, size_t expect);
void drain_hot_add(struct drain_hot *, struct drain_batch *);
void drain_hot_discard(struct drain_hot *, struct drain_batch *);

/* Takes facts and connection of the entry `out->id` from the cache and pins them; false if they are
 * not there. */
bool drain_hot_take(struct drain_hot *, struct drain_entry *out);
/* Lets go. applied: nobody needs it again. */
void drain_hot_release(struct drain_hot *, struct drain_entry *, bool applied);

#endif
