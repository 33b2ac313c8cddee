/*
 * Why: what is wrong is read from rows that others write for reasons of their own; nobody has to
 * remember to raise an alert. What always holds: one statement a kind, whatever there is; a detail
 * holds codes, counts and times, never what a person or Meta wrote.
 */
#include "base/json.h"
#include "store/queries.h"
#include "work/alerter_internal.h"

#define DETAIL_MAX 512

/* The installation, as what an alert is about. */
static struct uuid
installation(void)
{
	return uuid_v7_floor(0);
}

static struct alert *
want(struct alerter *al, enum alert_kind kind, struct uuid about, int64_t since)
{
	struct alert *x = ARENA_ADD(al->arena, al->wanted, al->nwanted, al->wanted_cap);

	*x = (struct alert){ .kind = kind, .about = about, .since = since };
	return x;
}

/* Columns 0…3: client, slug, connection, since. */
static struct alert *
want_connection(struct alerter *al, enum alert_kind kind, const struct db_result *r, size_t i,
                int64_t now_ms)
{
	int64_t since = db_get_time(r, i, 3);
	struct alert *x = want(al, kind, db_get_uuid(r, i, 2),
	                       since == TIME_NONE || since > now_ms ? now_ms : since);

	x->client_id = db_get_uuid(r, i, 0);
	x->slug = db_get_text(r, i, 1);
	x->connection_id = x->about;
	return x;
}

static void
detail_begin(struct alerter *al, struct buf *b, struct jw *w)
{
	buf_init(b, al->arena, DETAIL_MAX);
	jw_init(w, b);
	jw_obj(w);
}

static struct str
detail_end(struct buf *b, struct jw *w)
{
	jw_obj_end(w);
	return buf_slice(b);
}

static enum err
tokens(struct alerter *al, int64_t now_ms)
{
	struct db_result r;
	enum err e = db_query(al->db, &q_alerts_tokens, DB_NO_PARAMS, NULL, al->arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct alert *x = want_connection(al, ALERT_TOKEN_REFUSED, &r, i, now_ms);
		struct buf b;
		struct jw w;

		detail_begin(al, &b, &w);
		if (db_is_null(&r, i, 4))
			jw_knull(&w, "code");
		else
			jw_ki64(&w, "code", db_get_int(&r, i, 4));
		jw_kstr(&w, "reason", db_get_text(&r, i, 5)); /* a word of core/graph.h */
		x->detail = detail_end(&b, &w);
	}
	return e;
}

static enum err
disconnected(struct alerter *al, int64_t now_ms)
{
	struct db_result r;
	enum err e = db_query(al->db, &q_alerts_disconnected, DB_NO_PARAMS, NULL, al->arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct alert *x = want_connection(al, ALERT_DISCONNECTED, &r, i, now_ms);
		struct buf b;
		struct jw w;

		detail_begin(al, &b, &w);
		jw_kstr(&w, "status", db_get_text(&r, i, 4));
		jw_kstr(&w, "reason", alert_code(db_get_text(&r, i, 5)));
		x->detail = detail_end(&b, &w);
	}
	return e;
}

static enum err
history(struct alerter *al, int64_t now_ms)
{
	struct db_result r;
	enum err e = db_query(al->db, &q_alerts_history, DB_NO_PARAMS, NULL, al->arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct alert *x = want_connection(al, ALERT_HISTORY_LATE, &r, i, now_ms);
		struct buf b;
		struct jw w;

		detail_begin(al, &b, &w);
		jw_ktime(&w, "requestedAt", db_get_time(&r, i, 4));
		x->detail = detail_end(&b, &w);
	}
	return e;
}

/* A blocked committer is seen by its process alone, which holds the alert as long as it sees it. */
static enum err
journal(struct alerter *al, int64_t now_ms)
{
	const struct alert *old = alerter_stored(al, ALERT_JOURNAL_STUCK, installation());
	int64_t blocked = al->o.blocked_ms == NULL ? 0 : al->o.blocked_ms(al->o.ctx), oldest;
	struct db_result r;
	struct alert *x;
	struct buf b;
	struct jw w;
	enum err e = db_query(al->db, &q_api_ready_oldest, DB_PARAMS(db_time(now_ms)), NULL,
	                      al->arena, &r);

	if (e != ERR_OK)
		return e;
	oldest = r.nrows == 0 ? TIME_NONE : db_get_time(&r, 0, 0);
	if (blocked <= ALERT_BLOCKED_MS &&
	    !alert_journal_late(oldest, now_ms, old != NULL && old->firing))
		return ERR_OK;
	x = want(al, ALERT_JOURNAL_STUCK, installation(),
	         oldest != TIME_NONE && oldest < now_ms ? oldest : now_ms);
	x->mine = blocked > ALERT_BLOCKED_MS;
	detail_begin(al, &b, &w);
	jw_ki64(&w, "oldestSeconds",
	        oldest != TIME_NONE && oldest < now_ms ? (now_ms - oldest) / TIME_SECOND : 0);
	jw_kbool(&w, "blocked", x->mine);
	x->detail = detail_end(&b, &w);
	return ERR_OK;
}

static enum err
imports(struct alerter *al, int64_t now_ms)
{
	struct db_result r;
	enum err e = db_query(al->db, &q_alerts_imports,
	                      DB_PARAMS(db_time(now_ms), db_int(ALERT_IMPORT_RUNS)), NULL,
	                      al->arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		const struct alert_import v = { .set_up_at = db_get_time(&r, i, 2),
			                        .succeeded_at = db_get_time(&r, i, 3),
			                        .failed = db_get_int(&r, i, 4),
			                        .running = db_get_bool(&r, i, 5),
			                        .every_ms = al->o.import_every_ms,
			                        .watched_from = al->began_at };
		struct uuid client = db_get_uuid(&r, i, 0);
		const struct alert *old = alerter_stored(al, ALERT_IMPORT_FAILING, client);
		struct alert *x;
		struct buf b;
		struct jw w;

		if (!alert_import_fails(&v, old != NULL && old->firing ? old->since : TIME_NONE,
		                        now_ms))
			continue;
		x = want(al, ALERT_IMPORT_FAILING, client, alert_import_since(&v));
		x->client_id = client;
		x->slug = db_get_text(&r, i, 1);
		detail_begin(al, &b, &w);
		jw_ki64(&w, "failedRuns", v.failed);
		jw_ktime(&w, "lastSuccessAt", v.succeeded_at);
		x->detail = detail_end(&b, &w);
	}
	return e;
}

enum err
alert_facts_read(struct alerter *al, int64_t now_ms)
{
	static enum err (*const kinds[])(struct alerter *, int64_t) = { tokens, disconnected,
		                                                        history, journal, imports };
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		e = kinds[i](al, now_ms);
	return e;
}
