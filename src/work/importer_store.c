/*
 * Tickets that were read, into the database, several in one transaction: beside the reading, by a
 * thread with a connection and an arena of its own, so that the source is asked while the database
 * works. What always holds: one batch at a time for all jobs, which take turns; its tickets belong
 * to the storer from the moment they are given until they are taken back; of a batch that fails
 * each is tried alone, so that one ticket's trouble is its own. Tickets wait for a full batch only
 * while others are on their way, and not long. Without such a thread importer_step stores them
 * itself, at the same place.
 */
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys/log.h"
#include "work/importer_internal.h"

/* One transaction; on SQLite it holds up all other writers. */
#define BATCH_MESSAGES        4000
#define BATCH_MESSAGES_SQLITE 1000
#define BATCH_WAIT_MS         20
#define STORE_ARENA           ((size_t)256 << 20)

enum storer_state { STORER_IDLE, STORER_GIVEN, STORER_STORES, STORER_STORED };

struct import_storer {
	pthread_mutex_t lock; /* of the state; the rest belongs to whom the state says */
	pthread_cond_t stored;
	enum storer_state state;
	struct db *db;
	struct arena *arena;
	struct import_job *job;  /* whose batch it is */
	struct import_job *next; /* waits for its turn; NULL: none. The importer's */
	struct import_store with;
	struct ticket_work *works[IMPORT_BATCH_TICKETS];
	struct import_ticket in[IMPORT_BATCH_TICKETS];
	size_t n;
	/* what became of it */
	struct import_counts counts;
	enum err outcome[IMPORT_BATCH_TICKETS];
	char detail[IMPORT_BATCH_TICKETS][160];
};

enum err
import_storer_new(struct db_pool *pool, struct import_storer **out)
{
	struct import_storer *st = calloc(1, sizeof(*st));
	enum err e;

	if (st == NULL)
		abort();
	e = db_open_batch(pool, &st->db);
	if (e != ERR_OK) {
		free(st);
		return e;
	}
	st->arena = arena_new(STORE_ARENA);
	(void)pthread_mutex_init(&st->lock, NULL);
	(void)pthread_cond_init(&st->stored, NULL);
	*out = st;
	return ERR_OK;
}

void
import_storer_free(struct import_storer *st)
{
	if (st == NULL)
		return;
	db_close(st->db);
	arena_free(st->arena);
	(void)pthread_cond_destroy(&st->stored);
	(void)pthread_mutex_destroy(&st->lock);
	free(st);
}

static enum storer_state
state_of(struct import_storer *st)
{
	enum storer_state s;

	(void)pthread_mutex_lock(&st->lock);
	s = st->state;
	(void)pthread_mutex_unlock(&st->lock);
	return s;
}

/* From one state to another; false: it was not in that one. */
static bool
move_on(struct import_storer *st, enum storer_state from, enum storer_state to)
{
	bool moved;

	(void)pthread_mutex_lock(&st->lock);
	moved = st->state == from;
	if (moved)
		st->state = to;
	if (to == STORER_STORED)
		(void)pthread_cond_broadcast(&st->stored);
	(void)pthread_mutex_unlock(&st->lock);
	return moved;
}

/* The n from `first` in one transaction. */
static enum err
together(struct import_storer *st, size_t first, size_t n)
{
	enum err e;

	arena_reset(st->arena);
	e = import_store_tickets(&st->with, &st->in[first], n, &st->counts);
	for (size_t i = first; i < first + n; i++) {
		st->outcome[i] = e;
		if (e != ERR_OK)
			(void)snprintf(st->detail[i], sizeof(st->detail[i]), "%s: %s",
			               err_info(e)->code, db_message(st->db));
	}
	return e;
}

static void
store(struct import_storer *st)
{
	enum err e = together(st, 0, st->n);

	if (e == ERR_OK || db_is_away(e) || st->n == 1)
		return;
	for (size_t i = 0; i < st->n; i++)
		(void)together(st, i, 1);
}

enum step
importer_store_step(void *importer, int64_t now_ms, int64_t *next_ms)
{
	struct importer *im = importer;
	struct import_storer *st = im->storer;

	*next_ms = now_ms + TIME_HOUR;
	if (!move_on(st, STORER_GIVEN, STORER_STORES))
		return STEP_WAIT;
	st->with.now_ms = now_ms;
	store(st);
	(void)move_on(st, STORER_STORES, STORER_STORED);
	if (im->o.read_wake != NULL)
		wake_set(im->o.read_wake);
	return STEP_AGAIN;
}

/* One that is not stored: later, if the database is away, else as a failure of its own. */
static void
not_stored(struct import_job *j, struct ticket_work *t, enum err e, const char *detail)
{
	if (db_is_away(e))
		return;
	log_warn("import.not_stored", LOG_UUID("job", j->job.id),
	         LOG_STR("ticket", t->ticket->uuid), LOG_Z("detail", detail));
	ticket_failed(t, "not_stored", str_from(detail));
}

