/*
 * Cutting by silence, whole and from the changes alone. Why the second is right: between two
 * neighbouring messages of one stored episode there are at most 24 h, so a longer gap inside an
 * episode can only be one that held a removed message, and the two boundary times read for that
 * message are the ends of just this gap. What is left of the stored episodes after these gaps are
 * taken out, and every added message by itself, are pieces without a longer gap; pieces that
 * overlap or lie at most 24 h apart are one episode. What always holds: stored rows are read as
 * intervals and counts, never message by message.
 */
#include "core/episode.h"

#include <assert.h>

#include "core/order.h"

/* Times now without a message, both ends left out. */
struct hole {
	int64_t lo, hi; /* lo TIME_NONE: from the beginning */
	bool last;      /* no message follows; hi says nothing */
};

/* Part of an episode without a gap. rank: of the row it comes from; SESSION_NONE: added. */
struct piece {
	struct episode_span span;
	size_t rank;
};

/* Row `rank` has messages in that run. */
struct touch {
	size_t rank, run;
};

/* A row in the order of choosing; where it stands in that order is its rank. */
struct ranked {
	const struct episode_row *row;
	int64_t left;     /* messages after the removals */
	int64_t moved_to; /* of its earliest message that was moved; TIME_NONE */
	size_t run;       /* where it lives on, or its heir */
	bool lives;
};

struct recut {
	struct arena *arena;
	const struct episode_row *rows;
	size_t n_rows;
	struct ranked *ranked;
	struct hole *holes;
	size_t n_holes;
	struct piece *pieces;
	size_t n_pieces;
	struct touch *touches; /* by (rank, run), each once */
	size_t n_touches;
	struct episode_plan *plan;
};

/* More than EPISODE_GAP_MS of silence between the end of one piece and the start of a later one. */
static bool
is_apart(int64_t end, int64_t start)
{
	return start > end && (uint64_t)start - (uint64_t)end > (uint64_t)EPISODE_GAP_MS;
}

static int
cmp_span(const struct episode_span *a, const struct episode_span *b)
{
	return a->start != b->start ? order_i64(a->start, b->start) : order_i64(a->end, b->end);
}

static int
cmp_ranked(const void *pa, const void *pb)
{
	const struct episode_row *a = ((const struct ranked *)pa)->row;
	const struct episode_row *b = ((const struct ranked *)pb)->row;
	int by;

	if (a->span.start != b->span.start)
		return order_i64(a->span.start, b->span.start);
	by = str_cmp(a->first_key, b->first_key);
	if (by != 0)
		return by;
	if (a->span.end != b->span.end)
		return order_i64(a->span.end, b->span.end);
	if (a->count != b->count)
		return order_i64(a->count, b->count);
	return order_i64(a->from, b->from);
}

static int
cmp_from(const void *pa, const void *pb)
{
	const struct episode_row *a = (*(const struct ranked *const *)pa)->row;
	const struct episode_row *b = (*(const struct ranked *const *)pb)->row;

	if (a->from != b->from)
		return order_i64(a->from, b->from);
	return order_i64(a->span.start, b->span.start);
}

static int
cmp_removed(const void *pa, const void *pb)
{
	const struct episode_removed *a = pa, *b = pb;

	return a->at != b->at ? order_i64(a->at, b->at) : order_i64(a->moved_to, b->moved_to);
}

static int
cmp_hole(const void *pa, const void *pb)
{
	return order_i64(((const struct hole *)pa)->lo, ((const struct hole *)pb)->lo);
}

static int
cmp_piece(const void *pa, const void *pb)
{
	return cmp_span(&((const struct piece *)pa)->span, &((const struct piece *)pb)->span);
}

static int
cmp_touch(const void *pa, const void *pb)
{
	const struct touch *a = pa, *b = pb;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return (a->run > b->run) - (a->run < b->run);
}

static int
cmp_window(const void *pa, const void *pb)
{
	return cmp_span(pa, pb);
}

