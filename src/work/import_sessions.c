/*
 * The sessions of helpdesk tickets: what a ticket's trackings and the times of its messages make of
 * them (core/session), against what is stored (core/session_diff). What always holds: only rows
 * whose content changed are written; a session's id stays with its trackings; nothing is deleted.
 * Episodes are cut inside the one OPEN_WEAK session, when asked, from the messages that are in it,
 * and never touch the others. Source: 4-helpdesk §3.
 */
#include "core/episode.h"
#include "core/session_diff.h"
#include "store/queries.h"
#include "sys/log.h"
#include "work/import_internal.h"

static const char *const classes[] = { [SESSION_CLOSED] = "CLOSED",
	                               [SESSION_OPEN_REAL] = "OPEN_REAL",
	                               [SESSION_OPEN_WEAK] = "OPEN_WEAK" };

/* What a row says beside its session. */
struct extra {
	int64_t count, missing_since, retired_at;
};

struct sessions {
	struct import_batch *b;
	struct import_work *w;
	struct arena *a;
	/* as stored */
	FACTS_LIST(struct session_row) rows;
	FACTS_LIST(struct extra) extras;         /* of the rows */
	FACTS_LIST(struct episode_row) episodes; /* those that live */
	FACTS_LIST(struct uuid) episode_ids;
	/* as they are to be */
	struct session_set set;
	struct session *v; /* of the set */
	int64_t *counts;
	size_t *in;                   /* of each message: its session, or SESSION_NONE */
	struct db_rows *put, *follow; /* of the whole batch */
};

static void
read_ids(struct arena *a, struct str json, struct session *s)
{
	const cJSON *list = NULL;
	int64_t *ids;

	if (!str_is_set(json) || json_parse(a, json, &list) != ERR_OK)
		return;
	ids = ARENA_ARRAY(a, json_count(list), int64_t);
	for (const cJSON *v = json_first(list); v != NULL; v = v->next)
		if (json_i64(v, &ids[s->n_ids]))
			s->n_ids++;
	s->ids = ids;
}

static void
read_tracking_row(struct sessions *ss, const struct db_result *r, size_t i)
{
	struct session_row *x = APPLY_ADD(ss->a, &ss->rows);
	struct extra *more = APPLY_ADD(ss->a, &ss->extras);
	struct str class = db_get_text(r, i, 3);

	x->id = db_get_uuid(r, i, 1);
	for (size_t k = 0; k < sizeof classes / sizeof classes[0]; k++)
		if (str_eq(class, str_from(classes[k])))
			x->s.type = (enum session_type)k;
	x->s.start = db_get_time(r, i, 4);
	x->s.end = db_get_time(r, i, 5);
	x->s.lead_in = db_get_time(r, i, 6);
	read_ids(ss->a, db_get_text(r, i, 7), &x->s);
	x->s.flags = (unsigned)db_get_int(r, i, 8);
	x->s.user_name = db_get_text(r, i, 9);
	x->s.user_email = db_get_text(r, i, 10);
	more->count = db_get_int(r, i, 12);
	more->missing_since = db_get_time(r, i, 13);
	more->retired_at = db_get_time(r, i, 14);
	x->retired = more->retired_at != TIME_NONE;
	x->heir = db_get_uuid(r, i, 15);
}

static void
read_row(struct sessions *ss, const struct db_result *r, size_t i)
{
	if (str_eq(db_get_text(r, i, 2), STR("tracking"))) {
		read_tracking_row(ss, r, i);
	} else if (db_is_null(r, i, 14)) {
		*APPLY_ADD(ss->a, &ss->episodes) = (struct episode_row){
			.span = { db_get_time(r, i, 4), db_get_time(r, i, 5) },
			.count = db_get_int(r, i, 12),
			.first_key = db_get_text(r, i, 11)
		};
		*APPLY_ADD(ss->a, &ss->episode_ids) = db_get_uuid(r, i, 1);
	}
}

/* What is stored, of the batch's tickets in their order. */
static enum err
load(struct import_batch *b, struct db_result *out)
{
	struct db_rows *rows = db_rows_of(b->s->arena, &q_import_sessions, b->s->client_id);

	for (size_t i = 0; i < b->n; i++) {
		if (!b->v[i].stored.there || !import_wants_sessions(b, &b->v[i]))
			continue;
		db_row_int(rows, (int64_t)i);
		db_row_uuid(rows, b->v[i].ticket_id);
	}
	return db_query(b->s->db, &q_import_sessions, DB_NO_PARAMS, rows, b->s->arena, out);
}

