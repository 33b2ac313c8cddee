/*
 * The digest judges the order test, so it is judged here: it reads every column of the law's
 * tables, sees each kind of change, and does not see what it should not. What always holds: rows
 * are made by hand, no applying is involved.
 */
#include "base/map.h"
#include "base/time.h"
#include "raw.h"
#include "sim/digest.h"
#include "store/migrate.h"
#include "testing.h"

#define AT INT64_C(1768906800000)

struct fixture {
	struct db_pool *pool;
	struct db *db;
	struct raw *raw;
};

static struct fixture
open_fixture(const char *name)
{
	const struct db_options options = { .busy_timeout_ms = 5000 };
	const char *url =
		str_z(test_arena(), str_fmt(test_arena(), "sqlite:%s/%s.db", test_dir(), name));
	struct fixture f;
	int from, to;

	ck_assert_ok(db_pool_open(url, &options, &f.pool));
	ck_assert_ok(db_open(f.pool, false, &f.db));
	ck_assert_ok(migrate_up(f.db, &from, &to));
	f.raw = raw_open(url);
	return f;
}

static void
close_fixture(struct fixture *f)
{
	raw_close(f->raw);
	db_close(f->db);
	db_pool_close(f->pool);
}

static struct db_digest
digest(const struct fixture *f)
{
	struct db_digest d;

	ck_assert_ok(digest_database(f->db, test_arena(), STR_NONE, AT, &d));
	return d;
}

/* Two people, a conversation, two messages, a ticket and a run; ids begin with the given hex digit.
 */
static void
fill(const struct fixture *f, char digit)
{
	static const char rows[] =
		"INSERT INTO clients (id, slug, name, is_active, created_at, updated_at) VALUES "
		"(ID01, 'acme', 'Acme', 1, 1, 1);"
		"INSERT INTO connections (id, client_id, kind, mode, status, registered_by, "
		"phone_number_id, waba_id, "
		"history_sync_requested, created_at, updated_at) "
		"VALUES (ID02, ID01, 'whatsapp', 'coexistence', 'connected', 'operator', '101', "
		"'201', 1, 1, 1);"
		"INSERT INTO leads (id, client_id, evidence, source, wa_id, wa_level, push_name, "
		"is_active, created_at, updated_at) "
		"VALUES (ID03, ID01, 8, 'history_sync', '551187654321', 3, 'Ana', 0, 1, 1);"
		"INSERT INTO identities (client_id, kind, value, lead_id) VALUES (ID01, 'phone', "
		"'5511987654321', ID03), "
		"(ID01, 'phone', '551187654321', ID03), (ID01, 'bsuid', 'BR.1', ID03);"
		"INSERT INTO conversations (id, client_id, connection_id, lead_id, "
		"last_message_id, unread_count, unread_live, "
		"open_ticket_id, created_at, updated_at) VALUES (ID04, ID01, ID02, ID03, ID05, 1, "
		"1, ID07, 1, 1);"
		"INSERT INTO messages (id, client_id, connection_id, conversation_id, dedup_key, "
		"at, bad_time, direction, type, "
		"body, source, seen, status, status_rank, content_key, received_at, unread, "
		"created_at, updated_at, edits, "
		"entry_ticket_id) VALUES (ID05, ID01, ID02, ID04, 'i:A', 1000, 0, 'INBOUND', "
		"'text', 'oi \"você\"', 'live', 24, "
		"'received', 0, x'0102', 2000, 1, 1, 1, '[{\"b\":1,\"a\":2}]', ID07),"
		"(ID06, ID01, ID02, ID04, 'o:B', 2000, 0, 'OUTBOUND', 'text', NULL, 'history', 1, "
		"'read', 5, x'0103', 2000, 0, 1, 1, NULL, NULL);"
		"INSERT INTO tickets (id, client_id, conversation_id, lead_id, source, "
		"originated_from, status, stage, is_open, "
		"opened_at, created_at, updated_at) VALUES (ID07, ID01, ID04, ID03, "
		"'incoming_message', 'history_lead', 'open', "
		"'new', 1, 1000, 1, 1);"
		"INSERT INTO sync_runs (id, client_id, connection_id, run_no, started_at, "
		"history_requested, progress, "
		"first_chunk_at, completed, status, messages_imported, "
		"messages_duplicate, created_at) "
		"VALUES (ID08, ID01, ID02, 1, 500, 1, 55, 600, 0, 'syncing', 1, 3, 1);"
		"INSERT INTO sessions (client_id, id, conversation_id, source, started_at, "
		"ended_at, flags, start_key, "
		"message_count, retired_at, redirect_id, created_at, updated_at) VALUES "
		"(ID01, ID09, ID04, 'episode', 1000, 2000, 0, 'i:A', 2, NULL, NULL, 1, 1),"
		"(ID01, ID0a, ID04, 'episode', 2000, 2000, 0, 'o:B', 1, 9, ID09, 1, 1);"
		"INSERT INTO helpdesk_tickets (client_id, ticket_id, external_updated_at, "
		"is_group, raw, has_trackings) "
		"VALUES (ID01, ID07, 1, 0, '{}', 1);"
		"INSERT INTO trackings (client_id, ticket_id, external_id, created_at, raw) "
		"VALUES (ID01, ID07, 17, 1, '{}');";
	struct buf b;

	buf_init(&b, test_arena(), 65536);
	for (const char *p = rows; *p != '\0'; p++)
		if (p[0] == 'I' && p[1] == 'D' && p[2] == '0') {
			buf_fmt(&b, "x'%c000000000000000000000000000000%c'", digit, p[3]);
			p += 3;
		} else {
			buf_char(&b, *p);
		}
	buf_char(&b, '\0');
	raw_exec(f->raw, b.p);
}

