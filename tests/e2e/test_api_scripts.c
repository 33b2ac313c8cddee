/* Rubrics through the API: versions that never change, which of them are in use, and what is
 * refused. */
#include "api_fixture.h"

#define SCRIPTS "/api/admin/acme/analysis-scripts"

/* A body with these members more. */
static const char *
script(const char *key, const char *more)
{
	return FMT("{\"scriptKey\":\"%s\",\"name\":\"N\",\"scriptText\":\"T\"%s}", key, more);
}

static const cJSON *
add(const struct world *w, const char *key, const char *more)
{
	return MUST(w, 201, "POST", SCRIPTS, w->acme_admin, script(key, more));
}

START_TEST(a_script_is_answered_as_it_is_stored)
{
	struct world *w = world_new();
	const cJSON *s =
		MUST(w, 201, "POST", SCRIPTS, w->acme_admin,
	             "{\"topics\":[{\"weight\":0,\"key\":\"b\",\"label\":\"Segundo\"},{\"label\":"
	             "\"Prêmio "
	             "\\u00e9\",\"key\":\"a\"},{\"key\":\"c\",\"label\":\"C\",\"weight\":2.5}],"
	             "\"scriptText\":\"Seja\\n gentil\",\"description\":\"para "
	             "vendas\",\"name\":\"Vendas\","
	             "\"scriptKey\":\"sales\",\"isActive\":false,\"version\":3}");
	const cJSON *list;

	ck_assert_str(text_at(s, "scriptKey"), "sales");
	ck_assert_int_eq(int_at(s, "version"), 3);
	ck_assert_str(text_at(s, "name"), "Vendas");
	ck_assert_str(text_at(s, "description"), "para vendas");
	ck_assert_str(text_at(s, "scriptText"), "Seja\n gentil");
	ck_assert(!true_at(s, "isActive"));
	ck_assert_uint_eq(json_count(at(s, "topics")), 3);
	ck_assert_str(text_at(s, "topics.0.key"), "b");
	ck_assert_int_eq(int_at(s, "topics.0.weight"), 0);
	ck_assert_str(text_at(s, "topics.1.label"), "Prêmio é");
	ck_assert_int_eq(int_at(s, "topics.1.weight"), 1);
	ck_assert(at(s, "topics.2.weight")->valuedouble == 2.5);
	ck_assert_slice(text_at(s, "createdAt"), text_at(s, "updatedAt"));
	ck_assert_uint_eq(text_at(s, "clientId").n, 36);
	list = MUST(w, 200, "GET", SCRIPTS, w->acme_admin, NULL);
	ck_assert_uint_eq(json_count(at(list, "data")), 1);
	ck_assert_slice(json_canonical(test_arena(), at(list, "data.0")),
	                json_canonical(test_arena(), s));
	world_end(w);
}
END_TEST

START_TEST(what_is_left_out_is_as_promised)
{
	struct world *w = world_new();
	const cJSON *s = add(w, "sales", "");

	ck_assert_int_eq(int_at(s, "version"), 1);
	ck_assert(null_at(s, "description"));
	ck_assert(true_at(s, "isActive"));
	ck_assert(cJSON_IsArray(at(s, "topics")));
	ck_assert_uint_eq(json_count(at(s, "topics")), 0);
	s = add(w, "sales", ",\"description\":null,\"topics\":null");
	ck_assert_int_eq(int_at(s, "version"), 2);
	ck_assert(null_at(s, "description"));
	ck_assert_uint_eq(json_count(at(s, "topics")), 0);
	world_end(w);
}
END_TEST

