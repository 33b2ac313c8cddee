/* What the files of the store suite share: one database per test, on the engine that the program
 * was started for. */
#ifndef RECADO_TESTS_STORE_H
#define RECADO_TESTS_STORE_H

#include "pg.h"
#include "store/db.h"
#include "store/migrate.h"
#include "testing.h"

#include "fixture.h"

extern const struct migration fixture_migrations[];

enum db_engine store_engine(void);
struct pg_server *store_server(void); /* NULL on SQLite */

/* URL of a new database without any table. */
const char *store_empty_url(void);
/* A migrated database of its own and a connection to it, both closed after the test. */
struct db *store_db(void);
struct db_pool *store_pool(void);
/* Another connection to the same database. */
struct db *store_more(bool read_only);
/* Pools and connections opened by the test itself, to be closed after it. */
struct db_pool *store_open_pool(const char *url, const struct db_options *);
struct db *store_open(struct db_pool *, bool read_only);
struct db *store_open_batch(struct db_pool *);

struct uuid store_id(int64_t n); /* different for each n, never nil */
/* A row (id n, name NULL, n) through thing_insert. */
enum err store_put(struct db *, int64_t n);
int64_t store_count(struct db *);
/* One result of the query without parameters. */
struct db_result store_ask(struct db *, const struct query *);

typedef size_t store_tests_fn(const TTest **out);
#define STORE_TESTS(out, ...)                                                                      \
	({                                                                                         \
		const TTest *const store_all[] = { __VA_ARGS__ };                                  \
		memcpy((out), store_all, sizeof(store_all));                                       \
		sizeof(store_all) / sizeof(store_all[0]);                                          \
	})
store_tests_fn store_value_tests, store_transaction_tests, store_error_tests, store_migrate_tests,
	store_plan_tests, store_sqlite_tests, store_postgres_tests;

#endif
