/* The growing buffer, on malloc and on an arena. */
#include "testing.h"

static void
fill(struct buf *b)
{
	for (int i = 0; i < 1000; i++)
		buf_fmt(b, "%d,", i);
}

START_TEST(text_grows_on_both_kinds_of_memory)
{
	struct buf m, a;

	buf_init(&m, NULL, 1 << 20);
	buf_init(&a, test_arena(), 1 << 20);
	fill(&m);
	fill(&a);
	ck_assert_uint_eq(m.n, 3890);
	ck_assert_slice(buf_slice(&m), buf_slice(&a));
	ck_assert_ok(buf_check(&m));
	buf_deinit(&m);
	ck_assert_str(buf_slice(&m), "");
}
END_TEST

START_TEST(a_piece_beyond_the_limit_is_dropped_whole_and_so_is_all_after_it)
{
	struct buf b;

	buf_init(&b, NULL, 5);
	buf_z(&b, "abc");
	buf_z(&b, "def");
	buf_char(&b, 'g');
	ck_assert_str(buf_slice(&b), "abc");
	ck_assert_err(buf_check(&b), ERR_TOO_LARGE);
	buf_clear(&b);
	ck_assert_ok(buf_check(&b));
	buf_z(&b, "abcde");
	ck_assert_str(buf_slice(&b), "abcde");
	ck_assert(buf_reserve(&b, 0));
	ck_assert(!buf_reserve(&b, SIZE_MAX));
	buf_deinit(&b);
}
END_TEST

START_TEST(the_cap_of_the_arena_is_a_limit_too)
{
	struct arena *a = arena_new(4096);
	struct buf b;

	buf_init(&b, a, 1 << 20);
	fill(&b);
	ck_assert_err(buf_check(&b), ERR_TOO_LARGE);
	ck_assert(b.n > 500 && b.n < 4096);
	ck_assert_ok(arena_check(a));
	arena_free(a);
}
END_TEST

START_TEST(long_formats_and_numbers_are_whole)
{
	struct buf b;

	buf_init(&b, NULL, 10000);
	buf_fmt(&b, "%0600d", 1);
	ck_assert_uint_eq(b.n, 600);
	buf_fmt(&b, "%020000d", 1);
	ck_assert_err(buf_check(&b), ERR_TOO_LARGE);
	buf_clear(&b);
	buf_i64(&b, INT64_MIN);
	buf_char(&b, ' ');
	buf_i64(&b, 0);
	buf_char(&b, ' ');
	buf_i64(&b, INT64_MAX);
	ck_assert_str(buf_slice(&b), "-9223372036854775808 0 9223372036854775807");
	buf_deinit(&b);
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE("buf", text_grows_on_both_kinds_of_memory,
	                  a_piece_beyond_the_limit_is_dropped_whole_and_so_is_all_after_it,
	                  the_cap_of_the_arena_is_a_limit_too, long_formats_and_numbers_are_whole);
}

TEST_MAIN(suite)
