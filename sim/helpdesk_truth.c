/*
 * What stands and what stood, what was asked and what was answered. What always holds: of each
 * element exactly one of helpdesk_truth() and helpdesk_gone() tells.
 */
#include <stdio.h>

#include "sim/helpdesk_internal.h"

static void
visit_ticket(const struct helpdesk_visitor *v, const struct helpdesk_ticket *t, bool gone)
{
	if (t->gone == gone && v->ticket != NULL)
		v->ticket(v->ctx, t);
	for (size_t i = 0; v->tracking != NULL && i < t->ntrackings; i++)
		if ((t->gone || t->trackings[i].gone) == gone)
			v->tracking(v->ctx, t, &t->trackings[i]);
	for (size_t i = 0; v->message != NULL && i < t->nmessages; i++)
		if ((t->gone || t->messages[i].gone) == gone)
			v->message(v->ctx, t, &t->messages[i]);
}

static void
visit(const struct helpdesk *w, const struct helpdesk_visitor *v, bool gone)
{
	for (size_t i = 0; v->tag != NULL && i < w->ntags; i++)
		if (w->tags[i].gone == gone)
			v->tag(v->ctx, &w->tags[i]);
	for (size_t i = 0; v->contact != NULL && i < w->ncontacts; i++)
		if (w->contacts[i].gone == gone)
			v->contact(v->ctx, w, &w->contacts[i]);
	for (size_t i = 0; i < w->ntickets; i++)
		visit_ticket(v, &w->tickets[i], gone);
}

void
helpdesk_truth(const struct helpdesk *w, const struct helpdesk_visitor *v)
{
	visit(w, v, false);
}

void
helpdesk_gone(const struct helpdesk *w, const struct helpdesk_visitor *v)
{
	visit(w, v, true);
}

const char *const helpdesk_manner_names[HELPDESK_MANNERS] = {
	[MANNER_LIVE] = "live",     [MANNER_TIES] = "ties",       [MANNER_REPEAT] = "repeat",
	[MANNER_PAGE] = "page",     [MANNER_FILTER] = "filter",   [MANNER_LIMIT] = "limit",
	[MANNER_429] = "429",       [MANNER_5XX] = "5xx",         [MANNER_BIG] = "big",
	[MANNER_CUT] = "cut",       [MANNER_GARBAGE] = "garbage", [MANNER_CLOSE] = "close",
	[MANNER_SLOW] = "slow",     [MANNER_401] = "401",         [MANNER_DATE] = "date",
	[MANNER_POISON] = "poison", [MANNER_SILENT] = "silent",
};

bool
helpdesk_manners_parse(struct str text, unsigned *out)
{
	unsigned manners = 0;
	struct str part;

	if (str_eq(text, STR("none")) || str_eq(text, STR("all"))) {
		*out = text.p[0] == 'a' ? HELPDESK_ALL_MANNERS : 0;
		return true;
	}
	while (str_split(&text, ',', &part)) {
		int m = 0;
		while (m < HELPDESK_MANNERS && !str_eq(part, str_from(helpdesk_manner_names[m])))
			m++;
		if (m == HELPDESK_MANNERS)
			return false;
		manners |= MANNER_BIT(m);
	}
	*out = manners;
	return manners != 0;
}

void
helpdesk_stats_json(const struct helpdesk *w, struct buf *out)
{
	static const char *const lists[] = { "tickets", "messages", "contacts", "other" };
	struct jw jw;

	jw_init(&jw, out);
	jw_obj(&jw);
	jw_key(&jw, "requests");
	jw_obj(&jw);
	for (int i = 0; i <= HELPDESK_LISTS; i++)
		jw_ki64(&jw, lists[i], (int64_t)w->stats.requests[i]);
	jw_obj_end(&jw);
	jw_key(&jw, "statuses");
	jw_obj(&jw);
	for (int i = 0; i <= HELPDESK_LISTS; i++) {
		jw_key(&jw, lists[i]);
		jw_obj(&jw);
		for (int k = 0; k < HELPDESK_STATUSES; k++) {
			char name[16];
			(void)snprintf(name, sizeof name, "%d", k);
			if (w->stats.statuses[i][k] > 0)
				jw_ki64(&jw, name, (int64_t)w->stats.statuses[i][k]);
		}
		jw_obj_end(&jw);
	}
	jw_obj_end(&jw);
	jw_key(&jw, "manners");
	jw_obj(&jw);
	for (int i = 0; i < HELPDESK_MANNERS; i++)
		jw_ki64(&jw, helpdesk_manner_names[i], (int64_t)w->stats.manners[i]);
	jw_obj_end(&jw);
	jw_key(&jw, "changes");
	jw_obj(&jw);
	for (int i = 0; i < HELPDESK_CHANGES; i++)
		jw_ki64(&jw, helpdesk_change_name((enum helpdesk_change)i),
		        (int64_t)w->stats.changes[i]);
	jw_obj_end(&jw);
	jw_ki64(&jw, "limited", (int64_t)w->stats.limited);
	jw_ki64(&jw, "bytes", (int64_t)w->stats.bytes);
	jw_obj_end(&jw);
}
