/* What only PostgreSQL has: a server that goes away, lanes, sessions. */
#include <pthread.h>

#include "store.h"

START_TEST(a_lane_excludes_others_and_another_lane_does_not)
{
	struct db *one = store_db();
	struct db *two = store_more(false);
	ck_assert_ok(db_begin(one, DB_APPLY));
	ck_assert_ok(db_lane(one, store_id(1), true));
	ck_assert_ok(db_begin(two, DB_APPLY));
	ck_assert_err(db_lane(two, store_id(1), false), ERR_BUSY);
	ck_assert_ok(db_lane(two, store_id(2), false)); /* the transaction is still good */
	ck_assert_ok(store_put(two, 1));
	ck_assert_ok(db_commit(two));

	ck_assert_ok(db_commit(one));
	ck_assert_ok(db_begin(two, DB_APPLY));
	ck_assert_ok(db_lane(two, store_id(1), false));
	db_rollback(two);
	ck_assert_ok(db_begin(one, DB_APPLY));
	ck_assert_ok(db_lane(one, store_id(1), false));
	ck_assert_ok(db_commit(one));
}
END_TEST

struct lane_wait {
	struct db *db;
	enum err e;
};

static void *
lane_thread(void *arg)
{
	struct lane_wait *w = arg;
	w->e = db_begin(w->db, DB_APPLY);
	if (w->e == ERR_OK)
		w->e = db_lane(w->db, store_id(1), true);
	if (w->e == ERR_OK)
		w->e = store_put(w->db, 2);
	if (w->e == ERR_OK)
		w->e = db_commit(w->db);
	return NULL;
}

START_TEST(who_waits_for_a_lane_gets_it_when_it_is_free)
{
	struct db *one = store_db();
	struct db *watch = store_more(true);
	struct lane_wait w = { store_more(false), ERR_INTERNAL };
	pthread_t thread;
	ck_assert_ok(db_begin(one, DB_APPLY));
	ck_assert_ok(db_lane(one, store_id(1), true));
	ck_assert_ok(store_put(one, 1));
	ck_assert_int_eq(pthread_create(&thread, NULL, lane_thread, &w), 0);
	for (struct db_result r = { 0 }; r.nrows == 0 || db_get_int(&r, 0, 0) == 0;)
		r = store_ask(watch, &tq_lanes_waited_for);
	ck_assert_int_eq(store_count(watch), 0);
	ck_assert_ok(db_commit(one));
	pthread_join(thread, NULL);
	ck_assert_int_eq(w.e, ERR_OK);
	ck_assert_int_eq(store_count(watch), 2);
}
END_TEST

static struct db *
open_with(struct db_options options)
{
	const char *url = pg_server_new_database(store_server(), test_arena());
	struct db *db = store_open(store_open_pool(url, &options), false);
	int from, to;
	ck_assert_ok(migrate_with(db, fixture_migrations, &from, &to));
	return db;
}

START_TEST(a_lock_that_is_not_free_in_time_is_busy)
{
	struct db *one = open_with((struct db_options){ .busy_timeout_ms = 40 });
	struct db *two = store_open(db_pool_of(one), false);
	ck_assert_ok(db_begin(one, DB_APPLY));
	ck_assert_ok(db_lane(one, store_id(1), true));
	ck_assert_ok(db_begin(two, DB_APPLY));
	ck_assert_err(db_lane(two, store_id(1), true), ERR_BUSY);
	ck_assert_err(store_put(two, 1), ERR_DB);
	db_rollback(two);
	ck_assert_ok(db_commit(one));
	ck_assert_ok(store_put(two, 1));
}
END_TEST

START_TEST(a_statement_over_its_time_is_a_timeout)
{
	struct db *db = open_with((struct db_options){ .statement_timeout_ms = 50 });
	struct db_result res;
	ck_assert_err(db_query(db, &tq_slow, DB_NO_PARAMS, NULL, test_arena(), &res), ERR_TIMEOUT);
	ck_assert_ok(store_put(db, 1));
}
END_TEST

static void
check_setting(struct db *db, const char *name, const char *value)
{
	struct db_result res;
	ck_assert_ok(db_query(db, &tq_session_setting, DB_PARAMS(db_text(str_from(name))), NULL,
	                      test_arena(), &res));
	ck_assert_slice(db_get_text(&res, 0, 0), str_from(value));
}

START_TEST(a_session_has_our_settings_also_after_a_reconnect)
{
	struct db *plain = store_db();
	struct db *reader = store_more(true);
	struct db *limited = open_with((struct db_options){ .statement_timeout_ms = 12345 });
	struct db *batch;
	ck_assert_ok(db_open_batch(db_pool_of(plain), &batch));
	for (int i = 0; i < 2; i++) {
		check_setting(plain, "synchronous_commit", "on");
		check_setting(plain, "TimeZone", "UTC");
		check_setting(plain, "application_name", "recado");
		check_setting(plain, "lock_timeout", "5s");
		check_setting(plain, "plan_cache_mode", "auto");
		check_setting(plain, "enable_seqscan", "on");
		check_setting(plain, "default_transaction_read_only", "off");
		check_setting(reader, "default_transaction_read_only", "on");
		check_setting(batch, "enable_hashjoin", "off");
		check_setting(batch, "enable_seqscan", "off");
		check_setting(batch, "synchronous_commit", "off");
		check_setting(limited, "statement_timeout", "12345ms");
		pg_server_stop(store_server());
		pg_server_start_again(store_server());
	}
	db_close(batch);
}
END_TEST

