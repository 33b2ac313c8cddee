/*
 * Answers, from the socket into the database. Why several in one transaction: a commit waits for
 * the disk, and with many calls in flight the disk would be what is waited for; while one commit
 * runs, the next answers gather. What always holds: an answer is judged once, when it comes, and
 * kept until the database has what it says; it is stored with what it cost in one statement; what
 * the run counts is what was stored; nothing of a message or a report reaches a log line.
 */
#include "core/model_error.h"
#include "sys/log.h"
#include "sys/metrics.h"
#include "work/analyser_internal.h"
#include "work/event.h"

/* Beside that of the call: a session that nearly fills one must not make its answer too large. */
#define ANSWER_ARENA ((size_t)256 << 20)

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

/* A row's error begins with a stable word, whatever failed. */
static struct str
with_reason(struct analyser_call *c, const char *reason, struct str sentence)
{
	if (reason == NULL)
		return STR_NONE;
	return str_fmt(c->answer, "%s: " STR_FMT, reason, STR_ARG(sentence));
}

/* A 2xx answer: a report, or what is wrong with it. */
static void
judge_report(struct analyser_call *c, int64_t now_ms)
{
	const struct report_asked asked = { .script = &c->run->script,
		                            .tag = c->run->params.tag,
		                            .prompt = &c->prompt,
		                            .longer = c->row.longer_output };
	struct analyser_outcome *o = &c->outcome;
	struct report *r = &o->report;

	report_read(c->answer, &asked, str_n(c->result.body, c->result.body_len), r);
	o->paid = paid_for(c, r);
	o->failure = (struct analysis_failure){ .error = with_reason(c, r->reason, r->error),
		                                .model = r->model,
		                                .prompt_hash = c->prompt.hash,
		                                .next_retry_at = TIME_NONE };
	o->act = ANALYSER_FAILED;
	if (r->outcome == REPORT_DONE) {
		o->act = ANALYSER_DONE;
	} else if (r->outcome == REPORT_LONGER) {
		o->act = ANALYSER_RELEASED;
		o->release = (struct analysis_release){ .longer = true };
	} else if (r->outcome == REPORT_RETRY) {
		o->failure.next_retry_at =
			model_next_try_at((unsigned)c->row.retry_count + 1, now_ms);
	}
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
		.ever_before = c->run->pauses_before,
	};

	if (t.retry_after_ms < 0 && r->retry_at_ms != TIME_NONE)
		t.retry_after_ms = r->retry_at_ms > now_ms ? r->retry_at_ms - now_ms : 0;
	return t;
}

static struct str
error_text(struct analyser_call *c, struct str said)
{
	const char *reason = c->outcome.verdict.reason;

	if (c->result.failure != HTTP_OK)
		return with_reason(c, reason, str_from(c->result.detail));
	return str_fmt(c->answer, "%s: the model server answered %d%s" STR_FMT, reason,
	               c->result.status, str_is_set(said) ? ": " : "", STR_ARG(said));
}

/* The request had left, and what the server made of it is not known. */
static bool
may_be_paid(enum http_failure f)
{
	return f == HTTP_TIMEOUT_FIRST_BYTE || f == HTTP_TIMEOUT_WHOLE || f == HTTP_CUT ||
	       f == HTTP_TOO_LARGE || f == HTTP_OTHER;
}

/* An answer that is no report, or none at all. */
static void
judge_failure(struct analyser_call *c, struct str said, int64_t now_ms)
{
	struct analyser_outcome *o = &c->outcome;
	const struct model_verdict *v = &o->verdict;
	const bool interrupted = may_be_paid(c->result.failure);

	o->act = v->act == MODEL_RELEASE ? ANALYSER_RELEASED : ANALYSER_FAILED;
	o->release = (struct analysis_release){ .losses = v->losses, .interrupted = interrupted };
	o->failure = (struct analysis_failure){
		.error = error_text(c, said),
		.prompt_hash = c->prompt.hash,
		.next_retry_at =
			v->act == MODEL_FINAL
				? TIME_NONE
				: model_next_try_at((unsigned)c->row.retry_count + 1, now_ms),
		.losses = v->losses,
		.interrupted = interrupted,
	};
}

/* What is to become of the row; and what holds for its run and the server from now on, stored or
 * not. */