START_TEST(a_version_is_given_once_and_the_next_is_above_all)
{
	struct world *w = world_new();
	const cJSON *s;

	add(w, "sales", "");
	add(w, "sales", ",\"version\":9");
	s = MUST(w, 409, "POST", SCRIPTS, w->acme_admin,
	         "{\"scriptKey\":\"sales\",\"name\":\"other\",\"scriptText\":\"other\",\"version\":"
	         "9}");
	ck_assert_str(text_at(s, "error"), "conflict");
	ck_assert_int_eq(int_at(add(w, "sales", ",\"version\":4"), "version"), 4);
	ck_assert_int_eq(int_at(add(w, "sales", ""), "version"), 10);
	ck_assert_int_eq(int_at(add(w, "other", ""), "version"), 1);
	ck_assert_int_eq(int_at(add(w, "sales", ",\"version\":2147483647"), "version"), 2147483647);
	MUST(w, 409, "POST", SCRIPTS, w->acme_admin, script("sales", ""));
	/* the first is what it was */
	s = MUST(w, 200, "GET", SCRIPTS "?scriptKey=sales", w->acme_admin, NULL);
	ck_assert_uint_eq(json_count(at(s, "data")), 5);
	ck_assert_str(text_at(s, "data.2.name"), "N");
	ck_assert_int_eq(int_at(s, "data.2.version"), 9);
	/* nobody else's versions count */
	ck_assert_int_eq(int_at(MUST(w, 201, "POST", "/api/admin/beta/analysis-scripts",
	                             w->beta_admin, script("sales", "")),
	                        "version"),
	                 1);
	world_end(w);
}
END_TEST

/* "a2 a1 …" of a page, and where the next one begins. */
static const char *
page_of(const struct world *w, const char *query, const char **next)
{
	const cJSON *p = MUST(w, 200, "GET", FMT(SCRIPTS "?%s", query), w->acme_admin, NULL);
	struct buf b;

	buf_init(&b, test_arena(), 4096);
	for (const cJSON *s = json_first(at(p, "data")); s != NULL; s = s->next)
		buf_fmt(&b, STR_FMT "%lld ", STR_ARG(text_at(s, "scriptKey")),
		        (long long)int_at(s, "version"));
	*next = null_at(p, "nextCursor") ? NULL : z_at(p, "nextCursor");
	return str_z(test_arena(), buf_slice(&b));
}

START_TEST(scripts_are_listed_by_key_the_newest_version_first)
{
	struct world *w = world_new();
	const char *next;

	add(w, "b", ",\"isActive\":false");
	add(w, "a", "");
	add(w, "b", "");
	add(w, "b", ",\"isActive\":false");
	add(w, "a", ",\"isActive\":false");
	ck_assert_str_eq(page_of(w, "limit=3", &next), "a2 a1 b3 ");
	ck_assert_str_eq(page_of(w, FMT("limit=3&cursor=%s", next), &next), "b2 b1 ");
	ck_assert_ptr_null(next);
	ck_assert_str_eq(page_of(w, "limit=1&scriptKey=b", &next), "b3 ");
	ck_assert_str_eq(page_of(w, FMT("limit=5&scriptKey=b&cursor=%s", next), &next), "b2 b1 ");
	ck_assert_str_eq(page_of(w, "activeOnly=true", &next), "a1 b2 ");
	ck_assert_str_eq(page_of(w, "activeOnly=false&scriptKey=a", &next), "a2 a1 ");
	ck_assert_str_eq(page_of(w, "scriptKey=c", &next), "");
	MUST(w, 400, "GET", SCRIPTS "?activeOnly=1", w->acme_admin, NULL);
	MUST(w, 400, "GET", SCRIPTS "?cursor=abc", w->acme_admin, NULL);
	world_end(w);
}
END_TEST

START_TEST(a_version_is_put_into_use_and_others_out_of_it)
{
	struct world *w = world_new();
	const char *path = SCRIPTS "/sales/activate", *next;
	const cJSON *s;

	add(w, "sales", "");
	add(w, "sales", "");
	add(w, "sales", ",\"isActive\":false");
	add(w, "other", "");
	s = MUST(w, 200, "POST", path, w->acme_admin, "{\"version\":3,\"deactivateOthers\":false}");
	ck_assert(true_at(s, "ok"));
	ck_assert_str(text_at(s, "scriptKey"), "sales");
	ck_assert_int_eq(int_at(s, "version"), 3);
	ck_assert(!true_at(s, "deactivateOthers"));
	ck_assert_str_eq(page_of(w, "activeOnly=true", &next), "other1 sales3 sales2 sales1 ");
	s = MUST(w, 200, "POST", path, w->acme_admin, "{\"version\":1}");
	ck_assert(true_at(s, "deactivateOthers"));
	ck_assert_str_eq(page_of(w, "activeOnly=true", &next), "other1 sales1 ");
	/* again: it stays */
	MUST(w, 200, "POST", path, "op", "{\"version\":1,\"deactivateOthers\":true}");
	ck_assert_str_eq(page_of(w, "activeOnly=true", &next), "other1 sales1 ");
	/* what is not there changes nothing */
	MUST(w, 404, "POST", path, w->acme_admin, "{\"version\":4}");
	MUST(w, 404, "POST", SCRIPTS "/sale/activate", w->acme_admin, "{\"version\":1}");
	ck_assert_str_eq(page_of(w, "activeOnly=true", &next), "other1 sales1 ");
	world_end(w);
}
END_TEST

