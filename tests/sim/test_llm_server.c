/*
 * The simulated model server on a socket, and as a command. What always holds: what llm_answer()
 * decides really happens on the wire, each misbehaviour included; a thousand requests wait at once.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/client.h"
#include "sim/llm_answer.h"
#include "sim/web_server.h"
#include "testing.h"

#define START    INT64_C(1768906800000)
#define MANY     1024
#define PATIENCE 30000

static const struct str small = STR("{\"model\":\"m\",\"input\":\"oi\",\"store\":false}");

/* A server, and a client of it. */
struct play {
	struct clock_fake fake;
	struct clock clock;
	struct llm *model;
	struct web_server *server;
	struct client *client;
	char url[64];
};

static struct llm_options
with(enum llm_kind kind)
{
	struct llm_options o;

	llm_options_init(&o);
	if (kind != LLM_GOOD)
		o.manners.permille[kind] = 1000;
	return o;
}

static void
play_start(struct play *p, struct llm_options o)
{
	p->fake.now_ms = START;
	p->clock = clock_fake(&p->fake);
	p->model = llm_new(&o);
	const struct web_handler handler = llm_handler(p->model);
	ck_assert_ok(web_server_start(&handler, &p->clock, 0, &p->server));
	snprintf(p->url, sizeof p->url, "http://127.0.0.1:%u",
	         (unsigned)web_server_port(p->server));
	p->client = client_new(p->url);
	client_add_header(p->client, "Authorization: Bearer sk-test");
}

static void
play_end(struct play *p)
{
	web_server_stop(p->server);
	client_free(p->client);
	llm_free(p->model);
}

static struct client_reply
ask(struct play *p, struct str body, long timeout_ms)
{
	struct client_request q = { .path = "/v1/responses",
		                    .body = body,
		                    .timeout_ms = timeout_ms,
		                    .headers = { "Content-Type: application/json" } };

	return client_send(p->client, test_arena(), &q);
}

static int64_t
now_ms(void)
{
	return clock_mono_us(&clock_real) / 1000;
}

static struct llm_stats
stats(struct play *p)
{
	web_server_lock(p->server);
	struct llm_stats s = p->model->stats;
	web_server_unlock(p->server);
	return s;
}

/* Waits until so many requests are in flight. */
static void
wait_in_flight(struct play *p, size_t wanted)
{
	int64_t end = now_ms() + PATIENCE;
	size_t n;

	do {
		n = stats(p).in_flight;
		if (n != wanted)
			(void)poll(NULL, 0, 2);
	} while (n != wanted && now_ms() < end);
	ck_assert_uint_eq(n, wanted);
}

static int
dial(const struct play *p)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
		                    .sin_port = htons(web_server_port(p->server)),
		                    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
	return fd;
}

static void
say(int fd, struct str bytes)
{
	ck_assert_int_eq(send(fd, bytes.p, bytes.n, MSG_NOSIGNAL), (ssize_t)bytes.n);
}

static struct str
raw_request(struct str body, const char *headers)
{
	return str_fmt(test_arena(),
	               "POST /v1/responses HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer k\r\n"
	               "Content-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n" STR_FMT,
	               headers, body.n, STR_ARG(body));
}

/* All that comes until the text was seen so many times, or the end. */
static struct str
hear(int fd, struct str until, size_t times)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct buf b;
	size_t seen = 0;

	buf_init(&b, test_arena(), 4u << 20);
	while (seen < times && poll(&wait, 1, PATIENCE) == 1) {
		char bytes[4096];
		ssize_t got = recv(fd, bytes, sizeof bytes, 0);
		if (got <= 0)
			break;
		buf_add(&b, bytes, (size_t)got);
		struct str rest = buf_slice(&b);
		const char *at;
		seen = 0;
		while ((at = memmem(rest.p, rest.n, until.p, until.n)) != NULL) {
			rest = str_sub(rest, (size_t)(at - rest.p) + until.n, rest.n);
			seen++;
		}
	}
	return buf_slice(&b);
}

