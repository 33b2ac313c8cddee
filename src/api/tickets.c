/*
 * Why: the ticket document and the lists of tickets; opening, closing and reopening by hand.
 *
 * What always holds: at most one ticket of a conversation is open; a closed ticket keeps the
 * windows it had at closing; writes hold the client's lane, so no webhook opens one in between.
 */
#include "api/call.h"
#include "store/queries.h"
#include "work/event.h"

#define DOCUMENT_MESSAGES 200

/* Columns of the ticket queries; the lead's follow. */
enum {
	T_ID,
	T_EXTERNAL,
	T_CONVERSATION,
	T_SOURCE,
	T_ORIGIN,
	T_STATUS,
	T_STAGE,
	T_OPEN,
	T_OPENED_AT,
	T_CLOSED_AT,
	T_MESSAGE_WINDOW,
	T_SERVICE_WINDOW,
	T_CREATED_AT,
	T_UPDATED_AT,
	T_IMPORTED_AT,
	T_LEAD
};

static bool
is_helpdesk(const struct db_result *r, size_t row)
{
	return str_eq(db_get_text(r, row, T_SOURCE), STR("helpdesk_import"));
}

/* What stands in other tables: tags of the leads, and sessions. */
struct more {
	struct lead_tags tags;
	struct ticket_sessions sessions;
};

/* Of the first n tickets. */
static enum err
more_load(struct api_call *c, const struct db_result *r, size_t n, bool retired, struct more *out)
{
	enum err e = lead_tags_load(c, r, n, T_LEAD, &out->tags);

	if (e != ERR_OK)
		return e;
	ticket_sessions_init(c, &out->sessions);
	for (size_t i = 0; i < n; i++) {
		if (is_helpdesk(r, i))
			ticket_sessions_own(&out->sessions, i, db_get_uuid(r, i, T_ID));
		else
			ticket_sessions_overlapping(
				&out->sessions, i, db_get_uuid(r, i, T_CONVERSATION),
				db_get_time(r, i, T_OPENED_AT), db_get_time(r, i, T_CLOSED_AT));
	}
	return ticket_sessions_load(c, &out->sessions, retired);
}

/* Members up to `sessions`; the caller opens and closes the object. */
static void
write_members(struct api_call *c, const struct db_result *r, size_t row, const struct more *more)
{
	struct jw *w = &c->w;

	jw_kuuid(w, "id", db_get_uuid(r, row, T_ID));
	jw_kstr(w, "externalUuid", db_get_text(r, row, T_EXTERNAL));
	jw_kstr(w, "clientSlug", c->client_slug);
	jw_kuuid(w, "conversationId", db_get_uuid(r, row, T_CONVERSATION));
	jw_kstr(w, "source", db_get_text(r, row, T_SOURCE));
	jw_kstr(w, "originatedFrom", db_get_text(r, row, T_ORIGIN));
	jw_kstr(w, "status", db_get_text(r, row, T_STATUS));
	jw_kstr(w, "stage", db_get_text(r, row, T_STAGE));
	jw_ktime(w, "openedAt", db_get_time(r, row, T_OPENED_AT));
	jw_ktime(w, "closedAt", db_get_time(r, row, T_CLOSED_AT));
	jw_ktime(w, "messageWindowExpiresAt", db_get_time(r, row, T_MESSAGE_WINDOW));
	jw_ktime(w, "serviceWindowExpiresAt", db_get_time(r, row, T_SERVICE_WINDOW));
	jw_ktime(w, "createdAt", db_get_time(r, row, T_CREATED_AT));
	jw_ktime(w, "updatedAt", db_get_time(r, row, T_UPDATED_AT));
	if (!db_is_null(r, row, T_IMPORTED_AT))
		jw_ktime(w, "importedAt", db_get_time(r, row, T_IMPORTED_AT));
	jw_key(w, "lead");
	lead_write(w, r, row, T_LEAD, &more->tags);
	jw_key(w, "sessions");
	ticket_sessions_write(c, &more->sessions, row);
}

static enum err
write_list(struct api_call *c, const struct db_result *r, struct api_cursor *k)
{
	size_t shown = api_page_rows(c, r);
	struct more more;
	enum err e = more_load(c, r, shown, false, &more);

	if (e != ERR_OK)
		return e;
	api_list_begin(c);
	for (size_t i = 0; i < shown; i++) {
		jw_obj(&c->w);
		write_members(c, r, i, &more);
		jw_obj_end(&c->w);
	}
	if (shown < r->nrows) {
		k->at = db_get_time(r, shown - 1, T_OPENED_AT);
		k->id = db_get_uuid(r, shown - 1, T_ID);
	}
	api_list_end(c, shown < r->nrows ? k : NULL);
	return ERR_OK;
}

