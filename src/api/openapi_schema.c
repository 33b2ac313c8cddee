/*
 * Why: the half of the OpenAPI document that is about values: the schemas of what is answered, of
 * what is taken, and the refusals that routes have in common.
 *
 * What always holds: a member that may not be left out is required, and one that may be null says
 * so; nothing stands here that the tables do not say.
 */
#include <stdio.h>

#include "api/openapi.h"

static const char ways_in[] =
	"{\"adminToken\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"x-admin-token\","
	"\"description\":\"The operator's ADMIN_TOKEN.\"},"
	"\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\","
	"\"description\":\"A token (rcd_…) of a role.\"},"
	"\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"recado\","
	"\"description\":\"A browser's session.\"}}";

const int openapi_refusals[] = { 308, 400, 401, 403, 404, 413, 429, 500, 503, 0 };

const char *
openapi_refusal_name(int status, char out[32])
{
	if (status == 308)
		return "Moved";
	(void)snprintf(out, 32, "Problem%d", status);
	return out;
}

const char *
openapi_status_title(int status)
{
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++)
		if (err_info((enum err)e)->http_status == status)
			return err_info((enum err)e)->title;
	return status == 308 ? "It was joined with another: Location names that" : "Done";
}

void
openapi_write_ref(struct jw *w, const char *kind, const char *name)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "#/components/%s/%s", kind, name);
	jw_obj(w);
	jw_kz(w, "$ref", text);
	jw_obj_end(w);
}

/* `"type": "string"`, or with null beside it. */
static void
write_type(struct jw *w, const char *type, bool null)
{
	if (!null) {
		jw_kz(w, "type", type);
		return;
	}
	jw_key(w, "type");
	jw_arr(w);
	jw_z(w, type);
	jw_z(w, "null");
	jw_arr_end(w);
}

static void
write_words(struct jw *w, const char *const *words, bool null)
{
	jw_key(w, "enum");
	jw_arr(w);
	for (; *words != NULL; words++)
		jw_z(w, *words);
	if (null)
		jw_null(w);
	jw_arr_end(w);
}

/* Members of the schema of an object of some schema, null or not. */
static void
write_of(struct jw *w, const struct api_schema *of, bool null)
{
	char ref[128];

	if (of == NULL) {
		write_type(w, "object", null);
		jw_kbool(w, "additionalProperties", true);
	} else if (!null) {
		(void)snprintf(ref, sizeof(ref), "#/components/schemas/%s", of->name);
		jw_kz(w, "$ref", ref);
	} else {
		jw_key(w, "anyOf");
		jw_arr(w);
		openapi_write_ref(w, "schemas", of->name);
		jw_obj(w);
		jw_kz(w, "type", "null");
		jw_obj_end(w);
		jw_arr_end(w);
	}
}

/* Members of the schema of one value; the caller opens and closes the object. */
static void
write_one(struct jw *w, const struct api_member *m, bool null)
{
	static const struct {
		const char *type, *format;
	} types[] = {
		[TYPE_TEXT] = { "string", NULL },
		[TYPE_INT] = { "integer", NULL },
		[TYPE_NUMBER] = { "number", NULL },
		[TYPE_BOOL] = { "boolean", NULL },
		[TYPE_TIME] = { "string", "date-time" },
		[TYPE_UUID] = { "string", "uuid" },
		[TYPE_WORD] = { "string", NULL },
		[TYPE_OBJECT] = { NULL, NULL },
		[TYPE_ANY] = { NULL, NULL },
	};

	if (m->type == TYPE_OBJECT)
		write_of(w, m->of, null);
	else if (types[m->type].type != NULL)
		write_type(w, types[m->type].type, null);
	if (types[m->type].format != NULL)
		jw_kz(w, "format", types[m->type].format);
	if (m->type == TYPE_WORD)
		write_words(w, m->words, null);
}

