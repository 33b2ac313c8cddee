/*
 * The door of the simulated Graph API. What always holds: a fault that was ordered comes before
 * anything else; then path and method, then the token, then the endpoint; each request is kept
 * once.
 */
#include "sim/graph_answer.h"

#include "sim/graph_internal.h"

#define ERROR_BYTES ((size_t)1 << 20)

static const char garbage[] =
	"<!DOCTYPE html><html><body>Sorry, something went wrong.</body></html>\n";

/* What goes with a code: Meta's list, as far as a status is told there. */
/* clang-format off */
static const struct {
	int64_t code;
	int status;
	const char *title;
} codes[] = {
	{ 0, 401, "AuthException" },
	{ 1, 400, "An unknown error occurred" },
	{ 2, 503, "Service temporarily unavailable" },
	{ 3, 500, "API Method" },
	{ 4, 400, "(#4) Application request limit reached" },
	{ 10, 403, "(#10) Permission Denied" },
	{ 100, 400, "(#100) Invalid parameter" },
	{ 101, 400, "Error validating application" },
	{ 104, 401, "An access token is required to request this resource." },
	{ 190, 401, "Error validating access token" },
	{ 200, 403, "(#200) Permissions error" },
	{ 368, 403, "Temporarily blocked for policies violations" },
	{ 80007, 400, "(#80007) Rate limit issues" },
	{ 130429, 429, "(#130429) Rate limit hit" },
	{ 130472, 400, "(#130472) User's number is part of an experiment" },
	{ 130497, 403, "(#130497) Business account is restricted from messaging users in this country" },
	{ 131000, 500, "(#131000) Something went wrong" },
	{ 131005, 403, "(#131005) Access denied" },
	{ 131008, 400, "(#131008) Required parameter is missing" },
	{ 131009, 400, "(#131009) Parameter value is not valid" },
	{ 131016, 500, "(#131016) Service unavailable" },
	{ 131021, 400, "(#131021) Recipient cannot be sender" },
	{ 131026, 400, "(#131026) Message undeliverable" },
	{ 131030, 400, "(#131030) Recipient phone number not in allowed list" },
	{ 131031, 403, "(#131031) Account has been locked" },
	{ 131042, 400, "(#131042) Business eligibility payment issue" },
	{ 131045, 500, "(#131045) Incorrect certificate" },
	{ 131047, 400, "(#131047) Re-engagement message" },
	{ 131048, 429, "(#131048) Spam rate limit hit" },
	{ 131049, 400, "(#131049) Meta chose not to deliver" },
	{ 131051, 400, "(#131051) Unsupported message type" },
	{ 131052, 400, "(#131052) Media download error" },
	{ 131053, 400, "(#131053) Media upload error" },
	{ 131056, 400, "(#131056) Pair rate limit hit" },
	{ 131057, 500, "(#131057) Account in maintenance mode" },
	{ 133010, 400, "(#133010) Phone number not registered" },
	{ 2593107, 400, "Sync request limit exceeded" },
	{ 2593108, 400, "Sync request made outside of allowed time window" },
	{ 2593109, 400, "History sync declined" },
};
/* clang-format on */

int
graph_status_of(int64_t code)
{
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].code == code)
			return codes[i].status;
	return code >= 200 && code < 300 ? 403 : 400;
}

const char *
graph_title_of(int64_t code)
{
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].code == code)
			return codes[i].title;
	return "Something went wrong";
}

void
graph_reply(struct graph_call *c, struct str json)
{
	c->reply->status = 200;
	c->reply->body = json;
	web_add_header(c->reply, "Content-Type", STR("application/json; charset=UTF-8"));
}

void
graph_refuse(struct graph_call *c, const struct graph_error *e)
{
	bool unknown_object = e->code == 100 && e->subcode == 33;
	struct str trace = str_fmt(c->arena, "Asim%07llu", (unsigned long long)c->graph->calls);
	struct buf b;
	struct jw jw;

	buf_init(&b, c->arena, ERROR_BYTES);
	jw_init(&jw, &b);
	jw_obj(&jw);
	jw_key(&jw, "error");
	jw_obj(&jw);
	jw_kstr(&jw, "message",
	        str_is_set(e->message) ? e->message : str_from(graph_title_of(e->code)));
	jw_kz(&jw, "type", unknown_object ? "GraphMethodException" : "OAuthException");
	jw_ki64(&jw, "code", e->code);
	if (e->subcode != 0)
		jw_ki64(&jw, "error_subcode", e->subcode);
	if (str_is_set(e->details)) {
		jw_key(&jw, "error_data");
		jw_obj(&jw);
		jw_kz(&jw, "messaging_product", "whatsapp");
		jw_kstr(&jw, "details", e->details);
		jw_obj_end(&jw);
	}
	jw_kstr(&jw, "fbtrace_id", trace);
	jw_obj_end(&jw);
	jw_obj_end(&jw);
	graph_reply(c, buf_slice(&b));
	c->reply->status = e->status != 0 ? (int)e->status : graph_status_of(e->code);
	c->code = e->code;
}

