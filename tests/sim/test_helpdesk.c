/*
 * The simulated helpdesk before it is used to judge an import: the same seed is the same world,
 * every change and every bad manner occurs, and a naive reader of a quiet world gets exactly what
 * stands. What always holds: nothing here needs a socket or a clock.
 */

#include "base/map.h"
#include "core/wamid.h"
#include "sim/helpdesk_answer.h"
#include "sim/people.h"
#include "testing.h"

#define START INT64_C(1768906800000)
#define KEY   STR("chave")

static struct helpdesk_options
small(uint64_t seed)
{
	struct helpdesk_options o;

	helpdesk_options_init(&o);
	o.seed = seed;
	o.tickets = 130;
	o.contacts = 90;
	o.messages = 900;
	return o;
}

static enum web_fate
ask(struct helpdesk *w, struct str path, struct str query, int64_t at, struct web_reply *r)
{
	struct web_request q = {
		.method = STR("GET"), .path = path, .query = query, .api_key = KEY
	};

	return helpdesk_answer(w, &q, at, test_arena(), r);
}

static struct str
header(const struct web_reply *r, const char *name)
{
	for (size_t i = 0; i < r->nheaders; i++)
		if (strcmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return STR_NONE;
}

/* The array of a page, wherever it is; NULL: there is none. */
static const cJSON *
array_of(struct str body)
{
	static const char *const names[] = { "data",     "tickets", "messages",
		                             "contacts", "items",   "results" };
	const cJSON *json;

	if (json_parse(test_arena(), body, &json) != ERR_OK)
		return NULL;
	if (json_is_array(json))
		return json;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (json_is_array(json_get(json, names[i])))
			return json_get(json, names[i]);
	return NULL;
}

/* What was read: a line for each thing, in the words of the truth. */
struct reading {
	struct map seen;
	size_t nlines, lines_cap;
	struct str *lines;
	size_t failed; /* tickets whose messages did not come */
};

static void
note(struct reading *r, const char *kind, struct str ticket, const cJSON *element)
{
	struct str canon = json_canonical(test_arena(), element);
	struct str line = str_fmt(test_arena(), "%s " STR_FMT " " STR_FMT, kind, STR_ARG(ticket),
	                          STR_ARG(canon));
	bool added;

	map_put(&r->seen, line, r->nlines, &added);
	if (!added)
		return;
	if (r->nlines == r->lines_cap) {
		struct str *old = r->lines;
		r->lines_cap = r->lines_cap * 2 + 64;
		r->lines = ARENA_ARRAY(test_arena(), r->lines_cap, struct str);
		if (r->nlines > 0)
			memcpy(r->lines, old, r->nlines * sizeof *old);
	}
	r->lines[r->nlines++] = line;
}

static void
note_element(struct reading *r, const char *kind, struct str ticket, const cJSON *e)
{
	const cJSON *inner = json_get(e, strcmp(kind, "ticket") == 0 ? "ticketTrakings" : "tags");

	note(r, kind, ticket, e);
	for (const cJSON *v = json_first(inner); v != NULL; v = v->next) {
		bool ticket_kind = strcmp(kind, "ticket") == 0;
		note(r, ticket_kind ? "tracking" : "tag", ticket_kind ? ticket : STR_NONE, v);
	}
}

/* Page after page until an empty one; false: it could not be read to the end. */
static bool
walk(struct helpdesk *w, struct reading *r, const char *kind, struct str path, struct str uuid,
     int limit)
{
	for (int page = 1;; page++) {
		struct web_reply reply;
		struct str query = str_fmt(test_arena(), "page=%d&limit=%d", page, limit);
		if (ask(w, path, query, w->now, &reply) != WEB_ANSWERED || reply.status != 200)
			return false;
		const cJSON *array = array_of(reply.body);
		if (array == NULL)
			return false;
		if (json_count(array) == 0)
			return true;
		for (const cJSON *v = json_first(array); v != NULL; v = v->next)
			note_element(r, kind,
			             strcmp(kind, "ticket") == 0 ? json_str(json_get(v, "uuid"))
			                                         : uuid,
			             v);
	}
}

static struct reading
read_all(struct helpdesk *w)
{
	struct reading r = { 0 };

	map_init(&r.seen, test_arena(), 4096);
	ck_assert(walk(w, &r, "ticket", STR("/ticket"), STR_NONE, 17));
	size_t n = r.nlines;
	for (size_t i = 0; i < n; i++) {
		struct str rest = r.lines[i], kind, uuid;
		str_split(&rest, ' ', &kind);
		str_split(&rest, ' ', &uuid);
		if (str_eq(kind, STR("ticket")))
			r.failed += !walk(w, &r, "message",
			                  str_fmt(test_arena(), "/ticket/" STR_FMT "/messages",
			                          STR_ARG(uuid)),
			                  uuid, 9);
	}
	ck_assert(walk(w, &r, "contact", STR("/contact"), STR_NONE, 23));
	return r;
}

struct difference {
	size_t missing, strange; /* in the truth only, in the reading only */
};

/* Tags that nobody has cannot be read, so they are not missed. */
static struct difference
compare(struct helpdesk *w, const struct reading *r)
{
	struct difference d = { 0 };
	struct str rest, line;
	struct map truth;
	struct buf b;

	buf_init(&b, test_arena(), 32u << 20);
	helpdesk_truth_lines(w, &b);
	map_init(&truth, test_arena(), 4096);
	rest = buf_slice(&b);
	while (str_split(&rest, '\n', &line)) {
		if (str_is_empty(line))
			continue;
		const cJSON *json = test_json(line);
		struct str kind = json_str(json_get(json, "kind"));
		struct str canon = json_canonical(test_arena(), json_get(json, "element"));
		struct str said =
			str_fmt(test_arena(), STR_FMT " " STR_FMT " " STR_FMT, STR_ARG(kind),
		                STR_ARG(json_str(json_get(json, "ticket"))), STR_ARG(canon));
		map_set(&truth, said, 1);
		d.missing += map_get(&r->seen, said) == MAP_NONE && !str_eq(kind, STR("tag"));
	}
	ck_assert_uint_gt(truth.n, 0);
	for (size_t i = 0; i < r->nlines; i++)
		d.strange += map_get(&truth, r->lines[i]) == MAP_NONE;
	return d;
}

static void
assert_reads_as_the_truth(struct helpdesk *w)
{
	struct reading r = read_all(w);
	struct difference d = compare(w, &r);

	ck_assert_uint_eq(r.failed, 0);
	ck_assert_msg(d.missing == 0 && d.strange == 0, "seed %llu: %zu missing, %zu strange",
	              (unsigned long long)w->options.seed, d.missing, d.strange);
}

/* A digest of everything that a fixed row of requests is answered with. */
static uint64_t
replies_of(uint64_t seed)
{
	struct helpdesk_options o = small(seed);
	uint64_t sum = 0;

	o.manners = HELPDESK_ALL_MANNERS;
	o.live = 2;
	struct helpdesk *w = helpdesk_new(&o);
	for (int i = 0; i < 400; i++) {
		struct web_reply r;
		struct str path = i % 3 == 0 ? STR("/ticket")
		                  : i % 3 == 1
		                          ? STR("/contact")
		                          : str_fmt(test_arena(), "/ticket/" STR_FMT "/messages",
		                                    STR_ARG(w->tickets[i / 3].uuid));
		enum web_fate fate = ask(w, path, str_fmt(test_arena(), "page=%d", i % 7 + 1),
		                         START + i * 700, &r);
		sum = sum * 31 + str_hash(r.body) + (uint64_t)fate + (uint64_t)r.status * 7 +
		      r.cut_at + (uint64_t)(r.delay_ms + 3 * r.body_delay_ms);
		for (size_t k = 0; k < r.nheaders; k++)
			sum = sum * 31 + str_hash(r.headers[k].value);
	}
	helpdesk_free(w);
	return sum;
}

START_TEST(the_same_seed_and_requests_give_the_same_replies)
{
	ck_assert(replies_of(5) == replies_of(5));
	ck_assert(replies_of(5) != replies_of(6));
}
END_TEST

START_TEST(a_quiet_world_reads_as_its_truth_whatever_its_style)
{
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct helpdesk_options o = small(seed);
		struct helpdesk *w = helpdesk_new(&o);
		helpdesk_live(w, 60);
		helpdesk_quiet(w);
		assert_reads_as_the_truth(w);
		helpdesk_free(w);
		arena_reset(test_arena());
	}
}
END_TEST

