/*
 * What applying costs and keeps, in this process under a fake clock: the number of SQL statements
 * does not depend on the size of a chunk, a large one goes in slices, and everything applied again
 * changes nothing. ENGINE says on which engine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "core/wamid.h"
#include "pg.h"
#include "scene.h"
#include "testing.h"
#include "work/drain_internal.h"

#define AT        INT64_C(1768906800000)
#define MAX_BODY  ((size_t)3 << 20)
#define MAX_STEPS 2000

static struct pg_server *postgres;

static const struct wire_line line = { { "101", 3 }, { "201", 3 }, { "551130000000", 12 } };

static void
open_scene(struct scene *s)
{
	const char *engine = getenv("ENGINE");
	const char *url;

	if (engine != NULL && strcmp(engine, "postgres") == 0)
		url = pg_server_new_migrated(postgres, test_arena());
	else
		url = str_z(test_arena(), str_fmt(test_arena(), "sqlite:%s/a.db", test_dir()));
	scene_open(s, url);
}

static void
fill(struct scene *s)
{
	const struct scene_line l = {
		.line = line, .history_requested = true, .nruns = 1, .run_at = { AT - TIME_MINUTE }
	};

	scene_clear(s);
	s->rand = rand_seeded(&s->seed, 1);
	scene_fill(s, &l, 1);
}

/* A chunk of n messages of n / 10 people, each with so many bytes of text. */
static struct str
chunk(struct arena *a, size_t n, size_t text_bytes)
{
	char *text = arena_alloc(a, text_bytes);
	struct wire w;

	memset(text, 'x', text_bytes);
	wire_begin(&w, a, WIRE_META, false);
	wire_change(&w, &line, "history", true, 0);
	jw_key(&w.jw, "history");
	jw_arr(&w.jw);
	wire_chunk(&w, 0, 1, 50);
	for (size_t i = 0; i < n; i++) {
		struct str who = str_fmt(a, "55119%08zu", i / 10);
		const struct wire_person person = { .wa_id = who };
		const struct wamid id = { i % 2 == 0, who, str_fmt(a, "3EB0%06zu", i) };
		const struct wire_element e = {
			.from = i % 2 == 0 ? line.display_number : who,
			.from_me = i % 2 == 0,
			.id = wamid_encode(a, &id),
			.at = str_fmt(a, "%lld", (long long)(AT / 1000 - 86400 + (int64_t)i)),
			.text = str_n(text, text_bytes),
			.history_status = STR("READ"),
		};
		if (i % 10 == 0)
			wire_thread(&w, who, &person);
		wire_element(&w, &e);
		if (i % 10 == 9 || i + 1 == n)
			wire_thread_end(&w);
	}
	wire_chunk_end(&w);
	jw_arr_end(&w.jw);
	wire_change_end(&w);
	return wire_end(&w);
}

static void
journal(struct scene *s, struct arena *a, struct str body, int number)
{
	unsigned char random[10] = { 0 };
	const struct scene_entry e = { uuid_v7(AT + number, random), AT + number, body };

	scene_journal(s, a, &e, 1);
}

/* Steps of a worker that takes so many messages at once, until nothing waits. */
static struct db_stats
drain(struct scene *s, size_t claim_messages)
{
	struct drain_options o = scene_worker_options(s);
	struct db_stats before, after;
	struct drain *d;
	size_t steps = 0;
	int64_t now = AT + TIME_HOUR, next;

	o.claim_messages = claim_messages;
	d = scene_hire(s, 0, &o);
	before = db_stats(d->db);
	for (; scene_waiting(s) > 0 && steps < MAX_STEPS; steps++)
		(void)drain_step(d, now += 300, &next);
	ck_assert_uint_lt(steps, MAX_STEPS);
	after = db_stats(d->db);
	return (struct db_stats){ .statements = after.statements - before.statements,
		                  .rows_changed = after.rows_changed - before.rows_changed,
		                  .transactions = after.transactions - before.transactions };
}

static int64_t
stored(struct scene *s)
{
	return raw_number(s->raw, "SELECT count(*) FROM messages");
}

static struct db_digest
digest(struct scene *s, struct arena *a)
{
	struct db_digest d;

	ck_assert_ok(digest_database(s->db, a, STR_NONE, AT + TIME_DAY, &d));
	return d;
}

