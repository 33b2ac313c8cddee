/*
 * Answers that were paid for: whatever befalls the analyser or its database while they wait to be
 * stored, they are kept, counted where they were paid, and not paid again. ENGINE says on which
 * engine.
 */
#include "analyser_fixture.h"

#define MANY (ANALYSER_GROUP + 4) /* answers: more than one transaction stores */

/* Every session was asked about once, and is done. */
static void
check_paid_once(struct bureau *o, const struct uuid *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct bureau_row row = bureau_row(o, v[i]);

		ck_assert_msg(str_eq(row.status, STR("done")), "%zu: " STR_FMT, i,
		              STR_ARG(row.status));
		ck_assert_msg(bureau_times(o, v[i]) == 1, "%zu: asked %zu times", i,
		              bureau_times(o, v[i]));
		ck_assert_int_eq(row.attempts, 1);
		ck_assert_int_eq(row.interrupted + row.retry_count + row.lost, 0);
	}
}

/* Their leases are over when the database is back. */
START_TEST(answers_that_waited_longer_than_their_leases_are_not_paid_again)
{
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_sessions(o, MANY), job = bureau_in_flight(o, MANY);

	bureau_away(o, 0, true);
	bureau_pass(o, 2 * o->options.timeout_ms + TIME_MINUTE);
	bureau_away(o, 0, false);
	ck_assert_str(bureau_run(o, job), "succeeded");
	ck_assert_int_eq(bureau_tally(o, job).processed, MANY);
	ck_assert_uint_eq(o->nasked, MANY);
	check_paid_once(o, v, MANY);
	bureau_close(o);
}
END_TEST

START_TEST(answers_that_are_there_when_a_run_is_cancelled_are_stored)
{
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_sessions(o, MANY + 1), job;

	o->params.limit = MANY;
	job = bureau_in_flight(o, MANY);
	o->time.now_ms += 1001; /* they have come, and none is stored */
	ck_assert_ok(jobs_cancel(o->d->s.db, job, o->time.now_ms));
	ck_assert_str(bureau_run(o, job), "cancelled");
	ck_assert_int_eq(bureau_tally(o, job).processed, MANY);
	check_paid_once(o, v, MANY);
	ck_assert_str(bureau_row(o, v[MANY]).status, "pending");
	bureau_close(o);
}
END_TEST

/* The rows are still ours: what their calls say is stored, and nothing more is begun. */
START_TEST(a_job_that_is_anothers_by_now_costs_no_call_that_is_in_flight)
{
	for (int heard = 0; heard < 2; heard++) {
		struct bureau *o = bureau_open();
		struct uuid *v = bureau_sessions(o, MANY + 3), job = bureau_in_flight(o, MANY);

		desk_sql(o->d, "UPDATE jobs SET lease_owner = %s, lease_until = %s",
		         desk_uuid(o->d, desk_id(o->d)), desk_time(o->d, o->time.now_ms + DAY));
		if (heard)
			o->time.now_ms += 1001;
		bureau_pass(o, 5 * TIME_SECOND);
		check_paid_once(o, v, MANY);
		ck_assert_uint_eq(o->nasked, MANY);
		ck_assert_int_eq(bureau_count(o, "pending"), 3);
		ck_assert_uint_eq(o->hands[0].analyser->nruns, 0);
		ck_assert_str(bureau_status(o, job), "running");
		bureau_close(o);
	}
}
END_TEST

/* The session whose first call is refused, as late as the others are answered. */
static struct {
	struct uuid session;
	int status;
} late;

static void
refuse(void *ctx, const struct http_call *call, int64_t now_ms, struct http_fake_reply *out)
{
	static const char *const headers[] = { "Retry-After: 77", NULL };

	(void)ctx;
	(void)call;
	(void)now_ms;
	*out = (struct http_fake_reply){
		.status = late.status, .delay_ms = 1000, .headers = headers, .body = STR("{}")
	};
}

static void
refuse_late(struct bureau *o, const struct analyser_call *c)
{
	bool it = uuid_eq(c->row.session_id, late.session) && bureau_times(o, late.session) == 1;

	o->other = it ? refuse : NULL;
}

