/*
 * What is told of a change and what is not, under a fake clock; and with real threads, that no
 * reader ever sees an id before a lower one, whoever writes. ENGINE says on which engine.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "core/wamid.h"
#include "pg.h"
#include "scene.h"
#include "store/queries.h"
#include "testing.h"
#include "work/event.h"
#include "work/jobs.h"

#define AT      INT64_C(1768906800000)
#define PERSON  "5511988887777"
#define WRITERS 6
#define ROUNDS  60

static struct pg_server *postgres;

static const struct wire_line line = { { "101", 3 }, { "201", 3 }, { "551130000000", 12 } };

struct place {
	struct scene s;
	struct uuid client, other;
	int64_t seen; /* ids that were looked at */
	int entries;
};

static struct place *
open_place(void)
{
	struct place *p = ARENA_NEW(test_arena(), struct place);
	const char *engine = getenv("ENGINE");
	const struct scene_line lines[2] = {
		{ .line = line, .history_requested = true, .nruns = 1, .run_at = { AT - 60000 } },
		{ .line = { { "102", 3 }, { "202", 3 }, { "551130000009", 12 } },
		  .client = 1,
		  .history_requested = true,
		  .nruns = 1,
		  .run_at = { AT - 60000 } },
	};
	struct str *ids;

	if (engine != NULL && strcmp(engine, "postgres") == 0)
		scene_open(&p->s, pg_server_new_migrated(postgres, test_arena()));
	else
		scene_open(&p->s, str_z(test_arena(),
		                        str_fmt(test_arena(), "sqlite:%s/e.db", test_dir())));
	scene_fill(&p->s, lines, 2);
	ck_assert_uint_eq(raw_column(p->s.raw, test_arena(),
	                             engine != NULL && strcmp(engine, "postgres") == 0
	                                     ? "SELECT id::text FROM clients ORDER BY slug"
	                                     : "SELECT hex(id) FROM clients ORDER BY slug",
	                             &ids),
	                  2);
	if (ids[0].n == 32)
		for (int i = 0; i < 2; i++)
			ids[i] = str_fmt(test_arena(), "%.8s-%.4s-%.4s-%.4s-%.12s", ids[i].p,
			                 ids[i].p + 8, ids[i].p + 12, ids[i].p + 16, ids[i].p + 20);
	ck_assert_ok(uuid_parse(ids[0], &p->client));
	ck_assert_ok(uuid_parse(ids[1], &p->other));
	return p;
}

static struct db_result
after(struct db *db, struct arena *a, struct uuid client, int64_t id)
{
	struct db_result r = { .nrows = 0 };

	ck_assert_ok(db_query(db, &q_events_after,
	                      DB_PARAMS(db_uuid(client), db_int(id), db_int(1000)), NULL, a, &r));
	return r;
}

/* The kinds that were told since the last call, in their order: "a.changed b.changed". */
static const char *
told(struct place *p)
{
	struct db_result r = after(p->s.db, test_arena(), p->client, p->seen);
	struct str text = STR("");

	for (size_t i = 0; i < r.nrows; i++) {
		struct str kind = db_get_text(&r, i, 2);

		ck_assert_int_eq(db_get_int(&r, i, 0), p->seen + 1);
		p->seen++;
		ck_assert(str_ends(kind, STR(".changed")));
		text = str_fmt(test_arena(), STR_FMT "%s" STR_FMT, STR_ARG(text), i > 0 ? " " : "",
		               (int)(kind.n - 8), kind.p);
	}
	return str_z(test_arena(), text);
}

static void
journal(struct place *p, struct str body)
{
	unsigned char random[10] = { 0 };
	int64_t at = AT + ++p->entries;
	const struct scene_entry e = { uuid_v7(at, random), at, body };

	scene_journal(&p->s, test_arena(), &e, 1);
}

static void
drain(struct place *p)
{
	int64_t now = AT + TIME_HOUR;

	ck_assert(scene_drain(&p->s, &now));
}

