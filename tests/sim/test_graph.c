/*
 * The simulated Graph API: onboarding, the door, faults and controls. What always holds: what is
 * wrong is refused as Meta does and noted; what is refused through no fault of the caller is not.
 */
#include <stdlib.h>

#include "graph_fixture.h"

#define MOST 64

static size_t
violations(const struct play *p)
{
	return p->graph->violations.n;
}

static struct str
new_code(struct play *p)
{
	play_control(p, "code", "{\"wabaId\":\"" WABA "\"}");
	return play_text(p, "code");
}

/* Gives the code back for a token; the status. */
static int
exchange(struct play *p, const char *id, const char *secret, struct str code)
{
	return play_call(
		p, "GET",
		str_z(test_arena(), str_fmt(test_arena(),
	                                    "/oauth/access_token?client_id=%s&client_secret=%s"
	                                    "&code=" STR_FMT,
	                                    id, secret, STR_ARG(code))),
		NULL);
}

START_TEST(a_code_gives_one_token_that_works)
{
	struct play p;

	play_start(&p);
	struct str code = new_code(&p);
	ck_assert_str(json_str(json_get(json_get(json_get(p.json, "event"), "data"), "waba_id")),
	              WABA);
	ck_assert_int_eq(exchange(&p, APP, SECRET, code), 200);
	ck_assert_str(play_text(&p, "token_type"), "bearer");
	p.token = play_text(&p, "access_token");
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers", NULL), 200);
	ck_assert_int_eq(exchange(&p, APP, SECRET, code), 400);
	ck_assert_int_eq(play_code(&p), 100);
	ck_assert_int_eq(play_subcode(&p), 36009);
	ck_assert_uint_eq(violations(&p), 0);
	play_end(&p);
}
END_TEST

START_TEST(a_code_lives_thirty_seconds)
{
	struct play p;

	play_start(&p);
	struct str first = new_code(&p), second = new_code(&p);
	p.now += 29999;
	ck_assert_int_eq(exchange(&p, APP, SECRET, first), 200);
	p.now += 1;
	ck_assert_int_eq(exchange(&p, APP, SECRET, second), 400);
	ck_assert_int_eq(play_subcode(&p), 36007);
	ck_assert_uint_eq(violations(&p), 0);
	play_end(&p);
}
END_TEST

START_TEST(a_wrong_app_secret_or_code_gives_no_token)
{
	struct play p;

	play_start(&p);
	struct str code = new_code(&p);
	ck_assert_int_eq(exchange(&p, "1", SECRET, code), 400);
	ck_assert_int_eq(play_code(&p), 101);
	ck_assert_int_eq(exchange(&p, APP, "outro", code), 400);
	ck_assert_int_eq(play_code(&p), 1);
	ck_assert_int_eq(exchange(&p, APP, SECRET, STR("AQnada")), 400);
	ck_assert_int_eq(play_code(&p), 100);
	ck_assert_int_eq(play_subcode(&p), 0);
	ck_assert_int_eq(play_call(&p, "POST", "/oauth/access_token", "{}"), 400);
	ck_assert_uint_eq(violations(&p), 4);
	ck_assert_int_eq(exchange(&p, APP, SECRET, code), 200);
	play_end(&p);
}
END_TEST

START_TEST(numbers_show_the_fields_that_are_asked_for)
{
	struct play p;
	bool on = false;

	play_start(&p);
	ck_assert_int_eq(play_call(&p, "GET",
	                           "/v24.0/" WABA "/phone_numbers?fields=id,display_phone_number,"
	                           "verified_name,quality_rating,is_on_biz_app,platform_type",
	                           NULL),
	                 200);
	const cJSON *list = json_get(p.json, "data"), *one = json_first(list);
	ck_assert_uint_eq(json_count(list), 2);
	ck_assert_str(json_str(json_get(one, "id")), NUMBER);
	ck_assert_str(json_str(json_get(one, "display_phone_number")), "+55 11 3000-0001");
	ck_assert_str(json_str(json_get(one, "verified_name")), "Loja de Teste");
	ck_assert_str(json_str(json_get(one, "quality_rating")), "GREEN");
	ck_assert_str(json_str(json_get(one, "platform_type")), "CLOUD_API");
	ck_assert(json_bool(json_get(one, "is_on_biz_app"), &on) && on);
	ck_assert(json_bool(json_get(one->next, "is_on_biz_app"), &on) && !on);
	ck_assert_ptr_null(json_get(json_get(p.json, "paging"), "next"));
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers", NULL), 200);
	ck_assert_ptr_null(json_get(json_first(json_get(p.json, "data")), "is_on_biz_app"));
	ck_assert_int_eq(play_call(&p, "GET", "/" NUMBER "?fields=verified_name", NULL), 200);
	ck_assert_str(play_text(&p, "verified_name"), "Loja de Teste");
	ck_assert_uint_eq(violations(&p), 0);
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers?fields=nome", NULL), 400);
	ck_assert_int_eq(play_code(&p), 100);
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers?after=x", NULL), 400);
	ck_assert_uint_eq(violations(&p), 2);
	play_end(&p);
}
END_TEST

