/* net/http_stream: answers without an end, over real sockets. */
#include <dirent.h>
#include <sys/resource.h>

#include "http_fixture.h"
#include "net/http_stream.h"

#define MANY 1000

static struct fixture *
start(unsigned streams)
{
	struct fixture *f = fixture_new();

	f->options.limits.streams = streams;
	return f;
}

/* A client that asked, and the stream that it got. */
static struct client
open_stream(struct fixture *f, struct http_stream **st)
{
	struct client c = client_open(f);

	client_send(&c, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_ok(http_stream_open(take_held(f), "text/event-stream", st));
	return c;
}

/* Reads until the text has come. */
static void
expect(struct client *c, const char *text)
{
	while (c->n == 0 || strstr(c->p, text) == NULL)
		ck_assert_msg(client_fill(c), "%s did not come", text);
}

static void
expect_gone(struct http_stream *st)
{
	int64_t end = now_ms() + PATIENCE_MS;
	enum err e;

	while ((e = http_stream_write(st, STR("x"))) != ERR_CANCELLED && now_ms() < end)
		poll(NULL, 0, 1);
	ck_assert_err(e, ERR_CANCELLED);
}

static void
read_to_end(struct client *c)
{
	while (client_fill(c))
		c->n = 0;
}

START_TEST(what_is_written_comes_as_it_is_written_and_ends_when_it_is_closed)
{
	struct fixture *f = start(4);
	struct http_stream *st;
	struct client c;

	fixture_start(f);
	c = open_stream(f, &st);
	expect(&c, "\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(c.p, "HTTP/1.1 200 OK\r\n"));
	ck_assert_ptr_nonnull(strstr(c.p, "\r\nContent-Type: text/event-stream\r\n"));
	ck_assert_ptr_nonnull(strstr(c.p, "\r\nX-Content-Type-Options: nosniff\r\n"));
	ck_assert_ptr_nonnull(strstr(c.p, "\r\nX-Request-Id: "));
	ck_assert_ptr_null(strstr(c.p, "Content-Length"));
	for (int i = 0; i < 100; i++) {
		char text[16];

		snprintf(text, sizeof(text), "<%d>", i);
		ck_assert_ok(http_stream_write(st, str_from(text)));
		expect(&c, text);
	}
	ck_assert_int_eq(http_stream_count(f->server), 1);
	ck_assert_ok(http_stream_write(st, STR("the last")));
	http_stream_close(st);
	while (client_fill(&c))
		;
	ck_assert_str_eq(c.p + c.n - 8, "the last");
	wait_metric(M_HTTP_CONNECTIONS, 0);
	ck_assert_int_eq(metrics_value(M_HTTP_STREAMS), 0);
	client_close(&c);
	fixture_end(f);
}
END_TEST

START_TEST(the_end_of_a_client_is_noticed_without_writing)
{
	struct fixture *f = start(4);
	struct http_stream *st[3];
	struct client c;

	fixture_start(f);
	c = open_stream(f, &st[0]);
	expect(&c, "\r\n\r\n");
	client_close(&c);
	wait_metric(M_HTTP_STREAMS, 0);
	ck_assert_err(http_stream_write(st[0], STR("x")), ERR_CANCELLED);
	http_stream_close(st[0]);
	/* half-closed is gone too, and so is who left before its answer */
	c = open_stream(f, &st[1]);
	shutdown(c.fd, SHUT_WR);
	expect_gone(st[1]);
	http_stream_close(st[1]);
	client_close(&c);
	c = client_open(f);
	client_send(&c, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	struct http_exchange *ex = take_held(f);

	client_close(&c);
	ck_assert_ok(http_stream_open(ex, "text/plain", &st[2]));
	expect_gone(st[2]);
	http_stream_close(st[2]);
	wait_metric(M_HTTP_CONNECTIONS, 0);
	fixture_end(f);
}
END_TEST

START_TEST(who_takes_nothing_waits_for_a_bounded_number_of_bytes_and_is_cut_off)
{
	struct fixture *f = start(4);
	char block[4096];
	struct http_stream *st, *lively;
	struct client c, other;
	size_t taken = 0;
	enum err e = ERR_OK;

	memset(block, 'x', sizeof(block));
	f->options.limits.request_ms = 300;
	fixture_start(f);
	c = open_stream(f, &st);
	other = open_stream(f, &lively);
	/* the system's buffers take some, then what waits is bounded */
	for (int64_t end = now_ms() + PATIENCE_MS; e != ERR_CANCELLED && now_ms() < end;) {
		e = http_stream_write(st, str_n(block, sizeof(block)));
		taken += e == ERR_OK ? sizeof(block) : 0;
		if (e == ERR_TOO_LARGE)
			poll(NULL, 0, 1);
	}
	ck_assert_err(e, ERR_CANCELLED);
	ck_assert_uint_gt(taken, HTTP_STREAM_PENDING / 2);
	read_to_end(&c);
	http_stream_close(st);
	/* meanwhile, and after longer than request_ms without a word, the other is as it was */
	ck_assert_ok(http_stream_write(lively, STR("still here")));
	expect(&other, "still here");
	http_stream_close(lively);
	client_close(&c);
	client_close(&other);
	fixture_end(f);
}
END_TEST

START_TEST(who_reads_late_gets_all_in_order)
{
	struct fixture *f = start(4);
	size_t total = (size_t)8 << 20, written = 0, read = 0, wrong = 0;
	struct http_stream *st;
	struct client c;
	char block[8000];
	bool head = false;

	fixture_start(f);
	c = open_stream(f, &st);
	while (read < total) {
		while (written < total) {
			size_t n = total - written < sizeof(block) ? total - written
			                                           : sizeof(block);

			for (size_t i = 0; i < n; i++)
				block[i] = (char)('a' + (written + i) % 23);
			if (http_stream_write(st, str_n(block, n)) != ERR_OK)
				break;
			written += n;
		}
		ck_assert(client_fill(&c));
		if (!head) {
			const char *end;

			expect(&c, "\r\n\r\n");
			end = strstr(c.p, "\r\n\r\n") + 4;
			c.n -= (size_t)(end - c.p);
			memmove(c.p, end, c.n);
			head = true;
		}
		for (size_t i = 0; i < c.n; i++, read++)
			wrong += c.p[i] != (char)('a' + read % 23);
		ck_assert_uint_eq(wrong, 0);
		c.n = 0;
	}
	http_stream_close(st);
	client_close(&c);
	fixture_end(f);
}
END_TEST

START_TEST(beyond_the_limit_the_exchange_is_still_to_be_answered)
{
	struct fixture *f = start(2);
	struct http_stream *st[3];
	struct http_exchange *ex;
	struct client c[3];

	fixture_start(f);
	for (int i = 0; i < 2; i++)
		c[i] = open_stream(f, &st[i]);
	c[2] = client_open(f);
	client_send(&c[2], "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	ex = take_held(f);
	ck_assert_err(http_stream_open(ex, "text/plain", &st[2]), ERR_UNAVAILABLE);
	http_reply(ex, 503, "text/plain", STR("full"), NULL);
	ck_assert_int_eq(client_status(&c[2]), 503);
	client_close(&c[0]);
	wait_metric(M_HTTP_STREAMS, 1);
	client_send(&c[2], "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_ok(http_stream_open(take_held(f), "text/plain", &st[2]));
	for (int i = 0; i < 3; i++)
		http_stream_close(st[i]);
	read_to_end(&c[1]);
	read_to_end(&c[2]);
	client_close(&c[1]);
	client_close(&c[2]);
	fixture_end(f);
}
END_TEST

START_TEST(stopping_ends_streams_at_once_and_their_owners_may_be_late)
{
	struct fixture *f = start(8);
	struct http_stream *st[5];
	struct client c[5];
	struct http_exchange *ex;

	fixture_start(f);
	for (int i = 0; i < 4; i++)
		c[i] = open_stream(f, &st[i]);
	for (int i = 0; i < 4; i++)
		expect(&c[i], "\r\n\r\n");
	/* one that has more waiting than its client takes, and one that is opened too late */
	while (http_stream_write(st[3], STR("0123456789abcdef0123456789abcdef")) == ERR_OK)
		;
	c[4] = client_open(f);
	client_send(&c[4], "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	ex = take_held(f);
	http_pool_stop(f->pool);
	f->pool = NULL;
	ck_assert_ok(http_stream_open(ex, "text/plain", &st[4]));
	http_server_stop(f->server, 3600000); /* would wait for an hour */
	for (int i = 0; i < 5; i++) {
		read_to_end(&c[i]);
		client_close(&c[i]);
		ck_assert_err(http_stream_write(st[i], STR("x")), ERR_CANCELLED);
		http_stream_close(st[i]);
	}
	ck_assert_int_eq(metrics_value(M_HTTP_STREAMS), 0);
	ck_assert_int_eq(metrics_value(M_HTTP_CONNECTIONS), 0);
	f->server = NULL;
	fixture_end(f);
}
END_TEST

struct writer {
	struct http_stream *st;
	atomic_bool stop;
};

static void *
write_on(void *arg)
{
	struct writer *w = arg;

	while (!atomic_load(&w->stop))
		if (http_stream_write(w->st, STR("tick ")) == ERR_TOO_LARGE)
			poll(NULL, 0, 1);
	http_stream_close(w->st);
	return NULL;
}

START_TEST(threads_write_while_clients_come_and_go_and_the_server_stops)
{
	struct fixture *f = start(64);
	struct writer w[16];
	pthread_t threads[16];
	struct client c[16];

	fixture_start(f);
	for (int i = 0; i < 16; i++) {
		c[i] = open_stream(f, &w[i].st);
		atomic_init(&w[i].stop, false);
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_on, &w[i]), 0);
		expect(&c[i], "tick ");
	}
	for (int i = 0; i < 8; i++)
		client_close(&c[i]);
	for (int i = 0; i < 12; i++)
		atomic_store(&w[i].stop, true);
	for (int i = 0; i < 12; i++)
		pthread_join(threads[i], NULL);
	http_pool_stop(f->pool);
	http_server_stop(f->server, 1000);
	for (int i = 12; i < 16; i++) {
		atomic_store(&w[i].stop, true);
		pthread_join(threads[i], NULL);
	}
	for (int i = 8; i < 16; i++)
		client_close(&c[i]);
	f->pool = NULL;
	f->server = NULL;
	fixture_end(f);
}
END_TEST

static size_t
resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	size_t all, resident;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%zu %zu", &all, &resident), 2);
	fclose(file);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static int
threads_now(void)
{
	DIR *dir = opendir("/proc/self/task");
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEASURED false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEASURED false
#endif
#endif
#ifndef MEASURED
#define MEASURED true
#endif

START_TEST(a_thousand_streams_cost_less_than_20_mb_and_no_thread)
{
	struct rlimit files = { 0 };
	struct fixture *f = start(MANY);
	struct client *c = calloc(MANY, sizeof(*c));
	struct http_stream **st = calloc(MANY, sizeof(*st));
	size_t before, cost;
	int threads;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	fixture_start(f);
	ck_assert_int_eq(ask(f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	before = resident_bytes();
	threads = threads_now();
	for (int i = 0; i < MANY; i++)
		c[i] = open_stream(f, &st[i]);
	for (int i = 0; i < MANY; i++) {
		char got[1024];

		ck_assert_ok(http_stream_write(st[i], STR("event: x\ndata: {}\n\n")));
		/* not kept, so that the clients cost nothing */
		ck_assert_int_gt(recv(c[i].fd, got, sizeof(got), 0), 0);
	}
	cost = resident_bytes() - before;
	printf("# %d streams: %zu bytes each\n", MANY, cost / MANY);
	ck_assert_int_eq(http_stream_count(f->server), MANY);
	ck_assert_int_eq(threads_now(), threads);
	if (MEASURED)
		ck_assert_uint_lt(cost, 20 * 1000 * 1000);
	for (int i = 0; i < MANY; i++)
		http_stream_close(st[i]);
	wait_metric(M_HTTP_CONNECTIONS, 0);
	for (int i = 0; i < MANY; i++)
		client_close(&c[i]);
	free(c);
	free(st);
	fixture_end(f);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("http_stream",
	                  what_is_written_comes_as_it_is_written_and_ends_when_it_is_closed,
	                  the_end_of_a_client_is_noticed_without_writing,
	                  who_takes_nothing_waits_for_a_bounded_number_of_bytes_and_is_cut_off,
	                  who_reads_late_gets_all_in_order,
	                  beyond_the_limit_the_exchange_is_still_to_be_answered,
	                  stopping_ends_streams_at_once_and_their_owners_may_be_late,
	                  threads_write_while_clients_come_and_go_and_the_server_stops,
	                  a_thousand_streams_cost_less_than_20_mb_and_no_thread);
}

TEST_MAIN(make_suite)
