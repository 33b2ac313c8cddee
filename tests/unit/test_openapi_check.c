/* What holds real answers against the OpenAPI document, itself held against faults planted in
 * answers. */
#include "openapi_check.h"

#include "api/api.h"
#include "testing.h"

#define PROBLEM "application/problem+json"
#define JSON    "application/json; charset=utf-8"
#define ID      "\"0190f3a2-7c1e-7b1a-8c3d-0123456789ab\""
#define TIME    "\"2024-01-10T09:00:00.000Z\""

#define CLIENT(id, name, url, active, created)                                                     \
	"{\"id\":" id ",\"slug\":\"acme\",\"name\":" name ",\"apiBaseUrl\":" url                   \
	",\"hasApiKey\":false,\"isActive\":" active ",\"createdAt\":" created                      \
	",\"updatedAt\":" TIME "}"
#define GOOD CLIENT(ID, "\"Acme\"", "null", "true", TIME)

static const cJSON *
document(void)
{
	struct buf b;

	buf_init(&b, test_arena(), (size_t)4 << 20);
	api_openapi(&b);
	return test_json(buf_slice(&b));
}

static const char *
check(const char *method, const char *target, int status, const char *headers, const char *type,
      const char *body)
{
	const struct openapi_answer x = {
		method, target, status,
		str_z(test_arena(),
		      str_fmt(test_arena(),
		              "HTTP/1.1 %d X\r\nX-Request-Id: r1\r\n%sContent-Type: %s\r\n", status,
		              headers, type)),
		str_from(body)
	};

	return openapi_check(test_arena(), document(), &x);
}

static void
must_fit(const char *wrong)
{
	ck_assert_msg(wrong == NULL, "%s", wrong);
}

static void
must_say(const char *wrong, const char *part)
{
	ck_assert_msg(wrong != NULL, "nothing is said of: %s", part);
	ck_assert_msg(strstr(wrong, part) != NULL, "%s: it should say: %s", wrong, part);
}

/* GET /api/clients/acme with this client. */
static const char *
client(const char *text)
{
	return check("GET", "/api/clients/acme", 200, "ETag: \"1\"\r\n", JSON,
	             str_z(test_arena(), str_fmt(test_arena(), "{\"client\":%s}", text)));
}

START_TEST(an_answer_that_is_as_described_passes)
{
	must_fit(client(GOOD));
	must_fit(client(CLIENT(ID, "\"\"", "\"https://a\"", "false", TIME)));
	must_fit(check("GET", "/api/clients?limit=1", 200, "", JSON,
	               "{\"data\":[" GOOD "],\"nextCursor\":\"x\"}"));
	must_fit(check("HEAD", "/api/clients/acme", 200, "ETag: \"1\"\r\n", JSON, ""));
	must_fit(check("GET", "/api/clients/acme", 304, "ETag: \"1\"\r\n", JSON, ""));
}
END_TEST

START_TEST(a_member_that_is_not_in_the_table_is_caught)
{
	must_say(client("{\"id\":" ID ",\"slug\":\"acme\",\"name\":\"A\",\"apiBaseUrl\":null,"
	                "\"hasApiKey\":false,\"isActive\":true,\"createdAt\":" TIME
	                ",\"updatedAt\":" TIME ",\"apiKey\":\"secret\"}"),
	         "client.apiKey: is not described");
	must_say(check("GET", "/api/clients", 200, "", JSON,
	               "{\"data\":[],\"nextCursor\":null,\"total\":0}"),
	         "total: is not described");
}
END_TEST

START_TEST(a_member_that_is_missing_is_caught)
{
	must_say(client("{\"id\":" ID "}"), "client.slug: is missing");
	must_say(check("GET", "/api/clients", 200, "", JSON, "{\"data\":[]}"),
	         "nextCursor: is missing");
}
END_TEST

START_TEST(a_member_that_is_there_twice_is_caught)
{
	must_say(check("GET", "/health", 200, "", JSON, "{\"status\":\"ok\",\"status\":\"ok\"}"),
	         "status: is there twice");
}
END_TEST

START_TEST(a_wrong_type_is_caught_at_any_depth)
{
	must_say(client(CLIENT(ID, "7", "null", "true", TIME)), "client.name: is 7, not");
	must_say(client(CLIENT(ID, "null", "null", "true", TIME)), "client.name: is null, not");
	must_say(client(CLIENT(ID, "\"A\"", "null", "\"true\"", TIME)), "client.isActive");
	must_say(client(CLIENT(ID, "\"A\"", "[]", "true", TIME)), "client.apiBaseUrl");
	must_say(check("GET", "/api/clients", 200, "", JSON,
	               "{\"data\":[" GOOD
	               "," CLIENT(ID, "1", "null", "true", TIME) "],"
	                                                         "\"nextCursor\":null}"),
	         "data[1].name");
	must_say(check("POST", "/api/connections/x/release", 200, "", JSON, "{\"released\":1.5}"),
	         "released: is 1.5, not");
}
END_TEST

START_TEST(an_id_or_a_time_in_another_form_is_caught)
{
	must_say(client(CLIENT("\"7\"", "\"A\"", "null", "true", TIME)), "client.id: is no id");
	must_say(client(CLIENT(ID, "\"A\"", "null", "true", "\"2024-01-10T09:00:00Z\"")),
	         "client.createdAt: is no time");
	must_say(client(CLIENT(ID, "\"A\"", "null", "true", "\"2024-01-10T09:00:00.000+00:00\"")),
	         "client.createdAt: is no time");
	must_say(client(CLIENT(ID, "\"A\"", "null", "true", "\"2024-13-10T09:00:00.000Z\"")),
	         "client.createdAt: is no time");
}
END_TEST

