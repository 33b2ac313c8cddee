/*
 * Threads that drive steps. Why so thin: workers are steps, and a simulator drives the same ones.
 * What always holds: no wake is lost, however many drivers share one wake-up (each remembers which
 * it has seen); after driver_stop a driver calls its step at most once more.
 */
#include "sys/threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_WAIT_MS 3600000

struct wake {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t count; /* how often it was set */
	uint64_t seen;  /* by wake_wait */
	int fd;         /* -1: nobody asked for one */
};

struct driver {
	pthread_t thread;
	char name[16];
	step_fn *step;
	void *worker;
	const struct clock *clock;
	struct wake *wake, *own;
	uint64_t seen;
	driver_wait_fn *wait; /* NULL: for the wake alone */
	void *wait_ctx;
	atomic_bool stop;
};

static void
must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "threads: %s failed\n", what);
		abort();
	}
}

struct wake *
wake_new(void)
{
	struct wake *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;

	must(w != NULL, "malloc");
	w->fd = -1;
	must(pthread_mutex_init(&w->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0 &&
	             pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
	             pthread_cond_init(&w->changed, &attr) == 0,
	     "wake_new");
	(void)pthread_condattr_destroy(&attr);
	return w;
}

void
wake_free(struct wake *w)
{
	if (w == NULL)
		return;
	(void)pthread_cond_destroy(&w->changed);
	(void)pthread_mutex_destroy(&w->lock);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

void
wake_set(struct wake *w)
{
	(void)pthread_mutex_lock(&w->lock);
	w->count++;
	(void)pthread_cond_broadcast(&w->changed);
	if (w->fd >= 0)
		(void)eventfd_write(w->fd, 1);
	(void)pthread_mutex_unlock(&w->lock);
}

int
wake_fd(struct wake *w)
{
	(void)pthread_mutex_lock(&w->lock);
	if (w->fd < 0) {
		w->fd = eventfd(w->count > 0, EFD_CLOEXEC | EFD_NONBLOCK);
		must(w->fd >= 0, "eventfd");
	}
	(void)pthread_mutex_unlock(&w->lock);
	return w->fd;
}

void
wake_fd_clear(struct wake *w)
{
	eventfd_t count;

	(void)eventfd_read(w->fd, &count);
}

static void
deadline_in(int64_t timeout_ms, struct timespec *t)
{
	if (timeout_ms < 0)
		timeout_ms = 0;
	if (timeout_ms > MAX_WAIT_MS)
		timeout_ms = MAX_WAIT_MS;
	(void)clock_gettime(CLOCK_MONOTONIC, t);
	t->tv_sec += timeout_ms / 1000;
	t->tv_nsec += timeout_ms % 1000 * 1000000;
	if (t->tv_nsec >= 1000000000) {
		t->tv_nsec -= 1000000000;
		t->tv_sec++;
	}
}

/* Waits for a wake that is not among the *seen ones. */
static bool
wait_beyond(struct wake *w, uint64_t *seen, int64_t timeout_ms)
{
	struct timespec deadline;
	bool woken;

	deadline_in(timeout_ms, &deadline);
	(void)pthread_mutex_lock(&w->lock);
	while (w->count == *seen)
		if (pthread_cond_timedwait(&w->changed, &w->lock, &deadline) != 0)
			break;
	woken = w->count != *seen;
	*seen = w->count;
	(void)pthread_mutex_unlock(&w->lock);
	return woken;
}

bool
wake_wait(struct wake *w, int64_t timeout_ms)
{
	return wait_beyond(w, &w->seen, timeout_ms);
}

static void
driver_wait(struct driver *d, int64_t timeout_ms)
{
	if (d->wait == NULL) {
		(void)wait_beyond(d->wake, &d->seen, timeout_ms);
		return;
	}
	d->wait(d->wait_ctx, wake_fd(d->wake),
	        timeout_ms < 0             ? 0
	        : timeout_ms > MAX_WAIT_MS ? MAX_WAIT_MS
	                                   : timeout_ms);
	wake_fd_clear(d->wake);
}

static void *
driver_main(void *arg)
{
	struct driver *d = arg;

	(void)pthread_setname_np(pthread_self(), d->name);
	while (!atomic_load(&d->stop)) {
		int64_t now = clock_now(d->clock), next = now;
		enum step s = d->step(d->worker, now, &next);

		if (s == STEP_DONE)
			break;
		if (s == STEP_WAIT && !atomic_load(&d->stop))
			driver_wait(d, next > now ? next - clock_now(d->clock) : 0);
	}
	return NULL;
}

enum err
driver_start(const char *name, step_fn *step, void *worker, const struct clock *clock,
             struct wake *wake, struct driver **out)
{
	return driver_start_waiting(name, step, worker, clock, wake, NULL, NULL, out);
}

enum err
driver_start_waiting(const char *name, step_fn *step, void *worker, const struct clock *clock,
                     struct wake *wake, driver_wait_fn *wait, void *ctx, struct driver **out)
{
	struct driver *d = calloc(1, sizeof(*d));

	must(d != NULL, "malloc");
	(void)snprintf(d->name, sizeof(d->name), "%s", name);
	d->step = step;
	d->worker = worker;
	d->clock = clock;
	if (wake == NULL)
		wake = d->own = wake_new();
	d->wake = wake;
	d->wait = wait;
	d->wait_ctx = ctx;
	if (wait != NULL)
		(void)wake_fd(wake);
	if (pthread_create(&d->thread, NULL, driver_main, d) != 0) {
		wake_free(d->own);
		free(d);
		return ERR_UNAVAILABLE;
	}
	*out = d;
	return ERR_OK;
}

void
driver_stop(struct driver *d)
{
	atomic_store(&d->stop, true);
	wake_set(d->wake);
}

void
driver_join(struct driver *d)
{
	if (d == NULL)
		return;
	(void)pthread_join(d->thread, NULL);
	wake_free(d->own);
	free(d);
}
