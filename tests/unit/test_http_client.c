/* The HTTP client against a real socket whose other end misbehaves: each way to fail has its name,
 * and no text says a secret. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http_fake.h"
#include "net/http_client.h"
#include "peer.h"
#include "testing.h"

#define SECRET    "key-that-nobody-may-see"
#define PATIENCE  20000
#define BRIEF     150 /* limits that are meant to pass */
#define MANY      120 /* calls at once: more than the client looks at in one go */
#define MEET_MANY "/meet/120"

static struct peer *peer;
static struct http_client client;

static void
setup(size_t max_in_flight)
{
	const struct http_client_options o = { .max_in_flight = max_in_flight,
		                               .clock = &clock_real };

	peer = peer_start();
	ck_assert_ok(http_client_open(&o, &client));
}

static void
teardown(void)
{
	http_client_close(&client);
	peer_stop(peer);
}

static struct http_call
call_to(const char *path)
{
	static const struct http_header_out headers[] = { { "api-key", { SECRET, 23 } },
		                                          { NULL, { NULL, 0 } } };

	return (struct http_call){
		.url = str_fmt(test_arena(), "http://127.0.0.1:%d%s", peer_port(peer), path),
		.headers = headers,
		.connect_ms = PATIENCE,
		.first_byte_ms = PATIENCE,
		.whole_ms = PATIENCE,
		.max_body = 1 << 20,
	};
}

static struct http_result
take(void)
{
	int64_t end = clock_mono_us(&clock_real) + PATIENCE * INT64_C(1000);
	struct http_result r;

	while (!http_client_next(&client, &r)) {
		ck_assert_msg(clock_mono_us(&clock_real) < end, "no result came");
		(void)http_client_wait(&client, -1, 1000);
	}
	return r;
}

static struct http_result
run(const struct http_call *c)
{
	struct http_result r;
	uint64_t id = 0;

	ck_assert_ok(http_client_start(&client, c, &id));
	r = take();
	ck_assert_uint_eq(r.id, id);
	ck_assert_ptr_eq(r.user, c->user);
	return r;
}

static void
expect_failure(const struct http_call *c, enum http_failure wanted)
{
	int64_t begun = clock_mono_us(&clock_real);
	struct http_result r = run(c);

	/* that it took its own limit and not a later one; far from both */
	ck_assert_int_lt(clock_mono_us(&clock_real) - begun, PATIENCE / 2 * INT64_C(1000));
	ck_assert_msg(r.failure == wanted, STR_FMT ": %s (%s) instead of %s", STR_ARG(c->url),
	              http_failure_name(r.failure), r.detail, http_failure_name(wanted));
	ck_assert_int_eq(r.status, 0);
	ck_assert_ptr_null(r.body);
	ck_assert_uint_gt(strlen(r.detail), 0);
	ck_assert_ptr_null(strstr(r.detail, SECRET));
	ck_assert_ptr_null(strstr(r.detail, "token="));
}

START_TEST(an_answer_has_status_body_and_the_headers_that_callers_act_on)
{
	struct http_call c;
	struct http_result r;

	setup(4);
	c = call_to("/headers");
	c.user = &c;
	r = run(&c);
	ck_assert_int_eq(r.failure, HTTP_OK);
	ck_assert_int_eq(r.status, 429);
	ck_assert_str_eq(r.body, "[]");
	ck_assert_uint_eq(r.body_len, 2);
	ck_assert_int_eq(r.date_ms, INT64_C(1768906800000));
	ck_assert_int_eq(r.age_s, 7);
	ck_assert_int_eq(r.retry_after_ms, 30000);
	ck_assert_str_eq(r.content_type, "application/json; charset=utf-8");
	ck_assert_str_eq(r.detail, "");
	http_result_deinit(&r);
	teardown();
}
END_TEST

