/* Days of the machine's time zones, against a table and against the C library. */
#include <stdlib.h>
#include <time.h>

#include "sys/zone_file.h"
#include "testing.h"

static const struct zone *
zone(const char *name)
{
	const struct zone *z;

	ck_assert_ok(zone_file_read(test_arena(), str_from(name), &z));
	return z;
}

START_TEST(days_begin_as_the_table_says)
{
	const cJSON *table = test_data_json("zones.json");

	ck_assert_uint_gt(json_count(table), 15);
	for (const cJSON *row = json_first(table); row != NULL; row = row->next) {
		struct str name = json_str(json_get(row, "zone"));
		int64_t day, begins, got;

		ck_assert_ok(time_parse_date(json_str(json_get(row, "day")), &day));
		ck_assert_ok(time_parse(json_str(json_get(row, "begins")), &begins));
		got = zone_day_start(zone(str_z(test_arena(), name)), day);
		ck_assert_msg(got == begins, STR_FMT ": " STR_FMT ": " STR_FMT, STR_ARG(name),
		              STR_ARG(json_str(json_get(row, "why"))),
		              STR_ARG(time_text(test_arena(), got)));
	}
}
END_TEST

/* Day number that the C library's local clock shows. */
static int64_t
local_day(int64_t ms)
{
	time_t s = (time_t)(ms / TIME_SECOND);
	struct tm tm, utc;
	int64_t day;

	ck_assert_ptr_nonnull(localtime_r(&s, &tm));
	utc = (struct tm){ .tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday };
	day = (int64_t)timegm(&utc) / 86400;
	return day;
}

START_TEST(a_day_begins_where_the_librarys_clock_first_shows_it)
{
	static const char *const names[] = {
		"America/Sao_Paulo",    "America/New_York", "Europe/Lisbon",       "Europe/Dublin",
		"Africa/Casablanca",    "Asia/Kathmandu",   "Australia/Lord_Howe", "Pacific/Apia",
		"America/Santiago",     "America/Havana",   "Pacific/Chatham",     "Asia/Gaza",
		"America/Scoresbysund", "Antarctica/Troll"
	};
	size_t changes = 0;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct zone *z = zone(names[i]);
		int64_t offset = zone_offset(z, 0);

		setenv("TZ", names[i], 1);
		tzset();
		for (int64_t day = 0; day < 47482; day++) { /* 2099 and all before */
			int64_t at = zone_day_start(z, day);

			ck_assert_msg(local_day(at) >= day && local_day(at - TIME_SECOND) < day,
			              "%s: day %lld at %lld", names[i], (long long)day,
			              (long long)at);
			changes += zone_offset(z, at) != offset;
			offset = zone_offset(z, at);
		}
	}
	unsetenv("TZ");
	tzset();
	ck_assert_uint_gt(changes, 1000);
}
END_TEST

START_TEST(offsets_are_the_librarys)
{
	const struct zone *z = zone("America/Sao_Paulo");

	setenv("TZ", "America/Sao_Paulo", 1);
	tzset();
	for (int64_t s = INT64_C(-3000000000); s < INT64_C(3000000000); s += 1234567) {
		time_t t = (time_t)s;
		struct tm tm;

		ck_assert_ptr_nonnull(localtime_r(&t, &tm));
		ck_assert_int_eq(zone_offset(z, s * TIME_SECOND), tm.tm_gmtoff);
		ck_assert_int_eq(zone_offset(z, s * TIME_SECOND + 999), tm.tm_gmtoff);
	}
	unsetenv("TZ");
	tzset();
}
END_TEST

START_TEST(names_that_lead_elsewhere_are_not_found)
{
	static const char *const names[] = { "",
		                             "America",
		                             "America/",
		                             "/UTC",
		                             "../../../etc/passwd",
		                             "Mars/Olympus",
		                             "utc\n",
		                             "America/Sao Paulo" };
	const struct zone *z;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		ck_assert_msg(zone_file_read(test_arena(), str_from(names[i]), &z) == ERR_NOT_FOUND,
		              "%s", names[i]);
	ck_assert_err(zone_file_read(test_arena(), STR("tzdata.zi"), &z), ERR_NOT_FOUND);
}
END_TEST

