/*
 * Jobs under a fake clock, and with real threads: nobody holds what another holds, what is left
 * behind is taken up, and of one client one import runs. ENGINE says on which engine.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/json.h"
#include "pg.h"
#include "scene.h"
#include "store/queries.h"
#include "testing.h"
#include "work/jobs.h"

#define AT      INT64_C(1768906800000)
#define BOTH    (1u << JOB_IMPORT | 1u << JOB_SYNC_CONTACTS)
#define THREADS 4
#define CLIENTS 40

static struct pg_server *postgres;
static const struct job_progress halfway = { 5, 10, "tickets", 7, { "{\"ticketsNew\":5}", 16 } };

struct office {
	struct scene s;
	struct uuid clients[CLIENTS];
	size_t n;
};

static struct office *
open_office(size_t nclients)
{
	struct office *o = ARENA_NEW(test_arena(), struct office);
	const char *engine = getenv("ENGINE");
	struct str *ids;

	if (engine != NULL && strcmp(engine, "postgres") == 0)
		scene_open(&o->s, pg_server_new_migrated(postgres, test_arena()));
	else
		scene_open(&o->s, str_z(test_arena(),
		                        str_fmt(test_arena(), "sqlite:%s/j.db", test_dir())));
	o->n = nclients;
	for (size_t i = 0; i < nclients; i++) {
		struct str slug = str_fmt(test_arena(), "c%zu", i);

		o->clients[i] = rand_uuid_v7(&o->s.rand, AT);
		ck_assert_ok(db_exec(o->s.db, &q_api_client_insert,
		                     DB_PARAMS(db_uuid(o->clients[i]), db_text(slug), db_text(slug),
		                               db_text(STR_NONE), db_bytes(STR_NONE), db_bool(true),
		                               db_time(AT)),
		                     NULL, NULL));
	}
	ck_assert_uint_eq(raw_column(o->s.raw, test_arena(), "SELECT slug FROM clients", &ids),
	                  nclients);
	return o;
}

static void
close_office(struct office *o)
{
	scene_close(&o->s);
}

static struct uuid
enqueue(struct office *o, size_t client, enum job_kind kind, bool full, int64_t now, bool *existing)
{
	struct uuid id;

	ck_assert_ok(db_begin(o->s.db, DB_API));
	ck_assert_ok(db_lane(o->s.db, o->clients[client], true));
	ck_assert_ok(jobs_enqueue(o->s.db, test_arena(), &o->s.rand, o->clients[client], kind, full,
	                          false, now, &id, existing));
	ck_assert_ok(db_commit(o->s.db));
	return id;
}

static struct uuid
add(struct office *o, size_t client, int64_t now)
{
	bool existing = true;
	struct uuid id = enqueue(o, client, JOB_IMPORT, false, now, &existing);

	ck_assert(!existing);
	return id;
}

static bool
claim(struct office *o, struct uuid owner, int64_t now, struct job *out)
{
	bool found = false;

	ck_assert_ok(jobs_claim(o->s.db, test_arena(), BOTH, UUID_NIL, owner, now, out, &found));
	return found;
}

static struct str
status_of(struct office *o, struct uuid id)
{
	struct db_result r;

	ck_assert_ok(
		db_query(o->s.db, &q_jobs_one, DB_PARAMS(db_uuid(id)), NULL, test_arena(), &r));
	ck_assert_uint_eq(r.nrows, 1);
	return db_get_text(&r, 0, 3);
}

static struct uuid
someone(struct office *o)
{
	return rand_uuid_v7(&o->s.rand, AT);
}

START_TEST(of_one_client_and_kind_one_job_is_under_way)
{
	struct office *o = open_office(2);
	struct uuid first = add(o, 0, AT), again, me = someone(o);
	struct job j;
	bool existing = false;

	again = enqueue(o, 0, JOB_IMPORT, false, AT + 1, &existing);
	ck_assert(existing && uuid_eq(again, first));
	enqueue(o, 0, JOB_SYNC_CONTACTS, false, AT + 2, &existing);
	ck_assert(!existing);
	enqueue(o, 1, JOB_IMPORT, false, AT + 3, &existing);
	ck_assert(!existing);
	ck_assert(claim(o, me, AT + 4, &j) && uuid_eq(j.id, first));
	again = enqueue(o, 0, JOB_IMPORT, false, AT + 5, &existing);
	ck_assert(existing && uuid_eq(again, first));
	ck_assert_ok(jobs_finish(o->s.db, first, me, AT + 6, JOB_SUCCEEDED, STR_NONE, &halfway));
	again = enqueue(o, 0, JOB_IMPORT, false, AT + 7, &existing);
	ck_assert(!existing && !uuid_eq(again, first));
	close_office(o);
}
END_TEST

START_TEST(what_more_is_asked_of_a_queued_job_is_taken_on)
{
	struct office *o = open_office(1);
	bool existing = false;
	struct job j;

	add(o, 0, AT);
	enqueue(o, 0, JOB_IMPORT, true, AT + 1, &existing);
	ck_assert(existing);
	enqueue(o, 0, JOB_IMPORT, false, AT + 2, &existing);
	ck_assert(claim(o, someone(o), AT + 3, &j));
	ck_assert(j.full && !j.episodes && !j.resumed);
	ck_assert(j.kind == JOB_IMPORT && uuid_eq(j.client_id, o->clients[0]));
	ck_assert_int_eq(j.created_at, AT);
	close_office(o);
}
END_TEST

START_TEST(what_more_is_asked_of_a_running_job_is_done_before_it_ends)
{
	struct office *o = open_office(1);
	struct uuid id = add(o, 0, AT), me = someone(o), again;
	bool existing = false, more = false;
	struct job j, late;

	ck_assert(claim(o, me, AT + 1, &j) && !j.full);
	late = j;
	again = enqueue(o, 0, JOB_IMPORT, true, AT + 2, &existing);
	ck_assert(existing && uuid_eq(again, id));
	ck_assert_ok(
		jobs_complete(o->s.db, &j, me, AT + 3, JOB_SUCCEEDED, STR_NONE, &halfway, &more));
	ck_assert(more && j.full && !j.episodes);
	ck_assert_slice(status_of(o, id), STR("running"));
	/* whoever takes it up meanwhile knows it from the start */
	ck_assert_ok(jobs_release(o->s.db, id, me, AT));
	ck_assert(claim(o, me, AT + 4, &late) && late.full);
	enqueue(o, 0, JOB_IMPORT, true, AT + 5, &existing);
	ck_assert_ok(
		jobs_complete(o->s.db, &j, me, AT + 6, JOB_PARTIAL, STR_NONE, &halfway, &more));
	ck_assert(!more);
	ck_assert_slice(status_of(o, id), STR("partial"));
	ck_assert_int_eq(
		jobs_complete(o->s.db, &j, me, AT + 7, JOB_PARTIAL, STR_NONE, &halfway, &more),
		ERR_CONFLICT);
	close_office(o);
}
END_TEST