START_TEST(a_list_that_drops_one_ticket_is_caught)
{
	struct helpdesk_options o = small(3);

	o.drop_one = true;
	struct helpdesk *w = helpdesk_new(&o);
	helpdesk_quiet(w);
	struct reading r = read_all(w);
	struct difference d = compare(w, &r);
	ck_assert_uint_ge(d.missing, 1);
	ck_assert_uint_eq(d.strange, 0);
	helpdesk_free(w);
}
END_TEST

START_TEST(a_change_that_was_not_read_is_caught)
{
	static const enum helpdesk_change kinds[] = { CHANGE_EDIT_EARLY, CHANGE_MESSAGE_GONE,
		                                      CHANGE_REOPENED, CHANGE_CONTACT_EDITED,
		                                      CHANGE_TICKET_GONE };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct helpdesk_options o = small(4);
		struct helpdesk *w = helpdesk_new(&o);
		helpdesk_quiet(w);
		struct reading r = read_all(w);
		helpdesk_set_clock(w, START + 1);
		ck_assert(helpdesk_do(w, kinds[i]));
		struct difference d = compare(w, &r);
		ck_assert_msg(d.missing + d.strange > 0, "%s", helpdesk_change_name(kinds[i]));
		helpdesk_free(w);
	}
}
END_TEST