void
graph_note_violation(struct graph_call *c, struct str what)
{
	struct graph *g = c->graph;
	struct graph_violation *v =
		ARENA_ADD(g->arena, g->violations.v, g->violations.n, g->violations.cap);

	v->at = c->now;
	v->path = str_fmt(g->arena, STR_FMT " " STR_FMT, STR_ARG(c->request->method),
	                  STR_ARG(c->request->path));
	v->what = str_dup(g->arena, what);
}

void
graph_wrong(struct graph_call *c, const struct graph_error *e, struct str what)
{
	graph_note_violation(c, what);
	graph_refuse(c, e);
}

const char *
graph_unknown_member(const cJSON *object, const char *const *names)
{
	for (const cJSON *v = json_first(object); v != NULL; v = v->next) {
		size_t i = 0;
		while (names[i] != NULL && strcmp(names[i], v->string) != 0)
			i++;
		if (names[i] == NULL)
			return v->string;
	}
	return NULL;
}

bool
graph_read_body(struct graph_call *c, bool may_be_absent)
{
	const struct web_request *q = c->request;
	struct str type = str_trim(str_sub(q->content_type, 0, str_find(q->content_type, ';')));

	if (may_be_absent && q->body.n == 0)
		return true;
	if (!str_ieq(type, STR("application/json"))) {
		graph_wrong(c, &(struct graph_error){ .code = 100 }, STR("the body is not JSON"));
		return false;
	}
	if (json_parse(c->arena, q->body, &c->body) != ERR_OK || !json_is_object(c->body)) {
		graph_wrong(
			c,
			&(struct graph_error){ .code = 100,
		                               .message = STR("(#100) Invalid JSON for postcard") },
			STR("the body cannot be read as a JSON object"));
		return false;
	}
	return true;
}

/* Who may come in. */
enum key { KEY_NONE, KEY_WABA, KEY_NUMBER, KEY_ANY };

static const struct endpoint {
	const char *method, *edge; /* edge NULL: /{id} alone */
	enum key key;
	void (*run)(struct graph_call *);
} endpoints[] = {
	{ "GET", "phone_numbers", KEY_WABA, graph_list_numbers },
	{ "GET", "subscribed_apps", KEY_WABA, graph_list_apps },
	{ "POST", "subscribed_apps", KEY_WABA, graph_subscribe },
	{ "DELETE", "subscribed_apps", KEY_WABA, graph_unsubscribe },
	{ "POST", "smb_app_data", KEY_NUMBER, graph_ask_sync },
	{ "POST", "register", KEY_NUMBER, graph_register },
	{ "POST", "messages", KEY_NUMBER, graph_send },
	{ "GET", NULL, KEY_ANY, graph_show_number },
};

static void
refuse_object(struct graph_call *c, const char *what)
{
	const struct graph_error e = {
		.code = 100,
		.subcode = 33,
		.message = str_fmt(c->arena,
		                   "Unsupported " STR_FMT " request. Object with ID '" STR_FMT
		                   "' does not exist, cannot be loaded due to missing "
		                   "permissions, or does not support this operation",
		                   STR_ARG(c->request->method), STR_ARG(c->id)),
	};

	graph_wrong(c, &e, str_from(what));
}

/* False: it was refused. */
static bool
check_token(struct graph_call *c)
{
	struct str before = STR("Bearer "), given = c->request->authorization;
	const struct graph *g = c->graph;

	if (str_is_set(web_parameter(c->arena, c->request->query, STR("access_token"))))
		graph_note_violation(c, STR("a token stands in the address"));
	if (!str_starts(given, before) || given.n == before.n) {
		graph_wrong(c, &(struct graph_error){ .code = 104 },
		            STR("there is no Authorization: Bearer"));
		return false;
	}
	given = str_sub(given, before.n, given.n);
	for (size_t i = 0; i < g->tokens.n; i++) {
		if (!str_eq(g->tokens.v[i].text, given))
			continue;
		c->token_waba = g->tokens.v[i].waba;
		if (!g->tokens.v[i].revoked)
			return true;
		graph_refuse(c, &(struct graph_error){ .code = 190, .subcode = 460 });
		return false;
	}
	graph_wrong(c,
	            &(struct graph_error){ .code = 190,
	                                   .message = STR("Invalid OAuth access token - Cannot "
	                                                  "parse access token") },
	            STR("the token was never given out"));
	return false;
}

