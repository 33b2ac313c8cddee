/*
 * PostgreSQL's binary formats: parameters out, arrays for batches out, results in.
 * What always holds: nothing is parsed from or printed as text; a column of another type than
 * declared is an error that names the query; times are microseconds since 2000 there and
 * milliseconds since 1970 here.
 */
#include <assert.h>
#include <libpq-fe.h>
#include <math.h>
#include <stdio.h>

#include "store/db_internal.h"

#define EPOCH_MS INT64_C(946684800000) /* 2000-01-01 */

enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_CHAR = 18,
	OID_NAME = 19,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_OID = 26,
	OID_JSON = 114,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_BPCHAR = 1042,
	OID_VARCHAR = 1043,
	OID_TIMESTAMPTZ = 1184,
	OID_NUMERIC = 1700,
	OID_UUID = 2950,
	OID_JSONB = 3802
};

/* What each of our types is sent as, and what it is read from. */
static const struct type {
	char letter;
	unsigned oid, array_oid;
	unsigned reads[6];
} types[] = {
	{ 'u', OID_UUID, 2951, { OID_UUID } },
	{ 't', OID_TEXT, 1009, { OID_TEXT, OID_VARCHAR, OID_BPCHAR, OID_NAME, OID_CHAR } },
	{ 'i', OID_INT8, 1016, { OID_INT8, OID_INT4, OID_INT2, OID_OID, OID_NUMERIC } },
	{ 'm', OID_TIMESTAMPTZ, 1185, { OID_TIMESTAMPTZ } },
	{ 'b', OID_BOOL, 1000, { OID_BOOL } },
	{ 'j', OID_JSONB, 3807, { OID_JSONB, OID_JSON } },
	{ 'x', OID_BYTEA, 1001, { OID_BYTEA } },
	{ 'd', OID_FLOAT8, 1022, { OID_FLOAT8, OID_FLOAT4, OID_NUMERIC, OID_INT4, OID_INT8 } },
};

static const struct type *
type_of(char letter)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].letter == letter)
			return &types[i];
	assert(false); /* sqlgen knows no other letters */
	return NULL;
}

int
db_postgres_types(const struct query *q, unsigned oids[DB_MAX_PARAMS + DB_MAX_COLUMNS])
{
	int n = 0;
	for (const char *t = q->params; *t != '\0'; t++)
		oids[n++] = type_of(*t)->oid;
	for (const char *t = q->rows; t != NULL && *t != '\0'; t++)
		oids[n++] = type_of(*t)->array_oid;
	return n;
}

static void
put_u64(char *p, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		p[i] = (char)(v & 0xff);
}

static void
put_u32(char *p, uint32_t v)
{
	for (int i = 3; i >= 0; i--, v >>= 8)
		p[i] = (char)(v & 0xff);
}

