/*
 * api/stream with a real database and real sockets, under a clock that the test moves: heartbeats,
 * going on where one was, readers that are slow, and ids that are the same for all while others
 * write. ENGINE says on which engine.
 */
#include <stdlib.h>

#include "../unit/http_fixture.h"
#include "api/stream.h"
#include "pg.h"
#include "scene.h"
#include "store/queries.h"
#include "work/event.h"

#define AT      INT64_C(1768906800000)
#define WRITERS 4
#define ROUNDS  50

static struct pg_server *postgres;

struct hall {
	struct scene s;
	struct uuid client, other;
	_Atomic int64_t now;
	struct clock clock;
	struct stream *stream;
	struct fixture *f;
};

/* Moved by the test, read by the thread of the streams. */
static int64_t
hall_now(void *ctx)
{
	return atomic_load((_Atomic int64_t *)ctx);
}

static struct hall *
open_hall(void)
{
	struct hall *h = ARENA_NEW(test_arena(), struct hall);
	const char *engine = getenv("ENGINE");

	if (engine != NULL && strcmp(engine, "postgres") == 0)
		scene_open(&h->s, pg_server_new_migrated(postgres, test_arena()));
	else
		scene_open(&h->s, str_z(test_arena(),
		                        str_fmt(test_arena(), "sqlite:%s/s.db", test_dir())));
	for (int i = 0; i < 2; i++) {
		struct uuid id = rand_uuid_v7(&h->s.rand, AT + i);
		struct str slug = str_fmt(test_arena(), "c%d", i);

		ck_assert_ok(db_exec(h->s.db, &q_api_client_insert,
		                     DB_PARAMS(db_uuid(id), db_text(slug), db_text(slug),
		                               db_text(STR_NONE), db_bytes(STR_NONE), db_bool(true),
		                               db_time(AT)),
		                     NULL, NULL));
		*(i == 0 ? &h->client : &h->other) = id;
	}
	atomic_init(&h->now, AT);
	h->clock = (struct clock){ .now_ms = hall_now, .ctx = &h->now };
	h->stream = stream_new(&(const struct stream_options){ h->s.pool, &h->clock });
	h->f = fixture_new();
	h->f->options.limits.streams = 100;
	fixture_start(h->f);
	return h;
}

static void
close_hall(struct hall *h)
{
	stream_stop(h->stream);
	fixture_end(h->f);
	stream_free(h->stream);
	scene_close(&h->s);
}

