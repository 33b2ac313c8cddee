/*
 * Whose a helpdesk ticket is, and what it costs: people of both inlets are one lead, in whatever
 * order they are told of; a ticket moves with its contact; contacts and tags; faults leave the old
 * or the new; the number of statements. ENGINE says on which engine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "import_fixture.h"

static struct pg_server *postgres;
static struct import_fixture f;

#define PHONE   "5511988887777"
#define SPELLED "+55 (11) 8888-7777" /* without the ninth digit */
#define WEAK(n, t)                                                                                 \
	{                                                                                          \
		(n), MIN(t), FIXTURE_NONE, FIXTURE_NONE, NULL                                      \
	}
#define SAID(n, t)                                                                                 \
	{                                                                                          \
		.id = (n), .at = MIN(t), .body = "oi"                                              \
	}

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
leads(void)
{
	return import_fixture_number(&f, "SELECT count(*) FROM leads");
}

#define ck_assert_lines(sql, text) ck_assert_str(import_fixture_lines(&f, sql), text)
#define ck_assert_count(sql, n)    ck_assert_int_eq(import_fixture_number(&f, sql), n)

/* Every conversation's and lead's columns are what folding all messages anew gives. */
static void
check_folds(void)
{
	static const char *const wrong[] = {
		"conversations c WHERE coalesce(ms(c.last_message_at), 0) <> coalesce((SELECT "
		"max(ms(m.at)) FROM messages m WHERE m.client_id = c.client_id AND "
		"m.conversation_id = c.id AND m.type <> 'system'), 0)",
		"conversations c WHERE coalesce(ms(c.last_out_at), 0) <> coalesce((SELECT "
		"max(ms(m.at)) FROM messages m WHERE m.client_id = c.client_id AND "
		"m.conversation_id = c.id AND m.direction = 'OUTBOUND'), 0)",
		"conversations c WHERE coalesce(c.last_message_key, '') <> coalesce((SELECT "
		"m.dedup_key FROM messages m WHERE m.client_id = c.client_id AND m.id = "
		"c.last_message_id), '')",
		"leads l WHERE coalesce(ms(l.last_message_at), 0) <> coalesce((SELECT "
		"max(ms(c.last_message_at)) FROM conversations c WHERE c.client_id = l.client_id "
		"AND c.lead_id = l.id), 0)",
		"messages m JOIN tickets t ON t.client_id = m.client_id AND t.id = m.ticket_id "
		"WHERE t.conversation_id <> m.conversation_id",
		"sessions s JOIN tickets t ON t.client_id = s.client_id AND t.id = s.ticket_id "
		"WHERE t.conversation_id <> s.conversation_id",
		"tickets t JOIN conversations c ON c.client_id = t.client_id AND c.id = "
		"t.conversation_id WHERE c.lead_id <> t.lead_id",
	};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ck_assert_msg(import_fixture_number(
				      &f, str_z(test_arena(),
		                                str_fmt(test_arena(), "SELECT count(*) FROM %s",
		                                        wrong[i]))) == 0,
		              "%s", wrong[i]);
}

START_TEST(a_whatsapp_lead_and_a_helpdesk_contact_with_one_number_are_one_lead)
{
	for (int order = 0; order < 2; order++) {
		open_fixture();
		for (int i = 0; i < 2; i++) {
			if ((i == 0) == (order == 0))
				import_fixture_webhook(
					&f, import_fixture_live(PHONE, "3EB01", MIN(30)), MIN(30));
			else
				PUT(&f, .contact = 7, .number = SPELLED, .name = "Ana Prado",
				    TRACKINGS(WEAK(1, 10)), MESSAGES(SAID(1, 12)));
		}
		ck_assert_int_eq(leads(), 1);
		ck_assert_lines(
			"SELECT source || ' ' || wa_id || ' ' || profile_name || ' ' || "
			"(SELECT count(*) FROM conversations) || ' ' || ms(last_message_at) FROM "
			"leads",
			"live_message " PHONE " Ana Prado 2 1768908600000");
		/* whichever came first, the older one is the helpdesk's */
		ck_assert_lines("SELECT originated_from FROM tickets ORDER BY source",
		                "helpdesk\nexisting");
		check_folds();
		close_fixture();
	}
}
END_TEST

