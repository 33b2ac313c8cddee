/*
 * The queue of analyses under a fake clock: who claims which row, and what becomes of one that is
 * worked on. ENGINE says on which engine.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "analysis_fixture.h"

#define AT      DESK_AT
#define THREADS 4

START_TEST(the_newest_session_is_claimed_first_and_then_the_newest_row)
{
	struct desk *d = desk_open();
	struct planted old = { .ended_ago = 9 * DAY }, young = { .ended_ago = 2 * DAY },
		       same = { .ended_ago = 9 * DAY };
	const struct planted *const order[] = { &young, &same, &old };
	struct analysis_claimed *v;

	desk_plant(d, &young);
	desk_enqueue(d, AT);
	desk_plant(d, &old);
	desk_enqueue(d, AT + 1);
	desk_plant(d, &same);
	desk_enqueue(d, AT + 2);
	/* all at once, and one by one */
	ck_assert_uint_eq(desk_claim(d, AT + 3, 10, &v), 3);
	for (size_t i = 0; i < 3; i++) {
		const struct analysis_lease l = desk_lease(d, &v[i]);

		ck_assert(uuid_eq(v[i].session_id, order[i]->id));
		ck_assert_int_eq(v[i].session_ended_at, order[i]->end);
		ck_assert_ok(analysis_queue_release(d->s.db, &l, AT + 3,
		                                    &(struct analysis_release){ .losses = 0 },
		                                    &(struct analysis_paid){ .calls = 0 }));
	}
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(desk_claim(d, AT + 4, 1, &v), 1);
		ck_assert(uuid_eq(v[0].session_id, order[i]->id));
	}
	ck_assert_uint_eq(desk_claim(d, AT + 4, 10, &v), 0);
	desk_close(d);
}
END_TEST

START_TEST(a_claim_takes_rows_of_its_combo_alone)
{
	struct desk *d = desk_open();
	struct analysis_combo all[4];
	struct analysis_claimed *v;

	desk_plant_many(d, 2);
	for (size_t i = 0; i < 4; i++) {
		all[i] = d->combo;
		if (i == 1)
			all[i].script_key = STR("saless");
		if (i == 2)
			all[i].script_version = 3;
		if (i == 3)
			all[i].tag = STR("V1");
	}
	for (size_t i = 0; i < 4; i++) {
		d->combo = all[i];
		ck_assert_int_eq(desk_enqueue(d, AT), 2);
	}
	for (size_t i = 0; i < 4; i++) {
		d->combo = all[i];
		ck_assert_uint_eq(desk_claim(d, AT, 10, &v), 2);
		ck_assert_uint_eq(desk_claim(d, AT, 10, &v), 0);
	}
	desk_close(d);
}
END_TEST

START_TEST(a_claim_says_whose_a_row_is_and_since_when)
{
	struct desk *d = desk_open();
	struct analysis_claimed *v;

	desk_plant_many(d, 1);
	desk_enqueue(d, AT);
	ck_assert_uint_eq(desk_claim(d, AT + 5, 1, &v), 1);
	ck_assert_int_eq(
		desk_number(d,
	                    "SELECT count(*) FROM session_analyses WHERE status = "
	                    "'processing' AND \"leaseOwner\" = %s AND \"leaseUntil\" = %s "
	                    "AND \"startedAt\" = %s AND \"updatedAt\" = %s AND \"createdAt\" "
	                    "= %s",
	                    desk_uuid(d, d->me), desk_time(d, AT + 5 + 2 * TIME_MINUTE),
	                    desk_time(d, AT + 5), desk_time(d, AT + 5), desk_time(d, AT)),
		1);
	desk_close(d);
}
END_TEST

