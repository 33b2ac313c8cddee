/*
 * Makes the truth: who wrote what, when, and what became of it. What always holds: every message is
 * told by at least one body, times within a conversation strictly ascend, and each person and
 * message has dice of its own, so that asking for more of one thing does not change another.
 */
#include "sim/world.h"

#include "base/time.h"
#include "core/wamid.h"
#include "sim/people.h"
#include "sim/words.h"

#define SECOND       TIME_SECOND
#define HISTORY_DAYS 180

void
world_options_init(struct world_options *o)
{
	*o = (struct world_options){ .seed = 1,
		                     .at = INT64_C(1768906800000), /* 2026-01-20T11:00:00Z */
		                     .people = 120,
		                     .messages = 2000,
		                     .chunk_messages = 500,
		                     .contacts = 150,
		                     .live = 200,
		                     .parts = WORLD_ALL };
	o->line.phone_number_id = STR("100200300400500");
	o->line.waba_id = STR("900800700600500");
	o->line.display_number = STR("551130000001");
}

static struct str
hex_id(struct arena *a, struct dice *d, const char *prefix, int digits)
{
	static const char hex[] = "0123456789ABCDEF";
	char id[40];
	int n = 0;

	for (const char *p = prefix; *p; p++)
		id[n++] = *p;
	while (n < digits)
		id[n++] = hex[dice_below(d, 16)];
	return str_n(arena_copy(a, id, (size_t)n), (size_t)n);
}

static struct str
new_key(struct arena *a, struct dice *d, bool outbound)
{
	return outbound ? hex_id(a, d, "3EB0", 20) : hex_id(a, d, "3A", 20);
}

struct kind_row {
	enum wire_kind kind;
	unsigned weight; /* of a thousand in sum */
};
static const struct kind_row history_kinds[] = {
	{ WIRE_TEXT, 880 },    { WIRE_IMAGE, 40 },      { WIRE_AUDIO, 35 },   { WIRE_VIDEO, 8 },
	{ WIRE_DOCUMENT, 14 }, { WIRE_STICKER, 6 },     { WIRE_LOCATION, 5 }, { WIRE_CONTACTS, 4 },
	{ WIRE_ERRORS, 4 },    { WIRE_UNSUPPORTED, 4 },
};
static const struct kind_row inbound_kinds[] = {
	{ WIRE_TEXT, 720 },        { WIRE_IMAGE, 60 },     { WIRE_AUDIO, 60 },
	{ WIRE_VIDEO, 15 },        { WIRE_DOCUMENT, 25 },  { WIRE_STICKER, 15 },
	{ WIRE_LOCATION, 15 },     { WIRE_CONTACTS, 10 },  { WIRE_LIST_REPLY, 10 },
	{ WIRE_BUTTON_REPLY, 15 }, { WIRE_FORM_REPLY, 5 }, { WIRE_CALL_PERMISSION, 5 },
	{ WIRE_BUTTON, 10 },       { WIRE_ORDER, 10 },     { WIRE_UNSUPPORTED, 10 },
	{ WIRE_UNAVAILABLE, 10 },  { WIRE_UNKNOWN, 5 },
};
static const struct kind_row echo_kinds[] = {
	{ WIRE_TEXT, 850 },    { WIRE_IMAGE, 50 },   { WIRE_AUDIO, 40 },    { WIRE_VIDEO, 10 },
	{ WIRE_DOCUMENT, 25 }, { WIRE_STICKER, 10 }, { WIRE_LOCATION, 10 }, { WIRE_CONTACTS, 5 },
};

static enum wire_kind
throw_kind(struct dice *d, const struct kind_row *rows, size_t n)
{
	uint64_t throw = dice_below(d, 1000);

	for (size_t i = 0; i < n; i++) {
		if (throw < rows[i].weight)
			return rows[i].kind;
		throw -= rows[i].weight;
	}
	return WIRE_TEXT;
}

/* The text that goes with a kind. */
static struct str
throw_text(struct arena *a, struct dice *d, enum wire_kind kind, bool outbound)
{
	switch (kind) {
	case WIRE_TEXT:
		return outbound ? words_business(a, d) : words_customer(a, d);
	case WIRE_IMAGE:
	case WIRE_VIDEO:
	case WIRE_DOCUMENT:
		return words_caption(a, d);
	case WIRE_CONTACTS:
		return words_name(a, d);
	case WIRE_LOCATION:
	case WIRE_LIST_REPLY:
	case WIRE_BUTTON_REPLY:
	case WIRE_FORM_REPLY:
	case WIRE_BUTTON:
	case WIRE_ORDER:
		return words_title(a, d);
	default:
		return STR_NONE;
	}
}

