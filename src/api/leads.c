/*
 * Why: people can be named, tagged and made by hand, beside what the inlets say of them.
 *
 * What always holds: a hand-set name stands above every other; writes hold the client's lane, like
 * everything else that writes people.
 */
#include "api/call.h"
#include "core/lead.h"
#include "core/phone.h"
#include "core/search.h"
#include "store/queries.h"

enum err
lead_tags_load(struct api_call *c, const struct db_result *r, size_t n, size_t col,
               struct lead_tags *out)
{
	struct db_rows *rows = db_rows_new(c->a, &q_api_lead_tags);

	for (size_t i = 0; i < n; i++)
		db_row_uuid(rows, db_get_uuid(r, i, col));
	return db_query(c->rd, &q_api_lead_tags, DB_PARAMS(db_uuid(c->client_id)), rows, c->a,
	                &out->rows);
}

/* First row of the lead's tags; rows come sorted by lead. */
static size_t
first_tag(const struct db_result *r, struct uuid lead)
{
	size_t low = 0, high = r->nrows;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (uuid_cmp(db_get_uuid(r, mid, 0), lead) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
write_tags(struct jw *w, const struct lead_tags *tags, struct uuid lead)
{
	const struct db_result *r = &tags->rows;
	struct uuid shown = UUID_NIL;

	jw_key(w, "tags");
	jw_arr(w);
	for (size_t i = first_tag(r, lead); i < r->nrows && uuid_eq(db_get_uuid(r, i, 0), lead);
	     i++) {
		struct uuid tag = db_get_uuid(r, i, 1);

		if (uuid_eq(tag, shown)) /* the page names the lead several times */
			continue;
		shown = tag;
		jw_obj(w);
		jw_kuuid(w, "id", tag);
		jw_kstr(w, "name", db_get_text(r, i, 2));
		jw_kstr(w, "color", db_get_text(r, i, 3));
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

void
lead_write(struct jw *w, const struct db_result *r, size_t row, size_t col,
           const struct lead_tags *tags)
{
	struct str wa_id = db_get_text(r, row, col + 1);
	char phone[PHONE_MAX_DIGITS + 2];

	jw_obj(w);
	jw_kuuid(w, "id", db_get_uuid(r, row, col));
	if (str_is_empty(wa_id) || wa_id.n > PHONE_MAX_DIGITS) {
		jw_knull(w, "phoneNumber");
	} else {
		phone[0] = '+';
		memcpy(phone + 1, wa_id.p, wa_id.n);
		jw_kstr(w, "phoneNumber", str_n(phone, wa_id.n + 1));
	}
	jw_kstr(w, "waId", wa_id);
	jw_kstr(w, "username", db_get_text(r, row, col + 2));
	jw_kstr(w, "pushName", db_get_text(r, row, col + 3));
	jw_kstr(w, "source", db_get_text(r, row, col + 4));
	jw_kbool(w, "hasHistory", db_get_bool(r, row, col + 5));
	jw_kbool(w, "isActive", db_get_bool(r, row, col + 6));
	jw_ktime(w, "deletedAt", db_get_time(r, row, col + 7));
	jw_ktime(w, "lastSyncedAt", db_get_time(r, row, col + 8));
	jw_ktime(w, "createdAt", db_get_time(r, row, col + 9));
	jw_ktime(w, "lastMessageAt", db_get_time(r, row, col + 10));
	write_tags(w, tags, db_get_uuid(r, row, col));
	jw_obj_end(w);
}

enum err
leads_get(struct api_call *c)
{
	struct lead_tags tags;
	struct db_result r;
	enum err e = db_query(c->rd, &q_api_lead_one,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject)), NULL, c->a,
	                      &r);

	if (e == ERR_OK && r.nrows == 0)
		return ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = lead_tags_load(c, &r, 1, 0, &tags);
	if (e != ERR_OK)
		return e;
	jw_obj(&c->w);
	jw_key(&c->w, "lead");
	lead_write(&c->w, &r, 0, 0, &tags);
	jw_obj_end(&c->w);
	return ERR_OK;
}

enum err
leads_list(struct api_call *c)
{
	struct api_cursor k = { .list = 'l' };
	struct lead_tags tags;
	struct db_result r;
	size_t shown = 0;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_lead_list,
		             DB_PARAMS(db_uuid(c->client_id), db_text(arg_query(c, "source")->s),
		                       db_text(arg_pattern(c, "q")), db_uuid(k.id),
		                       db_int((int64_t)arg_limit(c) + 1)),
		             NULL, c->a, &r);
	if (e == ERR_OK) {
		shown = api_page_rows(c, &r);
		e = lead_tags_load(c, &r, shown, 0, &tags);
	}
	if (e != ERR_OK)
		return e;
	api_list_begin(c);
	for (size_t i = 0; i < shown; i++)
		lead_write(&c->w, &r, i, 0, &tags);
	if (shown < r.nrows)
		k.id = db_get_uuid(&r, shown - 1, 0);
	api_list_end(c, shown < r.nrows ? &k : NULL);
	return ERR_OK;
}

/* Exactly the tags of the body, made where they are new. In a transaction. */
static enum err
set_tags(struct api_call *c, struct uuid lead)
{
	const struct api_value *v = arg_body(c, "tags");
	struct db_rows *fresh = db_rows_new(c->a, &q_api_tag_add);
	struct db_rows *names = db_rows_new(c->a, &q_api_lead_tags_set);
	enum err e;

	if (!v->set)
		return ERR_OK;
	for (size_t i = 0; i < v->nlist; i++) {
		db_row_uuid(fresh, api_new_id(c));
		db_row_text(fresh, v->list[i]);
		db_row_text(names, v->list[i]);
	}
	e = db_exec(c->wr, &q_api_tag_add, DB_PARAMS(db_uuid(c->client_id), db_time(c->now)), fresh,
	            NULL);
	if (e == ERR_OK)
		e = db_exec(c->wr, &q_api_lead_tags_clear,
		            DB_PARAMS(db_uuid(c->client_id), db_uuid(lead)), NULL, NULL);
	if (e == ERR_OK)
		e = db_exec(c->wr, &q_api_lead_tags_set,
		            DB_PARAMS(db_uuid(c->client_id), db_uuid(lead)), names, NULL);
	return e;
}

/* In a transaction: it is found by what it is called now. */
static enum err
name_for_search(struct api_call *c, struct str name)
{
	struct db_result r;
	enum err e = db_query(c->wr, &q_api_lead_called,
	                      DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject), db_text(name)),
	                      NULL, c->a, &r);

	if (e != ERR_OK || r.nrows == 0)
		return e;
	return db_exec(
		c->wr, &q_api_lead_search,
		DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject),
	                  db_text(search_name(c->a, db_get_text(&r, 0, 0), db_get_text(&r, 0, 1)))),
		NULL, NULL);
}

