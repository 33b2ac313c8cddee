/* Sending: what is asked, what each answer proves, and a message's copies before and after its
 * name. */
#include "core/send.h"

#include <string.h>

#include "core/amendment.h"
#include "core/wa_rules.h"
#include "testing.h"

#define GIVE_UP TIME_DAY

static struct uuid
an_id(void)
{
	struct uuid id;

	ck_assert_ok(uuid_parse(STR("01900000-0000-7000-8000-0000000000aa"), &id));
	return id;
}

START_TEST(a_request_names_whom_what_and_us)
{
	struct send_text t = { .id = an_id(),
		               .phone_number_id = STR("100"),
		               .wa_id = STR("5511987654321"),
		               .user_id = STR("BR.1"),
		               .body = STR("Oi \"você\"\n"),
		               .reply_wamid = STR("wamid.X") };

	ck_assert_str(send_request(test_arena(), &t),
	              "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\","
	              "\"to\":\"+5511987654321\",\"type\":\"text\",\"text\":{\"preview_url\":false,"
	              "\"body\":\"Oi \\\"você\\\"\\n\"},\"context\":{\"message_id\":\"wamid.X\"},"
	              "\"biz_opaque_callback_data\":\"01900000-0000-7000-8000-0000000000aa\"}");
	t.wa_id = t.reply_wamid = STR_NONE;
	t.preview_url = true;
	ck_assert_str(send_request(test_arena(), &t),
	              "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\","
	              "\"recipient\":\"BR.1\",\"type\":\"text\",\"text\":{\"preview_url\":true,"
	              "\"body\":\"Oi \\\"você\\\"\\n\"},"
	              "\"biz_opaque_callback_data\":\"01900000-0000-7000-8000-0000000000aa\"}");
}
END_TEST

START_TEST(the_longest_text_fits_a_request)
{
	char *body = arena_alloc(test_arena(), 4 * SEND_TEXT_CHARACTERS);
	struct send_text t = { .id = an_id(), .wa_id = STR("1"), .phone_number_id = STR("1") };

	memset(body, '\n', SEND_TEXT_CHARACTERS); /* two bytes each in JSON */
	t.body = str_n(body, SEND_TEXT_CHARACTERS);
	ck_assert_uint_gt(send_request(test_arena(), &t).n, 2 * SEND_TEXT_CHARACTERS);
}
END_TEST

START_TEST(data_of_a_status_is_an_id_of_ours_or_nothing)
{
	struct uuid id;

	ck_assert(send_id_of(STR("01900000-0000-7000-8000-0000000000aa"), &id));
	ck_assert(uuid_eq(id, an_id()));
	ck_assert(!send_id_of(STR("order-17"), &id));
	ck_assert(!send_id_of(STR_NONE, &id));
	ck_assert_str(send_key(test_arena(), id), "a:01900000-0000-7000-8000-0000000000aa");
}
END_TEST

static bool
receipt(const char *body, struct send_receipt *out)
{
	const cJSON *root = NULL;

	ck_assert_ok(json_parse(test_arena(), str_from(body), &root));
	return send_read(test_arena(), root, out);
}

START_TEST(a_receipt_has_a_name_or_is_none)
{
	struct send_receipt r;

	ck_assert(
		receipt("{\"contacts\":[{\"input\":\"+5211234567890\",\"wa_id\":\"521234567890\"}],"
	                "\"messages\":[{\"id\":\"wamid.A\"}]}",
	                &r));
	ck_assert_str(r.wamid, "wamid.A");
	ck_assert_str(r.known.wa_id, "521234567890");
	ck_assert(receipt("{\"contacts\":[{\"user_id\":\"BR.2\"}],\"messages\":[{\"id\":\"w\"}]}",
	                  &r));
	ck_assert(!str_is_set(r.known.wa_id) && str_eq(r.known.user_id, STR("BR.2")));
	ck_assert(receipt("{\"messages\":[{\"id\":\"w\"}]}", &r));
	ck_assert(!receipt("{\"messages\":[{\"id\":\"\"}]}", &r));
	ck_assert(!receipt("{\"messages\":[]}", &r));
	ck_assert(!receipt("{\"messages\":[{\"id\":17}]}", &r));
	ck_assert(!receipt("{}", &r));
}
END_TEST

static struct send_verdict
judge(enum graph_reply reply, int status, const char *body, unsigned tries, int64_t now)
{
	struct graph_answer a;

	graph_read(test_arena(), reply, status, str_from(body), &a);
	return send_judge(&a, tries, 0, GIVE_UP, now, -1, 0);
}
#define CODE(n) "{\"error\":{\"code\":" #n "}}"

