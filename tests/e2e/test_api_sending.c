/* Sending over the API: what is refused before anything is written, and that a key makes one
 * message. */
#include "api_fixture.h"

/* A conversation whose customer wrote so many seconds ago; the connection has a token. */
static const char *
conversation(struct world *w, int64_t age_s)
{
	const cJSON *v;

	w->now_s -= age_s;
	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "BB01", "Oi"))));
	w->now_s += age_s;
	settle(w);
	MUST(w, 200, "PATCH", FMT("/api/connections/%s", w->connection), w->acme_admin,
	     "{\"accessToken\":\"EAAG-segredo-da-loja\"}");
	v = MUST(w, 200, "GET", "/api/clients/acme/conversations", w->acme_viewer, NULL);
	return FMT("/api/conversations/%s/messages", z_at(v, "data.0.id"));
}

static struct reply
send_as(struct world *w, const char *path, const char *token, const char *key, const char *body)
{
	return call_with(w, "POST", path, token, body,
	                 FMT("Content-Type: application/json\r\n%s%s%s",
	                     key == NULL ? "" : "Idempotency-Key: ", key == NULL ? "" : key,
	                     key == NULL ? "" : "\r\n"));
}
#define TEXT(words) "{\"type\":\"text\",\"text\":{\"body\":\"" words "\"}}"

START_TEST(a_text_is_taken_and_shown_as_pending)
{
	struct world *w = world_new();
	const char *path = conversation(w, 60);
	struct reply r = send_as(w, path, w->acme_agent, NULL, TEXT("Bom dia! 👋"));
	const cJSON *list;

	ck_assert_int_eq(r.status, 202);
	ck_assert_str(text_at(r.doc, "message.status"), "pending");
	ck_assert_str(text_at(r.doc, "message.source"), "api");
	ck_assert_str(text_at(r.doc, "message.direction"), "OUTBOUND");
	ck_assert_str(text_at(r.doc, "message.body"), "Bom dia! 👋");
	ck_assert(null_at(r.doc, "message.wamid"));
	ck_assert(!true_at(r.doc, "message.unknownOutcome"));
	list = MUST(w, 200, "GET", path, w->acme_viewer, NULL);
	ck_assert_uint_eq(json_count(at(list, "data")), 2);
	ck_assert_slice(text_at(list, "data.1.id"), text_at(r.doc, "message.id"));
	world_end(w);
}
END_TEST

START_TEST(the_same_key_makes_one_message)
{
	struct world *w = world_new();
	const char *path = conversation(w, 60);
	struct reply a = send_as(w, path, w->acme_agent, "pedido-17", TEXT("Oi")),
		     b = send_as(w, path, w->acme_agent, "pedido-17", TEXT("Oi")),
		     c = send_as(w, path, w->acme_agent, "pedido-17", TEXT("Outra coisa")),
		     d = send_as(w, path, w->acme_agent, "pedido-18", TEXT("Oi")),
		     e = send_as(w, path, w->acme_agent, NULL, TEXT("Oi"));

	ck_assert_int_eq(a.status, 202);
	ck_assert_int_eq(b.status, 202);
	ck_assert_slice(text_at(a.doc, "message.id"), text_at(b.doc, "message.id"));
	ck_assert_int_eq(c.status, 409);
	ck_assert_str(text_at(c.doc, "code"), "key_reused");
	ck_assert_int_eq(d.status, 202);
	ck_assert_int_eq(e.status, 202);
	ck_assert_uint_eq(json_count(at(MUST(w, 200, "GET", path, w->acme_viewer, NULL), "data")),
	                  4);
	ck_assert_int_eq(send_as(w, path, w->acme_agent, FMT("%0300d", 1), TEXT("Oi")).status, 400);
	world_end(w);
}
END_TEST

START_TEST(outside_metas_window_only_force_sends)
{
	struct world *w = world_new();
	const char *path = conversation(w, 25 * 3600);
	struct reply r = send_as(w, path, w->acme_agent, "k", TEXT("Oi"));

	ck_assert_int_eq(r.status, 409);
	ck_assert_str(text_at(r.doc, "error"), "outside_service_window");
	ck_assert_uint_eq(json_count(at(MUST(w, 200, "GET", path, w->acme_viewer, NULL), "data")),
	                  1);
	r = send_as(w, path, w->acme_agent, "k",
	            "{\"type\":\"text\",\"text\":{\"body\":\"Oi\"},\"force\":true}");
	ck_assert_int_eq(r.status, 202);
	world_end(w);
}
END_TEST

