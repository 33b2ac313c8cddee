/*
 * Media against the simulated Graph API under a fake clock: webhooks are applied as the program
 * does, a fetcher takes what they hold to a folder. ENGINE says on which engine.
 */
#ifndef RECADO_TESTS_MEDIA_FIXTURE_H
#define RECADO_TESTS_MEDIA_FIXTURE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "graph_fixture.h"
#include "http_fake.h"
#include "pg.h"
#include "scene.h"
#include "sim/media.h"
#include "store/queries.h"
#include "sys/metrics.h"
#include "work/media_internal.h"

static struct pg_server *postgres;

struct studio {
	struct scene s;
	struct clock_fake time;
	struct clock clock;
	struct play p;
	struct http_fake *http;
	struct graph_calls graph;
	struct secretbox_keys keys;
	struct media_fetcher *mf;
	const char *dir;
	int64_t budget;
	size_t asked, fetched; /* addresses; files */
	int number;            /* of the next webhook */
	const char *only;      /* every id is of this medium; NULL: of its own */
	bool no_digest;        /* answers do not tell one */
};

#define FMT(...) str_z(test_arena(), str_fmt(test_arena(), __VA_ARGS__))

/* What the simulator answers, as the client under test gets it. */
static inline void
studio_answer(void *ctx, const struct http_call *c, int64_t now_ms, struct http_fake_reply *out)
{
	struct studio *o = ctx;
	struct str rest = str_sub(c->url, strlen("http://graph.test"), c->url.n);
	size_t mark = str_find(rest, '?');
	struct web_request q = { .method = c->method,
		                 .path = str_sub(rest, 0, mark),
		                 .query = str_sub(rest, mark + 1, rest.n),
		                 .host = STR("graph.test"),
		                 .body = c->body };
	struct web_reply r = { 0 };

	for (const struct http_header_out *h = c->headers; h->name != NULL; h++)
		if (strcmp(h->name, "Authorization") == 0)
			q.authorization = h->value;
	if (o->only != NULL && c->sink == NULL)
		q.path = str_fmt(test_arena(), "/v24.0/%s", o->only);
	o->p.now = now_ms;
	*(c->sink == NULL ? &o->asked : &o->fetched) += 1;
	graph_answer(o->p.graph, &q, now_ms, test_arena(), &r);
	if (o->no_digest && r.body.n > 0) {
		char *name = memmem(r.body.p, r.body.n, "\"sha256\"", 8);

		if (name != NULL)
			name[1] = '_';
	}
	*out = (struct http_fake_reply){ .status = r.status,
		                         .body = r.body,
		                         .delay_ms = 10 + r.delay_ms,
		                         .body_delay_ms = r.body_delay_ms,
		                         .filler = r.filler,
		                         .fill = r.fill,
		                         .fill_seed = r.fill_seed,
		                         .cut_at = r.fate == WEB_TRUNCATED ? r.cut_at : 0 };
	if (r.fate == WEB_CLOSED || r.fate == WEB_HANGS)
		out->failure = r.fate == WEB_CLOSED ? HTTP_CUT : HTTP_TIMEOUT_FIRST_BYTE;
}

static inline void
studio_hire(struct studio *o)
{
	const struct media_fetcher_options opts = {
		.pool = o->s.pool,
		.graph = &o->graph,
		.rand = &o->s.rand,
		.keys = &o->keys,
		.dir = str_from(o->dir),
		.budget_bytes = o->budget,
		.owner = rand_uuid_v7(&o->s.rand, START),
	};

	ck_assert_ok(media_fetcher_open(&opts, clock_now(&o->clock), &o->mf));
}

static inline const char *
studio_row(struct studio *o, const char *sql)
{
	struct str *v;
	size_t n = raw_column(o->s.raw, test_arena(), sql, &v);

	return n == 0 ? "(none)" : str_z(test_arena(), v[0]);
}

#define MUST_BE(o, sql, value) ck_assert_str_eq(studio_row(o, sql), value)

