/* Meta's errors: every code of the reference has a word, and nothing unreadable is a yes. */
#include "core/graph.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "testing.h"

static struct graph_answer
answered(int status, const char *body)
{
	struct graph_answer a;

	graph_read(test_arena(), GRAPH_ANSWERED, status, str_from(body), &a);
	return a;
}

static struct graph_answer
refused(int status, int64_t code, int64_t subcode)
{
	return answered(status,
	                str_z(test_arena(),
	                      str_fmt(test_arena(),
	                              "{\"error\":{\"message\":\"(#%lld) no\",\"type\":"
	                              "\"OAuthException\",\"code\":%lld,\"error_subcode\":%lld,"
	                              "\"error_data\":{\"details\":\"call 11 98765-4321\"}}}",
	                              (long long)code, (long long)code, (long long)subcode)));
}

START_TEST(every_code_of_the_reference_has_a_word)
{
	static const struct {
		int64_t code;
		enum graph_do act;
		const char *reason;
	} all[] = {
		{ 131047, GRAPH_NEVER, "outside_window" },
		{ 131026, GRAPH_NEVER, "undeliverable" },
		{ 131021, GRAPH_NEVER, "to_itself" },
		{ 131030, GRAPH_NEVER, "not_on_test_list" },
		{ 131049, GRAPH_NEVER, "held_back_by_meta" },
		{ 131050, GRAPH_NEVER, "opted_out" },
		{ 131051, GRAPH_NEVER, "type_not_supported" },
		{ 131052, GRAPH_NEVER, "media_failed" },
		{ 131053, GRAPH_NEVER, "media_failed" },
		{ 131056, GRAPH_LATER, "pair_rate" },
		{ 130429, GRAPH_LATER, "rate_limited" },
		{ 131048, GRAPH_LATER, "spam_limit" },
		{ 80007, GRAPH_LATER, "rate_limited" },
		{ 4, GRAPH_LATER, "rate_limited" },
		{ 131031, GRAPH_STOP, "account_locked" },
		{ 368, GRAPH_STOP, "account_locked" },
		{ 131042, GRAPH_STOP, "payment" },
		{ 131045, GRAPH_RECONNECT, "not_registered" },
		{ 133010, GRAPH_RECONNECT, "not_registered" },
		{ 131057, GRAPH_LATER, "maintenance" },
		{ 131060, GRAPH_NEVER, "message_unavailable" },
		{ 131062, GRAPH_NEVER, "user_id_not_allowed" },
		{ 131064, GRAPH_NEVER, "bad_request" },
		{ 130497, GRAPH_NEVER, "country" },
		{ 132000, GRAPH_NEVER, "template" },
		{ 132016, GRAPH_NEVER, "template" },
		{ 190, GRAPH_RECONNECT, "token_invalid" },
		{ 10, GRAPH_RECONNECT, "no_permission" },
		{ 200, GRAPH_RECONNECT, "no_permission" },
		{ 299, GRAPH_RECONNECT, "no_permission" },
		{ 100, GRAPH_NEVER, "bad_request" },
		{ 131000, GRAPH_NEVER, "refused" },
		{ 131008, GRAPH_NEVER, "bad_request" },
		{ 131009, GRAPH_NEVER, "bad_request" },
		{ 0, GRAPH_RECONNECT, "token_invalid" },
		{ 131005, GRAPH_RECONNECT, "no_permission" },
		{ 131016, GRAPH_LATER, "server_error" },
		{ 130472, GRAPH_NEVER, "held_back_by_meta" },
		{ 131037, GRAPH_STOP, "display_name" },
		{ 133016, GRAPH_LATER, "rate_limited" },
		{ 131055, GRAPH_NEVER, "bad_request" },
		{ 2593107, GRAPH_NEVER, "already_asked" },
		{ 2593108, GRAPH_NEVER, "sync_too_late" },
		{ 2593109, GRAPH_NEVER, "declined" },
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct graph_answer a = refused(400, all[i].code, -1);
		bool listed = false;

		ck_assert_msg(a.act == all[i].act && strcmp(a.reason, all[i].reason) == 0,
		              "%lld: %s", (long long)all[i].code, a.reason);
		ck_assert_str_eq(graph_reason(all[i].code), all[i].reason);
		ck_assert(!a.carried_out);
		for (const char *const *r = graph_reasons; *r != NULL; r++)
			listed |= strcmp(*r, a.reason) == 0;
		ck_assert_msg(listed, "%s", a.reason);
	}
	ck_assert_ptr_null(graph_reason(77));
}
END_TEST

