/*
 * Housekeeping under a fake clock: who gets what was parked, when history is complete, what the
 * journal keeps, what the gauges say. ENGINE says on which engine.
 */
#include <stdlib.h>

#include "base/time.h"
#include "core/wamid.h"
#include "pg.h"
#include "scene.h"
#include "store/queries.h"
#include "sys/metrics.h"
#include "testing.h"
#include "work/jobs.h"

#define AT           INT64_C(1768906800000)
#define SOON         (AT + TIME_HOUR)
#define IMPORT_EVERY (15 * TIME_MINUTE) /* periodic imports, of clients that have a helpdesk */

static struct pg_server *postgres;

static const struct wire_line first = { { "101", 3 }, { "201", 3 }, { "551130000001", 12 } };
static const struct wire_line second = { { "102", 3 }, { "202", 3 }, { "551130000002", 12 } };
/* Numbers that make the clients c0 and c1 be there. */
static const struct wire_line known[] = {
	{ { "110", 3 }, { "210", 3 }, { "551130000010", 12 } },
	{ { "111", 3 }, { "211", 3 }, { "551130000011", 12 } },
};

struct house {
	struct scene s;
	struct keeper *keeper;
	int64_t now;
	int64_t next; /* after the last step, from then */
	size_t ids;
};

static struct house *
open_house(int64_t retention_ms)
{
	struct house *h = ARENA_NEW(test_arena(), struct house);
	const char *engine = getenv("ENGINE");
	struct scene_line lines[2] = { { .line = known[0] }, { .line = known[1], .client = 1 } };

	h->now = SOON;
	if (engine != NULL && strcmp(engine, "postgres") == 0)
		scene_open(&h->s, pg_server_new_migrated(postgres, test_arena()));
	else
		scene_open(&h->s, str_z(test_arena(),
		                        str_fmt(test_arena(), "sqlite:%s/k.db", test_dir())));
	for (size_t i = 0; i < 2; i++) {
		lines[i].history_requested = true;
		lines[i].nruns = 1;
		lines[i].run_at[0] = AT;
	}
	scene_fill(&h->s, lines, 2);
	const struct keeper_options o = { h->s.pool,    &h->s.rand, 30 * TIME_DAY, 30 * TIME_MINUTE,
		                          retention_ms, TIME_DAY,   IMPORT_EVERY,  false };
	ck_assert_ok(keeper_open(&o, &h->keeper));
	return h;
}

static void
close_house(struct house *h)
{
	keeper_close(h->keeper);
	scene_close(&h->s);
}

static void
keep(struct house *h)
{
	int64_t next;

	ck_assert_int_eq(keeper_step(h->keeper, h->now, &next), STEP_WAIT);
	h->next = next - h->now;
	h->now = next;
}

/* One inbound message to each of the lines, in one body. */
static struct str
body(size_t number, const struct wire_line *const *lines, size_t n)
{
	struct arena *a = test_arena();
	struct wire w;

	wire_begin(&w, a, WIRE_META, false);
	for (size_t i = 0; i < n; i++) {
		const struct wamid id = { false, STR("5511900000001"),
			                  str_fmt(a, "3EB0%06zu%zu", number, i) };
		const struct wire_element e = {
			.from = STR("5511900000001"),
			.id = wamid_encode(a, &id),
			.at = str_fmt(a, "%lld", (long long)(AT / 1000 - 60)),
			.text = STR("oi"),
		};

		wire_change(&w, lines[i], "messages", true, 0);
		jw_key(&w.jw, "messages");
		jw_arr(&w.jw);
		wire_element(&w, &e);
		jw_arr_end(&w.jw);
		wire_change_end(&w);
	}
	return wire_end(&w);
}

/* n entries for the lines, one every millisecond from `at`. */
static void
receive(struct house *h, const struct wire_line *const *lines, size_t nlines, int64_t at, size_t n)
{
	static const unsigned char random[10] = { 1 };
	struct scene_entry *v = ARENA_ARRAY(test_arena(), n, struct scene_entry);

	for (size_t i = 0; i < n; i++)
		v[i] = (struct scene_entry){ uuid_v7(at + (int64_t)i, random), at + (int64_t)i,
			                     body(h->ids++, lines, nlines) };
	scene_journal(&h->s, test_arena(), v, n);
}

