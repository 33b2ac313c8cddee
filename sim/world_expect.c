/*
 * What a server must show in the end, read off the truth. It applies nothing and shares no code
 * with the server's rules: it is the second opinion that `check` compares with.
 */
#include <stdlib.h>

#include "base/time.h"
#include "core/wamid.h"
#include "sim/world.h"

enum rank { NO_STATUS, SENT, FAILED, DELIVERED, READ, PLAYED };

static enum rank
rank_of(struct str s)
{
	static const struct {
		const char *name;
		enum rank rank;
	} names[] = { { "SENT", SENT },           { "PENDING", SENT }, { "ERROR", FAILED },
		      { "DELIVERED", DELIVERED }, { "READ", READ },    { "PLAYED", PLAYED },
		      { "FAILED", FAILED } };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_ieq(s, str_from(names[i].name)))
			return names[i].rank;
	return NO_STATUS;
}

static bool
by_history(const struct world *w, const struct world_message *m)
{
	unsigned parts = w->options.parts;

	return (m->in_history && (parts & WORLD_HISTORY)) || (m->late && (parts & WORLD_LATE));
}

static bool
by_live(const struct world *w, const struct world_message *m)
{
	return m->in_live && (w->options.parts & WORLD_LIVE);
}

bool
world_is_told(const struct world *w, const struct world_message *m)
{
	return by_history(w, m) || by_live(w, m);
}

static const char *
status_of(const struct world *w, const struct world_message *m)
{
	static const char *const names[] = {
		"sent", "sent", "failed", "delivered", "read", "played"
	};
	enum rank r = SENT;

	if (!m->outbound)
		return "received";
	if (m->in_history && (w->options.parts & WORLD_HISTORY) && rank_of(m->history_status) > r)
		r = rank_of(m->history_status);
	if (by_live(w, m) && str_is_set(m->status) && rank_of(m->status) > r)
		r = rank_of(m->status);
	return names[r];
}

static struct str
body_of(struct arena *a, const struct world *w, const struct world_message *m)
{
	switch (m->kind) {
	case WIRE_DOCUMENT:
		return str_is_set(m->text)
		               ? m->text
		               : str_fmt(a, "arquivo-%u.pdf", (unsigned)(m->salt % 1000));
	case WIRE_CALL_PERMISSION:
		return STR("accept");
	case WIRE_NEW_NUMBER:
		return str_fmt(a, "User changed from " STR_FMT " to " STR_FMT,
		               STR_ARG(w->people[m->person].wa_id), STR_ARG(m->text));
	case WIRE_TEXT:
		return m->nedits > 0 ? m->edits[m->nedits - 1].text : m->text;
	default:
		return m->text;
	}
}

static void
expect_message(struct arena *a, const struct world *w, size_t i, struct world_expect_message *out)
{
	const struct world_message *m = &w->messages[i];
	bool real = by_live(w, m) || !wire_kind_is_media(m->kind) ||
	            (m->late && (w->options.parts & WORLD_LATE));

	*out = (struct world_expect_message){ .message = i, .check_body = true };
	out->key = str_fmt(a, "%c:" STR_FMT, m->outbound ? 'o' : 'i', STR_ARG(m->key_id));
	out->type = wire_kind_type(real ? m->kind : WIRE_PLACEHOLDER);
	out->body = real && m->revoked_at == TIME_NONE ? body_of(a, w, m) : STR_NONE;
	out->source = !by_live(w, m) ? "history" : m->outbound ? "app_echo" : "live";
	out->status = status_of(w, m);
}

static int
by_place(const void *x, const void *y, void *ctx)
{
	const struct world *w = ctx;
	const struct world_expect_message *a = x, *b = y;
	int64_t ta = w->messages[a->message].at, tb = w->messages[b->message].at;

	if (ta != tb)
		return ta < tb ? -1 : 1;
	return str_cmp(a->key, b->key);
}

/* Does this message make the customer's profile name known? */
static bool
shows_name(const struct world_message *m)
{
	if (m->kind == WIRE_NEW_NUMBER)
		return false;
	return m->outbound ? str_is_set(m->reaction) : true;
}

static void
count_unread(const struct world *w, struct world_expect *x)
{
	for (size_t i = x->nmessages; i-- > 0;) {
		const struct world_message *m = &w->messages[x->messages[i].message];
		if (m->outbound)
			return;
		x->unread += by_live(w, m) && m->kind != WIRE_NEW_NUMBER;
	}
}

void
world_expect_person(struct arena *a, const struct world *w, size_t person, struct world_expect *out)
{
	const struct world_person *p = &w->people[person];
	struct world_expect x = { .ticket_opened_at = TIME_NONE };
	int64_t first_history = TIME_NONE, newest_live = TIME_NONE;
	bool live = false, named = false, in_book = p->book_at != TIME_NONE;

	for (size_t i = 0; i < w->nmessages; i++)
		x.nmessages += w->messages[i].person == person && world_is_told(w, &w->messages[i]);
	x.messages = ARENA_ARRAY(a, x.nmessages + 1, struct world_expect_message);
	x.nmessages = 0;
	for (size_t i = 0; i < w->nmessages; i++) {
		const struct world_message *m = &w->messages[i];
		if (m->person != person || !world_is_told(w, m))
			continue;
		expect_message(a, w, i, &x.messages[x.nmessages++]);
		if (by_history(w, m) && (first_history == TIME_NONE || m->at < first_history))
			first_history = m->at;
		if (!by_live(w, m))
			continue;
		live = true;
		named |= shows_name(m);
		newest_live = newest_live == TIME_NONE || m->at > newest_live ? m->at : newest_live;
		if (!m->outbound && m->kind != WIRE_NEW_NUMBER &&
		    (!x.ticket || m->at < x.ticket_opened_at)) {
			x.ticket = true;
			x.ticket_opened_at = m->at;
		}
	}
	qsort_r(x.messages, x.nmessages, sizeof *x.messages, by_place, (void *)w);
	count_unread(w, &x);
	x.has_history = first_history != TIME_NONE;
	x.ticket_history_lead = x.ticket && x.has_history && first_history < x.ticket_opened_at;
	x.is_lead = in_book || x.nmessages > 0;
	x.source = x.has_history ? "history_sync" : live ? "live_message" : "state_sync";
	x.push_name = in_book ? p->book_name : named ? p->name : p->username;
	x.deleted = in_book && p->removed;
	x.active = (in_book && !p->removed) ||
	           (live && (!in_book || newest_live > p->book_at + 5 * TIME_SECOND));
	*out = x;
}
