/*
 * Stored sessions over several imports: what lives on, what is written, what points where. Times
 * are ms; the ticket's rows are shown as "a: …", "b: …" in the order in which they were made, those
 * retired in brackets with their heir.
 */
#include "session_fixture.h"

enum { AT_10 = 36000000, MINUTE = 60000 };

static struct world world;

static char
letter(struct uuid id)
{
	for (size_t i = 0; i < world.n; i++) {
		if (uuid_eq(world.rows[i].id, id))
			return (char)('a' + i);
	}
	return '?';
}

static struct str
show_world(void)
{
	struct arena *a = test_arena();
	struct str text = STR("");

	for (size_t i = 0; i < world.n; i++) {
		const struct session_row *row = &world.rows[i];
		struct str s = show_session(&row->s), heir = STR("");
		if (!uuid_is_nil(row->heir))
			heir = str_fmt(a, " -> %c", letter(row->heir));
		text = str_fmt(a, STR_FMT "%s%s%c: " STR_FMT STR_FMT "%s", STR_ARG(text),
		               i > 0 ? "; " : "", row->retired ? "(" : "", (char)('a' + i),
		               STR_ARG(s), STR_ARG(heir), row->retired ? ")" : "");
	}
	return text;
}

#define IMPORT(...)                                                                                \
	world_import(&world, (const struct tracking[]){ __VA_ARGS__ },                             \
	             sizeof((const struct tracking[]){ __VA_ARGS__ }) / sizeof(struct tracking),   \
	             NULL, 0)
#define T(...) ((struct tracking)TRACKING(__VA_ARGS__))

static void
begin(void)
{
	memset(&world, 0, sizeof world);
}

/* The session of a message now: its letter, '-' if untracked. */
static char
session_of(int64_t at)
{
	struct session s[LENGTH(world.rows)];
	size_t rows[LENGTH(world.rows)], n = 0, i;

	for (size_t k = 0; k < world.n; k++) {
		if (!world.rows[k].retired) {
			rows[n] = k;
			s[n++] = world.rows[k].s;
		}
	}
	i = session_assign(s, n, at);
	return i == SESSION_NONE ? '-' : (char)('a' + rows[i]);
}

START_TEST(s1_a_weak_session_that_is_accepted_keeps_its_id_and_its_earlier_messages)
{
	begin();
	ck_assert_uint_eq(IMPORT(T(1, 100, NONE, NONE)), 1);
	ck_assert_str(show_world(), "a: OPEN_WEAK 100- [1]");
	ck_assert_int_eq(session_of(150), 'a');
	ck_assert_uint_eq(IMPORT(T(1, 100, 200, NONE)), 1);
	ck_assert_str(show_world(), "a: OPEN_REAL 200- from 100 [1]");
	ck_assert_int_eq(session_of(150), 'a');
}
END_TEST

START_TEST(s2_a_closed_session_that_is_reopened_keeps_its_id)
{
	begin();
	(void)IMPORT(T(1, 100, 200, 300));
	ck_assert_uint_eq(IMPORT(T(1, 100, 200, NONE)), 1);
	ck_assert_str(show_world(), "a: OPEN_REAL 200- from 100 [1]");
	ck_assert_uint_eq(IMPORT(T(1, 100, 200, 400)), 1);
	ck_assert_str(show_world(), "a: CLOSED 200-400 from 100 [1]");
}
END_TEST

START_TEST(s3_an_open_session_that_vanished_is_retired_and_its_messages_go_where_they_fit)
{
	begin();
	(void)IMPORT(T(1, 100, 200, 300), T(2, 250, 250, NONE));
	ck_assert_int_eq(session_of(350), 'b');
	ck_assert_uint_eq(IMPORT(T(1, 100, 200, 300), T(2, 250, 250, NONE, .missing = true)), 1);
	ck_assert_str(show_world(), "a: CLOSED 200-300 from 100 [1]; (b: OPEN_REAL 250- [2])");
	ck_assert_int_eq(session_of(280), 'a');
	ck_assert_int_eq(session_of(350), '-');
}
END_TEST

