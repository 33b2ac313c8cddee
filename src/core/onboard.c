/*
 * Why: a code lives for thirty seconds and everything behind it may fail at any point; what is to
 * be done then is decided here, in one place. What always holds: a step that succeeded is never
 * asked for again; nothing that Meta does once is taken for failed because it was done before.
 */
#include "core/onboard.h"

#include <string.h>

static const char *const names[] = {
	[ONBOARD_TOKEN] = "token",         [ONBOARD_NUMBER] = "number",
	[ONBOARD_SUBSCRIBE] = "subscribe", [ONBOARD_CONTACTS] = "contacts",
	[ONBOARD_HISTORY] = "history",     [ONBOARD_DONE] = "done",
};

const char *
onboard_step_name(enum onboard_step s)
{
	return names[s];
}

enum onboard_step
onboard_step_of(struct str name)
{
	for (int i = ONBOARD_TOKEN; i < ONBOARD_DONE; i++)
		if (str_eq(name, str_from(names[i])))
			return (enum onboard_step)i;
	return ONBOARD_DONE;
}

enum onboard_step
onboard_next(enum onboard_step s, const struct onboard_wish *wish)
{
	if (s == ONBOARD_SUBSCRIBE && wish->cloud_api)
		return ONBOARD_DONE;
	if (s == ONBOARD_CONTACTS && !wish->history)
		return ONBOARD_DONE;
	return s == ONBOARD_DONE ? s : s + 1;
}

struct onboard_verdict
onboard_judge(enum onboard_step step, const struct graph_answer *answer, unsigned tries,
              int64_t code_at, int64_t now_ms, int64_t retry_after_ms, uint64_t chance)
{
	bool asks_data = step == ONBOARD_CONTACTS || step == ONBOARD_HISTORY;
	struct onboard_verdict v = { .act = ONBOARD_FAIL, .reason = answer->reason };

	if (answer->act == GRAPH_TAKE || (asks_data && answer->code == GRAPH_ALREADY_ASKED)) {
		v.act = ONBOARD_GO_ON;
		v.reason = NULL;
	} else if (asks_data && answer->code == GRAPH_TOO_LATE) {
		v.act = ONBOARD_GO_ON;
		v.too_late = true;
	} else if (answer->act == GRAPH_LATER && tries < ONBOARD_TRIES) {
		v.next_try_at = graph_next_try_at(tries, now_ms, retry_after_ms, chance);
		v.act = ONBOARD_TRY_AGAIN;
		if (step == ONBOARD_TOKEN && v.next_try_at >= code_at + ONBOARD_CODE_MS) {
			v.act = ONBOARD_FAIL;
			v.reason = "code_expired";
		}
	}
	return v;
}

static bool
is_true(const cJSON *v)
{
	bool b = false;

	return json_bool(v, &b) && b;
}

static bool
fits(const cJSON *n, struct str id, struct str wanted, bool cloud_api)
{
	if (str_is_set(wanted))
		return str_eq(id, wanted);
	return cloud_api || (is_true(json_get(n, "is_on_biz_app")) &&
	                     str_eq(json_str(json_get(n, "platform_type")), STR("CLOUD_API")));
}

enum onboard_found
onboard_find(struct arena *a, const cJSON *page, struct str wanted, bool cloud_api,
             struct onboard_number *found, struct str *after)
{
	const cJSON *paging = json_get(page, "paging");

	for (const cJSON *n = json_first(json_get(page, "data")); n != NULL; n = n->next) {
		struct str id = json_text(a, json_get(n, "id"));

		if (str_is_empty(id) || !fits(n, id, wanted, cloud_api))
			continue;
		if (str_is_set(found->id))
			return ONBOARD_SEVERAL;
		found->id = str_dup(a, id);
		found->display = str_digits(a, json_str(json_get(n, "display_phone_number")));
		found->verified_name = str_dup(a, json_str(json_get(n, "verified_name")));
		if (str_is_set(wanted))
			return ONBOARD_FOUND;
	}
	*after = json_is_object(paging) && json_get(paging, "next") != NULL
	                 ? str_dup(a, json_str(json_get(json_get(paging, "cursors"), "after")))
	                 : STR_NONE;
	if (!str_is_empty(*after))
		return ONBOARD_MORE;
	return str_is_set(found->id) ? ONBOARD_FOUND : ONBOARD_NOT_FOUND;
}
