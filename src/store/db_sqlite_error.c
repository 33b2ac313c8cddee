/*
 * What SQLite's errors mean to us, and which constraint was violated.
 * What always holds: after a sync that failed nothing this process knows of the file can be
 * trusted any more, so it ends at once, before anything could be acknowledged.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "store/db_internal.h"
#include "sys/log.h"

#define EXIT_FAILED_SYNC 70

static enum err
err_of(struct sqlite3 *h, int rc)
{
	if (rc == SQLITE_IOERR_NOMEM)
		return ERR_INTERNAL;
	switch (rc & 0xff) {
	case SQLITE_CONSTRAINT:
		return ERR_CONFLICT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_FULL:
		return ERR_DISK_FULL;
	case SQLITE_IOERR:
		/* The shared-memory file could not grow, say. */
		return sqlite3_system_errno(h) == ENOSPC ? ERR_DISK_FULL : ERR_IO;
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return ERR_IO;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR_CORRUPT;
	case SQLITE_TOOBIG:
		return ERR_TOO_LARGE;
	case SQLITE_INTERRUPT:
		return ERR_CANCELLED;
	case SQLITE_NOMEM:
		return ERR_INTERNAL;
	default:
		return ERR_DB;
	}
}

/* "t.a, t.b" to table "t" and columns "a,b"; false if it does not look so. */
static bool
split_columns(const char *list, char table[64], char columns[192])
{
	size_t n = 0;
	table[0] = '\0';
	for (struct str rest = str_from(list), part; str_split(&rest, ',', &part);) {
		part = str_trim(part);
		size_t dot = str_find(part, '.');
		size_t len = part.n - dot - 1;
		if (dot == part.n || dot >= 64 || n + len + 2 > 192)
			return false;
		snprintf(table, 64, "%.*s", (int)dot, part.p);
		n += (size_t)snprintf(columns + n, 192 - n, "%s%.*s", n == 0 ? "" : ",", (int)len,
		                      part.p + dot + 1);
	}
	return table[0] != '\0';
}

/* SQLite tells the columns of a violated key; PostgreSQL its name. This finds the name, or makes
 * PostgreSQL's. */
static void
name_unique(struct db_sqlite *s, const char *list)
{
	static const char find[] = "SELECT l.name, l.origin FROM pragma_index_list(?1) AS l WHERE "
				   "l.\"unique\" AND ?2 = "
				   "(SELECT group_concat(c.name, ',') FROM (SELECT name FROM "
				   "pragma_index_info(l.name) "
				   "ORDER BY seqno) AS c) ORDER BY l.origin";
	char table[64], columns[192];
	if (!split_columns(list, table, columns))
		return;

	sqlite3_stmt *st = NULL;
	char *out = s->base.constraint;
	size_t cap = sizeof(s->base.constraint);
	snprintf(out, cap, "%s_pkey", table);
	if (sqlite3_prepare_v2(s->handle, find, -1, &st, NULL) != SQLITE_OK)
		return;
	sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, columns, -1, SQLITE_STATIC);
	if (sqlite3_step(st) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 0);
		const char *origin = (const char *)sqlite3_column_text(st, 1);
		if (origin[0] == 'c')
			snprintf(out, cap, "%s", name);
		else if (origin[0] == 'u')
			snprintf(out, cap, "%.40s_%.80s_key", table, columns);
		for (char *c = out; *c != '\0'; c++)
			*c = *c == ',' ? '_' : *c;
	}
	sqlite3_finalize(st);
}

static void
name_constraint(struct db_sqlite *s, const char *message)
{
	static const char unique[] = "UNIQUE constraint failed: ";
	static const char unique_index[] = "UNIQUE constraint failed: index '";
	static const char check[] = "CHECK constraint failed: ";
	char *out = s->base.constraint;
	size_t cap = sizeof(s->base.constraint);
	if (strncmp(message, unique_index, strlen(unique_index)) == 0) {
		const char *name = message + strlen(unique_index);
		snprintf(out, cap, "%.*s", (int)strcspn(name, "'"), name);
	} else if (strncmp(message, unique, strlen(unique)) == 0) {
		name_unique(s, message + strlen(unique));
	} else if (strncmp(message, check, strlen(check)) == 0) {
		snprintf(out, cap, "%.100s", message + strlen(check));
	}
}

enum err
db_sqlite_error(struct db_sqlite *s, const char *name, int rc)
{
	char text[400];
	int extended = sqlite3_extended_errcode(s->handle);
	if ((extended & 0xff) == (rc & 0xff))
		rc = extended;
	snprintf(text, sizeof(text), "%s", sqlite3_errmsg(s->handle));
	if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC) {
		log_error("db.sync_failed", LOG_INT("errno", sqlite3_system_errno(s->handle)));
		_exit(EXIT_FAILED_SYNC);
	}
	enum err e = err_of(s->handle, rc);
	db_fail(&s->base, e, name, text);
	if (e == ERR_CONFLICT)
		name_constraint(s, text);
	return e;
}
