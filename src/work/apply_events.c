/*
 * Why: who watches a client is told of what a batch changed, once for each thing. What always
 * holds: history tells nothing but the progress of its connection and of analyses that it made
 * stale, so that an import of a million messages is a few rows here; what changed nothing tells
 * nothing.
 */
#include "work/apply_internal.h"

/* A copy came, other than by history, in a way in which the message was not seen before. */
static bool
newly_seen(const struct apply_message *m)
{
	return (m->row.seen & ~m->seen_before & ~(unsigned)SEEN_HISTORY) != 0;
}

static bool
only_history(const struct apply *ap)
{
	for (size_t i = 0; i < ap->nentries; i++)
		if ((ap->entries[i].facts->fields & ~(unsigned)FIELD_HISTORY) != 0)
			return false;
	return true;
}

static bool
run_changed(const struct apply_connection *c)
{
	for (size_t i = 0; i < c->runs.n; i++)
		if (c->runs.v[i].changed)
			return true;
	return c->status_changed;
}

static void
tell_people(struct apply *ap, struct event_batch *b)
{
	for (size_t i = 0; i < ap->merged_leads.n; i++)
		event_batch_add(b, ap->o.client_id, EVENT_LEAD, ap->merged_leads.v[i]);
	/* an address book comes a hundred at a time */
	for (size_t i = 0; i < ap->nentries; i++)
		if (ap->entries[i].facts->contacts.n > 0)
			event_batch_add(b, ap->o.client_id, EVENT_LEAD, UUID_NIL);
}

void
apply_events(struct apply *ap)
{
	struct event_batch *b = ap->o.events;

	if (b == NULL)
		return;
	for (size_t i = 0; i < ap->connections.n; i++)
		if (run_changed(&ap->connections.v[i]))
			event_batch_add(b, ap->o.client_id, EVENT_CONNECTION,
			                ap->connections.v[i].id);
	if (ap->stale.marked)
		event_batch_add(b, ap->o.client_id, EVENT_ANALYSIS, UUID_NIL);
	if (only_history(ap))
		return;
	for (size_t i = 0; i < ap->messages.n; i++) {
		const struct apply_message *m = &ap->messages.v[i];

		if (m->amended || newly_seen(m))
			event_batch_add(b, ap->o.client_id, EVENT_CONVERSATION,
			                m->row.conversation_id);
	}
	for (size_t i = 0; i < ap->conversations.n; i++)
		if (ap->conversations.v[i].ticket_new || ap->conversations.v[i].ticket_changed)
			event_batch_add(b, ap->o.client_id, EVENT_CONVERSATION,
			                ap->conversations.v[i].id);
	tell_people(ap, b);
	for (size_t i = 0; i < ap->nentries; i++)
		if (ap->entries[i].facts->fields != FIELD_OWN)
			event_batch_add(b, ap->o.client_id, EVENT_WEBHOOK_EVENTS, UUID_NIL);
}
