/*
 * What no table of bodies can say: sizes, memory, content that must not depend on order, and every
 * case of tests/data/wa with every place in it made wrong in turn.
 */
#include <stdio.h>

#include "base/digest.h"
#include "core/wa_decode.h"
#include "testing.h"

static enum wa_body
decode(struct str body, struct facts *f)
{
	struct str reason = STR_NONE;
	enum wa_body result = wa_decode(test_arena(), body, f, &reason);

	ck_assert_int_eq(result != WA_BODY_OK, str_is_set(reason));
	return result;
}

/* ---- sizes ---- */

static struct str
wrapped(const char *field, struct str value)
{
	return str_fmt(test_arena(),
	               "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"5500\","
	               "\"changes\":[{\"field\":\"%s\",\"value\":" STR_FMT "}]}]}",
	               field, STR_ARG(value));
}

START_TEST(a_thousand_changes_in_one_body_have_a_thousand_routes)
{
	struct facts f = { 0 };
	struct buf b;

	buf_init(&b, test_arena(), 8u << 20);
	buf_z(&b, "{\"entry\":[{\"id\":\"5500\",\"changes\":[");
	for (int i = 0; i < 1000; i++)
		buf_fmt(&b,
		        "%s{\"field\":\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"%"
		        "d\"},"
		        "\"messages\":[{\"from\":\"351911222333\",\"id\":\"wamid.N%d\","
		        "\"timestamp\":\"1\","
		        "\"type\":\"text\",\"text\":{\"body\":\"a\"}}]}}",
		        i == 0 ? "" : ",", i, i);
	buf_z(&b, "]}]}");
	ck_assert_int_eq(decode(buf_slice(&b), &f), WA_BODY_OK);
	ck_assert_uint_eq(f.routes.n, 1000);
	ck_assert_uint_eq(f.messages.n, 1000);
	ck_assert_uint_eq(f.fields, FIELD_MESSAGES);
	for (size_t i = 0; i < 1000; i++) {
		ck_assert_uint_eq(f.messages.v[i].route, i);
		ck_assert_uint_eq(f.route_fields[i], FIELD_MESSAGES);
		ck_assert_slice(f.routes.v[i].phone_number_id, str_fmt(test_arena(), "%zu", i));
	}
}
END_TEST

START_TEST(a_thousand_small_chunks_in_one_body_need_memory_for_their_messages_only)
{
	struct arena *a = arena_new(8u << 20);
	struct facts f = { 0 };
	struct str reason;
	struct buf b;

	buf_init(&b, test_arena(), 8u << 20);
	buf_z(&b, "{\"history\":[");
	for (int i = 0; i < 1000; i++)
		buf_fmt(&b,
		        "%s{\"threads\":[{\"id\":\"1\",\"messages\":[{\"id\":\"a%d\"},{\"id\":\"b%"
		        "d\"},"
		        "5]}]}",
		        i == 0 ? "" : ",", i, i);
	buf_z(&b, "]}");
	struct str body = wrapped("history", buf_slice(&b));
	ck_assert_int_eq(wa_decode(a, body, &f, &reason), WA_BODY_OK);
	ck_assert_uint_eq(f.chunks.n, 1000);
	ck_assert_uint_eq(f.messages.n, 2000);
	ck_assert_uint_eq(f.problems.n, 1000);
	for (size_t i = 0; i < 1000; i++) {
		ck_assert_uint_eq(f.chunks.v[i].problems, 1);
		ck_assert_uint_eq(f.chunks.v[i].messages, 2);
		ck_assert_slice(f.messages.v[2 * i].wamid, str_fmt(test_arena(), "a%zu", i));
		ck_assert_slice(f.messages.v[2 * i + 1].wamid, str_fmt(test_arena(), "b%zu", i));
	}
	arena_free(a);
}
END_TEST

