/* Odd and hostile deliveries through the real door: what the API shows of them afterwards, and that
 * what stood beside them is there. */
#include "api_fixture.h"

#define LIMIT ((size_t)3 << 20)

static int
deliver_bytes(const struct world *w, const void *body, size_t n, const char *header)
{
	struct client c = connect_to(&w->process);
	int status;

	send_delivery(&c, "/webhooks/whatsapp", body, n, header);
	status = client_status(&c);
	client_close(&c);
	return status;
}

static const cJSON *
conversations(const struct world *w)
{
	return at(MUST(w, 200, "GET", "/api/clients/acme/conversations?limit=200", w->acme_viewer,
	               NULL),
	          "data");
}

/* Messages of the only conversation. */
static const cJSON *
messages(const struct world *w)
{
	const cJSON *list = conversations(w);

	ck_assert_uint_eq(json_count(list), 1);
	return at(MUST(w, 200, "GET",
	               FMT("/api/conversations/%s/messages?limit=200", z_at(list, "0.id")),
	               w->acme_viewer, NULL),
	          "data");
}

/* Entries of a status that the operator sees. */
static const cJSON *
entries(const struct world *w, const char *status)
{
	return at(MUST(w, 200, "GET", FMT("/api/webhook-events?status=%s", status), "op", NULL),
	          "data");
}

START_TEST(what_is_not_signed_right_or_too_long_is_refused_and_leaves_nothing)
{
	struct world *w = world_new();
	const char *body =
		envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "AA01", "no")));
	const char *right = signature(GATE_SECRET, body, strlen(body));
	char *big = arena_alloc(test_arena(), LIMIT + 1);

	memset(big, ' ', LIMIT + 1);
	ck_assert_int_eq(deliver_bytes(w, body, strlen(body), NULL), 401);
	ck_assert_int_eq(deliver_bytes(w, body, strlen(body), FMT("%.70s", right)), 401);
	ck_assert_int_eq(deliver_bytes(w, body, strlen(body),
	                               signature("another secret", body, strlen(body))),
	                 401);
	ck_assert_int_eq(deliver_bytes(w, big, LIMIT + 1, signature(GATE_SECRET, big, LIMIT + 1)),
	                 413);
	ck_assert_uint_eq(
		json_count(at(MUST(w, 200, "GET", "/api/webhook-events", "op", NULL), "data")), 0);
	ck_assert_int_eq(deliver_bytes(w, big, LIMIT, signature(GATE_SECRET, big, LIMIT)), 200);
	settle(w);
	ck_assert_uint_eq(json_count(entries(w, "failed")), 1);
	world_end(w);
}
END_TEST

START_TEST(a_text_of_100_kb_comes_out_whole)
{
	enum { LENGTH = 100 * 1000 };
	struct world *w = world_new();
	char *text = arena_alloc(test_arena(), LENGTH + 1);

	for (size_t i = 0; i < LENGTH; i++)
		text[i] = (char)('a' + i % 26);
	text[LENGTH] = '\0';
	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "AA01", text))));
	settle(w);
	const cJSON *list = messages(w);
	ck_assert_uint_eq(json_count(list), 1);
	ck_assert_slice(text_at(list, "0.body"), str_n(text, LENGTH));
	world_end(w);
}
END_TEST

START_TEST(a_thousand_changes_in_one_body_are_a_thousand_messages)
{
	struct world *w = world_new();
	struct buf b;

	buf_init(&b, test_arena(), LIMIT);
	for (int i = 0; i < 1000; i++)
		buf_fmt(&b, "%s%s", i == 0 ? "" : ",",
		        change(NUMBER, "messages",
		               live_text(w, FMT("346002%05d", i % 150), FMT("AA%04d", i), "oi")));
	buf_char(&b, '\0');
	hook(w, envelope(b.p));
	settle(w);
	const cJSON *list = conversations(w);
	int64_t unread = 0;
	ck_assert_uint_eq(json_count(list), 150);
	for (const cJSON *v = json_first(list); v != NULL; v = v->next)
		unread += int_at(v, "unreadCount");
	ck_assert_int_eq(unread, 1000);
	ck_assert_uint_eq(json_count(entries(w, "applied")), 1);
	world_end(w);
}
END_TEST

START_TEST(ten_thousand_levels_and_no_json_fail_and_what_follows_is_applied)
{
	enum { DEEP = 10000 };
	struct world *w = world_new();
	char *deep = arena_alloc(test_arena(), DEEP + 1);

	memset(deep, '[', DEEP);
	deep[DEEP] = '\0';
	hook(w, deep);
	hook(w, envelope(FMT("{\"id\":\"" WABA "\",\"changes\":%s", deep)));
	hook(w, "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"9");
	hook(w, "\xff\xfe\x01");
	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "AA01", "oi"))));
	settle(w);
	ck_assert_uint_eq(json_count(entries(w, "failed")), 4);
	ck_assert_uint_eq(json_count(messages(w)), 1);
	world_end(w);
}
END_TEST

