/*
 * Media and their addresses. What always holds: the bytes of a medium are the same each time; an
 * address is of use with a token, for five minutes.
 */
#include "sim/graph_internal.h"
#include "sim/media.h"

struct graph_media
graph_media_of(struct str id)
{
	return (struct graph_media){ .id = id,
		                     .mime = STR("image/jpeg"),
		                     .bytes = media_size(id),
		                     .told_bytes = -1,
		                     .cut_at = -1 };
}

void
graph_put_media(struct graph *g, const struct graph_media *m)
{
	size_t i = graph_find_media(g, m->id);
	struct graph_media *at =
		i != GRAPH_NONE ? &g->media.v[i]
				: ARENA_ADD(g->arena, g->media.v, g->media.n, g->media.cap);

	*at = *m;
	at->id = str_dup(g->arena, m->id);
	at->mime = str_dup(g->arena, m->mime);
	if (str_is_set(m->content)) {
		at->content = str_dup(g->arena, m->content);
		at->bytes = m->content.n;
		digest_sha256(at->content, at->digest);
	} else {
		media_digest(media_seed(m->id), m->bytes, at->digest);
	}
	if (m->sum == SUM_WRONG)
		at->digest[0] ^= 1;
}

static bool
is_number(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] < '0' || id.p[i] > '9')
			return false;
	return id.n > 0;
}

/* Answers 503 if the medium has such answers left. */
static bool
play_failure(struct graph_call *c, int64_t *left)
{
	if (*left <= 0)
		return false;
	(*left)--;
	graph_refuse(c, &(struct graph_error){ .code = 2, .status = 503 });
	return true;
}

static struct str
new_link(struct graph_call *c, size_t media)
{
	struct graph *g = c->graph;
	struct graph_link *l = ARENA_ADD(g->arena, g->links.v, g->links.n, g->links.cap);

	*l = (struct graph_link){ .media = media,
		                  .key = graph_new_text(g, "", 24),
		                  .at = c->now,
		                  .expired = g->media.v[media].expired };
	return str_fmt(c->arena, "http://" STR_FMT "/__media/" STR_FMT "?key=" STR_FMT,
	               STR_ARG(c->request->host), STR_ARG(c->id), STR_ARG(l->key));
}

static struct str
write_media(struct graph_call *c, const struct graph_media *m, struct str url)
{
	int64_t size = m->told_bytes >= 0 ? m->told_bytes : (int64_t)m->bytes;
	struct buf b;
	struct jw jw;

	buf_init(&b, c->arena, 1u << 16);
	jw_init(&jw, &b);
	jw_obj(&jw);
	jw_kz(&jw, "messaging_product", "whatsapp");
	jw_kstr(&jw, "url", url);
	jw_kstr(&jw, "mime_type", m->mime);
	jw_kstr(&jw, "sha256",
	        m->sum == SUM_BASE64 ? base64_encode(c->arena, m->digest, sizeof m->digest)
	                             : hex_encode(c->arena, m->digest, sizeof m->digest));
	if (m->size_as_text)
		jw_kstr(&jw, "file_size", str_fmt(c->arena, "%lld", (long long)size));
	else
		jw_ki64(&jw, "file_size", size);
	jw_kstr(&jw, "id", m->id);
	jw_obj_end(&jw);
	return buf_slice(&b);
}

void
graph_show_media(struct graph_call *c)
{
	struct graph *g = c->graph;
	size_t i = graph_find_media(g, c->id);

	if (i == GRAPH_NONE && g->any_media && is_number(c->id)) {
		const struct graph_media m = graph_media_of(c->id);
		graph_put_media(g, &m);
		i = g->media.n - 1;
	}
	if (i == GRAPH_NONE || g->media.v[i].old) {
		graph_refuse(c, &(struct graph_error){
					.code = 100,
					.subcode = 33,
					.message = str_fmt(c->arena,
		                                           "Unsupported get request. Object with "
		                                           "ID '" STR_FMT "' does not exist",
		                                           STR_ARG(c->id)) });
		return;
	}
	if (!play_failure(c, &g->media.v[i].fail))
		graph_reply(c, write_media(c, &g->media.v[i], new_link(c, i)));
}

/* The medium whose address this is; NULL: of none, or of none any more. */
static struct graph_media *
follow_link(struct graph_call *c)
{
	struct str key = web_parameter(c->arena, c->request->query, STR("key"));
	struct graph *g = c->graph;

	for (size_t i = 0; i < g->links.n; i++) {
		const struct graph_link *l = &g->links.v[i];
		if (str_eq(l->key, key) && str_eq(g->media.v[l->media].id, c->id))
			return l->expired || c->now - l->at >= GRAPH_URL_MS ? NULL
			                                                    : &g->media.v[l->media];
	}
	graph_note_violation(c, STR("the address of a medium was never given out"));
	return NULL;
}

void
graph_get_media(struct graph_call *c)
{
	struct web_reply *r = c->reply;
	struct graph_media *m;

	if (!str_eq(c->request->method, STR("GET"))) {
		graph_wrong(c, &(struct graph_error){ .code = 100, .status = 405 },
		            STR("a medium is had by GET"));
		return;
	}
	m = follow_link(c);
	if (m == NULL) {
		r->status = 404;
		r->body = STR("URL signature expired\n");
		web_add_header(r, "Content-Type", STR("text/plain"));
	} else if (!play_failure(c, &m->fail_download)) {
		r->status = 200;
		r->body = str_is_set(m->content) ? m->content : STR("");
		r->filler = m->bytes - r->body.n;
		r->fill = media_fill;
		r->fill_seed = media_seed(m->id);
		r->body_delay_ms = m->slow_ms;
		web_add_header(r, "Content-Type", m->mime);
		if (m->cut_at >= 0 && (size_t)m->cut_at < m->bytes) {
			r->fate = WEB_TRUNCATED;
			r->cut_at = (size_t)m->cut_at;
		}
	}
}
