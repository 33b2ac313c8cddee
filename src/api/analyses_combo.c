/*
 * Why: every question about analyses is about those of one script, version and tag, and most about
 * those of some days; what is left out of it means the same in all of them.
 *
 * What always holds: what is named is looked for and nothing else taken in its place; days are
 * those of the configured time zone, whatever the machine's is.
 */
#include "api/call.h"
#include "store/queries.h"
#include "work/analysis_run.h"

#define DEFAULT_DAYS 30

/* The version that was asked for, or the highest active one of the key. */
static enum err
find_version(struct api_call *c, const struct api_value *asked, struct analysis_combo *out)
{
	struct db_result r;
	enum err e = db_query(c->rd, &q_api_script_default,
	                      DB_PARAMS(db_uuid(c->client_id), db_text(out->script_key),
	                                asked->set ? db_int(asked->i) : db_null('i')),
	                      NULL, c->a, &r);

	if (e == ERR_OK && db_is_null(&r, 0, 0))
		return api_fail(c, ERR_NOT_FOUND,
		                asked->set
		                        ? "There is no such version of this script."
		                        : "There is no active version of a script with this key.");
	if (e == ERR_OK)
		out->script_version = db_get_int(&r, 0, 0);
	return e;
}

enum err
combo_take(struct api_call *c, struct api_combo *out)
{
	const struct api_value *key = arg_query(c, "scriptKey");
	const struct api_value *version = arg_query(c, "scriptVersion");
	const struct api_value *tag = arg_query(c, "analysisVersionTag");
	struct db_result r;
	enum err e;

	*out = (struct api_combo){ .c = { .client_id = c->client_id,
		                          .script_key = key->s,
		                          .tag = tag->set ? tag->s : STR(ANALYSIS_TAG) } };
	if (version->set && !key->set)
		return api_invalid(c, "scriptVersion", "needs scriptKey beside it");
	if (key->set)
		return find_version(c, version, &out->c);
	e = db_query(c->rd, &q_api_script_newest, DB_PARAMS(db_uuid(c->client_id)), NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	out->none = r.nrows == 0;
	if (!out->none) {
		out->c.script_key = db_get_text(&r, 0, 0);
		out->c.script_version = db_get_int(&r, 0, 1);
	}
	return ERR_OK;
}

void
combo_write(struct api_call *c, const struct api_combo *x)
{
	jw_key(&c->w, "combo");
	if (x->none) {
		jw_null(&c->w);
		return;
	}
	jw_obj(&c->w);
	jw_kstr(&c->w, "scriptKey", x->c.script_key);
	jw_ki64(&c->w, "scriptVersion", x->c.script_version);
	jw_kstr(&c->w, "analysisVersionTag", x->c.tag);
	jw_obj_end(&c->w);
}

/* A day is all of it, to its last millisecond. */
static int64_t
begin_of(const struct api_call *c, const struct api_value *v)
{
	return v->b ? zone_day_start(c->api->zone, v->i) : v->i;
}

static int64_t
end_of(const struct api_call *c, const struct api_value *v)
{
	return v->b ? zone_day_start(c->api->zone, v->i + 1) - 1 : v->i;
}

enum err
window_take(struct api_call *c, struct api_window *out)
{
	const struct api_value *start = arg_query(c, "startDate"), *end = arg_query(c, "endDate");
	const struct api_value *days = arg_query(c, "fromDays");
	struct api_window w = { .to = end->set ? end_of(c, end) : c->now };

	if (start->set && days->set)
		return api_invalid(c, "fromDays", "cannot be used beside startDate");
	if (start->set) {
		w.from = begin_of(c, start);
	} else {
		w.days = days->set ? days->i : DEFAULT_DAYS;
		w.from = w.to - w.days * TIME_DAY;
	}
	if (start->set && end->set && w.from > w.to)
		return api_invalid(c, "endDate", "must not be before startDate");
	*out = w;
	return ERR_OK;
}

void
window_write(struct api_call *c, const struct api_window *x)
{
	jw_key(&c->w, "window");
	jw_obj(&c->w);
	jw_ktime(&c->w, "from", x->from);
	jw_ktime(&c->w, "to", x->to);
	if (x->days > 0)
		jw_ki64(&c->w, "fromDays", x->days);
	else
		jw_knull(&c->w, "fromDays");
	jw_obj_end(&c->w);
}
