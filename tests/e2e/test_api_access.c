/* Who may call what: every row of the route table against no, foreign and weak credentials and
 * undeclared input. */
#include "api/api.h"
#include "api_fixture.h"

/* A retry looks for it only after all that is tested here. */
#define NO_FAILURE "00000000-0000-7000-8000-000000000001"

struct ids {
	const char *conversation, *lead, *ticket, *connection, *token, *entry, *job, *session,
		*media;
};

static struct ids
make_ids(const struct world *w)
{
	struct ids x = { .connection = w->connection };
	const cJSON *v, *e, *t;

	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "BB01", "oi"))));
	hook(w, envelope(change(NUMBER, "messages",
	                        "\"messages\":[{\"from\":\"" CUSTOMER
	                        "\",\"id\":\"wamid.M\",\"timestamp\":\"1\",\"type\":\"image\","
	                        "\"image\":{\"id\":\"777\"}}]")));
	settle(w);
	v = MUST(w, 200, "GET", "/api/clients/acme/conversations", "op", NULL);
	x.conversation = z_at(v, "data.0.id");
	e = MUST(w, 200, "GET", FMT("/api/conversations/%s/messages", x.conversation), "op", NULL);
	for (int i = 0; i < 2; i++)
		if (!null_at(e, FMT("data.%d.media", i)))
			x.media = z_at(e, FMT("data.%d.media.id", i));
	x.lead = z_at(v, "data.0.lead.id");
	x.ticket = z_at(v, "data.0.openTicketId");
	e = MUST(w, 200, "GET", FMT("/api/conversations/%s/sessions", x.conversation), "op", NULL);
	x.session = z_at(e, "data.0.id");
	e = MUST(w, 200, "GET", "/api/webhook-events", "op", NULL);
	x.entry = z_at(e, "data.0.id");
	t = MUST(w, 201, "POST", "/api/tokens", "op",
	         "{\"name\":\"spare\",\"role\":\"viewer\",\"clientSlug\":\"acme\"}");
	x.token = z_at(t, "token.id");
	t = MUST(w, 202, "POST", "/api/clients/acme/webhook-events/replay", "op",
	         "{\"status\":\"failed\"}");
	x.job = z_at(t, "job.id");
	return x;
}

/* The pattern with acme's ids. */
static const char *
path_of(const char *pattern, const struct ids *x)
{
	struct buf b;
	struct str rest = str_from(pattern), part;
	const char *id = strstr(pattern, "/conversations/:id") != NULL     ? x->conversation
	                 : strstr(pattern, "/leads/:id") != NULL           ? x->lead
	                 : strstr(pattern, "/tickets/:") != NULL           ? x->ticket
	                 : strstr(pattern, "/connections/:id") != NULL     ? x->connection
	                 : strstr(pattern, "/tokens/:id") != NULL          ? x->token
	                 : strstr(pattern, "/webhook-events/:id") != NULL  ? x->entry
	                 : strstr(pattern, "/jobs/:id") != NULL            ? x->job
	                 : strstr(pattern, "/import-failures/:id") != NULL ? NO_FAILURE
	                 : strstr(pattern, "/onboardings/:id") != NULL     ? NO_FAILURE
	                 : strstr(pattern, "/media/:id") != NULL           ? x->media
	                 : strstr(pattern, "/sessions/:id") != NULL        ? x->session
	                                                                   : "?";

	buf_init(&b, test_arena(), 4096);
	while (str_split(&rest, '/', &part)) {
		if (part.n == 0)
			continue;
		buf_char(&b, '/');
		if (str_eq(part, STR(":slug")) || str_eq(part, STR(":clientSlug")))
			buf_z(&b, "acme");
		else if (str_eq(part, STR(":id")))
			buf_z(&b, id);
		else
			buf_str(&b, part);
	}
	return str_z(test_arena(), buf_slice(&b));
}

static bool
is_open_to_all(const char *pattern)
{
	return strcmp(pattern, "/health") == 0 || strcmp(pattern, "/api/health") == 0 ||
	       strcmp(pattern, "/ready") == 0 || strcmp(pattern, "/api/login") == 0 ||
	       strcmp(pattern, "/login/:secret") == 0;
}

static bool
is_of_a_client(const char *pattern)
{
	return strchr(pattern, ':') != NULL && !is_open_to_all(pattern);
}

/* Calls every route with `token`, `query` and `body`, and wants `status` of those that `wanted`
 * picks. */
