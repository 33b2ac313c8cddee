/* Answers of the model: the table of tests/data/report-cases.json, bounds, and what is stored. */
#include "core/report.h"

#include <stdio.h>

#include "base/utf8.h"
#include "core/model_error.h"
#include "described.h"
#include "prompt_fixture.h"

#define TAG "v1"

/* The session and the good report of the table. */
struct table {
	struct script script;
	struct prompt prompt;
	struct str report; /* compact */
	const cJSON *cases;
};

static enum prompt_role
role_of(struct str word)
{
	static const char *const words[] = { "CLIENTE", "ATENDENTE", "BOT", "SISTEMA" };

	for (size_t i = 0; i < 4; i++)
		if (str_eq(word, str_from(words[i])))
			return (enum prompt_role)i;
	ck_abort_msg("no role");
}

static struct table
read_table(void)
{
	const cJSON *root = test_data_json("report-cases.json");
	const cJSON *list = json_get(root, "messages");
	struct prompt_message *m =
		ARENA_ARRAY(test_arena(), json_count(list), struct prompt_message);
	struct table t = { .script = fixture_script(),
		           .report = json_raw(test_arena(), json_get(root, "report")),
		           .cases = json_get(root, "cases") };
	struct prompt_options o = fixture_options();
	size_t n = 0;

	for (const cJSON *v = json_first(list); v != NULL; v = v->next, n++) {
		m[n] = fixture_message(n, role_of(json_str(json_get(v, "role"))),
		                       json_str(json_get(v, "text")));
		m[n].type = json_str(json_get(v, "type"));
	}
	t.prompt = fixture_build(&t.script, m, n, &o);
	return t;
}

static struct str
replace(struct str s, struct str what, struct str with, size_t *times)
{
	struct buf b;

	buf_init(&b, test_arena(), 4u << 20);
	*times = 0;
	for (size_t i = 0; i < s.n;) {
		if (what.n > 0 && str_starts(str_sub(s, i, s.n), what)) {
			buf_str(&b, with);
			i += what.n;
			++*times;
		} else {
			buf_char(&b, s.p[i++]);
		}
	}
	return buf_slice(&b);
}

/* As it stands between the quotation marks of a JSON string. */
static struct str
quoted(struct str s)
{
	struct buf b;
	struct jw w;

	buf_init(&b, test_arena(), 4u << 20);
	jw_init(&w, &b);
	jw_str(&w, s);
	return str_sub(buf_slice(&b), 1, b.n - 2);
}

/* Puts the report, or its halves, where the case asks for them. */
static struct str
fill(struct str s, struct str report, bool in_json)
{
	struct str parts[] = { report, str_sub(report, 0, report.n / 2),
		               str_sub(report, report.n / 2, report.n) };
	static const char *const names[] = { "{report}", "{front}", "{back}" };
	size_t times;

	for (size_t i = 0; i < 3; i++)
		s = replace(s, str_from(names[i]), in_json ? quoted(parts[i]) : parts[i], &times);
	return s;
}

static struct str
body_with(struct str text)
{
	return str_fmt(test_arena(),
	               "{\"id\":\"resp_1\",\"status\":\"completed\",\"error\":null,"
	               "\"model\":\"gpt-5-mini-2025-08-07\",\"output\":[{\"type\":\"message\","
	               "\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":"
	               "\"" STR_FMT "\"}]}],\"usage\":{\"input_tokens\":10,\"output_tokens\":20}}",
	               STR_ARG(quoted(text)));
}

static struct str
body_of(const struct table *t, const cJSON *c)
{
	const cJSON *body = json_get(c, "body"), *text = json_get(c, "text");
	struct str what = json_str(json_get(c, "replace"));
	size_t times = 1;

	if (body != NULL && !str_is_set(json_str(body)))
		return fill(json_raw(test_arena(), body), t->report, true);
	if (body != NULL)
		return json_str(body);
	if (text != NULL)
		return body_with(fill(json_str(text), t->report, false));
	if (!str_is_set(what))
		return body_with(t->report);
	what = replace(t->report, what, json_str(json_get(c, "with")), &times);
	ck_assert_msg(times == 1, "%s: replaced %zu times", json_str(json_get(c, "name")).p, times);
	return body_with(what);
}

