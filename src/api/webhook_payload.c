/*
 * Why: one body may hold changes for several clients, and each may read only its own.
 *
 * What always holds: what is not certainly the client's is left out.
 */
#include "api/webhook_events.h"
#include "store/queries.h"

/* Column 1 or 2 of the client's connections holds the text. */
static bool
is_theirs(const struct db_result *routes, size_t col, struct str text)
{
	for (size_t i = 0; str_is_set(text) && i < routes->nrows; i++)
		if (str_eq(db_get_text(routes, i, col), text))
			return true;
	return false;
}

/* By its number; where it names none, by the account. */
static bool
is_their_value(struct api_call *c, const struct db_result *routes, const cJSON *value,
               struct str waba)
{
	struct str number =
		json_text(c->a, json_get(json_get(value, "metadata"), "phone_number_id"));

	return str_is_set(number) ? is_theirs(routes, 1, number) : is_theirs(routes, 2, waba);
}

/* One `entry` with only their changes. */
static void
write_entry(struct api_call *c, struct jw *w, const struct db_result *routes, const cJSON *entry)
{
	struct str waba = json_text(c->a, json_get(entry, "id"));
	const cJSON *changes = json_get(entry, "changes");

	jw_obj(w);
	for (const cJSON *m = json_first(entry); m != NULL; m = m->next) {
		jw_key(w, m->string);
		if (m != changes) {
			jw_raw(w, json_raw(c->a, m));
			continue;
		}
		jw_arr(w);
		for (const cJSON *x = json_first(changes); x != NULL; x = x->next)
			if (is_their_value(c, routes, json_get(x, "value"), waba))
				jw_raw(w, json_raw(c->a, x));
		jw_arr_end(w);
	}
	jw_obj_end(w);
}

static bool
has_theirs(struct api_call *c, const struct db_result *routes, const cJSON *entry)
{
	struct str waba = json_text(c->a, json_get(entry, "id"));

	for (const cJSON *x = json_first(json_get(entry, "changes")); x != NULL; x = x->next)
		if (is_their_value(c, routes, json_get(x, "value"), waba))
			return true;
	return false;
}

static struct str
their_part(struct api_call *c, const struct db_result *routes, const cJSON *doc)
{
	const cJSON *entries = json_get(doc, "entry"), *data = json_get(doc, "data");
	bool any = false;
	struct buf b;
	struct jw w;

	if (!cJSON_IsArray(entries)) { /* one value, in 360dialog's wrapper or bare */
		const cJSON *value = data != NULL ? data : doc;
		struct str waba = data != NULL ? json_text(c->a, json_get(data, "id")) : STR_NONE;

		return is_their_value(c, routes, value, waba) ? json_raw(c->a, doc) : STR_NONE;
	}
	buf_init(&b, c->a, API_MAX_ANSWER);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kraw(&w, "object", json_raw(c->a, json_get(doc, "object")));
	jw_key(&w, "entry");
	jw_arr(&w);
	for (const cJSON *x = json_first(entries); x != NULL; x = x->next) {
		if (!has_theirs(c, routes, x))
			continue;
		any = true;
		write_entry(c, &w, routes, x);
	}
	jw_arr_end(&w);
	jw_obj_end(&w);
	return any ? buf_slice(&b) : STR_NONE;
}

static struct str
as_string(struct api_call *c, struct str body)
{
	struct buf b;
	struct jw w;

	buf_init(&b, c->a, API_MAX_ANSWER);
	jw_init(&w, &b);
	jw_str(&w, body);
	return buf_slice(&b);
}

enum err
event_payload(struct api_call *c, struct uuid client, struct str *out)
{
	struct db_result r, routes = { .nrows = 0 };
	const cJSON *doc = NULL;
	bool is_json, whole = uuid_is_nil(client);
	enum err e =
		db_query(c->rd, &q_api_entry_body, DB_PARAMS(db_uuid(c->subject)), NULL, c->a, &r);

	if (e == ERR_OK && r.nrows == 0)
		return ERR_NOT_FOUND;
	if (e == ERR_OK && !whole)
		e = db_query(c->rd, &q_api_client_routes, DB_PARAMS(db_uuid(client)), NULL, c->a,
		             &routes);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < routes.nrows && !db_is_null(&r, 0, 1); i++)
		whole = whole || uuid_eq(db_get_uuid(&routes, i, 0), db_get_uuid(&r, 0, 1));
	is_json = json_parse(c->a, db_get_text(&r, 0, 0), &doc) == ERR_OK;
	if (whole)
		*out = is_json ? json_raw(c->a, doc) : as_string(c, db_get_text(&r, 0, 0));
	else
		*out = is_json ? their_part(c, &routes, doc) : STR_NONE;
	return ERR_OK;
}
