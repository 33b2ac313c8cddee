/* Quotations: the table of tests/data/evidence-cases.json, and laws over its texts and over random
 * ones. */
#include "core/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "core/redact.h"
#include "testing.h"

#define MEGABYTE ((size_t)1 << 20)

static const cJSON *
table(void)
{
	const cJSON *cases = json_get(test_data_json("evidence-cases.json"), "cases");

	ck_assert_uint_ge(json_count(cases), 75);
	return cases;
}

static struct str
normal(struct str text)
{
	return evidence_normal(test_arena(), text);
}

static struct str
text_of(const cJSON *row, const cJSON *message)
{
	bool masked = false;
	struct str text = json_str(message);

	ck_assert(str_is_set(text));
	(void)json_bool(json_get(row, "masked"), &masked);
	return masked ? redact_text(test_arena(), text, REDACT_ALL) : text;
}

/* Whether the excerpt is really in the message with this id, as the row says. */
static bool
is_said_of(const cJSON *row, struct str id)
{
	const cJSON *where = json_get(row, "where");
	bool verified;

	ck_assert(json_bool(json_get(row, "verified"), &verified));
	if (where == NULL)
		return verified && str_eq(id, json_str(json_get(row, "cited")));
	for (const cJSON *w = json_first(where); w != NULL; w = w->next)
		if (str_eq(json_str(w), id))
			return true;
	return false;
}

/* Looks at every message of one list; how many of them were wrong. */
static int
judge(const cJSON *row, const char *list, struct str excerpt, struct buf *all)
{
	int wrong = 0;

	for (const cJSON *m = json_first(json_get(row, list)); m != NULL; m = m->next) {
		struct str id = str_from(m->string), text = text_of(row, m);

		buf_str(all, text);
		buf_char(all, ' ');
		if (evidence_found(normal(text), excerpt) == is_said_of(row, id))
			continue;
		fprintf(stderr, STR_FMT ": " STR_FMT "\n", STR_ARG(json_str(json_get(row, "why"))),
		        STR_ARG(id));
		wrong++;
	}
	return wrong;
}

START_TEST(every_row_of_the_table_is_judged_as_it_says)
{
	int wrong = 0;

	for (const cJSON *row = json_first(table()); row != NULL; row = row->next) {
		struct str excerpt =
			evidence_excerpt(test_arena(), json_str(json_get(row, "excerpt")));
		struct buf all;
		bool verified, splice = false;

		buf_init(&all, test_arena(), MEGABYTE);
		ck_assert(str_is_set(excerpt));
		ck_assert(json_bool(json_get(row, "verified"), &verified));
		ck_assert(is_said_of(row, json_str(json_get(row, "cited"))) == verified);
		wrong += judge(row, "messages", excerpt, &all);
		wrong += judge(row, "other_session", excerpt, &all);
		if (json_bool(json_get(row, "splice"), &splice))
			ck_assert(evidence_found(normal(buf_slice(&all)), excerpt) == splice);
	}
	ck_assert_msg(wrong == 0, "%d messages were judged wrong", wrong);
}
END_TEST

/* Calls `law` for every text of the table. */
static void
for_every_text(void (*law)(struct str))
{
	for (const cJSON *row = json_first(table()); row != NULL; row = row->next) {
		const cJSON *messages = json_get(row, "messages");

		for (const cJSON *m = json_first(messages); m != NULL; m = m->next)
			law(json_str(m));
		law(json_str(json_get(row, "excerpt")));
	}
}

/* Characters that fold, drop, compose, order or break. */
static const char *const pieces[] = {
	"a",
	"e",
	"o",
	"A",
	"1",
	" ",
	"\n",
	"\t",
	".",
	"-",
	"'",
	"`",
	"é",
	"ã",
	"ß",
	"“",
	"”",
	"’",
	"«",
	"–",
	"…",
	"´",
	"😀",
	"❤",
	"中",
	"가",
	"ᄀ",
	"ᅡ",
	"ᆨ",
	"ạ",
	"ṩ",
	"Å",
	"한",
	"\xC2\xA0",                 /* no-break space */
	"\xC2\xAD",                 /* soft hyphen */
	"\xE2\x80\x8B",             /* zero-width space */
	"\xE2\x80\x8D",             /* joiner */
	"\xEF\xB8\x8F",             /* variation selector */
	"\xE2\x80\xAF",             /* narrow no-break space */
	"\xCC\x81",                 /* combining acute */
	"\xCC\xA3",                 /* combining dot below */
	"\xCC\x82",                 /* combining circumflex */
	"\xCD\x84",                 /* a mark that is two */
	"\xE1\xBF\xAF",             /* a character that is a backtick */
	"\xE0\xA4\x95\xE0\xA4\xBC", /* one that must stay in two */
	"\xE0\xBD\xB3",             /* a starter that is two marks */
	"\xF0\x9D\x85\xA0",         /* one that is three of four bytes */
	"\x80",
	"\xC3",
	"\xF0\x9F",
	"\xED\xA0\x80",
	"\xFF",
	"\xEF\xBF\xBD",
};

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static struct str
random_text(uint64_t *seed)
{
	size_t n = next_random(seed) % 24;
	struct buf b;

	buf_init(&b, test_arena(), MEGABYTE);
	for (size_t i = 0; i < n; i++)
		buf_z(&b, pieces[next_random(seed) % (sizeof pieces / sizeof pieces[0])]);
	return buf_slice(&b);
}

