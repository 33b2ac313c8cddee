/*
 * Processes that look for alerts and tell of them, in one thread under a fake clock; the receiver
 * of ALERT_WEBHOOK_URL; and how each kind of trouble is made and ended.
 */
#ifndef RECADO_TESTS_ALERT_FIXTURE_H
#define RECADO_TESTS_ALERT_FIXTURE_H

#include <stdlib.h>

#include "http_fake.h"
#include "pg.h"
#include "scene.h"
#include "store/queries.h"
#include "sys/metrics.h"
#include "testing.h"
#include "work/alert_sender_internal.h"
#include "work/alerter_internal.h"
#include "work/connection_token.h"

#define AT     INT64_C(1768906800000)
#define SECRET "a secret of the receiver's"
#define URL    "https://receiver.test/hooks/recado"
#define MOST   2 /* processes */

static struct pg_server *postgres; /* of the test program; NULL: SQLite */

/* Who is told. */
struct receiver {
	struct {
		struct str id, kind, state, slug, body;
	} told[64]; /* that it took; the same id once */
	size_t ntold, calls;
	int status; /* 0: 200 */
	enum http_failure failure;
	int64_t slow_ms;
	bool lose; /* takes it, and the answer is lost */
};

struct process {
	struct alerter *alerter;
	struct alert_sender *sender;
	struct http_fake *http;
	int64_t look_at, next;
	int64_t blocked_ms;
	struct process *meanwhile; /* looks at everything while this one does */
	const char *then;          /* what then happens, before it looks again; SQL */
	struct office *office;
};

struct office {
	struct scene s;
	struct clock_fake time;
	struct clock clock;
	struct receiver receiver;
	struct process processes[MOST];
	size_t n;
	bool sqlite, tell;
	int64_t stride_ms; /* what is due is late by up to that: long times pass sooner */
	int64_t import_every_ms;
	struct uuid clients[2], connections[2];
};

static inline struct str
member(const cJSON *root, const char *name)
{
	return str_dup(test_arena(), json_str(json_get(root, name)));
}

static inline void
must_be_signed(const struct http_call *c, struct str id)
{
	unsigned char digest[SHA256_LEN];
	struct hmac_key *key = hmac_key_new(STR(SECRET));
	size_t found = 0;
	struct str wanted;

	hmac_sha256(key, c->body, digest);
	hmac_key_free(key);
	wanted = str_fmt(test_arena(), "sha256=" STR_FMT,
	                 STR_ARG(hex_encode(test_arena(), digest, sizeof digest)));
	for (const struct http_header_out *h = c->headers; h->name != NULL; h++) {
		found += strcmp(h->name, "X-Recado-Signature-256") == 0 && str_eq(h->value, wanted);
		found += strcmp(h->name, "X-Recado-Delivery") == 0 && str_eq(h->value, id);
		found += strcmp(h->name, "Content-Type") == 0 &&
		         str_eq(h->value, STR("application/json"));
	}
	ck_assert_uint_eq(found, 3);
}

static inline void
answer(void *ctx, const struct http_call *c, int64_t now_ms, struct http_fake_reply *out)
{
	struct receiver *r = ctx;
	struct str body = str_dup(test_arena(), c->body);
	const cJSON *root = test_json(body);
	struct str id = member(root, "id");
	size_t i = 0;

	(void)now_ms;
	r->calls++;
	ck_assert(str_eq(c->url, STR(URL)) && str_eq(c->method, STR("POST")));
	must_be_signed(c, id);
	*out = (struct http_fake_reply){ .status = r->status,
		                         .failure = r->failure,
		                         .delay_ms = 10 + r->slow_ms };
	if (r->failure != HTTP_OK || r->slow_ms > 0 || (r->status != 0 && r->status != 204))
		return;
	while (i < r->ntold && !str_eq(r->told[i].id, id))
		i++;
	if (i < r->ntold) {
		ck_assert_slice(body, r->told[i].body);
	} else {
		ck_assert_uint_lt(r->ntold, 64);
		r->told[i].id = id;
		r->told[i].kind = member(root, "kind");
		r->told[i].state = member(root, "state");
		r->told[i].slug = member(root, "clientSlug");
		r->told[i].body = body;
		r->ntold++;
	}
	if (r->lose)
		*out = (struct http_fake_reply){ .failure = HTTP_CUT, .delay_ms = 10 };
}

