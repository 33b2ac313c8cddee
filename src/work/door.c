/*
 * Why: the only way in for webhooks. It must be cheap for strangers and honest to Meta: nothing is
 * parsed or stored before the signature over the raw bytes is right, and 200 means durable.
 *
 * What always holds: every exchange is answered once; bytes that were taken out of an exchange are
 * released from the in-flight sum exactly once; secrets are compared in constant time and never
 * logged; what cannot be stored is answered 503, so that it is sent again.
 */
#include "work/door.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "net/problem.h"
#include "net/router.h"
#include "sys/log.h"
#include "sys/metrics.h"

#define DOOR_PATH        STR("/webhooks/whatsapp")
#define SIGNATURE_HEADER "X-Hub-Signature-256"
#define QUERY_ARENA      (256 * 1024)
#define DOOR_CLOSED      "META_APP_SECRET and META_VERIFY_TOKEN are not set: set both and restart."

struct door {
	struct hmac_key *key, *key_previous; /* previous: NULL if none */
	unsigned char verify_digest[SHA256_LEN];
	bool open;
	struct ingest *ingest;
	const struct clock *clock;
	struct log_limit bad_signature, unavailable;
};

/* One body between the door and the committer. */
struct delivery {
	struct door *door;
	struct http_exchange *exchange;
	struct http_server *server;
	size_t body_len;
};

enum err
door_new(const struct door_options *o, struct door **out)
{
	struct door *d = calloc(1, sizeof(*d));

	if (d == NULL)
		abort();
	d->ingest = o->ingest;
	d->clock = o->clock;
	d->open = o->app_secret.n > 0 && o->verify_token.n > 0;
	if (d->open) {
		d->key = hmac_key_new(o->app_secret);
		if (o->app_secret_previous.n > 0)
			d->key_previous = hmac_key_new(o->app_secret_previous);
		digest_sha256(o->verify_token, d->verify_digest);
	}
	*out = d;
	return ERR_OK;
}

void
door_free(struct door *d)
{
	if (d == NULL)
		return;
	hmac_key_free(d->key);
	hmac_key_free(d->key_previous);
	free(d);
}

struct str
door_secret(struct str path)
{
	struct str prefix = STR("/webhooks/whatsapp/");

	if (!str_starts(path, prefix) || path.n == prefix.n)
		return STR_NONE;
	path = str_sub(path, prefix.n, path.n);
	return str_find(path, '/') == path.n ? path : STR_NONE;
}

bool
door_owns(struct str path)
{
	return str_eq(path, DOOR_PATH) || str_is_set(door_secret(path));
}

static void
reply_problem(struct http_exchange *x, int status, enum err e, struct str detail,
              const struct http_header_out *headers)
{
	const struct problem p = { .code = e, .detail = detail };

	http_reply_problem(x, status, &p, headers);
}

static void
reply_unavailable(struct http_exchange *x, enum err e, struct str detail)
{
	const struct http_header_out headers[] = { { "Retry-After", STR("5") },
		                                   { NULL, STR_NONE } };

	if (err_info(e)->http_status != 503)
		e = ERR_UNAVAILABLE;
	reply_problem(x, 503, e, detail, headers);
}

static void
reply_method(struct http_exchange *x, const char *allow)
{
	const struct http_header_out headers[] = { { "Allow", str_from(allow) },
		                                   { NULL, STR_NONE } };
	char detail[64];

	snprintf(detail, sizeof(detail), "Only %s can be used here.", allow);
	reply_problem(x, 405, ERR_INVALID, str_from(detail), headers);
}

/* The committer's answer. Any thread. */
static void
delivery_done(void *ctx, enum err e)
{
	struct delivery *dl = ctx;
	struct door *d = dl->door;
	int64_t suppressed = 0;
	int64_t took_us = clock_mono_us(d->clock) - http_received_us(dl->exchange);

	http_body_release(dl->server, dl->body_len);
	metrics_observe_us(M_ACCEPT_SECONDS, took_us);
	if (e == ERR_OK) {
		metrics_add(M_WEBHOOKS_ACCEPTED, 1);
		http_reply(dl->exchange, 200, JSON_CONTENT_TYPE, STR("{\"status\":\"ok\"}"), NULL);
	} else {
		metrics_add(M_WEBHOOKS_UNAVAILABLE, 1);
		if (log_limited(&d->unavailable, clock_now(d->clock), 5000, &suppressed))
			log_warn("door.unavailable", LOG_ERR(e), LOG_INT("suppressed", suppressed));
		reply_unavailable(dl->exchange, e, STR("The webhook could not be stored."));
	}
	free(dl);
}

