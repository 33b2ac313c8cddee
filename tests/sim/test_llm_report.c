/*
 * What the simulated model server reports. What always holds: a good report is one that the
 * request's schema allows, with quotations that are in the messages byte for byte; a bad one is
 * wrong in the way that its kind says and in no other.
 */
#include <math.h>

#include "llm_fixture.h"

#define SEEDS 60

/* The texts of an answer, joined as a reader has to. */
static struct str
output_text(const cJSON *response)
{
	struct buf b;

	buf_init(&b, test_arena(), 16u << 20);
	for (const cJSON *v = json_first(json_get(response, "output")); v != NULL; v = v->next)
		for (const cJSON *c = json_first(json_get(v, "content")); c != NULL; c = c->next)
			if (str_eq(json_str(json_get(c, "type")), STR("output_text")))
				buf_str(&b, json_str(json_get(c, "text")));
	return buf_slice(&b);
}

static const cJSON *
report_of(struct web_reply r)
{
	ck_assert_int_eq(r.status, 200);
	return test_json(output_text(test_json(r.body)));
}

/* Whether the schema allows the value, as far as the schemas of these tests go. */
static bool
allows(const cJSON *schema, const cJSON *v)
{
	struct str type = json_str(json_get(schema, "type"));
	const cJSON *choices = json_get(schema, "enum"), *bound;

	if (choices != NULL) {
		for (const cJSON *c = json_first(choices); c != NULL; c = c->next)
			if (str_eq(json_str(c), json_str(v)))
				return true;
		return false;
	}
	if (str_eq(type, STR("object"))) {
		for (const cJSON *c = json_first(v); c != NULL; c = c->next)
			if (!allows(json_get(json_get(schema, "properties"), c->string), c))
				return false;
		return json_count(v) == json_count(json_get(schema, "required"));
	}
	if (str_eq(type, STR("array"))) {
		for (const cJSON *c = json_first(v); c != NULL; c = c->next)
			if (!allows(json_get(schema, "items"), c))
				return false;
		return json_is_array(v);
	}
	if (str_eq(type, STR("string")))
		return str_is_set(json_str(v));
	if (str_eq(type, STR("boolean")))
		return cJSON_IsBool(v);
	if (!json_is_number(v) || v->valuedouble != floor(v->valuedouble))
		return false;
	bound = json_get(schema, "minimum");
	if (bound != NULL && v->valuedouble < bound->valuedouble)
		return false;
	bound = json_get(schema, "maximum");
	return bound == NULL || v->valuedouble <= bound->valuedouble;
}

static const cJSON *
schema_of(struct str body)
{
	return json_get(json_get(json_get(test_json(body), "text"), "format"), "schema");
}

/* The request's messages, read apart from the simulator. */
struct talk {
	size_t n;
	struct str ids[64], texts[64];
};

static struct talk
talk_of(struct str body)
{
	const cJSON *content = json_get(json_first(json_get(test_json(body), "input")), "content");
	struct str rest = json_str(json_get(json_first(content)->next, "text")), line;
	struct talk t = { 0 };

	while (str_split(&rest, '\n', &line)) {
		const cJSON *v = test_json(line);
		ck_assert_uint_lt(t.n, 64);
		t.ids[t.n] = json_str(json_get(v, "id"));
		t.texts[t.n++] = json_str(json_get(v, "text"));
	}
	ck_assert_uint_gt(t.n, 0);
	return t;
}

/* How many of a list's quotations are in the message that they name, in another one, in none. */
struct found {
	size_t here, elsewhere, nowhere, unknown;
};

static struct found
look_up(const struct talk *t, const cJSON *report, const char *list)
{
	struct found f = { 0 };

	for (const cJSON *v = json_first(json_get(report, list)); v != NULL; v = v->next)
		for (const cJSON *e = json_first(json_get(v, "evidence")); e != NULL; e = e->next) {
			struct str excerpt = json_str(json_get(e, "excerpt"));
			bool known = false, here = false, other = false;
			for (size_t i = 0; i < t->n; i++) {
				bool named = str_eq(t->ids[i], json_str(json_get(e, "messageId")));
				known = known || named;
				*(named ? &here : &other) |= holds(t->texts[i], excerpt);
			}
			f.unknown += !known;
			*(here ? &f.here : other ? &f.elsewhere : &f.nowhere) += 1;
		}
	return f;
}

