/*
 * Why: what a route takes stands in its row, so checking it is one function, and the same words are
 * used for the same mistake everywhere.
 *
 * What always holds: a handler sees only values of the declared kind; anything that is not declared
 * is refused, with its path; all problems are told at once (the first twenty).
 */
#include <assert.h>

#include "api/call.h"
#include "core/phone.h"
#include "core/search.h"

static const char *
check_digits(const struct api_field *f, struct str s)
{
	bool ok = s.n >= 1 && s.n <= f->max;

	for (size_t i = 0; i < s.n; i++)
		ok = ok && s.p[i] >= '0' && s.p[i] <= '9';
	return ok ? NULL : "must be digits";
}

static const char *
check_word(struct api_call *c, const struct api_field *f, struct str s)
{
	struct str all = STR("must be one of");

	for (size_t i = 0; f->words[i] != NULL; i++) {
		if (str_eq(s, str_from(f->words[i])))
			return NULL;
		all = str_fmt(c->a, STR_FMT " %s", STR_ARG(all), f->words[i]);
	}
	return str_z(c->a, all);
}

static const char *
check_limit(struct str s, int64_t *out)
{
	if (!str_to_i64(s, out) || *out < 1 || *out > API_MAX_LIMIT)
		return "must be a number from 1 to 200";
	return NULL;
}

static const char *
check_int(struct api_call *c, const struct api_field *f, int64_t n, struct api_value *v)
{
	int64_t max = (int64_t)f->max;

	v->i = n > max ? max : n;
	if (n >= 1 && (n <= max || (f->flags & FIELD_CLAMP) != 0))
		return NULL;
	return (f->flags & FIELD_CLAMP) != 0
	               ? "must be a whole number, 1 or more"
	               : str_z(c->a, str_fmt(c->a, "must be a whole number from 1 to %zu", f->max));
}

static const char *
check_date(struct str s, struct api_value *v)
{
	v->b = time_parse_date(s, &v->i) == ERR_OK;
	if (v->b || (time_parse(s, &v->i) == ERR_OK && v->i > CURSOR_FIRST_AT))
		return NULL;
	return "must be a day such as 2024-01-31, or a time such as 2024-01-31T09:00:00.000Z";
}

/* A value that stands as text, of a query parameter or of a string member. NULL: fine. */
static const char *
take_text(struct api_call *c, const struct api_field *f, struct str s, struct api_value *v)
{
	int64_t n;

	v->set = true;
	v->s = s;
	switch (f->kind) {
	case KIND_TEXT:
		return admin_text_wrong(c->a, s, f->max);
	case KIND_SLUG:
		return admin_slug_wrong(s);
	case KIND_DIGITS:
		return check_digits(f, s);
	case KIND_PHONE:
		v->s = phone_digits(c->a, s);
		return str_is_set(v->s) && v->s.n >= 5 ? NULL : "must be a phone number";
	case KIND_URL:
		return admin_url_wrong(s);
	case KIND_WORD:
		return check_word(c, f, s);
	case KIND_TIME:
		return time_parse(s, &v->i) == ERR_OK && v->i > CURSOR_FIRST_AT
		               ? NULL
		               : "must be a time such as 2024-01-10T09:00:00.000Z";
	case KIND_UUID:
		return uuid_parse(s, &v->u) == ERR_OK ? NULL : "must be an id";
	case KIND_LIMIT:
		return check_limit(s, &v->i);
	case KIND_CURSOR:
		return NULL;
	case KIND_KEY:
		return admin_key_wrong(c->a, s, f->max);
	case KIND_DATE:
		return check_date(s, v);
	case KIND_INT: /* of the query; a body's is a number */
		return str_to_i64(s, &n) ? check_int(c, f, n, v) : "must be a whole number";
	case KIND_BOOL: /* likewise */
		v->b = str_eq(s, STR("true"));
		return v->b || str_eq(s, STR("false")) ? NULL : "must be true or false";
	case KIND_TEXTS:
	case KIND_JSON:
		break;
	}
	return "must not be text";
}

static const char *
take_list(struct api_call *c, const struct api_field *f, const cJSON *json, struct api_value *v)
{
	if (!cJSON_IsArray(json) || json_count(json) > API_MAX_TEXTS)
		return "must be a list of at most 50 texts";
	v->list = ARENA_ARRAY(c->a, json_count(json), struct str);
	for (const cJSON *x = json_first(json); x != NULL; x = x->next) {
		struct str s = json_str(x);
		const char *wrong = str_is_set(s) ? admin_text_wrong(c->a, s, API_MAX_TEXT)
		                                  : "must be text";

		if (wrong != NULL) {
			problem_add(&c->problem, str_fmt(c->a, "%s[%zu]", f->name, v->nlist),
			            PROBLEM_INVALID, str_from(wrong));
			return NULL;
		}
		v->list[v->nlist++] = str_trim(s);
	}
	v->set = true;
	return NULL;
}

static const char *
take_int(struct api_call *c, const struct api_field *f, const cJSON *json, struct api_value *v)
{
	int64_t n;

	v->set = true;
	if (!cJSON_IsNumber(json) || !json_i64(json, &n))
		return "must be a whole number";
	return check_int(c, f, n, v);
}

