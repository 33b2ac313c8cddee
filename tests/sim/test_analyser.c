/*
 * The analyser when all goes well: which rows it works on, in which order, how many at a time and
 * how many at all, what that costs, and how several runs and processes share the work. ENGINE says
 * on which engine.
 */
#include <stdlib.h>

#include "analyser_fixture.h"
#include "work/analysis_stale.h"

START_TEST(a_session_is_graded_and_what_it_took_is_told)
{
	struct bureau *o = bureau_open();
	struct uuid session = bureau_sessions(o, 1)[0], job = bureau_analyse(o, "succeeded");
	struct bureau_row row = bureau_row(o, session);
	struct analysis_tally t = bureau_tally(o, job);
	const cJSON *report = test_json(row.report);
	int64_t version;

	ck_assert_str(row.status, "done");
	ck_assert_int_eq(row.attempts, 1);
	ck_assert_int_eq(row.retry_count, 0);
	ck_assert_int_ge(row.latency, 1000);
	ck_assert_int_lt(row.latency, 1010);
	ck_assert_str(row.model, "gpt-5-mini-2026-01-20");
	ck_assert_uint_eq(row.hash.n, SHA256_HEX_LEN);
	ck_assert_int_gt(row.verified, 0);
	ck_assert_int_eq(row.unverified, 0);
	ck_assert(!row.stale && !row.truncated);
	ck_assert_str(json_str(json_get(report, "scriptKey")), "sales");
	ck_assert(json_i64(json_get(report, "scriptVersion"), &version) && version == 2);
	ck_assert_str(json_str(json_get(report, "analysisVersionTag")), "v1");
	ck_assert_int_eq(t.enqueued, 1);
	ck_assert_int_eq(t.processed, 1);
	ck_assert_int_eq(t.failed + t.released + t.remaining, 0);
	ck_assert_uint_eq(t.nprocessed_ids, 1);
	ck_assert(uuid_eq(t.processed_ids[0], row.id));
	ck_assert_none(t.reason);
	bureau_close(o);
}
END_TEST

START_TEST(with_one_in_flight_calls_follow_one_another_from_the_newest_session_on)
{
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_sessions(o, 6);

	bureau_analyse(o, "succeeded");
	ck_assert_uint_eq(o->nasked, 6);
	ck_assert_uint_eq(http_fake_peak(o->hands[0].http), 1);
	for (size_t i = 0; i < 6; i++) {
		ck_assert_msg(uuid_eq(o->asked[i].session, v[i]), "call %zu", i);
		if (i > 0)
			ck_assert_int_ge(o->asked[i].at - o->asked[i - 1].at, 1000);
	}
	bureau_close(o);
}
END_TEST

START_TEST(no_more_calls_than_allowed_are_in_flight_whoever_they_are_for)
{
	struct bureau *o = bureau_open();
	struct planted p = { .client = o->d->other };
	struct uuid jobs[2];

	o->options.concurrency = 3;
	bureau_hire(o, 0);
	desk_rubric(o->d, o->d->other, "sales", 2);
	bureau_sessions(o, 8);
	for (int i = 0; i < 8; i++) {
		p.lead = p.conversation = p.ticket = UUID_NIL;
		bureau_session(o, NULL, &p);
	}
	jobs[0] = bureau_ask(o);
	jobs[1] = bureau_ask_for(o, o->d->other);
	ck_assert_str(bureau_run(o, jobs[0]), "succeeded");
	ck_assert_str(bureau_run(o, jobs[1]), "succeeded");
	ck_assert_uint_eq(http_fake_peak(o->hands[0].http), 3);
	ck_assert_uint_eq(o->nasked, 16);
	/* three at a time: sixteen calls of a second each */
	ck_assert_int_lt(o->asked[15].at - o->asked[0].at, 6000);
	bureau_close(o);
}
END_TEST

