/*
 * Why a table: Meta has one number space of errors for everything, and tells to decide by number
 * and never by text. What always holds: an answer that cannot be read is never taken for a yes, and
 * what may have been carried out is never called undone.
 */
#include "core/graph.h"

#include <string.h>

#include "base/time.h"
#include "core/model_error.h"

#define WAIT_MIN_MS TIME_SECOND
#define WAIT_MAX_MS TIME_MINUTE
#define HOLD_MAX_MS TIME_HOUR

struct row {
	int64_t from, to; /* codes */
	enum graph_do act;
	const char *reason;
};
/* The first row that holds the code counts. */
static const struct row rows[] = {
	{ 131047, 131047, GRAPH_NEVER, "outside_window" },
	{ 131026, 131026, GRAPH_NEVER, "undeliverable" },
	{ 131021, 131021, GRAPH_NEVER, "to_itself" },
	{ 131030, 131030, GRAPH_NEVER, "not_on_test_list" },
	{ 131049, 131049, GRAPH_NEVER, "held_back_by_meta" },
	{ 130472, 130472, GRAPH_NEVER, "held_back_by_meta" },
	{ 131050, 131050, GRAPH_NEVER, "opted_out" },
	{ 131051, 131051, GRAPH_NEVER, "type_not_supported" },
	{ 131052, 131053, GRAPH_NEVER, "media_failed" },
	{ 131056, 131056, GRAPH_LATER, "pair_rate" },
	{ 130429, 130429, GRAPH_LATER, "rate_limited" },
	{ 80007, 80007, GRAPH_LATER, "rate_limited" },
	{ 4, 4, GRAPH_LATER, "rate_limited" },
	{ 133016, 133016, GRAPH_LATER, "rate_limited" },
	{ 131048, 131048, GRAPH_LATER, "spam_limit" },
	{ 131031, 131031, GRAPH_STOP, "account_locked" },
	{ 368, 368, GRAPH_STOP, "account_locked" },
	{ 131042, 131042, GRAPH_STOP, "payment" },
	{ 131037, 131037, GRAPH_STOP, "display_name" },
	{ 131045, 131045, GRAPH_RECONNECT, "not_registered" },
	{ 133010, 133010, GRAPH_RECONNECT, "not_registered" },
	{ 131057, 131057, GRAPH_LATER, "maintenance" },
	{ 131016, 131016, GRAPH_LATER, "server_error" },
	{ 1, 2, GRAPH_LATER, "server_error" },
	{ 131060, 131060, GRAPH_NEVER, "message_unavailable" },
	{ 131062, 131062, GRAPH_NEVER, "user_id_not_allowed" },
	{ 131064, 131064, GRAPH_NEVER, "bad_request" },
	{ 130497, 130497, GRAPH_NEVER, "country" },
	{ 132000, 132099, GRAPH_NEVER, "template" },
	{ 190, 190, GRAPH_RECONNECT, "token_invalid" },
	{ 0, 0, GRAPH_RECONNECT, "token_invalid" },
	{ 10, 10, GRAPH_RECONNECT, "no_permission" },
	{ 200, 299, GRAPH_RECONNECT, "no_permission" },
	{ 131005, 131005, GRAPH_RECONNECT, "no_permission" },
	{ GRAPH_ALREADY_ASKED, GRAPH_ALREADY_ASKED, GRAPH_NEVER, "already_asked" },
	{ GRAPH_TOO_LATE, GRAPH_TOO_LATE, GRAPH_NEVER, "sync_too_late" },
	{ 2593109, 2593109, GRAPH_NEVER, "declined" },
	{ 131000, 131000, GRAPH_NEVER, "refused" },
	{ 100, 100, GRAPH_NEVER, "bad_request" },
	{ 131008, 131009, GRAPH_NEVER, "bad_request" },
	{ 131055, 131055, GRAPH_NEVER, "bad_request" },
};