static struct str
key(const char *name, bool outbound)
{
	const struct wamid id = { outbound, STR(PERSON), str_from(name) };

	return wamid_encode(test_arena(), &id);
}

static struct wire *
begin(const char *field, const char *member)
{
	struct wire *w = ARENA_NEW(test_arena(), struct wire);

	wire_begin(w, test_arena(), WIRE_META, false);
	wire_change(w, &line, field, true, 0);
	jw_key(&w->jw, member);
	jw_arr(&w->jw);
	return w;
}

static struct str
end(struct wire *w)
{
	jw_arr_end(&w->jw);
	wire_change_end(w);
	return wire_end(w);
}

static struct str
live(const char *name, const char *person)
{
	struct wire *w = begin("messages", "messages");
	const struct wamid id = { false, str_from(person), str_from(name) };
	const struct wire_element e = { .from = id.remote,
		                        .id = wamid_encode(test_arena(), &id),
		                        .at = str_fmt(test_arena(), "%lld", (long long)(AT / 1000)),
		                        .text = STR("oi") };

	wire_element(w, &e);
	return end(w);
}

static struct str
receipt(const char *name, const char *status)
{
	struct wire *w = begin("messages", "statuses");
	const struct wire_status s = { .id = key(name, true),
		                       .status = str_from(status),
		                       .at = str_fmt(test_arena(), "%lld",
		                                     (long long)(AT / 1000 + 5)),
		                       .recipient_id = STR(PERSON) };

	wire_status(w, &s);
	return end(w);
}

static struct str
echo(const char *name)
{
	struct wire *w = begin("smb_message_echoes", "message_echoes");
	const struct wire_element e = { .from = line.display_number,
		                        .to = STR(PERSON),
		                        .id = key(name, true),
		                        .at = str_fmt(test_arena(), "%lld",
		                                      (long long)(AT / 1000 + 1)),
		                        .text = STR("opa") };

	wire_element(w, &e);
	return end(w);
}

static struct str
chunk(int order, int n)
{
	struct wire *w = begin("history", "history");
	const struct wire_person person = { .wa_id = STR(PERSON) };

	wire_chunk(w, 0, order, 10 * order);
	wire_thread(w, STR(PERSON), &person);
	for (int i = 0; i < n; i++) {
		struct str name = str_fmt(test_arena(), "AA%d%d", order, i);
		const struct wire_element e = { .from = STR(PERSON),
			                        .id = key(str_z(test_arena(), name), false),
			                        .at = str_fmt(test_arena(), "%lld",
			                                      (long long)(AT / 1000 - 9000 + i)),
			                        .text = STR("antes"),
			                        .history_status = STR("READ") };

		wire_element(w, &e);
	}
	wire_thread_end(w);
	wire_chunk_end(w);
	return end(w);
}

START_TEST(a_live_message_its_echo_and_its_receipt_tell_of_the_conversation)
{
	struct place *p = open_place();

	journal(p, live("L1", PERSON));
	drain(p);
	ck_assert_str_eq(told(p), "conversation webhook_events");
	journal(p, echo("E1"));
	drain(p);
	ck_assert_str_eq(told(p), "conversation webhook_events");
	journal(p, receipt("E1", "delivered"));
	drain(p);
	ck_assert_str_eq(told(p), "conversation webhook_events");
	/* again: nothing is changed but the journal */
	journal(p, receipt("E1", "delivered"));
	journal(p, live("L1", PERSON));
	journal(p, echo("E1"));
	drain(p);
	ck_assert_str_eq(told(p), "webhook_events");
	ck_assert_uint_eq(after(p->s.db, test_arena(), p->other, 0).nrows, 0);
	scene_close(&p->s);
}
END_TEST

START_TEST(a_batch_tells_of_each_thing_once)
{
	struct place *p = open_place();
	struct db_result r;

	for (int i = 0; i < 20; i++)
		journal(p, live(str_z(test_arena(), str_fmt(test_arena(), "M%d", i)),
		                i % 2 == 0 ? PERSON : "5511977776666"));
	drain(p);
	r = after(p->s.db, test_arena(), p->client, 0);
	ck_assert_str_eq(told(p), "conversation conversation webhook_events");
	ck_assert(!uuid_eq(db_get_uuid(&r, 0, 4), db_get_uuid(&r, 1, 4)));
	ck_assert_str(db_get_text(&r, 0, 3), "conversation");
	ck_assert(db_is_null(&r, 2, 4));
	scene_close(&p->s);
}
END_TEST

