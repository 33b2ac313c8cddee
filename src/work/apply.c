/*
 * The order of an apply batch. What always holds: first everything is resolved and folded in
 * memory, then written, table by table; nothing is written per fact. Facts of connections that are
 * not this client's are left to their own parts.
 */
#include "work/apply.h"

#include "base/digest.h"
#include "core/send.h"
#include "work/apply_internal.h"

struct uuid
apply_new_id(struct apply *ap)
{
	/* a counter in the last five bytes: 2^40 ids a batch */
	for (size_t i = sizeof(ap->id_seed); i-- > 5;) {
		if (++ap->id_seed[i] != 0)
			break;
	}
	return uuid_v7(ap->o.now_ms, ap->id_seed);
}

void
apply_add_problem(struct apply *ap, struct apply_entry *e, const char *code, struct str path,
                  struct str detail, struct str wamid)
{
	*APPLY_ADD(ap->o.arena, &e->problems) = (struct apply_problem){ code, path, detail, wamid };
	ap->counts->problems++;
}

size_t
apply_units(const struct facts *f)
{
	return f->links.n + f->contacts.n + f->messages.n + f->amendments.n;
}

bool
apply_in_slice(const struct apply_entry *e, size_t unit)
{
	return unit >= e->from && unit < e->to;
}

bool
apply_is_last_slice(const struct apply_entry *e)
{
	return e->to >= apply_units(e->facts);
}

static size_t
route_of(struct apply *ap, const struct apply_entry *e, size_t route)
{
	return ap->routes[e - ap->entries][route];
}

static struct str
route_own(const struct apply_entry *e, size_t route)
{
	return e->facts->routes.v[route].display_number;
}

/* What a named person says about the lead, without identities that are the connection's own number.
 */
static void
person_lead(struct apply *ap, const struct apply_entry *e, size_t route,
            const struct fact_person *p, enum wa_level level, int64_t rank, struct lead *out)
{
	struct fact_person u = *p;

	(void)wa_person_usable(ap->o.arena, p, ap->connections.v[route_of(ap, e, route)].own,
	                       route_own(e, route), &u);
	lead_from_person(&u, level, rank, out);
}

/* Two passes over the same facts: nodes first, evidence when every node has its lead. */
enum pass { PASS_NODES, PASS_EVIDENCE };

static void
do_link(struct apply *ap, enum pass pass, struct apply_entry *e, const struct fact_link *f)
{
	size_t c = route_of(ap, e, f->route), a, b;
	int64_t rank = moment_rank(f->at == TIME_NONE ? e->received_at : f->at, e->received_at);
	struct lead l;

	if (c == APPLY_NONE)
		return;
	a = apply_person(ap, &f->a, ap->connections.v[c].own, route_own(e, f->route));
	b = apply_person(ap, &f->b, ap->connections.v[c].own, route_own(e, f->route));
	if (pass == PASS_NODES) {
		apply_union(ap, a, b);
		return;
	}
	if (a != APPLY_NONE) {
		person_lead(ap, e, f->route, &f->a, WA_LEVEL_NAMED, rank, &l);
		if (!str_is_empty(f->profile_name))
			l.profile = (struct lead_text){ f->profile_name, rank };
		apply_lead_add(apply_lead_of(ap, a), &l);
	}
	if (b == APPLY_NONE)
		return;
	person_lead(ap, e, f->route, &f->b, WA_LEVEL_NAMED, rank, &l);
	if (f->number_change && str_is_set(l.wa_id))
		l.wa_changed_at = rank;
	if (f->number_change && str_is_set(l.user_id))
		l.user_changed_at = rank;
	apply_lead_add(apply_lead_of(ap, b), &l);
}

static void
do_contact(struct apply *ap, enum pass pass, struct apply_entry *e, const struct fact_contact *f)
{
	struct fact_contact contact;
	size_t c = route_of(ap, e, f->route), node;
	struct lead l;

	if (c == APPLY_NONE)
		return;
	node = apply_person(ap, &f->person, ap->connections.v[c].own, route_own(e, f->route));
	if (pass == PASS_NODES) {
		if (node == APPLY_NONE)
			apply_add_problem(ap, e, "no_person", STR("state_sync"),
			                  STR("the contact names nobody"), STR_NONE);
		ap->counts->contacts++;
		return;
	}
	if (node == APPLY_NONE)
		return;
	contact = *f;
	(void)wa_person_usable(ap->o.arena, &f->person, ap->connections.v[c].own,
	                       route_own(e, f->route), &contact.person);
	lead_from_contact(ap->o.arena, &contact, e->received_at, &l);
	apply_lead_add(apply_lead_of(ap, node), &l);
}