START_TEST(a_key_may_need_to_be_spelled_out_in_the_path)
{
	struct world *w = world_new();

	add(w, "pós venda/50%", "");
	MUST(w, 200, "POST", SCRIPTS "/p%C3%B3s%20venda%2F50%25/activate", w->acme_admin,
	     "{\"version\":1}");
	MUST(w, 404, "POST", SCRIPTS "/p%C3%B3s%20venda%2F50/activate", w->acme_admin,
	     "{\"version\":1}");
	world_end(w);
}
END_TEST

START_TEST(making_and_activating_are_in_the_audit_log)
{
	struct world *w = world_new();
	const cJSON *s = add(w, "sales", ""), *log;

	MUST(w, 200, "POST", SCRIPTS "/sales/activate", "op", "{\"version\":1}");
	MUST(w, 409, "POST", SCRIPTS, w->acme_admin, script("sales", ",\"version\":1"));
	log = MUST(w, 200, "GET", "/api/clients/acme/audit-log?limit=2", w->acme_admin, NULL);
	ck_assert_str(text_at(log, "data.0.action"), "analysis_script.activated");
	ck_assert_str(text_at(log, "data.0.actor"), "operator");
	ck_assert_str(text_at(log, "data.1.action"), "analysis_script.created");
	ck_assert(str_starts(text_at(log, "data.1.actor"), STR("token:")));
	for (int i = 0; i < 2; i++) {
		ck_assert_str(text_at(log, FMT("data.%d.subjectKind", i)), "analysis_script");
		ck_assert_slice(text_at(log, FMT("data.%d.subjectId", i)), text_at(s, "id"));
		ck_assert_str(text_at(log, FMT("data.%d.detail.scriptKey", i)), "sales");
		ck_assert_int_eq(int_at(log, FMT("data.%d.detail.version", i)), 1);
	}
	world_end(w);
}
END_TEST

START_TEST(scripts_are_an_admins_and_of_his_client_alone)
{
	struct world *w = world_new();
	const char *const weak[] = { w->acme_viewer, w->acme_agent };

	add(w, "sales", "");
	for (size_t i = 0; i < 2; i++) {
		MUST(w, 403, "GET", SCRIPTS, weak[i], NULL);
		MUST(w, 403, "POST", SCRIPTS, weak[i], script("sales", ""));
		MUST(w, 403, "POST", SCRIPTS "/sales/activate", weak[i], "{\"version\":1}");
	}
	MUST(w, 404, "GET", SCRIPTS, w->beta_admin, NULL);
	MUST(w, 404, "POST", SCRIPTS, w->beta_admin, script("sales", ""));
	MUST(w, 404, "POST", SCRIPTS "/sales/activate", w->beta_admin, "{\"version\":1}");
	MUST(w, 404, "GET", "/api/admin/nobody/analysis-scripts", "op", NULL);
	MUST(w, 401, "GET", SCRIPTS, NULL, NULL);
	ck_assert_uint_eq(json_count(at(MUST(w, 200, "GET", "/api/admin/beta/analysis-scripts",
	                                     w->beta_admin, NULL),
	                                "data")),
	                  0);
	MUST(w, 405, "PATCH", SCRIPTS, w->acme_admin, "{}");
	MUST(w, 405, "DELETE", SCRIPTS, w->acme_admin, NULL);
	world_end(w);
}
END_TEST