/* Sessions, and which of them each message is in. */
static void
derive(struct sessions *ss)
{
	struct import_work *w = ss->w;
	struct arena *a = ss->a;
	struct tracking *t = ARENA_ARRAY(a, w->trackings.n, struct tracking);

	for (size_t i = 0; i < w->trackings.n; i++)
		t[i] = w->trackings.v[i].t;
	session_derive(a, t, w->trackings.n, w->times, w->ntimes, &ss->set);
	for (size_t i = 0; i < ss->set.n_rejected; i++)
		log_warn("import.tracking_without_time", LOG_STR("ticket", w->in->ticket->uuid),
		         LOG_INT("tracking", ss->set.rejected[i]));
	ss->v = ARENA_ARRAY(a, ss->set.n, struct session);
	ss->counts = ARENA_ARRAY(a, ss->set.n, int64_t);
	ss->in = ARENA_ARRAY(a, w->ntimes, size_t);
	for (size_t i = 0; i < ss->set.n; i++)
		ss->v[i] = ss->set.v[i].s;
	session_assign_all(a, ss->v, ss->set.n, w->times, w->ntimes, ss->in);
	for (size_t i = 0; i < w->ntimes; i++)
		if (ss->in[i] != SESSION_NONE)
			ss->counts[ss->in[i]]++;
}

static struct str
ids_json(struct arena *a, const struct session *s)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX / 2);
	buf_char(&b, '[');
	for (size_t i = 0; i < s->n_ids; i++) {
		if (i > 0)
			buf_char(&b, ',');
		buf_i64(&b, s->ids[i]);
	}
	buf_char(&b, ']');
	return buf_slice(&b);
}

static void
put_tracking(struct sessions *ss, struct uuid id, const struct session *s, const struct extra *more,
             struct uuid heir)
{
	struct db_rows *rows = ss->put;

	db_row_uuid(rows, id);
	db_row_uuid(rows, ss->w->conversation_id);
	db_row_uuid(rows, ss->w->ticket_id);
	db_row_text(rows, STR("tracking"));
	db_row_text(rows, str_from(classes[s->type]));
	db_row_time(rows, s->start);
	db_row_time(rows, s->end);
	db_row_time(rows, s->lead_in);
	db_row_int(rows, s->ids[s->n_ids - 1]);
	db_row_text(rows, ids_json(ss->a, s));
	db_row_int(rows, s->flags);
	db_row_text(rows, s->user_name);
	db_row_text(rows, s->user_email);
	db_row_text(rows, STR_NONE);
	db_row_int(rows, more->count);
	db_row_time(rows, more->missing_since);
	db_row_time(rows, more->retired_at);
	db_row_uuid(rows, heir);
}

static void
put_episode(struct sessions *ss, struct uuid id, const struct episode_row *x, bool retired,
            struct uuid heir)
{
	struct db_rows *rows = ss->put;

	db_row_uuid(rows, id);
	db_row_uuid(rows, ss->w->conversation_id);
	db_row_uuid(rows, ss->w->ticket_id);
	db_row_text(rows, STR("episode"));
	db_row_text(rows, STR_NONE);
	db_row_time(rows, x->span.start);
	db_row_time(rows, x->span.end);
	db_row_time(rows, TIME_NONE);
	db_row_null(rows);
	db_row_null(rows);
	db_row_int(rows, 0);
	db_row_text(rows, STR_NONE);
	db_row_text(rows, STR_NONE);
	db_row_text(rows, x->first_key);
	db_row_int(rows, x->count);
	db_row_time(rows, TIME_NONE);
	db_row_time(rows, retired ? ss->b->s->now_ms : TIME_NONE);
	db_row_uuid(rows, heir);
}

static void
retire_episode(struct sessions *ss, size_t row, struct uuid heir)
{
	analysis_stale_session(&ss->b->stale, ss->episode_ids.v[row], ss->episodes.v[row].span.end);
	put_episode(ss, ss->episode_ids.v[row], &ss->episodes.v[row], true, heir);
}

/* missingSince of the tracking that stands for the session. */
static int64_t
missing_since(const struct import_work *w, int64_t tracking)
{
	for (size_t i = 0; i < w->trackings.n; i++)
		if (w->trackings.v[i].t.id == tracking)
			return w->trackings.v[i].missing_since;
	return TIME_NONE;
}

static void
put_trackings(struct sessions *ss)
{
	struct import_work *w = ss->w;
	struct uuid *ids = ARENA_ARRAY(ss->a, ss->set.n, struct uuid);
	struct session_diff d;

	session_diff(ss->a, ss->rows.v, ss->rows.n, ss->set.v, ss->set.n, &d);
	for (size_t i = 0; i < ss->set.n; i++) {
		const struct session *s = &ss->v[i];
		size_t row = d.places[i].row;
		const struct extra want = { .count = ss->counts[i],
			                    .missing_since = missing_since(w, s->ids[s->n_ids - 1]),
			                    .retired_at = TIME_NONE };

		ids[i] = row == SESSION_NONE ? apply_new_id(&ss->b->people.ap) : ss->rows.v[row].id;
		if (d.places[i].act == SESSION_KEEP && ss->extras.v[row].count == want.count &&
		    ss->extras.v[row].missing_since == want.missing_since)
			continue;
		if (row != SESSION_NONE)
			analysis_stale_session(&ss->b->stale, ids[i], ss->rows.v[row].s.end);
		put_tracking(ss, ids[i], s, &want, UUID_NIL);
	}
	for (size_t i = 0; i < d.n_leaving; i++) {
		const struct session_leaving *l = &d.leaving[i];
		struct extra more = ss->extras.v[l->row];

		if (!l->again)
			more.retired_at = ss->b->s->now_ms;
		analysis_stale_session(&ss->b->stale, ss->rows.v[l->row].id,
		                       ss->rows.v[l->row].s.end);
		put_tracking(ss, ss->rows.v[l->row].id, &ss->rows.v[l->row].s, &more,
		             l->heir == SESSION_NONE ? UUID_NIL : ids[l->heir]);
	}
}

