/*
 * Why: a page says what is wrong where people look. What always holds: nobody is told of another
 * client's, and of the installation's the operator alone.
 */
#include "api/call.h"
#include "store/queries.h"

#define MAX_ALERTS 500

static enum err
take_client(struct api_call *c, struct uuid *out)
{
	const struct api_value *slug = arg_query(c, "clientSlug");

	*out = c->who.client_id;
	if (!slug->set)
		return ERR_OK;
	return scope_named(c, slug->s, out);
}

static void
write_alert(struct jw *w, const struct db_result *r, size_t row)
{
	jw_obj(w);
	jw_kstr(w, "kind", db_get_text(r, row, 0));
	jw_kstr(w, "clientSlug", db_get_text(r, row, 1));
	jw_kuuid(w, "connectionId", db_get_uuid(r, row, 2));
	jw_ktime(w, "since", db_get_time(r, row, 3));
	jw_kraw(w, "detail", db_get_text(r, row, 4));
	jw_obj_end(w);
}

enum err
alerts_list(struct api_call *c)
{
	struct uuid client;
	struct db_result r;
	enum err e = take_client(c, &client);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_alert_list,
		             DB_PARAMS(db_uuid(client), db_bool(c->who.role == ROLE_OPERATOR),
		                       db_int(MAX_ALERTS)),
		             NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	jw_obj(&c->w);
	jw_key(&c->w, "alerts");
	jw_arr(&c->w);
	for (size_t i = 0; i < r.nrows; i++)
		write_alert(&c->w, &r, i);
	jw_arr_end(&c->w);
	jw_obj_end(&c->w);
	return ERR_OK;
}
