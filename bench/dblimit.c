/*
 * What the database alone can do with the same bytes. Journal: rows of so many bytes, 64 in one
 * commit, as 64 waiting requests would make them. Messages: the rows of a history chunk by one
 * multi-row insert into the product's own indexed table. What always holds: every commit is as
 * durable as the product's (synchronous_commit=on; WAL with FULL).
 *
 *   dblimit journal DATABASE_URL SECONDS [BYTES]      dblimit messages DATABASE_URL ROWS CHUNKS
 *
 * The database must be migrated and empty. Prints one JSON object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>
#include <sqlite3.h>

#include "base/time.h"
#include "store/db.h"
#include "store/migrate.h"
#include "store/queries.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/rand.h"

#define GROUP 64

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void
die(const char *what, const char *why)
{
	fprintf(stderr, "dblimit: %s: %s\n", what, why);
	exit(1);
}

static double
journal_postgres(const char *url, double seconds, const char *body, size_t bytes)
{
	PGconn *pg = PQconnectdb(url);
	char sql[GROUP * 24 + 128], ids[GROUP][16];
	const char *values[2 * GROUP];
	int lengths[2 * GROUP], formats[2 * GROUP];
	size_t n = (size_t)snprintf(sql, sizeof sql,
	                            "INSERT INTO journal (id, received_at, body) VALUES "),
	       rows = 0;

	if (PQstatus(pg) != CONNECTION_OK)
		die("connect", PQerrorMessage(pg));
	for (int i = 0; i < GROUP; i++) {
		n += (size_t)snprintf(sql + n, sizeof sql - n, "%s($%d,now(),$%d)", i ? "," : "",
		                      2 * i + 1, 2 * i + 2);
		values[2 * i] = ids[i];
		values[2 * i + 1] = body;
		lengths[2 * i] = 16;
		lengths[2 * i + 1] = (int)bytes;
		formats[2 * i] = formats[2 * i + 1] = 1;
	}
	PQclear(PQexec(pg, "SET synchronous_commit = on"));
	PQclear(PQprepare(pg, "j", sql, 2 * GROUP, NULL));
	double start = now_s(), end = start;
	for (; end - start < seconds; end = now_s()) {
		for (int i = 0; i < GROUP; i++) {
			struct uuid u = rand_uuid_v7(&rand_system, clock_now(&clock_real));
			memcpy(ids[i], u.b, 16);
		}
		PGresult *r = PQexecPrepared(pg, "j", 2 * GROUP, values, lengths, formats, 0);
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			die("insert", PQerrorMessage(pg));
		PQclear(r);
		rows += GROUP;
	}
	PQfinish(pg);
	return (double)rows / (end - start);
}

static double
journal_sqlite(const char *path, double seconds, const char *body, size_t bytes)
{
	sqlite3 *h;
	sqlite3_stmt *st;
	size_t rows = 0;

	if (sqlite3_open(path, &h) != SQLITE_OK)
		die("open", sqlite3_errmsg(h));
	sqlite3_exec(h, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", NULL, NULL, NULL);
	if (sqlite3_prepare_v2(h, "INSERT INTO journal (id, received_at, body) VALUES (?1, ?2, ?3)",
	                       -1, &st, NULL) != SQLITE_OK)
		die("prepare", sqlite3_errmsg(h));
	double start = now_s(), end = start;
	for (; end - start < seconds; end = now_s()) {
		sqlite3_exec(h, "BEGIN IMMEDIATE", NULL, NULL, NULL);
		for (int i = 0; i < GROUP; i++) {
			int64_t now = clock_now(&clock_real);
			struct uuid u = rand_uuid_v7(&rand_system, now);
			sqlite3_bind_blob(st, 1, u.b, 16, SQLITE_TRANSIENT);
			sqlite3_bind_int64(st, 2, now);
			sqlite3_bind_blob(st, 3, body, (int)bytes, SQLITE_STATIC);
			if (sqlite3_step(st) != SQLITE_DONE)
				die("insert", sqlite3_errmsg(h));
			sqlite3_reset(st);
		}
		if (sqlite3_exec(h, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
			die("commit", sqlite3_errmsg(h));
		rows += GROUP;
	}
	sqlite3_finalize(st);
	sqlite3_close(h);
	return (double)rows / (end - start);
}

/* One row as applying makes it from a history chunk. */
static void
put_message(struct arena *a, struct db_rows *rows, struct uuid connection, struct uuid conversation,
            size_t chunk, size_t i)
{
	struct str id = str_fmt(a, "wamid.H1.%zu.%zu", chunk, i);
	int64_t at = INT64_C(1760000000000) + (int64_t)i * 60000;
	bool out = i % 2 == 1;

	db_row_uuid(rows, rand_uuid_v7(&rand_system, at));
	db_row_uuid(rows, connection);
	db_row_uuid(rows, conversation);
	db_row_text(rows, id);
	db_row_time(rows, at);
	db_row_bool(rows, false);
	db_row_text(rows, out ? STR("OUTBOUND") : STR("INBOUND"));
	db_row_text(rows, STR("text"));
	db_row_text(rows, STR("olá de amanhã pedido bom um obrigado entrega dia orçamento "
	                      "confirmado pagamento"));
	db_row_null(rows);
	db_row_text(rows, STR("history"));
	db_row_int(rows, 1);
	db_row_text(rows, out ? STR("read") : STR("received"));
	db_row_int(rows, out ? 5 : 0);
	db_row_text(rows, STR("READ"));
	db_row_text(rows, id);
	for (int k = 0; k < 4; k++)
		db_row_null(rows);
	db_row_text(rows, STR("0123456789012345678901234567"));
	db_row_null(rows);
	db_row_time(rows, at);
	db_row_time(rows, at);
	db_row_time(rows, at);
	for (int k = 0; k < 7; k++)
		db_row_null(rows);
	db_row_bool(rows, false);
	db_row_null(rows);
}

