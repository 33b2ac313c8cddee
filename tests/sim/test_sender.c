/*
 * Messages are sent under a fake clock to a Meta that keeps its rules, and whose webhooks come
 * back through the journal: the way of one message, pace, every loss, and a process that is killed
 * at any point. ENGINE says on which engine.
 */
#include <stdlib.h>

#include "core/wamid.h"
#include "graph_fixture.h"
#include "http_fake.h"
#include "pg.h"
#include "scene.h"
#include "store/queries.h"
#include "work/sender_internal.h"

#define MOST_WEBHOOKS 8192
#define GIVE_UP_MS    (2 * TIME_HOUR)

static struct pg_server *postgres;

struct shop {
	struct scene s;
	struct clock_fake time;
	struct clock clock;
	struct play meta;
	struct http_fake *http;
	struct graph_calls graph;
	struct secretbox_keys keys;
	struct uuid client, connection, conversation;
	struct sender *sender;
	bool deaf; /* webhooks do not arrive */
	size_t nwebhooks;
	struct {
		int64_t at;
		struct str body;
	} webhooks[MOST_WEBHOOKS];
};

static struct str
bearer(const struct http_call *c)
{
	for (const struct http_header_out *h = c->headers; h->name != NULL; h++)
		if (strcmp(h->name, "Authorization") == 0)
			return h->value;
	return STR_NONE;
}

static void
collect_webhooks(struct shop *o, int64_t now)
{
	struct graph_webhook *v;
	size_t n = graph_take_webhooks(o->meta.graph, &v);

	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_lt(o->nwebhooks, MOST_WEBHOOKS);
		o->webhooks[o->nwebhooks].at = now + v[i].delay_ms;
		o->webhooks[o->nwebhooks++].body = str_dup(test_arena(), str_n(v[i].bytes, v[i].n));
		free(v[i].bytes);
	}
	free(v);
}

/* Meta, asked over a line that may break. */
static void
answer(void *ctx, const struct http_call *c, int64_t now_ms, struct http_fake_reply *out)
{
	struct shop *o = ctx;
	const struct web_request q = {
		.method = c->method,
		.path = str_sub(c->url, strlen("https://graph.test/v24.0"), c->url.n),
		.authorization = bearer(c),
		.content_type = STR("application/json"),
		.host = STR("graph.test"),
		.body = c->body,
	};
	struct web_reply r = { 0 };

	graph_answer(o->meta.graph, &q, now_ms, test_arena(), &r);
	collect_webhooks(o, now_ms);
	*out = (struct http_fake_reply){ .status = r.status, .body = r.body, .delay_ms = 10 };
	if (r.fate == WEB_TRUNCATED || r.fate == WEB_CLOSED)
		out->failure = HTTP_CUT;
	else if (r.fate == WEB_HANGS)
		out->delay_ms = TIME_HOUR; /* longer than anybody waits */
}

static void
hire(struct shop *o)
{
	const struct sender_options opts = {
		.pool = o->s.pool,
		.graph = &o->graph,
		.rand = &o->s.rand,
		.keys = &o->keys,
		.owner = rand_uuid_v7(&o->s.rand, o->time.now_ms),
		.give_up_ms = GIVE_UP_MS,
	};

	ck_assert_ok(sender_open(&opts, &o->sender));
}

static void
journal(struct shop *o, struct str body)
{
	const struct scene_entry e = { .id = rand_uuid_v7(&o->s.rand, o->time.now_ms),
		                       .received_at = o->time.now_ms,
		                       .body = body };
	int64_t now = o->time.now_ms;

	scene_journal(&o->s, test_arena(), &e, 1);
	ck_assert(scene_drain(&o->s, &now));
}

static const char *
row(struct shop *o, const char *sql)
{
	struct str *v;
	size_t n = raw_column(o->s.raw, test_arena(), sql, &v);

	return n == 0 ? "(none)" : str_z(test_arena(), v[0]);
}
#define MUST_BE(o, sql, value) ck_assert_str_eq(row(o, sql), value)

static struct uuid
id_of(struct shop *o, const struct query *q, const struct db_param *params, size_t col)
{
	struct db_result r;

	ck_assert_ok(db_query(o->s.db, q, params, NULL, test_arena(), &r));
	ck_assert_uint_gt(r.nrows, 0);
	return db_get_uuid(&r, 0, col);
}

