/* JSON in: what is accepted, what is mended, what is refused, and how values are read. */
#include <math.h>

#include "testing.h"

/* The text as it is understood, written again in order. */
static struct str
again(struct str text)
{
	return json_raw(test_arena(), test_json(text));
}

static struct str
nested(char open, char close, size_t depth)
{
	char *p = arena_alloc(test_arena(), 2 * depth + 1);

	memset(p, open, depth);
	memset(p + depth, close, depth);
	return str_n(p, 2 * depth);
}

START_TEST(what_is_json_is_kept)
{
	static const char *const good[] = {
		"null",
		"true",
		"false",
		"0",
		"-1",
		"1.5",
		"\"\"",
		"[]",
		"{}",
		"[[],{}]",
		"[1,2,3]",
		"{\"a\":{\"b\":[null,true,\"x\"]},\"c\":-7}",
		"\"ação 😀\"",
		"\"\\\"\\\\\\n\\r\\t\"",
		"123456789012345",
		"-123456789012345",
		"1e+20",
		"1e-07",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_slice(again(str_from(good[i])), str_from(good[i]));
	ck_assert_str(again(STR(" \t\r\n { \"a\" : [ 1 , 2 ] } \n")), "{\"a\":[1,2]}");
	ck_assert_str(again(STR("\"\\u00e9\\/\\b\\f\\ud83d\\ude00\"")), "\"é/\\u0008\\u000c😀\"");
	ck_assert_str(again(STR("\"\x7f\"")), "\"\x7f\"");
}
END_TEST

START_TEST(what_is_not_json_is_refused)
{
	static const char *const bad[] = {
		"",
		" ",
		"nul",
		"nulll",
		"True",
		"NaN",
		"Infinity",
		"-Infinity",
		"-",
		"+1",
		"01",
		"-01",
		"1.",
		".5",
		"1.e5",
		"1e",
		"1e+",
		"0x10",
		"1 2",
		"1,",
		"[",
		"]",
		"[1",
		"[1,",
		"[1,]",
		"[,1]",
		"[1 2]",
		"[1}",
		"{",
		"}",
		"{]",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{\"a\":1",
		"{\"a\" 1}",
		"{a:1}",
		"{1:1}",
		"{'a':1}",
		"{\"a\":1 \"b\":2}",
		"{\"a\":1}}",
		"[1]]",
		"{\"a\":1}x",
		"\"",
		"\"abc",
		"\"\\",
		"\"\\\"",
		"\"\\x\"",
		"\"\\u\"",
		"\"\\u12\"",
		"\"\\u12g4\"",
		"\"\\u 123\"",
		"\"\\ud83d\\uzzzz\"",
		"'a'",
		"[1]//x",
		"/**/[]",
		",",
		":",
		"{\"a\"::1}",
		"{,}",
		"{\"a\":1,,\"b\":2}",
		"\v1",
		"\f1",
		"1\xc2\xa0",
		"\xef\xbb\xbf{}",
		"\xff",
		"[\xe9]",
		"tru\xc3\xa9",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const cJSON *v = NULL;

		ck_assert_msg(json_parse(test_arena(), str_from(bad[i]), &v) == ERR_INVALID,
		              "\"%s\"", bad[i]);
		ck_assert_ptr_null(v);
	}
	ck_assert_err(json_parse(test_arena(), STR_NONE, &(const cJSON *){ NULL }), ERR_INVALID);
}
END_TEST

START_TEST(a_raw_nul_is_refused_everywhere)
{
	const cJSON *v = NULL;

	ck_assert_err(json_parse(test_arena(), STR("[1]\0"), &v), ERR_INVALID);
	ck_assert_err(json_parse(test_arena(), STR("\0[1]"), &v), ERR_INVALID);
	ck_assert_err(json_parse(test_arena(), STR("\"a\0b\""), &v), ERR_INVALID);
	ck_assert_err(json_parse(test_arena(), STR("\"a\\\0b\""), &v), ERR_INVALID);
	ck_assert_err(json_parse(test_arena(), STR("{\"a\0b\":1}"), &v), ERR_INVALID);
}
END_TEST

START_TEST(a_truncated_emoji_does_not_lose_a_webhook)
{
	ck_assert_str(again(STR("\"a\\ud83d\"")), "\"a\xEF\xBF\xBD\"");
	ck_assert_str(again(STR("\"\\ud83dx\\ude00\"")), "\"\xEF\xBF\xBDx\xEF\xBF\xBD\"");
	ck_assert_str(again(STR("\"\\ude00\\ud83d\"")), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
	ck_assert_str(again(STR("\"\\ud83d\\ud83d\\ude00\"")), "\"\xEF\xBF\xBD😀\"");
	ck_assert_str(again(STR("\"\\uD83D\\u0041\"")), "\"\xEF\xBF\xBD"
	                                                "A\"");
	ck_assert_str(again(STR("\"\\ud83d\\\\\"")), "\"\xEF\xBF\xBD\\\\\"");
	ck_assert_str(again(STR("{\"\\ud83d\":1}")), "{\"\xEF\xBF\xBD\":1}");
}
END_TEST

START_TEST(nul_escapes_and_control_characters_become_u_fffd)
{
	ck_assert_str(again(STR("\"a\\u0000b\"")), "\"a\xEF\xBF\xBD"
	                                           "b\"");
	ck_assert_str(again(STR("\"a\\\\u0000b\"")), "\"a\\\\u0000b\"");
	ck_assert_str(again(STR("\"a\nb\x01"
	                        "c\"")),
	              "\"a\xEF\xBF\xBD"
	              "b\xEF\xBF\xBD"
	              "c\"");
	ck_assert_str(again(STR("\"\\u0001\"")), "\"\\u0001\"");
}
END_TEST

START_TEST(invalid_utf8_becomes_u_fffd)
{
	ck_assert_str(again(STR("\"caf\xe9\"")), "\"caf\xEF\xBF\xBD\"");
	ck_assert_str(again(STR("\"\xed\xa0\x80\"")), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
	ck_assert_str(again(STR("\"\xf0\x9f\x98\"")), "\"\xEF\xBF\xBD\"");
	ck_assert_str(again(STR("\"12345678\xc3\"")), "\"12345678\xEF\xBF\xBD\"");
	ck_assert_str(again(STR("{\"\xff\":[\"\xfe\",\"é\"]}")),
	              "{\"\xEF\xBF\xBD\":[\"\xEF\xBF\xBD\",\"é\"]}");
}
END_TEST

START_TEST(long_integers_become_strings_of_their_digits)
{
	ck_assert_str(again(STR("[9007199254740993]")), "[\"9007199254740993\"]");
	ck_assert_str(again(STR("[-9007199254740993,1]")), "[\"-9007199254740993\",1]");
	ck_assert_str(again(STR("1000000000000000")), "\"1000000000000000\"");
	ck_assert_str(again(STR("[999999999999999,-999999999999999]")),
	              "[999999999999999,-999999999999999]");
	ck_assert_str(again(STR("{\"id\":102290129340398123456789,\"x\":\"\\ud83d\"}")),
	              "{\"id\":\"102290129340398123456789\",\"x\":\"\xEF\xBF\xBD\"}");
	ck_assert_str(again(STR("1234567890123456789012345678901234567890123456789012345678901.5")),
	              "\"1234567890123456789012345678901234567890123456789012345678901.5\"");
	ck_assert_str(again(STR("12345678901234567.5")), "12345678901234568.0");
	ck_assert_str(again(STR("12345678901234568.0")), "12345678901234568.0");
}
END_TEST

/* PostgreSQL's jsonb writes 1e16 as 10000000000000000, and 1e-7 as 0.0000001. */
START_TEST(canonical_bytes_are_the_same_before_and_after_a_database_kept_them)
{
	static const char *const pairs[][2] = {
		{ "[1e16]", "[\"10000000000000000\"]" },
		{ "[1e-7,1e2,0.10,-0]", "[0.0000001,100,0.1,0]" },
		{ "[1e999]", "[\"inf\"]" },
		{ "[123456789012345678.5]", "[\"1.2345678901234568e+17\"]" },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct str one = json_canonical(test_arena(), test_json(str_from(pairs[i][0])));
		struct str two = json_canonical(test_arena(), test_json(str_from(pairs[i][1])));

		ck_assert_slice(one, two);
		ck_assert_slice(json_canonical(test_arena(), test_json(one)), one);
	}
}
END_TEST

START_TEST(huge_exponents_are_numbers_and_nothing_else)
{
	const cJSON *v = test_json(STR("[1e999,-1e999,1e-999,1e308]"));
	int64_t i = 7;

	ck_assert(isinf(json_first(v)->valuedouble));
	ck_assert(!json_i64(json_first(v), &i));
	ck_assert_int_eq(i, 7);
	ck_assert_none(json_text(test_arena(), json_first(v)));
	ck_assert_str(json_raw(test_arena(), v), "[1e999,-1e999,0,1e+308]");
}
END_TEST

START_TEST(depth_is_64_at_most)
{
	const cJSON *v = NULL;
	size_t deep[] = { 65, 66, 1000, 10000, 100000 };

	ck_assert_slice(again(nested('[', ']', 64)), nested('[', ']', 64));
	for (size_t i = 0; i < 5; i++) {
		ck_assert_err(json_parse(test_arena(), nested('[', ']', deep[i]), &v), ERR_INVALID);
		ck_assert_err(json_parse(test_arena(), nested('[', '[', deep[i]), &v), ERR_INVALID);
	}
	ck_assert_err(json_parse(test_arena(), nested('{', '}', 3), &v), ERR_INVALID);
	ck_assert_ok(json_parse(test_arena(), STR("[[],[],[[]],{\"a\":{}},{}]"), &v));
}
END_TEST

START_TEST(objects_and_arrays_nested_in_turn_close_in_order)
{
	struct buf b;
	const cJSON *v;

	buf_init(&b, test_arena(), 4096);
	for (int i = 0; i < 32; i++)
		buf_z(&b, "{\"a\":[");
	for (int i = 0; i < 32; i++)
		buf_z(&b, "]}");
	ck_assert_slice(again(buf_slice(&b)), buf_slice(&b));
	b.p[b.n - 1] = ']';
	ck_assert_err(json_parse(test_arena(), buf_slice(&b), &v), ERR_INVALID);
}
END_TEST

START_TEST(passing_the_cap_of_the_arena_is_too_large)
{
	struct arena *a = arena_new(64 * 1024);
	struct buf b;
	const cJSON *v = NULL;

	buf_init(&b, test_arena(), 1 << 20);
	buf_z(&b, "[0");
	for (int i = 0; i < 3000; i++)
		buf_z(&b, ",0");
	buf_char(&b, ']');
	ck_assert_err(json_parse(a, buf_slice(&b), &v), ERR_TOO_LARGE);
	ck_assert_ptr_null(v);
	arena_reset(a);
	b.n = 0;
	buf_z(&b, "\"\\u0000");
	for (int i = 0; i < 10000; i++)
		buf_z(&b, "\x01\x01\x01\x01");
	buf_char(&b, '"');
	ck_assert_err(json_parse(a, buf_slice(&b), &v), ERR_TOO_LARGE);
	arena_reset(a);
	ck_assert_ok(json_parse(a, STR("[1]"), &v));
	arena_free(a);
}
END_TEST

START_TEST(look_ups_tell_case_apart_and_the_last_of_equal_names_wins)
{
	const cJSON *v = test_json(STR("{\"a\":1,\"A\":2,\"b\":null,\"a\":3}"));

	ck_assert_double_eq(json_get(v, "a")->valuedouble, 3);
	ck_assert_double_eq(json_get(v, "A")->valuedouble, 2);
	ck_assert_ptr_null(json_get(v, "B"));
	ck_assert_ptr_nonnull(json_get(v, "b"));
	ck_assert(json_is_null(json_get(v, "b")) && json_is_null(json_get(v, "c")));
	ck_assert_uint_eq(json_count(v), 4);
}
END_TEST

START_TEST(absent_and_wrong_types_are_answered_everywhere)
{
	const cJSON *n = test_json(STR("5")), *s = test_json(STR("\"x\"")),
		    *o = test_json(STR("{}"));
	const cJSON *all[] = { NULL, n, s, o, test_json(STR("[]")), test_json(STR("null")) };
	int64_t i;
	bool b;

	for (size_t k = 0; k < 6; k++) {
		ck_assert_ptr_null(json_get(all[k], "a"));
		ck_assert_ptr_null(json_first(all[k]));
		ck_assert_uint_eq(json_count(all[k]), 0);
		ck_assert(!json_bool(all[k], &b));
		ck_assert(all[k] == s || !str_is_set(json_str(all[k])));
		ck_assert(all[k] == n || !json_i64(all[k], &i));
	}
	ck_assert_none(json_canonical(test_arena(), NULL));
	ck_assert_none(json_raw(test_arena(), NULL));
	ck_assert_none(json_text(test_arena(), o));
	ck_assert_none(json_text(test_arena(), NULL));
}
END_TEST

START_TEST(numbers_are_read_as_strings_and_the_reverse)
{
	static const struct {
		const char *json;
		bool ok;
		int64_t v;
		const char *text;
	} cases[] = {
		{ "1704877200", true, 1704877200, "1704877200" },
		{ "\"1704877200\"", true, 1704877200, "1704877200" },
		{ "-3", true, -3, "-3" },
		{ "9007199254740993", true, 9007199254740993, "9007199254740993" },
		{ "9223372036854775808", false, 0, "9223372036854775808" },
		{ "1e3", true, 1000, "1000" },
		{ "1.0", true, 1, "1" },
		{ "1.5", false, 0, NULL },
		{ "1e18", true, 1000000000000000000, NULL },
		{ "1e19", false, 0, NULL },
		{ "-9223372036854775808.0", true, INT64_MIN, NULL },
		{ "9223372036854775807.0", false, 0, NULL },
		{ "\"12a\"", false, 0, "12a" },
		{ "\"\"", false, 0, "" },
		{ "true", false, 0, NULL },
		{ "[1]", false, 0, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const cJSON *v = test_json(str_from(cases[i].json));
		int64_t n = 99;

		ck_assert_msg(json_i64(v, &n) == cases[i].ok, "%s", cases[i].json);
		ck_assert_msg(n == (cases[i].ok ? cases[i].v : 99), "%s", cases[i].json);
		ck_assert_msg(str_eq(json_text(test_arena(), v), str_from(cases[i].text)), "%s",
		              cases[i].json);
	}
}
END_TEST

START_TEST(canonical_bytes_do_not_depend_on_order_or_spelling)
{
	const cJSON *a =
		test_json(STR("{\"b\":[{\"z\":1,\"a\":2.50}],\"a\":\"\\u00e9\",\"B\":1e2}"));
	const cJSON *b = test_json(STR("{\"B\":100, \"a\":\"é\", \"b\":[{\"a\":2.5,\"z\":1.0}]}"));

	ck_assert_str(json_canonical(test_arena(), a),
	              "{\"B\":100,\"a\":\"é\",\"b\":[{\"a\":2.5,\"z\":1}]}");
	ck_assert_slice(json_canonical(test_arena(), a), json_canonical(test_arena(), b));
	ck_assert_str(json_canonical(test_arena(), test_json(STR("{\"a\":1,\"b\":0,\"a\":2}"))),
	              "{\"a\":2,\"b\":0}");
	ck_assert_str(json_canonical(test_arena(), test_json(STR("[3,1,2,-0,0.1,1e300]"))),
	              "[3,1,2,0,0.1,\"1.0000000000000001e+300\"]");
}
END_TEST

START_TEST(writing_beyond_the_cap_marks_the_arena)
{
	struct arena *a = arena_new(64 * 1024);
	char *text = arena_alloc(test_arena(), 20002);
	const cJSON *v;

	memset(text, 'x', 20002);
	text[0] = text[20001] = '"';
	ck_assert_ok(json_parse(a, str_n(text, 20002), &v));
	for (int i = 0; i < 4 && arena_check(a) == ERR_OK; i++)
		(void)json_canonical(a, v);
	ck_assert_err(arena_check(a), ERR_TOO_LARGE);
	arena_free(a);
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE("json", what_is_json_is_kept, what_is_not_json_is_refused,
	                  a_raw_nul_is_refused_everywhere,
	                  a_truncated_emoji_does_not_lose_a_webhook,
	                  nul_escapes_and_control_characters_become_u_fffd,
	                  invalid_utf8_becomes_u_fffd, long_integers_become_strings_of_their_digits,
	                  huge_exponents_are_numbers_and_nothing_else,
	                  canonical_bytes_are_the_same_before_and_after_a_database_kept_them,
	                  depth_is_64_at_most, objects_and_arrays_nested_in_turn_close_in_order,
	                  passing_the_cap_of_the_arena_is_too_large,
	                  look_ups_tell_case_apart_and_the_last_of_equal_names_wins,
	                  absent_and_wrong_types_are_answered_everywhere,
	                  numbers_are_read_as_strings_and_the_reverse,
	                  canonical_bytes_do_not_depend_on_order_or_spelling,
	                  writing_beyond_the_cap_marks_the_arena);
}

TEST_MAIN(suite)
