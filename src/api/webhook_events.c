/*
 * Why: the journal as people see it: what came, what became of it, and applying it again.
 *
 * What always holds: the operator sees entries whole, a client only its own parts and, of the body,
 * only its own changes; replaying marks parts, the drainers do the rest.
 */
#include "api/webhook_events.h"
#include "api/words.h"
#include "store/queries.h"

/* By the rank that the queries give: the worst part of an entry decides. */
static const char *const status_words[] = { "received", "ignored",
	                                    "applied",  "applied_with_problems",
	                                    "received", "failed",
	                                    "retrying", "parked" };

bool
event_is_status(struct str word)
{
	for (size_t i = 0; i < sizeof(status_words) / sizeof(*status_words); i++)
		if (str_eq(word, str_from(status_words[i])))
			return true;
	return false;
}

struct db_param
event_rank(const struct api_value *status)
{
	for (int64_t i = 1; status->set && i < 8; i++)
		if (str_eq(status->s, str_from(status_words[i])))
			return db_int(i);
	return db_null('i');
}

struct db_param
event_field(struct str name)
{
	for (size_t i = 0; str_is_set(name) && words_event_fields[i] != NULL; i++)
		if (str_eq(name, str_from(words_event_fields[i])))
			return db_int(INT64_C(1) << i);
	return db_null('i');
}

struct db_param
event_time(const struct api_value *v)
{
	return db_time(v->set ? v->i : TIME_NONE);
}

/* Columns of api_entry_list and api_part_list. */
enum {
	E_ID,
	E_RANK,
	E_FIELDS,
	E_NUMBER,
	E_RECEIVED_AT,
	E_APPLIED_AT,
	E_ATTEMPTS,
	E_NEXT_AT,
	E_ERROR,
	E_BYTES
};

/* One list of all parts' problems. */
static void
write_problems(struct api_call *c, const struct db_result *problems, struct uuid entry)
{
	struct jw *w = &c->w;

	jw_key(w, "problems");
	jw_arr(w);
	for (size_t i = 0; i < problems->nrows; i++) {
		const cJSON *list = NULL;

		if (!uuid_eq(db_get_uuid(problems, i, 0), entry) ||
		    json_parse(c->a, db_get_text(problems, i, 1), &list) != ERR_OK)
			continue;
		for (const cJSON *p = json_first(list); p != NULL; p = p->next)
			jw_raw(w, json_raw(c->a, p));
	}
	jw_arr_end(w);
}

/* The members of an event; the caller opens and closes the object. */
static void
write_members(struct api_call *c, const struct db_result *r, size_t row,
              const struct db_result *problems)
{
	int64_t bits = db_get_int(r, row, E_FIELDS);
	bool applied = db_get_int(r, row, E_RANK) <= 3;
	struct jw *w = &c->w;

	jw_kuuid(w, "id", db_get_uuid(r, row, E_ID));
	jw_kz(w, "status", status_words[db_get_int(r, row, E_RANK) & 7]);
	jw_key(w, "fields");
	jw_arr(w);
	for (size_t i = 0; words_event_fields[i] != NULL; i++)
		if ((bits & (INT64_C(1) << i)) != 0)
			jw_z(w, words_event_fields[i]);
	jw_arr_end(w);
	jw_kstr(w, "phoneNumberId", db_get_text(r, row, E_NUMBER));
	jw_ktime(w, "receivedAt", db_get_time(r, row, E_RECEIVED_AT));
	jw_ktime(w, "appliedAt", applied ? db_get_time(r, row, E_APPLIED_AT) : TIME_NONE);
	jw_ki64(w, "attempts", db_get_int(r, row, E_ATTEMPTS));
	jw_ktime(w, "nextAttemptAt", db_get_time(r, row, E_NEXT_AT));
	api_write_error(w, db_get_text(r, row, E_ERROR));
	write_problems(c, problems, db_get_uuid(r, row, E_ID));
	jw_ki64(w, "bytes", db_get_int(r, row, E_BYTES));
}

