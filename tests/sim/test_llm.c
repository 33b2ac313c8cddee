/*
 * The simulated model server without a socket. What always holds: what OpenAI refuses is refused
 * with its words, code and parameter; what a request gets follows from its words alone; what came
 * is counted.
 */
#include "llm_fixture.h"

START_TEST(requests_are_refused_as_openai_refuses_them)
{
	struct llm *m = make(LLM_GOOD, 1);
	uint64_t refused = 0;

	for (const cJSON *c = json_first(json_get(test_data_json("model-requests.json"), "cases"));
	     c != NULL; c = c->next) {
		const cJSON *body = json_get(c, "body");
		struct str name = json_str(json_get(c, "name")),
			   says = json_str(json_get(c, "says"));
		struct web_reply r = ask(m, body != NULL ? json_raw(test_arena(), body)
		                                         : json_str(json_get(c, "text")));
		const cJSON *e = json_get(test_json(r.body), "error");
		int64_t status = 0;
		ck_assert(json_i64(json_get(c, "status"), &status));
		ck_assert_msg(r.status == status, STR_FMT ": %d " STR_FMT, STR_ARG(name), r.status,
		              STR_ARG(r.body));
		if (status == 200)
			continue;
		refused++;
		ck_assert_msg(
			str_eq(json_str(json_get(e, "code")), json_str(json_get(c, "code"))) &&
				str_eq(json_str(json_get(e, "param")),
		                       json_str(json_get(c, "param"))) &&
				holds(json_str(json_get(e, "message")), says),
			STR_FMT ": " STR_FMT, STR_ARG(name), STR_ARG(r.body));
		ck_assert_str(json_str(json_get(e, "type")), "invalid_request_error");
		ck_assert_slice(m->last_refusal, str_sub(json_str(json_get(e, "message")), 0, 300));
	}
	ck_assert_uint_gt(refused, 80);
	ck_assert_uint_eq(m->stats.invalid, refused);
	ck_assert_uint_eq(ask(m, STR("{\"model\":\"\xff\",\"input\":\"a\"}")).status, 400);
	llm_free(m);
}
END_TEST

START_TEST(the_door_wants_a_key_a_type_and_a_model_that_exists)
{
	struct llm_options o;
	struct web_request q = request(example());
	struct web_reply r;

	llm_options_init(&o);
	o.api_key = STR("sk-the-only-key-there-is");
	o.models = STR("gpt-5, gpt-5-mini");
	struct llm *m = llm_new(&o);
	llm_answer(m, &q, NOW, test_arena(), &r);
	const cJSON *e = json_get(test_json(r.body), "error");
	ck_assert_int_eq(r.status, 401);
	ck_assert_str(json_str(json_get(e, "code")), "invalid_api_key");
	ck_assert_str(json_str(json_get(e, "message")), "Incorrect API key provided: sk-***ests.");
	q.authorization = STR_NONE;
	llm_answer(m, &q, NOW, test_arena(), &r);
	ck_assert_int_eq(r.status, 401);
	ck_assert_uint_eq(m->stats.unauthorized, 2);
	q.authorization = STR("Bearer sk-the-only-key-there-is");
	llm_answer(m, &q, NOW, test_arena(), &r);
	ck_assert_int_eq(r.status, 200);
	q.content_type = STR("text/plain");
	llm_answer(m, &q, NOW, test_arena(), &r);
	ck_assert_int_eq(r.status, 400);
	q = request(STR("{\"model\":\"gpt-6\",\"input\":\"a\"}"));
	q.authorization = STR("Bearer sk-the-only-key-there-is");
	llm_answer(m, &q, NOW, test_arena(), &r);
	ck_assert_int_eq(r.status, 404);
	e = json_get(test_json(r.body), "error");
	ck_assert_str(json_str(json_get(e, "code")), "model_not_found");
	ck_assert_uint_eq(m->stats.unknown_model, 1);
	q.method = STR("GET");
	llm_answer(m, &q, NOW, test_arena(), &r);
	ck_assert_int_eq(r.status, 405);
	q.path = STR("/v1/chat/completions");
	llm_answer(m, &q, NOW, test_arena(), &r);
	ck_assert_int_eq(r.status, 404);
	ck_assert_uint_eq(m->stats.elsewhere, 2);
	ck_assert_uint_eq(m->stats.requests, 5);
	llm_free(m);
}
END_TEST