START_TEST(what_cannot_be_sent_is_refused_with_its_reason)
{
	static const struct {
		int status;
		const char *body, *path;
	} cases[] = {
		{ 400, "{}", "type" },
		{ 400, "{\"type\":\"image\",\"text\":{\"body\":\"a\"}}", "type" },
		{ 400, "{\"type\":\"text\",\"text\":\"a\"}", "text" },
		{ 400, TEXT(""), "text.body" },
		{ 400, TEXT(" \\n "), "text.body" },
		{ 400, TEXT("a\\u0007b"), "text.body" },
		{ 400, "{\"type\":\"text\",\"text\":{\"body\":\"a\",\"color\":1}}", "text" },
		{ 400, "{\"type\":\"text\",\"text\":{\"body\":\"a\",\"previewUrl\":1}}",
		  "text.previewUrl" },
		{ 400, "{\"type\":\"text\",\"text\":{\"body\":\"a\"},\"also\":1}", "also" },
		{ 400,
		  "{\"type\":\"text\",\"text\":{\"body\":\"a\"},\"replyTo\":"
		  "\"01900000-0000-7000-8000-000000000000\"}",
		  "replyTo" },
	};
	struct world *w = world_new();
	const char *path = conversation(w, 60);
	char *long_text = arena_alloc(test_arena(), 4098);

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct reply r = send_as(w, path, w->acme_agent, NULL, cases[i].body);

		ck_assert_msg(r.status == cases[i].status, "%s: %d", cases[i].body, r.status);
		ck_assert_slice(text_at(r.doc, "errors.0.path"), str_from(cases[i].path));
	}
	memset(long_text, 'x', 4097);
	ck_assert_int_eq(send_as(w, path, w->acme_agent, NULL,
	                         FMT("{\"type\":\"text\",\"text\":{\"body\":\"%s\"}}", long_text))
	                         .status,
	                 400);
	ck_assert_int_eq(send_as(w, path, w->acme_viewer, NULL, TEXT("a")).status, 403);
	ck_assert_int_eq(send_as(w, path, w->beta_admin, NULL, TEXT("a")).status, 404);
	ck_assert_int_eq(send_as(w, path, NULL, NULL, TEXT("a")).status, 401);
	ck_assert_uint_eq(json_count(at(MUST(w, 200, "GET", path, w->acme_viewer, NULL), "data")),
	                  1);
	world_end(w);
}
END_TEST

START_TEST(a_message_is_quoted_by_its_id)
{
	struct world *w = world_new();
	const char *path = conversation(w, 60);
	const char *first = z_at(MUST(w, 200, "GET", path, w->acme_viewer, NULL), "data.0.id");
	struct reply r = send_as(
		w, path, w->acme_agent, NULL,
		FMT("{\"type\":\"text\",\"text\":{\"body\":\"a\"},\"replyTo\":\"%s\"}", first));

	ck_assert_int_eq(r.status, 202);
	ck_assert_slice(text_at(r.doc, "message.replyTo.id"), str_from(first));
	/* what Meta has not named cannot be quoted yet */
	r = send_as(w, path, w->acme_agent, NULL,
	            FMT("{\"type\":\"text\",\"text\":{\"body\":\"b\"},\"replyTo\":\"%s\"}",
	                z_at(r.doc, "message.id")));
	ck_assert_int_eq(r.status, 400);
	world_end(w);
}
END_TEST

START_TEST(without_token_or_number_nothing_is_taken)
{
	struct world *w = world_new();
	const char *path = conversation(w, 60);
	struct reply r;

	MUST(w, 200, "PATCH", FMT("/api/connections/%s", w->connection), w->acme_admin,
	     "{\"accessToken\":null}");
	r = send_as(w, path, w->acme_agent, NULL, TEXT("a"));
	ck_assert_int_eq(r.status, 409);
	ck_assert_str(text_at(r.doc, "code"), "no_access_token");
	MUST(w, 204, "DELETE", FMT("/api/connections/%s", w->connection), w->acme_admin, NULL);
	r = send_as(w, path, w->acme_agent, NULL, TEXT("a"));
	ck_assert_int_eq(r.status, 409);
	ck_assert_str(text_at(r.doc, "code"), "disconnected");
	world_end(w);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("api: sending", a_text_is_taken_and_shown_as_pending,
	                  the_same_key_makes_one_message, outside_metas_window_only_force_sends,
	                  what_cannot_be_sent_is_refused_with_its_reason,
	                  a_message_is_quoted_by_its_id, without_token_or_number_nothing_is_taken);
}

API_MAIN(make_suite)