START_TEST(history_tells_its_connection_only_once_a_batch)
{
	struct place *p = open_place();
	struct db_result r;

	for (int order = 1; order <= 3; order++)
		journal(p, chunk(order, 50));
	drain(p);
	r = after(p->s.db, test_arena(), p->client, 0);
	ck_assert_str_eq(told(p), "connection");
	ck_assert_str(db_get_text(&r, 0, 3), "connection");
	journal(p, chunk(4, 1));
	drain(p);
	ck_assert_str_eq(told(p), "connection");
	ck_assert_int_eq(raw_number(p->s.raw, "SELECT count(*) FROM messages"), 151);
	/* and what history has, told live too, is news */
	journal(p, live("AA10", PERSON));
	drain(p);
	ck_assert_str_eq(told(p), "conversation webhook_events");
	scene_close(&p->s);
}
END_TEST

/* A message on a number that nobody has registered. */
static struct str
stray(const char *number, const char *name)
{
	const struct wire_line unknown = { str_from(number), STR("909"), STR("551130000077") };
	const struct wamid id = { false, STR(PERSON), str_from(name) };
	const struct wire_element e = { .from = id.remote,
		                        .id = wamid_encode(test_arena(), &id),
		                        .at = str_fmt(test_arena(), "%lld", (long long)(AT / 1000)),
		                        .text = STR("oi") };
	struct wire *w = ARENA_NEW(test_arena(), struct wire);

	wire_begin(w, test_arena(), WIRE_META, false);
	wire_change(w, &unknown, "messages", true, 0);
	jw_key(&w->jw, "messages");
	jw_arr(&w->jw);
	wire_element(w, &e);
	return end(w);
}

START_TEST(what_is_parked_is_told_to_all_and_of_each_number_once)
{
	struct place *p = open_place();

	journal(p, stray("301", "S1"));
	journal(p, stray("301", "S2"));
	drain(p);
	ck_assert_str_eq(told(p), "webhook_events");
	ck_assert_uint_eq(after(p->s.db, test_arena(), p->other, 0).nrows, 1);
	journal(p, stray("301", "S3"));
	drain(p);
	ck_assert_str_eq(told(p), "");
	journal(p, stray("302", "S4"));
	journal(p, live("L1", PERSON));
	drain(p);
	ck_assert_str_eq(told(p), "webhook_events conversation webhook_events");
	ck_assert_uint_eq(after(p->s.db, test_arena(), p->other, 0).nrows, 2);
	ck_assert_int_eq(
		raw_number(p->s.raw, "SELECT count(*) FROM journal_parts WHERE status = 'parked'"),
		4);
	scene_close(&p->s);
}
END_TEST

static struct uuid
start_import(struct place *p, int64_t now)
{
	struct uuid id;
	bool existing;

	ck_assert_ok(db_begin(p->s.db, DB_API));
	ck_assert_ok(db_lane(p->s.db, p->client, true));
	ck_assert_ok(jobs_enqueue(p->s.db, test_arena(), &p->s.rand, p->client, JOB_IMPORT, false,
	                          false, now, &id, &existing));
	ck_assert_ok(db_commit(p->s.db));
	return id;
}

