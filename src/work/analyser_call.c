/*
 * A row from claim to outcome: its session is read and masked, the model asked, the answer checked
 * and stored. What always holds: the row leaves `processing` on every path, by us or by the end of
 * its lease; an answer is stored with what it cost in one statement; nothing of a message, a prompt
 * or the key reaches a log line or an error text.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/model_error.h"
#include "sys/log.h"
#include "sys/metrics.h"
#include "work/analyser_internal.h"
#include "work/analysis_session.h"

#define CALL_ARENA   ((size_t)256 << 20)
#define REPORT_ARENA ((size_t)256 << 20)
#define MAX_ANSWER   ((size_t)4 << 20)
#define CONNECT_MS   (10 * TIME_SECOND)
#define MAX_SECRET   4096

static void
forget(struct analyser_call *c)
{
	struct analyser_call **at = &c->run->calls;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->run->ncalls--;
	c->run->an->ncalls--;
	http_result_deinit(&c->result);
	arena_free(c->arena);
	free(c);
}

static struct analysis_lease
lease_of(const struct analyser_call *c)
{
	return (struct analysis_lease){ .client_id = c->run->job.client_id,
		                        .id = c->row.id,
		                        .owner = c->run->an->o.owner };
}

/* The row is somebody else's by now: what we know of it is worth nothing. */
static enum err
not_ours(const struct analyser_call *c, enum err e)
{
	if (e != ERR_CONFLICT)
		return e;
	log_warn("analysis.row_lost", LOG_UUID("analysis", c->row.id));
	return ERR_OK;
}

void
analyser_call_drop(struct analyser_call *c, int64_t now_ms)
{
	const struct analysis_lease lease = lease_of(c);
	const struct analysis_release release = { .losses = c->row.losses,
		                                  .interrupted = c->flying || c->answered > 0 };
	const struct analysis_paid paid = { 0 };
	enum err e;

	if (c->flying)
		http_client_cancel(c->run->an->o.http, c->id);
	e = now_ms > 0 ? analysis_queue_release(c->run->an->db, &lease, now_ms, &release, &paid)
	               : ERR_OK;
	c->run->an->astray |= analyser_is_away(e);
	if (e != ERR_OK && e != ERR_CONFLICT)
		log_warn("analysis.not_returned", LOG_UUID("analysis", c->row.id), LOG_ERR(e));
	c->run->tally.released++;
	forget(c);
}

static enum prompt_role
role_of(const struct analysis_message *m)
{
	if (!m->outbound)
		return PROMPT_CLIENT;
	if (str_eq(m->sender_type, STR("AI")))
		return PROMPT_BOT;
	return str_eq(m->sender_type, STR("SYSTEM")) ? PROMPT_SYSTEM : PROMPT_AGENT;
}

static struct prompt_message *
prompt_messages(struct arena *a, const struct analysis_session *s)
{
	struct prompt_message *v = ARENA_ARRAY(a, s->n, struct prompt_message);

	for (size_t i = 0; i < s->n; i++) {
		const struct analysis_message *m = &s->messages[i];

		v[i] = (struct prompt_message){ .id = m->id,
			                        .role = role_of(m),
			                        .type = m->type,
			                        .text = m->body,
			                        .revoked = m->revoked_at != TIME_NONE,
			                        .updated_at = m->external_updated_at,
			                        .sent_at = m->at,
			                        .tie = m->key };
	}
	return v;
}

enum err
analyser_prompt(struct db *db, struct arena *a, const struct analyser_model *model,
                const struct analysis_params *params, const struct script *script,
                struct uuid client_id, struct uuid session_id, bool longer, int64_t now_ms,
                struct prompt *out, bool *settled)
{
	const struct prompt_options o = {
		.model = model->model,
		.redact = model->redact,
		.order_sent = params->order_sent,
		.max_input_tokens = model->max_input_tokens,
		.max_output_tokens = longer ? PROMPT_OUTPUT_TOKENS_LONGER : PROMPT_OUTPUT_TOKENS,
	};
	struct analysis_session s;
	enum err e = analysis_session_load(db, a, client_id, session_id, now_ms, &s);

	*settled = e == ERR_OK && s.settled;
	if (e != ERR_OK || !s.settled)
		return e;
	return prompt_build(a, script, prompt_messages(a, &s), s.n, &o, out);
}

