/*
 * Why: sessions are shown the same way in their own lists and in the ticket document, and every
 * message says which one it is in. That is worked out from the stored bounds, never stored.
 *
 * What always holds: a page of messages costs one query more, whose rows are those that overlap the
 * page; a helpdesk message is in a session of its ticket's trackings or in none, any other one in
 * an episode of its conversation.
 */
#include "api/call.h"
#include "api/words.h"
#include "core/episode.h"
#include "store/queries.h"
#include "work/session_row.h"

/* Columns of a session, after those that a query puts before. */
enum {
	S_ID,
	S_CONVERSATION,
	S_TICKET,
	S_SOURCE,
	S_CLASS,
	S_START,
	S_END,
	S_FLAGS,
	S_TRACKINGS,
	S_USER_NAME,
	S_USER_EMAIL,
	S_COUNT,
	S_MISSING,
	S_RETIRED
};

static void
write_flags(struct jw *w, unsigned flags)
{
	jw_key(w, "flags");
	jw_arr(w);
	for (size_t i = 0; words_session_flags[i] != NULL; i++)
		if ((flags & (1u << i)) != 0)
			jw_z(w, words_session_flags[i]);
	jw_arr_end(w);
}

static void
write_trackings(struct api_call *c, struct str ids)
{
	const cJSON *doc = NULL;

	jw_key(&c->w, "externalTrackingIds");
	jw_arr(&c->w);
	if (str_is_set(ids) && json_parse(c->a, ids, &doc) == ERR_OK)
		for (const cJSON *x = json_first(doc); x != NULL; x = x->next)
			jw_str(&c->w, json_text(c->a, x));
	jw_arr_end(&c->w);
}

/* Its type and times: stored, or read off the clock where it is an episode. */
static struct episode_view
view_of(const struct api_call *c, const struct db_result *r, size_t row, size_t col)
{
	int64_t end = db_get_time(r, row, col + S_END);
	struct session s = { .type = session_type_of(db_get_text(r, row, col + S_CLASS)),
		             .end = end };

	if (db_is_null(r, row, col + S_CLASS))
		return episode_view(end, c->now);
	return (struct episode_view){ s.type, end, session_settles_at(&s) };
}

/* The first message of each session of these results, whose id stands in this column. */
static enum err
firsts_load(struct api_call *c, const struct db_result *const *results, size_t n, size_t col,
            struct db_result *out)
{
	struct db_rows *rows = db_rows_new(c->a, &q_api_session_firsts);

	for (size_t i = 0; i < n; i++)
		for (size_t row = 0; row < results[i]->nrows; row++)
			db_row_uuid(rows, db_get_uuid(results[i], row, col));
	return db_query(c->rd, &q_api_session_firsts, DB_PARAMS(db_uuid(c->client_id)), rows, c->a,
	                out);
}