START_TEST(stored_people_who_turn_out_to_be_one_are_joined_with_all_they_have)
{
	open_fixture();
	import_fixture_webhook(&f, import_fixture_live(PHONE, "3EB01", MIN(30)), MIN(30));
	PUT(&f, .uuid = "a", .contact = 7, TRACKINGS(WEAK(1, 10)), MESSAGES(SAID(1, 12)));
	PUT(&f, .uuid = "b", .contact = 8, .number = SPELLED, TRACKINGS(WEAK(2, 20)),
	    MESSAGES(SAID(1, 22)));
	import_fixture_contacts(
		&f, "[{\"id\":7,\"name\":\"Ana\",\"tags\":[{\"id\":1,\"name\":\"x\"}]}]");
	ck_assert_int_eq(leads(), 2);
	ck_assert_count("SELECT count(*) FROM conversations", 3);
	/* the contact that had no number has it now: three conversations of two people */
	PUT(&f, .uuid = "a", .updated = MIN(40), .contact = 7, .number = PHONE,
	    TRACKINGS(WEAK(1, 10)), MESSAGES(SAID(1, 12), SAID(2, 41)));
	ck_assert_int_eq(leads(), 1);
	ck_assert_count("SELECT count(*) FROM conversations", 2);
	ck_assert_lines("SELECT kind FROM redirects ORDER BY kind", "conversation\nlead");
	ck_assert_count("SELECT count(*) FROM sessions WHERE ticket_id IS NOT NULL", 2);
	ck_assert_lines(
		"SELECT CASE WHEN p.lead_id = l.id AND x.lead_id = l.id THEN 'its' ELSE 'lost' "
		"END FROM leads l, helpdesk_contacts p, lead_tags x",
		"its");
	ck_assert_lines("SELECT originated_from FROM tickets WHERE is_open", "existing");
	check_folds();
	/* and it is settled */
	PUT(&f, .uuid = "a", .updated = MIN(40), .contact = 7, .number = PHONE,
	    TRACKINGS(WEAK(1, 10)), MESSAGES(SAID(1, 12), SAID(2, 41)));
	ck_assert_uint_eq(f.rows, 0);
	close_fixture();
}
END_TEST

START_TEST(whatsapp_joins_two_people_of_the_helpdesk)
{
	open_fixture();
	PUT(&f, .uuid = "a", .contact = 7, .number = "5511911110000", TRACKINGS(WEAK(1, 10)),
	    MESSAGES(SAID(1, 12)));
	PUT(&f, .uuid = "b", .contact = 8, .number = "5511922220000", TRACKINGS(WEAK(2, 20)),
	    MESSAGES({ .id = 1, .at = MIN(22), .body = "oi", .from_me = true }));
	import_fixture_webhook(
		&f,
		STR("{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"201\","
	            "\"changes\":["
	            "{\"field\":\"messages\",\"value\":{\"messaging_product\":\"whatsapp\","
	            "\"metadata\":{\"display_phone_number\":\"551130000000\",\"phone_number_id\":"
	            "\"101\"},\"messages\":[{\"from\":\"5511911110000\",\"id\":\"wamid.x\","
	            "\"timestamp\":\"1768907000\",\"type\":\"system\",\"system\":{\"body\":\"x\","
	            "\"type\":\"user_changed_number\",\"wa_id\":\"5511922220000\"}}]}}]}]}"),
		MIN(60));
	ck_assert_int_eq(leads(), 1);
	ck_assert_count("SELECT count(*) FROM conversations", 2);
	ck_assert_count("SELECT count(*) FROM sessions WHERE ticket_id IS NOT NULL", 2);
	check_folds();
	close_fixture();
}
END_TEST

