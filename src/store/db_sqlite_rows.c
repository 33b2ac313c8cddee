/*
 * recado_rows(pointer): a batch as a table, so that SQLite takes any number of rows in one
 * statement, as PostgreSQL does with unnest(). The argument is a struct db_rows bound with
 * sqlite3_bind_pointer; columns are c0, c1, …
 * What always holds: rows come in the order they were added, and the text is not copied: it
 * outlives the statement.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "store/db_internal.h"

struct cursor {
	sqlite3_vtab_cursor base;
	const struct db_rows *rows;
	size_t at;
};

static int
rows_connect(sqlite3 *h, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
             char **error)
{
	(void)aux;
	(void)argc;
	(void)argv;
	(void)error;
	char sql[DB_MAX_COLUMNS * 6 + 64] = "CREATE TABLE x(";
	size_t n = strlen(sql);
	for (int i = 0; i < DB_MAX_COLUMNS; i++)
		n += (size_t)snprintf(sql + n, sizeof(sql) - n, "c%d,", i);
	snprintf(sql + n, sizeof(sql) - n, "batch HIDDEN)");
	int rc = sqlite3_declare_vtab(h, sql);
	if (rc != SQLITE_OK)
		return rc;
	*out = sqlite3_malloc(sizeof(**out));
	if (*out == NULL)
		return SQLITE_NOMEM;
	memset(*out, 0, sizeof(**out));
	return sqlite3_vtab_config(h, SQLITE_VTAB_INNOCUOUS);
}

static int
rows_disconnect(sqlite3_vtab *t)
{
	sqlite3_free(t);
	return SQLITE_OK;
}

/* Only one plan: the whole batch. Cheap and short, so that it leads the join and tables are looked
 * up by index. */
static int
rows_best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
	(void)t;
	for (int i = 0; i < info->nConstraint; i++) {
		const struct sqlite3_index_constraint *c = &info->aConstraint[i];
		if (c->iColumn != DB_MAX_COLUMNS || c->op != SQLITE_INDEX_CONSTRAINT_EQ ||
		    !c->usable)
			continue;
		info->aConstraintUsage[i].argvIndex = 1;
		info->aConstraintUsage[i].omit = 1;
		info->estimatedCost = 100;
		info->estimatedRows = 100;
		return SQLITE_OK;
	}
	return SQLITE_CONSTRAINT;
}

static int
rows_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
	(void)t;
	struct cursor *c = sqlite3_malloc(sizeof(*c));
	if (c == NULL)
		return SQLITE_NOMEM;
	memset(c, 0, sizeof(*c));
	*out = &c->base;
	return SQLITE_OK;
}

static int
rows_close(sqlite3_vtab_cursor *c)
{
	sqlite3_free(c);
	return SQLITE_OK;
}

static int
rows_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int argc, sqlite3_value **argv)
{
	(void)plan;
	(void)text;
	struct cursor *c = (struct cursor *)base;
	c->rows = argc == 1 ? sqlite3_value_pointer(argv[0], "recado_rows") : NULL;
	c->at = 0;
	return SQLITE_OK;
}

static int
rows_next(sqlite3_vtab_cursor *base)
{
	((struct cursor *)base)->at++;
	return SQLITE_OK;
}

static int
rows_eof(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;
	return c->rows == NULL || c->at >= c->rows->nrows;
}

static int
rows_column(sqlite3_vtab_cursor *base, sqlite3_context *ctx, int col)
{
	struct cursor *c = (struct cursor *)base;
	if (col < 0 || (size_t)col >= c->rows->ncols) {
		sqlite3_result_null(ctx);
		return SQLITE_OK;
	}
	const struct db_cell *cell = &c->rows->cells[c->at * c->rows->ncols + (size_t)col];
	char type = c->rows->types[col];
	if (cell->null)
		sqlite3_result_null(ctx);
	else if (type == 'u')
		sqlite3_result_blob(ctx, cell->u.b, sizeof(cell->u.b), SQLITE_STATIC);
	else if (type == 'x')
		sqlite3_result_blob64(ctx, cell->s.p, cell->s.n, SQLITE_STATIC);
	else if (type == 't' || type == 'j')
		sqlite3_result_text64(ctx, cell->s.p, cell->s.n, SQLITE_STATIC, SQLITE_UTF8);
	else if (type == 'd')
		sqlite3_result_double(ctx, cell->d);
	else
		sqlite3_result_int64(ctx, cell->i);
	return SQLITE_OK;
}

static int
rows_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
	*out = (sqlite3_int64)((struct cursor *)base)->at + 1;
	return SQLITE_OK;
}

int
db_sqlite_rows_register(sqlite3 *h)
{
	/* No xCreate: the table exists by itself and only so. */
	static const sqlite3_module module = {
		.xConnect = rows_connect,
		.xBestIndex = rows_best_index,
		.xDisconnect = rows_disconnect,
		.xOpen = rows_open,
		.xClose = rows_close,
		.xFilter = rows_filter,
		.xNext = rows_next,
		.xEof = rows_eof,
		.xColumn = rows_column,
		.xRowid = rows_rowid,
	};
	return sqlite3_create_module(h, "recado_rows", &module, NULL);
}
