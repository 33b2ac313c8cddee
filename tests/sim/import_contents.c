/*
 * What is within the rows of an import, and what a run over them needs to ask. What always holds:
 * the least number of pages is counted by walking the world's own pages by the law
 * (core/import_plan), without the importer.
 */
#include <stdlib.h>

#include "core/hd_decode.h"
#include "core/import_plan.h"
#include "core/import_retry.h"
#include "import_check.h"

#define MARK IMPORT_MARK

void
import_memory_init(struct import_memory *m, struct arena *a)
{
	*m = (struct import_memory){ .arena = a };
	map_init(&m->by_message, a, 256);
}

#define SQL_BODIES                                                                                 \
	"SELECT t.external_uuid || ' ' || m.external_id || '" MARK "' || coalesce(m.body, '') || " \
	"'" MARK "' || coalesce(CAST(m.content AS text), '') || '" MARK                            \
	"' || coalesce(m.same_key, '') || '" MARK "' || coalesce(CAST(m.original AS text), '') "   \
	"|| coalesce(CAST(m.edits AS text), '') FROM messages m JOIN tickets t ON t.client_id = "  \
	"m.client_id AND t.id = m.ticket_id"

static struct import_bodies *
bodies_of(struct import_memory *m, struct str key)
{
	bool added;
	size_t i = map_get(&m->by_message, key);

	if (i != MAP_NONE)
		return &m->of[i];
	if (m->n == m->cap) {
		size_t more = m->cap ? m->cap * 2 : 256;
		struct import_bodies *v = ARENA_ARRAY(m->arena, more, struct import_bodies);

		if (m->n > 0)
			memcpy(v, m->of, m->n * sizeof *v);
		m->of = v;
		m->cap = more;
	}
	(void)map_put(&m->by_message, str_dup(m->arena, key), m->n, &added);
	m->of[m->n] = (struct import_bodies){ 0 };
	return &m->of[m->n++];
}

void
import_remember(struct import_scene *s, struct import_memory *m)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct str *v, cols[IMPORT_MOST_COLS];
	size_t n = import_scene_lines(s, a, SQL_BODIES, &v);

	for (size_t i = 0; i < n; i++) {
		struct import_bodies *b;

		import_split(v[i], cols);
		b = bodies_of(m, cols[0]);
		if (b->n > 0 && str_eq(b->v[b->n - 1], cols[1]))
			continue;
		if (b->n == b->cap) {
			struct str *more = ARENA_ARRAY(m->arena, b->cap + 4, struct str);

			if (b->n > 0)
				memcpy(more, b->v, b->n * sizeof *more);
			b->v = more;
			b->cap += 4;
		}
		b->v[b->n++] = str_dup(m->arena, cols[1]);
	}
	arena_free(a);
}

static bool
contains(struct str text, struct str part)
{
	return part.n == 0 || (text.n >= part.n && memmem(text.p, text.n, part.p, part.n) != NULL);
}

/* As it stands inside JSON. */
static struct str
as_json(struct arena *a, struct str s)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, s.n * 6 + 64);
	jw_init(&w, &b);
	jw_str(&w, s);
	return str_sub(buf_slice(&b), 1, b.n - 2);
}

static void
check_message(struct arena *a, const struct import_memory *memory, const struct str *cols,
              const struct helpdesk_message *m, struct import_complaints *c)
{
	size_t k = map_get(&memory->by_message, cols[0]);

	if (!contains(cols[2], m->media_url))
		import_complain(c,
		                "? message " STR_FMT ": its media " STR_FMT " is not in " STR_FMT,
		                STR_ARG(cols[0]), STR_ARG(m->media_url), STR_ARG(cols[2]));
	if (!contains(cols[3], m->key) || str_is_set(m->key) != (cols[3].n > 0))
		import_complain(c,
		                "? message " STR_FMT ": key " STR_FMT ", but same as '" STR_FMT "'",
		                STR_ARG(cols[0]), STR_ARG(m->key), STR_ARG(cols[3]));
	for (size_t i = 0; k != MAP_NONE && i < memory->of[k].n; i++) {
		struct str before = memory->of[k].v[i];

		if (!str_eq(before, cols[1]) && !contains(cols[4], as_json(a, before)))
			import_complain(c,
			                "? message " STR_FMT ": its body was '" STR_FMT
			                "', which is not kept",
			                STR_ARG(cols[0]), STR_ARG(before));
	}
}