static void
for_random_texts(void (*law)(struct str))
{
	uint64_t seed = 20260110;

	for (int i = 0; i < 50000 / TEST_THIN; i++) {
		law(random_text(&seed));
		arena_reset(test_arena());
	}
}

/* What utf8proc makes of valid text. */
static struct str
mapped(struct str text, utf8proc_option_t way)
{
	utf8proc_uint8_t *p = NULL;
	utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)text.p,
	                                  (utf8proc_ssize_t)text.n, &p, UTF8PROC_STABLE | way);
	struct str copy;

	ck_assert_int_ge(n, 0);
	copy = str_n(arena_copy(test_arena(), p, (size_t)n), (size_t)n);
	free(p);
	return copy;
}

static void
is_in_normal_form(struct str text)
{
	struct str form = normal(text);

	ck_assert(form.n <= 3 * text.n && utf8_valid_prefix(form) == form.n);
	ck_assert_msg(str_eq(normal(form), form), "'" STR_FMT "' becomes '" STR_FMT "'",
	              STR_ARG(form), STR_ARG(normal(form)));
	ck_assert_slice(mapped(form, UTF8PROC_COMPOSE), form);
	for (size_t i = 0; i < form.n; i++)
		ck_assert((unsigned char)form.p[i] > ' ' ||
		          (form.p[i] == ' ' && i > 0 && i + 1 < form.n && form.p[i + 1] != ' '));
}

START_TEST(the_normal_form_of_a_normal_form_is_itself)
{
	for_every_text(is_in_normal_form);
	for_random_texts(is_in_normal_form);
}
END_TEST

static void
is_one_in_all_forms(struct str text)
{
	if (utf8_valid_prefix(text) != text.n)
		return;
	ck_assert_slice(normal(mapped(text, UTF8PROC_COMPOSE)), normal(text));
	ck_assert_slice(normal(mapped(text, UTF8PROC_DECOMPOSE)), normal(text));
}

START_TEST(composed_and_decomposed_texts_are_one)
{
	for_every_text(is_one_in_all_forms);
	for_random_texts(is_one_in_all_forms);
}
END_TEST

/* Alone, and between a letter and a mark, with which it may compose. */
START_TEST(every_character_has_a_normal_form)
{
	for (utf8proc_int32_t c = 1; c < 0xE0200; c += TEST_THIN) {
		static const char marks[] = "\xCC\xA3\xCC\x81";
		char text[16] = "a";
		size_t n;

		if (c >= 0x30000 && c < 0xE0000)
			c = 0xE0000;
		if (c >= 0xD800 && c < 0xE000)
			continue;
		n = 1 + (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)text + 1);
		is_in_normal_form(str_n(text + 1, n - 1));
		is_one_in_all_forms(str_n(text + 1, n - 1));
		memcpy(text + n, marks, sizeof marks);
		is_in_normal_form(str_from(text));
		is_one_in_all_forms(str_from(text));
		arena_reset(test_arena());
	}
}
END_TEST

/* Where nothing that a reader sees as one character is cut. */
static size_t
boundaries(struct str s, size_t *at)
{
	utf8proc_int32_t state = 0;
	uint32_t before = 0;
	size_t n = 0;

	for (size_t i = 0; i < s.n;) {
		size_t from = i;
		uint32_t c = utf8_next(s, &i);

		if (from == 0 || utf8proc_grapheme_break_stateful((utf8proc_int32_t)before,
		                                                  (utf8proc_int32_t)c, &state))
			at[n++] = from;
		before = c;
	}
	at[n++] = s.n;
	return n;
}

static size_t parts_seen;

static void
holds_its_parts(struct str text)
{
	struct str form = normal(text);
	size_t at[256], n;

	ck_assert_uint_lt(text.n, 256);
	n = boundaries(text, at);
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++) {
			struct str part = str_sub(text, at[i], at[k] - at[i]);
			bool letter = false;

			for (size_t c = 0; c < part.n; c++)
				letter = letter || str_ieq(str_sub(part, c, 1), STR("a")) ||
				         str_hex_digit(part.p[c]) >= 0;
			if (!letter)
				continue;
			parts_seen++;
			ck_assert_msg(evidence_found(form, normal(part)),
			              "'" STR_FMT "' in '" STR_FMT "'", STR_ARG(part),
			              STR_ARG(text));
			ck_assert(evidence_found(form, evidence_excerpt(test_arena(), part)));
		}
}

