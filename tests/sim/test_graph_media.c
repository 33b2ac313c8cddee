/*
 * The simulated Graph API: media. What always holds: the bytes are those of the digest that is
 * told, unless a wrong one was ordered; an address ends after five minutes.
 */
#include <stdlib.h>

#include "graph_fixture.h"
#include "sim/media.h"

/* The address without the server, of the newest answer. */
static const char *
address(const struct play *p)
{
	struct str url = play_text(p, "url"), before = STR("http://graph.test");

	ck_assert(str_starts(url, before));
	return str_z(test_arena(), str_sub(url, before.n, url.n));
}

/* All bytes that the reply would send. */
static struct str
bytes_of(const struct web_reply *r)
{
	char *out = arena_alloc(test_arena(), r->filler + 1);

	ck_assert_uint_eq(r->body.n, 0);
	for (size_t at = 0; at < r->filler; at += 1001) /* from odd places */
		r->fill(r->fill_seed, at, out + at, r->filler - at < 1001 ? r->filler - at : 1001);
	return str_n(out, r->filler);
}

static void
put(struct play *p, const char *more)
{
	play_control(p, "media",
	             str_z(test_arena(), str_fmt(test_arena(), "{\"id\":\"42\"%s}", more)));
}

START_TEST(a_medium_has_an_address_and_its_bytes_their_digest)
{
	static const struct {
		const char *more;
		size_t bytes;
		bool hex, right;
	} cases[] = {
		{ "", 1000, true, true },
		{ ",\"bytes\":0", 0, true, true },
		{ ",\"bytes\":70001,\"sha256\":\"hex\",\"mime\":\"video/mp4\"", 70001, true, true },
		{ ",\"bytes\":5,\"sha256\":\"base64\"", 5, false, true },
		{ ",\"bytes\":500,\"sha256\":\"wrong\"", 500, true, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		unsigned char told[SHA256_LEN], real[SHA256_LEN];
		struct play p;
		int64_t size = -1;
		play_start(&p);
		put(&p, cases[i].more);
		ck_assert_int_eq(play_call(&p, "GET", "/42", NULL), 200);
		ck_assert_str(play_text(&p, "messaging_product"), "whatsapp");
		ck_assert_str(play_text(&p, "id"), "42");
		ck_assert(json_is_number(json_get(p.json, "file_size")));
		ck_assert(json_i64(json_get(p.json, "file_size"), &size));
		ck_assert_int_eq(size, (int64_t)cases[i].bytes);
		struct str sum = play_text(&p, "sha256");
		ck_assert_uint_eq(sum.n, cases[i].hex ? 64 : 44);
		if (cases[i].hex)
			ck_assert(hex_decode(sum, told, sizeof told));
		else
			memcpy(told, base64_decode(test_arena(), sum).p, sizeof told);
		struct str mime = play_text(&p, "mime_type");
		ck_assert_int_eq(play_call(&p, "GET", address(&p), NULL), 200);
		ck_assert_slice(p.reply.headers[p.reply.nheaders - 1].value, mime);
		digest_sha256(bytes_of(&p.reply), real);
		ck_assert((memcmp(told, real, sizeof told) == 0) == cases[i].right);
		ck_assert_uint_eq(p.graph->violations.n, 0);
		play_end(&p);
	}
}
END_TEST

START_TEST(a_medium_may_have_the_bytes_that_a_test_wants)
{
	unsigned char told[SHA256_LEN], real[SHA256_LEN];
	struct play p;

	play_start(&p);
	put(&p, ",\"content\":\"aGVsbG8=\"");
	ck_assert_int_eq(play_call(&p, "GET", "/42", NULL), 200);
	ck_assert(hex_decode(play_text(&p, "sha256"), told, sizeof told));
	ck_assert_int_eq(play_call(&p, "GET", address(&p), NULL), 200);
	ck_assert_str(p.reply.body, "hello");
	ck_assert_uint_eq(p.reply.filler, 0);
	digest_sha256(STR("hello"), real);
	ck_assert(memcmp(told, real, sizeof told) == 0);
	play_end(&p);
}
END_TEST

START_TEST(an_address_lives_five_minutes_and_wants_a_token)
{
	struct play p;

	play_start(&p);
	put(&p, "");
	ck_assert_int_eq(play_call(&p, "GET", "/42", NULL), 200);
	const char *first = address(&p);
	struct str token = p.token;
	p.token = STR("");
	ck_assert_int_eq(play_call(&p, "GET", first, NULL), 401);
	p.token = token;
	ck_assert_uint_eq(p.graph->violations.n, 1);
	p.now += 5 * TIME_MINUTE - 1;
	ck_assert_int_eq(play_call(&p, "GET", first, NULL), 200);
	p.now += 1;
	ck_assert_int_eq(play_call(&p, "GET", first, NULL), 404);
	ck_assert_int_eq(play_call(&p, "GET", "/42", NULL), 200);
	const char *second = address(&p);
	ck_assert_int_eq(play_call(&p, "GET", second, NULL), 200);
	ck_assert_uint_eq(p.graph->violations.n, 1);
	ck_assert_int_eq(play_call(&p, "GET", "/__media/42?key=nada", NULL), 404);
	ck_assert_int_eq(play_call(&p, "POST", second, "{}"), 405);
	ck_assert_uint_eq(p.graph->violations.n, 3);
	play_end(&p);
}
END_TEST

START_TEST(an_unknown_or_old_medium_does_not_exist)
{
	struct play p;

	play_start(&p);
	put(&p, ",\"old\":true");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(play_call(&p, "GET", i == 0 ? "/42" : "/43", NULL), 400);
		ck_assert_int_eq(play_code(&p), 100);
		ck_assert_int_eq(play_subcode(&p), 33);
	}
	ck_assert_uint_eq(p.graph->violations.n, 0);
	play_control(&p, "media", "{\"any\":true}");
	ck_assert_int_eq(play_call(&p, "GET", "/43", NULL), 200);
	ck_assert_int_eq(play_call(&p, "GET", "/42", NULL), 400);
	play_end(&p);
}
END_TEST

