/*
 * Figures over sessions, worked out by hand: who waited how long for the first answer, how long
 * attendances took, by tag and the slowest.
 */
#include "office_fixture.h"

#define FIRST   "/api/clients/acme/kpis/first-response"
#define TAKEN   "/api/clients/acme/kpis/session-duration"
#define SLOWEST "/api/clients/acme/kpis/slowest-sessions"
#define SECOND  TIME_SECOND

struct said {
	int64_t after; /* the session's start; before it: lead-in */
	bool outbound;
	const char *sender; /* NULL: a person */
};

/* A session that started so long ago, with these messages. */
static struct planted
plant(struct office *o, int64_t started_ago, int64_t length, const struct said *v, size_t n)
{
	struct planted p = { .ended_ago = started_ago - length, .length = length };

	desk_plant(o->d, &p);
	for (size_t i = 0; i < n; i++) {
		struct planted_message m = { .conversation = p.conversation,
			                     .ticket = p.ticket,
			                     .at = p.start + v[i].after,
			                     .outbound = v[i].outbound,
			                     .sender = v[i].sender };

		desk_message(o->d, &m);
	}
	return p;
}
#define PLANT(o, ago, length, ...)                                                                 \
	plant((o), (ago), (length), (const struct said[]){ __VA_ARGS__ },                          \
	      sizeof((const struct said[]){ __VA_ARGS__ }) / sizeof(struct said))
#define IN(t)                                                                                      \
	{                                                                                          \
		(t), false, NULL                                                                   \
	}
#define OUT(t)                                                                                     \
	{                                                                                          \
		(t), true, NULL                                                                    \
	}

START_TEST(a_wait_is_from_the_first_question_to_the_first_answer_of_a_person)
{
	struct office *o = office_open("UTC");
	const cJSON *v;
	struct planted p;

	v = ask(o, 200, "GET", FIRST, "granularity=total", "");
	check_text(v, "data.0.period", "total");
	ck_assert(null_at(v, "data.0.averageSeconds"));
	ck_assert(null_at(v, "data.0.p90Seconds"));
	/* 10 s; what the house says first, a bot and a machine are no answer to anybody */
	PLANT(o, 2 * DAY, TIME_HOUR, OUT(0), IN(5 * SECOND), { 6 * SECOND, true, "AI" },
	      { 7 * SECOND, true, "SYSTEM" }, OUT(15 * SECOND), OUT(16 * SECOND), IN(20 * SECOND));
	/* 30 s, asked before anybody had accepted it: the lead-in */
	p = PLANT(o, 2 * DAY, TIME_HOUR, IN(-20 * SECOND), OUT(10 * SECOND));
	desk_sql(o->d, "UPDATE sessions SET lead_in_at = %s WHERE id = %s",
	         desk_time(o->d, p.start - TIME_MINUTE), desk_uuid(o->d, p.id));
	/* nobody answered, nobody asked, outside the days */
	PLANT(o, 2 * DAY, TIME_HOUR, IN(0));
	PLANT(o, 2 * DAY, TIME_HOUR, OUT(0), OUT(1));
	PLANT(o, 40 * DAY, TIME_HOUR, IN(0), OUT(500 * SECOND));
	v = ask(o, 200, "GET", FIRST, "granularity=total", "");
	ck_assert_double_eq(number_at(v, "data.0.averageSeconds"), 20);
	ck_assert_double_eq(number_at(v, "data.0.medianSeconds"), 20);
	ck_assert_double_eq(number_at(v, "data.0.p90Seconds"), 30);
	ck_assert_double_eq(number_at(v, "data.0.answered"), 2);
	ck_assert_double_eq(number_at(v, "data.0.unanswered"), 1);
	ck_assert_ptr_null(at(v, "data.1"));
	office_close(o);
}
END_TEST

