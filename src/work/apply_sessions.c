/*
 * Episodes of the WhatsApp conversations of a batch (core/episode). Messages are written before and
 * tell what changed: which are new in their conversation, which stand somewhere else now. What
 * always holds: only rows within a day of a change are read and written; an episode's id stays with
 * its earliest message; a retired row points at the row that took its messages over, never at
 * another retired one that has an heir.
 */
#include <assert.h>

#include "core/episode.h"
#include "core/order.h"
#include "store/queries.h"
#include "work/apply_internal.h"

/* A time at which an episode may begin now, and the key of a message there. */
struct place {
	int64_t at;
	struct str key;
};

/* One conversation with changes. */
struct cut {
	struct uuid conversation;
	bool stored;
	FACTS_LIST(int64_t) added;
	FACTS_LIST(struct episode_removed) removed;
	FACTS_LIST(struct episode_row) rows;
	FACTS_LIST(struct uuid) ids; /* of the rows */
	FACTS_LIST(struct place) places;
	struct episode_plan plan;
	struct str *keys; /* first key of each run */
};

struct cuts {
	struct apply *ap;
	struct cut *v; /* one per conversation of the batch */
	size_t n;
};

static int
cmp_place(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;

	return message_cmp_place(a->at, a->key, b->at, b->key);
}

static void
add_place(struct apply *ap, struct cut *c, int64_t at, struct str key)
{
	*APPLY_ADD(ap->o.arena, &c->places) = (struct place){ at, key };
}

/* What the batch did to a message: nothing, unless it is new, moved, or became or ceased to be a
 * system one. */
static void
take_message(struct apply *ap, struct cut *c, const struct apply_message *m)
{
	bool was = m->stored && !m->system_before, is = !str_eq(m->row.type, STR("system"));
	int64_t at = message_at(&m->row);

	if (was && is && at == m->at_before)
		return;
	if (was) {
		*APPLY_ADD(ap->o.arena, &c->removed) = (struct episode_removed){
			.at = m->at_before,
			.before = TIME_NONE,
			.after = TIME_NONE,
			.moved_to = is ? at : TIME_NONE,
		};
	}
	if (is) {
		*APPLY_ADD(ap->o.arena, &c->added) = at;
		add_place(ap, c, at, m->row.key);
	}
}

static void
add_windows(struct apply *ap, const struct cut *c, size_t i, struct db_rows *out)
{
	size_t n = c->added.n + c->removed.n;
	struct episode_span *changes = ARENA_ARRAY(ap->o.arena, n, struct episode_span), *windows;

	for (size_t k = 0; k < n; k++) {
		int64_t at = k < c->added.n ? c->added.v[k] : c->removed.v[k - c->added.n].at;

		changes[k] = (struct episode_span){ at, at };
	}
	n = episode_windows(ap->o.arena, changes, n, &windows);
	for (size_t k = 0; k < n; k++) {
		db_row_int(out, (int64_t)i);
		db_row_uuid(out, c->conversation);
		db_row_time(out, windows[k].start);
		db_row_time(out, windows[k].end);
	}
}

static void
add_row(struct apply *ap, struct cut *c, const struct db_result *r, size_t row, size_t col)
{
	struct episode_row *e = APPLY_ADD(ap->o.arena, &c->rows);

	*APPLY_ADD(ap->o.arena, &c->ids) = db_get_uuid(r, row, col);
	e->span.start = db_get_time(r, row, col + 1);
	e->span.end = db_get_time(r, row, col + 2);
	e->count = db_get_int(r, row, col + 3);
	e->first_key = db_get_text(r, row, col + 4);
	add_place(ap, c, e->span.start, e->first_key);
}

/* The stored rows within reach of the changes. */
static enum err
load_rows(struct cuts *cs)
{
	struct apply *ap = cs->ap;
	struct db_rows *ask = db_rows_of(ap->o.arena, &q_apply_sessions, ap->o.client_id);
	struct db_result r;
	struct map seen;
	enum err e;

	for (size_t i = 0; i < cs->n; i++) {
		if (cs->v[i].stored && cs->v[i].added.n + cs->v[i].removed.n > 0)
			add_windows(ap, &cs->v[i], i, ask);
	}
	e = db_query(ap->o.db, &q_apply_sessions, DB_NO_PARAMS, ask, ap->o.arena, &r);
	if (e != ERR_OK)
		return e;
	map_init(&seen, ap->o.arena, r.nrows);
	for (size_t i = 0; i < r.nrows; i++) {
		bool added;

		/* one may reach into two windows */
		(void)map_put(&seen, map_key_uuid(ap->o.arena, db_get_uuid(&r, i, 1), STR("")), i,
		              &added);
		if (added)
			add_row(ap, &cs->v[db_get_int(&r, i, 0)], &r, i, 1);
	}
	return ERR_OK;
}

/* The i-th removed message or run of a conversation, that the database was asked about. */
struct spot {
	size_t cut, i;
};

