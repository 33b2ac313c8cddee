/*
 * Two people turned out to be one. What always holds: afterwards every table reads as if they had
 * been one from the beginning; the lost ids are kept in `redirects`. Rare, so each lost lead costs
 * a few statements of its own.
 */
#include "store/queries.h"
#include "work/apply_internal.h"

struct merge_conversation {
	struct uuid id, connection_id, lead_id;
};

static enum err
redirect(struct apply *ap, const char *kind, struct uuid lost, struct uuid to)
{
	const struct db_param p[] = { db_uuid(ap->o.client_id), db_text(str_from(kind)),
		                      db_uuid(lost), db_uuid(to), db_time(ap->o.now_ms) };
	enum err e = db_exec(ap->o.db, &q_apply_redirect_follow, DB_PARAMS(p[0], p[1], p[2], p[3]),
	                     NULL, NULL);

	return e == ERR_OK ? db_exec(ap->o.db, &q_apply_redirect, p, NULL, NULL) : e;
}

/* Messages with one key in both conversations are copies of one message. */
static enum err
merge_messages(struct apply *ap, struct uuid kept, struct uuid lost)
{
	const struct db_param p[] = { db_uuid(ap->o.client_id), db_uuid(kept), db_uuid(lost) };
	struct db_rows *changed =
		db_rows_of(ap->o.arena, &q_apply_messages_update, ap->o.client_id);
	struct db_rows *gone = db_rows_of(ap->o.arena, &q_apply_messages_delete, ap->o.client_id);
	struct db_result r;
	enum err e = db_query(ap->o.db, &q_apply_messages_of, p, NULL, ap->o.arena, &r);

	for (size_t i = 0; e == ERR_OK && i + 1 < r.nrows; i += 2) {
		struct message a, b, was, *into = &a, *from = &b;
		int64_t x, y;

		apply_message_read(ap->o.arena, &r, i, &a);
		apply_message_read(ap->o.arena, &r, i + 1, &b);
		if (uuid_eq(a.conversation_id, lost)) {
			into = &b;
			from = &a;
		}
		was = *into;
		x = into->history_received_at;
		y = from->history_received_at;
		(void)message_join(ap->o.arena, into, from);
		into->unread |= from->unread;
		if (uuid_is_nil(into->entry_ticket))
			into->entry_ticket = from->entry_ticket;
		apply_sync_joined(ap, into->connection_id, x, y);
		apply_message_write(ap->o.arena, changed, into);
		into->conversation_id = kept;
		apply_message_compare(ap, &was, into);
		db_row_uuid(gone, from->id);
	}
	if (e == ERR_OK)
		e = db_exec(ap->o.db, &q_apply_messages_update, DB_PARAMS(db_time(ap->o.now_ms)),
		            changed, NULL);
	if (e == ERR_OK)
		e = db_exec(ap->o.db, &q_apply_messages_delete, DB_NO_PARAMS, gone, NULL);
	if (e == ERR_OK)
		e = db_exec(ap->o.db, &q_apply_messages_move, p, NULL, NULL);
	if (e == ERR_OK)
		e = db_exec(ap->o.db, &q_media_move, p, NULL, NULL);
	return e;
}

struct open_ticket {
	struct uuid id;
	bool incoming;
	int64_t opened_at;
	struct str rest; /* source, status, stage */
};

/* A hand-opened one first, then the least openedAt, then bytes. */
static bool
ticket_before(const struct open_ticket *a, const struct open_ticket *b)
{
	if (a->incoming != b->incoming)
		return !a->incoming;
	if (a->opened_at != b->opened_at)
		return a->opened_at < b->opened_at;
	return str_cmp(a->rest, b->rest) < 0;
}

