/*
 * Why: a webhook may be acknowledged only when its body is durable, and a commit costs the same for
 * one body as for five hundred. So one thread commits for everybody (group commit).
 *
 * What always holds: `done` is called exactly once per accepted entry, without the lock; an entry
 * is in the queue or in the running batch, never in both; only the committer frees what is in a
 * batch, so the watchdog may answer an entry whose bytes the database is still reading; ERR_OK is
 * answered only after the transaction is durable; ids grow in the order of ingest_append.
 */
#include "work/ingest.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "store/queries.h"
#include "sys/log.h"
#include "sys/metrics.h"

struct entry {
	struct entry *next;
	struct uuid id, connection_id;
	int64_t received_at;
	int64_t queued_us;
	char *body;
	size_t body_len;
	ingest_done_fn *done; /* NULL: answered */
	void *ctx;
};

struct answer {
	ingest_done_fn *done;
	void *ctx;
	enum err e;
};

struct id_source { /* version 7, growing also inside one millisecond and when the clock steps back
	            */
	int64_t ms;
	uint64_t low; /* 62 bits */
	unsigned char high[2];
};

struct ingest {
	struct ingest_options o;
	pthread_t committer, watchdog;
	pthread_mutex_t lock;
	pthread_cond_t work, watch;
	struct entry *head, *tail; /* queued */
	struct entry **batch;      /* running */
	size_t nbatch;
	size_t open; /* accepted and not answered */
	struct id_source ids;
	bool stopping, committer_ended, watchdog_idle;
	int64_t stop_us;              /* when what is left is cancelled */
	_Atomic int64_t append_since; /* monotonic us, 0: none runs */
	struct answer *late;          /* the watchdog's own */
	struct answer *answers;       /* the committer's own */
	struct db *db;                /* the committer's own; NULL: to be opened */
	struct arena *arena;          /* the committer's own */
	struct log_limit limit;
};

static int64_t
mono_us(const struct ingest *in)
{
	return clock_mono_us(in->o.clock);
}

static struct uuid
next_id(struct ingest *in, int64_t now_ms)
{
	struct id_source *s = &in->ids;
	const uint64_t most = (UINT64_C(1) << 62) - 1;
	unsigned char bytes[10];
	uint64_t step = 1 + (rand_u64(in->o.rand) >> 34);

	if (now_ms > s->ms || step > most - s->low) {
		s->ms = now_ms > s->ms ? now_ms : s->ms + 1;
		rand_fill(in->o.rand, s->high, sizeof(s->high));
		s->low = rand_u64(in->o.rand) >> 3;
	} else {
		s->low += step;
	}
	bytes[0] = s->high[0];
	bytes[1] = s->high[1];
	for (int i = 0; i < 8; i++)
		bytes[2 + i] = (unsigned char)(s->low >> (56 - 8 * i));
	return uuid_v7(s->ms, bytes);
}

static void
entry_free(struct entry *e)
{
	free(e->body);
	free(e);
}

/* Marks e answered and notes how. Lock held. */
static void
take_answer(struct ingest *in, struct entry *e, enum err err, struct answer *answers, size_t *n)
{
	if (e->done == NULL)
		return;
	answers[(*n)++] = (struct answer){ e->done, e->ctx, err };
	e->done = NULL;
	in->open--;
}

static void
tell(const struct answer *answers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		answers[i].done(answers[i].ctx, answers[i].e);
}

/* Writes the entries as one transaction. */
static enum err
write_entries(struct ingest *in, struct entry *const *entries, size_t n)
{
	struct db_rows *rows = db_rows_new(in->arena, &q_ingest_journal);
	enum err e;

	for (size_t i = 0; i < n; i++) {
		db_row_uuid(rows, entries[i]->id);
		db_row_uuid(rows, entries[i]->connection_id);
		db_row_time(rows, entries[i]->received_at);
		db_row_text(rows, entries[i]->body_len > 0
		                          ? str_n(entries[i]->body, entries[i]->body_len)
		                          : STR("")); /* an empty body may be NULL */
	}
	if (db_engine(in->db) == DB_POSTGRES)
		return db_exec(in->db, &q_ingest_journal, DB_NO_PARAMS, rows, NULL);
	e = db_begin(in->db, DB_COMMIT);
	if (e != ERR_OK)
		return e;
	e = db_exec(in->db, &q_ingest_journal, DB_NO_PARAMS, rows, NULL);
	if (e == ERR_OK)
		e = db_exec(in->db, &q_ingest_parts, DB_NO_PARAMS, rows, NULL);
	if (e == ERR_OK)
		e = db_commit(in->db);
	if (e != ERR_OK && db_in_transaction(in->db))
		db_rollback(in->db);
	return e;
}

