/*
 * Elements of messages[] and message_echoes[], wherever they stand. What always holds: each element
 * ends as one message, one amendment or one problem, and none touches its neighbours.
 */
#include "base/utf8.h"
#include "core/wa_decode_internal.h"
#include "core/wa_text.h"
#include "core/wamid.h"

static struct str
upper_case(struct arena *a, struct str s)
{
	char *p;

	if (s.n == 0)
		return STR_NONE;
	p = arena_copy(a, s.p, s.n);
	for (size_t i = 0; i < s.n; i++)
		if (p[i] >= 'a' && p[i] <= 'z')
			p[i] = (char)(p[i] - 'a' + 'A');
	return str_n(p, s.n);
}

static bool
read_true(const cJSON *v)
{
	bool on = false;

	return (json_bool(v, &on) && on) || str_ieq(json_str(v), STR("true"));
}

bool
wa_decode_from_me(const cJSON *element, bool *out)
{
	const cJSON *v = json_get(json_get(element, "history_context"), "from_me");

	if (json_bool(v, out))
		return true;
	if (str_ieq(json_str(v), STR("true")) || str_ieq(json_str(v), STR("false"))) {
		*out = str_ieq(json_str(v), STR("true"));
		return true;
	}
	return false;
}

static void
read_context(struct wa_ctx *c, const cJSON *element, struct fact_message *m)
{
	const cJSON *context = json_get(element, "context");
	const cJSON *referral = json_get(element, "referral");

	if (context != NULL) {
		if (wa_decode_id(c, json_get(context, "id"), &m->reply_wamid) == NULL)
			m->reply_key = wamid_dedup_key(c->arena, m->reply_wamid);
		m->forwarded = read_true(json_get(context, "forwarded")) ||
		               read_true(json_get(context, "frequently_forwarded"));
	}
	if (json_is_object(referral))
		m->referral = json_canonical(c->arena, referral);
}

static void
read_message(struct wa_ctx *c, const cJSON *element, struct str id, struct fact_message *m)
{
	const cJSON *history = json_get(element, "history_context");
	struct wa_text text;

	wa_text_read(c->arena, element, &text);
	*m = (struct fact_message){
		.route = c->route,
		.origin = c->origin,
		.content_only = c->content_only,
		.wamid = id,
		.dedup_key = wamid_dedup_key(c->arena, id),
		.thread = c->thread,
		.from = wa_decode_from(c, element),
		.to = wa_decode_to(c, element),
		.contact = c->contact,
		.type = text.type,
		.content = text.content,
		.body = text.body,
		.raw = text.raw,
		.system = str_eq(text.type, STR("system")),
	};
	m->at = wa_decode_time(c, json_get(element, "timestamp"), &m->at_raw);
	m->from_me_set = wa_decode_from_me(element, &m->from_me);
	if (history != NULL)
		m->history_status = upper_case(
			c->arena, utf8_cut(json_str(json_get(history, "status")), WA_MAX_TYPE));
	read_context(c, element, m);
	m->bytes = json_canonical(c->arena, element);
}

static void
read_element(struct wa_ctx *c, const cJSON *element, const struct wa_at *at)
{
	struct str id = STR_NONE;
	const char *code;
	struct fact_message m;

	if (!json_is_object(element)) {
		wa_decode_problem(c, at, "bad_element", "not an object", element, id);
		return;
	}
	code = wa_decode_id(c, json_get(element, "id"), &id);
	if (wa_decode_is_group(element)) {
		wa_decode_problem(c, at, "group_not_supported", "a group message", element, id);
		return;
	}
	if (code != NULL) {
		wa_decode_problem(c, at, code, "id", element, STR_NONE);
		return;
	}
	enum wa_act act = wa_decode_act(json_str(json_get(element, "type")));
	if (act != WA_ACT_NONE) {
		wa_decode_amendment(c, act, element, id, at);
		return;
	}
	c->too_long = false;
	read_message(c, element, id, &m);
	if (c->too_long) {
		wa_decode_problem(c, at, "out_of_bounds", "a person's id", element, id);
		return;
	}
	if (m.at > c->newest)
		c->newest = m.at;
	*WA_PUSH(c, c->out->messages) = m;
	if (m.system)
		wa_decode_number_change(c, element, m.at);
}

void
wa_decode_messages(struct wa_ctx *c, const cJSON *array, const char *list, const struct wa_at *up)
{
	struct wa_at at = { up, list, 0 };

	if (!json_is_array(array)) {
		at.index = WA_NO_INDEX;
		if (!json_is_null(array))
			wa_decode_problem(c, &at, "bad_element", "not an array", array, STR_NONE);
		return;
	}
	for (const cJSON *v = json_first(array); v != NULL; v = v->next, at.index++) {
		if (wa_decode_is_over(c))
			return;
		read_element(c, v, &at);
	}
}
