/*
 * POST …/session-analyses/run as who calls it sees it, with the simulated model server on a socket:
 * waited for, not waited for, given up on, cut off by the end of the program, and everything that
 * is refused. RECADO and RECADO_SIM name the programs, ENGINE says on which engine.
 */
#include "run_fixture.h"

#define JOBS "SELECT count(*) FROM jobs"
#define ALL  "SELECT count(*) FROM session_analyses"

static const cJSON *
run(struct shop *s, int status, const char *more)
{
	return MUST(&s->w, status, "POST", RUN_PATH, s->w.acme_admin, run_body(more));
}

/* A server beside its model server, with sessions that may be analysed. */
static struct shop *
serving(const char *manners, int latency_ms, const char *settings, int sessions)
{
	struct shop *s = shop_open(manners, latency_ms, settings);

	shop_talk(s, NULL, sessions);
	shop_serve(s);
	return s;
}

/* A request that is sent and not yet answered. */
static struct client
begin(struct shop *s, const char *body)
{
	struct client c = connect_to(&s->w.process);

	client_send(&c, FMT("POST " RUN_PATH " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
	                    "Content-Length: %zu\r\n\r\n%s",
	                    s->w.acme_admin, strlen(body), body));
	return c;
}

static struct reply
finish(struct client *c)
{
	struct answer a = client_read(c, false);
	struct reply r = { .status = a.status };

	if (a.status > 0) {
		r.head = str_z(test_arena(), str_from(a.head));
		r.body = str_dup(test_arena(), str_n(a.body, a.body_len));
		ck_assert_ok(json_parse(test_arena(), r.body, &r.doc));
		must_be_described("POST", RUN_PATH, r.status, r.head, r.body);
	}
	answer_free(&a);
	client_close(c);
	return r;
}

/* Until the job has ended; how. */
static const char *
end_of(struct shop *s, const char *job)
{
	int64_t end = now_ms() + LONG_MS;

	for (;;) {
		const cJSON *v = MUST(&s->w, 200, "GET", FMT("/api/jobs/%s", job), "op", NULL);
		const char *status = z_at(v, "job.status");

		if (strcmp(status, "queued") != 0 && strcmp(status, "running") != 0)
			return status;
		ck_assert_msg(now_ms() < end, "the job does not end");
		poll(NULL, 0, 20);
	}
}

START_TEST(a_run_that_is_waited_for_answers_with_what_it_has_done)
{
	struct shop *s = serving("none", 20, "ANALYSIS_CONCURRENCY=2\n", 5);
	const cJSON *v;

	v = run(s, 200, ",\"dryRun\":true");
	ck_assert(true_at(v, "dryRun") && true_at(v, "modelReady"));
	ck_assert_int_eq(int_at(v, "eligible"), 5);
	ck_assert_int_eq(int_at(v, "wouldEnqueue"), 5);
	ck_assert_int_eq(int_at(v, "wouldProcessNow"), 0);
	ck_assert_int_eq(int_at(v, "estimate.sessions"), 5);
	ck_assert_int_gt(int_at(v, "estimate.inputTokens"), 1000);
	ck_assert_int_eq(desk_number(s->d, ALL) + desk_number(s->d, JOBS), 0);
	v = run(s, 200, "");
	ck_assert_str(text_at(v, "scriptKey"), "sales");
	ck_assert_int_eq(int_at(v, "scriptVersion"), 2);
	ck_assert_str(text_at(v, "analysisVersionTag"), "v1");
	ck_assert_int_eq(int_at(v, "criteria.minMessages"), 5);
	ck_assert_str(text_at(v, "criteria.tagFilter.mode"), "none");
	ck_assert(!true_at(v, "criteria.forceReprocess"));
	ck_assert_int_eq(int_at(v, "enqueued"), 5);
	ck_assert_int_eq(int_at(v, "processed"), 5);
	ck_assert_int_eq(int_at(v, "failed"), 0);
	ck_assert_int_eq(int_at(v, "remainingQueue"), 0);
	ck_assert_uint_eq(json_count(at(v, "sample.processedIds")), 5);
	ck_assert_uint_eq(json_count(at(v, "sample.failedIds")), 0);
	ck_assert_int_eq(int_at(v, "usage.inputTokens"),
	                 model_number(&s->model, "usage.inputTokens"));
	ck_assert_int_eq(int_at(v, "usage.outputTokens"),
	                 model_number(&s->model, "usage.outputTokens"));
	ck_assert(json_is_number(at(v, "usage.costUsd")));
	ck_assert_str(text_at(v, "status"), "succeeded");
	ck_assert_int_le(model_number(&s->model, "mostInFlight"), 2);
	v = run(s, 200, ",\"dryRun\":true");
	ck_assert_int_eq(int_at(v, "alreadyDone"), 5);
	ck_assert_int_eq(int_at(v, "wouldEnqueue"), 0);
	shop_close(s);
}
END_TEST