START_TEST(a_run_works_on_no_more_than_its_limit_and_the_next_one_goes_on)
{
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_sessions(o, 9), job;

	o->params.limit = 4;
	job = bureau_analyse(o, "succeeded");
	ck_assert_int_eq(bureau_tally(o, job).enqueued, 9);
	ck_assert_int_eq(bureau_tally(o, job).processed, 4);
	ck_assert_int_eq(bureau_tally(o, job).remaining, 5);
	for (size_t i = 0; i < 9; i++)
		ck_assert_str_eq(bureau_row(o, v[i]).status.p, i < 4 ? "done" : "pending");
	/* whatever is due of the combo, though nothing of it would be put into the queue now */
	o->params.min_messages = 1000;
	o->params.limit = ANALYSIS_RUN_LIMIT;
	job = bureau_analyse(o, "succeeded");
	ck_assert_int_eq(bureau_tally(o, job).enqueued, 0);
	ck_assert_int_eq(bureau_tally(o, job).processed, 5);
	ck_assert_uint_eq(o->nasked, 9);
	bureau_close(o);
}
END_TEST

START_TEST(the_limit_holds_with_many_in_flight)
{
	struct bureau *o = bureau_open();

	o->options.concurrency = 4;
	bureau_hire(o, 0);
	bureau_sessions(o, 12);
	o->params.limit = 6;
	bureau_analyse(o, "succeeded");
	ck_assert_int_eq(bureau_count(o, "done"), 6);
	ck_assert_uint_eq(o->nasked, 6);
	bureau_close(o);
}
END_TEST

START_TEST(a_session_with_too_few_messages_is_left_alone)
{
	struct bureau *o = bureau_open();
	struct planted few = { .messages = 19 }, enough = { .messages = 20 };

	bureau_session(o, NULL, &few);
	bureau_session(o, NULL, &enough);
	o->params.min_messages = 20;
	bureau_analyse(o, "succeeded");
	ck_assert_none(bureau_row(o, few.id).status);
	ck_assert_str(bureau_row(o, enough.id).status, "done");
	bureau_close(o);
}
END_TEST

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x < y) - (x > y);
}

/* What was spent when the last call began was less than the budget. */
static void
check_budget(struct bureau *o, const struct uuid *v, size_t n, int64_t budget)
{
	int64_t *cost = ARENA_ARRAY(test_arena(), n, int64_t), sum = 0, before;
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		struct bureau_row row = bureau_row(o, v[i]);

		if (row.cost > 0)
			sum += cost[done++] = row.cost;
	}
	ck_assert_uint_eq(done, o->nasked);
	qsort(cost, done, sizeof *cost, by_size);
	before = sum;
	for (size_t i = 0; i < o->options.concurrency && i < done; i++)
		before -= cost[i];
	ck_assert_uint_lt(done, n);
	ck_assert_int_ge(sum, budget);
	ck_assert_int_lt(before, budget);
}

START_TEST(a_budget_is_not_passed_but_by_what_was_in_flight)
{
	static const size_t at_once[] = { 1, 4 };

	for (size_t i = 0; i < 2; i++) {
		struct bureau *o = bureau_open();
		struct uuid *v = bureau_sessions(o, 20), job;

		o->options.concurrency = at_once[i];
		bureau_hire(o, 0);
		o->params.limit = 1;
		bureau_analyse(o, "succeeded");
		o->params.limit = ANALYSIS_RUN_LIMIT;
		o->params.max_cost = 5 * bureau_row(o, v[0]).cost;
		o->nasked = 0;
		job = bureau_analyse(o, "partial");
		ck_assert_str(bureau_tally(o, job).reason, "budget_spent");
		ck_assert_int_eq(bureau_tally(o, job).remaining, bureau_count(o, "pending"));
		check_budget(o, v + 1, 19, o->params.max_cost);
		bureau_close(o);
	}
}
END_TEST

START_TEST(a_budget_of_nothing_asks_nothing)
{
	struct bureau *o = bureau_open();
	struct uuid job;

	bureau_sessions(o, 2);
	o->params.max_cost = 0;
	job = bureau_analyse(o, "failed");
	ck_assert_str(bureau_tally(o, job).reason, "budget_spent");
	ck_assert_uint_eq(o->nasked, 0);
	ck_assert_int_eq(bureau_count(o, "pending"), 2);
	bureau_close(o);
}
END_TEST

