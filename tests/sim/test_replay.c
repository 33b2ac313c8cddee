/*
 * Applying again by filter, on a journal that is larger than what one request may hold: it goes to
 * the end in the memory of one piece, and where it is cut short the job says how far it came.
 * ENGINE says on which engine.
 */
#include <stdlib.h>

#include "api/admin.h"
#include "pg.h"
#include "scene.h"
#include "testing.h"

#define AT         INT64_C(1768906800000)
#define ENTRIES    6000
#define SMALL      ((size_t)128 << 10) /* less than the ids of ENTRIES take */
#define WAITING    "SELECT count(*) FROM journal_parts WHERE status = 'received'"
#define JOB(state) "SELECT count(*) FROM jobs WHERE kind = 'replay' AND status = '" state "'"

static struct pg_server *postgres;

struct shelf {
	struct scene s;
	struct arena *small;
	struct admin admin;
	struct scene_entry *entries;
};

/* All of them were applied. */
static struct shelf *
open_shelf(size_t n)
{
	struct shelf *h = ARENA_NEW(test_arena(), struct shelf);
	const char *engine = getenv("ENGINE");

	if (engine != NULL && strcmp(engine, "postgres") == 0)
		scene_open(&h->s, pg_server_new_migrated(postgres, test_arena()));
	else
		scene_open(&h->s, str_z(test_arena(),
		                        str_fmt(test_arena(), "sqlite:%s/r.db", test_dir())));
	h->entries = ARENA_ARRAY(test_arena(), n, struct scene_entry);
	for (size_t i = 0; i < n; i++)
		h->entries[i] = (struct scene_entry){ rand_uuid_v7(&h->s.rand, AT + (int64_t)i),
			                              AT + (int64_t)i, STR("{}") };
	scene_journal(&h->s, test_arena(), h->entries, n);
	raw_exec(h->s.raw, "UPDATE journal_parts SET status = 'applied', attempts = 1");
	h->small = arena_new(SMALL);
	h->admin = (struct admin){ .db = h->s.db,
		                   .arena = h->small,
		                   .rand = &h->s.rand,
		                   .now = AT + TIME_DAY,
		                   .actor = STR("operator") };
	return h;
}

static void
close_shelf(struct shelf *h)
{
	arena_free(h->small);
	scene_close(&h->s);
}

static int64_t
number(struct shelf *h, const char *sql)
{
	return raw_number(h->s.raw, sql);
}

static struct admin_replay
applied(int64_t from, int64_t to)
{
	return (struct admin_replay){
		.status = STR("applied"), .from = from, .to = to, .operator_ = true
	};
}

START_TEST(however_much_is_picked_it_goes_to_the_end_in_the_memory_of_one_piece)
{
	struct shelf *h = open_shelf(ENTRIES);
	struct admin_replay p = applied(TIME_NONE, TIME_NONE);

	ck_assert_ok(admin_replay(&h->admin, &p));
	ck_assert_int_eq(p.entries, ENTRIES);
	ck_assert_int_eq(number(h, WAITING), ENTRIES);
	ck_assert_int_eq(number(h, JOB("succeeded") " AND done = 6000 AND total = 6000"
	                                            " AND error IS NULL"),
	                 1);
	ck_assert_int_eq(number(h, "SELECT count(*) FROM audit_log WHERE action = "
	                           "'webhook_events.replayed'"),
	                 1);
	close_shelf(h);
}
END_TEST

START_TEST(only_what_came_in_that_time_is_picked)
{
	struct shelf *h = open_shelf(20);
	struct admin_replay p = applied(AT + 5, AT + 15);

	ck_assert_ok(admin_replay(&h->admin, &p));
	ck_assert_int_eq(p.entries, 10);
	ck_assert_int_eq(number(h, WAITING), 10);
	close_shelf(h);
}
END_TEST

START_TEST(cut_short_the_job_says_how_far_it_came_and_the_next_goes_on)
{
	struct shelf *h = open_shelf(2500);
	struct admin_replay p = applied(TIME_NONE, TIME_NONE);

	/* the job, its audit row, their commit; look, mark, count, commit; look, mark */
	db_fail_at(h->s.db, 9, ERR_IO);
	ck_assert_int_eq(admin_replay(&h->admin, &p), ERR_IO);
	ck_assert_int_eq(p.entries, 1000);
	ck_assert_int_eq(number(h, WAITING), 1000);
	ck_assert_int_eq(number(h, JOB("failed") " AND done = 1000 AND error IS NOT NULL"
	                                         " AND finished_at IS NOT NULL"),
	                 1);
	ck_assert_int_eq(number(h, "SELECT count(*) FROM audit_log"), 1);
	p = applied(TIME_NONE, TIME_NONE);
	ck_assert_ok(admin_replay(&h->admin, &p));
	ck_assert_int_eq(p.entries, 1500);
	ck_assert_int_eq(number(h, WAITING), 2500);
	close_shelf(h);
}
END_TEST

START_TEST(without_its_job_nothing_is_marked)
{
	struct shelf *h = open_shelf(5);
	struct admin_replay p = applied(TIME_NONE, TIME_NONE);

	db_fail_at(h->s.db, 2, ERR_IO);
	ck_assert_int_eq(admin_replay(&h->admin, &p), ERR_IO);
	ck_assert_int_eq(number(h, WAITING), 0);
	ck_assert_int_eq(number(h, "SELECT count(*) FROM jobs"), 0);
	close_shelf(h);
}
END_TEST

START_TEST(an_entry_that_waits_already_is_not_counted)
{
	struct shelf *h = open_shelf(2);
	struct admin_replay p = { .entry = h->entries[0].id, .operator_ = true };

	ck_assert_ok(admin_replay(&h->admin, &p));
	ck_assert_int_eq(p.entries, 1);
	ck_assert_ok(admin_replay(&h->admin, &p));
	ck_assert_int_eq(p.entries, 0);
	ck_assert_int_eq(number(h, WAITING), 1);
	ck_assert_int_eq(number(h, JOB("succeeded") " AND done = 0"), 1);
	close_shelf(h);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"replay", however_much_is_picked_it_goes_to_the_end_in_the_memory_of_one_piece,
		only_what_came_in_that_time_is_picked,
		cut_short_the_job_says_how_far_it_came_and_the_next_goes_on,
		without_its_job_nothing_is_marked, an_entry_that_waits_already_is_not_counted);
}

TEST_MAIN_ON_ENGINE(make_suite, postgres)
