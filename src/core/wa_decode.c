/*
 * The envelopes a body may come in, and which reader each change goes to. What always holds: one
 * route per change in order, and a change that cannot be read never keeps another from being read.
 */
#include "core/wa_decode.h"

#include "base/utf8.h"
#include "core/phone.h"
#include "core/wa_decode_internal.h"
#include "core/wa_text.h"

struct field_row {
	const char *name;
	enum fact_field bit;
	enum fact_origin origin;
};

static const struct field_row fields[] = {
	{ "messages", FIELD_MESSAGES, ORIGIN_LIVE },
	{ "history", FIELD_HISTORY, ORIGIN_HISTORY },
	{ "smb_message_echoes", FIELD_ECHOES, ORIGIN_APP_ECHO },
	{ "smb_app_state_sync", FIELD_STATE_SYNC, ORIGIN_LIVE },
};

static enum fact_field
field_of(struct str name, enum fact_origin *origin)
{
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (str_eq(name, str_from(fields[i].name))) {
			*origin = fields[i].origin;
			return fields[i].bit;
		}
	*origin = ORIGIN_LIVE;
	return wa_decode_is_account_field(name) ? FIELD_ACCOUNT : FIELD_OTHER;
}

/* An id of the envelope: unusable ones are absent. */
static struct str
route_id(struct wa_ctx *c, const cJSON *v)
{
	struct str s = STR_NONE;

	return wa_decode_id(c, v, &s) == NULL ? s : STR_NONE;
}

/* account_update names the WABA inside too, where entry.id may be the portfolio's. */
static struct str
route_waba(struct wa_ctx *c, const cJSON *value, const cJSON *entry_id)
{
	struct str s = route_id(c, json_get(json_get(value, "waba_info"), "waba_id"));

	return str_is_set(s) ? s : route_id(c, entry_id);
}

static void
add_route(struct wa_ctx *c, const cJSON *value, const cJSON *waba_id, enum fact_field bit)
{
	struct facts *out = c->out;
	const cJSON *metadata = json_get(value, "metadata");
	size_t cap = out->routes.cap;
	struct fact_route *r = WA_PUSH(c, out->routes);

	*r = (struct fact_route){
		.phone_number_id = route_id(c, json_get(metadata, "phone_number_id")),
		.waba_id = route_waba(c, value, waba_id),
		.display_number = phone_digits(
			c->arena, json_text(c->arena, json_get(metadata, "display_phone_number"))),
	};
	c->route = out->routes.n - 1;
	if (out->routes.cap != cap) {
		unsigned *bits = ARENA_ARRAY(c->arena, out->routes.cap, unsigned);
		if (c->route > 0)
			memcpy(bits, out->route_fields, c->route * sizeof *bits);
		out->route_fields = bits;
	}
	out->route_fields[c->route] = bit;
	out->fields |= bit;
}

static void
read_value(struct wa_ctx *c, enum fact_field bit, const cJSON *value, const struct wa_at *at)
{
	switch (bit) {
	case FIELD_MESSAGES:
		wa_decode_contacts(c, value);
		wa_decode_messages(c, json_get(value, "messages"), "messages", at);
		wa_decode_statuses(c, json_get(value, "statuses"), at);
		wa_decode_errors(c, json_get(value, "errors"));
		break;
	case FIELD_HISTORY:
		wa_decode_contacts(c, value);
		wa_decode_errors(c, json_get(value, "errors"));
		wa_decode_history(c, value, at);
		break;
	case FIELD_ECHOES:
		wa_decode_contacts(c, value);
		wa_decode_messages(c, json_get(value, "message_echoes"), "message_echoes", at);
		wa_decode_errors(c, json_get(value, "errors"));
		break;
	case FIELD_STATE_SYNC:
		wa_decode_state_sync(c, value, at);
		wa_decode_errors(c, json_get(value, "errors"));
		break;
	case FIELD_ACCOUNT:
		wa_decode_account(c, value);
		break;
	case FIELD_OTHER:
		break;
	}
}