/* One transaction. A lost connection comes back by itself at the next. */
static enum err
append_once(struct ingest *in, struct entry *const *entries, size_t n)
{
	int64_t suppressed = 0, start = mono_us(in);
	const char *said;
	enum err e = ERR_OK;

	if (in->db == NULL)
		e = db_open(in->o.pool, false, &in->db);
	if (e == ERR_OK) {
		arena_reset(in->arena);
		e = write_entries(in, entries, n);
	}
	if (e == ERR_OK) {
		metrics_observe_us(M_COMMIT_SECONDS, mono_us(in) - start);
		metrics_add(M_COMMIT_ENTRIES, (int64_t)n);
		return ERR_OK;
	}
	said = in->db != NULL ? db_message(in->db) : "the database cannot be reached";
	if (log_limited(&in->limit, clock_now(in->o.clock), 5000, &suppressed))
		log_error("ingest.append_failed", LOG_ERR(e), LOG_INT("entries", n),
		          LOG_Z("message", said), LOG_INT("suppressed", suppressed));
	return e;
}

/* May the failure concern one entry of the batch only? */
static bool
is_about_content(enum err e)
{
	return e == ERR_INVALID || e == ERR_DB || e == ERR_CONFLICT || e == ERR_TOO_LARGE ||
	       e == ERR_INTERNAL;
}

/* Next entries from the queue to the batch, at most what one transaction takes. Lock held. */
static void
take_batch(struct ingest *in)
{
	size_t bytes = 0;

	in->nbatch = 0;
	while (in->head != NULL && in->nbatch < in->o.batch_entries) {
		struct entry *e = in->head;

		if (in->nbatch > 0 && bytes + e->body_len > in->o.batch_bytes)
			break;
		bytes += e->body_len;
		in->head = e->next;
		in->batch[in->nbatch++] = e;
	}
	if (in->head == NULL)
		in->tail = NULL;
}

/* Entries from..from+n of the batch have come to their end. */
static void
settle(struct ingest *in, size_t from, size_t n, enum err e)
{
	size_t told = 0;

	pthread_mutex_lock(&in->lock);
	for (size_t i = from; i < from + n; i++)
		take_answer(in, in->batch[i], e, in->answers, &told);
	pthread_mutex_unlock(&in->lock);
	tell(in->answers, told);
	if (e == ERR_OK && in->o.committed != NULL)
		in->o.committed(in->o.ctx, n);
}

static void
run_batch(struct ingest *in)
{
	size_t n = in->nbatch;
	enum err e;

	atomic_store(&in->append_since, mono_us(in));
	e = append_once(in, in->batch, n);
	if (n > 1 && is_about_content(e)) {
		for (size_t i = 0; i < n; i++)
			settle(in, i, 1, append_once(in, in->batch + i, 1));
	} else {
		settle(in, 0, n, e);
	}
	atomic_store(&in->append_since, 0);
}

static void *
commit_loop(void *arg)
{
	struct ingest *in = arg;

	pthread_mutex_lock(&in->lock);
	for (;;) {
		while (in->head == NULL && !in->stopping)
			pthread_cond_wait(&in->work, &in->lock);
		if (in->head == NULL)
			break;
		take_batch(in);
		pthread_mutex_unlock(&in->lock);
		run_batch(in);
		pthread_mutex_lock(&in->lock);
		for (size_t i = 0; i < in->nbatch; i++)
			entry_free(in->batch[i]);
		in->nbatch = 0;
	}
	in->committer_ended = true;
	pthread_cond_signal(&in->watch);
	pthread_mutex_unlock(&in->lock);
	db_close(in->db);
	in->db = NULL;
	return NULL;
}

/* Answers what has waited too long; *next_us: when to look again, INT64_MAX if nothing waits. */
static size_t
collect_late(struct ingest *in, int64_t now, int64_t *next_us)
{
	const int64_t timeout_us = in->o.append_timeout_ms * 1000;
	bool cancel = in->stopping && now >= in->stop_us;
	enum err e = cancel ? ERR_CANCELLED : ERR_UNAVAILABLE;
	size_t n = 0;

	*next_us = INT64_MAX;
	for (size_t i = 0; i < in->nbatch; i++) {
		if (cancel || in->batch[i]->queued_us + timeout_us <= now)
			take_answer(in, in->batch[i], e, in->late, &n);
		else if (in->batch[i]->done != NULL && *next_us == INT64_MAX)
			*next_us = in->batch[i]->queued_us + timeout_us;
	}
	while (in->head != NULL && (cancel || in->head->queued_us + timeout_us <= now)) {
		struct entry *first = in->head;

		take_answer(in, first, e, in->late, &n);
		in->head = first->next;
		entry_free(first);
	}
	if (in->head == NULL)
		in->tail = NULL;
	else if (*next_us == INT64_MAX)
		*next_us = in->head->queued_us + timeout_us;
	if (in->stopping && !cancel && in->stop_us < *next_us)
		*next_us = in->stop_us;
	return n;
}

