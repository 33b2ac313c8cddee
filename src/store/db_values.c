/*
 * Parameters, batches and results: the values that go into a statement and come out of it, the
 * same for both engines.
 * What always holds: a cell is NULL exactly when `null` is set, and its type letter says which
 * member is meant.
 */
#include <assert.h>

#include "store/db_internal.h"

static struct db_cell
cell_of_text(struct str s)
{
	return (struct db_cell){ .null = !str_is_set(s), .s = s };
}

struct db_param
db_uuid(struct uuid u)
{
	return (struct db_param){ 'u', { .null = uuid_is_nil(u), .u = u } };
}

struct db_param
db_text(struct str s)
{
	return (struct db_param){ 't', cell_of_text(s) };
}

struct db_param
db_json(struct str s)
{
	return (struct db_param){ 'j', cell_of_text(s) };
}

struct db_param
db_bytes(struct str s)
{
	return (struct db_param){ 'x', cell_of_text(s) };
}

struct db_param
db_int(int64_t v)
{
	return (struct db_param){ 'i', { .i = v } };
}

struct db_param
db_time(int64_t ms)
{
	return (struct db_param){ 'm', { .null = ms == TIME_NONE, .i = ms } };
}

struct db_param
db_bool(bool v)
{
	return (struct db_param){ 'b', { .i = v } };
}

struct db_param
db_double(double v)
{
	return (struct db_param){ 'd', { .d = v } };
}

struct db_param
db_null(char type)
{
	return (struct db_param){ type, { .null = true } };
}

struct db_rows *
db_rows_new(struct arena *arena, const struct query *query)
{
	assert(query->rows != NULL);
	struct db_rows *r = ARENA_NEW(arena, struct db_rows);
	r->arena = arena;
	r->types = query->rows;
	r->ncols = strlen(query->rows);
	assert(r->ncols > 0 && r->ncols <= DB_MAX_COLUMNS);
	return r;
}

struct db_rows *
db_rows_of(struct arena *arena, const struct query *query, struct uuid client_id)
{
	struct db_rows *r = db_rows_new(arena, query);
	assert(r->types[0] == 'u' && r->ncols > 1);
	r->client_id = client_id;
	return r;
}

/* Room for the next cell. A row counts once its last cell is there. */
static struct db_cell *
next_cell(struct db_rows *r, const char *types)
{
	bool of_client = r->at == 0 && !uuid_is_nil(r->client_id);
	r->at += of_client;
	assert(strchr(types, r->types[r->at]) != NULL);
	(void)types;
	if (r->nrows == r->cap) {
		size_t cap = r->cap == 0 ? 16 : r->cap * 2;
		struct db_cell *more = ARENA_ARRAY(r->arena, cap * r->ncols, struct db_cell);
		if (r->nrows > 0)
			memcpy(more, r->cells, r->nrows * r->ncols * sizeof(*more));
		r->cells = more;
		r->cap = cap;
	}
	if (of_client)
		r->cells[r->nrows * r->ncols].u = r->client_id;
	struct db_cell *c = &r->cells[r->nrows * r->ncols + r->at];
	if (++r->at == r->ncols) {
		r->at = 0;
		r->nrows++;
	}
	return c;
}

void
db_row_uuid(struct db_rows *r, struct uuid u)
{
	*next_cell(r, "u") = db_uuid(u).cell;
}

void
db_row_text(struct db_rows *r, struct str s)
{
	*next_cell(r, "tjx") = cell_of_text(s);
}

void
db_row_int(struct db_rows *r, int64_t v)
{
	*next_cell(r, "i") = db_int(v).cell;
}

void
db_row_time(struct db_rows *r, int64_t ms)
{
	*next_cell(r, "m") = db_time(ms).cell;
}

void
db_row_bool(struct db_rows *r, bool v)
{
	*next_cell(r, "b") = db_bool(v).cell;
}

void
db_row_double(struct db_rows *r, double v)
{
	*next_cell(r, "d") = db_double(v).cell;
}

void
db_row_null(struct db_rows *r)
{
	*next_cell(r, "utimbjxd") = (struct db_cell){ .null = true };
}

static const struct db_cell *
cell_at(const struct db_result *res, size_t row, size_t col, const char *types)
{
	assert(row < res->nrows && col < res->ncols);
	assert(strchr(types, res->types[col]) != NULL);
	(void)types;
	return &res->cells[row * res->ncols + col];
}

bool
db_is_null(const struct db_result *res, size_t row, size_t col)
{
	return cell_at(res, row, col, "utimbjxd")->null;
}

struct str
db_get_text(const struct db_result *res, size_t row, size_t col)
{
	const struct db_cell *c = cell_at(res, row, col, "tjx");
	return c->null ? STR_NONE : c->s;
}

int64_t
db_get_int(const struct db_result *res, size_t row, size_t col)
{
	const struct db_cell *c = cell_at(res, row, col, "i");
	return c->null ? 0 : c->i;
}

int64_t
db_get_time(const struct db_result *res, size_t row, size_t col)
{
	const struct db_cell *c = cell_at(res, row, col, "m");
	return c->null ? TIME_NONE : c->i;
}

bool
db_get_bool(const struct db_result *res, size_t row, size_t col)
{
	const struct db_cell *c = cell_at(res, row, col, "b");
	return !c->null && c->i != 0;
}

double
db_get_double(const struct db_result *res, size_t row, size_t col)
{
	const struct db_cell *c = cell_at(res, row, col, "d");
	return c->null ? 0 : c->d;
}

struct uuid
db_get_uuid(const struct db_result *res, size_t row, size_t col)
{
	const struct db_cell *c = cell_at(res, row, col, "u");
	return c->null ? UUID_NIL : c->u;
}
