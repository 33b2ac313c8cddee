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
	ck_assert_uint_ge(2 * kept, json_count(table()) * 9 / 10);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("redact", every_row_of_the_table_becomes_what_it_says);
}

TEST_MAIN(make_suite)
