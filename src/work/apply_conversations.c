/*
 * Conversations of a batch. Their columns are folds over messages; a message that only came or only
 * gained evidence is folded in memory, one whose time or direction changed makes the conversation
 * dirty: then all its columns are worked out again from the stored messages. What always holds:
 * both ways give the same row.
 */
#include "store/queries.h"
#include "work/apply_internal.h"

static void
conversation_read(const struct db_result *r, size_t i, struct apply_conversation *c)
{
	size_t k = 1; /* 0 is the slot */

	c->id = db_get_uuid(r, i, k++);
	c->last_message_id = db_get_uuid(r, i, k++);
	c->last_message_at = db_get_time(r, i, k++);
	c->last_message_key = db_get_text(r, i, k++);
	c->last_out_at = db_get_time(r, i, k++);
	c->last_out_key = db_get_text(r, i, k++);
	c->last_live_in_at = db_get_time(r, i, k++);
	c->last_active_at = db_get_time(r, i, k++);
	c->first_history_at = db_get_time(r, i, k++);
	c->history_received_at = db_get_time(r, i, k++);
	c->unread_count = db_get_int(r, i, k++);
	c->unread_live = db_get_bool(r, i, k++);
	c->open_ticket = db_get_uuid(r, i, k++);
	c->ticket_opened_at = db_get_time(r, i, k++);
	c->ticket_incoming = str_eq(db_get_text(r, i, k++), STR("incoming_message"));
	c->stored = true;
}

static void
conversation_slots(struct apply *ap)
{
	for (size_t i = 0; i < ap->copies.n; i++) {
		const struct apply_copy *copy = &ap->copies.v[i];
		size_t lead = ap->node_lead[apply_root(ap, copy->node)];
		struct uuid connection_id = ap->connections.v[copy->connection].id;
		struct apply_conversation *c;
		bool added;

		(void)map_put(&ap->conversation_map,
		              map_key_uuids(ap->o.arena, connection_id, ap->leads.v[lead].row.id),
		              ap->conversations.n, &added);
		if (!added)
			continue;
		c = APPLY_ADD(ap->o.arena, &ap->conversations);
		*c = (struct apply_conversation){
			.id = apply_new_id(ap),
			.connection_id = connection_id,
			.lead = lead,
			.last_message_at = TIME_NONE,
			.last_out_at = TIME_NONE,
			.last_live_in_at = TIME_NONE,
			.last_active_at = TIME_NONE,
			.first_history_at = TIME_NONE,
			.history_received_at = TIME_NONE,
			.ticket_opened_at = TIME_NONE,
		};
	}
}

enum err
apply_conversations_load(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_conversations, ap->o.client_id);
	struct db_result res;
	enum err e;

	conversation_slots(ap);
	for (size_t i = 0; i < ap->conversations.n; i++) {
		const struct apply_conversation *c = &ap->conversations.v[i];

		if (!ap->leads.v[c->lead].stored)
			continue;
		db_row_int(rows, (int64_t)i);
		db_row_uuid(rows, ap->leads.v[c->lead].row.id);
		db_row_uuid(rows, c->connection_id);
	}
	e = db_query(ap->o.db, &q_apply_conversations, DB_NO_PARAMS, rows, ap->o.arena, &res);
	if (e != ERR_OK)
		return e;
	for (size_t r = 0; r < res.nrows; r++)
		conversation_read(&res, r, &ap->conversations.v[db_get_int(&res, r, 0)]);
	return ERR_OK;
}

/* A stored message that is now somewhere else in the order, or on the other side. */
static bool
has_moved(const struct apply_message *m)
{
	return m->stored &&
	       (message_at(&m->row) != m->at_before || m->row.outbound != m->outbound_before ||
	        str_eq(m->row.type, STR("system")) != m->system_before);
}

