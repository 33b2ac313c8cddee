/*
 * The simulated world before it is used to judge anything: the same seed is the same world, and
 * what it says on the wire decodes to what it means. What always holds: nothing here needs a
 * server.
 */
#include "base/map.h"
#include "base/time.h"
#include "core/wa_decode.h"
#include "core/wamid.h"
#include "sim/deliver.h"
#include "sim/wild.h"
#include "testing.h"

static struct world_bodies
bodies_of(struct world_options *o, struct world *w)
{
	struct world_bodies bodies;

	world_make(test_arena(), o, w);
	world_make_bodies(test_arena(), w, 1, &bodies);
	return bodies;
}

static struct world_options
small(uint64_t seed)
{
	struct world_options o;

	world_options_init(&o);
	o.seed = seed;
	o.people = 60;
	o.contacts = 70;
	o.messages = 600;
	o.chunk_messages = 100;
	o.live = 150;
	return o;
}

static struct facts
decode(struct str body, enum wa_body expected)
{
	struct facts f = { 0 };
	struct str reason;
	enum wa_body got = wa_decode(test_arena(), body, &f, &reason);

	ck_assert_msg(got == expected, "decoded to %d, not %d: " STR_FMT, got, expected,
	              STR_ARG(body));
	return f;
}

START_TEST(the_same_seed_gives_the_same_bytes)
{
	struct world_options o = small(7), p = small(8);
	struct world w;
	struct world_bodies a = bodies_of(&o, &w), b = bodies_of(&o, &w), c = bodies_of(&p, &w);
	size_t same = 0;

	ck_assert_uint_eq(a.n, b.n);
	for (size_t i = 0; i < a.n; i++) {
		ck_assert_slice(a.v[i].bytes, b.v[i].bytes);
		ck_assert_int_eq(a.v[i].received_at, b.v[i].received_at);
		same += i < c.n && str_eq(a.v[i].bytes, c.v[i].bytes);
	}
	ck_assert_msg(same < a.n / 4, "another seed gives the same world");
}
END_TEST

START_TEST(every_body_decodes_without_a_problem)
{
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct world_options o = small(seed);
		struct world w;
		if (seed == 3)
			o.wrap = WIRE_DIALOG;
		struct world_bodies bodies = bodies_of(&o, &w);
		for (size_t i = 0; i < bodies.n; i++) {
			bool odd = strcmp(bodies.v[i].part, "odd") == 0;
			bool page = odd &&
			            str_starts(bodies.v[i].bytes, STR("{\"object\":\"page\""));
			struct facts f =
				decode(bodies.v[i].bytes, page ? WA_BODY_IGNORED : WA_BODY_OK);
			if (!odd && f.problems.n > 0)
				ck_abort_msg("%s: %s " STR_FMT, bodies.v[i].part,
				             f.problems.v[0].code, STR_ARG(f.problems.v[0].path));
		}
	}
}
END_TEST

START_TEST(every_message_that_is_expected_is_on_the_wire)
{
	struct world_options o = small(5);
	struct world w;
	struct world_bodies bodies = bodies_of(&o, &w);
	struct map keys;
	size_t expected = 0;

	map_init(&keys, test_arena(), 1024);
	for (size_t i = 0; i < bodies.n; i++) {
		if (strcmp(bodies.v[i].part, "odd") == 0)
			continue;
		struct facts f = decode(bodies.v[i].bytes, WA_BODY_OK);
		for (size_t k = 0; k < f.messages.n; k++)
			map_set(&keys, f.messages.v[k].dedup_key, 1);
	}
	for (size_t i = 0; i < w.npeople; i++) {
		struct world_expect x;
		world_expect_person(test_arena(), &w, i, &x);
		expected += x.nmessages;
		for (size_t k = 0; k < x.nmessages; k++)
			ck_assert_msg(map_get(&keys, x.messages[k].key) != MAP_NONE,
			              STR_FMT " is never told", STR_ARG(x.messages[k].key));
	}
	ck_assert_uint_eq(keys.n, expected);
	ck_assert_uint_gt(expected, o.messages + o.live - 1);
}
END_TEST

