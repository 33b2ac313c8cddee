/*
 * From trackings to sessions. What always holds: the result depends on the set of trackings, not on
 * their order, except that of equal ids the last one counts; at most one session is open and it
 * stands last; no time is read but those given.
 */
#include "core/session.h"

#include <assert.h>

#include "core/order.h"

/* A tracking after R0 and R1. */
struct usable {
	const struct tracking *t;
	int64_t created, start;
	enum session_type type;
};

struct deriving {
	struct arena *arena;
	struct usable *v; /* by (created, id) */
	size_t n;
	size_t n_real, n_weak;
	struct session_set *out;
};

static int
cmp_identity(const void *pa, const void *pb)
{
	const struct tracking *a = *(const struct tracking *const *)pa;
	const struct tracking *b = *(const struct tracking *const *)pb;

	if (a->id != b->id)
		return order_i64(a->id, b->id);
	return (int)b->missing - (int)a->missing;
}

static int
cmp_created(const void *pa, const void *pb)
{
	const struct usable *a = pa, *b = pb;

	if (a->created != b->created)
		return order_i64(a->created, b->created);
	return order_i64(a->t->id, b->t->id);
}

static int
cmp_start(const void *pa, const void *pb)
{
	const struct usable *a = pa, *b = pb;

	if (a->start != b->start)
		return order_i64(a->start, b->start);
	return order_i64(a->t->id, b->t->id);
}

static int
cmp_wanted(const void *pa, const void *pb)
{
	const struct session *a = &((const struct session_wanted *)pa)->s;
	const struct session *b = &((const struct session_wanted *)pb)->s;
	bool a_open = a->type != SESSION_CLOSED, b_open = b->type != SESSION_CLOSED;

	if (a_open != b_open)
		return a_open ? 1 : -1;
	if (a->start != b->start)
		return order_i64(a->start, b->start);
	return order_i64(a->ids[0], b->ids[0]);
}

static int64_t
first_time(int64_t a, int64_t b)
{
	return a != TIME_NONE ? a : b;
}

/* R0, R1 and R8 for one tracking; false if it has no usable time. */
static bool
classify(const struct tracking *t, struct usable *out)
{
	out->t = t;
	out->created = first_time(t->created_at, first_time(t->started_at, t->finished_at));
	out->start = first_time(t->started_at, out->created);
	if (t->finished_at != TIME_NONE)
		out->type = SESSION_CLOSED;
	else
		out->type = t->started_at != TIME_NONE ? SESSION_OPEN_REAL : SESSION_OPEN_WEAK;
	return out->created != TIME_NONE;
}

static void
read_trackings(struct deriving *d, const struct tracking *trackings, size_t n)
{
	const struct tracking **by_id = ARENA_ARRAY(d->arena, n, const struct tracking *);

	for (size_t i = 0; i < n; i++)
		by_id[i] = &trackings[i];
	order_sort(d->arena, by_id, n, sizeof(const struct tracking *), cmp_identity);
	d->v = ARENA_ARRAY(d->arena, n, struct usable);
	d->out->rejected = ARENA_ARRAY(d->arena, n, int64_t);
	for (size_t i = 0; i < n; i++) {
		struct usable u;

		if (i + 1 < n && by_id[i + 1]->id == by_id[i]->id)
			continue;
		if (!classify(by_id[i], &u)) {
			if (!u.t->missing)
				d->out->rejected[d->out->n_rejected++] = u.t->id;
			continue;
		}
		if (u.t->missing && u.type != SESSION_CLOSED)
			continue;
		d->n_real += u.type == SESSION_OPEN_REAL;
		d->n_weak += u.type == SESSION_OPEN_WEAK;
		d->v[d->n++] = u;
	}
	order_sort(d->arena, d->v, d->n, sizeof *d->v, cmp_created);
}

/* Those of one class, still by (created, id). */
static struct usable *
of_type(struct deriving *d, enum session_type type, size_t n)
{
	struct usable *v = ARENA_ARRAY(d->arena, n, struct usable);
	size_t found = 0;

	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i].type == type)
			v[found++] = d->v[i];
	}
	assert(found == n);
	return v;
}

/* The ids of v[0, n), ascending. */
static const int64_t *
ids_of(struct arena *a, const struct usable *v, size_t n)
{
	int64_t *ids = ARENA_ARRAY(a, n, int64_t);

	for (size_t i = 0; i < n; i++)
		ids[i] = v[i].t->id;
	order_sort(a, ids, n, sizeof *ids, order_cmp_i64);
	return ids;
}

/* A new session whose members are v[0, n). */
static struct session_wanted *
add_session(struct deriving *d, const struct usable *v, size_t n, int64_t end)
{
	struct session_wanted *w = &d->out->v[d->out->n++];
	const struct usable *standing = v;

	for (size_t i = 1; i < n; i++) {
		if (v[i].t->id > standing->t->id)
			standing = &v[i];
	}
	w->s = (struct session){ .type = v->type,
		                 .start = v->start,
		                 .end = end,
		                 .lead_in = v->created,
		                 .ids = ids_of(d->arena, v, n),
		                 .n_ids = n,
		                 .user_name = standing->t->user_name,
		                 .user_email = standing->t->user_email };
	return w;
}

static void
add_closed(struct deriving *d, const struct usable *u)
{
	struct session *s = &add_session(d, u, 1, u->t->finished_at)->s;

	if (u->t->started_at == TIME_NONE)
		s->flags |= SESSION_NOT_ACCEPTED;
	if (s->end < s->start) {
		s->end = s->start;
		s->flags |= SESSION_BAD_INTERVAL;
	}
}

