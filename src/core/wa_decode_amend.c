/*
 * What refers to another message: edits, revokes, reactions and statuses. What always holds: an
 * amendment has a target key; without one the element is a problem.
 */
#include "base/utf8.h"
#include "core/phone.h"
#include "core/wa_decode_internal.h"
#include "core/wa_text.h"
#include "core/wamid.h"

enum wa_act
wa_decode_act(struct str type)
{
	if (str_eq(type, STR("edit")))
		return WA_ACT_EDIT;
	if (str_eq(type, STR("revoke")))
		return WA_ACT_REVOKE;
	if (str_eq(type, STR("reaction")))
		return WA_ACT_REACTION;
	return WA_ACT_NONE;
}

/* The key of the message meant, and who its id says the other side is. */
static void
set_target(struct wa_ctx *c, struct fact_amendment *m, struct str wamid)
{
	struct wamid w;

	m->target_wamid = wamid;
	m->target_key = wamid_dedup_key(c->arena, wamid);
	if (!wamid_decode(c->arena, wamid, &w))
		return;
	m->wamid_remote.wa_id = phone_digits(c->arena, w.remote);
	if (!str_is_set(m->wamid_remote.wa_id) && phone_is_bsuid(w.remote))
		m->wamid_remote.user_id = w.remote;
}

static void
read_edit(struct wa_ctx *c, const cJSON *own, struct fact_amendment *m)
{
	struct wa_text text;

	wa_text_read(c->arena, json_get(own, "message"), &text);
	m->kind = AMEND_EDIT;
	m->type = text.type;
	m->body = text.body;
	m->raw = text.raw;
	m->content = text.content;
}

static void
read_reaction(struct wa_ctx *c, const cJSON *own, struct fact_amendment *m)
{
	struct str emoji = json_text(c->arena, json_get(own, "emoji"));

	m->kind = AMEND_REACTION;
	m->emoji = emoji.n == 0 ? STR("") : utf8_cut(emoji, WA_MAX_TYPE);
}

static void
read_act(struct wa_ctx *c, enum wa_act act, const cJSON *own, struct fact_amendment *m)
{
	switch (act) {
	case WA_ACT_EDIT:
		read_edit(c, own, m);
		break;
	case WA_ACT_REACTION:
		read_reaction(c, own, m);
		break;
	case WA_ACT_REVOKE:
	case WA_ACT_NONE:
		m->kind = AMEND_REVOKE;
		break;
	}
}

void
wa_decode_amendment(struct wa_ctx *c, enum wa_act act, const cJSON *element, struct str id,
                    const struct wa_at *at)
{
	static const char *const own_names[] = { "", "edit", "revoke", "reaction" };
	const cJSON *own = json_get(element, own_names[act]);
	const char *target_name = act == WA_ACT_REACTION ? "message_id" : "original_message_id";
	struct str target = STR_NONE;
	const char *code = wa_decode_id(c, json_get(own, target_name), &target);

	if (code != NULL) {
		if (!str_is_set(target) && strcmp(code, "missing_id") == 0)
			code = "missing_target";
		wa_decode_problem(c, at, code, "id of the message meant", element, id);
		return;
	}
	c->too_long = false;
	struct fact_amendment m = {
		.route = c->route,
		.origin = c->origin,
		.own_wamid = id,
		.thread = c->thread,
		.from = wa_decode_from(c, element),
		.to = wa_decode_to(c, element),
		.contact = c->contact,
	};
	if (c->too_long) {
		wa_decode_problem(c, at, "out_of_bounds", "a person's id", element, id);
		return;
	}
	set_target(c, &m, target);
	read_act(c, act, own, &m);
	m.at = wa_decode_time(c, json_get(element, "timestamp"), &m.at_raw);
	m.from_me_set = wa_decode_from_me(element, &m.from_me);
	m.bytes = json_canonical(c->arena, element);
	if (m.at > c->newest)
		c->newest = m.at;
	*WA_PUSH(c, c->out->amendments) = m;
}

static enum wa_status
status_of(struct str text)
{
	static const struct {
		const char *name;
		enum wa_status status;
	} names[] = {
		{ "pending", WA_PENDING },     { "sent", WA_SENT }, { "failed", WA_FAILED },
		{ "delivered", WA_DELIVERED }, { "read", WA_READ }, { "played", WA_PLAYED },
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_ieq(text, str_from(names[i].name)))
			return names[i].status;
	return WA_NO_STATUS;
}

