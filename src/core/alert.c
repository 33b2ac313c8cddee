/*
 * Why: an alert that flickers, or that comes by itself after each restart, is soon not read any
 * more. What always holds: what decides is evidence and numbers that come in; once it fires, it
 * takes more to end it than to keep it from firing.
 */
#include "core/alert.h"

const char *const alert_kind_names[ALERT_KINDS + 1] = {
	[ALERT_HISTORY_LATE] = "history_late",     [ALERT_TOKEN_REFUSED] = "token_refused",
	[ALERT_DISCONNECTED] = "disconnected",     [ALERT_JOURNAL_STUCK] = "journal_stuck",
	[ALERT_IMPORT_FAILING] = "import_failing",
};

static const struct {
	const char *raised, *cleared;
} texts[ALERT_KINDS] = {
	[ALERT_HISTORY_LATE] = { "No history came in time after it was requested: approve it in "
	                         "the WhatsApp Business App, or request it again.",
	                         "The history is not late any more." },
	[ALERT_TOKEN_REFUSED] = { "Meta does not take the access token of the connection: connect "
	                          "the number again, or enter a new token.",
	                          "The access token of the connection is taken again." },
	[ALERT_DISCONNECTED] = { "Meta disconnected or restricted the number: look at its details, "
	                         "mend the cause at Meta, and connect it again.",
	                         "The number is not disconnected or restricted any more." },
	[ALERT_JOURNAL_STUCK] = { "Webhooks are not applied, or not accepted: look at the errors "
	                          "in the server's log, the database and the disk.",
	                          "Webhooks are applied again." },
	[ALERT_IMPORT_FAILING] = { "The helpdesk of the client is not imported: look at the last "
	                           "runs, its address and its key.",
	                           "The helpdesk of the client is imported again." },
};

enum alert_kind
alert_kind_of(struct str name)
{
	enum alert_kind k = 0;

	while (k < ALERT_KINDS && !str_eq(name, str_from(alert_kind_names[k])))
		k++;
	return k;
}

const char *
alert_text(enum alert_kind kind, bool firing)
{
	return firing ? texts[kind].raised : texts[kind].cleared;
}

bool
alert_journal_late(int64_t oldest_due_at, int64_t now_ms, bool firing)
{
	return oldest_due_at != TIME_NONE &&
	       now_ms - oldest_due_at >= (firing ? ALERT_DUE_OVER_MS : ALERT_DUE_MS);
}

int64_t
alert_import_since(const struct alert_import *v)
{
	return v->succeeded_at != TIME_NONE && v->succeeded_at > v->set_up_at ? v->succeeded_at
	                                                                      : v->set_up_at;
}

bool
alert_import_fails(const struct alert_import *v, int64_t firing_since, int64_t now_ms)
{
	bool fails = v->failed >= ALERT_IMPORT_RUNS;
	int64_t from = alert_import_since(v), limit = ALERT_IMPORT_INTERVALS * v->every_ms;

	if (firing_since != TIME_NONE)
		return alert_import_since(v) <= firing_since && (fails || v->every_ms > 0);
	if (from < v->watched_from)
		from = v->watched_from;
	if (limit < ALERT_IMPORT_LEAST_MS)
		limit = ALERT_IMPORT_LEAST_MS;
	return fails || (v->every_ms > 0 && !v->running && now_ms - from > limit);
}

struct str
alert_code(struct str reason)
{
	size_t n = 0;

	while (n < reason.n && ((reason.p[n] >= 'A' && reason.p[n] <= 'Z') || reason.p[n] == '_'))
		n++;
	return n > 1 ? str_sub(reason, 0, n) : STR_NONE;
}

int64_t
alert_next_try_at(unsigned tries, int64_t now_ms, uint64_t chance)
{
	int64_t wait = TIME_SECOND;

	for (unsigned i = 1; i < tries && wait < TIME_HOUR; i++)
		wait *= 2;
	if (wait > TIME_HOUR)
		wait = TIME_HOUR;
	return now_ms + wait - (int64_t)(chance % (uint64_t)(wait / 4));
}