static struct report
read_answer(const struct table *t, struct str body, bool longer)
{
	struct report_asked asked = {
		.script = &t->script, .tag = STR(TAG), .prompt = &t->prompt, .longer = longer
	};
	struct report r;

	memset(&r, 0xee, sizeof r);
	report_read(test_arena(), &asked, body, &r);
	return r;
}

static void
assert_usage(const cJSON *expected, struct model_usage u, const char *name)
{
	int64_t n;

	if (expected == NULL)
		return;
	ck_assert_msg(json_i64(json_get(expected, "inputTokens"), &n) && n == u.input_tokens, "%s",
	              name);
	ck_assert_msg(json_i64(json_get(expected, "cachedTokens"), &n) && n == u.cached_tokens,
	              "%s", name);
	ck_assert_msg(json_i64(json_get(expected, "outputTokens"), &n) && n == u.output_tokens,
	              "%s", name);
}

START_TEST(every_row_of_the_table_ends_as_written)
{
	static const char *const outcomes[] = { "done", "retry", "longer", "final" };
	struct table t = read_table();
	size_t rows = 0;

	for (const cJSON *c = json_first(t.cases); c != NULL; c = c->next, rows++) {
		const char *name = json_str(json_get(c, "name")).p;
		bool longer = json_get(c, "longer") != NULL;
		struct report r = read_answer(&t, body_of(&t, c), longer);
		struct str reason = json_str(json_get(c, "reason"));
		struct str error = json_str(json_get(c, "error"));
		int64_t n;

		ck_assert_msg(
			str_eq(json_str(json_get(c, "outcome")), str_from(outcomes[r.outcome])),
			"%s: %s, %s: " STR_FMT, name, outcomes[r.outcome], r.reason,
			STR_ARG(r.error));
		ck_assert_msg(str_eq(str_from(r.reason), reason), "%s: %s", name, r.reason);
		ck_assert_msg(!str_is_set(error) || str_eq(error, r.error), "%s: " STR_FMT, name,
		              STR_ARG(r.error));
		assert_usage(json_get(c, "usage"), r.usage, name);
		ck_assert_msg(str_is_set(r.error) == (r.outcome != REPORT_DONE), "%s", name);
		ck_assert_msg(str_is_set(r.json) == (r.outcome == REPORT_DONE), "%s", name);
		ck_assert_uint_le(r.error.n, REPORT_MAX_ERROR);
		if (r.outcome != REPORT_DONE)
			continue;
		ck_assert_msg(json_i64(json_get(c, "verified"), &n) && (size_t)n == r.verified,
		              "%s: %zu verified", name, r.verified);
		ck_assert_msg(json_i64(json_get(c, "unverified"), &n) && (size_t)n == r.unverified,
		              "%s: %zu unverified", name, r.unverified);
		ck_assert_str_eq(r.temperature, "hot");
	}
	ck_assert_uint_ge(rows, 140);
}
END_TEST

START_TEST(an_error_text_holds_no_word_of_the_answer)
{
	struct table t = read_table();

	for (const cJSON *c = json_first(t.cases); c != NULL; c = c->next) {
		struct str body = body_of(&t, c);
		struct report r = read_answer(&t, body, false);
		static const char *const secrets[] = { "Cumprimenta", "CPF é",    "boiling",
			                               "critical",    "simpatia", "boleto",
			                               "Disse",       "outra",    "confidence",
			                               "Dizer" };

		for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
			ck_assert_msg(r.error.n == 0 || memmem(r.error.p, r.error.n, secrets[i],
			                                       strlen(secrets[i])) == NULL,
			              "%s: " STR_FMT, json_str(json_get(c, "name")).p,
			              STR_ARG(r.error));
	}
}
END_TEST