enum err
import_storer_take(struct import_job *j)
{
	struct import_storer *st = j->im->storer;
	enum err e = ERR_OK;

	if (st->job != j || state_of(st) != STORER_STORED)
		return ERR_OK;
	import_counts_add(&j->counts, &st->counts);
	for (size_t i = 0; i < st->n; i++) {
		struct ticket_work *t = st->works[i];

		t->state = st->outcome[i] == ERR_OK ? TICKET_DONE : TICKET_READ;
		if (st->outcome[i] == ERR_OK)
			continue;
		not_stored(j, t, st->outcome[i], st->detail[i]);
		if (db_is_away(st->outcome[i]))
			e = st->outcome[i];
	}
	st->job = NULL;
	(void)move_on(st, STORER_STORED, STORER_IDLE);
	return e;
}

void
import_storer_settle(struct import_job *j)
{
	struct import_storer *st = j->im->storer;

	if (st->next == j)
		st->next = NULL;
	if (st->job != j)
		return;
	if (!move_on(st, STORER_GIVEN, STORER_IDLE)) {
		(void)pthread_mutex_lock(&st->lock);
		while (st->state == STORER_STORES)
			(void)pthread_cond_wait(&st->stored, &st->lock);
		st->state = STORER_IDLE;
		(void)pthread_mutex_unlock(&st->lock);
	}
	st->job = NULL;
}

/* Tickets that were read, in the order of the queue, and whether that is a batch by now. */
struct batch {
	struct ticket_work *v[IMPORT_BATCH_TICKETS];
	size_t n, messages, bytes;
	bool full, others_fly;
	int64_t since;
};

static void
collect(const struct import_job *j, struct batch *b)
{
	size_t most = db_engine(j->im->db) == DB_SQLITE ? BATCH_MESSAGES_SQLITE : BATCH_MESSAGES;

	*b = (struct batch){ .since = INT64_MAX };
	for (struct ticket_work *t = j->first; t != NULL; t = t->next) {
		b->others_fly |= t->ask.flying;
		if (t->state != TICKET_READ || b->full)
			continue;
		if (b->n > 0 && b->messages + t->messages.n > most) {
			b->full = true;
			continue;
		}
		b->v[b->n++] = t;
		b->messages += t->messages.n;
		b->bytes += arena_used(t->arena);
		b->full = b->n == IMPORT_BATCH_TICKETS || b->messages >= most ||
		          b->bytes >= j->im->o.ticket_bytes;
		if (t->read_at < b->since)
			b->since = t->read_at;
	}
}

static void
give(struct import_storer *st, struct import_job *j, const struct batch *b, int64_t now_ms)
{
	assert(st->job == NULL);
	st->job = j;
	st->with = import_job_store(j, now_ms);
	st->with.db = st->db;
	st->with.arena = st->arena;
	st->counts = (struct import_counts){ 0 };
	st->n = b->n;
	for (size_t i = 0; i < b->n; i++) {
		struct ticket_work *t = b->v[i];

		t->state = TICKET_STORES;
		st->works[i] = t;
		st->in[i] = (struct import_ticket){
			.ticket = t->ticket,
			.messages = t->messages.v,
			.nmessages = t->messages.n,
			.whole = !t->walk.early && !t->holes,
			.done = j->started_at != TIME_NONE &&
			        t->ticket->updated_at < j->started_at - IMPORT_CURSOR_BACK_MS,
			.always_done = j->job.full,
		};
	}
	(void)move_on(st, STORER_IDLE, STORER_GIVEN);
}

enum err
import_storer_give(struct import_job *j, int64_t now_ms, int64_t *next_ms)
{
	struct import_storer *st = j->im->storer;
	int64_t ignored;
	struct batch b;

	collect(j, &b);
	if (b.n == 0)
		return ERR_OK;
	if (!b.full && b.others_fly && now_ms < b.since + BATCH_WAIT_MS) {
		if (b.since + BATCH_WAIT_MS < *next_ms)
			*next_ms = b.since + BATCH_WAIT_MS;
		return ERR_OK;
	}
	if (st->job != NULL || (st->next != NULL && st->next != j)) {
		if (st->next == NULL && st->job != j)
			st->next = j;
		return ERR_OK; /* woken when it is free */
	}
	st->next = NULL;
	give(st, j, &b, now_ms);
	if (j->im->o.store_wake != NULL) {
		wake_set(j->im->o.store_wake);
		return ERR_OK;
	}
	(void)importer_store_step(j->im, now_ms, &ignored);
	return import_storer_take(j);
}
