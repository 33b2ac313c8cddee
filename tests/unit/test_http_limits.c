/* The server against bad manners: sizes, ambiguous lengths, slowness, too many of everything. */
#include <fcntl.h>

#include "http_fixture.h"

START_TEST(a_body_of_exactly_the_limit_passes)
{
	struct fixture *f = fixture_new();

	fixture_start(f);
	for (int chunked = 0; chunked < 2; chunked++) {
		struct client c = client_open(f);
		struct answer a;

		ck_assert(client_post(&c, "/echo", BODY_LIMIT, chunked));
		a = client_read(&c, false);
		ck_assert_int_eq(a.status, 200);
		ck_assert_int_eq(a.body_len, BODY_LIMIT);
		answer_free(&a);
		ck_assert(client_post(&c, "/echo", 1, chunked));
		ck_assert_int_eq(client_status(&c), 200);
		client_close(&c);
	}
	fixture_end(f);
}
END_TEST

START_TEST(a_declared_length_beyond_the_limit_is_413_before_any_body)
{
	struct fixture *f = fixture_new();
	struct client c;
	struct answer a;

	fixture_start(f);
	c = client_open(f);
	client_send(&c, "POST /echo?x HTTP/1.1\r\nHost: a\r\nContent-Length: 3145729\r\n"
	                "Expect: 100-continue\r\n\r\n");
	a = client_read(&c, false);
	ck_assert_int_eq(a.status, 413);
	ck_assert_ptr_nonnull(strstr(a.head, "Content-Type: application/problem+json"));
	ck_assert_ptr_nonnull(strstr(a.head, "X-Request-Id: "));
	ck_assert_ptr_nonnull(strstr(a.body, "\"error\":\"payload_too_large\""));
	answer_free(&a);
	client_expect_end(&c);
	client_close(&c);
	ck_assert_int_eq(f->refused, 1);
	ck_assert_int_eq(f->refused_status, 413);
	ck_assert_str_eq(f->refused_path, "/echo");
	ck_assert_int_eq(f->dispatched, 0);
	fixture_end(f);
}
END_TEST

START_TEST(a_client_that_expects_100_gets_it_when_the_length_is_fine)
{
	struct fixture *f = fixture_new();
	struct client c;

	fixture_start(f);
	c = client_open(f);
	client_send(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
	                "Expect: 100-continue\r\n\r\n");
	ck_assert_int_eq(client_status(&c), 100);
	client_send(&c, "ab");
	ck_assert_int_eq(client_status(&c), 200);
	client_close(&c);
	fixture_end(f);
}
END_TEST

START_TEST(chunks_beyond_the_limit_are_413_and_the_end)
{
	struct fixture *f = fixture_new();
	struct client c;
	struct answer a;

	fixture_start(f);
	c = client_open(f);
	(void)client_post(&c, "/echo", BODY_LIMIT + 1, true);
	a = client_read(&c, false);
	ck_assert_int_eq(a.status, 413);
	ck_assert_ptr_nonnull(strstr(a.head, "X-Request-Id: "));
	ck_assert_ptr_nonnull(strstr(a.body, "\"error\":\"payload_too_large\""));
	answer_free(&a);
	client_expect_end(&c);
	client_close(&c);
	wait_metric(M_HTTP_BODY_BYTES_IN_FLIGHT, 0);
	ck_assert_int_eq(f->refused, 1);
	ck_assert_int_eq(f->refused_status, 413);
	ck_assert_int_eq(f->dispatched, 0);
	fixture_end(f);
}
END_TEST

START_TEST(a_client_that_goes_on_sending_still_reads_its_413)
{
	struct fixture *f = fixture_new();

	fixture_start(f);
	for (int chunked = 0; chunked < 2; chunked++) {
		struct client c = client_open(f);

		ck_assert(client_post(&c, "/echo", BODY_LIMIT + ((size_t)4 << 20), chunked));
		ck_assert_int_eq(client_status(&c), 413);
		client_expect_end(&c);
		client_close(&c);
	}
	fixture_end(f);
}
END_TEST

