/* See scene.h. What always holds: everything in a scene is as fixed as its inputs; no clock, no
 * system randomness. */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "store/migrate.h"
#include "store/queries.h"
#include "work/drain_internal.h"

#define MAX_STEPS 20000
#define STEP_MS   300

static void
must(enum err e, const char *what, struct db *db)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "scene: %s: %s: %s\n", what, err_info(e)->code,
	        db != NULL ? db_message(db) : "");
	abort();
}

void
scene_open(struct scene *s, const char *url)
{
	const struct db_options options = { .busy_timeout_ms = 10000,
		                            .statement_timeout_ms = 60000,
		                            .connect_timeout_ms = 10000 };
	int from, to;

	*s = (struct scene){ 0 };
	must(db_pool_open(url, &options, &s->pool), "open", NULL);
	must(db_open(s->pool, false, &s->db), "connect", NULL);
	must(migrate_up(s->db, &from, &to), "migrate", s->db);
	s->raw = raw_open(url);
	s->rand = rand_seeded(&s->seed, 1);
}

void
scene_close(struct scene *s)
{
	for (size_t i = 0; i < SCENE_MAX_WORKERS; i++)
		drain_close(s->workers[i]);
	raw_close(s->raw);
	db_close(s->db);
	db_pool_close(s->pool);
}

void
scene_clear(struct scene *s)
{
	raw_exec(s->raw, "BEGIN; DELETE FROM events; DELETE FROM event_heads; "
	                 "DELETE FROM transcripts; DELETE FROM media; DELETE FROM media_pauses; "
	                 "DELETE FROM media_files; DELETE FROM media_use; "
	                 "DELETE FROM sends; DELETE FROM send_lines; "
	                 "DELETE FROM send_pauses; "
	                 "DELETE FROM session_analyses; DELETE FROM analysis_scripts; "
	                 "DELETE FROM jobs; DELETE FROM audit_log; DELETE FROM redirects; "
	                 "DELETE FROM connection_contacts; DELETE FROM sessions; "
	                 "DELETE FROM sync_failures; DELETE FROM sync_chunks; DELETE FROM "
	                 "sync_runs; DELETE FROM tickets; "
	                 "DELETE FROM amendments; DELETE FROM messages; DELETE FROM conversations; "
	                 "DELETE FROM lead_tags; "
	                 "DELETE FROM tags; DELETE FROM identities; DELETE FROM leads; DELETE FROM "
	                 "journal_parts; "
	                 "DELETE FROM journal; DELETE FROM connections; DELETE FROM tokens; DELETE "
	                 "FROM clients; COMMIT");
}

static struct uuid
fixed_id(unsigned char kind, size_t i, size_t k)
{
	struct uuid u = { { 0x01, 0x90, kind, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0,
		            (unsigned char)k, (unsigned char)(i + 1) } };

	return u;
}

static void
fill_line(struct scene *s, struct arena *a, const struct scene_line *l, size_t i)
{
	struct uuid client = fixed_id(1, l->client, 0), id = fixed_id(2, i, 0);
	struct str display = str_fmt(a, "+" STR_FMT, STR_ARG(l->line.display_number));
	const char *mode = l->cloud_api ? "cloud_api" : "coexistence";

	must(db_exec(s->db, &q_api_connection_insert,
	             DB_PARAMS(db_uuid(id), db_uuid(client), db_text(str_from(mode)),
	                       db_text(STR("operator")), db_text(l->line.phone_number_id),
	                       db_text(l->line.waba_id), db_text(display), db_bytes(STR_NONE),
	                       db_bool(l->history_requested), db_time(l->run_at[0])),
	             NULL, NULL),
	     "connection", s->db);
	for (size_t k = 0; k < l->nruns; k++)
		must(db_exec(s->db, &q_api_run_insert,
		             DB_PARAMS(db_uuid(fixed_id(3, i, k)), db_uuid(client), db_uuid(id),
		                       db_bool(l->history_requested),
		                       db_time(l->history_requested ? l->run_at[k] : TIME_NONE),
		                       db_text(l->cloud_api ? STR("not_supported")
		                                            : STR("pending_consent")),
		                       db_time(l->run_at[k])),
		             NULL, NULL),
		     "run", s->db);
}