START_TEST(method_headers_and_body_arrive)
{
	static const struct {
		const char *method, *body, *seen;
	} rows[] = {
		{ NULL, NULL, "GET 0 " SECRET },       { "GET", NULL, "GET 0 " SECRET },
		{ "POST", "hello", "POST 5 " SECRET }, { NULL, "", "POST 0 " SECRET },
		{ "PUT", "ab", "PUT 2 " SECRET },      { "DELETE", NULL, "DELETE 0 " SECRET },
	};

	setup(4);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct http_call c = call_to("/echo");
		struct http_result r;

		c.method = str_from(rows[i].method);
		c.body = str_from(rows[i].body);
		r = run(&c);
		ck_assert_int_eq(r.failure, HTTP_OK);
		ck_assert_str_eq(r.body, rows[i].seen);
		http_result_deinit(&r);
	}
	teardown();
}
END_TEST

START_TEST(every_failure_has_its_name_and_no_secret_in_its_text)
{
	static const struct {
		const char *path;
		enum http_failure failure;
		int64_t connect_ms, first_byte_ms, whole_ms; /* 0: patient */
		size_t max_body;                             /* 0: enough */
	} rows[] = {
		{ "/silent", HTTP_TIMEOUT_FIRST_BYTE, 0, BRIEF, 0, 0 },
		{ "/silent", HTTP_TIMEOUT_FIRST_BYTE, 0, 0, BRIEF, 0 },
		{ "/stalled", HTTP_TIMEOUT_WHOLE, 0, 0, BRIEF, 0 },
		{ "/cut", HTTP_CUT, 0, 0, 0, 0 },
		{ "/close", HTTP_CUT, 0, 0, 0, 0 },
		{ "/noise", HTTP_OTHER, 0, 0, 0, 0 },
		{ "/declared", HTTP_TOO_LARGE, 0, 0, 0, 0 },
		{ "/bytes/5000", HTTP_TOO_LARGE, 0, 0, 0, 4999 },
		{ "/gzip", HTTP_TOO_LARGE, 0, 0, 0, 100 },
	};

	setup(4);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct str path = str_fmt(test_arena(), "%s?token=" SECRET, rows[i].path);
		struct http_call c = call_to(path.p);

		c.first_byte_ms = rows[i].first_byte_ms > 0 ? rows[i].first_byte_ms : PATIENCE;
		c.whole_ms = rows[i].whole_ms > 0 ? rows[i].whole_ms : PATIENCE;
		c.max_body = rows[i].max_body > 0 ? rows[i].max_body : c.max_body;
		expect_failure(&c, rows[i].failure);
	}
	teardown();
}
END_TEST

/* The other end takes the connection and never speaks TLS. */
START_TEST(a_handshake_that_does_not_end_is_a_connection_that_was_not_made)
{
	struct http_call c;

	setup(4);
	c = call_to("/silent");
	c.url = str_fmt(test_arena(), "https://127.0.0.1:%d/?token=" SECRET, peer_port(peer));
	c.connect_ms = BRIEF;
	expect_failure(&c, HTTP_TIMEOUT_CONNECT);
	teardown();
}
END_TEST

START_TEST(a_port_without_a_listener_and_a_name_that_is_none_are_told_apart)
{
	struct http_call c;

	setup(4);
	c = call_to("/echo?token=" SECRET);
	peer_stop(peer);
	peer = NULL;
	expect_failure(&c, HTTP_REFUSED);
	/* too long for any name server to be asked, so that the machine's own does not matter */
	c.url = STR("http://a-name-that-has-more-than-the-sixty-three-characters-that-labels-have."
	            "invalid/?token=" SECRET);
	expect_failure(&c, HTTP_DNS);
	teardown();
}
END_TEST

START_TEST(a_body_of_exactly_the_limit_is_taken)
{
	struct http_call c;
	struct http_result r;

	setup(4);
	c = call_to("/bytes/100000");
	c.max_body = 100000;
	r = run(&c);
	ck_assert_int_eq(r.failure, HTTP_OK);
	ck_assert_uint_eq(r.body_len, 100000);
	http_result_deinit(&r);
	teardown();
}
END_TEST

START_TEST(a_compressed_body_comes_out_plain)
{
	struct http_call c;
	struct http_result r;

	setup(4);
	c = call_to("/gzip");
	r = run(&c);
	ck_assert_int_eq(r.failure, HTTP_OK);
	ck_assert_uint_eq(r.body_len, 6000);
	ck_assert_int_eq(memcmp(r.body + 5994, "hello ", 6), 0);
	http_result_deinit(&r);
	teardown();
}
END_TEST