START_TEST(what_is_done_is_paid_again_only_when_it_is_forced)
{
	struct shop *s = serving("none", 0, "", 3);
	const cJSON *v;

	run(s, 200, "");
	v = run(s, 200, "");
	ck_assert_int_eq(int_at(v, "enqueued") + int_at(v, "processed"), 0);
	ck_assert_int_eq(model_number(&s->model, "requests"), 3);
	v = run(s, 200, ",\"forceReprocess\":true");
	ck_assert(true_at(v, "criteria.forceReprocess"));
	ck_assert_int_eq(int_at(v, "enqueued"), 3);
	ck_assert_int_eq(int_at(v, "processed"), 3);
	ck_assert_int_eq(model_number(&s->model, "requests"), 6);
	/* another tag is another queue */
	v = run(s, 200, ",\"analysisVersionTag\":\"v2\",\"limit\":2");
	ck_assert_int_eq(int_at(v, "enqueued"), 3);
	ck_assert_int_eq(int_at(v, "processed"), 2);
	ck_assert_int_eq(int_at(v, "remainingQueue"), 1);
	shop_close(s);
}
END_TEST

START_TEST(a_run_that_is_not_waited_for_is_told_where_it_goes_on)
{
	struct shop *s = serving("none", 100, "", 3);
	struct reply r;

	r = call_with(&s->w, "POST", RUN_PATH, s->w.acme_admin, run_body(""),
	              "Prefer: foo, Respond-Async\r\n");
	ck_assert_int_eq(r.status, 202);
	ck_assert_str_eq(header_of(&r, "Location"), FMT("/api/jobs/%s", z_at(r.doc, "job.id")));
	ck_assert_str_eq(end_of(s, z_at(r.doc, "job.id")), "succeeded");
	ck_assert_int_eq(shop_count(s, "done"), 3);
	shop_close(s);
}
END_TEST

START_TEST(a_run_that_takes_longer_than_is_waited_goes_on_as_a_job)
{
	for (int seconds = 0; seconds <= 1; seconds++) {
		struct shop *s =
			serving("none", 2500, FMT("ANALYSIS_SYNC_SECONDS=%d\n", seconds), 1);
		int64_t began;
		struct reply r;

		began = now_ms();
		r = call(&s->w, "POST", RUN_PATH, s->w.acme_admin, run_body(""));
		ck_assert_int_ge(now_ms() - began, seconds * 1000 - 100);
		ck_assert_int_lt(now_ms() - began, seconds * 1000 + 1400);
		ck_assert_int_eq(r.status, 202);
		ck_assert_str_eq(header_of(&r, "Location"),
		                 FMT("/api/jobs/%s", z_at(r.doc, "job.id")));
		ck_assert_int_eq(shop_count(s, "done"), 0);
		ck_assert_str_eq(end_of(s, z_at(r.doc, "job.id")), "succeeded");
		ck_assert_int_eq(shop_count(s, "done"), 1);
		shop_close(s);
	}
}
END_TEST

START_TEST(a_cut_connection_changes_nothing)
{
	struct shop *s = serving("none", 300, "", 4);
	struct client c;

	c = begin(s, run_body(""));
	shop_await(s, "processing", 1);
	client_close(&c);
	shop_await(s, "done", 4);
	ck_assert_int_eq(model_number(&s->model, "requests"), 4);
	/* and nobody else is the worse for it */
	ck_assert_int_eq(int_at(run(s, 200, ""), "processed"), 0);
	shop_close(s);
}
END_TEST

