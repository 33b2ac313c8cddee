/*
 * Messages of a batch: copies with one key are folded in memory, joined with what is stored, and
 * written in two statements. What always holds: (conversation, key) has one slot; a slot that was
 * not changed is not written.
 */
#include "store/queries.h"
#include "work/apply_internal.h"

/* The slot of (conversation, key), made if it is new. Valid until the next slot is made. */
static struct apply_message *
message_slot(struct apply *ap, struct uuid conversation_id, struct str key, bool *added)
{
	size_t i = map_put(&ap->message_map, map_key_uuid(ap->o.arena, conversation_id, key),
	                   ap->messages.n, added);

	if (*added)
		(void)APPLY_ADD(ap->o.arena, &ap->messages);
	return &ap->messages.v[i];
}

static void
fold_copy(struct apply *ap, const struct apply_copy *c)
{
	struct apply_lead *lead = apply_lead_of(ap, c->node);
	struct uuid connection_id = ap->connections.v[c->connection].id;
	size_t slot = map_get(&ap->conversation_map,
	                      map_key_uuids(ap->o.arena, connection_id, lead->row.id));
	struct apply_conversation *conv = &ap->conversations.v[slot];
	struct message copy;
	struct apply_message *m;
	bool added;

	message_from_fact(ap->o.arena, c->fact, c->outbound, c->entry->received_at, &copy);
	m = message_slot(ap, conv->id, copy.key, &added);
	if (added) {
		*m = (struct apply_message){ .row = copy,
			                     .lead_id = lead->row.id,
			                     .connection = c->connection,
			                     .conversation = slot,
			                     .at_before = TIME_NONE,
			                     .history_received_before = TIME_NONE };
		m->row.id = uuid_is_nil(c->fact->own_id) ? apply_new_id(ap) : c->fact->own_id;
		m->row.connection_id = connection_id;
		m->row.conversation_id = conv->id;
	} else {
		(void)message_join(ap->o.arena, &m->row, &copy);
	}
	if (c->fact->origin == ORIGIN_HISTORY)
		m->history_copies++;
}

/* The best copy's content, where edits hide it; the order of places, where it is the order of
 * contents. */
static void
message_unpack(struct arena *a, struct message *m, struct str original)
{
	const cJSON *o;

	if (str_is_set(original) && json_parse(a, original, &o) == ERR_OK) {
		m->type = json_str(json_get(o, "type"));
		m->body = json_str(json_get(o, "body"));
		m->content = json_is_null(json_get(o, "content"))
		                     ? STR_NONE
		                     : json_canonical(a, json_get(o, "content"));
	}
	if (!str_is_set(m->place_key))
		m->place_key = message_full_place_key(a, m->content_key, m->outbound);
}

void
apply_message_read(struct arena *a, const struct db_result *r, size_t i, struct message *m)
{
	size_t c = 0;

	*m = (struct message){ 0 };
	m->id = db_get_uuid(r, i, c++);
	m->connection_id = db_get_uuid(r, i, c++);
	m->conversation_id = db_get_uuid(r, i, c++);
	m->key = db_get_text(r, i, c++);
	m->outbound = str_eq(db_get_text(r, i, c++), STR("OUTBOUND"));
	m->type = db_get_text(r, i, c++);
	m->body = db_get_text(r, i, c++);
	m->content = db_get_text(r, i, c++);
	m->seen = (unsigned)db_get_int(r, i, c++);
	m->status_rank = (int)db_get_int(r, i, c++);
	m->history_status = db_get_text(r, i, c++);
	m->wamid = db_get_text(r, i, c++);
	m->wamids = db_get_text(r, i, c++);
	m->reply_key = db_get_text(r, i, c++);
	m->reply_wamid = db_get_text(r, i, c++);
	m->extra = db_get_text(r, i, c++);
	m->content_key = db_get_text(r, i, c++);
	m->place_key = db_get_text(r, i, c++);
	m->place_at = db_get_time(r, i, c++);
	m->received_at = db_get_time(r, i, c++);
	m->history_received_at = db_get_time(r, i, c++);
	m->edits = db_get_text(r, i, c++);
	m->reactions = db_get_text(r, i, c++);
	m->revoked_at = db_get_time(r, i, c++);
	m->error = db_get_text(r, i, c++);
	m->confirmed_at = db_get_time(r, i, c++);
	m->unread = db_get_bool(r, i, c++);
	m->entry_ticket = db_get_uuid(r, i, c++);
	message_unpack(a, m, db_get_text(r, i, c));
}

