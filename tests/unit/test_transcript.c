/* Audios written down: the form that is sent, what comes back, what it costs, when to ask again. */
#include "core/transcript.h"

#include "testing.h"

START_TEST(a_form_has_model_format_and_file)
{
	const struct transcript_request q = { .model = STR("ears"),
		                              .mime = STR("audio/ogg; codecs=opus"),
		                              .file = STR("Ogg\0S"),
		                              .boundary = STR("b1") };

	ck_assert_str(transcript_body(test_arena(), &q),
	              "--b1\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nears\r\n"
	              "--b1\r\nContent-Disposition: form-data; name=\"response_format\"\r\n\r\n"
	              "json\r\n--b1\r\nContent-Disposition: form-data; name=\"file\"; "
	              "filename=\"audio.ogg\"\r\nContent-Type: audio/ogg\r\n\r\nOgg\0S\r\n--b1--"
	              "\r\n");
	ck_assert(transcript_is_audio(STR("audio/mpeg")));
	ck_assert(!transcript_is_audio(STR("video/mp4")));
	ck_assert(!transcript_is_audio(STR_NONE));
}
END_TEST

static struct transcript
read_with(const char *prices, const char *body)
{
	struct transcript_prices p;
	struct transcript t;

	ck_assert_ok(transcript_prices_read(test_arena(), str_from(prices), &p));
	ck_assert(transcript_read(test_arena(), str_from(body), &p, &t));
	return t;
}

START_TEST(its_cost_is_by_tokens_or_by_the_minute)
{
	static const char tokens[] = "{\"text\":\"a\",\"usage\":{\"type\":\"tokens\","
				     "\"input_tokens\":1000,\"output_tokens\":100}}";
	static const char seconds[] =
		"{\"text\":\"a\",\"usage\":{\"type\":\"duration\",\"seconds\":90}}";

	ck_assert_int_eq(read_with("1.25,5", tokens).cost_micro_usd, 1750);
	ck_assert_int_eq(read_with("0.006", seconds).cost_micro_usd, 9000);
	ck_assert_int_eq(read_with("", tokens).cost_micro_usd, 0);
	ck_assert_int_eq(read_with("0.006", tokens).cost_micro_usd, 0);
	ck_assert_int_eq(read_with("1,1", "{\"text\":\"\"}").cost_micro_usd, 0);
	ck_assert_int_eq(read_with("1,1", "{\"text\":\"\"}").input_tokens, -1);
	ck_assert_int_eq(read_with("1", seconds).milliseconds, 90000);
}
END_TEST

START_TEST(prices_and_answers_that_are_none_are_refused)
{
	struct transcript_prices p = { 0 };
	struct transcript t;

	ck_assert_int_eq(transcript_prices_read(test_arena(), STR("cheap"), &p), ERR_INVALID);
	ck_assert_int_eq(transcript_prices_read(test_arena(), STR("1,2,3"), &p), ERR_INVALID);
	ck_assert_int_eq(transcript_prices_read(test_arena(), STR("-1"), &p), ERR_INVALID);
	ck_assert(!transcript_read(test_arena(), STR("<html>"), &p, &t));
	ck_assert(!transcript_read(test_arena(), STR("[]"), &p, &t));
	ck_assert(!transcript_read(test_arena(), STR("{\"text\":7}"), &p, &t));
}
END_TEST

START_TEST(what_passes_is_waited_for_longer_each_time)
{
	int64_t before = 0;

	for (unsigned n = 1; n < TRANSCRIPT_TRIES; n++) {
		struct transcript_verdict v = transcript_judge(500, n, 1000, -1, 0);

		ck_assert_int_eq(v.act, TRANSCRIPT_AGAIN);
		ck_assert(v.next_try_at > before && !v.spared);
		before = v.next_try_at;
	}
	ck_assert_int_eq(transcript_judge(500, TRANSCRIPT_TRIES, 1000, -1, 0).act,
	                 TRANSCRIPT_NEVER);
	ck_assert_int_eq(transcript_judge(429, 1, 0, 90000, 0).next_try_at, 90000);
	ck_assert(transcript_judge(401, 99, 0, -1, 0).spared);
	ck_assert_int_eq(transcript_judge(200, 1, 0, -1, 0).act, TRANSCRIPT_TAKE);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("transcript", a_form_has_model_format_and_file,
	                  its_cost_is_by_tokens_or_by_the_minute,
	                  prices_and_answers_that_are_none_are_refused,
	                  what_passes_is_waited_for_longer_each_time);
}

int
main(void)
{
	return testing_run(make_suite);
}