static enum err
merge_tickets(struct apply *ap, struct uuid kept, struct uuid lost, struct uuid *open)
{
	const struct db_param p[] = { db_uuid(ap->o.client_id), db_uuid(kept), db_uuid(lost) };
	struct open_ticket t[2] = { 0 };
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_tickets_opened, ap->o.client_id);
	struct db_result r;
	enum err e = db_query(ap->o.db, &q_apply_tickets_of, p, NULL, ap->o.arena, &r);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < r.nrows && i < 2; i++) {
		t[i].id = db_get_uuid(&r, i, 0);
		t[i].incoming = str_eq(db_get_text(&r, i, 2), STR("incoming_message"));
		t[i].opened_at = db_get_time(&r, i, 3);
		t[i].rest = str_fmt(ap->o.arena, STR_FMT " " STR_FMT " " STR_FMT,
		                    STR_ARG(db_get_text(&r, i, 2)), STR_ARG(db_get_text(&r, i, 4)),
		                    STR_ARG(db_get_text(&r, i, 5)));
	}
	*open = t[0].id;
	if (r.nrows == 2) {
		struct open_ticket *k = ticket_before(&t[1], &t[0]) ? &t[1] : &t[0],
				   *l = k == &t[0] ? &t[1] : &t[0];

		*open = k->id;
		if (k->incoming && l->opened_at < k->opened_at)
			k->opened_at = l->opened_at;
		db_row_uuid(rows, k->id);
		db_row_time(rows, k->opened_at);
		e = db_exec(ap->o.db, &q_apply_tickets_delete, DB_PARAMS(p[0], db_uuid(l->id)),
		            NULL, NULL);
		if (e == ERR_OK)
			e = db_exec(ap->o.db, &q_apply_messages_ticket_move,
			            DB_PARAMS(p[0], db_uuid(k->id), db_uuid(l->id)), NULL, NULL);
		if (e == ERR_OK)
			e = db_exec(ap->o.db, &q_apply_tickets_opened,
			            DB_PARAMS(db_time(ap->o.now_ms)), rows, NULL);
		if (e == ERR_OK)
			e = redirect(ap, "ticket", l->id, k->id);
	}
	return e == ERR_OK ? db_exec(ap->o.db, &q_apply_tickets_move, p, NULL, NULL) : e;
}

/* openedAt of an open incoming ticket, from the messages that came live while it was open. */
static enum err
refold_ticket(struct apply *ap, struct uuid id)
{
	struct db_rows *ask = db_rows_of(ap->o.arena, &q_apply_tickets_first, ap->o.client_id);
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_tickets_opened, ap->o.client_id);
	struct db_result r;
	enum err e;

	db_row_int(ask, 0);
	db_row_uuid(ask, id);
	e = db_query(ap->o.db, &q_apply_tickets_first, DB_NO_PARAMS, ask, ap->o.arena, &r);
	if (e != ERR_OK || r.nrows == 0 || db_is_null(&r, 0, 1))
		return e;
	db_row_uuid(rows, id);
	db_row_time(rows, db_get_time(&r, 0, 1));
	return db_exec(ap->o.db, &q_apply_tickets_opened, DB_PARAMS(db_time(ap->o.now_ms)), rows,
	               NULL);
}

enum err
apply_conversation_refold(struct apply *ap, struct uuid id, struct uuid connection_id,
                          struct uuid lead_id, struct uuid open_ticket)
{
	struct db_rows *ask = db_rows_of(ap->o.arena, &q_apply_conversations_fold, ap->o.client_id);
	struct db_rows *rows =
		db_rows_of(ap->o.arena, &q_apply_conversations_update, ap->o.client_id);
	struct db_result r;
	enum err e;

	db_row_int(ask, 0);
	db_row_uuid(ask, id);
	e = db_query(ap->o.db, &q_apply_conversations_fold, DB_NO_PARAMS, ask, ap->o.arena, &r);
	if (e != ERR_OK || r.nrows == 0)
		return e;
	db_row_uuid(rows, id);
	db_row_uuid(rows, connection_id);
	db_row_uuid(rows, lead_id);
	db_row_uuid(rows, db_get_uuid(&r, 0, 1));
	db_row_time(rows, db_get_time(&r, 0, 2));
	db_row_text(rows, db_get_text(&r, 0, 3));
	db_row_time(rows, db_get_time(&r, 0, 4));
	db_row_text(rows, db_get_text(&r, 0, 5));
	for (size_t c = 6; c <= 9; c++)
		db_row_time(rows, db_get_time(&r, 0, c));
	db_row_int(rows, db_get_int(&r, 0, 10));
	db_row_bool(rows, db_get_bool(&r, 0, 11));
	db_row_uuid(rows, open_ticket);
	return db_exec(ap->o.db, &q_apply_conversations_update, DB_PARAMS(db_time(ap->o.now_ms)),
	               rows, NULL);
}

