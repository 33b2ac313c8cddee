/*
 * The door with a real HTTP server before it and a real committer and database behind it, in this
 * process. Requests are made with the plain client of http_fixture.h.
 */
#ifndef RECADO_TESTS_DOOR_FIXTURE_H
#define RECADO_TESTS_DOOR_FIXTURE_H

#include "base/digest.h"
#include "http_fixture.h"
#include "store/migrate.h"
#include "work/door.h"

#define GATE_SECRET "an app secret of ours"
#define GATE_OLD    "the app secret before"
#define GATE_VERIFY "verify me"

struct gate {
	struct fixture http; /* only `server` and `options` are used */
	struct db_pool *pool;
	struct db *db;
	struct ingest *ingest;
	struct door *door;
	struct ingest_options ingest_options;
	struct door_options door_options;
	atomic_int commits;
	struct uuid own; /* the connection of /webhooks/whatsapp/<any secret> */
};

static inline void
gate_dispatch(void *ctx, struct http_exchange *x)
{
	struct gate *g = ctx;
	struct str path = http_path(x);

	if (!door_owns(path))
		http_reply(x, 404, "text/plain", STR("not the door"), NULL);
	else if (str_is_set(door_secret(path)))
		door_accept(g->door, x, g->own);
	else
		door_dispatch(g->door, x);
}

static inline void
gate_refused(void *ctx, struct str path, int status)
{
	(void)ctx;
	if (door_owns(path))
		door_count_refused(status);
}

static inline void
gate_committed(void *ctx, size_t entries)
{
	(void)entries;
	atomic_fetch_add(&((struct gate *)ctx)->commits, 1);
}

/* For the database at `url`; options may be changed before gate_open. */
static inline struct gate *
gate_new(const char *url)
{
	struct gate *g = calloc(1, sizeof(*g));
	int from, to;

	ck_assert_ptr_nonnull(g);
	ck_assert_ok(db_pool_open(url, NULL, &g->pool));
	ck_assert_ok(db_open(g->pool, false, &g->db));
	ck_assert_ok(migrate_up(g->db, &from, &to));
	g->own = (struct uuid){ { 1, 2, 3 } };
	g->ingest_options = (struct ingest_options){ .pool = g->pool,
		                                     .clock = &clock_real,
		                                     .rand = &rand_system,
		                                     .max_entries = 10000,
		                                     .append_timeout_ms = 2000,
		                                     .batch_entries = 512,
		                                     .batch_bytes = (size_t)8 << 20,
		                                     .committed = gate_committed,
		                                     .ctx = g };
	g->door_options = (struct door_options){ .app_secret = STR(GATE_SECRET),
		                                 .app_secret_previous = STR(GATE_OLD),
		                                 .verify_token = STR(GATE_VERIFY),
		                                 .clock = &clock_real };
	g->http.options = (struct http_options){
		.host = STR("127.0.0.1"),
		.limits = { .header_bytes = 16384,
		            .body_in_flight = (size_t)64 << 20,
		            .connections = 4096,
		            .request_ms = 30000,
		            .idle_ms = 30000 },
		.hooks = { fixture_body_limit, gate_dispatch, gate_refused, g },
	};
	return g;
}

static inline struct gate *
gate_new_sqlite(void)
{
	return gate_new(
		str_z(test_arena(), str_fmt(test_arena(), "sqlite:%s/recado.db", test_dir())));
}

static inline void
gate_open(struct gate *g)
{
	ck_assert_ok(ingest_start(&g->ingest_options, &g->ingest));
	g->door_options.ingest = g->ingest;
	ck_assert_ok(door_new(&g->door_options, &g->door));
	ck_assert_ok(http_server_start(&g->http.options, &g->http.server));
}

static inline void
gate_close(struct gate *g)
{
	http_server_stop(g->http.server, 5000);
	ingest_stop(g->ingest, 1000);
	door_free(g->door);
	db_close(g->db);
	db_pool_close(g->pool);
	ck_assert_int_eq(metrics_value(M_HTTP_BODY_BYTES_IN_FLIGHT), 0);
	free(g);
}

/* Value of X-Hub-Signature-256 for the body. */
static inline const char *
signature(const char *secret, const void *body, size_t n)
{
	struct hmac_key *key = hmac_key_new(str_from(secret));
	unsigned char mac[SHA256_LEN];

	hmac_sha256(key, str_n(body, n), mac);
	hmac_key_free(key);
	return str_z(test_arena(), str_fmt(test_arena(), "sha256=" STR_FMT,
	                                   STR_ARG(hex_encode(test_arena(), mac, sizeof(mac)))));
}

/* Sends one delivery; header NULL: none. */
static inline void
send_delivery(struct client *c, const char *path, const void *body, size_t n, const char *header)
{
	struct buf b;

	buf_init(&b, NULL, 4096);
	buf_fmt(&b, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n", path, n);
	if (header != NULL)
		buf_fmt(&b, "X-Hub-Signature-256: %s\r\n", header);
	buf_z(&b, "\r\n");
	ck_assert_ok(buf_check(&b));
	ck_assert(client_try_send(c, b.p, b.n));
	buf_deinit(&b);
	if (n > 0)
		client_try_send(c, body, n);
}

/* One delivery on a connection of its own; its status. */
static inline int
deliver_to(struct gate *g, const char *path, const void *body, size_t n, const char *header)
{
	struct client c = client_open(&g->http);
	int status;

	send_delivery(&c, path, body, n, header);
	status = client_status(&c);
	client_close(&c);
	return status;
}

static inline int
deliver(struct gate *g, const char *body, const char *header)
{
	return deliver_to(g, "/webhooks/whatsapp", body, strlen(body), header);
}

static inline int
deliver_signed(struct gate *g, const char *body)
{
	return deliver(g, body, signature(GATE_SECRET, body, strlen(body)));
}

#endif
