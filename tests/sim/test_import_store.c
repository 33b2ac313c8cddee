/*
 * One helpdesk ticket into rows: the worked cases of sessions and the stories of 4-helpdesk §3 as
 * they are stored, what a second import writes, what a fault leaves, what it costs. ENGINE says on
 * which engine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/session.h"
#include "import_fixture.h"

static struct pg_server *postgres;
static struct import_fixture f;

static void
open_fixture(void)
{
	import_fixture_open(&f, postgres);
}

static void
close_fixture(void)
{
	import_fixture_close(&f);
}

static int64_t
time_of(const cJSON *v)
{
	int64_t t;

	return json_i64(v, &t) ? t : TIME_NONE;
}

/* Times are of 1970, and tracking 1 of one case is not that of another. */
static struct fix_ticket
case_ticket(const cJSON *c, size_t number)
{
	struct arena *a = test_arena();
	const cJSON *tracks = json_get(c, "trackings"), *times = json_get(c, "messages");
	struct fix_tracking *t = ARENA_ARRAY(a, json_count(tracks), struct fix_tracking);
	struct fix_message *m = ARENA_ARRAY(a, json_count(times), struct fix_message);
	struct fix_ticket out = { .uuid = str_z(a, str_fmt(a, "case-%02zu", number)),
		                  .trackings = t,
		                  .messages = m };

	for (const cJSON *v = json_first(tracks); v != NULL; v = v->next)
		t[out.ntrackings++] =
			(struct fix_tracking){ .id = time_of(json_get(v, "id")),
			                       .created = time_of(json_get(v, "createdAt")),
			                       .started = time_of(json_get(v, "startedAt")),
			                       .finished = time_of(json_get(v, "finishedAt")) };
	for (const cJSON *v = json_first(times); v != NULL; v = v->next, out.nmessages++)
		m[out.nmessages] = (struct fix_message){ .id = (int64_t)out.nmessages + 1,
			                                 .at = time_of(v),
			                                 .body = "oi" };
	return out;
}

static struct str
text_or_empty(struct str s)
{
	return str_is_set(s) ? s : STR("");
}

/* "CLOSED 1 2 3 [4,5] 6" of what is expected: class, start, end, flags, trackings, messages. */
static struct str
expected_sessions(const cJSON *c)
{
	static const char *const flags[] = { "not_accepted", "bad_interval", "end_inferred",
		                             "anchored" };
	struct arena *a = test_arena();
	struct str text = STR("");
	int64_t index = 0;

	for (const cJSON *v = json_first(json_get(c, "sessions")); v != NULL;
	     v = v->next, index++) {
		unsigned bits = 0;
		int64_t count = 0, to;

		for (const cJSON *x = json_first(json_get(v, "flags")); x != NULL; x = x->next)
			for (unsigned i = 0; i < 4; i++)
				bits |= (unsigned)str_eq(json_str(x), str_from(flags[i])) << i;
		for (const cJSON *x = json_first(json_get(c, "assignment")); x != NULL; x = x->next)
			count += json_i64(x, &to) && to == index;
		text = str_fmt(a, STR_FMT "%s" STR_FMT " %lld " STR_FMT " %u " STR_FMT " %lld",
		               STR_ARG(text), index > 0 ? "\n" : "",
		               STR_ARG(json_str(json_get(v, "type"))),
		               (long long)time_of(json_get(v, "start")),
		               STR_ARG(text_or_empty(json_text(a, json_get(v, "end")))), bits,
		               STR_ARG(json_raw(a, json_get(v, "trackings"))), (long long)count);
	}
	return text;
}