/* Whether the id is of the kind that the endpoint wants, and the token lets it be seen. */
static bool
may_use(const struct graph_call *c, enum key key)
{
	size_t waba = c->number != GRAPH_NONE ? c->graph->numbers.v[c->number].waba : c->waba;

	if (key == KEY_ANY)
		return waba == GRAPH_NONE || waba == c->token_waba;
	return waba != GRAPH_NONE && waba == c->token_waba &&
	       (key == KEY_NUMBER) == (c->number != GRAPH_NONE);
}

static void
answer_id(struct graph_call *c)
{
	const struct endpoint *found = NULL;
	bool known = false;

	for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
		const struct endpoint *e = &endpoints[i];
		if (!str_eq(c->edge, str_from(e->edge)) || str_is_set(c->edge) != (e->edge != NULL))
			continue;
		known = true;
		if (str_eq(c->request->method, str_from(e->method)))
			found = e;
	}
	c->waba = graph_find_waba(c->graph, c->id);
	c->number = graph_find_number(c->graph, c->id);
	if (found == NULL)
		refuse_object(c, known ? "the path does not know that method"
		                       : "there is no such path");
	else if (!check_token(c))
		return;
	else if (!may_use(c, found->key))
		refuse_object(c, "the id is none that the token may use so");
	else if (found->key == KEY_ANY && c->number == GRAPH_NONE)
		graph_show_media(c);
	else
		found->run(c);
}

static void
answer_path(struct graph_call *c)
{
	struct str media = STR("/__media/");

	if (str_eq(c->path, STR("/oauth/access_token"))) {
		if (str_eq(c->request->method, STR("GET")))
			graph_give_token(c);
		else
			refuse_object(c, "a token is had by GET");
	} else if (str_starts(c->path, media)) {
		c->id = str_sub(c->path, media.n, c->path.n);
		if (check_token(c))
			graph_get_media(c);
	} else {
		answer_id(c);
	}
}

/* The parts of the path, whatever it is. */
static void
read_path(struct graph_call *c)
{
	struct str rest = c->path, before;

	(void)str_split(&rest, '/', &before);
	(void)str_split(&rest, '/', &c->id);
	c->edge = rest.n > 0 ? rest : STR_NONE;
}

/* Takes "/v24.0" off. */
static void
read_version(struct graph_call *c)
{
	struct str path = c->request->path;
	size_t end = 1 + str_find(str_sub(path, 1, path.n), '/');
	struct str first = str_sub(path, 1, end - 1);

	c->path = path;
	if (first.n < 4 || first.p[0] != 'v' || str_find(first, '.') == first.n)
		return;
	for (size_t i = 1; i < first.n; i++)
		if ((first.p[i] < '0' || first.p[i] > '9') && first.p[i] != '.')
			return;
	c->version = first;
	c->path = str_sub(path, end, path.n);
}

static bool
path_fits(struct str pattern, struct str path)
{
	struct str want, is;

	if (str_find(pattern, '*') == pattern.n)
		return str_starts(path, pattern);
	while (str_split(&pattern, '/', &want))
		if (!str_split(&path, '/', &is) || (!str_eq(want, STR("*")) && !str_eq(want, is)))
			return false;
	return path.n == 0;
}

static bool
fault_fits(const struct graph_call *c, const struct graph_fault *f)
{
	const cJSON *body = NULL;

	if (f->times <= 0 || !path_fits(f->path, c->path) ||
	    (str_is_set(f->method) && !str_eq(f->method, c->request->method)))
		return false;
	if (!str_is_set(f->to))
		return true;
	return json_parse(c->arena, c->request->body, &body) == ERR_OK &&
	       str_eq(str_digits(c->arena, json_str(json_get(body, "to"))), f->to);
}

