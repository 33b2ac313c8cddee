/*
 * The controls of the simulated Graph API. What always holds: a body is read by one table of its
 * members, and a control that is not understood changes nothing.
 */
#include <stddef.h>

#include "sim/graph_internal.h"

#define CONTROL_BYTES ((size_t)1 << 30)
#define MOST_PEOPLE   1000000

enum kind { TEXT, COUNT, FLAG, WORD };

/* A member of a control's body. */
struct member {
	const char *name;
	enum kind kind;
	bool needed;
	size_t offset; /* of a struct str, int64_t, bool or int */
	const char *const *words;
};

/* Everything that a control may say; each fills in its own. */
struct said {
	struct str waba, number, display, name, token, wa_id, input;
	struct str path, method, to, id, mime, content, url, secret;
	bool on_biz_app, again, open, backwards, silent, size_as_text, old, expired, any;
	int decline, up_to, fate, sum;
	int64_t people, messages, contacts, chunk_messages, seed;
	int64_t step_ms, times, status, code, subcode, retry_after, ms;
	int64_t bytes, told_bytes, fail, fail_download, cut_at, slow_ms;
};
#define AT(member) offsetof(struct said, member)

static const char *const declines[] = { "no", "envelope", "bare", "value", "metadata", NULL };
static const char *const up_tos[] = { "none", "sent", "delivered", "read", NULL };
static const char *const sums[] = { "hex", "base64", "wrong", NULL };

struct control {
	struct graph *graph;
	struct arena *arena;
	int64_t now;
	struct said said;
	struct buf out;
};

/* clang-format off */
static const struct member number_members[] = {
	{ "wabaId", TEXT, true, AT(waba), NULL },
	{ "phoneNumberId", TEXT, true, AT(number), NULL },
	{ "displayPhoneNumber", TEXT, false, AT(display), NULL },
	{ "verifiedName", TEXT, false, AT(name), NULL },
	{ "onBizApp", FLAG, false, AT(on_biz_app), NULL },
	{ "decline", WORD, false, AT(decline), declines },
	{ "people", COUNT, false, AT(people), NULL },
	{ "messages", COUNT, false, AT(messages), NULL },
	{ "contacts", COUNT, false, AT(contacts), NULL },
	{ "chunkMessages", COUNT, false, AT(chunk_messages), NULL },
	{ "seed", COUNT, false, AT(seed), NULL },
	{ 0 },
};
static const struct member code_members[] = {
	{ "wabaId", TEXT, true, AT(waba), NULL }, { "again", FLAG, false, AT(again), NULL }, { 0 },
};
static const struct member token_members[] = { { "wabaId", TEXT, true, AT(waba), NULL }, { 0 } };
static const struct member revoke_members[] = { { "token", TEXT, false, AT(token), NULL }, { 0 } };
static const struct member late_members[] = {
	{ "phoneNumberId", TEXT, true, AT(number), NULL }, { 0 },
};
static const struct member window_members[] = {
	{ "waId", TEXT, true, AT(wa_id), NULL },
	{ "open", FLAG, true, AT(open), NULL },
	{ "phoneNumberId", TEXT, false, AT(number), NULL },
	{ 0 },
};
static const struct member alias_members[] = {
	{ "input", TEXT, true, AT(input), NULL }, { "waId", TEXT, true, AT(wa_id), NULL }, { 0 },
};
static const struct member status_members[] = {
	{ "upTo", WORD, false, AT(up_to), up_tos },
	{ "stepMs", COUNT, false, AT(step_ms), NULL },
	{ "backwards", FLAG, false, AT(backwards), NULL },
	{ 0 },
};
static const struct member fault_members[] = {
	{ "path", TEXT, true, AT(path), NULL },
	{ "method", TEXT, false, AT(method), NULL },
	{ "to", TEXT, false, AT(to), NULL },
	{ "times", COUNT, false, AT(times), NULL },
	{ "fate", WORD, false, AT(fate), graph_fate_names },
	{ "status", COUNT, false, AT(status), NULL },
	{ "code", COUNT, false, AT(code), NULL },
	{ "subcode", COUNT, false, AT(subcode), NULL },
	{ "retryAfter", COUNT, false, AT(retry_after), NULL },
	{ "ms", COUNT, false, AT(ms), NULL },
	{ "silent", FLAG, false, AT(silent), NULL },
	{ 0 },
};
static const struct member media_members[] = {
	{ "id", TEXT, false, AT(id), NULL },
	{ "any", FLAG, false, AT(any), NULL },
	{ "bytes", COUNT, false, AT(bytes), NULL },
	{ "mime", TEXT, false, AT(mime), NULL },
	{ "content", TEXT, false, AT(content), NULL },
	{ "sha256", WORD, false, AT(sum), sums },
	{ "fileSize", COUNT, false, AT(told_bytes), NULL },
	{ "sizeAsText", FLAG, false, AT(size_as_text), NULL },
	{ "fail", COUNT, false, AT(fail), NULL },
	{ "failDownload", COUNT, false, AT(fail_download), NULL },
	{ "cutAt", COUNT, false, AT(cut_at), NULL },
	{ "slowMs", COUNT, false, AT(slow_ms), NULL },
	{ "old", FLAG, false, AT(old), NULL },
	{ "expired", FLAG, false, AT(expired), NULL },
	{ 0 },
};
static const struct member deliver_members[] = {
	{ "url", TEXT, true, AT(url), NULL },
	{ "path", TEXT, false, AT(path), NULL },
	{ "secret", TEXT, false, AT(secret), NULL },
	{ 0 },
};
static const struct member no_members[] = { { 0 } };
/* clang-format on */

