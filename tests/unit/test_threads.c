/* Drivers, wake-ups, clocks and signals. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/signals.h"
#include "sys/threads.h"
#include "testing.h"

#define LONG_MS 30000 /* far beyond what a test may take */

START_TEST(the_fake_clock_moves_only_when_told)
{
	struct clock_fake f = { .now_ms = 1000 };
	struct clock c = clock_fake(&f);

	ck_assert_int_eq(clock_now(&c), 1000);
	ck_assert_int_eq(clock_mono_us(&c), 1000000);
	f.now_ms += 5;
	ck_assert_int_eq(clock_now(&c), 1005);
	ck_assert_int_eq(clock_mono_us(&c), 1005000);
	ck_assert_int_gt(clock_now(&clock_real), 1700000000000);
	ck_assert_int_le(clock_mono_us(&clock_real), clock_mono_us(&clock_real));
}
END_TEST

START_TEST(a_wake_before_the_wait_is_not_lost_and_counts_once)
{
	struct wake *w = wake_new();

	ck_assert(!wake_wait(w, 0));
	ck_assert(!wake_wait(w, -5));
	wake_set(w);
	wake_set(w);
	ck_assert(wake_wait(w, LONG_MS));
	ck_assert(!wake_wait(w, 1));
	wake_free(w);
	wake_free(NULL);
}
END_TEST

struct counter {
	atomic_int calls;
	int until; /* DONE at this call */
	int64_t wait_ms;
	struct wake *reached; /* set at each call */
	char name[32];
};

static enum step
count_step(void *worker, int64_t now_ms, int64_t *next_ms)
{
	struct counter *c = worker;
	int calls = atomic_fetch_add(&c->calls, 1) + 1;

	(void)pthread_getname_np(pthread_self(), c->name, sizeof(c->name));
	if (c->reached != NULL)
		wake_set(c->reached);
	if (calls == c->until)
		return STEP_DONE;
	*next_ms = now_ms + c->wait_ms;
	return c->wait_ms == 0 ? STEP_AGAIN : STEP_WAIT;
}

START_TEST(a_driver_calls_its_step_until_it_is_done)
{
	struct counter c = { .until = 1000 };
	struct driver *d;

	ck_assert_ok(driver_start("a-name-of-more-than-15", count_step, &c, &clock_real, NULL, &d));
	driver_join(d);
	ck_assert_int_eq(atomic_load(&c.calls), 1000);
	ck_assert_str_eq(c.name, "a-name-of-more-");
	driver_join(NULL);
}
END_TEST

START_TEST(a_waiting_driver_goes_on_by_time)
{
	struct counter c = { .until = 5, .wait_ms = 2 };
	struct driver *d;

	ck_assert_ok(driver_start("x", count_step, &c, &clock_real, NULL, &d));
	driver_join(d);
	ck_assert_int_eq(atomic_load(&c.calls), 5);
}
END_TEST

START_TEST(a_waiting_driver_goes_on_when_woken_and_stops_when_asked)
{
	struct wake *wake = wake_new();
	struct counter c = { .wait_ms = LONG_MS, .reached = wake_new() };
	struct driver *d;
	int64_t began = clock_mono_us(&clock_real);

	ck_assert_ok(driver_start("x", count_step, &c, &clock_real, wake, &d));
	ck_assert(wake_wait(c.reached, LONG_MS));
	for (int i = 2; i < 100; i++) {
		wake_set(wake);
		ck_assert(wake_wait(c.reached, LONG_MS));
		ck_assert_int_eq(atomic_load(&c.calls), i);
	}
	driver_stop(d);
	driver_join(d);
	ck_assert_int_le(atomic_load(&c.calls), 100);
	ck_assert_int_lt(clock_mono_us(&clock_real) - began, LONG_MS * 1000);
	wake_free(wake);
	wake_free(c.reached);
}
END_TEST

