/*
 * A session as an analysis reads it: exactly the messages that the rules give to it, whatever else
 * is in its ticket or conversation. ENGINE says on which engine.
 */
#include <stdio.h>

#include "analysis_fixture.h"
#include "core/session.h"
#include "sim/dice.h"
#include "work/analyser.h"
#include "work/analysis_session.h"

#define AT DESK_AT

static struct analysis_session
load_in(struct desk *d, struct arena *a, struct uuid id)
{
	struct analysis_session s;

	ck_assert_ok(analysis_session_load(d->s.db, a, d->client, id, AT, &s));
	return s;
}

static struct analysis_session
load(struct desk *d, struct uuid id)
{
	return load_in(d, test_arena(), id);
}

static void
say(struct desk *d, const struct planted *p, int64_t at, const char *key)
{
	struct planted_message m = {
		.conversation = p->conversation, .ticket = p->ticket, .at = at, .key = key
	};

	desk_message(d, &m);
}

START_TEST(an_episode_holds_what_was_said_between_its_ends)
{
	struct desk *d = desk_open();
	struct planted p = { .episode = true };
	struct planted_message notice = { .type = "system" };
	struct analysis_session s;

	desk_plant(d, &p);
	say(d, &p, p.start - 1, "before");
	say(d, &p, p.end, "last");
	say(d, &p, p.end + 1, "after");
	say(d, &p, p.start, "z");
	say(d, &p, p.start, "a");
	notice.conversation = p.conversation;
	notice.at = p.start + 1;
	desk_message(d, &notice);
	s = load(d, p.id);
	ck_assert(s.settled && s.unread == 0);
	ck_assert(uuid_is_nil(s.ticket_id) && uuid_eq(s.conversation_id, p.conversation));
	ck_assert_int_eq(s.ended_at, p.end);
	ck_assert_uint_eq(s.n, 3);
	ck_assert_str(s.messages[0].key, "a");
	ck_assert_str(s.messages[1].key, "z");
	ck_assert_str(s.messages[2].key, "last");
	desk_close(d);
}
END_TEST

START_TEST(a_message_comes_with_all_that_was_said_of_it)
{
	struct desk *d = desk_open();
	struct planted p = { .messages = 10 };
	struct planted_message m = { .key = "h:1",
		                     .type = "audio",
		                     .body = "oi",
		                     .sender = "AI",
		                     .outbound = true,
		                     .updated_at = AT - 3,
		                     .revoked_at = AT - 2,
		                     .missing_since = AT - 1 };
	struct planted_message bare = { .key = "h:2" };
	struct analysis_session s;

	desk_plant(d, &p);
	m.conversation = bare.conversation = p.conversation;
	m.ticket = bare.ticket = p.ticket;
	m.at = p.start;
	bare.at = p.end;
	desk_message(d, &m);
	desk_message(d, &bare);
	s = load(d, p.id);
	ck_assert(uuid_eq(s.ticket_id, p.ticket));
	ck_assert_uint_eq(s.n, 2);
	ck_assert(uuid_eq(s.messages[0].id, m.id));
	ck_assert(s.messages[0].outbound && !s.messages[1].outbound);
	ck_assert_str(s.messages[0].sender_type, "AI");
	ck_assert_str(s.messages[0].type, "audio");
	ck_assert_str(s.messages[0].body, "oi");
	ck_assert_int_eq(s.messages[0].at, p.start);
	ck_assert_int_eq(s.messages[0].external_updated_at, AT - 3);
	ck_assert_int_eq(s.messages[0].revoked_at, AT - 2);
	ck_assert_none(s.messages[1].body);
	ck_assert_none(s.messages[1].sender_type);
	ck_assert_int_eq(s.messages[1].external_updated_at, TIME_NONE);
	ck_assert_int_eq(s.messages[1].revoked_at, TIME_NONE);
	desk_close(d);
}
END_TEST

