/*
 * One page of the helpdesk's contacts: who they are, and which of the helpdesk's tags their leads
 * have. What always holds: one transaction and a constant number of statements; a lead's tags of
 * the helpdesk are the union over its contacts (two with one number are one lead), so the order of
 * pages does not matter; what a person set by hand stays. Source: 4-helpdesk §2 "Contacts and
 * tags".
 */
#include "core/order.h"
#include "store/queries.h"
#include "work/event.h"
#include "work/import_internal.h"

struct contact {
	const struct hd_person *p;
	struct str id;
	bool stored;
	struct uuid lead_id, stored_lead_id; /* nil: a group */
	struct str stored_raw;
	int64_t missing_since;
};

struct tag {
	struct uuid id;
	struct str name, color, external_id;
	int64_t missing_since;
	bool stored, changed, renamed;
};

/* A tag of a lead. */
struct lead_tag {
	struct uuid lead_id, tag_id;
	bool stored, by_hand, by_helpdesk, wanted;
};

struct contacts {
	struct import_store *s;
	struct import_people people;
	struct contact *v; /* each once */
	size_t n;
	FACTS_LIST(struct tag) tags;
	struct map tag_by_id, tag_by_name; /* the helpdesk's id; name → tags */
	FACTS_LIST(struct uuid) leads;     /* those on the page */
	FACTS_LIST(bool) open;             /* of the leads: not all of its tags are known */
	struct map lead_map;
	FACTS_LIST(struct lead_tag) lead_tags;
	struct map lead_tag_map; /* lead and tag */
};

static int
cmp_contact(const void *pa, const void *pb)
{
	const struct hd_person *a = ((const struct contact *)pa)->p;
	const struct hd_person *b = ((const struct contact *)pb)->p;
	int c = order_i64(a->contact.id, b->contact.id);

	if (c == 0)
		c = order_i64(a->updated_at, b->updated_at);
	return c != 0 ? c : str_cmp(a->raw, b->raw);
}

/* The same one twice is the newer reading. */
static void
fold(struct contacts *cs, const struct hd_person *v, size_t n)
{
	struct arena *a = cs->s->arena;

	cs->v = ARENA_ARRAY(a, n, struct contact);
	for (size_t i = 0; i < n; i++)
		cs->v[i].p = &v[i];
	order_sort(a, cs->v, n, sizeof *cs->v, cmp_contact);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && cs->v[i + 1].p->contact.id == cs->v[i].p->contact.id)
			continue;
		cs->v[cs->n] = (struct contact){ .p = cs->v[i].p,
			                         .id = import_id_text(a, cs->v[i].p->contact.id),
			                         .missing_since = TIME_NONE };
		cs->n++;
	}
}

static enum err
load_contacts(struct contacts *cs)
{
	struct db_rows *rows = db_rows_of(cs->s->arena, &q_import_contacts, cs->s->client_id);
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < cs->n; i++) {
		db_row_int(rows, (int64_t)i);
		db_row_text(rows, cs->v[i].id);
	}
	e = db_query(cs->s->db, &q_import_contacts, DB_NO_PARAMS, rows, cs->s->arena, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct contact *c = &cs->v[db_get_int(&r, i, 0)];

		c->stored = true;
		c->stored_lead_id = db_get_uuid(&r, i, 1);
		c->stored_raw = import_canonical(cs->s->arena, db_get_text(&r, i, 2));
		c->missing_since = db_get_time(&r, i, 3);
	}
	return e;
}

/* Their leads; a group has none. */
static enum err
people(struct contacts *cs)
{
	struct import_person *v = ARENA_ARRAY(cs->s->arena, cs->n, struct import_person);
	size_t *of = ARENA_ARRAY(cs->s->arena, cs->n, size_t), n = 0;
	enum err e;

	for (size_t i = 0; i < cs->n; i++) {
		const struct hd_person *p = cs->v[i].p;

		if (p->is_group)
			continue;
		of[n] = i;
		v[n++] = (struct import_person){ .contact = &p->contact,
			                         .updated_at = p->updated_at != TIME_NONE
			                                               ? p->updated_at
			                                               : p->created_at };
	}
	e = import_people(&cs->people, cs->s, v, n);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < n; i++) {
		struct uuid id = apply_lead_of(&cs->people.ap, v[i].at)->row.id;
		bool added;

		cs->v[of[i]].lead_id = id;
		(void)map_put(&cs->lead_map, map_key_uuid(cs->s->arena, id, STR("")), cs->leads.n,
		              &added);
		if (!added)
			continue;
		*APPLY_ADD(cs->s->arena, &cs->leads) = id;
		*APPLY_ADD(cs->s->arena, &cs->open) = false;
	}
	return apply_people_store(&cs->people.ap);
}

