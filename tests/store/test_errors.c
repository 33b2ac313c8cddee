/* What goes wrong is told apart, named, and leaves the old state. */
#include "store.h"

static enum err
insert_named(struct db *db, int64_t id, struct str name)
{
	return db_exec(db, &tq_thing_insert,
	               DB_PARAMS(db_uuid(store_id(id)), db_text(name), db_null('i'), db_null('m'),
	                         db_null('b'), db_null('j'), db_null('x'), db_null('d')),
	               NULL, NULL);
}

static enum err
insert_pair(struct db *db, struct str a, struct str b, struct uuid thing)
{
	return db_exec(db, &tq_pair_insert, DB_PARAMS(db_text(a), db_text(b), db_uuid(thing)), NULL,
	               NULL);
}

START_TEST(a_violated_key_is_a_conflict_with_its_name)
{
	struct db *db = store_db();
	ck_assert_ok(insert_named(db, 1, STR("a")));
	ck_assert_str_eq(db_constraint(db), "");

	ck_assert_err(insert_named(db, 2, STR("a")), ERR_CONFLICT);
	ck_assert_str_eq(db_constraint(db), "ux_things_name");
	ck_assert_ptr_nonnull(strstr(db_message(db), "thing_insert"));
	ck_assert_err(insert_named(db, 1, STR("b")), ERR_CONFLICT);
	ck_assert_str_eq(db_constraint(db), "things_pkey");
	ck_assert_err(store_put(db, 13), ERR_CONFLICT);
	ck_assert_str_eq(db_constraint(db), "ck_things_n");

	ck_assert_ok(insert_pair(db, STR("a"), STR("b"), store_id(1)));
	ck_assert_err(insert_pair(db, STR("a"), STR("b"), UUID_NIL), ERR_CONFLICT);
	ck_assert_str_eq(db_constraint(db), "pairs_a_b_key");
	ck_assert_err(insert_pair(db, STR("c"), STR("d"), store_id(99)),
	              ERR_CONFLICT); /* foreign key */
	ck_assert_err(insert_pair(db, STR_NONE, STR("d"), UUID_NIL), ERR_CONFLICT); /* NOT NULL */
	ck_assert_str_eq(db_constraint(db), "");

	ck_assert_ok(insert_named(db, 3, STR("c")));
	ck_assert_str_eq(db_constraint(db), "");
	ck_assert_int_eq(store_count(db), 2);
}
END_TEST

START_TEST(a_message_holds_no_parameter_value)
{
	struct db *db = store_db();
	ck_assert_ok(insert_named(db, 1, STR("secret words")));
	ck_assert_err(insert_named(db, 2, STR("secret words")), ERR_CONFLICT);
	ck_assert_ptr_null(strstr(db_message(db), "secret"));
}
END_TEST

START_TEST(a_nul_byte_and_an_impossible_time_are_refused_before_they_are_sent)
{
	struct db *db = store_db();
	struct db_stats before = db_stats(db);
	ck_assert_err(insert_named(db, 1, STR("a\0b")), ERR_INVALID);
	struct db_rows *rows = db_rows_new(test_arena(), &tq_rows_echo);
	db_row_int(rows, 1);
	db_row_text(rows, STR("\0"));
	struct db_result res;
	ck_assert_err(db_query(db, &tq_rows_echo, DB_NO_PARAMS, rows, test_arena(), &res),
	              ERR_INVALID);

	static const int64_t impossible[] = { INT64_MAX, INT64_MIN + 1, INT64_C(9224318016000000),
		                              INT64_C(-210866803200001) };
	for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
		rows = db_rows_new(test_arena(), &tq_thing_insert_new);
		db_row_uuid(rows, store_id(1));
		db_row_text(rows, STR_NONE);
		db_row_int(rows, 1);
		ck_assert_err(db_exec(db, &tq_thing_insert_new, DB_PARAMS(db_time(impossible[i])),
		                      rows, NULL),
		              ERR_INVALID);
	}
	ck_assert_uint_eq(db_stats(db).statements, before.statements);
	ck_assert_int_eq(store_count(db), 0);
}
END_TEST

START_TEST(a_result_that_is_not_as_declared_is_caught)
{
	static const struct query *const wrong[] = { &tq_wrong_type, &tq_wrong_count,
		                                     &tq_wrong_null, &tq_wrong_bool,
		                                     &tq_wrong_sql };
	struct db *db = store_db();
	struct db_result res;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_err(db_query(db, wrong[i], DB_NO_PARAMS, NULL, test_arena(), &res),
		              ERR_DB);
		ck_assert_msg(strstr(db_message(db), wrong[i]->name) != NULL, "%s", db_message(db));
		ck_assert_ok(store_put(db, (int64_t)i + 1));
	}
}
END_TEST

START_TEST(a_check_finds_wrong_declarations_without_running)
{
	struct db *db = store_db();
	for (size_t i = 0; i < TQ_COUNT; i++) {
		const struct query *q = tq_all[i];
		enum err e = db_check_query(db, q);
		bool wrong = strncmp(q->name, "wrong_", 6) == 0;
		/* Only PostgreSQL knows types before it runs, and neither knows NULLs. */
		bool typed = q == &tq_wrong_type || q == &tq_wrong_bool;
		if (q == &tq_wrong_null || (typed && store_engine() == DB_SQLITE))
			wrong = false;
		ck_assert_msg(e == (wrong ? ERR_DB : ERR_OK), "%s: %s", q->name, db_message(db));
	}
	ck_assert_ptr_null(tq_all[TQ_COUNT]);
	ck_assert_int_eq(store_count(db), 0);
}
END_TEST

