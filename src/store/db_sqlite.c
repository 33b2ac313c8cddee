/*
 * The SQLite engine: connections, transactions, statements.
 * What always holds: WAL with synchronous=FULL, so a commit that returned is durable; one
 * writing transaction a process, under the writer's lock; readers see a snapshot and wait for
 * nobody; text and blobs are bound, not copied.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/db_internal.h"
#include "sys/log.h"

static enum err
command(struct db_sqlite *s, const char *sql)
{
	int rc = sqlite3_exec(s->handle, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? ERR_OK : db_sqlite_error(s, NULL, rc);
}

static void
unlock(struct db_sqlite *s)
{
	if (s->locked)
		db_sqlite_lock_give(s->base.pool->writer);
	s->locked = false;
}

static enum err
sqlite_begin(struct db *db, enum db_prio prio)
{
	struct db_sqlite *s = (struct db_sqlite *)db;
	enum err e = db_sqlite_lock_take(db->pool->writer, prio, db->pool->options.busy_timeout_ms);
	if (e != ERR_OK)
		return db_fail(db, e, "begin", "the writer was not free in time");
	s->locked = true;
	e = command(s, "BEGIN IMMEDIATE");
	if (e != ERR_OK)
		unlock(s);
	return e;
}

static enum err
sqlite_begin_read(struct db *db)
{
	return command((struct db_sqlite *)db, "BEGIN");
}

static void
sqlite_rollback(struct db *db)
{
	struct db_sqlite *s = (struct db_sqlite *)db;
	/* After some errors (a full disk, say) SQLite has rolled back already. */
	if (sqlite3_get_autocommit(s->handle) == 0 &&
	    sqlite3_exec(s->handle, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		log_error("db.rollback_failed", LOG_Z("message", sqlite3_errmsg(s->handle)));
	unlock(s);
}

static enum err
sqlite_commit(struct db *db)
{
	enum err e = command((struct db_sqlite *)db, "COMMIT");
	sqlite_rollback(db); /* nothing to do if it is committed, but for the lock */
	return e;
}

static bool
sqlite_writer_wanted(struct db *db, enum db_prio mine)
{
	return db_sqlite_lock_wanted(db->pool->writer, mine);
}

/* What the declaration says, compared with what SQLite made of the text. */
static enum err
compare(struct db_sqlite *s, const struct query *q, sqlite3_stmt *st)
{
	int params = (int)strlen(q->params) + (q->rows != NULL);
	if (sqlite3_column_count(st) != (int)strlen(q->returns))
		return db_fail(&s->base, ERR_DB, q->name,
		               "gives another number of columns than declared");
	if (sqlite3_bind_parameter_count(st) > params)
		return db_fail(&s->base, ERR_DB, q->name, "has more parameters than declared");
	if (!sqlite3_stmt_readonly(st) && !q->writes)
		return db_fail(&s->base, ERR_DB, q->name, "writes, but is not marked so");
	return ERR_OK;
}

static enum err
prepare(struct db_sqlite *s, const struct query *q, sqlite3_stmt **out)
{
	void **slot = db_slots_at(&s->stmts, q);
	if (*slot == NULL) {
		sqlite3_stmt *st = NULL;
		int rc = sqlite3_prepare_v3(s->handle, q->sqlite, -1, SQLITE_PREPARE_PERSISTENT,
		                            &st, NULL);
		if (rc != SQLITE_OK)
			return db_sqlite_error(s, q->name, rc);
		enum err e = compare(s, q, st);
		if (e != ERR_OK) {
			sqlite3_finalize(st);
			return e;
		}
		*slot = st;
	}
	*out = *slot;
	return ERR_OK;
}

static int
bind(sqlite3_stmt *st, int at, const struct db_param *p)
{
	if (p->cell.null)
		return sqlite3_bind_null(st, at);
	switch (p->type) {
	case 'u':
		return sqlite3_bind_blob(st, at, p->cell.u.b, sizeof(p->cell.u.b), SQLITE_STATIC);
	case 'x':
		return sqlite3_bind_blob64(st, at, p->cell.s.p, p->cell.s.n, SQLITE_STATIC);
	case 't':
	case 'j':
		return sqlite3_bind_text64(st, at, p->cell.s.p, p->cell.s.n, SQLITE_STATIC,
		                           SQLITE_UTF8);
	case 'd':
		return sqlite3_bind_double(st, at, p->cell.d);
	default:
		return sqlite3_bind_int64(st, at, p->cell.i);
	}
}

static int
bind_all(sqlite3_stmt *st, const struct db_call *call)
{
	int wanted = sqlite3_bind_parameter_count(st);
	int n = (int)strlen(call->query->params);
	int rc = SQLITE_OK;
	for (int i = 0; i < n && i < wanted && rc == SQLITE_OK; i++)
		rc = bind(st, i + 1, &call->params[i]);
	if (rc == SQLITE_OK && call->rows != NULL && wanted > n)
		rc = sqlite3_bind_pointer(st, n + 1, (void *)call->rows, "recado_rows", NULL);
	return rc;
}

static struct db_cell *
room_for_row(struct db_sqlite *s, size_t nrows, size_t ncols)
{
	size_t need = (nrows + 1) * ncols;
	if (need > s->cells_cap) {
		s->cells_cap = need * 2 < 256 ? 256 : need * 2;
		s->cells = realloc(s->cells, s->cells_cap * sizeof(*s->cells));
		if (s->cells == NULL)
			abort();
	}
	return s->cells + nrows * ncols;
}

/* Steps to the end. Cells are gathered outside the arena, since their number is not known before.
 */
static enum err
step_all(struct db_sqlite *s, sqlite3_stmt *st, const struct db_call *call, struct db_result *out)
{
	const struct query *q = call->query;
	size_t nrows = 0, ncols = out->ncols;
	int rc;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (call->arena == NULL)
			continue;
		enum err e =
			db_sqlite_read_row(s, q, st, call->arena, room_for_row(s, nrows, ncols));
		if (e != ERR_OK)
			return e;
		nrows++;
	}
	if (rc != SQLITE_DONE)
		return db_sqlite_error(s, q->name, rc);
	if (nrows > 0) {
		out->cells = arena_try_alloc(call->arena, nrows * ncols * sizeof(*out->cells));
		if (out->cells == NULL)
			return db_fail(&s->base, ERR_TOO_LARGE, q->name, "the result is too large");
		memcpy(out->cells, s->cells, nrows * ncols * sizeof(*out->cells));
	}
	out->nrows = nrows;
	return ERR_OK;
}