/* A customer writes. */
static void
write_in(struct shop *o, const char *who, const char *text)
{
	static const struct wire_line line = { { NUMBER, 15 },
		                               { WABA, 15 },
		                               { "551130000001", 12 } };
	const struct wamid id = { false, str_from(who),
		                  str_fmt(test_arena(), "IN%lld", (long long)o->time.now_ms) };
	const struct wire_element e = {
		.from = str_from(who),
		.id = wamid_encode(test_arena(), &id),
		.at = str_fmt(test_arena(), "%lld", (long long)(o->time.now_ms / TIME_SECOND)),
		.text = str_from(text),
	};
	struct wire w;

	wire_begin(&w, test_arena(), WIRE_META, false);
	wire_change(&w, &line, "messages", true, 0);
	jw_key(&w.jw, "messages");
	jw_arr(&w.jw);
	wire_element(&w, &e);
	jw_arr_end(&w.jw);
	wire_change_end(&w);
	journal(o, wire_end(&w));
}

static void
give_token(struct shop *o)
{
	unsigned char nonce[SECRETBOX_NONCE_LEN] = { 0 };
	struct str aad = str_fmt(test_arena(), "connections/" STR_FMT "/access_token",
	                         STR_ARG(uuid_text(test_arena(), o->connection)));
	struct str box = secretbox_seal(test_arena(), &o->keys, aad, o->meta.token, nonce);

	ck_assert_ok(db_exec(o->s.db, &q_api_connection_update,
	                     DB_PARAMS(db_uuid(o->client), db_uuid(o->connection),
	                               db_text(STR_NONE), db_bool(false), db_text(STR_NONE),
	                               db_bool(true), db_bytes(box), db_time(o->time.now_ms)),
	                     NULL, NULL));
}

static struct uuid
conversation_of(struct shop *o, const char *who)
{
	const struct db_param params[] = { db_uuid(o->client),
		                           db_uuid(o->connection),
		                           db_text(STR("all")),
		                           db_text(str_from(who)),
		                           db_time(START + TIME_DAY),
		                           db_uuid(UUID_NIL),
		                           db_int(1) };

	return id_of(o, &q_api_conversation_list, params, 0);
}

/* Many shops of one test have one database, emptied in between. */
static struct scene place;
static bool keep_place;

static void
take_scene(struct scene *s)
{
	const char *engine = getenv("ENGINE");

	if (place.pool != NULL)
		scene_clear(&place);
	else if (engine != NULL && strcmp(engine, "postgres") == 0)
		scene_open(&place, pg_server_new_migrated(postgres, test_arena()));
	else
		scene_open(&place, str_z(test_arena(),
		                         str_fmt(test_arena(), "sqlite:%s/s.db", test_dir())));
	*s = place;
	s->rand = rand_seeded(&s->seed, 1);
}

static struct shop *
open_shop(void)
{
	struct shop *o = ARENA_NEW(test_arena(), struct shop);
	const struct scene_line line = { .line = { STR(NUMBER), STR(WABA), STR("551130000001") },
		                         .nruns = 1,
		                         .run_at = { START - TIME_DAY } };

	take_scene(&o->s);
	scene_fill(&o->s, &line, 1);
	o->time.now_ms = START;
	o->clock = clock_fake(&o->time);
	play_start(&o->meta);
	ck_assert_int_eq(play_call(&o->meta, "POST", "/" WABA "/subscribed_apps", NULL), 200);
	play_control(&o->meta, "statuses", "{\"stepMs\":1000}");
	o->http = http_fake_new(&o->clock, 64, answer, o);
	o->graph = (struct graph_calls){ .http = http_fake_client(o->http),
		                         .base_url = STR("https://graph.test/v24.0") };
	o->connection = id_of(o, &q_onboarding_number, DB_PARAMS(db_text(STR(NUMBER))), 1);
	o->client = id_of(o, &q_onboarding_number, DB_PARAMS(db_text(STR(NUMBER))), 0);
	give_token(o);
	write_in(o, PERSON, "Oi");
	o->conversation = conversation_of(o, PERSON);
	hire(o);
	return o;
}

static void
leave_place(void)
{
	scene_close(&place);
	place = (struct scene){ 0 };
	keep_place = false;
}

static void
close_shop(struct shop *o)
{
	ck_assert_uint_eq(o->meta.graph->violations.n, 0);
	sender_close(o->sender);
	http_fake_free(o->http);
	play_end(&o->meta);
	for (size_t i = 0; i < SCENE_MAX_WORKERS; i++) { /* they remember */
		drain_close(o->s.workers[i]);
		place.workers[i] = NULL;
	}
	if (!keep_place)
		leave_place();
}

static struct uuid
put_to(struct shop *o, struct uuid conversation, const char *who, const char *text)
{
	struct send_wish w = { .client_id = o->client,
		               .conversation_id = conversation,
		               .request_hash = STR("a request"),
		               .to = { .wa_id = str_from(who) },
		               .body = str_from(text),
		               .actor = STR("operator") };
	struct db_result r;
	struct uuid id;

	ck_assert_ok(db_begin(o->s.db, DB_API));
	ck_assert_ok(db_lane(o->s.db, o->client, true));
	ck_assert_ok(db_query(o->s.db, &q_send_target,
	                      DB_PARAMS(db_uuid(o->client), db_uuid(conversation)), NULL,
	                      test_arena(), &r));
	w.connection_id = db_get_uuid(&r, 0, 0);
	w.last_out_at = db_get_time(&r, 0, 8);
	ck_assert_ok(send_put(o->s.db, test_arena(), &o->s.rand, &w, o->time.now_ms, &id));
	ck_assert_ok(db_commit(o->s.db));
	sender_look(o->sender);
	return id;
}