/* The open session that nobody has accepted yet; SESSION_NONE. */
static size_t
weak_session(const struct sessions *ss)
{
	for (size_t i = 0; i < ss->set.n; i++)
		if (ss->v[i].type == SESSION_OPEN_WEAK)
			return i;
	return SESSION_NONE;
}

/* Not asked for: those that there are stay while their stretch does. */
static void
leave_episodes(struct sessions *ss)
{
	size_t weak = weak_session(ss);

	for (size_t i = 0; i < ss->episodes.n; i++)
		if (weak == SESSION_NONE || ss->episodes.v[i].span.start < ss->v[weak].start)
			retire_episode(ss, i, UUID_NIL);
}

static void
put_episodes(struct sessions *ss)
{
	struct import_work *w = ss->w;
	struct arena *a = ss->a;
	size_t weak = weak_session(ss), n = 0, nruns = 0;
	int64_t *times = ARENA_ARRAY(a, w->ntimes, int64_t);
	struct str *keys = ARENA_ARRAY(a, w->ntimes, struct str);
	struct episode_run *runs;
	struct episode_plan plan;
	struct uuid *ids;

	for (size_t i = 0; weak != SESSION_NONE && i < w->ntimes; i++) {
		if (ss->in[i] != weak)
			continue;
		keys[n] = w->keys[i];
		times[n++] = w->times[i];
	}
	episode_cut(a, times, n, &runs, &nruns);
	episode_match(a, ss->episodes.v, ss->episodes.n, runs, nruns, &plan);
	ids = ARENA_ARRAY(a, plan.n_runs, struct uuid);
	for (size_t i = 0, first = 0; i < plan.n_runs; first += (size_t)plan.runs[i++].count) {
		const struct episode_run *run = &plan.runs[i];
		const struct episode_row now = { .span = run->span,
			                         .count = run->count,
			                         .first_key = keys[first] };

		ids[i] = run->row == SESSION_NONE ? apply_new_id(&ss->b->people.ap)
		                                  : ss->episode_ids.v[run->row];
		if (run->act == EPISODE_KEEP &&
		    str_eq(ss->episodes.v[run->row].first_key, now.first_key))
			continue;
		if (run->row != SESSION_NONE)
			analysis_stale_session(&ss->b->stale, ids[i],
			                       ss->episodes.v[run->row].span.end);
		put_episode(ss, ids[i], &now, false, UUID_NIL);
	}
	for (size_t i = 0; i < plan.n_leaving; i++) {
		const struct episode_leaving *l = &plan.leaving[i];
		struct uuid heir = l->heir == SESSION_NONE ? UUID_NIL : ids[l->heir];

		retire_episode(ss, l->row, heir);
		if (uuid_is_nil(heir))
			continue;
		db_row_uuid(ss->follow, ss->episode_ids.v[l->row]);
		db_row_uuid(ss->follow, heir);
	}
}

/* One ticket's. *row: the first of the stored ones that is not a former ticket's; moved on. */
static void
ticket_sessions(struct import_batch *b, size_t i, const struct db_result *stored, size_t *row,
                struct db_rows *put, struct db_rows *follow)
{
	struct sessions ss = {
		.b = b, .w = &b->v[i], .a = b->s->arena, .put = put, .follow = follow
	};
	size_t before = put->nrows;

	for (; *row < stored->nrows && db_get_int(stored, *row, 0) == (int64_t)i; ++*row)
		read_row(&ss, stored, *row);
	derive(&ss);
	put_trackings(&ss);
	if (b->s->episodes)
		put_episodes(&ss);
	else
		leave_episodes(&ss);
	ss.w->counts.sessions_changed = (int64_t)(put->nrows - before);
	ss.w->wrote |= put->nrows > before;
}

enum err
import_sessions_store(struct import_batch *b)
{
	struct import_store *s = b->s;
	struct db_rows *put = db_rows_of(s->arena, &q_import_sessions_put, s->client_id);
	struct db_rows *follow = db_rows_of(s->arena, &q_apply_sessions_follow, s->client_id);
	const struct db_param now[] = { db_time(s->now_ms) };
	struct db_result stored;
	size_t row = 0;
	enum err e = load(b, &stored);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < b->n; i++)
		if (import_wants_sessions(b, &b->v[i]))
			ticket_sessions(b, i, &stored, &row, put, follow);
	e = db_exec(s->db, &q_import_sessions_put, now, put, NULL);
	return e == ERR_OK ? db_exec(s->db, &q_apply_sessions_follow, now, follow, NULL) : e;
}
