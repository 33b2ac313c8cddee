/* Sessions for tests: shown as text, random ones with many ties, and a ticket whose stored rows are
 * kept as the shell would keep them. */
#ifndef RECADO_TESTS_SESSION_FIXTURE_H
#define RECADO_TESTS_SESSION_FIXTURE_H

#include "core/session_diff.h"
#include "fold_fixture.h"

/* TRACKING(id, createdAt, startedAt, finishedAt, more members) */
#define TRACKING(i, created, started, finished, ...)                                               \
	{                                                                                          \
		.id = (i), .created_at = (created), .started_at = (started),                       \
		.finished_at = (finished), __VA_ARGS__                                             \
	}
#define NONE      TIME_NONE
#define LENGTH(v) (sizeof(v) / sizeof(v)[0])

static inline struct str
show_ids(const int64_t *ids, size_t n)
{
	struct str text = STR("");

	for (size_t i = 0; i < n; i++)
		text = str_fmt(test_arena(), STR_FMT "%s%lld", STR_ARG(text), i > 0 ? "," : "",
		               (long long)ids[i]);
	return text;
}

/* "CLOSED 10-20 from 5 [1,2] not_accepted Ana": `from` only when it is not the start. */
static inline struct str
show_session(const struct session *s)
{
	static const char *const types[] = { "CLOSED", "OPEN_REAL", "OPEN_WEAK" };
	struct arena *a = test_arena();
	struct str end = STR(""), lead_in = STR(""), ids = show_ids(s->ids, s->n_ids);

	if (s->end != TIME_NONE)
		end = str_fmt(a, "%lld", (long long)s->end);
	if (s->lead_in != s->start)
		lead_in = str_fmt(a, " from %lld", (long long)s->lead_in);
	return str_fmt(a, "%s %lld-" STR_FMT STR_FMT " [" STR_FMT "]%s%s%s%s%s" STR_FMT,
	               types[s->type], (long long)s->start, STR_ARG(end), STR_ARG(lead_in),
	               STR_ARG(ids), (s->flags & SESSION_NOT_ACCEPTED) != 0 ? " not_accepted" : "",
	               (s->flags & SESSION_BAD_INTERVAL) != 0 ? " bad_interval" : "",
	               (s->flags & SESSION_END_INFERRED) != 0 ? " end_inferred" : "",
	               (s->flags & SESSION_ANCHORED) != 0 ? " anchored" : "",
	               s->user_name.n > 0 ? " " : "", STR_ARG(s->user_name));
}

static inline struct str
show_set(const struct session_set *set)
{
	struct str text = STR("");

	for (size_t i = 0; i < set->n; i++) {
		struct str one = show_session(&set->v[i].s);
		text = str_fmt(test_arena(), STR_FMT "%s" STR_FMT, STR_ARG(text), i > 0 ? "; " : "",
		               STR_ARG(one));
	}
	return text;
}

static inline void
shuffle(struct fold_random *r, void *v, size_t n, size_t size)
{
	char *p = v, swap[256];

	ck_assert_uint_le(size, sizeof swap);
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)fold_below(r, (int)i);
		memcpy(swap, p + k * size, size);
		memmove(p + k * size, p + (i - 1) * size, size);
		memcpy(p + (i - 1) * size, swap, size);
	}
}

/* Half minutes, now and then a millisecond off: chains, equal starts and shared instants are
 * common. */
static inline int64_t
random_moment(struct fold_random *r)
{
	return 30000 * fold_below(r, 20) + (fold_below(r, 4) == 0 ? fold_below(r, 3) - 1 : 0);
}

static inline struct tracking
random_tracking(struct fold_random *r, int64_t id)
{
	struct tracking t = { .id = id,
		              .created_at = random_moment(r),
		              .started_at = random_moment(r),
		              .finished_at = random_moment(r),
		              .user_name = fold_text(r, test_arena(), 'n', 3) };
	int shape = fold_below(r, 16);

	if (shape % 8 < 4)
		t.finished_at = TIME_NONE;
	if (shape % 4 < 2)
		t.started_at = TIME_NONE;
	if (shape == 15)
		t.created_at = TIME_NONE;
	t.missing = fold_below(r, 8) == 0;
	return t;
}

/* Up to `max` ascending times. */
static inline size_t
random_times(struct fold_random *r, int64_t *times, int max)
{
	size_t n = (size_t)fold_below(r, max + 1);

	for (size_t i = 0; i < n; i++) {
		size_t k = i;
		int64_t t = random_moment(r);
		for (; k > 0 && times[k - 1] > t; k--)
			times[k] = times[k - 1];
		times[k] = t;
	}
	return n;
}

/* The rows of one ticket. */
struct world {
	struct session_row rows[512];
	size_t n;
	uint64_t ids; /* how many were given; what they look like says nothing about their age */
};

static inline struct uuid
world_id(struct world *w)
{
	struct fold_random r = { .state = 977 + w->ids++ };
	struct uuid id;

	for (size_t i = 0; i < sizeof id.b; i++)
		id.b[i] = (unsigned char)fold_next(&r);
	return id;
}

/* Writes what the diff says; the rows written. */
static inline size_t
world_write(struct world *w, const struct session_wanted *wanted, size_t n,
            const struct session_diff *d)
{
	struct uuid *ids = ARENA_ARRAY(test_arena(), n, struct uuid);
	size_t written = d->n_leaving;

	for (size_t i = 0; i < n; i++) {
		struct session_row *row = &w->rows[w->n];
		if (d->places[i].act == SESSION_INSERT) {
			ck_assert_uint_lt(w->n, LENGTH(w->rows));
			ck_assert(d->places[i].row == SESSION_NONE);
			*row = (struct session_row){ .id = world_id(w) };
			w->n++;
		} else {
			row = &w->rows[d->places[i].row];
		}
		ids[i] = row->id;
		if (d->places[i].act == SESSION_KEEP)
			continue;
		row->s = wanted[i].s;
		row->retired = false;
		row->heir = UUID_NIL;
		written++;
	}
	for (size_t i = 0; i < d->n_leaving; i++) {
		struct session_row *row = &w->rows[d->leaving[i].row];
		ck_assert(row->retired == d->leaving[i].again);
		row->retired = true;
		row->heir = d->leaving[i].heir == SESSION_NONE ? UUID_NIL : ids[d->leaving[i].heir];
	}
	ck_assert(d->changes == (written > 0));
	return written;
}

/* One import of the ticket; the rows written. */
static inline size_t
world_import(struct world *w, const struct tracking *trackings, size_t n_trackings,
             const int64_t *times, size_t n_times)
{
	struct session_set set;
	struct session_diff d;

	session_derive(test_arena(), trackings, n_trackings, times, n_times, &set);
	session_diff(test_arena(), w->rows, w->n, set.v, set.n, &d);
	return world_write(w, set.v, set.n, &d);
}

#endif
