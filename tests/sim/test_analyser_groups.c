/*
 * Many calls in flight: what is done for several rows at once costs no transaction for each, and a
 * row that something is wrong with takes none of the others along. What always holds: answers of
 * one moment come within one step. ENGINE says on which engine.
 */
#include "analyser_fixture.h"

#define MOST_STEPS 1000

/* The database refuses to give one session such a status. */
#define REFUSES_SQLITE                                                                             \
	"CREATE TRIGGER refuses BEFORE UPDATE ON session_analyses WHEN new.\"status\" IN (%s) "    \
	"AND new.\"sessionId\" = %s BEGIN SELECT raise(ABORT, 'refused'); END"
#define REFUSES_POSTGRES                                                                           \
	"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "                   \
	"RAISE EXCEPTION 'refused'; END $$; CREATE TRIGGER refuses BEFORE UPDATE ON "              \
	"session_analyses FOR EACH ROW WHEN (new.\"status\" IN (%s) AND new.\"sessionId\" = "      \
	"%s) EXECUTE FUNCTION refuse()"

static void
refuse(struct bureau *o, const char *statuses, struct uuid session)
{
	desk_sql(o->d, db_engine(o->d->s.db) == DB_SQLITE ? REFUSES_SQLITE : REFUSES_POSTGRES,
	         statuses, desk_uuid(o->d, session));
}

/* All that are in flight are answered; how many transactions it takes to store that. */
static uint64_t
answers_come(struct bureau *o)
{
	struct analyser *an = o->hands[0].analyser;
	uint64_t before = db_stats(an->db).transactions;
	bool worked = false;

	o->time.now_ms += 1001;
	analyser_hear(an, o->time.now_ms);
	ck_assert_ok(analyser_settle(an, o->time.now_ms, &worked));
	ck_assert(worked);
	return db_stats(an->db).transactions - before;
}

START_TEST(answers_that_come_together_are_one_transaction_however_many)
{
	for (size_t n = 2; n <= ANALYSER_GROUP; n += ANALYSER_GROUP - 2) {
		struct bureau *o = bureau_open();
		struct uuid job;

		bureau_sessions(o, n);
		job = bureau_in_flight(o, n);
		ck_assert_uint_eq(answers_come(o), 1);
		ck_assert_int_eq(desk_number(o->d,
		                             "SELECT count(*) FROM events WHERE kind = "
		                             "'analysis.changed' AND at >= %s",
		                             desk_time(o->d, o->time.now_ms)),
		                 1);
		ck_assert_int_eq(bureau_count(o, "done"), (int64_t)n);
		ck_assert_str(bureau_run(o, job), "succeeded");
		ck_assert_int_eq(bureau_tally(o, job).processed, (int64_t)n);
		bureau_close(o);
	}
}
END_TEST

START_TEST(an_answer_that_cannot_be_stored_takes_none_of_the_others_along)
{
	/* every statement of the group, the event that tells of it, and its commit */
	for (uint64_t at = 1; at <= 8; at++) {
		struct bureau *o = bureau_open();
		struct uuid job;

		bureau_sessions(o, 6);
		job = bureau_in_flight(o, 6);
		db_fail_at(o->hands[0].analyser->db, at, ERR_DB);
		ck_assert_uint_eq(answers_come(o), 7); /* together, and each alone */
		ck_assert_int_eq(bureau_count(o, "done"), 6);
		ck_assert_str(bureau_run(o, job), "succeeded");
		ck_assert_int_eq(bureau_tally(o, job).processed, 6);
		ck_assert_uint_eq(o->nasked, 6);
		bureau_close(o);
	}
}
END_TEST

/* What it cost is told, and the next attempt waits: else each run would pay for it again. */
START_TEST(one_that_never_can_is_a_failed_attempt_and_the_others_are_stored)
{
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_sessions(o, 3), job;
	struct bureau_row row;

	/* no report of it fits into its row */
	refuse(o, "'done'", v[1]);
	job = bureau_in_flight(o, 3);
	(void)answers_come(o);
	for (size_t i = 0; i < 3; i++)
		ck_assert_slice(bureau_row(o, v[i]).status, str_from(i == 1 ? "failed" : "done"));
	row = bureau_row(o, v[1]);
	ck_assert_str(row.error, "internal: could not be stored");
	ck_assert_int_eq(row.retry_count, 1);
	ck_assert_int_eq(row.next_retry_at, row.processed_at + TIME_MINUTE);
	ck_assert_int_eq(row.attempts, 1);
	ck_assert_int_gt(row.cost, 0);
	ck_assert_str(bureau_run(o, job), "partial");
	ck_assert_none(bureau_tally(o, job).reason);
	ck_assert_int_eq(bureau_tally(o, job).processed, 2);
	ck_assert_int_eq(bureau_tally(o, job).failed, 1);
	ck_assert_int_eq(bureau_tally(o, job).cost,
	                 row.cost + bureau_row(o, v[0]).cost + bureau_row(o, v[2]).cost);
	bureau_close(o);
}
END_TEST