void
apply_message_write(struct arena *a, struct db_rows *rows, const struct message *m)
{
	struct message_view v;
	bool same_place =
		str_eq(m->place_key, message_full_place_key(a, m->content_key, m->outbound));

	message_derive(a, m, &v);
	db_row_uuid(rows, m->id);
	db_row_uuid(rows, m->connection_id);
	db_row_uuid(rows, m->conversation_id);
	db_row_text(rows, m->key);
	db_row_time(rows, v.at);
	db_row_bool(rows, v.bad_time);
	db_row_text(rows, str_from(v.direction));
	db_row_text(rows, v.type);
	db_row_text(rows, v.body);
	db_row_text(rows, v.content);
	db_row_text(rows, str_from(v.source));
	db_row_int(rows, m->seen);
	db_row_text(rows, str_from(v.status));
	db_row_int(rows, m->status_rank);
	db_row_text(rows, m->history_status);
	db_row_text(rows, m->wamid);
	db_row_text(rows, m->wamids);
	db_row_text(rows, m->reply_key);
	db_row_text(rows, m->reply_wamid);
	db_row_text(rows, m->extra);
	db_row_text(rows, m->content_key);
	db_row_text(rows, same_place ? STR_NONE : m->place_key);
	db_row_time(rows, m->place_at);
	db_row_time(rows, m->received_at);
	db_row_time(rows, m->history_received_at);
	db_row_text(rows, v.original);
	db_row_text(rows, m->edits);
	db_row_time(rows, v.edited_at);
	db_row_text(rows, m->reactions);
	db_row_time(rows, m->revoked_at);
	db_row_text(rows, m->error);
	db_row_time(rows, m->confirmed_at);
	db_row_bool(rows, m->unread);
	db_row_uuid(rows, m->entry_ticket);
}

/* Whatever spelling a database gives it. */
static bool
same_json(struct arena *a, struct str x, struct str y)
{
	const cJSON *v, *w;

	if (str_eq(x, y) || !str_is_set(x) || !str_is_set(y))
		return str_is_set(x) == str_is_set(y);
	return json_parse(a, x, &v) == ERR_OK && json_parse(a, y, &w) == ERR_OK &&
	       str_eq(json_canonical(a, v), json_canonical(a, w));
}

void
apply_message_compare(struct apply *ap, const struct message *before, const struct message *now)
{
	struct message_view b, n;

	message_derive(ap->o.arena, before, &b);
	message_derive(ap->o.arena, now, &n);
	if (str_eq(b.type, STR("system")) && str_eq(n.type, b.type))
		return; /* no episode holds it */
	if (b.at == n.at && before->outbound == now->outbound && str_eq(b.type, n.type) &&
	    str_is_set(b.body) == str_is_set(n.body) && str_eq(b.body, n.body) &&
	    (before->revoked_at == TIME_NONE) == (now->revoked_at == TIME_NONE) &&
	    same_json(ap->o.arena, b.content, n.content))
		return;
	analysis_stale_message(&ap->stale, now->conversation_id, UUID_NIL, b.at);
	analysis_stale_message(&ap->stale, now->conversation_id, UUID_NIL, n.at);
}

/* The (connection, key) pairs that may be stored: copies in stored conversations, and what
 * amendments point at. */
static struct db_rows *
wanted_rows(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_messages, ap->o.client_id);
	struct map asked;

	map_init(&asked, ap->o.arena, ap->messages.n + ap->amendments.n);
	for (size_t i = 0; i < ap->messages.n + ap->amendments.n; i++) {
		bool is_message = i < ap->messages.n, added;
		const struct apply_message *m = is_message ? &ap->messages.v[i] : NULL;
		const struct apply_amendment *am =
			is_message ? NULL : &ap->amendments.v[i - ap->messages.n];
		struct uuid c = ap->connections.v[is_message ? m->connection : am->connection].id;
		struct str key = is_message ? m->row.key : am->a.target_key;

		if (is_message && !ap->conversations.v[m->conversation].stored)
			continue;
		(void)map_put(&asked, map_key_uuid(ap->o.arena, c, key), 0, &added);
		if (!added)
			continue;
		db_row_uuid(rows, c);
		db_row_text(rows, key);
	}
	return rows;
}