static void
register_line(struct house *h, const struct wire_line *line, size_t client, const char *by)
{
	struct uuid id = rand_uuid_v7(&h->s.rand, AT), run = rand_uuid_v7(&h->s.rand, AT);
	struct db_result r;

	ck_assert_ok(db_query(h->s.db, &q_sync_clients,
	                      DB_PARAMS(db_uuid(uuid_v7_floor(0)), db_int(2)), NULL, test_arena(),
	                      &r));
	ck_assert_uint_eq(r.nrows, 2);
	ck_assert_ok(db_exec(h->s.db, &q_api_connection_insert,
	                     DB_PARAMS(db_uuid(id), db_uuid(db_get_uuid(&r, client, 0)),
	                               db_text(STR("coexistence")), db_text(str_from(by)),
	                               db_text(line->phone_number_id), db_text(line->waba_id),
	                               db_text(line->display_number), db_bytes(STR_NONE),
	                               db_bool(false), db_time(AT)),
	                     NULL, NULL));
	ck_assert_ok(db_exec(h->s.db, &q_api_run_insert,
	                     DB_PARAMS(db_uuid(run), db_uuid(db_get_uuid(&r, client, 0)),
	                               db_uuid(id), db_bool(false), db_time(TIME_NONE),
	                               db_text(STR("not_requested")), db_time(AT)),
	                     NULL, NULL));
}

static int64_t
number(struct house *h, const char *sql)
{
	return raw_number(h->s.raw, sql);
}

#define MESSAGES_OF(slug)                                                                          \
	"SELECT count(*) FROM messages m JOIN clients c ON c.id = m.client_id WHERE c.slug = "     \
	"'" slug "'"
#define PARTS_OF(slug)                                                                             \
	"SELECT count(*) FROM journal_parts p JOIN clients c ON c.id = p.client_id WHERE c.slug "  \
	"= '" slug "'"

START_TEST(a_released_part_goes_to_its_own_number_alone)
{
	static const struct wire_line *const both[] = { &first, &second };
	struct house *h = open_house(TIME_DAY);

	receive(h, both, 2, AT, 1);
	ck_assert(scene_drain(&h->s, &h->now));
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal_parts WHERE status = 'parked'"),
	                 2);
	register_line(h, &first, 0, "operator");
	register_line(h, &second, 1, "admin"); /* who may not take what was parked */
	keep(h);
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal_parts WHERE status = 'received' "
	                           "AND route_key = 'n:101'"),
	                 1);
	ck_assert(scene_drain(&h->s, &h->now));
	ck_assert_int_eq(number(h, MESSAGES_OF("c0")), 1);
	ck_assert_int_eq(number(h, PARTS_OF("c0")), 1);
	ck_assert_int_eq(number(h, PARTS_OF("c1")), 0);
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal_parts WHERE status = 'parked' AND "
	                           "route_key = 'n:102'"),
	                 1);
	keep(h);
	ck_assert_int_eq(scene_waiting(&h->s), 0);
	close_house(h);
}
END_TEST

START_TEST(what_is_parked_under_an_account_is_released_too)
{
	struct house *h = open_house(TIME_DAY);
	struct wire w;

	wire_begin(&w, test_arena(), WIRE_META, false);
	wire_change(&w, &second, "account_update", false, AT / 1000 + 60);
	jw_kz(&w.jw, "event", "ACCOUNT_OFFBOARDED");
	wire_change_end(&w);
	const struct scene_entry e = { uuid_v7_floor(AT), AT, wire_end(&w) };
	scene_journal(&h->s, test_arena(), &e, 1);
	ck_assert(scene_drain(&h->s, &h->now));
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal_parts WHERE status = 'parked' AND "
	                           "route_key = 'w:202'"),
	                 1);
	register_line(h, &second, 1, "onboard");
	keep(h);
	ck_assert(scene_drain(&h->s, &h->now));
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal_parts WHERE status = 'applied'"),
	                 1);
	ck_assert_int_eq(number(h, "SELECT count(*) FROM connections WHERE status = 'paused'"), 1);
	close_house(h);
}
END_TEST

START_TEST(a_part_that_lost_its_connection_takes_nothing_that_is_parked)
{
	static const struct wire_line *const both[] = { &first, &second };
	struct house *h = open_house(TIME_DAY);

	register_line(h, &first, 0, "operator");
	receive(h, both, 2, AT, 1);
	ck_assert(scene_drain(&h->s, &h->now));
	ck_assert_int_eq(number(h, MESSAGES_OF("c0")), 1);
	register_line(h, &second, 1, "admin");
	raw_exec(h->s.raw, "UPDATE connections SET deleted_at = created_at WHERE phone_number_id = "
	                   "'101'");
	raw_exec(h->s.raw, "UPDATE journal_parts SET status = 'received' WHERE status = 'applied'");
	ck_assert(scene_drain(&h->s, &h->now));
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal_parts"), 2);
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal_parts WHERE status = 'parked' AND "
	                           "route_key IN ('n:101', 'n:102')"),
	                 2);
	ck_assert_int_eq(number(h, MESSAGES_OF("c1")), 0);
	close_house(h);
}
END_TEST

