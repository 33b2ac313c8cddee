/*
 * The simulated Graph API: sending, and what is heard of it. What always holds: an accepted message
 * has an id that decodes, and its statuses are those of its person; a rate is a rate.
 */
#include <stdlib.h>

#include "core/wamid.h"
#include "graph_fixture.h"

#define MOST 64
#define TO   "+" PERSON

static void
subscribe(struct play *p)
{
	ck_assert_int_eq(play_call(p, "POST", "/" WABA "/subscribed_apps", NULL), 200);
}

static struct str
message_id(const struct play *p)
{
	return json_str(json_get(json_first(json_get(p->json, "messages")), "id"));
}

START_TEST(a_text_is_accepted_and_its_statuses_follow)
{
	static const enum wa_status order[] = { WA_SENT, WA_DELIVERED, WA_READ };
	struct facts f[MOST];
	struct wamid id;
	struct play p;

	play_start(&p);
	subscribe(&p);
	ck_assert_int_eq(play_send(&p, TO,
	                           ",\"recipient_type\":\"individual\",\"context\":{\"message_id\":"
	                           "\"wamid.X\"},\"biz_opaque_callback_data\":\"aviso-17\""),
	                 200);
	const cJSON *contact = json_first(json_get(p.json, "contacts"));
	ck_assert_str(play_text(&p, "messaging_product"), "whatsapp");
	ck_assert_str(json_str(json_get(contact, "input")), TO);
	ck_assert_str(json_str(json_get(contact, "wa_id")), PERSON);
	struct str wamid = message_id(&p);
	ck_assert(wamid_decode(test_arena(), wamid, &id));
	ck_assert(id.outbound);
	ck_assert_str(id.remote, PERSON);
	ck_assert_uint_eq(play_webhooks(&p, f, MOST), 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(f[i].amendments.n, 1);
		const struct fact_amendment *a = &f[i].amendments.v[0];
		ck_assert_int_eq(a->kind, AMEND_STATUS);
		ck_assert_int_eq(a->status, order[i]);
		ck_assert_slice(a->target_wamid, wamid);
		ck_assert_str(a->to.wa_id, PERSON);
		ck_assert_str(a->callback_data, "aviso-17");
		ck_assert_int_eq(a->at, START + 1000 * (i + 1));
		ck_assert_str(f[i].routes.v[0].phone_number_id, NUMBER);
	}
	ck_assert_int_eq(play_send(&p, TO, ""), 200);
	ck_assert(!str_eq(message_id(&p), wamid));
	ck_assert_uint_eq(p.graph->violations.n, 0);
	play_end(&p);
}
END_TEST