START_TEST(groups_retired_sessions_and_what_a_helpdesk_tells_as_well_do_not_count)
{
	struct office *o = office_open("UTC");
	struct planted group = { .group = true }, retired = { .retired = true },
		       told = { .episode = true }, own = { .episode = true },
		       there = { .class = "OPEN_REAL", .ended_ago = -1 };
	struct planted *all[] = { &group, &retired, &told, &own };
	struct planted_message m;
	const cJSON *v;

	for (size_t i = 0; i < 4; i++) {
		desk_plant(o->d, all[i]);
		m = (struct planted_message){ .conversation = all[i]->conversation,
			                      .ticket = all[i]->ticket,
			                      .at = all[i]->start };
		desk_message(o->d, &m);
	}
	v = ask(o, 200, "GET", FIRST, "granularity=total", "");
	ck_assert_double_eq(number_at(v, "data.0.unanswered"), 2); /* both episodes */
	there.lead = told.lead;
	desk_plant(o->d, &there);
	desk_sql(o->d, "UPDATE messages SET dedup_key = 'twice' WHERE conversation_id = %s",
	         desk_uuid(o->d, told.conversation));
	m = (struct planted_message){ .conversation = there.conversation,
		                      .ticket = there.ticket,
		                      .at = told.start,
		                      .same_key = "twice" };
	desk_message(o->d, &m);
	v = ask(o, 200, "GET", FIRST, "granularity=total", "");
	/* own, and the helpdesk's session that holds the message now */
	ck_assert_double_eq(number_at(v, "data.0.unanswered"), 2);
	office_close(o);
}
END_TEST

START_TEST(days_and_months_are_those_of_the_time_zone)
{
	struct office *o = office_open("America/Sao_Paulo");
	const cJSON *v;

	/* 02:30 UTC on the 15th is still the 14th there; the clock is at 11:00 UTC on the 20th */
	PLANT(o, 5 * DAY + 8 * TIME_HOUR + 30 * TIME_MINUTE, TIME_HOUR, IN(0), OUT(4 * SECOND));
	PLANT(o, 5 * DAY, TIME_HOUR, IN(0), OUT(8 * SECOND));
	PLANT(o, 20 * DAY, TIME_HOUR, IN(0));
	v = ask(o, 200, "GET", FIRST, "", "");
	check_text(v, "data.0.period", "2025-12-31");
	ck_assert(null_at(v, "data.0.medianSeconds"));
	check_text(v, "data.1.period", "2026-01-14");
	ck_assert_double_eq(number_at(v, "data.1.averageSeconds"), 4);
	check_text(v, "data.2.period", "2026-01-15");
	ck_assert_ptr_null(at(v, "data.3"));
	v = ask(o, 200, "GET", FIRST, "granularity=month", "");
	check_text(v, "data.0.period", "2025-12");
	check_text(v, "data.1.period", "2026-01");
	ck_assert_double_eq(number_at(v, "data.1.averageSeconds"), 6);
	v = ask(o, 200, "GET", FIRST, "from=2026-01-14&to=2026-01-14&granularity=total", "");
	ck_assert_double_eq(number_at(v, "data.0.answered"), 1);
	office_close(o);
}
END_TEST

START_TEST(durations_are_of_closed_sessions_by_the_tags_of_their_people)
{
	struct office *o = office_open("UTC");
	struct planted p = PLANT(o, 3 * DAY, 10 * TIME_MINUTE, IN(0));
	struct planted tagged = { .tag = TAG_BY_HAND, .ended_ago = 2 * DAY, .length = TIME_HOUR };
	struct planted open = { .class = "OPEN_REAL", .ended_ago = -1 };
	const cJSON *v;

	desk_plant(o->d, &tagged);
	desk_plant(o->d, &open);
	p = PLANT(o, 3 * DAY, 99 * TIME_HOUR / 2, IN(0)); /* its end is a guess */
	desk_sql(o->d, "UPDATE sessions SET flags = 4 WHERE id = %s", desk_uuid(o->d, p.id));
	v = ask(o, 200, "GET", TAKEN, "", "");
	check_text(v, "data.0.tag", "Sem tag");
	ck_assert_double_eq(number_at(v, "data.0.sessions"), 1);
	ck_assert_double_eq(number_at(v, "data.0.averageSeconds"), 600);
	ck_assert_double_eq(number_at(v, "data.1.averageSeconds"), 3600);
	ck_assert_ptr_null(at(v, "data.2"));
	v = ask(o, 200, "GET", SLOWEST, "limit=1", "");
	check_text(v, "data.0.sessionId", str_z(test_arena(), uuid_text(test_arena(), tagged.id)));
	ck_assert_double_eq(number_at(v, "data.0.durationSeconds"), 3600);
	ck_assert_ptr_null(at(v, "data.1"));
	v = ask(o, 200, "GET", SLOWEST, "", "");
	ck_assert_double_eq(number_at(v, "data.1.durationSeconds"), 600);
	ck_assert_ptr_null(at(v, "data.2"));
	office_close(o);
}
END_TEST