START_TEST(a_good_report_is_one_that_the_schema_allows_and_quotes_truly)
{
	struct str body = example();
	const cJSON *schema = schema_of(body);
	struct talk t = talk_of(body);
	size_t quotes = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct llm *m = make(LLM_GOOD, seed);
		const cJSON *report = report_of(ask(m, body));
		struct found issues = look_up(&t, report, "issues");
		struct found highlights = look_up(&t, report, "highlights");
		ck_assert_msg(allows(schema, report), "seed %d", (int)seed);
		ck_assert_uint_eq(issues.elsewhere + issues.nowhere, 0);
		ck_assert_uint_eq(highlights.elsewhere + highlights.nowhere, 0);
		ck_assert_uint_eq(m->stats.evidence_true, issues.here + highlights.here);
		ck_assert_uint_eq(m->stats.evidence_false, 0);
		ck_assert_uint_eq(json_count(json_get(report, "checklist")), 3);
		quotes += issues.here;
		llm_free(m);
	}
	ck_assert_uint_ge(quotes, SEEDS);
}
END_TEST

START_TEST(false_quotations_are_false_in_their_way)
{
	struct str body = example();
	struct talk t = talk_of(body);

	for (int kind = LLM_FABRICATED; kind <= LLM_UNKNOWN_ID; kind++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct llm *m = make((enum llm_kind)kind, seed);
			const cJSON *report = report_of(ask(m, body));
			struct found f = look_up(&t, report, "issues");
			struct found good = look_up(&t, report, "highlights");
			ck_assert(allows(schema_of(body), report));
			ck_assert_uint_eq(f.here, 0);
			ck_assert_uint_eq(good.elsewhere + good.nowhere, 0);
			ck_assert_uint_eq(m->stats.evidence_true, good.here);
			ck_assert_uint_eq(m->stats.evidence_false, f.elsewhere + f.nowhere);
			ck_assert_uint_gt(m->stats.evidence_false, 0);
			if (kind == LLM_WRONG_ID || kind == LLM_UNKNOWN_ID)
				ck_assert_uint_eq(f.nowhere, 0);
			else
				ck_assert_uint_eq(f.elsewhere, 0);
			ck_assert_uint_eq(f.unknown,
			                  kind == LLM_UNKNOWN_ID ? m->stats.evidence_false : 0);
			llm_free(m);
		}
}
END_TEST

START_TEST(a_splice_has_words_of_two_messages)
{
	struct talk t = talk_of(example());

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct llm *m = make(LLM_SPLICED, seed);
		const cJSON *report = report_of(ask(m, example()));
		const cJSON *e =
			json_first(json_get(json_first(json_get(report, "issues")), "evidence"));
		struct str excerpt = json_str(json_get(e, "excerpt"));
		bool spliced = false;
		for (size_t at = 0; at < excerpt.n; at++)
			for (size_t i = 0; excerpt.p[at] == ' ' && i < t.n; i++)
				for (size_t k = 0; k < t.n; k++)
					spliced |= i != k &&
					           holds(t.texts[i], str_sub(excerpt, 0, at)) &&
					           holds(t.texts[k],
					                 str_sub(excerpt, at + 1, excerpt.n));
		ck_assert_msg(spliced, STR_FMT, STR_ARG(excerpt));
		llm_free(m);
	}
}
END_TEST

static size_t
count_key(const cJSON *report, const char *key)
{
	size_t n = 0;

	for (const cJSON *v = json_first(json_get(report, "checklist")); v != NULL; v = v->next)
		n += str_eq(json_str(json_get(v, "key")), str_from(key));
	return n;
}

static const cJSON *
report_as(enum llm_kind kind)
{
	struct llm *m = make(kind, 7);
	const cJSON *report = report_of(ask(m, example()));

	llm_free(m);
	return report;
}

