/* Connecting a number: the order of steps, what each answer means, which number it is. */
#include "core/onboard.h"

#include <string.h>

#include "testing.h"

static const struct onboard_wish all = { .history = true }, contacts_only = { 0 },
				 cloud = { .cloud_api = true, .history = true };

static struct onboard_verdict
judge(enum onboard_step s, int status, const char *body, unsigned tries, int64_t now)
{
	struct graph_answer a;

	graph_read(test_arena(), GRAPH_ANSWERED, status, str_from(body), &a);
	return onboard_judge(s, &a, tries, 0, now, -1, 0);
}

START_TEST(steps_follow_what_was_asked_for)
{
	enum onboard_step s = ONBOARD_TOKEN;
	size_t n = 0;

	for (; s != ONBOARD_DONE; s = onboard_next(s, &all), n++)
		ck_assert_int_eq(onboard_step_of(str_from(onboard_step_name(s))), s);
	ck_assert_uint_eq(n, 5);
	ck_assert_int_eq(onboard_next(ONBOARD_DONE, &all), ONBOARD_DONE);
	ck_assert_int_eq(onboard_next(ONBOARD_SUBSCRIBE, &cloud), ONBOARD_DONE);
	ck_assert_int_eq(onboard_next(ONBOARD_CONTACTS, &contacts_only), ONBOARD_DONE);
	ck_assert_int_eq(onboard_step_of(STR("nothing")), ONBOARD_DONE);
}
END_TEST

START_TEST(data_that_were_asked_for_before_are_fine_and_too_late_is_told)
{
	for (int s = ONBOARD_CONTACTS; s <= ONBOARD_HISTORY; s++) {
		struct onboard_verdict v =
			judge((enum onboard_step)s, 400, "{\"error\":{\"code\":2593107}}", 1, 0);

		ck_assert(v.act == ONBOARD_GO_ON && !v.too_late);
		v = judge((enum onboard_step)s, 400, "{\"error\":{\"code\":2593108}}", 1, 0);
		ck_assert(v.act == ONBOARD_GO_ON && v.too_late);
		v = judge((enum onboard_step)s, 400, "{\"error\":{\"code\":131000}}", 1, 0);
		ck_assert(v.act == ONBOARD_FAIL && strcmp(v.reason, "refused") == 0);
	}
	ck_assert_int_eq(judge(ONBOARD_SUBSCRIBE, 400, "{\"error\":{\"code\":2593107}}", 1, 0).act,
	                 ONBOARD_FAIL);
}
END_TEST

START_TEST(what_passes_is_tried_again_but_not_for_ever)
{
	struct onboard_verdict v = judge(ONBOARD_SUBSCRIBE, 503, "", 1, 5000);

	ck_assert(v.act == ONBOARD_TRY_AGAIN && v.next_try_at > 5000);
	v = judge(ONBOARD_SUBSCRIBE, 503, "", ONBOARD_TRIES, 5000);
	ck_assert(v.act == ONBOARD_FAIL && strcmp(v.reason, "server_error") == 0);
	v = judge(ONBOARD_SUBSCRIBE, 200, "{\"error\":{\"code\":190}}", 1, 0);
	ck_assert(v.act == ONBOARD_FAIL && strcmp(v.reason, "token_invalid") == 0);
}
END_TEST

START_TEST(a_code_is_not_tried_beyond_its_thirty_seconds)
{
	struct onboard_verdict v = judge(ONBOARD_TOKEN, 503, "", 1, 5000);

	ck_assert_int_eq(v.act, ONBOARD_TRY_AGAIN);
	v = judge(ONBOARD_TOKEN, 503, "", 2, 29500);
	ck_assert(v.act == ONBOARD_FAIL && strcmp(v.reason, "code_expired") == 0);
}
END_TEST

static enum onboard_found
find(const char *page, const char *wanted, bool cloud_api, struct onboard_number *n,
     struct str *after)
{
	const cJSON *root;

	ck_assert_ok(json_parse(test_arena(), str_from(page), &root));
	return onboard_find(test_arena(), root, wanted == NULL ? STR_NONE : str_from(wanted),
	                    cloud_api, n, after);
}

#define APP(id)                                                                                    \
	"{\"id\":\"" id "\",\"display_phone_number\":\"+55 11 9" id "\",\"verified_name\":\"N" id  \
	"\",\"is_on_biz_app\":true,\"platform_type\":\"CLOUD_API\"}"
#define OTHER(id)                                                                                  \
	"{\"id\":\"" id "\",\"display_phone_number\":\"+55 11 8" id                                \
	"\",\"is_on_biz_app\":false,\"platform_type\":\"CLOUD_API\"}"

START_TEST(the_number_is_the_one_in_the_business_app)
{
	struct onboard_number n = { .id = STR_NONE };
	struct str after;

	ck_assert_int_eq(find("{\"data\":[" OTHER("1") "," APP("2") "]}", NULL, false, &n, &after),
	                 ONBOARD_FOUND);
	ck_assert(str_eq(n.id, STR("2")));
	ck_assert(str_eq(n.display, STR("551192")));
	ck_assert(str_eq(n.verified_name, STR("N2")));
	n = (struct onboard_number){ .id = STR_NONE };
	ck_assert_int_eq(find("{\"data\":[" OTHER("1") "]}", NULL, false, &n, &after),
	                 ONBOARD_NOT_FOUND);
	ck_assert_int_eq(find("{\"data\":[" APP("1") "," APP("2") "]}", NULL, false, &n, &after),
	                 ONBOARD_SEVERAL);
	n = (struct onboard_number){ .id = STR_NONE };
	ck_assert_int_eq(find("{\"data\":[" APP("1") "," APP("2") "]}", "2", false, &n, &after),
	                 ONBOARD_FOUND);
	ck_assert(str_eq(n.id, STR("2")));
	n = (struct onboard_number){ .id = STR_NONE };
	ck_assert_int_eq(find("{\"data\":[" OTHER("7") "]}", NULL, true, &n, &after),
	                 ONBOARD_FOUND);
	n = (struct onboard_number){ .id = STR_NONE };
	ck_assert_int_eq(find("{\"data\":[{\"id\":5},{},null,3]}", "5", false, &n, &after),
	                 ONBOARD_FOUND);
	n = (struct onboard_number){ .id = STR_NONE };
	ck_assert_int_eq(find("{\"data\":{}}", NULL, false, &n, &after), ONBOARD_NOT_FOUND);
}
END_TEST

START_TEST(it_may_stand_on_a_later_page)
{
	struct onboard_number n = { .id = STR_NONE };
	struct str after;

	ck_assert_int_eq(find("{\"data\":[" OTHER("1") "],\"paging\":{\"cursors\":{\"after\":"
	                                               "\"x\"},\"next\":\"http\"}}",
	                      NULL, false, &n, &after),
	                 ONBOARD_MORE);
	ck_assert(str_eq(after, STR("x")));
	ck_assert_int_eq(find("{\"data\":[" APP("2") "],\"paging\":{\"cursors\":{\"after\":"
	                                             "\"x\"}}}",
	                      NULL, false, &n, &after),
	                 ONBOARD_FOUND);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("onboard", steps_follow_what_was_asked_for,
	                  data_that_were_asked_for_before_are_fine_and_too_late_is_told,
	                  what_passes_is_tried_again_but_not_for_ever,
	                  a_code_is_not_tried_beyond_its_thirty_seconds,
	                  the_number_is_the_one_in_the_business_app, it_may_stand_on_a_later_page);
}

TEST_MAIN(make_suite)
