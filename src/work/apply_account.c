/*
 * Errors and account events. What always holds: a connection's status is a register, the event with
 * the greatest time since the last onboarding, ties by bytes; nothing here depends on the order of
 * events.
 */
#include "base/digest.h"
#include "core/phone.h"
#include "store/audit.h"
#include "store/queries.h"
#include "work/apply_internal.h"

static const struct {
	const char *event, *status;
} events[] = {
	{ "PARTNER_REMOVED", "disconnected" },   { "ACCOUNT_DELETED", "disconnected" },
	{ "ACCOUNT_OFFBOARDED", "paused" },      { "ACCOUNT_RECONNECTED", "connected" },
	{ "ACCOUNT_RESTRICTION", "restricted" }, { "ACCOUNT_VIOLATION", "restricted" },
	{ "DISABLED_UPDATE", "restricted" },
};

static const char *
event_status(const struct fact_account *f)
{
	if (str_eq(f->event, STR("DISABLED_UPDATE")) && str_eq(f->reason, STR("REINSTATE")))
		return "connected";
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (str_eq(f->event, str_from(events[i].event)))
			return events[i].status;
	}
	return NULL;
}

enum err
apply_audit(struct apply *ap, const char *action, const char *subject_kind, struct uuid subject,
            struct str detail)
{
	const struct audit_row row = { .id = apply_new_id(ap),
		                       .client_id = ap->o.client_id,
		                       .at = ap->o.now_ms,
		                       .actor = STR("system"),
		                       .action = str_from(action),
		                       .subject_kind = str_from(subject_kind),
		                       .subject_id = subject,
		                       .detail = detail };

	return audit_insert(ap->o.db, &row);
}

static struct str
error_json(struct arena *a, const struct fact_error *f)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_ki64(&w, "code", f->code);
	jw_kstr(&w, "message", str_is_set(f->details) ? f->details : f->title);
	jw_obj_end(&w);
	return buf_slice(&b);
}

/* Register of a run's error text: greatest bytes. A database may spell stored JSON its own way. */
static void
join_error(struct arena *a, struct str *into, struct str from)
{
	const cJSON *x = NULL, *y = NULL;

	if (str_is_set(*into) && json_parse(a, *into, &x) == ERR_OK &&
	    json_parse(a, from, &y) == ERR_OK &&
	    str_cmp(json_canonical(a, x), json_canonical(a, y)) >= 0)
		return;
	*into = from;
}

#define MAX_ERRORS 100 /* told to the audit log in one batch; the journal has them all */

/* Errors that concern no run: said on the connection, each once in a batch. */
struct error_log {
	struct db_rows *rows;
	struct map seen;
	size_t n;
};

static void
log_error_of(struct apply *ap, struct error_log *log, struct uuid connection_id, struct str json)
{
	bool added;

	if (log->n == MAX_ERRORS)
		return;
	(void)map_put(&log->seen, map_key_uuid(ap->o.arena, connection_id, json), log->n, &added);
	if (!added)
		return;
	log->n++;
	db_row_uuid(log->rows, apply_new_id(ap));
	db_row_time(log->rows, ap->o.now_ms);
	db_row_uuid(log->rows, connection_id);
	db_row_text(log->rows, json);
}

static void
fold_error(struct apply *ap, const struct apply_entry *e, const struct fact_error *f,
           apply_run_of_fn *run_of, struct error_log *log)
{
	size_t c = ap->routes[e - ap->entries][f->route];
	struct str json = error_json(ap->o.arena, f);
	struct apply_run *run;

	if (c == APPLY_NONE)
		return;
	run = f->in_history ? run_of(&ap->connections.v[c], e->received_at) : NULL;
	if (run == NULL || (f->code != WA_ERROR_DECLINED && f->code != WA_ERROR_TOO_LATE)) {
		log_error_of(ap, log, ap->connections.v[c].id, json);
		return;
	}
	if (f->code == WA_ERROR_DECLINED) {
		run->declined_at = moment_min(run->declined_at, e->received_at);
		join_error(ap->o.arena, &run->declined, json);
	} else {
		run->too_late_at = moment_min(run->too_late_at, e->received_at);
		join_error(ap->o.arena, &run->failure, json);
	}
	run->changed = true;
}

