/*
 * See import_scene.h. What always holds: a seed is one story, told the same way each time: no
 * clock, no system randomness; rows are counted by triggers of the database, which know nothing of
 * the importer.
 */
#include "import_scene.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "store/migrate.h"
#include "store/queries.h"
#include "work/importer_internal.h"

#define BASE    "https://helpdesk.exemplo.com.br/api"
#define API_KEY "chave-do-helpdesk"
#define MOST_MS (10 * TIME_SECOND) /* the clock goes no further in one step */

static const char *const watched[] = {
	"leads",   "identities", "tags",     "lead_tags",        "conversations",     "messages",
	"tickets", "trackings",  "sessions", "helpdesk_tickets", "helpdesk_contacts", "redirects",
};
#define WATCHED (sizeof watched / sizeof watched[0])

static void
must(enum err e, const char *what, struct db *db)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "import scene: %s: %s: %s\n", what, err_info(e)->code,
	        db != NULL ? db_message(db) : "");
	abort();
}

static void
watch_sqlite(struct raw *r)
{
	static const char *const what[] = { "INSERT", "UPDATE", "DELETE" };
	char sql[400];

	for (size_t i = 0; i < WATCHED; i++)
		for (size_t k = 0; k < 3; k++) {
			snprintf(sql, sizeof sql,
			         "CREATE TRIGGER watch_%s_%zu AFTER %s ON %s BEGIN INSERT INTO "
			         "model_writes VALUES ('%s'); END",
			         watched[i], k, what[k], watched[i], watched[i]);
			raw_exec(r, sql);
		}
	raw_exec(r, "CREATE TRIGGER watch_cursor AFTER UPDATE ON import_state WHEN new.cursor_at < "
	            "old.cursor_at OR (new.cursor_at IS NULL AND old.cursor_at IS NOT NULL) BEGIN "
	            "INSERT INTO model_writes VALUES ('back'); END");
}

static void
watch_postgres(struct raw *r)
{
	char sql[400];

	raw_exec(r, "CREATE FUNCTION ms(timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS "
	            "'SELECT round(extract(epoch FROM $1) * 1000)::bigint';"
	            "CREATE FUNCTION hex(uuid) RETURNS text LANGUAGE sql IMMUTABLE AS "
	            "'SELECT upper(replace($1::text, ''-'', ''''))';"
	            "CREATE FUNCTION num(boolean) RETURNS int LANGUAGE sql IMMUTABLE AS "
	            "'SELECT $1::int';"
	            "CREATE FUNCTION watched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
	            "INSERT INTO model_writes VALUES (TG_TABLE_NAME); RETURN NULL; END $$;"
	            "CREATE FUNCTION watched_cursor() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
	            "INSERT INTO model_writes VALUES ('back'); RETURN NULL; END $$;"
	            "CREATE TRIGGER watch_cursor AFTER UPDATE ON import_state FOR EACH ROW WHEN "
	            "(new.cursor_at < old.cursor_at OR (new.cursor_at IS NULL AND old.cursor_at IS "
	            "NOT NULL)) EXECUTE FUNCTION watched_cursor()");
	for (size_t i = 0; i < WATCHED; i++) {
		snprintf(sql, sizeof sql,
		         "CREATE TRIGGER watch_%s AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH "
		         "ROW EXECUTE FUNCTION watched()",
		         watched[i], watched[i]);
		raw_exec(r, sql);
	}
}

void
import_scene_open(struct import_scene *s, const char *url)
{
	const struct db_options options = { .busy_timeout_ms = 10000,
		                            .statement_timeout_ms = 60000,
		                            .connect_timeout_ms = 10000 };
	int from, to;

	*s = (struct import_scene){ .postgres = strncmp(url, "sqlite:", 7) != 0 };
	must(db_pool_open(url, &options, &s->pool), "open", NULL);
	must(db_open(s->pool, false, &s->db), "connect", NULL);
	must(migrate_up(s->db, &from, &to), "migrate", s->db);
	s->raw = raw_open(url);
	raw_exec(s->raw, "CREATE TABLE model_writes (what text NOT NULL)");
	if (s->postgres)
		watch_postgres(s->raw);
	else
		watch_sqlite(s->raw);
}

void
import_scene_close(struct import_scene *s)
{
	raw_close(s->raw);
	db_close(s->db);
	db_pool_close(s->pool);
}

static void
fill(struct import_scene *s)
{
	static const unsigned char nonce[SECRETBOX_NONCE_LEN] = { 7 };
	struct arena *a = s->arena;
	struct str client, box;
	char sql[600];

	s->client = rand_uuid_v7(&s->rand, IMPORT_AT - TIME_DAY);
	client = uuid_text(a, s->client);
	box = secretbox_seal(a, &s->keys,
	                     str_fmt(a, "clients/" STR_FMT "/api_key", STR_ARG(client)),
	                     STR(API_KEY), nonce);
	must(db_begin(s->db, DB_API), "begin", s->db);
	must(db_exec(s->db, &q_api_client_insert,
	             DB_PARAMS(db_uuid(s->client), db_text(STR("c")), db_text(STR("c")),
	                       db_text(STR(BASE "/")), db_bytes(box), db_bool(true),
	                       db_time(IMPORT_AT - TIME_DAY)),
	             NULL, NULL),
	     "client", s->db);
	must(db_commit(s->db), "commit", s->db);
	snprintf(sql, sizeof sql,
	         "INSERT INTO connections (id, client_id, kind, status, registered_by, "
	         "history_sync_requested, created_at, updated_at) SELECT %s, id, 'helpdesk', "
	         "'connected', 'admin', false, created_at, updated_at FROM clients",
	         s->postgres ? "gen_random_uuid()" : "x'0190000000007000800000000000000A'");
	raw_exec(s->raw, sql);
}