/* One change. entry_time and waba_id are the entry's. */
static void
read_change(struct wa_ctx *c, struct str field, const cJSON *value, const cJSON *waba_id,
            const struct wa_at *at)
{
	enum fact_origin origin;
	enum fact_field bit = field_of(field, &origin);

	c->field = utf8_cut(field, WA_MAX_TYPE);
	c->origin = origin;
	c->content_only = false;
	c->in_history = bit == FIELD_HISTORY;
	c->thread = (struct fact_person){ 0 };
	c->contact = (struct fact_person){ 0 };
	c->newest = TIME_NONE;
	c->first_link = c->out->links.n;
	add_route(c, value, waba_id, bit);
	if (bit == FIELD_OTHER)
		return;
	if (!json_is_object(value)) {
		wa_decode_problem(c, at, "bad_element", "not an object", value, STR_NONE);
		return;
	}
	if (wa_decode_is_group(value)) {
		wa_decode_problem(c, at, "group_not_supported", "a group value", value, STR_NONE);
		return;
	}
	read_value(c, bit, value, at);
	wa_decode_links_end(c);
}

static void
read_entry(struct wa_ctx *c, const cJSON *entry, const struct wa_at *up)
{
	const cJSON *changes = json_get(entry, "changes");
	struct wa_at at = { up, "changes", 0 };
	struct wa_at value_at = { &at, "value", WA_NO_INDEX };
	struct str raw;

	c->entry_time = wa_decode_time(c, json_get(entry, "time"), &raw);
	if (!json_is_array(changes))
		return;
	for (const cJSON *v = json_first(changes); v != NULL; v = v->next, at.index++) {
		if (wa_decode_is_over(c))
			return;
		struct str field = json_str(json_get(v, "field"));
		if (field.n > 0)
			read_change(c, field, json_get(v, "value"), json_get(entry, "id"),
			            &value_at);
	}
}

static enum wa_body
read_meta(struct wa_ctx *c, const cJSON *root, struct str *reason)
{
	const cJSON *object = json_get(root, "object"), *entries = json_get(root, "entry");
	struct wa_at at = { NULL, "entry", 0 };

	if (!json_is_null(object) && !str_eq(json_str(object), STR("whatsapp_business_account"))) {
		*reason = STR("another object than whatsapp_business_account");
		return WA_BODY_IGNORED;
	}
	if (!json_is_array(entries)) {
		*reason = STR("no array named entry");
		return WA_BODY_IGNORED;
	}
	for (const cJSON *v = json_first(entries); v != NULL; v = v->next, at.index++)
		read_entry(c, v, &at);
	return WA_BODY_OK;
}

static enum wa_body
read_root(struct wa_ctx *c, const cJSON *root, struct str *reason)
{
	const cJSON *data = json_get(root, "data");
	struct str event = json_str(json_get(root, "event"));
	struct wa_at data_at = { NULL, "data", WA_NO_INDEX };
	struct wa_at bare_at = { NULL, "", WA_NO_INDEX };
	struct str raw;

	if (!json_is_object(root)) {
		*reason = STR("not an object");
		return WA_BODY_IGNORED;
	}
	if (json_get(root, "entry") != NULL || json_get(root, "object") != NULL)
		return read_meta(c, root, reason);
	if (event.n > 0 && json_is_object(data)) {
		c->entry_time = wa_decode_time(c, json_get(data, "time"), &raw);
		read_change(c, event, data, json_get(data, "id"), &data_at);
		return WA_BODY_OK;
	}
	if (json_is_object(json_get(root, "metadata")) && json_get(root, "history") != NULL) {
		read_change(c, STR("history"), root, NULL, &bare_at);
		return WA_BODY_OK;
	}
	*reason = STR("an unknown shape");
	return WA_BODY_IGNORED;
}

enum wa_body
wa_decode(struct arena *a, struct str body, struct facts *out, struct str *reason)
{
	struct facts facts = { 0 };
	struct wa_ctx c = { .arena = a, .out = &facts, .entry_time = TIME_NONE };
	const cJSON *root = NULL;
	struct str why = STR_NONE;

	enum err e = json_parse(a, body, &root);
	if (e == ERR_TOO_LARGE || (e == ERR_OK && arena_check(a) != ERR_OK)) {
		*reason = STR("larger in memory than allowed");
		return WA_BODY_TOO_LARGE;
	}
	if (e != ERR_OK) {
		*reason = STR("not JSON, or nested too deep");
		return WA_BODY_NOT_JSON;
	}
	enum wa_body result = read_root(&c, root, &why);
	if (wa_decode_is_over(&c)) {
		*reason = STR("larger in memory than allowed");
		return WA_BODY_TOO_LARGE;
	}
	if (result == WA_BODY_OK)
		*out = facts;
	else
		*reason = why;
	return result;
}