START_TEST(two_people_of_whatsapp_whom_a_contact_joins_have_one_history)
{
	static const char *const numbers[] = { "5511911110000", "5511922220000" };

	open_fixture();
	for (int i = 0; i < 2; i++)
		import_fixture_webhook(&f,
		                       import_fixture_history(numbers[i], "3EB01", i + 1, MIN(-60)),
		                       MIN(i + 1));
	ck_assert_count("SELECT sum(messages_imported) FROM sync_runs", 2);
	for (int i = 0; i < 2; i++)
		PUT(&f, .contact = 7, .number = numbers[i], .updated = MIN(i),
		    MESSAGES(SAID(1, 12)));
	ck_assert_int_eq(leads(), 1);
	ck_assert_count("SELECT count(*) FROM messages WHERE source = 'history'", 1);
	ck_assert_count("SELECT sum(messages_imported) FROM sync_runs", 1);
	ck_assert_count("SELECT sum(message_count) FROM sessions WHERE source = 'episode' AND "
	                "retired_at IS NULL",
	                1);
	check_folds();
	close_fixture();
}
END_TEST

START_TEST(a_ticket_moves_to_its_new_contact)
{
	open_fixture();
	PUT(&f, .uuid = "a", .contact = 7, TRACKINGS(WEAK(1, 10)), MESSAGES(SAID(1, 12)));
	PUT(&f, .uuid = "b", .contact = 7, TRACKINGS(WEAK(2, 20)), MESSAGES(SAID(1, 22)));
	PUT(&f, .uuid = "b", .updated = MIN(1), .contact = 8, TRACKINGS(WEAK(2, 20)),
	    MESSAGES(SAID(1, 22), SAID(2, 23)));
	ck_assert_lines(
		"SELECT i.value || ' ' || t.external_uuid || ' ' || ms(c.last_message_at) FROM "
		"tickets t JOIN conversations c ON c.client_id = t.client_id AND c.id = "
		"t.conversation_id JOIN identities i ON i.client_id = t.client_id AND "
		"i.lead_id = t.lead_id ORDER BY 1",
		"7 a 1768907520000\n8 b 1768908180000");
	check_folds();
	PUT(&f, .uuid = "b", .updated = MIN(1), .contact = 8, TRACKINGS(WEAK(2, 20)),
	    MESSAGES(SAID(1, 22), SAID(2, 23)));
	ck_assert_uint_eq(f.rows, 0);
	/* and back, with nobody named after that: it stays */
	PUT(&f, .uuid = "b", .updated = MIN(2), .contact = 7, TRACKINGS(WEAK(2, 20)),
	    MESSAGES(SAID(1, 22), SAID(2, 23)));
	PUT(&f, .uuid = "b", .updated = MIN(3), TRACKINGS(WEAK(2, 20)),
	    MESSAGES(SAID(1, 22), SAID(2, 23)));
	ck_assert_lines("SELECT i.value || ' ' || count(*) FROM tickets t JOIN identities i ON "
	                "i.client_id = t.client_id AND i.lead_id = t.lead_id GROUP BY i.value",
	                "7 2");
	ck_assert_count("SELECT count(*) FROM conversations WHERE last_message_at IS NULL", 1);
	check_folds();
	close_fixture();
}
END_TEST

