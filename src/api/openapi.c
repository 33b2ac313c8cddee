/*
 * Why: programs and the page's types are made from a document that says what every route takes and
 * answers; it is written from the tables that the API is run by, so that it cannot say anything
 * else.
 *
 * What always holds: every row of the route tables is one operation, in their order; a status that
 * is not named is not answered, but for what the server refuses before it knows a route.
 */
#include <stdio.h>

#include "api/openapi.h"

static const char about[] =
	"JSON in and out. Times are in UTC with milliseconds and `Z`, ids are text. What a route "
	"does "
	"not name, in the query or in the body, is refused with 400. Lists are pages: `cursor` is "
	"the "
	"`nextCursor` of the page before. Every answer carries `X-Request-Id`. `HEAD` is answered "
	"wherever `GET` is. Any path may answer 404, 405, 408, 431 or 501 with a problem before a "
	"route is "
	"known.";

/* "/a/:b" as "/a/{b}" */
static void
write_path(struct jw *w, const char *pattern)
{
	char text[256];
	size_t n = 0;
	bool in = false;

	for (const char *p = pattern; n < sizeof(text) - 2; p++) {
		if (in && (*p == '/' || *p == 0)) {
			text[n++] = '}';
			in = false;
		}
		if (*p == 0)
			break;
		in = in || *p == ':';
		text[n++] = *p;
		if (*p == ':')
			text[n - 1] = '{';
	}
	text[n] = 0;
	jw_key(w, text);
}

/* What the parts of a path are. */
static const struct path_part {
	const char *name, *does;
	enum api_kind kind;
} path_parts[] = {
	{ "slug", "of the client", KIND_SLUG },
	{ "clientSlug", "of the client", KIND_SLUG },
	{ "id", NULL, KIND_UUID },
	{ "scriptKey", NULL, KIND_TEXT },
	{ "secret", "of the connection", KIND_TEXT },
};

static void
begin_parameter(struct jw *w, struct str name, const char *in, bool required)
{
	jw_obj(w);
	jw_kstr(w, "name", name);
	jw_kz(w, "in", in);
	jw_kbool(w, "required", required);
}

static void
write_path_parameter(struct jw *w, const struct api_route *r, struct str name)
{
	struct api_field f = { .kind = KIND_TEXT };
	const char *does = NULL;

	for (size_t i = 0; i < sizeof(path_parts) / sizeof(path_parts[0]); i++)
		if (str_eq(name, str_from(path_parts[i].name))) {
			f.kind = path_parts[i].kind;
			does = path_parts[i].does;
		}
	if (f.kind == KIND_SLUG)
		f.max = API_MAX_SLUG;
	if (f.kind == KIND_UUID && r->scope == SCOPE_TICKET) { /* or the helpdesk's */
		f.kind = KIND_TEXT;
		does = "ours, or the helpdesk's uuid";
	}
	begin_parameter(w, name, "path", true);
	if (does != NULL)
		jw_kz(w, "description", does);
	jw_key(w, "schema");
	openapi_write_field(w, &f);
	jw_obj_end(w);
}

