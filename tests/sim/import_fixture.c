/* See import_fixture.h. What always holds: the clock stands still unless a test moves it. */
#include "import_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/wamid.h"
#include "work/drain_internal.h"

#define CONNECTION "01900a00-0000-7000-8000-00000000000a"

static const struct wire_line line = { { "101", 3 }, { "201", 3 }, { "551130000000", 12 } };

void
import_fixture_open(struct import_fixture *f, struct pg_server *server)
{
	const struct scene_line l = { .line = line, .nruns = 1, .run_at = { FIXTURE_AT } };
	const char *url = NULL;
	struct uuid *client;
	struct str *ids;
	char sql[400];

	*f = (struct import_fixture){ .whole = true, .done = true };
	url = server != NULL
	              ? pg_server_new_migrated(server, test_arena())
	              : str_z(test_arena(), str_fmt(test_arena(), "sqlite:%s/i.db", test_dir()));
	scene_open(&f->scene, url);
	scene_fill(&f->scene, &l, 1);
	if (server != NULL)
		raw_exec(f->scene.raw,
		         "CREATE FUNCTION ms(timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE "
		         "AS 'SELECT round(extract(epoch FROM $1) * 1000)::bigint'; "
		         "CREATE FUNCTION hex(uuid) RETURNS text LANGUAGE sql IMMUTABLE AS "
		         "'SELECT upper(replace($1::text, ''-'', ''''))'; "
		         "CREATE FUNCTION num(boolean) RETURNS int LANGUAGE sql IMMUTABLE AS "
		         "'SELECT $1::int'");
	snprintf(sql, sizeof sql,
	         "INSERT INTO connections (id, client_id, kind, status, registered_by, "
	         "history_sync_requested, created_at, updated_at) SELECT %s, id, 'helpdesk', "
	         "'connected', 'admin', false, created_at, updated_at FROM clients",
	         server != NULL ? "'" CONNECTION "'" : "x'01900a0000007000800000000000000a'");
	raw_exec(f->scene.raw, sql);
	client = &f->store.client_id;
	ck_assert_uint_eq(raw_column(f->scene.raw, test_arena(),
	                             server != NULL ? "SELECT id FROM clients"
	                                            : "SELECT lower(hex(id)) FROM clients",
	                             &ids),
	                  1);
	if (server != NULL)
		ck_assert_ok(uuid_parse(ids[0], client));
	for (size_t i = 0; server == NULL && i < sizeof client->b; i++)
		client->b[i] = (unsigned char)(str_hex_digit(ids[0].p[2 * i]) << 4 |
		                               str_hex_digit(ids[0].p[2 * i + 1]));
	ck_assert_ok(uuid_parse(STR(CONNECTION), &f->store.connection_id));
	ck_assert_ok(db_open_batch(f->scene.pool, &f->db));
	f->store.db = f->db;
	f->store.rand = &f->scene.rand;
	f->store.now_ms = FIXTURE_AT + TIME_DAY;
}

void
import_fixture_close(struct import_fixture *f)
{
	db_close(f->db);
	scene_close(&f->scene);
}

static void
write_contact(struct jw *w, const struct fix_ticket *t)
{
	jw_key(w, "contact");
	if (t->contact == 0 && t->number == NULL && t->name == NULL) {
		jw_null(w);
		return;
	}
	jw_obj(w);
	if (t->contact != 0)
		jw_ki64(w, "id", t->contact);
	jw_kz(w, "name", t->name != NULL ? t->name : "Ana");
	if (t->number != NULL)
		jw_kz(w, "number", t->number);
	jw_obj_end(w);
}

