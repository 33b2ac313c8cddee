/*
 * Why: a message is shown the same way wherever it appears, and a conversation is read both ways
 * from any of its messages.
 *
 * What always holds: a page is oldest first; nothing of a revoked message is shown, its earlier
 * versions and its media included.
 */
#include "api/call.h"
#include "api/words.h"
#include "core/graph.h"
#include "store/queries.h"

/* Columns of message_docs as the queries name them. */
enum {
	M_ID,
	M_KEY,
	M_AT,
	M_BAD_TIME,
	M_SOURCE,
	M_DIRECTION,
	M_TYPE,
	M_BODY,
	M_CONTENT,
	M_STATUS,
	M_HISTORY_STATUS,
	M_WAMID,
	M_REPLY_KEY,
	M_REPLY_WAMID,
	M_REPLY_ID,
	M_ORIGINAL,
	M_EDITS,
	M_EDITED_AT,
	M_REACTIONS,
	M_REVOKED_AT,
	M_ERROR,
	M_CONFIRMED_AT,
	M_TICKET,
	M_EXTERNAL,
	M_SENDER,
	M_MISSING,
	M_SAME
};

static const cJSON *
parse(struct api_call *c, const struct db_result *r, size_t row, size_t col)
{
	struct str text = db_get_text(r, row, col);
	const cJSON *v = NULL;

	if (!str_is_set(text) || json_parse(c->a, text, &v) != ERR_OK)
		return NULL;
	return v;
}

static int64_t
instant(const cJSON *v)
{
	int64_t at = TIME_NONE;

	return json_i64(v, &at) ? at : TIME_NONE;
}

static void
write_reply(struct jw *w, const struct db_result *r, size_t row)
{
	jw_key(w, "replyTo");
	if (db_is_null(r, row, M_REPLY_KEY) && db_is_null(r, row, M_REPLY_WAMID)) {
		jw_null(w);
		return;
	}
	jw_obj(w);
	jw_kuuid(w, "id", db_get_uuid(r, row, M_REPLY_ID));
	jw_kstr(w, "wamid", db_get_text(r, row, M_REPLY_WAMID));
	jw_obj_end(w);
}