START_TEST(numbers_come_in_pages_of_25)
{
	struct play p;
	size_t seen = 0, pages = 0;
	struct str after = STR("");

	play_start(&p);
	for (int i = 0; i < 58; i++)
		play_control(
			&p, "number",
			str_z(test_arena(),
		              str_fmt(test_arena(),
		                      "{\"wabaId\":\"" WABA "\",\"phoneNumberId\":\"2000%02d\","
		                      "\"displayPhoneNumber\":\"+5511400000%02d\"}",
		                      i, i)));
	play_control(&p, "number",
	             "{\"wabaId\":\"1\",\"phoneNumberId\":\"3\",\"displayPhoneNumber\":\"+551\"}");
	for (bool more = true; more; pages++) {
		ck_assert_int_eq(
			play_call(&p, "GET",
		                  str_z(test_arena(),
		                        str_fmt(test_arena(),
		                                "/" WABA "/phone_numbers?fields=id%s" STR_FMT,
		                                after.n > 0 ? "&after=" : "", STR_ARG(after))),
		                  NULL),
			200);
		const cJSON *paging = json_get(p.json, "paging");
		seen += json_count(json_get(p.json, "data"));
		after = json_str(json_get(json_get(paging, "cursors"), "after"));
		more = str_starts(json_str(json_get(paging, "next")), STR("http://graph.test/"));
		ck_assert_uint_eq(seen, more ? 25 * (pages + 1) : 60);
	}
	ck_assert_uint_eq(pages, 3);
	ck_assert_uint_eq(violations(&p), 0);
	play_end(&p);
}
END_TEST

START_TEST(an_app_is_subscribed_and_unsubscribed)
{
	struct play p;
	bool done = false;

	play_start(&p);
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/subscribed_apps", NULL), 200);
	ck_assert_uint_eq(json_count(json_get(p.json, "data")), 0);
	ck_assert_int_eq(play_call(&p, "POST", "/" WABA "/subscribed_apps", NULL), 200);
	ck_assert(json_bool(json_get(p.json, "success"), &done) && done);
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/subscribed_apps", NULL), 200);
	const cJSON *app = json_first(json_get(p.json, "data"));
	ck_assert_str(json_str(json_get(json_get(app, "whatsapp_business_api_data"), "id")), APP);
	ck_assert_int_eq(play_call(&p, "DELETE", "/" WABA "/subscribed_apps", NULL), 200);
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/subscribed_apps", NULL), 200);
	ck_assert_uint_eq(json_count(json_get(p.json, "data")), 0);
	ck_assert_uint_eq(violations(&p), 0);
	play_end(&p);
}
END_TEST

/* Asks for a sync; the status. */
static int
sync_of(struct play *p, const char *number, const char *type)
{
	return play_call(
		p, "POST", str_z(test_arena(), str_fmt(test_arena(), "/%s/smb_app_data", number)),
		str_z(test_arena(),
	              str_fmt(test_arena(),
	                      "{\"messaging_product\":\"whatsapp\",\"sync_type\":\"%s\"}", type)));
}

