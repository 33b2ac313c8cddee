/*
 * The facade over both engines: checks arguments, keeps the state of the transaction, counts,
 * plants faults.
 * What always holds: no engine sees a wrong parameter, an empty batch, a write outside a write
 * transaction (where the engine minds), or a statement in a transaction that has failed.
 */
#include "store/db.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/db_internal.h"

/* What timestamptz can hold, in ms since 1970. */
#define TIME_MIN (INT64_C(-210866803200000))
#define TIME_MAX (INT64_C(9224318016000000) - 1)

void **
db_slots_at(struct db_slots *t, const struct query *query)
{
	if (t->n * 2 >= t->cap) {
		struct db_slots old = *t;
		t->cap = old.cap == 0 ? 64 : old.cap * 2;
		t->slot = calloc(t->cap, sizeof(*t->slot));
		if (t->slot == NULL)
			abort();
		t->n = 0;
		for (size_t i = 0; i < old.cap; i++)
			if (old.slot[i].query != NULL)
				*db_slots_at(t, old.slot[i].query) = old.slot[i].value;
		free(old.slot);
	}
	size_t i = ((uintptr_t)query / sizeof(void *) * 11400714819323198485U) % t->cap;
	while (t->slot[i].query != NULL && t->slot[i].query != query)
		i = (i + 1) % t->cap;
	if (t->slot[i].query == NULL) {
		t->slot[i].query = query;
		t->n++;
	}
	return &t->slot[i].value;
}

void
db_slots_deinit(struct db_slots *t)
{
	free(t->slot);
	*t = (struct db_slots){ 0 };
}

enum err
db_fail(struct db *db, enum err e, const char *name, const char *text)
{
	size_t n = strcspn(text, "\n");
	snprintf(db->message, sizeof(db->message), "%s%s%.*s", name == NULL ? "" : name,
	         name == NULL ? "" : ": ", (int)(n > 400 ? 400 : n), text);
	return e;
}

enum err
db_pool_open(const char *url, const struct db_options *options, struct db_pool **out)
{
	struct db_pool *pool = calloc(1, sizeof(*pool));
	if (pool == NULL)
		abort();
	if (options != NULL)
		pool->options = *options;
	if (pool->options.busy_timeout_ms <= 0)
		pool->options.busy_timeout_ms = DB_BUSY_MS;
	if (pool->options.connect_timeout_ms <= 0)
		pool->options.connect_timeout_ms = DB_CONNECT_MS;

	enum err e = ERR_INVALID;
	struct str u = str_from(url);
	if (str_starts(u, STR("sqlite:"))) {
		pool->engine = DB_SQLITE;
		e = db_sqlite_prepare_pool(pool, url + strlen("sqlite:"));
	} else if (str_starts(u, STR("postgresql://")) || str_starts(u, STR("postgres://"))) {
		pool->engine = DB_POSTGRES;
		e = db_postgres_prepare_pool(pool, url);
	}
	if (e != ERR_OK) {
		db_pool_close(pool);
		return e;
	}
	*out = pool;
	return ERR_OK;
}

void
db_pool_close(struct db_pool *pool)
{
	if (pool == NULL)
		return;
	db_sqlite_lock_put(pool->writer);
	free(pool->target);
	free(pool);
}

enum db_engine
db_pool_engine(const struct db_pool *pool)
{
	return pool->engine;
}

enum err
db_open(struct db_pool *pool, bool read_only, struct db **out)
{
	return pool->engine == DB_SQLITE ? db_sqlite_open(pool, read_only, false, out)
	                                 : db_postgres_open(pool, read_only, false, out);
}

enum err
db_open_batch(struct db_pool *pool, struct db **out)
{
	return pool->engine == DB_SQLITE ? db_sqlite_open(pool, false, true, out)
	                                 : db_postgres_open(pool, false, true, out);
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	db_rollback(db);
	db->ops->close(db);
}

enum db_engine
db_engine(const struct db *db)
{
	return db->pool->engine;
}

struct db_pool *
db_pool_of(struct db *db)
{
	return db->pool;
}

/* True when the planted fault is due: then nothing may be sent. */
static bool
fault_due(struct db *db)
{
	if (db->fail_in == 0)
		return false;
	if (db->fail_in > 1) {
		db->fail_in--;
		return false;
	}
	if (!db->fail_on)
		db->fail_in = 0;
	db_fail(db, db->fail_with, NULL, "planted fault");
	return true;
}

static void
forget_failure(struct db *db)
{
	db->message[0] = '\0';
	db->constraint[0] = '\0';
}