START_TEST(at_the_end_of_the_program_who_waits_is_answered_and_rows_are_given_back)
{
	struct shop *s = serving("none", 30000, "ANALYSIS_CONCURRENCY=3\n", 5);
	struct client c;
	int64_t began;
	struct reply r;

	c = begin(s, run_body(""));
	shop_await(s, "processing", 3);
	began = now_ms();
	kill(s->w.process.pid, SIGTERM);
	r = finish(&c);
	ck_assert_int_eq(r.status, 202);
	ck_assert_ptr_nonnull(header_of(&r, "Location"));
	ck_assert_int_eq(wait_end(s->w.process.pid, PATIENCE_MS), 0);
	ck_assert_int_lt(now_ms() - began, 5000);
	s->w.process.pid = 0;
	ck_assert_int_eq(shop_count(s, "pending"), 5);
	ck_assert_int_eq(
		desk_number(s->d, "SELECT sum(\"interruptedCalls\") FROM session_analyses"), 3);
	ck_assert_int_eq(desk_number(s->d, "SELECT sum(\"retryCount\") FROM session_analyses"), 0);
	ck_assert_int_eq(desk_number(s->d, JOBS " WHERE status = 'queued' AND lease_owner IS NULL"),
	                 1);
	/* whoever comes next goes on with it */
	model_control(&s->model, "POST", "/__sim/manners?latency_ms=10");
	shop_serve(s);
	ck_assert_str_eq(end_of(s, z_at(r.doc, "job.id")), "succeeded");
	ck_assert_int_eq(shop_count(s, "done"), 5);
	shop_close(s);
}
END_TEST

START_TEST(four_that_wait_hold_nobody_up)
{
	struct shop *s = serving("none", 3000, "HANDLER_THREADS=4\nANALYSIS_CONCURRENCY=8\n", 6);
	struct client c[6];
	int64_t began;

	for (size_t i = 0; i < 6; i++)
		c[i] = begin(s, FMT("{\"scriptKey\":\"sales\",\"minMessages\":5,\"limit\":1,"
		                    "\"analysisVersionTag\":\"t%zu\"}",
		                    i));
	shop_await(s, "processing", 6);
	began = now_ms();
	for (int i = 0; i < 10; i++)
		MUST(&s->w, 200, "GET", "/api/clients/acme", s->w.acme_viewer, NULL);
	ck_assert_int_lt(now_ms() - began, 2000);
	ck_assert_int_eq(shop_count(s, "done"), 0);
	for (size_t i = 0; i < 6; i++) {
		struct reply r = finish(&c[i]);

		ck_assert_int_eq(r.status, 200);
		ck_assert_int_eq(int_at(r.doc, "processed"), 1);
	}
	shop_close(s);
}
END_TEST

START_TEST(without_a_key_nothing_is_written_and_a_dry_run_works)
{
	struct shop *s = shop_open("none", 0, "");
	const cJSON *v;

	shop_talk(s, NULL, 2);
	shop_configure(s, NULL, NULL, "");
	shop_serve(s);
	v = run(s, 200, ",\"dryRun\":true");
	ck_assert_int_eq(int_at(v, "wouldEnqueue"), 2);
	ck_assert(cJSON_IsFalse(at(v, "modelReady")));
	v = run(s, 503, "");
	ck_assert_str(text_at(v, "error"), "unavailable");
	ck_assert_str(text_at(v, "code"), "no_model_key");
	ck_assert_ptr_nonnull(strstr(z_at(v, "detail"), "OPENAI_API_KEY"));
	ck_assert_int_eq(desk_number(s->d, ALL) + desk_number(s->d, JOBS), 0);
	ck_assert_int_eq(desk_number(s->d, "SELECT count(*) FROM audit_log WHERE action LIKE "
	                                   "'analysis%%'"),
	                 0);
	shop_close(s);
}
END_TEST

