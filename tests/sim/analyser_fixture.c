/* See analyser_fixture.h. What always holds: time passes only between steps; the model's memory
 * outlives whoever asks it. */
#include "analyser_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define URL        "https://model.test/v1"
#define KEY        "sk-a-key-of-the-tests"
#define MOST_MS    TIME_MINUTE /* between two steps */
#define MOST_STEPS 1000
#define Z(s)       str_z(test_arena(), (s))

/* The reply as the reader sees it. */
static void
pass_on(struct arena *a, const struct web_reply *r, struct http_fake_reply *out)
{
	const char **lines = ARENA_ARRAY(a, WEB_MAX_HEADERS + 1, const char *);

	out->delay_ms = r->delay_ms;
	if (r->fate == WEB_CLOSED || r->fate == WEB_TRUNCATED)
		out->failure = HTTP_CUT;
	else if (r->fate == WEB_HANGS)
		out->failure = HTTP_TIMEOUT_FIRST_BYTE;
	else if (r->filler > 0)
		out->failure = HTTP_TOO_LARGE;
	for (size_t i = 0; i < r->nheaders; i++)
		lines[i] = Z(str_fmt(a, "%s: " STR_FMT, r->headers[i].name,
		                     STR_ARG(r->headers[i].value)));
	out->headers = lines;
	out->status = r->status;
	out->body = r->body;
}

static struct web_request
read_call(const struct http_call *call)
{
	struct web_request q = { .method = call->method,
		                 .path = str_sub(call->url, strlen("https://model.test"),
		                                 call->url.n),
		                 .body = call->body };

	for (const struct http_header_out *h = call->headers; h->name != NULL; h++) {
		if (strcmp(h->name, "Authorization") == 0)
			q.authorization = h->value;
		if (strcmp(h->name, "Content-Type") == 0)
			q.content_type = h->value;
	}
	return q;
}

static void
note(struct bureau *o, const struct analyser_call *c, int64_t now_ms)
{
	struct bureau_asked *v;
	size_t hand = 0;

	while (o->hands[hand].analyser != c->run->an)
		hand++;
	if (o->nasked == o->asked_cap) {
		o->asked_cap = o->asked_cap > 0 ? 2 * o->asked_cap : 256;
		v = ARENA_ARRAY(test_arena(), o->asked_cap, struct bureau_asked);
		if (o->nasked > 0)
			memcpy(v, o->asked, o->nasked * sizeof *v);
		o->asked = v;
	}
	o->asked[o->nasked++] =
		(struct bureau_asked){ c->row.session_id, c->run->job.id, hand, now_ms };
}

static void
answer(void *ctx, const struct http_call *call, int64_t now_ms, struct http_fake_reply *out)
{
	static struct arena *a;
	struct bureau *o = ctx;
	struct web_request q = read_call(call);
	struct web_reply r;

	note(o, call->user, now_ms);
	if (o->meanwhile != NULL)
		o->meanwhile(o, call->user);
	if (o->other != NULL) {
		o->other(o->other_ctx, call, now_ms, out);
		return;
	}
	arena_free(a); /* the last reply was copied */
	a = arena_new((size_t)256 << 20);
	llm_answer(o->llm, &q, now_ms, a, &r);
	llm_done(o->llm, &r, r.fate == WEB_ANSWERED && r.filler == 0);
	pass_on(a, &r, out);
}

void
bureau_kill(struct bureau *o, size_t place)
{
	struct bureau_hand *h = &o->hands[place];

	if (h->analyser == NULL)
		return;
	analyser_close(h->analyser);
	http_fake_free(h->http);
	*h = (struct bureau_hand){ 0 };
}

void
bureau_away(struct bureau *o, size_t place, bool away)
{
	db_fail_from(o->hands[place].analyser->db, away ? 1 : 0, ERR_UNAVAILABLE);
}

void
bureau_stop(struct bureau *o, size_t place)
{
	analyser_stop(o->hands[place].analyser, o->time.now_ms);
	bureau_kill(o, place);
}