START_TEST(what_meta_says_is_one_line_without_numbers_of_people)
{
	struct graph_answer a = refused(400, 131026, -1);

	ck_assert(str_is_set(a.message));
	/* it may quote the token */
	ck_assert(!str_is_set(answered(400, "{\"error\":{\"code\":190,\"message\":\"Malformed "
	                                    "access token EAAB\"}}")
	                              .message));
	ck_assert_ptr_null(strstr(str_z(test_arena(), a.message), "98765"));
}
END_TEST

START_TEST(a_code_that_is_spent_is_told_by_its_subcode)
{
	ck_assert_str_eq(refused(400, 100, GRAPH_CODE_EXPIRED).reason, "code_expired");
	ck_assert_str_eq(refused(400, 100, GRAPH_CODE_USED).reason, "code_used");
	ck_assert_str_eq(refused(400, 100, 33).reason, "bad_request");
}
END_TEST

START_TEST(only_an_object_with_2xx_is_a_yes)
{
	ck_assert_int_eq(answered(200, "{\"success\":true}").act, GRAPH_TAKE);
	ck_assert_int_eq(answered(200, "{\"error\":{\"code\":190}}").act, GRAPH_RECONNECT);
	static const char *const odd[] = { "", "[]", "null", "<html>", "{\"a\":", "1" };
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		struct graph_answer a = answered(200, odd[i]);

		ck_assert_str_eq(a.reason, "bad_answer");
		ck_assert_int_eq(a.act, GRAPH_LATER);
		ck_assert(a.carried_out);
	}
	ck_assert_int_eq(answered(503, "<html>").act, GRAPH_LATER);
	ck_assert(!answered(503, "").carried_out);
	ck_assert(answered(500, "").carried_out);
	ck_assert_int_eq(answered(429, "").act, GRAPH_LATER);
	ck_assert_int_eq(answered(401, "").act, GRAPH_RECONNECT);
	ck_assert_int_eq(answered(404, "").act, GRAPH_NEVER);
	ck_assert_int_eq(answered(302, "").act, GRAPH_NEVER);
	ck_assert_int_eq(refused(500, 424242, -1).act, GRAPH_LATER);
}
END_TEST

START_TEST(what_was_cut_may_have_been_carried_out_and_what_was_refused_was_not)
{
	struct graph_answer a;

	graph_read(test_arena(), GRAPH_LOST, 0, STR_NONE, &a);
	ck_assert(a.carried_out && a.act == GRAPH_LATER);
	graph_read(test_arena(), GRAPH_UNSENT, 0, STR_NONE, &a);
	ck_assert(!a.carried_out && a.act == GRAPH_LATER);
	graph_read(test_arena(), GRAPH_FORBIDDEN, 0, STR_NONE, &a);
	ck_assert(!a.carried_out && a.act == GRAPH_NEVER);
}
END_TEST

START_TEST(waits_double_up_to_a_minute_and_follow_the_server)
{
	int64_t last = 0;

	for (unsigned n = 1; n < 20; n++) {
		int64_t at = graph_next_try_at(n, 1000, -1, 0) - 1000;

		ck_assert(at >= last && at >= TIME_SECOND && at <= TIME_MINUTE);
		ck_assert(graph_next_try_at(n, 1000, -1, UINT64_MAX) - 1000 > at / 2);
		last = at;
	}
	ck_assert_int_eq(last, TIME_MINUTE);
	ck_assert_int_eq(graph_next_try_at(1, 0, 90000, 0), 90000);
	ck_assert_int_eq(graph_next_try_at(1, 0, INT64_C(999999999999), 0), TIME_HOUR);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("graph", every_code_of_the_reference_has_a_word,
	                  what_meta_says_is_one_line_without_numbers_of_people,
	                  a_code_that_is_spent_is_told_by_its_subcode,
	                  only_an_object_with_2xx_is_a_yes,
	                  what_was_cut_may_have_been_carried_out_and_what_was_refused_was_not,
	                  waits_double_up_to_a_minute_and_follow_the_server);
}

TEST_MAIN(make_suite)