static void
each_route(const struct world *w, const struct ids *x, const char *token, const char *query,
           const char *body, int status, bool (*wanted)(const char *method, const char *pattern))
{
	size_t seen = 0;

	for (size_t i = 0; api_route_method(i) != NULL; i++) {
		const char *method = api_route_method(i), *pattern = api_route_pattern(i);
		const char *path = FMT("%s%s", path_of(pattern, x), query);
		bool reads = strcmp(method, "GET") == 0;
		struct reply r;

		if (!wanted(method, pattern))
			continue;
		r = call(w, method, path, token, reads ? NULL : body);
		ck_assert_msg(r.status == status, "%s %s: %d, not %d: " STR_FMT, method, path,
		              r.status, status, STR_ARG(r.body));
		ck_assert_int_eq(int_at(r.doc, "status"), status);
		ck_assert(str_is_set(text_at(r.doc, "error")));
		ck_assert(str_is_set(text_at(r.doc, "requestId")));
		ck_assert_ptr_nonnull(
			strstr(header_of(&r, "Content-Type"), "application/problem+json"));
		seen++;
	}
	ck_assert_uint_gt(seen, 5);
}

static bool
closed(const char *method, const char *pattern)
{
	(void)method;
	return !is_open_to_all(pattern);
}

static bool
of_a_client(const char *method, const char *pattern)
{
	(void)method;
	return is_of_a_client(pattern);
}

static bool
changing(const char *method, const char *pattern)
{
	/* logging in and out is everybody's */
	return strcmp(method, "GET") != 0 && strcmp(pattern, "/api/login") != 0 &&
	       strcmp(pattern, "/api/logout") != 0;
}

static bool
any(const char *method, const char *pattern)
{
	(void)method;
	(void)pattern;
	return true;
}

static bool
taking_a_body(const char *method, const char *pattern)
{
	(void)pattern;
	return strcmp(method, "POST") == 0 || strcmp(method, "PATCH") == 0;
}

START_TEST(without_credentials_every_route_but_the_open_ones_answers_401)
{
	struct world *w = world_new();
	struct ids x = make_ids(w);

	each_route(w, &x, NULL, "", "{}", 401, closed);
	each_route(w, &x, NULL, "?nonsense=1", "not json", 401, closed);
	world_end(w);
}
END_TEST

START_TEST(a_token_of_another_client_finds_nothing_whatever_the_route)
{
	struct world *w = world_new();
	struct ids x = make_ids(w);

	each_route(w, &x, w->beta_admin, "", "{}", 404, of_a_client);
	each_route(w, &x, w->beta_admin, "?nonsense=1", "not json", 404, of_a_client);
	/* and nothing was done */
	MUST(w, 200, "GET", FMT("/api/connections/%s", x.connection), w->acme_viewer, NULL);
	MUST(w, 204, "DELETE", FMT("/api/tokens/%s", x.token), w->acme_admin, NULL);
	world_end(w);
}
END_TEST

START_TEST(a_viewer_changes_nothing)
{
	struct world *w = world_new();
	struct ids x = make_ids(w);

	each_route(w, &x, w->acme_viewer, "", "not json", 403, changing);
	world_end(w);
}
END_TEST

START_TEST(undeclared_parameters_and_members_are_refused_on_every_route)
{
	struct world *w = world_new();
	struct ids x = make_ids(w);

	each_route(w, &x, "op", "?nonsense=1", "{}", 400, any);
	each_route(w, &x, "op", "", "{\"nonsense\":1}", 400, taking_a_body);
	each_route(w, &x, "op", "", "{\"a\":", 400, taking_a_body);
	each_route(w, &x, "op", "", "[]", 400, taking_a_body);
	world_end(w);
}
END_TEST

