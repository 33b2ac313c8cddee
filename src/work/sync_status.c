/* History runs' status. What always holds: `completed` is final; each change of status is one audit
 * row. */
#include "work/sync_status.h"

#include "core/wa_rules.h"
#include "store/audit.h"
#include "store/queries.h"
#include "sys/log.h"
#include "sys/metrics.h"

struct run {
	struct uuid client_id, id, connection_id;
	struct str status;
	struct sync_view view;
	int64_t alerted_at;
};

static void
run_read(const struct db_result *r, size_t i, struct run *x)
{
	*x = (struct run){
		.client_id = db_get_uuid(r, i, 0),
		.id = db_get_uuid(r, i, 1),
		.connection_id = db_get_uuid(r, i, 2),
		.status = db_get_text(r, i, 3),
		.alerted_at = db_get_time(r, i, 12),
	};
	x->view = (struct sync_view){
		.cloud_api = str_eq(db_get_text(r, i, 5), STR("cloud_api")),
		.history_requested = db_get_bool(r, i, 6),
		.started_at = db_get_time(r, i, 7),
		.progress = db_is_null(r, i, 8) ? -1 : (int)db_get_int(r, i, 8),
		.has_chunk = !db_is_null(r, i, 9),
		.declined = !db_is_null(r, i, 10),
		.too_late = !db_is_null(r, i, 11),
		.has_state_sync = !db_is_null(r, i, 13),
		.chunks_waiting = db_get_bool(r, i, 14),
		.disconnected = str_eq(db_get_text(r, i, 4), STR("disconnected")),
	};
}

static bool
status_differs(const struct run *x, int64_t now_ms)
{
	return !str_eq(str_from(wa_sync_status(&x->view, now_ms)), x->status);
}

static bool
alert_due(const struct run *x, int64_t now_ms, int64_t alert_ms)
{
	return !x->view.cloud_api && x->view.history_requested && !x->view.has_chunk &&
	       !x->view.declined && x->alerted_at == TIME_NONE &&
	       now_ms >= x->view.started_at + alert_ms;
}

static enum err
audit(struct db *db, const struct randomness *rand, const struct run *x, struct str action,
      int64_t now_ms)
{
	const struct audit_row row = { .id = rand_uuid_v7(rand, now_ms),
		                       .client_id = x->client_id,
		                       .at = now_ms,
		                       .actor = STR("system"),
		                       .action = action,
		                       .subject_kind = STR("connection"),
		                       .subject_id = x->connection_id };

	return audit_insert(db, &row);
}

static enum err
alert(struct db *db, const struct randomness *rand, const struct run *x, int64_t now_ms,
      int64_t alert_ms)
{
	enum err e;

	if (!alert_due(x, now_ms, alert_ms))
		return ERR_OK;
	metrics_add(M_HISTORY_ALERTS, 1);
	log_warn("history.late", LOG_UUID("connection", x->connection_id));
	e = db_exec(db, &q_sync_alerted,
	            DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id), db_time(now_ms)), NULL, NULL);
	return e == ERR_OK ? audit(db, rand, x, STR("history_sync.alert"), now_ms) : e;
}

static enum err
evaluate(struct db *db, struct arena *a, const struct randomness *rand, const struct run *x,
         int64_t now_ms)
{
	struct str status = str_from(wa_sync_status(&x->view, now_ms));
	enum err e;

	if (!status_differs(x, now_ms))
		return ERR_OK;
	e = db_exec(db, &q_sync_status,
	            DB_PARAMS(db_uuid(x->client_id), db_uuid(x->id), db_text(status),
	                      db_bool(str_eq(status, STR("completed")))),
	            NULL, NULL);
	if (e != ERR_OK)
		return e;
	return audit(db, rand, x, str_fmt(a, "history_sync." STR_FMT, STR_ARG(status)), now_ms);
}

static enum err
open_runs(struct db *db, struct arena *a, const struct uuid *clients, size_t n,
          struct db_result *out)
{
	struct db_rows *rows = db_rows_new(a, &q_sync_runs_open);

	for (size_t i = 0; i < n; i++)
		db_row_uuid(rows, clients[i]);
	return db_query(db, &q_sync_runs_open, DB_NO_PARAMS, rows, a, out);
}

enum err
sync_status_evaluate(struct db *db, struct arena *a, const struct randomness *rand,
                     struct uuid client_id, int64_t now_ms, int64_t alert_ms,
                     struct event_batch *events)
{
	struct db_result r;
	enum err e = open_runs(db, a, &client_id, 1, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct run x;

		run_read(&r, i, &x);
		if (status_differs(&x, now_ms) || alert_due(&x, now_ms, alert_ms))
			event_batch_add(events, client_id, EVENT_CONNECTION, x.connection_id);
		e = evaluate(db, a, rand, &x, now_ms);
		if (e == ERR_OK)
			e = alert(db, rand, &x, now_ms, alert_ms);
	}
	return e;
}

enum err
sync_status_due(struct db *db, struct arena *a, const struct uuid *clients, size_t n,
                int64_t now_ms, int64_t alert_ms, struct uuid *due, size_t *ndue)
{
	struct db_result r;
	enum err e = open_runs(db, a, clients, n, &r);

	*ndue = 0;
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct run x;

		run_read(&r, i, &x);
		if (*ndue > 0 && uuid_eq(due[*ndue - 1], x.client_id))
			continue;
		if (status_differs(&x, now_ms) || alert_due(&x, now_ms, alert_ms))
			due[(*ndue)++] = x.client_id;
	}
	return e;
}

enum err
sync_run_insert(struct db *db, const struct sync_run_start *r, int64_t now_ms)
{
	const struct sync_view v = { .cloud_api = r->cloud_api,
		                     .history_requested = r->requested,
		                     .started_at = now_ms,
		                     .progress = -1 };

	return db_exec(db, &q_api_run_insert,
	               DB_PARAMS(db_uuid(r->id), db_uuid(r->client_id), db_uuid(r->connection_id),
	                         db_bool(r->requested), db_time(r->requested ? now_ms : TIME_NONE),
	                         db_text(str_from(wa_sync_status(&v, now_ms))), db_time(now_ms)),
	               NULL, NULL);
}
