/*
 * What befalls the helpdesk: one small function for each kind of change, and a table of how often.
 * What always holds: a change sets updatedAt to the world's clock, as the real one does (of the
 * ticket too, unless edits are silent); a ticket whose trackings are hidden keeps them as they
 * are; poisoned tickets are never deleted, so that poison stays.
 */
#include "sim/helpdesk_internal.h"

#include "sim/words.h"

/* Tries to find something that can be changed; then the change does not take place. */
#define TRIES 12

void
helpdesk_touch(struct helpdesk *w, struct helpdesk_ticket *t)
{
	t->updated_at = w->now;
	helpdesk_forget_ticket(t);
	w->tickets_ordered = false;
}

/* A ticket that stands; half of the time one of the newest. NULL: none found. */
static struct helpdesk_ticket *
pick_ticket(struct helpdesk *w)
{
	for (int i = 0; i < TRIES && w->ntickets > 0; i++) {
		size_t k = (size_t)dice_below(&w->chance, w->ntickets);
		if (dice_permille(&w->chance, 500) && w->ntickets > 20)
			k = w->ntickets - 1 - k % 20;
		if (!w->tickets[k].gone)
			return &w->tickets[k];
	}
	return NULL;
}

/* A message that stands; which: 1 of the newest ten, -1 of the oldest ten, 0 any. */
static struct helpdesk_message *
pick_message(struct helpdesk *w, int which, struct helpdesk_ticket **out)
{
	for (int i = 0; i < TRIES; i++) {
		struct helpdesk_ticket *t = pick_ticket(w);
		if (t == NULL || t->nmessages == 0)
			continue;
		size_t span = which != 0 && t->nmessages > 10 ? 10 : t->nmessages;
		size_t k = (size_t)dice_below(&w->chance, span);
		if (which > 0)
			k = t->nmessages - 1 - k;
		*out = t;
		if (!t->messages[k].gone)
			return &t->messages[k];
	}
	return NULL;
}

enum state { WEAK, STARTED, FINISHED, ANY_STATE, GONE };

static bool
is_in(const struct helpdesk_tracking *k, enum state state)
{
	if (state == GONE || k->gone)
		return state == GONE && k->gone;
	switch (state) {
	case WEAK:
		return k->started_at == TIME_NONE && k->finished_at == TIME_NONE;
	case STARTED:
		return k->started_at != TIME_NONE && k->finished_at == TIME_NONE;
	case FINISHED:
		return k->finished_at != TIME_NONE;
	default:
		return true;
	}
}

static struct helpdesk_tracking *
pick_tracking(struct helpdesk *w, enum state state, struct helpdesk_ticket **out)
{
	for (int i = 0; i < 4 * TRIES; i++) {
		struct helpdesk_ticket *t = pick_ticket(w);
		if (t == NULL || t->shows != SHOWS_ARRAY || t->ntrackings == 0)
			continue;
		size_t k = (size_t)dice_below(&w->chance, t->ntrackings);
		*out = t;
		if (is_in(&t->trackings[k], state))
			return &t->trackings[k];
	}
	return NULL;
}

static bool
ticket_new(struct helpdesk *w)
{
	struct helpdesk_ticket *t = helpdesk_add_ticket(w, &w->chance, w->now);
	size_t n = (size_t)dice_below(&w->chance, 4);

	for (size_t i = 0; i <= n; i++)
		helpdesk_add_message(w, t, &w->chance, w->now);
	if (t->shows == SHOWS_ARRAY)
		helpdesk_add_tracking(w, t, w->now);
	return true;
}

static bool
message_new(struct helpdesk *w)
{
	struct helpdesk_ticket *t = pick_ticket(w);

	if (t == NULL)
		return false;
	helpdesk_add_message(w, t, &w->chance, w->now);
	if (dice_permille(&w->chance, 200))
		helpdesk_add_message(w, t, &w->chance, w->now);
	helpdesk_touch(w, t);
	return true;
}

static bool
message_late(struct helpdesk *w)
{
	struct helpdesk_ticket *t = pick_ticket(w);

	if (t == NULL)
		return false;
	int64_t at = dice_permille(&w->chance, 500)
	                     ? w->now - dice_range(&w->chance, 1, TIME_MINUTE)
	                     : dice_range(&w->chance, t->created_at - TIME_HOUR, w->now);
	struct helpdesk_message *m = helpdesk_add_message(w, t, &w->chance, at);
	m->updated_at = w->now;
	helpdesk_touch(w, t);
	return true;
}