static enum err
store_contacts(struct contacts *cs)
{
	struct db_rows *rows = db_rows_of(cs->s->arena, &q_import_contacts_put, cs->s->client_id);

	for (size_t i = 0; i < cs->n; i++) {
		const struct contact *c = &cs->v[i];

		if (c->stored && uuid_eq(c->lead_id, c->stored_lead_id) &&
		    str_eq(c->stored_raw, c->p->raw) && c->missing_since == TIME_NONE)
			continue;
		db_row_text(rows, c->id);
		db_row_uuid(rows, c->lead_id);
		db_row_text(rows, c->p->raw);
	}
	return db_exec(cs->s->db, &q_import_contacts_put, DB_NO_PARAMS, rows, NULL);
}

static enum err
load_tags(struct contacts *cs)
{
	struct db_result r;
	enum err e = db_query(cs->s->db, &q_import_tags, DB_PARAMS(db_uuid(cs->s->client_id)), NULL,
	                      cs->s->arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct tag *t = APPLY_ADD(cs->s->arena, &cs->tags);

		*t = (struct tag){ .id = db_get_uuid(&r, i, 0),
			           .name = db_get_text(&r, i, 1),
			           .color = db_get_text(&r, i, 2),
			           .external_id = db_get_text(&r, i, 3),
			           .missing_since = db_get_time(&r, i, 4),
			           .stored = true };
		map_set(&cs->tag_by_name, t->name, i);
		if (str_is_set(t->external_id))
			map_set(&cs->tag_by_id, t->external_id, i);
	}
	return e;
}

/*
 * The row of a tag. One with its id; else the one of its name, if that is a person's own, or has
 * vanished from the helpdesk and came back under another id. Two tags of the helpdesk with one name
 * are one row. MAP_NONE: it has no name.
 */
static size_t
tag_row(struct contacts *cs, const struct hd_tag *g)
{
	struct str id = import_id_text(cs->s->arena, g->id);
	size_t i = map_get(&cs->tag_by_id, id);
	struct tag *t;

	if (i != MAP_NONE || !str_is_set(g->name))
		return i;
	i = map_get(&cs->tag_by_name, g->name);
	if (i == MAP_NONE) {
		i = cs->tags.n;
		t = APPLY_ADD(cs->s->arena, &cs->tags);
		*t = (struct tag){ .id = apply_new_id(&cs->people.ap),
			           .name = g->name,
			           .external_id = id,
			           .missing_since = TIME_NONE };
		map_set(&cs->tag_by_name, g->name, i);
	} else {
		t = &cs->tags.v[i];
		if (str_is_set(t->external_id) && t->missing_since == TIME_NONE)
			return i;
		t->external_id = id;
		t->changed = true;
	}
	map_set(&cs->tag_by_id, id, i);
	return i;
}

/* What the helpdesk says of a tag, which is the row's own if it has its id. A name that another row
 * has stays with that one. */
static void
refresh_tag(struct contacts *cs, const struct hd_tag *g)
{
	size_t i = tag_row(cs, g);
	struct tag *t = i == MAP_NONE ? NULL : &cs->tags.v[i];

	if (t == NULL || !str_eq(t->external_id, import_id_text(cs->s->arena, g->id)))
		return;
	if (str_is_set(g->name) && !str_eq(t->name, g->name) &&
	    map_get(&cs->tag_by_name, g->name) == MAP_NONE) {
		map_set(&cs->tag_by_name, t->name, MAP_NONE);
		map_set(&cs->tag_by_name, g->name, i);
		t->name = g->name;
		t->changed = t->renamed = true;
	}
	if (str_is_set(t->color) != str_is_set(g->color) || !str_eq(t->color, g->color)) {
		t->color = g->color;
		t->changed = true;
	}
	if (t->missing_since != TIME_NONE) {
		t->missing_since = TIME_NONE;
		t->changed = true;
	}
}

