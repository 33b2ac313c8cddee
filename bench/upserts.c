/*
 * A helpdesk import as it is often written: for every message, over one connection, a SELECT by its
 * key, an INSERT … ON CONFLICT, and for every second one an UPDATE of its conversation, each a
 * transaction of its own. What P3 is compared with: the rows are of the same shape in the same
 * indexed tables; there is no HTTP in it. What always holds: every commit is durable
 * (synchronous_commit=on; WAL with FULL); statements are prepared once.
 *
 *   upserts DATABASE_URL TICKETS MESSAGES_EACH
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
#include "base/uuid.h"
#include "store/db.h"
#include "store/migrate.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/rand.h"

#define BODY "olá de amanhã pedido bom um obrigado entrega dia orçamento confirmado pagamento"
#define AT   INT64_C(1760000000000)

/* The four statements, in an order; numbered parameters are written alike for both engines. */
enum which { CONVERSATION, FIND, PUT, NEWEST, STATEMENTS };
static const char *const sql[STATEMENTS] = {
	[CONVERSATION] = "INSERT INTO conversations (id, client_id, connection_id, lead_id, "
			 "unread_count, unread_live, created_at, updated_at) VALUES ($1, $2, $2, "
			 "$1, 0, false, $3, $3)",
	[FIND] = "SELECT id FROM messages WHERE client_id = $1 AND ticket_id = $2 AND external_id "
		 "= $3",
	[PUT] = "INSERT INTO messages (id, client_id, connection_id, conversation_id, ticket_id, "
		"dedup_key, at, bad_time, direction, type, body, source, seen, status, "
		"status_rank, content_key, received_at, unread, external_id, external_updated_at, "
		"sender_type, created_at, updated_at) VALUES ($1, $2, $2, $3, $3, $4, $5, false, "
		"$6, 'text', $7, 'helpdesk', 0, 'received', 0, 'k', $5, false, $8, $5, 'HUMAN', "
		"$5, "
		"$5) ON CONFLICT (client_id, connection_id, dedup_key, conversation_id) DO UPDATE "
		"SET body = excluded.body, updated_at = excluded.updated_at",
	[NEWEST] = "UPDATE conversations SET last_message_at = $3, updated_at = $3 WHERE client_id "
		   "= $1 AND id = $2",
};
#define MOST_VALUES 8

struct value {
	char type; /* u uuid, m time, i number, t text */
	struct uuid u;
	int64_t n;
	const char *text;
};
#define UUID_(v) ((struct value){ .type = 'u', .u = (v) })
#define TIME_(v) ((struct value){ .type = 'm', .n = (v) })
#define INT_(v)  ((struct value){ .type = 'i', .n = (v) })
#define TEXT_(v) ((struct value){ .type = 't', .text = (v) })

struct base {
	PGconn *pg;
	sqlite3 *lite;
	sqlite3_stmt *st[STATEMENTS];
	size_t statements;
};

static _Noreturn void
die(const char *what, const char *why)
{
	fprintf(stderr, "upserts: %s: %s\n", what, why);
	exit(1);
}

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
base_open(struct base *b, const char *url)
{
	if (strncmp(url, "sqlite:", 7) == 0) {
		if (sqlite3_open(url + 7, &b->lite) != SQLITE_OK)
			die(url, sqlite3_errmsg(b->lite));
		sqlite3_exec(b->lite, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", NULL,
		             NULL, NULL);
	} else {
		b->pg = PQconnectdb(url);
		if (PQstatus(b->pg) != CONNECTION_OK)
			die(url, PQerrorMessage(b->pg));
		PQclear(PQexec(b->pg, "SET synchronous_commit = on"));
	}
	for (int i = 0; i < STATEMENTS; i++) {
		char name[8];
		PGresult *r;

		snprintf(name, sizeof name, "s%d", i);
		if (b->lite != NULL) {
			/* as in the other engine; each `$n` is the n-th parameter by its name */
			if (sqlite3_prepare_v2(b->lite, sql[i], -1, &b->st[i], NULL) != SQLITE_OK)
				die(sql[i], sqlite3_errmsg(b->lite));
			continue;
		}
		r = PQprepare(b->pg, name, sql[i], 0, NULL);
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			die(sql[i], PQerrorMessage(b->pg));
		PQclear(r);
	}
}

