/*
 * The fold of leads: lead_join() is a join, and name, source, presence and activity follow from it
 * as the rules say. The id decides nothing and is left alone.
 */
#include "base/digest.h"
#include "core/lead.h"
#include "fold_fixture.h"

enum { ROUNDS = 3000 };

static struct str
show_text(struct lead_text t)
{
	return str_fmt(test_arena(), "%lld:" STR_FMT "%s", (long long)t.rank, STR_ARG(t.text),
	               str_is_set(t.text) ? "" : "-");
}

static struct str
show(const struct lead *l)
{
	struct arena *a = test_arena();
	struct str username = show_text(l->username), book = show_text(l->book);
	struct str profile = show_text(l->profile), hand = show_text(l->hand);
	struct str presence = hex_encode(a, l->presence_key.p, l->presence_key.n);
	struct lead_view v;

	lead_derive(l, &v);
	struct str view = str_fmt(a, "%s '" STR_FMT "' %lld %d",
	                          v.source != NULL ? v.source : "none", STR_ARG(v.push_name),
	                          (long long)v.deleted_at, v.is_active);
	return str_fmt(a,
	               "evidence %u wa " STR_FMT " %lld %d user " STR_FMT " %lld parent " STR_FMT
	               " names " STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT
	               " presence %lld %d " STR_FMT " %lld times %lld %lld %lld %lld | " STR_FMT,
	               l->evidence, STR_ARG(l->wa_id), (long long)l->wa_changed_at, l->wa_level,
	               STR_ARG(l->user_id), (long long)l->user_changed_at, STR_ARG(l->parent_id),
	               STR_ARG(username), STR_ARG(book), STR_ARG(profile), STR_ARG(hand),
	               (long long)l->presence_rank, l->presence_remove, STR_ARG(presence),
	               (long long)l->presence_received_at, (long long)l->first_history_at,
	               (long long)l->last_message_at, (long long)l->last_active_at,
	               (long long)l->last_synced_at, STR_ARG(view));
}

static struct fact_person
random_person(struct fold_random *r)
{
	struct arena *a = test_arena();

	return (struct fact_person){ .wa_id = fold_text(r, a, '5', 4),
		                     .user_id = fold_text(r, a, 'U', 3),
		                     .parent_id = fold_text(r, a, 'P', 3),
		                     .username = fold_text(r, a, 'n', 3) };
}

static struct lead
random_evidence(struct fold_random *r)
{
	struct arena *a = test_arena();
	struct lead l;

	if (fold_below(r, 2) == 0) {
		int element = fold_below(r, 6);
		struct fold_random e = { .state = 5 + (uint64_t)element };
		struct fact_contact c = { .person = random_person(&e),
			                  .remove = fold_below(&e, 3) == 0,
			                  .name = fold_text(&e, a, 'b', 3),
			                  .at = fold_time(&e),
			                  .bytes = str_fmt(a, "contact %d", element) };
		lead_from_contact(a, &c, fold_receipt(r), &l);
		return l;
	}
	struct fact_person p = random_person(r);
	lead_from_person(&p, (enum wa_level)fold_below(r, 4), FOLD_NOW - fold_below(r, 3), &l);
	l.evidence = (unsigned)fold_below(r, 32);
	if (fold_below(r, 2) != 0 && str_is_set(l.wa_id))
		l.wa_changed_at = FOLD_NOW + fold_below(r, 2);
	if (fold_below(r, 3) == 0 && str_is_set(l.user_id))
		l.user_changed_at = FOLD_NOW + fold_below(r, 2);
	if (fold_below(r, 3) == 0)
		l.profile = (struct lead_text){ str_fmt(a, "p%d", fold_below(r, 3)),
			                        FOLD_NOW - fold_below(r, 2) };
	if (fold_below(r, 5) == 0)
		l.hand = (struct lead_text){ str_fmt(a, "h%d", fold_below(r, 3)),
			                     FOLD_NOW - fold_below(r, 2) };
	l.first_history_at = fold_time(r);
	l.last_message_at = fold_time(r);
	l.last_active_at = fold_time(r);
	return l;
}

