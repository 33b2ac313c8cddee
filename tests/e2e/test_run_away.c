/*
 * PostgreSQL goes away in the middle of a run of the analysis and comes back: the run goes on, each
 * session is paid for once, and who waits for the run waits a little longer.
 */
#include "run_fixture.h"

#define AWAY_MS 4000

/* An answer of the model comes while the database is away. */
START_TEST(a_database_that_goes_away_in_a_run_costs_no_call_and_no_answer)
{
	struct shop *s = shop_open("none", 2000, "ANALYSIS_CONCURRENCY=2\n");
	struct raw *before = s->d->s.raw;
	const char *body = run_body("");
	struct client c;
	struct answer a;
	const cJSON *v;

	shop_talk(s, NULL, 5);
	shop_serve(s);
	c = connect_to(&s->w.process);
	client_send(&c, FMT("POST " RUN_PATH " HTTP/1.1\r\nHost: a\r\nx-admin-token: " ADMIN
	                    "\r\nContent-Length: %zu\r\n\r\n%s",
	                    strlen(body), body));
	shop_await(s, "done", 1);
	shop_await(s, "processing", 2);
	pg_server_stop(pg);
	poll(NULL, 0, AWAY_MS);
	pg_server_start_again(pg);
	raw_close(before);
	s->d->s.raw = raw_open(s->d->url);
	a = client_read(&c, false);
	ck_assert_msg(a.status == 200, "%s", a.body);
	ck_assert_ok(json_parse(test_arena(), str_from(a.body), &v));
	ck_assert_int_eq(int_at(v, "processed"), 5);
	ck_assert_int_eq(int_at(v, "failed"), 0);
	ck_assert_int_eq(shop_count(s, "done"), 5);
	ck_assert_int_eq(desk_number(s->d, "SELECT sum(\"attempts\") FROM session_analyses"), 5);
	ck_assert_int_eq(model_number(&s->model, "requests"), 5);
	client_close(&c);
	answer_free(&a);
	shop_close(s);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("run away",
	                  a_database_that_goes_away_in_a_run_costs_no_call_and_no_answer);
}

API_MAIN(make_suite)
