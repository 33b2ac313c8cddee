/*
 * Answers a request, well or badly. What always holds: the door comes first (key, limit of
 * requests), then the bad manners that need no page, then the page and what may befall it; manners
 * throw dice of their own, so the same changes come to pass whatever the manners are.
 */
#include "sim/helpdesk_answer.h"

#include "base/map.h"

#define MOST_AT_ONCE 100000 /* changes before one request */

static bool
has(const struct helpdesk *w, enum helpdesk_manner m)
{
	return (w->options.manners & MANNER_BIT(m)) != 0;
}

/* Does it occur now? */
static bool
throw_manner(struct helpdesk *w, enum helpdesk_manner m)
{
	if (!has(w, m) || !dice_permille(&w->manner, w->options.permille))
		return false;
	w->stats.manners[m]++;
	return true;
}

static void
add_date(struct helpdesk *w, struct arena *a, struct web_reply *r)
{
	struct dice *d = &w->manner;
	int64_t off;

	if (!throw_manner(w, MANNER_DATE)) {
		web_add_header(r, "Date", web_date(a, w->now));
		return;
	}
	switch (dice_below(d, 4)) {
	case 0:
		return;
	case 1:
		web_add_header(r, "Date", STR("amanhã cedo"));
		return;
	case 2: /* it lay in a cache */
		off = dice_range(d, 1, 120);
		web_add_header(r, "Date", web_date(a, w->now - off * TIME_SECOND));
		web_add_header(r, "Age", str_fmt(a, "%lld", (long long)off));
		return;
	default:
		off = dice_range(d, TIME_MINUTE, 2 * TIME_DAY);
		off = dice_permille(d, 500) ? off : -off;
		web_add_header(r, "Date", web_date(a, w->now + off));
		return;
	}
}

static void
fail(struct arena *a, struct web_reply *r, int status, const char *text)
{
	r->status = status;
	r->body = str_fmt(a, "{\"error\":\"%s\"}", text);
	web_add_header(r, "Content-Type", STR("application/json; charset=utf-8"));
}

static size_t
count_of(struct str value, size_t otherwise)
{
	int64_t n;

	return str_to_i64(value, &n) && n >= 1 && n <= INT32_MAX ? (size_t)n : otherwise;
}

/* The list that is meant; false: none. */
static bool
read_path(const struct helpdesk *w, struct str path, struct helpdesk_page *p)
{
	const struct str before = STR("/ticket/"), after = STR("/messages");

	p->ticket = SIZE_MAX;
	p->list = HELPDESK_LISTS;
	if (str_eq(path, STR("/ticket"))) {
		p->list = HELPDESK_TICKETS;
	} else if (str_eq(path, STR("/contact"))) {
		p->list = HELPDESK_CONTACTS;
	} else if (str_starts(path, before) && str_ends(path, after) &&
	           path.n > before.n + after.n) {
		struct str uuid = str_sub(path, before.n, path.n - before.n - after.n);
		p->list = HELPDESK_MESSAGES;
		p->ticket = map_get(w->by_uuid, uuid);
		if (p->ticket != MAP_NONE && w->tickets[p->ticket].gone)
			p->ticket = SIZE_MAX;
	}
	return p->list != HELPDESK_LISTS;
}

static void
read_query(struct arena *a, struct str query, struct helpdesk_page *p)
{
	size_t most = p->list == HELPDESK_MESSAGES ? 20 : 100;
	struct str name, value;

	p->page = 1;
	p->limit = p->list == HELPDESK_MESSAGES ? 20 : 50;
	p->from = TIME_NONE;
	while (web_next_parameter(a, &query, &name, &value)) {
		int64_t at;
		if (str_eq(name, STR("page")))
			p->page = count_of(value, p->page);
		else if (str_eq(name, STR("limit")))
			p->limit = count_of(value, p->limit);
		else if (str_eq(name, STR("updatedAtFrom")) && time_parse(value, &at) == ERR_OK)
			p->from = at;
	}
	if (p->limit > most)
		p->limit = most;
}