/* A live text whose body is n times "é" after one "x". */
static struct str
long_text(size_t n)
{
	struct buf b;

	buf_init(&b, test_arena(), 8u << 20);
	buf_z(&b, "{\"messages\":[{\"id\":\"wamid.L\",\"type\":\"text\",\"text\":{\"body\":\"x");
	for (size_t i = 0; i < n; i++)
		buf_z(&b, "\xC3\xA9");
	buf_z(&b, "\"}}]}");
	return wrapped("messages", buf_slice(&b));
}

START_TEST(a_text_of_100_kb_is_kept_whole)
{
	struct facts f = { 0 };

	ck_assert_int_eq(decode(long_text(50 * 1024), &f), WA_BODY_OK);
	ck_assert_uint_eq(f.messages.n, 1);
	ck_assert_uint_eq(f.messages.v[0].body.n, 100 * 1024 + 1);
}
END_TEST

START_TEST(a_text_beyond_the_limit_is_cut_before_a_character)
{
	struct facts f = { 0 };

	ck_assert_int_eq(decode(long_text(WA_MAX_BODY), &f), WA_BODY_OK);
	ck_assert_uint_eq(f.messages.v[0].body.n, WA_MAX_BODY - 1);
	ck_assert_int_eq((unsigned char)f.messages.v[0].body.p[WA_MAX_BODY - 2], 0xA9);
}
END_TEST

START_TEST(a_name_beyond_the_limit_is_cut_before_a_character)
{
	struct facts f = { 0 };
	struct buf b;

	buf_init(&b, test_arena(), 1u << 20);
	buf_z(&b, "{\"contacts\":[{\"wa_id\":\"351911222333\",\"profile\":{\"name\":\"");
	for (int i = 0; i < 600; i++)
		buf_z(&b, "\xE2\x82\xAC");
	buf_z(&b, "\"}}]}");
	ck_assert_int_eq(decode(wrapped("messages", buf_slice(&b)), &f), WA_BODY_OK);
	ck_assert_uint_eq(f.links.v[0].profile_name.n, WA_MAX_NAME / 3 * 3);
}
END_TEST

START_TEST(nesting_of_ten_thousand_is_not_json)
{
	struct facts f = { 0 };
	char *deep = arena_alloc(test_arena(), 10001);

	memset(deep, '[', 10000);
	ck_assert_int_eq(decode(str_n(deep, 10000), &f), WA_BODY_NOT_JSON);
}
END_TEST

START_TEST(nesting_just_beyond_64_is_not_json_and_64_is)
{
	for (size_t extra = 0; extra < 2; extra++) {
		struct facts f = { 0 };
		char open[65] = { 0 }, close[65] = { 0 };
		memset(open, '[', 63 + extra);
		memset(close, ']', 63 + extra);
		struct str s = str_fmt(test_arena(), "{\"entry\":%s%s}", open, close);
		ck_assert_int_eq(decode(s, &f), extra == 0 ? WA_BODY_OK : WA_BODY_NOT_JSON);
	}
}
END_TEST

START_TEST(more_than_the_arena_holds_is_too_large_wherever_it_is_met)
{
	struct buf b;
	struct str s, reason = STR_NONE;
	size_t seen[4] = { 0 };

	buf_init(&b, test_arena(), 1u << 20);
	buf_z(&b, "{\"history\":[{\"threads\":[{\"id\":\"351911222333\",\"messages\":[");
	for (int i = 0; i < 300; i++)
		buf_fmt(&b,
		        "%s{\"id\":\"wamid.K%d\",\"type\":\"text\",\"text\":{\"body\":\"a\"}},7",
		        i == 0 ? "" : ",", i);
	buf_z(&b, "]}]}]}");
	s = wrapped("history", buf_slice(&b));
	for (size_t cap = 4096; cap < 2u << 20; cap += 4096) {
		struct facts f = { 0 };
		struct arena *a = arena_new(cap);
		enum wa_body result = wa_decode(a, s, &f, &reason);
		ck_assert(result == WA_BODY_OK || result == WA_BODY_TOO_LARGE);
		ck_assert(result == WA_BODY_OK || f.messages.n == 0);
		seen[result]++;
		arena_free(a);
	}
	ck_assert_uint_gt(seen[WA_BODY_OK], 0);
	ck_assert_uint_gt(seen[WA_BODY_TOO_LARGE], 20);
}
END_TEST

