/*
 * Tickets of earlier runs that could not be imported are tried again in each, as they were last
 * seen, beside the list. Why one by one: there may be more than fit into memory, and many that fail
 * again must not hold back the others. What always holds: each failure that stands when a run
 * begins is tried once in it, the oldest first, and once more each time that somebody asks for it;
 * the list is read on meanwhile.
 */
#include "store/queries.h"
#include "work/importer_internal.h"

#define AHEAD 100 /* of them wait in the queue, beside tickets of the list */

enum err
failures_begin(struct import_job *j)
{
	struct db_result r;
	enum err e = db_query(j->im->db, &q_importer_failure_last,
	                      DB_PARAMS(db_uuid(j->job.client_id)), NULL, j->im->arena, &r);

	if (e != ERR_OK)
		return e;
	j->failures_left = r.nrows > 0;
	j->failures_after = uuid_v7_floor(0);
	if (j->failures_left)
		j->failures_until = db_get_uuid(&r, 0, 0);
	return ERR_OK;
}

enum err
failures_asked(struct import_job *j)
{
	int64_t n = 0;
	enum err e;

	if (j->job.kind != JOB_IMPORT || j->phase != IMPORT_READS || j->ending)
		return ERR_OK;
	e = jobs_retries(j->im->db, j->job.id, &n);
	if (e != ERR_OK || n <= j->job.retries)
		return e;
	e = failures_begin(j);
	if (e == ERR_OK) {
		j->failures_again = true;
		j->job.retries = n;
	}
	return e;
}

enum err
failures_step(struct import_job *j, int64_t now_ms, bool *worked)
{
	struct arena *a = j->im->arena;
	struct db_result r;
	enum err e;

	if (!j->failures_left || j->waiting_failures >= AHEAD ||
	    j->pages_held > IMPORTER_PAGES_HELD)
		return ERR_OK;
	arena_reset(a);
	e = db_query(j->im->db, &q_importer_failure_next,
	             DB_PARAMS(db_uuid(j->job.client_id), db_uuid(j->failures_after),
	                       db_uuid(j->failures_until)),
	             NULL, a, &r);
	if (e != ERR_OK)
		return e;
	*worked = true;
	if (r.nrows == 0) {
		j->failures_left = false;
		return ERR_OK;
	}
	e = tickets_again(j, str_fmt(a, "[" STR_FMT "]", STR_ARG(db_get_text(&r, 0, 1))), now_ms);
	if (e == ERR_OK)
		j->failures_after = db_get_uuid(&r, 0, 0);
	return e;
}
