/* Where a walk ends, as tables of pages: whatever hints there are, and whether the source does as
 * it is asked. */
#include "core/hd_walk.h"

#include <stdio.h>

#include "walk_fixture.h"

#define NO HD_NO_N

START_TEST(a_walk_ends_where_the_table_says)
{
	static const struct {
		const char *name;
		struct {
			const char *ids;
			struct hd_hints hints;
			enum hd_stop stop;
		} pages[6];
	} rows[] = {
		{ "nothing at all", { { "", { NO, NO, NO }, HD_STOP_EMPTY } } },
		{ "an empty page whatever the hints", { { "", { 1, 1, 9 }, HD_STOP_EMPTY } } },
		{ "without hints until a shorter page",
		  { { "abc", { NO, NO, NO }, HD_GO_ON },
		    { "def", { NO, NO, NO }, HD_GO_ON },
		    { "gh", { NO, NO, NO }, HD_STOP_SHORT } } },
		{ "without hints the first page is never short",
		  { { "a", { NO, NO, NO }, HD_GO_ON }, { "", { NO, NO, NO }, HD_STOP_EMPTY } } },
		{ "a longer page is not short",
		  { { "ab", { NO, NO, NO }, HD_GO_ON },
		    { "cde", { NO, NO, NO }, HD_GO_ON },
		    { "fg", { NO, NO, NO }, HD_GO_ON },
		    { "h", { NO, NO, NO }, HD_STOP_SHORT } } },
		{ "shorter than the first page, not than was asked for",
		  { { "abcde", { NO, NO, NO }, HD_GO_ON },
		    { "fghi", { NO, NO, NO }, HD_STOP_SHORT } } },
		{ "has more: false", { { "abc", { 0, NO, NO }, HD_STOP_SAID } } },
		{ "has more: true, and short pages go on",
		  { { "abc", { 1, NO, NO }, HD_GO_ON },
		    { "d", { 1, NO, NO }, HD_GO_ON },
		    { "e", { 0, NO, NO }, HD_STOP_SAID } } },
		{ "has more wins over totals that are used up",
		  { { "abc", { 1, 1, 1 }, HD_GO_ON }, { "def", { 1, 2, 1 }, HD_GO_ON } } },
		{ "totals",
		  { { "abc", { NO, 1, 3 }, HD_GO_ON },
		    { "d", { NO, 2, 3 }, HD_GO_ON },
		    { "efg", { NO, 3, 3 }, HD_STOP_LAST } } },
		{ "totals without the page's own number",
		  { { "abc", { NO, NO, 2 }, HD_GO_ON }, { "d", { NO, NO, 2 }, HD_STOP_LAST } } },
		{ "one page by its totals", { { "abc", { NO, 1, 1 }, HD_STOP_LAST } } },
		{ "a number that means something else does not end a walk",
		  { { "abc", { NO, 50, 2 }, HD_GO_ON }, { "def", { NO, 50, 2 }, HD_STOP_LAST } } },
		{ "numbers from 0 cost one more page",
		  { { "abc", { NO, 0, 2 }, HD_GO_ON },
		    { "def", { NO, 1, 2 }, HD_GO_ON },
		    { "", { NO, 2, 2 }, HD_STOP_EMPTY } } },
		{ "the page before in place of the last is not the last",
		  { { "abc", { NO, 1, 2 }, HD_GO_ON },
		    { "cde", { NO, 1, 2 }, HD_GO_ON },
		    { "f", { NO, 3, 2 }, HD_STOP_LAST } } },
		{ "a number alone is a hint: short pages go on",
		  { { "abc", { NO, 1, NO }, HD_GO_ON },
		    { "d", { NO, 2, NO }, HD_GO_ON },
		    { "", { NO, 3, NO }, HD_STOP_EMPTY } } },
		{ "a source that ignores the page",
		  { { "abc", { NO, NO, NO }, HD_GO_ON },
		    { "cba", { NO, NO, NO }, HD_STOP_NOTHING_NEW } } },
		{ "a page that was seen, though not just before",
		  { { "abc", { 1, NO, NO }, HD_GO_ON },
		    { "def", { 1, NO, NO }, HD_GO_ON },
		    { "abf", { 1, NO, NO }, HD_STOP_NOTHING_NEW } } },
		{ "one new id is enough to go on",
		  { { "abc", { 1, NO, NO }, HD_GO_ON }, { "bcd", { 1, NO, NO }, HD_GO_ON } } },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena *a = arena_new(1 << 20);
		struct hd_walk w;

		hd_walk_init(&w, a, 1000);
		for (int k = 0; k < 6 && rows[i].pages[k].ids != NULL; k++) {
			struct hd_page p =
				walk_page(rows[i].pages[k].ids, NULL, rows[i].pages[k].hints);
			enum hd_stop stop;

			ck_assert_int_eq(w.page, k + 1);
			stop = hd_walk_page(&w, &p);
			ck_assert_msg(stop == rows[i].pages[k].stop, "%s, page %d: %s",
			              rows[i].name, k + 1, hd_stop_name(stop));
		}
		arena_free(a);
	}
}
END_TEST

