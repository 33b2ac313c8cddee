/*
 * Why: work that takes minutes must outlive the process that began it. What always holds: who holds
 * a job is decided by one statement on its row, so two never hold it; a job that is over is never
 * written again; params say what was asked for and only grow; what was asked for under the client's
 * lane before a job came to its end well is done before it ends.
 */
#include "work/jobs.h"

#include <string.h>

#include "base/json.h"
#include "store/queries.h"
#include "work/event.h"

#define KINDS        3
#define TAKE_TRIES   16 /* against others that are faster each time */
#define SMALL_ARENA  ((size_t)64 << 10)
#define PARAMS_BYTES 256

static const struct {
	const char *name, *unit;
} kinds[KINDS] = {
	[JOB_IMPORT] = { "import", "tickets" },
	[JOB_SYNC_CONTACTS] = { "sync_contacts", "contacts" },
	[JOB_ANALYSIS] = { "analysis", "sessions" },
};

static const char *const ends[] = {
	[JOB_SUCCEEDED] = "succeeded",
	[JOB_PARTIAL] = "partial",
	[JOB_FAILED] = "failed",
	[JOB_CANCELLED] = "cancelled",
};

const char *
jobs_kind_name(enum job_kind kind)
{
	return kinds[kind].name;
}

/* A transaction, unless the caller has one. *mine: to be ended here. */
static enum err
begin(struct db *db, bool *mine)
{
	*mine = !db_in_transaction(db);
	return *mine ? db_begin(db, DB_API) : ERR_OK; /* a lease must not wait for an import */
}

static enum err
end(struct db *db, bool mine, enum err e)
{
	return mine ? db_end(db, e) : e;
}

/* The change of a job that was just written is told. *cancel (may be NULL): someone asked for its
 * end. */
static enum err
tell(struct db *db, struct uuid id, int64_t now_ms, bool *cancel)
{
	struct arena *a = arena_new(SMALL_ARENA);
	struct event_batch b;
	struct uuid client;
	struct db_result r;
	enum err e = db_query(db, &q_jobs_of, DB_PARAMS(db_uuid(id)), NULL, a, &r);

	if (e == ERR_OK && r.nrows > 0 && !db_is_null(&r, 0, 0)) {
		client = db_get_uuid(&r, 0, 0);
		event_batch_init(&b, a);
		event_batch_add(&b, client, EVENT_JOB, id);
		if (db_get_bool(&r, 0, 2))
			event_batch_add(&b, client, EVENT_IMPORT, UUID_NIL);
		e = event_batch_store(&b, db, now_ms);
	}
	if (e == ERR_OK && cancel != NULL)
		*cancel = r.nrows > 0 && db_get_bool(&r, 0, 1);
	arena_free(a);
	return e;
}

/* One statement on a job's row, and what it tells. ERR_CONFLICT: it changed nothing. */
static enum err
change(struct db *db, const struct query *q, const struct db_param *params, struct uuid id,
       int64_t now_ms, bool *cancel)
{
	int64_t changed = 0;
	bool mine;
	enum err e = begin(db, &mine);

	if (e != ERR_OK)
		return e;
	e = db_exec(db, q, params, NULL, &changed);
	if (e == ERR_OK && changed > 0)
		e = tell(db, id, now_ms, cancel);
	e = end(db, mine, e);
	return e != ERR_OK ? e : changed == 0 ? ERR_CONFLICT : ERR_OK;
}

/* What is asked of a job. */
struct wish {
	bool full, episodes;
	int64_t retries;
};

static struct str
write_params(struct arena *a, const struct wish *x)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, PARAMS_BYTES);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kbool(&w, "full", x->full);
	jw_kbool(&w, "episodes", x->episodes);
	jw_ki64(&w, "retries", x->retries);
	jw_obj_end(&w);
	return buf_slice(&b);
}

/* What is not there is not asked. */
static struct wish
read_params(struct arena *a, struct str text)
{
	const cJSON *doc = NULL;
	struct wish x = { 0 };

	if (!str_is_set(text) || json_parse(a, text, &doc) != ERR_OK)
		return x;
	(void)json_bool(json_get(doc, "full"), &x.full);
	(void)json_bool(json_get(doc, "episodes"), &x.episodes);
	(void)json_i64(json_get(doc, "retries"), &x.retries);
	return x;
}

static enum err
widen(struct db *db, struct arena *a, struct uuid id, const struct wish *x)
{
	return db_exec(db, &q_jobs_widen, DB_PARAMS(db_uuid(id), db_json(write_params(a, x))), NULL,
	               NULL);
}