START_TEST(a_job_tells_when_it_is_asked_for_taken_moved_and_ended)
{
	struct place *p = open_place();
	const struct job_progress half = { 5, 10, "tickets", 7, STR_NONE };
	struct uuid me = rand_uuid_v7(&p->s.rand, AT), id;
	bool found = false, cancel = false, more = false;
	struct job j;
	struct db_result r;

	id = start_import(p, AT);
	ck_assert_str_eq(told(p), "job");
	ck_assert_ok(
		jobs_claim(p->s.db, test_arena(), 1u << JOB_IMPORT, UUID_NIL, me, AT, &j, &found));
	ck_assert_str_eq(told(p), "job");
	ck_assert_ok(jobs_renew(p->s.db, id, me, AT + 1000, &half, &cancel));
	ck_assert(!cancel);
	ck_assert_str_eq(told(p), "job");
	ck_assert_ok(jobs_release(p->s.db, id, me, AT + 2000));
	ck_assert_err(jobs_renew(p->s.db, id, me, AT + 2000, &half, &cancel), ERR_CONFLICT);
	ck_assert_str_eq(told(p), "job");
	ck_assert_ok(jobs_claim(p->s.db, test_arena(), 1u << JOB_IMPORT, UUID_NIL, me, AT + 3000,
	                        &j, &found));
	ck_assert_ok(
		jobs_complete(p->s.db, &j, me, AT + 4000, JOB_SUCCEEDED, STR_NONE, &half, &more));
	r = after(p->s.db, test_arena(), p->client, p->seen);
	ck_assert_str_eq(told(p), "job job import");
	ck_assert(uuid_eq(db_get_uuid(&r, 1, 4), id));
	ck_assert_int_eq(db_get_time(&r, 1, 1), AT + 4000);
	/* cancelled by someone, and nothing for who is too late */
	id = start_import(p, AT + 5000);
	ck_assert_ok(jobs_cancel(p->s.db, id, AT + 6000));
	ck_assert_err(jobs_cancel(p->s.db, id, AT + 7000), ERR_CONFLICT);
	ck_assert_str_eq(told(p), "job job import");
	scene_close(&p->s);
}
END_TEST

START_TEST(what_is_rolled_back_was_never_told_and_leaves_no_gap)
{
	struct place *p = open_place();

	for (int i = 0; i < 9; i++) {
		ck_assert_ok(db_begin(p->s.db, DB_API));
		ck_assert_ok(event_put(p->s.db, p->client, EVENT_CLIENT, UUID_NIL, AT));
		if (i % 3 == 0)
			ck_assert_ok(db_commit(p->s.db));
		else
			db_rollback(p->s.db);
	}
	ck_assert_str_eq(told(p), "client client client");
	ck_assert_int_eq(p->seen, 3);
	scene_close(&p->s);
}
END_TEST

START_TEST(old_events_go_from_the_front_and_ids_are_never_given_again)
{
	struct place *p = open_place();
	const struct keeper_options o = {
		p->s.pool, &p->s.rand, 30 * TIME_DAY, 30 * TIME_MINUTE, 30 * TIME_DAY,
		TIME_DAY,  0,          false
	};
	struct keeper *keeper;
	struct db_result r;
	int64_t next, last;

	/* by clocks that differ, id 2 is older than id 1 */
	static const int64_t at[] = { 1000, 0, 2000, 3000 };
	for (size_t i = 0; i < 4; i++)
		ck_assert_ok(event_put(p->s.db, p->client, EVENT_CLIENT, UUID_NIL, AT + at[i]));
	ck_assert_ok(keeper_open(&o, &keeper));
	(void)keeper_step(keeper, AT + TIME_DAY + 500, &next);
	r = after(p->s.db, test_arena(), p->client, 0);
	ck_assert_uint_ge(r.nrows, 2); /* and what the keeper itself tells */
	ck_assert_int_eq(db_get_int(&r, 0, 0), 3);
	last = db_get_int(&r, r.nrows - 1, 0);
	(void)keeper_step(keeper, AT + 3 * TIME_DAY, &next);
	ck_assert_uint_eq(after(p->s.db, test_arena(), p->client, 0).nrows, 0);
	ck_assert_ok(event_put(p->s.db, p->client, EVENT_CLIENT, UUID_NIL, AT));
	r = after(p->s.db, test_arena(), p->client, 0);
	ck_assert_uint_eq(r.nrows, 1);
	ck_assert_int_eq(db_get_int(&r, 0, 0), last + 1);
	keeper_close(keeper);
	scene_close(&p->s);
}
END_TEST