enum err
leads_patch(struct api_call *c)
{
	const struct api_value *name = arg_body(c, "name");
	enum err e = api_begin(c, true);

	if (e != ERR_OK)
		return e;
	if (name->set)
		e = db_exec(c->wr, &q_api_lead_rename,
		            DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject), db_text(name->s),
		                      db_time(c->now)),
		            NULL, NULL);
	if (e == ERR_OK && name->set)
		e = name_for_search(c, name->s);
	if (e == ERR_OK)
		e = set_tags(c, c->subject);
	if (e == ERR_OK)
		e = api_audit(c, "lead.changed", "lead", c->subject, STR_NONE);
	e = api_end(c, e);
	return e != ERR_OK ? e : leads_get(c);
}

static enum err
add_identity(struct api_call *c, struct str value)
{
	return db_exec(c->wr, &q_api_identity_add,
	               DB_PARAMS(db_uuid(c->client_id), db_text(value), db_uuid(c->subject)), NULL,
	               NULL);
}

/* A new lead, or one of which only identities were known. In a transaction with the lane. */
static enum err
insert(struct api_call *c, struct str digits, struct str match_key, struct str name)
{
	struct db_result r;
	enum err e = db_query(c->wr, &q_api_lead_by_phone,
	                      DB_PARAMS(db_uuid(c->client_id), db_text(digits), db_text(match_key)),
	                      NULL, c->a, &r);

	if (e != ERR_OK)
		return e;
	if (r.nrows > 0 && db_get_int(&r, 0, 1) != 0)
		return api_refuse(c, ERR_CONFLICT, "number_known",
		                  "There is a lead with this number.");
	c->subject = r.nrows > 0 ? db_get_uuid(&r, 0, 0) : api_new_id(c);
	e = db_exec(
		c->wr, r.nrows > 0 ? &q_api_lead_reveal : &q_api_lead_insert,
		r.nrows > 0
			? DB_PARAMS(db_uuid(c->client_id), db_uuid(c->subject), db_int(LEAD_DIRECT),
	                            db_text(digits), db_text(name), db_time(c->now))
			: DB_PARAMS(db_uuid(c->subject), db_uuid(c->client_id), db_int(LEAD_DIRECT),
	                            db_text(digits), db_text(name),
	                            db_text(search_name(c->a, name, STR_NONE)), db_time(c->now)),
		NULL, NULL);
	if (e == ERR_OK && r.nrows > 0)
		e = name_for_search(c, name);
	if (e == ERR_OK)
		e = add_identity(c, digits);
	if (e == ERR_OK && !str_eq(digits, match_key))
		e = add_identity(c, match_key);
	return e;
}

enum err
leads_create(struct api_call *c)
{
	struct str digits = arg_body(c, "phoneNumber")->s;
	struct str match_key = phone_match_key(c->a, digits);
	enum err e = api_begin(c, true);

	if (e != ERR_OK)
		return e;
	e = insert(c, digits, match_key, arg_body(c, "name")->s);
	if (e == ERR_OK)
		e = set_tags(c, c->subject);
	if (e == ERR_OK)
		e = api_audit(c, "lead.created", "lead", c->subject, STR_NONE);
	e = api_end(c, e);
	if (e != ERR_OK)
		return e;
	c->status = 201;
	return leads_get(c);
}
