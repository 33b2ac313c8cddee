/* The journal over the API: what each may see of it, and applying it again. */
#include "api_fixture.h"
#include "raw.h"

/* One body with a change of acme's and one of beta's. */
static const char *
shared_body(const struct world *w)
{
	return envelope(FMT("%s,%s",
	                    change(NUMBER, "messages", live_text(w, CUSTOMER, "AA01", "for acme")),
	                    change("555", "messages", live_text(w, CUSTOMER, "AA02", "for beta"))));
}

/* A line of the log has this event, entry and error, and nothing of a body is in the log. */
static void
expect_logged(const struct world *w, const char *event, const char *entry, const char *error)
{
	const char *log = read_text(in_dir(w->process.dir, "err"));
	const char *line = strstr(log, FMT("%s entry=%s error=%s ", event, entry, error));

	ck_assert_msg(line != NULL, "%s of %s is not in: %s", event, entry, log);
	ck_assert_ptr_null(strstr(log, "for beta"));
	ck_assert_ptr_null(strstr(log, "this is not"));
}

START_TEST(each_client_sees_only_its_own_changes_of_a_shared_body)
{
	struct world *w = world_new();
	const cJSON *d;
	const char *id;
	struct reply r;

	register_number(w, "beta", "op", "555", "555");
	hook(w, shared_body(w));
	settle(w);
	d = MUST(w, 200, "GET", "/api/clients/acme/webhook-events", w->acme_viewer, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	ck_assert_str(text_at(d, "data.0.status"), "applied");
	ck_assert_str(text_at(d, "data.0.fields.0"), "messages");
	ck_assert_uint_eq(json_count(at(d, "data.0")), 12);
	id = z_at(d, "data.0.id");
	r = call(w, "GET", FMT("/api/webhook-events/%s", id), w->acme_viewer, NULL);
	ck_assert_int_eq(r.status, 200);
	ck_assert_ptr_nonnull(strstr(r.body.p, "for acme"));
	ck_assert_ptr_null(strstr(r.body.p, "for beta"));
	ck_assert_uint_eq(json_count(at(r.doc, "webhookEvent.payload.entry")), 1);
	r = call(w, "GET", FMT("/api/webhook-events/%s", id), w->beta_admin, NULL);
	ck_assert_ptr_nonnull(strstr(r.body.p, "for beta"));
	ck_assert_ptr_null(strstr(r.body.p, "for acme"));
	r = call(w, "GET", FMT("/api/webhook-events/%s", id), "op", NULL);
	ck_assert_uint_eq(json_count(at(r.doc, "webhookEvent.payload.entry")), 2);
	world_end(w);
}
END_TEST

START_TEST(an_entry_is_as_bad_as_its_worst_part)
{
	struct world *w = world_new();
	const cJSON *d;
	const char *id;

	hook(w, shared_body(w)); /* beta's number is unknown */
	settle(w);
	d = MUST(w, 200, "GET", "/api/webhook-events", "op", NULL);
	ck_assert_str(text_at(d, "data.0.status"), "parked");
	id = z_at(d, "data.0.id");
	expect_logged(w, "drain.parked", id, "unknown_number");
	d = MUST(w, 200, "GET", "/api/clients/acme/webhook-events", w->acme_viewer, NULL);
	ck_assert_str(text_at(d, "data.0.status"), "applied");
	d = MUST(w, 200, "GET", "/api/webhook-events?status=applied", "op", NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 0);
	d = MUST(w, 200, "GET", "/api/clients/beta/webhook-events", w->beta_admin, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 0);
	MUST(w, 404, "GET", FMT("/api/webhook-events/%s", id), w->beta_admin, NULL);
	world_end(w);
}
END_TEST

START_TEST(what_is_no_webhook_is_kept_with_its_reason)
{
	struct world *w = world_new();
	const cJSON *d;

	hook(w, "this is not JSON");
	hook(w, "{\"object\":\"page\",\"entry\":[]}");
	settle(w);
	d = MUST(w, 200, "GET", "/api/webhook-events?status=failed", "op", NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	ck_assert(str_is_set(text_at(d, "data.0.error")));
	ck_assert_int_eq(int_at(d, "data.0.bytes"), 16);
	expect_logged(w, "drain.unreadable", z_at(d, "data.0.id"), "not_json");
	d = MUST(w, 200, "GET", FMT("/api/webhook-events/%s", z_at(d, "data.0.id")), "op", NULL);
	ck_assert_str(text_at(d, "webhookEvent.payload"), "this is not JSON");
	d = MUST(w, 200, "GET", "/api/webhook-events?status=ignored", "op", NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	world_end(w);
}
END_TEST

static struct raw *
open_raw(const struct world *w)
{
	struct str url = str_from(read_text(in_dir(w->process.dir, ".env")));

	url = str_sub(url, 0, str_find(url, '\n'));
	url = str_sub(url, strlen("DATABASE_URL="), url.n);
	return raw_open(pg != NULL ? str_z(test_arena(), url)
	                           : FMT("sqlite:%s/recado.db", w->process.dir));
}

START_TEST(a_part_that_is_given_up_is_in_the_log_with_its_entry)
{
	struct world *w = world_new();
	struct raw *raw;
	const cJSON *d;

	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "AA01", "for acme"))));
	settle(w);
	kill(w->process.pid, SIGTERM);
	ck_assert_int_eq(wait_end(w->process.pid, PATIENCE_MS), 0);
	raw = open_raw(w);
	raw_exec(raw, "UPDATE journal SET body = substr(body, 2)");
	raw_exec(raw, "UPDATE journal_parts SET status = 'received', attempts = 8"
	              " WHERE client_id IS NOT NULL");
	raw_close(raw);
	w->process = serve_in(w->process.dir);
	settle(w);
	d = MUST(w, 200, "GET", "/api/webhook-events?status=failed", "op", NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	ck_assert_ptr_nonnull(strstr(read_text(in_dir(w->process.dir, "err")),
	                             FMT("error drain.part_failed entry=%s part=0 error=corrupt\n",
	                                 z_at(d, "data.0.id"))));
	world_end(w);
}
END_TEST