START_TEST(what_is_wrong_with_a_message_is_refused)
{
	static const struct {
		const char *body;
		int64_t code;
	} cases[] = {
		{ "{\"to\":\"" TO "\",\"type\":\"text\",\"text\":{\"body\":\"a\"}}", 100 },
		{ "{\"messaging_product\":\"whatsapp\",\"type\":\"text\",\"text\":{\"body\":\"a\"}"
		  "}",
		  131008 },
		{ "{\"messaging_product\":\"whatsapp\",\"to\":\"" PERSON
		  "\",\"type\":\"text\",\"text\":{\"body\":\"a\"}}",
		  131009 },
		{ "{\"messaging_product\":\"whatsapp\",\"to\":\"+55 11 98765-4321\","
		  "\"type\":\"text\",\"text\":{\"body\":\"a\"}}",
		  131009 },
		{ "{\"messaging_product\":\"whatsapp\",\"to\":\"+551130000001\",\"type\":\"text\","
		  "\"text\":{\"body\":\"a\"}}",
		  131021 },
		{ "{\"messaging_product\":\"whatsapp\",\"to\":\"" TO "\",\"type\":\"image\"}",
		  131051 },
		{ "{\"messaging_product\":\"whatsapp\",\"to\":\"" TO "\",\"type\":\"text\"}",
		  131008 },
		{ "{\"messaging_product\":\"whatsapp\",\"to\":\"" TO
		  "\",\"type\":\"text\",\"text\":{\"body\":\"\"}}",
		  100 },
		{ "{\"messaging_product\":\"whatsapp\",\"to\":\"" TO
		  "\",\"type\":\"text\",\"text\":{\"body\":\"a\",\"preview_url\":\"sim\"}}",
		  100 },
		{ "{\"messaging_product\":\"whatsapp\",\"to\":\"" TO
		  "\",\"type\":\"text\",\"text\":{\"body\":\"a\",\"cor\":1}}",
		  100 },
		{ "{\"messaging_product\":\"whatsapp\",\"to\":\"" TO
		  "\",\"type\":\"text\",\"text\":{\"body\":\"a\"},\"cor\":1}",
		  100 },
		{ "{\"messaging_product\":\"whatsapp\",\"to\":\"" TO
		  "\",\"type\":\"text\",\"text\":{\"body\":\"a\"},\"recipient_type\":\"group\"}",
		  131009 },
		{ "{\"messaging_product\":\"whatsapp\",\"to\":\"" TO
		  "\",\"type\":\"text\",\"text\":{\"body\":\"a\"},\"context\":{\"id\":\"wamid.X\"}"
		  "}",
		  131009 },
		{ "{\"messaging_product\":\"whatsapp\",\"to\":\"" TO
		  "\",\"type\":\"text\",\"text\":{\"body\":\"a\"},\"biz_opaque_callback_data\":7}",
		  100 },
		{ "nada", 100 },
	};
	struct facts f[MOST];
	struct play p;

	play_start(&p);
	subscribe(&p);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ck_assert_int_eq(play_call(&p, "POST", "/" NUMBER "/messages", cases[i].body), 400);
		ck_assert_msg(play_code(&p) == cases[i].code, "%s", cases[i].body);
		ck_assert_uint_eq(p.graph->violations.n, i + 1);
	}
	ck_assert_uint_eq(play_webhooks(&p, f, MOST), 0);
	ck_assert_uint_eq(p.graph->accepted, 0);
	play_end(&p);
}
END_TEST

/* Sends so many times the character; the status. */
static int
send_long(struct play *p, const char *character, size_t times)
{
	struct buf b;

	buf_init(&b, test_arena(), 1u << 20);
	buf_z(&b, "{\"messaging_product\":\"whatsapp\",\"to\":\"" TO
	          "\",\"type\":\"text\",\"text\":{\"body\":\"");
	for (size_t i = 0; i < times; i++)
		buf_z(&b, character);
	buf_z(&b, "\"}}");
	return play_call(p, "POST", "/" NUMBER "/messages", str_z(test_arena(), buf_slice(&b)));
}

START_TEST(a_text_has_at_most_4096_characters_not_bytes)
{
	struct play p;

	play_start(&p);
	ck_assert_int_eq(send_long(&p, "ã", 4096), 200);
	ck_assert_int_eq(send_long(&p, "a", 4097), 400);
	ck_assert_int_eq(play_code(&p), 100);
	play_end(&p);
}
END_TEST

START_TEST(one_person_gets_45_at_once_and_then_one_in_six_seconds)
{
	struct play p;
	int accepted = 0;

	play_start(&p);
	for (int i = 0; i < 60; i++) {
		accepted += play_send(&p, TO, "") == 200;
		if (accepted < i + 1)
			ck_assert_int_eq(play_code(&p), 131056);
		p.now += 60; /* below the throughput */
	}
	ck_assert_int_eq(accepted, 45);
	ck_assert_int_eq(play_send(&p, "+5511987650000", ""), 200);
	p.now = START + 6000;
	ck_assert_int_eq(play_send(&p, TO, ""), 200);
	ck_assert_int_eq(play_send(&p, TO, ""), 400);
	p.now += 6000;
	ck_assert_int_eq(play_send(&p, TO, ""), 200);
	ck_assert_uint_eq(p.graph->pairs.v[0].ntimes, 47);
	ck_assert_uint_eq(p.graph->pairs.v[0].refused, 16);
	ck_assert_int_eq(p.graph->pairs.v[0].times[45], START + 6000);
	ck_assert_uint_eq(p.graph->violations.n, 0);
	play_end(&p);
}
END_TEST