void
openapi_write_member(struct jw *w, const struct api_member *m)
{
	bool many = (m->flags & (MEMBER_LIST | MEMBER_MAP)) != 0;
	bool null = (m->flags & MEMBER_NULL) != 0;

	jw_obj(w);
	if (many) {
		write_type(w, (m->flags & MEMBER_LIST) != 0 ? "array" : "object", null);
		jw_key(w, (m->flags & MEMBER_LIST) != 0 ? "items" : "additionalProperties");
		jw_obj(w);
		write_one(w, m, false);
		jw_obj_end(w);
	} else {
		write_one(w, m, null);
	}
	if (m->does != NULL)
		jw_kz(w, "description", m->does);
	jw_obj_end(w);
}

static void
write_bounds(struct jw *w, const char *least, const char *most, size_t max)
{
	jw_ki64(w, least, 1);
	if (max > 0)
		jw_ki64(w, most, (int64_t)max);
}

static void
write_pattern(struct jw *w, const char *set, size_t max)
{
	char pattern[64];

	(void)snprintf(pattern, sizeof(pattern), "^[%s]{1,%zu}$", set, max);
	jw_kz(w, "pattern", pattern);
}

static void
write_texts(struct jw *w)
{
	jw_ki64(w, "maxItems", API_MAX_TEXTS);
	jw_key(w, "items");
	jw_obj(w);
	jw_kz(w, "type", "string");
	write_bounds(w, "minLength", "maxLength", API_MAX_TEXT);
	jw_obj_end(w);
}

static void
write_int(struct jw *w, const struct api_field *f)
{
	char text[64];
	bool clamp = (f->flags & FIELD_CLAMP) != 0;

	write_bounds(w, "minimum", "maximum", clamp ? 0 : f->max);
	if (clamp) {
		(void)snprintf(text, sizeof(text), "above %zu it counts as that", f->max);
		jw_kz(w, "description", text);
	}
}

static const char *
type_of(enum api_kind kind)
{
	switch (kind) {
	case KIND_BOOL:
		return "boolean";
	case KIND_INT:
	case KIND_LIMIT:
		return "integer";
	case KIND_TEXTS:
		return "array";
	default:
		return "string";
	}
}

/* What a value of the kind must be beyond its type. */
static void
write_kind(struct jw *w, const struct api_field *f)
{
	switch (f->kind) {
	case KIND_TEXT:
	case KIND_KEY:
		write_bounds(w, "minLength", "maxLength", f->max);
		break;
	case KIND_SLUG:
		write_pattern(w, "a-z0-9-", f->max);
		break;
	case KIND_DIGITS:
		write_pattern(w, "0-9", f->max);
		break;
	case KIND_URL:
		jw_kz(w, "format", "uri");
		break;
	case KIND_TIME:
		jw_kz(w, "format", "date-time");
		break;
	case KIND_UUID:
		jw_kz(w, "format", "uuid");
		break;
	case KIND_WORD:
		write_words(w, f->words, (f->flags & FIELD_NULL) != 0);
		break;
	case KIND_INT:
		write_int(w, f);
		break;
	case KIND_LIMIT:
		write_bounds(w, "minimum", "maximum", API_MAX_LIMIT);
		break;
	case KIND_TEXTS:
		write_texts(w);
		break;
	case KIND_PHONE:
	case KIND_DATE:
	case KIND_CURSOR:
		jw_kz(w, "description", api_kind_words(f->kind));
		break;
	case KIND_BOOL:
	case KIND_JSON:
		break;
	}
}

void
openapi_write_field(struct jw *w, const struct api_field *f)
{
	struct api_member inside;

	if (f->kind == KIND_JSON) {
		inside = *f->inside;
		if ((f->flags & FIELD_NULL) != 0)
			inside.flags |= MEMBER_NULL;
		openapi_write_member(w, &inside);
		return;
	}
	jw_obj(w);
	write_type(w, type_of(f->kind), (f->flags & FIELD_NULL) != 0);
	write_kind(w, f);
	jw_obj_end(w);
}

