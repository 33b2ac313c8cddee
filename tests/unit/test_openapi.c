/* The OpenAPI document, against the tables that it is made from and the code's own words. */
#include "api/call.h"
#include "api/words.h"
#include "core/facts.h"
#include "core/session.h"
#include "testing.h"
#include "work/jobs.h"

static const cJSON *
document(void)
{
	struct buf b;

	buf_init(&b, test_arena(), (size_t)4 << 20);
	api_openapi(&b);
	ck_assert_ok(buf_check(&b));
	return test_json(buf_slice(&b));
}

/* "#/components/schemas/Lead" */
static const cJSON *
look_up(const cJSON *doc, struct str ref)
{
	struct str part;

	ck_assert_msg(str_starts(ref, STR("#/")), STR_FMT, STR_ARG(ref));
	ref = str_sub(ref, 2, ref.n);
	while (doc != NULL && str_split(&ref, '/', &part))
		doc = json_get(doc, str_z(test_arena(), part));
	return doc;
}

static size_t
check_references(const cJSON *doc, const cJSON *v)
{
	struct str ref = json_str(json_get(v, "$ref"));
	size_t n = 0;

	if (str_is_set(ref)) {
		ck_assert_msg(look_up(doc, ref) != NULL, STR_FMT " is not there", STR_ARG(ref));
		n++;
	}
	for (const cJSON *x = json_first(v); x != NULL; x = x->next)
		n += check_references(doc, x);
	return n;
}

START_TEST(what_is_referred_to_is_there)
{
	const cJSON *doc = document();

	ck_assert(check_references(doc, doc) > 500);
}
END_TEST

/* "/api/tickets/:clientSlug/:id" as "/api/tickets/{clientSlug}/{id}" */
static const char *
template_of(const char *pattern)
{
	struct str rest = str_from(pattern), part, out = STR("");
	bool first = true;

	while (str_split(&rest, '/', &part)) {
		bool parameter = str_starts(part, STR(":"));

		out = str_fmt(test_arena(), STR_FMT "%s%s" STR_FMT "%s", STR_ARG(out),
		              first ? "" : "/", parameter ? "{" : "",
		              STR_ARG(str_sub(part, parameter, part.n)), parameter ? "}" : "");
		first = false;
	}
	return str_z(test_arena(), out);
}

static const cJSON *
operation_of(const cJSON *doc, const struct api_route *r)
{
	const cJSON *path = json_get(json_get(doc, "paths"), template_of(r->pattern));
	char method[16] = "";

	for (size_t i = 0; r->method[i] != 0 && i < sizeof(method) - 1; i++)
		method[i] = (char)(r->method[i] | 0x20);
	return json_get(path, method);
}

START_TEST(each_row_of_the_route_tables_is_one_operation_with_a_name_of_its_own)
{
	const cJSON *doc = document();
	size_t operations = 0, rows = 0;
	const struct api_route *r;

	for (const cJSON *p = json_first(json_get(doc, "paths")); p != NULL; p = p->next)
		operations += json_count(p);
	for (; (r = api_route_at(rows)) != NULL; rows++) {
		const cJSON *o = operation_of(doc, r);

		ck_assert_msg(o != NULL, "%s %s", r->method, r->pattern);
		ck_assert_slice(json_str(json_get(o, "operationId")), str_from(r->id));
		for (size_t k = 0; k < rows; k++)
			ck_assert_str_ne(api_route_at(k)->id, r->id);
	}
	ck_assert_uint_eq(operations, rows);
	ck_assert_uint_eq(rows, api_route_count + api_door_route_count);
}
END_TEST