static struct str
stored_sessions(const char *uuid)
{
	struct arena *a = test_arena();

	return import_fixture_lines(
		&f,
		str_z(a, str_fmt(a,
	                         "SELECT s.class || ' ' || ms(s.started_at) || ' ' || "
	                         "coalesce(CAST(ms(s.ended_at) AS text), '') || ' ' || s.flags "
	                         "|| ' ' || replace(CAST(s.tracking_ids AS text), ' ', '') || ' "
	                         "' || s.message_count FROM sessions s JOIN tickets t ON "
	                         "t.client_id = s.client_id AND t.id = s.ticket_id WHERE "
	                         "t.external_uuid = '%s' AND s.retired_at IS NULL ORDER BY CASE "
	                         "WHEN s.class = 'CLOSED' THEN 0 ELSE 1 END, s.started_at, "
	                         "s.tracking_id",
	                         uuid)));
}

/* Which stored session each stored message is in, by the rule that readers use. */
static void
check_assignment(const cJSON *c, const char *uuid)
{
	struct str rest = stored_sessions(uuid), one;
	struct session v[8];
	int64_t ids[8];
	size_t n = 0, i = 0;
	const cJSON *times = json_first(json_get(c, "messages"));
	struct str lead_ins = import_fixture_lines(
		&f,
		str_z(test_arena(),
	              str_fmt(test_arena(),
	                      "SELECT ms(s.lead_in_at) || ' ' || s.tracking_id FROM sessions s "
	                      "JOIN "
	                      "tickets t ON t.client_id = s.client_id AND t.id = s.ticket_id WHERE "
	                      "t.external_uuid = '%s' AND s.retired_at IS NULL ORDER BY CASE WHEN "
	                      "s.class = 'CLOSED' THEN 0 ELSE 1 END, s.started_at, s.tracking_id",
	                      uuid)));

	for (struct str lead_in; rest.n > 0 && str_split(&rest, '\n', &one); n++) {
		struct str word[5], id;

		for (size_t k = 0; k < 5; k++)
			ck_assert(str_split(&one, ' ', &word[k]));
		ck_assert(str_split(&lead_ins, '\n', &id) && str_split(&id, ' ', &lead_in));
		v[n] = (struct session){ .type = str_eq(word[0], STR("CLOSED")) ? SESSION_CLOSED
			                         : str_eq(word[0], STR("OPEN_REAL"))
			                                 ? SESSION_OPEN_REAL
			                                 : SESSION_OPEN_WEAK,
			                 .end = TIME_NONE,
			                 .ids = &ids[n],
			                 .n_ids = 1 };
		ck_assert(str_to_i64(word[1], &v[n].start) && str_to_i64(lead_in, &v[n].lead_in) &&
		          str_to_i64(id, &ids[n]));
		if (word[2].n > 0)
			ck_assert(str_to_i64(word[2], &v[n].end));
	}
	for (const cJSON *x = json_first(json_get(c, "assignment")); x != NULL; x = x->next, i++) {
		int64_t to;
		size_t want = json_i64(x, &to) ? (size_t)to : SESSION_NONE;

		ck_assert_msg(session_assign(v, n, time_of(times)) == want, "%s: message %zu", uuid,
		              i);
		times = times->next;
	}
}

START_TEST(the_worked_cases_are_stored_as_they_are_written)
{
	size_t n = 0;

	open_fixture();
	for (const cJSON *c = json_first(json_get(test_data_json("session-cases.json"), "cases"));
	     c != NULL; c = c->next, n++) {
		struct fix_ticket t = case_ticket(c, n);
		struct str want = expected_sessions(c);

		import_fixture_put(&f, &t);
		ck_assert_msg(str_eq(stored_sessions(t.uuid), want),
		              STR_FMT ":\n" STR_FMT "\ninstead of\n" STR_FMT,
		              STR_ARG(json_str(json_get(c, "name"))),
		              STR_ARG(stored_sessions(t.uuid)), STR_ARG(want));
		check_assignment(c, t.uuid);
		import_fixture_put(&f, &t);
		ck_assert_uint_eq(f.rows, 0);
	}
	ck_assert_uint_eq(n, 42);
	close_fixture();
}
END_TEST

