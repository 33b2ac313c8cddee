/*
 * The fold of messages: message_join() is a join whatever the copies, and what is shown of a
 * message follows from it. Copies and amendments are made of random facts whose every member
 * follows from the element they stand for, as in real deliveries.
 */
#include "base/digest.h"
#include "core/amendment.h"
#include "fold_fixture.h"

enum { ROUNDS = 1500, ELEMENTS = 6 };

/* Everything of a message that is a fold. */
static struct str
show_folds(const struct message *m)
{
	return str_fmt(
		test_arena(),
		"seen %u type " STR_FMT " body " STR_FMT " content " STR_FMT " at %lld out %d "
		"reply " STR_FMT " " STR_FMT " extra " STR_FMT " received %lld %lld rank %d "
		"history " STR_FMT " wamid " STR_FMT " of " STR_FMT " edits " STR_FMT
		" reactions " STR_FMT " revoked %lld error " STR_FMT " confirmed %lld",
		m->seen, STR_ARG(m->type), STR_ARG(m->body), STR_ARG(m->content),
		(long long)m->place_at, m->outbound, STR_ARG(m->reply_key), STR_ARG(m->reply_wamid),
		STR_ARG(m->extra), (long long)m->received_at, (long long)m->history_received_at,
		m->status_rank, STR_ARG(m->history_status), STR_ARG(m->wamid), STR_ARG(m->wamids),
		STR_ARG(m->edits), STR_ARG(m->reactions), (long long)m->revoked_at,
		STR_ARG(m->error), (long long)m->confirmed_at);
}

/* That, its keys and all that follows from it. */
static struct str
show(const struct message *m)
{
	struct arena *a = test_arena();
	struct str folds = show_folds(m);
	struct str content_key = hex_encode(a, m->content_key.p, m->content_key.n);
	struct str place_key = hex_encode(a, m->place_key.p, m->place_key.n);
	struct message_view v;

	message_derive(a, m, &v);
	return str_fmt(a,
	               STR_FMT " | at %lld bad %d %s %s %s type " STR_FMT " body " STR_FMT
	                       " content " STR_FMT " original " STR_FMT " edited %lld keys " STR_FMT
	                       " " STR_FMT,
	               STR_ARG(folds), (long long)v.at, v.bad_time, v.direction, v.source, v.status,
	               STR_ARG(v.type), STR_ARG(v.body), STR_ARG(v.content), STR_ARG(v.original),
	               (long long)v.edited_at, STR_ARG(content_key), STR_ARG(place_key));
}

static struct message
random_copy(struct fold_random *r)
{
	static const char *const types[] = { "text", "image", "system" };
	static const char *const statuses[] = { "ERROR",     "PENDING", "SENT", "READ",
		                                "DELIVERED", "PLAYED",  "ODD",  "WEIRD" };
	struct arena *a = test_arena();
	int element = fold_below(r, ELEMENTS);
	struct fold_random e = { .state = 77 + (uint64_t)element };
	struct fact_message f = { .dedup_key = STR("i:AA"),
		                  .origin = (enum fact_origin)fold_below(r, 4) };
	struct message m;

	f.wamid = str_fmt(a, "wamid.%d", fold_below(&e, 4));
	f.at = fold_time(&e);
	f.content = (enum content_rank)fold_below(&e, 3);
	f.type = str_from(types[fold_below(&e, 3)]);
	f.body = fold_text(&e, a, 'b', 4);
	f.raw = fold_below(&e, 2) != 0 ? STR("{\"id\":\"9\"}") : STR_NONE;
	f.reply_key = fold_text(&e, a, 'k', 3);
	f.forwarded = fold_below(&e, 2) != 0;
	f.system = str_eq(f.type, STR("system"));
	f.bytes = str_fmt(a, "element %d", element);
	if (f.origin == ORIGIN_HISTORY) {
		f.content_only = fold_below(&e, 3) == 0;
		f.history_status = str_from(statuses[fold_below(r, 8)]);
	}
	/* the direction is read from the envelope too: not of the element */
	message_from_fact(a, &f, fold_below(r, 2) != 0, fold_receipt(r), &m);
	return m;
}