/* The i-th connection gets a token; STR_NONE: it has none. */
static inline void
studio_give_token(struct studio *o, size_t i, struct str token)
{
	struct uuid client, connection;
	unsigned char nonce[SECRETBOX_NONCE_LEN] = { 7 };
	struct str box = STR_NONE;
	struct db_result r;

	ck_assert_ok(db_query(o->s.db, &q_onboarding_number,
	                      DB_PARAMS(db_text(i == 0 ? STR(NUMBER) : STR(CLOUD))), NULL,
	                      test_arena(), &r));
	client = db_get_uuid(&r, 0, 0);
	connection = db_get_uuid(&r, 0, 1);
	if (str_is_set(token))
		box = secretbox_seal(test_arena(), &o->keys,
		                     str_fmt(test_arena(), "connections/" STR_FMT "/access_token",
		                             STR_ARG(uuid_text(test_arena(), connection))),
		                     token, nonce);
	ck_assert_ok(
		db_exec(o->s.db, &q_onboarding_reconnect,
	                DB_PARAMS(db_uuid(connection), db_uuid(client), db_text(STR("coexistence")),
	                          db_text(STR(WABA)), db_text(STR_NONE), db_text(STR_NONE),
	                          db_bytes(box), db_bool(true), db_time(START)),
	                NULL, NULL));
}

/* On a database without rows. */
static inline void
begin(struct studio *o)
{
	static const struct scene_line lines[] = {
		{ .client = 0,
		  .line = { { NUMBER, 15 }, { WABA, 15 }, { "551130000001", 12 } },
		  .history_requested = true,
		  .nruns = 1,
		  .run_at = { START - TIME_MINUTE } },
		{ .client = 1,
		  .line = { { CLOUD, 15 }, { "201", 3 }, { "551130000002", 12 } },
		  .nruns = 1,
		  .run_at = { START - TIME_MINUTE } },
	};

	*o = (struct studio){ .s = o->s, .dir = FMT("%s/media", test_dir()) };
	o->s.rand = rand_seeded(&o->s.seed, 1);
	scene_fill(&o->s, lines, 2);
	o->time.now_ms = START;
	o->clock = clock_fake(&o->time);
	play_start(&o->p);
	play_control(&o->p, "media", "{\"any\":true}");
	o->http = http_fake_new(&o->clock, 64, studio_answer, o);
	o->graph = (struct graph_calls){ .http = http_fake_client(o->http),
		                         .base_url = STR("http://graph.test/v24.0") };
	studio_give_token(o, 0, o->p.token);
	studio_give_token(o, 1, o->p.token);
	studio_hire(o);
}

static inline struct studio *
open_studio(void)
{
	struct studio *o = ARENA_NEW(test_arena(), struct studio);
	const char *engine = getenv("ENGINE");

	*o = (struct studio){ 0 };
	if (engine != NULL && strcmp(engine, "postgres") == 0)
		scene_open(&o->s, pg_server_new_migrated(postgres, test_arena()));
	else
		scene_open(&o->s, FMT("sqlite:%s/o.db", test_dir()));
	begin(o);
	return o;
}

static inline void
end(struct studio *o)
{
	media_fetcher_close(o->mf);
	http_fake_free(o->http);
	play_end(&o->p);
}

static inline void
close_studio(struct studio *o)
{
	end(o);
	scene_close(&o->s);
}

/* As it was opened: for a long row of cases, on one database. */
static inline void
reopen_studio(struct studio *o)
{
	end(o);
	scene_clear(&o->s);
	begin(o);
}

/* What the simulator's medium of that id is to be. */
static inline void
medium(struct studio *o, const char *id, const char *more)
{
	play_control(&o->p, "media", FMT("{\"id\":\"%s\"%s}", id, more));
}

/* The digest of the bytes of an id, in hex. */
static inline const char *
digest_of(const char *id, size_t bytes)
{
	unsigned char d[SHA256_LEN];

	media_digest(media_seed(str_from(id)), bytes, d);
	return str_z(test_arena(), hex_encode(test_arena(), d, sizeof d));
}

