/*
 * What the API tells of analyses, under a fake clock: which combo a question is about, which days a
 * window holds, figures, the ranking, and one session with its analysis. The rows are made by the
 * queue itself. ENGINE says on which engine.
 */
#include "office_fixture.h"

#define HERE "/api/tenant/acme/session-analyses/"

static const cJSON *
get(struct office *o, const char *what, const char *query)
{
	return ask(o, 200, "GET", str_z(test_arena(), str_fmt(test_arena(), HERE "%s", what)),
	           query, "");
}

static void
check_id(const cJSON *v, const char *path, struct uuid id)
{
	check_text(v, path, str_z(test_arena(), uuid_text(test_arena(), id)));
}

static void
add_script(struct office *o, const char *key, int version, bool active)
{
	(void)ask(o, 201, "POST", "/api/admin/acme/analysis-scripts", "",
	          str_z(test_arena(),
	                str_fmt(test_arena(),
	                        "{\"scriptKey\":\"%s\",\"name\":\"N\",\"scriptText\":\"T\","
	                        "\"version\":%d,\"isActive\":%s}",
	                        key, version, active ? "true" : "false")));
}

/* A session that was analysed then. */
struct graded {
	struct planted p;
	int64_t at;
	double score;
	const char *temperature, *summary;
	int64_t verified, unverified;
	int64_t cost; /* micro-USD; -1: not known */
};

/* As core/report.h has it stored, with one evidence that is nobody's. */
static struct str
report_of(const struct graded *g)
{
	return str_fmt(
		test_arena(),
		"{\"analysisVersionTag\":\"v1\",\"scriptKey\":\"sales\",\"scriptVersion\":1,"
		"\"overallScore\":%g,\"temperature\":\"%s\",\"summary\":\"%s\",\"checklist\":"
		"[{\"key\":\"k\",\"label\":\"L\",\"passed\":true,\"score\":87.5,\"notes\":\"\"}],"
		"\"issues\":[{\"key\":\"i\",\"severity\":\"low\",\"notes\":\"\",\"evidence\":[{"
		"\"messageId\":null,\"claimedId\":\"m9\",\"excerpt\":\"x\",\"verified\":false}]}],"
		"\"highlights\":[],\"recommendations\":[\"r\"]}",
		g->score, g->temperature, g->summary);
}

static void
grade(struct office *o, struct graded *g)
{
	struct desk *d = o->d;
	struct analysis_claimed *v;
	struct analysis_lease l;
	struct analysis_paid paid = { .calls = 1,
		                      .usage = { 100, 20, 7 },
		                      .priced = g->cost >= 0,
		                      .cost_micro_usd = g->cost,
		                      .latency_ms = 1200 };
	struct analysis_done done = {
		.report = report_of(g),
		.model = STR("m-1"),
		.prompt_hash = STR("c0ffee"),
		.overall_score = g->score,
		.temperature = str_from(g->temperature),
		.verified = g->verified,
		.unverified = g->unverified,
	};

	if (uuid_is_nil(g->p.id))
		desk_plant(d, &g->p);
	desk_enqueue(d, g->at);
	ck_assert_uint_eq(desk_claim(d, g->at, 1, &v), 1);
	ck_assert(uuid_eq(v[0].session_id, g->p.id));
	l = desk_lease(d, &v[0]);
	ck_assert_ok(analysis_queue_done(d->s.db, &l, g->at, &done, &paid));
}

