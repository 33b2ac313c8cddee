/*
 * What a sync leads to: the contacts and the history of a world of the number's own. What always
 * holds: both come of the same world, so they speak of the same people; the media of the history
 * can be fetched afterwards.
 */
#include "sim/graph_internal.h"

#define WORLD_BYTES ((size_t)8 << 30) /* a bound, not a reservation */

/* The media that the history tells of exist from now on. */
static void
put_media(struct graph *g, const struct world *w)
{
	for (size_t i = 0; i < w->nmessages; i++) {
		const struct world_message *m = &w->messages[i];
		if (!m->late || !wire_kind_is_media(m->kind))
			continue;
		struct graph_media media = graph_media_of(wire_media_id(g->arena, m->salt));
		media.mime = str_from(wire_kind_mime(m->kind));
		media.sum = m->salt % 3 == 0 ? SUM_HEX : SUM_BASE64;
		media.size_as_text = m->salt % 5 == 0;
		graph_put_media(g, &media);
	}
}

void
graph_push_sync(struct graph_call *c, enum graph_sync sync)
{
	struct graph *g = c->graph;
	const struct graph_number *n = &g->numbers.v[c->number];
	struct arena *a = arena_new(WORLD_BYTES);
	struct world_bodies bodies;
	struct world_options o;
	struct world w;

	world_options_init(&o);
	o.seed = n->seed;
	o.at = n->onboarded_at;
	o.line = (struct wire_line){ n->id, g->wabas.v[n->waba].id, str_digits(a, n->display) };
	o.people = n->people;
	o.messages = n->messages;
	o.contacts = n->contacts;
	o.chunk_messages = n->chunk_messages;
	o.parts = WORLD_CONTACTS | WORLD_HISTORY | WORLD_LATE;
	o.decline = n->decline;
	world_make(a, &o, &w);
	world_make_bodies(a, &w, 1, &bodies);
	if (g->options.rude)
		world_misdeliver(a, &bodies, n->seed, 5, 100);
	for (size_t i = 0; i < bodies.n; i++)
		if ((strcmp(bodies.v[i].part, "contacts") == 0) == (sync == GRAPH_CONTACTS))
			graph_push_webhook(g, c->number, bodies.v[i].bytes, bodies.v[i].part, 0);
	if (sync == GRAPH_HISTORY)
		put_media(g, &w);
	arena_free(a);
}