static bool
read_value(const struct member *m, const cJSON *v, struct said *out)
{
	char *at = (char *)out + m->offset;
	struct str text = json_str(v);
	int64_t n;

	switch (m->kind) {
	case TEXT:
		*(struct str *)(void *)at = text;
		return text.n > 0;
	case COUNT:
		if (!json_is_number(v) || !json_i64(v, &n) || n < 0)
			return false;
		*(int64_t *)(void *)at = n;
		return true;
	case FLAG:
		return json_bool(v, (bool *)(void *)at);
	case WORD:
		for (int i = 0; m->words[i] != NULL; i++)
			if (str_eq(text, str_from(m->words[i]))) {
				*(int *)(void *)at = i;
				return true;
			}
		return false;
	}
	return false;
}

/* NULL: it was read; else the member that is wrong. */
static const char *
read_members(const struct member *members, const cJSON *body, struct said *out)
{
	for (const cJSON *v = json_first(body); v != NULL; v = v->next) {
		const struct member *m = members;
		while (m->name != NULL && strcmp(m->name, v->string) != 0)
			m++;
		if (m->name == NULL || !read_value(m, v, out))
			return v->string;
	}
	for (const struct member *m = members; m->name != NULL; m++)
		if (m->needed && json_get(body, m->name) == NULL)
			return m->name;
	return NULL;
}

static struct str
keep(const struct control *k, struct str s)
{
	return str_dup(k->graph->arena, s);
}

static size_t
find_or_add_waba(struct control *k)
{
	struct graph *g = k->graph;
	size_t i = graph_find_waba(g, k->said.waba);

	if (i == GRAPH_NONE) {
		ARENA_ADD(g->arena, g->wabas.v, g->wabas.n, g->wabas.cap)->id =
			keep(k, k->said.waba);
		i = g->wabas.n - 1;
	}
	return i;
}

/* What the number says of itself now, before the control changes it. */
static void
number_defaults(struct control *k)
{
	const struct graph *g = k->graph;
	size_t i = graph_find_number(g, k->said.number);
	struct world_options o;

	world_options_init(&o);
	if (i == GRAPH_NONE) {
		k->said.display = o.line.display_number;
		k->said.name = STR("Loja de Teste");
		k->said.on_biz_app = true;
		k->said.people = (int64_t)o.people;
		k->said.messages = (int64_t)o.messages;
		k->said.contacts = (int64_t)o.contacts;
		k->said.chunk_messages = (int64_t)o.chunk_messages;
		k->said.seed = (int64_t)(g->options.seed + g->numbers.n);
		return;
	}
	const struct graph_number *n = &g->numbers.v[i];
	k->said.display = n->display;
	k->said.name = n->name;
	k->said.on_biz_app = n->on_biz_app;
	k->said.decline = (int)n->decline;
	k->said.people = (int64_t)n->people;
	k->said.messages = (int64_t)n->messages;
	k->said.contacts = (int64_t)n->contacts;
	k->said.chunk_messages = (int64_t)n->chunk_messages;
	k->said.seed = (int64_t)n->seed;
}

