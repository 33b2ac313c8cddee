/*
 * The memory of the simulated Graph API. What always holds: what was handed out (codes, tokens,
 * addresses) is never shown again; a request is kept once, without secrets.
 */
#include "sim/graph.h"

#include <stdlib.h>

#include "sim/graph_internal.h"

#define TEXT_BYTES  1000
#define ARENA_BYTES ((size_t)8 << 30)  /* a bound, not a reservation */
#define KEPT_BYTES  ((size_t)32 << 10) /* of a body or query */

const char *const graph_fate_names[GRAPH_FATES + 1] = {
	"error",           "cut",        "close",          "hang",
	"garbage",         "slow",       "accept_and_cut", "accept_and_close",
	"accept_and_hang", "fail_later",
};

void
graph_options_init(struct graph_options *o)
{
	*o = (struct graph_options){ .seed = 1,
		                     .app_id = STR("1234567890123456"),
		                     .app_secret = STR("segredo-do-app"),
		                     .code_ms = GRAPH_CODE_MS };
}

struct graph *
graph_new(const struct graph_options *o)
{
	struct graph *g = calloc(1, sizeof *g);

	if (g == NULL)
		abort();
	g->options = *o;
	g->arena = arena_new(ARENA_BYTES);
	g->dice = dice_for(o->seed, 70, 0);
	g->manner = dice_for(o->seed, 71, 0);
	g->status_up_to = STATUS_READ;
	g->status_ms = 100;
	return g;
}

static void
free_kept(struct graph_kept *k)
{
	free(k->block);
	*k = (struct graph_kept){ 0 };
}

void
graph_free(struct graph *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < GRAPH_MOST_KEPT; i++)
		free_kept(&g->kept[i]);
	for (size_t i = 0; i < g->outbox.n; i++)
		free(g->outbox.v[i].bytes);
	free(g->outbox.v);
	arena_free(g->arena);
	free(g);
}

size_t
graph_find_waba(const struct graph *g, struct str id)
{
	for (size_t i = 0; i < g->wabas.n; i++)
		if (str_eq(g->wabas.v[i].id, id))
			return i;
	return GRAPH_NONE;
}

size_t
graph_find_number(const struct graph *g, struct str id)
{
	for (size_t i = 0; i < g->numbers.n; i++)
		if (str_eq(g->numbers.v[i].id, id))
			return i;
	return GRAPH_NONE;
}

size_t
graph_find_media(const struct graph *g, struct str id)
{
	for (size_t i = 0; i < g->media.n; i++)
		if (str_eq(g->media.v[i].id, id))
			return i;
	return GRAPH_NONE;
}

struct graph_pair *
graph_pair(struct graph *g, size_t number, struct str wa_id)
{
	for (size_t i = 0; i < g->pairs.n; i++)
		if (g->pairs.v[i].number == number && str_eq(g->pairs.v[i].wa_id, wa_id))
			return &g->pairs.v[i];
	struct graph_pair *p = ARENA_ADD(g->arena, g->pairs.v, g->pairs.n, g->pairs.cap);
	*p = (struct graph_pair){ .number = number, .wa_id = str_dup(g->arena, wa_id) };
	return p;
}

struct str
graph_new_text(struct graph *g, const char *prefix, size_t n)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	struct buf b;

	buf_init(&b, g->arena, TEXT_BYTES);
	buf_z(&b, prefix);
	for (size_t i = 0; i < n; i++)
		buf_char(&b, letters[dice_below(&g->dice, sizeof letters - 1)]);
	return buf_slice(&b);
}

void
graph_push_webhook(struct graph *g, size_t number, struct str bytes, const char *part,
                   int64_t delay_ms)
{
	const struct graph_waba *waba = &g->wabas.v[g->numbers.v[number].waba];
	struct graph_webhook w = { NULL, bytes.n, part, delay_ms };

	if (!waba->subscribed || !str_is_set(g->deliver_url))
		return;
	w.bytes = malloc(bytes.n + 1);
	if (w.bytes == NULL)
		abort();
	if (g->outbox.n == g->outbox.cap) {
		g->outbox.cap = g->outbox.cap > 0 ? 2 * g->outbox.cap : 64;
		g->outbox.v = realloc(g->outbox.v, g->outbox.cap * sizeof *g->outbox.v);
		if (g->outbox.v == NULL)
			abort();
	}
	memcpy(w.bytes, bytes.p, bytes.n);
	g->webhooks++;
	g->outbox.v[g->outbox.n++] = w;
}

size_t
graph_take_webhooks(struct graph *g, struct graph_webhook **out)
{
	size_t n = g->outbox.n;

	*out = g->outbox.v;
	g->outbox.v = NULL;
	g->outbox.n = g->outbox.cap = 0;
	return n;
}

/* The query with *** in place of what must not be told. */
static struct str
without_secrets(struct arena *a, struct str query)
{
	static const char *const secrets[] = { "client_secret", "code", "access_token", "token",
		                               "key" };
	struct str part;
	struct buf b;

	buf_init(&b, a, KEPT_BYTES);
	while (str_split(&query, '&', &part)) {
		struct str name = str_sub(part, 0, str_find(part, '='));
		for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
			if (str_eq(name, str_from(secrets[i])))
				part = str_fmt(a, STR_FMT "=***", STR_ARG(name));
		if (b.n > 0)
			buf_char(&b, '&');
		buf_str(&b, part);
	}
	return buf_slice(&b);
}

static struct str
put(char **at, struct str s)
{
	struct str out = str_n(*at, s.n);

	if (s.n > 0)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return out;
}

/* Counts the answer under what was asked for: "POST messages", "GET id". */
static void
count(const struct graph_call *c, int status)
{
	struct graph *g = c->graph;
	bool media = str_starts(c->path, STR("/__media/"));
	struct str edge = media ? STR("media") : str_is_set(c->edge) ? c->edge : STR("id");
	struct str what =
		str_fmt(c->arena, STR_FMT " " STR_FMT, STR_ARG(c->request->method), STR_ARG(edge));
	size_t i = 0;

	while (i < g->counts.n &&
	       (g->counts.v[i].status != status || !str_eq(g->counts.v[i].what, what)))
		i++;
	if (i == g->counts.n && i == GRAPH_MOST_COUNTS)
		return;
	if (i == g->counts.n)
		*ARENA_ADD(g->arena, g->counts.v, g->counts.n, g->counts.cap) =
			(struct graph_count){ str_dup(g->arena, what), status, 0 };
	g->counts.v[i].n++;
}

void
graph_keep(const struct graph_call *c)
{
	struct graph *g = c->graph;
	struct graph_kept *k = &g->kept[g->nkept++ % GRAPH_MOST_KEPT];
	const struct web_request *q = c->request;
	const struct web_reply *r = c->reply;
	struct str query = without_secrets(c->arena, q->query);
	struct str body = str_sub(q->body, 0, KEPT_BYTES);
	bool answered = r->fate == WEB_ANSWERED || r->fate == WEB_TRUNCATED;

	free_kept(k);
	*k = (struct graph_kept){ .at = c->now,
		                  .code = c->code,
		                  .status = answered ? r->status : 0,
		                  .block = malloc(q->method.n + q->path.n + query.n + body.n + 1) };
	char *p = k->block;
	if (p == NULL)
		abort();
	count(c, k->status);
	k->method = put(&p, q->method);
	k->path = put(&p, q->path);
	k->query = put(&p, query);
	k->body = put(&p, body);
	if (g->noted != NULL)
		g->noted(g->noted_ctx, k);
}