/* What stands now beside the places that messages have left. */
static enum err
load_bounds(struct cuts *cs)
{
	struct apply *ap = cs->ap;
	struct db_rows *ask = db_rows_of(ap->o.arena, &q_apply_sessions_bounds, ap->o.client_id);
	struct db_result r;
	struct spot *spots;
	size_t n = 0;
	enum err e;

	for (size_t i = 0; i < cs->n; i++)
		n += cs->v[i].removed.n;
	spots = ARENA_ARRAY(ap->o.arena, n, struct spot);
	n = 0;
	for (size_t i = 0; i < cs->n; i++) {
		for (size_t k = 0; k < cs->v[i].removed.n; k++) {
			db_row_int(ask, (int64_t)n);
			db_row_uuid(ask, cs->v[i].conversation);
			db_row_time(ask, cs->v[i].removed.v[k].at);
			spots[n++] = (struct spot){ i, k };
		}
	}
	e = db_query(ap->o.db, &q_apply_sessions_bounds, DB_NO_PARAMS, ask, ap->o.arena, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct spot at = spots[db_get_int(&r, i, 0)];
		struct episode_removed *x = &cs->v[at.cut].removed.v[at.i];

		x->before = db_get_time(&r, i, 1);
		x->after = db_get_time(&r, i, 2);
	}
	return e;
}

/* The first keys. Where messages only came, an episode begins with one of them or as a row did;
 * otherwise the database must be asked, and they stay absent. */
static void
find_keys(struct apply *ap, struct cut *c)
{
	size_t k = 0;

	c->keys = ARENA_ARRAY(ap->o.arena, c->plan.n_runs, struct str);
	if (c->removed.n > 0)
		return;
	order_sort(ap->o.arena, c->places.v, c->places.n, sizeof(struct place), cmp_place);
	for (size_t i = 0; i < c->plan.n_runs; i++) {
		int64_t start = c->plan.runs[i].span.start;

		while (k < c->places.n && c->places.v[k].at < start)
			k++;
		assert(k < c->places.n && c->places.v[k].at == start);
		c->keys[i] = c->places.v[k].key;
	}
}

/* Torn episodes are counted; first keys that are not known are looked up. */
static enum err
load_counts(struct cuts *cs)
{
	struct apply *ap = cs->ap;
	struct db_rows *ask = db_rows_of(ap->o.arena, &q_apply_sessions_count, ap->o.client_id);
	struct db_result r;
	struct spot *spots;
	size_t n = 0;
	enum err e;

	for (size_t i = 0; i < cs->n; i++)
		n += cs->v[i].plan.n_runs;
	spots = ARENA_ARRAY(ap->o.arena, n, struct spot);
	n = 0;
	for (size_t i = 0; i < cs->n; i++) {
		const struct cut *c = &cs->v[i];

		for (size_t k = 0; k < c->plan.n_runs; k++) {
			if (str_is_set(c->keys[k]) && !c->plan.runs[k].recount)
				continue;
			db_row_int(ask, (int64_t)n);
			db_row_uuid(ask, c->conversation);
			db_row_time(ask, c->plan.runs[k].span.start);
			db_row_time(ask, c->plan.runs[k].span.end);
			db_row_bool(ask, c->plan.runs[k].recount);
			spots[n++] = (struct spot){ i, k };
		}
	}
	e = db_query(ap->o.db, &q_apply_sessions_count, DB_NO_PARAMS, ask, ap->o.arena, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct spot at = spots[db_get_int(&r, i, 0)];
		struct cut *c = &cs->v[at.cut];

		c->keys[at.i] = db_get_text(&r, i, 1);
		if (c->plan.runs[at.i].recount)
			c->plan.runs[at.i].count = db_get_int(&r, i, 2);
	}
	return e;
}

/* What is written, of all conversations together. */
struct writing {
	struct apply *ap;
	struct db_rows *put, *follow;
};

static void
put(struct writing *w, const struct cut *c, struct uuid id, const struct episode_span *span,
    int64_t count, struct str key)
{
	db_row_uuid(w->put, id);
	db_row_uuid(w->put, c->conversation);
	db_row_time(w->put, span->start);
	db_row_time(w->put, span->end);
	db_row_int(w->put, count);
	db_row_text(w->put, key);
}

static void
put_cut(struct writing *w, const struct cut *c)
{
	struct uuid *ids = ARENA_ARRAY(w->ap->o.arena, c->plan.n_runs, struct uuid);

	for (size_t i = 0; i < c->plan.n_runs; i++) {
		const struct episode_run *run = &c->plan.runs[i];
		bool kept = run->row != SESSION_NONE;

		ids[i] = kept ? c->ids.v[run->row] : apply_new_id(w->ap);
		if (run->act == EPISODE_KEEP && str_eq(c->keys[i], c->rows.v[run->row].first_key))
			continue;
		if (kept && run->act != EPISODE_KEEP)
			analysis_stale_session(&w->ap->stale, ids[i], c->rows.v[run->row].span.end);
		put(w, c, ids[i], &run->span, run->count, c->keys[i]);
		db_row_bool(w->put, false);
		db_row_null(w->put);
	}
	for (size_t i = 0; i < c->plan.n_leaving; i++) {
		const struct episode_leaving *l = &c->plan.leaving[i];
		const struct episode_row *row = &c->rows.v[l->row];
		struct uuid heir = l->heir == SESSION_NONE ? UUID_NIL : ids[l->heir];

		analysis_stale_session(&w->ap->stale, c->ids.v[l->row], row->span.end);
		put(w, c, c->ids.v[l->row], &row->span, row->count, row->first_key);
		db_row_bool(w->put, true);
		db_row_uuid(w->put, heir);
		if (uuid_is_nil(heir))
			continue;
		db_row_uuid(w->follow, c->ids.v[l->row]);
		db_row_uuid(w->follow, heir);
	}
}

