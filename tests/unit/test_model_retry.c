/* Whose failure an answer of the model server is, how long everybody waits, and what it costs. */
#include "core/model_retry.h"

#include "core/model_cost.h"
#include "testing.h"

#define NOW INT64_C(1768906800000)

static struct model_try
answered(int status, int64_t asked_at)
{
	return (struct model_try){ .answer = MODEL_ANSWERED,
		                   .status = status,
		                   .retry_after_ms = -1,
		                   .asked_at = asked_at };
}

static struct model_try
lost(unsigned losses, int64_t asked_at)
{
	return (struct model_try){
		.answer = MODEL_LOST, .retry_after_ms = -1, .asked_at = asked_at, .losses = losses
	};
}

static bool
same_word(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

START_TEST(every_answer_is_judged_as_the_table_says)
{
	static const struct {
		enum model_answer answer;
		int status;
		const char *code;
		enum model_do act;
		const char *reason, *ends_run;
		bool pauses;
	} rows[] = {
		{ MODEL_ANSWERED, 200, NULL, MODEL_TAKE, NULL, NULL, false },
		{ MODEL_ANSWERED, 204, NULL, MODEL_TAKE, NULL, NULL, false },
		{ MODEL_ANSWERED, 302, NULL, MODEL_RELEASE, "redirected", "redirected", false },
		{ MODEL_ANSWERED, 400, NULL, MODEL_FINAL, "bad_request", NULL, false },
		{ MODEL_ANSWERED, 400, "invalid_value", MODEL_FINAL, "bad_request", NULL, false },
		{ MODEL_ANSWERED, 400, "model_not_found", MODEL_RELEASE, "unknown_model",
		  "unknown_model", false },
		{ MODEL_ANSWERED, 404, "model_not_found", MODEL_RELEASE, "unknown_model",
		  "unknown_model", false },
		{ MODEL_ANSWERED, 404, NULL, MODEL_RELEASE, "not_found", "not_found", false },
		{ MODEL_ANSWERED, 405, NULL, MODEL_RELEASE, "not_found", "not_found", false },
		{ MODEL_ANSWERED, 410, NULL, MODEL_RELEASE, "not_found", "not_found", false },
		{ MODEL_ANSWERED, 401, NULL, MODEL_RELEASE, "unauthorized", "unauthorized", false },
		{ MODEL_ANSWERED, 402, NULL, MODEL_RELEASE, "payment_required", "payment_required",
		  false },
		{ MODEL_ANSWERED, 403, "model_not_found", MODEL_RELEASE, "forbidden", "forbidden",
		  false },
		{ MODEL_ANSWERED, 409, NULL, MODEL_FINAL, "bad_request", NULL, false },
		{ MODEL_ANSWERED, 413, NULL, MODEL_FINAL, "too_large", NULL, false },
		{ MODEL_ANSWERED, 422, NULL, MODEL_FINAL, "bad_request", NULL, false },
		{ MODEL_ANSWERED, 499, NULL, MODEL_FINAL, "bad_request", NULL, false },
		{ MODEL_ANSWERED, 408, NULL, MODEL_RELEASE, "server_error", NULL, true },
		{ MODEL_ANSWERED, 425, NULL, MODEL_RELEASE, "server_error", NULL, true },
		{ MODEL_ANSWERED, 429, NULL, MODEL_RELEASE, "rate_limited", NULL, true },
		{ MODEL_ANSWERED, 500, NULL, MODEL_RELEASE, "server_error", NULL, true },
		{ MODEL_ANSWERED, 503, NULL, MODEL_RELEASE, "server_error", NULL, true },
		{ MODEL_ANSWERED, 599, NULL, MODEL_RELEASE, "server_error", NULL, true },
		{ MODEL_ANSWERED, 0, NULL, MODEL_RELEASE, "unexpected_status", NULL, true },
		{ MODEL_ANSWERED, 101, NULL, MODEL_RELEASE, "unexpected_status", NULL, true },
		{ MODEL_ANSWERED, 600, NULL, MODEL_RELEASE, "unexpected_status", NULL, true },
		{ MODEL_TOO_LARGE, 200, NULL, MODEL_FAILED, "too_large", NULL, false },
		{ MODEL_LOST, 0, NULL, MODEL_RELEASE, "unreachable", NULL, true },
		{ MODEL_FORBIDDEN, 0, NULL, MODEL_RELEASE, "refused_by_rule", "refused_by_rule",
		  false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct model_client c = { 0 };
		struct model_try t = answered(rows[i].status, NOW);

		t.answer = rows[i].answer;
		t.code = str_from(rows[i].code);
		struct model_verdict v = model_judge(&c, &t, NOW, 0);
		ck_assert_msg(v.act == rows[i].act, "row %zu: %d", i, (int)v.act);
		ck_assert_msg(same_word(v.reason, rows[i].reason), "row %zu: %s", i, v.reason);
		ck_assert_msg(same_word(v.ends_run, rows[i].ends_run), "row %zu: %s", i,
		              v.ends_run);
		ck_assert_uint_eq(c.pauses, rows[i].pauses);
		ck_assert(rows[i].pauses ? c.held_until > NOW : c.held_until == 0);
		ck_assert_uint_eq(v.losses, rows[i].answer == MODEL_LOST);
	}
}
END_TEST

START_TEST(five_pauses_are_waited_and_the_next_failure_ends_the_run)
{
	for (uint64_t chance = 0; chance < 5000; chance += 1234) {
		struct model_client c = { 0 };
		int64_t now = NOW, most = MODEL_PAUSE_MS;
		struct model_verdict v;

		for (int i = 1; i <= MODEL_PAUSES; i++, most *= 2) {
			struct model_try t = answered(503, now);

			v = model_judge(&c, &t, now + 5, chance);
			ck_assert_int_eq(v.act, MODEL_RELEASE);
			ck_assert_ptr_null(v.ends_run);
			ck_assert_uint_eq(c.pauses, i);
			ck_assert_int_eq(c.held_until - (now + 5),
			                 most / 2 + (int64_t)chance % (most / 2 + 1));
			now = c.held_until;
		}
		struct model_try t = answered(503, now);
		v = model_judge(&c, &t, now + 5, chance);
		ck_assert_int_eq(v.act, MODEL_RELEASE); /* no attempt, pending */
		ck_assert_str_eq(v.ends_run, "model_unavailable");
		ck_assert_str_eq(v.reason, "server_error");
	}
}
END_TEST

/* Two runs ask one server; the second begins in the middle of the first one's pauses. */
START_TEST(each_run_ends_by_the_pauses_since_it_began)
{
	struct model_client c = { 0 };
	int64_t now = NOW;
	uint64_t second = 0;

	for (int i = 1; i <= MODEL_PAUSES + 4; i++, now = c.held_until) {
		struct model_try a = answered(503, now), b = answered(503, now);

		if (i == 5)
			second = c.ever; /* after four */
		b.ever_before = second;
		ck_assert_msg((model_judge(&c, &a, now, 0).ends_run != NULL) == (i > MODEL_PAUSES),
		              "the first, failure %d", i);
		if (i >= 5)
			ck_assert_ptr_null(model_judge(&c, &b, now, 0).ends_run);
	}
	struct model_try last = answered(503, now), good = answered(200, now);

	last.ever_before = second;
	ck_assert_ptr_nonnull(model_judge(&c, &last, now, 0).ends_run);
	/* and a success is everybody's, also of one that began before it */
	ck_assert_int_eq(model_judge(&c, &good, now, 0).act, MODEL_TAKE);
	for (int i = 1; i <= MODEL_PAUSES + 1; i++, now = c.held_until) {
		struct model_try t = answered(503, now);

		t.ever_before = second;
		ck_assert((model_judge(&c, &t, now, 0).ends_run != NULL) == (i > MODEL_PAUSES));
	}
}
END_TEST

START_TEST(a_success_ends_the_row_of_pauses)
{
	struct model_client c = { 0 };
	int64_t now = NOW;

	for (int i = 0; i < 40; i++) {
		struct model_try bad = answered(i % 2 == 0 ? 500 : 429, now);
		struct model_try good = answered(200, now);
		struct model_verdict v = model_judge(&c, &bad, now, 0);

		ck_assert_ptr_null(v.ends_run);
		now = c.held_until;
		if (i % 4 == 3) {
			v = model_judge(&c, &good, now, 0);
			ck_assert_int_eq(v.act, MODEL_TAKE);
			ck_assert_uint_eq(c.pauses, 0);
		}
	}
}
END_TEST

START_TEST(many_in_flight_are_one_pause)
{
	struct model_client c = { 0 };
	struct model_verdict v;

	for (int i = 0; i < 64; i++) {
		struct model_try t = i % 2 == 0 ? answered(429, NOW - 1000 + i)
		                                : lost(0, NOW - 1000 + i);
		v = model_judge(&c, &t, NOW + i, 0);
		ck_assert_int_eq(v.act, MODEL_RELEASE);
		ck_assert_ptr_null(v.ends_run);
		ck_assert_uint_eq(c.pauses, 1);
		ck_assert_int_eq(c.held_until, NOW + MODEL_PAUSE_MS / 2);
	}
	/* one of them says how long: everybody waits for it, and nobody shortens it */
	struct model_try t = answered(429, NOW - 1000);
	t.retry_after_ms = 30000;
	(void)model_judge(&c, &t, NOW + 100, 0);
	ck_assert_int_eq(c.held_until, NOW + 30100);
	t.retry_after_ms = 2000;
	(void)model_judge(&c, &t, NOW + 200, 0);
	ck_assert_int_eq(c.held_until, NOW + 30100);
	ck_assert_uint_eq(c.pauses, 1);
	/* under a clock that stands still, too */
	t = answered(503, NOW);
	(void)model_judge(&c, &t, NOW, 0);
	ck_assert_uint_eq(c.pauses, 1);
}
END_TEST

START_TEST(retry_after_is_obeyed_within_bounds)
{
	static const struct {
		int64_t asked_ms, wait_ms;
	} rows[] = {
		{ 0, MODEL_HOLD_MIN_MS },
		{ 5000, 5000 },
		{ 3600000, 3600000 },
		{ 86400000, MODEL_HOLD_MAX_MS },
		{ INT64_MAX, MODEL_HOLD_MAX_MS },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (int status = 429; status <= 503; status += 503 - 429) {
			struct model_client c = { 0 };
			struct model_try t = answered(status, NOW);

			t.retry_after_ms = rows[i].asked_ms;
			(void)model_judge(&c, &t, NOW, 77);
			ck_assert_int_eq(c.held_until, NOW + rows[i].wait_ms);
		}
}
END_TEST

START_TEST(the_third_loss_of_a_row_spends_an_attempt)
{
	struct model_client c = { 0 };
	int64_t now = NOW;
	unsigned losses = 0;

	for (int round = 0; round < 3; round++)
		for (unsigned n = 1; n <= MODEL_LOSSES; n++) {
			struct model_try t = lost(losses, now);
			struct model_verdict v = model_judge(&c, &t, now, 0);

			ck_assert_int_eq(v.act, n < MODEL_LOSSES ? MODEL_RELEASE : MODEL_FAILED);
			ck_assert_str_eq(v.reason, "unreachable");
			losses = v.losses;
			ck_assert_uint_eq(losses, n < MODEL_LOSSES ? n : 0);
			now = c.held_until;
			c.pauses = 0; /* another row had a success */
		}
	/* what is not a loss leaves the count alone */
	struct model_try t = answered(429, now);
	t.losses = 2;
	ck_assert_uint_eq(model_judge(&c, &t, now, 0).losses, 2);
	t.status = 401;
	ck_assert_uint_eq(model_judge(&c, &t, now, 0).losses, 2);
	t.status = 200;
	ck_assert_uint_eq(model_judge(&c, &t, now, 0).losses, 0);
}
END_TEST

START_TEST(a_third_loss_after_the_fifth_pause_is_both)
{
	struct model_client c = { .pauses = MODEL_PAUSES,
		                  .ever = MODEL_PAUSES,
		                  .paused_at = NOW - 1,
		                  .held_until = NOW };
	struct model_try t = lost(2, NOW);
	struct model_verdict v = model_judge(&c, &t, NOW, 0);

	ck_assert_int_eq(v.act, MODEL_FAILED);
	ck_assert_str_eq(v.reason, "unreachable");
	ck_assert_str_eq(v.ends_run, "model_unavailable");
}
END_TEST

START_TEST(failed_attempts_wait_longer_and_the_fourth_is_final)
{
	ck_assert_int_eq(model_next_try_at(1, NOW), NOW + TIME_MINUTE);
	ck_assert_int_eq(model_next_try_at(2, NOW), NOW + 5 * TIME_MINUTE);
	ck_assert_int_eq(model_next_try_at(3, NOW), NOW + 15 * TIME_MINUTE);
	ck_assert_int_eq(model_next_try_at(4, NOW), TIME_NONE);
	ck_assert_int_eq(model_next_try_at(99, NOW), TIME_NONE);
}
END_TEST

START_TEST(prices_are_read_to_the_sixth_place)
{
	static const struct {
		const char *text;
		bool good;
		struct model_prices p;
	} rows[] = {
		{ "0.25,0.025,2", true, { 250000, 25000, 2000000 } },
		{ " 1.5 , .5, 0 ", true, { 1500000, 500000, 0 } },
		{ "0.0000004,0.0000005,1.", true, { 0, 1, 1000000 } },
		{ "0.9999999,12.3456789,1000000000",
		  true,
		  { 1000000, 12345679, INT64_C(1000000000000000) } },
		{ "0.25,0.025", false, { 0 } },
		{ "0.25,0.025,2,3", false, { 0 } },
		{ "0.25,,2", false, { 0 } },
		{ "", false, { 0 } },
		{ "a,b,c", false, { 0 } },
		{ "1,-1,1", false, { 0 } },
		{ "1,1.2.3,1", false, { 0 } },
		{ "1,.,1", false, { 0 } },
		{ "1,1e3,1", false, { 0 } },
		{ "1,1000000001,1", false, { 0 } },
		{ "1,9999999999999999,1", false, { 0 } },
		{ "1,0.000000000000001,1", false, { 0 } },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct model_prices p = { -1, -1, -1 };
		enum err e = model_prices_read(str_from(rows[i].text), &p);

		ck_assert_msg((e == ERR_OK) == rows[i].good, "%s", rows[i].text);
		ck_assert_int_eq(p.input, rows[i].good ? rows[i].p.input : -1);
		ck_assert_int_eq(p.cached, rows[i].good ? rows[i].p.cached : -1);
		ck_assert_int_eq(p.output, rows[i].good ? rows[i].p.output : -1);
	}
	struct model_prices p;
	ck_assert_err(model_prices_read(STR_NONE, &p), ERR_INVALID);
}
END_TEST

START_TEST(a_cost_is_exact_and_rounded_once)
{
	const struct model_prices p = { 250000, 25000, 2000000 };
	const struct model_prices dear = { INT64_MAX / 2, 1, INT64_MAX / 2 };

	ck_assert_int_eq(model_cost(&p, (struct model_usage){ 1000000, 0, 0 }), 250000);
	ck_assert_int_eq(model_cost(&p, (struct model_usage){ 3000, 2000, 500 }), 250 + 50 + 1000);
	ck_assert_int_eq(model_cost(&p, (struct model_usage){ 1, 0, 0 }), 0);     /* 0.25 */
	ck_assert_int_eq(model_cost(&p, (struct model_usage){ 2, 0, 0 }), 1);     /* 0.5 */
	ck_assert_int_eq(model_cost(&p, (struct model_usage){ 7, 0, 0 }), 2);     /* 1.75 */
	ck_assert_int_eq(model_cost(&p, (struct model_usage){ 100, 900, 0 }), 3); /* 2.5 */
	ck_assert_int_eq(model_cost(&p, (struct model_usage){ -5, -5, -5 }), 0);
	ck_assert_int_eq(model_cost(&dear, (struct model_usage){ 1000, 0, 1000 }),
	                 INT64_MAX / 1000000 + 1);
	ck_assert_double_eq(model_cost_usd(1300), 0.0013);
	ck_assert_int_eq(model_cost_sum(INT64_MAX, 1), INT64_MAX);
	ck_assert_int_eq(model_cost_sum(-3, 5), 5);
	struct model_usage sum = model_usage_sum((struct model_usage){ 1, 2, INT64_MAX },
	                                         (struct model_usage){ 10, 20, 30 });
	ck_assert_int_eq(sum.input_tokens, 11);
	ck_assert_int_eq(sum.cached_tokens, 22);
	ck_assert_int_eq(sum.output_tokens, INT64_MAX);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("model_retry", every_answer_is_judged_as_the_table_says,
	                  five_pauses_are_waited_and_the_next_failure_ends_the_run,
	                  each_run_ends_by_the_pauses_since_it_began,
	                  a_success_ends_the_row_of_pauses, many_in_flight_are_one_pause,
	                  retry_after_is_obeyed_within_bounds,
	                  the_third_loss_of_a_row_spends_an_attempt,
	                  a_third_loss_after_the_fifth_pause_is_both,
	                  failed_attempts_wait_longer_and_the_fourth_is_final,
	                  prices_are_read_to_the_sixth_place, a_cost_is_exact_and_rounded_once);
}

TEST_MAIN(make_suite)
