/*
 * What is stored of the helpdesk, seen from the importer: what is known already, what could not be
 * imported, what a whole walk did not see. What always holds: each call is one transaction in the
 * client's lane (a mark over very many rows: one for each page of them), and a row that is as it
 * should be is not written.
 */
#include "base/map.h"
#include "store/queries.h"
#include "work/import_internal.h"

#define MARK_PAGE  5000
#define MARK_ARENA ((size_t)64 << 20)

enum err
import_begin(struct import_store *s)
{
	enum err e = db_begin(s->db, DB_APPLY);

	return e == ERR_OK ? db_lane(s->db, s->client_id, true) : e;
}

enum err
import_end(struct import_store *s, enum err e)
{
	if (e == ERR_OK)
		e = arena_check(s->arena);
	if (e == ERR_OK)
		return db_commit(s->db);
	db_rollback(s->db);
	return e;
}

struct str
import_canonical(struct arena *a, struct str json)
{
	const cJSON *v;

	return str_is_set(json) && json_parse(a, json, &v) == ERR_OK ? json_canonical(a, v)
	                                                             : STR_NONE;
}

struct str
import_id_text(struct arena *a, int64_t id)
{
	return id == HD_NO_ID ? STR_NONE : str_fmt(a, "%lld", (long long)id);
}

void
import_counts_add(struct import_counts *c, const struct import_counts *more)
{
	c->tickets_new += more->tickets_new;
	c->tickets_changed += more->tickets_changed;
	c->tickets_same += more->tickets_same;
	c->messages_new += more->messages_new;
	c->messages_changed += more->messages_changed;
	c->messages_same += more->messages_same;
	c->leads_new += more->leads_new;
	c->sessions_changed += more->sessions_changed;
	c->rows_changed += more->rows_changed;
}

enum err
import_store_known(struct import_store *s, const struct hd_ticket *v, size_t n,
                   struct import_known *out)
{
	struct db_rows *rows = db_rows_of(s->arena, &q_import_known, s->client_id);
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < n; i++) {
		out[i] = (struct import_known){ .updated_at = TIME_NONE,
			                        .last_message_created_at = TIME_NONE };
		db_row_int(rows, (int64_t)i);
		db_row_text(rows, v[i].uuid);
		db_row_time(rows, v[i].updated_at);
	}
	e = db_query(s->db, &q_import_known, DB_NO_PARAMS, rows, s->arena, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct import_known *k = &out[db_get_int(&r, i, 0)];

		k->known = true;
		k->ticket_id = db_get_uuid(&r, i, 1);
		k->updated_at = db_get_time(&r, i, 2);
		k->last_message_created_at = db_get_time(&r, i, 3);
		k->done = db_get_bool(&r, i, 4);
	}
	return e;
}

enum err
import_store_stored(struct import_store *s, struct uuid ticket_id, const struct hd_message *v,
                    size_t n, bool *stored)
{
	struct db_rows *rows = db_rows_of(s->arena, &q_import_stored, s->client_id);
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < n; i++) {
		stored[i] = false;
		db_row_int(rows, (int64_t)i);
		db_row_uuid(rows, ticket_id);
		db_row_int(rows, v[i].id);
		db_row_time(rows, v[i].updated_at);
	}
	e = db_query(s->db, &q_import_stored, DB_NO_PARAMS, rows, s->arena, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		stored[db_get_int(&r, i, 0)] = true;
	return e;
}

enum err
import_store_failed(struct import_store *s, const struct hd_ticket *t, const char *reason,
                    struct str detail)
{
	const struct db_param p[] = {
		db_uuid(s->client_id), db_uuid(rand_uuid_v7(s->rand, s->now_ms)),
		db_text(t->uuid),      db_text(str_from(reason)),
		db_text(detail),       db_json(t->raw),
		db_time(s->now_ms),
	};
	enum err e = import_begin(s);

	if (e == ERR_OK)
		e = db_exec(s->db, &q_import_failure_put, p, NULL, NULL);
	return import_end(s, e);
}

enum err
import_store_failures(struct import_store *s, size_t most, struct import_failure **out, size_t *n)
{
	struct import_failure *v;
	struct db_result r;
	enum err e = db_query(s->db, &q_import_failures,
	                      DB_PARAMS(db_uuid(s->client_id), db_int((int64_t)most)), NULL,
	                      s->arena, &r);

	if (e != ERR_OK)
		return e;
	v = ARENA_ARRAY(s->arena, r.nrows, struct import_failure);
	for (size_t i = 0; i < r.nrows; i++) {
		v[i] = (struct import_failure){ .uuid = db_get_text(&r, i, 0),
			                        .raw = db_get_text(&r, i, 1),
			                        .attempts = db_get_int(&r, i, 2) };
	}
	*out = v;
	*n = r.nrows;
	return ERR_OK;
}

/* One page of marks: rows after *after whose mark is not what `seen` says. *after: the last row;
 * *more: there may be others. */