void
import_scene_begin(struct import_scene *s, uint64_t seed, const struct helpdesk_options *o)
{
	raw_exec(s->raw, "BEGIN; DELETE FROM events; DELETE FROM event_heads; DELETE FROM jobs; "
	                 "DELETE FROM import_state; DELETE FROM "
	                 "import_done; DELETE FROM import_failures; DELETE FROM request_budgets; "
	                 "DELETE FROM sessions; DELETE FROM trackings; DELETE FROM "
	                 "helpdesk_tickets; DELETE FROM helpdesk_contacts; DELETE FROM redirects; "
	                 "DELETE FROM tickets; DELETE FROM messages; DELETE FROM conversations; "
	                 "DELETE FROM lead_tags; DELETE FROM tags; DELETE FROM identities; DELETE "
	                 "FROM leads; DELETE FROM audit_log; DELETE FROM connections; DELETE FROM "
	                 "clients; DELETE FROM model_writes; COMMIT");
	s->arena = arena_new((size_t)1 << 30);
	s->rand = rand_seeded(&s->seed, seed);
	s->dice = dice_for(seed, 41, 0);
	memset(s->keys.key, 5, sizeof s->keys.key);
	s->time.now_ms = IMPORT_AT;
	s->clock = clock_fake(&s->time);
	s->asked = s->asked_cap = s->hired = 0;
	s->skew = 0;
	s->strict = false;
	s->allowed = 0;
	s->latency = 0;
	s->other = NULL;
	s->world = helpdesk_new(o);
	s->options = (struct importer_options){ .pool = s->pool,
		                                .rand = &s->rand,
		                                .keys = &s->keys,
		                                .per_minute = BUDGET_MAX_PER_MINUTE,
		                                .start_at = 0,
		                                .max_jobs = 4,
		                                .max_requests = 4,
		                                .ticket_bytes = (size_t)64 << 20 };
	fill(s);
}

void
import_scene_end(struct import_scene *s)
{
	for (size_t i = 0; i < IMPORT_SCENE_MOST; i++)
		import_scene_kill(s, i);
	helpdesk_free(s->world);
	s->world = NULL;
	arena_free(s->arena);
}

void
import_scene_live(struct import_scene *s, size_t n)
{
	while (n > 0 && s->allowed != 0) {
		enum helpdesk_change c =
			(enum helpdesk_change)dice_below(&s->dice, HELPDESK_CHANGES);

		if ((s->allowed >> c & 1u) == 0)
			continue;
		(void)helpdesk_do(s->world, c);
		n--;
	}
}

/* The reply as the reader sees it. */
static void
pass_on(struct import_scene *s, struct arena *a, enum web_fate fate, const struct web_reply *r,
        struct http_fake_reply *out)
{
	const char **lines = ARENA_ARRAY(a, WEB_MAX_HEADERS + 1, const char *);

	out->delay_ms = r->delay_ms + (int64_t)dice_below(&s->dice, (uint64_t)s->latency + 1);
	out->body_delay_ms = r->body_delay_ms;
	if (fate != WEB_ANSWERED) {
		out->failure = HTTP_CUT;
		return;
	}
	for (size_t i = 0; i < r->nheaders; i++)
		lines[i] = str_z(a, str_fmt(a, "%s: " STR_FMT, r->headers[i].name,
		                            STR_ARG(r->headers[i].value)));
	out->status = r->status;
	out->headers = lines;
	out->body = r->body;
}

static void
note_request(struct import_scene *s, int64_t now_ms)
{
	if (s->asked == s->asked_cap) {
		size_t more = s->asked_cap ? s->asked_cap * 2 : 256;
		int64_t *v = ARENA_ARRAY(s->arena, more, int64_t);

		if (s->asked > 0)
			memcpy(v, s->asked_at, s->asked * sizeof *v);
		s->asked_at = v;
		s->asked_cap = more;
	}
	s->asked_at[s->asked++] = now_ms;
}

