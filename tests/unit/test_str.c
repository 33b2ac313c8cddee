/* Slices: comparing, cutting, numbers, hashing. */
#include "base/utf8.h"
#include "testing.h"

START_TEST(absent_and_empty_are_different)
{
	ck_assert(!str_eq(STR_NONE, STR("")));
	ck_assert(str_eq(STR_NONE, STR_NONE));
	ck_assert(str_eq(STR(""), STR("")));
	ck_assert_int_lt(str_cmp(STR_NONE, STR("")), 0);
	ck_assert_int_gt(str_cmp(STR(""), STR_NONE), 0);
	ck_assert_int_eq(str_cmp(STR_NONE, STR_NONE), 0);
	ck_assert_none(str_from(NULL));
	ck_assert_none(str_dup(test_arena(), STR_NONE));
	ck_assert_none(str_digits(test_arena(), STR_NONE));
	ck_assert_str(str_dup(test_arena(), STR("")), "");
}
END_TEST

START_TEST(order_is_by_bytes_and_shorter_first)
{
	ck_assert_int_lt(str_cmp(STR("a"), STR("b")), 0);
	ck_assert_int_lt(str_cmp(STR("a"), STR("aa")), 0);
	ck_assert_int_gt(str_cmp(STR("\xc3"), STR("z")), 0);
	ck_assert_int_lt(str_cmp(STR("a\0a"), STR("a\0b")), 0);
}
END_TEST

START_TEST(equality_without_case_is_ascii_only)
{
	ck_assert(str_ieq(STR("Content-TYPE"), STR("content-type")));
	ck_assert(!str_ieq(STR("["), STR("{")));
	ck_assert(!str_ieq(STR("É"), STR("é")));
	ck_assert(!str_ieq(STR_NONE, STR("")));
}
END_TEST

START_TEST(beginnings_and_ends)
{
	ck_assert(str_starts(STR("abc"), STR("ab")) && str_ends(STR("abc"), STR("bc")));
	ck_assert(str_starts(STR("abc"), STR("")) && str_ends(STR_NONE, STR("")));
	ck_assert(!str_starts(STR("ab"), STR("abc")) && !str_ends(STR("bc"), STR("abc")));
	ck_assert_uint_eq(str_find(STR("a=b=c"), '='), 1);
	ck_assert_uint_eq(str_find(STR("abc"), '='), 3);
	ck_assert_uint_eq(str_find(STR_NONE, '='), 0);
}
END_TEST

START_TEST(cutting_is_clamped)
{
	ck_assert_str(str_sub(STR("abcdef"), 2, 3), "cde");
	ck_assert_str(str_sub(STR("abc"), 2, SIZE_MAX), "c");
	ck_assert_str(str_sub(STR("abc"), 9, 1), "");
	ck_assert_none(str_sub(STR_NONE, 0, 1));
	ck_assert_str(str_trim(STR(" \t a b\r\n")), "a b");
	ck_assert_str(str_trim(STR("   ")), "");
}
END_TEST

START_TEST(splitting_gives_every_part_and_ends)
{
	struct str rest = STR("a,,b,"), part;

	ck_assert(str_split(&rest, ',', &part));
	ck_assert_str(part, "a");
	ck_assert(str_split(&rest, ',', &part));
	ck_assert_str(part, "");
	ck_assert(str_split(&rest, ',', &part));
	ck_assert_str(part, "b");
	ck_assert(str_split(&rest, ',', &part));
	ck_assert_str(part, "");
	ck_assert(!str_split(&rest, ',', &part));
	ck_assert(!str_split(&rest, ',', &part));
}
END_TEST

START_TEST(formatting_takes_any_length)
{
	struct str s = str_fmt(test_arena(), "%s-%0500d", "a", 7);

	ck_assert_uint_eq(s.n, 502);
	ck_assert_int_eq(s.p[501], '7');
	ck_assert_int_eq(s.p[502], '\0');
	ck_assert_str(str_fmt(test_arena(), "%d", 42), "42");
	ck_assert_str_eq(str_z(test_arena(), STR_NONE), "");
	ck_assert_str_eq(str_z(test_arena(), str_n("abc", 2)), "ab");
	ck_assert_str(str_digits(test_arena(), STR("+55 (11) 9-x")), "55119");
}
END_TEST