static enum err
walked_page(struct import_store *s, struct arena *a, const struct map *seen, struct str *after,
            bool *more)
{
	struct db_rows *rows = db_rows_of(a, &q_import_walked_mark, s->client_id);
	struct db_result r;
	enum err e = db_query(s->db, &q_import_walked,
	                      DB_PARAMS(db_uuid(s->client_id), db_text(*after), db_int(MARK_PAGE)),
	                      NULL, a, &r);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < r.nrows; i++) {
		bool missing = map_get(seen, db_get_text(&r, i, 1)) == MAP_NONE;

		if (missing != db_is_null(&r, i, 2))
			continue;
		db_row_uuid(rows, db_get_uuid(&r, i, 0));
		db_row_time(rows, missing ? s->now_ms : TIME_NONE);
	}
	*more = r.nrows == MARK_PAGE;
	if (r.nrows > 0)
		*after = str_dup(s->arena, db_get_text(&r, r.nrows - 1, 1));
	return db_exec(s->db, &q_import_walked_mark, DB_NO_PARAMS, rows, NULL);
}

static enum err
contacts_page(struct import_store *s, struct arena *a, const struct map *seen, struct str *after,
              bool *more)
{
	struct db_rows *rows = db_rows_of(a, &q_import_contacts_mark, s->client_id);
	struct db_result r;
	enum err e = db_query(s->db, &q_import_contacts_swept,
	                      DB_PARAMS(db_uuid(s->client_id), db_text(*after), db_int(MARK_PAGE)),
	                      NULL, a, &r);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < r.nrows; i++) {
		bool missing = map_get(seen, db_get_text(&r, i, 0)) == MAP_NONE;

		if (missing != db_is_null(&r, i, 1))
			continue;
		db_row_text(rows, db_get_text(&r, i, 0));
		db_row_time(rows, missing ? s->now_ms : TIME_NONE);
	}
	*more = r.nrows == MARK_PAGE;
	if (r.nrows > 0)
		*after = str_dup(s->arena, db_get_text(&r, r.nrows - 1, 0));
	return db_exec(s->db, &q_import_contacts_mark, DB_NO_PARAMS, rows, NULL);
}

typedef enum err mark_page_fn(struct import_store *, struct arena *, const struct map *seen,
                              struct str *after, bool *more);

static enum err
mark_all(struct import_store *s, mark_page_fn *page, const struct str *ids, size_t n)
{
	struct str after = STR("");
	struct map seen;
	bool more = true;
	enum err e = ERR_OK;

	map_init(&seen, s->arena, n);
	for (size_t i = 0; i < n; i++)
		map_set(&seen, ids[i], i);
	while (more && e == ERR_OK) {
		struct arena *a = arena_new(MARK_ARENA);

		e = import_begin(s);
		if (e == ERR_OK)
			e = page(s, a, &seen, &after, &more);
		if (e == ERR_OK)
			e = arena_check(a);
		e = import_end(s, e);
		arena_free(a);
	}
	return e;
}

enum err
import_store_walked(struct import_store *s, const struct str *uuids, size_t n)
{
	return mark_all(s, walked_page, uuids, n);
}

/* Tags are few: all at once. */
static enum err
mark_tags(struct import_store *s, const struct str *ids, size_t n)
{
	struct db_rows *rows = db_rows_of(s->arena, &q_import_tags_update, s->client_id);
	struct db_result r;
	struct map seen;
	enum err e = db_query(s->db, &q_import_tags, DB_PARAMS(db_uuid(s->client_id)), NULL,
	                      s->arena, &r);

	if (e != ERR_OK)
		return e;
	map_init(&seen, s->arena, n);
	for (size_t i = 0; i < n; i++)
		map_set(&seen, ids[i], i);
	for (size_t i = 0; i < r.nrows; i++) {
		bool missing = map_get(&seen, db_get_text(&r, i, 3)) == MAP_NONE;

		if (db_is_null(&r, i, 3) || missing != db_is_null(&r, i, 4))
			continue;
		db_row_uuid(rows, db_get_uuid(&r, i, 0));
		db_row_text(rows, db_get_text(&r, i, 1));
		db_row_text(rows, db_get_text(&r, i, 2));
		db_row_text(rows, db_get_text(&r, i, 3));
		db_row_time(rows, missing ? s->now_ms : TIME_NONE);
	}
	return db_exec(s->db, &q_import_tags_update, DB_NO_PARAMS, rows, NULL);
}

enum err
import_store_swept(struct import_store *s, const struct str *ids, size_t nids,
                   const struct str *tag_ids, size_t ntags)
{
	enum err e = mark_all(s, contacts_page, ids, nids);

	if (e != ERR_OK)
		return e;
	e = import_begin(s);
	if (e == ERR_OK)
		e = mark_tags(s, tag_ids, ntags);
	return import_end(s, e);
}