static void
run_sqlite(struct base *b, enum which which, const struct value *v, size_t n)
{
	sqlite3_stmt *st = b->st[which];
	int rc;

	for (size_t i = 0; i < n; i++) {
		char name[4] = { '$', (char)('1' + i), '\0' };
		int at = sqlite3_bind_parameter_index(st, name);

		if (v[i].type == 'u')
			sqlite3_bind_blob(st, at, v[i].u.b, 16, SQLITE_TRANSIENT);
		else if (v[i].type == 't')
			sqlite3_bind_text(st, at, v[i].text, -1, SQLITE_TRANSIENT);
		else
			sqlite3_bind_int64(st, at, v[i].n);
	}
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		;
	if (rc != SQLITE_DONE)
		die(sql[which], sqlite3_errmsg(b->lite));
	sqlite3_reset(st);
}

static void
run_postgres(struct base *b, enum which which, const struct value *v, size_t n)
{
	char texts[MOST_VALUES][64], name[8];
	const char *values[MOST_VALUES];
	PGresult *r;

	for (size_t i = 0; i < n; i++) {
		values[i] = texts[i];
		if (v[i].type == 'u')
			uuid_format(v[i].u, texts[i]);
		else if (v[i].type == 'i')
			snprintf(texts[i], sizeof texts[i], "%lld", (long long)v[i].n);
		else if (v[i].type == 'm')
			time_format(v[i].n, texts[i]);
		else
			values[i] = v[i].text;
	}
	snprintf(name, sizeof name, "s%d", (int)which);
	r = PQexecPrepared(b->pg, name, (int)n, values, NULL, NULL, 0);
	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		die(sql[which], PQerrorMessage(b->pg));
	PQclear(r);
}

static void
run(struct base *b, enum which which, const struct value *v, size_t n)
{
	if (b->lite != NULL)
		run_sqlite(b, which, v, n);
	else
		run_postgres(b, which, v, n);
	b->statements++;
}

static void
put_message(struct base *b, struct uuid client, struct uuid ticket, size_t i, bool outbound)
{
	int64_t at = AT + (int64_t)i * TIME_MINUTE;
	char key[80];

	snprintf(key, sizeof key, "h:%020zu:ticket", i);
	run(b, FIND, (struct value[]){ UUID_(client), UUID_(ticket), INT_((int64_t)i) }, 3);
	run(b, PUT,
	    (struct value[]){ UUID_(rand_uuid_v7(&rand_system, at)), UUID_(client), UUID_(ticket),
	                      TEXT_(key), TIME_(at), TEXT_(outbound ? "OUTBOUND" : "INBOUND"),
	                      TEXT_(BODY), INT_((int64_t)i) },
	    8);
	if (!outbound)
		run(b, NEWEST, (struct value[]){ UUID_(client), UUID_(ticket), TIME_(at) }, 3);
}

int
main(int argc, char **argv)
{
	struct uuid client = rand_uuid_v7(&rand_system, AT);
	struct base b = { 0 };
	struct db_pool *pool;
	struct db *db;
	int from, to;

	if (argc < 4)
		return 64;
	log_setup(LOG_LEVEL_ERROR, false);
	if (db_pool_open(argv[1], NULL, &pool) != ERR_OK || db_open(pool, false, &db) != ERR_OK ||
	    migrate_up(db, &from, &to) != ERR_OK)
		die(argv[1], "cannot be opened");
	db_close(db);
	db_pool_close(pool);
	base_open(&b, argv[1]);
	size_t tickets = strtoul(argv[2], NULL, 10), each = strtoul(argv[3], NULL, 10);
	double start = now_s();
	for (size_t t = 0; t < tickets; t++) {
		struct uuid ticket = rand_uuid_v7(&rand_system, AT + (int64_t)t);
		run(&b, CONVERSATION, (struct value[]){ UUID_(ticket), UUID_(client), TIME_(AT) },
		    3);
		for (size_t i = 0; i < each; i++)
			put_message(&b, client, ticket, t * each + i, i % 2 == 1);
	}
	double spent = now_s() - start;
	printf("{\"messages\":%zu,\"statements\":%zu,\"seconds\":%.3f,\"per_second\":%.0f}\n",
	       tickets * each, b.statements, spent, (double)(tickets * each) / spent);
	return 0;
}