START_TEST(only_what_nobody_has_carried_out_is_tried_again)
{
	static const struct {
		enum graph_reply reply;
		int status;
		const char *body;
		enum send_do act;
		bool all, hopeless;
	} cases[] = {
		{ GRAPH_ANSWERED, 200, "{\"messages\":[{\"id\":\"w\"}]}", SEND_TAKEN, false,
		  false },
		{ GRAPH_ANSWERED, 200, "<html>", SEND_UNKNOWN, false, false },
		{ GRAPH_ANSWERED, 502, "<html>", SEND_UNKNOWN, false, false },
		{ GRAPH_ANSWERED, 503, "", SEND_AGAIN, true, false },
		{ GRAPH_ANSWERED, 429, "", SEND_AGAIN, true, false },
		{ GRAPH_ANSWERED, 400, CODE(131056), SEND_AGAIN, false, false },
		{ GRAPH_ANSWERED, 400, CODE(130429), SEND_AGAIN, true, false },
		{ GRAPH_ANSWERED, 400, CODE(80007), SEND_AGAIN, true, false },
		{ GRAPH_ANSWERED, 400, CODE(131048), SEND_AGAIN, true, false },
		{ GRAPH_ANSWERED, 400, CODE(131026), SEND_FAILED, false, false },
		{ GRAPH_ANSWERED, 400, CODE(131047), SEND_FAILED, false, false },
		{ GRAPH_ANSWERED, 400, CODE(424242), SEND_FAILED, false, false },
		{ GRAPH_ANSWERED, 401, CODE(190), SEND_FAILED, false, true },
		{ GRAPH_ANSWERED, 400, CODE(368), SEND_FAILED, false, true },
		{ GRAPH_ANSWERED, 400, CODE(131042), SEND_FAILED, false, true },
		{ GRAPH_LOST, 0, "", SEND_UNKNOWN, false, false },
		{ GRAPH_UNSENT, 0, "", SEND_AGAIN, true, false },
		{ GRAPH_FORBIDDEN, 0, "", SEND_FAILED, false, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct send_verdict v =
			judge(cases[i].reply, cases[i].status, cases[i].body, 1, 5000);

		ck_assert_msg(v.act == cases[i].act && v.all == cases[i].all &&
		                      v.hopeless == cases[i].hopeless,
		              "case %zu: %d %d %d", i, v.act, v.all, v.hopeless);
		ck_assert((v.act == SEND_TAKEN) == (v.reason == NULL));
		ck_assert(v.act != SEND_AGAIN || v.next_try_at > 5000);
	}
}
END_TEST

START_TEST(who_was_written_to_too_often_is_left_in_peace_longer_each_time)
{
	static const int64_t waits[] = { 4000, 16000, 64000, 256000, 256000 };

	for (unsigned n = 1; n <= 5; n++)
		ck_assert_int_eq(judge(GRAPH_ANSWERED, 400, CODE(131056), n, 1000).next_try_at -
		                         1000,
		                 waits[n - 1]);
}
END_TEST

START_TEST(what_waits_too_long_is_given_up)
{
	struct send_verdict v = judge(GRAPH_ANSWERED, 503, "", 9, GIVE_UP - 1);

	ck_assert_int_eq(v.act, SEND_AGAIN);
	v = judge(GRAPH_ANSWERED, 503, "", 9, GIVE_UP);
	ck_assert(v.act == SEND_FAILED && strcmp(v.reason, "gave_up") == 0);
	/* but not what may have been sent */
	ck_assert_int_eq(judge(GRAPH_LOST, 0, "", 9, GIVE_UP).act, SEND_UNKNOWN);
}
END_TEST

START_TEST(the_copy_with_a_name_is_the_same_message_sent)
{
	struct send_fact f = { .id = an_id(),
		               .to = { .wa_id = STR("5511987654321") },
		               .body = STR("Oi"),
		               .at = INT64_C(1768906800123) };
	struct facts before, after, failed;
	struct message a, b, c;
	struct amendment am;

	send_facts(test_arena(), &f, &before);
	f.wamid = STR("wamid.A");
	send_facts(test_arena(), &f, &after);
	ck_assert(
		wa_place_message(test_arena(), &before.messages.v[0], STR("551130000001"), STR_NONE)
			.outbound);
	message_from_fact(test_arena(), &before.messages.v[0], true, f.at, &a);
	message_from_fact(test_arena(), &after.messages.v[0], true, f.at, &b);
	ck_assert_int_eq(a.status_rank, WA_PENDING);
	c = a;
	ck_assert(message_join(test_arena(), &c, &b));
	ck_assert_int_eq(c.status_rank, WA_SENT);
	ck_assert_str(c.wamid, "wamid.A");
	ck_assert(!str_is_set(c.wamids));
	ck_assert(!message_join(test_arena(), &c, &a)); /* nothing new in what came before */
	ck_assert_str(c.wamid, "wamid.A");
	/* what we know of its failure is no word of Meta's that it has it */
	send_facts_failure(test_arena(), &f, 131026, "undeliverable", STR("no"), f.at + 5, &failed);
	amendment_from_fact(test_arena(), &failed.amendments.v[0], false, f.at + 5, &am);
	ck_assert_slice(am.target_key, a.key);
	ck_assert(amendment_apply(test_arena(), &am, &a));
	ck_assert_int_eq(a.status_rank, WA_FAILED);
	ck_assert_int_eq(a.confirmed_at, TIME_NONE);
	ck_assert(str_is_set(a.error));
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"send", a_request_names_whom_what_and_us, the_longest_text_fits_a_request,
		data_of_a_status_is_an_id_of_ours_or_nothing, a_receipt_has_a_name_or_is_none,
		only_what_nobody_has_carried_out_is_tried_again,
		who_was_written_to_too_often_is_left_in_peace_longer_each_time,
		what_waits_too_long_is_given_up, the_copy_with_a_name_is_the_same_message_sent);
}

int
main(void)
{
	return testing_run(make_suite);
}
