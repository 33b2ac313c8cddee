/*
 * The importer's step: takes what came back, claims one job, begins what the budget allows and
 * has one batch of tickets stored. What always holds: a job that is not renewed in time is dropped
 * without another word; the database away stops everything for a second and loses nothing.
 */
#include "work/importer.h"

#include <stdlib.h>

#include "sys/log.h"
#include "work/importer_internal.h"

#define STEP_ARENA ((size_t)256 << 20)
#define CLAIM_MS   1000
#define AWAY_MS    1000
#define RENEW_MS   (JOB_LEASE_MS / 3)
#define SHOW_MS    1000

enum err
importer_open(const struct importer_options *o, struct importer **out)
{
	struct importer *im = calloc(1, sizeof(*im));
	enum err e;

	if (im == NULL)
		abort();
	im->o = *o;
	if (im->o.max_jobs > IMPORTER_MAX_JOBS)
		im->o.max_jobs = IMPORTER_MAX_JOBS;
	e = db_open_batch(o->pool, &im->db);
	if (e == ERR_OK)
		e = import_storer_new(o->pool, &im->storer);
	if (e != ERR_OK) {
		db_close(im->db);
		free(im);
		return e;
	}
	im->arena = arena_new(STEP_ARENA);
	*out = im;
	return ERR_OK;
}

void
importer_close(struct importer *im)
{
	if (im == NULL)
		return;
	while (im->njobs > 0)
		import_job_drop(im->jobs[0]);
	import_storer_free(im->storer);
	db_close(im->db);
	arena_free(im->arena);
	free(im);
}

size_t
importer_running(const struct importer *im)
{
	return im->njobs;
}

void
importer_stop(struct importer *im, int64_t now_ms)
{
	while (im->njobs > 0) {
		struct import_job *j = im->jobs[0];

		if (jobs_release(im->db, j->job.id, im->o.owner, now_ms) != ERR_OK)
			log_warn("import.not_released", LOG_UUID("job", j->job.id),
			         LOG_Z("detail", db_message(im->db)));
		import_job_drop(j);
	}
}

/* Holds on to the job, or forgets it. */
static enum err
renew(struct import_job *j, int64_t now_ms)
{
	struct importer *im = j->im;
	struct job_progress p;
	bool cancel = false;
	enum err e;

	arena_reset(im->arena);
	import_job_progress(j, &p, now_ms);
	e = jobs_renew(im->db, j->job.id, im->o.owner, now_ms, &p, &cancel);
	if (e == ERR_CONFLICT) {
		log_warn("import.lease_lost", LOG_UUID("job", j->job.id));
		import_job_drop(j);
		return ERR_OK;
	}
	if (e != ERR_OK)
		return import_job_error(j, e);
	j->renew_at = now_ms + (RENEW_MS < SHOW_MS ? RENEW_MS : SHOW_MS);
	if (im->o.progressed != NULL)
		im->o.progressed(im->o.ctx, &j->job, &p);
	if (!cancel && (e = failures_asked(j)) != ERR_OK)
		return import_job_error(j, e);
	if (cancel)
		import_job_stop(j, JOB_CANCELLED, STR_NONE);
	return ERR_OK;
}

/* Before anything is claimed: a job whose lease ran out while the database was away, and that
 * nobody has taken, goes on with all it knows. */
static enum err
hold_on(struct importer *im, int64_t now_ms)
{
	enum err e = ERR_OK;

	for (size_t i = im->njobs; e == ERR_OK && i-- > 0;)
		if (now_ms >= im->jobs[i]->renew_at)
			e = renew(im->jobs[i], now_ms);
	return e;
}

static enum err
claim(struct importer *im, int64_t now_ms, bool *worked)
{
	struct job job;
	bool found = false;
	enum err e;

	if (im->njobs >= im->o.max_jobs || now_ms < im->claim_at)
		return ERR_OK;
	arena_reset(im->arena);
	e = jobs_claim(im->db, im->arena, 1u << JOB_IMPORT | 1u << JOB_SYNC_CONTACTS, im->o.only,
	               im->o.owner, now_ms, &job, &found);
	if (e != ERR_OK)
		return e;
	if (!found) {
		im->claim_at = now_ms + CLAIM_MS;
		return ERR_OK;
	}
	*worked = true;
	return import_job_open(im, &job, now_ms);
}

/* What the network is to do meanwhile is begun before anything is stored. */
static enum err
job_step(struct import_job *j, int64_t now_ms, int64_t *next_ms, bool *worked)
{
	enum err e = ERR_OK;

	arena_reset(j->im->arena);
	if (!j->ending)
		e = j->job.kind == JOB_IMPORT ? tickets_begin(j, now_ms, worked)
		                              : contacts_step(j, now_ms, worked);
	if (e == ERR_OK && !j->ending)
		e = asks_start(j, now_ms, next_ms);
	if (e == ERR_OK && !j->ending && j->job.kind == JOB_IMPORT)
		e = tickets_store(j, now_ms, next_ms, worked);
	if (e == ERR_OK && j->ending) {
		*worked = true;
		return import_job_end(j, now_ms);
	}
	if (j->renew_at < *next_ms)
		*next_ms = j->renew_at;
	return e;
}

/* One job's trouble stops no other. */
static enum err
one_job(struct import_job *j, int64_t now_ms, int64_t *next_ms, bool *worked)
{
	bool ending = j->ending;
	enum err e = job_step(j, now_ms, next_ms, worked);

	if (e == ERR_OK || db_is_away(e))
		return e;
	*worked = true;
	if (!ending)
		return import_job_error(j, e);
	/* it cannot even be ended: another takes it up when the lease is over */
	log_error("import.not_ended", LOG_UUID("job", j->job.id), LOG_ERR(e),
	          LOG_Z("detail", db_message(j->im->db)));
	import_job_drop(j);
	return ERR_OK;
}

static enum err
work(struct importer *im, int64_t now_ms, int64_t *next_ms, bool *worked)
{
	bool more = true;
	enum err e = hold_on(im, now_ms);

	if (e == ERR_OK)
		e = claim(im, now_ms, worked);
	while (e == ERR_OK && more) {
		e = asks_result(im, now_ms, &more);
		*worked |= more;
	}
	/* a job that ends takes its place in the list from the last one: from the end */
	for (size_t i = im->njobs; e == ERR_OK && i-- > 0;)
		e = one_job(im->jobs[i], now_ms, next_ms, worked);
	return e;
}

enum step
importer_step(void *importer, int64_t now_ms, int64_t *next_ms)
{
	static struct log_limit limit;
	struct importer *im = importer;
	bool worked = false;
	int64_t hidden;
	enum err e;

	*next_ms = im->njobs < im->o.max_jobs ? im->claim_at : now_ms + CLAIM_MS;
	if (*next_ms <= now_ms)
		*next_ms = now_ms + CLAIM_MS;
	if (now_ms < im->away_until) {
		*next_ms = im->away_until;
		return STEP_WAIT;
	}
	e = work(im, now_ms, next_ms, &worked);
	if (e == ERR_OK)
		return worked ? STEP_AGAIN : STEP_WAIT;
	if (log_limited(&limit, now_ms, 10000, &hidden))
		log_warn("import.database", LOG_ERR(e), LOG_Z("detail", db_message(im->db)),
		         LOG_INT("hidden", hidden));
	im->away_until = now_ms + AWAY_MS;
	*next_ms = im->away_until;
	return STEP_WAIT;
}
