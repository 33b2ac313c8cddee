/*
 * Why: every request takes the same way: route, caller, client, role, parameters, handler, answer.
 *
 * What always holds: the order of refusals is 404/405 for the path, 401, 404 for what it names,
 * 403, 400; nothing of a failure reaches the outside but its code and what a handler chose to say;
 * a handler that failed leaves no open transaction.
 */
#include "api/api.h"

#include <stdlib.h>
#include <unistd.h>

#include "api/call.h"
#include "api/wait.h"
#include "base/digest.h"
#include "store/queries.h"
#include "sys/log.h"
#include "sys/zone_file.h"

#define ZONE_ARENA ((size_t)1 << 20)

enum err
api_new(const struct api_options *o, struct api **out)
{
	struct api *api = calloc(1, sizeof(*api));

	if (api == NULL)
		abort();
	api->o = *o;
	digest_sha256(o->config->admin_token, api->admin_digest);
	api->throttle = throttle_new();
	api->ready = ready_new();
	api->wait = wait_new(&(const struct wait_options){
		.pool = o->pool,
		.clock = o->clock,
		.content_type = JSON_CONTENT_TYPE,
	});
	api->stream =
		stream_new(&(const struct stream_options){ .pool = o->pool, .clock = o->clock });
	api->arena = arena_new(ZONE_ARENA);
	api->zone = zone_utc();
	if (str_is_set(o->config->timezone)) {
		enum err e = zone_file_read(api->arena, o->config->timezone, &api->zone);

		if (e != ERR_OK) {
			api_free(api);
			return e;
		}
	}
	*out = api;
	return ERR_OK;
}

void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	stream_free(api->stream);
	wait_free(api->wait);
	throttle_free(api->throttle);
	ready_free(api->ready);
	arena_free(api->arena);
	free(api);
}

void
api_stop_waiting(struct api *api)
{
	if (api == NULL)
		return;
	wait_stop(api->wait);
	stream_stop(api->stream);
}

size_t
api_body_limit(const struct api *api, struct str method)
{
	bool none = str_eq(method, STR("GET")) || str_eq(method, STR("HEAD"));

	return none ? 0 : (size_t)api->o.config->api_body_limit_bytes;
}

static void
open_connections(struct api_thread *t)
{
	struct db_pool *pool = t->api->o.pool;

	if (t->rd == NULL && db_open(pool, true, &t->rd) != ERR_OK)
		t->rd = NULL;
	if (t->wr == NULL && db_open(pool, false, &t->wr) != ERR_OK)
		t->wr = NULL;
}

void *
api_thread_start(void *api)
{
	struct api_thread *t = calloc(1, sizeof(*t));

	if (t == NULL)
		abort();
	t->api = api;
	t->arena = arena_new(API_ARENA);
	open_connections(t);
	return t;
}

void
api_thread_end(void *thread)
{
	struct api_thread *t = thread;

	if (t == NULL)
		return;
	db_close(t->rd);
	db_close(t->wr);
	arena_free(t->arena);
	free(t);
}

/* A path that no row has; it may be one with a slash too many. */
static enum err
refuse_path(struct api_call *c, const struct route_table *table)
{
	struct str path = c->in->path, bare = str_sub(path, 0, path.n - (path.n > 0));
	struct route_params params;
	bool known = false;

	(void)router_match(table, c->a, STR("GET"), bare, &params, &known);
	if (known && str_ends(path, STR("/")))
		return api_fail(c, ERR_NOT_FOUND,
		                "There is no such route: leave out the slash at the end.");
	return api_fail(c, ERR_NOT_FOUND,
	                "There is no such route: see docs/api.md for those there are.");
}

static enum err
match(struct api_call *c)
{
	const struct route_table table = {
		.rows = api_routes,
		.count = api_route_count,
		.stride = sizeof(api_routes[0]),
		.method_offset = offsetof(struct api_route, method),
		.pattern_offset = offsetof(struct api_route, pattern),
	};
	bool known = false;
	int i = router_match(&table, c->a, c->in->method, c->in->path, &c->params, &known);

	if (i >= 0) {
		c->route = &api_routes[i];
		return ERR_OK;
	}
	if (!known)
		return refuse_path(c, &table);
	c->status = 405;
	c->location = router_allow(&table, c->a, c->in->path);
	return api_fail(
		c, ERR_INVALID,
		str_z(c->a, str_fmt(c->a, "Only " STR_FMT " can be used here, not " STR_FMT ".",
	                            STR_ARG(c->location), STR_ARG(c->in->method))));
}

