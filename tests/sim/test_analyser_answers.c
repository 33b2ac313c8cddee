/*
 * What the analyser makes of each way in which the model server can answer, or not: what becomes of
 * the row, of the run, and of everybody who asks the same server. ENGINE says on which engine.
 */
#include <stdio.h>

#include "analyser_fixture.h"

/* A session that is always answered in one way, after one run. */
static const struct outcome {
	enum llm_kind kind;
	const char *status;
	const char *says; /* part of the row's error, or why its run ended */
	size_t asked;     /* calls */
	int64_t answered; /* of these, by the model */
	int64_t retry_count;
	bool final;
	const char *job; /* how the run ended */
} outcomes[] = {
	{ LLM_GOOD, "done", NULL, 1, 1, 0, false, "succeeded" },
	{ LLM_FENCED, "done", NULL, 1, 1, 0, false, "succeeded" },
	{ LLM_SLOW, "done", NULL, 1, 1, 0, false, "succeeded" },
	{ LLM_FABRICATED, "done", NULL, 1, 1, 0, false, "succeeded" },
	{ LLM_UNKNOWN_ID, "done", NULL, 1, 1, 0, false, "succeeded" },
	{ LLM_MISSING_TOPIC, "failed", "topics[1] of the script has no entry", 1, 1, 1, false,
	  "partial" },
	{ LLM_DOUBLE_TOPIC, "failed", "checklist[2] has a topic for the second time", 1, 1, 1,
	  false, "partial" },
	{ LLM_UNKNOWN_TOPIC, "failed", "checklist[1] is no topic", 1, 1, 1, false, "partial" },
	{ LLM_OUT_OF_RANGE, "failed", "overallScore must be from 0 to 100", 1, 1, 1, false,
	  "partial" },
	{ LLM_EXTRA_MEMBER, "failed", "has a member too many", 1, 1, 1, false, "partial" },
	{ LLM_WRONG_TYPE, "failed", "overallScore must be a number", 1, 1, 1, false, "partial" },
	{ LLM_PROSE_AROUND, "failed", "is not JSON", 1, 1, 1, false, "partial" },
	{ LLM_BROKEN_JSON, "failed", "is not JSON", 1, 1, 1, false, "partial" },
	{ LLM_REFUSAL, "failed", "The model refused: Desculpe", 1, 1, 1, true, "partial" },
	{ LLM_INCOMPLETE_LENGTH, "failed", "incomplete for the second time", 2, 2, 1, true,
	  "partial" },
	{ LLM_CONTENT_FILTER, "failed", "content filter stopped", 1, 1, 1, true, "partial" },
	{ LLM_FAILED, "failed", "The model failed: server_error", 1, 1, 1, false, "partial" },
	{ LLM_429, "pending", "model_unavailable", 6, 0, 0, false, "failed" },
	{ LLM_429_DATE, "pending", "model_unavailable", 6, 0, 0, false, "failed" },
	{ LLM_429_BARE, "pending", "model_unavailable", 6, 0, 0, false, "failed" },
	{ LLM_QUOTA, "pending", "model_unavailable", 6, 0, 0, false, "failed" },
	{ LLM_500, "pending", "model_unavailable", 6, 0, 0, false, "failed" },
	{ LLM_503, "pending", "model_unavailable", 6, 0, 0, false, "failed" },
	{ LLM_HANG, "failed", "unreachable: ", 3, 0, 1, false, "partial" },
	{ LLM_CUT, "failed", "unreachable: ", 3, 0, 1, false, "partial" },
	{ LLM_CLOSE, "failed", "unreachable: ", 3, 0, 1, false, "partial" },
	{ LLM_GARBAGE, "failed", "is not one of a model server", 1, 1, 1, false, "partial" },
	{ LLM_EMPTY, "failed", "is not one of a model server", 1, 1, 1, false, "partial" },
	{ LLM_HUGE, "failed", "too_large", 1, 0, 1, false, "partial" },
	{ LLM_400, "failed", "answered 400: Your input exceeds", 1, 0, 1, true, "partial" },
	{ LLM_401, "pending", "unauthorized", 1, 0, 0, false, "failed" },
	{ LLM_403, "pending", "forbidden", 1, 0, 0, false, "failed" },
	{ LLM_404, "pending", "unknown_model", 1, 0, 0, false, "failed" },
	{ LLM_ECHO_400, "failed", "answered 400: Invalid value: 'sim:", 1, 0, 1, true, "partial" },
	{ LLM_ECHO_401, "pending", "unauthorized", 1, 0, 0, false, "failed" },
	{ LLM_ECHO_500, "pending", "model_unavailable", 6, 0, 0, false, "failed" },
	{ LLM_ECHO_REFUSAL, "failed", "The model refused: Invalid value", 1, 1, 1, true,
	  "partial" },
};

