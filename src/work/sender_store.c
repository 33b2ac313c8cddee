/*
 * Why: what is known of a message must outlive the process. What always holds: the message's row
 * and its row in the queue change together, under the client's lane; who leaves the head of a
 * person's queue lets the next one come to it, in the same transaction.
 */
#include <stdlib.h>

#include "store/queries.h"
#include "sys/metrics.h"
#include "work/apply.h"
#include "work/connection_token.h"
#include "work/sender_internal.h"

#define ONE_ARENA ((size_t)1 << 20)
/* Longer than a call may take (graph_calls.c); then nobody knows what became of it. */
#define HOLD_MS (45 * TIME_SECOND)
#define MOST_FAILED                                                                                \
	50 /* failed in one transaction with the one that says why: it holds the lane              \
	    */
#define MOST_HEADLESS 100
/* No pause, and no wait that a server asks for, is longer (core/graph.h): what is further ahead was
 * written by a clock that was wrong. */
#define FAR_MS (2 * TIME_HOUR)

/* Applies what is known of one message, as an entry of its own. */
static enum err
apply_own(struct db *db, struct arena *a, const struct randomness *rand, struct uuid client_id,
          struct uuid connection_id, const struct facts *facts, int64_t received_at, int64_t now_ms,
          struct event_batch *events)
{
	struct apply_entry entry = {
		.received_at = received_at,
		.only_connection = connection_id,
		.facts = facts,
		.to = SIZE_MAX,
	};
	const struct apply_options o = { .db = db,
		                         .arena = a,
		                         .rand = rand,
		                         .client_id = client_id,
		                         .now_ms = now_ms,
		                         .events = events };
	struct apply_counts counts = { 0 };

	return apply_entries(&o, &entry, 1, &counts);
}

/* Of two that are written in the same millisecond the second is the later one: messages, and the
 * queue, are in the order of their times. */
static int64_t
time_of(const struct send_wish *w, int64_t now_ms)
{
	bool close = w->last_out_at != TIME_NONE && w->last_out_at >= now_ms &&
	             w->last_out_at < now_ms + TIME_SECOND;

	return close ? w->last_out_at + 1 : now_ms;
}

enum err
send_put(struct db *db, struct arena *a, const struct randomness *rand, const struct send_wish *w,
         int64_t now_ms, struct uuid *id)
{
	int64_t at = time_of(w, now_ms);
	const struct send_fact f = { .id = rand_uuid_v7(rand, at),
		                     .to = w->to,
		                     .body = w->body,
		                     .reply_wamid = w->reply_wamid,
		                     .at = at };
	struct event_batch events;
	struct facts facts;
	enum err e;

	send_facts(a, &f, &facts);
	event_batch_init(&events, a);
	e = apply_own(db, a, rand, w->client_id, w->connection_id, &facts, at, now_ms, &events);
	if (e == ERR_OK)
		e = db_exec(db, &q_send_insert,
		            DB_PARAMS(db_uuid(w->client_id), db_uuid(f.id),
		                      db_uuid(w->connection_id), db_uuid(w->conversation_id),
		                      db_bytes(w->key_hash), db_bytes(w->request_hash),
		                      db_text(w->to.wa_id), db_text(w->to.user_id),
		                      db_text(w->body), db_bool(w->preview_url),
		                      db_text(w->reply_wamid), db_text(w->actor), db_time(at),
		                      db_time(now_ms + SEND_PERSON_GAP_MS)),
		            NULL, NULL);
	if (e == ERR_OK)
		e = db_exec(db, &q_send_line_set,
		            DB_PARAMS(db_uuid(w->client_id), db_uuid(w->connection_id),
		                      db_time(TIME_NONE), db_time(now_ms),
		                      db_time(now_ms + FAR_MS)),
		            NULL, NULL);
	if (e == ERR_OK)
		*id = f.id;
	return e == ERR_OK ? event_batch_store(&events, db, now_ms) : e;
}

void
sending_free(struct sending *x)
{
	http_result_deinit(&x->result);
	arena_free(x->arena);
	free(x);
}

enum err
send_store_due(struct sender *s, int64_t now_ms, int64_t most, struct db_result *out)
{
	return db_query(s->db, &q_send_lines_due, DB_PARAMS(db_time(now_ms), db_int(most)), NULL,
	                s->arena, out);
}