START_TEST(without_an_active_script_everything_is_there_with_nothing_in_it)
{
	struct office *o = office_open("UTC");
	struct planted p = { .messages = 9 };
	const cJSON *v;

	desk_plant(o->d, &p);
	add_script(o, "sales", 2, false);
	v = get(o, "summary", "");
	check_text(v, "clientSlug", "acme");
	check_id(v, "clientId", o->d->client);
	ck_assert(null_at(v, "combo"));
	check_time(v, "window.to", AT);
	check_time(v, "window.from", AT - 30 * DAY);
	ck_assert(number_at(v, "window.fromDays") == 30);
	ck_assert(number_at(v, "queue.pending") == 0 && number_at(v, "queue.processing") == 0);
	ck_assert(number_at(v, "queue.failedRetryable") == 0);
	ck_assert(number_at(v, "queue.failedPermanent") == 0);
	ck_assert(number_at(v, "results.done") == 0 && number_at(v, "results.stale") == 0);
	ck_assert(null_at(v, "results.avgOverallScore"));
	ck_assert(number_at(v, "results.temperature.cold") == 0);
	ck_assert(number_at(v, "results.temperature.hot") == 0);
	ck_assert(null_at(v, "results.lastProcessedAt"));
	ck_assert(null_at(v, "results.evidenceVerifiedShare"));
	ck_assert(number_at(v, "usage.inputTokens") == 0 && null_at(v, "usage.costUsd"));
	v = get(o, "ranking", "");
	ck_assert(null_at(v, "combo") && cJSON_IsArray(at(v, "items")));
	ck_assert_uint_eq(json_count(at(v, "items")), 0);
	v = get(o, "details",
	        str_z(test_arena(), str_fmt(test_arena(), "sessionId=" STR_FMT,
	                                    STR_ARG(uuid_text(test_arena(), p.id)))));
	ck_assert(null_at(v, "combo") && null_at(v, "analysis"));
	check_id(v, "session.id", p.id);
	office_close(o);
}
END_TEST

static void
check_combo(struct office *o, const char *query, const char *key, int version, const char *tag)
{
	const cJSON *v = get(o, "summary", query);

	check_text(v, "combo.scriptKey", key);
	ck_assert_msg(number_at(v, "combo.scriptVersion") == version, "%s", query);
	check_text(v, "combo.analysisVersionTag", tag);
}

START_TEST(a_question_is_about_the_combo_that_is_named_or_else_the_newest)
{
	struct office *o = office_open("UTC");

	add_script(o, "sales", 1, true);
	o->time.now_ms++;
	add_script(o, "sales", 2, true);
	o->time.now_ms++;
	add_script(o, "sales", 3, false);
	o->time.now_ms++;
	add_script(o, "care", 1, true);
	check_combo(o, "", "care", 1, "v1");
	check_combo(o, "analysisVersionTag=x", "care", 1, "x");
	check_combo(o, "scriptKey=sales", "sales", 2, "v1");
	check_combo(o, "scriptKey=sales&scriptVersion=1", "sales", 1, "v1");
	check_combo(o, "scriptKey=sales&scriptVersion=3", "sales", 3, "v1"); /* not active */
	o->time.now_ms++;
	(void)ask(o, 200, "POST", "/api/admin/acme/analysis-scripts/sales/activate", "",
	          "{\"version\":1}");
	check_combo(o, "", "sales", 1, "v1");
	check_combo(o, "scriptKey=sales", "sales", 1, "v1");
	office_close(o);
}
END_TEST

START_TEST(what_is_named_and_not_there_is_not_found)
{
	static const char *const queries[] = { "scriptKey=care", "scriptKey=care&scriptVersion=1",
		                               "scriptKey=sales&scriptVersion=9",
		                               "scriptKey=idle" };
	static const char *const routes[] = { "summary", "ranking", "details" };
	struct office *o = office_open("UTC");
	struct planted p = { .messages = 9 }, other = { .client = o->d->other };
	const struct uuid strangers[] = { o->d->me, other.id };
	const char *here;

	desk_plant(o->d, &p);
	desk_plant(o->d, &other);
	here = str_z(test_arena(), str_fmt(test_arena(), "&sessionId=" STR_FMT,
	                                   STR_ARG(uuid_text(test_arena(), p.id))));
	add_script(o, "sales", 2, true);
	add_script(o, "idle", 1, false);
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
		for (size_t k = 0; k < 3; k++)
			(void)ask(o, 404, "GET",
			          str_z(test_arena(), str_fmt(test_arena(), HERE "%s", routes[k])),
			          str_z(test_arena(), str_fmt(test_arena(), "%s%s", queries[i],
			                                      k == 2 ? here : "")),
			          "");
	for (size_t i = 0; i < 2; i++)
		(void)ask(o, 404, "GET", HERE "details",
		          str_z(test_arena(),
		                str_fmt(test_arena(), "sessionId=" STR_FMT,
		                        STR_ARG(uuid_text(test_arena(),
		                                          i == 0 ? strangers[0] : other.id)))),
		          "");
	(void)ask(o, 404, "GET", "/api/tenant/nobody/session-analyses/summary", "", "");
	office_close(o);
}
END_TEST

