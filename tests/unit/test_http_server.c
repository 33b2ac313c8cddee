/* The server over real sockets: what a well-meaning client sees, threads that answer, and stopping.
 */
#include "http_fixture.h"

START_TEST(an_answer_carries_body_type_id_and_protective_headers)
{
	struct fixture *f = fixture_new();
	struct client c;
	struct answer a;

	fixture_start(f);
	c = client_open(f);
	client_send(&c, "POST /echo?a=1&b=%20 HTTP/1.1\r\nHost: a\r\nX-SEQ:  7 \r\n"
	                "X-Request-Id: mine\r\nContent-Length: 5\r\n\r\nhello");
	a = client_read(&c, false);
	ck_assert_int_eq(a.status, 200);
	ck_assert_str_eq(a.body, "hello");
	ck_assert_ptr_nonnull(strstr(a.head, "\r\nContent-Type: text/plain\r\n"));
	ck_assert_ptr_nonnull(strstr(a.head, "\r\nX-Content-Type-Options: nosniff\r\n"));
	ck_assert_ptr_nonnull(strstr(a.head, "\r\nCache-Control: no-store\r\n"));
	ck_assert_ptr_nonnull(strstr(a.head, "\r\nX-Seq: 7"));
	ck_assert_ptr_nonnull(strstr(a.head, "\r\nDate: "));
	ck_assert_ptr_nonnull(strstr(a.head, "\r\nX-Request-Id: "));
	ck_assert_int_eq(
		strspn(strstr(a.head, "X-Request-Id: ") + 14, "abcdefghijklmnopqrstuvwxyz234567"),
		16);
	ck_assert_str_eq(f->seen_path, "/echo");
	ck_assert_str_eq(f->seen_query, "a=1&b=%20");
	answer_free(&a);
	client_close(&c);
	fixture_end(f);
}
END_TEST