START_TEST(an_audio_says_what_was_written_down_of_it)
{
	struct desk *d = desk_open();
	struct planted p = { .episode = true };
	struct planted_message m = { .type = "audio", .key = "i:1" };
	const char *client, *sum = db_engine(d->s.db) == DB_SQLITE ? "x'01'" : "'\\x01'::bytea";
	struct analysis_session s;

	desk_plant(d, &p);
	m.conversation = p.conversation;
	m.at = p.start;
	desk_message(d, &m);
	client = desk_uuid(d, d->client);
	desk_sql(d, "UPDATE messages SET content = '{\"id\":\"77\"}' WHERE id = %s",
	         desk_uuid(d, m.id));
	desk_sql(d,
	         "INSERT INTO media (id, client_id, connection_id, meta_id, conversation_id, "
	         "history, "
	         "status, sha256, revoked, received_at, tries, wrong, created_at, updated_at) "
	         "SELECT m.id, m.client_id, m.connection_id, '77', m.conversation_id, m.unread, "
	         "'ready', %s, m.unread, m.at, 1, 0, m.at, m.at FROM messages m WHERE m.id = %s",
	         sum, desk_uuid(d, m.id));
	ck_assert_none(load(d, p.id).messages[0].body);
	desk_sql(d,
	         "INSERT INTO transcripts (client_id, sha256, status, mime_type, body, "
	         "cost_micro_usd, tries, created_at, updated_at) "
	         "VALUES (%s, %s, 'ready', 'audio/ogg', 'quero remarcar', 0, 1, %s, %s)",
	         client, sum, desk_time(d, AT), desk_time(d, AT));
	s = load(d, p.id);
	ck_assert_uint_eq(s.n, 1);
	ck_assert_str(s.messages[0].body, "quero remarcar");
	desk_close(d);
}
END_TEST

#define SESSIONS 6
#define MESSAGES 60
#define WIDTH    40 /* minutes */

/* A ticket with sessions that overlap, waits before some of them, and one that is open. */
static size_t
plant_ticket(struct desk *d, struct dice *dice, struct planted *p, struct session *v, int64_t *ids)
{
	int64_t base = AT - 5 * DAY;

	for (size_t i = 0; i < SESSIONS; i++) {
		int64_t start = base + (int64_t)dice_below(dice, WIDTH) * TIME_MINUTE;
		int64_t length = (int64_t)dice_below(dice, 15) * TIME_MINUTE;
		bool open = i == SESSIONS - 1;

		p[i] = (struct planted){ .class = open ? "OPEN_REAL" : "CLOSED",
			                 .ended_ago = AT - start - length,
			                 .length = length > 0 ? length : 1,
			                 .conversation = p[0].conversation,
			                 .ticket = p[0].ticket,
			                 .lead = p[0].lead };
		desk_plant(d, &p[i]);
		if (open)
			desk_sql(d, "UPDATE sessions SET ended_at = NULL WHERE id = %s",
			         desk_uuid(d, p[i].id));
		ids[i] = (int64_t)(100 + i);
		v[i] = (struct session){ .type = open ? SESSION_OPEN_REAL : SESSION_CLOSED,
			                 .start = p[i].start,
			                 .end = open ? TIME_NONE : p[i].end,
			                 .lead_in = p[i].start -
			                            (int64_t)dice_below(dice, 6) * TIME_MINUTE,
			                 .ids = &ids[i],
			                 .n_ids = 1 };
		desk_sql(d, "UPDATE sessions SET lead_in_at = %s, tracking_id = %lld WHERE id = %s",
		         desk_time(d, v[i].lead_in), (long long)ids[i], desk_uuid(d, p[i].id));
	}
	return SESSIONS;
}

START_TEST(a_helpdesk_session_holds_what_the_rules_give_it)
{
	struct desk *d = desk_open();
	struct dice dice = dice_for(3, 5, 0);
	size_t seen = 0, waits = 0;

	for (int round = 0; round < 8; round++) {
		struct planted p[SESSIONS] = { 0 };
		struct session v[SESSIONS];
		int64_t ids[SESSIONS], times[MESSAGES];
		size_t in[MESSAGES], n = plant_ticket(d, &dice, p, v, ids);

		for (size_t i = 0; i < MESSAGES; i++) {
			times[i] = AT - 5 * DAY - 10 * TIME_MINUTE +
			           (int64_t)dice_below(&dice, WIDTH + 30) * TIME_MINUTE;
			in[i] = session_assign(v, n, times[i]);
			say(d, &p[0], times[i],
			    str_z(test_arena(), str_fmt(test_arena(), "r%d-%02zu", round, i)));
		}
		for (size_t k = 0; k < n - 1; k++) {
			struct analysis_session s = load(d, p[k].id);
			size_t at = 0;

			ck_assert(s.settled);
			for (size_t i = 0; i < MESSAGES; i++)
				at += in[i] == k;
			ck_assert_uint_eq(s.n, at);
			for (size_t i = 0; i < s.n; i++) {
				ck_assert_uint_eq(session_assign(v, n, s.messages[i].at), k);
				ck_assert(i == 0 || s.messages[i].at >= s.messages[i - 1].at);
				waits += s.messages[i].at < p[k].start;
			}
			seen += s.n;
		}
	}
	ck_assert_uint_gt(seen, 100);
	ck_assert_uint_gt(waits, 5);
	desk_close(d);
}
END_TEST