enum err
tickets_list(struct api_call *c)
{
	struct api_cursor k = { .list = 'k', .at = CURSOR_LAST_AT, .id = cursor_last_id() };
	struct db_result r;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_ticket_list,
		             DB_PARAMS(db_uuid(c->client_id), db_text(arg_query(c, "status")->s),
		                       db_text(arg_query(c, "source")->s),
		                       db_text(arg_query(c, "originatedFrom")->s), db_time(k.at),
		                       db_uuid(k.id), db_int((int64_t)arg_limit(c) + 1)),
		             NULL, c->a, &r);
	return e != ERR_OK ? e : write_list(c, &r, &k);
}

enum err
tickets_of_conversation(struct api_call *c)
{
	struct api_cursor k = { .list = 'o', .at = CURSOR_LAST_AT, .id = cursor_last_id() };
	struct db_result r;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_ticket_of_conversation,
		             DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject), db_time(k.at),
		                       db_uuid(k.id), db_int((int64_t)arg_limit(c) + 1)),
		             NULL, c->a, &r);
	return e != ERR_OK ? e : write_list(c, &r, &k);
}

/* The messages of the ticket's conversation, or its own if it is the helpdesk's; oldest first, from
 * a place on. */
static enum err
write_messages(struct api_call *c, const struct db_result *r, const struct api_cursor *from,
               size_t limit)
{
	struct uuid conversation = db_get_uuid(r, 0, T_CONVERSATION);
	struct uuid ticket = is_helpdesk(r, 0) ? db_get_uuid(r, 0, T_ID) : UUID_NIL;
	struct api_cursor next = *from;
	bool more = false;
	enum err e = ERR_OK;

	jw_key(&c->w, "messages");
	if (uuid_is_nil(conversation) && uuid_is_nil(ticket)) {
		jw_arr(&c->w);
		jw_arr_end(&c->w);
	} else {
		e = messages_write_forward(c, conversation, ticket, from, limit, &more, &next);
	}
	jw_kstr(&c->w, "messagesNextCursor", more ? cursor_encode(c->a, &next) : STR_NONE);
	return e;
}

/* The whole document of c->subject. retired: retired sessions are shown too. */
static enum err
write_document(struct api_call *c, const struct api_cursor *from, size_t limit, bool retired)
{
	struct more more;
	struct db_result r;
	enum err e = db_query(c->rd, &q_api_ticket_one,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject)), NULL, c->a,
	                      &r);

	if (e == ERR_OK && r.nrows == 0)
		return ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = more_load(c, &r, 1, retired, &more);
	if (e != ERR_OK)
		return e;
	jw_obj(&c->w);
	jw_key(&c->w, "ticket");
	jw_obj(&c->w);
	write_members(c, &r, 0, &more);
	e = write_messages(c, &r, from, limit);
	jw_obj_end(&c->w);
	jw_obj_end(&c->w);
	return e;
}

static const struct api_cursor first_message = { .list = 'm',
	                                         .at = CURSOR_FIRST_AT,
	                                         .text = { "", 0 } };

enum err
tickets_get(struct api_call *c)
{
	const struct api_value *limit = arg_query(c, "limit");
	struct api_cursor k = first_message;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK)
		e = db_begin_read(c->rd);
	if (e != ERR_OK)
		return e;
	e = write_document(c, &k, limit->set ? (size_t)limit->i : DOCUMENT_MESSAGES,
	                   arg_query(c, "include")->set);
	db_rollback(c->rd);
	return e;
}

/* In a transaction with the lane: the ticket row and the conversation's mark. */
static enum err
insert(struct api_call *c, struct uuid conversation, struct uuid id)
{
	const struct api_value *stage = arg_body(c, "stage");
	struct db_result r;
	const char *origin = "new_contact";
	enum err e =
		db_query(c->wr, &q_api_ticket_ground,
	                 DB_PARAMS(db_uuid(c->client_id), db_uuid(conversation), db_time(c->now)),
	                 NULL, c->a, &r);

	if (e != ERR_OK)
		return e;
	if (r.nrows == 0)
		return ERR_NOT_FOUND;
	if (db_get_bool(&r, 0, 3))
		return api_refuse(c, ERR_CONFLICT, "ticket_open",
		                  "The conversation has an open ticket.");
	if (db_get_bool(&r, 0, 1))
		origin = "existing";
	else if (db_get_bool(&r, 0, 2))
		origin = "history_lead";
	e = db_exec(c->wr, &q_api_ticket_insert,
	            DB_PARAMS(db_uuid(id), db_uuid(c->client_id), db_uuid(conversation),
	                      db_uuid(db_get_uuid(&r, 0, 0)), db_text(arg_body(c, "source")->s),
	                      db_text(str_from(origin)),
	                      db_text(stage->set ? stage->s : STR("new")), db_time(c->now)),
	            NULL, NULL);
	if (e != ERR_OK)
		return e;
	return db_exec(c->wr, &q_api_conversation_set_open,
	               DB_PARAMS(db_uuid(c->client_id), db_uuid(conversation), db_uuid(id),
	                         db_time(c->now)),
	               NULL, NULL);
}