static void
write_reactions(struct jw *w, const cJSON *doc)
{
	jw_key(w, "reactions");
	jw_arr(w);
	for (const char *const *side = words_sides; *side != NULL; side++) {
		const cJSON *x = json_get(doc, *side);
		struct str emoji = json_str(json_get(x, "emoji"));

		if (str_is_empty(emoji)) /* taken back */
			continue;
		jw_obj(w);
		jw_kz(w, "by", *side);
		jw_kstr(w, "emoji", emoji);
		jw_ktime(w, "timestamp", instant(json_get(x, "at")));
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

/* What the message said before its newest edit, oldest first. */
static void
write_versions(struct jw *w, const cJSON *original, const cJSON *edits)
{
	struct str body = json_str(json_get(original, "body"));

	jw_key(w, "versions");
	jw_arr(w);
	for (const cJSON *x = json_first(edits); x != NULL; x = x->next) {
		jw_obj(w);
		jw_kstr(w, "body", body);
		jw_ktime(w, "until", instant(json_get(x, "at")));
		jw_obj_end(w);
		body = json_str(json_get(x, "body"));
	}
	jw_arr_end(w);
}

/* What goes wrong here has no code, and its word for a title. */
static const char *
kind_of(int64_t code, struct str title)
{
	const char *kind = graph_reason(code);

	for (size_t i = 0; kind == NULL && code < 0 && graph_reasons[i] != NULL; i++)
		if (str_eq(title, str_from(graph_reasons[i])))
			kind = graph_reasons[i];
	return kind;
}

static void
write_error(struct api_call *c, const cJSON *doc)
{
	struct jw *w = &c->w;
	struct str details = json_str(json_get(doc, "details")),
		   title = json_str(json_get(doc, "title"));
	const char *kind;
	int64_t code = -1;

	jw_key(w, "error");
	if (doc == NULL) {
		jw_null(w);
		return;
	}
	jw_obj(w);
	if (json_i64(json_get(doc, "code"), &code) && code >= 0)
		jw_ki64(w, "code", code);
	else
		jw_knull(w, "code");
	kind = kind_of(code, title);
	jw_kstr(w, "kind", kind == NULL ? STR_NONE : str_from(kind));
	jw_kstr(w, "reason", str_is_empty(details) ? title : details);
	jw_obj_end(w);
}

/* What the rows of a page are shown with. */
struct company {
	struct session_finder sessions;
	struct media_finder media;
	struct db_result unknown; /* ids of sends of which nobody knows what became */
};

static bool
is_unknown(const struct company *with, const struct db_result *r, size_t row)
{
	for (size_t i = 0; i < with->unknown.nrows; i++)
		if (uuid_eq(db_get_uuid(&with->unknown, i, 0), db_get_uuid(r, row, M_ID)))
			return true;
	return false;
}

/* Whom it is from, and in which session it is; what the helpdesk knows of it. */
static void
write_origin(struct api_call *c, const struct db_result *r, size_t row, const struct company *with)
{
	bool system = str_eq(db_get_text(r, row, M_TYPE), STR("system"));
	struct str sender = db_get_text(r, row, M_SENDER);
	struct uuid session = UUID_NIL;
	struct jw *w = &c->w;

	if (!str_is_set(sender))
		sender = system ? STR("SYSTEM") : STR("HUMAN");
	if (!system)
		session = session_finder_at(&with->sessions, db_get_time(r, row, M_AT),
		                            db_get_uuid(r, row, M_TICKET));
	jw_kstr(w, "senderType", sender);
	jw_knull(w, "agentName");
	jw_ktime(w, "timestamp", db_get_time(r, row, M_AT));
	jw_kbool(w, "badTime", db_get_bool(r, row, M_BAD_TIME));
	jw_kuuid(w, "sessionId", session);
	jw_kstr(w, "wamid", db_get_text(r, row, M_WAMID));
	jw_kstr(w, "externalMessageId",
	        db_is_null(r, row, M_EXTERNAL)
	                ? STR_NONE
	                : str_fmt(c->a, "%lld", (long long)db_get_int(r, row, M_EXTERNAL)));
	jw_kuuid(w, "sameAs", db_get_uuid(r, row, M_SAME));
	jw_ktime(w, "missingSince", db_get_time(r, row, M_MISSING));
}

static void
message_write(struct api_call *c, const struct db_result *r, size_t row, const struct company *with)
{
	struct str type = db_get_text(r, row, M_TYPE), direction = db_get_text(r, row, M_DIRECTION);
	bool revoked = !db_is_null(r, row, M_REVOKED_AT);
	struct jw *w = &c->w;

	jw_obj(w);
	jw_kuuid(w, "id", db_get_uuid(r, row, M_ID));
	jw_kstr(w, "source", db_get_text(r, row, M_SOURCE));
	jw_kstr(w, "direction", direction);
	jw_kbool(w, "fromMe", str_eq(direction, STR("OUTBOUND")));
	jw_kstr(w, "type", type);
	jw_kstr(w, "body", revoked ? STR_NONE : db_get_text(r, row, M_BODY));
	jw_kstr(w, "status", db_get_text(r, row, M_STATUS));
	jw_kstr(w, "historyStatus", db_get_text(r, row, M_HISTORY_STATUS));
	write_origin(c, r, row, with);
	write_reply(w, r, row);
	write_reactions(w, parse(c, r, row, M_REACTIONS));
	write_versions(w, revoked ? NULL : parse(c, r, row, M_ORIGINAL),
	               revoked ? NULL : parse(c, r, row, M_EDITS));
	jw_ktime(w, "editedAt", db_get_time(r, row, M_EDITED_AT));
	jw_ktime(w, "revokedAt", db_get_time(r, row, M_REVOKED_AT));
	jw_ktime(w, "metaConfirmedAt", db_get_time(r, row, M_CONFIRMED_AT));
	write_error(c, parse(c, r, row, M_ERROR));
	jw_kbool(w, "unknownOutcome", is_unknown(with, r, row));
	media_finder_write(c, &with->media, db_get_uuid(r, row, M_ID));
	jw_obj_end(w);
}

/* of: the conversation or the ticket, as the query says. */
static enum err
page(struct api_call *c, const struct query *q, struct uuid of, const struct api_cursor *from,
     size_t limit, struct db_result *out)
{
	return db_query(c->rd, q,
	                DB_PARAMS(db_uuid(c->client_id), db_uuid(of), db_time(from->at),
	                          db_text(from->text), db_int((int64_t)limit + 1)),
	                NULL, c->a, out);
}

/* Before the first is noted. */
static void
company_init(struct api_call *c, struct company *with)
{
	session_finder_init(c, &with->sessions);
	media_finder_init(c, &with->media);
	with->unknown = (struct db_result){ .nrows = 0 };
}

static void
note_messages(struct api_call *c, struct company *with, struct uuid conversation,
              const struct db_result *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		session_finder_note(&with->sessions, db_get_time(r, i, M_AT),
		                    db_get_uuid(r, i, M_TICKET));
		if (db_is_null(r, i, M_REVOKED_AT))
			media_finder_note(c, &with->media, conversation, db_get_uuid(r, i, M_ID),
			                  db_get_text(r, i, M_TYPE), db_get_text(r, i, M_CONTENT));
	}
}

static bool
any_pending(const struct db_result *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(db_get_text(r, i, M_STATUS), STR("pending")))
			return true;
	return false;
}

