/*
 * Why: which media is fetched, by whom and with what end, must outlive the process. What always
 * holds: only who holds a row writes its end; a file that is told of is on the disk before.
 */
#include <stdlib.h>

#include "base/digest.h"
#include "core/transcript.h"
#include "store/queries.h"
#include "sys/log.h"
#include "sys/metrics.h"
#include "work/connection_token.h"
#include "work/event.h"
#include "work/media_internal.h"

#define ONE_ARENA      ((size_t)4 << 20)
#define EXPIRE_AT_ONCE 500

void
medium_free(struct medium *x)
{
	media_file_drop(&x->file);
	http_result_deinit(&x->result);
	arena_free(x->arena);
	free(x);
}

/* STR_NONE too if it cannot be opened: the key was changed. */
static struct str
open_token(const struct medium *x, struct str box)
{
	char text[UUID_TEXT_LEN + 1];
	struct str plain;

	uuid_format(x->connection_id, text);
	if (!str_is_set(box) ||
	    secretbox_open(x->arena, x->mf->o.keys,
	                   str_fmt(x->arena, "connections/%s/access_token", text), box,
	                   &plain) != ERR_OK)
		return STR_NONE;
	return plain;
}

static enum err
load(struct medium *x)
{
	struct str expected;
	struct db_result r;
	enum err e = db_query(x->mf->db, &q_media_load,
	                      DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id)), NULL, x->arena, &r);

	if (e != ERR_OK || r.nrows == 0)
		return e == ERR_OK ? ERR_CONFLICT : e;
	x->connection_id = db_get_uuid(&r, 0, 0);
	x->meta_id = db_get_text(&r, 0, 1);
	x->conversation_id = db_get_uuid(&r, 0, 2);
	x->history = db_get_bool(&r, 0, 3);
	x->mime = db_get_text(&r, 0, 4);
	expected = db_get_text(&r, 0, 5);
	x->told = expected.n == SHA256_LEN;
	if (x->told)
		memcpy(x->expected, expected.p, SHA256_LEN);
	x->received_at = db_get_time(&r, 0, 6);
	x->tries = (unsigned)db_get_int(&r, 0, 7);
	x->wrong = (unsigned)db_get_int(&r, 0, 8);
	x->token = open_token(x, db_get_text(&r, 0, 9));
	x->token_failed = db_get_bool(&r, 0, 10);
	x->same_bytes = db_is_null(&r, 0, 11) ? -1 : db_get_int(&r, 0, 11);
	x->reason_before = db_get_text(&r, 0, 12);
	return ERR_OK;
}

enum err
media_claim(struct media_fetcher *mf, bool history, int64_t now_ms, struct medium **out, bool *none)
{
	struct medium *x;
	struct db_result r;
	int64_t changed = 0;
	enum err e = db_query(mf->db, &q_media_pick, DB_PARAMS(db_time(now_ms), db_bool(history)),
	                      NULL, mf->arena, &r);

	*out = NULL;
	*none = e == ERR_OK && r.nrows == 0;
	if (e != ERR_OK || *none)
		return e;
	x = calloc(1, sizeof(*x));
	if (x == NULL)
		abort();
	*x = (struct medium){ .mf = mf,
		              .arena = arena_new(ONE_ARENA),
		              .client_id = db_get_uuid(&r, 0, 0),
		              .id = db_get_uuid(&r, 0, 1),
		              .size = -1,
		              .pause_until = TIME_NONE };
	e = db_begin(mf->db, DB_API);
	if (e == ERR_OK) {
		e = db_exec(mf->db, &q_media_take,
		            DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id), db_uuid(mf->o.owner),
		                      db_time(now_ms), db_time(now_ms + MEDIA_LEASE_MS)),
		            NULL, &changed);
		if (e == ERR_OK && changed > 0)
			e = load(x);
		e = db_end(mf->db, e);
	}
	if (e == ERR_OK && changed > 0)
		*out = x;
	else
		medium_free(x);
	return e == ERR_CONFLICT ? ERR_OK : e;
}

