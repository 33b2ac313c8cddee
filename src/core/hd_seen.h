/*
 * The keys that walks through one list have met, as 64-bit hashes at 12 bytes a slot, so that what
 * a run remembers of each of millions of elements has a bound. Pure. Two keys that fall together
 * are one: among five million that is so once in a million runs.
 */
#ifndef RECADO_CORE_HD_SEEN_H
#define RECADO_CORE_HD_SEEN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* Keys of a table with memory of its own: then it is 96 MiB, and 144 while it grew to that. */
#define HD_SEEN_MAX  ((size_t)3 << 21)
#define HD_SEEN_NOTE 0xFFFFFFu /* a note is 1…this */

struct hd_seen {
	struct arena *arena; /* of the slots */
	bool own;            /* the arena is the table's alone, a new one each time it grows */
	bool full;           /* a key could not be taken: HD_SEEN_MAX, or the arena's cap */
	uint64_t *hashes;    /* 0: the slot is free */
	uint32_t *notes;     /* of each: the walk it was met in last, and below that its note */
	size_t n, cap;
	uint32_t walk; /* that is under way, from 1 */
};

/* In an arena that lives as long. Passing its cap marks the arena too. */
void hd_seen_init(struct hd_seen *, struct arena *);
/* With memory of its own, of which only what the keys need is held. */
void hd_seen_open(struct hd_seen *);
/* Of either, and of a zeroed one. */
void hd_seen_deinit(struct hd_seen *);
/* What was met until now counts as new again for hd_seen_add. */
void hd_seen_begin(struct hd_seen *);

/* True if the key is met for the first time in this walk. */
bool hd_seen_add(struct hd_seen *, struct str key);
/* Whether it was met in any. */
bool hd_seen_has(const struct hd_seen *, struct str key);
/* Puts a note by the key, which does not count as met for that. True if another or none was there.
 */
bool hd_seen_note(struct hd_seen *, struct str key, uint32_t note);
/* Whether that note stands by it. */
bool hd_seen_noted(const struct hd_seen *, struct str key, uint32_t note);

#endif
