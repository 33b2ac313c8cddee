/*
 * Why: what failed is applied again once its cause is gone, one entry or all that a filter names.
 *
 * What always holds: marking goes in bounded transactions, oldest first; the job row is written
 * when the last part is marked, so a replay that was cut short can be asked for again.
 */
#include "api/webhook_events.h"
#include "store/queries.h"

#define BATCH 1000

struct replay {
	struct uuid client; /* nil: all */
	struct uuid entry;  /* nil: by filter */
	struct db_param status, field, from, to;
	int64_t count;
};

static struct db_param
by_operator(const struct api_call *c)
{
	return db_bool(uuid_is_nil(c->who.token_id));
}

/* One transaction: the next entries after *last. */
static enum err
mark_batch(struct api_call *c, struct replay *p, struct uuid *last, bool *more)
{
	struct db_rows *rows = db_rows_new(c->a, &q_api_replay_mark);
	struct db_result r;
	enum err e = api_begin(c, !uuid_is_nil(p->client));

	if (e != ERR_OK)
		return e;
	e = db_query(c->wr, &q_api_replay_pick,
	             DB_PARAMS(db_uuid(p->client), db_uuid(*last), p->status, p->field, p->from,
	                       p->to, db_int(BATCH)),
	             NULL, c->a, &r);
	if (e == ERR_OK) {
		for (size_t i = 0; i < r.nrows; i++)
			db_row_uuid(rows, db_get_uuid(&r, i, 0));
		e = db_exec(c->wr, &q_api_replay_mark,
		            DB_PARAMS(db_uuid(p->client), p->status, by_operator(c)), rows, NULL);
	}
	e = api_end(c, e);
	if (e != ERR_OK)
		return e;
	p->count += (int64_t)r.nrows;
	*more = r.nrows == BATCH;
	if (r.nrows > 0)
		*last = db_get_uuid(&r, r.nrows - 1, 0);
	return ERR_OK;
}

static enum err
mark_one(struct api_call *c, struct replay *p)
{
	struct db_rows *rows = db_rows_new(c->a, &q_api_replay_mark);
	enum err e = api_begin(c, !uuid_is_nil(p->client));

	if (e != ERR_OK)
		return e;
	db_row_uuid(rows, p->entry);
	e = db_exec(c->wr, &q_api_replay_mark,
	            DB_PARAMS(db_uuid(p->client), db_null('t'), by_operator(c)), rows, NULL);
	p->count = 1;
	return api_end(c, e);
}

/* The job row with its audit row, and what it was asked to do. */
static enum err
store_job(struct api_call *c, const struct replay *p, struct uuid id)
{
	static const char *const names[] = { "status", "field", "from", "to" };
	struct buf b;
	struct jw w;
	enum err e;

	buf_init(&b, c->a, 64 << 10);
	jw_init(&w, &b);
	jw_obj(&w);
	if (!uuid_is_nil(p->entry))
		jw_kuuid(&w, "id", p->entry);
	for (size_t i = 0; uuid_is_nil(p->entry) && i < 4; i++)
		if (arg_body(c, names[i])->set)
			jw_kstr(&w, names[i], arg_body(c, names[i])->s);
	jw_obj_end(&w);
	e = api_begin(c, false);
	if (e != ERR_OK)
		return e;
	e = db_exec(c->wr, &q_api_job_insert,
	            DB_PARAMS(db_uuid(id), db_uuid(p->client), db_json(buf_slice(&b)),
	                      db_int(p->count), db_time(c->now)),
	            NULL, NULL);
	if (e == ERR_OK)
		e = api_audit(c, "webhook_events.replayed", "job", id, buf_slice(&b));
	return api_end(c, e);
}

static void
write_job(struct api_call *c, const struct replay *p, struct uuid id)
{
	struct jw *w = &c->w;

	c->status = 202;
	jw_obj(w);
	jw_key(w, "job");
	jw_obj(w);
	jw_kuuid(w, "id", id);
	jw_kz(w, "kind", "replay");
	jw_kstr(w, "clientSlug", uuid_is_nil(p->client) ? STR_NONE : c->client_slug);
	jw_kz(w, "status", "succeeded");
	jw_key(w, "progress");
	jw_obj(w);
	jw_ki64(w, "done", p->count);
	jw_ki64(w, "total", p->count);
	jw_kz(w, "unit", "entries");
	jw_obj_end(w);
	jw_ki64(w, "percent", 100);
	jw_knull(w, "etaSeconds");
	jw_key(w, "counts");
	jw_obj(w);
	jw_obj_end(w);
	jw_knull(w, "error");
	jw_ktime(w, "createdAt", c->now);
	jw_ktime(w, "startedAt", c->now);
	jw_ktime(w, "finishedAt", c->now);
	jw_obj_end(w);
	jw_ki64(w, "count", p->count);
	jw_obj_end(w);
}

static enum err
finish(struct api_call *c, const struct replay *p)
{
	struct uuid id = api_new_id(c);
	enum err e = store_job(c, p, id);

	if (e != ERR_OK)
		return e;
	if (c->api->o.wake != NULL)
		c->api->o.wake(c->api->o.wake_ctx);
	write_job(c, p, id);
	return ERR_OK;
}

static enum err
replay_filtered(struct api_call *c, struct uuid client)
{
	const struct api_value *status = arg_body(c, "status");
	struct replay p = {
		.client = client,
		.status = status->set ? db_text(status->s) : db_null('t'),
		.field = event_field(arg_body(c, "field")),
		.from = event_time(arg_body(c, "from")),
		.to = event_time(arg_body(c, "to")),
	};
	struct uuid last = UUID_NIL;
	bool more = true;

	last.b[15] = 1; /* nil would be NULL; no entry has such an id */
	while (more) {
		enum err e = mark_batch(c, &p, &last, &more);

		if (e != ERR_OK)
			return e;
	}
	return finish(c, &p);
}

enum err
events_replay(struct api_call *c)
{
	return replay_filtered(c, c->client_id);
}

enum err
events_replay_all(struct api_call *c)
{
	return replay_filtered(c, UUID_NIL);
}

enum err
events_replay_one(struct api_call *c)
{
	struct replay p = { .client = c->who.client_id, .entry = c->subject };
	enum err e = mark_one(c, &p);

	return e != ERR_OK ? e : finish(c, &p);
}
