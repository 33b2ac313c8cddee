/* Visible text: one line, nothing hidden, the same value, and cuts at characters. */
#include "core/visible.h"

#include "testing.h"

static struct str
visible(struct str s)
{
	struct buf b;

	buf_init(&b, test_arena(), 1u << 20);
	visible_add(&b, s);
	ck_assert_uint_eq(visible_len(s), b.n);
	return buf_slice(&b);
}

START_TEST(what_is_hidden_is_written_out)
{
	static const struct {
		const char *text, *visible;
	} rows[] = {
		{ "", "" },
		{ "Olá, João!", "Olá, João!" },
		{ "a\"b\\c", "a\\\"b\\\\c" },
		{ "a\nb\rc\td", "a\\nb\\rc\\td" },
		{ "\x01\x1f\x7f", "\\u0001\\u001f\\u007f" },
		{ "a\xC2\x85z", "a\\u0085z" },
		{ "a\u2028b\u2029c", "a\\u2028b\\u2029c" },
		{ "\u202Eabc\u202C", "\\u202eabc\\u202c" },
		{ "\u2066x\u2069\u200F", "\\u2066x\\u2069\\u200f" },
		{ "a\u200Bb\uFEFF", "a\\u200bb\\ufeff" },
		{ "\U000E0041\U000E007F", "\\udb40\\udc41\\udb40\\udc7f" },
		{ "\U000E0100", "\\udb40\\udd00" },
		{ "👨‍👩‍👧 ❤️ 🇧🇷", "👨‍👩‍👧 ❤️ 🇧🇷" },
		{ "a\xFFz\xE2\x82", "a\xEF\xBF\xBDz\xEF\xBF\xBD" },
		{ "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_slice(visible(str_from(rows[i].text)), str_from(rows[i].visible));
	ck_assert_str(visible(STR("a\0b")), "a\\u0000b");
	ck_assert_uint_eq(visible(STR_NONE).n, 0);
}
END_TEST

static size_t
put_utf8(uint32_t c, char *out)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(first[n] | c);
	return n;
}

START_TEST(every_character_reads_back_as_itself)
{
	static const uint32_t breaks[] = { '\n', '\r', 0x85, 0x2028, 0x2029 };

	for (uint32_t c = 1; c < 0x110000; c += c >= 0x30000 && c < 0xdff00 ? 251 : TEST_THIN) {
		char text[4], quoted[16];
		struct buf b;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		struct str s = str_n(text, put_utf8(c, text));
		arena_reset(test_arena());
		buf_init(&b, test_arena(), sizeof quoted);
		buf_char(&b, '"');
		visible_add(&b, s);
		buf_char(&b, '"');
		ck_assert_slice(json_str(test_json(buf_slice(&b))), s);
		for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++)
			ck_assert(c != breaks[i] || b.p[1] == '\\');
	}
}
END_TEST

START_TEST(as_much_fits_as_can_and_whole_characters)
{
	struct str s = STR("aç\n€\u202E😀b\"");
	size_t all = visible_len(s);

	for (size_t max = 0; max <= all + 2; max++) {
		size_t front = visible_front(s, max), back = visible_back(s, max);
		struct str rest = str_sub(s, front, s.n), before = str_sub(s, 0, s.n - back);

		ck_assert_uint_le(visible_len(str_sub(s, 0, front)), max);
		ck_assert_uint_le(visible_len(str_sub(s, s.n - back, back)), max);
		ck_assert(rest.n == 0 || ((unsigned char)rest.p[0] & 0xc0) != 0x80);
		ck_assert(back == 0 || ((unsigned char)s.p[s.n - back] & 0xc0) != 0x80);
		ck_assert_uint_eq(front == s.n, max >= all);
		ck_assert_uint_eq(back == s.n, max >= all);
		/* the next character would not have fitted */
		for (size_t n = 1; rest.n > 0 && n <= 4; n++)
			if (n == rest.n || ((unsigned char)rest.p[n] & 0xc0) != 0x80) {
				ck_assert_uint_gt(visible_len(str_sub(s, 0, front + n)), max);
				break;
			}
		for (size_t n = 1; before.n > 0 && n <= 4; n++)
			if (((unsigned char)before.p[before.n - n] & 0xc0) != 0x80) {
				ck_assert_uint_gt(visible_len(str_sub(s, before.n - n, s.n)), max);
				break;
			}
	}
}
END_TEST

START_TEST(a_short_text_says_that_it_was_cut)
{
	ck_assert_str(visible_text(test_arena(), STR("olá\nmundo"), 100), "olá\\nmundo");
	ck_assert_str(visible_text(test_arena(), STR("olá\nmundo"), 5), "olá…");
	ck_assert_str(visible_text(test_arena(), STR("olá\nmundo"), 6), "olá\\n…");
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"visible", what_is_hidden_is_written_out, every_character_reads_back_as_itself,
		as_much_fits_as_can_and_whole_characters, a_short_text_says_that_it_was_cut);
}

TEST_MAIN(make_suite)