START_TEST(every_change_takes_place_and_the_end_reads_as_the_truth)
{
	struct helpdesk_options o = small(7);
	struct helpdesk *w = helpdesk_new(&o);

	for (int i = 1; i <= 3000; i++) {
		helpdesk_set_clock(w, START + i * 900);
		helpdesk_live(w, 1);
	}
	for (int i = 0; i < HELPDESK_CHANGES; i++)
		ck_assert_msg(w->stats.changes[i] > 0, "no %s",
		              helpdesk_change_name((enum helpdesk_change)i));
	helpdesk_quiet(w);
	assert_reads_as_the_truth(w);
	helpdesk_free(w);
}
END_TEST

/* What the replies of an ill-mannered world look like. */
struct sights {
	size_t retry_after, no_retry_after, date_retry, closed, cut, slow, slow_body, not_a_list,
		no_date, age;
	size_t statuses[HELPDESK_STATUSES];
};

static void
see(struct sights *s, enum web_fate fate, const struct web_reply *r)
{
	struct str retry = header(r, "Retry-After");

	s->statuses[r->status]++;
	s->closed += fate == WEB_CLOSED;
	if (fate == WEB_TRUNCATED)
		ck_assert_uint_lt(r->cut_at, r->body.n);
	s->cut += fate == WEB_TRUNCATED;
	s->slow += r->delay_ms > 0;
	s->slow_body += r->body_delay_ms > 0;
	if (r->status == 429) {
		s->no_retry_after += !str_is_set(retry);
		s->retry_after += retry.n == 1;
		s->date_retry += str_ends(retry, STR("GMT"));
	}
	if (fate == WEB_ANSWERED) {
		s->not_a_list += r->status == 200 && array_of(r->body) == NULL;
		s->no_date += !str_is_set(header(r, "Date"));
		s->age += str_is_set(header(r, "Age"));
	}
}

START_TEST(every_bad_manner_is_seen)
{
	struct helpdesk_options o = small(8);
	struct sights s = { 0 };

	o.manners = HELPDESK_ALL_MANNERS;
	struct helpdesk *w = helpdesk_new(&o);
	for (int i = 0; i < 3000; i++) {
		struct web_reply r;
		struct str path = STR("/ticket");
		if (i % 2 == 1)
			path = str_fmt(test_arena(), "/ticket/" STR_FMT "/messages",
			               STR_ARG(w->tickets[(size_t)i / 2 % 130].uuid));
		struct str query = str_fmt(
			test_arena(), "page=%d&limit=%d&updatedAtFrom=2026-01-01T00%%3A00%%3A00Z",
			i % 4 + 1, i % 5 ? 8 : 16 + i % 20);
		enum web_fate fate = ask(w, path, query, START + i * 1000, &r);
		see(&s, fate, &r);
		if (i % 100 == 0)
			arena_reset(test_arena());
	}
	for (int i = 0; i < HELPDESK_MANNERS; i++)
		ck_assert_msg(w->stats.manners[i] > 0, "no %s", helpdesk_manner_names[i]);
	ck_assert_uint_gt(s.retry_after, 0);
	ck_assert_uint_gt(s.no_retry_after, 0);
	ck_assert_uint_gt(s.date_retry, 0);
	ck_assert_uint_gt(s.closed, 0);
	ck_assert_uint_gt(s.cut, 0);
	ck_assert_uint_gt(s.slow, 0);
	ck_assert_uint_gt(s.slow_body, 0);
	ck_assert_uint_gt(s.not_a_list, 0);
	ck_assert_uint_gt(s.no_date, 0);
	ck_assert_uint_gt(s.age, 0);
	static const int seen[] = { 200, 401, 404, 429, 500, 502, 503, 504 };
	for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++)
		ck_assert_msg(s.statuses[seen[i]] > 0, "no %d", seen[i]);
	helpdesk_quiet(w);
	helpdesk_heal(w);
	assert_reads_as_the_truth(w);
	helpdesk_free(w);
}
END_TEST

