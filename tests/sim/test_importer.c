/*
 * The importer against a helpdesk that is written by hand: what a run remembers, holds on to and
 * marks, and what becomes of failures. ENGINE says on which engine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "import_desk.h"

static const char *
uuid_of(size_t i)
{
	return str_z(test_arena(), str_fmt(test_arena(), "ticket-%06zu", i));
}

/* Tickets from before history begins are listed, and nothing is to be done for them. */
START_TEST(what_a_run_remembers_of_a_ticket_is_a_slot_of_the_table)
{
	struct desk *d = desk_open();
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
	struct desk *d = desk_open();

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

/* Each page is a ticket of a mebibyte, whose messages come after a while. */
START_TEST(pages_that_wait_for_their_tickets_are_bounded_in_bytes)
{
	struct desk *d = desk_open();
	const size_t n = 100;
	size_t most = 0, page = 0, lists = 0;
	struct uuid job;

	d->page_size = 1;
	for (size_t i = 0; i < n; i++) {
		struct desk_ticket *t = desk_add(d, uuid_of(i), NULL, -1 - (int64_t)i);

		t->reply.delay_ms = 20000;
		t->pad = (size_t)1 << 20;
	}
	job = desk_ask(d, JOB_IMPORT, true);
	while (d->lists < n) {
		import_scene_step(&d->scene);
		if (page == 0)
			page = desk_job(d)->pages_held;
		if (desk_job(d)->pages_held > most)
			most = desk_job(d)->pages_held;
		if (desk_number(d, "SELECT count(*) FROM tickets") == 0)
			lists = d->lists;
	}
	ck_assert_uint_ge(page, (size_t)1 << 20);
	ck_assert_uint_le(most, IMPORTER_PAGES_HELD + page + 4096);
	ck_assert_uint_le(lists, IMPORTER_PAGES_HELD / page + 2);
	ck_assert_str(desk_run(d, job, &(struct str){ 0 }), "succeeded");
	ck_assert_int_eq(desk_number(d, "SELECT count(*) FROM tickets"), (int64_t)n);
	desk_close(d);
}
END_TEST

/* So many tickets as an earlier run has stored them, missing-%06d. */
static void
store_tickets(struct desk *d, size_t n)
{
	struct arena *a = test_arena();
	bool pg = d->scene.postgres;
	const char *at = pg ? "TIMESTAMPTZ '2026-01-01'" : "1767225600000";
	const char *id = pg ? "gen_random_uuid()" : "randomblob(16)";

	raw_exec(d->scene.raw,
	         str_z(a,
	               str_fmt(a,
	                       "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i "
	                       "WHERE n < %zu) INSERT INTO tickets (client_id, id, lead_id, "
	                       "external_uuid, source, originated_from, status, stage, is_open, "
	                       "opened_at, created_at, updated_at) SELECT c.id, %s, %s, 'missing-' "
	                       "|| (100000 + n), 'helpdesk_import', 'helpdesk', 'open', '', false, "
	                       "%s, %s, %s FROM i, clients c; INSERT INTO helpdesk_tickets "
	                       "(client_id, ticket_id, external_updated_at, is_group, raw, "
	                       "has_trackings) SELECT client_id, id, %s, false, '{}', false FROM "
	                       "tickets",
	                       n, id, id, at, at, at, at)));
}

#define MISSING "SELECT count(*) FROM helpdesk_tickets WHERE missing_since IS NOT NULL"
#define LEASE   "SELECT COALESCE(ms(lease_until), 0) FROM jobs"

/* Three seconds pass with every piece: without a renewal the lease would be over in the middle. */
START_TEST(marks_are_made_in_pieces_and_the_job_is_held_meanwhile)
{
	const size_t pieces = 7;
	struct desk *d = desk_open();
	size_t n = (pieces - 1) * IMPORT_MARK_PAGE + 1;
	int64_t marked = 0;
	struct uuid job;

	store_tickets(d, n);
	desk_add(d, "a", NULL, -1);
	job = desk_ask(d, JOB_IMPORT, true);
	for (int i = 0; marked < (int64_t)n; i++) {
		int64_t more;

		ck_assert_int_lt(i, 2000);
		import_scene_step(&d->scene);
		more = desk_number(d, MISSING);
		ck_assert_int_le(more - marked, IMPORT_MARK_PAGE);
		marked = more;
		if (marked == 0)
			continue;
		ck_assert_int_gt(desk_number(d, LEASE), d->scene.time.now_ms);
		d->scene.time.now_ms += 3000;
	}
	ck_assert_int_gt(d->scene.time.now_ms, IMPORT_AT + JOB_LEASE_MS);
	ck_assert_str(desk_run(d, job, &(struct str){ 0 }), "succeeded");
	ck_assert_int_eq(desk_number(d, MISSING), (int64_t)n);
	ck_assert_int_eq(desk_number(d, "SELECT count(*) FROM jobs WHERE started_at IS NOT NULL"),
	                 1);
	desk_close(d);
}
END_TEST

/* What a run that was killed has left as done may be as much. */
START_TEST(what_was_done_is_forgotten_in_pieces)
{
	struct desk *d = desk_open();
	struct arena *a = test_arena();
	int64_t left = 25000;
	struct uuid job;

	raw_exec(d->scene.raw,
	         str_z(a, str_fmt(a,
	                          "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i "
	                          "WHERE n < %lld) INSERT INTO import_done (client_id, "
	                          "external_uuid, external_updated_at) SELECT c.id, 'done-' || n, "
	                          "c.created_at FROM i, clients c",
	                          (long long)left)));
	desk_add(d, "a", NULL, -1);
	job = desk_ask(d, JOB_IMPORT, true);
	while (left > 0) {
		int64_t now;

		import_scene_step(&d->scene);
		now = desk_number(d, "SELECT count(*) FROM import_done");
		ck_assert_int_le(left - now, 10000);
		left = now;
		if (left > 0)
			ck_assert_uint_eq(d->lists, 0); /* a --full run begins with that */
	}
	ck_assert_str(desk_run(d, job, &(struct str){ 0 }), "succeeded");
	ck_assert_uint_eq(d->tickets[0].asked, 1);
	ck_assert_int_eq(desk_number(d, "SELECT count(*) FROM import_done"), 0);
	desk_close(d);
}
END_TEST

/* So many tickets have failed in earlier runs, ticket-%06d, as they would be listed. */
static void
store_failures(struct desk *d, size_t n)
{
	struct arena *a = test_arena();
	bool pg = d->scene.postgres;
	struct str element = str_fmt(a,
	                             "'{\"uuid\":\"ticket-' || (100000 + n) || '\",\"updatedAt\":"
	                             "\"%s\"}'",
	                             desk_time(-1));

	raw_exec(d->scene.raw,
	         str_z(a, str_fmt(a,
	                          "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i "
	                          "WHERE n < %zu) INSERT INTO import_failures (client_id, id, "
	                          "external_uuid, reason, attempts, raw, first_at, last_at) SELECT "
	                          "c.id, %s, 'ticket-' || (100000 + n), 'garbage', 1, %s" STR_FMT
	                          "%s, c.created_at, c.created_at FROM i, clients c",
	                          n, pg ? "gen_random_uuid()" : "randomblob(16)", pg ? "CAST(" : "",
	                          STR_ARG(element), pg ? " AS jsonb)" : "")));
}

#define FAILURES "SELECT count(*) FROM import_failures"

/* Every second one is still there. Elsewhere a ticket is new. */
START_TEST(each_of_many_failures_is_tried_once_a_run_and_holds_nothing_back)
{
	const size_t n = 2500;
	struct desk *d = desk_open();
	size_t most = 0, before = 0;
	struct uuid job;

	/* not the first run: that one would forget tickets that are gone */
	desk_add(d, "old", NULL, -9);
	desk_import(d, false, "succeeded");
	store_failures(d, n);
	for (size_t i = 2; i <= n; i += 2)
		desk_add(d, str_z(test_arena(), str_fmt(test_arena(), "ticket-%zu", 100000 + i)),
		         NULL, -1)
			->hidden = true;
	desk_add(d, "new", NULL, -1);
	job = desk_ask(d, JOB_IMPORT, false);
	while (d->tickets[d->n - 1].asked == 0 || d->scene.hands[0].importer->njobs > 0) {
		import_scene_step(&d->scene);
		if (d->scene.hands[0].importer->njobs > 0 && desk_job(d)->waiting > most)
			most = desk_job(d)->waiting;
		if (d->tickets[d->n - 1].asked == 0)
			before = d->scene.asked;
	}
	ck_assert_uint_le(most, 350);
	ck_assert_uint_lt(before, 300); /* requests before the new ticket was read */
	ck_assert_str(desk_run(d, job, &(struct str){ 0 }), "partial");
	ck_assert_int_eq(desk_number(d, FAILURES), (int64_t)n / 2);
	ck_assert_int_eq(desk_number(d, FAILURES " WHERE attempts = 2 AND reason = 'gone'"),
	                 (int64_t)n / 2);
	ck_assert_int_eq(desk_number(d, "SELECT count(*) FROM tickets"), (int64_t)n / 2 + 2);
	desk_import(d, false, "partial");
	ck_assert_int_eq(desk_number(d, FAILURES " WHERE attempts = 3"), (int64_t)n / 2);
	desk_close(d);
}
END_TEST

#define GONE_CONTACTS "SELECT count(*) FROM helpdesk_contacts WHERE missing_since IS NOT NULL"

/* Four contacts are stored, one a page; then there is one less. */
static struct desk *
open_with_contacts(const char **kept)
{
	static const char *const all[] = { "{\"id\":1,\"number\":\"5511911111111\"}",
		                           "{\"id\":2,\"number\":\"5511922222222\"}",
		                           "{\"id\":3,\"number\":\"5511933333333\"}",
		                           "{\"id\":4,\"number\":\"5511944444444\"}" };
	struct desk *d = desk_open();
	struct str error;

	d->page_size = 1;
	memcpy(kept, all, sizeof(all));
	d->contacts = kept;
	d->ncontacts = 4;
	ck_assert_str(desk_run(d, desk_ask(d, JOB_SYNC_CONTACTS, false), &error), "succeeded");
	ck_assert_int_eq(desk_number(d, GONE_CONTACTS), 0);
	kept[1] = all[3];
	d->ncontacts = 3;
	return d;
}

START_TEST(a_sweep_marks_what_vanished_whichever_statement_fails)
{
	static const enum err faults[] = { ERR_UNAVAILABLE, ERR_BUSY };
	const char *kept[4];
	struct desk *d = open_with_contacts(kept);
	bool reached = true;

	for (uint64_t n = 1; reached; n++) {
		struct db *db = d->scene.hands[0].importer->db;
		uint64_t before = db_stats(db).statements;
		struct str error;

		ck_assert_int_lt((int64_t)n, 200);
		raw_exec(d->scene.raw, "UPDATE helpdesk_contacts SET missing_since = NULL");
		db_fail_at(db, n, faults[n % 2]);
		ck_assert_msg(str_eq(desk_run(d, desk_ask(d, JOB_SYNC_CONTACTS, false), &error),
		                     STR("succeeded")),
		              "%llu: " STR_FMT, (unsigned long long)n, STR_ARG(error));
		ck_assert_msg(desk_number(d, GONE_CONTACTS) == 1, "%llu", (unsigned long long)n);
		reached = n < db_stats(db).statements - before;
		db_fail_at(db, 0, ERR_OK);
	}
	desk_close(d);
}
END_TEST

/* Longer than the lease, while nobody else is there to take the job. */
START_TEST(a_sweep_goes_on_after_a_database_that_was_away_for_long)
{
	const char *kept[4];
	struct desk *d = open_with_contacts(kept);
	struct uuid job = desk_ask(d, JOB_SYNC_CONTACTS, false);
	struct str error;

	d->lists = 0;
	while (d->lists < 3)
		import_scene_step(&d->scene);
	db_fail_at(d->scene.hands[0].importer->db, 1, ERR_UNAVAILABLE);
	import_scene_step(&d->scene);
	d->scene.time.now_ms += 4 * JOB_LEASE_MS;
	ck_assert_str(desk_run(d, job, &error), "succeeded");
	ck_assert_uint_le(d->lists, 4);
	ck_assert_int_eq(desk_number(d, GONE_CONTACTS), 1);
	desk_close(d);
}
END_TEST

START_TEST(a_sweep_that_was_taken_up_in_the_middle_says_that_it_marked_nothing)
{
	const char *kept[4];
	struct desk *d = open_with_contacts(kept);
	struct uuid job = desk_ask(d, JOB_SYNC_CONTACTS, false);
	struct str error;

	d->lists = 0;
	while (desk_number(d, "SELECT COALESCE(max(page), 0) FROM import_state") < 2)
		import_scene_step(&d->scene);
	import_scene_hire(&d->scene, 0);
	ck_assert_str(desk_run(d, job, &error), "partial");
	ck_assert_msg(str_starts(error, STR("unmarked: ")), STR_FMT, STR_ARG(error));
	ck_assert_int_eq(desk_number(d, GONE_CONTACTS), 0);
	ck_assert_str(desk_run(d, desk_ask(d, JOB_SYNC_CONTACTS, false), &error), "succeeded");
	ck_assert_int_eq(desk_number(d, GONE_CONTACTS), 1);
	desk_close(d);
}
END_TEST

#define UNREADABLE FAILURES " WHERE reason = 'unreadable'"

START_TEST(a_listed_ticket_that_cannot_be_read_is_a_failure_and_not_missing)
{
	struct desk *d = desk_open();
	struct desk_ticket *t;

	desk_add(d, "good", NULL, -1);
	t = desk_add(d, "odd", NULL, -2);
	desk_import(d, true, "succeeded");
	t->json = "{\"uuid\":\"odd\",\"updatedAt\":\"ontem\"}";
	desk_import(d, true, "partial");
	ck_assert_str(desk_text(d, "SELECT error FROM jobs ORDER BY created_at DESC"),
	              "failures: 1 tickets could not be imported");
	ck_assert_str(desk_text(d, "SELECT external_uuid || ' ' || reason || ' ' || detail FROM "
	                           "import_failures"),
	              "odd unreadable client c, ticket odd: updatedAt is missing or no time");
	ck_assert_int_eq(desk_number(d, UNREADABLE " AND CAST(raw AS text) LIKE '%ontem%'"), 1);
	ck_assert_int_eq(desk_number(d, MISSING), 0);
	desk_import(d, true, "partial");
	ck_assert_int_eq(desk_number(d, UNREADABLE " AND attempts = 2"), 1);
	/* mended at the source */
	t->json = str_z(
		test_arena(),
		str_fmt(test_arena(), "{\"uuid\":\"odd\",\"updatedAt\":\"%s\"}", desk_time(0)));
	desk_import(d, false, "succeeded");
	ck_assert_int_eq(desk_number(d, FAILURES), 0);
	desk_close(d);
}
END_TEST

START_TEST(an_unreadable_ticket_that_the_whole_list_no_longer_shows_is_forgotten)
{
	struct desk *d = desk_open();
	struct desk_ticket *t;

	desk_add(d, "good", NULL, -1);
	t = desk_add(d, "odd", "{\"uuid\":\"odd\"}", 0);
	desk_import(d, true, "partial");
	ck_assert_int_eq(desk_number(d, UNREADABLE), 1);
	t->hidden = true;
	desk_import(d, false, "partial");
	desk_import(d, true, "succeeded");
	ck_assert_int_eq(desk_number(d, FAILURES), 0);
	desk_close(d);
}
END_TEST

/* Twice on a page in other words, and on a page that the database met with an error. */
START_TEST(an_unreadable_ticket_is_noted_once_a_run_whichever_statement_fails)
{
	struct desk *d = desk_open();
	bool reached = true;

	desk_add(d, "good", NULL, -1);
	desk_add(d, "odd", "{\"uuid\":\"odd\",\"updatedAt\":1}", 0);
	desk_add(d, "odd", "{\"uuid\":\"odd\",\"updatedAt\":2}", 0);
	for (int64_t n = 1; reached; n++) {
		struct db *db = d->scene.hands[0].importer->db;
		uint64_t before = db_stats(db).statements;

		ck_assert_int_lt(n, 200);
		db_fail_at(db, (uint64_t)n, ERR_UNAVAILABLE);
		desk_import(d, true, "partial");
		ck_assert_int_eq(desk_number(d, UNREADABLE), 1);
		ck_assert_int_eq(desk_number(d, "SELECT attempts FROM import_failures"), n);
		reached = (uint64_t)n < db_stats(db).statements - before;
		db_fail_at(db, 0, ERR_OK);
	}
	desk_close(d);
}
END_TEST

/* A list that is walked again shows it again. */
START_TEST(what_has_no_id_is_counted_and_the_run_does_not_end_well)
{
	struct desk *d = desk_open();

	d->page_size = 2;
	desk_add(d, "a", NULL, -1);
	desk_add(d, "", "{\"status\":\"segredo\"}", 0);
	desk_add(d, "a", NULL, -1);
	desk_add(d, "b", NULL, -3);
	desk_import(d, true, "partial");
	ck_assert_str(desk_text(d, "SELECT error FROM jobs"),
	              "unreadable_elements: 1 elements could not be read, the first: client c, "
	              "ticket 2 of page 1: uuid "
	              "is missing");
	ck_assert_int_eq(desk_number(d, FAILURES), 0);
	ck_assert_int_eq(desk_number(d, "SELECT count(*) FROM tickets"), 2);
	desk_close(d);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("importer", what_a_run_remembers_of_a_ticket_is_a_slot_of_the_table,
	                  an_older_reading_of_a_ticket_that_comes_last_is_not_stored,
	                  pages_that_wait_for_their_tickets_are_bounded_in_bytes,
	                  marks_are_made_in_pieces_and_the_job_is_held_meanwhile,
	                  what_was_done_is_forgotten_in_pieces,
	                  each_of_many_failures_is_tried_once_a_run_and_holds_nothing_back,
	                  a_listed_ticket_that_cannot_be_read_is_a_failure_and_not_missing,
	                  an_unreadable_ticket_that_the_whole_list_no_longer_shows_is_forgotten,
	                  an_unreadable_ticket_is_noted_once_a_run_whichever_statement_fails,
	                  what_has_no_id_is_counted_and_the_run_does_not_end_well,
	                  a_sweep_marks_what_vanished_whichever_statement_fails,
	                  a_sweep_goes_on_after_a_database_that_was_away_for_long,
	                  a_sweep_that_was_taken_up_in_the_middle_says_that_it_marked_nothing);
}

int
main(void)
{
	return desk_main(make_suite);
}