START_TEST(what_failed_is_tried_again_before_a_running_job_ends)
{
	struct office *o = open_office(1);
	struct uuid id = add(o, 0, AT), me = someone(o);
	bool existing = false, more = false;
	int64_t n = -1;
	struct job j;

	ck_assert(claim(o, me, AT + 1, &j));
	for (int i = 1; i <= 2; i++) {
		ck_assert_ok(db_begin(o->s.db, DB_API));
		ck_assert_ok(db_lane(o->s.db, o->clients[0], true));
		ck_assert_ok(jobs_retry(o->s.db, test_arena(), id));
		ck_assert_ok(db_commit(o->s.db));
		ck_assert_ok(jobs_retries(o->s.db, id, &n));
		ck_assert_int_eq(n, i);
	}
	enqueue(o, 0, JOB_IMPORT, true, AT + 2, &existing);
	ck_assert_ok(
		jobs_complete(o->s.db, &j, me, AT + 3, JOB_SUCCEEDED, STR_NONE, &halfway, &more));
	ck_assert(more && j.full && j.retries == 2);
	ck_assert_ok(
		jobs_complete(o->s.db, &j, me, AT + 4, JOB_SUCCEEDED, STR_NONE, &halfway, &more));
	ck_assert(!more);
	close_office(o);
}
END_TEST

START_TEST(who_asks_for_more_of_a_job_that_is_to_end_gets_it)
{
	struct office *o = open_office(1);
	struct uuid id = add(o, 0, AT), me = someone(o);
	bool existing = false, more = false, cancel = true;
	struct job j;

	ck_assert(claim(o, me, AT + 1, &j));
	ck_assert_ok(jobs_cancel(o->s.db, id, AT + 2));
	enqueue(o, 0, JOB_IMPORT, true, AT + 3, &existing);
	ck_assert(existing);
	ck_assert_ok(jobs_renew(o->s.db, id, me, AT + 4, &halfway, &cancel));
	ck_assert(!cancel);
	ck_assert_ok(
		jobs_complete(o->s.db, &j, me, AT + 5, JOB_SUCCEEDED, STR_NONE, &halfway, &more));
	ck_assert(more && j.full);
	close_office(o);
}
END_TEST