static void
check_messages(struct import_scene *s, struct arena *a, const struct import_memory *memory,
               struct import_complaints *c)
{
	struct str *v, cols[IMPORT_MOST_COLS];
	size_t n = import_scene_lines(s, a, SQL_BODIES, &v);
	struct map rows;

	map_init(&rows, a, n);
	for (size_t i = 0; i < n; i++) {
		import_split(v[i], cols);
		map_set(&rows, cols[0], i);
	}
	for (size_t i = 0; i < s->world->ntickets; i++) {
		const struct helpdesk_ticket *t = &s->world->tickets[i];

		for (size_t k = 0; k < t->nmessages; k++) {
			const struct helpdesk_message *m = &t->messages[k];
			size_t row = map_get(&rows, str_fmt(a, STR_FMT " %lld", STR_ARG(t->uuid),
			                                    (long long)m->id));

			if (row == MAP_NONE || m->gone || t->gone)
				continue;
			import_split(v[row], cols);
			check_message(a, memory, cols, m, c);
		}
	}
}

/* Each ticket's lead is known by its contact. */
static void
check_leads(struct import_scene *s, struct arena *a, struct import_complaints *c)
{
	struct str *v;
	struct map have;
	size_t n = import_scene_lines(
		s, a,
		"SELECT t.external_uuid || ' ' || i.value FROM tickets t JOIN identities i ON "
		"i.client_id = t.client_id AND i.lead_id = t.lead_id WHERE i.kind = 'helpdesk'",
		&v);

	map_init(&have, a, n);
	for (size_t i = 0; i < n; i++)
		map_set(&have, v[i], i);
	for (size_t i = 0; i < s->world->ntickets; i++) {
		const struct helpdesk_ticket *t = &s->world->tickets[i];
		struct str line;

		if (t->gone || t->contact == SIZE_MAX || t->is_group)
			continue;
		line = str_fmt(a, STR_FMT " %lld", STR_ARG(t->uuid),
		               (long long)s->world->contacts[t->contact].id);
		if (map_get(&have, line) == MAP_NONE)
			import_complain(c, "- lead " STR_FMT, STR_ARG(line));
	}
}

static void
check_contacts(struct import_scene *s, struct arena *a, struct import_complaints *c)
{
	struct import_lines contacts = { .a = a }, tagged = { .a = a }, tags = { .a = a };
	const struct helpdesk *w = s->world;
	bool *shown = ARENA_ARRAY(a, w->ntags + 1, bool);
	struct str *v;
	size_t n;

	for (size_t i = 0; i < w->ncontacts; i++) {
		const struct helpdesk_contact *p = &w->contacts[i];

		if (p->gone)
			continue;
		import_lines_add(&contacts, str_fmt(a, "%lld", (long long)p->id));
		for (size_t k = 0; k < p->ntags; k++) {
			shown[p->tags[k]] = true;
			if (!p->is_group)
				import_lines_add(&tagged,
				                 str_fmt(a, "%lld" MARK "%lld", (long long)p->id,
				                         (long long)w->tags[p->tags[k]].id));
		}
	}
	for (size_t i = 0; i < w->ntags; i++)
		if (shown[i])
			import_lines_add(&tags,
			                 str_fmt(a, "%lld" MARK STR_FMT MARK STR_FMT,
			                         (long long)w->tags[i].id, STR_ARG(w->tags[i].name),
			                         STR_ARG(w->tags[i].color)));
	n = import_scene_lines(
		s, a, "SELECT external_id FROM helpdesk_contacts WHERE missing_since IS NULL", &v);
	import_compare(c, "contact", contacts.v, contacts.n, v, n);
	n = import_scene_lines(
		s, a,
		"SELECT p.external_id || '" MARK "' || g.external_id FROM "
		"helpdesk_contacts p JOIN lead_tags l ON l.client_id = p.client_id AND "
		"l.lead_id = p.lead_id AND l.by_helpdesk JOIN tags g ON g.client_id = "
		"l.client_id AND g.id = l.tag_id WHERE p.missing_since IS NULL",
		&v);
	import_compare(c, "tag of contact", tagged.v, tagged.n, v, n);
	n = import_scene_lines(s, a,
	                       "SELECT external_id || '" MARK "' || name || '" MARK
	                       "' || coalesce(color, '') FROM tags WHERE missing_since IS NULL AND "
	                       "external_id IS NOT NULL",
	                       &v);
	import_compare(c, "tag", tags.v, tags.n, v, n);
}

void
import_check_contents(struct import_scene *s, const struct import_memory *memory,
                      struct import_complaints *c)
{
	struct arena *a = arena_new((size_t)256 << 20);

