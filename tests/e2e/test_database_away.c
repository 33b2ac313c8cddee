/* PostgreSQL goes away for ten seconds under a running program: deliveries are told to come again,
 * and when it is back everything goes on by itself, with nothing lost that was acknowledged. */
#include "api_fixture.h"

#define AWAY_MS 10000

static const char *
text_body(const struct world *w, int i)
{
	return envelope(change(NUMBER, "messages",
	                       live_text(w, CUSTOMER, FMT("AA%04d", i), FMT("text %d", i))));
}

static int
try_hook(const struct world *w, const char *body)
{
	struct client c = connect_to(&w->process);
	int status;

	send_delivery(&c, "/webhooks/whatsapp", body, strlen(body),
	              signature(GATE_SECRET, body, strlen(body)));
	status = client_status(&c);
	client_close(&c);
	return status;
}

START_TEST(ten_seconds_without_the_database_cost_503_and_nothing_else)
{
	struct world *w = world_new();
	int i = 1, refused = 0, status = 0, not_ready = 0;
	int64_t end;

	hook(w, text_body(w, 0));
	settle(w);
	pg_server_stop(pg);
	end = now_ms() + AWAY_MS;
	while (now_ms() < end) {
		int64_t start = now_ms();
		ck_assert_int_eq(try_hook(w, text_body(w, i++)), 503);
		ck_assert_int_lt(now_ms() - start, 5000);
		ck_assert_int_eq(call(w, "GET", "/health", NULL, NULL).status, 200);
		not_ready += call(w, "GET", "/ready", NULL, NULL).status == 503;
		ck_assert_int_ge(call(w, "GET", "/api/clients", "op", NULL).status, 500);
		refused++;
		poll(NULL, 0, 100);
	}
	ck_assert_int_gt(refused, 2);
	ck_assert_int_gt(not_ready, 0);
	pg_server_start_again(pg);
	end = now_ms() + PATIENCE_MS;
	while (status != 200 && now_ms() < end) {
		status = try_hook(w, text_body(w, i));
		poll(NULL, 0, status == 200 ? 0 : 20);
	}
	ck_assert_int_eq(status, 200);
	while (call(w, "GET", "/ready", NULL, NULL).status != 200 && now_ms() < end)
		poll(NULL, 0, 20);
	settle(w);
	const cJSON *list =
		at(MUST(w, 200, "GET", "/api/clients/acme/conversations", w->acme_viewer, NULL),
	           "data");
	ck_assert_uint_eq(json_count(list), 1);
	list = at(MUST(w, 200, "GET",
	               FMT("/api/conversations/%s/messages?limit=200", z_at(list, "0.id")),
	               w->acme_viewer, NULL),
	          "data");
	/* the first and the last were acknowledged; one in between may have been stored all the
	 * same */
	bool first = false, last = false;
	for (const cJSON *m = json_first(list); m != NULL; m = m->next) {
		first |= str_eq(text_at(m, "body"), STR("text 0"));
		last |= str_eq(text_at(m, "body"), str_fmt(test_arena(), "text %d", i));
	}
	ck_assert(first && last);
	ck_assert_int_eq(call(w, "GET", "/ready", NULL, NULL).status, 200);
	world_end(w);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("database away",
	                  ten_seconds_without_the_database_cost_503_and_nothing_else);
}

API_MAIN(make_suite)