static struct str
ticket_json(const struct fix_ticket *t)
{
	struct arena *a = test_arena();
	struct buf b;
	struct jw w;

	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_arr(&w);
	jw_obj(&w);
	jw_kz(&w, "uuid", t->uuid != NULL ? t->uuid : "t");
	jw_ktime(&w, "createdAt", FIXTURE_AT);
	jw_ktime(&w, "updatedAt", t->updated != 0 ? t->updated : FIXTURE_AT);
	jw_kz(&w, "status", t->status != NULL ? t->status : "open");
	jw_kbool(&w, "isGroup", t->group);
	write_contact(&w, t);
	if (!t->hidden) {
		jw_key(&w, "ticketTrakings");
		jw_arr(&w);
	}
	for (size_t i = 0; !t->hidden && i < t->ntrackings; i++) {
		const struct fix_tracking *x = &t->trackings[i];

		jw_obj(&w);
		jw_kstr(&w, "id", str_fmt(a, "%lld", (long long)x->id));
		jw_ktime(&w, "createdAt", x->created);
		jw_ktime(&w, "startedAt", x->started);
		jw_ktime(&w, "finishedAt", x->finished);
		if (x->user != NULL) {
			jw_key(&w, "user");
			jw_obj(&w);
			jw_kz(&w, "name", x->user);
			jw_obj_end(&w);
		}
		jw_obj_end(&w);
	}
	if (!t->hidden)
		jw_arr_end(&w);
	jw_obj_end(&w);
	jw_arr_end(&w);
	return buf_slice(&b);
}

static struct str
messages_json(const struct fix_ticket *t)
{
	struct arena *a = test_arena();
	struct buf b;
	struct jw w;

	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_arr(&w);
	for (size_t i = 0; i < t->nmessages; i++) {
		const struct fix_message *m = &t->messages[i];

		jw_obj(&w);
		jw_kstr(&w, "id", str_fmt(a, "%lld", (long long)m->id));
		jw_kstr(&w, "body", str_from(m->body));
		jw_kbool(&w, "fromMe", m->from_me);
		jw_ktime(&w, "createdAt", m->at);
		jw_ktime(&w, "updatedAt", m->updated != 0 ? m->updated : m->at);
		jw_kstr(&w, "key", str_from(m->key));
		jw_kstr(&w, "mediaUrl", str_from(m->media_url));
		jw_kstr(&w, "mediaType", str_from(m->media_type));
		jw_kbool(&w, "generatedByAi", m->by_ai);
		jw_kbool(&w, "sendBySystem", m->by_system);
		jw_obj_end(&w);
	}
	jw_arr_end(&w);
	return buf_slice(&b);
}

struct hd_ticket
import_fixture_ticket(const struct fix_ticket *t)
{
	struct hd_page page;

	ck_assert_ok(hd_decode(test_arena(), HD_TICKETS, ticket_json(t), &page));
	ck_assert_uint_eq(page.ntickets, 1);
	return page.tickets[0];
}

static enum err
put(struct import_fixture *f, const struct fix_ticket *t, size_t n)
{
	struct hd_ticket *tickets = ARENA_ARRAY(test_arena(), n, struct hd_ticket);
	struct import_ticket *x = ARENA_ARRAY(test_arena(), n, struct import_ticket);
	struct db_stats before = db_stats(f->db), after;
	enum err e;

	for (size_t i = 0; i < n; i++) {
		struct hd_page page;

		tickets[i] = import_fixture_ticket(&t[i]);
		ck_assert_ok(hd_decode(test_arena(), HD_MESSAGES, messages_json(&t[i]), &page));
		ck_assert_uint_eq(page.nmessages, t[i].nmessages);
		x[i] = (struct import_ticket){ .ticket = &tickets[i],
			                       .messages = page.messages,
			                       .nmessages = page.nmessages,
			                       .whole = f->whole,
			                       .done = f->done };
	}
	f->counts = (struct import_counts){ 0 };
	f->store.arena = arena_new((size_t)64 << 20);
	e = import_store_tickets(&f->store, x, n, &f->counts);
	arena_free(f->store.arena);
	f->store.arena = NULL;
	after = db_stats(f->db);
	f->rows = after.rows_changed - before.rows_changed;
	f->statements = after.statements - before.statements;
	return e;
}

