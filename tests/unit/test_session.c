/*
 * Sessions out of trackings, and messages into sessions: the worked cases of
 * tests/data/session-cases.json, one check each, and what they leave open.
 */
#include "core/session.h"
#include "session_fixture.h"

enum { CASES = 42 };

static int64_t
time_of(const cJSON *v)
{
	int64_t t;

	return json_i64(v, &t) ? t : TIME_NONE;
}

static const cJSON *
cases(void)
{
	return json_get(test_data_json("session-cases.json"), "cases");
}

static size_t
read_trackings(const cJSON *array, struct tracking *out)
{
	size_t n = 0;

	for (const cJSON *v = json_first(array); v != NULL; v = v->next)
		out[n++] = (struct tracking){
			.id = time_of(json_get(v, "id")),
			.created_at = time_of(json_get(v, "createdAt")),
			.started_at = time_of(json_get(v, "startedAt")),
			.finished_at = time_of(json_get(v, "finishedAt")),
		};
	return n;
}

static size_t
read_times(const cJSON *array, int64_t *out)
{
	size_t n = 0;

	for (const cJSON *v = json_first(array); v != NULL; v = v->next)
		out[n++] = time_of(v);
	return n;
}

static bool
has_flag(const cJSON *flags, const char *name)
{
	for (const cJSON *v = json_first(flags); v != NULL; v = v->next) {
		if (str_eq(json_str(v), str_from(name)))
			return true;
	}
	return false;
}

static unsigned
flags_of(const cJSON *flags)
{
	static const char *const names[] = { "not_accepted", "bad_interval", "end_inferred",
		                             "anchored" };
	unsigned bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < LENGTH(names); i++) {
		if (has_flag(flags, names[i])) {
			bits |= 1u << i;
			n++;
		}
	}
	ck_assert_uint_eq(n, json_count(flags));
	return bits;
}

static enum session_type
type_of(struct str type)
{
	if (str_eq(type, STR("CLOSED")))
		return SESSION_CLOSED;
	if (str_eq(type, STR("OPEN_REAL")))
		return SESSION_OPEN_REAL;
	ck_assert_str(type, "OPEN_WEAK");
	return SESSION_OPEN_WEAK;
}

/* The table does not name lead-in times: they are compared by what is assigned. */
static void
check_sessions(const char *name, const cJSON *expected, const struct session_set *set)
{
	size_t i = 0;

	ck_assert_msg(set->n == json_count(expected), "%s: %zu sessions", name, set->n);
	for (const cJSON *v = json_first(expected); v != NULL; v = v->next, i++) {
		const struct session *s = &set->v[i].s;
		int64_t ids[8];
		struct session wanted = { .type = type_of(json_str(json_get(v, "type"))),
			                  .start = time_of(json_get(v, "start")),
			                  .end = time_of(json_get(v, "end")),
			                  .lead_in = s->lead_in,
			                  .flags = flags_of(json_get(v, "flags")),
			                  .ids = ids,
			                  .n_ids = read_times(json_get(v, "trackings"), ids) };
		ck_assert_msg(session_same(s, &wanted), "%s: %s instead of %s", name,
		              show_session(s).p, show_session(&wanted).p);
	}
}

START_TEST(the_worked_case)
{
	struct arena *a = test_arena();
	const cJSON *c = json_first(cases());
	struct tracking trackings[8];
	int64_t times[8];
	size_t assigned[8], n_trackings, n_times, i = 0;
	struct session_set set;

	for (int skip = 0; skip < _i; skip++)
		c = c->next;
	const char *name = str_z(a, json_str(json_get(c, "name")));
	n_trackings = read_trackings(json_get(c, "trackings"), trackings);
	n_times = read_times(json_get(c, "messages"), times);
	session_derive(a, trackings, n_trackings, times, n_times, &set);
	check_sessions(name, json_get(c, "sessions"), &set);
	ck_assert_uint_eq(set.n_rejected, 0);

	struct session *sessions = ARENA_ARRAY(a, set.n, struct session);
	for (size_t k = 0; k < set.n; k++)
		sessions[k] = set.v[k].s;
	session_assign_all(a, sessions, set.n, times, n_times, assigned);
	ck_assert_uint_eq(json_count(json_get(c, "assignment")), n_times);
	for (const cJSON *v = json_first(json_get(c, "assignment")); v != NULL; v = v->next, i++) {
		int64_t index;
		size_t wanted = json_i64(v, &index) ? (size_t)index : SESSION_NONE;
		ck_assert_msg(session_assign(sessions, set.n, times[i]) == wanted,
		              "%s: message %zu", name, i);
		ck_assert_msg(assigned[i] == wanted, "%s: message %zu of all", name, i);
	}
}
END_TEST

START_TEST(the_table_has_as_many_cases_as_are_run)
{
	ck_assert_uint_eq(json_count(cases()), CASES);
}
END_TEST

