/*
 * Enqueueing under a fake clock: who is eligible, what a dry run says, and that enqueueing and
 * claiming then do just that. ENGINE says on which engine.
 */
#include "analysis_fixture.h"
#include "sim/dice.h"

#define AT DESK_AT

/* Messages of an episode: how many, and how many of them the helpdesk tells as well. */
enum told { ALL_OWN, ALL_TOLD, ONE_OWN, TOLD_TO_ANOTHER };

static const struct rule {
	const char *says;
	struct planted p;
	enum told told;
	bool eligible;
} rules[] = {
	{ "closed and settled", { .ended_ago = 2 * DAY }, 0, true },
	{ "settled to the millisecond", { .ended_ago = DAY }, 0, true },
	{ "a millisecond too early", { .ended_ago = DAY - 1 }, 0, false },
	{ "open", { .class = "OPEN_REAL", .ended_ago = -1 }, 0, false },
	{ "waiting", { .class = "OPEN_WEAK", .ended_ago = -1 }, 0, false },
	{ "retired", { .retired = true }, 0, false },
	{ "its tracking vanished", { .missing = true }, 0, true },
	{ "the fewest messages", { .messages = 5 }, 0, true },
	{ "one too few", { .messages = 4 }, 0, false },
	{ "a group's", { .group = true }, 0, false },
	{ "of a person with a tag", { .tag = TAG_BY_HAND }, 0, false },
	{ "with a tag of the helpdesk", { .tag = TAG_BY_HELPDESK }, 0, false },
	{ "whose tag vanished", { .tag = TAG_BY_HELPDESK, .tag_vanished = true }, 0, true },
	{ "whose tag vanished, but is one set by hand too",
	  { .tag = TAG_BY_HAND, .tag_vanished = true },
	  0,
	  false },
	{ "an episode, settled", { .episode = true, .ended_ago = DAY }, ALL_OWN, true },
	{ "an episode that may go on", { .episode = true, .ended_ago = DAY - 1 }, ALL_OWN, false },
	{ "an episode, retired", { .episode = true, .retired = true }, ALL_OWN, false },
	{ "an episode of a person with a tag",
	  { .episode = true, .tag = TAG_BY_HAND },
	  ALL_OWN,
	  false },
	{ "an episode that a helpdesk tells whole", { .episode = true }, ALL_TOLD, false },
	{ "an episode that a helpdesk tells but for a message",
	  { .episode = true },
	  ONE_OWN,
	  true },
	{ "an episode like one of somebody else's", { .episode = true }, TOLD_TO_ANOTHER, true },
	{ "an episode that nobody else tells", { .episode = true }, ALL_OWN, true },
	{ "an episode in a waiting stretch",
	  { .episode = true, .in_ticket = true },
	  ALL_OWN,
	  true },
	{ "an episode in a group's",
	  { .episode = true, .in_ticket = true, .group = true },
	  0,
	  false },
};

/* The same message at the helpdesk, where the person has another conversation. */
static void
tell_too(struct desk *d, const struct planted *p, const char *key, bool to_another)
{
	struct planted there = { .lead = to_another ? UUID_NIL : p->lead,
		                 .class = "OPEN_REAL",
		                 .ended_ago = -1 };
	struct planted_message m = { .at = p->start, .same_key = key };

	desk_plant(d, &there);
	m.conversation = there.conversation;
	m.ticket = there.ticket;
	desk_message(d, &m);
}

static void
plant_rule(struct desk *d, const struct rule *rule)
{
	struct planted p = rule->p;

	desk_plant(d, &p);
	for (int i = 0; p.episode && i < 3; i++) {
		struct planted_message m = { .conversation = p.conversation,
			                     .ticket = p.ticket,
			                     .at = p.start + i };

		desk_message(d, &m);
		if (rule->told == ALL_TOLD || rule->told == TOLD_TO_ANOTHER ||
		    (rule->told == ONE_OWN && i > 0))
			tell_too(d, &p, m.key, rule->told == TOLD_TO_ANOTHER);
	}
}

