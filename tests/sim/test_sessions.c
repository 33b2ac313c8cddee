/*
 * Episodes as applying keeps them: whatever comes in whatever order, they are what cutting all the
 * stored messages gives, and keeping them costs the same however much comes and however long the
 * conversations are. ENGINE says on which engine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "core/wamid.h"
#include "pg.h"
#include "scene.h"
#include "sim/dice.h"
#include "store/queries.h"
#include "testing.h"
#include "work/drain_internal.h"

#define AT        INT64_C(1768906800000)
#define MAX_STEPS 2000
#define SEEDS     12

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
		url = str_z(test_arena(), str_fmt(test_arena(), "sqlite:%s/s.db", test_dir()));
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

static void
journal(struct scene *s, struct arena *a, struct str body, int number)
{
	unsigned char random[10] = { 0 };
	const struct scene_entry e = { uuid_v7(AT + number, random), AT + number, body };

	scene_journal(s, a, &e, 1);
}

/* How many statements it took until nothing waits. */
static uint64_t
drain(struct scene *s, size_t claim_messages)
{
	struct drain_options o = scene_worker_options(s);
	struct drain *d;
	uint64_t before;
	int64_t now = AT + TIME_HOUR, next;

	o.claim_messages = claim_messages;
	d = scene_hire(s, 0, &o);
	before = db_stats(d->db).statements;
	for (size_t steps = 0; scene_waiting(s) > 0; steps++) {
		ck_assert_uint_lt(steps, MAX_STEPS);
		(void)drain_step(d, now += 300, &next);
	}
	return db_stats(d->db).statements - before;
}

struct stored {
	struct uuid conversation;
	int64_t at;
	struct str key;
};

static int
by_place(const void *pa, const void *pb)
{
	const struct stored *a = pa, *b = pb;
	int by = uuid_cmp(a->conversation, b->conversation);

	if (by == 0)
		by = (a->at > b->at) - (a->at < b->at);
	return by != 0 ? by : str_cmp(a->key, b->key);
}

static int
by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static struct str
episode_text(struct arena *a, struct uuid conversation, int64_t start, int64_t end, struct str key,
             int64_t count)
{
	return str_fmt(a, STR_FMT " %lld %lld " STR_FMT " %lld",
	               STR_ARG(uuid_text(a, conversation)), (long long)start, (long long)end,
	               STR_ARG(key), (long long)count);
}

/* The messages that take part, in their order. */
static struct stored *
read_messages(struct scene *s, struct arena *a, size_t *n)
{
	struct db_result r;
	struct stored *v;

	ck_assert_ok(
		db_query(s->db, &q_digest_messages, DB_PARAMS(db_text(STR_NONE)), NULL, a, &r));
	v = ARENA_ARRAY(a, r.nrows + 1, struct stored);
	*n = 0;
	for (size_t i = 0; i < r.nrows; i++) {
		if (str_eq(db_get_text(&r, i, 7), STR("system")))
			continue;
		v[(*n)++] = (struct stored){ db_get_uuid(&r, i, 1), db_get_time(&r, i, 4),
			                     db_get_text(&r, i, 2) };
	}
	qsort(v, *n, sizeof *v, by_place);
	return v;
}

static struct str *
cut_by_hand(struct scene *s, struct arena *a, size_t *found)
{
	size_t n, first = 0;
	struct stored *v = read_messages(s, a, &n);
	struct str *out = ARENA_ARRAY(a, n + 1, struct str);

	*found = 0;
	for (size_t i = 0; i < n; i++) {
		bool last = i + 1 == n || !uuid_eq(v[i + 1].conversation, v[i].conversation) ||
		            v[i + 1].at - v[i].at > TIME_DAY;
		if (!last)
			continue;
		out[(*found)++] = episode_text(a, v[i].conversation, v[first].at, v[i].at,
		                               v[first].key, (int64_t)(i + 1 - first));
		first = i + 1;
	}
	qsort(out, *found, sizeof *out, by_bytes);
	return out;
}

static struct str *
read_episodes(struct scene *s, struct arena *a, size_t *n)
{
	struct db_result r;
	struct str *out;

	ck_assert_ok(
		db_query(s->db, &q_digest_sessions, DB_PARAMS(db_text(STR_NONE)), NULL, a, &r));
	out = ARENA_ARRAY(a, r.nrows + 1, struct str);
	for (size_t i = 0; i < r.nrows; i++)
		out[i] = episode_text(a, db_get_uuid(&r, i, 0), db_get_time(&r, i, 4),
		                      db_get_time(&r, i, 5), db_get_text(&r, i, 12),
		                      db_get_int(&r, i, 13));
	*n = r.nrows;
	qsort(out, *n, sizeof *out, by_bytes);
	return out;
}

static void
check_episodes(struct scene *s, struct arena *a, uint64_t seed)
{
	size_t nwanted, ngot;
	struct str *wanted = cut_by_hand(s, a, &nwanted), *got = read_episodes(s, a, &ngot);

	for (size_t i = 0; i < nwanted && i < ngot; i++)
		ck_assert_msg(str_eq(wanted[i], got[i]),
		              "seed %llu: wanted " STR_FMT ", got " STR_FMT,
		              (unsigned long long)seed, STR_ARG(wanted[i]), STR_ARG(got[i]));
	ck_assert_uint_eq(ngot, nwanted);
	ck_assert_uint_gt(ngot, 0);
	/* who points at another points at one that is there and points no further */
	ck_assert_int_eq(raw_number(s->raw, "SELECT count(*) FROM sessions a LEFT JOIN sessions b "
	                                    "ON b.id = a.redirect_id "
	                                    "WHERE a.redirect_id IS NOT NULL AND (b.id IS NULL OR "
	                                    "b.redirect_id IS NOT NULL)"),
	                 0);
	ck_assert_int_eq(raw_number(s->raw, "SELECT count(*) FROM sessions WHERE retired_at IS "
	                                    "NULL AND redirect_id IS NOT NULL"),
	                 0);
	ck_assert_int_eq(raw_number(s->raw, "SELECT count(*) FROM sessions s LEFT JOIN "
	                                    "conversations c ON c.id = s.conversation_id "
	                                    "WHERE c.id IS NULL"),
	                 0);
}

