/* The import law: when a walk may end early, when it begins again, what it may claim afterwards. */
#include "core/import_plan.h"

#include <stdio.h>

#include "sys/rand.h"
#include "walk_fixture.h"

#define NO HD_NO_N

static struct arena *own; /* of the walk */

static void
begin(struct import_walk *w, int64_t from, bool full)
{
	arena_free(own);
	own = arena_new(1 << 20);
	import_walk_init(w, own, from, full);
}

/* A list as it lies at the source. */
struct list {
	size_t n, page_size;
	int64_t times[200];
	bool says_more, says_pages;
};

static struct hd_page
page_of(const struct list *l, int64_t page)
{
	size_t pages = (l->n + l->page_size - 1) / l->page_size;
	size_t first = (size_t)(page - 1) * l->page_size, n = 0;
	struct hd_hints h = { l->says_more ? (size_t)page < pages : NO, l->says_pages ? page : NO,
		              l->says_pages && pages > 0 ? (int64_t)pages : NO };
	char ids[201];

	if (first < l->n)
		n = l->n - first < l->page_size ? l->n - first : l->page_size;
	for (size_t i = 0; i < n; i++)
		ids[i] = (char)(unsigned char)(first + i + 33);
	ids[n] = '\0';
	return walk_page(ids, l->times + (first < l->n ? first : 0), h);
}

/* Reads a list that stands still; returns how many pages were asked for. */
static int
read_list(struct import_walk *w, const struct list *l, bool *seen)
{
	enum import_next next;
	int pages = 0;

	memset(seen, 0, l->n);
	do {
		struct hd_page p = page_of(l, w->walk.page);
		size_t first = (size_t)(w->walk.page - 1) * l->page_size;

		for (size_t i = 0; i < p.n; i++)
			seen[first + i] = true;
		pages++;
		ck_assert_int_le(pages, 300);
		next = import_walk_tickets(w, &p);
	} while (next == IMPORT_NEXT_PAGE);
	ck_assert_int_eq(next, IMPORT_DONE);
	return pages;
}

/* Newest first: times 1000, 999 … */
static struct list
descending(size_t n, size_t page_size)
{
	struct list l = { .n = n, .page_size = page_size, .says_pages = true };

	for (size_t i = 0; i < n; i++)
		l.times[i] = 1000 - (int64_t)i;
	return l;
}

START_TEST(a_newest_first_list_is_left_one_whole_page_after_the_first_without_a_candidate)
{
	static const struct {
		const char *name;
		int64_t from;
		bool full, early;
		int pages; /* of 10 */
	} rows[] = {
		{ "nothing new", 1001, false, true, 2 },
		{ "one candidate", 1000, false, true, 3 },
		{ "the cursor is inclusive: the last of page 1", 991, false, true, 3 },
		{ "the first of page 2", 990, false, true, 4 },
		{ "up to the last page but one", 912, false, false, 10 },
		{ "everything", 0, false, false, 10 },
		{ "a full walk goes to the end", 1001, true, false, 10 },
	};
	struct list l = descending(100, 10);
	struct import_walk w;
	bool seen[200];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin(&w, rows[i].from, rows[i].full);
		ck_assert_msg(read_list(&w, &l, seen) == rows[i].pages, "%s", rows[i].name);
		ck_assert_msg(w.early == rows[i].early, "%s", rows[i].name);
		ck_assert_msg(w.complete, "%s", rows[i].name);
		ck_assert_int_eq(w.newest, 1000);
	}
}
END_TEST

