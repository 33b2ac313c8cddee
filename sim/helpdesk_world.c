/*
 * Makes the helpdesk as it stands when it begins to be read, and the parts of which it grows. What
 * always holds: nothing is ever taken out of the arrays, what is deleted is marked, so an index
 * stays right for ever; each ticket and contact has dice of its own, so that asking for more of one
 * thing does not change another.
 */
#include "sim/helpdesk_internal.h"

#include <stdlib.h>

#include "base/map.h"
#include "sim/people.h"
#include "sim/words.h"

#define ARENA_BYTES ((size_t)16 << 30) /* a bound, not a reservation */

enum { KIND_STYLE = 101, KIND_TAG, KIND_CONTACT, KIND_TICKET, KIND_CHANGE, KIND_MANNER };

void
helpdesk_options_init(struct helpdesk_options *o)
{
	*o = (struct helpdesk_options){ .seed = 1,
		                        .at = INT64_C(1768906800000), /* 2026-01-20T11:00:00Z */
		                        .span_ms = 90 * TIME_DAY,
		                        .tickets = 200,
		                        .contacts = 150,
		                        .tags = 12,
		                        .messages = 2000,
		                        .permille = 60,
		                        .slow_ms = 1500,
		                        .poison = 3,
		                        .unauthorized_after = UINT64_MAX };
}

struct helpdesk_tag *
helpdesk_add_tag(struct helpdesk *w, struct dice *d)
{
	static const char *const names[] = {
		"Orçamento",  "Pós-venda",  "Cliente VIP", "Inadimplente", "Entrega",    "Troca",
		"Reclamação", "Novo lead",  "Atacado",     "Varejo",       "Aguardando", "Retorno",
		"Garantia",   "Financeiro", "Promoção",    "Indicação",
	};
	size_t k = w->ntags % (sizeof names / sizeof names[0]);
	size_t round = w->ntags / (sizeof names / sizeof names[0]);
	struct helpdesk_tag *t = ARENA_ADD(w->arena, w->tags, w->ntags, w->tags_cap);

	t->id = w->next_tag++;
	t->name = round == 0 ? str_from(names[k])
	                     : str_fmt(w->arena, "%s %zu", names[k], round + 1);
	t->color = str_fmt(w->arena, "#%06x", (unsigned)dice_below(d, 1u << 24));
	return t;
}

struct str
helpdesk_write_number(struct arena *a, struct dice *d, struct str number)
{
	uint64_t throw = dice_below(d, 10);

	if (!str_is_set(number) || throw < 5 || !str_starts(number, STR("55")) || number.n < 12)
		return number;
	if (throw < 8) /* without the country */
		return str_sub(number, 2, number.n);
	size_t half = number.n - 4;
	return str_fmt(a, "+55 (" STR_FMT ") " STR_FMT "-" STR_FMT, STR_ARG(str_sub(number, 2, 2)),
	               STR_ARG(str_sub(number, 4, half - 4)), STR_ARG(str_sub(number, half, 4)));
}

void
helpdesk_give_tags(struct helpdesk *w, struct helpdesk_contact *c, struct dice *d)
{
	size_t wanted = (size_t)dice_below(d, HELPDESK_MAX_TAGS + 1);

	c->ntags = 0;
	for (size_t i = 0; i < wanted && w->ntags > 0; i++) {
		size_t tag = (size_t)dice_below(d, w->ntags);
		bool has = w->tags[tag].gone;
		for (size_t k = 0; k < c->ntags; k++)
			has = has || c->tags[k] == tag;
		if (!has)
			c->tags[c->ntags++] = tag;
	}
	c->had_tags = c->had_tags || c->ntags > 0;
}

