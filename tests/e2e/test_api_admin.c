/* Clients, tokens, connections and what the operator looks at. */
#include "api_fixture.h"

START_TEST(a_client_is_made_changed_and_ensured)
{
	struct world *w = world_empty("");
	const cJSON *d =
		MUST(w, 201, "POST", "/api/clients", "op",
	             "{\"slug\":\"acme\",\"name\":\"Acme\",\"apiBaseUrl\":\"https://desk.example\","
	             "\"apiKey\":\"k\"}");
	struct reply r;

	ck_assert_str(text_at(d, "client.slug"), "acme");
	ck_assert(true_at(d, "client.hasApiKey") && true_at(d, "client.isActive"));
	ck_assert_uint_eq(json_count(at(d, "client")), 8);
	d = MUST(w, 409, "POST", "/api/clients", "op", "{\"slug\":\"acme\",\"name\":\"Other\"}");
	ck_assert_str(text_at(d, "code"), "slug_taken");
	d = MUST(w, 200, "POST", "/api/clients/ensure", "op",
	         "{\"slug\":\"acme\",\"name\":\"Other\"}");
	ck_assert_str(text_at(d, "client.name"), "Acme");
	MUST(w, 201, "POST", "/api/clients/ensure", "op", "{\"slug\":\"zeta\",\"name\":\"Z\"}");
	d = MUST(w, 200, "PATCH", "/api/clients/acme", "op",
	         "{\"apiKey\":null,\"name\":\"Acme SA\",\"isActive\":false}");
	ck_assert_str(text_at(d, "client.name"), "Acme SA");
	ck_assert_str(text_at(d, "client.apiBaseUrl"), "https://desk.example");
	ck_assert(!true_at(d, "client.hasApiKey") && !true_at(d, "client.isActive"));
	r = call(w, "POST", "/api/clients", "op",
	         "{\"slug\":\"A b\",\"isActive\":\"yes\",\"apiBaseUrl\":\"ftp://x\"}");
	ck_assert_int_eq(r.status, 400);
	ck_assert_uint_eq(json_count(at(r.doc, "errors")), 4);
	ck_assert_str(text_at(r.doc, "errors.0.path"), "slug");
	ck_assert_str(text_at(r.doc, "errors.0.code"), "invalid");
	ck_assert_str(text_at(r.doc, "errors.3.path"), "name");
	ck_assert_str(text_at(r.doc, "errors.3.code"), "required");
	d = MUST(w, 200, "GET", "/api/clients?limit=1", "op", NULL);
	ck_assert_str(text_at(d, "data.0.slug"), "acme");
	d = MUST(w, 200, "GET", FMT("/api/clients?limit=1&cursor=%s", z_at(d, "nextCursor")), "op",
	         NULL);
	ck_assert_str(text_at(d, "data.0.slug"), "zeta");
	ck_assert(null_at(d, "nextCursor"));
	world_end(w);
}
END_TEST

START_TEST(a_connection_is_registered_shown_changed_and_hidden)
{
	struct world *w = world_new();
	const char *path = FMT("/api/connections/%s", w->connection);
	const cJSON *d = MUST(w, 200, "GET", path, w->acme_viewer, NULL);
	const char *again;

	ck_assert_uint_eq(json_count(at(d, "connection")), 23);
	ck_assert_str(text_at(d, "connection.displayPhoneNumber"), "+34910000001");
	ck_assert_str(text_at(d, "connection.status"), "connected");
	ck_assert_str(text_at(d, "connection.historySyncStatus"), "pending_consent");
	ck_assert(true_at(d, "connection.hasAccessToken") &&
	          true_at(d, "connection.historySyncRequested"));
	ck_assert_int_eq(int_at(d, "connection.historyCounters.messagesImported"), 0);
	ck_assert(null_at(d, "connection.historySyncError") &&
	          null_at(d, "connection.lastWebhookAt"));
	d = MUST(w, 200, "PATCH", path, w->acme_admin,
	         "{\"accessToken\":null,\"verifiedName\":\"Acme\"}");
	ck_assert(!true_at(d, "connection.hasAccessToken"));
	ck_assert_str(text_at(d, "connection.verifiedName"), "Acme");
	/* a number is taken once in the whole installation, a WABA by one client */
	again = "{\"mode\":\"coexistence\",\"phoneNumberId\":\"%s\",\"wabaId\":\"%s\","
		"\"displayPhoneNumber\":\"+34910000001\"}";
	d = MUST(w, 409, "POST", "/api/clients/beta/connections", "op", FMT(again, NUMBER, "1"));
	ck_assert_str(text_at(d, "code"), "number_taken");
	d = MUST(w, 409, "POST", "/api/clients/beta/connections", "op", FMT(again, "2", WABA));
	ck_assert_str(text_at(d, "code"), "waba_taken");
	MUST(w, 409, "POST", "/api/clients/acme/connections", "op", FMT(again, NUMBER, WABA));
	d = MUST(w, 201, "POST", "/api/clients/acme/connections", w->acme_admin,
	         FMT(again, "2", WABA));
	ck_assert_str(text_at(d, "connection.historySyncStatus"), "not_requested");
	MUST(w, 400, "POST", "/api/clients/acme/connections", "op", FMT(again, "x", WABA));
	d = MUST(w, 200, "GET", "/api/clients/acme/connections?limit=1", w->acme_viewer, NULL);
	d = MUST(w, 200, "GET",
	         FMT("/api/clients/acme/connections?cursor=%s", z_at(d, "nextCursor")),
	         w->acme_viewer, NULL);
	ck_assert_str(text_at(d, "data.0.phoneNumberId"), "2");
	MUST(w, 204, "DELETE", path, w->acme_admin, NULL);
	MUST(w, 404, "GET", path, "op", NULL);
	MUST(w, 201, "POST", "/api/clients/acme/connections", "op", FMT(again, NUMBER, WABA));
	world_end(w);
}
END_TEST