void
openapi_write_body(struct jw *w, const struct api_field *fields)
{
	jw_obj(w);
	jw_kz(w, "type", "object");
	jw_key(w, "properties");
	jw_obj(w);
	for (const struct api_field *f = fields; f->name != NULL; f++) {
		jw_key(w, f->name);
		openapi_write_field(w, f);
	}
	jw_obj_end(w);
	jw_key(w, "required");
	jw_arr(w);
	for (const struct api_field *f = fields; f->name != NULL; f++)
		if ((f->flags & FIELD_REQUIRED) != 0)
			jw_z(w, f->name);
	jw_arr_end(w);
	jw_kbool(w, "additionalProperties", false);
	jw_obj_end(w);
}

static void
write_schema(struct jw *w, const struct api_schema *s)
{
	const struct api_member *m;

	jw_key(w, s->name);
	jw_obj(w);
	if (s->does != NULL)
		jw_kz(w, "description", s->does);
	jw_kz(w, "type", "object");
	jw_key(w, "properties");
	jw_obj(w);
	for (size_t i = 0; (m = schema_member(s, i)) != NULL; i++) {
		jw_key(w, m->name);
		openapi_write_member(w, m);
	}
	jw_obj_end(w);
	jw_key(w, "required");
	jw_arr(w);
	for (size_t i = 0; (m = schema_member(s, i)) != NULL; i++)
		if ((m->flags & MEMBER_OPTIONAL) == 0)
			jw_z(w, m->name);
	jw_arr_end(w);
	jw_obj_end(w);
}

static void
write_header(struct jw *w, const char *name, const char *does)
{
	jw_key(w, name);
	jw_obj(w);
	jw_kz(w, "description", does);
	jw_key(w, "schema");
	jw_obj(w);
	jw_kz(w, "type", "string");
	jw_obj_end(w);
	jw_obj_end(w);
}

static void
write_refusal(struct jw *w, int status)
{
	char name[32];

	jw_key(w, openapi_refusal_name(status, name));
	jw_obj(w);
	jw_kz(w, "description", openapi_status_title(status));
	jw_key(w, "headers");
	jw_obj(w);
	jw_key(w, "X-Request-Id");
	openapi_write_ref(w, "headers", "RequestId");
	if (status == 308) {
		jw_key(w, "Location");
		openapi_write_ref(w, "headers", "Location");
	} else if (status == 429) {
		jw_key(w, "Retry-After");
		openapi_write_ref(w, "headers", "RetryAfter");
	}
	jw_obj_end(w);
	jw_key(w, "content");
	jw_obj(w);
	jw_key(w, PROBLEM_CONTENT_TYPE);
	jw_obj(w);
	jw_key(w, "schema");
	openapi_write_ref(w, "schemas", schema_problem.name);
	jw_obj_end(w);
	jw_obj_end(w);
	jw_obj_end(w);
}

void
openapi_write_components(struct jw *w)
{
	const struct api_schema *s;

	jw_obj(w);
	jw_kraw(w, "securitySchemes", str_from(ways_in));
	jw_key(w, "headers");
	jw_obj(w);
	write_header(w, "RequestId", "Lines of the log name it.");
	write_header(w, "ETag", "For `If-None-Match`.");
	write_header(w, "Location", "Where it is, or how it goes on.");
	write_header(w, "RetryAfter", "Seconds.");
	write_header(w, "SetCookie", "The cookies `recado` and `recado_in`, or their end.");
	jw_obj_end(w);
	jw_key(w, "responses");
	jw_obj(w);
	for (size_t i = 0; openapi_refusals[i] != 0; i++)
		write_refusal(w, openapi_refusals[i]);
	jw_obj_end(w);
	jw_key(w, "schemas");
	jw_obj(w);
	for (size_t i = 0; (s = schema_at(i)) != NULL; i++)
		write_schema(w, s);
	jw_obj_end(w);
	jw_obj_end(w);
}