static struct amendment
random_amendment(struct fold_random *r)
{
	struct arena *a = test_arena();
	struct fact_amendment f = { .target_key = STR("i:AA"),
		                    .kind = (enum amendment_kind)fold_below(r, 4),
		                    .at = fold_time(r) };
	struct amendment m;

	f.status = (enum wa_status)(WA_SENT + fold_below(r, 5));
	if (f.kind == AMEND_STATUS && f.status == WA_FAILED) {
		f.error_code = 131000 + fold_below(r, 2);
		f.error = fold_below(r, 2) != 0 ? STR("{\"title\":\"t\",\"details\":\"d\"}")
		                                : STR("{\"title\":\"u\"}");
	}
	f.type = fold_below(r, 4) == 0 ? STR("system") : STR("text");
	f.body = fold_text(r, a, 'e', 4);
	f.raw = fold_below(r, 2) != 0 ? STR("{\"caption\":\"c\"}") : STR_NONE;
	f.emoji = fold_text(r, a, 'x', 3);
	amendment_from_fact(a, &f, fold_below(r, 2) != 0, fold_receipt(r), &m);
	return m;
}

/* A copy with amendments, or several of them joined. */
static struct message
random_message(struct fold_random *r)
{
	struct message m = random_copy(r);

	for (int n = fold_below(r, 3); n > 0; n--) {
		struct message other = random_copy(r);
		(void)message_join(test_arena(), &m, &other);
	}
	for (int n = fold_below(r, 4); n > 0; n--) {
		struct amendment am = random_amendment(r);
		(void)amendment_apply(test_arena(), &am, &m);
	}
	return m;
}

static struct message
joined(struct message into, const struct message *from)
{
	(void)message_join(test_arena(), &into, from);
	return into;
}

START_TEST(joining_is_commutative_associative_and_idempotent)
{
	struct fold_random r = { .state = 1 };
	int different = 0;

	for (int i = 0; i < ROUNDS; i++) {
		arena_reset(test_arena());
		struct message x = random_message(&r), y = random_message(&r),
			       z = random_message(&r);
		struct message xy = joined(x, &y), yx = joined(y, &x), yz = joined(y, &z);
		struct message left = joined(xy, &z), right = joined(x, &yz);

		ck_assert_slice(show(&xy), show(&yx));
		ck_assert_slice(show(&left), show(&right));
		struct message again = joined(x, &x), absorbed = joined(left, &y);
		ck_assert_slice(show(&again), show(&x));
		ck_assert_slice(show(&absorbed), show(&left));
		different += !str_eq(show(&left), show(&x));
	}
	ck_assert_int_gt(different, ROUNDS / 2);
}
END_TEST

START_TEST(a_join_says_truly_whether_anything_changed)
{
	struct fold_random r = { .state = 2 };
	int changed = 0;

	for (int i = 0; i < ROUNDS; i++) {
		arena_reset(test_arena());
		struct message x = random_message(&r), y = random_message(&r), before = x;
		bool said = message_join(test_arena(), &x, &y);
		ck_assert_int_eq(said, !str_eq(show(&before), show(&x)));
		changed += said;
	}
	ck_assert_int_gt(changed, ROUNDS / 10);
	ck_assert_int_lt(changed, ROUNDS);
}
END_TEST

START_TEST(amendments_may_come_in_any_order_before_or_after_the_copies)
{
	struct fold_random r = { .state = 3 };
	struct arena *a = test_arena();

	for (int i = 0; i < ROUNDS; i++) {
		arena_reset(a);
		struct message x = random_message(&r), y = random_message(&r);
		struct amendment p = random_amendment(&r), q = random_amendment(&r);
		struct message one = x, other = x;

		(void)amendment_apply(a, &p, &one);
		(void)amendment_apply(a, &q, &one);
		one = joined(one, &y);
		other = joined(other, &y);
		(void)amendment_apply(a, &q, &other);
		(void)amendment_apply(a, &p, &other);
		ck_assert_slice(show(&one), show(&other));
		ck_assert(!amendment_apply(a, &p, &other));
		ck_assert_slice(show(&one), show(&other));
	}
}
END_TEST

