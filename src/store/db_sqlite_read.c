/*
 * From SQLite's columns to cells, and the write-ahead log's way into the database.
 * What always holds: a value of another type than declared is an error, never a silent
 * conversion; what is read lives in the arena.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "store/db_internal.h"

#define PAGES_LARGE 1024  /* 4 MiB: begin the log anew when it can be */
#define PAGES_HARD  65536 /* 256 MiB: the writers move it themselves */
#define PAGES_AGAIN 4096  /* and try again after so many more, should a reader hold it */
#define NEW_WAIT_MS 100   /* writers wait as long at most */

/* Room in the arena, NUL behind. NULL: over the cap. */
static const char *
copy_bytes(struct arena *arena, const void *p, size_t n)
{
	char *to = arena_try_alloc(arena, n + 1);
	if (to != NULL && n > 0)
		memcpy(to, p, n);
	return to;
}

static int
storage_class(char type)
{
	if (type == 'u' || type == 'x')
		return SQLITE_BLOB;
	if (type == 't' || type == 'j')
		return SQLITE_TEXT;
	return type == 'd' ? SQLITE_FLOAT : SQLITE_INTEGER;
}

/* ERR_DB: other type than declared. */
static enum err
read_cell(sqlite3_stmt *st, int col, char type, bool nullable, struct arena *arena,
          struct db_cell *out)
{
	int found = sqlite3_column_type(st, col);
	*out = (struct db_cell){ .null = found == SQLITE_NULL };
	if (out->null)
		return nullable ? ERR_OK : ERR_DB;
	if (found != storage_class(type) && !(type == 'd' && found == SQLITE_INTEGER))
		return ERR_DB;
	if (type == 'd') {
		out->d = sqlite3_column_double(st, col);
	} else if (found == SQLITE_INTEGER) {
		out->i = sqlite3_column_int64(st, col);
		return type == 'b' && out->i != 0 && out->i != 1 ? ERR_DB : ERR_OK;
	} else {
		const void *p = sqlite3_column_blob(st, col);
		size_t n = (size_t)sqlite3_column_bytes(st, col);
		if (type == 'u' && n != sizeof(out->u.b))
			return ERR_DB;
		if (type == 'u')
			memcpy(out->u.b, p, n);
		else if ((out->s.p = copy_bytes(arena, p, n)) == NULL)
			return ERR_TOO_LARGE;
		else
			out->s.n = n;
	}
	return ERR_OK;
}

enum err
db_sqlite_read_row(struct db_sqlite *s, const struct query *q, sqlite3_stmt *st,
                   struct arena *arena, struct db_cell *cells)
{
	for (int c = 0; q->returns[c] != '\0'; c++) {
		bool nullable = (q->nullable >> c & 1) != 0;
		enum err e = read_cell(st, c, q->returns[c], nullable, arena, &cells[c]);
		if (e == ERR_TOO_LARGE)
			return db_fail(&s->base, e, q->name, "the result is too large");
		if (e != ERR_OK) {
			char text[160];
			snprintf(text, sizeof(text), "column %d (%.40s) is not of type '%c'%s",
			         c + 1, sqlite3_column_name(st, c), q->returns[c],
			         cells[c].null ? ": it is NULL" : "");
			return db_fail(&s->base, e, q->name, text);
		}
	}
	return ERR_OK;
}

/* A checkpoint that finds another at work, or readers in its way, is no failure. */
static enum err
move_log(struct db_sqlite *s, int mode, int *pages, int *moved)
{
	int rc = sqlite3_wal_checkpoint_v2(s->handle, NULL, mode, pages, moved);
	if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		return ERR_OK;
	return db_sqlite_error(s, "checkpoint", rc);
}

/* Begun anew it is written over and need not grow: pages that are there cost a writer less, and a
 * short log is moved while writers wait in a few ms. Its file is cut by journal_size_limit alone.
 */
enum err
db_sqlite_checkpoint(struct db *db)
{
	struct db_sqlite *s = (struct db_sqlite *)db;
	int pages = 0, moved = 0;
	enum err e = move_log(s, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
	if (pages < PAGES_LARGE)
		s->log_settled = 0;
	if (e != ERR_OK || pages < PAGES_LARGE || moved < pages)
		return e;
	/* nothing was written since, or a reader holds it: not in every round */
	if (pages >= s->log_settled && pages < s->log_settled + PAGES_LARGE)
		return ERR_OK;
	s->log_settled = pages;
	if (db_sqlite_lock_take(db->pool->writer, DB_APPLY, NEW_WAIT_MS) != ERR_OK)
		return ERR_OK;
	sqlite3_busy_timeout(s->handle, NEW_WAIT_MS);
	e = move_log(s, SQLITE_CHECKPOINT_RESTART, &pages, &moved);
	sqlite3_busy_timeout(s->handle, db->pool->options.busy_timeout_ms);
	db_sqlite_lock_give(db->pool->writer);
	return e;
}

/* After each commit. The commit stands whatever happens here, so only a failed sync matters (and
 * ends the process). */
int
db_sqlite_wal_hook(void *db, sqlite3 *handle, const char *schema, int pages)
{
	struct db_sqlite *s = db;
	(void)handle;
	(void)schema;
	if (pages < PAGES_HARD) {
		s->wal_next = PAGES_HARD;
		return SQLITE_OK;
	}
	if (pages >= s->wal_next) {
		int all = 0, moved = 0;
		s->wal_next = pages + PAGES_AGAIN;
		if (move_log(s, SQLITE_CHECKPOINT_PASSIVE, &all, &moved) != ERR_OK)
			s->base.message[0] = '\0';
	}
	return SQLITE_OK;
}