enum err
send_store_next(struct sender *s, int64_t *at)
{
	struct db_result r;
	enum err e = db_query(s->db, &q_send_lines_next, DB_NO_PARAMS, NULL, s->arena, &r);

	if (e == ERR_OK)
		*at = db_get_time(&r, 0, 0);
	return e;
}

static enum err
set_line(struct sender *s, struct uuid client_id, struct uuid connection_id, int64_t hold_until,
         int64_t now_ms)
{
	return db_exec(s->db, &q_send_line_set,
	               DB_PARAMS(db_uuid(client_id), db_uuid(connection_id), db_time(hold_until),
	                         db_time(now_ms), db_time(now_ms + FAR_MS)),
	               NULL, NULL);
}

enum { C_ID, C_CONVERSATION, C_WA_ID, C_USER_ID, C_BODY, C_PREVIEW, C_REPLY, C_TRIES, C_AT };

static void
take_row(struct sending *x, const struct db_result *r)
{
	x->text = (struct send_text){
		.id = db_get_uuid(r, 0, C_ID),
		.wa_id = db_get_text(r, 0, C_WA_ID),
		.user_id = db_get_text(r, 0, C_USER_ID),
		.body = db_get_text(r, 0, C_BODY),
		.reply_wamid = db_get_text(r, 0, C_REPLY),
		.preview_url = db_get_bool(r, 0, C_PREVIEW),
	};
	x->conversation_id = db_get_uuid(r, 0, C_CONVERSATION);
	x->tries = (unsigned)db_get_int(r, 0, C_TRIES);
	x->at = db_get_time(r, 0, C_AT);
}

/* As whom it is sent; *cloud: the number's pace. */
static enum err
load_connection(struct sending *x, bool *cloud)
{
	struct db_result r;
	enum err e = db_query(
		x->s->db, &q_send_connection,
		DB_PARAMS(db_uuid(x->client_id), db_uuid(x->connection_id), db_uuid(x->text.id)),
		NULL, x->arena, &r);
	struct str key;

	if (e != ERR_OK || r.nrows == 0)
		return e == ERR_OK ? ERR_CORRUPT : e;
	x->text.phone_number_id = db_get_text(&r, 0, 0);
	x->box = db_get_text(&r, 0, 1);
	*cloud = db_get_bool(&r, 0, 3);
	key = db_get_text(&r, 0, 4);
	x->named = !str_eq(key, send_key(x->arena, x->text.id));
	if (!db_get_bool(&r, 0, 2))
		x->refused = "disconnected";
	else if (!str_is_set(x->box) || !str_is_set(x->text.phone_number_id) ||
	         secretbox_open(x->arena, x->s->o.keys,
	                        str_fmt(x->arena, "connections/" STR_FMT "/access_token",
	                                STR_ARG(uuid_text(x->arena, x->connection_id))),
	                        x->box, &x->token) != ERR_OK)
		x->refused = "no_access_token";
	return ERR_OK;
}

/* In a transaction: the first of the queue, and the number's next turn. */
static enum err
claim(struct sending *x, int64_t now_ms, bool *taken)
{
	struct sender *s = x->s;
	struct db_result r;
	int64_t changed = 0;
	bool cloud = false;
	enum err e = db_exec(s->db, &q_send_line_take,
	                     DB_PARAMS(db_uuid(x->client_id), db_uuid(x->connection_id),
	                               db_time(now_ms), db_time(now_ms + HOLD_MS)),
	                     NULL, &changed);

	*taken = false;
	if (e != ERR_OK || changed == 0)
		return e;
	e = db_query(s->db, &q_send_claim,
	             DB_PARAMS(db_uuid(x->client_id), db_uuid(x->connection_id),
	                       db_uuid(s->o.owner), db_time(now_ms), db_time(now_ms + HOLD_MS)),
	             NULL, x->arena, &r);
	if (e == ERR_OK && r.nrows > 0) {
		*taken = true;
		take_row(x, &r);
		e = load_connection(x, &cloud);
	}
	if (e != ERR_OK)
		return e;
	return set_line(s, x->client_id, x->connection_id,
	                *taken ? now_ms + (cloud ? SEND_CLOUD_GAP_MS : SEND_GAP_MS) : TIME_NONE,
	                now_ms);
}

enum err
send_store_claim(struct sender *s, struct uuid client_id, struct uuid connection_id, int64_t now_ms,
                 struct sending **out)
{
	struct sending *x = calloc(1, sizeof(*x));
	bool taken = false;
	enum err e;

