/*
 * The committer against real databases. What is looked at is read by plain clients of the engines,
 * not by our own facade.
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "disk_fixture.h"
#include "store/migrate.h"
#include "sys/metrics.h"
#include "testing.h"
#include "work/ingest.h"

#define PATIENCE_MS 20000

struct world {
	const char *path;
	struct db_pool *pool;
	struct db *db;
	struct ingest *ingest;
	struct ingest_options options;
	_Atomic int64_t now_ms;
	struct clock clock;
	atomic_int answered, stored, commits;
	_Atomic int last_error;
};

static int64_t
world_now(void *ctx)
{
	return atomic_load(&((struct world *)ctx)->now_ms);
}

static int64_t
world_mono(void *ctx)
{
	(void)ctx;
	return clock_mono_us(&clock_real);
}

static void
on_committed(void *ctx, size_t entries)
{
	(void)entries;
	atomic_fetch_add(&((struct world *)ctx)->commits, 1);
}

static void
on_done(void *ctx, enum err e)
{
	struct world *w = ctx;

	if (e == ERR_OK)
		atomic_fetch_add(&w->stored, 1);
	else
		atomic_store(&w->last_error, (int)e);
	atomic_fetch_add(&w->answered, 1);
}

/* An empty database in `dir` and what an ingest needs; options may be changed before world_start.
 */
static struct world *
world_new(const char *dir)
{
	struct world *w = arena_alloc(test_arena(), sizeof(*w));
	struct str path = str_fmt(test_arena(), "%s/recado.db", dir);
	int from, to;

	w->path = str_z(test_arena(), path);
	atomic_store(&w->now_ms, INT64_C(1700000000000));
	w->clock = (struct clock){ world_now, world_mono, w };
	ck_assert_ok(db_pool_open(str_z(test_arena(), str_fmt(test_arena(), "sqlite:%s", w->path)),
	                          NULL, &w->pool));
	ck_assert_ok(db_open(w->pool, false, &w->db));
	ck_assert_ok(migrate_up(w->db, &from, &to));
	w->options = (struct ingest_options){ .pool = w->pool,
		                              .clock = &w->clock,
		                              .rand = &rand_system,
		                              .max_entries = 10000,
		                              .append_timeout_ms = 10000,
		                              .batch_entries = 512,
		                              .batch_bytes = (size_t)8 << 20,
		                              .committed = on_committed,
		                              .ctx = w };
	return w;
}

static void
world_start(struct world *w)
{
	ck_assert_ok(ingest_start(&w->options, &w->ingest));
}

static void
world_end(struct world *w)
{
	ingest_stop(w->ingest, 1000);
	db_close(w->db);
	db_pool_close(w->pool);
}

static enum err
append_to(struct world *w, const char *body, size_t n)
{
	char *copy = malloc(n + 1);
	enum err e;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, body, n);
	e = ingest_append(w->ingest, copy, n, UUID_NIL, on_done, w);
	if (e != ERR_OK)
		free(copy);
	return e;
}

static void
append_text(struct world *w, const char *text)
{
	ck_assert_ok(append_to(w, text, strlen(text)));
}

/* Waits until *counter is at least n; fails when that takes too long. */
static void
wait_for(const atomic_int *counter, int n)
{
	int64_t end = clock_mono_us(&clock_real) + PATIENCE_MS * INT64_C(1000);

	while (atomic_load(counter) < n && clock_mono_us(&clock_real) < end)
		usleep(1000);
	ck_assert_int_ge(atomic_load(counter), n);
}

