/* What is decided about media: digests in both spellings, pauses, words, and what a browser gets.
 */
#include "core/media.h"

#include "base/time.h"
#include "testing.h"

#define NOW INT64_C(1768906800000)

START_TEST(a_digest_is_read_in_hex_and_in_base64)
{
	static const struct {
		const char *told;
		bool good;
	} cases[] = {
		{ "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", true },
		{ "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08", true },
		{ "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=", true },
		{ "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg", true },
		{ " n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg= ", true },
		{ "", false },
		{ "9f86d081", false },
		{ "zz86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", false },
		{ "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=n4bQ", false },
		{ "********************************************", false },
	};
	unsigned char wanted[SHA256_LEN], got[SHA256_LEN];

	digest_sha256(STR("test"), wanted);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool good = media_read_digest(test_arena(), str_from(cases[i].told), got);

		ck_assert_msg(good == cases[i].good, "%s", cases[i].told);
		ck_assert(!good || memcmp(got, wanted, sizeof got) == 0);
	}
	ck_assert(!media_read_digest(test_arena(), STR_NONE, got));
}
END_TEST

START_TEST(pauses_grow_to_hours_and_keep_to_what_the_server_asks)
{
	int64_t before = 0;

	for (unsigned tries = 1; tries < 30; tries++) {
		int64_t longest = media_next_try_at(tries, NOW, -1, 0) - NOW;

		ck_assert_int_ge(longest, before);
		ck_assert_int_gt(media_next_try_at(tries, NOW, -1, UINT64_MAX) - NOW,
		                 longest / 4 * 3 - 1);
		ck_assert_int_le(media_next_try_at(tries, NOW, -1, UINT64_MAX) - NOW, longest);
		before = longest;
	}
	ck_assert_int_eq(before, 6 * TIME_HOUR);
	ck_assert_int_eq(media_next_try_at(1, NOW, 90 * TIME_SECOND, 0), NOW + 90 * TIME_SECOND);
	ck_assert_int_eq(media_next_try_at(1, NOW, 9 * TIME_HOUR, 0), NOW + TIME_HOUR);
	ck_assert_int_gt(media_next_try_at(0, NOW, -1, 7), NOW);
}
END_TEST

static struct media_verdict
judged(int status, const char *body)
{
	struct graph_answer a;

	graph_read(test_arena(), GRAPH_ANSWERED, status, str_from(body), &a);
	return media_judge(&a, status, 1, NOW, -1, 0);
}

START_TEST(what_an_answer_means_is_told_in_a_known_word)
{
	static const struct {
		int status;
		const char *body;
		enum media_do act;
		const char *reason;
	} cases[] = {
		{ 503, "", MEDIA_AGAIN, "server_error" },
		{ 429, "", MEDIA_AGAIN, "rate_limited" },
		{ 200, "no JSON", MEDIA_AGAIN, "bad_answer" },
		{ 400, "{\"error\":{\"code\":4}}", MEDIA_AGAIN, "rate_limited" },
		{ 400, "{\"error\":{\"code\":100,\"error_subcode\":33}}", MEDIA_GIVE_UP,
		  "not_found" },
		{ 404, "", MEDIA_GIVE_UP, "not_found" },
		{ 410, "", MEDIA_GIVE_UP, "not_found" },
		{ 400, "{\"error\":{\"code\":131052}}", MEDIA_GIVE_UP, "refused" },
		{ 400, "{\"error\":{\"code\":190}}", MEDIA_RECONNECT, "token_invalid" },
		{ 401, "", MEDIA_RECONNECT, "token_invalid" },
		{ 403, "{\"error\":{\"code\":200}}", MEDIA_RECONNECT, "no_permission" },
		{ 400, "{\"error\":{\"code\":368}}", MEDIA_HOLD, "account_locked" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct media_verdict v = judged(cases[i].status, cases[i].body);

		ck_assert_msg(v.act == cases[i].act, "%d %s", cases[i].status, cases[i].body);
		ck_assert_str_eq(v.reason, cases[i].reason);
		ck_assert_int_gt(v.next_try_at, NOW);
	}
	/* whatever Meta comes up with, the word is one that people can be told */
	for (int64_t code = 0; code < 140000; code += 7) {
		struct media_verdict v = judged(
			400,
			str_z(test_arena(), str_fmt(test_arena(), "{\"error\":{\"code\":%lld}}",
		                                    (long long)code)));
		size_t k = 0;

		while (media_reasons[k] != NULL && strcmp(media_reasons[k], v.reason) != 0)
			k++;
		ck_assert_msg(media_reasons[k] != NULL, "%s", v.reason);
	}
}
END_TEST

START_TEST(what_reasons_there_are_stands_once_each)
{
	for (size_t i = 0; media_reasons[i] != NULL; i++)
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(media_reasons[i], media_reasons[k]);
}
END_TEST

START_TEST(a_long_name_keeps_its_end_and_its_letters_whole)
{
	struct buf b;
	struct str d;

	buf_init(&b, test_arena(), 4096);
	for (int i = 0; i < 150; i++)
		buf_z(&b, "ç");
	buf_z(&b, ".pdf");
	d = media_disposition(test_arena(), false, buf_slice(&b));
	ck_assert(str_ends(d, STR("%C3%A7.pdf")));
	ck_assert(str_starts(d, STR("attachment; filename=\"_")));
	ck_assert_ptr_null(memmem(d.p, d.n, "''%A7", 5));
	ck_assert_str(media_disposition(test_arena(), true, STR_NONE), "inline");
	ck_assert_str(media_disposition(test_arena(), false, STR(" . ")), "attachment");
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("media", a_digest_is_read_in_hex_and_in_base64,
	                  pauses_grow_to_hours_and_keep_to_what_the_server_asks,
	                  what_an_answer_means_is_told_in_a_known_word,
	                  what_reasons_there_are_stands_once_each,
	                  a_long_name_keeps_its_end_and_its_letters_whole);
}

TEST_MAIN(make_suite)
