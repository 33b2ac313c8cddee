/*
 * Why: what the API takes and answers is written down once, in the tables that it is run by; the
 * reference is printed from them and cannot promise anything else. What always holds: the order is
 * that of the tables, so that the text changes only where they do.
 */
#include "api/openapi.h"

/* clang-format off */
static const char head[] =
	"# The HTTP API\n"
	"\n"
	"Made by `recado help --api` from the program's own tables (`make example` writes it).\n"
	"\n"
	"JSON in and out, in UTF-8. Ids are text. Times are ISO 8601 in UTC with milliseconds,\n"
	"`2024-01-10T09:00:00.000Z`; as input any zone will do, and a `+` in a query is `%2B`.\n"
	"What a row does not name, in the query or in the body, is refused with 400.\n"
	"\n"
	"## Who may call\n"
	"\n"
	"The operator sends `x-admin-token: <ADMIN_TOKEN>`; everyone else sends\n"
	"`Authorization: Bearer rcd_…` with a token of a role (`viewer`, `agent`, `admin`), for\n"
	"one client or for all. Each may do what those before it may; below, *who* names the\n"
	"least that is needed. A token of one client finds nothing of another's: 404, not 403.\n"
	"Refusals come in this order: 404 or 405 for the path, 401, 404 for what the path names,\n"
	"403, 400; any may come, and 413 or 503, without being named again below. After five wrong credentials in a minute the address is answered 429 until\n"
	"the minute is over.\n"
	"\n"
	"## Pages\n"
	"\n"
	"A page is `{\"data\":[…], \"nextCursor\":\"…\"}`. `limit` is how many rows, 1 to 200, 50\n"
	"without it. The next page is the same call with `cursor` set to `nextCursor`; null ends\n"
	"it. A cursor belongs to its list and is opaque: it stands for the last row shown, not\n"
	"for a number of rows, so that what comes in meanwhile shifts nothing. Messages of a\n"
	"conversation page by message id instead, and the messages of a ticket by\n"
	"`messagesNextCursor`.\n"
	"\n"
	"## Headers\n"
	"\n"
	"Every answer carries `X-Request-Id`; lines of the log name it. Routes marked *ETag* carry\n"
	"one, and answer 304 to an `If-None-Match` that names it. The id of a lead, conversation or\n"
	"ticket that was joined with another is answered 308 with `Location`. 405 carries `Allow`,\n"
	"429 and 503 may carry `Retry-After`. `HEAD` is answered wherever `GET` is.\n"
	"\n"
	"## Errors\n"
	"\n"
	"Errors are `application/problem+json` (RFC 9457): `type`, `title`, `status`, `error` (the\n"
	"stable code), `requestId`, and where there is more to say `detail` and\n"
	"`errors`: `[{path, message}]`, at most twenty. `invalid_request` is the code of 405 too,\n"
	"`payload_too_large` that of 431.\n"
	"\n"
	"| error | status | title |\n"
	"|---|---|---|\n";

static const char documents[] =
	"## Documents\n"
	"\n"
	"What is not known is null; members are never left out but where it is said.\n"
	"\n";
/* clang-format on */

static const char *const who[] = {
	[ROLE_NONE] = "nobody needs to be known",
	[ROLE_VIEWER] = "viewer",
	[ROLE_AGENT] = "agent",
	[ROLE_ADMIN] = "admin",
	[ROLE_OPERATOR] = "operator",
};

static void
write_errors(struct buf *b)
{
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
		const struct err_info *info = err_info((enum err)e);

		buf_fmt(b, "| `%s` | %d | %s |\n", info->code, info->http_status, info->title);
	}
	buf_char(b, '\n');
}

const char *
api_kind_words(enum api_kind kind)
{
	static const char *const words[] = {
		[KIND_TEXT] = "text",
		[KIND_SLUG] = "1 to 64 of a-z, 0-9 and -",
		[KIND_DIGITS] = "digits",
		[KIND_PHONE] = "a phone number in any spelling",
		[KIND_URL] = "an http or https address",
		[KIND_WORD] = "one of",
		[KIND_BOOL] = "true or false",
		[KIND_INT] = "a whole number",
		[KIND_KEY] = "text on one line",
		[KIND_TIME] = "a time",
		[KIND_DATE] = "a day such as 2024-01-31, of `TIMEZONE`, or a time",
		[KIND_UUID] = "an id",
		[KIND_LIMIT] = "1 to 200",
		[KIND_CURSOR] = "from the page before",
		[KIND_TEXTS] = "a list of at most 50 texts of 64 characters",
		[KIND_JSON] = "",
	};

	return words[kind];
}

static void
write_words(struct buf *b, const char *const *words)
{
	for (; *words != NULL; words++)
		buf_fmt(b, " `%s`", *words);
}