	if (x == NULL)
		abort();
	*x = (struct sending){ .s = s,
		               .arena = arena_new(ONE_ARENA),
		               .client_id = client_id,
		               .connection_id = connection_id,
		               .held_until = now_ms + HOLD_MS };
	e = db_begin(s->db, DB_API);
	if (e == ERR_OK)
		e = db_end(s->db, claim(x, now_ms, &taken));
	if (e == ERR_OK && taken)
		*out = x;
	else
		sending_free(x);
	return e;
}

static struct send_fact
fact_of(const struct sending *x)
{
	return (struct send_fact){ .id = x->text.id,
		                   .to = { .wa_id = x->text.wa_id, .user_id = x->text.user_id },
		                   .body = x->text.body,
		                   .reply_wamid = x->text.reply_wamid,
		                   .at = x->at };
}

/* Meta took it, and says under which name and whom it knows the person as. */
static enum err
apply_receipt(struct sending *x, const struct graph_answer *answer, int64_t now_ms,
              struct event_batch *events)
{
	struct arena *a = x->s->arena;
	struct send_fact f = fact_of(x);
	struct fact_link link = { .at = now_ms };
	struct send_receipt receipt;
	struct facts facts;

	if (!send_read(a, answer->root, &receipt))
		return ERR_INTERNAL; /* judged before */
	f.wamid = receipt.wamid;
	send_facts(a, &f, &facts);
	/* Meta may spell a number in its own way; both are the person */
	link.a = f.to;
	link.b = receipt.known;
	facts.links.v = &link;
	facts.links.n = facts.links.cap = str_is_set(link.b.wa_id) || str_is_set(link.b.user_id);
	return apply_own(x->s->db, a, x->s->o.rand, x->client_id, x->connection_id, &facts, x->at,
	                 now_ms, events);
}

static enum err
apply_failure(struct sender *s, struct uuid client_id, struct uuid connection_id,
              const struct send_fact *f, const char *reason, const struct graph_answer *answer,
              int64_t now_ms, struct event_batch *events)
{
	struct facts facts;

	send_facts_failure(s->arena, f, answer == NULL ? -1 : answer->code, reason,
	                   answer == NULL ? STR_NONE : answer->message, now_ms, &facts);
	return apply_own(s->db, s->arena, s->o.rand, client_id, connection_id, &facts, f->at,
	                 now_ms, events);
}

/* Nobody of that number is to ask until somebody has acted: those that wait fail with it. */
static enum err
fail_waiting(struct sending *x, const char *reason, const struct graph_answer *answer,
             int64_t now_ms, struct event_batch *events)
{
	struct sender *s = x->s;
	struct db_rows *rows = db_rows_of(s->arena, &q_send_fail_waiting, x->client_id);
	const struct db_param client = db_uuid(x->client_id),
			      connection = db_uuid(x->connection_id);
	struct db_result r = { .nrows = 0 };
	enum err e = db_exec(s->db, &q_send_line_lock, DB_PARAMS(client, connection), NULL, NULL);

	if (e == ERR_OK)
		e = db_query(s->db, &q_send_waiting,
		             DB_PARAMS(client, connection, db_int(MOST_FAILED)), NULL, s->arena,
		             &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		const struct send_fact f = {
			.id = db_get_uuid(&r, i, 0),
			.to = { .wa_id = db_get_text(&r, i, 2), .user_id = db_get_text(&r, i, 3) },
			.body = db_get_text(&r, i, 4),
			.reply_wamid = db_get_text(&r, i, 5),
			.at = db_get_time(&r, i, 6),
		};

		e = apply_failure(s, x->client_id, x->connection_id, &f, reason, answer, now_ms,
		                  events);
		event_batch_add(events, x->client_id, EVENT_CONVERSATION, db_get_uuid(&r, i, 1));
		db_row_uuid(rows, f.id);
	}
	if (e == ERR_OK)
		e = db_exec(s->db, &q_send_fail_waiting,
		            DB_PARAMS(db_text(str_from(reason)), db_time(now_ms)), rows, NULL);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		e = db_exec(s->db, &q_send_promote,
		            DB_PARAMS(client, db_uuid(db_get_uuid(&r, i, 1)), db_time(now_ms),
		                      db_time(now_ms)),
		            NULL, NULL);
	return e;
}

