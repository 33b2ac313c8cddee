/*
 * Why: Embedded Signup ends in the browser with a code that lives for thirty seconds; the rest is
 * done here. What always holds: the code is written down, sealed, before anything is asked of Meta,
 * and the same code again is the same onboarding; a call that Meta answers slowly holds up no
 * thread.
 */
#include "api/connections.h"
#include "core/graph.h"
#include "store/queries.h"
#include "work/onboarder.h"

#define WAIT_MS (25 * TIME_SECOND) /* as long as a browser's patience; then 202 */

struct missing {
	const char *v[4];
	size_t n;
};

/* Settings that connecting a number needs. */
static struct missing
missing_settings(const struct config *config)
{
	const struct {
		const char *name;
		struct str value;
	} needed[] = { { "META_APP_ID", config->meta_app_id },
		       { "META_APP_SECRET", config->meta_app_secret },
		       { "META_VERIFY_TOKEN", config->meta_verify_token },
		       { "META_CONFIG_ID", config->meta_config_id } };
	struct missing m = { .n = 0 };

	for (size_t i = 0; i < 4; i++)
		if (str_is_empty(needed[i].value))
			m.v[m.n++] = needed[i].name;
	return m;
}

bool
onboarding_ready(const struct config *config)
{
	return missing_settings(config).n == 0;
}

/* "v24.0", the last part of the Graph API's URL; the page's SDK is asked for the same. */
static struct str
graph_version(struct str url)
{
	size_t at;

	while (str_ends(url, STR("/")))
		url.n--;
	at = url.n;
	while (at > 0 && url.p[at - 1] != '/')
		at--;
	return at < url.n && url.p[at] == 'v' ? str_sub(url, at, url.n) : STR_NONE;
}

enum err
onboarding_settings(struct api_call *c)
{
	const struct config *config = c->api->o.config;
	struct missing m = missing_settings(config);

	jw_obj(&c->w);
	jw_kbool(&c->w, "ready", m.n == 0);
	jw_key(&c->w, "missing");
	jw_arr(&c->w);
	for (size_t i = 0; i < m.n; i++)
		jw_str(&c->w, str_from(m.v[i]));
	jw_arr_end(&c->w);
	jw_kstr(&c->w, "appId", m.n == 0 ? config->meta_app_id : STR_NONE);
	jw_kstr(&c->w, "configId", m.n == 0 ? config->meta_config_id : STR_NONE);
	jw_kstr(&c->w, "graphVersion", graph_version(config->meta_graph_url));
	jw_obj_end(&c->w);
	return ERR_OK;
}

static void
write_onboarding(struct jw *w, struct uuid id, const struct db_result *r)
{
	jw_obj(w);
	jw_kuuid(w, "id", id);
	jw_kstr(w, "step", db_get_text(r, 0, 1));
	jw_kstr(w, "status", db_get_text(r, 0, 2));
	jw_key(w, "error");
	if (db_is_null(r, 0, 4)) {
		jw_null(w);
	} else {
		jw_obj(w);
		if (db_is_null(r, 0, 3))
			jw_knull(w, "code");
		else
			jw_ki64(w, "code", db_get_int(r, 0, 3));
		jw_kstr(w, "reason", db_get_text(r, 0, 4));
		jw_kstr(w, "message", db_get_text(r, 0, 5));
		jw_obj_end(w);
	}
	jw_obj_end(w);
}

/* The connection, once there is one, and how far its onboarding is. */
static enum err
write_answer(struct api_call *c, struct uuid id)
{
	struct db_result r;
	enum err e = db_query(c->rd, &q_onboarding_one,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(id)), NULL, c->a, &r);

	if (e == ERR_OK && r.nrows == 0)
		e = ERR_NOT_FOUND;
	if (e != ERR_OK)
		return e;
	jw_obj(&c->w);
	jw_key(&c->w, "connection");
	if (db_is_null(&r, 0, 0))
		jw_null(&c->w);
	else
		e = connection_write_one(c, db_get_uuid(&r, 0, 0));
	jw_key(&c->w, "onboarding");
	write_onboarding(&c->w, id, &r);
	jw_obj_end(&c->w);
	return e;
}