static const struct wrong {
	const char *body, *path; /* path NULL: of no member */
} wrongs[] = {
	{ "{}", "scriptKey" },
	{ "{\"scriptKey\":null}", "scriptKey" },
	{ "{\"scriptKey\":5}", "scriptKey" },
	{ "{\"scriptKey\":\"\"}", "scriptKey" },
	{ "{\"scriptKey\":\"sales\",\"scriptVersion\":0}", "scriptVersion" },
	{ "{\"scriptKey\":\"sales\",\"scriptVersion\":\"2\"}", "scriptVersion" },
	{ "{\"scriptKey\":\"sales\",\"scriptVersion\":2.5}", "scriptVersion" },
	{ "{\"scriptKey\":\"sales\",\"scriptVersion\":3000000000}", "scriptVersion" },
	{ "{\"scriptKey\":\"sales\",\"analysisVersionTag\":\"\"}", "analysisVersionTag" },
	{ "{\"scriptKey\":\"sales\",\"analysisVersionTag\":1}", "analysisVersionTag" },
	{ "{\"scriptKey\":\"sales\",\"analysisVersionTag\":"
	  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaa\"}",
	  "analysisVersionTag" },
	{ "{\"scriptKey\":\"sales\",\"minMessages\":0}", "minMessages" },
	{ "{\"scriptKey\":\"sales\",\"minMessages\":-1}", "minMessages" },
	{ "{\"scriptKey\":\"sales\",\"minMessages\":\"5\"}", "minMessages" },
	{ "{\"scriptKey\":\"sales\",\"minMessages\":5.5}", "minMessages" },
	{ "{\"scriptKey\":\"sales\",\"minMessages\":true}", "minMessages" },
	{ "{\"scriptKey\":\"sales\",\"limit\":0}", "limit" },
	{ "{\"scriptKey\":\"sales\",\"limit\":-5}", "limit" },
	{ "{\"scriptKey\":\"sales\",\"limit\":\"10\"}", "limit" },
	{ "{\"scriptKey\":\"sales\",\"limit\":[]}", "limit" },
	{ "{\"scriptKey\":\"sales\",\"forceReprocess\":\"true\"}", "forceReprocess" },
	{ "{\"scriptKey\":\"sales\",\"forceReprocess\":1}", "forceReprocess" },
	{ "{\"scriptKey\":\"sales\",\"dryRun\":0}", "dryRun" },
	{ "{\"scriptKey\":\"sales\",\"dryRun\":\"no\"}", "dryRun" },
	{ "{\"scriptKey\":\"sales\",\"retryFailed\":\"\"}", "retryFailed" },
	{ "{\"scriptKey\":\"sales\",\"messageOrder\":\"newest\"}", "messageOrder" },
	{ "{\"scriptKey\":\"sales\",\"messageOrder\":1}", "messageOrder" },
	{ "{\"scriptKey\":\"sales\",\"maxCostUsd\":\"1\"}", "maxCostUsd" },
	{ "{\"scriptKey\":\"sales\",\"maxCostUsd\":-0.1}", "maxCostUsd" },
	{ "{\"scriptKey\":\"sales\",\"maxCostUsd\":1e300}", "maxCostUsd" },
	{ "{\"scriptKey\":\"sales\",\"tagFilter\":\"none\"}", "tagFilter" },
	{ "{\"scriptKey\":\"sales\",\"tagFilter\":{}}", "tagFilter.mode" },
	{ "{\"scriptKey\":\"sales\",\"tagFilter\":{\"mode\":null}}", "tagFilter.mode" },
	{ "{\"scriptKey\":\"sales\",\"tagFilter\":{\"mode\":5}}", "tagFilter.mode" },
	{ "{\"scriptKey\":\"sales\",\"tagFilter\":{\"mode\":\"none\",\"tags\":[]}}", "tagFilter" },
	{ "{\"scriptKey\":\"sales\",\"scriptVersion\":null}", "scriptVersion" },
	{ "{\"scriptKey\":\"sales\",\"analysisVersionTag\":null}", "analysisVersionTag" },
	{ "{\"scriptKey\":\"sales\",\"minMessages\":null}", "minMessages" },
	{ "{\"scriptKey\":\"sales\",\"tagFilter\":null}", "tagFilter" },
	{ "{\"scriptKey\":\"sales\",\"limit\":null}", "limit" },
	{ "{\"scriptKey\":\"sales\",\"forceReprocess\":null}", "forceReprocess" },
	{ "{\"scriptKey\":\"sales\",\"dryRun\":null}", "dryRun" },
	{ "{\"scriptKey\":\"sales\",\"retryFailed\":null}", "retryFailed" },
	{ "{\"scriptKey\":\"sales\",\"messageOrder\":null}", "messageOrder" },
	{ "{\"scriptKey\":\"sales\",\"maxCostUsd\":null}", "maxCostUsd" },
	{ "{\"scriptKey\":\"sales\",\"limits\":5}", "limits" },
	{ "[]", NULL },
	{ "\"sales\"", NULL },
	{ "{\"scriptKey\":\"sales\"", NULL },
	{ "", NULL },
};

