/*
 * The history as chunks, and the media facts that follow. What always holds: every history message
 * is in exactly one chunk, threads are newest first, progress ends at 100 in the last chunk, and an
 * empty phase sends nothing.
 */
#include <stdlib.h>

#include "base/time.h"
#include "sim/world.h"

struct history {
	struct arena *arena;
	const struct world *world;
	size_t *order; /* indexes of messages by phase, person, newest first */
	size_t n;
	struct world_bodies *out;
};

static int
phase_of(const struct world *w, const struct world_message *m)
{
	int64_t age = w->options.at - m->at;

	return age < TIME_DAY ? 0 : age < 90 * TIME_DAY ? 1 : 2;
}

static int
by_phase_person_time(const void *x, const void *y, void *ctx)
{
	const struct world *w = ctx;
	const struct world_message *a = &w->messages[*(const size_t *)x],
				   *b = &w->messages[*(const size_t *)y];
	int pa = phase_of(w, a), pb = phase_of(w, b);

	if (pa != pb)
		return pa < pb ? -1 : 1;
	if (a->person != b->person)
		return a->person < b->person ? -1 : 1;
	return a->at == b->at ? 0 : a->at > b->at ? -1 : 1;
}

static struct str
lower(struct arena *a, struct str s)
{
	char *p = arena_copy(a, s.p, s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)(p[i] | 0x20);
	return str_n(p, s.n);
}

/* Who sent it to whom, as history shows it; own messages sometimes lack `to` or from_me. */
static void
address(const struct world *w, const struct world_message *m, bool always_to,
        struct wire_element *e)
{
	const struct world_person *p = &w->people[m->person];

	if (m->outbound) {
		e->from = w->options.line.display_number;
		if (always_to || m->salt % 5 != 0) {
			e->to = p->wa_id_before;
			if (!str_is_set(p->wa_id_before))
				e->to_user_id = p->user_id;
		}
		e->from_me = !always_to && m->salt % 7 != 0;
	} else {
		e->from = p->wa_id_before;
		e->from_user_id = p->user_id;
	}
}

static void
put_history_message(struct wire *b, const struct world *w, const struct world_message *m)
{
	struct arena *a = b->arena;
	struct wire_element e = { .kind = m->kind, .text = m->text, .salt = m->salt };
	struct str status = m->salt % 3 == 0 ? lower(a, m->history_status) : m->history_status;

	address(w, m, false, &e);
	e.id = world_wamid(a, w, m, true);
	e.at = str_fmt(a, "%lld", (long long)(m->at / TIME_SECOND));
	if (m->reply_to != SIZE_MAX)
		e.target = world_wamid(a, w, &w->messages[m->reply_to], true);
	if (wire_kind_is_media(m->kind))
		e.kind = WIRE_PLACEHOLDER;
	e.history_status = status;
	/* newest first: what was done to it comes before it; if live traffic heard of it, that
	 * tells its fate */
	if (!(m->in_live && (w->options.parts & WORLD_LIVE))) {
		struct world_message act = *m;
		struct wire_element x = e;
		x.target = e.id;
		if (m->revoked_at != TIME_NONE) {
			act.key_id = m->revoke_key;
			x.id = world_wamid(a, w, &act, true);
			x.at = str_fmt(a, "%lld", (long long)(m->revoked_at / TIME_SECOND));
			x.kind = WIRE_REVOKE;
			wire_element(b, &x);
		}
		for (size_t i = m->nedits; i-- > 0;) {
			act.key_id = m->edits[i].key_id;
			x.id = world_wamid(a, w, &act, true);
			x.at = str_fmt(a, "%lld", (long long)(m->edits[i].at / TIME_SECOND));
			x.kind = WIRE_EDIT;
			x.text = m->edits[i].text;
			wire_element(b, &x);
		}
	}
	wire_element(b, &e);
}

