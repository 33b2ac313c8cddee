/*
 * The analyser that is ended, well or badly, at whatever moment: it gives back what it holds, or
 * the end of its leases does, and another goes on with what it began. ENGINE says on which engine.
 */
#include "analyser_fixture.h"
#include "work/drain.h"

#define SESSIONS 6
#define LEASE_MS (2 * o->options.timeout_ms)

static struct bureau *
open_with_two_at_once(void)
{
	struct bureau *o = bureau_open();

	o->options.concurrency = 2;
	bureau_hire(o, 0);
	return o;
}

static bool
has_ended(struct bureau *o, struct uuid job)
{
	struct str status = bureau_status(o, job);

	return !str_eq(status, STR("queued")) && !str_eq(status, STR("running"));
}

/* So many steps; false: the run ended before. */
static bool
step_times(struct bureau *o, struct uuid job, int k)
{
	for (int i = 0; i < k && !has_ended(o, job); i++)
		bureau_step(o);
	return !has_ended(o, job);
}

/* No attempt is spent, and each call that was made beyond an answer was an interrupted one; so many
 * answers each session had before. */
static void
check_paid_after(struct bureau *o, const struct uuid *v, int k, int64_t before)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		struct bureau_row row = bureau_row(o, v[i]);
		size_t times = bureau_times(o, v[i]);

		ck_assert_int_eq(row.retry_count + row.lost, 0);
		ck_assert_msg(row.attempts == before + str_eq(row.status, STR("done")),
		              "%d: %d answers", k, (int)row.attempts);
		ck_assert_msg((int64_t)times <= row.attempts + row.interrupted,
		              "%d: asked %zu times, %d answered, %d interrupted", k, times,
		              (int)row.attempts, (int)row.interrupted);
		ck_assert_int_le(row.interrupted, 1);
	}
}

static void
check_paid(struct bureau *o, const struct uuid *v, int k)
{
	check_paid_after(o, v, k, 0);
}

START_TEST(ended_well_at_any_step_it_gives_everything_back_at_once_and_another_goes_on)
{
	struct bureau *o = open_with_two_at_once();
	bool reached = true;
	int interrupted = 0;

	o->llm->options.latency_ms = 300; /* several answers between two writings of the job */
	o->params.limit = SESSIONS - 2;
	for (int k = 0; reached; k++) {
		struct uuid *v = bureau_sessions(o, SESSIONS), job = bureau_ask(o);
		struct analysis_tally t;

		reached = step_times(o, job, k);
		bureau_stop(o, 0);
		bureau_check(o);
		if (reached)
			ck_assert_int_eq(desk_number(o->d,
			                             "SELECT count(*) FROM jobs WHERE status = "
			                             "'queued' AND lease_owner IS NULL AND "
			                             "lease_until IS NULL"),
			                 1);
		interrupted += (int)desk_number(o->d, "SELECT COALESCE(sum(\"interruptedCalls\"), "
		                                      "0) FROM session_analyses");
		bureau_hire(o, 0);
		ck_assert_str(bureau_run(o, job), "succeeded");
		t = bureau_tally(o, job);
		ck_assert_msg(t.processed == SESSIONS - 2, "%d: %d", k, (int)t.processed);
		ck_assert_msg(bureau_count(o, "done") == SESSIONS - 2, "%d: %d are done", k,
		              (int)bureau_count(o, "done"));
		ck_assert_int_eq(t.enqueued, SESSIONS);
		ck_assert_int_eq(t.remaining, 2);
		check_paid(o, v, k);
		bureau_begin_again(o);
	}
	ck_assert_int_gt(interrupted, 2);
	bureau_close(o);
}
END_TEST

/* What came is stored, though the database was away when it came. */
START_TEST(an_answer_that_is_there_at_the_end_is_stored)
{
	struct bureau *o = bureau_open();
	struct uuid session = bureau_sessions(o, 1)[0], job = bureau_ask(o);

	while (o->nasked == 0)
		bureau_step(o);
	bureau_away(o, 0, true);
	bureau_pass(o, 2 * TIME_SECOND);
	bureau_away(o, 0, false);
	bureau_stop(o, 0);
	ck_assert_str(bureau_row(o, session).status, "done");
	ck_assert_int_eq(bureau_row(o, session).interrupted, 0);
	bureau_hire(o, 0);
	ck_assert_str(bureau_run(o, job), "succeeded");
	ck_assert_int_eq(bureau_tally(o, job).processed, 1);
	ck_assert_uint_eq(o->nasked, 1);
	bureau_close(o);
}
END_TEST

