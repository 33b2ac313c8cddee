/*
 * The PostgreSQL engine: connecting, transactions, errors.
 * What always holds: the connection is in pipeline mode between calls and nothing is under way
 * on it; a connection on which an answer went missing is dropped, never guessed about; BEGIN
 * travels with the first statement of a transaction, so a transaction costs one round trip a
 * statement and one for COMMIT.
 */
#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/db_internal.h"
#include "sys/clock.h"
#include "sys/log.h"

#define GRACE_MS 5000 /* beyond the statement's own timeout, before the server counts as gone */

void
db_postgres_drop(struct db_postgres *p)
{
	PQfinish(p->conn);
	p->conn = NULL;
	p->begun = false;
	db_slots_deinit(&p->stmts);
}

static const struct {
	const char *state; /* SQLSTATE or its class */
	enum err e;
} states[] = {
	{ "22021", ERR_INVALID }, /* not UTF-8 */
	{ "22P02", ERR_INVALID }, /* not JSON, say */
	{ "22P05", ERR_INVALID }, /* \u0000 in jsonb */
	{ "23", ERR_CONFLICT },   /* a constraint */
	{ "40001", ERR_BUSY },    /* serialization failure */
	{ "40P01", ERR_BUSY },    /* deadlock */
	{ "55P03", ERR_BUSY },    /* lock_timeout */
	{ "57014", ERR_TIMEOUT }, /* statement_timeout */
	{ "53100", ERR_DISK_FULL },
	{ "53", ERR_UNAVAILABLE },    /* too many connections, out of memory */
	{ "08", ERR_UNAVAILABLE },    /* connection */
	{ "57P", ERR_UNAVAILABLE },   /* shutting down, starting up */
	{ "25P03", ERR_UNAVAILABLE }, /* idle in transaction for too long: the connection is gone */
	{ "25006", ERR_UNAVAILABLE }, /* the server became a standby */
	{ "58030", ERR_IO },
};

static enum err
err_of_state(const char *state)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strncmp(state, states[i].state, strlen(states[i].state)) == 0)
			return states[i].e;
	return ERR_DB;
}

enum err
db_postgres_error(struct db_postgres *p, const char *name, const PGresult *res)
{
	const char *state = res == NULL ? NULL : PQresultErrorField(res, PG_DIAG_SQLSTATE);
	if (state == NULL || PQstatus(p->conn) != CONNECTION_OK) {
		db_fail(&p->base, ERR_UNAVAILABLE, name,
		        p->conn == NULL ? "" : PQerrorMessage(p->conn));
		if (p->base.message[0] == '\0')
			db_fail(&p->base, ERR_UNAVAILABLE, name, "the connection is lost");
		db_postgres_drop(p);
		return ERR_UNAVAILABLE;
	}
	char text[300];
	const char *primary = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	/* Class 22 quotes the value it dislikes. */
	bool quotes = strncmp(state, "22", 2) == 0;
	snprintf(text, sizeof(text), "%s %s", state,
	         quotes || primary == NULL ? "(a value was refused)" : primary);
	enum err e = db_fail(&p->base, err_of_state(state), name, text);
	const char *constraint = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME);
	if (e == ERR_CONFLICT && constraint != NULL)
		snprintf(p->base.constraint, sizeof(p->base.constraint), "%s", constraint);
	/* Our prepared statements are gone, or no longer what they were: start anew. */
	if (strcmp(state, "26000") == 0 || strcmp(state, "0A000") == 0 || e == ERR_UNAVAILABLE)
		db_postgres_drop(p);
	return e;
}

/* The next result; NULL also where the connection broke. Waits no longer than the server may take.
 */
static PGresult *
next_result(struct db_postgres *p, int64_t until_us)
{
	while (PQisBusy(p->conn)) {
		int64_t left_ms = (until_us - clock_mono_us(&clock_real)) / 1000;
		struct pollfd fd = { .fd = PQsocket(p->conn), .events = POLLIN };
		if (until_us != 0 && left_ms <= 0)
			return NULL;
		poll(&fd, 1, until_us == 0 || left_ms > 60000 ? 60000 : (int)left_ms);
		if (fd.revents != 0 && PQconsumeInput(p->conn) == 0)
			return NULL;
	}
	return PQgetResult(p->conn);
}