static struct uuid
put(struct shop *o, const char *text)
{
	return put_to(o, o->conversation, PERSON, text);
}

/* Webhooks whose time has come. */
static void
deliver(struct shop *o)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->nwebhooks; i++) {
		if (o->webhooks[i].at <= o->time.now_ms && !o->deaf)
			journal(o, o->webhooks[i].body);
		else if (!o->deaf)
			o->webhooks[kept++] = o->webhooks[i];
	}
	o->nwebhooks = kept;
}

static int64_t
next_webhook(const struct shop *o)
{
	int64_t at = INT64_MAX;

	for (size_t i = 0; i < o->nwebhooks; i++)
		at = o->webhooks[i].at < at ? o->webhooks[i].at : at;
	return at;
}

/* One turn of the thread; false: nothing is to do before *next. */
static bool
turn(struct shop *o, int64_t *next)
{
	int64_t now = o->time.now_ms, due;

	deliver(o);
	(void)graph_calls_hear(&o->graph);
	if (sender_step(o->sender, now, next) == STEP_AGAIN)
		return true;
	due = http_fake_due(o->http);
	*next = due < *next ? due : *next;
	due = next_webhook(o);
	*next = due < *next ? due : *next;
	return false;
}

static void
work_for(struct shop *o, int64_t ms, size_t turns)
{
	int64_t until = o->time.now_ms + ms, next;

	sender_look(o->sender);
	while (o->time.now_ms < until && turns-- > 0)
		if (!turn(o, &next))
			o->time.now_ms = next < until ? next : until;
}

/* Key without its value, status, whether it has a name. */
#define MESSAGE                                                                                    \
	"SELECT substr(dedup_key, 1, 2) || ' ' || status || ' ' || CASE WHEN wamid IS NULL THEN "  \
	"'-' "                                                                                     \
	"ELSE 'named' END FROM messages WHERE direction = 'OUTBOUND' ORDER BY id DESC"
#define SEND   "SELECT status || ' ' || COALESCE(reason, '-') FROM sends ORDER BY id DESC"
#define ERRORS "SELECT count(*) FROM messages WHERE error IS NOT NULL"

/* ---------------------------------------------------------------------------------------------- */

START_TEST(a_message_goes_from_pending_to_read)
{
	struct shop *o = open_shop();

	(void)put(o, "Bom dia!");
	MUST_BE(o, MESSAGE, "a: pending -");
	MUST_BE(o, "SELECT source || ' ' || body FROM messages WHERE direction = 'OUTBOUND'",
	        "api Bom dia!");
	work_for(o, 500, SIZE_MAX);
	MUST_BE(o, MESSAGE, "o: sent named");
	MUST_BE(o, SEND, "accepted -");
	work_for(o, 10000, SIZE_MAX);
	MUST_BE(o, MESSAGE, "o: read named");
	MUST_BE(o, "SELECT count(*) FROM messages", "2");
	MUST_BE(o, "SELECT count(*) FROM amendments", "0");
	MUST_BE(o, "SELECT count(*) FROM messages WHERE confirmed_at IS NOT NULL", "1");
	/* the conversation knows its newest message by its new key */
	MUST_BE(o,
	        "SELECT count(*) FROM conversations c JOIN messages m ON m.id = c.last_message_id "
	        "WHERE c.last_message_key = m.dedup_key AND c.last_out_key = m.dedup_key AND "
	        "m.direction = 'OUTBOUND'",
	        "1");
	ck_assert_uint_eq(o->meta.graph->accepted, 1);
	close_shop(o);
}
END_TEST

START_TEST(statuses_that_are_faster_than_the_answer_name_it)
{
	struct shop *o = open_shop();

	play_control(&o->meta, "statuses", "{\"stepMs\":1}");
	(void)put(o, "Bom dia!");
	work_for(o, 5000, SIZE_MAX);
	MUST_BE(o, MESSAGE, "o: read named");
	MUST_BE(o, SEND, "accepted -");
	play_control(&o->meta, "statuses", "{\"stepMs\":100,\"backwards\":true}");
	(void)put(o, "Tudo bem?");
	work_for(o, 20000, SIZE_MAX);
	MUST_BE(o, MESSAGE, "o: read named");
	MUST_BE(o, "SELECT count(*) FROM amendments", "0");
	close_shop(o);
}
END_TEST

