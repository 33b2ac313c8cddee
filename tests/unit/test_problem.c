/* Errors as documents. */
#include "net/problem.h"
#include "testing.h"

static struct str
rendered(const struct problem *p)
{
	struct buf b;

	buf_init(&b, test_arena(), 65536);
	problem_render(p, STR("abcdefgh23456777"), &b);
	ck_assert_ok(buf_check(&b));
	return buf_slice(&b);
}

START_TEST(a_problem_is_json_with_all_members_of_the_contract)
{
	struct problem p = { .code = ERR_INVALID,
		             .why = "too_wrong",
		             .detail = STR("Two members are wrong") };
	const cJSON *doc, *errors;
	int64_t status;

	problem_add(&p, STR("name"), PROBLEM_REQUIRED, STR("is \"needed\""));
	problem_add(&p, STR("tags[3]"), PROBLEM_INVALID, STR("too\nlong"));
	doc = test_json(rendered(&p));
	ck_assert_str(json_str(json_get(doc, "type")), "/problems/invalid_request");
	ck_assert_str(json_str(json_get(doc, "title")), "The request is not valid");
	ck_assert_str(json_str(json_get(doc, "detail")), "Two members are wrong");
	ck_assert_str(json_str(json_get(doc, "error")), "invalid_request");
	ck_assert_str(json_str(json_get(doc, "code")), "too_wrong");
	ck_assert_str(json_str(json_get(doc, "requestId")), "abcdefgh23456777");
	ck_assert(json_i64(json_get(doc, "status"), &status));
	ck_assert_int_eq(status, 400);
	errors = json_get(doc, "errors");
	ck_assert_int_eq(json_count(errors), 2);
	ck_assert_str(json_str(json_get(json_first(errors), "path")), "name");
	ck_assert_str(json_str(json_get(json_first(errors), "code")), "required");
	ck_assert_str(json_str(json_get(json_first(errors), "message")), "is \"needed\"");
}
END_TEST

START_TEST(what_is_not_there_is_left_out)
{
	const struct problem p = { .code = ERR_NOT_FOUND };
	const cJSON *doc = test_json(rendered(&p));

	ck_assert_ptr_null(json_get(doc, "detail"));
	ck_assert_ptr_null(json_get(doc, "code"));
	ck_assert_ptr_null(json_get(doc, "errors"));
	ck_assert_str(json_str(json_get(doc, "error")), "not_found");
}
END_TEST

START_TEST(every_code_has_a_document_with_its_status)
{
	for (int code = ERR_OK + 1; code < ERR_COUNT; code++) {
		const struct problem p = { .code = (enum err)code };
		const cJSON *doc = test_json(rendered(&p));
		int64_t status;

		ck_assert(json_i64(json_get(doc, "status"), &status));
		ck_assert_int_eq(status, err_info(p.code)->http_status);
		ck_assert_slice(json_str(json_get(doc, "error")), str_from(err_info(p.code)->code));
	}
}
END_TEST

START_TEST(the_twenty_first_error_is_dropped)
{
	struct problem p = { .code = ERR_INVALID };

	for (int i = 0; i < PROBLEM_MAX_ERRORS + 5; i++)
		problem_add(&p, STR("x"), PROBLEM_UNKNOWN, STR("y"));
	ck_assert_int_eq(p.nerrors, PROBLEM_MAX_ERRORS);
	ck_assert_int_eq(json_count(json_get(test_json(rendered(&p)), "errors")),
	                 PROBLEM_MAX_ERRORS);
}
END_TEST

START_TEST(another_status_than_the_codes_own_can_be_told)
{
	const struct problem p = { .code = ERR_TOO_LARGE };
	struct buf b;
	int64_t status;

	buf_init(&b, test_arena(), 65536);
	problem_render_as(&p, 431, STR("id"), &b);
	ck_assert(json_i64(json_get(test_json(buf_slice(&b)), "status"), &status));
	ck_assert_int_eq(status, 431);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("problem", a_problem_is_json_with_all_members_of_the_contract,
	                  what_is_not_there_is_left_out, every_code_has_a_document_with_its_status,
	                  the_twenty_first_error_is_dropped,
	                  another_status_than_the_codes_own_can_be_told);
}

TEST_MAIN(make_suite)
