/* Which answer is whose failure, how long to wait and how large the pages are, as tables. */
#include "core/import_retry.h"

#include "testing.h"

#define NOW INT64_C(1768906800000)

START_TEST(every_answer_is_judged_as_the_table_says)
{
	static const struct {
		enum import_answer answer;
		int status;
		int64_t size;
		enum import_do list, ticket;
		const char *list_reason, *ticket_reason; /* NULL: none */
	} rows[] = {
		{ IMPORT_ANSWERED, 200, 50, IMPORT_TAKE, IMPORT_TAKE, NULL, NULL },
		{ IMPORT_ANSWERED, 204, 50, IMPORT_TAKE, IMPORT_TAKE, NULL, NULL },
		{ IMPORT_ANSWERED, 301, 50, IMPORT_FAIL_RUN, IMPORT_FAIL_TICKET, "redirected",
		  "redirected" },
		{ IMPORT_ANSWERED, 400, 50, IMPORT_FAIL_RUN, IMPORT_FAIL_TICKET,
		  "unexpected_status", "unexpected_status" },
		{ IMPORT_ANSWERED, 401, 50, IMPORT_FAIL_RUN, IMPORT_FAIL_RUN, "unauthorized",
		  "unauthorized" },
		{ IMPORT_ANSWERED, 403, 50, IMPORT_FAIL_RUN, IMPORT_FAIL_RUN, "forbidden",
		  "forbidden" },
		{ IMPORT_ANSWERED, 404, 50, IMPORT_FAIL_RUN, IMPORT_FAIL_TICKET, "not_found",
		  "gone" },
		{ IMPORT_ANSWERED, 410, 50, IMPORT_FAIL_RUN, IMPORT_FAIL_TICKET, "not_found",
		  "gone" },
		{ IMPORT_ANSWERED, 408, 50, IMPORT_AGAIN, IMPORT_AGAIN, NULL, NULL },
		{ IMPORT_ANSWERED, 429, 50, IMPORT_HOLD, IMPORT_HOLD, NULL, NULL },
		{ IMPORT_ANSWERED, 500, 50, IMPORT_SMALLER, IMPORT_SMALLER, NULL, NULL },
		{ IMPORT_ANSWERED, 599, 6, IMPORT_SMALLER, IMPORT_SMALLER, NULL, NULL },
		{ IMPORT_ANSWERED, 503, 5, IMPORT_AGAIN, IMPORT_AGAIN, NULL, NULL },
		{ IMPORT_ANSWERED, 600, 50, IMPORT_FAIL_RUN, IMPORT_FAIL_TICKET,
		  "unexpected_status", "unexpected_status" },
		{ IMPORT_ANSWERED, 0, 50, IMPORT_FAIL_RUN, IMPORT_FAIL_TICKET, "unexpected_status",
		  "unexpected_status" },
		{ IMPORT_GARBAGE, 200, 50, IMPORT_AGAIN, IMPORT_AGAIN, NULL, NULL },
		{ IMPORT_LOST, 0, 50, IMPORT_AGAIN, IMPORT_AGAIN, NULL, NULL },
		{ IMPORT_TOO_LARGE, 200, 50, IMPORT_SMALLER, IMPORT_SMALLER, NULL, NULL },
		{ IMPORT_TOO_LARGE, 200, 2, IMPORT_SMALLER, IMPORT_SMALLER, NULL, NULL },
		{ IMPORT_TOO_LARGE, 200, 1, IMPORT_FAIL_RUN, IMPORT_FAIL_TICKET, "too_large",
		  "too_large" },
		{ IMPORT_FORBIDDEN, 0, 50, IMPORT_FAIL_RUN, IMPORT_FAIL_RUN, "refused_by_rule",
		  "refused_by_rule" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (int of_ticket = 0; of_ticket < 2; of_ticket++) {
			struct import_try t = { .size = rows[i].size, .of_ticket = of_ticket };
			struct import_verdict v =
				import_judge(&t, rows[i].answer, rows[i].status, -1, 0);
			const char *reason = of_ticket ? rows[i].ticket_reason
			                               : rows[i].list_reason;

			ck_assert_msg(v.act == (of_ticket ? rows[i].ticket : rows[i].list),
			              "row %zu: %d", i, (int)v.act);
			ck_assert_msg((v.reason == NULL) == (reason == NULL), "row %zu", i);
			ck_assert_msg(reason == NULL || strcmp(reason, v.reason) == 0, "row %zu",
			              i);
			ck_assert_int_eq(v.size,
			                 v.act == IMPORT_SMALLER ? rows[i].size / 2 : rows[i].size);
			ck_assert_int_eq(t.size, v.size);
			ck_assert_int_ge(v.wait_ms, 0);
		}
}
END_TEST

START_TEST(the_fourth_failure_ends_a_request_and_each_wait_is_longer)
{
	static const struct {
		enum import_answer answer;
		int status;
		const char *reason;
	} rows[] = {
		{ IMPORT_LOST, 0, "unreachable" },
		{ IMPORT_GARBAGE, 200, "garbage" },
		{ IMPORT_ANSWERED, 502, "server_error" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (uint64_t chance = 0; chance < 3000; chance += 999) {
			struct import_try t = { .size = 5, .of_ticket = true };
			struct import_verdict v;
			int64_t most = IMPORT_BACKOFF_MS;

			for (int n = 1; n < IMPORT_TRIES; n++, most *= 2) {
				v = import_judge(&t, rows[i].answer, rows[i].status, -1, chance);
				ck_assert_int_eq(v.act, IMPORT_AGAIN);
				ck_assert_int_eq(v.wait_ms,
				                 most / 2 + (int64_t)chance % (most / 2 + 1));
			}
			v = import_judge(&t, rows[i].answer, rows[i].status, -1, chance);
			ck_assert_int_eq(v.act, IMPORT_FAIL_TICKET);
			ck_assert_str_eq(v.reason, rows[i].reason);
		}
}
END_TEST

START_TEST(a_429_costs_no_try_and_waits_as_long_as_it_is_told)
{
	static const struct {
		int64_t retry_after_ms, wait_ms;
	} rows[] = {
		{ 5000, 5000 },
		{ 0, IMPORT_HOLD_MIN_MS },
		{ 3600000, 3600000 },
		{ 86400000, IMPORT_HOLD_MAX_MS },
	};
	struct import_try t = { .size = 50 };
	int64_t last = 0;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (int n = 0; n < 10; n++) {
			struct import_verdict v =
				import_judge(&t, IMPORT_ANSWERED, 429, rows[i].retry_after_ms, 7);

			ck_assert_int_eq(v.act, IMPORT_HOLD);
			ck_assert_int_eq(v.wait_ms, rows[i].wait_ms);
			ck_assert_uint_eq(t.failures, 0);
		}
	for (int n = 0; n < 40; n++) { /* nobody says how long: ever longer, up to a bound */
		struct import_verdict v = import_judge(&t, IMPORT_ANSWERED, 429, -1, 0);

		ck_assert_int_eq(v.act, IMPORT_HOLD);
		ck_assert_int_ge(v.wait_ms, last);
		ck_assert_int_le(v.wait_ms, IMPORT_BACKOFF_MAX_MS);
		last = v.wait_ms;
	}
	ck_assert_int_eq(last, IMPORT_BACKOFF_MAX_MS / 2);
	ck_assert_uint_eq(t.failures, 0);
}
END_TEST

START_TEST(a_5xx_that_says_how_long_is_waited_for)
{
	struct import_try t = { .size = 5 };

	ck_assert_int_eq(import_judge(&t, IMPORT_ANSWERED, 503, 30000, 0).wait_ms, 30000);
	ck_assert_int_eq(import_judge(&t, IMPORT_ANSWERED, 503, 1, 0).wait_ms, IMPORT_BACKOFF_MS);
	ck_assert_int_eq(import_judge(&t, IMPORT_ANSWERED, 503, INT64_MAX, 0).wait_ms,
	                 IMPORT_HOLD_MAX_MS);
}
END_TEST

START_TEST(halving_needs_no_try_and_ends_at_a_small_page)
{
	static const int64_t sizes[] = { 25, 12, 6, 3 };
	struct import_try t = { .size = 50 };

	for (int i = 0; i < 4; i++) {
		struct import_verdict v = import_judge(&t, IMPORT_ANSWERED, 500, -1, 9);

		ck_assert_int_eq(v.act, IMPORT_SMALLER);
		ck_assert_int_eq(v.size, sizes[i]);
		ck_assert_int_eq(v.wait_ms, 0);
		ck_assert_uint_eq(t.failures, 0);
	}
	for (int i = 1; i < IMPORT_TRIES; i++)
		ck_assert_int_eq(import_judge(&t, IMPORT_ANSWERED, 500, -1, 9).act, IMPORT_AGAIN);
	ck_assert_int_eq(import_judge(&t, IMPORT_ANSWERED, 500, -1, 9).act, IMPORT_FAIL_RUN);
}
END_TEST

START_TEST(a_size_that_helped_is_kept_for_a_day)
{
	struct import_size s = { 0 };

	ck_assert_int_eq(import_size_now(&s, 50, NOW), 50);
	ck_assert(!import_size_learn(&s, 50, 50, NOW));
	ck_assert(import_size_learn(&s, 50, 12, NOW));
	ck_assert_int_eq(import_size_now(&s, 50, NOW), 12);
	ck_assert_int_eq(import_size_now(&s, 10, NOW), 10); /* never more than is wanted */
	ck_assert(
		!import_size_learn(&s, 50, 12, NOW + TIME_HOUR)); /* does not last longer for it */
	ck_assert(!import_size_learn(&s, 50, 25, NOW + TIME_HOUR));
	ck_assert(import_size_learn(&s, 50, 6, NOW + TIME_HOUR));
	ck_assert_int_eq(import_size_now(&s, 50, NOW + TIME_DAY), 6);
	ck_assert_int_eq(import_size_now(&s, 50, NOW + TIME_HOUR + TIME_DAY), 50);
	ck_assert_int_eq(import_size_now(&s, 50, NOW - TIME_HOUR), 50); /* a clock that went back */
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("import_retry", every_answer_is_judged_as_the_table_says,
	                  the_fourth_failure_ends_a_request_and_each_wait_is_longer,
	                  a_429_costs_no_try_and_waits_as_long_as_it_is_told,
	                  a_5xx_that_says_how_long_is_waited_for,
	                  halving_needs_no_try_and_ends_at_a_small_page,
	                  a_size_that_helped_is_kept_for_a_day);
}

TEST_MAIN(make_suite)