static void
write_parameters(struct jw *w, const struct api_route *r)
{
	struct str rest = str_from(r->pattern), part;
	const char *header = api_route_header(r);

	jw_key(w, "parameters");
	jw_arr(w);
	while (str_split(&rest, '/', &part))
		if (str_starts(part, STR(":")))
			write_path_parameter(w, r, str_sub(part, 1, part.n));
	for (const struct api_field *f = r->query; f != NULL && f->name != NULL; f++) {
		begin_parameter(w, str_from(f->name), "query", (f->flags & FIELD_REQUIRED) != 0);
		jw_key(w, "schema");
		openapi_write_field(w, f);
		jw_obj_end(w);
	}
	if (header != NULL) {
		const struct api_field f = { .name = header, .kind = KIND_KEY, .max = 255 };

		begin_parameter(w, str_from(header), "header", false);
		jw_key(w, "schema");
		openapi_write_field(w, &f);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

static void
write_request(struct jw *w, const struct api_route *r)
{
	bool required = r->body == api_any_body;

	if (r->body == NULL)
		return;
	for (const struct api_field *f = r->body; f->name != NULL; f++)
		required = required || (f->flags & FIELD_REQUIRED) != 0;
	jw_key(w, "requestBody");
	jw_obj(w);
	jw_kbool(w, "required", required);
	jw_key(w, "content");
	jw_obj(w);
	jw_key(w, "application/json");
	jw_obj(w);
	jw_key(w, "schema");
	if (r->body == api_any_body) {
		jw_obj(w);
		jw_obj_end(w);
	} else {
		openapi_write_body(w, r->body);
	}
	jw_obj_end(w);
	jw_obj_end(w);
	jw_obj_end(w);
}

/* A page, or an object with the schema under one member. */
static void
write_wrapped(struct jw *w, const struct api_reply *x)
{
	const struct api_member page[] = {
		{ "data", TYPE_OBJECT, MEMBER_LIST, x->schema, NULL, NULL },
		{ "nextCursor", TYPE_TEXT, MEMBER_NULL, NULL, NULL, "null: this is the last page" },
	};
	const struct api_member one = { x->member, TYPE_OBJECT, 0, x->schema, NULL, NULL };
	const struct api_member *members = x->form == REPLY_PAGE ? page : &one;
	size_t n = x->form == REPLY_PAGE ? 2 : 1;

	jw_obj(w);
	jw_kz(w, "type", "object");
	jw_key(w, "properties");
	jw_obj(w);
	for (size_t i = 0; i < n; i++) {
		jw_key(w, members[i].name);
		openapi_write_member(w, &members[i]);
	}
	jw_obj_end(w);
	jw_key(w, "required");
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_z(w, members[i].name);
	jw_arr_end(w);
	jw_obj_end(w);
}

static void
write_reply(struct jw *w, const struct api_reply *x)
{
	if (x->form == REPLY_DOCUMENT) {
		openapi_write_ref(w, "schemas", x->schema->name);
	} else if (x->form == REPLY_OTHER) {
		jw_obj(w);
		if (strcmp(x->member, "application/json") != 0)
			jw_kz(w, "type", "string");
		jw_obj_end(w);
	} else {
		write_wrapped(w, x);
	}
}

/* What a route answers with one status. */
struct answers {
	const struct api_reply *v[4];
	size_t n;        /* of those with a body of their own */
	const char *why; /* of a refusal of its own; NULL */
	bool refuses;
	unsigned flags; /* of the replies */
};

static struct answers
answers_of(const struct api_route *r, int status)
{
	struct answers a = { .refuses = api_route_refuses(r, status) };

	for (const struct api_reply *x = r->replies; x->status != 0; x++) {
		if (x->status != status)
			continue;
		a.flags |= x->flags;
		if (x->form != REPLY_EMPTY && a.n < sizeof(a.v) / sizeof(a.v[0]))
			a.v[a.n++] = x;
		else if (status >= 400)
			a.why = x->when;
	}
	a.refuses = a.refuses || a.why != NULL;
	return a;
}

static void
write_description(struct jw *w, const struct answers *a, int status)
{
	struct buf text;

	buf_init(&text, NULL, 4096);
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i]->when != NULL)
			buf_fmt(&text, "%s%s", text.n > 0 ? "; or " : "", a->v[i]->when);
	if (a->why != NULL)
		buf_fmt(&text, "%s%s", text.n > 0 ? "; or " : "", a->why);
	if (text.n == 0)
		buf_z(&text, openapi_status_title(status));
	jw_kstr(w, "description", buf_slice(&text));
	buf_deinit(&text);
}

static void
write_headers(struct jw *w, bool etag, unsigned flags)
{
	jw_key(w, "headers");
	jw_obj(w);
	jw_key(w, "X-Request-Id");
	openapi_write_ref(w, "headers", "RequestId");
	if (etag) {
		jw_key(w, "ETag");
		openapi_write_ref(w, "headers", "ETag");
	}
	if ((flags & REPLY_LOCATION) != 0) {
		jw_key(w, "Location");
		openapi_write_ref(w, "headers", "Location");
	}
	if ((flags & REPLY_COOKIE) != 0) {
		jw_key(w, "Set-Cookie");
		openapi_write_ref(w, "headers", "SetCookie");
	}
	jw_obj_end(w);
}

/* The JSON answers under one type, told apart by their members. */
static void
write_json(struct jw *w, const struct answers *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += a->v[i]->form != REPLY_OTHER;
	if (n == 0)
		return;
	jw_key(w, "application/json");
	jw_obj(w);
	jw_key(w, "schema");
	if (n > 1) {
		jw_obj(w);
		jw_key(w, "anyOf");
		jw_arr(w);
	}
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i]->form != REPLY_OTHER)
			write_reply(w, a->v[i]);
	if (n > 1) {
		jw_arr_end(w);
		jw_obj_end(w);
	}
	jw_obj_end(w);
}

static void
write_content(struct jw *w, const struct answers *a)
{
	if (a->n == 0 && !a->refuses)
		return;
	jw_key(w, "content");
	jw_obj(w);
	write_json(w, a);
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i]->form != REPLY_OTHER)
			continue;
		jw_key(w, a->v[i]->member);
		jw_obj(w);
		jw_key(w, "schema");
		write_reply(w, a->v[i]);
		jw_obj_end(w);
	}
	if (a->refuses) {
		jw_key(w, PROBLEM_CONTENT_TYPE);
		jw_obj(w);
		jw_key(w, "schema");
		openapi_write_ref(w, "schemas", schema_problem.name);
		jw_obj_end(w);
	}
	jw_obj_end(w);
}