/* The job's row knows what was done until a second before. */
START_TEST(killed_at_any_step_another_goes_on_after_the_lease_and_no_attempt_is_spent)
{
	struct bureau *o = open_with_two_at_once();
	bool reached = true;

	for (int k = 0; reached; k++) {
		struct uuid *v = bureau_sessions(o, SESSIONS), job = bureau_ask(o);

		reached = step_times(o, job, k);
		bureau_kill(o, 0);
		bureau_hire(o, 1);
		o->time.now_ms += JOB_LEASE_MS;
		ck_assert_str(bureau_run(o, job), "succeeded");
		/* what the dead one held comes back when its time is over, and waits for a run */
		o->time.now_ms += LEASE_MS;
		bureau_pass(o, 5 * TIME_SECOND);
		bureau_check(o);
		bureau_analyse(o, "succeeded");
		ck_assert_int_eq(bureau_count(o, "done"), SESSIONS);
		check_paid(o, v, k);
		bureau_kill(o, 1);
		bureau_hire(o, 0);
		bureau_begin_again(o);
	}
	bureau_close(o);
}
END_TEST

START_TEST(killed_in_a_forced_run_no_row_is_reset_twice)
{
	struct bureau *o = open_with_two_at_once();
	bool reached = true;

	for (int k = 0; reached; k++) {
		struct uuid *v = bureau_sessions(o, SESSIONS), job;

		bureau_analyse(o, "succeeded");
		o->params.force = true;
		job = bureau_ask(o);
		reached = step_times(o, job, k);
		bureau_kill(o, 0);
		bureau_hire(o, 1);
		o->time.now_ms += JOB_LEASE_MS;
		ck_assert_str(bureau_run(o, job), "succeeded");
		o->params.force = false;
		o->time.now_ms += LEASE_MS;
		bureau_analyse(o, "succeeded");
		ck_assert_int_eq(bureau_count(o, "done"), SESSIONS);
		check_paid_after(o, v, k, 1);
		bureau_kill(o, 1);
		bureau_hire(o, 0);
		bureau_begin_again(o);
	}
	bureau_close(o);
}
END_TEST

START_TEST(the_limit_and_the_counts_go_on_with_who_takes_the_run_up)
{
	struct bureau *o = bureau_open();
	struct analysis_tally before, after;
	struct uuid job;

	bureau_sessions(o, 10);
	o->params.limit = 7;
	job = bureau_ask(o);
	while (bureau_count(o, "done") < 4)
		bureau_step(o);
	bureau_pass(o, 1500); /* in the middle of the sixth; the row of the job is up to date */
	before = bureau_tally(o, job);
	ck_assert_int_eq(before.processed, 5);
	bureau_kill(o, 0);
	bureau_hire(o, 1);
	o->time.now_ms += JOB_LEASE_MS;
	ck_assert_str(bureau_run(o, job), "succeeded");
	after = bureau_tally(o, job);
	ck_assert_int_eq(after.processed, 7);
	ck_assert_uint_eq(after.nprocessed_ids, 7);
	ck_assert(uuid_eq(after.processed_ids[0], before.processed_ids[0]));
	ck_assert_int_eq(after.enqueued, 10);
	ck_assert_int_gt(after.usage.input_tokens, before.usage.input_tokens);
	ck_assert_int_eq(bureau_count(o, "done"), 7);
	o->time.now_ms += LEASE_MS;
	bureau_pass(o, 5 * TIME_SECOND);
	bureau_close(o);
}
END_TEST

