/*
 * Episodes: where silence cuts, which rows live on, and that the local way ends in what a full cut
 * gives, after any additions, removals, moves and joins.
 */
#include "core/episode.h"

#include "core/order.h"
#include "session_fixture.h"

#define HOUR TIME_HOUR
#define DAY  TIME_DAY
enum { CONVERSATIONS = 3000, STEPS = 6, MOST = 96 };

static struct str
show_runs(const struct episode_run *runs, size_t n)
{
	struct str text = STR("");

	for (size_t i = 0; i < n; i++)
		text = str_fmt(test_arena(), STR_FMT "%s%lld-%lld:%lld", STR_ARG(text),
		               i > 0 ? " " : "", (long long)runs[i].span.start,
		               (long long)runs[i].span.end, (long long)runs[i].count);
	return text;
}

/* "0-5:2=a 9-9:1=new; b->0": rows named by their index, heirs by the run's. */
static struct str
show_plan(const struct episode_plan *p)
{
	struct arena *a = test_arena();
	struct str text = STR("");

	for (size_t i = 0; i < p->n_runs; i++) {
		const struct episode_run *run = &p->runs[i];
		struct str one = show_runs(run, 1), row = STR("new");
		if (run->recount)
			one = str_fmt(a, "%lld-%lld:?", (long long)run->span.start,
			              (long long)run->span.end);
		if (run->row != SESSION_NONE)
			row = str_fmt(a, "%c%s", (char)('a' + run->row),
			              run->act == EPISODE_KEEP ? " kept" : "");
		ck_assert((run->act == EPISODE_INSERT) == (run->row == SESSION_NONE));
		text = str_fmt(a, STR_FMT "%s" STR_FMT "=" STR_FMT, STR_ARG(text), i > 0 ? " " : "",
		               STR_ARG(one), STR_ARG(row));
	}
	for (size_t i = 0; i < p->n_leaving; i++) {
		struct str heir = STR("none");
		if (p->leaving[i].heir != SESSION_NONE)
			heir = str_fmt(a, "%zu", p->leaving[i].heir);
		text = str_fmt(a, STR_FMT "; %c->" STR_FMT, STR_ARG(text),
		               (char)('a' + p->leaving[i].row), STR_ARG(heir));
	}
	return text;
}

#define TIMES(...)                                                                                 \
	(const int64_t[]){ __VA_ARGS__ }, sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)
#define ROWS(...)                                                                                  \
	(const struct episode_row[]){ __VA_ARGS__ },                                               \
		sizeof((const struct episode_row[]){ __VA_ARGS__ }) / sizeof(struct episode_row)

/* start, end, count, from, key */
#define ROW(s, e, n, f, k)                                                                         \
	{                                                                                          \
		.span = { (s), (e) }, .count = (n), .from = (f), .first_key = STR(k)               \
	}

