/* Pages of the helpdesk in all their spellings, as tables: what is found in them, and what is a
 * problem of one element. */
#include "core/hd_decode.h"

#include <stdio.h>
#include <stdlib.h>

#include "testing.h"

#define T0 INT64_C(1768906800000) /* 2026-01-20T11:00:00Z */
#define TS "\"2026-01-20T11:00:00.000Z\""

static struct hd_page
decode(enum hd_list list, const char *text)
{
	struct hd_page p = { 0 };

	ck_assert_msg(hd_decode(test_arena(), list, str_from(text), &p) == ERR_OK, "%s", text);
	return p;
}

static struct hd_ticket
ticket(const char *members)
{
	struct str text = str_fmt(test_arena(), "[{\"uuid\":\"u\",\"updatedAt\":" TS "%s%s}]",
	                          members[0] ? "," : "", members);
	struct hd_page p = decode(HD_TICKETS, text.p);

	ck_assert_msg(p.ntickets == 1, "%s", members);
	return p.tickets[0];
}

static struct hd_message
message(const char *members)
{
	struct str text = str_fmt(test_arena(), "[{\"id\":1,\"createdAt\":" TS "%s%s}]",
	                          members[0] ? "," : "", members);
	struct hd_page p = decode(HD_MESSAGES, text.p);

	ck_assert_msg(p.nmessages == 1, "%s", members);
	return p.messages[0];
}

START_TEST(the_array_and_the_hints_are_found_in_every_envelope)
{
	static const struct {
		const char *body;
		size_t n;
		int more;
		int64_t page, pages;
	} rows[] = {
		{ "[]", 0, -1, -1, -1 },
		{ " [1,2] ", 2, -1, -1, -1 },
		{ "{\"data\":[1]}", 1, -1, -1, -1 },
		{ "{\"tickets\":[1],\"hasMore\":true}", 1, 1, -1, -1 },
		{ "{\"messages\":[1],\"hasMore\":false}", 1, 0, -1, -1 },
		{ "{\"contacts\":[1]}", 1, -1, -1, -1 },
		{ "{\"items\":[1]}", 1, -1, -1, -1 },
		{ "{\"results\":[1]}", 1, -1, -1, -1 },
		/* the first of the names that is an array, whatever the order in the body */
		{ "{\"results\":[1,2],\"data\":[1]}", 1, -1, -1, -1 },
		{ "{\"data\":null,\"items\":[1,2]}", 2, -1, -1, -1 },
		{ "{\"data\":{\"a\":[]},\"results\":[1,2,3]}", 3, -1, -1, -1 },
		{ "{\"data\":[],\"currentPage\":2,\"totalPages\":3}", 0, -1, 2, 3 },
		{ "{\"data\":[],\"current_page\":\"2\",\"total_pages\":\"3\"}", 0, -1, 2, 3 },
		{ "{\"data\":[],\"meta\":{\"page\":2,\"last_page\":3}}", 0, -1, 2, 3 },
		{ "{\"data\":[],\"pagination\":{\"page\":\"2\",\"lastPage\":3,\"hasMore\":true}}",
		  0, 1, 2, 3 },
		/* each hint by itself; the body before meta before pagination */
		{ "{\"data\":[],\"page\":1,\"meta\":{\"page\":2,\"totalPages\":3},"
		  "\"pagination\":{\"totalPages\":4,\"hasMore\":false}}",
		  0, 0, 1, 3 },
		{ "{\"data\":[],\"hasMore\":\"false\",\"totalPages\":0,\"page\":0}", 0, 0, 0, -1 },
		{ "{\"data\":[],\"hasMore\":0}", 0, 0, -1, -1 },
		{ "{\"data\":[],\"hasMore\":null,\"page\":-1,\"totalPages\":\"many\"}", 0, -1, -1,
		  -1 },
		{ "{\"data\":[],\"hasMore\":\"no\",\"page\":1.5,\"totalPages\":[3]}", 0, -1, -1,
		  -1 },
		{ "{\"data\":[],\"hasmore\":false,\"TotalPages\":1}", 0, -1, -1, -1 },
		{ "{\"data\":[],\"meta\":[{\"page\":2}]}", 0, -1, -1, -1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hd_page p = decode(HD_TICKETS, rows[i].body);

		ck_assert_msg(p.n == rows[i].n, "%s: %zu", rows[i].body, p.n);
		ck_assert_msg(p.hints.more == rows[i].more, "%s", rows[i].body);
		ck_assert_msg(p.hints.page == rows[i].page, "%s", rows[i].body);
		ck_assert_msg(p.hints.pages == rows[i].pages, "%s", rows[i].body);
	}
}
END_TEST

START_TEST(a_body_without_a_list_is_garbage)
{
	static const char *const rows[] = {
		"",
		"{}",
		"null",
		"\"ok\"",
		"1",
		"true",
		"{\"error\":\"ERR_SESSION_EXPIRED\"}",
		"<html><body>Voltamos já</body></html>",
		"{\"data\":{}}",
		"{\"data\":null}",
		"{\"Data\":[]}",
		"{\"meta\":{\"data\":[]}}",
		"[{\"uuid\":\"a\"}",
		"[] []",
	};
	struct hd_page p = { .n = 77 };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ck_assert_msg(hd_decode(test_arena(), HD_TICKETS, str_from(rows[i]), &p) ==
		                      ERR_INVALID,
		              "%s", rows[i]);
		ck_assert_uint_eq(p.n, 77);
	}
}
END_TEST

