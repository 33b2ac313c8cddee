/*
 * The reader and the import law against the simulated helpdesk, without a database: what stands at
 * the source is seen, in every envelope and order, with every way of answering badly. What always
 * holds: the source stands still meanwhile, so whatever a walk missed it missed by its own fault.
 */
#include "base/map.h"
#include "core/import_plan.h"
#include "core/import_retry.h"
#include "sim/helpdesk_answer.h"
#include "testing.h"

#define START INT64_C(1768906800000)
#define SEEDS 60

/* One reader of one world. */
struct reader {
	struct helpdesk *world;
	int64_t now;
	struct import_size sizes[HD_CONTACTS + 1];
	uint64_t chance;
	unsigned waits, halvings, restarts;
	/* of the walk that ended last */
	struct import_walk walk;
	const char *failed; /* NULL: it did not */
	struct map seen;    /* of its last pass: keys */
};

static enum import_answer
ask(struct reader *r, struct arena *a, enum hd_list list, struct str path, int64_t limit,
    int *status, struct hd_page *page)
{
	struct web_request q = { .method = STR("GET"), .path = path };
	struct web_reply reply;
	enum web_fate fate;

	q.query =
		str_fmt(a, "page=%lld&limit=%lld", (long long)r->walk.walk.page, (long long)limit);
	fate = helpdesk_answer(r->world, &q, r->now++, a, &reply);
	*status = reply.status;
	if (fate != WEB_ANSWERED)
		return IMPORT_LOST;
	if (reply.status / 100 == 2 && hd_decode(a, list, reply.body, page) != ERR_OK)
		return IMPORT_GARBAGE;
	return IMPORT_ANSWERED;
}

/* One page by the law of retries, which may be the first one again, of fewer. False: it failed. */
static bool
fetch(struct reader *r, struct arena *a, enum hd_list list, struct str path, int64_t wanted,
      struct hd_page *page)
{
	struct import_size *size = &r->sizes[list];
	struct import_try t = { .size = import_size_now(size, wanted, r->now),
		                .of_ticket = list == HD_MESSAGES };

	for (;;) {
		int status;
		enum import_answer answer = ask(r, a, list, path, t.size, &status, page);
		struct import_verdict v = import_judge(&t, answer, status, -1, r->chance++ * 977);

		switch (v.act) {
		case IMPORT_TAKE:
			(void)import_size_learn(size, wanted, t.size, r->now);
			return true;
		case IMPORT_AGAIN:
		case IMPORT_HOLD:
			r->waits++;
			r->now += v.wait_ms;
			break;
		case IMPORT_SMALLER:
			r->halvings++;
			import_walk_resized(&r->walk);
			break;
		case IMPORT_FAIL_TICKET:
		case IMPORT_FAIL_RUN:
			r->failed = v.reason;
			return false;
		}
	}
}

static void
read_all(struct reader *r, enum hd_list list, struct str path)
{
	static const bool never[100] = { false };
	struct arena *own = arena_new((size_t)4 << 20);
	enum import_next next = IMPORT_FROM_START;

	r->failed = NULL;
	import_walk_init(&r->walk, own, TIME_NONE, true);
	do {
		struct hd_page p;

		if (!fetch(r, test_arena(), list, path, list == HD_MESSAGES ? 20 : 50, &p))
			break;
		if (r->walk.walk.page == 1)
			map_init(&r->seen, test_arena(), 256);
		ck_assert_uint_eq(p.nproblems, 0);
		for (size_t i = 0; i < p.n; i++)
			(void)map_put(&r->seen, p.keys[i].text, 1, NULL);
		next = list == HD_MESSAGES ? import_walk_messages(&r->walk, &p, never)
		                           : import_walk_tickets(&r->walk, &p);
	} while (next != IMPORT_DONE && next != IMPORT_FAILED);
	ck_assert_int_ne(next, IMPORT_FAILED);
	r->restarts += r->walk.restarts;
	arena_free(own);
}

/* A pass that no page disturbed has seen all; one that was disturbed to the end says so or not. */
static bool
is_clean(const struct reader *r)
{
	return r->failed == NULL && r->walk.complete && r->walk.restarts < IMPORT_MAX_RESTARTS;
}

struct truth {
	struct str uuids[400];
	size_t messages[400], ntickets, ncontacts;
	const struct helpdesk_ticket *tickets[400];
};

static void
count_ticket(void *ctx, const struct helpdesk_ticket *t)
{
	struct truth *x = ctx;

	x->tickets[x->ntickets] = t;
	x->messages[x->ntickets] = 0;
	x->uuids[x->ntickets++] = t->uuid;
}

static void
count_message(void *ctx, const struct helpdesk_ticket *t, const struct helpdesk_message *m)
{
	struct truth *x = ctx;

	(void)t;
	(void)m;
	x->messages[x->ntickets - 1]++;
}