/* The message as its outcome says. */
static enum err
write_message(struct sending *x, const struct send_verdict *v, const struct graph_answer *answer,
              int64_t now_ms, struct event_batch *events)
{
	struct send_fact f = fact_of(x);
	enum err e = ERR_OK;

	if (v->act == SEND_TAKEN && answer != NULL) {
		e = apply_receipt(x, answer, now_ms, events);
		if (e == ERR_OK)
			e = connection_token_taken(x->s->db, x->client_id, x->connection_id,
			                           events);
	}
	if (v->act == SEND_FAILED)
		e = apply_failure(x->s, x->client_id, x->connection_id, &f, v->reason, answer,
		                  now_ms, events);
	if (e == ERR_OK && answer != NULL && answer->act == GRAPH_RECONNECT)
		e = connection_token_refused(x->s->db, x->client_id, x->connection_id, answer,
		                             now_ms, events);
	if (e == ERR_OK && v->hopeless)
		e = fail_waiting(x, v->reason, answer, now_ms, events);
	return e;
}

/* Whose turn is next: of the person, and of the number. */
static enum err
pass_on(struct sender *s, struct uuid client_id, struct uuid connection_id,
        struct uuid conversation_id, int64_t now_ms)
{
	const struct db_param client = db_uuid(client_id), conversation = db_uuid(conversation_id),
			      at = db_time(now_ms + SEND_PERSON_GAP_MS);
	enum err e = db_exec(s->db, &q_send_pause, DB_PARAMS(client, conversation, at), NULL, NULL);

	if (e == ERR_OK)
		e = db_exec(s->db, &q_send_promote,
		            DB_PARAMS(client, conversation, at, db_time(now_ms)), NULL, NULL);
	return e == ERR_OK ? set_line(s, client_id, connection_id, TIME_NONE, now_ms) : e;
}

/* What was refused was the token before: the one of now is to be tried. */
static enum err
refused_before(struct sending *x, const struct graph_answer *answer, bool *before)
{
	struct db_result r;
	enum err e;

	*before = false;
	if (answer == NULL || answer->act != GRAPH_RECONNECT)
		return ERR_OK;
	e = db_query(x->s->db, &q_send_token,
	             DB_PARAMS(db_uuid(x->client_id), db_uuid(x->connection_id)), NULL, x->s->arena,
	             &r);
	*before = e == ERR_OK && r.nrows > 0 && !db_is_null(&r, 0, 0) &&
	          !str_eq(db_get_text(&r, 0, 0), x->box);
	return e;
}

/* In a transaction. */
static enum err
write_outcome(struct sending *x, const struct send_verdict *v, const struct graph_answer *answer,
              int64_t now_ms)
{
	static const char *const words[] = { "accepted", "queued", "failed", "unknown" };
	struct sender *s = x->s;
	struct event_batch events;
	struct db_result r = { .nrows = 0 };
	enum err e = db_lane(s->db, x->client_id, true);

	event_batch_init(&events, s->arena);
	if (e == ERR_OK)
		e = write_message(x, v, answer, now_ms, &events);
	if (e == ERR_OK)
		e = db_query(s->db, &q_send_settle,
		             DB_PARAMS(db_uuid(x->client_id), db_uuid(x->text.id),
		                       db_uuid(s->o.owner), db_text(str_from(words[v->act])),
		                       db_text(v->reason == NULL ? STR_NONE : str_from(v->reason)),
		                       db_time(v->act == SEND_AGAIN ? v->next_try_at : TIME_NONE),
		                       db_time(now_ms)),
		             NULL, s->arena, &r);
	if (e == ERR_OK && r.nrows > 0) /* another one by now, if two people were one */
		x->conversation_id = db_get_uuid(&r, 0, 0);
	/* swept meanwhile: what the answer says of the message counts all the same */
	if (e == ERR_OK && r.nrows == 0)
		e = db_exec(s->db, &q_send_settle_late,
		            DB_PARAMS(db_uuid(x->client_id), db_uuid(x->text.id),
		                      db_text(str_from(words[v->act])), db_time(now_ms)),
		            NULL, NULL);
	else if (e == ERR_OK && v->act == SEND_AGAIN)
		e = set_line(s, x->client_id, x->connection_id, v->all ? v->next_try_at : TIME_NONE,
		             now_ms);
	else if (e == ERR_OK)
		e = pass_on(s, x->client_id, x->connection_id, x->conversation_id, now_ms);
	event_batch_add(&events, x->client_id, EVENT_CONVERSATION, x->conversation_id);
	return e == ERR_OK ? event_batch_store(&events, s->db, now_ms) : e;
}

