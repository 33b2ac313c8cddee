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

static Suite *
make_suite(void)
{
	return TEST_SUITE("importer jobs",
	                  a_full_import_that_is_asked_for_beside_a_running_one_is_made);
}

int
main(void)
{
	return desk_main(make_suite);
}