START_TEST(only_the_owner_ends_what_he_holds)
{
	struct desk *d = desk_open();
	const struct analysis_paid paid = { .calls = 1 };
	const struct analysis_done done = { .report = STR("{}"),
		                            .model = STR("m"),
		                            .prompt_hash = STR("h"),
		                            .temperature = STR("cold") };
	const struct analysis_failure failure = { .error = STR("x"), .next_retry_at = TIME_NONE };
	const struct analysis_release back = { .losses = 1 };
	struct analysis_claimed *v;
	struct analysis_lease l;

	desk_plant_many(d, 1);
	desk_enqueue(d, AT);
	ck_assert_uint_eq(desk_claim(d, AT, 1, &v), 1);
	l = desk_lease(d, &v[0]);
	for (int who = 0; who < 3; who++) {
		struct analysis_lease wrong = l;

		if (who == 0)
			wrong.owner = desk_id(d);
		else if (who == 1)
			wrong.client_id = d->other;
		else
			wrong.id = desk_id(d);
		ck_assert_err(analysis_queue_done(d->s.db, &wrong, AT, &done, &paid), ERR_CONFLICT);
		ck_assert_err(analysis_queue_failed(d->s.db, &wrong, AT, &failure, &paid),
		              ERR_CONFLICT);
		ck_assert_err(analysis_queue_release(d->s.db, &wrong, AT, &back, &paid),
		              ERR_CONFLICT);
		ck_assert_err(analysis_queue_drop(d->s.db, &wrong), ERR_CONFLICT);
	}
	ck_assert_int_eq(desk_counts(d, AT).processing, 1);
	ck_assert_ok(analysis_queue_done(d->s.db, &l, AT, &done, &paid));
	/* and only once */
	ck_assert_err(analysis_queue_done(d->s.db, &l, AT, &done, &paid), ERR_CONFLICT);
	ck_assert_err(analysis_queue_failed(d->s.db, &l, AT, &failure, &paid), ERR_CONFLICT);
	ck_assert_int_eq(desk_number(d, "SELECT \"attempts\" FROM session_analyses"), 1);
	desk_close(d);
}
END_TEST

START_TEST(what_an_owner_holds_and_does_not_know_of_is_given_back)
{
	struct desk *d = desk_open();
	struct uuid others = desk_id(d), mine = d->me;
	struct analysis_claimed *v, *w;
	int64_t returned;

	desk_plant_many(d, 5);
	desk_enqueue(d, AT);
	ck_assert_uint_eq(desk_claim(d, AT, 3, &v), 3);
	d->me = others;
	ck_assert_uint_eq(desk_claim(d, AT, 1, &w), 1);
	d->me = mine;
	ck_assert_ok(analysis_queue_gather(d->s.db, test_arena(), mine,
	                                   (struct uuid[]){ v[1].id, w[0].id }, 2, true, AT + 1,
	                                   &returned));
	ck_assert_int_eq(returned, 2);
	ck_assert_int_eq(desk_counts(d, AT).processing, 2);
	ck_assert_int_eq(desk_number(d, "SELECT count(*) FROM session_analyses WHERE status = "
	                                "'pending' AND \"leaseOwner\" IS NULL AND "
	                                "\"interruptedCalls\" = 1 AND \"retryCount\" = 0"),
	                 2);
	desk_done(d, &v[1], AT + 2);
	ck_assert_ok(analysis_queue_gather(d->s.db, test_arena(), mine, NULL, 0, true, AT + 3,
	                                   &returned));
	ck_assert_int_eq(returned, 0);
	/* he knows that he has asked about none of them */
	ck_assert_ok(analysis_queue_gather(d->s.db, test_arena(), others, NULL, 0, false, AT + 3,
	                                   &returned));
	ck_assert_int_eq(returned, 1);
	ck_assert_int_eq(desk_number(d, "SELECT sum(\"interruptedCalls\") FROM session_analyses"),
	                 2);
	desk_close(d);
}
END_TEST