static atomic_int writing;

struct hand {
	struct db *db;
	struct uuid client, other;
	size_t number;
	int64_t wrote;
	enum err wrong;
};

/* Half of them in the lane, some for two clients, every fifth rolled back. */
static enum err
write_one(struct hand *h, struct arena *a, int i)
{
	struct event_batch b;
	enum err e = db_begin(h->db, DB_API);

	if (e == ERR_OK && h->number % 2 == 0)
		e = db_lane(h->db, h->client, true);
	event_batch_init(&b, a);
	for (int k = 0; k <= i % 3; k++)
		event_batch_add(&b, h->client, (enum event_kind)k, UUID_NIL);
	if (i % 4 == 0)
		event_batch_add(&b, h->other, EVENT_CLIENT, UUID_NIL);
	if (e == ERR_OK)
		e = event_batch_store(&b, h->db, AT);
	if (e != ERR_OK || i % 5 == 4) {
		db_rollback(h->db);
		return e;
	}
	h->wrote += 1 + i % 3;
	return db_commit(h->db);
}

static void *
write_all(void *arg)
{
	struct hand *h = arg;
	struct arena *a = arena_new((size_t)1 << 20);

	for (int i = 0; i < ROUNDS && h->wrong == ERR_OK; i++) {
		arena_reset(a);
		h->wrong = write_one(h, a, i);
	}
	arena_free(a);
	atomic_fetch_sub(&writing, 1);
	return NULL;
}

START_TEST(no_reader_sees_an_id_before_a_lower_one)
{
	struct place *p = open_place();
	struct hand hands[WRITERS];
	pthread_t threads[WRITERS];
	struct arena *a = arena_new((size_t)8 << 20);
	int64_t seen = 0, wrote = 0, looks = 0;
	struct db *reader;
	bool last = false;

	ck_assert_ok(db_open(p->s.pool, true, &reader));
	atomic_store(&writing, WRITERS);
	for (size_t i = 0; i < WRITERS; i++) {
		hands[i] = (struct hand){ .client = i % 3 == 2 ? p->other : p->client,
			                  .other = i % 3 == 2 ? p->client : p->other,
			                  .number = i };
		ck_assert_ok(db_open(p->s.pool, false, &hands[i].db));
	}
	for (size_t i = 0; i < WRITERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_all, &hands[i]), 0);
	while (!last) {
		struct db_result r;

		last = atomic_load(&writing) == 0;
		arena_reset(a);
		r = after(reader, a, p->client, seen);
		for (size_t i = 0; i < r.nrows; i++)
			ck_assert_int_eq(db_get_int(&r, i, 0), ++seen);
		looks++;
	}
	for (size_t i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_ok(hands[i].wrong);
		db_close(hands[i].db);
		if (i % 3 != 2)
			wrote += hands[i].wrote;
		else
			for (int k = 0; k < ROUNDS; k += 4)
				wrote += k % 5 != 4;
	}
	printf("%lld events in %lld looks\n", (long long)seen, (long long)looks);
	ck_assert_int_eq(seen, wrote);
	ck_assert_int_gt(looks, 1);
	db_close(reader);
	arena_free(a);
	scene_close(&p->s);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"events", a_live_message_its_echo_and_its_receipt_tell_of_the_conversation,
		a_batch_tells_of_each_thing_once, history_tells_its_connection_only_once_a_batch,
		what_is_parked_is_told_to_all_and_of_each_number_once,
		a_job_tells_when_it_is_asked_for_taken_moved_and_ended,
		what_is_rolled_back_was_never_told_and_leaves_no_gap,
		old_events_go_from_the_front_and_ids_are_never_given_again,
		no_reader_sees_an_id_before_a_lower_one);
}

int
main(void)
{
	const char *engine = getenv("ENGINE");
	int status;

	if (engine != NULL && strcmp(engine, "postgres") == 0) {
		postgres = pg_server_start(false);
		if (postgres == NULL)
			return 1;
	}
	status = testing_run(make_suite);
	pg_server_end(postgres);
	return status;
}
