/*
 * What makes an analysis stale: webhooks through the real apply, and what an import would tell of a
 * ticket. An analysis is marked exactly when what it read has changed, and the marking costs the
 * same however much changed. ENGINE says on which engine.
 */
#include <stdio.h>

#include "analysis_fixture.h"
#include "core/wamid.h"
#include "sim/wire.h"
#include "work/analysis_stale.h"
#include "work/apply_internal.h"
#include "work/drain_internal.h"

#define AT        DESK_AT
#define NOW       (AT + TIME_HOUR) /* when webhooks are applied */
#define B         (AT - 10 * DAY)  /* where the first episode begins */
#define MAX_STEPS 2000

static const struct wire_line line = { { "101", 3 }, { "201", 3 }, { "551130000000", 12 } };

struct stage {
	struct desk *d;
	struct uuid first, second; /* the sessions */
	int bodies;
};

static struct str
person(size_t i)
{
	return str_fmt(test_arena(), "55119%08zu", i);
}

static struct str
mark(size_t who, int i, bool outbound)
{
	const struct wamid m = { outbound, person(who), str_fmt(test_arena(), "3EB0%04d", i) };

	return wamid_encode(test_arena(), &m);
}

static struct str
seconds(int64_t ms)
{
	return str_fmt(test_arena(), "%lld", (long long)(ms / TIME_SECOND));
}

/* One message of a history, the i-th of somebody. */
struct said {
	size_t who;
	int i;
	int64_t at;
	enum wire_kind kind;
	bool outbound;
	const char *text; /* NULL: oi */
};

static void
put_said(struct wire *w, const struct said *x)
{
	const struct wire_element e = {
		.from = x->outbound ? line.display_number : person(x->who),
		.to = x->outbound ? person(x->who) : STR_NONE,
		.id = mark(x->who, x->i, x->outbound),
		.at = seconds(x->at),
		.kind = x->kind,
		.text = str_from(x->text != NULL ? x->text : "oi"),
		.history_status = STR("READ"),
		.from_me = x->outbound,
		.salt = 7,
	};

	wire_element(w, &e);
}

static struct str
history(const struct said *v, size_t n)
{
	struct wire w;

	wire_begin(&w, test_arena(), WIRE_META, false);
	wire_change(&w, &line, "history", true, 0);
	jw_key(&w.jw, "history");
	jw_arr(&w.jw);
	wire_chunk(&w, 0, 1, 50);
	for (size_t i = 0; i < n; i++) {
		const struct wire_person who = { .wa_id = person(v[i].who) };

		wire_thread(&w, who.wa_id, &who);
		put_said(&w, &v[i]);
		wire_thread_end(&w);
	}
	wire_chunk_end(&w);
	jw_arr_end(&w.jw);
	wire_change_end(&w);
	return wire_end(&w);
}

static struct str
live(const struct wire_element *e)
{
	struct wire w;

	wire_begin(&w, test_arena(), WIRE_META, false);
	wire_change(&w, &line, "messages", true, 0);
	jw_key(&w.jw, "messages");
	jw_arr(&w.jw);
	wire_element(&w, e);
	jw_arr_end(&w.jw);
	wire_change_end(&w);
	return wire_end(&w);
}

/* Applies a body; how many statements that took. */
static uint64_t
apply(struct stage *g, struct str body)
{
	struct scene *s = &g->d->s;
	struct drain_options o = scene_worker_options(s);
	unsigned char random[10] = { 0 };
	const struct scene_entry e = { uuid_v7(AT + g->bodies, random), AT + g->bodies, body };
	int64_t now = NOW, next;
	struct drain *d;
	uint64_t before;

	g->bodies++;
	scene_journal(s, test_arena(), &e, 1);
	o.claim_messages = 10000;
	d = scene_hire(s, 0, &o);
	before = db_stats(d->db).statements;
	for (size_t steps = 0; scene_waiting(s) > 0; steps++) {
		ck_assert_uint_lt(steps, MAX_STEPS);
		(void)drain_step(d, now += 300, &next);
	}
	return db_stats(d->db).statements - before;
}

