/* The API without sockets, under a fake clock, on SQLite: what needs time to pass or rows that no
 * webhook brings. */
#include "api/call.h"
#include "described.h"
#include "raw.h"
#include "store/migrate.h"
#include "testing.h"

#define ADMIN "0123456789abcdef0123"

struct desk {
	struct config config;
	struct secretbox_keys keys;
	struct clock_fake time;
	struct clock clock;
	struct db_pool *pool;
	struct api *api;
	void *thread;
	struct raw *raw;
	struct str token, forwarded;
};

static struct str
header(const void *ctx, const char *name)
{
	const struct desk *d = ctx;

	if (strcmp(name, "x-admin-token") == 0)
		return d->token;
	return strcmp(name, "x-forwarded-for") == 0 ? d->forwarded : STR_NONE;
}

static struct desk *
desk_new(void)
{
	struct desk *d = ARENA_NEW(test_arena(), struct desk);
	const char *url = str_z(test_arena(), str_fmt(test_arena(), "sqlite:%s/r.db", test_dir()));
	struct api_options o;
	struct db *db;
	int from, to;

	d->config = (struct config){ .admin_token = STR(ADMIN), .api_body_limit_bytes = 1 << 20 };
	d->time.now_ms = INT64_C(1770000000000);
	d->clock = clock_fake(&d->time);
	d->token = STR(ADMIN);
	ck_assert_ok(db_pool_open(url, NULL, &d->pool));
	ck_assert_ok(db_open(d->pool, false, &db));
	ck_assert_ok(migrate_up(db, &from, &to));
	db_close(db);
	o = (struct api_options){ .pool = d->pool,
		                  .config = &d->config,
		                  .keys = &d->keys,
		                  .clock = &d->clock,
		                  .rand = &rand_system };
	ck_assert_ok(api_new(&o, &d->api));
	d->thread = api_thread_start(d->api);
	d->raw = raw_open(url);
	return d;
}

static void
desk_end(struct desk *d)
{
	raw_close(d->raw);
	api_thread_end(d->thread);
	api_free(d->api);
	db_pool_close(d->pool);
}

/* Status; the document, if JSON, in *doc. */
static int
ask(struct desk *d, const char *method, const char *path, const char *query, const char *body,
    const cJSON **doc, struct api_answer *out)
{
	const struct api_request in = { .method = str_from(method),
		                        .path = str_from(path),
		                        .query = str_from(query),
		                        .body = str_from(body),
		                        .peer = STR("192.0.2.1"),
		                        .request_id = STR("r1"),
		                        .header = header,
		                        .ctx = d };
	struct api_answer a;

	api_serve(d->api, d->thread, &in, &a);
	must_be_described_served(method, path, &a);
	if (doc != NULL)
		*doc = a.body.n > 0 ? test_json(a.body) : NULL;
	if (out != NULL)
		*out = a;
	return a.status;
}

static struct str
answer_header(const struct api_answer *a, const char *name)
{
	for (size_t i = 0; a->headers[i].name != NULL; i++)
		if (strcmp(a->headers[i].name, name) == 0)
			return a->headers[i].value;
	return STR_NONE;
}

static void
make_client(struct desk *d)
{
	ck_assert_int_eq(ask(d, "POST", "/api/clients", "", "{\"slug\":\"acme\",\"name\":\"A\"}",
	                     NULL, NULL),
	                 201);
}

START_TEST(an_id_that_was_lost_in_a_merge_leads_to_the_one_that_stayed)
{
	struct desk *d = desk_new();
	struct api_answer a;

	make_client(d);
	raw_exec(d->raw,
	         "INSERT INTO redirects (client_id, kind, lost_id, to_id, at) SELECT id, "
	         "'conversation',"
	         " x'01000000000000000000000000000001', x'02000000000000000000000000000002', 0"
	         " FROM clients");
	ck_assert_int_eq(ask(d, "GET",
	                     "/api/conversations/01000000-0000-0000-0000-000000000001/messages",
	                     "limit=5", "", NULL, &a),
	                 308);
	ck_assert_str(answer_header(&a, "Location"),
	              "/api/conversations/02000000-0000-0000-0000-000000000002/messages?limit=5");
	ck_assert_int_eq(ask(d, "GET", "/api/leads/01000000-0000-0000-0000-000000000001", "", "",
	                     NULL, NULL),
	                 404);
	desk_end(d);
}
END_TEST

