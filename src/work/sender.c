/*
 * Why: Meta takes a message once and tells of it twice, by its answer and by statuses; the network
 * may eat either. What always holds: a call leaves only after its row says so; a call whose answer
 * is lost is never made again by itself; a person's messages leave one after the other.
 */
#include "work/sender_internal.h"

#include <stdlib.h>

#include "sys/log.h"
#include "sys/metrics.h"

#define ARENA_BYTES ((size_t)32 << 20)
#define LOOK_MS     TIME_SECOND /* for those that another process wrote down */
#define AWAY_MS     TIME_SECOND
#define SWEEP_MS    (5 * TIME_SECOND)
#define TIDY_MS     TIME_MINUTE
#define LINES_MOST  16

enum err
sender_open(const struct sender_options *o, struct sender **out)
{
	struct sender *s = calloc(1, sizeof(*s));
	enum err e;

	if (s == NULL)
		abort();
	s->o = *o;
	s->arena = arena_new(ARENA_BYTES);
	e = db_open(o->pool, false, &s->db);
	if (e != ERR_OK) {
		sender_close(s);
		return e;
	}
	*out = s;
	return ERR_OK;
}

void
sender_look(struct sender *s)
{
	atomic_store(&s->look, true);
}

static void
heard(struct graph_call *call, struct http_result *r)
{
	struct sending *x = (struct sending *)call;

	http_result_deinit(&x->result);
	x->result = *r;
	x->heard = true;
}

static void
forget(struct sending *x)
{
	struct sending **at = &x->s->first;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	x->s->n--;
	graph_calls_cancel(x->s->o.graph, &x->call);
	sending_free(x);
}

/* Its row says that it is called. What cannot leave was not carried out. */
static void
call(struct sending *x)
{
	struct arena *a = x->s->arena;
	const struct graph_request q = {
		.method = STR("POST"),
		.path = str_fmt(a, "/" STR_FMT "/messages", STR_ARG(x->text.phone_number_id)),
		.token = x->token,
		.body = send_request(a, &x->text),
	};
	enum err e;

	if (x->refused != NULL || x->named)
		return;
	x->call.heard = heard;
	e = graph_calls_start(x->s->o.graph, &x->call, &q);
	if (e != ERR_OK) {
		log_warn("send.not_called", LOG_UUID("message", x->text.id), LOG_ERR(e));
		x->refused = e == ERR_INVALID ? "forbidden_address" : "unreachable";
	}
}

/* What is known of one that came back, or that never left. */
static struct send_verdict
judge(struct sending *x, struct graph_answer *answer, int64_t now_ms)
{
	bool later = x->refused != NULL && str_eq(str_from(x->refused), STR("unreachable"));
	struct send_receipt receipt;
	struct send_verdict v;
	int64_t wait = -1;

	if (x->named)
		return (struct send_verdict){ .act = SEND_TAKEN };
	if (x->refused != NULL) {
		*answer = (struct graph_answer){ .act = later ? GRAPH_LATER : GRAPH_NEVER,
			                         .reason = x->refused,
			                         .code = -1,
			                         .subcode = -1 };
	} else {
		graph_calls_read(x->s->arena, &x->result, answer);
		wait = graph_calls_retry_after(&x->result, now_ms);
	}
	v = send_judge(answer, x->tries, x->at, x->s->o.give_up_ms, now_ms, wait,
	               rand_u64(x->s->o.rand));
	if (v.act == SEND_TAKEN && !send_read(x->s->arena, answer->root, &receipt))
		v = (struct send_verdict){ .act = SEND_UNKNOWN, .reason = "bad_answer" };
	return v;
}

static void
tell(const struct sending *x, const struct send_verdict *v, const struct graph_answer *answer)
{
	static const struct {
		const char *event;
		enum metric metric;
	} says[] = {
		[SEND_TAKEN] = { NULL, M_SENDS_ACCEPTED },
		[SEND_AGAIN] = { "send.later", M_SENDS_RETRIED },
		[SEND_FAILED] = { "send.failed", M_SENDS_FAILED },
		[SEND_UNKNOWN] = { "send.unknown", M_SENDS_UNKNOWN },
	};

	metrics_add(says[v->act].metric, 1);
	if (says[v->act].event != NULL)
		log_info(says[v->act].event, LOG_UUID("message", x->text.id),
		         LOG_UUID("connection", x->connection_id),
		         LOG_Z("reason", v->reason == NULL ? "" : v->reason),
		         LOG_INT("code", answer->code));
}

static enum err
settle(struct sending *x, int64_t now_ms)
{
	struct graph_answer answer = { .code = -1, .subcode = -1 };
	struct send_verdict v = judge(x, &answer, now_ms);
	enum err e =
		send_store_settle(x, &v, x->refused == NULL && !x->named ? &answer : NULL, now_ms);

	if (e == ERR_OK) {
		tell(x, &v, &answer);
		forget(x);
	}
	return e;
}

