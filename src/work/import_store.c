/*
 * What is stored of the helpdesk, seen from the importer: what is known already, what could not be
 * imported. What always holds: each call is one transaction in the client's lane, and a row that is
 * as it should be is not written.
 */
#include "store/queries.h"
#include "work/import_internal.h"

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