START_TEST(a_failed_row_waits_for_its_time_and_the_fourth_failure_is_final)
{
	static const int64_t waits[] = { TIME_MINUTE, 5 * TIME_MINUTE, 15 * TIME_MINUTE };
	struct desk *d = desk_open();
	struct analysis_claimed *v;
	int64_t now = AT;

	desk_plant_many(d, 1);
	desk_enqueue(d, now);
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(desk_claim(d, now, 5, &v), 1);
		ck_assert_int_eq(v[0].retry_count, i);
		/* even if another time is asked for after the fourth */
		desk_failed(d, &v[0], now, now + (i < 3 ? waits[i] : 1));
		if (i == 3)
			break;
		now += waits[i];
		ck_assert_uint_eq(desk_claim(d, now - 1, 5, &v), 0);
		ck_assert_int_eq(desk_counts(d, now - 1).due, 0);
		ck_assert_int_eq(desk_counts(d, now).due, 1);
		ck_assert_int_eq(desk_counts(d, now).failed_retryable, 1);
	}
	ck_assert_uint_eq(desk_claim(d, now + 365 * DAY, 5, &v), 0);
	ck_assert_int_eq(desk_counts(d, now).failed_permanent, 1);
	ck_assert_int_eq(desk_counts(d, now).failed_retryable, 0);
	desk_close(d);
}
END_TEST

START_TEST(failed_rows_that_are_due_stand_in_the_line_like_any_other)
{
	struct desk *d = desk_open();
	struct analysis_claimed *v, *w;
	size_t n;

	desk_plant_many(d, 6); /* the first is the newest */
	desk_enqueue(d, AT);
	n = desk_claim(d, AT, 3, &v);
	ck_assert_uint_eq(n, 3);
	desk_failed(d, &v[0], AT, AT + TIME_MINUTE);
	desk_failed(d, &v[2], AT, AT + 2);
	ck_assert_uint_eq(desk_claim(d, AT + TIME_MINUTE, 3, &w), 3);
	ck_assert(uuid_eq(w[0].id, v[0].id));
	ck_assert(uuid_eq(w[1].id, v[2].id));
	ck_assert_int_eq(w[1].retry_count, 1);
	desk_close(d);
}
END_TEST

START_TEST(more_due_rows_than_a_batch_are_claimed_in_order)
{
	struct desk *d = desk_open();
	struct analysis_claimed *v;
	struct planted p = { .ended_ago = 2 * DAY };

	/* the newest session is due last */
	desk_plant_many(d, 3);
	desk_plant(d, &p);
	desk_enqueue(d, AT);
	desk_sql(d,
	         "UPDATE session_analyses SET \"status\" = 'failed', \"retryCount\" = 1, "
	         "\"nextRetryAt\" = %s",
	         desk_time(d, AT + 2));
	for (int i = 0; i < ANALYSIS_BATCH + 20; i++)
		desk_sql(
			d,
			"INSERT INTO session_analyses (\"id\", \"clientId\", \"sessionId\", "
			"\"scriptKey\", \"scriptVersion\", \"analysisVersionTag\", \"status\", "
			"\"sessionEndedAt\", \"nextRetryAt\", \"createdAt\", \"updatedAt\") VALUES "
			"(%s, %s, %s, 'sales', 2, 'v1', 'failed', %s, %s, %s, %s)",
			desk_uuid(d, desk_id(d)), desk_uuid(d, d->client), desk_uuid(d, desk_id(d)),
			desk_time(d, AT - 30 * DAY), desk_time(d, AT + 1), desk_time(d, AT),
			desk_time(d, AT));
	ck_assert_uint_eq(desk_claim(d, AT + 2, 1, &v), 1);
	ck_assert_int_eq(v[0].session_ended_at, AT - 2 * DAY);
	ck_assert_int_eq(desk_number(d, "SELECT count(*) FROM session_analyses WHERE \"ready\""),
	                 ANALYSIS_BATCH + 23);
	desk_close(d);
}
END_TEST