/* The laws above catch a rule that looks at what was there first: this one is such a rule. */
static struct message
joined_for_the_newcomer(struct message into, const struct message *from)
{
	(void)message_join(test_arena(), &into, from);
	into.body = from->body;
	return into;
}

START_TEST(a_join_that_prefers_the_newcomer_would_be_found_out)
{
	struct fold_random r = { .state = 1 };
	int found = 0;

	for (int i = 0; i < ROUNDS; i++) {
		arena_reset(test_arena());
		struct message x = random_message(&r), y = random_message(&r);
		struct message xy = joined_for_the_newcomer(x, &y);
		struct message yx = joined_for_the_newcomer(y, &x);
		found += !str_eq(show(&xy), show(&yx));
	}
	ck_assert_int_gt(found, ROUNDS / 10);
}
END_TEST

static struct message
copy_of(enum fact_origin origin, enum content_rank rank, const char *body, int64_t at)
{
	struct fact_message f = { .dedup_key = STR("o:AA"),
		                  .origin = origin,
		                  .wamid = STR("wamid.one"),
		                  .type = STR("text"),
		                  .content = rank,
		                  .at = at };
	struct message m;

	f.body = str_from(body);
	f.bytes = str_fmt(test_arena(), "%d%d%s", (int)origin, (int)rank, body);
	message_from_fact(test_arena(), &f, true, FOLD_NOW, &m);
	return m;
}

START_TEST(real_content_wins_over_a_placeholder_and_a_stronger_source_over_a_weaker)
{
	static const struct {
		enum fact_origin origin;
		enum content_rank rank;
		int64_t at;
		const char *body;
	} worst_first[] = {
		{ ORIGIN_LIVE, CONTENT_STUB, 1, "stub" },
		{ ORIGIN_HISTORY, CONTENT_PLACEHOLDER, 9, "placeholder, later" },
		{ ORIGIN_HISTORY, CONTENT_PLACEHOLDER, 2, "placeholder, earlier" },
		{ ORIGIN_LIVE, CONTENT_PLACEHOLDER, 9, "live placeholder" },
		{ ORIGIN_HISTORY, CONTENT_REAL, 2, "history" },
		{ ORIGIN_APP_ECHO, CONTENT_REAL, 9, "echo" },
		{ ORIGIN_API, CONTENT_REAL, 9, "api" },
		{ ORIGIN_LIVE, CONTENT_REAL, 9, "live" },
	};
	enum { N = sizeof worst_first / sizeof worst_first[0] };

	for (size_t i = 0; i < N; i++)
		for (size_t k = i + 1; k < N; k++) {
			struct message x = copy_of(worst_first[i].origin, worst_first[i].rank,
			                           worst_first[i].body,
			                           FOLD_NOW - TIME_DAY + worst_first[i].at);
			struct message y = copy_of(worst_first[k].origin, worst_first[k].rank,
			                           worst_first[k].body,
			                           FOLD_NOW - TIME_DAY + worst_first[k].at);
			struct message m = joined(x, &y);
			ck_assert_slice(m.body, str_from(worst_first[k].body));
		}
}
END_TEST

START_TEST(late_media_gives_content_but_not_the_place)
{
	struct arena *a = test_arena();
	struct message thread = copy_of(ORIGIN_HISTORY, CONTENT_PLACEHOLDER, "", FOLD_NOW - 5000);
	struct fact_message f = { .dedup_key = STR("o:AA"),
		                  .origin = ORIGIN_HISTORY,
		                  .content_only = true,
		                  .wamid = STR("wamid.one"),
		                  .type = STR("image"),
		                  .content = CONTENT_REAL,
		                  .body = STR("caption"),
		                  .at = FOLD_NOW - 9000,
		                  .bytes = STR("late") };
	struct message late;

	message_from_fact(a, &f, false, FOLD_NOW + 60000, &late);
	struct message m = joined(late, &thread);
	ck_assert_str(m.type, "image");
	ck_assert_str(m.body, "caption");
	ck_assert_int_eq(m.place_at, FOLD_NOW - 5000);
	ck_assert(m.outbound);
}
END_TEST

