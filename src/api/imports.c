/*
 * Why: whether a client's helpdesk is imported, up to when, and what could not be.
 *
 * What always holds: a failure goes when its ticket was imported or is no more, by nothing else;
 * trying again is an import, which begins with the failures, or the one under way takes them again.
 */
#include "api/job.h"
#include "store/queries.h"

enum err
imports_state(struct api_call *c)
{
	struct jw *w = &c->w;
	struct db_result state, last;
	struct uuid run;
	enum err e = db_query(c->rd, &q_jobs_import_state, DB_PARAMS(db_uuid(c->client_id)), NULL,
	                      c->a, &state);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_jobs_last_import, DB_PARAMS(db_uuid(c->client_id)), NULL,
		             c->a, &last);
	if (e != ERR_OK)
		return e;
	if (state.nrows == 0 || last.nrows == 0)
		return ERR_NOT_FOUND;
	run = db_get_uuid(&last, 0, 0);
	jw_obj(w);
	jw_ktime(w, "lastImportAt", db_get_time(&last, 0, 1));
	jw_ktime(w, "cursor", db_get_time(&state, 0, 0));
	jw_ktime(w, "lastFullAt", db_get_time(&state, 0, 1));
	jw_ki64(w, "failures", db_get_int(&state, 0, 2));
	jw_key(w, "lastRun");
	if (uuid_is_nil(run))
		jw_null(w);
	else
		e = job_write_one(c->rd, c->a, run, w);
	jw_obj_end(w);
	return e;
}

static void
write_failure(struct jw *w, const struct db_result *r, size_t row)
{
	jw_obj(w);
	jw_kuuid(w, "id", db_get_uuid(r, row, 0));
	jw_kstr(w, "externalUuid", db_get_text(r, row, 1));
	jw_kstr(w, "reason", db_get_text(r, row, 2));
	jw_kstr(w, "detail", db_get_text(r, row, 3));
	jw_ki64(w, "attempts", db_get_int(r, row, 4));
	jw_ktime(w, "firstAt", db_get_time(r, row, 5));
	jw_ktime(w, "lastAt", db_get_time(r, row, 6));
	jw_obj_end(w);
}

enum err
imports_failures(struct api_call *c)
{
	struct api_cursor k = { .list = 'f' };
	struct db_result r;
	size_t shown;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_jobs_failures,
		             DB_PARAMS(db_uuid(c->client_id), db_uuid(k.id),
		                       db_int((int64_t)arg_limit(c) + 1)),
		             NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	shown = api_page_rows(c, &r);
	api_list_begin(c);
	for (size_t i = 0; i < shown; i++)
		write_failure(&c->w, &r, i);
	if (shown < r.nrows)
		k.id = db_get_uuid(&r, shown - 1, 0);
	api_list_end(c, shown < r.nrows ? &k : NULL);
	return ERR_OK;
}

enum err
imports_retry(struct api_call *c)
{
	struct admin_job x = { .client = c->client_id, .kind = JOB_IMPORT, .retry = true };
	struct uuid id = UUID_NIL;
	struct db_result r = { .nrows = 0 };
	enum err e = ERR_OK;

	if (uuid_parse(route_param(&c->params, "id"), &id) == ERR_OK)
		e = db_query(c->rd, &q_jobs_failure_is,
		             DB_PARAMS(db_uuid(c->client_id), db_uuid(id)), NULL, c->a, &r);
	if (e == ERR_OK && r.nrows == 0)
		e = api_fail(c, ERR_NOT_FOUND, "There is no import failure with this id.");
	if (e == ERR_OK)
		e = job_start(c, &x);
	return e != ERR_OK ? e : job_answer(c, x.id);
}
