/*
 * The simulated Graph API on a socket, with its postman, and as a command. What always holds: what
 * graph_answer() decides happens on the wire, and each webhook comes signed to who takes it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/wa_decode.h"
#include "sim/client.h"
#include "sim/deliver.h"
#include "sim/graph_server.h"
#include "testing.h"

#define START    INT64_C(1768906800000)
#define SECRET   "segredo-dos-testes"
#define APP      "777888999"
#define WABA     "900800700600500"
#define NUMBER   "100200300400500"
#define PERSON   "5511987654321"
#define PATIENCE 30000
#define MOST     256

/* Takes webhooks; looked at under its server's lock. */
struct receiver {
	struct web_server *server;
	struct arena *arena;
	size_t n, calls, refusals; /* refusals: so many are answered 500 first */
	bool bad_signature;
	struct str bodies[MOST];
};

/* A server, a client of it with a token, and a receiver. */
struct play {
	struct clock_fake fake;
	struct clock clock;
	struct graph *graph;
	struct graph_server *server;
	struct client *client;
	struct str token;
	struct receiver receiver;
};

static int64_t
now_ms(void)
{
	return clock_mono_us(&clock_real) / 1000;
}

static void
receive(void *ctx, const struct web_request *q, int64_t now, struct arena *a, struct web_reply *out)
{
	struct receiver *r = ctx;

	(void)now;
	out->status = 200;
	r->calls++;
	if (!str_eq(q->path, STR("/webhooks/whatsapp")) ||
	    !str_eq(q->signature, deliver_signature(a, STR(SECRET), q->body)))
		r->bad_signature = true;
	if (r->refusals > 0) {
		r->refusals--;
		out->status = 500;
	} else if (r->n < MOST) {
		r->bodies[r->n++] = str_dup(r->arena, q->body);
	}
}

static const char *
url_of(struct web_server *s)
{
	return str_z(test_arena(),
	             str_fmt(test_arena(), "http://127.0.0.1:%u", (unsigned)web_server_port(s)));
}

static void
control(struct play *p, const char *name, const char *body)
{
	const char *path = str_z(test_arena(), str_fmt(test_arena(), "/__sim/%s", name));

	ck_assert_int_eq(client_post(p->client, test_arena(), path, str_from(body)).status, 200);
}

static void
play_start(struct play *p)
{
	const struct web_handler handler = { receive, NULL, &p->receiver };
	const struct graph_server_options so = { .parallel = 2, .attempts = 50, .retry_ms = 10 };
	struct graph_options o;

	*p = (struct play){ .fake.now_ms = START };
	p->clock = clock_fake(&p->fake);
	p->receiver.arena = arena_new((size_t)64 << 20);
	ck_assert_ok(web_server_start(&handler, &p->clock, 0, &p->receiver.server));
	graph_options_init(&o);
	o.app_id = STR(APP);
	o.app_secret = STR(SECRET);
	p->graph = graph_new(&o);
	ck_assert_ok(graph_server_start(p->graph, &p->clock, &so, &p->server));
	p->client = client_new(url_of(graph_server_web(p->server)));
	control(p, "number",
	        "{\"wabaId\":\"" WABA "\",\"phoneNumberId\":\"" NUMBER
	        "\",\"displayPhoneNumber\":\"+55 11 3000-0001\",\"people\":12,\"messages\":300,"
	        "\"contacts\":15,\"chunkMessages\":60}");
	control(p, "statuses", "{\"stepMs\":1}");
	control(p, "deliver",
	        str_z(test_arena(),
	              str_fmt(test_arena(), "{\"url\":\"%s\"}", url_of(p->receiver.server))));
}

static void
play_end(struct play *p)
{
	graph_server_stop(p->server);
	web_server_stop(p->receiver.server);
	arena_free(p->receiver.arena);
	client_free(p->client);
	graph_free(p->graph);
}

/* As Recado comes to its token. */
static void
connect_business(struct play *p)
{
	struct client_reply r = client_post(p->client, test_arena(), "/__sim/code",
	                                    STR("{\"wabaId\":\"" WABA "\"}"));

	r = client_get(p->client, test_arena(),
	               "/oauth/access_token?client_id=" APP "&client_secret=" SECRET
	               "&code=" STR_FMT,
	               STR_ARG(json_str(json_get(r.json, "code"))));
	ck_assert_int_eq(r.status, 200);
	p->token = json_str(json_get(r.json, "access_token"));
	client_add_header(p->client, str_z(test_arena(),
	                                   str_fmt(test_arena(), "Authorization: Bearer " STR_FMT,
	                                           STR_ARG(p->token))));
	r = client_post(p->client, test_arena(), "/" WABA "/subscribed_apps", STR("{}"));
	ck_assert_int_eq(r.status, 200);
}