START_TEST(each_parameter_and_answer_of_a_row_is_described)
{
	const cJSON *doc = document();
	const struct api_route *r;

	for (size_t i = 0; (r = api_route_at(i)) != NULL; i++) {
		const cJSON *o = operation_of(doc, r), *parameters = json_get(o, "parameters");
		size_t wanted = 0;

		for (const char *p = r->pattern; *p != 0; p++)
			wanted += *p == ':';
		for (const struct api_field *f = r->query; f != NULL && f->name != NULL; f++)
			wanted++;
		wanted += api_route_header(r) != NULL;
		ck_assert_msg(json_count(parameters) == wanted, "%s", r->id);
		ck_assert_msg((json_get(o, "requestBody") != NULL) == (r->body != NULL), "%s",
		              r->id);
		ck_assert_msg(r->replies[0].status != 0, "%s answers nothing", r->id);
		for (const struct api_reply *x = r->replies; x->status != 0; x++) {
			const char *status =
				str_z(test_arena(), str_fmt(test_arena(), "%d", x->status));

			ck_assert_msg(json_get(json_get(o, "responses"), status) != NULL, "%s %s",
			              r->id, status);
		}
	}
}
END_TEST

START_TEST(a_body_member_that_a_handler_looks_into_is_described)
{
	const struct api_route *r;
	size_t seen = 0;

	for (size_t i = 0; (r = api_route_at(i)) != NULL; i++)
		for (const struct api_field *f = r->body; f != NULL && f->name != NULL; f++) {
			ck_assert_msg((f->inside != NULL) == (f->kind == KIND_JSON), "%s %s", r->id,
			              f->name);
			seen += f->inside != NULL;
		}
	ck_assert(seen > 0);
}
END_TEST

START_TEST(names_of_schemas_and_of_their_members_are_unlike_each_other)
{
	const struct api_schema *s;
	const struct api_member *m;

	for (size_t i = 0; (s = schema_at(i)) != NULL; i++) {
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(schema_at(k)->name, s->name);
		for (size_t k = 0; (m = schema_member(s, k)) != NULL; k++) {
			ck_assert_msg((m->words != NULL) == (m->type == TYPE_WORD), "%s.%s",
			              s->name, m->name);
			for (size_t n = 0; n < k; n++)
				ck_assert_str_ne(schema_member(s, n)->name, m->name);
		}
	}
}
END_TEST

START_TEST(the_members_of_a_base_come_first)
{
	const struct api_member *m = schema_member(&schema_conversation_detail, 0);
	size_t n = 0;

	ck_assert_str_eq(m->name, "id");
	while (schema_member(&schema_conversation_detail, n) != NULL)
		n++;
	ck_assert_str_eq(schema_member(&schema_conversation_detail, n - 1)->name, "tickets");
}
END_TEST

static size_t
count(const char *const *words)
{
	size_t n = 0;

	while (words[n] != NULL)
		n++;
	return n;
}

START_TEST(the_words_are_those_of_the_code)
{
	for (int i = SESSION_CLOSED; i <= SESSION_OPEN_WEAK; i++)
		ck_assert_str_eq(words_session_types[i], session_type_word((enum session_type)i));
	ck_assert_uint_eq(count(words_session_types), 3);
	for (int i = JOB_IMPORT; i <= JOB_ANALYSIS; i++)
		ck_assert_str_eq(words_job_kinds[i], jobs_kind_name((enum job_kind)i));
	for (int i = ROLE_VIEWER; i <= ROLE_OPERATOR; i++)
		ck_assert_str_eq(words_callers[i - ROLE_VIEWER], auth_role_name((enum api_role)i));
	ck_assert_uint_eq(count(words_callers), 4);
	ck_assert_uint_eq(1u << (count(words_session_flags) - 1), SESSION_ANCHORED);
	ck_assert_uint_eq(1u << (count(words_event_fields) - 1), FIELD_OTHER);
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE("openapi", what_is_referred_to_is_there,
	                  each_row_of_the_route_tables_is_one_operation_with_a_name_of_its_own,
	                  each_parameter_and_answer_of_a_row_is_described,
	                  a_body_member_that_a_handler_looks_into_is_described,
	                  names_of_schemas_and_of_their_members_are_unlike_each_other,
	                  the_members_of_a_base_come_first, the_words_are_those_of_the_code);
}

TEST_MAIN(suite)
