/*
 * The program with two clients, a connection and an inbox that came in through the door, and calls
 * of its API over sockets. Each answer must be one that the OpenAPI document describes. ENGINE says
 * on which database: sqlite or postgres.
 */
#ifndef RECADO_TESTS_API_FIXTURE_H
#define RECADO_TESTS_API_FIXTURE_H

#include "core/wamid.h"
#include "described.h"
#include "pg.h"
#include "process_fixture.h"

#define ADMIN    "0123456789abcdef0123"
#define NUMBER   "100200300400500"
#define WABA     "900800700600500"
#define CUSTOMER "34600111222"

struct world {
	struct process process;
	const char *acme_admin, *acme_agent, *acme_viewer, *beta_admin; /* secrets */
	const char *connection;                                         /* of acme */
	int64_t now_s;
};

struct reply {
	int status;
	const char *head;
	const cJSON *doc; /* NULL if the body is not JSON */
	struct str body;
};

static struct pg_server *pg; /* NULL on SQLite */

/* A path of members and indexes: "data.0.lead.tags". NULL if there is no such value. */
static inline const cJSON *
at(const cJSON *v, const char *path)
{
	struct str rest = str_from(path), part;
	int64_t n;

	while (v != NULL && str_split(&rest, '.', &part)) {
		if (cJSON_IsArray(v) && str_to_i64(part, &n)) {
			for (v = json_first(v); v != NULL && n > 0; n--)
				v = v->next;
		} else {
			v = json_get(v, str_z(test_arena(), part));
		}
	}
	return v;
}

static inline struct str
text_at(const cJSON *v, const char *path)
{
	return json_str(at(v, path));
}

static inline int64_t
int_at(const cJSON *v, const char *path)
{
	int64_t i = -1;

	ck_assert_msg(json_i64(at(v, path), &i), "%s is no number", path);
	return i;
}

static inline bool
true_at(const cJSON *v, const char *path)
{
	bool b = false;

	ck_assert_msg(json_bool(at(v, path), &b), "%s is not true or false", path);
	return b;
}

/* Present and null. */
static inline bool
null_at(const cJSON *v, const char *path)
{
	return at(v, path) != NULL && cJSON_IsNull(at(v, path));
}

static inline const char *
z_at(const cJSON *v, const char *path)
{
	struct str s = text_at(v, path);

	ck_assert_msg(str_is_set(s), "%s is no text in %s", path,
	              v != NULL ? str_z(test_arena(), json_raw(test_arena(), v)) : "nothing");
	return str_z(test_arena(), s);
}

#define FMT(...) str_z(test_arena(), str_fmt(test_arena(), __VA_ARGS__))

