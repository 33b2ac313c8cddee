/*
 * Why: what those need who run the program: is it alive, may it get traffic, what is wrong and how
 * is that mended.
 *
 * What always holds: /health touches nothing; /ready, which anyone may ask, does its work at most
 * once a second; a secret is told only as set or unset.
 */
#include <pthread.h>
#include <stdlib.h>

#include "api/call.h"
#include "core/media.h"
#include "store/migrate.h"
#include "store/queries.h"
#include "sys/metrics.h"

#define READY_CACHE_MS 1000
#define OLDEST_DUE_MS  (60 * TIME_SECOND)
#define BLOCKED_MS     5000
#define MAX_REASONS    4
#define MAX_CLIENTS    1000

struct readiness {
	const char *reasons[MAX_REASONS];
	size_t n;
};

struct ready {
	pthread_mutex_t lock;
	int64_t checked_ms;
	struct readiness last;
};

struct ready *
ready_new(void)
{
	struct ready *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort();
	r->checked_ms = INT64_MIN;
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void
ready_free(struct ready *r)
{
	if (r == NULL)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r);
}

enum err
operation_health(struct api_call *c)
{
	jw_obj(&c->w);
	jw_kz(&c->w, "status", "ok");
	jw_obj_end(&c->w);
	return ERR_OK;
}

/* A row that is written and taken back. */
static bool
is_writable(struct api_call *c)
{
	struct admin ad;
	enum err e;

	if (c->wr == NULL || db_begin(c->wr, DB_API) != ERR_OK)
		return false;
	ad = api_admin(c);
	ad.actor = STR("system");
	e = admin_audit(&ad, UUID_NIL, "probe", NULL, UUID_NIL, STR_NONE);
	db_rollback(c->wr);
	return e == ERR_OK;
}

static bool
is_due_in_time(struct api_call *c)
{
	struct db_result r;

	if (db_query(c->rd, &q_api_ready_oldest, DB_PARAMS(db_time(c->now)), NULL, c->a, &r) !=
	    ERR_OK)
		return false;
	return r.nrows == 0 || db_is_null(&r, 0, 0) ||
	       c->now - db_get_time(&r, 0, 0) < OLDEST_DUE_MS;
}

static struct readiness
check(struct api_call *c)
{
	struct readiness r = { .n = 0 };
	int version = 0;

	if (c->rd == NULL || !is_writable(c)) {
		r.reasons[r.n++] = "the database cannot be written";
	} else {
		if (migrate_version(c->wr, &version) != ERR_OK || version != migrate_latest())
			r.reasons[r.n++] = "the database has another schema version";
		else if (!is_due_in_time(c))
			r.reasons[r.n++] = "journal entries wait longer than 60 s";
	}
	if (c->api->o.ingest != NULL && ingest_blocked_ms(c->api->o.ingest) > BLOCKED_MS)
		r.reasons[r.n++] = "appending to the journal is blocked";
	return r;
}

static struct readiness
readiness(struct api_call *c)
{
	struct ready *ready = c->api->ready;
	struct readiness r;

	pthread_mutex_lock(&ready->lock);
	if (ready->checked_ms == INT64_MIN || c->now < ready->checked_ms ||
	    c->now - ready->checked_ms >= READY_CACHE_MS) {
		ready->last = check(c);
		ready->checked_ms = c->now;
	}
	r = ready->last;
	pthread_mutex_unlock(&ready->lock);
	return r;
}

enum err
operation_ready(struct api_call *c)
{
	struct readiness r = readiness(c);

	c->status = r.n == 0 ? 200 : 503;
	jw_obj(&c->w);
	jw_kz(&c->w, "status", r.n == 0 ? "ready" : "unavailable");
	jw_key(&c->w, "reasons");
	jw_arr(&c->w);
	for (size_t i = 0; i < r.n; i++)
		jw_z(&c->w, r.reasons[i]);
	jw_arr_end(&c->w);
	jw_obj_end(&c->w);
	return ERR_OK;
}

enum err
operation_metrics(struct api_call *c)
{
	metrics_render(&c->out);
	c->content_type = "text/plain; version=0.0.4; charset=utf-8";
	return ERR_OK;
}

enum err
operation_me(struct api_call *c)
{
	struct db_result r;
	struct jw *w = &c->w;
	enum err e = db_query(
		c->rd, &q_api_client_list,
		DB_PARAMS(db_uuid(c->who.client_id), db_text(STR("")), db_int(MAX_CLIENTS)), NULL,
		c->a, &r);

	if (e != ERR_OK)
		return e;
	jw_obj(w);
	jw_kz(w, "role", auth_role_name(c->who.role));
	jw_key(w, "clients");
	jw_arr(w);
	for (size_t i = 0; i < r.nrows; i++)
		jw_str(w, db_get_text(&r, i, 1));
	jw_arr_end(w);
	jw_kstr(w, "clientSlug",
	        c->who.all_clients || r.nrows == 0 ? STR_NONE : db_get_text(&r, 0, 1));
	jw_kz(w, "language", "pt-BR");
	jw_obj_end(w);
	return ERR_OK;
}

