/*
 * A page of a list, in the envelope that the world has for it. What always holds: the order of a
 * list is worked out once and kept until an element's place may change; the hints tell the truth
 * about the page that was asked for.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/helpdesk_answer.h"

#define PAGE_BYTES ((size_t)64 << 20)

const char *const helpdesk_current_names[CURRENT_NAMES] = { "currentPage", "current_page", "page" };
const char *const helpdesk_total_names[TOTAL_NAMES] = { "totalPages", "total_pages", "last_page",
	                                                "lastPage" };

struct place {
	int64_t key;
	uint64_t tie;
	size_t index;
};

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->tie < y->tie ? -1 : x->tie > y->tie;
}

static uint64_t
mix(uint64_t n)
{
	struct dice d = { n };

	return dice_next(&d);
}

/* Elements of one moment: by age, or as the salt wants it. */
static struct place
place_of(const struct helpdesk *w, enum helpdesk_order order, size_t index, int64_t at)
{
	struct place p = { .index = index, .tie = index };

	if (order == ORDER_NONE)
		p.key = (int64_t)(mix(w->options.seed + index) >> 1);
	else
		p.key = order == ORDER_NEWEST ? -at : at;
	if (w->options.manners & MANNER_BIT(MANNER_TIES))
		p.tie = mix(w->salt + index);
	return p;
}

static void
take(struct helpdesk *w, struct place *v, size_t n, size_t **order, size_t *norder, size_t *cap)
{
	qsort(v, n, sizeof *v, compare_places);
	if (n > *cap) {
		*cap = n * 2;
		*order = ARENA_ARRAY(w->arena, *cap, size_t);
	}
	for (size_t i = 0; i < n; i++)
		(*order)[i] = v[i].index;
	*norder = n;
}

static void
order_tickets(struct helpdesk *w)
{
	struct place *v = malloc((w->ntickets + 1) * sizeof *v);
	size_t n = 0, first = 0;

	if (v == NULL)
		abort();
	while (first < w->ntickets && w->tickets[first].gone)
		first++;
	for (size_t i = 0; i < w->ntickets; i++)
		if (!w->tickets[i].gone && !(w->options.drop_one && i == first))
			v[n++] = place_of(w, w->options.styles[HELPDESK_TICKETS].order, i,
			                  w->tickets[i].updated_at);
	take(w, v, n, &w->ticket_order, &w->nticket_order, &w->ticket_order_cap);
	w->tickets_ordered = !(w->options.manners & MANNER_BIT(MANNER_TIES));
	free(v);
}

static void
order_contacts(struct helpdesk *w)
{
	struct place *v = malloc((w->ncontacts + 1) * sizeof *v);
	size_t n = 0;

	if (v == NULL)
		abort();
	for (size_t i = 0; i < w->ncontacts; i++)
		if (!w->contacts[i].gone)
			v[n++] = place_of(w, w->options.styles[HELPDESK_CONTACTS].order, i,
			                  w->contacts[i].id);
	take(w, v, n, &w->contact_order, &w->ncontact_order, &w->contact_order_cap);
	w->contacts_ordered = true;
	free(v);
}

static void
order_messages(struct helpdesk *w, struct helpdesk_ticket *t)
{
	struct place *v = malloc((t->nmessages + 1) * sizeof *v);
	size_t n = 0;

	if (v == NULL)
		abort();
	for (size_t i = 0; i < t->nmessages; i++)
		if (!t->messages[i].gone)
			v[n++] = place_of(w, w->options.styles[HELPDESK_MESSAGES].order, i,
			                  t->messages[i].created_at);
	take(w, v, n, &t->order, &t->norder, &t->order_cap);
	t->ordered = !(w->options.manners & MANNER_BIT(MANNER_TIES));
	free(v);
}

/* The tickets that the filter lets through, in the arena. */
static const size_t *
filter(const struct helpdesk *w, struct arena *a, int64_t from, size_t *n)
{
	size_t *some = ARENA_ARRAY(a, w->nticket_order + 1, size_t);

	*n = 0;
	for (size_t i = 0; i < w->nticket_order; i++)
		if (w->tickets[w->ticket_order[i]].updated_at >= from)
			some[(*n)++] = w->ticket_order[i];
	return some;
}

