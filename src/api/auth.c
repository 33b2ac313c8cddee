/*
 * Why: who calls is found out in one place, the same way for every route.
 *
 * What always holds: a shown credential is compared only as a digest and in constant time; a
 * revoked token is as good as none; an address that failed too often is refused before anything is
 * compared.
 */
#include "api/call.h"
#include "base/digest.h"
#include "store/queries.h"
#include "sys/log.h"
#include "sys/metrics.h"

#define REFUSED_LINE_MS 5000

static const char *const role_names[] = {
	[ROLE_NONE] = "none",   [ROLE_VIEWER] = "viewer",     [ROLE_AGENT] = "agent",
	[ROLE_ADMIN] = "admin", [ROLE_OPERATOR] = "operator",
};

const char *
auth_role_name(enum api_role role)
{
	return role_names[role];
}

enum api_role
auth_role_of(struct str name)
{
	for (int i = ROLE_VIEWER; i <= ROLE_ADMIN; i++)
		if (str_eq(name, str_from(role_names[i])))
			return (enum api_role)i;
	return ROLE_NONE;
}

struct str
auth_actor(const struct api_call *c)
{
	if (uuid_is_nil(c->who.token_id))
		return STR("operator");
	return str_fmt(c->a, "token:" STR_FMT, STR_ARG(uuid_text(c->a, c->who.token_id)));
}

/* How a credential was shown. */
enum shown { SHOWN_NOTHING, SHOWN_OPERATOR, SHOWN_BEARER, SHOWN_COOKIE };

/* The value of our cookie; STR_NONE: there is none. */
static struct str
cookie_value(const struct api_call *c)
{
	struct str rest = c->in->header(c->in->ctx, "cookie"), part;

	while (str_split(&rest, ';', &part)) {
		part = str_trim(part);
		if (str_starts(part, STR(AUTH_COOKIE "=")))
			return str_sub(part, sizeof(AUTH_COOKIE), part.n);
	}
	return STR_NONE;
}

static struct str
credential(const struct api_call *c, enum shown *how)
{
	struct str admin = c->in->header(c->in->ctx, "x-admin-token");
	struct str bearer = c->in->header(c->in->ctx, "authorization");
	struct str cookie;

	*how = SHOWN_OPERATOR;
	if (str_is_set(admin))
		return admin;
	*how = SHOWN_BEARER;
	if (bearer.n >= 7 && str_ieq(str_n(bearer.p, 7), STR("Bearer ")))
		return str_trim(str_sub(bearer, 7, bearer.n));
	cookie = cookie_value(c);
	*how = str_is_empty(cookie) ? SHOWN_NOTHING : SHOWN_COOKIE;
	return cookie;
}

/* `scheme://host:port` of a URL. */
static struct str
origin_of(struct str url)
{
	size_t host = str_find(url, '/') + 2;

	return str_sub(url, 0, host + str_find(str_sub(url, host, url.n), '/'));
}

bool
auth_same_site(const struct api_call *c)
{
	struct str origin = c->in->header(c->in->ctx, "origin");
	struct str host = c->in->header(c->in->ctx, "host");
	struct str site = c->in->header(c->in->ctx, "sec-fetch-site");
	struct str public_url = c->api->o.config->public_url;

	if (!str_is_set(origin))
		return str_eq(site, STR("same-origin"));
	if (!str_is_empty(public_url) && str_ieq(origin, origin_of(public_url)))
		return true;
	return str_is_set(host) &&
	       (str_ieq(origin, str_fmt(c->a, "http://" STR_FMT, STR_ARG(host))) ||
	        str_ieq(origin, str_fmt(c->a, "https://" STR_FMT, STR_ARG(host))));
}

static enum err
token_find(struct api_call *c, bool *found)
{
	struct str hash = str_n((const char *)c->credential, SHA256_LEN);
	struct db_result r;
	enum err e =
		db_query(c->rd, &q_api_token_by_hash, DB_PARAMS(db_bytes(hash)), NULL, c->a, &r);

	if (e != ERR_OK)
		return e;
	*found = r.nrows == 1;
	if (*found)
		c->who = (struct api_caller){
			.role = auth_role_of(db_get_text(&r, 0, 1)),
			.token_id = db_get_uuid(&r, 0, 0),
			.client_id = db_get_uuid(&r, 0, 2),
			.all_clients = db_is_null(&r, 0, 2),
		};
	return ERR_OK;
}

