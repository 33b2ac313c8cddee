/*
 * `recado analyze` as a shell sees it, with the simulated model server on a socket: what a run
 * would cost, done, partly done, refused, stopped and killed in the middle, and beside a server.
 * RECADO and RECADO_SIM name the programs, ENGINE says on which engine.
 */
#include "run_fixture.h"

#define JOBS "SELECT count(*) FROM jobs"
#define SUM  "SELECT sum(\"%s\") FROM session_analyses"

static const char *
out(const struct shop *s)
{
	return read_text(in_dir(s->dir, "out"));
}

static const char *
err(const struct shop *s)
{
	return read_text(in_dir(s->dir, "err"));
}

#define ck_assert_has(text, part)                                                                  \
	ck_assert_msg(strstr((text), (part)) != NULL, "\"%s\" is not in: %s", (part), (text))

static pid_t
begin(const struct shop *s, const char *a, const char *b, const char *c)
{
	const char *words[] = { "analyze", "acme", "--script", "sales", "--min-messages",
		                "5",       a,      b,          c,       NULL };

	return spawn(s->dir, words);
}

static int
analyze(const struct shop *s, const char *a, const char *b)
{
	return wait_end(begin(s, a, b, NULL), LONG_MS);
}

/* The last line of stdout, which is the result. */
static const cJSON *
result_of(const struct shop *s)
{
	struct str rest = str_trim(str_from(out(s))), line = STR_NONE;
	const cJSON *doc = NULL;

	while (str_split(&rest, '\n', &line))
		ck_assert_ok(json_parse(test_arena(), line, &doc));
	ck_assert_str(text_at(doc, "type"), "result");
	return doc;
}

START_TEST(a_dry_run_says_what_there_is_and_costs_nothing)
{
	struct shop *s = shop_open("none", 0, "");
	const cJSON *v;

	shop_talk(s, NULL, 7);
	ck_assert_msg(analyze(s, "--dry-run", NULL) == 0, "%s", err(s));
	ck_assert_has(out(s), "sales version 2, tag v1:\n");
	ck_assert_has(out(s), "           7 sessions may be analysed\n");
	ck_assert_has(out(s), "           0 of them are done already\n");
	ck_assert_has(out(s), "           7 would be analysed by this run: some ");
	ck_assert_has(out(s), ", about US$ 0.0");
	ck_assert_int_eq(analyze(s, "--dry-run", "--json"), 0);
	ck_assert_ok(json_parse(test_arena(), str_from(out(s)), &v));
	ck_assert_str(text_at(v, "type"), "plan");
	ck_assert_slice(text_at(v, "clientId"), uuid_text(test_arena(), s->d->client));
	ck_assert_int_eq(int_at(v, "eligible"), 7);
	ck_assert_int_eq(int_at(v, "estimate.sessions"), 7);
	/* characters are counted, not bytes */
	ck_assert_int_eq(analyze(s, "--dry-run",
	                         "--tag=áááááááááááááááááááááááááááááááááááááááááááááááááááááá"),
	                 0);
	ck_assert_int_eq(desk_number(s->d, JOBS), 0);
	ck_assert_int_eq(desk_number(s->d, ROWS_WHERE "TRUE"), 0);
	ck_assert_int_eq(model_number(&s->model, "requests"), 0);
	shop_close(s);
}
END_TEST