START_TEST(what_is_wrong_with_a_request_is_said_with_its_path)
{
	struct shop *s = shop_open("none", 0, "");

	shop_serve(s);
	for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
		const struct wrong *x = &wrongs[i];
		struct reply r = call(&s->w, "POST", RUN_PATH, s->w.acme_admin, x->body);
		struct str path;

		ck_assert_msg(r.status == 400, "%s: %d", x->body, r.status);
		if (x->path == NULL)
			continue;
		path = text_at(r.doc, "errors.0.path");
		ck_assert_msg(str_eq(path, str_from(x->path)), "%s: " STR_FMT, x->body,
		              STR_ARG(r.body));
	}
	ck_assert_int_eq(desk_number(s->d, JOBS), 0);
	shop_close(s);
}
END_TEST

START_TEST(another_filter_of_tags_is_not_there_yet)
{
	struct shop *s = shop_open("none", 0, "");
	const cJSON *v;

	shop_serve(s);
	v = run(s, 400, ",\"tagFilter\":{\"mode\":\"any\"}");
	ck_assert_str(text_at(v, "error"), "not_implemented");
	ck_assert_ptr_nonnull(strstr(z_at(v, "detail"), "não implementado"));
	run(s, 200, ",\"tagFilter\":{\"mode\":\"none\"},\"dryRun\":true");
	/* more than the most is the most */
	run(s, 200, ",\"limit\":501,\"dryRun\":true");
	run(s, 200, ",\"maxCostUsd\":0.5,\"messageOrder\":\"sent\",\"dryRun\":true");
	shop_close(s);
}
END_TEST

START_TEST(what_is_not_there_or_not_ones_own_is_not_run)
{
	struct shop *s = shop_open("none", 0, "");
	const char *body = run_body(",\"dryRun\":true");
	struct reply r;

	shop_serve(s);
	MUST(&s->w, 404, "POST", RUN_PATH, "op", "{\"scriptKey\":\"support\"}");
	MUST(&s->w, 404, "POST", RUN_PATH, "op", "{\"scriptKey\":\"sales\",\"scriptVersion\":1}");
	MUST(&s->w, 404, "POST", "/api/admin/nobody/session-analyses/run", "op", body);
	MUST(&s->w, 404, "POST", RUN_PATH, s->w.beta_admin, body);
	/* beta has no such script */
	MUST(&s->w, 404, "POST", "/api/admin/beta/session-analyses/run", s->w.beta_admin, body);
	MUST(&s->w, 403, "POST", RUN_PATH, s->w.acme_viewer, body);
	MUST(&s->w, 403, "POST", RUN_PATH, s->w.acme_agent, body);
	r = call(&s->w, "POST", RUN_PATH, NULL, body);
	ck_assert_int_eq(r.status, 401);
	MUST(&s->w, 200, "POST", RUN_PATH, "op", body);
	MUST(&s->w, 200, "POST", RUN_PATH, s->w.acme_admin, body);
	/* no version is active */
	desk_sql(s->d, "UPDATE analysis_scripts SET \"isActive\" = FALSE");
	MUST(&s->w, 404, "POST", RUN_PATH, "op", body);
	MUST(&s->w, 200, "POST", RUN_PATH, "op", run_body(",\"dryRun\":true,\"scriptVersion\":2"));
	ck_assert_int_eq(desk_number(s->d, JOBS), 0);
	shop_close(s);
}
END_TEST

START_TEST(a_price_is_needed_for_a_budget)
{
	struct shop *s = shop_open("none", 0, "");
	const cJSON *v;

	shop_talk(s, NULL, 2);
	shop_configure(s, MODEL_KEY, NULL, "");
	shop_serve(s);
	v = run(s, 400, ",\"maxCostUsd\":1");
	ck_assert_str(text_at(v, "errors.0.path"), "maxCostUsd");
	v = run(s, 200, "");
	ck_assert(null_at(v, "usage.costUsd"));
	shop_close(s);
}
END_TEST

