/*
 * The whole way, through real sockets: the simulator delivers, the program applies, the simulator
 * holds what it shows against the truth. ENGINE says on which engine. And the gate's own planted
 * fault: a wrong truth must be noticed.
 */
#include <stdlib.h>

#include "base/time.h"
#include "http.h"
#include "pg.h"
#include "server.h"
#include "sim/commands.h"
#include "sim/deliver.h"
#include "testing.h"

static struct pg_server *postgres;

static struct server *
start(void)
{
	const char *engine = getenv("ENGINE");
	struct server_options o = { .dir = test_dir(), .env = { "LOG_LEVEL=warn", NULL } };

	if (engine != NULL && strcmp(engine, "postgres") == 0) {
		postgres = pg_server_start(false);
		ck_assert_ptr_nonnull(postgres);
		o.database_url = pg_server_new_migrated(postgres, test_arena());
	}
	struct server *s = server_start(&o);
	ck_assert_ptr_nonnull(s);
	return s;
}

static void
stop(struct server *s)
{
	ck_assert_int_eq(server_stop(s), 0);
	pg_server_end(postgres);
	postgres = NULL;
}

static struct sim_args
args_for(const struct server *s, uint64_t seed)
{
	struct sim_args args = { .url = server_url(s),
		                 .path = "/webhooks/whatsapp",
		                 .secret = SERVER_APP_SECRET,
		                 .token = SERVER_ADMIN_TOKEN,
		                 .client = "acme",
		                 .parallel = 8,
		                 .batch = 2,
		                 .attempts = 20,
		                 .window = 30,
		                 .duplicate = 100,
		                 .wait_seconds = 60,
		                 .quiet = true };

	world_options_init(&args.world);
	args.world.seed = seed;
	args.world.people = 50;
	args.world.contacts = 60;
	args.world.messages = 800;
	args.world.chunk_messages = 120;
	args.world.live = 150;
	return args;
}

START_TEST(a_mixed_up_world_is_shown_as_it_is)
{
	struct server *s = start();
	struct client *c = http_operator(server_url(s));
	struct sim_args args = args_for(s, 11);

	ck_assert(http_register(c, test_arena(), "acme", &args.world.line));
	struct arena *a = arena_new((size_t)1 << 30);
	ck_assert_int_eq(command_meta(a, &args), 0);
	ck_assert_int_eq(command_check(a, &args), 0);
	/* again, all of it: nothing changes */
	ck_assert_int_eq(command_meta(a, &args), 0);
	ck_assert_int_eq(command_check(a, &args), 0);
	/* the planted fault: another truth */
	args.world.seed = 12;
	ck_assert_int_eq(command_check(a, &args), 1);
	arena_free(a);
	client_free(c);
	stop(s);
}
END_TEST

START_TEST(a_declined_history_is_shown_as_declined)
{
	struct server *s = start();
	struct client *c = http_operator(server_url(s));
	struct sim_args args = args_for(s, 13);

	args.world.decline = DECLINE_BARE;
	args.world.live = 40;
	args.world.wrap = WIRE_DIALOG;
	ck_assert(http_register(c, test_arena(), "acme", &args.world.line));
	struct arena *a = arena_new((size_t)1 << 30);
	ck_assert_int_eq(command_meta(a, &args), 0);
	ck_assert_int_eq(command_check(a, &args), 0);
	arena_free(a);
	client_free(c);
	stop(s);
}
END_TEST

START_TEST(a_body_with_a_wrong_signature_is_refused_and_leaves_nothing)
{
	struct server *s = start();
	struct client *c = http_operator(server_url(s));
	struct sim_args args = args_for(s, 14);
	struct arena *a = arena_new((size_t)1 << 30);

	ck_assert(http_register(c, test_arena(), "acme", &args.world.line));
	args.secret = "another-secret";
	args.world.live = 3;
	args.world.messages = 10;
	ck_assert_int_eq(command_meta(a, &args), 1);
	struct client_reply r = client_get(c, a, "/api/webhook-events?limit=5");
	ck_assert_int_eq(r.status, 200);
	ck_assert_uint_eq(json_count(json_get(r.json, "data")), 0);
	arena_free(a);
	client_free(c);
	stop(s);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("check", a_mixed_up_world_is_shown_as_it_is,
	                  a_declined_history_is_shown_as_declined,
	                  a_body_with_a_wrong_signature_is_refused_and_leaves_nothing);
}

TEST_MAIN(make_suite)
