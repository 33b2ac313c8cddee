/*
 * Why: nobody should learn what a run costs from the bill. What always holds: the figures are of
 * one snapshot and exact; the estimate is made of the requests that would be sent, for all sessions
 * of the run or for the first of them, and says which; nothing is written.
 */
#include "work/analysis_plan.h"

#include "core/redact.h"
#include "store/queries.h"

#define PROMPT_ARENA ((size_t)256 << 20)
#define PAGE_ARENA   ((size_t)4 << 20) /* of ANALYSIS_PAGE sessions */

void
analysis_model_of(const struct config *c, struct analyser_model *out)
{
	*out = (struct analyser_model){ .base_url = c->openai_base_url,
		                        .model = c->openai_model,
		                        .redact = redact_kinds(c->analysis_redact),
		                        .max_input_tokens = c->analysis_max_input_tokens };
	while (out->base_url.n > 0 && out->base_url.p[out->base_url.n - 1] == '/')
		out->base_url.n--;
	out->priced = !str_is_empty(c->openai_prices) &&
	              model_prices_read(c->openai_prices, &out->prices) == ERR_OK;
}

enum err
analysis_script_find(struct db *db, struct arena *a, struct uuid client_id, struct str key,
                     int64_t version, struct script *out)
{
	struct db_result r;
	enum err e = db_query(db, &q_analysis_script_find,
	                      DB_PARAMS(db_uuid(client_id), db_text(key),
	                                version > 0 ? db_int(version) : db_null('i')),
	                      NULL, a, &r);

	if (e != ERR_OK)
		return e;
	if (r.nrows == 0)
		return ERR_NOT_FOUND;
	*out = (struct script){ .key = key,
		                .version = db_get_int(&r, 0, 0),
		                .text = db_get_text(&r, 0, 1) };
	return script_read_topics(a, db_get_text(&r, 0, 2), &out->topics);
}

/* What was read for an estimate. */
struct sample {
	struct arena *arena; /* of one prompt */
	size_t most;
	int64_t tokens, read;
};

static enum err
sample_one(struct db *db, const struct analyser_model *model, const struct analysis_params *p,
           const struct script *script, struct uuid client_id, int64_t now_ms,
           struct uuid session_id, struct sample *s)
{
	struct prompt prompt;
	bool settled;
	enum err e;

	arena_reset(s->arena);
	e = analyser_prompt(db, s->arena, model, p, script, client_id, session_id, false, now_ms,
	                    &prompt, &settled);
	if (e == ERR_NOT_FOUND || e == ERR_TOO_LARGE)
		return ERR_OK; /* it is gone, or would fail: it costs nothing */
	if (e == ERR_OK && settled) {
		s->tokens += prompt.input_tokens;
		s->read++;
	}
	return e;
}

/* Tokens of the first sessions' requests. */
static enum err
sample(struct db *db, const struct analyser_model *model, const struct analysis_params *p,
       const struct script *script, struct uuid client_id, int64_t now_ms, struct sample *s)
{
	const struct analysis_combo combo = analysis_params_combo(p, client_id);
	const struct analysis_choice choice = analysis_params_choice(p);
	struct analysis_candidates page = { .finished = false };
	struct arena *a = arena_new(PAGE_ARENA);
	size_t looked = 0;
	enum err e = ERR_OK;

	s->arena = arena_new(PROMPT_ARENA);
	while (e == ERR_OK && looked < s->most && !page.finished) {
		arena_reset(a);
		e = analysis_queue_candidates(db, a, &combo, &choice, now_ms, &page);
		for (size_t i = 0; e == ERR_OK && i < page.n && looked < s->most; i++, looked++)
			e = sample_one(db, model, p, script, client_id, now_ms, page.v[i], s);
	}
	arena_free(s->arena);
	arena_free(a);
	return e;
}

/* Output tokens of a report, from those that were made. */
static enum err
usual_output(struct db *db, struct arena *a, const struct analysis_combo *c, int64_t *tokens)
{
	struct db_result r;
	enum err e =
		db_query(db, &q_analysis_usual_output, DB_PARAMS(ANALYSIS_COMBO(c)), NULL, a, &r);

	if (e == ERR_OK)
		*tokens = r.nrows > 0 && !db_is_null(&r, 0, 0) ? db_get_int(&r, 0, 0)
		                                               : ANALYSIS_PLAN_OUTPUT;
	return e;
}

enum err
analysis_script_fits(struct arena *a, const struct analyser_model *m, const struct script *script)
{
	const struct prompt_options o = { .model = m->model,
		                          .max_input_tokens = m->max_input_tokens };

	return prompt_fits(a, script, &o);
}

/* What a run without a limit would work on. */
static int64_t
rows_of_run(const struct analysis_figures *f, const struct analysis_params *p)
{
	int64_t rows = p->retry_failed ? f->already_queued : f->would_process_now;

	if (p->force)
		rows -= p->retry_failed ? f->queued_eligible : f->ready_eligible;
	return f->would_write + rows;
}

enum err
analysis_plan(struct db *db, struct arena *a, const struct analyser_model *model,
              const struct analysis_params *p, const struct script *script, struct uuid client_id,
              int64_t now_ms, struct analysis_plan *out)
{
	const struct analysis_combo combo = analysis_params_combo(p, client_id);
	const struct analysis_choice choice = analysis_params_choice(p);
	struct analysis_plan x = { .priced = model->priced };
	struct sample seen = { .most = ANALYSIS_PLAN_SAMPLE };
	int64_t output, wanted;
	enum err e = analysis_queue_figures(db, a, &combo, &choice, now_ms, &x.figures);

	if (e != ERR_OK)
		return e;
	wanted = rows_of_run(&x.figures, p);
	x.sessions = wanted < p->limit ? wanted : p->limit;
	if (x.sessions < ANALYSIS_PLAN_SAMPLE)
		seen.most = (size_t)x.sessions;
	if (x.sessions > 0)
		e = sample(db, model, p, script, client_id, now_ms, &seen);
	if (e == ERR_OK)
		e = usual_output(db, a, &combo, &output);
	if (e != ERR_OK)
		return e;
	x.sampled = seen.read != x.sessions;
	x.input_tokens = seen.read > 0 ? seen.tokens * x.sessions / seen.read : 0;
	x.output_tokens = output * x.sessions;
	if (x.priced)
		x.cost = model_cost(&model->prices,
		                    (struct model_usage){ x.input_tokens, 0, x.output_tokens });
	*out = x;
	return ERR_OK;
}

void
analysis_plan_write(struct jw *w, const struct analysis_plan *p)
{
	const struct analysis_figures *f = &p->figures;

	jw_ki64(w, "eligible", f->eligible);
	jw_ki64(w, "alreadyDone", f->already_done);
	jw_ki64(w, "alreadyQueued", f->already_queued);
	jw_ki64(w, "wouldEnqueue", f->would_enqueue);
	jw_ki64(w, "wouldProcessNow", f->would_process_now);
	jw_ki64(w, "failedPermanent", f->failed_permanent);
	jw_key(w, "estimate");
	jw_obj(w);
	jw_ki64(w, "sessions", p->sessions);
	jw_ki64(w, "inputTokens", p->input_tokens);
	jw_ki64(w, "outputTokens", p->output_tokens);
	analysis_write_cost(w, "costUsd", p->priced, p->cost);
	jw_kbool(w, "sampled", p->sampled);
	jw_obj_end(w);
}