/* The one id that these rows of a table have. */
static struct uuid
id_of(struct stage *g, const char *from_where)
{
	bool lite = db_engine(g->d->s.db) == DB_SQLITE;
	struct str *ids,
		sql = str_fmt(test_arena(), "SELECT %s %s",
	                      lite ? "lower(hex(id))" : "replace(id::text, '-', '')", from_where);
	struct uuid id = { { 0 } };

	ck_assert_uint_eq(raw_column(g->d->s.raw, test_arena(), sql.p, &ids), 1);
	ck_assert_uint_eq(ids[0].n, 32);
	for (size_t i = 0; i < 16; i++)
		id.b[i] = (unsigned char)(str_hex_digit(ids[0].p[2 * i]) << 4 |
		                          str_hex_digit(ids[0].p[2 * i + 1]));
	return id;
}

static struct uuid
session_at(struct stage *g, int64_t start)
{
	return id_of(g, str_z(test_arena(),
	                      str_fmt(test_arena(),
	                              "FROM sessions WHERE started_at = %s AND retired_at IS NULL",
	                              desk_time(g->d, start))));
}

static struct uuid
lead_of(struct stage *g, size_t who)
{
	return id_of(g, str_z(test_arena(),
	                      str_fmt(test_arena(), "FROM leads WHERE wa_id = '" STR_FMT "'",
	                              STR_ARG(person(who)))));
}

/* A person with two episodes: a placeholder of media, a text, an answer; three days later a text.
 */
static struct stage *
stage_open(void)
{
	static const struct said before[] = {
		{ 1, 0, B, WIRE_PLACEHOLDER, false, NULL },
		{ 1, 1, B + TIME_HOUR, WIRE_TEXT, false, NULL },
		{ 1, 2, B + 2 * TIME_HOUR, WIRE_TEXT, true, NULL },
		{ 1, 3, B + 3 * DAY, WIRE_TEXT, false, NULL },
	};
	const struct scene_line l = {
		.line = line, .history_requested = true, .nruns = 1, .run_at = { AT - TIME_MINUTE }
	};
	struct stage *g = ARENA_NEW(test_arena(), struct stage);
	struct db_result r;

	g->d = desk_open();
	scene_fill(&g->d->s, &l, 1);
	ck_assert_ok(db_query(g->d->s.db, &q_api_scope_client,
	                      DB_PARAMS(db_text(STR("c0")), db_uuid(UUID_NIL)), NULL, test_arena(),
	                      &r));
	g->d->client = g->d->combo.client_id = db_get_uuid(&r, 0, 0);
	g->d->choice.min_messages = 1;
	(void)apply(g, history(before, 4));
	g->first = session_at(g, B);
	g->second = session_at(g, B + 3 * DAY);
	return g;
}

/* Both sessions are in the queue and done. */
static struct stage *
stage_done(void)
{
	struct stage *g = stage_open();
	struct analysis_claimed *v;

	ck_assert_int_eq(desk_enqueue(g->d, AT), 2);
	ck_assert_uint_eq(desk_claim(g->d, AT, 5, &v), 2);
	desk_done(g->d, &v[0], AT);
	desk_done(g->d, &v[1], AT);
	return g;
}

static void
stage_close(struct stage *g)
{
	desk_close(g->d);
}

static bool
is_stale(struct stage *g, struct uuid session)
{
	return desk_number(g->d,
	                   "SELECT count(*) FROM session_analyses WHERE \"sessionId\" = %s AND "
	                   "\"stale\"",
	                   desk_uuid(g->d, session)) == 1;
}