START_TEST(too_many_pages_are_an_error_unless_the_last_of_them_ends_the_walk)
{
	struct hd_page p = walk_page("a", NULL, (struct hd_hints){ 1, NO, NO });
	struct hd_page q = walk_page("b", NULL, (struct hd_hints){ 1, NO, NO });
	struct hd_page last = walk_page("b", NULL, (struct hd_hints){ 0, NO, NO });
	struct arena *a = arena_new(1 << 20);
	struct hd_walk w;

	hd_walk_init(&w, a, 2);
	ck_assert_int_eq(hd_walk_page(&w, &p), HD_GO_ON);
	ck_assert_int_eq(hd_walk_page(&w, &q), HD_STOP_TOO_MANY);
	hd_walk_init(&w, a, 2);
	ck_assert_int_eq(hd_walk_page(&w, &p), HD_GO_ON);
	ck_assert_int_eq(hd_walk_page(&w, &last), HD_STOP_SAID);
	arena_free(a);
}
END_TEST

/* A million ids: each is new once, and the memory is what the header says. */
START_TEST(a_long_walk_remembers_every_id)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct hd_key keys[1000];
	int64_t times[1000] = { 0 };
	char text[1000][16];
	struct hd_page p = { .n = 1000, .keys = keys, .times = times, .hints = { 1, NO, NO } };
	struct hd_walk w;

	hd_walk_init(&w, a, 5000);
	for (int page = 0; page < 1001; page++) {
		for (int i = 0; i < 1000; i++) {
			int n = snprintf(text[i], sizeof text[i], "%d",
			                 page < 1000 ? page * 1000 + i : i * 1000 + i);

			keys[i] = (struct hd_key){ str_n(text[i], (size_t)n), true };
		}
		ck_assert_int_eq(hd_walk_page(&w, &p),
		                 page < 1000 ? HD_GO_ON : HD_STOP_NOTHING_NEW);
	}
	ck_assert_uint_eq(w.own.n, 1000000);
	ck_assert_ok(arena_check(a));
	ck_assert_uint_le(arena_used(a), (size_t)64 * 1000000);
	arena_free(a);
}
END_TEST

START_TEST(a_walk_that_passes_its_memory_leaves_that_in_the_arena)
{
	struct arena *a = arena_new(16384);
	struct hd_walk w;
	struct hd_key keys[1];
	int64_t times[1] = { 0 };
	char text[16];
	struct hd_page p = { .n = 1, .keys = keys, .times = times, .hints = { 1, NO, NO } };

	hd_walk_init(&w, a, 100000);
	for (int i = 0; i < 5000; i++) {
		int n = snprintf(text, sizeof text, "%d", i);

		keys[0] = (struct hd_key){ str_n(text, (size_t)n), true };
		(void)hd_walk_page(&w, &p);
	}
	ck_assert_err(arena_check(a), ERR_TOO_LARGE);
	ck_assert(hd_walk_is_over(&w));
	arena_free(a);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("hd_walk", a_walk_ends_where_the_table_says,
	                  too_many_pages_are_an_error_unless_the_last_of_them_ends_the_walk,
	                  a_long_walk_remembers_every_id,
	                  a_walk_that_passes_its_memory_leaves_that_in_the_arena);
}

TEST_MAIN(make_suite)
