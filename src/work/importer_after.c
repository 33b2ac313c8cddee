/*
 * What comes before and after the reading of a list: what an earlier run left is cleared, what a
 * whole walk did not see is marked, and what the next run needs is stored. Why in pieces: each of
 * it may concern millions of rows, and the lease must be renewed meanwhile. What always holds: a
 * piece is one transaction and leaves nothing half; one that the database refused is made again;
 * the cursor is stored after all marks.
 */
#include "store/queries.h"
#include "work/importer_internal.h"

#define CLEAR_ROWS 10000 /* of import_done, at once */
#define GONE_ROWS  5000  /* failures that are looked at at once */

/* One piece; *done: there is no more of it. */
typedef enum err piece_fn(struct import_job *, int64_t now_ms, bool *done);

static enum err
clear_done(struct import_job *j, int64_t now_ms, bool *done)
{
	int64_t rows = 0;
	enum err e = db_exec(j->im->db, &q_importer_done_clear,
	                     DB_PARAMS(db_uuid(j->job.client_id), db_int(CLEAR_ROWS)), NULL, &rows);

	(void)now_ms;
	*done = rows < CLEAR_ROWS;
	return e;
}

/*
 * A --full run reads every ticket again: what an earlier run that did not end has left as done is
 * not done for this one. Once a job, so that it still skips what it did itself before it was
 * killed.
 */
static enum err
begin_full(struct import_job *j, int64_t now_ms, bool *done)
{
	enum err e;

	*done = !j->job.full || j->full_begun >= j->job.created_at;
	if (*done)
		return ERR_OK;
	e = clear_done(j, now_ms, done);
	if (e != ERR_OK || !*done)
		return e;
	return import_job_state(j, "full_begun", j->job.created_at, TIME_NONE, NULL, 0, now_ms);
}

static enum err
begin(struct import_job *j, int64_t now_ms, bool *done)
{
	enum err e = begin_full(j, now_ms, done);

	return e == ERR_OK && *done ? failures_begin(j) : e;
}

static enum err
mark_tickets(struct import_job *j, int64_t now_ms, bool *done)
{
	struct import_store s = import_job_store(j, now_ms);
	enum err e = import_mark_tickets(&s, &j->seen, &j->mark);

	*done = j->mark.done;
	return e;
}

static enum err
mark_contacts(struct import_job *j, int64_t now_ms, bool *done)
{
	struct import_store s = import_job_store(j, now_ms);
	enum err e = import_mark_contacts(&s, &j->seen, &j->mark);

	*done = j->mark.done;
	return e;
}

static enum err
mark_tags(struct import_job *j, int64_t now_ms, bool *done)
{
	struct import_store s = import_job_store(j, now_ms);

	*done = true;
	return import_mark_tags(&s, &j->tags);
}

/* A ticket whose messages are gone and that the whole list does not show was deleted at the source:
 * there is nothing to try again. */
static enum err
forget_gone(struct import_job *j, int64_t now_ms, bool *done)
{
	struct importer *im = j->im;
	struct db_rows *rows = db_rows_of(im->arena, &q_importer_gone_drop, j->job.client_id);
	struct str last = STR_NONE;
	struct db_result r;
	enum err e = db_query(im->db, &q_importer_gone,
	                      DB_PARAMS(db_uuid(j->job.client_id), db_text(str_from(j->mark.after)),
	                                db_int(GONE_ROWS)),
	                      NULL, im->arena, &r);

	(void)now_ms;
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < r.nrows; i++) {
		last = db_get_text(&r, i, 0);
		if (db_get_bool(&r, i, 1) && !hd_seen_has(&j->seen, last))
			db_row_text(rows, last);
	}
	e = db_exec(im->db, &q_importer_gone_drop, DB_NO_PARAMS, rows, NULL);
	*done = r.nrows < GONE_ROWS;
	return e == ERR_OK ? import_mark_move(&j->mark, last) : e;
}

/* The cursor, and whether the walk was a whole one. */
static enum err
store_cursor(struct import_job *j, int64_t now_ms, bool *done)
{
	*done = true;
	return import_job_state(j, "tickets_import",
	                        import_cursor_after(j->cursor, j->started_at, j->walk.newest),
	                        j->full_walk ? j->run_at : TIME_NONE, NULL, 0, now_ms);
}

static enum err
store_sweep(struct import_job *j, int64_t now_ms, bool *done)
{
	*done = true;
	return import_job_state(j, "contacts_sync", TIME_NONE, j->run_at, NULL, 0, now_ms);
}

static const struct {
	piece_fn *tickets, *contacts; /* NULL: nothing */
} pieces[IMPORT_ENDS] = {
	[IMPORT_LOADS] = { import_job_load, import_job_load },
	[IMPORT_BEGINS] = { begin, NULL },
	[IMPORT_MARKS] = { mark_tickets, mark_contacts },
	[IMPORT_FORGETS] = { forget_gone, mark_tags },
	[IMPORT_NOTES] = { store_cursor, store_sweep },
	[IMPORT_CLEARS] = { clear_done, NULL },
};

enum err
import_piece(struct import_job *j, int64_t now_ms)
{
	piece_fn *piece = j->job.kind == JOB_IMPORT ? pieces[j->phase].tickets
	                                            : pieces[j->phase].contacts;
	bool done = true;
	enum err e = ERR_OK;

	arena_reset(j->im->arena);
	if (piece != NULL)
		e = piece(j, now_ms, &done);
	if (e != ERR_OK || !done)
		return e;
	j->mark = (struct import_mark){ 0 };
	j->phase++;
	return ERR_OK;
}