static void
fold_last(struct apply_conversation *c, const struct apply_message *m, int64_t at)
{
	if (!str_eq(m->row.type, STR("system")) &&
	    (c->last_message_at == TIME_NONE ||
	     message_cmp_place(c->last_message_at, c->last_message_key, at, m->row.key) < 0)) {
		c->last_message_at = at;
		c->last_message_key = m->row.key;
		c->last_message_id = m->row.id;
		c->changed = true;
	}
	if (m->row.outbound &&
	    (c->last_out_at == TIME_NONE ||
	     message_cmp_place(c->last_out_at, c->last_out_key, at, m->row.key) < 0)) {
		c->last_out_at = at;
		c->last_out_key = m->row.key;
		c->changed = true;
		c->unread_dirty |= c->stored && c->unread_count > 0;
	}
}

static void
fold_time(bool *changed, int64_t *into, int64_t v)
{
	if (*into != v) {
		*into = v;
		*changed = true;
	}
}

static void
fold_message(struct apply_conversation *c, const struct apply_message *m)
{
	int64_t at = message_at(&m->row);

	if (has_moved(m)) {
		c->dirty = true;
		c->ticket_dirty |= !uuid_is_nil(c->open_ticket) &&
		                   uuid_eq(m->row.entry_ticket, c->open_ticket);
	}
	fold_last(c, m, at);
	if (m->row.seen & SEEN_LIVE_IN)
		fold_time(&c->changed, &c->last_live_in_at, moment_max(c->last_live_in_at, at));
	if (m->row.seen & SEEN_ACTIVE)
		fold_time(&c->changed, &c->last_active_at, moment_max(c->last_active_at, at));
	if (m->row.seen & SEEN_HISTORY) {
		fold_time(&c->changed, &c->first_history_at, moment_min(c->first_history_at, at));
		fold_time(&c->changed, &c->history_received_at,
		          moment_min(c->history_received_at, m->row.history_received_at));
	}
}

static bool
newly_live_in(const struct apply_message *m)
{
	return (m->row.seen & SEEN_LIVE_IN) && !(m->seen_before & SEEN_LIVE_IN);
}

static void
fold_unread(struct apply_conversation *c, struct apply_message *m)
{
	m->row.unread = true;
	c->unread_live = true;
	c->changed = true;
	if (!m->row.outbound &&
	    (c->last_out_at == TIME_NONE || message_cmp_place(c->last_out_at, c->last_out_key,
	                                                      message_at(&m->row), m->row.key) < 0))
		c->unread_count++;
}

/* Times of the lead follow those of its conversations. */
static void
fold_lead(struct apply_lead *l, const struct apply_conversation *c)
{
	struct lead times;

	lead_init(&times);
	times.first_history_at = c->first_history_at;
	times.last_message_at = c->last_message_at;
	times.last_active_at = c->last_active_at;
	if (moment_min(l->row.first_history_at, times.first_history_at) != l->row.first_history_at)
		l->origin_dirty = true;
	apply_lead_add(l, &times);
	l->times_dirty |= c->dirty;
}

void
apply_conversations_fold(struct apply *ap)
{
	for (size_t i = 0; i < ap->messages.n; i++) {
		const struct apply_message *m = &ap->messages.v[i];

		if (m->conversation != APPLY_NONE && (!m->stored || m->changed))
			fold_message(&ap->conversations.v[m->conversation], m);
	}
	for (size_t i = 0; i < ap->messages.n; i++) {
		struct apply_message *m = &ap->messages.v[i];

		if (m->conversation != APPLY_NONE && newly_live_in(m))
			fold_unread(&ap->conversations.v[m->conversation], m);
	}
	for (size_t i = 0; i < ap->conversations.n; i++) {
		const struct apply_conversation *c = &ap->conversations.v[i];

		fold_lead(&ap->leads.v[c->lead], c);
	}
}