static struct client
watch(struct hall *h, struct uuid client, int64_t after)
{
	struct client c = client_open(h->f);

	client_send(&c, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_ok(stream_add(h->stream, take_held(h->f),
	                        &(const struct stream_wish){
					.client = client, .token = UUID_NIL, .after = after }));
	return c;
}

static void
tell(struct db *db, struct uuid client)
{
	ck_assert_ok(db_begin(db, DB_API));
	ck_assert_ok(event_put(db, client, EVENT_CLIENT, UUID_NIL, AT));
	ck_assert_ok(db_commit(db));
}

/* Reads until the text has come, and drops all up to its end. */
static void
expect(struct client *c, const char *text)
{
	const char *end;

	while (c->n == 0 || (end = strstr(c->p, text)) == NULL)
		ck_assert_msg(client_fill(c), "%s did not come after: %s", text,
		              c->n > 0 ? c->p : "");
	end += strlen(text);
	c->n -= (size_t)(end - c->p);
	memmove(c->p, end, c->n + 1);
}

/* The next frame with an id: its event's name in name[32]. */
static int64_t
next_event(struct client *c, char *name)
{
	long long id;

	expect(c, "event: ");
	while (strstr(c->p, "\n\n") == NULL)
		ck_assert(client_fill(c));
	ck_assert_int_eq(sscanf(c->p, "%31s\nid: %lld\ndata: {", name, &id), 2);
	return id;
}

static void
expect_event(struct client *c, const char *name, int64_t id)
{
	char got[32];

	ck_assert_int_eq(next_event(c, got), id);
	ck_assert_str_eq(got, name);
}

START_TEST(a_comment_comes_every_fifteen_seconds_of_silence)
{
	struct hall *h = open_hall();
	struct client c = watch(h, h->client, STREAM_FROM_NOW);

	expect_event(&c, "ready", 0);
	expect(&c, "\n\n");
	for (int i = 0; i < 3; i++) {
		atomic_fetch_add(&h->now, STREAM_BEAT_MS);
		expect(&c, ":\n\n");
	}
	/* what is told is a sign of life too */
	atomic_fetch_add(&h->now, STREAM_BEAT_MS - 1);
	tell(h->s.db, h->client);
	expect_event(&c, "client.changed", 1);
	expect(&c, "\n\n");
	atomic_fetch_add(&h->now, STREAM_BEAT_MS - 1);
	tell(h->s.db, h->client);
	while (strstr(c.p, "client.changed") == NULL)
		ck_assert(client_fill(&c));
	ck_assert_int_eq(c.p[0], 'e'); /* no comment came before it */
	client_close(&c);
	close_hall(h);
}
END_TEST

START_TEST(who_comes_again_goes_on_where_it_was_or_is_told_that_it_cannot)
{
	struct hall *h = open_hall();
	struct client c;

	for (int i = 0; i < 1500; i++)
		tell(h->s.db, h->client);
	tell(h->s.db, h->other);
	c = watch(h, h->client, 700);
	expect_event(&c, "ready", 700);
	for (int i = 701; i <= 1500; i++)
		expect_event(&c, "client.changed", i);
	client_close(&c);
	/* none after the newest; the other client's ids are its own */
	c = watch(h, h->client, 1500);
	expect_event(&c, "ready", 1500);
	client_close(&c);
	c = watch(h, h->other, 0);
	expect_event(&c, "ready", 0);
	expect_event(&c, "client.changed", 1);
	client_close(&c);
	/* of before what is kept, and of what never was */
	raw_exec(h->s.raw, "DELETE FROM events WHERE id <= 1000");
	c = watch(h, h->client, 999);
	expect_event(&c, "reset", 1500);
	tell(h->s.db, h->client);
	expect_event(&c, "client.changed", 1501);
	client_close(&c);
	c = watch(h, h->client, 1000);
	expect_event(&c, "ready", 1000);
	expect_event(&c, "client.changed", 1001);
	client_close(&c);
	c = watch(h, h->client, 1502);
	expect_event(&c, "reset", 1501);
	client_close(&c);
	c = watch(h, h->client, STREAM_LOST);
	expect_event(&c, "reset", 1501);
	client_close(&c);
	/* also when nothing is kept any more */
	raw_exec(h->s.raw, "DELETE FROM events");
	c = watch(h, h->client, 1501);
	expect_event(&c, "ready", 1501);
	client_close(&c);
	c = watch(h, h->client, 1500);
	expect_event(&c, "reset", 1501);
	client_close(&c);
	close_hall(h);
}
END_TEST

START_TEST(who_is_slow_waits_alone_and_gets_all)
{
	enum { EVENTS = 20000, STEP = 500 };
	struct hall *h = open_hall();
	struct client slow = watch(h, h->client, STREAM_FROM_NOW), quick;
	struct event_batch b;

	quick = watch(h, h->client, STREAM_FROM_NOW);
	expect_event(&quick, "ready", 0);
	for (int n = 0; n < EVENTS; n += STEP) {
		ck_assert_ok(db_begin(h->s.db, DB_API));
		event_batch_init(&b, test_arena());
		for (int i = 0; i < STEP; i++)
			event_batch_add(&b, h->client, EVENT_LEAD, rand_uuid_v7(&h->s.rand, AT));
		ck_assert_ok(event_batch_store(&b, h->s.db, AT));
		ck_assert_ok(db_commit(h->s.db));
		for (int i = 1; i <= STEP; i++)
			expect_event(&quick, "lead.changed", n + i);
	}
	expect_event(&slow, "ready", 0);
	for (int i = 1; i <= EVENTS; i++)
		expect_event(&slow, "lead.changed", i);
	client_close(&slow);
	client_close(&quick);
	close_hall(h);
}
END_TEST

struct hand {
	struct db *db;
	struct uuid client;
	bool lane;
	enum err wrong;
};

static void *
write_all(void *arg)
{
	struct hand *h = arg;

	for (int i = 0; i < ROUNDS && h->wrong == ERR_OK; i++) {
		enum err e = db_begin(h->db, DB_API);

		if (e == ERR_OK && h->lane)
			e = db_lane(h->db, h->client, true);
		if (e == ERR_OK)
			e = event_put(h->db, h->client, EVENT_CLIENT, UUID_NIL, AT);
		if (e == ERR_OK && i % 7 == 3)
			db_rollback(h->db);
		else
			e = db_end(h->db, e);
		h->wrong = e;
	}
	return NULL;
}

START_TEST(ids_are_the_same_in_all_streams_without_a_gap_while_others_write)
{
	struct hall *h = open_hall();
	struct hand hands[WRITERS];
	pthread_t threads[WRITERS];
	struct client c[3];
	int64_t total = 0;

	for (int i = 0; i < ROUNDS; i++)
		total += i % 7 == 3 ? 0 : WRITERS;
	for (int i = 0; i < 2; i++) {
		c[i] = watch(h, h->client, 0);
		expect_event(&c[i], "ready", 0);
	}
	for (int i = 0; i < WRITERS; i++) {
		hands[i] = (struct hand){ .client = h->client, .lane = i % 2 == 0 };
		ck_assert_ok(db_open(h->s.pool, false, &hands[i].db));
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_all, &hands[i]), 0);
	}
	for (int64_t id = 1; id <= total; id++) {
		expect_event(&c[0], "client.changed", id);
		/* one is cut all the time, and comes again with what it had last */
		expect_event(&c[1], "client.changed", id);
		if (id % 20 == 0) {
			client_close(&c[1]);
			c[1] = watch(h, h->client, id);
			expect_event(&c[1], "ready", id);
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_ok(hands[i].wrong);
		db_close(hands[i].db);
	}
	c[2] = watch(h, h->client, STREAM_FROM_NOW);
	expect_event(&c[2], "ready", total);
	for (int i = 0; i < 3; i++)
		client_close(&c[i]);
	close_hall(h);
}
END_TEST

