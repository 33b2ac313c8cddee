/*
 * Any bytes as a page of the helpdesk; the first byte says of which list. Beyond not crashing: what
 * comes out keeps the promises of hd_decode.h, the canonical form of a page says the same as the
 * page, and a walk over it ends.
 */
#include <assert.h>
#include <stdint.h>

#include "core/import_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_time(int64_t at)
{
	return at > INT64_C(-62167219200001) && at < INT64_C(253402300800000);
}

static void
check_tickets(const struct hd_page *p)
{
	for (size_t i = 0; i < p->ntickets; i++) {
		const struct hd_ticket *t = &p->tickets[i];
		assert(t->index < p->n && (i == 0 || t->index > t[-1].index));
		assert(t->uuid.n > 0 && t->uuid.n <= HD_MAX_ID && t->raw.n > 0);
		assert(is_time(t->updated_at) && p->times[t->index] == t->updated_at);
		assert(t->created_at == TIME_NONE || is_time(t->created_at));
		assert(t->trackings_known || t->ntrackings == 0);
		assert(t->contact.name.n <= HD_MAX_NAME && t->contact.picture_url.n <= HD_MAX_URL);
		for (size_t k = 0; k < t->ntrackings; k++)
			assert(t->trackings[k].t.id != HD_NO_ID && t->trackings[k].raw.n > 0);
	}
}

static void
check_others(const struct hd_page *p)
{
	for (size_t i = 0; i < p->nmessages; i++) {
		const struct hd_message *m = &p->messages[i];
		assert(m->index < p->n && m->id != HD_NO_ID && m->raw.n > 0);
		assert(is_time(m->created_at) && is_time(m->updated_at));
		assert(m->body.n <= HD_MAX_BODY && m->media_url.n <= HD_MAX_URL);
	}
	for (size_t i = 0; i < p->npeople; i++) {
		const struct hd_person *c = &p->people[i];
		assert(c->index < p->n && c->contact.id != HD_NO_ID && c->raw.n > 0);
		assert(c->tags_known || c->ntags == 0);
		for (size_t k = 0; k < c->ntags; k++)
			assert(c->tags[k].id != HD_NO_ID);
	}
}

static void
check_page(const struct hd_page *p)
{
	size_t lost = 0;

	for (size_t i = 0; i < p->nproblems; i++) {
		const struct hd_problem *x = &p->problems[i];
		assert(x->index < p->n && x->code != NULL && x->path.n > 0 && x->raw.n > 0);
		lost += x->whole;
	}
	assert(lost + p->ntickets + p->nmessages + p->npeople == p->n);
	for (size_t i = 0; i < p->n; i++)
		assert(p->keys[i].text.n > 0);
	assert(p->hints.more >= -1 && p->hints.more <= 1 && p->hints.page >= -1);
	assert(p->hints.pages == HD_NO_N || p->hints.pages > 0);
	check_tickets(p);
	check_others(p);
}

/* Each problem has a text of a known length. */
static void
check_texts(enum hd_list list, const struct hd_page *p)
{
	struct arena *a = arena_new(1u << 20);

	for (size_t i = 0; i < p->nproblems; i++) {
		struct str text = hd_problem_text(a, list, &p->problems[i]);
		assert(text.n > 0 && text.n < 96);
		arena_reset(a);
	}
	arena_free(a);
}

/* The same page for every number, as a source that ignores it would serve. */
static void
walk(const struct hd_page *p)
{
	struct arena *a = arena_new(64u << 20);
	struct import_walk w;
	enum import_next next;
	int steps = 0;

	import_walk_init(&w, a, 0, false);
	do {
		next = import_walk_tickets(&w, p);
		steps++;
	} while (next == IMPORT_NEXT_PAGE || next == IMPORT_FROM_START);
	assert(steps <= 2 * (1 + IMPORT_MAX_RESTARTS) + 1);
	arena_free(a);
}

/* Canonical form makes text of such numbers, and text may be an id where a number was none. */
static bool
has_far_number(const cJSON *v)
{
	if (json_is_number(v))
		return !(v->valuedouble < 1e15 && v->valuedouble > -1e15);
	for (const cJSON *m = json_first(v); m != NULL; m = m->next)
		if (has_far_number(m))
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64u << 20);
	enum hd_list list = size > 0 ? (enum hd_list)(data[0] % 3) : HD_TICKETS;
	struct str body = str_n((const char *)data + (size > 0), size - (size > 0));
	struct hd_page p, q;
	const cJSON *root = NULL;

	if (hd_decode(a, list, body, &p) == ERR_OK) {
		check_page(&p);
		check_texts(list, &p);
		walk(&p);
		/* a body near the cap is not looked at again */
		if (arena_used(a) < 8u << 20 && json_parse(a, body, &root) == ERR_OK &&
		    !has_far_number(root) &&
		    hd_decode(a, list, json_canonical(a, root), &q) == ERR_OK) {
			assert(p.n == q.n && p.nproblems == q.nproblems);
			assert(p.ntickets == q.ntickets && p.nmessages == q.nmessages);
			for (size_t i = 0; i < p.n; i++)
				assert(str_eq(p.keys[i].text, q.keys[i].text) &&
				       p.times[i] == q.times[i]);
		}
	}
	arena_free(a);
	return 0;
}
