/* Masking: the table of tests/data/redact-cases.json, and laws over it and over random text. */
#include "core/redact.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "testing.h"

static const cJSON *
table(void)
{
	const cJSON *cases = json_get(test_data_json("redact-cases.json"), "cases");

	ck_assert_uint_ge(json_count(cases), 100);
	return cases;
}

static unsigned
kinds_of(const cJSON *row)
{
	const cJSON *kinds = json_get(row, "kinds");

	return kinds == NULL ? REDACT_ALL : redact_kinds(json_str(kinds));
}

START_TEST(every_row_of_the_table_becomes_what_it_says)
{
	size_t kept = 0;
	int wrong = 0;

	for (const cJSON *row = json_first(table()); row != NULL; row = row->next) {
		struct str why = json_str(json_get(row, "why"));
		struct str text = json_str(json_get(row, "text"));
		struct str becomes = json_str(json_get(row, "becomes"));
		struct str out = redact_text(test_arena(), text, kinds_of(row));
		bool stays = !str_is_set(becomes);

		ck_assert(str_is_set(why) && str_is_set(text));
		kept += stays;
		if (stays ? out.p != text.p || out.n != text.n : !str_eq(out, becomes)) {
			fprintf(stderr, STR_FMT ": " STR_FMT " became " STR_FMT "\n", STR_ARG(why),
			        STR_ARG(text), STR_ARG(out));
			wrong++;
		}
	}
	ck_assert_msg(wrong == 0, "%d rows are wrong", wrong);
	ck_assert_uint_ge(2 * kept, json_count(table()));
}
END_TEST

START_TEST(what_was_masked_is_not_masked_again)
{
	for (const cJSON *row = json_first(table()); row != NULL; row = row->next) {
		struct str text = json_str(json_get(row, "text"));

		for (unsigned kinds = 0; kinds <= REDACT_ALL; kinds++) {
			struct str once = redact_text(test_arena(), text, kinds);
			struct str twice = redact_text(test_arena(), once, kinds);

			ck_assert_msg(twice.p == once.p && twice.n == once.n,
			              STR_FMT ": " STR_FMT " became " STR_FMT, STR_ARG(text),
			              STR_ARG(once), STR_ARG(twice));
		}
	}
}
END_TEST

/* What numbers, addresses and what stands between them are made of. */
static const char *const pieces[] = {
	"0",
	"1",
	"3",
	"5",
	"9",
	"11",
	"55",
	"98765",
	"4321",
	"3333",
	"4444",
	"0800",
	"2026",
	"529.982.247-25",
	"52998224725",
	"11.222.333/0001-81",
	"12.ABC.345/01DE-35",
	"4111 1111",
	"1111 1111",
	"4111111111111111",
	"jo@x.com",
	"jo",
	"@",
	"gmail.com",
	"arroba",
	" ponto ",
	"(at)",
	"com",
	".",
	"-",
	"/",
	" ",
	" ",
	"(",
	")",
	"+",
	"0xx",
	",",
	":",
	"\n",
	"R$",
	"#",
	"tel ",
	"pedido ",
	"a",
	"é",
	"x",
	"_",
	"]",
	"[CPF]",
	"://",
	"wa.me/",
	"😀",
	"９",
	"．",
	"－",
	"\xC2\xA0",
	"\xE2\x80\x91",
	"\xE2\x80\x8B",
	"\xCC\x81",
	"\x80",
	"\xEF",
	"\xEF\xBC",
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
	size_t n = next_random(seed) % 16;
	struct buf b;

	buf_init(&b, test_arena(), 4096);
	for (size_t i = 0; i < n; i++)
		buf_z(&b, pieces[next_random(seed) % (sizeof pieces / sizeof pieces[0])]);
	return buf_slice(&b);
}

START_TEST(random_text_is_masked_once_and_stays_text)
{
	uint64_t seed = 20260110;
	size_t masked = 0;

	for (int i = 0; i < 300000 / TEST_THIN; i++) {
		struct str text = random_text(&seed);
		unsigned kinds = i % 2 == 0 ? REDACT_ALL
		                            : (unsigned)next_random(&seed) & REDACT_ALL;
		struct str once = redact_text(test_arena(), text, kinds);
		struct str twice = redact_text(test_arena(), once, kinds);

		masked += once.p != text.p;
		ck_assert_msg(str_eq(once, twice),
		              "kinds %u: '" STR_FMT "': '" STR_FMT "': '" STR_FMT "'", kinds,
		              STR_ARG(text), STR_ARG(once), STR_ARG(twice));
		if (utf8_valid_prefix(text) == text.n)
			ck_assert(utf8_valid_prefix(once) == once.n);
		arena_reset(test_arena());
	}
	ck_assert_uint_gt(masked, 50000 / TEST_THIN);
}
END_TEST