START_TEST(sums_of_tokens_and_cost_are_exact)
{
	struct bureau *o = bureau_open();
	const struct llm_usage *told = &o->llm->stats.usage;
	struct uuid *v = bureau_sessions(o, 12), job;
	struct model_usage sum = { 0, 0, 0 };
	struct analysis_tally t;
	int64_t cost = 0;

	o->options.concurrency = 5;
	bureau_hire(o, 0);
	job = bureau_analyse(o, "succeeded");
	t = bureau_tally(o, job);
	for (size_t i = 0; i < 12; i++) {
		struct bureau_row row = bureau_row(o, v[i]);

		ck_assert_int_eq(row.cost, model_cost(&o->options.model.prices, row.usage));
		sum = model_usage_sum(sum, row.usage);
		cost += row.cost;
	}
	ck_assert_int_gt(sum.input_tokens, 1000);
	ck_assert_int_eq(sum.input_tokens, (int64_t)told->input);
	ck_assert_int_eq(sum.cached_tokens, (int64_t)told->cached);
	ck_assert_int_eq(sum.output_tokens, (int64_t)told->output);
	ck_assert_int_eq(sum.input_tokens, t.usage.input_tokens);
	ck_assert_int_eq(sum.cached_tokens, t.usage.cached_tokens);
	ck_assert_int_eq(sum.output_tokens, t.usage.output_tokens);
	ck_assert(t.priced);
	ck_assert_int_eq(cost, t.cost);
	bureau_close(o);
}
END_TEST

START_TEST(without_a_price_the_cost_is_not_known)
{
	struct bureau *o = bureau_open();
	struct uuid session = bureau_sessions(o, 1)[0], job;

	o->options.model.priced = false;
	bureau_hire(o, 0);
	job = bureau_analyse(o, "succeeded");
	ck_assert_int_eq(bureau_row(o, session).cost, -1);
	ck_assert_int_gt(bureau_row(o, session).usage.output_tokens, 0);
	ck_assert(!bureau_tally(o, job).priced);
	bureau_close(o);
}
END_TEST

START_TEST(what_is_done_is_not_paid_again_unless_it_is_forced)
{
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_sessions(o, 3), job;
	struct bureau_row before, after;

	bureau_analyse(o, "succeeded");
	before = bureau_row(o, v[1]);
	job = bureau_analyse(o, "succeeded");
	ck_assert_int_eq(bureau_tally(o, job).enqueued + bureau_tally(o, job).processed, 0);
	ck_assert_uint_eq(o->nasked, 3);
	ck_assert_slice(bureau_row(o, v[1]).report, before.report);
	o->params.force = true;
	job = bureau_analyse(o, "succeeded");
	ck_assert_int_eq(bureau_tally(o, job).enqueued, 3);
	ck_assert_int_eq(bureau_tally(o, job).processed, 3);
	ck_assert_uint_eq(o->nasked, 6);
	after = bureau_row(o, v[1]);
	ck_assert(uuid_eq(after.id, before.id));
	ck_assert_int_eq(after.attempts, 2); /* both were paid */
	ck_assert_int_gt(after.cost, before.cost);
	ck_assert_int_eq(after.usage.input_tokens, 2 * before.usage.input_tokens);
	ck_assert_slice(after.hash, before.hash);
	ck_assert_int_gt(after.processed_at, before.processed_at);
	bureau_close(o);
}
END_TEST

START_TEST(two_runs_of_one_combo_share_its_rows)
{
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_sessions(o, 10), jobs[2];
	struct analysis_tally t[2];

	bureau_hire(o, 1);
	jobs[0] = bureau_ask(o);
	jobs[1] = bureau_ask(o);
	for (int i = 0; i < 2; i++) {
		ck_assert_str(bureau_run(o, jobs[i]), "succeeded");
		t[i] = bureau_tally(o, jobs[i]);
		ck_assert_int_gt(t[i].processed, 0);
	}
	ck_assert_int_eq(t[0].processed + t[1].processed, 10);
	ck_assert_int_eq(t[0].enqueued + t[1].enqueued, 10);
	ck_assert_int_eq(t[0].usage.input_tokens + t[1].usage.input_tokens,
	                 (int64_t)o->llm->stats.usage.input);
	for (size_t i = 0; i < 10; i++)
		ck_assert_uint_eq(bureau_times(o, v[i]), 1);
	bureau_close(o);
}
END_TEST