START_TEST(a_ticket_that_names_nobody_has_a_lead_of_its_own_until_it_does)
{
	open_fixture();
	PUT(&f, .uuid = "a", .number = "ninguém", .name = "Visitante", MESSAGES(SAID(1, 12)));
	PUT(&f, .uuid = "g", .group = true, .contact = 7, .name = "Família", MESSAGES(SAID(1, 12)));
	ck_assert_lines("SELECT value FROM identities ORDER BY value", "ticket:a\nticket:g");
	ck_assert_int_eq(leads(), 2);
	PUT(&f, .uuid = "b", .contact = 7, .number = PHONE, MESSAGES(SAID(1, 13)));
	PUT(&f, .uuid = "a", .updated = MIN(1), .contact = 7, .number = PHONE,
	    MESSAGES(SAID(1, 12)));
	/* the visitor is contact 7; the group is not */
	ck_assert_int_eq(leads(), 2);
	check_folds();
	PUT(&f, .uuid = "a", .updated = MIN(1), .contact = 7, .number = PHONE,
	    MESSAGES(SAID(1, 12)));
	ck_assert_uint_eq(f.rows, 0);
	/* another contact now: no third person is joined to the two */
	PUT(&f, .uuid = "a", .updated = MIN(2), .contact = 9, MESSAGES(SAID(1, 12)));
	ck_assert_int_eq(leads(), 3);
	check_folds();
	close_fixture();
}
END_TEST

START_TEST(messages_that_vanish_are_marked_and_come_back)
{
	open_fixture();
	PUT(&f, MESSAGES(SAID(1, 1), SAID(2, 2), SAID(2, 2)));
	ck_assert_int_eq(f.counts.messages_new, 2);
	f.whole = false;
	PUT(&f, MESSAGES(SAID(1, 1)));
	ck_assert_uint_eq(f.rows, 0);
	f.whole = true;
	PUT(&f, MESSAGES(SAID(1, 1)));
	ck_assert_lines("SELECT external_id FROM messages WHERE missing_since IS NOT NULL", "2");
	PUT(&f, MESSAGES(SAID(1, 1)));
	ck_assert_uint_eq(f.rows, 0);
	ck_assert_count("SELECT ms(last_message_at) FROM conversations", MIN(2));
	PUT(&f, MESSAGES(SAID(1, 1), SAID(2, 2)));
	ck_assert_count("SELECT count(*) FROM messages WHERE missing_since IS NOT NULL", 0);
	/* and one that is somewhere else now takes the columns along */
	PUT(&f, MESSAGES(SAID(1, 1), { .id = 2, .at = MIN(0), .updated = MIN(9), .body = "oi" }));
	ck_assert_count("SELECT ms(last_message_at) FROM conversations", MIN(1));
	ck_assert_count("SELECT ms(last_message_created_at) FROM helpdesk_tickets", MIN(1));
	check_folds();
	close_fixture();
}
END_TEST

START_TEST(ids_of_64_bits_keep_their_order)
{
	open_fixture();
	PUT(&f, TRACKINGS(WEAK(INT64_MAX, 0), WEAK(INT64_MAX - 1, 0)),
	    MESSAGES({ .id = INT64_MAX, .at = MIN(1), .body = "c" },
	             { .id = 9007199254740993, .at = MIN(1), .body = "b" },
	             { .id = -5, .at = MIN(1), .body = "a" }));
	ck_assert_lines("SELECT body || external_id FROM messages ORDER BY dedup_key",
	                "a-5\nb9007199254740993\nc9223372036854775807");
	ck_assert_lines("SELECT replace(CAST(tracking_ids AS text), ' ', '') FROM sessions",
	                "[9223372036854775806,9223372036854775807]");
	PUT(&f, TRACKINGS(WEAK(INT64_MAX, 0), WEAK(INT64_MAX - 1, 0)),
	    MESSAGES({ .id = INT64_MAX, .at = MIN(1), .body = "c" },
	             { .id = 9007199254740993, .at = MIN(1), .body = "b" },
	             { .id = -5, .at = MIN(1), .body = "a" }));
	ck_assert_uint_eq(f.rows, 0);
	close_fixture();
}
END_TEST