static const struct message *
message_copy(struct arena *a, const struct message *m)
{
	struct message *copy = ARENA_NEW(a, struct message);

	*copy = *m;
	return copy;
}

static enum err
take_stored(struct apply *ap, const struct message *row, struct uuid lead_id)
{
	size_t connection = apply_connection_find(ap, row->connection_id);
	bool added;
	struct apply_message *m = message_slot(ap, row->conversation_id, row->key, &added);
	struct message copies;

	if (connection == APPLY_NONE)
		return ERR_CORRUPT; /* a message without its connection */
	if (added) {
		*m = (struct apply_message){ .row = *row,
			                     .lead_id = lead_id,
			                     .connection = connection,
			                     .conversation = APPLY_NONE };
	} else {
		copies = m->row;
		m->row = *row;
	}
	m->stored = true;
	m->seen_before = row->seen;
	m->at_before = message_at(row);
	m->history_received_before = row->history_received_at;
	m->outbound_before = row->outbound;
	m->system_before = str_eq(row->type, STR("system"));
	if (analysis_stale_old(m->at_before, ap->o.now_ms))
		m->before = message_copy(ap->o.arena, row);
	if (!added)
		m->changed = message_join(ap->o.arena, &m->row, &copies);
	return ERR_OK;
}

static enum err
messages_load(struct apply *ap)
{
	struct db_result res;
	enum err e = db_query(ap->o.db, &q_apply_messages, DB_NO_PARAMS, wanted_rows(ap),
	                      ap->o.arena, &res);

	if (e != ERR_OK)
		return e;
	for (size_t r = 0; e == ERR_OK && r < res.nrows; r++) {
		struct message row;

		apply_message_read(ap->o.arena, &res, r, &row);
		e = take_stored(ap, &row, db_get_uuid(&res, r, 29));
	}
	return e;
}

static void
count_history(struct apply *ap)
{
	for (size_t i = 0; i < ap->messages.n; i++) {
		const struct apply_message *m = &ap->messages.v[i];
		bool first = m->history_received_before == TIME_NONE;

		if (m->history_copies == 0)
			continue;
		apply_sync_message(ap, m->connection, m->history_received_before,
		                   m->row.history_received_at, m->history_copies - (first ? 1 : 0));
		ap->counts->duplicates += (int64_t)(m->history_copies - (first ? 1 : 0));
	}
}

static void
chain_targets(struct apply *ap)
{
	for (size_t i = 0; i < ap->messages.n; i++) {
		struct apply_message *m = &ap->messages.v[i];
		struct str key = map_key_uuid(ap->o.arena, m->row.connection_id, m->row.key);
		size_t head = map_get(&ap->target_map, key);

		m->next = head == MAP_NONE ? APPLY_NONE : head;
		map_set(&ap->target_map, key, i);
	}
}

enum err
apply_messages_fold(struct apply *ap)
{
	enum err e;

	for (size_t i = 0; i < ap->copies.n; i++)
		fold_copy(ap, &ap->copies.v[i]);
	e = messages_load(ap);
	if (e != ERR_OK)
		return e;
	count_history(ap);
	chain_targets(ap);
	return ERR_OK;
}

enum err
apply_messages_store(struct apply *ap)
{
	struct db_rows *fresh = db_rows_of(ap->o.arena, &q_apply_messages_insert, ap->o.client_id);
	struct db_rows *changed =
		db_rows_of(ap->o.arena, &q_apply_messages_update, ap->o.client_id);
	const struct db_param params[] = { db_time(ap->o.now_ms) };
	enum err e;

	for (size_t i = 0; i < ap->messages.n; i++) {
		const struct apply_message *m = &ap->messages.v[i];

		if (!m->stored)
			apply_message_write(ap->o.arena, fresh, &m->row);
		else if (m->changed)
			apply_message_write(ap->o.arena, changed, &m->row);
		if (m->changed && m->before != NULL)
			apply_message_compare(ap, m->before, &m->row);
	}
	e = db_exec(ap->o.db, &q_apply_messages_insert, params, fresh, NULL);
	if (e == ERR_OK)
		e = db_exec(ap->o.db, &q_apply_messages_update, params, changed, NULL);
	return e;
}