START_TEST(each_answer_of_http_comes_as_it_should)
{
	static const struct {
		enum llm_kind kind;
		long status;
		const char *code, *retry_after; /* NULL: no such thing */
	} cases[] = {
		{ LLM_429, 429, "rate_limit_exceeded", "1" },
		{ LLM_429_DATE, 429, "rate_limit_exceeded", "Tue, 20 Jan 2026 11:00:01 GMT" },
		{ LLM_429_BARE, 429, "rate_limit_exceeded", NULL },
		{ LLM_QUOTA, 429, "insufficient_quota", NULL },
		{ LLM_500, 500, NULL, NULL },
		{ LLM_503, 503, NULL, NULL },
		{ LLM_400, 400, "context_length_exceeded", NULL },
		{ LLM_401, 401, "invalid_api_key", NULL },
		{ LLM_403, 403, "unsupported_country_region_territory", NULL },
		{ LLM_404, 404, "model_not_found", NULL },
		{ LLM_ECHO_400, 400, "invalid_value", NULL },
		{ LLM_ECHO_401, 401, "invalid_api_key", NULL },
		{ LLM_ECHO_500, 500, NULL, NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct play p;
		play_start(&p, with(cases[i].kind));
		struct client_reply r = ask(&p, small, 0);
		const cJSON *e = json_get(r.json, "error");
		ck_assert_int_eq(r.status, cases[i].status);
		ck_assert_slice(json_str(json_get(e, "code")), str_from(cases[i].code));
		ck_assert_slice(client_header(&r, "Retry-After"), str_from(cases[i].retry_after));
		ck_assert(str_is_set(json_str(json_get(e, "message"))));
		ck_assert_str(client_header(&r, "Date"), "Tue, 20 Jan 2026 11:00:00 GMT");
		ck_assert_uint_eq(stats(&p).kinds[cases[i].kind], 1);
		ck_assert_uint_eq(stats(&p).paid, 0);
		play_end(&p);
	}
}
END_TEST

/* Type of the only part of the only message of an answer. */
static struct str
part(const cJSON *response, const char *member)
{
	const cJSON *item = json_first(json_get(response, "output"));

	while (item != NULL && !str_eq(json_str(json_get(item, "type")), STR("message")))
		item = item->next;
	return json_str(json_get(json_first(json_get(item, "content")), member));
}

START_TEST(each_ending_of_a_response_comes_as_it_should)
{
	static const struct {
		enum llm_kind kind;
		const char *status, *reason; /* of incomplete_details */
	} cases[] = {
		{ LLM_GOOD, "completed", NULL },
		{ LLM_REFUSAL, "completed", NULL },
		{ LLM_INCOMPLETE_LENGTH, "incomplete", "max_output_tokens" },
		{ LLM_CONTENT_FILTER, "incomplete", "content_filter" },
		{ LLM_FAILED, "failed", NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct play p;
		play_start(&p, with(cases[i].kind));
		struct client_reply r = ask(&p, small, 0);
		bool failed = cases[i].kind == LLM_FAILED;
		ck_assert_int_eq(r.status, 200);
		ck_assert_slice(json_str(json_get(r.json, "status")), str_from(cases[i].status));
		ck_assert_slice(
			json_str(json_get(json_get(r.json, "incomplete_details"), "reason")),
			str_from(cases[i].reason));
		ck_assert(json_is_null(json_get(r.json, "error")) != failed);
		ck_assert(json_is_null(json_get(r.json, "usage")) == failed);
		ck_assert_str(json_str(json_get(r.json, "object")), "response");
		ck_assert_str(json_str(json_get(r.json, "model")), "m-2026-01-20");
		ck_assert_uint_eq(stats(&p).paid, !failed);
		if (cases[i].kind == LLM_REFUSAL)
			ck_assert(str_starts(part(r.json, "refusal"), STR("Desculpe")));
		if (cases[i].kind == LLM_GOOD)
			ck_assert_str(part(r.json, "type"), "output_text");
		play_end(&p);
	}
}
END_TEST

START_TEST(forms_round_a_report_come_as_they_should)
{
	static const struct str fence = STR("```json\n"), end = STR("\n```");
	const enum llm_kind kinds[] = { LLM_FENCED, LLM_PROSE_AROUND, LLM_BROKEN_JSON };
	const cJSON *inner = NULL;

	for (size_t i = 0; i < 3; i++) {
		struct play p;
		struct buf b;
		play_start(&p, with(kinds[i]));
		struct client_reply r = ask(&p, test_data("model-request-example.json"), 0);
		buf_init(&b, test_arena(), 1u << 20);
		for (const cJSON *v = json_first(json_get(r.json, "output")); v != NULL;
		     v = v->next)
			for (const cJSON *c = json_first(json_get(v, "content")); c != NULL;
			     c = c->next)
				buf_str(&b, json_str(json_get(c, "text")));
		struct str text = buf_slice(&b);
		ck_assert_err(json_parse(test_arena(), text, &inner), ERR_INVALID);
		if (kinds[i] == LLM_FENCED) {
			ck_assert(str_starts(text, fence) && str_ends(text, end));
			inner = test_json(str_sub(text, fence.n, text.n - fence.n - end.n));
			ck_assert(json_is_object(inner));
		} else if (kinds[i] == LLM_PROSE_AROUND) {
			ck_assert(str_starts(text, STR("Claro!")) && str_find(text, '{') < text.n);
		} else {
			ck_assert(str_starts(text, STR("{")) && !str_ends(text, STR("}")));
		}
		play_end(&p);
	}
}
END_TEST

START_TEST(bodies_are_cut_absent_garbage_and_huge)
{
	struct llm_options huge = with(LLM_HUGE);
	struct play p;

	play_start(&p, with(LLM_CUT));
	struct client_reply r = ask(&p, small, 0);
	ck_assert_int_eq(r.status, 0);
	ck_assert(str_starts(r.headers, STR("HTTP/1.1 200 OK")) && r.body.n > 100);
	play_end(&p);
	play_start(&p, with(LLM_CLOSE));
	r = ask(&p, small, 0);
	ck_assert_int_eq(r.status, 0);
	ck_assert_uint_eq(r.headers.n, 0);
	ck_assert_uint_eq(stats(&p).abandoned, 0);
	play_end(&p);
	play_start(&p, with(LLM_EMPTY));
	r = ask(&p, small, 0);
	ck_assert_int_eq(r.status, 200);
	ck_assert_uint_eq(r.body.n, 0);
	ck_assert_uint_eq(stats(&p).usage.input, 0);
	play_end(&p);
	play_start(&p, with(LLM_GARBAGE));
	r = ask(&p, small, 0);
	ck_assert_int_eq(r.status, 200);
	ck_assert(r.json == NULL && str_starts(r.body, STR("<!doctype")));
	play_end(&p);
	huge.huge_bytes = (size_t)9 << 20;
	play_start(&p, huge);
	r = ask(&p, small, 0);
	ck_assert_int_eq(r.status, 200);
	ck_assert_uint_gt(r.body.n, huge.huge_bytes);
	play_end(&p);
}
END_TEST

START_TEST(what_never_comes_does_not_come_and_holds_nothing_up)
{
	struct llm_options slow = with(LLM_SLOW);
	struct play p;

	slow.slow_ms = 3600000;
	play_start(&p, slow);
	ck_assert_int_eq(ask(&p, small, 200).status, 0);
	wait_in_flight(&p, 0);
	ck_assert_uint_eq(stats(&p).abandoned, 1);
	play_end(&p);
	play_start(&p, with(LLM_HANG));
	ck_assert_int_eq(ask(&p, small, 200).status, 0);
	wait_in_flight(&p, 0);
	ck_assert_uint_eq(stats(&p).abandoned, 1);
	ck_assert_uint_eq(stats(&p).usage.input, 0);
	int fd = dial(&p);
	say(fd, raw_request(small, ""));
	wait_in_flight(&p, 1);
	play_end(&p); /* does not wait for it */
	ck_assert_uint_eq(hear(fd, STR("H"), 1).n, 0);
	close(fd);
}
END_TEST

START_TEST(latency_is_waited_for_by_all_at_once)
{
	enum { N = 64 };
	struct llm_options o = with(LLM_GOOD);
	int fds[N];
	struct play p;

	o.latency_ms = 1000;
	play_start(&p, o);
	int64_t began = now_ms();
	for (int i = 0; i < N; i++) {
		fds[i] = dial(&p);
		say(fds[i], raw_request(small, ""));
	}
	for (int i = 0; i < N; i++) {
		ck_assert_uint_gt(hear(fds[i], STR("total_tokens"), 1).n, 0);
		close(fds[i]);
	}
	int64_t took = now_ms() - began;
	ck_assert_int_ge(took, 1000);
	ck_assert_int_lt(took, N * 1000 / 2);
	ck_assert_uint_gt(stats(&p).most_in_flight, 1);
	play_end(&p);
}
END_TEST

START_TEST(a_thousand_requests_wait_while_others_are_answered)
{
	struct str body = STR("{\"model\":\"m\",\"input\":\"oi\",\"instructions\":\"sim:good\"}");
	struct rlimit limit;
	static int fds[MANY];
	struct play p;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_msg(limit.rlim_max > 2 * MANY + 50, "too few descriptors for this test");
	play_start(&p, with(LLM_HANG));
	for (int i = 0; i < MANY; i++) {
		fds[i] = dial(&p);
		say(fds[i], raw_request(small, ""));
	}
	wait_in_flight(&p, MANY);
	ck_assert_int_eq(ask(&p, body, 0).status, 200);
	ck_assert_uint_eq(stats(&p).most_in_flight, MANY + 1);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	wait_in_flight(&p, 0);
	ck_assert_uint_eq(stats(&p).abandoned, MANY);
	web_server_lock(p.server);
	const struct llm_prompt_count *n = llm_count(p.model, str_from(p.model->counts[0].digest));
	ck_assert_uint_eq(n->requests, MANY);
	ck_assert_uint_eq(n->paid, MANY);
	web_server_unlock(p.server);
	play_end(&p);
}
END_TEST

START_TEST(a_connection_takes_one_request_after_the_other)
{
	struct str other = STR("{\"model\":\"n\",\"input\":\"oi\"}"), said;
	struct play p;

	play_start(&p, with(LLM_GOOD));
	int fd = dial(&p);
	struct str two = str_fmt(test_arena(), STR_FMT STR_FMT, STR_ARG(raw_request(small, "")),
	                         STR_ARG(raw_request(other, "Connection: close\r\n")));
	for (size_t i = 0; i < two.n; i += 100) /* in pieces */
		say(fd, str_sub(two, i, 100));
	said = hear(fd, STR("HTTP/1.1 200 OK"), 3); /* to the end */
	ck_assert_ptr_nonnull(memmem(said.p, said.n, "\"m-2026-01-20\"", 14));
	ck_assert_ptr_nonnull(memmem(said.p, said.n, "\"n-2026-01-20\"", 14));
	ck_assert(str_ends(said, STR("}")));
	close(fd);
	fd = dial(&p);
	struct str whole = raw_request(small, "Expect: 100-continue\r\n");
	say(fd, str_sub(whole, 0, whole.n - small.n));
	ck_assert_str(hear(fd, STR("\r\n\r\n"), 1), "HTTP/1.1 100 Continue\r\n\r\n");
	say(fd, small);
	ck_assert(str_starts(hear(fd, STR("total_tokens"), 1), STR("HTTP/1.1 200 OK")));
	close(fd);
	fd = dial(&p);
	say(fd, raw_request(small, "Transfer-Encoding: chunked\r\n"));
	ck_assert(str_starts(hear(fd, STR("HTTP"), 2), STR("HTTP/1.1 400 Bad Request")));
	close(fd);
	play_end(&p);
}
END_TEST

static int64_t
stat_of(struct play *p, const char *group, const char *name)
{
	struct client_reply r = client_get(p->client, test_arena(), "/__sim/stats");
	const cJSON *from = group == NULL ? r.json : json_get(r.json, group);
	int64_t n = 0;

	ck_assert_int_eq(r.status, 200);
	return json_i64(json_get(from, name), &n) ? n : 0;
}

START_TEST(the_controls_tell_and_change_the_manners)
{
	struct client_request change = { .path = "/__sim/manners?manners=503%3D1000&latency_ms=1",
		                         .method = "POST" };
	struct client_request wrong = { .path = "/__sim/manners?manners=nonsense",
		                        .method = "POST" };
	struct play p;

	play_start(&p, with(LLM_GOOD));
	ck_assert_int_eq(ask(&p, small, 0).status, 200);
	ck_assert_int_eq(client_send(p.client, test_arena(), &change).status, 200);
	ck_assert_int_eq(client_send(p.client, test_arena(), &wrong).status, 400);
	ck_assert_int_eq(ask(&p, small, 0).status, 503);
	ck_assert_int_eq(ask(&p, STR("{}"), 0).status, 400);
	web_server_lock(p.server);
	ck_assert_int_eq(p.model->options.latency_ms, 1);
	web_server_unlock(p.server);
	ck_assert_int_eq(stat_of(&p, NULL, "requests"), 3);
	ck_assert_int_eq(stat_of(&p, "kinds", "good"), 1);
	ck_assert_int_eq(stat_of(&p, "kinds", "503"), 1);
	ck_assert_int_eq(stat_of(&p, "refused", "invalid"), 1);
	ck_assert_int_eq(stat_of(&p, NULL, "paid"), 1);
	ck_assert_int_eq(stat_of(&p, NULL, "inFlight"), 0);
	ck_assert_int_eq(stat_of(&p, NULL, "mostInFlight"), 1);
	ck_assert_int_eq(stat_of(&p, "violations", "strict"), 2);
	ck_assert_int_eq(stat_of(&p, "usage", "inputTokens"), 1);
	struct client_reply r = client_get(p.client, test_arena(), "/__sim/last?n=2");
	ck_assert_uint_eq(json_count(r.json), 2);
	ck_assert_str(json_str(json_get(json_first(r.json), "body")), "{}");
	r = client_get(p.client, test_arena(), "/__sim/stats");
	const cJSON *prompts = json_get(r.json, "prompts");
	ck_assert_uint_eq(json_count(prompts), 2);
	unsigned char sum[SHA256_LEN];
	int64_t n = 0;
	digest_sha256(small, sum);
	const cJSON *one = json_get(prompts, hex_encode(test_arena(), sum, sizeof sum).p);
	ck_assert(json_i64(json_get(one, "requests"), &n) && n == 2);
	ck_assert(json_i64(json_get(one, "paid"), &n) && n == 1);
	ck_assert_int_eq(client_get(p.client, test_arena(), "/__sim/nothing").status, 404);
	play_end(&p);
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
	char *const words[] = { "recado-sim",   "model",  "--models", "a,b",       "--api-key",
		                "sk-a",         "--base", "/api/v9",  "--manners", "429=1000",
		                "--latency-ms", "5",      NULL };
	char *const wrong[] = { "recado-sim", "model", "--manners", "good=1", NULL };
	char line[128] = "", summary[256] = "";
	int out, status;
	pid_t pid = spawn(words, &out);
	FILE *f = fdopen(out, "r");

	ck_assert(f != NULL && fgets(line, sizeof line, f) != NULL);
	struct str said = str_trim(str_from(line)), before = STR("listening on ");
	ck_assert(str_starts(said, before));
	struct client *c = client_new(str_z(test_arena(), str_sub(said, before.n, said.n)));
	client_add_header(c, "Authorization: Bearer sk-a");
	struct str b = STR("{\"model\":\"b\",\"input\":\"oi\"}"),
		   z = STR("{\"model\":\"z\",\"input\":\"oi\"}");
	ck_assert_int_eq(client_post(c, test_arena(), "/api/v9/responses", b).status, 429);
	ck_assert_int_eq(client_post(c, test_arena(), "/api/v9/responses", z).status, 404);
	ck_assert_int_eq(client_post(c, test_arena(), "/v1/responses", b).status, 404);
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
	ck_assert_ptr_nonnull(fgets(summary, sizeof summary, f));
	ck_assert_str(str_trim(str_from(summary)),
	              "2 requests, 1 429; refused 1; at most 1 in flight");
	client_free(c);
	fclose(f);
	pid = spawn(wrong, &out);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 64, "status %d", status);
	close(out);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("llm server", each_answer_of_http_comes_as_it_should,
	                  each_ending_of_a_response_comes_as_it_should,
	                  forms_round_a_report_come_as_they_should,
	                  bodies_are_cut_absent_garbage_and_huge,
	                  what_never_comes_does_not_come_and_holds_nothing_up,
	                  latency_is_waited_for_by_all_at_once,
	                  a_thousand_requests_wait_while_others_are_answered,
	                  a_connection_takes_one_request_after_the_other,
	                  the_controls_tell_and_change_the_manners,
	                  the_command_says_where_it_listens_and_ends_cleanly);
}

TEST_MAIN(make_suite)