static struct lead
random_lead(struct fold_random *r)
{
	struct lead l = random_evidence(r);

	for (int n = fold_below(r, 3); n > 0; n--) {
		struct lead other = random_evidence(r);
		(void)lead_join(&l, &other);
	}
	return l;
}

static struct lead
joined(struct lead into, const struct lead *from)
{
	(void)lead_join(&into, from);
	return into;
}

START_TEST(joining_is_commutative_associative_and_idempotent)
{
	struct fold_random r = { .state = 1 };
	int different = 0;

	for (int i = 0; i < ROUNDS; i++) {
		arena_reset(test_arena());
		struct lead x = random_lead(&r), y = random_lead(&r), z = random_lead(&r);
		struct lead xy = joined(x, &y), yx = joined(y, &x), yz = joined(y, &z);
		struct lead left = joined(xy, &z), right = joined(x, &yz);
		struct lead again = joined(x, &x), absorbed = joined(left, &y);

		ck_assert_slice(show(&xy), show(&yx));
		ck_assert_slice(show(&left), show(&right));
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
		struct lead x = random_lead(&r), y = random_lead(&r), before = x;
		bool said = lead_join(&x, &y);
		ck_assert_int_eq(said, !str_eq(show(&before), show(&x)));
		changed += said;
	}
	ck_assert_int_gt(changed, ROUNDS / 10);
	ck_assert_int_lt(changed, ROUNDS);
}
END_TEST

START_TEST(nothing_is_the_neutral_lead_and_ids_stay_where_they_are)
{
	struct fold_random r = { .state = 3 };

	for (int i = 0; i < 100; i++) {
		struct lead none, x = random_lead(&r), y = x;
		lead_init(&none);
		ck_assert(!lead_join(&x, &none));
		x.id.b[0] = 1;
		y.id.b[0] = 2;
		ck_assert(!lead_join(&x, &y));
		ck_assert_int_eq(x.id.b[0], 1);
		none = joined(none, &y);
		ck_assert_slice(show(&none), show(&y));
		ck_assert_int_eq(none.id.b[0], 0);
	}
}
END_TEST

START_TEST(the_source_is_the_strongest_evidence)
{
	static const struct {
		unsigned evidence;
		const char *source;
	} table[] = {
		{ LEAD_STATE_SYNC, "state_sync" },
		{ LEAD_STATE_SYNC | LEAD_HELPDESK, "helpdesk_import" },
		{ LEAD_STATE_SYNC | LEAD_LIVE, "live_message" },
		{ LEAD_STATE_SYNC | LEAD_HISTORY, "history_sync" },
		{ LEAD_LIVE | LEAD_HISTORY, "history_sync" },
		{ LEAD_DIRECT | LEAD_HISTORY, "direct_creation" },
	};
	struct lead l;
	struct lead_view v;

	lead_init(&l);
	lead_derive(&l, &v);
	ck_assert_ptr_null(v.source);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		l.evidence = table[i].evidence;
		lead_derive(&l, &v);
		ck_assert_str_eq(v.source, table[i].source);
	}
}
END_TEST

static struct lead
contact(bool remove, const char *name, int64_t at, int64_t received_at)
{
	struct fact_contact c = { .person.wa_id = STR("5511987654321"),
		                  .remove = remove,
		                  .name = str_from(name),
		                  .at = at };
	struct lead l;

	c.bytes = str_fmt(test_arena(), "%d %s %lld", remove, name, (long long)at);
	lead_from_contact(test_arena(), &c, received_at, &l);
	return l;
}

START_TEST(the_newest_entry_of_the_address_book_names_and_an_empty_name_never_does)
{
	struct lead old = contact(false, "Old", FOLD_NOW - 2000, FOLD_NOW);
	struct lead new = contact(false, "New", FOLD_NOW - 1000, FOLD_NOW);
	struct lead empty = contact(false, "", FOLD_NOW, FOLD_NOW);
	struct lead bad = contact(false, "Zed", 0, FOLD_NOW);
	struct lead far = contact(false, "Zorro", FOLD_NOW + 2 * TIME_DAY, FOLD_NOW);
	struct lead_view v;
	struct lead l = joined(joined(joined(joined(new, &old), &empty), &bad), &far);

	lead_derive(&l, &v);
	ck_assert_str(v.push_name, "New");
	ck_assert(v.is_active);
	l = joined(bad, &empty);
	lead_derive(&l, &v);
	ck_assert_str(v.push_name, "Zed");
}
END_TEST