START_TEST(lists_of_a_bound_token_show_its_client_only)
{
	struct world *w = world_new();
	const cJSON *d = MUST(w, 200, "GET", "/api/clients", w->beta_admin, NULL);

	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	ck_assert_str(text_at(d, "data.0.slug"), "beta");
	d = MUST(w, 200, "GET", "/api/tokens", w->beta_admin, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	d = MUST(w, 200, "GET", "/api/me", w->beta_admin, NULL);
	ck_assert_str(text_at(d, "role"), "admin");
	ck_assert_str(text_at(d, "clients.0"), "beta");
	ck_assert_str(text_at(d, "clientSlug"), "beta");
	ck_assert(null_at(MUST(w, 200, "GET", "/api/me", "op", NULL), "clientSlug"));
	MUST(w, 403, "GET", "/api/webhook-events", w->beta_admin, NULL);
	MUST(w, 403, "GET", "/metrics", w->beta_admin, NULL);
	MUST(w, 403, "POST", "/api/clients", w->beta_admin, "{}");
	MUST(w, 404, "POST", "/api/tokens", w->beta_admin,
	     "{\"name\":\"x\",\"role\":\"viewer\",\"clientSlug\":\"acme\"}");
	MUST(w, 403, "POST", "/api/tokens", w->beta_admin, "{\"name\":\"x\",\"role\":\"viewer\"}");
	world_end(w);
}
END_TEST

START_TEST(a_revoked_token_is_as_good_as_none)
{
	struct world *w = world_new();
	const cJSON *t = MUST(w, 201, "POST", "/api/tokens", "op",
	                      "{\"name\":\"all\",\"role\":\"admin\",\"clientSlug\":null}");
	const char *secret = z_at(t, "secret");

	ck_assert(str_starts(text_at(t, "secret"), STR("rcd_")));
	ck_assert(null_at(t, "token.clientSlug"));
	MUST(w, 200, "GET", "/api/clients/beta", secret, NULL);
	MUST(w, 200, "GET", "/metrics", secret, NULL);
	MUST(w, 204, "DELETE", FMT("/api/tokens/%s", z_at(t, "token.id")), secret, NULL);
	MUST(w, 401, "GET", "/api/clients/beta", secret, NULL);
	MUST(w, 404, "DELETE", FMT("/api/tokens/%s", z_at(t, "token.id")), "op", NULL);
	world_end(w);
}
END_TEST

START_TEST(an_address_that_fails_five_times_must_wait_but_its_neighbours_need_not)
{
	struct world *w = world_new();
	struct reply r;

	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(call_with(w, "GET", "/api/me", FMT("rcd_wrong%d", i), NULL,
		                           "X-Forwarded-For: 10.0.0.1, 192.0.2.7\r\n")
		                         .status,
		                 401);
	r = call_with(w, "GET", "/api/me", "rcd_wrong", NULL, "X-Forwarded-For: 192.0.2.7\r\n");
	ck_assert_int_eq(r.status, 429);
	ck_assert_str(text_at(r.doc, "error"), "too_many_requests");
	ck_assert_ptr_nonnull(header_of(&r, "Retry-After"));
	/* a right one that this address never used before is not tried either */
	r = call_with(w, "GET", "/api/me", "op", NULL, "X-Forwarded-For: 192.0.2.7\r\n");
	ck_assert_int_eq(r.status, 429);
	r = call_with(w, "GET", "/api/me", "op", NULL, "X-Forwarded-For: 192.0.2.8\r\n");
	ck_assert_int_eq(r.status, 200);
	MUST(w, 200, "GET", "/api/me", w->acme_viewer, NULL);
	world_end(w);
}
END_TEST

/* The answer has this status and, in its detail, this part. */
static bool
says(struct reply r, int status, const char *part)
{
	struct str detail = text_at(r.doc, "detail");

	return r.status == status && str_is_set(detail) &&
	       strstr(str_z(test_arena(), detail), part) != NULL;
}

START_TEST(a_wrong_parameter_is_named_with_what_is_wrong)
{
	static const char *const cases[][3] = {
		{ "limit=1&limit=2", "limit", "is given more than once" },
		{ "limit=0", "limit", "must be a number from 1 to 200" },
		{ "cursor=%zz", "cursor", "is not percent-encoded" },
		{ "limt=1", "limt", "is not a parameter of this route" },
	};
	struct world *w = world_new();

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct reply r = call(w, "GET", FMT("/api/clients?%s", cases[i][0]), "op", NULL);

		ck_assert_int_eq(r.status, 400);
		ck_assert_slice(text_at(r.doc, "errors.0.path"), str_from(cases[i][1]));
		ck_assert_msg(strstr(z_at(r.doc, "errors.0.message"), cases[i][2]) != NULL, "%s",
		              cases[i][0]);
	}
	ck_assert(says(call(w, "GET", "/api/clients?=1", "op", NULL), 400, "no name"));
	world_end(w);
}
END_TEST