struct helpdesk_contact *
helpdesk_add_contact(struct helpdesk *w, struct dice *d)
{
	struct arena *a = w->arena;
	size_t i = w->ncontacts;
	struct helpdesk_contact *c = ARENA_ADD(a, w->contacts, w->ncontacts, w->contacts_cap);
	struct world_person p;

	people_make(a, w->options.people_seed, i, &p);
	c->id = w->next_contact++;
	c->person = i;
	c->name = dice_permille(d, 250) ? words_name(a, d) : p.name;
	c->number = str_is_set(p.wa_id_before) ? p.wa_id_before : p.wa_id;
	c->number = helpdesk_write_number(a, d, c->number);
	c->is_group = dice_permille(d, 40);
	if (c->is_group) {
		c->person = SIZE_MAX;
		struct str of = words_name(a, d);
		c->name = str_fmt(a, "Grupo " STR_FMT, STR_ARG(of));
		c->number = str_fmt(a, "120363%012llu", (unsigned long long)(c->id % 1000000007));
	} else if (dice_permille(d, 400)) {
		struct str user = words_username(a, c->name, i);
		c->email = str_fmt(a, STR_FMT "@exemplo.com.br", STR_ARG(user));
	}
	if (dice_permille(d, 500))
		c->picture = str_fmt(a, "https://media.exemplo.com.br/p/%llu.jpg",
		                     (unsigned long long)dice_below(d, UINT64_C(1) << 40));
	c->created_at = c->updated_at = w->now;
	helpdesk_give_tags(w, c, d);
	w->contacts_ordered = false;
	return c;
}

static struct str
make_uuid(struct arena *a, struct dice *d)
{
	uint64_t high = dice_next(d), low = dice_next(d);

	return str_fmt(a, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(high >> 32),
	               (unsigned)(high >> 16) & 0xFFFF, (unsigned)high & 0xFFF,
	               (unsigned)((low >> 48 & 0x3FFF) | 0x8000),
	               (unsigned long long)(low & UINT64_C(0xFFFFFFFFFFFF)));
}

struct helpdesk_ticket *
helpdesk_add_ticket(struct helpdesk *w, struct dice *d, int64_t at)
{
	size_t i = w->ntickets;
	struct helpdesk_ticket *t = ARENA_ADD(w->arena, w->tickets, w->ntickets, w->tickets_cap);

	t->uuid = make_uuid(w->arena, d);
	t->status = STR("pending");
	t->contact = SIZE_MAX;
	if (w->ncontacts > 0 && !dice_permille(d, 20))
		t->contact = i < w->ncontacts ? i : (size_t)dice_below(d, w->ncontacts);
	t->is_group = t->contact != SIZE_MAX && w->contacts[t->contact].is_group;
	t->created_at = t->updated_at = at;
	if (dice_permille(d, 60))
		t->shows = dice_permille(d, 500) ? SHOWS_NULL : SHOWS_NOTHING;
	map_set(w->by_uuid, t->uuid, i);
	w->tickets_ordered = false;
	return t;
}

struct helpdesk_tracking *
helpdesk_add_tracking(struct helpdesk *w, struct helpdesk_ticket *t, int64_t at)
{
	struct helpdesk_tracking *k =
		ARENA_ADD(w->arena, t->trackings, t->ntrackings, t->trackings_cap);

	k->id = w->next_tracking++;
	k->created_at = at;
	k->started_at = k->finished_at = TIME_NONE;
	return k;
}

void
helpdesk_give_media(struct helpdesk *w, struct helpdesk_message *m, struct dice *d)
{
	static const struct {
		const char *type, *suffix;
	} kinds[] = {
		{ "image", "jpg" }, { "audio", "ogg" }, { "video", "mp4" }, { "application", "pdf" }
	};
	size_t k = (size_t)dice_below(d, sizeof kinds / sizeof kinds[0]);

	if (!str_is_set(m->media_type))
		m->media_type = str_from(kinds[k].type);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (str_eq(m->media_type, str_from(kinds[i].type)))
			k = i;
	m->media_url = str_fmt(w->arena, "https://media.exemplo.com.br/m/%llu.%s",
	                       (unsigned long long)dice_below(d, UINT64_C(1) << 48),
	                       kinds[k].suffix);
}

static struct str
make_key(struct arena *a, struct dice *d, bool from_me)
{
	return str_fmt(a, "%s%016llX", from_me ? "3EB0" : "3A50", (unsigned long long)dice_next(d));
}

