/*
 * One job of the importer, from its claim to its end. What always holds: a job that ended in the
 * database is forgotten, one that is forgotten without an end is another's to take up; nothing of a
 * key or an address stands in the job's error but what http_client says.
 */
#include <stdlib.h>

#include "base/digest.h"
#include "store/queries.h"
#include "sys/log.h"
#include "work/importer_internal.h"

#define JOB_ARENA   ((size_t)16 << 20)
#define WALK_ARENA  ((size_t)256 << 20)
#define SIZES_COUNT 3
#define WHY_BYTES   4096

static const char *const size_keys[SIZES_COUNT] = { [HD_TICKETS] = "size:tickets",
	                                            [HD_MESSAGES] = "size:messages",
	                                            [HD_CONTACTS] = "size:contacts" };

struct import_store
import_job_store(struct import_job *j, int64_t now_ms)
{
	return (struct import_store){
		.db = j->im->db,
		.arena = j->im->arena,
		.rand = j->im->o.rand,
		.client_id = j->job.client_id,
		.connection_id = j->connection_id,
		.episodes = j->job.episodes,
		.now_ms = now_ms,
	};
}

void
import_job_stop(struct import_job *j, enum job_end end, struct str error)
{
	if (j->ending)
		return;
	j->ending = true;
	j->end = end;
	j->error = str_dup(j->arena, error);
}

enum err
import_job_error(struct import_job *j, enum err e)
{
	if (e == ERR_OK || db_is_away(e))
		return e;
	log_error("import.error", LOG_UUID("job", j->job.id), LOG_ERR(e),
	          LOG_Z("detail", db_message(j->im->db)));
	import_job_stop(j, JOB_FAILED, str_fmt(j->arena, "internal: %s", err_info(e)->code));
	return ERR_OK;
}

struct str
import_job_too_long(const struct import_job *j)
{
	if (j->seen.full || j->tags.full)
		return str_fmt(j->arena, "too_many_elements: the list has more than %zu",
		               HD_SEEN_MAX);
	return STR("too_many_pages: the list does not end");
}

enum err
import_job_state(struct import_job *j, const char *key, int64_t cursor, int64_t full_at,
                 const struct import_size *size, int64_t page, int64_t now_ms)
{
	static const struct import_size none = { 0, TIME_NONE };
	const struct import_size *z = size != NULL && size->size > 0 ? size : &none;

	return db_exec(j->im->db, &q_importer_state_put,
	               DB_PARAMS(db_uuid(j->job.client_id), db_text(str_from(key)), db_time(cursor),
	                         db_time(full_at), z->size > 0 ? db_int(z->size) : db_null('i'),
	                         db_time(z->until), page > 0 ? db_int(page) : db_null('i'),
	                         db_time(now_ms)),
	               NULL, NULL);
}

static void
read_state(struct import_job *j, const struct db_result *r, size_t i, int64_t *page)
{
	struct str key = db_get_text(r, i, 0);

	if (str_eq(key, STR("tickets_import"))) {
		j->cursor = db_get_time(r, i, 1);
		j->last_full_at = db_get_time(r, i, 2);
	}
	if (str_eq(key, STR("full_begun")))
		j->full_begun = db_get_time(r, i, 1);
	if (str_eq(key, STR("contacts_sync")))
		*page = db_get_int(r, i, 5);
	for (size_t k = 0; k < SIZES_COUNT; k++) {
		if (str_eq(key, str_from(size_keys[k])) && !db_is_null(r, i, 3))
			j->sizes[k] =
				(struct import_size){ db_get_int(r, i, 3), db_get_time(r, i, 4) };
	}
}

/* Address, key and connection. *why: what is missing. */
static enum err
load_client(struct import_job *j, const char **why)
{
	char text[UUID_TEXT_LEN + 1];
	struct str box;
	struct db_result r;
	enum err e = db_query(j->im->db, &q_importer_client, DB_PARAMS(db_uuid(j->job.client_id)),
	                      NULL, j->arena, &r);

	if (e != ERR_OK)
		return e;
	if (r.nrows == 0 || !db_get_bool(&r, 0, 2)) {
		*why = "inactive: the client is not active";
		return ERR_OK;
	}
	j->base_url = db_get_text(&r, 0, 0);
	box = db_get_text(&r, 0, 1);
	j->connection_id = db_get_uuid(&r, 0, 3);
	j->slug = db_get_text(&r, 0, 4);
	/* one address, one budget, however it is written */
	while (str_is_set(j->base_url) && j->base_url.n > 0 &&
	       j->base_url.p[j->base_url.n - 1] == '/')
		j->base_url.n--;
	if (!str_is_set(j->base_url) || !str_is_set(box) || uuid_is_nil(j->connection_id)) {
		*why = "not_configured: the client has no apiBaseUrl or no apiKey";
		return ERR_OK;
	}
	uuid_format(j->job.client_id, text);
	if (secretbox_open(j->arena, j->im->o.keys, str_fmt(j->arena, "clients/%s/api_key", text),
	                   box, &j->api_key) != ERR_OK)
		*why = "unreadable_key: the stored API key cannot be opened with SECRET_KEY";
	digest_sha256(
		str_fmt(j->arena, STR_FMT "\n" STR_FMT, STR_ARG(j->base_url), STR_ARG(j->api_key)),
		j->budget_key);
	return ERR_OK;
}

