/*
 * People: identities become nodes, facts become edges, components become leads. What always holds:
 * after apply_people_resolve() every node's component has exactly one lead slot, and components
 * that were two stored leads have been merged in every table.
 */
#include <assert.h>

#include "core/phone.h"
#include "core/search.h"
#include "store/queries.h"
#include "work/apply_internal.h"

size_t
apply_node(struct apply *ap, struct str kind, struct str value)
{
	struct str key = str_fmt(ap->o.arena, "%c" STR_FMT, kind.p[0], STR_ARG(value));
	bool added;
	size_t i = map_put(&ap->node_map, key, ap->nodes.n, &added);
	struct apply_node *n;

	if (!added)
		return i;
	n = APPLY_ADD(ap->o.arena, &ap->nodes);
	*n = (struct apply_node){ .kind = kind, .value = value, .parent = i };
	return i;
}

size_t
apply_root(struct apply *ap, size_t node)
{
	while (ap->nodes.v[node].parent != node) {
		size_t up = ap->nodes.v[node].parent;

		ap->nodes.v[node].parent = ap->nodes.v[up].parent;
		node = up;
	}
	return node;
}

void
apply_union(struct apply *ap, size_t a, size_t b)
{
	if (a == APPLY_NONE || b == APPLY_NONE)
		return;
	a = apply_root(ap, a);
	b = apply_root(ap, b);
	if (a != b)
		ap->nodes.v[b].parent = a;
}

size_t
apply_person(struct apply *ap, const struct fact_person *p, struct str own, struct str route_own)
{
	struct fact_person u;
	size_t node = APPLY_NONE;

	if (!wa_person_usable(ap->o.arena, p, own, route_own, &u))
		return APPLY_NONE;
	if (str_is_set(u.wa_id)) {
		struct str key = phone_match_key(ap->o.arena, u.wa_id);

		node = apply_node(ap, STR("phone"), u.wa_id);
		if (!str_eq(key, u.wa_id))
			apply_union(ap, node, apply_node(ap, STR("phone"), key));
	}
	if (str_is_set(u.user_id)) {
		size_t b = apply_node(ap, STR("bsuid"), u.user_id);

		if (node == APPLY_NONE)
			node = b;
		else
			apply_union(ap, node, b);
	}
	return node;
}

/* Nodes of one stored lead are one person, whether or not this batch says so. */
static void
unite_stored(struct apply *ap)
{
	struct map first;

	map_init(&first, ap->o.arena, ap->nodes.n);
	for (size_t i = 0; i < ap->nodes.n; i++) {
		const struct uuid *id = &ap->nodes.v[i].lead_id;

		if (!uuid_is_nil(*id))
			apply_union(
				ap,
				map_put(&first, map_key_uuid(ap->o.arena, *id, STR("")), i, NULL),
				i);
	}
}

static enum err
identities_load(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_identities, ap->o.client_id);
	struct db_result res;
	enum err e;

	for (size_t i = 0; i < ap->nodes.n; i++) {
		db_row_text(rows, ap->nodes.v[i].kind);
		db_row_text(rows, ap->nodes.v[i].value);
		db_row_int(rows, (int64_t)i);
	}
	e = db_query(ap->o.db, &q_apply_identities, DB_NO_PARAMS, rows, ap->o.arena, &res);
	if (e != ERR_OK)
		return e;
	for (size_t r = 0; r < res.nrows; r++)
		ap->nodes.v[db_get_int(&res, r, 0)].lead_id = db_get_uuid(&res, r, 1);
	unite_stored(ap);
	return ERR_OK;
}

static size_t
lead_slot(struct apply *ap, struct uuid id, bool stored)
{
	struct str key = str_n((const char *)id.b, sizeof(id.b));
	struct apply_lead *l;
	bool added;
	size_t i = map_get(&ap->lead_map, key);

	if (i != MAP_NONE)
		return i;
	l = APPLY_ADD(ap->o.arena, &ap->leads);
	lead_init(&l->row);
	l->row.id = id;
	l->stored = stored;
	return map_put(&ap->lead_map, map_key_uuid(ap->o.arena, id, STR("")), ap->leads.n - 1,
	               &added);
}

