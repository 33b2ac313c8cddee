/*
 * Why: reports are read as figures over some days, as a list that begins with the worst, and one by
 * one beside the session they are of.
 *
 * What always holds: each answer says which combo it is about, or null where the client has no
 * active script, and then it has the same members with nothing in them; sessions that have retired
 * are in no figure but that of what was paid.
 */
#include <math.h>

#include "api/call.h"
#include "core/report.h"
#include "store/queries.h"
#include "work/analysis_run.h"

#define DEFAULT_RANKS 10

/* The parameters of every question about some days. */
#define DAYS(x, w) ANALYSIS_COMBO(&(x)->c), db_time((w)->from), db_time((w)->to)

static void
write_head(struct api_call *c, const struct api_combo *combo)
{
	jw_obj(&c->w);
	jw_kuuid(&c->w, "clientId", c->client_id);
	jw_kstr(&c->w, "clientSlug", c->client_slug);
	combo_write(c, combo);
}

static void
write_double(struct jw *w, const char *name, bool known, double v)
{
	jw_key(w, name);
	if (known)
		jw_double(w, v);
	else
		jw_null(w);
}

static enum err
summary_queue(struct api_call *c, const struct api_combo *combo)
{
	struct analysis_counts n = { .pending = 0 };
	enum err e = ERR_OK;

	if (!combo->none)
		e = analysis_queue_counts(c->rd, c->a, &combo->c, c->now, &n);
	jw_key(&c->w, "queue");
	jw_obj(&c->w);
	jw_ki64(&c->w, "pending", n.pending);
	jw_ki64(&c->w, "processing", n.processing);
	jw_ki64(&c->w, "failedRetryable", n.failed_retryable);
	jw_ki64(&c->w, "failedPermanent", n.failed_permanent);
	jw_obj_end(&c->w);
	return e;
}

/* r without rows: nothing yet. */
static void
write_results(struct jw *w, const struct db_result *r)
{
	bool any = r->nrows > 0;
	int64_t verified = any ? db_get_int(r, 0, 7) : 0, others = any ? db_get_int(r, 0, 8) : 0;
	bool scored = any && !db_is_null(r, 0, 1);

	jw_key(w, "results");
	jw_obj(w);
	jw_ki64(w, "done", any ? db_get_int(r, 0, 0) : 0);
	write_double(w, "avgOverallScore", scored,
	             scored ? round(db_get_double(r, 0, 1) * 100) / 100 : 0);
	jw_key(w, "temperature");
	jw_obj(w);
	for (size_t i = 0; report_temperatures[i] != NULL; i++)
		jw_ki64(w, report_temperatures[i], any ? db_get_int(r, 0, 2 + i) : 0);
	jw_obj_end(w);
	jw_ktime(w, "lastProcessedAt", any ? db_get_time(r, 0, 6) : TIME_NONE);
	write_double(w, "evidenceVerifiedShare", verified + others > 0,
	             (double)verified / (double)(verified + others > 0 ? verified + others : 1));
	jw_ki64(w, "stale", any ? db_get_int(r, 0, 9) : 0);
	jw_obj_end(w);
}

static enum err
summary_results(struct api_call *c, const struct api_combo *combo, const struct api_window *w)
{
	struct db_result r = { .nrows = 0 };
	enum err e = ERR_OK;

	if (!combo->none)
		e = db_query(c->rd, &q_api_analysis_results, DB_PARAMS(DAYS(combo, w)), NULL, c->a,
		             &r);
	if (e == ERR_OK)
		write_results(&c->w, &r);
	return e;
}