enum err
import_job_load(struct import_job *j, int64_t now_ms, bool *done)
{
	struct db_result r;
	int64_t page = 0;
	enum err e = db_query(j->im->db, &q_importer_states, DB_PARAMS(db_uuid(j->job.client_id)),
	                      NULL, j->im->arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		read_state(j, &r, i, &page);
	*done = true;
	if (e != ERR_OK)
		return e;
	j->run_at = now_ms;
	j->started_at = TIME_NONE;
	j->full_walk = j->job.full || j->cursor == TIME_NONE ||
	               (j->im->o.full_every_ms > 0 &&
	                (j->last_full_at == TIME_NONE ||
	                 now_ms - j->last_full_at >= j->im->o.full_every_ms));
	if (j->job.kind == JOB_IMPORT)
		import_walk_init_shared(&j->walk, j->walk_arena, &j->seen,
		                        j->full_walk ? j->im->o.start_at : j->cursor, j->full_walk);
	if (j->job.kind == JOB_SYNC_CONTACTS) {
		hd_walk_init_shared(&j->people_walk, &j->seen, IMPORT_MAX_PAGES);
		if (j->job.resumed && page > 1)
			j->people_walk.page = page;
		else if (page > 0) /* another sweep's */
			e = import_job_state(j, "contacts_sync", TIME_NONE, TIME_NONE, NULL, 0,
			                     now_ms);
		j->job.resumed = j->people_walk.page > 1;
	}
	if (e == ERR_OK)
		log_info("import.started", LOG_UUID("job", j->job.id),
		         LOG_UUID("client", j->job.client_id), LOG_INT("full", j->full_walk));
	return e;
}

enum err
import_job_open(struct importer *im, const struct job *job, int64_t now_ms)
{
	struct import_job *j = calloc(1, sizeof(*j));
	const char *why = NULL;
	enum err e;

	if (j == NULL)
		abort();
	j->im = im;
	j->job = *job;
	j->arena = arena_new(JOB_ARENA);
	j->walk_arena = arena_new(WALK_ARENA);
	j->cursor = j->last_full_at = j->full_begun = j->started_at = TIME_NONE;
	j->began_at = now_ms;
	j->renew_at = now_ms; /* so that what is asked of it is known soon */
	hd_seen_open(&j->seen);
	hd_seen_open(&j->tags);
	ask_init(&j->ask, j, job->kind == JOB_IMPORT ? HD_TICKETS : HD_CONTACTS, NULL);
	im->jobs[im->njobs++] = j;
	e = load_client(j, &why);
	if (e == ERR_OK && why != NULL)
		import_job_stop(j, JOB_FAILED, str_from(why));
	if (e != ERR_OK)
		import_job_drop(j); /* its lease ends, and then it is taken up again */
	return e;
}

void
import_job_drop(struct import_job *j)
{
	struct importer *im = j->im;

	ask_cancel(&j->ask);
	tickets_drop(j);
	for (size_t i = 0; i < im->njobs; i++) {
		if (im->jobs[i] == j) {
			im->jobs[i] = im->jobs[--im->njobs];
			break;
		}
	}
	if (str_is_set(j->api_key))
		explicit_bzero((void *)(uintptr_t)j->api_key.p, j->api_key.n);
	hd_seen_deinit(&j->seen);
	hd_seen_deinit(&j->tags);
	arena_free(j->walk_arena);
	arena_free(j->arena);
	free(j);
}

static struct str
counts_json(struct import_job *j)
{
	const struct import_counts *c = &j->counts;
	const struct {
		const char *name;
		int64_t v;
	} members[] = {
		{ "ticketsNew", c->tickets_new },
		{ "ticketsChanged", c->tickets_changed },
		{ "ticketsSame", c->tickets_same },
		{ "messagesNew", c->messages_new },
		{ "messagesChanged", c->messages_changed },
		{ "messagesSame", c->messages_same },
		{ "leadsNew", c->leads_new },
		{ "sessionsChanged", c->sessions_changed },
		{ "rowsChanged", c->rows_changed },
		{ "failed", j->failed },
		{ "problems", j->problems },
		{ "requests", j->requests },
		{ "pages", j->pages_done },
	};
	struct buf b;
	struct jw w;

	buf_init(&b, j->im->arena, 4096);
	jw_init(&w, &b);
	jw_obj(&w);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		jw_ki64(&w, members[i].name, members[i].v);
	jw_obj_end(&w);
	return buf_slice(&b);
}

/* What is left goes on as until now, and no faster than the budget allows: each ticket takes one
 * request at least, though the first ones had a burst. -1: not known. */
static int64_t
seconds_left(const struct import_job *j, const struct job_progress *p, int64_t elapsed_ms)
{
	int64_t left = p->total - p->done, least = -1, likely = -1;

	if (p->total < 0)
		return -1;
	if (j->job.kind == JOB_IMPORT)
		least = left * 60 / j->im->o.per_minute;
	if (p->done > 0 && elapsed_ms > 0)
		likely = left * elapsed_ms / p->done / 1000;
	return likely > least ? likely : least;
}

void
import_job_progress(struct import_job *j, struct job_progress *p, int64_t now_ms)
{
	*p = (struct job_progress){ .done = j->finished,
		                    .total = j->list_done ? j->candidates : -1,
		                    .unit = j->job.kind == JOB_IMPORT ? "tickets" : "contacts",
		                    .counts = counts_json(j) };
	p->eta_seconds = seconds_left(j, p, now_ms - j->began_at);
}

/* More was asked of it while it worked: it begins anew, as it is wanted now. */
static void
run_again(struct import_job *j)
{
	hd_seen_deinit(&j->seen);
	hd_seen_open(&j->seen);
	j->phase = IMPORT_LOADS;
	j->ending = j->list_done = j->list_complete = j->failures_again = false;
	if (j->job.full) {
		j->lost = 0;
		j->first_lost = STR_NONE;
	}
}

/* Another thing that was not done. */
static void
say_too(struct buf *b, struct str what)
{
	if (b->n > 0)
		buf_z(b, "; ");
	buf_str(b, what);
}

/* A job that has come to its end ends well only if nothing is left. */
static enum err
look_back(struct import_job *j)
{
	struct arena *a = j->im->arena;
	struct db_result r;
	struct buf b;
	enum err e = ERR_OK;

	buf_init(&b, a, WHY_BYTES);
	if (j->job.kind == JOB_IMPORT) {
		e = db_query(j->im->db, &q_importer_failures_left,
		             DB_PARAMS(db_uuid(j->job.client_id)), NULL, a, &r);
		if (e == ERR_OK && db_get_int(&r, 0, 0) > 0)
			say_too(&b, str_fmt(a, "failures: %lld tickets could not be imported",
			                    (long long)db_get_int(&r, 0, 0)));
	} else if (j->job.resumed) {
		say_too(&b, STR("unmarked: the sweep was taken up in the middle; what vanished is "
		                "marked by the next one"));
	}
	if (j->lost > 0)
		say_too(&b, str_fmt(a,
		                    "unreadable_elements: %lld elements could not be read, the "
		                    "first: " STR_FMT,
		                    (long long)j->lost, STR_ARG(j->first_lost)));
	if (e == ERR_OK && b.n > 0) {
		j->end = JOB_PARTIAL;
		j->error = str_dup(j->arena, buf_slice(&b));
	}
	return e;
}

enum err
import_job_end(struct import_job *j, int64_t now_ms)
{
	struct importer *im = j->im;
	struct job_progress p;
	bool more = false;
	enum err e = ERR_OK;

	arena_reset(im->arena);
	import_job_progress(j, &p, now_ms);
	if (j->end == JOB_SUCCEEDED)
		e = look_back(j);
	if (e == ERR_OK && (j->end == JOB_SUCCEEDED || j->end == JOB_PARTIAL))
		e = jobs_complete(im->db, &j->job, im->o.owner, now_ms, j->end, j->error, &p,
		                  &more);
	else if (e == ERR_OK)
		e = jobs_finish(im->db, j->job.id, im->o.owner, now_ms, j->end, j->error, &p);
	if (e == ERR_OK && more) {
		run_again(j);
		return ERR_OK;
	}
	if (e != ERR_OK && e != ERR_CONFLICT)
		return e;
	if (im->o.progressed != NULL)
		im->o.progressed(im->o.ctx, &j->job, &p);
	log_info("import.ended", LOG_UUID("job", j->job.id), LOG_INT("end", j->end),
	         LOG_STR("why", j->error), LOG_STR("counts", p.counts));
	import_job_drop(j);
	return ERR_OK;
}