START_TEST(a_gap_of_more_than_a_day_cuts_and_a_day_does_not)
{
	struct episode_run *runs;
	size_t n;

	episode_cut(test_arena(), TIMES(0, DAY, 2 * DAY + 1, 2 * DAY + 1, 3 * DAY + 1, 9 * DAY),
	            &runs, &n);
	ck_assert_str(show_runs(runs, n), "0-86400000:2 172800001-259200001:3 "
	                                  "777600000-777600000:1");
	episode_cut(test_arena(), NULL, 0, &runs, &n);
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(an_episode_reads_closed_once_a_day_has_passed)
{
	struct episode_view v = episode_view(5000, 5000 + DAY - 1);

	ck_assert_int_eq(v.type, SESSION_OPEN_REAL);
	ck_assert_int_eq(v.ended_at, NONE);
	ck_assert_int_eq(v.settled_at, NONE);
	v = episode_view(5000, 5000 + DAY);
	ck_assert_int_eq(v.type, SESSION_CLOSED);
	ck_assert_int_eq(v.ended_at, 5000);
	ck_assert_int_eq(v.settled_at, 5000 + DAY);
}
END_TEST

START_TEST(windows_reach_a_day_beyond_what_changed_and_are_disjoint)
{
	const struct episode_span changes[] = { { 9 * DAY, 9 * DAY },
		                                { 0, 0 },
		                                { 20 * DAY, 25 * DAY },
		                                { 2 * DAY, 2 * DAY },
		                                { 22 * DAY, 22 * DAY } };
	struct episode_span *w;

	ck_assert_uint_eq(episode_windows(test_arena(), changes, LENGTH(changes), &w), 3);
	ck_assert_int_eq(w[0].start, -DAY);
	ck_assert_int_eq(w[0].end, 3 * DAY);
	ck_assert_int_eq(w[1].start, 8 * DAY);
	ck_assert_int_eq(w[1].end, 10 * DAY);
	ck_assert_int_eq(w[2].start, 19 * DAY);
	ck_assert_int_eq(w[2].end, 26 * DAY);
}
END_TEST

START_TEST(a_local_cut_does_what_the_table_says)
{
	static const struct {
		const char *name;
		struct episode_row rows[4];
		size_t n_rows;
		int64_t added[4];
		size_t n_added;
		struct episode_removed removed[3];
		size_t n_removed;
		const char *plan;
	} table[] = {
		{ .name = "the first message", .added = { 5 }, .n_added = 1, .plan = "5-5:1=new" },
		{ .name = "nothing changes nothing",
		  .rows = { ROW(0, 10, 3, 0, "") },
		  .n_rows = 1,
		  .plan = "0-10:3=a kept" },
		{ .name = "a day later still belongs to it",
		  .rows = { ROW(0, 10, 3, 0, "") },
		  .n_rows = 1,
		  .added = { 10 + DAY },
		  .n_added = 1,
		  .plan = "0-86400010:4=a" },
		{ .name = "a ms more does not",
		  .rows = { ROW(0, 10, 3, 0, "") },
		  .n_rows = 1,
		  .added = { 11 + DAY },
		  .n_added = 1,
		  .plan = "0-10:3=a kept 86400011-86400011:1=new" },
		{ .name = "an earlier message moves the start, the row stays",
		  .rows = { ROW(0, 10, 3, 0, "") },
		  .n_rows = 1,
		  .added = { -DAY, -2 * DAY },
		  .n_added = 2,
		  .plan = "-172800000-10:5=a" },
		{ .name = "late history joins: the earlier row survives",
		  .rows = { ROW(2 * DAY, 2 * DAY, 1, 0, ""), ROW(0, 10, 3, 0, "") },
		  .n_rows = 2,
		  .added = { DAY },
		  .n_added = 1,
		  .plan = "0-172800000:5=b; a->0" },
		{ .name = "the last message goes",
		  .rows = { ROW(0, 10, 3, 0, "") },
		  .n_rows = 1,
		  .removed = { { 10, 0, 4, NONE, NONE } },
		  .n_removed = 1,
		  .plan = "0-4:2=a" },
		{ .name = "the first message goes",
		  .rows = { ROW(0, 10, 3, 0, "") },
		  .n_rows = 1,
		  .removed = { { 0, 0, NONE, 4, NONE } },
		  .n_removed = 1,
		  .plan = "4-10:2=a" },
		{ .name = "one of two at the same time goes",
		  .rows = { ROW(0, 10, 3, 0, "") },
		  .n_rows = 1,
		  .removed = { { 10, 0, 10, 10, NONE } },
		  .n_removed = 1,
		  .plan = "0-10:2=a" },
		{ .name = "without the one between exactly a day stays together",
		  .rows = { ROW(0, DAY, 3, 0, "") },
		  .n_rows = 1,
		  .removed = { { 5, 0, 0, DAY, NONE } },
		  .n_removed = 1,
		  .plan = "0-86400000:2=a" },
		{ .name = "without the one between it is torn",
		  .rows = { ROW(0, DAY + 1, 3, 0, "") },
		  .n_rows = 1,
		  .removed = { { 5, 0, 0, DAY + 1, NONE } },
		  .n_removed = 1,
		  .plan = "0-0:?=a 86400001-86400001:?=new" },
		{ .name = "moved but still between",
		  .rows = { ROW(0, DAY + 1, 3, 0, "") },
		  .n_rows = 1,
		  .added = { 7 },
		  .n_added = 1,
		  .removed = { { 5, 0, 0, 7, 7 } },
		  .n_removed = 1,
		  .plan = "0-86400001:3=a kept" },
		{ .name = "the only message goes",
		  .rows = { ROW(5, 5, 1, 0, "") },
		  .n_rows = 1,
		  .removed = { { 5, 0, NONE, NONE, NONE } },
		  .n_removed = 1,
		  .plan = "; a->none" },
		{ .name = "the only message moves far, its row goes with it",
		  .rows = { ROW(5, 5, 1, 0, "") },
		  .n_rows = 1,
		  .added = { 9 * DAY },
		  .n_added = 1,
		  .removed = { { 5, 0, NONE, 9 * DAY, 9 * DAY } },
		  .n_removed = 1,
		  .plan = "777600000-777600000:1=a" },
		{ .name = "the only message moves into another row, which took it over",
		  .rows = { ROW(5, 5, 1, 0, ""), ROW(9 * DAY, 9 * DAY, 1, 0, "") },
		  .n_rows = 2,
		  .added = { 9 * DAY },
		  .n_added = 1,
		  .removed = { { 5, 0, NONE, 9 * DAY, 9 * DAY } },
		  .n_removed = 1,
		  .plan = "777600000-777600000:2=b; a->0" },
		{ .name = "joined conversations that overlap are one, nothing is read",
		  .rows = { ROW(10, 50, 3, 0, "x"), ROW(5, 20, 4, 1, "y"),
		            ROW(60 + 3 * DAY, 60 + 3 * DAY, 2, 1, "z") },
		  .n_rows = 3,
		  .plan = "5-50:7=b 259200060-259200060:2=c kept; a->0" },
		{ .name = "joined at the same time: the key of the first message decides",
		  .rows = { ROW(5, 20, 3, 0, "x"), ROW(5, 50, 4, 1, "b") },
		  .n_rows = 2,
		  .plan = "5-50:7=b; a->0" },
		{ .name = "a message that both had is counted once",
		  .rows = { ROW(5, 50, 3, 0, "b"), ROW(5, 20, 4, 1, "b") },
		  .n_rows = 2,
		  .removed = { { 5, 1, 5, 5, NONE } },
		  .n_removed = 1,
		  .plan = "5-50:6=b; a->0" },
		{ .name = "nothing is there any more, whatever was counted",
		  .rows = { ROW(0, 10, 3, 0, "") },
		  .n_rows = 1,
		  .removed = { { 10, 0, NONE, NONE, NONE } },
		  .n_removed = 1,
		  .plan = "; a->none" },
		{ .name = "a row without messages does not live on in those of the other side",
		  .rows = { ROW(0, 40, 3, 0, "x"), ROW(10, 30, 2, 1, "y") },
		  .n_rows = 2,
		  .removed = { { 0, 0, NONE, 10, NONE },
		               { 20, 0, 10, 30, NONE },
		               { 40, 0, 30, NONE, NONE } },
		  .n_removed = 3,
		  .plan = "10-30:2=b kept; a->none" },
		{ .name = "a torn row whose first part joins an earlier one goes with its second",
		  .rows = { ROW(0, 0, 1, 0, ""), ROW(DAY + 10, 3 * DAY, 3, 0, "") },
		  .n_rows = 2,
		  .added = { 20 },
		  .n_added = 1,
		  .removed = { { 2 * DAY + 5, 0, DAY + 10, 3 * DAY, NONE } },
		  .n_removed = 1,
		  .plan = "0-86400010:?=a 259200000-259200000:?=b" },
		{ .name = "a torn row that finds no place points to where it begins",
		  .rows = { ROW(0, 0, 1, 0, ""), ROW(DAY + 5, 3 * DAY + 5, 3, 1, ""),
		            ROW(DAY + 10, 3 * DAY, 3, 0, "") },
		  .n_rows = 3,
		  .added = { 20 },
		  .n_added = 1,
		  .removed = { { 2 * DAY + 5, 0, DAY + 10, 3 * DAY, NONE },
		               { 2 * DAY + 5, 1, DAY + 10, 3 * DAY, NONE } },
		  .n_removed = 2,
		  .plan = "0-86400010:?=a 259200000-259200005:?=b; c->0" },
		{ .name = "a removed message is that of its own conversation",
		  .rows = { ROW(0, 10, 2, 0, "x"), ROW(5, 5, 1, 1, "y") },
		  .n_rows = 2,
		  .removed = { { 5, 1, 0, 10, NONE } },
		  .n_removed = 1,
		  .plan = "0-10:2=a kept; b->none" },
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		const struct episode_changes c = { table[i].added, table[i].n_added,
			                           table[i].removed, table[i].n_removed };
		struct episode_plan plan;
		episode_recut(test_arena(), table[i].rows, table[i].n_rows, &c, &plan);
		struct str shown = show_plan(&plan);
		ck_assert_msg(str_eq(shown, str_from(table[i].plan)), "%s: %s", table[i].name,
		              shown.p);
	}
}
END_TEST

static struct str
matched(const struct episode_row *rows, size_t n_rows, const int64_t *times, size_t n)
{
	struct episode_run *runs;
	struct episode_plan plan;
	size_t n_runs;

	episode_cut(test_arena(), times, n, &runs, &n_runs);
	episode_match(test_arena(), rows, n_rows, runs, n_runs, &plan);
	return show_plan(&plan);
}

START_TEST(a_full_cut_is_matched_with_the_rows_by_what_they_meet)
{
	ck_assert_str(matched(ROWS(ROW(0, 10, 2, 0, "")), TIMES(0, 10)), "0-10:2=a kept");
	ck_assert_str(matched(ROWS(ROW(0, 10, 2, 0, "")), TIMES(0, 5, 10)), "0-10:3=a");
	ck_assert_str(matched(ROWS(ROW(0, 2 * DAY, 9, 0, "")), TIMES(0, 2 * DAY)),
	              "0-0:1=a 172800000-172800000:1=new");
	ck_assert_str(matched(ROWS(ROW(2 * DAY, 2 * DAY, 1, 0, ""), ROW(0, 0, 1, 0, "")),
	                      TIMES(0, DAY, 2 * DAY)),
	              "0-172800000:3=b; a->0");
	ck_assert_str(matched(ROWS(ROW(0, 3 * DAY, 9, 0, ""), ROW(6 * DAY, 6 * DAY, 1, 0, "")),
	                      TIMES(0, 3 * DAY, 4 * DAY, 5 * DAY, 6 * DAY)),
	              "0-0:1=a 259200000-518400000:4=b");
	ck_assert_str(matched(ROWS(ROW(0, 10, 2, 0, "")), TIMES(9 * DAY)),
	              "777600000-777600000:1=new; a->none");
	ck_assert_str(matched(ROWS(ROW(0, 10, 2, 0, "")), NULL, 0), "; a->none");
}
END_TEST

/* A conversation as the database holds it: the times of its messages, and its rows. */
struct conversation {
	int64_t times[MOST];
	size_t n;
	struct episode_row rows[MOST];
	size_t n_rows;
};

/* Quarters of a day, so that gaps of exactly a day are common, and a ms off now and then. */
static int64_t
random_time(struct fold_random *r)
{
	return 6 * HOUR * (int64_t)fold_below(r, 80) + (fold_below(r, 5) == 0 ? 1 : 0);
}

static size_t
first_at_or_after(const struct conversation *c, int64_t t)
{
	return order_first_after(c->times, c->n, t - 1);
}

static void
put(struct conversation *c, int64_t t)
{
	size_t i = first_at_or_after(c, t);

	ck_assert_uint_lt(c->n, MOST);
	memmove(&c->times[i + 1], &c->times[i], (c->n - i) * sizeof c->times[0]);
	c->times[i] = t;
	c->n++;
}

static void
drop(struct conversation *c, int64_t t)
{
	size_t i = first_at_or_after(c, t);

	ck_assert(i < c->n && c->times[i] == t);
	c->n--;
	memmove(&c->times[i], &c->times[i + 1], (c->n - i) * sizeof c->times[0]);
}

struct changes {
	int64_t added[MOST];
	struct episode_removed removed[MOST];
	size_t n_added, n_removed;
	struct episode_span spans[4 * MOST];
	size_t n_spans;
};

static void
add_span(struct changes *ch, int64_t start, int64_t end)
{
	ch->spans[ch->n_spans++] = (struct episode_span){ start, end };
}

static void
add_one(struct conversation *c, struct changes *ch, int64_t t)
{
	put(c, t);
	ch->added[ch->n_added++] = t;
	add_span(ch, t, t);
}

/* A message of the conversation before, which is not counted on when it was added just now. */
static void
remove_one(struct conversation *c, struct changes *ch, unsigned from, int64_t t, int64_t moved_to)
{
	drop(c, t);
	ch->removed[ch->n_removed++] = (struct episode_removed){ t, from, NONE, NONE, moved_to };
	add_span(ch, t, t);
	if (moved_to != NONE)
		add_one(c, ch, moved_to);
}

static void
read_boundaries(const struct conversation *c, struct changes *ch)
{
	for (size_t i = 0; i < ch->n_removed; i++) {
		struct episode_removed *removed = &ch->removed[i];
		size_t after = first_at_or_after(c, removed->at);
		size_t later = order_first_after(c->times, c->n, removed->at);
		removed->after = after < c->n ? c->times[after] : NONE;
		removed->before = later > 0 ? c->times[later - 1] : NONE;
	}
}

/* Indexes of the rows that step 2 of the header reads. */
static size_t
read_rows(const struct conversation *c, const struct changes *ch, size_t *out)
{
	struct episode_span *windows;
	size_t n = 0, n_windows = episode_windows(test_arena(), ch->spans, ch->n_spans, &windows);

	for (size_t i = 0; i < c->n_rows; i++) {
		const struct episode_span *row = &c->rows[i].span;
		bool wanted = false;
		for (size_t k = 0; k < n_windows; k++)
			wanted = wanted ||
			         (row->start <= windows[k].end && row->end >= windows[k].start);
		if (wanted)
			out[n++] = i;
	}
	ck_assert_uint_le(n, 2 * ch->n_spans + 2 * n_windows);
	return n;
}

static int64_t
counted(const struct conversation *c, const struct episode_span *span)
{
	return (int64_t)(order_first_after(c->times, c->n, span->end) -
	                 first_at_or_after(c, span->start));
}

static int
cmp_row_start(const void *a, const void *b)
{
	return order_i64(((const struct episode_row *)a)->span.start,
	                 ((const struct episode_row *)b)->span.start);
}

/* Writes the plan and compares all rows with a full cut. `read`: the indexes of the rows given. */
static void
write_and_compare(struct conversation *c, const struct episode_plan *plan, const size_t *read,
                  size_t n_read)
{
	struct conversation next = { .n = 0 };
	struct episode_run *runs, *stored;
	size_t n_runs;

	for (size_t i = 0; i < c->n_rows; i++) {
		bool given = false;
		for (size_t k = 0; k < n_read; k++)
			given = given || read[k] == i;
		if (!given)
			next.rows[next.n_rows++] = c->rows[i];
	}
	for (size_t i = 0; i < plan->n_runs; i++) {
		const struct episode_run *run = &plan->runs[i];
		next.rows[next.n_rows++] = (struct episode_row){
			.span = run->span,
			.count = run->recount ? counted(c, &run->span) : run->count,
		};
	}
	order_sort(test_arena(), next.rows, next.n_rows, sizeof next.rows[0], cmp_row_start);
	memcpy(c->rows, next.rows, sizeof next.rows);
	c->n_rows = next.n_rows;

	stored = ARENA_ARRAY(test_arena(), c->n_rows, struct episode_run);
	for (size_t i = 0; i < c->n_rows; i++)
		stored[i] =
			(struct episode_run){ .span = c->rows[i].span, .count = c->rows[i].count };
	episode_cut(test_arena(), c->times, c->n, &runs, &n_runs);
	ck_assert_slice(show_runs(stored, c->n_rows), show_runs(runs, n_runs));
}

/* What holds of identity whatever happened. rows: those given. */
static void
check_plan(const struct episode_row *rows, size_t n_rows, const struct episode_plan *plan,
           const struct changes *ch)
{
	size_t at[MOST], lives = 0;

	for (size_t i = 0; i < n_rows; i++)
		at[i] = SESSION_NONE;
	for (size_t i = 0; i < plan->n_runs; i++) {
		const struct episode_run *run = &plan->runs[i];
		bool same;
		if (run->row == SESSION_NONE) {
			ck_assert_int_eq(run->act, EPISODE_INSERT);
			continue;
		}
		ck_assert_uint_lt(run->row, n_rows);
		ck_assert(at[run->row] == SESSION_NONE);
		at[run->row] = i;
		lives++;
		same = !run->recount && run->count == rows[run->row].count &&
		       run->span.start == rows[run->row].span.start &&
		       run->span.end == rows[run->row].span.end;
		ck_assert_int_eq(run->act, same ? EPISODE_KEEP : EPISODE_UPDATE);
	}
	ck_assert_uint_eq(lives + plan->n_leaving, n_rows);
	for (size_t i = 0; i < plan->n_leaving; i++) {
		ck_assert(at[plan->leaving[i].row] == SESSION_NONE);
		if (plan->leaving[i].heir != SESSION_NONE)
			ck_assert(plan->runs[plan->leaving[i].heir].row != SESSION_NONE);
	}
	if (ch->n_removed > 0)
		return;
	/* additions and joins alone: nothing is counted, and of the rows within a run the first
	 * survives */
	for (size_t i = 0; i < plan->n_runs; i++) {
		const struct episode_run *run = &plan->runs[i];
		bool any = false;
		ck_assert(!run->recount);
		for (size_t k = 0; k < n_rows; k++) {
			if (rows[k].span.start < run->span.start ||
			    rows[k].span.start > run->span.end)
				continue;
			any = true;
			ck_assert_int_le(rows[run->row].span.start, rows[k].span.start);
		}
		ck_assert(any == (run->row != SESSION_NONE));
	}
}

static void
recut(struct fold_random *r, struct conversation *c, struct changes *ch)
{
	struct episode_row rows[MOST];
	struct episode_plan plan, mixed;
	size_t read[MOST], n = read_rows(c, ch, read);
	const struct episode_changes all = { ch->added, ch->n_added, ch->removed, ch->n_removed };

	read_boundaries(c, ch);
	for (size_t i = 0; i < n; i++)
		rows[i] = c->rows[read[i]];
	episode_recut(test_arena(), rows, n, &all, &plan);
	check_plan(rows, n, &plan, ch);
	shuffle(r, ch->added, ch->n_added, sizeof ch->added[0]);
	shuffle(r, ch->removed, ch->n_removed, sizeof ch->removed[0]);
	episode_recut(test_arena(), rows, n, &all, &mixed);
	ck_assert_slice(show_plan(&mixed), show_plan(&plan));
	write_and_compare(c, &plan, read, n);
}

static void
change(struct fold_random *r, struct conversation *c, struct changes *ch)
{
	size_t before = c->n;
	int64_t old[MOST];
	int kinds = fold_below(r, 3); /* additions alone are as common as removals */

	memcpy(old, c->times, sizeof old);
	shuffle(r, old, before, sizeof old[0]);
	for (int n = fold_below(r, 5); n > 0 && c->n + 2 < MOST; n--) {
		if (kinds == 0 || before == 0)
			add_one(c, ch, random_time(r));
		else if (kinds == 1 || fold_below(r, 2) == 0)
			remove_one(c, ch, 0, old[--before], NONE);
		else
			remove_one(c, ch, 0, old[--before], random_time(r));
	}
}

START_TEST(the_local_way_ends_in_the_full_cut_after_any_changes)
{
	struct fold_random r = { .state = 21 };
	size_t torn = 0, joined = 0;

	for (int i = 0; i < CONVERSATIONS; i++) {
		struct conversation c = { .n = 0 };
		struct changes ch = { .n_added = 0 };

		arena_reset(test_arena());
		for (int n = fold_below(&r, 40); n > 0; n--)
			add_one(&c, &ch, random_time(&r));
		recut(&r, &c, &ch);
		for (int step = 0; step < STEPS; step++) {
			size_t n_rows = c.n_rows;
			ch = (struct changes){ .n_added = 0 };
			change(&r, &c, &ch);
			recut(&r, &c, &ch);
			torn += ch.n_added == 0 && c.n_rows > n_rows;
			joined += ch.n_removed == 0 && c.n_rows < n_rows;
		}
	}
	ck_assert_uint_gt(torn, CONVERSATIONS / 6);
	ck_assert_uint_gt(joined, CONVERSATIONS / 12);
}
END_TEST

START_TEST(messages_one_by_one_in_any_order_are_one_batch)
{
	struct fold_random r = { .state = 22 };

	for (int i = 0; i < CONVERSATIONS / 4; i++) {
		struct conversation c = { .n = 0 };

		arena_reset(test_arena());
		for (int n = fold_below(&r, 30); n > 0; n--) {
			struct changes ch = { .n_added = 0 };
			add_one(&c, &ch, random_time(&r));
			recut(&r, &c, &ch);
		}
	}
}
END_TEST

/* b's messages and rows become a's; some were in both. */
static void
join(struct fold_random *r, struct conversation *a, const struct conversation *b,
     struct changes *ch)
{
	for (size_t i = 0; i < b->n_rows; i++) {
		a->rows[a->n_rows] = b->rows[i];
		a->rows[a->n_rows].from = 1;
		a->n_rows++;
		add_span(ch, b->rows[i].span.start, b->rows[i].span.end);
	}
	for (size_t i = 0; i < b->n; i++)
		put(a, b->times[i]);
	for (size_t i = 0; i < b->n; i++) {
		if (fold_below(r, 4) == 0)
			remove_one(a, ch, 1, b->times[i],
			           fold_below(r, 3) == 0 ? random_time(r) : NONE);
	}
}

START_TEST(joined_conversations_end_in_the_full_cut_of_both)
{
	struct fold_random r = { .state = 23 };

	for (int i = 0; i < CONVERSATIONS; i++) {
		struct conversation c[2] = { { .n = 0 }, { .n = 0 } };
		struct changes ch = { .n_added = 0 };

		arena_reset(test_arena());
		for (int k = 0; k < 2; k++) {
			ch = (struct changes){ .n_added = 0 };
			for (int n = fold_below(&r, 20); n > 0; n--)
				add_one(&c[k], &ch, random_time(&r));
			recut(&r, &c[k], &ch);
		}
		ch = (struct changes){ .n_added = 0 };
		if (fold_below(&r, 2) == 0)
			change(&r, &c[0], &ch);
		join(&r, &c[0], &c[1], &ch);
		recut(&r, &c[0], &ch);
	}
}
END_TEST

START_TEST(matching_a_full_cut_with_its_own_rows_changes_nothing)
{
	struct fold_random r = { .state = 24 };

	for (int i = 0; i < CONVERSATIONS; i++) {
		struct episode_row rows[MOST];
		int64_t times[MOST];
		struct episode_run *runs;
		struct episode_plan plan;
		size_t n = (size_t)fold_below(&r, 30), n_runs;

		arena_reset(test_arena());
		for (size_t k = 0; k < n; k++)
			times[k] = random_time(&r);
		order_sort(test_arena(), times, n, sizeof times[0], order_cmp_i64);
		episode_cut(test_arena(), times, n, &runs, &n_runs);
		for (size_t k = 0; k < n_runs; k++)
			rows[k] = (struct episode_row){ .span = runs[k].span,
				                        .count = runs[k].count };
		shuffle(&r, rows, n_runs, sizeof rows[0]);
		episode_match(test_arena(), rows, n_runs, runs, n_runs, &plan);
		ck_assert_uint_eq(plan.n_leaving, 0);
		for (size_t k = 0; k < n_runs; k++)
			ck_assert_int_eq(plan.runs[k].act, EPISODE_KEEP);
	}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("episode", a_gap_of_more_than_a_day_cuts_and_a_day_does_not,
	                  an_episode_reads_closed_once_a_day_has_passed,
	                  windows_reach_a_day_beyond_what_changed_and_are_disjoint,
	                  a_local_cut_does_what_the_table_says,
	                  a_full_cut_is_matched_with_the_rows_by_what_they_meet,
	                  the_local_way_ends_in_the_full_cut_after_any_changes,
	                  messages_one_by_one_in_any_order_are_one_batch,
	                  joined_conversations_end_in_the_full_cut_of_both,
	                  matching_a_full_cut_with_its_own_rows_changes_nothing);
}

TEST_MAIN(make_suite)