START_TEST(every_shape_of_the_reference_occurs)
{
	struct world_options o = small(6);
	struct world w;
	struct map types;
	size_t amendments[4] = { 0 }, late = 0, both = 0, chunks = 0, edges = 0, full = 0;

	o.live = 1200;
	o.messages = 1200;
	o.people = 200;
	struct world_bodies bodies = bodies_of(&o, &w);
	map_init(&types, test_arena(), 64);
	for (size_t i = 0; i < bodies.n; i++) {
		if (strcmp(bodies.v[i].part, "odd") == 0)
			continue;
		struct facts f = decode(bodies.v[i].bytes, WA_BODY_OK);
		for (size_t k = 0; k < f.messages.n; k++) {
			map_set(&types, f.messages.v[k].type, 1);
			late += f.messages.v[k].content_only;
		}
		for (size_t k = 0; k < f.amendments.n; k++)
			amendments[f.amendments.v[k].kind]++;
		for (size_t k = 0; k < f.links.n; k++)
			edges += f.links.v[k].number_change;
		for (size_t k = 0; k < f.chunks.n; k++)
			full += f.chunks.v[k].progress == 100;
		chunks += f.chunks.n;
	}
	for (size_t i = 0; i < w.nmessages; i++)
		both += w.messages[i].in_history && w.messages[i].in_live;
	for (int k = 0; k < WIRE_EDIT; k++)
		if (k != WIRE_REACTION && k != WIRE_NEW_USER_ID)
			ck_assert_msg(map_get(&types, str_from(wire_kind_type(
							      (enum wire_kind)k))) != MAP_NONE,
			              "no %s", wire_kind_type((enum wire_kind)k));
	for (size_t k = 0; k < 4; k++)
		ck_assert_uint_gt(amendments[k], 0);
	ck_assert_uint_gt(late, 0);
	ck_assert_uint_gt(both, 0);
	ck_assert_uint_gt(edges, 0);
	ck_assert_uint_gt(chunks, 5);
	ck_assert_uint_eq(full, 1);
}
END_TEST

START_TEST(all_four_shapes_of_a_declined_history_decode)
{
	for (int form = DECLINE_ENVELOPE; form <= DECLINE_METADATA; form++) {
		struct world_options o = small(1);
		struct world w;
		size_t declined = 0;
		o.decline = (enum world_decline)form;
		o.parts = WORLD_HISTORY;
		struct world_bodies bodies = bodies_of(&o, &w);
		ck_assert_uint_eq(bodies.n, 1);
		struct facts f = decode(bodies.v[0].bytes, WA_BODY_OK);
		for (size_t i = 0; i < f.errors.n; i++)
			declined += f.errors.v[i].code == 2593109 && f.errors.v[i].in_history;
		ck_assert_uint_eq(declined, 1);
	}
}
END_TEST

START_TEST(misdelivery_changes_order_and_number_but_no_bytes)
{
	struct world_options o = small(2);
	struct world w;
	struct world_bodies plain = bodies_of(&o, &w), mixed = plain;
	struct map bytes;
	size_t moved = 0;

	world_misdeliver(test_arena(), &mixed, 1, 50, 200);
	ck_assert_uint_gt(mixed.n, plain.n);
	map_init(&bytes, test_arena(), plain.n);
	for (size_t i = 0; i < plain.n; i++)
		map_set(&bytes, plain.v[i].bytes, 1);
	for (size_t i = 0; i < mixed.n; i++) {
		ck_assert_uint_ne(map_get(&bytes, mixed.v[i].bytes), MAP_NONE);
		moved += i < plain.n && !str_eq(mixed.v[i].bytes, plain.v[i].bytes);
	}
	ck_assert_uint_gt(moved, plain.n / 2);
}
END_TEST

START_TEST(wild_bodies_are_survived_and_mostly_understood)
{
	struct wild_options o = {
		.at = INT64_C(1768906800000), .bodies = 40, .nlines = 2, .strangers = true
	};
	size_t messages = 0, problems = 0, amendments = 0;

	o.lines[0] = (struct wire_line){ STR("101"), STR("201"), STR("551130000001") };
	o.lines[1] = (struct wire_line){ STR("102"), STR("202"), STR("551130000002") };
	for (o.seed = 1; o.seed <= 30; o.seed++) {
		struct world_bodies bodies;
		wild_make(test_arena(), &o, &bodies);
		for (size_t i = 0; i < bodies.n; i++) {
			struct facts f = { 0 };
			struct str reason;
			if (wa_decode(test_arena(), bodies.v[i].bytes, &f, &reason) != WA_BODY_OK)
				continue;
			messages += f.messages.n;
			amendments += f.amendments.n;
			problems += f.problems.n;
			if (i > 0)
				ck_assert_int_ge(bodies.v[i].received_at, o.at);
		}
	}
	ck_assert_uint_gt(messages, 1000);
	ck_assert_uint_gt(amendments, 300);
	ck_assert_uint_lt(problems, messages / 10);
}
END_TEST

START_TEST(a_signature_is_the_keyed_digest_of_the_bytes)
{
	/* RFC 4231, test case 2 */
	ck_assert_str(
		deliver_signature(test_arena(), STR("Jefe"), STR("what do ya want for nothing?")),
		"sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"world", the_same_seed_gives_the_same_bytes, every_body_decodes_without_a_problem,
		every_message_that_is_expected_is_on_the_wire, every_shape_of_the_reference_occurs,
		all_four_shapes_of_a_declined_history_decode,
		misdelivery_changes_order_and_number_but_no_bytes,
		wild_bodies_are_survived_and_mostly_understood,
		a_signature_is_the_keyed_digest_of_the_bytes);
}

TEST_MAIN(make_suite)
