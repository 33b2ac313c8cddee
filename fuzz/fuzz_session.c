/* Any trackings and messages, imported twice in different states, and any changes of a
 * conversation: sessions keep their laws, rows settle, the quick assignment is the plain one and
 * the local cut is the full one. */
#include <assert.h>
#include <stdint.h>

#include "core/episode.h"
#include "core/order.h"
#include "core/session_diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 64 };

struct input {
	const uint8_t *p;
	size_t n;
};

static uint8_t
take(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

/* Mostly quarters of a minute or of a day close together; the greatest and least times there are,
 * too. */
static int64_t
take_time(struct input *in, int64_t unit)
{
	uint8_t b = take(in);
	uint64_t v = 0;

	if (b == 255)
		return TIME_NONE;
	if (b < 254)
		return (b >> 1) * unit + (b & 1);
	for (int i = 0; i < 8; i++)
		v = v << 8 | take(in);
	return (int64_t)v == TIME_NONE ? INT64_MAX : (int64_t)v;
}

static size_t
take_times(struct arena *a, struct input *in, int64_t unit, int64_t *out)
{
	size_t n = 0;

	for (size_t i = take(in) % MOST; i > 0; i--) {
		int64_t t = take_time(in, unit);
		if (t != TIME_NONE)
			out[n++] = t;
	}
	order_sort(a, out, n, sizeof *out, order_cmp_i64);
	return n;
}

static void
check_set(struct arena *a, const struct session_set *set, const int64_t *times, size_t n_times)
{
	struct session *s = ARENA_ARRAY(a, set->n, struct session);
	size_t out[MOST];

	for (size_t i = 0; i < set->n; i++) {
		s[i] = set->v[i].s;
		assert(s[i].type == SESSION_CLOSED || i + 1 == set->n);
		assert(s[i].type != SESSION_CLOSED || s[i].start <= s[i].end);
		assert(s[i].n_ids > 0 && s[i].lead_in != TIME_NONE);
		(void)session_settles_at(&s[i]);
		assert(session_duration_ms(&s[i]) == TIME_NONE || session_duration_ms(&s[i]) >= 0);
	}
	session_assign_all(a, s, set->n, times, n_times, out);
	for (size_t i = 0; i < n_times; i++)
		assert(out[i] == session_assign(s, set->n, times[i]));
}

static void
write_rows(struct session_row *rows, size_t *n_rows, const struct session_set *set,
           const struct session_diff *d)
{
	for (size_t i = 0; i < d->n_leaving; i++)
		rows[d->leaving[i].row].retired = true;
	for (size_t i = 0; i < set->n; i++) {
		struct session_row *row = d->places[i].act == SESSION_INSERT
		                                  ? &rows[(*n_rows)++]
		                                  : &rows[d->places[i].row];
		row->s = set->v[i].s;
		row->retired = false;
		row->heir = UUID_NIL;
		row->id.b[0] = (unsigned char)(row - rows + 1);
		d->places[i].row = (size_t)(row - rows);
	}
	for (size_t i = 0; i < d->n_leaving; i++) {
		size_t heir = d->leaving[i].heir;
		rows[d->leaving[i].row].heir = heir == SESSION_NONE ? UUID_NIL
		                                                    : rows[d->places[heir].row].id;
	}
}

static void
check_imports(struct arena *a, struct input *in)
{
	struct session_row rows[3 * MOST] = { 0 };
	size_t n_rows = 0;

	for (int step = 0; step < 3; step++) {
		struct tracking t[MOST];
		int64_t times[MOST];
		size_t n = take(in) % MOST, n_times;
		struct session_set set;
		struct session_diff d;

		for (size_t i = 0; i < n; i++) {
			uint8_t b = take(in);
			t[i] = (struct tracking){ .id = b & 63, .missing = (b & 64) != 0 };
			t[i].created_at = take_time(in, 15 * TIME_SECOND);
			t[i].started_at = take_time(in, 15 * TIME_SECOND);
			t[i].finished_at = take_time(in, 15 * TIME_SECOND);
		}
		n_times = take_times(a, in, 15 * TIME_SECOND, times);
		session_derive(a, t, n, times, n_times, &set);
		check_set(a, &set, times, n_times);
		session_diff(a, rows, n_rows, set.v, set.n, &d);
		write_rows(rows, &n_rows, &set, &d);
		session_diff(a, rows, n_rows, set.v, set.n, &d);
		assert(!d.changes);
	}
}

static void
check_episodes(struct arena *a, struct input *in)
{
	int64_t times[MOST], left[2 * MOST], added[MOST];
	struct episode_removed removed[MOST];
	size_t n = take_times(a, in, 6 * TIME_HOUR, times), n_left = 0, n_removed = 0, n_old, n_now;
	size_t n_added = take_times(a, in, 6 * TIME_HOUR, added);
	struct episode_run *old, *now;
	struct episode_plan plan;

	for (size_t i = 0; i < n; i++) {
		if (take(in) % 4 == 1)
			removed[n_removed++] =
				(struct episode_removed){ .at = times[i], .moved_to = TIME_NONE };
		else
			left[n_left++] = times[i];
	}
	for (size_t i = 0; i < n_added; i++)
		left[n_left++] = added[i];
	order_sort(a, left, n_left, sizeof *left, order_cmp_i64);
	for (size_t i = 0; i < n_removed; i++) {
		size_t later = order_first_after(left, n_left, removed[i].at);
		size_t after = order_first_after(left, n_left, removed[i].at - 1);
		removed[i].before = later > 0 ? left[later - 1] : TIME_NONE;
		removed[i].after = after < n_left ? left[after] : TIME_NONE;
	}
	episode_cut(a, times, n, &old, &n_old);
	struct episode_row *rows = ARENA_ARRAY(a, n_old, struct episode_row);
	for (size_t i = 0; i < n_old; i++)
		rows[i] = (struct episode_row){ .span = old[i].span, .count = old[i].count };
	episode_recut(a, rows, n_old,
	              &(struct episode_changes){ added, n_added, removed, n_removed }, &plan);
	episode_cut(a, left, n_left, &now, &n_now);
	assert(plan.n_runs == n_now);
	for (size_t i = 0; i < n_now; i++) {
		assert(plan.runs[i].span.start == now[i].span.start);
		assert(plan.runs[i].span.end == now[i].span.end);
		assert(plan.runs[i].recount || plan.runs[i].count == now[i].count);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct arena *a = arena_new(16u << 20);

	check_imports(a, &in);
	check_episodes(a, &in);
	arena_free(a);
	return 0;
}
