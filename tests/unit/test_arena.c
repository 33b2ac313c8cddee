/* The arena: zeroed, aligned, capped, and the same again after a reset. */
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing.h"

START_TEST(memory_is_zeroed_and_aligned_again_after_a_reset)
{
	struct arena *a = arena_new(1 << 20);

	for (int round = 0; round < 3; round++) {
		for (size_t n = 0; n < 300; n++) {
			unsigned char *p = arena_alloc(a, n);

			ck_assert_uint_eq((uintptr_t)p % 16, 0);
			for (size_t i = 0; i < n; i++)
				ck_assert_uint_eq(p[i], 0);
			memset(p, 0xa5, n);
		}
		arena_reset(a);
		ck_assert_uint_eq(arena_used(a), 0);
	}
	arena_free(a);
}
END_TEST

START_TEST(pieces_do_not_overlap_across_blocks)
{
	struct arena *a = arena_new(8 << 20);
	unsigned char *p[400];

	for (size_t i = 0; i < 400; i++) {
		p[i] = arena_alloc(a, 1 + i * 37);
		memset(p[i], (int)(i & 0xff), 1 + i * 37);
	}
	for (size_t i = 0; i < 400; i++)
		for (size_t k = 0; k < 1 + i * 37; k += 17)
			ck_assert_uint_eq(p[i][k], i & 0xff);
	arena_free(a);
}
END_TEST

START_TEST(passing_the_cap_is_an_error_of_the_input_not_a_crash)
{
	struct arena *a = arena_new(1000);
	char *p;

	(void)arena_alloc(a, 992);
	ck_assert_ok(arena_check(a));
	p = arena_alloc(a, 900);
	memset(p, 1, 900);
	ck_assert_err(arena_check(a), ERR_TOO_LARGE);
	arena_reset(a);
	ck_assert_ok(arena_check(a));
	(void)arena_alloc(a, 1500);
	ck_assert_err(arena_check(a), ERR_TOO_LARGE);
	arena_free(a);
}
END_TEST

START_TEST(a_try_stops_at_the_cap_and_marks_nothing)
{
	struct arena *a = arena_new(160);

	for (int i = 0; i < 10; i++)
		ck_assert_ptr_nonnull(arena_try_alloc(a, 16));
	ck_assert_ptr_null(arena_try_alloc(a, 1));
	ck_assert_ptr_null(arena_try_alloc(a, SIZE_MAX));
	ck_assert_ok(arena_check(a));
	ck_assert_uint_eq(arena_used(a), 160);
	arena_fail(a);
	ck_assert_err(arena_check(a), ERR_TOO_LARGE);
	arena_free(a);
}
END_TEST

/* Whether the child that runs `f` ends by abort. */
static bool
aborts(void (*f)(struct arena *))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		(void)close(STDERR_FILENO);
		(void)signal(SIGABRT, SIG_DFL);
		f(arena_new(1000));
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void
within_twice(struct arena *a)
{
	(void)arena_alloc(a, 992);
	(void)arena_alloc(a, 992);
}

static void
beyond_twice(struct arena *a)
{
	within_twice(a);
	(void)arena_alloc(a, 32);
}

static void
overflowing_product(struct arena *a)
{
	(void)arena_array(a, SIZE_MAX / 2, 3);
}

START_TEST(only_twice_the_cap_or_an_impossible_size_aborts)
{
	ck_assert(!aborts(within_twice));
	ck_assert(aborts(beyond_twice));
	ck_assert(aborts(overflowing_product));
}
END_TEST

START_TEST(a_copy_ends_with_a_nul)
{
	char *p = arena_copy(test_arena(), "abc", 3);

	ck_assert_str_eq(p, "abc");
	ck_assert_str_eq(arena_copy(test_arena(), NULL, 0), "");
}
END_TEST

START_TEST(a_list_grows_by_zeroed_elements_and_keeps_what_it_had)
{
	struct {
		size_t i, zero;
	} *v = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < 1000; i++) {
		ck_assert_uint_eq(ARENA_ADD(test_arena(), v, n, cap)->i, 0);
		ck_assert_uint_eq(n, i + 1);
		ck_assert_uint_ge(cap, n);
		v[i].i = i + 1;
	}
	for (size_t i = 0; i < n; i++)
		ck_assert(v[i].i == i + 1 && v[i].zero == 0);
	ck_assert_uint_lt(cap, 2 * n + 1);
}
END_TEST

START_TEST(nothing_is_given_back_twice)
{
	arena_free(NULL);
	ck_assert_ptr_ne(arena_alloc(test_arena(), 0), arena_alloc(test_arena(), 0));
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE("arena", memory_is_zeroed_and_aligned_again_after_a_reset,
	                  pieces_do_not_overlap_across_blocks,
	                  passing_the_cap_is_an_error_of_the_input_not_a_crash,
	                  a_try_stops_at_the_cap_and_marks_nothing,
	                  only_twice_the_cap_or_an_impossible_size_aborts, a_copy_ends_with_a_nul,
	                  a_list_grows_by_zeroed_elements_and_keeps_what_it_had,
	                  nothing_is_given_back_twice);
}

TEST_MAIN(suite)
