/*
 * Requests that wait for a job's end: answered once, with what there is by then, and not because
 * the database was away for a moment.
 */
/* the fixture waits for other things */
#define wait_for fixture_wait_for
#include "http_fixture.h"
#undef wait_for

#include "api/wait.h"
#include "store/migrate.h"
#include "store/queries.h"
#include "work/jobs.h"

#define SOON_MS  300
#define LATER_MS 60000

struct room {
	struct fixture *http;
	struct db_pool *pool;
	struct db *db;
	struct uuid job;
	struct wait *wait;
};

static atomic_int failures; /* of writing an answer, still to come */
static atomic_int writes;

static enum err
write_answer(struct db *db, struct arena *a, const struct wait_for *what, bool ended,
             int64_t now_ms, struct buf *out)
{
	(void)db;
	(void)a;
	(void)what;
	(void)now_ms;
	atomic_fetch_add(&writes, 1);
	if (atomic_fetch_sub(&failures, 1) > 0)
		return ERR_UNAVAILABLE;
	buf_z(out, ended ? "ended" : "goes on");
	return ERR_OK;
}

static const struct wait_kind jobs = { .ended = &q_jobs_ended,
	                               .write = write_answer,
	                               .location = "/api/jobs/" };

static struct room
room_open(int fail)
{
	struct room r = { .http = fixture_new() };
	int from, to;

	atomic_store(&failures, fail);
	atomic_store(&writes, 0);
	ck_assert_ok(db_pool_open(
		str_z(test_arena(), str_fmt(test_arena(), "sqlite:%s/w.db", test_dir())), NULL,
		&r.pool));
	ck_assert_ok(db_open(r.pool, false, &r.db));
	ck_assert_ok(migrate_up(r.db, &from, &to));
	ck_assert_ok(db_begin(r.db, DB_API));
	ck_assert_ok(
		jobs_insert(r.db, &rand_system, UUID_NIL, JOB_ANALYSIS, STR("{}"), 1000, &r.job));
	ck_assert_ok(db_commit(r.db));
	fixture_start(r.http);
	r.wait = wait_new(&(const struct wait_options){
		.pool = r.pool, .clock = &clock_real, .content_type = "text/plain" });
	return r;
}

static void
room_close(struct room *r)
{
	wait_free(r->wait);
	fixture_end(r->http);
	db_close(r->db);
	db_pool_close(r->pool);
}

/* The job ends: nobody held it. */
static void
end_job(const struct room *r)
{
	ck_assert_ok(jobs_cancel(r->db, r->job, 2000));
}

static struct wait_for
end_of_job(const struct room *r, int64_t until_ms)
{
	return (struct wait_for){ .kind = &jobs, .id = r->job, .until_ms = until_ms };
}

/* A request that waits so long. */
static struct client
visit(const struct room *r, int64_t wait_ms)
{
	struct wait_for what = end_of_job(r, clock_now(&clock_real) + wait_ms);
	struct client c = client_open(r->http);

	client_send(&c, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_ok(wait_add(r->wait, take_held(r->http), &what));
	return c;
}

static void
must_answer(struct client *c, int status, const char *part, bool location)
{
	struct answer a = client_read(c, false);

	ck_assert_int_eq(a.status, status);
	ck_assert_ptr_nonnull(strstr(a.body, part));
	ck_assert((strstr(a.head, "\r\nLocation: /api/jobs/") != NULL) == location);
	answer_free(&a);
	client_close(c);
}

START_TEST(who_waits_is_answered_when_the_job_has_ended)
{
	struct room r = room_open(0);
	struct client first = visit(&r, LATER_MS), second = visit(&r, LATER_MS), late;

	end_job(&r);
	must_answer(&first, 200, "ended", false);
	must_answer(&second, 200, "ended", false);
	late = visit(&r, LATER_MS);
	must_answer(&late, 200, "ended", false);
	ck_assert_int_eq(atomic_load(&writes), 3);
	room_close(&r);
}
END_TEST

START_TEST(who_has_waited_enough_is_told_where_the_job_goes_on)
{
	struct room r = room_open(0);
	struct client patient = visit(&r, LATER_MS), hasty = visit(&r, SOON_MS);

	must_answer(&hasty, 202, "goes on", true);
	end_job(&r);
	must_answer(&patient, 200, "ended", false);
	room_close(&r);
}
END_TEST

START_TEST(a_database_that_is_away_only_delays_an_answer)
{
	struct room r = room_open(3);
	struct client c = visit(&r, LATER_MS);

	end_job(&r);
	must_answer(&c, 200, "ended", false);
	ck_assert_int_eq(atomic_load(&writes), 4);
	room_close(&r);
}
END_TEST

START_TEST(who_has_waited_enough_is_answered_without_a_database_too)
{
	struct room r = room_open(1000000);
	struct client c = visit(&r, SOON_MS);

	end_job(&r);
	must_answer(&c, 503, "unavailable", false);
	ck_assert_int_gt(atomic_load(&writes), 1);
	room_close(&r);
}
END_TEST

START_TEST(at_the_end_all_are_answered_and_no_more_are_taken)
{
	struct room r = room_open(0);
	struct client v[5], one_more = client_open(r.http);
	struct wait_for what = end_of_job(&r, INT64_MAX);
	struct http_exchange *x;

	for (size_t i = 0; i < 5; i++)
		v[i] = visit(&r, LATER_MS);
	wait_stop(r.wait);
	for (size_t i = 0; i < 5; i++)
		must_answer(&v[i], 202, "goes on", true);
	client_send(&one_more, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	x = take_held(r.http);
	ck_assert_err(wait_add(r.wait, x, &what), ERR_UNAVAILABLE);
	http_reply(x, 200, "text/plain", STR("by the caller"), NULL);
	must_answer(&one_more, 200, "by the caller", false);
	room_close(&r);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("wait", who_waits_is_answered_when_the_job_has_ended,
	                  who_has_waited_enough_is_told_where_the_job_goes_on,
	                  a_database_that_is_away_only_delays_an_answer,
	                  who_has_waited_enough_is_answered_without_a_database_too,
	                  at_the_end_all_are_answered_and_no_more_are_taken);
}

TEST_MAIN(make_suite)