static void
begin(struct recut *r)
{
	*r->plan = (struct episode_plan){ .leaving = ARENA_ARRAY(r->arena, r->n_rows,
		                                                 struct episode_leaving) };
	r->ranked = ARENA_ARRAY(r->arena, r->n_rows, struct ranked);
	for (size_t i = 0; i < r->n_rows; i++)
		r->ranked[i] = (struct ranked){ .row = &r->rows[i],
			                        .left = r->rows[i].count,
			                        .moved_to = TIME_NONE,
			                        .run = SESSION_NONE };
	order_sort(r->arena, r->ranked, r->n_rows, sizeof *r->ranked, cmp_ranked);
}

/* The row that a message of this conversation and time was in; NULL if none was given. */
static struct ranked *
row_at(struct ranked *const *by_from, size_t n, unsigned from, int64_t at)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct episode_row *row = by_from[mid]->row;
		if (row->from > from || (row->from == from && row->span.start > at))
			hi = mid;
		else
			lo = mid + 1;
	}
	if (lo == 0 || by_from[lo - 1]->row->from != from || by_from[lo - 1]->row->span.end < at)
		return NULL;
	return by_from[lo - 1];
}

/* Takes the removed messages off their rows and lists the gaps that they may have left. */
static void
take_removed(struct recut *r, const struct episode_removed *removed, size_t n)
{
	struct ranked **by_from = ARENA_ARRAY(r->arena, r->n_rows, struct ranked *);
	struct episode_removed *v = ARENA_ARRAY(r->arena, n, struct episode_removed);
	struct hole *holes = ARENA_ARRAY(r->arena, n, struct hole);
	size_t found = 0;

	for (size_t i = 0; i < r->n_rows; i++)
		by_from[i] = &r->ranked[i];
	order_sort(r->arena, by_from, r->n_rows, sizeof(struct ranked *), cmp_from);
	if (n > 0)
		memcpy(v, removed, n * sizeof *v);
	order_sort(r->arena, v, n, sizeof *v, cmp_removed);
	for (size_t i = 0; i < n; i++) {
		struct ranked *row = row_at(by_from, r->n_rows, v[i].from, v[i].at);

		assert(v[i].before <= v[i].at);
		assert(v[i].after == TIME_NONE || v[i].after >= v[i].at);
		if (row != NULL) {
			row->left--;
			if (row->moved_to == TIME_NONE)
				row->moved_to = v[i].moved_to;
		}
		if (v[i].before != v[i].after || v[i].before == TIME_NONE)
			holes[found++] =
				(struct hole){ v[i].before, v[i].after, v[i].after == TIME_NONE };
	}
	order_sort(r->arena, holes, found, sizeof *holes, cmp_hole);
	r->holes = holes;
	for (size_t i = 0; i < found; i++) {
		if (i == 0 || holes[i].lo != holes[i - 1].lo)
			r->holes[r->n_holes++] = holes[i];
	}
}

/* Index of the first hole that reaches beyond t. */
static size_t
first_hole(const struct recut *r, int64_t t)
{
	size_t lo = 0, hi = r->n_holes;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (r->holes[mid].last || r->holes[mid].hi > t)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* What the holes leave of a row: how many pieces; written to `out` unless that is NULL. */
static size_t
cut_row(const struct recut *r, size_t rank, struct piece *out)
{
	struct episode_span left = r->ranked[rank].row->span;
	size_t n = 0;

	if (r->ranked[rank].left <= 0)
		return 0;
	for (size_t i = first_hole(r, left.start); i < r->n_holes; i++) {
		const struct hole *h = &r->holes[i];

		if (h->lo >= left.end)
			break;
		if (h->lo >= left.start) {
			if (out != NULL)
				out[n] = (struct piece){ { left.start, h->lo }, rank };
			n++;
		}
		if (h->last || h->hi > left.end)
			return n;
		left.start = h->hi;
	}
	if (out != NULL)
		out[n] = (struct piece){ left, rank };
	return n + 1;
}

static void
list_pieces(struct recut *r, const int64_t *added, size_t n_added)
{
	size_t total = n_added;

	for (size_t i = 0; i < r->n_rows; i++)
		total += cut_row(r, i, NULL);
	r->pieces = ARENA_ARRAY(r->arena, total, struct piece);
	for (size_t i = 0; i < r->n_rows; i++)
		r->n_pieces += cut_row(r, i, r->pieces + r->n_pieces);
	for (size_t i = 0; i < n_added; i++)
		r->pieces[r->n_pieces++] = (struct piece){ { added[i], added[i] }, SESSION_NONE };
	order_sort(r->arena, r->pieces, r->n_pieces, sizeof *r->pieces, cmp_piece);
}

/* Pieces to runs. Counts hold the added messages only; touches are listed. */
static void
join_pieces(struct recut *r)
{
	struct episode_plan *plan = r->plan;
	struct episode_run *run = NULL;
	size_t n = 0;

	plan->runs = ARENA_ARRAY(r->arena, r->n_pieces, struct episode_run);
	r->touches = ARENA_ARRAY(r->arena, r->n_pieces, struct touch);
	for (size_t i = 0; i < r->n_pieces; i++) {
		const struct piece *p = &r->pieces[i];

		if (run == NULL || is_apart(run->span.end, p->span.start)) {
			run = &plan->runs[plan->n_runs++];
			run->span = p->span;
		}
		if (p->span.end > run->span.end)
			run->span.end = p->span.end;
		if (p->rank == SESSION_NONE)
			run->count++;
		else
			r->touches[n++] = (struct touch){ p->rank, plan->n_runs - 1 };
	}
	order_sort(r->arena, r->touches, n, sizeof *r->touches, cmp_touch);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || cmp_touch(&r->touches[i - 1], &r->touches[i]) != 0)
			r->touches[r->n_touches++] = r->touches[i];
	}
}

