/*
 * The phone's address book (smb_app_state_sync), errors, and events of the account. What always
 * holds: a contact fact has a person, and an account fact keeps its whole value.
 */
#include "core/phone.h"
#include "core/wa_decode_internal.h"
#include "core/wa_text.h"

/* true and *remove for the actions we know, in either case. */
static bool
read_action(const cJSON *element, bool *remove)
{
	struct str action = json_str(json_get(element, "action"));

	*remove = str_ieq(action, STR("remove")) || str_ieq(action, STR("delete"));
	return *remove || str_ieq(action, STR("add")) || str_ieq(action, STR("update"));
}

static void
read_contact_sync(struct wa_ctx *c, const cJSON *element, const struct wa_at *at)
{
	const cJSON *contact = json_get(element, "contact");
	struct fact_contact f = { .route = c->route };

	if (!json_is_object(element) || !json_is_object(json_get(element, "contact"))) {
		wa_decode_problem(c, at, "bad_element", "not an object", element, STR_NONE);
		return;
	}
	if (!read_action(element, &f.remove))
		return;
	c->too_long = false;
	f.person = wa_decode_person(
		c, json_get(contact, "phone_number"), json_get(contact, "user_id"),
		json_get(contact, "parent_user_id"), json_get(contact, "username"));
	if (c->too_long || !wa_decode_person_is_set(&f.person)) {
		wa_decode_problem(c, at, c->too_long ? "out_of_bounds" : "no_person",
		                  "a person's id", element, STR_NONE);
		return;
	}
	f.name = wa_decode_name(c, json_get(contact, "full_name"));
	if (!str_is_set(f.name))
		f.name = wa_decode_name(c, json_get(contact, "first_name"));
	f.at = wa_decode_time(c, json_get(json_get(element, "metadata"), "timestamp"), &f.at_raw);
	if (f.at == 0)
		f.at = TIME_NONE;
	f.bytes = json_canonical(c->arena, element);
	*WA_PUSH(c, c->out->contacts) = f;
}

void
wa_decode_state_sync(struct wa_ctx *c, const cJSON *value, const struct wa_at *up)
{
	const cJSON *array = json_get(value, "state_sync");
	struct wa_at at = { up, "state_sync", 0 };

	if (!json_is_array(array)) {
		at.index = WA_NO_INDEX;
		if (!json_is_null(array))
			wa_decode_problem(c, &at, "bad_element", "not an array", array, STR_NONE);
		return;
	}
	for (const cJSON *v = json_first(array); v != NULL; v = v->next, at.index++) {
		if (wa_decode_is_over(c))
			return;
		const cJSON *type = json_get(v, "type");
		if (!json_is_object(v) || json_is_null(type) ||
		    str_eq(json_str(type), STR("contact")))
			read_contact_sync(c, v, &at);
	}
}

void
wa_decode_errors(struct wa_ctx *c, const cJSON *array)
{
	if (!json_is_array(array))
		return;
	for (const cJSON *v = json_first(array); v != NULL; v = v->next) {
		if (wa_decode_is_over(c))
			return;
		if (!json_is_object(v))
			continue;
		struct fact_error e = { .route = c->route, .in_history = c->in_history };
		const cJSON *details = json_get(json_get(v, "error_data"), "details");
		(void)json_i64(json_get(v, "code"), &e.code);
		e.title = wa_decode_name(c, json_get(v, "title"));
		if (!str_is_set(e.title))
			e.title = wa_decode_name(c, json_get(v, "message"));
		e.details =
			wa_decode_name(c, json_is_null(details) ? json_get(v, "details") : details);
		e.bytes = json_canonical(c->arena, v);
		*WA_PUSH(c, c->out->errors) = e;
	}
}

bool
wa_decode_is_account_field(struct str field)
{
	static const char *const names[] = {
		"account_update",
		"account_alerts",
		"account_review_update",
		"account_settings_update",
		"business_capability_update",
		"business_status_update",
		"phone_number_name_update",
		"phone_number_quality_update",
		"security",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_eq(field, str_from(names[i])))
			return true;
	return false;
}

/* Text of the first filled place: `object` "" is the value itself; of an array its first element.
 */
struct place {
	const char *object, *member;
};

static struct str
first_place(struct wa_ctx *c, const cJSON *value, const struct place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const cJSON *o = value;
		if (places[i].object[0] != '\0')
			o = json_get(value, places[i].object);
		if (json_is_array(o))
			o = json_first(o);
		struct str s = wa_decode_name(c, json_get(o, places[i].member));
		if (str_is_set(s))
			return s;
	}
	return STR_NONE;
}

void
wa_decode_account(struct wa_ctx *c, const cJSON *value)
{
	static const struct place events[] = {
		{ "", "event" },
		{ "", "decision" },
		{ "alert_info", "alert_type" },
		{ "", "alert_type" },
	};
	static const struct place reasons[] = {
		{ "disconnection_info", "reason" },
		{ "violation_info", "violation_type" },
		{ "ban_info", "waba_ban_state" },
		{ "restriction_info", "restriction_type" },
		{ "lock_info", "lock_reason" },
		{ "", "rejection_reason" },
		{ "alert_info", "alert_description" },
		{ "", "alert_description" },
		{ "", "reason" },
	};
	static const struct place numbers[] = { { "", "phone_number" },
		                                { "", "display_phone_number" } };
	struct fact_account f = { .route = c->route, .field = c->field, .at = c->entry_time };

	f.event = first_place(c, value, events, sizeof events / sizeof events[0]);
	f.reason = first_place(c, value, reasons, sizeof reasons / sizeof reasons[0]);
	f.phone_number = phone_digits(
		c->arena, first_place(c, value, numbers, sizeof numbers / sizeof numbers[0]));
	f.raw = json_canonical(c->arena, value);
	*WA_PUSH(c, c->out->accounts) = f;
}