/* A file of version 2 with no instants, one type of this offset, and a last line. */
static struct str
file_with(int32_t offset, const char *line)
{
	static const char block[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4";
	uint32_t u = (uint32_t)offset;
	struct buf b;

	buf_init(&b, test_arena(), 4096);
	for (int i = 0; i < 2; i++) {
		buf_str(&b, str_n(block, sizeof block - 1));
		for (int k = 24; k >= 0; k -= 8)
			buf_char(&b, (char)(u >> k));
		buf_str(&b, str_n("\0\0LMT", 6));
	}
	buf_fmt(&b, "\n%s\n", line);
	return buf_slice(&b);
}

START_TEST(rules_for_years_to_come_are_read_in_every_spelling)
{
	static const struct {
		const char *line;
		const char *at;
		int64_t offset;
	} good[] = {
		{ "EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59.000Z", -18000 },
		{ "EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00.000Z", -14400 },
		{ "EST5EDT,M3.2.0,M11.1.0", "2026-11-01T05:59:59.000Z", -14400 },
		{ "EST5EDT,M3.2.0,M11.1.0", "2026-11-01T06:00:00.000Z", -18000 },
		{ "<-03>3<-02>,M10.1.0/0,M2.3.0/0", "2026-12-01T00:00:00.000Z", -7200 },
		{ "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-01-01T00:00:00.000Z", 39600 },
		{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00.000Z", 3600 },
		{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-12-01T00:00:00.000Z", 0 },
		{ "XXX3EDT4,0/0,J365/23", "2026-01-01T03:00:00.000Z", -14400 },
		{ "XXX3EDT4,0/0,J365/23", "2026-12-31T23:00:00.000Z", -14400 },
		{ "AAA0BBB,J60/0,J90/0", "2024-03-01T00:00:00.000Z", 3600 },
		{ "AAA0BBB,J60/0,J90/0", "2024-02-29T23:00:00.000Z", 0 },
		{ "AAA0BBB,59/0,J90/0", "2024-02-29T00:00:00.000Z", 3600 },
		{ "AAA0BBB,M3.4.4/50,M10.4.4/50", "2026-03-28T02:00:00.000Z", 3600 },
		{ "AAA0BBB,M3.4.4/50,M10.4.4/50", "2026-03-28T01:59:59.000Z", 0 },
		{ "AAA0BBB,M3.5.0/-2,M10.5.0", "2026-03-28T22:00:00.000Z", 3600 },
		{ "AAA0BBB,M3.5.0/-2,M10.5.0", "2026-03-28T21:59:59.000Z", 0 },
		{ "AAA0", "2026-03-28T21:59:59.000Z", 0 },
		{ "", "2026-03-28T21:59:59.000Z", -60 },
	};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		int32_t first = good[i].line[0] == '\0' ? -60 : 0;
		const struct zone *z;
		int64_t at;

		ck_assert_ok(time_parse(str_from(good[i].at), &at));
		ck_assert_ok(zone_read(test_arena(), file_with(first, good[i].line), &z));
		ck_assert_msg(zone_offset(z, at) == good[i].offset, "%s at %s: %lld", good[i].line,
		              good[i].at, (long long)zone_offset(z, at));
	}
}
END_TEST

START_TEST(what_is_no_zone_file_is_refused)
{
	static const char *const lines[] = {
		"E5",
		"EST",
		"EST25",
		"EST5EDT",
		"EST5EDT,M3.2.0",
		"EST5EDT,M13.2.0,M11.1.0",
		"EST5EDT,M3.6.0,M11.1.0",
		"EST5EDT,M3.2.7,M11.1.0",
		"EST5EDT,J0,J1",
		"EST5EDT,J366,J1",
		"EST5EDT,366,1",
		"EST5EDT,M3.2.0,M11.1.0x",
		"EST5EDT,M3.2.0/168,M11.1.0",
		"<-03",
		"<-03>3:60",
	};
	struct str whole = file_with(0, "EST5EDT,M3.2.0,M11.1.0");
	const struct zone *z;

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		ck_assert_msg(zone_read(test_arena(), file_with(0, lines[i]), &z) == ERR_CORRUPT,
		              "%s", lines[i]);
	for (size_t n = 0; n < 2 * (44 + 10); n++)
		ck_assert_msg(zone_read(test_arena(), str_sub(whole, 0, n), &z) == ERR_CORRUPT,
		              "cut after %zu bytes", n);
	ck_assert_ok(zone_read(test_arena(), str_sub(whole, 0, 2 * (44 + 10)), &z));
	/* the same bytes with one leap second */
	((char *)whole.p)[44 + 10 + 31] = 1;
	ck_assert_err(zone_read(test_arena(), whole, &z), ERR_CORRUPT);
	ck_assert_err(zone_read(test_arena(), file_with(26 * 3600, ""), &z), ERR_CORRUPT);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("zone", days_begin_as_the_table_says,
	                  a_day_begins_where_the_librarys_clock_first_shows_it,
	                  offsets_are_the_librarys, names_that_lead_elsewhere_are_not_found,
	                  rules_for_years_to_come_are_read_in_every_spelling,
	                  what_is_no_zone_file_is_refused);
}

TEST_MAIN(make_suite)
