/* The door over real sockets, on SQLite: who is let in, what is answered, what is stored. */
#include <sqlite3.h>

#include "disk_fixture.h"
#include "door_fixture.h"

#define PATH  "/webhooks/whatsapp"
#define LIMIT ((size_t)3 << 20)

static const char body[] = "{\"object\":\"whatsapp_business_account\",\"entry\":[]}";

/* Number of rows of a statement that gives one. */
static int64_t
count(struct gate *g, const char *path, const char *text)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	int64_t n;

	(void)g;
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_prepare_v2(db, text, -1, &s, NULL) == SQLITE_OK, "%s",
	              sqlite3_errmsg(db));
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static struct gate *
open_gate(const char **path)
{
	const char *dir = test_dir();
	struct gate *g;

	*path = str_z(test_arena(), str_fmt(test_arena(), "%s/recado.db", dir));
	g = gate_new(str_z(test_arena(), str_fmt(test_arena(), "sqlite:%s", *path)));
	gate_open(g);
	return g;
}

static int64_t
stored(struct gate *g, const char *path)
{
	return count(g, path, "SELECT count(*) FROM journal");
}

START_TEST(a_signed_delivery_is_durable_when_it_is_answered)
{
	const char *path;
	struct gate *g = open_gate(&path);
	int64_t accepted = metrics_value(M_WEBHOOKS_ACCEPTED);

	ck_assert_int_eq(deliver_signed(g, body), 200);
	ck_assert_int_eq(stored(g, path), 1);
	ck_assert_int_eq(count(g, path,
	                       "SELECT body = CAST('{\"object\":"
	                       "\"whatsapp_business_account\",\"entry\":[]}' AS blob)"
	                       " FROM journal WHERE connection_id IS NULL"),
	                 1);
	ck_assert_int_eq(metrics_value(M_WEBHOOKS_ACCEPTED), accepted + 1);
	ck_assert_int_ge(metrics_value(M_ACCEPT_SECONDS), 1);
	gate_close(g);
}
END_TEST

START_TEST(what_is_not_json_is_stored_too)
{
	const char *path;
	struct gate *g = open_gate(&path);

	ck_assert_int_eq(deliver_signed(g, "not { json"), 200);
	ck_assert_int_eq(deliver_signed(g, ""), 200);
	ck_assert_int_eq(stored(g, path), 2);
	gate_close(g);
}
END_TEST

