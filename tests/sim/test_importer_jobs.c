/*
 * What is asked of an import while it works, at whatever moment that is: nothing of it is lost.
 * ENGINE says on which engine.
 */
#include <stdio.h>

#include "import_desk.h"

static const char *
uuid_of(size_t i)
{
	return str_z(test_arena(), str_fmt(test_arena(), "ticket-%06zu", i));
}

#define EDITED "SELECT count(*) FROM messages WHERE body = 'editada'"

/* The messages of a ticket that is stored, whose first was edited without a trace: only a --full
 * run finds that. */
static void
edit(struct desk_ticket *t, const char *body)
{
	struct arena *a = test_arena();
	struct buf b;

	buf_init(&b, a, 1u << 16);
	buf_z(&b, "[");
	for (int i = 20; i > 0; i--)
		buf_fmt(&b, "%s{\"id\":%d,\"fromMe\":false,\"body\":\"%s\",\"createdAt\":\"%s\"}",
		        i < 20 ? "," : "", i, i == 1 ? body : "oi", desk_time(i - 9000));
	buf_z(&b, "]");
	t->messages = str_z(a, buf_slice(&b));
}

/* At whatever moment of a running job it is asked for. */
START_TEST(a_full_import_that_is_asked_for_beside_a_running_one_is_made)
{
	struct desk *d = desk_open();
	bool beside = true;

	desk_add(d, "old", NULL, -8000);
	edit(&d->tickets[0], "como era");
	desk_import(d, false, "succeeded");
	for (int64_t k = 0; beside; k++) {
		struct uuid job, asked;

		raw_exec(d->scene.raw,
		         "UPDATE messages SET body = 'como era' WHERE external_id = 1");
		edit(&d->tickets[0], "editada");
		desk_add(d, uuid_of((size_t)k), NULL, k);
		job = desk_ask(d, JOB_IMPORT, false);
		for (int64_t i = 0; i <= k; i++)
			import_scene_step(&d->scene);
		asked = desk_ask(d, JOB_IMPORT, true);
		beside = uuid_eq(asked, job);
		ck_assert_str(desk_run(d, asked, &(struct str){ 0 }), "succeeded");
		ck_assert_msg(desk_number(d, EDITED) == 1, "after %lld steps", (long long)k);
		ck_assert_int_lt(k, 1000);
	}
	desk_close(d);
}
END_TEST

/* As the API does it: of the job that is under way, or of a new one. */
static struct uuid
ask_again(struct desk *d)
{
	struct import_scene *s = &d->scene;
	bool existing = false;
	struct uuid id;

	ck_assert_ok(db_begin(s->db, DB_API));
	ck_assert_ok(db_lane(s->db, s->client, true));
	ck_assert_ok(jobs_enqueue(s->db, test_arena(), &s->rand, s->client, JOB_IMPORT, false,
	                          false, s->time.now_ms, &id, &existing));
	if (existing)
		ck_assert_ok(jobs_retry(s->db, test_arena(), id));
	ck_assert_ok(db_commit(s->db));
	return id;
}

#define FAILURES "SELECT count(*) FROM import_failures"

/* A ticket fails, is mended at the helpdesk, and somebody asks; at whatever moment of the job. */
START_TEST(what_failed_in_a_run_is_tried_again_in_it_if_somebody_asks)
{
	struct desk *d = desk_open();
	bool beside = true;
	int tried = 0;

	for (int64_t k = 0; beside; k++) {
		struct uuid job, asked;

		ck_assert_int_lt(k, 1000);
		desk_add(d, uuid_of(2 * (size_t)k), NULL, 2 * k)->reply.status = 404;
		desk_add(d, uuid_of(2 * (size_t)k + 1), NULL, 2 * k + 1)->reply.delay_ms = 3000;
		job = desk_ask(d, JOB_IMPORT, false);
		while (desk_number(d, FAILURES) == 0)
			import_scene_step(&d->scene);
		d->tickets[d->n - 2].reply.status = 0;
		for (int64_t i = 0; i < k; i++)
			import_scene_step(&d->scene);
		asked = ask_again(d);
		beside = uuid_eq(asked, job);
		ck_assert_str(desk_run(d, asked, &(struct str){ 0 }), "succeeded");
		ck_assert_msg(desk_number(d, FAILURES) == 0, "after %lld steps", (long long)k);
		ck_assert_uint_eq(d->tickets[d->n - 2].asked, 2);
		tried += beside;
	}
	ck_assert_int_gt(tried, 3);
	desk_close(d);
}
END_TEST

/* While the list is still read: a first import may take weeks. */
START_TEST(a_long_run_tries_again_long_before_its_end)
{
	struct desk *d = desk_open();
	struct uuid job;

	d->page_size = 2;
	d->scene.options.per_minute = 60;
	import_scene_hire(&d->scene, 0);
	desk_add(d, "bad", NULL, 0)->reply.status = 404;
	for (size_t i = 0; i < 600; i++)
		desk_add(d, uuid_of(i), NULL, -1 - (int64_t)i);
	job = desk_ask(d, JOB_IMPORT, false);
	while (desk_number(d, FAILURES) == 0)
		import_scene_step(&d->scene);
	d->tickets[0].reply.status = 0;
	ck_assert(uuid_eq(ask_again(d), job));
	while (desk_number(d, FAILURES) > 0)
		import_scene_step(&d->scene);
	ck_assert_int_lt(desk_number(d, "SELECT count(*) FROM tickets"), 300);
	ck_assert_str(import_scene_status(&d->scene, test_arena(), job), "running");
	desk_close(d);
}
END_TEST

/* The budget lets one request through in a second, and a whole second's worth at once. */
START_TEST(the_time_that_is_left_is_never_less_than_the_budget_allows)
{
	struct desk *d = desk_open();
	int64_t told = 0;
	struct uuid job;

	d->scene.options.per_minute = 60;
	import_scene_hire(&d->scene, 0);
	for (size_t i = 0; i < 20; i++)
		desk_add(d, uuid_of(i), NULL, -1 - (int64_t)i);
	job = desk_ask(d, JOB_IMPORT, false);
	while (str_eq(import_scene_status(&d->scene, test_arena(), job), STR("queued")) ||
	       str_eq(import_scene_status(&d->scene, test_arena(), job), STR("running"))) {
		import_scene_step(&d->scene);
		told += desk_number(d,
		                    "SELECT count(*) FROM jobs WHERE eta_seconds IS NOT NULL AND "
		                    "total > done AND finished_at IS NULL");
		ck_assert_int_eq(desk_number(d,
		                             "SELECT count(*) FROM jobs WHERE finished_at IS NULL "
		                             "AND eta_seconds < total - done"),
		                 0);
	}
	ck_assert_int_gt(told, 10);
	desk_close(d);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("importer jobs",
	                  a_full_import_that_is_asked_for_beside_a_running_one_is_made,
	                  what_failed_in_a_run_is_tried_again_in_it_if_somebody_asks,
	                  a_long_run_tries_again_long_before_its_end,
	                  the_time_that_is_left_is_never_less_than_the_budget_allows);
}

int
main(void)
{
	return desk_main(make_suite);
}