static const char *
take_json(struct api_call *c, const struct api_field *f, const cJSON *json, struct api_value *v)
{
	struct str s = json_str(json);

	if (json_is_null(json)) {
		v->set = v->null = true;
		return (f->flags & FIELD_NULL) != 0 ? NULL : "must not be null";
	}
	v->json = json;
	if (f->kind == KIND_JSON) {
		v->set = true;
		return NULL;
	}
	if (f->kind == KIND_INT)
		return take_int(c, f, json, v);
	if (f->kind == KIND_TEXTS)
		return take_list(c, f, json, v);
	if (f->kind == KIND_BOOL) {
		v->set = true;
		return json_bool(json, &v->b) ? NULL : "must be true or false";
	}
	if (f->kind == KIND_DIGITS && cJSON_IsNumber(json))
		s = json_text(c->a, json);
	if (!str_is_set(s))
		return "must be text";
	return take_text(c, f, s, v);
}

/* What is wrong with something that stands at this index of the route's fields. */
static const char *
fault(size_t at)
{
	return at == SIZE_MAX ? PROBLEM_UNKNOWN : PROBLEM_INVALID;
}

static size_t
field_index(const struct api_field *fields, struct str name)
{
	for (size_t i = 0; fields != NULL && fields[i].name != NULL; i++)
		if (str_eq(name, str_from(fields[i].name)))
			return i;
	return SIZE_MAX;
}

static enum err
outcome(struct api_call *c)
{
	return c->problem.nerrors == 0 ? ERR_OK : api_fail(c, ERR_INVALID, NULL);
}

static enum err
refuse_query(struct api_call *c)
{
	struct str name;
	const char *wrong = query_wrong(c->a, c->in->query, &name);

	if (str_is_empty(name))
		return api_fail(c, ERR_INVALID,
		                "A parameter of the query string has no name, or one that is not "
		                "percent-encoded UTF-8.");
	return api_invalid(c, str_z(c->a, name), wrong);
}

enum err
args_check_query(struct api_call *c)
{
	struct query_params q;

	if (query_parse(c->a, c->in->query, &q) != ERR_OK)
		return refuse_query(c);
	for (size_t i = 0; i < q.n; i++) {
		size_t at = field_index(c->route->query, q.p[i].name);
		const char *wrong = "is not a parameter of this route";

		if (at != SIZE_MAX)
			wrong = take_text(c, &c->route->query[at], q.p[i].value, &c->query[at]);
		if (wrong != NULL)
			problem_add(&c->problem, q.p[i].name, fault(at), str_from(wrong));
	}
	for (size_t i = 0; c->route->query != NULL && c->route->query[i].name != NULL; i++)
		if ((c->route->query[i].flags & FIELD_REQUIRED) != 0 && !c->query[i].set)
			problem_add(&c->problem, str_from(c->route->query[i].name),
			            PROBLEM_REQUIRED, STR("is required"));
	return outcome(c);
}

enum err
args_check_body(struct api_call *c)
{
	const struct api_field *fields = c->route->body;
	struct str text = str_trim(c->in->body);
	const cJSON *doc = NULL;

	if (fields == NULL)
		return str_is_empty(text) || str_eq(text, STR("{}"))
		               ? ERR_OK
		               : api_fail(c, ERR_INVALID, "This route takes no body.");
	if (json_parse(c->a, str_is_empty(text) ? STR("{}") : text, &doc) != ERR_OK)
		return api_fail(c, ERR_INVALID, "The body is not JSON.");
	if (!cJSON_IsObject(doc))
		return api_fail(c, ERR_INVALID, "The body must be a JSON object.");
	for (const cJSON *m = json_first(doc); m != NULL; m = m->next) {
		size_t at = field_index(fields, str_from(m->string));
		const char *wrong = "is not a member of this body";

		if (at != SIZE_MAX) {
			c->body[at] = (struct api_value){ .set = false };
			wrong = take_json(c, &fields[at], m, &c->body[at]);
		}
		if (wrong != NULL)
			problem_add(&c->problem, str_from(m->string), fault(at), str_from(wrong));
	}
	for (size_t i = 0; fields[i].name != NULL; i++)
		if ((fields[i].flags & FIELD_REQUIRED) != 0 &&
		    json_get(doc, fields[i].name) == NULL)
			problem_add(&c->problem, str_from(fields[i].name), PROBLEM_REQUIRED,
			            STR("is required"));
	return outcome(c);
}

const struct api_value *
arg_query(const struct api_call *c, const char *name)
{
	size_t i = field_index(c->route->query, str_from(name));

	assert(i < API_MAX_FIELDS);
	return &c->query[i];
}

const struct api_value *
arg_body(const struct api_call *c, const char *name)
{
	size_t i = field_index(c->route->body, str_from(name));

	assert(i < API_MAX_FIELDS);
	return &c->body[i];
}

size_t
arg_limit(const struct api_call *c)
{
	const struct api_value *v = arg_query(c, "limit");

	return v->set ? (size_t)v->i : API_DEFAULT_LIMIT;
}

/* A phone number as people write it: its digits; STR_NONE for other text. */
static struct str
as_number(struct arena *a, struct str s)
{
	const struct str known = STR("0123456789+-. ()");

	for (size_t i = 0; i < s.n; i++)
		if (str_find(known, s.p[i]) == known.n)
			return STR_NONE;
	s = str_digits(a, s);
	return s.n >= 3 ? s : STR_NONE;
}

struct str
arg_pattern(struct api_call *c, const char *name)
{
	const struct api_value *v = arg_query(c, name);
	struct str text, number;
	struct buf b;

	if (!v->set)
		return STR_NONE;
	number = as_number(c->a, v->s);
	text = str_is_set(number) ? number : search_fold(c->a, str_trim(v->s));
	buf_init(&b, c->a, 8192);
	buf_char(&b, '%');
	for (size_t i = 0; i < text.n; i++) {
		char ch = text.p[i];

		if (ch == '%' || ch == '_' || ch == '!')
			buf_char(&b, '!');
		buf_char(&b, ch);
	}
	buf_char(&b, '%');
	return buf_slice(&b);
}
