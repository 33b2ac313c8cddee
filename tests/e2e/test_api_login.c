/*
 * A browser's way in and out: a token for a cookie, a link that works once, what a cookie may do
 * and from where, and that it is worthless afterwards.
 */
#include "api_fixture.h"
#include "raw.h"

static struct raw *
database(const struct world *w)
{
	struct str rest = str_from(read_text(in_dir(w->process.dir, ".env"))), line = STR_NONE;

	while (str_split(&rest, '\n', &line) && !str_starts(line, STR("DATABASE_URL=")))
		;
	line = str_sub(line, sizeof("DATABASE_URL=") - 1, line.n);
	return raw_open(pg != NULL ? str_z(test_arena(), line)
	                           : FMT("sqlite:%s", in_dir(w->process.dir, "recado.db")));
}

/* "Cookie: recado=…\r\n" as the answer has set it. */
static const char *
cookie_of(const struct reply *r)
{
	const char *set = header_of(r, "Set-Cookie");

	ck_assert_ptr_nonnull(set);
	ck_assert_ptr_nonnull(strstr(set, "; HttpOnly"));
	ck_assert_ptr_nonnull(strstr(set, "; SameSite=Strict"));
	ck_assert_ptr_nonnull(strstr(set, "; Path=/"));
	return FMT("Cookie: a=b; %.*s\r\n", (int)strcspn(set, ";"), set);
}

/* Beside it goes the hint: `1`, or its end. Scripts may read it, so it must not hold the secret. */
static void
must_hint(const struct reply *r, const char *expected)
{
	const char *set = strstr(r->head, "Set-Cookie: recado_in=");

	ck_assert_ptr_nonnull(set);
	set += strlen("Set-Cookie: ");
	ck_assert_slice(str_n(set, strcspn(set, "\r")), str_from(expected));
}

#define HERE "Origin: http://a\r\n" /* the fixture's Host is a */

static struct reply
login(const struct world *w, const char *token)
{
	return call_with(w, "POST", "/api/login", NULL, FMT("{\"token\":\"%s\"}", token), HERE);
}

START_TEST(a_token_is_exchanged_for_a_cookie_that_is_worthless_after_logout)
{
	struct world *w = world_new();
	struct reply r = login(w, w->acme_agent);
	const char *cookie;

	ck_assert_int_eq(r.status, 200);
	ck_assert_str(text_at(r.doc, "role"), "agent");
	ck_assert_str(text_at(r.doc, "clients.0"), "acme");
	cookie = cookie_of(&r);
	must_hint(&r, "recado_in=1; Path=/; SameSite=Strict; Max-Age=1209600");
	r = call_with(w, "GET", "/api/me", NULL, NULL, cookie);
	ck_assert_int_eq(r.status, 200);
	ck_assert_str(text_at(r.doc, "role"), "agent");
	/* its role and client hold as they do for the token */
	ck_assert_int_eq(call_with(w, "GET", "/api/clients/beta", NULL, NULL, cookie).status, 404);
	ck_assert_int_eq(call_with(w, "GET", "/api/settings", NULL, NULL, cookie).status, 403);
	r = call_with(w, "POST", "/api/logout", NULL, NULL, FMT("%s" HERE, cookie));
	ck_assert_int_eq(r.status, 204);
	ck_assert_ptr_nonnull(strstr(header_of(&r, "Set-Cookie"), "Max-Age=0"));
	must_hint(&r, "recado_in=; Path=/; SameSite=Strict; Max-Age=0");
	ck_assert_int_eq(call_with(w, "GET", "/api/me", NULL, NULL, cookie).status, 401);
	/* the hint opens nothing */
	ck_assert_int_eq(
		call_with(w, "GET", "/api/me", NULL, NULL, "Cookie: recado_in=1\r\n").status, 401);
	world_end(w);
}
END_TEST

START_TEST(a_revoked_token_takes_its_browsers_with_it)
{
	struct world *w = world_new();
	struct reply r = login(w, w->acme_viewer);
	const char *cookie = cookie_of(&r);
	struct raw *raw;

	ck_assert_int_eq(call_with(w, "GET", "/api/me", NULL, NULL, cookie).status, 200);
	raw = database(w);
	raw_exec(raw, "UPDATE tokens SET revoked_at = created_at WHERE role = 'viewer'");
	raw_close(raw);
	ck_assert_int_eq(call_with(w, "GET", "/api/me", NULL, NULL, cookie).status, 401);
	world_end(w);
}
END_TEST