/* Bad manners; none for a code, which works only once. */
static bool
throw_fault(struct graph_call *c, struct graph_fault *out)
{
	static const struct {
		unsigned permille;
		struct graph_fault fault;
	} rude[] = {
		{ 20, { .fate = FATE_ERROR, .code = 4, .retry_after = -1 } },
		{ 20, { .fate = FATE_ERROR, .code = 80007, .status = 429, .retry_after = 1 } },
		{ 20, { .fate = FATE_ERROR, .code = 130429, .retry_after = -1 } },
		{ 20, { .fate = FATE_ERROR, .code = 2, .status = 503, .retry_after = -1 } },
		{ 20, { .fate = FATE_ERROR, .code = 131016, .retry_after = -1 } },
		{ 10, { .fate = FATE_GARBAGE } },
		{ 10, { .fate = FATE_CUT } },
		{ 10, { .fate = FATE_CLOSE } },
		{ 30, { .fate = FATE_SLOW, .ms = 300 } },
		{ 20, { .fate = FATE_ACCEPT_AND_CUT } },
		{ 20, { .fate = FATE_ACCEPT_AND_CLOSE } },
	};

	if (!c->graph->options.rude || str_eq(c->path, STR("/oauth/access_token")))
		return false;
	unsigned throw = (unsigned)dice_below(&c->graph->manner, 1000);
	for (size_t i = 0; i < sizeof rude / sizeof rude[0]; i++) {
		if (throw < rude[i].permille) {
			*out = rude[i].fault;
			return true;
		}
		throw -= rude[i].permille;
	}
	return false;
}

/* The fault that befalls the request, if any; it counts. */
static struct graph_fault *
find_fault(struct graph_call *c)
{
	struct graph *g = c->graph;
	struct graph_fault thrown, *found = NULL;

	for (size_t i = 0; found == NULL && i < g->faults.n; i++)
		if (fault_fits(c, &g->faults.v[i]))
			found = &g->faults.v[i];
	if (found != NULL) {
		found->times--;
	} else if (throw_fault(c, &thrown)) {
		found = ARENA_NEW(c->arena, struct graph_fault);
		*found = thrown;
	}
	g->faults_played += found != NULL;
	return found;
}

/* A fault that comes in place of an answer; false: it is another. */
static bool
play_instead(struct graph_call *c)
{
	const struct graph_fault *f = c->fault;
	struct web_reply *r = c->reply;

	switch (f->fate) {
	case FATE_ERROR:
		graph_refuse(c, &(struct graph_error){ .code = f->code,
		                                       .subcode = f->subcode,
		                                       .status = f->status,
		                                       .details = STR("simulado") });
		if (f->retry_after >= 0)
			web_add_header(r, "Retry-After",
			               str_fmt(c->arena, "%lld", (long long)f->retry_after));
		return true;
	case FATE_CUT:
		graph_refuse(c, &(struct graph_error){ .code = 2 });
		r->status = 200;
		r->fate = WEB_TRUNCATED;
		r->cut_at = r->body.n / 2;
		return true;
	case FATE_CLOSE:
		r->fate = WEB_CLOSED;
		return true;
	case FATE_HANG:
		r->fate = WEB_HANGS;
		return true;
	case FATE_GARBAGE:
		r->status = f->status != 0 ? (int)f->status : 200;
		r->body = str_from(garbage);
		web_add_header(r, "Content-Type", STR("text/html; charset=utf-8"));
		return true;
	default:
		return false;
	}
}

/* What becomes of the answer that was made. */
static void
play_after(struct graph_call *c)
{
	struct web_reply *r = c->reply;

	switch (c->fault->fate) {
	case FATE_SLOW:
		r->delay_ms += c->fault->ms;
		break;
	case FATE_ACCEPT_AND_CUT:
		r->fate = WEB_TRUNCATED;
		r->cut_at = (r->body.n + r->filler) / 2;
		break;
	case FATE_ACCEPT_AND_CLOSE:
		r->fate = WEB_CLOSED;
		break;
	case FATE_ACCEPT_AND_HANG:
		r->fate = WEB_HANGS;
		break;
	default:
		break;
	}
}

void
graph_answer(struct graph *g, const struct web_request *q, int64_t now_ms, struct arena *a,
             struct web_reply *out)
{
	struct web_reply r = { .fate = WEB_ANSWERED, .delay_ms = g->options.latency_ms };
	struct graph_call c = { .graph = g,
		                .request = q,
		                .arena = a,
		                .now = now_ms,
		                .reply = &r,
		                .waba = GRAPH_NONE,
		                .number = GRAPH_NONE,
		                .token_waba = GRAPH_NONE };

	g->calls++;
	web_add_header(&r, "Date", web_date(a, now_ms));
	read_version(&c);
	read_path(&c);
	c.fault = find_fault(&c);
	if (c.fault == NULL || !play_instead(&c)) {
		answer_path(&c);
		if (c.fault != NULL)
			play_after(&c);
	}
	graph_keep(&c);
	*out = r;
}