void
db_postgres_clear(PGresult **results, int n)
{
	for (int i = 0; i < n; i++) {
		PQclear(results[i]);
		results[i] = NULL;
	}
}

static bool
is_error(const PGresult *res)
{
	ExecStatusType st = PQresultStatus(res);
	return st != PGRES_COMMAND_OK && st != PGRES_TUPLES_OK;
}

enum err
db_postgres_collect(struct db_postgres *p, const char *name, int n, PGresult **results)
{
	int timeout = p->base.pool->options.statement_timeout_ms;
	int64_t until = timeout <= 0
	                        ? 0
	                        : clock_mono_us(&clock_real) + ((int64_t)timeout + GRACE_MS) * 1000;
	int bad = -1;
	memset(results, 0, (size_t)n * sizeof(PGresult *));
	for (int i = 0; i < n; i++) {
		results[i] = next_result(p, until);
		if (results[i] == NULL || PQstatus(p->conn) != CONNECTION_OK)
			goto lost;
		if (bad < 0 && is_error(results[i]))
			bad = i;
		if (next_result(p, until) != NULL)
			goto lost;
	}
	PGresult *sync = next_result(p, until);
	bool synced = PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
	PQclear(sync);
	if (!synced)
		goto lost;
	if (bad < 0)
		return ERR_OK;
	return db_postgres_error(p, name, results[bad]);
lost:
	db_postgres_clear(results, n);
	return db_postgres_error(p, name, NULL);
}

enum err
db_postgres_command(struct db_postgres *p, const char *sql, PGresult **out)
{
	PGresult *res;
	if (!PQsendQueryParams(p->conn, sql, 0, NULL, NULL, NULL, NULL, 1) ||
	    !PQpipelineSync(p->conn))
		return db_postgres_error(p, NULL, NULL);
	enum err e = db_postgres_collect(p, NULL, 1, &res);
	if (e == ERR_OK && out != NULL)
		*out = res;
	else
		PQclear(res);
	return e;
}

/* Nothing may be under way. What came meanwhile is read: mostly nothing, or that the server has
 * gone. */
static bool
is_alive(struct db_postgres *p)
{
	struct pollfd fd = { .fd = PQsocket(p->conn), .events = POLLIN };
	for (int i = 0; i < 16 && poll(&fd, 1, 0) > 0; i++) {
		if (PQconsumeInput(p->conn) == 0 || PQstatus(p->conn) != CONNECTION_OK)
			return false;
		PQisBusy(p->conn); /* parses: notifications are kept for db_wait_notify */
	}
	return PQstatus(p->conn) == CONNECTION_OK;
}

enum err
db_postgres_ready(struct db_postgres *p)
{
	if (p->base.tx != DB_TX_NONE)
		return p->conn != NULL ? ERR_OK
		                       : db_fail(&p->base, ERR_UNAVAILABLE, NULL,
		                                 "the connection was lost");
	if (p->conn != NULL && is_alive(p))
		return ERR_OK;
	db_postgres_drop(p);
	return db_postgres_connect(p);
}

static enum err
postgres_begin(struct db *db, enum db_prio prio)
{
	(void)prio;
	return db_postgres_ready((struct db_postgres *)db);
}

static enum err
postgres_begin_read(struct db *db)
{
	return db_postgres_ready((struct db_postgres *)db);
}

static enum err
postgres_commit(struct db *db)
{
	struct db_postgres *p = (struct db_postgres *)db;
	if (p->conn == NULL)
		return db_fail(db, ERR_UNAVAILABLE, "commit", "the connection was lost");
	if (!p->begun)
		return ERR_OK;
	PGresult *res = NULL;
	p->begun = false;
	enum err e = db_postgres_command(p, "COMMIT", &res);
	if (e != ERR_OK)
		return e;
	/* COMMIT of a transaction that failed is answered with ROLLBACK. */
	if (strcmp(PQcmdStatus(res), "COMMIT") != 0)
		e = db_fail(db, ERR_DB, "commit", "the server rolled back");
	PQclear(res);
	return e;
}

