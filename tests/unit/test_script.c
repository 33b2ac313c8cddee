/* Topics of a rubric: what is taken, what is refused and where, and that they survive storage. */
#include "core/script.h"

#include "testing.h"

static const struct script_problems *
problems_of(const char *json)
{
	struct script_problems *p = ARENA_NEW(test_arena(), struct script_problems);
	struct script_topics t = { .n = 77 };

	ck_assert_err(script_check_topics(test_arena(), test_json(str_from(json)), &t, p),
	              ERR_INVALID);
	ck_assert_uint_eq(t.n, 77); /* untouched */
	return p;
}

static struct script_topics
topics_of(const char *json)
{
	struct script_problems p;
	struct script_topics t;

	ck_assert_ok(script_check_topics(test_arena(), test_json(str_from(json)), &t, &p));
	ck_assert_uint_eq(p.n, 0);
	return t;
}

START_TEST(a_good_list_is_taken_as_it_stands)
{
	struct script_topics t =
		topics_of("[{\"weight\":2.5,\"label\":\"Saudação\",\"key\":\"saudação\"},"
	                  "{\"key\":\"fecho\",\"label\":\"Fecho\"},"
	                  "{\"key\":\"zero\",\"label\":\"x\",\"weight\":0}]");

	ck_assert_uint_eq(t.n, 3);
	ck_assert_str(t.v[0].key, "saudação");
	ck_assert_str(t.v[0].label, "Saudação");
	ck_assert_double_eq(t.v[0].weight, 2.5);
	ck_assert_double_eq(t.v[1].weight, 1);
	ck_assert_double_eq(t.v[2].weight, 0);
	ck_assert_uint_eq(script_find_topic(&t, STR("zero")), 2);
	ck_assert_uint_eq(script_find_topic(&t, STR("Zero")), 3);
}
END_TEST

START_TEST(absent_null_and_empty_lists_have_no_topic)
{
	struct script_problems p;
	struct script_topics t = { .n = 1 };

	ck_assert_ok(script_check_topics(test_arena(), NULL, &t, &p));
	ck_assert_uint_eq(t.n, 0);
	ck_assert_uint_eq(topics_of("null").n, 0);
	ck_assert_uint_eq(topics_of("[]").n, 0);
}
END_TEST