START_TEST(a_redirect_is_an_answer_and_early_hints_are_none)
{
	struct http_call c;
	struct http_result r;

	setup(4);
	c = call_to("/redirect");
	r = run(&c);
	ck_assert_int_eq(r.failure, HTTP_OK);
	ck_assert_int_eq(r.status, 302);
	ck_assert_uint_eq(r.body_len, 0);
	ck_assert_ptr_nonnull(r.body);
	http_result_deinit(&r);
	ck_assert_uint_eq(peer_requests(peer), 1);
	c = call_to("/early");
	r = run(&c);
	ck_assert_int_eq(r.status, 200);
	ck_assert_int_eq(r.retry_after_ms, -1);
	ck_assert_int_eq(r.age_s, 1);
	ck_assert_str_eq(r.body, "late");
	http_result_deinit(&r);
	teardown();
}
END_TEST

START_TEST(thirty_two_calls_are_in_flight_at_once)
{
	struct http_call c;
	bool seen[33] = { false };
	uint64_t id;

	setup(32);
	c = call_to("/meet/32"); /* none is answered before all are there */
	for (int i = 0; i < 32; i++)
		ck_assert_ok(http_client_start(&client, &c, &id));
	ck_assert_err(http_client_start(&client, &c, &id), ERR_TOO_MANY);
	ck_assert_uint_eq(http_client_in_flight(&client), 32);
	for (int i = 0; i < 32; i++) {
		struct http_result r = take();

		ck_assert_int_eq(r.failure, HTTP_OK);
		ck_assert_str_eq(r.body, "met");
		ck_assert(r.id >= 1 && r.id <= 32 && !seen[r.id]);
		seen[r.id] = true;
		http_result_deinit(&r);
	}
	ck_assert_uint_eq(http_client_in_flight(&client), 0);
	ck_assert_uint_eq(peer_connections(peer), 32);
	teardown();
}
END_TEST

START_TEST(connections_are_used_again)
{
	setup(4);
	for (int i = 0; i < 20; i++) {
		struct http_call c = call_to(i % 2 ? "/gzip" : "/echo");
		struct http_result r = run(&c);

		ck_assert_int_eq(r.failure, HTTP_OK);
		http_result_deinit(&r);
	}
	ck_assert_uint_eq(peer_requests(peer), 20);
	ck_assert_uint_eq(peer_connections(peer), 1);
	teardown();
}
END_TEST

/* Whoever starts a hundred calls, and reads a database before each, must not hold the first ones
 * up. */
START_TEST(over_a_kept_connection_a_request_leaves_when_it_is_started)
{
	struct http_call c;
	struct http_result r;
	int64_t end;
	uint64_t id;

	setup(4);
	c = call_to("/echo");
	r = run(&c);
	http_result_deinit(&r);
	ck_assert_ok(http_client_start(&client, &c, &id));
	end = clock_mono_us(&clock_real) + PATIENCE * INT64_C(1000);
	while (peer_requests(peer) < 2)
		ck_assert_msg(clock_mono_us(&clock_real) < end, "it does not leave");
	ck_assert_uint_eq(peer_connections(peer), 1);
	r = take();
	ck_assert_int_eq(r.failure, HTTP_OK);
	http_result_deinit(&r);
	teardown();
}
END_TEST

static int64_t late_us; /* of the clock below, against the real one */

static int64_t
late_mono_us(void *ctx)
{
	return clock_mono_us(ctx) + late_us;
}

static int64_t
late_now_ms(void *ctx)
{
	return clock_now(ctx) + late_us / 1000;
}