START_TEST(an_episode_in_a_ticket_holds_what_waits_there)
{
	struct desk *d = desk_open();
	struct planted weak = { .class = "OPEN_WEAK", .ended_ago = -1, .length = TIME_HOUR };
	struct planted closed, episode;
	struct analysis_session s;

	desk_plant(d, &weak);
	desk_sql(d, "UPDATE sessions SET started_at = %s, lead_in_at = %s WHERE id = %s",
	         desk_time(d, AT - 5 * DAY), desk_time(d, AT - 5 * DAY), desk_uuid(d, weak.id));
	closed = (struct planted){ .conversation = weak.conversation,
		                   .ticket = weak.ticket,
		                   .lead = weak.lead,
		                   .ended_ago = 5 * DAY - 20 * TIME_MINUTE,
		                   .length = 10 * TIME_MINUTE };
	desk_plant(d, &closed);
	episode = (struct planted){ .episode = true,
		                    .in_ticket = true,
		                    .conversation = weak.conversation,
		                    .ticket = weak.ticket,
		                    .lead = weak.lead,
		                    .ended_ago = 5 * DAY - TIME_HOUR,
		                    .length = TIME_HOUR };
	desk_plant(d, &episode);
	say(d, &weak, episode.start, "waits");
	say(d, &weak, closed.start + 1, "attended");
	say(d, &weak, episode.end, "waits again");
	say(d, &weak, episode.end + 1, "later");
	s = load(d, episode.id);
	ck_assert(s.settled);
	ck_assert_uint_eq(s.n, 2);
	ck_assert_str(s.messages[0].key, "waits");
	ck_assert_str(s.messages[1].key, "waits again");
	ck_assert_uint_eq(load(d, closed.id).n, 1);
	desk_close(d);
}
END_TEST

START_TEST(what_is_not_settled_is_not_read)
{
	static const struct planted cases[] = {
		{ .class = "OPEN_REAL", .ended_ago = -1 },
		{ .class = "OPEN_WEAK", .ended_ago = -1 },
		{ .ended_ago = DAY - 1 },
		{ .retired = true },
		{ .episode = true, .ended_ago = DAY - 1 },
		{ .episode = true, .retired = true },
	};
	struct desk *d = desk_open();
	struct analysis_session s;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct planted p = cases[i];

		desk_plant(d, &p);
		say(d, &p, p.start, NULL);
		s = load(d, p.id);
		ck_assert_msg(!s.settled && s.n == 0, "case %zu", i);
		if (cases[i].ended_ago == DAY - 1) {
			ck_assert_ok(analysis_session_load(d->s.db, test_arena(), d->client, p.id,
			                                   AT + 1, &s));
			ck_assert_msg(s.settled && s.n == 1, "case %zu a millisecond later", i);
		}
	}
	desk_close(d);
}
END_TEST

START_TEST(another_clients_session_is_not_there)
{
	struct desk *d = desk_open();
	struct planted p = { .client = d->other };
	struct analysis_session s;

	desk_plant(d, &p);
	ck_assert_err(analysis_session_load(d->s.db, test_arena(), d->client, p.id, AT, &s),
	              ERR_NOT_FOUND);
	ck_assert_err(analysis_session_load(d->s.db, test_arena(), d->client, desk_id(d), AT, &s),
	              ERR_NOT_FOUND);
	desk_close(d);
}
END_TEST

