/* The door on PostgreSQL: group commits, and a database that goes away and comes back. */
#include <libpq-fe.h>

#include "../unit/door_fixture.h"
#include "pg.h"

#define PATH "/webhooks/whatsapp"

static const char body[] = "{\"object\":\"whatsapp_business_account\",\"entry\":[]}";
static struct pg_server *server; /* of the whole program */

static int
stored(const char *url, const char *what)
{
	PGconn *c = PQconnectdb(url);
	PGresult *r = PQexec(c, what);
	int n;

	ck_assert_msg(PQresultStatus(r) == PGRES_TUPLES_OK, "%s", PQerrorMessage(c));
	n = atoi(PQgetvalue(r, 0, 0));
	PQclear(r);
	PQfinish(c);
	return n;
}

static struct gate *
open_gate(const char **url)
{
	struct gate *g;

	*url = pg_server_new_migrated(server, test_arena());
	g = gate_new(*url);
	gate_open(g);
	return g;
}

START_TEST(a_delivery_is_in_the_journal_when_it_is_answered)
{
	const char *url;
	struct gate *g = open_gate(&url);

	ck_assert_int_eq(deliver_signed(g, body), 200);
	ck_assert_int_eq(deliver_signed(g, ""), 200);
	ck_assert_int_eq(deliver_to(g, PATH "/own", body, strlen(body), NULL), 200);
	ck_assert_int_eq(
		stored(url, "SELECT count(*) FROM journal j JOIN journal_parts p"
	                    " ON p.entry_id = j.id AND p.part_no = 0 AND p.bytes = length(j.body)"
	                    " AND p.status = 'received' AND p.received_at = j.received_at"),
		3);
	ck_assert_int_eq(stored(url, "SELECT count(*) FROM journal WHERE connection_id ="
	                             " '01020300-0000-0000-0000-000000000000'"),
	                 1);
	gate_close(g);
}
END_TEST

START_TEST(what_comes_while_a_commit_waits_shares_the_next_one)
{
	enum { N = 200 };
	const char *url, *right = signature(GATE_SECRET, body, strlen(body));
	struct gate *g = open_gate(&url);
	struct client c[N];
	PGconn *lock = PQconnectdb(url);

	PQclear(PQexec(lock, "BEGIN"));
	PQclear(PQexec(lock, "LOCK TABLE journal IN EXCLUSIVE MODE"));
	for (int i = 0; i < N; i++) {
		c[i] = client_open(&g->http);
		send_delivery(&c[i], PATH, body, strlen(body), right);
	}
	wait_metric(M_HTTP_BODY_BYTES_IN_FLIGHT, N * (int64_t)strlen(body));
	PQclear(PQexec(lock, "ROLLBACK"));
	PQfinish(lock);
	for (int i = 0; i < N; i++) {
		ck_assert_int_eq(client_status(&c[i]), 200);
		client_close(&c[i]);
	}
	ck_assert_int_eq(stored(url, "SELECT count(*) FROM journal"), N);
	ck_assert_int_eq(stored(url, "SELECT count(DISTINCT xmin::text) FROM journal"),
	                 atomic_load(&g->commits));
	ck_assert_int_lt(atomic_load(&g->commits), N / 10);
	gate_close(g);
}
END_TEST

START_TEST(one_entry_that_the_database_refuses_does_not_refuse_the_others)
{
	enum { N = 20 };
	const char *url;
	struct gate *g = open_gate(&url);
	struct client c[N];
	PGconn *lock = PQconnectdb(url);

	PQclear(PQexec(lock, "ALTER TABLE journal ADD CHECK (body <> 'bad')"));
	PQclear(PQexec(lock, "BEGIN"));
	PQclear(PQexec(lock, "LOCK TABLE journal IN EXCLUSIVE MODE"));
	for (int i = 0; i < N; i++) {
		const char *text = i == 7 ? "bad" : "good";

		c[i] = client_open(&g->http);
		send_delivery(&c[i], PATH, text, strlen(text),
		              signature(GATE_SECRET, text, strlen(text)));
	}
	wait_metric(M_HTTP_BODY_BYTES_IN_FLIGHT, N * 4 - 1);
	PQclear(PQexec(lock, "ROLLBACK"));
	PQfinish(lock);
	for (int i = 0; i < N; i++) {
		ck_assert_int_eq(client_status(&c[i]), i == 7 ? 503 : 200);
		client_close(&c[i]);
	}
	ck_assert_int_eq(stored(url, "SELECT count(*) FROM journal_parts"), N - 1);
	gate_close(g);
}
END_TEST

START_TEST(a_database_that_went_away_costs_503_until_it_is_back)
{
	const char *url;
	struct gate *g = open_gate(&url);
	int64_t start, end;
	int status;

	ck_assert_int_eq(deliver_signed(g, body), 200);
	pg_server_stop(server);
	for (int i = 0; i < 3; i++) {
		start = now_ms();
		ck_assert_int_eq(deliver_signed(g, body), 503);
		ck_assert_int_lt(now_ms() - start, 3000);
	}
	pg_server_start_again(server);
	end = now_ms() + PATIENCE_MS;
	while ((status = deliver_signed(g, body)) == 503 && now_ms() < end)
		poll(NULL, 0, 20);
	ck_assert_int_eq(status, 200);
	ck_assert_int_eq(stored(url, "SELECT count(*) FROM journal"), 2);
	gate_close(g);
}
END_TEST

START_TEST(a_database_that_hangs_costs_503_after_the_time_that_is_allowed)
{
	const char *url = pg_server_new_migrated(server, test_arena());
	struct gate *g = gate_new(url);
	PGconn *lock = PQconnectdb(url);
	int64_t start;

	g->ingest_options.append_timeout_ms = 500;
	gate_open(g);
	PQclear(PQexec(lock, "BEGIN"));
	PQclear(PQexec(lock, "LOCK TABLE journal IN EXCLUSIVE MODE"));
	start = now_ms();
	ck_assert_int_eq(deliver_signed(g, body), 503);
	ck_assert_int_ge(now_ms() - start, 450);
	ck_assert_int_lt(now_ms() - start, 2000);
	ck_assert_int_ge(ingest_blocked_ms(g->ingest), 400);
	PQclear(PQexec(lock, "ROLLBACK"));
	PQfinish(lock);
	ck_assert_int_eq(deliver_signed(g, body), 200);
	gate_close(g);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("door on PostgreSQL", a_delivery_is_in_the_journal_when_it_is_answered,
	                  what_comes_while_a_commit_waits_shares_the_next_one,
	                  one_entry_that_the_database_refuses_does_not_refuse_the_others,
	                  a_database_that_went_away_costs_503_until_it_is_back,
	                  a_database_that_hangs_costs_503_after_the_time_that_is_allowed);
}

int
main(void)
{
	int status;

	server = pg_server_start(false);
	if (server == NULL)
		return 1;
	status = testing_run(make_suite);
	pg_server_end(server);
	return status;
}