/* The end of the touches that row has, the first of which is `first`. */
static size_t
touches_end(const struct recut *r, size_t first, size_t rank)
{
	size_t end = first;

	while (end < r->n_touches && r->touches[end].rank == rank)
		end++;
	return end;
}

/* A whole row brings its count along; a torn one makes all its runs count anew. */
static void
count_runs(struct recut *r)
{
	struct episode_run *runs = r->plan->runs;

	for (size_t i = 0, end; i < r->n_touches; i = end) {
		end = touches_end(r, i, r->touches[i].rank);
		if (end - i == 1) {
			runs[r->touches[i].run].count += r->ranked[r->touches[i].rank].left;
			continue;
		}
		for (size_t k = i; k < end; k++)
			runs[r->touches[k].run].recount = true;
	}
}

/* The run that this time is in. */
static size_t
run_at(const struct episode_plan *plan, int64_t at)
{
	size_t lo = 0, hi = plan->n_runs;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (plan->runs[mid].span.end < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < plan->n_runs && plan->runs[lo].span.start <= at ? lo : SESSION_NONE;
}

static void
take_run(struct recut *r, size_t rank, size_t run)
{
	struct ranked *row = &r->ranked[rank];

	row->run = run;
	if (run == SESSION_NONE || r->plan->runs[run].row != SESSION_NONE)
		return;
	row->lives = true;
	r->plan->runs[run].row = (size_t)(row->row - r->rows);
}

/* Rows choose, those with messages left first; then what becomes of every run and row. */
static void
choose(struct recut *r)
{
	struct episode_plan *plan = r->plan;

	for (size_t i = 0; i < plan->n_runs; i++)
		plan->runs[i].row = SESSION_NONE;
	for (size_t rank = 0, i = 0, end; rank < r->n_rows; rank++, i = end) {
		end = touches_end(r, i, rank);
		for (size_t k = i; k < end && !r->ranked[rank].lives; k++)
			take_run(r, rank, r->touches[k].run);
		if (i < end && !r->ranked[rank].lives)
			r->ranked[rank].run = r->touches[i].run;
	}
	for (size_t rank = 0; rank < r->n_rows; rank++) {
		struct ranked *row = &r->ranked[rank];
		if (row->run == SESSION_NONE && row->moved_to != TIME_NONE)
			take_run(r, rank, run_at(plan, row->moved_to));
		if (!row->lives)
			plan->leaving[plan->n_leaving++] =
				(struct episode_leaving){ (size_t)(row->row - r->rows), row->run };
	}
	for (size_t i = 0; i < plan->n_runs; i++) {
		struct episode_run *run = &plan->runs[i];
		const struct episode_row *row;

		run->act = EPISODE_INSERT;
		if (run->row == SESSION_NONE)
			continue;
		row = &r->rows[run->row];
		run->act = !run->recount && run->count == row->count &&
		                           cmp_span(&run->span, &row->span) == 0
		                   ? EPISODE_KEEP
		                   : EPISODE_UPDATE;
	}
}

void
episode_recut(struct arena *a, const struct episode_row *rows, size_t n_rows,
              const struct episode_changes *changes, struct episode_plan *out)
{
	struct recut r = { .arena = a, .rows = rows, .n_rows = n_rows, .plan = out };

	begin(&r);
	take_removed(&r, changes->removed, changes->n_removed);
	list_pieces(&r, changes->added, changes->n_added);
	join_pieces(&r);
	count_runs(&r);
	choose(&r);
}

void
episode_cut(struct arena *a, const int64_t *times, size_t n, struct episode_run **runs,
            size_t *n_runs)
{
	size_t cut = 0, found = 0;

	for (size_t i = 0; i < n; i++)
		cut += i == 0 || is_apart(times[i - 1], times[i]);
	*runs = ARENA_ARRAY(a, cut, struct episode_run);
	*n_runs = cut;
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || is_apart(times[i - 1], times[i]))
			(*runs)[found++] = (struct episode_run){ .span.start = times[i],
				                                 .act = EPISODE_INSERT,
				                                 .row = SESSION_NONE };
		(*runs)[found - 1].span.end = times[i];
		(*runs)[found - 1].count++;
	}
}