/* After the last was noted; pending: one of them is. */
static enum err
company_load(struct api_call *c, struct company *with, struct uuid conversation, bool pending)
{
	enum err e = session_finder_load(c, &with->sessions, conversation);

	if (e == ERR_OK)
		e = media_finder_load(c, &with->media);
	if (e != ERR_OK || !pending)
		return e;
	return db_query(c->rd, &q_api_sends_unknown,
	                DB_PARAMS(db_uuid(c->client_id), db_uuid(conversation)), NULL, c->a,
	                &with->unknown);
}

enum err
messages_write_forward(struct api_call *c, struct uuid conversation, struct uuid ticket,
                       const struct api_cursor *after, size_t limit, bool *more,
                       struct api_cursor *next)
{
	bool own = !uuid_is_nil(ticket);
	struct company with;
	struct db_result r;
	enum err e = page(c, own ? &q_api_ticket_messages_forward : &q_api_messages_forward,
	                  own ? ticket : conversation, after, limit, &r);
	size_t shown;

	if (e != ERR_OK)
		return e;
	shown = r.nrows < limit ? r.nrows : limit;
	company_init(c, &with);
	note_messages(c, &with, conversation, &r, shown);
	e = company_load(c, &with, conversation, any_pending(&r, shown));
	if (e != ERR_OK)
		return e;
	jw_arr(&c->w);
	for (size_t i = 0; i < shown; i++)
		message_write(c, &r, i, &with);
	jw_arr_end(&c->w);
	*more = shown < r.nrows;
	if (*more) {
		next->at = db_get_time(&r, shown - 1, M_AT);
		next->text = db_get_text(&r, shown - 1, M_KEY);
	}
	return ERR_OK;
}

/* The place of the message that before, after or around names. */
static enum err
find_place(struct api_call *c, const char *name, struct api_cursor *place)
{
	struct db_result r;
	enum err e = db_query(c->rd, &q_api_message_place,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject),
	                                db_uuid(arg_query(c, name)->u)),
	                      NULL, c->a, &r);

	if (e != ERR_OK)
		return e;
	if (r.nrows == 0)
		return api_invalid(c, name, "is not a message of this conversation");
	place->at = db_get_time(&r, 0, 0);
	place->text = db_get_text(&r, 0, 1);
	return ERR_OK;
}

/* What is read: `back` rows up to a place and `ahead` rows from it on. */
struct reading {
	struct api_cursor place;
	size_t back, ahead;
	bool inclusive; /* the place itself is read, as the first ahead */
	bool before_known,
		after_known; /* there is something on that side even if nothing of it is read */
};