START_TEST(a_wrong_or_missing_signature_stores_nothing)
{
	const char *path;
	struct gate *g = open_gate(&path);
	const char *right = signature(GATE_SECRET, body, strlen(body));
	char *changed = arena_copy(test_arena(), right, strlen(right));
	int64_t bad = metrics_value(M_WEBHOOKS_BAD_SIGNATURE);
	struct str truncated = str_n(right, strlen(right) - 1);

	changed[strlen(changed) - 1] = changed[strlen(changed) - 1] == '0' ? '1' : '0';
	const char *const wrong[] = {
		NULL,
		"",
		"sha256=",
		changed,
		right + 7,
		str_z(test_arena(), truncated),
		str_z(test_arena(), str_fmt(test_arena(), "%s0", right)),
		str_z(test_arena(), str_fmt(test_arena(), "%s, %s", right, right)),
		str_z(test_arena(), str_fmt(test_arena(), "sha1=%s", right + 7)),
		signature("another secret", body, strlen(body)),
		signature(GATE_SECRET, body, strlen(body) - 1),
		"sha256=zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ck_assert_msg(deliver(g, body, wrong[i]) == 401, "number %zu was let in", i);
	ck_assert_int_eq(deliver(g, "", NULL), 401);
	ck_assert_int_eq(stored(g, path), 0);
	ck_assert_int_eq(metrics_value(M_WEBHOOKS_BAD_SIGNATURE),
	                 bad + (int64_t)(sizeof(wrong) / sizeof(*wrong)) + 1);
	gate_close(g);
}
END_TEST

START_TEST(upper_case_digits_and_the_previous_secret_are_let_in)
{
	const char *path, *right = signature(GATE_SECRET, body, strlen(body));
	struct gate *g = open_gate(&path);
	char *upper = arena_copy(test_arena(), right, strlen(right));

	for (char *c = upper + 7; *c != '\0'; c++)
		if (*c >= 'a' && *c <= 'f')
			*c = (char)(*c - 'a' + 'A');
	ck_assert_int_eq(deliver(g, body, upper), 200);
	ck_assert_int_eq(deliver(g, body, signature(GATE_OLD, body, strlen(body))), 200);
	ck_assert_int_eq(stored(g, path), 2);
	gate_close(g);
}
END_TEST

START_TEST(three_mebibytes_are_taken_and_one_byte_more_is_not)
{
	const char *path;
	struct gate *g = open_gate(&path);
	char *big = arena_alloc(test_arena(), LIMIT + 1);
	const char *right = signature(GATE_SECRET, big, LIMIT);
	const char *over = signature(GATE_SECRET, big, LIMIT + 1);
	int64_t refused = metrics_value(M_WEBHOOKS_TOO_LARGE);

	ck_assert_int_eq(deliver_to(g, PATH, big, LIMIT, right), 200);
	ck_assert_int_eq(deliver_to(g, PATH, big, LIMIT + 1, over), 413);
	ck_assert_int_eq(stored(g, path), 1);
	ck_assert_int_eq(count(g, path, "SELECT length(body) FROM journal"), (int64_t)LIMIT);
	ck_assert_int_eq(metrics_value(M_WEBHOOKS_TOO_LARGE), refused + 1);
	gate_close(g);
}
END_TEST

START_TEST(many_deliveries_at_once_share_commits)
{
	enum { N = 200 };
	const char *path, *right = signature(GATE_SECRET, body, strlen(body));
	struct gate *g = open_gate(&path);
	struct client c[N];

	ck_assert_ok(db_begin(g->db, DB_API));
	for (int i = 0; i < N; i++) {
		c[i] = client_open(&g->http);
		send_delivery(&c[i], PATH, body, strlen(body), right);
	}
	wait_metric(M_HTTP_BODY_BYTES_IN_FLIGHT, N * (int64_t)strlen(body));
	db_rollback(g->db);
	for (int i = 0; i < N; i++) {
		ck_assert_int_eq(client_status(&c[i]), 200);
		client_close(&c[i]);
	}
	ck_assert_int_eq(stored(g, path), N);
	ck_assert_int_lt(atomic_load(&g->commits), N / 10);
	gate_close(g);
}
END_TEST

START_TEST(what_waits_too_long_is_told_to_come_again)
{
	struct gate *g = gate_new_sqlite();
	struct client c;
	struct answer a;
	const char *right = signature(GATE_SECRET, body, strlen(body));
	int64_t start = now_ms();

	g->ingest_options.append_timeout_ms = 200;
	gate_open(g);
	ck_assert_ok(db_begin(g->db, DB_API));
	c = client_open(&g->http);
	send_delivery(&c, PATH, body, strlen(body), right);
	a = client_read(&c, false);
	ck_assert_int_eq(a.status, 503);
	ck_assert_ptr_nonnull(strstr(a.head, "\r\nRetry-After: "));
	ck_assert_ptr_nonnull(strstr(a.head, "application/problem+json"));
	ck_assert_ptr_nonnull(strstr(a.body, "\"error\":\"unavailable\""));
	ck_assert_int_ge(now_ms() - start, 150);
	answer_free(&a);
	db_rollback(g->db);
	send_delivery(&c, PATH, body, strlen(body), right);
	ck_assert_int_eq(client_status(&c), 200);
	client_close(&c);
	gate_close(g);
}
END_TEST

START_TEST(a_full_disk_is_503_and_forgotten_when_there_is_room_again)
{
	const char *path;
	struct gate *g;

	disk_mount();
	g = open_gate(&path);
	ck_assert_int_eq(deliver_signed(g, body), 200);
	atomic_store(&disk_full, true);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(deliver_signed(g, body), 503);
	atomic_store(&disk_full, false);
	ck_assert_int_eq(deliver_signed(g, body), 200);
	gate_close(g);
	disk_unmount();
	ck_assert_int_eq(stored(NULL, path), 2);
}
END_TEST

START_TEST(beyond_the_queue_the_answer_is_503_at_once)
{
	struct gate *g = gate_new_sqlite();
	struct client c[3];
	const char *right = signature(GATE_SECRET, body, strlen(body));
	int64_t unavailable = metrics_value(M_WEBHOOKS_UNAVAILABLE);

	g->ingest_options.max_entries = 2;
	g->ingest_options.append_timeout_ms = PATIENCE_MS;
	gate_open(g);
	ck_assert_ok(db_begin(g->db, DB_API));
	for (int i = 0; i < 3; i++) {
		c[i] = client_open(&g->http);
		send_delivery(&c[i], PATH, body, strlen(body), right);
		if (i < 2)
			wait_metric(M_HTTP_BODY_BYTES_IN_FLIGHT, (i + 1) * (int64_t)strlen(body));
	}
	ck_assert_int_eq(client_status(&c[2]), 503);
	ck_assert_int_eq(metrics_value(M_WEBHOOKS_UNAVAILABLE), unavailable + 1);
	db_rollback(g->db);
	for (int i = 0; i < 3; i++) {
		if (i < 2)
			ck_assert_int_eq(client_status(&c[i]), 200);
		client_close(&c[i]);
	}
	gate_close(g);
}
END_TEST

START_TEST(a_door_without_settings_says_so)
{
	struct gate *g = gate_new_sqlite();
	struct client c;
	struct answer a;
	int64_t closed = metrics_value(M_WEBHOOKS_NOT_CONFIGURED);

	g->door_options.app_secret = STR("");
	gate_open(g);
	ck_assert_int_eq(ask(&g->http,
	                     "GET " PATH "?hub.mode=subscribe&hub.verify_token=verify%20me"
	                     "&hub.challenge=1 HTTP/1.1\r\nHost: a\r\n\r\n"),
	                 403);
	c = client_open(&g->http);
	send_delivery(&c, PATH, body, strlen(body), signature("", body, strlen(body)));
	a = client_read(&c, false);
	ck_assert_int_eq(a.status, 503);
	ck_assert_ptr_nonnull(strstr(a.body, "META_APP_SECRET"));
	answer_free(&a);
	client_close(&c);
	ck_assert_int_eq(metrics_value(M_WEBHOOKS_NOT_CONFIGURED), closed + 1);
	gate_close(g);
}
END_TEST

START_TEST(the_handshake_gives_the_challenge_back_and_nothing_else)
{
	const char *path;
	struct gate *g = open_gate(&path);
	struct client c = client_open(&g->http);
	struct answer a;

	client_send(&c, "GET " PATH "?hub.mode=subscribe&hub.verify_token=verify+me"
	                "&hub.challenge=115%2F8%3Ca%3E HTTP/1.1\r\nHost: a\r\n\r\n");
	a = client_read(&c, false);
	ck_assert_int_eq(a.status, 200);
	ck_assert_str_eq(a.body, "115/8<a>");
	ck_assert_ptr_nonnull(strstr(a.head, "text/plain"));
	answer_free(&a);
	client_close(&c);
	gate_close(g);
}
END_TEST

START_TEST(any_other_handshake_is_forbidden)
{
	static const char *const queries[] = {
		"",
		"?hub.mode=subscribe&hub.challenge=1",
		"?hub.mode=subscribe&hub.verify_token=verify&hub.challenge=1",
		"?hub.mode=subscribe&hub.verify_token=verify%20me2&hub.challenge=1",
		"?hub.mode=subscribe&hub.verify_token=VERIFY%20ME&hub.challenge=1",
		"?hub.mode=unsubscribe&hub.verify_token=verify%20me&hub.challenge=1",
		"?hub.verify_token=verify%20me&hub.challenge=1",
		"?hub.mode=subscribe&hub.verify_token=verify%20me",
		("?hub.mode=subscribe&hub.verify_token=no&hub.verify_token=verify%20me"
		 "&hub.challenge=1"),
		"?hub.mode=subscribe&hub.verify_token=verify%20me&hub.challenge=%zz",
	};
	const char *path;
	struct gate *g = open_gate(&path);

	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++) {
		struct str request = str_fmt(test_arena(), "GET %s%s HTTP/1.1\r\nHost: a\r\n\r\n",
		                             PATH, queries[i]);

		ck_assert_msg(ask(&g->http, str_z(test_arena(), request)) == 403,
		              "%s was not refused", queries[i]);
	}
	gate_close(g);
}
END_TEST

