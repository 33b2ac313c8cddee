/*
 * `recado import` and `recado sync-contacts`: which clients' jobs are asked for. What always holds:
 * a job that waits is joined; one that another process works on is left to it, and told.
 */
#include "cmd/commands.h"
#include "cmd/jobrun.h"
#include "store/queries.h"

/* The job of one client is queued, or the one that waits joined. One that another process works on
 * is left to it, and told. */
static enum err
add_job(struct jobrun *x, struct uuid client, const char *slug)
{
	const struct admin ad = settings_admin(x->db, x->arena);
	bool import = x->kind == JOB_IMPORT;
	struct admin_job job = { .client = client, .kind = x->kind, .unheld = true };
	const char *id;
	enum err e;

	job.full = import && invocation_get(x->inv, "--full") != NULL;
	job.episodes = import && invocation_get(x->inv, "--episodes") != NULL;
	e = admin_job_start(&ad, &job);
	if (e == ERR_CONFLICT && !job.held && job.refused != NULL)
		jobrun_say(x, slug, job.refused);
	if (e != ERR_OK && !job.held)
		return e;
	id = str_z(x->arena, uuid_text(x->arena, job.id));
	if (job.held)
		jobrun_say(
			x, slug,
			str_z(x->arena, str_fmt(x->arena,
		                                "another process works on job %s; GET /api/jobs/%s "
		                                "shows how far it is",
		                                id, id)));
	else if (job.existing)
		jobrun_say(
			x, slug,
			str_z(x->arena,
		              str_fmt(x->arena, "joined job %s, which was waiting to go on", id)));
	jobrun_add(x, job.id, slug, job.existing, job.held);
	return ERR_OK;
}

static enum err
add_jobs(struct jobrun *x)
{
	const char *slug = x->inv->nwords > 0 ? x->inv->words[0] : NULL;
	struct db_result r;
	enum err e;

	if (slug != NULL)
		e = db_query(x->db, &q_api_scope_client,
		             DB_PARAMS(db_text(str_from(slug)), db_uuid(UUID_NIL)), NULL, x->arena,
		             &r);
	else
		e = db_query(x->db, &q_jobs_clients, DB_PARAMS(db_uuid(UUID_NIL)), NULL, x->arena,
		             &r);
	if (e != ERR_OK)
		return e;
	if (r.nrows == 0) {
		jobrun_say(x, slug != NULL ? slug : "",
		           slug != NULL
		                   ? "there is no such client"
		                   : "no active client has a helpdesk: set apiBaseUrl and apiKey");
		return ERR_NOT_FOUND;
	}
	jobrun_reserve(x, r.nrows);
	for (size_t i = 0; i < r.nrows; i++) {
		e = add_job(x, db_get_uuid(&r, i, 0), str_z(x->arena, db_get_text(&r, i, 1)));
		if (e == ERR_CONFLICT && slug == NULL)
			e = ERR_OK; /* it was changed meanwhile */
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

int
import_run(const struct invocation *inv)
{
	return jobrun_command(inv, JOB_IMPORT, add_jobs, NULL);
}

int
sync_contacts_run(const struct invocation *inv)
{
	return jobrun_command(inv, JOB_SYNC_CONTACTS, add_jobs, NULL);
}
