/*
 * Media is fetched against a Meta that fails, lies, forgets and refuses, onto a disk that is full,
 * beside a database that is away, by a process that is killed at any point.
 */
#include "media_fixture.h"
#include "testing.h"

START_TEST(what_a_message_holds_is_fetched_whichever_way_it_came)
{
	struct studio *o = open_studio();

	live(o, "A", "41", digest_of("41", media_size(STR("41"))));
	webhook(o, NUMBER, "smb_message_echoes",
	        FMT("\"message_echoes\":[{\"from\":\"551130000001\",\"to\":\"" PERSON
	            "\",\"id\":\"wamid.B\",\"timestamp\":\"1768906800\",\"type\":\"document\","
	            "\"document\":{\"id\":\"42\",\"mime_type\":\"application/pdf\","
	            "\"filename\":\"a.pdf\"}}]"));
	webhook(o, NUMBER, "history",
	        FMT("\"history\":[{\"metadata\":{\"phase\":0,\"chunk_order\":1,\"progress\":50},"
	            "\"threads\":[{\"id\":\"" PERSON "\",\"messages\":[%s,{\"from\":\"" PERSON
	            "\",\"id\":\"wamid.D\",\"timestamp\":\"1768906000\","
	            "\"type\":\"media_placeholder\"}]}]}]",
	            picture("C", "43", NULL)));
	MUST_BE(o, "SELECT count(*) FROM media", "3");
	/* the file of the placeholder comes by itself */
	webhook(o, NUMBER, "history",
	        FMT("\"messages\":[%s]",
	            picture("D", "44", digest_of("44", media_size(STR("44"))))));
	MUST_BE(o, "SELECT count(*) FROM media WHERE history", "2");
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM media WHERE status = 'ready' AND bytes > 0", "4");
	MUST_BE(o, "SELECT count(*) FROM events WHERE kind = 'media.changed'", "4");
	ck_assert(o->asked == 4 && o->fetched == 4);
	for (int i = 41; i <= 44; i++)
		must_have(o, digest_of(FMT("%d", i), media_size(str_from(FMT("%d", i)))));
	ck_assert_uint_eq(count_files(FMT("%s/tmp", o->dir)), 0);
	ck_assert_uint_eq(o->p.graph->violations.n, 0);
	close_studio(o);
}
END_TEST

START_TEST(what_came_again_is_fetched_once)
{
	struct studio *o = open_studio();

	for (int i = 0; i < 3; i++)
		live(o, "A", "42", NULL);
	MUST_BE(o, "SELECT count(*) FROM media", "1");
	work_for(o, 2000, SIZE_MAX);
	live(o, "A", "42", NULL);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "ready -");
	ck_assert_uint_eq(o->fetched, 1);
	close_studio(o);
}
END_TEST

START_TEST(what_fails_for_a_moment_is_tried_again)
{
	static const char *const faults[] = { ",\"fail\":2", ",\"failDownload\":2",
		                              ",\"sizeAsText\":true,\"sha256\":\"base64\"" };

	struct studio *o = open_studio();

	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		medium(o, "42", faults[i]);
		live(o, "A", "42", NULL);
		work_for(o, 5 * TIME_MINUTE, SIZE_MAX);
		MUST_BE(o, STATE, "ready -");
		ck_assert_uint_eq(o->asked, i < 2 ? 3 : 1);
		reopen_studio(o);
	}
	close_studio(o);
}
END_TEST

START_TEST(a_connection_that_is_cut_leaves_nothing_behind)
{
	struct studio *o = open_studio();

	medium(o, "42", ",\"bytes\":50000,\"cutAt\":20000");
	live(o, "A", "42", NULL);
	work_for(o, 100, SIZE_MAX);
	MUST_BE(o, STATE, "pending unreachable");
	ck_assert_uint_eq(count_files(o->dir), 0);
	medium(o, "42", ",\"bytes\":50000");
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, STATE, "ready -");
	must_have(o, digest_of("42", 50000));
	close_studio(o);
}
END_TEST

START_TEST(other_bytes_than_were_told_are_never_kept)
{
	struct studio *o = open_studio();

	for (int i = 0; i < 3; i++) {
		o->no_digest = i == 2; /* so that the bytes themselves are compared */
		if (i == 0) {          /* the answer lies */
			medium(o, "42", ",\"sha256\":\"wrong\"");
			live(o, "A", "42", NULL);
		} else { /* it is not what the message told */
			live(o, "A", "42", digest_of("43", 10));
		}
		work_for(o, 1000, SIZE_MAX);
		MUST_BE(o, STATE, "pending digest_mismatch");
		wait_for(o, TIME_HOUR);
		MUST_BE(o, STATE, "unavailable digest_mismatch");
		ck_assert_uint_eq(o->asked, MEDIA_MOST_WRONG);
		/* what the answer says already need not be fetched */
		ck_assert_uint_eq(o->fetched, i == 1 ? 0 : MEDIA_MOST_WRONG);
		ck_assert_uint_eq(count_files(o->dir), 0);
		reopen_studio(o);
	}
	close_studio(o);
}
END_TEST

START_TEST(a_digest_that_nobody_told_is_worked_out)
{
	struct studio *o = open_studio();

	o->no_digest = true;
	live(o, "A", "42", NULL);
	work_for(o, 1000, SIZE_MAX);
	MUST_BE(o, STATE, "ready -");
	must_have(o, digest_of("42", media_size(STR("42"))));
	close_studio(o);
}
END_TEST