static void
judge(struct analyser_call *c, int64_t now_ms)
{
	struct analyser *an = c->run->an;
	struct model_error said = { STR_NONE, STR_NONE };
	struct model_try t;

	if (c->judged)
		return;
	c->judged = true;
	c->judged_at = now_ms;
	c->answer = arena_new(ANSWER_ARENA);
	if (c->result.failure == HTTP_OK && (c->result.status < 200 || c->result.status > 299))
		model_error_read(c->answer, str_n(c->result.body, c->result.body_len), &said);
	t = try_of(c, &said, now_ms);
	c->outcome.verdict = model_judge(&an->client, &t, now_ms, rand_u64(an->o.rand));
	if (c->outcome.verdict.act == MODEL_TAKE)
		judge_report(c, now_ms);
	else
		judge_failure(c, said.text, now_ms);
	/* the server's own words stay in the row: it may have echoed what it was sent */
	if (c->outcome.verdict.ends_run != NULL)
		analyser_run_stop(c->run, c->outcome.verdict.ends_run, error_text(c, STR_NONE));
}

static enum err
write_done(const struct analyser_call *c, const struct analysis_lease *lease)
{
	const struct report *r = &c->outcome.report;
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

	return analysis_queue_done(c->run->an->db, lease, c->judged_at, &d, &c->outcome.paid);
}

/* The row is not ours any more. It may be so by our own hand: a commit may be made without our
 * being told. */
static enum err
look_again(struct analyser_call *c, const struct analysis_lease *lease)
{
	static const char *const statuses[] = { [ANALYSER_DONE] = "done",
		                                [ANALYSER_FAILED] = "failed",
		                                [ANALYSER_RELEASED] = "pending" };
	bool stored = false;
	enum err e = ERR_OK;

	if (c->unsure)
		e = analysis_queue_stored(c->run->an->db, c->run->an->arena, lease,
		                          statuses[c->outcome.act], c->prompt.hash, c->judged_at,
		                          &stored);
	c->lost = !stored;
	return e;
}

static enum err
write_outcome(struct analyser_call *c)
{
	const struct analysis_lease lease = analyser_call_lease(c);
	const struct analyser_outcome *o = &c->outcome;
	struct db *db = c->run->an->db;
	enum err e;

	if (o->act == ANALYSER_DONE)
		e = write_done(c, &lease);
	else if (o->act == ANALYSER_FAILED)
		e = analysis_queue_failed(db, &lease, c->judged_at, &o->failure, &o->paid);
	else
		e = analysis_queue_release(db, &lease, c->judged_at, &o->release, &o->paid);
	c->lost = false;
	return e == ERR_CONFLICT ? look_again(c, &lease) : e;
}

