/*
 * Numbers are connected under a fake clock against a Meta that remembers what it was asked: every
 * step, every refusal, and a process that is killed at any point. ENGINE says on which engine.
 */
#include <stdlib.h>

#include "http_fake.h"
#include "pg.h"
#include "scene.h"
#include "store/queries.h"
#include "testing.h"
#include "work/onboarder_internal.h"

#define AT INT64_C(1768906800000)

static struct pg_server *postgres;

/* What Meta has been asked, and how it is to behave. */
struct meta {
	const struct clock *clock;
	int64_t code_at, onboarded_at;
	size_t exchanged, listed, subscribed, contacts, history, calls;
	const char *numbers; /* NULL: one that is in the app */
	const char *fail_path;
	int fail_status;
	size_t fail_times;
	const char *fail_body;
	bool lose; /* carries out, and the answer is lost */
	bool too_late;
	bool bad_token; /* a call came without the right one */
};

struct office {
	struct scene s;
	struct clock_fake time;
	struct clock clock;
	struct meta meta;
	struct http_fake *http;
	struct graph_calls graph;
	struct secretbox_keys keys;
	struct uuid client, other;
	struct onboarder *ob;
};

static struct http_fake_reply
json_reply(int status, const char *body)
{
	return (struct http_fake_reply){ .status = status, .body = str_from(body), .delay_ms = 10 };
}

static void
graph_error(struct http_fake_reply *out, int64_t code, int64_t subcode)
{
	*out = json_reply(
		400, str_z(test_arena(), str_fmt(test_arena(),
	                                         "{\"error\":{\"message\":\"no\",\"code\":%lld,"
	                                         "\"error_subcode\":%lld}}",
	                                         (long long)code, (long long)subcode)));
}

static bool
has(const struct http_call *c, const char *part)
{
	return strstr(str_z(test_arena(), c->url), part) != NULL;
}

static bool
says(const struct http_call *c, const char *part)
{
	return str_is_set(c->body) && strstr(str_z(test_arena(), c->body), part) != NULL;
}

static void
check_token(struct meta *m, const struct http_call *c)
{
	for (const struct http_header_out *h = c->headers; h->name != NULL; h++)
		if (strcmp(h->name, "Authorization") == 0 &&
		    str_eq(h->value, STR("Bearer token-of-meta")))
			return;
	m->bad_token = true;
}

static void
answer_sync(struct meta *m, size_t *asked, struct http_fake_reply *out)
{
	if (m->too_late)
		graph_error(out, 2593108, -1);
	else if (*asked > 0)
		graph_error(out, 2593107, -1);
	else {
		*out = json_reply(200, "{\"messaging_product\":\"whatsapp\",\"request_id\":\"r\"}");
		*asked = 1;
	}
}

static void
answer(void *ctx, const struct http_call *c, int64_t now_ms, struct http_fake_reply *out)
{
	struct meta *m = ctx;

	m->calls++;
	if (m->fail_path != NULL && m->fail_times > 0 && has(c, m->fail_path)) {
		m->fail_times--;
		*out = json_reply(m->fail_status, m->fail_body != NULL ? m->fail_body : "");
		return;
	}
	if (has(c, "/oauth/access_token")) {
		if (m->exchanged++ > 0)
			graph_error(out, 100, GRAPH_CODE_USED);
		else if (now_ms >= m->code_at + ONBOARD_CODE_MS)
			graph_error(out, 100, GRAPH_CODE_EXPIRED);
		else
			*out = json_reply(200, "{\"access_token\":\"token-of-meta\"}");
		ck_assert(has(c, "client_id=4711&client_secret=se%2Fcret&code=c%2Bd"));
		return;
	}
	check_token(m, c);
	if (has(c, "/900/phone_numbers")) {
		m->listed++;
		*out = json_reply(
			200, m->numbers != NULL
				     ? m->numbers
				     : "{\"data\":[{\"id\":\"100\",\"display_phone_number\":"
				       "\"+55 11 99999-0000\",\"verified_name\":\"Loja\","
				       "\"is_on_biz_app\":true,\"platform_type\":\"CLOUD_API\"}]}");
	} else if (has(c, "/900/subscribed_apps")) {
		m->subscribed++;
		*out = json_reply(200, "{\"success\":true}");
	} else if (has(c, "/100/smb_app_data") && says(c, "\"smb_app_state_sync\"")) {
		answer_sync(m, &m->contacts, out);
	} else {
		ck_assert(has(c, "/100/smb_app_data") && says(c, "\"history\""));
		ck_assert_uint_gt(m->contacts + m->too_late, 0);
		ck_assert_uint_gt(m->subscribed, 0);
		answer_sync(m, &m->history, out);
	}
	if (m->lose)
		*out = (struct http_fake_reply){ .failure = HTTP_CUT, .delay_ms = 10 };
}

