/*
 * What a whole walk did not see is marked as missing, what it saw again is unmarked. Why apart from
 * the store: there may be millions of rows, so it goes a page at a time and remembers where it is.
 * What always holds: each call is one transaction in the client's lane; a row whose mark is right
 * is not written; a call that failed can be made again.
 */
#include "store/queries.h"
#include "work/import_internal.h"

/* Rows of a query that gives an external id and a mark in these columns; those whose mark is wrong
 * go to `fill`. */
struct mark_kind {
	const struct query *page, *put;
	size_t id, missing;
	void (*key)(struct db_rows *, const struct db_result *, size_t row);
};

static void
ticket_key(struct db_rows *rows, const struct db_result *r, size_t row)
{
	db_row_uuid(rows, db_get_uuid(r, row, 0));
}

static void
contact_key(struct db_rows *rows, const struct db_result *r, size_t row)
{
	db_row_text(rows, db_get_text(r, row, 0));
}

static const struct mark_kind of_tickets = { &q_import_walked, &q_import_walked_mark, 1, 2,
	                                     ticket_key };
static const struct mark_kind of_contacts = { &q_import_contacts_swept, &q_import_contacts_mark, 0,
	                                      1, contact_key };

enum err
import_mark_move(struct import_mark *m, struct str last)
{
	if (last.n >= sizeof(m->after))
		return ERR_CORRUPT;
	if (last.n > 0)
		memcpy(m->after, last.p, last.n);
	m->after[last.n] = '\0';
	return ERR_OK;
}

static enum err
mark_page(struct import_store *s, const struct mark_kind *k, const struct hd_seen *seen,
          const struct import_mark *from, struct import_mark *to)
{
	struct db_rows *rows = db_rows_of(s->arena, k->put, s->client_id);
	struct str last = STR_NONE;
	struct db_result r;
	enum err e = db_query(s->db, k->page,
	                      DB_PARAMS(db_uuid(s->client_id), db_text(str_from(from->after)),
	                                db_int(IMPORT_MARK_PAGE)),
	                      NULL, s->arena, &r);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < r.nrows; i++) {
		bool missing;

		last = db_get_text(&r, i, k->id);
		missing = !hd_seen_has(seen, last);
		if (missing != db_is_null(&r, i, k->missing))
			continue;
		k->key(rows, &r, i);
		db_row_time(rows, missing ? s->now_ms : TIME_NONE);
	}
	to->done = r.nrows < IMPORT_MARK_PAGE;
	e = import_mark_move(to, last);
	return e == ERR_OK ? db_exec(s->db, k->put, DB_NO_PARAMS, rows, NULL) : e;
}

static enum err
mark(struct import_store *s, const struct mark_kind *k, const struct hd_seen *seen,
     struct import_mark *m)
{
	struct import_mark next = { 0 };
	enum err e = import_begin(s);

	if (e == ERR_OK)
		e = mark_page(s, k, seen, m, &next);
	e = import_end(s, e);
	if (e == ERR_OK)
		*m = next;
	return e;
}

enum err
import_mark_tickets(struct import_store *s, const struct hd_seen *uuids, struct import_mark *m)
{
	return mark(s, &of_tickets, uuids, m);
}

enum err
import_mark_contacts(struct import_store *s, const struct hd_seen *ids, struct import_mark *m)
{
	return mark(s, &of_contacts, ids, m);
}

static enum err
mark_tags(struct import_store *s, const struct hd_seen *seen)
{
	struct db_rows *rows = db_rows_of(s->arena, &q_import_tags_update, s->client_id);
	struct db_result r;
	enum err e = db_query(s->db, &q_import_tags, DB_PARAMS(db_uuid(s->client_id)), NULL,
	                      s->arena, &r);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < r.nrows; i++) {
		bool missing = !hd_seen_has(seen, db_get_text(&r, i, 3));

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
import_mark_tags(struct import_store *s, const struct hd_seen *ids)
{
	enum err e = import_begin(s);

	if (e == ERR_OK)
		e = mark_tags(s, ids);
	return import_end(s, e);
}