/* What is told of the history after it was analysed, and which of the two is stale then. */
static const struct late {
	const char *says;
	struct said v[2];
	bool first, second;
} lates[] = {
	{ "the same again",
	  { { 1, 1, B + TIME_HOUR, WIRE_TEXT, false, NULL },
	    { 1, 3, B + 3 * DAY, WIRE_TEXT, false, NULL } },
	  false,
	  false },
	{ "one more in the first", { { 1, 9, B + 5000, WIRE_TEXT, false, NULL } }, true, false },
	{ "one more before it", { { 1, 9, B - TIME_HOUR, WIRE_TEXT, false, NULL } }, true, false },
	{ "one more after the second",
	  { { 1, 9, B + 3 * DAY + TIME_HOUR, WIRE_TEXT, true, NULL } },
	  false,
	  true },
	{ "messages that join both",
	  { { 1, 8, B + DAY, WIRE_TEXT, false, NULL },
	    { 1, 9, B + 2 * DAY, WIRE_TEXT, false, NULL } },
	  true,
	  true },
	{ "an episode of its own",
	  { { 1, 9, B - 9 * DAY, WIRE_TEXT, false, NULL } },
	  false,
	  false },
	{ "one of somebody else's",
	  { { 2, 1, B + TIME_HOUR, WIRE_TEXT, false, NULL } },
	  false,
	  false },
	{ "the media that was missing", { { 1, 0, B, WIRE_IMAGE, false, "veja" } }, true, false },
	{ "a time that is another",
	  { { 1, 1, B + TIME_HOUR - TIME_MINUTE, WIRE_TEXT, false, NULL } },
	  true,
	  false },
};

/* Events that say that analyses have changed. */
static int64_t
told(struct stage *g)
{
	return desk_number(g->d, "SELECT count(*) FROM events WHERE kind = 'analysis.changed'");
}

START_TEST(history_that_comes_late_makes_stale_what_it_changes_and_tells_of_it)
{
	for (size_t i = 0; i < sizeof lates / sizeof lates[0]; i++) {
		const struct late *x = &lates[i];
		struct stage *g = stage_done();
		int64_t before = told(g);

		(void)apply(g, history(x->v, x->v[1].who > 0 ? 2 : 1));
		ck_assert_msg(is_stale(g, g->first) == x->first, "%s: first", x->says);
		ck_assert_msg(is_stale(g, g->second) == x->second, "%s: second", x->says);
		ck_assert_msg(told(g) - before == (x->first || x->second), "%s: told", x->says);
		stage_close(g);
	}
}
END_TEST