static enum err
plan(struct api_call *c, struct reading *p)
{
	static const char *const names[] = { "before", "after", "around" };
	const char *given = NULL;
	size_t limit = arg_limit(c);
	enum err e;

	for (size_t i = 0; i < 3; i++) {
		if (!arg_query(c, names[i])->set)
			continue;
		if (given != NULL)
			return api_invalid(c, names[i],
			                   "cannot stand with before, after or around");
		given = names[i];
	}
	*p = (struct reading){ .place = { .at = CURSOR_LAST_AT, .text = STR("") }, .back = limit };
	if (given == NULL)
		return ERR_OK;
	e = find_place(c, given, &p->place);
	if (e != ERR_OK)
		return e;
	p->after_known = *given == 'b';
	if (strcmp(given, "after") == 0) {
		p->back = 0;
		p->ahead = limit;
		p->before_known = true;
	} else if (strcmp(given, "around") == 0) {
		p->back = limit / 2;
		p->ahead = limit - p->back;
		p->inclusive = true;
	}
	return ERR_OK;
}

/* How many of the rows that were read are shown. */
static size_t
shown_rows(const struct db_result *r, size_t wanted)
{
	return r->nrows < wanted ? r->nrows : wanted;
}

/* Both sides of the place, either may be empty, and the sessions of their messages. */
static enum err
read_sides(struct api_call *c, const struct reading *p, struct db_result *back,
           struct db_result *ahead, struct company *with)
{
	const struct query *forward = p->inclusive ? &q_api_messages_from : &q_api_messages_forward;
	enum err e = ERR_OK;

	*back = *ahead = (struct db_result){ .nrows = 0 };
	if (p->back > 0)
		e = page(c, &q_api_messages_backward, c->subject, &p->place, p->back, back);
	if (e == ERR_OK && p->ahead > 0)
		e = page(c, forward, c->subject, &p->place, p->ahead, ahead);
	if (e != ERR_OK)
		return e;
	company_init(c, with);
	note_messages(c, with, c->subject, back, shown_rows(back, p->back));
	note_messages(c, with, c->subject, ahead, shown_rows(ahead, p->ahead));
	return company_load(c, with, c->subject,
	                    any_pending(back, shown_rows(back, p->back)) ||
	                            any_pending(ahead, shown_rows(ahead, p->ahead)));
}

enum err
messages_list(struct api_call *c)
{
	struct db_result back, ahead;
	struct company with;
	size_t nback, nahead;
	struct reading p = { .back = 0 };
	enum err e = plan(c, &p);

	if (e == ERR_OK)
		e = db_begin_read(c->rd);
	if (e != ERR_OK)
		return e;
	e = read_sides(c, &p, &back, &ahead, &with);
	db_rollback(c->rd);
	if (e != ERR_OK)
		return e;
	nback = shown_rows(&back, p.back);
	nahead = shown_rows(&ahead, p.ahead);
	jw_obj(&c->w);
	jw_key(&c->w, "data");
	jw_arr(&c->w);
	for (size_t i = nback; i > 0; i--)
		message_write(c, &back, i - 1, &with);
	for (size_t i = 0; i < nahead; i++)
		message_write(c, &ahead, i, &with);
	jw_arr_end(&c->w);
	jw_kbool(&c->w, "hasBefore", p.before_known || nback < back.nrows);
	jw_kbool(&c->w, "hasAfter", p.after_known || nahead < ahead.nrows);
	jw_obj_end(&c->w);
	return ERR_OK;
}

enum err
message_write_one(struct api_call *c, struct uuid conversation, struct uuid id)
{
	struct api_cursor place = { 0 };
	struct company with;
	struct db_result r;
	enum err e = db_query(c->rd, &q_api_message_place,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(conversation), db_uuid(id)),
	                      NULL, c->a, &r);

	if (e == ERR_OK && r.nrows == 0)
		e = ERR_NOT_FOUND;
	if (e != ERR_OK)
		return e;
	place.at = db_get_time(&r, 0, 0);
	place.text = db_get_text(&r, 0, 1);
	e = page(c, &q_api_messages_from, conversation, &place, 0, &r);
	if (e != ERR_OK || r.nrows == 0)
		return e == ERR_OK ? ERR_NOT_FOUND : e;
	company_init(c, &with);
	note_messages(c, &with, conversation, &r, 1);
	e = company_load(c, &with, conversation, any_pending(&r, 1));
	if (e == ERR_OK)
		message_write(c, &r, 0, &with);
	return e;
}