#define WEAK(n, t)                                                                                 \
	{                                                                                          \
		(n), MIN(t), FIXTURE_NONE, FIXTURE_NONE, NULL                                      \
	}
#define REAL(n, t)                                                                                 \
	{                                                                                          \
		(n), MIN(t), MIN(t), FIXTURE_NONE, NULL                                            \
	}
#define CLOSED(n, t, till)                                                                         \
	{                                                                                          \
		(n), MIN(t), MIN(t), MIN(till), NULL                                               \
	}
#define SAID(n, t)                                                                                 \
	{                                                                                          \
		.id = (n), .at = MIN(t), .body = "oi"                                              \
	}

static struct str
session_ids(void)
{
	return import_fixture_lines(&f, "SELECT hex(id) FROM sessions ORDER BY created_at, id");
}

#define ck_assert_sessions(text) ck_assert_str(import_fixture_sessions(&f, "t"), text)

/* S1, S2 */
START_TEST(a_session_keeps_its_id_through_all_its_classes)
{
	open_fixture();
	PUT(&f, TRACKINGS(WEAK(1, 0)), MESSAGES(SAID(1, 1)));
	ck_assert_sessions("OPEN_WEAK 0- [1] 1");
	struct str id = session_ids();
	f.store.now_ms += TIME_HOUR;
	PUT(&f, .updated = MIN(1), TRACKINGS({ 1, MIN(0), MIN(5), FIXTURE_NONE, "Bia" }),
	    MESSAGES(SAID(1, 1)));
	ck_assert_sessions("OPEN_REAL 5- [1] 1"); /* by its lead-in */
	PUT(&f, .updated = MIN(2), TRACKINGS(CLOSED(1, 0, 9)), MESSAGES(SAID(1, 1)));
	ck_assert_sessions("CLOSED 0-9 [1] 1");
	PUT(&f, .updated = MIN(3), TRACKINGS(REAL(1, 0)), MESSAGES(SAID(1, 1)));
	ck_assert_sessions("OPEN_REAL 0- [1] 1");
	ck_assert_slice(session_ids(), id);
	ck_assert_int_eq(f.counts.sessions_changed, 1);
	close_fixture();
}
END_TEST

/* S3, S4, S5 */
START_TEST(a_tracking_that_vanishes_retires_what_was_open_and_keeps_what_was_closed)
{
	open_fixture();
	PUT(&f, TRACKINGS(CLOSED(1, 0, 10), REAL(2, 20)), MESSAGES(SAID(1, 5), SAID(2, 25)));
	ck_assert_sessions("CLOSED 0-10 [1] 1\nOPEN_REAL 20- [2] 1");
	struct str id = session_ids();
	PUT(&f, .updated = MIN(1), .hidden = true, MESSAGES(SAID(1, 5), SAID(2, 25)));
	ck_assert_sessions("CLOSED 0-10 [1] 1\nOPEN_REAL 20- [2] 1");
	ck_assert_int_eq(f.counts.sessions_changed, 0);
	PUT(&f, .updated = MIN(2), TRACKINGS(CLOSED(1, 0, 10)), MESSAGES(SAID(1, 5), SAID(2, 25)));
	ck_assert_sessions("CLOSED 0-10 [1] 1\n-OPEN_REAL 20- [2] 1");
	PUT(&f, .updated = MIN(3), .ntrackings = 0, MESSAGES(SAID(1, 5), SAID(2, 25)));
	ck_assert_sessions("CLOSED 0-10 [1] 1 missing\n-OPEN_REAL 20- [2] 1");
	ck_assert_int_eq(import_fixture_number(&f, "SELECT count(*) FROM trackings WHERE "
	                                           "missing_since IS NOT NULL"),
	                 2);
	/* both come back, and take up their sessions */
	PUT(&f, .updated = MIN(4), TRACKINGS(CLOSED(1, 0, 10), REAL(2, 20)),
	    MESSAGES(SAID(1, 5), SAID(2, 25)));
	ck_assert_sessions("CLOSED 0-10 [1] 1\nOPEN_REAL 20- [2] 1");
	ck_assert_slice(session_ids(), id);
	ck_assert_int_eq(import_fixture_number(&f, "SELECT count(*) FROM trackings WHERE "
	                                           "missing_since IS NOT NULL"),
	                 0);
	close_fixture();
}
END_TEST

