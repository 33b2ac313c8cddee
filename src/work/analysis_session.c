/*
 * Why: no message says which session it is in, so reading one means asking the rules that cut it
 * (core/session.h). What always holds: the messages are those that the API shows with it at
 * the same moment; memory is bounded by ANALYSIS_MAX_MESSAGES, since of a session that is longer
 * only its ends are read.
 */
#include "work/analysis_session.h"

#include "core/episode.h"
#include "store/queries.h"
#include "work/session_row.h"

#define HALF (ANALYSIS_MAX_MESSAGES / 2)

/* Columns of a message. */
enum { AT = 5, KEY = 8 };

struct loading {
	struct db *db;
	struct arena *a;
	struct uuid client_id;
	struct analysis_session *s;
	bool episode;
	int64_t from, to;
	int64_t messages; /* of the session, as its row counts them */
	struct db_result head, tail;
};

static void
read_message(const struct db_result *r, size_t i, struct analysis_message *m)
{
	*m = (struct analysis_message){
		.id = db_get_uuid(r, i, 0),
		.outbound = str_eq(db_get_text(r, i, 1), STR("OUTBOUND")),
		.sender_type = db_get_text(r, i, 2),
		.type = db_get_text(r, i, 3),
		.body = db_get_text(r, i, 4),
		.at = db_get_time(r, i, AT),
		.external_updated_at = db_get_time(r, i, 6),
		.revoked_at = db_get_time(r, i, 7),
		.key = db_get_text(r, i, KEY),
	};
}

static enum err
read_rows(struct loading *l)
{
	bool of_ticket = !uuid_is_nil(l->s->ticket_id);
	const struct db_param client = db_uuid(l->client_id), to = db_time(l->to), n = db_int(HALF),
			      of = db_uuid(of_ticket ? l->s->ticket_id : l->s->conversation_id);
	enum err e = db_query(l->db,
	                      of_ticket ? &q_analysis_session_ticket : &q_analysis_session_episode,
	                      DB_PARAMS(client, of, db_time(l->from), to, n), NULL, l->a, &l->head);

	if (e != ERR_OK || l->head.nrows < HALF)
		return e;
	return db_query(l->db,
	                of_ticket ? &q_analysis_session_ticket_tail
	                          : &q_analysis_session_episode_tail,
	                DB_PARAMS(client, of, db_time(db_get_time(&l->head, HALF - 1, AT)),
	                          db_text(db_get_text(&l->head, HALF - 1, KEY)), to, n),
	                NULL, l->a, &l->tail);
}

/* Those of the ticket's messages that are in the session: with its own id, or for an episode in the
 * waiting session around it. */
static enum err
keep_own(struct loading *l)
{
	struct session *v;
	struct db_result r;
	int64_t *times = ARENA_ARRAY(l->a, l->s->n, int64_t);
	size_t *in = ARENA_ARRAY(l->a, l->s->n, size_t), kept = 0, first = 0;
	enum err e = db_query(l->db, &q_analysis_session_trackings,
	                      DB_PARAMS(db_uuid(l->client_id), db_uuid(l->s->ticket_id),
	                                db_time(l->from), db_time(l->to)),
	                      NULL, l->a, &r);

	if (e != ERR_OK)
		return e;
	v = ARENA_ARRAY(l->a, r.nrows, struct session);
	for (size_t i = 0; i < r.nrows; i++)
		v[i] = session_of_row(&r, i, 1);
	for (size_t i = 0; i < l->s->n; i++)
		times[i] = l->s->messages[i].at;
	session_assign_all(l->a, v, r.nrows, times, l->s->n, in);
	for (size_t i = 0; i < l->s->n; i++) {
		if (in[i] == SESSION_NONE)
			continue;
		if (l->episode ? v[in[i]].type != SESSION_OPEN_WEAK
		               : !uuid_eq(db_get_uuid(&r, in[i], 0), l->s->id))
			continue;
		first += i < l->s->gap;
		l->s->messages[kept++] = l->s->messages[i];
	}
	l->s->n = kept;
	l->s->gap = first;
	return ERR_OK;
}