/* All or none. */
static enum err
write_all(struct analyser *an, struct analyser_call *const *v, size_t n, int64_t now_ms)
{
	struct event_batch told;
	enum err e = db_begin(an->db, DB_APPLY);

	if (e != ERR_OK)
		return e;
	arena_reset(an->arena);
	event_batch_init(&told, an->arena);
	for (size_t i = 0; e == ERR_OK && i < n; i++) {
		e = write_outcome(v[i]);
		if (e == ERR_OK && !v[i]->lost && v[i]->outcome.act != ANALYSER_RELEASED)
			event_batch_add(&told, v[i]->run->job.client_id, EVENT_ANALYSIS, UUID_NIL);
	}
	if (e == ERR_OK)
		e = event_batch_store(&told, an->db, now_ms);
	e = db_end(an->db, e);
	for (size_t i = 0; db_is_away(e) && i < n; i++)
		v[i]->unsure = true;
	return e;
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

static void
tell_report(const struct analyser_call *c)
{
	const struct report *r = &c->outcome.report;

	count_paid(c->run, &c->outcome.paid);
	metrics_add(r->outcome == REPORT_DONE ? M_MODEL_CALLS_DONE : M_MODEL_CALLS_UNUSABLE, 1);
	if (r->outcome == REPORT_DONE)
		return;
	analyser_run_reason(c->run, r->reason);
	log_info("analysis.unusable", LOG_UUID("analysis", c->row.id), LOG_Z("reason", r->reason),
	         LOG_STR("promptHash", c->prompt.hash));
}

static void
tell_failure(struct analyser_call *c)
{
	const struct model_verdict *v = &c->outcome.verdict;

	metrics_add(M_MODEL_CALLS_FAILED, 1);
	c->run->tally.released += v->act == MODEL_RELEASE;
	c->run->dry = false;
	if (v->act == MODEL_RELEASE && !c->run->orphan)
		c->run->renew_at = 0; /* that it pauses is shown at once */
	analyser_run_reason(c->run, v->reason);
	log_info("analysis.call_failed", LOG_UUID("analysis", c->row.id),
	         LOG_Z("reason", v->reason), LOG_INT("status", c->result.status));
}

/* The database has it. */
static void
finish(struct analyser_call *c)
{
	struct analyser_run *run = c->run;

	if (c->lost)
		analyser_call_lost(c);
	else if (c->outcome.act == ANALYSER_DONE)
		analysis_tally_processed(&run->tally, c->row.id);
	else if (c->outcome.act == ANALYSER_FAILED)
		analysis_tally_failed(&run->tally, c->row.id);
	else
		run->dry = false;
	if (c->outcome.verdict.act == MODEL_TAKE)
		tell_report(c);
	else
		tell_failure(c);
	analyser_call_forget(c);
}

/* The database refuses what it says, and would again: what it cost is stored with a failed attempt,
 * so that not every run pays for the same. */
static enum err
store_failure(struct analyser_call *c, int64_t now_ms)
{
	struct analyser_outcome *o = &c->outcome;

	if (o->act == ANALYSER_RELEASED && o->paid.calls == 0)
		return ERR_CONFLICT; /* nothing was paid */
	o->act = ANALYSER_FAILED;
	o->failure = (struct analysis_failure){
		.error = STR("internal: could not be stored"),
		.prompt_hash = c->prompt.hash,
		.next_retry_at = model_next_try_at((unsigned)c->row.retry_count + 1, c->judged_at),
		.losses = o->failure.losses,
		.interrupted = o->failure.interrupted,
	};
	return write_all(c->run->an, &c, 1, now_ms);
}

/* Away: it is tried again. */
static enum err
not_stored(struct analyser_call *c, enum err why, int64_t now_ms)
{
	enum err e;

	log_error("analysis.not_stored", LOG_UUID("analysis", c->row.id), LOG_ERR(why),
	          LOG_Z("detail", db_message(c->run->an->db)));
	e = store_failure(c, now_ms);
	if (db_is_away(e))
		return e;
	if (e == ERR_OK) {
		analyser_run_reason(c->run, "internal");
		finish(c);
		return ERR_OK;
	}
	analyser_run_stop(c->run, "internal", str_from(err_info(why)->title));
	analyser_call_drop(c, now_ms);
	return ERR_OK;
}

void
analyser_hear(struct analyser *an, int64_t now_ms)
{
	struct analyser_call **end = &an->heard;
	struct http_result r;

	while (*end != NULL)
		end = &(*end)->next_heard;
	while (http_client_next(an->o.http, &r)) {
		struct analyser_call *c = r.user;

		c->result = r;
		c->flying = false;
		c->answered_at = now_ms;
		*end = c;
		end = &c->next_heard;
	}
}

void
analyser_unhear(struct analyser_call *c)
{
	struct analyser_call **at = &c->run->an->heard;

	while (*at != NULL && *at != c)
		at = &(*at)->next_heard;
	if (*at != NULL)
		*at = c->next_heard;
}

enum err
analyser_settle(struct analyser *an, int64_t now_ms, bool *worked)
{
	struct analyser_call *v[ANALYSER_GROUP];
	size_t n = 0, together;

	for (struct analyser_call *c = an->heard; c != NULL; c = c->next_heard) {
		judge(c, now_ms); /* all of them: the last may say that nobody is to be asked */
		if (n < ANALYSER_GROUP)
			v[n++] = c;
	}
	together = n; /* and if that cannot be, each alone */
	for (size_t i = 0; i < n; i += together) {
		enum err e = write_all(an, &v[i], together, now_ms);

		if (e != ERR_OK && (together > 1 || n == 1)) {
			together = 1;
			e = write_all(an, &v[i], together, now_ms);
		}
		for (size_t k = i; e == ERR_OK && k < i + together; k++)
			finish(v[k]);
		if (e != ERR_OK && !db_is_away(e))
			e = not_stored(v[i], e, now_ms);
		if (e != ERR_OK)
			return e;
		*worked = true;
	}
	return ERR_OK;
}