enum err
db_begin(struct db *db, enum db_prio prio)
{
	assert(db->tx == DB_TX_NONE && !db->read_only);
	forget_failure(db);
	enum err e = db->ops->begin(db, prio);
	if (e != ERR_OK)
		return e;
	db->tx = DB_TX_WRITE;
	db->failed = false;
	db->stats.transactions++;
	return ERR_OK;
}

enum err
db_begin_read(struct db *db)
{
	assert(db->tx == DB_TX_NONE);
	forget_failure(db);
	enum err e = db->ops->begin_read(db);
	if (e != ERR_OK)
		return e;
	db->tx = DB_TX_READ;
	db->failed = false;
	db->stats.transactions++;
	return ERR_OK;
}

enum err
db_commit(struct db *db)
{
	assert(db->tx != DB_TX_NONE);
	if (db->failed) {
		db_rollback(db);
		return db_fail(db, ERR_DB, NULL, "commit of a transaction that has failed");
	}
	if (fault_due(db)) {
		db_rollback(db);
		return db->fail_with;
	}
	enum err e = db->ops->commit(db);
	db->tx = DB_TX_NONE;
	if (db->lose_in > 0 && --db->lose_in == 0 && e == ERR_OK)
		e = db_fail(db, ERR_UNAVAILABLE, NULL, "planted fault: the outcome is not known");
	return e;
}

void
db_rollback(struct db *db)
{
	if (db->tx == DB_TX_NONE)
		return;
	db->ops->rollback(db);
	db->tx = DB_TX_NONE;
	db->failed = false;
}

enum err
db_end(struct db *db, enum err e)
{
	if (e == ERR_OK)
		return db_commit(db);
	db_rollback(db);
	return e;
}

bool
db_in_transaction(const struct db *db)
{
	return db->tx != DB_TX_NONE;
}

bool
db_writer_wanted(struct db *db, enum db_prio mine)
{
	return db->ops->writer_wanted(db, mine);
}

enum err
db_checkpoint(struct db *db)
{
	assert(db->tx == DB_TX_NONE && !db->read_only);
	return db->ops->checkpoint(db);
}

static bool
cell_is_sendable(char type, const struct db_cell *c)
{
	if (c->null)
		return true;
	if (type == 't' || type == 'j')
		return memchr(c->s.p, '\0', c->s.n) == NULL;
	if (type == 'm')
		return c->i >= TIME_MIN && c->i <= TIME_MAX;
	return true;
}

/* ERR_INVALID: a value that one of the engines cannot hold. Wrong types are bugs of ours. */
static enum err
check_call(struct db *db, const struct db_call *call)
{
	const struct query *q = call->query;
	for (size_t i = 0; q->params[i] != '\0'; i++) {
		assert(call->params != NULL && call->params[i].type == q->params[i]);
		if (!cell_is_sendable(q->params[i], &call->params[i].cell))
			return db_fail(db, ERR_INVALID, q->name,
			               "a parameter has a NUL byte or an impossible time");
	}
	assert((call->rows != NULL) == (q->rows != NULL));
	if (call->rows == NULL)
		return ERR_OK;
	const struct db_rows *r = call->rows;
	assert(r->at == 0 && strcmp(r->types, q->rows) == 0);
	for (size_t i = 0; i < r->nrows * r->ncols; i++)
		if (!cell_is_sendable(r->types[i % r->ncols], &r->cells[i]))
			return db_fail(db, ERR_INVALID, q->name,
			               "a row has a NUL byte or an impossible time");
	return ERR_OK;
}

static enum err
run_checked(struct db *db, const struct db_call *call, int64_t *changed, struct db_result *out)
{
	if (db->failed)
		return db_fail(db, ERR_DB, call->query->name, "the transaction has failed before");
	if (call->query->writes && (db->read_only || db->tx == DB_TX_READ))
		return db_fail(db, ERR_INTERNAL, call->query->name,
		               "a write on a reading connection or snapshot");
	enum err e = check_call(db, call);
	if (e != ERR_OK)
		return e;
	if (call->rows != NULL && call->rows->nrows == 0)
		return ERR_OK;
	if (fault_due(db))
		return db->fail_with;
	e = db->ops->run(db, call, changed, out);
	if (e == ERR_OK) {
		db->stats.rows_changed += (uint64_t)*changed;
		db->stats.rows_read += out->nrows;
	}
	return e;
}

