/*
 * Live traffic: messages, echoes, statuses, edits, revokes and reactions in the order in which they
 * happened. What always holds: one event is one element of one change; `batch` only decides how
 * many changes share a body.
 */
#include <stdlib.h>

#include "base/time.h"
#include "sim/world.h"

enum event_kind {
	EVENT_MESSAGE,
	EVENT_EDIT,
	EVENT_REVOKE,
	EVENT_REACTION,
	EVENT_REACTION_GONE,
	EVENT_STATUS
};

struct event {
	int64_t at;   /* told */
	int64_t when; /* written in it */
	enum event_kind kind;
	size_t message, n; /* n: which edit */
	const char *status;
};
struct events {
	struct event *v;
	size_t n;
};
/* message, edits, revoke, reaction, its end, three statuses and a failure */
#define MAX_EVENTS_A_MESSAGE (1 + WORLD_MAX_EDITS + 3 + 4)

static void
add(struct events *list, const struct world_message *m, struct event e)
{
	/* what is told is told after it happened, and not before the message was heard of at all */
	e.at = e.when > m->heard_at ? e.when : m->heard_at + TIME_SECOND;
	list->v[list->n++] = e;
}

static void
add_statuses(struct events *list, const struct world_message *m, size_t i)
{
	static const char *const steps[] = { "sent", "delivered", "read" };
	struct event e = { .kind = EVENT_STATUS, .message = i };

	if (!str_is_set(m->status))
		return;
	if (str_eq(m->status, STR("failed"))) {
		e.when = m->at + 2 * TIME_SECOND;
		e.status = "failed";
		add(list, m, e);
		return;
	}
	for (size_t k = 0; k < 3; k++) {
		bool last = str_eq(m->status, str_from(steps[k]));
		e.when = m->at + TIME_SECOND * (int64_t)(k * 4 + m->salt % 3);
		e.status = steps[k];
		add(list, m, e);
		if (k == 0 && m->salt % 10 == 0) /* the first receipt may overtake the echo */
			list->v[list->n - 1].at = m->heard_at - TIME_SECOND;
		if (last)
			break;
		if (k == 0 && m->salt % 6 == 0 && !str_eq(m->status, STR("delivered")))
			k++; /* read without delivered */
	}
}

static void
add_message(struct events *list, const struct world_message *m, size_t i)
{
	list->v[list->n++] = (struct event){
		.at = m->heard_at, .when = m->at, .kind = EVENT_MESSAGE, .message = i
	};
	for (size_t k = 0; k < m->nedits; k++)
		add(list, m,
		    (struct event){
			    .when = m->edits[k].at, .kind = EVENT_EDIT, .message = i, .n = k });
	if (m->revoked_at != TIME_NONE)
		add(list, m,
		    (struct event){ .when = m->revoked_at, .kind = EVENT_REVOKE, .message = i });
	if (str_is_set(m->reaction)) {
		add(list, m,
		    (struct event){ .when = m->reaction_at, .kind = EVENT_REACTION, .message = i });
		if (m->reaction_taken_back)
			add(list, m,
			    (struct event){ .when = m->reaction_at + 30 * TIME_SECOND,
			                    .kind = EVENT_REACTION_GONE,
			                    .message = i });
	}
	add_statuses(list, m, i);
}

/* The customer as this event shows them. */
static struct wire_person
show(const struct world *w, const struct world_message *m, int64_t when)
{
	const struct world_person *p = &w->people[m->person];
	struct wire_person who = {
		.wa_id = p->wa_id, .user_id = p->user_id, .username = p->username, .name = p->name
	};

	if (p->changed_at != TIME_NONE && when > p->changed_at)
		who.wa_id = p->new_wa_id;
	/* whoever has a username may write without showing the number; the address book links the
	 * two */
	if (str_is_set(p->user_id) && p->book_at != TIME_NONE && m->salt % 5 < 2)
		who.wa_id = STR_NONE;
	return who;
}

static struct str
id_of_act(struct arena *a, const struct world *w, const struct world_message *m, struct str key,
          bool by_business)
{
	struct world_message act = *m;

	act.key_id = key;
	act.outbound = by_business;
	return world_wamid(a, w, &act, false);
}