/* Messages [from, to) of the order as one chunk. */
static void
put_chunk(const struct history *h, size_t from, size_t to, int64_t chunk_order, size_t chunk_no)
{
	const struct world *w = h->world;
	const struct world_options *o = &w->options;
	size_t open = SIZE_MAX;
	struct wire b;

	wire_begin(&b, h->arena, o->wrap, chunk_no % 4 == 3);
	wire_change(&b, &o->line, "history", true, 0);
	jw_key(&b.jw, "history");
	jw_arr(&b.jw);
	int64_t progress = to == h->n ? 100 : (int64_t)(to * 100 / h->n);
	wire_chunk(&b, phase_of(w, &w->messages[h->order[from]]), chunk_order,
	           to < h->n && progress > 99 ? 99 : progress);
	for (size_t i = from; i < to; i++) {
		const struct world_message *m = &w->messages[h->order[i]];
		if (m->person != open) {
			const struct world_person *p = &w->people[m->person];
			struct wire_person who = { .wa_id = p->wa_id_before,
				                   .user_id = p->user_id,
				                   .username = p->username };
			if (open != SIZE_MAX)
				wire_thread_end(&b);
			wire_thread(&b, p->wa_id_before, &who);
			open = m->person;
		}
		put_history_message(&b, w, m);
	}
	wire_thread_end(&b);
	wire_chunk_end(&b);
	jw_arr_end(&b.jw);
	wire_change_end(&b);
	struct world_body body = { wire_end(&b), o->at + TIME_SECOND * (20 + 2 * (int64_t)chunk_no),
		                   "history", to - from };
	world_body_add(h->arena, h->out, body);
}

/* The media of one message, long or shortly after its placeholder, or before it. */
static void
put_late(const struct history *h, const struct world_message *m, size_t chunks)
{
	const struct world *w = h->world;
	const struct world_options *o = &w->options;
	const struct world_person *p = &w->people[m->person];
	struct wire_person who = { .wa_id = p->wa_id_before,
		                   .user_id = p->user_id,
		                   .username = p->username };
	struct wire_element e = { .kind = m->kind, .text = m->text, .salt = m->salt };
	struct wire b;

	address(w, m, true, &e);
	e.id = world_wamid(h->arena, w, m, true);
	/* its own time may differ by days: the placeholder's counts */
	e.at = str_fmt(h->arena, "%lld",
	               (long long)(m->at / TIME_SECOND - (int64_t)(m->salt % 4 == 0 ? 90000 : 0)));
	wire_begin(&b, h->arena, WIRE_META, false);
	wire_change(&b, &o->line, "history", true, 0);
	if (m->salt % 2 == 0)
		wire_contacts(&b, &who, 1);
	jw_key(&b.jw, m->outbound ? "message_echoes" : "messages");
	jw_arr(&b.jw);
	wire_element(&b, &e);
	jw_arr_end(&b.jw);
	wire_change_end(&b);
	int64_t delay = m->salt % 10 == 0 ? 15 : 30 + 2 * (int64_t)chunks + (int64_t)(m->salt % 60);
	world_body_add(h->arena, h->out,
	               (struct world_body){ wire_end(&b), o->at + TIME_SECOND * delay, "late", 1 });
}

void
world_history_bodies(struct arena *a, const struct world *w, struct world_bodies *out)
{
	struct history h = { .arena = a, .world = w, .out = out };
	size_t chunks = 0, from = 0,
	       limit = w->options.chunk_messages ? w->options.chunk_messages : 1;
	int64_t in_phase = 0;

	h.order = ARENA_ARRAY(a, w->nmessages + 1, size_t);
	for (size_t i = 0; i < w->nmessages; i++)
		if (w->messages[i].in_history)
			h.order[h.n++] = i;
	if (h.n == 0)
		return;
	qsort_r(h.order, h.n, sizeof *h.order, by_phase_person_time, (void *)w);
	while ((w->options.parts & WORLD_HISTORY) && from < h.n) {
		int phase = phase_of(w, &w->messages[h.order[from]]);
		size_t to = from + 1;
		while (to < h.n && to - from < limit &&
		       phase_of(w, &w->messages[h.order[to]]) == phase)
			to++;
		if (from > 0 && phase_of(w, &w->messages[h.order[from - 1]]) != phase)
			in_phase = 0;
		put_chunk(&h, from, to, ++in_phase, chunks++);
		from = to;
	}
	for (size_t i = 0; (w->options.parts & WORLD_LATE) && i < h.n; i++)
		if (w->messages[h.order[i]].late)
			put_late(&h, &w->messages[h.order[i]], chunks);
}