/* Whoever was held up for longer than the limits finds all answers that have come meanwhile. */
START_TEST(answers_that_are_there_are_no_timeouts_however_many_and_however_late)
{
	struct clock real = clock_real;
	const struct clock clock = { .now_ms = late_now_ms, .mono_us = late_mono_us, .ctx = &real };
	const struct http_client_options o = { .max_in_flight = MANY, .clock = &clock };
	struct http_call c;
	struct http_result r;
	unsigned taken = 0;
	uint64_t id;

	peer = peer_start();
	ck_assert_ok(http_client_open(&o, &client));
	c = call_to(MEET_MANY);
	for (int i = 0; i < MANY; i++)
		ck_assert_ok(http_client_start(&client, &c, &id));
	while (peer_requests(peer) < MANY) {
		while (http_client_next(&client, &r)) { /* they have met while it looked */
			ck_assert_int_eq(r.failure, HTTP_OK);
			http_result_deinit(&r);
			taken++;
		}
		(void)http_client_wait(&client, -1, 10);
	}
	while (peer_answers(peer) < MANY)
		(void)usleep(1000);
	late_us = 2 * PATIENCE * INT64_C(1000);
	for (; taken < MANY; taken++) {
		ck_assert(http_client_next(&client, &r));
		ck_assert_msg(r.failure == HTTP_OK, "%u: %s", taken, r.detail);
		http_result_deinit(&r);
	}
	teardown();
}
END_TEST

START_TEST(a_kept_connection_that_has_ended_is_no_failure)
{
	setup(4);
	for (int i = 0; i < 10; i++) {
		struct http_call c = call_to("/once");
		struct http_result r = run(&c);

		ck_assert_msg(r.failure == HTTP_OK, "call %d: %s", i, r.detail);
		http_result_deinit(&r);
	}
	ck_assert_uint_eq(peer_requests(peer), 10);
	teardown();
}
END_TEST

/* Whoever was asked may have done it: a message must not go out twice. */
START_TEST(what_has_a_body_is_sent_once_whatever_becomes_of_the_connection)
{
	setup(4);
	for (unsigned i = 1; i <= 3; i++) {
		struct http_call kept = call_to("/echo"), c = call_to("/close");
		struct http_result r = run(&kept);

		ck_assert_int_eq(r.failure, HTTP_OK);
		http_result_deinit(&r);
		c.method = STR("POST");
		c.body = STR("{\"text\":\"oi\"}");
		expect_failure(&c, HTTP_CUT);
		ck_assert_uint_eq(peer_requests(peer), 2 * i);
	}
	teardown();
}
END_TEST

START_TEST(a_cancelled_call_has_no_result)
{
	struct http_call silent, echo;
	struct http_result r;
	uint64_t first = 0, second = 0;

	setup(2);
	silent = call_to("/silent");
	echo = call_to("/echo");
	ck_assert_ok(http_client_start(&client, &silent, &first));
	ck_assert_ok(http_client_start(&client, &silent, &second));
	while (peer_requests(peer) < 2) {
		ck_assert(!http_client_next(&client, &r));
		(void)http_client_wait(&client, -1, 10);
	}
	http_client_cancel(&client, first);
	http_client_cancel(&client, first);
	http_client_cancel(&client, 999);
	ck_assert_uint_eq(http_client_in_flight(&client), 1);
	r = run(&echo);
	ck_assert_int_eq(r.failure, HTTP_OK);
	http_result_deinit(&r);
	teardown(); /* with one in flight */
}
END_TEST

START_TEST(waiting_ends_for_a_wake_up_for_a_result_and_for_a_time_limit)
{
	struct http_call c;
	struct http_result r;
	uint64_t one = 1, id;
	int fd = eventfd(0, EFD_CLOEXEC);
	int64_t begun;

	setup(2);
	ck_assert_int_ge(fd, 0);
	ck_assert(!http_client_wait(&client, fd, 0));
	ck_assert_int_eq(write(fd, &one, sizeof one), sizeof one);
	c = call_to("/silent");
	ck_assert_ok(http_client_start(&client, &c, &id));
	begun = clock_mono_us(&clock_real);
	while (!http_client_wait(&client, fd, PATIENCE))
		ck_assert(!http_client_next(&client, &r));
	ck_assert_int_eq(read(fd, &one, sizeof one), sizeof one);
	ck_assert(!http_client_wait(&client, fd, 0));
	http_client_cancel(&client, id);
	c.first_byte_ms = BRIEF;
	ck_assert_ok(http_client_start(&client, &c, &id));
	while (!http_client_next(&client, &r))
		ck_assert(!http_client_wait(&client, fd, PATIENCE));
	ck_assert_int_eq(r.failure, HTTP_TIMEOUT_FIRST_BYTE);
	ck_assert_int_lt(clock_mono_us(&clock_real) - begun, PATIENCE * INT64_C(1000));
	close(fd);
	teardown();
}
END_TEST