static struct str
throw_history_status(struct dice *d, bool outbound, enum wire_kind kind)
{
	int throw = (int)dice_below(d, 100);
	const char *status;

	if (!outbound)
		status = throw < 70 ? "READ" : throw < 85 ? "DELIVERED" : "PENDING";
	else if (kind == WIRE_AUDIO && throw < 40)
		status = "PLAYED";
	else if (throw < 90)
		status = throw < 72 ? "READ" : "DELIVERED";
	else
		status = throw < 96 ? "SENT" : throw < 98 ? "PENDING" : "ERROR";
	return str_from(status);
}

/* Edits, revokes and reactions: of things that happened at `at` and can still be spoken of. */
static void
give_fate(struct arena *a, struct dice *d, struct world_message *m)
{
	int64_t t = m->at;

	if (m->kind == WIRE_TEXT && dice_permille(d, m->in_live ? 40 : 4)) {
		m->nedits = dice_permille(d, 250) ? 2 : 1;
		for (size_t i = 0; i < m->nedits; i++) {
			t += SECOND * dice_range(d, 20, 300);
			m->edits[i].at = t;
			m->edits[i].text = m->outbound ? words_business(a, d)
			                               : words_customer(a, d);
			m->edits[i].key_id = new_key(a, d, m->outbound);
		}
	}
	if (dice_permille(d, m->in_live ? 25 : 3)) {
		m->revoked_at = t + SECOND * dice_range(d, 10, 900);
		m->revoke_key = new_key(a, d, m->outbound);
	}
	if (m->in_live && dice_permille(d, 50)) {
		m->reaction = words_emoji(d);
		m->reaction_at = t + SECOND * dice_range(d, 5, 600);
		m->reaction_taken_back = dice_permille(d, 200);
	}
}

static void
throw_message(struct arena *a, struct dice *d, const struct kind_row *rows, size_t nrows,
              struct world_message *m)
{
	m->kind = throw_kind(d, rows, nrows);
	m->text = throw_text(a, d, m->kind, m->outbound);
	m->key_id = new_key(a, d, m->outbound);
	m->salt = dice_next(d) >> 20;
	m->revoked_at = TIME_NONE;
	m->reply_to = SIZE_MAX;
}

/* A person's history: bursts of talk over 180 days, denser towards the end. */
static void
make_history(struct arena *a, const struct world_options *o, size_t person, size_t first, size_t n,
             struct world_message *all)
{
	int64_t end = o->at - o->at % SECOND - 60 * SECOND, at = 0;
	struct world_message *msgs = all + first;

	for (size_t i = 0; i < n; i++) {
		struct world_message *m = &msgs[i];
		struct dice d = dice_for(o->seed, 10 + person, i);
		m->person = person;
		m->outbound = dice_permille(&d, 480);
		m->in_history = true;
		throw_message(a, &d, history_kinds, sizeof history_kinds / sizeof history_kinds[0],
		              m);
		m->history_status = throw_history_status(&d, m->outbound, m->kind);
		size_t left = n - i;
		if (i == 0)
			at = end - TIME_DAY * HISTORY_DAYS +
			     SECOND * dice_range(&d, 3600, 86400 * 120);
		else if (dice_permille(&d, 120)) /* a pause; about as many will follow */
			at += (end - at) / SECOND * dice_range(&d, 20, 120) / 100 /
			      ((int64_t)left / 8 + 1) * SECOND;
		at += SECOND * dice_range(&d, 3, 240);
		if (at > end - SECOND * (int64_t)(left * 5)) /* no room left: close ranks */
			at = end - SECOND * (int64_t)(left * 5);
		m->at = at;
		if (i > 0 && dice_permille(&d, 60))
			m->reply_to = first + i - 1 - dice_below(&d, i < 5 ? i : 5);
		give_fate(a, &d, m);
		bool recent = at > o->at - 14 * TIME_DAY;
		m->late = wire_kind_is_media(m->kind) && recent && dice_permille(&d, 900);
		if (at > o->at - TIME_DAY && dice_permille(&d, 60) && m->kind != WIRE_ERRORS) {
			m->in_live = true; /* heard while the history was on its way */
			m->heard_at = o->at + SECOND * dice_range(&d, 1, 60);
		}
	}
}

