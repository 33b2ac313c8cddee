/* Migrations: once, in order, whoever runs them. */
#include "store.h"

#include <pthread.h>

#include "store/queries.h"

static const struct migration broken[] = {
	{ 1, "one", "CREATE TABLE a (x INTEGER); CREATE TABLE b (x INTEGER)",
	  "CREATE TABLE a (x integer); CREATE TABLE b (x integer)" },
	{ 2, "two", "CREATE TABLE c (x INTEGER); INSERT INTO no_such_table VALUES (1)",
	  "CREATE TABLE c (x integer); INSERT INTO no_such_table VALUES (1)" },
	{ .version = 0 },
};
static const struct migration mended[] = {
	{ 1, "one", "never run again", "never run again" },
	{ 2, "two", "CREATE TABLE c (x INTEGER); DROP TABLE b",
	  "CREATE TABLE c (x integer); DROP TABLE b" },
	{ 3, "three", "DROP TABLE c;", "DROP TABLE c;" },
	{ .version = 0 },
};

static int
version_of(struct db *db)
{
	int v = -1;
	ck_assert_ok(migrate_version(db, &v));
	return v;
}

START_TEST(an_empty_database_has_version_0)
{
	struct db_pool *pool = store_open_pool(store_empty_url(), NULL);
	ck_assert_int_eq(version_of(store_open(pool, false)), 0);
	ck_assert_int_eq(version_of(store_open(pool, true)), 0);
}
END_TEST

START_TEST(migrating_twice_does_nothing_the_second_time)
{
	struct db *db = store_db();
	int from = 0, to = 0;
	ck_assert_ok(migrate_with(db, fixture_migrations, &from, &to));
	ck_assert_int_eq(from, 2);
	ck_assert_int_eq(to, 2);
	ck_assert_int_eq(version_of(db), 2);
	ck_assert_int_eq(version_of(store_more(true)), 2);
	ck_assert_uint_eq(store_ask(db, &tq_numbers).nrows, 1);
}
END_TEST

START_TEST(a_failing_migration_leaves_those_before_it)
{
	struct db *db = store_open(store_open_pool(store_empty_url(), NULL), false);
	int from = -7, to = -7;
	ck_assert_err(migrate_with(db, broken, &from, &to), ERR_DB);
	ck_assert_int_eq(from, -7);
	ck_assert(!db_in_transaction(db));
	ck_assert_int_eq(version_of(db), 1);
	ck_assert_ok(migrate_with(db, mended, &from, &to));
	ck_assert_int_eq(from, 1);
	ck_assert_int_eq(to, 3);
}
END_TEST

START_TEST(a_fault_at_any_statement_leaves_whole_migrations)
{
	struct db *db = store_open(store_open_pool(store_empty_url(), NULL), false);
	int from, to, before = 0;
	for (uint64_t n = 1; version_of(db) < 2; n++) {
		ck_assert_uint_lt(n, 20);
		db_fail_at(db, n, ERR_IO);
		enum err e = migrate_with(db, fixture_migrations, &from, &to);
		db_fail_at(db, 0, ERR_OK);
		int after = version_of(db);
		ck_assert_int_ge(after, before);
		ck_assert_int_eq(e == ERR_OK, after == 2);
		before = after;
	}
	ck_assert_uint_eq(store_ask(db, &tq_numbers).nrows, 1);
}
END_TEST

START_TEST(a_newer_database_is_refused_and_left_alone)
{
	static const struct migration older[] = { { 1, "things", "x", "x" }, { .version = 0 } };
	struct db *db = store_db();
	int from = -7, to = -7;
	ck_assert_err(migrate_with(db, older, &from, &to), ERR_CONFLICT);
	ck_assert_int_eq(to, -7);
	ck_assert_int_eq(version_of(db), 2);
}
END_TEST

struct migrator {
	struct db *db;
	enum err e;
	int from, to;
};

static void *
migrate_thread(void *arg)
{
	struct migrator *m = arg;
	m->e = migrate_with(m->db, fixture_migrations, &m->from, &m->to);
	return NULL;
}

