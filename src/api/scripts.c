/*
 * Why: a report is worth as much as the rubric it was made by, so what a version says never
 * changes: who wants other words makes a new version, and chooses which are in use.
 *
 * What always holds: there is no way to change a stored version but its being active; versions of a
 * key are given out in the client's lane, so that no two are the same.
 */
#include "api/call.h"
#include "core/script.h"
#include "store/queries.h"

static enum err
write_topics(struct api_call *c, struct str stored)
{
	struct script_topics topics;
	enum err e = script_read_topics(c->a, stored, &topics);

	if (e != ERR_OK)
		return e;
	jw_key(&c->w, "topics");
	jw_arr(&c->w);
	for (size_t i = 0; i < topics.n; i++)
		script_write_topic(&c->w, &topics.v[i]);
	jw_arr_end(&c->w);
	return ERR_OK;
}

static enum err
write_script(struct api_call *c, const struct db_result *r, size_t row)
{
	struct jw *w = &c->w;
	enum err e;

	jw_obj(w);
	jw_kuuid(w, "id", db_get_uuid(r, row, 0));
	jw_kuuid(w, "clientId", c->client_id);
	jw_kstr(w, "scriptKey", db_get_text(r, row, 1));
	jw_ki64(w, "version", db_get_int(r, row, 2));
	jw_kstr(w, "name", db_get_text(r, row, 3));
	jw_kstr(w, "description", db_get_text(r, row, 4));
	jw_kstr(w, "scriptText", db_get_text(r, row, 5));
	e = write_topics(c, db_get_text(r, row, 6));
	jw_kbool(w, "isActive", db_get_bool(r, row, 7));
	jw_ktime(w, "createdAt", db_get_time(r, row, 8));
	jw_ktime(w, "updatedAt", db_get_time(r, row, 9));
	jw_obj_end(w);
	return e;
}

/* {"scriptKey":…,"version":…} and one more for audit details. */
static struct str
audit_detail(struct api_call *c, struct str key, int64_t version, const char *name, bool value)
{
	struct buf b;
	struct jw w;

	buf_init(&b, c->a, 4096);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "scriptKey", key);
	jw_ki64(&w, "version", version);
	jw_kbool(&w, name, value);
	jw_obj_end(&w);
	return buf_slice(&b);
}

static enum err
check_topics(struct api_call *c, struct str *out)
{
	struct script_problems problems = { .n = 0 };
	struct script_topics topics;
	enum err e = script_check_topics(c->a, arg_body(c, "topics")->json, &topics, &problems);

	if (e == ERR_OK)
		*out = script_write_topics(c->a, &topics);
	for (size_t i = 0; i < problems.n; i++)
		problem_add(&c->problem, problems.v[i].path, PROBLEM_INVALID,
		            str_from(problems.v[i].message));
	return e == ERR_INVALID ? api_fail(c, e, NULL) : e;
}

/* The version that is asked for, or the next one. In a transaction with the lane. */
static enum err
choose_version(struct api_call *c, int64_t *out)
{
	const struct api_value *v = arg_body(c, "version");
	struct db_result r;
	enum err e;

	if (v->set) {
		*out = v->i;
		return ERR_OK;
	}
	e = db_query(c->wr, &q_api_script_highest,
	             DB_PARAMS(db_uuid(c->client_id), db_text(arg_body(c, "scriptKey")->s)), NULL,
	             c->a, &r);
	if (e != ERR_OK)
		return e;
	*out = db_get_int(&r, 0, 0) + 1;
	return *out <= SCRIPT_MAX_VERSION
	               ? ERR_OK
	               : api_fail(c, ERR_CONFLICT, "There is no version above the highest one.");
}