static void
lead_read(const struct db_result *r, size_t i, struct lead *l)
{
	size_t c = 0;

	l->id = db_get_uuid(r, i, c++);
	l->evidence = (unsigned)db_get_int(r, i, c++);
	l->wa_id = db_get_text(r, i, c++);
	l->wa_changed_at = db_get_time(r, i, c++);
	l->wa_level = (int)db_get_int(r, i, c++);
	l->user_id = db_get_text(r, i, c++);
	l->user_changed_at = db_get_time(r, i, c++);
	l->parent_id = db_get_text(r, i, c++);
	l->username.text = db_get_text(r, i, c++);
	l->username.rank = db_get_time(r, i, c++);
	l->book.text = db_get_text(r, i, c++);
	l->book.rank = db_get_time(r, i, c++);
	l->profile.text = db_get_text(r, i, c++);
	l->profile.rank = db_get_time(r, i, c++);
	l->hand.text = db_get_text(r, i, c++);
	l->hand.rank = db_get_time(r, i, c++);
	l->presence_rank = db_get_time(r, i, c++);
	l->presence_remove = db_get_bool(r, i, c++);
	l->presence_key = db_get_text(r, i, c++);
	l->presence_received_at = db_get_time(r, i, c++);
	l->first_history_at = db_get_time(r, i, c++);
	l->last_message_at = db_get_time(r, i, c++);
	l->last_active_at = db_get_time(r, i, c++);
	l->last_synced_at = db_get_time(r, i, c++);
	assert(c == r->ncols);
}

static enum err
leads_load(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_leads, ap->o.client_id);
	struct db_result res;
	enum err e;

	for (size_t i = 0; i < ap->nodes.n; i++) {
		if (!uuid_is_nil(ap->nodes.v[i].lead_id))
			(void)lead_slot(ap, ap->nodes.v[i].lead_id, true);
	}
	for (size_t i = 0; i < ap->leads.n; i++)
		db_row_uuid(rows, ap->leads.v[i].row.id);
	e = db_query(ap->o.db, &q_apply_leads, DB_NO_PARAMS, rows, ap->o.arena, &res);
	if (e != ERR_OK)
		return e;
	if (res.nrows != ap->leads.n)
		return ERR_CORRUPT; /* an identity without its lead */
	for (size_t r = 0; r < res.nrows; r++) {
		struct lead l;

		lead_read(&res, r, &l);
		ap->leads.v[lead_slot(ap, l.id, true)].row = l;
	}
	return ERR_OK;
}

/* The stored leads of one component beyond the survivor join it, in memory and in every table. */
static enum err
component_merge(struct apply *ap, size_t survivor, const size_t *others, size_t n)
{
	struct uuid *lost = ARENA_ARRAY(ap->o.arena, n, struct uuid);

	for (size_t i = 0; i < n; i++) {
		lost[i] = ap->leads.v[others[i]].row.id;
		(void)lead_join(&ap->leads.v[survivor].row, &ap->leads.v[others[i]].row);
	}
	ap->leads.v[survivor].changed = true;
	ap->leads.v[survivor].origin_dirty = true;
	ap->leads.v[survivor].times_dirty = true;
	ap->counts->merges += (int64_t)n;
	*APPLY_ADD(ap->o.arena, &ap->merged_leads) = ap->leads.v[survivor].row.id;
	return apply_merge(ap, ap->leads.v[survivor].row.id, lost, n);
}

/* Lead slots of the component's stored leads, each once; the least id first. */
static size_t
component_leads(struct apply *ap, const size_t *members, size_t n, size_t *out)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		const struct apply_node *node = &ap->nodes.v[members[i]];
		size_t slot, j = 0;

		if (uuid_is_nil(node->lead_id))
			continue;
		slot = lead_slot(ap, node->lead_id, true);
		while (j < found && out[j] != slot)
			j++;
		if (j < found)
			continue;
		out[found++] = slot;
		if (uuid_cmp(ap->leads.v[out[0]].row.id, ap->leads.v[slot].row.id) > 0) {
			out[found - 1] = out[0];
			out[0] = slot;
		}
	}
	return found;
}

/* Nodes sorted into components: members[first[r] … first[r] + count[r]) for root r. */
struct components {
	size_t *members, *first, *count;
};

static struct components
components_find(struct apply *ap)
{
	size_t n = ap->nodes.n, at = 0;
	struct components c = {
		.members = ARENA_ARRAY(ap->o.arena, n, size_t),
		.first = ARENA_ARRAY(ap->o.arena, n, size_t),
		.count = ARENA_ARRAY(ap->o.arena, n, size_t),
	};
	size_t *fill = ARENA_ARRAY(ap->o.arena, n, size_t);

	for (size_t i = 0; i < n; i++)
		c.count[apply_root(ap, i)]++;
	for (size_t i = 0; i < n; i++) {
		c.first[i] = at;
		at += c.count[i];
	}
	for (size_t i = 0; i < n; i++) {
		size_t r = apply_root(ap, i);

		c.members[c.first[r] + fill[r]++] = i;
	}
	return c;
}