/* The request leaves. */
static enum err
ask(struct analyser_call *c, int64_t now_ms)
{
	const struct analyser_options *o = &c->run->an->o;
	char bearer[MAX_SECRET];
	int n = snprintf(bearer, sizeof(bearer), "Bearer " STR_FMT, STR_ARG(o->api_key));
	const struct http_header_out headers[] = {
		{ "Authorization", str_n(bearer, (size_t)n < sizeof(bearer) ? (size_t)n : 0) },
		{ "Content-Type", STR("application/json") },
		{ "Accept", STR("application/json") },
		{ NULL, STR_NONE },
	};
	const struct http_call call = {
		.method = STR("POST"),
		.url = str_fmt(c->arena, STR_FMT "/responses", STR_ARG(o->model.base_url)),
		.headers = headers,
		.body = c->prompt.body,
		.connect_ms = o->timeout_ms < CONNECT_MS ? o->timeout_ms : CONNECT_MS,
		.first_byte_ms = o->timeout_ms,
		.whole_ms = o->timeout_ms,
		.max_body = MAX_ANSWER,
		.user = c,
	};
	enum err e = http_client_start(o->http, &call, &c->id);

	explicit_bzero(bearer, sizeof(bearer));
	c->flying = e == ERR_OK;
	c->asked_at = now_ms;
	return e;
}

static enum err
fail(struct analyser_call *c, int64_t now_ms, struct str error, int64_t next_at, unsigned losses,
     struct str model, const struct analysis_paid *paid)
{
	const struct analysis_lease lease = lease_of(c);
	const struct analysis_failure f = { .error = error,
		                            .model = model,
		                            .prompt_hash = c->prompt.hash,
		                            .next_retry_at = next_at,
		                            .losses = losses };
	enum err e = analysis_queue_failed(c->run->an->db, &lease, now_ms, &f, paid);

	if (e == ERR_OK)
		analysis_tally_failed(&c->run->tally, c->row.id);
	return not_ours(c, e);
}

/* There is nothing to ask, or no way to ask it. */
static enum err
give_up(struct analyser_call *c, enum err why, bool settled, int64_t now_ms)
{
	const struct analysis_lease lease = lease_of(c);
	const struct analysis_paid paid = { 0 };

	if (why == ERR_NOT_FOUND || (why == ERR_OK && !settled))
		return not_ours(c, analysis_queue_drop(c->run->an->db, &lease));
	if (why == ERR_TOO_LARGE)
		return fail(c, now_ms,
		            STR("too_large: the session does not fit into the memory of one call"),
		            TIME_NONE, c->row.losses, STR_NONE, &paid);
	return why;
}

enum err
analyser_call_begin(struct analyser_run *run, const struct analysis_claimed *row, int64_t now_ms)
{
	struct analyser *an = run->an;
	struct analyser_call *c = calloc(1, sizeof(*c));
	bool settled = false;
	enum err e;

	if (c == NULL)
		abort();
	c->run = run;
	c->row = *row;
	c->arena = arena_new(CALL_ARENA);
	c->next = run->calls;
	run->calls = c;
	run->ncalls++;
	an->ncalls++;
	e = analyser_prompt(an->db, c->arena, &an->o.model, &run->params, &run->script,
	                    run->job.client_id, row->session_id, row->longer_output, now_ms,
	                    &c->prompt, &settled);
	if (e == ERR_OK && settled) {
		e = ask(c, now_ms);
		if (e == ERR_OK)
			return ERR_OK;
	} else {
		e = give_up(c, e, settled, now_ms);
		if (e == ERR_OK) {
			forget(c);
			return ERR_OK;
		}
	}
	analyser_call_drop(c, now_ms);
	return e;
}

static struct analysis_paid
paid_for(const struct analyser_call *c, const struct report *r)
{
	const struct analyser_model *m = &c->run->an->o.model;

	return (struct analysis_paid){
		.calls = 1,
		.usage = r->usage,
		.priced = m->priced,
		.cost_micro_usd = m->priced ? model_cost(&m->prices, r->usage) : 0,
		.latency_ms = c->answered_at > c->asked_at ? c->answered_at - c->asked_at : 1,
	};
}