static void
copy_nodes(struct apply *ap, struct apply_entry *e, const struct fact_message *f, size_t c)
{
	struct str own = ap->connections.v[c].own, rown = route_own(e, f->route);
	struct wa_place place = wa_place_message(ap->o.arena, f, own, rown);
	struct apply_copy *copy;
	size_t node = place.person == NULL ? APPLY_NONE : apply_person(ap, place.person, own, rown);

	/* edges beyond the conversation's own person */
	(void)apply_person(ap, place.outbound ? &f->to : &f->from, own, rown);
	ap->counts->messages++;
	if (node == APPLY_NONE) {
		apply_add_problem(ap, e, "no_person", STR_NONE,
		                  STR("the message names no customer"), f->wamid);
		if (f->origin == ORIGIN_HISTORY) {
			unsigned char digest[SHA256_LEN];

			digest_sha256(f->bytes, digest);
			apply_failure_add(ap, c, "no_person", digest, e->received_at);
		}
		return;
	}
	copy = APPLY_ADD(ap->o.arena, &ap->copies);
	if (!uuid_is_nil(f->own_id) && str_is_set(f->wamid))
		apply_sends_note(ap, f->own_id, c, f->wamid);
	*copy = (struct apply_copy){
		.fact = f, .entry = e, .connection = c, .node = node, .outbound = place.outbound
	};
}

static void
do_message(struct apply *ap, enum pass pass, struct apply_entry *e, const struct fact_message *f)
{
	size_t c = route_of(ap, e, f->route);

	if (c != APPLY_NONE && pass == PASS_NODES)
		copy_nodes(ap, e, f, c);
}

static void
do_amendment(struct apply *ap, enum pass pass, struct apply_entry *e,
             const struct fact_amendment *f)
{
	size_t c = route_of(ap, e, f->route);
	struct str own, rown;
	struct wa_place place;
	struct apply_amendment *am;
	struct uuid own_id;

	if (c == APPLY_NONE || pass != PASS_NODES)
		return;
	own = ap->connections.v[c].own;
	rown = route_own(e, f->route);
	place = wa_place_amendment(ap->o.arena, f, own, rown);
	am = APPLY_ADD(ap->o.arena, &ap->amendments);
	am->connection = c;
	am->node = place.person == NULL ? APPLY_NONE : apply_person(ap, place.person, own, rown);
	amendment_from_fact(ap->o.arena, f, !place.outbound, e->received_at, &am->a);
	am->origin = f->origin;
	am->entry = e;
	am->route = f->route;
	am->person = place.person;
	am->rank = moment_rank(f->at, e->received_at);
	if (f->kind == AMEND_STATUS && send_id_of(f->callback_data, &own_id))
		apply_sends_note(ap, own_id, c, f->target_wamid);
	ap->counts->amendments++;
}

static void
each_fact(struct apply *ap, enum pass pass)
{
	for (size_t i = 0; i < ap->nentries; i++) {
		struct apply_entry *e = &ap->entries[i];
		const struct facts *f = e->facts;
		size_t unit = 0;

		for (size_t k = 0; k < f->links.n; k++) {
			if (apply_in_slice(e, unit++))
				do_link(ap, pass, e, &f->links.v[k]);
		}
		for (size_t k = 0; k < f->contacts.n; k++) {
			if (apply_in_slice(e, unit++))
				do_contact(ap, pass, e, &f->contacts.v[k]);
		}
		for (size_t k = 0; k < f->messages.n; k++) {
			if (apply_in_slice(e, unit++))
				do_message(ap, pass, e, &f->messages.v[k]);
		}
		for (size_t k = 0; k < f->amendments.n; k++) {
			if (apply_in_slice(e, unit++))
				do_amendment(ap, pass, e, &f->amendments.v[k]);
		}
	}
}

static unsigned
origin_evidence(enum fact_origin o)
{
	return o == ORIGIN_HISTORY ? LEAD_HISTORY : LEAD_LIVE;
}