static const char *
control_number(struct control *k)
{
	struct graph *g = k->graph;
	const struct said *s = &k->said;
	size_t i = graph_find_number(g, s->number);

	if (s->people > MOST_PEOPLE || s->contacts > MOST_PEOPLE || s->messages > 100 * MOST_PEOPLE)
		return "people, contacts or messages";
	if (graph_find_waba(g, s->number) != GRAPH_NONE || str_eq(s->number, s->waba))
		return "phoneNumberId is a WABA's";
	size_t waba = find_or_add_waba(k);
	struct graph_number *n;
	if (i != GRAPH_NONE) {
		n = &g->numbers.v[i];
	} else {
		n = ARENA_ADD(g->arena, g->numbers.v, g->numbers.n, g->numbers.cap);
		*n = (struct graph_number){ .id = keep(k, s->number), .onboarded_at = k->now };
	}
	n->waba = waba;
	n->display = keep(k, s->display);
	n->name = keep(k, s->name);
	n->on_biz_app = s->on_biz_app;
	n->decline = (enum world_decline)s->decline;
	n->people = (size_t)s->people;
	n->messages = (size_t)s->messages;
	n->contacts = (size_t)s->contacts;
	n->chunk_messages = (size_t)s->chunk_messages;
	n->seed = (uint64_t)s->seed;
	return NULL;
}

/* The numbers of the WABA are connected now. */
static void
onboard(struct graph *g, size_t waba, int64_t now)
{
	for (size_t i = 0; i < g->numbers.n; i++) {
		struct graph_number *n = &g->numbers.v[i];
		if (n->waba != waba)
			continue;
		n->onboarded_at = now;
		memset(n->asked, 0, sizeof n->asked);
	}
}

static const char *
control_code(struct control *k)
{
	struct graph *g = k->graph;
	size_t waba = graph_find_waba(g, k->said.waba);
	bool first = true;

	if (waba == GRAPH_NONE)
		return "wabaId is not known";
	for (size_t i = 0; i < g->codes.n; i++)
		first = first && g->codes.v[i].waba != waba;
	if (first || k->said.again)
		onboard(g, waba, k->now);
	struct graph_code *c = ARENA_ADD(g->arena, g->codes.v, g->codes.n, g->codes.cap);
	*c = (struct graph_code){ .text = graph_new_text(g, "AQ", 80), .waba = waba, .at = k->now };
	buf_fmt(&k->out,
	        "{\"code\":\"" STR_FMT "\",\"event\":{\"type\":\"WA_EMBEDDED_SIGNUP\",\"event\":"
	        "\"FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING\",\"version\":3,\"data\":{\"waba_id\":"
	        "\"" STR_FMT "\"}}}",
	        STR_ARG(c->text), STR_ARG(g->wabas.v[waba].id));
	return NULL;
}

static const char *
control_token(struct control *k)
{
	struct graph *g = k->graph;
	size_t waba = graph_find_waba(g, k->said.waba);

	if (waba == GRAPH_NONE)
		return "wabaId is not known";
	struct graph_token *t = ARENA_ADD(g->arena, g->tokens.v, g->tokens.n, g->tokens.cap);
	*t = (struct graph_token){ .text = graph_new_text(g, "EAAsim", 60), .waba = waba };
	buf_fmt(&k->out, "{\"token\":\"" STR_FMT "\"}", STR_ARG(t->text));
	return NULL;
}

