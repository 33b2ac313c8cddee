/* The rules that read more than one fact, as tables: direction and person, where a ticket comes
 * from, its window, the status of a history run. */
#include "core/wa_rules.h"

#include "testing.h"

#define OWN   "5511300000001"
#define OTHER "5511987654321"
#define NOW   INT64_C(1768906800000)

enum who { NOBODY, THREAD, FROM, TO, CONTACT, REMOTE };

static struct fact_person
person(const char *wa_id)
{
	return (struct fact_person){ .wa_id = wa_id != NULL ? str_from(wa_id) : STR_NONE };
}

static const struct {
	const char *name;
	int from_me; /* -1: not said */
	const char *thread, *from, *to, *contact;
	bool outbound;
	enum who who;
} places[] = {
	{ "live, from a customer", -1, NULL, OTHER, NULL, OTHER, false, FROM },
	{ "live, sender known by contact only", -1, NULL, NULL, NULL, OTHER, false, CONTACT },
	{ "echo", -1, NULL, OWN, OTHER, NULL, true, TO },
	{ "echo without a sender", -1, NULL, NULL, OTHER, NULL, true, TO },
	{ "history, from me, no receiver", 1, OTHER, OWN, NULL, NULL, true, THREAD },
	{ "history, from_me alone", 1, OTHER, NULL, NULL, NULL, true, THREAD },
	{ "history, not from me", 0, OTHER, OTHER, NULL, NULL, false, THREAD },
	{ "history, from_me false but sent by us", 0, OTHER, OWN, NULL, NULL, true, THREAD },
	{ "history, not from me, to our own number", 0, OTHER, OTHER, OWN, NULL, false, THREAD },
	{ "to our own number", -1, NULL, OTHER, OWN, NULL, false, FROM },
	{ "our number without the ninth digit", -1, NULL, "5511987650001", OTHER, NULL, true, TO },
	{ "to ourselves", -1, NULL, OWN, OWN, NULL, true, NOBODY },
	{ "a thread with ourselves", 1, OWN, OWN, OWN, NULL, true, NOBODY },
	{ "thread of ourselves, sent by a customer", -1, OWN, OTHER, NULL, NULL, false, FROM },
	{ "from us, customer in the contact", -1, NULL, OWN, NULL, OTHER, true, CONTACT },
	{ "nobody at all", -1, NULL, NULL, NULL, NULL, false, NOBODY },
	{ "the thread decides whose it is", -1, OTHER, "351911222333", NULL, NULL, false, THREAD },
};

START_TEST(direction_and_person_of_a_message_are_read_as_the_table_says)
{
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct fact_message f = { .from_me_set = places[i].from_me >= 0,
			                  .from_me = places[i].from_me > 0,
			                  .thread = person(places[i].thread),
			                  .from = person(places[i].from),
			                  .to = person(places[i].to),
			                  .contact = person(places[i].contact) };
		const struct fact_person *people[] = { NULL, &f.thread, &f.from, &f.to,
			                               &f.contact };
		struct wa_place r =
			wa_place_message(test_arena(), &f, STR(OWN), STR("551187650001"));

		ck_assert_msg(r.outbound == places[i].outbound, "%s: outbound is %d",
		              places[i].name, r.outbound);
		ck_assert_msg(r.person == people[places[i].who], "%s: another person",
		              places[i].name);
	}
}
END_TEST

START_TEST(amendments_are_placed_like_messages_and_then_by_the_id_they_name)
{
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct fact_amendment f = { .kind = AMEND_EDIT,
			                    .from_me_set = places[i].from_me >= 0,
			                    .from_me = places[i].from_me > 0,
			                    .thread = person(places[i].thread),
			                    .from = person(places[i].from),
			                    .to = person(places[i].to),
			                    .contact = person(places[i].contact),
			                    .wamid_remote = person(OTHER) };
		const struct fact_person *people[] = { &f.wamid_remote, &f.thread, &f.from, &f.to,
			                               &f.contact };
		struct wa_place r =
			wa_place_amendment(test_arena(), &f, STR(OWN), STR("551187650001"));

		ck_assert_msg(r.outbound == places[i].outbound, "%s: outbound is %d",
		              places[i].name, r.outbound);
		ck_assert_msg(r.person == people[places[i].who], "%s: another person",
		              places[i].name);
		f.wamid_remote = person(OWN);
		r = wa_place_amendment(test_arena(), &f, STR(OWN), STR("551187650001"));
		ck_assert(places[i].who != NOBODY || r.person == NULL);
	}
}
END_TEST

START_TEST(a_status_speaks_of_what_we_sent)
{
	struct fact_amendment f = { .kind = AMEND_STATUS, .to = person(OTHER) };
	struct wa_place r = wa_place_amendment(test_arena(), &f, STR(OWN), STR_NONE);

	ck_assert(r.outbound);
	ck_assert_ptr_eq(r.person, &f.to);
}
END_TEST

