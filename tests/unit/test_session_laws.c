/*
 * Laws of sessions over random tickets, seeded: what order and batching may not change, what is
 * never true of two sessions at once, and that the quick ways give what the plain ones give.
 */
#include "session_fixture.h"

enum { TICKETS = 10000, HISTORIES = 3000, IMPORTS = 5, MOST = 8 };

/* R6 once more, written from the rule as a list to be narrowed. */
static size_t
narrow(const struct session *s, const bool *in, size_t n, bool nearest)
{
	size_t best = SESSION_NONE;

	for (size_t i = 0; i < n; i++) {
		bool beaten = !in[i];
		for (size_t k = 0; k < n && !beaten; k++) {
			int64_t end_i = s[i].end == NONE ? INT64_MAX : s[i].end;
			int64_t end_k = s[k].end == NONE ? INT64_MAX : s[k].end;
			if (k == i || !in[k])
				continue;
			if (s[k].start != s[i].start)
				beaten = (s[k].start > s[i].start) != nearest;
			else if (end_k != end_i)
				beaten = end_k < end_i;
			else
				beaten = s[k].ids[s[k].n_ids - 1] > s[i].ids[s[i].n_ids - 1];
		}
		if (!beaten) {
			ck_assert(best == SESSION_NONE);
			best = i;
		}
	}
	return best;
}

static size_t
by_the_rule(const struct session *s, size_t n, int64_t t)
{
	bool closed[64], open[64], waiting[64];
	size_t found;

	for (size_t i = 0; i < n; i++) {
		closed[i] = s[i].type == SESSION_CLOSED && s[i].start <= t && t <= s[i].end;
		open[i] = s[i].type != SESSION_CLOSED && t >= s[i].start;
		waiting[i] = s[i].lead_in <= t && t < s[i].start;
	}
	found = narrow(s, closed, n, false);
	if (found == SESSION_NONE)
		found = narrow(s, open, n, false);
	return found != SESSION_NONE ? found : narrow(s, waiting, n, true);
}

static size_t
random_trackings(struct fold_random *r, struct tracking *t)
{
	size_t n = (size_t)fold_below(r, MOST + 1);

	for (size_t i = 0; i < n; i++)
		t[i] = random_tracking(r, (int64_t)i + 1);
	return n;
}

static bool
has(const int64_t *ids, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++) {
		if (ids[i] == id)
			return true;
	}
	return false;
}

/* How many sessions have it as a member. */
static size_t
memberships(const struct session_set *set, int64_t id)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		n += has(set->v[i].s.ids, set->v[i].s.n_ids, id);
	return n;
}

static void
check_shape(const struct session_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct session *s = &set->v[i].s;

		ck_assert_uint_ge(s->n_ids, 1);
		ck_assert_int_ne(s->lead_in, NONE);
		for (size_t k = 1; k < s->n_ids; k++)
			ck_assert_int_lt(s->ids[k - 1], s->ids[k]);
		if (s->type == SESSION_CLOSED) {
			ck_assert_int_le(s->start, s->end);
			ck_assert_uint_eq(s->n_ids, 1);
		} else {
			ck_assert_uint_eq(i, set->n - 1); /* so at most one is open */
			ck_assert_int_eq(s->end, NONE);
		}
		if (s->type == SESSION_OPEN_WEAK)
			ck_assert((s->flags & SESSION_ANCHORED) != 0 ? s->start < s->lead_in
			                                             : s->start == s->lead_in);
		else
			ck_assert_uint_eq(s->flags & SESSION_ANCHORED, 0);
	}
}

