/*
 * What every test program shares: the main function, an arena per test, a scratch directory, data
 * tables. A program ends with `checks: <passed> passed, <failed> failed` on stdout and exits with 0
 * only if at least one test ran and none failed. Tests fork unless the program is sanitized or
 * CK_FORK=no is set.
 */
#ifndef RECADO_TESTS_TESTING_H
#define RECADO_TESTS_TESTING_H

#include <check.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"

/* Runs the suite that `make_suite` builds. */
int testing_run(Suite *(*make_suite)(void));
/* The whole main function of a test program. */
/* One of how many cases of a long row of them is tried: all, but under sanitizers, which are many
 * times slower and see a fault of memory in any of them. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_THIN 7
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TEST_THIN 7
#endif
#endif
#ifndef TEST_THIN
#define TEST_THIN 1
#endif

#define TEST_MAIN(make_suite)                                                                      \
	int main(void)                                                                             \
	{                                                                                          \
		return testing_run(make_suite);                                                    \
	}

/* A suite of one case that holds the given tests: SUITE("uuid", a_test, another_test) */
Suite *testing_suite(const char *name, const TTest *const *tests, size_t n);
#define TEST_SUITE(name, ...)                                                                      \
	testing_suite((name), (const TTest *const[]){ __VA_ARGS__ },                               \
	              sizeof((const TTest *const[]){ __VA_ARGS__ }) / sizeof(const TTest *))

/* An arena of 64 MiB that is emptied before each test of a TEST_SUITE. */
struct arena *test_arena(void);

/* A new empty directory, removed with all that is in it when the program ends. In test_arena. */
const char *test_dir(void);
/* Bytes of tests/data/<name>, in test_arena. TESTS_DATA_DIR says where that is; the test fails
 * without it. */
struct str test_data(const char *name);
/* The same as JSON; a table is an array of cases, looked at with json_first and `next`. */
const cJSON *test_data_json(const char *name);
/* JSON from text that must be good. */
const cJSON *test_json(struct str text);

/* Fails unless `actual` is set and equals the bytes of the literal or struct str. */
void testing_assert_str(struct str actual, struct str expected, const char *file, int line,
                        const char *what);
#define ck_assert_str(actual, literal)                                                             \
	testing_assert_str((actual), STR(literal), __FILE__, __LINE__, #actual)
#define ck_assert_slice(actual, expected)                                                          \
	testing_assert_str((actual), (expected), __FILE__, __LINE__, #actual)
#define ck_assert_none(actual) ck_assert_msg(!str_is_set(actual), "%s must be absent", #actual)
#define ck_assert_ok(call)                                                                         \
	do {                                                                                       \
		enum err testing_err = (call);                                                     \
		ck_assert_msg(testing_err == ERR_OK, "%s: %s", #call,                              \
		              err_info(testing_err)->code);                                        \
	} while (0)
#define ck_assert_err(call, expected)                                                              \
	do {                                                                                       \
		enum err testing_err = (call);                                                     \
		ck_assert_msg(testing_err == (expected), "%s: %s instead of %s", #call,            \
		              err_info(testing_err)->code, err_info(expected)->code);              \
	} while (0)

#endif
