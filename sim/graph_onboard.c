/*
 * What a business goes through to be connected: code, token, numbers, subscription, and the two
 * requests for what the app knows. What always holds: a code gives one token; a sync is accepted
 * once; what follows a sync is sent only where the app is subscribed.
 */
#include "sim/graph_internal.h"

#define ANSWER_BYTES ((size_t)4 << 20)

static const char *const sync_names[GRAPH_SYNCS] = { "smb_app_state_sync", "history" };

static struct graph_code *
find_code(struct graph *g, struct str text)
{
	for (size_t i = 0; i < g->codes.n; i++)
		if (str_eq(g->codes.v[i].text, text))
			return &g->codes.v[i];
	return NULL;
}

/* The parameters, by name; unknown ones are violations. */
static void
check_parameters(struct graph_call *c, const char *const *names)
{
	struct str query = c->request->query, name, value;

	while (web_next_parameter(c->arena, &query, &name, &value)) {
		size_t i = 0;
		while (names[i] != NULL && !str_eq(name, str_from(names[i])))
			i++;
		if (names[i] == NULL)
			graph_note_violation(
				c, str_fmt(c->arena, "unknown parameter " STR_FMT, STR_ARG(name)));
	}
}

void
graph_give_token(struct graph_call *c)
{
	static const char *const names[] = { "client_id", "client_secret", "code", NULL };
	struct graph *g = c->graph;
	struct str id = web_parameter(c->arena, c->request->query, STR("client_id"));
	struct str secret = web_parameter(c->arena, c->request->query, STR("client_secret"));
	struct str text = web_parameter(c->arena, c->request->query, STR("code"));
	struct graph_code *code = find_code(g, text);
	struct graph_error e = { .code = 100 };

	check_parameters(c, names);
	if (!str_eq(id, g->options.app_id)) {
		e.code = 101;
		e.message = STR("Error validating application. Invalid application ID.");
		graph_wrong(c, &e, STR("client_id is not the app's"));
	} else if (!str_eq(secret, g->options.app_secret)) {
		e.code = 1;
		e.message = STR("Error validating client secret.");
		graph_wrong(c, &e, STR("client_secret is not the app's"));
	} else if (code == NULL) {
		e.message = STR("Invalid verification code format.");
		graph_wrong(c, &e, STR("the code was never given out"));
	} else if (code->used) {
		e.subcode = 36009;
		e.message = STR("This authorization code has been used.");
		graph_refuse(c, &e);
	} else if (c->now - code->at >= g->options.code_ms) {
		e.subcode = 36007;
		e.message = STR("This authorization code has expired.");
		graph_refuse(c, &e);
	} else {
		struct graph_token *t =
			ARENA_ADD(g->arena, g->tokens.v, g->tokens.n, g->tokens.cap);
		code->used = true;
		*t = (struct graph_token){ .text = graph_new_text(g, "EAAsim", 60),
			                   .waba = code->waba };
		graph_reply(c, str_fmt(c->arena,
		                       "{\"access_token\":\"" STR_FMT "\",\"token_type\":"
		                       "\"bearer\"}",
		                       STR_ARG(t->text)));
	}
}

/* What a number shows, and whether it does so unasked. */
static const struct {
	const char *name;
	bool unasked;
} fields[] = {
	{ "id", true },
	{ "verified_name", true },
	{ "display_phone_number", true },
	{ "quality_rating", true },
	{ "is_on_biz_app", false },
	{ "platform_type", false },
	{ "code_verification_status", false },
	{ "status", false },
};
#define NFIELDS (sizeof fields / sizeof fields[0])

/* Which are wanted; false: it was refused. */
static bool
read_fields(struct graph_call *c, bool wanted[NFIELDS])
{
	struct str list = web_parameter(c->arena, c->request->query, STR("fields")), one;
	bool said = str_is_set(list);

	for (size_t i = 0; i < NFIELDS; i++)
		wanted[i] = i == 0 || (!said && fields[i].unasked);
	while (str_split(&list, ',', &one)) {
		size_t i = 0;
		while (i < NFIELDS && !str_eq(str_trim(one), str_from(fields[i].name)))
			i++;
		if (i == NFIELDS) {
			const struct graph_error e = {
				.code = 100,
				.message = str_fmt(c->arena,
				                   "(#100) Tried accessing nonexisting field "
				                   "(" STR_FMT ")",
				                   STR_ARG(one)),
			};
			graph_wrong(c, &e, STR("a number has no such field"));
			return false;
		}
		wanted[i] = true;
	}
	return true;
}