START_TEST(a_number_of_the_app_sends_twenty_a_second)
{
	struct play p;
	int accepted = 0;

	play_start(&p);
	for (int i = 0; i < 30; i++) {
		const char *to = str_z(test_arena(), str_fmt(test_arena(), "+55119876500%02d", i));
		if (play_send(&p, to, "") == 200)
			accepted++;
		else
			ck_assert_int_eq(play_code(&p), 130429);
	}
	ck_assert_int_eq(accepted, 20);
	ck_assert_int_eq(p.reply.status, 429);
	for (int i = 0; i < 100; i++) {
		p.now += 50;
		ck_assert_int_eq(
			play_send(&p, str_z(test_arena(), str_fmt(test_arena(), "+5511987%06d", i)),
		                  ""),
			200);
	}
	play_end(&p);
}
END_TEST

START_TEST(outside_the_window_a_message_is_accepted_and_fails)
{
	struct facts f[MOST];
	struct play p;

	play_start(&p);
	subscribe(&p);
	play_control(&p, "window", "{\"waId\":\"" PERSON "\",\"open\":false}");
	ck_assert_int_eq(play_send(&p, TO, ",\"biz_opaque_callback_data\":\"x\""), 200);
	ck_assert_uint_eq(play_webhooks(&p, f, MOST), 1);
	ck_assert_int_eq(f[0].amendments.v[0].status, WA_FAILED);
	ck_assert_int_eq(f[0].amendments.v[0].error_code, 131047);
	ck_assert_str(f[0].amendments.v[0].callback_data, "x");
	play_control(&p, "window", "{\"waId\":\"" PERSON "\",\"open\":true}");
	ck_assert_int_eq(play_send(&p, TO, ""), 200);
	ck_assert_uint_eq(play_webhooks(&p, f, MOST), 3);
	play_end(&p);
}
END_TEST

START_TEST(messages_to_one_person_end_in_any_code)
{
	static const struct {
		int64_t code;
		int status;
	} cases[] = {
		{ 131026, 400 }, { 131049, 400 }, { 131056, 400 }, { 130429, 429 }, { 131048, 429 },
		{ 4, 400 },      { 80007, 400 },  { 190, 401 },    { 10, 403 },     { 131031, 403 },
		{ 131000, 500 }, { 131016, 500 }, { 131057, 500 }, { 131042, 400 }, { 133010, 400 },
	};
	struct play p;

	play_start(&p);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		play_control(
			&p, "fault",
			str_z(test_arena(), str_fmt(test_arena(),
		                                    "{\"path\":\"/" NUMBER
		                                    "/messages\",\"to\":\"" TO "\",\"code\":%lld}",
		                                    (long long)cases[i].code)));
		ck_assert_int_eq(play_send(&p, "+5511987650000", ""), 200);
		ck_assert_int_eq(play_send(&p, TO, ""), cases[i].status);
		ck_assert_int_eq(play_code(&p), cases[i].code);
		ck_assert(str_is_set(json_str(
			json_get(json_get(json_get(p.json, "error"), "error_data"), "details"))));
		p.now += 6000;
	}
	ck_assert_int_eq(play_send(&p, TO, ""), 200);
	ck_assert_uint_eq(p.graph->violations.n, 0);
	play_end(&p);
}
END_TEST

START_TEST(an_answer_is_lost_though_the_message_was_accepted)
{
	static const struct {
		const char *fate;
		enum web_fate seen;
	} cases[] = {
		{ "accept_and_cut", WEB_TRUNCATED },
		{ "accept_and_close", WEB_CLOSED },
		{ "accept_and_hang", WEB_HANGS },
	};

	for (size_t i = 0; i < 6; i++) {
		bool silent = i >= 3;
		struct facts f[MOST];
		struct play p;
		play_start(&p);
		subscribe(&p);
		play_control(
			&p, "fault",
			str_z(test_arena(),
		              str_fmt(test_arena(),
		                      "{\"path\":\"/*/messages\",\"fate\":\"%s\",\"silent\":%s}",
		                      cases[i % 3].fate, silent ? "true" : "false")));
		play_send(&p, TO, ",\"biz_opaque_callback_data\":\"x\"");
		ck_assert_int_eq(p.reply.fate, cases[i % 3].seen);
		ck_assert_uint_eq(p.graph->accepted, 1);
		ck_assert_uint_eq(play_webhooks(&p, f, MOST), silent ? 0 : 3);
		if (!silent)
			ck_assert_str(f[0].amendments.v[0].callback_data, "x");
		play_end(&p);
	}
}
END_TEST