START_TEST(times_are_read_with_and_without_fraction_and_offset)
{
	static const struct {
		const char *json;
		int64_t ms;
	} rows[] = {
		{ "\"2026-01-20T11:00:00.000Z\"", T0 },
		{ "\"2026-01-20T11:00:00Z\"", T0 },
		{ "\"2026-01-20T11:00Z\"", T0 },
		{ "\"2026-01-20T11:00:00\"", T0 },
		{ "\"2026-01-20T11:00\"", T0 },
		{ "\"2026-01-20 11:00:00\"", T0 },
		{ "\"2026-01-20t11:00:00z\"", T0 },
		{ "\"2026-01-20T11:00:00.123456Z\"", T0 + 123 },
		{ "\"2026-01-20 11:00:00.5\"", T0 + 500 },
		{ "\"2026-01-20T08:00:00-03:00\"", T0 },
		{ "\"2026-01-20T08:00:00.000-0300\"", T0 },
		{ "\" 2026-01-20T11:00:00Z \"", T0 },
		{ "\"2026-02-30T11:00:00Z\"", TIME_NONE },
		{ "\"2026-01-20\"", TIME_NONE },
		{ "\"20/01/2026 11:00:00\"", TIME_NONE },
		{ "\"2026-01-20T11:00:00ZZ\"", TIME_NONE },
		{ "\"0000-01-01T00:00:00Z\"", TIME_NONE },
		{ "\"9999-12-31T23:59:59-10:00\"", TIME_NONE },
		{ "\"2026-01-20T11:00:00.00000000000000000000000000000000Z\"", TIME_NONE },
		{ "1768906800000", TIME_NONE },
		{ "\"\"", TIME_NONE },
		{ "null", TIME_NONE },
		{ "{}", TIME_NONE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_msg(hd_decode_time(test_json(str_from(rows[i].json))) == rows[i].ms, "%s",
		              rows[i].json);
}
END_TEST

START_TEST(ids_are_numbers_or_their_digits_up_to_64_bits)
{
	static const struct {
		const char *json;
		const char *key;
		int64_t id;
		const char *problem; /* NULL: it is an id */
	} rows[] = {
		{ "1", "1", 1, NULL },
		{ "\"1\"", "1", 1, NULL },
		{ "\"007\"", "7", 7, NULL },
		{ "-5", "-5", -5, NULL },
		{ "0", "0", 0, NULL },
		{ "999999999999999", "999999999999999", INT64_C(999999999999999), NULL },
		{ "1234567890123456789", "1234567890123456789", INT64_C(1234567890123456789),
		  NULL },
		{ "9223372036854775807", "9223372036854775807", INT64_MAX, NULL },
		{ "\"9223372036854775807\"", "9223372036854775807", INT64_MAX, NULL },
		{ "9223372036854775808", NULL, 0, "bad_id" },
		{ "-9223372036854775808", NULL, 0, "bad_id" },
		{ "1.5", NULL, 0, "bad_id" },
		{ "1e3", "1000", 1000, NULL },
		{ "1e17", NULL, 0, "bad_id" },
		{ "1e999", NULL, 0, "bad_id" },
		{ "\"1a\"", NULL, 0, "bad_id" },
		{ "true", NULL, 0, "bad_id" },
		{ "[1]", NULL, 0, "bad_id" },
		{ "\"\"", NULL, 0, "missing_id" },
		{ "null", NULL, 0, "missing_id" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct str body =
			str_fmt(test_arena(), "[{\"id\":%s,\"createdAt\":" TS "}]", rows[i].json);
		struct hd_page p = decode(HD_MESSAGES, body.p);

		ck_assert_uint_eq(p.n, 1);
		ck_assert_uint_eq(p.nmessages, rows[i].problem == NULL);
		ck_assert_uint_eq(p.nproblems, rows[i].problem != NULL);
		if (rows[i].problem == NULL) {
			ck_assert_msg(p.messages[0].id == rows[i].id, "%s", rows[i].json);
			ck_assert_slice(p.keys[0].text, str_from(rows[i].key));
			ck_assert(p.keys[0].named);
		} else {
			ck_assert_msg(strcmp(p.problems[0].code, rows[i].problem) == 0, "%s",
			              rows[i].json);
			ck_assert(!p.keys[0].named);
			ck_assert_slice(p.keys[0].text, p.problems[0].raw);
		}
	}
}
END_TEST

START_TEST(what_cannot_be_used_is_a_problem_of_its_element_alone)
{
	static const struct {
		enum hd_list list;
		const char *element;
		const char *code;
		bool named;
	} rows[] = {
		{ HD_TICKETS, "1", "bad_element", false },
		{ HD_TICKETS, "null", "bad_element", false },
		{ HD_TICKETS, "[]", "bad_element", false },
		{ HD_TICKETS, "{}", "missing_id", false },
		{ HD_TICKETS, "{\"uuid\":\"\",\"updatedAt\":" TS "}", "missing_id", false },
		{ HD_TICKETS, "{\"uuid\":{},\"updatedAt\":" TS "}", "bad_id", false },
		{ HD_TICKETS, "{\"uuid\":\"a b\",\"updatedAt\":" TS "}", "bad_id", false },
		{ HD_TICKETS, "{\"uuid\":\"x\"}", "missing_time", true },
		{ HD_TICKETS, "{\"uuid\":\"x\",\"updatedAt\":null}", "missing_time", true },
		{ HD_TICKETS, "{\"uuid\":\"x\",\"updatedAt\":\"soon\"}", "missing_time", true },
		{ HD_MESSAGES, "\"text\"", "bad_element", false },
		{ HD_MESSAGES, "{\"createdAt\":" TS "}", "missing_id", false },
		{ HD_MESSAGES, "{\"id\":5}", "missing_time", true },
		{ HD_MESSAGES, "{\"id\":5,\"updatedAt\":" TS "}", "missing_time", true },
		{ HD_MESSAGES, "{\"id\":5,\"createdAt\":" TS ",\"fromMe\":\"yes\"}",
		  "bad_direction", true },
		{ HD_MESSAGES, "{\"id\":5,\"createdAt\":" TS ",\"fromMe\":2}", "bad_direction",
		  true },
		{ HD_CONTACTS, "{\"name\":\"Ana\"}", "missing_id", false },
		{ HD_CONTACTS, "{\"id\":{}}", "bad_id", false },
	};
	static const char *const good[] = { "{\"uuid\":\"g\",\"updatedAt\":" TS "}",
		                            "{\"id\":99,\"createdAt\":" TS "}", "{\"id\":99}" };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *one = good[rows[i].list];
		struct str body = str_fmt(test_arena(), "[%s,%s,%s]", one, rows[i].element, one);
		struct hd_page p;

		p = decode(rows[i].list, body.p);
		ck_assert_uint_eq(p.n, 3);
		ck_assert_uint_eq(p.ntickets + p.nmessages + p.npeople, 2);
		ck_assert_uint_eq(p.nproblems, 1);
		ck_assert_uint_eq(p.problems[0].index, 1);
		ck_assert(p.problems[0].whole);
		ck_assert_str(p.problems[0].path, "[1]");
		ck_assert_msg(strcmp(p.problems[0].code, rows[i].code) == 0, "%s: %s",
		              rows[i].element, p.problems[0].code);
		ck_assert_msg(p.keys[1].named == rows[i].named, "%s", rows[i].element);
		ck_assert(p.times[1] == TIME_NONE && p.keys[0].named && p.keys[2].named);
	}
}
END_TEST

START_TEST(a_ticket_has_all_that_the_source_says)
{
	struct hd_page p = decode(
		HD_TICKETS,
		"{\"data\":[7,{\"uuid\":\"6a3e\",\"createdAt\":\"2026-01-19T11:00:00Z\","
		"\"updatedAt\":" TS ",\"status\":\"closed\",\"isGroup\":false,\"companyId\":\"7\","
		"\"contact\":{\"id\":\"12\",\"name\":\" Ana \",\"number\":5511999999999,"
		"\"email\":\"a@b.c\",\"profilePicUrl\":\"https://x/y\",\"more\":1},"
		"\"ticketTrakings\":[{\"id\":17,\"createdAt\":\"2026-01-20T10:00:00Z\","
		"\"startedAt\":\"2026-01-20T10:01:00Z\",\"finishedAt\":null,"
		"\"user\":{\"id\":41,\"name\":\"Bia\",\"email\":\"b@b.c\"}},"
		"{\"id\":\"16\",\"createdAt\":\"x\",\"user\":null}],\"z\":1,\"a\":{}}]}");
	const struct hd_ticket *t = &p.tickets[0];

	ck_assert_uint_eq(p.ntickets, 1);
	ck_assert_uint_eq(t->index, 1);
	ck_assert_str(t->uuid, "6a3e");
	ck_assert_int_eq(t->created_at, T0 - TIME_DAY);
	ck_assert_int_eq(t->updated_at, T0);
	ck_assert_int_eq(p.times[1], T0);
	ck_assert_str(t->status, "closed");
	ck_assert(!t->is_group && t->has_contact && t->trackings_known && t->trackings_whole);
	ck_assert_int_eq(t->company_id, 7);
	ck_assert_int_eq(t->contact.id, 12);
	ck_assert_str(t->contact.name, " Ana ");
	ck_assert_str(t->contact.number, "5511999999999");
	ck_assert_str(t->contact.email, "a@b.c");
	ck_assert_str(t->contact.picture_url, "https://x/y");
	ck_assert_uint_eq(t->ntrackings, 2);
	ck_assert_int_eq(t->trackings[0].t.id, 17);
	ck_assert_int_eq(t->trackings[0].t.started_at, T0 - 59 * TIME_MINUTE);
	ck_assert_int_eq(t->trackings[0].t.finished_at, TIME_NONE);
	ck_assert(!t->trackings[0].t.missing);
	ck_assert_str(t->trackings[0].t.user_name, "Bia");
	ck_assert_str(t->trackings[0].t.user_email, "b@b.c");
	ck_assert_int_eq(t->trackings[0].user_id, 41);
	ck_assert_int_eq(t->trackings[1].t.id, 16);
	ck_assert_int_eq(t->trackings[1].t.created_at, TIME_NONE);
	ck_assert_none(t->trackings[1].t.user_name);
	ck_assert_int_eq(t->trackings[1].user_id, HD_NO_ID);
	ck_assert_str(t->trackings[1].raw, "{\"createdAt\":\"x\",\"id\":\"16\",\"user\":null}");
	ck_assert(str_starts(t->raw, STR("{\"a\":{},\"companyId\"")));
	ck_assert(str_ends(t->raw, STR("\"uuid\":\"6a3e\",\"z\":1}")));
}
END_TEST

START_TEST(trackings_are_unknown_unless_there_is_an_array)
{
	static const struct {
		const char *members;
		bool known, whole;
		size_t n;
	} rows[] = {
		{ "", false, true, 0 },
		{ "\"ticketTrakings\":null", false, true, 0 },
		{ "\"ticketTrakings\":{}", false, true, 0 },
		{ "\"ticketTrakings\":\"[]\"", false, true, 0 },
		{ "\"tickettrakings\":[{\"id\":1}]", false, true, 0 },
		{ "\"ticketTrakings\":[]", true, true, 0 },
		{ "\"ticketTrakings\":[{\"id\":1}]", true, true, 1 },
		{ "\"ticketTrakings\":[{\"id\":1},{\"id\":1}]", true, true, 2 },
		{ "\"ticketTrakings\":[{\"id\":1},{},{\"id\":2}]", true, false, 2 },
		{ "\"ticketTrakings\":[null]", true, false, 0 },
		{ "\"ticketTrakings\":[{\"id\":\"x\"}]", true, false, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hd_ticket t = ticket(rows[i].members);

		ck_assert_msg(t.trackings_known == rows[i].known, "%s", rows[i].members);
		ck_assert_msg(t.trackings_whole == rows[i].whole, "%s", rows[i].members);
		ck_assert_msg(t.ntrackings == rows[i].n, "%s", rows[i].members);
	}
}
END_TEST

START_TEST(a_part_that_cannot_be_read_is_named_and_costs_the_element_nothing_else)
{
	struct hd_page p = decode(HD_TICKETS, "[{\"uuid\":\"u\",\"updatedAt\":" TS
	                                      ",\"ticketTrakings\":[{\"id\":1},{\"id\":null},5]}]");

	ck_assert_uint_eq(p.ntickets, 1);
	ck_assert_uint_eq(p.nproblems, 2);
	ck_assert(!p.problems[0].whole && !p.problems[1].whole);
	ck_assert_str(p.problems[0].path, "[0].ticketTrakings[1]");
	ck_assert_str(p.problems[1].path, "[0].ticketTrakings[2]");
	ck_assert_str_eq(p.problems[0].code, "missing_id");
	ck_assert_str_eq(p.problems[1].code, "bad_element");
	ck_assert_str(p.keys[0].text, "u");
	p = decode(HD_CONTACTS, "[{\"id\":3,\"tags\":[{\"id\":8},{\"name\":\"vip\"}]}]");
	ck_assert_uint_eq(p.npeople, 1);
	ck_assert_str(p.problems[0].path, "[0].tags[1]");
	ck_assert(!p.people[0].tags_whole);
	ck_assert_uint_eq(p.people[0].ntags, 1);
}
END_TEST

START_TEST(a_problem_names_the_member_and_not_what_stands_in_it)
{
	static const struct {
		enum hd_list list;
		const char *element, *text;
	} rows[] = {
		{ HD_TICKETS, "5", "is no object" },
		{ HD_TICKETS, "{}", "uuid is missing" },
		{ HD_TICKETS, "{\"uuid\":\"a b\"}", "uuid is no id" },
		{ HD_TICKETS, "{\"uuid\":\"x\",\"updatedAt\":\"segredo\"}",
		  "updatedAt is missing or no time" },
		{ HD_TICKETS, "{\"uuid\":\"u\",\"updatedAt\":" TS ",\"ticketTrakings\":[{}]}",
		  "ticketTrakings[0].id is missing" },
		{ HD_TICKETS, "{\"uuid\":\"u\",\"updatedAt\":" TS ",\"ticketTrakings\":[1]}",
		  "ticketTrakings[0] is no object" },
		{ HD_MESSAGES, "{\"id\":null}", "id is missing" },
		{ HD_MESSAGES, "{\"id\":1.5}", "id is no id" },
		{ HD_MESSAGES, "{\"id\":1}", "createdAt is missing or no time" },
		{ HD_MESSAGES, "{\"id\":1,\"createdAt\":" TS ",\"fromMe\":\"segredo\"}",
		  "fromMe is neither true nor false" },
		{ HD_CONTACTS, "{\"id\":[]}", "id is no id" },
		{ HD_CONTACTS, "{\"id\":1,\"tags\":[{\"id\":2},{\"id\":\"x\"}]}",
		  "tags[1].id is no id" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct str body = str_fmt(test_arena(), "[%s]", rows[i].element);
		struct hd_page p = decode(rows[i].list, body.p);

		ck_assert_uint_eq(p.nproblems, 1);
		ck_assert_slice(hd_problem_text(test_arena(), rows[i].list, &p.problems[0]),
		                str_from(rows[i].text));
	}
}
END_TEST

START_TEST(a_ticket_without_a_usable_contact_has_none)
{
	static const struct {
		const char *members;
		bool has;
		int64_t id;
	} rows[] = {
		{ "", false, HD_NO_ID },
		{ "\"contact\":null", false, HD_NO_ID },
		{ "\"contact\":5", false, HD_NO_ID },
		{ "\"contact\":[{\"id\":5}]", false, HD_NO_ID },
		{ "\"contact\":{\"name\":\"Ana\"}", false, HD_NO_ID },
		{ "\"contact\":{\"id\":\"x\",\"number\":\"\"}", false, HD_NO_ID },
		{ "\"contact\":{\"id\":\"x\",\"number\":\"55\"}", true, HD_NO_ID },
		{ "\"contact\":{\"id\":5}", true, 5 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hd_ticket t = ticket(rows[i].members);

		ck_assert_msg(t.has_contact == rows[i].has, "%s", rows[i].members);
		ck_assert_msg(t.contact.id == rows[i].id, "%s", rows[i].members);
	}
}
END_TEST

START_TEST(a_message_has_all_that_the_source_says)
{
	struct hd_message m = message(
		"\"key\":\"3EB0\",\"body\":\"Oi\",\"fromMe\":true,\"mediaUrl\":\"https://m/1\","
		"\"mediaType\":\"image\",\"ticketId\":\"9\",\"updatedAt\":\"2026-01-20T12:00:00Z\","
		"\"generatedByAi\":true,\"sendBySystem\":false,\"ack\":3");

	ck_assert_int_eq(m.id, 1);
	ck_assert_str(m.key, "3EB0");
	ck_assert_str(m.body, "Oi");
	ck_assert(m.from_me && m.by_ai && !m.by_system);
	ck_assert_str(m.media_url, "https://m/1");
	ck_assert_str(m.media_type, "image");
	ck_assert_int_eq(m.ticket_id, 9);
	ck_assert_int_eq(m.created_at, T0);
	ck_assert_int_eq(m.updated_at, T0 + TIME_HOUR);
	m = message("");
	ck_assert_int_eq(m.updated_at, T0);
	ck_assert_int_eq(m.ticket_id, HD_NO_ID);
	ck_assert_none(m.key);
	ck_assert_none(m.body);
	ck_assert_none(m.media_url);
	ck_assert(!m.from_me && !m.by_ai && !m.by_system);
	m = message("\"body\":{},\"mediaUrl\":5,\"key\":\"a b\",\"mediaType\":[]");
	ck_assert_none(m.body);
	ck_assert_none(m.media_url);
	ck_assert_none(m.key);
	ck_assert_none(m.media_type);
	m = message("\"body\":123,\"key\":\"\",\"mediaUrl\":\"\",\"mediaType\":\"  \"");
	ck_assert_str(m.body, "123");
	ck_assert_none(m.key);
	ck_assert_none(m.media_url);
	ck_assert_none(m.media_type);
}
END_TEST

START_TEST(booleans_come_as_numbers_and_text_too)
{
	static const struct {
		const char *json;
		bool value;
	} rows[] = {
		{ "true", true },     { "false", false },   { "1", true },
		{ "0", false },       { "\"1\"", true },    { "\"0\"", false },
		{ "\"true\"", true }, { "\"TRUE\"", true }, { "\"false\"", false },
		{ "null", false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena *a = test_arena();
		struct str text = str_fmt(a,
		                          "\"fromMe\":%s,\"generatedByAi\":%s,\"sendBySystem\":%s",
		                          rows[i].json, rows[i].json, rows[i].json);
		struct hd_message m = message(text.p);

		ck_assert_msg(m.from_me == rows[i].value, "%s", rows[i].json);
		ck_assert_msg(m.by_ai == rows[i].value, "%s", rows[i].json);
		ck_assert_msg(m.by_system == rows[i].value, "%s", rows[i].json);
	}
	ck_assert(!message("\"generatedByAi\":\"maybe\",\"sendBySystem\":2").by_ai);
	ck_assert(ticket("\"isGroup\":1").is_group);
}
END_TEST

START_TEST(a_contact_of_the_list_has_its_tags_if_it_says_so)
{
	struct hd_page p = decode(
		HD_CONTACTS,
		"{\"contacts\":[{\"id\":\"3\",\"companyId\":7,\"name\":\"Ana\",\"number\":\"55\","
		"\"isGroup\":\"true\",\"socialConnectionId\":88,\"createdAt\":" TS
		",\"updatedAt\":" TS ",\"tags\":[{\"id\":8,\"name\":\"vip\",\"color\":\"#fff\","
		"\"companyId\":7}]},{\"id\":4,\"tags\":[]},{\"id\":5,\"tags\":null},{\"id\":6}]}");
	const struct hd_person *c = p.people;

	ck_assert_uint_eq(p.npeople, 4);
	ck_assert_int_eq(c[0].contact.id, 3);
	ck_assert_str(p.keys[0].text, "3");
	ck_assert_str(c[0].contact.name, "Ana");
	ck_assert_str(c[0].social_connection_id, "88");
	ck_assert(c[0].is_group && c[0].tags_known && c[0].tags_whole);
	ck_assert_uint_eq(c[0].ntags, 1);
	ck_assert_int_eq(c[0].tags[0].id, 8);
	ck_assert_int_eq(c[0].tags[0].company_id, 7);
	ck_assert_str(c[0].tags[0].name, "vip");
	ck_assert_str(c[0].tags[0].color, "#fff");
	ck_assert_int_eq(c[0].updated_at, T0);
	ck_assert_int_eq(p.times[0], T0);
	ck_assert(c[1].tags_known && c[1].ntags == 0);
	ck_assert(!c[2].tags_known && !c[3].tags_known);
	ck_assert_int_eq(p.times[3], TIME_NONE);
	ck_assert_uint_eq(p.nproblems, 0);
}
END_TEST

START_TEST(texts_keep_their_bounds)
{
	struct arena *a = test_arena();
	char *big = arena_alloc(a, 300 * 1024 + 1);
	struct hd_ticket t;
	struct hd_page p;

	memset(big, 'x', 300 * 1024);
	t = ticket(str_fmt(a, "\"status\":\"%.1023s\xC3\xA9\"", big).p);
	ck_assert_uint_eq(t.status.n, 1023); /* never half a character */
	ck_assert_uint_eq(message(str_fmt(a, "\"body\":\"%s\"", big).p).body.n, HD_MAX_BODY);
	ck_assert_uint_eq(message(str_fmt(a, "\"mediaUrl\":\"%.4096s\"", big).p).media_url.n, 4096);
	ck_assert_none(message(str_fmt(a, "\"mediaUrl\":\"%.4097s\"", big).p).media_url);
	p = decode(HD_TICKETS, str_fmt(a, "[{\"uuid\":\"%.129s\",\"updatedAt\":" TS "}]", big).p);
	ck_assert_str_eq(p.problems[0].code, "bad_id");
	p = decode(HD_TICKETS, str_fmt(a, "[{\"uuid\":\"%.128s\",\"updatedAt\":" TS "}]", big).p);
	ck_assert_uint_eq(p.ntickets, 1);
}
END_TEST

/* However the memory is used up: by the text, by the lists, by the problems. */
START_TEST(a_page_beyond_the_memory_that_is_allowed_is_an_error)
{
	static const char *const elements[] = { "0,", "{},", "{\"id\":1,\"tags\":[0,0,0,0,0,0,0]},",
		                                "{\"uuid\":\"a\",\"ticketTrakings\":[0,0,0,0]}," };

	for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
		for (int list = HD_TICKETS; list <= HD_CONTACTS; list++)
			for (size_t cap = 1 << 12; cap <= 1 << 20; cap *= 2) {
				struct arena *a = arena_new(cap);
				size_t n = strlen(elements[i]), times = 20000;
				char *body = malloc(n * times + 3);
				struct hd_page p = { .n = 77 };

				ck_assert_ptr_nonnull(body);
				body[0] = '[';
				for (size_t k = 0; k < times; k++)
					memcpy(body + 1 + k * n, elements[i], n);
				body[n * times] = ']';
				ck_assert_err(hd_decode(a, (enum hd_list)list,
				                        str_n(body, n * times + 1), &p),
				              ERR_TOO_LARGE);
				ck_assert_uint_eq(p.n, 77);
				free(body);
				arena_free(a);
			}
}
END_TEST

/* One ticket that is a page's worth of trouble by itself. */
START_TEST(one_element_may_not_pass_the_memory_either)
{
	size_t n = 200000;
	char *body = malloc(2 * n + 100);
	int at;

	ck_assert_ptr_nonnull(body);
	at = sprintf(body, "[{\"uuid\":\"u\",\"updatedAt\":" TS ",\"ticketTrakings\":[0");
	for (size_t i = 0; i < n; i++)
		at += sprintf(body + at, ",0");
	at += sprintf(body + at, "]}]");
	for (size_t cap = 16u << 20; cap <= 64u << 20; cap += 4u << 20) {
		struct arena *a = arena_new(cap);
		struct hd_page p;
		enum err e = hd_decode(a, HD_TICKETS, str_n(body, (size_t)at), &p);

		ck_assert(e == ERR_TOO_LARGE || (e == ERR_OK && p.nproblems == n + 1));
		arena_free(a);
	}
	free(body);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("hd_decode", the_array_and_the_hints_are_found_in_every_envelope,
	                  a_body_without_a_list_is_garbage,
	                  times_are_read_with_and_without_fraction_and_offset,
	                  ids_are_numbers_or_their_digits_up_to_64_bits,
	                  what_cannot_be_used_is_a_problem_of_its_element_alone,
	                  a_ticket_has_all_that_the_source_says,
	                  trackings_are_unknown_unless_there_is_an_array,
	                  a_part_that_cannot_be_read_is_named_and_costs_the_element_nothing_else,
	                  a_problem_names_the_member_and_not_what_stands_in_it,
	                  a_ticket_without_a_usable_contact_has_none,
	                  a_message_has_all_that_the_source_says,
	                  booleans_come_as_numbers_and_text_too,
	                  a_contact_of_the_list_has_its_tags_if_it_says_so, texts_keep_their_bounds,
	                  a_page_beyond_the_memory_that_is_allowed_is_an_error,
	                  one_element_may_not_pass_the_memory_either);
}

TEST_MAIN(make_suite)
