/*
 * Alerts under a fake clock, against a receiver that remembers what it was told: each kind comes
 * and goes once, whatever the receiver, the database and other processes do. ENGINE says on which
 * engine.
 */
#include "alert_fixture.h"

/* The newest that was told. */
static void
must_have_told(const struct office *o, size_t n, enum alert_kind kind, const char *state)
{
	const struct receiver *r = &o->receiver;

	ck_assert_uint_eq(r->ntold, n);
	ck_assert_slice(r->told[n - 1].kind, str_from(alert_kind_names[kind]));
	ck_assert_slice(r->told[n - 1].state, str_from(state));
	if (kind == ALERT_JOURNAL_STUCK)
		ck_assert_none(r->told[n - 1].slug);
	else
		ck_assert_str(r->told[n - 1].slug, "c0");
}

START_TEST(each_kind_is_raised_once_and_cleared_once)
{
	static const char *const details[] = {
		[ALERT_HISTORY_LATE] = "{\"requestedAt\":\"2026-01-20T10:29:10.000Z\"}",
		[ALERT_TOKEN_REFUSED] = "{\"code\":190,\"reason\":\"token_invalid\"}",
		[ALERT_DISCONNECTED] =
			"{\"status\":\"restricted\",\"reason\":\"SCHEDULE_FOR_DISABLE\"}",
		[ALERT_JOURNAL_STUCK] = "{\"oldestSeconds\":61,\"blocked\":false}",
		[ALERT_IMPORT_FAILING] = "{\"failedRuns\":3,\"lastSuccessAt\":null}",
	};

	for (enum alert_kind k = 0; k < ALERT_KINDS; k++) {
		struct office *o = open_office();
		const char *events = k == ALERT_JOURNAL_STUCK ? "2" : "1";
		const cJSON *told;

		set_up_helpdesk(o);
		work_for(o, 10 * TIME_SECOND, SIZE_MAX);
		MUST_BE(o, FIRING, "0");
		make(o, k, true);
		o->processes[0].look_at = INT64_MIN;
		work_for(o, 70 * TIME_SECOND, SIZE_MAX);
		must_have_told(o, 1, k, "raised");
		told = test_json(o->receiver.told[0].body);
		ck_assert_slice(json_canonical(test_arena(), json_get(told, "detail")),
		                json_canonical(test_arena(), test_json(str_from(details[k]))));
		ck_assert(str_eq(json_str(json_get(told, "text")), str_from(alert_text(k, true))));
		MUST_BE(o, FIRING, "1");
		MUST_BE(o, RAISED, "1");
		MUST_BE(o, EVENTS, events);
		for (size_t i = 0; i < ALERT_KINDS; i++)
			ck_assert_int_eq(metrics_value((enum metric)(M_ALERTS_HISTORY_LATE + i)),
			                 i == k);
		make(o, k, false);
		work_for(o, 70 * TIME_SECOND, SIZE_MAX);
		must_have_told(o, 2, k, "cleared");
		MUST_BE(o, FIRING, "0");
		MUST_BE(o, CLEARED, "1");
		MUST_BE(o, WAITING, "0");
		ck_assert_int_eq(metrics_value((enum metric)(M_ALERTS_HISTORY_LATE + k)), 0);
		o->time.now_ms += TIME_SECOND;
		make(o, k, true); /* again is another */
		work_for(o, 70 * TIME_SECOND, SIZE_MAX);
		must_have_told(o, 3, k, "raised");
		MUST_BE(o, "SELECT changes FROM alerts", "3");
		MUST_BE(o, RAISED, "2");
		close_office(o);
	}
}
END_TEST

