/*
 * The analyser when the database fails, at whatever moment: each row has its old state or its new
 * one, an answer that was paid for is stored in the end, and nothing stays behind. ENGINE says on
 * which engine.
 */
#include "analyser_fixture.h"

/* All of these are worked on by one run. */
static const char *const marks[] = { NULL, "sim:incomplete_length*1", "sim:broken_json*1",
	                             "sim:503*1", NULL };
static const size_t asked[] = { 1, 2, 1, 2, 1 };
#define MARKS (sizeof marks / sizeof marks[0])

/* As after a run that nothing befell. */
static void
check_story(struct bureau *o, const struct uuid *v, struct uuid job, uint64_t n)
{
	struct analysis_tally t = bureau_tally(o, job);
	struct model_usage sum = { 0, 0, 0 };

	for (size_t i = 0; i < MARKS; i++) {
		struct bureau_row row = bureau_row(o, v[i]);

		ck_assert_msg(str_eq(row.status, i == 2 ? STR("failed") : STR("done")),
		              "%d, %d: " STR_FMT, (int)n, (int)i, STR_ARG(row.status));
		ck_assert_msg(bureau_times(o, v[i]) == asked[i], "%d, %d: asked %zu times", (int)n,
		              (int)i, bureau_times(o, v[i]));
		ck_assert_int_eq(row.retry_count, i == 2);
		ck_assert_int_eq(row.attempts, i == 1 ? 2 : 1);
		sum = model_usage_sum(sum, row.usage);
	}
	ck_assert_int_eq(t.enqueued, MARKS);
	ck_assert_int_eq(t.processed, MARKS - 1);
	ck_assert_int_eq(t.failed, 1);
	ck_assert_int_eq(t.remaining, 1);
	ck_assert_int_eq(sum.input_tokens, (int64_t)o->llm->stats.usage.input);
	ck_assert_int_eq(sum.output_tokens, (int64_t)o->llm->stats.usage.output);
	ck_assert_int_eq(t.usage.input_tokens, sum.input_tokens);
	ck_assert_int_eq(t.usage.output_tokens, sum.output_tokens);
}

/* Statements and commits of the first hand so far. */
static uint64_t
steps_of(const struct bureau *o)
{
	struct db_stats s = db_stats(o->hands[0].analyser->db);

	return s.statements + s.transactions;
}

START_TEST(whichever_statement_fails_the_run_ends_as_if_none_had)
{
	static const enum err faults[] = { ERR_UNAVAILABLE, ERR_BUSY, ERR_TIMEOUT, ERR_DISK_FULL,
		                           ERR_IO };
	struct bureau *o = bureau_open();
	bool reached = true;
	uint64_t n;

	o->params.retry_failed = true;
	for (n = 1; reached; n++) {
		struct uuid *v = bureau_marked(o, marks, MARKS), job = bureau_ask(o);
		uint64_t before = steps_of(o);

		db_fail_at(o->hands[0].analyser->db, n, faults[n % 5]);
		ck_assert_str(bureau_run(o, job), "partial");
		reached = n <= steps_of(o) - before;
		db_fail_at(o->hands[0].analyser->db, 0, ERR_OK);
		check_story(o, v, job, n);
		bureau_begin_again(o);
	}
	ck_assert_uint_gt(n, 50);
	bureau_close(o);
}
END_TEST

