/*
 * A hash table without keys. Why not base/map.h: a slot is a fifth of one of its, nothing is
 * borrowed, and a table that grows gives back what it was before, which an arena does not.
 * What always holds: at most 3/4 of the slots are used, so every probe ends; a table that is full
 * takes no new key and says so.
 */
#include "core/hd_seen.h"

#define FIRST_CAP  256 /* a power of two */
#define WALK_SHIFT 24
#define LAST_WALK  255u

static size_t
bytes_of(size_t cap)
{
	return cap * (sizeof(uint64_t) + sizeof(uint32_t));
}

/* `cap` free slots in that zeroed memory. */
static void
set_slots(struct hd_seen *s, void *memory, size_t cap)
{
	s->hashes = memory;
	s->notes = (uint32_t *)(void *)(s->hashes + cap);
	s->cap = cap;
}

void
hd_seen_init(struct hd_seen *s, struct arena *a)
{
	*s = (struct hd_seen){ .arena = a, .walk = 1 };
	set_slots(s, arena_alloc(a, bytes_of(FIRST_CAP)), FIRST_CAP);
}

void
hd_seen_open(struct hd_seen *s)
{
	hd_seen_init(s, arena_new(bytes_of(FIRST_CAP)));
	s->own = true;
}

void
hd_seen_deinit(struct hd_seen *s)
{
	if (s->own)
		arena_free(s->arena);
	*s = (struct hd_seen){ 0 };
}

/* The numbers of walks are used up: what was met at all is what counts of the earlier ones. */
static void
number_anew(struct hd_seen *s)
{
	for (size_t i = 0; i < s->cap; i++)
		if (s->notes[i] >> WALK_SHIFT != 0)
			s->notes[i] = 1u << WALK_SHIFT | (s->notes[i] & HD_SEEN_NOTE);
	s->walk = 1;
}

void
hd_seen_begin(struct hd_seen *s)
{
	if (s->walk == LAST_WALK)
		number_anew(s);
	s->walk++;
}

static uint64_t
hash_of(struct str key)
{
	uint64_t hash = str_hash(key);

	return hash + (hash == 0);
}

/* The hash's slot, or the free one where it belongs. */
static size_t
slot_of(const struct hd_seen *s, uint64_t hash)
{
	size_t i = (size_t)hash & (s->cap - 1);

	while (s->hashes[i] != 0 && s->hashes[i] != hash)
		i = (i + 1) & (s->cap - 1);
	return i;
}

static bool
grow(struct hd_seen *s)
{
	struct hd_seen more = *s;
	void *memory;

	if (s->own && s->n >= HD_SEEN_MAX)
		return false;
	if (s->own)
		more.arena = arena_new(bytes_of(s->cap * 2));
	memory = arena_try_alloc(more.arena, bytes_of(s->cap * 2));
	if (memory == NULL) {
		arena_fail(s->arena);
		return false;
	}
	set_slots(&more, memory, s->cap * 2);
	for (size_t i = 0; i < s->cap; i++) {
		size_t to;

		if (s->hashes[i] == 0)
			continue;
		to = slot_of(&more, s->hashes[i]);
		more.hashes[to] = s->hashes[i];
		more.notes[to] = s->notes[i];
	}
	if (s->own)
		arena_free(s->arena);
	*s = more;
	return true;
}

/* The key's slot, made for it if there was none. False: there is no room. */
static bool
take_slot(struct hd_seen *s, struct str key, size_t *slot)
{
	uint64_t hash = hash_of(key);

	*slot = slot_of(s, hash);
	if (s->hashes[*slot] == hash)
		return true;
	if (s->n + 1 > s->cap / 4 * 3) {
		if (!grow(s)) {
			s->full = true;
			return false;
		}
		*slot = slot_of(s, hash);
	}
	s->hashes[*slot] = hash;
	s->notes[*slot] = 0;
	s->n++;
	return true;
}

bool
hd_seen_add(struct hd_seen *s, struct str key)
{
	size_t i;

	if (!take_slot(s, key, &i) || s->notes[i] >> WALK_SHIFT == s->walk)
		return false;
	s->notes[i] = s->walk << WALK_SHIFT | (s->notes[i] & HD_SEEN_NOTE);
	return true;
}

bool
hd_seen_has(const struct hd_seen *s, struct str key)
{
	uint64_t hash = hash_of(key);
	size_t i = slot_of(s, hash);

	return s->hashes[i] == hash && s->notes[i] >> WALK_SHIFT != 0;
}

bool
hd_seen_note(struct hd_seen *s, struct str key, uint32_t note)
{
	size_t i;

	if (!take_slot(s, key, &i))
		return true;
	if ((s->notes[i] & HD_SEEN_NOTE) == note)
		return false;
	s->notes[i] = (s->notes[i] & ~HD_SEEN_NOTE) | note;
	return true;
}

bool
hd_seen_noted(const struct hd_seen *s, struct str key, uint32_t note)
{
	uint64_t hash = hash_of(key);
	size_t i = slot_of(s, hash);

	return s->hashes[i] == hash && (s->notes[i] & HD_SEEN_NOTE) == note;
}