enum err
import_fixture_try(struct import_fixture *f, const struct fix_ticket *t)
{
	return put(f, t, 1);
}

void
import_fixture_put(struct import_fixture *f, const struct fix_ticket *t)
{
	import_fixture_put_all(f, t, 1);
}

void
import_fixture_put_all(struct import_fixture *f, const struct fix_ticket *t, size_t n)
{
	enum err e = put(f, t, n);

	ck_assert_msg(e == ERR_OK, "%s: %s", err_info(e)->code, db_message(f->db));
}

struct hd_seen *
import_fixture_seen(const char *a, const char *b)
{
	struct hd_seen *s = ARENA_NEW(test_arena(), struct hd_seen);

	hd_seen_init(s, test_arena());
	if (a != NULL)
		(void)hd_seen_add(s, str_from(a));
	if (b != NULL)
		(void)hd_seen_add(s, str_from(b));
	return s;
}

void
import_fixture_walk(struct import_fixture *f, const struct hd_seen *uuids)
{
	struct import_mark m = { 0 };

	f->store.arena = test_arena();
	while (!m.done)
		ck_assert_ok(import_mark_tickets(&f->store, uuids, &m));
}

void
import_fixture_sweep(struct import_fixture *f, const struct hd_seen *contacts,
                     const struct hd_seen *tags)
{
	struct import_mark m = { 0 };

	f->store.arena = test_arena();
	while (!m.done)
		ck_assert_ok(import_mark_contacts(&f->store, contacts, &m));
	ck_assert_ok(import_mark_tags(&f->store, tags));
}

void
import_fixture_contacts(struct import_fixture *f, const char *json)
{
	struct hd_page page;
	enum err e;

	ck_assert_ok(hd_decode(test_arena(), HD_CONTACTS, str_from(json), &page));
	ck_assert_uint_eq(page.nproblems, 0);
	f->store.arena = arena_new((size_t)64 << 20);
	e = import_store_contacts(&f->store, page.people, page.npeople, &f->wrote);
	ck_assert_msg(e == ERR_OK, "%s: %s", err_info(e)->code, db_message(f->db));
	arena_free(f->store.arena);
	f->store.arena = NULL;
}

void
import_fixture_webhook(struct import_fixture *f, struct str body, int64_t at)
{
	static uint64_t number;
	unsigned char random[10] = { 0 };
	struct scene_entry e = { .received_at = at, .body = body };
	struct drain_options o = scene_worker_options(&f->scene);
	int64_t now = f->store.now_ms;

	memcpy(random, &number, sizeof number);
	number++;
	e.id = uuid_v7(at, random);
	scene_journal(&f->scene, test_arena(), &e, 1);
	(void)scene_hire(&f->scene, 0, &o);
	ck_assert(scene_drain(&f->scene, &now));
	ck_assert_int_eq(import_fixture_number(f, "SELECT count(*) FROM journal_parts WHERE status "
	                                          "<> 'applied'"),
	                 0);
}

struct str
import_fixture_live(const char *number, const char *key_id, int64_t at)
{
	struct arena *a = test_arena();
	const struct wamid id = { false, str_from(number), str_from(key_id) };
	const struct wire_element e = {
		.from = str_from(number),
		.id = wamid_encode(a, &id),
		.at = str_fmt(a, "%lld", (long long)(at / 1000)),
		.text = STR("oi"),
	};
	struct wire w;

	wire_begin(&w, a, WIRE_META, false);
	wire_change(&w, &line, "messages", true, 0);
	jw_key(&w.jw, "messages");
	jw_arr(&w.jw);
	wire_element(&w, &e);
	jw_arr_end(&w.jw);
	wire_change_end(&w);
	return wire_end(&w);
}

