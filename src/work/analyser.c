/*
 * The analyser's step: takes the answers that are there, claims one job, puts one page of sessions
 * into the queue, and begins as many calls as may be in flight. What always holds: no transaction
 * is open while a call is; an answer that was paid for is kept until the database has it; nothing
 * is asked while the server said to wait; the database away stops everything for a second and loses
 * nothing.
 */
#include "work/analyser.h"

#include <stdlib.h>

#include "sys/log.h"
#include "work/analyser_internal.h"

#define STEP_ARENA    ((size_t)64 << 20)
#define CLAIM_MS      1000
#define SWEEP_MS      2000
#define AWAY_MS       1000
#define DUE_MS        1000
#define GATHER_MS     10 /* of a call of a second or more: one part in a hundred */
#define GATHER_FLYING 16

enum err
analyser_open(const struct analyser_options *o, struct analyser **out)
{
	struct analyser *an = calloc(1, sizeof(*an));
	enum err e;

	if (an == NULL)
		abort();
	an->o = *o;
	if (an->o.max_jobs > ANALYSER_MAX_JOBS)
		an->o.max_jobs = ANALYSER_MAX_JOBS;
	e = db_open(o->pool, false, &an->db);
	if (e != ERR_OK) {
		free(an);
		return e;
	}
	an->arena = arena_new(STEP_ARENA);
	*out = an;
	return ERR_OK;
}

void
analyser_close(struct analyser *an)
{
	if (an == NULL)
		return;
	while (an->nruns > 0)
		analyser_run_drop(an->runs[0], 0);
	db_close(an->db);
	arena_free(an->arena);
	free(an);
}

void
analyser_look(struct analyser *an)
{
	atomic_store(&an->look, true);
}

static enum err
claim_job(struct analyser *an, int64_t now_ms, bool *worked)
{
	struct job job;
	bool found = false;
	enum err e;

	if (an->nruns >= an->o.max_jobs ||
	    (!atomic_exchange(&an->look, false) && now_ms < an->claim_at))
		return ERR_OK;
	arena_reset(an->arena);
	e = jobs_claim(an->db, an->arena, 1u << JOB_ANALYSIS, an->o.only, an->o.owner, now_ms, &job,
	               &found);
	if (e != ERR_OK)
		return e;
	if (!found) {
		an->claim_at = now_ms + CLAIM_MS;
		return ERR_OK;
	}
	*worked = true;
	return analyser_run_open(an, &job, now_ms);
}

/* Rows of processes that are gone, whoever they were. Not while answers wait here: if the database
 * was away for long the leases of their rows are over too. */
static enum err
sweep(struct analyser *an, int64_t now_ms)
{
	int64_t returned = 0;
	enum err e;

	if (an->heard != NULL || now_ms < an->sweep_at)
		return ERR_OK;
	e = analysis_queue_sweep(an->db, now_ms, &returned);
	if (e != ERR_OK)
		return e;
	an->sweep_at = now_ms + SWEEP_MS;
	if (returned > 0)
		log_warn("analysis.returned", LOG_INT("rows", returned));
	for (size_t i = 0; returned > 0 && i < an->nruns; i++)
		an->runs[i]->dry = false;
	return ERR_OK;
}

/* Rows that we could not give back, or were not told of, once the database answers again. */
static enum err
gather(struct analyser *an, int64_t now_ms)
{
	struct uuid *held;
	int64_t returned = 0;
	size_t n = 0;
	enum err e;

	if (!an->astray)
		return ERR_OK;
	arena_reset(an->arena);
	held = ARENA_ARRAY(an->arena, an->ncalls, struct uuid);
	for (size_t i = 0; i < an->nruns; i++) {
		for (const struct analyser_call *c = an->runs[i]->calls; c != NULL; c = c->next)
			held[n++] = c->row.id;
		an->runs[i]->dry = false;
	}
	e = analysis_queue_gather(an->db, an->arena, an->o.owner, held, n, an->astray_asked, now_ms,
	                          &returned);
	if (e == ERR_OK)
		an->astray = an->astray_asked = false;
	if (returned > 0)
		log_warn("analysis.gathered", LOG_INT("rows", returned));
	return e;
}