START_TEST(entries_are_filtered_by_field_and_time_and_paged)
{
	struct world *w = world_new();
	const char *list = "/api/clients/acme/webhook-events", *t = w->acme_viewer, *middle;
	const cJSON *d;

	hook(w, envelope(change(NUMBER, "history", history(w, 1, 10, 0, 2))));
	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "AA11", "um"))));
	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "AA12", "dois"))));
	settle(w);
	d = MUST(w, 200, "GET", FMT("%s?field=history", list), t, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	d = MUST(w, 200, "GET", FMT("%s?limit=2", list), t, NULL);
	middle = z_at(d, "data.1.receivedAt");
	d = MUST(w, 200, "GET", FMT("%s?limit=2&cursor=%s", list, z_at(d, "nextCursor")), t, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	ck_assert(null_at(d, "nextCursor"));
	d = MUST(w, 200, "GET", FMT("%s?from=%s", list, middle), t, NULL);
	ck_assert_uint_ge(json_count(at(d, "data")), 2);
	d = MUST(w, 200, "GET", FMT("%s?to=2009-01-01T00:00:00Z", list), t, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 0);
	MUST(w, 400, "GET", FMT("%s?from=yesterday", list), t, NULL);
	MUST(w, 400, "GET", FMT("%s?status=lost", list), t, NULL);
	world_end(w);
}
END_TEST

START_TEST(entries_are_applied_again_one_or_by_filter_without_doubling)
{
	struct world *w = world_new();
	const cJSON *d;
	const char *id;

	hook(w, envelope(change(NUMBER, "history", history(w, 1, 10, 0, 3))));
	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "AA11", "um"))));
	settle(w);
	d = MUST(w, 200, "GET", "/api/clients/acme/webhook-events?field=messages", "op", NULL);
	id = z_at(d, "data.0.id");
	d = MUST(w, 202, "POST", FMT("/api/webhook-events/%s/replay", id), w->acme_admin, NULL);
	ck_assert_int_eq(int_at(d, "count"), 1);
	ck_assert_str(text_at(d, "job.kind"), "replay");
	settle(w);
	d = MUST(w, 200, "POST", "/api/clients/acme/webhook-events/replay", w->acme_admin,
	         "{\"status\":\"applied\",\"dryRun\":true}");
	ck_assert_int_eq(int_at(d, "count"), 2);
	d = MUST(w, 202, "POST", "/api/clients/acme/webhook-events/replay", w->acme_admin,
	         "{\"status\":\"applied\",\"dryRun\":false}");
	ck_assert_int_eq(int_at(d, "count"), 2);
	settle(w);
	d = MUST(w, 202, "POST", "/api/clients/acme/webhook-events/replay", w->acme_admin,
	         "{\"status\":\"failed\",\"from\":\"2020-01-01T00:00:00Z\"}");
	ck_assert_int_eq(int_at(d, "count"), 0);
	d = MUST(w, 200, "GET", "/api/clients/acme/conversations", w->acme_viewer, NULL);
	d = MUST(w, 200, "GET", FMT("/api/conversations/%s/messages", z_at(d, "data.0.id")),
	         w->acme_viewer, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 4);
	hook(w, envelope(change("555", "messages", live_text(w, CUSTOMER, "AA12", "dois"))));
	settle(w);
	MUST(w, 403, "POST", "/api/webhook-events/replay", w->acme_admin, "{\"dryRun\":true}");
	d = MUST(w, 200, "POST", "/api/webhook-events/replay", "op",
	         "{\"dryRun\":true,\"status\":\"parked\"}");
	ck_assert_int_eq(int_at(d, "count"), 1);
	d = MUST(w, 200, "POST", "/api/webhook-events/replay", "op",
	         "{\"dryRun\":true,\"status\":\"parked\",\"field\":\"history\"}");
	ck_assert_int_eq(int_at(d, "count"), 0);
	d = MUST(w, 200, "POST", "/api/webhook-events/replay", "op", "{\"dryRun\":true}");
	ck_assert_int_eq(int_at(d, "count"), 3);
	d = MUST(w, 202, "POST", "/api/webhook-events/replay", "op", "{}");
	ck_assert_int_eq(int_at(d, "count"), 3);
	settle(w);
	world_end(w);
}
END_TEST

