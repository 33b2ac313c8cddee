/*
 * A row from claim to request: its session is read and masked, and the model asked. What always
 * holds: the row leaves `processing` on every path, by us or by the end of its lease; nothing of a
 * message, a prompt or the key reaches a log line or an error text.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/session.h"
#include "sys/log.h"
#include "work/analyser_internal.h"
#include "work/analysis_session.h"

#define CALL_ARENA ((size_t)256 << 20)
#define MAX_ANSWER ((size_t)4 << 20)
#define CONNECT_MS (10 * TIME_SECOND)
#define MAX_SECRET 4096

void
analyser_call_forget(struct analyser_call *c)
{
	struct analyser_call **at = &c->run->calls;
	struct analyser *an = c->run->an;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	analyser_unhear(c);
	c->run->ncalls--;
	an->ncalls--;
	http_result_deinit(&c->result);
	arena_free(c->arena);
	arena_free(c->answer);
	free(c);
}

struct analysis_lease
analyser_call_lease(const struct analyser_call *c)
{
	return (struct analysis_lease){ .client_id = c->run->job.client_id,
		                        .id = c->row.id,
		                        .owner = c->run->an->o.owner };
}

void
analyser_call_lost(const struct analyser_call *c)
{
	log_warn("analysis.row_lost", LOG_UUID("analysis", c->row.id));
}

static enum err
not_ours(const struct analyser_call *c, enum err e)
{
	if (e != ERR_CONFLICT)
		return e;
	analyser_call_lost(c);
	return ERR_OK;
}

void
analyser_call_drop(struct analyser_call *c, int64_t now_ms)
{
	const struct analysis_lease lease = analyser_call_lease(c);
	const struct analysis_release release = { .losses = c->row.losses,
		                                  .interrupted = c->asked };
	const struct analysis_paid paid = { 0 };
	enum err e;

	if (c->flying)
		http_client_cancel(c->run->an->o.http, c->id);
	e = now_ms > 0 ? analysis_queue_release(c->run->an->db, &lease, now_ms, &release, &paid)
	               : ERR_OK;
	if (db_is_away(e)) {
		c->run->an->astray = true;
		c->run->an->astray_asked |= c->asked;
	}
	if (e != ERR_OK && e != ERR_CONFLICT)
		log_warn("analysis.not_returned", LOG_UUID("analysis", c->row.id), LOG_ERR(e));
	c->run->tally.released++;
	analyser_call_forget(c);
}

void
analyser_call_cut(struct analyser_call *c)
{
	c->run->an->astray = true;
	c->run->an->astray_asked |= c->asked;
	analyser_call_drop(c, 0);
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
	struct prompt_options o = {
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
	o.gap = s.gap;
	o.unread = s.unread;
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
	c->flying = c->asked = e == ERR_OK;
	c->asked_at = now_ms;
	return e;
}

/* No request was made: the attempt fails. */
static enum err
fail(struct analyser_call *c, const char *reason, const char *sentence, int64_t next_at,
     int64_t now_ms)
{
	const struct analysis_lease lease = analyser_call_lease(c);
	const struct analysis_failure f = { .error = str_fmt(c->run->an->arena, "%s: %s", reason,
		                                             sentence),
		                            .next_retry_at = next_at,
		                            .losses = c->row.losses };
	const struct analysis_paid nothing = { 0 };
	enum err e = analysis_queue_failed(c->run->an->db, &lease, now_ms, &f, &nothing);

	if (e == ERR_OK) {
		analyser_run_reason(c->run, reason);
		analysis_tally_failed(&c->run->tally, c->row.id);
	}
	return not_ours(c, e);
}

/* There is nothing to ask, or no way to ask it. */
static enum err
give_up(struct analyser_call *c, enum err why, bool settled, int64_t now_ms)
{
	const struct analysis_lease lease = analyser_call_lease(c);
	enum err e;

	if (why == ERR_TOO_LARGE)
		return fail(c, "too_large", "the session does not fit into the memory of one call",
		            TIME_NONE, now_ms);
	if (why != ERR_NOT_FOUND && (why != ERR_OK || settled))
		return why;
	e = analysis_queue_drop(c->run->an->db, &lease);
	if (e != ERR_CONFLICT)
		return e;
	return fail(c, "not_settled", "the session goes on again, or is none any more",
	            now_ms + SESSION_SETTLE_MS, now_ms);
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
			analyser_call_forget(c);
			return ERR_OK;
		}
	}
	/* of a database that is away nothing more is asked: it may take long to say so */
	an->astray |= db_is_away(e);
	analyser_call_drop(c, db_is_away(e) ? 0 : now_ms);
	return e;
}
