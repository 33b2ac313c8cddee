/* Randomness: a seed reproduces a run to the byte; the system's differs each time. */
#include "sys/rand.h"
#include "testing.h"

START_TEST(a_seed_gives_the_same_bytes_for_ever)
{
	struct rand_seeded a, b;
	struct randomness x = rand_seeded(&a, 42), y = rand_seeded(&b, 42);
	unsigned char p[64], q[64];

	rand_fill(&x, p, sizeof(p));
	rand_fill(&y, q, sizeof(q));
	ck_assert_mem_eq(p, q, sizeof(p));
	ck_assert_uint_eq(rand_u64(&x), rand_u64(&y));
	x = rand_seeded(&a, 0);
	ck_assert_uint_eq(rand_u64(&x),
	                  UINT64_C(0xe220a8397b1dcdaf)); /* published for this mixer */
	y = rand_seeded(&b, 43);
	rand_fill(&y, q, sizeof(q));
	ck_assert_mem_ne(p, q, sizeof(p));
}
END_TEST

START_TEST(every_number_below_n_comes_about_equally_often)
{
	struct rand_seeded state;
	struct randomness r = rand_seeded(&state, 7);
	int count[10] = { 0 };

	for (int i = 0; i < 10000; i++)
		count[rand_below(&r, 10)]++;
	for (int i = 0; i < 10; i++)
		ck_assert_msg(count[i] > 850 && count[i] < 1150, "%d: %d", i, count[i]);
	ck_assert_uint_eq(rand_below(&r, 1), 0);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_lt(rand_below(&r, UINT64_C(0x8000000000000001)),
		                  UINT64_C(0x8000000000000001));
}
END_TEST

START_TEST(the_system_never_says_the_same_twice)
{
	unsigned char p[300] = { 0 }, q[300] = { 0 };

	rand_fill(&rand_system, p, sizeof(p));
	rand_fill(&rand_system, q, sizeof(q));
	ck_assert_mem_ne(p, q, sizeof(p));
	ck_assert_mem_ne(p + 280, (unsigned char[20]){ 0 }, 20);
	rand_fill(&rand_system, p, 0);
}
END_TEST

START_TEST(ids_are_of_version_7_and_differ)
{
	struct uuid a = rand_uuid_v7(&rand_system, 1645557742000);
	struct uuid b = rand_uuid_v7(&rand_system, 1645557742000);

	ck_assert(!uuid_eq(a, b));
	ck_assert_mem_eq(a.b, b.b, 6);
	ck_assert_int_eq(a.b[6] >> 4, 7);
	ck_assert_int_eq(a.b[8] >> 6, 2);
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE("rand", a_seed_gives_the_same_bytes_for_ever,
	                  every_number_below_n_comes_about_equally_often,
	                  the_system_never_says_the_same_twice, ids_are_of_version_7_and_differ);
}

TEST_MAIN(suite)
