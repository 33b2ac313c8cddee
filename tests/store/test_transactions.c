/* Transactions, snapshots, notifications. */
#include "store.h"

START_TEST(a_rollback_leaves_nothing)
{
	struct db *db = store_db();
	ck_assert_ok(db_begin(db, DB_COMMIT));
	ck_assert(db_in_transaction(db));
	ck_assert_ok(store_put(db, 1));
	ck_assert_int_eq(store_count(db), 1);
	db_rollback(db);
	ck_assert(!db_in_transaction(db));
	ck_assert_int_eq(store_count(db), 0);
}
END_TEST

START_TEST(a_commit_is_seen_by_others_and_not_before)
{
	struct db *db = store_db();
	struct db *other = store_more(true);
	ck_assert_ok(db_begin(db, DB_COMMIT));
	ck_assert_ok(store_put(db, 1));
	ck_assert_int_eq(store_count(other), 0);
	ck_assert_ok(db_commit(db));
	ck_assert_int_eq(store_count(other), 1);
}
END_TEST

START_TEST(a_write_without_a_transaction_is_its_own)
{
	struct db *db = store_db();
	struct db *other = store_more(true);
	ck_assert_ok(store_put(db, 1));
	ck_assert(!db_in_transaction(db));
	ck_assert_int_eq(store_count(other), 1);
	ck_assert_err(store_put(db, 1), ERR_CONFLICT);
	ck_assert(!db_in_transaction(db));
	ck_assert_ok(store_put(db, 2));
}
END_TEST

START_TEST(an_empty_transaction_commits)
{
	struct db *db = store_db();
	for (int i = 0; i < 3; i++) {
		ck_assert_ok(db_begin(db, DB_APPLY));
		ck_assert_ok(db_commit(db));
		ck_assert_ok(db_begin_read(db));
		ck_assert_ok(db_commit(db));
		ck_assert_ok(db_begin(db, DB_APPLY));
		db_rollback(db);
	}
	ck_assert_ok(store_put(db, 1));
}
END_TEST

START_TEST(reads_in_a_snapshot_agree)
{
	struct db *db = store_db();
	struct db *reader = store_more(true);
	ck_assert_ok(store_put(db, 1));
	ck_assert_ok(db_begin_read(reader));
	ck_assert_int_eq(store_count(reader), 1);
	ck_assert_ok(store_put(db, 2));
	ck_assert_int_eq(store_count(reader), 1);
	ck_assert_uint_eq(store_ask(reader, &tq_thing_list).nrows, 1);
	ck_assert_ok(db_commit(reader));
	ck_assert_int_eq(store_count(reader), 2);
}
END_TEST

START_TEST(a_writing_connection_may_take_a_snapshot_too)
{
	struct db *db = store_db();
	struct db *other = store_more(false);
	ck_assert_ok(db_begin_read(db));
	ck_assert_int_eq(store_count(db), 0);
	ck_assert_ok(store_put(other, 1));
	ck_assert_int_eq(store_count(db), 0);
	db_rollback(db);
	ck_assert_int_eq(store_count(db), 1);
	ck_assert_ok(store_put(db, 2));
}
END_TEST

START_TEST(statements_and_transactions_are_counted)
{
	struct db *db = store_db();
	struct db_stats a = db_stats(db);
	ck_assert_ok(db_begin(db, DB_APPLY));
	ck_assert_ok(db_lane(db, store_id(1), true));
	ck_assert_ok(store_put(db, 1));
	ck_assert_ok(store_put(db, 2));
	ck_assert_int_eq(store_count(db), 2);
	ck_assert_ok(db_commit(db));
	struct db_stats b = db_stats(db);
	ck_assert_uint_eq(b.statements - a.statements,
	                  store_engine() == DB_SQLITE ? 3 : 4); /* the lane */
	ck_assert_uint_eq(b.rows_changed - a.rows_changed, 2);
	ck_assert_uint_eq(b.rows_read - a.rows_read, 1);
	ck_assert_uint_eq(b.transactions - a.transactions, 1);
}
END_TEST

START_TEST(a_locking_read_needs_a_write_transaction)
{
	struct db *db = store_db();
	struct db_result res;
	ck_assert(tq_thing_lock.writes);
	ck_assert(!tq_thing_get.writes);
	ck_assert_ok(store_put(db, 1));
	ck_assert_ok(db_begin(db, DB_API));
	ck_assert_ok(db_query(db, &tq_thing_lock, DB_PARAMS(db_uuid(store_id(1))), NULL,
	                      test_arena(), &res));
	ck_assert_int_eq(db_get_int(&res, 0, 0), 1);
	ck_assert_ok(db_commit(db));
	ck_assert_ok(db_begin_read(db));
	ck_assert_err(db_query(db, &tq_thing_lock, DB_PARAMS(db_uuid(store_id(1))), NULL,
	                       test_arena(), &res),
	              ERR_INTERNAL);
	db_rollback(db);
}
END_TEST

static bool
notified(struct db *db, int timeout_ms)
{
	bool came = false;
	ck_assert_ok(db_wait_notify(db, timeout_ms, &came));
	return came;
}

START_TEST(who_listens_hears_of_another_connections_write)
{
	struct db *db = store_db();
	struct db *listener = store_more(true);
	ck_assert_ok(db_listen(listener, "events"));
	ck_assert(!notified(listener, 0));
	ck_assert(!notified(listener, 60));

	ck_assert_ok(db_begin(db, DB_APPLY));
	ck_assert_ok(store_put(db, 1));
	ck_assert_ok(db_notify(db, "events"));
	ck_assert(!notified(listener, 0));
	ck_assert_ok(db_commit(db));
	ck_assert(notified(listener, 10000));
	ck_assert(!notified(listener, 0));

	ck_assert_ok(db_begin(db, DB_APPLY));
	ck_assert_ok(store_put(db, 2));
	ck_assert_ok(db_notify(db, "events"));
	db_rollback(db);
	ck_assert(!notified(listener, 60));
}
END_TEST

size_t
store_transaction_tests(const TTest **out)
{
	return STORE_TESTS(
		out, a_rollback_leaves_nothing, a_commit_is_seen_by_others_and_not_before,
		a_write_without_a_transaction_is_its_own, an_empty_transaction_commits,
		reads_in_a_snapshot_agree, a_writing_connection_may_take_a_snapshot_too,
		statements_and_transactions_are_counted, a_locking_read_needs_a_write_transaction,
		who_listens_hears_of_another_connections_write);
}