enum err
send_store_settle(struct sending *x, const struct send_verdict *v,
                  const struct graph_answer *answer, int64_t now_ms)
{
	const struct send_verdict again = { .act = SEND_AGAIN,
		                            .reason = v->reason,
		                            .next_try_at = now_ms };
	bool before;
	enum err e = db_begin(x->s->db, DB_API);

	if (e != ERR_OK)
		return e;
	e = refused_before(x, answer, &before);
	if (e == ERR_OK)
		e = before ? write_outcome(x, &again, NULL, now_ms)
		           : write_outcome(x, v, answer, now_ms);
	return db_end(x->s->db, e);
}

static enum err
give_up(struct sender *s, const struct db_result *r, int64_t now_ms)
{
	struct uuid client_id = db_get_uuid(r, 0, 0), id = db_get_uuid(r, 0, 1), conversation_id;
	struct db_result given = { .nrows = 0 };
	enum err e = db_lane(s->db, client_id, true);

	if (e == ERR_OK)
		e = db_query(s->db, &q_send_give_up,
		             DB_PARAMS(db_uuid(client_id), db_uuid(id),
		                       db_text(send_key(s->arena, id)), db_time(now_ms)),
		             NULL, s->arena, &given);
	if (e != ERR_OK || given.nrows == 0)
		return e;
	conversation_id = db_get_uuid(&given, 0, 0);
	metrics_add(M_SENDS_UNKNOWN, 1);
	e = pass_on(s, client_id, db_get_uuid(r, 0, 2), conversation_id, now_ms);
	return e == ERR_OK
	               ? event_put(s->db, client_id, EVENT_CONVERSATION, conversation_id, now_ms)
	               : e;
}

static enum err
measure(struct sender *s)
{
	static const struct {
		const char *status;
		enum metric gauge;
	} gauges[] = { { "behind", M_SENDS_BEHIND },
		       { "queued", M_SENDS_QUEUED },
		       { "calling", M_SENDS_CALLING } };
	struct db_result r;
	enum err e = db_query(s->db, &q_send_depth, DB_NO_PARAMS, NULL, s->arena, &r);

	for (size_t g = 0; e == ERR_OK && g < sizeof gauges / sizeof gauges[0]; g++) {
		int64_t n = 0;

		for (size_t i = 0; i < r.nrows; i++)
			if (str_eq(db_get_text(&r, i, 0), str_from(gauges[g].status)))
				n = db_get_int(&r, i, 1);
		metrics_set(gauges[g].gauge, n);
	}
	return e;
}

enum err
send_store_sweep(struct sender *s, int64_t now_ms, bool *more)
{
	struct db_result r;
	enum err e = db_query(s->db, &q_send_lost, DB_PARAMS(db_time(now_ms)), NULL, s->arena, &r);

	if (e != ERR_OK || r.nrows == 0)
		return e == ERR_OK ? measure(s) : e;
	e = db_begin(s->db, DB_API);
	if (e == ERR_OK)
		e = db_end(s->db, give_up(s, &r, now_ms));
	*more = e == ERR_OK;
	return e;
}

static enum err
give_head(struct sender *s, const struct db_result *r, size_t row, int64_t now_ms)
{
	struct uuid client_id = db_get_uuid(r, row, 0);
	enum err e = db_begin(s->db, DB_API);

	if (e == ERR_OK) {
		e = db_lane(s->db, client_id, true);
		if (e == ERR_OK)
			e = pass_on(s, client_id, db_get_uuid(r, row, 1), db_get_uuid(r, row, 2),
			            now_ms);
		e = db_end(s->db, e);
	}
	return e;
}

enum err
send_store_tidy(struct sender *s, int64_t now_ms)
{
	struct db_result r;
	enum err e = db_exec(s->db, &q_send_pauses_forget, DB_PARAMS(db_time(now_ms)), NULL, NULL);

	if (e == ERR_OK)
		e = db_query(s->db, &q_send_headless, DB_PARAMS(db_int(MOST_HEADLESS)), NULL,
		             s->arena, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		e = give_head(s, &r, i, now_ms);
	return e;
}