/* The same from the thread that waits, which has a database and no call. */
static enum err
answer_later(struct db *db, struct arena *a, const struct wait_for *what, bool ended,
             int64_t now_ms, struct buf *out)
{
	struct api_call *c = ARENA_NEW(a, struct api_call);
	struct db_result r;
	enum err e =
		db_query(db, &q_onboarding_client, DB_PARAMS(db_uuid(what->client)), NULL, a, &r);

	(void)ended;
	if (e != ERR_OK || r.nrows == 0)
		return e == ERR_OK ? ERR_NOT_FOUND : e;
	c->a = a;
	c->rd = db;
	c->now = now_ms;
	c->client_id = what->client;
	c->client_slug = db_get_text(&r, 0, 0);
	jw_init(&c->w, out);
	return write_answer(c, what->id);
}

static const struct wait_kind waits = { .ended = &q_onboarding_ended, .write = answer_later };

/* In a transaction that is open; ends it. */
static enum err
begin_onboarding(struct api_call *c, const struct onboarding_wish *w)
{
	struct uuid id;
	enum err e = onboarding_put(c->wr, c->a, c->api->o.keys, c->api->o.rand, w, c->now, &id);

	e = api_end(c, e);
	if (e != ERR_OK)
		return e;
	if (c->api->o.wake != NULL)
		c->api->o.wake(c->api->o.wake_ctx);
	c->status = 202;
	c->wait = (struct wait_for){
		.kind = &waits, .client = c->client_id, .id = id, .until_ms = c->now + WAIT_MS
	};
	return write_answer(c, id);
}

static enum err
refuse_unready(struct api_call *c)
{
	struct missing m = missing_settings(c->api->o.config);
	struct buf b;

	if (m.n == 0)
		return ERR_OK;
	buf_init(&b, c->a, 512);
	buf_z(&b, "Connecting a number needs these settings:");
	for (size_t i = 0; i < m.n; i++)
		buf_fmt(&b, " %s", m.v[i]);
	buf_z(&b, ".");
	return api_refuse(c, ERR_UNAVAILABLE, "not_configured", str_z(c->a, buf_slice(&b)));
}

enum err
onboardings_get(struct api_call *c)
{
	struct uuid id;

	if (uuid_parse(route_param(&c->params, "id"), &id) != ERR_OK)
		return ERR_NOT_FOUND;
	return write_answer(c, id);
}

enum err
connections_onboard(struct api_call *c)
{
	const struct onboarding_wish w = {
		.client_id = c->client_id,
		.code = arg_body(c, "code")->s,
		.cloud_api = str_eq(arg_body(c, "mode")->s, STR("cloud_api")),
		.history = arg_body(c, "historySync")->b,
		.waba_id = arg_body(c, "wabaId")->s,
		.phone_number_id = arg_body(c, "phoneNumberId")->s,
		.actor = auth_actor(c),
	};
	enum err e = refuse_unready(c);

	if (e == ERR_OK)
		e = api_begin(c, true);
	return e == ERR_OK ? begin_onboarding(c, &w) : e;
}

/* In a transaction: what is asked for again. */
static enum err
wish_again(struct api_call *c, struct onboarding_wish *w)
{
	struct db_result r;
	enum err e = db_query(c->wr, &q_api_connection_one,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject)), NULL, c->a,
	                      &r);

	if (e == ERR_OK && r.nrows == 0)
		e = ERR_NOT_FOUND;
	if (e != ERR_OK)
		return e;
	if (!str_eq(db_get_text(&r, 0, K_MODE), STR("coexistence")))
		return api_refuse(c, ERR_CONFLICT, "no_history_there",
		                  "Only a number that is used in the WhatsApp Business App has a "
		                  "history to share.");
	if (!db_get_bool(&r, 0, K_HAS_TOKEN))
		return api_refuse(
			c, ERR_CONFLICT, "no_access_token",
			"The connection has no access token: connect the number again, or "
			"PATCH its accessToken.");
	if (db_get_bool(&r, 0, K_COMPLETED))
		return api_refuse(c, ERR_CONFLICT, "history_complete",
		                  "The history is here. To read it anew, disconnect Recado in the "
		                  "WhatsApp Business App and connect the number again.");
	w->waba_id = db_get_text(&r, 0, K_WABA);
	w->phone_number_id = db_get_text(&r, 0, K_NUMBER);
	return ERR_OK;
}

enum err
history_sync_request(struct api_call *c)
{
	struct onboarding_wish w = { .client_id = c->client_id,
		                     .history = true,
		                     .connection_id = c->subject,
		                     .actor = auth_actor(c) };
	enum err e = api_begin(c, true);

	if (e != ERR_OK)
		return e;
	e = wish_again(c, &w);
	return e == ERR_OK ? begin_onboarding(c, &w) : api_end(c, e);
}