/* One webhook whose value holds this beside the number's metadata. */
static inline void
webhook(struct studio *o, const char *number, const char *field, const char *members)
{
	unsigned char random[10] = { 0 };
	int64_t at = clock_now(&o->clock), now = at;
	struct str body = str_fmt(
		test_arena(),
		"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"" WABA
		"\",\"changes\":[{\"field\":\"%s\",\"value\":{\"messaging_product\":\"whatsapp\","
		"\"metadata\":{\"display_phone_number\":\"%s\",\"phone_number_id\":\"%s\"},%s}}]}]"
		"}",
		field, strcmp(number, NUMBER) == 0 ? "551130000001" : "551130000002", number,
		members);
	const struct scene_entry e = { uuid_v7(at + o->number++, random), at, body };

	scene_journal(&o->s, test_arena(), &e, 1);
	ck_assert(scene_drain(&o->s, &now));
}

/* A message with a picture; sha256 NULL: none is told. */
static inline const char *
picture(const char *wamid, const char *id, const char *sha256)
{
	return FMT(
		"{\"from\":\"" PERSON "\",\"id\":\"wamid.%s\",\"timestamp\":\"%lld\","
		"\"type\":\"image\",\"image\":{\"id\":\"%s\",\"mime_type\":\"image/jpeg\"%s%s%s}}",
		wamid, (long long)(START / 1000), id, sha256 == NULL ? "" : ",\"sha256\":\"",
		sha256 == NULL ? "" : sha256, sha256 == NULL ? "" : "\"");
}

static inline void
live(struct studio *o, const char *wamid, const char *id, const char *sha256)
{
	webhook(o, NUMBER, "messages", FMT("\"messages\":[%s]", picture(wamid, id, sha256)));
}

/* One turn of the thread; false: nothing is to do before *next. */
static inline bool
turn(struct studio *o, int64_t *next)
{
	int64_t due, now = clock_now(&o->clock);

	(void)graph_calls_hear(&o->graph);
	if (media_fetcher_step(o->mf, now, next) == STEP_AGAIN)
		return true;
	due = http_fake_due(o->http);
	if (due < *next)
		*next = due;
	return false;
}

/* Until so much time has passed, or `turns` turns. */
static inline void
work_for(struct studio *o, int64_t ms, size_t turns)
{
	int64_t until = clock_now(&o->clock) + ms, next;

	while (clock_now(&o->clock) < until && turns-- > 0)
		if (!turn(o, &next))
			o->time.now_ms = next < until ? next : until;
}

/* For a long time: a look at it every few minutes. */
static inline void
wait_for(struct studio *o, int64_t ms)
{
	int64_t until = clock_now(&o->clock) + ms;

	while (clock_now(&o->clock) < until) {
		work_for(o, 2 * TIME_SECOND, SIZE_MAX);
		o->time.now_ms += 5 * TIME_MINUTE;
	}
}

/* Files below a folder. */
static inline size_t
count_files(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *e;
	size_t n = 0;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		n += e->d_type == DT_DIR ? count_files(FMT("%s/%s", path, e->d_name)) : 1;
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

/* The file of that digest is there, with those bytes. */
static inline void
must_have(struct studio *o, const char *hex)
{
	unsigned char wanted[SHA256_LEN], real[SHA256_LEN];
	struct digest *d = digest_new();
	char bytes[4096];
	size_t n;
	FILE *f;

	ck_assert(hex_decode(str_from(hex), wanted, sizeof wanted));
	f = fopen(str_z(test_arena(), media_disk_path(test_arena(), str_from(o->dir), wanted)),
	          "rb");
	ck_assert_msg(f != NULL, "%s is not there", hex);
	while ((n = fread(bytes, 1, sizeof bytes, f)) > 0)
		digest_add(d, str_n(bytes, n));
	fclose(f);
	digest_end(d, real);
	digest_free(d);
	ck_assert(memcmp(real, wanted, sizeof real) == 0);
}

#define STATE "SELECT status || ' ' || COALESCE(reason, '-') FROM media ORDER BY meta_id"

#endif