START_TEST(empty_arrays_and_objects_say_nothing_and_harm_nothing)
{
	static const char *const values[] = {
		"\"contacts\":[],\"messages\":[]",
		"\"statuses\":[]",
		"\"errors\":[]",
		"\"messages\":[],\"statuses\":[],\"errors\":[]",
		"\"messages\":[{}]",
		"\"contacts\":[{}]",
	};
	struct world *w = world_new();

	hook(w, "{\"object\":\"whatsapp_business_account\",\"entry\":[]}");
	hook(w, envelope("{\"id\":\"" WABA "\",\"changes\":[]}"));
	hook(w, envelope("{}"));
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		hook(w, envelope(change(NUMBER, "messages", values[i])));
	hook(w, envelope(change(NUMBER, "history", "\"history\":[]")));
	hook(w,
	     envelope(change(NUMBER, "history", "\"history\":[{\"metadata\":{},\"threads\":[]}]")));
	hook(w, envelope(change(NUMBER, "history",
	                        "\"history\":[{\"threads\":[{\"messages\":[]}]}]")));
	hook(w, envelope(change(NUMBER, "smb_app_state_sync", "\"state_sync\":[]")));
	hook(w, envelope(change(NUMBER, "smb_message_echoes", "\"message_echoes\":[]")));
	settle(w);
	ck_assert_uint_eq(json_count(entries(w, "failed")), 0);
	ck_assert_uint_eq(json_count(conversations(w)), 0);
	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "AA01", "oi"))));
	settle(w);
	ck_assert_uint_eq(json_count(messages(w)), 1);
	world_end(w);
}
END_TEST

static const char *
timed(const char *key, const char *timestamp)
{
	return FMT("{\"from\":\"" CUSTOMER
	           "\",\"id\":\"%s\",\"timestamp\":%s,\"type\":\"text\",\"text\":"
	           "{\"body\":\"%s\"}}",
	           wamid(key, false), timestamp, key);
}

START_TEST(times_that_cannot_be_are_flagged_and_stand_at_their_receipt)
{
	static const char *const bad[] = {
		"\"0\"",
		"0",
		"\"-5\"",
		"-5000000000",
		"\"99999999999\"",
		"9007199254740993",
		"\"9223372036854775807\"",
		"1e300",
		"\"soon\"",
		"null",
		"[]",
	};
	enum { BAD = sizeof(bad) / sizeof(*bad) };
	struct world *w = world_new();
	struct buf b;
	int64_t received;

	buf_init(&b, test_arena(), 1 << 20);
	for (size_t i = 0; i < BAD; i++)
		buf_fmt(&b, "%s,", timed(FMT("AA%02zu", i), bad[i]));
	buf_z(&b, timed("BB01", FMT("\"%lld\"", (long long)w->now_s - 60)));
	buf_char(&b, '\0');
	hook(w, envelope(change(NUMBER, "messages", FMT("\"messages\":[%s]", b.p))));
	settle(w);
	const cJSON *list = messages(w);
	ck_assert_uint_eq(json_count(list), BAD + 1);
	ck_assert_str(text_at(list, "0.body"), "BB01"); /* a minute before the receipt */
	ck_assert(!true_at(list, "0.badTime"));
	const cJSON *entry =
		at(MUST(w, 200, "GET", "/api/webhook-events", "op", NULL), "data.0.receivedAt");
	ck_assert(time_parse(json_str(entry), &received) == ERR_OK);
	for (const cJSON *m = json_first(list)->next; m != NULL; m = m->next) {
		ck_assert(true_at(m, "badTime"));
		ck_assert_slice(text_at(m, "timestamp"), json_str(entry));
	}
	world_end(w);
}
END_TEST

START_TEST(numbers_as_text_and_text_as_numbers_are_read_and_large_ones_stay_exact)
{
	struct world *w = world_new();

	/* the number, its WABA, the sender and the time as numbers; a target beyond 2^53 */
	hook(w, FMT("{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":" WABA
	            ",\"changes\":[{\"field\":\"messages\",\"value\":{\"metadata\":{"
	            "\"display_phone_number\":34910000001,\"phone_number_id\":" NUMBER
	            "},\"messages\":[{\"from\":" CUSTOMER
	            ",\"id\":9007199254740993123,\"timestamp\":%lld,"
	            "\"type\":\"text\",\"text\":{\"body\":12345678901234567890}}]}}]}]}",
	            (long long)w->now_s));
	/* a chunk as providers write it */
	hook(w, envelope(change(NUMBER, "history",
	                        FMT("\"history\":[{\"metadata\":{\"phase\":\"1\",\"chunk_order\":"
	                            "\"1\",\"progress\":\"55\"},\"threads\":[{\"id\":" CUSTOMER
	                            ",\"messages\":[{\"from\":\"" CUSTOMER
	                            "\",\"id\":\"%s\",\"timestamp\":\"%lld\",\"type\":\"text\","
	                            "\"text\":{\"body\":\"old\"}}]}]}]",
	                            wamid("AA01", false), (long long)w->now_s - 86400))));
	hook(w, envelope(change(NUMBER, "history",
	                        "\"history\":[{\"metadata\":{\"phase\":9007199254740993,"
	                        "\"chunk_order\":9223372036854775807,\"progress\":1e300},"
	                        "\"threads\":[]}]")));
	settle(w);
	ck_assert_uint_eq(json_count(entries(w, "failed")), 0);
	const cJSON *list = messages(w);
	ck_assert_uint_eq(json_count(list), 2);
	ck_assert_str(text_at(list, "0.body"), "old");
	ck_assert_str(text_at(list, "1.wamid"), "9007199254740993123");
	ck_assert_str(text_at(list, "1.body"), "12345678901234567890");
	ck_assert(!true_at(list, "1.badTime"));
	const cJSON *sync = MUST(w, 200, "GET",
	                         FMT("/api/connections/%s/history-sync", w->connection),
	                         w->acme_viewer, NULL);
	ck_assert_int_eq(int_at(sync, "run.progress"), 55);
	world_end(w);
}
END_TEST