START_TEST(stopping_ends_them_and_lets_none_begin)
{
	struct hall *h = open_hall();
	struct http_exchange *x;
	struct client c[3];

	for (int i = 0; i < 2; i++)
		c[i] = watch(h, i == 0 ? h->client : h->other, STREAM_FROM_NOW);
	expect_event(&c[0], "ready", 0);
	stream_stop(h->stream);
	for (int i = 0; i < 2; i++)
		while (client_fill(&c[i]))
			c[i].n = 0;
	c[2] = client_open(h->f);
	client_send(&c[2], "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	x = take_held(h->f);
	ck_assert_err(stream_add(h->stream, x,
	                         &(const struct stream_wish){
					 .client = h->client, .token = UUID_NIL, .after = 0 }),
	              ERR_UNAVAILABLE);
	http_reply(x, 503, NULL, STR(""), NULL);
	ck_assert_int_eq(client_status(&c[2]), 503);
	for (int i = 0; i < 3; i++)
		client_close(&c[i]);
	close_hall(h);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("stream", a_comment_comes_every_fifteen_seconds_of_silence,
	                  who_comes_again_goes_on_where_it_was_or_is_told_that_it_cannot,
	                  who_is_slow_waits_alone_and_gets_all,
	                  ids_are_the_same_in_all_streams_without_a_gap_while_others_write,
	                  stopping_ends_them_and_lets_none_begin);
}

TEST_MAIN_ON_ENGINE(make_suite, postgres)
