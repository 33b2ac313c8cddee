/*
 * A run from claim to end. What always holds: what it has done stands in its job's row at least
 * once a second, so whoever takes it up goes on from there; sessions are put into the queue before
 * the first row is claimed; it ends with the reason of whatever stopped it, and its rows wait for
 * the next one.
 */
#include <stdlib.h>
#include <string.h>

#include "sys/log.h"
#include "work/analyser_internal.h"
#include "work/analysis_plan.h"

#define RUN_ARENA ((size_t)4 << 20)
#define RENEW_MS  1000

#define REASONS_BYTES 4096 /* of a log line */

/* What the requests of the run have in common, in one word. */
static enum err
hash_prompt(struct analyser_run *run)
{
	const struct analyser_model *m = &run->an->o.model;
	const struct prompt_options o = { .model = m->model,
		                          .max_input_tokens = m->max_input_tokens };
	struct prompt p;
	enum err e = prompt_build(run->an->arena, &run->script, NULL, 0, &o, &p);

	if (e == ERR_OK)
		run->hash = str_dup(run->arena, p.hash);
	return e;
}

/* The rubric as it is stored. *why: it cannot be used. */
static enum err
load_script(struct analyser_run *run, const char **why)
{
	enum err e = analysis_script_find(run->an->db, run->arena, run->job.client_id,
	                                  run->params.script_key, run->params.script_version,
	                                  &run->script);

	if (e == ERR_NOT_FOUND) {
		*why = "script_missing";
		return ERR_OK;
	}
	if (e == ERR_OK &&
	    (analysis_script_fits(run->an->arena, &run->an->o.model, &run->script) != ERR_OK ||
	     hash_prompt(run) != ERR_OK))
		*why = "script_too_large";
	return e;
}

static enum err
load(struct analyser_run *run, const struct job *job, const char **why)
{
	enum err e =
		analysis_params_read(run->arena, str_dup(run->arena, job->params), &run->params);

	if (e == ERR_OK)
		e = analysis_tally_read(run->arena, str_dup(run->arena, job->counts), &run->tally);
	if (e != ERR_OK)
		return e;
	run->job.params = run->job.counts = STR_NONE; /* of the step's arena */
	run->tally.reason = STR_NONE;
	run->tally.priced = run->an->o.model.priced;
	run->combo = analysis_params_combo(&run->params, run->job.client_id);
	return load_script(run, why);
}

enum err
analyser_run_open(struct analyser *an, const struct job *job, int64_t now_ms)
{
	struct analyser_run *run = calloc(1, sizeof(*run));
	const char *why = NULL;
	enum err e;

	if (run == NULL)
		abort();
	*run = (struct analyser_run){ .an = an,
		                      .job = *job,
		                      .arena = arena_new(RUN_ARENA),
		                      .total = -1,
		                      .began_at = now_ms,
		                      .renew_at = now_ms,
		                      .pauses_before = an->client.ever };
	if (an->nruns == 0)
		an->client.pauses = 0; /* what was before has nothing to do with it */
	an->runs[an->nruns++] = run;
	e = load(run, job, &why);
	if (db_is_away(e)) {
		analyser_run_drop(run, now_ms); /* its lease ends, and then it is taken up again */
		return e;
	}
	if (e != ERR_OK || why != NULL)
		analyser_run_stop(run, why != NULL ? why : "internal",
		                  str_from(e != ERR_OK ? err_info(e)->title : ""));
	log_info("analysis.started", LOG_UUID("job", job->id), LOG_UUID("client", job->client_id),
	         LOG_INT("resumed", job->resumed));
	return ERR_OK;
}

void
analyser_run_stop(struct analyser_run *run, const char *reason, struct str error)
{
	if (run->ending)
		return;
	run->ending = true;
	run->tally.reason = str_dup(run->arena, str_from(reason));
	if (!str_is_empty(error))
		run->error = str_dup(run->arena, error);
}

