/*
 * Why: an agent answers from the inbox, a program by the API. What always holds: what is answered
 * with 202 is written down and leaves by itself; the same key with the same request makes one
 * message, however often it is asked; what cannot be sent is refused before anything is written.
 */
#include "api/call.h"
#include "base/digest.h"
#include "base/utf8.h"
#include "core/send.h"
#include "core/wa_rules.h"
#include "store/queries.h"
#include "work/sender.h"

#define MOST_KEY 255

/* Columns of send_target. */
enum {
	T_CONNECTION,
	T_KIND,
	T_STATUS,
	T_DELETED,
	T_CAN_SEND,
	T_WA_ID,
	T_USER_ID,
	T_LIVE_IN,
	T_LAST_OUT
};

/* What the body's `text` says. */
static enum err
read_text(struct api_call *c, struct send_wish *w)
{
	const cJSON *text = arg_body(c, "text")->json, *preview = json_get(text, "previewUrl");
	struct str body = json_str(json_get(text, "body"));

	if (!json_is_object(text))
		return api_invalid(c, "text", "is not an object");
	for (const cJSON *v = json_first(text); v != NULL; v = v->next)
		if (!str_eq(str_from(v->string), STR("body")) &&
		    !str_eq(str_from(v->string), STR("previewUrl")))
			return api_invalid(c, "text", "has an unknown member");
	if (!str_is_set(body) || str_trim(body).n == 0)
		return api_invalid(c, "text.body", "is missing or blank");
	if (utf8_length(body) > SEND_TEXT_CHARACTERS)
		return api_invalid(c, "text.body", "has more than 4096 characters");
	for (size_t i = 0; i < body.n; i++)
		if (((unsigned char)body.p[i] < ' ' && body.p[i] != '\n' && body.p[i] != '\t') ||
		    body.p[i] == 0x7F)
			return api_invalid(c, "text.body", "has a control character");
	if (preview != NULL && !json_bool(preview, &w->preview_url))
		return api_invalid(c, "text.previewUrl", "is neither true nor false");
	w->body = body;
	return ERR_OK;
}

static struct str
hash(struct arena *a, struct str text)
{
	unsigned char *digest = arena_alloc(a, SHA256_LEN);

	digest_sha256(text, digest);
	return str_n((const char *)digest, SHA256_LEN);
}

static enum err
read_key(struct api_call *c, struct send_wish *w)
{
	struct str key = c->in->header(c->in->ctx, "idempotency-key");
	const struct api_value *reply = arg_body(c, "replyTo");

	if (str_is_set(key) && (str_trim(key).n == 0 || key.n > MOST_KEY))
		return api_invalid(c, "Idempotency-Key", "is blank or longer than 255 bytes");
	if (str_is_set(key))
		w->key_hash = hash(c->a, key);
	w->request_hash = hash(
		c->a,
		str_fmt(c->a, STR_FMT "\n%d\n" STR_FMT,
	                STR_ARG(reply->set && !reply->null ? uuid_text(c->a, reply->u) : STR("")),
	                w->preview_url, STR_ARG(w->body)));
	return ERR_OK;
}

/* The message that the key made before; nil: none did. */
static enum err
find_made(struct api_call *c, const struct send_wish *w, struct uuid *id)
{
	struct db_result r;
	enum err e;

	*id = UUID_NIL;
	if (!str_is_set(w->key_hash))
		return ERR_OK;
	e = db_query(c->wr, &q_send_by_key, DB_PARAMS(db_uuid(c->client_id), db_bytes(w->key_hash)),
	             NULL, c->a, &r);
	if (e != ERR_OK || r.nrows == 0)
		return e;
	if (!uuid_eq(db_get_uuid(&r, 0, 1), c->subject) ||
	    !str_eq(db_get_text(&r, 0, 2), w->request_hash))
		return api_refuse(c, ERR_CONFLICT, "key_reused",
		                  "This Idempotency-Key was used for another request.");
	*id = db_get_uuid(&r, 0, 0);
	return ERR_OK;
}