START_TEST(a_cloud_api_number_has_no_history_to_sync)
{
	struct world *w = world_new();
	const cJSON *d = MUST(w, 201, "POST", "/api/clients/beta/connections", "op",
	                      "{\"kind\":\"whatsapp\",\"mode\":\"cloud_api\",\"phoneNumberId\":"
	                      "\"7\",\"wabaId\":\"8\","
	                      "\"displayPhoneNumber\":\"34910000007\",\"historySync\":true}");

	ck_assert_str(text_at(d, "connection.historySyncStatus"), "not_supported");
	ck_assert(!true_at(d, "connection.historySyncRequested"));
	world_end(w);
}
END_TEST

START_TEST(the_history_of_a_connection_is_followed_chunk_by_chunk)
{
	struct world *w = world_new();
	const char *path = FMT("/api/connections/%s", w->connection);
	const cJSON *d;

	hook(w, envelope(change(NUMBER, "history", history(w, 1, 20, 0, 10))));
	hook(w, envelope(change(NUMBER, "history", history(w, 4, 60, 10, 5))));
	settle(w);
	d = MUST(w, 200, "GET", FMT("%s/history-sync", path), w->acme_viewer, NULL);
	ck_assert_str(text_at(d, "run.status"), "syncing");
	ck_assert_slice(text_at(d, "run.connectionId"), str_from(w->connection));
	ck_assert_int_eq(int_at(d, "run.progress"), 60);
	ck_assert_int_eq(int_at(d, "run.counters.chunks"), 2);
	ck_assert_int_eq(int_at(d, "run.counters.messagesImported"), 15);
	ck_assert_int_eq(int_at(d, "chunks.0.messages"), 10);
	ck_assert_uint_eq(json_count(at(d, "gaps")), 1);
	ck_assert_int_eq(int_at(d, "gaps.0.from"), 2);
	ck_assert_int_eq(int_at(d, "gaps.0.to"), 3);
	ck_assert_uint_ge(json_count(at(d, "log")), 2);
	ck_assert_str(text_at(d, "log.0.code"), "connection.registered");
	ck_assert(null_at(d, "run.errorReason"));
	hook(w, envelope(change(NUMBER, "history", history(w, 5, 100, 15, 5))));
	settle(w);
	d = MUST(w, 200, "GET", path, w->acme_viewer, NULL);
	ck_assert_str(text_at(d, "connection.historySyncStatus"), "completed");
	ck_assert_int_eq(int_at(d, "connection.historySyncProgress"), 100);
	ck_assert(str_is_set(text_at(d, "connection.historySyncCompletedAt")));
	ck_assert(str_is_set(text_at(d, "connection.lastWebhookAt")));
	ck_assert_int_eq(int_at(d, "connection.historyCounters.threads"), 1);
	ck_assert_int_ge(int_at(d, "connection.historyCounters.durationSeconds"), 0);
	world_end(w);
}
END_TEST

