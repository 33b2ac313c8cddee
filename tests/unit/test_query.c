/* Query strings and percent-encoding. */
#include "net/router.h"
#include "testing.h"

START_TEST(parameters_are_decoded_and_keep_their_order)
{
	struct query_params q;

	ck_assert_ok(query_parse(test_arena(), STR("limit=20&q=a+b%2Bc&empty=&flag&&x=1=2"), &q));
	ck_assert_int_eq(q.n, 5);
	ck_assert_str(q.p[0].name, "limit");
	ck_assert_str(query_get(&q, "limit"), "20");
	ck_assert_str(query_get(&q, "q"), "a b+c");
	ck_assert_str(query_get(&q, "empty"), "");
	ck_assert_str(query_get(&q, "flag"), "");
	ck_assert_str(query_get(&q, "x"), "1=2");
	ck_assert_str(q.p[4].name, "x");
	ck_assert_none(query_get(&q, "other"));
}
END_TEST

START_TEST(nothing_is_no_parameters)
{
	struct query_params q = { .n = 9 };

	ck_assert_ok(query_parse(test_arena(), STR_NONE, &q));
	ck_assert_int_eq(q.n, 0);
	ck_assert_ok(query_parse(test_arena(), STR("&&"), &q));
	ck_assert_int_eq(q.n, 0);
}
END_TEST

START_TEST(the_handshake_of_the_platform_parses)
{
	struct query_params q;

	ck_assert_ok(query_parse(
		test_arena(),
		STR("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a%26b"), &q));
	ck_assert_str(query_get(&q, "hub.challenge"), "1158201444");
	ck_assert_str(query_get(&q, "hub.verify_token"), "a&b");
}
END_TEST

START_TEST(malformed_text_is_refused_and_leaves_the_output_alone)
{
	static const char *const bad[] = {
		"a=%", "a=%1",  "a=%g1", "%=1",      "a=1&a=2",        "a=1&%61=2",
		"=1",  "a=%00", "a=%80", "a=%C0%80", "a=%f4%90%80%80",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct query_params q = { .n = 77 };

		ck_assert_err(query_parse(test_arena(), str_from(bad[i]), &q), ERR_INVALID);
		ck_assert_int_eq(q.n, 77);
	}
}
END_TEST

START_TEST(thirty_two_parameters_pass_and_one_more_does_not)
{
	struct query_params q;
	struct str text = STR("p0=1");

	for (int i = 1; i < QUERY_MAX_PARAMS; i++)
		text = str_fmt(test_arena(), STR_FMT "&p%d=1", STR_ARG(text), i);
	ck_assert_ok(query_parse(test_arena(), text, &q));
	ck_assert_int_eq(q.n, QUERY_MAX_PARAMS);
	text = str_fmt(test_arena(), STR_FMT "&last=1", STR_ARG(text));
	ck_assert_err(query_parse(test_arena(), text, &q), ERR_INVALID);
}
END_TEST

START_TEST(plus_is_a_space_only_where_asked)
{
	ck_assert_str(percent_decode(test_arena(), STR("a+b%20c"), true), "a b c");
	ck_assert_str(percent_decode(test_arena(), STR("a+b%20c"), false), "a+b c");
	ck_assert_str(percent_decode(test_arena(), STR(""), false), "");
	ck_assert_str(percent_decode(test_arena(), STR("%E2%82%ac"), false), "\xe2\x82\xac");
	ck_assert_none(percent_decode(test_arena(), STR_NONE, false));
	ck_assert_none(percent_decode(test_arena(), STR("ab%2"), false));
	ck_assert_none(percent_decode(test_arena(), STR("a\xff"), false));
}
END_TEST

START_TEST(what_is_refused_is_said_with_its_name)
{
	static const struct {
		const char *text, *name, *part;
	} cases[] = {
		{ "limit=1&limit=2", "limit", "more than once" },
		{ "a=1&q=%zz", "q", "percent-encoded" },
		{ "q=%ff", "q", "percent-encoded" },
		{ "=1", "", "no name" },
		{ "%zz=1", NULL, "no name" },
	};
	struct query_params q;
	struct str name;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str text = str_from(cases[i].text);
		const char *wrong = query_wrong(test_arena(), text, &name);

		ck_assert_err(query_parse(test_arena(), text, &q), ERR_INVALID);
		ck_assert_msg(wrong != NULL && strstr(wrong, cases[i].part) != NULL, "%s: %s",
		              cases[i].text, wrong);
		if (cases[i].name == NULL)
			ck_assert_none(name);
		else
			ck_assert_slice(name, str_from(cases[i].name));
	}
	ck_assert_ptr_null(query_wrong(test_arena(), STR("limit=1&q=a"), &name));
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("query", parameters_are_decoded_and_keep_their_order,
	                  nothing_is_no_parameters, the_handshake_of_the_platform_parses,
	                  malformed_text_is_refused_and_leaves_the_output_alone,
	                  thirty_two_parameters_pass_and_one_more_does_not,
	                  plus_is_a_space_only_where_asked, what_is_refused_is_said_with_its_name);
}

TEST_MAIN(make_suite)