static void
postgres_rollback(struct db *db)
{
	struct db_postgres *p = (struct db_postgres *)db;
	char kept[sizeof(db->message)];
	memcpy(kept, db->message, sizeof(kept));
	if (p->conn != NULL && p->begun && db_postgres_command(p, "ROLLBACK", NULL) != ERR_OK)
		db_postgres_drop(p);
	p->begun = false;
	memcpy(db->message, kept, sizeof(kept)); /* why it is rolled back matters more */
}

static enum err
postgres_script(struct db *db, const char *sql)
{
	struct db_postgres *p = (struct db_postgres *)db;
	enum err e = db_postgres_ready(p);
	if (e == ERR_OK && !p->begun)
		e = db_postgres_command(p, "BEGIN", NULL);
	if (e != ERR_OK)
		return e;
	p->begun = true;
	/* Several statements in one text need the simple protocol. */
	PQexitPipelineMode(p->conn);
	PGresult *res = PQexec(p->conn, sql);
	e = is_error(res) ? db_postgres_error(p, "script", res) : ERR_OK;
	PQclear(res);
	if (p->conn != NULL)
		PQenterPipelineMode(p->conn);
	return e;
}

static bool
postgres_writer_wanted(struct db *db, enum db_prio mine)
{
	(void)db;
	(void)mine;
	return false;
}

static enum err
postgres_checkpoint(struct db *db)
{
	(void)db;
	return ERR_OK;
}

/* Describes instead of running. */
static enum err
postgres_check(struct db *db, const struct query *q)
{
	struct db_postgres *p = (struct db_postgres *)db;
	unsigned oids[DB_MAX_PARAMS + DB_MAX_COLUMNS];
	int n = db_postgres_types(q, oids);
	PGresult *res[2];
	enum err e = db_postgres_ready(p);
	if (e != ERR_OK)
		return e;
	if (!PQsendPrepare(p->conn, "", q->postgres, n, oids) ||
	    !PQsendDescribePrepared(p->conn, "") || !PQpipelineSync(p->conn))
		return db_postgres_error(p, q->name, NULL);
	e = db_postgres_collect(p, q->name, 2, res);
	if (e == ERR_OK)
		e = db_postgres_columns(db, q, res[1]);
	db_postgres_clear(res, 2);
	return e;
}

static void
postgres_close(struct db *db)
{
	struct db_postgres *p = (struct db_postgres *)db;
	db_postgres_drop(p);
	buf_deinit(&p->scratch);
	free(p);
}

static const struct db_ops postgres_ops = {
	.begin_for_write = false,
	.begin = postgres_begin,
	.begin_read = postgres_begin_read,
	.commit = postgres_commit,
	.rollback = postgres_rollback,
	.run = db_postgres_run,
	.check = postgres_check,
	.script = postgres_script,
	.lane = db_postgres_lane,
	.writer_wanted = postgres_writer_wanted,
	.checkpoint = postgres_checkpoint,
	.listen = db_postgres_listen,
	.wait_notify = db_postgres_wait_notify,
	.notify = db_postgres_notify,
	.close = postgres_close,
};

enum err
db_postgres_open(struct db_pool *pool, bool read_only, bool batch, struct db **out)
{
	struct db_postgres *p = calloc(1, sizeof(*p));
	if (p == NULL)
		abort();
	p->base = (struct db){
		.ops = &postgres_ops, .pool = pool, .read_only = read_only, .batch = batch
	};
	buf_init(&p->scratch, NULL, DB_MAX_CALL_BYTES);
	enum err e = db_postgres_connect(p);
	if (e != ERR_OK) {
		log_warn("db.open_failed", LOG_ERR(e), LOG_Z("message", p->base.message));
		postgres_close(&p->base);
		return e;
	}
	p->missed = false;
	*out = &p->base;
	return ERR_OK;
}