START_TEST(a_lost_answer_is_never_sent_again_and_a_status_tells)
{
	struct shop *o = open_shop();

	play_control(&o->meta, "fault",
	             "{\"path\":\"/" NUMBER "/messages\",\"fate\":\"accept_and_close\"}");
	(void)put(o, "Bom dia!");
	work_for(o, 500, SIZE_MAX);
	MUST_BE(o, SEND, "unknown unreachable");
	MUST_BE(o, MESSAGE, "a: pending -");
	work_for(o, 10000, SIZE_MAX);
	MUST_BE(o, SEND, "accepted -");
	MUST_BE(o, MESSAGE, "o: read named");
	ck_assert_uint_eq(o->meta.graph->accepted, 1);
	/* and where no status comes, nobody knows, for ever */
	play_control(&o->meta, "fault",
	             "{\"path\":\"/" NUMBER
	             "/messages\",\"fate\":\"accept_and_close\",\"silent\":true}");
	(void)put(o, "E hoje?");
	work_for(o, TIME_HOUR, SIZE_MAX);
	MUST_BE(o, SEND, "unknown unreachable");
	MUST_BE(o, MESSAGE, "a: pending -");
	ck_assert_uint_eq(o->meta.graph->accepted, 2);
	close_shop(o);
}
END_TEST

START_TEST(what_passes_is_waited_for_and_what_does_not_fails_with_its_reason)
{
	static const struct {
		int64_t code;
		const char *send, *message;
	} cases[] = {
		{ 131026, "failed undeliverable", "a: failed -" },
		{ 131047, "failed outside_window", "a: failed -" },
		{ 190, "failed token_invalid", "a: failed -" },
		{ 131031, "failed account_locked", "a: failed -" },
		{ 130429, "accepted -", "o: read named" },
		{ 131056, "accepted -", "o: read named" },
		{ 131048, "accepted -", "o: read named" },
		{ 131016, "accepted -", "o: read named" },
	};
	struct shop *o = open_shop();

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str fault =
			str_fmt(test_arena(),
		                "{\"path\":\"/" NUMBER
		                "/messages\",\"fate\":\"error\",\"code\":%lld,\"times\":2}",
		                (long long)cases[i].code);
		play_control(&o->meta, "fault", str_z(test_arena(), fault));
		(void)put(o, "Bom dia!");
		work_for(o, TIME_MINUTE, SIZE_MAX);
		play_control(&o->meta, "calm", "{}");
		MUST_BE(o, SEND, cases[i].send);
		MUST_BE(o, MESSAGE, cases[i].message);
	}
	MUST_BE(o, ERRORS, "4");
	MUST_BE(o, "SELECT count(*) FROM connections WHERE token_failed_at IS NOT NULL", "0");
	ck_assert_uint_eq(o->meta.graph->accepted, 4);
	close_shop(o);
}
END_TEST

START_TEST(a_refused_token_is_noted_and_those_that_wait_fail_with_it)
{
	struct shop *o = open_shop();

	play_control(&o->meta, "revoke", "{}");
	for (int i = 0; i < 3; i++)
		(void)put(o, "Bom dia!");
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o,
	        "SELECT count(*) FROM sends WHERE status = 'failed' AND reason = 'token_invalid'",
	        "3");
	MUST_BE(o, "SELECT count(*) FROM messages WHERE status = 'failed'", "3");
	MUST_BE(o, "SELECT token_failed_reason FROM connections", "token_invalid");
	ck_assert_uint_eq(o->meta.graph->accepted, 0);
	play_control(&o->meta, "token", "{\"wabaId\":\"" WABA "\"}");
	o->meta.token = play_text(&o->meta, "token");
	give_token(o);
	(void)put(o, "De novo");
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, MESSAGE, "o: read named");
	MUST_BE(o, "SELECT count(*) FROM connections WHERE token_failed_at IS NOT NULL", "0");
	close_shop(o);
}
END_TEST

START_TEST(one_person_gets_a_message_every_six_seconds_in_order)
{
	struct shop *o = open_shop();
	const struct graph_pair *p;

	for (int i = 0; i < 8; i++)
		(void)put(o, str_z(test_arena(), str_fmt(test_arena(), "nr. %d", i)));
	work_for(o, 2 * TIME_MINUTE, SIZE_MAX);
	ck_assert_uint_eq(o->meta.graph->accepted, 8);
	p = &o->meta.graph->pairs.v[0];
	ck_assert_uint_eq(p->ntimes, 8);
	for (size_t i = 1; i < 8; i++) {
		ck_assert_int_ge(p->times[i] - p->times[i - 1], 6000);
		ck_assert_int_le(p->times[i] - p->times[i - 1], 6200);
	}
	for (size_t i = 0, n = 0; i < o->meta.graph->nkept; i++) {
		struct str body = o->meta.graph->kept[i].body;
		const char *part = str_z(test_arena(), str_fmt(test_arena(), "nr. %zu", n));

		if (str_is_set(body) && strstr(str_z(test_arena(), body), "nr. ") != NULL) {
			ck_assert_ptr_nonnull(strstr(str_z(test_arena(), body), part));
			n++;
		}
	}
	close_shop(o);
}
END_TEST