static void
refresh_tags(struct contacts *cs)
{
	/* twice, so that a name is free that another tag gives up on this page */
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < cs->n; i++)
			for (size_t k = 0; k < cs->v[i].p->ntags; k++)
				refresh_tag(cs, &cs->v[i].p->tags[k]);
}

static enum err
store_tags(struct contacts *cs)
{
	struct arena *a = cs->s->arena;
	struct db_rows *fresh = db_rows_of(a, &q_import_tags_insert, cs->s->client_id);
	struct db_rows *unname = db_rows_of(a, &q_import_tags_unname, cs->s->client_id);
	struct db_rows *changed = db_rows_of(a, &q_import_tags_update, cs->s->client_id);
	enum err e;

	for (size_t i = 0; i < cs->tags.n; i++) {
		const struct tag *t = &cs->tags.v[i];

		if (!t->stored) {
			db_row_uuid(fresh, t->id);
			db_row_text(fresh, t->name);
			db_row_text(fresh, t->color);
			db_row_text(fresh, t->external_id);
		} else if (t->changed) {
			db_row_uuid(changed, t->id);
			db_row_text(changed, t->name);
			db_row_text(changed, t->color);
			db_row_text(changed, t->external_id);
			db_row_time(changed, t->missing_since);
		}
		if (t->stored && t->renamed) {
			db_row_uuid(unname, t->id);
			db_row_text(unname, uuid_text(a, t->id));
		}
	}
	e = db_exec(cs->s->db, &q_import_tags_unname, DB_NO_PARAMS, unname, NULL);
	if (e == ERR_OK)
		e = db_exec(cs->s->db, &q_import_tags_update, DB_NO_PARAMS, changed, NULL);
	if (e == ERR_OK)
		e = db_exec(cs->s->db, &q_import_tags_insert, DB_PARAMS(db_time(cs->s->now_ms)),
		            fresh, NULL);
	return e;
}

static struct lead_tag *
lead_tag(struct contacts *cs, struct uuid lead, struct uuid tag)
{
	bool added;
	size_t i = map_put(&cs->lead_tag_map, map_key_uuids(cs->s->arena, lead, tag),
	                   cs->lead_tags.n, &added);

	if (added)
		*APPLY_ADD(cs->s->arena, &cs->lead_tags) =
			(struct lead_tag){ .lead_id = lead, .tag_id = tag };
	return &cs->lead_tags.v[i];
}

static struct db_rows *
ask_leads(struct contacts *cs, const struct query *q)
{
	struct db_rows *rows = db_rows_of(cs->s->arena, q, cs->s->client_id);

	for (size_t i = 0; i < cs->leads.n; i++) {
		db_row_int(rows, (int64_t)i);
		db_row_uuid(rows, cs->leads.v[i]);
	}
	return rows;
}

static enum err
load_lead_tags(struct contacts *cs)
{
	struct db_result r;
	enum err e = db_query(cs->s->db, &q_import_lead_tags, DB_NO_PARAMS,
	                      ask_leads(cs, &q_import_lead_tags), cs->s->arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct lead_tag *t =
			lead_tag(cs, cs->leads.v[db_get_int(&r, i, 0)], db_get_uuid(&r, i, 1));

		t->stored = true;
		t->by_hand = db_get_bool(&r, i, 2);
		t->by_helpdesk = db_get_bool(&r, i, 3);
	}
	return e;
}

/* Tags that a lead has by a contact of it. */
static void
want_tags(struct contacts *cs, size_t lead, const struct hd_person *p)
{
	cs->open.v[lead] |= !p->tags_known || !p->tags_whole;
	for (size_t k = 0; k < p->ntags; k++) {
		size_t tag = tag_row(cs, &p->tags[k]);

		if (tag != MAP_NONE)
			lead_tag(cs, cs->leads.v[lead], cs->tags.v[tag].id)->wanted = true;
	}
}

