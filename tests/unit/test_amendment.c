/* What statuses, edits, revokes and reactions do to a message, and that the same twice is one. That
 * their order does not matter is shown by test_message_fold.c. */
#include "core/amendment.h"

#include "fold_fixture.h"

static struct message
message(bool outbound)
{
	struct fact_message f = { .dedup_key = STR("o:AA"),
		                  .origin = ORIGIN_APP_ECHO,
		                  .wamid = STR("wamid.one"),
		                  .type = STR("text"),
		                  .content = CONTENT_REAL,
		                  .body = STR("first"),
		                  .at = FOLD_NOW,
		                  .bytes = STR("x") };
	struct message m;

	message_from_fact(test_arena(), &f, outbound, FOLD_NOW + 500, &m);
	m.confirmed_at = TIME_NONE;
	return m;
}

static bool
amend(struct message *m, const struct fact_amendment *f, bool by_lead, int64_t received_at)
{
	struct amendment am;

	amendment_from_fact(test_arena(), f, by_lead, received_at, &am);
	return amendment_apply(test_arena(), &am, m);
}

static struct fact_amendment
status(enum wa_status s, int64_t at)
{
	return (struct fact_amendment){ .kind = AMEND_STATUS, .status = s, .at = at };
}

static struct fact_amendment
edit(const char *body, int64_t at)
{
	return (struct fact_amendment){
		.kind = AMEND_EDIT, .type = STR("text"), .body = str_from(body), .at = at
	};
}

START_TEST(a_late_sent_never_lowers_read)
{
	static const enum wa_status ascending[] = { WA_SENT, WA_FAILED, WA_DELIVERED, WA_READ,
		                                    WA_PLAYED };

	for (int i = 0; i < 5; i++)
		for (int k = 0; k < 5; k++) {
			struct message m = message(true);
			struct fact_amendment x = status(ascending[i], FOLD_NOW);
			struct fact_amendment y = status(ascending[k], FOLD_NOW);
			(void)amend(&m, &x, false, FOLD_NOW);
			(void)amend(&m, &y, false, FOLD_NOW);
			ck_assert_int_eq(m.status_rank, ascending[i > k ? i : k]);
		}
}
END_TEST

START_TEST(an_inbound_message_is_received_whatever_status_it_gets)
{
	struct message m = message(false);
	struct message_view v;
	struct fact_amendment s = status(WA_READ, FOLD_NOW);

	(void)amend(&m, &s, false, FOLD_NOW);
	message_derive(test_arena(), &m, &v);
	ck_assert_str_eq(v.status, "received");
}
END_TEST

START_TEST(the_least_time_of_a_status_confirms)
{
	struct message m = message(true);
	struct fact_amendment late = status(WA_READ, FOLD_NOW + 9000);
	struct fact_amendment soon = status(WA_SENT, FOLD_NOW + 1000);
	struct fact_amendment bad = status(WA_SENT, 0);

	ck_assert(amend(&m, &late, false, FOLD_NOW + 9500));
	ck_assert(amend(&m, &soon, false, FOLD_NOW + 9500));
	ck_assert_int_eq(m.confirmed_at, FOLD_NOW + 1000);
	ck_assert(!amend(&m, &bad, false, FOLD_NOW + 9500)); /* its receipt stands in */
	ck_assert(amend(&m, &bad, false, FOLD_NOW + 500));
	ck_assert_int_eq(m.confirmed_at, FOLD_NOW + 500);
}
END_TEST

START_TEST(the_newest_failure_is_the_error)
{
	struct message m = message(true);
	struct fact_amendment old = status(WA_FAILED, FOLD_NOW);
	struct fact_amendment new = status(WA_FAILED, FOLD_NOW + 1000);
	struct fact_amendment bad = status(WA_FAILED, -1);
	int64_t code;

	old.error = new.error = bad.error = STR("{\"title\":\"t\",\"details\":\"d\"}");
	old.error_code = 1;
	new.error_code = 2;
	bad.error_code = 3;
	ck_assert(amend(&m, &new, false, FOLD_NOW + 2000));
	(void)amend(&m, &old, false, FOLD_NOW + 2000);
	(void)amend(&m, &bad, false, FOLD_NOW + 2000);
	const cJSON *error = test_json(m.error);
	ck_assert(json_i64(json_get(error, "code"), &code));
	ck_assert_int_eq(code, 2);
	ck_assert_str(json_str(json_get(error, "title")), "t");
	ck_assert_str(json_str(json_get(error, "details")), "d");
}
END_TEST

START_TEST(the_newest_edit_is_shown_and_the_earlier_bodies_are_kept)
{
	struct message m = message(true);
	struct message_view v;
	struct fact_amendment two = edit("second", FOLD_NOW + 1000);
	struct fact_amendment three = edit("third", FOLD_NOW + 2000);

	ck_assert(amend(&m, &three, false, FOLD_NOW + 3000));
	ck_assert(amend(&m, &two, false, FOLD_NOW + 3000));
	ck_assert(!amend(&m, &two, false, FOLD_NOW + 3000));
	message_derive(test_arena(), &m, &v);
	ck_assert_str(v.body, "third");
	ck_assert_int_eq(v.edited_at, FOLD_NOW + 2000);
	ck_assert_str(json_str(json_get(test_json(v.original), "body")), "first");
	const cJSON *edits = test_json(m.edits);
	ck_assert_uint_eq(json_count(edits), 2);
	ck_assert_str(json_str(json_get(json_first(edits), "body")), "second");
}
END_TEST