/* nil: it has none. The rows come sorted by session. */
static struct uuid
first_of(const struct db_result *firsts, struct uuid session)
{
	size_t low = 0, high = firsts->nrows;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (uuid_cmp(db_get_uuid(firsts, mid, 0), session) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < firsts->nrows && uuid_eq(db_get_uuid(firsts, low, 0), session)
	               ? db_get_uuid(firsts, low, 1)
	               : UUID_NIL;
}

static void
session_write(struct api_call *c, const struct db_result *r, size_t row, size_t col,
              const struct db_result *firsts)
{
	struct episode_view v = view_of(c, r, row, col);
	struct jw *w = &c->w;

	jw_obj(w);
	jw_kuuid(w, "id", db_get_uuid(r, row, col + S_ID));
	jw_kuuid(w, "conversationId", db_get_uuid(r, row, col + S_CONVERSATION));
	jw_kuuid(w, "ticketId", db_get_uuid(r, row, col + S_TICKET));
	jw_kstr(w, "source", db_get_text(r, row, col + S_SOURCE));
	jw_kz(w, "type", session_type_word(v.type));
	jw_ktime(w, "startedAt", db_get_time(r, row, col + S_START));
	jw_ktime(w, "endedAt", v.ended_at);
	jw_ktime(w, "settledAt", v.settled_at);
	write_flags(w, (unsigned)db_get_int(r, row, col + S_FLAGS));
	write_trackings(c, db_get_text(r, row, col + S_TRACKINGS));
	jw_kstr(w, "assignedUserName", db_get_text(r, row, col + S_USER_NAME));
	jw_kstr(w, "assignedUserEmail", db_get_text(r, row, col + S_USER_EMAIL));
	jw_ki64(w, "messageCount", db_get_int(r, row, col + S_COUNT));
	jw_kuuid(w, "firstMessageId", first_of(firsts, db_get_uuid(r, row, col + S_ID)));
	jw_ktime(w, "missingSince", db_get_time(r, row, col + S_MISSING));
	jw_ktime(w, "retiredAt", db_get_time(r, row, col + S_RETIRED));
	jw_obj_end(w);
}

enum err
session_write_one(struct api_call *c, struct uuid id)
{
	struct db_result r, firsts;
	const struct db_result *const from[] = { &r };
	enum err e = db_query(c->rd, &q_api_session_one,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(id)), NULL, c->a, &r);

	if (e == ERR_OK && r.nrows == 0)
		return ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = firsts_load(c, from, 1, S_ID, &firsts);
	if (e == ERR_OK)
		session_write(c, &r, 0, 0, &firsts);
	return e;
}

enum err
sessions_get(struct api_call *c)
{
	enum err e;

	jw_obj(&c->w);
	jw_key(&c->w, "session");
	e = session_write_one(c, c->subject);
	jw_obj_end(&c->w);
	return e;
}

enum err
sessions_of_conversation(struct api_call *c)
{
	struct api_cursor k = { .list = 's', .at = CURSOR_LAST_AT, .id = cursor_last_id() };
	struct db_result r, firsts;
	const struct db_result *const from[] = { &r };
	size_t shown;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_session_list,
		             DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject), db_time(k.at),
		                       db_uuid(k.id), db_int((int64_t)arg_limit(c) + 1)),
		             NULL, c->a, &r);
	if (e == ERR_OK)
		e = firsts_load(c, from, 1, S_ID, &firsts);
	if (e != ERR_OK)
		return e;
	shown = api_page_rows(c, &r);
	api_list_begin(c);
	for (size_t i = 0; i < shown; i++)
		session_write(c, &r, i, 0, &firsts);
	if (shown < r.nrows) {
		k.at = db_get_time(&r, shown - 1, S_START);
		k.id = db_get_uuid(&r, shown - 1, S_ID);
	}
	api_list_end(c, shown < r.nrows ? &k : NULL);
	return ERR_OK;
}

void
ticket_sessions_init(struct api_call *c, struct ticket_sessions *t)
{
	*t = (struct ticket_sessions){
		.own_rows = db_rows_new(c->a, &q_api_session_of_tickets),
		.overlapping_rows = db_rows_new(c->a, &q_api_session_overlapping),
	};
}

void
ticket_sessions_own(struct ticket_sessions *t, size_t i, struct uuid ticket)
{
	db_row_int(t->own_rows, (int64_t)i);
	db_row_uuid(t->own_rows, ticket);
}

void
ticket_sessions_overlapping(struct ticket_sessions *t, size_t i, struct uuid conversation,
                            int64_t from, int64_t to)
{
	db_row_int(t->overlapping_rows, (int64_t)i);
	db_row_uuid(t->overlapping_rows, conversation);
	db_row_time(t->overlapping_rows, from);
	db_row_time(t->overlapping_rows, to == TIME_NONE ? CURSOR_LAST_AT : to);
}

