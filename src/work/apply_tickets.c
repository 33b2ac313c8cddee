/*
 * Tickets of a batch. One is opened when a live inbound message comes and none is open; its
 * openedAt is the least time of the messages that came live while it was open. What always holds:
 * at most one open ticket a conversation; a closed ticket is never written. Source: 3-whatsapp §3
 * "messages".
 */
#include "store/queries.h"
#include "work/apply_internal.h"

enum err
apply_tickets_decide(struct apply *ap)
{
	for (size_t i = 0; i < ap->messages.n; i++) {
		struct apply_message *m = &ap->messages.v[i];
		struct apply_conversation *c;
		int64_t at;

		if (m->conversation == APPLY_NONE || !(m->row.seen & SEEN_LIVE_IN) ||
		    (m->seen_before & SEEN_LIVE_IN))
			continue;
		c = &ap->conversations.v[m->conversation];
		at = message_at(&m->row);
		if (uuid_is_nil(c->open_ticket)) {
			c->open_ticket = apply_new_id(ap);
			c->ticket_new = c->ticket_incoming = c->changed = true;
			c->ticket_opened_at = at;
			ap->leads.v[c->lead].origin_dirty = true;
		} else if (c->ticket_incoming && at < c->ticket_opened_at) {
			c->ticket_opened_at = at;
			c->ticket_changed = true;
			ap->leads.v[c->lead].origin_dirty = true;
		}
		m->row.entry_ticket = c->open_ticket;
		m->changed = true;
	}
	return ERR_OK;
}

static enum err
tickets_insert(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_tickets_insert, ap->o.client_id);

	for (size_t i = 0; i < ap->conversations.n; i++) {
		const struct apply_conversation *c = &ap->conversations.v[i];

		if (!c->ticket_new)
			continue;
		db_row_uuid(rows, c->open_ticket);
		db_row_uuid(rows, c->id);
		db_row_uuid(rows, ap->leads.v[c->lead].row.id);
		db_row_time(rows, c->ticket_opened_at);
	}
	return db_exec(ap->o.db, &q_apply_tickets_insert, DB_PARAMS(db_time(ap->o.now_ms)), rows,
	               NULL);
}

/* openedAt of open tickets, one of whose messages moved: worked out again from the messages. */
static enum err
tickets_reopened_at(struct apply *ap)
{
	struct db_rows *ask = db_rows_of(ap->o.arena, &q_apply_tickets_first, ap->o.client_id);
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_tickets_opened, ap->o.client_id);
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < ap->conversations.n; i++) {
		const struct apply_conversation *c = &ap->conversations.v[i];

		if (c->ticket_dirty && c->ticket_incoming) {
			db_row_int(ask, (int64_t)i);
			db_row_uuid(ask, c->open_ticket);
		}
	}
	e = db_query(ap->o.db, &q_apply_tickets_first, DB_NO_PARAMS, ask, ap->o.arena, &r);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < r.nrows; i++) {
		struct apply_conversation *c = &ap->conversations.v[db_get_int(&r, i, 0)];

		if (db_is_null(&r, i, 1))
			continue;
		c->ticket_opened_at = db_get_time(&r, i, 1);
		c->ticket_changed = true;
		ap->leads.v[c->lead].origin_dirty = true;
	}
	for (size_t i = 0; i < ap->conversations.n; i++) {
		const struct apply_conversation *c = &ap->conversations.v[i];

		if (c->ticket_changed && !c->ticket_new) {
			db_row_uuid(rows, c->open_ticket);
			db_row_time(rows, c->ticket_opened_at);
		}
	}
	return db_exec(ap->o.db, &q_apply_tickets_opened, DB_PARAMS(db_time(ap->o.now_ms)), rows,
	               NULL);
}

/* originatedFrom of the open tickets of leads whose tickets or history changed. */
static enum err
tickets_origin(struct apply *ap)
{
	struct db_rows *ask = db_rows_of(ap->o.arena, &q_apply_tickets_open, ap->o.client_id);
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_tickets_origin, ap->o.client_id);
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < ap->leads.n; i++) {
		if (ap->leads.v[i].origin_dirty) {
			db_row_int(ask, (int64_t)i);
			db_row_uuid(ask, ap->leads.v[i].row.id);
		}
	}
	e = db_query(ap->o.db, &q_apply_tickets_open, DB_NO_PARAMS, ask, ap->o.arena, &r);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < r.nrows; i++) {
		const struct apply_lead *l = &ap->leads.v[db_get_int(&r, i, 0)];
		const char *origin = wa_ticket_origin(db_get_time(&r, i, 2), db_get_time(&r, i, 4),
		                                      l->row.first_history_at);

		if (str_eq(db_get_text(&r, i, 3), str_from(origin)))
			continue;
		db_row_uuid(rows, db_get_uuid(&r, i, 1));
		db_row_text(rows, str_from(origin));
	}
	return db_exec(ap->o.db, &q_apply_tickets_origin, DB_PARAMS(db_time(ap->o.now_ms)), rows,
	               NULL);
}

enum err
apply_tickets_store(struct apply *ap)
{
	enum err e;

	if ((e = tickets_insert(ap)) != ERR_OK || (e = tickets_reopened_at(ap)) != ERR_OK)
		return e;
	return tickets_origin(ap);
}
