/* Sealed secrets: they open only whole, at their place, with their key. */
#include "base/secretbox.h"
#include "testing.h"

static const unsigned char nonce[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static struct secretbox_keys
keys_of(int key, int previous)
{
	struct secretbox_keys k = { .has_previous = previous != 0 };

	memset(k.key, key, sizeof(k.key));
	memset(k.previous, previous, sizeof(k.previous));
	return k;
}

#define PLACE STR("connections/1/access_token")

START_TEST(a_box_opens_at_its_place)
{
	struct secretbox_keys k = keys_of(1, 0);
	struct str box = secretbox_seal(test_arena(), &k, PLACE, STR("EAAG token"), nonce), plain;

	ck_assert_uint_eq(box.n, 1 + 4 + 12 + 10 + 16);
	ck_assert_int_eq(box.p[0], 1);
	ck_assert_mem_eq(box.p + 5, nonce, 12);
	ck_assert_ok(secretbox_open(test_arena(), &k, PLACE, box, &plain));
	ck_assert_str(plain, "EAAG token");
	box = secretbox_seal(test_arena(), &k, STR(""), STR(""), nonce);
	ck_assert_ok(secretbox_open(test_arena(), &k, STR(""), box, &plain));
	ck_assert_str(plain, "");
}
END_TEST

START_TEST(a_box_of_another_row_does_not_open)
{
	struct secretbox_keys k = keys_of(1, 0);
	struct str box = secretbox_seal(test_arena(), &k, PLACE, STR("x"), nonce), plain = STR("-");

	ck_assert_err(
		secretbox_open(test_arena(), &k, STR("connections/2/access_token"), box, &plain),
		ERR_CORRUPT);
	ck_assert_str(plain, "-");
}
END_TEST

START_TEST(every_changed_bit_and_every_cut_is_noticed)
{
	struct secretbox_keys k = keys_of(1, 2);
	struct str box = secretbox_seal(test_arena(), &k, PLACE, STR("secret"), nonce), plain;

	for (size_t i = 0; i < box.n * 8; i++) {
		char *copy = arena_copy(test_arena(), box.p, box.n);

		copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
		ck_assert_err(secretbox_open(test_arena(), &k, PLACE, str_n(copy, box.n), &plain),
		              ERR_CORRUPT);
	}
	for (size_t n = 0; n < box.n; n++)
		ck_assert_err(secretbox_open(test_arena(), &k, PLACE, str_n(box.p, n), &plain),
		              ERR_CORRUPT);
	ck_assert_err(secretbox_open(test_arena(), &k, PLACE, STR_NONE, &plain), ERR_CORRUPT);
}
END_TEST

START_TEST(the_previous_key_still_opens_and_is_known_as_old)
{
	struct secretbox_keys old = keys_of(1, 0), now = keys_of(2, 1), later = keys_of(3, 0);
	struct str box = secretbox_seal(test_arena(), &old, PLACE, STR("x"), nonce), plain;

	ck_assert_ok(secretbox_open(test_arena(), &now, PLACE, box, &plain));
	ck_assert(secretbox_is_old(&now, box));
	ck_assert(!secretbox_is_old(&old, box));
	ck_assert(!secretbox_is_old(&later, box));
	ck_assert(!secretbox_is_old(&now, STR_NONE));
	ck_assert_err(secretbox_open(test_arena(), &later, PLACE, box, &plain), ERR_CORRUPT);
	box = secretbox_seal(test_arena(), &now, PLACE, STR("x"), nonce);
	ck_assert(!secretbox_is_old(&now, box));
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE("secretbox", a_box_opens_at_its_place, a_box_of_another_row_does_not_open,
	                  every_changed_bit_and_every_cut_is_noticed,
	                  the_previous_key_still_opens_and_is_known_as_old);
}

TEST_MAIN(suite)