START_TEST(bad_parameters_are_refused_with_their_names)
{
	static const struct {
		const char *route, *query, *path;
	} bad[] = {
		{ "summary", "fromDays=0", "fromDays" },
		{ "summary", "fromDays=366", "fromDays" },
		{ "summary", "fromDays=-1", "fromDays" },
		{ "summary", "fromDays=a", "fromDays" },
		{ "summary", "fromDays=", "fromDays" },
		{ "summary", "fromDays=1.5", "fromDays" },
		{ "summary", "fromDays=7&startDate=2026-01-01", "fromDays" },
		{ "summary", "startDate=2026-02-30", "startDate" },
		{ "summary", "startDate=yesterday", "startDate" },
		{ "summary", "startDate=2026-01-01T00:00:00", "startDate" },
		{ "summary", "endDate=2026-1-1", "endDate" },
		{ "summary", "startDate=2026-01-02&endDate=2026-01-01", "endDate" },
		{ "summary", "scriptVersion=1", "scriptVersion" },
		{ "summary", "scriptKey=a&scriptVersion=0", "scriptVersion" },
		{ "summary", "scriptKey=a&scriptVersion=x", "scriptVersion" },
		{ "summary", "scriptKey=a&scriptVersion=2147483648", "scriptVersion" },
		{ "summary", "scriptKey=", "scriptKey" },
		{ "summary", "analysisVersionTag=", "analysisVersionTag" },
		{ "summary", "limit=1", "limit" },
		{ "summary", "sessionId=x", "sessionId" },
		{ "ranking", "limit=0", "limit" },
		{ "ranking", "limit=-5", "limit" },
		{ "ranking", "limit=ten", "limit" },
		{ "ranking", "cursor=x", "cursor" },
		{ "details", "", "sessionId" },
		{ "details", "sessionId=", "sessionId" },
		{ "details", "sessionId=17", "sessionId" },
		{ "details", "sessionId=01900000-0000-7000-8000-000000000001&fromDays=3",
		  "fromDays" },
	};
	struct office *o = office_open("UTC");

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const cJSON *v =
			ask(o, 400, "GET",
		            str_z(test_arena(), str_fmt(test_arena(), HERE "%s", bad[i].route)),
		            bad[i].query, "");

		check_text(v, "error", "invalid_request");
		ck_assert_msg(json_count(at(v, "errors")) == 1, "%s", bad[i].query);
		check_text(v, "errors.0.path", bad[i].path);
	}
	office_close(o);
}
END_TEST

/* Done at this time: is it in the window? */
static void
check_in_window(struct office *o, const char *query, bool in)
{
	ck_assert_msg(number_at(get(o, "summary", query), "results.done") == in, "%s: %s", query,
	              in ? "is not in it" : "is in it");
}

START_TEST(a_day_is_the_whole_day_of_the_time_zone)
{
	struct office *o = office_open("America/Sao_Paulo");
	struct graded g = { .p = { .ended_ago = 20 * DAY },
		            .at = INT64_C(1768014000000), /* 2026-01-10T03:00:00.000Z: midnight */
		            .temperature = "cold",
		            .summary = "" };
	const cJSON *v;

	add_script(o, "sales", 2, true);
	grade(o, &g);
	v = get(o, "summary", "startDate=2026-01-10&endDate=2026-01-10");
	check_text(v, "window.from", "2026-01-10T03:00:00.000Z");
	check_text(v, "window.to", "2026-01-11T02:59:59.999Z");
	ck_assert(null_at(v, "window.fromDays"));
	check_in_window(o, "startDate=2026-01-10&endDate=2026-01-10", true);
	check_in_window(o, "startDate=2026-01-09&endDate=2026-01-09", false);
	check_in_window(o, "startDate=2026-01-11&endDate=2026-01-12", false);
	check_in_window(o, "startDate=2026-01-10", true);
	check_in_window(o, "endDate=2026-01-10", true);
	check_in_window(o, "endDate=2026-01-09", false);
	check_in_window(o, "startDate=2026-01-10T03:00:00.000Z", true);
	check_in_window(o, "startDate=2026-01-10T03:00:00.001Z", false);
	check_in_window(o, "startDate=2026-01-09&endDate=2026-01-10T03:00:00.000Z", true);
	check_in_window(o, "startDate=2026-01-09&endDate=2026-01-10T02:59:59.999Z", false);
	check_in_window(o, "startDate=2026-01-10T00:00:00.000-03:00", true);
	desk_sql(o->d, "UPDATE session_analyses SET \"processedAt\" = %s",
	         desk_time(o->d, g.at + DAY - 1));
	check_in_window(o, "startDate=2026-01-10&endDate=2026-01-10", true);
	desk_sql(o->d, "UPDATE session_analyses SET \"processedAt\" = %s",
	         desk_time(o->d, g.at + DAY));
	check_in_window(o, "startDate=2026-01-10&endDate=2026-01-10", false);
	office_close(o);
}
END_TEST