enum err
tickets_open(struct api_call *c)
{
	struct uuid id = api_new_id(c);
	enum err e = api_begin(c, true);

	if (e != ERR_OK)
		return e;
	e = insert(c, c->subject, id);
	if (e == ERR_OK)
		e = api_audit(c, "ticket.opened", "ticket", id, STR_NONE);
	if (e == ERR_OK)
		e = event_put(c->wr, c->client_id, EVENT_CONVERSATION, c->subject, c->now);
	e = api_end(c, e);
	if (e != ERR_OK)
		return e;
	c->status = 201;
	c->subject = id;
	return write_document(c, &first_message, DOCUMENT_MESSAGES, false);
}

/* Columns of api_ticket_state. */
enum { S_SOURCE, S_STATUS, S_STAGE, S_OPEN, S_CONVERSATION, S_MESSAGE_WINDOW, S_SERVICE_WINDOW };

static enum err
set_open_ticket(struct api_call *c, struct uuid conversation, struct uuid ticket)
{
	if (uuid_is_nil(conversation))
		return ERR_OK;
	return db_exec(c->wr, &q_api_conversation_set_open,
	               DB_PARAMS(db_uuid(c->client_id), db_uuid(conversation), db_uuid(ticket),
	                         db_time(c->now)),
	               NULL, NULL);
}

/* The change from what is stored to what is wanted, with the audit action it is told by. */
static enum err
apply_change(struct api_call *c, const struct db_result *now, struct str status, struct str stage)
{
	bool was_open = db_get_bool(now, 0, S_OPEN), opens = !str_eq(status, STR("closed"));
	struct db_param client = db_uuid(c->client_id), id = db_uuid(c->subject),
			at = db_time(c->now);
	struct uuid conversation = db_get_uuid(now, 0, S_CONVERSATION);
	const char *action = "ticket.changed";
	enum err e;

	if (!was_open && !opens) {
		e = db_exec(c->wr, &q_api_ticket_stage, DB_PARAMS(client, id, db_text(stage), at),
		            NULL, NULL);
	} else if (!opens) {
		action = "ticket.closed";
		e = db_exec(c->wr, &q_api_ticket_close,
		            DB_PARAMS(client, id, db_text(status), db_text(stage),
		                      db_time(db_get_time(now, 0, S_MESSAGE_WINDOW)),
		                      db_time(db_get_time(now, 0, S_SERVICE_WINDOW)), at),
		            NULL, NULL);
		if (e == ERR_OK)
			e = set_open_ticket(c, conversation, UUID_NIL);
	} else {
		e = db_exec(c->wr, &q_api_ticket_keep,
		            DB_PARAMS(client, id, db_text(status), db_text(stage), at), NULL, NULL);
		if (e == ERR_CONFLICT)
			return api_refuse(c, e, "ticket_open",
			                  "Another ticket of the conversation is open.");
		if (e == ERR_OK && !was_open) {
			action = "ticket.reopened";
			e = set_open_ticket(c, conversation, c->subject);
		}
	}
	if (e == ERR_OK)
		e = api_audit(c, action, "ticket", c->subject, STR_NONE);
	return e != ERR_OK
	               ? e
	               : event_put(c->wr, c->client_id, EVENT_CONVERSATION, conversation, c->now);
}

static enum err
change(struct api_call *c)
{
	const struct api_value *status = arg_body(c, "status"), *stage = arg_body(c, "stage");
	struct db_result r;
	enum err e = db_query(c->wr, &q_api_ticket_state,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject)), NULL, c->a,
	                      &r);

	if (e != ERR_OK)
		return e;
	if (r.nrows == 0)
		return ERR_NOT_FOUND;
	if (str_eq(db_get_text(&r, 0, S_SOURCE), STR("helpdesk_import")))
		return api_refuse(c, ERR_CONFLICT, "helpdesk_ticket",
		                  "The ticket is the helpdesk's, which alone decides about its "
		                  "state: change it there.");
	if (!status->set && !stage->set)
		return ERR_OK;
	return apply_change(c, &r, status->set ? status->s : db_get_text(&r, 0, S_STATUS),
	                    stage->set ? stage->s : db_get_text(&r, 0, S_STAGE));
}

enum err
tickets_patch(struct api_call *c)
{
	enum err e = api_begin(c, true);

	if (e != ERR_OK)
		return e;
	e = change(c);
	e = api_end(c, e);
	return e != ERR_OK ? e : write_document(c, &first_message, DOCUMENT_MESSAGES, false);
}