START_TEST(a_medium_fails_as_it_was_told_to)
{
	struct play p;

	play_start(&p);
	put(&p, ",\"fail\":2,\"failDownload\":1,\"sizeAsText\":true,\"fileSize\":104857601");
	ck_assert_int_eq(play_call(&p, "GET", "/42", NULL), 503);
	ck_assert_int_eq(play_call(&p, "GET", "/42", NULL), 503);
	ck_assert_int_eq(play_call(&p, "GET", "/42", NULL), 200);
	ck_assert_str(play_text(&p, "file_size"), "104857601");
	const char *at = address(&p);
	ck_assert_int_eq(play_call(&p, "GET", at, NULL), 503);
	ck_assert_int_eq(play_call(&p, "GET", at, NULL), 200);
	ck_assert_uint_eq(p.reply.filler, 1000);
	put(&p, ",\"expired\":true");
	ck_assert_int_eq(play_call(&p, "GET", "/42", NULL), 200);
	ck_assert_int_eq(play_call(&p, "GET", address(&p), NULL), 404);
	put(&p, ",\"cutAt\":300,\"slowMs\":40");
	ck_assert_int_eq(play_call(&p, "GET", "/42", NULL), 200);
	ck_assert_int_eq(play_call(&p, "GET", address(&p), NULL), 200);
	ck_assert_int_eq(p.reply.fate, WEB_TRUNCATED);
	ck_assert_uint_eq(p.reply.cut_at, 300);
	ck_assert_int_eq(p.reply.body_delay_ms, 40);
	ck_assert_uint_eq(p.graph->violations.n, 0);
	play_end(&p);
}
END_TEST

START_TEST(media_of_a_history_can_be_had)
{
	static const char ask[] = "{\"messaging_product\":\"whatsapp\",\"sync_type\":\"history\"}";
	struct graph_webhook *v;
	struct play p;
	size_t had = 0;

	play_start(&p);
	play_control(&p, "number",
	             "{\"wabaId\":\"" WABA "\",\"phoneNumberId\":\"" NUMBER
	             "\",\"people\":40,\"messages\":2000,\"chunkMessages\":500}");
	ck_assert_int_eq(play_call(&p, "POST", "/" WABA "/subscribed_apps", NULL), 200);
	ck_assert_int_eq(play_call(&p, "POST", "/" NUMBER "/smb_app_data", ask), 200);
	size_t n = graph_take_webhooks(p.graph, &v);
	for (size_t i = 0; i < n; i++) {
		const cJSON *body = test_json(str_dup(test_arena(), str_n(v[i].bytes, v[i].n)));
		const cJSON *entry = json_first(json_get(body, "entry"));
		const cJSON *change = json_first(json_get(entry, "changes"));
		const cJSON *value = json_get(change, "value");
		const cJSON *list = json_get(value, "messages");
		const cJSON *m =
			json_first(list != NULL ? list : json_get(value, "message_echoes"));
		struct str type = json_str(json_get(m, "type"));
		const cJSON *media = json_get(m, str_z(test_arena(), type));
		free(v[i].bytes);
		if (m == NULL || had >= 20)
			continue;
		struct str sum = json_str(json_get(media, "sha256"));
		struct str mime = json_str(json_get(media, "mime_type"));
		ck_assert_int_eq(play_call(&p, "GET",
		                           str_z(test_arena(),
		                                 str_fmt(test_arena(), "/" STR_FMT,
		                                         STR_ARG(json_str(json_get(media, "id"))))),
		                           NULL),
		                 200);
		ck_assert_slice(play_text(&p, "sha256"), sum);
		ck_assert_slice(play_text(&p, "mime_type"), mime);
		had++;
	}
	free(v);
	ck_assert_uint_gt(had, 5);
	play_end(&p);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("graph media", a_medium_has_an_address_and_its_bytes_their_digest,
	                  a_medium_may_have_the_bytes_that_a_test_wants,
	                  an_address_lives_five_minutes_and_wants_a_token,
	                  an_unknown_or_old_medium_does_not_exist, a_medium_fails_as_it_was_told_to,
	                  media_of_a_history_can_be_had);
}

TEST_MAIN(make_suite)