START_TEST(days_are_counted_back_from_now_or_from_the_end)
{
	struct office *o = office_open("UTC");
	struct graded g = { .at = AT - 7 * DAY, .temperature = "cold", .summary = "" };
	const cJSON *v;

	g.p.ended_ago = 20 * DAY;
	add_script(o, "sales", 2, true);
	grade(o, &g);
	check_in_window(o, "", true);
	check_in_window(o, "fromDays=7", true);
	check_in_window(o, "fromDays=6", false);
	check_in_window(o, "fromDays=365", true);
	v = get(o, "summary", "fromDays=2&endDate=2026-01-14");
	check_text(v, "window.from", "2026-01-12T23:59:59.999Z");
	check_text(v, "window.to", "2026-01-14T23:59:59.999Z");
	ck_assert(number_at(v, "results.done") == 1);
	o->time.now_ms += 24 * DAY;
	check_in_window(o, "", false);
	office_close(o);
}
END_TEST

START_TEST(figures_are_of_what_is_done_and_costs_of_all_that_was_paid)
{
	struct office *o = office_open("UTC");
	struct graded v[] = {
		{ .at = AT - 5,
		  .score = 10,
		  .temperature = "cold",
		  .summary = "a",
		  .verified = 2,
		  .unverified = 1,
		  .cost = 1000000 },
		{ .at = AT - 4,
		  .score = 20,
		  .temperature = "hot",
		  .summary = "b",
		  .verified = 1,
		  .cost = -1 },
		{ .at = AT - 3, .score = 25, .temperature = "hot", .summary = "c", .cost = 250000 },
		{ .at = AT - 2,
		  .score = 99,
		  .temperature = "warm",
		  .summary = "retired",
		  .verified = 9,
		  .cost = 5 },
	};
	struct analysis_claimed *c;
	struct planted more[4] = { 0 };
	const cJSON *s;

	add_script(o, "sales", 2, true);
	for (size_t i = 0; i < 4; i++)
		grade(o, &v[i]);
	desk_sql(o->d, "UPDATE sessions SET retired_at = %s WHERE id = %s", desk_time(o->d, AT),
	         desk_uuid(o->d, v[3].p.id));
	desk_sql(o->d, "UPDATE session_analyses SET \"stale\" = TRUE WHERE \"sessionId\" = %s",
	         desk_uuid(o->d, v[1].p.id));
	for (size_t i = 0; i < 4; i++)
		desk_plant(o->d, &more[i]);
	desk_enqueue(o->d, AT);
	ck_assert_uint_eq(desk_claim(o->d, AT, 3, &c), 3);
	desk_failed(o->d, &c[0], AT, AT + TIME_HOUR);
	desk_failed(o->d, &c[1], AT, TIME_NONE);
	s = get(o, "summary", "");
	ck_assert(number_at(s, "queue.pending") == 1 && number_at(s, "queue.processing") == 1);
	ck_assert(number_at(s, "queue.failedRetryable") == 1);
	ck_assert(number_at(s, "queue.failedPermanent") == 1);
	ck_assert(number_at(s, "results.done") == 3);
	ck_assert(number_at(s, "results.avgOverallScore") == 18.33);
	ck_assert(number_at(s, "results.temperature.cold") == 1);
	ck_assert(number_at(s, "results.temperature.neutral") == 0);
	ck_assert(number_at(s, "results.temperature.warm") == 0);
	ck_assert(number_at(s, "results.temperature.hot") == 2);
	check_time(s, "results.lastProcessedAt", AT - 3);
	ck_assert(number_at(s, "results.evidenceVerifiedShare") == 0.75);
	ck_assert(number_at(s, "results.stale") == 1);
	ck_assert(number_at(s, "usage.inputTokens") == 400);
	ck_assert(number_at(s, "usage.cachedTokens") == 80);
	ck_assert(number_at(s, "usage.outputTokens") == 28);
	ck_assert(number_at(s, "usage.costUsd") == 1.250005);
	office_close(o);
}
END_TEST