static struct uuid
add_client(struct office *o, const char *slug)
{
	struct uuid id = rand_uuid_v7(&o->s.rand, AT);

	ck_assert_ok(db_exec(o->s.db, &q_api_client_insert,
	                     DB_PARAMS(db_uuid(id), db_text(str_from(slug)),
	                               db_text(str_from(slug)), db_text(STR_NONE),
	                               db_bytes(STR_NONE), db_bool(true), db_time(AT)),
	                     NULL, NULL));
	return id;
}

static void
hire(struct office *o)
{
	const struct onboarder_options opts = {
		.pool = o->s.pool,
		.graph = &o->graph,
		.rand = &o->s.rand,
		.keys = &o->keys,
		.app_id = STR("4711"),
		.app_secret = STR("se/cret"),
		.owner = rand_uuid_v7(&o->s.rand, AT),
	};

	ck_assert_ok(onboarder_open(&opts, &o->ob));
}

static struct office *
open_office(void)
{
	struct office *o = ARENA_NEW(test_arena(), struct office);
	const char *engine = getenv("ENGINE");

	if (engine != NULL && strcmp(engine, "postgres") == 0)
		scene_open(&o->s, pg_server_new_migrated(postgres, test_arena()));
	else
		scene_open(&o->s, str_z(test_arena(),
		                        str_fmt(test_arena(), "sqlite:%s/o.db", test_dir())));
	o->time.now_ms = AT;
	o->clock = clock_fake(&o->time);
	o->meta = (struct meta){ .clock = &o->clock, .code_at = AT };
	o->http = http_fake_new(&o->clock, 64, answer, &o->meta);
	o->graph = (struct graph_calls){ .http = http_fake_client(o->http),
		                         .base_url = STR("https://graph.test/v24.0") };
	o->client = add_client(o, "acme");
	o->other = add_client(o, "beta");
	hire(o);
	return o;
}

static void
close_office(struct office *o)
{
	onboarder_close(o->ob);
	http_fake_free(o->http);
	scene_close(&o->s);
}

static struct uuid
put(struct office *o, struct uuid client, const char *code, bool history)
{
	const struct onboarding_wish w = { .client_id = client,
		                           .code = str_from(code),
		                           .history = history,
		                           .waba_id = STR("900"),
		                           .actor = STR("operator") };
	struct uuid id;

	ck_assert_ok(db_begin(o->s.db, DB_API));
	ck_assert_ok(onboarding_put(o->s.db, test_arena(), &o->keys, &o->s.rand, &w,
	                            clock_now(&o->clock), &id));
	ck_assert_ok(db_commit(o->s.db));
	return id;
}

/* One turn of the thread; false: nothing is to do before *next. */
static bool
turn(struct office *o, int64_t *next)
{
	int64_t due, now = clock_now(&o->clock);

	(void)graph_calls_hear(&o->graph);
	if (onboarder_step(o->ob, now, next) == STEP_AGAIN)
		return true;
	due = http_fake_due(o->http);
	if (due < *next)
		*next = due;
	return false;
}

/* Until so much time has passed, or `turns` turns. */
static void
work_for(struct office *o, int64_t ms, size_t turns)
{
	int64_t until = clock_now(&o->clock) + ms, next;

	onboarder_look(o->ob);
	while (clock_now(&o->clock) < until && turns-- > 0)
		if (!turn(o, &next))
			o->time.now_ms = next < until ? next : until;
}

static const char *
row(struct office *o, const char *sql)
{
	struct str *v;
	size_t n = raw_column(o->s.raw, test_arena(), sql, &v);

	return n == 0 ? "(none)" : str_z(test_arena(), v[0]);
}

#define STATE                                                                                      \
	"SELECT step || ' ' || status || ' ' || COALESCE(error_reason, '-') FROM onboardings "     \
	"ORDER BY id DESC"
#define MUST_BE(o, sql, value) ck_assert_str_eq(row(o, sql), value)

