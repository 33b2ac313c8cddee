/*
 * One facade over two engines. SQL comes only as `const struct query *` made by tools/sqlgen from
 * sql/query, so no text can be concatenated into it. Statements are prepared once per connection.
 *
 * A `struct db` is one connection: one thread at a time. A `struct db_pool` is the database: it
 * opens connections, and on SQLite it holds the one writer's lock (priority DB_COMMIT > DB_API >
 * DB_APPLY).
 *
 * A batch (`struct db_rows`) is one parameter that carries a table of any length: PostgreSQL gets
 * arrays for unnest(), SQLite a virtual table. So the number of statements never depends on the
 * number of rows.
 */
#ifndef RECADO_STORE_DB_H
#define RECADO_STORE_DB_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "base/uuid.h"

enum db_engine { DB_SQLITE, DB_POSTGRES };

/*
 * Column types: u uuid, t text, i int64, m time (int64 ms; timestamptz on PostgreSQL), b bool,
 * j json, x bytes, d double
 */
struct query {
	const char *name;
	const char *sqlite; /* SQL text per engine, with ?N / $N */
	const char *postgres;
	const char *params;  /* one type letter per scalar parameter, in declared order */
	const char *rows;    /* one type letter per batch column; NULL: takes no batch */
	const char *returns; /* one type letter per column of the result; "": gives no rows */
	uint64_t nullable;   /* bit c: column c of the result may be NULL */
	unsigned id;         /* dense, from 0, in its set */
	bool writes; /* INSERT, UPDATE, DELETE or a locking SELECT: needs a write transaction */
};

struct db_cell {
	bool null;
	union {
		int64_t i; /* i, m, b */
		double d;
		struct str s; /* t, j, x */
		struct uuid u;
	};
};

/* A batch being built, row after row. Lives in the arena; text is borrowed, not copied. */
struct db_rows {
	struct arena *arena;
	const char *types;
	size_t ncols, nrows, cap;
	struct db_cell *cells; /* row-major */
	size_t at;             /* next cell of the open row */
	struct uuid client_id; /* first cell of every row; nil: none */
};
struct db_rows *db_rows_new(struct arena *, const struct query *);
/*
 * Every row starts with the client, without being told. That the client is a column of the batch
 * and not a parameter keeps plans stable: no index is ever walked for the client alone.
 */
struct db_rows *db_rows_of(struct arena *, const struct query *, struct uuid client_id);
/* Appends one cell; every ncols cells make a row. Types are asserted against the query's. */
void db_row_uuid(struct db_rows *, struct uuid u); /* nil gives NULL */
void db_row_text(struct db_rows *, struct str s);  /* absent gives NULL; also for j and x */
void db_row_int(struct db_rows *, int64_t v);
void db_row_time(struct db_rows *, int64_t ms); /* TIME_NONE gives NULL */
void db_row_bool(struct db_rows *, bool v);
void db_row_double(struct db_rows *, double v);
void db_row_null(struct db_rows *);

/* Scalar parameters, in the order declared in the .sql file. */
struct db_param {
	char type;
	struct db_cell cell;
};
struct db_param db_uuid(struct uuid u); /* nil: NULL */
struct db_param db_text(struct str s);  /* absent: NULL */
struct db_param db_json(struct str s);  /* absent: NULL */
struct db_param db_bytes(struct str s); /* absent: NULL */
struct db_param db_int(int64_t v);
struct db_param db_time(int64_t ms); /* TIME_NONE: NULL */
struct db_param db_bool(bool v);
struct db_param db_double(double v);
struct db_param db_null(char type);

/* Rows that came back, copied into the arena. */
struct db_result {
	size_t nrows, ncols;
	const char *types; /* as declared by the query's `-- returns:` line */
	struct db_cell *cells;
};
bool db_is_null(const struct db_result *, size_t row, size_t col);
/* Also for j and x; NULL gives STR_NONE. */
struct str db_get_text(const struct db_result *, size_t row, size_t col);
int64_t db_get_int(const struct db_result *, size_t row, size_t col);  /* NULL gives 0 */
int64_t db_get_time(const struct db_result *, size_t row, size_t col); /* NULL gives TIME_NONE */
bool db_get_bool(const struct db_result *, size_t row, size_t col);    /* NULL gives false */
double db_get_double(const struct db_result *, size_t row, size_t col);
struct uuid db_get_uuid(const struct db_result *, size_t row, size_t col); /* NULL gives nil */

struct db_pool;
struct db;

struct db_options {
	int busy_timeout_ms;      /* SQLite: the writer; PostgreSQL: lock_timeout. 0: 5,000 */
	int statement_timeout_ms; /* PostgreSQL; an idle transaction ends after as long. 0: none */
	int connect_timeout_ms;   /* PostgreSQL, in steps of a second, at least 2. 0: 5,000 */
};
/*
 * `url`: sqlite:PATH or postgresql://…; makes missing directories of PATH. Does not migrate.
 * PostgreSQL is not contacted before db_open. options NULL: the defaults. ERR_INVALID: not such a
 * URL.
 */
MUST_CHECK enum err db_pool_open(const char *url, const struct db_options *, struct db_pool **out);
/* After every connection of it was closed. NULL is fine. */
void db_pool_close(struct db_pool *);
enum db_engine db_pool_engine(const struct db_pool *);
/*
 * A connection of its own. read_only: SQLite opens a reading connection that never waits for the
 * writer. A lost PostgreSQL connection comes back by itself at the next call outside a transaction.
 */