static void
count_paid(struct analyser_run *run, const struct analysis_paid *p)
{
	run->tally.usage = model_usage_sum(run->tally.usage, p->usage);
	run->tally.cost = model_cost_sum(run->tally.cost, p->cost_micro_usd);
	metrics_add(M_MODEL_TOKENS_INPUT, p->usage.input_tokens);
	metrics_add(M_MODEL_TOKENS_CACHED, p->usage.cached_tokens);
	metrics_add(M_MODEL_TOKENS_OUTPUT, p->usage.output_tokens);
	metrics_add(M_MODEL_COST_MICRO_USD, p->cost_micro_usd);
	metrics_observe_us(M_MODEL_SECONDS, p->latency_ms * 1000);
}

static enum err
store_report(struct analyser_call *c, const struct report *r, const struct analysis_paid *paid,
             int64_t now_ms)
{
	const struct analysis_lease lease = lease_of(c);
	const struct analysis_done d = {
		.report = r->json,
		.model = str_is_set(r->model) ? r->model : c->run->an->o.model.model,
		.prompt_hash = c->prompt.hash,
		.overall_score = r->overall_score,
		.temperature = str_from(r->temperature),
		.verified = (int64_t)r->verified,
		.unverified = (int64_t)r->unverified,
		.truncated = c->prompt.truncated,
	};
	enum err e = analysis_queue_done(c->run->an->db, &lease, now_ms, &d, paid);

	if (e == ERR_OK)
		analysis_tally_processed(&c->run->tally, c->row.id);
	return not_ours(c, e);
}

/* A 2xx answer: a report, or what is wrong with it. */
static enum err
take_report(struct analyser_call *c, struct arena *a, int64_t now_ms)
{
	const struct analysis_lease lease = lease_of(c);
	const struct report_asked asked = { .script = &c->run->script,
		                            .tag = c->run->params.tag,
		                            .prompt = &c->prompt,
		                            .longer = c->row.longer_output };
	const struct analysis_release longer = { .longer = true };
	struct analysis_paid paid;
	struct report r;
	enum err e = ERR_OK;

	report_read(a, &asked, str_n(c->result.body, c->result.body_len), &r);
	paid = paid_for(c, &r);
	switch (r.outcome) {
	case REPORT_DONE:
		e = store_report(c, &r, &paid, now_ms);
		break;
	case REPORT_LONGER:
		e = not_ours(
			c, analysis_queue_release(c->run->an->db, &lease, now_ms, &longer, &paid));
		c->run->dry = false;
		break;
	case REPORT_RETRY:
		e = fail(c, now_ms, r.error,
		         model_next_try_at((unsigned)c->row.retry_count + 1, now_ms), 0, r.model,
		         &paid);
		break;
	case REPORT_FINAL:
		e = fail(c, now_ms, r.error, TIME_NONE, 0, r.model, &paid);
		break;
	}
	if (e != ERR_OK)
		return e;
	count_paid(c->run, &paid);
	metrics_add(r.outcome == REPORT_DONE ? M_MODEL_CALLS_DONE : M_MODEL_CALLS_UNUSABLE, 1);
	if (r.outcome != REPORT_DONE)
		log_info("analysis.unusable", LOG_UUID("analysis", c->row.id),
		         LOG_Z("reason", r.reason), LOG_STR("promptHash", c->prompt.hash));
	return ERR_OK;
}

static struct model_try
try_of(const struct analyser_call *c, const struct model_error *said, int64_t now_ms)
{
	const struct http_result *r = &c->result;
	struct model_try t = {
		.answer = r->failure == HTTP_OK          ? MODEL_ANSWERED
		          : r->failure == HTTP_TOO_LARGE ? MODEL_TOO_LARGE
		          : r->failure == HTTP_FORBIDDEN ? MODEL_FORBIDDEN
		                                         : MODEL_LOST,
		.status = r->status,
		.code = said->code,
		.retry_after_ms = r->retry_after_ms,
		.asked_at = c->asked_at,
		.losses = c->row.losses,
	};

	if (t.retry_after_ms < 0 && r->retry_at_ms != TIME_NONE)
		t.retry_after_ms = r->retry_at_ms > now_ms ? r->retry_at_ms - now_ms : 0;
	return t;
}

static struct str
error_text(const struct analyser_call *c, struct arena *a, const struct model_verdict *v,
           const struct model_error *said)
{
	if (c->result.failure != HTTP_OK)
		return str_fmt(a, "%s: %s", v->reason, http_failure_name(c->result.failure));
	return str_fmt(a, "%s: the model server answered %d%s" STR_FMT, v->reason, c->result.status,
	               str_is_set(said->text) ? ": " : "", STR_ARG(said->text));
}