START_TEST(a_number_is_the_whole_slice_within_int64)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t v;
	} cases[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "007", true, 7 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "99999999999999999999999", false, 0 },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1.0", false, 0 },
		{ "0x1", false, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t v = -77;
		bool ok = str_to_i64(str_from(cases[i].text), &v);

		ck_assert_msg(ok == cases[i].ok, "\"%s\"", cases[i].text);
		ck_assert_msg(v == (ok ? cases[i].v : -77), "\"%s\"", cases[i].text);
	}
	ck_assert(!str_to_i64(STR_NONE, &(int64_t){ 0 }));
}
END_TEST

START_TEST(hashes_spread)
{
	size_t low[64] = { 0 };

	for (int i = 0; i < 6400; i++)
		low[str_hash(str_fmt(test_arena(), "55119%05d", i)) % 64]++;
	for (int i = 0; i < 64; i++)
		ck_assert_msg(low[i] > 50 && low[i] < 160, "%d: %zu", i, low[i]);
	ck_assert(str_hash(STR("a")) != str_hash(STR("a\0")));
	ck_assert(str_hash(STR("abc")) == str_hash(str_n("abcd", 3)));
}
END_TEST

START_TEST(utf8_is_valid_only_as_rfc_3629_has_it)
{
	static const struct {
		const char *text;
		size_t valid, step; /* valid prefix; length of what follows it */
	} cases[] = {
		{ "plain text of more than eight bytes", 35, 0 },
		{ "ação é 12345678 €", 22, 0 },
		{ "\xf0\x9f\x98\x80", 4, 0 },
		{ "\xed\x9f\xbf", 3, 0 },
		{ "\xed\xa0\x80", 0, 1 },
		{ "\xf4\x90\x80\x80", 0, 1 },
		{ "\xf4\x8f\xbf\xbf", 4, 0 },
		{ "\xc0\x80", 0, 1 },
		{ "\xe0\x9f\xbf", 0, 1 },
		{ "ab\xf0\x9f\x98", 2, 3 },
		{ "ab\xf0\x9f\x98xyz", 2, 3 },
		{ "ab\xc3", 2, 1 },
		{ "\xff", 0, 1 },
		{ "\x80", 0, 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str s = str_from(cases[i].text);
		bool valid = true;

		ck_assert_msg(utf8_valid_prefix(s) == cases[i].valid, "%zu", i);
		if (cases[i].step == 0)
			continue;
		ck_assert_msg(utf8_step(s.p + cases[i].valid, s.n - cases[i].valid, &valid) ==
		                      cases[i].step,
		              "%zu", i);
		ck_assert(!valid);
	}
}
END_TEST

START_TEST(utf8_is_read_one_character_at_a_time)
{
	static const struct {
		const char *text;
		uint32_t chars[8];
	} cases[] = {
		{ "aé€😀", { 'a', 0xE9, 0x20AC, 0x1F600 } },
		{ "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80", { 0x7F, 0x80, 0x7FF, 0x800 } },
		{ "\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", { 0xFFFF, 0x10000, 0x10FFFF } },
		{ "\xed\x9f\xbf\xee\x80\x80", { 0xD7FF, 0xE000 } },
		{ "a\xffz", { 'a', 0xFFFD, 'z' } },
		{ "\xf0\x9f\x98z\xc3", { 0xFFFD, 'z', 0xFFFD } },
		{ "\xed\xa0\x80", { 0xFFFD, 0xFFFD, 0xFFFD } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str s = str_from(cases[i].text);
		size_t at = 0, n = 0;

		while (at < s.n)
			ck_assert_uint_eq(utf8_next(s, &at), cases[i].chars[n++]);
		ck_assert_uint_eq(at, s.n);
		ck_assert_uint_eq(cases[i].chars[n], 0);
	}
}
END_TEST

START_TEST(utf8_is_cut_between_characters)
{
	const struct str s = STR("aé…😀b"); /* 1, 2, 3, 4 and 1 bytes */
	static const size_t ends[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };

	for (size_t max = 0; max < sizeof ends / sizeof ends[0]; max++)
		ck_assert_slice(utf8_cut(s, max), str_sub(s, 0, ends[max]));
	ck_assert_none(utf8_cut(STR_NONE, 3));
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE("str", absent_and_empty_are_different,
	                  order_is_by_bytes_and_shorter_first, equality_without_case_is_ascii_only,
	                  beginnings_and_ends, cutting_is_clamped,
	                  splitting_gives_every_part_and_ends, formatting_takes_any_length,
	                  a_number_is_the_whole_slice_within_int64, hashes_spread,
	                  utf8_is_valid_only_as_rfc_3629_has_it,
	                  utf8_is_read_one_character_at_a_time, utf8_is_cut_between_characters);
}

TEST_MAIN(suite)