START_TEST(an_edited_caption_leaves_the_file_as_it_was)
{
	static const struct {
		const char *type, *content, *shown;
	} table[] = {
		{ "image", "{\"caption\":\"new\"}", "{\"caption\":\"new\",\"id\":\"9\"}" },
		{ "image", "{\"caption\":\"new\",\"id\":\"8\"}",
		  "{\"caption\":\"new\",\"id\":\"8\"}" },
		{ "image", NULL, "{\"caption\":\"old\",\"id\":\"9\"}" },
		{ "text", NULL, NULL },
		{ "video", "{\"id\":\"7\"}", "{\"id\":\"7\"}" },
	};
	struct arena *a = test_arena();

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct fact_message f = { .dedup_key = STR("o:AA"),
			                  .wamid = STR("wamid.one"),
			                  .type = STR("image"),
			                  .content = CONTENT_REAL,
			                  .body = STR("old"),
			                  .raw = STR("{\"caption\":\"old\",\"id\":\"9\"}"),
			                  .at = FOLD_NOW,
			                  .bytes = STR("x") };
		struct fact_amendment e = { .target_key = STR("o:AA"),
			                    .kind = AMEND_EDIT,
			                    .body = STR("new"),
			                    .at = FOLD_NOW };
		struct amendment am;
		struct message m;
		struct message_view v;

		e.type = str_from(table[i].type);
		if (table[i].content != NULL)
			e.raw = str_from(table[i].content);
		message_from_fact(a, &f, true, FOLD_NOW, &m);
		amendment_from_fact(a, &e, false, FOLD_NOW, &am);
		ck_assert(amendment_apply(a, &am, &m));
		message_derive(a, &m, &v);
		ck_assert_str(v.body, "new");
		if (table[i].shown == NULL)
			ck_assert(!str_is_set(v.content));
		else
			ck_assert_slice(v.content, str_from(table[i].shown));
	}
}
END_TEST

START_TEST(status_of_history_reads_as_the_table_says)
{
	static const struct {
		const char *written, *status;
	} table[] = {
		{ "PENDING", "sent" },       { "SENT", "sent" },     { "DELIVERED", "delivered" },
		{ "READ", "read" },          { "PLAYED", "played" }, { "ERROR", "failed" },
		{ "SOMETHING NEW", "sent" },
	};
	struct arena *a = test_arena();

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct fact_message f = { .dedup_key = STR("o:AA"),
			                  .wamid = STR("wamid.one"),
			                  .type = STR("text"),
			                  .at = FOLD_NOW,
			                  .bytes = STR("x") };
		struct message m;
		struct message_view v;

		f.history_status = str_from(table[i].written);
		message_from_fact(a, &f, true, FOLD_NOW, &m);
		message_derive(a, &m, &v);
		ck_assert_str_eq(v.status, table[i].status);
		message_from_fact(a, &f, false, FOLD_NOW, &m);
		message_derive(a, &m, &v);
		ck_assert_str_eq(v.status, "received");
		ck_assert_slice(m.history_status, str_from(table[i].written));
	}
}
END_TEST

START_TEST(history_status_only_rises_and_unknown_ones_are_lowest)
{
	static const char *const ascending[] = { "ANOTHER", "UNKNOWN",   "ERROR", "PENDING",
		                                 "SENT",    "DELIVERED", "READ",  "PLAYED" };

	for (size_t i = 0; i < 8; i++)
		for (size_t k = 0; k < 8; k++) {
			struct message x = copy_of(ORIGIN_HISTORY, CONTENT_REAL, "b", FOLD_NOW);
			struct message y = x;
			x.history_status = str_from(ascending[i]);
			y.history_status = str_from(ascending[k]);
			x = joined(x, &y);
			ck_assert_slice(x.history_status, str_from(ascending[i > k ? i : k]));
		}
}
END_TEST