START_TEST(a_message_that_was_not_accepted_leaves_no_trace)
{
	static const char *const fates[] = { "cut", "close", "hang", "garbage" };

	for (size_t i = 0; i < 4; i++) {
		struct facts f[MOST];
		struct play p;
		play_start(&p);
		subscribe(&p);
		play_control(
			&p, "fault",
			str_z(test_arena(),
		              str_fmt(test_arena(), "{\"path\":\"/*/messages\",\"fate\":\"%s\"}",
		                      fates[i])));
		play_send(&p, TO, "");
		ck_assert_uint_eq(p.graph->accepted, 0);
		ck_assert_uint_eq(play_webhooks(&p, f, MOST), 0);
		play_end(&p);
	}
}
END_TEST

START_TEST(a_message_may_fail_later)
{
	struct facts f[MOST];
	struct play p;

	play_start(&p);
	subscribe(&p);
	play_control(&p, "fault",
	             "{\"path\":\"/*/messages\",\"fate\":\"fail_later\",\"code\":131026}");
	ck_assert_int_eq(play_send(&p, TO, ""), 200);
	ck_assert_uint_eq(play_webhooks(&p, f, MOST), 1);
	ck_assert_int_eq(f[0].amendments.v[0].status, WA_FAILED);
	ck_assert_int_eq(f[0].amendments.v[0].error_code, 131026);
	play_end(&p);
}
END_TEST

START_TEST(statuses_go_as_far_and_in_the_order_that_is_wanted)
{
	struct graph_webhook *v;
	struct facts f[MOST];
	struct play p;

	play_start(&p);
	subscribe(&p);
	play_control(&p, "statuses", "{\"upTo\":\"none\"}");
	ck_assert_int_eq(play_send(&p, TO, ""), 200);
	ck_assert_uint_eq(play_webhooks(&p, f, MOST), 0);
	play_control(&p, "statuses", "{\"upTo\":\"delivered\",\"stepMs\":10,\"backwards\":true}");
	ck_assert_int_eq(play_send(&p, TO, ""), 200);
	size_t n = graph_take_webhooks(p.graph, &v);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(v[0].delay_ms, 20); /* sent after delivered */
	ck_assert_int_eq(v[1].delay_ms, 10);
	for (size_t i = 0; i < n; i++)
		free(v[i].bytes);
	free(v);
	play_end(&p);
}
END_TEST

START_TEST(meta_may_spell_a_number_differently)
{
	struct facts f[MOST];
	struct play p;

	play_start(&p);
	subscribe(&p);
	play_control(&p, "alias", "{\"input\":\"" TO "\",\"waId\":\"551187654321\"}");
	ck_assert_int_eq(play_send(&p, TO, ""), 200);
	const cJSON *contact = json_first(json_get(p.json, "contacts"));
	ck_assert_str(json_str(json_get(contact, "input")), TO);
	ck_assert_str(json_str(json_get(contact, "wa_id")), "551187654321");
	ck_assert_uint_eq(play_webhooks(&p, f, MOST), 3);
	ck_assert_str(f[0].amendments.v[0].to.wa_id, "551187654321");
	play_end(&p);
}
END_TEST

START_TEST(a_message_is_marked_as_read)
{
	struct play p;

	play_start(&p);
	ck_assert_int_eq(play_call(&p, "POST", "/" NUMBER "/messages",
	                           "{\"messaging_product\":\"whatsapp\",\"status\":\"read\","
	                           "\"message_id\":\"wamid.X\"}"),
	                 200);
	ck_assert_uint_eq(p.graph->accepted + p.graph->violations.n, 0);
	play_end(&p);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("graph send", a_text_is_accepted_and_its_statuses_follow,
	                  what_is_wrong_with_a_message_is_refused,
	                  a_text_has_at_most_4096_characters_not_bytes,
	                  one_person_gets_45_at_once_and_then_one_in_six_seconds,
	                  a_number_of_the_app_sends_twenty_a_second,
	                  outside_the_window_a_message_is_accepted_and_fails,
	                  messages_to_one_person_end_in_any_code,
	                  an_answer_is_lost_though_the_message_was_accepted,
	                  a_message_that_was_not_accepted_leaves_no_trace, a_message_may_fail_later,
	                  statuses_go_as_far_and_in_the_order_that_is_wanted,
	                  meta_may_spell_a_number_differently, a_message_is_marked_as_read);
}

TEST_MAIN(make_suite)