	check_messages(s, a, memory, c);
	check_leads(s, a, c);
	check_contacts(s, a, c);
	arena_free(a);
}

/* Pages are asked for by the size that was learned. */
static size_t
page_size(struct import_scene *s, const char *key, size_t wanted)
{
	struct arena *a = arena_new(1u << 20);
	struct str *v;
	int64_t size = 0;
	const char *sql = str_z(a, str_fmt(a,
	                                   "SELECT page_size FROM import_state WHERE key = '%s' "
	                                   "AND page_size IS NOT NULL AND ms(page_size_until) > "
	                                   "%lld",
	                                   key, (long long)s->time.now_ms));

	if (import_scene_lines(s, a, sql, &v) == 1 && !str_to_i64(v[0], &size))
		abort();
	arena_free(a);
	return size > 0 && (size_t)size < wanted ? (size_t)size : wanted;
}

static struct hd_page
read_page(struct import_scene *s, struct arena *a, enum hd_list list, size_t ticket, int64_t page,
          size_t size)
{
	struct helpdesk_page p = { .list = list == HD_TICKETS ? HELPDESK_TICKETS
		                                              : HELPDESK_MESSAGES,
		                   .ticket = ticket,
		                   .page = (size_t)page,
		                   .limit = size,
		                   .from = TIME_NONE };
	struct hd_page out;

	if ((s->world->options.manners & MANNER_BIT(MANNER_LIMIT)) != 0 &&
	    size > s->world->limit_cap)
		p.limit = s->world->limit_cap;
	if (hd_decode(a, list, helpdesk_page_body(s->world, a, &p), &out) != ERR_OK)
		abort();
	return out;
}

/* Pages of one ticket's messages; all of them are stored. */
static uint64_t
count_messages(struct import_scene *s, size_t ticket, bool full)
{
	struct arena *a = arena_new((size_t)64 << 20), *walk_arena = arena_new((size_t)16 << 20);
	const struct helpdesk_ticket *t = &s->world->tickets[ticket];
	size_t size = page_size(s, "size:messages", 20);
	int64_t newest = TIME_NONE;
	struct import_walk w;
	enum import_next next;
	uint64_t n = 0;

	for (size_t i = 0; i < t->nmessages; i++)
		if (t->messages[i].created_at > newest)
			newest = t->messages[i].created_at; /* deleted ones too, they are stored */
	import_walk_init(&w, walk_arena, newest, full);
	do {
		struct hd_page page = read_page(s, a, HD_MESSAGES, ticket, w.walk.page, size);
		bool *stored = ARENA_ARRAY(a, page.nmessages + 1, bool);

		memset(stored, true, page.nmessages + 1);
		n++;
		next = import_walk_messages(&w, &page, stored);
	} while (next == IMPORT_NEXT_PAGE || next == IMPORT_FROM_START);
	arena_free(walk_arena);
	arena_free(a);
	return n;
}

void
import_least_pages(struct import_scene *s, bool full, struct import_needed *out)
{
	struct arena *a = arena_new((size_t)256 << 20), *walk_arena = arena_new((size_t)16 << 20);
	size_t size = page_size(s, "size:tickets", 50);
	struct map done;
	struct import_walk w;
	enum import_next next;
	struct str *v;
	int64_t cursor = TIME_NONE;

	*out = (struct import_needed){ 0 };
	if (import_scene_lines(
		    s, a,
		    "SELECT ms(cursor_at) FROM import_state WHERE key = 'tickets_import' "
		    "AND cursor_at IS NOT NULL",
		    &v) == 1 &&
	    !str_to_i64(v[0], &cursor))
		abort();
	map_init(&done, a, 64);
	import_walk_init(&w, walk_arena, full ? s->options.start_at : cursor, full);
	do {
		struct hd_page page = read_page(s, a, HD_TICKETS, SIZE_MAX, w.walk.page, size);
		bool added;

		out->tickets++;
		for (size_t i = 0; i < page.ntickets; i++) {
			if (!import_walk_wants(&w, page.tickets[i].updated_at))
				continue;
			(void)map_put(&done, page.tickets[i].uuid, 0, &added);
			if (added)
				out->messages += count_messages(
					s, map_get(s->world->by_uuid, page.tickets[i].uuid), full);
		}
		next = import_walk_tickets(&w, &page);
	} while (next == IMPORT_NEXT_PAGE || next == IMPORT_FROM_START);
	arena_free(walk_arena);
	arena_free(a);
}