static void
change_message(struct helpdesk *w, struct helpdesk_ticket *t, struct helpdesk_message *m)
{
	m->edits++;
	m->updated_at = w->now;
	helpdesk_forget_message(m);
	if (w->options.manners & MANNER_BIT(MANNER_SILENT) && dice_permille(&w->chance, 300))
		w->stats.manners[MANNER_SILENT]++;
	else
		helpdesk_touch(w, t);
}

static bool
edit(struct helpdesk *w, int which)
{
	struct helpdesk_ticket *t;
	struct helpdesk_message *m = pick_message(w, which, &t);

	if (m == NULL)
		return false;
	m->body = m->from_me ? words_business(w->arena, &w->chance)
	                     : words_customer(w->arena, &w->chance);
	change_message(w, t, m);
	return true;
}

static bool
edit_late(struct helpdesk *w)
{
	return edit(w, 1);
}

static bool
edit_early(struct helpdesk *w)
{
	return edit(w, -1);
}

static bool
media(struct helpdesk *w)
{
	struct helpdesk_ticket *t;

	for (int i = 0; i < 8 * TRIES; i++) {
		struct helpdesk_message *m = pick_message(w, 0, &t);
		if (m == NULL || !str_is_set(m->media_type) || str_is_set(m->media_url))
			continue;
		helpdesk_give_media(w, m, &w->chance);
		change_message(w, t, m);
		return true;
	}
	return false;
}

static bool
message_gone(struct helpdesk *w)
{
	struct helpdesk_ticket *t;
	struct helpdesk_message *m = pick_message(w, 0, &t);

	if (m == NULL)
		return false;
	m->gone = true;
	t->ordered = false;
	helpdesk_touch(w, t);
	return true;
}

static struct helpdesk_ticket *
pick_shown(struct helpdesk *w)
{
	for (int i = 0; i < TRIES; i++) {
		struct helpdesk_ticket *t = pick_ticket(w);
		if (t != NULL && t->shows == SHOWS_ARRAY)
			return t;
	}
	return NULL;
}

static bool
tracking_new(struct helpdesk *w)
{
	struct helpdesk_ticket *t = pick_shown(w);

	if (t == NULL)
		return false;
	struct helpdesk_tracking *k = helpdesk_add_tracking(w, t, w->now);
	k->user = (unsigned)dice_below(&w->chance, 4);
	if (dice_permille(&w->chance, 300))
		k->started_at = w->now;
	t->status = k->started_at == TIME_NONE ? STR("pending") : STR("open");
	helpdesk_touch(w, t);
	return true;
}

/* The second one is no more than a minute from the first, perhaps just more, perhaps between. */
static bool
tracking_weak(struct helpdesk *w)
{
	struct helpdesk_ticket *t = pick_shown(w);

	if (t == NULL)
		return false;
	helpdesk_add_tracking(w, t, w->now - dice_range(&w->chance, 59000, 61000));
	helpdesk_add_tracking(w, t, w->now - dice_range(&w->chance, 0, 1000));
	if (dice_permille(&w->chance, 300))
		helpdesk_add_tracking(w, t, w->now - dice_range(&w->chance, 1000, 59000));
	t->status = STR("pending");
	helpdesk_touch(w, t);
	return true;
}

static bool
started(struct helpdesk *w)
{
	struct helpdesk_ticket *t;
	struct helpdesk_tracking *k = pick_tracking(w, WEAK, &t);

	if (k == NULL)
		return false;
	k->started_at = w->now;
	k->user = (unsigned)dice_range(&w->chance, 1, 3);
	t->status = STR("open");
	helpdesk_touch(w, t);
	return true;
}

static bool
finished(struct helpdesk *w)
{
	struct helpdesk_ticket *t;
	struct helpdesk_tracking *k =
		pick_tracking(w, dice_permille(&w->chance, 200) ? WEAK : STARTED, &t);

	if (k == NULL)
		return false;
	k->finished_at = dice_permille(&w->chance, 50) ? k->created_at - TIME_SECOND : w->now;
	t->status = STR("closed");
	helpdesk_touch(w, t);
	return true;
}

static bool
reopened(struct helpdesk *w)
{
	struct helpdesk_ticket *t;
	struct helpdesk_tracking *k = pick_tracking(w, FINISHED, &t);

	if (k == NULL)
		return false;
	k->finished_at = TIME_NONE;
	t->status = STR("open");
	helpdesk_touch(w, t);
	return true;
}

