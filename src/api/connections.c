/*
 * Why: a connection is an inlet: registered, changed, given its own webhook URL, disconnected.
 *
 * What always holds: a number has one live connection in the whole installation, a WABA those of
 * one client; access tokens are sealed and never come out; only the operator lets parked entries go
 * to a number that was registered by hand, by registering it himself (the housekeeping sees that
 * within a second) or by a word for it.
 */
#include "api/connections.h"
#include "base/digest.h"
#include "core/wa_rules.h"
#include "store/queries.h"
#include "work/event.h"
#include "work/sync_status.h"

#define RELEASE_PARTS 2000 /* per transaction */

static struct sync_view
view_of(const struct db_result *r, size_t row)
{
	bool full = !db_is_null(r, row, K_FULL_AT);

	return (struct sync_view){
		.cloud_api = str_eq(db_get_text(r, row, K_MODE), STR("cloud_api")),
		.history_requested = db_get_bool(r, row, K_RUN_REQUESTED),
		.started_at = db_get_time(
			r, row, db_is_null(r, row, K_REQUESTED_AT) ? K_STARTED_AT : K_REQUESTED_AT),
		.progress = db_is_null(r, row, K_PROGRESS) ? -1
		                                           : (int)db_get_int(r, row, K_PROGRESS),
		.has_chunk = !db_is_null(r, row, K_FIRST_CHUNK_AT),
		.disconnected = db_get_bool(r, row, K_DISCONNECTED),
		.too_late = !db_is_null(r, row, K_TOO_LATE_AT),
		.declined = !db_is_null(r, row, K_DECLINED_AT),
		.has_state_sync = !db_is_null(r, row, K_STATE_SYNC_AT),
		.completed = db_get_bool(r, row, K_COMPLETED),
		.chunks_waiting = full && !db_get_bool(r, row, K_COMPLETED),
	};
}

struct sync_shown
connection_sync(struct api_call *c, const struct db_result *r, size_t row)
{
	struct sync_shown s = {
		.status = "not_requested",
		.requested_at = TIME_NONE,
		.started_at = TIME_NONE,
		.completed_at = TIME_NONE,
	};
	struct sync_view v;
	struct str doc = STR_NONE;

	if (db_is_null(r, row, K_RUN_NO))
		return s;
	v = view_of(r, row);
	s.status = wa_sync_status(&v, c->now);
	s.started_at = db_get_time(r, row, K_STARTED_AT);
	if (v.has_chunk && db_get_time(r, row, K_FIRST_CHUNK_AT) < s.started_at)
		s.started_at = db_get_time(r, row, K_FIRST_CHUNK_AT);
	s.requested_at = db_get_time(r, row, K_REQUESTED_AT);
	if (strcmp(s.status, "completed") == 0)
		s.completed_at = db_get_time(r, row, K_FULL_AT);
	if (strcmp(s.status, "failed") == 0)
		doc = db_get_text(r, row, K_FAILURE);
	else if (strcmp(s.status, "declined") == 0)
		doc = db_get_text(r, row, K_DECLINED);
	if (str_is_set(doc) && json_parse(c->a, doc, &s.error) != ERR_OK)
		s.error = NULL;
	s.failed_chunks = db_get_int(r, row, K_FAILED_CHUNKS);
	return s;
}

/* Code of the run's error; -1 if there is none. */
static int64_t
error_code(const struct sync_shown *s)
{
	int64_t code = -1;

	return json_i64(json_get(s->error, "code"), &code) ? code : -1;
}

/* What we say where Meta says nothing. NULL: nothing went wrong. */
static const char *
own_reason(const struct sync_shown *s)
{
	if (strcmp(s->status, "failed") == 0)
		return "no_history";
	if (strcmp(s->status, "declined") == 0)
		return "declined";
	return s->failed_chunks > 0 ? "chunks_failed" : NULL;
}

struct str
connection_error_reason(const struct sync_shown *s)
{
	return str_is_set(json_str(json_get(s->error, "message"))) ? STR_NONE
	                                                           : str_from(own_reason(s));
}

