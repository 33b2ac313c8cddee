/* Hash table on an arena. What always holds: at most 3/4 of the slots are used, so every probe
 * ends. */
#include "base/map.h"

static struct map_slot *
find(const struct map *m, struct str key, uint64_t hash)
{
	size_t i = (size_t)hash & (m->cap - 1);

	while (m->slots[i].key.p != NULL &&
	       (m->slots[i].hash != hash || !str_eq(m->slots[i].key, key)))
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

static void
grow(struct map *m)
{
	struct map_slot *old = m->slots;
	size_t old_cap = m->cap;

	m->cap *= 2;
	m->slots = ARENA_ARRAY(m->arena, m->cap, struct map_slot);
	for (size_t i = 0; i < old_cap; i++) {
		if (old[i].key.p != NULL)
			*find(m, old[i].key, old[i].hash) = old[i];
	}
}

void
map_init(struct map *m, struct arena *arena, size_t expect)
{
	*m = (struct map){ .arena = arena, .cap = 16 };
	while (m->cap * 3 / 4 < expect)
		m->cap *= 2;
	m->slots = ARENA_ARRAY(arena, m->cap, struct map_slot);
}

size_t
map_get(const struct map *m, struct str key)
{
	const struct map_slot *s = find(m, key, str_hash(key));

	return s->key.p == NULL ? MAP_NONE : s->value;
}

size_t
map_put(struct map *m, struct str key, size_t value, bool *added)
{
	uint64_t hash = str_hash(key);
	struct map_slot *s = find(m, key, hash);

	if (added != NULL)
		*added = s->key.p == NULL;
	if (s->key.p != NULL)
		return s->value;
	*s = (struct map_slot){ .key = key.p == NULL ? STR("") : key,
		                .hash = hash,
		                .value = value };
	if (++m->n > m->cap * 3 / 4)
		grow(m);
	return value;
}

void
map_set(struct map *m, struct str key, size_t value)
{
	bool added;

	if (map_put(m, key, value, &added) != value)
		find(m, key, str_hash(key))->value = value;
}

struct str
map_key_uuid(struct arena *arena, struct uuid a, struct str rest)
{
	char *p = arena_alloc(arena, sizeof(a.b) + rest.n);

	memcpy(p, a.b, sizeof(a.b));
	if (rest.n > 0)
		memcpy(p + sizeof(a.b), rest.p, rest.n);
	return str_n(p, sizeof(a.b) + rest.n);
}

struct str
map_key_uuids(struct arena *arena, struct uuid a, struct uuid b)
{
	return map_key_uuid(arena, a, str_n((const char *)b.b, sizeof(b.b)));
}