void
bureau_hire(struct bureau *o, size_t place)
{
	struct bureau_hand *h = &o->hands[place];

	bureau_kill(o, place);
	h->http = http_fake_new(&o->clock, o->options.concurrency, answer, o);
	o->options.http = http_fake_client(h->http);
	if (getenv("PLANTED_OWNER") == NULL || uuid_is_nil(o->options.owner))
		o->options.owner = desk_id(o->d);
	ck_assert_ok(analyser_open(&o->options, &h->analyser));
}

struct bureau *
bureau_open(void)
{
	struct bureau *o = ARENA_NEW(test_arena(), struct bureau);
	struct llm_options model;

	o->d = desk_open();
	if (getenv("PLANTED_SQL") != NULL) /* analyser_planted.py */
		raw_exec(o->d->s.raw, getenv("PLANTED_SQL"));
	o->time.now_ms = DESK_AT;
	o->clock = clock_fake(&o->time);
	llm_options_init(&model);
	model.api_key = STR(KEY);
	model.latency_ms = 1000;
	model.strict_data = true;
	o->llm = llm_new(&model);
	o->options = (struct analyser_options){
		.pool = o->d->s.pool,
		.rand = &o->d->s.rand,
		.model = { .base_url = STR(URL),
		           .model = STR("gpt-5-mini"),
		           .max_input_tokens = 100000,
		           .priced = true,
		           .prices = { 250000, 25000, 2000000 } },
		.api_key = STR(KEY),
		.timeout_ms = 2 * TIME_MINUTE,
		.concurrency = 1,
		.max_jobs = 8,
	};
	o->params = (struct analysis_params){ .script_key = o->d->combo.script_key,
		                              .script_version = o->d->combo.script_version,
		                              .tag = o->d->combo.tag,
		                              .min_messages = o->d->choice.min_messages,
		                              .limit = ANALYSIS_RUN_LIMIT,
		                              .max_cost = -1 };
	desk_rubric(o->d, o->d->client, "sales", 2);
	bureau_hire(o, 0);
	return o;
}

#define ROWS "SELECT count(*) FROM session_analyses WHERE "

void
bureau_check(struct bureau *o)
{
	static const char *const never[] = {
		"\"status\" = 'processing'",
		"\"leaseOwner\" IS NOT NULL OR \"leaseUntil\" IS NOT NULL",
		"\"status\" = 'done' AND (\"report\" IS NULL OR \"error\" IS NOT NULL OR "
		"\"promptHash\" IS NULL OR \"model\" IS NULL OR \"attempts\" = 0 OR "
		"\"overallScore\" IS NULL OR \"temperature\" IS NULL OR \"processedAt\" IS NULL)",
		"\"status\" <> 'done' AND \"report\" IS NOT NULL",
		"\"status\" = 'failed' AND (\"error\" IS NULL OR \"retryCount\" = 0)",
		"\"status\" <> 'failed' AND \"nextRetryAt\" IS NOT NULL",
		"\"retryCount\" > 4 OR \"lostCalls\" > 2",
	};
	const struct llm_stats *s = &o->llm->stats;

	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
		ck_assert_msg(desk_number(o->d, ROWS "%s", never[i]) == 0, "%s", never[i]);
	for (int i = 0; i < LLM_PROMISES; i++)
		ck_assert_msg(s->violations[i] == 0, STR_FMT, STR_ARG(o->llm->last_violation));
	ck_assert_msg(s->invalid + s->elsewhere == 0, STR_FMT, STR_ARG(o->llm->last_refusal));
}

void
bureau_close(struct bureau *o)
{
	bureau_check(o);
	for (size_t i = 0; i < BUREAU_HANDS; i++)
		bureau_kill(o, i);
	llm_free(o->llm);
	desk_close(o->d);
}

void
bureau_begin_again(struct bureau *o)
{
	const struct llm_options model = o->llm->options;

	bureau_check(o);
	raw_exec(o->d->s.raw, "BEGIN; DELETE FROM session_analyses; DELETE FROM jobs; DELETE FROM "
	                      "messages; DELETE FROM sessions; DELETE FROM helpdesk_tickets; "
	                      "DELETE FROM conversations; COMMIT");
	llm_free(o->llm);
	o->llm = llm_new(&model);
	o->nasked = 0;
}