START_TEST(calls_that_are_not_allowed_do_not_begin)
{
	static const char *const urls[] = {
		"ftp://127.0.0.1/",
		"file:///etc/passwd",
		"//127.0.0.1/",
		"http://",
		"http:///path",
		"http://?q",
		"http://user:pw@127.0.0.1",
		"http://127.0.0.1/ b",
		"http://127.0.0.1/\r\nX: y",
		"http://127.0.0.1\\@other",
		"gopher://127.0.0.1",
		"",
	};
	struct http_call c;
	uint64_t id;

	setup(2);
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		c = call_to("/echo");
		c.url = str_from(urls[i]);
		ck_assert_msg(http_client_start(&client, &c, &id) == ERR_INVALID, "%s", urls[i]);
	}
	c = call_to("/echo");
	c.headers = (const struct http_header_out[]){ { "X-A", STR("a\r\nX-B: b") }, { 0 } };
	ck_assert_err(http_client_start(&client, &c, &id), ERR_INVALID);
	c.headers = (const struct http_header_out[]){ { "X A", STR("a") }, { 0 } };
	ck_assert_err(http_client_start(&client, &c, &id), ERR_INVALID);
	c.headers = NULL;
	c.method = STR("GET /x HTTP/1.1\r\n");
	ck_assert_err(http_client_start(&client, &c, &id), ERR_INVALID);
	ck_assert_uint_eq(http_client_in_flight(&client), 0);
	teardown();
}
END_TEST

START_TEST(metadata_and_link_local_addresses_are_never_connected_to)
{
	static const struct {
		const char *address;
		bool forbidden;
	} rows[] = {
		{ "169.254.169.254", true },
		{ "169.254.0.1", true },
		{ "100.100.100.200", true },
		{ "168.63.129.16", true },
		{ "192.0.0.192", true },
		{ "fe80::1", true },
		{ "febf::1", true },
		{ "fd00:ec2::254", true },
		{ "fd20:ce::254", true },
		{ "::ffff:169.254.169.254", true },
		{ "::169.254.169.254", true },
		{ "64:ff9b::a9fe:a9fe", true },
		{ "2002:a9fe:a9fe::1", true },
		{ "127.0.0.1", false },
		{ "10.0.0.1", false },
		{ "192.168.1.1", false },
		{ "169.253.255.255", false },
		{ "169.255.0.0", false },
		{ "100.100.100.201", false },
		{ "::1", false },
		{ "fec0::1", false },
		{ "fd00:ec2::253", false },
		{ "2001:db8::a9fe:a9fe", false },
		{ "::ffff:127.0.0.1", false },
	};
	struct http_call c;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sockaddr_in v4 = { .sin_family = AF_INET };
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
		bool six = strchr(rows[i].address, ':') != NULL;
		const struct sockaddr *a = six ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;

		ck_assert_int_eq(inet_pton(six ? AF_INET6 : AF_INET, rows[i].address,
		                           six ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr),
		                 1);
		ck_assert_msg(http_address_forbidden(a) == rows[i].forbidden, "%s",
		              rows[i].address);
	}
	ck_assert(http_address_forbidden(&(struct sockaddr){ .sa_family = AF_UNIX }));
	setup(2);
	c = call_to("/");
	c.connect_ms = c.first_byte_ms = c.whole_ms = PATIENCE;
	c.url = STR("http://169.254.169.254/latest/meta-data/");
	expect_failure(&c, HTTP_FORBIDDEN);
	c.url = STR("http://0xA9FEA9FE/"); /* the same, spelled to get past a look at the text */
	expect_failure(&c, HTTP_FORBIDDEN);
	c.url = STR("http://[::ffff:169.254.169.254]/");
	expect_failure(&c, HTTP_FORBIDDEN);
	teardown();
}
END_TEST