static void
write_number(struct jw *jw, const struct graph_number *n, const bool wanted[NFIELDS])
{
	const struct str values[NFIELDS] = {
		n->id,    n->name,          n->display,      STR("GREEN"),
		STR_NONE, STR("CLOUD_API"), STR("VERIFIED"), STR("CONNECTED"),
	};

	jw_obj(jw);
	for (size_t i = 0; i < NFIELDS; i++)
		if (wanted[i] && str_is_set(values[i]))
			jw_kstr(jw, fields[i].name, values[i]);
		else if (wanted[i])
			jw_kbool(jw, fields[i].name, n->on_biz_app);
	jw_obj_end(jw);
}

/* A cursor stands behind the number of that index. */
static struct str
cursor(struct graph_call *c, size_t index)
{
	struct str text = str_fmt(c->arena, "cursor:%zu", index);

	return base64_encode(c->arena, text.p, text.n);
}

/* Where the page begins and how long it is; false: it was refused. */
static bool
read_place(struct graph_call *c, size_t *from, size_t *limit)
{
	struct str text = web_parameter(c->arena, c->request->query, STR("after"));
	struct str size = web_parameter(c->arena, c->request->query, STR("limit"));
	struct str before = STR("cursor:");
	int64_t n = GRAPH_PAGE, index = -1;
	struct str plain = str_is_set(text) ? base64_decode(c->arena, text) : STR_NONE;

	bool ok = !str_is_set(size) || (str_to_i64(size, &n) && n >= 1);
	if (str_is_set(text))
		ok = ok && str_starts(plain, before) &&
		     str_to_i64(str_sub(plain, before.n, plain.n), &index) && index >= 0;
	if (!ok)
		graph_wrong(c, &(struct graph_error){ .code = 100 },
		            STR("limit or after cannot be read"));
	*from = (size_t)(index + 1);
	*limit = n < 100 ? (size_t)n : 100;
	return ok;
}

static void
write_paging(struct graph_call *c, struct jw *jw, size_t first, size_t last, bool more)
{
	struct str fields_text = web_parameter(c->arena, c->request->query, STR("fields"));
	struct str limit = web_parameter(c->arena, c->request->query, STR("limit"));

	jw_key(jw, "paging");
	jw_obj(jw);
	jw_key(jw, "cursors");
	jw_obj(jw);
	jw_kstr(jw, "before", cursor(c, first));
	jw_kstr(jw, "after", cursor(c, last));
	jw_obj_end(jw);
	if (more)
		jw_kstr(jw, "next",
		        str_fmt(c->arena,
		                "http://" STR_FMT STR_FMT "?fields=" STR_FMT "&limit=" STR_FMT
		                "&after=" STR_FMT,
		                STR_ARG(c->request->host), STR_ARG(c->request->path),
		                STR_ARG(fields_text),
		                STR_ARG(str_is_set(limit) ? limit : STR("25")),
		                STR_ARG(cursor(c, last))));
	jw_obj_end(jw);
}

void
graph_list_numbers(struct graph_call *c)
{
	static const char *const names[] = { "fields", "limit", "after", NULL };
	const struct graph *g = c->graph;
	size_t from, limit, shown = 0, first = 0, last = 0, seen = 0;
	bool wanted[NFIELDS], more = false;
	struct buf b;
	struct jw jw;

	check_parameters(c, names);
	if (!read_fields(c, wanted) || !read_place(c, &from, &limit))
		return;
	buf_init(&b, c->arena, ANSWER_BYTES);
	jw_init(&jw, &b);
	jw_obj(&jw);
	jw_key(&jw, "data");
	jw_arr(&jw);
	for (size_t i = 0; i < g->numbers.n; i++) {
		if (g->numbers.v[i].waba != c->waba || seen++ < from)
			continue;
		more = shown == limit;
		if (more)
			break;
		last = seen - 1;
		first = shown++ == 0 ? last : first;
		write_number(&jw, &g->numbers.v[i], wanted);
	}
	jw_arr_end(&jw);
	if (shown > 0)
		write_paging(c, &jw, first, last, more);
	jw_obj_end(&jw);
	graph_reply(c, buf_slice(&b));
}

void
graph_show_number(struct graph_call *c)
{
	static const char *const names[] = { "fields", NULL };
	bool wanted[NFIELDS];
	struct buf b;
	struct jw jw;

	check_parameters(c, names);
	if (!read_fields(c, wanted))
		return;
	buf_init(&b, c->arena, ANSWER_BYTES);
	jw_init(&jw, &b);
	write_number(&jw, &c->graph->numbers.v[c->number], wanted);
	graph_reply(c, buf_slice(&b));
}