static const char *
control_revoke(struct control *k)
{
	struct graph *g = k->graph;
	size_t found = 0;

	for (size_t i = 0; i < g->tokens.n; i++) {
		if (str_is_set(k->said.token) && !str_eq(k->said.token, g->tokens.v[i].text))
			continue;
		g->tokens.v[i].revoked = true;
		found++;
	}
	return str_is_set(k->said.token) && found == 0 ? "token is not known" : NULL;
}

static const char *
control_late(struct control *k)
{
	size_t i = graph_find_number(k->graph, k->said.number);

	if (i == GRAPH_NONE)
		return "phoneNumberId is not known";
	k->graph->numbers.v[i].onboarded_at = k->now - GRAPH_ASK_MS;
	return NULL;
}

static const char *
control_window(struct control *k)
{
	struct graph *g = k->graph;
	size_t only = str_is_set(k->said.number) ? graph_find_number(g, k->said.number)
	                                         : GRAPH_NONE;

	if (str_is_set(k->said.number) && only == GRAPH_NONE)
		return "phoneNumberId is not known";
	for (size_t i = 0; i < g->numbers.n; i++)
		if (only == GRAPH_NONE || only == i)
			graph_pair(g, i, k->said.wa_id)->closed = !k->said.open;
	return NULL;
}

static const char *
control_alias(struct control *k)
{
	struct graph *g = k->graph;

	*ARENA_ADD(g->arena, g->aliases.v, g->aliases.n, g->aliases.cap) =
		(struct graph_alias){ str_digits(g->arena, k->said.input),
		                      str_digits(g->arena, k->said.wa_id) };
	return NULL;
}

static void
status_defaults(struct control *k)
{
	k->said.up_to = (int)k->graph->status_up_to;
	k->said.step_ms = k->graph->status_ms;
	k->said.backwards = k->graph->status_backwards;
}

static const char *
control_statuses(struct control *k)
{
	k->graph->status_up_to = (enum graph_status)k->said.up_to;
	k->graph->status_ms = k->said.step_ms;
	k->graph->status_backwards = k->said.backwards;
	return NULL;
}

static void
fault_defaults(struct control *k)
{
	k->said.times = 1;
	k->said.retry_after = -1;
}

static const char *
control_fault(struct control *k)
{
	struct graph *g = k->graph;
	const struct said *s = &k->said;
	bool failing = s->fate == FATE_ERROR || s->fate == FATE_FAIL_LATER;

	if (failing && s->code == 0 && (s->status < 500 || s->fate == FATE_FAIL_LATER))
		return "code is missing";
	if (s->status != 0 && (s->status < 200 || s->status > 599))
		return "status";
	*ARENA_ADD(g->arena, g->faults.v, g->faults.n, g->faults.cap) = (struct graph_fault){
		.path = keep(k, s->path),
		.method = keep(k, s->method),
		.to = str_is_set(s->to) ? str_digits(g->arena, s->to) : STR_NONE,
		.times = s->times,
		.fate = (enum graph_fate)s->fate,
		.status = s->status,
		.code = s->code != 0 || !failing ? s->code : 2,
		.subcode = s->subcode,
		.retry_after = s->retry_after,
		.ms = s->ms,
		.silent = s->silent,
	};
	return NULL;
}

static const char *
control_calm(struct control *k)
{
	k->graph->faults.n = 0;
	k->graph->options.rude = false;
	return NULL;
}

static void
media_defaults(struct control *k)
{
	k->said.bytes = 1000;
	k->said.mime = STR("image/jpeg");
	k->said.told_bytes = k->said.cut_at = -1;
}

static const char *
control_media(struct control *k)
{
	const struct said *s = &k->said;
	struct str content;

	if (s->any) {
		k->graph->any_media = true;
		return NULL;
	}
	if (!str_is_set(s->id))
		return "id is missing";
	if (s->bytes > (int64_t)GRAPH_MEDIA_MOST)
		return "bytes";
	content = str_is_set(s->content) ? base64_decode(k->arena, s->content) : STR_NONE;
	if (str_is_set(s->content) && !str_is_set(content))
		return "content";
	graph_put_media(k->graph, &(struct graph_media){
					  .id = s->id,
					  .content = content,
					  .mime = s->mime,
					  .bytes = (size_t)s->bytes,
					  .told_bytes = s->told_bytes,
					  .size_as_text = s->size_as_text,
					  .old = s->old,
					  .expired = s->expired,
					  .sum = (enum graph_sum)s->sum,
					  .fail = s->fail,
					  .fail_download = s->fail_download,
					  .cut_at = s->cut_at,
					  .slow_ms = s->slow_ms,
				  });
	return NULL;
}