/* What is said in audios, where it was written down: their text. */
static enum err
load_transcripts(struct loading *l)
{
	struct db_rows *rows = db_rows_of(l->a, &q_transcript_texts, l->client_id);
	struct db_result r;
	size_t asked = 0;
	enum err e;

	for (size_t i = 0; i < l->s->n; i++) {
		const struct analysis_message *m = &l->s->messages[i];

		if (!str_eq(m->type, STR("audio")) || str_trim(m->body).n > 0)
			continue;
		db_row_uuid(rows, m->id);
		asked++;
	}
	if (asked == 0)
		return ERR_OK;
	e = db_query(l->db, &q_transcript_texts, DB_NO_PARAMS, rows, l->a, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		for (size_t k = 0; k < l->s->n; k++)
			if (uuid_eq(l->s->messages[k].id, db_get_uuid(&r, i, 0)))
				l->s->messages[k].body = db_get_text(&r, i, 1);
	return e;
}

static enum err
load_messages(struct loading *l)
{
	size_t head, tail;
	int64_t others;
	enum err e = read_rows(l);

	if (e != ERR_OK)
		return e;
	head = l->head.nrows;
	tail = l->tail.nrows;
	l->s->messages = ARENA_ARRAY(l->a, head + tail, struct analysis_message);
	for (size_t i = 0; i < head; i++)
		read_message(&l->head, i, &l->s->messages[i]);
	for (size_t i = 0; i < tail; i++)
		read_message(&l->tail, tail - 1 - i, &l->s->messages[head + i]);
	l->s->n = head + tail;
	l->s->gap = head;
	if (!uuid_is_nil(l->s->ticket_id))
		e = keep_own(l);
	if (e == ERR_OK)
		e = load_transcripts(l);
	others = l->messages - (int64_t)l->s->n;
	if (tail == HALF && others > 0)
		l->s->unread = (size_t)others;
	return e;
}

static enum err
load(struct loading *l, int64_t now_ms)
{
	struct analysis_session *s = l->s;
	struct session bounds;
	bool retired;
	struct db_result r;
	enum err e = db_query(l->db, &q_analysis_session,
	                      DB_PARAMS(db_uuid(l->client_id), db_uuid(s->id)), NULL, l->a, &r);

	if (e == ERR_OK && r.nrows == 0)
		return ERR_NOT_FOUND;
	if (e != ERR_OK)
		return e;
	s->conversation_id = db_get_uuid(&r, 0, 0);
	s->ticket_id = db_get_uuid(&r, 0, 1);
	s->ended_at = db_get_time(&r, 0, 4);
	l->episode = str_eq(db_get_text(&r, 0, 2), STR("episode"));
	l->from = db_get_time(&r, 0, 5);
	l->to = s->ended_at;
	l->messages = db_get_int(&r, 0, 7);
	retired = !db_is_null(&r, 0, 6);
	bounds = (struct session){ .type = l->episode ? episode_view(s->ended_at, now_ms).type
		                                      : session_type_of(db_get_text(&r, 0, 3)),
		                   .end = s->ended_at };
	s->settled = !retired && s->ended_at != TIME_NONE && bounds.type == SESSION_CLOSED &&
	             session_settles_at(&bounds) <= now_ms;
	return s->settled ? load_messages(l) : ERR_OK;
}

enum err
analysis_session_load(struct db *db, struct arena *a, struct uuid client_id, struct uuid session_id,
                      int64_t now_ms, struct analysis_session *out)
{
	struct analysis_session s = { .id = session_id };
	struct loading l = { .db = db, .a = a, .client_id = client_id, .s = &s };
	enum err e = db_begin_read(db);

	if (e == ERR_OK)
		e = db_end(db, load(&l, now_ms));
	if (e == ERR_OK)
		e = arena_check(a);
	if (e == ERR_OK)
		*out = s;
	return e;
}