START_TEST(an_array_that_could_not_be_read_whole_says_nothing_of_what_is_not_in_it)
{
	struct fix_ticket t = { TRACKINGS(REAL(2, 20)) };
	struct import_ticket x = { .whole = true };
	struct hd_ticket ticket;

	open_fixture();
	PUT(&f, TRACKINGS(CLOSED(1, 0, 10)));
	ticket = import_fixture_ticket(&t);
	ticket.trackings_whole = false;
	x.ticket = &ticket;
	f.store.arena = test_arena();
	ck_assert_ok(import_store_tickets(&f.store, &x, 1, &f.counts));
	ck_assert_sessions("CLOSED 0-10 [1] 0\nOPEN_REAL 20- [2] 0");
	close_fixture();
}
END_TEST

/* S6, S7 */
START_TEST(weak_trackings_that_meet_are_one_session_with_the_id_of_the_first)
{
	open_fixture();
	PUT(&f, TRACKINGS(WEAK(1, 0), { 2, MIN(1) + 40000, FIXTURE_NONE, FIXTURE_NONE, NULL }));
	ck_assert_sessions("OPEN_WEAK 1- [2] 0");
	struct str id = session_ids();
	PUT(&f, .updated = MIN(1),
	    TRACKINGS(WEAK(1, 0), { 2, MIN(1) + 40000, FIXTURE_NONE, FIXTURE_NONE, NULL },
	              { 3, MIN(0) + 50000, FIXTURE_NONE, FIXTURE_NONE, NULL }));
	ck_assert_sessions("OPEN_WEAK 0- [1,2,3] 0");
	ck_assert_slice(session_ids(), id);
	/* an OPEN_REAL one takes the place; the weak group gives no session */
	PUT(&f, .updated = MIN(2), TRACKINGS(WEAK(1, 0), REAL(4, 8)));
	ck_assert_sessions("OPEN_REAL 8- [4] 0\n-OPEN_WEAK 0- [1,2,3] 0");
	close_fixture();
}
END_TEST

/* S8 */
START_TEST(the_same_again_writes_nothing)
{
	const struct fix_ticket t = { .contact = 7,
		                      .number = "+55 11 98888-7777",
		                      TRACKINGS(CLOSED(1, 0, 10),
		                                { 2, MIN(20), FIXTURE_NONE, FIXTURE_NONE, "Bia" }),
		                      MESSAGES(SAID(1, 5), { .id = 2,
		                                             .at = MIN(25),
		                                             .from_me = true,
		                                             .key = "3EB0A1",
		                                             .media_url = "https://m.exemplo/1.jpg",
		                                             .media_type = "image" }) };
	struct hd_ticket ticket;

	open_fixture();
	import_fixture_put(&f, &t);
	ck_assert_int_eq(f.counts.tickets_new, 1);
	ck_assert_int_eq(f.counts.messages_new, 2);
	ck_assert_int_eq(f.counts.leads_new, 1);
	ck_assert_int_eq(f.counts.sessions_changed, 2);
	struct str digest = import_fixture_digest(&f);
	struct str row_times = import_fixture_lines(&f, "SELECT max(ms(updated_at)) FROM messages");
	for (int i = 0; i < 4; i++) {
		f.store.now_ms += TIME_DAY;
		f.whole = i % 2 == 0;
		f.store.episodes = false;
		import_fixture_put(&f, &t);
		ck_assert_uint_eq(f.rows, 0);
		ck_assert_int_eq(f.counts.tickets_same, 1);
		ck_assert_int_eq(f.counts.messages_same, 2);
	}
	ck_assert_slice(import_fixture_digest(&f), digest);
	ck_assert_slice(import_fixture_lines(&f, "SELECT max(ms(updated_at)) FROM messages"),
	                row_times);
	/* it is remembered as done, and with --full by hand even where nothing else was written */
	struct import_known known;
	ticket = import_fixture_ticket(&t);
	f.store.arena = test_arena();
	ck_assert_ok(import_store_known(&f.store, &ticket, 1, &known));
	ck_assert(known.known && known.done);
	ck_assert_int_eq(known.updated_at, FIXTURE_AT);
	ck_assert_int_eq(known.last_message_created_at, MIN(25));
	ticket.updated_at++;
	ck_assert_ok(import_store_known(&f.store, &ticket, 1, &known));
	ck_assert(known.known && !known.done);
	close_fixture();
}
END_TEST