START_TEST(who_sent_what_and_the_same_message_at_whatsapp_are_told)
{
	open_fixture();
	import_fixture_webhook(&f, import_fixture_live(PHONE, "3EB01", MIN(30)), MIN(30));
	PUT(&f, .contact = 7, .number = PHONE,
	    MESSAGES({ .id = 1, .at = MIN(30), .body = "oi", .key = "3EB01" },
	             { .id = 2,
	               .at = MIN(31),
	               .body = "x",
	               .from_me = true,
	               .by_ai = true,
	               .by_system = true,
	               .key = "3EB02" },
	             { .id = 3,
	               .at = MIN(32),
	               .from_me = true,
	               .by_system = true,
	               .media_url = "https://m.exemplo/a.pdf",
	               .media_type = "application/pdf" }));
	ck_assert_lines(
		"SELECT external_id || ' ' || direction || ' ' || sender_type || ' ' || type || "
		"' ' || status || ' ' || coalesce(same_key, '-') || CASE WHEN content IS NULL "
		"THEN '' ELSE ' content' END FROM messages WHERE ticket_id IS NOT NULL ORDER BY "
		"1",
		"1 INBOUND HUMAN text received i:3EB01\n2 OUTBOUND AI text sent o:3EB02\n"
		"3 OUTBOUND SYSTEM document sent - content");
	ck_assert_count("SELECT count(*) FROM message_docs WHERE same_id IS NOT NULL", 1);
	close_fixture();
}
END_TEST

START_TEST(episodes_are_cut_inside_a_weak_stretch_and_only_there)
{
	const int64_t day = 24 * 60;

	open_fixture();
	f.store.episodes = true;
	PUT(&f, TRACKINGS({ 1, MIN(0), MIN(0), MIN(10), NULL }, WEAK(2, 20)),
	    MESSAGES(SAID(1, 5), SAID(2, 25), SAID(3, 25 + day), SAID(4, 26 + 2 * day)));
	ck_assert_str(import_fixture_sessions(&f, "t"),
	              "CLOSED 0-10 [1] 1\nOPEN_WEAK 20- [2] 3\nepisode 25-1465  2\n"
	              "episode 2906-2906  1");
	PUT(&f, TRACKINGS({ 1, MIN(0), MIN(0), MIN(10), NULL }, WEAK(2, 20)),
	    MESSAGES(SAID(1, 5), SAID(2, 25), SAID(3, 25 + day), SAID(4, 26 + 2 * day)));
	ck_assert_uint_eq(f.rows, 0);
	/* not asked for: they stay while the stretch does */
	f.store.episodes = false;
	PUT(&f, TRACKINGS({ 1, MIN(0), MIN(0), MIN(10), NULL }, WEAK(2, 20)),
	    MESSAGES(SAID(1, 5), SAID(2, 25), SAID(3, 25 + day), SAID(4, 26 + 2 * day),
	             SAID(5, 27 + 2 * day)));
	ck_assert_count(
		"SELECT count(*) FROM sessions WHERE source = 'episode' AND retired_at IS NULL", 2);
	/* a message between joins them, under the id of the earlier */
	f.store.episodes = true;
	PUT(&f, TRACKINGS({ 1, MIN(0), MIN(0), MIN(10), NULL }, WEAK(2, 20)),
	    MESSAGES(SAID(1, 5), SAID(2, 25), SAID(3, 25 + day), SAID(4, 26 + 2 * day),
	             SAID(5, 27 + 2 * day), SAID(6, 30 + day)));
	ck_assert_str(import_fixture_sessions(&f, "t"),
	              "CLOSED 0-10 [1] 1\nOPEN_WEAK 20- [2] 5\nepisode 25-2907  5\n"
	              "-episode 2906-2906  1");
	ck_assert_count(
		"SELECT count(*) FROM sessions a JOIN sessions b ON b.id = a.redirect_id WHERE "
		"a.retired_at IS NOT NULL AND b.retired_at IS NULL",
		1);
	/* the stretch ends */
	f.store.episodes = false;
	PUT(&f, .updated = MIN(1),
	    TRACKINGS({ 1, MIN(0), MIN(0), MIN(10), NULL },
	              { 2, MIN(20), MIN(20), FIXTURE_NONE, NULL }),
	    MESSAGES(SAID(1, 5)));
	ck_assert_count(
		"SELECT count(*) FROM sessions WHERE source = 'episode' AND retired_at IS NULL", 0);
	close_fixture();
}
END_TEST