START_TEST(what_is_given_back_has_lost_no_attempt_and_what_it_cost_adds_up)
{
	struct desk *d = desk_open();
	const struct analysis_paid paid = { .calls = 1,
		                            .usage = { 100, 40, 10 },
		                            .priced = true,
		                            .cost_micro_usd = 7,
		                            .latency_ms = 900 };
	const struct analysis_paid nothing = { .calls = 0 };
	struct analysis_claimed *v;
	struct analysis_lease l;

	desk_plant_many(d, 1);
	desk_enqueue(d, AT);
	desk_claim(d, AT, 1, &v);
	l = desk_lease(d, &v[0]);
	ck_assert_ok(analysis_queue_release(d->s.db, &l, AT,
	                                    &(struct analysis_release){ .losses = 1 }, &nothing));
	ck_assert_int_eq(desk_number(d, "SELECT count(*) FROM session_analyses WHERE "
	                                "\"costMicroUsd\" IS NULL AND \"latencyMs\" IS NULL"),
	                 1);
	ck_assert_uint_eq(desk_claim(d, AT, 1, &v), 1);
	ck_assert(v[0].retry_count == 0 && v[0].losses == 1 && !v[0].longer_output);
	ck_assert_ok(analysis_queue_release(
		d->s.db, &l, AT, &(struct analysis_release){ .losses = 1, .longer = true }, &paid));
	ck_assert_uint_eq(desk_claim(d, AT, 1, &v), 1);
	ck_assert(v[0].retry_count == 0 && v[0].losses == 1 && v[0].longer_output);
	ck_assert_int_eq(desk_number(d, "SELECT \"attempts\" FROM session_analyses"), 1);
	ck_assert_ok(analysis_queue_failed(d->s.db, &l, AT,
	                                   &(struct analysis_failure){ .error = STR("cut"),
	                                                               .next_retry_at = AT + 1,
	                                                               .losses = 2 },
	                                   &paid));
	ck_assert_uint_eq(desk_claim(d, AT + 1, 1, &v), 1);
	ck_assert(v[0].retry_count == 1 && v[0].losses == 2 && v[0].longer_output);
	ck_assert_ok(analysis_queue_done(d->s.db, &l, AT + 2,
	                                 &(struct analysis_done){ .report = STR("{\"a\":1}"),
	                                                          .model = STR("m-1"),
	                                                          .prompt_hash = STR("f00"),
	                                                          .overall_score = 62.5,
	                                                          .temperature = STR("hot"),
	                                                          .verified = 3,
	                                                          .unverified = 1,
	                                                          .truncated = true },
	                                 &paid));
	ck_assert_int_eq(
		desk_number(
			d,
			"SELECT count(*) FROM session_analyses WHERE \"status\" = 'done' AND "
			"\"attempts\" = 3 AND \"inputTokens\" = 300 AND \"cachedTokens\" = 120 "
			"AND \"outputTokens\" = 30 AND \"costMicroUsd\" = 21 AND \"latencyMs\" = "
			"900 AND \"overallScore\" = 62.5 AND \"temperature\" = 'hot' AND "
			"\"model\" = 'm-1' AND \"promptHash\" = 'f00' AND \"error\" IS NULL AND "
			"\"evidenceVerified\" = 3 AND \"evidenceUnverified\" = 1 AND "
			"\"truncated\" AND \"leaseOwner\" IS NULL AND \"leaseUntil\" IS NULL AND "
			"\"retryCount\" = 1 AND \"lostCalls\" = 0 AND \"processedAt\" = %s",
			desk_time(d, AT + 2)),
		1);
	desk_close(d);
}
END_TEST

START_TEST(a_lease_that_is_over_is_swept_and_lost_to_its_owner)
{
	struct desk *d = desk_open();
	struct analysis_claimed *v, *w;
	const struct analysis_paid paid = { .calls = 1 };
	int64_t over = AT + 2 * TIME_MINUTE, returned;
	struct analysis_lease l;

	desk_plant_many(d, 3);
	desk_enqueue(d, AT);
	ck_assert_uint_eq(desk_claim(d, AT, 2, &v), 2);
	ck_assert_ok(analysis_queue_sweep(d->s.db, over - 1, &returned));
	ck_assert_int_eq(returned, 0);
	desk_done(d, &v[1], over - 1);
	ck_assert_ok(analysis_queue_sweep(d->s.db, over, &returned));
	ck_assert_int_eq(returned, 1);
	ck_assert_ok(analysis_queue_sweep(d->s.db, over, &returned));
	ck_assert_int_eq(returned, 0);
	l = desk_lease(d, &v[0]);
	ck_assert_err(analysis_queue_release(d->s.db, &l, over,
	                                     &(struct analysis_release){ .longer = false }, &paid),
	              ERR_CONFLICT);
	d->me = desk_id(d);
	ck_assert_uint_eq(desk_claim(d, over, 1, &w), 1);
	ck_assert(uuid_eq(w[0].id, v[0].id));
	ck_assert_int_eq(w[0].retry_count, 0);
	ck_assert_int_eq(desk_number(d, "SELECT \"interruptedCalls\" FROM session_analyses WHERE "
	                                "\"status\" = 'processing'"),
	                 1);
	/* the one who came too late */
	ck_assert_err(analysis_queue_release(d->s.db, &l, over,
	                                     &(struct analysis_release){ .longer = false }, &paid),
	              ERR_CONFLICT);
	desk_close(d);
}
END_TEST