static enum err
merge_conversation(struct apply *ap, const struct merge_conversation *kept, struct uuid lost)
{
	const struct db_param p[] = { db_uuid(ap->o.client_id), db_uuid(lost) };
	struct uuid open = UUID_NIL;
	enum err e;

	if ((e = merge_messages(ap, kept->id, lost)) != ERR_OK ||
	    (e = apply_sessions_join(ap, kept->id, lost)) != ERR_OK ||
	    (e = apply_sends_join(ap, kept->id, lost)) != ERR_OK ||
	    (e = merge_tickets(ap, kept->id, lost, &open)) != ERR_OK ||
	    (e = db_exec(ap->o.db, &q_apply_conversations_delete, p, NULL, NULL)) != ERR_OK ||
	    (e = redirect(ap, "conversation", lost, kept->id)) != ERR_OK ||
	    (e = refold_ticket(ap, open)) != ERR_OK)
		return e;
	return apply_conversation_refold(ap, kept->id, kept->connection_id, kept->lead_id, open);
}

/* Conversations of both leads: the survivor's first, so that it is the one kept on each connection.
 */
static enum err
merge_conversations(struct apply *ap, struct uuid survivor, struct uuid lost)
{
	struct db_result r;
	enum err e = db_query(ap->o.db, &q_apply_conversations_of,
	                      DB_PARAMS(db_uuid(ap->o.client_id), db_uuid(survivor), db_uuid(lost)),
	                      NULL, ap->o.arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct uuid id = db_get_uuid(&r, i, 0);
		struct merge_conversation kept = { .connection_id = db_get_uuid(&r, i, 1),
			                           .lead_id = survivor };

		if (!uuid_eq(db_get_uuid(&r, i, 2), lost))
			continue;
		for (size_t k = 0; k < r.nrows; k++) {
			if (uuid_eq(db_get_uuid(&r, k, 2), survivor) &&
			    uuid_eq(db_get_uuid(&r, k, 1), kept.connection_id))
				kept.id = db_get_uuid(&r, k, 0);
		}
		if (!uuid_is_nil(kept.id))
			e = merge_conversation(ap, &kept, id);
	}
	return e;
}

static enum err
merge_one(struct apply *ap, struct uuid survivor, struct uuid lost)
{
	static const struct query *const moves[] = {
		&q_apply_merge_identities, &q_apply_merge_conversations, &q_apply_merge_tickets,
		&q_apply_merge_amendments, &q_apply_merge_tags,          &q_apply_merge_contacts,
		&q_apply_merge_helpdesk,
	};
	static const struct query *const deletes[] = {
		&q_apply_merge_contacts_delete,
		&q_apply_merge_tags_delete,
		&q_apply_merge_lead_delete,
	};
	const struct db_param move[] = { db_uuid(ap->o.client_id), db_uuid(survivor),
		                         db_uuid(lost) };
	const struct db_param delete[] = { db_uuid(ap->o.client_id), db_uuid(lost) };
	enum err e = merge_conversations(ap, survivor, lost);

	for (size_t i = 0; e == ERR_OK && i < sizeof(moves) / sizeof(moves[0]); i++)
		e = db_exec(ap->o.db, moves[i], move, NULL, NULL);
	for (size_t i = 0; e == ERR_OK && i < sizeof(deletes) / sizeof(deletes[0]); i++)
		e = db_exec(ap->o.db, deletes[i], delete, NULL, NULL);
	if (e == ERR_OK)
		e = redirect(ap, "lead", lost, survivor);
	return e;
}

enum err
apply_merge(struct apply *ap, struct uuid survivor, const struct uuid *lost, size_t nlost)
{
	/* an import knows no connections of WhatsApp until it joins two of its people */
	enum err e = ap->connections.n == 0 ? apply_connections_load(ap) : ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < nlost; i++)
		e = merge_one(ap, survivor, lost[i]);
	if (e == ERR_OK)
		e = apply_audit(ap, "lead.merged", "lead", survivor,
		                str_fmt(ap->o.arena, "{\"joined\":%zu}", nlost));
	/* here, since an import and a contact sync join people without the rest of a batch */
	return e == ERR_OK ? analysis_stale_mark(ap->o.db, &ap->stale) : e;
}