START_TEST(runs_take_turns)
{
	struct bureau *o = bureau_open();
	struct planted p = { .client = o->d->other };
	struct uuid jobs[2];
	int ahead = 0;

	desk_rubric(o->d, o->d->other, "sales", 2);
	bureau_sessions(o, 6);
	for (int i = 0; i < 6; i++) {
		p.lead = p.conversation = p.ticket = UUID_NIL;
		bureau_session(o, NULL, &p);
	}
	jobs[0] = bureau_ask(o);
	jobs[1] = bureau_ask_for(o, o->d->other);
	ck_assert_str(bureau_run(o, jobs[0]), "succeeded");
	ck_assert_str(bureau_run(o, jobs[1]), "succeeded");
	ck_assert_uint_eq(o->nasked, 12);
	for (size_t i = 0; i < 12; i++) {
		ahead += uuid_eq(o->asked[i].job, jobs[0]) ? 1 : -1;
		ck_assert_msg(abs(ahead) <= 2, "after %zu calls", i + 1);
	}
	bureau_close(o);
}
END_TEST

/* Its end is taken back before its turn comes. */
START_TEST(a_session_that_reopened_leaves_the_queue_unasked)
{
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_sessions(o, 4), job;

	o->params.limit = 1;
	bureau_analyse(o, "succeeded");
	o->params.limit = ANALYSIS_RUN_LIMIT;
	desk_sql(o->d, "UPDATE sessions SET ended_at = NULL, class = 'OPEN_REAL' WHERE id = %s",
	         desk_uuid(o->d, v[1]));
	desk_sql(o->d, "UPDATE sessions SET retired_at = %s WHERE id = %s",
	         desk_time(o->d, DESK_AT), desk_uuid(o->d, v[2]));
	job = bureau_analyse(o, "succeeded");
	ck_assert_int_eq(bureau_tally(o, job).processed, 1);
	ck_assert_int_eq(bureau_tally(o, job).failed + bureau_tally(o, job).remaining, 0);
	ck_assert_none(bureau_row(o, v[1]).status);
	ck_assert_none(bureau_row(o, v[2]).status);
	ck_assert_str(bureau_row(o, v[3]).status, "done");
	ck_assert_uint_eq(o->nasked, 2);
	/* and comes back when it has ended again */
	desk_sql(o->d, "UPDATE sessions SET ended_at = %s, class = 'CLOSED' WHERE id = %s",
	         desk_time(o->d, DESK_AT - 2 * DAY), desk_uuid(o->d, v[1]));
	bureau_analyse(o, "succeeded");
	ck_assert_str(bureau_row(o, v[1]).status, "done");
	bureau_close(o);
}
END_TEST

/* It says what was paid for it, and is tried again when it may have ended. */
START_TEST(a_session_that_reopened_after_a_call_was_paid_stays_in_the_queue)
{
	static const char *const marks[] = { "sim:broken_json*1", NULL, NULL };
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_marked(o, marks, 3), job;
	struct bureau_row row;

	o->params.limit = 1;
	bureau_analyse(o, "partial");
	/* the second is one whose call was interrupted */
	desk_sql(o->d,
	         "UPDATE session_analyses SET \"interruptedCalls\" = 1 WHERE \"sessionId\" = %s",
	         desk_uuid(o->d, v[1]));
	o->params.limit = ANALYSIS_RUN_LIMIT;
	desk_sql(o->d, "UPDATE sessions SET ended_at = NULL, class = 'OPEN_REAL'");
	o->time.now_ms += TIME_MINUTE;
	job = bureau_analyse(o, "partial");
	ck_assert_int_eq(bureau_tally(o, job).failed, 2);
	ck_assert_none(bureau_row(o, v[2]).status); /* nothing was paid */
	for (size_t i = 0; i < 2; i++) {
		row = bureau_row(o, v[i]);
		ck_assert_str(row.status, "failed");
		ck_assert(str_starts(row.error, STR("not_settled: ")));
		ck_assert_int_eq(row.attempts, i == 0);
		ck_assert_int_eq(row.interrupted, i == 1);
		ck_assert_int_eq(row.next_retry_at, row.processed_at + DAY);
	}
	ck_assert_int_gt(bureau_row(o, v[0]).cost, 0);
	desk_sql(o->d, "UPDATE sessions SET ended_at = %s, class = 'CLOSED'",
	         desk_time(o->d, o->time.now_ms));
	o->time.now_ms += DAY + TIME_MINUTE;
	bureau_analyse(o, "succeeded");
	ck_assert_int_eq(bureau_count(o, "done"), 3);
	ck_assert_int_eq(bureau_row(o, v[0]).attempts, 2);
	bureau_close(o);
}
END_TEST

