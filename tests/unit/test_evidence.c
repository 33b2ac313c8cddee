/* Quotations: what counts as the same, and what does not. */
#include "core/evidence.h"

#include "testing.h"

static bool
found(struct str text, struct str excerpt)
{
	return evidence_found(evidence_normal(test_arena(), text),
	                      evidence_excerpt(test_arena(), excerpt));
}

START_TEST(typography_is_no_difference_and_words_are)
{
	ck_assert(found(STR("Ele disse “não\u00a0dá” – e…"), STR("\"não  dá\" - e...")));
	ck_assert(found(STR("cafe\u0301 😀"), STR("caf\u00e9 😀")));
	ck_assert(!found(STR("Bom dia"), STR("bom dia")));
	ck_assert(!found(STR("Bom dia!"), STR("!")));
	ck_assert(!found(STR("Bom dia"), STR("")));
	ck_assert(!found(STR_NONE, STR("a")));
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("evidence", typography_is_no_difference_and_words_are);
}

TEST_MAIN(make_suite)