START_TEST(without_newest_first_order_a_walk_goes_to_the_end)
{
	struct list oldest = descending(100, 10), ties = descending(100, 10);
	struct list swapped = descending(100, 10), few = descending(100, 4);
	struct list late = descending(100, 10);
	struct list *const lists[] = { &oldest, &ties, &swapped, &late };
	struct import_walk w;
	bool seen[200];

	for (size_t i = 0; i < 100; i++) {
		oldest.times[i] = 900 + (int64_t)i;
		ties.times[i] = i < 50 ? 1000 : 1000 + (int64_t)i; /* the new ones come last */
	}
	swapped.times[3] = 950;
	late.times[95] = 5000; /* order holds for long; the cursor is passed only at the end */
	for (size_t i = 0; i < 3; i++) {
		begin(&w, 1090, false);
		ck_assert_msg(read_list(&w, lists[i], seen) == 10, "list %zu", i);
		ck_assert(!w.early && w.complete);
	}
	begin(&w, 911, false);
	ck_assert_int_eq(read_list(&w, &late, seen), 10);
	/* eight times older is little: three pages of four */
	begin(&w, 2000, false);
	ck_assert_int_eq(read_list(&w, &few, seen), 3);
	ck_assert(w.early);
}
END_TEST

START_TEST(elements_without_a_time_do_not_hide_the_order_and_prove_nothing)
{
	struct list l = descending(100, 10), nothing = descending(40, 10);
	struct import_walk w;
	bool seen[200];

	l.times[3] = l.times[15] = 0;
	begin(&w, 1001, false);
	ck_assert_int_eq(read_list(&w, &l, seen), 2);
	ck_assert(w.early);
	for (size_t i = 0; i < 40; i++)
		nothing.times[i] = i < 10 ? 1000 - (int64_t)i : 0;
	begin(&w, 1001, false);
	ck_assert_int_eq(read_list(&w, &nothing, seen), 4);
	ck_assert(!w.early);
}
END_TEST

START_TEST(a_list_that_moves_is_walked_again_at_most_twice)
{
	static const int64_t down[] = { 90, 80, 70 };
	struct hd_page one = walk_page("abc", down, (struct hd_hints){ NO, 1, 5 });
	struct hd_page next = walk_page("def", down, (struct hd_hints){ NO, 2, 5 });
	struct hd_page shifted = walk_page("cde", down, (struct hd_hints){ NO, 2, 5 });
	struct hd_page grown = walk_page("def", down, (struct hd_hints){ NO, 2, 6 });
	struct hd_page silent = walk_page("def", down, (struct hd_hints){ NO, NO, NO });
	struct import_walk w;

	begin(&w, 0, false);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(import_walk_tickets(&w, &one), IMPORT_NEXT_PAGE);
		ck_assert_int_eq(w.walk.page, 2);
		ck_assert_int_eq(import_walk_tickets(&w, i == 0 ? &shifted : &grown),
		                 IMPORT_FROM_START);
		ck_assert_int_eq(w.walk.page, 1);
		ck_assert_uint_eq(w.restarts, i + 1);
	}
	ck_assert_int_eq(import_walk_tickets(&w, &one), IMPORT_NEXT_PAGE);
	ck_assert_int_eq(import_walk_tickets(&w, &shifted), IMPORT_NEXT_PAGE);
	ck_assert_int_eq(w.walk.page, 3);
	/* neither a page like any other nor totals that are left out */
	begin(&w, 0, false);
	ck_assert_int_eq(import_walk_tickets(&w, &one), IMPORT_NEXT_PAGE);
	ck_assert_int_eq(import_walk_tickets(&w, &next), IMPORT_NEXT_PAGE);
	begin(&w, 0, false);
	ck_assert_int_eq(import_walk_tickets(&w, &one), IMPORT_NEXT_PAGE);
	ck_assert_int_eq(import_walk_tickets(&w, &silent), IMPORT_NEXT_PAGE);
	ck_assert_uint_eq(w.restarts, 0);
}
END_TEST

START_TEST(an_id_of_an_earlier_page_than_the_one_before_is_no_reason_to_begin_again)
{
	struct hd_page a = walk_page("abc", NULL, (struct hd_hints){ 1, NO, NO });
	struct hd_page b = walk_page("def", NULL, (struct hd_hints){ 1, NO, NO });
	struct hd_page c = walk_page("gha", NULL, (struct hd_hints){ 1, NO, NO });
	struct import_walk w;

	begin(&w, 0, false);
	ck_assert_int_eq(import_walk_tickets(&w, &a), IMPORT_NEXT_PAGE);
	ck_assert_int_eq(import_walk_tickets(&w, &b), IMPORT_NEXT_PAGE);
	ck_assert_int_eq(import_walk_tickets(&w, &c), IMPORT_NEXT_PAGE);
}
END_TEST