START_TEST(a_history_that_was_asked_for_and_does_not_come_within_a_day_failed)
{
	struct desk *d = desk_new();
	const cJSON *doc;
	const char *path;

	make_client(d);
	ck_assert_int_eq(
		ask(d, "POST", "/api/clients/acme/connections", "",
	            "{\"mode\":\"coexistence\",\"phoneNumberId\":1002003004,\"wabaId\":\"8\","
	            "\"displayPhoneNumber\":\"+34910000001\",\"accessToken\":\"very "
	            "secret\",\"historySync\":true}",
	            &doc, NULL),
		201);
	doc = json_get(doc, "connection");
	ck_assert_str(json_str(json_get(doc, "phoneNumberId")), "1002003004");
	ck_assert_str(json_str(json_get(doc, "historySyncStatus")), "pending_consent");
	path = str_z(test_arena(), str_fmt(test_arena(), "/api/connections/" STR_FMT,
	                                   STR_ARG(json_str(json_get(doc, "id")))));
	d->time.now_ms += TIME_DAY;
	ck_assert_int_eq(ask(d, "GET", path, "", "", &doc, NULL), 200);
	doc = json_get(doc, "connection");
	ck_assert_str(json_str(json_get(doc, "historySyncStatus")), "failed");
	ck_assert(str_is_set(json_str(json_get(json_get(doc, "historySyncError"), "message"))));
	ck_assert_int_eq(raw_number(d->raw,
	                            "SELECT count(*) FROM connections WHERE"
	                            " instr(access_token_box, CAST('very secret' AS blob)) > 0"),
	                 0);
	ck_assert_int_gt(raw_number(d->raw, "SELECT length(access_token_box) FROM connections"),
	                 20);
	desk_end(d);
}
END_TEST

START_TEST(an_entry_that_is_due_too_long_makes_us_not_ready)
{
	struct desk *d = desk_new();
	const cJSON *doc;

	ck_assert_int_eq(ask(d, "GET", "/ready", "", "", NULL, NULL), 200);
	raw_exec(d->raw, "INSERT INTO journal_parts (entry_id, part_no, status, fields, "
	                 "received_at, attempts, bytes)"
	                 " VALUES (x'01000000000000000000000000000001', 0, 'received', 0, "
	                 "1770000000000, 0, 1)");
	d->time.now_ms += 59 * TIME_SECOND;
	ck_assert_int_eq(ask(d, "GET", "/ready", "", "", NULL, NULL), 200);
	d->time.now_ms += TIME_SECOND;
	ck_assert_int_eq(ask(d, "GET", "/ready", "", "", &doc, NULL), 503);
	ck_assert_uint_eq(json_count(json_get(doc, "reasons")), 1);
	raw_exec(d->raw,
	         "UPDATE journal_parts SET status = 'retrying', next_attempt_at = 1770000600000");
	d->time.now_ms += TIME_SECOND;
	ck_assert_int_eq(ask(d, "GET", "/ready", "", "", NULL, NULL), 200);
	desk_end(d);
}
END_TEST

START_TEST(a_helpdesks_id_names_a_ticket_unless_two_clients_have_it)
{
	static const char insert[] = "INSERT INTO tickets (id, client_id, lead_id, external_uuid, "
				     "source, originated_from, status, stage,"
				     " is_open, opened_at, created_at, updated_at) SELECT "
				     "randomblob(16), id, x'0a', 'ext-1',"
				     " 'helpdesk_import', 'helpdesk', 'resolvido', 'x', 0, 5, 5, 5 "
				     "FROM clients WHERE slug = '%s'";
	struct desk *d = desk_new();
	const cJSON *doc;

	make_client(d);
	ask(d, "POST", "/api/clients", "", "{\"slug\":\"beta\",\"name\":\"B\"}", NULL, NULL);
	raw_exec(d->raw, "INSERT INTO leads (id, client_id, evidence, source, wa_level, is_active, "
	                 "created_at,"
	                 " updated_at) SELECT x'0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a', id, 2, "
	                 "'helpdesk_import', 0, 1, 5, 5"
	                 " FROM clients");
	raw_exec(d->raw, str_z(test_arena(), str_fmt(test_arena(), insert, "acme")));
	raw_exec(d->raw, "UPDATE tickets SET lead_id = x'0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a'");
	ck_assert_int_eq(ask(d, "GET", "/api/tickets/ext-1", "", "", &doc, NULL), 200);
	doc = json_get(doc, "ticket");
	ck_assert_str(json_str(json_get(doc, "externalUuid")), "ext-1");
	ck_assert_str(json_str(json_get(doc, "status")), "resolvido");
	ck_assert_uint_eq(json_count(json_get(doc, "messages")), 0);
	raw_exec(d->raw, str_z(test_arena(), str_fmt(test_arena(), insert, "beta")));
	raw_exec(d->raw, "UPDATE tickets SET lead_id = x'0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a'");
	ck_assert_int_eq(ask(d, "GET", "/api/tickets/ext-1", "", "", NULL, NULL), 409);
	ck_assert_int_eq(ask(d, "GET", "/api/tickets/beta/ext-1", "", "", NULL, NULL), 200);
	desk_end(d);
}
END_TEST

