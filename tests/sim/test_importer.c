/*
 * The importer against a helpdesk that is written by hand: what a run remembers, holds on to and
 * marks, what is tried again, and what is asked of it while it works. ENGINE says on which engine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "import_desk.h"

static struct pg_server *postgres;

static const char *
uuid_of(size_t i)
{
	return str_z(test_arena(), str_fmt(test_arena(), "ticket-%06zu", i));
}

/* Tickets from before history begins are listed, and nothing is to be done for them. */
START_TEST(what_a_run_remembers_of_a_ticket_is_a_slot_of_the_table)
{
	struct desk *d = desk_open(postgres);
	const size_t n = 20000;

	d->page_size = 500;
	d->scene.options.start_at = IMPORT_AT;
	import_scene_hire(&d->scene, 0);
	for (size_t i = 0; i < n; i++)
		desk_add(d, uuid_of(i), NULL, -1 - (int64_t)i);
	desk_ask(d, JOB_IMPORT, true);
	while (d->lists < n / d->page_size)
		import_scene_step(&d->scene);
	ck_assert_uint_ge(desk_job(d)->seen.n, n - d->page_size);
	ck_assert_uint_le(arena_used(desk_job(d)->seen.arena), 12 * 32768);
	ck_assert_uint_le(arena_used(desk_job(d)->arena), 4096);
	ck_assert_uint_le(arena_used(desk_job(d)->walk_arena), 4096 * 8);
	desk_close(d);
}
END_TEST

/* The messages of the first ticket come late when they are asked for first, and at once after. */
static void
late_first(struct desk *d, struct str path)
{
	if (str_starts(path, STR("/ticket/")))
		d->tickets[0].reply.delay_ms = d->tickets[0].asked == 0 ? 5000 : 0;
}

START_TEST(an_older_reading_of_a_ticket_that_comes_last_is_not_stored)
{
	struct desk *d = desk_open(postgres);

	d->meanwhile = late_first;
	d->page_size = 2;
	desk_add(d, "a", NULL, -5);
	desk_add(d, "b", NULL, -6);
	desk_add(d, "a", NULL, -1);
	desk_add(d, "c", NULL, -7);
	desk_import(d, false, "succeeded");
	ck_assert_uint_eq(d->tickets[0].asked, 2);
	ck_assert_int_eq(desk_number(d, "SELECT count(*) FROM helpdesk_tickets"), 3);
	ck_assert_int_eq(desk_number(d, "SELECT ms(h.external_updated_at) FROM helpdesk_tickets h "
	                                "JOIN tickets t ON t.id = h.ticket_id WHERE "
	                                "t.external_uuid = 'a'"),
	                 IMPORT_AT - TIME_MINUTE);
	desk_close(d);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("importer", what_a_run_remembers_of_a_ticket_is_a_slot_of_the_table,
	                  an_older_reading_of_a_ticket_that_comes_last_is_not_stored);
}

int
main(void)
{
	const char *engine = getenv("ENGINE");
	int status;

	if (engine != NULL && strcmp(engine, "postgres") == 0 &&
	    (postgres = pg_server_start(false)) == NULL)
		return 1;
	status = testing_run(make_suite);
	pg_server_end(postgres);
	return status;
}