static void
conversation_write(struct apply *ap, struct db_rows *rows, const struct apply_conversation *c)
{
	db_row_uuid(rows, c->id);
	db_row_uuid(rows, c->connection_id);
	db_row_uuid(rows, ap->leads.v[c->lead].row.id);
	db_row_uuid(rows, c->last_message_id);
	db_row_time(rows, c->last_message_at);
	db_row_text(rows, c->last_message_key);
	db_row_time(rows, c->last_out_at);
	db_row_text(rows, c->last_out_key);
	db_row_time(rows, c->last_live_in_at);
	db_row_time(rows, c->last_active_at);
	db_row_time(rows, c->first_history_at);
	db_row_time(rows, c->history_received_at);
	db_row_int(rows, c->unread_count);
	db_row_bool(rows, c->unread_live);
	db_row_uuid(rows, c->open_ticket);
}

/* Works all columns of dirty conversations out again from what is stored. */
static enum err
recompute(struct apply *ap)
{
	struct db_rows *rows =
		db_rows_of(ap->o.arena, &q_apply_conversations_fold, ap->o.client_id);
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < ap->conversations.n; i++) {
		if (ap->conversations.v[i].dirty || ap->conversations.v[i].unread_dirty) {
			db_row_int(rows, (int64_t)i);
			db_row_uuid(rows, ap->conversations.v[i].id);
		}
	}
	e = db_query(ap->o.db, &q_apply_conversations_fold, DB_NO_PARAMS, rows, ap->o.arena, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct apply_conversation *c = &ap->conversations.v[db_get_int(&r, i, 0)];

		c->last_message_id = db_get_uuid(&r, i, 1);
		c->last_message_at = db_get_time(&r, i, 2);
		c->last_message_key = db_get_text(&r, i, 3);
		c->last_out_at = db_get_time(&r, i, 4);
		c->last_out_key = db_get_text(&r, i, 5);
		c->last_live_in_at = db_get_time(&r, i, 6);
		c->last_active_at = db_get_time(&r, i, 7);
		c->first_history_at = db_get_time(&r, i, 8);
		c->history_received_at = db_get_time(&r, i, 9);
		c->unread_count = db_get_int(&r, i, 10);
		c->unread_live = db_get_bool(&r, i, 11);
		c->changed = true;
	}
	return e;
}

enum err
apply_conversations_store(struct apply *ap)
{
	struct db_rows *fresh =
		db_rows_of(ap->o.arena, &q_apply_conversations_insert, ap->o.client_id);
	struct db_rows *changed =
		db_rows_of(ap->o.arena, &q_apply_conversations_update, ap->o.client_id);
	const struct db_param params[] = { db_time(ap->o.now_ms) };
	enum err e = recompute(ap);

	for (size_t i = 0; i < ap->conversations.n; i++) {
		const struct apply_conversation *c = &ap->conversations.v[i];

		if (!c->stored)
			conversation_write(ap, fresh, c);
		else if (c->changed)
			conversation_write(ap, changed, c);
	}
	if (e == ERR_OK)
		e = db_exec(ap->o.db, &q_apply_conversations_insert, params, fresh, NULL);
	if (e == ERR_OK)
		e = db_exec(ap->o.db, &q_apply_conversations_update, params, changed, NULL);
	return e;
}

/* Leads whose conversations were worked out again take their times from them, not from what they
 * had. */
enum err
apply_leads_recompute(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_leads_times, ap->o.client_id);
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < ap->leads.n; i++) {
		if (ap->leads.v[i].times_dirty)
			db_row_uuid(rows, ap->leads.v[i].row.id);
	}
	e = db_query(ap->o.db, &q_apply_leads_times, DB_NO_PARAMS, rows, ap->o.arena, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct uuid id = db_get_uuid(&r, i, 0);
		struct apply_lead *l = &ap->leads.v[map_get(
			&ap->lead_map, str_n((const char *)id.b, sizeof(id.b)))];

		l->row.first_history_at = db_get_time(&r, i, 1);
		l->row.last_message_at = db_get_time(&r, i, 2);
		l->row.last_active_at = db_get_time(&r, i, 3);
		l->changed = true;
		l->origin_dirty = true;
	}
	return e;
}