static const struct fix_ticket before = { .contact = 7,
	                                  TRACKINGS(WEAK(1, 0)),
	                                  MESSAGES(SAID(1, 1)) };
/* Joins people, moves, edits, vanishes: every kind of write. */
static const struct fix_ticket after = {
	.updated = MIN(9),
	.contact = 7,
	.number = PHONE,
	.status = "closed",
	TRACKINGS({ 2, MIN(5), MIN(6), FIXTURE_NONE, "Bia" }),
	MESSAGES({ .id = 1, .at = MIN(1), .updated = MIN(8), .body = "tchau" }, SAID(2, 7))
};

static void
prepare(void)
{
	struct hd_ticket t = import_fixture_ticket(&before);

	import_fixture_webhook(&f, import_fixture_live(PHONE, "3EB01", MIN(30)), MIN(30));
	import_fixture_put(&f, &before);
	f.store.arena = test_arena();
	ck_assert_ok(import_store_failed(&f.store, &t, "unavailable", STR_NONE));
}

START_TEST(a_fault_at_any_statement_leaves_the_old_or_the_new)
{
	struct str old, new;
	uint64_t n, steps;

	open_fixture();
	prepare();
	old = import_fixture_digest(&f);
	for (n = 1; n < 200; n++) {
		enum err e;

		db_fail_at(f.db, n, ERR_UNAVAILABLE);
		e = import_fixture_try(&f, &after);
		db_fail_at(f.db, 0, ERR_OK);
		if (e == ERR_OK)
			break;
		ck_assert_slice(import_fixture_digest(&f), old);
		ck_assert_count("SELECT count(*) FROM import_failures", 1);
		ck_assert_int_eq(f.counts.messages_new, 0);
	}
	steps = n;
	ck_assert_uint_gt(steps, 20);
	ck_assert_uint_lt(steps, 200);
	new = import_fixture_digest(&f);
	ck_assert(!str_eq(new, old));
	ck_assert_count("SELECT count(*) FROM import_failures", 0);
	ck_assert_int_eq(leads(), 1);
	import_fixture_put(&f, &after);
	ck_assert_uint_eq(f.rows, 0);
	check_folds();
	close_fixture();
}
END_TEST

static uint64_t
statements_for(const char *uuid, size_t n, int64_t from, bool again)
{
	struct fix_message *m = ARENA_ARRAY(test_arena(), n, struct fix_message);
	const struct fix_ticket t = { .uuid = uuid,
		                      .contact = 7,
		                      .number = PHONE,
		                      TRACKINGS(WEAK(1, 0)),
		                      .messages = m,
		                      .nmessages = n };

	for (size_t i = 0; i < n; i++)
		m[i] = (struct fix_message)SAID((int64_t)i + 1, from + (int64_t)i);
	import_fixture_put(&f, &t);
	if (again)
		import_fixture_put(&f, &t);
	return f.statements;
}

START_TEST(the_number_of_statements_does_not_depend_on_the_messages)
{
	open_fixture();
	uint64_t first = statements_for("first", 20, 0, false);
	uint64_t few = statements_for("few", 20, 100, false),
		 many = statements_for("many", 700, 200, false);
	uint64_t same = statements_for("few", 20, 100, true),
		 more = statements_for("many", 700, 200, true);
	printf("statements: first ticket %llu, next %llu, the same again %llu\n",
	       (unsigned long long)first, (unsigned long long)few, (unsigned long long)same);
	ck_assert_uint_eq(few, many);
	ck_assert_uint_eq(same, more);
	ck_assert_uint_le(first, 14);
	ck_assert_uint_le(few, 16);
	ck_assert_uint_le(same, 10);
	close_fixture();
}
END_TEST