struct str
import_fixture_history(const char *number, const char *key_id, int order, int64_t at)
{
	struct arena *a = test_arena();
	const struct wamid id = { false, str_from(number), str_from(key_id) };
	const struct wire_person person = { .wa_id = str_from(number) };
	const struct wire_element e = {
		.from = str_from(number),
		.id = wamid_encode(a, &id),
		.at = str_fmt(a, "%lld", (long long)(at / 1000)),
		.text = STR("oi"),
		.history_status = STR("READ"),
	};
	struct wire w;

	wire_begin(&w, a, WIRE_META, false);
	wire_change(&w, &line, "history", true, 0);
	jw_key(&w.jw, "history");
	jw_arr(&w.jw);
	wire_chunk(&w, 0, order, 50);
	wire_thread(&w, str_from(number), &person);
	wire_element(&w, &e);
	wire_thread_end(&w);
	wire_chunk_end(&w);
	jw_arr_end(&w.jw);
	wire_change_end(&w);
	return wire_end(&w);
}

static const char *
spelled(struct import_fixture *f, const char *sql)
{
	struct buf b;

	if (db_engine(f->db) == DB_POSTGRES)
		return sql;
	/* what the functions say is what SQLite stores */
	buf_init(&b, test_arena(), 1u << 16);
	for (const char *p = sql; *p != '\0'; p++) {
		if (strncmp(p, "ms(", 3) == 0)
			p += 2;
		else if (strncmp(p, "num(", 4) == 0)
			p += 3;
		buf_char(&b, *p);
	}
	return str_z(test_arena(), buf_slice(&b));
}

struct str
import_fixture_lines(struct import_fixture *f, const char *sql)
{
	struct str *v;
	size_t n = raw_column(f->scene.raw, test_arena(), spelled(f, sql), &v);
	struct buf b;

	buf_init(&b, test_arena(), 1u << 20);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(&b, '\n');
		buf_str(&b, v[i]);
	}
	return b.n > 0 ? buf_slice(&b) : STR("");
}

int64_t
import_fixture_number(struct import_fixture *f, const char *sql)
{
	return raw_number(f->scene.raw, spelled(f, sql));
}

struct str
import_fixture_digest(struct import_fixture *f)
{
	struct db_digest d;
	struct buf b;

	ck_assert_ok(
		digest_database(f->scene.db, test_arena(), STR_NONE, FIXTURE_AT + TIME_DAY, &d));
	buf_init(&b, test_arena(), (size_t)8 << 20);
	for (size_t i = 0; i < d.n; i++) {
		buf_str(&b, d.lines[i]);
		buf_char(&b, '\n');
	}
	return buf_slice(&b);
}

struct str
import_fixture_sessions(struct import_fixture *f, const char *uuid)
{
	struct arena *a = test_arena();
	const char *minutes = "((ms(s.%s) - 1768906800000) / 60000)";
	const char *from = str_z(a, str_fmt(a, minutes, "started_at"));
	const char *to = str_z(a, str_fmt(a, minutes, "ended_at"));

	return import_fixture_lines(
		f,
		str_z(a,
	              str_fmt(a,
	                      "SELECT CASE WHEN s.retired_at IS NULL THEN '' ELSE '-' END || "
	                      "coalesce(s.class, 'episode') || ' ' || %s || '-' || "
	                      "coalesce(CAST(%s AS text), '') || ' ' || "
	                      "replace(coalesce(CAST(s.tracking_ids AS text), ''), ' ', '') || ' ' "
	                      "|| s.message_count || CASE WHEN s.missing_since IS NULL THEN '' "
	                      "ELSE ' missing' END FROM sessions s JOIN tickets t ON t.client_id = "
	                      "s.client_id AND t.id = s.ticket_id WHERE t.external_uuid = '%s' "
	                      "ORDER BY CASE WHEN s.retired_at IS NULL THEN 0 ELSE 1 END, "
	                      "s.started_at, s.class, s.tracking_ids",
	                      from, to, uuid)));
}