START_TEST(the_ranking_begins_with_the_worst)
{
	struct office *o = office_open("UTC");
	struct graded v[] = {
		{ .at = AT - 9, .score = 50, .temperature = "cold", .summary = "older" },
		{ .at = AT - 8, .score = 50, .temperature = "hot", .summary = "newer" },
		{ .p = { .episode = true },
		  .at = AT - 7,
		  .score = 3.5,
		  .temperature = "neutral",
		  .summary = "worst" },
		{ .at = AT - 6, .score = 1, .temperature = "warm", .summary = "retired" },
	};
	struct planted_message said = { .body = "oi" };
	const cJSON *r;

	add_script(o, "sales", 2, true);
	desk_plant(o->d, &v[2].p);
	said.conversation = v[2].p.conversation;
	said.at = v[2].p.start;
	desk_message(o->d, &said);
	desk_sql(o->d, "UPDATE sessions SET message_count = 0 WHERE id = %s",
	         desk_uuid(o->d, v[2].p.id));
	grade(o, &v[0]);
	grade(o, &v[1]);
	desk_sql(o->d, "UPDATE sessions SET message_count = 9 WHERE id = %s",
	         desk_uuid(o->d, v[2].p.id));
	grade(o, &v[2]);
	grade(o, &v[3]);
	desk_sql(o->d, "UPDATE sessions SET retired_at = %s WHERE id = %s", desk_time(o->d, AT),
	         desk_uuid(o->d, v[3].p.id));
	desk_sql(o->d, "UPDATE sessions SET user_name = 'Bia' WHERE id = %s",
	         desk_uuid(o->d, v[1].p.id));
	desk_sql(
		o->d,
		"INSERT INTO tickets (id, client_id, lead_id, external_uuid, source, "
		"originated_from, status, stage, is_open, opened_at, created_at, updated_at) "
		"VALUES "
		"(%s, %s, %s, 'T-1', 'helpdesk_import', 'helpdesk', 'x', 'new', FALSE, %s, %s, %s)",
		desk_uuid(o->d, v[1].p.ticket), desk_uuid(o->d, o->d->client),
		desk_uuid(o->d, v[1].p.lead), desk_time(o->d, AT), desk_time(o->d, AT),
		desk_time(o->d, AT));
	r = get(o, "ranking", "");
	ck_assert_uint_eq(json_count(at(r, "items")), 3);
	check_text(r, "items.0.summary", "worst");
	check_text(r, "items.1.summary", "newer");
	check_text(r, "items.2.summary", "older");
	ck_assert(number_at(r, "items.0.overallScore") == 3.5);
	check_text(r, "items.0.temperature", "neutral");
	ck_assert(null_at(r, "items.0.ticket") && null_at(r, "items.0.assignedUserName"));
	check_id(r, "items.0.sessionId", v[2].p.id);
	check_time(r, "items.0.session.startedAt", v[2].p.start);
	check_time(r, "items.0.session.endedAt", v[2].p.end);
	check_time(r, "items.0.processedAt", AT - 7);
	ck_assert_uint_eq(json_str(at(r, "items.0.sessionAnalysisId")).n, 36);
	check_id(r, "items.1.ticket.id", v[1].p.ticket);
	check_text(r, "items.1.ticket.externalUuid", "T-1");
	check_text(r, "items.1.assignedUserName", "Bia");
	ck_assert_uint_eq(json_count(at(get(o, "ranking", "limit=2"), "items")), 2);
	ck_assert_uint_eq(json_count(at(get(o, "ranking", "limit=9999"), "items")), 3);
	ck_assert_uint_eq(json_count(at(get(o, "ranking", "endDate=2026-01-19"), "items")), 0);
	office_close(o);
}
END_TEST