static const char *
marker(enum llm_kind kind, int times)
{
	struct arena *a = test_arena();

	if (times == 0)
		return str_z(a, str_fmt(a, "sim:%s", llm_kind_name(kind)));
	return str_z(a, str_fmt(a, "sim:%s*%d", llm_kind_name(kind), times));
}

static struct uuid
plant(struct bureau *o, const char *mark)
{
	return bureau_marked(o, &mark, 1)[0];
}

static bool
is_lost(enum llm_kind kind)
{
	return kind == LLM_HANG || kind == LLM_CUT || kind == LLM_CLOSE || kind == LLM_HUGE;
}

static void
check_row(struct bureau *o, const struct outcome *x, struct uuid session, struct uuid job)
{
	struct bureau_row row = bureau_row(o, session);
	const char *name = llm_kind_name(x->kind);

	ck_assert_msg(str_eq(row.status, str_from(x->status)), "%s: " STR_FMT, name,
	              STR_ARG(row.status));
	ck_assert_msg(bureau_times(o, session) == x->asked, "%s: asked %zu times", name,
	              bureau_times(o, session));
	ck_assert_msg(row.attempts == x->answered, "%s: %lld answers", name,
	              (long long)row.attempts);
	ck_assert_msg(row.retry_count == x->retry_count, "%s: retryCount %lld", name,
	              (long long)row.retry_count);
	/* what was asked and not answered may have been paid */
	ck_assert_msg(row.interrupted == (is_lost(x->kind) ? (int64_t)x->asked : 0), "%s: %lld",
	              name, (long long)row.interrupted);
	ck_assert_msg(row.lost == 0, "%s", name);
	if (x->retry_count > 0) {
		ck_assert_msg(strstr(row.error.p, x->says) != NULL, "%s: " STR_FMT, name,
		              STR_ARG(row.error));
		ck_assert_msg(row.next_retry_at ==
		                      (x->final ? TIME_NONE : row.processed_at + TIME_MINUTE),
		              "%s", name);
	}
	if (strcmp(x->status, "pending") == 0)
		ck_assert_msg(str_eq(bureau_tally(o, job).reason, str_from(x->says)), "%s", name);
	ck_assert_msg(row.usage.input_tokens == (int64_t)o->llm->stats.usage.input, "%s", name);
}

START_TEST(each_kind_of_answer_has_its_outcome)
{
	struct bureau *o = bureau_open();

	for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
		const struct outcome *x = &outcomes[i];
		struct uuid session = plant(o, marker(x->kind, 0)), job;

		job = bureau_analyse(o, x->job);
		check_row(o, x, session, job);
		bureau_begin_again(o);
	}
	bureau_close(o);
}
END_TEST

/* What happens once costs at most one attempt, and nothing that was no answer costs one. */
START_TEST(what_befalls_a_session_once_is_made_good)
{
	struct bureau *o = bureau_open();

	for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
		const struct outcome *x = &outcomes[i];
		bool attempt = x->retry_count > 0 && x->asked == 1;
		struct uuid session;
		struct bureau_row row;

		if (x->final && x->kind != LLM_INCOMPLETE_LENGTH)
			continue;
		session = plant(o, marker(x->kind, 1));
		(void)bureau_run(o, bureau_ask(o));
		o->time.now_ms += TIME_MINUTE;
		(void)bureau_run(o, bureau_ask(o));
		row = bureau_row(o, session);
		ck_assert_msg(str_eq(row.status, STR("done")), "%s", llm_kind_name(x->kind));
		ck_assert_msg(row.retry_count == attempt, "%s", llm_kind_name(x->kind));
		ck_assert_int_eq(row.lost, 0);
		bureau_begin_again(o);
	}
	bureau_close(o);
}
END_TEST

