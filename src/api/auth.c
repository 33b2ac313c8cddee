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

/* The credential of the request and which kind it is; STR_NONE if there is none. */
static struct str
credential(const struct api_call *c, bool *operator_token)
{
	struct str admin = c->in->header(c->in->ctx, "x-admin-token");
	struct str bearer = c->in->header(c->in->ctx, "authorization");

	*operator_token = str_is_set(admin);
	if (*operator_token)
		return admin;
	if (bearer.n < 7 || !str_ieq(str_n(bearer.p, 7), STR("Bearer ")))
		return STR_NONE;
	return str_trim(str_sub(bearer, 7, bearer.n));
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

enum err
auth_check(struct api_call *c)
{
	bool operator_token, right = false;
	struct str shown = credential(c, &operator_token);
	struct throttle *t = c->api->throttle;

	if (str_is_empty(shown))
		return api_fail(c, ERR_UNAUTHORIZED,
		                "Send x-admin-token, or Authorization: Bearer with a token.");
	digest_sha256(shown, c->credential);
	c->retry_after_s = throttle_wait_s(t, c->address, c->credential, c->now);
	if (c->retry_after_s > 0) {
		log_refused(c);
		return api_fail(c, ERR_TOO_MANY,
		                "Too many wrong credentials came from this address: wait as long "
		                "as Retry-After says.");
	}
	if (operator_token) {
		right = digest_equal(c->credential, c->api->admin_digest, SHA256_LEN);
		if (right)
			c->who = (struct api_caller){ .role = ROLE_OPERATOR, .all_clients = true };
	} else if (str_starts(shown, STR("rcd_"))) {
		enum err e = token_find(c, &right);

		if (e != ERR_OK)
			return e;
	}
	if (!right) {
		throttle_failed(t, c->address, c->now);
		metrics_add(M_LOGIN_FAILURES, 1);
		log_refused(c);
		return api_fail(c, ERR_UNAUTHORIZED, "The credentials are wrong or were revoked.");
	}
	throttle_passed(t, c->address, c->credential, c->now);
	return ERR_OK;
}
