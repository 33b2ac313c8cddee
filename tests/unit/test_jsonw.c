/* JSON out: commas, escapes, absent values. */
#include <math.h>

#include "base/time.h"
#include "testing.h"

static struct buf b;

static struct jw
start(void)
{
	struct jw w;

	buf_init(&b, test_arena(), 1 << 20);
	jw_init(&w, &b);
	return w;
}

START_TEST(commas_and_colons_are_placed)
{
	struct jw w = start();

	jw_obj(&w);
	jw_ki64(&w, "a", -1);
	jw_key(&w, "b");
	jw_arr(&w);
	jw_obj(&w);
	jw_obj_end(&w);
	jw_arr(&w);
	jw_arr_end(&w);
	jw_bool(&w, true);
	jw_z(&w, "x");
	jw_arr_end(&w);
	jw_kbool(&w, "c", false);
	jw_knull(&w, "d");
	jw_kraw(&w, "e", STR("[1]"));
	jw_obj_end(&w);
	ck_assert_str(buf_slice(&b),
	              "{\"a\":-1,\"b\":[{},[],true,\"x\"],\"c\":false,\"d\":null,\"e\":[1]}");
	(void)test_json(buf_slice(&b));
}
END_TEST

START_TEST(absent_values_are_null)
{
	struct jw w = start();

	jw_obj(&w);
	jw_kstr(&w, "a", STR_NONE);
	jw_kz(&w, "b", NULL);
	jw_ktime(&w, "c", TIME_NONE);
	jw_kuuid(&w, "d", UUID_NIL);
	jw_kraw(&w, "e", STR_NONE);
	jw_kstr(&w, "f", STR(""));
	jw_ktime(&w, "g", 0);
	jw_obj_end(&w);
	ck_assert_str(buf_slice(&b),
	              "{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":null,\"f\":\"\","
	              "\"g\":\"1970-01-01T00:00:00.000Z\"}");
}
END_TEST

START_TEST(any_bytes_become_valid_json)
{
	char bytes[512];
	struct jw w = start();

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	jw_arr(&w);
	for (size_t n = 0; n < 300; n += 11)
		jw_str(&w, str_n(bytes + n, 200));
	jw_str(&w, STR("a\"\\\n\r\t\x01\0é😀\xff"));
	jw_arr_end(&w);
	(void)test_json(buf_slice(&b));
	ck_assert(str_ends(buf_slice(&b),
	                   STR("\"a\\\"\\\\\\n\\r\\t\\u0001\\u0000é😀\xEF\xBF\xBD\"]")));
}
END_TEST

START_TEST(numbers_are_shortest_and_finite)
{
	struct jw w = start();

	jw_arr(&w);
	jw_double(&w, 0.1);
	jw_double(&w, 5);
	jw_double(&w, -0.0);
	jw_double(&w, 1e15);
	jw_double(&w, 1.0 / 3);
	jw_double(&w, 5e-324);
	jw_double(&w, NAN);
	jw_double(&w, INFINITY);
	jw_i64(&w, INT64_MIN);
	jw_arr_end(&w);
	ck_assert_str(buf_slice(&b), "[0.1,5,0,1e+15,0.3333333333333333,4.94065645841247e-324,null,"
	                             "null,-9223372036854775808]");
}
END_TEST

START_TEST(a_level_begins_without_a_comma_after_a_longer_one)
{
	struct jw w = start();

	jw_arr(&w);
	for (int i = 0; i < 2; i++) {
		jw_arr(&w);
		jw_i64(&w, 1);
		jw_i64(&w, 2);
		jw_arr_end(&w);
	}
	jw_arr_end(&w);
	ck_assert_str(buf_slice(&b), "[[1,2],[1,2]]");
}
END_TEST

START_TEST(the_limit_of_the_buffer_is_told)
{
	struct jw w = start();

	b.limit = 10;
	jw_arr(&w);
	jw_z(&w, "longer than ten");
	jw_arr_end(&w);
	ck_assert_err(buf_check(&b), ERR_TOO_LARGE);
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE("jsonw", commas_and_colons_are_placed, absent_values_are_null,
	                  any_bytes_become_valid_json, numbers_are_shortest_and_finite,
	                  a_level_begins_without_a_comma_after_a_longer_one,
	                  the_limit_of_the_buffer_is_told);
}

TEST_MAIN(suite)