START_TEST(a_failed_attempt_is_made_again_after_1_5_and_15_minutes_and_the_fourth_is_final)
{
	static const int64_t waits[] = { TIME_MINUTE, 5 * TIME_MINUTE, 15 * TIME_MINUTE };
	struct bureau *o = bureau_open();
	struct uuid session = plant(o, "sim:broken_json"), job;
	struct bureau_row row;

	for (size_t i = 0; i < 4; i++) {
		bureau_analyse(o, "partial");
		row = bureau_row(o, session);
		ck_assert_uint_eq(o->nasked, i + 1);
		ck_assert_int_eq(row.retry_count, (int64_t)i + 1);
		ck_assert_int_eq(row.attempts, (int64_t)i + 1);
		ck_assert_int_eq(row.next_retry_at,
		                 i < 3 ? row.processed_at + waits[i] : TIME_NONE);
		if (i == 3)
			break;
		o->time.now_ms = row.next_retry_at - 100;
		job = bureau_analyse(o, "succeeded"); /* nothing is due */
		ck_assert_int_eq(bureau_tally(o, job).remaining, 1);
		ck_assert_uint_eq(o->nasked, i + 1);
		ck_assert_int_lt(o->time.now_ms, row.next_retry_at);
		o->time.now_ms = row.next_retry_at;
	}
	o->time.now_ms += DAY;
	bureau_analyse(o, "succeeded");
	ck_assert_uint_eq(o->nasked, 4);
	/* from the beginning, if that is asked for */
	o->params.retry_failed = true;
	bureau_analyse(o, "partial");
	row = bureau_row(o, session);
	ck_assert_int_eq(row.retry_count, 1);
	ck_assert_int_eq(row.next_retry_at, row.processed_at + TIME_MINUTE);
	ck_assert_uint_eq(o->nasked, 5);
	bureau_close(o);
}
END_TEST

/* The bound on the output of the nth body of the newest. */
static int64_t
bound_of(const struct bureau *o, size_t n)
{
	const struct llm *m = o->llm;
	const cJSON *body = test_json(m->kept[(m->nkept - 1 - n) % m->options.kept].body);
	int64_t most;

	ck_assert(json_i64(json_get(body, "max_output_tokens"), &most));
	return most;
}

START_TEST(an_answer_that_was_cut_for_its_length_is_asked_for_again_with_a_larger_bound)
{
	struct bureau *o = bureau_open();
	struct uuid session = plant(o, "sim:incomplete_length*1");
	struct bureau_row row;

	bureau_analyse(o, "succeeded");
	row = bureau_row(o, session);
	ck_assert_int_eq(bound_of(o, 1), PROMPT_OUTPUT_TOKENS);
	ck_assert_int_eq(bound_of(o, 0), PROMPT_OUTPUT_TOKENS_LONGER);
	ck_assert_str(row.status, "done");
	ck_assert_int_eq(row.attempts, 2);
	ck_assert_int_eq(row.retry_count, 0);
	ck_assert_int_eq(row.usage.output_tokens, (int64_t)o->llm->stats.usage.output);
	bureau_close(o);
}
END_TEST

/* All requests but the first came at or after this moment. */
static void
nobody_before(const struct bureau *o, int64_t moment)
{
	ck_assert_uint_gt(o->nasked, 1);
	for (size_t i = 1; i < o->nasked; i++)
		ck_assert_int_ge(o->asked[i].at, moment);
}