/* One, or now and then all of them: an empty array. */
static bool
tracking_gone(struct helpdesk *w)
{
	struct helpdesk_ticket *t;
	struct helpdesk_tracking *k = pick_tracking(w, ANY_STATE, &t);

	if (k == NULL)
		return false;
	k->gone = true;
	if (dice_permille(&w->chance, 200))
		for (size_t i = 0; i < t->ntrackings; i++)
			t->trackings[i].gone = true;
	helpdesk_touch(w, t);
	return true;
}

static bool
tracking_back(struct helpdesk *w)
{
	struct helpdesk_ticket *t;
	struct helpdesk_tracking *k = pick_tracking(w, GONE, &t);

	if (k == NULL)
		return false;
	k->gone = false;
	helpdesk_touch(w, t);
	return true;
}

static bool
hidden(struct helpdesk *w)
{
	struct helpdesk_ticket *t = pick_shown(w);

	if (t == NULL)
		return false;
	t->shows = dice_permille(&w->chance, 500) ? SHOWS_NULL : SHOWS_NOTHING;
	helpdesk_touch(w, t);
	return true;
}

static bool
shown(struct helpdesk *w)
{
	for (int i = 0; i < 4 * TRIES; i++) {
		struct helpdesk_ticket *t = pick_ticket(w);
		if (t == NULL || t->shows == SHOWS_ARRAY)
			continue;
		t->shows = SHOWS_ARRAY;
		helpdesk_touch(w, t);
		return true;
	}
	return false;
}

static bool
status(struct helpdesk *w)
{
	static const char *const names[] = { "open", "pending", "closed" };
	struct helpdesk_ticket *t = pick_ticket(w);

	if (t == NULL)
		return false;
	t->status = str_from(names[dice_below(&w->chance, 3)]);
	helpdesk_touch(w, t);
	return true;
}

static bool
same_moment(struct helpdesk *w)
{
	size_t n = (size_t)dice_range(&w->chance, 5, 70);

	for (size_t i = 0; i < n; i++) {
		struct helpdesk_ticket *t = pick_ticket(w);
		if (t == NULL)
			return false;
		helpdesk_touch(w, t);
	}
	return true;
}

static bool
ticket_gone(struct helpdesk *w)
{
	struct helpdesk_ticket *t = pick_ticket(w);

	if (t == NULL || t->poison != POISON_NOT)
		return false;
	t->gone = true;
	w->tickets_ordered = false;
	return true;
}

static struct helpdesk_contact *
pick_contact(struct helpdesk *w)
{
	for (int i = 0; i < TRIES && w->ncontacts > 0; i++) {
		size_t k = (size_t)dice_below(&w->chance, w->ncontacts);
		if (!w->contacts[k].gone)
			return &w->contacts[k];
	}
	return NULL;
}

static void
touch_contact(struct helpdesk *w, struct helpdesk_contact *c)
{
	c->updated_at = w->now;
	helpdesk_forget_contact(w, (size_t)(c - w->contacts));
}

static bool
contact_new(struct helpdesk *w)
{
	helpdesk_add_contact(w, &w->chance);
	return true;
}

static bool
contact_edited(struct helpdesk *w)
{
	struct helpdesk_contact *c = pick_contact(w);

	if (c == NULL)
		return false;
	switch (dice_below(&w->chance, 3)) {
	case 0:
		c->email = STR_NONE;
		break;
	case 1:
		c->picture = str_fmt(w->arena, "https://media.exemplo.com.br/p/%llu.jpg",
		                     (unsigned long long)dice_below(&w->chance, 1u << 30));
		break;
	default:
		c->name = words_name(w->arena, &w->chance);
		break;
	}
	touch_contact(w, c);
	return true;
}

/* Tickets go on showing their contact. */
static bool
contact_gone(struct helpdesk *w)
{
	struct helpdesk_contact *c = pick_contact(w);

	if (c == NULL)
		return false;
	c->gone = true;
	w->contacts_ordered = false;
	return true;
}

static bool
tag_set(struct helpdesk *w)
{
	struct helpdesk_contact *c = pick_contact(w);

	if (c == NULL)
		return false;
	helpdesk_give_tags(w, c, &w->chance);
	touch_contact(w, c);
	return true;
}

static bool
tag_new(struct helpdesk *w)
{
	struct helpdesk_contact *c = pick_contact(w);

	helpdesk_add_tag(w, &w->chance);
	if (c == NULL || c->ntags == HELPDESK_MAX_TAGS)
		return true;
	c->tags[c->ntags++] = w->ntags - 1;
	c->had_tags = true;
	touch_contact(w, c);
	return true;
}