START_TEST(s4_a_closed_session_that_vanished_stays_as_it_was)
{
	begin();
	(void)IMPORT(T(1, 100, 200, 300));
	ck_assert_uint_eq(IMPORT(T(1, 100, 200, 300, .missing = true)), 0);
	ck_assert_str(show_world(), "a: CLOSED 200-300 from 100 [1]");
	ck_assert_int_eq(session_of(250), 'a');
}
END_TEST

/* S5 is a call that is not made: what is stored derives the same again. */
START_TEST(s5_unknown_trackings_leave_the_stored_ones_which_change_nothing)
{
	const struct tracking stored[] = { T(1, 100, 200, 300), T(2, 400, NONE, NONE) };

	begin();
	(void)world_import(&world, stored, 2, NULL, 0);
	ck_assert_uint_eq(world_import(&world, stored, 2, NULL, 0), 0);
}
END_TEST

START_TEST(s6_a_second_weak_tracking_joins_the_session)
{
	begin();
	(void)IMPORT(T(1, AT_10, NONE, NONE));
	ck_assert_uint_eq(IMPORT(T(1, AT_10, NONE, NONE), T(2, AT_10 + 50000, NONE, NONE)), 1);
	ck_assert_str(show_world(), "a: OPEN_WEAK 36000000- [1,2]");
}
END_TEST

START_TEST(s7_a_tracking_between_two_makes_one_group_and_the_row_survives)
{
	const struct tracking t1 = T(1, AT_10, NONE, NONE), t3 = T(3, AT_10 + 50000, NONE, NONE);
	const struct tracking t2 = T(2, AT_10 + 100000, NONE, NONE);

	begin();
	(void)IMPORT(t2, t1);
	ck_assert_str(show_world(), "a: OPEN_WEAK 36100000- [2]");
	ck_assert_uint_eq(IMPORT(t2, t1, t3), 1);
	ck_assert_str(show_world(), "a: OPEN_WEAK 36000000- [1,2,3]");
}
END_TEST

START_TEST(s8_the_same_again_writes_nothing)
{
	const struct tracking t[] = { T(1, 100, 200, 300),  T(2, 400, 500, NONE),
		                      T(3, 600, 700, NONE), T(4, 800, NONE, NONE),
		                      T(5, 50, NONE, 40),   T(6, NONE, NONE, NONE) };
	const int64_t times[] = { 10, 20, 250, 650 };

	begin();
	ck_assert_uint_eq(world_import(&world, t, LENGTH(t), times, LENGTH(times)), 4);
	ck_assert_uint_eq(world_import(&world, t, LENGTH(t), times, LENGTH(times)), 0);
}
END_TEST

/* S9 and S10 as far as sessions go: the times of messages move nothing but an anchor. */
START_TEST(s9_s10_messages_move_an_anchor_and_nothing_else)
{
	const struct tracking t[] = { T(1, 100, 100, 200), T(2, 900, NONE, NONE) };

	begin();
	(void)world_import(&world, t, 2, (const int64_t[]){ 150, 600 }, 2);
	ck_assert_str(show_world(),
	              "a: CLOSED 100-200 [1]; b: OPEN_WEAK 600- from 900 [2] anchored");
	ck_assert_uint_eq(world_import(&world, t, 2, (const int64_t[]){ 150, 600 }, 2), 0);
	ck_assert_int_eq(session_of(599), '-');
	ck_assert_uint_eq(world_import(&world, t, 2, (const int64_t[]){ 150, 599, 600 }, 3), 1);
	ck_assert_str(show_world(),
	              "a: CLOSED 100-200 [1]; b: OPEN_WEAK 599- from 900 [2] anchored");
	ck_assert_int_eq(session_of(599), 'b');
}
END_TEST

START_TEST(a_tracking_that_returns_takes_its_old_session)
{
	begin();
	(void)IMPORT(T(1, 100, NONE, NONE));
	(void)IMPORT(T(1, 100, NONE, NONE, .missing = true));
	ck_assert_str(show_world(), "(a: OPEN_WEAK 100- [1])");
	ck_assert_uint_eq(IMPORT(T(1, 100, NONE, NONE)), 1);
	ck_assert_str(show_world(), "a: OPEN_WEAK 100- [1]");
	(void)IMPORT(T(1, 100, NONE, NONE, .missing = true));
	(void)IMPORT(T(1, 100, 200, 300));
	ck_assert_str(show_world(), "a: CLOSED 200-300 from 100 [1]");
}
END_TEST