START_TEST(drivers_that_share_a_wake_up_all_hear_it)
{
	struct wake *wake = wake_new();
	struct counter c[3];
	struct driver *d[3];

	for (int i = 0; i < 3; i++) {
		c[i] = (struct counter){ .wait_ms = LONG_MS, .reached = wake_new() };
		ck_assert_ok(driver_start("x", count_step, &c[i], &clock_real, wake, &d[i]));
	}
	for (int i = 0; i < 3; i++)
		ck_assert(wake_wait(c[i].reached, LONG_MS));
	for (int round = 0; round < 50; round++) {
		wake_set(wake);
		for (int i = 0; i < 3; i++)
			ck_assert(wake_wait(c[i].reached, LONG_MS));
	}
	for (int i = 0; i < 3; i++)
		driver_stop(d[i]);
	for (int i = 0; i < 3; i++) {
		driver_join(d[i]);
		wake_free(c[i].reached);
	}
	wake_free(wake);
}
END_TEST

START_TEST(a_wake_is_readable_from_its_descriptor_until_it_is_cleared)
{
	struct wake *w = wake_new();
	struct pollfd p = { .events = POLLIN };

	wake_set(w); /* before anyone asked for the descriptor */
	p.fd = wake_fd(w);
	ck_assert_int_eq(wake_fd(w), p.fd);
	ck_assert_int_eq(poll(&p, 1, 0), 1);
	wake_fd_clear(w);
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	wake_set(w);
	wake_set(w);
	ck_assert_int_eq(poll(&p, 1, 0), 1);
	wake_fd_clear(w);
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	wake_fd_clear(w); /* nothing to clear: it does not wait */
	wake_free(w);
}
END_TEST

static void
wait_for_descriptor(void *ctx, int fd, int64_t timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	atomic_fetch_add((atomic_int *)ctx, 1);
	poll(&p, 1, (int)timeout_ms);
}

START_TEST(a_driver_that_waits_for_descriptors_is_woken_and_stops_when_asked)
{
	struct counter c = { .wait_ms = 3600000 };
	struct wake *w = wake_new();
	atomic_int waits = 0;
	struct driver *d;

	ck_assert_ok(driver_start_waiting("w", count_step, &c, &clock_real, w, wait_for_descriptor,
	                                  &waits, &d));
	while (atomic_load(&c.calls) < 1 || atomic_load(&waits) < 1)
		poll(NULL, 0, 1);
	wake_set(w);
	while (atomic_load(&c.calls) < 2 || atomic_load(&waits) < 2)
		poll(NULL, 0, 1);
	driver_stop(d);
	driver_join(d);
	wake_free(w);
}
END_TEST

START_TEST(signals_are_read_from_the_descriptor)
{
	int fd = -1;

	ck_assert_ok(signals_setup(&fd));
	ck_assert_int_eq(signals_wait(fd, 0), 0);
	ck_assert_int_eq(kill(getpid(), SIGHUP), 0);
	ck_assert_int_eq(signals_wait(fd, LONG_MS), SIGHUP);
	ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
	ck_assert_int_eq(signals_wait(fd, -1), SIGTERM);
	ck_assert_int_eq(raise(SIGPIPE), 0);
	ck_assert_int_eq(signals_wait(fd, 0), 0);
	(void)close(fd);
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE("threads", the_fake_clock_moves_only_when_told,
	                  a_wake_before_the_wait_is_not_lost_and_counts_once,
	                  a_driver_calls_its_step_until_it_is_done,
	                  a_waiting_driver_goes_on_by_time,
	                  a_waiting_driver_goes_on_when_woken_and_stops_when_asked,
	                  drivers_that_share_a_wake_up_all_hear_it,
	                  a_wake_is_readable_from_its_descriptor_until_it_is_cleared,
	                  a_driver_that_waits_for_descriptors_is_woken_and_stops_when_asked,
	                  signals_are_read_from_the_descriptor);
}

TEST_MAIN(suite)