static inline int64_t
blocked(void *ctx)
{
	struct process *p = ctx;
	int64_t next;

	if (p->meanwhile != NULL)
		(void)alerter_step(p->meanwhile->alerter, clock_now(&p->office->clock), &next);
	if (p->meanwhile != NULL && p->then != NULL) {
		raw_exec(p->office->s.raw, p->then);
		(void)alerter_step(p->meanwhile->alerter, clock_now(&p->office->clock), &next);
	}
	return p->blocked_ms;
}

static inline struct process *
hire(struct office *o)
{
	struct process *p = &o->processes[o->n++];
	const struct uuid owner = rand_uuid_v7(&o->s.rand, AT);
	const struct alerter_options a = { .pool = o->s.pool,
		                           .rand = &o->s.rand,
		                           .owner = owner,
		                           .tell = o->tell,
		                           .import_every_ms = o->import_every_ms,
		                           .blocked_ms = blocked,
		                           .ctx = p };
	struct alert_sender_options s = { .pool = o->s.pool,
		                          .rand = &o->s.rand,
		                          .url = STR(URL),
		                          .secret = STR(SECRET),
		                          .owner = owner };

	*p = (struct process){ .office = o, .look_at = INT64_MIN };
	p->http = http_fake_new(&o->clock, ALERT_SENDER_MOST, answer, &o->receiver);
	s.http = http_fake_client(p->http);
	ck_assert_ok(alerter_open(&a, &p->alerter));
	if (o->tell)
		ck_assert_ok(alert_sender_open(&s, &p->sender));
	return p;
}

/* As when it is killed. */
static inline void
kill(struct office *o)
{
	struct process *p = &o->processes[--o->n];

	alert_sender_close(p->sender);
	alerter_close(p->alerter);
	http_fake_free(p->http);
}

static inline struct office *
open_office_that(bool tells, int64_t import_every_ms)
{
	struct office *o = ARENA_NEW(test_arena(), struct office);
	const char *engine = getenv("ENGINE");
	struct scene_line lines[2] = {
		{ .line = { { "101", 3 }, { "201", 3 }, { "551130000001", 12 } } },
		{ .line = { { "102", 3 }, { "202", 3 }, { "551130000002", 12 } }, .client = 1 },
	};

	o->sqlite = engine == NULL || strcmp(engine, "postgres") != 0;
	if (!o->sqlite)
		scene_open(&o->s, pg_server_new_migrated(postgres, test_arena()));
	else
		scene_open(&o->s, str_z(test_arena(),
		                        str_fmt(test_arena(), "sqlite:%s/a.db", test_dir())));
	for (size_t i = 0; i < 2; i++) {
		lines[i].history_requested = true;
		lines[i].nruns = 1;
		lines[i].run_at[0] = AT;
	}
	scene_fill(&o->s, lines, 2);
	o->time.now_ms = AT;
	o->clock = clock_fake(&o->time);
	o->tell = tells;
	o->import_every_ms = import_every_ms;
	for (size_t i = 0; i < 2; i++) {
		struct db_result r;

		ck_assert_ok(db_query(
			o->s.db, &q_api_scope_client,
			DB_PARAMS(db_text(i == 0 ? STR("c0") : STR("c1")), db_uuid(UUID_NIL)), NULL,
			test_arena(), &r));
		o->clients[i] = db_get_uuid(&r, 0, 0);
		ck_assert_ok(db_query(o->s.db, &q_onboarding_number,
		                      DB_PARAMS(db_text(i == 0 ? STR("101") : STR("102"))), NULL,
		                      test_arena(), &r));
		o->connections[i] = db_get_uuid(&r, 0, 1);
	}
	(void)hire(o);
	return o;
}