START_TEST(dates_are_read_in_the_three_forms_of_http)
{
	static const struct {
		const char *text;
		int64_t ms; /* TIME_NONE: none */
	} rows[] = {
		{ "Sun, 06 Nov 1994 08:49:37 GMT", INT64_C(784111777000) },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", INT64_C(784111777000) },
		{ "Sun Nov  6 08:49:37 1994", INT64_C(784111777000) },
		{ "Tuesday, 20-Jan-26 11:00:00 GMT", INT64_C(1768906800000) },
		{ "Thu, 01-Jan-76 00:00:00 GMT", INT64_C(3345062400000) },
		{ "Fri, 01-Jan-77 00:00:00 GMT", INT64_C(220924800000) },
		{ " Tue, 20 Jan 2026 11:00:00 GMT ", INT64_C(1768906800000) },
		{ "Tue, 20 Jan 2026 11:00:00 UTC", TIME_NONE },
		{ "Tue, 20 Jan 2026 11:00:00", TIME_NONE },
		{ "Tue, 20 Jan 2026 25:00:00 GMT", TIME_NONE },
		{ "Tue, 30 Feb 2026 11:00:00 GMT", TIME_NONE },
		{ "Tue, 20 Foo 2026 11:00:00 GMT", TIME_NONE },
		{ "Tue, 20 Jan 2026 11:00:00 GMT x", TIME_NONE },
		{ "Tue, 20 Jan 2026 11:00 GMT", TIME_NONE },
		{ "amanhã cedo", TIME_NONE },
		{ "2026-01-20T11:00:00Z", TIME_NONE },
		{ "0", TIME_NONE },
		{ "", TIME_NONE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t ms = http_date_parse(str_from(rows[i].text), INT64_C(1768906800000));

		ck_assert_msg(ms == rows[i].ms, "%s: %lld", rows[i].text, (long long)ms);
	}
}
END_TEST

START_TEST(headers_that_are_malformed_count_as_absent)
{
	static const struct {
		const char *lines[3];
		int64_t date_ms, age_s, retry_after_ms;
	} rows[] = {
		{ { "date: Tue, 20 Jan 2026 11:00:00 GMT", "AGE: 12" },
		  INT64_C(1768906800000),
		  12,
		  -1 },
		{ { "Date: soon", "Age: -1", "Retry-After: soon" }, TIME_NONE, -1, -1 },
		{ { "Retry-After: 120", "Age: 1.5" }, TIME_NONE, -1, 120000 },
		{ { "Retry-After: 99999999999999999999" }, TIME_NONE, -1, -1 },
		/* by its own clock, whichever comes first */
		{ { "Retry-After: Tue, 20 Jan 2026 11:00:05 GMT",
		    "Date: Tue, 20 Jan 2026 11:00:00 GMT" },
		  INT64_C(1768906800000),
		  -1,
		  5000 },
		/* by ours */
		{ { "Retry-After: Tue, 20 Jan 2026 11:00:05 GMT" }, TIME_NONE, -1, 15000 },
		{ { "Retry-After: Tue, 20 Jan 2026 10:00:00 GMT" }, TIME_NONE, -1, 0 },
		{ { "Dates: Tue, 20 Jan 2026 11:00:00 GMT", "no colon" }, TIME_NONE, -1, -1 },
	};
	const int64_t now = INT64_C(1768906790000);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct http_result r = { 0 };

		http_result_begin(&r);
		for (int k = 0; k < 3 && rows[i].lines[k] != NULL; k++)
			http_result_header(&r, str_from(rows[i].lines[k]), now);
		http_result_end(&r, now);
		ck_assert_msg(r.date_ms == rows[i].date_ms, "row %zu: date", i);
		ck_assert_msg(r.age_s == rows[i].age_s, "row %zu: age", i);
		ck_assert_msg(r.retry_after_ms == rows[i].retry_after_ms, "row %zu: %lld", i,
		              (long long)r.retry_after_ms);
	}
}
END_TEST

START_TEST(a_file_of_authorities_that_is_not_there_is_said_at_once)
{
	const struct http_client_options o = { .ca_file = STR("/nonexistent/ca.pem"),
		                               .max_in_flight = 1,
		                               .clock = &clock_real };
	struct http_client none = { 0 };

	ck_assert_err(http_client_open(&o, &none), ERR_IO);
	http_client_close(&none);
}
END_TEST

