/*
 * Why: tenants are kept apart in one place. Each route says by what its client is found; here the
 * path's slug or id is turned into that client, and only if the caller may see it.
 *
 * What always holds: a handler runs with client_id set whenever its route has a client, and every
 * query it makes is given that id. What is another client's is not found, never forbidden.
 */
#include "api/call.h"
#include "store/queries.h"

/* Another client's thing must not be told from one that is not there. */
#define OR_HIDDEN ", or it is not for your token."

static const struct {
	const struct query *query;
	const char *redirect; /* kind in the table of lost ids */
	const char *missing;
} scopes[] = {
	[SCOPE_SLUG] = { &q_api_scope_client, NULL, "There is no client with this slug" OR_HIDDEN },
	[SCOPE_CONNECTION] = { &q_api_scope_connection, NULL,
	                       "There is no connection with this id" OR_HIDDEN },
	[SCOPE_CONVERSATION] = { &q_api_scope_conversation, "conversation",
	                         "There is no conversation with this id" OR_HIDDEN },
	[SCOPE_LEAD] = { &q_api_scope_lead, "lead", "There is no lead with this id" OR_HIDDEN },
	[SCOPE_TICKET] = { &q_api_scope_ticket, "ticket",
	                   "There is no ticket with this id" OR_HIDDEN },
	[SCOPE_SESSION] = { &q_api_scope_session, "session",
	                    "There is no session with this id" OR_HIDDEN },
	[SCOPE_TOKEN] = { &q_api_scope_token, NULL,
	                  "There is no valid token with this id" OR_HIDDEN },
	[SCOPE_ENTRY] = { &q_api_scope_entry, NULL,
	                  "There is no webhook event with this id" OR_HIDDEN },
	[SCOPE_MEDIA] = { &q_api_scope_media, NULL, "There is no media with this id" OR_HIDDEN },
	[SCOPE_JOB] = { &q_api_scope_job, NULL, "There is no job with this id" OR_HIDDEN },
};

/* The first row's client and subject; several rows are several clients that have the same id. */
static enum err
take(struct api_call *c, enum api_scope scope, const struct db_result *r)
{
	if (r->nrows == 0)
		return api_fail(c, ERR_NOT_FOUND, scopes[scope].missing);
	if (r->nrows > 1)
		return api_fail(c, ERR_CONFLICT,
		                "Several clients have this id: name the client in the path.");
	c->client_id = db_get_uuid(r, 0, 0);
	c->client_slug = db_get_text(r, 0, 1);
	c->subject = db_get_uuid(r, 0, 2);
	return ERR_OK;
}

static enum err
find_slug(struct api_call *c, const char *param)
{
	struct str slug = route_param(&c->params, param);
	struct db_result r;
	enum err e = db_query(c->rd, scopes[SCOPE_SLUG].query,
	                      DB_PARAMS(db_text(slug), db_uuid(c->who.client_id)), NULL, c->a, &r);

	return e != ERR_OK ? e : take(c, SCOPE_SLUG, &r);
}

/* The request's own target with `lost` replaced, for a 308. */
static struct str
new_target(struct api_call *c, struct str lost, struct uuid to)
{
	struct str path = c->in->path, fresh = uuid_text(c->a, to);

	for (size_t i = 0; i + lost.n <= path.n; i++)
		if (memcmp(path.p + i, lost.p, lost.n) == 0)
			return str_fmt(c->a, STR_FMT STR_FMT STR_FMT "%s" STR_FMT, (int)i, path.p,
			               STR_ARG(fresh), STR_ARG(str_sub(path, i + lost.n, path.n)),
			               str_is_empty(c->in->query) ? "" : "?",
			               STR_ARG(c->in->query));
	return STR_NONE;
}

static enum err
find_lost(struct api_call *c, enum api_scope scope, struct str text, struct uuid id,
          struct uuid client)
{
	const char *kind = scopes[scope].redirect, *missing = scopes[scope].missing;
	struct db_result r;
	enum err e;

	e = db_query(c->rd, &q_api_redirect,
	             DB_PARAMS(db_text(str_from(kind)), db_uuid(id), db_uuid(client)), NULL, c->a,
	             &r);
	if (e != ERR_OK)
		return e;
	if (r.nrows > 0)
		c->location = new_target(c, text, db_get_uuid(&r, 0, 0));
	return api_fail(c, ERR_NOT_FOUND,
	                r.nrows > 0 ? "It was joined with another: follow Location." : missing);
}

static enum err
find_subject(struct api_call *c, enum api_scope scope, struct str text, struct uuid client)
{
	struct uuid id = UUID_NIL;
	struct db_result r = { .nrows = 0 };
	enum err e;

	if (uuid_parse(text, &id) == ERR_OK && !uuid_is_nil(id)) {
		e = db_query(c->rd, scopes[scope].query, DB_PARAMS(db_uuid(id), db_uuid(client)),
		             NULL, c->a, &r);
		if (e != ERR_OK)
			return e;
	}
	if (r.nrows == 0 && scope == SCOPE_TICKET) {
		e = db_query(c->rd, &q_api_scope_ticket_external,
		             DB_PARAMS(db_text(text), db_uuid(client)), NULL, c->a, &r);
		if (e != ERR_OK)
			return e;
	}
	if (r.nrows == 0 && scopes[scope].redirect != NULL && !uuid_is_nil(id))
		return find_lost(c, scope, text, id, client);
	return take(c, scope, &r);
}

enum err
scope_named(struct api_call *c, struct str slug, struct uuid *out)
{
	struct db_result r;
	enum err e = db_query(c->rd, scopes[SCOPE_SLUG].query,
	                      DB_PARAMS(db_text(slug), db_uuid(c->who.client_id)), NULL, c->a, &r);

	if (e == ERR_OK && r.nrows == 0)
		return api_fail(c, ERR_NOT_FOUND, scopes[SCOPE_SLUG].missing);
	if (e == ERR_OK)
		*out = db_get_uuid(&r, 0, 0);
	return e;
}

enum err
scope_find(struct api_call *c)
{
	enum api_scope scope = c->route->scope;
	struct str id;
	enum err e;

	if (scope == SCOPE_NONE || scope == SCOPE_ALL)
		return ERR_OK;
	if (scope == SCOPE_SLUG)
		return find_slug(c, "slug");
	id = route_param(&c->params, "id");
	if (!str_is_set(route_param(&c->params, "clientSlug")))
		return find_subject(c, scope, id, c->who.client_id);
	e = find_slug(c, "clientSlug");
	return e != ERR_OK ? e : find_subject(c, scope, id, c->client_id);
}