START_TEST(an_inferred_end_does_not_keep_a_session_whose_tracking_vanished)
{
	begin();
	(void)IMPORT(T(1, 100, 100, NONE), T(2, 200, 200, NONE));
	ck_assert_uint_eq(IMPORT(T(1, 100, 100, NONE, .missing = true), T(2, 200, 200, NONE)), 1);
	ck_assert_str(show_world(), "(a: CLOSED 100-199 [1] end_inferred); b: OPEN_REAL 200- [2]");
}
END_TEST

START_TEST(a_torn_group_keeps_its_row_with_the_lowest_tracking)
{
	begin();
	(void)IMPORT(T(1, 0, NONE, NONE), T(2, MINUTE, NONE, NONE));
	ck_assert_str(show_world(), "a: OPEN_WEAK 0- [1,2]");
	ck_assert_uint_eq(IMPORT(T(1, 0, NONE, NONE), T(2, MINUTE, MINUTE, 2 * MINUTE)), 2);
	ck_assert_str(show_world(), "a: OPEN_WEAK 0- [1]; b: CLOSED 60000-120000 [2]");
}
END_TEST

START_TEST(a_group_goes_with_its_only_tracking_that_still_has_a_session)
{
	begin();
	(void)IMPORT(T(1, 0, NONE, NONE), T(2, MINUTE, NONE, NONE));
	(void)IMPORT(T(1, 0, NONE, NONE), T(2, MINUTE, MINUTE, NONE));
	ck_assert_str(show_world(), "a: OPEN_REAL 60000- [2]");
}
END_TEST

START_TEST(of_several_rows_in_one_group_the_lowest_tracking_lives_on_and_the_other_points_to_it)
{
	begin();
	(void)IMPORT(T(2, 0, NONE, 10));
	(void)IMPORT(T(2, 0, NONE, 10), T(1, MINUTE, NONE, 2 * MINUTE));
	ck_assert_uint_eq(IMPORT(T(2, 0, NONE, NONE), T(1, MINUTE, NONE, NONE)), 2);
	ck_assert_str(show_world(),
	              "(a: CLOSED 0-10 [2] not_accepted -> b); b: OPEN_WEAK 0- [1,2]");
	/* and the one that was taken over comes back when the group is torn */
	ck_assert_uint_eq(IMPORT(T(2, 0, 0, 10), T(1, MINUTE, NONE, NONE)), 2);
	ck_assert_str(show_world(), "a: CLOSED 0-10 [2]; b: OPEN_WEAK 60000- [1]");
}
END_TEST

START_TEST(a_row_not_retired_lives_on_before_a_retired_one_of_a_lower_tracking)
{
	const struct tracking t1 = T(1, 0, NONE, NONE), t3 = T(3, 100000, NONE, NONE);

	begin();
	(void)IMPORT(t1);
	(void)IMPORT(t1, t3);
	ck_assert_str(show_world(), "(a: OPEN_WEAK 0- [1]); b: OPEN_WEAK 100000- [3]");
	ck_assert_uint_eq(IMPORT(t1, t3, T(2, 50000, NONE, NONE)), 2);
	ck_assert_str(show_world(), "(a: OPEN_WEAK 0- [1] -> b); b: OPEN_WEAK 0- [1,2,3]");
	ck_assert_uint_eq(IMPORT(t1, t3, T(2, 50000, NONE, NONE)), 0);
}
END_TEST

START_TEST(an_accepted_tracking_for_which_another_stands_points_to_it)
{
	begin();
	(void)IMPORT(T(1, 100, 100, NONE));
	ck_assert_uint_eq(IMPORT(T(1, 100, 100, NONE), T(2, 90, 100, NONE)), 2);
	ck_assert_str(show_world(), "(a: OPEN_REAL 100- [1] -> b); b: OPEN_REAL 100- from 90 [2]");
	ck_assert_uint_eq(IMPORT(T(1, 100, 100, 300), T(2, 90, 100, NONE)), 1);
	ck_assert_str(show_world(), "a: CLOSED 100-300 [1]; b: OPEN_REAL 100- from 90 [2]");
}
END_TEST