START_TEST(sessions_are_graded_once_and_again_when_it_is_forced)
{
	struct shop *s = shop_open("none", 10, "ANALYSIS_CONCURRENCY=3\n");
	const cJSON *v;

	shop_talk(s, NULL, 6);
	ck_assert_msg(analyze(s, NULL, NULL) == 0, "%s", err(s));
	ck_assert_has(out(s), "acme: done: 6 of 6 sessions");
	ck_assert_int_eq(shop_count(s, "done"), 6);
	ck_assert_int_eq(analyze(s, "--json", NULL), 0);
	v = result_of(s);
	ck_assert_int_eq(int_at(v, "exitStatus"), 0);
	ck_assert_str(text_at(v, "command"), "analyze");
	ck_assert_str(text_at(v, "jobs.0.status"), "succeeded");
	ck_assert_int_eq(int_at(v, "jobs.0.counts.processed"), 0);
	ck_assert_int_eq(model_number(&s->model, "requests"), 6);
	ck_assert_int_eq(analyze(s, "--force", "--json"), 0);
	ck_assert_int_eq(int_at(result_of(s), "jobs.0.counts.processed"), 6);
	ck_assert_int_eq(model_number(&s->model, "requests"), 12);
	ck_assert_int_le(model_number(&s->model, "mostInFlight"), 3);
	shop_close(s);
}
END_TEST

static const char *const wrongs[][3] = {
	{ "--limit", "x", "whole number" },
	{ "--limit", "0", "whole number" },
	{ "--limit", "-1", "whole number" },
	{ "--limit", "1.5", "whole number" },
	{ "--limit", "", "whole number" },
	{ "--limit", "99999999999999999999", "whole number" },
	{ "--min-messages", "0", "whole number" },
	{ "--min-messages", "five", "whole number" },
	{ "--version", "0", "whole number" },
	{ "--version", "2x", "whole number" },
	{ "--max-cost", "much", "amount in USD" },
	{ "--max-cost", "-1", "amount in USD" },
	{ "--max-cost", "nan", "amount in USD" },
	{ "--max-cost", "1e9", "amount in USD" },
	{ "--order", "newest", "updated or sent" },
	{ "--tag", "", "must not be empty" },
	{ "--tag", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "at most 64 characters" },
	{ "--tag", " v1", "begin or end with white space" },
	{ "--tag", "v1 ", "begin or end with white space" },
	{ "--tag", "v\t1", "control characters" },
	{ "--tag", "v\xff", "must be UTF-8" },
	{ "--tag", "..", "no path can name" },
	{ "--frobnicate", "1", "frobnicate" },
};

START_TEST(what_is_no_number_is_refused_before_anything_is_opened)
{
	const char *dir = test_dir();

	write_text(in_dir(dir, ".env"), "DATABASE_URL=sqlite:none.db\n");
	for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
		ck_assert_msg(RUN(dir, "analyze", "acme", "--script", "sales", wrongs[i][0],
		                  wrongs[i][1]) == 64,
		              "%s %s", wrongs[i][0], wrongs[i][1]);
		ck_assert_has(read_text(in_dir(dir, "err")), wrongs[i][2]);
	}
	ck_assert_int_eq(RUN(dir, "analyze", "acme"), 64);
	ck_assert_int_eq(RUN(dir, "analyze", "--script", "sales"), 64);
	ck_assert_int_eq(RUN(dir, "analyze", "Acme!", "--script", "sales"), 64);
	ck_assert_int_ne(access(in_dir(dir, "none.db"), F_OK), 0);
}
END_TEST

START_TEST(without_a_key_only_a_dry_run_works)
{
	struct shop *s = shop_open("none", 0, "");

	shop_talk(s, NULL, 1);
	shop_configure(s, NULL, NULL, "");
	ck_assert_int_eq(analyze(s, NULL, NULL), 78);
	ck_assert_has(err(s), "OPENAI_API_KEY is not set");
	ck_assert_int_eq(analyze(s, "--dry-run", NULL), 0);
	ck_assert_int_eq(analyze(s, "--max-cost", "1"), 1);
	ck_assert_has(err(s), "--max-cost needs OPENAI_PRICES");
	ck_assert_int_eq(desk_number(s->d, JOBS), 0);
	shop_close(s);
}
END_TEST