START_TEST(a_session_is_eligible_by_every_rule)
{
	struct desk *d = desk_open();
	int64_t expected = 0;

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		plant_rule(d, &rules[i]);
		expected += rules[i].eligible;
		ck_assert_msg(desk_figures(d, AT).eligible == expected, "%s: %s", rules[i].says,
		              rules[i].eligible ? "is not" : "is");
	}
	ck_assert_int_eq(desk_enqueue(d, AT), expected);
	/* what is young now is not in a week */
	ck_assert_int_gt(desk_figures(d, AT + 7 * DAY).eligible, expected);
	desk_close(d);
}
END_TEST

START_TEST(another_clients_sessions_are_not_seen)
{
	struct desk *d = desk_open();
	struct planted p = { .client = d->other };

	desk_plant(d, &p);
	ck_assert_int_eq(desk_figures(d, AT).eligible, 0);
	ck_assert_int_eq(desk_enqueue(d, AT), 0);
	d->combo.client_id = d->other;
	ck_assert_int_eq(desk_enqueue(d, AT), 1);
	d->combo.client_id = d->client;
	ck_assert_int_eq(desk_counts(d, AT).pending, 0);
	desk_close(d);
}
END_TEST

START_TEST(a_dry_run_says_what_there_is_and_writes_nothing)
{
	struct desk *d = desk_open();
	struct analysis_claimed *v;
	struct analysis_figures f;
	uint64_t written;

	desk_plant_many(d, 10);
	ck_assert_int_eq(desk_enqueue(d, AT), 10);
	ck_assert_uint_eq(desk_claim(d, AT, 6, &v), 6);
	desk_done(d, &v[0], AT);
	desk_done(d, &v[1], AT);
	desk_failed(d, &v[2], AT, AT + TIME_MINUTE);
	desk_failed(d, &v[3], AT, AT + 5 * TIME_MINUTE);
	desk_failed(d, &v[4], AT, TIME_NONE);
	desk_plant_many(d, 3);
	written = db_stats(d->s.db).rows_changed;
	f = desk_figures(d, AT + TIME_MINUTE);
	ck_assert_int_eq(f.eligible, 13);
	ck_assert_int_eq(f.already_done, 2);
	ck_assert_int_eq(f.would_enqueue, 11);
	ck_assert_int_eq(f.would_write, 3);
	ck_assert_int_eq(f.already_queued, 7);
	ck_assert_int_eq(f.would_process_now, 5); /* four pending and one due */
	ck_assert_int_eq(f.failed_permanent, 1);
	d->choice.force = true;
	f = desk_figures(d, AT + TIME_MINUTE);
	ck_assert_int_eq(f.already_done, 2);
	ck_assert_int_eq(f.would_enqueue, 13);
	ck_assert_int_eq(f.would_write, 12); /* all but the one that is being processed */
	ck_assert_uint_eq(db_stats(d->s.db).rows_changed, written);
	desk_close(d);
}
END_TEST

START_TEST(what_is_done_is_counted_among_the_eligible_alone)
{
	struct desk *d = desk_open();
	struct planted tagged = { .tag = TAG_NONE };
	struct analysis_claimed *v;
	struct analysis_figures f;

	desk_plant(d, &tagged);
	desk_plant_many(d, 2);
	desk_enqueue(d, AT);
	ck_assert_uint_eq(desk_claim(d, AT, 10, &v), 3);
	for (size_t i = 0; i < 3; i++)
		desk_done(d, &v[i], AT);
	desk_sql(d, "UPDATE sessions SET retired_at = %s WHERE id = %s", desk_time(d, AT),
	         desk_uuid(d, tagged.id));
	desk_plant_many(d, 1);
	f = desk_figures(d, AT);
	ck_assert_int_eq(f.eligible, 3);
	ck_assert_int_eq(f.already_done, 2);
	ck_assert_int_eq(f.would_enqueue, 1);
	ck_assert_int_eq(desk_enqueue(d, AT), 1);
	desk_close(d);
}
END_TEST