/* What messages and amendments say about people. */
static void
message_evidence(struct apply *ap)
{
	for (size_t i = 0; i < ap->copies.n; i++) {
		const struct apply_copy *c = &ap->copies.v[i];
		struct wa_place place = wa_place_message(ap->o.arena, c->fact,
		                                         ap->connections.v[c->connection].own,
		                                         route_own(c->entry, c->fact->route));
		struct lead l;

		person_lead(ap, c->entry, c->fact->route, place.person, WA_LEVEL_MESSAGE,
		            moment_rank(c->fact->at, c->entry->received_at), &l);
		l.evidence = origin_evidence(c->fact->origin);
		if (c->fact->origin == ORIGIN_HISTORY)
			l.last_synced_at = c->entry->received_at;
		apply_lead_add(apply_lead_of(ap, c->node), &l);
	}
	for (size_t i = 0; i < ap->amendments.n; i++) {
		const struct apply_amendment *am = &ap->amendments.v[i];
		struct lead l;

		if (am->node == APPLY_NONE)
			continue;
		person_lead(ap, am->entry, am->route, am->person,
		            am->a.kind == AMEND_STATUS ? WA_LEVEL_NAMED : WA_LEVEL_MESSAGE,
		            am->rank, &l);
		if (am->a.kind != AMEND_STATUS)
			l.evidence = origin_evidence(am->origin);
		apply_lead_add(apply_lead_of(ap, am->node), &l);
	}
}

static void
decode_problems(struct apply *ap)
{
	for (size_t i = 0; i < ap->nentries; i++) {
		struct apply_entry *e = &ap->entries[i];

		for (size_t k = 0; apply_is_last_slice(e) && k < e->facts->problems.n; k++) {
			const struct fact_problem *p = &e->facts->problems.v[k];

			size_t c = route_of(ap, e, p->route);

			if (c == APPLY_NONE)
				continue;
			apply_add_problem(ap, e, p->code, p->path, p->detail, p->wamid);
			if (p->in_history)
				apply_failure_add(ap, c, p->code, p->digest, e->received_at);
		}
	}
}

enum err
apply_finish(struct apply *ap)
{
	enum err e;

	if ((e = apply_sends_name(ap)) != ERR_OK || (e = apply_amendments_rematch(ap)) != ERR_OK ||
	    (e = apply_conversations_load(ap)) != ERR_OK ||
	    (e = apply_messages_fold(ap)) != ERR_OK || (e = apply_amendments_match(ap)) != ERR_OK ||
	    (e = apply_tickets_decide(ap)) != ERR_OK)
		return e;
	decode_problems(ap);
	apply_conversations_fold(ap);
	if ((e = apply_messages_store(ap)) != ERR_OK || (e = apply_sessions_store(ap)) != ERR_OK ||
	    (e = apply_conversations_store(ap)) != ERR_OK ||
	    (e = apply_leads_recompute(ap)) != ERR_OK || (e = apply_people_store(ap)) != ERR_OK ||
	    (e = apply_tickets_store(ap)) != ERR_OK || (e = apply_amendments_store(ap)) != ERR_OK ||
	    (e = apply_media_store(ap)) != ERR_OK ||
	    (e = analysis_stale_mark(ap->o.db, &ap->stale)) != ERR_OK)
		return e;
	return apply_sync_store(ap);
}

static enum err
apply_run(struct apply *ap)
{
	enum err e;

	if ((e = apply_connections_load(ap)) != ERR_OK)
		return e;
	each_fact(ap, PASS_NODES);
	if ((e = apply_people_resolve(ap)) != ERR_OK)
		return e;
	each_fact(ap, PASS_EVIDENCE);
	message_evidence(ap);
	return apply_finish(ap);
}

void
apply_begin(struct apply *ap, const struct apply_options *o, struct apply_counts *counts,
            size_t units)
{
	*ap = (struct apply){ .o = *o, .counts = counts };
	map_init(&ap->node_map, o->arena, units);
	map_init(&ap->lead_map, o->arena, units);
	map_init(&ap->conversation_map, o->arena, units);
	map_init(&ap->message_map, o->arena, units);
	map_init(&ap->target_map, o->arena, units);
	analysis_stale_init(&ap->stale, o->arena, o->client_id, o->now_ms);
	rand_fill(o->rand, ap->id_seed, sizeof(ap->id_seed));
	memset(ap->id_seed + 5, 0, sizeof(ap->id_seed) - 5);
}

enum err
apply_entries(const struct apply_options *o, struct apply_entry *entries, size_t n,
              struct apply_counts *counts)
{
	struct apply ap;
	size_t units = 0;
	enum err e;

	for (size_t i = 0; i < n; i++)
		units += apply_units(entries[i].facts);
	apply_begin(&ap, o, counts, units > 4096 ? 4096 : units);
	ap.entries = entries;
	ap.nentries = n;
	e = apply_run(&ap);
	if (e == ERR_OK)
		apply_events(&ap);
	return e;
}