START_TEST(a_refused_credential_is_in_the_log_without_itself)
{
	struct world *w = world_new();
	struct reply r = call(w, "GET", "/api/me", "rcd_wrongwrongwrong", NULL);
	const char *log, *line;

	ck_assert_int_eq(r.status, 401);
	for (int i = 0; i < 9; i++)
		call(w, "GET", "/api/me", "rcd_wrongwrongwrong", NULL);
	log = read_text(in_dir(w->process.dir, "err"));
	line = strstr(log, "api.credential_refused");
	ck_assert_ptr_nonnull(line);
	ck_assert_ptr_nonnull(strstr(line, z_at(r.doc, "requestId")));
	ck_assert_ptr_nonnull(strstr(line, "address=127.0.0.1"));
	ck_assert_ptr_null(strstr(log, "wrongwrong"));
	/* a stranger does not fill the disk */
	ck_assert_ptr_null(strstr(line + 1, "api.credential_refused"));
	world_end(w);
}
END_TEST

START_TEST(paths_and_methods_that_are_not_there_say_so)
{
	struct world *w = world_new();
	struct reply r = call(w, "DELETE", "/api/me", NULL, NULL);

	ck_assert_int_eq(r.status, 405);
	ck_assert_ptr_nonnull(strstr(header_of(&r, "Allow"), "GET"));
	ck_assert_str(text_at(r.doc, "detail"), "Only GET, HEAD can be used here, not DELETE.");
	r = call(w, "PUT", "/api/clients/acme", "op", "{}");
	ck_assert_int_eq(r.status, 405);
	ck_assert_str(text_at(r.doc, "detail"), "Only GET, HEAD, PATCH can be used here, not PUT.");
	ck_assert(says(call(w, "GET", "/api/nothing", NULL, NULL), 404, "docs/api.md"));
	ck_assert(says(call(w, "GET", "/api/clients/", "op", NULL), 404, "slash at the end"));
	ck_assert(says(call(w, "GET", "/api/clients/nobody", "op", NULL), 404, "no client with"));
	ck_assert(says(call(w, "GET", FMT("/api/leads/%s", w->connection), "op", NULL), 404,
	               "no lead with this id"));
	MUST(w, 404, "GET", "/api/conversations/nonsense", "op", NULL);
	MUST(w, 404, "GET", "/api/conversations/00000000-0000-0000-0000-000000000000", "op", NULL);
	r = call(w, "HEAD", "/api/me", "op", NULL);
	ck_assert_int_eq(r.status, 200);
	MUST(w, 200, "GET", "/health", NULL, NULL);
	MUST(w, 200, "GET", "/api/health", NULL, NULL);
	MUST(w, 200, "GET", "/ready", NULL, NULL);
	r = call(w, "GET",
	         "/webhooks/"
	         "whatsapp?hub.mode=subscribe&hub.challenge=42&hub.verify_token=verify+me",
	         NULL, NULL);
	ck_assert_int_eq(r.status, 200);
	ck_assert_str(r.body, "42");
	MUST(w, 403, "GET", "/webhooks/whatsapp?hub.mode=subscribe", NULL, NULL);
	MUST(w, 405, "PUT", "/webhooks/whatsapp", NULL, NULL);
	world_end(w);
}
END_TEST

START_TEST(whoever_has_a_token_reads_the_document_of_all_routes)
{
	struct world *w = world_new();
	struct reply r = call(w, "GET", "/api/openapi.json", w->acme_viewer, NULL), again;

	ck_assert_int_eq(r.status, 200);
	ck_assert(cJSON_Compare(r.doc, described(), true));
	again = call_with(w, "GET", "/api/openapi.json", w->acme_viewer, NULL,
	                  FMT("If-None-Match: %s\r\n", header_of(&r, "ETag")));
	ck_assert_int_eq(again.status, 304);
	MUST(w, 401, "GET", "/api/openapi.json", NULL, NULL);
	MUST(w, 400, "GET", "/api/openapi.json?all=1", w->acme_viewer, NULL);
	world_end(w);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"api: access", without_credentials_every_route_but_the_open_ones_answers_401,
		a_token_of_another_client_finds_nothing_whatever_the_route,
		a_viewer_changes_nothing,
		undeclared_parameters_and_members_are_refused_on_every_route,
		lists_of_a_bound_token_show_its_client_only, a_revoked_token_is_as_good_as_none,
		an_address_that_fails_five_times_must_wait_but_its_neighbours_need_not,
		a_wrong_parameter_is_named_with_what_is_wrong,
		a_refused_credential_is_in_the_log_without_itself,
		paths_and_methods_that_are_not_there_say_so,
		whoever_has_a_token_reads_the_document_of_all_routes);
}

API_MAIN(make_suite)
