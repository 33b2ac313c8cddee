/*
 * What the facade (db.c) and the two engines share. Nothing outside src/store includes this.
 * What always holds: an engine function is called with arguments the facade has checked, and
 * only the facade changes `tx`, `failed` and the counters of transactions.
 */
#ifndef RECADO_STORE_DB_INTERNAL_H
#define RECADO_STORE_DB_INTERNAL_H

#include "base/buf.h"
#include "store/db.h"

#define DB_MAX_PARAMS  64
#define DB_MAX_COLUMNS 48 /* of a batch; sqlgen refuses more */
#define DB_BUSY_MS     5000
#define DB_CONNECT_MS  5000
#define DB_MAX_CALL_BYTES                                                                          \
	((size_t)1 << 30) /* parameters of one statement; PostgreSQL's limit of a value */

/* From query to what an engine keeps for it on one connection. Keyed by address, so several sets of
 * queries may mix. */
struct db_slots {
	struct db_slot *slot;
	size_t n, cap;
};
struct db_slot {
	const struct query *query;
	void *value; /* NULL: not prepared */
};
/* Never NULL; the address is good until the next call. */
void **db_slots_at(struct db_slots *, const struct query *);
void db_slots_deinit(struct db_slots *);

/* One statement to run. arena NULL: rows are not wanted. */
struct db_call {
	const struct query *query;
	const struct db_param *params;
	const struct db_rows *rows; /* NULL, or at least one row */
	struct arena *arena;
};

struct db_ops {
	bool begin_for_write; /* a single write needs its own begin and commit */
	enum err (*begin)(struct db *, enum db_prio);
	enum err (*begin_read)(struct db *);
	enum err (*commit)(struct db *); /* ends the transaction in any case */
	void (*rollback)(struct db *);
	/* changed and out are set on success; out only if arena is given. */
	enum err (*run)(struct db *, const struct db_call *, int64_t *changed,
	                struct db_result *out);
	enum err (*check)(struct db *, const struct query *);
	enum err (*script)(struct db *,
	                   const char *sql); /* several statements, in a write transaction */
	enum err (*lane)(struct db *, uint64_t key, bool wait);
	bool (*writer_wanted)(struct db *, enum db_prio mine);
	enum err (*checkpoint)(struct db *);
	enum err (*listen)(struct db *, const char *channel);
	enum err (*wait_notify)(struct db *, int timeout_ms, bool *came);
	enum err (*notify)(struct db *, const char *channel);
	void (*close)(struct db *);
};

enum db_tx { DB_TX_NONE, DB_TX_READ, DB_TX_WRITE };

/* First member of each engine's own struct. */
struct db {
	const struct db_ops *ops;
	struct db_pool *pool;
	bool read_only;
	bool batch; /* db_open_batch */
	enum db_tx tx;
	bool failed; /* the open transaction can only be rolled back */
	struct db_stats stats;
	uint64_t fail_in; /* statements until the planted fault; 0: none */
	bool fail_on;     /* and from then on */
	enum err fail_with;
	uint64_t lose_in; /* commits until the one whose outcome is not told; 0: none */
	char message[512];
	char constraint[128];
};

struct db_pool {
	enum db_engine engine;
	struct db_options options;
	char *target;                  /* SQLite: real path; PostgreSQL: URL (holds a password) */
	struct db_sqlite_lock *writer; /* SQLite */
};

/* Sets the message as "name: text" and gives `e` back. name may be NULL. */
enum err db_fail(struct db *, enum err e, const char *name, const char *text);
/* Several statements of trusted text; for migrations. Inside a write transaction. */
MUST_CHECK enum err db_script(struct db *, const char *sql);

MUST_CHECK enum err db_sqlite_prepare_pool(struct db_pool *, const char *path);
MUST_CHECK enum err db_sqlite_open(struct db_pool *, bool read_only, bool batch, struct db **out);
MUST_CHECK enum err db_postgres_prepare_pool(struct db_pool *, const char *url);
MUST_CHECK enum err db_postgres_open(struct db_pool *, bool read_only, bool batch, struct db **out);

/*
 * The writer's lock of one SQLite file, shared by every pool of this process that has the file
 * open: held by one transaction at a time, handed on strictly by priority, in order of arrival
 * inside one.
 */