enum err
media_same(struct media_fetcher *mf, struct uuid client_id, const unsigned char digest[SHA256_LEN],
           int64_t *bytes)
{
	struct str d = str_n((const char *)digest, SHA256_LEN);
	struct db_result r;
	enum err e = db_query(mf->db, &q_media_same, DB_PARAMS(db_uuid(client_id), db_bytes(d)),
	                      NULL, mf->arena, &r);

	if (e == ERR_OK)
		*bytes = r.nrows == 0 ? -1 : db_get_int(&r, 0, 0);
	return e;
}

static struct db_param
word(const char *z)
{
	return db_text(z == NULL ? STR_NONE : str_from(z));
}

static enum err
store_ready(struct medium *x, int64_t now_ms, int64_t *changed)
{
	struct str digest = str_n((const char *)x->digest, SHA256_LEN);
	int64_t fresh = 0;
	enum err e = db_exec(x->mf->db, &q_media_ready,
	                     DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id),
	                               db_uuid(x->mf->o.owner), db_bytes(digest), db_int(x->bytes),
	                               db_text(x->mime), db_time(now_ms)),
	                     NULL, changed);

	if (e == ERR_OK && *changed > 0 && !x->linked)
		e = db_exec(x->mf->db, &q_media_file_put,
		            DB_PARAMS(db_bytes(digest), db_int(x->bytes), db_time(now_ms)), NULL,
		            &fresh);
	if (e == ERR_OK && *changed > 0 && x->mf->o.transcribe && transcript_is_audio(x->mime))
		e = db_exec(x->mf->db, &q_transcript_put,
		            DB_PARAMS(db_uuid(x->client_id), db_bytes(digest), db_text(x->mime),
		                      db_time(now_ms)),
		            NULL, NULL);
	if (e == ERR_OK && fresh > 0) {
		e = db_exec(x->mf->db, &q_media_use_add, DB_PARAMS(db_int(x->bytes)), NULL, NULL);
		x->mf->used += x->bytes; /* asked for again before long */
		metrics_set(M_MEDIA_STORED_BYTES, x->mf->used);
	}
	return e;
}

static enum err
store_end(struct medium *x, int64_t now_ms, int64_t *changed)
{
	switch (x->end) {
	case MEDIUM_READY:
		return store_ready(x, now_ms, changed);
	case MEDIUM_NEVER:
		return db_exec(x->mf->db, &q_media_unavailable,
		               DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id),
		                         db_uuid(x->mf->o.owner), word(x->reason), db_time(now_ms)),
		               NULL, changed);
	case MEDIUM_LATER:
		break;
	}
	return db_exec(x->mf->db, &q_media_later,
	               DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id), db_uuid(x->mf->o.owner),
	                         word(x->reason), db_int(x->tries), db_int(x->wrong),
	                         db_time(x->at), db_time(now_ms)),
	               NULL, changed);
}

/* What was learnt of the connection. */
static enum err
store_connection(struct medium *x, int64_t now_ms, struct event_batch *events)
{
	struct db *db = x->mf->db;
	enum err e = ERR_OK;

	if (x->pause_until != TIME_NONE)
		e = db_exec(db, &q_media_pause,
		            DB_PARAMS(db_uuid(x->client_id), db_uuid(x->connection_id),
		                      db_time(x->pause_until),
		                      db_bool(x->refused && connection_token_is_meant(&x->answer))),
		            NULL, NULL);
	if (e == ERR_OK && x->refused)
		e = connection_token_refused(db, x->client_id, x->connection_id, &x->answer, now_ms,
		                             events);
	else if (e == ERR_OK && x->taken && x->token_failed)
		e = connection_token_taken(db, x->client_id, x->connection_id, events);
	return e;
}

/* The others of the connection need not say it again. */
static void
note_token(struct medium *x)
{
	for (struct medium *y = x->mf->first; y != NULL; y = y->next)
		if (uuid_eq(y->connection_id, x->connection_id) && (x->refused || x->taken))
			y->token_failed = x->refused;
}

static void
count(const struct medium *x)
{
	if (x->end == MEDIUM_NEVER)
		metrics_add(M_MEDIA_UNAVAILABLE, 1);
	else if (x->end == MEDIUM_LATER)
		metrics_add(M_MEDIA_RETRIED, 1);
	else if (x->linked)
		metrics_add(M_MEDIA_LINKED, 1);
	else
		metrics_add(M_MEDIA_DOWNLOADED, 1);
}