static struct client_reply
ask_sync(struct play *p, const char *type)
{
	struct str body = str_fmt(
		test_arena(), "{\"messaging_product\":\"whatsapp\",\"sync_type\":\"%s\"}", type);

	return client_post(p->client, test_arena(), "/" NUMBER "/smb_app_data", body);
}

/* On a connection of its own: on a kept one, libcurl asks again by itself when it is closed. */
static struct client_reply
send_text(struct play *p, long timeout_ms)
{
	struct client *c = client_new(url_of(graph_server_web(p->server)));
	struct client_request q = {
		.path = "/" NUMBER "/messages",
		.timeout_ms = timeout_ms,
		.headers = { "Content-Type: application/json" },
		.body = STR("{\"messaging_product\":\"whatsapp\",\"to\":\"+" PERSON
		            "\",\"type\":\"text\",\"text\":{\"body\":\"Oi\"},"
		            "\"biz_opaque_callback_data\":\"aviso\"}"),
	};

	q.headers[1] = str_z(test_arena(), str_fmt(test_arena(), "Authorization: Bearer " STR_FMT,
	                                           STR_ARG(p->token)));
	struct client_reply r = client_send(c, test_arena(), &q);
	client_free(c);
	return r;
}

/* A number of the stats. */
static int64_t
stat_of(struct play *p, const char *group, const char *name)
{
	struct client_reply r = client_get(p->client, test_arena(), "/__sim/stats");
	int64_t n = -1;

	ck_assert(json_i64(json_get(group == NULL ? r.json : json_get(r.json, group), name), &n));
	return n;
}

/* Waits until all webhooks that were made are delivered; how many came. */
static size_t
await_webhooks(struct play *p)
{
	int64_t end = now_ms() + PATIENCE, made = stat_of(p, "webhooks", "made");
	size_t n = 0;

	while (now_ms() < end && n < (size_t)made) {
		web_server_lock(p->receiver.server);
		n = p->receiver.n;
		web_server_unlock(p->receiver.server);
		if (n < (size_t)made)
			(void)poll(NULL, 0, 2);
	}
	ck_assert_uint_eq(n, (size_t)made);
	ck_assert(!p->receiver.bad_signature);
	return n;
}

START_TEST(a_business_is_connected_and_its_history_delivered)
{
	size_t contacts = 0, messages = 0;
	int64_t progress = 0;
	struct facts f;
	struct str why;
	struct play p;

	play_start(&p);
	connect_business(&p);
	struct client_reply r = client_get(p.client, test_arena(),
	                                   "/" WABA "/phone_numbers?fields=id,is_on_biz_app");
	ck_assert_int_eq(r.status, 200);
	ck_assert_str(json_str(json_get(json_first(json_get(r.json, "data")), "id")), NUMBER);
	ck_assert_int_eq(ask_sync(&p, "smb_app_state_sync").status, 200);
	ck_assert_int_eq(ask_sync(&p, "history").status, 200);
	size_t n = await_webhooks(&p);
	ck_assert_uint_gt(n, 5);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(wa_decode(test_arena(), p.receiver.bodies[i], &f, &why),
		                 WA_BODY_OK);
		ck_assert_uint_eq(f.problems.n, 0);
		ck_assert_str(f.routes.v[0].phone_number_id, NUMBER);
		ck_assert_str(f.routes.v[0].waba_id, WABA);
		contacts += f.contacts.n;
		for (size_t k = 0; k < f.chunks.n; k++) {
			messages += f.chunks.v[k].messages;
			if (f.chunks.v[k].progress > progress)
				progress = f.chunks.v[k].progress;
		}
	}
	ck_assert_uint_gt(contacts, 10);
	ck_assert_uint_ge(messages, 300);
	ck_assert_int_eq(progress, 100);
	r = client_get(p.client, test_arena(), "/__sim/stats");
	ck_assert_uint_eq(json_count(json_get(r.json, "violations")), 0);
	play_end(&p);
}
END_TEST