/* A body that is one piece of text. */
static const char *
script_of(size_t bytes)
{
	char *text = arena_alloc(test_arena(), bytes + 1);

	memset(text, 'a', bytes);
	for (size_t i = 60; i < bytes; i += 61)
		text[i] = ' ';
	return FMT("{\"scriptKey\":\"long\",\"name\":\"Long\",\"scriptText\":\"%s\"}", text);
}

START_TEST(a_rubric_of_any_length_is_refused_or_leaves_room_or_says_that_it_does_not)
{
	struct shop *s = serving("none", 0, "ANALYSIS_MAX_INPUT_TOKENS=20000\n", 1);
	const char *scripts = "/api/admin/acme/analysis-scripts";
	struct reply r;

	r = call(&s->w, "POST", scripts, s->w.acme_admin, script_of(1 << 20));
	ck_assert_msg(r.status == 400 || r.status == 413, "%d", r.status);
	MUST(&s->w, 201, "POST", scripts, s->w.acme_admin, script_of(30000));
	MUST(&s->w, 201, "POST", scripts, s->w.acme_admin, script_of(80000));
	r = call(&s->w, "POST", RUN_PATH, s->w.acme_admin,
	         "{\"scriptKey\":\"long\",\"scriptVersion\":2,\"minMessages\":5}");
	ck_assert_int_eq(r.status, 400);
	ck_assert_ptr_nonnull(strstr(z_at(r.doc, "detail"), "leaves no room"));
	ck_assert_int_eq(desk_number(s->d, JOBS), 0);
	r.doc = MUST(&s->w, 200, "POST", RUN_PATH, s->w.acme_admin,
	             "{\"scriptKey\":\"long\",\"scriptVersion\":1,\"minMessages\":5}");
	ck_assert_int_eq(int_at(r.doc, "processed"), 1);
	shop_close(s);
}
END_TEST

/* A session with all its messages, one each `step`. */
static void
plant_said(struct shop *s, struct planted *p, int64_t step, const char *type, const char *body)
{
	desk_plant(s->d, p);
	desk_sql(s->d, "BEGIN");
	for (int64_t i = 0; i < p->messages; i++) {
		struct planted_message m = { .conversation = p->conversation,
			                     .ticket = p->ticket,
			                     .at = p->start + i * step,
			                     .outbound = i % 3 == 0,
			                     .type = type,
			                     .body = body };

		desk_message(s->d, &m);
	}
	desk_sql(s->d, "COMMIT");
}

static const cJSON *
details(struct shop *s, struct uuid session)
{
	return MUST(
		&s->w, 200, "GET",
		FMT("/api/tenant/acme/session-analyses/details?scriptKey=sales&sessionId=" STR_FMT,
	            STR_ARG(uuid_text(test_arena(), session))),
		s->w.acme_viewer, NULL);
}

START_TEST(a_session_of_very_many_messages_or_of_sound_alone_is_graded)
{
	struct shop *s = shop_open("none", 0, "");
	struct planted many = { .messages = 20000, .length = 3 * DAY, .ended_ago = 5 * DAY };
	struct planted sound = { .messages = 8 };
	const cJSON *v;

	plant_said(s, &many, 12 * TIME_SECOND, NULL, "mais uma das muitas falas desta conversa");
	plant_said(s, &sound, TIME_MINUTE, "audio", NULL);
	shop_serve(s);
	v = run(s, 200, "");
	ck_assert_msg(int_at(v, "processed") == 2, "%s", read_text(in_dir(s->dir, "err")));
	v = details(s, many.id);
	ck_assert(true_at(v, "analysis.truncated"));
	v = details(s, sound.id);
	ck_assert(!true_at(v, "analysis.truncated"));
	ck_assert_str(text_at(v, "analysis.status"), "done");
	shop_close(s);
}
END_TEST