/* An answer that is no report, or none at all. */
static enum err
take_failure(struct analyser_call *c, struct arena *a, const struct model_verdict *v,
             const struct model_error *said, int64_t now_ms)
{
	const struct analysis_lease lease = lease_of(c);
	const struct analysis_paid paid = { 0 };
	const struct analysis_release release = { .losses = v->losses };
	struct str text = error_text(c, a, v, said);
	enum err e;

	if (v->act == MODEL_RELEASE)
		e = not_ours(
			c, analysis_queue_release(c->run->an->db, &lease, now_ms, &release, &paid));
	else
		e = fail(c, now_ms, text,
		         v->act == MODEL_FINAL
		                 ? TIME_NONE
		                 : model_next_try_at((unsigned)c->row.retry_count + 1, now_ms),
		         v->losses, STR_NONE, &paid);
	if (e != ERR_OK)
		return e;
	metrics_add(M_MODEL_CALLS_FAILED, 1);
	c->run->tally.released += v->act == MODEL_RELEASE;
	c->run->dry = false;
	log_info("analysis.call_failed", LOG_UUID("analysis", c->row.id),
	         LOG_Z("reason", v->reason), LOG_INT("status", c->result.status));
	/* the server's own words stay in the row: it may have echoed what it was sent */
	if (v->ends_run != NULL)
		analyser_run_stop(
			c->run, v->ends_run,
			error_text(c, a, v, &(const struct model_error){ STR_NONE, STR_NONE }));
	return ERR_OK;
}

/* Judges it and says so to the database. */
static enum err
take(struct analyser_call *c, struct arena *a, int64_t now_ms)
{
	struct analyser *an = c->run->an;
	struct model_error said = { STR_NONE, STR_NONE };
	struct model_verdict v;
	struct model_try t;

	if (c->result.failure == HTTP_OK && (c->result.status < 200 || c->result.status > 299))
		model_error_read(a, str_n(c->result.body, c->result.body_len), &said);
	t = try_of(c, &said, now_ms);
	v = model_judge(&an->client, &t, now_ms, rand_u64(an->o.rand));
	return v.act == MODEL_TAKE ? take_report(c, a, now_ms)
	                           : take_failure(c, a, &v, &said, now_ms);
}

/* What the result says into the database; until that has worked the call stays as it is. What is
 * made of it has memory of its own, since it may be tried for as long as the database is away. */
static enum err
settle(struct analyser_call *c, int64_t now_ms)
{
	struct analyser *an = c->run->an;
	struct model_client before = an->client;
	struct arena *a = arena_new(REPORT_ARENA);
	enum err e = take(c, a, now_ms);

	arena_free(a);
	if (analyser_is_away(e)) {
		an->client = before; /* it is judged again */
		return e;
	}
	if (e != ERR_OK) {
		log_error("analysis.not_stored", LOG_UUID("analysis", c->row.id), LOG_ERR(e),
		          LOG_Z("detail", db_message(an->db)));
		analyser_run_stop(c->run, "internal", str_from(err_info(e)->title));
		analyser_call_drop(c, now_ms);
		return ERR_OK;
	}
	forget(c);
	return ERR_OK;
}

void
analyser_call_hear(struct analyser *an, int64_t now_ms)
{
	struct http_result r;

	while (http_client_next(an->o.http, &r)) {
		struct analyser_call *c = r.user;

		c->result = r;
		c->flying = false;
		c->answered_at = now_ms;
		c->answered = ++an->answers;
	}
}

/* The answer that has waited longest; NULL: none waits. */
static struct analyser_call *
oldest_answer(const struct analyser *an)
{
	struct analyser_call *oldest = NULL;

	for (size_t i = 0; i < an->nruns; i++)
		for (struct analyser_call *c = an->runs[i]->calls; c != NULL; c = c->next)
			if (c->answered > 0 && (oldest == NULL || c->answered < oldest->answered))
				oldest = c;
	return oldest;
}

enum err
analyser_call_settle(struct analyser *an, int64_t now_ms, bool *worked)
{
	struct analyser_call *c;
	enum err e = ERR_OK;

	while (e == ERR_OK && (c = oldest_answer(an)) != NULL) {
		e = settle(c, now_ms);
		*worked |= e == ERR_OK;
	}
	return e;
}