START_TEST(one_that_cannot_even_fail_is_given_back_and_ends_its_run)
{
	for (size_t n = 1; n <= 3; n += 2) {
		struct bureau *o = bureau_open();
		struct uuid *v = bureau_sessions(o, n), job;

		refuse(o, "'done', 'failed'", v[0]);
		job = bureau_in_flight(o, n);
		(void)answers_come(o);
		for (size_t i = 0; i < n; i++)
			ck_assert_slice(bureau_row(o, v[i]).status,
			                str_from(i == 0 ? "pending" : "done"));
		ck_assert_slice(bureau_run(o, job), str_from(n == 1 ? "failed" : "partial"));
		ck_assert_str(bureau_tally(o, job).reason, "internal");
		bureau_close(o);
	}
}
END_TEST

START_TEST(a_row_that_was_lost_takes_none_of_the_others_along)
{
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_sessions(o, 5), job = bureau_in_flight(o, 5);

	/* somebody else has it by now */
	desk_sql(o->d, "UPDATE session_analyses SET \"leaseOwner\" = %s WHERE \"sessionId\" = %s",
	         desk_uuid(o->d, desk_id(o->d)), desk_uuid(o->d, v[2]));
	(void)answers_come(o);
	for (size_t i = 0; i < 5; i++)
		ck_assert_slice(bureau_row(o, v[i]).status,
		                str_from(i == 2 ? "processing" : "done"));
	ck_assert_str(bureau_run(o, job), "succeeded");
	ck_assert_int_eq(bureau_tally(o, job).processed, 4);
	/* whoever that was gives it back */
	desk_sql(o->d,
	         "UPDATE session_analyses SET \"status\" = 'pending', \"leaseOwner\" = NULL, "
	         "\"leaseUntil\" = NULL WHERE \"sessionId\" = %s",
	         desk_uuid(o->d, v[2]));
	bureau_close(o);
}
END_TEST

START_TEST(more_answers_than_a_group_are_all_stored)
{
	struct bureau *o = bureau_open();
	struct uuid job;

	bureau_sessions(o, 50);
	job = bureau_in_flight(o, 40);
	ck_assert_str(bureau_run(o, job), "succeeded");
	ck_assert_int_eq(bureau_count(o, "done"), 50);
	ck_assert_uint_eq(o->nasked, 50);
	/* forty at once, and ten when the first ones are there */
	ck_assert_int_lt(o->asked[39].at - o->asked[0].at, 1000);
	ck_assert_int_lt(o->asked[49].at - o->asked[0].at, 2000);
	bureau_close(o);
}
END_TEST

START_TEST(a_failed_row_that_falls_due_while_a_run_is_at_work_is_taken_up_by_it)
{
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_sessions(o, 3), job;

	bureau_analyse(o, "succeeded");
	desk_sql(o->d,
	         "UPDATE session_analyses SET \"status\" = 'failed', \"retryCount\" = 1, "
	         "\"nextRetryAt\" = %s WHERE \"sessionId\" = %s",
	         desk_time(o->d, o->time.now_ms + 2500), desk_uuid(o->d, v[0]));
	bureau_sessions(o, 4);
	job = bureau_in_flight(o,
	                       1); /* one after the other: the last one ends after four seconds */
	ck_assert_str(bureau_run(o, job), "succeeded");
	ck_assert_int_eq(bureau_tally(o, job).processed, 5);
	ck_assert_str(bureau_row(o, v[0]).status, "done");
	/* it is the newest, so it comes before what was pending all the time */
	ck_assert(!uuid_eq(o->asked[7].session, v[0]));
	bureau_close(o);
}
END_TEST

/* However many calls there are, and whatever a commit takes: a server has four seconds to end in.
 */
START_TEST(what_is_in_flight_is_given_back_at_once)
{
	enum { CALLS = 64 };

	for (int cancel = 0; cancel < 2; cancel++) {
		struct bureau *o = bureau_open();
		struct analyser *an;
		struct uuid job;
		uint64_t before;

		bureau_sessions(o, CALLS + 5);
		o->llm->options.latency_ms = 5 * TIME_SECOND;
		job = bureau_in_flight(o, CALLS);
		an = o->hands[0].analyser;
		before = db_stats(an->db).transactions;
		if (cancel) {
			ck_assert_ok(jobs_cancel(o->d->s.db, job, o->time.now_ms));
			while (!str_eq(bureau_status(o, job), STR("cancelled")))
				bureau_step(o);
		} else {
			analyser_stop(an, o->time.now_ms);
		}
		ck_assert_uint_lt(db_stats(an->db).transactions - before, 12);
		ck_assert_uint_eq(http_client_in_flight(an->o.http), 0);
		ck_assert_int_eq(bureau_count(o, "pending"), CALLS + 5);
		ck_assert_int_eq(
			desk_number(o->d, "SELECT sum(\"interruptedCalls\") FROM session_analyses"),
			CALLS);
		bureau_close(o);
	}
}
END_TEST