static enum err
sqlite_run(struct db *db, const struct db_call *call, int64_t *changed, struct db_result *out)
{
	struct db_sqlite *s = (struct db_sqlite *)db;
	sqlite3_stmt *st = NULL;
	enum err e = prepare(s, call->query, &st);
	if (e != ERR_OK)
		return e;
	int rc = bind_all(st, call);
	db->stats.statements++;
	e = rc == SQLITE_OK ? step_all(s, st, call, out)
	                    : db_sqlite_error(s, call->query->name, rc);
	if (e == ERR_OK && !sqlite3_stmt_readonly(st))
		*changed = sqlite3_changes64(s->handle);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	if (s->cells_cap > 1 << 16) {
		free(s->cells);
		s->cells = NULL;
		s->cells_cap = 0;
	}
	return e;
}

static enum err
sqlite_check(struct db *db, const struct query *query)
{
	sqlite3_stmt *st;
	return prepare((struct db_sqlite *)db, query, &st);
}

static enum err
sqlite_script(struct db *db, const char *sql)
{
	return command((struct db_sqlite *)db, sql);
}

/* The writer's lock is every client's lane. */
static enum err
sqlite_lane(struct db *db, uint64_t key, bool wait)
{
	(void)db;
	(void)key;
	(void)wait;
	return ERR_OK;
}

static enum err
data_version(struct db_sqlite *s, int64_t *out)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->handle, "PRAGMA data_version", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	enum err e = rc == SQLITE_ROW ? ERR_OK : db_sqlite_error(s, "data_version", rc);
	sqlite3_finalize(st);
	return e;
}

static enum err
sqlite_listen(struct db *db, const char *channel)
{
	(void)channel;
	struct db_sqlite *s = (struct db_sqlite *)db;
	return data_version(s, &s->version);
}

static enum err
sqlite_wait_notify(struct db *db, int timeout_ms, bool *came)
{
	enum { LOOK_EVERY_MS = 50 };
	struct db_sqlite *s = (struct db_sqlite *)db;
	for (;;) {
		int64_t now = s->version;
		enum err e = data_version(s, &now);
		if (e != ERR_OK)
			return e;
		if (now != s->version || timeout_ms <= 0) {
			*came = now != s->version;
			s->version = now;
			return ERR_OK;
		}
		int ms = timeout_ms < LOOK_EVERY_MS ? timeout_ms : LOOK_EVERY_MS;
		sqlite3_sleep(ms);
		timeout_ms -= ms;
	}
}

static enum err
sqlite_notify(struct db *db, const char *channel)
{
	(void)db;
	(void)channel;
	return ERR_OK;
}