static void
answer(void *ctx, const struct http_call *call, int64_t now_ms, struct http_fake_reply *out)
{
	static struct arena *a;
	struct import_scene *s = ctx;
	struct web_request q = { 0 };
	struct web_reply r;
	struct str rest = str_sub(call->url, strlen(BASE), call->url.n);
	size_t mark = str_find(rest, '?');
	int64_t at;

	if (s->other != NULL) {
		note_request(s, now_ms);
		s->other(s->other_ctx, call, now_ms, out);
		return;
	}
	/* the reply is copied as soon as this returns */
	arena_free(a);
	a = arena_new((size_t)64 << 20);
	q.path = str_sub(rest, 0, mark);
	q.query = str_sub(rest, mark + 1, rest.n);
	for (const struct http_header_out *h = call->headers; h->name != NULL; h++)
		if (strcmp(h->name, "api-key") == 0)
			q.api_key = h->value;
	note_request(s, now_ms);
	at = now_ms + s->skew;
	if (s->strict && at <= s->world->now)
		at = s->world->now + 1;
	helpdesk_set_clock(s->world, at);
	if (s->allowed != 0)
		import_scene_live(s, (size_t)dice_below(&s->dice, s->most_changes + 1));
	pass_on(s, a, helpdesk_answer(s->world, &q, at, a, &r), &r, out);
}

void
import_scene_kill(struct import_scene *s, size_t place)
{
	struct import_hand *h = &s->hands[place];

	if (h->importer == NULL)
		return;
	importer_close(h->importer);
	http_fake_free(h->http);
	*h = (struct import_hand){ 0 };
}

void
import_scene_hire(struct import_scene *s, size_t place)
{
	struct import_hand *h = &s->hands[place];

	import_scene_kill(s, place);
	h->http = http_fake_new(&s->clock, s->options.max_requests + 1, answer, s);
	s->options.http = http_fake_client(h->http);
	s->options.owner = rand_uuid_v7(&s->rand, s->time.now_ms);
	must(importer_open(&s->options, &h->importer), "importer", NULL);
	s->hired++;
}

struct uuid
import_scene_enqueue(struct import_scene *s, enum job_kind kind, bool full)
{
	struct arena *a = arena_new(1u << 20);
	bool existing;
	struct uuid id;

	must(db_begin(s->db, DB_API), "begin", s->db);
	must(db_lane(s->db, s->client, true), "lane", s->db);
	must(jobs_enqueue(s->db, a, &s->rand, s->client, kind, full, false, s->time.now_ms, &id,
	                  &existing),
	     "enqueue", s->db);
	must(db_commit(s->db), "commit", s->db);
	arena_free(a);
	return id;
}

void
import_scene_step(struct import_scene *s)
{
	int64_t now = s->time.now_ms, due = now + MOST_MS;
	bool again = false;

	for (size_t i = 0; i < IMPORT_SCENE_MOST; i++) {
		struct import_hand *h = &s->hands[i];
		int64_t next = INT64_MAX;

		if (h->importer == NULL || now < h->paused_until)
			continue;
		again |= importer_step(h->importer, now, &next) == STEP_AGAIN;
		due = next < due ? next : due;
		due = http_fake_due(h->http) < due ? http_fake_due(h->http) : due;
	}
	s->time.now_ms = again || due <= now ? now + again : due;
	if (!again && due <= now)
		s->time.now_ms++;
}

struct str
import_scene_status(struct import_scene *s, struct arena *a, struct uuid job)
{
	struct str text = uuid_text(a, job), *v;
	char sql[200];
	size_t n = 0;

	if (s->postgres) {
		snprintf(sql, sizeof sql, "SELECT status FROM jobs WHERE id = '" STR_FMT "'",
		         STR_ARG(text));
	} else {
		char hex[33] = "";
		for (size_t i = 0; i < text.n; i++)
			if (text.p[i] != '-')
				hex[n++] = text.p[i];
		snprintf(sql, sizeof sql, "SELECT status FROM jobs WHERE id = x'%.32s'", hex);
	}
	return raw_column(s->raw, a, sql, &v) == 1 ? v[0] : STR_NONE;
}

struct import_writes
import_scene_writes(struct import_scene *s)
{
	struct arena *a = arena_new(1u << 20);
	struct import_writes w = { 0 };
	size_t at = 0, n;
	struct str *v;

	n = raw_column(
		s->raw, a,
		"SELECT count(*) || ' ' || what FROM model_writes GROUP BY what ORDER BY what", &v);
	for (size_t i = 0; i < n && at < sizeof w.tables; i++)
		at += (size_t)snprintf(w.tables + at, sizeof w.tables - at, " " STR_FMT,
		                       STR_ARG(v[i]));
	w.back = raw_number(s->raw, "SELECT count(*) FROM model_writes WHERE what = 'back'");
	w.n = raw_number(s->raw, "SELECT count(*) FROM model_writes WHERE what <> 'back'");
	raw_exec(s->raw, "DELETE FROM model_writes");
	arena_free(a);
	return w;
}

size_t
import_scene_lines(struct import_scene *s, struct arena *a, const char *sql, struct str **out)
{
	struct buf b;

	if (s->postgres)
		return raw_column(s->raw, a, sql, out);
	/* what the functions say is what SQLite stores */
	buf_init(&b, a, 1u << 16);
	for (const char *p = sql; *p != '\0'; p++) {
		if (strncmp(p, "ms(", 3) == 0)
			p += 2;
		else if (strncmp(p, "num(", 4) == 0)
			p += 3;
		buf_char(&b, *p);
	}
	return raw_column(s->raw, a, str_z(a, buf_slice(&b)), out);
}