START_TEST(a_person_loses_our_own_number_and_keeps_the_rest)
{
	struct fact_person p = { .wa_id = STR(OWN), .user_id = STR("BR.1"), .username = STR("u") };
	struct fact_person out;

	ck_assert(wa_person_usable(test_arena(), &p, STR(OWN), STR_NONE, &out));
	ck_assert_none(out.wa_id);
	ck_assert_str(out.user_id, "BR.1");
	ck_assert_str(out.username, "u");
	p.user_id = STR_NONE;
	ck_assert(!wa_person_usable(test_arena(), &p, STR(OWN), STR_NONE, &out));
	ck_assert(!wa_person_usable(test_arena(), &p, STR_NONE, STR(OWN), &out));
	ck_assert(wa_person_usable(test_arena(), &p, STR_NONE, STR_NONE, &out));
	ck_assert_str(out.wa_id, OWN);
}
END_TEST

START_TEST(a_ticket_comes_from_an_earlier_one_then_from_history_then_from_nowhere)
{
	static const struct {
		int64_t first_ticket, first_history;
		const char *origin;
	} table[] = {
		{ NOW, TIME_NONE, "new_contact" }, { TIME_NONE, TIME_NONE, "new_contact" },
		{ NOW, NOW, "new_contact" }, /* older means older */
		{ NOW, NOW + 1, "new_contact" },   { NOW, NOW - 1, "history_lead" },
		{ NOW - 1, NOW - 1, "existing" },  { NOW - 1, TIME_NONE, "existing" },
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		ck_assert_str_eq(
			wa_ticket_origin(NOW, table[i].first_ticket, table[i].first_history),
			table[i].origin);
}
END_TEST

START_TEST(a_window_lasts_24_hours_and_a_lead_with_history_has_none)
{
	ck_assert_int_eq(wa_ticket_window(NOW, TIME_NONE, NOW + 5), NOW + 5 + 24 * TIME_HOUR);
	ck_assert_int_eq(wa_ticket_window(NOW, NOW, NOW + 5), NOW + 5 + 24 * TIME_HOUR);
	ck_assert_int_eq(wa_ticket_window(NOW, NOW + 1, NOW + 5), NOW + 5 + 24 * TIME_HOUR);
	ck_assert_int_eq(wa_ticket_window(NOW, NOW - 1, NOW + 5), TIME_NONE);
	ck_assert_int_eq(wa_ticket_window(NOW, TIME_NONE, TIME_NONE), TIME_NONE);
}
END_TEST

#define ASKED .history_requested = true, .started_at = NOW

START_TEST(the_status_of_a_history_run_is_the_first_line_that_fits)
{
	static const struct {
		struct sync_view v;
		int64_t after;
		const char *status;
	} table[] = {
		{ { .cloud_api = true, .progress = 100, .completed = true }, 0, "not_supported" },
		{ { ASKED, .progress = 40, .has_chunk = true, .disconnected = true }, 0, "failed" },
		{ { ASKED, .progress = -1, .too_late = true }, 0, "failed" },
		{ { ASKED, .progress = 100, .has_chunk = true, .disconnected = true },
		  0,
		  "completed" },
		{ { ASKED, .progress = 100, .has_chunk = true }, 0, "completed" },
		{ { ASKED, .progress = 100, .has_chunk = true, .chunks_waiting = true },
		  0,
		  "syncing" },
		{ { ASKED, .progress = 100, .completed = true, .chunks_waiting = true },
		  0,
		  "completed" },
		{ { ASKED, .progress = 99, .completed = true, .disconnected = true },
		  0,
		  "completed" },
		{ { ASKED, .progress = 0, .has_chunk = true }, 0, "syncing" },
		{ { ASKED, .progress = -1, .has_chunk = true, .declined = true }, 0, "syncing" },
		{ { ASKED, .progress = -1, .has_chunk = true }, 25 * TIME_HOUR, "syncing" },
		{ { ASKED, .progress = -1, .declined = true }, 25 * TIME_HOUR, "declined" },
		{ { ASKED, .progress = -1, .has_state_sync = true }, 24 * TIME_HOUR, "failed" },
		{ { ASKED, .progress = -1, .has_state_sync = true },
		  24 * TIME_HOUR - 1,
		  "pending_history" },
		{ { ASKED, .progress = -1 }, 24 * TIME_HOUR - 1, "pending_consent" },
		{ { .started_at = NOW, .progress = -1, .has_state_sync = true },
		  0,
		  "not_requested" },
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const char *status = wa_sync_status(&table[i].v, NOW + table[i].after);
		ck_assert_msg(strcmp(status, table[i].status) == 0, "row %zu: %s instead of %s", i,
		              status, table[i].status);
	}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("wa_rules", direction_and_person_of_a_message_are_read_as_the_table_says,
	                  amendments_are_placed_like_messages_and_then_by_the_id_they_name,
	                  a_status_speaks_of_what_we_sent,
	                  a_person_loses_our_own_number_and_keeps_the_rest,
	                  a_ticket_comes_from_an_earlier_one_then_from_history_then_from_nowhere,
	                  a_window_lasts_24_hours_and_a_lead_with_history_has_none,
	                  the_status_of_a_history_run_is_the_first_line_that_fits);
}

TEST_MAIN(make_suite)
