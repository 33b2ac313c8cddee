/* Event streams of the program: who gets which, resuming, other processes, a thousand of them. */
#include <dirent.h>
#include <sys/resource.h>

#include "sse_fixture.h"

#define MANY 1000

START_TEST(a_live_message_comes_to_every_stream_of_its_client_with_one_id)
{
	struct world *w = world_new();
	struct sse a = sse_open(w, "", w->acme_viewer, ""),
		   b = sse_open(w, "?clientSlug=acme", "op", ""),
		   other = sse_open(w, "?clientSlug=beta", w->beta_admin, "");
	int64_t at, others;

	at = sse_next(&a);
	ck_assert_str_eq(a.event, "ready");
	sse_expect(&b, "ready", at);
	others = sse_next(&other);
	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "L1", "oi"))));
	sse_expect(&a, "conversation.changed", at + 1);
	ck_assert_str(text_at(a.data, "subjectKind"), "conversation");
	MUST(w, 200, "GET", FMT("/api/conversations/%s", z_at(a.data, "subjectId")), w->acme_viewer,
	     NULL);
	sse_expect(&a, "webhook_events.changed", at + 2);
	ck_assert(null_at(a.data, "subjectId"));
	sse_expect(&b, "conversation.changed", at + 1);
	sse_expect(&b, "webhook_events.changed", at + 2);
	/* what people do */
	MUST(w, 201, "POST", "/api/clients/acme/leads", w->acme_agent,
	     "{\"phoneNumber\":\"+5511999990000\",\"name\":\"Bia\"}");
	sse_expect(&a, "lead.changed", at + 3);
	MUST(w, 200, "PATCH", "/api/clients/acme", "op", "{\"name\":\"Acme S.A.\"}");
	sse_expect(&a, "client.changed", at + 4);
	/* nothing of it was for the other client */
	MUST(w, 200, "PATCH", "/api/clients/beta", "op", "{\"name\":\"Beta S.A.\"}");
	sse_expect(&other, "client.changed", others + 1);
	sse_close(&a);
	sse_close(&b);
	sse_close(&other);
	world_end(w);
}
END_TEST

START_TEST(history_is_told_as_progress_of_its_connection)
{
	struct world *w = world_new();
	struct sse s = sse_open(w, "", w->acme_viewer, "");

	sse_next(&s);
	for (int i = 1; i <= 3; i++) {
		hook(w, envelope(change(NUMBER, "history", history(w, i, 30 * i, 100 * i, 100))));
		sse_expect(&s, "connection.changed", s.id + 1);
		ck_assert_str_eq(z_at(s.data, "subjectId"), w->connection);
		settle(w);
	}
	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "L1", "oi"))));
	sse_expect(&s, "conversation.changed", s.id + 1);
	sse_close(&s);
	world_end(w);
}
END_TEST

START_TEST(what_is_parked_released_and_replayed_is_told)
{
	struct world *w = world_new();
	struct sse beta = sse_open(w, "", w->beta_admin, ""),
		   acme = sse_open(w, "", w->acme_viewer, "");
	const char *id;

	sse_next(&beta);
	sse_next(&acme);
	hook(w, envelope(change("555", "messages", live_text(w, CUSTOMER, "P1", "oi"))));
	sse_expect(&beta, "webhook_events.changed", beta.id + 1);
	sse_expect(&acme, "webhook_events.changed", acme.id + 1);
	settle(w);
	id = register_number(w, "beta", w->beta_admin, "555", "555");
	sse_expect(&beta, "connection.changed", beta.id + 1);
	MUST(w, 200, "POST", FMT("/api/connections/%s/release", id), "op", NULL);
	sse_expect(&beta, "connection.changed", beta.id + 1);
	sse_expect(&beta, "webhook_events.changed", beta.id + 1);
	sse_expect(&beta, "conversation.changed", beta.id + 1);
	sse_expect(&beta, "webhook_events.changed", beta.id + 1);
	settle(w);
	/* over all clients: those who have parts in it, first that they wait again, then that they
	 * were applied */
	MUST(w, 202, "POST", "/api/webhook-events/replay", "op", "{\"status\":\"applied\"}");
	sse_expect(&beta, "webhook_events.changed", beta.id + 1);
	sse_expect(&beta, "webhook_events.changed", beta.id + 1);
	settle(w);
	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "P2", "oi"))));
	sse_expect(&acme, "conversation.changed", acme.id + 1); /* nothing of beta's in between */
	sse_close(&beta);
	sse_close(&acme);
	world_end(w);
}
END_TEST