enum err
media_settle(struct medium *x, int64_t now_ms)
{
	struct media_fetcher *mf = x->mf;
	struct event_batch events;
	int64_t changed = 0;
	enum err e = db_begin(mf->db, DB_API);

	if (e != ERR_OK)
		return e;
	event_batch_init(&events, mf->arena);
	e = store_end(x, now_ms, &changed);
	if (e == ERR_OK && changed == 0)
		e = ERR_CONFLICT;
	if (e == ERR_OK)
		e = store_connection(x, now_ms, &events);
	/* tried again for the reason that is shown, it is as it was */
	if (e == ERR_OK &&
	    (x->end != MEDIUM_LATER || !str_eq(x->reason_before, str_from(x->reason))))
		event_batch_add(&events, x->client_id, EVENT_MEDIA, x->conversation_id);
	if (e == ERR_OK)
		e = event_batch_store(&events, mf->db, now_ms);
	e = db_end(mf->db, e);
	if (e == ERR_OK) {
		note_token(x);
		count(x);
	}
	return e;
}

enum err
media_drop(struct medium *x, int64_t at)
{
	return db_exec(x->mf->db, &q_media_drop,
	               DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id), db_uuid(x->mf->o.owner),
	                         db_time(at)),
	               NULL, NULL);
}

enum err
media_hold(struct media_fetcher *mf, int64_t now_ms)
{
	return db_exec(mf->db, &q_media_hold,
	               DB_PARAMS(db_uuid(mf->o.owner), db_time(now_ms + MEDIA_LEASE_MS)), NULL,
	               NULL);
}

enum err
media_expire(struct media_fetcher *mf, int64_t now_ms, bool *more)
{
	struct event_batch events;
	struct db_rows *rows;
	struct db_result r;
	enum err e = db_query(mf->db, &q_media_expired,
	                      DB_PARAMS(db_time(now_ms - MEDIA_LIFE_MS), db_int(EXPIRE_AT_ONCE)),
	                      NULL, mf->arena, &r);

	*more = e == ERR_OK && r.nrows == EXPIRE_AT_ONCE;
	if (e != ERR_OK || r.nrows == 0)
		return e;
	rows = db_rows_new(mf->arena, &q_media_expire);
	event_batch_init(&events, mf->arena);
	for (size_t i = 0; i < r.nrows; i++) {
		struct uuid client_id = db_get_uuid(&r, i, 0);

		db_row_uuid(rows, client_id);
		db_row_uuid(rows, db_get_uuid(&r, i, 1));
		event_batch_add(&events, client_id, EVENT_MEDIA, db_get_uuid(&r, i, 2));
	}
	e = db_begin(mf->db, DB_API);
	if (e != ERR_OK)
		return e;
	e = db_exec(mf->db, &q_media_expire, DB_PARAMS(db_time(now_ms)), rows, NULL);
	if (e == ERR_OK)
		e = event_batch_store(&events, mf->db, now_ms);
	e = db_end(mf->db, e);
	if (e == ERR_OK)
		metrics_add(M_MEDIA_UNAVAILABLE, (int64_t)r.nrows);
	return e;
}

enum err
media_count(struct media_fetcher *mf)
{
	struct db_result depth, use;
	enum err e = db_query(mf->db, &q_media_depth, DB_NO_PARAMS, NULL, mf->arena, &depth);

	if (e == ERR_OK)
		e = db_query(mf->db, &q_media_use, DB_NO_PARAMS, NULL, mf->arena, &use);
	if (e != ERR_OK)
		return e;
	mf->used = use.nrows == 0 ? 0 : db_get_int(&use, 0, 0);
	metrics_set(M_MEDIA_WAITING, db_get_int(&depth, 0, 0));
	metrics_set(M_MEDIA_STORED_BYTES, mf->used);
	metrics_set(M_MEDIA_NO_ROOM, mf->no_room != NULL);
	return ERR_OK;
}

enum err
media_release(struct media_fetcher *mf, int64_t now_ms)
{
	return db_exec(mf->db, &q_media_release, DB_PARAMS(db_uuid(mf->o.owner), db_time(now_ms)),
	               NULL, NULL);
}