struct waiting {
	const char *part; /* what becomes of the part; NULL: there is none */
	int64_t after;    /* its receive time, from the first delivery with progress 100 */
	bool completed;
};
#define OF_CLIENT(fields, status)                                                                  \
	"UPDATE journal_parts SET status = '" status "', fields = " fields ", client_id = "        \
	"(SELECT id FROM clients WHERE slug = 'c0')"
#define IS_PARKED(fields, key)                                                                     \
	"UPDATE journal_parts SET status = 'parked', fields = " fields ", route_key = '" key "'"
static const struct waiting waits[] = {
	{ NULL, 0, true },
	{ OF_CLIENT("2", "received"), 0, false },
	{ OF_CLIENT("10", "retrying"), -5, false },
	{ OF_CLIENT("2", "received"), 1, true },
	{ OF_CLIENT("8", "received"), -5, true },
	{ OF_CLIENT("2", "failed"), -5, true },
	{ "UPDATE journal_parts SET fields = 0", -5, false },
	{ "UPDATE journal_parts SET fields = 0", 1, true },
	{ IS_PARKED("2", "n:110"), 0, false },
	{ IS_PARKED("2", "n:110"), 1, true },
	{ IS_PARKED("2", "n:999"), -5, true },
	{ IS_PARKED("8", "n:110"), -5, true },
};

START_TEST(history_is_complete_when_nothing_waits_that_came_up_to_its_end)
{
	static const struct wire_line *const one[] = { &first };
	struct house *h = open_house(TIME_DAY);

	raw_exec(h->s.raw,
	         "UPDATE connections SET registered_by = 'admin'"); /* nothing is released */
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		const struct waiting *x = &waits[i];

		raw_exec(h->s.raw, "DELETE FROM journal_parts; DELETE FROM journal; UPDATE "
		                   "sync_runs SET progress = 100, first_chunk_at = started_at, "
		                   "full_at = started_at, completed = false, status = 'syncing'");
		if (x->part != NULL) {
			receive(h, one, 1, AT + x->after, 1);
			raw_exec(h->s.raw, x->part);
		}
		keep(h);
		int64_t done = number(h, "SELECT count(*) FROM sync_runs r JOIN clients c ON c.id "
		                         "= r.client_id WHERE r.completed AND r.status = "
		                         "'completed' AND c.slug = 'c0'");
		ck_assert_msg(done == x->completed, "case %zu", i);
	}
	close_house(h);
}
END_TEST

START_TEST(entries_that_must_stay_do_not_hide_those_behind_them)
{
	static const struct wire_line *const nobody[] = { &first };
	static const struct wire_line *const client[] = { &known[0] };
	struct house *h = open_house(10 * TIME_DAY);

	receive(h, nobody, 1, AT - 20 * TIME_DAY, 2100);
	receive(h, client, 1, AT - 15 * TIME_DAY, 30);
	receive(h, client, 1, AT - TIME_DAY, 5);
	ck_assert(scene_drain(&h->s, &h->now));
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal_parts WHERE status = 'applied'"),
	                 35);
	keep(h); /* 2,000 entries are looked at */
	ck_assert_int_eq(h->next, 100);
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal"), 2135);
	keep(h);
	ck_assert_int_eq(h->next, 1000);
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal"), 2105);
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal_parts"), 2105);
	/* what was passed over is looked at again by the next sweep */
	raw_exec(h->s.raw, "UPDATE journal_parts SET status = 'ignored' WHERE status = 'parked'");
	keep(h);
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal"), 2105);
	h->now += 10 * TIME_MINUTE;
	keep(h);
	keep(h);
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal"), 5);
	ck_assert_int_eq(number(h, "SELECT count(*) FROM journal_parts"), 5);
	close_house(h);
}
END_TEST

START_TEST(much_that_is_parked_is_released_in_pieces)
{
	static const struct wire_line *const one[] = { &first };
	struct house *h = open_house(365 * TIME_DAY);

	receive(h, one, 1, AT, 2100);
	ck_assert(scene_drain(&h->s, &h->now));
	register_line(h, &first, 0, "operator");
	keep(h);
	ck_assert_int_eq(h->next, 100);
	ck_assert_int_eq(scene_waiting(&h->s), 2000);
	keep(h);
	ck_assert_int_eq(h->next, 1000);
	ck_assert_int_eq(scene_waiting(&h->s), 2100);
	ck_assert(scene_drain(&h->s, &h->now));
	ck_assert_int_eq(number(h, MESSAGES_OF("c0")), 2100);
	close_house(h);
}
END_TEST