struct uuid
bureau_session(struct bureau *o, const char *marker, struct planted *p)
{
	desk_talk(o->d, p, marker);
	return p->id;
}

struct uuid *
bureau_marked(struct bureau *o, const char *const *markers, size_t n)
{
	struct uuid *v = ARENA_ARRAY(test_arena(), n, struct uuid);

	for (size_t i = 0; i < n; i++) {
		struct planted p = { .ended_ago = 10 * DAY + (int64_t)i * TIME_HOUR };

		v[i] = bureau_session(o, markers[i], &p);
	}
	return v;
}

struct uuid *
bureau_sessions(struct bureau *o, size_t n)
{
	return bureau_marked(o, ARENA_ARRAY(test_arena(), n, const char *), n);
}

size_t
bureau_times(const struct bureau *o, struct uuid session)
{
	size_t n = 0;

	for (size_t i = 0; i < o->nasked; i++)
		n += uuid_eq(o->asked[i].session, session);
	return n;
}

struct uuid
bureau_ask_for(struct bureau *o, struct uuid client)
{
	struct db *db = o->d->s.db;
	struct uuid id;

	ck_assert_ok(db_begin(db, DB_API));
	ck_assert_ok(jobs_insert(db, &o->d->s.rand, client, JOB_ANALYSIS,
	                         analysis_params_write(test_arena(), &o->params), o->time.now_ms,
	                         &id));
	ck_assert_ok(db_commit(db));
	for (size_t i = 0; i < BUREAU_HANDS; i++)
		if (o->hands[i].analyser != NULL)
			analyser_look(o->hands[i].analyser);
	return id;
}

struct uuid
bureau_ask(struct bureau *o)
{
	return bureau_ask_for(o, o->d->client);
}

void
bureau_step(struct bureau *o)
{
	int64_t now = o->time.now_ms, due = now + MOST_MS;
	bool again = false;

	for (size_t i = 0; i < BUREAU_HANDS; i++) {
		struct bureau_hand *h = &o->hands[i];
		int64_t next = INT64_MAX;

		if (h->analyser == NULL || h->paused)
			continue;
		again |= analyser_step(h->analyser, now, &next) == STEP_AGAIN;
		due = next < due ? next : due;
		due = http_fake_due(h->http) < due ? http_fake_due(h->http) : due;
	}
	o->time.now_ms = again || due <= now ? now + 1 : due;
}

struct str
bureau_run(struct bureau *o, struct uuid job)
{
	for (int i = 0; i < MOST_STEPS; i++) {
		struct str status = bureau_status(o, job);

		if (!str_eq(status, STR("queued")) && !str_eq(status, STR("running")))
			return status;
		bureau_step(o);
	}
	ck_abort_msg("the run does not end");
}

struct uuid
bureau_analyse(struct bureau *o, const char *status)
{
	struct uuid job = bureau_ask(o);
	struct str got = bureau_run(o, job);

	ck_assert_msg(str_eq(got, str_from(status)), STR_FMT " instead of %s: " STR_FMT,
	              STR_ARG(got), status, STR_ARG(bureau_error(o, job)));
	return job;
}

void
bureau_pass(struct bureau *o, int64_t ms)
{
	int64_t end = o->time.now_ms + ms;

	while (o->time.now_ms < end)
		bureau_step(o);
}

struct uuid
bureau_in_flight(struct bureau *o, size_t n)
{
	size_t until = o->nasked + n;
	struct uuid job;

	o->options.concurrency = n;
	bureau_hire(o, 0);
	job = bureau_ask(o);
	for (int i = 0; o->nasked < until; i++) {
		ck_assert_int_lt(i, MOST_STEPS);
		bureau_step(o);
	}
	ck_assert_uint_eq(o->nasked, until);
	return job;
}