/* Strangers can bring this about, so that few lines are written. */
static void
log_refused(const struct api_call *c)
{
	static struct log_limit limit;
	int64_t suppressed = 0;

	if (log_limited(&limit, c->now, REFUSED_LINE_MS, &suppressed))
		log_warn("api.credential_refused", LOG_STR("request", c->in->request_id),
		         LOG_STR("address", c->address), LOG_INT("suppressed", suppressed));
}

/* Which tokens a place takes. */
#define TAKES_OPERATORS 1u
#define TAKES_OTHERS    2u

/* c->who of whoever shows this; *right false: nobody's. */
static enum err
find_token(struct api_call *c, struct str token, unsigned takes, bool *right)
{
	*right = (takes & TAKES_OPERATORS) != 0 &&
	         digest_equal(c->credential, c->api->admin_digest, SHA256_LEN);
	if (*right)
		c->who = (struct api_caller){ .role = ROLE_OPERATOR, .all_clients = true };
	if (*right || (takes & TAKES_OTHERS) == 0 || !str_starts(token, STR("rcd_")))
		return ERR_OK;
	return token_find(c, right);
}

static enum err
refuse(struct api_call *c)
{
	throttle_failed(c->api->throttle, c->address, c->now);
	metrics_add(M_LOGIN_FAILURES, 1);
	log_refused(c);
	return api_fail(c, ERR_UNAUTHORIZED, "The credentials are wrong or were revoked.");
}

/* Too many failures came from there. */
static enum err
check_throttle(struct api_call *c, struct str shown)
{
	digest_sha256(shown, c->credential);
	c->retry_after_s = throttle_wait_s(c->api->throttle, c->address, c->credential, c->now);
	if (c->retry_after_s == 0)
		return ERR_OK;
	log_refused(c);
	return api_fail(c, ERR_TOO_MANY,
	                "Too many wrong credentials came from this address: wait as long "
	                "as Retry-After says.");
}

static enum err
check_token(struct api_call *c, struct str token, unsigned takes)
{
	bool right = false;
	enum err e = check_throttle(c, token);

	if (e == ERR_OK)
		e = find_token(c, token, takes, &right);
	if (e != ERR_OK)
		return e;
	if (!right)
		return refuse(c);
	throttle_passed(c->api->throttle, c->address, c->credential, c->now);
	return ERR_OK;
}

/* A cookie that leads nowhere was not guessed: it is old. */
static enum err
check_cookie(struct api_call *c, struct str value)
{
	bool reads = str_eq(c->in->method, STR("GET")) || str_eq(c->in->method, STR("HEAD"));
	struct db_result r;
	enum err e;

	digest_sha256(value, c->credential);
	e = db_query(c->rd, &q_api_session_by_hash,
	             DB_PARAMS(db_bytes(str_n((const char *)c->credential, SHA256_LEN)),
	                       db_time(c->now)),
	             NULL, c->a, &r);
	if (e != ERR_OK)
		return e;
	if (r.nrows == 0)
		return api_fail(c, ERR_UNAUTHORIZED, "The login has ended: log in again.");
	if (!reads && !auth_same_site(c))
		return api_fail(c, ERR_FORBIDDEN,
		                "By cookie, only the page itself may change things.");
	c->who = (struct api_caller){ .role = ROLE_OPERATOR,
		                      .all_clients = true,
		                      .by_cookie = true };
	if (!db_is_null(&r, 0, 0))
		c->who = (struct api_caller){
			.role = auth_role_of(db_get_text(&r, 0, 1)),
			.token_id = db_get_uuid(&r, 0, 0),
			.client_id = db_get_uuid(&r, 0, 2),
			.all_clients = db_is_null(&r, 0, 2),
			.by_cookie = true,
		};
	return ERR_OK;
}

enum err
auth_by_token(struct api_call *c, struct str token)
{
	return check_token(c, token, TAKES_OPERATORS | TAKES_OTHERS);
}

enum err
auth_check(struct api_call *c)
{
	enum shown how;
	struct str shown = credential(c, &how);

	if (str_is_empty(shown))
		return api_fail(c, ERR_UNAUTHORIZED,
		                "Send x-admin-token, or Authorization: Bearer with a token.");
	if (how == SHOWN_COOKIE)
		return check_cookie(c, shown);
	return check_token(c, shown, how == SHOWN_OPERATOR ? TAKES_OPERATORS : TAKES_OTHERS);
}