/* S9 */
START_TEST(an_edited_body_is_refreshed_and_the_earlier_ones_are_kept)
{
	open_fixture();
	f.whole = false;
	PUT(&f, TRACKINGS(REAL(1, 0)), MESSAGES({ .id = 1, .at = MIN(1), .body = "um" }));
	struct str id = import_fixture_lines(&f, "SELECT hex(id) FROM messages");
	PUT(&f, TRACKINGS(REAL(1, 0)),
	    MESSAGES({ .id = 1, .at = MIN(1), .updated = MIN(3), .body = "dois" }));
	ck_assert_int_eq(f.counts.messages_changed, 1);
	ck_assert_int_eq(f.counts.sessions_changed, 0);
	/* an older reading comes late, and says nothing */
	PUT(&f, TRACKINGS(REAL(1, 0)),
	    MESSAGES({ .id = 1, .at = MIN(1), .updated = MIN(2), .body = "velho" }));
	ck_assert_uint_eq(f.rows, 0);
	/* the time of the edit stands still, and the body goes back */
	PUT(&f, TRACKINGS(REAL(1, 0)),
	    MESSAGES({ .id = 1, .at = MIN(1), .updated = MIN(3), .body = "um" }));
	ck_assert_slice(import_fixture_lines(&f, "SELECT hex(id) FROM messages"), id);
	ck_assert_str(import_fixture_lines(&f, "SELECT body || ' ' || ms(edited_at) FROM messages"),
	              "um 1768906980001");
	const cJSON *original =
		test_json(import_fixture_lines(&f, "SELECT CAST(original AS text) FROM messages"));
	const cJSON *edits =
		test_json(import_fixture_lines(&f, "SELECT CAST(edits AS text) FROM messages"));
	int64_t at;
	ck_assert_str(json_str(json_get(original, "body")), "um");
	ck_assert_uint_eq(json_count(edits), 2);
	ck_assert_str(json_str(json_get(json_first(edits), "body")), "dois");
	ck_assert(json_i64(json_get(json_first(edits), "at"), &at));
	ck_assert_int_eq(at, MIN(3));
	ck_assert_str(json_str(json_get(json_first(edits)->next, "body")), "um");
	/* media that is filled in is no edit */
	PUT(&f, TRACKINGS(REAL(1, 0)),
	    MESSAGES({ .id = 1,
	               .at = MIN(1),
	               .updated = MIN(3),
	               .body = "um",
	               .media_url = "https://m.exemplo/1.ogg",
	               .media_type = "audio/ogg" }));
	ck_assert_int_eq(f.counts.messages_changed, 1);
	ck_assert_str(import_fixture_lines(&f, "SELECT type FROM messages"), "audio");
	ck_assert_uint_eq(json_count(test_json(import_fixture_lines(
				  &f, "SELECT CAST(edits AS text) FROM messages"))),
	                  2);
	close_fixture();
}
END_TEST

