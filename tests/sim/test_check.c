/*
 * The whole way, through real sockets: the simulator delivers, the program applies, the simulator
 * holds what it shows against the truth. ENGINE says on which engine. And the gate's own planted
 * fault: a wrong truth must be noticed.
 */
#include <poll.h>
#include <stdlib.h>

#include "base/time.h"
#include "http.h"
#include "pg.h"
#include "server.h"
#include "sim/commands.h"
#include "sim/deliver.h"
#include "sim/graph_server.h"
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

/* A control of the Graph API, or a request to it; the answer. */
static struct client_reply
tell(struct client *c, const char *path, struct str body)
{
	struct client_reply r = client_post(c, test_arena(), path, body);

	ck_assert_int_eq(r.status, 200);
	return r;
}

/* Waits until all that the Graph API made is delivered. */
static void
await_delivery(struct client *c)
{
	int64_t made = 0, delivered = -1, end = clock_now(&clock_real) + 60 * TIME_SECOND;

	while (made != delivered && clock_now(&clock_real) < end) {
		struct client_reply r = client_get(c, test_arena(), "/__sim/stats");
		const cJSON *webhooks = json_get(r.json, "webhooks");
		ck_assert(json_i64(json_get(webhooks, "made"), &made));
		ck_assert(json_i64(json_get(webhooks, "delivered"), &delivered));
		(void)poll(NULL, 0, 20);
	}
	ck_assert_int_gt(made, 0);
	ck_assert_int_eq(made, delivered);
}

/* Onboards the number of the world, and asks for its contacts and history. */
static void
onboard(struct graph_server *graph, const struct server *s, const struct world_options *o)
{
	struct arena *a = test_arena();
	struct str url = str_fmt(a, "http://127.0.0.1:%u",
	                         (unsigned)web_server_port(graph_server_web(graph)));
	struct client *c = client_new(str_z(a, url));
	struct client_reply r;

	tell(c, "/__sim/number",
	     str_fmt(a,
	             "{\"wabaId\":\"" STR_FMT "\",\"phoneNumberId\":\"" STR_FMT
	             "\",\"displayPhoneNumber\":\"+" STR_FMT
	             "\",\"people\":%zu,\"messages\":%zu,\"contacts\":%zu,\"chunkMessages\":%zu,"
	             "\"seed\":%llu}",
	             STR_ARG(o->line.waba_id), STR_ARG(o->line.phone_number_id),
	             STR_ARG(o->line.display_number), o->people, o->messages, o->contacts,
	             o->chunk_messages, (unsigned long long)o->seed));
	tell(c, "/__sim/deliver",
	     str_fmt(a, "{\"url\":\"%s\",\"secret\":\"" SERVER_APP_SECRET "\"}", server_url(s)));
	r = tell(c, "/__sim/token",
	         str_fmt(a, "{\"wabaId\":\"" STR_FMT "\"}", STR_ARG(o->line.waba_id)));
	client_add_header(c, str_z(a, str_fmt(a, "Authorization: Bearer " STR_FMT,
	                                      STR_ARG(json_str(json_get(r.json, "token"))))));
	tell(c, str_z(a, str_fmt(a, "/" STR_FMT "/subscribed_apps", STR_ARG(o->line.waba_id))),
	     STR("{}"));
	const char *ask =
		str_z(a, str_fmt(a, "/" STR_FMT "/smb_app_data", STR_ARG(o->line.phone_number_id)));
	tell(c, ask,
	     STR("{\"messaging_product\":\"whatsapp\",\"sync_type\":\"smb_app_state_sync\"}"));
	tell(c, ask, STR("{\"messaging_product\":\"whatsapp\",\"sync_type\":\"history\"}"));
	await_delivery(c);
	client_free(c);
}

START_TEST(what_the_graph_api_delivers_is_shown_as_it_is)
{
	const struct graph_server_options so = { .parallel = 4, .attempts = 20, .retry_ms = 50 };
	struct server *s = start();
	struct client *c = http_operator(server_url(s));
	struct sim_args args = args_for(s, 15);
	struct graph_options o;
	struct graph_server *graph;

	graph_options_init(&o);
	struct graph *g = graph_new(&o);
	ck_assert_ok(graph_server_start(g, &clock_real, &so, &graph));
	ck_assert(http_register(c, test_arena(), "acme", &args.world.line));
	onboard(graph, s, &args.world);
	args.world.at = g->numbers.v[0].onboarded_at;
	args.world.parts = WORLD_CONTACTS | WORLD_HISTORY | WORLD_LATE;
	struct arena *a = arena_new((size_t)1 << 30);
	ck_assert_int_eq(command_check(a, &args), 0);
	args.world.seed = 16;
	args.wait_seconds = 1;
	ck_assert_int_eq(command_check(a, &args), 1);
	arena_free(a);
	graph_server_stop(graph);
	ck_assert_uint_eq(g->violations.n + g->refused + g->lost, 0);
	graph_free(g);
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
	                  what_the_graph_api_delivers_is_shown_as_it_is,
	                  a_declined_history_is_shown_as_declined,
	                  a_body_with_a_wrong_signature_is_refused_and_leaves_nothing);
}

TEST_MAIN(make_suite)