START_TEST(a_number_is_connected_step_by_step)
{
	struct office *o = open_office();
	struct uuid id = put(o, o->client, "c+d", true);

	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "done done -");
	MUST_BE(o,
	        "SELECT count(*) FROM connections WHERE status = 'connected' AND registered_by = "
	        "'onboard' AND "
	        "phone_number_id = '100' AND display_phone_number = '+5511999990000' AND "
	        "verified_name = 'Loja'",
	        "1");
	MUST_BE(o,
	        "SELECT count(*) FROM sync_runs WHERE history_requested AND requested_at IS NOT "
	        "NULL AND run_no = 1",
	        "1");
	MUST_BE(o,
	        "SELECT count(*) FROM onboardings WHERE code_box IS NOT NULL OR token_box IS NOT "
	        "NULL",
	        "0");
	MUST_BE(o, "SELECT action FROM audit_log", "connection.onboarded");
	ck_assert(!o->meta.bad_token);
	ck_assert_uint_eq(o->meta.calls, 5);
	/* the same code again is the same onboarding, and asks for nothing */
	ck_assert(uuid_eq(put(o, o->client, "c+d", true), id));
	work_for(o, 2000, SIZE_MAX);
	ck_assert_uint_eq(o->meta.calls, 5);
	close_office(o);
}
END_TEST

START_TEST(without_history_only_contacts_are_asked_for)
{
	struct office *o = open_office();

	(void)put(o, o->client, "c+d", false);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "done done -");
	ck_assert(o->meta.contacts == 1 && o->meta.history == 0);
	MUST_BE(o, "SELECT count(*) FROM sync_runs WHERE history_requested", "0");
	close_office(o);
}
END_TEST

/* As after a new window of Meta's: what was asked once may be asked again. */
static void
onboard_again_at_meta(struct office *o)
{
	o->meta.exchanged = o->meta.contacts = o->meta.history = 0;
	o->meta.code_at = clock_now(&o->clock);
	raw_exec(o->s.raw, "DELETE FROM onboardings"); /* its code is another's hash */
}

START_TEST(connecting_again_is_a_new_run_of_the_same_connection)
{
	struct office *o = open_office();

	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	onboard_again_at_meta(o);
	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "done done -");
	MUST_BE(o, "SELECT count(*) FROM connections", "1");
	MUST_BE(o, "SELECT max(run_no) FROM sync_runs", "2");
	MUST_BE(o, "SELECT action FROM audit_log ORDER BY id DESC", "connection.reconnected");
	close_office(o);
}
END_TEST

START_TEST(another_clients_number_and_account_are_refused)
{
	struct office *o = open_office();

	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	o->meta.exchanged = 0;
	o->meta.code_at = clock_now(&o->clock);
	(void)put(o, o->other, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "number failed waba_taken");
	raw_exec(o->s.raw, "UPDATE connections SET waba_id = '1'");
	(void)put(o, o->other, "c+d", true); /* goes on where it failed */
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "number failed number_taken");
	MUST_BE(o, "SELECT count(*) FROM connections", "1");
	close_office(o);
}
END_TEST

START_TEST(a_number_that_cannot_be_told_is_refused)
{
	struct office *o = open_office();

	o->meta.numbers = "{\"data\":[]}";
	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "number failed number_not_found");
	o->meta.numbers = "{\"data\":[{\"id\":\"100\",\"is_on_biz_app\":true,\"platform_type\":"
			  "\"CLOUD_API\"},{\"id\":\"101\",\"is_on_biz_app\":true,\"platform_type\":"
			  "\"CLOUD_API\"}]}";
	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "number failed several_numbers");
	o->meta.numbers = NULL;
	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "done done -");
	close_office(o);
}
END_TEST

START_TEST(a_code_that_came_too_late_is_told_and_never_asked_with)
{
	struct office *o = open_office();

	(void)put(o, o->client, "c+d", true);
	o->time.now_ms = AT + ONBOARD_CODE_MS;
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "token failed code_expired");
	ck_assert_uint_eq(o->meta.calls, 0);
	MUST_BE(o, "SELECT count(*) FROM onboardings WHERE code_box IS NOT NULL", "0");
	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "token failed code_expired");
	close_office(o);
}
END_TEST

START_TEST(what_passes_is_waited_for_at_every_step)
{
	static const char *const paths[] = { "/oauth/", "/phone_numbers", "/subscribed_apps",
		                             "/smb_app_data" };

	for (size_t i = 0; i < 4; i++) {
		struct office *o = open_office();

		o->meta.fail_path = paths[i];
		o->meta.fail_status = i % 2 == 0 ? 503 : 429;
		o->meta.fail_times = 2;
		(void)put(o, o->client, "c+d", true);
		work_for(o, TIME_MINUTE, SIZE_MAX);
		MUST_BE(o, STATE, "done done -");
		ck_assert_uint_eq(o->meta.calls, 7);
		close_office(o);
	}
}
END_TEST

