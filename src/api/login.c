/*
 * Why: people use the page, and a browser should not keep a token where scripts can read it: it
 * shows the token once and gets a cookie that no script sees.
 *
 * What always holds: the cookie's value and a link's secret are stored as digests only; a cookie is
 * worthless after logout, after its token was revoked and after SESSION_MS; a link works once, for
 * LINK_MS; a call that changes something by cookie comes from this very site. Beside the cookie
 * goes a hint that scripts may read and that opens nothing: without it the page asks for a token
 * at once, instead of asking who is there and being refused.
 */
#include "api/call.h"
#include "api/throttle.h"
#include "base/digest.h"
#include "store/queries.h"
#include "sys/metrics.h"

#define SECRET_BYTES 32
#define SESSION_MS   (14 * TIME_DAY)
#define LINK_MS      (10 * TIME_MINUTE)

/* 32 random bytes in hexadecimal digits, and their digest. */
static struct str
new_secret(struct api_call *c, unsigned char digest[SHA256_LEN])
{
	unsigned char bytes[SECRET_BYTES];
	struct str s;

	rand_fill(c->api->o.rand, bytes, sizeof(bytes));
	s = hex_encode(c->a, bytes, sizeof(bytes));
	digest_sha256(s, digest);
	explicit_bzero(bytes, sizeof(bytes));
	return s;
}

static struct db_param
hash_param(const unsigned char digest[SHA256_LEN])
{
	return db_bytes(str_n((const char *)digest, SHA256_LEN));
}

/* A cookie as it is set; without a value it is taken back. */
static struct str
cookie(struct api_call *c, const char *name, struct str value, const char *access)
{
	bool https = str_starts(c->api->o.config->public_url, STR("https://"));

	return str_fmt(c->a, "%s=" STR_FMT "; Path=/; %sSameSite=Strict; Max-Age=%lld%s", name,
	               STR_ARG(value), access,
	               (long long)(value.n > 0 ? SESSION_MS / TIME_SECOND : 0),
	               https ? "; Secure" : "");
}

/* The cookie that leads to a session and the hint that there is one, or the end of both. */
static void
set_cookies(struct api_call *c, struct str secret)
{
	struct str hint = secret.n > 0 ? STR("1") : STR("");

	c->set_cookie = cookie(c, AUTH_COOKIE, secret, "HttpOnly; ");
	c->set_hint = cookie(c, AUTH_COOKIE_HINT, hint, "");
}

/* A row for this browser, and the cookie that leads to it. Inside a write transaction. */
static enum err
open_session(struct api_call *c)
{
	unsigned char digest[SHA256_LEN];
	struct str secret = new_secret(c, digest);
	enum err e = db_exec(c->wr, &q_api_browser_expire, DB_PARAMS(db_time(c->now)), NULL, NULL);

	if (e == ERR_OK)
		e = db_exec(c->wr, &q_api_browser_put,
		            DB_PARAMS(hash_param(digest), db_uuid(c->who.token_id), db_time(c->now),
		                      db_time(c->now + SESSION_MS)),
		            NULL, NULL);
	if (e == ERR_OK)
		e = api_audit(c, "login", "token", c->who.token_id, STR_NONE);
	if (e == ERR_OK)
		set_cookies(c, secret);
	return e;
}

enum err
login_post(struct api_call *c)
{
	enum err e;

	if (!auth_same_site(c))
		return api_fail(c, ERR_FORBIDDEN, "Log in from the page itself.");
	if (c->rd == NULL)
		return ERR_UNAVAILABLE;
	e = auth_by_token(c, arg_body(c, "token")->s);
	if (e == ERR_OK)
		e = api_begin(c, false);
	if (e != ERR_OK)
		return e;
	e = api_end(c, open_session(c));
	return e == ERR_OK ? operation_me(c) : e;
}

enum err
logout_post(struct api_call *c)
{
	enum err e = api_begin(c, false);

	if (e != ERR_OK)
		return e;
	e = db_exec(c->wr, &q_api_browser_drop, DB_PARAMS(hash_param(c->credential)), NULL, NULL);
	e = api_end(c, e);
	set_cookies(c, STR(""));
	c->status = 204;
	return e;
}

/* Where the page is reached from outside. */
static struct str
site(struct api_call *c)
{
	struct str url = c->api->o.config->public_url, host;

	if (!str_is_empty(url)) {
		while (url.n > 0 && url.p[url.n - 1] == '/')
			url.n--;
		return url;
	}
	host = c->in->header(c->in->ctx, "host");
	return str_fmt(c->a, "http://" STR_FMT, STR_ARG(host));
}

enum err
login_links_create(struct api_call *c)
{
	unsigned char digest[SHA256_LEN];
	struct str secret = new_secret(c, digest);
	enum err e = api_begin(c, false);

	if (e != ERR_OK)
		return e;
	e = db_exec(c->wr, &q_api_link_expire, DB_PARAMS(db_time(c->now)), NULL, NULL);
	if (e == ERR_OK)
		e = db_exec(
			c->wr, &q_api_link_put,
			DB_PARAMS(hash_param(digest), db_time(c->now), db_time(c->now + LINK_MS)),
			NULL, NULL);
	if (e == ERR_OK)
		e = api_audit(c, "login_link.created", NULL, UUID_NIL, STR_NONE);
	e = api_end(c, e);
	if (e != ERR_OK)
		return e;
	c->status = 201;
	jw_obj(&c->w);
	jw_kstr(&c->w, "url",
	        str_fmt(c->a, STR_FMT "/login/" STR_FMT, STR_ARG(site(c)), STR_ARG(secret)));
	jw_ktime(&c->w, "expiresAt", c->now + LINK_MS);
	jw_obj_end(&c->w);
	return ERR_OK;
}

/* A person follows it, so every outcome leads to the page, which says what happened. */
enum err
login_link_use(struct api_call *c)
{
	struct str secret = route_param(&c->params, "secret");
	unsigned char digest[SHA256_LEN];
	int64_t taken = 0;
	enum err e = api_begin(c, false);

	if (e != ERR_OK)
		return e;
	digest_sha256(secret, digest);
	e = db_exec(c->wr, &q_api_link_take, DB_PARAMS(hash_param(digest), db_time(c->now)), NULL,
	            &taken);
	c->who = (struct api_caller){ .role = ROLE_OPERATOR, .all_clients = true };
	if (e == ERR_OK && taken == 1)
		e = open_session(c);
	e = api_end(c, e);
	if (e != ERR_OK)
		return e;
	if (taken == 0)
		metrics_add(M_LOGIN_FAILURES, 1);
	c->status = 303;
	c->location = taken == 1 ? STR("/") : STR("/login?link=expired");
	return ERR_OK;
}
