/*
 * Why: long work is asked for, watched and stopped by the same few calls, whatever it does.
 *
 * What always holds: who is bound to one client starts, sees and stops that client's jobs only; a
 * job that is under way is answered instead of a second one.
 */
#include "api/job.h"

#include "store/queries.h"

static void
write_known(struct jw *w, const char *key, const struct db_result *r, size_t row, size_t col)
{
	if (db_is_null(r, row, col))
		jw_knull(w, key);
	else
		jw_ki64(w, key, db_get_int(r, row, col));
}

static void
write_percent(struct jw *w, const struct db_result *r, size_t row)
{
	int64_t done = db_get_int(r, row, J_DONE), total = db_get_int(r, row, J_TOTAL);

	if (str_eq(db_get_text(r, row, J_STATUS), STR("succeeded")))
		jw_ki64(w, "percent", 100);
	else if (total <= 0)
		jw_knull(w, "percent");
	else
		jw_ki64(w, "percent", done >= total ? 100 : done < 0 ? 0 : done * 100 / total);
}

static void
write_job(struct jw *w, const struct db_result *r, size_t row)
{
	struct str counts = db_get_text(r, row, J_COUNTS);

	jw_obj(w);
	jw_kuuid(w, "id", db_get_uuid(r, row, J_ID));
	jw_kstr(w, "kind", db_get_text(r, row, J_KIND));
	jw_kstr(w, "clientSlug", db_get_text(r, row, J_SLUG));
	jw_kstr(w, "status", db_get_text(r, row, J_STATUS));
	jw_key(w, "progress");
	jw_obj(w);
	jw_ki64(w, "done", db_get_int(r, row, J_DONE));
	write_known(w, "total", r, row, J_TOTAL);
	jw_kstr(w, "unit", db_get_text(r, row, J_UNIT));
	jw_obj_end(w);
	write_percent(w, r, row);
	write_known(w, "etaSeconds", r, row, J_ETA);
	jw_kraw(w, "counts", str_is_set(counts) ? counts : STR("{}"));
	api_write_error(w, db_get_text(r, row, J_ERROR));
	jw_ktime(w, "createdAt", db_get_time(r, row, J_CREATED_AT));
	jw_ktime(w, "startedAt", db_get_time(r, row, J_STARTED_AT));
	jw_ktime(w, "finishedAt", db_get_time(r, row, J_FINISHED_AT));
	jw_obj_end(w);
}

enum err
job_write_one(struct db *db, struct arena *a, struct uuid id, struct jw *w)
{
	struct db_result r;
	enum err e = db_query(db, &q_jobs_one, DB_PARAMS(db_uuid(id)), NULL, a, &r);

	if (e == ERR_OK && r.nrows == 0)
		return ERR_NOT_FOUND;
	if (e == ERR_OK)
		write_job(w, &r, 0);
	return e;
}

enum err
job_answer(struct api_call *c, struct uuid id)
{
	enum err e;

	jw_obj(&c->w);
	jw_key(&c->w, "job");
	e = job_write_one(c->rd, c->a, id, &c->w);
	jw_obj_end(&c->w);
	return e;
}

enum err
job_get(struct api_call *c)
{
	return job_answer(c, c->subject);
}

enum err
job_list(struct api_call *c)
{
	struct api_cursor k = { .list = 'j', .id = cursor_last_id() };
	struct db_result r;
	size_t shown;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_jobs_list,
		             DB_PARAMS(db_uuid(c->who.client_id), db_text(arg_query(c, "kind")->s),
		                       db_text(arg_query(c, "status")->s),
		                       db_text(arg_query(c, "clientSlug")->s), db_uuid(k.id),
		                       db_int((int64_t)arg_limit(c) + 1)),
		             NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	shown = api_page_rows(c, &r);
	api_list_begin(c);
	for (size_t i = 0; i < shown; i++)
		write_job(&c->w, &r, i);
	if (shown < r.nrows)
		k.id = db_get_uuid(&r, shown - 1, J_ID);
	api_list_end(c, shown < r.nrows ? &k : NULL);
	return ERR_OK;
}