/* Once no restart is left, those that come again must not look like newer ones. */
START_TEST(a_list_that_grows_at_its_head_keeps_its_order)
{
	struct list l = descending(60, 10);
	struct import_walk w;

	begin(&w, 5000, false);
	w.restarts = IMPORT_MAX_RESTARTS;
	for (int page = 1; page <= 2; page++) {
		char ids[11] = "";
		int64_t times[10];
		struct hd_page p;

		for (int i = 0; i < 10; i++) {
			int at = (page - 1) * 7 + i; /* three came again */
			ids[i] = (char)('a' + at);
			times[i] = l.times[at];
		}
		p = walk_page(ids, times, (struct hd_hints){ 1, NO, NO });
		ck_assert_int_eq(import_walk_tickets(&w, &p),
		                 page == 1 ? IMPORT_NEXT_PAGE : IMPORT_DONE);
	}
	ck_assert(w.early && w.complete && !w.unordered);
}
END_TEST

START_TEST(a_page_without_anything_new_is_an_end_only_where_it_shows_to_be_one)
{
	static const struct {
		const char *name;
		struct hd_hints hints; /* of every page */
		const char *second[3]; /* page 2 of each walk; page 1 is abc */
		bool complete;
		unsigned restarts;
	} rows[] = {
		{ "the page is always ignored", { NO, NO, NO }, { "abc", "abc", "abc" }, true, 2 },
		{ "ignored, but there is more", { 1, NO, NO }, { "abc", "abc", "abc" }, false, 2 },
		{ "ignored, and the totals say more",
		  { NO, 1, 4 },
		  { "abc", "abc", "abc" },
		  false,
		  2 },
		{ "one repeated page heals", { NO, NO, NO }, { "abc", "de", NULL }, true, 1 },
		{ "moved twice, then stuck", { NO, NO, NO }, { "cde", "cde", "abc" }, false, 2 },
		{ "stuck, moved, then stuck", { NO, NO, NO }, { "abc", "cde", "abc" }, false, 2 },
		{ "moved, then stuck twice", { NO, NO, NO }, { "cde", "abc", "abc" }, true, 2 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hd_page first = walk_page("abc", NULL, rows[i].hints);
		enum import_next next = IMPORT_NEXT_PAGE;
		struct import_walk w;

		begin(&w, 0, false);
		for (int k = 0; k < 3 && rows[i].second[k] != NULL; k++) {
			struct hd_page second = walk_page(rows[i].second[k], NULL, rows[i].hints);

			ck_assert_int_eq(import_walk_tickets(&w, &first), IMPORT_NEXT_PAGE);
			next = import_walk_tickets(&w, &second);
		}
		ck_assert_msg(next == IMPORT_DONE, "%s: %d", rows[i].name, (int)next);
		ck_assert_msg(w.complete == rows[i].complete, "%s", rows[i].name);
		ck_assert_msg(w.restarts == rows[i].restarts, "%s", rows[i].name);
	}
}
END_TEST

START_TEST(a_new_page_size_begins_the_walk_anew_and_is_no_restart)
{
	struct list l = descending(100, 10), half = descending(100, 5);
	struct import_walk w;
	struct hd_page p = page_of(&l, 1);
	bool seen[200];

	begin(&w, 2000, false);
	ck_assert_int_eq(import_walk_tickets(&w, &p), IMPORT_NEXT_PAGE);
	import_walk_resized(&w);
	ck_assert_int_eq(w.walk.page, 1);
	ck_assert_int_eq(w.newest, 1000);
	ck_assert_int_eq(read_list(&w, &half, seen), 2);
	ck_assert_uint_eq(w.restarts, 0);
	ck_assert(w.early && w.complete);
}
END_TEST

START_TEST(the_times_of_all_walks_count_for_the_newest)
{
	static const int64_t high[] = { 900, 80, 70 }, low[] = { 90, 80, 70 };
	struct hd_page a = walk_page("xbc", high, (struct hd_hints){ NO, 1, 2 });
	struct hd_page b = walk_page("cde", low, (struct hd_hints){ NO, 2, 2 });
	struct hd_page c = walk_page("abc", low, (struct hd_hints){ NO, 1, 1 });
	struct import_walk w;

	begin(&w, 75, false);
	ck_assert_int_eq(import_walk_tickets(&w, &a), IMPORT_NEXT_PAGE);
	ck_assert_int_eq(import_walk_tickets(&w, &b), IMPORT_FROM_START);
	ck_assert_int_eq(import_walk_tickets(&w, &c), IMPORT_DONE);
	ck_assert_int_eq(w.newest, 900);
	ck_assert(import_walk_wants(&w, 75) && !import_walk_wants(&w, 74));
}
END_TEST

START_TEST(the_messages_of_a_ticket_are_left_after_a_page_that_is_all_stored)
{
	static const struct {
		const char *name;
		int64_t from; /* the newest imported */
		size_t odd;   /* this message is not stored alike; SIZE_MAX: all are */
		bool full, ascending;
		int pages; /* of 20 */
	} rows[] = {
		{ "all stored", 1000, SIZE_MAX, false, false, 1 },
		{ "one is not", 1000, 5, false, false, 2 },
		{ "one of the last page is not, and is not seen", 1000, 95, false, false, 1 },
		{ "all stored, one newer than the newest imported", 999, SIZE_MAX, false, false,
		  2 },
		{ "none imported yet", TIME_NONE, SIZE_MAX, false, false, 5 },
		{ "by hand to the end", 1000, SIZE_MAX, true, false, 5 },
		{ "oldest first", 1000, SIZE_MAX, false, true, 5 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct list l = descending(100, 20);
		enum import_next next;
		struct import_walk w;
		int pages = 0;

		for (size_t k = 0; rows[i].ascending && k < 100; k++)
			l.times[k] = 901 + (int64_t)k;
		begin(&w, rows[i].from, rows[i].full);
		do {
			struct hd_page p = page_of(&l, w.walk.page);
			bool stored[20];

			for (size_t k = 0; k < 20; k++)
				stored[k] = (size_t)(w.walk.page - 1) * 20 + k != rows[i].odd;
			next = import_walk_messages(&w, &p, stored);
			pages++;
		} while (next == IMPORT_NEXT_PAGE);
		ck_assert_int_eq(next, IMPORT_DONE);
		ck_assert_msg(pages == rows[i].pages, "%s: %d", rows[i].name, pages);
		ck_assert(w.complete);
	}
}
END_TEST

/* Whatever the list and its hints: a walk that ends early or late has seen every candidate. */
START_TEST(no_walk_through_a_list_that_stands_still_misses_a_candidate)
{
	struct rand_seeded state;
	struct randomness r = rand_seeded(&state, 20260120);
	int early = 0;

	for (int round = 0; round < 4000; round++) {
		struct list l = { .n = rand_below(&r, 190),
			          .page_size = 1 + rand_below(&r, 12),
			          .says_more = rand_below(&r, 2),
			          .says_pages = rand_below(&r, 2) };
		uint64_t order = rand_below(&r, 4), spread = 1 + rand_below(&r, 300);
		int64_t from = 1 + (int64_t)rand_below(&r, 300);
		struct import_walk w;
		bool seen[200];

		for (size_t i = 0; i < l.n; i++)
			l.times[i] = 1 + (int64_t)rand_below(&r, spread);
		for (size_t i = 0; order < 3 && i < l.n; i++) /* a plain sort; 2: oldest first */
			for (size_t k = i + 1; k < l.n; k++)
				if (order < 2 ? l.times[k] > l.times[i] : l.times[k] < l.times[i]) {
					int64_t t = l.times[i];

					l.times[i] = l.times[k];
					l.times[k] = t;
				}
		begin(&w, from, rand_below(&r, 5) == 0);
		(void)read_list(&w, &l, seen);
		ck_assert_uint_eq(w.restarts, 0);
		ck_assert(w.complete);
		early += w.early;
		for (size_t i = 0; i < l.n; i++)
			ck_assert_msg(seen[i] || (l.times[i] < from && !w.full), "round %d", round);
	}
	ck_assert_int_gt(early, 100);
}
END_TEST

START_TEST(a_walk_without_end_and_one_without_memory_fail)
{
	struct import_walk w;
	enum import_next next = IMPORT_NEXT_PAGE;
	int64_t pages = 0;
	struct arena *small = arena_new(10000);

	import_walk_init(&w, small, 0, false);
	while (next == IMPORT_NEXT_PAGE) {
		struct hd_key key = { STR_NONE, true };
		int64_t at = 1;
		struct hd_page p = { .hints = { 1, NO, NO }, .n = 1, .keys = &key, .times = &at };
		char text[16];

		key.text = str_n(text,
		                 (size_t)snprintf(text, sizeof text, "%lld", (long long)++pages));
		next = import_walk_tickets(&w, &p);
	}
	ck_assert_int_eq(next, IMPORT_FAILED);
	ck_assert_int_lt(pages, 1000);
	arena_free(small);
	begin(&w, 0, false);
	w.walk.page = w.walk.max_pages;
	ck_assert_int_eq(
		import_walk_tickets(&w, &(struct hd_page[]){ walk_page(
						"a", NULL, (struct hd_hints){ 1, NO, NO }) }[0]),
		IMPORT_FAILED);
	ck_assert_int_eq(w.stop, HD_STOP_TOO_MANY);
}
END_TEST

START_TEST(a_run_starts_by_the_sources_clock_if_it_has_one)
{
	ck_assert_int_eq(import_started_at(500000, -1, 999), 500000);
	ck_assert_int_eq(import_started_at(500000, 0, 999), 500000);
	ck_assert_int_eq(import_started_at(500000, 120, 999), 380000);
	ck_assert_int_eq(import_started_at(TIME_NONE, -1, 999), 999);
	ck_assert_int_eq(import_started_at(TIME_NONE, 120, 999), 999);
}
END_TEST

START_TEST(the_cursor_never_goes_back)
{
	static const struct {
		int64_t cursor, started_at, newest, after;
	} rows[] = {
		{ TIME_NONE, 10000000, 9000000, 8880000 },
		{ TIME_NONE, 9000000, 10000000, 8880000 }, /* a ticket of the future */
		{ 8880000, 10000000, 9000000, 8880000 },
		{ 8880001, 10000000, 9000000, 8880001 },
		{ 8879999, 10000000, 9000000, 8880000 },
		{ 5000000, 1000, 9000000, 5000000 }, /* a clock that is wrong */
		{ 5000000, 10000000, TIME_NONE, 5000000 },
		{ TIME_NONE, 10000000, TIME_NONE, TIME_NONE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_msg(import_cursor_after(rows[i].cursor, rows[i].started_at,
		                                  rows[i].newest) == rows[i].after,
		              "row %zu", i);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"import_plan",
		a_newest_first_list_is_left_one_whole_page_after_the_first_without_a_candidate,
		without_newest_first_order_a_walk_goes_to_the_end,
		elements_without_a_time_do_not_hide_the_order_and_prove_nothing,
		a_list_that_moves_is_walked_again_at_most_twice,
		an_id_of_an_earlier_page_than_the_one_before_is_no_reason_to_begin_again,
		a_list_that_grows_at_its_head_keeps_its_order,
		a_page_without_anything_new_is_an_end_only_where_it_shows_to_be_one,
		a_new_page_size_begins_the_walk_anew_and_is_no_restart,
		the_times_of_all_walks_count_for_the_newest,
		the_messages_of_a_ticket_are_left_after_a_page_that_is_all_stored,
		no_walk_through_a_list_that_stands_still_misses_a_candidate,
		a_walk_without_end_and_one_without_memory_fail,
		a_run_starts_by_the_sources_clock_if_it_has_one, the_cursor_never_goes_back);
}

TEST_MAIN(make_suite)