static enum err
check_connection(struct api_call *c, const struct db_result *r)
{
	if (!str_eq(db_get_text(r, 0, T_KIND), STR("whatsapp")))
		return api_refuse(c, ERR_CONFLICT, "not_whatsapp",
		                  "This conversation is the helpdesk's: answer it there.");
	if (!db_is_null(r, 0, T_DELETED) ||
	    str_eq(db_get_text(r, 0, T_STATUS), STR("disconnected")))
		return api_refuse(c, ERR_CONFLICT, "disconnected",
		                  "The number is disconnected: connect it again.");
	if (!db_get_bool(r, 0, T_CAN_SEND))
		return api_refuse(c, ERR_CONFLICT, "no_access_token",
		                  "The connection has no access token: connect the number again, "
		                  "or PATCH its accessToken.");
	if (db_is_null(r, 0, T_WA_ID) && db_is_null(r, 0, T_USER_ID))
		return api_refuse(c, ERR_CONFLICT, "no_address",
		                  "Neither a number nor an id of this person is known.");
	return ERR_OK;
}

static enum err
check_window(struct api_call *c, const struct db_result *r)
{
	int64_t live_in = db_get_time(r, 0, T_LIVE_IN);
	const struct api_value *force = arg_body(c, "force");

	if ((force->set && force->b) || (live_in != TIME_NONE && c->now < live_in + WA_WINDOW))
		return ERR_OK;
	return api_fail(c, ERR_OUTSIDE_WINDOW,
	                live_in == TIME_NONE
	                        ? "The customer has not written since the number was connected. "
	                          "Meta takes only templates; `force` tries all the same."
	                        : "Meta takes only templates until the customer writes again; "
	                          "`force` tries all the same.");
}

static enum err
find_quoted(struct api_call *c, struct send_wish *w)
{
	const struct api_value *reply = arg_body(c, "replyTo");
	struct db_result r;
	enum err e;

	if (!reply->set || reply->null)
		return ERR_OK;
	e = db_query(c->wr, &q_send_quoted,
	             DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject), db_uuid(reply->u)), NULL,
	             c->a, &r);
	if (e != ERR_OK)
		return e;
	if (r.nrows == 0)
		return api_invalid(c, "replyTo", "is not a message of this conversation");
	if (db_is_null(&r, 0, 0))
		return api_invalid(c, "replyTo", "is not at Meta yet");
	w->reply_wamid = db_get_text(&r, 0, 0);
	return ERR_OK;
}

/* In a transaction with the client's lane. */
static enum err
put(struct api_call *c, struct send_wish *w, struct uuid *id)
{
	struct db_result r;
	enum err e = db_query(c->wr, &q_send_target,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject)), NULL, c->a,
	                      &r);

	if (e == ERR_OK && r.nrows == 0)
		e = ERR_NOT_FOUND;
	if (e != ERR_OK || (e = check_connection(c, &r)) != ERR_OK ||
	    (e = find_quoted(c, w)) != ERR_OK || (e = check_window(c, &r)) != ERR_OK)
		return e;
	w->last_out_at = db_get_time(&r, 0, T_LAST_OUT);
	w->connection_id = db_get_uuid(&r, 0, T_CONNECTION);
	w->to = (struct fact_person){ .wa_id = db_get_text(&r, 0, T_WA_ID),
		                      .user_id = db_get_text(&r, 0, T_USER_ID) };
	return send_put(c->wr, c->a, c->api->o.rand, w, c->now, id);
}

enum err
messages_send(struct api_call *c)
{
	struct send_wish w = { .client_id = c->client_id,
		               .conversation_id = c->subject,
		               .actor = auth_actor(c) };
	struct uuid id = UUID_NIL;
	enum err e = read_text(c, &w);

	if (e == ERR_OK)
		e = read_key(c, &w);
	if (e == ERR_OK)
		e = api_begin(c, true);
	if (e != ERR_OK)
		return e;
	e = find_made(c, &w, &id);
	if (e == ERR_OK && uuid_is_nil(id))
		e = put(c, &w, &id);
	e = api_end(c, e);
	if (e != ERR_OK)
		return e;
	if (c->api->o.wake != NULL)
		c->api->o.wake(c->api->o.wake_ctx);
	c->status = 202;
	jw_obj(&c->w);
	jw_key(&c->w, "message");
	e = message_write_one(c, c->subject, id);
	jw_obj_end(&c->w);
	return e;
}