START_TEST(the_oldest_is_taken_first_and_none_twice)
{
	struct office *o = open_office(3);
	struct uuid second = add(o, 1, AT + 5), first = add(o, 0, AT), me = someone(o);
	bool found = true;
	struct job j;

	ck_assert_ok(jobs_claim(o->s.db, test_arena(), 1u << JOB_SYNC_CONTACTS, UUID_NIL, me,
	                        AT + 9, &j, &found));
	ck_assert(!found);
	ck_assert_ok(jobs_claim(o->s.db, test_arena(), BOTH, someone(o), me, AT + 9, &j, &found));
	ck_assert(!found);
	ck_assert(claim(o, me, AT + 9, &j) && uuid_eq(j.id, first));
	ck_assert_slice(status_of(o, first), STR("running"));
	ck_assert(claim(o, someone(o), AT + 9, &j) && uuid_eq(j.id, second));
	ck_assert(!claim(o, someone(o), AT + 9, &j));
	close_office(o);
}
END_TEST

START_TEST(a_lease_that_is_over_is_taken_up_by_another_and_lost_to_the_first)
{
	struct office *o = open_office(1);
	struct uuid id = add(o, 0, AT), one = someone(o), two = someone(o);
	bool cancel = true;
	struct job j;

	ck_assert(claim(o, one, AT, &j));
	ck_assert_ok(jobs_renew(o->s.db, id, one, AT + 20000, &halfway, &cancel));
	ck_assert(!cancel);
	ck_assert(!claim(o, two, AT + 20000 + JOB_LEASE_MS - 1, &j));
	ck_assert(claim(o, two, AT + 20000 + JOB_LEASE_MS, &j));
	ck_assert(uuid_eq(j.id, id) && j.resumed);
	ck_assert_int_eq(jobs_renew(o->s.db, id, one, AT + 60000, &halfway, &cancel), ERR_CONFLICT);
	ck_assert_int_eq(
		jobs_finish(o->s.db, id, one, AT + 60000, JOB_FAILED, STR("late"), &halfway),
		ERR_CONFLICT);
	ck_assert_int_eq(jobs_release(o->s.db, id, one, AT), ERR_CONFLICT);
	ck_assert_ok(
		jobs_finish(o->s.db, id, two, AT + 61000, JOB_PARTIAL, STR("1 left"), &halfway));
	ck_assert_slice(status_of(o, id), STR("partial"));
	ck_assert_int_eq(jobs_renew(o->s.db, id, two, AT + 62000, &halfway, &cancel), ERR_CONFLICT);
	ck_assert(!claim(o, one, AT + TIME_DAY, &j));
	close_office(o);
}
END_TEST

START_TEST(what_is_given_back_is_taken_up_at_once_and_says_so)
{
	struct office *o = open_office(1);
	struct uuid id = add(o, 0, AT), one = someone(o);
	struct job j;

	ck_assert(claim(o, one, AT, &j) && !j.resumed);
	ck_assert_ok(jobs_release(o->s.db, id, one, AT));
	ck_assert_slice(status_of(o, id), STR("queued"));
	ck_assert(claim(o, someone(o), AT + 1, &j) && j.resumed);
	close_office(o);
}
END_TEST