START_TEST(sessions_are_derived_as_the_table_says)
{
	static const struct {
		const char *name;
		struct tracking t[4];
		size_t n;
		int64_t times[3];
		size_t n_times;
		const char *sessions;
	} table[] = {
		{ "createdAt absent: startedAt",
		  { TRACKING(1, NONE, 500, NONE) },
		  1,
		  { 0 },
		  0,
		  "OPEN_REAL 500- [1]" },
		{ "createdAt and startedAt absent: finishedAt",
		  { TRACKING(1, NONE, NONE, 900) },
		  1,
		  { 0 },
		  0,
		  "CLOSED 900-900 [1] not_accepted" },
		{ "no usable time is no session",
		  { TRACKING(1, NONE, NONE, NONE) },
		  1,
		  { 0 },
		  0,
		  "" },
		{ "the last of equal ids counts, wherever the others stand",
		  { TRACKING(1, 100, 200, NONE), TRACKING(2, 900, 950, NONE),
		    TRACKING(1, 100, 200, 300) },
		  3,
		  { 0 },
		  0,
		  "CLOSED 200-300 from 100 [1]; OPEN_REAL 950- from 900 [2]" },
		{ "of equal ids one that is not missing counts",
		  { TRACKING(1, 100, 200, NONE), TRACKING(1, 100, 200, 300, .missing = true) },
		  2,
		  { 0 },
		  0,
		  "OPEN_REAL 200- from 100 [1]" },
		{ "the highest id stands for a weak group",
		  { TRACKING(7, 1000, NONE, NONE, .user_name = STR("late")),
		    TRACKING(9, 500, NONE, NONE, .user_name = STR("high")) },
		  2,
		  { 0 },
		  0,
		  "OPEN_WEAK 500- [7,9] high" },
		{ "three accepted: each ends where the next begins",
		  { TRACKING(3, 300, 300, NONE), TRACKING(1, 100, 100, NONE),
		    TRACKING(2, 200, 200, NONE) },
		  3,
		  { 0 },
		  0,
		  "CLOSED 100-199 [1] end_inferred; CLOSED 200-299 [2] end_inferred; "
		  "OPEN_REAL 300- [3]" },
		{ "an older pair with one start gives one session",
		  { TRACKING(1, 100, 100, NONE), TRACKING(2, 90, 100, NONE),
		    TRACKING(3, 200, 200, NONE) },
		  3,
		  { 0 },
		  0,
		  "CLOSED 100-199 from 90 [2] end_inferred; OPEN_REAL 200- [3]" },
		{ "a finished one that vanished stays and bounds the anchor",
		  { TRACKING(1, 100, 100, 300, .missing = true), TRACKING(2, 900, NONE, NONE) },
		  2,
		  { 200, 400 },
		  2,
		  "CLOSED 100-300 [1]; OPEN_WEAK 400- from 900 [2] anchored" },
		{ "an accepted one that vanished gives nothing, and ends nothing",
		  { TRACKING(1, 100, 100, NONE), TRACKING(2, 200, 200, NONE, .missing = true) },
		  2,
		  { 0 },
		  0,
		  "OPEN_REAL 100- [1]" },
		{ "an older accepted one that vanished gives no inferred session",
		  { TRACKING(1, 100, 100, NONE, .missing = true), TRACKING(2, 200, 200, NONE) },
		  2,
		  { 0 },
		  0,
		  "OPEN_REAL 200- [2]" },
		{ "a waiting one that vanished joins no chain",
		  { TRACKING(1, 0, NONE, NONE), TRACKING(2, 50000, NONE, NONE, .missing = true),
		    TRACKING(3, 100000, NONE, NONE) },
		  3,
		  { 0 },
		  0,
		  "OPEN_WEAK 100000- [3]" },
		{ "a message at the end of the last session is not the anchor",
		  { TRACKING(1, 100, 100, 300), TRACKING(2, 900, NONE, NONE) },
		  2,
		  { 300, 301 },
		  2,
		  "CLOSED 100-300 [1]; OPEN_WEAK 301- from 900 [2] anchored" },
		{ "a closed one that begins with the wait bounds it",
		  { TRACKING(1, 900, 900, 1200), TRACKING(2, 900, NONE, NONE) },
		  2,
		  { 50 },
		  1,
		  "CLOSED 900-1200 [1]; OPEN_WEAK 900- [2]" },
		{ "a closed one that begins after the wait bounds nothing",
		  { TRACKING(1, 1000, 1000, 1200), TRACKING(2, 900, NONE, NONE) },
		  2,
		  { 50 },
		  1,
		  "CLOSED 1000-1200 [1]; OPEN_WEAK 50- from 900 [2] anchored" },
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		struct session_set set;
		session_derive(test_arena(), table[i].t, table[i].n, table[i].times,
		               table[i].n_times, &set);
		struct str shown = show_set(&set);
		ck_assert_msg(str_eq(shown, str_from(table[i].sessions)), "%s: %s", table[i].name,
		              shown.p);
	}
}
END_TEST