START_TEST(a_server_that_says_when_is_left_alone_until_then_by_every_run)
{
	static const char *const marks[] = { "sim:429*1", "sim:429_date*1" };

	for (size_t i = 0; i < 2; i++) {
		struct bureau *o = bureau_open();
		struct planted other = { .client = o->d->other };
		struct uuid jobs[2];

		o->llm->options.retry_after_s = 77;
		o->llm->options.latency_ms = 0;
		desk_rubric(o->d, o->d->other, "sales", 2);
		bureau_session(o, NULL, &other);
		plant(o, marks[i]);
		bureau_sessions(o, 3);
		jobs[0] = bureau_ask(o);
		while (o->nasked == 0)
			bureau_step(o);
		jobs[1] = bureau_ask_for(o, o->d->other);
		ck_assert_str(bureau_run(o, jobs[0]), "succeeded");
		ck_assert_str(bureau_run(o, jobs[1]), "succeeded");
		/* a date has no fractions of a second */
		nobody_before(o, o->asked[0].at + 77 * TIME_SECOND - (i == 1 ? 999 : 0));
		ck_assert_int_lt(o->asked[1].at - o->asked[0].at, 78 * TIME_SECOND);
		ck_assert_uint_eq(o->nasked, 6);
		bureau_close(o);
	}
}
END_TEST

/* pausedUntil of the run, as those who watch it are told; TIME_NONE. */
static int64_t
told_pause(struct bureau *o, struct uuid job)
{
	const cJSON *doc;
	int64_t at = TIME_NONE;

	ck_assert_ok(json_parse(test_arena(), bureau_job_text(o, "counts", job), &doc));
	if (!cJSON_IsNull(json_get(doc, "pausedUntil")))
		ck_assert_ok(time_parse(json_str(json_get(doc, "pausedUntil")), &at));
	return at;
}

START_TEST(that_the_server_is_left_alone_is_told_while_it_is)
{
	struct bureau *o = bureau_open();
	struct uuid job;

	o->llm->options.retry_after_s = 77;
	o->llm->options.latency_ms = 0;
	plant(o, "sim:429*1");
	job = bureau_ask(o);
	while (o->nasked == 0)
		bureau_step(o);
	for (int i = 0; i < 3; i++)
		bureau_step(o);
	ck_assert_uint_eq(o->nasked, 1);
	ck_assert_int_ge(told_pause(o, job), o->asked[0].at + 77 * TIME_SECOND);
	ck_assert_str(bureau_run(o, job), "succeeded");
	ck_assert_int_eq(told_pause(o, job), TIME_NONE);
	bureau_close(o);
}
END_TEST

START_TEST(a_server_that_does_not_say_when_is_left_alone_twice_as_long_each_time)
{
	struct bureau *o = bureau_open();
	int64_t most = MODEL_PAUSE_MS;
	struct uuid job;

	o->llm->options.latency_ms = 0;
	plant(o, "sim:429_bare");
	job = bureau_analyse(o, "failed");
	ck_assert_str(bureau_tally(o, job).reason, "model_unavailable");
	ck_assert_uint_eq(o->nasked, MODEL_PAUSES + 1);
	for (size_t i = 1; i <= MODEL_PAUSES; i++, most *= 2) {
		int64_t gap = o->asked[i].at - o->asked[i - 1].at;

		ck_assert_int_ge(gap, most / 2);
		ck_assert_int_le(gap, most + 5);
	}
	ck_assert_int_eq(bureau_tally(o, job).released, MODEL_PAUSES + 1);
	ck_assert_int_eq(bureau_tally(o, job).remaining, 1);
	bureau_close(o);
}
END_TEST

static size_t
asked_for(const struct bureau *o, struct uuid job)
{
	size_t n = 0;

	for (size_t i = 0; i < o->nasked; i++)
		n += uuid_eq(o->asked[i].job, job);
	return n;
}

/* Neither takes the other's, nor gives it more than its own. */
START_TEST(a_run_that_begins_while_the_server_fails_has_five_pauses_of_its_own)
{
	struct bureau *o = bureau_open();
	struct planted other = { .client = o->d->other };
	struct uuid jobs[2];
	size_t before;

	desk_rubric(o->d, o->d->other, "sales", 2);
	bureau_session(o, "sim:503", &other);
	plant(o, "sim:503");
	jobs[0] = bureau_ask(o);
	while (o->nasked < MODEL_PAUSES - 1)
		bureau_step(o);
	jobs[1] = bureau_ask_for(o, o->d->other);
	ck_assert_str(bureau_run(o, jobs[0]), "failed");
	ck_assert_uint_le(o->nasked, 2 * (MODEL_PAUSES + 1));
	before = asked_for(o, jobs[0]);
	ck_assert_uint_le(before, MODEL_PAUSES + 1);
	ck_assert_str(bureau_run(o, jobs[1]), "failed");
	ck_assert_str(bureau_tally(o, jobs[1]).reason, "model_unavailable");
	ck_assert_uint_ge(asked_for(o, jobs[1]), MODEL_PAUSES - 1);
	ck_assert_uint_eq(asked_for(o, jobs[0]), before);
	bureau_close(o);
}
END_TEST