enum err
job_cancel(struct api_call *c)
{
	enum err e = api_begin(c, false);

	if (e != ERR_OK)
		return e;
	e = jobs_cancel(c->wr, c->subject, c->now);
	if (e == ERR_OK)
		e = api_audit(c, "job.cancelled", "job", c->subject, STR_NONE);
	if (e == ERR_CONFLICT)
		(void)api_refuse(c, e, "job_ended", "The job has ended.");
	e = api_end(c, e);
	if (e != ERR_OK)
		return e;
	c->status = 202;
	return job_answer(c, c->subject);
}

enum err
job_start(struct api_call *c, struct admin_job *x)
{
	const struct admin ad = api_admin(c);
	enum err e = c->wr == NULL ? ERR_UNAVAILABLE : admin_job_start(&ad, x);

	if (e == ERR_CONFLICT && x->refused != NULL)
		return api_refuse(c, e, x->refused_code, x->refused);
	if (e != ERR_OK)
		return e;
	if (c->api->o.wake != NULL)
		c->api->o.wake(c->api->o.wake_ctx);
	c->status = 202;
	c->location = str_fmt(c->a, "/api/jobs/" STR_FMT, STR_ARG(uuid_text(c->a, x->id)));
	return ERR_OK;
}

static const char *const messages[] = {
	[JOB_IMPORT] = "Import job started",
	[JOB_SYNC_CONTACTS] = "Contact sync job started",
	[JOB_ANALYSIS] = "Analysis run started",
};

static enum err
start_one(struct api_call *c, enum job_kind kind)
{
	struct admin_job x = { .client = c->client_id, .kind = kind };
	struct jw *w = &c->w;
	enum err e;

	if (kind == JOB_IMPORT) {
		x.full = arg_body(c, "full")->b;
		x.episodes = arg_body(c, "episodes")->b;
	}
	e = job_start(c, &x);
	if (e != ERR_OK)
		return e;
	jw_obj(w);
	jw_kz(w, "message", messages[kind]);
	jw_kstr(w, "slug", c->client_slug);
	jw_kuuid(w, "jobId", x.id);
	jw_obj_end(w);
	return ERR_OK;
}

/* One job for each client that is active and set up; jobId is the first's. */
static enum err
start_all(struct api_call *c, enum job_kind kind)
{
	struct uuid *ids;
	struct jw *w = &c->w;
	struct db_result r;
	size_t n = 0;
	enum err e = db_query(c->rd, &q_jobs_clients, DB_PARAMS(db_uuid(c->who.client_id)), NULL,
	                      c->a, &r);

	if (e != ERR_OK)
		return e;
	ids = ARENA_ARRAY(c->a, r.nrows + 1, struct uuid);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct admin_job x = { .client = db_get_uuid(&r, i, 0), .kind = kind };

		if (kind == JOB_IMPORT) {
			x.full = arg_body(c, "full")->b;
			x.episodes = arg_body(c, "episodes")->b;
		}
		e = job_start(c, &x);
		if (e == ERR_OK)
			ids[n++] = x.id;
		else if (e == ERR_CONFLICT || e == ERR_NOT_FOUND)
			e = ERR_OK; /* it was changed meanwhile: none of those */
	}
	if (e != ERR_OK)
		return e;
	c->status = 202;
	if (n != 1)
		c->location = str_fmt(c->a, "/api/jobs?kind=%s", jobs_kind_name(kind));
	jw_obj(w);
	jw_kz(w, "message", messages[kind]);
	jw_kz(w, "slug", "all");
	if (n > 0)
		jw_kuuid(w, "jobId", ids[0]);
	else
		jw_knull(w, "jobId");
	jw_key(w, "jobIds");
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_str(w, uuid_text(c->a, ids[i]));
	jw_arr_end(w);
	jw_obj_end(w);
	return ERR_OK;
}

enum err
job_import(struct api_call *c)
{
	return start_one(c, JOB_IMPORT);
}

enum err
job_import_all(struct api_call *c)
{
	return start_all(c, JOB_IMPORT);
}

enum err
job_sync_contacts(struct api_call *c)
{
	return start_one(c, JOB_SYNC_CONTACTS);
}

enum err
job_sync_contacts_all(struct api_call *c)
{
	return start_all(c, JOB_SYNC_CONTACTS);
}