/* ---- content that ends ties ---- */

START_TEST(bytes_and_digests_do_not_depend_on_the_order_of_members)
{
	struct facts f = { 0 }, g = { 0 };

	decode(wrapped("history",
	               STR("{\"history\":[{\"metadata\":{\"phase\":1},\"threads\":[{\"id\":\"1\","
	                   "\"messages\":[{\"id\":\"a\",\"from\":\"1\"},5]}]}]}")),
	       &f);
	decode(wrapped("history",
	               STR("{\"history\":[{\"threads\":[{\"messages\":[{\"from\":\"1\",\"id\":"
	                   "\"a\"}, 5],\"id\":\"1\"}],\"metadata\":{\"phase\":1}}]}")),
	       &g);
	ck_assert_uint_eq(f.messages.n, 1);
	ck_assert_slice(f.messages.v[0].bytes, g.messages.v[0].bytes);
	ck_assert_mem_eq(f.chunks.v[0].digest, g.chunks.v[0].digest, SHA256_LEN);
	ck_assert_mem_eq(f.problems.v[0].digest, g.problems.v[0].digest, SHA256_LEN);
	decode(wrapped("history",
	               STR("{\"history\":[{\"metadata\":{\"phase\":2},\"threads\":[{\"id\":\"1\","
	                   "\"messages\":[{\"id\":\"a\",\"from\":\"2\"},6]}]}]}")),
	       &g);
	ck_assert(!str_eq(f.messages.v[0].bytes, g.messages.v[0].bytes));
	ck_assert_mem_ne(f.chunks.v[0].digest, g.chunks.v[0].digest, SHA256_LEN);
	ck_assert_mem_ne(f.problems.v[0].digest, g.problems.v[0].digest, SHA256_LEN);
}
END_TEST

/* ---- every place made wrong in turn ---- */

static const char *const wrong_values[] = {
	"null", "true", "0",   "-1.5", "99999999999999999999", "\"\"", "\"x\"", "\"\\ud800\"",
	"[]",   "{}",   "[1]", "[{}]", "{\"id\":{}}",
};
enum { WRONG_VALUES = sizeof wrong_values / sizeof wrong_values[0] };

/* Writes v; the node number `at` (counted in writing order) is replaced. Returns nodes written so
 * far. */
static size_t
write_mutant(struct buf *b, const cJSON *v, size_t n, size_t at, const char *wrong)
{
	bool array = cJSON_IsArray(v);

	if (n == at) {
		buf_z(b, wrong);
		return n + 1;
	}
	n++;
	if (!array && !cJSON_IsObject(v)) {
		buf_str(b, json_raw(test_arena(), v));
		return n;
	}
	buf_char(b, array ? '[' : '{');
	for (const cJSON *c = json_first(v); c != NULL; c = c->next) {
		if (!array)
			buf_fmt(b, "\"%s\":", c->string);
		n = write_mutant(b, c, n, at, wrong);
		if (c->next != NULL)
			buf_char(b, ',');
	}
	buf_char(b, array ? ']' : '}');
	return n;
}

/* A good text before and after `body`'s entries, which must survive whatever is wrong between. */
static struct str
between_neighbours(struct str entries)
{
	static const char *const neighbour = "{\"id\":\"5500\",\"changes\":[{\"field\":"
					     "\"messages\",\"value\":{\"messages\":[{\"id\":"
					     "\"wamid.GOOD\",\"from\":\"351911222333\",\"type\":"
					     "\"text\",\"text\":{\"body\":\"a\"}}]}}]}";

	return str_fmt(test_arena(), "{\"entry\":[%s," STR_FMT ",%s]}", neighbour, STR_ARG(entries),
	               neighbour);
}

static size_t
count_good(const struct facts *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->messages.n; i++)
		n += str_eq(f->messages.v[i].wamid, STR("wamid.GOOD"));
	return n;
}

