/*
 * The model server's memory: what it was told to do and what it has seen. What always holds: every
 * request is counted once as refused or under one kind; a body that came is counted under its
 * digest, whatever it was answered with.
 */
#include "sim/model.h"

#include <stdlib.h>

#include "sim/model_internal.h"

#define ARENA_BYTES ((size_t)8 << 30) /* a bound, not a reservation */
#define NOTE_BYTES  300

/* clang-format off */
static const struct {
	const char *name;
	bool paid;
} kinds[MODEL_KINDS] = {
	[MODEL_GOOD] = { "good", true },
	[MODEL_FABRICATED] = { "fabricated", true },
	[MODEL_SPLICED] = { "spliced", true },
	[MODEL_PARAPHRASE] = { "paraphrase", true },
	[MODEL_WRONG_ID] = { "wrong_id", true },
	[MODEL_UNKNOWN_ID] = { "unknown_id", true },
	[MODEL_MISSING_TOPIC] = { "missing_topic", true },
	[MODEL_DOUBLE_TOPIC] = { "double_topic", true },
	[MODEL_UNKNOWN_TOPIC] = { "unknown_topic", true },
	[MODEL_OUT_OF_RANGE] = { "out_of_range", true },
	[MODEL_EXTRA_MEMBER] = { "extra_member", true },
	[MODEL_WRONG_TYPE] = { "wrong_type", true },
	[MODEL_FENCED] = { "fenced", true },
	[MODEL_PROSE_AROUND] = { "prose_around", true },
	[MODEL_BROKEN_JSON] = { "broken_json", true },
	[MODEL_REFUSAL] = { "refusal", true },
	[MODEL_INCOMPLETE_LENGTH] = { "incomplete_length", true },
	[MODEL_CONTENT_FILTER] = { "content_filter", true },
	[MODEL_FAILED] = { "failed", false },
	[MODEL_429] = { "429", false },
	[MODEL_429_DATE] = { "429_date", false },
	[MODEL_429_BARE] = { "429_bare", false },
	[MODEL_QUOTA] = { "quota", false },
	[MODEL_500] = { "500", false },
	[MODEL_503] = { "503", false },
	[MODEL_SLOW] = { "slow", true },
	[MODEL_HANG] = { "hang", true },
	[MODEL_CUT] = { "cut", true },
	[MODEL_CLOSE] = { "close", true },
	[MODEL_GARBAGE] = { "garbage", true },
	[MODEL_EMPTY] = { "empty", true },
	[MODEL_HUGE] = { "huge", true },
	[MODEL_400] = { "400", false },
	[MODEL_401] = { "401", false },
	[MODEL_403] = { "403", false },
	[MODEL_404] = { "404", false },
};
/* clang-format on */

const char *
model_kind_name(enum model_kind kind)
{
	return kinds[kind].name;
}

enum model_kind
model_kind_of(struct str name)
{
	int kind = 0;

	while (kind < MODEL_KINDS && !str_eq(name, str_from(kinds[kind].name)))
		kind++;
	return (enum model_kind)kind;
}

bool
model_kind_is_paid(enum model_kind kind)
{
	return kinds[kind].paid;
}

bool
model_manners_parse(struct str text, struct model_manners *out)
{
	struct model_manners manners = { { 0 } };
	struct str part;
	unsigned sum = 0;

	if (str_eq(text, STR("all")))
		for (int i = MODEL_GOOD + 1; i < MODEL_KINDS; i++)
			manners.permille[i] = MODEL_MANNER_PERMILLE;
	else if (!str_eq(text, STR("none")))
		while (str_split(&text, ',', &part)) {
			size_t eq = str_find(part, '=');
			enum model_kind kind = model_kind_of(str_sub(part, 0, eq));
			int64_t n = MODEL_MANNER_PERMILLE;
			if (kind == MODEL_KINDS || kind == MODEL_GOOD ||
			    (eq < part.n && !str_to_i64(str_sub(part, eq + 1, part.n), &n)) ||
			    n < 0 || n > 1000)
				return false;
			manners.permille[kind] = (unsigned)n;
		}
	for (int i = 0; i < MODEL_KINDS; i++)
		sum += manners.permille[i];
	if (sum > 1000)
		return false;
	*out = manners;
	return true;
}