static struct fact_person
recipient_of(struct wa_ctx *c, const cJSON *element)
{
	static const char *const spellings[] = { "recipient_parent_user_id",
		                                 "parent_recipient_user_id", "parent_user_id" };
	const cJSON *parent = NULL;

	for (size_t i = 0; i < sizeof spellings / sizeof spellings[0] && json_is_null(parent); i++)
		parent = json_get(element, spellings[i]);
	return wa_decode_person(c, json_get(element, "recipient_id"),
	                        json_get(element, "recipient_user_id"), parent, NULL);
}

/* The first of errors[] as {code, details, message, title}: sorted, so already canonical. */
static void
read_error(struct wa_ctx *c, const cJSON *errors, struct fact_amendment *m)
{
	const cJSON *e = json_is_array(errors) ? json_first(errors) : NULL;
	const cJSON *details = json_get(json_get(e, "error_data"), "details");
	struct str texts[3];
	static const char *const names[] = { "details", "message", "title" };
	struct buf b;
	struct jw w;

	if (!json_is_object(e))
		return;
	if (json_is_null(details))
		details = json_get(e, "details");
	texts[0] = wa_decode_name(c, details);
	texts[1] = wa_decode_name(c, json_get(e, "message"));
	texts[2] = wa_decode_name(c, json_get(e, "title"));
	buf_init(&b, c->arena, 32 * WA_MAX_NAME);
	jw_init(&w, &b);
	jw_obj(&w);
	if (json_i64(json_get(e, "code"), &m->error_code))
		jw_ki64(&w, "code", m->error_code);
	for (size_t i = 0; i < 3; i++)
		if (str_is_set(texts[i]))
			jw_kstr(&w, names[i], texts[i]);
	jw_obj_end(&w);
	m->error = buf_slice(&b);
}

static void
read_status(struct wa_ctx *c, const cJSON *element, const struct wa_at *at)
{
	struct str id = STR_NONE, text = json_str(json_get(element, "status"));
	const char *code;

	if (!json_is_object(element)) {
		wa_decode_problem(c, at, "bad_element", "not an object", element, id);
		return;
	}
	code = wa_decode_id(c, json_get(element, "id"), &id);
	if (wa_decode_is_group(element)) {
		wa_decode_problem(c, at, "group_not_supported", "a group status", element, id);
		return;
	}
	if (code != NULL || text.n == 0) {
		wa_decode_problem(c, at, code != NULL ? code : "bad_element",
		                  code != NULL ? "id" : "status", element, id);
		return;
	}
	c->too_long = false;
	struct fact_amendment m = {
		.route = c->route,
		.kind = AMEND_STATUS,
		.origin = c->origin,
		.to = recipient_of(c, element),
		.contact = c->contact,
		.status = status_of(text),
		.status_text = utf8_cut(text, WA_MAX_TYPE),
		.callback_data = wa_decode_name(c, json_get(element, "biz_opaque_callback_data")),
	};
	if (c->too_long) {
		wa_decode_problem(c, at, "out_of_bounds", "a person's id", element, id);
		return;
	}
	set_target(c, &m, id);
	read_error(c, json_get(element, "errors"), &m);
	m.at = wa_decode_time(c, json_get(element, "timestamp"), &m.at_raw);
	m.bytes = json_canonical(c->arena, element);
	if (m.at > c->newest)
		c->newest = m.at;
	*WA_PUSH(c, c->out->amendments) = m;
}

void
wa_decode_statuses(struct wa_ctx *c, const cJSON *array, const struct wa_at *up)
{
	struct wa_at at = { up, "statuses", 0 };

	if (!json_is_array(array)) {
		at.index = WA_NO_INDEX;
		if (!json_is_null(array))
			wa_decode_problem(c, &at, "bad_element", "not an array", array, STR_NONE);
		return;
	}
	for (const cJSON *v = json_first(array); v != NULL; v = v->next, at.index++) {
		if (wa_decode_is_over(c))
			return;
		read_status(c, v, &at);
	}
}