START_TEST(every_tracking_is_in_the_sessions_that_its_class_allows)
{
	struct fold_random r = { .state = 11 };
	size_t open = 0;

	for (int i = 0; i < TICKETS; i++) {
		arena_reset(test_arena());
		struct tracking t[MOST];
		int64_t times[MOST];
		size_t n = random_trackings(&r, t), n_times = random_times(&r, times, MOST);
		struct session_set set;

		session_derive(test_arena(), t, n, times, n_times, &set);
		check_shape(&set);
		open += set.n > 0 && set.v[set.n - 1].s.type != SESSION_CLOSED;
		for (size_t k = 0; k < n; k++) {
			size_t in = memberships(&set, t[k].id);
			if (t[k].finished_at != NONE)
				ck_assert_uint_eq(in, 1);
			else
				ck_assert_uint_le(in, t[k].missing ? 0 : 1);
		}
		/* an accepted one that is not there any more changes nothing for the others */
		size_t there = 0;
		for (size_t k = 0; k < n; k++) {
			if (!t[k].missing || t[k].finished_at != NONE)
				t[there++] = t[k];
		}
		struct session_set without;
		session_derive(test_arena(), t, there, times, n_times, &without);
		ck_assert_slice(show_set(&without), show_set(&set));
	}
	ck_assert_uint_gt(open, TICKETS / 4);
	ck_assert_uint_lt(open, TICKETS);
}
END_TEST

START_TEST(the_order_of_trackings_changes_nothing)
{
	struct fold_random r = { .state = 12 };

	for (int i = 0; i < TICKETS; i++) {
		arena_reset(test_arena());
		struct tracking t[MOST];
		int64_t times[MOST];
		size_t n = random_trackings(&r, t), n_times = random_times(&r, times, MOST);
		struct session_set one, other;

		session_derive(test_arena(), t, n, times, n_times, &one);
		shuffle(&r, t, n, sizeof *t);
		session_derive(test_arena(), t, n, times, n_times, &other);
		ck_assert_slice(show_set(&other), show_set(&one));
		ck_assert_slice(show_ids(other.rejected, other.n_rejected),
		                show_ids(one.rejected, one.n_rejected));
	}
}
END_TEST

START_TEST(a_message_is_in_one_session_at_most_and_all_ways_to_it_agree)
{
	struct fold_random r = { .state = 13 };
	size_t tracked = 0, waited = 0, all = 0;

	for (int i = 0; i < TICKETS; i++) {
		arena_reset(test_arena());
		struct tracking t[MOST];
		struct session s[MOST];
		int64_t times[4 * MOST];
		size_t out[4 * MOST];
		size_t n = random_trackings(&r, t), n_times = random_times(&r, times, 4 * MOST);
		struct session_set set;

		session_derive(test_arena(), t, n, times, n_times, &set);
		for (size_t k = 0; k < set.n; k++)
			s[k] = set.v[k].s;
		shuffle(&r, s, set.n, sizeof *s);
		session_assign_all(test_arena(), s, set.n, times, n_times, out);
		for (size_t k = 0; k < n_times; k++) {
			ck_assert(out[k] == by_the_rule(s, set.n, times[k]));
			ck_assert(out[k] == session_assign(s, set.n, times[k]));
			tracked += out[k] != SESSION_NONE;
			waited += out[k] != SESSION_NONE && times[k] < s[out[k]].start;
			all++;
		}
	}
	ck_assert_uint_gt(tracked, all / 4);
	ck_assert_uint_lt(tracked, all);
	ck_assert_uint_gt(waited, all / 100);
}
END_TEST

/* Nested to the depth of their number: the sweep meets every session and every message once. */
START_TEST(thousands_of_sessions_and_tens_of_thousands_of_messages_take_no_time)
{
	enum { SESSIONS = 5000, MESSAGES = 40000 };
	struct arena *a = test_arena();
	struct session *s = ARENA_ARRAY(a, SESSIONS, struct session);
	int64_t *ids = ARENA_ARRAY(a, SESSIONS, int64_t);
	int64_t *times = ARENA_ARRAY(a, MESSAGES, int64_t);
	size_t *out = ARENA_ARRAY(a, MESSAGES, size_t);
	struct fold_random r = { .state = 14 };

	for (int64_t i = 0; i < SESSIONS; i++) {
		ids[i] = i;
		s[i] = (struct session){ .start = 4 * i + 2,
			                 .end = 80000 - 2 * i,
			                 .lead_in = 2 * i,
			                 .ids = &ids[i],
			                 .n_ids = 1 };
	}
	for (int64_t i = 0; i < MESSAGES; i++)
		times[i] = 2 * i + 1;
	shuffle(&r, s, SESSIONS, sizeof *s);
	session_assign_all(a, s, SESSIONS, times, MESSAGES, out);
	for (size_t i = 0; i < MESSAGES; i += 97)
		ck_assert(out[i] == session_assign(s, SESSIONS, times[i]));
}
END_TEST

