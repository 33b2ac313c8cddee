/*
 * Why: what the document says is made from tables, and tables can be wrong: every answer of every
 * API test goes through here, so that what is described is what is answered.
 *
 * What always holds: a schema that cannot be understood is a failure, never a pass; nothing that an
 * answer holds is passed over.
 */
#include "openapi_check.h"

#include <math.h>

#include "base/time.h"

struct checking {
	struct arena *a;
	const cJSON *doc;
};

/* What a reference refers to; NULL: nothing. Anything else is itself. */
static const cJSON *
resolve(const struct checking *c, const cJSON *v)
{
	struct str ref = json_str(json_get(v, "$ref")), part;
	const cJSON *at = c->doc;

	if (!str_is_set(ref))
		return v;
	if (!str_starts(ref, STR("#/")))
		return NULL;
	ref = str_sub(ref, 2, ref.n);
	while (at != NULL && str_split(&ref, '/', &part))
		at = json_get(at, str_z(c->a, part));
	return at;
}

static const char *
wrong(const struct checking *c, struct str where, const char *what)
{
	return str_z(c->a, str_fmt(c->a, STR_FMT "%s%s", STR_ARG(where),
	                           str_is_empty(where) ? "" : ": ", what));
}

static bool
is_known(const char *keyword)
{
	static const char *const known[] = { "$ref",       "type",  "enum",
		                             "format",     "anyOf", "properties",
		                             "required",   "items", "additionalProperties",
		                             "description" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(keyword, known[i]) == 0)
			return true;
	return false;
}

static bool
is_of_type(const cJSON *v, struct str type)
{
	if (str_eq(type, STR("integer")))
		return cJSON_IsNumber(v) && v->valuedouble == floor(v->valuedouble);
	return (str_eq(type, STR("string")) && cJSON_IsString(v)) ||
	       (str_eq(type, STR("number")) && cJSON_IsNumber(v)) ||
	       (str_eq(type, STR("boolean")) && cJSON_IsBool(v)) ||
	       (str_eq(type, STR("object")) && cJSON_IsObject(v)) ||
	       (str_eq(type, STR("array")) && cJSON_IsArray(v)) ||
	       (str_eq(type, STR("null")) && cJSON_IsNull(v));
}

static const char *
check_type(const struct checking *c, const cJSON *type, const cJSON *v, struct str where)
{
	bool fits = cJSON_IsString(type) && is_of_type(v, json_str(type));

	for (const cJSON *t = cJSON_IsArray(type) ? json_first(type) : NULL; t != NULL; t = t->next)
		fits = fits || is_of_type(v, json_str(t));
	if (type == NULL || fits)
		return NULL;
	return wrong(c, where,
	             str_z(c->a, str_fmt(c->a, "is " STR_FMT ", not " STR_FMT,
	                                 STR_ARG(str_sub(json_raw(c->a, v), 0, 80)),
	                                 STR_ARG(json_raw(c->a, type)))));
}

static const char *
check_words(const struct checking *c, const cJSON *words, const cJSON *v, struct str where)
{
	for (const cJSON *w = json_first(words); w != NULL; w = w->next)
		if (cJSON_Compare(w, v, true))
			return NULL;
	if (words == NULL)
		return NULL;
	return wrong(c, where,
	             str_z(c->a, str_fmt(c->a, "is " STR_FMT ", which is none of its words",
	                                 STR_ARG(json_raw(c->a, v)))));
}