/* A value for one member of an otherwise good body: what is wrong stands at that path. */
static const struct {
	const char *member, *value, *path;
} wrong[] = {
	{ "scriptKey", "null", "scriptKey" },
	{ "scriptKey", "7", "scriptKey" },
	{ "scriptKey", "\"\"", "scriptKey" },
	{ "scriptKey", "\" \"", "scriptKey" },
	{ "scriptKey", "\"a \"", "scriptKey" },
	{ "scriptKey", "\"a\\nb\"", "scriptKey" },
	{ "scriptKey", "\"..\"", "scriptKey" },
	{ "scriptKey", "[\"a\"]", "scriptKey" },
	{ "name", "null", "name" },
	{ "name", "true", "name" },
	{ "name", "\"\"", "name" },
	{ "scriptText", "null", "scriptText" },
	{ "scriptText", "{}", "scriptText" },
	{ "scriptText", "\"\\u0007\"", "scriptText" },
	{ "version", "null", "version" },
	{ "version", "0", "version" },
	{ "version", "-1", "version" },
	{ "version", "1.5", "version" },
	{ "version", "\"1\"", "version" },
	{ "version", "2147483648", "version" },
	{ "version", "99999999999999999999", "version" },
	{ "version", "1e300", "version" },
	{ "version", "true", "version" },
	{ "description", "1", "description" },
	{ "description", "\"\"", "description" },
	{ "isActive", "null", "isActive" },
	{ "isActive", "\"true\"", "isActive" },
	{ "isActive", "1", "isActive" },
	{ "topics", "{}", "topics" },
	{ "topics", "\"a\"", "topics" },
	{ "topics", "[1]", "topics[0]" },
	{ "topics", "[{\"label\":\"A\"}]", "topics[0].key" },
	{ "topics", "[{\"key\":\"a\"}]", "topics[0].label" },
	{ "topics", "[{\"key\":\"a\",\"label\":\"A\",\"weight\":-1}]", "topics[0].weight" },
	{ "topics", "[{\"key\":\"a\",\"label\":\"A\",\"weight\":\"1\"}]", "topics[0].weight" },
	{ "topics", "[{\"key\":\"a\",\"label\":\"A\",\"more\":1}]", "topics[0].more" },
	{ "topics", "[{\"key\":\"a\",\"label\":\"A\"},{\"key\":\"a\",\"label\":\"B\"}]",
	  "topics[1].key" },
	{ "extra", "1", "extra" },
};

/* A good body with one member of this value. */
static const char *
body_with(const char *member, const char *value)
{
	static const char *const good[][2] = { { "scriptKey", "\"k\"" },
		                               { "name", "\"N\"" },
		                               { "scriptText", "\"T\"" } };
	struct buf b;

	buf_init(&b, test_arena(), (size_t)4 << 20);
	buf_char(&b, '{');
	for (size_t i = 0; i < 3; i++)
		if (strcmp(good[i][0], member) != 0)
			buf_fmt(&b, "\"%s\":%s,", good[i][0], good[i][1]);
	buf_fmt(&b, "\"%s\":%s}", member, value);
	return str_z(test_arena(), buf_slice(&b));
}

/* One error, at this path. */
static void
check_refused(const cJSON *problem, const char *path)
{
	ck_assert_str(text_at(problem, "error"), "invalid_request");
	ck_assert_msg(json_count(at(problem, "errors")) == 1 &&
	                      str_eq(text_at(problem, "errors.0.path"), str_from(path)),
	              "%s: %s", path, str_z(test_arena(), json_raw(test_arena(), problem)));
}

START_TEST(a_bad_body_is_refused_with_its_path_and_leaves_nothing)
{
	struct world *w = world_new();
	const char *next;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		check_refused(MUST(w, 400, "POST", SCRIPTS, w->acme_admin,
		                   body_with(wrong[i].member, wrong[i].value)),
		              wrong[i].path);
	check_refused(MUST(w, 400, "POST", SCRIPTS, w->acme_admin,
	                   "{\"name\":\"N\",\"scriptText\":\"T\"}"),
	              "scriptKey");
	check_refused(MUST(w, 400, "POST", SCRIPTS, w->acme_admin,
	                   "{\"scriptKey\":\"k\",\"scriptText\":\"T\"}"),
	              "name");
	check_refused(MUST(w, 400, "POST", SCRIPTS, w->acme_admin,
	                   "{\"scriptKey\":\"k\",\"name\":\"N\"}"),
	              "scriptText");
	MUST(w, 400, "POST", SCRIPTS, w->acme_admin, "");
	MUST(w, 400, "POST", SCRIPTS, w->acme_admin, "[]");
	MUST(w, 400, "POST", SCRIPTS, w->acme_admin, "{");
	ck_assert_str_eq(page_of(w, "", &next), "");
	world_end(w);
}
END_TEST

