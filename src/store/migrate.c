/*
 * Schema migrations.
 * What always holds: one migration is one transaction together with its row in schema_version,
 * and whoever migrates at the same time waits and then finds nothing left to do.
 */
#include "store/migrate.h"

#include "store/db_internal.h"
#include "sys/log.h"

static const struct query q_has_table = {
	.name = "migrate_has_table",
	.sqlite = "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = "
		  "'schema_version'",
	.postgres = "SELECT to_regclass('schema_version') IS NOT NULL",
	.params = "",
	.returns = "b",
};
static const struct query q_version = {
	.name = "migrate_version",
	.sqlite = "SELECT coalesce(max(version), 0) FROM schema_version",
	.postgres = "SELECT coalesce(max(version), 0) FROM schema_version",
	.params = "",
	.returns = "i",
};
static const struct query q_record = {
	.name = "migrate_record",
	.sqlite = "INSERT INTO schema_version (version, name, applied_at) VALUES "
		  "(?1, ?2, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))",
	.postgres = "INSERT INTO schema_version (version, name, applied_at) VALUES ($1, $2, now())",
	.params = "it",
	.returns = "",
	.writes = true,
};

static const char start_sqlite[] =
	"CREATE TABLE IF NOT EXISTS schema_version ("
	"version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL)";
/* A migration may take as long as it needs. The lock's first number is ours alone, the second says
 * what for. */
static const char start_postgres[] =
	"SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0;"
	"SELECT pg_advisory_xact_lock(1380139843, 1);"
	"CREATE TABLE IF NOT EXISTS schema_version ("
	"version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)";

static enum err
one_value(struct db *db, const struct query *q, int64_t *out)
{
	struct arena *arena = arena_new(1 << 16);
	struct db_result res;
	enum err e = db_query(db, q, DB_NO_PARAMS, NULL, arena, &res);
	if (e == ERR_OK)
		*out = q->returns[0] == 'b' ? db_get_bool(&res, 0, 0) : db_get_int(&res, 0, 0);
	arena_free(arena);
	return e;
}

enum err
migrate_version(struct db *db, int *version)
{
	int64_t there = 0, v = 0;
	enum err e = one_value(db, &q_has_table, &there);
	if (e == ERR_OK && there)
		e = one_value(db, &q_version, &v);
	if (e == ERR_OK)
		*version = (int)v;
	return e;
}

static int
latest_of(const struct migration *list)
{
	int n = 0;
	while (list[n].version != 0)
		n++;
	return n;
}

int
migrate_latest(void)
{
	return latest_of(migrations);
}

static enum err
apply_one(struct db *db, const struct migration *m)
{
	enum err e = db_script(db, db_engine(db) == DB_SQLITE ? m->sqlite : m->postgres);
	if (e != ERR_OK)
		return e;
	return db_exec(db, &q_record, DB_PARAMS(db_int(m->version), db_text(str_from(m->name))),
	               NULL, NULL);
}

/* One transaction: takes the lock, looks at the version, applies the next migration if there is
 * one. */
static enum err
step(struct db *db, const struct migration *list, int *from, int *now)
{
	int64_t version = 0;
	int last = latest_of(list);
	enum err e = db_begin(db, DB_API);
	if (e != ERR_OK)
		return e;
	e = db_script(db, db_engine(db) == DB_SQLITE ? start_sqlite : start_postgres);
	if (e == ERR_OK)
		e = one_value(db, &q_version, &version);
	if (e == ERR_OK && version > last)
		e = db_fail(db, ERR_CONFLICT, "migrate", "the database is newer than this program");
	if (e == ERR_OK && version < last)
		e = apply_one(db, &list[version]);
	if (e != ERR_OK) {
		db_rollback(db);
		return e;
	}
	*from = (int)version;
	*now = version < last ? (int)version + 1 : (int)version;
	return db_commit(db);
}

enum err
migrate_with(struct db *db, const struct migration *list, int *from, int *to)
{
	int first = -1, before = 0, now = 0;
	do {
		enum err e = step(db, list, &before, &now);
		if (e != ERR_OK)
			return e;
		if (first < 0)
			first = before;
		if (now != before)
			log_info("db.migrated", LOG_INT("version", now),
			         LOG_Z("name", list[now - 1].name));
	} while (now < latest_of(list));
	*from = first;
	*to = now;
	return ERR_OK;
}

enum err
migrate_up(struct db *db, int *from, int *to)
{
	return migrate_with(db, migrations, from, to);
}
