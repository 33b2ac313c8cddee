/*
 * Why: whoever waits for a history sees how far it is, what came, what is missing and what was
 * said.
 *
 * What always holds: it tells of the connection's current run only; a gap is a chunk number between
 * two that came in the same phase.
 */
#include "api/connections.h"
#include "store/queries.h"

#define MAX_CHUNKS 10000
#define MAX_GAPS   1000
#define MAX_LOG    200

static const struct {
	const char *action, *text;
} texts[] = {
	{ "connection.registered", "The number was registered." },
	{ "connection.onboarded", "The number was connected." },
	{ "connection.reconnected", "The number was connected again." },
	{ "connection.onboarding_failed", "Connecting the number failed." },
	{ "connection.changed", "The connection was changed." },
	{ "connection.secret", "The connection got a webhook URL of its own." },
	{ "connection.released", "Entries that were parked were released." },
	{ "connection.status", "The connection's status changed." },
	{ "history_sync.started", "History began to arrive." },
	{ "history_sync.syncing", "History began to arrive." },
	{ "history_sync.completed", "The history is complete." },
	{ "history_sync.declined", "The business did not share its history." },
	{ "history_sync.failed", "The history sync failed." },
	{ "history_sync.alert", "No history came in time after it was requested." },
};

static struct str
text_of(struct str action)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (str_eq(action, str_from(texts[i].action)))
			return str_from(texts[i].text);
	return action;
}

static void
write_run(struct api_call *c, const struct db_result *r)
{
	struct sync_shown s = connection_sync(c, r, 0);
	struct jw *w = &c->w;

	jw_key(w, "run");
	if (db_is_null(r, 0, K_RUN_ID)) {
		jw_null(w);
		return;
	}
	jw_obj(w);
	jw_kuuid(w, "id", db_get_uuid(r, 0, K_RUN_ID));
	jw_kuuid(w, "connectionId", db_get_uuid(r, 0, K_ID));
	jw_kz(w, "status", s.status);
	jw_kstr(w, "phase", db_get_text(r, 0, K_PHASE));
	if (db_is_null(r, 0, K_CHUNK_ORDER))
		jw_knull(w, "chunkOrder");
	else
		jw_ki64(w, "chunkOrder", db_get_int(r, 0, K_CHUNK_ORDER));
	if (db_is_null(r, 0, K_PROGRESS))
		jw_knull(w, "progress");
	else
		jw_ki64(w, "progress", db_get_int(r, 0, K_PROGRESS));
	jw_ktime(w, "requestedAt", s.requested_at);
	jw_ktime(w, "firstPayloadAt", db_get_time(r, 0, K_FIRST_CHUNK_AT));
	jw_ktime(w, "lastPayloadAt", db_get_time(r, 0, K_LAST_CHUNK_AT));
	jw_ktime(w, "completedAt", s.completed_at);
	connection_write_code(w, "errorCode", &s);
	jw_kstr(w, "errorReason", connection_error_reason(&s));
	jw_kstr(w, "errorMessage", connection_error_text(&s));
	jw_key(w, "counters");
	connection_write_counters(w, r, 0, &s);
	jw_obj_end(w);
}

static void
write_chunks(struct jw *w, const struct db_result *r)
{
	jw_key(w, "chunks");
	jw_arr(w);
	for (size_t i = 0; i < r->nrows; i++) {
		jw_obj(w);
		jw_kstr(w, "phase", db_get_text(r, i, 0));
		jw_ki64(w, "chunkOrder", db_get_int(r, i, 1));
		if (db_is_null(r, i, 2))
			jw_knull(w, "progress");
		else
			jw_ki64(w, "progress", db_get_int(r, i, 2));
		jw_ki64(w, "messages", db_get_int(r, i, 3));
		jw_ktime(w, "receivedAt", db_get_time(r, i, 4));
		jw_ki64(w, "problems", db_get_int(r, i, 5));
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

/* The rows come by phase and order. */
static void
write_gaps(struct jw *w, const struct db_result *r)
{
	size_t gaps = 0;

	jw_key(w, "gaps");
	jw_arr(w);
	for (size_t i = 1; i < r->nrows && gaps < MAX_GAPS; i++) {
		int64_t last = db_get_int(r, i - 1, 1), next = db_get_int(r, i, 1);

		if (!str_eq(db_get_text(r, i - 1, 0), db_get_text(r, i, 0)) || last < 0 ||
		    next - last < 2)
			continue;
		jw_obj(w);
		jw_kstr(w, "phase", db_get_text(r, i, 0));
		jw_ki64(w, "from", last + 1);
		jw_ki64(w, "to", next - 1);
		jw_obj_end(w);
		gaps++;
	}
	jw_arr_end(w);
}

static void
write_log(struct jw *w, const struct db_result *r)
{
	jw_key(w, "log");
	jw_arr(w);
	for (size_t i = r->nrows; i > 0; i--) { /* read newest first, shown oldest first */
		jw_obj(w);
		jw_ktime(w, "at", db_get_time(r, i - 1, 0));
		jw_kstr(w, "code", db_get_text(r, i - 1, 1));
		jw_kstr(w, "text", text_of(db_get_text(r, i - 1, 1)));
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

static enum err
write_document(struct api_call *c)
{
	struct db_param client = db_uuid(c->client_id), id = db_uuid(c->subject);
	struct db_result r, chunks, log;
	enum err e = db_query(c->rd, &q_api_connection_one, DB_PARAMS(client, id), NULL, c->a, &r);

	if (e == ERR_OK && r.nrows == 0)
		return ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_chunk_list,
		             DB_PARAMS(client, db_uuid(db_get_uuid(&r, 0, K_RUN_ID)),
		                       db_int(MAX_CHUNKS)),
		             NULL, c->a, &chunks);
	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_connection_log, DB_PARAMS(client, id, db_int(MAX_LOG)),
		             NULL, c->a, &log);
	if (e != ERR_OK)
		return e;
	jw_obj(&c->w);
	write_run(c, &r);
	write_chunks(&c->w, &chunks);
	write_gaps(&c->w, &chunks);
	write_log(&c->w, &log);
	jw_obj_end(&c->w);
	return ERR_OK;
}

enum err
history_sync_get(struct api_call *c)
{
	enum err e = db_begin_read(c->rd);

	if (e != ERR_OK)
		return e;
	e = write_document(c);
	db_rollback(c->rd);
	return e;
}