/* The first column of all rows, with a line feed behind each. */
static const char *
sql(const struct world *w, const char *text)
{
	struct buf b;
	sqlite3 *db;
	sqlite3_stmt *s;

	buf_init(&b, test_arena(), (size_t)1 << 20);
	ck_assert_int_eq(sqlite3_open(w->path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, PATIENCE_MS);
	ck_assert_msg(sqlite3_prepare_v2(db, text, -1, &s, NULL) == SQLITE_OK, "%s",
	              sqlite3_errmsg(db));
	while (sqlite3_step(s) == SQLITE_ROW)
		buf_fmt(&b, "%s\n", (const char *)sqlite3_column_text(s, 0));
	ck_assert_msg(sqlite3_finalize(s) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	return str_z(test_arena(), buf_slice(&b));
}

START_TEST(entries_are_stored_whole_and_in_the_order_they_came)
{
	struct world *w = world_new(test_dir());
	struct buf expected;
	char body[32];

	world_start(w);
	buf_init(&expected, test_arena(), (size_t)1 << 20);
	for (int i = 0; i < 2000; i++) {
		snprintf(body, sizeof(body), "body %d", i);
		append_text(w, body);
		buf_fmt(&expected, "%s\n", body);
	}
	wait_for(&w->answered, 2000);
	ck_assert_int_eq(atomic_load(&w->stored), 2000);
	ck_assert_str_eq(sql(w, "SELECT body FROM journal ORDER BY id"),
	                 str_z(test_arena(), buf_slice(&expected)));
	ck_assert_str_eq(sql(w, "SELECT count(*) FROM journal j JOIN journal_parts p"
	                        " ON p.entry_id = j.id WHERE p.status = 'received' AND part_no = 0"
	                        " AND p.bytes = length(j.body) AND p.received_at = j.received_at"
	                        " AND j.received_at = 1700000000000 AND p.client_id IS NULL"),
	                 "2000\n");
	world_end(w);
}
END_TEST

START_TEST(a_body_of_zero_bytes_and_one_of_binary_are_kept_as_they_are)
{
	struct world *w = world_new(test_dir());
	const char binary[] = { 0, 1, 'a', 0, (char)0xff, (char)0xc0 };

	world_start(w);
	ck_assert_ok(append_to(w, "", 0));
	ck_assert_ok(append_to(w, binary, sizeof(binary)));
	wait_for(&w->stored, 2);
	ck_assert_str_eq(sql(w, "SELECT hex(body) || ' ' || bytes FROM journal JOIN journal_parts"
	                        " ON entry_id = id ORDER BY id"),
	                 " 0\n00016100FFC0 6\n");
	world_end(w);
}
END_TEST

START_TEST(ids_grow_even_when_the_clock_steps_back)
{
	struct world *w = world_new(test_dir());

	world_start(w);
	append_text(w, "1");
	atomic_fetch_sub(&w->now_ms, TIME_HOUR);
	append_text(w, "2");
	append_text(w, "3");
	atomic_fetch_add(&w->now_ms, 2 * TIME_HOUR);
	append_text(w, "4");
	wait_for(&w->stored, 4);
	ck_assert_str_eq(sql(w, "SELECT body FROM journal ORDER BY id"), "1\n2\n3\n4\n");
	ck_assert_str_eq(sql(w, "SELECT (received_at - 1700000000000) / 3600000 FROM journal"
	                        " ORDER BY id"),
	                 "0\n-1\n-1\n1\n");
	world_end(w);
}
END_TEST

START_TEST(what_waits_while_a_commit_runs_shares_the_next_one)
{
	struct world *w = world_new(test_dir());

	world_start(w);
	ck_assert_ok(db_begin(w->db, DB_API));
	for (int i = 0; i < 400; i++)
		append_text(w, "x");
	ck_assert_int_eq(atomic_load(&w->answered), 0);
	db_rollback(w->db);
	wait_for(&w->stored, 400);
	world_end(w);
	ck_assert_int_le(atomic_load(&w->commits), 2);
}
END_TEST

START_TEST(a_batch_holds_no_more_bytes_than_it_may)
{
	struct world *w = world_new(test_dir());
	char *body = arena_alloc(test_arena(), 1000);

	w->options.batch_bytes = 2500;
	world_start(w);
	ck_assert_ok(db_begin(w->db, DB_API));
	for (int i = 0; i < 20; i++)
		ck_assert_ok(append_to(w, body, 1000));
	db_rollback(w->db);
	wait_for(&w->stored, 20);
	world_end(w);
	ck_assert_int_ge(atomic_load(&w->commits), 10);
}
END_TEST

START_TEST(an_append_that_waits_too_long_is_answered_once_and_may_be_stored)
{
	struct world *w = world_new(test_dir());

	w->options.append_timeout_ms = 150;
	world_start(w);
	ck_assert_ok(db_begin(w->db, DB_API));
	for (int i = 0; i < 3; i++)
		append_text(w, "late");
	wait_for(&w->answered, 3);
	ck_assert_int_eq(atomic_load(&w->last_error), ERR_UNAVAILABLE);
	ck_assert_int_ge(ingest_blocked_ms(w->ingest), 100);
	db_rollback(w->db);
	append_text(w, "in time");
	wait_for(&w->stored, 1);
	world_end(w);
	ck_assert_int_eq(atomic_load(&w->answered), 4);
	ck_assert_str_eq(
		sql(w, "SELECT count(*) FROM journal WHERE body = CAST('in time' AS blob)"), "1\n");
}
END_TEST

START_TEST(beyond_the_queue_nothing_is_taken_until_there_is_room)
{
	struct world *w = world_new(test_dir());

	w->options.max_entries = 5;
	world_start(w);
	ck_assert_ok(db_begin(w->db, DB_API));
	for (int i = 0; i < 5; i++)
		append_text(w, "x");
	ck_assert_err(append_to(w, "y", 1), ERR_UNAVAILABLE);
	db_rollback(w->db);
	wait_for(&w->stored, 5);
	append_text(w, "z");
	wait_for(&w->stored, 6);
	world_end(w);
	ck_assert_int_eq(atomic_load(&w->answered), 6);
}
END_TEST

START_TEST(one_entry_that_the_database_refuses_does_not_refuse_the_others)
{
	struct world *w = world_new(test_dir());

	sql(w, "CREATE TRIGGER refuse BEFORE INSERT ON journal WHEN NEW.body = CAST('bad' AS blob)"
	       " BEGIN SELECT RAISE(ABORT, 'refused'); END");
	world_start(w);
	ck_assert_ok(db_begin(w->db, DB_API));
	for (int i = 0; i < 21; i++)
		append_text(w, i == 10 ? "bad" : "good");
	db_rollback(w->db);
	wait_for(&w->answered, 21);
	ck_assert_int_eq(atomic_load(&w->stored), 20);
	ck_assert_int_ne(atomic_load(&w->last_error), ERR_OK);
	ck_assert_str_eq(sql(w, "SELECT count(*) FROM journal"), "20\n");
	ck_assert_str_eq(sql(w, "SELECT count(*) FROM journal_parts"), "20\n");
	world_end(w);
}
END_TEST

START_TEST(stopping_commits_what_is_queued)
{
	struct world *w = world_new(test_dir());

	world_start(w);
	for (int i = 0; i < 1000; i++)
		append_text(w, "x");
	world_end(w);
	ck_assert_int_eq(atomic_load(&w->stored), 1000);
	ck_assert_str_eq(sql(w, "SELECT count(*) FROM journal"), "1000\n");
}
END_TEST

static void *
release_when_answered(void *ctx)
{
	struct world *w = ctx;

	wait_for(&w->answered, 3);
	db_rollback(w->db);
	return NULL;
}

START_TEST(what_cannot_be_committed_in_time_is_cancelled_when_stopping)
{
	struct world *w = world_new(test_dir());
	pthread_t thread;

	world_start(w);
	ck_assert_ok(db_begin(w->db, DB_API));
	for (int i = 0; i < 3; i++)
		append_text(w, "x");
	ck_assert_int_eq(pthread_create(&thread, NULL, release_when_answered, w), 0);
	ingest_stop(w->ingest, 100);
	w->ingest = NULL;
	pthread_join(thread, NULL);
	ck_assert_int_eq(atomic_load(&w->answered), 3);
	ck_assert_int_eq(atomic_load(&w->stored), 0);
	ck_assert_int_eq(atomic_load(&w->last_error), ERR_CANCELLED);
	world_end(w);
}
END_TEST

START_TEST(a_full_disk_is_said_and_forgotten_when_there_is_room_again)
{
	struct world *w;

	disk_mount();
	w = world_new(test_dir());
	world_start(w);
	append_text(w, "1");
	wait_for(&w->stored, 1);
	atomic_store(&disk_full, true);
	append_text(w, "2");
	wait_for(&w->answered, 2);
	ck_assert_int_eq(atomic_load(&w->last_error), ERR_DISK_FULL);
	atomic_store(&disk_full, false);
	append_text(w, "3");
	wait_for(&w->stored, 2);
	world_end(w);
	disk_unmount();
	ck_assert_str_eq(sql(w, "SELECT body FROM journal ORDER BY id"), "1\n3\n");
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("ingest", entries_are_stored_whole_and_in_the_order_they_came,
	                  a_body_of_zero_bytes_and_one_of_binary_are_kept_as_they_are,
	                  ids_grow_even_when_the_clock_steps_back,
	                  what_waits_while_a_commit_runs_shares_the_next_one,
	                  a_batch_holds_no_more_bytes_than_it_may,
	                  an_append_that_waits_too_long_is_answered_once_and_may_be_stored,
	                  beyond_the_queue_nothing_is_taken_until_there_is_room,
	                  one_entry_that_the_database_refuses_does_not_refuse_the_others,
	                  stopping_commits_what_is_queued,
	                  what_cannot_be_committed_in_time_is_cancelled_when_stopping,
	                  a_full_disk_is_said_and_forgotten_when_there_is_room_again);
}

TEST_MAIN(make_suite)
