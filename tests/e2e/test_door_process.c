/* The program under load, while it is stopped, killed or held up: what was acknowledged is there.
 */
#include <sqlite3.h>

#include "process_fixture.h"

#define PATH        "/webhooks/whatsapp"
#define SENDERS     8
#define BODIES      20000 /* most of one sender */
#define STOP_MAX_MS 5000

struct sender {
	const struct process *process;
	pthread_t thread;
	int number, sent;
	atomic_int *acknowledged; /* of all */
	unsigned char ok[BODIES];
};

/* One request by hand: this runs on several threads, and the arena of a test does not. */
static bool
send_body(struct client *c, const struct hmac_key *key, const char *body)
{
	unsigned char mac[SHA256_LEN];
	char hex[SHA256_HEX_LEN + 1] = { 0 }, text[512];
	int n;

	hmac_sha256(key, str_from(body), mac);
	hex_encode_to(mac, sizeof(mac), hex);
	n = snprintf(text, sizeof(text),
	             "POST " PATH " HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n"
	             "X-Hub-Signature-256: sha256=%s\r\n\r\n%s",
	             strlen(body), hex, body);
	return client_try_send(c, text, (size_t)n);
}

/* Status of the next answer; 0 if the connection ends first. */
static int
read_status(struct client *c)
{
	char text[2048];
	size_t n = 0;
	int status = 0;

	while (n < sizeof(text) - 1) {
		ssize_t got = recv(c->fd, text + n, sizeof(text) - 1 - n, 0);
		const char *head_end, *length;

		if (got <= 0)
			return 0;
		n += (size_t)got;
		text[n] = 0;
		head_end = strstr(text, "\r\n\r\n");
		length = strcasestr(text, "\r\nContent-Length:");
		if (head_end != NULL && length != NULL &&
		    n >= (size_t)(head_end + 4 - text) + strtoul(length + 17, NULL, 10))
			break;
	}
	sscanf(text, "HTTP/1.1 %d", &status);
	return status;
}

static void *
send_until_the_end(void *arg)
{
	struct sender *s = arg;
	struct hmac_key *key = hmac_key_new(STR(GATE_SECRET));
	struct client c = connect_to(s->process);
	char body[64];

	while (c.fd >= 0 && s->sent < BODIES) {
		int i = s->sent++, status;

		snprintf(body, sizeof(body), "{\"sender\":%d,\"number\":%d}", s->number, i);
		status = send_body(&c, key, body) ? read_status(&c) : 0;
		if (status == 200) {
			s->ok[i] = 1;
			atomic_fetch_add(s->acknowledged, 1);
		} else {
			close(c.fd);
			c = status != 0 ? connect_to(s->process) : (struct client){ .fd = -1 };
		}
	}
	if (c.fd >= 0)
		close(c.fd);
	hmac_key_free(key);
	return NULL;
}

