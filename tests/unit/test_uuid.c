/* UUIDs: version 7, text there and back. */
#include "base/uuid.h"
#include "testing.h"

static const unsigned char ones[10] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
};

START_TEST(the_example_of_rfc_9562_comes_out)
{
	/* appendix A.6: 017F22E2-79B0-7CC3-98C4-DC0C0C07398F at 1645557742000 ms */
	static const unsigned char random[10] = { 0x0c, 0xc3, 0x18, 0xc4, 0xdc,
		                                  0x0c, 0x0c, 0x07, 0x39, 0x8f };

	ck_assert_str(uuid_text(test_arena(), uuid_v7(1645557742000, random)),
	              "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}
END_TEST

START_TEST(version_and_variant_stand_whatever_the_random_bytes_are)
{
	static const unsigned char zeros[10];

	ck_assert_str(uuid_text(test_arena(), uuid_v7(0, ones)),
	              "00000000-0000-7fff-bfff-ffffffffffff");
	ck_assert_str(uuid_text(test_arena(), uuid_v7(-1, zeros)),
	              "00000000-0000-7000-8000-000000000000");
}
END_TEST

START_TEST(later_ids_sort_after_earlier_ones)
{
	static const unsigned char zeros[10];

	ck_assert_int_lt(uuid_cmp(uuid_v7(255, ones), uuid_v7(256, zeros)), 0);
	ck_assert_int_eq(uuid_cmp(uuid_v7(5, ones), uuid_v7(5, ones)), 0);
	ck_assert(uuid_eq(uuid_v7(5, ones), uuid_v7(5, ones)));
	ck_assert(!uuid_eq(uuid_v7(5, ones), uuid_v7(6, ones)));
}
END_TEST

START_TEST(the_floor_of_a_time_divides_ids_by_their_time)
{
	static const unsigned char zeros[10];
	struct uuid floor = uuid_v7_floor(256);

	ck_assert_int_lt(uuid_cmp(uuid_v7(255, ones), floor), 0);
	ck_assert_int_le(uuid_cmp(floor, uuid_v7(256, zeros)), 0);
	ck_assert_int_lt(uuid_cmp(floor, uuid_v7(256, ones)), 0);
	ck_assert(!uuid_is_nil(uuid_v7_floor(0)));
	ck_assert(uuid_eq(uuid_v7_floor(-1), uuid_v7_floor(0)));
	ck_assert_int_lt(uuid_cmp(uuid_v7_floor(0), uuid_v7(1, zeros)), 0);
}
END_TEST

START_TEST(either_case_is_read_and_lower_case_is_written)
{
	struct uuid u;

	ck_assert_ok(uuid_parse(STR("017F22E2-79b0-7CC3-98C4-DC0C0C07398F"), &u));
	ck_assert_str(uuid_text(test_arena(), u), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
	ck_assert(!uuid_is_nil(u));
	ck_assert_ok(uuid_parse(STR("00000000-0000-0000-0000-000000000000"), &u));
	ck_assert(uuid_is_nil(u));
}
END_TEST

START_TEST(what_is_not_a_uuid_is_refused)
{
	static const char *const bad[] = {
		"",
		"017f22e279b07cc398c4dc0c0c07398f",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
		"017f22e2-79b07-cc3-98c4-dc0c0c07398f",
		"{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
	};
	struct uuid u = uuid_v7(5, ones);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(uuid_parse(str_from(bad[i]), &u) == ERR_INVALID, "\"%s\"", bad[i]);
	ck_assert_err(uuid_parse(STR_NONE, &u), ERR_INVALID);
	ck_assert(uuid_eq(u, uuid_v7(5, ones)));
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE(
		"uuid", the_example_of_rfc_9562_comes_out,
		version_and_variant_stand_whatever_the_random_bytes_are,
		later_ids_sort_after_earlier_ones, the_floor_of_a_time_divides_ids_by_their_time,
		either_case_is_read_and_lower_case_is_written, what_is_not_a_uuid_is_refused);
}

TEST_MAIN(suite)