START_TEST(an_edit_without_a_believed_time_is_older_than_every_other)
{
	struct message m = message(true);
	struct message_view v;
	struct fact_amendment good = edit("good", FOLD_NOW - 5000);
	struct fact_amendment far = edit("far", FOLD_NOW + 400 * TIME_DAY);

	(void)amend(&m, &far, false, FOLD_NOW);
	(void)amend(&m, &good, false, FOLD_NOW);
	message_derive(test_arena(), &m, &v);
	ck_assert_str(v.body, "good");
}
END_TEST

START_TEST(an_edit_makes_no_system_message_and_unmakes_none)
{
	struct message m = message(true);
	struct message_view v;
	struct fact_amendment e = edit("odd", FOLD_NOW + 1000);

	e.type = STR("system");
	(void)amend(&m, &e, false, FOLD_NOW + 1000);
	message_derive(test_arena(), &m, &v);
	ck_assert_str(v.type, "text");
	ck_assert_str(v.body, "odd");
}
END_TEST

START_TEST(beyond_the_limit_the_newest_edits_are_kept_whatever_the_order)
{
	enum { MANY = 80 };
	struct message up = message(true), down = message(true);
	struct message_view v;

	for (int i = 0; i < MANY; i++) {
		struct str x = str_fmt(test_arena(), "edit %d", i);
		struct str y = str_fmt(test_arena(), "edit %d", MANY - 1 - i);
		struct fact_amendment e = edit("", FOLD_NOW + i);
		e.body = x;
		(void)amend(&up, &e, false, FOLD_NOW + 1000);
		e = edit("", FOLD_NOW + MANY - 1 - i);
		e.body = y;
		(void)amend(&down, &e, false, FOLD_NOW + 1000);
	}
	ck_assert_slice(up.edits, down.edits);
	ck_assert_uint_eq(json_count(test_json(up.edits)), 64);
	message_derive(test_arena(), &up, &v);
	ck_assert_str(v.body, "edit 79");
}
END_TEST

START_TEST(each_side_has_one_reaction_and_can_take_it_back)
{
	struct message m = message(true);
	struct fact_amendment heart = { .kind = AMEND_REACTION, .emoji = STR("H"), .at = FOLD_NOW };
	struct fact_amendment thumb = { .kind = AMEND_REACTION,
		                        .emoji = STR("T"),
		                        .at = FOLD_NOW + 1000 };
	struct fact_amendment none = { .kind = AMEND_REACTION,
		                       .emoji = STR_NONE,
		                       .at = FOLD_NOW + 2000 };

	ck_assert(amend(&m, &thumb, true, FOLD_NOW + 2000));
	ck_assert(!amend(&m, &heart, true, FOLD_NOW + 2000));
	ck_assert(amend(&m, &heart, false, FOLD_NOW + 2000));
	const cJSON *r = test_json(m.reactions);
	ck_assert_str(json_str(json_get(json_get(r, "lead"), "emoji")), "T");
	ck_assert_str(json_str(json_get(json_get(r, "business"), "emoji")), "H");
	ck_assert(amend(&m, &none, true, FOLD_NOW + 2000));
	ck_assert(!amend(&m, &thumb, true, FOLD_NOW + 2000));
	r = test_json(m.reactions);
	ck_assert_str(json_str(json_get(json_get(r, "lead"), "emoji")), "");
}
END_TEST

START_TEST(a_revoke_is_final_and_bears_its_least_time)
{
	struct message m = message(true), late_copy = message(true);
	struct fact_amendment revoke = { .kind = AMEND_REVOKE, .at = FOLD_NOW + 2000 };
	struct fact_amendment again = { .kind = AMEND_REVOKE, .at = FOLD_NOW + 1000 };

	ck_assert(amend(&m, &revoke, false, FOLD_NOW + 3000));
	ck_assert(amend(&m, &again, false, FOLD_NOW + 3000));
	ck_assert(!amend(&m, &revoke, false, FOLD_NOW + 3000));
	(void)message_join(test_arena(), &m, &late_copy);
	ck_assert_int_eq(m.revoked_at, FOLD_NOW + 1000);
}
END_TEST

START_TEST(the_digest_tells_person_and_content_apart_and_not_the_spelling)
{
	struct fact_amendment e = edit("x", FOLD_NOW), other = edit("y", FOLD_NOW);
	struct amendment m, n;
	unsigned char one[32], two[32];

	amendment_from_fact(test_arena(), &e, false, FOLD_NOW, &m);
	amendment_from_fact(test_arena(), &other, false, FOLD_NOW, &n);
	amendment_digest(test_arena(), &m, STR("p"), one);
	amendment_digest(test_arena(), &n, STR("p"), two);
	ck_assert_mem_ne(one, two, 32);
	amendment_digest(test_arena(), &m, STR("q"), two);
	ck_assert_mem_ne(one, two, 32);
	n = m;
	n.doc = str_fmt(test_arena(), " " STR_FMT " ", STR_ARG(m.doc));
	amendment_digest(test_arena(), &n, STR("p"), two);
	ck_assert_mem_eq(one, two, 32);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("amendment", a_late_sent_never_lowers_read,
	                  an_inbound_message_is_received_whatever_status_it_gets,
	                  the_least_time_of_a_status_confirms, the_newest_failure_is_the_error,
	                  the_newest_edit_is_shown_and_the_earlier_bodies_are_kept,
	                  an_edit_without_a_believed_time_is_older_than_every_other,
	                  an_edit_makes_no_system_message_and_unmakes_none,
	                  beyond_the_limit_the_newest_edits_are_kept_whatever_the_order,
	                  each_side_has_one_reaction_and_can_take_it_back,
	                  a_revoke_is_final_and_bears_its_least_time,
	                  the_digest_tells_person_and_content_apart_and_not_the_spelling);
}

TEST_MAIN(make_suite)