START_TEST(the_same_prompts_have_the_same_answers_in_any_order)
{
	struct llm_options o;
	struct str bodies[60];
	enum { N = 60 };
	int kinds[N];

	llm_options_init(&o);
	ck_assert(llm_manners_parse(STR("fabricated=300,429=300"), &o.manners));
	struct llm *a = llm_new(&o), *b = llm_new(&o);
	for (int i = 0; i < N; i++)
		bodies[i] = str_fmt(test_arena(), "{\"model\":\"m\",\"input\":\"%d\"}", i % 20);
	for (int i = 0; i < N; i++)
		kinds[i] = ask(a, bodies[i]).status;
	for (int round = 0; round < 3; round++)
		for (int i = 19; i >= 0; i--)
			ck_assert_int_eq(ask(b, bodies[i]).status, kinds[round * 20 + i]);
	ck_assert_mem_eq(a->stats.kinds, b->stats.kinds, sizeof a->stats.kinds);
	ck_assert_uint_gt(a->stats.kinds[LLM_GOOD], 5);
	ck_assert_uint_gt(a->stats.kinds[LLM_FABRICATED], 5);
	ck_assert_uint_gt(a->stats.kinds[LLM_429], 5);
	struct str digest = str_from(a->counts[0].digest);
	ck_assert_uint_eq(llm_count(a, digest)->requests, 3);
	ck_assert_uint_eq(a->ncounts, 20);
	llm_free(a);
	llm_free(b);
}
END_TEST

START_TEST(manners_are_read_from_a_list)
{
	struct llm_manners m;

	ck_assert(llm_manners_parse(STR("none"), &m) && m.permille[LLM_429] == 0);
	ck_assert(llm_manners_parse(STR("all"), &m) && m.permille[LLM_HANG] == 20);
	ck_assert(llm_manners_parse(STR("hang=1,429_date"), &m));
	ck_assert_uint_eq(m.permille[LLM_HANG], 1);
	ck_assert_uint_eq(m.permille[LLM_429_DATE], LLM_MANNER_PERMILLE);
	ck_assert_uint_eq(m.permille[LLM_429], 0);
	ck_assert(!llm_manners_parse(STR("hang=1,nonsense"), &m));
	ck_assert(!llm_manners_parse(STR("good"), &m));
	ck_assert(!llm_manners_parse(STR("hang=x"), &m));
	ck_assert(!llm_manners_parse(STR("hang=-1"), &m));
	ck_assert(!llm_manners_parse(STR("hang=600,cut=401"), &m));
	ck_assert_uint_eq(m.permille[LLM_HANG], 1);
	for (int i = 0; i < LLM_KINDS; i++)
		ck_assert_int_eq(llm_kind_of(str_from(llm_kind_name((enum llm_kind)i))), i);
}
END_TEST

START_TEST(how_often_a_body_was_in_flight_at_once_is_counted)
{
	struct llm *m = make(LLM_GOOD, 1);
	struct web_request q = request(example());
	struct web_reply first, second;

	ask(m, example());
	ck_assert_uint_eq(m->counts[0].most_in_flight, 1);
	llm_answer(m, &q, NOW, test_arena(), &first);
	ask(m, with_lines("{\"id\":\"m1\",\"text\":\"oi\"}"));
	ck_assert_uint_eq(m->counts[0].most_in_flight, 1);
	llm_answer(m, &q, NOW, test_arena(), &second);
	llm_done(m, &first, false);
	llm_done(m, &second, true);
	ask(m, example());
	ck_assert_uint_eq(m->counts[0].most_in_flight, 2);
	ck_assert_uint_eq(m->counts[0].in_flight, 0);
	ck_assert_uint_eq(m->counts[1].most_in_flight, 1);
	llm_free(m);
}
END_TEST