START_TEST(a_person_without_a_phone_is_a_lead_like_any_other)
{
	struct world *w = world_new();

	hook(w, envelope(change(NUMBER, "messages",
	                        FMT("\"contacts\":[{\"profile\":{\"name\":\"Bia\"},\"user_id\":"
	                            "\"BR.13491208655302741918\"}],\"messages\":[{\"from_user_id\":"
	                            "\"BR.13491208655302741918\",\"id\":\"wamid.1\",\"timestamp\":"
	                            "\"%lld\",\"type\":\"text\",\"text\":{\"body\":\"oi\"}}]",
	                            (long long)w->now_s))));
	settle(w);
	const cJSON *list = conversations(w);
	ck_assert_uint_eq(json_count(list), 1);
	ck_assert(null_at(list, "0.lead.phoneNumber"));
	ck_assert_str(text_at(list, "0.lead.pushName"), "Bia");
	ck_assert_uint_eq(json_count(messages(w)), 1);
	/* and with nobody named at all it is a problem of that message alone */
	hook(w, envelope(change(NUMBER, "messages",
	                        FMT("\"messages\":[{\"id\":\"wamid.2\",\"timestamp\":\"%lld\","
	                            "\"type\":\"text\",\"text\":{\"body\":\"oi\"}},{\"from\":"
	                            "\"" CUSTOMER "\",\"id\":\"wamid.3\",\"timestamp\":\"%lld\","
	                            "\"type\":\"text\",\"text\":{\"body\":\"oi\"}}]",
	                            (long long)w->now_s, (long long)w->now_s))));
	settle(w);
	ck_assert_uint_eq(json_count(entries(w, "applied_with_problems")), 1);
	ck_assert_uint_eq(json_count(conversations(w)), 2);
	world_end(w);
}
END_TEST

START_TEST(wrong_types_are_problems_of_their_own_and_the_neighbours_are_applied)
{
	static const char *const odd[] = { "null", "7", "\"x\"", "[]", "true", "{\"id\":[]}" };
	struct world *w = world_new();

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		hook(w, envelope(change(NUMBER, "messages",
		                        FMT("\"messages\":[%s,%s]", odd[i],
		                            timed(FMT("AA%02zu", i),
		                                  FMT("\"%lld\"", (long long)w->now_s))))));
	for (size_t i = 0; i < 5; i++)
		hook(w, envelope(FMT("%s,{\"id\":\"" WABA "\",\"changes\":%s},{\"id\":\"" WABA
		                     "\",\"changes\":[{\"field\":\"messages\",\"value\":%s}]}",
		                     odd[i], odd[i], odd[i])));
	settle(w);
	ck_assert_uint_eq(json_count(entries(w, "failed")), 0);
	ck_assert_uint_ge(json_count(entries(w, "applied_with_problems")),
	                  sizeof(odd) / sizeof(*odd));
	ck_assert_uint_eq(json_count(messages(w)), sizeof(odd) / sizeof(*odd));
	world_end(w);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("bad input",
	                  what_is_not_signed_right_or_too_long_is_refused_and_leaves_nothing,
	                  a_text_of_100_kb_comes_out_whole,
	                  a_thousand_changes_in_one_body_are_a_thousand_messages,
	                  ten_thousand_levels_and_no_json_fail_and_what_follows_is_applied,
	                  empty_arrays_and_objects_say_nothing_and_harm_nothing,
	                  times_that_cannot_be_are_flagged_and_stand_at_their_receipt,
	                  numbers_as_text_and_text_as_numbers_are_read_and_large_ones_stay_exact,
	                  a_person_without_a_phone_is_a_lead_like_any_other,
	                  wrong_types_are_problems_of_their_own_and_the_neighbours_are_applied);
}

API_MAIN(make_suite)
