/*
 * What a dry run says is what the real run then does, on queues in every state. ENGINE says on
 * which engine.
 */
#include <stdlib.h>

#include "analyser_fixture.h"
#include "sim/dice.h"
#include "work/analysis_plan.h"

#define STORIES 60

static struct analysis_plan
plan(struct bureau *o)
{
	struct arena *a = arena_new((size_t)256 << 20);
	struct analysis_plan out;
	struct script script;

	ck_assert_ok(analysis_script_find(o->d->s.db, a, o->d->client, o->params.script_key,
	                                  o->params.script_version, &script));
	ck_assert_ok(analysis_plan(o->d->s.db, a, &o->options.model, &o->params, &script,
	                           o->d->client, o->time.now_ms, &out));
	arena_free(a);
	return out;
}

/* Sessions of every sort, eligible and not. */
static void
plant_some(struct bureau *o, struct dice *d)
{
	int64_t n = dice_range(d, 0, 12);

	for (int64_t i = 0; i < n; i++) {
		struct planted p = { .messages = dice_range(d, 4, 8),
			             .ended_ago = dice_below(d, 8) == 0
			                                  ? -1
			                                  : dice_range(d, 12, 100) * TIME_HOUR,
			             .class = dice_below(d, 10) == 0 ? "OPEN_WEAK" : NULL,
			             .tag = dice_below(d, 10) == 0 ? TAG_BY_HAND : TAG_NONE,
			             .retired = dice_below(d, 12) == 0 };

		bureau_session(o, NULL, &p);
	}
}

/* The rows of the queue are in any state. */
static void
mix_up(struct bureau *o, struct dice *d)
{
	struct desk *k = o->d;
	struct arena *a = test_arena();
	int64_t now = o->time.now_ms;
	struct str *id;
	size_t n = raw_column(k->s.raw, a,
	                      db_engine(k->s.db) == DB_POSTGRES
	                              ? "SELECT '''' || \"id\" || '''' FROM session_analyses"
	                              : "SELECT 'x''' || hex(\"id\") || '''' FROM session_analyses",
	                      &id);

	for (size_t i = 0; i < n; i++) {
		const char *which = str_z(a, id[i]);
		int64_t when = now + dice_range(d, -3, 3) * TIME_HOUR - 1;

		switch (dice_below(d, 6)) {
		case 0:
			desk_sql(k,
			         "UPDATE session_analyses SET \"status\" = 'failed', \"error\" = "
			         "'x', "
			         "\"retryCount\" = %lld, \"nextRetryAt\" = %s WHERE \"id\" = %s",
			         (long long)dice_range(d, 1, 3), desk_time(k, when), which);
			break;
		case 1:
			desk_sql(k,
			         "UPDATE session_analyses SET \"status\" = 'failed', \"error\" = "
			         "'x', "
			         "\"retryCount\" = 4 WHERE \"id\" = %s",
			         which);
			break;
		case 2:
			desk_sql(
				k,
				"UPDATE session_analyses SET \"status\" = 'done', \"report\" = "
				"'{}', "
				"\"model\" = 'm', \"promptHash\" = 'h', \"attempts\" = 1, "
				"\"overallScore\" = 1, \"temperature\" = 'cold', \"processedAt\" = "
				"%s WHERE \"id\" = %s",
				desk_time(k, now), which);
			break;
		case 3:
			desk_sql(k,
			         "UPDATE session_analyses SET \"status\" = 'processing', "
			         "\"leaseOwner\" = %s, \"leaseUntil\" = %s WHERE \"id\" = %s",
			         desk_uuid(k, k->me), desk_time(k, now + DAY), which);
			break;
		default:
			break;
		}
	}
}

/* Sessions that were in the queue are so no more. */
static int64_t
reopen_some(struct bureau *o, struct dice *d)
{
	if (dice_below(d, 3) > 0)
		return 0;
	desk_sql(o->d, "UPDATE sessions SET ended_at = NULL, class = 'OPEN_REAL' WHERE "
	               "message_count = 6");
	return desk_number(o->d,
	                   "SELECT count(*) FROM session_analyses a JOIN sessions s ON s.id = "
	                   "a.\"sessionId\" WHERE s.message_count = 6 AND a.\"status\" <> 'done' "
	                   "AND a.\"status\" <> 'processing'");
}

/* A real run of the same, and what it says afterwards. */
static void
check_against_run(struct bureau *o, const struct analysis_plan *p, int64_t reopened, int story)
{
	struct uuid job = bureau_ask(o);
	struct analysis_tally t;
	struct str status = bureau_run(o, job);
	int64_t worked;

	t = bureau_tally(o, job);
	worked = t.processed + t.failed;
	ck_assert_msg(str_eq(status, STR("succeeded")), "%d", story);
	ck_assert_msg(t.enqueued == p->figures.would_write, "%d: %d enqueued, told %d", story,
	              (int)t.enqueued, (int)p->figures.would_write);
	ck_assert_int_eq(t.failed, 0);
	ck_assert_msg(worked <= p->sessions && worked >= p->sessions - reopened,
	              "%d: %d worked on, told %d, %d of them reopened", story, (int)worked,
	              (int)p->sessions, (int)reopened);
	ck_assert_msg((size_t)worked == o->nasked, "%d", story);
	if (worked > 0 && reopened == 0 && !p->sampled) {
		int64_t told = p->input_tokens, real = (int64_t)o->llm->stats.usage.input;

		ck_assert_msg(told >= real && told <= 2 * real, "%d: %d tokens, told %d", story,
		              (int)real, (int)told);
	}
}