START_TEST(one_agent_or_one_tag_whatever_the_case)
{
	struct office *o = office_open("UTC");
	struct planted tagged = { .tag = TAG_BY_HAND };
	struct planted p = PLANT(o, 3 * DAY, TIME_HOUR, IN(0));
	const cJSON *v;
	struct str tag;

	desk_plant(o->d, &tagged);
	desk_sql(o->d,
	         "UPDATE sessions SET user_name = 'Carla', user_email = 'c@acme.example' WHERE id "
	         "= %s",
	         desk_uuid(o->d, p.id));
	for (int i = 0; i < 2; i++) {
		v = ask(o, 200, "GET", SLOWEST, i == 0 ? "agent=carla" : "agent=C%40ACME.example",
		        "");
		check_text(v, "data.0.assignedUserName", "Carla");
		ck_assert_ptr_null(at(v, "data.1"));
	}
	v = ask(o, 200, "GET", TAKEN, "", "");
	tag = json_str(at(v, "data.1.tag"));
	v = ask(o, 200, "GET", SLOWEST,
	        str_z(test_arena(), str_fmt(test_arena(), "tag=" STR_FMT, STR_ARG(tag))), "");
	ck_assert_ptr_nonnull(at(v, "data.0"));
	ck_assert_ptr_null(at(v, "data.1"));
	v = ask(o, 200, "GET", SLOWEST, "tag=nobody", "");
	ck_assert_ptr_null(at(v, "data.0"));
	office_close(o);
}
END_TEST

START_TEST(a_spreadsheet_gets_its_lines_and_nothing_to_run)
{
	struct office *o = office_open("UTC");
	struct planted p = PLANT(o, 3 * DAY, TIME_HOUR, IN(0), OUT(1500));
	struct api_answer a;
	struct api_request in = { .method = STR("GET"),
		                  .path = STR(FIRST),
		                  .query = STR("format=csv&granularity=total"),
		                  .peer = STR("192.0.2.1"),
		                  .request_id = STR("r1"),
		                  .header = header,
		                  .ctx = o };

	api_serve(o->api, o->thread, &in, &a);
	ck_assert_int_eq(a.status, 200);
	ck_assert(str_starts(str_from(a.content_type), STR("text/csv")));
	ck_assert_str(a.body,
	              "period,averageSeconds,medianSeconds,p90Seconds,answered,unanswered\r\n"
	              "\"total\",1.500,1.500,1.500,1,0\r\n");
	desk_sql(o->d, "UPDATE sessions SET user_name = '=1+1,\"x\"' WHERE id = %s",
	         desk_uuid(o->d, p.id));
	in.path = STR(SLOWEST);
	in.query = STR("format=csv");
	api_serve(o->api, o->thread, &in, &a);
	ck_assert_ptr_nonnull(memmem(a.body.p, a.body.n, "\"'=1+1,\"\"x\"\"\",3600.000\r\n", 24));
	office_close(o);
}
END_TEST

START_TEST(what_cannot_be_asked_is_refused_with_its_name)
{
	static const char *const cases[][2] = {
		{ "granularity=week", "granularity" },
		{ "from=yesterday", "from" },
		{ "from=2026-01-10&to=2026-01-09", "to" },
		{ "from=2024-01-01&to=2026-01-01", "from" },
		{ "format=xml", "format" },
		{ "nonsense=1", "nonsense" },
	};
	struct office *o = office_open("UTC");

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const cJSON *v = ask(o, 400, "GET", FIRST, cases[i][0], "");

		check_text(v, "errors.0.path", cases[i][1]);
	}
	(void)ask(o, 400, "GET", SLOWEST, "limit=51", "");
	(void)ask(o, 400, "GET", SLOWEST, "limit=0", "");
	office_close(o);
}
END_TEST

START_TEST(more_sessions_than_a_page_are_all_counted)
{
	struct office *o = office_open("UTC");
	const cJSON *v;

	for (int i = 0; i < 620; i++) {
		struct planted p = { .ended_ago = 2 * DAY + i / 3, .messages = 1 };

		desk_plant(o->d, &p);
	}
	v = ask(o, 200, "GET", TAKEN, "", "");
	ck_assert_double_eq(number_at(v, "data.0.sessions"), 620);
	office_close(o);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("api kpis",
	                  a_wait_is_from_the_first_question_to_the_first_answer_of_a_person,
	                  groups_retired_sessions_and_what_a_helpdesk_tells_as_well_do_not_count,
	                  days_and_months_are_those_of_the_time_zone,
	                  durations_are_of_closed_sessions_by_the_tags_of_their_people,
	                  one_agent_or_one_tag_whatever_the_case,
	                  a_spreadsheet_gets_its_lines_and_nothing_to_run,
	                  what_cannot_be_asked_is_refused_with_its_name,
	                  more_sessions_than_a_page_are_all_counted);
}

int
main(void)
{
	return desk_main(make_suite);
}
