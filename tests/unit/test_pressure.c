/* When appliers stand back for the door: only under full commits, never for longer than allowed. */
#include "testing.h"
#include "work/pressure.h"

#define HOLD INT64_C(3000)
#define AT   INT64_C(1000)

/* Commits of `group` entries, one each `every` ms, from `from` to `to`; how long an applier that
 * asks after each was told to wait, in sum of ms at which it had to. */
static int64_t
held(struct pressure *p, size_t group, int64_t every, int64_t from, int64_t to)
{
	int64_t sum = 0;

	for (int64_t t = from; t < to; t++) {
		if ((t - from) % every == 0)
			pressure_committed(p, group, t);
		sum += pressure_hold_ms(p, t) > 0;
	}
	return sum;
}

START_TEST(few_callers_or_few_webhooks_hold_nobody)
{
	static const struct {
		size_t group;
		int64_t every;
	} light[] = { { 1, 1 }, { 8, 2 }, { 15, 1 }, { 64, 50 } };

	for (size_t i = 0; i < sizeof light / sizeof light[0]; i++) {
		struct pressure *p = pressure_new(HOLD);

		ck_assert_int_eq(held(p, light[i].group, light[i].every, AT, AT + 5000), 0);
		pressure_free(p);
	}
}
END_TEST

START_TEST(full_commits_one_after_the_other_hold_for_as_long_as_allowed_and_no_longer)
{
	struct pressure *p = pressure_new(HOLD);
	int64_t sum = held(p, 32, 2, AT, AT + 2 * HOLD);

	ck_assert_int_ge(sum, HOLD - 100);
	ck_assert_int_le(sum, HOLD);
	/* still full: not held again */
	ck_assert_int_eq(held(p, 32, 2, AT + 2 * HOLD, AT + 4 * HOLD), 0);
	/* a second of rest, and the next pressure may hold again */
	ck_assert_int_eq(held(p, 1, 2, AT + 4 * HOLD, AT + 4 * HOLD + 1200), 0);
	ck_assert_int_gt(held(p, 32, 2, AT + 5 * HOLD, AT + 6 * HOLD), HOLD / 2);
	pressure_free(p);
}
END_TEST

START_TEST(a_hold_ends_soon_after_the_pressure_does)
{
	struct pressure *p = pressure_new(HOLD);

	ck_assert_int_gt(held(p, 32, 2, AT, AT + 500), 300);
	ck_assert_int_le(pressure_hold_ms(p, AT + 500), 50);
	ck_assert_int_eq(pressure_hold_ms(p, AT + 700), 0);
	ck_assert_int_eq(pressure_hold_ms(p, AT + 701), 0);
	pressure_free(p);
}
END_TEST

START_TEST(zero_never_holds_and_a_clock_that_steps_back_does_not_either)
{
	struct pressure *p = pressure_new(0);

	ck_assert_int_eq(held(p, 32, 1, AT, AT + 1000), 0);
	pressure_free(p);
	p = pressure_new(HOLD);
	ck_assert_int_gt(held(p, 32, 1, AT + 100000, AT + 100500), 0);
	ck_assert_int_eq(pressure_hold_ms(p, AT), 0);
	/* nor does it make a hold longer than allowed */
	ck_assert_int_le(held(p, 32, 1, AT, AT + 4 * HOLD), HOLD);
	pressure_free(p);
	pressure_free(NULL);
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE(
		"pressure", few_callers_or_few_webhooks_hold_nobody,
		full_commits_one_after_the_other_hold_for_as_long_as_allowed_and_no_longer,
		a_hold_ends_soon_after_the_pressure_does,
		zero_never_holds_and_a_clock_that_steps_back_does_not_either);
}

TEST_MAIN(suite)