/* The whole list, in order. */
static const size_t *
list_of(struct helpdesk *w, struct arena *a, const struct helpdesk_page *p, size_t *n)
{
	struct helpdesk_ticket *t;

	switch (p->list) {
	case HELPDESK_TICKETS:
		if (!w->tickets_ordered)
			order_tickets(w);
		*n = w->nticket_order;
		return p->from == TIME_NONE ? w->ticket_order : filter(w, a, p->from, n);
	case HELPDESK_CONTACTS:
		if (!w->contacts_ordered)
			order_contacts(w);
		*n = w->ncontact_order;
		return w->contact_order;
	default:
		t = &w->tickets[p->ticket];
		if (!t->ordered)
			order_messages(w, t);
		*n = t->norder;
		return t->order;
	}
}

static void
write_number(struct jw *jw, const struct helpdesk_style *s, const char *name, size_t n)
{
	char text[24];

	if (s->numbers_as_text) {
		jw_kstr(jw, name, str_n(text, (size_t)snprintf(text, sizeof text, "%zu", n)));
		return;
	}
	jw_ki64(jw, name, (int64_t)n);
}

static void
write_hints(struct jw *jw, const struct helpdesk_style *s, const struct helpdesk_page *p, size_t n)
{
	size_t pages = (n + p->limit - 1) / p->limit;

	if (s->place == PLACE_NOWHERE)
		return;
	if (s->place != PLACE_BODY) {
		jw_key(jw, s->place == PLACE_META ? "meta" : "pagination");
		jw_obj(jw);
	}
	if (s->more == MORE_SAID)
		jw_kbool(jw, "hasMore", p->page < pages);
	if (s->current > 1)
		write_number(jw, s, helpdesk_current_names[s->current - 2], p->page);
	if (s->total > 1)
		write_number(jw, s, helpdesk_total_names[s->total - 2], pages);
	if (s->place != PLACE_BODY)
		jw_obj_end(jw);
}

static void
write_elements(struct helpdesk *w, struct jw *jw, const struct helpdesk_page *p,
               const size_t *order, size_t n)
{
	size_t from = p->page - 1 < n / p->limit + 1 ? (p->page - 1) * p->limit : n;

	jw_arr(jw);
	for (size_t i = from; i < n && i < from + p->limit; i++) {
		switch (p->list) {
		case HELPDESK_TICKETS:
			jw_raw(jw, helpdesk_ticket_json(w, order[i]));
			break;
		case HELPDESK_CONTACTS:
			jw_raw(jw, helpdesk_contact_json(w, order[i]));
			break;
		default:
			jw_raw(jw, helpdesk_message_json(w, p->ticket, order[i]));
			break;
		}
	}
	jw_arr_end(jw);
}

static const char *
array_name(const struct helpdesk_style *s, enum helpdesk_list list)
{
	static const char *const own[] = { "tickets", "messages", "contacts" };

	switch (s->envelope) {
	case ENVELOPE_DATA:
		return "data";
	case ENVELOPE_ITEMS:
		return "items";
	case ENVELOPE_RESULTS:
		return "results";
	default:
		return own[list];
	}
}

struct str
helpdesk_page_body(struct helpdesk *w, struct arena *a, const struct helpdesk_page *p)
{
	const struct helpdesk_style *s = &w->options.styles[p->list];
	const size_t *order;
	struct buf b;
	struct jw jw;
	size_t n;

	order = list_of(w, a, p, &n);
	buf_init(&b, a, PAGE_BYTES);
	jw_init(&jw, &b);
	if (s->envelope == ENVELOPE_BARE) {
		write_elements(w, &jw, p, order, n);
		return buf_slice(&b);
	}
	jw_obj(&jw);
	jw_kbool(&jw, "success", true);
	jw_key(&jw, array_name(s, p->list));
	write_elements(w, &jw, p, order, n);
	jw_ki64(&jw, "count", (int64_t)n);
	write_hints(&jw, s, p, n);
	jw_obj_end(&jw);
	return buf_slice(&b);
}
