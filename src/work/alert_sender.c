/*
 * Why: a receiver may be down, slow or gone for a day, and must hear of each change all the same,
 * in order. What always holds: a call leaves only after its row says so, and the row goes only
 * after an answer; so whatever ends in between, the same change is told again under the same id.
 */
#include <stdio.h>
#include <stdlib.h>

#include "store/queries.h"
#include "sys/log.h"
#include "sys/metrics.h"
#include "work/alert_sender_internal.h"

#define LOOK_MS     TIME_SECOND /* for those that another process wrote down */
#define AWAY_MS     TIME_SECOND
#define CONNECT_MS  (5 * TIME_SECOND)
#define WHOLE_MS    (20 * TIME_SECOND)
#define HOLD_MS     TIME_MINUTE /* longer than a call may take */
#define ARENA_BYTES ((size_t)1 << 20)
#define MAX_ANSWER  ((size_t)64 << 10)
#define GONE        410
#define DEFAULT_KEY "recado alert webhook"

struct str
alert_secret(struct arena *a, struct str configured, const void *secret_key, size_t key_len)
{
	unsigned char digest[SHA256_LEN];
	struct hmac_key *key;

	if (!str_is_empty(configured))
		return configured;
	key = hmac_key_new(str_n(secret_key, key_len));
	hmac_sha256(key, STR(DEFAULT_KEY), digest);
	hmac_key_free(key);
	return hex_encode(a, digest, sizeof digest);
}

enum err
alert_sender_open(const struct alert_sender_options *o, struct alert_sender **out)
{
	struct alert_sender *s = calloc(1, sizeof(*s));
	enum err e;

	if (s == NULL)
		abort();
	s->o = *o;
	s->arena = arena_new(ARENA_BYTES);
	s->key = hmac_key_new(o->secret);
	s->look_at = INT64_MIN;
	e = db_open(o->pool, false, &s->db);
	if (e != ERR_OK) {
		alert_sender_close(s);
		return e;
	}
	*out = s;
	return ERR_OK;
}

static void
let_go(struct alert_sender *s, struct alert_slot *x)
{
	if (x->flying)
		http_client_cancel(s->o.http, x->call);
	http_result_deinit(&x->result);
	*x = (struct alert_slot){ .used = false };
	s->look_at = INT64_MIN; /* there may be one behind it */
}

static void
hear(struct alert_sender *s)
{
	struct http_result r;

	while (http_client_next(s->o.http, &r)) {
		struct alert_slot *x = r.user;

		http_result_deinit(&x->result);
		x->result = r;
		x->flying = false;
		x->heard = true;
	}
}

/* What became of a delivery that ends here. */
static void
note(const struct alert_slot *x, enum metric m, const char *event)
{
	metrics_add(m, 1);
	if (m == M_ALERT_DELIVERIES_DELIVERED)
		log_info(event, LOG_UUID("delivery", x->id),
		         LOG_Z("kind", alert_kind_names[x->kind]), LOG_INT("tries", x->tries));
	else
		log_warn(event, LOG_UUID("delivery", x->id),
		         LOG_Z("kind", alert_kind_names[x->kind]), LOG_INT("tries", x->tries),
		         LOG_INT("status", x->result.status), LOG_Z("reason", x->result.detail));
}

static enum err
end(struct alert_sender *s, struct alert_slot *x, enum metric m, const char *event)
{
	enum err e = db_exec(s->db, &q_alert_delivery_end,
	                     DB_PARAMS(db_uuid(x->id), db_uuid(s->o.owner)), NULL, NULL);

	if (e != ERR_OK)
		return e;
	note(x, m, event);
	let_go(s, x);
	return ERR_OK;
}

static enum err
later(struct alert_sender *s, struct alert_slot *x, int64_t now_ms)
{
	int64_t at = alert_next_try_at(x->tries, now_ms, rand_u64(s->o.rand));
	enum err e;

	if (at - x->created_at > ALERT_TELL_MS)
		return end(s, x, M_ALERT_DELIVERIES_DROPPED, "alert.not_told");
	e = db_exec(s->db, &q_alert_delivery_later,
	            DB_PARAMS(db_uuid(x->id), db_uuid(s->o.owner), db_time(at)), NULL, NULL);
	if (e != ERR_OK)
		return e;
	note(x, M_ALERT_DELIVERIES_FAILED, "alert.delivery_failed");
	let_go(s, x);
	return ERR_OK;
}

static enum err
settle(struct alert_sender *s, struct alert_slot *x, int64_t now_ms)
{
	int status = x->result.failure == HTTP_OK ? x->result.status : 0;

	if (status >= 200 && status < 300)
		return end(s, x, M_ALERT_DELIVERIES_DELIVERED, "alert.told");
	if (status == GONE)
		return end(s, x, M_ALERT_DELIVERIES_GONE, "alert.not_told");
	return later(s, x, now_ms);
}