START_TEST(a_removal_keeps_the_name_and_ends_presence_until_someone_writes)
{
	struct lead add = contact(false, "Name", FOLD_NOW - 2000, FOLD_NOW);
	struct lead gone = contact(true, "", FOLD_NOW - 1000, FOLD_NOW);
	struct lead l = joined(gone, &add);
	struct lead_view v;

	lead_derive(&l, &v);
	ck_assert_str(v.push_name, "Name");
	ck_assert(!v.is_active);
	ck_assert_int_eq(v.deleted_at, FOLD_NOW - 1000);
	l.last_active_at = FOLD_NOW - 1000;
	lead_derive(&l, &v);
	ck_assert(!v.is_active); /* strictly newer */
	l.last_active_at++;
	lead_derive(&l, &v);
	ck_assert(v.is_active);
	ck_assert_int_eq(v.deleted_at, FOLD_NOW - 1000);
}
END_TEST

START_TEST(at_one_moment_a_removal_wins_over_an_entry)
{
	struct lead add = contact(false, "Name", FOLD_NOW - 1000, FOLD_NOW);
	struct lead gone = contact(true, "", FOLD_NOW - 1000, FOLD_NOW);
	struct lead l = joined(add, &gone);
	struct lead_view v;

	lead_derive(&l, &v);
	ck_assert_int_eq(v.deleted_at, FOLD_NOW - 1000);
}
END_TEST

START_TEST(a_removal_without_a_believed_time_bears_its_first_receipt)
{
	struct lead gone = contact(true, "", 0, FOLD_NOW + 3000);
	struct lead sooner = contact(true, "", 0, FOLD_NOW + 1000);
	struct lead l = joined(gone, &sooner);
	struct lead_view v;

	lead_derive(&l, &v);
	ck_assert_int_eq(v.deleted_at, FOLD_NOW + 1000);
}
END_TEST

START_TEST(a_removal_alone_makes_no_lead)
{
	struct lead gone = contact(true, "Name", FOLD_NOW, FOLD_NOW);
	struct lead_view v;

	lead_derive(&gone, &v);
	ck_assert_ptr_null(v.source);
}
END_TEST

START_TEST(names_are_taken_by_hand_then_address_book_then_profile_then_username)
{
	struct lead l;
	struct lead_view v;

	lead_init(&l);
	lead_derive(&l, &v);
	ck_assert_none(v.push_name);
	l.username = (struct lead_text){ STR("user"), FOLD_NOW };
	lead_derive(&l, &v);
	ck_assert_str(v.push_name, "user");
	l.profile = (struct lead_text){ STR("profile"), 1 };
	lead_derive(&l, &v);
	ck_assert_str(v.push_name, "profile");
	l.book = (struct lead_text){ STR("book"), 0 };
	lead_derive(&l, &v);
	ck_assert_str(v.push_name, "book");
	l.hand = (struct lead_text){ STR("hand"), 0 };
	lead_derive(&l, &v);
	ck_assert_str(v.push_name, "hand");
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("lead_fold", joining_is_commutative_associative_and_idempotent,
	                  a_join_says_truly_whether_anything_changed,
	                  nothing_is_the_neutral_lead_and_ids_stay_where_they_are,
	                  the_source_is_the_strongest_evidence,
	                  the_newest_entry_of_the_address_book_names_and_an_empty_name_never_does,
	                  a_removal_keeps_the_name_and_ends_presence_until_someone_writes,
	                  at_one_moment_a_removal_wins_over_an_entry,
	                  a_removal_without_a_believed_time_bears_its_first_receipt,
	                  a_removal_alone_makes_no_lead,
	                  names_are_taken_by_hand_then_address_book_then_profile_then_username);
}

TEST_MAIN(make_suite)