struct helpdesk_message *
helpdesk_add_message(struct helpdesk *w, struct helpdesk_ticket *t, struct dice *d, int64_t at)
{
	struct arena *a = w->arena;
	struct helpdesk_message *m = ARENA_ADD(a, t->messages, t->nmessages, t->messages_cap);

	m->id = w->next_message++;
	m->from_me = dice_permille(d, 480);
	m->body = m->from_me ? words_business(a, d) : words_customer(a, d);
	if (m->from_me) {
		m->by_ai = dice_permille(d, 120);
		m->by_system = dice_permille(d, 80);
	}
	if (!m->by_system && dice_permille(d, 850))
		m->key = make_key(a, d, m->from_me);
	if (dice_permille(d, 90)) {
		m->body = words_caption(a, d);
		m->media_type = STR("image");
		if (dice_permille(d, 750)) /* else it is filled in later, perhaps */
			helpdesk_give_media(w, m, d);
	}
	m->created_at = m->updated_at = at;
	t->ordered = false;
	return m;
}

/* The attendances of a ticket one after another; returns when the last one ended, or began. */
static int64_t
make_trackings(struct helpdesk *w, struct helpdesk_ticket *t, struct dice *d)
{
	size_t n = t->shows == SHOWS_ARRAY ? (size_t)dice_below(d, 5) : 0;
	int64_t at = t->created_at, most = w->options.at - TIME_MINUTE;

	for (size_t i = 0; i < n && at < most; i++) {
		bool last = i + 1 == n;
		struct helpdesk_tracking *k = helpdesk_add_tracking(w, t, at);
		int64_t end = at + dice_range(d, 5 * TIME_MINUTE, 9 * TIME_HOUR);
		uint64_t throw = dice_below(d, 100);
		if (end > most)
			end = most;
		if (last && throw < 20) { /* weak ones, a chain of them at times */
			for (size_t more = (size_t)dice_below(d, 3); more > 0; more--)
				helpdesk_add_tracking(w, t, at += dice_range(d, 1, 61000));
			t->status = STR("pending");
			return at;
		}
		k->user = (unsigned)dice_below(d, 4);
		if (throw >= 30) /* else it was never accepted */
			k->started_at = at + dice_range(d, 0, (end - at) / 2);
		if (last && throw >= 70) {
			t->status = STR("open");
			return at;
		}
		k->finished_at = throw == 99 ? at - TIME_MINUTE : end;
		at = end + dice_range(d, 0, 6 * TIME_DAY);
		t->status = STR("closed");
	}
	return at < most ? at : most;
}

static int
compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Most people write while they are attended to, half of them the first time; the others whenever.
 */
static int64_t
message_time(const struct helpdesk_ticket *t, struct dice *d, int64_t from, int64_t until)
{
	const struct helpdesk_tracking *k;
	size_t first = dice_permille(d, 500) ? 1 : t->ntrackings;

	if (t->ntrackings == 0 || dice_permille(d, 200))
		return dice_range(d, from, until);
	k = &t->trackings[dice_below(d, first)];
	if (k->finished_at != TIME_NONE && k->finished_at < until)
		until = k->finished_at;
	return dice_range(d, k->created_at < until ? k->created_at : until, until);
}

static void
make_messages(struct helpdesk *w, struct helpdesk_ticket *t, struct dice *d, int64_t until,
              size_t n)
{
	int64_t from = t->created_at - 3 * TIME_MINUTE;
	int64_t *at = ARENA_ARRAY(w->arena, n + 1, int64_t);

	if (until < from + (int64_t)n)
		until = from + (int64_t)n;
	for (size_t i = 0; i < n; i++) {
		at[i] = message_time(t, d, from, until);
		if (i > 0 && dice_permille(d, 30))
			at[i] = at[i - 1];
	}
	qsort(at, n, sizeof *at, compare_times);
	for (size_t i = 0; i < n; i++) {
		struct helpdesk_message *m = helpdesk_add_message(w, t, d, at[i]);
		if (dice_permille(d, 30)) {
			m->edits = 1;
			m->updated_at += dice_range(d, 1, TIME_HOUR);
		}
	}
}