START_TEST(what_is_not_there_is_said)
{
	struct shop *s = shop_open("none", 0, "ANALYSIS_MAX_INPUT_TOKENS=1000\n");

	ck_assert_int_eq(RUN(s->dir, "analyze", "acme", "--script", "support"), 1);
	ck_assert_has(err(s), "no version of that script is active");
	ck_assert_int_eq(RUN(s->dir, "analyze", "acme", "--script", "sales", "--version", "7"), 1);
	ck_assert_has(err(s), "there is no such version of that script");
	ck_assert_int_eq(RUN(s->dir, "analyze", "nobody", "--script", "sales"), 1);
	ck_assert_has(err(s), "there is no such client");
	ck_assert_int_eq(analyze(s, NULL, NULL), 1);
	ck_assert_has(err(s), "the rubric leaves no room");
	ck_assert_int_eq(desk_number(s->d, JOBS), 0);
	shop_close(s);
}
END_TEST

START_TEST(what_could_not_be_graded_makes_it_partly_done)
{
	struct shop *s = shop_open("none", 0, "");
	const cJSON *v;

	shop_talk(s, "sim:refusal*1", 3);
	ck_assert_int_eq(analyze(s, NULL, NULL), 3);
	ck_assert_has(err(s), "acme: partly done: 3 of 3 sessions: failures: 1 sessions could not "
	                      "be analysed");
	ck_assert_int_eq(shop_count(s, "done"), 2);
	ck_assert_int_eq(analyze(s, "--retry-failed", "--json"), 0);
	v = result_of(s);
	ck_assert_int_eq(int_at(v, "jobs.0.counts.processed"), 1);
	ck_assert_int_eq(int_at(v, "jobs.0.counts.failed"), 0);
	shop_close(s);
}
END_TEST

START_TEST(a_server_that_refuses_the_key_makes_it_fail)
{
	struct shop *s = shop_open("401=1000", 0, "");

	shop_talk(s, NULL, 3);
	ck_assert_int_eq(analyze(s, NULL, NULL), 1);
	ck_assert_has(err(s), "acme: failed: 0 of 3 sessions: unauthorized: ");
	ck_assert_int_eq(shop_count(s, "pending"), 3);
	ck_assert_int_eq(model_number(&s->model, "requests"), 1);
	shop_close(s);
}
END_TEST

START_TEST(a_budget_ends_a_run_and_the_next_one_goes_on)
{
	struct shop *s = shop_open("none", 0, "");

	shop_talk(s, NULL, 6);
	ck_assert_int_eq(analyze(s, "--max-cost", "0.000001"), 3);
	ck_assert_has(err(s), "maxCostUsd is spent");
	ck_assert_int_eq(shop_count(s, "done"), 1);
	ck_assert_int_eq(analyze(s, "--limit", "3"), 0);
	ck_assert_int_eq(shop_count(s, "done"), 4);
	shop_close(s);
}
END_TEST

START_TEST(stopped_by_ctrl_c_it_gives_back_what_is_under_way_and_the_next_call_goes_on)
{
	struct shop *s = shop_open("none", 30000, "ANALYSIS_CONCURRENCY=2\n");
	int64_t began;
	pid_t pid;

	shop_talk(s, NULL, 4);
	pid = begin(s, NULL, NULL, NULL);
	shop_await(s, "processing", 2);
	began = now_ms();
	kill(pid, SIGINT);
	ck_assert_int_eq(wait_end(pid, LONG_MS), 3);
	ck_assert_int_lt(now_ms() - began, 5000);
	ck_assert_has(err(s), "stopping at the next safe point");
	ck_assert_has(err(s), "acme: stopped, the next call goes on from here");
	ck_assert_int_eq(shop_count(s, "pending"), 4);
	ck_assert_int_eq(desk_number(s->d, SUM, "interruptedCalls"), 2);
	ck_assert_int_eq(desk_number(s->d, JOBS " WHERE status = 'cancelled'"), 1);
	model_control(&s->model, "POST", "/__sim/manners?latency_ms=10");
	ck_assert_int_eq(analyze(s, NULL, NULL), 0);
	ck_assert_int_eq(shop_count(s, "done"), 4);
	ck_assert_int_eq(desk_number(s->d, SUM, "retryCount"), 0);
	ck_assert_int_eq(model_number(&s->model, "requests"), 6);
	shop_close(s);
}
END_TEST