/* Fills the element and says whether the business did it. */
static bool
tell(struct arena *a, const struct world *w, const struct event *ev, struct wire_element *e)
{
	const struct world_message *m = &w->messages[ev->message];
	bool business = m->outbound;
	struct str key = m->key_id;

	*e = (struct wire_element){ .kind = m->kind, .text = m->text, .salt = m->salt };
	if (ev->kind != EVENT_MESSAGE)
		e->target = world_wamid(a, w, m, false);
	switch (ev->kind) {
	case EVENT_EDIT:
		e->kind = WIRE_EDIT;
		e->text = m->edits[ev->n].text;
		key = m->edits[ev->n].key_id;
		break;
	case EVENT_REVOKE:
		e->kind = WIRE_REVOKE;
		key = m->revoke_key;
		break;
	case EVENT_REACTION:
	case EVENT_REACTION_GONE:
		business = !m->outbound;
		e->kind = WIRE_REACTION;
		e->text = ev->kind == EVENT_REACTION ? m->reaction : STR_NONE;
		key = str_fmt(a, "%s%016llX", ev->kind == EVENT_REACTION ? "3AFE" : "3AFF",
		              (unsigned long long)m->salt);
		break;
	default:
		e->forwarded = m->kind == WIRE_TEXT && m->salt % 37 == 0;
		e->referral = m->kind == WIRE_TEXT && !m->outbound && m->salt % 41 == 0;
		if (m->reply_to != SIZE_MAX)
			e->target = world_wamid(a, w, &w->messages[m->reply_to], false);
		break;
	}
	e->id = id_of_act(a, w, m, key, business);
	e->at = str_fmt(a, "%lld", (long long)(ev->when / TIME_SECOND));
	return business;
}

static void
put_event(struct wire *b, const struct world *w, const struct event *ev)
{
	const struct world_message *m = &w->messages[ev->message];
	struct wire_person who = show(w, m, ev->when);
	struct wire_element e;
	bool business = tell(b->arena, w, ev, &e);

	wire_change(b, &w->options.line, business ? "smb_message_echoes" : "messages", true, 0);
	if (business) {
		e.from = w->options.line.display_number;
		e.to = m->salt % 9 == 0 && str_is_set(who.wa_id)
		               ? str_fmt(b->arena, "+" STR_FMT, STR_ARG(who.wa_id))
		               : who.wa_id;
		e.to_user_id = who.user_id;
		who.name = STR_NONE;
		if (str_is_set(who.user_id))
			wire_contacts(b, &who, 1);
	} else {
		e.from = who.wa_id;
		e.from_user_id = who.user_id;
		if (e.kind == WIRE_NEW_NUMBER)
			e.from = w->people[m->person].wa_id; /* the old one */
		else
			wire_contacts(b, &who, 1);
	}
	jw_key(&b->jw, business ? "message_echoes" : "messages");
	jw_arr(&b->jw);
	wire_element(b, &e);
	jw_arr_end(&b->jw);
	wire_change_end(b);
}

static void
put_status(struct wire *b, const struct world *w, const struct event *ev)
{
	const struct world_message *m = &w->messages[ev->message];
	struct wire_person who = show(w, m, ev->when);
	struct wire_status s = { .status = str_from(ev->status),
		                 .recipient_id = who.wa_id,
		                 .recipient_user_id = who.user_id };

	s.id = world_wamid(b->arena, w, m, false);
	s.at = str_fmt(b->arena, "%lld", (long long)(ev->when / TIME_SECOND));
	if (str_eq(s.status, STR("failed")))
		s.error_code = 131026;
	wire_change(b, &w->options.line, "messages", true, 0);
	jw_key(&b->jw, "statuses");
	jw_arr(&b->jw);
	wire_status(b, &s);
	jw_arr_end(&b->jw);
	wire_change_end(b);
}

static int
by_time(const void *x, const void *y)
{
	const struct event *a = x, *b = y;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->message != b->message)
		return a->message < b->message ? -1 : 1;
	return (int)a->kind - (int)b->kind;
}

void
world_live_bodies(struct arena *a, const struct world *w, size_t batch, struct world_bodies *out)
{
	struct events list = { 0 };

	for (size_t i = 0; i < w->nmessages; i++)
		list.n += w->messages[i].in_live;
	list.v = ARENA_ARRAY(a, list.n * MAX_EVENTS_A_MESSAGE + 1, struct event);
	list.n = 0;
	for (size_t i = 0; i < w->nmessages; i++)
		if (w->messages[i].in_live)
			add_message(&list, &w->messages[i], i);
	qsort(list.v, list.n, sizeof *list.v, by_time);
	batch = batch ? batch : 1;
	for (size_t i = 0; i < list.n; i += batch) {
		struct wire b;
		size_t messages = 0, k = i;
		wire_begin(&b, a, WIRE_META, i % 5 == 4);
		for (; k < i + batch && k < list.n; k++) {
			if (list.v[k].kind == EVENT_STATUS)
				put_status(&b, w, &list.v[k]);
			else
				put_event(&b, w, &list.v[k]);
			messages += list.v[k].kind == EVENT_MESSAGE;
		}
		world_body_add(a, out,
		               (struct world_body){ wire_end(&b), list.v[k - 1].at + TIME_SECOND,
		                                    "live", messages });
	}
}
