/*
 * People in a body: their ids as they stood together, and the names seen with them. What always
 * holds: a wa_id is digits, a username has no '@', and nothing else than an id makes a person.
 */
#include "core/phone.h"
#include "core/wa_decode_internal.h"
#include "core/wa_text.h"

/* An id without control characters; STR_NONE otherwise. Marks the element when too long. */
static struct str
read_id(struct wa_ctx *c, const cJSON *v)
{
	struct str s = STR_NONE;
	const char *code;

	if (json_is_null(v))
		return STR_NONE;
	code = wa_decode_id(c, v, &s);
	if (code != NULL && strcmp(code, "out_of_bounds") == 0)
		c->too_long = true;
	return s;
}

struct fact_person
wa_decode_person(struct wa_ctx *c, const cJSON *phone, const cJSON *user_id, const cJSON *parent_id,
                 const cJSON *username)
{
	struct fact_person p = { 0 };
	struct str text = read_id(c, phone);

	p.wa_id = phone_digits(c->arena, text);
	p.user_id = read_id(c, user_id);
	if (!str_is_set(p.wa_id) && !str_is_set(p.user_id) && phone_is_bsuid(text))
		p.user_id = text;
	p.parent_id = read_id(c, parent_id);
	p.username = wa_decode_name(c, username);
	if (str_starts(p.username, STR("@")))
		p.username = str_sub(p.username, 1, p.username.n);
	if (p.username.n == 0)
		p.username = STR_NONE;
	return p;
}

bool
wa_decode_person_is_set(const struct fact_person *p)
{
	return str_is_set(p->wa_id) || str_is_set(p->user_id);
}

struct fact_person
wa_decode_from(struct wa_ctx *c, const cJSON *element)
{
	return wa_decode_person(c, json_get(element, "from"), json_get(element, "from_user_id"),
	                        json_get(element, "from_parent_user_id"), NULL);
}

struct fact_person
wa_decode_to(struct wa_ctx *c, const cJSON *element)
{
	return wa_decode_person(c, json_get(element, "to"), json_get(element, "to_user_id"),
	                        json_get(element, "to_parent_user_id"), NULL);
}

static void
read_contact(struct wa_ctx *c, const cJSON *contact, bool only)
{
	const cJSON *profile = json_get(contact, "profile");
	const cJSON *username = json_get(profile, "username");
	struct fact_person p;

	if (json_is_null(username))
		username = json_get(contact, "username");
	p = wa_decode_person(c, json_get(contact, "wa_id"), json_get(contact, "user_id"),
	                     json_get(contact, "parent_user_id"), username);
	if (!wa_decode_person_is_set(&p))
		return;
	if (only)
		c->contact = p;
	*WA_PUSH(c, c->out->links) = (struct fact_link){
		.route = c->route,
		.a = p,
		.profile_name = wa_decode_name(c, json_get(profile, "name")),
		.at = TIME_NONE,
	};
}

void
wa_decode_contacts(struct wa_ctx *c, const cJSON *value)
{
	const cJSON *contacts = json_get(value, "contacts");

	if (!json_is_array(contacts))
		return;
	bool only = contacts->child != NULL && contacts->child->next == NULL;
	for (const cJSON *v = json_first(contacts); v != NULL; v = v->next) {
		if (wa_decode_is_over(c))
			return;
		if (json_is_object(v))
			read_contact(c, v, only);
	}
}

void
wa_decode_links_end(struct wa_ctx *c)
{
	for (size_t i = c->first_link; i < c->out->links.n; i++)
		if (!c->out->links.v[i].number_change)
			c->out->links.v[i].at = c->newest;
}

void
wa_decode_number_change(struct wa_ctx *c, const cJSON *element, int64_t at)
{
	const cJSON *system = json_get(element, "system");
	struct str type = json_str(json_get(system, "type"));
	const cJSON *now = json_get(system, "wa_id");
	struct fact_person a, b;

	if (!str_eq(type, STR("user_changed_number")) &&
	    !str_eq(type, STR("user_changed_user_id")) &&
	    !str_eq(type, STR("customer_changed_number")))
		return;
	if (json_is_null(now))
		now = json_get(system, "new_wa_id");
	a = wa_decode_from(c, element);
	if (!wa_decode_person_is_set(&a))
		a = wa_decode_person(c, json_get(system, "customer"), NULL, NULL, NULL);
	b = wa_decode_person(c, now, json_get(system, "user_id"),
	                     json_get(system, "parent_user_id"), json_get(system, "username"));
	if (!wa_decode_person_is_set(&a) || !wa_decode_person_is_set(&b))
		return;
	*WA_PUSH(c, c->out->links) = (struct fact_link){
		.route = c->route, .a = a, .b = b, .number_change = true, .at = at
	};
}