static enum err
summary_usage(struct api_call *c, const struct api_combo *combo, const struct api_window *w)
{
	struct model_usage sum = { 0, 0, 0 };
	struct db_result r = { .nrows = 0 };
	bool priced = false;
	enum err e = ERR_OK;

	if (!combo->none)
		e = db_query(c->rd, &q_api_analysis_usage, DB_PARAMS(DAYS(combo, w)), NULL, c->a,
		             &r);
	if (e != ERR_OK)
		return e;
	if (r.nrows > 0) {
		sum = (struct model_usage){ db_get_int(&r, 0, 0), db_get_int(&r, 0, 1),
			                    db_get_int(&r, 0, 2) };
		priced = !db_is_null(&r, 0, 3);
	}
	jw_key(&c->w, "usage");
	jw_obj(&c->w);
	analysis_write_usage(&c->w, &sum, priced, priced ? db_get_int(&r, 0, 3) : 0);
	jw_obj_end(&c->w);
	return ERR_OK;
}

enum err
analyses_summary(struct api_call *c)
{
	struct api_combo combo;
	struct api_window w;
	enum err e = window_take(c, &w);

	if (e == ERR_OK)
		e = combo_take(c, &combo);
	if (e != ERR_OK)
		return e;
	write_head(c, &combo);
	window_write(c, &w);
	if ((e = summary_queue(c, &combo)) != ERR_OK ||
	    (e = summary_results(c, &combo, &w)) != ERR_OK)
		return e;
	e = summary_usage(c, &combo, &w);
	jw_obj_end(&c->w);
	return e;
}

static void
write_rank(struct jw *w, const struct db_result *r, size_t i)
{
	jw_obj(w);
	jw_kuuid(w, "sessionAnalysisId", db_get_uuid(r, i, 0));
	jw_kuuid(w, "sessionId", db_get_uuid(r, i, 1));
	jw_key(w, "ticket");
	if (db_is_null(r, i, 2)) {
		jw_null(w);
	} else {
		jw_obj(w);
		jw_kuuid(w, "id", db_get_uuid(r, i, 2));
		jw_kstr(w, "externalUuid", db_get_text(r, i, 3));
		jw_obj_end(w);
	}
	jw_key(w, "session");
	jw_obj(w);
	jw_ktime(w, "startedAt", db_get_time(r, i, 4));
	jw_ktime(w, "endedAt", db_get_time(r, i, 5));
	jw_obj_end(w);
	jw_ktime(w, "processedAt", db_get_time(r, i, 6));
	write_double(w, "overallScore", true, db_get_double(r, i, 7));
	jw_kstr(w, "temperature", db_get_text(r, i, 8));
	jw_kstr(w, "summary", db_get_text(r, i, 9));
	jw_kstr(w, "assignedUserName", db_get_text(r, i, 10));
	jw_kbool(w, "stale", db_get_bool(r, i, 11));
	jw_obj_end(w);
}