START_TEST(a_stream_that_was_cut_goes_on_where_it_was)
{
	struct world *w = world_new();
	struct sse s = sse_open(w, "", w->acme_viewer, "");
	int64_t first = sse_next(&s);

	sse_close(&s);
	for (int i = 0; i < 20; i++)
		MUST(w, 200, "PATCH", "/api/clients/acme", "op", FMT("{\"name\":\"A%d\"}", i));
	s = sse_open(w, "", w->acme_viewer, FMT("Last-Event-ID: %lld\r\n", (long long)first));
	sse_expect(&s, "ready", first);
	for (int i = 1; i <= 12; i++)
		sse_expect(&s, "client.changed", first + i);
	sse_close(&s);
	s = sse_open(w, FMT("?lastEventId=%lld", (long long)first + 12), w->acme_viewer, "");
	sse_expect(&s, "ready", first + 12);
	for (int i = 13; i <= 20; i++)
		sse_expect(&s, "client.changed", first + i);
	sse_close(&s);
	/* across a restart of the server too */
	world_end(w);
	w->process = serve_in(w->process.dir);
	s = sse_open(w, "", w->acme_viewer, FMT("Last-Event-ID: %lld\r\n", (long long)first + 19));
	sse_expect(&s, "ready", first + 19);
	sse_expect(&s, "client.changed", first + 20);
	sse_close(&s);
	s = sse_open(w, "?lastEventId=999999", w->acme_viewer, "");
	sse_expect(&s, "reset", first + 20);
	sse_close(&s);
	s = sse_open(w, "", w->acme_viewer, "Last-Event-ID: nonsense\r\n");
	sse_expect(&s, "reset", first + 20);
	sse_close(&s);
	world_end(w);
}
END_TEST

START_TEST(a_stream_is_of_one_client_that_the_caller_may_see)
{
	struct world *w = world_new();
	struct reply r;

	MUST(w, 400, "GET", "/api/events", "op", NULL);
	MUST(w, 404, "GET", "/api/events?clientSlug=nobody", "op", NULL);
	MUST(w, 404, "GET", "/api/events?clientSlug=acme", w->beta_admin, NULL);
	MUST(w, 401, "GET", "/api/events?clientSlug=acme", NULL, NULL);
	MUST(w, 400, "GET", "/api/events?clientSlug=acme&lastEventId=x", "op", NULL);
	MUST(w, 400, "GET", "/api/events?lastEventId=9999999999999999999", w->acme_viewer, NULL);
	r = call(w, "HEAD", "/api/events", w->acme_viewer, NULL);
	ck_assert_int_eq(r.status, 200);
	ck_assert_str_eq(header_of(&r, "Content-Type"), "text/event-stream");
	world_end(w);
}
END_TEST

START_TEST(a_revoked_tokens_streams_end_and_no_others)
{
	struct world *w = world_new();
	const cJSON *t = MUST(w, 201, "POST", "/api/tokens", "op",
	                      "{\"name\":\"t\",\"role\":\"viewer\",\"clientSlug\":\"acme\"}");
	struct sse gone = sse_open(w, "", z_at(t, "secret"), ""),
		   stays = sse_open(w, "", w->acme_viewer, "");

	sse_next(&gone);
	sse_next(&stays);
	MUST(w, 204, "DELETE", FMT("/api/tokens/%s", z_at(t, "token.id")), "op", NULL);
	sse_expect_end(&gone);
	sse_until(&stays, "client.changed"); /* the token's end */
	MUST(w, 200, "PATCH", "/api/clients/acme", "op", "{\"name\":\"still\"}");
	sse_until(&stays, "client.changed");
	sse_close(&stays);
	world_end(w);
}
END_TEST

/* The cookie of a browser that logged in with this token, as the line that sends it. */
static const char *
log_in(const struct world *w, const char *token)
{
	struct reply r = call_with(w, "POST", "/api/login", NULL, FMT("{\"token\":\"%s\"}", token),
	                           "Origin: http://a\r\n");
	const char *cookie;

	ck_assert_int_eq(r.status, 200);
	cookie = header_of(&r, "Set-Cookie");
	ck_assert_ptr_nonnull(cookie);
	return FMT("Cookie: %.*s\r\n", (int)strcspn(cookie, ";"), cookie);
}

static void
log_out(const struct world *w, const char *cookie)
{
	struct reply r = call_with(w, "POST", "/api/logout", NULL, NULL,
	                           FMT("Origin: http://a\r\n%s", cookie));

	ck_assert_int_eq(r.status, 204);
}

START_TEST(a_logged_out_browsers_streams_end_and_no_others)
{
	struct world *w = world_new();
	const char *here = log_in(w, w->acme_viewer), *there = log_in(w, w->acme_viewer),
		   *operator_ = log_in(w, ADMIN);
	struct sse gone = sse_open(w, "", NULL, here), stays = sse_open(w, "", NULL, there),
		   op = sse_open(w, "?clientSlug=acme", NULL, operator_),
		   token = sse_open(w, "", w->acme_viewer, "");

	sse_next(&gone);
	sse_next(&stays);
	sse_next(&op);
	sse_next(&token);
	log_out(w, here);
	sse_expect_end(&gone);
	MUST(w, 200, "PATCH", "/api/clients/acme", "op", "{\"name\":\"still\"}");
	sse_until(&stays, "client.changed");
	sse_until(&token, "client.changed");
	sse_until(&op, "client.changed");
	log_out(w, operator_);
	sse_expect_end(&op);
	sse_close(&stays);
	sse_close(&token);
	world_end(w);
}
END_TEST