/* Copies of the one message of a session, a millisecond apart. */
static void
multiply(struct desk *d, const struct planted *p, int64_t n)
{
	const char *step = db_engine(d->s.db) == DB_POSTGRES ? "g.n * interval '1 ms'" : "g.n";
	const char *id = db_engine(d->s.db) == DB_POSTGRES ? "gen_random_uuid()" : "randomblob(16)";

	desk_sql(d,
	         "WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < %lld) "
	         "INSERT INTO messages (client_id, id, connection_id, conversation_id, dedup_key, "
	         "at, "
	         "bad_time, direction, type, source, seen, status, status_rank, content_key, "
	         "received_at, unread, ticket_id, external_id, created_at, updated_at) SELECT "
	         "m.client_id, %s, m.connection_id, m.conversation_id, m.dedup_key || g.n, m.at + "
	         "%s, "
	         "m.bad_time, m.direction, m.type, m.source, m.seen, m.status, m.status_rank, "
	         "m.content_key, m.received_at, m.unread, m.ticket_id, m.external_id + g.n, "
	         "m.created_at, m.updated_at FROM messages m CROSS JOIN g WHERE m.conversation_id "
	         "= %s",
	         (long long)n, id, step, desk_uuid(d, p->conversation));
}

/* The model has room for all that was read. */
static void
assert_told(struct desk *d, struct uuid session, size_t unread)
{
	static const struct script script = { .key = { "k", 1 }, .version = 1, .text = { "t", 1 } };
	static const struct analyser_model model = { .model = { "m", 1 },
		                                     .max_input_tokens = 10000000 };
	const struct analysis_params params = { .tag = STR("v1") };
	struct arena *a = arena_new((size_t)256 << 20);
	struct prompt p;
	bool settled;

	ck_assert_ok(analyser_prompt(d->s.db, a, &model, &params, &script, d->client, session,
	                             false, AT, &p, &settled));
	ck_assert_uint_eq(p.omitted, unread);
	ck_assert_int_eq(p.truncated, unread > 0);
	ck_assert_uint_eq(p.n, ANALYSIS_MAX_MESSAGES);
	arena_free(a);
}

START_TEST(of_a_very_long_session_its_ends_are_read)
{
	static const struct planted kinds[] = { { .episode = true, .length = DAY },
		                                { .length = DAY } };
	struct arena *a = arena_new((size_t)64 << 20);
	struct desk *d = desk_open();

	for (size_t k = 0; k < 2; k++) {
		struct planted p = kinds[k];
		const int64_t half = ANALYSIS_MAX_MESSAGES / 2;
		struct analysis_session s;

		desk_plant(d, &p);
		say(d, &p, p.start, NULL);
		multiply(d, &p, 2 * half - 2);
		arena_reset(a);
		s = load_in(d, a, p.id);
		ck_assert_uint_eq(s.n, 2 * half - 1);
		ck_assert_uint_eq(s.unread, 0);
		desk_sql(d, "DELETE FROM messages WHERE at > %s", desk_time(d, p.start));
		multiply(d, &p, 2 * half - 1);
		desk_sql(d, "UPDATE sessions SET message_count = %lld", (long long)(2 * half));
		arena_reset(a);
		s = load_in(d, a, p.id);
		ck_assert_uint_eq(s.n, 2 * half);
		ck_assert_uint_eq(s.unread, 0);
		assert_told(d, p.id, 0);
		desk_sql(d, "DELETE FROM messages WHERE at > %s", desk_time(d, p.start));
		multiply(d, &p, 2 * half + 100);
		desk_sql(d, "UPDATE sessions SET message_count = %lld",
		         (long long)(2 * half + 101));
		arena_reset(a);
		s = load_in(d, a, p.id);
		ck_assert_uint_eq(s.n, 2 * half);
		ck_assert_uint_eq(s.gap, half);
		ck_assert_uint_eq(s.unread, 101);
		assert_told(d, p.id, 101);
		for (int64_t i = 0; i < 2 * half; i++)
			ck_assert_int_eq(s.messages[i].at, p.start + i + (i < half ? 0 : 101));
		desk_sql(d, "DELETE FROM messages");
	}
	printf("%zu bytes for %d messages\n", arena_used(a), ANALYSIS_MAX_MESSAGES);
	arena_free(a);
	desk_close(d);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("analysis session", an_episode_holds_what_was_said_between_its_ends,
	                  an_audio_says_what_was_written_down_of_it,
	                  a_message_comes_with_all_that_was_said_of_it,
	                  a_helpdesk_session_holds_what_the_rules_give_it,
	                  an_episode_in_a_ticket_holds_what_waits_there,
	                  what_is_not_settled_is_not_read, another_clients_session_is_not_there,
	                  of_a_very_long_session_its_ends_are_read);
}

int
main(void)
{
	return desk_main(make_suite);
}