START_TEST(an_idle_analyser_returns_what_the_dead_held)
{
	struct bureau *o = open_with_two_at_once();
	struct uuid *v = bureau_sessions(o, 2);
	int64_t claimed;

	(void)bureau_ask(o);
	while (o->nasked < 2)
		bureau_step(o);
	claimed = o->time.now_ms;
	bureau_kill(o, 0);
	desk_sql(o->d, "DELETE FROM jobs");
	bureau_hire(o, 1);
	while (bureau_count(o, "processing") > 0 && o->time.now_ms < claimed + 2 * LEASE_MS)
		bureau_step(o);
	ck_assert_int_ge(o->time.now_ms, claimed + LEASE_MS - 5);
	ck_assert_int_le(o->time.now_ms, claimed + LEASE_MS + 3 * TIME_SECOND);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_str(bureau_row(o, v[i]).status, "pending");
		ck_assert_int_eq(bureau_row(o, v[i]).interrupted, 1);
		ck_assert_int_eq(bureau_row(o, v[i]).retry_count, 0);
	}
	bureau_close(o);
}
END_TEST

START_TEST(where_nobody_analyses_the_keeper_returns_what_the_dead_held)
{
	struct bureau *o = open_with_two_at_once();
	struct keeper_options k = { .pool = o->d->s.pool,
		                    .rand = &o->d->s.rand,
		                    .amendment_ms = DAY,
		                    .alert_ms = DAY,
		                    .journal_retention_ms = DAY,
		                    .event_ms = DAY };
	int64_t claimed, next;

	bureau_sessions(o, 2);
	(void)bureau_ask(o);
	while (o->nasked < 2)
		bureau_step(o);
	claimed = o->time.now_ms;
	bureau_kill(o, 0);
	for (int returns = 0; returns < 2; returns++) {
		struct keeper *keeper;

		k.return_analyses = returns;
		ck_assert_ok(keeper_open(&k, &keeper));
		(void)keeper_step(keeper, claimed + LEASE_MS - 10, &next);
		ck_assert_int_eq(bureau_count(o, "processing"), 2);
		for (int64_t at = claimed + LEASE_MS; at < claimed + LEASE_MS + TIME_MINUTE;
		     at = next)
			(void)keeper_step(keeper, at, &next);
		keeper_close(keeper);
		ck_assert_int_eq(bureau_count(o, "pending"), returns ? 2 : 0);
	}
	ck_assert_int_eq(
		desk_number(o->d, "SELECT sum(\"interruptedCalls\") FROM session_analyses"), 2);
	bureau_close(o);
}
END_TEST

START_TEST(ended_while_the_database_is_away_the_leases_give_everything_back)
{
	struct bureau *o = open_with_two_at_once();
	struct uuid job;

	bureau_sessions(o, 3);
	job = bureau_ask(o);
	while (o->nasked < 2)
		bureau_step(o);
	bureau_away(o, 0, true);
	bureau_stop(o, 0);
	ck_assert_int_eq(bureau_count(o, "processing"), 2);
	bureau_hire(o, 1);
	o->time.now_ms += LEASE_MS;
	ck_assert_str(bureau_run(o, job), "succeeded");
	ck_assert_int_eq(bureau_count(o, "done"), 3);
	ck_assert_int_eq(
		desk_number(o->d, "SELECT sum(\"interruptedCalls\") FROM session_analyses"), 2);
	bureau_close(o);
}
END_TEST

/* Everything that stands in the queue. */
static const char *
rows_of(struct bureau *o)
{
	struct buf b;
	struct str *v;
	size_t n =
		raw_column(o->d->s.raw, test_arena(),
	                   "SELECT \"status\" || ' ' || \"attempts\" || ' ' || \"retryCount\" || "
	                   "' ' || \"interruptedCalls\" || ' ' || \"inputTokens\" || ' ' || "
	                   "\"outputTokens\" || ' ' || CAST(\"updatedAt\" AS text) || ' ' || "
	                   "COALESCE(\"promptHash\", '') FROM session_analyses ORDER BY \"id\"",
	                   &v);

	buf_init(&b, test_arena(), 1u << 20);
	for (size_t i = 0; i < n; i++)
		buf_fmt(&b, STR_FMT "\n", STR_ARG(v[i]));
	return str_z(test_arena(), buf_slice(&b));
}