START_TEST(wrong_reports_are_wrong_in_their_way)
{
	const cJSON *report = report_as(LLM_MISSING_TOPIC), *schema = schema_of(example());

	ck_assert_uint_eq(json_count(json_get(report, "checklist")), 2);
	ck_assert_uint_eq(count_key(report, "proximo_passo"), 0);
	ck_assert(allows(schema, report));
	report = report_as(LLM_DOUBLE_TOPIC);
	ck_assert_uint_eq(json_count(json_get(report, "checklist")), 4);
	ck_assert_uint_eq(count_key(report, "saudacao"), 2);
	ck_assert(allows(schema, report));
	report = report_as(LLM_UNKNOWN_TOPIC);
	ck_assert_uint_eq(json_count(json_get(report, "checklist")), 3);
	ck_assert_uint_eq(count_key(report, "proximo_passo"), 0);
	ck_assert(!allows(schema, report));
	report = report_as(LLM_OUT_OF_RANGE);
	int64_t score = 0, first = 0;
	ck_assert(json_i64(json_get(report, "overallScore"), &score));
	ck_assert(json_i64(json_get(json_first(json_get(report, "checklist")), "score"), &first));
	ck_assert_int_eq(score, 140);
	ck_assert_int_eq(first, -5);
	report = report_as(LLM_EXTRA_MEMBER);
	ck_assert(json_is_number(json_get(report, "confidence")) && !allows(schema, report));
	report = report_as(LLM_WRONG_TYPE);
	ck_assert(str_is_set(json_str(json_get(report, "overallScore"))));
	ck_assert(str_is_set(json_str(json_get(report, "recommendations"))));
}
END_TEST

START_TEST(a_rubric_without_topics_has_an_empty_checklist_or_a_wrong_one)
{
	struct str body = json_raw(test_arena(), test_data_json("model-request-example.json"));
	struct str keys = STR(",\"enum\":[\"saudacao\",\"prazo_de_entrega\",\"proximo_passo\"]");
	const char *at = memmem(body.p, body.n, keys.p, keys.n);
	static const struct {
		enum llm_kind kind;
		size_t items;
	} cases[] = {
		{ LLM_GOOD, 0 },
		{ LLM_DOUBLE_TOPIC, 2 },
		{ LLM_UNKNOWN_TOPIC, 1 },
		{ LLM_MISSING_TOPIC, 0 },
	};

	ck_assert_ptr_nonnull(at);
	size_t before = (size_t)(at - body.p);
	body = str_fmt(test_arena(), STR_FMT STR_FMT, STR_ARG(str_sub(body, 0, before)),
	               STR_ARG(str_sub(body, before + keys.n, body.n)));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct llm *m = make(cases[i].kind, 1);
		const cJSON *report = report_of(ask(m, body)),
			    *list = json_get(report, "checklist");
		ck_assert_uint_eq(json_count(list), cases[i].items);
		ck_assert((list != NULL) == (cases[i].kind != LLM_MISSING_TOPIC));
		ck_assert(allows(schema_of(body), report) == (list != NULL));
		llm_free(m);
	}
}
END_TEST