START_TEST(progress_is_stored_with_what_is_not_known_as_nothing)
{
	const struct job_progress begun = { 3, -1, "tickets", -1, { "{}", 2 } };
	struct office *o = open_office(1);
	struct uuid id = add(o, 0, AT), me = someone(o);
	struct db_result r;
	bool cancel;
	struct job j;

	ck_assert(claim(o, me, AT, &j));
	ck_assert_ok(jobs_renew(o->s.db, id, me, AT + 1, &begun, &cancel));
	ck_assert_ok(
		db_query(o->s.db, &q_jobs_one, DB_PARAMS(db_uuid(id)), NULL, test_arena(), &r));
	ck_assert_int_eq(db_get_int(&r, 0, 4), 3);
	ck_assert(db_is_null(&r, 0, 5) && db_is_null(&r, 0, 7));
	ck_assert_ok(jobs_renew(o->s.db, id, me, AT + 2, &halfway, &cancel));
	ck_assert_ok(
		db_query(o->s.db, &q_jobs_one, DB_PARAMS(db_uuid(id)), NULL, test_arena(), &r));
	ck_assert_int_eq(db_get_int(&r, 0, 5), 10);
	ck_assert_int_eq(db_get_int(&r, 0, 7), 7);
	ck_assert_ok(jobs_finish(o->s.db, id, me, AT + 3, JOB_FAILED, STR("no key"), &halfway));
	ck_assert_ok(
		db_query(o->s.db, &q_jobs_one, DB_PARAMS(db_uuid(id)), NULL, test_arena(), &r));
	ck_assert_slice(db_get_text(&r, 0, 9), STR("no key"));
	ck_assert(db_is_null(&r, 0, 7));
	ck_assert_int_eq(db_get_time(&r, 0, 11), AT);
	ck_assert_int_eq(db_get_time(&r, 0, 12), AT + 3);
	close_office(o);
}
END_TEST

START_TEST(who_holds_a_job_is_told_that_its_end_was_asked_for)
{
	struct office *o = open_office(1);
	struct uuid id = add(o, 0, AT), me = someone(o);
	bool cancel = false;
	struct job j;

	ck_assert(claim(o, me, AT, &j));
	ck_assert_ok(jobs_cancel(o->s.db, id, AT + 1));
	ck_assert_slice(status_of(o, id), STR("running"));
	ck_assert_ok(jobs_renew(o->s.db, id, me, AT + 2, &halfway, &cancel));
	ck_assert(cancel);
	ck_assert_ok(jobs_finish(o->s.db, id, me, AT + 3, JOB_CANCELLED, STR_NONE, &halfway));
	ck_assert_slice(status_of(o, id), STR("cancelled"));
	ck_assert_int_eq(jobs_cancel(o->s.db, id, AT + 4), ERR_CONFLICT);
	close_office(o);
}
END_TEST

START_TEST(who_asks_again_for_a_job_that_is_to_end_takes_that_back)
{
	struct office *o = open_office(1);
	struct uuid id = add(o, 0, AT), again, me = someone(o);
	bool cancel = true, existing = false;
	struct job j;

	ck_assert(claim(o, me, AT, &j));
	ck_assert_ok(jobs_cancel(o->s.db, id, AT + 1));
	again = enqueue(o, 0, JOB_IMPORT, false, AT + 2, &existing);
	ck_assert(existing && uuid_eq(again, id));
	ck_assert_ok(jobs_renew(o->s.db, id, me, AT + 3, &halfway, &cancel));
	ck_assert(!cancel);
	close_office(o);
}
END_TEST

START_TEST(what_nobody_holds_is_cancelled_at_once)
{
	struct office *o = open_office(3);
	struct uuid queued = add(o, 0, AT), left = add(o, 1, AT + 1), back = add(o, 2, AT + 2),
		    next, me = someone(o);
	bool existing = true;
	struct job j;

	ck_assert_ok(jobs_cancel(o->s.db, queued, AT + 3));
	ck_assert_slice(status_of(o, queued), STR("cancelled"));
	ck_assert(claim(o, me, AT + 4, &j) && uuid_eq(j.id, left));
	ck_assert_ok(jobs_cancel(o->s.db, left, AT + 4 + JOB_LEASE_MS));
	ck_assert_slice(status_of(o, left), STR("cancelled"));
	/* given back after its end was asked for: who asks for an import gets another one */
	ck_assert(claim(o, me, AT + 5, &j) && uuid_eq(j.id, back));
	ck_assert_ok(jobs_cancel(o->s.db, back, AT + 6));
	ck_assert_ok(jobs_release(o->s.db, back, me, AT));
	ck_assert_slice(status_of(o, back), STR("queued"));
	next = enqueue(o, 2, JOB_IMPORT, false, AT + 7, &existing);
	ck_assert(!existing && !uuid_eq(next, back));
	ck_assert_slice(status_of(o, back), STR("cancelled"));
	ck_assert_int_eq(jobs_cancel(o->s.db, someone(o), AT + 8), ERR_CONFLICT);
	close_office(o);
}
END_TEST

struct worker {
	struct db *db;
	struct uuid owner;
	atomic_int *holders; /* of each client's job */
	const struct uuid *clients;
	size_t nclients, taken;
	bool wrong;
};

static atomic_size_t finished;

