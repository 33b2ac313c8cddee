/* What is said of times that were measured. */
#include "core/kpi.h"

#include "testing.h"

static struct kpi_summary
summary_of(const int64_t *v, size_t n)
{
	struct kpi k;

	kpi_init(&k, test_arena());
	for (size_t i = 0; i < n; i++)
		kpi_add(&k, STR("x"), v[i]);
	return kpi_summarize(test_arena(), kpi_group(&k, STR("x")));
}
#define SUMMARY(...)                                                                               \
	summary_of((const int64_t[]){ __VA_ARGS__ },                                               \
	           sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))

START_TEST(of_nothing_nothing_is_said)
{
	struct kpi_summary s = SUMMARY(-1, -1);

	ck_assert_int_eq(s.average, -1);
	ck_assert_int_eq(s.median, -1);
	ck_assert_int_eq(s.p90, -1);
	ck_assert_int_eq(s.with, 0);
	ck_assert_int_eq(s.without, 2);
}
END_TEST

START_TEST(middle_and_slow_tenth_are_of_the_sorted_times)
{
	struct kpi_summary s = SUMMARY(30, 10, -1, 20);

	ck_assert_int_eq(s.average, 20);
	ck_assert_int_eq(s.median, 20);
	ck_assert_int_eq(s.p90, 30);
	ck_assert_int_eq(s.with, 3);
	ck_assert_int_eq(s.without, 1);
	s = SUMMARY(4, 1);
	ck_assert_int_eq(s.median, 2);
	ck_assert_int_eq(s.p90, 4);
	s = SUMMARY(10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
	ck_assert_int_eq(s.median, 5);
	ck_assert_int_eq(s.p90, 9);
	s = SUMMARY(0);
	ck_assert_int_eq(s.average, 0);
	ck_assert_int_eq(s.p90, 0);
}
END_TEST

START_TEST(sums_do_not_overflow)
{
	struct kpi_summary s = SUMMARY(INT64_MAX, INT64_MAX, INT64_MAX - 3);

	ck_assert_int_eq(s.average, INT64_MAX - 1);
	ck_assert_int_eq(s.median, INT64_MAX);
}
END_TEST

START_TEST(groups_come_in_the_order_of_their_names)
{
	struct kpi k;

	kpi_init(&k, test_arena());
	for (int i = 99; i >= 0; i--)
		kpi_add(&k, str_fmt(test_arena(), "%02d", i % 50), i);
	kpi_sort(&k);
	ck_assert_uint_eq(k.n, 50);
	for (size_t i = 0; i < k.n; i++) {
		ck_assert_slice(k.groups[i].name, str_fmt(test_arena(), "%02zu", i));
		ck_assert_uint_eq(k.groups[i].n, 2);
		ck_assert_ptr_eq(kpi_group(&k, k.groups[i].name), &k.groups[i]);
	}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("kpi", of_nothing_nothing_is_said,
	                  middle_and_slow_tenth_are_of_the_sorted_times, sums_do_not_overflow,
	                  groups_come_in_the_order_of_their_names);
}

TEST_MAIN(make_suite)