struct str
connection_error_text(const struct sync_shown *s)
{
	static const struct {
		const char *reason, *text;
	} texts[] = {
		{ "no_history", "No history came within 24 hours of the request." },
		{ "declined", "The business did not share its history." },
		{ "chunks_failed", "Some chunks could not be applied; replay them." },
	};
	struct str message = json_str(json_get(s->error, "message"));
	const char *reason = own_reason(s);

	for (size_t i = 0; !str_is_set(message) && reason != NULL && i < 3; i++)
		if (strcmp(reason, texts[i].reason) == 0)
			message = str_from(texts[i].text);
	return message;
}

void
connection_write_code(struct jw *w, const char *key, const struct sync_shown *s)
{
	int64_t code = error_code(s);

	if (code >= 0)
		jw_ki64(w, key, code);
	else
		jw_knull(w, key);
}

void
connection_write_counters(struct jw *w, const struct db_result *r, size_t row,
                          const struct sync_shown *s)
{
	int64_t end = s->completed_at != TIME_NONE ? s->completed_at
	                                           : db_get_time(r, row, K_LAST_CHUNK_AT);

	jw_obj(w);
	jw_ki64(w, "messagesImported", db_get_int(r, row, K_MESSAGES_IMPORTED));
	jw_ki64(w, "messagesDuplicate", db_get_int(r, row, K_MESSAGES_DUPLICATE));
	jw_ki64(w, "messagesFailed", db_get_int(r, row, K_MESSAGES_FAILED));
	jw_ki64(w, "contactsImported", db_get_int(r, row, K_CONTACTS));
	jw_ki64(w, "threads", db_get_int(r, row, K_THREADS));
	jw_ki64(w, "chunks", db_get_int(r, row, K_CHUNKS));
	if (end == TIME_NONE || s->started_at == TIME_NONE)
		jw_knull(w, "durationSeconds");
	else
		jw_ki64(w, "durationSeconds", (end - s->started_at) / TIME_SECOND);
	jw_obj_end(w);
}

static void
write_sync(struct api_call *c, const struct db_result *r, size_t row)
{
	struct sync_shown s = connection_sync(c, r, row);
	struct str text = connection_error_text(&s);
	struct jw *w = &c->w;

	jw_kbool(w, "hasAccessToken", db_get_bool(r, row, K_HAS_TOKEN));
	jw_kbool(w, "historySyncRequested", db_get_bool(r, row, K_REQUESTED));
	jw_kz(w, "historySyncStatus", s.status);
	jw_ktime(w, "historySyncStartedAt", s.started_at);
	jw_ktime(w, "historySyncCompletedAt", s.completed_at);
	if (db_is_null(r, row, K_PROGRESS))
		jw_knull(w, "historySyncProgress");
	else
		jw_ki64(w, "historySyncProgress", db_get_int(r, row, K_PROGRESS));
	jw_kstr(w, "historySyncPhase", db_get_text(r, row, K_PHASE));
	if (db_is_null(r, row, K_CHUNK_ORDER))
		jw_knull(w, "historySyncChunkOrder");
	else
		jw_ki64(w, "historySyncChunkOrder", db_get_int(r, row, K_CHUNK_ORDER));
	jw_key(w, "historySyncError");
	if (str_is_set(text)) {
		jw_obj(w);
		connection_write_code(w, "code", &s);
		jw_kstr(w, "reason", connection_error_reason(&s));
		jw_kstr(w, "message", text);
		jw_ki64(w, "failedChunks", s.failed_chunks);
		jw_obj_end(w);
	} else {
		jw_null(w);
	}
	jw_key(w, "historyCounters");
	connection_write_counters(w, r, row, &s);
	jw_ki64(w, "historyLeadsWithNewMessage", db_get_int(r, row, K_LEADS_WITH_NEW));
}

/* What only a WhatsApp connection has. */
static const char *const whatsapp_only[] = {
	"hasAccessToken",       "historySyncRequested",       "historySyncStatus",
	"historySyncStartedAt", "historySyncProgress",        "historySyncCompletedAt",
	"historySyncPhase",     "historySyncError",           "historySyncChunkOrder",
	"historyCounters",      "historyLeadsWithNewMessage",
};