START_TEST(what_failed_is_told_and_can_be_tried_again)
{
	struct shop *s = shop_open("none", 0, "");
	const cJSON *v;
	int again = 0;

	shop_talk(s, "sim:broken_json*1", 2);
	shop_talk(s, "sim:refusal*1", 1);
	shop_serve(s);
	v = run(s, 200, "");
	ck_assert_str(text_at(v, "status"), "partial");
	ck_assert_int_eq(int_at(v, "processed"), 1);
	ck_assert_int_eq(int_at(v, "failed"), 2);
	ck_assert_int_eq(int_at(v, "remainingQueue"), 1); /* the refusal is final */
	ck_assert_uint_eq(json_count(at(v, "sample.failedIds")), 2);
	ck_assert_int_eq(desk_number(s->d, ALL " WHERE \"error\" LIKE 'invalid_json: %%'"), 1);
	ck_assert_int_eq(desk_number(s->d, ALL " WHERE \"error\" LIKE 'refusal: %%'"), 1);
	ck_assert_str(text_at(MUST(&s->w, 200, "GET", "/api/jobs", "op", NULL), "data.0.errorCode"),
	              "failures");
	v = MUST(&s->w, 200, "GET", "/api/tenant/acme/session-analyses/failures", s->w.acme_viewer,
	         NULL);
	ck_assert_str(text_at(v, "combo.scriptKey"), "sales");
	ck_assert_uint_eq(json_count(at(v, "items")), 2);
	for (const cJSON *x = json_first(at(v, "items")); x != NULL; x = x->next) {
		bool final = cJSON_IsNull(at(x, "nextRetryAt"));

		again += !final;
		ck_assert_int_eq(int_at(x, "retryCount"), 1);
		ck_assert_uint_gt(text_at(x, "error").n, 10);
		ck_assert(str_eq(text_at(x, "errorCode"),
		                 final ? STR("refusal") : STR("invalid_json")));
		ck_assert(cJSON_IsString(at(x, "processedAt")));
		ck_assert(cJSON_IsString(at(x, "session.startedAt")));
	}
	ck_assert_int_eq(again, 1);
	v = MUST(&s->w, 200, "GET", "/api/tenant/acme/session-analyses/failures?limit=1",
	         s->w.acme_viewer, NULL);
	ck_assert_uint_eq(json_count(at(v, "items")), 1);
	v = run(s, 200, ",\"dryRun\":true");
	ck_assert_int_eq(int_at(v, "alreadyQueued"), 2);
	ck_assert_int_eq(int_at(v, "failedPermanent"), 1);
	ck_assert_int_eq(int_at(v, "wouldProcessNow"), 0);
	v = run(s, 200, ",\"retryFailed\":true");
	ck_assert_str(text_at(v, "status"), "succeeded");
	ck_assert_int_eq(int_at(v, "processed"), 2);
	shop_close(s);
}
END_TEST

START_TEST(a_server_without_the_model_says_why_a_run_ended)
{
	struct shop *s = serving("401=1000", 0, "", 3);
	const cJSON *v;

	v = run(s, 200, "");
	ck_assert_str(text_at(v, "status"), "failed");
	ck_assert_str(text_at(v, "reason"), "unauthorized");
	ck_assert_int_eq(int_at(v, "processed") + int_at(v, "failed"), 0);
	ck_assert_int_eq(int_at(v, "remainingQueue"), 3);
	ck_assert_int_eq(model_number(&s->model, "requests"), 1);
	shop_close(s);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"api run", a_run_that_is_waited_for_answers_with_what_it_has_done,
		what_is_done_is_paid_again_only_when_it_is_forced,
		a_run_that_is_not_waited_for_is_told_where_it_goes_on,
		a_run_that_takes_longer_than_is_waited_goes_on_as_a_job,
		a_cut_connection_changes_nothing,
		at_the_end_of_the_program_who_waits_is_answered_and_rows_are_given_back,
		four_that_wait_hold_nobody_up, without_a_key_nothing_is_written_and_a_dry_run_works,
		what_is_wrong_with_a_request_is_said_with_its_path,
		another_filter_of_tags_is_not_there_yet,
		what_is_not_there_or_not_ones_own_is_not_run, a_price_is_needed_for_a_budget,
		a_rubric_of_any_length_is_refused_or_leaves_room_or_says_that_it_does_not,
		a_session_of_very_many_messages_or_of_sound_alone_is_graded,
		what_failed_is_told_and_can_be_tried_again,
		a_server_without_the_model_says_why_a_run_ended);
}

API_MAIN(make_suite)