static enum err
check_role(struct api_call *c)
{
	if (c->who.role < c->route->role)
		return api_fail(c, ERR_FORBIDDEN,
		                c->route->role == ROLE_OPERATOR
		                        ? "This is the operator's."
		                        : "Your token's role does not allow this.");
	if (c->route->scope == SCOPE_ALL && !c->who.all_clients)
		return api_refuse(c, ERR_FORBIDDEN, "one_client",
		                  "Your token is bound to one client.");
	return ERR_OK;
}

static enum err
run(struct api_call *c)
{
	enum err e = match(c);

	if (e != ERR_OK)
		return e;
	if (c->route->role != ROLE_NONE) {
		if (c->rd == NULL)
			return ERR_UNAVAILABLE;
		e = auth_check(c);
		if (e == ERR_OK)
			e = scope_find(c);
		if (e == ERR_OK)
			e = check_role(c);
	}
	if (e == ERR_OK)
		e = args_check_query(c);
	if (e == ERR_OK)
		e = args_check_body(c);
	if (e == ERR_OK)
		e = c->route->handle(c);
	if (e == ERR_OK && buf_check(&c->out) != ERR_OK)
		e = api_fail(c, ERR_TOO_LARGE, "The answer is too large: ask for fewer rows.");
	return e;
}

static void
add_header(struct api_answer *out, const char *name, struct str value)
{
	size_t i = 0;

	while (out->headers[i].name != NULL)
		i++;
	out->headers[i] = (struct http_header_out){ name, value };
}

/* What the database said last, of the connection that may have failed. */
static const char *
database_message(const struct api_call *c)
{
	if (c->wr != NULL && *db_message(c->wr) != 0)
		return db_message(c->wr);
	return c->rd != NULL ? db_message(c->rd) : "not connected";
}

static void
log_failure(const struct api_call *c, enum err e)
{
	const char *route = c->route != NULL ? c->route->pattern : "";

	if (err_info(e)->http_status >= 500)
		log_error("api.failed", LOG_ERR(e), LOG_STR("request", c->in->request_id),
		          LOG_Z("route", route), LOG_Z("database", database_message(c)));
}

static void
answer_failure(struct api_call *c, enum err e, struct api_answer *out)
{
	bool wrong_method = c->status == 405;
	int own = c->status >= 400 ? c->status : err_info(e)->http_status;

	log_failure(c, e);
	if (c->problem.code != e)
		c->problem.detail = STR_NONE;
	c->problem.code = e;
	out->status = own;
	if (wrong_method)
		add_header(out, "Allow", c->location);
	else if (str_is_set(c->location))
		out->status = 308;
	if (out->status == 308)
		add_header(out, "Location", c->location);
	if (out->status == 401)
		add_header(out, "WWW-Authenticate", STR("Bearer"));
	for (const struct http_header_out *h = c->extra; h->name != NULL; h++)
		add_header(out, h->name, h->value);
	if (out->status == 429)
		add_header(out, "Retry-After", str_fmt(c->a, "%lld", (long long)c->retry_after_s));
	buf_clear(&c->out);
	problem_render_as(&c->problem, out->status, c->in->request_id, &c->out);
	out->content_type = PROBLEM_CONTENT_TYPE;
	out->body = buf_slice(&c->out);
}

static void
answer_success(struct api_call *c, struct api_answer *out)
{
	out->status = c->status;
	out->content_type = c->content_type;
	out->body = buf_slice(&c->out);
	out->wait = c->wait;
	out->stream = c->stream;
	out->file = c->file;
	for (const struct http_header_out *h = c->extra; h->name != NULL; h++)
		add_header(out, h->name, h->value);
	if (str_is_set(c->location))
		add_header(out, "Location", c->location);
	if (str_is_set(c->set_cookie))
		add_header(out, "Set-Cookie", c->set_cookie);
	if (str_is_set(c->set_hint))
		add_header(out, "Set-Cookie", c->set_hint);
	if (c->route->etag && c->status == 200 && c->file == NULL) {
		unsigned char digest[SHA256_LEN];
		struct str tag;

		digest_sha256(out->body, digest);
		tag = str_fmt(c->a, "\"" STR_FMT "\"", STR_ARG(hex_encode(c->a, digest, 16)));
		add_header(out, "ETag", tag);
		if (api_names_tag(c->in->header(c->in->ctx, "if-none-match"), tag)) {
			out->status = 304;
			out->body = STR("");
		}
	}
}