/* Kept while the database is away: an answer of Meta's does not come twice. When its time is over,
 * whoever sweeps has said that nobody knows; a status may still tell. True: it is gone. */
static bool
let_go(struct sending *x, enum err e, int64_t now_ms)
{
	if (db_is_away(e) && now_ms < x->held_until)
		return false;
	log_warn("send.dropped", LOG_UUID("message", x->text.id), LOG_ERR(e),
	         LOG_Z("detail", db_message(x->s->db)));
	forget(x);
	return true;
}

static enum err
settle_all(struct sender *s, int64_t now_ms, bool *worked)
{
	enum err e = ERR_OK;

	for (struct sending *x = s->first, *next; e == ERR_OK && x != NULL; x = next) {
		next = x->next;
		if (!x->heard && x->refused == NULL && !x->named)
			continue;
		*worked = true;
		arena_reset(s->arena);
		e = settle(x, now_ms);
		if (e != ERR_OK && let_go(x, e, now_ms) && !db_is_away(e))
			e = ERR_OK;
	}
	return e;
}

static enum err
claim_at(struct sender *s, struct uuid client_id, struct uuid connection_id, int64_t now_ms,
         bool *worked)
{
	struct sending *x = NULL;
	enum err e = send_store_claim(s, client_id, connection_id, now_ms, &x);

	if (e != ERR_OK || x == NULL)
		return e;
	*worked = true;
	x->next = s->first;
	s->first = x;
	s->n++;
	call(x);
	return ERR_OK;
}

/* One message of each number whose turn it is. */
static enum err
claim(struct sender *s, int64_t now_ms, bool *worked)
{
	size_t room = SENDER_MOST - s->n;
	struct db_result due;
	enum err e;

	if (atomic_exchange(&s->look, false))
		s->look_at = now_ms;
	if (now_ms < s->look_at || room == 0 || s->draining)
		return ERR_OK;
	arena_reset(s->arena);
	e = send_store_due(s, now_ms, (int64_t)(room < LINES_MOST ? room : LINES_MOST), &due);
	for (size_t i = 0; e == ERR_OK && i < due.nrows; i++)
		e = claim_at(s, db_get_uuid(&due, i, 0), db_get_uuid(&due, i, 1), now_ms, worked);
	if (e != ERR_OK)
		return e;
	e = send_store_next(s, &s->look_at);
	if (e == ERR_OK && (s->look_at == TIME_NONE || s->look_at > now_ms + LOOK_MS))
		s->look_at = now_ms + LOOK_MS;
	return e;
}

static enum err
sweep(struct sender *s, int64_t now_ms, bool *worked)
{
	bool more = false;
	enum err e = ERR_OK;

	if (now_ms >= s->sweep_at) {
		arena_reset(s->arena);
		e = send_store_sweep(s, now_ms, &more);
		if (e == ERR_OK && !more)
			s->sweep_at = now_ms + SWEEP_MS;
		*worked |= more;
	}
	if (e == ERR_OK && now_ms >= s->tidy_at) {
		e = send_store_tidy(s, now_ms);
		if (e == ERR_OK)
			s->tidy_at = now_ms + TIDY_MS;
	}
	return e;
}

/* After a clock that was ahead. */
static void
mend_clock(struct sender *s, int64_t now_ms)
{
	const struct {
		int64_t *at, most;
	} timers[] = { { &s->look_at, LOOK_MS },
		       { &s->away_until, AWAY_MS },
		       { &s->sweep_at, SWEEP_MS },
		       { &s->tidy_at, TIDY_MS } };

	for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++)
		if (*timers[i].at > now_ms + timers[i].most)
			*timers[i].at = now_ms;
}

enum step
sender_step(void *sender, int64_t now_ms, int64_t *next_ms)
{
	struct sender *s = sender;
	bool worked = false;
	enum err e;

	mend_clock(s, now_ms);
	if (now_ms < s->away_until) {
		*next_ms = s->away_until;
		return STEP_WAIT;
	}
	e = settle_all(s, now_ms, &worked);
	if (e == ERR_OK)
		e = claim(s, now_ms, &worked);
	if (e == ERR_OK)
		e = sweep(s, now_ms, &worked);
	if (e != ERR_OK) {
		s->away_until = now_ms + AWAY_MS;
		*next_ms = s->away_until;
		return STEP_WAIT;
	}
	*next_ms = s->n == SENDER_MOST || s->look_at <= now_ms ? now_ms + LOOK_MS : s->look_at;
	return worked ? STEP_AGAIN : STEP_WAIT;
}

bool
sender_drain(struct sender *s, int64_t now_ms)
{
	bool worked = false;

	s->draining = true;
	(void)settle_all(s, now_ms, &worked);
	return s->n == 0;
}

void
sender_close(struct sender *s)
{
	if (s == NULL)
		return;
	while (s->first != NULL)
		forget(s->first);
	db_close(s->db);
	arena_free(s->arena);
	free(s);
}