/* token: NULL none, "op" the operator's, else a bearer. body NULL: none. more: header lines. */
static inline struct reply
call_with(const struct world *w, const char *method, const char *path, const char *token,
          const char *body, const char *more)
{
	struct client c = connect_to(&w->process);
	struct answer a;
	struct reply r;
	struct buf b;

	ck_assert_msg(c.fd >= 0, "nobody listens: %s", read_text(in_dir(w->process.dir, "err")));
	buf_init(&b, NULL, (size_t)8 << 20);
	buf_fmt(&b, "%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s", method, path, more);
	if (token != NULL && strcmp(token, "op") == 0)
		buf_z(&b, "x-admin-token: " ADMIN "\r\n");
	else if (token != NULL)
		buf_fmt(&b, "Authorization: Bearer %s\r\n", token);
	if (body != NULL)
		buf_fmt(&b, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	else
		buf_z(&b, "\r\n");
	ck_assert(client_try_send(&c, b.p, b.n));
	buf_deinit(&b);
	a = client_read(&c, strcmp(method, "HEAD") == 0);
	client_close(&c);
	r = (struct reply){ .status = a.status };
	r.head = str_z(test_arena(), str_from(a.head));
	r.body = str_dup(test_arena(), str_n(a.body, a.body_len));
	if (json_parse(test_arena(), r.body, &r.doc) != ERR_OK)
		r.doc = NULL;
	answer_free(&a);
	must_be_described(method, path, r.status, r.head, r.body);
	return r;
}

static inline struct reply
call(const struct world *w, const char *method, const char *path, const char *token,
     const char *body)
{
	return call_with(w, method, path, token, body, "");
}

/* The document of a call that must give this status. */
#define MUST(w, want, method, path, token, sent)                                                   \
	({                                                                                         \
		struct reply must_r = call((w), (method), (path), (token), (sent));                \
		ck_assert_msg(must_r.status == (want), "%s %s: %d: %.999s", (method), (path),      \
		              must_r.status, must_r.body.p);                                       \
		ck_assert_msg(must_r.doc != NULL || must_r.body.p[0] != '{', "%s %s: bad JSON",    \
		              (method), (path));                                                   \
		must_r.doc;                                                                        \
	})

/* Value of a header of the answer; NULL if absent. */
static inline const char *
header_of(const struct reply *r, const char *name)
{
	const char *line = strcasestr(r->head, FMT("\r\n%s:", name));
	struct str rest;

	if (line == NULL)
		return NULL;
	rest = str_from(line + strlen(name) + 3);
	return str_z(test_arena(), str_trim(str_n(rest.p, str_find(rest, '\r'))));
}

/* One signed delivery that must be accepted. */
static inline void
hook(const struct world *w, const char *body)
{
	struct client c = connect_to(&w->process);
	struct answer a;

	send_delivery(&c, "/webhooks/whatsapp", body, strlen(body),
	              signature(GATE_SECRET, body, strlen(body)));
	a = client_read(&c, false);
	ck_assert_int_eq(a.status, 200);
	must_be_described("POST", "/webhooks/whatsapp", a.status,
	                  str_z(test_arena(), str_from(a.head)),
	                  str_dup(test_arena(), str_n(a.body, a.body_len)));
	answer_free(&a);
	client_close(&c);
}

static inline const char *
wamid(const char *key, bool outbound)
{
	const struct wamid m = { outbound, STR(CUSTOMER), str_from(key) };

	return str_z(test_arena(), wamid_encode(test_arena(), &m));
}

/* An envelope with one change of this number. */
static inline const char *
change(const char *number, const char *field, const char *value)
{
	return FMT("{\"id\":\"%s\",\"changes\":[{\"field\":\"%s\",\"value\":{\"messaging_product\":"
	           "\"whatsapp\",\"metadata\":{\"display_phone_number\":\"34910000001\","
	           "\"phone_number_id\":\"%s\"},%s}}]}",
	           strcmp(number, NUMBER) == 0 ? WABA : number, field, number, value);
}

static inline const char *
envelope(const char *entries)
{
	return FMT("{\"object\":\"whatsapp_business_account\",\"entry\":[%s]}", entries);
}

static inline const char *
live_text(const struct world *w, const char *from, const char *key, const char *text)
{
	return FMT(
		"\"contacts\":[{\"profile\":{\"name\":\"Ana "
		"%s\"},\"wa_id\":\"%s\"}],\"messages\":[{"
		"\"from\":\"%s\",\"id\":\"%s\",\"timestamp\":\"%lld\",\"type\":\"text\",\"text\":{"
		"\"body\":\"%s\"}}]",
		from, from, from, wamid(key, false), (long long)w->now_s, text);
}

/* One chunk with n messages of the customer, a minute apart, the last 30 days ago. Keys AA01 … */
static inline const char *
history(const struct world *w, int order, int progress, int first, int n)
{
	struct buf b;

	buf_init(&b, test_arena(), (size_t)4 << 20);
	buf_fmt(&b,
	        "\"history\":[{\"metadata\":{\"phase\":0,\"chunk_order\":%d,\"progress\":%d},"
	        "\"threads\":[{"
	        "\"id\":\"" CUSTOMER "\",\"messages\":[",
	        order, progress);
	for (int i = first; i < first + n; i++)
		buf_fmt(&b,
		        "%s{\"from\":\"" CUSTOMER
		        "\",\"id\":\"%s\",\"timestamp\":\"%lld\",\"type\":\"text\","
		        "\"text\":{\"body\":\"old %d\"},\"history_context\":{\"status\":\"read\"}}",
		        i == first ? "" : ",", wamid(FMT("AA%06d", i), false),
		        (long long)(w->now_s - 30 * 86400 + i * 60), i);
	buf_z(&b, "]}]}]");
	return str_z(test_arena(), buf_slice(&b));
}

/* Until nothing is received or retrying any more, acme's parts of entries that are parked too. */
static inline void
settle(const struct world *w)
{
	static const char *const lists[] = { "/api/webhook-events?status=received",
		                             "/api/webhook-events?status=retrying",
		                             "/api/clients/acme/webhook-events?status=received" };
	int64_t end = now_ms() + PATIENCE_MS;
	size_t waiting = 1;

	while (waiting > 0 && now_ms() < end) {
		waiting = 0;
		for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
			waiting +=
				json_count(at(MUST(w, 200, "GET", lists[i], "op", NULL), "data"));
		if (waiting > 0)
			poll(NULL, 0, 5);
	}
	ck_assert_msg(waiting == 0, "entries are not applied: %.999s",
	              read_text(in_dir(w->process.dir, "err")));
}

static inline const char *
new_token(const struct world *w, const char *role, const char *slug)
{
	const cJSON *t =
		MUST(w, 201, "POST", "/api/tokens", "op",
	             FMT("{\"name\":\"t\",\"role\":\"%s\",\"clientSlug\":\"%s\"}", role, slug));

	return z_at(t, "secret");
}

static inline const char *
register_number(const struct world *w, const char *slug, const char *token, const char *number,
                const char *waba)
{
	const cJSON *c =
		MUST(w, 201, "POST", FMT("/api/clients/%s/connections", slug), token,
	             FMT("{\"kind\":\"whatsapp\",\"mode\":\"coexistence\",\"phoneNumberId\":\"%s\","
	                 "\"wabaId\":\"%s\",\"displayPhoneNumber\":\"+34 910 000 001\","
	                 "\"accessToken\":\"a token\",\"historySync\":true}",
	                 number, waba));

	return z_at(c, "connection.id");
}

/* The program on an empty database; `more`: further lines of its .env. */
static inline struct world *
world_empty(const char *more)
{
	struct world *w = ARENA_NEW(test_arena(), struct world);
	const char *dir = test_dir();

	write_text(in_dir(dir, ".env"),
	           FMT("DATABASE_URL=%s\nPORT=0\nADMIN_TOKEN=" ADMIN "\n"
	               "SECRET_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
	               "META_APP_SECRET=" GATE_SECRET "\nMETA_VERIFY_TOKEN=" GATE_VERIFY
	               "\nTRUSTED_PROXIES=127.0.0.1\nMETA_GRAPH_URL=http://127.0.0.1:9\n%s",
	               pg != NULL ? pg_server_new_migrated(pg, test_arena()) : "sqlite:recado.db",
	               more));
	w->process = serve_in(dir);
	w->now_s = clock_now(&clock_real) / 1000;
	return w;
}

/* With clients acme and beta, their tokens, and acme's connection. */
static inline struct world *
world_new(void)
{
	struct world *w = world_empty("");

	MUST(w, 201, "POST", "/api/clients", "op", "{\"slug\":\"acme\",\"name\":\"Acme\"}");
	MUST(w, 201, "POST", "/api/clients", "op", "{\"slug\":\"beta\",\"name\":\"Beta\"}");
	w->acme_admin = new_token(w, "admin", "acme");
	w->acme_agent = new_token(w, "agent", "acme");
	w->acme_viewer = new_token(w, "viewer", "acme");
	w->beta_admin = new_token(w, "admin", "beta");
	w->connection = register_number(w, "acme", "op", NUMBER, WABA);
	return w;
}

/* Ends it as an operator would; it must end well. */
static inline void
world_end(struct world *w)
{
	kill(w->process.pid, SIGTERM);
	ck_assert_int_eq(wait_end(w->process.pid, PATIENCE_MS), 0);
}

/* The main function: PostgreSQL is started where ENGINE asks for it. */
#define API_MAIN(make_suite)                                                                       \
	int main(void)                                                                             \
	{                                                                                          \
		const char *engine = getenv("ENGINE");                                             \
		int status;                                                                        \
                                                                                                   \
		if (engine != NULL && strcmp(engine, "postgres") == 0 &&                           \
		    (pg = pg_server_start(false)) == NULL)                                         \
			return 1;                                                                  \
		status = testing_run(make_suite);                                                  \
		pg_server_end(pg);                                                                 \
		return status;                                                                     \
	}

#endif
