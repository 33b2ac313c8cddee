/* Message ids: built and read back, the two forms of one message, and everything that must not
 * decode. */
#include "core/wamid.h"

#include "base/digest.h"
#include "testing.h"

static struct str
id_of_bytes(const char *p, size_t n)
{
	struct str b64 = base64_encode(test_arena(), p, n);

	return str_fmt(test_arena(), "wamid." STR_FMT, STR_ARG(b64));
}

static struct str
build(bool outbound, struct str remote, struct str key_id)
{
	return wamid_encode(
		test_arena(),
		&(struct wamid){ .outbound = outbound, .remote = remote, .key_id = key_id });
}

START_TEST(an_id_reads_back_as_it_was_built)
{
	char part[127];
	struct wamid w;

	memset(part, 'F', sizeof part);
	for (size_t remote = 1; remote <= sizeof part; remote += 9)
		for (size_t key = 1; key <= sizeof part; key += 7)
			for (int out = 0; out <= 1; out++) {
				struct str id = build(out, str_n(part, remote), str_n(part, key));
				ck_assert(wamid_decode(test_arena(), id, &w));
				ck_assert_int_eq(w.outbound, out);
				ck_assert_uint_eq(w.remote.n, remote);
				ck_assert_uint_eq(w.key_id.n, key);
			}
}
END_TEST

START_TEST(one_sent_message_has_one_key_in_history_and_echo)
{
	struct str history = build(true, STR("351210000777"), STR("3EB01F2E3D4C5B6A7988"));
	struct str echo = build(true, STR("351911222333"), STR("3EB01F2E3D4C5B6A7988"));

	ck_assert(!str_eq(history, echo));
	ck_assert_str(wamid_dedup_key(test_arena(), history), "o:3EB01F2E3D4C5B6A7988");
	ck_assert_str(wamid_dedup_key(test_arena(), echo), "o:3EB01F2E3D4C5B6A7988");
}
END_TEST

START_TEST(one_received_message_has_one_key_by_phone_and_by_bsuid)
{
	struct str phone = build(false, STR("351911222333"), STR("3A7C55D1E09F4428B6A1"));
	struct str bsuid =
		build(false, STR("PT.48210077315520964402"), STR("3A7C55D1E09F4428B6A1"));

	ck_assert_str(wamid_dedup_key(test_arena(), phone), "i:3A7C55D1E09F4428B6A1");
	ck_assert_slice(wamid_dedup_key(test_arena(), bsuid), wamid_dedup_key(test_arena(), phone));
}
END_TEST

START_TEST(the_same_key_id_of_both_directions_is_two_messages)
{
	ck_assert(!str_eq(wamid_dedup_key(test_arena(), build(true, STR("1"), STR("AB"))),
	                  wamid_dedup_key(test_arena(), build(false, STR("1"), STR("AB")))));
}
END_TEST

START_TEST(what_does_not_decode_is_its_own_key)
{
	static const char *const texts[] = {
		"wamid.",         "wamid.A1",   "wamid.!!!!", "M0",
		"i:3EB0",         "WAMID.HBgB", "wamid.HBgL", "gBGGSFcCNEOPAgkO_KJ55r4w_ww",
		"wamid.\xC3\xA9",
	};
	struct wamid w;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		ck_assert(!wamid_decode(test_arena(), str_from(texts[i]), &w));
		ck_assert_slice(wamid_dedup_key(test_arena(), str_from(texts[i])),
		                str_from(texts[i]));
	}
	ck_assert(str_is_empty(wamid_dedup_key(test_arena(), STR(""))));
	ck_assert_none(wamid_dedup_key(test_arena(), STR_NONE));
}
END_TEST

/* 1C 18 02 "12" 15 02 00 12 18 02 "AB" 00 */
static const char good[] = "\x1C\x18\x02"
			   "12"
			   "\x15\x02\x00\x12\x18\x02"
			   "AB"
			   "\x00";
enum { GOOD_LEN = sizeof good - 1 };

START_TEST(a_record_that_is_cut_or_has_more_does_not_decode)
{
	char longer[GOOD_LEN + 1] = { 0 };
	struct wamid w;

	ck_assert(wamid_decode(test_arena(), id_of_bytes(good, GOOD_LEN), &w));
	ck_assert_str(w.remote, "12");
	ck_assert_str(w.key_id, "AB");
	ck_assert(!w.outbound);
	for (size_t n = 0; n < GOOD_LEN; n++)
		ck_assert(!wamid_decode(test_arena(), id_of_bytes(good, n), &w));
	memcpy(longer, good, GOOD_LEN);
	ck_assert(!wamid_decode(test_arena(), id_of_bytes(longer, GOOD_LEN + 1), &w));
}
END_TEST

/* Every value of every byte: the ones that still decode are those of the two texts and of the
 * direction. */
START_TEST(a_record_with_one_changed_byte_decodes_only_where_it_may)
{
	for (size_t at = 0; at < GOOD_LEN; at++)
		for (int value = 0; value < 256; value++) {
			char rec[GOOD_LEN];
			struct wamid w;
			bool in_text = (at == 3 || at == 4 || at == 11 || at == 12) &&
			               value > ' ' && value < 0x7F;
			bool way = at == 8 && (value == 0x11 || value == 0x12);
			memcpy(rec, good, GOOD_LEN);
			rec[at] = (char)value;
			bool may = in_text || way || memcmp(rec, good, GOOD_LEN) == 0;
			ck_assert_msg(wamid_decode(test_arena(), id_of_bytes(rec, GOOD_LEN), &w) ==
			                      may,
			              "byte %zu = %02x", at, (unsigned)value);
		}
}
END_TEST

START_TEST(padding_may_be_left_out)
{
	struct wamid w;
	struct str id = id_of_bytes(good, GOOD_LEN);

	while (str_ends(id, STR("=")))
		id.n--;
	ck_assert(wamid_decode(test_arena(), id, &w));
}
END_TEST

START_TEST(a_very_long_id_is_refused_before_it_is_decoded)
{
	char text[4096];
	struct wamid w;

	memset(text, 'A', sizeof text);
	memcpy(text, "wamid.", 6);
	size_t before = arena_used(test_arena());
	ck_assert(!wamid_decode(test_arena(), str_n(text, sizeof text), &w));
	ck_assert_uint_eq(arena_used(test_arena()), before);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("wamid", an_id_reads_back_as_it_was_built,
	                  one_sent_message_has_one_key_in_history_and_echo,
	                  one_received_message_has_one_key_by_phone_and_by_bsuid,
	                  the_same_key_id_of_both_directions_is_two_messages,
	                  what_does_not_decode_is_its_own_key,
	                  a_record_that_is_cut_or_has_more_does_not_decode,
	                  a_record_with_one_changed_byte_decodes_only_where_it_may,
	                  padding_may_be_left_out, a_very_long_id_is_refused_before_it_is_decoded);
}

TEST_MAIN(make_suite)