/* Fails unless every acknowledged body is in the journal and has its part. */
static int
expect_all_stored(const char *dir, const struct sender *senders)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	char body[64];
	int n = 0;

	ck_assert_int_eq(sqlite3_open(in_dir(dir, "recado.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db,
	                              "CREATE TEMP TABLE seen AS SELECT CAST(body AS text) AS body"
	                              " FROM journal JOIN journal_parts ON entry_id = id;"
	                              " CREATE INDEX temp.ix ON seen (body)",
	                              NULL, NULL, NULL),
	                 SQLITE_OK);
	ck_assert_int_eq(
		sqlite3_prepare_v2(db, "SELECT count(*) FROM seen WHERE body = ?1", -1, &s, NULL),
		SQLITE_OK);
	for (int i = 0; i < SENDERS; i++) {
		for (int j = 0; j < senders[i].sent; j++) {
			if (!senders[i].ok[j])
				continue;
			snprintf(body, sizeof(body), "{\"sender\":%d,\"number\":%d}", i, j);
			sqlite3_bind_text(s, 1, body, -1, SQLITE_STATIC);
			ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
			ck_assert_msg(sqlite3_column_int(s, 0) >= 1, "lost: %s", body);
			sqlite3_reset(s);
			n++;
		}
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

/* Sends until at least `least` are acknowledged, then the signal; gives the exit status. */
static int
signal_under_load(int signal, int least)
{
	struct process p = serve_in(configured_dir(""));
	struct sender *senders = calloc(SENDERS, sizeof(*senders));
	atomic_int acknowledged = 0;
	int64_t start;
	int status;

	ck_assert_ptr_nonnull(senders);
	for (int i = 0; i < SENDERS; i++) {
		senders[i].process = &p;
		senders[i].number = i;
		senders[i].acknowledged = &acknowledged;
		ck_assert_int_eq(
			pthread_create(&senders[i].thread, NULL, send_until_the_end, &senders[i]),
			0);
	}
	start = now_ms();
	while (atomic_load(&acknowledged) < least && now_ms() - start < PATIENCE_MS)
		poll(NULL, 0, 1);
	ck_assert_int_ge(atomic_load(&acknowledged), least);
	start = now_ms();
	kill(p.pid, signal);
	status = wait_end(p.pid, STOP_MAX_MS);
	ck_assert_int_lt(now_ms() - start, STOP_MAX_MS);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(senders[i].thread, NULL);
	ck_assert_int_ge(expect_all_stored(p.dir, senders), least);
	free(senders);
	return status;
}

START_TEST(stopped_under_load_it_ends_in_time_and_loses_nothing)
{
	ck_assert_int_eq(signal_under_load(SIGTERM, 1000), 0);
}
END_TEST

START_TEST(killed_under_load_it_loses_nothing_that_was_acknowledged)
{
	ck_assert_int_eq(signal_under_load(SIGKILL, 1000), 128 + SIGKILL);
}
END_TEST

/* A server whose database another program has locked, with a webhook that waits for it. */
static struct process
held_up(sqlite3 **lock, struct client *c)
{
	struct process p = serve_in(configured_dir("APPEND_TIMEOUT_MS=60000\n"));
	struct hmac_key *key = hmac_key_new(STR(GATE_SECRET));
	struct client ready = connect_to(&p);

	ck_assert_int_eq(sqlite3_open(in_dir(p.dir, "recado.db"), lock), SQLITE_OK);
	sqlite3_busy_timeout(*lock, PATIENCE_MS);
	ck_assert_int_eq(sqlite3_exec(*lock, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	*c = connect_to(&p);
	ck_assert(send_body(c, key, "{\"held\":true}"));
	/* An answer on another connection, sent later, shows that the first request was read. */
	client_send(&ready, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_int_eq(read_status(&ready), 200);
	client_close(&ready);
	hmac_key_free(key);
	return p;
}

START_TEST(held_up_by_its_database_it_still_ends_in_time)
{
	sqlite3 *lock;
	struct client c;
	struct process p = held_up(&lock, &c);
	int64_t start = now_ms();

	kill(p.pid, SIGTERM);
	wait_end(p.pid, STOP_MAX_MS);
	ck_assert_int_lt(now_ms() - start, STOP_MAX_MS);
	ck_assert_int_ne(read_status(&c), 200);
	client_close(&c);
	sqlite3_close(lock);
}
END_TEST

START_TEST(a_second_signal_ends_it_at_once)
{
	sqlite3 *lock;
	struct client c;
	struct process p = held_up(&lock, &c);
	int64_t start;

	kill(p.pid, SIGTERM);
	start = now_ms();
	while (strstr(read_text(in_dir(p.dir, "err")), "serve.stopping") == NULL &&
	       now_ms() - start < PATIENCE_MS)
		poll(NULL, 0, 2);
	start = now_ms();
	kill(p.pid, SIGINT);
	ck_assert_int_eq(wait_end(p.pid, STOP_MAX_MS), 1);
	ck_assert_int_lt(now_ms() - start, 1000);
	client_close(&c);
	sqlite3_close(lock);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("door process", stopped_under_load_it_ends_in_time_and_loses_nothing,
	                  killed_under_load_it_loses_nothing_that_was_acknowledged,
	                  held_up_by_its_database_it_still_ends_in_time,
	                  a_second_signal_ends_it_at_once);
}

TEST_MAIN(make_suite)
