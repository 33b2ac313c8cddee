/*
 * Why: who did what to a client's things, and what happened to them, newest first.
 *
 * What always holds: rows are only read here; they are written with what they tell of.
 */
#include "api/call.h"
#include "store/queries.h"

static void
write_row(struct jw *w, const struct db_result *r, size_t row)
{
	jw_obj(w);
	jw_kuuid(w, "id", db_get_uuid(r, row, 0));
	jw_ktime(w, "at", db_get_time(r, row, 1));
	jw_kstr(w, "actor", db_get_text(r, row, 2));
	jw_kstr(w, "action", db_get_text(r, row, 3));
	jw_kstr(w, "subjectKind", db_get_text(r, row, 4));
	jw_kuuid(w, "subjectId", db_get_uuid(r, row, 5));
	jw_kraw(w, "detail", db_get_text(r, row, 6));
	jw_obj_end(w);
}

enum err
audit_list(struct api_call *c)
{
	struct api_cursor k = { .list = 'a' };
	struct db_result r;
	size_t shown;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_audit_list,
		             DB_PARAMS(db_uuid(c->client_id), db_uuid(k.id),
		                       db_int((int64_t)arg_limit(c) + 1)),
		             NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	shown = api_page_rows(c, &r);
	api_list_begin(c);
	for (size_t i = 0; i < shown; i++)
		write_row(&c->w, &r, i);
	if (shown < r.nrows)
		k.id = db_get_uuid(&r, shown - 1, 0);
	api_list_end(c, shown < r.nrows ? &k : NULL);
	return ERR_OK;
}