static double
messages(struct db *db, size_t per_chunk, size_t chunks)
{
	struct uuid client = rand_uuid_v7(&rand_system, 1),
		    connection = rand_uuid_v7(&rand_system, 2);
	double spent = 0;

	for (size_t c = 0; c < chunks; c++) {
		struct arena *a = arena_new((size_t)1 << 30);
		struct db_rows *rows = db_rows_of(a, &q_apply_messages_insert, client);
		struct uuid conversation = UUID_NIL;
		for (size_t i = 0; i < per_chunk; i++) {
			if (i % 100 == 0)
				conversation = rand_uuid_v7(&rand_system, 3);
			put_message(a, rows, connection, conversation, c, i);
		}
		double start = now_s();
		enum err e = db_begin(db, DB_COMMIT);
		if (e == ERR_OK)
			e = db_exec(db, &q_apply_messages_insert, DB_PARAMS(db_time(1)), rows,
			            NULL);
		if (e == ERR_OK)
			e = db_commit(db);
		if (e != ERR_OK)
			die("insert", db_message(db));
		spent += now_s() - start;
		arena_free(a);
	}
	return (double)(per_chunk * chunks) / spent;
}

int
main(int argc, char **argv)
{
	const struct db_options options = { .busy_timeout_ms = 10000,
		                            .statement_timeout_ms = 60000,
		                            .connect_timeout_ms = 10000 };
	struct db_pool *pool;
	struct db *db;
	int from, to;
	double rate;

	if (argc < 4)
		return 64;
	log_setup(LOG_LEVEL_ERROR, false);
	if (db_pool_open(argv[2], &options, &pool) != ERR_OK ||
	    db_open(pool, false, &db) != ERR_OK || migrate_up(db, &from, &to) != ERR_OK)
		die(argv[2], "cannot be opened");
	if (strcmp(argv[1], "messages") == 0 && argc >= 5) {
		rate = messages(db, strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
	} else {
		size_t bytes = argc >= 5 ? strtoul(argv[4], NULL, 10) : 1024;
		char *body = malloc(bytes + 1);
		if (body == NULL)
			abort();
		memset(body, 'x', bytes);
		rate = strncmp(argv[2], "sqlite:", 7) == 0
		               ? journal_sqlite(argv[2] + 7, strtod(argv[3], NULL), body, bytes)
		               : journal_postgres(argv[2], strtod(argv[3], NULL), body, bytes);
		free(body);
	}
	printf("{\"what\":\"%s\",\"rows_per_second\":%.0f}\n", argv[1], rate);
	db_close(db);
	db_pool_close(pool);
	return 0;
}