START_TEST(contacts_and_history_follow_their_sync)
{
	struct facts f[MOST];
	struct play p;
	size_t messages = 0, contacts = 0, chunks = 0;
	int64_t progress = 0;

	play_start(&p);
	play_call(&p, "POST", "/" WABA "/subscribed_apps", NULL);
	ck_assert_int_eq(sync_of(&p, NUMBER, "smb_app_state_sync"), 200);
	ck_assert(str_starts(play_text(&p, "request_id"), STR("req-")));
	size_t n = play_webhooks(&p, f, MOST);
	ck_assert_uint_gt(n, 0);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(f[i].fields, FIELD_STATE_SYNC);
		ck_assert_str(f[i].routes.v[0].phone_number_id, NUMBER);
		ck_assert_str(f[i].routes.v[0].waba_id, WABA);
		ck_assert_str(f[i].routes.v[0].display_number, "551130000001");
		contacts += f[i].contacts.n;
	}
	ck_assert_uint_gt(contacts, 10);
	ck_assert_int_eq(sync_of(&p, NUMBER, "history"), 200);
	n = play_webhooks(&p, f, MOST);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(f[i].fields, FIELD_HISTORY);
		ck_assert_str(f[i].routes.v[0].phone_number_id, NUMBER);
		for (size_t k = 0; k < f[i].chunks.n; k++, chunks++) {
			ck_assert(f[i].chunks.v[k].phase_number >= 0 &&
			          f[i].chunks.v[k].phase_number <= 2);
			messages += f[i].chunks.v[k].messages;
			if (f[i].chunks.v[k].progress > progress)
				progress = f[i].chunks.v[k].progress;
		}
	}
	ck_assert_uint_ge(chunks, 300 / 60);
	ck_assert_uint_ge(messages, 300);
	ck_assert_int_eq(progress, 100);
	ck_assert_uint_eq(violations(&p), 0);
	play_end(&p);
}
END_TEST

START_TEST(a_sync_is_accepted_once_within_a_day_and_of_the_app_only)
{
	struct facts f[MOST];
	struct play p;

	play_start(&p);
	play_call(&p, "POST", "/" WABA "/subscribed_apps", NULL);
	ck_assert_int_eq(sync_of(&p, NUMBER, "smb_app_state_sync"), 200);
	ck_assert_uint_gt(play_webhooks(&p, f, MOST), 0);
	ck_assert_int_eq(sync_of(&p, NUMBER, "smb_app_state_sync"), 400);
	ck_assert_int_eq(play_code(&p), 2593107);
	p.now += TIME_DAY;
	ck_assert_int_eq(sync_of(&p, NUMBER, "history"), 400);
	ck_assert_int_eq(play_code(&p), 2593108);
	ck_assert_uint_eq(violations(&p), 0);
	play_control(&p, "code", "{\"wabaId\":\"" WABA "\"}");
	play_control(&p, "late", "{\"phoneNumberId\":\"" NUMBER "\"}");
	ck_assert_int_eq(sync_of(&p, NUMBER, "history"), 400);
	ck_assert_int_eq(play_code(&p), 2593108);
	play_control(&p, "code", "{\"wabaId\":\"" WABA "\"}");
	ck_assert_int_eq(sync_of(&p, NUMBER, "history"), 400);
	play_control(&p, "code", "{\"wabaId\":\"" WABA "\",\"again\":true}");
	ck_assert_int_eq(sync_of(&p, NUMBER, "smb_app_state_sync"), 200);
	ck_assert_int_eq(sync_of(&p, NUMBER, "history"), 200);
	ck_assert_uint_eq(violations(&p), 0);
	ck_assert_int_eq(sync_of(&p, CLOUD, "history"), 400);
	ck_assert_int_eq(play_code(&p), 131000);
	ck_assert_int_eq(sync_of(&p, NUMBER, "tudo"), 400);
	ck_assert_int_eq(play_code(&p), 100);
	ck_assert_int_eq(sync_of(&p, WABA, "history"), 400);
	ck_assert_int_eq(play_subcode(&p), 33);
	ck_assert_uint_eq(violations(&p), 3);
	play_end(&p);
}
END_TEST

START_TEST(without_a_subscription_a_sync_leads_to_nothing)
{
	struct facts f[MOST];
	struct play p;

	play_start(&p);
	ck_assert_int_eq(sync_of(&p, NUMBER, "history"), 200);
	ck_assert_uint_eq(play_webhooks(&p, f, MOST), 0);
	ck_assert_uint_eq(violations(&p), 2); /* and the contacts come first */
	play_end(&p);
}
END_TEST

START_TEST(a_declined_history_is_an_error_by_webhook)
{
	static const char *const forms[] = { "envelope", "bare", "value", "metadata" };

	for (size_t i = 0; i < 4; i++) {
		struct facts f[MOST];
		struct play p;
		play_start(&p);
		play_control(&p, "number",
		             str_z(test_arena(),
		                   str_fmt(test_arena(),
		                           "{\"wabaId\":\"" WABA "\",\"phoneNumberId\":\"" NUMBER
		                           "\",\"decline\":\"%s\"}",
		                           forms[i])));
		play_call(&p, "POST", "/" WABA "/subscribed_apps", NULL);
		ck_assert_int_eq(sync_of(&p, NUMBER, "smb_app_state_sync"), 200);
		ck_assert_uint_gt(play_webhooks(&p, f, MOST), 0);
		ck_assert_int_eq(sync_of(&p, NUMBER, "history"), 200);
		ck_assert_uint_eq(play_webhooks(&p, f, MOST), 1);
		ck_assert_uint_eq(f[0].errors.n, 1);
		ck_assert_int_eq(f[0].errors.v[0].code, 2593109);
		ck_assert_str(f[0].routes.v[0].phone_number_id, NUMBER);
		play_end(&p);
	}
}
END_TEST

