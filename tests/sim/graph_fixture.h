/*
 * The simulated Graph API without a socket: one business account with a number of the app and one
 * that is not, and a token. What the tests of sim/graph_*.c share.
 */
#ifndef RECADO_TESTS_GRAPH_FIXTURE_H
#define RECADO_TESTS_GRAPH_FIXTURE_H

#include "core/wa_decode.h"
#include "sim/graph_answer.h"
#include "testing.h"

#define START  INT64_C(1768906800000) /* 2026-01-20T11:00:00.000Z */
#define SECRET "segredo-dos-testes"
#define APP    "777888999"
#define WABA   "900800700600500"
#define NUMBER "100200300400500" /* of the app */
#define CLOUD  "100200300400501" /* not of the app */
#define PERSON "5511987654321"

struct play {
	struct graph *graph;
	int64_t now;
	struct str token;
	struct web_reply reply; /* the newest */
	const cJSON *json;      /* of its body; NULL: it is none */
};

static inline void
play_ask(struct play *p, const struct web_request *q, bool control)
{
	p->reply = (struct web_reply){ 0 };
	if (control)
		ck_assert(graph_control(p->graph, q, p->now, test_arena(), &p->reply));
	else
		graph_answer(p->graph, q, p->now, test_arena(), &p->reply);
	p->json = NULL;
	if (p->reply.body.n > 0 && json_parse(test_arena(), p->reply.body, &p->json) != ERR_OK)
		p->json = NULL;
}

/* A control that must be understood. */
static inline void
play_control(struct play *p, const char *name, const char *body)
{
	const struct web_request q = { .method = STR("POST"),
		                       .path = str_fmt(test_arena(), "/__sim/%s", name),
		                       .body = str_from(body) };

	play_ask(p, &q, true);
	ck_assert_msg(p->reply.status == 200, "%s %s: %s", name, body,
	              str_z(test_arena(), p->reply.body));
}

/* A request with the token; a path may have a query. Its status. */
static inline int
play_call(struct play *p, const char *method, const char *path, const char *body)
{
	struct str target = str_from(path);
	size_t mark = str_find(target, '?');
	const struct web_request q = {
		.method = str_from(method),
		.path = str_sub(target, 0, mark),
		.query = str_sub(target, mark + 1, target.n),
		.authorization = str_fmt(test_arena(), "Bearer " STR_FMT, STR_ARG(p->token)),
		.content_type = body != NULL ? STR("application/json") : STR_NONE,
		.host = STR("graph.test"),
		.body = str_from(body),
	};

	play_ask(p, &q, false);
	return p->reply.status;
}

/* The code of the error that it was answered with; 0: none. */
static inline int64_t
play_code(const struct play *p)
{
	int64_t code = 0;

	return json_i64(json_get(json_get(p->json, "error"), "code"), &code) ? code : 0;
}

static inline int64_t
play_subcode(const struct play *p)
{
	int64_t code = 0;

	return json_i64(json_get(json_get(p->json, "error"), "error_subcode"), &code) ? code : 0;
}

static inline struct str
play_text(const struct play *p, const char *member)
{
	return json_str(json_get(p->json, member));
}

static inline void
play_start(struct play *p)
{
	struct graph_options o;

	graph_options_init(&o);
	o.app_id = STR(APP);
	o.app_secret = STR(SECRET);
	*p = (struct play){ .graph = graph_new(&o), .now = START };
	play_control(p, "number",
	             "{\"wabaId\":\"" WABA "\",\"phoneNumberId\":\"" NUMBER
	             "\",\"displayPhoneNumber\":\"+55 11 3000-0001\",\"people\":12,"
	             "\"messages\":300,\"contacts\":15,\"chunkMessages\":60}");
	play_control(p, "number",
	             "{\"wabaId\":\"" WABA "\",\"phoneNumberId\":\"" CLOUD
	             "\",\"displayPhoneNumber\":\"+55 11 3000-0002\",\"onBizApp\":false}");
	play_control(p, "token", "{\"wabaId\":\"" WABA "\"}");
	p->token = play_text(p, "token");
	play_control(p, "deliver", "{\"url\":\"http://127.0.0.1:9\"}");
}

static inline void
play_end(struct play *p)
{
	graph_free(p->graph);
}

/* The facts of all webhooks that wait, one after the other; they are taken. */
static inline size_t
play_webhooks(struct play *p, struct facts *out, size_t most)
{
	struct graph_webhook *v;
	size_t n = graph_take_webhooks(p->graph, &v);
	struct str reason;

	ck_assert_uint_le(n, most);
	for (size_t i = 0; i < n; i++) {
		struct str bytes = str_dup(test_arena(), str_n(v[i].bytes, v[i].n));
		ck_assert_int_eq(wa_decode(test_arena(), bytes, &out[i], &reason), WA_BODY_OK);
		ck_assert_uint_eq(out[i].problems.n, 0);
		free(v[i].bytes);
	}
	free(v);
	return n;
}

/* Sends a text to the person; its status. */
static inline int
play_send(struct play *p, const char *to, const char *more)
{
	return play_call(
		p, "POST", "/" NUMBER "/messages",
		str_z(test_arena(), str_fmt(test_arena(),
	                                    "{\"messaging_product\":\"whatsapp\",\"to\":\"%s\","
	                                    "\"type\":\"text\",\"text\":{\"body\":\"Oi\"}%s}",
	                                    to, more)));
}

#endif