static struct world world;

static struct session_row *
holder_of(const struct uuid *live, size_t n, int64_t id)
{
	for (size_t i = 0; i < world.n; i++) {
		struct session_row *row = &world.rows[i];
		for (size_t k = 0; k < n; k++) {
			if (uuid_eq(live[k], row->id) && has(row->s.ids, row->s.n_ids, id))
				return row;
		}
	}
	return NULL;
}

/* What an import did to the rows, against what was stored before it. */
static void
check_identity(const struct world *before, const struct session_set *set,
               const struct session_diff *d)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct session *s = &set->v[i].s;
		const struct session_place *p = &d->places[i];

		for (size_t k = 0; k < before->n; k++) {
			const struct session_row *row = &before->rows[k];
			bool shares = false, used = false;
			for (size_t m = 0; m < row->s.n_ids; m++)
				shares = shares || has(s->ids, s->n_ids, row->s.ids[m]);
			for (size_t m = 0; m < set->n; m++)
				used = used || d->places[m].row == k;
			if (!shares)
				continue;
			/* what it shares a tracking with goes on before anything is inserted */
			ck_assert(p->act != SESSION_INSERT || used);
			/* a tracking alone in its session stays there alone */
			if (!row->retired && s->n_ids == 1 && row->s.n_ids == 1)
				ck_assert_uint_eq(p->row, k);
			/* the first of several, unless it goes on elsewhere */
			if (!row->retired && !used && p->act != SESSION_INSERT) {
				const struct session_row *other = &before->rows[p->row];
				ck_assert(!other->retired);
				ck_assert_int_lt(other->s.ids[0], row->s.ids[0]);
			}
		}
	}
}

static void
check_rows(const struct session_set *set)
{
	struct uuid live[MOST];
	size_t n = 0;

	for (size_t i = 0; i < world.n; i++) {
		const struct session_row *row = &world.rows[i];
		size_t steps = 0;

		if (!row->retired) {
			ck_assert(uuid_is_nil(row->heir));
			ck_assert_uint_lt(n, set->n);
			live[n++] = row->id;
			size_t same = 0;
			for (size_t k = 0; k < set->n; k++)
				same += session_same(&set->v[k].s, &row->s);
			ck_assert_uint_eq(same, 1);
		}
		while (!uuid_is_nil(row->heir)) { /* heirs lead somewhere */
			size_t k = 0;
			while (k < world.n && !uuid_eq(world.rows[k].id, row->heir))
				k++;
			ck_assert_uint_lt(k, world.n);
			ck_assert_uint_le(++steps, world.n);
			row = &world.rows[k];
		}
	}
	ck_assert_uint_eq(n, set->n);
	for (size_t i = 0; i < world.n; i++) {
		const struct session_row *row = &world.rows[i];
		for (size_t k = 0; k < row->s.n_ids && row->retired; k++) {
			const struct session_row *h = holder_of(live, n, row->s.ids[k]);
			if (h == NULL)
				continue;
			ck_assert(!uuid_is_nil(row->heir));
			break;
		}
	}
}

/* Trackings as the next import may find them. */
static size_t
evolve(struct fold_random *r, struct tracking *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct tracking next = random_tracking(r, t[i].id);
		switch (fold_below(r, 6)) {
		case 0:
			t[i] = next;
			break;
		case 1:
			t[i].finished_at = next.finished_at;
			break;
		case 2:
			t[i].started_at = next.started_at;
			break;
		case 3:
			t[i].missing = next.missing;
			break;
		default:
			break;
		}
	}
	if (n < MOST && fold_below(r, 2) == 0) {
		t[n] = random_tracking(r, (int64_t)n + 1);
		n++;
	}
	return n;
}