START_TEST(after_a_run_without_one_success_the_next_may_pause_again)
{
	struct bureau *o = bureau_open();
	struct uuid session = plant(o, "sim:503*8");

	bureau_analyse(o, "failed");
	ck_assert_uint_eq(o->nasked, 6);
	bureau_analyse(o, "succeeded");
	ck_assert_uint_eq(o->nasked, 9);
	ck_assert_str(bureau_row(o, session).status, "done");
	ck_assert_int_eq(bureau_row(o, session).retry_count, 0);
	bureau_close(o);
}
END_TEST

START_TEST(pauses_with_a_success_between_them_end_no_run)
{
	static const char *const marks[] = { "sim:503*1", NULL, "sim:500*1",      NULL,
		                             "sim:429*1", NULL, "sim:429_bare*1", NULL,
		                             "sim:500*1", NULL, "sim:503*1",      NULL,
		                             "sim:429*1", NULL, "sim:quota*1",    NULL };
	struct bureau *o = bureau_open();

	bureau_marked(o, marks, 16);
	bureau_analyse(o, "succeeded");
	ck_assert_int_eq(bureau_count(o, "done"), 16);
	ck_assert_uint_eq(o->nasked, 24);
	bureau_close(o);
}
END_TEST

START_TEST(a_row_that_always_fails_does_not_keep_the_others_of_its_run_waiting)
{
	static const char *const marks[] = { "sim:500", NULL, NULL, NULL, NULL };
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_marked(o, marks, 5), job = bureau_analyse(o, "partial");

	ck_assert_str(bureau_tally(o, job).reason, "model_unavailable");
	ck_assert_int_eq(bureau_count(o, "done"), 4);
	ck_assert_str(bureau_row(o, v[0]).status, "pending");
	ck_assert_int_eq(bureau_row(o, v[0]).retry_count, 0);
	bureau_close(o);
}
END_TEST

START_TEST(many_in_flight_that_fail_together_are_one_pause)
{
	struct bureau *o = bureau_open();
	struct uuid job;
	size_t first = 0;

	o->options.concurrency = 8;
	bureau_hire(o, 0);
	o->llm->options.manners.permille[LLM_503] = 1000;
	bureau_sessions(o, 24);
	job = bureau_analyse(o, "failed");
	ck_assert_str(bureau_tally(o, job).reason, "model_unavailable");
	while (o->asked[first].at == o->asked[0].at)
		first++;
	ck_assert_uint_eq(first, 8);
	ck_assert_int_ge(o->asked[first].at - o->asked[0].at, MODEL_PAUSE_MS / 2);
	ck_assert_uint_eq(o->nasked, 8 * (MODEL_PAUSES + 1));
	ck_assert_int_eq(bureau_count(o, "pending"), 24);
	ck_assert_int_eq(desk_number(o->d, "SELECT sum(\"retryCount\") FROM session_analyses"), 0);
	bureau_close(o);
}
END_TEST

START_TEST(two_lost_calls_cost_nothing_and_the_third_an_attempt)
{
	static const char *const marks[] = { "sim:cut", "sim:close*2", NULL, NULL };
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_marked(o, marks, 4);
	struct bureau_row row;

	bureau_analyse(o, "partial");
	row = bureau_row(o, v[0]);
	ck_assert_str(row.status, "failed");
	ck_assert_int_eq(row.retry_count, 1);
	ck_assert_int_eq(row.lost, 0);
	ck_assert_int_eq(row.attempts, 0);
	ck_assert_int_eq(row.interrupted, 3);
	ck_assert_uint_eq(bureau_times(o, v[0]), 3);
	row = bureau_row(o, v[1]);
	ck_assert_str(row.status, "done");
	ck_assert_int_eq(row.retry_count + row.lost, 0);
	ck_assert_int_eq(row.interrupted, 2);
	ck_assert_uint_eq(bureau_times(o, v[1]), 3);
	ck_assert_int_eq(bureau_count(o, "done"), 3);
	bureau_close(o);
}
END_TEST