START_TEST(wrong_types_are_refused_each_with_its_path)
{
	struct desk *d = desk_new();
	const cJSON *doc, *e;

	make_client(d);
	ck_assert_int_eq(ask(d, "POST", "/api/clients/acme/connections", "",
	                     "{\"mode\":1,\"phoneNumberId\":1.5,\"wabaId\":\"12a\","
	                     "\"displayPhoneNumber\":\"x\","
	                     "\"historySync\":\"yes\",\"accessToken\":\"\"}",
	                     &doc, NULL),
	                 400);
	ck_assert_uint_eq(json_count(json_get(doc, "errors")), 6);
	e = json_first(json_get(doc, "errors"));
	ck_assert_str(json_str(json_get(e, "path")), "mode");
	ck_assert_int_eq(ask(d, "POST", "/api/tokens", "",
	                     "{\"name\":\"a\\u0007b\",\"role\":\"root\"}", &doc, NULL),
	                 400);
	ck_assert_uint_eq(json_count(json_get(doc, "errors")), 2);
	ck_assert_int_eq(ask(d, "GET", "/api/clients", "limit=%zz", "", NULL, NULL), 400);
	ck_assert_int_eq(ask(d, "GET", "/api/clients", "cursor=", "", NULL, NULL), 400);
	ck_assert_int_eq(ask(d, "PATCH", "/api/clients/acme", "", "", NULL, NULL), 200);
	ck_assert_int_eq(ask(d, "PATCH", "/api/clients/acme", "", "{\"name\":null}", NULL, NULL),
	                 400);
	desk_end(d);
}
END_TEST

START_TEST(failures_are_forgotten_after_a_minute)
{
	struct desk *d = desk_new();
	struct api_answer a;

	d->token = STR("guess");
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(ask(d, "GET", "/api/me", "", "", NULL, NULL), 401);
	ck_assert_int_eq(ask(d, "GET", "/api/me", "", "", NULL, &a), 429);
	ck_assert_str(answer_header(&a, "Retry-After"), "60");
	/* nobody believes this header without TRUSTED_PROXIES */
	d->forwarded = STR("198.51.100.1");
	ck_assert_int_eq(ask(d, "GET", "/api/me", "", "", NULL, NULL), 429);
	d->time.now_ms += TIME_MINUTE;
	d->token = STR(ADMIN);
	ck_assert_int_eq(ask(d, "GET", "/api/me", "", "", NULL, NULL), 200);
	desk_end(d);
}
END_TEST

/* A run of a script, as POST …/session-analyses/run takes it. */
static int
ask_run(struct desk *d, const char *more, const cJSON **doc, struct api_answer *out)
{
	return ask(d, "POST", "/api/admin/acme/session-analyses/run", "",
	           str_z(test_arena(), str_fmt(test_arena(), "{\"scriptKey\":\"sales\"%s}", more)),
	           doc, out);
}

START_TEST(a_run_is_planned_refused_begun_and_told_as_described)
{
	struct desk *d = desk_new();
	struct api_answer a;
	struct uuid job;
	const cJSON *doc;
	struct buf b;
	struct db *db;

	make_client(d);
	d->config.analysis_max_input_tokens = 100000;
	ck_assert_int_eq(ask(d, "POST", "/api/admin/acme/analysis-scripts", "",
	                     "{\"scriptKey\":\"sales\",\"name\":\"N\",\"scriptText\":\"T\","
	                     "\"topics\":[{\"key\":\"k\",\"label\":\"L\"}]}",
	                     NULL, NULL),
	                 201);
	ck_assert_int_eq(ask_run(d, ",\"dryRun\":true", &doc, NULL), 200);
	must_be_a("AnalysisPlan", doc);
	ck_assert_int_eq(ask_run(d, "", NULL, NULL), 503);
	ck_assert_int_eq(ask_run(d, ",\"tagFilter\":{\"mode\":\"any\"}", &doc, NULL), 400);
	ck_assert_str(json_str(json_get(doc, "error")), "not_implemented");
	d->config.openai_api_key = STR("sk-a-key");
	ck_assert_int_eq(ask_run(d, "", &doc, &a), 202);
	doc = json_get(json_get(doc, "job"), "id");
	ck_assert_ok(uuid_parse(json_str(doc), &job));
	ck_assert_ok(db_open(d->pool, true, &db));
	buf_init(&b, test_arena(), 1 << 16);
	ck_assert_ok(analysis_run_answer(db, test_arena(), job, true, &b));
	db_close(db);
	must_be_a("AnalysisRun", test_json(buf_slice(&b)));
	desk_end(d);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("api calls", an_id_that_was_lost_in_a_merge_leads_to_the_one_that_stayed,
	                  a_history_that_was_asked_for_and_does_not_come_within_a_day_failed,
	                  an_entry_that_is_due_too_long_makes_us_not_ready,
	                  a_helpdesks_id_names_a_ticket_unless_two_clients_have_it,
	                  wrong_types_are_refused_each_with_its_path,
	                  failures_are_forgotten_after_a_minute,
	                  a_run_is_planned_refused_begun_and_told_as_described);
}

TEST_MAIN(make_suite)