/* Which rows' spans meet which runs: how many do; written to `out` unless that is NULL. */
static size_t
list_meetings(const struct recut *r, struct touch *out)
{
	const struct episode_run *runs = r->plan->runs;
	size_t first = 0, n = 0;

	for (size_t rank = 0; rank < r->n_rows; rank++) {
		const struct episode_span *span = &r->ranked[rank].row->span;

		while (first < r->plan->n_runs && runs[first].span.end < span->start)
			first++;
		for (size_t i = first; i < r->plan->n_runs && runs[i].span.start <= span->end;
		     i++) {
			if (out != NULL)
				out[n] = (struct touch){ rank, i };
			n++;
		}
	}
	return n;
}

void
episode_match(struct arena *a, const struct episode_row *rows, size_t n_rows,
              const struct episode_run *runs, size_t n_runs, struct episode_plan *out)
{
	struct recut r = { .arena = a, .rows = rows, .n_rows = n_rows, .plan = out };

	begin(&r);
	out->runs = ARENA_ARRAY(a, n_runs, struct episode_run);
	out->n_runs = n_runs;
	if (n_runs > 0)
		memcpy(out->runs, runs, n_runs * sizeof *runs);
	r.n_touches = list_meetings(&r, NULL);
	r.touches = ARENA_ARRAY(a, r.n_touches, struct touch);
	(void)list_meetings(&r, r.touches);
	choose(&r);
}

/* t − 24 h or t + 24 h, kept among the times there are. */
static int64_t
day_before(int64_t t)
{
	return t < TIME_NONE + 1 + EPISODE_GAP_MS ? TIME_NONE + 1 : t - EPISODE_GAP_MS;
}

static int64_t
day_after(int64_t t)
{
	return t > INT64_MAX - EPISODE_GAP_MS ? INT64_MAX : t + EPISODE_GAP_MS;
}

size_t
episode_windows(struct arena *a, const struct episode_span *changes, size_t n,
                struct episode_span **windows)
{
	struct episode_span *v = ARENA_ARRAY(a, n, struct episode_span);
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		v[i].start = day_before(changes[i].start);
		v[i].end = day_after(changes[i].end);
	}
	order_sort(a, v, n, sizeof *v, cmp_window);
	for (size_t i = 0; i < n; i++) {
		if (found > 0 && v[i].start <= v[found - 1].end) {
			if (v[i].end > v[found - 1].end)
				v[found - 1].end = v[i].end;
		} else {
			v[found++] = v[i];
		}
	}
	*windows = v;
	return found;
}

struct episode_view
episode_view(int64_t end, int64_t now)
{
	int64_t settled_at = day_after(end);

	if (now < settled_at)
		return (struct episode_view){ SESSION_OPEN_REAL, TIME_NONE, TIME_NONE };
	return (struct episode_view){ SESSION_CLOSED, end, settled_at };
}
