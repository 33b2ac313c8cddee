/*
 * Why: what is written down is paid for once. What always holds: a transcript, its events and the
 * analyses that it makes stale change together, under the client's lane; only who holds a row
 * writes its end.
 */
#include <stdlib.h>

#include "store/queries.h"
#include "sys/metrics.h"
#include "work/analysis_stale.h"
#include "work/event.h"
#include "work/transcriber_internal.h"

/* Longer than a call may take. */
#define HOLD_MORE_MS TIME_MINUTE

void
hearing_free(struct hearing *x)
{
	http_result_deinit(&x->result);
	free(x->mime);
	free(x);
}

static struct db_param
digest_of(const struct hearing *x)
{
	return db_bytes(str_n((const char *)x->digest, SHA256_LEN));
}

static void
take_row(struct hearing *x, const struct db_result *r)
{
	struct str mime = db_get_text(r, 0, 0);

	x->mime = strndup(mime.p, mime.n);
	if (x->mime == NULL)
		abort();
	x->tries = (unsigned)db_get_int(r, 0, 1);
}

enum err
transcript_claim(struct transcriber *t, int64_t now_ms, struct hearing **out)
{
	struct hearing *x;
	struct db_result r;
	struct str digest;
	enum err e =
		db_query(t->db, &q_transcript_pick, DB_PARAMS(db_time(now_ms)), NULL, t->arena, &r);

	*out = NULL;
	if (e != ERR_OK || r.nrows == 0)
		return e;
	x = calloc(1, sizeof(*x));
	if (x == NULL)
		abort();
	*x = (struct hearing){ .t = t,
		               .client_id = db_get_uuid(&r, 0, 0),
		               .until = now_ms + t->o.timeout_ms + HOLD_MORE_MS };
	digest = db_get_text(&r, 0, 1);
	memcpy(x->digest, digest.p, digest.n < SHA256_LEN ? digest.n : SHA256_LEN);
	e = db_query(t->db, &q_transcript_take,
	             DB_PARAMS(db_uuid(x->client_id), digest_of(x), db_uuid(t->o.owner),
	                       db_time(now_ms), db_time(x->until)),
	             NULL, t->arena, &r);
	if (e == ERR_OK && r.nrows > 0) {
		take_row(x, &r);
		*out = x;
	} else {
		hearing_free(x);
	}
	return e;
}

static struct db_param
count_param(int64_t n)
{
	return n < 0 ? db_null('i') : db_int(n);
}

/* Who has the file is told, and what was analysed without its words is stale. */
static enum err
tell(struct transcriber *t, struct uuid client_id, struct db_param digest, bool ready,
     int64_t now_ms, struct event_batch *events)
{
	struct analysis_stale stale;
	struct db_result r;
	enum err e = db_query(t->db, &q_transcript_messages, DB_PARAMS(db_uuid(client_id), digest),
	                      NULL, t->arena, &r);

	analysis_stale_init(&stale, t->arena, client_id, now_ms);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct uuid conversation = db_get_uuid(&r, i, 0);

		if (ready)
			analysis_stale_message(&stale, conversation, UUID_NIL,
			                       db_get_time(&r, i, 1));
		event_batch_add(events, client_id, EVENT_MEDIA, conversation);
	}
	if (e == ERR_OK && ready)
		e = analysis_stale_mark(t->db, &stale);
	if (stale.marked)
		event_batch_add(events, client_id, EVENT_ANALYSIS, UUID_NIL);
	return e;
}

static enum err
write_row(struct hearing *x, const struct transcript_verdict *v, const struct transcript *found,
          int64_t now_ms, int64_t *changed)
{
	struct transcriber *t = x->t;

	if (v->act == TRANSCRIPT_TAKE)
		return db_exec(t->db, &q_transcript_ready,
		               DB_PARAMS(db_uuid(x->client_id), digest_of(x), db_uuid(t->o.owner),
		                         db_text(found->text), db_text(t->o.model),
		                         count_param(found->input_tokens),
		                         count_param(found->output_tokens),
		                         count_param(found->milliseconds),
		                         db_int(found->cost_micro_usd), db_time(now_ms)),
		               NULL, changed);
	return db_exec(t->db, &q_transcript_not,
	               DB_PARAMS(db_uuid(x->client_id), digest_of(x), db_uuid(t->o.owner),
	                         db_text(str_from(v->reason)), db_bool(!v->spared),
	                         db_time(v->act == TRANSCRIPT_AGAIN ? v->next_try_at : TIME_NONE),
	                         db_time(now_ms)),
	               NULL, changed);
}

enum err
transcript_settle(struct hearing *x, const struct transcript_verdict *v,
                  const struct transcript *found, int64_t now_ms)
{
	struct transcriber *t = x->t;
	struct event_batch events;
	int64_t changed = 0;
	enum err e = db_begin(t->db, DB_APPLY);

	if (e != ERR_OK)
		return e;
	event_batch_init(&events, t->arena);
	e = db_lane(t->db, x->client_id, true);
	if (e == ERR_OK)
		e = write_row(x, v, found, now_ms, &changed);
	if (e == ERR_OK && changed == 0)
		e = ERR_CONFLICT;
	if (e == ERR_OK && v->act != TRANSCRIPT_AGAIN)
		e = tell(t, x->client_id, digest_of(x), v->act == TRANSCRIPT_TAKE, now_ms, &events);
	if (e == ERR_OK)
		e = event_batch_store(&events, t->db, now_ms);
	return db_end(t->db, e);
}

enum err
transcript_wanted(struct hearing *x, bool *wanted)
{
	struct db_result r;
	enum err e = db_query(x->t->db, &q_transcript_wanted,
	                      DB_PARAMS(db_uuid(x->client_id), digest_of(x)), NULL, x->t->arena,
	                      &r);

	if (e == ERR_OK)
		*wanted = db_get_bool(&r, 0, 0);
	return e;
}

enum err
transcript_tell(struct transcriber *t, int64_t now_ms, bool *told)
{
	struct event_batch events;
	struct db_result r;
	struct db_param client, digest;
	enum err e = db_query(t->db, &q_transcript_to_tell, DB_PARAMS(db_time(now_ms)), NULL,
	                      t->arena, &r);

	*told = e == ERR_OK && r.nrows > 0;
	if (!*told)
		return e;
	client = db_uuid(db_get_uuid(&r, 0, 0));
	digest = db_bytes(db_get_text(&r, 0, 1));
	event_batch_init(&events, t->arena);
	e = db_begin(t->db, DB_APPLY);
	if (e != ERR_OK)
		return e;
	e = db_lane(t->db, db_get_uuid(&r, 0, 0), true);
	if (e == ERR_OK)
		e = tell(t, db_get_uuid(&r, 0, 0), digest, true, now_ms, &events);
	if (e == ERR_OK)
		e = db_exec(t->db, &q_transcript_told, DB_PARAMS(client, digest), NULL, NULL);
	if (e == ERR_OK)
		e = event_batch_store(&events, t->db, now_ms);
	return db_end(t->db, e);
}

enum err
transcript_release(struct transcriber *t, int64_t now_ms)
{
	return db_exec(t->db, &q_transcript_release,
	               DB_PARAMS(db_uuid(t->o.owner), db_time(now_ms)), NULL, NULL);
}