static void
count_contact(void *ctx, const struct helpdesk *w, const struct helpdesk_contact *c)
{
	(void)w;
	(void)c;
	((struct truth *)ctx)->ncontacts++;
}

/* Reads a world whole; returns how many of its walks were clean. */
static size_t
read_world(uint64_t seed, unsigned manners, struct reader *r, size_t *walks)
{
	struct helpdesk_options o;
	struct truth truth = { .ntickets = 0 };
	const struct helpdesk_visitor visitor = { .ticket = count_ticket,
		                                  .message = count_message,
		                                  .contact = count_contact,
		                                  .ctx = &truth };
	size_t clean = 0;

	helpdesk_options_init(&o);
	o.seed = seed;
	o.tickets = 60;
	o.contacts = 40;
	o.messages = 700;
	o.manners = manners;
	o.permille = 40;
	o.poison = 3;
	*r = (struct reader){ .world = helpdesk_new(&o), .now = START };
	helpdesk_truth(r->world, &visitor);
	read_all(r, HD_TICKETS, STR("/ticket"));
	if (is_clean(r)) {
		clean++;
		ck_assert_uint_eq(r->seen.n, truth.ntickets);
		for (size_t i = 0; i < truth.ntickets; i++)
			ck_assert(map_get(&r->seen, truth.uuids[i]) != MAP_NONE);
	}
	read_all(r, HD_CONTACTS, STR("/contact"));
	if (is_clean(r)) {
		clean++;
		ck_assert_uint_eq(r->seen.n, truth.ncontacts);
	}
	for (size_t i = 0; i < truth.ntickets; i++) {
		static const char *const reasons[] = { NULL, "server_error", "garbage", "gone" };
		enum helpdesk_poison poison = truth.tickets[i]->poison;

		read_all(r, HD_MESSAGES,
		         str_fmt(test_arena(), "/ticket/" STR_FMT "/messages",
		                 STR_ARG(truth.uuids[i])));
		if (poison != POISON_NOT && manners == MANNER_BIT(MANNER_POISON))
			ck_assert_str_eq(r->failed, reasons[poison]);
		ck_assert_msg(poison == POISON_NOT || r->failed != NULL, "a poisoned ticket came");
		if (is_clean(r)) {
			clean++;
			ck_assert_uint_eq(r->seen.n, truth.messages[i]);
		}
	}
	*walks = truth.ntickets + 2;
	helpdesk_free(r->world);
	return clean;
}

START_TEST(a_source_with_good_manners_is_read_whole_in_every_style)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct reader r;
		size_t walks;

		ck_assert_uint_eq(read_world(seed, 0, &r, &walks), walks);
		ck_assert_uint_eq(r.restarts + r.waits + r.halvings, 0);
		arena_reset(test_arena());
	}
}
END_TEST

START_TEST(poisoned_tickets_fail_for_their_reason_and_make_no_page_small)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct reader r;
		size_t walks;

		ck_assert_uint_eq(read_world(seed, MANNER_BIT(MANNER_POISON), &r, &walks),
		                  walks - 3);
		ck_assert_int_eq(r.sizes[HD_MESSAGES].size, 0);
		arena_reset(test_arena());
	}
}
END_TEST

START_TEST(a_walk_that_was_not_disturbed_misses_nothing_whatever_the_manners)
{
	const unsigned manners = MANNER_BIT(MANNER_REPEAT) | MANNER_BIT(MANNER_FILTER) |
	                         MANNER_BIT(MANNER_LIMIT) | MANNER_BIT(MANNER_429) |
	                         MANNER_BIT(MANNER_5XX) | MANNER_BIT(MANNER_BIG) |
	                         MANNER_BIT(MANNER_CUT) | MANNER_BIT(MANNER_GARBAGE) |
	                         MANNER_BIT(MANNER_CLOSE) | MANNER_BIT(MANNER_POISON);
	size_t clean = 0, all = 0;
	unsigned waits = 0, halvings = 0, restarts = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct reader r;
		size_t walks;

		clean += read_world(seed, manners, &r, &walks);
		all += walks;
		waits += r.waits;
		halvings += r.halvings;
		restarts += r.restarts;
		arena_reset(test_arena());
	}
	ck_assert_uint_gt(clean * 10, all * 8);
	ck_assert(waits > 0 && halvings > 0 && restarts > 0);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("import_walk", a_source_with_good_manners_is_read_whole_in_every_style,
	                  poisoned_tickets_fail_for_their_reason_and_make_no_page_small,
	                  a_walk_that_was_not_disturbed_misses_nothing_whatever_the_manners);
}

TEST_MAIN(make_suite)