START_TEST(path_and_query_are_given_as_received)
{
	struct fixture *f = fixture_new();

	fixture_start(f);
	ck_assert_int_eq(ask(f, "GET /a%2Fb%20c?x=%31+2?&y HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	ck_assert_str_eq(f->seen_path, "/a%2Fb%20c");
	ck_assert_str_eq(f->seen_query, "x=%31+2?&y");
	ck_assert_int_eq(ask(f, "GET http://a:80/p?q=1 HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	ck_assert_str_eq(f->seen_path, "/p");
	ck_assert_str_eq(f->seen_query, "q=1");
	ck_assert_int_eq(ask(f, "GET http://a?q=2 HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	ck_assert_str_eq(f->seen_path, "");
	fixture_end(f);
}
END_TEST

START_TEST(head_has_the_length_but_no_body)
{
	struct fixture *f = fixture_new();
	struct client c;
	struct answer a;

	fixture_start(f);
	c = client_open(f);
	client_send(&c, "HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n"
	                "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	a = client_read(&c, true);
	ck_assert_int_eq(a.status, 200);
	ck_assert_ptr_nonnull(strstr(a.head, "\r\nContent-Length: 33554432\r\n"));
	answer_free(&a);
	ck_assert_int_eq(client_status(&c), 200);
	client_close(&c);
	fixture_end(f);
}
END_TEST

START_TEST(a_connection_is_kept_until_somebody_asks_to_close)
{
	struct fixture *f = fixture_new();
	struct client c;

	fixture_start(f);
	c = client_open(f);
	for (int i = 0; i < 100; i++) {
		ck_assert(client_post(&c, i % 2 ? "/echo" : "/pool", (size_t)i, i % 3 == 0));
		ck_assert_int_eq(client_status(&c), 200);
	}
	client_send(&c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	ck_assert_int_eq(client_status(&c), 200);
	client_expect_end(&c);
	client_close(&c);
	c = client_open(f);
	client_send(&c, "GET / HTTP/1.0\r\n\r\n");
	ck_assert_int_eq(client_status(&c), 200);
	client_expect_end(&c);
	client_close(&c);
	ck_assert_int_eq(f->dispatched, 102);
	fixture_end(f);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_their_order)
{
	struct fixture *f = fixture_new();
	char text[64 * 128] = "", one[128], wanted[32];
	struct client c;

	fixture_start(f);
	for (int i = 0; i < 64; i++) {
		snprintf(one, sizeof(one), "POST /%s HTTP/1.1\r\nHost: a\r\nX-Seq: %d\r\n%s\r\n%s",
		         i % 3 ? "echo" : "pool", i, i % 2 ? "Content-Length: 3\r\n" : "",
		         i % 2 ? "abc" : "");
		strcat(text, one);
	}
	c = client_open(f);
	client_send(&c, text);
	for (int i = 0; i < 64; i++) {
		struct answer a = client_read(&c, false);

		snprintf(wanted, sizeof(wanted), "\r\nX-Seq: %d\r\n", i);
		ck_assert_int_eq(a.status, 200);
		ck_assert_ptr_nonnull(strstr(a.head, wanted));
		ck_assert_str_eq(a.body, i % 2 ? "abc" : "");
		answer_free(&a);
	}
	client_close(&c);
	ck_assert_int_eq(f->dispatched, 64);
	fixture_end(f);
}
END_TEST

START_TEST(a_thousand_connections_one_after_the_other)
{
	struct fixture *f = fixture_new();

	fixture_start(f);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(ask(f, i % 2 ? "GET /pool HTTP/1.1\r\nHost: a\r\n\r\n"
		                              : "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"),
		                 200);
	ck_assert_int_eq(f->dispatched, 1000);
	fixture_end(f);
}
END_TEST

/* libmicrohttpd's own threads stall at these numbers. */
START_TEST(connections_ready_in_multiples_of_128_do_not_stall)
{
	struct fixture *f = fixture_new();
	struct client c[256];

	fixture_start(f);
	for (int n = 128; n <= 256; n += 128) {
		for (int i = 0; i < n; i++)
			c[i] = client_open(f);
		for (int round = 0; round < 10; round++) {
			for (int i = 0; i < n; i++)
				ck_assert(client_post(&c[i], round % 2 ? "/pool" : "/echo", 10,
				                      false));
			for (int i = 0; i < n; i++)
				ck_assert_int_eq(client_status(&c[i]), 200);
		}
		for (int i = 0; i < n; i++)
			client_close(&c[i]);
	}
	ck_assert_int_eq(f->dispatched, 3840);
	fixture_end(f);
}
END_TEST

START_TEST(a_held_exchange_is_answered_while_others_come_and_go)
{
	struct fixture *f = fixture_new();
	struct http_exchange *ex;
	struct client c;
	struct answer a;

	fixture_start(f);
	c = client_open(f);
	client_send(&c,
	            "POST /hold HTTP/1.1\r\nHost: a\r\nX-Seq: 9\r\nContent-Length: 2\r\n\r\nhi");
	ex = take_held(f);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(ask(f, "GET /pool HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	ck_assert_str(http_method(ex), "POST");
	ck_assert_str(http_path(ex), "/hold");
	ck_assert_str(http_body(ex), "hi");
	ck_assert_str(http_header(ex, "HOST"), "a");
	ck_assert_str(http_peer(ex), "127.0.0.1");
	ck_assert_none(http_header(ex, "cookie"));
	ck_assert_none(http_query(ex));
	ck_assert(http_received_us(ex) <= clock_mono_us(&clock_real));
	http_reply(ex, 201, "text/plain", STR("late"), NULL);
	a = client_read(&c, false);
	ck_assert_int_eq(a.status, 201);
	ck_assert_str_eq(a.body, "late");
	answer_free(&a);
	client_close(&c);
	fixture_end(f);
}
END_TEST

START_TEST(a_client_that_leaves_while_it_waits_harms_nobody)
{
	struct fixture *f = fixture_new();
	struct http_exchange *ex[20];
	struct client c;

	fixture_start(f);
	for (int i = 0; i < 20; i++) {
		c = client_open(f);
		ck_assert(client_post(&c, "/hold", 1000, false));
		ex[i] = take_held(f);
		client_close(&c);
	}
	for (int i = 0; i < 20; i++)
		http_reply(ex[i], 200, "text/plain", STR("nobody reads this"), NULL);
	wait_metric(M_HTTP_CONNECTIONS, 0);
	ck_assert_int_eq(ask(f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	ck_assert_int_eq(f->refused, 0);
	fixture_end(f);
}
END_TEST

START_TEST(a_taken_body_outlives_its_answer_and_counts_until_released)
{
	struct fixture *f = fixture_new();
	struct http_exchange *ex;
	struct client c;
	size_t n;
	char *body;

	fixture_start(f);
	c = client_open(f);
	ck_assert(client_post(&c, "/hold", 100000, true));
	ex = take_held(f);
	ck_assert_ptr_eq(http_server_of(ex), f->server);
	body = http_take_body(ex, &n);
	ck_assert_int_eq(n, 100000);
	ck_assert_int_eq(http_body(ex).n, 0);
	http_reply(ex, 200, NULL, STR(""), NULL);
	ck_assert_int_eq(client_status(&c), 200);
	ck_assert_int_eq(metrics_value(M_HTTP_BODY_BYTES_IN_FLIGHT), 100000);
	ck_assert_int_eq(body[0] + body[n - 1], 2 * 'x');
	free(body);
	http_body_release(f->server, n);
	client_close(&c);
	fixture_end(f);
}
END_TEST

START_TEST(stopping_waits_for_open_exchanges_and_closes_idle_connections)
{
	struct fixture *f = fixture_new();
	struct http_exchange *ex;
	struct client open, idle, fresh;
	pthread_t stopper;
	struct answer a;

	fixture_start(f);
	fresh = client_open(f);
	idle = client_open(f);
	client_send(&idle, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_int_eq(client_status(&idle), 200);
	open = client_open(f);
	client_send(&open, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	ex = take_held(f);
	ck_assert_int_eq(pthread_create(&stopper, NULL, (void *(*)(void *))(void *)fixture_end, f),
	                 0);
	client_expect_end(&idle);
	client_expect_end(&fresh);
	http_reply(ex, 200, "text/plain", STR("last"), NULL);
	a = client_read(&open, false);
	ck_assert_int_eq(a.status, 200);
	ck_assert_ptr_nonnull(strcasestr(a.head, "\r\nConnection: close"));
	answer_free(&a);
	client_expect_end(&open);
	pthread_join(stopper, NULL);
	client_close(&open);
	client_close(&idle);
	client_close(&fresh);
}
END_TEST

START_TEST(after_the_drain_open_exchanges_get_503_and_late_replies_are_dropped)
{
	struct fixture *f = fixture_new();
	struct client c[3];
	struct http_exchange *ex[2];
	int64_t began;

	fixture_start(f);
	for (int i = 0; i < 2; i++) {
		c[i] = client_open(f);
		ck_assert(client_post(&c[i], "/hold", 5000, false));
		ex[i] = take_held(f);
	}
	c[2] = client_open(f);
	client_send(&c[2], "POST /half HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
	wait_metric(M_HTTP_CONNECTIONS, 3);
	wait_metric(M_HTTP_BODY_BYTES_IN_FLIGHT, 10010);
	began = now_ms();
	http_server_stop(f->server, 100);
	ck_assert_int_lt(now_ms() - began, 5000);
	ck_assert_int_eq(client_status(&c[0]), 503);
	ck_assert_int_eq(client_status(&c[1]), 503);
	client_expect_end(&c[2]);
	ck_assert_str(http_path(ex[0]), "/hold");
	ck_assert_int_eq(http_body(ex[1]).n, 5000);
	http_reply(ex[0], 200, "text/plain", STR("too late"), NULL);
	http_reply(ex[1], 200, "text/plain", STR("too late"), NULL);
	ck_assert_int_eq(metrics_value(M_HTTP_BODY_BYTES_IN_FLIGHT), 0);
	for (int i = 0; i < 3; i++)
		client_close(&c[i]);
	http_pool_stop(f->pool);
	free(f);
}
END_TEST

START_TEST(an_address_in_use_or_unknown_is_an_error)
{
	struct fixture *f = fixture_new();
	struct http_options o = f->options;
	struct http_server *s = NULL;

	fixture_start(f);
	o.port = http_server_port(f->server);
	ck_assert_err(http_server_start(&o, &s), ERR_CONFLICT);
	o.host = STR("256.1.1.1");
	ck_assert_err(http_server_start(&o, &s), ERR_INVALID);
	ck_assert_ptr_null(s);
	fixture_end(f);
}
END_TEST

struct load {
	struct fixture *f;
	uint64_t seed;
	int answered, left;
};

static void *
load_main(void *arg)
{
	struct load *l = arg;
	struct rand_seeded state;
	struct randomness r = rand_seeded(&state, l->seed);
	struct client c = client_open(l->f);

	for (int i = 0; i < 300; i++) {
		size_t n = rand_below(&r, 10) == 0 ? rand_below(&r, 300000) : rand_below(&r, 2000);
		const char *path = rand_below(&r, 2) ? "/echo" : "/pool";
		struct answer a;

		ck_assert(client_post(&c, path, n, rand_below(&r, 2) == 0));
		if (rand_below(&r, 20) == 0) {
			l->left++;
			client_close(&c);
			c = client_open(l->f);
			continue;
		}
		a = client_read(&c, false);
		ck_assert_int_eq(a.status, 200);
		ck_assert_int_eq(a.body_len, n);
		ck_assert(n == 0 || (a.body[0] == 'x' && a.body[n - 1] == 'x'));
		l->answered++;
		answer_free(&a);
		ck_assert_int_eq(c.n, 0);
	}
	client_close(&c);
	return NULL;
}

START_TEST(under_random_load_each_request_is_answered_once)
{
	struct fixture *f = fixture_new();
	struct load l[8];
	pthread_t t[8];
	int answered = 0, left = 0;

	fixture_start(f);
	for (unsigned i = 0; i < 8; i++) {
		l[i] = (struct load){ .f = f, .seed = i + 1 };
		ck_assert_int_eq(pthread_create(&t[i], NULL, load_main, &l[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(t[i], NULL);
		answered += l[i].answered;
		left += l[i].left;
	}
	wait_metric(M_HTTP_CONNECTIONS, 0);
	ck_assert_int_eq(answered + left, 2400);
	ck_assert_int_ge(f->dispatched, answered);
	ck_assert_int_eq(f->dispatched + f->refused, 2400);
	fixture_end(f);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("http_server", an_answer_carries_body_type_id_and_protective_headers,
	                  path_and_query_are_given_as_received, head_has_the_length_but_no_body,
	                  a_connection_is_kept_until_somebody_asks_to_close,
	                  pipelined_requests_are_answered_in_their_order,
	                  a_thousand_connections_one_after_the_other,
	                  connections_ready_in_multiples_of_128_do_not_stall,
	                  a_held_exchange_is_answered_while_others_come_and_go,
	                  a_client_that_leaves_while_it_waits_harms_nobody,
	                  a_taken_body_outlives_its_answer_and_counts_until_released,
	                  stopping_waits_for_open_exchanges_and_closes_idle_connections,
	                  after_the_drain_open_exchanges_get_503_and_late_replies_are_dropped,
	                  an_address_in_use_or_unknown_is_an_error,
	                  under_random_load_each_request_is_answered_once);
}

TEST_MAIN(make_suite)