static enum err
load_params(struct db *db, struct arena *a, struct uuid id, struct wish *x)
{
	struct db_result r;
	enum err e = db_query(db, &q_jobs_params, DB_PARAMS(db_uuid(id)), NULL, a, &r);

	if (e == ERR_OK)
		*x = read_params(a, r.nrows > 0 ? db_get_text(&r, 0, 0) : STR_NONE);
	return e;
}

/* One that is under way is asked for more. One that nobody works on and whose end was asked for
 * ends; one that is held does not have to end any more. *kept: it stays. */
static enum err
meet_existing(struct db *db, struct arena *a, const struct db_result *r, bool full, bool episodes,
              int64_t now_ms, bool *kept)
{
	struct uuid id = db_get_uuid(r, 0, 0);
	bool cancel = db_get_bool(r, 0, 2), alone = db_get_bool(r, 0, 3);
	struct wish x;
	enum err e = ERR_OK;

	*kept = !(cancel && alone);
	if (!*kept)
		return change(db, &q_jobs_cancel, DB_PARAMS(db_uuid(id), db_time(now_ms)), id,
		              now_ms, NULL);
	if (cancel)
		e = db_exec(db, &q_jobs_uncancel, DB_PARAMS(db_uuid(id)), NULL, NULL);
	x = read_params(a, db_get_text(r, 0, 1));
	if (e != ERR_OK || (x.full >= full && x.episodes >= episodes))
		return e;
	x.full |= full;
	x.episodes |= episodes;
	return widen(db, a, id, &x);
}

enum err
jobs_insert(struct db *db, const struct randomness *rand, struct uuid client_id, enum job_kind kind,
            struct str params, int64_t now_ms, struct uuid *id)
{
	struct uuid fresh = rand_uuid_v7(rand, now_ms);
	enum err e = db_exec(db, &q_jobs_insert,
	                     DB_PARAMS(db_uuid(fresh), db_uuid(client_id),
	                               db_text(str_from(kinds[kind].name)), db_json(params),
	                               db_text(str_from(kinds[kind].unit)), db_time(now_ms)),
	                     NULL, NULL);

	if (e == ERR_OK)
		e = event_put(db, client_id, EVENT_JOB, fresh, now_ms);
	if (e == ERR_OK)
		*id = fresh;
	return e;
}

enum err
jobs_enqueue(struct db *db, struct arena *a, const struct randomness *rand, struct uuid client_id,
             enum job_kind kind, bool full, bool episodes, int64_t now_ms, struct uuid *id,
             bool *existing)
{
	const struct wish x = { .full = full, .episodes = episodes };
	struct uuid fresh;
	bool kept = false;
	struct db_result r;
	enum err e = db_query(
		db, &q_jobs_live,
		DB_PARAMS(db_uuid(client_id), db_text(str_from(kinds[kind].name)), db_time(now_ms)),
		NULL, a, &r);

	if (e == ERR_OK && r.nrows > 0)
		e = meet_existing(db, a, &r, full, episodes, now_ms, &kept);
	if (e == ERR_OK && !kept)
		e = jobs_insert(db, rand, client_id, kind, write_params(a, &x), now_ms, &fresh);
	if (e != ERR_OK)
		return e;
	*id = kept ? db_get_uuid(&r, 0, 0) : fresh;
	*existing = kept;
	return ERR_OK;
}

enum err
jobs_retry(struct db *db, struct arena *a, struct uuid id)
{
	struct wish x = { 0 };
	enum err e = load_params(db, a, id, &x);

	x.retries++;
	return e == ERR_OK ? widen(db, a, id, &x) : e;
}

enum err
jobs_retries(struct db *db, struct uuid id, int64_t *n)
{
	struct arena *a = arena_new(SMALL_ARENA);
	struct wish x = { 0 };
	enum err e = load_params(db, a, id, &x);

	if (e == ERR_OK)
		*n = x.retries;
	arena_free(a);
	return e;
}

static void
read_job(struct arena *a, const struct db_result *r, struct job *out)
{
	struct job j = { .id = db_get_uuid(r, 0, 0),
		         .client_id = db_get_uuid(r, 0, 1),
		         .resumed = db_get_bool(r, 0, 4),
		         .created_at = db_get_time(r, 0, 5),
		         .params = db_get_text(r, 0, 3),
		         .counts = db_get_text(r, 0, 6) };
	struct wish x = read_params(a, j.params);

	for (size_t k = 0; k < KINDS; k++)
		if (str_eq(db_get_text(r, 0, 2), str_from(kinds[k].name)))
			j.kind = (enum job_kind)k;
	j.full = x.full;
	j.episodes = x.episodes;
	j.retries = x.retries;
	*out = j;
}

