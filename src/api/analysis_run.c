/*
 * POST …/session-analyses/run: what a run would do, or a run. What always holds: nothing is written
 * before everything that was asked for is known to be possible; a run outlives the request that
 * began it, which waits for its end without holding up a thread.
 */
#include "api/job.h"
#include "store/queries.h"
#include "work/analysis_plan.h"

#define PLAN_ARENA ((size_t)16 << 20)

enum err
analysis_run_answer(struct db *db, struct arena *a, struct uuid job, bool ended, struct buf *out)
{
	struct analysis_params p;
	struct analysis_tally t;
	struct db_result r;
	struct jw w;
	enum err e = db_query(db, &q_jobs_run, DB_PARAMS(db_uuid(job)), NULL, a, &r);

	if (e == ERR_OK && r.nrows == 0)
		e = ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = analysis_params_read(a, db_get_text(&r, 0, 2), &p);
	if (e == ERR_OK)
		e = analysis_tally_read(a, db_get_text(&r, 0, 3), &t);
	if (e != ERR_OK)
		return e;
	jw_init(&w, out);
	jw_obj(&w);
	if (ended) {
		analysis_run_write_head(&w, db_get_uuid(&r, 0, 0), &p);
		analysis_run_write_tally(&w, &t);
		jw_kuuid(&w, "jobId", job);
		jw_kstr(&w, "status", db_get_text(&r, 0, 1));
	} else {
		jw_key(&w, "job");
		e = job_write_one(db, a, job, &w);
	}
	jw_obj_end(&w);
	return e;
}

static enum err
answer(struct db *db, struct arena *a, const struct wait_for *what, bool ended, int64_t now_ms,
       struct buf *out)
{
	(void)now_ms;
	return analysis_run_answer(db, a, what->id, ended, out);
}

static const struct wait_kind analysis_waits = { .ended = &q_jobs_ended,
	                                         .write = answer,
	                                         .location = "/api/jobs/" };

/* tagFilter is {"mode":"none"}. */
static enum err
check_tag_filter(struct api_call *c)
{
	const struct api_value *v = arg_body(c, "tagFilter");
	struct str mode;

	if (!v->set)
		return ERR_OK;
	if (!json_is_object(v->json))
		return api_invalid(c, "tagFilter", "must be an object");
	for (const cJSON *x = json_first(v->json); x != NULL; x = x->next)
		if (strcmp(x->string, "mode") != 0)
			return api_invalid(c, "tagFilter", "has an unknown member");
	mode = json_str(json_get(v->json, "mode"));
	if (!str_is_set(mode))
		return api_invalid(c, "tagFilter.mode", "is required, and text");
	if (str_eq(mode, STR("none")))
		return ERR_OK;
	c->status = 400;
	return api_fail(c, ERR_NOT_IMPLEMENTED,
	                "tagFilter.mode: não implementado; only \"none\" is.");
}

/* maxCostUsd as micro-USD. */
static enum err
check_max_cost(struct api_call *c, const struct analyser_model *m, int64_t *out)
{
	const struct api_value *v = arg_body(c, "maxCostUsd");
	int64_t cost;

	if (!v->set)
		return ERR_OK;
	if (!json_is_number(v->json))
		return api_invalid(c, "maxCostUsd", "must be a number");
	if (!model_cost_of_usd(v->json->valuedouble, &cost))
		return api_invalid(c, "maxCostUsd", "must be from 0 to 1000000");
	if (!m->priced)
		return api_invalid(c, "maxCostUsd", "needs OPENAI_PRICES to be set");
	*out = cost;
	return ERR_OK;
}

static enum err
read_params(struct api_call *c, const struct analyser_model *m, struct analysis_params *p)
{
	const struct api_value *tag = arg_body(c, "analysisVersionTag"),
			       *least = arg_body(c, "minMessages"), *limit = arg_body(c, "limit"),
			       *order = arg_body(c, "messageOrder");
	enum err e = check_tag_filter(c);

	analysis_params_init(p, arg_body(c, "scriptKey")->s);
	p->script_version = arg_body(c, "scriptVersion")->i;
	if (tag->set)
		p->tag = tag->s;
	if (least->set)
		p->min_messages = least->i;
	if (limit->set)
		p->limit = limit->i;
	p->force = arg_body(c, "forceReprocess")->b;
	p->retry_failed = arg_body(c, "retryFailed")->b;
	p->order_sent = order->set && str_eq(order->s, STR("sent"));
	return e == ERR_OK ? check_max_cost(c, m, &p->max_cost) : e;
}