void
graph_list_apps(struct graph_call *c)
{
	struct str id = c->graph->options.app_id;

	if (!c->graph->wabas.v[c->waba].subscribed)
		graph_reply(c, STR("{\"data\":[]}"));
	else
		graph_reply(c, str_fmt(c->arena,
		                       "{\"data\":[{\"whatsapp_business_api_data\":{\"link\":"
		                       "\"https://www.facebook.com/games/?app_id=" STR_FMT
		                       "\",\"name\":\"Recado\",\"id\":\"" STR_FMT "\"}}]}",
		                       STR_ARG(id), STR_ARG(id)));
}

void
graph_subscribe(struct graph_call *c)
{
	if (!graph_read_body(c, true))
		return;
	if (json_count(c->body) > 0)
		graph_note_violation(c, STR("another address for webhooks is not played"));
	c->graph->wabas.v[c->waba].subscribed = true;
	graph_reply(c, STR("{\"success\":true}"));
}

void
graph_unsubscribe(struct graph_call *c)
{
	c->graph->wabas.v[c->waba].subscribed = false;
	graph_reply(c, STR("{\"success\":true}"));
}

/* Which sync is asked for; GRAPH_SYNCS: the request was refused. */
static enum graph_sync
read_sync(struct graph_call *c)
{
	static const char *const names[] = { "messaging_product", "sync_type", NULL };
	struct str type;
	int i = 0;

	if (!graph_read_body(c, false))
		return GRAPH_SYNCS;
	type = json_str(json_get(c->body, "sync_type"));
	while (i < GRAPH_SYNCS && !str_eq(type, str_from(sync_names[i])))
		i++;
	const char *unknown = graph_unknown_member(c->body, names);
	struct str product = json_str(json_get(c->body, "messaging_product"));
	if (unknown == NULL && str_eq(product, STR("whatsapp")) && i < GRAPH_SYNCS)
		return (enum graph_sync)i;
	graph_wrong(c, &(struct graph_error){ .code = 100 },
	            STR("the body is not {messaging_product, sync_type}"));
	return GRAPH_SYNCS;
}

void
graph_ask_sync(struct graph_call *c)
{
	struct graph *g = c->graph;
	struct graph_number *n = &g->numbers.v[c->number];
	enum graph_sync sync = read_sync(c);

	if (sync == GRAPH_SYNCS)
		return;
	if (!n->on_biz_app) {
		graph_wrong(c, &(struct graph_error){ .code = 131000, .status = 400 },
		            STR("a sync of a number that is not on the app"));
		return;
	}
	if (n->asked[sync]) {
		graph_refuse(c, &(struct graph_error){ .code = 2593107 });
		return;
	}
	if (c->now - n->onboarded_at >= GRAPH_ASK_MS) {
		graph_refuse(c, &(struct graph_error){ .code = 2593108 });
		return;
	}
	if (sync == GRAPH_HISTORY && !n->asked[GRAPH_CONTACTS])
		graph_note_violation(c, STR("the history was asked for before the contacts"));
	if (!g->wabas.v[n->waba].subscribed)
		graph_note_violation(c, STR("a sync before the subscription: what it leads to is "
		                            "lost"));
	n->asked[sync] = true;
	graph_push_sync(c, sync);
	graph_reply(c,
	            str_fmt(c->arena,
	                    "{\"messaging_product\":\"whatsapp\",\"request_id\":\"" STR_FMT "\"}",
	                    STR_ARG(graph_new_text(g, "req-", 12))));
}

void
graph_register(struct graph_call *c)
{
	static const char *const names[] = { "messaging_product", "pin", "data_localization_region",
		                             NULL };
	int64_t pin;

	if (c->graph->numbers.v[c->number].on_biz_app) {
		graph_wrong(c, &(struct graph_error){ .code = 131000, .status = 400 },
		            STR("a number of the app is never registered"));
		return;
	}
	if (!graph_read_body(c, false))
		return;
	struct str text = json_str(json_get(c->body, "pin"));
	if (graph_unknown_member(c->body, names) != NULL || text.n != 6 ||
	    !str_to_i64(text, &pin) || pin < 0 ||
	    !str_eq(json_str(json_get(c->body, "messaging_product")), STR("whatsapp")))
		graph_wrong(c, &(struct graph_error){ .code = 100 },
		            STR("the body is not {messaging_product, pin}"));
	else
		graph_reply(c, STR("{\"success\":true}"));
}
