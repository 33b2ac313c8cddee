/*
 * Any bytes as the model's answer: as a whole body, or (first byte odd) as the text in one. Beyond
 * not crashing: every outcome keeps the promises of report.h, and what is stored is a whole report
 * whose verified quotations are in the messages they name.
 */
#include <assert.h>
#include <stdint.h>

#include "base/utf8.h"
#include "core/evidence.h"
#include "core/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct prompt_sent sent[] = {
	{ { { 1 } }, { "Bom dia, quanto custa?", 22 }, true },
	{ { { 2 } }, { "R$ 10 (dez reais)\ncada", 22 }, true },
	{ { { 3 } }, { "um", 2 }, false },
};

static const struct script *
make_script(void)
{
	static struct script_topic topics[] = { { { "a", 1 }, { "A", 1 }, 1 },
		                                { { "b", 1 }, { "B", 1 }, 2 } };
	static const struct script s = { .key = { "k", 1 }, .version = 1, .topics = { topics, 2 } };

	return &s;
}

static struct str
make_body(struct arena *a, const uint8_t *data, size_t size)
{
	struct str rest = str_n((const char *)data + (size > 0), size - (size > 0));
	struct buf b;
	struct jw w;

	if (size == 0 || data[0] % 2 == 0)
		return rest;
	buf_init(&b, a, SIZE_MAX / 4);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kz(&w, "status", data[0] % 4 == 1 ? "completed" : "incomplete");
	jw_key(&w, "output");
	jw_arr(&w);
	jw_obj(&w);
	jw_key(&w, "content");
	jw_arr(&w);
	jw_obj(&w);
	jw_kz(&w, "type", data[0] % 8 == 7 ? "refusal" : "output_text");
	jw_kstr(&w, data[0] % 8 == 7 ? "refusal" : "text", rest);
	jw_obj_end(&w);
	jw_arr_end(&w);
	jw_obj_end(&w);
	jw_arr_end(&w);
	jw_obj_end(&w);
	return buf_slice(&b);
}

static void
check_evidence(struct arena *a, const cJSON *list, size_t *verified, size_t *unverified)
{
	for (const cJSON *v = json_first(list); v != NULL; v = v->next) {
		struct str excerpt = json_str(json_get(v, "excerpt"));
		struct uuid id;
		bool good = false;
		size_t at = 0;

		assert(json_bool(json_get(v, "verified"), &good) && str_is_set(excerpt));
		*verified += good;
		*unverified += !good;
		if (uuid_parse(json_str(json_get(v, "messageId")), &id) != ERR_OK) {
			assert(!good && str_is_set(json_str(json_get(v, "claimedId"))));
			continue;
		}
		while (!uuid_eq(sent[at].id, id))
			assert(++at < 3);
		assert(!good || sent[at].shown);
		assert(!good || evidence_found(evidence_normal(a, sent[at].text),
		                               evidence_excerpt(a, excerpt)));
	}
}

static void
check_done(struct arena *a, const struct report *r)
{
	static const char *const lists[] = { "issues", "highlights" };
	size_t verified = 0, unverified = 0;
	const cJSON *root = NULL, *v;

	assert(r->reason == NULL && !str_is_set(r->error));
	assert(r->overall_score >= 0 && r->overall_score <= 100);
	assert(json_parse(a, r->json, &root) == ERR_OK && json_count(root) == 10);
	v = json_first(json_get(root, "checklist"));
	assert(json_count(json_get(root, "checklist")) == 2);
	assert(str_eq(json_str(json_get(v, "key")), STR("a")));
	assert(str_eq(json_str(json_get(v->next, "label")), STR("B")));
	for (size_t i = 0; i < 2; i++)
		for (v = json_first(json_get(root, lists[i])); v != NULL; v = v->next)
			check_evidence(a, json_get(v, "evidence"), &verified, &unverified);
	assert(verified == r->verified && unverified == r->unverified);
	assert(str_eq(json_str(json_get(root, "temperature")), str_from(r->temperature)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64u << 20);
	const struct prompt prompt = { .sent = sent, .n = 3 };
	struct report_asked asked = { .script = make_script(),
		                      .tag = STR("v1"),
		                      .prompt = &prompt,
		                      .longer = size > 0 && data[0] >= 128 };
	struct report r;

	report_read(a, &asked, make_body(a, data, size), &r);
	assert(r.usage.cached_tokens <= r.usage.input_tokens && r.usage.cached_tokens >= 0);
	assert(r.model.n <= REPORT_MAX_MODEL && r.error.n <= REPORT_MAX_ERROR);
	assert(utf8_valid_prefix(r.error) == r.error.n && str_find(r.error, '\n') == r.error.n);
	assert(r.outcome != REPORT_LONGER || !asked.longer);
	if (r.outcome == REPORT_DONE)
		check_done(a, &r);
	else
		assert(r.reason != NULL && r.error.n > 0 && !str_is_set(r.json));
	arena_free(a);
	return 0;
}