/* Rows in every state, as chance has it. */
static void
shake(struct desk *d, struct dice *dice, int64_t now)
{
	struct analysis_claimed *v;
	size_t n = desk_claim(d, now, dice_below(dice, 30), &v);

	for (size_t i = 0; i < n; i++) {
		switch (dice_below(dice, 4)) {
		case 0:
			desk_done(d, &v[i], now);
			break;
		case 1:
			desk_failed(d, &v[i], now, now + (int64_t)dice_below(dice, 3) * TIME_HOUR);
			break;
		case 2:
			desk_failed(d, &v[i], now, TIME_NONE);
			break;
		default:
			break; /* still held */
		}
	}
}

/* What was said beforehand is what happens. */
static void
compare_with_deed(struct desk *d, int64_t now)
{
	struct analysis_figures f = desk_figures(d, now), after;
	struct analysis_candidates c = { .finished = false };
	struct analysis_claimed *v;
	size_t listed = 0;

	while (!c.finished) {
		ck_assert_ok(analysis_queue_candidates(d->s.db, test_arena(), &d->combo, &d->choice,
		                                       now, &c));
		listed += c.n;
	}
	ck_assert_int_eq((int64_t)listed, f.would_enqueue);
	ck_assert_uint_eq(desk_claim(d, now, ANALYSIS_BATCH, &v), f.would_process_now);
	for (int64_t i = 0; i < f.would_process_now; i++) {
		const struct analysis_lease l = desk_lease(d, &v[i]);

		ck_assert_ok(analysis_queue_release(d->s.db, &l, now,
		                                    &(struct analysis_release){ .longer = false },
		                                    &(struct analysis_paid){ .calls = 0 }));
	}
	f = desk_figures(d, now);
	ck_assert_int_eq(desk_enqueue(d, now), f.would_write);
	after = desk_figures(d, now);
	ck_assert_int_eq(after.eligible, f.eligible);
	ck_assert_int_eq(after.would_write, d->choice.force ? f.would_write : 0);
	ck_assert_int_eq(after.already_done, d->choice.force ? 0 : f.already_done);
}

START_TEST(on_random_queues_the_deed_is_what_the_dry_run_said)
{
	struct desk *d = desk_open();
	struct dice dice = dice_for(7, 1, 0);
	int64_t now = AT;

	for (int round = 0; round < 12; round++) {
		for (int i = 0; i < 12; i++)
			plant_rule(d, &rules[dice_below(&dice, sizeof rules / sizeof rules[0])]);
		if (round % 3 != 0)
			desk_enqueue(d, now);
		shake(d, &dice, now);
		now += (int64_t)dice_below(&dice, 4) * TIME_HOUR;
		if (round % 4 == 3) {
			int64_t back;

			ck_assert_ok(analysis_queue_sweep(d->s.db, now, &back));
		}
		d->choice = (struct analysis_choice){ .min_messages = 4 + round % 3,
			                              .force = round % 5 == 4 };
		compare_with_deed(d, now);
	}
	ck_assert_int_gt(desk_counts(d, now).done + desk_counts(d, now).failed_permanent, 3);
	desk_close(d);
}
END_TEST

START_TEST(who_is_in_the_queue_is_not_put_there_twice)
{
	struct desk *d = desk_open();

	desk_plant_many(d, 4);
	ck_assert_int_eq(desk_enqueue(d, AT), 4);
	ck_assert_int_eq(desk_enqueue(d, AT + 1), 0);
	desk_plant_many(d, 1);
	ck_assert_int_eq(desk_enqueue(d, AT + 2), 1);
	d->combo.tag = STR("v2");
	ck_assert_int_eq(desk_enqueue(d, AT + 3), 5);
	ck_assert_int_eq(desk_number(d, "SELECT count(*) FROM session_analyses"), 10);
	desk_close(d);
}
END_TEST