START_TEST(a_number_of_the_app_is_never_registered)
{
	struct play p;
	const char *body = "{\"messaging_product\":\"whatsapp\",\"pin\":\"123456\"}";

	play_start(&p);
	ck_assert_int_eq(play_call(&p, "POST", "/" CLOUD "/register", body), 200);
	ck_assert_uint_eq(violations(&p), 0);
	ck_assert_int_eq(play_call(&p, "POST", "/" NUMBER "/register", body), 400);
	ck_assert_int_eq(play_call(&p, "POST", "/" CLOUD "/register", "{\"pin\":\"1\"}"), 400);
	ck_assert_uint_eq(violations(&p), 2);
	play_end(&p);
}
END_TEST

START_TEST(the_door_wants_a_token_of_the_account)
{
	struct play p;

	play_start(&p);
	struct str good = p.token;
	p.token = STR("");
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers", NULL), 401);
	ck_assert_int_eq(play_code(&p), 104);
	p.token = STR("EAAoutro");
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers", NULL), 401);
	ck_assert_int_eq(play_code(&p), 190);
	play_control(&p, "number",
	             "{\"wabaId\":\"1\",\"phoneNumberId\":\"2\",\"displayPhoneNumber\":\"+551\"}");
	play_control(&p, "token", "{\"wabaId\":\"1\"}");
	p.token = play_text(&p, "token");
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers", NULL), 400);
	ck_assert_int_eq(play_subcode(&p), 33);
	ck_assert_uint_eq(violations(&p), 3);
	p.token = good;
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers", NULL), 200);
	play_control(&p, "revoke", "{}");
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers", NULL), 401);
	ck_assert_int_eq(play_code(&p), 190);
	ck_assert_uint_eq(violations(&p), 3);
	play_end(&p);
}
END_TEST

START_TEST(what_no_endpoint_knows_is_refused_and_noted)
{
	static const struct {
		const char *method, *path;
	} cases[] = {
		{ "GET", "/" },
		{ "GET", "/nada" },
		{ "POST", "/" WABA "/phone_numbers" },
		{ "PUT", "/" WABA "/subscribed_apps" },
		{ "GET", "/" NUMBER "/messages" },
		{ "GET", "/" WABA "/nada" },
		{ "GET", "/" NUMBER "/phone_numbers" },
		{ "POST", "/" NUMBER "/messages/1" },
		{ "DELETE", "/" NUMBER },
	};
	struct play p;

	play_start(&p);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ck_assert_msg(play_call(&p, cases[i].method, cases[i].path, "{}") == 400, "%s",
		              cases[i].path);
		ck_assert_int_eq(play_code(&p), 100);
		ck_assert_int_eq(play_subcode(&p), 33);
		ck_assert_str(json_str(json_get(json_get(p.json, "error"), "type")),
		              "GraphMethodException");
		ck_assert(str_is_set(json_str(json_get(json_get(p.json, "error"), "fbtrace_id"))));
	}
	/* GET /nada is an id that does not exist, which is nobody's fault */
	ck_assert_uint_eq(violations(&p), sizeof cases / sizeof cases[0] - 2);
	play_end(&p);
}
END_TEST