/* A hundred times as many as may leave in that time. */
START_TEST(a_number_keeps_its_pace_and_drops_nothing)
{
	struct shop *o = open_shop();
	enum { PEOPLE = 400 };
	int64_t began = o->time.now_ms;

	for (int i = 0; i < PEOPLE; i++) {
		const char *who = str_z(test_arena(), str_fmt(test_arena(), "55119800%05d", i));

		write_in(o, who, "Oi");
		(void)put_to(o, conversation_of(o, who), who, "Bom dia!");
	}
	work_for(o, 10 * TIME_SECOND, SIZE_MAX);
	ck_assert_uint_le(o->meta.graph->accepted, 201);
	ck_assert_uint_ge(o->meta.graph->accepted, 190);
	MUST_BE(o, "SELECT count(*) > 150 FROM sends WHERE status = 'queued'",
	        db_engine(o->s.db) == DB_SQLITE ? "1" : "t");
	work_for(o, 20 * TIME_SECOND, SIZE_MAX);
	ck_assert_uint_eq(o->meta.graph->accepted, PEOPLE);
	ck_assert_uint_eq(o->meta.graph->limited, 0);
	ck_assert_int_le(o->time.now_ms - began, 60 * TIME_SECOND);
	MUST_BE(o, "SELECT count(*) FROM sends WHERE status = 'accepted'", "400");
	close_shop(o);
}
END_TEST

/* Two processes take turns. */
START_TEST(two_processes_send_each_message_once)
{
	struct shop *o = open_shop();
	struct sender *first = o->sender, *second;

	hire(o);
	second = o->sender;
	for (int i = 0; i < 12; i++) {
		const char *who = str_z(test_arena(), str_fmt(test_arena(), "55119800%05d", i));

		write_in(o, who, "Oi");
		(void)put_to(o, conversation_of(o, who), who, "Bom dia!");
		(void)put_to(o, conversation_of(o, who), who, "Tudo bem?");
	}
	for (int i = 0; i < 4000; i++) {
		o->sender = i % 2 == 0 ? first : second;
		work_for(o, 5, SIZE_MAX);
	}
	ck_assert_uint_eq(o->meta.graph->accepted, 24);
	MUST_BE(o, "SELECT count(*) FROM sends WHERE status = 'accepted'", "24");
	sender_close(first);
	o->sender = second;
	close_shop(o);
}
END_TEST

/* Whether what Meta took and what we say of it agree. */
static void
check_outcome(struct shop *o, const char *where)
{
	const char *send = row(o, SEND);
	bool sent = o->meta.graph->accepted == 1;

	ck_assert_msg(o->meta.graph->accepted <= 1, "%s: sent %llu times", where,
	              (unsigned long long)o->meta.graph->accepted);
	ck_assert_msg(strcmp(send, "accepted -") == 0
	                      ? sent
	                      : strcmp(send, "unknown -") == 0 || strcmp(send, "unknown "
	                                                                       "unreachable") == 0,
	              "%s: %s", where, send);
	ck_assert_msg(!sent || o->deaf || strcmp(send, "accepted -") == 0, "%s: %s", where, send);
	if (strcmp(send, "accepted -") == 0 && !o->deaf)
		MUST_BE(o, MESSAGE, "o: read named");
	MUST_BE(o, "SELECT count(*) FROM messages", "2");
}

START_TEST(killed_at_any_point_it_is_sent_once_or_nobody_knows)
{
	keep_place = true;
	for (int deaf = 0; deaf < 2; deaf++) {
		for (size_t turns = 0; turns < 14; turns++) {
			struct shop *o = open_shop();
			const char *where =
				str_z(test_arena(), str_fmt(test_arena(), "%s, after %zu turns",
			                                    deaf ? "deaf" : "hearing", turns));

			o->deaf = deaf == 1;
			(void)put(o, "Bom dia!");
			work_for(o, TIME_MINUTE, turns);
			sender_close(o->sender); /* killed: calls in flight are lost */
			hire(o);
			work_for(o, 5 * TIME_MINUTE, SIZE_MAX);
			check_outcome(o, where);
			close_shop(o);
		}
	}
	leave_place();
}
END_TEST