START_TEST(very_many_are_enqueued_page_by_page_and_a_failure_loses_none)
{
	struct desk *d = desk_open();
	struct planted p = { .messages = 9 };
	struct analysis_enqueue at = { .enqueued = 0 };
	const int64_t most = 2 * ANALYSIS_PAGE + 500;
	size_t calls = 0;

	desk_plant(d, &p);
	desk_sql(d, "BEGIN");
	for (int64_t i = 1; i < most; i++)
		desk_sql(d,
		         "INSERT INTO sessions (client_id, id, conversation_id, ticket_id, source, "
		         "class, started_at, ended_at, flags, message_count, created_at, "
		         "updated_at) "
		         "SELECT client_id, %s, conversation_id, ticket_id, source, class, "
		         "started_at, "
		         "ended_at, flags, message_count, created_at, updated_at FROM sessions "
		         "WHERE id "
		         "= %s",
		         desk_uuid(d, desk_id(d)), desk_uuid(d, p.id));
	desk_sql(d, "COMMIT");
	while (!at.finished) {
		enum err e;

		if (calls == 1)
			db_fail_at(d->s.db, 3, ERR_UNAVAILABLE);
		e = analysis_queue_enqueue(d->s.db, test_arena(), &d->s.rand, &d->combo, &d->choice,
		                           AT, &at);
		db_fail_at(d->s.db, 0, ERR_OK);
		ck_assert_int_eq(e, calls == 1 ? ERR_UNAVAILABLE : ERR_OK);
		ck_assert_int_le(at.enqueued, (int64_t)++calls * ANALYSIS_PAGE);
	}
	ck_assert_uint_eq(calls, 4); /* three pages, one of them twice */
	ck_assert_int_eq(at.enqueued, most);
	ck_assert_int_eq(desk_counts(d, AT).pending, most);
	desk_close(d);
}
END_TEST

/* Whether a row is not as a new one, but for what it has cost. */
static int64_t
is_used(struct desk *d, struct uuid id)
{
	return desk_number(
		d,
		"SELECT CASE WHEN \"retryCount\" = 0 AND \"nextRetryAt\" IS NULL AND "
		"\"leaseOwner\" IS "
		"NULL AND \"leaseUntil\" IS NULL AND \"lostCalls\" = 0 "
		"AND NOT \"longerOutput\" AND \"startedAt\" IS NULL AND \"processedAt\" IS NULL "
		"AND "
		"\"report\" IS NULL AND \"error\" IS NULL AND \"model\" IS NULL AND \"promptHash\" "
		"IS "
		"NULL AND \"overallScore\" IS NULL AND \"temperature\" IS NULL AND "
		"\"evidenceVerified\" = 0 AND \"evidenceUnverified\" = 0 AND NOT \"truncated\" AND "
		"NOT "
		"\"stale\" AND \"latencyMs\" IS NULL AND "
		"\"status\" = 'pending' THEN 0 ELSE 1 END FROM session_analyses WHERE \"id\" = %s",
		desk_uuid(d, id));
}