START_TEST(a_word_that_is_none_of_the_list_is_caught)
{
	must_say(check("GET", "/api/me", 200, "", JSON,
	               "{\"role\":\"guest\",\"clients\":[],\"clientSlug\":null,\"language\":\"pt-"
	               "BR\"}"),
	         "role: is \"guest\", which is none of its words");
}
END_TEST

START_TEST(a_route_or_method_that_is_not_described_is_caught_unless_it_is_refused)
{
	const char *refusal = "{\"type\":\"/problems/not_found\",\"title\":\"T\",\"status\":404,"
			      "\"error\":\"not_found\",\"requestId\":\"r1\"}";

	must_say(check("GET", "/api/nothing", 200, "", JSON, "{}"), "not described");
	must_say(check("PUT", "/api/clients/acme", 200, "", JSON, "{}"), "not described");
	must_fit(check("GET", "/api/nothing", 404, "", PROBLEM, refusal));
	must_fit(check("PUT", "/api/clients/acme", 405, "", PROBLEM, refusal));
	must_say(check("GET", "/api/nothing", 404, "", PROBLEM, "{\"error\":\"not_found\"}"),
	         "type: is missing");
	must_say(check("GET", "/api/nothing", 404, "", "text/html", "<html>"), "Content-Type");
}
END_TEST

START_TEST(a_status_that_is_not_described_is_caught)
{
	must_say(check("GET", "/api/clients/acme", 201, "", JSON, "{}"),
	         "the status is not described");
	must_say(check("GET", "/api/clients/acme", 409, "", PROBLEM, "{}"),
	         "the status is not described");
}
END_TEST

START_TEST(a_header_that_is_missing_or_not_described_is_caught)
{
	const struct openapi_answer bare = {
		"GET", "/health", 200, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
		STR("{\"status\":\"ok\"}")
	};

	must_say(openapi_check(test_arena(), document(), &bare), "X-Request-Id is missing");
	must_say(check("GET", "/api/clients/acme", 200, "", JSON, "{\"client\":" GOOD "}"),
	         "ETag is missing");
	must_say(check("GET", "/health", 200, "ETag: \"1\"\r\n", JSON, "{\"status\":\"ok\"}"),
	         "ETag is not described");
	must_say(check("GET", "/health", 200, "Location: /a\r\n", JSON, "{\"status\":\"ok\"}"),
	         "Location is not described");
}
END_TEST

START_TEST(a_body_that_is_not_of_its_type_is_caught)
{
	must_say(check("GET", "/health", 200, "", JSON, "ok"), "no JSON");
	must_say(check("GET", "/health", 200, "", "text/plain", "ok"), "Content-Type");
	must_say(check("DELETE", "/api/tokens/x", 204, "", JSON, "{}"), "it has a body");
	must_say(check("HEAD", "/health", 200, "", JSON, "{}"), "it has a body");
}
END_TEST

START_TEST(the_path_with_fewer_parameters_is_meant)
{
	/* POST …/ensure answers 200 too, POST /api/clients does not; jobs/import is no job's id */
	must_fit(check("POST", "/api/clients/ensure", 200, "", JSON, "{\"client\":" GOOD "}"));
	must_say(check("POST", "/api/clients", 200, "", JSON, "{\"client\":" GOOD "}"), "status");
	must_fit(check("POST", "/api/jobs/import/acme", 202, "Location: /api/jobs/x\r\n", JSON,
	               "{\"message\":\"m\",\"slug\":\"acme\",\"jobId\":" ID "}"));
}
END_TEST

START_TEST(a_schema_that_is_not_understood_is_a_failure)
{
	const cJSON *schema = test_json(STR("{\"type\":\"string\",\"maxLength\":1}"));
	const cJSON *away = test_json(STR("{\"$ref\":\"#/components/schemas/Nobody\"}"));
	const cJSON *format = test_json(STR("{\"type\":\"string\",\"format\":\"ipv4\"}"));
	const cJSON *vague = test_json(STR("{\"enum\":[\"long\"]}"));
	const cJSON *value = test_json(STR("\"long\"")), *doc = document();

	must_say(openapi_check_value(test_arena(), doc, schema, value), "maxLength");
	must_say(openapi_check_value(test_arena(), doc, away, value), "not there");
	must_say(openapi_check_value(test_arena(), doc, format, value), "format");
	must_say(openapi_check_value(test_arena(), doc, vague, value), "without a type");
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE(
		"openapi check", an_answer_that_is_as_described_passes,
		a_member_that_is_not_in_the_table_is_caught, a_member_that_is_missing_is_caught,
		a_member_that_is_there_twice_is_caught, a_wrong_type_is_caught_at_any_depth,
		an_id_or_a_time_in_another_form_is_caught,
		a_word_that_is_none_of_the_list_is_caught,
		a_route_or_method_that_is_not_described_is_caught_unless_it_is_refused,
		a_status_that_is_not_described_is_caught,
		a_header_that_is_missing_or_not_described_is_caught,
		a_body_that_is_not_of_its_type_is_caught, the_path_with_fewer_parameters_is_meant,
		a_schema_that_is_not_understood_is_a_failure);
}

TEST_MAIN(suite)