/* Nobody is told whether a transaction was made. */
START_TEST(whichever_commit_is_not_confirmed_nothing_is_paid_twice_or_left_behind)
{
	struct bureau *o = bureau_open();
	bool reached = true;
	uint64_t n;

	for (n = 1; reached; n++) {
		struct uuid *v = bureau_marked(o, marks, MARKS), job = bureau_ask(o);
		uint64_t before = db_stats(o->hands[0].analyser->db).transactions;
		struct model_usage sum = { 0, 0, 0 };
		struct analysis_tally t;

		db_lose_commit(o->hands[0].analyser->db, n);
		ck_assert_str(bureau_run(o, job), "partial");
		reached = n <= db_stats(o->hands[0].analyser->db).transactions - before;
		db_lose_commit(o->hands[0].analyser->db, 0);
		for (size_t i = 0; i < MARKS; i++) {
			struct bureau_row row = bureau_row(o, v[i]);

			ck_assert_msg(str_eq(row.status, i == 2 ? STR("failed") : STR("done")),
			              "%d, %d: " STR_FMT, (int)n, (int)i, STR_ARG(row.status));
			ck_assert_msg(bureau_times(o, v[i]) == asked[i], "%d, %d", (int)n, (int)i);
			ck_assert_int_eq(row.retry_count, i == 2);
			sum = model_usage_sum(sum, row.usage);
		}
		/* and the run knows what it has done */
		t = bureau_tally(o, job);
		ck_assert_msg(t.processed == MARKS - 1 && t.failed == 1, "%d: %d done, %d failed",
		              (int)n, (int)t.processed, (int)t.failed);
		ck_assert_int_eq(t.usage.input_tokens, sum.input_tokens);
		ck_assert_int_eq(t.usage.output_tokens, sum.output_tokens);
		bureau_begin_again(o);
	}
	ck_assert_uint_gt(n, 20);
	bureau_close(o);
}
END_TEST

/* For longer than a job's lease, from each statement of a run on. */
START_TEST(a_database_that_is_away_for_long_delays_a_run_and_costs_nothing)
{
	struct bureau *o = bureau_open();
	bool reached = true;

	o->options.concurrency = 2;
	bureau_hire(o, 0);
	for (uint64_t n = 1; reached; n++) {
		struct uuid *v = bureau_marked(o, marks, MARKS), job = bureau_ask(o);
		uint64_t before = steps_of(o);
		int64_t began = o->time.now_ms, back;

		db_fail_from(o->hands[0].analyser->db, n, ERR_UNAVAILABLE);
		while (o->hands[0].analyser->away_until <= began && reached) {
			bureau_step(o);
			reached = str_eq(bureau_status(o, job), STR("running")) ||
			          str_eq(bureau_status(o, job), STR("queued"));
		}
		back = o->time.now_ms + JOB_LEASE_MS + 5 * TIME_SECOND;
		bureau_pass(o, back - o->time.now_ms);
		bureau_away(o, 0, false);
		ck_assert_str(bureau_run(o, job), "partial");
		check_story(o, v, job, n);
		ck_assert_int_lt(o->time.now_ms - back, TIME_MINUTE);
		ck_assert_uint_ge(steps_of(o) - before, n);
		bureau_begin_again(o);
	}
	bureau_close(o);
}
END_TEST

/* A whole answer with a report of nearly a megabyte. */
static void
large_answer(void *ctx, const struct http_call *call, int64_t now_ms, struct http_fake_reply *out)
{
	static char notes[8000];
	struct buf report, whole;
	struct jw w;

	(void)ctx;
	(void)call;
	(void)now_ms;
	memset(notes, 'a', sizeof notes - 1);
	buf_init(&report, test_arena(), 2u << 20);
	buf_z(&report, "{\"analysisVersionTag\":\"v1\",\"scriptKey\":\"sales\",\"scriptVersion\":2,"
	               "\"overallScore\":50,\"temperature\":\"warm\",\"summary\":\"s\","
	               "\"checklist\":[{\"key\":\"cortesia\",\"label\":\"c\",\"passed\":true,"
	               "\"score\":50,\"notes\":\"n\"},{\"key\":\"fecho\",\"label\":\"f\","
	               "\"passed\":true,\"score\":50,\"notes\":\"n\"}],\"issues\":[");
	for (int i = 0; i < 120; i++)
		buf_fmt(&report,
		        "%s{\"key\":\"k\",\"severity\":\"low\",\"notes\":\"%s\",\"evidence\":"
		        "[{\"messageId\":\"m1\",\"excerpt\":\"fala\"}]}",
		        i == 0 ? "" : ",", notes);
	buf_z(&report, "],\"highlights\":[],\"recommendations\":[]}");
	buf_init(&whole, test_arena(), 4u << 20);
	buf_z(&whole,
	      "{\"object\":\"response\",\"status\":\"completed\",\"model\":\"m\",\"output\":"
	      "[{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":"
	      "\"output_text\",\"text\":");
	jw_init(&w, &whole);
	jw_str(&w, buf_slice(&report));
	buf_z(&whole, "}]}],\"usage\":{\"input_tokens\":1000,\"output_tokens\":200}}");
	*out = (struct http_fake_reply){ .delay_ms = 1000, .body = buf_slice(&whole) };
}