/* 2024-01-10T09:00:00.000Z */
static bool
is_time(struct str s)
{
	static const char form[] = "0000-00-00T00:00:00.000Z";
	int64_t ms;

	if (s.n != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (form[i] == '0' ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != form[i])
			return false;
	return time_parse(s, &ms) == ERR_OK;
}

static const char *
check_format(const struct checking *c, struct str format, struct str s, struct str where)
{
	struct uuid id;

	if (!str_is_set(format) || !str_is_set(s))
		return NULL;
	if (str_eq(format, STR("date-time")))
		return is_time(s) ? NULL : wrong(c, where, "is no time with milliseconds and Z");
	if (str_eq(format, STR("uuid")))
		return uuid_parse(s, &id) == ERR_OK && str_eq(uuid_text(c->a, id), s)
		               ? NULL
		               : wrong(c, where, "is no id");
	return wrong(c, where, "has a format that is not known here");
}

static const char *check(const struct checking *, const cJSON *, const cJSON *, struct str);

static struct str
below(const struct checking *c, struct str where, const char *name)
{
	return str_fmt(c->a, STR_FMT "%s%s", STR_ARG(where), str_is_empty(where) ? "" : ".", name);
}

static const char *
check_members(const struct checking *c, const cJSON *schema, const cJSON *v, struct str where)
{
	const cJSON *properties = json_get(schema, "properties");
	const cJSON *others = json_get(schema, "additionalProperties");
	const char *e = NULL;

	for (const cJSON *r = json_first(json_get(schema, "required")); r != NULL; r = r->next)
		if (json_get(v, r->valuestring) == NULL)
			return wrong(c, below(c, where, r->valuestring), "is missing");
	for (const cJSON *m = json_first(v); m != NULL && e == NULL; m = m->next) {
		const cJSON *of = json_get(properties, m->string);
		struct str at = below(c, where, m->string);

		if (json_get(v, m->string) != m)
			return wrong(c, at, "is there twice");
		if (of == NULL && cJSON_IsTrue(others))
			continue;
		if (of == NULL && cJSON_IsObject(others))
			of = others;
		e = of == NULL ? wrong(c, at, "is not described") : check(c, of, m, at);
	}
	return e;
}

static const char *
check_elements(const struct checking *c, const cJSON *items, const cJSON *v, struct str where)
{
	const char *e = items == NULL ? wrong(c, where, "is a list of what is not described")
	                              : NULL;
	size_t i = 0;

	for (const cJSON *x = json_first(v); x != NULL && e == NULL; x = x->next)
		e = check(c, items, x, str_fmt(c->a, STR_FMT "[%zu]", STR_ARG(where), i++));
	return e;
}

/* One of them fits; if none does, what the first one says. */
static const char *
check_any(const struct checking *c, const cJSON *choices, const cJSON *v, struct str where)
{
	const char *first = NULL;

	for (const cJSON *x = json_first(choices); x != NULL; x = x->next) {
		const char *e = check(c, x, v, where);

		if (e == NULL)
			return NULL;
		if (first == NULL)
			first = e;
	}
	return first != NULL ? first : wrong(c, where, "has nothing to be");
}

static const char *
check(const struct checking *c, const cJSON *schema, const cJSON *v, struct str where)
{
	const cJSON *s = resolve(c, schema);
	const char *e = NULL;

	if (!cJSON_IsObject(s))
		return wrong(c, where, "has a schema that is not there");
	for (const cJSON *k = json_first(s); k != NULL; k = k->next)
		if (!is_known(k->string))
			return wrong(c, where,
			             str_z(c->a, str_fmt(c->a,
			                                 "has a keyword that is not known "
			                                 "here: %s",
			                                 k->string)));
	if (json_first(s) == NULL) /* anything */
		return NULL;
	if (json_get(s, "anyOf") != NULL)
		return check_any(c, json_get(s, "anyOf"), v, where);
	if (json_get(s, "type") == NULL) /* but for a description */
		return json_count(s) == 1 && json_get(s, "description") != NULL
		               ? NULL
		               : wrong(c, where, "has a schema without a type");
	if ((e = check_type(c, json_get(s, "type"), v, where)) != NULL ||
	    (e = check_words(c, json_get(s, "enum"), v, where)) != NULL ||
	    (e = check_format(c, json_str(json_get(s, "format")), json_str(v), where)) != NULL)
		return e;
	if (cJSON_IsObject(v))
		return check_members(c, s, v, where);
	return cJSON_IsArray(v) ? check_elements(c, json_get(s, "items"), v, where) : NULL;
}

const char *
openapi_check_value(struct arena *a, const cJSON *doc, const cJSON *schema, const cJSON *value)
{
	const struct checking c = { a, doc };

	return check(&c, schema, value, STR(""));
}

/* For each part of the path: 0 the same, 1 a parameter. -1: it is another path. */
static int64_t
match(struct str pattern, struct str path)
{
	struct str p, s;
	int64_t rank = 0;
	bool more;

	do {
		more = str_split(&pattern, '/', &p);
		if (str_split(&path, '/', &s) != more)
			return -1;
		if (!more)
			break;
		rank = rank * 2 + (str_starts(p, STR("{")) ? 1 : 0);
		if (str_starts(p, STR("{")) ? str_is_empty(s) : !str_eq(p, s))
			return -1;
	} while (more);
	return rank;
}

/* The operation of the path that fits best; NULL: there is none. */
static const cJSON *
find_operation(const struct checking *c, const struct openapi_answer *x, const char **path)
{
	struct str rest = str_from(x->target), target = STR_NONE;
	char method[16] = "";
	const cJSON *found = NULL;
	int64_t best = 0;

	(void)str_split(&rest, '?', &target);
	for (size_t i = 0; x->method[i] != 0 && i < sizeof(method) - 1; i++)
		method[i] = (char)(x->method[i] | 0x20);
	for (const cJSON *p = json_first(json_get(c->doc, "paths")); p != NULL; p = p->next) {
		const cJSON *o = json_get(p, strcmp(method, "head") == 0 ? "get" : method);
		int64_t rank = match(str_from(p->string), target);

		if (o != NULL && rank >= 0 && (found == NULL || rank < best)) {
			found = o;
			best = rank;
			*path = p->string;
		}
	}
	return found;
}

/* Value of a header; STR_NONE. */
static struct str
header(const struct checking *c, const struct openapi_answer *x, const char *name)
{
	const char *line = strcasestr(x->head, str_z(c->a, str_fmt(c->a, "\r\n%s:", name)));
	struct str rest;

	if (line == NULL)
		return STR_NONE;
	rest = str_from(line + strlen(name) + 3);
	return str_trim(str_n(rest.p, str_find(rest, '\r')));
}

static const char *
check_body(const struct checking *c, const struct openapi_answer *x, const cJSON *content)
{
	struct str type = header(c, x, "Content-Type");
	const cJSON *media;
	cJSON *value;
	const char *e;

	if (content == NULL || x->status == 304)
		return x->body.n == 0 ? NULL : "it has a body";
	type = str_trim(str_sub(type, 0, str_find(type, ';')));
	media = json_get(content, str_z(c->a, type));
	if (media == NULL)
		media = json_get(content, "*/*");
	if (media == NULL)
		return str_z(c->a, str_fmt(c->a, "Content-Type " STR_FMT " is not described",
		                           STR_ARG(type)));
	if (strcmp(x->method, "HEAD") == 0)
		return x->body.n == 0 ? NULL : "it has a body";
	if (!str_ends(type, STR("json")))
		return NULL;
	/* not json_parse, which makes texts of long numbers */
	value = cJSON_ParseWithLength(x->body.p, x->body.n);
	e = value == NULL ? "the body is no JSON"
	                  : check(c, json_get(media, "schema"), value, STR(""));
	cJSON_Delete(value);
	return e;
}

static const char *
check_headers(const struct checking *c, const struct openapi_answer *x, const cJSON *headers)
{
	static const char *const told[] = { "ETag", "Location", "Set-Cookie" };

	if (!str_is_set(header(c, x, "X-Request-Id")))
		return "X-Request-Id is missing";
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		bool there = str_is_set(header(c, x, told[i]));

		if (there && json_get(headers, told[i]) == NULL)
			return str_z(c->a, str_fmt(c->a, "%s is not described", told[i]));
		if (!there && json_get(headers, told[i]) != NULL && strcmp(told[i], "ETag") == 0)
			return "ETag is missing";
	}
	return NULL;
}