START_TEST(every_mistake_is_told_with_its_path)
{
	static const struct {
		const char *json, *path, *message;
	} rows[] = {
		{ "{}", "topics", "must be a list" },
		{ "\"a\"", "topics", "must be a list" },
		{ "[1]", "topics[0]", "must be an object with key, label and weight" },
		{ "[null]", "topics[0]", "must be an object with key, label and weight" },
		{ "[[]]", "topics[0]", "must be an object with key, label and weight" },
		{ "[{\"label\":\"x\"}]", "topics[0].key", "is required" },
		{ "[{\"key\":null,\"label\":\"x\"}]", "topics[0].key", "must be text" },
		{ "[{\"key\":7,\"label\":\"x\"}]", "topics[0].key", "must be text" },
		{ "[{\"key\":\"\",\"label\":\"x\"}]", "topics[0].key", "must not be empty" },
		{ "[{\"key\":\" \\t\",\"label\":\"x\"}]", "topics[0].key", "must not be empty" },
		{ "[{\"key\":\" a\",\"label\":\"x\"}]", "topics[0].key",
		  "must not begin or end with white space" },
		{ "[{\"key\":\"a\\u0085b\",\"label\":\"x\"}]", "topics[0].key",
		  "must not hold control characters" },
		{ "[{\"key\":\"a\\nb\",\"label\":\"x\"}]", "topics[0].key",
		  "must not hold control characters" },
		{ "[{\"key\":\"a\\\"b\",\"label\":\"x\"}]", "topics[0].key",
		  "must not hold quotation marks or backslashes" },
		{ "[{\"key\":\"a\\\\b\",\"label\":\"x\"}]", "topics[0].key",
		  "must not hold quotation marks or backslashes" },
		{ "[{\"key\":\"a\"}]", "topics[0].label", "is required" },
		{ "[{\"key\":\"a\",\"label\":true}]", "topics[0].label", "must be text" },
		{ "[{\"key\":\"a\",\"label\":\"\"}]", "topics[0].label", "must not be empty" },
		{ "[{\"key\":\"a\",\"label\":\"x\",\"weight\":\"1\"}]", "topics[0].weight",
		  "must be a number" },
		{ "[{\"key\":\"a\",\"label\":\"x\",\"weight\":null}]", "topics[0].weight",
		  "must be a number" },
		{ "[{\"key\":\"a\",\"label\":\"x\",\"weight\":-0.1}]", "topics[0].weight",
		  "must be 0 or a number from 0.000001 to 1000000" },
		{ "[{\"key\":\"a\",\"label\":\"x\",\"weight\":1e999}]", "topics[0].weight",
		  "must be 0 or a number from 0.000001 to 1000000" },
		{ "[{\"key\":\"a\",\"label\":\"x\",\"weight\":1e-7}]", "topics[0].weight",
		  "must be 0 or a number from 0.000001 to 1000000" },
		{ "[{\"key\":\"a\",\"label\":\"x\",\"colour\":1}]", "topics[0].colour",
		  "is not a member of a topic" },
		{ "[{\"key\":\"a\",\"label\":\"x\",\"Key\":\"b\"}]", "topics[0].Key",
		  "is not a member of a topic" },
		{ "[{\"key\":\"a\",\"label\":\"x\"},{\"key\":\"a\",\"label\":\"y\"}]",
		  "topics[1].key", "is the key of an earlier topic" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct script_problems *p = problems_of(rows[i].json);

		ck_assert_msg(p->n == 1, "%s: %zu problems", rows[i].json, p->n);
		ck_assert_slice(p->v[0].path, str_from(rows[i].path));
		ck_assert_str_eq(p->v[0].message, rows[i].message);
	}
}
END_TEST

START_TEST(all_problems_are_told_at_once)
{
	const struct script_problems *p =
		problems_of("[{\"key\":\"\",\"weight\":-1},{\"key\":\"a\",\"label\":\"x\"},5,"
	                    "{\"key\":\"a\",\"label\":3,\"x\":1,\"y\":2}]");
	static const char *const paths[] = { "topics[0].key", "topics[0].label", "topics[0].weight",
		                             "topics[2]",     "topics[3].label", "topics[3].x",
		                             "topics[3].y",   "topics[3].key" };

	ck_assert_uint_eq(p->n, 8);
	for (size_t i = 0; i < 8; i++)
		ck_assert_slice(p->v[i].path, str_from(paths[i]));
}
END_TEST

/* A list of n topics whose first has a key and a label of so many characters. */
static const char *
list_of(size_t n, size_t key, size_t label)
{
	struct buf b;

	buf_init(&b, test_arena(), 1u << 20);
	buf_z(&b, "[{\"key\":\"");
	for (size_t i = 0; i < key; i++)
		buf_z(&b, "ã");
	buf_z(&b, "\",\"label\":\"");
	for (size_t i = 0; i < label; i++)
		buf_z(&b, "é");
	buf_z(&b, "\"}");
	for (size_t i = 1; i < n; i++)
		buf_fmt(&b, ",{\"key\":\"k%zu\",\"label\":\"x\"}", i);
	buf_z(&b, "]");
	return str_z(test_arena(), buf_slice(&b));
}

START_TEST(bounds_are_in_characters_and_hold_exactly)
{
	ck_assert_uint_eq(topics_of(list_of(SCRIPT_MAX_TOPICS, SCRIPT_MAX_KEY, SCRIPT_MAX_LABEL)).n,
	                  SCRIPT_MAX_TOPICS);
	ck_assert_str_eq(problems_of(list_of(SCRIPT_MAX_TOPICS + 1, 1, 1))->v[0].message,
	                 "must have at most 100 topics");
	ck_assert_str_eq(problems_of(list_of(1, SCRIPT_MAX_KEY + 1, 1))->v[0].message,
	                 "must have at most 128 characters");
	ck_assert_str_eq(problems_of(list_of(1, 1, SCRIPT_MAX_LABEL + 1))->v[0].message,
	                 "must have at most 500 characters");
}
END_TEST

START_TEST(problems_are_bounded_and_still_refuse)
{
	struct buf b;

	buf_init(&b, test_arena(), 1u << 20);
	buf_z(&b, "[{\"key\":\"a\",\"label\":\"x\"");
	for (int i = 0; i < 3 * SCRIPT_MAX_PROBLEMS; i++)
		buf_fmt(&b, ",\"%0100d\":1", i);
	buf_z(&b, "}]");
	const struct script_problems *p = problems_of(str_z(test_arena(), buf_slice(&b)));
	ck_assert_uint_eq(p->n, SCRIPT_MAX_PROBLEMS);
	ck_assert_uint_lt(p->v[0].path.n, 100);
}
END_TEST

START_TEST(a_list_is_stored_in_one_form_and_read_again)
{
	struct script_topics t =
		topics_of("[{\"weight\":0.1,\"label\":\"L \\\"q\\\"\",\"key\":\"b\"},"
	                  "{\"label\":\"x\",\"key\":\"a\",\"weight\":1e6}]");
	struct str stored = script_write_topics(test_arena(), &t);
	struct script_topics again;

	ck_assert_str(stored, "[{\"key\":\"b\",\"label\":\"L \\\"q\\\"\",\"weight\":0.1},"
	                      "{\"key\":\"a\",\"label\":\"x\",\"weight\":1000000}]");
	ck_assert_ok(script_read_topics(test_arena(), stored, &again));
	ck_assert_slice(script_write_topics(test_arena(), &again), stored);
	/* as PostgreSQL spells jsonb */
	ck_assert_ok(script_read_topics(
		test_arena(),
		STR("[{\"key\": \"b\", \"label\": \"L \\\"q\\\"\", \"weight\": 0.1}, "
	            "{\"key\": \"a\", \"label\": \"x\", \"weight\": 1000000}]"),
		&again));
	ck_assert_slice(script_write_topics(test_arena(), &again), stored);
	ck_assert_err(script_read_topics(test_arena(), STR("[{\"key\":1}]"), &again), ERR_CORRUPT);
	ck_assert_err(script_read_topics(test_arena(), STR("[{"), &again), ERR_CORRUPT);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"script", a_good_list_is_taken_as_it_stands,
		absent_null_and_empty_lists_have_no_topic, every_mistake_is_told_with_its_path,
		all_problems_are_told_at_once, bounds_are_in_characters_and_hold_exactly,
		problems_are_bounded_and_still_refuse, a_list_is_stored_in_one_form_and_read_again);
}

TEST_MAIN(make_suite)