/* What a member holds, in words. */
static void
write_value(struct buf *b, const struct api_member *m)
{
	static const char *const one[] = {
		[TYPE_TEXT] = "text",       [TYPE_INT] = "a whole number",
		[TYPE_NUMBER] = "a number", [TYPE_BOOL] = "true or false",
		[TYPE_TIME] = "a time",     [TYPE_UUID] = "an id",
		[TYPE_WORD] = "one of",     [TYPE_OBJECT] = "an object",
		[TYPE_ANY] = "any JSON",
	};
	static const char *const many[] = {
		[TYPE_TEXT] = "texts",     [TYPE_INT] = "whole numbers",
		[TYPE_NUMBER] = "numbers", [TYPE_BOOL] = "true or false",
		[TYPE_TIME] = "times",     [TYPE_UUID] = "ids",
		[TYPE_WORD] = "of",        [TYPE_OBJECT] = "objects",
		[TYPE_ANY] = "any JSON",
	};

	if ((m->flags & MEMBER_LIST) != 0)
		buf_z(b, "list of ");
	if ((m->flags & MEMBER_MAP) != 0)
		buf_z(b, "object of ");
	if (m->type == TYPE_OBJECT && m->of != NULL)
		buf_fmt(b, "**%s**", m->of->name);
	else
		buf_z(b,
		      (m->flags & (MEMBER_LIST | MEMBER_MAP)) != 0 ? many[m->type] : one[m->type]);
	if (m->type == TYPE_WORD)
		write_words(b, m->words);
	if ((m->flags & MEMBER_NULL) != 0)
		buf_z(b, ", or null");
	if ((m->flags & MEMBER_OPTIONAL) != 0)
		buf_z(b, ", may be left out");
	if (m->does != NULL)
		buf_fmt(b, "; %s", m->does);
}

/* What a value must be, in words. */
static void
write_kind(struct buf *b, const struct api_field *f)
{
	if (f->kind == KIND_TEXT && f->max > 0)
		buf_fmt(b, "text of at most %zu characters", f->max);
	else if (f->kind == KIND_DIGITS)
		buf_fmt(b, "at most %zu digits", f->max);
	else if (f->kind == KIND_KEY)
		buf_fmt(b, "at most %zu characters on one line", f->max);
	else if (f->kind == KIND_INT)
		buf_fmt(b, "a whole number from 1 to %zu%s", f->max,
		        (f->flags & FIELD_CLAMP) != 0 ? "; a greater one counts as that" : "");
	else
		buf_z(b, api_kind_words(f->kind));
	if (f->kind == KIND_JSON)
		write_value(b, f->inside);
	if (f->kind == KIND_WORD)
		write_words(b, f->words);
}

static void
write_fields(struct buf *b, const char *what, const struct api_field *f)
{
	if (f == NULL)
		return;
	buf_fmt(b, "- %s:\n", what);
	for (; f->name != NULL; f++) {
		buf_fmt(b, "  - `%s`%s: ", f->name,
		        (f->flags & FIELD_REQUIRED) != 0 ? " (required)" : "");
		write_kind(b, f);
		buf_z(b, (f->flags & FIELD_NULL) != 0 ? ", or null\n" : "\n");
	}
}

static void
write_reply(struct buf *b, const struct api_reply *x)
{
	buf_fmt(b, "  - %d", x->status);
	switch (x->form) {
	case REPLY_EMPTY:
		break;
	case REPLY_DOCUMENT:
		buf_fmt(b, " **%s**", x->schema->name);
		break;
	case REPLY_UNDER:
		buf_fmt(b, " `{%s}`, a **%s**", x->member, x->schema->name);
		break;
	case REPLY_PAGE:
		buf_fmt(b, " page of **%s**", x->schema->name);
		break;
	case REPLY_OTHER:
		buf_fmt(b, " `%s`", x->member);
		break;
	}
	if ((x->flags & REPLY_LOCATION) != 0)
		buf_z(b, ", with `Location`");
	if ((x->flags & REPLY_COOKIE) != 0)
		buf_z(b, ", with `Set-Cookie`");
	if (x->when != NULL)
		buf_fmt(b, ": %s", x->when);
	buf_char(b, '\n');
}

static void
write_route(struct buf *b, const struct api_route *r)
{
	if (r->section != NULL)
		buf_fmt(b, "## %s\n\n", r->section);
	buf_fmt(b, "### `%s %s`\n\n%s\n\n- who: %s%s\n", r->method, r->pattern, r->does,
	        who[r->role], r->scope == SCOPE_ALL ? ", not bound to one client" : "");
	write_fields(b, "query", r->query);
	if (r->body == api_any_body)
		buf_z(b, "- body: any JSON\n");
	else
		write_fields(b, "body", r->body);
	buf_fmt(b, "- answers%s:\n", r->etag ? " (*ETag*)" : "");
	for (const struct api_reply *x = r->replies; x->status != 0; x++)
		write_reply(b, x);
	buf_char(b, '\n');
}

static void
write_schema(struct buf *b, const struct api_schema *s)
{
	buf_fmt(b, "### %s\n\n", s->name);
	if (s->does != NULL)
		buf_fmt(b, "%s\n\n", s->does);
	if (s->base != NULL)
		buf_fmt(b, "- what **%s** has\n", s->base->name);
	for (const struct api_member *m = s->members; m->name != NULL; m++) {
		buf_fmt(b, "- `%s`: ", m->name);
		write_value(b, m);
		buf_char(b, '\n');
	}
	buf_char(b, '\n');
}

void
api_reference(struct buf *b)
{
	buf_z(b, head);
	write_errors(b);
	for (size_t i = 0; api_route_at(i) != NULL; i++)
		write_route(b, api_route_at(i));
	buf_z(b, documents);
	for (size_t i = 0; schema_at(i) != NULL; i++)
		write_schema(b, schema_at(i));
}