/* Contacts of the same leads that are on other pages speak from what is stored of them. */
static enum err
want_others(struct contacts *cs)
{
	struct db_result r;
	struct map here;
	enum err e = db_query(cs->s->db, &q_import_contacts_of, DB_NO_PARAMS,
	                      ask_leads(cs, &q_import_contacts_of), cs->s->arena, &r);

	map_init(&here, cs->s->arena, cs->n);
	for (size_t i = 0; i < cs->n; i++)
		map_set(&here, cs->v[i].id, i);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct hd_page page;

		if (map_get(&here, db_get_text(&r, i, 1)) != MAP_NONE)
			continue;
		e = hd_decode(
			cs->s->arena, HD_CONTACTS,
			str_fmt(cs->s->arena, "[" STR_FMT "]", STR_ARG(db_get_text(&r, i, 2))),
			&page);
		if (e == ERR_OK && page.npeople == 1)
			want_tags(cs, (size_t)db_get_int(&r, i, 0), &page.people[0]);
	}
	return e;
}

static enum err
store_lead_tags(struct contacts *cs)
{
	struct arena *a = cs->s->arena;
	struct db_rows *put = db_rows_of(a, &q_import_lead_tags_put, cs->s->client_id);
	struct db_rows *drop = db_rows_of(a, &q_import_lead_tags_drop, cs->s->client_id);
	enum err e;

	for (size_t i = 0; i < cs->lead_tags.n; i++) {
		const struct lead_tag *t = &cs->lead_tags.v[i];
		size_t lead = map_get(&cs->lead_map, map_key_uuid(a, t->lead_id, STR("")));
		bool kept = t->wanted || (t->by_helpdesk && cs->open.v[lead]);

		if (kept == t->by_helpdesk)
			continue;
		if (!kept && !t->by_hand) {
			db_row_uuid(drop, t->lead_id);
			db_row_uuid(drop, t->tag_id);
			continue;
		}
		db_row_uuid(put, t->lead_id);
		db_row_uuid(put, t->tag_id);
		db_row_bool(put, t->by_hand);
		db_row_bool(put, kept);
	}
	e = db_exec(cs->s->db, &q_import_lead_tags_put, DB_NO_PARAMS, put, NULL);
	return e == ERR_OK ? db_exec(cs->s->db, &q_import_lead_tags_drop, DB_NO_PARAMS, drop, NULL)
	                   : e;
}

static enum err
store(struct contacts *cs)
{
	enum err e;

	if ((e = people(cs)) != ERR_OK || (e = load_contacts(cs)) != ERR_OK ||
	    (e = store_contacts(cs)) != ERR_OK || (e = load_tags(cs)) != ERR_OK)
		return e;
	refresh_tags(cs);
	if ((e = load_lead_tags(cs)) != ERR_OK || (e = want_others(cs)) != ERR_OK)
		return e;
	for (size_t i = 0; i < cs->n; i++) {
		if (uuid_is_nil(cs->v[i].lead_id))
			continue;
		want_tags(cs,
		          map_get(&cs->lead_map,
		                  map_key_uuid(cs->s->arena, cs->v[i].lead_id, STR(""))),
		          cs->v[i].p);
	}
	if ((e = store_tags(cs)) != ERR_OK)
		return e;
	return store_lead_tags(cs);
}

enum err
import_store_contacts(struct import_store *s, const struct hd_person *v, size_t n, int64_t *wrote)
{
	struct contacts cs = { .s = s };
	uint64_t before = db_stats(s->db).rows_changed, changed;
	enum err e = import_begin(s);

	fold(&cs, v, n);
	map_init(&cs.tag_by_id, s->arena, 16);
	map_init(&cs.tag_by_name, s->arena, 16);
	map_init(&cs.lead_map, s->arena, n);
	map_init(&cs.lead_tag_map, s->arena, n);
	if (e == ERR_OK)
		e = store(&cs);
	changed = db_stats(s->db).rows_changed - before;
	if (e == ERR_OK && cs.people.ap.stale.marked)
		e = event_put(s->db, s->client_id, EVENT_ANALYSIS, UUID_NIL, s->now_ms);
	e = import_end(s, e);
	if (e == ERR_OK)
		*wrote = (int64_t)changed;
	return e;
}
