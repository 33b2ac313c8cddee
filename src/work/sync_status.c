/* History runs' status. What always holds: `completed` is final; each change of status is one audit
 * row. */
#include "work/sync_status.h"

#include "core/wa_rules.h"
#include "store/queries.h"
#include "sys/log.h"
#include "sys/metrics.h"

struct run {
	struct uuid id, connection_id;
	struct str status, connection_status;
	struct sync_view view;
	int64_t requested_at, alerted_at;
};

static void
run_read(const struct db_result *r, size_t i, struct run *x)
{
	*x = (struct run){
		.id = db_get_uuid(r, i, 0),
		.connection_id = db_get_uuid(r, i, 1),
		.status = db_get_text(r, i, 2),
		.connection_status = db_get_text(r, i, 3),
		.requested_at = db_get_time(r, i, 11),
		.alerted_at = db_get_time(r, i, 12),
	};
	x->view = (struct sync_view){
		.cloud_api = str_eq(db_get_text(r, i, 4), STR("cloud_api")),
		.history_requested = db_get_bool(r, i, 5),
		.started_at = db_get_time(r, i, 6),
		.progress = db_is_null(r, i, 7) ? -1 : (int)db_get_int(r, i, 7),
		.has_chunk = !db_is_null(r, i, 8),
		.declined = !db_is_null(r, i, 9),
		.too_late = !db_is_null(r, i, 10),
		.has_state_sync = !db_is_null(r, i, 13),
		.chunks_waiting = db_get_bool(r, i, 14),
		.disconnected = str_eq(x->connection_status, STR("disconnected")),
	};
}

static enum err
audit(struct db *db, const struct randomness *rand, struct uuid client_id, const struct run *x,
      struct str action, int64_t now_ms)
{
	return db_exec(db, &q_apply_audit,
	               DB_PARAMS(db_uuid(rand_uuid_v7(rand, now_ms)), db_uuid(client_id),
	                         db_time(now_ms), db_text(action), db_text(STR("connection")),
	                         db_uuid(x->connection_id), db_json(STR_NONE)),
	               NULL, NULL);
}

static enum err
alert(struct db *db, const struct randomness *rand, struct uuid client_id, const struct run *x,
      int64_t now_ms, int64_t alert_ms)
{
	enum err e;

	if (x->view.cloud_api || !x->view.history_requested || x->view.has_chunk ||
	    x->view.declined || x->alerted_at != TIME_NONE ||
	    now_ms < x->view.started_at + alert_ms)
		return ERR_OK;
	metrics_add(M_HISTORY_ALERTS, 1);
	log_warn("history.late", LOG_UUID("connection", x->connection_id));
	e = db_exec(db, &q_sync_alerted,
	            DB_PARAMS(db_uuid(client_id), db_uuid(x->id), db_time(now_ms)), NULL, NULL);
	return e == ERR_OK ? audit(db, rand, client_id, x, STR("history_sync.alert"), now_ms) : e;
}

static enum err
evaluate(struct db *db, struct arena *a, const struct randomness *rand, struct uuid client_id,
         const struct run *x, int64_t now_ms)
{
	struct str status = str_from(wa_sync_status(&x->view, now_ms));
	enum err e;

	if (str_eq(status, x->status))
		return ERR_OK;
	e = db_exec(db, &q_sync_status,
	            DB_PARAMS(db_uuid(client_id), db_uuid(x->id), db_text(status),
	                      db_bool(str_eq(status, STR("completed")))),
	            NULL, NULL);
	if (e != ERR_OK)
		return e;
	return audit(db, rand, client_id, x, str_fmt(a, "history_sync." STR_FMT, STR_ARG(status)),
	             now_ms);
}

enum err
sync_status_evaluate(struct db *db, struct arena *a, const struct randomness *rand,
                     struct uuid client_id, int64_t now_ms, int64_t alert_ms)
{
	struct db_result r;
	enum err e = db_query(db, &q_sync_runs_open, DB_PARAMS(db_uuid(client_id)), NULL, a, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct run x;

		run_read(&r, i, &x);
		e = evaluate(db, a, rand, client_id, &x, now_ms);
		if (e == ERR_OK)
			e = alert(db, rand, client_id, &x, now_ms, alert_ms);
	}
	return e;
}