START_TEST(faults_befall_so_many_requests_of_their_path)
{
	static const struct {
		const char *fault;
		int status;
		int64_t code;
		enum web_fate fate;
	} cases[] = {
		{ "\"code\":4", 400, 4, WEB_ANSWERED },
		{ "\"code\":4,\"status\":429,\"retryAfter\":7", 429, 4, WEB_ANSWERED },
		{ "\"code\":80007", 400, 80007, WEB_ANSWERED },
		{ "\"code\":130429", 429, 130429, WEB_ANSWERED },
		{ "\"code\":190,\"subcode\":463", 401, 190, WEB_ANSWERED },
		{ "\"code\":200", 403, 200, WEB_ANSWERED },
		{ "\"status\":502", 502, 2, WEB_ANSWERED },
		{ "\"fate\":\"cut\"", 200, 2, WEB_TRUNCATED },
		{ "\"fate\":\"close\"", 0, 0, WEB_CLOSED },
		{ "\"fate\":\"hang\"", 0, 0, WEB_HANGS },
		{ "\"fate\":\"garbage\"", 200, 0, WEB_ANSWERED },
		{ "\"fate\":\"slow\",\"ms\":5000", 200, 0, WEB_ANSWERED },
	};
	struct play p;

	play_start(&p);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		play_control(&p, "fault",
		             str_z(test_arena(),
		                   str_fmt(test_arena(),
		                           "{\"path\":\"/*/phone_numbers\",\"method\":\"GET\","
		                           "\"times\":2,%s}",
		                           cases[i].fault)));
		ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/subscribed_apps", NULL), 200);
		for (int k = 0; k < 2; k++) {
			ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers", NULL),
			                 cases[i].status);
			ck_assert_int_eq(play_code(&p), cases[i].code);
			ck_assert_int_eq(p.reply.fate, cases[i].fate);
			if (cases[i].fate == WEB_TRUNCATED)
				ck_assert_uint_lt(p.reply.cut_at, p.reply.body.n);
		}
		ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers", NULL), 200);
		ck_assert_int_eq(p.reply.delay_ms, 0);
	}
	play_control(&p, "fault", "{\"path\":\"/\",\"times\":9,\"code\":4,\"retryAfter\":7}");
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers", NULL), 400);
	ck_assert_str(p.reply.headers[p.reply.nheaders - 1].value, "7");
	play_control(&p, "calm", "{}");
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers", NULL), 200);
	ck_assert_uint_eq(violations(&p), 0);
	ck_assert_uint_eq(p.graph->faults_played, 2 * sizeof cases / sizeof cases[0] + 1);
	play_end(&p);
}
END_TEST

START_TEST(a_control_that_is_not_understood_changes_nothing)
{
	static const struct {
		const char *name, *body;
	} cases[] = {
		{ "number", "{\"wabaId\":\"9\"}" },
		{ "number", "{\"wabaId\":\"9\",\"phoneNumberId\":\"8\",\"nada\":1}" },
		{ "number", "{\"wabaId\":\"9\",\"phoneNumberId\":\"8\",\"people\":-1}" },
		{ "number", "{\"wabaId\":\"9\",\"phoneNumberId\":8}" },
		{ "number", "[]" },
		{ "code", "{\"wabaId\":\"9\"}" },
		{ "late", "{\"phoneNumberId\":\"9\"}" },
		{ "window", "{\"waId\":\"9\"}" },
		{ "fault", "{\"path\":\"/\"}" },
		{ "fault", "{\"path\":\"/\",\"fate\":\"nada\"}" },
		{ "fault", "{\"path\":\"/\",\"code\":4,\"status\":99}" },
		{ "media", "{\"bytes\":3}" },
		{ "media", "{\"id\":\"1\",\"bytes\":200000000}" },
		{ "revoke", "{\"token\":\"EAAoutro\"}" },
		{ "statuses", "{\"upTo\":\"longe\"}" },
	};
	struct play p;

	play_start(&p);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct web_request q = { .method = STR("POST"),
			                       .path = str_fmt(test_arena(), "/__sim/%s",
			                                       cases[i].name),
			                       .body = str_from(cases[i].body) };
		play_ask(&p, &q, true);
		ck_assert_msg(p.reply.status == 400, "%s %s", cases[i].name, cases[i].body);
		ck_assert(str_is_set(play_text(&p, "error")));
	}
	ck_assert_uint_eq(p.graph->wabas.n, 1);
	ck_assert_uint_eq(p.graph->numbers.n, 2);
	ck_assert_uint_eq(p.graph->faults.n + p.graph->media.n + p.graph->pairs.n, 0);
	ck_assert_int_eq(play_call(&p, "GET", "/" WABA "/phone_numbers", NULL), 200);
	play_end(&p);
}
END_TEST

static struct str
report(struct play *p, const char *path)
{
	const struct web_request q = { .method = STR("GET"), .path = str_from(path) };

	play_ask(p, &q, true);
	ck_assert_int_eq(p->reply.status, 200);
	return p->reply.body;
}

static bool
holds(struct str text, struct str part)
{
	return memmem(text.p, text.n, part.p, part.n) != NULL;
}