static struct helpdesk_tag *
pick_tag(struct helpdesk *w)
{
	for (int i = 0; i < TRIES && w->ntags > 0; i++) {
		struct helpdesk_tag *t = &w->tags[dice_below(&w->chance, w->ntags)];
		if (!t->gone)
			return t;
	}
	return NULL;
}

/* The contacts that have the tag read otherwise now; `without`: they lose it. */
static void
change_tag(struct helpdesk *w, size_t tag, bool without)
{
	for (size_t i = 0; i < w->ncontacts; i++) {
		struct helpdesk_contact *c = &w->contacts[i];
		for (size_t k = 0; k < c->ntags; k++) {
			if (c->tags[k] != tag)
				continue;
			if (without)
				c->tags[k--] = c->tags[--c->ntags];
			helpdesk_forget_contact(w, i);
		}
	}
}

static bool
tag_edited(struct helpdesk *w)
{
	struct helpdesk_tag *t = pick_tag(w);

	if (t == NULL)
		return false;
	t->name = str_fmt(w->arena, STR_FMT " (%llu)", STR_ARG(str_sub(t->name, 0, 24)),
	                  (unsigned long long)dice_below(&w->chance, 1000));
	t->color = str_fmt(w->arena, "#%06x", (unsigned)dice_below(&w->chance, 1u << 24));
	change_tag(w, (size_t)(t - w->tags), false);
	return true;
}

static bool
tag_gone(struct helpdesk *w)
{
	struct helpdesk_tag *t = pick_tag(w);

	if (t == NULL)
		return false;
	t->gone = true;
	change_tag(w, (size_t)(t - w->tags), true);
	return true;
}

static const struct row {
	const char *name;
	bool (*run)(struct helpdesk *);
	unsigned weight; /* of a thousand in sum */
} rows[HELPDESK_CHANGES] = {
	[CHANGE_TICKET_NEW] = { "ticket new", ticket_new, 60 },
	[CHANGE_MESSAGE_NEW] = { "message new", message_new, 256 },
	[CHANGE_MESSAGE_LATE] = { "message late", message_late, 60 },
	[CHANGE_EDIT_LATE] = { "edit late", edit_late, 60 },
	[CHANGE_EDIT_EARLY] = { "edit early", edit_early, 40 },
	[CHANGE_MEDIA] = { "media", media, 40 },
	[CHANGE_MESSAGE_GONE] = { "message gone", message_gone, 20 },
	[CHANGE_TRACKING_NEW] = { "tracking new", tracking_new, 60 },
	[CHANGE_TRACKING_WEAK] = { "tracking weak", tracking_weak, 40 },
	[CHANGE_STARTED] = { "started", started, 60 },
	[CHANGE_FINISHED] = { "finished", finished, 60 },
	[CHANGE_REOPENED] = { "reopened", reopened, 30 },
	[CHANGE_TRACKING_GONE] = { "tracking gone", tracking_gone, 25 },
	[CHANGE_TRACKING_BACK] = { "tracking back", tracking_back, 20 },
	[CHANGE_HIDDEN] = { "hidden", hidden, 15 },
	[CHANGE_SHOWN] = { "shown", shown, 15 },
	[CHANGE_STATUS] = { "status", status, 20 },
	[CHANGE_SAME_MOMENT] = { "same moment", same_moment, 10 },
	[CHANGE_TICKET_GONE] = { "ticket gone", ticket_gone, 20 },
	[CHANGE_CONTACT_NEW] = { "contact new", contact_new, 20 },
	[CHANGE_CONTACT_EDITED] = { "contact edited", contact_edited, 25 },
	[CHANGE_CONTACT_GONE] = { "contact gone", contact_gone, 10 },
	[CHANGE_TAG_SET] = { "tag set", tag_set, 20 },
	[CHANGE_TAG_NEW] = { "tag new", tag_new, 5 },
	[CHANGE_TAG_EDITED] = { "tag edited", tag_edited, 5 },
	[CHANGE_TAG_GONE] = { "tag gone", tag_gone, 4 },
};

const char *
helpdesk_change_name(enum helpdesk_change change)
{
	return rows[change].name;
}

bool
helpdesk_do(struct helpdesk *w, enum helpdesk_change change)
{
	bool done = rows[change].run(w);

	w->stats.changes[change] += done;
	return done;
}

void
helpdesk_live(struct helpdesk *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t throw = dice_below(&w->chance, 1000);
		int change = 0;
		while (throw >= rows[change].weight)
			throw -= rows[change++].weight;
		helpdesk_do(w, (enum helpdesk_change)change);
	}
}