START_TEST(every_problem_of_a_body_is_told_at_once)
{
	struct world *w = world_new();
	const cJSON *p = MUST(w, 400, "POST", SCRIPTS, w->acme_admin,
	                      "{\"scriptKey\":\"\",\"version\":0,\"isActive\":2}");

	ck_assert_uint_eq(json_count(at(p, "errors")), 5);
	p = MUST(w, 400, "POST", SCRIPTS, w->acme_admin,
	         body_with("topics", "[{},{\"key\":\"a\",\"label\":\"\"},7]"));
	ck_assert_uint_eq(json_count(at(p, "errors")), 4);
	world_end(w);
}
END_TEST

/* A JSON text of n times the same character. */
static const char *
long_text(size_t n)
{
	char *p = arena_alloc(test_arena(), n + 3);

	memset(p, 'x', n + 2);
	p[0] = p[n + 1] = '"';
	return p;
}

/* The same of n characters of two bytes. */
static const char *
accents(size_t n)
{
	char *p = arena_alloc(test_arena(), 2 * n + 3);

	p[0] = p[2 * n + 1] = '"';
	for (size_t i = 0; i < n; i++)
		memcpy(p + 1 + 2 * i, "\xc3\xa9", 2);
	return p;
}

START_TEST(a_text_that_is_too_long_is_refused_and_said_so)
{
	struct world *w = world_new();
	const cJSON *p, *s;

	s = MUST(w, 201, "POST", SCRIPTS, w->acme_admin,
	         body_with("scriptText", long_text(262144)));
	ck_assert_uint_eq(text_at(s, "scriptText").n, 262144);
	p = MUST(w, 400, "POST", SCRIPTS, w->acme_admin,
	         body_with("scriptText", long_text(262145)));
	check_refused(p, "scriptText");
	p = MUST(w, 400, "POST", SCRIPTS, w->acme_admin,
	         body_with("scriptText", long_text(1 << 20)));
	check_refused(p, "scriptText");
	ck_assert_str(text_at(p, "errors.0.message"), "must have at most 262144 characters");
	/* fewer characters than that, but more bytes */
	p = MUST(w, 400, "POST", SCRIPTS, w->acme_admin, body_with("scriptText", accents(131073)));
	check_refused(p, "scriptText");
	ck_assert_str(text_at(p, "errors.0.message"), "must have at most 262144 bytes");
	world_end(w);
}
END_TEST

START_TEST(a_body_beyond_the_limit_is_413)
{
	struct world *w = world_new();
	struct reply r = call(w, "POST", SCRIPTS, w->acme_admin,
	                      body_with("scriptText", long_text((size_t)3 << 20)));

	ck_assert_int_eq(r.status, 413);
	ck_assert_str(text_at(r.doc, "error"), "payload_too_large");
	world_end(w);
}
END_TEST

START_TEST(an_activation_says_which_version)
{
	static const char *const bad[] = { "{}",
		                           "{\"version\":null}",
		                           "{\"version\":\"1\"}",
		                           "{\"version\":0}",
		                           "{\"version\":1.25}",
		                           "{\"version\":1,\"deactivateOthers\":null}",
		                           "{\"version\":1,\"deactivateOthers\":\"no\"}",
		                           "{\"version\":1,\"scriptKey\":\"sales\"}",
		                           "[1]",
		                           "" };
	struct world *w = world_new();

	add(w, "sales", "");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		MUST(w, 400, "POST", SCRIPTS "/sales/activate", w->acme_admin, bad[i]);
	world_end(w);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("api scripts", a_script_is_answered_as_it_is_stored,
	                  what_is_left_out_is_as_promised,
	                  a_version_is_given_once_and_the_next_is_above_all,
	                  scripts_are_listed_by_key_the_newest_version_first,
	                  a_version_is_put_into_use_and_others_out_of_it,
	                  a_key_may_need_to_be_spelled_out_in_the_path,
	                  making_and_activating_are_in_the_audit_log,
	                  scripts_are_an_admins_and_of_his_client_alone,
	                  a_bad_body_is_refused_with_its_path_and_leaves_nothing,
	                  every_problem_of_a_body_is_told_at_once,
	                  a_text_that_is_too_long_is_refused_and_said_so,
	                  a_body_beyond_the_limit_is_413, an_activation_says_which_version);
}

API_MAIN(make_suite)
