/*
 * The store suite: `test_store sqlite` and `test_store postgres` run the same tests, and each
 * engine's own.
 * What always holds: every test has its own empty database, so tests neither see nor order each
 * other.
 */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>

#include "sys/log.h"

enum { MAX_TESTS = 128, MAX_OPEN = 16 };

static enum db_engine engine;
static struct pg_server *server;
static const char *url; /* of this test's database */
static struct db_pool *pools[MAX_OPEN];
static struct db *dbs[MAX_OPEN];
static size_t npools, ndbs;

enum db_engine
store_engine(void)
{
	return engine;
}

struct pg_server *
store_server(void)
{
	return server;
}

const char *
store_empty_url(void)
{
	if (engine == DB_POSTGRES)
		return pg_server_new_database(server, test_arena());
	return str_fmt(test_arena(), "sqlite:%s/new/dir/test.db", test_dir()).p;
}

struct db_pool *
store_open_pool(const char *of, const struct db_options *options)
{
	ck_assert_uint_lt(npools, MAX_OPEN);
	ck_assert_ok(db_pool_open(of, options, &pools[npools]));
	return pools[npools++];
}

struct db *
store_open(struct db_pool *pool, bool read_only)
{
	ck_assert_uint_lt(ndbs, MAX_OPEN);
	ck_assert_ok(db_open(pool, read_only, &dbs[ndbs]));
	return dbs[ndbs++];
}

struct db *
store_open_batch(struct db_pool *pool)
{
	ck_assert_uint_lt(ndbs, MAX_OPEN);
	ck_assert_ok(db_open_batch(pool, &dbs[ndbs]));
	return dbs[ndbs++];
}

struct db_pool *
store_pool(void)
{
	int from, to;

	if (npools > 0)
		return pools[0];
	url = store_empty_url();
	store_open_pool(url, NULL);
	struct db *db = store_open(pools[0], false);
	ck_assert_ok(migrate_with(db, fixture_migrations, &from, &to));
	ck_assert_int_eq(from, 0);
	ck_assert_int_eq(to, 2);
	return pools[0];
}

struct db *
store_db(void)
{
	store_pool();
	return dbs[0];
}

struct db *
store_more(bool read_only)
{
	return store_open(store_pool(), read_only);
}

static void
close_all(void)
{
	while (ndbs > 0)
		db_close(dbs[--ndbs]);
	while (npools > 0)
		db_pool_close(pools[--npools]);
}

struct uuid
store_id(int64_t n)
{
	struct uuid u = { { 0x01 } };
	for (size_t i = 0; i < 8; i++)
		u.b[15 - i] = (unsigned char)((uint64_t)n >> (8 * i) & 0xff);
	return u;
}

enum err
store_put(struct db *db, int64_t n)
{
	return db_exec(db, &tq_thing_insert,
	               DB_PARAMS(db_uuid(store_id(n)), db_null('t'), db_int(n), db_null('m'),
	                         db_null('b'), db_null('j'), db_null('x'), db_null('d')),
	               NULL, NULL);
}

struct db_result
store_ask(struct db *db, const struct query *q)
{
	struct db_result res;
	enum err e = db_query(db, q, DB_NO_PARAMS, NULL, test_arena(), &res);
	ck_assert_msg(e == ERR_OK, "%s: %s", err_info(e)->code, db_message(db));
	return res;
}

int64_t
store_count(struct db *db)
{
	struct db_result res = store_ask(db, &tq_thing_count);
	return db_get_int(&res, 0, 0);
}

static void
before(void)
{
	arena_reset(test_arena());
}

static Suite *
make_suite(void)
{
	store_tests_fn *const groups[] = {
		store_value_tests,
		store_error_tests,
		store_transaction_tests,
		store_migrate_tests,
		store_plan_tests,
		engine == DB_SQLITE ? store_sqlite_tests : store_postgres_tests
	};
	const TTest *tests[MAX_TESTS];
	Suite *suite = suite_create(engine == DB_SQLITE ? "store sqlite" : "store postgres");
	TCase *all = tcase_create("all");
	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, before, close_all);
	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		size_t n = groups[g](tests);
		for (size_t i = 0; i < n; i++)
			tcase_add_test(all, tests[i]);
	}
	suite_add_tcase(suite, all);
	return suite;
}

int
main(int argc, char **argv)
{
	if (argc != 2 || (strcmp(argv[1], "sqlite") != 0 && strcmp(argv[1], "postgres") != 0)) {
		fprintf(stderr, "usage: test_store sqlite|postgres\n");
		return 2;
	}
	log_setup(LOG_LEVEL_ERROR, false);
	engine = strcmp(argv[1], "sqlite") == 0 ? DB_SQLITE : DB_POSTGRES;
	if (engine == DB_POSTGRES && (server = pg_server_start(false)) == NULL)
		return EXIT_FAILURE;
	int status = testing_run(make_suite);
	pg_server_end(server);
	return status;
}
