/* Phone numbers: the table of tests/data/phone-keys.json and laws over every short text. */
#include "core/phone.h"

#include <stdio.h>

#include "testing.h"

START_TEST(every_row_of_the_table_reads_as_written)
{
	const cJSON *table = test_data_json("phone-keys.json");

	ck_assert_uint_ge(json_count(table), 50);
	for (const cJSON *row = json_first(table); row != NULL; row = row->next) {
		struct str input = json_str(json_get(row, "input"));
		struct str digits = phone_digits(test_arena(), input);
		struct str expected = json_str(json_get(row, "digits"));
		ck_assert_msg(str_eq(digits, expected) &&
		                      str_is_set(digits) == str_is_set(expected),
		              "%s: digits are '" STR_FMT "'", input.p, STR_ARG(digits));
		if (!str_is_set(digits))
			continue;
		struct str key = phone_match_key(test_arena(), digits);
		ck_assert_msg(str_eq(key, json_str(json_get(row, "key"))),
		              "%s: key is '" STR_FMT "'", input.p, STR_ARG(key));
	}
}
END_TEST

START_TEST(rows_with_one_key_are_one_number_and_others_are_not)
{
	const cJSON *table = test_data_json("phone-keys.json");

	for (const cJSON *a = json_first(table); a != NULL; a = a->next)
		for (const cJSON *b = a; b != NULL; b = b->next) {
			struct str x = json_str(json_get(a, "digits"));
			struct str y = json_str(json_get(b, "digits"));
			bool same =
				str_is_set(x) && str_is_set(y) &&
				str_eq(json_str(json_get(a, "key")), json_str(json_get(b, "key")));
			ck_assert_msg(phone_same(test_arena(), x, y) == same,
			              STR_FMT " and " STR_FMT, STR_ARG(x), STR_ARG(y));
		}
}
END_TEST

START_TEST(absent_numbers_are_never_the_same)
{
	ck_assert(!phone_same(test_arena(), STR_NONE, STR_NONE));
	ck_assert(!phone_same(test_arena(), STR(""), STR("")));
	ck_assert(!phone_same(test_arena(), STR("351911222333"), STR_NONE));
}
END_TEST

/* All texts of up to five characters over an alphabet that has every kind of them. */
START_TEST(digits_read_again_are_the_same_digits)
{
	static const char alphabet[] = "0+9 a\xA0\xC2";
	enum { KINDS = sizeof alphabet - 1, LENGTH = 5 };
	size_t read = 0;

	for (unsigned long code = 0; code < 16807UL; code++) {
		char text[LENGTH];
		unsigned long rest = code;
		for (size_t i = 0; i < LENGTH; i++, rest /= KINDS)
			text[i] = alphabet[rest % KINDS];
		for (size_t n = 0; n <= LENGTH; n++) {
			struct str once = phone_digits(test_arena(), str_n(text, n));
			if (!str_is_set(once))
				continue;
			read++;
			ck_assert(once.n >= 1 && once.n <= n);
			ck_assert(!str_starts(once, STR("00")));
			ck_assert(str_eq(once, phone_digits(test_arena(), once)));
		}
	}
	ck_assert_uint_gt(read, 1000);
}
END_TEST

START_TEST(a_match_key_has_itself_as_key)
{
	char digits[14] = "0000000000000";
	static const char *const prefixes[] = { "5511", "5599", "5500", "521", "549", "3519" };

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		for (int tail = 0; tail < 1000; tail++) {
			memcpy(digits, prefixes[i], strlen(prefixes[i]));
			snprintf(digits + strlen(prefixes[i]), 4, "%03d", tail);
			digits[strlen(prefixes[i]) + 3] = '1';
			for (size_t n = 1; n <= 13; n++) {
				struct str key = phone_match_key(test_arena(), str_n(digits, n));
				ck_assert(str_eq(key, phone_match_key(test_arena(), key)));
			}
			memcpy(digits, "0000000000000", 13);
		}
}
END_TEST

START_TEST(business_scoped_ids_are_known_by_their_form)
{
	char longest[4 + 4 + 129] = "PT.";

	memset(longest + 3, 'x', 129);
	ck_assert(phone_is_bsuid(STR("PT.48210077315520964402")));
	ck_assert(phone_is_bsuid(STR("BR.aZ9")));
	ck_assert(phone_is_bsuid(STR("PT.ENT.7")));
	ck_assert(phone_is_bsuid(STR("PT.ENT")));
	ck_assert(phone_is_bsuid(str_n(longest, 3 + 128)));
	ck_assert(!phone_is_bsuid(str_n(longest, 3 + 129)));
	ck_assert(!phone_is_bsuid(STR("PT.ENT.")));
	ck_assert(!phone_is_bsuid(STR("PT.")));
	ck_assert(!phone_is_bsuid(STR("pt.123")));
	ck_assert(!phone_is_bsuid(STR("PTX.123")));
	ck_assert(!phone_is_bsuid(STR("PT.12.3")));
	ck_assert(!phone_is_bsuid(STR("PT.12 3")));
	ck_assert(!phone_is_bsuid(STR("351911222333")));
	ck_assert(!phone_is_bsuid(STR("")));
	ck_assert(!phone_is_bsuid(STR_NONE));
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("phone", every_row_of_the_table_reads_as_written,
	                  rows_with_one_key_are_one_number_and_others_are_not,
	                  absent_numbers_are_never_the_same, digits_read_again_are_the_same_digits,
	                  a_match_key_has_itself_as_key,
	                  business_scoped_ids_are_known_by_their_form);
}

TEST_MAIN(make_suite)