static enum err
write_cuts(const struct cuts *cs)
{
	struct apply *ap = cs->ap;
	struct writing w = {
		.ap = ap,
		.put = db_rows_of(ap->o.arena, &q_apply_sessions_put, ap->o.client_id),
		.follow = db_rows_of(ap->o.arena, &q_apply_sessions_follow, ap->o.client_id),
	};
	const struct db_param now[] = { db_time(ap->o.now_ms) };
	enum err e;

	for (size_t i = 0; i < cs->n; i++)
		put_cut(&w, &cs->v[i]);
	e = db_exec(ap->o.db, &q_apply_sessions_put, now, w.put, NULL);
	if (e == ERR_OK)
		e = db_exec(ap->o.db, &q_apply_sessions_follow, now, w.follow, NULL);
	return e;
}

enum err
apply_sessions_store(struct apply *ap)
{
	struct cuts cs = { ap, ARENA_ARRAY(ap->o.arena, ap->conversations.n, struct cut),
		           ap->conversations.n };
	enum err e;

	for (size_t i = 0; i < cs.n; i++) {
		cs.v[i].conversation = ap->conversations.v[i].id;
		cs.v[i].stored = ap->conversations.v[i].stored;
	}
	for (size_t i = 0; i < ap->messages.n; i++) {
		const struct apply_message *m = &ap->messages.v[i];

		if (m->conversation != APPLY_NONE)
			take_message(ap, &cs.v[m->conversation], m);
	}
	if ((e = load_rows(&cs)) != ERR_OK || (e = load_bounds(&cs)) != ERR_OK)
		return e;
	for (size_t i = 0; i < cs.n; i++) {
		struct cut *c = &cs.v[i];
		const struct episode_changes changes = { c->added.v, c->added.n, c->removed.v,
			                                 c->removed.n };

		episode_recut(ap->o.arena, c->rows.v, c->rows.n, &changes, &c->plan);
		find_keys(ap, c);
	}
	e = load_counts(&cs);
	return e == ERR_OK ? write_cuts(&cs) : e;
}

/* Every message of the conversation: its episodes as if there were none yet. */
static enum err
cut_all(struct apply *ap, struct cut *c)
{
	struct db_result r;
	struct episode_run *runs;
	int64_t *times;
	size_t n;
	enum err e = db_query(ap->o.db, &q_apply_sessions_times,
	                      DB_PARAMS(db_uuid(ap->o.client_id), db_uuid(c->conversation)), NULL,
	                      ap->o.arena, &r);

	if (e != ERR_OK)
		return e;
	times = ARENA_ARRAY(ap->o.arena, r.nrows, int64_t);
	for (size_t i = 0; i < r.nrows; i++)
		times[i] = db_get_time(&r, i, 0);
	episode_cut(ap->o.arena, times, r.nrows, &runs, &n);
	episode_match(ap->o.arena, c->rows.v, c->rows.n, runs, n, &c->plan);
	c->keys = ARENA_ARRAY(ap->o.arena, n, struct str);
	for (size_t i = 0, first = 0; i < n; first += (size_t)runs[i++].count)
		c->keys[i] = db_get_text(&r, first, 1);
	return ERR_OK;
}

enum err
apply_sessions_join(struct apply *ap, struct uuid kept, struct uuid lost)
{
	const struct db_param p[] = { db_uuid(ap->o.client_id), db_uuid(kept), db_uuid(lost) };
	struct cut c = { .conversation = kept, .stored = true };
	const struct cuts cs = { ap, &c, 1 };
	struct db_result r;
	enum err e;

	if ((e = db_exec(ap->o.db, &q_apply_sessions_move, p, NULL, NULL)) != ERR_OK ||
	    (e = db_exec(ap->o.db, &q_apply_sessions_move_retired, p, NULL, NULL)) != ERR_OK ||
	    (e = db_query(ap->o.db, &q_apply_sessions_of, DB_PARAMS(p[0], p[1]), NULL, ap->o.arena,
	                  &r)) != ERR_OK)
		return e;
	for (size_t i = 0; i < r.nrows; i++)
		add_row(ap, &c, &r, i, 0);
	e = cut_all(ap, &c);
	return e == ERR_OK ? write_cuts(&cs) : e;
}