static enum err
load_problems(struct api_call *c, struct uuid client, const struct db_result *r, size_t n,
              struct db_result *out)
{
	struct db_rows *rows = db_rows_new(c->a, &q_api_part_problems);

	for (size_t i = 0; i < n; i++)
		db_row_uuid(rows, db_get_uuid(r, i, E_ID));
	return db_query(c->rd, &q_api_part_problems, DB_PARAMS(db_uuid(client)), rows, c->a, out);
}

/* client nil: entries of all, unrouted ones too. entry nil: any. */
static enum err
read_page(struct api_call *c, struct uuid client, struct uuid before, size_t n,
          struct db_result *out)
{
	struct db_param rank = event_rank(arg_query(c, "status")),
			field = event_field(arg_query(c, "field")->s);
	struct db_param from = event_time(arg_query(c, "from")),
			to = event_time(arg_query(c, "to"));
	struct db_param limit = db_int((int64_t)n), any = db_uuid(UUID_NIL),
			place = db_uuid(before);

	if (uuid_is_nil(client))
		return db_query(c->rd, &q_api_entry_list,
		                DB_PARAMS(any, place, rank, field, from, to, limit), NULL, c->a,
		                out);
	return db_query(c->rd, &q_api_part_list,
	                DB_PARAMS(db_uuid(client), any, place, rank, field, from, to, limit), NULL,
	                c->a, out);
}

static enum err
write_list(struct api_call *c, struct uuid client)
{
	struct api_cursor k = { .list = 'e', .id = cursor_last_id() };
	struct db_result r, problems;
	size_t shown = 0;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK)
		e = read_page(c, client, k.id, arg_limit(c) + 1, &r);
	if (e == ERR_OK) {
		shown = api_page_rows(c, &r);
		e = load_problems(c, client, &r, shown, &problems);
	}
	if (e != ERR_OK)
		return e;
	api_list_begin(c);
	for (size_t i = 0; i < shown; i++) {
		jw_obj(&c->w);
		write_members(c, &r, i, &problems);
		jw_obj_end(&c->w);
	}
	if (shown < r.nrows)
		k.id = db_get_uuid(&r, shown - 1, E_ID);
	api_list_end(c, shown < r.nrows ? &k : NULL);
	return ERR_OK;
}

enum err
events_list_all(struct api_call *c)
{
	return write_list(c, UUID_NIL);
}

enum err
events_list(struct api_call *c)
{
	return write_list(c, c->client_id);
}

static enum err
read_one(struct api_call *c, struct uuid client, struct db_result *out)
{
	struct db_param last = db_uuid(cursor_last_id()), id = db_uuid(c->subject), one = db_int(1);
	struct db_param i = db_null('i'), m = db_null('m');

	if (uuid_is_nil(client))
		return db_query(c->rd, &q_api_entry_list, DB_PARAMS(id, last, i, i, m, m, one),
		                NULL, c->a, out);
	return db_query(c->rd, &q_api_part_list,
	                DB_PARAMS(db_uuid(client), id, last, i, i, m, m, one), NULL, c->a, out);
}

enum err
events_get(struct api_call *c)
{
	struct uuid client = c->who.client_id; /* nil for those who see all */
	struct db_result r, problems;
	struct str payload = STR_NONE;
	enum err e = read_one(c, client, &r);

	if (e == ERR_OK && r.nrows == 0)
		return ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = load_problems(c, client, &r, 1, &problems);
	if (e == ERR_OK)
		e = event_payload(c, client, &payload);
	if (e != ERR_OK)
		return e;
	jw_obj(&c->w);
	jw_key(&c->w, "webhookEvent");
	jw_obj(&c->w);
	write_members(c, &r, 0, &problems);
	jw_kraw(&c->w, "payload", payload);
	jw_obj_end(&c->w);
	jw_obj_end(&c->w);
	return ERR_OK;
}