/* R4 among the accepted ones: the newest start stays open, the others end where the next begins. */
static void
add_real(struct deriving *d)
{
	struct usable *v = of_type(d, SESSION_OPEN_REAL, d->n_real);
	size_t first = 0;

	order_sort(d->arena, v, d->n_real, sizeof *v, cmp_start);
	while (first < d->n_real) {
		size_t last = first;
		struct session_wanted *w;

		while (last + 1 < d->n_real && v[last + 1].start == v[first].start)
			last++;
		w = add_session(d, &v[last], 1, TIME_NONE);
		w->stood_for = ids_of(d->arena, &v[first], last - first);
		w->n_stood_for = last - first;
		first = last + 1;
		if (first < d->n_real) {
			w->s.type = SESSION_CLOSED;
			w->s.end = v[first].start - 1;
			w->s.flags |= SESSION_END_INFERRED;
		}
	}
}

/* R5. The closed ones are in d->out already. */
static void
anchor(const struct deriving *d, struct session *weak, const int64_t *times, size_t n_times)
{
	int64_t floor = TIME_NONE; /* before every time */
	size_t i;

	for (const struct session_wanted *w = d->out->v; &w->s != weak; w++) {
		int64_t end = w->s.end < weak->start ? w->s.end : weak->start;
		if (w->s.start <= weak->start && end > floor)
			floor = end;
	}
	i = order_first_after(times, n_times, floor);
	if (i < n_times && times[i] < weak->start) {
		weak->start = times[i];
		weak->flags |= SESSION_ANCHORED;
	}
}

/* R3 and R4 among those that wait: the newest chain. */
static void
add_weak(struct deriving *d, const int64_t *times, size_t n_times)
{
	const struct usable *v = of_type(d, SESSION_OPEN_WEAK, d->n_weak);
	size_t first = d->n_weak - 1;

	while (first > 0 && (uint64_t)v[first].created - (uint64_t)v[first - 1].created <=
	                            (uint64_t)SESSION_WEAK_GAP_MS)
		first--;
	anchor(d, &add_session(d, &v[first], d->n_weak - first, TIME_NONE)->s, times, n_times);
}

void
session_derive(struct arena *a, const struct tracking *trackings, size_t n_trackings,
               const int64_t *times, size_t n_times, struct session_set *out)
{
	struct session_set set = { 0 };
	struct deriving d = { .arena = a, .out = &set };

	read_trackings(&d, trackings, n_trackings);
	set.v = ARENA_ARRAY(a, d.n, struct session_wanted);
	for (size_t i = 0; i < d.n; i++) {
		if (d.v[i].type == SESSION_CLOSED)
			add_closed(&d, &d.v[i]);
	}
	if (d.n_real > 0)
		add_real(&d);
	else if (d.n_weak > 0)
		add_weak(&d, times, n_times);
	order_sort(a, set.v, set.n, sizeof *set.v, cmp_wanted);
	*out = set;
}

static const char *const type_words[] = { [SESSION_CLOSED] = "CLOSED",
	                                  [SESSION_OPEN_REAL] = "OPEN_REAL",
	                                  [SESSION_OPEN_WEAK] = "OPEN_WEAK" };

const char *
session_type_word(enum session_type type)
{
	return type_words[type];
}

enum session_type
session_type_of(struct str word)
{
	enum session_type type = SESSION_CLOSED;

	while (type < SESSION_OPEN_WEAK && !str_eq(word, str_from(type_words[type])))
		type++;
	return type;
}

int64_t
session_settles_at(const struct session *s)
{
	if (s->type != SESSION_CLOSED)
		return TIME_NONE;
	return s->end > INT64_MAX - SESSION_SETTLE_MS ? INT64_MAX : s->end + SESSION_SETTLE_MS;
}

int64_t
session_duration_ms(const struct session *s)
{
	const unsigned not_counted = SESSION_BAD_INTERVAL | SESSION_END_INFERRED |
	                             SESSION_NOT_ACCEPTED;

	if (s->type != SESSION_CLOSED || (s->flags & not_counted) != 0)
		return TIME_NONE;
	return s->end > INT64_MAX + (s->start < 0 ? s->start : 0) ? INT64_MAX : s->end - s->start;
}

void
session_response_add(struct session_response *r, int64_t at, bool outbound, bool human)
{
	if (!human)
		return;
	if (r->asked_at == TIME_NONE) {
		if (!outbound)
			r->asked_at = at;
	} else if (outbound && r->answered_at == TIME_NONE) {
		r->answered_at = at;
	}
}

static int
cmp_text(struct str a, struct str b)
{
	return a.n == 0 || b.n == 0 ? (a.n > 0) - (b.n > 0) : str_cmp(a, b);
}

int
session_cmp(const struct session *a, const struct session *b)
{
	int by;

	for (size_t i = 0; i < a->n_ids && i < b->n_ids; i++) {
		if (a->ids[i] != b->ids[i])
			return order_i64(a->ids[i], b->ids[i]);
	}
	if (a->n_ids != b->n_ids)
		return a->n_ids < b->n_ids ? -1 : 1;
	const int64_t x[] = { a->start, a->end, a->lead_in, a->type, a->flags };
	const int64_t y[] = { b->start, b->end, b->lead_in, b->type, b->flags };
	for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) {
		if (x[i] != y[i])
			return order_i64(x[i], y[i]);
	}
	by = cmp_text(a->user_name, b->user_name);
	return by != 0 ? by : cmp_text(a->user_email, b->user_email);
}

bool
session_same(const struct session *a, const struct session *b)
{
	return session_cmp(a, b) == 0;
}