START_TEST(a_dry_run_says_what_the_real_run_then_does)
{
	struct bureau *o = bureau_open();
	int64_t worked = 0;

	for (int story = 0; story < STORIES; story++) {
		struct dice d = dice_for(7, 1, (uint64_t)story);
		struct analysis_plan p;
		int64_t reopened, rows;

		plant_some(o, &d);
		desk_enqueue(o->d, o->time.now_ms);
		mix_up(o, &d);
		plant_some(o, &d);
		reopened = reopen_some(o, &d);
		o->params.force = dice_below(&d, 3) == 0;
		o->params.retry_failed = dice_below(&d, 3) == 0;
		o->params.limit = dice_below(&d, 2) == 0 ? dice_range(&d, 1, 6)
		                                         : ANALYSIS_RUN_LIMIT;
		rows = desk_number(o->d, "SELECT count(*) FROM session_analyses");
		p = plan(o);
		ck_assert_int_eq(desk_number(o->d, "SELECT count(*) FROM session_analyses"), rows);
		check_against_run(o, &p, reopened, story);
		worked += (int64_t)o->nasked;
		desk_sql(o->d, "UPDATE session_analyses SET \"status\" = 'pending', \"leaseOwner\" "
		               "= NULL, \"leaseUntil\" = NULL WHERE \"status\" = 'processing'");
		bureau_begin_again(o);
	}
	ck_assert_int_gt(worked, STORIES);
	bureau_close(o);
}
END_TEST

START_TEST(what_a_run_would_cost_is_told_from_requests_and_from_reports_that_were_made)
{
	struct bureau *o = bureau_open();
	struct analysis_plan before, after;

	o->params.limit = 4;
	bureau_sessions(o, 8);
	before = plan(o);
	ck_assert_int_eq(before.sessions, 4);
	ck_assert(!before.sampled && before.priced);
	ck_assert_int_eq(before.output_tokens, 4 * ANALYSIS_PLAN_OUTPUT);
	ck_assert_int_eq(before.cost, model_cost(&o->options.model.prices,
	                                         (struct model_usage){ before.input_tokens, 0,
	                                                               before.output_tokens }));
	bureau_analyse(o, "succeeded");
	after = plan(o);
	ck_assert_int_eq(after.output_tokens, 4 * ((int64_t)o->llm->stats.usage.output / 4));
	o->options.model.priced = false;
	ck_assert(!plan(o).priced);
	bureau_close(o);
}
END_TEST

START_TEST(the_estimate_of_very_many_sessions_is_made_from_some_and_says_so)
{
	struct bureau *o = bureau_open();
	struct analysis_plan p;

	bureau_sessions(o, ANALYSIS_PLAN_SAMPLE + 20);
	p = plan(o);
	ck_assert_int_eq(p.sessions, ANALYSIS_PLAN_SAMPLE + 20);
	ck_assert(p.sampled);
	o->params.limit = ANALYSIS_PLAN_SAMPLE;
	ck_assert(!plan(o).sampled);
	/* all of these sessions are nearly as long as each other */
	ck_assert_int_gt(p.input_tokens, plan(o).input_tokens);
	ck_assert_int_lt(p.input_tokens, plan(o).input_tokens * 13 / 10);
	bureau_close(o);
}
END_TEST

/* Settled sessions of somebody with a tag, before all others in the order of ids. */
static void
plant_tagged(struct bureau *o, int64_t n)
{
	struct planted p = { .tag = TAG_BY_HAND };
	struct desk *d = o->d;

	bureau_session(o, NULL, &p);
	desk_sql(d,
	         "INSERT INTO sessions (client_id, id, conversation_id, ticket_id, source, class, "
	         "started_at, ended_at, lead_in_at, tracking_id, flags, message_count, created_at, "
	         "updated_at) WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE "
	         "n < %lld) SELECT client_id, %s, conversation_id, ticket_id, source, class, "
	         "started_at, ended_at, lead_in_at, 1000000 + n, flags, message_count, created_at, "
	         "updated_at FROM sessions CROSS JOIN g WHERE id = %s",
	         (long long)n,
	         db_engine(d->s.db) == DB_POSTGRES
	                 ? "CAST('00000000-0000-7000-8000-' || lpad(CAST(n AS text), 12, '0') AS "
	                   "uuid)"
	                 : "CAST(x'0000000000007000' || substr('0000000' || n, -8) AS blob)",
	         desk_uuid(d, p.id));
}

/* The memory of the caller holds no more than the first page of them. */
START_TEST(however_many_sessions_there_are_the_memory_of_a_dry_run_is_that_of_a_page)
{
	struct bureau *o = bureau_open();
	struct arena *a = arena_new((size_t)160 << 10);
	struct analysis_plan out;
	struct script script;

	plant_tagged(o, 5 * ANALYSIS_PAGE);
	bureau_sessions(o, 2);
	ck_assert_ok(analysis_script_find(o->d->s.db, test_arena(), o->d->client,
	                                  o->params.script_key, o->params.script_version, &script));
	ck_assert_ok(analysis_plan(o->d->s.db, a, &o->options.model, &o->params, &script,
	                           o->d->client, o->time.now_ms, &out));
	ck_assert_int_eq(out.sessions, 2);
	ck_assert(!out.sampled);
	ck_assert_int_gt(out.input_tokens, 0);
	arena_free(a);
	bureau_close(o);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"analysis plan", a_dry_run_says_what_the_real_run_then_does,
		what_a_run_would_cost_is_told_from_requests_and_from_reports_that_were_made,
		the_estimate_of_very_many_sessions_is_made_from_some_and_says_so,
		however_many_sessions_there_are_the_memory_of_a_dry_run_is_that_of_a_page);
}

BUREAU_MAIN(make_suite)
