/*
 * Why: a call to the model takes half a minute and may be lost on the way, while the row it is for
 * must be worked on by one caller at a time and never be forgotten. What always holds: a row is
 * claimed, and given back, by one statement on it that names the state it must be in; what its
 * owner does not give back its lease does; what may be claimed follows from the status (the column
 * "ready"), so the index that the next row is found by cannot disagree with it.
 */
#include "work/analysis_queue.h"

#include <assert.h>

#include "core/model_retry.h"
#include "core/order.h"
#include "store/queries.h"
#include "work/event.h"

/* One transaction. */
static enum err
batch(struct db *db, const struct query *q, const struct db_param *params, int64_t *changed)
{
	enum err e = db_begin(db, DB_APPLY);

	*changed = 0;
	return e == ERR_OK ? db_end(db, db_exec(db, q, params, NULL, changed)) : e;
}

enum err
analysis_queue_retry_failed(struct db *db, const struct analysis_combo *c, int64_t now_ms,
                            int64_t *changed)
{
	return batch(db, &q_analysis_retry,
	             DB_PARAMS(ANALYSIS_COMBO(c), db_time(now_ms), db_int(ANALYSIS_BATCH)),
	             changed);
}

enum err
analysis_queue_sweep(struct db *db, int64_t now_ms, int64_t *returned)
{
	int64_t changed = ANALYSIS_BATCH;
	enum err e = ERR_OK;

	*returned = 0;
	while (e == ERR_OK && changed == ANALYSIS_BATCH) {
		e = batch(db, &q_analysis_sweep, DB_PARAMS(db_time(now_ms), db_int(ANALYSIS_BATCH)),
		          &changed);
		*returned += changed;
	}
	return e;
}

enum err
analysis_queue_gather(struct db *db, struct arena *a, struct uuid owner, const struct uuid *held,
                      size_t nheld, bool asked, int64_t now_ms, int64_t *returned)
{
	struct db_rows *rows = db_rows_new(a, &q_analysis_astray);
	enum err e = db_begin(db, DB_APPLY);

	db_row_uuid(rows, UUID_NIL); /* a batch of none would do nothing */
	for (size_t i = 0; i < nheld; i++)
		db_row_uuid(rows, held[i]);
	if (e == ERR_OK)
		e = db_end(db, db_exec(db, &q_analysis_astray,
		                       DB_PARAMS(db_uuid(owner), db_time(now_ms), db_int(asked)),
		                       rows, returned));
	return e;
}

enum err
analysis_queue_make_due(struct db *db, const struct analysis_combo *c, int64_t now_ms,
                        int64_t *changed)
{
	return batch(db, &q_analysis_due,
	             DB_PARAMS(ANALYSIS_COMBO(c), db_time(now_ms), db_int(ANALYSIS_BATCH)),
	             changed);
}

static int
cmp_claimed(const void *pa, const void *pb)
{
	const struct analysis_claimed *a = pa, *b = pb;

	if (a->session_ended_at != b->session_ended_at)
		return order_i64(b->session_ended_at, a->session_ended_at);
	if (a->created_at != b->created_at)
		return order_i64(b->created_at, a->created_at);
	return uuid_cmp(a->id, b->id);
}

static void
read_claimed(const struct db_result *r, size_t i, struct analysis_claimed *x)
{
	*x = (struct analysis_claimed){
		.id = db_get_uuid(r, i, 0),
		.session_id = db_get_uuid(r, i, 1),
		.session_ended_at = db_get_time(r, i, 2),
		.created_at = db_get_time(r, i, 3),
		.retry_count = db_get_int(r, i, 4),
		.losses = (unsigned)db_get_int(r, i, 5),
		.longer_output = db_get_bool(r, i, 6),
	};
}

enum err
analysis_queue_claim(struct db *db, struct arena *a, const struct analysis_combo *c,
                     struct uuid owner, int64_t now_ms, int64_t lease_until, int64_t before,
                     size_t n, struct analysis_claimed **out, size_t *nout)
{
	struct analysis_claimed *v = ARENA_ARRAY(a, n, struct analysis_claimed);
	size_t got = 0, empty = 0;
	struct db_result r;
	enum err e = db_begin(db, DB_APPLY);

	assert(n <= ANALYSIS_BATCH);
	if (e != ERR_OK)
		return e;
	/* PostgreSQL passes over a row that changes in the moment it is looked at; asked twice, an
	 * empty answer means that there is none */
	while (e == ERR_OK && got < n && empty < 2) {
		e = db_query(db, &q_analysis_claim,
		             DB_PARAMS(ANALYSIS_COMBO(c), db_uuid(owner), db_time(now_ms),
		                       db_time(lease_until), db_time(before),
		                       db_int((int64_t)(n - got))),
		             NULL, a, &r);
		for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
			read_claimed(&r, i, &v[got++]);
		empty += e == ERR_OK && r.nrows == 0;
	}
	e = db_end(db, e);
	if (e != ERR_OK)
		return e;
	order_sort(a, v, got, sizeof *v, cmp_claimed);
	*out = v;
	*nout = got;
	return ERR_OK;
}