START_TEST(a_manner_alone_does_what_its_name_says)
{
	struct helpdesk_options o = small(9);
	struct web_reply first, r = { 0 };

	for (int l = 0; l < HELPDESK_LISTS; l++)
		o.styles[l] = (struct helpdesk_style){ .envelope = ENVELOPE_BARE };
	o.permille = 1000;
	struct {
		enum helpdesk_manner manner;
		const char *query;
		size_t elements;
		int status;
		enum web_fate fate;
	} rows[] = {
		{ MANNER_LIMIT, "limit=50", 0, 200, WEB_ANSWERED },
		{ MANNER_BIG, "limit=8", 8, 200, WEB_ANSWERED },
		{ MANNER_BIG, "limit=50", 0, 500, WEB_ANSWERED },
		{ MANNER_401, "", 0, 401, WEB_ANSWERED },
		{ MANNER_429, "", 0, 429, WEB_ANSWERED },
		{ MANNER_CLOSE, "", 0, 0, WEB_CLOSED },
		{ MANNER_CUT, "limit=50", 50, 200, WEB_TRUNCATED },
		{ MANNER_REPEAT, "page=2&limit=50", 50, 200, WEB_ANSWERED },
		{ MANNER_PAGE, "page=40", 50, 200, WEB_ANSWERED },
	};
	struct helpdesk *good = helpdesk_new(&o);
	ask(good, STR("/ticket"), STR("page=1&limit=50"), START, &first);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		o.manners = MANNER_BIT(rows[i].manner);
		struct helpdesk *w = helpdesk_new(&o);
		enum web_fate fate = WEB_ANSWERED;
		for (int k = 0; k < 10 && w->stats.manners[rows[i].manner] == 0; k++)
			fate = ask(w, STR("/ticket"), str_from(rows[i].query), START, &r);
		ck_assert_int_eq(fate, rows[i].fate);
		ck_assert_int_eq(r.status, rows[i].status);
		size_t wanted = rows[i].manner == MANNER_LIMIT ? w->limit_cap : rows[i].elements;
		if (r.status == 200)
			ck_assert_uint_eq(json_count(array_of(r.body)), wanted);
		if (rows[i].manner == MANNER_REPEAT || rows[i].manner == MANNER_PAGE)
			ck_assert_slice(r.body, first.body);
		helpdesk_free(w);
	}
	helpdesk_free(good);
}
END_TEST

START_TEST(a_world_that_lives_moves_elements_between_pages)
{
	struct helpdesk_options o = small(10);
	struct map before;
	size_t twice = 0;

	o.manners = MANNER_BIT(MANNER_LIVE);
	o.styles[HELPDESK_TICKETS].order = ORDER_NEWEST;
	struct helpdesk *w = helpdesk_new(&o);
	map_init(&before, test_arena(), 256);
	for (int page = 1; page <= 20; page++) {
		struct web_reply r;
		ask(w, STR("/ticket"), str_fmt(test_arena(), "page=%d&limit=10", page),
		    START + page * 1000, &r);
		for (const cJSON *v = json_first(array_of(r.body)); v != NULL; v = v->next) {
			bool added;
			map_put(&before, json_str(json_get(v, "uuid")), 1, &added);
			twice += !added;
		}
	}
	ck_assert_uint_gt(twice, 0);
	helpdesk_free(w);
}
END_TEST