static void
append(struct door *d, struct http_exchange *x, struct uuid connection_id)
{
	struct delivery *dl = malloc(sizeof(*dl));
	char *body;
	enum err e;

	if (dl == NULL)
		abort();
	*dl = (struct delivery){ .door = d, .exchange = x, .server = http_server_of(x) };
	body = http_take_body(x, &dl->body_len);
	e = ingest_append(d->ingest, body, dl->body_len, connection_id, delivery_done, dl);
	if (e != ERR_OK) {
		free(body);
		delivery_done(dl, e);
	}
}

static bool
matches(const struct hmac_key *key, struct str body, const unsigned char given[SHA256_LEN])
{
	unsigned char mac[SHA256_LEN];

	if (key == NULL)
		return false;
	hmac_sha256(key, body, mac);
	return digest_equal(mac, given, SHA256_LEN);
}

static bool
is_signed(const struct door *d, const struct http_exchange *x)
{
	struct str prefix = STR("sha256="), header = str_trim(http_header(x, SIGNATURE_HEADER));
	struct str body = http_body(x);
	unsigned char given[SHA256_LEN];

	if (!str_starts(header, prefix))
		return false;
	if (!hex_decode(str_sub(header, prefix.n, header.n), given, sizeof(given)))
		return false;
	return matches(d->key, body, given) || matches(d->key_previous, body, given);
}

static void
deliver(struct door *d, struct http_exchange *x)
{
	int64_t suppressed = 0;

	if (!d->open) {
		metrics_add(M_WEBHOOKS_NOT_CONFIGURED, 1);
		reply_unavailable(x, ERR_UNAVAILABLE, str_from(DOOR_CLOSED));
		return;
	}
	if (!is_signed(d, x)) {
		metrics_add(M_WEBHOOKS_BAD_SIGNATURE, 1);
		if (log_limited(&d->bad_signature, clock_now(d->clock), 5000, &suppressed))
			log_warn("door.bad_signature", LOG_STR("peer", http_peer(x)),
			         LOG_STR("request", http_request_id(x)),
			         LOG_INT("suppressed", suppressed));
		reply_problem(x, 401, ERR_UNAUTHORIZED,
		              STR("X-Hub-Signature-256 is missing, or is not sha256= and the "
		                  "HMAC of the raw body with META_APP_SECRET."),
		              NULL);
		return;
	}
	append(d, x, UUID_NIL);
}

/* NULL, or why this is not Meta's verification, and how that is mended. */
static const char *
handshake_wrong(const struct door *d, struct arena *a, struct str query, struct query_params *q)
{
	unsigned char digest[SHA256_LEN];

	if (!d->open)
		return DOOR_CLOSED;
	if (query_parse(a, query, q) != ERR_OK)
		return "The query string cannot be read, or names a parameter twice.";
	if (!str_eq(query_get(q, "hub.mode"), STR("subscribe")))
		return "hub.mode must be subscribe.";
	if (!str_is_set(query_get(q, "hub.verify_token")))
		return "hub.verify_token is missing.";
	if (!str_is_set(query_get(q, "hub.challenge")))
		return "hub.challenge is missing.";
	digest_sha256(query_get(q, "hub.verify_token"), digest);
	if (!digest_equal(digest, d->verify_digest, SHA256_LEN))
		return "hub.verify_token is not META_VERIFY_TOKEN: enter the same text in the "
		       "app's webhook settings at Meta.";
	return NULL;
}

/* Meta's verification of the URL: it has no signature. */
static void
handshake(struct door *d, struct http_exchange *x)
{
	struct arena *a = arena_new(QUERY_ARENA);
	struct query_params q;
	const char *wrong = handshake_wrong(d, a, http_query(x), &q);

	if (wrong == NULL)
		http_reply(x, 200, "text/plain; charset=utf-8", query_get(&q, "hub.challenge"),
		           NULL);
	else
		reply_problem(x, 403, ERR_FORBIDDEN, str_from(wrong), NULL);
	arena_free(a);
}

void
door_dispatch(struct door *d, struct http_exchange *x)
{
	struct str method = http_method(x);

	if (str_eq(method, STR("POST")))
		deliver(d, x);
	else if (str_eq(method, STR("GET")) || str_eq(method, STR("HEAD")))
		handshake(d, x);
	else
		reply_method(x, "GET, HEAD, POST");
}

void
door_accept(struct door *d, struct http_exchange *x, struct uuid connection_id)
{
	if (str_eq(http_method(x), STR("POST")))
		append(d, x, connection_id);
	else
		reply_method(x, "POST");
}

void
door_count_refused(int status)
{
	if (status == 413)
		metrics_add(M_WEBHOOKS_TOO_LARGE, 1);
	else if (status == 503)
		metrics_add(M_WEBHOOKS_UNAVAILABLE, 1);
	else
		metrics_add(M_WEBHOOKS_CUT, 1);
}