START_TEST(with_force_the_eligible_begin_anew_but_for_those_in_work)
{
	struct desk *d = desk_open();
	struct planted left = { .ended_ago = 40 * DAY };
	struct analysis_claimed *v;

	desk_plant_many(d, 4);
	desk_plant(d, &left);
	desk_enqueue(d, AT);
	ck_assert_uint_eq(desk_claim(d, AT, 5, &v), 5);
	desk_done(d, &v[0], AT);
	desk_failed(d, &v[1], AT, AT + TIME_MINUTE);
	desk_failed(d, &v[2], AT, TIME_NONE);
	desk_done(d, &v[4], AT);
	desk_sql(d,
	         "UPDATE session_analyses SET \"stale\" = TRUE, \"lostCalls\" = 3, "
	         "\"attempts\" = 5, \"interruptedCalls\" = 1, \"longerOutput\" = TRUE, "
	         "\"truncated\" = TRUE, \"inputTokens\" = 30, \"cachedTokens\" = 10, "
	         "\"outputTokens\" = 20, \"costMicroUsd\" = 7, \"latencyMs\" = 1, "
	         "\"evidenceVerified\" = 1, \"evidenceUnverified\" = 1, "
	         "\"error\" = 'e' WHERE \"id\" = %s",
	         desk_uuid(d, v[0].id));
	/* no longer eligible: it keeps its report */
	desk_sql(d, "UPDATE sessions SET message_count = 1 WHERE id = %s", desk_uuid(d, left.id));
	d->choice.force = true;
	ck_assert_int_eq(desk_enqueue(d, AT + 9), 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(is_used(d, v[i].id), 0);
	ck_assert_int_eq(is_used(d, v[3].id), 1);
	ck_assert_int_eq(is_used(d, v[4].id), 1);
	/* what was paid was paid */
	ck_assert_int_eq(desk_number(d,
	                             "SELECT count(*) FROM session_analyses WHERE \"id\" = %s AND "
	                             "\"attempts\" = 5 AND \"interruptedCalls\" = 1 AND "
	                             "\"inputTokens\" = 30 AND \"cachedTokens\" = 10 AND "
	                             "\"outputTokens\" = 20 AND \"costMicroUsd\" = 7",
	                             desk_uuid(d, v[0].id)),
	                 1);
	ck_assert_int_eq(desk_counts(d, AT).processing, 1);
	ck_assert_int_eq(desk_counts(d, AT).done, 1);
	ck_assert_int_eq(
		desk_number(d, "SELECT count(*) FROM session_analyses WHERE \"updatedAt\" = %s",
	                    desk_time(d, AT + 9)),
		3);
	desk_close(d);
}
END_TEST

START_TEST(a_row_that_is_claimed_before_it_is_reset_stays_its_owners)
{
	struct desk *d = desk_open();
	struct db_rows *rows = db_rows_of(test_arena(), &q_analysis_reset, d->client);
	struct analysis_claimed *v;
	int64_t changed = -1;

	desk_plant_many(d, 1);
	desk_enqueue(d, AT);
	ck_assert_uint_eq(desk_claim(d, AT, 1, &v), 1);
	db_row_uuid(rows, v[0].id);
	ck_assert_ok(db_exec(d->s.db, &q_analysis_reset, DB_PARAMS(db_time(AT)), rows, &changed));
	ck_assert_int_eq(changed, 0);
	desk_done(d, &v[0], AT);
	desk_close(d);
}
END_TEST

START_TEST(a_session_that_retires_before_it_is_written_is_not_enqueued)
{
	struct desk *d = desk_open();
	struct planted p = { .retired = true }, q = { .ended_ago = -1 };
	struct db_rows *rows = db_rows_of(test_arena(), &q_analysis_insert, d->client);
	int64_t made = -1;

	desk_plant(d, &p);
	desk_plant(d, &q);
	db_row_uuid(rows, desk_id(d));
	db_row_uuid(rows, p.id);
	db_row_uuid(rows, desk_id(d));
	db_row_uuid(rows, q.id);
	ck_assert_ok(
		db_exec(d->s.db, &q_analysis_insert,
	                DB_PARAMS(db_text(STR("k")), db_int(1), db_text(STR("v1")), db_time(AT)),
	                rows, &made));
	ck_assert_int_eq(made, 0);
	desk_close(d);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("analysis enqueue", a_session_is_eligible_by_every_rule,
	                  another_clients_sessions_are_not_seen,
	                  a_dry_run_says_what_there_is_and_writes_nothing,
	                  what_is_done_is_counted_among_the_eligible_alone,
	                  on_random_queues_the_deed_is_what_the_dry_run_said,
	                  who_is_in_the_queue_is_not_put_there_twice,
	                  very_many_are_enqueued_page_by_page_and_a_failure_loses_none,
	                  with_force_the_eligible_begin_anew_but_for_those_in_work,
	                  a_row_that_is_claimed_before_it_is_reset_stays_its_owners,
	                  a_session_that_retires_before_it_is_written_is_not_enqueued);
}

int
main(void)
{
	return desk_main(make_suite);
}