START_TEST(poison_stays_until_it_is_healed)
{
	struct helpdesk_options o = small(11);
	struct web_reply r;
	size_t poisoned = 0;

	o.manners = MANNER_BIT(MANNER_POISON);
	o.poison = 4;
	struct helpdesk *w = helpdesk_new(&o);
	helpdesk_live(w, 2000);
	helpdesk_quiet(w);
	for (size_t i = 0; i < w->ntickets; i++) {
		if (w->tickets[i].poison == POISON_NOT)
			continue;
		poisoned++;
		ck_assert(!w->tickets[i].gone);
		for (int k = 0; k < 3; k++) {
			ask(w,
			    str_fmt(test_arena(), "/ticket/" STR_FMT "/messages",
			            STR_ARG(w->tickets[i].uuid)),
			    STR("limit=1"), START, &r);
			ck_assert(r.status != 200 || array_of(r.body) == NULL);
		}
	}
	ck_assert_uint_eq(poisoned, 4);
	struct reading reading = read_all(w);
	ck_assert_uint_eq(reading.failed, 4);
	struct difference d = compare(w, &reading);
	ck_assert_uint_eq(d.strange, 0);
	helpdesk_heal(w);
	assert_reads_as_the_truth(w);
	helpdesk_free(w);
}
END_TEST

START_TEST(requests_beyond_the_minute_are_told_how_long_to_wait)
{
	struct helpdesk_options o = small(1);
	struct web_reply r;

	o.per_minute = 60;
	struct helpdesk *w = helpdesk_new(&o);
	for (int i = 0; i < 60; i++) {
		ask(w, STR("/contact"), STR(""), START + i * 100, &r);
		ck_assert_int_eq(r.status, 200);
	}
	ask(w, STR("/contact"), STR(""), START + 6500, &r);
	ck_assert_int_eq(r.status, 429);
	ck_assert_str(header(&r, "Retry-After"), "54");
	ask(w, STR("/contact"), STR(""), START + 59999, &r);
	ck_assert_int_eq(r.status, 429);
	ask(w, STR("/contact"), STR(""), START + 60500, &r);
	ck_assert_int_eq(r.status, 200);
	ck_assert_uint_eq(w->stats.limited, 2);
	ck_assert_uint_eq(w->stats.statuses[HELPDESK_CONTACTS][200], 61);
	ck_assert_uint_eq(w->stats.requests[HELPDESK_CONTACTS], 63);
	helpdesk_free(w);
}
END_TEST

START_TEST(the_door_knows_keys_methods_and_paths)
{
	struct helpdesk_options o = small(1);
	struct web_reply r;

	o.api_key = KEY;
	o.unauthorized_after = 6;
	struct helpdesk *w = helpdesk_new(&o);
	struct web_request q = { .method = STR("GET"),
		                 .path = STR("/ticket"),
		                 .query = STR(""),
		                 .api_key = STR("outra") };
	helpdesk_answer(w, &q, START, test_arena(), &r);
	ck_assert_int_eq(r.status, 401);
	q.api_key = KEY;
	helpdesk_answer(w, &q, START, test_arena(), &r);
	ck_assert_int_eq(r.status, 200);
	ck_assert_str(header(&r, "Date"), "Tue, 20 Jan 2026 11:00:00 GMT");
	q.method = STR("POST");
	helpdesk_answer(w, &q, START, test_arena(), &r);
	ck_assert_int_eq(r.status, 405);
	ask(w, STR("/tickets"), STR(""), START, &r);
	ck_assert_int_eq(r.status, 404);
	ask(w, STR("/ticket/nenhum/messages"), STR(""), START, &r);
	ck_assert_int_eq(r.status, 404);
	ask(w, STR("/ticket"), STR("page=0&limit=-3"), START, &r);
	ck_assert_int_eq(r.status, 200);
	ask(w, STR("/ticket"), STR(""), START, &r);
	ck_assert_int_eq(r.status, 401);
	helpdesk_free(w);
}
END_TEST