/* 4,500 more entries like the one that is parked. */
static void
park_more(const struct world *w)
{
	struct raw *raw = open_raw(w);

	raw_exec(raw, FMT("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
	                  "< 4500) INSERT INTO journal (id, received_at, connection_id, body) "
	                  "SELECT %s, j.received_at, j.connection_id, j.body FROM journal j, n",
	                  pg != NULL ? "gen_random_uuid()" : "randomblob(16)"));
	raw_exec(raw, "INSERT INTO journal_parts (entry_id, part_no, status, route_key, fields, "
	              "phone_number_id, received_at, attempts, bytes) SELECT j.id, 0, 'parked', "
	              "p.route_key, p.fields, p.phone_number_id, p.received_at, 0, p.bytes "
	              "FROM journal j, journal_parts p WHERE j.id <> p.entry_id");
	raw_close(raw);
}

START_TEST(much_that_is_parked_is_released_by_a_word_piece_by_piece)
{
	struct world *w = world_new();
	const char *id;
	const cJSON *d;

	hook(w, envelope(change("555", "messages", live_text(w, CUSTOMER, "EE01", "oi"))));
	settle(w);
	park_more(w);
	id = register_number(w, "beta", w->beta_admin, "555", "555");
	d = MUST(w, 200, "POST", FMT("/api/connections/%s/release", id), "op", NULL);
	ck_assert_int_eq(int_at(d, "released"), 4501);
	d = MUST(w, 200, "GET", "/api/webhook-events?status=parked", "op", NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 0);
	d = MUST(w, 200, "POST", FMT("/api/connections/%s/release", id), "op", NULL);
	ck_assert_int_eq(int_at(d, "released"), 0);
	world_end(w);
}
END_TEST

START_TEST(what_people_did_is_in_the_audit_log_with_who_did_it)
{
	struct world *w = world_new();
	const char *log = "/api/clients/acme/audit-log";
	const cJSON *d;

	MUST(w, 200, "PATCH", "/api/clients/acme", w->acme_admin, "{\"name\":\"A\"}");
	MUST(w, 403, "GET", log, w->acme_agent, NULL);
	d = MUST(w, 200, "GET", log, w->acme_admin, NULL);
	ck_assert_str(text_at(d, "data.0.action"), "client.changed");
	ck_assert(str_starts(text_at(d, "data.0.actor"), STR("token:")));
	ck_assert_str(text_at(d, "data.1.action"), "connection.registered");
	ck_assert_str(text_at(d, "data.1.actor"), "operator");
	ck_assert_str(text_at(d, "data.1.detail.phoneNumberId"), NUMBER);
	d = MUST(w, 200, "GET", FMT("%s?limit=1", log), w->acme_admin, NULL);
	d = MUST(w, 200, "GET", FMT("%s?limit=1&cursor=%s", log, z_at(d, "nextCursor")),
	         w->acme_admin, NULL);
	ck_assert_str(text_at(d, "data.0.action"), "connection.registered");
	world_end(w);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("api: journal", each_client_sees_only_its_own_changes_of_a_shared_body,
	                  an_entry_is_as_bad_as_its_worst_part,
	                  what_is_no_webhook_is_kept_with_its_reason,
	                  a_part_that_is_given_up_is_in_the_log_with_its_entry,
	                  entries_are_filtered_by_field_and_time_and_paged,
	                  entries_are_applied_again_one_or_by_filter_without_doubling,
	                  much_that_is_parked_is_released_by_a_word_piece_by_piece,
	                  what_people_did_is_in_the_audit_log_with_who_did_it);
}

API_MAIN(make_suite)