static void
wait_until(struct ingest *in, int64_t now_us, int64_t next_us)
{
	int64_t wait_us = next_us - now_us;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(wait_us / 1000000);
	t.tv_nsec += (long)(wait_us % 1000000) * 1000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(&in->watch, &in->lock, &t);
}

static void *
watch_loop(void *arg)
{
	struct ingest *in = arg;
	int64_t now, next;
	size_t n;

	pthread_mutex_lock(&in->lock);
	while (!in->committer_ended) {
		now = mono_us(in);
		n = collect_late(in, now, &next);
		if (n > 0) {
			pthread_mutex_unlock(&in->lock);
			tell(in->late, n);
			pthread_mutex_lock(&in->lock);
		} else if (next == INT64_MAX) {
			in->watchdog_idle = true;
			pthread_cond_wait(&in->watch, &in->lock);
			in->watchdog_idle = false;
		} else {
			wait_until(in, now, next);
		}
	}
	pthread_mutex_unlock(&in->lock);
	return NULL;
}

static void *
must_alloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		abort();
	return p;
}

static void
ingest_free(struct ingest *in)
{
	pthread_cond_destroy(&in->work);
	pthread_cond_destroy(&in->watch);
	pthread_mutex_destroy(&in->lock);
	arena_free(in->arena);
	free(in->batch);
	free(in->late);
	free(in->answers);
	free(in);
}

enum err
ingest_start(const struct ingest_options *o, struct ingest **out)
{
	struct ingest *in = must_alloc(1, sizeof(*in));
	pthread_condattr_t attr;

	assert(o->batch_entries > 0 && o->max_entries > 0);
	in->o = *o;
	in->batch = must_alloc(o->batch_entries, sizeof(struct entry *));
	in->answers = must_alloc(o->batch_entries, sizeof(*in->answers));
	in->late = must_alloc(o->max_entries, sizeof(*in->late));
	in->arena = arena_new(o->batch_bytes * 8 + o->batch_entries * 1024 + (16 << 20));
	pthread_mutex_init(&in->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&in->work, &attr);
	pthread_cond_init(&in->watch, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&in->committer, NULL, commit_loop, in) != 0) {
		ingest_free(in);
		return ERR_UNAVAILABLE;
	}
	if (pthread_create(&in->watchdog, NULL, watch_loop, in) != 0) {
		pthread_mutex_lock(&in->lock);
		in->stopping = true;
		pthread_cond_signal(&in->work);
		pthread_mutex_unlock(&in->lock);
		pthread_join(in->committer, NULL);
		ingest_free(in);
		return ERR_UNAVAILABLE;
	}
	*out = in;
	return ERR_OK;
}

enum err
ingest_append(struct ingest *in, char *body, size_t body_len, struct uuid connection_id,
              ingest_done_fn *done, void *ctx)
{
	struct entry *e = must_alloc(1, sizeof(*e));
	enum err err = ERR_OK;

	*e = (struct entry){ .connection_id = connection_id,
		             .body = body,
		             .body_len = body_len,
		             .done = done,
		             .ctx = ctx };
	pthread_mutex_lock(&in->lock);
	if (in->stopping) {
		err = ERR_CANCELLED;
	} else if (in->open >= in->o.max_entries) {
		err = ERR_UNAVAILABLE;
	} else {
		e->received_at = clock_now(in->o.clock);
		e->queued_us = mono_us(in);
		e->id = next_id(in, e->received_at);
		if (in->tail != NULL)
			in->tail->next = e;
		else
			in->head = e;
		in->tail = e;
		in->open++;
		pthread_cond_signal(&in->work);
		if (in->watchdog_idle)
			pthread_cond_signal(&in->watch);
	}
	pthread_mutex_unlock(&in->lock);
	if (err != ERR_OK)
		free(e);
	return err;
}

int64_t
ingest_blocked_ms(const struct ingest *in)
{
	int64_t since = atomic_load(&in->append_since);

	return since == 0 ? 0 : (mono_us(in) - since) / 1000;
}

void
ingest_stop(struct ingest *in, int64_t drain_ms)
{
	if (in == NULL)
		return;
	pthread_mutex_lock(&in->lock);
	in->stopping = true;
	in->stop_us = mono_us(in) + drain_ms * 1000;
	pthread_cond_signal(&in->work);
	pthread_cond_signal(&in->watch);
	pthread_mutex_unlock(&in->lock);
	pthread_join(in->committer, NULL);
	pthread_join(in->watchdog, NULL);
	ingest_free(in);
}