/* One live message of the day after connecting. */
static void
make_live(struct arena *a, const struct world *w, size_t i, struct world_message *m)
{
	const struct world_options *o = &w->options;
	struct dice d = dice_for(o->seed, 5, i);
	uint64_t throw = dice_below(&d, o->people);

	*m = (struct world_message){ .person = (size_t) throw };
	if (dice_permille(&d, 500)) /* some talk much more than others */
		m->person = (size_t)(throw *throw / o->people);
	m->outbound = dice_permille(&d, 350);
	m->in_live = true;
	m->at = o->at - o->at % SECOND + SECOND * (90 + (int64_t)i * 3);
	m->heard_at = m->at;
	if (m->outbound)
		throw_message(a, &d, echo_kinds, sizeof echo_kinds / sizeof echo_kinds[0], m);
	else
		throw_message(a, &d, inbound_kinds, sizeof inbound_kinds / sizeof inbound_kinds[0],
		              m);
	give_fate(a, &d, m);
	if (m->outbound && dice_permille(&d, 850)) {
		uint64_t s = dice_below(&d, 100);
		m->status = str_from(s < 60   ? "read"
		                     : s < 85 ? "delivered"
		                     : s < 96 ? "sent"
		                              : "failed");
	}
}

/* How many history messages each person has; a few have most. */
static size_t *
share_history(struct arena *a, const struct world_options *o)
{
	size_t *share = ARENA_ARRAY(a, o->people + 1, size_t);
	size_t with = o->people - o->people / 5; /* the rest are new customers */
	struct dice d = dice_for(o->seed, 4, 0);

	if (with == 0 || !(o->parts & WORLD_HISTORY) || o->decline != DECLINE_NOT)
		return share;
	for (size_t i = 0; i < o->messages; i++) {
		uint64_t throw = dice_below(&d, 1u << 20);
		size_t person = (size_t)((throw *throw >> 20) * with >> 20);
		share[i < with ? i : person]++;
	}
	return share;
}

/* Whoever changes number does so by a system message in the middle of the live traffic. */
static void
make_number_changes(struct arena *a, struct world *w)
{
	const struct world_options *o = &w->options;

	for (size_t i = 0; i < w->npeople && i < o->people; i++) {
		struct world_person *p = &w->people[i];
		struct dice d = dice_for(o->seed, 6, i);
		if (!str_is_set(p->new_wa_id) || !(o->parts & WORLD_LIVE))
			continue;
		struct world_message *m = &w->messages[w->nmessages++];
		*m = (struct world_message){ .person = i,
			                     .kind = WIRE_NEW_NUMBER,
			                     .in_live = true };
		m->at = o->at - o->at % SECOND + SECOND * (90 + (int64_t)(o->live * 3 / 2)) +
		        SECOND;
		m->heard_at = m->at;
		m->text = p->new_wa_id;
		m->key_id = new_key(a, &d, false);
		m->revoked_at = TIME_NONE;
		m->reply_to = SIZE_MAX;
		p->changed_at = m->at;
	}
}

void
world_make(struct arena *a, const struct world_options *options, struct world *out)
{
	struct world w = { .options = *options };
	struct world_options *o = &w.options;
	uint64_t people_seed = o->people_seed ? o->people_seed : o->seed;

	w.npeople = o->people > o->contacts ? o->people : o->contacts;
	w.people = ARENA_ARRAY(a, w.npeople + 1, struct world_person);
	for (size_t i = 0; i < w.npeople; i++) {
		people_make(a, people_seed, i, &w.people[i]);
		/* every tenth customer is not in the book, and some in it never wrote */
		if (i < o->contacts && i % 10 != 7 && (o->parts & WORLD_CONTACTS))
			people_enter_book(a, o->seed, i, o->at, &w.people[i]);
	}
	size_t live = o->parts & WORLD_LIVE && o->people > 0 ? o->live : 0;
	w.messages = ARENA_ARRAY(a, o->messages + live + o->people + 1, struct world_message);
	size_t *share = share_history(a, o);
	for (size_t i = 0; i < o->people; i++) {
		make_history(a, o, i, w.nmessages, share[i], w.messages);
		w.nmessages += share[i];
	}
	for (size_t i = 0; i < live; i++)
		make_live(a, &w, i, &w.messages[w.nmessages++]);
	make_number_changes(a, &w);
	*out = w;
}

struct str
world_wamid(struct arena *a, const struct world *w, const struct world_message *m, bool history)
{
	const struct world_person *p = &w->people[m->person];
	struct wamid id = { .outbound = m->outbound, .key_id = m->key_id };

	if (history && m->outbound)
		id.remote = w->options.line.display_number;
	else if (!str_is_set(p->wa_id))
		id.remote = p->user_id;
	else if (!history && p->changed_at != TIME_NONE && m->at > p->changed_at)
		id.remote = p->new_wa_id;
	else
		id.remote = history ? p->wa_id_before : p->wa_id;
	return wamid_encode(a, &id);
}