static uint64_t
get_u64(const char *p)
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static uint32_t
get_u32(const char *p)
{
	uint32_t v = 0;
	for (int i = 0; i < 4; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static uint16_t
get_u16(const char *p)
{
	return (uint16_t)((unsigned char)p[0] << 8 | (unsigned char)p[1]);
}

static size_t
encoded_size(char type, const struct db_cell *c)
{
	switch (type) {
	case 'u':
		return sizeof(c->u.b);
	case 'b':
		return 1;
	case 'j':
		return c->s.n + 1;
	case 't':
	case 'x':
		return c->s.n;
	default:
		return 8;
	}
}

/* Writes encoded_size() bytes. */
static void
encode(char *p, char type, const struct db_cell *c)
{
	uint64_t bits;
	switch (type) {
	case 'u':
		memcpy(p, c->u.b, sizeof(c->u.b));
		break;
	case 'b':
		p[0] = c->i != 0;
		break;
	case 'j':
		*p++ = 1; /* jsonb's version */
			  /* fallthrough */
	case 't':
	case 'x':
		if (c->s.n > 0)
			memcpy(p, c->s.p, c->s.n);
		break;
	case 'd':
		memcpy(&bits, &c->d, sizeof(bits));
		put_u64(p, bits);
		break;
	case 'm':
		put_u64(p, (uint64_t)((c->i - EPOCH_MS) * 1000));
		break;
	default:
		put_u64(p, (uint64_t)c->i);
	}
}

/* One batch column as an array of one dimension. */
static size_t
column_size(const struct db_rows *r, size_t col)
{
	size_t n = 20;
	for (size_t i = 0; i < r->nrows; i++) {
		const struct db_cell *c = &r->cells[i * r->ncols + col];
		n += 4 + (c->null ? 0 : encoded_size(r->types[col], c));
	}
	return n;
}

static void
encode_column(char *p, const struct db_rows *r, size_t col)
{
	char type = r->types[col];
	put_u32(p, 1);     /* dimensions */
	put_u32(p + 4, 1); /* there may be NULLs */
	put_u32(p + 8, type_of(type)->oid);
	put_u32(p + 12, (uint32_t)r->nrows);
	put_u32(p + 16, 1); /* first index */
	p += 20;
	for (size_t i = 0; i < r->nrows; i++) {
		const struct db_cell *c = &r->cells[i * r->ncols + col];
		size_t n = c->null ? 0 : encoded_size(type, c);
		put_u32(p, c->null ? UINT32_MAX : (uint32_t)n);
		p += 4;
		if (!c->null)
			encode(p, type, c);
		p += n;
	}
}

/* Big scalars (bodies) are sent from where they lie. */
static bool
is_sent_in_place(char type)
{
	return type == 't' || type == 'x';
}

/* Counts first, so that the buffer never moves while pointers into it are taken. */
enum err
db_postgres_encode(struct buf *scratch, const struct db_call *call, struct db_postgres_args *args)
{
	const char *types_of_params = call->query->params;
	const struct db_rows *r = call->rows;
	size_t total = 0, nparams = strlen(types_of_params);
	size_t sizes[DB_MAX_PARAMS + DB_MAX_COLUMNS];
	int n = 0;
	for (size_t i = 0; i < nparams; i++, n++) {
		sizes[n] = encoded_size(types_of_params[i], &call->params[i].cell);
		total += is_sent_in_place(types_of_params[i]) || call->params[i].cell.null
		                 ? 0
		                 : sizes[n];
	}
	for (size_t c = 0; r != NULL && c < r->ncols; c++, n++) {
		sizes[n] = column_size(r, c);
		total += sizes[n];
	}
	for (int i = 0; i < n; i++)
		if (sizes[i] > DB_MAX_CALL_BYTES)
			return ERR_TOO_LARGE;
	buf_clear(scratch);
	if (!buf_reserve(scratch, total + 1))
		return ERR_TOO_LARGE;

	char *p = scratch->p;
	args->n = n;
	for (int i = 0; i < n; i++) {
		const struct db_cell *c = (size_t)i < nparams ? &call->params[i].cell : NULL;
		args->format[i] = 1;
		args->length[i] = (int)sizes[i];
		args->value[i] = p;
		if (c != NULL && c->null) {
			args->value[i] = NULL;
		} else if (c != NULL && is_sent_in_place(types_of_params[i])) {
			args->value[i] = c->s.p;
		} else {
			if (c != NULL)
				encode(p, types_of_params[i], c);
			else
				encode_column(p, r, (size_t)i - nparams);
			p += sizes[i];
		}
	}
	return ERR_OK;
}

enum err
db_postgres_columns(struct db *db, const struct query *q, const PGresult *res)
{
	char text[160];
	int n = PQnfields(res);
	if (n != (int)strlen(q->returns)) {
		snprintf(text, sizeof(text), "gives %d columns, declared are %zu", n,
		         strlen(q->returns));
		return db_fail(db, ERR_DB, q->name, text);
	}
	for (int c = 0; c < n; c++) {
		const struct type *t = type_of(q->returns[c]);
		bool fits = false;
		for (size_t i = 0; i < sizeof(t->reads) / sizeof(t->reads[0]) && t->reads[i] != 0;
		     i++)
			fits = fits || t->reads[i] == PQftype(res, c);
		if (!fits) {
			snprintf(text, sizeof(text),
			         "column %d (%.40s) has type %u, which is not '%c'", c + 1,
			         PQfname(res, c), PQftype(res, c), q->returns[c]);
			return db_fail(db, ERR_DB, q->name, text);
		}
	}
	return ERR_OK;
}

/* numeric: count, weight, sign and scale, then digits of base 10,000; the first counts 10,000 to
 * the weight. */
static bool
decode_numeric(const char *p, size_t len, struct db_cell *out, bool as_double)
{
	int count = get_u16(p), weight = (int16_t)get_u16(p + 2);
	unsigned sign = get_u16(p + 4);
	if (len < 8 + (size_t)count * 2 || (sign != 0 && sign != 0x4000))
		return false;
	double d = 0;
	int64_t v = 0;
	for (int i = 0; i < count; i++) {
		int64_t digit = get_u16(p + 8 + (ptrdiff_t)i * 2);
		d += (double)digit * pow(10000, weight - i);
		if (as_double)
			continue;
		if (weight - i < 0 ? digit != 0
		                   : __builtin_mul_overflow(v, 10000, &v) ||
		                             __builtin_sub_overflow(v, digit, &v))
			return false;
	}
	/* Trailing zeros are not sent. The sum is kept negative: there is one more number on that
	 * side. */
	for (int i = count; !as_double && i <= weight && v != 0; i++)
		if (__builtin_mul_overflow(v, 10000, &v))
			return false;
	if (as_double)
		out->d = sign != 0 ? -d : d;
	else if (sign != 0)
		out->i = v;
	else if (v == INT64_MIN)
		return false;
	else
		out->i = -v;
	return true;
}

static bool
decode_int(const char *p, size_t len, unsigned oid, int64_t *out)
{
	if (oid == OID_INT8 && len == 8)
		*out = (int64_t)get_u64(p);
	else if (oid == OID_INT4 && len == 4)
		*out = (int32_t)get_u32(p);
	else if (oid == OID_OID && len == 4)
		*out = get_u32(p);
	else if (oid == OID_INT2 && len == 2)
		*out = (int16_t)get_u16(p);
	else
		return false;
	return true;
}

static bool
decode_double(const char *p, size_t len, unsigned oid, double *out)
{
	int64_t i;
	if (oid == OID_FLOAT8 && len == 8) {
		uint64_t bits = get_u64(p);
		memcpy(out, &bits, sizeof(bits));
	} else if (oid == OID_FLOAT4 && len == 4) {
		uint32_t bits = get_u32(p);
		float f;
		memcpy(&f, &bits, sizeof(f));
		*out = (double)f;
	} else if (decode_int(p, len, oid, &i)) {
		*out = (double)i;
	} else {
		return false;
	}
	return true;
}

/* Rounds to the nearest millisecond. Infinities are no instants. */
static bool
decode_time(const char *p, size_t len, int64_t *out)
{
	int64_t us = len == 8 ? (int64_t)get_u64(p) : INT64_MIN;
	if (us == INT64_MIN || us == INT64_MAX)
		return false;
	int64_t half_up = us + 500;
	*out = half_up / 1000 - (half_up % 1000 < 0) + EPOCH_MS;
	return true;
}

/* False: the value cannot be of that type. Text is copied to *room. */
static bool
decode(const char *p, size_t len, unsigned oid, char type, char **room, struct db_cell *out)
{
	switch (type) {
	case 'u':
		if (len == sizeof(out->u.b))
			memcpy(out->u.b, p, len);
		return len == sizeof(out->u.b);
	case 'b':
		out->i = len == 1 && p[0] != 0;
		return len == 1;
	case 'm':
		return decode_time(p, len, &out->i);
	case 'i':
		return oid == OID_NUMERIC ? len >= 8 && decode_numeric(p, len, out, false)
		                          : decode_int(p, len, oid, &out->i);
	case 'd':
		return oid == OID_NUMERIC ? len >= 8 && decode_numeric(p, len, out, true)
		                          : decode_double(p, len, oid, &out->d);
	default:
		break;
	}
	if (oid == OID_JSONB && (len == 0 || p[0] != 1))
		return false;
	size_t skip = oid == OID_JSONB ? 1 : 0;
	memcpy(*room, p + skip, len - skip);
	out->s = (struct str){ *room, len - skip };
	*room += len - skip + 1; /* the arena is zeroed: a NUL behind each */
	return true;
}

/* Bytes that the text of a result needs, with a NUL behind each. */
static size_t
text_size(const struct query *q, const PGresult *res)
{
	size_t n = 0;
	for (int c = 0; q->returns[c] != '\0'; c++) {
		if (strchr("tjx", q->returns[c]) == NULL)
			continue;
		for (int r = 0; r < PQntuples(res); r++)
			n += (size_t)PQgetlength(res, r, c) + 1;
	}
	return n;
}

enum err
db_postgres_decode(struct db *db, const struct query *q, const PGresult *res, struct arena *arena,
                   struct db_result *out)
{
	size_t nrows = (size_t)PQntuples(res), ncols = (size_t)PQnfields(res);
	struct db_cell *cells = arena_try_alloc(arena, nrows * ncols * sizeof(*cells));
	char *room = arena_try_alloc(arena, text_size(q, res));
	if (cells == NULL || room == NULL)
		return db_fail(db, ERR_TOO_LARGE, q->name, "the result is too large");
	for (size_t i = 0; i < nrows * ncols; i++) {
		int r = (int)(i / ncols), c = (int)(i % ncols);
		cells[i].null = PQgetisnull(res, r, c) != 0;
		if (cells[i].null && (q->nullable >> c & 1) != 0)
			continue;
		if (cells[i].null || !decode(PQgetvalue(res, r, c), (size_t)PQgetlength(res, r, c),
		                             PQftype(res, c), q->returns[c], &room, &cells[i])) {
			char text[160];
			snprintf(text, sizeof(text),
			         "column %d (%.40s) has a value that is not '%c'%s", c + 1,
			         PQfname(res, c), q->returns[c],
			         cells[i].null ? ": it is NULL" : "");
			return db_fail(db, ERR_DB, q->name, text);
		}
	}
	out->nrows = nrows;
	out->cells = cells;
	return ERR_OK;
}