/* S10 */
START_TEST(a_message_that_comes_late_is_taken_in)
{
	open_fixture();
	f.whole = false;
	PUT(&f, TRACKINGS(WEAK(1, 10)), MESSAGES(SAID(2, 12)));
	ck_assert_sessions("OPEN_WEAK 10- [1] 1");
	PUT(&f, TRACKINGS(WEAK(1, 10)), MESSAGES(SAID(1, 9)));
	ck_assert_sessions("OPEN_WEAK 9- [1] 2");
	ck_assert_str(import_fixture_lines(&f, "SELECT ms(last_message_at) FROM conversations"),
	              "1768907520000");
	close_fixture();
}
END_TEST

/* S11 */
START_TEST(a_ticket_that_failed_waits_until_it_is_stored)
{
	const struct fix_ticket broken = { .uuid = "a", TRACKINGS(WEAK(1, 0)) };
	struct hd_ticket t;
	struct str raw;

	open_fixture();
	f.store.arena = test_arena();
	t = import_fixture_ticket(&broken);
	ck_assert_ok(import_store_failed(&f.store, &t, "gone", STR("404")));
	ck_assert_ok(import_store_failed(&f.store, &t, "unreadable", STR_NONE));
	PUT(&f, .uuid = "b", TRACKINGS(REAL(2, 0)));
	ck_assert_slice(import_fixture_lines(&f, "SELECT external_uuid || attempts || reason FROM "
	                                         "import_failures"),
	                STR("a2unreadable"));
	raw = import_fixture_lines(&f, "SELECT CAST(raw AS text) FROM import_failures");
	ck_assert_uint_gt(json_count(json_get(test_json(raw), "ticketTrakings")), 0);
	PUT(&f, .uuid = "a", TRACKINGS(WEAK(1, 0)));
	ck_assert_int_eq(import_fixture_number(&f, "SELECT count(*) FROM import_failures"), 0);
	close_fixture();
}
END_TEST

/* Tickets of a few people, some without one, with trackings and messages; `round` 1 is later. */
static struct fix_ticket *
many(size_t n, int round)
{
	struct fix_ticket *v = ARENA_ARRAY(test_arena(), n, struct fix_ticket);

	for (size_t i = 0; i < n; i++) {
		struct fix_tracking *t = ARENA_ARRAY(test_arena(), 2, struct fix_tracking);
		struct fix_message *m = ARENA_ARRAY(test_arena(), 3, struct fix_message);
		int64_t id = 100 * (int64_t)i;

		for (int k = 0; k < 2; k++)
			t[k] = (struct fix_tracking){ id + k, MIN(10 * k), MIN(10 * k + 1),
				                      round + k < 2 ? MIN(10 * k + 5)
				                                    : FIXTURE_NONE,
				                      "Bia" };
		for (int k = 0; k < 3; k++)
			m[k] = (struct fix_message){ .id = id + k,
				                     .at = MIN(5 * k),
				                     .updated = MIN(5 * k + round),
				                     .body = round > 0 && k == 1 ? "depois"
				                                                 : "antes",
				                     .from_me = k == 2 };
		v[i] = (struct fix_ticket){
			.uuid = str_z(test_arena(), str_fmt(test_arena(), "t%zu", i)),
			.updated = MIN(100 + round),
			/* every third moves to another person, every seventh names nobody */
			.contact = i % 7 == 0                ? 0
			           : round > 0 && i % 3 == 0 ? 50 + (int64_t)i % 4
			                                     : 1 + (int64_t)i % 5,
			.name = i % 7 == 0 ? NULL : "Ana",
			.trackings = t,
			.ntrackings = 2,
			.messages = m,
			.nmessages = 2 + (size_t)round,
		};
	}
	return v;
}

/* Conversations that were told of one by one, and how often that there were many. */
static struct str
told(void)
{
	return import_fixture_lines(
		&f, "SELECT count(DISTINCT subject_id) || ' of ' || count(subject_id) || ', ' || "
		    "(count(*) - count(subject_id)) FROM events WHERE kind = "
		    "'conversation.changed'");
}

