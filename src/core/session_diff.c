/*
 * Stored sessions against wanted ones. What always holds: a tracking is held by at most one wanted
 * session, so a row and a wanted session meet through tracking ids alone; every row gets at most
 * one wanted session and the reverse.
 */
#include "core/session_diff.h"

#include <assert.h>

#include "core/order.h"

/* Which wanted session has a tracking, as a member or as one it stands for. */
struct holder {
	int64_t id;
	size_t wanted;
	bool member;
};

struct diffing {
	const struct session_row *rows;
	size_t n_rows;
	struct holder *holders; /* by id, which are unique */
	size_t n_holders;
	const struct session_row **order; /* in which the rows choose */
};

static int
cmp_holder(const void *a, const void *b)
{
	return order_i64(((const struct holder *)a)->id, ((const struct holder *)b)->id);
}

static int
cmp_row(const void *pa, const void *pb)
{
	const struct session_row *a = *(const struct session_row *const *)pa;
	const struct session_row *b = *(const struct session_row *const *)pb;

	if (a->retired != b->retired)
		return a->retired ? 1 : -1;
	if (uuid_is_nil(a->heir) != uuid_is_nil(b->heir))
		return uuid_is_nil(a->heir) ? -1 : 1;
	return session_cmp(&a->s, &b->s);
}

static void
list_holders(struct arena *a, struct diffing *d, const struct session_wanted *wanted, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += wanted[i].s.n_ids + wanted[i].n_stood_for;
	d->holders = ARENA_ARRAY(a, total, struct holder);
	for (size_t i = 0; i < n; i++) {
		const struct session_wanted *w = &wanted[i];
		for (size_t k = 0; k < w->s.n_ids; k++)
			d->holders[d->n_holders++] = (struct holder){ w->s.ids[k], i, true };
		for (size_t k = 0; k < w->n_stood_for; k++)
			d->holders[d->n_holders++] = (struct holder){ w->stood_for[k], i, false };
	}
	order_sort(a, d->holders, d->n_holders, sizeof *d->holders, cmp_holder);
}

/* NULL: no wanted session has it. */
static const struct holder *
find_holder(const struct diffing *d, int64_t id)
{
	size_t lo = 0, hi = d->n_holders;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (d->holders[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < d->n_holders && d->holders[lo].id == id ? &d->holders[lo] : NULL;
}

/* The wanted session that the row goes on as; SESSION_NONE if none is left for it. */
static size_t
choose(const struct diffing *d, const struct session_row *row, const struct session_place *places)
{
	for (size_t i = 0; i < row->s.n_ids; i++) {
		const struct holder *h = find_holder(d, row->s.ids[i]);
		if (h != NULL && h->member && places[h->wanted].row == SESSION_NONE)
			return h->wanted;
	}
	return SESSION_NONE;
}

static size_t
heir_of(const struct diffing *d, const struct session_row *row)
{
	for (size_t i = 0; i < row->s.n_ids; i++) {
		const struct holder *h = find_holder(d, row->s.ids[i]);
		if (h != NULL)
			return h->wanted;
	}
	return SESSION_NONE;
}

static enum session_act
act_of(const struct session_row *row, const struct session *wanted)
{
	if (row->retired)
		return SESSION_REVIVE;
	return session_same(&row->s, wanted) ? SESSION_KEEP : SESSION_UPDATE;
}

/* A row that goes on as nothing; true if that is to be written. */
static bool
leave(const struct diffing *d, const struct session_row *row, const struct session_place *places,
      struct session_leaving *out)
{
	size_t heir = heir_of(d, row);

	*out = (struct session_leaving){ .row = (size_t)(row - d->rows),
		                         .again = row->retired,
		                         .heir = heir };
	if (!row->retired)
		return true;
	if (heir == SESSION_NONE)
		return false;
	return places[heir].row == SESSION_NONE ||
	       !uuid_eq(row->heir, d->rows[places[heir].row].id);
}

void
session_diff(struct arena *a, const struct session_row *rows, size_t n_rows,
             const struct session_wanted *wanted, size_t n_wanted, struct session_diff *out)
{
	struct diffing d = { .rows = rows, .n_rows = n_rows };
	bool *goes_on = ARENA_ARRAY(a, n_rows, bool);

	*out = (struct session_diff){ .places = ARENA_ARRAY(a, n_wanted, struct session_place),
		                      .leaving = ARENA_ARRAY(a, n_rows, struct session_leaving) };
	for (size_t i = 0; i < n_wanted; i++)
		out->places[i] = (struct session_place){ SESSION_INSERT, SESSION_NONE };
	list_holders(a, &d, wanted, n_wanted);
	d.order = ARENA_ARRAY(a, n_rows, const struct session_row *);
	for (size_t i = 0; i < n_rows; i++)
		d.order[i] = &rows[i];
	order_sort(a, d.order, n_rows, sizeof(const struct session_row *), cmp_row);
	for (size_t i = 0; i < n_rows; i++) {
		size_t w = choose(&d, d.order[i], out->places);
		if (w == SESSION_NONE)
			continue;
		out->places[w].row = (size_t)(d.order[i] - rows);
		out->places[w].act = act_of(d.order[i], &wanted[w].s);
		goes_on[i] = true;
	}
	for (size_t i = 0; i < n_rows; i++) {
		if (!goes_on[i] &&
		    leave(&d, d.order[i], out->places, &out->leaving[out->n_leaving]))
			out->n_leaving++;
	}
	out->changes = out->n_leaving > 0;
	for (size_t i = 0; i < n_wanted; i++)
		out->changes = out->changes || out->places[i].act != SESSION_KEEP;
}