START_TEST(hints_name_the_page_that_was_asked_for)
{
	for (unsigned k = 2; k <= TOTAL_NAMES + 1; k++) {
		struct helpdesk_options o = small(12);
		struct web_reply r;
		int64_t page = 0, pages = 0;
		bool more = false;
		o.styles[HELPDESK_TICKETS] = (struct helpdesk_style){
			.envelope = ENVELOPE_ITEMS,
			.place = k == 2   ? PLACE_META
			         : k == 3 ? PLACE_PAGINATION
			                  : PLACE_BODY,
			.more = MORE_SAID,
			.current = 2 + k % CURRENT_NAMES,
			.total = k,
			.numbers_given = true,
			.numbers_as_text = k % 2 == 0,
		};
		struct helpdesk *w = helpdesk_new(&o);
		for (int asked = 12; asked <= 13; asked++) {
			ask(w, STR("/ticket"), str_fmt(test_arena(), "page=%d&limit=10", asked),
			    START, &r);
			const cJSON *hints = test_json(r.body);
			if (k <= 3)
				hints = json_get(hints, k == 2 ? "meta" : "pagination");
			const cJSON *total = json_get(hints, helpdesk_total_names[k - 2]);
			ck_assert(json_i64(total, &pages) && pages == 13);
			ck_assert(json_is_number(total) == (k % 2 != 0));
			ck_assert(
				json_i64(json_get(hints, helpdesk_current_names[k % CURRENT_NAMES]),
			                 &page) &&
				page == asked);
			ck_assert(json_bool(json_get(hints, "hasMore"), &more) &&
			          more == (asked < 13));
		}
		helpdesk_free(w);
	}
}
END_TEST

/* Is the list of updatedAt so ordered? */
static bool
goes(struct helpdesk *w, int sign)
{
	struct web_reply r;
	int64_t before = TIME_NONE, at;

	ask(w, STR("/ticket"), STR("limit=100"), w->now, &r);
	for (const cJSON *v = json_first(array_of(r.body)); v != NULL; v = v->next) {
		ck_assert_ok(time_parse(json_str(json_get(v, "updatedAt")), &at));
		if (before != TIME_NONE && (sign > 0 ? at < before : at > before))
			return false;
		before = at;
	}
	return true;
}

START_TEST(lists_have_the_order_that_was_asked_for)
{
	for (int order = ORDER_NEWEST; order < ORDERS; order++) {
		struct helpdesk_options o = small(13);
		o.styles[HELPDESK_TICKETS].order = (enum helpdesk_order)order;
		struct helpdesk *w = helpdesk_new(&o);
		for (int i = 0; i < 5; i++) {
			ck_assert_int_eq(goes(w, -1), order == ORDER_NEWEST);
			ck_assert_int_eq(goes(w, 1), order == ORDER_OLDEST);
			helpdesk_set_clock(w, w->now + 1000);
			helpdesk_live(w, 10);
		}
		helpdesk_free(w);
	}
}
END_TEST

START_TEST(every_shape_of_the_source_occurs)
{
	size_t same_moment = 0, groups = 0, large_ids = 0, text_ids = 0, local_numbers = 0;
	size_t no_contact = 0, empty = 0, long_ones = 0, no_array = 0;

	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct helpdesk_options o = small(seed);
		struct helpdesk *w = helpdesk_new(&o);
		struct map moments;
		map_init(&moments, test_arena(), 256);
		for (size_t i = 0; i < w->ntickets; i++) {
			const struct helpdesk_ticket *t = &w->tickets[i];
			bool added;
			map_put(&moments, time_text(test_arena(), t->updated_at), 1, &added);
			same_moment += !added;
			groups += t->is_group;
			no_contact += t->contact == SIZE_MAX;
			empty += t->nmessages == 0;
			long_ones += t->nmessages > 20;
			no_array += t->shows != SHOWS_ARRAY;
		}
		for (size_t i = 0; i < w->ncontacts; i++)
			local_numbers += str_is_set(w->contacts[i].number) &&
			                 w->contacts[i].number.n <= 11;
		large_ids += w->next_message > (INT64_C(1) << 62);
		text_ids += w->id_text > 0;
		helpdesk_free(w);
	}
	ck_assert_uint_gt(same_moment, 300);
	ck_assert_uint_gt(groups, 0);
	ck_assert_uint_gt(large_ids, 0);
	ck_assert_uint_gt(text_ids, 0);
	ck_assert_uint_gt(local_numbers, 0);
	ck_assert_uint_gt(no_contact, 0);
	ck_assert_uint_gt(empty, 0);
	ck_assert_uint_gt(long_ones, 0);
	ck_assert_uint_gt(no_array, 0);
}
END_TEST

