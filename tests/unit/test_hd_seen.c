/* What a run remembers of a list: every key once a walk, over walks, in memory that is known. */
#include "core/hd_seen.h"

#include "core/import_plan.h"
#include "testing.h"

#define MILLIONS 5000000
#define PAGE     50
#define MIB      ((size_t)1 << 20)

/* As a helpdesk's uuid is. */
static struct str
uuid_of(char text[40], unsigned i)
{
	static const char digits[] = "0123456789abcdef";
	unsigned scattered = i * 2654435761u;

	memcpy(text, "00000000-7c1e-4b1f-9d55-000000000000", 37);
	for (unsigned k = 0; k < 8; k++) {
		text[k] = digits[scattered >> 4 * k & 15];
		text[35 - k] = digits[i >> 4 * k & 15];
	}
	return str_n(text, 36);
}

START_TEST(a_key_is_new_once_a_walk_and_known_over_all)
{
	struct hd_seen s;

	hd_seen_open(&s);
	ck_assert(!hd_seen_has(&s, STR("a")));
	ck_assert(hd_seen_add(&s, STR("a")) && !hd_seen_add(&s, STR("a")));
	for (int walk = 0; walk < 600; walk++) {
		hd_seen_begin(&s);
		ck_assert(hd_seen_has(&s, STR("a")) && !hd_seen_has(&s, STR("b")));
		if (walk % 300 == 299)
			ck_assert(hd_seen_add(&s, STR("a")) && !hd_seen_add(&s, STR("a")));
	}
	ck_assert_uint_eq(s.n, 1);
	hd_seen_deinit(&s);
	hd_seen_deinit(&s);
}
END_TEST

START_TEST(a_note_stands_by_its_key_and_is_not_a_meeting)
{
	struct hd_seen s;

	hd_seen_init(&s, test_arena());
	ck_assert(!hd_seen_noted(&s, STR("a"), 7));
	ck_assert(hd_seen_note(&s, STR("a"), 7) && !hd_seen_note(&s, STR("a"), 7));
	ck_assert(hd_seen_noted(&s, STR("a"), 7) && !hd_seen_noted(&s, STR("a"), 8));
	ck_assert(!hd_seen_has(&s, STR("a")));
	ck_assert(hd_seen_add(&s, STR("a")) && hd_seen_has(&s, STR("a")));
	ck_assert(!hd_seen_note(&s, STR("a"), 7));
	ck_assert(hd_seen_note(&s, STR("a"), HD_SEEN_NOTE) && hd_seen_note(&s, STR("a"), 7));
	for (int walk = 0; walk < 300; walk++)
		hd_seen_begin(&s);
	ck_assert(!hd_seen_note(&s, STR("a"), 7) && hd_seen_has(&s, STR("a")));
	hd_seen_deinit(&s);
}
END_TEST

START_TEST(a_table_grows_with_what_was_noted_and_met)
{
	struct hd_seen s;
	char text[40];

	hd_seen_open(&s);
	for (unsigned i = 0; i < 100000; i++) {
		if (i % 2 == 0)
			ck_assert(hd_seen_add(&s, uuid_of(text, i)));
		if (i % 3 == 0)
			ck_assert(hd_seen_note(&s, uuid_of(text, i), i % 1000 + 1));
	}
	for (unsigned i = 0; i < 100000; i++) {
		ck_assert(hd_seen_has(&s, uuid_of(text, i)) == (i % 2 == 0));
		if (i % 3 == 0)
			ck_assert(!hd_seen_note(&s, uuid_of(text, i), i % 1000 + 1));
	}
	ck_assert(!s.full);
	hd_seen_deinit(&s);
}
END_TEST

/* A run over a list of the greatest length at 50 a page: what it remembers is what the header says,
 * and every ticket is known afterwards. */
START_TEST(five_million_tickets_are_remembered_in_less_than_a_hundred_mebibytes)
{
	static char text[PAGE][40];
	struct arena *a = arena_new(MIB);
	struct hd_key keys[PAGE];
	int64_t times[PAGE];
	struct hd_page p = { .n = PAGE, .keys = keys, .times = times, .hints = { 1, -1, -1 } };
	struct import_walk w;
	struct hd_seen s;

	hd_seen_open(&s);
	import_walk_init_shared(&w, a, &s, TIME_NONE, true);
	for (unsigned page = 0; page < MILLIONS / PAGE; page++) {
		p.hints.more = page + 1 < MILLIONS / PAGE;
		for (unsigned i = 0; i < PAGE; i++) {
			keys[i] = (struct hd_key){ uuid_of(text[i], page * PAGE + i), true };
			times[i] = INT64_MAX - page;
			(void)hd_seen_note(&s, keys[i].text, 1 + i);
		}
		ck_assert_int_eq(import_walk_tickets(&w, &p),
		                 p.hints.more ? IMPORT_NEXT_PAGE : IMPORT_DONE);
	}
	ck_assert_uint_eq(s.n, MILLIONS);
	ck_assert_uint_le(arena_used(s.arena), 96 * MIB);
	ck_assert_uint_le(arena_used(a), 2 * PAGE * sizeof(uint64_t) + 32);
	for (unsigned i = 0; i < MILLIONS; i += 977)
		ck_assert(hd_seen_has(&s, uuid_of(text[0], i)));
	for (unsigned i = MILLIONS; i < 2 * MILLIONS; i += 977)
		ck_assert(!hd_seen_has(&s, uuid_of(text[0], i)));
	hd_seen_deinit(&s);
	arena_free(a);
}
END_TEST

START_TEST(more_keys_than_may_be_are_said_and_cost_no_more_memory)
{
	struct hd_seen s;
	char text[40];
	unsigned n = 0;

	hd_seen_open(&s);
	while (hd_seen_add(&s, uuid_of(text, n)))
		n++;
	ck_assert_uint_eq(n, HD_SEEN_MAX);
	ck_assert(s.full);
	ck_assert_uint_le(arena_used(s.arena), 96 * MIB);
	ck_assert(!hd_seen_has(&s, uuid_of(text, n)) && hd_seen_has(&s, uuid_of(text, n - 1)));
	ck_assert(hd_seen_note(&s, uuid_of(text, n), 1));
	hd_seen_deinit(&s);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("hd_seen", a_key_is_new_once_a_walk_and_known_over_all,
	                  a_note_stands_by_its_key_and_is_not_a_meeting,
	                  a_table_grows_with_what_was_noted_and_met,
	                  five_million_tickets_are_remembered_in_less_than_a_hundred_mebibytes,
	                  more_keys_than_may_be_are_said_and_cost_no_more_memory);
}

TEST_MAIN(make_suite)