START_TEST(the_number_of_statements_does_not_depend_on_the_size_of_a_chunk)
{
	static const size_t sizes[] = { 100, 1000, 2500 };
	struct arena *a = arena_new((size_t)1 << 30);
	uint64_t first = 0, again = 0;
	struct scene s;

	open_scene(&s);
	for (size_t i = 0; i < 3; i++) {
		fill(&s);
		journal(&s, a, chunk(a, sizes[i], 40), 1);
		uint64_t n = drain(&s, 10000).statements;
		ck_assert_int_eq(stored(&s), (int64_t)sizes[i]);
		/* and of the same once more, where every row is there already */
		journal(&s, a, chunk(a, sizes[i], 40), 2);
		uint64_t m = drain(&s, 10000).statements;
		ck_assert_int_eq(stored(&s), (int64_t)sizes[i]);
		if (i == 0) {
			first = n;
			again = m;
		}
		printf("chunk of %zu: %llu statements, again %llu\n", sizes[i],
		       (unsigned long long)n, (unsigned long long)m);
		ck_assert_uint_eq(n, first);
		ck_assert_uint_eq(m, again);
	}
	ck_assert_uint_lt(first, 100);
	scene_close(&s);
	arena_free(a);
}
END_TEST

START_TEST(a_chunk_of_three_mebibytes_goes_in_slices_of_their_own)
{
	enum { MESSAGES = 2500, SLICE = 500 };
	struct arena *a = arena_new((size_t)1 << 30);
	struct str body = chunk(a, MESSAGES, 1000);
	struct drain_options o;
	struct db_stats whole, sliced;
	struct scene s;
	int64_t next, now = AT + TIME_HOUR;

	ck_assert_uint_gt(body.n, MAX_BODY - (MAX_BODY / 8));
	ck_assert_uint_le(body.n, MAX_BODY);
	open_scene(&s);
	fill(&s);
	journal(&s, a, body, 1);
	whole = drain(&s, 10000);
	struct db_digest expected = digest(&s, a);
	fill(&s);
	journal(&s, a, body, 1);
	sliced = drain(&s, SLICE);
	ck_assert_uint_ge(sliced.transactions, whole.transactions + MESSAGES / SLICE - 1);
	struct db_digest got = digest(&s, a);
	ck_assert_mem_eq(got.sha, expected.sha, sizeof got.sha);

	/* the database goes away in the middle: whole slices are there, and the rest follows */
	fill(&s);
	journal(&s, a, body, 1);
	o = scene_worker_options(&s);
	o.claim_messages = SLICE;
	struct drain *d = scene_hire(&s, 0, &o);
	db_fail_at(d->db, (unsigned)(sliced.statements / 2), ERR_DISK_FULL);
	(void)drain_step(d, now, &next);
	db_fail_at(d->db, 0, ERR_OK);
	ck_assert_int_gt(stored(&s), 0);
	ck_assert_int_lt(stored(&s), MESSAGES);
	ck_assert_int_eq(stored(&s) % SLICE, 0);
	(void)drain(&s, SLICE);
	got = digest(&s, a);
	ck_assert_mem_eq(got.sha, expected.sha, sizeof got.sha);
	scene_close(&s);
	arena_free(a);
}
END_TEST

/* What is not delivery statistics, which count every time. */
static const char *const tables[] = { "leads",   "identities",  "conversations", "messages",
	                              "tickets", "connections", "audit_log",     "sessions" };
enum { TABLES = sizeof tables / sizeof tables[0] };

/* From now on a write to one of them is an error (SQLite) or seen by versions() (PostgreSQL). */
static void
forbid_writes(struct scene *s, struct arena *a)
{
	static const char *const acts[] = { "INSERT", "UPDATE", "DELETE" };

	if (db_engine(s->db) != DB_SQLITE)
		return;
	for (size_t i = 0; i < TABLES; i++)
		for (size_t k = 0; k < 3; k++)
			raw_exec(s->raw,
			         str_z(a, str_fmt(a,
			                          "CREATE TRIGGER no_%s_%s AFTER %s ON %s BEGIN "
			                          "SELECT RAISE(ABORT, 'written'); END",
			                          acts[k], tables[i], acts[k], tables[i])));
}