START_TEST(statuses_of_a_message_are_delivered_and_again_if_refused)
{
	bool seen[WA_PLAYED + 1] = { false };
	struct facts f;
	struct str why;
	struct play p;

	play_start(&p);
	connect_business(&p);
	web_server_lock(p.receiver.server);
	p.receiver.refusals = 4;
	web_server_unlock(p.receiver.server);
	struct client_reply r = send_text(&p, 0);
	ck_assert_int_eq(r.status, 200);
	struct str id = json_str(json_get(json_first(json_get(r.json, "messages")), "id"));
	ck_assert_uint_eq(await_webhooks(&p), 3);
	ck_assert_uint_eq(p.receiver.calls, 7);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(wa_decode(test_arena(), p.receiver.bodies[i], &f, &why),
		                 WA_BODY_OK);
		ck_assert_slice(f.amendments.v[0].target_wamid, id);
		ck_assert_str(f.amendments.v[0].callback_data, "aviso");
		seen[f.amendments.v[0].status] = true;
	}
	ck_assert(seen[WA_SENT] && seen[WA_DELIVERED] && seen[WA_READ]);
	for (int64_t end = now_ms() + PATIENCE;
	     stat_of(&p, "webhooks", "delivered") < 3 && now_ms() < end;)
		(void)poll(NULL, 0, 2);
	ck_assert_int_eq(stat_of(&p, "webhooks", "delivered"), 3);
	play_end(&p);
}
END_TEST

START_TEST(an_answer_that_is_lost_on_the_wire_was_accepted_all_the_same)
{
	static const char *const fates[] = { "accept_and_cut", "accept_and_close",
		                             "accept_and_hang" };
	struct play p;

	play_start(&p);
	connect_business(&p);
	for (size_t i = 0; i < 3; i++) {
		control(&p, "fault",
		        str_z(test_arena(),
		              str_fmt(test_arena(), "{\"path\":\"/*/messages\",\"fate\":\"%s\"}",
		                      fates[i])));
		struct client_reply r = send_text(&p, i == 2 ? 200 : 0);
		ck_assert_int_eq(r.status, 0);
		ck_assert(str_starts(r.headers, STR("HTTP/1.1 200")) == (i == 0));
		ck_assert_int_eq(stat_of(&p, NULL, "accepted"), (int64_t)i + 1);
		ck_assert_uint_eq(await_webhooks(&p), 3 * (i + 1));
	}
	control(&p, "fault", "{\"path\":\"/*/messages\",\"fate\":\"close\"}");
	ck_assert_int_eq(send_text(&p, 0).status, 0);
	ck_assert_int_eq(stat_of(&p, NULL, "accepted"), 3);
	ck_assert_int_eq(send_text(&p, 0).status, 200);
	play_end(&p);
}
END_TEST