START_TEST(conversations_that_changed_are_told_of_many_at_once_only_that_they_are)
{
	struct fix_ticket *v = many(20, 0), *later = many(20, 1);

	open_fixture();
	import_fixture_put(&f, &v[1]);
	ck_assert_str(told(), "1 of 1, 0");
	import_fixture_put(&f, &v[1]);
	ck_assert_str(told(), "1 of 1, 0");
	import_fixture_put(&f, &later[1]);
	ck_assert_str(told(), "1 of 2, 0");
	/* of five people; the ticket that is stored is as it was before */
	import_fixture_put_all(&f, v + 1, 5);
	ck_assert_str(told(), "5 of 7, 0");
	import_fixture_put_all(&f, v, 20);
	ck_assert_str(told(), "5 of 7, 1");
	import_fixture_put_all(&f, v, 20);
	ck_assert_str(told(), "5 of 7, 1");
	close_fixture();
}
END_TEST

START_TEST(many_tickets_in_one_transaction_are_what_they_are_one_by_one)
{
	enum { N = 40 };
	struct import_fixture alone, together;
	uint64_t statements[2];

	import_fixture_open(&alone, postgres);
	import_fixture_open(&together, postgres);
	for (int round = 0; round < 2; round++) {
		struct fix_ticket *v = many(N, round);

		for (size_t i = 0; i < N; i++)
			import_fixture_put(&alone, &v[i]);
		/* the first alone, so that its statements can be compared with those of the rest */
		import_fixture_put(&together, &v[1]);
		statements[0] = together.statements;
		import_fixture_put_all(&together, v, N);
		statements[1] = together.statements;
		ck_assert_uint_le(statements[1], statements[0] + 12);
		ck_assert_int_eq(together.counts.tickets_same, 1);
		ck_assert_int_eq(together.counts.tickets_new, round == 0 ? N - 1 : 0);
		ck_assert_int_eq(together.counts.tickets_changed, round == 0 ? 0 : N - 1);
		ck_assert_slice(import_fixture_digest(&together), import_fixture_digest(&alone));
		import_fixture_put_all(&together, v, N);
		ck_assert_uint_eq(together.rows, 0);
	}
	import_fixture_close(&together);
	import_fixture_close(&alone);
}
END_TEST

/* As if each session had been graded. */
static void
grade_all(void)
{
	raw_exec(f.scene.raw,
	         postgres != NULL
	                 ? "INSERT INTO session_analyses (\"clientId\", \"sessionId\", "
	                   "\"scriptKey\", "
	                   "\"scriptVersion\", \"analysisVersionTag\", \"status\", "
	                   "\"sessionEndedAt\", "
	                   "\"createdAt\", \"updatedAt\") SELECT client_id, id, 'k', 1, 'v1', "
	                   "'done', "
	                   "now(), now(), now() FROM sessions WHERE retired_at IS NULL ON CONFLICT "
	                   "DO "
	                   "NOTHING; UPDATE session_analyses SET \"stale\" = false"
	                 : "INSERT INTO session_analyses (\"id\", \"clientId\", \"sessionId\", "
	                   "\"scriptKey\", \"scriptVersion\", \"analysisVersionTag\", \"status\", "
	                   "\"sessionEndedAt\", \"createdAt\", \"updatedAt\") SELECT "
	                   "randomblob(16), "
	                   "client_id, id, 'k', 1, 'v1', 'done', 0, 0, 0 FROM sessions WHERE "
	                   "retired_at "
	                   "IS NULL ON CONFLICT DO NOTHING; UPDATE session_analyses SET \"stale\" "
	                   "= 0");
}

#define STALE import_fixture_number(&f, "SELECT count(*) FROM session_analyses WHERE \"stale\"")
#define CLOSED_10_TO_20                                                                            \
	TRACKINGS({ 1, MIN(10), MIN(10), MIN(20), "Bia" }, { 2, MIN(40), MIN(40), MIN(50), NULL })
