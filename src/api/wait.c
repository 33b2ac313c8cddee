/*
 * Why: a run of the analysis, or a number that is connected, is answered when it has ended, and
 * there are four handler threads. What always holds: an exchange is either in the list, or
 * answered, or was never taken; a database that is away only delays an answer, until its time is
 * over; the thread sleeps while nobody waits.
 */
#include "api/wait.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "net/problem.h"
#include "sys/log.h"
#include "sys/threads.h"

#define LOOK_MS     100
#define ARENA_BYTES ((size_t)1 << 20)
#define BODY_BYTES  ((size_t)256 << 10)

struct waiting {
	struct http_exchange *x;
	struct wait_for what;
};

struct wait {
	struct wait_options o;
	pthread_mutex_t lock;
	struct waiting v[WAIT_MOST];
	size_t n;
	bool stopping;
	struct wake *wake;
	struct driver *driver;
	/* the thread's */
	struct db *db;
	struct arena *arena;
};

/* Out of the list; false: it is not there any more. */
static bool
take(struct wait *w, const struct http_exchange *x)
{
	bool found = false;

	(void)pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->n && !found; i++) {
		found = w->v[i].x == x;
		if (found)
			w->v[i] = w->v[--w->n];
	}
	(void)pthread_mutex_unlock(&w->lock);
	return found;
}

/* last: it is answered in any case, else only if the database lets us. */
static void
answer(struct wait *w, const struct waiting *v, bool ended, bool last, int64_t now_ms)
{
	struct http_header_out headers[] = { { NULL, STR_NONE }, { NULL, STR_NONE } };
	struct buf b;
	enum err e = ERR_UNAVAILABLE;

	arena_reset(w->arena);
	buf_init(&b, w->arena, BODY_BYTES);
	if (w->db != NULL)
		e = v->what.kind->write(w->db, w->arena, &v->what, ended, now_ms, &b);
	if ((err_info(e)->may_retry && !last) || !take(w, v->x))
		return;
	if (e != ERR_OK) {
		http_reply_problem(v->x, 0, &(const struct problem){ .code = e }, NULL);
		return;
	}
	if (!ended && v->what.kind->location != NULL)
		headers[0] = (struct http_header_out){
			"Location", str_fmt(w->arena, "%s" STR_FMT, v->what.kind->location,
			                    STR_ARG(uuid_text(w->arena, v->what.id)))
		};
	http_reply(v->x, ended ? 200 : 202, w->o.content_type, buf_slice(&b), headers);
}

/* Which of those of one kind have ended. */
static enum err
look_at(struct wait *w, const struct wait_kind *kind, const struct waiting *v, size_t n,
        bool *ended)
{
	struct db_rows *rows;
	struct db_result r;
	enum err e;

	arena_reset(w->arena);
	rows = db_rows_new(w->arena, kind->ended);
	for (size_t i = 0; i < n; i++) {
		if (v[i].what.kind != kind)
			continue;
		db_row_int(rows, (int64_t)i);
		db_row_uuid(rows, v[i].what.id);
	}
	e = db_query(w->db, kind->ended, DB_NO_PARAMS, rows, w->arena, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		ended[db_get_int(&r, i, 0)] = true;
	return e;
}

static enum err
look(struct wait *w, const struct waiting *v, size_t n, bool *ended)
{
	enum err e = w->db == NULL ? db_open(w->o.pool, true, &w->db) : ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < n; i++) {
		bool first = true;

		for (size_t k = 0; k < i; k++)
			first = first && v[k].what.kind != v[i].what.kind;
		if (first)
			e = look_at(w, v[i].what.kind, v, n, ended);
	}
	return e;
}

static enum step
wait_step(void *ctx, int64_t now_ms, int64_t *next_ms)
{
	struct wait *w = ctx;
	struct waiting v[WAIT_MOST];
	bool ended[WAIT_MOST] = { false }, stopping;
	size_t n;

	(void)pthread_mutex_lock(&w->lock);
	n = w->n;
	memcpy(v, w->v, n * sizeof(v[0]));
	stopping = w->stopping;
	(void)pthread_mutex_unlock(&w->lock);
	*next_ms = now_ms + (n > 0 ? LOOK_MS : TIME_HOUR);
	if (n > 0 && look(w, v, n, ended) != ERR_OK && w->db != NULL)
		log_debug("wait.database", LOG_Z("detail", db_message(w->db)));
	for (size_t i = 0; i < n; i++) {
		bool last = stopping || now_ms >= v[i].what.until_ms;

		if (ended[i] || last)
			answer(w, &v[i], ended[i], last, now_ms);
	}
	return STEP_WAIT;
}

struct wait *
wait_new(const struct wait_options *o)
{
	struct wait *w = calloc(1, sizeof(*w));

	if (w == NULL)
		abort();
	w->o = *o;
	(void)pthread_mutex_init(&w->lock, NULL);
	w->wake = wake_new();
	return w;
}

enum err
wait_add(struct wait *w, struct http_exchange *x, const struct wait_for *what)
{
	enum err e = ERR_OK;

	(void)pthread_mutex_lock(&w->lock);
	if (w->stopping || w->n == WAIT_MOST)
		e = ERR_UNAVAILABLE;
	if (e == ERR_OK && w->driver == NULL) {
		w->arena = arena_new(ARENA_BYTES);
		e = driver_start("wait", wait_step, w, w->o.clock, w->wake, &w->driver);
	}
	if (e == ERR_OK)
		w->v[w->n++] = (struct waiting){ x, *what };
	(void)pthread_mutex_unlock(&w->lock);
	if (e == ERR_OK)
		wake_set(w->wake);
	return e;
}

void
wait_stop(struct wait *w)
{
	struct driver *driver;
	int64_t next;

	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->stopping = true;
	driver = w->driver;
	w->driver = NULL;
	(void)pthread_mutex_unlock(&w->lock);
	if (driver == NULL)
		return;
	driver_stop(driver);
	driver_join(driver);
	(void)wait_step(w, clock_now(w->o.clock), &next); /* what the thread did not come to */
}

void
wait_free(struct wait *w)
{
	if (w == NULL)
		return;
	wait_stop(w);
	db_close(w->db);
	arena_free(w->arena);
	wake_free(w->wake);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}
