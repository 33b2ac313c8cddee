/*
 * Running statements on PostgreSQL: BEGIN, preparing and the statement itself go out together,
 * in one pipeline.
 * What always holds: a statement is prepared once a connection, under its query's name; a lane
 * is a lock of the transaction, so that it cannot outlive it.
 */
#include <assert.h>
#include <libpq-fe.h>
#include <stdlib.h>

#include "store/db_internal.h"

static const struct query q_lane_wait = {
	.name = "lane_wait",
	.postgres = "SELECT pg_advisory_xact_lock($1)",
	.params = "i",
	.returns = "",
};
static const struct query q_lane_try = {
	.name = "lane_try",
	.postgres = "SELECT pg_try_advisory_xact_lock($1)",
	.params = "i",
	.returns = "b",
};
static const struct query q_notify = {
	.name = "notify",
	.postgres = "SELECT pg_notify($1, '')",
	.params = "t",
	.returns = "",
};

static const char *
begin_text(enum db_tx tx)
{
	return tx == DB_TX_READ ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN";
}

/* Sends all that is needed; *n results will come. */
static bool
send_call(struct db_postgres *p, const struct query *q, const struct db_postgres_args *a,
          bool begin, bool prepare, int *n)
{
	unsigned oids[DB_MAX_PARAMS + DB_MAX_COLUMNS];
	PGconn *c = p->conn;
	*n = 1 + begin + prepare;
	if (begin && !PQsendQueryParams(c, begin_text(p->base.tx), 0, NULL, NULL, NULL, NULL, 0))
		return false;
	if (prepare && !PQsendPrepare(c, q->name, q->postgres, db_postgres_types(q, oids), oids))
		return false;
	return PQsendQueryPrepared(c, q->name, a->n, a->value, a->length, a->format, 1) &&
	       PQpipelineSync(c);
}

static enum err
take_result(struct db_postgres *p, const struct db_call *call, const PGresult *res,
            int64_t *changed, struct db_result *out)
{
	const struct query *q = call->query;
	if (q->writes)
		*changed = strtoll(PQcmdTuples((PGresult *)(uintptr_t)res), NULL, 10);
	if (q->returns[0] == '\0')
		return ERR_OK;
	enum err e = db_postgres_columns(&p->base, q, res);
	if (e == ERR_OK && call->arena != NULL)
		e = db_postgres_decode(&p->base, q, res, call->arena, out);
	return e;
}

/* What has grown large for one batch is given back. */
static void
shrink(struct buf *scratch)
{
	enum { KEEP = 1 << 20 };
	if (scratch->cap <= KEEP)
		return;
	buf_deinit(scratch);
	buf_init(scratch, NULL, DB_MAX_CALL_BYTES);
}

enum err
db_postgres_run(struct db *db, const struct db_call *call, int64_t *changed, struct db_result *out)
{
	struct db_postgres *p = (struct db_postgres *)db;
	struct db_postgres_args args;
	enum err e = db_postgres_ready(p);
	if (e != ERR_OK)
		return e;
	e = db_postgres_encode(&p->scratch, call, &args);
	if (e != ERR_OK)
		return db_fail(db, e, call->query->name, "the parameters are too large");

	bool begin = db->tx != DB_TX_NONE && !p->begun;
	bool prepare = *db_slots_at(&p->stmts, call->query) == NULL;
	PGresult *res[3];
	int n;
	db->stats.statements++;
	if (!send_call(p, call->query, &args, begin, prepare, &n))
		return db_postgres_error(p, call->query->name, NULL);
	p->begun = p->begun || begin;
	e = db_postgres_collect(p, call->query->name, n, res);
	shrink(&p->scratch);
	/* It stays prepared although its first run failed. */
	if (prepare && p->conn != NULL && PQresultStatus(res[n - 2]) == PGRES_COMMAND_OK)
		*db_slots_at(&p->stmts, call->query) = (void *)(uintptr_t)call->query;
	if (e == ERR_OK)
		e = take_result(p, call, res[n - 1], changed, out);
	db_postgres_clear(res, n);
	return e;
}

enum err
db_postgres_lane(struct db *db, uint64_t key, bool wait)
{
	struct db_result out = { 0 };
	int64_t changed = 0;
	const struct db_param *param = DB_PARAMS(db_int((int64_t)key));
	if (wait)
		return db_postgres_run(db,
		                       &(struct db_call){ .query = &q_lane_wait, .params = param },
		                       &changed, &out);

	struct arena *arena = arena_new(4096);
	struct db_call call = { .query = &q_lane_try, .params = param, .arena = arena };
	out.types = q_lane_try.returns;
	out.ncols = 1;
	enum err e = db_postgres_run(db, &call, &changed, &out);
	if (e == ERR_BUSY)
		e = ERR_UNAVAILABLE; /* BUSY would say that the transaction is still good */
	if (e == ERR_OK && !db_get_bool(&out, 0, 0))
		e = db_fail(db, ERR_BUSY, "lane", "another holds it");
	arena_free(arena);
	return e;
}

enum err
db_postgres_notify(struct db *db, const char *channel)
{
	struct db_result out = { 0 };
	int64_t changed = 0;
	const struct db_param *param = DB_PARAMS(db_text(str_from(channel)));
	return db_postgres_run(db, &(struct db_call){ .query = &q_notify, .params = param },
	                       &changed, &out);
}