START_TEST(more_than_a_hundred_megabytes_are_not_taken)
{
	struct studio *o = open_studio();

	for (int i = 0; i < 2; i++) {
		/* told, or found out on the way */
		medium(o, "42",
		       i == 0 ? ",\"bytes\":105906176" : ",\"bytes\":105906176,\"fileSize\":10");
		live(o, "A", "42", NULL);
		work_for(o, 2000, SIZE_MAX);
		MUST_BE(o, STATE, "unavailable too_large");
		ck_assert_uint_eq(o->fetched, (size_t)i);
		ck_assert_uint_eq(count_files(o->dir), 0);
		reopen_studio(o);
	}
	close_studio(o);
}
END_TEST

START_TEST(for_an_address_that_ended_another_is_asked_for)
{
	struct studio *o = open_studio();

	medium(o, "42", ",\"expired\":true");
	live(o, "A", "42", NULL);
	work_for(o, 1000, SIZE_MAX);
	MUST_BE(o, STATE, "pending refused");
	ck_assert(o->asked == 3 && o->fetched == 3);
	medium(o, "42", "");
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, STATE, "ready -");
	close_studio(o);
}
END_TEST

START_TEST(what_meta_does_not_have_is_given_up_at_once)
{
	struct studio *o = open_studio();

	medium(o, "42", ",\"old\":true");
	live(o, "A", "42", NULL);
	live(o, "B", "../me?fields=id", NULL);
	work_for(o, 1000, SIZE_MAX);
	MUST_BE(o,
	        "SELECT count(*) FROM media WHERE status = 'unavailable' AND reason = 'not_found'",
	        "2");
	ck_assert_uint_eq(o->asked, 1);
	wait_for(o, TIME_DAY);
	ck_assert_uint_eq(o->asked, 1);
	MUST_BE(o, "SELECT count(*) FROM events WHERE kind = 'media.changed'", "2");
	close_studio(o);
}
END_TEST

START_TEST(after_seven_days_nothing_is_asked_any_more)
{
	struct studio *o = open_studio();
	size_t asked;

	live(o, "A", "42", NULL);
	o->time.now_ms += MEDIA_LIFE_MS;
	work_for(o, 1000, SIZE_MAX);
	MUST_BE(o, STATE, "unavailable expired");
	ck_assert_uint_eq(o->asked, 0);
	medium(o, "43", ",\"fail\":1000000");
	live(o, "B", "43", NULL);
	wait_for(o, MEDIA_LIFE_MS);
	asked = o->asked;
	ck_assert(asked > 20 && asked < 60);
	wait_for(o, TIME_DAY);
	MUST_BE(o, "SELECT status || ' ' || reason FROM media WHERE meta_id = '43'",
	        "unavailable expired");
	ck_assert_uint_eq(o->asked, asked);
	close_studio(o);
}
END_TEST

static void
a_thousand_times(bool told)
{
	struct studio *o = open_studio();
	struct buf b;

	/* ids of their own, one picture: as people forward it */
	o->only = "42";
	buf_init(&b, test_arena(), (size_t)8 << 20);
	for (int i = 0; i < 1000; i++)
		buf_fmt(&b, "%s%s", i == 0 ? "" : ",",
		        picture(FMT("N%d", i), FMT("%d", 7000 + i),
		                told ? digest_of("42", media_size(STR("42"))) : NULL));
	webhook(o, NUMBER, "messages", FMT("\"messages\":[" STR_FMT "]", STR_ARG(buf_slice(&b))));
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM media WHERE status = 'ready'", "1000");
	ck_assert_uint_eq(count_files(o->dir), 1);
	MUST_BE(o, "SELECT count(*) FROM media_files", "1");
	ck_assert_msg(o->fetched <= MEDIA_AT_ONCE, "%zu were fetched", o->fetched);
	ck_assert_uint_eq(o->asked, told ? o->fetched : 1000);
	close_studio(o);
}

START_TEST(the_same_file_a_thousand_times_is_one_file)
{
	a_thousand_times(true);
	a_thousand_times(false); /* only the address's answer says so */
}
END_TEST

START_TEST(what_another_client_has_is_fetched_all_the_same)
{
	struct studio *o = open_studio();
	const char *digest = digest_of("42", media_size(STR("42")));

	live(o, "A", "42", digest);
	work_for(o, 1000, SIZE_MAX);
	webhook(o, CLOUD, "messages", FMT("\"messages\":[%s]", picture("B", "42", digest)));
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM media WHERE status = 'ready'", "2");
	ck_assert_uint_eq(o->fetched, 2);
	MUST_BE(o, "SELECT bytes - (SELECT max(bytes) FROM media) FROM media_use", "0");
	close_studio(o);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("media", what_a_message_holds_is_fetched_whichever_way_it_came,
	                  what_came_again_is_fetched_once, what_fails_for_a_moment_is_tried_again,
	                  a_connection_that_is_cut_leaves_nothing_behind,
	                  other_bytes_than_were_told_are_never_kept,
	                  a_digest_that_nobody_told_is_worked_out,
	                  more_than_a_hundred_megabytes_are_not_taken,
	                  for_an_address_that_ended_another_is_asked_for,
	                  what_meta_does_not_have_is_given_up_at_once,
	                  after_seven_days_nothing_is_asked_any_more,
	                  the_same_file_a_thousand_times_is_one_file,
	                  what_another_client_has_is_fetched_all_the_same);
}

TEST_MAIN_ON_ENGINE(make_suite, postgres)