START_TEST(odd_conversations_are_quoted_truly_too)
{
	static const struct {
		const char *lines;
		size_t messages;
		bool quoted;
	} cases[] = {
		{ "{\"id\":\"m1\",\"text\":\"[áudio: conteúdo não disponível]\"}", 1, false },
		{ "{\"id\":\"m1\",\"text\":\"  \\n\\t \"}\n{\"id\":\"m2\",\"text\":\"!!! ...\"}", 2,
		  false },
		{ "{\"id\":\"m1\",\"text\":\"sim\"}", 1, true },
		{ "{\"id\":\"m1\",\"text\":\"👍🏽\\n\\nok  então\\u2028tá\"}\n"
		  "{\"id\":\"m2\",\"text\":\"\\\"a\\\\b\\\"\"}",
		  2, true },
		{ "{\"gap\":12}\nsem mensagem nenhuma\n{\"id\":7,\"text\":\"x\"}\n{\"id\":", 0,
		  false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str body = with_lines(cases[i].lines);
		struct llm_prompt p;
		struct dice d = { i };
		struct llm_quote q;
		llm_prompt_read(test_arena(), test_json(body), &p);
		ck_assert_uint_eq(p.messages.n, cases[i].messages);
		for (int turn = 0; turn < 50; turn++) {
			ck_assert(llm_quote_make(test_arena(), &d, &p, LLM_GOOD, &q) ==
			          cases[i].quoted);
			if (!cases[i].quoted)
				continue;
			bool found = false;
			for (size_t k = 0; k < p.messages.n; k++)
				found |= str_eq(p.messages.v[k].id, q.id) &&
				         holds(p.messages.v[k].text, q.excerpt);
			ck_assert(found);
		}
		struct llm *m = make(LLM_GOOD, i + 1);
		ck_assert(allows(schema_of(body), report_of(ask(m, body))));
		llm_free(m);
	}
}
END_TEST

START_TEST(odd_schemas_get_an_answer_that_ends)
{
	static const char *const schemas[] = {
		("{\"type\":\"object\",\"properties\":{\"issues\":{\"type\":\"array\",\"minItems\":"
		 "3,"
		 "\"items\":{\"$ref\":\"#\"}}}}"),
		"{\"$ref\":\"#\"}",
		"{\"type\":\"object\",\"properties\":[{\"type\":\"string\"}]}",
		("{\"type\":\"object\",\"properties\":{\"overallScore\":{\"type\":\"number\","
		 "\"minimum\":1e300,\"maximum\":-1e300},\"issues\":{\"type\":\"array\","
		 "\"minItems\":-1e300,"
		 "\"items\":{}}}}"),
		"{\"type\":[\"null\",\"string\"]}",
	};

	for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
		struct llm *m = make(LLM_GOOD, i + 1);
		struct web_reply r = ask(
			m,
			str_fmt(test_arena(),
		                "{\"model\":\"m\",\"input\":\"oi\",\"text\":{\"format\":{\"type\":"
		                "\"json_schema\",\"name\":\"a\",\"schema\":%s}}}",
		                schemas[i]));
		ck_assert_int_eq(r.status, 200);
		ck_assert_uint_lt(r.body.n, 8u << 20);
		ck_assert_str(json_str(json_get(test_json(r.body), "status")), "completed");
		llm_free(m);
	}
}
END_TEST

START_TEST(a_long_message_is_quoted_in_whole_words)
{
	struct buf b;
	struct dice d = { 3 };
	struct llm_quote q;
	struct llm_message one = { STR("m1"), STR_NONE };
	struct llm_prompt p = { .messages = { &one, 1, 1 } };

	buf_init(&b, test_arena(), 2u << 20);
	for (int i = 0; b.n < (1u << 20); i++)
		buf_fmt(&b, "palavra%d ção%d\n", i, i);
	one.text = buf_slice(&b);
	for (int turn = 0; turn < 200; turn++) {
		ck_assert(llm_quote_make(test_arena(), &d, &p, LLM_GOOD, &q));
		const char *at = memmem(one.text.p, one.text.n, q.excerpt.p, q.excerpt.n);
		ck_assert_ptr_nonnull(at);
		ck_assert(at == one.text.p || at[-1] == ' ' || at[-1] == '\n');
		ck_assert(at[q.excerpt.n] == ' ' || at[q.excerpt.n] == '\n');
		ck_assert(llm_quote_make(test_arena(), &d, &p, LLM_SPLICED, &q) && !q.is_true);
		ck_assert(!holds(one.text, q.excerpt));
	}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"llm report", a_good_report_is_one_that_the_schema_allows_and_quotes_truly,
		false_quotations_are_false_in_their_way, a_splice_has_words_of_two_messages,
		wrong_reports_are_wrong_in_their_way,
		a_rubric_without_topics_has_an_empty_checklist_or_a_wrong_one,
		odd_schemas_get_an_answer_that_ends, odd_conversations_are_quoted_truly_too,
		a_long_message_is_quoted_in_whole_words);
}

TEST_MAIN(make_suite)