START_TEST(the_good_report_is_stored_in_the_order_of_the_law)
{
	struct table t = read_table();
	struct report r = read_answer(&t, body_with(t.report), false);

	ck_assert_int_eq(r.outcome, REPORT_DONE);
	ck_assert_str(
		r.json,
		"{\"analysisVersionTag\":\"v1\",\"scriptKey\":\"vendas\",\"scriptVersion\":3,"
		"\"overallScore\":80,\"temperature\":\"hot\","
		"\"summary\":\"O cliente pediu o preço e o boleto.\",\"checklist\":["
		"{\"key\":\"saudacao\",\"label\":\"Cumprimenta o cliente\",\"passed\":true,"
		"\"score\":100,\"notes\":\"Disse bom dia.\"},"
		"{\"key\":\"preço\",\"label\":\"Informa o preço\",\"passed\":true,\"score\":87.5,"
		"\"notes\":\"Informou o preço à vista.\"},"
		"{\"key\":\"fecho\",\"label\":\"Conduz ao fecho\",\"passed\":false,\"score\":20,"
		"\"notes\":\"Não confirmou a compra.\"}],"
		"\"issues\":[{\"key\":\"sem-prazo\",\"severity\":\"low\","
		"\"notes\":\"Não disse a hora do boleto.\",\"evidence\":["
		"{\"messageId\":\"a0a0a0a0-a0a0-a0a0-a0a0-a0a0a0a00005\","
		"\"excerpt\":\"Claro, envio ainda hoje.\",\"verified\":true}]}],"
		"\"highlights\":[{\"key\":\"preço claro\",\"notes\":\"Respondeu com o valor.\","
		"\"evidence\":[{\"messageId\":\"a0a0a0a0-a0a0-a0a0-a0a0-a0a0a0a00002\","
		"\"excerpt\":\"O curso custa R$ 1.234,56\",\"verified\":true},"
		"{\"messageId\":\"a0a0a0a0-a0a0-a0a0-a0a0-a0a0a0a00000\","
		"\"excerpt\":\"quanto custa o curso\",\"verified\":true}]}],"
		"\"recommendations\":[\"Dizer quando o boleto chega.\"]}");
	ck_assert_double_eq(r.overall_score, 80);
	ck_assert_str(r.model, "gpt-5-mini-2025-08-07");
	ck_assert_int_eq(r.usage.input_tokens, 10);
	ck_assert_ptr_null(r.reason);
}
END_TEST

START_TEST(what_is_stored_is_what_the_api_describes)
{
	struct table t = read_table();
	size_t done = 0;

	for (const cJSON *c = json_first(t.cases); c != NULL; c = c->next) {
		bool longer = json_get(c, "longer") != NULL;
		struct report r = read_answer(&t, body_of(&t, c), longer);

		if (r.outcome != REPORT_DONE)
			continue;
		must_be_a("Report", test_json(r.json));
		done++;
	}
	ck_assert_uint_ge(done, 20);
}
END_TEST

START_TEST(topics_are_stored_in_the_order_of_the_script)
{
	struct table t = read_table();
	size_t times;
	struct str swapped =
		replace(t.report, STR("\"key\":\"saudacao\""), STR("\"key\":\"-\""), &times);

	swapped = replace(swapped, STR("\"key\":\"fecho\""), STR("\"key\":\"saudacao\""), &times);
	swapped = replace(swapped, STR("\"key\":\"-\""), STR("\"key\":\"fecho\""), &times);
	struct report r = read_answer(&t, body_with(swapped), false);
	ck_assert_int_eq(r.outcome, REPORT_DONE);
	const cJSON *v = json_first(json_get(test_json(r.json), "checklist"));
	for (size_t i = 0; i < 3; i++, v = v->next) {
		ck_assert_slice(json_str(json_get(v, "key")), t.script.topics.v[i].key);
		ck_assert_slice(json_str(json_get(v, "label")), t.script.topics.v[i].label);
	}
	v = json_first(json_get(test_json(r.json), "checklist"));
	ck_assert_str(json_str(json_get(v, "notes")), "Não confirmou a compra.");
}
END_TEST