void
model_options_init(struct model_options *o)
{
	*o = (struct model_options){ .seed = 1,
		                     .api_key = STR_NONE,
		                     .base = STR("/v1"),
		                     .models = STR_NONE,
		                     .snapshot = STR("-2026-01-20"),
		                     .slow_ms = 3000,
		                     .retry_after_s = 1,
		                     .huge_bytes = (size_t)256 << 20,
		                     .kept = 32 };
}

struct model *
model_new(const struct model_options *o)
{
	struct model *m = calloc(1, sizeof *m);

	if (m == NULL)
		abort();
	m->options = *o;
	if (o->kept < 1 || o->kept > MODEL_MAX_KEPT)
		m->options.kept = MODEL_MAX_KEPT;
	m->arena = arena_new(ARENA_BYTES);
	m->by_digest = ARENA_NEW(m->arena, struct map);
	map_init(m->by_digest, m->arena, 1000);
	m->by_words = ARENA_NEW(m->arena, struct map);
	map_init(m->by_words, m->arena, 1000);
	return m;
}

static void
drop(struct str *s)
{
	free((void *)(uintptr_t)s->p);
	*s = STR_NONE;
}

/* A copy of the text in the place of what was there. */
static void
keep(struct str *place, struct str s)
{
	char *p = malloc(s.n + 1);

	if (p == NULL)
		abort();
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	drop(place);
	place->p = p;
	place->n = s.n;
}

void
model_free(struct model *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < MODEL_MAX_KEPT; i++)
		drop(&m->kept[i].body);
	drop(&m->last_refusal);
	drop(&m->last_violation);
	arena_free(m->arena);
	free(m);
}

void
model_note(struct str *note, struct str text)
{
	keep(note, str_sub(text, 0, NOTE_BYTES));
}

const struct model_prompt_count *
model_count(const struct model *m, struct str digest)
{
	size_t i = map_get(m->by_digest, digest);

	return i == MAP_NONE ? NULL : &m->counts[i];
}

size_t
model_count_body(struct model *m, const char digest[SHA256_HEX_LEN + 1])
{
	bool added;
	struct str key = str_from(digest);
	size_t i = map_get(m->by_digest, key);

	if (i == MAP_NONE) {
		if (m->ncounts == m->counts_cap) {
			size_t cap = m->counts_cap == 0 ? 64 : 2 * m->counts_cap;
			struct model_prompt_count *more =
				ARENA_ARRAY(m->arena, cap, struct model_prompt_count);
			if (m->ncounts > 0)
				memcpy(more, m->counts, m->ncounts * sizeof *more);
			m->counts = more;
			m->counts_cap = cap;
		}
		memcpy(m->counts[m->ncounts].digest, digest, SHA256_HEX_LEN + 1);
		i = map_put(m->by_digest, str_dup(m->arena, key), m->ncounts++, &added);
	}
	m->counts[i].requests++;
	return i;
}

uint64_t
model_count_words(struct model *m, const unsigned char words[SHA256_LEN])
{
	struct str key = str_n((const char *)words, SHA256_LEN);
	size_t before = map_get(m->by_words, key);

	if (before == MAP_NONE) {
		before = 0;
		key = str_dup(m->arena, key);
	}
	map_set(m->by_words, key, before + 1);
	return before;
}

struct model_kept *
model_keep(struct model *m, const char digest[SHA256_HEX_LEN + 1], struct str body)
{
	struct model_kept *k = &m->kept[m->nkept++ % m->options.kept];

	keep(&k->body, body);
	memcpy(k->digest, digest, SHA256_HEX_LEN + 1);
	k->status = 0;
	k->kind = MODEL_KINDS;
	return k;
}