START_TEST(a_handshake_that_is_refused_is_told_what_is_wrong)
{
	static const char *const cases[][2] = {
		{ "?hub.mode=on&hub.verify_token=verify%20me&hub.challenge=1", "hub.mode must be" },
		{ "?hub.mode=subscribe&hub.challenge=1", "hub.verify_token is missing" },
		{ "?hub.mode=subscribe&hub.verify_token=verify%20me", "hub.challenge is missing" },
		{ "?hub.mode=subscribe&hub.verify_token=no&hub.challenge=1", "META_VERIFY_TOKEN" },
		{ "?hub.mode=subscribe&hub.mode=subscribe", "twice" },
	};
	const char *path;
	struct gate *g = open_gate(&path);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct client c = client_open(&g->http);
		struct answer a;

		client_send(&c, str_z(test_arena(),
		                      str_fmt(test_arena(), "GET %s%s HTTP/1.1\r\nHost: a\r\n\r\n",
		                              PATH, cases[i][0])));
		a = client_read(&c, false);
		ck_assert_int_eq(a.status, 403);
		ck_assert_msg(strstr(a.body, cases[i][1]) != NULL, "%s: %s", cases[i][0], a.body);
		ck_assert_ptr_null(strstr(a.body, "verify me"));
		answer_free(&a);
		client_close(&c);
	}
	gate_close(g);
}
END_TEST