START_TEST(a_claim_about_no_message_keeps_what_was_claimed)
{
	struct table t = read_table();
	size_t times;
	struct report r = read_answer(
		&t, body_with(replace(t.report, STR("\"m6\""), STR("\"m99\""), &times)), false);
	const cJSON *issue = json_first(json_get(test_json(r.json), "issues"));
	const cJSON *e = json_first(json_get(issue, "evidence"));
	bool flag = true;

	ck_assert_ptr_nonnull(json_get(e, "messageId"));
	ck_assert(json_is_null(json_get(e, "messageId")));
	ck_assert_str(json_str(json_get(e, "claimedId")), "m99");
	ck_assert_str(json_str(json_get(e, "excerpt")), "Claro, envio ainda hoje.");
	ck_assert(json_bool(json_get(e, "verified"), &flag) && !flag);
	ck_assert_uint_eq(r.verified, 2);
	ck_assert_uint_eq(r.unverified, 1);
}
END_TEST

START_TEST(a_message_that_was_not_shown_proves_nothing)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message m[200];
	struct table t = read_table();
	size_t times;

	for (size_t i = 0; i < 200; i++)
		m[i] = fixture_message(i, PROMPT_AGENT,
		                       str_fmt(test_arena(), "mensagem %zu %0200d", i, 0));
	o.max_input_tokens = 8000;
	t.script = s;
	t.prompt = fixture_build(&s, m, 200, &o);
	ck_assert(!t.prompt.sent[100].shown && t.prompt.sent[0].shown);
	t.report = replace(t.report, STR("\"m6\",\"excerpt\":\"Claro, envio ainda hoje.\""),
	                   STR("\"m101\",\"excerpt\":\"mensagem 100\""), &times);
	t.report = replace(t.report, STR("\"excerpt\":\"quanto custa o curso\""),
	                   STR("\"excerpt\":\"mensagem 0\""), &times);
	struct report r = read_answer(&t, body_with(t.report), false);
	const cJSON *issue = json_first(json_get(test_json(r.json), "issues"));
	const cJSON *e = json_first(json_get(issue, "evidence"));
	struct uuid id;

	ck_assert_ok(uuid_parse(json_str(json_get(e, "messageId")), &id));
	ck_assert(uuid_eq(id, m[100].id));
	ck_assert_uint_eq(r.verified, 1);
	ck_assert_uint_eq(r.unverified, 2);
}
END_TEST

START_TEST(without_topics_the_checklist_is_empty)
{
	struct table t = read_table();
	struct report r;

	t.script.topics.n = 0;
	r = read_answer(&t, body_with(t.report), false);
	ck_assert_str_eq(r.reason, "unknown_topic");
	const char *from = strstr(t.report.p, "\"checklist\":["),
		   *to = strstr(t.report.p, ",\"issues\"");
	r = read_answer(&t,
	                body_with(str_fmt(test_arena(), "%.*s\"checklist\":[]%s",
	                                  (int)(from - t.report.p), t.report.p, to)),
	                false);
	ck_assert_int_eq(r.outcome, REPORT_DONE);
	ck_assert_uint_eq(json_count(json_get(test_json(r.json), "checklist")), 0);
}
END_TEST