/* Which transactions wrote the rows that are there. */
static struct str
versions(struct scene *s, struct arena *a)
{
	struct buf b;

	buf_init(&b, a, 1 << 20);
	for (size_t i = 0; i < TABLES && db_engine(s->db) == DB_POSTGRES; i++) {
		struct str *v;
		struct str sql = str_fmt(a,
		                         "SELECT string_agg(t.xmin::text || t.ctid::text, ' ' "
		                         "ORDER BY ctid) FROM %s t",
		                         tables[i]);
		ck_assert_uint_eq(raw_column(s->raw, a, str_z(a, sql), &v), 1);
		buf_fmt(&b, "%s " STR_FMT "\n", tables[i], STR_ARG(v[0]));
	}
	return buf_slice(&b);
}

#define FAILED                                                                                     \
	"SELECT count(*) FROM journal_parts WHERE client_id IS NOT NULL AND status NOT IN "        \
	"('applied', 'applied_with_problems')"

START_TEST(everything_applied_again_changes_no_row)
{
	struct arena *a = arena_new((size_t)1 << 30);
	struct wild_options o = {
		.seed = 5, .at = AT, .nlines = 1, .bodies = 60, .lines = { line }
	};
	struct world_bodies bodies = { 0 };
	struct scene s;

	open_scene(&s);
	fill(&s);
	wild_make(a, &o, &bodies);
	for (size_t i = 0; i < bodies.n; i++) {
		unsigned char random[10] = { 0 };
		const struct scene_entry e = { uuid_v7(AT + (int64_t)i, random),
			                       bodies.v[i].received_at, bodies.v[i].bytes };
		scene_journal(&s, a, &e, 1);
	}
	(void)drain(&s, 500);
	ck_assert_int_gt(stored(&s), 10);
	struct db_digest expected = digest(&s, a);
	struct str before = versions(&s, a);
	raw_exec(s.raw, "UPDATE journal_parts SET status = 'received', attempts = 0 "
	                "WHERE client_id IS NOT NULL");
	forbid_writes(&s, a);
	(void)drain(&s, 500);
	struct db_digest got = digest(&s, a);
	ck_assert_mem_eq(got.sha, expected.sha, sizeof got.sha);
	ck_assert_slice(versions(&s, a), before);
	ck_assert_int_eq(raw_number(s.raw, FAILED), 0);

	/* and this test would have seen a change */
	int64_t n = stored(&s), now = AT + TIME_DAY, next;
	journal(&s, a, chunk(a, 10, 5), 1000);
	(void)drain_step(s.workers[0], now, &next);
	if (db_engine(s.db) == DB_SQLITE)
		ck_assert_int_eq(scene_waiting(&s), 1);
	else
		ck_assert_int_eq(stored(&s), n + 10);
	ck_assert_int_eq(str_eq(versions(&s, a), before), db_engine(s.db) == DB_SQLITE);
	scene_close(&s);
	arena_free(a);
}
END_TEST

START_TEST(bodies_that_are_too_much_together_are_routed_apart)
{
	enum { CHUNKS = 8, MESSAGES = 500 };
	struct arena *a = arena_new((size_t)1 << 30);
	struct drain_options o;
	struct scene s;
	int64_t next, now = AT + TIME_HOUR;

	open_scene(&s);
	fill(&s);
	for (int i = 0; i < CHUNKS; i++)
		journal(&s, a, chunk(a, MESSAGES, 100), i + 1);
	o = scene_worker_options(&s);
	o.arena_bytes = (size_t)2 << 20; /* a chunk fits, eight do not */
	struct drain *d = scene_hire(&s, 0, &o);
	for (int i = 0; i < MAX_STEPS && scene_waiting(&s) > 0; i++)
		(void)drain_step(d, now += 300, &next);
	ck_assert_int_eq(raw_number(s.raw, FAILED), 0);
	ck_assert_int_eq(raw_number(s.raw, "SELECT count(*) FROM journal_parts WHERE status = "
	                                   "'applied'"),
	                 CHUNKS);
	ck_assert_int_eq(stored(&s), MESSAGES);
	scene_close(&s);
	arena_free(a);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("apply", the_number_of_statements_does_not_depend_on_the_size_of_a_chunk,
	                  a_chunk_of_three_mebibytes_goes_in_slices_of_their_own,
	                  everything_applied_again_changes_no_row,
	                  bodies_that_are_too_much_together_are_routed_apart);
}

TEST_MAIN_ON_ENGINE(make_suite, postgres)
