/* What only SQLite has: the writer's lock, the log, a disk of our own. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store.h"
#include "store/db_internal.h"

static sqlite3 *
handle(struct db *db)
{
	return ((struct db_sqlite *)db)->handle;
}

struct writer {
	struct db *db;
	enum db_prio prio;
	int *order, *n; /* guarded by the writer's lock itself */
	int me;
	enum err e;
};

static void *
write_thread(void *arg)
{
	struct writer *w = arg;
	w->e = db_begin(w->db, w->prio);
	if (w->e != ERR_OK)
		return NULL;
	w->order[(*w->n)++] = w->me;
	w->e = store_put(w->db, 100 + w->me);
	if (w->e == ERR_OK)
		w->e = db_commit(w->db);
	return NULL;
}

static void
wait_for_waiters(size_t n)
{
	while (db_sqlite_lock_waiting(store_pool()->writer) < n)
		sched_yield();
}

START_TEST(waiting_writers_are_served_by_priority_then_in_order)
{
	static const enum db_prio arrive[] = { DB_APPLY,  DB_API, DB_APPLY,
		                               DB_COMMIT, DB_API, DB_COMMIT };
	static const int expected[] = { 3, 5, 1, 4, 0, 2 };
	enum { N = 6 };
	struct db *db = store_db();
	struct writer w[N];
	pthread_t thread[N];
	int order[N], n = 0;
	ck_assert_ok(db_begin(db, DB_API));
	for (int i = 0; i < N; i++) {
		w[i] = (struct writer){ store_more(false), arrive[i], order, &n, i, ERR_OK };
		ck_assert_int_eq(pthread_create(&thread[i], NULL, write_thread, &w[i]), 0);
		wait_for_waiters((size_t)i + 1);
	}
	ck_assert_int_eq(n, 0);
	ck_assert_ok(db_commit(db));
	for (int i = 0; i < N; i++) {
		pthread_join(thread[i], NULL);
		ck_assert_int_eq(w[i].e, ERR_OK);
	}
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(order[i], expected[i]);
	ck_assert_int_eq(store_count(db), N);
}
END_TEST

START_TEST(a_holder_learns_that_someone_more_urgent_waits)
{
	struct db *db = store_db();
	struct writer w = { store_more(false), DB_API, (int[1]){ 0 }, &(int){ 0 }, 0, ERR_OK };
	pthread_t thread;
	ck_assert_ok(db_begin(db, DB_APPLY));
	ck_assert(!db_writer_wanted(db, DB_APPLY));
	ck_assert_int_eq(pthread_create(&thread, NULL, write_thread, &w), 0);
	wait_for_waiters(1);
	ck_assert(db_writer_wanted(db, DB_APPLY));
	ck_assert(!db_writer_wanted(db, DB_API));
	ck_assert_ok(db_commit(db));
	pthread_join(thread, NULL);
	ck_assert(!db_writer_wanted(db, DB_APPLY));
}
END_TEST