static bool
is_helpdesk(const struct db_result *r, size_t row)
{
	return str_eq(db_get_text(r, row, K_KIND), STR("helpdesk"));
}

static void
write_connection(struct api_call *c, const struct db_result *r, size_t row)
{
	struct jw *w = &c->w;

	jw_obj(w);
	jw_kuuid(w, "id", db_get_uuid(r, row, K_ID));
	jw_kstr(w, "clientSlug", c->client_slug);
	jw_kstr(w, "kind", db_get_text(r, row, K_KIND));
	jw_kstr(w, "mode", db_get_text(r, row, K_MODE));
	jw_kstr(w, "status", db_get_text(r, row, K_STATUS));
	jw_kstr(w, "phoneNumberId", db_get_text(r, row, K_NUMBER));
	jw_kstr(w, "wabaId", db_get_text(r, row, K_WABA));
	jw_kstr(w, "displayPhoneNumber", db_get_text(r, row, K_DISPLAY));
	jw_kstr(w, "verifiedName", db_get_text(r, row, K_NAME));
	if (!is_helpdesk(r, row))
		write_sync(c, r, row);
	for (size_t i = 0;
	     is_helpdesk(r, row) && i < sizeof(whatsapp_only) / sizeof(*whatsapp_only); i++)
		jw_knull(w, whatsapp_only[i]);
	jw_kstr(w, "statusReason", db_get_text(r, row, K_REASON));
	jw_ktime(w, "lastWebhookAt", db_get_time(r, row, K_WEBHOOK_AT));
	jw_ktime(w, "createdAt", db_get_time(r, row, K_CREATED_AT));
	jw_obj_end(w);
}

enum err
connection_write_one(struct api_call *c, struct uuid id)
{
	struct db_result r;
	enum err e = db_query(c->rd, &q_api_connection_one,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(id)), NULL, c->a, &r);

	if (e != ERR_OK)
		return e;
	if (r.nrows == 0)
		return ERR_NOT_FOUND;
	write_connection(c, &r, 0);
	return ERR_OK;
}

enum err
connections_get(struct api_call *c)
{
	enum err e;

	jw_obj(&c->w);
	jw_key(&c->w, "connection");
	e = connection_write_one(c, c->subject);
	jw_obj_end(&c->w);
	return e;
}

enum err
connections_list(struct api_call *c)
{
	struct api_cursor k = { .list = 'n' };
	struct db_result r;
	size_t shown;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_connection_list,
		             DB_PARAMS(db_uuid(c->client_id), db_uuid(k.id),
		                       db_int((int64_t)arg_limit(c) + 1)),
		             NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	shown = api_page_rows(c, &r);
	api_list_begin(c);
	for (size_t i = 0; i < shown; i++)
		write_connection(c, &r, i);
	if (shown < r.nrows)
		k.id = db_get_uuid(&r, shown - 1, K_ID);
	api_list_end(c, shown < r.nrows ? &k : NULL);
	return ERR_OK;
}