/* A digit moved by one in any place, and a pair that changes places, is another number. */
START_TEST(a_slip_of_the_pen_is_no_cpf_and_no_cnpj)
{
	static const char *const numbers[] = { "52998224725", "16899535009", "11222333000181",
		                               "12ABC34501DE35" };

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		const unsigned kinds = REDACT_CPF | REDACT_CNPJ;
		char text[16] = "";
		size_t n = strlen(numbers[i]);

		memcpy(text, numbers[i], n);
		ck_assert(redact_text(test_arena(), str_n(text, n), kinds).p != text);
		for (size_t k = 0; k < n; k++) {
			text[k] = text[k] == '9' ? '0' : (char)(text[k] + 1);
			ck_assert_msg(redact_text(test_arena(), str_n(text, n), kinds).p == text,
			              "%s", text);
			text[k] = numbers[i][k];
		}
		for (size_t k = 0; k + 1 < n; k++) {
			text[k] = numbers[i][k + 1];
			text[k + 1] = numbers[i][k];
			ck_assert_msg(text[k] == text[k + 1] ||
			                      redact_text(test_arena(), str_n(text, n), kinds).p ==
			                              text,
			              "%s", text);
			memcpy(text, numbers[i], n);
		}
	}
}
END_TEST

START_TEST(areas_that_exist_are_sixty_seven)
{
	char text[] = "00987654321";
	int areas = 0;

	for (int area = 0; area < 100; area++) {
		text[0] = (char)('0' + area / 10);
		text[1] = (char)('0' + area % 10);
		areas += redact_text(test_arena(), str_n(text, 11), REDACT_PHONE).p != text;
	}
	ck_assert_int_eq(areas, 67);
}
END_TEST

START_TEST(kinds_are_read_from_their_words)
{
	ck_assert_uint_eq(redact_kinds(STR("cpf,cnpj,card,email,phone")), REDACT_ALL);
	ck_assert_uint_eq(redact_kinds(STR("cpf, email")), REDACT_CPF | REDACT_EMAIL);
	ck_assert_uint_eq(redact_kinds(STR("phone")), REDACT_PHONE);
	ck_assert_uint_eq(redact_kinds(STR("card,card,name")), REDACT_CARD);
	ck_assert_uint_eq(redact_kinds(STR("CPF")), 0);
	ck_assert_uint_eq(redact_kinds(STR("")), 0);
	ck_assert_uint_eq(redact_kinds(STR_NONE), 0);
}
END_TEST

START_TEST(without_text_or_kinds_nothing_happens)
{
	ck_assert_none(redact_text(test_arena(), STR_NONE, REDACT_ALL));
	ck_assert_str(redact_text(test_arena(), STR(""), REDACT_ALL), "");
	ck_assert_str(redact_text(test_arena(), STR("52998224725"), 0), "52998224725");
}
END_TEST

/* What took time in the square of this would not end before the test is stopped. */
START_TEST(a_megabyte_of_anything_ends)
{
	static const char *const texts[] = {
		"1",
		"11987654321",
		"1 ",
		"1.",
		"4111 ",
		"1\xE2\x80\x8B",
		"\xE2\x80\x8B",
		"９",
		"@",
		"a@",
		"a@b.",
		"a arroba ",
		"arroba",
		"arroba ponto ",
		"a ponto ",
		"(at)",
		"www.",
		"://1 ",
		"0xx",
		"(",
		"+",
		"1-",
		"11 98765-4321 ",
		"52998224725,",
		"tel 3333 4444 ",
		"12ABC34501DE3",
		"a@b ",
		".a",
		"AB1/",
		"numero do ",
		"\xCC\x81",
		"\xEF\xBC",
	};
	const size_t size = (size_t)1 << 20;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char *p = arena_alloc(test_arena(), size);
		struct str text = str_n(p, size);

		for (size_t k = 0; k < size; k++)
			p[k] = texts[i][k % strlen(texts[i])];
		ck_assert_uint_le(redact_text(test_arena(), text, REDACT_ALL).n, 4 * size);
		ck_assert_msg(arena_used(test_arena()) < 8 * size, "%s: %zu bytes", texts[i],
		              arena_used(test_arena()));
		arena_reset(test_arena());
	}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("redact", every_row_of_the_table_becomes_what_it_says,
	                  what_was_masked_is_not_masked_again,
	                  random_text_is_masked_once_and_stays_text,
	                  a_slip_of_the_pen_is_no_cpf_and_no_cnpj, areas_that_exist_are_sixty_seven,
	                  kinds_are_read_from_their_words, without_text_or_kinds_nothing_happens,
	                  a_megabyte_of_anything_ends);
}

TEST_MAIN(make_suite)