static size_t
index_of(const struct worker *w, struct uuid client)
{
	size_t i = 0;

	while (i < w->nclients && !uuid_eq(w->clients[i], client))
		i++;
	return i;
}

/* Takes jobs until all are done; while it holds one nobody else may. */
static void *
work(void *arg)
{
	struct worker *w = arg;
	struct arena *a = arena_new((size_t)1 << 20);

	while (!w->wrong && atomic_load(&finished) < w->nclients) {
		bool found = false, cancel;
		struct job j;
		size_t i;

		arena_reset(a);
		if (jobs_claim(w->db, a, BOTH, UUID_NIL, w->owner, AT, &j, &found) != ERR_OK) {
			w->wrong = true;
			break;
		}
		if (!found)
			continue;
		i = index_of(w, j.client_id);
		w->wrong = i == w->nclients || atomic_fetch_add(&w->holders[i], 1) != 0 ||
		           jobs_renew(w->db, j.id, w->owner, AT, &halfway, &cancel) != ERR_OK;
		if (!w->wrong && w->taken++ % 3 == 2) { /* every third is given back */
			atomic_fetch_sub(&w->holders[i], 1);
			w->wrong = jobs_release(w->db, j.id, w->owner, AT) != ERR_OK;
			continue;
		}
		w->wrong = w->wrong || jobs_finish(w->db, j.id, w->owner, AT, JOB_SUCCEEDED,
		                                   STR_NONE, &halfway) != ERR_OK;
		atomic_fetch_add(&finished, 1);
	}
	arena_free(a);
	return NULL;
}

START_TEST(two_workers_never_hold_one_job)
{
	struct office *o = open_office(CLIENTS);
	atomic_int holders[CLIENTS] = { 0 };
	struct worker workers[THREADS];
	pthread_t threads[THREADS];

	for (size_t i = 0; i < CLIENTS; i++)
		add(o, i, AT - 1);
	atomic_store(&finished, 0);
	for (size_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .owner = someone(o),
			                      .holders = holders,
			                      .clients = o->clients,
			                      .nclients = CLIENTS };
		ck_assert_ok(db_open(o->s.pool, false, &workers[i].db));
	}
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		db_close(workers[i].db);
	}
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_msg(!workers[i].wrong, "worker %zu", i);
	ck_assert_int_eq(raw_number(o->s.raw, "SELECT count(*) FROM jobs WHERE status = "
	                                      "'succeeded' AND lease_owner IS NULL"),
	                 CLIENTS);
	close_office(o);
}
END_TEST

START_TEST(who_asks_in_another_connection_gets_the_same_job)
{
	struct office *o = open_office(1);
	struct db *others[THREADS];

	/* the lane makes them take turns: each in its own connection sees the one before */
	for (size_t i = 0; i < THREADS; i++) {
		bool existing = false;
		struct uuid id;

		ck_assert_ok(db_open(o->s.pool, false, &others[i]));
		ck_assert_ok(db_begin(others[i], DB_API));
		ck_assert_ok(db_lane(others[i], o->clients[0], true));
		ck_assert_ok(jobs_enqueue(others[i], test_arena(), &o->s.rand, o->clients[0],
		                          JOB_IMPORT, false, false, AT, &id, &existing));
		ck_assert_ok(db_commit(others[i]));
		ck_assert(existing == (i > 0));
		db_close(others[i]);
	}
	ck_assert_int_eq(raw_number(o->s.raw, "SELECT count(*) FROM jobs"), 1);
	close_office(o);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("jobs", of_one_client_and_kind_one_job_is_under_way,
	                  what_more_is_asked_of_a_queued_job_is_taken_on,
	                  what_more_is_asked_of_a_running_job_is_done_before_it_ends,
	                  what_failed_is_tried_again_before_a_running_job_ends,
	                  who_asks_for_more_of_a_job_that_is_to_end_gets_it,
	                  the_oldest_is_taken_first_and_none_twice,
	                  a_lease_that_is_over_is_taken_up_by_another_and_lost_to_the_first,
	                  what_is_given_back_is_taken_up_at_once_and_says_so,
	                  progress_is_stored_with_what_is_not_known_as_nothing,
	                  who_holds_a_job_is_told_that_its_end_was_asked_for,
	                  who_asks_again_for_a_job_that_is_to_end_takes_that_back,
	                  what_nobody_holds_is_cancelled_at_once, two_workers_never_hold_one_job,
	                  who_asks_in_another_connection_gets_the_same_job);
}

TEST_MAIN_ON_ENGINE(make_suite, postgres)
