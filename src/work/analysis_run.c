/*
 * Why: a run outlives the process that began it, so what it is and how far it is stand in its job's
 * row, in one form that is written and read here. What always holds: what was written reads back
 * the same; a row that others wrote is refused, never guessed at.
 */
#include "work/analysis_run.h"

#define JSON_BYTES   ((size_t)64 << 10)
#define MIN_MESSAGES 20
#define LIMIT        200

void
analysis_params_init(struct analysis_params *p, struct str script_key)
{
	*p = (struct analysis_params){ .script_key = script_key,
		                       .tag = STR(ANALYSIS_TAG),
		                       .min_messages = MIN_MESSAGES,
		                       .limit = LIMIT,
		                       .max_cost = -1 };
}

struct str
analysis_params_write(struct arena *a, const struct analysis_params *p)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, JSON_BYTES);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "scriptKey", p->script_key);
	jw_ki64(&w, "scriptVersion", p->script_version);
	jw_kstr(&w, "analysisVersionTag", p->tag);
	jw_ki64(&w, "minMessages", p->min_messages);
	jw_ki64(&w, "limit", p->limit);
	jw_kbool(&w, "forceReprocess", p->force);
	jw_kbool(&w, "retryFailed", p->retry_failed);
	jw_kz(&w, "messageOrder", p->order_sent ? "sent" : "updated");
	jw_ki64(&w, "maxCostMicroUsd", p->max_cost);
	jw_obj_end(&w);
	return buf_slice(&b);
}

enum err
analysis_params_read(struct arena *a, struct str json, struct analysis_params *out)
{
	struct analysis_params p = { 0 };
	const cJSON *doc = NULL;

	if (!str_is_set(json) || json_parse(a, json, &doc) != ERR_OK)
		return ERR_CORRUPT;
	p.script_key = json_str(json_get(doc, "scriptKey"));
	p.tag = json_str(json_get(doc, "analysisVersionTag"));
	p.order_sent = str_eq(json_str(json_get(doc, "messageOrder")), STR("sent"));
	if (!str_is_set(p.script_key) || !str_is_set(p.tag) ||
	    !json_i64(json_get(doc, "scriptVersion"), &p.script_version) ||
	    !json_i64(json_get(doc, "minMessages"), &p.min_messages) ||
	    !json_i64(json_get(doc, "limit"), &p.limit) ||
	    !json_i64(json_get(doc, "maxCostMicroUsd"), &p.max_cost) ||
	    !json_bool(json_get(doc, "forceReprocess"), &p.force) ||
	    !json_bool(json_get(doc, "retryFailed"), &p.retry_failed))
		return ERR_CORRUPT;
	*out = p;
	return ERR_OK;
}

struct analysis_combo
analysis_params_combo(const struct analysis_params *p, struct uuid client_id)
{
	return (struct analysis_combo){ .client_id = client_id,
		                        .script_key = p->script_key,
		                        .script_version = p->script_version,
		                        .tag = p->tag };
}

struct analysis_choice
analysis_params_choice(const struct analysis_params *p)
{
	return (struct analysis_choice){ .min_messages = p->min_messages, .force = p->force };
}

static void
write_ids(struct jw *w, const char *key, const struct uuid *v, size_t n)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_uuid(w, v[i]);
	jw_arr_end(w);
}

static void
write_sample(struct jw *w, const struct analysis_tally *t)
{
	jw_key(w, "sample");
	jw_obj(w);
	write_ids(w, "processedIds", t->processed_ids, t->nprocessed_ids);
	write_ids(w, "failedIds", t->failed_ids, t->nfailed_ids);
	jw_obj_end(w);
}

struct str
analysis_tally_write(struct arena *a, const struct analysis_tally *t)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, JSON_BYTES);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_ki64(&w, "enqueued", t->enqueued);
	jw_ki64(&w, "processed", t->processed);
	jw_ki64(&w, "failed", t->failed);
	jw_ki64(&w, "released", t->released);
	jw_ki64(&w, "remainingQueue", t->remaining);
	jw_ki64(&w, "inputTokens", t->usage.input_tokens);
	jw_ki64(&w, "cachedTokens", t->usage.cached_tokens);
	jw_ki64(&w, "outputTokens", t->usage.output_tokens);
	if (t->priced)
		jw_ki64(&w, "costMicroUsd", t->cost);
	else
		jw_knull(&w, "costMicroUsd");
	jw_kbool(&w, "retried", t->retried);
	jw_kbool(&w, "enqueueDone", t->enqueue_done);
	jw_kuuid(&w, "enqueueAfter", t->after);
	jw_ktime(&w, "pausedUntil", t->paused_until);
	jw_kstr(&w, "reason", t->reason);
	write_sample(&w, t);
	jw_obj_end(&w);
	return buf_slice(&b);
}

