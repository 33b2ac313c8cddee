/*
 * The tickets of a run: which of a page are read, their messages, and that they are handed on to be
 * stored (importer_store.c). What always holds: a ticket is stored or noted as a failure, and
 * neither stops the others; what was done in this run at the same updatedAt is not read again; the
 * walk goes on while tickets are read and stored, at most so far ahead.
 */
#include <stdlib.h>

#include "sys/log.h"
#include "work/importer_internal.h"

#define PAGE_ARENA ((size_t)256 << 20)
#define WALK_ARENA ((size_t)64 << 20)
#define AHEAD      200 /* tickets that wait: beyond, the list is not walked on */

static void
page_release(struct ticket_page *p)
{
	if (--p->refs > 0)
		return;
	p->job->pages_held -= p->bytes;
	arena_free(p->arena);
	free(p);
}

static struct ticket_page *
page_new(struct import_job *j, struct str body, enum err *e)
{
	struct ticket_page *p = calloc(1, sizeof(*p));

	if (p == NULL)
		abort();
	p->job = j;
	p->arena = arena_new(PAGE_ARENA);
	p->refs = 1;
	*e = hd_decode(p->arena, HD_TICKETS, body, &p->page);
	if (*e == ERR_OK)
		*e = arena_check(p->arena);
	p->bytes = arena_used(p->arena);
	j->pages_held += p->bytes;
	return p;
}

/* Two elements of one updatedAt may differ still: times are no finer than the source writes them.
 */
uint32_t
import_version(struct str raw, int64_t updated_at)
{
	uint64_t hash = str_hash(raw) ^ (uint64_t)updated_at;
	uint32_t note = (uint32_t)(hash ^ hash >> 32) & HD_SEEN_NOTE;

	return note == 0 ? 1 : note;
}

static struct ticket_work **
chain_of(struct import_job *j, struct str uuid)
{
	return &j->chains[str_hash(uuid) & (IMPORTER_CHAINS - 1)];
}

static void
work_free(struct ticket_work *t)
{
	struct ticket_work **at = chain_of(t->ask.job, t->ticket->uuid);

	while (*at != t)
		at = &(*at)->same;
	*at = t->same;
	ask_cancel(&t->ask);
	arena_free(t->arena);
	arena_free(t->walk_arena);
	page_release(t->page);
	free(t);
}

void
tickets_drop(struct import_job *j)
{
	import_storer_settle(j);
	while (j->first != NULL) {
		struct ticket_work *t = j->first;

		j->first = t->next;
		work_free(t);
	}
	j->last = NULL;
	j->waiting = j->waiting_failures = j->reading = 0;
}

/* A newer reading of the ticket waits already; or, if it is tried again, one that is as new. */
static bool
is_behind(struct import_job *j, const struct hd_ticket *t, bool again)
{
	for (const struct ticket_work *o = *chain_of(j, t->uuid); o != NULL; o = o->same)
		if (str_eq(o->ticket->uuid, t->uuid) &&
		    o->ticket->updated_at + again > t->updated_at)
			return true;
	return false;
}

bool
tickets_read(struct import_job *j, const struct hd_ticket *t)
{
	for (const struct ticket_work *o = *chain_of(j, t->uuid); o != NULL; o = o->same)
		if (o->ticket == t)
			return true;
	return false;
}

/* Older readings of the same ticket that still wait would undo it. */
static void
join_chain(struct import_job *j, struct ticket_work *t)
{
	struct ticket_work **chain = chain_of(j, t->ticket->uuid);

	for (struct ticket_work *o = *chain; o != NULL; o = o->same)
		if (str_eq(o->ticket->uuid, t->ticket->uuid))
			o->outdated = true;
	t->same = *chain;
	*chain = t;
}

static void
enqueue(struct import_job *j, struct ticket_page *p, const struct hd_ticket *ticket,
        const struct import_known *known, bool failure)
{
	struct ticket_work *t = calloc(1, sizeof(*t));

	if (t == NULL)
		abort();
	t->page = p;
	p->refs++;
	t->ticket = ticket;
	t->known = *known;
	ask_init(&t->ask, j, HD_MESSAGES, t);
	if (j->last == NULL)
		j->first = t;
	else
		j->last->next = t;
	j->last = t;
	t->failure = failure;
	j->waiting++;
	j->waiting_failures += failure;
	j->candidates++;
	join_chain(j, t);
}

/*
 * Whether a listed ticket is read in this run. What is not stored as it is listed is, wherever the
 * cursor stands: a list that is not newest-first loses elements from under a walk when others move
 * to its end, and the next walk meets them. What is stored so is read again from the cursor on,
 * and by a --full run; a walk to the end that nobody asked for by hand leaves it.
 */
static bool
is_wanted(const struct import_job *j, const struct hd_ticket *t, const struct import_known *k)
{
	if (k->done || t->updated_at < j->im->o.start_at)
		return false;
	/* this run has seen and stored a newer one: a page that is behind */
	if (k->known && t->updated_at < k->updated_at && hd_seen_has(&j->seen, t->uuid))
		return false;
	if (!k->known || k->updated_at != t->updated_at)
		return true;
	return j->job.full || j->cursor == TIME_NONE || t->updated_at >= j->cursor;
}