/* What happened since the last request. */
static void
let_live(struct helpdesk *w, int64_t now_ms)
{
	double owed = (double)(now_ms - w->lived_until) * w->options.live / TIME_SECOND;
	int64_t since = w->lived_until;
	size_t n = owed < 1 ? 0 : owed > MOST_AT_ONCE ? MOST_AT_ONCE : (size_t)owed;

	for (size_t i = 1; i <= n; i++) {
		helpdesk_set_clock(w, since + (int64_t)((double)i / w->options.live * TIME_SECOND));
		helpdesk_live(w, 1);
	}
	if (n > 0)
		w->lived_until = n == MOST_AT_ONCE ? now_ms
		                                   : since + (int64_t)((double)n / w->options.live *
		                                                       TIME_SECOND);
	helpdesk_set_clock(w, now_ms);
	if (w->options.live <= 0)
		w->lived_until = w->now;
	if (has(w, MANNER_LIVE)) {
		w->stats.manners[MANNER_LIVE]++;
		helpdesk_live(w, (size_t)dice_range(&w->manner, 1, 3));
	}
}

/* Too many in this minute? Counts the request. */
static bool
limited(struct helpdesk *w)
{
	if (w->now - w->minute_begun >= TIME_MINUTE) {
		w->minute_begun = w->now;
		w->in_minute = 0;
	}
	w->in_minute++;
	return w->options.per_minute > 0 && w->in_minute > w->options.per_minute;
}

static void
refuse_for_now(struct helpdesk *w, struct arena *a, struct web_reply *r)
{
	int64_t seconds = dice_range(&w->manner, 1, 3);

	fail(a, r, 429, "Too many requests");
	switch (dice_below(&w->manner, 3)) {
	case 0:
		web_add_header(r, "Retry-After", str_fmt(a, "%lld", (long long)seconds));
		break;
	case 1:
		web_add_header(r, "Retry-After", web_date(a, w->now + seconds * TIME_SECOND));
		break;
	default:
		break;
	}
}

/* The door: true if it answered. */
static bool
stop_at_door(struct helpdesk *w, const struct web_request *q, struct arena *a, struct web_reply *r)
{
	const struct helpdesk_options *o = &w->options;

	if ((str_is_set(o->api_key) && !str_eq(o->api_key, q->api_key)) ||
	    w->nrequests > o->unauthorized_after || throw_manner(w, MANNER_401)) {
		fail(a, r, 401, "Invalid token");
		return true;
	}
	if (limited(w)) {
		int64_t left = w->minute_begun + TIME_MINUTE - w->now;
		w->stats.limited++;
		fail(a, r, 429, "Too many requests");
		web_add_header(
			r, "Retry-After",
			str_fmt(a, "%lld", (long long)((left + TIME_SECOND - 1) / TIME_SECOND)));
		return true;
	}
	if (throw_manner(w, MANNER_429)) {
		refuse_for_now(w, a, r);
		return true;
	}
	return false;
}

static struct str
garbage(struct helpdesk *w, struct str good)
{
	switch (dice_below(&w->manner, 5)) {
	case 0:
		return STR("<html><head><title>Em manutenção</title></head><body>Voltamos já"
		           "</body></html>");
	case 1:
		return STR("");
	case 2:
		return STR("{\"error\":\"ERR_SESSION_EXPIRED\"}");
	case 3:
		return STR("\"ok\"");
	default: /* the end is missing: never a list, since it is never closed */
		return str_sub(good, 0, good.n / 2);
	}
}

/* A poisoned ticket's messages. */
static void
answer_poison(struct helpdesk *w, struct arena *a, enum helpdesk_poison poison, struct web_reply *r)
{
	w->stats.manners[MANNER_POISON]++;
	if (poison == POISON_GARBAGE) {
		r->status = 200;
		r->body = STR("<!DOCTYPE html><html><body>Erro inesperado</body></html>");
		web_add_header(r, "Content-Type", STR("text/html; charset=utf-8"));
	} else {
		fail(a, r, poison == POISON_404 ? 404 : 500, "ERR_INTERNAL");
	}
}