START_TEST(what_does_not_pass_fails_with_its_reason_and_goes_on_by_the_same_code)
{
	struct office *o = open_office();

	o->meta.fail_path = "/subscribed_apps";
	o->meta.fail_status = 403;
	o->meta.fail_body = "{\"error\":{\"message\":\"no right\",\"code\":200}}";
	o->meta.fail_times = 1;
	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "subscribe failed no_permission");
	MUST_BE(o, "SELECT error_message FROM onboardings", "no right");
	MUST_BE(o, "SELECT count(*) FROM connections", "1");
	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "done done -");
	MUST_BE(o, "SELECT count(*) FROM connections", "1");
	ck_assert_uint_eq(o->meta.exchanged, 1);
	close_office(o);
}
END_TEST

START_TEST(asked_too_late_the_number_is_connected_and_its_history_failed)
{
	struct office *o = open_office();

	o->meta.too_late = true;
	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "done done sync_too_late");
	MUST_BE(o,
	        "SELECT count(*) FROM sync_runs WHERE too_late_at IS NOT NULL AND failure IS NOT "
	        "NULL",
	        "1");
	MUST_BE(o, "SELECT status FROM connections", "connected");
	close_office(o);
}
END_TEST

/* Killed after so many turns, and gone on with by another process. */
static size_t
killed_after(size_t turns, bool lose)
{
	struct office *o = open_office();
	const char *state;

	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, turns);
	state = row(o, STATE);
	if (strcmp(state, "done done -") == 0) {
		close_office(o);
		return SIZE_MAX;
	}
	o->meta.lose = lose;
	work_for(o, 20, 1); /* what is under way is carried out, and its answer is lost */
	o->meta.lose = false;
	onboarder_close(o->ob);
	hire(o);
	o->time.now_ms = clock_now(&o->clock) + 2 * TIME_MINUTE;
	work_for(o, 5 * TIME_MINUTE, SIZE_MAX);
	state = row(o, STATE);
	/* a code is good for one exchange and for thirty seconds: that alone may be lost */
	if (strcmp(state, "done done -") != 0 && strcmp(state, "token failed code_expired") != 0)
		ck_abort_msg("killed after %zu turns: %s", turns, state);
	if (strcmp(state, "done done -") == 0) {
		MUST_BE(o, "SELECT count(*) FROM connections WHERE access_token_box IS NOT NULL",
		        "1");
		MUST_BE(o, "SELECT count(*) FROM sync_runs", "1");
		ck_assert(o->meta.contacts == 1 && o->meta.history == 1);
	}
	ck_assert(!o->meta.bad_token);
	close_office(o);
	return turns;
}

START_TEST(killed_at_any_point_it_is_gone_on_with)
{
	size_t points = 0;

	for (size_t turns = 1; killed_after(turns, turns % 2 == 0) != SIZE_MAX; turns++)
		points++;
	ck_assert_uint_ge(points, 8);
}
END_TEST

START_TEST(a_database_that_fails_at_any_statement_costs_time_only)
{
	for (uint64_t n = 1;; n++) {
		struct office *o = open_office();

		db_fail_at(o->ob->db, n, ERR_UNAVAILABLE);
		(void)put(o, o->client, "c+d", true);
		work_for(o, 10 * TIME_MINUTE, SIZE_MAX);
		MUST_BE(o, STATE, "done done -");
		ck_assert_uint_eq(o->meta.exchanged, 1);
		if (n > 60) {
			close_office(o);
			break;
		}
		close_office(o);
	}
}
END_TEST

START_TEST(what_is_given_back_is_gone_on_with_at_once)
{
	struct office *o = open_office();

	(void)put(o, o->client, "c+d", true);
	work_for(o, 15, SIZE_MAX);
	onboarder_stop(o->ob, clock_now(&o->clock));
	onboarder_close(o->ob);
	hire(o);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "done done -");
	close_office(o);
}
END_TEST

/* Without a code: what the API writes down for a connection. */
static void
ask_again(struct office *o)
{
	struct onboarding_wish w = { .client_id = o->client,
		                     .history = true,
		                     .waba_id = STR("900"),
		                     .phone_number_id = STR("100"),
		                     .actor = STR("operator") };
	struct uuid id;

	ck_assert_ok(db_begin(o->s.db, DB_API));
	{
		struct db_result r;

		ck_assert_ok(db_query(o->s.db, &q_onboarding_number, DB_PARAMS(db_text(STR("100"))),
		                      NULL, test_arena(), &r));
		w.connection_id = db_get_uuid(&r, 0, 1);
	}
	ck_assert_ok(onboarding_put(o->s.db, test_arena(), &o->keys, &o->s.rand, &w,
	                            clock_now(&o->clock), &id));
	ck_assert_ok(db_commit(o->s.db));
}