static enum err
call(struct alert_sender *s, struct alert_slot *x, struct str body)
{
	unsigned char digest[SHA256_LEN];
	struct str id, signature;
	enum err e;

	hmac_sha256(s->key, body, digest);
	id = uuid_text(s->arena, x->id);
	signature = str_fmt(s->arena, "sha256=" STR_FMT,
	                    STR_ARG(hex_encode(s->arena, digest, sizeof digest)));
	const struct http_header_out headers[] = {
		{ "Content-Type", STR("application/json") },
		{ "X-Recado-Signature-256", signature },
		{ "X-Recado-Delivery", id },
		{ NULL, STR_NONE },
	};
	const struct http_call c = { .method = STR("POST"),
		                     .url = s->o.url,
		                     .headers = headers,
		                     .body = body,
		                     .connect_ms = CONNECT_MS,
		                     .first_byte_ms = WHOLE_MS,
		                     .whole_ms = WHOLE_MS,
		                     .max_body = MAX_ANSWER,
		                     .user = x };

	e = http_client_start(s->o.http, &c, &x->call);
	x->flying = e == ERR_OK;
	return e;
}

static struct alert_slot *
free_slot(struct alert_sender *s)
{
	for (size_t i = 0; i < ALERT_SENDER_MOST; i++)
		if (!s->slots[i].used)
			return &s->slots[i];
	return NULL;
}

/* Takes one that is due; the call leaves once that is durable. */
static enum err
claim(struct alert_sender *s, int64_t now_ms, bool *worked)
{
	struct alert_slot *x = free_slot(s);
	struct db_result r;
	int64_t taken = 0;
	enum err e;

	if (x == NULL || now_ms < s->look_at)
		return ERR_OK;
	e = db_query(s->db, &q_alert_delivery_pick, DB_PARAMS(db_time(now_ms)), NULL, s->arena, &r);
	if (e == ERR_OK && r.nrows == 0)
		s->look_at = now_ms + LOOK_MS;
	if (e != ERR_OK || r.nrows == 0)
		return e;
	*worked = true;
	e = db_exec(s->db, &q_alert_delivery_take,
	            DB_PARAMS(db_uuid(db_get_uuid(&r, 0, 0)), db_uuid(s->o.owner), db_time(now_ms),
	                      db_time(now_ms + HOLD_MS)),
	            NULL, &taken);
	if (e != ERR_OK || taken == 0)
		return e;
	*x = (struct alert_slot){ .used = true,
		                  .id = db_get_uuid(&r, 0, 0),
		                  .kind = alert_kind_of(db_get_text(&r, 0, 4)),
		                  .tries = (unsigned)db_get_int(&r, 0, 2) + 1,
		                  .created_at = db_get_time(&r, 0, 3),
		                  .held_until = now_ms + HOLD_MS };
	if (x->kind == ALERT_KINDS || now_ms - x->created_at > ALERT_TELL_MS)
		return end(s, x, M_ALERT_DELIVERIES_DROPPED, "alert.not_told");
	if (call(s, x, db_get_text(&r, 0, 1)) == ERR_OK)
		return ERR_OK;
	snprintf(x->result.detail, sizeof(x->result.detail), "the address is not allowed");
	x->heard = true;
	x->result.failure = HTTP_FORBIDDEN;
	return ERR_OK;
}

/* Kept while the database is away and nobody else may have it. */
static enum err
work(struct alert_sender *s, int64_t now_ms, bool *worked)
{
	enum err e = ERR_OK;

	hear(s);
	for (size_t i = 0; e == ERR_OK && i < ALERT_SENDER_MOST; i++) {
		struct alert_slot *x = &s->slots[i];

		if (!x->heard)
			continue;
		*worked = true;
		e = settle(s, x, now_ms);
		if (e != ERR_OK && (!db_is_away(e) || now_ms >= x->held_until))
			let_go(s, x);
	}
	return e == ERR_OK ? claim(s, now_ms, worked) : e;
}

enum step
alert_sender_step(void *alert_sender, int64_t now_ms, int64_t *next_ms)
{
	static struct log_limit limit;
	struct alert_sender *s = alert_sender;
	bool worked = false;
	int64_t hidden;
	enum err e;

	*next_ms = s->away_until;
	if (now_ms < s->away_until)
		return STEP_WAIT;
	arena_reset(s->arena);
	e = work(s, now_ms, &worked);
	if (e != ERR_OK) {
		if (log_limited(&limit, now_ms, 10000, &hidden))
			log_warn("alert.sender_failed", LOG_ERR(e),
			         LOG_Z("detail", db_message(s->db)), LOG_INT("hidden", hidden));
		s->away_until = *next_ms = now_ms + AWAY_MS;
		return STEP_WAIT;
	}
	*next_ms = s->look_at > now_ms ? s->look_at : now_ms + LOOK_MS;
	return worked ? STEP_AGAIN : STEP_WAIT;
}

void
alert_sender_stop(struct alert_sender *s, int64_t now_ms)
{
	enum err e;

	for (size_t i = 0; i < ALERT_SENDER_MOST; i++)
		if (s->slots[i].used)
			let_go(s, &s->slots[i]);
	e = db_exec(s->db, &q_alert_delivery_release,
	            DB_PARAMS(db_uuid(s->o.owner), db_time(now_ms)), NULL, NULL);
	if (e != ERR_OK) /* taken up when their time has come */
		log_warn("alert.not_released", LOG_ERR(e));
}

void
alert_sender_close(struct alert_sender *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < ALERT_SENDER_MOST; i++)
		if (s->slots[i].used)
			let_go(s, &s->slots[i]);
	db_close(s->db);
	hmac_key_free(s->key);
	arena_free(s->arena);
	free(s);
}