#define WORDS(text)                                                                                \
	MESSAGES({ .id = 1, .at = MIN(11), .body = "oi", .updated = MIN(60) },                     \
	         { .id = 2, .at = MIN(12), .body = (text), .updated = MIN(61) },                   \
	         { .id = 3, .at = MIN(41), .body = "tchau", .updated = MIN(60) })

START_TEST(an_analysis_is_stale_when_what_it_read_changes_and_only_then)
{
	open_fixture();
	f.store.now_ms = FIXTURE_AT + 10 * TIME_DAY;
	PUT(&f, .updated = MIN(100), CLOSED_10_TO_20, WORDS("quero uma"));
	grade_all();
	/* the same again, and what no prompt shows */
	PUT(&f, .updated = MIN(100), CLOSED_10_TO_20, WORDS("quero uma"));
	PUT(&f, .updated = MIN(101), .status = "closed", CLOSED_10_TO_20, WORDS("quero uma"));
	ck_assert_int_eq(STALE, 0);
	/* S9: a message was edited */
	PUT(&f, .updated = MIN(102), CLOSED_10_TO_20,
	    MESSAGES({ .id = 1, .at = MIN(11), .body = "oi", .updated = MIN(60) },
	             { .id = 2, .at = MIN(12), .body = "quero duas", .updated = MIN(70) },
	             { .id = 3, .at = MIN(41), .body = "tchau", .updated = MIN(60) }));
	ck_assert_int_eq(STALE, 1);
	grade_all();
	/* one came late */
	PUT(&f, .updated = MIN(103), CLOSED_10_TO_20,
	    MESSAGES({ .id = 1, .at = MIN(11), .body = "oi", .updated = MIN(60) },
	             { .id = 2, .at = MIN(12), .body = "quero duas", .updated = MIN(70) },
	             { .id = 3, .at = MIN(41), .body = "tchau", .updated = MIN(60) },
	             { .id = 4, .at = MIN(42), .body = "obrigado", .updated = MIN(60) }));
	ck_assert_int_eq(STALE, 1);
	grade_all();
	/* S2: the end was taken back */
	PUT(&f, .updated = MIN(104),
	    TRACKINGS({ 1, MIN(10), MIN(10), MIN(20), "Bia" },
	              { 2, MIN(40), MIN(40), FIXTURE_NONE, NULL }),
	    MESSAGES({ .id = 1, .at = MIN(11), .body = "oi", .updated = MIN(60) },
	             { .id = 2, .at = MIN(12), .body = "quero duas", .updated = MIN(70) },
	             { .id = 3, .at = MIN(41), .body = "tchau", .updated = MIN(60) },
	             { .id = 4, .at = MIN(42), .body = "obrigado", .updated = MIN(60) }));
	ck_assert_int_eq(STALE, 1);
	ck_assert_int_eq(import_fixture_number(&f, "SELECT count(*) FROM session_analyses"), 2);
	close_fixture();
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("import store", the_worked_cases_are_stored_as_they_are_written,
	                  a_session_keeps_its_id_through_all_its_classes,
	                  a_tracking_that_vanishes_retires_what_was_open_and_keeps_what_was_closed,
	                  an_array_that_could_not_be_read_whole_says_nothing_of_what_is_not_in_it,
	                  weak_trackings_that_meet_are_one_session_with_the_id_of_the_first,
	                  the_same_again_writes_nothing,
	                  an_edited_body_is_refreshed_and_the_earlier_ones_are_kept,
	                  a_message_that_comes_late_is_taken_in,
	                  a_ticket_that_failed_waits_until_it_is_stored,
	                  conversations_that_changed_are_told_of_many_at_once_only_that_they_are,
	                  many_tickets_in_one_transaction_are_what_they_are_one_by_one,
	                  an_analysis_is_stale_when_what_it_read_changes_and_only_then);
}

TEST_MAIN_ON_ENGINE(make_suite, postgres)
