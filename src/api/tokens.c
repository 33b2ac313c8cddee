/*
 * Why: everyone but the operator calls with a token that is bound to a role and perhaps to one
 * client.
 *
 * What always holds: the secret is shown once and stored as its digest; nobody makes a token that
 * may do more than they may, or for another client.
 */
#include "api/call.h"
#include "store/queries.h"

static void
write_token(struct jw *w, struct uuid id, struct str name, struct str role, struct str slug,
            int64_t created_at)
{
	jw_obj(w);
	jw_kuuid(w, "id", id);
	jw_kstr(w, "name", name);
	jw_kstr(w, "role", role);
	jw_kstr(w, "clientSlug", slug);
	jw_ktime(w, "createdAt", created_at);
	jw_obj_end(w);
}

enum err
tokens_list(struct api_call *c)
{
	struct api_cursor k = { .list = 't' };
	struct db_result r;
	size_t shown;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_token_list,
		             DB_PARAMS(db_uuid(c->who.client_id), db_uuid(k.id), db_bool(false),
		                       db_int((int64_t)arg_limit(c) + 1)),
		             NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	shown = api_page_rows(c, &r);
	api_list_begin(c);
	for (size_t i = 0; i < shown; i++)
		write_token(&c->w, db_get_uuid(&r, i, 0), db_get_text(&r, i, 1),
		            db_get_text(&r, i, 2), db_get_text(&r, i, 3), db_get_time(&r, i, 4));
	if (shown < r.nrows)
		k.id = db_get_uuid(&r, shown - 1, 0);
	api_list_end(c, shown < r.nrows ? &k : NULL);
	return ERR_OK;
}

/* The client that the body names, if the caller may make tokens for it. */
static enum err
find_client(struct api_call *c)
{
	const struct api_value *slug = arg_body(c, "clientSlug");
	struct db_result r;
	enum err e;

	if (!slug->set || slug->null)
		return c->who.all_clients
		               ? ERR_OK
		               : api_fail(c, ERR_FORBIDDEN, "Name your client in clientSlug.");
	e = db_query(c->rd, &q_api_scope_client,
	             DB_PARAMS(db_text(slug->s), db_uuid(c->who.client_id)), NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	if (r.nrows == 0)
		return api_fail(c, ERR_NOT_FOUND, "There is no client with this slug.");
	c->client_id = db_get_uuid(&r, 0, 0);
	c->client_slug = db_get_text(&r, 0, 1);
	return ERR_OK;
}

enum err
tokens_create(struct api_call *c)
{
	struct admin_token x = { .id = api_new_id(c),
		                 .name = arg_body(c, "name")->s,
		                 .role = arg_body(c, "role")->s };
	const struct admin ad = api_admin(c);
	enum err e = find_client(c);

	if (e == ERR_OK)
		e = api_begin(c, false);
	if (e != ERR_OK)
		return e;
	x.client_id = c->client_id;
	e = api_end(c, admin_token_insert(&ad, &x));
	if (e != ERR_OK)
		return e;
	throttle_passed(c->api->throttle, c->address, x.digest, c->now);
	c->status = 201;
	jw_obj(&c->w);
	jw_key(&c->w, "token");
	write_token(&c->w, x.id, x.name, x.role, c->client_slug, c->now);
	jw_kstr(&c->w, "secret", x.secret);
	jw_obj_end(&c->w);
	return ERR_OK;
}

enum err
tokens_delete(struct api_call *c)
{
	const struct admin ad = api_admin(c);
	enum err e = api_begin(c, false);

	if (e != ERR_OK)
		return e;
	e = admin_token_revoke(&ad, c->subject, c->client_id);
	c->status = 204;
	return api_end(c, e);
}