START_TEST(migrators_at_the_same_time_apply_each_once)
{
	enum { N = 4 };
	const char *url = store_empty_url();
	struct migrator m[N];
	pthread_t thread[N];
	for (int i = 0; i < N; i++)
		m[i] = (struct migrator){ .db = store_open(store_open_pool(url, NULL), false) };
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, migrate_thread, &m[i]), 0);
	for (int i = 0; i < N; i++) {
		pthread_join(thread[i], NULL);
		ck_assert_msg(m[i].e == ERR_OK, "%s", db_message(m[i].db));
		ck_assert_int_eq(m[i].to, 2);
	}
	ck_assert_uint_eq(store_ask(m[0].db, &tq_numbers).nrows, 1);
}
END_TEST

START_TEST(our_own_migrations_and_queries_fit_each_other)
{
	struct db *db = store_open(store_open_pool(store_empty_url(), NULL), false);
	int from, to;
	enum err e = migrate_up(db, &from, &to);
	ck_assert_msg(e == ERR_OK, "%s", db_message(db));
	ck_assert_int_eq(to, migrate_latest());
	ck_assert_int_gt(migrate_latest(), 0);
	ck_assert_int_gt(QUERY_COUNT, 0);
	for (size_t i = 0; i < QUERY_COUNT; i++) {
		e = db_check_query(db, query_all[i]);
		ck_assert_msg(e == ERR_OK, "%s", db_message(db));
	}
}
END_TEST

static const struct query q_old_leads = {
	.name = "test_old_leads",
	.sqlite = "INSERT INTO leads (id, client_id, evidence, wa_level, push_name, username, "
		  "is_active, "
		  "created_at, updated_at) VALUES (randomblob(16), randomblob(16), 1, 0, "
		  "'Úrsula CONCEIÇÃO', 'Mãe.Á', 1, 0, 0)",
	.postgres = "INSERT INTO leads (id, client_id, evidence, wa_level, push_name, username, "
		    "is_active, created_at, updated_at) VALUES (gen_random_uuid(), "
		    "gen_random_uuid(), 1, 0, 'Úrsula CONCEIÇÃO', 'Mãe.Á', true, now(), now())",
	.params = "",
	.returns = "",
	.writes = true,
};
static const struct query q_found_leads = {
	.name = "test_found_leads",
	.sqlite = "SELECT search_name FROM leads",
	.postgres = "SELECT search_name FROM leads",
	.params = "",
	.returns = "t",
};

START_TEST(leads_from_before_names_were_folded_are_found)
{
	struct db *db = store_open(store_open_pool(store_empty_url(), NULL), false);
	struct migration before[16] = { { .version = 0 } };
	struct db_result r;
	int64_t changed;
	int from, to;

	for (size_t i = 0; migrations[i].version < 11; i++)
		before[i] = migrations[i];
	ck_assert_ok(migrate_with(db, before, &from, &to));
	ck_assert_int_eq(to, 10);
	ck_assert_ok(db_begin(db, DB_APPLY));
	ck_assert_ok(db_exec(db, &q_old_leads, DB_NO_PARAMS, NULL, &changed));
	ck_assert_ok(db_commit(db));
	ck_assert_ok(migrate_up(db, &from, &to));
	r = store_ask(db, &q_found_leads);
	ck_assert_uint_eq(r.nrows, 1);
	ck_assert(str_eq(db_get_text(&r, 0, 0), STR("ursula conceicao\nmae.a")));
}
END_TEST

size_t
store_migrate_tests(const TTest **out)
{
	return STORE_TESTS(out, an_empty_database_has_version_0,
	                   migrating_twice_does_nothing_the_second_time,
	                   a_failing_migration_leaves_those_before_it,
	                   a_fault_at_any_statement_leaves_whole_migrations,
	                   leads_from_before_names_were_folded_are_found,
	                   a_newer_database_is_refused_and_left_alone,
	                   migrators_at_the_same_time_apply_each_once,
	                   our_own_migrations_and_queries_fit_each_other);
}