static void
fold_event(struct apply *ap, struct apply_connection *c, const struct apply_entry *e,
           const struct fact_account *f)
{
	const char *status = event_status(f);
	int64_t rank = moment_rank(f->at == TIME_NONE ? e->received_at : f->at, e->received_at);
	unsigned char digest[SHA256_LEN];
	struct str key;

	if (status == NULL || c->runs.n == 0)
		return;
	/* event times are whole seconds */
	if (rank != 0 && rank + 999 < c->runs.v[c->runs.n - 1].started_at)
		return;
	digest_sha256(f->raw, digest);
	key = str_n((const char *)digest, 16);
	if (c->status_at != TIME_NONE &&
	    (rank < c->status_at || (rank == c->status_at && str_cmp(key, c->status_key) <= 0)))
		return;
	c->status_at = rank;
	c->status_key = str_n(arena_copy(ap->o.arena, digest, 16), 16);
	c->status = str_from(status);
	c->reason = str_eq(c->status, STR("connected")) ? STR_NONE
	            : str_is_set(f->reason)             ? f->reason
	                                                : f->event;
	c->changed = c->status_changed = true;
}

/* An event concerns every live connection of its account, or only the number it names. */
static void
fold_account(struct apply *ap, const struct apply_entry *e, const struct fact_account *f)
{
	const struct fact_route *route = &e->facts->routes.v[f->route];

	if (ap->routes[e - ap->entries][f->route] == APPLY_NONE)
		return;
	ap->counts->accounts++;
	for (size_t i = 0; i < ap->connections.n; i++) {
		struct apply_connection *c = &ap->connections.v[i];
		bool mine = !uuid_is_nil(e->only_connection) ? uuid_eq(e->only_connection, c->id)
		            : !str_is_empty(route->phone_number_id)
		                    ? str_eq(route->phone_number_id, c->phone_number_id)
		                    : str_eq(route->waba_id, c->waba_id);

		if (c->live && mine &&
		    (str_is_empty(f->phone_number) ||
		     phone_same(ap->o.arena, f->phone_number, c->own)))
			fold_event(ap, c, e, f);
	}
}

static enum err
connections_store(struct apply *ap)
{
	struct db_rows *rows =
		db_rows_of(ap->o.arena, &q_apply_connections_update, ap->o.client_id);

	for (size_t i = 0; i < ap->connections.n; i++) {
		const struct apply_connection *c = &ap->connections.v[i];

		if (!c->changed)
			continue;
		db_row_uuid(rows, c->id);
		db_row_text(rows, c->status);
		db_row_text(rows, c->reason);
		db_row_time(rows, c->status_at);
		db_row_text(rows, c->status_key);
		db_row_time(rows, c->last_webhook_at);
	}
	return db_exec(ap->o.db, &q_apply_connections_update, DB_PARAMS(db_time(ap->o.now_ms)),
	               rows, NULL);
}

enum err
apply_account_fold(struct apply *ap, apply_run_of_fn *run_of)
{
	struct error_log log = { .rows = db_rows_of(ap->o.arena, &q_apply_connection_errors,
		                                    ap->o.client_id) };
	enum err err;

	map_init(&log.seen, ap->o.arena, 16);
	for (size_t i = 0; i < ap->nentries; i++) {
		const struct apply_entry *e = &ap->entries[i];

		if (!apply_is_last_slice(e))
			continue;
		for (size_t k = 0; k < e->facts->errors.n; k++)
			fold_error(ap, e, &e->facts->errors.v[k], run_of, &log);
		for (size_t k = 0; k < e->facts->accounts.n; k++)
			fold_account(ap, e, &e->facts->accounts.v[k]);
	}
	err = db_exec(ap->o.db, &q_apply_connection_errors, DB_NO_PARAMS, log.rows, NULL);
	return err == ERR_OK ? connections_store(ap) : err;
}