START_TEST(what_another_process_does_comes_too)
{
	struct world *w = world_new();
	struct sse s = sse_open(w, "", w->acme_viewer, "");
	const char *beside = test_dir();

	sse_next(&s);
	write_text(in_dir(beside, ".env"), read_text(in_dir(w->process.dir, ".env")));
	if (pg == NULL) /* a command at a shell in the same directory */
		beside = w->process.dir;
	for (int i = 0; i < 3; i++) {
		const char *name = FMT("Acme %d", i);

		ck_assert_int_eq(RUN(beside, "client", "update", "acme", "--name", name), 0);
		sse_expect(&s, "client.changed", s.id + 1);
	}
	if (pg != NULL) { /* another server on the same database */
		struct world other = { .process = serve_in(beside), .now_s = w->now_s };
		struct sse there = sse_open(&other, "", w->acme_viewer, "");
		int64_t at = sse_next(&there);

		ck_assert_int_eq(at, s.id);
		MUST(&other, 200, "PATCH", "/api/clients/acme", "op", "{\"name\":\"x\"}");
		sse_expect(&s, "client.changed", at + 1);
		sse_expect(&there, "client.changed", at + 1);
		hook(&other,
		     envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "L1", "oi"))));
		sse_expect(&s, "conversation.changed", at + 2);
		sse_expect(&there, "conversation.changed", at + 2);
		sse_close(&there);
		world_end(&other);
	}
	sse_close(&s);
	world_end(w);
}
END_TEST

/* Of /proc/PID. */
static int64_t
resident_bytes(pid_t pid)
{
	FILE *f = fopen(FMT("/proc/%d/statm", (int)pid), "re");
	size_t all, resident;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%zu %zu", &all, &resident), 2);
	fclose(f);
	return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

static int
threads_of(pid_t pid)
{
	DIR *dir = opendir(FMT("/proc/%d/task", (int)pid));
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

START_TEST(a_thousand_streams_cost_less_than_20_mb_and_no_thread_each)
{
	struct world *w = world_new();
	struct sse *s = calloc(MANY, sizeof(*s));
	struct rlimit files;
	int64_t before, cost, at;
	int threads;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	if (files.rlim_max < 4 * MANY) {
		printf("skipped: only %llu files may be open\n",
		       (unsigned long long)files.rlim_max);
		world_end(w);
		free(s);
		return;
	}
	/* again, with the limit; the handlers' memory is what it will be */
	world_end(w);
	w->process = serve_in(w->process.dir);
	s[0] = sse_open(w, "", w->acme_viewer, "");
	at = sse_next(&s[0]);
	before = resident_bytes(w->process.pid);
	threads = threads_of(w->process.pid);
	for (int i = 1; i < MANY; i++)
		s[i] = sse_open(w, "", w->acme_viewer, "");
	MUST(w, 503, "GET", "/api/events", w->acme_viewer, NULL);
	MUST(w, 200, "PATCH", "/api/clients/acme", "op", "{\"name\":\"x\"}");
	for (int i = 0; i < MANY; i++) {
		if (i > 0)
			sse_expect(&s[i], "ready", at);
		sse_expect(&s[i], "client.changed", at + 1);
	}
	cost = resident_bytes(w->process.pid) - before;
	printf("# %d streams: %lld bytes each\n", MANY, (long long)cost / MANY);
	ck_assert_int_eq(threads_of(w->process.pid), threads);
	if (getenv("ASAN_OPTIONS") == NULL)
		ck_assert_int_lt(cost, 20 * 1000 * 1000);
	for (int i = 0; i < MANY; i++)
		sse_close(&s[i]);
	free(s);
	world_end(w);
}
END_TEST

START_TEST(a_server_with_open_streams_stops_at_once)
{
	struct world *w = world_new();
	struct sse s[3];

	for (int i = 0; i < 3; i++)
		s[i] = sse_open(w, "", w->acme_viewer, "");
	world_end(w); /* it exits with 1 after 4 seconds, if something holds it up */
	for (int i = 0; i < 3; i++)
		sse_expect_end(&s[i]);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("api_events",
	                  a_live_message_comes_to_every_stream_of_its_client_with_one_id,
	                  history_is_told_as_progress_of_its_connection,
	                  what_is_parked_released_and_replayed_is_told,
	                  a_stream_that_was_cut_goes_on_where_it_was,
	                  a_stream_is_of_one_client_that_the_caller_may_see,
	                  a_revoked_tokens_streams_end_and_no_others,
	                  a_logged_out_browsers_streams_end_and_no_others,
	                  what_another_process_does_comes_too,
	                  a_thousand_streams_cost_less_than_20_mb_and_no_thread_each,
	                  a_server_with_open_streams_stops_at_once);
}

API_MAIN(make_suite)
