/*
 * Why: the small things every handler does: begin and end a transaction, a page, an audit row.
 *
 * What always holds: a transaction that was begun is committed or rolled back by the same handler;
 * an audit row is written in the transaction of what it tells.
 */
#include "api/call.h"

bool
api_names_tag(struct str header, struct str tag)
{
	struct str part;

	while (str_split(&header, ',', &part)) {
		part = str_trim(part);
		if (str_starts(part, STR("W/")))
			part = str_sub(part, 2, part.n);
		if (str_eq(part, tag) || str_eq(part, STR("*")))
			return true;
	}
	return false;
}

enum err
api_fail(struct api_call *c, enum err e, const char *detail)
{
	c->problem.code = e;
	if (detail != NULL)
		c->problem.detail = str_from(detail);
	return e;
}

enum err
api_invalid(struct api_call *c, const char *path, const char *message)
{
	problem_add(&c->problem, str_from(path), PROBLEM_INVALID, str_from(message));
	return api_fail(c, ERR_INVALID, NULL);
}

enum err
api_refuse(struct api_call *c, enum err e, const char *code, const char *detail)
{
	c->problem.why = code;
	return api_fail(c, e, detail);
}

void
api_write_error(struct jw *w, struct str text)
{
	size_t n = 0;

	while (n < text.n && ((text.p[n] >= 'a' && text.p[n] <= 'z') || text.p[n] == '_'))
		n++;
	jw_kstr(w, "error", text);
	jw_kstr(w, "errorCode",
	        n > 0 && (n == text.n || text.p[n] == ':') ? str_n(text.p, n) : STR_NONE);
}

void
api_list_begin(struct api_call *c)
{
	jw_obj(&c->w);
	jw_key(&c->w, "data");
	jw_arr(&c->w);
}

void
api_list_end(struct api_call *c, const struct api_cursor *next)
{
	jw_arr_end(&c->w);
	jw_kstr(&c->w, "nextCursor", next != NULL ? cursor_encode(c->a, next) : STR_NONE);
	jw_obj_end(&c->w);
}

size_t
api_page_rows(const struct api_call *c, const struct db_result *r)
{
	size_t limit = arg_limit(c);

	return r->nrows < limit ? r->nrows : limit;
}

enum err
api_begin(struct api_call *c, bool lane)
{
	enum err e;

	if (c->wr == NULL)
		return ERR_UNAVAILABLE;
	e = db_begin(c->wr, DB_API);
	if (e == ERR_OK && lane) {
		e = db_lane(c->wr, c->client_id, true);
		if (e != ERR_OK)
			db_rollback(c->wr);
	}
	return e;
}

enum err
api_end(struct api_call *c, enum err e)
{
	return db_end(c->wr, e);
}

struct uuid
api_new_id(struct api_call *c)
{
	return rand_uuid_v7(c->api->o.rand, c->now);
}

struct admin
api_admin(struct api_call *c)
{
	return (struct admin){ .db = c->wr,
		               .arena = c->a,
		               .rand = c->api->o.rand,
		               .now = c->now,
		               .actor = auth_actor(c) };
}

enum err
api_audit(struct api_call *c, const char *action, const char *kind, struct uuid subject,
          struct str detail)
{
	const struct admin ad = api_admin(c);

	return admin_audit(&ad, c->client_id, action, kind, subject, detail);
}

struct str
api_seal(struct api_call *c, const char *table, struct uuid id, const char *column,
         struct str plain)
{
	const struct admin ad = api_admin(c);

	return admin_seal(&ad, c->api->o.keys, table, id, column, plain);
}