/* Reads a whole answer; how many bytes of the body came, and their digest. */
static size_t
download(struct play *p, struct str path, unsigned char sum[SHA256_LEN])
{
	struct sockaddr_in name = { .sin_family = AF_INET,
		                    .sin_port = htons(web_server_port(graph_server_web(p->server))),
		                    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct digest *d = digest_new();
	struct str ask = str_fmt(test_arena(),
	                         "GET " STR_FMT " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	                         "Authorization: Bearer " STR_FMT "\r\n\r\n",
	                         STR_ARG(path), STR_ARG(p->token));
	static char bytes[1 << 18];
	size_t n = 0, head = 0;
	ssize_t got;

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
	ck_assert_int_eq(send(fd, ask.p, ask.n, MSG_NOSIGNAL), (ssize_t)ask.n);
	while ((got = recv(fd, bytes, sizeof bytes, head == 0 ? MSG_PEEK : 0)) > 0) {
		if (head == 0) {
			const char *end = memmem(bytes, (size_t)got, "\r\n\r\n", 4);
			head = end != NULL ? (size_t)(end - bytes) + 4 : 0;
			if (head > 0)
				ck_assert_int_eq(recv(fd, bytes, head, 0), (ssize_t)head);
			continue;
		}
		digest_add(d, str_n(bytes, (size_t)got));
		n += (size_t)got;
	}
	close(fd);
	digest_end(d, sum);
	digest_free(d);
	return n;
}

/* The medium's address without the server. */
static struct str
address_of(struct play *p, const char *id, struct str *sum)
{
	struct client_reply r = client_get(p->client, test_arena(), "/%s", id);
	struct str url = json_str(json_get(r.json, "url"));
	struct str before = str_from(url_of(graph_server_web(p->server)));

	ck_assert_int_eq(r.status, 200);
	ck_assert(str_starts(url, before));
	*sum = json_str(json_get(r.json, "sha256"));
	return str_sub(url, before.n, url.n);
}

START_TEST(media_of_a_hundred_megabytes_come_whole)
{
	unsigned char told[SHA256_LEN], real[SHA256_LEN];
	struct str sum;
	struct play p;

	play_start(&p);
	connect_business(&p);
	control(&p, "media", "{\"id\":\"42\",\"bytes\":105906176}"); /* 101 MiB */
	struct str path = address_of(&p, "42", &sum);
	ck_assert_uint_eq(download(&p, path, real), 105906176);
	ck_assert(hex_decode(sum, told, sizeof told));
	ck_assert_mem_eq(told, real, sizeof told);
	play_end(&p);
}
END_TEST

START_TEST(media_are_cut_and_slow)
{
	unsigned char sum[SHA256_LEN];
	struct str told;
	struct play p;

	play_start(&p);
	connect_business(&p);
	control(&p, "media", "{\"id\":\"42\",\"bytes\":300000,\"cutAt\":200000}");
	ck_assert_uint_eq(download(&p, address_of(&p, "42", &told), sum), 200000);
	control(&p, "media", "{\"id\":\"43\",\"bytes\":70000,\"slowMs\":300}");
	struct str path = address_of(&p, "43", &told);
	int64_t began = now_ms();
	ck_assert_uint_eq(download(&p, path, sum), 70000);
	ck_assert_int_ge(now_ms() - began, 300);
	play_end(&p);
}
END_TEST

START_TEST(webhooks_that_nobody_takes_do_not_hold_up_the_end)
{
	struct play p;

	play_start(&p);
	connect_business(&p);
	control(&p, "deliver", "{\"url\":\"http://127.0.0.1:1\"}");
	ck_assert_int_eq(ask_sync(&p, "smb_app_state_sync").status, 200);
	control(&p, "statuses", "{\"stepMs\":3600000}");
	ck_assert_int_eq(send_text(&p, 0).status, 200);
	int64_t began = now_ms();
	play_end(&p);
	ck_assert_int_lt(now_ms() - began, PATIENCE / 2);
}
END_TEST

/* Starts the command; *out is its stdout, and its stderr goes nowhere. */
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
		close(STDERR_FILENO);
		execv(binary, words);
		_exit(127);
	}
	close(ends[1]);
	*out = ends[0];
	return pid;
}

START_TEST(the_command_says_where_it_listens_and_ends_cleanly)
{
	const char *log = str_z(test_arena(), str_fmt(test_arena(), "%s/log", test_dir()));
	char *const words[] = { "recado-sim",     "graph", "--app-id", "7",
		                "--secret",       "s",     "--log",    (char *)(uintptr_t)log,
		                "--code-seconds", "5",     NULL };
	char *const wrong[] = { "recado-sim", "graph", "--manners", "all", NULL };
	char line[128] = "", summary[256] = "", logged[512] = "";
	int out, status;
	pid_t pid = spawn(words, &out);
	FILE *f = fdopen(out, "r");

	ck_assert(f != NULL && fgets(line, sizeof line, f) != NULL);
	struct str said = str_trim(str_from(line)), before = STR("listening on ");
	ck_assert(str_starts(said, before));
	struct client *c = client_new(str_z(test_arena(), str_sub(said, before.n, said.n)));
	struct client_reply r = client_get(
		c, test_arena(), "/oauth/access_token?client_id=7&client_secret=s&code=x");
	ck_assert_int_eq(r.status, 400);
	ck_assert_str(json_str(json_get(json_get(r.json, "error"), "message")),
	              "Invalid verification code format.");
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
	ck_assert_ptr_nonnull(fgets(summary, sizeof summary, f));
	ck_assert_str(str_trim(str_from(summary)),
	              "1 requests, 0 messages accepted, 0 webhooks; 1 violations");
	client_free(c);
	fclose(f);
	f = fopen(log, "rb");
	ck_assert(f != NULL && fgets(logged, sizeof logged, f) != NULL);
	fclose(f);
	const cJSON *json = test_json(str_from(logged));
	ck_assert_str(json_str(json_get(json, "query")), "client_id=7&client_secret=***&code=***");
	pid = spawn(wrong, &out);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 64, "status %d", status);
	close(out);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("graph server", a_business_is_connected_and_its_history_delivered,
	                  statuses_of_a_message_are_delivered_and_again_if_refused,
	                  an_answer_that_is_lost_on_the_wire_was_accepted_all_the_same,
	                  media_of_a_hundred_megabytes_come_whole, media_are_cut_and_slow,
	                  webhooks_that_nobody_takes_do_not_hold_up_the_end,
	                  the_command_says_where_it_listens_and_ends_cleanly);
}

TEST_MAIN(make_suite)