/* The page's tickets into the queue, each once a run at one updatedAt. */
static enum err
queue_page(struct import_job *j, struct ticket_page *p, int64_t now_ms, bool all)
{
	bool again = all && j->failures_again;
	struct import_store s = import_job_store(j, now_ms);
	struct import_known *known = ARENA_ARRAY(p->arena, p->page.ntickets, struct import_known);
	enum err e = import_store_known(&s, p->page.tickets, p->page.ntickets, known);

	for (size_t i = 0; e == ERR_OK && i < p->page.ntickets; i++) {
		const struct hd_ticket *t = &p->page.tickets[i];

		if ((!all && !is_wanted(j, t, &known[i])) || is_behind(j, t, again))
			continue;
		if (hd_seen_note(&j->seen, t->uuid, import_version(t->raw, t->updated_at)) || again)
			enqueue(j, p, t, &known[i], all);
	}
	return e;
}

enum err
tickets_page(struct import_job *j, struct str body, int64_t now_ms, bool *garbage)
{
	const struct import_page of = { .list = HD_TICKETS, .page = j->walk.walk.page };
	enum err e;
	struct ticket_page *p = page_new(j, body, &e);
	enum import_next next;

	if (e == ERR_INVALID) {
		*garbage = true;
		e = ERR_OK;
	} else if (e == ERR_OK) {
		e = queue_page(j, p, now_ms, false);
		if (e == ERR_OK)
			e = import_unreadable(j, &of, &p->page, now_ms);
		if (e == ERR_OK) {
			import_problems(j, &of, &p->page);
			j->pages_done++;
			next = import_walk_tickets(&j->walk, &p->page);
			if (next == IMPORT_FAILED)
				import_job_stop(j, JOB_FAILED, import_job_too_long(j));
			j->list_done = next == IMPORT_DONE;
			j->list_complete = next == IMPORT_DONE && j->walk.complete;
			if (!j->list_done && !j->ending)
				ask_page(&j->ask, j->walk.walk.page, now_ms);
		}
	}
	page_release(p);
	return e;
}

enum err
tickets_again(struct import_job *j, struct str body, int64_t now_ms)
{
	enum err e;
	struct ticket_page *p = page_new(j, body, &e);

	if (e == ERR_OK)
		e = queue_page(j, p, now_ms, true);
	page_release(p);
	return e;
}

void
ticket_failed(struct ticket_work *t, const char *reason, struct str detail)
{
	ask_cancel(&t->ask);
	t->state = TICKET_FAILED;
	t->reason = reason;
	t->detail = str_dup(t->page->arena, detail);
}

static void
leave_waiting(struct import_job *j, struct ticket_work *t, enum ticket_state state)
{
	t->state = state;
	j->waiting--;
	j->waiting_failures -= t->failure;
}

static void
ticket_begin(struct ticket_work *t, int64_t now_ms)
{
	struct import_job *j = t->ask.job;

	t->arena = arena_new(j->im->o.ticket_bytes);
	t->walk_arena = arena_new(WALK_ARENA);
	import_walk_init(&t->walk, t->walk_arena,
	                 t->known.known ? t->known.last_message_created_at : TIME_NONE,
	                 j->job.full);
	leave_waiting(j, t, TICKET_READS);
	ask_page(&t->ask, t->walk.walk.page, now_ms);
	j->reading++;
}