START_TEST(a_number_registered_by_an_admin_waits_for_the_operator)
{
	struct world *w = world_new();
	const char *id;
	const cJSON *d;

	hook(w, envelope(change("555", "messages", live_text(w, CUSTOMER, "EE01", "oi"))));
	settle(w);
	id = register_number(w, "beta", w->beta_admin, "555", "555");
	MUST(w, 403, "POST", FMT("/api/connections/%s/release", id), w->beta_admin, NULL);
	d = MUST(w, 200, "GET", "/api/webhook-events?status=parked", "op", NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	d = MUST(w, 200, "POST", FMT("/api/connections/%s/release", id), "op", NULL);
	ck_assert_int_eq(int_at(d, "released"), 1);
	settle(w);
	d = MUST(w, 200, "GET", "/api/clients/beta/conversations", w->beta_admin, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	world_end(w);
}
END_TEST

START_TEST(a_number_registered_by_the_operator_gets_what_was_parked_soon)
{
	struct world *w = world_new();
	int64_t end = now_ms() + PATIENCE_MS;
	size_t n = 0;

	hook(w, envelope(change("555", "messages", live_text(w, CUSTOMER, "EE01", "oi"))));
	settle(w);
	register_number(w, "beta", "op", "555", "555");
	while (n == 0 && now_ms() < end) {
		n = json_count(at(
			MUST(w, 200, "GET", "/api/clients/beta/conversations", w->beta_admin, NULL),
			"data"));
		poll(NULL, 0, 10);
	}
	ck_assert_uint_eq(n, 1);
	world_end(w);
}
END_TEST

START_TEST(a_connection_gets_a_webhook_url_of_its_own_once)
{
	struct world *w = world_new();
	const cJSON *d = MUST(w, 201, "POST",
	                      FMT("/api/connections/%s/webhook-secret", w->connection),
	                      w->acme_admin, NULL);
	const char *secret = z_at(d, "connectionSecret");
	const char *body =
		envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "FF01", "oi")));

	ck_assert(str_ends(text_at(d, "url"), str_from(FMT("/webhooks/whatsapp/%s", secret))));
	ck_assert_int_eq(call(w, "POST", FMT("/webhooks/whatsapp/%s", secret), NULL, body).status,
	                 200);
	settle(w);
	d = MUST(w, 200, "GET", "/api/clients/acme/conversations", "op", NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	MUST(w, 201, "POST", FMT("/api/connections/%s/webhook-secret", w->connection), "op", NULL);
	ck_assert_int_eq(call(w, "POST", FMT("/webhooks/whatsapp/%s", secret), NULL, body).status,
	                 404);
	world_end(w);
}
END_TEST

START_TEST(settings_tell_no_secret_and_findings_their_remedy)
{
	struct world *w = world_new();
	struct reply r = call(w, "GET", "/api/settings", "op", NULL);
	const cJSON *d;

	ck_assert_int_eq(r.status, 200);
	ck_assert_str(text_at(r.doc, "settings.ADMIN_TOKEN"), "set");
	ck_assert_str(text_at(r.doc, "settings.OPENAI_API_KEY"), "unset");
	ck_assert_ptr_null(strstr(r.body.p, ADMIN));
	ck_assert_ptr_null(strstr(r.body.p, GATE_SECRET));
	d = MUST(w, 200, "GET", "/api/health/details", "op", NULL);
	ck_assert_uint_eq(json_count(at(d, "findings")), 0);
	hook(w, envelope(change("555", "messages", live_text(w, CUSTOMER, "EE01", "oi"))));
	settle(w);
	d = MUST(w, 200, "GET", "/api/health/details", "op", NULL);
	ck_assert_str(text_at(d, "findings.0.code"), "parked");
	ck_assert(str_is_set(text_at(d, "findings.0.remedy")));
	r = call(w, "GET", "/metrics", "op", NULL);
	ck_assert_ptr_nonnull(strstr(r.body.p, "recado_webhooks_total{result=\"accepted\"} 1"));
	world_end(w);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("api: administration", a_client_is_made_changed_and_ensured,
	                  a_connection_is_registered_shown_changed_and_hidden,
	                  a_cloud_api_number_has_no_history_to_sync,
	                  the_history_of_a_connection_is_followed_chunk_by_chunk,
	                  a_number_registered_by_an_admin_waits_for_the_operator,
	                  a_number_registered_by_the_operator_gets_what_was_parked_soon,
	                  a_connection_gets_a_webhook_url_of_its_own_once,
	                  settings_tell_no_secret_and_findings_their_remedy);
}

API_MAIN(make_suite)