START_TEST(by_cookie_only_the_page_itself_changes_things)
{
	static const struct {
		const char *more;
		int status;
	} cases[] = {
		{ HERE, 200 },
		{ "Origin: https://a\r\n", 200 },
		{ "Sec-Fetch-Site: same-origin\r\n", 200 },
		{ "", 403 },
		{ "Origin: null\r\n", 403 },
		{ "Origin: http://a.example\r\n", 403 },
		{ "Origin: http://ab\r\n", 403 },
		{ "Origin: http://b\r\nSec-Fetch-Site: same-origin\r\n", 403 },
		{ "Sec-Fetch-Site: same-site\r\n", 403 },
		{ "Sec-Fetch-Site: cross-site\r\n", 403 },
	};
	struct world *w = world_new();
	struct reply r = login(w, w->acme_admin);
	const char *cookie = cookie_of(&r);

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		r = call_with(w, "PATCH", "/api/clients/acme", NULL, "{\"name\":\"Acme\"}",
		              FMT("%s%s", cookie, cases[i].more));
		ck_assert_msg(r.status == cases[i].status, "%s: %d", cases[i].more, r.status);
	}
	/* reading is no change, and who shows a token is no browser */
	ck_assert_int_eq(call_with(w, "GET", "/api/clients/acme", NULL, NULL, cookie).status, 200);
	ck_assert_int_eq(call_with(w, "PATCH", "/api/clients/acme", w->acme_admin,
	                           "{\"name\":\"Acme\"}", "Origin: http://b\r\n")
	                         .status,
	                 200);
	world_end(w);
}
END_TEST

START_TEST(a_wrong_login_is_refused_slowed_and_sets_nothing)
{
	struct world *w = world_new();
	struct reply r;

	r = call_with(w, "POST", "/api/login", NULL, "{\"token\":\"" ADMIN "\"}",
	              "Origin: http://b\r\n");
	ck_assert_int_eq(r.status, 403);
	r = call_with(w, "POST", "/api/login", NULL, "{}", HERE);
	ck_assert_int_eq(r.status, 400);
	for (int i = 0; i < 5; i++) {
		r = login(w, "rcd_0000000000000000000000000000000000000000000");
		ck_assert_int_eq(r.status, 401);
		ck_assert_ptr_null(header_of(&r, "Set-Cookie"));
	}
	r = login(w, "rcd_1111111111111111111111111111111111111111111");
	ck_assert_int_eq(r.status, 429);
	ck_assert_ptr_nonnull(header_of(&r, "Retry-After"));
	/* a cookie that leads nowhere is old, not guessed: it locks nobody out */
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(
			call_with(w, "GET", "/api/me", NULL, NULL, "Cookie: recado=00\r\n").status,
			401);
	world_end(w);
}
END_TEST

START_TEST(a_login_link_works_once_and_only_the_operator_makes_one)
{
	struct world *w = world_new();
	struct reply r;
	const char *path, *cookie;

	ck_assert_int_eq(call_with(w, "POST", "/api/login-links", w->acme_admin, NULL, "").status,
	                 403);
	r = call_with(w, "POST", "/api/login-links", "op", NULL, "");
	ck_assert_int_eq(r.status, 201);
	path = z_at(r.doc, "url");
	ck_assert(strncmp(path, "http://a/login/", 15) == 0);
	path += strlen("http://a");
	r = call_with(w, "GET", path, NULL, NULL, "");
	ck_assert_int_eq(r.status, 303);
	ck_assert_str_eq(header_of(&r, "Location"), "/");
	must_hint(&r, "recado_in=1; Path=/; SameSite=Strict; Max-Age=1209600");
	cookie = cookie_of(&r);
	r = call_with(w, "GET", "/api/me", NULL, NULL, cookie);
	ck_assert_str(text_at(r.doc, "role"), "operator");
	r = call_with(w, "GET", path, NULL, NULL, "");
	ck_assert_int_eq(r.status, 303);
	ck_assert_str_eq(header_of(&r, "Location"), "/login?link=expired");
	ck_assert_ptr_null(header_of(&r, "Set-Cookie"));
	/* neither the cookie nor the link's secret is stored as it is shown */
	ck_assert_ptr_null(strstr(read_text(in_dir(w->process.dir, "err")), path + 7));
	world_end(w);
}
END_TEST

START_TEST(logins_are_in_the_audit_log)
{
	struct world *w = world_new();
	struct reply r = login(w, w->acme_admin);
	struct raw *raw;

	ck_assert_int_eq(r.status, 200);
	raw = database(w);
	ck_assert_int_eq(raw_number(raw, "SELECT count(*) FROM audit_log WHERE action = 'login'"),
	                 1);
	raw_close(raw);
	world_end(w);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("api login",
	                  a_token_is_exchanged_for_a_cookie_that_is_worthless_after_logout,
	                  a_revoked_token_takes_its_browsers_with_it,
	                  by_cookie_only_the_page_itself_changes_things,
	                  a_wrong_login_is_refused_slowed_and_sets_nothing,
	                  a_login_link_works_once_and_only_the_operator_makes_one,
	                  logins_are_in_the_audit_log);
}

API_MAIN(make_suite)