enum err
operation_settings(struct api_call *c)
{
	struct str rest, line;
	struct buf text;

	buf_init(&text, c->a, (size_t)1 << 20);
	config_print(c->api->o.config, &text);
	rest = buf_slice(&text);
	jw_obj(&c->w);
	jw_key(&c->w, "settings");
	jw_obj(&c->w);
	while (str_split(&rest, '\n', &line)) {
		size_t eq = str_find(line, '=');
		struct str value = str_sub(line, eq + 1, line.n);

		if (eq == line.n)
			continue;
		if (str_eq(value, STR("(set)")))
			value = STR("set");
		else if (str_eq(value, STR("(unset)")))
			value = STR("unset");
		jw_kstr(&c->w, str_z(c->a, str_n(line.p, eq)), value);
	}
	jw_obj_end(&c->w);
	jw_obj_end(&c->w);
	return ERR_OK;
}

static void
write_finding(struct jw *w, const char *code, const char *severity, struct str text,
              const char *remedy)
{
	jw_obj(w);
	jw_kz(w, "code", code);
	jw_kz(w, "severity", severity);
	jw_kstr(w, "text", text);
	jw_kz(w, "remedy", remedy);
	jw_obj_end(w);
}

static void
write_count(struct api_call *c, int64_t n, const char *code, const char *what, const char *remedy)
{
	if (n > 0)
		write_finding(&c->w, code, "warning", str_fmt(c->a, "%lld %s", (long long)n, what),
		              remedy);
}

/* Why media is not fetched now. */
static void
write_no_room(struct api_call *c, const struct db_result *media)
{
	static const struct {
		const char *reason, *text, *remedy;
	} rows[] = {
		{ MEDIA_DISK_FULL, "Media is not fetched: the disk of MEDIA_DIR is full.",
		  "Make room; the fetching goes on by itself." },
		{ MEDIA_DISK_BUDGET, "Media is not fetched: MEDIA_MAX_GIB is reached.",
		  "Set a greater MEDIA_MAX_GIB, or 0 for no limit, and start again." },
		{ MEDIA_DISK_ERROR, "Media is not fetched: MEDIA_DIR cannot be written.",
		  "See media.no_folder and media.no_room in the log; look at the folder's owner "
		  "and rights." },
	};

	for (size_t i = 0; i < media->nrows; i++)
		for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
			if (str_eq(db_get_text(media, i, 0), str_from(rows[k].reason)))
				write_finding(&c->w, rows[k].reason, "error",
				              str_from(rows[k].text), rows[k].remedy);
}

static void
write_alerts(struct api_call *c, const struct db_result *alerts, bool ready)
{
	if (ready && db_get_bool(alerts, 0, 0)) /* another process sees it */
		write_finding(
			&c->w, "journal_stuck", "error",
			STR("Webhooks are not applied, or not accepted."),
			"See the errors in the log of every process, and what holds locks in the "
			"database.");
	write_count(
		c, db_get_int(alerts, 0, 1), "alerts_not_told",
		"changes of alerts wait for ALERT_WEBHOOK_URL, which does not take them.",
		"Look at alert.delivery_failed in the server's log: the receiver must answer 2xx.");
}

enum err
operation_health_details(struct api_call *c)
{
	const struct config *config = c->api->o.config;
	struct readiness ready = readiness(c);
	struct db_result parts, connections, media, alerts;
	enum err e = db_query(c->rd, &q_api_health_parts, DB_NO_PARAMS, NULL, c->a, &parts);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_health_connections, DB_NO_PARAMS, NULL, c->a,
		             &connections);
	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_health_alerts, DB_NO_PARAMS, NULL, c->a, &alerts);
	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_health_media, DB_NO_PARAMS, NULL, c->a, &media);
	if (e != ERR_OK)
		return e;
	jw_obj(&c->w);
	jw_key(&c->w, "findings");
	jw_arr(&c->w);
	for (size_t i = 0; i < ready.n; i++)
		write_finding(&c->w, "not_ready", "error", str_from(ready.reasons[i]),
		              "See the errors of the database in the server's log; look at "
		              "DATABASE_URL, the room on the disk and the program's version.");
	if (str_is_empty(config->meta_app_secret) || str_is_empty(config->meta_verify_token))
		write_finding(&c->w, "door_closed", "warning", STR("The webhook door is closed."),
		              "Set META_APP_SECRET and META_VERIFY_TOKEN and start again.");
	write_count(c, db_get_int(&parts, 0, 0), "parked", "parts of journal entries are parked.",
	            "Register the number, or POST /api/connections/:id/release.");
	write_count(c, db_get_int(&parts, 0, 1), "failed", "parts of journal entries failed.",
	            "Mend the cause, then replay them with status failed.");
	write_count(c, db_get_int(&connections, 0, 0), "connections",
	            "connections are restricted or disconnected.",
	            "Look at statusReason of the connection; connect the number again.");
	write_alerts(c, &alerts, ready.n == 0);
	write_no_room(c, &media);
	jw_arr_end(&c->w);
	jw_obj_end(&c->w);
	return ERR_OK;
}