START_TEST(a_row_that_is_processed_without_a_lease_cannot_be)
{
	struct desk *d = desk_open();
	struct analysis_claimed *v;

	desk_plant_many(d, 1);
	desk_enqueue(d, AT);
	desk_claim(d, AT, 1, &v);
	ck_assert_int_eq(
		desk_number(d, "SELECT count(*) FROM session_analyses WHERE NOT \"ready\""), 1);
	/* what may be claimed follows from the status, whoever writes it */
	desk_sql(d, "UPDATE session_analyses SET \"status\" = 'pending'");
	ck_assert_uint_eq(desk_claim(d, AT, 1, &v), 1);
	ck_assert_err(db_exec(d->s.db, &q_analysis_claim,
	                      DB_PARAMS(db_uuid(d->client), db_text(d->combo.script_key), db_int(2),
	                                db_text(d->combo.tag), db_uuid(d->me), db_time(AT),
	                                db_time(TIME_NONE), db_time(TIME_NONE), db_int(1)),
	                      NULL, NULL),
	              ERR_OK); /* nothing is left to take */
	desk_sql(d, "UPDATE session_analyses SET \"status\" = 'pending'");
	ck_assert_err(db_exec(d->s.db, &q_analysis_claim,
	                      DB_PARAMS(db_uuid(d->client), db_text(d->combo.script_key), db_int(2),
	                                db_text(d->combo.tag), db_uuid(d->me), db_time(AT),
	                                db_time(TIME_NONE), db_time(TIME_NONE), db_int(1)),
	                      NULL, NULL),
	              ERR_CONFLICT);
	desk_close(d);
}
END_TEST

START_TEST(failed_rows_are_tried_again_when_asked_for)
{
	struct desk *d = desk_open();
	struct analysis_claimed *v;
	int64_t changed = 0;

	desk_plant_many(d, 4);
	desk_enqueue(d, AT);
	desk_claim(d, AT, 3, &v);
	desk_failed(d, &v[0], AT, AT + TIME_HOUR);
	desk_failed(d, &v[1], AT, TIME_NONE);
	desk_done(d, &v[2], AT);
	ck_assert_ok(analysis_queue_retry_failed(d->s.db, &d->combo, AT + 1, &changed));
	ck_assert_int_eq(changed, 2);
	ck_assert_int_eq(desk_counts(d, AT + 1).pending, 3);
	ck_assert_int_eq(desk_counts(d, AT + 1).done, 1);
	ck_assert_int_eq(desk_number(d, "SELECT sum(\"retryCount\") FROM session_analyses"), 0);
	ck_assert_ok(analysis_queue_retry_failed(d->s.db, &d->combo, AT + 1, &changed));
	ck_assert_int_eq(changed, 0);
	desk_close(d);
}
END_TEST

START_TEST(a_dropped_row_is_found_again_once_its_session_is_settled)
{
	struct desk *d = desk_open();
	struct analysis_claimed *v;
	struct analysis_lease l;

	desk_plant_many(d, 1);
	desk_enqueue(d, AT);
	desk_claim(d, AT, 1, &v);
	l = desk_lease(d, &v[0]);
	ck_assert_ok(analysis_queue_drop(d->s.db, &l));
	ck_assert_int_eq(desk_number(d, "SELECT count(*) FROM session_analyses"), 0);
	ck_assert_int_eq(desk_enqueue(d, AT), 1);
	desk_close(d);
}
END_TEST

struct worker {
	struct db *db;
	const struct analysis_combo *combo;
	struct uuid owner;
	size_t taken;
	bool wrong;
};

