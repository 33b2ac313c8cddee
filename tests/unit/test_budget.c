/* The request budget as arithmetic. */
#include "core/budget.h"

#include "testing.h"

#define NOW INT64_C(1768906800000)

START_TEST(a_burst_is_one_seconds_worth_and_at_least_one_request)
{
	static const struct {
		int64_t per_minute;
		size_t burst;
		int64_t wait_ms; /* after it */
	} rows[] = {
		{ 0, 1, 59001 }, { 1, 1, 59001 },       { 50, 1, 201 },        { 60, 1, 1 },
		{ 120, 2, 1 },   { 6000, 100, 1 },      { 60000, 1000, 1 },    { 100, 2, 201 },
		{ 61, 2, 968 },  { 1000000, 16667, 1 }, { 9000000, 16667, 1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct budget b = { 0 };
		int64_t wait = -1;

		ck_assert_uint_eq(budget_take(&b, rows[i].per_minute, NOW, 100000, &wait),
		                  rows[i].burst);
		ck_assert_int_eq(wait, 0);
		ck_assert_uint_eq(budget_take(&b, rows[i].per_minute, NOW, 1, &wait), 0);
		ck_assert_msg(wait == rows[i].wait_ms, "%lld: %lld", (long long)rows[i].per_minute,
		              (long long)wait);
	}
}
END_TEST

START_TEST(what_was_refused_costs_nothing_and_the_wait_is_exact)
{
	struct budget b = { 0 }, before;
	int64_t wait;

	ck_assert_uint_eq(budget_take(&b, 50, NOW, 1, &wait), 1);
	ck_assert_uint_eq(budget_take(&b, 50, NOW + 201, 1, &wait), 1); /* of the second saved */
	before = b;
	for (int64_t ms = 202; ms < 1401; ms++) {
		ck_assert_uint_eq(budget_take(&b, 50, NOW + ms, 1, &wait), 0);
		ck_assert_int_eq(wait, 1401 - ms);
		ck_assert_int_eq(memcmp(&b, &before, sizeof b), 0);
	}
	ck_assert_uint_eq(budget_take(&b, 50, NOW + 1401, 1, &wait), 1);
}
END_TEST

/* Whoever asks again when told to gets what the minute holds, a little late or not. */
START_TEST(the_budget_is_used_up_and_never_passed)
{
	static const int64_t rates[] = { 1, 7, 50, 60, 61, 100, 999, 12345, 1000000 };

	for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
		for (int64_t late = 0; late <= 40; late += 20) {
			const int64_t minutes = rates[i] < 100 ? 20 : 2;
			struct budget b = { 0 };
			int64_t now = NOW, wait, taken = 0;
			int64_t burst = (rates[i] + 59) / 60;

			while (now < NOW + minutes * 60000) {
				size_t n = budget_take(&b, rates[i], now, 1000000, &wait);

				taken += (int64_t)n;
				now += n > 0 ? 0 : wait + late;
				ck_assert_int_le(taken, rates[i] * (now - NOW) / 60000 + burst + 1);
			}
			ck_assert_msg(taken * 100 >= rates[i] * minutes * 95,
			              "%lld a minute, %lld ms late: %lld", (long long)rates[i],
			              (long long)late, (long long)taken);
		}
}
END_TEST

START_TEST(a_long_silence_saves_nothing_up)
{
	struct budget b = { 0 };
	int64_t wait;

	ck_assert_uint_eq(budget_take(&b, 120, NOW, 9, &wait), 2);
	ck_assert_uint_eq(budget_take(&b, 120, NOW + 3600000, 9, &wait), 2);
	ck_assert_uint_eq(budget_take(&b, 120, NOW + 3600000, 9, &wait), 0);
}
END_TEST

START_TEST(a_row_from_a_clock_that_is_ahead_holds_nobody_up_for_long)
{
	struct budget b = { 0 };
	int64_t wait;

	ck_assert_uint_eq(budget_take(&b, 50, NOW + 86400000, 1, &wait), 1);
	ck_assert_uint_eq(budget_take(&b, 50, NOW, 1, &wait), 0);
	ck_assert_int_eq(wait, 1200);
	ck_assert(budget_hold(&b, NOW + 86400000, 60000));
	ck_assert_uint_eq(budget_take(&b, 50, NOW, 1, &wait), 0);
	ck_assert_int_eq(wait, 1200);
	ck_assert(budget_hold(&b, NOW, 1000)); /* and is corrected */
	ck_assert_uint_eq(budget_take(&b, 50, NOW, 1, &wait), 0);
	ck_assert_int_eq(wait, 1000);
}
END_TEST

START_TEST(a_hold_is_waited_for_and_a_longer_one_stays)
{
	struct budget b = { 0 };
	int64_t wait;

	ck_assert(budget_hold(&b, NOW, 5000));
	ck_assert_uint_eq(budget_take(&b, 50, NOW, 1, &wait), 0);
	ck_assert_int_eq(wait, 5000);
	ck_assert(!budget_hold(&b, NOW + 1000, 2000));
	ck_assert_uint_eq(budget_take(&b, 50, NOW + 4999, 1, &wait), 0);
	ck_assert_int_eq(wait, 1);
	ck_assert_uint_eq(budget_take(&b, 50, NOW + 5000, 1, &wait), 1);
	ck_assert(budget_hold(&b, NOW + 5000, INT64_C(999999999)));
	ck_assert_uint_eq(budget_take(&b, 50, NOW + 6500, 1, &wait), 0);
	ck_assert_int_eq(wait, BUDGET_MAX_HOLD_MS - 1500);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("budget", a_burst_is_one_seconds_worth_and_at_least_one_request,
	                  what_was_refused_costs_nothing_and_the_wait_is_exact,
	                  the_budget_is_used_up_and_never_passed, a_long_silence_saves_nothing_up,
	                  a_row_from_a_clock_that_is_ahead_holds_nobody_up_for_long,
	                  a_hold_is_waited_for_and_a_longer_one_stays);
}

TEST_MAIN(make_suite)