START_TEST(the_gauges_tell_what_is_due_and_since_when)
{
	static const struct wire_line *const one[] = { &known[0] };
	struct house *h = open_house(TIME_DAY);

	receive(h, one, 1, AT, 3);
	keep(h);
	ck_assert_int_eq(metrics_value(M_JOURNAL_DEPTH), 3);
	ck_assert_int_eq(metrics_value(M_JOURNAL_OLDEST_SECONDS), 3600);
	ck_assert(scene_drain(&h->s, &h->now));
	keep(h);
	ck_assert_int_eq(metrics_value(M_JOURNAL_DEPTH), 0);
	ck_assert_int_eq(metrics_value(M_JOURNAL_OLDEST_SECONDS), 0);
	raw_exec(h->s.raw, "UPDATE journal_parts SET status = 'retrying'"); /* a client's */
	h->now = SOON + TIME_HOUR;
	keep(h);
	ck_assert_int_eq(metrics_value(M_JOURNAL_DEPTH), 3);
	ck_assert_int_eq(metrics_value(M_JOURNAL_OLDEST_SECONDS), 7200);
	close_house(h);
}
END_TEST

/* The client's helpdesk becomes a connection. */
static void
helpdesk_of(struct house *h, size_t client)
{
	struct uuid id = rand_uuid_v7(&h->s.rand, AT);
	struct db_result r;

	ck_assert_ok(db_query(h->s.db, &q_api_client_list,
	                      DB_PARAMS(db_uuid(UUID_NIL), db_text(STR("")), db_int(2)), NULL,
	                      test_arena(), &r));
	ck_assert_ok(db_exec(h->s.db, &q_jobs_helpdesk_insert,
	                     DB_PARAMS(db_uuid(id), db_uuid(db_get_uuid(&r, client, 0)),
	                               db_text(STR("operator")), db_time(AT)),
	                     NULL, NULL));
}

/* Someone takes all imports and ends them then. */
static void
finish_jobs(struct house *h, int64_t now_ms)
{
	const struct job_progress none = { 0, 0, "tickets", -1, { "{}", 2 } };
	struct uuid owner = rand_uuid_v7(&h->s.rand, AT);
	bool found = true;
	struct job j;

	while (found) {
		ck_assert_ok(jobs_claim(h->s.db, test_arena(), 1u << JOB_IMPORT, UUID_NIL, owner,
		                        now_ms, &j, &found));
		if (found)
			ck_assert_ok(jobs_finish(h->s.db, j.id, owner, now_ms, JOB_SUCCEEDED,
			                         STR_NONE, &none));
	}
}

/* Jobs of all clients. */
static int64_t
jobs(struct house *h, const char *where)
{
	return number(h, str_z(test_arena(),
	                       str_fmt(test_arena(), "SELECT count(*) FROM jobs%s", where)));
}

START_TEST(an_import_is_started_when_the_last_one_ended_long_enough_ago)
{
	struct house *h = open_house(TIME_DAY);
	int64_t ended;

	keep(h);
	ck_assert_int_eq(jobs(h, ""), 0); /* nobody has a helpdesk */
	raw_exec(h->s.raw, "UPDATE clients SET api_base_url = 'http://h'");
	raw_exec(h->s.raw, getenv("ENGINE") != NULL && strcmp(getenv("ENGINE"), "postgres") == 0
	                           ? "UPDATE clients SET api_key_box = '\\x00'::bytea"
	                           : "UPDATE clients SET api_key_box = x'00'");
	raw_exec(h->s.raw, "UPDATE clients SET is_active = false WHERE slug = 'c1'");
	helpdesk_of(h, 0);
	helpdesk_of(h, 1);
	h->now += 10 * TIME_SECOND;
	keep(h);
	ck_assert_int_eq(jobs(h, " WHERE kind = 'import' AND status = 'queued'"), 1);
	ck_assert_int_eq(jobs(h, " j JOIN clients c ON c.id = j.client_id WHERE c.slug = 'c0'"), 1);
	h->now += TIME_DAY;
	keep(h); /* it is still under way */
	ck_assert_int_eq(jobs(h, ""), 1);
	ended = h->now;
	finish_jobs(h, ended);
	h->now = ended + IMPORT_EVERY - TIME_SECOND;
	keep(h);
	ck_assert_int_eq(jobs(h, ""), 1);
	h->now = ended + IMPORT_EVERY + 10 * TIME_SECOND;
	keep(h);
	ck_assert_int_eq(jobs(h, ""), 2);
	ck_assert_int_eq(jobs(h, " WHERE status = 'queued'"), 1);
	close_house(h);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("keeper", a_released_part_goes_to_its_own_number_alone,
	                  what_is_parked_under_an_account_is_released_too,
	                  a_part_that_lost_its_connection_takes_nothing_that_is_parked,
	                  history_is_complete_when_nothing_waits_that_came_up_to_its_end,
	                  entries_that_must_stay_do_not_hide_those_behind_them,
	                  much_that_is_parked_is_released_in_pieces,
	                  the_gauges_tell_what_is_due_and_since_when,
	                  an_import_is_started_when_the_last_one_ended_long_enough_ago);
}

TEST_MAIN_ON_ENGINE(make_suite, postgres)