START_TEST(every_column_of_the_laws_tables_is_read_or_named_as_left_out)
{
	struct fixture f = open_fixture("columns");

	for (size_t t = 0; t < digest_ntables; t++) {
		struct map known;
		struct str list[2] = { str_from(digest_tables[t].columns),
			               str_from(digest_tables[t].left_out) },
			   name, *columns;
		size_t read = 0;
		map_init(&known, test_arena(), 64);
		for (int k = 0; k < 2; k++)
			while (str_split(&list[k], ' ', &name)) {
				name = str_sub(name, name.p[0] == '-',
				               str_find(name, '@') - (name.p[0] == '-'));
				map_set(&known, name, 1);
				read += k == 0;
			}
		ck_assert_uint_eq(read, strlen(digest_tables[t].query->params) > 0 ? read : 0);
		size_t n = raw_columns_of(f.raw, test_arena(), digest_tables[t].name, &columns);
		ck_assert_uint_gt(n, 0);
		for (size_t i = 0; i < n; i++)
			ck_assert_msg(map_get(&known, columns[i]) != MAP_NONE,
			              "%s." STR_FMT " is neither read nor left out",
			              digest_tables[t].name, STR_ARG(columns[i]));
	}
	close_fixture(&f);
}
END_TEST

START_TEST(other_ids_give_the_same_digest)
{
	struct fixture a = open_fixture("a"), b = open_fixture("b");

	fill(&a, '1');
	fill(&b, '2');
	raw_exec(b.raw, "UPDATE leads SET updated_at = 99; UPDATE sync_runs SET messages_duplicate "
	                "= 7, alerted_at = 9; UPDATE sessions SET message_count = 7, "
	                "redirect_id = NULL WHERE retired_at IS NOT NULL;");
	struct db_digest x = digest(&a), y = digest(&b);
	ck_assert_uint_eq(x.n, 13);
	ck_assert_uint_eq(x.n, y.n);
	for (size_t i = 0; i < x.n; i++)
		ck_assert_slice(x.lines[i], y.lines[i]);
	ck_assert_int_eq(memcmp(x.sha, y.sha, sizeof x.sha), 0);
	close_fixture(&a);
	close_fixture(&b);
}
END_TEST

