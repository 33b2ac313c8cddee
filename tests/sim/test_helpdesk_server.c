/*
 * The simulated helpdesk on a socket, and as a command. What always holds: what comes over the
 * socket is what helpdesk_answer() says, misbehaviour included.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/client.h"
#include "sim/helpdesk_answer.h"
#include "sim/web_server.h"
#include "testing.h"

#define START INT64_C(1768906800000)

static struct helpdesk_options
small(void)
{
	struct helpdesk_options o;

	helpdesk_options_init(&o);
	o.tickets = 60;
	o.messages = 300;
	o.permille = 1000;
	return o;
}

/* A server of the world, and a client of the server. */
struct play {
	struct clock_fake fake;
	struct clock clock;
	struct helpdesk *world;
	struct web_server *server;
	struct client *client;
	char url[64];
};

static void
play_start(struct play *p, const struct helpdesk_options *o)
{
	p->fake.now_ms = START;
	p->clock = clock_fake(&p->fake);
	p->world = helpdesk_new(o);
	const struct web_handler handler = helpdesk_handler(p->world);
	ck_assert_ok(web_server_start(&handler, &p->clock, 0, &p->server));
	snprintf(p->url, sizeof p->url, "http://127.0.0.1:%u",
	         (unsigned)web_server_port(p->server));
	p->client = client_new(p->url);
}

static void
play_end(struct play *p)
{
	web_server_stop(p->server);
	client_free(p->client);
	helpdesk_free(p->world);
}

START_TEST(the_socket_says_what_the_world_says)
{
	struct helpdesk_options o = small();
	struct play p;
	struct web_reply r;
	struct helpdesk *twin = helpdesk_new(&o);

	play_start(&p, &o);
	for (int page = 1; page <= 4; page++) {
		struct client_reply got =
			client_get(p.client, test_arena(), "/ticket?page=%d&limit=20", page);
		struct web_request q = { .method = STR("GET"),
			                 .path = STR("/ticket"),
			                 .query = str_fmt(test_arena(), "page=%d&limit=20", page) };
		helpdesk_answer(twin, &q, START, test_arena(), &r);
		ck_assert_int_eq(got.status, 200);
		ck_assert_slice(got.body, r.body);
		ck_assert_str(client_header(&got, "Date"), "Tue, 20 Jan 2026 11:00:00 GMT");
	}
	ck_assert_int_eq(client_get(p.client, test_arena(), "/nothing").status, 404);
	play_end(&p);
	helpdesk_free(twin);
}
END_TEST

START_TEST(the_key_and_the_headers_cross_the_socket)
{
	struct helpdesk_options o = small();
	struct play p;

	o.api_key = STR("chave");
	o.per_minute = 1;
	play_start(&p, &o);
	ck_assert_int_eq(client_get(p.client, test_arena(), "/contact").status, 401);
	client_add_header(p.client, "API-Key: chave");
	ck_assert_int_eq(client_get(p.client, test_arena(), "/contact").status, 200);
	struct client_reply r = client_get(p.client, test_arena(), "/contact");
	ck_assert_int_eq(r.status, 429);
	ck_assert_str(client_header(&r, "Retry-After"), "60");
	play_end(&p);
}
END_TEST

START_TEST(a_body_is_cut_and_a_connection_closed)
{
	struct helpdesk_options o = small();
	struct play p;

	o.manners = MANNER_BIT(MANNER_CUT);
	play_start(&p, &o);
	struct client_reply r = client_get(p.client, test_arena(), "/ticket");
	ck_assert_int_eq(r.status, 0);
	ck_assert(str_starts(r.headers, STR("HTTP/1.1 200 OK")));
	play_end(&p);
	o.manners = MANNER_BIT(MANNER_CLOSE);
	play_start(&p, &o);
	r = client_get(p.client, test_arena(), "/ticket");
	ck_assert_int_eq(r.status, 0);
	ck_assert_uint_eq(r.headers.n, 0);
	play_end(&p);
}
END_TEST

START_TEST(a_slow_answer_is_late_and_does_not_hold_up_the_end)
{
	struct helpdesk_options o = small();
	struct client_request q = { .path = "/ticket", .timeout_ms = 200 };
	struct play p;

	o.manners = MANNER_BIT(MANNER_SLOW);
	o.slow_ms = INT64_C(1) << 40; /* for ever, with near certainty */
	play_start(&p, &o);
	ck_assert_int_eq(client_send(p.client, test_arena(), &q).status, 0);
	web_server_lock(p.server);
	ck_assert_uint_eq(p.world->stats.manners[MANNER_SLOW], 1);
	web_server_unlock(p.server);
	play_end(&p);
}
END_TEST