START_TEST(an_idle_connection_outlives_a_restart)
{
	struct db *db = store_db();
	ck_assert_ok(store_put(db, 1));
	pg_server_stop(store_server());
	pg_server_start_again(store_server());
	ck_assert_int_eq(store_count(db), 1);
	ck_assert_ok(store_put(db, 2));
}
END_TEST

START_TEST(a_restart_in_a_transaction_is_unavailable_and_then_all_is_well)
{
	struct db *db = store_db();
	ck_assert_ok(db_begin(db, DB_APPLY));
	ck_assert_ok(store_put(db, 1));
	pg_server_stop(store_server());
	ck_assert_err(store_put(db, 2), ERR_UNAVAILABLE);
	ck_assert_str_ne(db_message(db), "");
	db_rollback(db);
	ck_assert_err(db_begin(db, DB_APPLY), ERR_UNAVAILABLE);
	ck_assert_err(store_put(db, 2), ERR_UNAVAILABLE);
	pg_server_start_again(store_server());
	ck_assert_int_eq(store_count(db), 0);
	ck_assert_ok(db_begin(db, DB_APPLY));
	ck_assert_ok(store_put(db, 3));
	ck_assert_ok(db_commit(db));
	ck_assert_int_eq(store_count(db), 1);
}
END_TEST

START_TEST(a_connection_lost_at_commit_is_unavailable)
{
	struct db *db = store_db();
	ck_assert_ok(db_begin(db, DB_COMMIT));
	ck_assert_ok(store_put(db, 1));
	pg_server_stop(store_server());
	ck_assert_err(db_commit(db), ERR_UNAVAILABLE);
	ck_assert(!db_in_transaction(db));
	pg_server_start_again(store_server());
	ck_assert_int_eq(store_count(db), 0);
}
END_TEST

START_TEST(a_listener_is_woken_after_a_reconnect)
{
	struct db *db = store_db();
	struct db *listener = store_more(false);
	bool came = true;
	ck_assert_ok(db_listen(listener, "events"));
	ck_assert_ok(db_wait_notify(listener, 0, &came));
	ck_assert(!came);
	pg_server_stop(store_server());
	ck_assert_err(db_wait_notify(listener, 0, &came), ERR_UNAVAILABLE);
	pg_server_start_again(store_server());
	ck_assert_ok(db_wait_notify(listener, 0, &came));
	ck_assert(came);
	ck_assert_ok(db_wait_notify(listener, 0, &came));
	ck_assert(!came);
	ck_assert_ok(db_notify(db, "other"));
	ck_assert_ok(db_notify(db, "events"));
	ck_assert_ok(db_wait_notify(listener, 10000, &came));
	ck_assert(came);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_unavailable)
{
	struct db_pool *pool = store_open_pool("postgresql://recado@127.0.0.1:1/none", NULL);
	struct db *db = NULL;
	ck_assert_err(db_open(pool, false, &db), ERR_UNAVAILABLE);
	ck_assert_ptr_null(db);
}
END_TEST

START_TEST(text_that_is_not_utf8_and_json_that_is_none_are_invalid)
{
	struct db *db = store_db();
	struct str bad[][2] = { { STR("\xff"), STR("{}") },
		                { STR("a"), STR("{") },
		                { STR("a"), STR("\"\\u0000\"") } };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_err(db_exec(db, &tq_thing_insert,
		                      DB_PARAMS(db_uuid(store_id(1)), db_text(bad[i][0]),
		                                db_null('i'), db_null('m'), db_null('b'),
		                                db_json(bad[i][1]), db_null('x'), db_null('d')),
		                      NULL, NULL),
		              ERR_INVALID);
	ck_assert_int_eq(store_count(db), 0);
}
END_TEST

START_TEST(a_statement_whose_first_run_fails_stays_prepared)
{
	struct db *db = store_db();
	struct db *two = store_more(false);
	ck_assert_ok(store_put(two, 1));
	for (int i = 0; i < 3; i++)
		ck_assert_err(store_put(db, 1), ERR_CONFLICT);
	ck_assert_ok(store_put(db, 2));
}
END_TEST

size_t
store_postgres_tests(const TTest **out)
{
	return STORE_TESTS(
		out, a_lane_excludes_others_and_another_lane_does_not,
		who_waits_for_a_lane_gets_it_when_it_is_free,
		a_lock_that_is_not_free_in_time_is_busy, a_statement_over_its_time_is_a_timeout,
		a_session_has_our_settings_also_after_a_reconnect,
		an_idle_connection_outlives_a_restart,
		a_restart_in_a_transaction_is_unavailable_and_then_all_is_well,
		a_connection_lost_at_commit_is_unavailable, a_listener_is_woken_after_a_reconnect,
		a_server_that_is_not_there_is_unavailable,
		text_that_is_not_utf8_and_json_that_is_none_are_invalid,
		a_statement_whose_first_run_fails_stays_prepared);
}