static void
sqlite_close(struct db *db)
{
	struct db_sqlite *s = (struct db_sqlite *)db;
	for (size_t i = 0; i < s->stmts.cap; i++)
		sqlite3_finalize(s->stmts.slot[i].value);
	db_slots_deinit(&s->stmts);
	free(s->cells);
	if (s->handle != NULL && sqlite3_close(s->handle) != SQLITE_OK)
		log_error("db.close_failed", LOG_Z("message", sqlite3_errmsg(s->handle)));
	free(s);
}

static const struct db_ops sqlite_ops = {
	.begin_for_write = true,
	.begin = sqlite_begin,
	.begin_read = sqlite_begin_read,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.run = sqlite_run,
	.check = sqlite_check,
	.script = sqlite_script,
	.lane = sqlite_lane,
	.writer_wanted = sqlite_writer_wanted,
	.checkpoint = db_sqlite_checkpoint,
	.listen = sqlite_listen,
	.wait_notify = sqlite_wait_notify,
	.notify = sqlite_notify,
	.close = sqlite_close,
};

/* The database is WAL once and for ever. The first change needs the file alone and is refused at
 * once if it is not. */
static enum err
make_wal(struct db_sqlite *s, int timeout_ms)
{
	enum { TRY_EVERY_MS = 20 };
	for (;;) {
		enum err e = command(s, "PRAGMA journal_mode=WAL");
		if (e != ERR_BUSY || timeout_ms <= 0)
			return e;
		sqlite3_sleep(TRY_EVERY_MS);
		timeout_ms -= TRY_EVERY_MS;
	}
}

static enum err
set_up(struct db_sqlite *s)
{
	const struct db_options *o = &s->base.pool->options;
	sqlite3_extended_result_codes(s->handle, 1);
	sqlite3_busy_timeout(s->handle, o->busy_timeout_ms);
	int rc = db_sqlite_rows_register(s->handle);
	if (rc != SQLITE_OK)
		return db_sqlite_error(s, "recado_rows", rc);
	enum err e = make_wal(s, o->busy_timeout_ms);
	if (e != ERR_OK)
		return e;
	/* A log that once grew is cut to 64 MiB when it starts anew. */
	e = command(s,
	            "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=0;"
	            "PRAGMA journal_size_limit=67108864");
	if (e == ERR_OK && s->base.read_only)
		e = command(s, "PRAGMA query_only=ON; PRAGMA cache_size=-4096; PRAGMA "
		               "mmap_size=268435456");
	else if (e == ERR_OK)
		e = command(s, s->base.batch ? "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32768"
		                             : "PRAGMA synchronous=FULL; PRAGMA cache_size=-16384");
	if (!s->base.read_only)
		sqlite3_wal_hook(s->handle, db_sqlite_wal_hook, s);
	return e == ERR_OK ? data_version(s, &s->version) : e;
}

enum err
db_sqlite_open(struct db_pool *pool, bool read_only, bool batch, struct db **out)
{
	struct db_sqlite *s = calloc(1, sizeof(*s));
	if (s == NULL)
		abort();
	s->base = (struct db){
		.ops = &sqlite_ops, .pool = pool, .read_only = read_only, .batch = batch
	};
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	int rc = sqlite3_open_v2(pool->target, &s->handle, flags, NULL);
	enum err e = rc == SQLITE_OK ? set_up(s) : db_sqlite_error(s, "open", rc);
	if (e != ERR_OK) {
		log_warn("db.open_failed", LOG_ERR(e), LOG_Z("message", s->base.message));
		sqlite_close(&s->base);
		return e;
	}
	*out = &s->base;
	return ERR_OK;
}

/* Makes the directories above the file. Ours alone: they hold people's messages. */
static enum err
make_directories(char *path)
{
	for (char *slash = path; (slash = strchr(slash + 1, '/')) != NULL;) {
		*slash = '\0';
		int rc = mkdir(path, 0700);
		int problem = errno;
		*slash = '/';
		if (rc != 0 && problem != EEXIST)
			return problem == ENOSPC ? ERR_DISK_FULL : ERR_IO;
	}
	return ERR_OK;
}

enum err
db_sqlite_prepare_pool(struct db_pool *pool, const char *path)
{
	if (path[0] == '\0' || path[0] == ':')
		return ERR_INVALID;
	char *copy = strdup(path);
	if (copy == NULL)
		abort();
	enum err e = make_directories(copy);
	/* O_EXCL: closing a file that is open elsewhere in the process would give up its locks. */
	int fd = e == ERR_OK ? open(copy, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	if (fd >= 0)
		close(fd);
	else if (e == ERR_OK && errno != EEXIST)
		e = errno == ENOSPC ? ERR_DISK_FULL : ERR_IO;
	if (e == ERR_OK && (pool->target = realpath(copy, NULL)) == NULL)
		e = ERR_IO;
	if (e == ERR_OK)
		pool->writer = db_sqlite_lock_get(pool->target);
	free(copy);
	return e;
}