#define SQL_TAGS                                                                                   \
	"SELECT g.name || ' ' || num(x.by_hand) || num(x.by_helpdesk) FROM lead_tags x JOIN tags " \
	"g "                                                                                       \
	"ON g.client_id = x.client_id AND g.id = x.tag_id ORDER BY g.name"
#define ANA(tags)                                                                                  \
	"{\"id\":7,\"name\":\"Ana\",\"number\":\"" PHONE                                           \
	"\",\"updatedAt\":\"2026-01-20T11:00:00Z\""                                                \
	",\"tags\":" tags "}"

START_TEST(tags_of_the_helpdesk_are_replaced_and_those_set_by_hand_stay)
{
	open_fixture();
	import_fixture_contacts(&f, "[" ANA("[{\"id\":1,\"name\":\"vip\",\"color\":\"#f00\"},{"
	                                    "\"id\":2,\"name\":\"b\"}]") "]");
	ck_assert_lines(SQL_TAGS, "b 01\nvip 01");
	raw_exec(f.scene.raw,
	         "UPDATE lead_tags SET by_hand = true WHERE tag_id = (SELECT id FROM tags "
	         "WHERE name = 'b')");
	import_fixture_contacts(
		&f, "[" ANA("[{\"id\":1,\"name\":\"vip2\",\"color\":\"#0f0\"},{\"id\":3,"
	                    "\"name\":\"c\"}]") "]");
	ck_assert_lines(SQL_TAGS, "b 10\nc 01\nvip2 01");
	ck_assert_lines("SELECT color FROM tags WHERE external_id = '1'", "#0f0");
	import_fixture_contacts(
		&f, "[" ANA("[{\"id\":1,\"name\":\"vip2\",\"color\":\"#0f0\"},{\"id\":3,"
	                    "\"name\":\"c\"}]") "]");
	ck_assert_int_eq(f.wrote, 0);
	/* what is not told stays */
	import_fixture_contacts(&f, "[" ANA("null") "]");
	ck_assert_lines(SQL_TAGS, "b 10\nc 01\nvip2 01");
	/* two contacts with one number are one lead, which has the tags of both */
	import_fixture_contacts(&f,
	                        "[" ANA("[{\"id\":1,\"name\":\"vip2\",\"color\":\"#0f0\"}]") "]");
	import_fixture_contacts(&f,
	                        "[{\"id\":8,\"number\":\"" PHONE "\",\"tags\":[{\"id\":3,\"name\":"
	                        "\"c\"}]}]");
	ck_assert_lines(SQL_TAGS, "b 10\nc 01\nvip2 01");
	import_fixture_contacts(&f, "[" ANA("[]") "]");
	ck_assert_lines(SQL_TAGS, "b 10\nc 01");
	ck_assert_int_eq(leads(), 1);
	close_fixture();
}
END_TEST

START_TEST(names_that_tags_exchange_and_give_up_are_taken)
{
	open_fixture();
	import_fixture_contacts(
		&f, "[" ANA("[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":\"b\"}]") "]");
	import_fixture_contacts(
		&f, "[" ANA("[{\"id\":1,\"name\":\"b\"},{\"id\":2,\"name\":\"c\"}]") "]");
	ck_assert_lines("SELECT external_id || name FROM tags ORDER BY 1", "1b\n2c");
	/* made again under another id, once the first has vanished */
	import_fixture_sweep(&f, import_fixture_seen("7", NULL), import_fixture_seen("1", NULL));
	import_fixture_contacts(
		&f, "[" ANA("[{\"id\":1,\"name\":\"b\"},{\"id\":9,\"name\":\"c\"}]") "]");
	ck_assert_lines(
		"SELECT external_id || name FROM tags WHERE missing_since IS NULL ORDER BY 1",
		"1b\n9c");
	/* two with one name: one row, and no to and fro */
	for (int i = 0; i < 2; i++)
		import_fixture_contacts(
			&f, "[" ANA("[{\"id\":1,\"name\":\"b\"},{\"id\":9,\"name\":\"c\"},"
		                    "{\"id\":10,\"name\":\"c\",\"color\":\"x\"}]") "]");
	ck_assert_int_eq(f.wrote, 0);
	close_fixture();
}
END_TEST