/* Every node of one entry, each wrong value; gives the number of mutants. */
static size_t
mutate_entry(const cJSON *entry)
{
	struct buf b;
	size_t mutants = 0;

	buf_init(&b, NULL, 1u << 20);
	size_t nodes = write_mutant(&b, entry, 0, SIZE_MAX, "");
	for (size_t at = 0; at < nodes; at++)
		for (size_t k = 0; k < WRONG_VALUES; k++, mutants++) {
			struct facts f = { 0 };
			arena_reset(test_arena());
			buf_clear(&b);
			(void)write_mutant(&b, entry, 0, at, wrong_values[k]);
			struct str s = between_neighbours(buf_slice(&b));
			ck_assert_int_eq(decode(s, &f), WA_BODY_OK);
			ck_assert_msg(count_good(&f) == 2, STR_FMT, STR_ARG(s));
		}
	buf_deinit(&b);
	return mutants;
}

START_TEST(any_wrong_type_in_any_place_leaves_the_neighbours)
{
	static const char *const files[] = { "wa/envelope.json", "wa/history.json",
		                             "wa/messages.json", "wa/statuses.json",
		                             "wa/echoes.json",   "wa/contacts.json",
		                             "wa/account.json" };
	size_t mutants = 0;

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct arena *a = arena_new(64u << 20);
		const cJSON *table = NULL;
		struct str text = test_data(files[i]);
		ck_assert_ok(json_parse(a, str_dup(a, text), &table));
		for (const cJSON *row = json_first(table); row != NULL; row = row->next) {
			const cJSON *entries = json_get(json_get(row, "body"), "entry");
			if (cJSON_IsArray(entries) && json_first(entries) != NULL)
				mutants += mutate_entry(json_first(entries));
		}
		arena_free(a);
	}
	ck_assert_uint_gt(mutants, 10000);
}
END_TEST

/* The message before and the one after the broken element, in the same array. */
START_TEST(a_wrong_element_leaves_the_rest_of_its_array)
{
	static const char *const fields[][2] = {
		{ "messages", "{\"messages\":[%s]}" },
		{ "smb_message_echoes", "{\"message_echoes\":[%s]}" },
		{ "history", "{\"history\":[{\"threads\":[{\"id\":\"1\",\"messages\":[%s]}]}]}" },
		{ "history", "{\"messages\":[%s]}" },
	};
	static const char *const good_one = "{\"id\":\"wamid.GOOD\",\"from\":\"1\",\"type\":"
					    "\"text\",\"text\":{\"body\":\"a\"}}";

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		for (size_t k = 0; k < WRONG_VALUES; k++) {
			struct facts f = { 0 };
			struct str list = str_fmt(test_arena(), "%s,%s,%s", good_one,
			                          wrong_values[k], good_one);
			size_t gap = str_find(str_from(fields[i][1]), '%');
			struct str value = str_fmt(test_arena(), "%.*s" STR_FMT "%s", (int)gap,
			                           fields[i][1], STR_ARG(list),
			                           fields[i][1] + gap + 2);
			ck_assert_int_eq(decode(wrapped(fields[i][0], value), &f), WA_BODY_OK);
			ck_assert_uint_eq(count_good(&f), 2);
			ck_assert_uint_eq(f.problems.n, 1);
			ck_assert_uint_eq(f.messages.n, 2);
		}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"wa_decode_bounds", a_thousand_changes_in_one_body_have_a_thousand_routes,
		a_thousand_small_chunks_in_one_body_need_memory_for_their_messages_only,
		a_text_of_100_kb_is_kept_whole, a_text_beyond_the_limit_is_cut_before_a_character,
		a_name_beyond_the_limit_is_cut_before_a_character,
		nesting_of_ten_thousand_is_not_json, nesting_just_beyond_64_is_not_json_and_64_is,
		more_than_the_arena_holds_is_too_large_wherever_it_is_met,
		bytes_and_digests_do_not_depend_on_the_order_of_members,
		any_wrong_type_in_any_place_leaves_the_neighbours,
		a_wrong_element_leaves_the_rest_of_its_array);
}

TEST_MAIN(make_suite)
