/*
 * Why: a report that no longer fits what was said must not be shown as if it did. What always
 * holds: an analysis is marked only if a message that it read, or its session, changed (a change of
 * a ticket's message is given to its session by the same rule that the reader uses); what is young
 * costs nothing, since it cannot have been analysed.
 */
#include "work/analysis_stale.h"

#include "core/episode.h"
#include "store/queries.h"
#include "work/session_row.h"

void
analysis_stale_init(struct analysis_stale *s, struct arena *a, struct uuid client_id,
                    int64_t now_ms)
{
	*s = (struct analysis_stale){ .arena = a, .client_id = client_id, .now_ms = now_ms };
	map_init(&s->seen, a, 0);
}

/* Whether this is new to the collection. */
static bool
first_time(struct analysis_stale *s, char kind, struct uuid id, int64_t at)
{
	struct str rest = str_fmt(s->arena, "%c%lld", kind, (long long)at);
	bool added;

	(void)map_put(&s->seen, map_key_uuid(s->arena, id, rest), 0, &added);
	return added;
}

static struct db_rows *
rows_of(struct analysis_stale *s, struct db_rows **rows, const struct query *q)
{
	if (*rows == NULL)
		*rows = db_rows_of(s->arena, q, s->client_id);
	return *rows;
}

static void
add_session(struct analysis_stale *s, struct uuid id)
{
	if (first_time(s, 's', id, 0))
		db_row_uuid(rows_of(s, &s->sessions, &q_analysis_stale_mark), id);
}

void
analysis_stale_session(struct analysis_stale *s, struct uuid id, int64_t ended_before)
{
	if (analysis_stale_old(ended_before, s->now_ms))
		add_session(s, id);
}

void
analysis_stale_message(struct analysis_stale *s, struct uuid conversation, struct uuid ticket,
                       int64_t at)
{
	struct db_rows *rows;

	if (!analysis_stale_old(at, s->now_ms))
		return;
	if (!uuid_is_nil(ticket)) {
		if (first_time(s, 't', ticket, at))
			*ARENA_ADD(s->arena, s->in_tickets, s->n, s->cap) =
				(struct analysis_stale_moment){ ticket, at };
		if (first_time(s, 'T', ticket, 0))
			db_row_uuid(rows_of(s, &s->tickets, &q_analysis_stale_tickets), ticket);
	} else if (first_time(s, 'c', conversation, at)) {
		rows = rows_of(s, &s->moments, &q_analysis_stale_episodes);
		db_row_uuid(rows, conversation);
		db_row_time(rows, at);
	}
}

static enum err
find_episodes(struct db *db, struct analysis_stale *s)
{
	struct db_result r;
	enum err e;

	if (s->moments == NULL)
		return ERR_OK;
	e = db_query(db, &q_analysis_stale_episodes, DB_NO_PARAMS, s->moments, s->arena, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		add_session(s, db_get_uuid(&r, i, 0));
	return e;
}

/* The sessions of tickets; rows come sorted by ticket. */
struct ticket_rows {
	const struct db_result *r;
	struct session *v; /* of the rows that come from trackings, in their order */
	size_t *row;       /* of v[i] */
	size_t n;
};

static bool
is_episode(const struct db_result *r, size_t row)
{
	return db_is_null(r, row, 2);
}

/* The message's session, and the episode that it is in inside a waiting one. */
static void
find_in_ticket(struct analysis_stale *s, const struct ticket_rows *t, struct uuid ticket,
               int64_t at)
{
	size_t first = 0, n = 0, found;

	while (first < t->n && !uuid_eq(db_get_uuid(t->r, t->row[first], 0), ticket))
		first++;
	while (first + n < t->n && uuid_eq(db_get_uuid(t->r, t->row[first + n], 0), ticket))
		n++;
	found = session_assign(t->v + first, n, at);
	if (found == SESSION_NONE)
		return;
	add_session(s, db_get_uuid(t->r, t->row[first + found], 1));
	if (t->v[first + found].type != SESSION_OPEN_WEAK)
		return;
	for (size_t i = 0; i < t->r->nrows; i++)
		if (is_episode(t->r, i) && uuid_eq(db_get_uuid(t->r, i, 0), ticket) &&
		    db_get_time(t->r, i, 3) <= at && at <= db_get_time(t->r, i, 4))
			add_session(s, db_get_uuid(t->r, i, 1));
}

static enum err
find_in_tickets(struct db *db, struct analysis_stale *s)
{
	struct ticket_rows t = { .n = 0 };
	struct db_result r;
	enum err e;

	if (s->tickets == NULL)
		return ERR_OK;
	e = db_query(db, &q_analysis_stale_tickets, DB_NO_PARAMS, s->tickets, s->arena, &r);
	if (e != ERR_OK)
		return e;
	t.r = &r;
	t.v = ARENA_ARRAY(s->arena, r.nrows, struct session);
	t.row = ARENA_ARRAY(s->arena, r.nrows, size_t);
	for (size_t i = 0; i < r.nrows; i++) {
		if (is_episode(&r, i))
			continue;
		t.v[t.n] = session_of_row(&r, i, 2);
		t.row[t.n++] = i;
	}
	for (size_t i = 0; i < s->n; i++)
		find_in_ticket(s, &t, s->in_tickets[i].ticket, s->in_tickets[i].at);
	return ERR_OK;
}

enum err
analysis_stale_mark(struct db *db, struct analysis_stale *s)
{
	int64_t changed = 0;
	struct db_result r;
	bool marked;
	enum err e;

	if (s->sessions == NULL && s->moments == NULL && s->tickets == NULL)
		return ERR_OK;
	e = db_query(db, &q_analysis_stale_any, DB_PARAMS(db_uuid(s->client_id)), NULL, s->arena,
	             &r);
	if (e == ERR_OK && db_get_bool(&r, 0, 0)) {
		e = find_episodes(db, s);
		if (e == ERR_OK)
			e = find_in_tickets(db, s);
		if (e == ERR_OK && s->sessions != NULL)
			e = db_exec(db, &q_analysis_stale_mark, DB_PARAMS(db_time(s->now_ms)),
			            s->sessions, &changed);
	}
	if (e != ERR_OK)
		return e;
	marked = s->marked || changed > 0;
	analysis_stale_init(s, s->arena, s->client_id, s->now_ms);
	s->marked = marked;
	return ERR_OK;
}