/* Bodies of every kind in any order; gives how many episodes retired. */
static int64_t
play(struct scene *s, struct arena *a, uint64_t seed)
{
	struct wild_options o = {
		.seed = seed, .at = AT, .nlines = 1, .bodies = 60, .lines = { line }
	};
	struct world_bodies bodies = { 0 };
	struct dice d = dice_for(seed, 77, 0);

	fill(s);
	wild_make(a, &o, &bodies);
	for (size_t i = bodies.n; i > 1; i--) {
		size_t k = dice_below(&d, i);
		struct world_body keep = bodies.v[i - 1];

		bodies.v[i - 1] = bodies.v[k];
		bodies.v[k] = keep;
	}
	for (size_t i = 0; i < bodies.n; i++) {
		unsigned char random[10] = { 0 };
		const struct scene_entry e = { uuid_v7(AT + (int64_t)i, random),
			                       bodies.v[i].received_at, bodies.v[i].bytes };

		scene_journal(s, a, &e, 1);
		if (i % 5 == 4)
			(void)drain(s, 1 + dice_below(&d, 30));
	}
	(void)drain(s, 10);
	check_episodes(s, a, seed);
	return raw_number(s->raw, "SELECT count(*) FROM sessions WHERE retired_at IS NOT NULL");
}

START_TEST(episodes_are_what_cutting_all_messages_gives)
{
	struct arena *a = arena_new((size_t)1 << 30);
	struct scene s;
	int64_t retired = 0;

	open_scene(&s);
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		retired += play(&s, a, seed);
	ck_assert_int_gt(retired, SEEDS); /* there was something to join */
	scene_close(&s);
	arena_free(a);
}
END_TEST

static struct str
person(struct arena *a, size_t i)
{
	return str_fmt(a, "55119%08zu", i);
}

/* So many old messages of each of some people, 20 h apart, one every hundred after two days. */
static struct str
old_messages(struct arena *a, size_t people, size_t each)
{
	struct wire w;

	wire_begin(&w, a, WIRE_META, false);
	wire_change(&w, &line, "history", true, 0);
	jw_key(&w.jw, "history");
	jw_arr(&w.jw);
	wire_chunk(&w, 0, 1, 50);
	for (size_t i = 0; i < people; i++) {
		const struct wire_person who = { .wa_id = person(a, i) };

		wire_thread(&w, who.wa_id, &who);
		for (size_t k = 0; k < each; k++) {
			const struct wamid id = { false, who.wa_id,
				                  str_fmt(a, "3EB0%04zu%04zu", i, k) };
			int64_t at = AT / 1000 - 86400 * 2 * (int64_t)(1 + k / 100) -
			             60 * (int64_t)k;
			const struct wire_element e = {
				.from = who.wa_id,
				.id = wamid_encode(a, &id),
				.at = str_fmt(a, "%lld", (long long)at),
				.text = STR("oi"),
				.history_status = STR("READ"),
			};

			wire_element(&w, &e);
		}
		wire_thread_end(&w);
	}
	wire_chunk_end(&w);
	jw_arr_end(&w.jw);
	wire_change_end(&w);
	return wire_end(&w);
}

/* One live message of each. */
static struct str
live_messages(struct arena *a, size_t people)
{
	struct wire w;

	wire_begin(&w, a, WIRE_META, false);
	wire_change(&w, &line, "messages", true, 0);
	jw_key(&w.jw, "messages");
	jw_arr(&w.jw);
	for (size_t i = 0; i < people; i++) {
		const struct wamid id = { false, person(a, i), str_fmt(a, "3EB1%04zu", i) };
		const struct wire_element e = {
			.from = id.remote,
			.id = wamid_encode(a, &id),
			.at = str_fmt(a, "%lld", (long long)(AT / 1000)),
			.text = STR("oi"),
		};

		wire_element(&w, &e);
	}
	jw_arr_end(&w.jw);
	wire_change_end(&w);
	return wire_end(&w);
}

START_TEST(a_live_batch_costs_the_same_however_many_and_however_long)
{
	static const size_t sizes[][2] = { { 1, 1 }, { 40, 1 }, { 2, 1200 }, { 40, 60 } };
	struct arena *a = arena_new((size_t)1 << 30);
	uint64_t first = 0;
	struct scene s;

	open_scene(&s);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		fill(&s);
		journal(&s, a, old_messages(a, sizes[i][0], sizes[i][1]), 1);
		(void)drain(&s, 10000);
		journal(&s, a, live_messages(a, sizes[i][0]), 2);
		uint64_t n = drain(&s, 10000);
		printf("%zu live messages after %zu each: %llu statements\n", sizes[i][0],
		       sizes[i][1], (unsigned long long)n);
		ck_assert_int_eq(raw_number(s.raw, "SELECT count(*) FROM messages"),
		                 (int64_t)(sizes[i][0] * (sizes[i][1] + 1)));
		if (i == 0)
			first = n;
		ck_assert_uint_eq(n, first);
	}
	scene_close(&s);
	arena_free(a);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("sessions", episodes_are_what_cutting_all_messages_gives,
	                  a_live_batch_costs_the_same_however_many_and_however_long);
}

TEST_MAIN_ON_ENGINE(make_suite, postgres)