START_TEST(what_is_told_of_a_message_makes_stale_what_reads_differently)
{
	static const struct {
		const char *says;
		enum wire_kind kind;
		const char *text;
		int target;
		bool stale;
	} cases[] = {
		{ "an edit", WIRE_EDIT, "outra coisa", 1, true },
		{ "a revoke", WIRE_REVOKE, "", 1, true },
		{ "a reaction", WIRE_REACTION, "x", 1, false },
		{ "an answer today", WIRE_TEXT, "oi", 1, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct stage *g = stage_done();
		const struct wire_element e = { .from = person(1),
			                        .id = mark(1, 50, false),
			                        .at = seconds(AT),
			                        .kind = cases[i].kind,
			                        .text = str_from(cases[i].text),
			                        .target = mark(1, cases[i].target, false) };

		(void)apply(g, live(&e));
		ck_assert_msg(is_stale(g, g->first) == cases[i].stale, "%s", cases[i].says);
		ck_assert_msg(!is_stale(g, g->second), "%s: second", cases[i].says);
		ck_assert_int_eq(desk_number(g->d, "SELECT count(*) FROM messages"),
		                 cases[i].kind == WIRE_TEXT ? 5 : 4);
		stage_close(g);
	}
}
END_TEST

START_TEST(a_receipt_makes_nothing_stale)
{
	struct stage *g = stage_done();
	const struct wire_status s = { .id = mark(1, 2, true),
		                       .status = STR("delivered"),
		                       .at = seconds(AT),
		                       .recipient_id = person(1) };
	struct wire w;

	wire_begin(&w, test_arena(), WIRE_META, false);
	wire_change(&w, &line, "messages", true, 0);
	jw_key(&w.jw, "statuses");
	jw_arr(&w.jw);
	wire_status(&w, &s);
	jw_arr_end(&w.jw);
	wire_change_end(&w);
	(void)apply(g, wire_end(&w));
	ck_assert_int_eq(desk_number(g->d,
	                             "SELECT count(*) FROM messages WHERE confirmed_at IS NOT "
	                             "NULL"),
	                 1);
	ck_assert(!is_stale(g, g->first) && !is_stale(g, g->second));
	stage_close(g);
}
END_TEST

START_TEST(a_row_that_waits_keeps_in_step_with_its_session_and_is_not_stale)
{
	static const struct said more[] = { { 1, 9, B + 8 * TIME_HOUR, WIRE_TEXT, false, NULL } };
	struct stage *g = stage_open();
	struct analysis_claimed *v;

	ck_assert_int_eq(desk_enqueue(g->d, AT), 2);
	(void)apply(g, history(more, 1));
	ck_assert(!is_stale(g, g->first));
	ck_assert_uint_eq(desk_claim(g->d, AT, 5, &v), 2);
	ck_assert_int_eq(v[1].session_ended_at, B + 8 * TIME_HOUR);
	desk_done(g->d, &v[1], AT);
	ck_assert(!is_stale(g, g->first));
	stage_close(g);
}
END_TEST

START_TEST(what_changes_while_it_is_worked_on_is_stale_when_it_is_done)
{
	static const struct said more[] = { { 1, 9, B + 5000, WIRE_TEXT, false, NULL } };
	struct stage *g = stage_open();
	struct analysis_claimed *v;
	struct analysis_lease l;

	ck_assert_int_eq(desk_enqueue(g->d, AT), 2);
	ck_assert_uint_eq(desk_claim(g->d, AT, 5, &v), 2);
	(void)apply(g, history(more, 1));
	desk_done(g->d, &v[0], AT);
	desk_done(g->d, &v[1], AT);
	ck_assert(is_stale(g, g->first) && !is_stale(g, g->second));
	/* one that is given back instead will be read anew */
	g->d->choice.force = true;
	ck_assert_int_eq(desk_enqueue(g->d, AT), 2);
	ck_assert(!is_stale(g, g->first));
	ck_assert_uint_eq(desk_claim(g->d, AT, 5, &v), 2);
	(void)apply(g, history((const struct said[]){ { 1, 8, B + 6000, 0, false, NULL } }, 1));
	ck_assert(is_stale(g, g->first));
	l = desk_lease(g->d, &v[1]);
	ck_assert_ok(analysis_queue_release(g->d->s.db, &l, AT,
	                                    &(struct analysis_release){ .losses = 0 },
	                                    &(struct analysis_paid){ .calls = 0 }));
	ck_assert(!is_stale(g, g->first));
	stage_close(g);
}
END_TEST

START_TEST(a_session_that_retires_keeps_its_analysis_and_it_is_stale)
{
	struct stage *g = stage_done();

	(void)apply(g, history(lates[4].v, 2));
	ck_assert_int_eq(
		desk_number(g->d,
	                    "SELECT count(*) FROM sessions WHERE id = %s AND retired_at IS "
	                    "NOT NULL",
	                    desk_uuid(g->d, g->second)),
		1);
	ck_assert_int_eq(desk_number(g->d,
	                             "SELECT count(*) FROM session_analyses WHERE \"stale\" AND "
	                             "\"status\" = 'done' AND \"report\" IS NOT NULL"),
	                 2);
	/* the survivor's row has the new end */
	ck_assert_int_eq(
		desk_number(g->d,
	                    "SELECT count(*) FROM session_analyses WHERE \"sessionId\" = %s "
	                    "AND \"sessionEndedAt\" = %s",
	                    desk_uuid(g->d, g->first), desk_time(g->d, B + 3 * DAY)),
		1);
	stage_close(g);
}
END_TEST

/* Two people with analyses: an episode of the other lies in the first one's, one alone. */
struct pair {
	struct stage *g;
	struct uuid inside, alone;
};

static struct pair
pair_done(void)
{
	static const struct said other[] = {
		{ 2, 30, B + 4 * TIME_HOUR, WIRE_TEXT, false, NULL },
		{ 2, 31, B - 6 * DAY, WIRE_TEXT, false, NULL },
	};
	struct pair x = { .g = stage_open() };
	struct analysis_claimed *v;

	(void)apply(x.g, history(other, 2));
	x.inside = session_at(x.g, B + 4 * TIME_HOUR);
	x.alone = session_at(x.g, B - 6 * DAY);
	ck_assert_int_eq(desk_enqueue(x.g->d, AT), 4);
	ck_assert_uint_eq(desk_claim(x.g->d, AT, 5, &v), 4);
	for (size_t i = 0; i < 4; i++)
		desk_done(x.g->d, &v[i], AT);
	return x;
}

static void
check_pair(const struct pair *x)
{
	ck_assert_int_eq(desk_number(x->g->d, "SELECT count(*) FROM conversations"), 1);
	ck_assert(is_stale(x->g, x->g->first) && is_stale(x->g, x->inside));
	ck_assert(!is_stale(x->g, x->g->second) && !is_stale(x->g, x->alone));
}

START_TEST(people_who_become_one_make_stale_what_they_said_apart)
{
	struct pair x = pair_done();
	const struct wire_element e = { .from = person(1),
		                        .id = mark(1, 60, false),
		                        .at = seconds(AT),
		                        .kind = WIRE_NEW_NUMBER,
		                        .text = person(2) };

	(void)apply(x.g, live(&e));
	check_pair(&x);
	stage_close(x.g);
}
END_TEST

/* As an import and a contact sync do it. */
START_TEST(people_who_are_joined_without_a_batch_too)
{
	struct pair x = pair_done();
	struct scene *s = &x.g->d->s;
	struct apply_counts counts = { 0 };
	const struct apply_options o = { .db = s->db,
		                         .arena = test_arena(),
		                         .rand = &s->rand,
		                         .client_id = x.g->d->client,
		                         .now_ms = NOW };
	const struct uuid lost = lead_of(x.g, 2);
	struct apply ap;

	ck_assert_ok(db_begin(s->db, DB_APPLY));
	ck_assert_ok(db_lane(s->db, o.client_id, true));
	apply_begin(&ap, &o, &counts, 1);
	ck_assert_ok(apply_merge(&ap, lead_of(x.g, 1), &lost, 1));
	ck_assert_ok(db_commit(s->db));
	check_pair(&x);
	stage_close(x.g);
}
END_TEST

/* One late message in the first episode of each of n people. */
static struct str
late_of_each(size_t n, int i)
{
	struct said *v = ARENA_ARRAY(test_arena(), n, struct said);

	for (size_t k = 0; k < n; k++)
		v[k] = (struct said){ k + 1, i, B + i, WIRE_TEXT, false, NULL };
	return history(v, n);
}

START_TEST(marking_costs_the_same_however_much_changed_and_nothing_of_what_is_young)
{
	struct stage *g = stage_open();
	struct analysis_claimed *v;
	uint64_t none, few, one, many, young = 0;
	struct wire_element e = { .from = person(1), .kind = WIRE_TEXT, .text = STR("oi") };
	size_t n;

	(void)apply(g, late_of_each(40, 10));
	(void)apply(g, late_of_each(40, 11));
	none = apply(g, late_of_each(40, 12));
	for (int i = 70; i < 72; i++) { /* the first opens a ticket */
		e.id = mark(1, i, false);
		e.at = seconds(AT + i * TIME_SECOND);
		young = apply(g, live(&e));
	}
	few = apply(g, late_of_each(1, 15));
	ck_assert_int_eq(desk_enqueue(g->d, AT), 41);
	n = desk_claim(g->d, AT, 50, &v);
	for (size_t i = 0; i < n; i++)
		desk_done(g->d, &v[i], AT);
	many = apply(g, late_of_each(40, 13));
	ck_assert_int_eq(desk_number(g->d, "SELECT count(*) FROM session_analyses WHERE \"stale\""),
	                 40);
	one = apply(g, late_of_each(1, 14));
	printf("statements: %llu and %llu for one session and forty, with analyses %llu and %llu\n",
	       (unsigned long long)few, (unsigned long long)none, (unsigned long long)one,
	       (unsigned long long)many);
	ck_assert_uint_eq(many, none + 1);
	ck_assert_uint_eq(one, few + 1);
	e.id = mark(1, 72, false);
	e.at = seconds(AT + 72 * TIME_SECOND);
	ck_assert_uint_eq(apply(g, live(&e)), young);
	stage_close(g);
}
END_TEST

/* A ticket with sessions whose bounds overlap; what an import would tell. */
struct ticket {
	struct desk *d;
	/* late is inside early, attended inside the episode of the waiting stretch */
	struct planted early, late, weak, episode, attended;
};

static struct ticket *
ticket_open(void)
{
	struct ticket *t = ARENA_NEW(test_arena(), struct ticket);
	struct planted *all[] = { &t->early, &t->late, &t->weak, &t->episode, &t->attended };

	t->d = desk_open();
	t->early = (struct planted){ .ended_ago = 9 * DAY, .length = 10 * TIME_HOUR };
	t->late = (struct planted){ .ended_ago = 9 * DAY + 2 * TIME_HOUR, .length = TIME_HOUR };
	t->weak = (struct planted){ .class = "OPEN_WEAK", .ended_ago = -1, .length = 1 };
	t->episode = (struct planted){
		.episode = true, .in_ticket = true, .ended_ago = 4 * DAY, .length = TIME_HOUR
	};
	t->attended = (struct planted){ .ended_ago = 4 * DAY + 20 * TIME_MINUTE,
		                        .length = 10 * TIME_MINUTE };
	for (size_t i = 0; i < 5; i++) {
		all[i]->conversation = t->early.conversation;
		all[i]->ticket = t->early.ticket;
		all[i]->lead = t->early.lead;
		desk_plant(t->d, all[i]);
	}
	desk_sql(t->d, "UPDATE sessions SET started_at = %s, lead_in_at = %s WHERE id = %s",
	         desk_time(t->d, AT - 5 * DAY), desk_time(t->d, AT - 5 * DAY),
	         desk_uuid(t->d, t->weak.id));
	desk_sql(t->d, "UPDATE sessions SET lead_in_at = %s WHERE id = %s",
	         desk_time(t->d, t->early.start - TIME_HOUR), desk_uuid(t->d, t->early.id));
	for (size_t i = 0; i < 5; i++)
		desk_sql(t->d,
		         "INSERT INTO session_analyses (\"id\", \"clientId\", \"sessionId\", "
		         "\"scriptKey\", \"scriptVersion\", \"analysisVersionTag\", \"status\", "
		         "\"sessionEndedAt\", \"createdAt\", \"updatedAt\") VALUES (%s, %s, %s, "
		         "'k', 1, "
		         "'v1', 'done', %s, %s, %s)",
		         desk_uuid(t->d, desk_id(t->d)), desk_uuid(t->d, t->d->client),
		         desk_uuid(t->d, all[i]->id), desk_time(t->d, AT), desk_time(t->d, AT),
		         desk_time(t->d, AT));
	return t;
}

static void
mark_message(struct ticket *t, struct uuid ticket, int64_t at)
{
	struct analysis_stale s;

	desk_sql(t->d, "UPDATE session_analyses SET \"stale\" = FALSE");
	ck_assert_ok(db_begin(t->d->s.db, DB_APPLY));
	ck_assert_ok(db_lane(t->d->s.db, t->d->client, true));
	analysis_stale_init(&s, test_arena(), t->d->client, AT);
	analysis_stale_message(&s, t->early.conversation, ticket, at);
	analysis_stale_message(&s, t->early.conversation, ticket, at);
	ck_assert_ok(analysis_stale_mark(t->d->s.db, &s));
	ck_assert_ok(db_commit(t->d->s.db));
}

/* Which of them are stale: letters of early, late, weak, episode (p), attended. */
static const char *
stale_ones(struct ticket *t)
{
	const struct planted *all[] = { &t->early, &t->late, &t->weak, &t->episode, &t->attended };
	char *out = arena_alloc(test_arena(), 6);
	size_t n = 0;

	for (size_t i = 0; i < 5; i++)
		if (desk_number(
			    t->d,
			    "SELECT count(*) FROM session_analyses WHERE \"sessionId\" = %s AND "
			    "\"stale\"",
			    desk_uuid(t->d, all[i]->id)) == 1)
			out[n++] = "elwpa"[i];
	return out;
}

START_TEST(a_tickets_message_makes_stale_the_session_that_the_rules_give_it_to)
{
	struct ticket *t = ticket_open();
	struct uuid ticket = t->early.ticket;

	mark_message(t, ticket, t->early.start);
	ck_assert_str_eq(stale_ones(t), "e");
	mark_message(t, ticket, t->late.start);
	ck_assert_str_eq(stale_ones(t), "l");
	mark_message(t, ticket, t->late.end + 1);
	ck_assert_str_eq(stale_ones(t), "e");
	mark_message(t, ticket, t->early.start - TIME_MINUTE); /* lead-in */
	ck_assert_str_eq(stale_ones(t), "e");
	mark_message(t, ticket, t->early.start - 2 * TIME_HOUR); /* untracked */
	ck_assert_str_eq(stale_ones(t), "");
	mark_message(t, ticket, t->episode.start);
	ck_assert_str_eq(stale_ones(t), "wp");
	mark_message(t, ticket, t->attended.start);
	ck_assert_str_eq(stale_ones(t), "a");
	mark_message(t, ticket, t->episode.end + 1);
	ck_assert_str_eq(stale_ones(t), "w");
	mark_message(t, desk_id(t->d), t->early.start); /* of another ticket */
	ck_assert_str_eq(stale_ones(t), "");
	mark_message(t, UUID_NIL, t->episode.start); /* of none: no episode of the conversation's */
	ck_assert_str_eq(stale_ones(t), "");
	mark_message(t, ticket, AT - DAY + 1); /* younger than a day */
	ck_assert_str_eq(stale_ones(t), "");
	desk_close(t->d);
}
END_TEST

START_TEST(a_session_that_had_ended_long_ago_makes_stale_its_own_analyses)
{
	struct ticket *t = ticket_open();
	struct analysis_stale s;

	ck_assert_ok(db_begin(t->d->s.db, DB_APPLY));
	analysis_stale_init(&s, test_arena(), t->d->client, AT);
	analysis_stale_session(&s, t->early.id, AT - DAY);
	analysis_stale_session(&s, t->late.id, AT - DAY + 1);
	analysis_stale_session(&s, t->weak.id, TIME_NONE);
	ck_assert_ok(analysis_stale_mark(t->d->s.db, &s));
	ck_assert_ok(db_commit(t->d->s.db));
	ck_assert_str_eq(stale_ones(t), "e");
	/* nobody else's, whatever the id */
	desk_sql(t->d, "UPDATE session_analyses SET \"stale\" = FALSE");
	ck_assert_ok(db_begin(t->d->s.db, DB_APPLY));
	analysis_stale_init(&s, test_arena(), t->d->other, AT);
	analysis_stale_session(&s, t->early.id, AT - 2 * DAY);
	ck_assert_ok(analysis_stale_mark(t->d->s.db, &s));
	ck_assert_ok(db_commit(t->d->s.db));
	ck_assert_str_eq(stale_ones(t), "");
	desk_close(t->d);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("analysis stale",
	                  history_that_comes_late_makes_stale_what_it_changes_and_tells_of_it,
	                  what_is_told_of_a_message_makes_stale_what_reads_differently,
	                  a_receipt_makes_nothing_stale,
	                  a_row_that_waits_keeps_in_step_with_its_session_and_is_not_stale,
	                  what_changes_while_it_is_worked_on_is_stale_when_it_is_done,
	                  a_session_that_retires_keeps_its_analysis_and_it_is_stale,
	                  people_who_become_one_make_stale_what_they_said_apart,
	                  people_who_are_joined_without_a_batch_too,
	                  marking_costs_the_same_however_much_changed_and_nothing_of_what_is_young,
	                  a_tickets_message_makes_stale_the_session_that_the_rules_give_it_to,
	                  a_session_that_had_ended_long_ago_makes_stale_its_own_analyses);
}

int
main(void)
{
	return desk_main(make_suite);
}