static void
read_ids(const cJSON *list, struct uuid *v, size_t *n)
{
	for (const cJSON *x = json_first(list); x != NULL && *n < ANALYSIS_RUN_SAMPLE; x = x->next)
		if (uuid_parse(json_str(x), &v[*n]) == ERR_OK)
			++*n;
}

enum err
analysis_tally_read(struct arena *a, struct str json, struct analysis_tally *out)
{
	struct analysis_tally t = { .paused_until = TIME_NONE };
	const cJSON *doc = NULL, *sample;

	if (!str_is_set(json)) {
		*out = t;
		return ERR_OK;
	}
	if (json_parse(a, json, &doc) != ERR_OK ||
	    !json_i64(json_get(doc, "enqueued"), &t.enqueued) ||
	    !json_i64(json_get(doc, "processed"), &t.processed) ||
	    !json_i64(json_get(doc, "failed"), &t.failed) ||
	    !json_i64(json_get(doc, "released"), &t.released) ||
	    !json_i64(json_get(doc, "remainingQueue"), &t.remaining) ||
	    !json_i64(json_get(doc, "inputTokens"), &t.usage.input_tokens) ||
	    !json_i64(json_get(doc, "cachedTokens"), &t.usage.cached_tokens) ||
	    !json_i64(json_get(doc, "outputTokens"), &t.usage.output_tokens) ||
	    !json_bool(json_get(doc, "retried"), &t.retried) ||
	    !json_bool(json_get(doc, "enqueueDone"), &t.enqueue_done))
		return ERR_CORRUPT;
	t.priced = json_i64(json_get(doc, "costMicroUsd"), &t.cost);
	if (uuid_parse(json_str(json_get(doc, "enqueueAfter")), &t.after) != ERR_OK)
		t.after = UUID_NIL;
	t.reason = json_str(json_get(doc, "reason"));
	sample = json_get(doc, "sample");
	read_ids(json_get(sample, "processedIds"), t.processed_ids, &t.nprocessed_ids);
	read_ids(json_get(sample, "failedIds"), t.failed_ids, &t.nfailed_ids);
	*out = t;
	return ERR_OK;
}

void
analysis_tally_processed(struct analysis_tally *t, struct uuid id)
{
	t->processed++;
	if (t->nprocessed_ids < ANALYSIS_RUN_SAMPLE)
		t->processed_ids[t->nprocessed_ids++] = id;
}

void
analysis_tally_failed(struct analysis_tally *t, struct uuid id)
{
	t->failed++;
	if (t->nfailed_ids < ANALYSIS_RUN_SAMPLE)
		t->failed_ids[t->nfailed_ids++] = id;
}

void
analysis_write_cost(struct jw *w, const char *key, bool known, int64_t micro_usd)
{
	jw_key(w, key);
	if (known)
		jw_double(w, model_cost_usd(micro_usd));
	else
		jw_null(w);
}

void
analysis_write_usage(struct jw *w, const struct model_usage *u, bool priced, int64_t micro_usd)
{
	jw_ki64(w, "inputTokens", u->input_tokens);
	jw_ki64(w, "cachedTokens", u->cached_tokens);
	jw_ki64(w, "outputTokens", u->output_tokens);
	analysis_write_cost(w, "costUsd", priced, micro_usd);
}

void
analysis_run_write_head(struct jw *w, struct uuid client_id, const struct analysis_params *p)
{
	jw_kuuid(w, "clientId", client_id);
	jw_kstr(w, "scriptKey", p->script_key);
	jw_ki64(w, "scriptVersion", p->script_version);
	jw_kstr(w, "analysisVersionTag", p->tag);
	jw_key(w, "criteria");
	jw_obj(w);
	jw_ki64(w, "minMessages", p->min_messages);
	jw_key(w, "tagFilter");
	jw_obj(w);
	jw_kz(w, "mode", "none");
	jw_obj_end(w);
	jw_kbool(w, "forceReprocess", p->force);
	jw_obj_end(w);
}

void
analysis_run_write_tally(struct jw *w, const struct analysis_tally *t)
{
	jw_ki64(w, "enqueued", t->enqueued);
	jw_ki64(w, "processed", t->processed);
	jw_ki64(w, "failed", t->failed);
	jw_ki64(w, "remainingQueue", t->remaining);
	write_sample(w, t);
	jw_key(w, "usage");
	jw_obj(w);
	analysis_write_usage(w, &t->usage, t->priced, t->cost);
	jw_obj_end(w);
	jw_kstr(w, "reason", t->reason);
}
