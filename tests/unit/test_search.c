/* What is searched for: case and marks make no difference, and nothing else is lost. */
#include "core/search.h"

#include "testing.h"

static const struct {
	const char *text, *folded;
} folds[] = {
	{ "João", "joao" },
	{ "JOÃO DA CONCEIÇÃO", "joao da conceicao" },
	{ "Joa\xCC\x83o", "joao" }, /* a and U+0303 */
	{ "Úrsula", "ursula" },
	{ "Müller & Söhne", "muller & sohne" },
	{ "Straße", "strasse" },
	{ "Привет", "привет" },
	{ "\xEF\xBC\xA1na", "ana" }, /* full-width A */
	{ "loja_1!%", "loja_1!%" },
	{ "王小明 😀", "王小明 😀" },
	{ "", "" },
};

START_TEST(case_and_marks_make_no_difference)
{
	for (size_t i = 0; i < sizeof folds / sizeof folds[0]; i++) {
		struct str out = search_fold(test_arena(), str_from(folds[i].text));

		ck_assert_msg(str_eq(out, str_from(folds[i].folded)), "%s: " STR_FMT, folds[i].text,
		              STR_ARG(out));
		ck_assert(str_eq(search_fold(test_arena(), out), out));
	}
	ck_assert(!str_is_set(search_fold(test_arena(), STR_NONE)));
	ck_assert(str_eq(search_fold(test_arena(), STR("\xFF\xC3")), STR("\xFF\xC3")));
}
END_TEST

START_TEST(a_person_is_found_by_either_name)
{
	struct arena *a = test_arena();

	ck_assert(str_eq(search_name(a, STR("João"), STR("Jô.Silva")), STR("joao\njo.silva")));
	ck_assert(str_eq(search_name(a, STR("João"), STR_NONE), STR("joao")));
	ck_assert(str_eq(search_name(a, STR_NONE, STR("Jô")), STR("jo")));
	ck_assert(!str_is_set(search_name(a, STR_NONE, STR_NONE)));
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("search", case_and_marks_make_no_difference,
	                  a_person_is_found_by_either_name);
}

TEST_MAIN(make_suite)