START_TEST(ten_are_ranked_unless_more_are_asked_for_and_never_more_than_200)
{
	struct office *o = office_open("UTC");
	struct graded g = { .at = AT, .score = 5, .temperature = "hot", .summary = "s" };

	add_script(o, "sales", 2, true);
	grade(o, &g);
	for (int i = 0; i < 204; i++) {
		struct planted p = { .messages = 1 };

		desk_plant(o->d, &p);
		desk_sql(
			o->d,
			"INSERT INTO session_analyses (\"id\", \"clientId\", \"sessionId\", "
			"\"scriptKey\", \"scriptVersion\", \"analysisVersionTag\", \"status\", "
			"\"sessionEndedAt\", \"processedAt\", \"report\", \"overallScore\", "
			"\"temperature\", \"createdAt\", \"updatedAt\") SELECT %s, \"clientId\", "
			"%s, "
			"\"scriptKey\", \"scriptVersion\", \"analysisVersionTag\", \"status\", "
			"\"sessionEndedAt\", \"processedAt\", \"report\", \"overallScore\", "
			"\"temperature\", \"createdAt\", \"updatedAt\" FROM session_analyses WHERE "
			"\"sessionId\" = %s",
			desk_uuid(o->d, desk_id(o->d)), desk_uuid(o->d, p.id),
			desk_uuid(o->d, g.p.id));
	}
	ck_assert_uint_eq(json_count(at(get(o, "ranking", ""), "items")), 10);
	ck_assert_uint_eq(json_count(at(get(o, "ranking", "limit=200"), "items")), 200);
	ck_assert_uint_eq(json_count(at(get(o, "ranking", "limit=201"), "items")), 200);
	office_close(o);
}
END_TEST

static const cJSON *
details(struct office *o, struct uuid session)
{
	return get(o, "details",
	           str_z(test_arena(), str_fmt(test_arena(), "sessionId=" STR_FMT,
	                                       STR_ARG(uuid_text(test_arena(), session)))));
}

START_TEST(a_session_is_shown_with_its_analysis_in_every_state)
{
	struct office *o = office_open("UTC");
	struct planted p = { .length = 2 * TIME_HOUR };
	struct analysis_claimed *c;
	const cJSON *v;

	add_script(o, "sales", 2, true);
	desk_plant(o->d, &p);
	v = details(o, p.id);
	check_text(v, "combo.scriptKey", "sales");
	check_id(v, "session.id", p.id);
	check_text(v, "session.type", "CLOSED");
	check_time(v, "session.startedAt", p.start);
	check_time(v, "session.settledAt", p.end + DAY);
	ck_assert(null_at(v, "analysis"));
	desk_enqueue(o->d, AT - 9);
	v = details(o, p.id);
	check_text(v, "analysis.status", "pending");
	ck_assert(null_at(v, "analysis.startedAt") && null_at(v, "analysis.report"));
	ck_assert(null_at(v, "analysis.processedAt") && null_at(v, "analysis.model"));
	ck_assert(null_at(v, "analysis.usage.costUsd") && null_at(v, "analysis.usage.latencyMs"));
	check_time(v, "analysis.createdAt", AT - 9);
	desk_claim(o->d, AT - 8, 1, &c);
	v = details(o, p.id);
	check_text(v, "analysis.status", "processing");
	check_time(v, "analysis.startedAt", AT - 8);
	desk_failed(o->d, &c[0], AT - 7, AT + 5);
	v = details(o, p.id);
	check_text(v, "analysis.status", "failed");
	check_text(v, "analysis.error", "no report");
	ck_assert(null_at(v, "analysis.errorCode"));
	ck_assert(number_at(v, "analysis.retryCount") == 1);
	check_time(v, "analysis.nextRetryAt", AT + 5);
	check_time(v, "analysis.processedAt", AT - 7);
	office_close(o);
}
END_TEST

