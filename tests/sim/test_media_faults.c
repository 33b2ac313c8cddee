/*
 * Media beside a disk that is full, a database that is away, a token that is refused, and processes
 * that are killed at any point.
 */
#include "media_fixture.h"
#include "testing.h"

START_TEST(want_of_room_stops_the_fetching_and_loses_nothing)
{
	struct studio *o = open_studio();
	size_t asked;

	o->mf->disk.fail_at = 1;
	o->mf->disk.fail = ERR_DISK_FULL;
	o->mf->disk.fail_on = true;
	live(o, "A", "41", NULL);
	work_for(o, 1000, SIZE_MAX);
	MUST_BE(o, STATE, "pending disk_full");
	MUST_BE(o, "SELECT tries FROM media", "0");
	ck_assert_uint_eq(count_files(o->dir), 0);
	ck_assert_int_eq(metrics_value(M_MEDIA_NO_ROOM), 1);
	/* one is tried now and then, not all */
	for (int i = 0; i < 20; i++)
		live(o, FMT("B%d", i), FMT("5%d", i), NULL);
	asked = o->asked;
	work_for(o, 5 * TIME_MINUTE, SIZE_MAX);
	ck_assert_msg(o->asked - asked <= 11, "%zu were asked for", o->asked - asked);
	o->mf->disk.fail_at = 0;
	work_for(o, 3 * TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM media WHERE status = 'ready'", "21");
	ck_assert_int_eq(metrics_value(M_MEDIA_NO_ROOM), 0);
	close_studio(o);
}
END_TEST

START_TEST(a_write_that_fails_anywhere_costs_time_only)
{
	struct studio *o = open_studio();
	size_t points = 0;

	for (uint64_t n = 1;; n++) {
		bool over;

		medium(o, "42", ",\"bytes\":60000");
		live(o, "A", "42", NULL);
		o->mf->disk.fail_at = n;
		o->mf->disk.fail = ERR_IO;
		work_for(o, 1000, SIZE_MAX);
		over = o->mf->disk.fail_at > 0;
		if (!over)
			MUST_BE(o, STATE, "pending disk_error");
		ck_assert_uint_eq(count_files(o->dir), over);
		o->mf->disk.fail_at = 0;
		work_for(o, 3 * TIME_MINUTE, SIZE_MAX);
		MUST_BE(o, STATE, "ready -");
		must_have(o, digest_of("42", 60000));
		ck_assert_uint_eq(count_files(o->dir), 1);
		if (over)
			break;
		points++;
		reopen_studio(o);
	}
	ck_assert_uint_ge(points, 5);
	close_studio(o);
}
END_TEST

START_TEST(the_budget_is_kept_and_what_fits_comes_when_it_grows)
{
	struct studio *o = open_studio();

	media_fetcher_close(o->mf);
	o->budget = 5000;
	studio_hire(o);
	for (int i = 1; i <= 4; i++) {
		medium(o, FMT("4%d", i),
		       i == 3 ? ",\"bytes\":2000,\"fileSize\":10" : ",\"bytes\":2000");
		live(o, FMT("A%d", i), FMT("4%d", i), NULL);
	}
	work_for(o, 10 * TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM media WHERE status = 'ready'", "2");
	MUST_BE(o, "SELECT count(*) FROM media WHERE status = 'pending' AND reason = 'disk_budget'",
	        "2");
	MUST_BE(o, "SELECT bytes FROM media_use", "4000");
	ck_assert_uint_eq(count_files(o->dir), 2);
	media_fetcher_stop(o->mf, clock_now(&o->clock));
	media_fetcher_close(o->mf);
	o->budget = 8000;
	studio_hire(o);
	work_for(o, 3 * TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM media WHERE status = 'ready'", "4");
	close_studio(o);
}
END_TEST

/* Killed after so many turns, and gone on with by another process. */
static bool
killed_after(struct studio *o, size_t turns, bool history)
{
	bool over;

	medium(o, "42", ",\"bytes\":40000,\"fail\":1");
	if (history)
		webhook(o, NUMBER, "history", FMT("\"messages\":[%s]", picture("A", "42", NULL)));
	else
		live(o, "A", "42", digest_of("42", 40000));
	work_for(o, TIME_MINUTE, turns);
	over = strcmp(studio_row(o, STATE), "ready -") == 0;
	media_fetcher_close(o->mf); /* nothing is given back */
	studio_hire(o);
	work_for(o, 3 * TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, STATE, "ready -");
	must_have(o, digest_of("42", 40000));
	ck_assert_uint_eq(count_files(o->dir), 1);
	MUST_BE(o, "SELECT bytes FROM media_use", "40000");
	ck_assert_uint_eq(o->p.graph->violations.n, 0);
	reopen_studio(o);
	return !over;
}

START_TEST(killed_at_any_point_another_goes_on)
{
	struct studio *o = open_studio();
	size_t turns = 1;

	while (killed_after(o, turns, turns % 2 == 0))
		turns++;
	ck_assert_uint_ge(turns, 6);
	close_studio(o);
}
END_TEST

START_TEST(a_database_that_fails_at_any_statement_costs_time_only)
{
	struct studio *o = open_studio();

	for (uint64_t n = 1; n < 40; n++) {
		db_fail_at(o->mf->db, n, ERR_UNAVAILABLE);
		live(o, "A", "42", n % 2 == 0 ? digest_of("42", media_size(STR("42"))) : NULL);
		live(o, "B", "43", NULL);
		work_for(o, 3 * TIME_MINUTE, SIZE_MAX);
		MUST_BE(o, "SELECT count(*) FROM media WHERE status = 'ready'", "2");
		ck_assert_uint_eq(count_files(o->dir), 2);
		ck_assert_uint_le(o->fetched, 3);
		reopen_studio(o);
	}
	close_studio(o);
}
END_TEST

START_TEST(an_outcome_that_is_not_known_is_counted_once)
{
	struct studio *o = open_studio();

	for (uint64_t n = 1; n <= 6; n++) {
		live(o, "A", "42", NULL);
		db_lose_commit(o->mf->db, n);
		work_for(o, 3 * TIME_MINUTE, SIZE_MAX);
		MUST_BE(o, STATE, "ready -");
		MUST_BE(o, "SELECT u.bytes - m.bytes FROM media_use u CROSS JOIN media m", "0");
		reopen_studio(o);
	}
	close_studio(o);
}
END_TEST

START_TEST(two_processes_fetch_each_file_once)
{
	struct studio *o = open_studio();
	struct media_fetcher *first = o->mf, *second;
	int64_t next;

	for (int i = 0; i < 30; i++)
		live(o, FMT("A%d", i), FMT("6%d", i), NULL);
	studio_hire(o);
	second = o->mf;
	for (int i = 0; i < 4000; i++) {
		o->mf = i % 2 == 0 ? first : second;
		if (!turn(o, &next))
			o->time.now_ms += 5;
	}
	MUST_BE(o, "SELECT count(*) FROM media WHERE status = 'ready'", "30");
	ck_assert_uint_eq(o->fetched, 30);
	media_fetcher_close(o->mf == first ? second : first);
	close_studio(o);
}
END_TEST

START_TEST(a_long_download_stays_with_who_has_it)
{
	struct studio *o = open_studio();
	struct media_fetcher *first = o->mf, *second;

	medium(o, "42", ",\"slowMs\":600000");
	live(o, "A", "42", NULL);
	work_for(o, TIME_SECOND, SIZE_MAX);
	studio_hire(o);
	second = o->mf;
	for (int i = 0; i < 30; i++) {
		o->mf = first;
		work_for(o, 10 * TIME_SECOND, SIZE_MAX);
		o->mf = second;
		work_for(o, 10 * TIME_SECOND, SIZE_MAX);
	}
	o->mf = first;
	work_for(o, 2 * TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, STATE, "ready -");
	ck_assert_uint_eq(o->fetched, 1);
	media_fetcher_close(second);
	close_studio(o);
}
END_TEST

START_TEST(what_is_given_back_is_gone_on_with_at_once)
{
	struct studio *o = open_studio();

	live(o, "A", "42", NULL);
	work_for(o, 5, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM media WHERE owner IS NOT NULL", "1");
	media_fetcher_stop(o->mf, clock_now(&o->clock));
	media_fetcher_close(o->mf);
	studio_hire(o);
	work_for(o, 1000, SIZE_MAX);
	MUST_BE(o, STATE, "ready -");
	close_studio(o);
}
END_TEST

START_TEST(without_a_token_nothing_is_asked_until_there_is_one)
{
	struct studio *o = open_studio();
	struct db_stats before;
	uint64_t statements;

	studio_give_token(o, 0, STR_NONE);
	for (int i = 0; i < 50; i++)
		live(o, FMT("A%d", i), FMT("6%d", i), NULL);
	before = db_stats(o->mf->db);
	work_for(o, TIME_MINUTE, SIZE_MAX);
	statements = db_stats(o->mf->db).statements - before.statements;
	ck_assert_uint_eq(o->asked, 0);
	ck_assert_msg(statements < 200, "%llu statements", (unsigned long long)statements);
	MUST_BE(o, "SELECT count(*) FROM media WHERE status = 'pending' AND tries = 0", "50");
	studio_give_token(o, 0, o->p.token);
	work_for(o, 5 * TIME_SECOND, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM media WHERE status = 'ready'", "50");
	close_studio(o);
}
END_TEST

START_TEST(a_token_that_is_refused_is_told_and_its_media_waits_for_another)
{
	struct studio *o = open_studio();

	play_control(&o->p, "revoke", "{}");
	for (int i = 0; i < 50; i++)
		live(o, FMT("A%d", i), FMT("6%d", i), NULL);
	work_for(o, 10 * TIME_MINUTE, SIZE_MAX);
	ck_assert_uint_le(o->asked, MEDIA_AT_ONCE);
	MUST_BE(o,
	        "SELECT token_failed_reason FROM connections WHERE phone_number_id = '" NUMBER "'",
	        "token_invalid");
	MUST_BE(o, "SELECT count(*) FROM events WHERE kind = 'connection.changed'", "1");
	MUST_BE(o,
	        "SELECT count(*) FROM media WHERE status = 'pending' AND reason = 'token_invalid'",
	        FMT("%zu", o->asked));
	/* now and then it is tried whether Meta takes it again */
	wait_for(o, TIME_HOUR);
	ck_assert(o->asked >= 4 && o->asked <= 30);
	play_control(&o->p, "token", "{\"wabaId\":\"" WABA "\"}");
	studio_give_token(o, 0, play_text(&o->p, "token"));
	work_for(o, TIME_MINUTE, SIZE_MAX);
	/* those that were tried wait for their own time */
	ck_assert_int_ge(raw_number(o->s.raw, "SELECT count(*) FROM media WHERE status = 'ready'"),
	                 20);
	wait_for(o, TIME_DAY);
	MUST_BE(o, "SELECT count(*) FROM media WHERE status = 'ready'", "50");
	close_studio(o);
}
END_TEST

START_TEST(a_history_goes_before_and_leaves_a_place_for_what_comes_now)
{
	struct studio *o = open_studio();
	struct buf b;

	live(o, "L1", "1001", NULL);
	live(o, "L2", "1002", NULL);
	buf_init(&b, test_arena(), (size_t)1 << 20);
	for (int i = 0; i < 20; i++)
		buf_fmt(&b, "%s%s", i == 0 ? "" : ",",
		        picture(FMT("H%d", i), FMT("20%02d", i), NULL));
	webhook(o, NUMBER, "history", FMT("\"messages\":[" STR_FMT "]", STR_ARG(buf_slice(&b))));
	work_for(o, 5, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM media WHERE owner IS NOT NULL AND history", "3");
	MUST_BE(o, "SELECT meta_id FROM media WHERE owner IS NOT NULL AND NOT history", "1001");
	ck_assert_uint_eq(http_fake_peak(o->http), MEDIA_AT_ONCE);
	work_for(o, 5000, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM media WHERE status = 'ready'", "22");
	close_studio(o);
}
END_TEST

START_TEST(what_was_revoked_is_not_fetched)
{
	struct studio *o = open_studio();

	live(o, "A", "42", NULL);
	webhook(o, NUMBER, "messages",
	        "\"messages\":[{\"from\":\"" PERSON
	        "\",\"id\":\"wamid.R\",\"timestamp\":\"1768906801\",\"type\":\"revoke\","
	        "\"revoke\":{\"original_message_id\":\"wamid.A\"}}]");
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "unavailable revoked");
	ck_assert_uint_eq(o->asked, 0);
	close_studio(o);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_waited_for)
{
	struct studio *o = open_studio();
	FILE *f;

	media_fetcher_close(o->mf);
	o->dir = FMT("%s/file", test_dir());
	f = fopen(o->dir, "w");
	ck_assert(f != NULL && fclose(f) == 0);
	studio_hire(o);
	live(o, "A", "42", NULL);
	work_for(o, 1000, SIZE_MAX);
	MUST_BE(o, STATE, "pending disk_error");
	ck_assert_int_eq(unlink(o->dir), 0);
	work_for(o, 3 * TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, STATE, "ready -");
	close_studio(o);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"media faults", want_of_room_stops_the_fetching_and_loses_nothing,
		a_write_that_fails_anywhere_costs_time_only,
		the_budget_is_kept_and_what_fits_comes_when_it_grows,
		killed_at_any_point_another_goes_on,
		a_database_that_fails_at_any_statement_costs_time_only,
		an_outcome_that_is_not_known_is_counted_once, two_processes_fetch_each_file_once,
		a_long_download_stays_with_who_has_it, what_is_given_back_is_gone_on_with_at_once,
		without_a_token_nothing_is_asked_until_there_is_one,
		a_token_that_is_refused_is_told_and_its_media_waits_for_another,
		a_history_goes_before_and_leaves_a_place_for_what_comes_now,
		what_was_revoked_is_not_fetched, a_folder_that_cannot_be_made_is_waited_for);
}

TEST_MAIN_ON_ENGINE(make_suite, postgres)