static void
progress(struct analyser_run *run, struct job_progress *p, int64_t now_ms)
{
	int64_t done = run->tally.processed + run->tally.failed, elapsed = now_ms - run->began_at;
	int64_t held = run->an->client.held_until;

	run->tally.paused_until = held > now_ms && !run->ending ? held : TIME_NONE;
	*p = (struct job_progress){ .done = done,
		                    .total = run->total,
		                    .unit = "sessions",
		                    .eta_seconds = -1,
		                    .counts = analysis_tally_write(run->an->arena, &run->tally) };
	if (run->total > done && done > 0 && elapsed > 0)
		p->eta_seconds = (run->total - done) * elapsed / done / 1000;
}

/* The job is another's. The rows are not: what was asked is waited for and stored. */
static void
orphan(struct analyser_run *run)
{
	log_warn("analysis.lease_lost", LOG_UUID("job", run->job.id));
	run->orphan = true;
	run->renew_at = INT64_MAX;
	analyser_run_stop(run, NULL, STR_NONE);
}

/* What has come already is paid for: it is stored before the run ends. */
static void
cancel_calls(struct analyser_run *run)
{
	for (struct analyser_call *c = run->calls, *next; c != NULL; c = next) {
		next = c->next;
		if (c->flying)
			analyser_call_cut(c);
	}
}

