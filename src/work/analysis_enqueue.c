/*
 * Why: who asks what a run would do must be told exactly what it then does, so both ask the same
 * view (analysable_sessions) with the same bounds. What always holds: sessions are looked for
 * outside the transaction that writes, since there may be a million of them and webhooks must not
 * wait; a row is written in the client's lane, so that no change of its session is under way
 * unseen (analysis_stale.h).
 */
#include "core/session.h"
#include "store/queries.h"
#include "work/analysis_queue.h"
#include "work/event.h"

/* The first six parameters of every question about sessions. */
#define CHOSEN(c, choice, now_ms)                                                                  \
	ANALYSIS_COMBO(c), db_int((choice)->min_messages), db_time((now_ms)-SESSION_SETTLE_MS)

/* Nil stands for itself here: every id is greater. */
static struct db_param
after_param(struct uuid after)
{
	return (struct db_param){ 'u', { .u = after } };
}

/* In a snapshot. */
static enum err
figures(struct db *db, struct arena *a, const struct analysis_combo *c,
        const struct analysis_choice *choice, int64_t now_ms, struct analysis_figures *out)
{
	struct analysis_counts rows;
	struct db_result r;
	int64_t processing, present;
	enum err e = db_query(db, &q_analysis_eligible,
	                      DB_PARAMS(CHOSEN(c, choice, now_ms), db_time(now_ms)), NULL, a, &r);

	if (e == ERR_OK)
		e = analysis_queue_counts(db, a, c, now_ms, &rows);
	if (e != ERR_OK)
		return e;
	*out = (struct analysis_figures){
		.eligible = db_get_int(&r, 0, 0),
		.already_done = db_get_int(&r, 0, 1),
		.already_queued = rows.pending + rows.failed_retryable + rows.failed_permanent,
		.would_process_now = rows.pending + rows.due,
		.failed_permanent = rows.failed_permanent,
		.queued_eligible = db_get_int(&r, 0, 4),
		.ready_eligible = db_get_int(&r, 0, 5),
	};
	processing = db_get_int(&r, 0, 2);
	present = db_get_int(&r, 0, 3);
	out->would_enqueue = out->eligible - (choice->force ? 0 : out->already_done);
	out->would_write = out->eligible - (choice->force ? processing : present);
	return ERR_OK;
}

enum err
analysis_queue_figures(struct db *db, struct arena *a, const struct analysis_combo *c,
                       const struct analysis_choice *choice, int64_t now_ms,
                       struct analysis_figures *out)
{
	enum err e = db_begin_read(db);

	return e == ERR_OK ? db_end(db, figures(db, a, c, choice, now_ms, out)) : e;
}

/* Columns of a page. */
enum { SESSION, MAY, ROW, STATUS };

/* The sessions behind *after, which moves to the last of them. */
static enum err
read_page(struct db *db, struct arena *a, const struct analysis_combo *c,
          const struct analysis_choice *choice, int64_t now_ms, struct uuid *after, bool *finished,
          struct db_result *out)
{
	enum err e = db_query(
		db, &q_analysis_page,
		DB_PARAMS(CHOSEN(c, choice, now_ms), after_param(*after), db_int(ANALYSIS_PAGE)),
		NULL, a, out);

	if (e != ERR_OK)
		return e;
	if (out->nrows > 0)
		*after = db_get_uuid(out, out->nrows - 1, SESSION);
	*finished = out->nrows < ANALYSIS_PAGE;
	return ERR_OK;
}

enum err
analysis_queue_candidates(struct db *db, struct arena *a, const struct analysis_combo *c,
                          const struct analysis_choice *choice, int64_t now_ms,
                          struct analysis_candidates *at)
{
	struct db_result r;
	enum err e = read_page(db, a, c, choice, now_ms, &at->after, &at->finished, &r);

	if (e != ERR_OK)
		return e;
	at->v = ARENA_ARRAY(a, r.nrows, struct uuid);
	at->n = 0;
	for (size_t i = 0; i < r.nrows; i++)
		if (db_get_bool(&r, i, MAY) &&
		    (choice->force || !str_eq(db_get_text(&r, i, STATUS), STR("done"))))
			at->v[at->n++] = db_get_uuid(&r, i, SESSION);
	return ERR_OK;
}

/* Those without a row get one; with force the others begin anew. */
static enum err
write_page(struct db *db, struct arena *a, const struct randomness *rand,
           const struct analysis_combo *c, bool force, int64_t now_ms, const struct db_result *r,
           int64_t *written)
{
	struct db_rows *fresh = db_rows_of(a, &q_analysis_insert, c->client_id);
	struct db_rows *again = db_rows_of(a, &q_analysis_reset, c->client_id);
	int64_t made = 0, reset = 0;
	enum err e;

	for (size_t i = 0; i < r->nrows; i++) {
		if (!db_get_bool(r, i, MAY))
			continue;
		if (db_is_null(r, i, ROW)) {
			db_row_uuid(fresh, rand_uuid_v7(rand, now_ms));
			db_row_uuid(fresh, db_get_uuid(r, i, SESSION));
		} else if (force && !str_eq(db_get_text(r, i, STATUS), STR("processing"))) {
			db_row_uuid(again, db_get_uuid(r, i, ROW));
		}
	}
	*written = 0;
	if (fresh->nrows + again->nrows == 0)
		return ERR_OK;
	if ((e = db_begin(db, DB_APPLY)) != ERR_OK)
		return e;
	e = db_lane(db, c->client_id, true);
	if (e == ERR_OK)
		e = db_exec(db, &q_analysis_insert,
		            DB_PARAMS(db_text(c->script_key), db_int(c->script_version),
		                      db_text(c->tag), db_time(now_ms)),
		            fresh, &made);
	if (e == ERR_OK)
		e = db_exec(db, &q_analysis_reset, DB_PARAMS(db_time(now_ms)), again, &reset);
	if (e == ERR_OK && made + reset > 0)
		e = event_put(db, c->client_id, EVENT_ANALYSIS, UUID_NIL, now_ms);
	*written = made + reset;
	return db_end(db, e);
}

enum err
analysis_queue_enqueue(struct db *db, struct arena *a, const struct randomness *rand,
                       const struct analysis_combo *c, const struct analysis_choice *choice,
                       int64_t now_ms, struct analysis_enqueue *at)
{
	struct uuid after = at->after;
	int64_t written = 0;
	bool finished;
	struct db_result r;
	enum err e = read_page(db, a, c, choice, now_ms, &after, &finished, &r);

	if (e == ERR_OK)
		e = write_page(db, a, rand, c, choice->force, now_ms, &r, &written);
	if (e != ERR_OK)
		return e;
	at->after = after;
	at->enqueued += written;
	at->finished = finished;
	return ERR_OK;
}
