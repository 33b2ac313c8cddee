/* See raw.h. What always holds: whatever fails ends the program with the engine's own words. */
#include "raw.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

struct raw {
	sqlite3 *lite;
	PGconn *pg;
};

static _Noreturn void
fail(const char *what, const char *why)
{
	fprintf(stderr, "raw: %s: %s\n", what, why);
	abort();
}

struct raw *
raw_open(const char *url)
{
	struct raw *r = calloc(1, sizeof *r);

	if (r == NULL)
		abort();
	if (strncmp(url, "sqlite:", 7) == 0) {
		if (sqlite3_open(url + 7, &r->lite) != SQLITE_OK)
			fail(url, sqlite3_errmsg(r->lite));
		sqlite3_busy_timeout(r->lite, 10000);
		return r;
	}
	r->pg = PQconnectdb(url);
	if (PQstatus(r->pg) != CONNECTION_OK)
		fail(url, PQerrorMessage(r->pg));
	return r;
}

void
raw_close(struct raw *r)
{
	if (r == NULL)
		return;
	sqlite3_close(r->lite);
	if (r->pg != NULL)
		PQfinish(r->pg);
	free(r);
}

static PGresult *
pg_run(struct raw *r, const char *sql)
{
	PGresult *res = PQexec(r->pg, sql);
	ExecStatusType status = PQresultStatus(res);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		fail(sql, PQerrorMessage(r->pg));
	return res;
}

void
raw_exec(struct raw *r, const char *sql)
{
	if (r->pg != NULL)
		PQclear(pg_run(r, sql));
	else if (sqlite3_exec(r->lite, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail(sql, sqlite3_errmsg(r->lite));
}

static size_t
lite_column(struct raw *r, struct arena *a, const char *sql, struct str **out)
{
	sqlite3_stmt *st;
	struct str *v = NULL;
	size_t n = 0, cap = 0;

	if (sqlite3_prepare_v2(r->lite, sql, -1, &st, NULL) != SQLITE_OK)
		fail(sql, sqlite3_errmsg(r->lite));
	while (sqlite3_step(st) == SQLITE_ROW) {
		if (n == cap) {
			struct str *more = ARENA_ARRAY(a, cap ? cap * 2 : 64, struct str);
			if (n > 0)
				memcpy(more, v, n * sizeof *v);
			v = more;
			cap = cap ? cap * 2 : 64;
		}
		v[n++] = str_dup(a, str_n((const char *)sqlite3_column_text(st, 0),
		                          (size_t)sqlite3_column_bytes(st, 0)));
	}
	if (sqlite3_finalize(st) != SQLITE_OK)
		fail(sql, sqlite3_errmsg(r->lite));
	*out = v;
	return n;
}

size_t
raw_column(struct raw *r, struct arena *a, const char *sql, struct str **out)
{
	if (r->pg == NULL)
		return lite_column(r, a, sql, out);
	PGresult *res = pg_run(r, sql);
	size_t n = (size_t)PQntuples(res);
	struct str *v = ARENA_ARRAY(a, n + 1, struct str);
	for (size_t i = 0; i < n; i++)
		v[i] = str_dup(
			a, str_n(PQgetvalue(res, (int)i, 0), (size_t)PQgetlength(res, (int)i, 0)));
	PQclear(res);
	*out = v;
	return n;
}

int64_t
raw_number(struct raw *r, const char *sql)
{
	struct arena *a = arena_new(1u << 20);
	struct str *v;
	int64_t number = 0;

	if (raw_column(r, a, sql, &v) > 0 && !str_to_i64(v[0], &number))
		fail(sql, "not a number");
	arena_free(a);
	return number;
}

size_t
raw_columns_of(struct raw *r, struct arena *a, const char *table, struct str **out)
{
	const char *pg = "SELECT column_name FROM information_schema.columns WHERE table_name = "
			 "'%s' AND table_schema = 'public'";
	const char *lite = "SELECT name FROM pragma_table_info('%s')";

	return raw_column(r, a, str_z(a, str_fmt(a, r->pg != NULL ? pg : lite, table)), out);
}