START_TEST(killed_in_the_middle_and_called_again_no_attempt_is_lost)
{
	struct shop *s = shop_open("none", 600, "ANALYSIS_TIMEOUT_SECONDS=1\n");
	int64_t end = now_ms() + LONG_MS;
	pid_t pid;

	shop_talk(s, NULL, 4);
	pid = begin(s, NULL, NULL, NULL);
	shop_await(s, "done", 1);
	shop_await(s, "processing", 1);
	while (model_number(&s->model, "requests") < 2) { /* it is asked, not only claimed */
		ck_assert_int_lt(now_ms(), end);
		poll(NULL, 0, 5);
	}
	kill(pid, SIGKILL);
	ck_assert_int_eq(wait_end(pid, PATIENCE_MS), 128 + SIGKILL);
	ck_assert_int_eq(shop_count(s, "processing"), 1);
	/* the row that was under way is free when its lease is over */
	while (desk_number(s->d, ROWS_WHERE "\"leaseUntil\" > %s",
	                   desk_time(s->d, clock_now(&clock_real))) > 0) {
		ck_assert_int_lt(now_ms(), end);
		poll(NULL, 0, 50);
	}
	ck_assert_msg(analyze(s, NULL, NULL) == 0, "%s", err(s));
	ck_assert_int_eq(shop_count(s, "done"), 4);
	ck_assert_int_eq(desk_number(s->d, SUM, "interruptedCalls"), 1);
	ck_assert_int_eq(desk_number(s->d, SUM, "retryCount"), 0);
	ck_assert_int_eq(desk_number(s->d, SUM, "attempts"), 4);
	ck_assert_int_eq(model_number(&s->model, "requests"), 5);
	shop_close(s);
}
END_TEST

START_TEST(beside_a_server_no_session_is_graded_twice)
{
	struct shop *s = shop_open("none", 200, "ANALYSIS_CONCURRENCY=2\n");
	struct shop beside = *s;
	int64_t here;

	shop_talk(s, NULL, 16);
	shop_serve(s);
	beside.dir = test_dir();
	shop_configure(&beside, MODEL_KEY, MODEL_PRICES, "ANALYSIS_CONCURRENCY=2\n");
	call_with(&s->w, "POST", RUN_PATH, "op", run_body(""), "Prefer: respond-async\r\n");
	shop_await(s, "processing", 1);
	ck_assert_msg(analyze(&beside, "--json", NULL) == 0, "%s", err(&beside));
	here = int_at(result_of(&beside), "jobs.0.counts.processed");
	ck_assert_int_gt(here, 0);
	ck_assert_int_lt(here, 16);
	shop_await(s, "done", 16);
	ck_assert_int_eq(model_number(&s->model, "requests"), 16);
	ck_assert_int_eq(desk_number(s->d, SUM, "attempts"), 16);
	shop_close(s);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"analyze", a_dry_run_says_what_there_is_and_costs_nothing,
		sessions_are_graded_once_and_again_when_it_is_forced,
		what_is_no_number_is_refused_before_anything_is_opened,
		without_a_key_only_a_dry_run_works, what_is_not_there_is_said,
		what_could_not_be_graded_makes_it_partly_done,
		a_server_that_refuses_the_key_makes_it_fail,
		a_budget_ends_a_run_and_the_next_one_goes_on,
		stopped_by_ctrl_c_it_gives_back_what_is_under_way_and_the_next_call_goes_on,
		killed_in_the_middle_and_called_again_no_attempt_is_lost,
		beside_a_server_no_session_is_graded_twice);
}

API_MAIN(make_suite)