enum err
jobs_claim(struct db *db, struct arena *a, unsigned wanted, struct uuid only, struct uuid owner,
           int64_t now_ms, struct job *out, bool *found)
{
	struct db_rows *names = db_rows_new(a, &q_jobs_pick);
	bool taken = false;
	struct db_result r;
	enum err e = ERR_OK;

	for (size_t k = 0; k < KINDS; k++)
		if ((wanted & 1u << k) != 0)
			db_row_text(names, str_from(kinds[k].name));
	*found = false;
	for (int i = 0; i < TAKE_TRIES && !taken; i++) {
		e = db_query(db, &q_jobs_pick, DB_PARAMS(db_uuid(only), db_time(now_ms)), names, a,
		             &r);
		if (e != ERR_OK || r.nrows == 0)
			return e;
		e = change(db, &q_jobs_take,
		           DB_PARAMS(db_uuid(db_get_uuid(&r, 0, 0)), db_uuid(owner),
		                     db_time(now_ms), db_time(now_ms + JOB_LEASE_MS)),
		           db_get_uuid(&r, 0, 0), now_ms, NULL);
		if (e != ERR_OK && e != ERR_CONFLICT)
			return e;
		taken = e == ERR_OK;
	}
	if (!taken)
		return ERR_OK;
	read_job(a, &r, out);
	*found = true;
	return ERR_OK;
}

/* A count that may be unknown. */
static struct db_param
known(int64_t n)
{
	return n < 0 ? db_null('i') : db_int(n);
}

enum err
jobs_renew(struct db *db, struct uuid id, struct uuid owner, int64_t now_ms,
           const struct job_progress *p, bool *cancel)
{
	return change(db, &q_jobs_renew,
	              DB_PARAMS(db_uuid(id), db_uuid(owner), db_time(now_ms + JOB_LEASE_MS),
	                        db_int(p->done), known(p->total), db_text(str_from(p->unit)),
	                        known(p->eta_seconds), db_json(p->counts)),
	              id, now_ms, cancel);
}

enum err
jobs_finish(struct db *db, struct uuid id, struct uuid owner, int64_t now_ms, enum job_end how,
            struct str error, const struct job_progress *p)
{
	return change(db, &q_jobs_finish,
	              DB_PARAMS(db_uuid(id), db_uuid(owner), db_time(now_ms),
	                        db_text(str_from(ends[how])),
	                        db_text(str_is_empty(error) ? STR_NONE : error), db_int(p->done),
	                        known(p->total), db_text(str_from(p->unit)), db_json(p->counts)),
	              id, now_ms, NULL);
}

/* More than the job says; which says it then. */
static enum err
take_more(struct db *db, struct job *job, bool *more)
{
	struct arena *a = arena_new(SMALL_ARENA);
	struct wish x = { 0 };
	enum err e = load_params(db, a, job->id, &x);

	*more = (x.full && !job->full) || (x.episodes && !job->episodes) ||
	        x.retries > job->retries;
	job->full |= x.full;
	job->episodes |= x.episodes;
	if (x.retries > job->retries)
		job->retries = x.retries;
	arena_free(a);
	return e;
}

enum err
jobs_complete(struct db *db, struct job *job, struct uuid owner, int64_t now_ms, enum job_end how,
              struct str error, const struct job_progress *p, bool *more)
{
	struct job wanted = *job;
	enum err e = db_begin(db, DB_APPLY);

	if (e == ERR_OK)
		e = db_lane(db, job->client_id, true);
	if (e == ERR_OK)
		e = take_more(db, &wanted, more);
	if (e == ERR_OK && !*more)
		e = jobs_finish(db, job->id, owner, now_ms, how, error, p);
	if (e == ERR_OK)
		e = db_commit(db);
	if (e != ERR_OK)
		db_rollback(db);
	else
		*job = wanted;
	return e;
}

enum err
jobs_release(struct db *db, struct uuid id, struct uuid owner, int64_t now_ms)
{
	return change(db, &q_jobs_release, DB_PARAMS(db_uuid(id), db_uuid(owner)), id, now_ms,
	              NULL);
}

enum err
jobs_cancel(struct db *db, struct uuid id, int64_t now_ms)
{
	return change(db, &q_jobs_cancel, DB_PARAMS(db_uuid(id), db_time(now_ms)), id, now_ms,
	              NULL);
}