START_TEST(requests_are_told_in_order_and_without_secrets)
{
	struct play p;

	play_start(&p);
	struct str code = new_code(&p);
	ck_assert_int_eq(exchange(&p, APP, SECRET, code), 200);
	struct str token = play_text(&p, "access_token");
	p.now += 5;
	sync_of(&p, CLOUD, "history");
	struct str text = report(&p, "/__sim/requests");
	const cJSON *list = json_get(p.json, "requests"), *one = json_first(list);
	int64_t n = 0;
	ck_assert_uint_eq(json_count(list), 2);
	ck_assert_str(json_str(json_get(one, "method")), "GET");
	ck_assert_str(json_str(json_get(one, "path")), "/oauth/access_token");
	ck_assert_str(json_str(json_get(one, "query")),
	              "client_id=" APP "&client_secret=***&code=***");
	ck_assert(json_i64(json_get(one, "status"), &n) && n == 200);
	one = one->next;
	ck_assert(json_i64(json_get(one, "at"), &n) && n == START + 5);
	ck_assert(json_i64(json_get(one, "code"), &n) && n == 131000);
	ck_assert_str(json_str(json_get(one, "body")),
	              "{\"messaging_product\":\"whatsapp\",\"sync_type\":\"history\"}");
	struct str stats = report(&p, "/__sim/stats");
	ck_assert_uint_eq(json_count(json_get(p.json, "violations")), 1);
	const cJSON *answers = json_get(p.json, "answers");
	ck_assert_uint_eq(json_count(answers), 2);
	ck_assert_str(json_str(json_get(json_first(answers), "what")), "GET access_token");
	ck_assert(json_i64(json_get(json_first(answers)->next, "status"), &n) && n == 400);
	ck_assert_uint_eq(json_count(json_get(p.json, "numbers")), 2);
	for (int i = 0; i < 2; i++) {
		struct str where = i == 0 ? text : stats;
		ck_assert(!holds(where, token) && !holds(where, p.token));
		ck_assert(!holds(where, code) && !holds(where, STR(SECRET)));
	}
	play_end(&p);
}
END_TEST

START_TEST(only_so_many_requests_are_kept)
{
	struct play p;
	int64_t n = 0;

	play_start(&p);
	for (int i = 0; i < GRAPH_MOST_KEPT + 3; i++) {
		const struct web_request q = { .method = STR("GET"), .path = STR("/1/messages") };
		struct arena *a = arena_new(1u << 20);
		graph_answer(p.graph, &q, START + i, a, &p.reply);
		arena_free(a);
	}
	report(&p, "/__sim/requests");
	ck_assert(json_i64(json_get(p.json, "dropped"), &n) && n == 3);
	const cJSON *list = json_get(p.json, "requests");
	ck_assert_uint_eq(json_count(list), GRAPH_MOST_KEPT);
	ck_assert(json_i64(json_get(json_first(list), "at"), &n) && n == START + 3);
	play_end(&p);
}
END_TEST

START_TEST(rude_manners_befall_everything_but_codes)
{
	struct play p;
	int bad = 0;

	play_start(&p);
	p.graph->options.rude = true;
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(exchange(&p, APP, SECRET, new_code(&p)), 200);
	for (int i = 0; i < 300; i++) {
		play_call(&p, "GET", "/" WABA "/phone_numbers", NULL);
		bad += p.reply.fate != WEB_ANSWERED || p.reply.status != 200 || p.json == NULL;
	}
	ck_assert_int_gt(bad, 20);
	ck_assert_int_lt(bad, 150);
	ck_assert_uint_eq(violations(&p), 0);
	play_end(&p);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"graph", a_code_gives_one_token_that_works, a_code_lives_thirty_seconds,
		a_wrong_app_secret_or_code_gives_no_token,
		numbers_show_the_fields_that_are_asked_for, numbers_come_in_pages_of_25,
		an_app_is_subscribed_and_unsubscribed, contacts_and_history_follow_their_sync,
		a_sync_is_accepted_once_within_a_day_and_of_the_app_only,
		without_a_subscription_a_sync_leads_to_nothing,
		a_declined_history_is_an_error_by_webhook, a_number_of_the_app_is_never_registered,
		the_door_wants_a_token_of_the_account, what_no_endpoint_knows_is_refused_and_noted,
		faults_befall_so_many_requests_of_their_path,
		a_control_that_is_not_understood_changes_nothing,
		requests_are_told_in_order_and_without_secrets, only_so_many_requests_are_kept,
		rude_manners_befall_everything_but_codes);
}

TEST_MAIN(make_suite)