/* A run that is cancelled leaves alone what others are asking. */
START_TEST(a_run_that_is_cancelled_gives_back_its_own_rows_alone)
{
	struct bureau *o = bureau_open();
	struct planted other = { .client = o->d->other };
	struct uuid session, jobs[2];

	o->options.concurrency = 4;
	bureau_hire(o, 0);
	desk_rubric(o->d, o->d->other, "sales", 2);
	session = bureau_session(o, NULL, &other);
	bureau_sessions(o, 2);
	jobs[0] = bureau_ask(o);
	jobs[1] = bureau_ask_for(o, o->d->other);
	o->llm->options.latency_ms = 5000;
	while (o->nasked < 3)
		bureau_step(o);
	ck_assert_ok(jobs_cancel(o->d->s.db, jobs[0], o->time.now_ms));
	ck_assert_str(bureau_run(o, jobs[0]), "cancelled");
	ck_assert_int_eq(bureau_count(o, "pending"), 2);
	ck_assert_int_eq(bureau_count(o, "processing"), 1);
	ck_assert_str(bureau_run(o, jobs[1]), "succeeded");
	ck_assert_int_eq(bureau_count(o, "done"), 1);
	ck_assert_uint_eq(bureau_times(o, session), 1);
	bureau_close(o);
}
END_TEST

/* Failed rows of sessions that ended long ago and are gone, due now. */
static void
plant_failed(struct bureau *o, int64_t n)
{
	struct desk *d = o->d;

	desk_sql(
		d,
		"INSERT INTO session_analyses (\"id\", \"clientId\", \"sessionId\", \"scriptKey\", "
		"\"scriptVersion\", \"analysisVersionTag\", \"status\", \"sessionEndedAt\", "
		"\"retryCount\", \"error\", \"nextRetryAt\", \"createdAt\", \"updatedAt\") "
		"WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < %lld) "
		"SELECT %s, %s, %s, 'sales', 2, 'v1', 'failed', %s, 1, 'x', %s, %s, %s FROM g",
		(long long)n,
		db_engine(d->s.db) == DB_POSTGRES ? "gen_random_uuid()" : "randomblob(16)",
		desk_uuid(d, d->client),
		db_engine(d->s.db) == DB_POSTGRES ? "gen_random_uuid()" : "randomblob(16)",
		desk_time(d, DESK_AT - 100 * DAY), desk_time(d, DESK_AT - 1), desk_time(d, DESK_AT),
		desk_time(d, DESK_AT));
}

/* Else the lease of its job could be over before the first is asked about. */
START_TEST(however_many_failed_rows_there_are_a_step_takes_up_no_more_than_a_batch)
{
	for (int retry = 0; retry < 2; retry++) {
		struct bureau *o = bureau_open();
		struct uuid newest = bureau_sessions(o, 1)[0], job;
		int64_t ready = 0, rows = 3 * ANALYSIS_BATCH;

		plant_failed(o, rows);
		o->params.limit = 1;
		o->params.retry_failed = retry;
		job = bureau_ask(o);
		for (int i = 0; o->nasked == 0; i++) {
			int64_t before = ready;

			ck_assert_int_lt(i, MOST_STEPS);
			bureau_step(o);
			ready = desk_number(o->d,
			                    "SELECT count(*) FROM session_analyses WHERE "
			                    "\"ready\" AND \"sessionEndedAt\" = %s",
			                    desk_time(o->d, DESK_AT - 100 * DAY));
			ck_assert_int_le(ready - before, ANALYSIS_BATCH);
		}
		/* all of them, before any is claimed: the newest comes first */
		ck_assert_int_eq(ready, rows);
		ck_assert(uuid_eq(o->asked[0].session, newest));
		ck_assert_str(bureau_run(o, job), "succeeded");
		desk_sql(o->d, "DELETE FROM session_analyses WHERE \"status\" <> 'done'");
		bureau_close(o);
	}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"analyser_groups", answers_that_come_together_are_one_transaction_however_many,
		an_answer_that_cannot_be_stored_takes_none_of_the_others_along,
		one_that_never_can_is_a_failed_attempt_and_the_others_are_stored,
		one_that_cannot_even_fail_is_given_back_and_ends_its_run,
		a_row_that_was_lost_takes_none_of_the_others_along,
		more_answers_than_a_group_are_all_stored, what_is_in_flight_is_given_back_at_once,
		a_run_that_is_cancelled_gives_back_its_own_rows_alone,
		however_many_failed_rows_there_are_a_step_takes_up_no_more_than_a_batch,
		a_failed_row_that_falls_due_while_a_run_is_at_work_is_taken_up_by_it);
}

BUREAU_MAIN(make_suite)
