/*
 * Any bytes as a webhook body. Beyond not crashing: what comes out keeps the promises of facts.h,
 * and the canonical form of a body says the same as the body.
 */
#include <assert.h>
#include <stdint.h>

#include "core/wa_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_person(const struct fact_person *p)
{
	for (size_t i = 0; i < p->wa_id.n; i++)
		assert(p->wa_id.p[i] >= '0' && p->wa_id.p[i] <= '9');
	assert(p->wa_id.n <= 20 && p->user_id.n <= WA_MAX_ID && p->parent_id.n <= WA_MAX_ID);
	assert(p->username.n <= WA_MAX_NAME);
}

static void
check_messages(const struct facts *f)
{
	for (size_t i = 0; i < f->messages.n; i++) {
		const struct fact_message *m = &f->messages.v[i];
		assert(m->route < f->routes.n);
		assert(m->wamid.n > 0 && m->wamid.n <= WA_MAX_ID && m->dedup_key.n > 0);
		assert(m->type.n > 0 && m->bytes.n > 0 && m->body.n <= WA_MAX_BODY);
		check_person(&m->thread);
		check_person(&m->from);
		check_person(&m->to);
		check_person(&m->contact);
	}
	for (size_t i = 0; i < f->amendments.n; i++) {
		const struct fact_amendment *m = &f->amendments.v[i];
		assert(m->route < f->routes.n);
		assert(m->target_key.n > 0 && m->target_wamid.n <= WA_MAX_ID);
		assert(m->kind == AMEND_STATUS || m->own_wamid.n > 0);
		assert(m->kind != AMEND_REACTION || str_is_set(m->emoji));
		check_person(&m->from);
		check_person(&m->to);
		check_person(&m->wamid_remote);
	}
}

static void
check_rest(const struct facts *f)
{
	size_t messages = 0, problems = 0;

	for (size_t i = 0; i < f->contacts.n; i++) {
		const struct fact_person *p = &f->contacts.v[i].person;
		assert(str_is_set(p->wa_id) || str_is_set(p->user_id));
		check_person(p);
	}
	for (size_t i = 0; i < f->chunks.n; i++) {
		const struct fact_chunk *c = &f->chunks.v[i];
		messages += c->messages;
		problems += c->problems;
		assert(messages <= f->messages.n && problems <= f->problems.n);
		assert(c->progress >= -1 && c->progress <= 100);
	}
	for (size_t i = 0; i < f->problems.n; i++)
		assert(f->problems.v[i].route < f->routes.n && f->problems.v[i].path.n > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64u << 20);
	struct str body = str_n((const char *)data, size), reason = STR_NONE;
	struct facts f = { 0 }, g = { 0 };
	const cJSON *root = NULL;

	if (wa_decode(a, body, &f, &reason) != WA_BODY_OK) {
		assert(str_is_set(reason));
		arena_free(a);
		return 0;
	}
	check_messages(&f);
	check_rest(&f);
	/* twice as much memory is needed for both: a body near the cap is not looked at again */
	if (arena_used(a) < 8u << 20 && json_parse(a, body, &root) == ERR_OK &&
	    wa_decode(a, json_canonical(a, root), &g, &reason) == WA_BODY_OK) {
		assert(f.messages.n == g.messages.n && f.amendments.n == g.amendments.n);
		assert(f.problems.n == g.problems.n && f.routes.n == g.routes.n);
		for (size_t i = 0; i < f.messages.n; i++)
			assert(str_eq(f.messages.v[i].bytes, g.messages.v[i].bytes));
	}
	arena_free(a);
	return 0;
}