/* In a transaction: the connection with its first run. */
static enum err
insert(struct api_call *c, struct uuid id)
{
	struct str number = arg_body(c, "phoneNumberId")->s, waba = arg_body(c, "wabaId")->s;
	struct str mode = arg_body(c, "mode")->s, token = arg_body(c, "accessToken")->s;
	struct str display =
		str_fmt(c->a, "+" STR_FMT, STR_ARG(arg_body(c, "displayPhoneNumber")->s));
	bool history = arg_body(c, "historySync")->b, operator_ = c->who.role == ROLE_OPERATOR;
	bool cloud_api = str_eq(mode, STR("cloud_api"));
	struct sync_run_start run;
	struct db_result r;
	/* the installation's lane: two clients that register one WABA at once see each other */
	enum err e = db_lane(c->wr, UUID_NIL, true);

	if (e == ERR_OK)
		e = db_query(c->wr, &q_api_waba_elsewhere,
		             DB_PARAMS(db_text(waba), db_uuid(c->client_id)), NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	if (db_get_int(&r, 0, 0) > 0)
		return api_refuse(c, ERR_CONFLICT, "waba_taken",
		                  "The WABA has connections of another client.");
	e = db_exec(c->wr, &q_api_connection_insert,
	            DB_PARAMS(db_uuid(id), db_uuid(c->client_id), db_text(mode),
	                      db_text(operator_ ? STR("operator") : STR("admin")), db_text(number),
	                      db_text(waba), db_text(display),
	                      db_bytes(api_seal(c, "connections", id, "access_token", token)),
	                      db_bool(history && !cloud_api), db_time(c->now)),
	            NULL, NULL);
	if (e == ERR_CONFLICT)
		return api_refuse(c, e, "number_taken", "The number has a connection already.");
	run = (struct sync_run_start){ .id = api_new_id(c),
		                       .client_id = c->client_id,
		                       .connection_id = id,
		                       .cloud_api = cloud_api,
		                       .requested = history && !cloud_api };
	if (e == ERR_OK)
		e = sync_run_insert(c->wr, &run, c->now);
	if (e == ERR_OK)
		e = api_audit(c, "connection.registered", "connection", id,
		              admin_detail(c->a, "phoneNumberId", number));
	return e;
}

static void
wake(const struct api_call *c)
{
	if (c->api->o.wake != NULL)
		c->api->o.wake(c->api->o.wake_ctx);
}

enum err
connections_create(struct api_call *c)
{
	struct uuid id = api_new_id(c);
	enum err e = api_begin(c, true);

	if (e != ERR_OK)
		return e;
	e = api_end(c, insert(c, id));
	if (e != ERR_OK)
		return e;
	if (c->who.role == ROLE_OPERATOR)
		wake(c);
	c->status = 201;
	c->subject = id;
	return connections_get(c);
}

/* In a transaction. The client's helpdesk is changed through the client alone. */
static enum err
refuse_helpdesk(struct api_call *c)
{
	struct db_result r;
	enum err e = db_query(c->wr, &q_api_connection_one,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject)), NULL, c->a,
	                      &r);

	if (e == ERR_OK && r.nrows == 0)
		e = ERR_NOT_FOUND;
	if (e == ERR_OK && is_helpdesk(&r, 0))
		e = api_refuse(c, ERR_CONFLICT, "helpdesk_connection",
		               "This is the client's helpdesk: it follows the client's apiBaseUrl, "
		               "apiKey and isActive (PATCH /api/clients/:slug).");
	return e;
}

enum err
connections_patch(struct api_call *c)
{
	const struct api_value *display = arg_body(c, "displayPhoneNumber"),
			       *name = arg_body(c, "verifiedName");
	const struct api_value *token = arg_body(c, "accessToken");
	struct str box = api_seal(c, "connections", c->subject, "access_token", token->s);
	struct str shown = display->set ? str_fmt(c->a, "+" STR_FMT, STR_ARG(display->s))
	                                : STR_NONE;
	enum err e = api_begin(c, true);

	if (e != ERR_OK)
		return e;
	e = refuse_helpdesk(c);
	if (e != ERR_OK)
		return api_end(c, e);
	e = db_exec(c->wr, &q_api_connection_update,
	            DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject), db_text(shown),
	                      db_bool(name->set), db_text(name->s), db_bool(token->set),
	                      db_bytes(box), db_time(c->now)),
	            NULL, NULL);
	if (e == ERR_OK)
		e = api_audit(c, "connection.changed", "connection", c->subject, STR_NONE);
	e = api_end(c, e);
	return e != ERR_OK ? e : connections_get(c);
}

enum err
connections_delete(struct api_call *c)
{
	enum err e = api_begin(c, true);

	if (e != ERR_OK)
		return e;
	e = refuse_helpdesk(c);
	if (e == ERR_OK)
		e = db_exec(c->wr, &q_api_connection_delete,
		            DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject), db_time(c->now)),
		            NULL, NULL);
	if (e == ERR_OK)
		e = api_audit(c, "connection.deleted", "connection", c->subject, STR_NONE);
	c->status = 204;
	return api_end(c, e);
}