/* The rows by age, their ids replaced by it: what two worlds must agree in. */
static struct str
show_rows(const struct world *w)
{
	struct arena *a = test_arena();
	struct str text = STR("");

	for (size_t i = 0; i < w->n; i++) {
		const struct session_row *row = &w->rows[i];
		struct str s = show_session(&row->s), heir = uuid_text(a, row->heir);
		struct str id = uuid_text(a, row->id);
		text = str_fmt(a, STR_FMT "\n" STR_FMT " %d " STR_FMT " -> " STR_FMT, STR_ARG(text),
		               STR_ARG(id), row->retired, STR_ARG(s), STR_ARG(heir));
	}
	return text;
}

/* One import whose diff is also asked with the rows in another order. */
static void
import(struct fold_random *r, const struct tracking *t, size_t n, const int64_t *times,
       size_t n_times)
{
	static struct world before, mixed;
	struct session_set set;
	struct session_diff d, other;

	before = world;
	mixed = world;
	session_derive(test_arena(), t, n, times, n_times, &set);
	session_diff(test_arena(), world.rows, world.n, set.v, set.n, &d);
	shuffle(r, mixed.rows, mixed.n, sizeof mixed.rows[0]);
	session_diff(test_arena(), mixed.rows, mixed.n, set.v, set.n, &other);
	for (size_t i = 0; i < set.n; i++) {
		ck_assert_int_eq(d.places[i].act, other.places[i].act);
		if (d.places[i].act != SESSION_INSERT)
			ck_assert(session_same(&world.rows[d.places[i].row].s,
			                       &mixed.rows[other.places[i].row].s));
	}
	ck_assert_uint_eq(d.n_leaving, other.n_leaving);
	for (size_t i = 0; i < d.n_leaving; i++)
		ck_assert(d.leaving[i].heir == other.leaving[i].heir);
	(void)world_write(&world, set.v, set.n, &d);
	check_identity(&before, &set, &d);
	check_rows(&set);
	struct str written = show_rows(&world);
	ck_assert_uint_eq(world_import(&world, t, n, times, n_times), 0);
	ck_assert_slice(show_rows(&world), written);
}

START_TEST(after_any_history_of_imports_the_rows_are_what_the_last_one_says)
{
	struct fold_random r = { .state = 15 };
	size_t revived = 0, heirs = 0;

	for (int i = 0; i < HISTORIES; i++) {
		arena_reset(test_arena());
		struct tracking t[MOST];
		int64_t times[MOST];
		size_t n = random_trackings(&r, t);

		memset(&world, 0, sizeof world);
		for (int k = 0; k < IMPORTS; k++) {
			size_t n_times = random_times(&r, times, MOST), retired = 0;
			for (size_t m = 0; m < world.n; m++)
				retired += world.rows[m].retired;
			import(&r, t, n, times, n_times);
			for (size_t m = 0; m < world.n; m++) {
				retired -= retired > 0 && world.rows[m].retired;
				heirs += !uuid_is_nil(world.rows[m].heir);
			}
			revived += retired > 0;
			n = evolve(&r, t, n);
		}
	}
	ck_assert_uint_gt(revived, HISTORIES / 50);
	ck_assert_uint_gt(heirs, HISTORIES / 50);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("session_laws", every_tracking_is_in_the_sessions_that_its_class_allows,
	                  the_order_of_trackings_changes_nothing,
	                  a_message_is_in_one_session_at_most_and_all_ways_to_it_agree,
	                  thousands_of_sessions_and_tens_of_thousands_of_messages_take_no_time,
	                  after_any_history_of_imports_the_rows_are_what_the_last_one_says);
}

TEST_MAIN(make_suite)