START_TEST(a_database_that_fails_at_any_statement_sends_once_or_says_so)
{
	keep_place = true;
	for (int lost = 0; lost < 2; lost++) {
		for (uint64_t n = 1; n < 60; n++) {
			struct shop *o = open_shop();
			const char *where =
				str_z(test_arena(), str_fmt(test_arena(), "%s %llu",
			                                    lost ? "lost commit" : "statement",
			                                    (unsigned long long)n));

			(void)put(o, "Bom dia!");
			if (lost)
				db_lose_commit(o->sender->db, n);
			else
				db_fail_at(o->sender->db, n, ERR_UNAVAILABLE);
			work_for(o, 5 * TIME_MINUTE, SIZE_MAX);
			check_outcome(o, where);
			close_shop(o);
			if (lost && n == 6)
				break;
		}
	}
	leave_place();
}
END_TEST

START_TEST(who_ends_waits_for_the_answers_that_are_due)
{
	struct shop *o = open_shop();
	int64_t next;

	(void)put(o, "Bom dia!");
	(void)turn(o, &next);
	ck_assert(!sender_drain(o->sender, o->time.now_ms));
	o->time.now_ms += 10;
	(void)graph_calls_hear(&o->graph);
	ck_assert(sender_drain(o->sender, o->time.now_ms));
	MUST_BE(o, SEND, "accepted -");
	(void)put(o, "Tarde demais");
	work_for(o, TIME_MINUTE, SIZE_MAX); /* nothing more leaves */
	MUST_BE(o, SEND, "queued -");
	close_shop(o);
}
END_TEST

START_TEST(a_number_that_cannot_send_fails_them_without_asking)
{
	struct shop *o = open_shop();
	uint64_t calls = o->meta.graph->calls;

	(void)put(o, "Bom dia!");
	raw_exec(o->s.raw, "UPDATE connections SET access_token_box = NULL");
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, SEND, "failed no_access_token");
	MUST_BE(o, MESSAGE, "a: failed -");
	raw_exec(o->s.raw, "UPDATE connections SET deleted_at = created_at");
	(void)put(o, "Ainda aqui?");
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, SEND, "failed disconnected");
	MUST_BE(o, MESSAGE, "a: failed -");
	ck_assert_uint_eq(o->meta.graph->calls, calls);
	close_shop(o);
}
END_TEST

START_TEST(what_waits_too_long_fails)
{
	struct shop *o = open_shop();

	play_control(&o->meta, "fault",
	             "{\"path\":\"/" NUMBER
	             "/messages\",\"fate\":\"error\",\"code\":131057,\"times\":100000}");
	(void)put(o, "Bom dia!");
	work_for(o, GIVE_UP_MS - 5 * TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, SEND, "queued maintenance");
	work_for(o, 10 * TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, SEND, "failed gave_up");
	close_shop(o);
}
END_TEST

/* Meta spells the number in its own way: both are the person. */
START_TEST(the_spelling_that_meta_prefers_is_the_same_person)
{
	struct shop *o = open_shop();

	play_control(&o->meta, "alias", "{\"input\":\"" PERSON "\",\"waId\":\"5599887766\"}");
	play_control(&o->meta, "window", "{\"waId\":\"5599887766\",\"open\":true}");
	(void)put(o, "Bom dia!");
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, MESSAGE, "o: read named");
	MUST_BE(o, "SELECT count(*) FROM conversations", "1");
	MUST_BE(o, "SELECT count(*) FROM leads WHERE evidence > 0", "1");
	close_shop(o);
}
END_TEST

START_TEST(what_came_under_its_name_before_becomes_the_same_message)
{
	struct shop *o = open_shop();
	struct uuid id = put(o, "Bom dia!");
	struct wire w;
	static const struct wire_line line = { { NUMBER, 15 },
		                               { WABA, 15 },
		                               { "551130000001", 12 } };

	o->deaf = true;
	play_control(&o->meta, "fault",
	             "{\"path\":\"/" NUMBER "/messages\",\"fate\":\"accept_and_close\"}");
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, SEND, "unknown unreachable");
	/* an echo under Meta's name, then a status with ours */
	const struct wamid name = { true, STR(PERSON), STR("ECHO1") };
	const struct wire_element echo = {
		.from = STR("551130000001"),
		.to = STR(PERSON),
		.id = wamid_encode(test_arena(), &name),
		.at = str_fmt(test_arena(), "%lld", (long long)(START / 1000 + 2)),
		.text = STR("Bom dia!"),
	};
	wire_begin(&w, test_arena(), WIRE_META, false);
	wire_change(&w, &line, "smb_message_echoes", true, 0);
	jw_key(&w.jw, "message_echoes");
	jw_arr(&w.jw);
	wire_element(&w, &echo);
	jw_arr_end(&w.jw);
	wire_change_end(&w);
	journal(o, wire_end(&w));
	MUST_BE(o, "SELECT count(*) FROM messages", "3");
	wire_begin(&w, test_arena(), WIRE_META, false);
	wire_change(&w, &line, "messages", true, 0);
	jw_key(&w.jw, "statuses");
	jw_arr(&w.jw);
	wire_status(&w, &(struct wire_status){ .id = echo.id,
	                                       .status = STR("delivered"),
	                                       .at = echo.at,
	                                       .recipient_id = STR(PERSON),
	                                       .callback_data = uuid_text(test_arena(), id) });
	jw_arr_end(&w.jw);
	wire_change_end(&w);
	journal(o, wire_end(&w));
	MUST_BE(o, "SELECT count(*) FROM messages", "2");
	MUST_BE(o, MESSAGE, "o: delivered named");
	MUST_BE(o, SEND, "accepted -");
	MUST_BE(o, "SELECT count(*) FROM messages m JOIN sends s ON s.id = m.id", "1");
	MUST_BE(o,
	        "SELECT count(*) FROM conversations c JOIN messages m ON m.id = c.last_message_id "
	        "WHERE c.last_message_key = m.dedup_key",
	        "1");
	MUST_BE(o, "SELECT count(*) FROM messages WHERE seen = 6", "1");
	close_shop(o);
}
END_TEST

