/*
 * Why: the inbox. A conversation is shown with its lead, its newest message and what is open in it.
 *
 * What always holds: newest activity first, those without any last; reading marks only what is
 * stored at that moment, under the client's lane.
 */
#include "api/call.h"
#include "store/queries.h"
#include "work/event.h"

/* Columns: conversation 0…5, its last message 6…12, its lead from 13. */
enum {
	C_ID,
	C_CONNECTION,
	C_AT,
	C_UNREAD,
	C_HISTORY,
	C_TICKET,
	C_MESSAGE,
	C_LEAD = 13,
	C_TICKETS = 24
};

static void
write_last(struct jw *w, const struct db_result *r, size_t row)
{
	bool revoked = !db_is_null(r, row, C_MESSAGE + 6);

	jw_key(w, "lastMessage");
	if (db_is_null(r, row, C_MESSAGE)) {
		jw_null(w);
		return;
	}
	jw_obj(w);
	jw_kstr(w, "body", revoked ? STR_NONE : db_get_text(r, row, C_MESSAGE + 1));
	jw_kstr(w, "type", db_get_text(r, row, C_MESSAGE + 2));
	jw_kstr(w, "direction", db_get_text(r, row, C_MESSAGE + 3));
	jw_kstr(w, "source", db_get_text(r, row, C_MESSAGE + 4));
	jw_ktime(w, "timestamp", db_get_time(r, row, C_MESSAGE + 5));
	jw_obj_end(w);
}

/* The members of a row of the list; the caller opens and closes the object. */
static void
write_members(struct jw *w, const struct db_result *r, size_t row, const struct lead_tags *tags)
{
	jw_kuuid(w, "id", db_get_uuid(r, row, C_ID));
	jw_key(w, "lead");
	lead_write(w, r, row, C_LEAD, tags);
	jw_kuuid(w, "connectionId", db_get_uuid(r, row, C_CONNECTION));
	write_last(w, r, row);
	jw_ktime(w, "lastMessageAt", db_get_time(r, row, C_AT));
	jw_ki64(w, "unreadCount", db_get_int(r, row, C_UNREAD));
	jw_kbool(w, "hasHistory", db_get_bool(r, row, C_HISTORY));
	jw_kuuid(w, "openTicketId", db_get_uuid(r, row, C_TICKET));
}

enum err
conversations_get(struct api_call *c)
{
	struct lead_tags tags;
	struct db_result r;
	enum err e = db_query(c->rd, &q_api_conversation_one,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject)), NULL, c->a,
	                      &r);

	if (e == ERR_OK && r.nrows == 0)
		return ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = lead_tags_load(c, &r, 1, C_LEAD, &tags);
	if (e != ERR_OK)
		return e;
	jw_obj(&c->w);
	jw_key(&c->w, "conversation");
	jw_obj(&c->w);
	write_members(&c->w, &r, 0, &tags);
	jw_ki64(&c->w, "tickets", db_get_int(&r, 0, C_TICKETS));
	jw_obj_end(&c->w);
	jw_obj_end(&c->w);
	return ERR_OK;
}

static enum err
write_rows(struct api_call *c, const struct db_result *r, size_t shown, struct api_cursor *k)
{
	struct lead_tags tags;
	enum err e = lead_tags_load(c, r, shown, C_LEAD, &tags);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < shown; i++) {
		jw_obj(&c->w);
		write_members(&c->w, r, i, &tags);
		jw_obj_end(&c->w);
	}
	if (shown > 0) {
		int64_t at = db_get_time(r, shown - 1, C_AT);

		k->at = at == TIME_NONE ? CURSOR_FIRST_AT : at;
		k->id = db_get_uuid(r, shown - 1, C_ID);
	}
	return ERR_OK;
}

/* A page of those with activity before the cursor, or of those without any. */
static enum err
read_rows(struct api_call *c, bool silent, const struct api_cursor *k, size_t n,
          struct db_result *out)
{
	const struct api_value *filter = arg_query(c, "filter");
	struct db_param client = db_uuid(c->client_id),
			connection = db_uuid(arg_query(c, "connectionId")->u);
	struct db_param word = db_text(filter->set ? filter->s : STR("all"));
	struct db_param q = db_text(arg_pattern(c, "q")), limit = db_int((int64_t)n);

	if (silent)
		return db_query(c->rd, &q_api_conversation_list_silent,
		                DB_PARAMS(client, connection, word, q, db_uuid(k->id), limit), NULL,
		                c->a, out);
	return db_query(
		c->rd, &q_api_conversation_list,
		DB_PARAMS(client, connection, word, q, db_time(k->at), db_uuid(k->id), limit), NULL,
		c->a, out);
}

enum err
conversations_list(struct api_call *c)
{
	struct api_cursor k = { .list = 'v', .at = CURSOR_LAST_AT, .id = cursor_last_id() }, last;
	struct db_result active = { .nrows = 0 }, silent = { .nrows = 0 };
	size_t limit = arg_limit(c), nactive, nsilent;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK && k.at != CURSOR_FIRST_AT)
		e = read_rows(c, false, &k, limit + 1, &active);
	if (e != ERR_OK)
		return e;
	nactive = active.nrows < limit ? active.nrows : limit;
	if (active.nrows <= limit) {
		if (k.at != CURSOR_FIRST_AT)
			k.id = cursor_last_id();
		e = read_rows(c, true, &k, limit + 1 - nactive, &silent);
		if (e != ERR_OK)
			return e;
	}
	nsilent = silent.nrows < limit - nactive ? silent.nrows : limit - nactive;
	last = (struct api_cursor){ .list = 'v' };
	api_list_begin(c);
	e = write_rows(c, &active, nactive, &last);
	if (e == ERR_OK)
		e = write_rows(c, &silent, nsilent, &last);
	api_list_end(c, active.nrows > nactive || silent.nrows > nsilent ? &last : NULL);
	return e;
}

enum err
conversations_read(struct api_call *c)
{
	struct db_param client = db_uuid(c->client_id), id = db_uuid(c->subject),
			now = db_time(c->now);
	int64_t flags = 0;
	enum err e = api_begin(c, true);

	if (e != ERR_OK)
		return e;
	e = db_exec(c->wr, &q_api_message_read_flags, DB_PARAMS(client, id, now), NULL, &flags);
	if (e == ERR_OK)
		e = db_exec(c->wr, &q_api_conversation_read, DB_PARAMS(client, id, now), NULL,
		            NULL);
	if (e == ERR_OK && flags > 0)
		e = event_put(c->wr, c->client_id, EVENT_CONVERSATION, c->subject, c->now);
	e = api_end(c, e);
	return e != ERR_OK ? e : conversations_get(c);
}