START_TEST(a_marker_asks_for_a_kind_and_how_often)
{
	struct llm *m = make(LLM_GOOD, 1);
	struct str twice = with_lines("{\"id\":\"m1\",\"text\":\"oi sim:503*2 tudo bem\"}");
	struct str always =
		with_lines("{\"id\":\"m1\",\"text\":\"sim: e sim:nada e sim:429_bare\"}");
	struct str rubric =
		STR("{\"model\":\"m\",\"input\":\"a\",\"instructions\":\"x sim:refusal\"}");
	struct str both = STR("{\"model\":\"m\",\"instructions\":\"sim:refusal\",\"input\":"
	                      "\"{\\\"id\\\":\\\"m1\\\",\\\"text\\\":\\\"sim:500\\\"}\"}");

	ck_assert_int_eq(ask(m, twice).status, 503);
	/* the same words with another bound are the same words */
	struct str wider = str_fmt(test_arena(), "{\"max_output_tokens\":9999,%s",
	                           str_z(test_arena(), str_sub(twice, 1, twice.n)));
	ck_assert_int_eq(ask(m, wider).status, 503);
	ck_assert_int_eq(ask(m, twice).status, 200);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(ask(m, always).status, 429);
	ck_assert_int_eq(ask(m, rubric).status, 200);
	ck_assert_uint_eq(m->stats.kinds[LLM_REFUSAL], 1);
	ck_assert_int_eq(ask(m, both).status, 500);
	ck_assert_uint_eq(llm_count(m, str_from(m->counts[0].digest))->requests, 2);
	ck_assert_uint_eq(m->stats.paid, 2);
	llm_free(m);
}
END_TEST

START_TEST(an_answer_that_does_not_fit_is_incomplete_and_fits_with_a_larger_bound)
{
	struct str raw = json_raw(test_arena(), test_data_json("model-request-example.json"));
	struct str at = STR("\"max_output_tokens\":4000");
	const char *found = memmem(raw.p, raw.n, at.p, at.n);
	int64_t bounds[] = { 16, 100, 4000 };

	ck_assert_ptr_nonnull(found);
	for (size_t i = 0; i < 3; i++) {
		struct llm *m = make(LLM_GOOD, 5);
		struct str body =
			str_fmt(test_arena(), STR_FMT "\"max_output_tokens\":%d" STR_FMT,
		                STR_ARG(str_sub(raw, 0, (size_t)(found - raw.p))), (int)bounds[i],
		                STR_ARG(str_sub(raw, (size_t)(found - raw.p) + at.n, raw.n)));
		const cJSON *r = test_json(ask(m, body).body);
		int64_t output = 0, input = 0;
		const cJSON *usage = json_get(r, "usage"), *why = json_get(r, "incomplete_details");
		ck_assert(json_i64(json_get(usage, "output_tokens"), &output));
		ck_assert(json_i64(json_get(usage, "input_tokens"), &input));
		ck_assert_int_le(output, bounds[i]);
		ck_assert(input > 500 && input < (int64_t)body.n / 4);
		ck_assert_uint_eq(m->stats.usage.output, (uint64_t)output);
		if (i < 2) {
			ck_assert_str(json_str(json_get(r, "status")), "incomplete");
			ck_assert_str(json_str(json_get(why, "reason")), "max_output_tokens");
			ck_assert_uint_eq(m->stats.evidence_true, 0);
		} else {
			ck_assert_str(json_str(json_get(r, "status")), "completed");
			ck_assert_uint_gt(m->stats.evidence_true, 0);
		}
		llm_free(m);
	}
}
END_TEST