void
analyser_stop(struct analyser *an, int64_t now_ms)
{
	bool worked = false;
	enum err e = ERR_OK;

	analyser_hear(an, now_ms);
	while (e == ERR_OK && an->heard != NULL)
		e = analyser_settle(an, now_ms, &worked);
	/* one statement for all: each of them alone would wait for the disk */
	for (size_t i = 0; i < an->nruns; i++)
		while (an->runs[i]->calls != NULL)
			analyser_call_cut(an->runs[i]->calls);
	if (gather(an, now_ms) != ERR_OK)
		log_warn("analysis.not_gathered", LOG_Z("detail", db_message(an->db)));
	while (an->nruns > 0)
		analyser_run_release(an->runs[0], now_ms);
}

/* Before anything else, so that no job is lost for want of a word. */
static enum err
hold_on(struct analyser *an, int64_t now_ms)
{
	enum err e = ERR_OK;

	for (size_t i = an->nruns; e == ERR_OK && i-- > 0;)
		if (now_ms >= an->runs[i]->renew_at)
			e = analyser_run_renew(an->runs[i], now_ms);
	return e;
}

/* One run's trouble stops no other: an error of its own ends it. ERR_OK then; what is away is given
 * back. */
static enum err
own_error(struct analyser_run *run, enum err e)
{
	if (e == ERR_OK || db_is_away(e))
		return e;
	log_error("analysis.error", LOG_UUID("job", run->job.id), LOG_ERR(e),
	          LOG_Z("detail", db_message(run->an->db)));
	analyser_run_stop(run, "internal", str_from(err_info(e)->title));
	return ERR_OK;
}

/* Failed rows whose time has come. *more: not all of them yet; nothing is claimed then, since the
 * newest comes first. */
static enum err
make_due(struct analyser_run *run, int64_t now_ms, bool *more)
{
	int64_t changed;
	enum err e = analysis_queue_make_due(run->an->db, &run->combo, now_ms, &changed);

	*more = e == ERR_OK && changed == ANALYSIS_BATCH;
	if (e == ERR_OK)
		run->due_at = *more ? now_ms : now_ms + DUE_MS;
	return e;
}

/* Rows that this run has not had yet; when there are none, those that it gave back. Failed ones
 * whose time has come are looked for once a second, and before there are none. */
static enum err
claim_next(struct analyser_run *run, int64_t now_ms, size_t most, struct analysis_claimed **rows,
           size_t *n, bool *more)
{
	struct analyser *an = run->an;
	int64_t until = now_ms + 2 * an->o.timeout_ms;
	bool look = now_ms >= run->due_at;
	enum err e = look ? make_due(run, now_ms, more) : ERR_OK;

	*n = 0;
	if (e != ERR_OK || *more)
		return e;
	arena_reset(an->arena);
	e = analysis_queue_claim(an->db, an->arena, &run->combo, an->o.owner, now_ms, until,
	                         run->began_at, most, rows, n);
	if (e != ERR_OK || *n > 0)
		return e;
	if (!look)
		e = make_due(run, now_ms, more);
	return e != ERR_OK || *more
	               ? e
	               : analysis_queue_claim(an->db, an->arena, &run->combo, an->o.owner, now_ms,
	                                      until, TIME_NONE, most, rows, n);
}

/* As many of its rows as may fly beside what does. */
static enum err
claim_rows(struct analyser_run *run, int64_t now_ms, bool *worked)
{
	struct analyser *an = run->an;
	size_t n = an->o.concurrency - an->ncalls, want = analyser_run_wants(run);
	struct analysis_claimed *rows;
	bool more = false;
	enum err e;

	if (n > want)
		n = want;
	if (n > ANALYSER_GROUP)
		n = ANALYSER_GROUP;
	if (n == 0 || run->dry)
		return ERR_OK;
	e = claim_next(run, now_ms, n, &rows, &n, &more);
	an->astray |= db_is_away(e);
	if (e != ERR_OK)
		return own_error(run, e);
	run->dry = n == 0 && !more;
	*worked |= n > 0 || more;
	for (size_t i = 0; e == ERR_OK && i < n; i++)
		e = own_error(run, analyser_call_begin(run, &rows[i], now_ms));
	an->astray |= e != ERR_OK; /* the others are claimed, and nothing can be read now */
	return e;
}