/* A customer writes as somebody who is known by an id too. */
static void
write_as(struct shop *o, const char *who, const char *user_id)
{
	static const struct wire_line line = { { NUMBER, 15 },
		                               { WABA, 15 },
		                               { "551130000001", 12 } };
	const struct wire_person person = { .wa_id = str_from(who), .user_id = str_from(user_id) };
	struct wire w;

	wire_begin(&w, test_arena(), WIRE_META, false);
	wire_change(&w, &line, "messages", true, 0);
	wire_contacts(&w, &person, 1);
	wire_change_end(&w);
	journal(o, wire_end(&w));
}

/* Two numbers turn out to be one person while both have a queue, and one of them a call. */
START_TEST(two_people_who_become_one_have_one_queue)
{
	for (int during = 0; during < 2; during++) {
		struct shop *o = open_shop();
		static const char other[] = "5521987654321";
		int64_t next;

		write_in(o, other, "Oi");
		write_as(o, PERSON, "BR.1");
		for (int i = 0; i < 3; i++) {
			(void)put(o, "a");
			(void)put_to(o, conversation_of(o, other), other, "b");
		}
		for (int i = 0; during == 1 && i < 3; i++)
			(void)turn(o, &next);
		write_as(o, other, "BR.1");
		MUST_BE(o, "SELECT count(*) FROM conversations", "1");
		MUST_BE(o, "SELECT count(*) <= 1 FROM sends WHERE status = 'queued'",
		        db_engine(o->s.db) == DB_SQLITE ? "1" : "t");
		work_for(o, 3 * TIME_MINUTE, SIZE_MAX);
		MUST_BE(o, "SELECT count(*) FROM sends WHERE status = 'accepted'", "6");
		ck_assert_uint_eq(o->meta.graph->accepted, 6);
		(void)put_to(
			o, conversation_of(o, row(o, "SELECT wa_id FROM leads WHERE evidence > 0")),
			PERSON, "c");
		work_for(o, TIME_MINUTE, SIZE_MAX);
		MUST_BE(o, SEND, "accepted -");
		close_shop(o);
	}
}
END_TEST

START_TEST(a_refused_token_leaves_nobody_behind_however_many_wait)
{
	struct shop *o = open_shop();
	enum { PEOPLE = 40 };

	for (int k = 0; k < 3; k++) {
		for (int i = 0; i < PEOPLE; i++) {
			const char *who =
				str_z(test_arena(), str_fmt(test_arena(), "55119800%05d", i));

			if (k == 0)
				write_in(o, who, "Oi");
			(void)put_to(o, conversation_of(o, who), who, "Bom dia!");
		}
	}
	play_control(&o->meta, "revoke", "{}");
	work_for(o, 5 * TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM sends WHERE status = 'failed'", "120");
	MUST_BE(o, "SELECT count(*) FROM messages WHERE status = 'pending'", "0");
	close_shop(o);
}
END_TEST

START_TEST(a_refusal_of_the_token_before_is_not_one_of_the_new)
{
	struct shop *o = open_shop();
	int64_t next;

	play_control(&o->meta, "revoke", "{}");
	(void)put(o, "Bom dia!");
	(void)turn(o, &next); /* it is called with the old one … */
	play_control(&o->meta, "token", "{\"wabaId\":\"" WABA "\"}");
	o->meta.token = play_text(&o->meta, "token");
	give_token(o); /* … and a new one comes before the answer */
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, SEND, "accepted -");
	MUST_BE(o, "SELECT count(*) FROM connections WHERE token_failed_at IS NOT NULL", "0");
	close_shop(o);
}
END_TEST