START_TEST(a_time_that_cannot_be_is_kept_and_flagged_and_the_first_receipt_stands_in)
{
	static const struct {
		int64_t at;
		bool bad;
	} table[] = {
		{ TIME_NONE, true },
		{ 0, true },
		{ -1000, true },
		{ MOMENT_FIRST - 1, true },
		{ MOMENT_FIRST, false },
		{ FOLD_NOW, false },
		{ FOLD_NOW + TIME_DAY, false },
		{ FOLD_NOW + TIME_DAY + 1, true },
		{ INT64_MAX, true },
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct message m = copy_of(ORIGIN_LIVE, CONTENT_REAL, "b", table[i].at), later = m;
		struct message_view v;

		later.received_at = FOLD_NOW + 5000; /* less than a message that is joined later */
		m = joined(later, &m);
		message_derive(test_arena(), &m, &v);
		ck_assert_int_eq(v.bad_time, table[i].bad);
		ck_assert_int_eq(v.at, table[i].bad ? FOLD_NOW : table[i].at);
		ck_assert_int_eq(m.place_at, table[i].at);
	}
}
END_TEST

START_TEST(an_earlier_receipt_can_make_a_time_bad_and_never_good)
{
	struct message m = copy_of(ORIGIN_LIVE, CONTENT_REAL, "b", FOLD_NOW + TIME_DAY);
	struct message sooner = m;
	struct message_view v;

	message_derive(test_arena(), &m, &v);
	ck_assert(!v.bad_time);
	sooner.received_at = FOLD_NOW - 1;
	m = joined(m, &sooner);
	message_derive(test_arena(), &m, &v);
	ck_assert(v.bad_time);
	ck_assert_int_eq(v.at, FOLD_NOW - 1);
}
END_TEST

START_TEST(all_ids_are_kept_and_the_strongest_source_names_the_row)
{
	struct message m = copy_of(ORIGIN_HISTORY, CONTENT_REAL, "b", FOLD_NOW);
	struct message echo = copy_of(ORIGIN_APP_ECHO, CONTENT_REAL, "b", FOLD_NOW);

	echo.wamid = STR("wamid.two");
	ck_assert_none(m.wamids);
	m = joined(m, &echo);
	ck_assert_str(m.wamid, "wamid.two");
	ck_assert_str(m.wamids, "[\"0:wamid.one\",\"1:wamid.two\"]");
}
END_TEST

START_TEST(ids_beyond_the_limit_are_the_same_ones_whatever_the_order)
{
	enum { MANY = 45 };
	struct message up = copy_of(ORIGIN_LIVE, CONTENT_REAL, "b", FOLD_NOW), down = up;

	for (int i = 0; i < MANY; i++) {
		struct message x = up, y = up;
		x.wamids = y.wamids = STR_NONE;
		x.wamid = str_fmt(test_arena(), "wamid.%02d", i);
		y.wamid = str_fmt(test_arena(), "wamid.%02d", MANY - 1 - i);
		up = i == 0 ? x : joined(up, &x);
		down = i == 0 ? y : joined(down, &y);
	}
	ck_assert_slice(up.wamids, down.wamids);
	ck_assert_slice(up.wamid, down.wamid);
	ck_assert_uint_eq(json_count(test_json(up.wamids)), 32);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("message_fold", joining_is_commutative_associative_and_idempotent,
	                  a_join_says_truly_whether_anything_changed,
	                  amendments_may_come_in_any_order_before_or_after_the_copies,
	                  a_join_that_prefers_the_newcomer_would_be_found_out,
	                  real_content_wins_over_a_placeholder_and_a_stronger_source_over_a_weaker,
	                  late_media_gives_content_but_not_the_place,
	                  an_edited_caption_leaves_the_file_as_it_was,
	                  status_of_history_reads_as_the_table_says,
	                  history_status_only_rises_and_unknown_ones_are_lowest,
	                  a_time_that_cannot_be_is_kept_and_flagged_and_the_first_receipt_stands_in,
	                  an_earlier_receipt_can_make_a_time_bad_and_never_good,
	                  all_ids_are_kept_and_the_strongest_source_names_the_row,
	                  ids_beyond_the_limit_are_the_same_ones_whatever_the_order);
}

TEST_MAIN(make_suite)
