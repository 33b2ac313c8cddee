/* Instants and their text. The machine's own calendar is the witness. */
#include <stdio.h>
#include <time.h>

#include "base/time.h"
#include "testing.h"

START_TEST(known_instants_have_their_text)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ 1704877200000, "2024-01-10T09:00:00.000Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ -2203891200000, "1900-03-01T00:00:00.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
		{ -62167219200000, "0000-01-01T00:00:00.000Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999Z" },
		{ INT64_MIN, "0000-01-01T00:00:00.000Z" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_slice(time_text(test_arena(), cases[i].ms), str_from(cases[i].text));
}
END_TEST

START_TEST(every_day_of_ten_thousand_years_goes_there_and_back)
{
	for (int64_t day = -719528; day <= 2932896; day += 13) {
		char text[TIME_TEXT_LEN + 1], other[64];
		time_t t = (time_t)(day * 86400);
		struct tm tm;
		int64_t ms;

		time_format(day * TIME_DAY + 45296789, text);
		ck_assert_ok(time_parse(str_from(text), &ms));
		ck_assert_int_eq(ms, day * TIME_DAY + 45296789);
		ck_assert_ok(time_parse_date(str_n(text, 10), &ms));
		ck_assert_int_eq(ms, day);
		ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
		(void)snprintf(other, sizeof(other), "%04d-%02d-%02dT12:34:56.789Z",
		               tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
		ck_assert_str_eq(text, other);
	}
}
END_TEST

START_TEST(offsets_are_taken_away)
{
	static const char *const same[] = {
		"2024-01-10T09:00:00Z",
		"2024-01-10T09:00Z",
		"2024-01-10T09:00:00.0009Z",
		"2024-01-10T06:00:00.000-03:00",
		"2024-01-10T06:00:00-0300",
		"2024-01-10T14:30:00.000+05:30",
		"2024-01-11T08:59:00+23:59",
		"2024-01-10T09:00:00+00:00",
		"2024-01-10T09:00:00.000000000000000000000000000001Z",
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		int64_t ms = 0;

		ck_assert_ok(time_parse(str_from(same[i]), &ms));
		ck_assert_msg(ms == 1704877200000, "%s", same[i]);
	}
}
END_TEST

START_TEST(fractions_count_to_the_millisecond)
{
	int64_t ms;

	ck_assert_ok(time_parse(STR("1970-01-01T00:00:00.1Z"), &ms));
	ck_assert_int_eq(ms, 100);
	ck_assert_ok(time_parse(STR("1970-01-01T00:00:00.12Z"), &ms));
	ck_assert_int_eq(ms, 120);
	ck_assert_ok(time_parse(STR("1970-01-01T00:00:00.1239999Z"), &ms));
	ck_assert_int_eq(ms, 123);
}
END_TEST

START_TEST(what_is_not_an_instant_is_refused)
{
	static const char *const bad[] = {
		"",
		"2024-01-10",
		"2024-01-10T09:00:00",
		"2024-01-10T09:00:00.000",
		"2024-01-10 09:00:00Z",
		"2024-01-10T09Z",
		"2024-01-10T09:00:00Z ",
		"2024-01-10T09:00:00ZZ",
		"2024-01-10T09:00:00.Z",
		"2024-01-10T09:00:00,5Z",
		"2024-13-10T09:00:00Z",
		"2024-00-10T09:00:00Z",
		"2024-01-00T09:00:00Z",
		"2024-04-31T09:00:00Z",
		"2023-02-29T09:00:00Z",
		"1900-02-29T09:00:00Z",
		"2024-01-10T24:00:00Z",
		"2024-01-10T23:60:00Z",
		"2016-12-31T23:59:60Z",
		"2024-01-10T09:00:00+24:00",
		"2024-01-10T09:00:00+03:60",
		"2024-01-10T09:00:00+03",
		"2024-01-10T09:00:00+3:00",
		"24-01-10T09:00:00Z",
		"+2024-01-10T09:00:00Z",
		"2024-1-10T09:00:00Z",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t ms = -5;

		ck_assert_msg(time_parse(str_from(bad[i]), &ms) == ERR_INVALID, "\"%s\"", bad[i]);
		ck_assert_int_eq(ms, -5);
	}
	ck_assert_err(time_parse(STR_NONE, &(int64_t){ 0 }), ERR_INVALID);
	ck_assert_err(time_parse_date(STR("2024-02-30"), &(int64_t){ 0 }), ERR_INVALID);
	ck_assert_err(time_parse_date(STR("2024-02-03T"), &(int64_t){ 0 }), ERR_INVALID);
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE("time", known_instants_have_their_text,
	                  every_day_of_ten_thousand_years_goes_there_and_back,
	                  offsets_are_taken_away, fractions_count_to_the_millisecond,
	                  what_is_not_an_instant_is_refused);
}

TEST_MAIN(suite)