static inline struct office *
open_office(void)
{
	return open_office_that(true, 0);
}

static inline void
close_office(struct office *o)
{
	while (o->n > 0)
		kill(o);
	scene_close(&o->s);
}

/* One turn of a process's thread. */
static inline bool
turn(struct process *p, int64_t now)
{
	enum step step = STEP_WAIT;
	int64_t due;

	if (now >= p->look_at)
		(void)alerter_step(p->alerter, now, &p->look_at);
	p->next = p->look_at;
	if (p->sender != NULL)
		step = alert_sender_step(p->sender, now, &p->next);
	if (p->look_at < p->next)
		p->next = p->look_at;
	if (p->next < now + p->office->stride_ms)
		p->next = now + p->office->stride_ms;
	due = http_fake_due(p->http);
	if (due < p->next)
		p->next = due;
	return step == STEP_AGAIN;
}

/* Until so much time has passed, or `turns` turns of all. */
static inline void
work_for(struct office *o, int64_t ms, size_t turns)
{
	int64_t until = clock_now(&o->clock) + ms;

	while (clock_now(&o->clock) < until && turns-- > 0) {
		int64_t next = until;
		bool again = false;

		for (size_t i = 0; i < o->n; i++) {
			again |= turn(&o->processes[i], clock_now(&o->clock));
			if (o->processes[i].next < next)
				next = o->processes[i].next;
		}
		if (!again)
			o->time.now_ms = next > clock_now(&o->clock) ? next
			                                             : clock_now(&o->clock) + 1;
	}
}

static inline const char *
row(struct office *o, const char *sql)
{
	struct str *v;
	size_t n = raw_column(o->s.raw, test_arena(), sql, &v);

	return n == 0 ? "(none)" : str_z(test_arena(), v[0]);
}
#define MUST_BE(o, sql, value) ck_assert_str_eq(row(o, sql), value)
#define FIRING                 "SELECT count(*) FROM alerts WHERE firing"
#define WAITING                "SELECT count(*) FROM alert_deliveries"
#define RAISED                 "SELECT count(*) FROM audit_log WHERE action = 'alert.raised'"
#define CLEARED                "SELECT count(*) FROM audit_log WHERE action = 'alert.cleared'"
#define EVENTS                 "SELECT count(*) FROM events WHERE kind = 'alert.changed'"

/* A moment, in the engine's SQL. */
static inline const char *
moment(struct office *o, int64_t ms)
{
	return str_z(test_arena(),
	             str_fmt(test_arena(), o->sqlite ? "%lld" : "to_timestamp(%lld / 1000.0)",
	                     (long long)ms));
}

static inline void
run_sql(struct office *o, struct str sql)
{
	raw_exec(o->s.raw, str_z(test_arena(), sql));
}

static inline void
token(struct office *o, size_t i, bool refused)
{
	const struct graph_answer no = {
		.act = GRAPH_RECONNECT, .reason = "token_invalid", .code = 190, .subcode = -1
	};
	struct event_batch events; /* nobody is told */

	event_batch_init(&events, test_arena());
	ck_assert_ok(db_begin(o->s.db, DB_API));
	ck_assert_ok(refused ? connection_token_refused(o->s.db, o->clients[i], o->connections[i],
	                                                &no, clock_now(&o->clock), &events)
	                     : connection_token_taken(o->s.db, o->clients[i], o->connections[i],
	                                              &events));
	ck_assert_ok(db_commit(o->s.db));
}

static inline void
status(struct office *o, const char *word, const char *reason)
{
	run_sql(o,
	        str_fmt(test_arena(),
	                "UPDATE connections SET status = '%s', status_reason = %s, status_at = %s "
	                "WHERE phone_number_id = '101'",
	                word, reason, moment(o, clock_now(&o->clock))));
}