static void
bend_page(struct helpdesk *w, struct helpdesk_page *p)
{
	if (has(w, MANNER_FILTER) && p->from != TIME_NONE) {
		w->stats.manners[MANNER_FILTER]++;
		p->from = TIME_NONE;
	}
	if (has(w, MANNER_LIMIT) && p->limit > w->limit_cap) {
		w->stats.manners[MANNER_LIMIT]++;
		p->limit = w->limit_cap;
	}
	if (w->page_ignored == 0 && has(w, MANNER_PAGE) &&
	    dice_permille(&w->manner, w->options.permille / 3))
		w->page_ignored = (unsigned)dice_range(&w->manner, 5, 30);
	if (w->page_ignored > 0) {
		w->page_ignored--;
		w->stats.manners[MANNER_PAGE] += p->page > 1;
		p->page = 1;
	} else if (p->page > 1 && throw_manner(w, MANNER_REPEAT)) {
		p->page--;
	}
}

/* A list was asked for by somebody who may. */
static void
answer_list(struct helpdesk *w, struct helpdesk_page *p, struct arena *a, struct web_reply *r)
{
	static const int bad[] = { 500, 502, 503, 504 };

	if (throw_manner(w, MANNER_5XX)) {
		fail(a, r, bad[dice_below(&w->manner, 4)], "Internal server error");
		return;
	}
	if (p->list == HELPDESK_MESSAGES && p->ticket == SIZE_MAX) {
		fail(a, r, 404, "ERR_NO_TICKET_FOUND");
		return;
	}
	if (p->list == HELPDESK_MESSAGES && w->tickets[p->ticket].poison != POISON_NOT) {
		answer_poison(w, a, w->tickets[p->ticket].poison, r);
		return;
	}
	if (has(w, MANNER_BIG) && p->limit > w->big[p->list]) {
		w->stats.manners[MANNER_BIG]++;
		fail(a, r, 500, "out of memory");
		return;
	}
	bend_page(w, p);
	if (has(w, MANNER_TIES)) {
		w->salt = dice_next(&w->manner);
		w->stats.manners[MANNER_TIES]++;
		w->tickets_ordered = false;
		if (p->list == HELPDESK_MESSAGES)
			w->tickets[p->ticket].ordered = false;
	}
	r->status = 200;
	r->body = helpdesk_page_body(w, a, p);
	if (throw_manner(w, MANNER_GARBAGE))
		r->body = garbage(w, r->body);
	web_add_header(r, "Content-Type", STR("application/json; charset=utf-8"));
}

static void
answer(struct helpdesk *w, const struct web_request *q, struct helpdesk_page *p, struct arena *a,
       struct web_reply *r)
{
	if (str_is_set(q->method) && !str_eq(q->method, STR("GET")))
		fail(a, r, 405, "Method not allowed");
	else if (p->list == HELPDESK_LISTS)
		fail(a, r, 404, "Not found");
	else if (!stop_at_door(w, q, a, r))
		answer_list(w, p, a, r);
}

enum web_fate
helpdesk_answer(struct helpdesk *w, const struct web_request *q, int64_t now_ms, struct arena *a,
                struct web_reply *out)
{
	struct web_reply r = { .fate = WEB_ANSWERED };
	struct helpdesk_page p;

	let_live(w, now_ms);
	w->nrequests++;
	if (read_path(w, q->path, &p))
		read_query(a, q->query, &p);
	w->stats.requests[p.list]++;
	if (throw_manner(w, MANNER_CLOSE)) {
		w->stats.statuses[p.list][0]++;
		r.fate = WEB_CLOSED;
		*out = r;
		return r.fate;
	}
	add_date(w, a, &r);
	answer(w, q, &p, a, &r);
	if (throw_manner(w, MANNER_SLOW))
		*(dice_permille(&w->manner, 500) ? &r.delay_ms : &r.body_delay_ms) =
			dice_range(&w->manner, 1, w->options.slow_ms);
	if (r.body.n > 1 && throw_manner(w, MANNER_CUT)) {
		r.cut_at = (size_t)dice_below(&w->manner, r.body.n);
		r.fate = WEB_TRUNCATED;
	}
	w->stats.statuses[p.list][r.status]++;
	w->stats.bytes += r.body.n;
	*out = r;
	return r.fate;
}