/* Runs take turns, so that a long one does not keep the others waiting: the turn is past whoever
 * had the last. */
static enum err
begin_calls(struct analyser *an, int64_t now_ms, int64_t *next_ms, bool *worked)
{
	const size_t first = an->turn;
	enum err e = ERR_OK;

	if (now_ms < an->client.held_until) {
		if (an->nruns > 0 && an->client.held_until < *next_ms)
			*next_ms = an->client.held_until;
		return ERR_OK;
	}
	for (size_t i = 0; e == ERR_OK && i < an->nruns && an->ncalls < an->o.concurrency; i++) {
		size_t at = (first + i) % an->nruns, before = an->ncalls;

		e = claim_rows(an->runs[at], now_ms, worked);
		if (an->ncalls > before)
			an->turn = at + 1;
	}
	return e;
}

/* What the runs themselves have to do: the queue is filled, and who has nothing left ends. */
static enum err
tend_runs(struct analyser *an, int64_t now_ms, int64_t *next_ms, bool *worked)
{
	enum err e = ERR_OK;

	for (size_t i = an->nruns; e == ERR_OK && i-- > 0;) {
		struct analyser_run *run = an->runs[i];

		if (!run->ending && !run->tally.enqueue_done) {
			e = own_error(run, analyser_run_enqueue(run, now_ms));
			*worked = true;
			continue;
		}
		if (run->renew_at < *next_ms)
			*next_ms = run->renew_at;
		if (run->ncalls > 0 || (analyser_run_wants(run) > 0 && !run->dry))
			continue;
		*worked = true;
		e = analyser_run_end(run, now_ms);
	}
	return e;
}

static enum err
work(struct analyser *an, int64_t now_ms, int64_t *next_ms, bool *worked)
{
	enum err e = analyser_settle(an, now_ms, worked);

	if (e == ERR_OK)
		e = hold_on(an, now_ms);
	if (e == ERR_OK)
		e = gather(an, now_ms); /* also what a run held that was cancelled just now */
	if (e == ERR_OK)
		e = sweep(an, now_ms);
	if (e == ERR_OK)
		e = claim_job(an, now_ms, worked);
	if (e == ERR_OK)
		e = tend_runs(an, now_ms, next_ms, worked);
	if (e == ERR_OK)
		e = begin_calls(an, now_ms, next_ms, worked);
	return e;
}

/* Answers that came wait a moment for others, while many are to come: they are stored and claimed
 * together, and a commit of one costs as much as a commit of ten. *until: at the latest. */
static bool
gathers(const struct analyser *an, int64_t now_ms, int64_t *until)
{
	size_t heard = 0;

	for (const struct analyser_call *c = an->heard; c != NULL; c = c->next_heard)
		heard++;
	if (heard == 0 || heard >= ANALYSER_GROUP || an->ncalls - heard < GATHER_FLYING)
		return false;
	*until = an->heard->answered_at + GATHER_MS;
	return now_ms < *until;
}

enum step
analyser_step(void *analyser, int64_t now_ms, int64_t *next_ms)
{
	static struct log_limit limit;
	struct analyser *an = analyser;
	bool worked = false;
	int64_t hidden;
	enum err e;

	*next_ms = now_ms + CLAIM_MS;
	analyser_hear(an, now_ms);
	if (now_ms < an->away_until) {
		*next_ms = an->away_until;
		return STEP_WAIT;
	}
	if (gathers(an, now_ms, next_ms))
		return STEP_WAIT;
	e = work(an, now_ms, next_ms, &worked);
	if (e == ERR_OK)
		return worked ? STEP_AGAIN : STEP_WAIT;
	if (log_limited(&limit, now_ms, 10000, &hidden))
		log_warn("analysis.database", LOG_ERR(e), LOG_Z("detail", db_message(an->db)),
		         LOG_INT("hidden", hidden));
	an->away_until = now_ms + AWAY_MS;
	*next_ms = an->away_until;
	return STEP_WAIT;
}