/* One statement on a row that the owner must hold. Alone it is a transaction that tells of the
 * change at told_at, unless that is TIME_NONE; inside one, telling is the caller's. */
static enum err
give_back(struct db *db, const struct query *q, const struct db_param *params, struct uuid client,
          int64_t told_at)
{
	bool own = !db_in_transaction(db);
	int64_t changed = 0;
	enum err e = own ? db_begin(db, DB_APPLY) : ERR_OK;

	if (e != ERR_OK)
		return e;
	e = db_exec(db, q, params, NULL, &changed);
	if (e == ERR_OK && own && changed > 0 && told_at != TIME_NONE)
		e = event_put(db, client, EVENT_ANALYSIS, UUID_NIL, told_at);
	if (own)
		e = db_end(db, e);
	return e != ERR_OK ? e : changed == 0 ? ERR_CONFLICT : ERR_OK;
}

/* The parameters that name a held row. */
#define LEASE(l) db_uuid((l)->client_id), db_uuid((l)->id), db_uuid((l)->owner)
#define PAID(p)                                                                                    \
	db_int((p)->calls), db_int((p)->usage.input_tokens), db_int((p)->usage.cached_tokens),     \
		db_int((p)->usage.output_tokens),                                                  \
		(p)->priced ? db_int((p)->cost_micro_usd) : db_null('i'),                          \
		(p)->latency_ms > 0 ? db_int((p)->latency_ms) : db_null('i')

enum err
analysis_queue_done(struct db *db, const struct analysis_lease *l, int64_t now_ms,
                    const struct analysis_done *d, const struct analysis_paid *p)
{
	return give_back(db, &q_analysis_done,
	                 DB_PARAMS(LEASE(l), db_time(now_ms), db_json(d->report), db_text(d->model),
	                           db_text(d->prompt_hash), db_double(d->overall_score),
	                           db_text(d->temperature), db_int(d->verified),
	                           db_int(d->unverified), db_bool(d->truncated), PAID(p)),
	                 l->client_id, now_ms);
}

enum err
analysis_queue_failed(struct db *db, const struct analysis_lease *l, int64_t now_ms,
                      const struct analysis_failure *f, const struct analysis_paid *p)
{
	return give_back(db, &q_analysis_failed,
	                 DB_PARAMS(LEASE(l), db_time(now_ms), db_text(f->error), db_text(f->model),
	                           db_text(f->prompt_hash), db_time(f->next_retry_at),
	                           db_int(MODEL_ATTEMPTS), db_int(f->losses),
	                           db_int(f->interrupted), PAID(p)),
	                 l->client_id, now_ms);
}

enum err
analysis_queue_release(struct db *db, const struct analysis_lease *l, int64_t now_ms,
                       const struct analysis_release *r, const struct analysis_paid *p)
{
	return give_back(db, &q_analysis_release,
	                 DB_PARAMS(LEASE(l), db_time(now_ms), db_int(r->losses), db_bool(r->longer),
	                           db_int(r->interrupted), PAID(p)),
	                 l->client_id, TIME_NONE);
}

enum err
analysis_queue_drop(struct db *db, const struct analysis_lease *l)
{
	return give_back(db, &q_analysis_drop, DB_PARAMS(LEASE(l)), l->client_id, TIME_NONE);
}

enum err
analysis_queue_stored(struct db *db, struct arena *a, const struct analysis_lease *l,
                      const char *status, struct str prompt_hash, int64_t now_ms, bool *stored)
{
	struct db_result r;
	enum err e =
		db_query(db, &q_analysis_stored,
	                 DB_PARAMS(db_uuid(l->client_id), db_uuid(l->id), db_text(str_from(status)),
	                           db_time(now_ms), db_text(prompt_hash)),
	                 NULL, a, &r);

	*stored = e == ERR_OK && r.nrows > 0 && db_get_bool(&r, 0, 0);
	return e;
}

enum err
analysis_queue_counts(struct db *db, struct arena *a, const struct analysis_combo *c,
                      int64_t now_ms, struct analysis_counts *out)
{
	struct db_result r;
	enum err e = db_query(db, &q_analysis_counts, DB_PARAMS(ANALYSIS_COMBO(c), db_time(now_ms)),
	                      NULL, a, &r);

	if (e != ERR_OK)
		return e;
	*out = (struct analysis_counts){ .pending = db_get_int(&r, 0, 0),
		                         .processing = db_get_int(&r, 0, 1),
		                         .failed_retryable = db_get_int(&r, 0, 2),
		                         .due = db_get_int(&r, 0, 3),
		                         .failed_permanent = db_get_int(&r, 0, 4),
		                         .done = db_get_int(&r, 0, 5) };
	return ERR_OK;
}