static atomic_size_t left_over;

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct arena *a = arena_new((size_t)1 << 20);
	int64_t due;

	while (!w->wrong && atomic_load(&left_over) > 0) {
		struct analysis_claimed *v;
		size_t n;

		arena_reset(a);
		w->wrong = analysis_queue_make_due(w->db, w->combo, AT, &due) != ERR_OK ||
		           analysis_queue_claim(w->db, a, w->combo, w->owner, AT, AT + TIME_MINUTE,
		                                TIME_NONE, 3, &v, &n) != ERR_OK;
		for (size_t i = 0; !w->wrong && i < n; i++) {
			const struct analysis_lease l = { w->combo->client_id, v[i].id, w->owner };

			/* another's claim of the same row would have taken it from us */
			w->wrong = analysis_queue_failed(
					   w->db, &l, AT,
					   &(struct analysis_failure){ .error = STR("x"),
			                                               .next_retry_at = TIME_NONE },
					   &(struct analysis_paid){ .calls = 1 }) != ERR_OK;
			atomic_fetch_sub(&left_over, 1);
			w->taken++;
		}
	}
	arena_free(a);
	return NULL;
}

START_TEST(two_workers_never_hold_the_same_row)
{
	struct desk *d = desk_open();
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	size_t sum = 0;

	desk_plant_many(d, 120);
	ck_assert_int_eq(desk_enqueue(d, AT), 120);
	atomic_store(&left_over, 120);
	for (size_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .combo = &d->combo, .owner = desk_id(d) };
		ck_assert_ok(db_open(d->s.pool, false, &workers[i].db));
	}
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		db_close(workers[i].db);
		ck_assert_msg(!workers[i].wrong, "worker %zu", i);
		sum += workers[i].taken;
	}
	ck_assert_uint_eq(sum, 120);
	ck_assert_int_eq(desk_number(d, "SELECT sum(\"attempts\") FROM session_analyses"), 120);
	desk_close(d);
}
END_TEST

START_TEST(what_was_claimed_since_a_time_can_be_passed_over)
{
	struct desk *d = desk_open();
	struct analysis_claimed *first, *next;
	const struct analysis_release none = { 0 };
	const struct analysis_paid paid = { 0 };
	struct analysis_lease l;
	size_t n;

	desk_plant_many(d, 3);
	ck_assert_int_eq(desk_enqueue(d, AT), 3);
	ck_assert_uint_eq(desk_claim(d, AT, 1, &first), 1);
	l = desk_lease(d, first);
	ck_assert_ok(analysis_queue_release(d->s.db, &l, AT, &none, &paid));
	/* it is the newest, and would be next */
	ck_assert_ok(analysis_queue_claim(d->s.db, test_arena(), &d->combo, d->me, AT + 1,
	                                  AT + TIME_MINUTE, AT, 10, &next, &n));
	ck_assert_uint_eq(n, 2);
	ck_assert(!uuid_eq(next[0].id, first->id) && !uuid_eq(next[1].id, first->id));
	ck_assert_uint_eq(desk_claim(d, AT + 2, 10, &next), 1);
	ck_assert(uuid_eq(next[0].id, first->id));
	desk_close(d);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"analysis queue", the_newest_session_is_claimed_first_and_then_the_newest_row,
		a_claim_takes_rows_of_its_combo_alone, a_claim_says_whose_a_row_is_and_since_when,
		only_the_owner_ends_what_he_holds,
		what_an_owner_holds_and_does_not_know_of_is_given_back,
		a_failed_row_waits_for_its_time_and_the_fourth_failure_is_final,
		failed_rows_that_are_due_stand_in_the_line_like_any_other,
		more_due_rows_than_a_batch_are_claimed_in_order,
		what_is_given_back_has_lost_no_attempt_and_what_it_cost_adds_up,
		a_lease_that_is_over_is_swept_and_lost_to_its_owner,
		a_row_that_is_processed_without_a_lease_cannot_be,
		failed_rows_are_tried_again_when_asked_for,
		a_dropped_row_is_found_again_once_its_session_is_settled,
		two_workers_never_hold_the_same_row,
		what_was_claimed_since_a_time_can_be_passed_over);
}

int
main(void)
{
	return desk_main(make_suite);
}