static const struct {
	const char *request;
	int status, dispatched;
} odd[] = {
	{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 400, 0 },
	{ "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 400, 0 },
	{ "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 400,
	  0 },
	{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 200, 1 },
	{ "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, 1 },
	{ "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 413, 0 },
	{ "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 200, 1 },
	{ "POST / HTTP/1.1\r\nHost: a\r\n\r\n", 200, 1 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\nx", 400, 0 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx", 400, 0 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400, 0 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nx", 400, 0 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nx", 413, 0 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy", 400,
	  0 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400, 0 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "0\r\n\r\n",
	  400, 0 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nx", 501, 0 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501,
	  0 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
	  "x\r\n\r\n",
	  400, 0 },
	{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, 0 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, 0 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\nT: "
	  "1\r\n\r\n",
	  200, 1 },
	{ "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400, 0 },
	{ "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", 400, 0 },
	{ "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\nxy", 400, 0 },
	{ "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", 200, 1 },
	{ "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 200, 1 },
};

START_TEST(odd_requests_get_the_status_that_fits)
{
	struct fixture *f = fixture_new();

	fixture_start(f);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		int refused = f->refused, dispatched = f->dispatched;
		struct client c = client_open(f);
		struct answer a;

		client_send(&c, odd[i].request);
		a = client_read(&c, odd[i].request[0] == 'H');
		ck_assert_msg(a.status == odd[i].status, "case %zu: %d: %s", i, a.status,
		              odd[i].request);
		answer_free(&a);
		ck_assert_int_eq(f->dispatched - dispatched, odd[i].dispatched);
		if (odd[i].status != 200)
			wait_for(f, &f->refused, refused + 1);
		client_close(&c);
		wait_metric(M_HTTP_CONNECTIONS, 0);
		ck_assert_int_eq(f->refused - refused, odd[i].status != 200);
	}
	fixture_end(f);
}
END_TEST

START_TEST(headers_up_to_the_limit_pass_and_longer_ones_are_431)
{
	struct fixture *f = fixture_new();
	const char *begin = "GET / HTTP/1.1\r\nHost: a\r\nX-Long: ";
	char text[65536];

	fixture_start(f);
	for (size_t n = 15000; n <= 60000; n += 15000) {
		struct client c = client_open(f);

		memset(text, 'y', sizeof(text));
		memcpy(text, begin, strlen(begin));
		strcpy(text + n, "\r\n\r\n");
		(void)client_try_send(&c, text, strlen(text));
		ck_assert_int_eq(client_status(&c), n <= 16000 ? 200 : 431);
		client_close(&c);
	}
	ck_assert_int_eq(f->dispatched, 1);
	fixture_end(f);
}
END_TEST

START_TEST(as_many_headers_as_may_be_leave_room_for_the_answer)
{
	enum { LIMIT = 16384 };
	static const size_t fields[] = { 1, 50, 99, HTTP_MAX_FIELDS, HTTP_MAX_FIELDS + 1, 150 };
	struct fixture *f = fixture_new();

	fixture_start(f);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		struct client c = client_open(f);
		char text[LIMIT + 1];
		int n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n");

		for (size_t k = 2; k < fields[i]; k++)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "a:b\r\n");
		if (fields[i] > 1) { /* the last one fills up to the limit */
			n += snprintf(text + n, sizeof(text) - (size_t)n, "X: ");
			memset(text + n, 'y', (size_t)(LIMIT - 4 - n));
			n = LIMIT - 4;
		}
		strcpy(text + n, fields[i] > 1 ? "\r\n\r\n" : "\r\n");
		client_send(&c, text);
		ck_assert_int_eq(client_status(&c), fields[i] <= HTTP_MAX_FIELDS ? 200 : 431);
		client_close(&c);
	}
	fixture_end(f);
}
END_TEST

/* Sends `text` byte by byte until the server has had enough; returns after how many ms. */
static int64_t
trickle(struct fixture *f, const char *begin, const char *text)
{
	struct client c = client_open(f);
	int64_t began = now_ms(), took;
	char byte;

	client_send(&c, begin);
	for (size_t i = 0; now_ms() - began < PATIENCE_MS; i++) {
		if (!client_try_send(&c, &text[i % strlen(text)], 1))
			break;
		poll(NULL, 0, 10);
		if (recv(c.fd, &byte, 1, MSG_DONTWAIT) == 0)
			break;
	}
	took = now_ms() - began;
	client_close(&c);
	return took;
}

START_TEST(slow_headers_and_slow_bodies_are_cut_in_time)
{
	static const struct {
		const char *begin, *text;
	} cases[] = {
		{ "", "GET" },
		{ "GET / HTTP/1.1\r\nHost: a\r\n", "X-Slow: 1\r\n" },
		{ "POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", "x" },
	};
	struct fixture *f = fixture_new();

	f->options.limits.request_ms = 300;
	fixture_start(f);
	for (size_t i = 0; i < 3; i++) {
		int64_t ms = trickle(f, cases[i].begin, cases[i].text);

		ck_assert_int_ge(ms, 280);
		ck_assert_int_le(ms, 3000);
	}
	wait_for(f, &f->refused, 2);
	ck_assert_int_eq(f->refused_status, 408);
	ck_assert_str_eq(f->refused_path, "/s");
	wait_metric(M_HTTP_CONNECTIONS, 0);
	ck_assert_int_eq(f->dispatched, 0);
	fixture_end(f);
}
END_TEST

START_TEST(silent_and_idle_connections_are_closed_in_time)
{
	struct fixture *f = fixture_new();
	struct client silent, idle;
	int64_t began = now_ms();

	f->options.limits.request_ms = 200;
	f->options.limits.idle_ms = 600;
	fixture_start(f);
	silent = client_open(f);
	idle = client_open(f);
	client_send(&idle, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_int_eq(client_status(&idle), 200);
	client_expect_end(&silent);
	ck_assert_int_ge(now_ms() - began, 190);
	client_expect_end(&idle);
	ck_assert_int_ge(now_ms() - began, 590);
	ck_assert_int_le(now_ms() - began, 5000);
	ck_assert_int_eq(f->refused, 0);
	client_close(&silent);
	client_close(&idle);
	fixture_end(f);
}
END_TEST

START_TEST(an_answer_that_takes_longer_than_the_deadline_still_comes)
{
	struct fixture *f = fixture_new();
	struct http_exchange *ex;
	struct client waiting, other;

	f->options.limits.request_ms = 100;
	f->options.limits.idle_ms = 100;
	fixture_start(f);
	waiting = client_open(f);
	client_send(&waiting, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	ex = take_held(f);
	for (int i = 0; i < 3; i++) {
		other = client_open(f);
		client_expect_end(&other);
		client_close(&other);
	}
	http_reply(ex, 200, NULL, STR("here"), NULL);
	ck_assert_int_eq(client_status(&waiting), 200);
	client_close(&waiting);
	fixture_end(f);
}
END_TEST

START_TEST(a_client_that_does_not_read_its_answer_is_cut)
{
	struct fixture *f = fixture_new();
	struct client c;

	f->options.limits.request_ms = 300;
	fixture_start(f);
	c = client_open(f);
	client_send(&c, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	wait_for(f, &f->dispatched, 1);
	wait_metric(M_HTTP_CONNECTIONS, 0);
	while (client_fill(&c))
		;
	ck_assert_int_lt(c.n, (size_t)32 << 20);
	client_close(&c);
	fixture_end(f);
}
END_TEST

/* A file whose i-th byte follows from i, without a name. */
static void
make_file(struct fixture *f, int64_t bytes)
{
	char block[65536];

	f->file = open(test_dir(), O_TMPFILE | O_RDWR, 0600);
	ck_assert_int_ge(f->file, 0);
	f->file_bytes = bytes;
	for (int64_t at = 0; at < bytes; at += (int64_t)sizeof(block)) {
		for (size_t i = 0; i < sizeof(block); i++)
			block[i] = (char)((at + (int64_t)i) % 251);
		ck_assert_int_eq(write(f->file, block, sizeof(block)), (ssize_t)sizeof(block));
	}
}

START_TEST(who_takes_a_file_slowly_gets_all_of_it_and_who_takes_nothing_is_cut)
{
	struct fixture *f = fixture_new();
	struct client slow, dead;
	int64_t began, got = 0, body = -1;
	char piece[65536];

	f->options.limits.request_ms = 1500;
	make_file(f, (int64_t)16 << 20);
	fixture_start(f);
	dead = client_open(f);
	client_send(&dead, "GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
	slow = client_open(f);
	ck_assert_int_eq(setsockopt(slow.fd, SOL_SOCKET, SO_RCVBUF, &(int){ 65536 }, sizeof(int)),
	                 0);
	client_send(&slow, "GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	began = now_ms();
	for (;;) {
		ssize_t n = recv(slow.fd, piece, sizeof(piece), 0);

		ck_assert_msg(n >= 0, "cut after %lld bytes", (long long)got);
		if (n == 0)
			break;
		if (body < 0) { /* the head came whole, and first */
			char *end = memmem(piece, (size_t)n, "\r\n\r\n", 4);

			ck_assert_ptr_nonnull(end);
			body = end + 4 - piece;
		}
		for (ssize_t i = 0; i < n; i++, got++)
			ck_assert(got < body || piece[i] == (char)((got - body + 3) % 251));
		poll(NULL, 0, 10); /* slower than the limit for the whole, never for a piece */
	}
	ck_assert_int_eq(got - body, f->file_bytes - 3);
	ck_assert_int_gt(now_ms() - began, 1500);
	/* the other has been cut: what the system kept for it is not all */
	wait_metric(M_HTTP_CONNECTIONS, 0);
	for (got = 0;;) {
		ssize_t n = recv(dead.fd, piece, sizeof(piece), 0);

		if (n <= 0)
			break;
		got += n;
	}
	ck_assert_int_lt(got, f->file_bytes);
	client_close(&slow);
	client_close(&dead);
	(void)close(f->file);
	fixture_end(f);
}
END_TEST

START_TEST(bodies_beyond_the_sum_in_flight_are_503)
{
	struct fixture *f = fixture_new();
	struct http_exchange *ex;
	struct client first, c;
	struct answer a;

	f->options.limits.body_in_flight = 1000000;
	fixture_start(f);
	first = client_open(f);
	ck_assert(client_post(&first, "/hold", 600000, false));
	ex = take_held(f);
	for (int chunked = 0; chunked < 2; chunked++) {
		c = client_open(f);
		(void)client_post(&c, "/echo", 600000, chunked);
		a = client_read(&c, false);
		ck_assert_int_eq(a.status, 503);
		ck_assert_ptr_nonnull(strstr(a.head, "\r\nRetry-After: 5\r\n"));
		ck_assert_ptr_nonnull(strstr(a.body, "\"error\":\"unavailable\""));
		answer_free(&a);
		client_expect_end(&c);
		client_close(&c);
	}
	ck_assert_int_eq(f->refused, 2);
	c = client_open(f);
	ck_assert(client_post(&c, "/echo", 400000, false));
	ck_assert_int_eq(client_status(&c), 200);
	http_reply(ex, 200, NULL, STR(""), NULL);
	ck_assert_int_eq(client_status(&first), 200);
	ck_assert(client_post(&c, "/echo", 1000000, true));
	ck_assert_int_eq(client_status(&c), 200);
	client_close(&c);
	client_close(&first);
	fixture_end(f);
}
END_TEST

START_TEST(a_length_that_is_only_declared_reserves_nothing)
{
	struct fixture *f = fixture_new();
	struct client c[100];

	fixture_start(f);
	for (int i = 0; i < 100; i++) {
		c[i] = client_open(f);
		client_send(&c[i],
		            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\nx");
	}
	wait_metric(M_HTTP_BODY_BYTES_IN_FLIGHT, 100 * 65536);
	for (int i = 0; i < 100; i++)
		client_close(&c[i]);
	wait_metric(M_HTTP_BODY_BYTES_IN_FLIGHT, 0);
	ck_assert_int_eq(f->refused, 100);
	ck_assert_int_eq(f->refused_status, 400);
	fixture_end(f);
}
END_TEST

START_TEST(connections_beyond_the_limit_wait_until_one_closes)
{
	struct fixture *f = fixture_new();
	struct client c[3];
	char byte;

	f->options.limits.connections = 2;
	fixture_start(f);
	for (int i = 0; i < 3; i++) {
		c[i] = client_open(f);
		client_send(&c[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		if (i < 2)
			ck_assert_int_eq(client_status(&c[i]), 200);
	}
	for (int i = 0; i < 20; i++) {
		client_send(&c[0], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		ck_assert_int_eq(client_status(&c[0]), 200);
	}
	ck_assert_int_eq(recv(c[2].fd, &byte, 1, MSG_DONTWAIT), -1);
	ck_assert_int_eq(metrics_value(M_HTTP_CONNECTIONS), 2);
	client_close(&c[1]);
	ck_assert_int_eq(client_status(&c[2]), 200);
	client_close(&c[0]);
	client_close(&c[2]);
	fixture_end(f);
}
END_TEST

/* The end of the stream arrives together with the last bytes; the deadline is longer than the test
 * waits. */
START_TEST(a_client_that_leaves_in_the_middle_is_noticed_at_once)
{
	static const char *const halves[] = {
		"GE",
		"GET / HTTP/1.1\r\nHost: a\r\nX-Half",
		"POST /cut HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
		"POST /cut HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
	};
	struct fixture *f = fixture_new();

	fixture_start(f);
	for (int i = 0; i < 40; i++) {
		struct client c = client_open(f);

		client_send(&c, halves[i % 4]);
		client_close(&c);
	}
	wait_for(f, &f->refused, 30);
	wait_metric(M_HTTP_CONNECTIONS, 0);
	wait_metric(M_HTTP_BODY_BYTES_IN_FLIGHT, 0);
	ck_assert_int_eq(f->refused, 30);
	ck_assert_int_eq(f->refused_status, 400);
	ck_assert_int_eq(f->dispatched, 0);
	fixture_end(f);
}
END_TEST

START_TEST(a_client_that_only_stops_sending_gets_its_answers)
{
	struct fixture *f = fixture_new();

	fixture_start(f);
	for (int i = 0; i < 3; i++) {
		struct client c = client_open(f);

		client_send(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
		                "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
		shutdown(c.fd, SHUT_WR);
		ck_assert_int_eq(client_status(&c), 200);
		ck_assert_int_eq(client_status(&c), 200);
		client_expect_end(&c);
		client_close(&c);
	}
	fixture_end(f);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("http_limits", a_body_of_exactly_the_limit_passes,
	                  a_declared_length_beyond_the_limit_is_413_before_any_body,
	                  a_client_that_expects_100_gets_it_when_the_length_is_fine,
	                  chunks_beyond_the_limit_are_413_and_the_end,
	                  a_client_that_goes_on_sending_still_reads_its_413,
	                  odd_requests_get_the_status_that_fits,
	                  headers_up_to_the_limit_pass_and_longer_ones_are_431,
	                  as_many_headers_as_may_be_leave_room_for_the_answer,
	                  slow_headers_and_slow_bodies_are_cut_in_time,
	                  silent_and_idle_connections_are_closed_in_time,
	                  an_answer_that_takes_longer_than_the_deadline_still_comes,
	                  a_client_that_does_not_read_its_answer_is_cut,
	                  who_takes_a_file_slowly_gets_all_of_it_and_who_takes_nothing_is_cut,
	                  bodies_beyond_the_sum_in_flight_are_503,
	                  a_length_that_is_only_declared_reserves_nothing,
	                  connections_beyond_the_limit_wait_until_one_closes,
	                  a_client_that_leaves_in_the_middle_is_noticed_at_once,
	                  a_client_that_only_stops_sending_gets_its_answers);
}

TEST_MAIN(make_suite)