START_TEST(the_seed_chooses_every_style)
{
	size_t envelopes[ENVELOPES] = { 0 }, places[PLACES] = { 0 }, orders[ORDERS] = { 0 };
	size_t more[MORE_SAID + 1] = { 0 }, current[CURRENT_NAMES + 2] = { 0 };
	size_t total[TOTAL_NAMES + 2] = { 0 }, ids[3] = { 0 }, large = 0;

	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct helpdesk_options o = { .seed = seed, .at = START };
		struct helpdesk *w = helpdesk_new(&o);
		const struct helpdesk_style *s = &w->options.styles[seed % HELPDESK_LISTS];
		envelopes[s->envelope]++;
		places[s->place]++;
		orders[s->order]++;
		more[s->more]++;
		current[s->current]++;
		total[s->total]++;
		ids[w->id_text]++;
		large += w->next_message > (INT64_C(1) << 62);
		helpdesk_free(w);
	}
	for (int i = 1; i < ENVELOPES; i++)
		ck_assert_uint_gt(envelopes[i], 0);
	for (int i = 1; i < PLACES; i++)
		ck_assert_uint_gt(places[i], 0);
	for (int i = 1; i < ORDERS; i++)
		ck_assert_uint_gt(orders[i], 0);
	for (int i = 1; i <= MORE_SAID; i++)
		ck_assert_uint_gt(more[i], 0);
	for (int i = 1; i < CURRENT_NAMES + 2; i++)
		ck_assert_uint_gt(current[i], 0);
	for (int i = 1; i < TOTAL_NAMES + 2; i++)
		ck_assert_uint_gt(total[i], 0);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_gt(ids[i], 0);
	ck_assert_uint_gt(large, 10);
	ck_assert_uint_lt(large, 50);
}
END_TEST

START_TEST(contacts_are_the_people_of_the_same_seed)
{
	struct helpdesk_options o = small(14);
	struct helpdesk *w = helpdesk_new(&o);
	size_t met = 0;

	for (size_t i = 0; i < w->ncontacts; i++) {
		struct world_person p;
		people_make(test_arena(), 14, i, &p);
		struct str digits = str_digits(test_arena(), w->contacts[i].number);
		if (w->contacts[i].is_group || digits.n < 8)
			continue;
		ck_assert(str_ends(p.wa_id_before, digits));
		met++;
	}
	ck_assert_uint_gt(met, 60);
	helpdesk_free(w);
}
END_TEST

/* How many of the world's messages the helpdesk shows, each with what it has to show. */
static size_t
met_by_key(const struct helpdesk *w, const struct world *wa)
{
	struct map keys;
	size_t met = 0;

	map_init(&keys, test_arena(), 1024);
	for (size_t i = 0; i < wa->nmessages; i++)
		map_set(&keys, wa->messages[i].key_id, i);
	for (size_t i = 0; i < w->ntickets; i++) {
		const struct helpdesk_ticket *t = &w->tickets[i];
		for (size_t k = 0; k < t->nmessages; k++) {
			const struct helpdesk_message *m = &t->messages[k];
			struct wamid id = { .key_id = m->key };
			bool is_wamid = str_is_set(m->key) &&
			                wamid_decode(test_arena(), m->key, &id);
			size_t at = str_is_set(m->key) ? map_get(&keys, id.key_id) : MAP_NONE;
			if (at == MAP_NONE)
				continue;
			met++;
			ck_assert_int_eq(is_wamid, w->keys_are_wamids);
			ck_assert_uint_eq(w->contacts[t->contact].person, wa->messages[at].person);
			ck_assert_int_eq(m->created_at, wa->messages[at].at);
			ck_assert_int_eq(m->from_me, wa->messages[at].outbound);
		}
	}
	return met;
}

START_TEST(whatsapp_messages_appear_under_their_key)
{
	bool forms[2] = { false, false };

	for (uint64_t seed = 15; seed < 25; seed++) {
		struct helpdesk_options o = small(seed);
		struct world_options wo;
		struct world wa;
		world_options_init(&wo);
		wo.seed = seed;
		wo.people = 40;
		wo.messages = 400;
		world_make(test_arena(), &wo, &wa);
		o.whatsapp = &wa;
		struct helpdesk *w = helpdesk_new(&o);
		ck_assert_uint_gt(met_by_key(w, &wa), 200);
		forms[w->keys_are_wamids] = true;
		helpdesk_free(w);
	}
	ck_assert(forms[0] && forms[1]);
}
END_TEST

struct count {
	size_t n;
};

static void
count_ticket(void *ctx, const struct helpdesk_ticket *t)
{
	(void)t;
	((struct count *)ctx)->n++;
}

static void
count_message(void *ctx, const struct helpdesk_ticket *t, const struct helpdesk_message *m)
{
	(void)t;
	(void)m;
	((struct count *)ctx)->n++;
}