START_TEST(trackings_without_a_usable_time_are_named_once)
{
	const struct tracking t[] = {
		TRACKING(5, NONE, NONE, NONE), TRACKING(3, NONE, NONE, NONE),
		TRACKING(5, NONE, NONE, NONE), TRACKING(4, NONE, NONE, NONE, .missing = true),
		TRACKING(6, 100, NONE, NONE),
	};
	struct session_set set;

	session_derive(test_arena(), t, LENGTH(t), NULL, 0, &set);
	ck_assert_uint_eq(set.n, 1);
	ck_assert_str(show_ids(set.rejected, set.n_rejected), "3,5");
}
END_TEST

START_TEST(waits_that_overlap_go_to_the_nearest_start_then_the_earliest_end_then_the_highest_id)
{
	const int64_t ids[] = { 1, 2, 3, 4 };
	const struct session s[] = {
		{ SESSION_CLOSED, 500, 900, 100, 0, &ids[0], 1, STR_NONE, STR_NONE },
		{ SESSION_CLOSED, 400, 900, 100, 0, &ids[1], 1, STR_NONE, STR_NONE },
		{ SESSION_CLOSED, 400, 800, 100, 0, &ids[2], 1, STR_NONE, STR_NONE },
		{ SESSION_CLOSED, 400, 800, 200, 0, &ids[3], 1, STR_NONE, STR_NONE },
	};

	ck_assert_uint_eq(session_assign(s, 1, 300), 0);
	ck_assert_uint_eq(session_assign(s, 2, 300), 1);
	ck_assert_uint_eq(session_assign(s, 3, 300), 2);
	ck_assert_uint_eq(session_assign(s, 4, 300), 3);
	ck_assert_uint_eq(session_assign(s, 4, 200), 3);
	ck_assert_uint_eq(session_assign(s, 4, 199), 2);
	ck_assert(session_assign(s, 4, 99) == SESSION_NONE);
}
END_TEST

START_TEST(a_session_settles_a_day_after_its_end_and_an_open_one_never)
{
	const int64_t id = 1;
	struct session s = { SESSION_CLOSED, 10, 500, 10, 0, &id, 1, STR_NONE, STR_NONE };

	ck_assert_int_eq(session_settles_at(&s), 500 + TIME_DAY);
	s.type = SESSION_OPEN_REAL;
	s.end = NONE;
	ck_assert_int_eq(session_settles_at(&s), NONE);
}
END_TEST

START_TEST(durations_are_those_of_closed_sessions_that_say_when_they_began_and_ended)
{
	const int64_t id = 1;
	struct session s = { SESSION_CLOSED, 100, 500, 10, 0, &id, 1, STR_NONE, STR_NONE };

	ck_assert_int_eq(session_duration_ms(&s), 400);
	s.flags = SESSION_ANCHORED;
	ck_assert_int_eq(session_duration_ms(&s), 400);
	for (unsigned flag = SESSION_NOT_ACCEPTED; flag < SESSION_ANCHORED; flag *= 2) {
		s.flags = flag;
		ck_assert_int_eq(session_duration_ms(&s), NONE);
	}
	s = (struct session){ SESSION_OPEN_WEAK, 100, NONE, 100, 0, &id, 1, STR_NONE, STR_NONE };
	ck_assert_int_eq(session_duration_ms(&s), NONE);
}
END_TEST

START_TEST(the_first_response_is_the_first_human_answer_after_the_first_human_question)
{
	static const struct {
		int64_t at;
		bool outbound, human;
		int64_t asked, answered;
	} messages[] = {
		{ 10, true, true, NONE, NONE },   /* an answer to nothing */
		{ 20, false, false, NONE, NONE }, /* a machine asks */
		{ 30, false, true, 30, NONE },
		{ 30, true, false, 30, NONE }, /* a machine answers */
		{ 35, false, true, 30, NONE },
		{ 40, true, true, 30, 40 },
		{ 50, false, true, 30, 40 },
		{ 60, true, true, 30, 40 },
	};
	struct session_response r = SESSION_RESPONSE_INIT;

	for (size_t i = 0; i < LENGTH(messages); i++) {
		session_response_add(&r, messages[i].at, messages[i].outbound, messages[i].human);
		ck_assert_int_eq(r.asked_at, messages[i].asked);
		ck_assert_int_eq(r.answered_at, messages[i].answered);
	}
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *suite = TEST_SUITE(
		"session", the_table_has_as_many_cases_as_are_run,
		sessions_are_derived_as_the_table_says,
		trackings_without_a_usable_time_are_named_once,
		waits_that_overlap_go_to_the_nearest_start_then_the_earliest_end_then_the_highest_id,
		a_session_settles_a_day_after_its_end_and_an_open_one_never,
		durations_are_those_of_closed_sessions_that_say_when_they_began_and_ended,
		the_first_response_is_the_first_human_answer_after_the_first_human_question);
	TCase *worked = tcase_create("worked cases");

	tcase_add_loop_test(worked, the_worked_case, 0, CASES);
	suite_add_tcase(suite, worked);
	return suite;
}

TEST_MAIN(make_suite)