struct db_sqlite_lock;
struct db_sqlite_lock *db_sqlite_lock_get(const char *real_path);
void db_sqlite_lock_put(struct db_sqlite_lock *); /* NULL is fine */
/* ERR_BUSY after timeout_ms. */
MUST_CHECK enum err db_sqlite_lock_take(struct db_sqlite_lock *, enum db_prio, int timeout_ms);
void db_sqlite_lock_give(struct db_sqlite_lock *);
bool db_sqlite_lock_wanted(struct db_sqlite_lock *, enum db_prio mine);
size_t db_sqlite_lock_waiting(struct db_sqlite_lock *); /* how many */

struct sqlite3;
struct sqlite3_stmt;
struct db_sqlite {
	struct db base;
	struct sqlite3 *handle;
	struct db_slots stmts; /* struct sqlite3_stmt * */
	struct db_cell *cells; /* rows of the result being read */
	size_t cells_cap;
	bool locked;     /* holds the writer's lock */
	int log_settled; /* pages of the log when it was last begun anew, or could not be */
	int wal_next;    /* pages of the log at which the next commit moves it itself */
	int64_t version; /* PRAGMA data_version when last looked at */
};
/* Declares the virtual table recado_rows; its argument is a bound pointer to struct db_rows of that
 * name. */
MUST_CHECK int db_sqlite_rows_register(struct sqlite3 *);
/* Turns SQLite's last error into ours, with message and constraint. A failed sync exits the
 * process. */
enum err db_sqlite_error(struct db_sqlite *, const char *name, int rc);
/* One row of the current result into cells[0…]. */
MUST_CHECK enum err
db_sqlite_read_row(struct db_sqlite *, const struct query *, struct sqlite3_stmt *, struct arena *,
                   struct db_cell *cells);
MUST_CHECK enum err db_sqlite_checkpoint(struct db *);
int db_sqlite_wal_hook(void *db, struct sqlite3 *, const char *schema, int pages);

struct pg_conn;
struct pg_result;
#define DB_POSTGRES_CHANNELS 8
struct db_postgres {
	struct db base;
	struct pg_conn *conn; /* NULL: lost. Always in pipeline mode between calls */
	bool begun;           /* BEGIN was sent */
	bool missed;          /* connected again: notifications may be lost */
	struct db_slots stmts;
	struct buf scratch; /* encoded parameters */
	char channel[DB_POSTGRES_CHANNELS][64];
	size_t nchannels;
};
/* Parameters of one statement as libpq wants them. */
struct db_postgres_args {
	int n;
	const char *value[DB_MAX_PARAMS + DB_MAX_COLUMNS];
	int length[DB_MAX_PARAMS + DB_MAX_COLUMNS];
	int format[DB_MAX_PARAMS + DB_MAX_COLUMNS];
};
/* OIDs of the parameters, batch columns as arrays; returns how many. */
int db_postgres_types(const struct query *, unsigned oids[DB_MAX_PARAMS + DB_MAX_COLUMNS]);
MUST_CHECK enum err
db_postgres_encode(struct buf *scratch, const struct db_call *, struct db_postgres_args *);
/* Are the columns of the result (or description) readable as declared? Message and ERR_DB if not.
 */
MUST_CHECK enum err
db_postgres_columns(struct db *, const struct query *, const struct pg_result *);
MUST_CHECK enum err db_postgres_decode(struct db *, const struct query *, const struct pg_result *,
                                       struct arena *, struct db_result *out);

/* Connects if need be; outside a transaction also when the server has gone. */
MUST_CHECK enum err db_postgres_ready(struct db_postgres *);
void db_postgres_drop(struct db_postgres *); /* the connection is of no more use */
/* Turns a result's error into ours. res NULL: the connection is lost. */
enum err db_postgres_error(struct db_postgres *, const char *name, const struct pg_result *res);
/*
 * Waits for the answer of what was sent: n results, then the sync. On an error of the server's the
 * results are there all the same, on a lost connection all are NULL; the caller clears them in any
 * case.
 */
MUST_CHECK enum err
db_postgres_collect(struct db_postgres *, const char *name, int n, struct pg_result **results);
void db_postgres_clear(struct pg_result **results, int n);
/* One utility statement without parameters, trusted text. */
MUST_CHECK enum err
db_postgres_command(struct db_postgres *, const char *sql, struct pg_result **out);
MUST_CHECK enum err db_postgres_connect(struct db_postgres *);

enum err
db_postgres_run(struct db *, const struct db_call *, int64_t *changed, struct db_result *out);
enum err db_postgres_lane(struct db *, uint64_t key, bool wait);
enum err db_postgres_listen(struct db *, const char *channel);
enum err db_postgres_wait_notify(struct db *, int timeout_ms, bool *came);
enum err db_postgres_notify(struct db *, const char *channel);

#endif
