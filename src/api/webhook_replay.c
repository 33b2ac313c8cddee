/*
 * Why: what failed is applied again once its cause is gone, one entry or all that a filter names.
 *
 * What always holds: only the operator releases what is parked; the answer is given when the last
 * part is marked, and the workers do the rest.
 */
#include "api/webhook_events.h"
#include "store/queries.h"

static void
write_job(struct api_call *c, const struct admin_replay *p)
{
	struct jw *w = &c->w;

	c->status = 202;
	jw_obj(w);
	jw_key(w, "job");
	jw_obj(w);
	jw_kuuid(w, "id", p->job);
	jw_kz(w, "kind", "replay");
	jw_kstr(w, "clientSlug", uuid_is_nil(p->client) ? STR_NONE : c->client_slug);
	jw_kz(w, "status", "succeeded");
	jw_key(w, "progress");
	jw_obj(w);
	jw_ki64(w, "done", p->entries);
	jw_ki64(w, "total", p->entries);
	jw_kz(w, "unit", "entries");
	jw_obj_end(w);
	jw_ki64(w, "percent", 100);
	jw_knull(w, "etaSeconds");
	jw_key(w, "counts");
	jw_obj(w);
	jw_obj_end(w);
	api_write_error(w, STR_NONE);
	jw_ktime(w, "createdAt", c->now);
	jw_ktime(w, "startedAt", c->now);
	jw_ktime(w, "finishedAt", c->now);
	jw_obj_end(w);
	jw_ki64(w, "count", p->entries);
	jw_obj_end(w);
}

static bool
is_operator(const struct api_call *c)
{
	return uuid_is_nil(c->who.token_id);
}

static enum err
replay(struct api_call *c, struct admin_replay *p)
{
	const struct admin ad = api_admin(c);
	enum err e;

	if (c->wr == NULL)
		return ERR_UNAVAILABLE;
	p->operator_ = is_operator(c);
	p->audit_client = c->client_id;
	e = admin_replay(&ad, p);
	if (e != ERR_OK)
		return e;
	if (c->api->o.wake != NULL)
		c->api->o.wake(c->api->o.wake_ctx);
	write_job(c, p);
	return ERR_OK;
}

/* How many entries a replay of these would take now. */
static enum err
count(struct api_call *c, const struct admin_replay *p)
{
	const struct db_param field = event_field(p->field), from = db_time(p->from),
			      to = db_time(p->to), operator_ = db_bool(is_operator(c));
	struct db_result r;
	enum err e;

	if (is_operator(c) && uuid_is_nil(p->client) && str_eq(p->status, STR("parked")))
		e = db_query(c->rd, &q_api_replay_count_parked, DB_PARAMS(field, from, to), NULL,
		             c->a, &r);
	else
		e = db_query(c->rd, &q_api_replay_count,
		             DB_PARAMS(db_uuid(p->client), db_text(p->status), field, from, to,
		                       operator_),
		             NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	jw_obj(&c->w);
	jw_ki64(&c->w, "count", db_get_int(&r, 0, 0));
	jw_obj_end(&c->w);
	return ERR_OK;
}

static enum err
replay_filtered(struct api_call *c, struct uuid client)
{
	const struct api_value *from = arg_body(c, "from"), *to = arg_body(c, "to");
	struct admin_replay p = {
		.client = client,
		.status = arg_body(c, "status")->s,
		.field = arg_body(c, "field")->s,
		.from = from->set ? from->i : TIME_NONE,
		.to = to->set ? to->i : TIME_NONE,
	};

	return arg_body(c, "dryRun")->b ? count(c, &p) : replay(c, &p);
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
	struct admin_replay p = { .client = c->who.client_id, .entry = c->subject };

	return replay(c, &p);
}