enum err
analyses_ranking(struct api_call *c)
{
	const struct api_value *limit = arg_query(c, "limit");
	struct db_result r = { .nrows = 0 };
	struct api_combo combo;
	struct api_window w;
	enum err e = window_take(c, &w);

	if (e == ERR_OK)
		e = combo_take(c, &combo);
	if (e == ERR_OK && !combo.none)
		e = db_query(
			c->rd, &q_api_analysis_ranking,
			DB_PARAMS(DAYS(&combo, &w), db_int(limit->set ? limit->i : DEFAULT_RANKS)),
			NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	write_head(c, &combo);
	window_write(c, &w);
	jw_key(&c->w, "items");
	jw_arr(&c->w);
	for (size_t i = 0; i < r.nrows; i++)
		write_rank(&c->w, &r, i);
	jw_arr_end(&c->w);
	jw_obj_end(&c->w);
	return ERR_OK;
}

static void
write_failure(struct jw *w, const struct db_result *r, size_t i)
{
	jw_obj(w);
	jw_kuuid(w, "sessionAnalysisId", db_get_uuid(r, i, 0));
	jw_kuuid(w, "sessionId", db_get_uuid(r, i, 1));
	jw_key(w, "session");
	jw_obj(w);
	jw_ktime(w, "startedAt", db_get_time(r, i, 2));
	jw_ktime(w, "endedAt", db_get_time(r, i, 3));
	jw_obj_end(w);
	jw_kstr(w, "assignedUserName", db_get_text(r, i, 4));
	jw_ktime(w, "processedAt", db_get_time(r, i, 5));
	api_write_error(w, db_get_text(r, i, 6));
	jw_ki64(w, "retryCount", db_get_int(r, i, 7));
	jw_ktime(w, "nextRetryAt", db_get_time(r, i, 8));
	jw_obj_end(w);
}

enum err
analyses_failures(struct api_call *c)
{
	const struct api_value *limit = arg_query(c, "limit");
	struct db_result r = { .nrows = 0 };
	struct api_combo combo;
	enum err e = combo_take(c, &combo);

	if (e == ERR_OK && !combo.none)
		e = db_query(c->rd, &q_api_analysis_failures,
		             DB_PARAMS(ANALYSIS_COMBO(&combo.c),
		                       db_int(limit->set ? limit->i : DEFAULT_RANKS)),
		             NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	write_head(c, &combo);
	jw_key(&c->w, "items");
	jw_arr(&c->w);
	for (size_t i = 0; i < r.nrows; i++)
		write_failure(&c->w, &r, i);
	jw_arr_end(&c->w);
	jw_obj_end(&c->w);
	return ERR_OK;
}

static void
write_analysis(struct jw *w, const struct db_result *r)
{
	const struct model_usage u = { db_get_int(r, 0, 12), db_get_int(r, 0, 13),
		                       db_get_int(r, 0, 14) };

	jw_obj(w);
	jw_kuuid(w, "id", db_get_uuid(r, 0, 0));
	jw_kstr(w, "status", db_get_text(r, 0, 1));
	jw_ktime(w, "startedAt", db_get_time(r, 0, 2));
	jw_ktime(w, "processedAt", db_get_time(r, 0, 3));
	jw_ki64(w, "retryCount", db_get_int(r, 0, 4));
	jw_ktime(w, "nextRetryAt", db_get_time(r, 0, 5));
	api_write_error(w, db_get_text(r, 0, 6));
	jw_kstr(w, "model", db_get_text(r, 0, 7));
	jw_kstr(w, "promptHash", db_get_text(r, 0, 8));
	jw_kbool(w, "stale", db_get_bool(r, 0, 9));
	jw_kbool(w, "truncated", db_get_bool(r, 0, 10));
	jw_key(w, "usage");
	jw_obj(w);
	analysis_write_usage(w, &u, !db_is_null(r, 0, 15), db_get_int(r, 0, 15));
	jw_ki64(w, "attempts", db_get_int(r, 0, 11));
	jw_ki64(w, "interruptedCalls", db_get_int(r, 0, 17));
	jw_key(w, "latencyMs");
	if (db_is_null(r, 0, 16))
		jw_null(w);
	else
		jw_i64(w, db_get_int(r, 0, 16));
	jw_obj_end(w);
	jw_ki64(w, "evidenceVerified", db_get_int(r, 0, 18));
	jw_ki64(w, "evidenceUnverified", db_get_int(r, 0, 19));
	jw_kraw(w, "report", db_get_text(r, 0, 20));
	jw_ktime(w, "createdAt", db_get_time(r, 0, 21));
	jw_ktime(w, "updatedAt", db_get_time(r, 0, 22));
	jw_obj_end(w);
}

enum err
analyses_details(struct api_call *c)
{
	struct uuid session = arg_query(c, "sessionId")->u;
	struct db_result r = { .nrows = 0 };
	struct api_combo combo;
	enum err e = combo_take(c, &combo);

	if (e == ERR_OK && !combo.none)
		e = db_query(c->rd, &q_api_analysis_one,
		             DB_PARAMS(db_uuid(c->client_id), db_uuid(session),
		                       db_text(combo.c.script_key), db_int(combo.c.script_version),
		                       db_text(combo.c.tag)),
		             NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	write_head(c, &combo);
	jw_key(&c->w, "session");
	e = session_write_one(c, session);
	if (e == ERR_NOT_FOUND)
		return api_fail(c, e, "There is no session with this id.");
	jw_key(&c->w, "analysis");
	if (r.nrows > 0)
		write_analysis(&c->w, &r);
	else
		jw_null(&c->w);
	jw_obj_end(&c->w);
	return e;
}