static enum err
insert(struct api_call *c, struct str topics, int64_t *version)
{
	const struct api_value *active = arg_body(c, "isActive");
	struct str key = arg_body(c, "scriptKey")->s;
	bool is_active = !active->set || active->b;
	struct uuid id = api_new_id(c);
	int64_t made = 0;
	enum err e = choose_version(c, version);

	if (e == ERR_OK)
		e = db_exec(c->wr, &q_api_script_insert,
		            DB_PARAMS(db_uuid(id), db_uuid(c->client_id), db_text(key),
		                      db_int(*version), db_text(arg_body(c, "name")->s),
		                      db_text(arg_body(c, "description")->s),
		                      db_text(arg_body(c, "scriptText")->s), db_json(topics),
		                      db_bool(is_active), db_time(c->now)),
		            NULL, &made);
	if (e == ERR_OK && made == 0)
		return api_refuse(c, ERR_CONFLICT, "version_taken",
		                  "There is this version already, and a version is never changed: "
		                  "leave `version` out to make the next one.");
	if (e == ERR_OK)
		e = api_audit(c, "analysis_script.created", "analysis_script", id,
		              audit_detail(c, key, *version, "isActive", is_active));
	return e;
}

enum err
scripts_create(struct api_call *c)
{
	struct str text = arg_body(c, "scriptText")->s, topics = STR_NONE;
	struct db_result r;
	int64_t version = 0;
	enum err e;

	if (text.n > SCRIPT_MAX_TEXT)
		return api_invalid(c, "scriptText", "must have at most 262144 bytes");
	e = check_topics(c, &topics);
	if (e == ERR_OK)
		e = api_begin(c, true);
	if (e != ERR_OK)
		return e;
	e = api_end(c, insert(c, topics, &version));
	if (e == ERR_OK)
		e = db_query(c->wr, &q_api_script_one,
		             DB_PARAMS(db_uuid(c->client_id), db_text(arg_body(c, "scriptKey")->s),
		                       db_int(version)),
		             NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	c->status = 201;
	return r.nrows == 0 ? ERR_NOT_FOUND : write_script(c, &r, 0);
}

enum err
scripts_list(struct api_call *c)
{
	/* the version stands in the cursor's time */
	struct api_cursor k = { .list = 'y', .at = CURSOR_LAST_AT, .text = STR("") };
	struct db_result r;
	size_t shown;
	enum err e = cursor_take(c, &k);

	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_script_list,
		             DB_PARAMS(db_uuid(c->client_id), db_text(arg_query(c, "scriptKey")->s),
		                       db_bool(arg_query(c, "activeOnly")->b), db_text(k.text),
		                       db_int(k.at), db_int((int64_t)arg_limit(c) + 1)),
		             NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	shown = api_page_rows(c, &r);
	api_list_begin(c);
	for (size_t i = 0; i < shown && e == ERR_OK; i++)
		e = write_script(c, &r, i);
	if (shown < r.nrows) {
		k.text = db_get_text(&r, shown - 1, 1);
		k.at = db_get_int(&r, shown - 1, 2);
	}
	api_list_end(c, shown < r.nrows ? &k : NULL);
	return e;
}

static enum err
activate(struct api_call *c, struct str key, int64_t version, bool others)
{
	struct db_result r;
	enum err e = db_query(c->wr, &q_api_script_one,
	                      DB_PARAMS(db_uuid(c->client_id), db_text(key), db_int(version)), NULL,
	                      c->a, &r);

	if (e == ERR_OK && r.nrows == 0)
		return api_fail(c, ERR_NOT_FOUND, "There is no such version of this script.");
	if (e == ERR_OK)
		e = db_exec(c->wr, &q_api_script_activate,
		            DB_PARAMS(db_uuid(c->client_id), db_text(key), db_int(version),
		                      db_bool(others), db_time(c->now)),
		            NULL, NULL);
	if (e == ERR_OK)
		e = api_audit(c, "analysis_script.activated", "analysis_script",
		              db_get_uuid(&r, 0, 0),
		              audit_detail(c, key, version, "deactivateOthers", others));
	return e;
}

enum err
scripts_activate(struct api_call *c)
{
	const struct api_value *others = arg_body(c, "deactivateOthers");
	struct str key = route_param(&c->params, "scriptKey");
	int64_t version = arg_body(c, "version")->i;
	bool alone = !others->set || others->b;
	enum err e = api_begin(c, true);

	if (e == ERR_OK)
		e = api_end(c, activate(c, key, version, alone));
	if (e != ERR_OK)
		return e;
	jw_obj(&c->w);
	jw_kbool(&c->w, "ok", true);
	jw_kstr(&c->w, "scriptKey", key);
	jw_ki64(&c->w, "version", version);
	jw_kbool(&c->w, "deactivateOthers", alone);
	jw_obj_end(&c->w);
	return ERR_OK;
}