START_TEST(a_call_that_hangs_is_given_up_when_its_time_is_over)
{
	struct bureau *o = bureau_open();

	plant(o, "sim:hang*1");
	bureau_analyse(o, "succeeded");
	ck_assert_uint_eq(o->nasked, 2);
	ck_assert_int_ge(o->asked[1].at - o->asked[0].at, o->options.timeout_ms);
	ck_assert_int_lt(o->asked[1].at - o->asked[0].at,
	                 o->options.timeout_ms + MODEL_PAUSE_MS + 100);
	bureau_close(o);
}
END_TEST

/* No request has left. */
static void
nobody_there(void *ctx, const struct http_call *call, int64_t now_ms, struct http_fake_reply *out)
{
	static const enum http_failure all[] = { HTTP_REFUSED, HTTP_DNS, HTTP_TLS,
		                                 HTTP_TIMEOUT_CONNECT };
	static size_t n;

	(void)ctx;
	(void)call;
	(void)now_ms;
	*out = (struct http_fake_reply){ .failure = all[n++ % 4] };
}

START_TEST(a_call_that_never_left_is_paid_by_nobody)
{
	struct bureau *o = bureau_open();
	struct uuid session = plant(o, NULL);

	o->other = nobody_there;
	for (int i = 0; i < 4; i++, o->time.now_ms += TIME_HOUR)
		(void)bureau_run(o, bureau_ask(o));
	ck_assert_uint_gt(bureau_times(o, session), 4);
	ck_assert_int_eq(bureau_row(o, session).interrupted, 0);
	ck_assert_int_gt(bureau_row(o, session).retry_count, 0);
	bureau_close(o);
}
END_TEST

static void
redirect(void *ctx, const struct http_call *call, int64_t now_ms, struct http_fake_reply *out)
{
	(void)ctx;
	(void)call;
	(void)now_ms;
	*out = (struct http_fake_reply){ .status = 302, .delay_ms = 10 };
}

static void
forbid(void *ctx, const struct http_call *call, int64_t now_ms, struct http_fake_reply *out)
{
	(void)ctx;
	(void)call;
	(void)now_ms;
	*out = (struct http_fake_reply){ .failure = HTTP_FORBIDDEN, .delay_ms = 10 };
}

START_TEST(what_the_key_or_the_address_is_to_blame_for_ends_the_run_at_once)
{
	static const struct {
		const char *mark, *reason;
		http_fake_answer *other;
	} cases[] = { { "sim:401", "unauthorized", NULL },
		      { "sim:403", "forbidden", NULL },
		      { "sim:404", "unknown_model", NULL },
		      { NULL, "redirected", redirect },
		      { NULL, "refused_by_rule", forbid } };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bureau *o = bureau_open();
		struct uuid job;

		o->options.concurrency = 3;
		bureau_hire(o, 0);
		o->other = cases[i].other;
		plant(o, cases[i].mark);
		bureau_sessions(o, 9);
		job = bureau_analyse(o, cases[i].other == NULL ? "partial" : "failed");
		ck_assert_str_eq(bureau_tally(o, job).reason.p, cases[i].reason);
		/* those that were in flight beside it were paid for */
		ck_assert_uint_eq(o->nasked, 3);
		ck_assert_int_eq(bureau_count(o, "done"), cases[i].other == NULL ? 2 : 0);
		ck_assert_int_eq(bureau_count(o, "pending"), cases[i].other == NULL ? 8 : 10);
		ck_assert(str_starts(bureau_error(o, job), str_from(cases[i].reason)));
		ck_assert_ptr_null(strstr(bureau_error(o, job).p, "Incorrect"));
		bureau_close(o);
	}
}
END_TEST

static void
too_large(void *ctx, const struct http_call *call, int64_t now_ms, struct http_fake_reply *out)
{
	(void)ctx;
	(void)call;
	(void)now_ms;
	*out = (struct http_fake_reply){ .failure = HTTP_TOO_LARGE,
		                         .detail = "the answer is larger than allowed",
		                         .delay_ms = 10 };
}

