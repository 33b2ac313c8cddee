/*
 * Failures of the model server. Why a table: which status is whose failure is the law's, and a
 * reader should see all of it at once. What always holds: what the server or the line is to blame
 * for spends no attempt, except a row's third loss; what the key or the address is to blame for
 * ends the run and no row; pauses end by a success or end the run.
 */
#include "core/model_retry.h"

/* From least to greatest; a status belongs to the row that holds it first. */
enum kind { TAKE, PAUSE, FINAL, STOP };

static const struct row {
	int from, to;
	enum kind kind;
	const char *reason;
} rows[] = {
	{ 200, 299, TAKE, NULL },
	{ 300, 399, STOP, "redirected" },
	{ 401, 401, STOP, "unauthorized" },
	{ 402, 402, STOP, "payment_required" },
	{ 403, 403, STOP, "forbidden" },
	{ 404, 405, STOP, "not_found" },
	{ 408, 408, PAUSE, "server_error" },
	{ 410, 410, STOP, "not_found" },
	{ 413, 413, FINAL, "too_large" },
	{ 425, 425, PAUSE, "server_error" },
	{ 429, 429, PAUSE, "rate_limited" },
	{ 400, 499, FINAL, "bad_request" },
	{ 500, 599, PAUSE, "server_error" },
};

static int64_t
clamp(int64_t v, int64_t least, int64_t most)
{
	return v < least ? least : v > most ? most : v;
}

/* Of the nth pause in a row, from 1. Half of it is certain, half is chance, so that many processes
 * do not come back at the same moment. */
static int64_t
back_off(unsigned n, uint64_t chance)
{
	int64_t most = n > 16 ? MODEL_PAUSE_MAX_MS
	                      : clamp(MODEL_PAUSE_MS << (n - 1), 0, MODEL_PAUSE_MAX_MS);

	return most / 2 + (int64_t)(chance % (uint64_t)(most / 2 + 1));
}

static int64_t
wait_of(const struct model_client *c, int64_t retry_after_ms, uint64_t chance)
{
	if (retry_after_ms >= 0)
		return clamp(retry_after_ms, MODEL_HOLD_MIN_MS, MODEL_HOLD_MAX_MS);
	return back_off(c->pauses, chance);
}

/* In a row, since the run of this try began. */
static uint64_t
pauses_of(const struct model_client *c, const struct model_try *t)
{
	uint64_t since = c->ever - t->ever_before;

	return since < c->pauses ? since : c->pauses;
}

/* False: there were enough of them. */
static bool
pause_client(struct model_client *c, const struct model_try *t, int64_t now_ms, uint64_t chance)
{
	bool same = c->pauses > 0 && t->asked_at <= c->paused_at;
	int64_t until;

	if (same && t->retry_after_ms < 0)
		return true;
	if (!same) {
		if (pauses_of(c, t) >= MODEL_PAUSES)
			return false;
		c->pauses++;
		c->ever++;
		c->paused_at = now_ms;
	}
	until = now_ms + wait_of(c, t->retry_after_ms, chance);
	if (until > c->held_until)
		c->held_until = until;
	return true;
}

static struct model_verdict
judge_pause(struct model_client *c, const struct model_try *t, const char *reason, int64_t now_ms,
            uint64_t chance)
{
	bool goes_on = pause_client(c, t, now_ms, chance);
	struct model_verdict v = { .act = MODEL_RELEASE,
		                   .reason = reason,
		                   .losses = t->losses + (t->answer == MODEL_LOST) };

	if (!goes_on)
		v.ends_run = "model_unavailable";
	if (v.losses >= MODEL_LOSSES) {
		v.act = MODEL_FAILED;
		v.losses = 0;
	}
	return v;
}

static struct model_verdict
stop(const struct model_try *t, const char *reason)
{
	return (struct model_verdict){
		.act = MODEL_RELEASE, .reason = reason, .ends_run = reason, .losses = t->losses
	};
}

static struct model_verdict
judge_status(struct model_client *c, const struct model_try *t, int64_t now_ms, uint64_t chance)
{
	static const struct row unexpected = { 0, 0, PAUSE, "unexpected_status" };
	const struct row *r = &unexpected;

	if ((t->status == 400 || t->status == 404) && str_eq(t->code, STR("model_not_found")))
		return stop(t, "unknown_model");
	for (size_t i = 0; r == &unexpected && i < sizeof rows / sizeof rows[0]; i++)
		if (t->status >= rows[i].from && t->status <= rows[i].to)
			r = &rows[i];
	switch (r->kind) {
	case TAKE:
		c->pauses = 0;
		return (struct model_verdict){ .act = MODEL_TAKE };
	case PAUSE:
		return judge_pause(c, t, r->reason, now_ms, chance);
	case STOP:
		return stop(t, r->reason);
	case FINAL:
		break;
	}
	return (struct model_verdict){ .act = MODEL_FINAL, .reason = r->reason };
}

struct model_verdict
model_judge(struct model_client *c, const struct model_try *t, int64_t now_ms, uint64_t chance)
{
	switch (t->answer) {
	case MODEL_ANSWERED:
		break;
	case MODEL_TOO_LARGE:
		return (struct model_verdict){ .act = MODEL_FAILED, .reason = "too_large" };
	case MODEL_LOST:
		return judge_pause(c, t, "unreachable", now_ms, chance);
	case MODEL_FORBIDDEN:
		return stop(t, "refused_by_rule");
	}
	return judge_status(c, t, now_ms, chance);
}

int64_t
model_next_try_at(unsigned failures, int64_t now_ms)
{
	static const int64_t waits[MODEL_ATTEMPTS - 1] = { TIME_MINUTE, 5 * TIME_MINUTE,
		                                           15 * TIME_MINUTE };

	if (failures >= MODEL_ATTEMPTS)
		return TIME_NONE;
	return now_ms + waits[failures == 0 ? 0 : failures - 1];
}