enum err
ticket_messages(struct ticket_work *t, struct str body, int64_t now_ms, enum import_answer *what)
{
	struct import_job *j = t->ask.job;
	struct import_store s = import_job_store(j, now_ms);
	const struct import_page of = { HD_MESSAGES, t->walk.walk.page, t->ticket->uuid };
	enum import_next next;
	struct hd_page page;
	bool *stored;
	enum err e = hd_decode(t->arena, HD_MESSAGES, body, &page);

	if (e == ERR_INVALID) {
		*what = IMPORT_GARBAGE;
		return ERR_OK;
	}
	if (e == ERR_TOO_LARGE || (e == ERR_OK && arena_check(t->arena) != ERR_OK)) {
		ticket_failed(t, "too_large", STR("the ticket's messages pass the memory allowed"));
		return ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	stored = ARENA_ARRAY(t->arena, page.nmessages, bool);
	if (t->known.known)
		e = import_store_stored(&s, t->known.ticket_id, page.messages, page.nmessages,
		                        stored);
	if (e != ERR_OK)
		return e;
	import_problems(j, &of, &page);
	t->holes |= page.nproblems > 0;
	for (size_t i = 0; i < page.nmessages; i++)
		*APPLY_ADD(t->arena, &t->messages) = page.messages[i];
	next = import_walk_messages(&t->walk, &page, stored);
	if (next == IMPORT_FAILED)
		ticket_failed(t, "too_many_pages", STR("the list of its messages does not end"));
	else if (next == IMPORT_DONE && !t->walk.complete)
		ticket_failed(t, "incomplete", STR("pages of its messages could not be reached"));
	else if (next == IMPORT_DONE) {
		t->state = TICKET_READ;
		t->read_at = now_ms;
	} else
		ask_page(&t->ask, t->walk.walk.page, now_ms);
	return ERR_OK;
}

static enum err
store_failure(struct import_job *j, struct ticket_work *t, int64_t now_ms)
{
	struct import_store s = import_job_store(j, now_ms);
	struct str detail = str_fmt(s.arena, STR_FMT ": " STR_FMT,
	                            STR_ARG(import_place(j, s.arena, t->ticket->uuid)),
	                            STR_ARG(t->detail));
	enum err e = import_store_failed(&s, t->ticket, t->reason, detail);

	if (e != ERR_OK)
		return e;
	j->failed++;
	t->state = TICKET_DONE;
	log_warn("import.ticket_failed", LOG_UUID("job", j->job.id),
	         LOG_STR("ticket", t->ticket->uuid), LOG_Z("reason", t->reason));
	return ERR_OK;
}

/* Failures are noted, and what was read is handed on, if enough of it is there. */
static enum err
store_some(struct import_job *j, int64_t now_ms, int64_t *next_ms)
{
	enum err e = import_storer_take(j);

	for (struct ticket_work *t = j->first; e == ERR_OK && t != NULL; t = t->next) {
		if (t->state != TICKET_READ && t->state != TICKET_FAILED)
			continue;
		if (t->outdated)
			t->state = TICKET_DONE;
		else if (t->state == TICKET_FAILED)
			e = store_failure(j, t, now_ms);
	}
	return e == ERR_OK ? import_storer_give(j, now_ms, next_ms) : e;
}

/* Those that are done leave the queue. */
static bool
sweep(struct import_job *j)
{
	int64_t before = j->finished;

	j->last = NULL;
	for (struct ticket_work **at = &j->first; *at != NULL;) {
		struct ticket_work *t = *at;

		if (t->state != TICKET_DONE) {
			j->last = t;
			at = &t->next;
			continue;
		}
		*at = t->next;
		j->finished++;
		if (t->arena != NULL)
			j->reading--;
		work_free(t);
	}
	return j->finished != before;
}

/* How many may be read: beside those that are, as many as may fly. */
static size_t
may_begin(const struct import_job *j)
{
	size_t read = 0, most = j->im->o.max_requests;

	for (const struct ticket_work *t = j->first; t != NULL; t = t->next)
		read += t->arena != NULL && t->state != TICKET_READS;
	if (read >= 2 * (size_t)IMPORT_BATCH_TICKETS)
		return 0;
	return j->reading - read < most ? most - (j->reading - read) : 0;
}

static void
begin_some(struct import_job *j, int64_t now_ms)
{
	size_t most = j->waiting > 0 ? may_begin(j) : 0;

	for (struct ticket_work *t = j->first; t != NULL && j->waiting > 0 && most > 0;
	     t = t->next) {
		if (t->state != TICKET_WAITS)
			continue;
		if (!t->outdated) {
			ticket_begin(t, now_ms);
			most--;
		} else {
			leave_waiting(j, t, TICKET_DONE);
		}
	}
}

/* All is read and stored. */
static void
finish(struct import_job *j)
{
	if (j->list_complete)
		j->phase = j->full_walk ? IMPORT_MARKS : IMPORT_NOTES;
	else
		import_job_stop(
			j, JOB_PARTIAL,
			STR("incomplete: the helpdesk has pages that could not be reached"));
}

/* What is not reading. */
static enum err
tickets_piece(struct import_job *j, int64_t now_ms, bool *worked)
{
	enum err e = import_piece(j, now_ms);

	*worked = true;
	if (e == ERR_OK && j->phase == IMPORT_READS)
		ask_page(&j->ask, j->walk.walk.page, now_ms);
	if (e == ERR_OK && j->phase == IMPORT_ENDS)
		import_job_stop(j, JOB_SUCCEEDED, STR_NONE);
	return e;
}

enum err
tickets_begin(struct import_job *j, int64_t now_ms, bool *worked)
{
	enum err e;

	if (j->phase != IMPORT_READS)
		return tickets_piece(j, now_ms, worked);
	e = failures_step(j, now_ms, worked);
	if (e != ERR_OK)
		return e;
	/* the list is walked on while not too many tickets wait, nor too many pages are held */
	if (j->ask.wanted &&
	    (j->waiting - j->waiting_failures > AHEAD || j->pages_held > IMPORTER_PAGES_HELD))
		j->ask.not_before = now_ms + 100;
	begin_some(j, now_ms);
	return ERR_OK;
}

enum err
tickets_store(struct import_job *j, int64_t now_ms, int64_t *next_ms, bool *worked)
{
	enum err e;

	if (j->phase != IMPORT_READS)
		return ERR_OK;
	e = store_some(j, now_ms, next_ms);
	*worked |= sweep(j);
	if (e == ERR_OK && j->first == NULL && j->list_done && !j->failures_left && !j->ending) {
		*worked = true;
		finish(j);
	}
	return e;
}