START_TEST(a_result_over_the_arenas_cap_is_too_large)
{
	struct db *db = store_db();
	struct arena *small = arena_new(4096);
	struct db_rows *rows = db_rows_new(test_arena(), &tq_rows_echo);
	struct db_result res;
	for (int64_t i = 0; i < 1000; i++) {
		db_row_int(rows, i);
		db_row_text(rows, STR("some text"));
	}
	ck_assert_err(db_query(db, &tq_rows_echo, DB_NO_PARAMS, rows, small, &res), ERR_TOO_LARGE);
	arena_free(small);
	ck_assert_ok(store_put(db, 1));
}
END_TEST

START_TEST(after_a_failure_a_transaction_can_only_be_rolled_back)
{
	struct db *db = store_db();
	ck_assert_ok(db_begin(db, DB_API));
	ck_assert_ok(store_put(db, 1));
	ck_assert_err(store_put(db, 1), ERR_CONFLICT);
	ck_assert_err(store_put(db, 2), ERR_DB);
	ck_assert_err(db_commit(db), ERR_DB);
	ck_assert(!db_in_transaction(db));
	ck_assert_int_eq(store_count(db), 0);
	db_rollback(db); /* harmless */
	ck_assert_ok(store_put(db, 1));
}
END_TEST

START_TEST(a_write_on_a_reading_connection_is_refused)
{
	struct db *db = store_db();
	struct db *reader = store_more(true);
	ck_assert_err(store_put(reader, 1), ERR_INTERNAL);
	ck_assert_int_eq(store_count(reader), 0);
	ck_assert_ok(db_begin_read(db));
	ck_assert_err(store_put(db, 1), ERR_INTERNAL);
	db_rollback(db);
	ck_assert_int_eq(store_count(db), 0);
}
END_TEST

/* Three statements and the commit; ERR_OK only if all of it worked. */
static enum err
work(struct db *db, int64_t base)
{
	enum err e = db_begin(db, DB_APPLY);
	if (e == ERR_OK)
		e = db_lane(db, store_id(1), true);
	for (int64_t i = 1; i <= 3 && e == ERR_OK; i++)
		e = store_put(db, base + i);
	if (e == ERR_OK)
		return db_commit(db);
	db_rollback(db);
	return e;
}

START_TEST(a_planted_fault_leaves_the_old_state)
{
	struct db *db = store_db();
	int64_t done = 0;
	for (uint64_t n = 1; n <= 6; n++) {
		db_fail_at(db, n, ERR_UNAVAILABLE);
		enum err e = work(db, 100 * (int64_t)n);
		ck_assert_int_eq(e, n <= 5 ? ERR_UNAVAILABLE : ERR_OK);
		ck_assert(!db_in_transaction(db));
		db_fail_at(db, 0, ERR_OK);
		done += e == ERR_OK ? 3 : 0;
		ck_assert_int_eq(store_count(db), done);
		ck_assert_ok(work(db, 10000 * (int64_t)n));
		done += 3;
	}
	db_fail_at(db, 1, ERR_DISK_FULL);
	ck_assert_err(store_put(db, 1), ERR_DISK_FULL);
	ck_assert_int_eq(store_count(db), done);
}
END_TEST

START_TEST(a_database_that_is_away_fails_at_everything_until_it_is_back)
{
	struct db *db = store_db();

	db_fail_from(db, 6, ERR_UNAVAILABLE);
	ck_assert_ok(work(db, 1));
	for (int i = 0; i < 3; i++) {
		ck_assert_err(work(db, 1), ERR_UNAVAILABLE);
		ck_assert_err(store_put(db, 1), ERR_UNAVAILABLE);
		ck_assert(!db_in_transaction(db));
	}
	db_fail_at(db, 0, ERR_OK);
	ck_assert_int_eq(store_count(db), 3);
	ck_assert_ok(work(db, 100));
	ck_assert_int_eq(store_count(db), 6);
}
END_TEST

START_TEST(a_commit_whose_outcome_is_not_told_was_made)
{
	struct db *db = store_db();

	db_lose_commit(db, 2);
	ck_assert_ok(work(db, 100));
	ck_assert_err(work(db, 200), ERR_UNAVAILABLE);
	ck_assert(!db_in_transaction(db));
	ck_assert_int_eq(store_count(db), 6);
	ck_assert_ok(work(db, 300));
	db_lose_commit(db, 1);
	db_lose_commit(db, 0);
	ck_assert_ok(work(db, 400));
	ck_assert_int_eq(store_count(db), 12);
}
END_TEST

START_TEST(a_url_that_is_none_is_refused)
{
	static const char *const bad[] = { "",          "sqlite:",         "sqlite::memory:",
		                           "mysql://x", "postgresql://[x", "/path" };
	struct db_pool *pool = NULL;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_err(db_pool_open(bad[i], NULL, &pool), ERR_INVALID);
	ck_assert_err(db_pool_open("sqlite:/proc/none/x.db", NULL, &pool), ERR_IO);
	ck_assert_ptr_null(pool);
	db_pool_close(NULL);
	db_close(NULL);
}
END_TEST

size_t
store_error_tests(const TTest **out)
{
	return STORE_TESTS(
		out, a_violated_key_is_a_conflict_with_its_name, a_message_holds_no_parameter_value,
		a_nul_byte_and_an_impossible_time_are_refused_before_they_are_sent,
		a_result_that_is_not_as_declared_is_caught,
		a_check_finds_wrong_declarations_without_running,
		a_result_over_the_arenas_cap_is_too_large,
		after_a_failure_a_transaction_can_only_be_rolled_back,
		a_write_on_a_reading_connection_is_refused, a_planted_fault_leaves_the_old_state,
		a_database_that_is_away_fails_at_everything_until_it_is_back,
		a_commit_whose_outcome_is_not_told_was_made, a_url_that_is_none_is_refused);
}