/* The person's WhatsApp messages, as they came before the world began. */
static void
copy_whatsapp(struct helpdesk *w, struct helpdesk_ticket *t, struct dice *d, size_t person)
{
	const struct world *from = w->options.whatsapp;

	for (size_t i = 0; i < from->nmessages; i++) {
		const struct world_message *s = &from->messages[i];
		if (s->person != person || s->at >= w->options.at || !world_is_told(from, s))
			continue;
		struct helpdesk_message *m = helpdesk_add_message(w, t, d, s->at);
		m->from_me = s->outbound;
		m->by_ai = m->by_system = false;
		m->body = str_dup(w->arena, s->text);
		m->key = w->keys_are_wamids ? world_wamid(w->arena, from, s, !s->in_live)
		                            : str_dup(w->arena, s->key_id);
		m->media_type = m->media_url = STR_NONE;
		if (wire_kind_is_media(s->kind))
			helpdesk_give_media(w, m, d);
	}
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* updatedAt follows from what the ticket has; many were touched in one of three sweeps. */
static void
settle(struct helpdesk *w, struct helpdesk_ticket *t, struct dice *d)
{
	const struct helpdesk_options *o = &w->options;

	for (size_t i = 0; i < t->nmessages; i++)
		t->updated_at = later(t->updated_at, t->messages[i].updated_at);
	for (size_t i = 0; i < t->ntrackings; i++) {
		const struct helpdesk_tracking *k = &t->trackings[i];
		t->updated_at = later(later(t->updated_at, k->created_at),
		                      later(k->started_at, k->finished_at));
	}
	t->updated_at += dice_range(d, 0, TIME_MINUTE);
	if (t->updated_at > o->at)
		t->updated_at = o->at;
	if (dice_permille(d, 400)) {
		int64_t back = dice_permille(d, 700) ? 1 : dice_range(d, 2, 3);
		int64_t sweep = o->at - o->span_ms / 6 * back;
		t->updated_at = later(t->updated_at, sweep);
	}
}

static void
make_tickets(struct helpdesk *w)
{
	const struct helpdesk_options *o = &w->options;
	size_t sum = 0, *share = ARENA_ARRAY(w->arena, o->tickets + 1, size_t);

	for (size_t i = 0; i < o->tickets; i++) {
		struct dice d = dice_for(o->seed, KIND_TICKET, i);
		share[i] = (size_t)1 << dice_below(&d, 7);
		sum += share[i];
	}
	for (size_t i = 0; i < o->tickets; i++) {
		struct dice d = dice_for(o->seed, KIND_TICKET, i);
		(void)dice_below(&d, 7);
		int64_t at = o->at - dice_range(&d, TIME_HOUR, later(o->span_ms, TIME_HOUR));
		struct helpdesk_ticket *t = helpdesk_add_ticket(w, &d, at);
		int64_t until = make_trackings(w, t, &d);
		make_messages(w, t, &d, until, o->messages * share[i] / sum);
		size_t person = t->contact == SIZE_MAX ? SIZE_MAX : w->contacts[t->contact].person;
		if (o->whatsapp != NULL && i < w->ncontacts && person < o->whatsapp->npeople)
			copy_whatsapp(w, t, &d, person);
		settle(w, t, &d);
	}
	for (size_t i = 0; o->manners & MANNER_BIT(MANNER_POISON) && i < o->poison; i++)
		if (o->tickets > 0)
			w->tickets[(i * 7919 + o->seed) % o->tickets].poison =
				(enum helpdesk_poison)(i % 3 + 1);
}

/* What the options leave open about the lists. */
static void
choose_styles(struct helpdesk *w)
{
	struct dice d = dice_for(w->options.seed, KIND_STYLE, 0);

	for (int i = 0; i < HELPDESK_LISTS; i++) {
		struct helpdesk_style *s = &w->options.styles[i];
		int envelope = (int)dice_range(&d, 1, ENVELOPES - 1);
		int place = (int)dice_range(&d, 1, PLACES - 1), order = (int)dice_range(&d, 1, 3);
		int more = (int)dice_range(&d, MORE_UNSAID, MORE_SAID);
		unsigned current = (unsigned)dice_range(&d, 1, CURRENT_NAMES + 1);
		unsigned total = (unsigned)dice_range(&d, 1, TOTAL_NAMES + 1);
		bool as_text = dice_permille(&d, 500);
		if (s->envelope == ENVELOPE_ANY)
			s->envelope = (enum helpdesk_envelope)envelope;
		if (s->place == PLACE_ANY)
			s->place = (enum helpdesk_place)place;
		if (s->order == ORDER_ANY)
			s->order = (enum helpdesk_order)order;
		if (s->more == MORE_ANY)
			s->more = (enum helpdesk_more)more;
		if (s->current == 0)
			s->current = current;
		if (s->total == 0)
			s->total = total;
		if (!s->numbers_given)
			s->numbers_as_text = as_text;
	}
	/* ids of every size, the largest near 2^63 */
	int64_t base = dice_permille(&d, 400) ? INT64_C(7000000000000000000) : 1;
	w->next_tag = 1 + base / 1000000000;
	w->next_contact = 100 + base / 3;
	w->next_tracking = 5000 + base;
	w->next_message = 900000 + base + base / 4;
	w->id_text = (int)dice_below(&d, 3);
	w->keys_are_wamids = dice_permille(&d, 400);
	w->limit_cap = (size_t)dice_range(&d, 4, 7);
	for (int i = 0; i < HELPDESK_LISTS; i++)
		w->big[i] = (size_t)dice_range(&d, 8, 15);
}

struct helpdesk *
helpdesk_new(const struct helpdesk_options *o)
{
	struct arena *a = arena_new(ARENA_BYTES);
	struct helpdesk *w = ARENA_NEW(a, struct helpdesk);

	w->arena = a;
	w->options = *o;
	w->options.api_key = str_dup(a, o->api_key);
	if (w->options.people_seed == 0)
		w->options.people_seed = o->seed;
	w->now = w->lived_until = w->minute_begun = o->at;
	w->chance = dice_for(o->seed, KIND_CHANGE, 0);
	w->manner = dice_for(o->seed, KIND_MANNER, 0);
	w->by_uuid = ARENA_NEW(a, struct map);
	map_init(w->by_uuid, a, o->tickets);
	choose_styles(w);
	struct dice d = dice_for(o->seed, KIND_TAG, 0);
	while (w->ntags < o->tags)
		helpdesk_add_tag(w, &d);
	while (w->ncontacts < o->contacts) {
		d = dice_for(o->seed, KIND_CONTACT, w->ncontacts);
		struct helpdesk_contact *c = helpdesk_add_contact(w, &d);
		c->created_at = o->at - dice_range(&d, 0, o->span_ms);
		c->updated_at = dice_range(&d, c->created_at, o->at);
	}
	make_tickets(w);
	w->options.whatsapp = NULL;
	return w;
}

void
helpdesk_free(struct helpdesk *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->ntickets; i++) {
		for (size_t k = 0; k < w->tickets[i].nmessages; k++)
			helpdesk_forget_message(&w->tickets[i].messages[k]);
		helpdesk_forget_ticket(&w->tickets[i]);
	}
	for (size_t i = 0; i < w->ncontacts; i++)
		free((void *)(uintptr_t)w->contacts[i].json.p);
	arena_free(w->arena);
}

void
helpdesk_set_clock(struct helpdesk *w, int64_t now_ms)
{
	if (now_ms > w->now)
		w->now = now_ms;
}

void
helpdesk_quiet(struct helpdesk *w)
{
	w->options.manners &= MANNER_BIT(MANNER_POISON);
	w->options.live = 0;
	w->options.unauthorized_after = UINT64_MAX;
	w->page_ignored = 0;
	for (size_t i = 0; i < w->ntickets; i++) {
		struct helpdesk_ticket *t = &w->tickets[i];
		if (t->gone || t->shows == SHOWS_ARRAY)
			continue;
		t->shows = SHOWS_ARRAY;
		helpdesk_touch(w, t);
	}
}

void
helpdesk_heal(struct helpdesk *w)
{
	w->options.manners &= ~MANNER_BIT(MANNER_POISON);
	for (size_t i = 0; i < w->ntickets; i++)
		w->tickets[i].poison = POISON_NOT;
}