START_TEST(a_writer_that_is_never_free_is_busy)
{
	struct db_options options = { .busy_timeout_ms = 30 };
	struct db *db = store_db();
	/* Another pool on the same file shares the lock. */
	struct db *impatient = store_open(
		store_open_pool(str_fmt(test_arena(), "sqlite:%s", store_pool()->target).p,
	                        &options),
		false);
	ck_assert_ptr_eq(db_pool_of(impatient)->writer, store_pool()->writer);
	ck_assert_ok(db_begin(db, DB_API));
	ck_assert_err(db_begin(impatient, DB_COMMIT), ERR_BUSY);
	ck_assert(!db_in_transaction(impatient));
	ck_assert_err(store_put(impatient, 1), ERR_BUSY);
	ck_assert_ok(db_commit(db));
	ck_assert_ok(store_put(impatient, 1));

	/* Another process: only the file's lock is between us. */
	sqlite3 *foreign;
	ck_assert_int_eq(sqlite3_open(store_pool()->target, &foreign), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(foreign, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_err(db_begin(impatient, DB_COMMIT), ERR_BUSY);
	ck_assert_int_eq(store_count(impatient), 1);
	ck_assert_int_eq(sqlite3_close(foreign), SQLITE_OK);
	ck_assert_ok(store_put(impatient, 2));
}
END_TEST

static enum err
put_body(struct db *db, int64_t id, size_t size)
{
	struct str body = str_n(arena_alloc(test_arena(), size), size);
	return db_exec(db, &tq_thing_insert,
	               DB_PARAMS(db_uuid(store_id(id)), db_null('t'), db_null('i'), db_null('m'),
	                         db_null('b'), db_null('j'), db_bytes(body), db_null('d')),
	               NULL, NULL);
}

START_TEST(a_full_disk_rolls_back_and_writing_goes_on_when_there_is_room)
{
	struct db *db = store_db();
	ck_assert_ok(store_put(db, 1));
	ck_assert_int_eq(sqlite3_exec(handle(db), "PRAGMA max_page_count = 40", NULL, NULL, NULL),
	                 SQLITE_OK);
	ck_assert_ok(db_begin(db, DB_COMMIT));
	ck_assert_ok(store_put(db, 2));
	enum err e = ERR_OK;
	for (int64_t i = 3; i < 100 && e == ERR_OK; i++)
		e = put_body(db, i, 8192);
	ck_assert_int_eq(e, ERR_DISK_FULL);
	db_rollback(db);
	ck_assert_int_eq(store_count(db), 1);
	ck_assert_err(put_body(db, 3, 1 << 20), ERR_DISK_FULL);
	ck_assert_int_eq(store_count(db), 1);

	ck_assert_int_eq(sqlite3_exec(handle(db), "PRAGMA max_page_count = 4000", NULL, NULL, NULL),
	                 SQLITE_OK);
	ck_assert_ok(put_body(db, 3, 1 << 20));
	ck_assert_int_eq(store_count(db), 2);
}
END_TEST

static int64_t
size_of(const char *suffix)
{
	struct stat st;
	return stat(str_fmt(test_arena(), "%s%s", store_pool()->target, suffix).p, &st) == 0
	               ? st.st_size
	               : -1;
}

START_TEST(a_checkpoint_moves_the_log_and_begins_it_anew)
{
	int64_t large;
	struct db *db = store_db();
	struct db *keeper = store_more(false);
	for (int64_t i = 1; i <= 24; i++)
		ck_assert_ok(put_body(db, i, 1 << 20));
	ck_assert_int_lt(size_of(""), 1 << 20); /* writers do not move it */
	ck_assert_ok(db_checkpoint(keeper));
	ck_assert_int_gt(size_of(""), 24 << 20);

	arena_reset(test_arena());
	for (int64_t i = 101; i <= 170; i++) {
		ck_assert_ok(put_body(db, i, 1 << 20));
		arena_reset(test_arena());
	}
	large = size_of("-wal");
	ck_assert_int_gt(large, 64 << 20);
	ck_assert_ok(db_checkpoint(keeper));
	ck_assert_ok(put_body(db, 171, 1 << 20));
	ck_assert_int_le(size_of("-wal"), 64 << 20);
	large = size_of("-wal");
	for (int64_t i = 201; i <= 208; i++)
		ck_assert_ok(put_body(db, i, 1 << 20));
	ck_assert_ok(db_checkpoint(keeper));
	for (int64_t i = 301; i <= 308; i++)
		ck_assert_ok(put_body(db, i, 1 << 20));
	ck_assert_int_eq(size_of("-wal"), large); /* written over, not longer */
	ck_assert_int_eq(store_count(db), 111);
}
END_TEST

START_TEST(a_checkpoint_does_not_wait_for_readers)
{
	struct db *db = store_db();
	struct db *reader = store_more(true);
	ck_assert_ok(db_begin_read(reader));
	ck_assert_int_eq(store_count(reader), 0);
	ck_assert_ok(put_body(db, 1, 1 << 20));
	ck_assert_ok(db_checkpoint(db));
	ck_assert_int_eq(store_count(reader), 0);
	ck_assert_ok(db_commit(reader));
	ck_assert_int_eq(store_count(reader), 1);
}
END_TEST

START_TEST(beyond_the_hard_limit_a_writer_moves_the_log_itself)
{
	struct db *db = store_db();
	ck_assert_ok(put_body(db, 1, 8 << 20));
	ck_assert_int_eq(db_sqlite_wal_hook(db, handle(db), "main", 1000), SQLITE_OK);
	ck_assert_int_lt(size_of(""), 1 << 20);
	ck_assert_int_eq(db_sqlite_wal_hook(db, handle(db), "main", 1 << 16), SQLITE_OK);
	ck_assert_int_gt(size_of(""), 8 << 20);
}
END_TEST

START_TEST(a_commit_is_synced_and_the_files_are_ours_alone)
{
	struct db *db = store_db();
	sqlite3_stmt *st;
	struct stat info;
	ck_assert_int_eq(sqlite3_prepare_v2(handle(db), "PRAGMA synchronous", -1, &st, NULL),
	                 SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
	ck_assert_int_eq(sqlite3_column_int(st, 0), 2);
	sqlite3_finalize(st);
	ck_assert_int_eq(stat(store_pool()->target, &info), 0);
	ck_assert_uint_eq(info.st_mode & 0777, 0600);
}
END_TEST

/* The system's files, but for a sync that fails when told to. Each kind of file has its own
 * methods. */
enum { KINDS = 8 };
static struct kind {
	const sqlite3_io_methods *real;
	sqlite3_io_methods failing;
} kinds[KINDS];
static sqlite3_vfs failing_vfs, *real_vfs;
static bool syncs_fail;

static int
failing_sync(sqlite3_file *file, int flags)
{
	const struct kind *k = kinds;
	while (file->pMethods != &k->failing)
		k++;
	return syncs_fail ? SQLITE_IOERR_FSYNC : k->real->xSync(file, flags);
}

static int
failing_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
	(void)vfs;
	int rc = real_vfs->xOpen(real_vfs, name, file, flags, out_flags);
	if (rc != SQLITE_OK || file->pMethods == NULL)
		return rc;
	struct kind *k = kinds;
	while (k->real != NULL && k->real != file->pMethods)
		k++;
	k->real = file->pMethods;
	k->failing = *file->pMethods;
	k->failing.xSync = failing_sync;
	file->pMethods = &k->failing;
	return SQLITE_OK;
}

static void
commit_without_sync(const char *url)
{
	struct db_pool *pool;
	struct db *db;
	real_vfs = sqlite3_vfs_find(NULL);
	failing_vfs = *real_vfs;
	failing_vfs.zName = "failing";
	failing_vfs.xOpen = failing_open;
	failing_vfs.pNext = NULL;
	sqlite3_vfs_register(&failing_vfs, 1);
	/* The log's line is expected. */
	if (freopen("/dev/null", "w", stderr) == NULL || db_pool_open(url, NULL, &pool) != ERR_OK ||
	    db_open(pool, false, &db) != ERR_OK || store_put(db, 1) != ERR_OK)
		_exit(1);
	syncs_fail = true;
	_exit(store_put(db, 2) == ERR_OK ? 2 : 3);
}

START_TEST(a_failed_sync_ends_the_process)
{
	struct db *db = store_db();
	const char *url = str_fmt(test_arena(), "sqlite:%s", store_pool()->target).p;
	int status = 0;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		commit_without_sync(url);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 70);
	ck_assert_int_ge(store_count(db), 1);
}
END_TEST

size_t
store_sqlite_tests(const TTest **out)
{
	return STORE_TESTS(
		out, waiting_writers_are_served_by_priority_then_in_order,
		a_holder_learns_that_someone_more_urgent_waits, a_writer_that_is_never_free_is_busy,
		a_full_disk_rolls_back_and_writing_goes_on_when_there_is_room,
		a_checkpoint_moves_the_log_and_begins_it_anew,
		a_checkpoint_does_not_wait_for_readers,
		beyond_the_hard_limit_a_writer_moves_the_log_itself,
		a_commit_is_synced_and_the_files_are_ours_alone, a_failed_sync_ends_the_process);
}