enum err
ticket_sessions_load(struct api_call *c, struct ticket_sessions *t, bool retired)
{
	const struct db_param p[] = { db_uuid(c->client_id), db_bool(retired) };
	const struct db_result *const both[] = { &t->own, &t->overlapping };
	enum err e = db_query(c->rd, &q_api_session_of_tickets, p, t->own_rows, c->a, &t->own);

	if (e != ERR_OK)
		return e;
	e = db_query(c->rd, &q_api_session_overlapping, p, t->overlapping_rows, c->a,
	             &t->overlapping);
	return e != ERR_OK ? e : firsts_load(c, both, 2, 1 + S_ID, &t->firsts);
}

/* First row of ticket i; rows come sorted by it. */
static size_t
first_row(const struct db_result *r, size_t i)
{
	size_t low = 0, high = r->nrows;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (db_get_int(r, mid, 0) < (int64_t)i)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void
ticket_sessions_write(struct api_call *c, const struct ticket_sessions *t, size_t i)
{
	const struct db_result *const both[] = { &t->own, &t->overlapping };

	jw_arr(&c->w);
	for (size_t k = 0; k < 2; k++)
		for (size_t row = first_row(both[k], i);
		     row < both[k]->nrows && db_get_int(both[k], row, 0) == (int64_t)i; row++)
			session_write(c, both[k], row, 1, &t->firsts);
	jw_arr_end(&c->w);
}

void
session_finder_init(struct api_call *c, struct session_finder *f)
{
	*f = (struct session_finder){
		.first = TIME_NONE,
		.last = TIME_NONE,
		.rows = db_rows_new(c->a, &q_api_session_trackings),
	};
}

void
session_finder_note(struct session_finder *f, int64_t at, struct uuid ticket)
{
	if (f->first == TIME_NONE || at < f->first)
		f->first = at;
	if (f->last == TIME_NONE || at > f->last)
		f->last = at;
	if (uuid_is_nil(ticket)) {
		f->conversation = true;
		return;
	}
	for (size_t i = 0; i < f->rows->nrows; i++)
		if (uuid_eq(f->rows->cells[i].u, ticket))
			return;
	db_row_uuid(f->rows, ticket);
}

enum err
session_finder_load(struct api_call *c, struct session_finder *f, struct uuid conversation)
{
	const struct db_param client = db_uuid(c->client_id), first = db_time(f->first),
			      last = db_time(f->last);
	const struct db_result *r = &f->trackings;
	enum err e = ERR_OK;

	if (f->conversation)
		e = db_query(c->rd, &q_api_session_spans,
		             DB_PARAMS(client, db_uuid(conversation), first, last), NULL, c->a,
		             &f->spans);
	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_session_trackings, DB_PARAMS(client, first, last),
		             f->rows, c->a, &f->trackings);
	if (e != ERR_OK)
		return e;
	f->sessions = ARENA_ARRAY(c->a, r->nrows, struct session);
	for (size_t i = 0; i < r->nrows; i++)
		f->sessions[i] = session_of_row(r, i, 2);
	return ERR_OK;
}

/* The episode with this time inside; they are disjoint and ascend. */
static struct uuid
find_span(const struct db_result *r, int64_t at)
{
	size_t low = 0, high = r->nrows;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (db_get_time(r, mid, 1) <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 && db_get_time(r, low - 1, 2) >= at ? db_get_uuid(r, low - 1, 0) : UUID_NIL;
}

struct uuid
session_finder_at(const struct session_finder *f, int64_t at, struct uuid ticket)
{
	const struct db_result *r = &f->trackings;
	size_t first = 0, n = 0, found;

	if (uuid_is_nil(ticket))
		return find_span(&f->spans, at);
	while (first < r->nrows && !uuid_eq(db_get_uuid(r, first, 0), ticket))
		first++;
	while (first + n < r->nrows && uuid_eq(db_get_uuid(r, first + n, 0), ticket))
		n++;
	found = session_assign(f->sessions + first, n, at);
	return found == SESSION_NONE ? UUID_NIL : db_get_uuid(r, first + found, 1);
}