START_TEST(who_asks_again_subscribes_first)
{
	struct office *o = open_office();

	o->meta.fail_path = "/subscribed_apps";
	o->meta.fail_status = 403;
	o->meta.fail_body = "{\"error\":{\"code\":200}}";
	o->meta.fail_times = 1;
	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "subscribe failed no_permission");
	/* nothing was asked for yet, and the connection says so */
	MUST_BE(o, "SELECT count(*) FROM sync_runs WHERE history_requested", "0");
	ask_again(o);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "done done -");
	ck_assert(o->meta.subscribed == 1 && o->meta.contacts == 1 && o->meta.history == 1);
	MUST_BE(o, "SELECT count(*) FROM sync_runs WHERE history_requested", "1");
	close_office(o);
}
END_TEST

START_TEST(a_history_that_is_here_stays_when_the_number_is_connected_again)
{
	struct office *o = open_office();

	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	raw_exec(o->s.raw, "UPDATE sync_runs SET progress = 100, full_at = requested_at, "
	                   "first_chunk_at = requested_at");
	o->meta.exchanged = 0; /* a new window, but the app was not disconnected */
	o->meta.code_at = clock_now(&o->clock);
	raw_exec(o->s.raw, "DELETE FROM onboardings");
	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, STATE, "done done -");
	MUST_BE(o, "SELECT count(*) FROM sync_runs WHERE progress = 100", "1");
	MUST_BE(o, "SELECT count(*) FROM sync_runs", "1");
	close_office(o);
}
END_TEST

START_TEST(a_restart_keeps_to_what_the_server_asked)
{
	struct office *o = open_office();
	size_t calls;

	o->meta.fail_path = "/phone_numbers";
	o->meta.fail_status = 503;
	o->meta.fail_times = 4;
	(void)put(o, o->client, "c+d", true);
	work_for(o, 5000, SIZE_MAX);
	calls = o->meta.calls;
	onboarder_stop(o->ob, clock_now(&o->clock));
	onboarder_close(o->ob);
	hire(o);
	work_for(o, 100, SIZE_MAX);
	ck_assert_uint_eq(o->meta.calls, calls);
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, STATE, "done done -");
	close_office(o);
}
END_TEST

START_TEST(secrets_of_what_failed_are_gone_after_a_while)
{
	struct office *o = open_office();

	o->meta.numbers = "{\"data\":[]}";
	(void)put(o, o->client, "c+d", true);
	work_for(o, 2000, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM onboardings WHERE token_box IS NOT NULL", "1");
	work_for(o, 2 * TIME_HOUR, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM onboardings WHERE token_box IS NOT NULL", "0");
	close_office(o);
}
END_TEST

START_TEST(nothing_secret_stands_in_the_rows)
{
	struct office *o = open_office();

	(void)put(o, o->client, "c+d", true);
	for (size_t i = 0; i < 40; i++) {
		work_for(o, 5, SIZE_MAX);
		MUST_BE(o,
		        "SELECT count(*) FROM onboardings WHERE CAST(code_box AS text) LIKE "
		        "'%c+d%' OR "
		        "CAST(token_box AS text) LIKE '%token-of-meta%'",
		        "0");
	}
	MUST_BE(o, STATE, "done done -");
	close_office(o);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"onboarder", a_number_is_connected_step_by_step,
		without_history_only_contacts_are_asked_for,
		connecting_again_is_a_new_run_of_the_same_connection,
		another_clients_number_and_account_are_refused,
		a_number_that_cannot_be_told_is_refused,
		a_code_that_came_too_late_is_told_and_never_asked_with,
		what_passes_is_waited_for_at_every_step,
		what_does_not_pass_fails_with_its_reason_and_goes_on_by_the_same_code,
		asked_too_late_the_number_is_connected_and_its_history_failed,
		killed_at_any_point_it_is_gone_on_with,
		a_database_that_fails_at_any_statement_costs_time_only,
		what_is_given_back_is_gone_on_with_at_once, who_asks_again_subscribes_first,
		a_history_that_is_here_stays_when_the_number_is_connected_again,
		a_restart_keeps_to_what_the_server_asked,
		secrets_of_what_failed_are_gone_after_a_while, nothing_secret_stands_in_the_rows);
}

TEST_MAIN_ON_ENGINE(make_suite, postgres)
