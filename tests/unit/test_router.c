/* Routes: literal before parameter, decoding, methods. */
#include "net/router.h"
#include "testing.h"

struct row {
	int number;
	const char *method, *pattern;
};

static const struct row rows[] = {
	{ 0, "GET", "/" },
	{ 1, "GET", "/api/clients" },
	{ 2, "POST", "/api/clients" },
	{ 3, "GET", "/api/clients/:slug" },
	{ 4, "GET", "/api/clients/mine" },
	{ 5, "PATCH", "/api/clients/:slug" },
	{ 6, "GET", "/api/clients/:slug/tokens/:id" },
	{ 7, "DELETE", "/api/clients/:slug/tokens/:id" },
	{ 8, "GET", "/api/:any/mine/last" },
	{ 9, "HEAD", "/api/heads" },
	{ 10, "GET", "/api/heads" },
	{ 11, "GET", "/files/" },
	{ 12, "GET", "/:a/:b/:c/:d" },
	{ 13, "GET", "/api/:any/:other/last" },
};

static const struct route_table table = {
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.stride = sizeof(rows[0]),
	.method_offset = offsetof(struct row, method),
	.pattern_offset = offsetof(struct row, pattern),
};

static const struct {
	const char *method, *path;
	int row;
	bool known;
} cases[] = {
	{ "GET", "/", 0, true },
	{ "GET", "/api/clients", 1, true },
	{ "POST", "/api/clients", 2, true },
	{ "DELETE", "/api/clients", -1, true },
	{ "get", "/api/clients", -1, true },
	{ "GET", "/api/clients/", -1, false },
	{ "GET", "/api/clients//tokens/1", -1, false },
	{ "GET", "/api/clients/loja", 3, true },
	{ "GET", "/api/clients/mine", 4, true },
	{ "GET", "/api/clients/%6dine", 4, true },
	{ "PATCH", "/api/clients/mine", 5, true },
	{ "GET", "/api/clients/loja/tokens/7", 6, true },
	{ "DELETE", "/api/clients/loja/tokens/7", 7, true },
	{ "GET", "/api/x/mine/last", 8, true },
	{ "GET", "/api/x/yours/last", 13, true },
	{ "HEAD", "/api/heads", 9, true },
	{ "HEAD", "/api/clients", 1, true },
	{ "GET", "/files/", 11, true },
	{ "GET", "/files", -1, false },
	{ "GET", "//", -1, false },
	{ "GET", "", -1, false },
	{ "GET", "api/clients", -1, false },
	{ "GET", "*", -1, false },
	{ "GET", "/api/clients/.", -1, false },
	{ "GET", "/api/clients/%2e%2E", -1, false },
	{ "GET", "/api/clients/...", 3, true },
	{ "GET", "/api/clients/%", -1, false },
	{ "GET", "/api/clients/%4", -1, false },
	{ "GET", "/api/clients/%zz", -1, false },
	{ "GET", "/api/clients/%00", -1, false },
	{ "GET", "/api/clients/%ff", -1, false },
	{ "GET", "/api/clients/%c0%af", -1, false },
	{ "GET", "/api/clients/%ed%a0%80", -1, false },
	{ "GET", "/1/2/3/4", 12, true },
	{ "GET", "/1/2/3/4/5", -1, false },
	{ "GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", -1, false },
};

START_TEST(paths_find_their_row)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route_params params;
		bool known;
		int row = router_match(&table, test_arena(), str_from(cases[i].method),
		                       str_from(cases[i].path), &params, &known);

		ck_assert_msg(row == cases[i].row && known == cases[i].known,
		              "%s %s: row %d, known %d", cases[i].method, cases[i].path, row,
		              known);
	}
}
END_TEST

START_TEST(parameters_are_decoded_and_found_by_name)
{
	struct route_params p;
	bool known;

	ck_assert_int_eq(router_match(&table, test_arena(), STR("GET"),
	                              STR("/api/clients/caf%C3%A9%2F+b/tokens/7"), &p, &known),
	                 6);
	ck_assert_int_eq(p.n, 2);
	ck_assert_str(route_param(&p, "slug"), "caf\xc3\xa9/+b");
	ck_assert_str(route_param(&p, "id"), "7");
	ck_assert_none(route_param(&p, "i"));
	ck_assert_none(route_param(&p, "slug/tokens"));
}
END_TEST

START_TEST(without_a_match_the_output_is_untouched)
{
	struct route_params p = { .n = 77 };
	bool known;

	ck_assert_int_eq(
		router_match(&table, test_arena(), STR("GET"), STR("/nowhere"), &p, &known), -1);
	ck_assert_int_eq(p.n, 77);
}
END_TEST

START_TEST(allow_lists_the_methods_of_a_path)
{
	ck_assert_str(router_allow(&table, test_arena(), STR("/api/clients")), "GET, HEAD, POST");
	ck_assert_str(router_allow(&table, test_arena(), STR("/api/clients/a/tokens/1")),
	              "GET, HEAD, DELETE");
	ck_assert_none(router_allow(&table, test_arena(), STR("/nowhere")));
	ck_assert_none(router_allow(&table, test_arena(), STR("/%")));
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("router", paths_find_their_row, parameters_are_decoded_and_found_by_name,
	                  without_a_match_the_output_is_untouched,
	                  allow_lists_the_methods_of_a_path);
}

TEST_MAIN(make_suite)