START_TEST(broken_promises_are_counted_and_answered)
{
	static const struct {
		const char *text;
		enum llm_promise promise; /* LLM_PROMISES: none is broken */
	} cases[] = {
		{ "me liga no +55 11 91234-5678", PROMISE_PHONE },
		{ "meu número é (11) 3456-7890", PROMISE_PHONE },
		{ "zap 5511912345678", PROMISE_PHONE },
		{ "escreva para ana.maria+x@loja.com.br.", PROMISE_EMAIL },
		{ "a chave é sk-proj-Ab12Cd34Ef56Gh78", PROMISE_KEY },
		{ "protocolo 20260120998877", LLM_PROMISES },
		{ "pedido 55119, às 11:00, R$ 1.234,56", LLM_PROMISES },
		{ "dia 2026-01-20, CEP 01310-100, CPF [CPF]", LLM_PROMISES },
		{ "fale com @loja ou veja loja.com", LLM_PROMISES },
		{ "meu telefone é [TELEFONE]", LLM_PROMISES },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct llm *m = make(LLM_GOOD, 1);
		const char *line = str_z(
			test_arena(),
			str_fmt(test_arena(), "{\"id\":\"m1\",\"text\":\"%s\"}", cases[i].text));
		ck_assert_int_eq(ask(m, with_lines(line)).status, 200);
		for (int p = 0; p < LLM_PROMISES; p++)
			ck_assert_msg(m->stats.violations[p] == (p == (int)cases[i].promise),
			              "%s: %s", cases[i].text, llm_promise_names[p]);
		llm_free(m);
	}
	struct llm *m = make(LLM_GOOD, 1);
	m->options.strict_data = false;
	ask(m, STR("{\"model\":\"m\",\"input\":\"ligue +5511912345678\",\"store\":true}"));
	ck_assert_uint_eq(m->stats.violations[PROMISE_STORE], 1);
	ck_assert_uint_eq(m->stats.violations[PROMISE_STRICT], 1);
	ck_assert_uint_eq(m->stats.violations[PROMISE_PHONE], 0);
	m->options.strict_data = true;
	ask(m, STR("{\"model\":\"m\",\"input\":\"ligue +5511912345678\"}"));
	ck_assert_uint_eq(m->stats.violations[PROMISE_STORE], 2);
	ck_assert_uint_eq(m->stats.violations[PROMISE_PHONE], 1);
	ck_assert_str(m->last_violation, "phone in input: ligue +5511912345678");
	llm_free(m);
}
END_TEST

START_TEST(the_last_bodies_are_kept_up_to_a_bound)
{
	struct llm_options o;
	struct buf b;

	llm_options_init(&o);
	o.kept = 3;
	struct llm *m = llm_new(&o);
	for (int i = 0; i < 5; i++)
		ask(m, str_fmt(test_arena(), "{\"model\":\"m\",\"input\":\"%d\"}", i));
	ask(m, STR("nonsense"));
	buf_init(&b, test_arena(), 1u << 20);
	llm_last_json(m, 100, &b);
	const cJSON *last = test_json(buf_slice(&b)), *v = json_first(last);
	ck_assert_uint_eq(json_count(last), 3);
	ck_assert_str(json_str(json_get(v, "body")), "nonsense");
	ck_assert_str(json_str(json_get(v, "kind")), "refused");
	ck_assert_str(json_str(json_get(v->next, "body")), "{\"model\":\"m\",\"input\":\"4\"}");
	ck_assert_str(json_str(json_get(v->next, "kind")), "good");
	ck_assert_uint_eq(json_str(json_get(v, "digest")).n, 64);
	llm_free(m);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"llm", requests_are_refused_as_openai_refuses_them,
		the_door_wants_a_key_a_type_and_a_model_that_exists,
		the_same_prompts_have_the_same_answers_in_any_order, manners_are_read_from_a_list,
		how_often_a_body_was_in_flight_at_once_is_counted,
		a_marker_asks_for_a_kind_and_how_often,
		an_answer_that_does_not_fit_is_incomplete_and_fits_with_a_larger_bound,
		broken_promises_are_counted_and_answered, the_last_bodies_are_kept_up_to_a_bound);
}

TEST_MAIN(make_suite)
