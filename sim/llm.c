/*
 * The model server's memory: what it was told to do and what it has seen. What always holds: every
 * request is counted once as refused or under one kind; a body that came is counted under its
 * digest, whatever it was answered with.
 */
#include "sim/llm.h"

#include <stdlib.h>

#include "sim/llm_internal.h"

#define ARENA_BYTES ((size_t)8 << 30) /* a bound, not a reservation */
#define NOTE_BYTES  300

/* clang-format off */
static const struct {
	const char *name;
	bool paid;
} kinds[LLM_KINDS] = {
	[LLM_GOOD] = { "good", true },
	[LLM_FABRICATED] = { "fabricated", true },
	[LLM_SPLICED] = { "spliced", true },
	[LLM_PARAPHRASE] = { "paraphrase", true },
	[LLM_WRONG_ID] = { "wrong_id", true },
	[LLM_UNKNOWN_ID] = { "unknown_id", true },
	[LLM_MISSING_TOPIC] = { "missing_topic", true },
	[LLM_DOUBLE_TOPIC] = { "double_topic", true },
	[LLM_UNKNOWN_TOPIC] = { "unknown_topic", true },
	[LLM_OUT_OF_RANGE] = { "out_of_range", true },
	[LLM_EXTRA_MEMBER] = { "extra_member", true },
	[LLM_WRONG_TYPE] = { "wrong_type", true },
	[LLM_FENCED] = { "fenced", true },
	[LLM_PROSE_AROUND] = { "prose_around", true },
	[LLM_BROKEN_JSON] = { "broken_json", true },
	[LLM_REFUSAL] = { "refusal", true },
	[LLM_INCOMPLETE_LENGTH] = { "incomplete_length", true },
	[LLM_CONTENT_FILTER] = { "content_filter", true },
	[LLM_FAILED] = { "failed", false },
	[LLM_429] = { "429", false },
	[LLM_429_DATE] = { "429_date", false },
	[LLM_429_BARE] = { "429_bare", false },
	[LLM_QUOTA] = { "quota", false },
	[LLM_500] = { "500", false },
	[LLM_503] = { "503", false },
	[LLM_SLOW] = { "slow", true },
	[LLM_HANG] = { "hang", true },
	[LLM_CUT] = { "cut", true },
	[LLM_CLOSE] = { "close", true },
	[LLM_GARBAGE] = { "garbage", true },
	[LLM_EMPTY] = { "empty", true },
	[LLM_HUGE] = { "huge", true },
	[LLM_400] = { "400", false },
	[LLM_401] = { "401", false },
	[LLM_403] = { "403", false },
	[LLM_404] = { "404", false },
	[LLM_ECHO_400] = { "400_echo", false },
	[LLM_ECHO_401] = { "401_echo", false },
	[LLM_ECHO_500] = { "500_echo", false },
	[LLM_ECHO_REFUSAL] = { "refusal_echo", true },
};
/* clang-format on */

const char *
llm_kind_name(enum llm_kind kind)
{
	return kinds[kind].name;
}

enum llm_kind
llm_kind_of(struct str name)
{
	int kind = 0;

	while (kind < LLM_KINDS && !str_eq(name, str_from(kinds[kind].name)))
		kind++;
	return (enum llm_kind)kind;
}

bool
llm_kind_is_paid(enum llm_kind kind)
{
	return kinds[kind].paid;
}

bool
llm_manners_parse(struct str text, struct llm_manners *out)
{
	struct llm_manners manners = { { 0 } };
	struct str part;
	unsigned sum = 0;

	if (str_eq(text, STR("all")))
		for (int i = LLM_GOOD + 1; i < LLM_KINDS; i++)
			manners.permille[i] = LLM_MANNER_PERMILLE;
	else if (!str_eq(text, STR("none")))
		while (str_split(&text, ',', &part)) {
			size_t eq = str_find(part, '=');
			enum llm_kind kind = llm_kind_of(str_sub(part, 0, eq));
			int64_t n = LLM_MANNER_PERMILLE;
			if (kind == LLM_KINDS || kind == LLM_GOOD ||
			    (eq < part.n && !str_to_i64(str_sub(part, eq + 1, part.n), &n)) ||
			    n < 0 || n > 1000)
				return false;
			manners.permille[kind] = (unsigned)n;
		}
	for (int i = 0; i < LLM_KINDS; i++)
		sum += manners.permille[i];
	if (sum > 1000)
		return false;
	*out = manners;
	return true;
}

void
llm_options_init(struct llm_options *o)
{
	*o = (struct llm_options){ .seed = 1,
		                   .api_key = STR_NONE,
		                   .base = STR("/v1"),
		                   .models = STR_NONE,
		                   .slow_ms = 3000,
		                   .retry_after_s = 1,
		                   .huge_bytes = (size_t)256 << 20,
		                   .kept = 32 };
}

struct llm *
llm_new(const struct llm_options *o)
{
	struct llm *m = calloc(1, sizeof *m);

	if (m == NULL)
		abort();
	m->options = *o;
	if (o->kept < 1 || o->kept > LLM_MAX_KEPT)
		m->options.kept = LLM_MAX_KEPT;
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
llm_free(struct llm *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < LLM_MAX_KEPT; i++)
		drop(&m->kept[i].body);
	drop(&m->last_refusal);
	drop(&m->last_violation);
	arena_free(m->arena);
	free(m);
}

void
llm_note(struct str *note, struct str text)
{
	keep(note, str_sub(text, 0, NOTE_BYTES));
}

const struct llm_prompt_count *
llm_count(const struct llm *m, struct str digest)
{
	size_t i = map_get(m->by_digest, digest);

	return i == MAP_NONE ? NULL : &m->counts[i];
}

size_t
llm_count_body(struct llm *m, const char digest[SHA256_HEX_LEN + 1])
{
	bool added;
	struct str key = str_from(digest);
	size_t i = map_get(m->by_digest, key);

	if (i == MAP_NONE) {
		struct llm_prompt_count *c =
			ARENA_ADD(m->arena, m->counts, m->ncounts, m->counts_cap);

		memcpy(c->digest, digest, SHA256_HEX_LEN + 1);
		i = map_put(m->by_digest, str_dup(m->arena, key), m->ncounts - 1, &added);
	}
	m->counts[i].requests++;
	return i;
}

uint64_t
llm_count_words(struct llm *m, const unsigned char words[SHA256_LEN])
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

struct llm_kept *
llm_keep(struct llm *m, const char digest[SHA256_HEX_LEN + 1], struct str body)
{
	struct llm_kept *k = &m->kept[m->nkept++ % m->options.kept];

	keep(&k->body, body);
	memcpy(k->digest, digest, SHA256_HEX_LEN + 1);
	k->status = 0;
	k->kind = LLM_KINDS;
	return k;
}
