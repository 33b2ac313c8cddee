/* Guessing of credentials is slowed, and by the right address. */
#include "api/throttle.h"

#include "testing.h"

static const unsigned char right[32] = { 1 }, wrong[32] = { 2 };

START_TEST(five_failures_in_a_minute_make_an_address_wait_for_the_rest_of_it)
{
	struct throttle *t = throttle_new();

	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(throttle_wait_s(t, STR("192.0.2.1"), wrong, 1000 + i), 0);
		throttle_failed(t, STR("192.0.2.1"), 1000 + i);
	}
	ck_assert_int_eq(throttle_wait_s(t, STR("192.0.2.1"), wrong, 1005), 60);
	ck_assert_int_eq(throttle_wait_s(t, STR("192.0.2.1"), wrong, 60999), 1);
	ck_assert_int_eq(throttle_wait_s(t, STR("192.0.2.2"), wrong, 1005), 0);
	ck_assert_int_eq(throttle_wait_s(t, STR("192.0.2.1"), wrong, 61000), 0);
	throttle_failed(t, STR("192.0.2.1"), 61000);
	ck_assert_int_eq(throttle_wait_s(t, STR("192.0.2.1"), wrong, 61001), 0);
	throttle_free(t);
}
END_TEST

START_TEST(a_credential_that_was_right_from_here_is_not_made_to_wait)
{
	struct throttle *t = throttle_new();

	throttle_passed(t, STR("192.0.2.1"), right, 1000);
	for (int i = 0; i < 9; i++)
		throttle_failed(t, STR("192.0.2.1"), 1000);
	ck_assert_int_eq(throttle_wait_s(t, STR("192.0.2.1"), right, 1001), 0);
	ck_assert_int_gt(throttle_wait_s(t, STR("192.0.2.1"), wrong, 1001), 0);
	throttle_free(t);
}
END_TEST

START_TEST(a_flood_of_addresses_does_not_free_the_one_that_fails_now)
{
	struct throttle *t = throttle_new();

	for (int i = 0; i < 20000; i++)
		throttle_failed(t, str_fmt(test_arena(), "10.0.%d.%d", i / 256, i % 256),
		                1000 + i / 100);
	for (int i = 0; i < 5; i++)
		throttle_failed(t, STR("192.0.2.1"), 1300);
	ck_assert_int_gt(throttle_wait_s(t, STR("192.0.2.1"), wrong, 1301), 0);
	throttle_free(t);
}
END_TEST

static struct str
real(const char *peer, const char *forwarded, const char *trusted)
{
	return throttle_address(test_arena(), str_from(peer), str_from(forwarded),
	                        str_from(trusted));
}

START_TEST(only_trusted_proxies_are_believed_about_whom_they_forward)
{
	ck_assert_str(real("192.0.2.9", "1.1.1.1", ""), "192.0.2.9");
	ck_assert_str(real("192.0.2.9", "1.1.1.1", "127.0.0.1"), "192.0.2.9");
	ck_assert_str(real("127.0.0.1", NULL, "127.0.0.1"), "127.0.0.1");
	ck_assert_str(real("127.0.0.1", "1.1.1.1", "127.0.0.1"), "1.1.1.1");
	/* what stands before the last untrusted one was written by who knows whom */
	ck_assert_str(real("127.0.0.1", "6.6.6.6, 1.1.1.1", "127.0.0.1"), "1.1.1.1");
	ck_assert_str(real("127.0.0.1", "6.6.6.6, 1.1.1.1, 10.9.8.7", "127.0.0.1, 10.0.0.0/8"),
	              "1.1.1.1");
	ck_assert_str(real("::1", "2001:db8::5", "::1/128"), "2001:db8::5");
	ck_assert_str(real("10.128.0.1", "1.1.1.1", "10.0.0.0/9"), "10.128.0.1");
	ck_assert_str(real("10.127.0.1", "1.1.1.1", "10.0.0.0/9"), "1.1.1.1");
	ck_assert_str(real("127.0.0.1", "1.1.1.1", "nonsense,127.0.0.1/64"), "127.0.0.1");
	ck_assert_str(real("127.0.0.1", " , ", "127.0.0.1"), "127.0.0.1");
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("throttle",
	                  five_failures_in_a_minute_make_an_address_wait_for_the_rest_of_it,
	                  a_credential_that_was_right_from_here_is_not_made_to_wait,
	                  a_flood_of_addresses_does_not_free_the_one_that_fails_now,
	                  only_trusted_proxies_are_believed_about_whom_they_forward);
}

TEST_MAIN(make_suite)