START_TEST(every_part_of_a_text_that_says_something_is_found_in_it)
{
	for_every_text(holds_its_parts);
	ck_assert_uint_gt(parts_seen, 20000);
}
END_TEST

START_TEST(what_is_absent_stays_absent)
{
	ck_assert_none(normal(STR_NONE));
	ck_assert_none(evidence_excerpt(test_arena(), STR_NONE));
	ck_assert(!evidence_found(STR_NONE, STR("a")));
	ck_assert(!evidence_found(STR("a"), STR_NONE));
	ck_assert(!evidence_found(STR_NONE, STR_NONE));
	ck_assert_str(normal(STR("")), "");
	ck_assert_str(normal(STR(" \n\t ")), "");
	ck_assert_str(normal(STR("\xE2\x80\x8B")), "");
}
END_TEST

START_TEST(what_is_no_utf8_becomes_u_fffd)
{
	ck_assert_str(normal(STR("a\xFFz")), "a\xEF\xBF\xBDz");
	ck_assert_str(normal(STR("a\xF0\x9F")), "a\xEF\xBF\xBD");
	ck_assert_str(normal(STR("\xED\xA0\x80")), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
	ck_assert(!evidence_found(normal(STR("a\xFFz")), normal(STR("\xFF"))));
}
END_TEST

START_TEST(a_text_that_has_the_form_is_not_copied)
{
	static const char *const texts[] = { "",         "Bom dia", "Olá, não é só isso.",
		                             "😀 e mais", "中文",    "Ele disse \"não\"" };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		ck_assert_ptr_eq(normal(str_from(texts[i])).p, texts[i]);
}
END_TEST

START_TEST(an_excerpt_loses_what_a_model_puts_around_it)
{
	static const char *const rows[][2] = {
		{ "não chegou", "não chegou" },
		{ "...não chegou", "não chegou" },
		{ "não chegou…", "não chegou" },
		{ "[…] não chegou (...)", "não chegou" },
		{ "“não chegou”", "não chegou" },
		{ "“…não chegou…”", "não chegou" },
		{ "… “não chegou” …", "não chegou" },
		{ "\"\"não chegou\"\"", "\"não chegou\"" },
		{ "'não' chegou", "'não' chegou" },
		{ "'não chegou\"", "'não chegou\"" },
		{ "“", "\"" },
		{ "“…”", "\"...\"" },
		{ "...", "..." },
		{ "..", ".." },
		{ "ok..", "ok.." },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_slice(evidence_excerpt(test_arena(), str_from(rows[i][0])),
		                str_from(rows[i][1]));
}
END_TEST

static struct str
repeat(const char *piece, size_t size)
{
	size_t n = strlen(piece);
	char *p = arena_alloc(test_arena(), size);

	for (size_t i = 0; i < size; i++)
		p[i] = piece[i % n];
	return str_n(p, size);
}

/* What took time in the square of this would not end before the test is stopped. */
START_TEST(a_megabyte_is_no_more_work_than_a_megabyte)
{
	static const char *const texts[] = {
		"\xCC\x81\xCC\xA3", "\xCD\x84",     "e\xCC\x81", "\xE2\x80\x8B", "ᄀ", "한",
		" \xC2\xA0",        "\xE0\xBD\xB3", "..",        "\xFF"
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct str text = repeat(texts[i], MEGABYTE), form = normal(text);

		ck_assert_uint_le(form.n, 3 * MEGABYTE);
		(void)evidence_found(form, str_sub(form, 1, MEGABYTE / 2));
		ck_assert_msg(arena_used(test_arena()) < 48 * MEGABYTE, "%zu: %zu bytes", i,
		              arena_used(test_arena()));
		arena_reset(test_arena());
	}
}
END_TEST

START_TEST(a_megabyte_is_looked_for_in_a_megabyte)
{
	struct str text = repeat("a", MEGABYTE);
	struct str excerpt = repeat("a", MEGABYTE / 2);
	char *last = (char *)arena_copy(test_arena(), excerpt.p, excerpt.n);

	last[excerpt.n - 1] = 'b';
	ck_assert(evidence_found(text, excerpt));
	ck_assert(!evidence_found(text, str_n(last, excerpt.n)));
	last[excerpt.n - 1] = 'a';
	last[0] = 'b';
	ck_assert(!evidence_found(text, str_n(last, excerpt.n)));
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("evidence", every_row_of_the_table_is_judged_as_it_says,
	                  the_normal_form_of_a_normal_form_is_itself,
	                  composed_and_decomposed_texts_are_one, every_character_has_a_normal_form,
	                  every_part_of_a_text_that_says_something_is_found_in_it,
	                  what_is_absent_stays_absent, what_is_no_utf8_becomes_u_fffd,
	                  a_text_that_has_the_form_is_not_copied,
	                  an_excerpt_loses_what_a_model_puts_around_it,
	                  a_megabyte_is_no_more_work_than_a_megabyte,
	                  a_megabyte_is_looked_for_in_a_megabyte);
}

TEST_MAIN(make_suite)