static bool
has_status(const struct api_route *r, int status)
{
	for (const struct api_reply *x = r->replies; x->status != 0; x++)
		if (x->status == status)
			return true;
	return false;
}

static void
write_response(struct jw *w, const struct api_route *r, int status)
{
	const struct answers a = answers_of(r, status);
	char code[16], name[32];
	bool unchanged = status == 304 && r->etag;

	if (!a.refuses && !unchanged && !has_status(r, status))
		return;
	(void)snprintf(code, sizeof(code), "%d", status);
	jw_key(w, code);
	if (a.n == 0 && a.why == NULL && a.refuses) {
		openapi_write_ref(w, "responses", openapi_refusal_name(status, name));
		return;
	}
	jw_obj(w);
	if (unchanged)
		jw_kz(w, "description", "It is what `If-None-Match` names");
	else
		write_description(w, &a, status);
	write_headers(w, r->etag && status < 400, a.flags);
	write_content(w, &a);
	jw_obj_end(w);
}

/* A way in that takes whoever has the role. */
static void
write_way(struct jw *w, const char *name, const char *role)
{
	jw_obj(w);
	jw_key(w, name);
	jw_arr(w);
	if (role != NULL)
		jw_z(w, role);
	jw_arr_end(w);
	jw_obj_end(w);
}

static void
write_security(struct jw *w, const struct api_route *r)
{
	jw_key(w, "security");
	jw_arr(w);
	if (r->role != ROLE_NONE) {
		write_way(w, "adminToken", NULL);
		if (r->role != ROLE_OPERATOR)
			write_way(w, "bearer", auth_role_name(r->role));
		write_way(w, "cookie", auth_role_name(r->role));
	}
	jw_arr_end(w);
}

static void
write_operation(struct jw *w, const struct api_route *r, const char *section)
{
	struct str method = str_from(r->method);
	char name[16] = "";

	for (size_t i = 0; i < method.n && i < sizeof(name) - 1; i++)
		name[i] = (char)(method.p[i] + ('a' - 'A'));
	jw_key(w, name);
	jw_obj(w);
	jw_kz(w, "operationId", r->id);
	jw_key(w, "tags");
	jw_arr(w);
	jw_z(w, section);
	jw_arr_end(w);
	jw_kz(w, "description", r->does);
	write_security(w, r);
	write_parameters(w, r);
	write_request(w, r);
	jw_key(w, "responses");
	jw_obj(w);
	for (int status = 200; status < 600; status++)
		write_response(w, r, status);
	jw_obj_end(w);
	jw_obj_end(w);
}

/* The section that row i is in. */
static const char *
section_of(size_t i)
{
	while (api_route_at(i)->section == NULL)
		i--;
	return api_route_at(i)->section;
}

static void
write_paths(struct jw *w)
{
	const struct api_route *r;

	jw_obj(w);
	for (size_t i = 0; (r = api_route_at(i)) != NULL; i++) {
		size_t first = 0;

		while (strcmp(api_route_at(first)->pattern, r->pattern) != 0)
			first++;
		if (first < i) /* was written with the first row of its path */
			continue;
		write_path(w, r->pattern);
		jw_obj(w);
		for (size_t k = i; api_route_at(k) != NULL; k++)
			if (strcmp(api_route_at(k)->pattern, r->pattern) == 0)
				write_operation(w, api_route_at(k), section_of(k));
		jw_obj_end(w);
	}
	jw_obj_end(w);
}

void
api_openapi(struct buf *b)
{
	struct jw w;

	jw_init(&w, b);
	jw_obj(&w);
	jw_kz(&w, "openapi", "3.1.0");
	jw_key(&w, "info");
	jw_obj(&w);
	jw_kz(&w, "title", "Recado");
	jw_kz(&w, "version", RECADO_VERSION);
	jw_kz(&w, "description", about);
	jw_obj_end(&w);
	jw_key(&w, "servers");
	jw_arr(&w);
	jw_obj(&w);
	jw_kz(&w, "url", "/");
	jw_obj_end(&w);
	jw_arr_end(&w);
	jw_key(&w, "tags");
	jw_arr(&w);
	for (size_t i = 0; api_route_at(i) != NULL; i++) {
		if (api_route_at(i)->section == NULL)
			continue;
		jw_obj(&w);
		jw_kz(&w, "name", api_route_at(i)->section);
		jw_obj_end(&w);
	}
	jw_arr_end(&w);
	jw_key(&w, "paths");
	write_paths(&w);
	jw_key(&w, "components");
	openapi_write_components(&w);
	jw_obj_end(&w);
}

enum err
openapi_get(struct api_call *c)
{
	api_openapi(&c->out);
	return ERR_OK;
}