START_TEST(a_large_answer_is_kept_until_the_database_is_back)
{
	struct bureau *o = bureau_open();
	struct uuid session = bureau_sessions(o, 1)[0], job = bureau_ask(o);
	struct bureau_row row;

	o->other = large_answer;
	while (o->nasked == 0)
		bureau_step(o);
	bureau_away(o, 0, true);
	bureau_pass(o, 6 * TIME_MINUTE);
	bureau_away(o, 0, false);
	ck_assert_str(bureau_run(o, job), "succeeded");
	row = bureau_row(o, session);
	ck_assert_str(row.status, "done");
	ck_assert_uint_gt(row.report.n, 900000);
	ck_assert_int_eq(row.verified, 120);
	ck_assert_int_eq(row.attempts, 1);
	ck_assert_int_eq(row.retry_count, 0);
	ck_assert_int_eq(row.usage.output_tokens, 200);
	ck_assert_int_lt(row.latency, 1100);
	ck_assert_uint_eq(o->nasked, 1);
	bureau_close(o);
}
END_TEST

/* Nothing waits for its turn while the server is to be left alone, and no pause counts twice. */
START_TEST(a_failure_that_could_not_be_stored_at_once_is_one_pause)
{
	struct bureau *o = bureau_open();
	struct uuid job;

	bureau_marked(o, (const char *const[]){ "sim:503" }, 1);
	job = bureau_ask(o);
	for (size_t i = 1; i <= MODEL_PAUSES + 1; i++) {
		while (o->nasked < i)
			bureau_step(o);
		bureau_away(o, 0, true);
		bureau_pass(o, 5 * TIME_SECOND);
		bureau_away(o, 0, false);
	}
	ck_assert_str(bureau_run(o, job), "failed");
	ck_assert_str(bureau_tally(o, job).reason, "model_unavailable");
	ck_assert_uint_eq(o->nasked, MODEL_PAUSES + 1);
	bureau_close(o);
}
END_TEST

/* The row of the queue is one that the database refuses to change. */
START_TEST(an_error_that_is_a_runs_own_ends_that_run_alone)
{
	static const enum err faults[] = { ERR_DB, ERR_CORRUPT, ERR_INTERNAL };
	struct bureau *o = bureau_open();
	bool reached = true;
	size_t ended = 0;

	for (uint64_t n = 1; reached; n++) {
		struct uuid job;
		struct str status;
		uint64_t before;

		bureau_sessions(o, 3);
		job = bureau_ask(o);
		before = steps_of(o);
		db_fail_at(o->hands[0].analyser->db, n, faults[n % 3]);
		status = bureau_run(o, job);
		reached = n <= steps_of(o) - before;
		db_fail_at(o->hands[0].analyser->db, 0, ERR_OK);
		if (!str_eq(status, STR("succeeded"))) {
			ended++;
			ck_assert_str(bureau_tally(o, job).reason, "internal");
			bureau_check(o);
		}
		bureau_analyse(o, "succeeded");
		ck_assert_int_eq(bureau_count(o, "done"), 3);
		bureau_begin_again(o);
	}
	ck_assert_uint_gt(ended, 5);
	bureau_close(o);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("analyser faults", whichever_statement_fails_the_run_ends_as_if_none_had,
	                  whichever_commit_is_not_confirmed_nothing_is_paid_twice_or_left_behind,
	                  a_database_that_is_away_for_long_delays_a_run_and_costs_nothing,
	                  a_large_answer_is_kept_until_the_database_is_back,
	                  a_failure_that_could_not_be_stored_at_once_is_one_pause,
	                  an_error_that_is_a_runs_own_ends_that_run_alone);
}

BUREAU_MAIN(make_suite)