START_TEST(a_weak_session_that_an_accepted_one_supersedes_is_retired_without_heir)
{
	begin();
	(void)IMPORT(T(1, 100, NONE, NONE));
	ck_assert_uint_eq(IMPORT(T(1, 100, NONE, NONE), T(2, 200, 200, NONE)), 2);
	ck_assert_str(show_world(), "(a: OPEN_WEAK 100- [1]); b: OPEN_REAL 200- [2]");
	ck_assert_uint_eq(IMPORT(T(1, 100, NONE, NONE), T(2, 200, 200, 300)), 2);
	ck_assert_str(show_world(), "a: OPEN_WEAK 100- [1]; b: CLOSED 200-300 [2]");
}
END_TEST

START_TEST(of_two_retired_rows_the_one_that_was_not_taken_over_comes_back)
{
	const struct tracking t1 = T(1, MINUTE, NONE, NONE), t2 = T(2, 0, NONE, NONE);
	const struct tracking gone1 = T(1, MINUTE, NONE, NONE, .missing = true);
	const struct tracking gone2 = T(2, 0, NONE, NONE, .missing = true);

	begin();
	(void)IMPORT(T(2, 0, -5, 10));
	(void)IMPORT(T(2, 0, -5, 10), T(1, MINUTE, NONE, MINUTE));
	(void)IMPORT(t1, t2);
	(void)IMPORT(gone1, t2);
	(void)IMPORT(gone1, gone2);
	ck_assert_str(show_world(), "(a: CLOSED -5-10 from 0 [2] -> b); (b: OPEN_WEAK 0- [2])");
	ck_assert_uint_eq(IMPORT(gone1, t2), 1);
	ck_assert_str(show_world(), "(a: CLOSED -5-10 from 0 [2] -> b); b: OPEN_WEAK 0- [2]");
}
END_TEST

START_TEST(a_new_name_of_the_attendant_is_written_and_an_empty_one_is_none)
{
	begin();
	(void)IMPORT(T(1, 100, 200, 300, .user_name = STR("")));
	ck_assert_uint_eq(IMPORT(T(1, 100, 200, 300)), 0);
	ck_assert_uint_eq(IMPORT(T(1, 100, 200, 300, .user_name = STR("Ana"))), 1);
	ck_assert_str(show_world(), "a: CLOSED 200-300 from 100 [1] Ana");
	ck_assert_uint_eq(IMPORT(T(1, 100, 200, 300, .user_name = STR("Ana"),
	                           .user_email = STR("ana@example.com"))),
	                  1);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"session_diff",
		s1_a_weak_session_that_is_accepted_keeps_its_id_and_its_earlier_messages,
		s2_a_closed_session_that_is_reopened_keeps_its_id,
		s3_an_open_session_that_vanished_is_retired_and_its_messages_go_where_they_fit,
		s4_a_closed_session_that_vanished_stays_as_it_was,
		s5_unknown_trackings_leave_the_stored_ones_which_change_nothing,
		s6_a_second_weak_tracking_joins_the_session,
		s7_a_tracking_between_two_makes_one_group_and_the_row_survives,
		s8_the_same_again_writes_nothing, s9_s10_messages_move_an_anchor_and_nothing_else,
		a_tracking_that_returns_takes_its_old_session,
		an_inferred_end_does_not_keep_a_session_whose_tracking_vanished,
		a_torn_group_keeps_its_row_with_the_lowest_tracking,
		a_group_goes_with_its_only_tracking_that_still_has_a_session,
		of_several_rows_in_one_group_the_lowest_tracking_lives_on_and_the_other_points_to_it,
		a_row_not_retired_lives_on_before_a_retired_one_of_a_lower_tracking,
		an_accepted_tracking_for_which_another_stands_points_to_it,
		a_weak_session_that_an_accepted_one_supersedes_is_retired_without_heir,
		of_two_retired_rows_the_one_that_was_not_taken_over_comes_back,
		a_new_name_of_the_attendant_is_written_and_an_empty_one_is_none);
}

TEST_MAIN(make_suite)
