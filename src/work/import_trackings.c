/*
 * The raw trackings of helpdesk tickets. What always holds: of equal ids the last one counts; one
 * that an array no longer names is marked and kept; no array, or one that could not be read whole,
 * says nothing of what is gone; one that is as it was is not written. Source: 4-helpdesk §3 R0, R8.
 */
#include <assert.h>

#include "core/order.h"
#include "store/queries.h"
#include "work/import_internal.h"

static int
cmp_tracking(const void *a, const void *b)
{
	return order_i64(((const struct import_tracking *)a)->t.id,
	                 ((const struct import_tracking *)b)->t.id);
}

static bool
same_text(struct str a, struct str b)
{
	return a.n == b.n && str_eq(str_n(a.n > 0 ? a.p : "", a.n), str_n(b.n > 0 ? b.p : "", b.n));
}

static bool
same_tracking(const struct import_tracking *a, const struct import_tracking *b)
{
	return a->t.created_at == b->t.created_at && a->t.started_at == b->t.started_at &&
	       a->t.finished_at == b->t.finished_at && same_text(a->t.user_name, b->t.user_name) &&
	       same_text(a->t.user_email, b->t.user_email) && str_eq(a->raw, b->raw) &&
	       a->missing_since == b->missing_since;
}

static enum err
load(struct import_batch *b)
{
	struct db_rows *rows = db_rows_of(b->s->arena, &q_import_trackings, b->s->client_id);
	struct arena *a = b->s->arena;
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < b->n; i++) {
		if (!b->v[i].stored.there)
			continue;
		db_row_int(rows, (int64_t)i);
		db_row_uuid(rows, b->v[i].ticket_id);
	}
	e = db_query(b->s->db, &q_import_trackings, DB_NO_PARAMS, rows, a, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct import_work *w = &b->v[db_get_int(&r, i, 0)];
		struct import_tracking *x = APPLY_ADD(a, &w->trackings);

		x->t.id = db_get_int(&r, i, 1);
		x->t.created_at = db_get_time(&r, i, 2);
		x->t.started_at = db_get_time(&r, i, 3);
		x->t.finished_at = db_get_time(&r, i, 4);
		x->t.user_name = db_get_text(&r, i, 5);
		x->t.user_email = db_get_text(&r, i, 6);
		x->raw = import_canonical(a, db_get_text(&r, i, 7));
		x->missing_since = db_get_time(&r, i, 8);
		x->t.missing = x->missing_since != TIME_NONE;
	}
	return e;
}

static void
put(struct import_work *w, struct db_rows *rows, const struct import_tracking *x)
{
	db_row_uuid(rows, w->ticket_id);
	db_row_int(rows, x->t.id);
	db_row_time(rows, x->t.created_at);
	db_row_time(rows, x->t.started_at);
	db_row_time(rows, x->t.finished_at);
	db_row_text(rows, x->t.user_name);
	db_row_text(rows, x->t.user_email);
	db_row_text(rows, x->raw);
	db_row_time(rows, x->missing_since);
	w->retimed = w->wrote = true;
}

/* Those of the payload, each once: of equal ids the last one counts (R0). */
static struct import_tracking *
given_of(struct arena *a, const struct hd_ticket *t, size_t *n)
{
	struct import_tracking *v = ARENA_ARRAY(a, t->ntrackings, struct import_tracking);
	size_t kept = 0;

	for (size_t i = 0; i < t->ntrackings; i++)
		v[i] = (struct import_tracking){ .t = t->trackings[i].t,
			                         .raw = t->trackings[i].raw,
			                         .missing_since = TIME_NONE };
	order_sort(a, v, t->ntrackings, sizeof *v, cmp_tracking);
	for (size_t i = 0; i < t->ntrackings; i++)
		if (i + 1 == t->ntrackings || v[i + 1].t.id != v[i].t.id)
			v[kept++] = v[i];
	*n = kept;
	return v;
}

/* Stored ones with what the payload says of them. */
static void
merge(struct import_batch *b, struct import_work *w, struct db_rows *rows)
{
	const struct hd_ticket *t = w->in->ticket;
	size_t n, next = 0, stored = w->trackings.n;
	struct import_tracking *given = given_of(b->s->arena, t, &n);

	for (size_t i = 0; i < stored || next < n;) {
		struct import_tracking *x = i < stored ? &w->trackings.v[i] : NULL, *y = NULL;

		if (next < n && (x == NULL || given[next].t.id <= x->t.id))
			y = &given[next];
		if (y == NULL) {
			assert(x != NULL);
			i++;
			if (x->t.missing || !t->trackings_whole)
				continue;
			x->t.missing = true;
			x->missing_since = b->s->now_ms;
			put(w, rows, x);
			continue;
		}
		next++;
		if (x != NULL && x->t.id == y->t.id) {
			i++;
			if (same_tracking(x, y))
				continue;
			*x = *y;
		} else {
			*APPLY_ADD(b->s->arena, &w->trackings) = *y;
		}
		put(w, rows, y);
	}
	order_sort(b->s->arena, w->trackings.v, w->trackings.n, sizeof(struct import_tracking),
	           cmp_tracking);
}

enum err
import_trackings_store(struct import_batch *b)
{
	struct db_rows *rows = db_rows_of(b->s->arena, &q_import_trackings_put, b->s->client_id);
	enum err e = load(b);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].in->ticket->trackings_known)
			merge(b, &b->v[i], rows);
	return db_exec(b->s->db, &q_import_trackings_put, DB_NO_PARAMS, rows, NULL);
}