START_TEST(no_line_holds_an_id_or_points_nowhere)
{
	struct fixture f = open_fixture("ids");

	fill(&f, 'c');
	struct db_digest d = digest(&f);
	for (size_t i = 0; i < d.n; i++) {
		const char *line = str_z(test_arena(), d.lines[i]);
		ck_assert_ptr_null(strstr(line, "c0000000"));
		ck_assert_ptr_null(strstr(line, "missing-"));
	}
	ck_assert(str_starts(d.lines[d.n - 1], STR("trackings ")));
	ck_assert_str(d.lines[d.n - 2],
	              "tickets id=acme/101 acme/bsuid:BR.1 1970-01-01T00:00:01.000Z "
	              "lead_id=acme/bsuid:BR.1 external_uuid=- "
	              "source=\"incoming_message\" originated_from=\"history_lead\" "
	              "status=\"open\" stage=\"new\" is_open=true "
	              "closed_at=- message_window_expires_at=- service_window_expires_at=-");
	close_fixture(&f);
}
END_TEST

START_TEST(each_change_of_content_is_seen)
{
	static const char *const changes[] = {
		"UPDATE leads SET push_name = 'Bia'",
		"UPDATE identities SET value = 'BR.2' WHERE value = 'BR.1'",
		"UPDATE conversations SET unread_count = 2",
		"UPDATE conversations SET last_message_id = NULL",
		"UPDATE messages SET body = NULL WHERE body IS NOT NULL",
		"UPDATE messages SET body = '' WHERE body IS NULL",
		"UPDATE messages SET edits = '[{\"a\":2,\"b\":2}]' WHERE edits IS NOT NULL",
		"UPDATE messages SET entry_ticket_id = NULL",
		"UPDATE messages SET content_key = x'0104' WHERE content_key = x'0103'",
		"UPDATE tickets SET opened_at = 999",
		"UPDATE sync_runs SET progress = 56",
		"UPDATE connections SET status = 'paused'",
		"UPDATE sessions SET message_count = 3 WHERE retired_at IS NULL",
		"UPDATE sessions SET start_key = 'i:B' WHERE retired_at IS NULL",
		"UPDATE sessions SET retired_at = 1 WHERE retired_at IS NULL",
		"UPDATE helpdesk_tickets SET is_group = 1",
		"UPDATE trackings SET finished_at = 2",
		"DELETE FROM messages WHERE dedup_key = 'o:B'",
	};
	struct fixture f = open_fixture("changes");

	fill(&f, '3');
	struct db_digest before = digest(&f);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		raw_exec(f.raw, changes[i]);
		struct db_digest after = digest(&f);
		ck_assert_msg(memcmp(before.sha, after.sha, sizeof before.sha) != 0, "not seen: %s",
		              changes[i]);
		before = after;
	}
	close_fixture(&f);
}
END_TEST

START_TEST(json_is_compared_by_content_not_by_form)
{
	struct fixture f = open_fixture("json");

	fill(&f, '4');
	struct db_digest before = digest(&f);
	raw_exec(f.raw,
	         "UPDATE messages SET edits = '[ {\"a\": 2, \"b\": 1} ]' WHERE edits IS NOT NULL");
	struct db_digest after = digest(&f);
	ck_assert_int_eq(memcmp(before.sha, after.sha, sizeof before.sha), 0);
	close_fixture(&f);
}
END_TEST

START_TEST(the_clock_decides_what_a_silent_run_is_called)
{
	struct fixture f = open_fixture("clock");
	struct db_digest d;

	fill(&f, '5');
	raw_exec(f.raw, "UPDATE sync_runs SET progress = NULL, first_chunk_at = NULL, status = "
	                "'pending_consent'");
	for (int late = 0; late < 2; late++) {
		ck_assert_ok(digest_database(f.db, test_arena(), STR("acme"), late ? AT : 600, &d));
		bool seen = false;
		for (size_t i = 0; i < d.n; i++)
			seen |= str_starts(d.lines[i], STR("sync_runs")) &&
			        str_ends(d.lines[i], late ? STR("status=failed")
			                                  : STR("status=pending_consent"));
		ck_assert(seen);
	}
	ck_assert_ok(digest_database(f.db, test_arena(), STR("other"), AT, &d));
	ck_assert_uint_eq(d.n, 0);
	close_fixture(&f);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("digest", every_column_of_the_laws_tables_is_read_or_named_as_left_out,
	                  other_ids_give_the_same_digest, no_line_holds_an_id_or_points_nowhere,
	                  each_change_of_content_is_seen, json_is_compared_by_content_not_by_form,
	                  the_clock_decides_what_a_silent_run_is_called);
}

TEST_MAIN(make_suite)