static enum err
find_script(struct api_call *c, struct analysis_params *p, struct script *script)
{
	enum err e = analysis_script_find(c->rd, c->a, c->client_id, p->script_key,
	                                  p->script_version, script);

	if (e == ERR_NOT_FOUND)
		return api_fail(c, e,
		                p->script_version > 0
		                        ? "The client has no such version of that script."
		                        : "The client has no active version of that script.");
	if (e == ERR_OK)
		p->script_version = script->version;
	return e;
}

static enum err
check_fits(struct api_call *c, const struct analyser_model *m, const struct script *script)
{
	enum err e = analysis_script_fits(c->a, m, script);

	if (e != ERR_TOO_LARGE)
		return e;
	return api_refuse(c, ERR_INVALID, "rubric_too_long",
	                  "The rubric leaves no room for a conversation: raise "
	                  "ANALYSIS_MAX_INPUT_TOKENS, or shorten it.");
}

static bool
has_key(const struct api_call *c)
{
	return !str_is_empty(c->api->o.config->openai_api_key);
}

static enum err
answer_plan(struct api_call *c, const struct analyser_model *m, const struct analysis_params *p,
            const struct script *script)
{
	struct arena *a = arena_new(PLAN_ARENA);
	struct analysis_plan plan;
	enum err e = analysis_plan(c->rd, a, m, p, script, c->client_id, c->now, &plan);

	arena_free(a);
	if (e != ERR_OK)
		return e;
	jw_obj(&c->w);
	analysis_run_write_head(&c->w, c->client_id, p);
	jw_kbool(&c->w, "dryRun", true);
	jw_kbool(&c->w, "modelReady", has_key(c));
	analysis_plan_write(&c->w, &plan);
	jw_obj_end(&c->w);
	return ERR_OK;
}

/* Whether the caller does not want to wait (RFC 7240). */
static bool
prefers_async(const struct api_call *c)
{
	struct str rest = c->in->header(c->in->ctx, "prefer"), part;

	while (str_split(&rest, ',', &part))
		if (str_ieq(str_trim(part), STR("respond-async")))
			return true;
	return false;
}

static enum err
start(struct api_call *c, const struct analysis_params *p)
{
	const struct admin ad = api_admin(c);
	struct uuid job;
	enum err e = c->wr == NULL ? ERR_UNAVAILABLE
	                           : admin_analysis_start(&ad, c->client_id, p, &job);

	if (e != ERR_OK)
		return e;
	if (c->api->o.wake != NULL)
		c->api->o.wake(c->api->o.wake_ctx);
	c->status = 202;
	c->location = str_fmt(c->a, "/api/jobs/" STR_FMT, STR_ARG(uuid_text(c->a, job)));
	if (!prefers_async(c)) {
		c->wait = (struct wait_for){
			.kind = &analysis_waits,
			.client = c->client_id,
			.id = job,
			.until_ms = c->now + c->api->o.config->analysis_sync_seconds * TIME_SECOND,
		};
	}
	return job_answer(c, job);
}

enum err
analysis_run(struct api_call *c)
{
	bool dry = arg_body(c, "dryRun")->b;
	struct analyser_model model;
	struct analysis_params p;
	struct script script;
	enum err e;

	analysis_model_of(c->api->o.config, &model);
	e = read_params(c, &model, &p);
	if (e == ERR_OK)
		e = find_script(c, &p, &script);
	if (e == ERR_OK)
		e = check_fits(c, &model, &script);
	if (e == ERR_OK && dry)
		return answer_plan(c, &model, &p, &script);
	if (e == ERR_OK && !has_key(c))
		e = api_refuse(c, ERR_UNAVAILABLE, "no_model_key",
		               "OPENAI_API_KEY is not set: only a dry run is possible.");
	return e == ERR_OK ? start(c, &p) : e;
}