enum err
analyser_run_renew(struct analyser_run *run, int64_t now_ms)
{
	struct analyser *an = run->an;
	struct job_progress p;
	bool cancel = false;
	enum err e;

	arena_reset(an->arena);
	progress(run, &p, now_ms);
	e = jobs_renew(an->db, run->job.id, an->o.owner, now_ms, &p, &cancel);
	if (e == ERR_CONFLICT) {
		orphan(run);
		return ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	run->renew_at = now_ms + RENEW_MS;
	if (cancel && !run->cancelled) {
		run->cancelled = true;
		analyser_run_stop(run, "cancelled", STR_NONE);
		cancel_calls(run);
	}
	return ERR_OK;
}

/* What waits now: how much there is to do. */
static enum err
count_queue(struct analyser_run *run, int64_t now_ms, struct analysis_counts *n)
{
	enum err e = analysis_queue_counts(run->an->db, run->an->arena, &run->combo, now_ms, n);

	if (e == ERR_OK)
		run->tally.remaining = n->pending + n->failed_retryable;
	return e;
}

enum err
analyser_run_enqueue(struct analyser_run *run, int64_t now_ms)
{
	struct analyser *an = run->an;
	struct analysis_choice choice = analysis_params_choice(&run->params);
	struct analysis_enqueue at = { .after = run->tally.after, .enqueued = run->tally.enqueued };
	struct analysis_counts n;
	enum err e = ERR_OK;

	if (run->params.retry_failed && !run->tally.retried) {
		int64_t changed;

		e = analysis_queue_retry_failed(an->db, &run->combo, now_ms, &changed);
		if (e == ERR_OK && changed == ANALYSIS_BATCH)
			return ERR_OK; /* the rest in the next step */
		run->tally.retried = e == ERR_OK;
	}
	arena_reset(an->arena);
	if (e == ERR_OK)
		e = analysis_queue_enqueue(an->db, an->arena, an->o.rand, &run->combo, &choice,
		                           now_ms, &at);
	if (e != ERR_OK)
		return e;
	run->tally.after = at.after;
	run->tally.enqueued = at.enqueued;
	run->tally.enqueue_done = at.finished;
	if (at.finished)
		e = count_queue(run, now_ms, &n);
	if (e == ERR_OK && at.finished) {
		int64_t now = n.pending + n.due + run->tally.processed + run->tally.failed;

		run->total = now < run->params.limit ? now : run->params.limit;
	}
	/* before any row is worked on the row of the job says that the queue is filled */
	return e == ERR_OK ? analyser_run_renew(run, now_ms) : e;
}

size_t
analyser_run_wants(const struct analyser_run *run)
{
	int64_t left = run->params.limit - run->tally.processed - run->tally.failed -
	               (int64_t)run->ncalls;

	if (run->ending || !run->tally.enqueue_done || left <= 0)
		return 0;
	if (run->params.max_cost >= 0 && run->tally.cost >= run->params.max_cost)
		return 0;
	return (size_t)left;
}

void
analyser_run_reason(struct analyser_run *run, const char *word)
{
	struct analyser_reason *r = run->reasons;

	while (r != NULL && strcmp(r->word, word) != 0)
		r = r->next;
	if (r == NULL) {
		r = ARENA_NEW(run->arena, struct analyser_reason);
		*r = (struct analyser_reason){ .next = run->reasons, .word = word };
		run->reasons = r;
	}
	r->n++;
}

/* "rate_limited:3,refusal:1"; STR_NONE: none. */
static struct str
list_reasons(const struct analyser_run *run)
{
	struct buf b;

	buf_init(&b, run->an->arena, REASONS_BYTES);
	for (const struct analyser_reason *r = run->reasons; r != NULL; r = r->next)
		buf_fmt(&b, "%s%s:%lld", b.n > 0 ? "," : "", r->word, (long long)r->n);
	return b.n > 0 ? buf_slice(&b) : STR_NONE;
}

static enum job_end
how_it_ended(const struct analyser_run *run)
{
	if (run->cancelled)
		return JOB_CANCELLED;
	if (run->tally.failed == 0 && !str_is_set(run->tally.reason))
		return JOB_SUCCEEDED;
	return run->tally.processed > 0 || !str_is_set(run->tally.reason) ? JOB_PARTIAL
	                                                                  : JOB_FAILED;
}

static void
explain(struct analyser_run *run)
{
	const struct analysis_params *p = &run->params;

	if (p->max_cost >= 0 && run->tally.cost >= p->max_cost && run->tally.remaining > 0)
		analyser_run_stop(
			run, "budget_spent",
			STR("budget_spent: the run's maxCostUsd is spent; the rest of the queue "
		            "waits."));
	if (str_is_set(run->error))
		return;
	if (str_is_set(run->tally.reason) && !run->cancelled)
		run->error = run->tally.reason;
	else if (run->tally.failed > 0)
		run->error = str_fmt(run->arena, "failures: %lld sessions could not be analysed",
		                     (long long)run->tally.failed);
}

enum err
analyser_run_end(struct analyser_run *run, int64_t now_ms)
{
	struct analyser *an = run->an;
	struct analysis_counts n;
	struct job_progress p;
	enum err e;

	if (run->orphan) {
		analyser_run_drop(run, now_ms);
		return ERR_OK;
	}
	arena_reset(an->arena);
	e = count_queue(run, now_ms, &n);
	if (db_is_away(e))
		return e;
	explain(run);
	progress(run, &p, now_ms);
	p.total = run->total < p.done ? p.done : run->total;
	e = jobs_finish(an->db, run->job.id, an->o.owner, now_ms, how_it_ended(run), run->error,
	                &p);
	if (db_is_away(e))
		return e;
	log_info("analysis.ended", LOG_UUID("job", run->job.id),
	         LOG_INT("enqueued", run->tally.enqueued),
	         LOG_INT("processed", run->tally.processed), LOG_INT("failed", run->tally.failed),
	         LOG_INT("released", run->tally.released),
	         LOG_INT("remaining", run->tally.remaining), LOG_STR("reason", run->tally.reason),
	         LOG_STR("reasons", list_reasons(run)), LOG_STR("promptHash", run->hash));
	analyser_run_drop(run, now_ms);
	return ERR_OK;
}

void
analyser_run_release(struct analyser_run *run, int64_t now_ms)
{
	struct analyser *an = run->an;
	struct job_progress p;
	bool cancel;
	enum err e;

	if (run->orphan) {
		analyser_run_drop(run, now_ms);
		return;
	}
	arena_reset(an->arena);
	progress(run, &p, now_ms);
	e = jobs_renew(an->db, run->job.id, an->o.owner, now_ms, &p, &cancel);
	if (e == ERR_OK)
		e = jobs_release(an->db, run->job.id, an->o.owner, now_ms);
	if (e != ERR_OK && e != ERR_CONFLICT)
		log_warn("analysis.not_released", LOG_UUID("job", run->job.id),
		         LOG_Z("detail", db_message(an->db)));
	analyser_run_drop(run, now_ms);
}

void
analyser_run_drop(struct analyser_run *run, int64_t now_ms)
{
	struct analyser *an = run->an;

	while (run->calls != NULL)
		analyser_call_drop(run->calls, now_ms);
	for (size_t i = 0; i < an->nruns; i++) {
		if (an->runs[i] == run) {
			an->runs[i] = an->runs[--an->nruns];
			break;
		}
	}
	arena_free(run->arena);
	free(run);
}