static enum err
run_call(struct db *db, const struct db_call *call, int64_t *changed, struct db_result *out)
{
	int64_t n = 0;
	struct db_result res = { .ncols = strlen(call->query->returns),
		                 .types = call->query->returns };
	bool own = db->tx == DB_TX_NONE && call->query->writes && !db->read_only &&
	           db->ops->begin_for_write;

	forget_failure(db);
	enum err e = own ? db_begin(db, DB_API) : ERR_OK;
	if (e != ERR_OK)
		return e;
	e = run_checked(db, call, &n, &res);
	if (e != ERR_OK && db->tx != DB_TX_NONE)
		db->failed = true;
	if (own && e == ERR_OK)
		e = db_commit(db);
	else if (own)
		db_rollback(db);
	if (e != ERR_OK)
		return e;
	if (changed != NULL)
		*changed = n;
	if (out != NULL)
		*out = res;
	return ERR_OK;
}

enum err
db_exec(struct db *db, const struct query *query, const struct db_param *params,
        const struct db_rows *rows, int64_t *changed)
{
	return run_call(db, &(struct db_call){ query, params, rows, NULL }, changed, NULL);
}

enum err
db_query(struct db *db, const struct query *query, const struct db_param *params,
         const struct db_rows *rows, struct arena *arena, struct db_result *out)
{
	assert(arena != NULL && query->returns[0] != '\0');
	return run_call(db, &(struct db_call){ query, params, rows, arena }, NULL, out);
}

enum err
db_check_query(struct db *db, const struct query *query)
{
	assert(db->tx == DB_TX_NONE);
	forget_failure(db);
	return db->ops->check(db, query);
}

enum err
db_script(struct db *db, const char *sql)
{
	assert(db->tx == DB_TX_WRITE);
	forget_failure(db);
	enum err e = db->failed ? db_fail(db, ERR_DB, NULL, "the transaction has failed before")
	                        : ERR_OK;
	if (e == ERR_OK && fault_due(db))
		e = db->fail_with;
	if (e == ERR_OK)
		e = db->ops->script(db, sql);
	if (e != ERR_OK)
		db->failed = true;
	return e;
}

/* Mixes all 128 bits; written down for ever, since all processes of an installation must agree. */
static uint64_t
lane_key(struct uuid u)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < sizeof(u.b); i++)
		h = (h ^ u.b[i]) * UINT64_C(0x100000001b3);
	return h ^ (h >> 29);
}

enum err
db_lane(struct db *db, struct uuid client_id, bool wait)
{
	assert(db->tx == DB_TX_WRITE);
	forget_failure(db);
	enum err e = db->failed ? db_fail(db, ERR_DB, "lane", "the transaction has failed before")
	                        : ERR_OK;
	if (e == ERR_OK && fault_due(db))
		e = db->fail_with;
	else if (e == ERR_OK)
		e = db->ops->lane(db, lane_key(client_id), wait);
	if (e != ERR_OK && (wait || e != ERR_BUSY))
		db->failed = true;
	return e;
}

const char *
db_message(const struct db *db)
{
	return db->message;
}

const char *
db_constraint(const struct db *db)
{
	return db->constraint;
}

struct db_stats
db_stats(const struct db *db)
{
	return db->stats;
}

static bool
is_channel(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
	return n > 0 && n < 64 && name[n] == '\0' && (name[0] > '9' || name[0] < '0');
}

enum err
db_listen(struct db *db, const char *channel)
{
	assert(is_channel(channel) && db->tx == DB_TX_NONE);
	forget_failure(db);
	return db->ops->listen(db, channel);
}

enum err
db_wait_notify(struct db *db, int timeout_ms, bool *came)
{
	assert(db->tx == DB_TX_NONE);
	forget_failure(db);
	return db->ops->wait_notify(db, timeout_ms, came);
}

enum err
db_notify(struct db *db, const char *channel)
{
	assert(is_channel(channel));
	forget_failure(db);
	enum err e = db->failed ? db_fail(db, ERR_DB, "notify", "the transaction has failed before")
	                        : db->ops->notify(db, channel);
	if (e != ERR_OK && db->tx != DB_TX_NONE)
		db->failed = true;
	return e;
}

void
db_fail_at(struct db *db, uint64_t n, enum err e)
{
	db->fail_in = n;
	db->fail_with = e;
	db->fail_on = false;
}

void
db_fail_from(struct db *db, uint64_t n, enum err e)
{
	db_fail_at(db, n, e);
	db->fail_on = true;
}

void
db_lose_commit(struct db *db, uint64_t n)
{
	db->lose_in = n;
}