START_TEST(what_the_number_may_not_is_no_fault_of_the_token)
{
	struct shop *o = open_shop();

	play_control(&o->meta, "fault",
	             "{\"path\":\"/" NUMBER "/messages\",\"fate\":\"error\",\"code\":133010}");
	(void)put(o, "Bom dia!");
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, SEND, "failed not_registered");
	MUST_BE(o, "SELECT count(*) FROM connections WHERE token_failed_at IS NOT NULL", "0");
	close_shop(o);
}
END_TEST

/* An outage eats two answers; one webhook names both. */
START_TEST(two_that_are_named_at_once_leave_no_old_key)
{
	static const struct wire_line line = { { NUMBER, 15 },
		                               { WABA, 15 },
		                               { "551130000001", 12 } };

	for (int order = 0; order < 2; order++) {
		struct shop *o = open_shop();
		struct uuid ids[2];
		struct wire w;

		o->deaf = true;
		play_control(&o->meta, "fault",
		             "{\"path\":\"/" NUMBER
		             "/messages\",\"fate\":\"accept_and_close\",\"times\":2}");
		ids[0] = put(o, "um");
		ids[1] = put(o, "dois");
		work_for(o, TIME_MINUTE, SIZE_MAX);
		MUST_BE(o, "SELECT count(*) FROM sends WHERE status = 'unknown'", "2");
		wire_begin(&w, test_arena(), WIRE_META, false);
		wire_change(&w, &line, "messages", true, 0);
		jw_key(&w.jw, "statuses");
		jw_arr(&w.jw);
		for (int i = 0; i < 2; i++) {
			int k = order == 0 ? i : 1 - i;
			const struct wamid name = { true, STR(PERSON),
				                    str_fmt(test_arena(), "NAME%d", k) };

			wire_status(&w, &(struct wire_status){
						.id = wamid_encode(test_arena(), &name),
						.status = STR("sent"),
						.at = str_fmt(test_arena(), "%lld",
			                                      (long long)(START / 1000 + 9)),
						.recipient_id = STR(PERSON),
						.callback_data = uuid_text(test_arena(), ids[k]) });
		}
		jw_arr_end(&w.jw);
		wire_change_end(&w);
		journal(o, wire_end(&w));
		MUST_BE(o, "SELECT count(*) FROM sends WHERE status = 'accepted'", "2");
		MUST_BE(o, "SELECT last_message_key FROM conversations", "o:NAME1");
		MUST_BE(o, "SELECT last_out_key FROM conversations", "o:NAME1");
		close_shop(o);
	}
}
END_TEST

START_TEST(a_clock_that_was_ahead_silences_nobody)
{
	struct shop *o = open_shop();

	(void)put(o, "ontem");
	work_for(o, TIME_MINUTE, SIZE_MAX);
	raw_exec(o->s.raw, db_engine(o->s.db) == DB_SQLITE
	                           ? "UPDATE send_lines SET pace_at = pace_at + 86400000; "
	                             "UPDATE send_pauses SET until = until + 86400000"
	                           : "UPDATE send_lines SET pace_at = pace_at + interval '1 day'; "
	                             "UPDATE send_pauses SET until = until + interval '1 day'");
	o->sender->look_at = o->sender->sweep_at = o->sender->away_until = o->time.now_ms +
	                                                                   TIME_DAY;
	(void)put(o, "hoje");
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM sends WHERE status = 'accepted'", "2");
	close_shop(o);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"sender", a_message_goes_from_pending_to_read,
		statuses_that_are_faster_than_the_answer_name_it,
		a_lost_answer_is_never_sent_again_and_a_status_tells,
		what_passes_is_waited_for_and_what_does_not_fails_with_its_reason,
		a_refused_token_is_noted_and_those_that_wait_fail_with_it,
		one_person_gets_a_message_every_six_seconds_in_order,
		a_number_keeps_its_pace_and_drops_nothing, two_processes_send_each_message_once,
		killed_at_any_point_it_is_sent_once_or_nobody_knows,
		a_database_that_fails_at_any_statement_sends_once_or_says_so,
		who_ends_waits_for_the_answers_that_are_due,
		a_number_that_cannot_send_fails_them_without_asking, what_waits_too_long_fails,
		the_spelling_that_meta_prefers_is_the_same_person,
		what_came_under_its_name_before_becomes_the_same_message,
		two_people_who_become_one_have_one_queue,
		a_refused_token_leaves_nobody_behind_however_many_wait,
		a_refusal_of_the_token_before_is_not_one_of_the_new,
		what_the_number_may_not_is_no_fault_of_the_token,
		two_that_are_named_at_once_leave_no_old_key,
		a_clock_that_was_ahead_silences_nobody);
}

TEST_MAIN_ON_ENGINE(make_suite, postgres)