void
api_serve(struct api *api, void *thread, const struct api_request *in, struct api_answer *out)
{
	struct api_thread *t = thread;
	struct api_call *c;
	enum err e;

	arena_reset(t->arena);
	open_connections(t);
	c = ARENA_NEW(t->arena, struct api_call);
	*c = (struct api_call){
		.api = api,
		.thread = t,
		.rd = t->rd,
		.wr = t->wr,
		.a = t->arena,
		.in = in,
		.now = clock_now(api->o.clock),
		.status = 200,
		.content_type = JSON_CONTENT_TYPE,
	};
	c->address = throttle_address(c->a, in->peer, in->header(in->ctx, "x-forwarded-for"),
	                              api->o.config->trusted_proxies);
	buf_init(&c->out, c->a, API_MAX_ANSWER);
	jw_init(&c->w, &c->out);
	*out = (struct api_answer){ .status = 500 };
	e = run(c);
	if (t->wr != NULL && db_in_transaction(t->wr))
		db_rollback(t->wr);
	if (t->rd != NULL && db_in_transaction(t->rd))
		db_rollback(t->rd);
	if (e == ERR_OK)
		e = arena_check(c->a);
	if (e == ERR_OK)
		answer_success(c, out);
	else
		answer_failure(c, e, out);
	if (c->file != NULL && out->file == NULL)
		(void)close(c->file->fd);
}

static struct str
exchange_header(const void *ctx, const char *name)
{
	return http_header(ctx, name);
}

/* A connection's own URL: the connection is looked up here, the door does the rest. */
static void
serve_secret(struct api *api, struct api_thread *t, struct http_exchange *x)
{
	unsigned char digest[SHA256_LEN];
	struct db_result r = { .nrows = 0 };
	enum err e = ERR_UNAVAILABLE;

	arena_reset(t->arena);
	open_connections(t);
	digest_sha256(door_secret(http_path(x)), digest);
	if (t->rd != NULL)
		e = db_query(t->rd, &q_api_connection_by_secret,
		             DB_PARAMS(db_bytes(str_n((const char *)digest, sizeof(digest)))), NULL,
		             t->arena, &r);
	if (e == ERR_OK && r.nrows == 0)
		e = ERR_NOT_FOUND;
	if (e == ERR_OK)
		door_accept(api->o.door, x, db_get_uuid(&r, 0, 0));
	else
		http_reply_problem(x, 0, &(const struct problem){ .code = e }, NULL);
}

/* Instead of an answer, which to HEAD has no end either. */
static void
serve_stream(struct api *api, struct http_exchange *x, const struct api_answer *out)
{
	const struct problem p = { .code = ERR_UNAVAILABLE,
		                   .detail = STR("Too many streams are open.") };

	if (str_eq(http_method(x), STR("HEAD")))
		http_reply(x, out->status, out->content_type, STR(""), out->headers);
	else if (stream_add(api->stream, x, &out->stream) != ERR_OK)
		http_reply_problem(x, 0, &p, NULL);
}

void
api_handle(void *api, void *thread, struct http_exchange *x)
{
	const struct api_request in = {
		.method = http_method(x),
		.path = http_path(x),
		.query = http_query(x),
		.body = http_body(x),
		.peer = http_peer(x),
		.request_id = http_request_id(x),
		.header = exchange_header,
		.ctx = x,
	};
	struct api_answer out;

	if (((struct api *)api)->o.door != NULL && str_is_set(door_secret(in.path))) {
		serve_secret(api, thread, x);
		return;
	}
	api_serve(api, thread, &in, &out);
	if (out.status == 200 && !uuid_is_nil(out.stream.client)) {
		serve_stream(api, x, &out);
		return;
	}
	if (out.wait.kind != NULL && wait_add(((struct api *)api)->wait, x, &out.wait) == ERR_OK)
		return;
	if (out.file != NULL)
		http_reply_file(x, out.status, out.content_type, out.file->fd, out.file->offset,
		                out.file->length, out.headers);
	else
		http_reply(x, out.status, out.content_type, out.body, out.headers);
}

bool
api_try_fast(struct http_exchange *x)
{
	struct str path = http_path(x), method = http_method(x);

	if (!str_eq(path, STR("/health")) && !str_eq(path, STR("/api/health")))
		return false;
	if (!str_eq(method, STR("GET")) && !str_eq(method, STR("HEAD")))
		return false;
	if (!str_is_empty(http_query(x)))
		return false;
	http_reply(x, 200, JSON_CONTENT_TYPE, STR("{\"status\":\"ok\"}"), NULL);
	return true;
}
