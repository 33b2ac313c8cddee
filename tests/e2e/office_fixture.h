/*
 * The API in this process, under a fake clock, over the rows of analysis_fixture.h. ENGINE says on
 * which engine.
 */
#ifndef RECADO_TESTS_OFFICE_FIXTURE_H
#define RECADO_TESTS_OFFICE_FIXTURE_H

#include "analysis_fixture.h"
#include "described.h"

#define AT    DESK_AT /* 2026-01-20T11:00:00.000Z: eight o'clock in São Paulo */
#define ADMIN "0123456789abcdef0123"

struct office {
	struct desk *d;
	struct config config;
	struct secretbox_keys keys;
	struct clock_fake time;
	struct clock clock;
	struct api *api;
	void *thread;
	struct str bearer; /* absent: the operator */
};

static inline struct str
header(const void *ctx, const char *name)
{
	const struct office *o = ctx;

	if (strcmp(name, "x-admin-token") == 0 && !str_is_set(o->bearer))
		return STR(ADMIN);
	if (strcmp(name, "authorization") == 0 && str_is_set(o->bearer))
		return str_fmt(test_arena(), "Bearer " STR_FMT, STR_ARG(o->bearer));
	return STR_NONE;
}

static inline struct office *
office_open(const char *zone)
{
	struct office *o = ARENA_NEW(test_arena(), struct office);
	struct api_options options;

	o->d = desk_open();
	o->config = (struct config){ .admin_token = STR(ADMIN),
		                     .api_body_limit_bytes = 1 << 20,
		                     .timezone = str_from(zone) };
	o->time.now_ms = AT;
	o->clock = clock_fake(&o->time);
	options = (struct api_options){ .pool = o->d->s.pool,
		                        .config = &o->config,
		                        .keys = &o->keys,
		                        .clock = &o->clock,
		                        .rand = &rand_system };
	ck_assert_ok(api_new(&options, &o->api));
	o->thread = api_thread_start(o->api);
	return o;
}

static inline void
office_close(struct office *o)
{
	api_thread_end(o->thread);
	api_free(o->api);
	desk_close(o->d);
}

/* The document of a call that must give this status. */
static inline const cJSON *
ask(struct office *o, int status, const char *method, const char *path, const char *query,
    const char *body)
{
	const struct api_request in = { .method = str_from(method),
		                        .path = str_from(path),
		                        .query = str_from(query),
		                        .body = str_from(body),
		                        .peer = STR("192.0.2.1"),
		                        .request_id = STR("r1"),
		                        .header = header,
		                        .ctx = o };
	struct api_answer a;

	api_serve(o->api, o->thread, &in, &a);
	must_be_described_served(method, path, &a);
	ck_assert_msg(a.status == status, "%s %s?%s: %d, not %d: " STR_FMT, method, path, query,
	              a.status, status, STR_ARG(a.body));
	return test_json(str_dup(test_arena(), a.body));
}

/* A path of members and indexes: "items.0.summary". */
static inline const cJSON *
at(const cJSON *v, const char *path)
{
	struct str rest = str_from(path), part;
	int64_t n;

	while (v != NULL && str_split(&rest, '.', &part)) {
		if (cJSON_IsArray(v) && str_to_i64(part, &n)) {
			for (v = json_first(v); v != NULL && n > 0; n--)
				v = v->next;
		} else {
			v = json_get(v, str_z(test_arena(), part));
		}
	}
	return v;
}

static inline double
number_at(const cJSON *v, const char *path)
{
	ck_assert_msg(cJSON_IsNumber(at(v, path)), "%s is no number", path);
	return at(v, path)->valuedouble;
}

static inline bool
null_at(const cJSON *v, const char *path)
{
	return at(v, path) != NULL && cJSON_IsNull(at(v, path));
}

static inline void
check_text(const cJSON *v, const char *path, const char *expected)
{
	struct str s = json_str(at(v, path));

	ck_assert_msg(str_eq(s, str_from(expected)), "%s: " STR_FMT " instead of %s", path,
	              STR_ARG(s), expected);
}

static inline void
check_time(const cJSON *v, const char *path, int64_t ms)
{
	check_text(v, path, str_z(test_arena(), time_text(test_arena(), ms)));
}

#endif