/* The good report with the text `what` replaced by `n` times `unit`, in between open and close. */
static struct report
read_repeated(const char *what, const char *open, const char *unit, size_t n, const char *close)
{
	struct table t = read_table();
	struct buf b;
	size_t times;

	buf_init(&b, test_arena(), 4u << 20);
	buf_z(&b, open);
	for (size_t i = 0; i < n; i++)
		buf_z(&b, unit);
	buf_z(&b, close);
	struct str text = replace(t.report, str_from(what), buf_slice(&b), &times);
	ck_assert_uint_eq(times, 1);
	return read_answer(&t, body_with(text), false);
}

START_TEST(every_bound_holds_exactly)
{
	static const struct {
		const char *what, *open, *unit, *close;
		size_t most; /* units */
	} rows[] = {
		{ "O cliente pediu o preço e o boleto.", "", "s", "", REPORT_MAX_SUMMARY },
		{ "Disse bom dia.", "", "n", "", REPORT_MAX_NOTES },
		{ "Não disse a hora do boleto.", "", "n", "", REPORT_MAX_NOTES },
		{ "Respondeu com o valor.", "", "n", "", REPORT_MAX_NOTES },
		{ "Claro, envio ainda hoje.", "", "e", "", REPORT_MAX_EXCERPT },
		{ "sem-prazo", "", "k", "", REPORT_MAX_KEY },
		{ "preço claro", "", "k", "", REPORT_MAX_KEY },
		{ "\"messageId\":\"m6\"", "\"messageId\":\"", "m", "\"", REPORT_MAX_ID },
		{ "Dizer quando o boleto chega.", "", "r", "", REPORT_MAX_RECOMMENDATION },
		{ "[\"Dizer quando o boleto chega.\"]", "[", "\"r\",", "\"r\"]",
		  REPORT_MAX_RECOMMENDATIONS - 1 },
		{ "\"issues\":[", "\"issues\":[",
		  "{\"key\":\"a\",\"notes\":\"\",\"evidence\":[],\"severity\":\"high\"},", "",
		  REPORT_MAX_ISSUES - 1 },
		{ "\"highlights\":[", "\"highlights\":[",
		  "{\"key\":\"a\",\"notes\":\"\",\"evidence\":[]},", "", REPORT_MAX_ISSUES - 1 },
		{ "[{\"messageId\":\"m6\",", "[", "{\"messageId\":\"m1\",\"excerpt\":\"a\"},",
		  "{\"messageId\":\"m6\",", REPORT_MAX_EVIDENCE - 1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct report r = read_repeated(rows[i].what, rows[i].open, rows[i].unit,
		                                rows[i].most, rows[i].close);
		ck_assert_msg(r.outcome == REPORT_DONE, "row %zu: " STR_FMT, i, STR_ARG(r.error));
		r = read_repeated(rows[i].what, rows[i].open, rows[i].unit, rows[i].most + 1,
		                  rows[i].close);
		ck_assert_int_eq(r.outcome, REPORT_RETRY);
		ck_assert_str_eq(r.reason, "invalid_report");
		ck_assert(str_ends(r.error, STR(" is too long.")));
		arena_reset(test_arena());
	}
}
END_TEST

START_TEST(an_answer_without_end_is_too_large)
{
	struct report r = read_repeated("\"temperature\":\"hot\"", "", " ", REPORT_MAX_JSON,
	                                "\"temperature\":\"hot\"");

	ck_assert_int_eq(r.outcome, REPORT_RETRY);
	ck_assert_str_eq(r.reason, "too_large");

	struct table t = read_table();
	struct report_asked asked = { .script = &t.script, .tag = STR(TAG), .prompt = &t.prompt };
	struct str body = body_with(t.report);
	size_t done = 0;
	for (size_t cap = 1024; cap <= 32768; cap += 256) {
		struct arena *small = arena_new(cap);

		report_read(small, &asked, body, &r);
		if (r.outcome == REPORT_RETRY) {
			ck_assert_str_eq(r.reason, "too_large");
			ck_assert_none(r.json);
			ck_assert_uint_eq(done, 0);
		} else {
			ck_assert_int_eq(r.outcome, REPORT_DONE);
			done++;
		}
		arena_free(small);
	}
	ck_assert_uint_gt(done, 0);
	ck_assert_uint_lt(done, 120);
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
	struct table t = read_table();
	struct buf b;

	buf_init(&b, test_arena(), 1u << 20);
	for (int i = 0; i < 100000; i++)
		buf_char(&b, '[');
	ck_assert_str_eq(read_answer(&t, body_with(buf_slice(&b)), false).reason, "invalid_json");
	ck_assert_str_eq(read_answer(&t, buf_slice(&b), false).reason, "garbage");
}
END_TEST

START_TEST(a_long_refusal_is_cut)
{
	struct table t = read_table();
	struct buf b;

	buf_init(&b, test_arena(), 1u << 20);
	buf_z(&b, "{\"status\":\"completed\",\"output\":[{\"content\":[{\"type\":\"refusal\","
	          "\"refusal\":\"");
	for (int i = 0; i < 10000; i++)
		buf_z(&b, "não\\n");
	buf_z(&b, "\"}]}]}");
	struct report r = read_answer(&t, buf_slice(&b), false);
	ck_assert_int_eq(r.outcome, REPORT_FINAL);
	ck_assert_uint_le(r.error.n, MODEL_MAX_TEXT + 40);
	ck_assert(str_ends(r.error, STR("…")));
	ck_assert_uint_eq(str_find(r.error, '\n'), r.error.n);
	ck_assert_uint_eq(utf8_valid_prefix(r.error), r.error.n);
}
END_TEST

START_TEST(an_error_body_gives_a_code_and_a_masked_line)
{
	static const struct {
		const char *body, *code, *text;
	} rows[] = {
		{ "{\"error\":{\"message\":\"Invalid value\",\"type\":\"invalid_request_error\","
		  "\"param\":\"model\",\"code\":\"model_not_found\"}}",
		  "model_not_found", "Invalid value" },
		{ "{\"error\":{\"message\":\"Rate limit\",\"type\":\"tokens\",\"code\":null}}",
		  "tokens", "Rate limit" },
		{ "{\"error\":{\"message\":\"CPF 529.982.247-25\\nde a@b.com\"}}", NULL,
		  "CPF [CPF]\\nde [E-MAIL]" },
		{ "{\"error\":{\"code\":\"olá mundo\",\"message\":\" \"}}", NULL, NULL },
		{ "{\"error\":{\"code\":\"\",\"message\":5}}", NULL, NULL },
		{ "{\"error\":\"boom\"}", NULL, NULL },
		{ "{\"detail\":\"x\"}", NULL, NULL },
		{ "<html>", NULL, NULL },
		{ "", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct model_error e;

		model_error_read(test_arena(), str_from(rows[i].body), &e);
		ck_assert_msg(str_eq(e.code, str_from(rows[i].code)), "row %zu: " STR_FMT, i,
		              STR_ARG(e.code));
		ck_assert_msg(str_eq(e.text, str_from(rows[i].text)), "row %zu: " STR_FMT, i,
		              STR_ARG(e.text));
	}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("report", every_row_of_the_table_ends_as_written,
	                  an_error_text_holds_no_word_of_the_answer,
	                  the_good_report_is_stored_in_the_order_of_the_law,
	                  what_is_stored_is_what_the_api_describes,
	                  topics_are_stored_in_the_order_of_the_script,
	                  a_claim_about_no_message_keeps_what_was_claimed,
	                  a_message_that_was_not_shown_proves_nothing,
	                  without_topics_the_checklist_is_empty, every_bound_holds_exactly,
	                  an_answer_without_end_is_too_large, deep_nesting_is_refused,
	                  a_long_refusal_is_cut, an_error_body_gives_a_code_and_a_masked_line);
}

TEST_MAIN(make_suite)