/* It comes behind more answers than one transaction stores. */
START_TEST(what_the_last_of_many_answers_says_holds_before_the_next_call_begins)
{
	static const struct {
		int status;
		const char *end;
		size_t calls;
	} cases[] = { { 429, "succeeded", 2 * MANY + 1 }, { 401, "partial", MANY } };

	for (size_t i = 0; i < 2; i++) {
		struct bureau *o = bureau_open();
		struct uuid job;

		late.session = bureau_sessions(o, 2 * MANY)[MANY - 1];
		late.status = cases[i].status;
		o->meanwhile = refuse_late;
		job = bureau_in_flight(o, MANY);
		o->time.now_ms += 1001; /* all are answered */
		ck_assert_slice(bureau_run(o, job), str_from(cases[i].end));
		ck_assert_uint_eq(o->nasked, cases[i].calls);
		for (size_t k = MANY; k < o->nasked; k++)
			ck_assert_int_ge(o->asked[k].at - o->asked[0].at, 77 * TIME_SECOND);
		ck_assert_int_eq(bureau_tally(o, job).processed, i == 0 ? 2 * MANY : MANY - 1);
		bureau_close(o);
	}
}
END_TEST

static uint64_t
statements(const struct bureau *o)
{
	struct db_stats s = db_stats(o->hands[0].analyser->db);

	return s.statements + s.transactions;
}

static uint64_t before_away;

/* When the first row is asked about. */
static void
goes_away(struct bureau *o, const struct analyser_call *c)
{
	(void)c;
	bureau_away(o, 0, true);
	before_away = statements(o);
	o->meanwhile = NULL;
}

/* Each statement may take as long as connecting does; the rows are nobody's loss. */
START_TEST(a_database_that_goes_away_after_a_claim_is_not_asked_about_every_row)
{
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_sessions(o, ANALYSER_GROUP), job;

	o->options.concurrency = ANALYSER_GROUP;
	bureau_hire(o, 0);
	o->meanwhile = goes_away;
	job = bureau_ask(o);
	while (o->nasked == 0)
		bureau_step(o);
	ck_assert_uint_eq(o->nasked, 1);
	ck_assert_uint_eq(statements(o) - before_away, 1);
	bureau_pass(o, TIME_MINUTE);
	bureau_away(o, 0, false);
	ck_assert_str(bureau_run(o, job), "succeeded");
	check_paid_once(o, v, ANALYSER_GROUP);
	bureau_close(o);
}
END_TEST

static void
fill_memory(struct bureau *o, const struct analyser_call *c)
{
	(void)o;
	while (arena_try_alloc(c->arena, (size_t)1 << 20) != NULL)
		continue;
	while (arena_try_alloc(c->arena, 64) != NULL)
		continue;
}

START_TEST(a_session_that_leaves_no_memory_of_its_call_takes_nothing_from_its_answer)
{
	static const char *const marks[] = { NULL, "sim:400", "sim:refusal" };
	static const char *const says[] = { NULL, "answered 400", "The model refused" };
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_marked(o, marks, 3);

	o->meanwhile = fill_memory;
	bureau_analyse(o, "partial");
	for (size_t i = 0; i < 3; i++) {
		struct bureau_row row = bureau_row(o, v[i]);

		ck_assert_slice(row.status, str_from(i == 0 ? "done" : "failed"));
		ck_assert_uint_eq(bureau_times(o, v[i]), 1);
		if (i > 0)
			ck_assert_msg(strstr(row.error.p, says[i]) != NULL, STR_FMT,
			              STR_ARG(row.error));
	}
	bureau_close(o);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"analyser paid", answers_that_waited_longer_than_their_leases_are_not_paid_again,
		answers_that_are_there_when_a_run_is_cancelled_are_stored,
		a_job_that_is_anothers_by_now_costs_no_call_that_is_in_flight,
		what_the_last_of_many_answers_says_holds_before_the_next_call_begins,
		a_database_that_goes_away_after_a_claim_is_not_asked_about_every_row,
		a_session_that_leaves_no_memory_of_its_call_takes_nothing_from_its_answer);
}

BUREAU_MAIN(make_suite)