static void
deliver_defaults(struct control *k)
{
	k->said.path = STR("/webhooks/whatsapp");
	k->said.secret = k->graph->options.app_secret;
}

static const char *
control_deliver(struct control *k)
{
	struct graph *g = k->graph;

	g->deliver_url =
		str_fmt(g->arena, STR_FMT STR_FMT, STR_ARG(k->said.url), STR_ARG(k->said.path));
	g->deliver_secret = keep(k, k->said.secret);
	return NULL;
}

static const struct {
	const char *path;
	const struct member *members;
	void (*defaults)(struct control *);   /* before the body is read; NULL: none */
	const char *(*run)(struct control *); /* NULL, or what is wrong */
} controls[] = {
	{ "/__sim/number", number_members, number_defaults, control_number },
	{ "/__sim/code", code_members, NULL, control_code },
	{ "/__sim/token", token_members, NULL, control_token },
	{ "/__sim/revoke", revoke_members, NULL, control_revoke },
	{ "/__sim/late", late_members, NULL, control_late },
	{ "/__sim/window", window_members, NULL, control_window },
	{ "/__sim/alias", alias_members, NULL, control_alias },
	{ "/__sim/statuses", status_members, status_defaults, control_statuses },
	{ "/__sim/fault", fault_members, fault_defaults, control_fault },
	{ "/__sim/calm", no_members, NULL, control_calm },
	{ "/__sim/media", media_members, media_defaults, control_media },
	{ "/__sim/deliver", deliver_members, deliver_defaults, control_deliver },
};

static void
run(struct control *k, size_t i, struct str text, struct web_reply *r)
{
	const cJSON *body = NULL;
	const char *wrong = "not JSON";

	if (json_parse(k->arena, text, &body) == ERR_OK && json_is_object(body)) {
		k->said.number = json_str(json_get(body, "phoneNumberId"));
		if (controls[i].defaults != NULL)
			controls[i].defaults(k);
		wrong = read_members(controls[i].members, body, &k->said);
		if (wrong == NULL)
			wrong = controls[i].run(k);
	}
	if (wrong != NULL) {
		r->status = 400;
		struct jw jw;
		buf_clear(&k->out);
		jw_init(&jw, &k->out);
		jw_obj(&jw);
		jw_kz(&jw, "error", wrong);
		jw_obj_end(&jw);
	} else if (k->out.n == 0) {
		buf_z(&k->out, "{}");
	}
}

bool
graph_control(struct graph *g, const struct web_request *q, int64_t now_ms, struct arena *a,
              struct web_reply *out)
{
	struct web_reply r = { .fate = WEB_ANSWERED, .status = 200 };
	struct control k = { .graph = g, .arena = a, .now = now_ms };
	size_t i = 0;

	if (!str_starts(q->path, STR("/__sim/")))
		return false;
	buf_init(&k.out, a, CONTROL_BYTES);
	while (i < sizeof controls / sizeof controls[0] &&
	       !str_eq(q->path, str_from(controls[i].path)))
		i++;
	if (str_eq(q->method, STR("GET")) && str_eq(q->path, STR("/__sim/stats")))
		graph_stats_json(g, &k.out);
	else if (str_eq(q->method, STR("GET")) && str_eq(q->path, STR("/__sim/requests")))
		graph_requests_json(g, &k.out);
	else if (str_eq(q->method, STR("POST")) && i < sizeof controls / sizeof controls[0])
		run(&k, i, q->body, &r);
	else
		r.status = 404;
	r.body = buf_slice(&k.out);
	web_add_header(&r, "Content-Type", STR("application/json"));
	*out = r;
	return true;
}
