/* The pool of handler threads: bounded, each thread its context, nothing that was taken in is lost.
 */
#include "http_fixture.h"

struct pool_test {
	struct fixture *f;
	struct http_pool *pool;
	pthread_mutex_t gate; /* held by the test: handlers wait */
	atomic_int started, submitted, handled, rejected, foreign;
};

static _Thread_local int own_mark;

static void *
thread_start(void *ctx)
{
	struct pool_test *t = ctx;

	atomic_fetch_add(&t->started, 1);
	return &own_mark;
}

static void
thread_end(void *thread_ctx)
{
	*(int *)thread_ctx = 0;
}

static void
handle(void *ctx, void *thread_ctx, struct http_exchange *ex)
{
	struct pool_test *t = ctx;

	if (thread_ctx != &own_mark)
		atomic_fetch_add(&t->foreign, 1);
	pthread_mutex_lock(&t->gate);
	pthread_mutex_unlock(&t->gate);
	atomic_fetch_add(&t->handled, 1);
	http_reply(ex, 200, NULL, STR("done"), NULL);
}

static void
dispatch(void *ctx, struct http_exchange *ex)
{
	struct pool_test *t = ctx;

	if (http_pool_submit(t->pool, ex) == ERR_OK) {
		atomic_fetch_add(&t->submitted, 1);
		return;
	}
	atomic_fetch_add(&t->rejected, 1);
	http_reply(ex, 503, NULL, STR("full"), NULL);
}

static void
begin(struct pool_test *t, unsigned threads, unsigned queue)
{
	const struct http_pool_options o = { .threads = threads,
		                             .queue = queue,
		                             .thread_start = thread_start,
		                             .thread_end = thread_end,
		                             .handle = handle,
		                             .ctx = t };

	memset(t, 0, sizeof(*t));
	pthread_mutex_init(&t->gate, NULL);
	ck_assert_ok(http_pool_start(&o, &t->pool));
	t->f = fixture_new();
	t->f->options.hooks.dispatch = dispatch;
	t->f->options.hooks.ctx = t;
	t->f->options.hooks.refused = NULL;
	fixture_start(t->f);
}

START_TEST(each_thread_has_its_own_context)
{
	struct pool_test t;

	begin(&t, 3, 10);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(ask(t.f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	http_pool_stop(t.pool);
	ck_assert_int_eq(t.started, 3);
	ck_assert_int_eq(t.handled, 100);
	ck_assert_int_eq(t.foreign, 0);
	fixture_end(t.f);
}
END_TEST

START_TEST(what_does_not_fit_into_the_queue_is_refused_at_once)
{
	struct client c[10];
	struct pool_test t;
	int ok = 0, full = 0;

	begin(&t, 1, 4);
	pthread_mutex_lock(&t.gate);
	for (int i = 0; i < 10; i++) {
		c[i] = client_open(t.f);
		client_send(&c[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	wait_for(t.f, &t.rejected, 5);
	pthread_mutex_unlock(&t.gate);
	for (int i = 0; i < 10; i++) {
		int status = client_status(&c[i]);

		ok += status == 200;
		full += status == 503;
		client_close(&c[i]);
	}
	ck_assert_int_eq(ok + full, 10);
	ck_assert_int_eq(full, t.rejected);
	ck_assert_int_ge(ok, 4);
	http_pool_stop(t.pool);
	fixture_end(t.f);
}
END_TEST

static void *
stop_pool(void *pool)
{
	http_pool_stop(pool);
	return NULL;
}

START_TEST(stopping_finishes_what_is_queued)
{
	struct client c[8];
	struct pool_test t;
	pthread_t stopper;

	begin(&t, 2, 8);
	pthread_mutex_lock(&t.gate);
	for (int i = 0; i < 8; i++) {
		c[i] = client_open(t.f);
		client_send(&c[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	wait_for(t.f, &t.submitted, 8);
	ck_assert_int_eq(pthread_create(&stopper, NULL, stop_pool, t.pool), 0);
	pthread_mutex_unlock(&t.gate);
	pthread_join(stopper, NULL);
	ck_assert_int_eq(t.handled, 8);
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(client_status(&c[i]), 200);
		client_close(&c[i]);
	}
	fixture_end(t.f);
}
END_TEST

START_TEST(a_pool_without_threads_or_queue_is_an_error)
{
	const struct http_pool_options none = { .threads = 0, .queue = 1, .handle = handle };
	const struct http_pool_options narrow = { .threads = 1, .queue = 0, .handle = handle };
	struct http_pool *p = NULL;

	ck_assert_err(http_pool_start(&none, &p), ERR_INVALID);
	ck_assert_err(http_pool_start(&narrow, &p), ERR_INVALID);
	ck_assert_ptr_null(p);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("http_pool", each_thread_has_its_own_context,
	                  what_does_not_fit_into_the_queue_is_refused_at_once,
	                  stopping_finishes_what_is_queued,
	                  a_pool_without_threads_or_queue_is_an_error);
}

TEST_MAIN(make_suite)