enum err
apply_people_resolve(struct apply *ap)
{
	struct components c;
	size_t *slots;
	enum err e;

	ap->node_lead = ARENA_ARRAY(ap->o.arena, ap->nodes.n + 1, size_t);
	slots = ARENA_ARRAY(ap->o.arena, ap->nodes.n + 1, size_t);
	if ((e = identities_load(ap)) != ERR_OK || (e = leads_load(ap)) != ERR_OK)
		return e;
	c = components_find(ap);
	for (size_t i = 0; i < ap->nodes.n; i++) {
		size_t n;

		if (apply_root(ap, i) != i)
			continue;
		n = component_leads(ap, c.members + c.first[i], c.count[i], slots);
		if (n == 0) {
			struct uuid id = apply_new_id(ap);

			slots[0] = lead_slot(ap, id, false);
		} else if (n > 1) {
			e = component_merge(ap, slots[0], slots + 1, n - 1);
			if (e != ERR_OK)
				return e;
		}
		ap->node_lead[i] = slots[0];
	}
	return ERR_OK;
}

struct apply_lead *
apply_lead_of(struct apply *ap, size_t node)
{
	return &ap->leads.v[ap->node_lead[apply_root(ap, node)]];
}

void
apply_lead_add(struct apply_lead *l, const struct lead *evidence)
{
	if (lead_join(&l->row, evidence))
		l->changed = true;
}

static void
lead_write(struct arena *a, struct db_rows *rows, const struct lead *l)
{
	struct lead_view v;

	lead_derive(l, &v);
	db_row_uuid(rows, l->id);
	db_row_int(rows, l->evidence);
	db_row_text(rows, str_from(v.source));
	db_row_text(rows, l->wa_id);
	db_row_time(rows, l->wa_changed_at);
	db_row_int(rows, l->wa_level);
	db_row_text(rows, l->user_id);
	db_row_time(rows, l->user_changed_at);
	db_row_text(rows, l->parent_id);
	db_row_text(rows, l->username.text);
	db_row_time(rows, l->username.rank);
	db_row_text(rows, v.push_name);
	db_row_text(rows, search_name(a, v.push_name, l->username.text));
	db_row_text(rows, l->book.text);
	db_row_time(rows, l->book.rank);
	db_row_text(rows, l->profile.text);
	db_row_time(rows, l->profile.rank);
	db_row_text(rows, l->hand.text);
	db_row_time(rows, l->hand.rank);
	db_row_time(rows, l->presence_rank);
	db_row_bool(rows, l->presence_remove);
	db_row_text(rows, l->presence_key);
	db_row_time(rows, l->presence_received_at);
	db_row_time(rows, v.deleted_at);
	db_row_bool(rows, v.is_active);
	db_row_time(rows, l->first_history_at);
	db_row_time(rows, l->last_message_at);
	db_row_time(rows, l->last_active_at);
	db_row_time(rows, l->last_synced_at);
}

static enum err
identities_insert(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_identities_insert, ap->o.client_id);

	for (size_t i = 0; i < ap->nodes.n; i++) {
		if (!uuid_is_nil(ap->nodes.v[i].lead_id))
			continue;
		db_row_text(rows, ap->nodes.v[i].kind);
		db_row_text(rows, ap->nodes.v[i].value);
		db_row_uuid(rows, apply_lead_of(ap, i)->row.id);
	}
	return db_exec(ap->o.db, &q_apply_identities_insert, DB_NO_PARAMS, rows, NULL);
}

enum err
apply_people_store(struct apply *ap)
{
	struct db_rows *fresh = db_rows_of(ap->o.arena, &q_apply_leads_insert, ap->o.client_id);
	struct db_rows *changed = db_rows_of(ap->o.arena, &q_apply_leads_update, ap->o.client_id);
	const struct db_param params[] = { db_time(ap->o.now_ms) };
	enum err e;

	for (size_t i = 0; i < ap->leads.n; i++) {
		struct apply_lead *l = &ap->leads.v[i];

		if (!l->stored)
			lead_write(ap->o.arena, fresh, &l->row);
		else if (l->changed)
			lead_write(ap->o.arena, changed, &l->row);
	}
	e = db_exec(ap->o.db, &q_apply_leads_insert, params, fresh, NULL);
	if (e == ERR_OK)
		e = db_exec(ap->o.db, &q_apply_leads_update, params, changed, NULL);
	if (e == ERR_OK)
		e = identities_insert(ap);
	return e;
}