/* The fake keeps what the interface promises. */
START_TEST(a_scripted_client_answers_when_its_clock_says_so)
{
	static const char *const headers[] = { "Retry-After: 3", NULL };
	static const struct http_fake_row rows[] = {
		{ "/a", { .delay_ms = 50, .body = { "slow", 4 } } },
		{ "/b", { .status = 429, .headers = headers } },
		{ "/c", { .delay_ms = 5000 } },
		{ "/d", { .delay_ms = 10, .body_delay_ms = 9000 } },
		{ "/e", { .failure = HTTP_REFUSED } },
		{ "/f", { .body = { "too long", 8 } } },
	};
	static const char paths[] = "abcdef";
	static const struct {
		int64_t at;
		uint64_t id;
		enum http_failure failure;
		int status;
	} wanted[] = {
		{ 0, 2, HTTP_OK, 429 },
		{ 0, 5, HTTP_REFUSED, 0 },
		{ 0, 6, HTTP_TOO_LARGE, 0 },
		{ 50, 1, HTTP_OK, 200 },
		{ 1000, 3, HTTP_TIMEOUT_FIRST_BYTE, 0 },
		{ 2000, 4, HTTP_TIMEOUT_WHOLE, 0 },
	};
	struct http_fake_script script = { rows, sizeof rows / sizeof rows[0], 0 };
	struct clock_fake time = { 0 };
	struct clock clock = clock_fake(&time);
	struct http_fake *f = http_fake_new(&clock, 7, http_fake_scripted, &script);
	const struct http_client *c = http_fake_client(f);
	struct http_result r;
	uint64_t id;

	for (int i = 0; i < 6; i++) {
		struct http_call call = { .url = str_fmt(test_arena(), "http://x/%c", paths[i]),
			                  .connect_ms = 500,
			                  .first_byte_ms = 1000,
			                  .whole_ms = 2000,
			                  .max_body = 5 };

		ck_assert_ok(http_client_start(c, &call, &id));
	}
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		ck_assert_int_eq(http_fake_due(f), wanted[i].at);
		if (time.now_ms < wanted[i].at)
			ck_assert(!http_client_next(c, &r));
		time.now_ms = wanted[i].at;
		ck_assert(http_client_next(c, &r));
		ck_assert_uint_eq(r.id, wanted[i].id);
		ck_assert_int_eq(r.failure, wanted[i].failure);
		ck_assert_int_eq(r.status, wanted[i].status);
		ck_assert_int_eq(r.retry_after_ms, wanted[i].id == 2 ? 3000 : -1);
		http_result_deinit(&r);
	}
	ck_assert_uint_eq(http_fake_peak(f), 6);
	ck_assert_int_eq(http_fake_due(f), INT64_MAX);
	http_fake_free(f);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("http_client",
	                  an_answer_has_status_body_and_the_headers_that_callers_act_on,
	                  method_headers_and_body_arrive,
	                  every_failure_has_its_name_and_no_secret_in_its_text,
	                  a_handshake_that_does_not_end_is_a_connection_that_was_not_made,
	                  a_port_without_a_listener_and_a_name_that_is_none_are_told_apart,
	                  a_body_of_exactly_the_limit_is_taken, a_compressed_body_comes_out_plain,
	                  a_redirect_is_an_answer_and_early_hints_are_none,
	                  thirty_two_calls_are_in_flight_at_once, connections_are_used_again,
	                  over_a_kept_connection_a_request_leaves_when_it_is_started,
	                  answers_that_are_there_are_no_timeouts_however_many_and_however_late,
	                  a_kept_connection_that_has_ended_is_no_failure,
	                  what_has_a_body_is_sent_once_whatever_becomes_of_the_connection,
	                  a_cancelled_call_has_no_result,
	                  waiting_ends_for_a_wake_up_for_a_result_and_for_a_time_limit,
	                  calls_that_are_not_allowed_do_not_begin,
	                  metadata_and_link_local_addresses_are_never_connected_to,
	                  dates_are_read_in_the_three_forms_of_http,
	                  headers_that_are_malformed_count_as_absent,
	                  a_file_of_authorities_that_is_not_there_is_said_at_once,
	                  a_scripted_client_answers_when_its_clock_says_so);
}

TEST_MAIN(make_suite)