/* A process that stands still, as a virtual machine does, until others have its work. */
START_TEST(an_answer_for_a_row_that_is_anothers_by_now_changes_nothing)
{
	for (int in_flight = 0; in_flight < 2; in_flight++) {
		struct bureau *o = open_with_two_at_once();
		struct uuid *v = bureau_sessions(o, 4), job = bureau_ask(o);
		const char *before;

		while (o->nasked < 2)
			bureau_step(o);
		o->hands[0].paused = true;
		bureau_hire(o, 1);
		o->time.now_ms += LEASE_MS;
		if (in_flight) { /* the second is in the middle of the first one's rows */
			while (o->nasked < 4)
				bureau_step(o);
			ck_assert_uint_eq(o->asked[3].hand, 1);
		} else {
			ck_assert_str(bureau_run(o, job), "succeeded");
		}
		before = rows_of(o);
		o->hands[1].paused = true;
		o->hands[0].paused = false;
		bureau_pass(o, 5 * TIME_SECOND);
		ck_assert_str_eq(rows_of(o), before);
		ck_assert_uint_eq(o->hands[0].analyser->nruns, 0);
		ck_assert_uint_eq(http_client_in_flight(o->hands[0].analyser->o.http), 0);
		o->hands[1].paused = false;
		ck_assert_str(bureau_run(o, job), "succeeded");
		for (size_t i = 0; i < 4; i++) {
			ck_assert_str(bureau_row(o, v[i]).status, "done");
			ck_assert_int_eq(bureau_row(o, v[i]).attempts, 1);
			ck_assert_int_eq(bureau_row(o, v[i]).interrupted, i < 2);
			ck_assert_int_eq(bureau_row(o, v[i]).retry_count, 0);
		}
		bureau_close(o);
	}
}
END_TEST

START_TEST(cancelled_at_any_step_it_gives_its_rows_back_and_the_next_run_goes_on)
{
	struct bureau *o = open_with_two_at_once();
	bool reached = true;
	int cancelled = 0;

	for (int k = 0; reached; k++) {
		struct uuid *v = bureau_sessions(o, SESSIONS), job = bureau_ask(o);
		int64_t asked_at;

		reached = step_times(o, job, k);
		asked_at = o->time.now_ms;
		if (reached)
			ck_assert_ok(jobs_cancel(o->d->s.db, job, asked_at));
		/* unless nothing was left to be done */
		if (!str_eq(bureau_run(o, job), STR("cancelled")))
			ck_assert_int_eq(bureau_count(o, "done"), SESSIONS);
		else
			cancelled++;
		ck_assert_int_le(o->time.now_ms - asked_at, 2 * TIME_SECOND);
		bureau_check(o);
		bureau_analyse(o, "succeeded");
		ck_assert_int_eq(bureau_count(o, "done"), SESSIONS);
		check_paid(o, v, k);
		bureau_begin_again(o);
	}
	ck_assert_int_gt(cancelled, 5);
	bureau_close(o);
}
END_TEST

START_TEST(one_that_is_there_for_a_single_job_works_on_no_other)
{
	struct bureau *o = bureau_open();
	struct uuid jobs[2];

	bureau_kill(o, 0);
	bureau_sessions(o, 4);
	o->params.limit = 2;
	jobs[0] = bureau_ask(o);
	jobs[1] = bureau_ask(o);
	o->options.only = jobs[1];
	bureau_hire(o, 0);
	ck_assert_str(bureau_run(o, jobs[1]), "succeeded");
	bureau_pass(o, TIME_MINUTE);
	ck_assert_str(bureau_status(o, jobs[0]), "queued");
	ck_assert_int_eq(bureau_count(o, "done"), 2);
	bureau_close(o);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"analyser ends",
		ended_well_at_any_step_it_gives_everything_back_at_once_and_another_goes_on,
		an_answer_that_is_there_at_the_end_is_stored,
		killed_at_any_step_another_goes_on_after_the_lease_and_no_attempt_is_spent,
		killed_in_a_forced_run_no_row_is_reset_twice,
		the_limit_and_the_counts_go_on_with_who_takes_the_run_up,
		an_idle_analyser_returns_what_the_dead_held,
		where_nobody_analyses_the_keeper_returns_what_the_dead_held,
		ended_while_the_database_is_away_the_leases_give_everything_back,
		an_answer_for_a_row_that_is_anothers_by_now_changes_nothing,
		cancelled_at_any_step_it_gives_its_rows_back_and_the_next_run_goes_on,
		one_that_is_there_for_a_single_job_works_on_no_other);
}

BUREAU_MAIN(make_suite)
