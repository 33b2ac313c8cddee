/*
 * Which session a message is in. Why twice: session_assign() is the rule as it is written, and
 * session_assign_all() gives the same for a whole ticket in two sweeps. What always holds: both
 * compare sessions by the same total order, which ends in tracking ids, so the order of the
 * sessions given decides nothing.
 */
#include <assert.h>

#include "core/order.h"
#include "core/session.h"

static int64_t
highest_id(const struct session *s)
{
	assert(s->n_ids > 0);
	return s->ids[s->n_ids - 1];
}

/* An open session ends after every closed one. */
static int64_t
last_instant(const struct session *s)
{
	return s->type == SESSION_CLOSED ? s->end : INT64_MAX;
}

/* Among sessions of one start: earliest end, then highest id. <0: a goes first. */
static int
cmp_same_start(const struct session *a, const struct session *b)
{
	if (last_instant(a) != last_instant(b))
		return order_i64(last_instant(a), last_instant(b));
	return order_i64(highest_id(b), highest_id(a));
}

/* R6 (1) and (2): the latest start goes first. */
static int
cmp_latest(const struct session *a, const struct session *b)
{
	return a->start != b->start ? order_i64(b->start, a->start) : cmp_same_start(a, b);
}

/* R6 (3): all begin after the message, the earliest start is the nearest and goes first. */
static int
cmp_nearest(const struct session *a, const struct session *b)
{
	return a->start != b->start ? order_i64(a->start, b->start) : cmp_same_start(a, b);
}

size_t
session_assign(const struct session *v, size_t n, int64_t at)
{
	size_t closed = SESSION_NONE, open = SESSION_NONE, waiting = SESSION_NONE;

	for (size_t i = 0; i < n; i++) {
		const struct session *s = &v[i];

		if (s->type == SESSION_CLOSED && s->start <= at && at <= s->end) {
			if (closed == SESSION_NONE || cmp_latest(s, &v[closed]) < 0)
				closed = i;
		} else if (s->type != SESSION_CLOSED && s->start <= at) {
			if (open == SESSION_NONE || cmp_latest(s, &v[open]) < 0)
				open = i;
		} else if (s->lead_in <= at && at < s->start) {
			if (waiting == SESSION_NONE || cmp_nearest(s, &v[waiting]) < 0)
				waiting = i;
		}
	}
	if (closed != SESSION_NONE)
		return closed;
	return open != SESSION_NONE ? open : waiting;
}

/* Worst first: what is pushed last lies on top of the stack. */
static int
cmp_closed_sweep(const void *a, const void *b)
{
	return cmp_latest(*(const struct session *const *)b, *(const struct session *const *)a);
}

static int
cmp_waiting_sweep(const void *a, const void *b)
{
	return cmp_nearest(*(const struct session *const *)b, *(const struct session *const *)a);
}

static const struct session *
open_session(const struct session *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].type != SESSION_CLOSED)
			return &v[i];
	}
	return NULL;
}

/* R6 (1) and (2), forwards in time: a session that has ended never counts again. */
static void
sweep_inside(struct arena *a, const struct session *v, size_t n, const int64_t *times,
             size_t n_times, size_t *out)
{
	const struct session **closed = ARENA_ARRAY(a, n, const struct session *);
	const struct session **stack = ARENA_ARRAY(a, n, const struct session *);
	const struct session *open = open_session(v, n);
	size_t n_closed = 0, next = 0, top = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i].type == SESSION_CLOSED)
			closed[n_closed++] = &v[i];
	}
	order_sort(a, closed, n_closed, sizeof(const struct session *), cmp_closed_sweep);
	for (size_t i = 0; i < n_times; i++) {
		while (next < n_closed && closed[next]->start <= times[i])
			stack[top++] = closed[next++];
		while (top > 0 && stack[top - 1]->end < times[i])
			top--;
		if (top > 0)
			out[i] = (size_t)(stack[top - 1] - v);
		else if (open != NULL && open->start <= times[i])
			out[i] = (size_t)(open - v);
	}
}

/* R6 (3) for those still without a session, backwards in time: a wait that has not begun yet never
 * counts again. */
static void
sweep_waiting(struct arena *a, const struct session *v, size_t n, const int64_t *times,
              size_t n_times, size_t *out)
{
	const struct session **waiting = ARENA_ARRAY(a, n, const struct session *);
	const struct session **stack = ARENA_ARRAY(a, n, const struct session *);
	size_t n_waiting = 0, next = 0, top = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i].lead_in < v[i].start)
			waiting[n_waiting++] = &v[i];
	}
	order_sort(a, waiting, n_waiting, sizeof(const struct session *), cmp_waiting_sweep);
	for (size_t i = n_times; i-- > 0;) {
		while (next < n_waiting && waiting[next]->start > times[i])
			stack[top++] = waiting[next++];
		while (top > 0 && stack[top - 1]->lead_in > times[i])
			top--;
		if (top > 0 && out[i] == SESSION_NONE)
			out[i] = (size_t)(stack[top - 1] - v);
	}
}

void
session_assign_all(struct arena *a, const struct session *v, size_t n, const int64_t *times,
                   size_t n_times, size_t *out)
{
	for (size_t i = 0; i < n_times; i++)
		out[i] = SESSION_NONE;
	sweep_inside(a, v, n, times, n_times, out);
	sweep_waiting(a, v, n, times, n_times, out);
}