/* Where Meta or a provider reaches us: PUBLIC_URL, or where we listen. */
static struct str
base_url(struct api_call *c)
{
	const struct config *config = c->api->o.config;
	struct str host = c->in->header(c->in->ctx, "host");

	if (!str_is_empty(config->public_url))
		return str_ends(config->public_url, STR("/"))
		               ? str_sub(config->public_url, 0, config->public_url.n - 1)
		               : config->public_url;
	return str_fmt(c->a, "http://" STR_FMT, STR_ARG(str_is_empty(host) ? config->host : host));
}

enum err
connections_new_secret(struct api_call *c)
{
	const struct admin ad = api_admin(c);
	struct str secret = admin_secret(&ad, "");
	unsigned char digest[SHA256_LEN];
	enum err e = api_begin(c, false);

	if (e != ERR_OK)
		return e;
	digest_sha256(secret, digest);
	e = refuse_helpdesk(c);
	if (e == ERR_OK)
		e = db_exec(c->wr, &q_api_connection_secret,
		            DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject),
		                      db_bytes(str_n((const char *)digest, sizeof(digest))),
		                      db_time(c->now)),
		            NULL, NULL);
	if (e == ERR_OK)
		e = api_audit(c, "connection.secret", "connection", c->subject, STR_NONE);
	e = api_end(c, e);
	if (e != ERR_OK)
		return e;
	c->status = 201;
	jw_obj(&c->w);
	jw_kstr(&c->w, "connectionSecret", secret);
	jw_kstr(&c->w, "url",
	        str_fmt(c->a, STR_FMT "/webhooks/whatsapp/" STR_FMT, STR_ARG(base_url(c)),
	                STR_ARG(secret)));
	jw_obj_end(&c->w);
	return ERR_OK;
}

/* Where the connection's parts are parked, and a word in the audit log. */
static enum err
begin_release(struct api_call *c, struct db_param *number, struct db_param *waba)
{
	struct db_result r;
	enum err e = api_begin(c, false);

	if (e != ERR_OK)
		return e;
	e = refuse_helpdesk(c);
	if (e == ERR_OK)
		e = db_query(c->wr, &q_api_connection_one,
		             DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject)), NULL, c->a, &r);
	if (e == ERR_OK) {
		*number =
			db_text(str_fmt(c->a, "n:" STR_FMT, STR_ARG(db_get_text(&r, 0, K_NUMBER))));
		*waba = db_text(str_fmt(c->a, "w:" STR_FMT, STR_ARG(db_get_text(&r, 0, K_WABA))));
		e = api_audit(c, "connection.released", "connection", c->subject, STR_NONE);
	}
	return api_end(c, e);
}

static enum err
release_piece(struct api_call *c, struct db_param number, struct db_param waba, int64_t *parts)
{
	enum err e = api_begin(c, false);

	if (e != ERR_OK)
		return e;
	e = db_exec(c->wr, &q_api_parts_release,
	            DB_PARAMS(db_uuid(c->subject), number, waba, db_int(RELEASE_PARTS)), NULL,
	            parts);
	if (e == ERR_OK && *parts > 0)
		e = event_put(c->wr, c->client_id, EVENT_WEBHOOK_EVENTS, UUID_NIL, c->now);
	return api_end(c, e);
}

/* Parked parts of the number and of its WABA go back to routing, each piece in a transaction of its
 * own: there may be a million, and webhooks are stored in between. */
enum err
connections_release(struct api_call *c)
{
	struct db_param number, waba;
	int64_t released = 0, piece = RELEASE_PARTS;
	enum err e = begin_release(c, &number, &waba);

	while (e == ERR_OK && piece == RELEASE_PARTS) {
		e = release_piece(c, number, waba, &piece);
		if (e == ERR_OK)
			released += piece;
	}
	if (released > 0)
		wake(c);
	if (e != ERR_OK)
		return e;
	jw_obj(&c->w);
	jw_ki64(&c->w, "released", released);
	jw_obj_end(&c->w);
	return ERR_OK;
}
