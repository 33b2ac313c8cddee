/*
 * Why: clients are the tenants everything else belongs to.
 *
 * What always holds: a helpdesk key goes in and never comes out; a caller bound to one client sees
 * only that one.
 */
#include "api/call.h"
#include "store/queries.h"

static void
write_client(struct jw *w, const struct db_result *r, size_t row)
{
	jw_obj(w);
	jw_kuuid(w, "id", db_get_uuid(r, row, 0));
	jw_kstr(w, "slug", db_get_text(r, row, 1));
	jw_kstr(w, "name", db_get_text(r, row, 2));
	jw_kstr(w, "apiBaseUrl", db_get_text(r, row, 3));
	jw_kbool(w, "hasApiKey", db_get_bool(r, row, 4));
	jw_kbool(w, "isActive", db_get_bool(r, row, 5));
	jw_ktime(w, "createdAt", db_get_time(r, row, 6));
	jw_ktime(w, "updatedAt", db_get_time(r, row, 7));
	jw_obj_end(w);
}

enum err
clients_get(struct api_call *c)
{
	struct db_result r;
	enum err e = db_query(c->rd, &q_api_client_one, DB_PARAMS(db_uuid(c->client_id)), NULL,
	                      c->a, &r);

	if (e != ERR_OK)
		return e;
	if (r.nrows == 0)
		return ERR_NOT_FOUND;
	jw_obj(&c->w);
	jw_key(&c->w, "client");
	write_client(&c->w, &r, 0);
	jw_obj_end(&c->w);
	return ERR_OK;
}

enum err
clients_list(struct api_call *c)
{
	struct api_cursor k = { .list = 'c', .text = STR("") };
	struct db_result r;
	size_t shown;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_client_list,
		             DB_PARAMS(db_uuid(c->who.client_id), db_text(k.text),
		                       db_int((int64_t)arg_limit(c) + 1)),
		             NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	shown = api_page_rows(c, &r);
	api_list_begin(c);
	for (size_t i = 0; i < shown; i++)
		write_client(&c->w, &r, i);
	if (shown < r.nrows)
		k.text = db_get_text(&r, shown - 1, 1);
	api_list_end(c, shown < r.nrows ? &k : NULL);
	return ERR_OK;
}

/* One transaction: the client, unless the slug is taken, and its audit row. */
static enum err
insert(struct api_call *c, bool *made)
{
	const struct api_value *active = arg_body(c, "isActive");
	const struct admin ad = api_admin(c);
	struct admin_client x = { .id = api_new_id(c),
		                  .slug = arg_body(c, "slug")->s,
		                  .name = arg_body(c, "name")->s,
		                  .base_url = arg_body(c, "apiBaseUrl")->s,
		                  .active = !active->set || active->b };
	enum err e = api_begin(c, false);

	if (e != ERR_OK)
		return e;
	x.key_box = api_seal(c, "clients", x.id, "api_key", arg_body(c, "apiKey")->s);
	e = admin_client_insert(&ad, &x, made);
	if (e == ERR_OK && *made)
		c->client_id = x.id;
	return api_end(c, e);
}

enum err
clients_create(struct api_call *c)
{
	bool made = false;
	enum err e = insert(c, &made);

	if (e != ERR_OK)
		return e;
	if (!made)
		return api_refuse(c, ERR_CONFLICT, "slug_taken", "The slug is taken.");
	c->status = 201;
	return clients_get(c);
}

enum err
clients_ensure(struct api_call *c)
{
	struct db_result r;
	bool made = false;
	enum err e = insert(c, &made);

	if (e == ERR_OK && !made) {
		e = db_query(c->rd, &q_api_scope_client,
		             DB_PARAMS(db_text(arg_body(c, "slug")->s), db_uuid(UUID_NIL)), NULL,
		             c->a, &r);
		if (e == ERR_OK && r.nrows == 1)
			c->client_id = db_get_uuid(&r, 0, 0);
	}
	if (e != ERR_OK)
		return e;
	c->status = made ? 201 : 200;
	return clients_get(c);
}

enum err
clients_patch(struct api_call *c)
{
	const struct api_value *url = arg_body(c, "apiBaseUrl"), *key = arg_body(c, "apiKey");
	const struct api_value *active = arg_body(c, "isActive");
	const struct admin ad = api_admin(c);
	const struct admin_client_change x = {
		.id = c->client_id,
		.name = arg_body(c, "name")->s,
		.set_url = url->set,
		.base_url = url->s,
		.set_key = key->set,
		.key_box = api_seal(c, "clients", c->client_id, "api_key", key->s),
		.set_active = active->set,
		.active = active->b,
	};
	enum err e = api_begin(c, false);

	if (e != ERR_OK)
		return e;
	e = admin_client_update(&ad, &x);
	e = api_end(c, e);
	return e != ERR_OK ? e : clients_get(c);
}