static void
edit_it(struct bureau *o, const struct analyser_call *c)
{
	struct analysis_stale stale;
	struct desk *d = o->d;

	ck_assert_ok(db_begin(d->s.db, DB_APPLY));
	ck_assert_ok(db_lane(d->s.db, d->client, true));
	analysis_stale_init(&stale, test_arena(), d->client, o->time.now_ms);
	analysis_stale_session(&stale, c->row.session_id, c->row.session_ended_at);
	ck_assert_ok(analysis_stale_mark(d->s.db, &stale));
	ck_assert_ok(db_commit(d->s.db));
	o->meanwhile = NULL;
}

START_TEST(a_session_that_changes_while_it_is_worked_on_is_stale_at_once)
{
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_sessions(o, 2);

	o->meanwhile = edit_it;
	bureau_analyse(o, "succeeded");
	ck_assert_str(bureau_row(o, v[0]).status, "done");
	ck_assert(bureau_row(o, v[0]).stale);
	ck_assert(!bureau_row(o, v[1]).stale);
	/* nothing runs again by itself */
	bureau_analyse(o, "succeeded");
	ck_assert_uint_eq(o->nasked, 2);
	o->params.force = true;
	bureau_analyse(o, "succeeded");
	ck_assert(!bureau_row(o, v[0]).stale);
	bureau_close(o);
}
END_TEST

START_TEST(a_run_whose_rubric_is_gone_or_too_large_says_so_and_asks_nothing)
{
	struct bureau *o = bureau_open();
	struct uuid job;

	bureau_sessions(o, 2);
	o->params.script_version = 3;
	job = bureau_analyse(o, "failed");
	ck_assert_str(bureau_tally(o, job).reason, "script_missing");
	o->params.script_version = 2;
	o->options.model.max_input_tokens = 1000;
	bureau_hire(o, 0);
	job = bureau_analyse(o, "failed");
	ck_assert_str(bureau_tally(o, job).reason, "script_too_large");
	ck_assert_uint_eq(o->nasked, 0);
	ck_assert_int_eq(desk_number(o->d, "SELECT count(*) FROM session_analyses"), 0);
	bureau_close(o);
}
END_TEST

START_TEST(the_same_session_gives_the_same_hash_on_another_machine)
{
	struct str hashes[2];

	for (int i = 0; i < 2; i++) {
		struct bureau *o = bureau_open();
		struct planted p = { .ended_ago = 3 * DAY };

		for (int k = 0; k < 5 * i; k++)
			desk_id(o->d); /* other ids for everything */
		bureau_session(o, NULL, &p);
		bureau_analyse(o, "succeeded");
		hashes[i] = bureau_row(o, p.id).hash;
		bureau_close(o);
	}
	ck_assert_slice(hashes[0], hashes[1]);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"analyser", a_session_is_graded_and_what_it_took_is_told,
		with_one_in_flight_calls_follow_one_another_from_the_newest_session_on,
		no_more_calls_than_allowed_are_in_flight_whoever_they_are_for,
		a_run_works_on_no_more_than_its_limit_and_the_next_one_goes_on,
		the_limit_holds_with_many_in_flight, a_session_with_too_few_messages_is_left_alone,
		a_budget_is_not_passed_but_by_what_was_in_flight, a_budget_of_nothing_asks_nothing,
		sums_of_tokens_and_cost_are_exact, without_a_price_the_cost_is_not_known,
		what_is_done_is_not_paid_again_unless_it_is_forced,
		two_runs_of_one_combo_share_its_rows, runs_take_turns,
		a_session_that_reopened_leaves_the_queue_unasked,
		a_session_that_reopened_after_a_call_was_paid_stays_in_the_queue,
		a_session_that_changes_while_it_is_worked_on_is_stale_at_once,
		a_run_whose_rubric_is_gone_or_too_large_says_so_and_asks_nothing,
		the_same_session_gives_the_same_hash_on_another_machine);
}

BUREAU_MAIN(make_suite)