void
scene_fill(struct scene *s, const struct scene_line *lines, size_t n)
{
	struct arena *a = arena_new(1u << 20);
	size_t clients = 0;

	must(db_begin(s->db, DB_API), "begin", s->db);
	for (size_t i = 0; i < n; i++)
		clients = lines[i].client >= clients ? lines[i].client + 1 : clients;
	for (size_t i = 0; i < clients; i++) {
		struct str slug = str_fmt(a, "c%zu", i);
		must(db_exec(s->db, &q_api_client_insert,
		             DB_PARAMS(db_uuid(fixed_id(1, i, 0)), db_text(slug), db_text(slug),
		                       db_null('t'), db_null('x'), db_bool(true), db_time(1000)),
		             NULL, NULL),
		     "client", s->db);
	}
	for (size_t i = 0; i < n; i++)
		fill_line(s, a, &lines[i], i);
	must(db_commit(s->db), "commit", s->db);
	arena_free(a);
}

void
scene_journal(struct scene *s, struct arena *a, const struct scene_entry *v, size_t n)
{
	struct db_rows *rows = db_rows_new(a, &q_ingest_journal);

	for (size_t i = 0; i < n; i++) {
		db_row_uuid(rows, v[i].id);
		db_row_uuid(rows, UUID_NIL);
		db_row_time(rows, v[i].received_at);
		db_row_text(rows, v[i].body);
	}
	must(db_begin(s->db, DB_COMMIT), "begin", s->db);
	must(db_exec(s->db, &q_ingest_journal, DB_NO_PARAMS, rows, NULL), "journal", s->db);
	if (db_engine(s->db) == DB_SQLITE)
		must(db_exec(s->db, &q_ingest_parts, DB_NO_PARAMS, rows, NULL), "parts", s->db);
	must(db_commit(s->db), "commit", s->db);
}

struct scene_entry *
scene_read_journal(struct scene *s, struct arena *a, size_t *n)
{
	struct db_result r;
	struct scene_entry *v;

	must(db_query(s->db, &q_digest_journal, DB_NO_PARAMS, NULL, a, &r), "read", s->db);
	v = ARENA_ARRAY(a, r.nrows + 1, struct scene_entry);
	for (size_t i = 0; i < r.nrows; i++)
		v[i] = (struct scene_entry){ db_get_uuid(&r, i, 0), db_get_time(&r, i, 1),
			                     db_get_text(&r, i, 2) };
	*n = r.nrows;
	return v;
}

int64_t
scene_waiting(struct scene *s)
{
	return raw_number(
		s->raw,
		"SELECT count(*) FROM journal_parts WHERE status IN ('received', 'retrying')");
}

struct drain_options
scene_worker_options(struct scene *s)
{
	return (struct drain_options){ .pool = s->pool,
		                       .rand = &s->rand,
		                       .route_entries = 512,
		                       .claim_messages = 500,
		                       .claim_bytes = 4u << 20,
		                       .arena_bytes = 256u << 20,
		                       .amendment_ms = 30 * TIME_DAY,
		                       .alert_ms = 30 * TIME_MINUTE };
}

struct drain *
scene_hire(struct scene *s, size_t place, const struct drain_options *o)
{
	struct drain *d = s->workers[place];

	if (d == NULL) {
		must(drain_open(o, &s->workers[place]), "worker", s->db);
		return s->workers[place];
	}
	if (db_in_transaction(d->db))
		db_rollback(d->db);
	d->o = *o;
	arena_reset(d->arena);
	drain_hot_free(d->hot);
	d->hot = drain_hot_new(DRAIN_HOT_BATCHES, o->arena_bytes);
	d->route_after = UUID_NIL;
	d->rescan_at = 0;
	d->last_client = uuid_v7_floor(0);
	d->away_until = 0;
	return d;
}

bool
scene_drain(struct scene *s, int64_t *now)
{
	struct drain_options o = scene_worker_options(s);
	struct drain *d = scene_hire(s, 0, &o);
	size_t steps = 0;

	for (; steps < MAX_STEPS; steps++) {
		int64_t next;
		*now += STEP_MS;
		if (drain_step(d, *now, &next) == STEP_WAIT && scene_waiting(s) == 0)
			break;
	}
	return steps < MAX_STEPS;
}

static void
print_some(const char *mark, const struct db_digest *a, const struct db_digest *b, size_t most)
{
	size_t k = 0, shown = 0;

	for (size_t i = 0; i < a->n; i++) {
		while (k < b->n && str_cmp(b->lines[k], a->lines[i]) < 0)
			k++;
		if (k < b->n && str_eq(b->lines[k], a->lines[i])) {
			k++;
			continue;
		}
		if (shown++ < most)
			printf("%s " STR_FMT "\n", mark, STR_ARG(a->lines[i]));
	}
	if (shown > most)
		printf("%s … and %zu more lines\n", mark, shown - most);
}

void
scene_print_difference(const struct db_digest *expected, const struct db_digest *got, size_t most)
{
	print_some("-", expected, got, most);
	print_some("+", got, expected, most);
}