START_TEST(what_a_sweep_did_not_see_is_marked_and_unmarked)
{
	open_fixture();
	import_fixture_contacts(
		&f, "[" ANA("[{\"id\":1,\"name\":\"a\"}]") ",{\"id\":8,\"isGroup\":true}]");
	ck_assert_lines("SELECT external_id FROM helpdesk_contacts WHERE lead_id IS NULL", "8");
	PUT(&f, .uuid = "a");
	PUT(&f, .uuid = "b");
	import_fixture_sweep(&f, import_fixture_seen("7", NULL), import_fixture_seen(NULL, NULL));
	import_fixture_walk(&f, import_fixture_seen("b", NULL));
	ck_assert_lines("SELECT external_id FROM helpdesk_contacts WHERE missing_since IS NOT NULL",
	                "8");
	ck_assert_count("SELECT count(*) FROM tags WHERE missing_since IS NOT NULL", 1);
	ck_assert_count("SELECT count(*) FROM helpdesk_tickets WHERE missing_since IS NOT NULL", 1);
	uint64_t rows = db_stats(f.db).rows_changed;
	import_fixture_sweep(&f, import_fixture_seen("7", NULL), import_fixture_seen(NULL, NULL));
	import_fixture_walk(&f, import_fixture_seen("b", NULL));
	ck_assert_uint_eq(db_stats(f.db).rows_changed, rows);
	import_fixture_sweep(&f, import_fixture_seen("7", "8"), import_fixture_seen("1", NULL));
	import_fixture_walk(&f, import_fixture_seen("a", "b"));
	ck_assert_count(
		"SELECT (SELECT count(*) FROM helpdesk_contacts WHERE missing_since IS NOT NULL) "
		"+ (SELECT count(*) FROM tags WHERE missing_since IS NOT NULL) + (SELECT count(*) "
		"FROM helpdesk_tickets WHERE missing_since IS NOT NULL)",
		0);
	/* nothing at all was seen */
	import_fixture_walk(&f, import_fixture_seen(NULL, NULL));
	ck_assert_count("SELECT count(*) FROM helpdesk_tickets WHERE missing_since IS NOT NULL", 2);
	PUT(&f, .uuid = "a");
	ck_assert_count("SELECT count(*) FROM helpdesk_tickets WHERE missing_since IS NOT NULL", 1);
	close_fixture();
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("import people",
	                  a_whatsapp_lead_and_a_helpdesk_contact_with_one_number_are_one_lead,
	                  stored_people_who_turn_out_to_be_one_are_joined_with_all_they_have,
	                  whatsapp_joins_two_people_of_the_helpdesk,
	                  two_people_of_whatsapp_whom_a_contact_joins_have_one_history,
	                  a_ticket_moves_to_its_new_contact,
	                  a_ticket_that_names_nobody_has_a_lead_of_its_own_until_it_does,
	                  messages_that_vanish_are_marked_and_come_back,
	                  ids_of_64_bits_keep_their_order,
	                  who_sent_what_and_the_same_message_at_whatsapp_are_told,
	                  episodes_are_cut_inside_a_weak_stretch_and_only_there,
	                  a_fault_at_any_statement_leaves_the_old_or_the_new,
	                  the_number_of_statements_does_not_depend_on_the_messages,
	                  tags_of_the_helpdesk_are_replaced_and_those_set_by_hand_stay,
	                  names_that_tags_exchange_and_give_up_are_taken,
	                  what_a_sweep_did_not_see_is_marked_and_unmarked);
}

TEST_MAIN_ON_ENGINE(make_suite, postgres)