START_TEST(the_error_of_a_row_is_a_stable_word_and_a_sentence)
{
	static const struct {
		const char *mark, *error;
		http_fake_answer *other;
	} cases[] = {
		{ NULL, "too_large: the answer is larger than allowed", too_large },
		{ "sim:broken_json", "invalid_json: The report is not JSON.", NULL },
		{ "sim:content_filter",
		  "content_filter: The server's content filter stopped the answer.", NULL },
		{ "sim:400", "bad_request: the model server answered 400: Your input", NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bureau *o = bureau_open();
		struct uuid session = plant(o, cases[i].mark);

		o->other = cases[i].other;
		bureau_analyse(o, "partial");
		ck_assert_msg(str_starts(bureau_row(o, session).error, str_from(cases[i].error)),
		              STR_FMT, STR_ARG(bureau_row(o, session).error));
		bureau_close(o);
	}
}
END_TEST

START_TEST(a_run_that_waits_for_the_server_can_be_cancelled)
{
	struct bureau *o = bureau_open();
	struct uuid session, job;
	int64_t asked_at;

	o->llm->options.retry_after_s = 3600;
	session = plant(o, "sim:429");
	job = bureau_ask(o);
	while (o->nasked == 0)
		bureau_step(o);
	bureau_pass(o, TIME_MINUTE);
	asked_at = o->time.now_ms;
	ck_assert_ok(jobs_cancel(o->d->s.db, job, asked_at));
	ck_assert_str(bureau_run(o, job), "cancelled");
	ck_assert_int_lt(o->time.now_ms - asked_at, 2100);
	ck_assert_uint_eq(o->nasked, 1);
	ck_assert_str(bureau_row(o, session).status, "pending");
	ck_assert_int_eq(bureau_row(o, session).retry_count, 0);
	bureau_close(o);
}
END_TEST

START_TEST(a_session_that_is_too_long_is_graded_by_its_head_and_tail)
{
	struct bureau *o = bureau_open();
	struct planted p = { .length = 5 * TIME_HOUR };

	bureau_session(o, NULL, &p);
	for (int64_t i = 0; i < 400; i++) {
		struct planted_message m = { .conversation = p.conversation,
			                     .ticket = p.ticket,
			                     .at = p.start + 10 * TIME_MINUTE + i * TIME_SECOND,
			                     .body = "mais uma fala, e nada de novo" };

		desk_message(o->d, &m);
	}
	o->options.model.max_input_tokens = 6000;
	bureau_hire(o, 0);
	bureau_analyse(o, "succeeded");
	ck_assert_str(bureau_row(o, p.id).status, "done");
	ck_assert(bureau_row(o, p.id).truncated);
	bureau_close(o);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"analyser answers", each_kind_of_answer_has_its_outcome,
		what_befalls_a_session_once_is_made_good,
		a_failed_attempt_is_made_again_after_1_5_and_15_minutes_and_the_fourth_is_final,
		an_answer_that_was_cut_for_its_length_is_asked_for_again_with_a_larger_bound,
		a_server_that_says_when_is_left_alone_until_then_by_every_run,
		a_server_that_does_not_say_when_is_left_alone_twice_as_long_each_time,
		a_run_that_begins_while_the_server_fails_has_five_pauses_of_its_own,
		that_the_server_is_left_alone_is_told_while_it_is,
		after_a_run_without_one_success_the_next_may_pause_again,
		pauses_with_a_success_between_them_end_no_run,
		a_row_that_always_fails_does_not_keep_the_others_of_its_run_waiting,
		many_in_flight_that_fail_together_are_one_pause,
		two_lost_calls_cost_nothing_and_the_third_an_attempt,
		a_call_that_never_left_is_paid_by_nobody,
		a_call_that_hangs_is_given_up_when_its_time_is_over,
		what_the_key_or_the_address_is_to_blame_for_ends_the_run_at_once,
		the_error_of_a_row_is_a_stable_word_and_a_sentence,
		a_run_that_waits_for_the_server_can_be_cancelled,
		a_session_that_is_too_long_is_graded_by_its_head_and_tail);
}

BUREAU_MAIN(make_suite)