START_TEST(what_is_gone_is_told_apart_from_what_stands)
{
	struct helpdesk_options o = small(16);
	struct helpdesk *w = helpdesk_new(&o);
	struct count stands = { 0 }, gone = { 0 };
	struct helpdesk_visitor v = { .ticket = count_ticket, .message = count_message };
	size_t all;

	helpdesk_live(w, 1500);
	all = w->ntickets;
	for (size_t i = 0; i < w->ntickets; i++)
		all += w->tickets[i].nmessages;
	v.ctx = &stands;
	helpdesk_truth(w, &v);
	v.ctx = &gone;
	helpdesk_gone(w, &v);
	ck_assert_uint_gt(gone.n, 0);
	ck_assert_uint_eq(stands.n + gone.n, all);
	helpdesk_free(w);
}
END_TEST

/* Else an analysis would find nothing to grade. */
START_TEST(most_messages_fall_into_attendances)
{
	struct helpdesk_options o = small(18);
	struct helpdesk *w = helpdesk_new(&o);
	size_t all = 0, inside = 0;

	for (size_t i = 0; i < w->ntickets; i++) {
		const struct helpdesk_ticket *t = &w->tickets[i];
		for (size_t m = 0; t->ntrackings > 0 && m < t->nmessages; m++) {
			int64_t at = t->messages[m].created_at;
			bool in = false;
			for (size_t k = 0; k < t->ntrackings; k++)
				in |= t->trackings[k].created_at <= at &&
				      (t->trackings[k].finished_at == TIME_NONE ||
				       at <= t->trackings[k].finished_at);
			all++;
			inside += in;
		}
	}
	ck_assert_uint_gt(all, 300);
	ck_assert_uint_gt(inside * 10, all * 7);
	ck_assert_uint_lt(inside, all);
	helpdesk_free(w);
}
END_TEST

START_TEST(changes_take_place_at_the_rate_of_the_clock)
{
	struct helpdesk_options o = small(17);
	struct web_reply r;
	uint64_t changes = 0;

	o.live = 4;
	struct helpdesk *w = helpdesk_new(&o);
	for (int i = 1; i <= 100; i++)
		ask(w, STR("/contact"), STR("limit=1"), START + i * 333, &r);
	for (int i = 0; i < HELPDESK_CHANGES; i++)
		changes += w->stats.changes[i];
	/* 133 are owed; the odd one finds nothing to change */
	ck_assert_uint_ge(changes, 100);
	ck_assert_uint_le(changes, 133);
	helpdesk_free(w);
}
END_TEST

START_TEST(manners_are_read_by_name)
{
	unsigned m = 99;

	ck_assert(helpdesk_manners_parse(STR("none"), &m) && m == 0);
	ck_assert(helpdesk_manners_parse(STR("all"), &m) && m == HELPDESK_ALL_MANNERS);
	ck_assert(helpdesk_manners_parse(STR("429,poison"), &m));
	ck_assert_uint_eq(m, MANNER_BIT(MANNER_429) | MANNER_BIT(MANNER_POISON));
	ck_assert(!helpdesk_manners_parse(STR("429,kind"), &m));
	ck_assert(!helpdesk_manners_parse(STR(""), &m));
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"helpdesk", the_same_seed_and_requests_give_the_same_replies,
		a_quiet_world_reads_as_its_truth_whatever_its_style,
		a_list_that_drops_one_ticket_is_caught, a_change_that_was_not_read_is_caught,
		every_change_takes_place_and_the_end_reads_as_the_truth, every_bad_manner_is_seen,
		a_manner_alone_does_what_its_name_says,
		a_world_that_lives_moves_elements_between_pages, poison_stays_until_it_is_healed,
		requests_beyond_the_minute_are_told_how_long_to_wait,
		the_door_knows_keys_methods_and_paths, hints_name_the_page_that_was_asked_for,
		lists_have_the_order_that_was_asked_for, every_shape_of_the_source_occurs,
		the_seed_chooses_every_style, contacts_are_the_people_of_the_same_seed,
		whatsapp_messages_appear_under_their_key,
		what_is_gone_is_told_apart_from_what_stands, most_messages_fall_into_attendances,
		changes_take_place_at_the_rate_of_the_clock, manners_are_read_by_name);
}

TEST_MAIN(make_suite)