START_TEST(other_methods_are_told_which_ones_there_are)
{
	const char *path;
	struct gate *g = open_gate(&path);
	struct client c = client_open(&g->http);
	struct answer a;

	client_send(&c, "DELETE " PATH " HTTP/1.1\r\nHost: a\r\n\r\n");
	a = client_read(&c, false);
	ck_assert_int_eq(a.status, 405);
	ck_assert_ptr_nonnull(strstr(a.head, "\r\nAllow: GET, HEAD, POST\r\n"));
	ck_assert_ptr_nonnull(strstr(a.body, "\"status\":405"));
	ck_assert_ptr_nonnull(strstr(a.body, "Only GET, HEAD, POST can be used here."));
	answer_free(&a);
	client_close(&c);
	ck_assert_int_eq(ask(&g->http, "GET " PATH "/abc HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
	gate_close(g);
}
END_TEST

START_TEST(a_connections_own_url_needs_no_signature_and_names_the_connection)
{
	const char *path;
	struct gate *g = open_gate(&path);

	ck_assert_int_eq(deliver_to(g, PATH "/some-secret", body, strlen(body), NULL), 200);
	ck_assert_int_eq(count(g, path,
	                       "SELECT count(*) FROM journal WHERE connection_id ="
	                       " X'01020300000000000000000000000000'"),
	                 1);
	gate_close(g);
}
END_TEST

START_TEST(only_its_own_paths_are_the_doors)
{
	ck_assert(door_owns(STR("/webhooks/whatsapp")));
	ck_assert(door_owns(STR("/webhooks/whatsapp/x")));
	ck_assert(!door_owns(STR("/webhooks/whatsapp/")));
	ck_assert(!door_owns(STR("/webhooks/whatsapp/x/y")));
	ck_assert(!door_owns(STR("/webhooks/whatsappx")));
	ck_assert(!door_owns(STR("/webhooks")));
	ck_assert_none(door_secret(STR("/webhooks/whatsapp")));
	ck_assert_str(door_secret(STR("/webhooks/whatsapp/x")), "x");
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"door", a_signed_delivery_is_durable_when_it_is_answered,
		what_is_not_json_is_stored_too, a_wrong_or_missing_signature_stores_nothing,
		upper_case_digits_and_the_previous_secret_are_let_in,
		three_mebibytes_are_taken_and_one_byte_more_is_not,
		many_deliveries_at_once_share_commits, what_waits_too_long_is_told_to_come_again,
		a_full_disk_is_503_and_forgotten_when_there_is_room_again,
		beyond_the_queue_the_answer_is_503_at_once, a_door_without_settings_says_so,
		the_handshake_gives_the_challenge_back_and_nothing_else,
		any_other_handshake_is_forbidden, a_handshake_that_is_refused_is_told_what_is_wrong,
		other_methods_are_told_which_ones_there_are,
		a_connections_own_url_needs_no_signature_and_names_the_connection,
		only_its_own_paths_are_the_doors);
}

TEST_MAIN(make_suite)