START_TEST(a_report_is_shown_with_what_it_rests_on)
{
	struct office *o = office_open("UTC");
	struct graded g = { .at = AT - 5,
		            .score = 61,
		            .temperature = "warm",
		            .summary = "vai bem",
		            .verified = 4,
		            .unverified = 1,
		            .cost = 1500 };
	const cJSON *v;

	add_script(o, "sales", 2, true);
	grade(o, &g);
	v = details(o, g.p.id);
	check_text(v, "analysis.status", "done");
	check_text(v, "analysis.report.summary", "vai bem");
	ck_assert(cJSON_IsArray(at(v, "analysis.report.issues")));
	check_text(v, "analysis.model", "m-1");
	check_text(v, "analysis.promptHash", "c0ffee");
	ck_assert(null_at(v, "analysis.error") && null_at(v, "analysis.nextRetryAt"));
	ck_assert(cJSON_IsFalse(at(v, "analysis.stale")));
	ck_assert(cJSON_IsFalse(at(v, "analysis.truncated")));
	ck_assert(number_at(v, "analysis.usage.inputTokens") == 100);
	ck_assert(number_at(v, "analysis.usage.cachedTokens") == 20);
	ck_assert(number_at(v, "analysis.usage.outputTokens") == 7);
	ck_assert(number_at(v, "analysis.usage.costUsd") == 0.0015);
	ck_assert(number_at(v, "analysis.usage.attempts") == 1);
	ck_assert(number_at(v, "analysis.usage.latencyMs") == 1200);
	ck_assert(number_at(v, "analysis.usage.interruptedCalls") == 0);
	ck_assert(number_at(v, "analysis.evidenceVerified") == 4);
	ck_assert(number_at(v, "analysis.evidenceUnverified") == 1);
	check_time(v, "analysis.updatedAt", AT - 5);
	/* one that has retired keeps its analysis */
	desk_sql(o->d, "UPDATE sessions SET retired_at = %s", desk_time(o->d, AT));
	v = details(o, g.p.id);
	check_time(v, "session.retiredAt", AT);
	check_text(v, "analysis.status", "done");
	office_close(o);
}
END_TEST

START_TEST(a_viewer_reads_and_a_token_of_another_client_finds_nothing)
{
	static const char *const routes[] = { HERE "summary", HERE "ranking", HERE "details" };
	struct office *o = office_open("UTC");
	struct planted p = { .messages = 9 };
	const char *query;
	struct str acme, beta;

	desk_plant(o->d, &p);
	query = str_z(test_arena(), str_fmt(test_arena(), "sessionId=" STR_FMT,
	                                    STR_ARG(uuid_text(test_arena(), p.id))));
	acme = json_str(at(ask(o, 201, "POST", "/api/tokens", "",
	                       "{\"name\":\"a\",\"role\":\"viewer\",\"clientSlug\":\"acme\"}"),
	                   "secret"));
	beta = json_str(at(ask(o, 201, "POST", "/api/tokens", "",
	                       "{\"name\":\"b\",\"role\":\"admin\",\"clientSlug\":\"beta\"}"),
	                   "secret"));
	for (size_t i = 0; i < 3; i++) {
		o->bearer = acme;
		(void)ask(o, 200, "GET", routes[i], i == 2 ? query : "", "");
		o->bearer = beta;
		(void)ask(o, 404, "GET", routes[i], i == 2 ? query : "", "");
		o->bearer = STR("rcd_nonsense");
		(void)ask(o, 401, "GET", routes[i], i == 2 ? query : "", "");
	}
	/* acme's session is not to be had by way of beta */
	o->bearer = beta;
	(void)ask(o, 404, "GET", "/api/tenant/beta/session-analyses/details", query, "");
	office_close(o);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("api analyses",
	                  without_an_active_script_everything_is_there_with_nothing_in_it,
	                  a_question_is_about_the_combo_that_is_named_or_else_the_newest,
	                  what_is_named_and_not_there_is_not_found,
	                  bad_parameters_are_refused_with_their_names,
	                  a_day_is_the_whole_day_of_the_time_zone,
	                  days_are_counted_back_from_now_or_from_the_end,
	                  figures_are_of_what_is_done_and_costs_of_all_that_was_paid,
	                  the_ranking_begins_with_the_worst,
	                  ten_are_ranked_unless_more_are_asked_for_and_never_more_than_200,
	                  a_session_is_shown_with_its_analysis_in_every_state,
	                  a_report_is_shown_with_what_it_rests_on,
	                  a_viewer_reads_and_a_token_of_another_client_finds_nothing);
}

int
main(void)
{
	return desk_main(make_suite);
}
