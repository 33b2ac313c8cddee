/*
 * The helpdesk's people are people like any other: identities, edges and evidence go the way of
 * apply. What always holds: when it turns out that stored people are one, everything that follows
 * from it for the WhatsApp inlet (conversations, waiting amendments, episodes, counts of the
 * synchronisation) is done by apply's own stages before the helpdesk's rows are touched. Source:
 * 3-whatsapp §2 "Identity of a person".
 */
#include "core/moment.h"
#include "core/phone.h"
#include "work/import_internal.h"

bool
import_contact_usable(struct arena *a, const struct hd_contact *c)
{
	return c->id != HD_NO_ID || str_is_set(phone_digits(a, c->number));
}

/* From the text kind:value. */
static size_t
node_of_identity(struct apply *ap, struct str identity)
{
	size_t colon = str_find(identity, ':');
	struct str kind = str_sub(identity, 0, colon);

	return apply_node(ap, kind, str_sub(identity, colon + 1, identity.n));
}

static size_t
join(struct apply *ap, size_t node, size_t other)
{
	if (node == APPLY_NONE)
		return other;
	apply_union(ap, node, other);
	return node;
}

static void
add_nodes(struct import_people *p, struct import_person *v)
{
	struct arena *a = p->s->arena;

	v->at = APPLY_NONE;
	if (v->contact != NULL) {
		const struct fact_person person = {
			.wa_id = phone_digits(a, v->contact->number),
		};

		if (v->contact->id != HD_NO_ID)
			v->at = apply_node(&p->ap, STR("helpdesk"),
			                   import_id_text(a, v->contact->id));
		if (str_is_set(person.wa_id))
			v->at = join(&p->ap, v->at,
			             apply_person(&p->ap, &person, STR_NONE, STR_NONE));
	}
	if (str_is_set(v->node))
		v->at = join(&p->ap, v->at, apply_node(&p->ap, STR("helpdesk"), v->node));
	if (str_is_set(v->kept))
		v->at = join(&p->ap, v->at, node_of_identity(&p->ap, v->kept));
	v->also_at = str_is_set(v->also) ? node_of_identity(&p->ap, v->also) : APPLY_NONE;
}

static void
add_evidence(struct import_people *p, const struct import_person *v)
{
	int64_t rank = moment_rank(v->updated_at, p->s->now_ms);
	struct fact_person person = { 0 };
	struct str name = v->name;
	struct lead l;

	if (v->contact != NULL) {
		person.wa_id = phone_digits(p->s->arena, v->contact->number);
		name = v->contact->name;
	}
	lead_from_person(&person, WA_LEVEL_NAMED, rank, &l);
	l.evidence = LEAD_HELPDESK;
	if (!str_is_empty(name))
		l.profile = (struct lead_text){ name, rank };
	apply_lead_add(apply_lead_of(&p->ap, v->at), &l);
}

static enum err
resolve(struct import_people *p, struct import_person *v, size_t n)
{
	const struct apply_options o = { .db = p->s->db,
		                         .arena = p->s->arena,
		                         .rand = p->s->rand,
		                         .client_id = p->s->client_id,
		                         .now_ms = p->s->now_ms };
	enum err e;

	apply_begin(&p->ap, &o, &p->counts, 4 * n);
	for (size_t i = 0; i < n; i++)
		add_nodes(p, &v[i]);
	e = apply_people_resolve(&p->ap);
	for (size_t i = 0; e == ERR_OK && i < n; i++)
		add_evidence(p, &v[i]);
	for (size_t i = 0; e == ERR_OK && i < p->ap.leads.n; i++)
		p->created += !p->ap.leads.v[i].stored;
	return e;
}

enum err
import_people(struct import_people *p, struct import_store *s, struct import_person *v, size_t n)
{
	enum err e;

	*p = (struct import_people){ .s = s };
	e = resolve(p, v, n);
	if (e != ERR_OK || p->ap.merged_leads.n == 0)
		return e;
	/* now everybody is stored, and there is nobody left to join */
	e = apply_finish(&p->ap);
	return e == ERR_OK ? resolve(p, v, n) : e;
}