/* As the keeper finds it: see test_keeper. */
static inline void
history(struct office *o, bool late)
{
	const struct keeper_options k = { .pool = o->s.pool,
		                          .rand = &o->s.rand,
		                          .amendment_ms = TIME_DAY,
		                          .alert_ms = 30 * TIME_MINUTE,
		                          .journal_retention_ms = TIME_DAY,
		                          .event_ms = TIME_DAY };
	struct keeper *keeper;
	int64_t next;

	if (!late) {
		run_sql(o, str_fmt(test_arena(), "UPDATE sync_runs SET first_chunk_at = %s",
		                   moment(o, clock_now(&o->clock))));
		return;
	}
	run_sql(o, str_fmt(test_arena(),
	                   "UPDATE sync_runs SET alerted_at = NULL, first_chunk_at = NULL, "
	                   "requested_at = %s WHERE connection_id IN (SELECT id FROM connections "
	                   "WHERE "
	                   "phone_number_id = '101')",
	                   moment(o, clock_now(&o->clock) - 31 * TIME_MINUTE)));
	ck_assert_ok(keeper_open(&k, &keeper));
	ck_assert_int_eq(keeper_step(keeper, clock_now(&o->clock), &next), STEP_WAIT);
	keeper_close(keeper);
}

static inline void
journal(struct office *o, bool stuck)
{
	static const unsigned char random[10] = { 1 };
	const int64_t at = clock_now(&o->clock) - 61 * TIME_SECOND;
	const struct scene_entry e = { uuid_v7(at, random), at, STR("{}") };

	if (stuck)
		scene_journal(&o->s, test_arena(), &e, 1);
	else
		raw_exec(o->s.raw, "UPDATE journal_parts SET status = 'applied'");
}

static inline void
import_run(struct office *o, size_t i, const char *end)
{
	struct uuid id = rand_uuid_v7(&o->s.rand, clock_now(&o->clock));

	ck_assert_ok(db_exec(o->s.db, &q_jobs_insert,
	                     DB_PARAMS(db_uuid(id), db_uuid(o->clients[i]), db_text(STR("import")),
	                               db_json(STR("{}")), db_text(STR("tickets")),
	                               db_time(clock_now(&o->clock))),
	                     NULL, NULL));
	o->time.now_ms++;
	run_sql(o,
	        str_fmt(test_arena(),
	                "UPDATE jobs SET status = '%s', finished_at = %s WHERE status = 'queued'",
	                end, moment(o, clock_now(&o->clock))));
}

static inline void
set_up_helpdesk(struct office *o)
{
	run_sql(o, str_fmt(test_arena(),
	                   "UPDATE clients SET api_base_url = 'http://desk.test', api_key_box = %s "
	                   "WHERE slug = 'c0'",
	                   o->sqlite ? "x'01'" : "'\\x01'"));
	ck_assert_ok(
		db_exec(o->s.db, &q_jobs_helpdesk_insert,
	                DB_PARAMS(db_uuid(rand_uuid_v7(&o->s.rand, AT)), db_uuid(o->clients[0]),
	                          db_text(STR("operator")), db_time(clock_now(&o->clock))),
	                NULL, NULL));
}

static inline void
make(struct office *o, enum alert_kind kind, bool wrong)
{
	switch (kind) {
	case ALERT_HISTORY_LATE:
		history(o, wrong);
		break;
	case ALERT_TOKEN_REFUSED:
		token(o, 0, wrong);
		break;
	case ALERT_DISCONNECTED:
		status(o, wrong ? "restricted" : "connected",
		       wrong ? "'SCHEDULE_FOR_DISABLE: call +5511999990000'" : "NULL");
		break;
	case ALERT_JOURNAL_STUCK:
		journal(o, wrong);
		break;
	default:
		for (size_t i = 0; i < (wrong ? ALERT_IMPORT_RUNS : 1); i++)
			import_run(o, 0, wrong ? "failed" : "partial");
	}
}

#endif