START_TEST(what_is_disconnected_here_is_no_alert)
{
	struct office *o = open_office();

	run_sql(o, str_fmt(test_arena(),
	                   "UPDATE connections SET status = 'disconnected', deleted_at = %s, "
	                   "token_failed_at = %s WHERE phone_number_id = '101'",
	                   moment(o, AT), moment(o, AT)));
	work_for(o, 10 * TIME_SECOND, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM alerts", "0");
	close_office(o);
}
END_TEST

START_TEST(several_processes_tell_once)
{
	struct office *o = open_office();

	(void)hire(o);
	/* each looks while the other does, behind what that one has read */
	o->processes[0].meanwhile = &o->processes[1];
	for (size_t i = 1; i <= 6; i++) {
		token(o, 0, i % 2 == 1);
		work_for(o, 10 * TIME_SECOND, SIZE_MAX);
		must_have_told(o, i, ALERT_TOKEN_REFUSED, i % 2 == 1 ? "raised" : "cleared");
	}
	MUST_BE(o, RAISED, "3");
	MUST_BE(o, CLEARED, "3");
	ck_assert_uint_eq(o->receiver.calls, 6);
	close_office(o);
}
END_TEST

START_TEST(a_change_behind_what_was_read_is_not_undone)
{
	struct office *o = open_office_that(false, 0);
	struct process *p = hire(o);
	int64_t next;

	p->meanwhile = &o->processes[0];
	/* p reads that it is refused; the other process sees it come and go */
	token(o, 0, true);
	p->then = "UPDATE connections SET token_failed_at = NULL";
	ck_assert_int_eq(alerter_step(p->alerter, AT, &next), STEP_WAIT);
	MUST_BE(o, FIRING, "0");
	MUST_BE(o, RAISED, "1");
	MUST_BE(o, CLEARED, "1");
	/* p reads that it is taken; the other one sees it go and come */
	p->then = NULL;
	token(o, 0, true);
	work_for(o, TIME_SECOND, 1);
	MUST_BE(o, FIRING, "1");
	MUST_BE(o, RAISED, "2");
	token(o, 0, false);
	p->then = "UPDATE connections SET token_failed_at = updated_at WHERE phone_number_id = "
		  "'101'";
	ck_assert_int_eq(alerter_step(p->alerter, AT, &next), STEP_WAIT);
	MUST_BE(o, FIRING, "1");
	MUST_BE(o, RAISED, "3");
	MUST_BE(o, CLEARED, "2");
	close_office(o);
}
END_TEST

START_TEST(what_one_process_alone_sees_is_not_cleared_by_another)
{
	struct office *o = open_office();
	struct process *p = hire(o);

	p->blocked_ms = ALERT_BLOCKED_MS + 1;
	work_for(o, 10 * TIME_MINUTE, SIZE_MAX);
	must_have_told(o, 1, ALERT_JOURNAL_STUCK, "raised");
	p->blocked_ms = 0;
	work_for(o, 10 * TIME_SECOND, SIZE_MAX);
	must_have_told(o, 2, ALERT_JOURNAL_STUCK, "cleared");
	p->blocked_ms = ALERT_BLOCKED_MS + 1;
	work_for(o, 10 * TIME_SECOND, SIZE_MAX);
	must_have_told(o, 3, ALERT_JOURNAL_STUCK, "raised");
	kill(o); /* nobody sees it any more */
	work_for(o, 2 * TIME_MINUTE, SIZE_MAX);
	must_have_told(o, 4, ALERT_JOURNAL_STUCK, "cleared");
	close_office(o);
}
END_TEST

START_TEST(a_receiver_that_is_away_hears_all_of_it_in_order)
{
	static const struct receiver moods[] = { { .status = 500 },
		                                 { .status = 404 },
		                                 { .status = 302 },
		                                 { .failure = HTTP_REFUSED },
		                                 { .failure = HTTP_FORBIDDEN },
		                                 { .slow_ms = TIME_MINUTE },
		                                 { .status = 204, .lose = true } };

	for (size_t i = 0; i < sizeof moods / sizeof moods[0]; i++) {
		struct office *o = open_office();
		size_t calls;

		o->receiver = moods[i];
		token(o, 0, true);
		work_for(o, 10 * TIME_SECOND, SIZE_MAX);
		token(o, 0, false);
		work_for(o, 10 * TIME_SECOND, SIZE_MAX);
		token(o, 0, true);
		o->stride_ms = 20 * TIME_SECOND;
		work_for(o, 3 * TIME_HOUR, SIZE_MAX);
		MUST_BE(o, WAITING, "3"); /* none overtakes */
		calls = o->receiver.calls;
		ck_assert_uint_ge(calls, 10);
		ck_assert_uint_le(calls, 16); /* with growing pauses */
		o->receiver.status = 0;
		o->receiver.failure = HTTP_OK;
		o->receiver.slow_ms = 0;
		o->receiver.lose = false;
		work_for(o, 2 * TIME_HOUR, SIZE_MAX);
		MUST_BE(o, WAITING, "0");
		must_have_told(o, 3, ALERT_TOKEN_REFUSED, "raised");
		ck_assert_str(o->receiver.told[0].state, "raised");
		ck_assert_str(o->receiver.told[1].state, "cleared");
		ck_assert_uint_eq(o->receiver.calls, calls + 3);
		close_office(o);
	}
}
END_TEST

START_TEST(what_is_not_taken_for_a_day_is_dropped_and_counted)
{
	struct office *o = open_office();
	int64_t before = metrics_value(M_ALERT_DELIVERIES_DROPPED);

	o->stride_ms = 20 * TIME_SECOND;
	o->receiver.status = 500;
	token(o, 0, true);
	work_for(o, TIME_DAY - 2 * TIME_HOUR, SIZE_MAX);
	MUST_BE(o, WAITING, "1");
	work_for(o, 3 * TIME_HOUR, SIZE_MAX);
	MUST_BE(o, WAITING, "0");
	ck_assert_int_eq(metrics_value(M_ALERT_DELIVERIES_DROPPED), before + 1);
	o->receiver.status = 0;
	o->stride_ms = 0;
	token(o, 0, false);
	work_for(o, 10 * TIME_SECOND, SIZE_MAX);
	must_have_told(o, 1, ALERT_TOKEN_REFUSED, "cleared");
	close_office(o);
}
END_TEST

START_TEST(a_receiver_that_is_gone_is_told_once)
{
	struct office *o = open_office();

	o->receiver.status = 410;
	o->stride_ms = 20 * TIME_SECOND;
	token(o, 0, true);
	work_for(o, TIME_HOUR, SIZE_MAX);
	ck_assert_uint_eq(o->receiver.calls, 1);
	MUST_BE(o, WAITING, "0");
	MUST_BE(o, FIRING, "1");
	close_office(o);
}
END_TEST

START_TEST(without_a_receiver_nothing_waits)
{
	struct office *o = open_office_that(false, 0);

	token(o, 0, true);
	work_for(o, 10 * TIME_SECOND, SIZE_MAX);
	MUST_BE(o, FIRING, "1");
	MUST_BE(o, RAISED, "1");
	MUST_BE(o, WAITING, "0");
	close_office(o);
}
END_TEST

/* Two alerts are raised, one is cleared; killed after so many turns, and gone on with by another
 * process. */
static bool
killed_after(size_t turns, bool lose)
{
	struct office *o = open_office();
	const struct receiver *r = &o->receiver;
	size_t raised = 0, cleared = 0;
	bool done;

	token(o, 0, true);
	token(o, 1, true);
	work_for(o, TIME_SECOND, turns);
	token(o, 1, false);
	work_for(o, 5 * TIME_SECOND, turns);
	done = strcmp(row(o, WAITING), "0") == 0 && r->ntold >= 3;
	o->receiver.lose = lose;
	work_for(o, 20, 1); /* what is under way is taken, and the answer is lost */
	o->receiver.lose = false;
	kill(o);
	(void)hire(o);
	work_for(o, 5 * TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, WAITING, "0");
	MUST_BE(o, FIRING, "1");
	for (size_t i = 0; i < r->ntold; i++) {
		raised += str_eq(r->told[i].state, STR("raised"));
		cleared += str_eq(r->told[i].state, STR("cleared"));
	}
	/* the second may be over before anybody looked */
	ck_assert_msg(raised == cleared + 1 && raised <= 2, "after %zu: %zu raised, %zu cleared",
	              turns, raised, cleared);
	close_office(o);
	return !done;
}

START_TEST(killed_at_any_point_each_change_is_told)
{
	size_t turns = 1;

	while (killed_after(turns, turns % 2 == 0))
		turns++;
	ck_assert_uint_ge(turns, 4);
}
END_TEST

START_TEST(a_database_that_fails_at_any_statement_costs_time_only)
{
	for (uint64_t n = 1; n <= 28; n++) {
		struct office *o = open_office();
		struct process *p = &o->processes[0];

		db_fail_at(n % 2 == 0 ? p->alerter->db : p->sender->db, (n + 1) / 2,
		           ERR_UNAVAILABLE);
		token(o, 0, true);
		work_for(o, 10 * TIME_SECOND, SIZE_MAX);
		token(o, 0, false);
		work_for(o, 5 * TIME_MINUTE, SIZE_MAX);
		must_have_told(o, 2, ALERT_TOKEN_REFUSED, "cleared");
		MUST_BE(o, WAITING, "0");
		MUST_BE(o, RAISED, "1");
		MUST_BE(o, CLEARED, "1");
		close_office(o);
	}
}
END_TEST

START_TEST(a_commit_whose_outcome_is_not_known_tells_nothing_twice)
{
	for (uint64_t n = 1; n <= 4; n++) {
		struct office *o = open_office();

		db_lose_commit(o->processes[0].alerter->db, n);
		token(o, 0, true);
		work_for(o, 10 * TIME_SECOND, SIZE_MAX);
		token(o, 0, false);
		work_for(o, 10 * TIME_SECOND, SIZE_MAX);
		must_have_told(o, 2, ALERT_TOKEN_REFUSED, "cleared");
		MUST_BE(o, RAISED, "1");
		close_office(o);
	}
}
END_TEST

START_TEST(what_a_process_gives_back_is_gone_on_with_at_once)
{
	struct office *o = open_office();

	o->receiver.slow_ms = TIME_MINUTE;
	token(o, 0, true);
	work_for(o, 3 * TIME_SECOND, SIZE_MAX);
	ck_assert_uint_eq(o->receiver.calls, 1);
	alert_sender_stop(o->processes[0].sender, clock_now(&o->clock));
	kill(o);
	o->receiver.slow_ms = 0;
	(void)hire(o);
	work_for(o, 3 * TIME_SECOND, SIZE_MAX);
	must_have_told(o, 1, ALERT_TOKEN_REFUSED, "raised");
	close_office(o);
}
END_TEST

START_TEST(an_import_that_does_not_happen_is_told_and_a_restart_is_not)
{
	struct office *o = open_office_that(true, 15 * TIME_MINUTE);

	o->stride_ms = 8 * TIME_SECOND;
	set_up_helpdesk(o);
	import_run(o, 0, "succeeded");
	work_for(o, 50 * TIME_MINUTE, SIZE_MAX);
	kill(o);
	o->time.now_ms += 2 * TIME_DAY; /* nobody was there */
	(void)hire(o);
	work_for(o, 50 * TIME_MINUTE, SIZE_MAX);
	ck_assert_uint_eq(o->receiver.ntold, 0);
	work_for(o, 20 * TIME_MINUTE, SIZE_MAX);
	must_have_told(o, 1, ALERT_IMPORT_FAILING, "raised");
	kill(o);
	(void)hire(o);
	work_for(o, 10 * TIME_MINUTE, SIZE_MAX);
	ck_assert_uint_eq(o->receiver.ntold, 1); /* it still fires */
	import_run(o, 0, "succeeded");
	work_for(o, 10 * TIME_SECOND, SIZE_MAX);
	must_have_told(o, 2, ALERT_IMPORT_FAILING, "cleared");
	close_office(o);
}
END_TEST

/* The key that the documentation says how to work out:
 * printf %s "recado alert webhook" | openssl dgst -sha256 -mac HMAC -macopt hexkey:0001…1f */
START_TEST(the_key_of_who_sets_none_can_be_worked_out)
{
	unsigned char key[32];

	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (unsigned char)i;
	ck_assert_str(alert_secret(test_arena(), STR_NONE, key, sizeof key),
	              "302732b503c6ca3dabb5ed6709b8c3972eeeb5ddc6fecf209efa774753621dee");
	ck_assert_str(alert_secret(test_arena(), STR("my own"), key, sizeof key), "my own");
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("alerts", each_kind_is_raised_once_and_cleared_once,
	                  what_is_disconnected_here_is_no_alert, several_processes_tell_once,
	                  a_change_behind_what_was_read_is_not_undone,
	                  what_one_process_alone_sees_is_not_cleared_by_another,
	                  a_receiver_that_is_away_hears_all_of_it_in_order,
	                  what_is_not_taken_for_a_day_is_dropped_and_counted,
	                  a_receiver_that_is_gone_is_told_once, without_a_receiver_nothing_waits,
	                  killed_at_any_point_each_change_is_told,
	                  a_database_that_fails_at_any_statement_costs_time_only,
	                  a_commit_whose_outcome_is_not_known_tells_nothing_twice,
	                  what_a_process_gives_back_is_gone_on_with_at_once,
	                  an_import_that_does_not_happen_is_told_and_a_restart_is_not,
	                  the_key_of_who_sets_none_can_be_worked_out);
}

int
main(void)
{
	const char *engine = getenv("ENGINE");
	int result;

	if (engine != NULL && strcmp(engine, "postgres") == 0 &&
	    (postgres = pg_server_start(false)) == NULL)
		return 1;
	result = testing_run(make_suite);
	pg_server_end(postgres);
	return result;
}
