/*
 * Retries. Why a table: which answer is whose failure is the law's, and a reader should see all of
 * it at once. What always holds: a request that never gets better ends after IMPORT_TRIES tries,
 * unless it is held by 429 all the time; pages only become smaller; the wait is never negative.
 */
#include "core/import_retry.h"

#include <stddef.h>

/* From least to greatest; a status belongs to the row that holds it first. */
static const struct row {
	int from, to;
	enum import_do list, ticket;
	const char *list_reason, *ticket_reason;
} rows[] = {
	{ 200, 299, IMPORT_TAKE, IMPORT_TAKE, NULL, NULL },
	{ 300, 399, IMPORT_FAIL_RUN, IMPORT_FAIL_TICKET, "redirected", "redirected" },
	{ 401, 401, IMPORT_FAIL_RUN, IMPORT_FAIL_RUN, "unauthorized", "unauthorized" },
	{ 403, 403, IMPORT_FAIL_RUN, IMPORT_FAIL_RUN, "forbidden", "forbidden" },
	{ 404, 404, IMPORT_FAIL_RUN, IMPORT_FAIL_TICKET, "not_found", "gone" },
	{ 408, 408, IMPORT_AGAIN, IMPORT_AGAIN, "unreachable", "unreachable" },
	{ 410, 410, IMPORT_FAIL_RUN, IMPORT_FAIL_TICKET, "not_found", "gone" },
	{ 425, 425, IMPORT_AGAIN, IMPORT_AGAIN, "unreachable", "unreachable" },
	{ 429, 429, IMPORT_HOLD, IMPORT_HOLD, NULL, NULL },
	{ 500, 599, IMPORT_SMALLER, IMPORT_SMALLER, "server_error", "server_error" },
};

static int64_t
clamp(int64_t v, int64_t least, int64_t most)
{
	return v < least ? least : v > most ? most : v;
}

/* `n`: failures so far, from 1. Half of it is certain, half is chance, so that many do not come
 * back at the same moment. */
static int64_t
back_off(unsigned n, uint64_t chance)
{
	int64_t most = n > 16 ? IMPORT_BACKOFF_MAX_MS
	                      : clamp(IMPORT_BACKOFF_MS << (n - 1), 0, IMPORT_BACKOFF_MAX_MS);

	return most / 2 + (int64_t)(chance % (uint64_t)(most / 2 + 1));
}

static struct import_verdict
fail(const struct import_try *t, const char *reason)
{
	return (struct import_verdict){ .act = t->of_ticket ? IMPORT_FAIL_TICKET : IMPORT_FAIL_RUN,
		                        .size = t->size,
		                        .reason = reason };
}

static struct import_verdict
again(struct import_try *t, const char *reason, int64_t retry_after_ms, uint64_t chance)
{
	int64_t wait = back_off(++t->failures, chance), asked;

	t->held = 0;
	if (t->failures >= IMPORT_TRIES)
		return fail(t, reason);
	asked = clamp(retry_after_ms, 0, IMPORT_HOLD_MAX_MS);
	return (struct import_verdict){ .act = IMPORT_AGAIN,
		                        .wait_ms = wait > asked ? wait : asked,
		                        .size = t->size };
}

static struct import_verdict
hold(struct import_try *t, int64_t retry_after_ms, uint64_t chance)
{
	int64_t wait = retry_after_ms >= 0 ? retry_after_ms : back_off(++t->held, chance);

	return (struct import_verdict){ .act = IMPORT_HOLD,
		                        .wait_ms =
		                                clamp(wait, IMPORT_HOLD_MIN_MS, IMPORT_HOLD_MAX_MS),
		                        .size = t->size };
}

static struct import_verdict
smaller(struct import_try *t)
{
	t->size /= 2;
	return (struct import_verdict){ .act = IMPORT_SMALLER, .size = t->size };
}

static struct import_verdict
judge_status(struct import_try *t, int status, int64_t retry_after_ms, uint64_t chance)
{
	const struct row *r = NULL;
	const char *reason;
	enum import_do act;

	for (size_t i = 0; r == NULL && i < sizeof rows / sizeof rows[0]; i++)
		if (status >= rows[i].from && status <= rows[i].to)
			r = &rows[i];
	if (r == NULL)
		return fail(t, "unexpected_status");
	act = t->of_ticket ? r->ticket : r->list;
	reason = t->of_ticket ? r->ticket_reason : r->list_reason;
	switch (act) {
	case IMPORT_SMALLER:
		return t->size > IMPORT_SIZE_SMALL ? smaller(t)
		                                   : again(t, reason, retry_after_ms, chance);
	case IMPORT_AGAIN:
		return again(t, reason, retry_after_ms, chance);
	case IMPORT_HOLD:
		return hold(t, retry_after_ms, chance);
	case IMPORT_TAKE:
	case IMPORT_FAIL_TICKET:
	case IMPORT_FAIL_RUN:
		break;
	}
	return (struct import_verdict){ .act = act, .size = t->size, .reason = reason };
}

struct import_verdict
import_judge(struct import_try *t, enum import_answer answer, int status, int64_t retry_after_ms,
             uint64_t chance)
{
	switch (answer) {
	case IMPORT_ANSWERED:
		break;
	case IMPORT_GARBAGE:
		return again(t, "garbage", -1, chance);
	case IMPORT_TOO_LARGE:
		return t->size > 1 ? smaller(t) : fail(t, "too_large");
	case IMPORT_LOST:
		return again(t, "unreachable", -1, chance);
	case IMPORT_FORBIDDEN:
		return (struct import_verdict){ .act = IMPORT_FAIL_RUN,
			                        .size = t->size,
			                        .reason = "refused_by_rule" };
	}
	return judge_status(t, status, retry_after_ms, chance);
}

int64_t
import_size_now(const struct import_size *s, int64_t wanted, int64_t now_ms)
{
	bool holds = s->size > 0 && now_ms < s->until && s->until - now_ms <= IMPORT_SIZE_KEPT_MS;

	return holds && s->size < wanted ? s->size : wanted;
}

bool
import_size_learn(struct import_size *s, int64_t wanted, int64_t size, int64_t now_ms)
{
	if (size >= import_size_now(s, wanted, now_ms))
		return false;
	*s = (struct import_size){ size, now_ms + IMPORT_SIZE_KEPT_MS };
	return true;
}