/* What the server may refuse before it knows a route, or without knowing one. */
static bool
is_early(int status, bool known)
{
	if (status == 408 || status == 431 || status == 501)
		return true;
	return !known &&
	       (status == 400 || status == 404 || status == 405 || status == 413 || status == 503);
}

static const char *
check_problem(const struct checking *c, const struct openapi_answer *x)
{
	const cJSON *of = json_get(json_get(c->doc, "components"), "responses");

	return check_body(c, x, json_get(json_get(of, "Problem400"), "content"));
}

const char *
openapi_check(struct arena *a, const cJSON *doc, const struct openapi_answer *x)
{
	const struct checking c = { a, doc };
	const char *path = "a route that is not described", *e;
	const cJSON *operation = find_operation(&c, x, &path), *response;

	response = resolve(&c, json_get(json_get(operation, "responses"),
	                                str_z(a, str_fmt(a, "%d", x->status))));
	if (response != NULL)
		e = check_headers(&c, x, json_get(response, "headers"));
	else
		e = is_early(x->status, operation != NULL) ? NULL : "the status is not described";
	if (e == NULL)
		e = response != NULL ? check_body(&c, x, json_get(response, "content"))
		                     : check_problem(&c, x);
	if (e == NULL)
		return NULL;
	return str_z(a, str_fmt(a, "%s %s (%s) %d: %s", x->method, x->target, path, x->status, e));
}
