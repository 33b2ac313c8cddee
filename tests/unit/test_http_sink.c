/* Bodies that are handed over piece by piece, by the real client and by the fake one. */
#include <stdio.h>

#include "http_fake.h"
#include "net/http_client.h"
#include "peer.h"
#include "testing.h"

#define PATIENCE 20000

static struct peer *peer;
static struct http_client client;

struct taken {
	size_t n, pieces, most; /* most: at that many it wants no more; 0: never */
	unsigned sum;
};

static bool
take_piece(void *ctx, struct str piece)
{
	struct taken *t = ctx;

	t->pieces++;
	t->n += piece.n;
	for (size_t i = 0; i < piece.n; i++)
		t->sum = t->sum * 31 + (unsigned char)piece.p[i];
	return t->most == 0 || t->n < t->most;
}

static struct http_result
run(const char *path, struct taken *t, size_t max_body)
{
	const struct http_client_options o = { .max_in_flight = 4, .clock = &clock_real };
	const struct http_call c = {
		.url = str_fmt(test_arena(), "http://127.0.0.1:%d%s", peer_port(peer), path),
		.connect_ms = PATIENCE,
		.first_byte_ms = PATIENCE,
		.whole_ms = PATIENCE,
		.max_body = max_body,
		.sink = t == NULL ? NULL : take_piece,
		.sink_ctx = t,
	};
	int64_t end = clock_mono_us(&clock_real) + PATIENCE * INT64_C(1000);
	struct http_result r;
	uint64_t id;

	ck_assert_ok(http_client_open(&o, &client));
	ck_assert_ok(http_client_start(&client, &c, &id));
	while (!http_client_next(&client, &r)) {
		ck_assert_msg(clock_mono_us(&clock_real) < end, "no result came");
		(void)http_client_wait(&client, -1, 1000);
	}
	http_client_close(&client);
	return r;
}

START_TEST(a_sink_gets_what_would_be_collected)
{
	struct taken t = { 0 }, whole = { 0 };
	struct http_result r;

	peer = peer_start();
	r = run("/bytes/900000", NULL, 1 << 20);
	ck_assert_uint_eq(r.body_len, 900000);
	(void)take_piece(&whole, str_n(r.body, r.body_len));
	http_result_deinit(&r);
	r = run("/bytes/900000", &t, 1 << 20);
	ck_assert(r.failure == HTTP_OK && r.status == 200);
	ck_assert_uint_eq(r.body_len, 900000);
	ck_assert_str_eq(r.body, "");
	ck_assert(t.n == whole.n && t.sum == whole.sum && t.pieces > 1);
	http_result_deinit(&r);
	t = (struct taken){ 0 };
	r = run("/gzip", &t, 1 << 20);
	ck_assert(r.failure == HTTP_OK && t.n == 6000);
	http_result_deinit(&r);
	peer_stop(peer);
}
END_TEST

START_TEST(a_sink_may_want_no_more_and_the_limit_holds)
{
	struct taken t = { .most = 20000 };
	struct http_result r;

	peer = peer_start();
	r = run("/bytes/900000", &t, 1 << 20);
	ck_assert_int_eq(r.failure, HTTP_STOPPED);
	ck_assert(t.n >= 20000 && t.n < 900000);
	ck_assert_str_eq(http_failure_name(r.failure), "stopped");
	http_result_deinit(&r);
	t = (struct taken){ 0 };
	r = run("/bytes/900000", &t, 100000);
	ck_assert_int_eq(r.failure, HTTP_TOO_LARGE);
	ck_assert_uint_le(t.n, 100000);
	http_result_deinit(&r);
	t = (struct taken){ 0 };
	r = run("/gzip", &t, 5999);
	ck_assert_int_eq(r.failure, HTTP_TOO_LARGE);
	ck_assert_uint_le(t.n, 5999);
	http_result_deinit(&r);
	t = (struct taken){ 0 };
	r = run("/cut", &t, 1 << 20);
	ck_assert_int_eq(r.failure, HTTP_CUT);
	http_result_deinit(&r);
	peer_stop(peer);
}
END_TEST

START_TEST(what_is_no_success_never_reaches_a_sink)
{
	struct taken t = { 0 };
	struct http_result r;

	peer = peer_start();
	r = run("/redirect", &t, 1 << 20);
	ck_assert(r.failure == HTTP_OK && r.status == 302);
	ck_assert_uint_eq(t.pieces, 0);
	http_result_deinit(&r);
	peer_stop(peer);
}
END_TEST

static void
fill(uint64_t seed, size_t at, char *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(seed + at + i);
}

static void
answer(void *ctx, const struct http_call *c, int64_t now_ms, struct http_fake_reply *out)
{
	(void)c;
	(void)now_ms;
	*out = *(const struct http_fake_reply *)ctx;
}

START_TEST(the_fake_pours_as_the_real_one_does)
{
	static const struct {
		int status;
		size_t filler, cut_at, max_body, most, got;
		enum http_failure failure;
	} cases[] = {
		{ 200, 50000, 0, 60000, 0, 50005, HTTP_OK },
		{ 200, 50000, 20000, 60000, 0, 20000, HTTP_CUT },
		{ 200, 50000, 0, 40000, 0, 32005, HTTP_TOO_LARGE },
		{ 200, 50000, 0, 60000, 10000, 16005, HTTP_STOPPED },
		{ 503, 50000, 0, 60000, 0, 0, HTTP_OK },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct http_fake_reply reply = { .status = cases[i].status,
			                         .body = STR("first"),
			                         .filler = cases[i].filler,
			                         .fill = fill,
			                         .cut_at = cases[i].cut_at };
		struct taken t = { .most = cases[i].most };
		const struct http_call call = { .url = STR("http://x/"),
			                        .connect_ms = 1,
			                        .first_byte_ms = 1000,
			                        .whole_ms = 1000,
			                        .max_body = cases[i].max_body,
			                        .sink = take_piece,
			                        .sink_ctx = &t };
		struct clock_fake time = { 0 };
		struct clock clock = clock_fake(&time);
		struct http_fake *f = http_fake_new(&clock, 1, answer, &reply);
		struct http_result r;
		uint64_t id;

		ck_assert_ok(http_client_start(http_fake_client(f), &call, &id));
		ck_assert(http_client_next(http_fake_client(f), &r));
		ck_assert_int_eq(r.failure, cases[i].failure);
		ck_assert_uint_eq(t.n, cases[i].got);
		http_result_deinit(&r);
		http_fake_free(f);
	}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("http sink", a_sink_gets_what_would_be_collected,
	                  a_sink_may_want_no_more_and_the_limit_holds,
	                  what_is_no_success_never_reaches_a_sink,
	                  the_fake_pours_as_the_real_one_does);
}

TEST_MAIN(make_suite)
