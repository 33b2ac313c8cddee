/*
 * Answers that were paid for: whatever befalls the analyser or its database while they wait to be
 * stored, they are kept, counted where they were paid, and not paid again. ENGINE says on which
 * engine.
 */
#include "analyser_fixture.h"

#define MANY (ANALYSER_GROUP + 4) /* answers: more than one transaction stores */

/* Every session was asked about once, and is done. */
static void
check_paid_once(struct bureau *o, const struct uuid *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct bureau_row row = bureau_row(o, v[i]);

		ck_assert_msg(str_eq(row.status, STR("done")), "%zu: " STR_FMT, i,
		              STR_ARG(row.status));
		ck_assert_msg(bureau_times(o, v[i]) == 1, "%zu: asked %zu times", i,
		              bureau_times(o, v[i]));
		ck_assert_int_eq(row.attempts, 1);
		ck_assert_int_eq(row.interrupted + row.retry_count + row.lost, 0);
	}
}

/* Their leases are over when the database is back. */
START_TEST(answers_that_waited_longer_than_their_leases_are_not_paid_again)
{
	struct bureau *o = bureau_open();
	struct uuid *v = bureau_sessions(o, MANY), job = bureau_in_flight(o, MANY);

	bureau_away(o, 0, true);
	bureau_pass(o, 2 * o->options.timeout_ms + TIME_MINUTE);
	bureau_away(o, 0, false);
	ck_assert_str(bureau_run(o, job), "succeeded");
	ck_assert_int_eq(bureau_tally(o, job).processed, MANY);
	ck_assert_uint_eq(o->nasked, MANY);
	check_paid_once(o, v, MANY);
	bureau_close(o);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("analyser paid",
	                  answers_that_waited_longer_than_their_leases_are_not_paid_again);
}

BUREAU_MAIN(make_suite)