const char *const graph_reasons[] = {
	"outside_window",
	"undeliverable",
	"to_itself",
	"not_on_test_list",
	"held_back_by_meta",
	"opted_out",
	"media_failed",
	"type_not_supported",
	"pair_rate",
	"rate_limited",
	"spam_limit",
	"account_locked",
	"payment",
	"display_name",
	"not_registered",
	"maintenance",
	"server_error",
	"country",
	"template",
	"message_unavailable",
	"user_id_not_allowed",
	"token_invalid",
	"no_permission",
	"already_asked",
	"sync_too_late",
	"declined",
	"refused",
	"bad_request",
	"code_expired",
	"code_used",
	"unreachable",
	"forbidden_address",
	"bad_answer",
	"waba_taken",
	"number_taken",
	"number_not_found",
	"several_numbers",
	"gave_up",
	"disconnected",
	"no_access_token",
	NULL,
};

static const struct row *
row_of(int64_t code)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (code >= rows[i].from && code <= rows[i].to)
			return &rows[i];
	return NULL;
}

const char *
graph_reason(int64_t code)
{
	const struct row *r = row_of(code);

	return r == NULL ? NULL : r->reason;
}

static void
say(struct graph_answer *out, enum graph_do act, const char *reason)
{
	out->act = act;
	out->reason = reason;
}

/* An answer without an error that could be read, by its status alone. */
static void
judge_status(int status, struct graph_answer *out)
{
	if (status >= 200 && status < 300) {
		/* it was carried out, but what it says is lost */
		out->carried_out = true;
		say(out, GRAPH_LATER, "bad_answer");
	} else if (status == 429) {
		say(out, GRAPH_LATER, "rate_limited");
	} else if (status == 401 || status == 403) {
		say(out, GRAPH_RECONNECT, "token_invalid");
	} else if (status >= 500 || status == 408) {
		out->carried_out = status != 503;
		say(out, GRAPH_LATER, "server_error");
	} else {
		say(out, GRAPH_NEVER, "refused");
	}
}

static void
judge_error(struct arena *a, const cJSON *error, int status, struct graph_answer *out)
{
	struct str details = json_str(json_get(json_get(error, "error_data"), "details"));
	const struct row *r;

	if (!json_i64(json_get(error, "code"), &out->code))
		out->code = -1;
	if (!json_i64(json_get(error, "error_subcode"), &out->subcode))
		out->subcode = -1;
	out->message = model_error_words(
		a, str_is_empty(details) ? json_str(json_get(error, "message")) : details);
	r = row_of(out->code);
	if (out->code == 100 && out->subcode == GRAPH_CODE_EXPIRED)
		say(out, GRAPH_NEVER, "code_expired");
	else if (out->code == 100 && out->subcode == GRAPH_CODE_USED)
		say(out, GRAPH_NEVER, "code_used");
	else if (r != NULL)
		say(out, r->act, r->reason);
	else
		judge_status(status, out);
	/* it may quote the token */
	if (out->act == GRAPH_RECONNECT && strcmp(out->reason, "token_invalid") == 0)
		out->message = STR_NONE;
}

void
graph_read(struct arena *a, enum graph_reply reply, int status, struct str body,
           struct graph_answer *out)
{
	const cJSON *root = NULL, *error;

	*out = (struct graph_answer){ .code = -1, .subcode = -1 };
	if (reply != GRAPH_ANSWERED) {
		out->carried_out = reply == GRAPH_LOST;
		if (reply == GRAPH_FORBIDDEN)
			say(out, GRAPH_NEVER, "forbidden_address");
		else
			say(out, GRAPH_LATER, "unreachable");
		return;
	}
	if (json_parse(a, body, &root) != ERR_OK || !json_is_object(root))
		root = NULL;
	error = json_get(root, "error");
	if (json_is_object(error)) {
		judge_error(a, error, status, out);
	} else if (status >= 200 && status < 300 && root != NULL) {
		out->carried_out = true;
		say(out, GRAPH_TAKE, NULL);
	} else {
		judge_status(status, out);
	}
	out->root = root;
}

int64_t
graph_next_try_at(unsigned tries, int64_t now_ms, int64_t retry_after_ms, uint64_t chance)
{
	int64_t wait = WAIT_MIN_MS;

	for (unsigned i = 1; i < tries && wait < WAIT_MAX_MS; i++)
		wait *= 2;
	if (wait > WAIT_MAX_MS)
		wait = WAIT_MAX_MS;
	wait -= (int64_t)(chance % (uint64_t)(wait / 4));
	if (retry_after_ms > wait)
		wait = retry_after_ms < HOLD_MAX_MS ? retry_after_ms : HOLD_MAX_MS;
	return now_ms + wait;
}
