/*
 * SQLite lets one connection write at a time and would leave the order to chance and back-off.
 * Inside our process this lock decides instead, so that a waiting commit of the door never
 * stands behind a queue of appliers.
 * What always holds: the holder is one transaction; the lock is handed to a waiter directly,
 * never thrown open while someone waits; two pools on one file share one lock (the list below is
 * the only global, guarded by its own mutex).
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "store/db_internal.h"

#define CLASSES (DB_APPLY + 1)

struct waiter {
	struct waiter *next;
	pthread_cond_t cond;
	bool granted;
};

struct db_sqlite_lock {
	struct db_sqlite_lock *next;
	char *path;
	unsigned users;
	pthread_mutex_t mutex;
	bool held;
	struct waiter *first[CLASSES];
};

static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct db_sqlite_lock *list;

struct db_sqlite_lock *
db_sqlite_lock_get(const char *real_path)
{
	pthread_mutex_lock(&list_mutex);
	struct db_sqlite_lock *l = list;
	while (l != NULL && strcmp(l->path, real_path) != 0)
		l = l->next;
	if (l == NULL) {
		l = calloc(1, sizeof(*l));
		if (l == NULL || (l->path = strdup(real_path)) == NULL)
			abort();
		pthread_mutex_init(&l->mutex, NULL);
		l->next = list;
		list = l;
	}
	l->users++;
	pthread_mutex_unlock(&list_mutex);
	return l;
}

void
db_sqlite_lock_put(struct db_sqlite_lock *l)
{
	if (l == NULL)
		return;
	pthread_mutex_lock(&list_mutex);
	if (--l->users == 0) {
		struct db_sqlite_lock **at = &list;
		while (*at != l)
			at = &(*at)->next;
		*at = l->next;
		assert(!l->held);
		pthread_mutex_destroy(&l->mutex);
		free(l->path);
		free(l);
	}
	pthread_mutex_unlock(&list_mutex);
}

static struct timespec
deadline_in(int ms)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

static void
append(struct waiter **list_of_class, struct waiter *w)
{
	while (*list_of_class != NULL)
		list_of_class = &(*list_of_class)->next;
	*list_of_class = w;
}

static void
take_out(struct waiter **list_of_class, struct waiter *w)
{
	while (*list_of_class != w)
		list_of_class = &(*list_of_class)->next;
	*list_of_class = w->next;
}

enum err
db_sqlite_lock_take(struct db_sqlite_lock *l, enum db_prio prio, int timeout_ms)
{
	pthread_mutex_lock(&l->mutex);
	if (!l->held) {
		l->held = true;
		pthread_mutex_unlock(&l->mutex);
		return ERR_OK;
	}
	struct waiter w = { .granted = false };
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w.cond, &attr);
	pthread_condattr_destroy(&attr);

	struct timespec until = deadline_in(timeout_ms);
	int rc = 0;
	append(&l->first[prio], &w);
	while (!w.granted && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&w.cond, &l->mutex, &until);
	if (!w.granted)
		take_out(&l->first[prio], &w);
	pthread_mutex_unlock(&l->mutex);
	pthread_cond_destroy(&w.cond);
	return w.granted ? ERR_OK : ERR_BUSY;
}

void
db_sqlite_lock_give(struct db_sqlite_lock *l)
{
	pthread_mutex_lock(&l->mutex);
	assert(l->held);
	struct waiter *w = NULL;
	for (int prio = 0; prio < CLASSES && w == NULL; prio++) {
		w = l->first[prio];
		if (w != NULL)
			l->first[prio] = w->next;
	}
	l->held = w != NULL;
	if (w != NULL) {
		w->granted = true;
		pthread_cond_signal(&w->cond);
	}
	pthread_mutex_unlock(&l->mutex);
}

bool
db_sqlite_lock_wanted(struct db_sqlite_lock *l, enum db_prio mine)
{
	bool wanted = false;
	pthread_mutex_lock(&l->mutex);
	for (int prio = 0; prio < (int)mine; prio++)
		wanted = wanted || l->first[prio] != NULL;
	pthread_mutex_unlock(&l->mutex);
	return wanted;
}

size_t
db_sqlite_lock_waiting(struct db_sqlite_lock *l)
{
	size_t n = 0;
	pthread_mutex_lock(&l->mutex);
	for (int prio = 0; prio < CLASSES; prio++)
		for (struct waiter *w = l->first[prio]; w != NULL; w = w->next)
			n++;
	pthread_mutex_unlock(&l->mutex);
	return n;
}