MUST_CHECK enum err db_open(struct db_pool *, bool read_only, struct db **out);
/*
 * A writing connection for work that is done again from the journal if it is lost: its commits are
 * atomic and in order but not waited for (synchronous_commit=off, NORMAL), and on PostgreSQL its
 * plans are always by index, whatever the statistics say of tables that grow. Never acknowledge on
 * it.
 */
MUST_CHECK enum err db_open_batch(struct db_pool *, struct db **out);
void db_close(struct db *);
enum db_engine db_engine(const struct db *);
struct db_pool *db_pool_of(struct db *);

enum db_prio { DB_COMMIT, DB_API, DB_APPLY };
/*
 * Transactions open and close in one function. Every commit is durable (FULL /
 * synchronous_commit=on), but for connections of db_open_batch. On SQLite db_begin waits for the
 * process-wide writer's lock, strictly by priority and in order of arrival inside one, then BEGIN
 * IMMEDIATE; ERR_BUSY after busy_timeout_ms. PostgreSQL sends BEGIN together with the first
 * statement. db_begin_read: one snapshot for several reads, taken by the first of them. After any
 * error inside, every further call but db_rollback fails.
 */
MUST_CHECK enum err db_begin(struct db *, enum db_prio);
MUST_CHECK enum err db_begin_read(struct db *);
/*
 * Ends the transaction in any case; an error means that nothing was written, except ERR_UNAVAILABLE
 * and ERR_TIMEOUT on PostgreSQL: then the outcome is unknown. A failed sync on SQLite exits the
 * process with 70.
 */
MUST_CHECK enum err db_commit(struct db *);
/* Nothing to do outside a transaction. */
void db_rollback(struct db *);
/* Ends the transaction with what happened in it: commits if e is ERR_OK, else rolls back; gives the
 * outcome. */
MUST_CHECK enum err db_end(struct db *, enum err e);
bool db_in_transaction(const struct db *);
/* Does someone more urgent wait for the SQLite writer? For slicing long work. PostgreSQL: false. */
bool db_writer_wanted(struct db *, enum db_prio mine);
/*
 * SQLite: moves the write-ahead log into the database without holding writers up, and begins it
 * anew when it is large. Writers never do so themselves below a hard limit, so call it every few
 * seconds, on a connection of its own that is not read_only, outside a transaction. PostgreSQL:
 * nothing to do.
 */
MUST_CHECK enum err db_checkpoint(struct db *);

/*
 * The database is away, or what it is asked cannot be now: to be tried again. Any other error is of
 * what was asked.
 */
static inline bool
db_is_away(enum err e)
{
	return e == ERR_UNAVAILABLE || e == ERR_TIMEOUT || e == ERR_BUSY || e == ERR_DISK_FULL ||
	       e == ERR_CANCELLED || e == ERR_IO;
}

/*
 * changed (may be NULL): rows inserted, updated or deleted. A write outside a transaction is its
 * own (DB_API priority).
 * ERR_INVALID: text with a NUL byte or not UTF-8, or a time PostgreSQL
 * cannot hold. ERR_CONFLICT: see db_constraint. ERR_BUSY: a lock was not free in time or a
 * deadlock; ERR_DB: the database refused, or gave other types than declared.
 */
MUST_CHECK enum err db_exec(struct db *, const struct query *, const struct db_param *,
                            const struct db_rows *, int64_t *changed);
/* Rows in the query's order; none for an empty batch. ERR_TOO_LARGE: the arena's cap. */
MUST_CHECK enum err db_query(struct db *, const struct query *, const struct db_param *,
                             const struct db_rows *, struct arena *, struct db_result *out);
#define DB_PARAMS(...) ((const struct db_param[]){ __VA_ARGS__ })
#define DB_NO_PARAMS   NULL

/* For tests: prepares it and compares it with its declaration, as far as the engine tells. */
MUST_CHECK enum err db_check_query(struct db *, const struct query *);

/*
 * The lane of one client: held until the transaction ends. PostgreSQL: advisory transaction lock;
 * SQLite: nothing to do. wait false: ERR_BUSY at once when another holds it; that alone does not
 * fail the transaction.
 */
MUST_CHECK enum err db_lane(struct db *, struct uuid client_id, bool wait);

/* What the last failing call on this connection said (no parameter values). */
const char *db_message(const struct db *);
/*
 * The last failure was a violated constraint (then the call gave ERR_CONFLICT). Its name or "".
 * Unnamed keys are called the same on both engines: <table>_pkey, <table>_<columns>_key.
 */
const char *db_constraint(const struct db *);

/* Counters of this connection since it was opened. BEGIN and COMMIT are no statements here. */
struct db_stats {
	uint64_t statements, rows_changed, rows_read, transactions;
};
struct db_stats db_stats(const struct db *);

/*
 * PostgreSQL: waits up to timeout_ms for a NOTIFY on `channel` (a-z, 0-9, _); came is also true
 * after a reconnect, when some may have been missed. SQLite: whether another connection has
 * written, looked at every 50 ms; channels do not matter.
 */
MUST_CHECK enum err db_listen(struct db *, const char *channel);
MUST_CHECK enum err db_wait_notify(struct db *, int timeout_ms, bool *came);
MUST_CHECK enum err db_notify(struct db *, const char *channel);

/* Fault injection for tests: the n-th next statement or commit (1 = the next) fails with `e`; with
 * db_fail_from every one after it too. 0 turns it off. */
void db_fail_at(struct db *, uint64_t n, enum err e);
void db_fail_from(struct db *, uint64_t n, enum err e);
/* The same for an outcome that is not known: the n-th next commit (1 = the next) is made, and gives
 * ERR_UNAVAILABLE. 0 turns it off. */
void db_lose_commit(struct db *, uint64_t n);

#endif