START_TEST(the_controls_tell_and_change_the_world)
{
	struct helpdesk_options o = small();
	struct client_request quiet = { .path = "/__sim/quiet", .method = "POST" };
	struct client_request heal = { .path = "/__sim/heal", .method = "POST" };
	struct client_request live = { .path = "/__sim/live?n=25", .method = "POST" };
	struct play p;
	struct buf b;
	int64_t n = -1;

	o.manners = MANNER_BIT(MANNER_401) | MANNER_BIT(MANNER_POISON);
	play_start(&p, &o);
	ck_assert_int_eq(client_get(p.client, test_arena(), "/ticket").status, 401);
	ck_assert_int_eq(client_send(p.client, test_arena(), &quiet).status, 200);
	ck_assert_int_eq(client_send(p.client, test_arena(), &heal).status, 200);
	ck_assert_int_eq(client_send(p.client, test_arena(), &live).status, 200);
	ck_assert_int_eq(client_get(p.client, test_arena(), "/ticket").status, 200);
	struct client_reply r = client_get(p.client, test_arena(), "/__sim/stats");
	const cJSON *tickets = json_get(json_get(r.json, "statuses"), "tickets");
	ck_assert(json_i64(json_get(tickets, "401"), &n) && n == 1);
	ck_assert(json_i64(json_get(tickets, "200"), &n) && n == 1);
	r = client_get(p.client, test_arena(), "/__sim/truth");
	ck_assert_int_eq(r.status, 200);
	buf_init(&b, test_arena(), 8u << 20);
	web_server_lock(p.server);
	helpdesk_truth_lines(p.world, &b);
	ck_assert_slice(r.body, buf_slice(&b));
	for (size_t i = 0; i < p.world->ntickets; i++)
		ck_assert_int_eq(p.world->tickets[i].poison, POISON_NOT);
	web_server_unlock(p.server);
	ck_assert_int_eq(client_get(p.client, test_arena(), "/__sim/nothing").status, 404);
	play_end(&p);
}
END_TEST

/* Starts the command; *out is its stdout. */
static pid_t
spawn(char *const *words, int *out)
{
	const char *binary = getenv("RECADO_SIM");
	int ends[2];
	pid_t pid;

	ck_assert_msg(binary != NULL, "RECADO_SIM is not set");
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], STDOUT_FILENO);
		execv(binary, words);
		_exit(127);
	}
	close(ends[1]);
	*out = ends[0];
	return pid;
}

START_TEST(the_command_says_where_it_listens_and_ends_cleanly)
{
	const char *truth = str_z(test_arena(), str_fmt(test_arena(), "%s/truth", test_dir()));
	char *const words[] = { "recado-sim", "helpdesk", "--seed",    "4",
		                "--tickets",  "30",       "--api-key", "chave",
		                "--live",     "0",        "--truth",   (char *)(uintptr_t)truth,
		                NULL };
	char line[128] = "", text[64] = "";
	int out, status;
	pid_t pid = spawn(words, &out);
	FILE *f = fdopen(out, "r");

	ck_assert(f != NULL && fgets(line, sizeof line, f) != NULL);
	struct str said = str_trim(str_from(line)), before = STR("listening on ");
	ck_assert(str_starts(said, before));
	struct client *c = client_new(str_z(test_arena(), str_sub(said, before.n, said.n)));
	client_add_header(c, "api-key: chave");
	ck_assert_int_eq(client_get(c, test_arena(), "/ticket?limit=5").status, 200);
	struct client_reply r = client_get(c, test_arena(), "/__sim/truth");
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
	client_free(c);
	fclose(f);
	f = fopen(truth, "rb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(text, 1, sizeof text, f), 0);
	ck_assert_mem_eq(text, r.body.p, sizeof text);
	fclose(f);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("helpdesk server", the_socket_says_what_the_world_says,
	                  the_key_and_the_headers_cross_the_socket,
	                  a_body_is_cut_and_a_connection_closed,
	                  a_slow_answer_is_late_and_does_not_hold_up_the_end,
	                  the_controls_tell_and_change_the_world,
	                  the_command_says_where_it_listens_and_ends_cleanly);
}

TEST_MAIN(make_suite)