struct str
bureau_job_text(struct bureau *o, const char *column, struct uuid job)
{
	struct arena *a = test_arena();
	struct str *v;

	ck_assert_uint_eq(raw_column(o->d->s.raw, a,
	                             Z(str_fmt(a,
	                                       "SELECT COALESCE(CAST(%s AS text), '') FROM jobs "
	                                       "WHERE id = %s",
	                                       column, desk_uuid(o->d, job))),
	                             &v),
	                  1);
	return v[0];
}

struct str
bureau_status(struct bureau *o, struct uuid job)
{
	static const char *const words[] = { "queued",  "running", "succeeded",
		                             "partial", "failed",  "cancelled" };
	struct desk *d = o->d;
	struct arena *a = arena_new(1u << 16); /* it is looked at after every step */
	struct str *v, got = STR_NONE;
	char sql[200];

	(void)snprintf(sql, sizeof sql,
	               db_engine(d->s.db) == DB_POSTGRES
	                       ? "SELECT status FROM jobs WHERE id = '%s'"
	                       : "SELECT status FROM jobs WHERE id = x'%s'",
	               str_z(a, hex_encode(a, job.b, sizeof job.b)));
	if (raw_column(d->s.raw, a, sql, &v) == 1)
		for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
			if (str_eq(v[0], str_from(words[i])))
				got = str_from(words[i]);
	arena_free(a);
	return got;
}

struct str
bureau_error(struct bureau *o, struct uuid job)
{
	return bureau_job_text(o, "error", job);
}

struct analysis_tally
bureau_tally(struct bureau *o, struct uuid job)
{
	struct str counts = bureau_job_text(o, "counts", job);
	struct analysis_tally t;

	ck_assert_ok(analysis_tally_read(test_arena(), counts.n > 0 ? counts : STR_NONE, &t));
	return t;
}

struct bureau_row
bureau_row(struct bureau *o, struct uuid session)
{
	const struct analysis_params *p = &o->params;
	struct desk *d = o->d;
	struct db_result r;

	ck_assert_ok(
		db_query(d->s.db, &q_api_analysis_one,
	                 DB_PARAMS(db_uuid(d->client), db_uuid(session), db_text(p->script_key),
	                           db_int(p->script_version), db_text(p->tag)),
	                 NULL, test_arena(), &r));
	if (r.nrows == 0)
		return (struct bureau_row){ .status = STR_NONE };
	return (struct bureau_row){
		.id = db_get_uuid(&r, 0, 0),
		.status = db_get_text(&r, 0, 1),
		.started_at = db_get_time(&r, 0, 2),
		.processed_at = db_get_time(&r, 0, 3),
		.retry_count = db_get_int(&r, 0, 4),
		.next_retry_at = db_get_time(&r, 0, 5),
		.error = db_get_text(&r, 0, 6),
		.model = db_get_text(&r, 0, 7),
		.hash = db_get_text(&r, 0, 8),
		.stale = db_get_bool(&r, 0, 9),
		.truncated = db_get_bool(&r, 0, 10),
		.attempts = db_get_int(&r, 0, 11),
		.usage = { db_get_int(&r, 0, 12), db_get_int(&r, 0, 13), db_get_int(&r, 0, 14) },
		.cost = db_is_null(&r, 0, 15) ? -1 : db_get_int(&r, 0, 15),
		.latency = db_is_null(&r, 0, 16) ? -1 : db_get_int(&r, 0, 16),
		.interrupted = db_get_int(&r, 0, 17),
		.verified = db_get_int(&r, 0, 18),
		.unverified = db_get_int(&r, 0, 19),
		.report = db_get_text(&r, 0, 20),
		.updated_at = db_get_time(&r, 0, 22),
		.lost = desk_number(d,
		                    "SELECT \"lostCalls\" FROM session_analyses WHERE \"id\" = %s",
		                    desk_uuid(d, db_get_uuid(&r, 0, 0))),
	};
}

int64_t
bureau_count(struct bureau *o, const char *status)
{
	return desk_number(o->d, ROWS "\"status\" = '%s'", status);
}
