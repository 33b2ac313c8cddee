/* When an alert fires and when it is over; how often a receiver is tried. */
#include "core/alert.h"
#include "testing.h"

#define NOW INT64_C(1768906800000)

START_TEST(every_kind_has_a_name_and_two_sentences)
{
	for (enum alert_kind k = 0; k < ALERT_KINDS; k++) {
		ck_assert_int_eq(alert_kind_of(str_from(alert_kind_names[k])), k);
		ck_assert_str_ne(alert_text(k, true), alert_text(k, false));
	}
	ck_assert_ptr_null(alert_kind_names[ALERT_KINDS]);
	ck_assert_int_eq(alert_kind_of(STR("else")), ALERT_KINDS);
}
END_TEST

START_TEST(a_journal_at_the_limit_does_not_flicker)
{
	ck_assert(!alert_journal_late(TIME_NONE, NOW, true));
	ck_assert(!alert_journal_late(NOW - 59999, NOW, false));
	ck_assert(alert_journal_late(NOW - 60000, NOW, false));
	ck_assert(alert_journal_late(NOW - 30000, NOW, true));
	ck_assert(!alert_journal_late(NOW - 29999, NOW, true));
}
END_TEST

START_TEST(three_failed_imports_are_an_alert_until_one_ends_well)
{
	struct alert_import v = { .set_up_at = NOW - TIME_DAY,
		                  .succeeded_at = TIME_NONE,
		                  .failed = 2,
		                  .watched_from = NOW };

	ck_assert(!alert_import_fails(&v, TIME_NONE, NOW));
	v.failed = 3;
	ck_assert(alert_import_fails(&v, TIME_NONE, NOW));
	ck_assert(alert_import_fails(&v, alert_import_since(&v), NOW));
	v.running = true; /* begun is not ended */
	ck_assert(alert_import_fails(&v, alert_import_since(&v), NOW));
	v.succeeded_at = NOW + 1;
	ck_assert(!alert_import_fails(&v, NOW - TIME_DAY, NOW + 1));
}
END_TEST

START_TEST(an_import_is_late_only_where_it_is_periodic_and_somebody_was_there)
{
	struct alert_import v = { .set_up_at = NOW - TIME_DAY,
		                  .succeeded_at = NOW - TIME_DAY / 2,
		                  .every_ms = 30 * TIME_MINUTE,
		                  .watched_from = NOW - 2 * TIME_HOUR };

	ck_assert(!alert_import_fails(&v, TIME_NONE, NOW));
	ck_assert(alert_import_fails(&v, TIME_NONE, NOW + 1));
	v.running = true; /* a first one takes days */
	ck_assert(!alert_import_fails(&v, TIME_NONE, NOW + 1));
	v.running = false;
	v.every_ms = 0;
	ck_assert(!alert_import_fails(&v, TIME_NONE, NOW + 1));
	ck_assert(!alert_import_fails(&v, v.succeeded_at, NOW + 1)); /* it was turned off */
	v.every_ms = TIME_MINUTE;
	v.watched_from = NOW;
	ck_assert(!alert_import_fails(&v, TIME_NONE, NOW + TIME_HOUR));
	ck_assert(alert_import_fails(&v, TIME_NONE, NOW + TIME_HOUR + 1));
}
END_TEST

START_TEST(of_a_reason_only_a_code_is_told)
{
	ck_assert_str(alert_code(STR("PARTNER_REMOVED")), "PARTNER_REMOVED");
	ck_assert_str(alert_code(STR("DISABLE: ask Ana")), "DISABLE");
	ck_assert_none(alert_code(STR("Ana asked for it")));
	ck_assert_none(alert_code(STR("+5511999990000")));
	ck_assert_none(alert_code(STR_NONE));
}
END_TEST

START_TEST(pauses_grow_up_to_an_hour)
{
	int64_t last = 0;

	for (unsigned n = 1; n < 40; n++) {
		int64_t longest = alert_next_try_at(n, NOW, 0) - NOW;

		ck_assert_int_ge(longest, last);
		ck_assert_int_le(longest, TIME_HOUR);
		ck_assert_int_gt(alert_next_try_at(n, NOW, UINT64_MAX) - NOW, longest / 2);
		last = longest;
	}
	ck_assert_int_eq(alert_next_try_at(1, NOW, 0), NOW + TIME_SECOND);
	ck_assert_int_eq(last, TIME_HOUR);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("alert", every_kind_has_a_name_and_two_sentences,
	                  a_journal_at_the_limit_does_not_flicker,
	                  three_failed_imports_are_an_alert_until_one_ends_well,
	                  an_import_is_late_only_where_it_is_periodic_and_somebody_was_there,
	                  of_a_reason_only_a_code_is_told, pauses_grow_up_to_an_hour);
}
TEST_MAIN(make_suite)
