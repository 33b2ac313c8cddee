/* The commands as a shell sees them: what they print, and how they end. */
#include <sqlite3.h>

#include "process_fixture.h"

static const char *
out(const char *dir)
{
	return read_text(in_dir(dir, "out"));
}

static const char *
err(const char *dir)
{
	return read_text(in_dir(dir, "err"));
}

#define ck_assert_has(text, part)                                                                  \
	ck_assert_msg(strstr((text), (part)) != NULL, "\"%s\" is not in: %s", (part), (text))

START_TEST(a_wrong_word_is_named_with_the_usage_line)
{
	const char *dir = configured_dir("");

	ck_assert_int_eq(RUN(dir, "frobnicate"), 64);
	ck_assert_has(err(dir), "`frobnicate`");
	ck_assert_has(err(dir), "usage: recado ");
	ck_assert_int_eq(RUN(dir, "client", "remove", "acme"), 64);
	ck_assert_has(err(dir), "`client remove`");
	ck_assert_has(err(dir), "usage: recado client add SLUG --name NAME [--api-base-url URL] "
	                        "[--api-key-file FILE]\n");
	ck_assert_int_eq(RUN(dir, "serve", "--prot"), 64);
	ck_assert_has(err(dir), "--prot: there is no such option");
	ck_assert_has(err(dir), "usage: recado serve\n");
	ck_assert_int_eq(RUN(dir, "version", "now"), 64);
	ck_assert_has(err(dir), "now: ");
	ck_assert_int_eq(RUN(dir, "replay", "--status"), 64);
	ck_assert_has(err(dir), "--status: a value is missing");
	ck_assert_int_eq(RUN(dir, "replay", "--since", "yesterday"), 64);
	ck_assert_has(err(dir), "yesterday: ");
	ck_assert_int_eq(RUN(dir, "client", "add", "acme"), 64);
	ck_assert_has(err(dir), "--name: is missing");
	ck_assert_int_eq(RUN(dir, "token", "create", "x", "--role=boss"), 64);
	ck_assert_has(err(dir), "boss: ");
	ck_assert_str_eq(out(dir), "");
}
END_TEST

START_TEST(help_and_version_are_given_however_they_are_asked_for)
{
	const char *dir = test_dir();

	ck_assert_int_eq(RUN(dir, "--help"), 0);
	ck_assert_has(out(dir), "usage: recado COMMAND");
	ck_assert_int_eq(RUN(dir, "-h"), 0);
	ck_assert_has(out(dir), "usage: recado COMMAND");
	ck_assert_int_eq(RUN(dir, "--version"), 0);
	ck_assert_int_eq(strncmp(out(dir), "recado ", 7), 0);
	ck_assert_int_eq(RUN(dir, "serve", "--help"), 0);
	ck_assert_has(out(dir), "usage: recado serve\n");
	ck_assert_int_eq(RUN(dir, "client", "--help"), 0);
	ck_assert_has(out(dir), "usage: recado client update SLUG");
	ck_assert_int_eq(RUN(dir, "client", "add", "acme", "-h"), 0);
	ck_assert_has(out(dir), "usage: recado client add SLUG --name NAME [--api-base-url URL] "
	                        "[--api-key-file FILE]\n");
	ck_assert_ptr_null(strstr(out(dir), "client update"));
	ck_assert_str_eq(err(dir), "");
	ck_assert_int_eq(RUN(dir, "frobnicate", "--help"), 64);
	ck_assert_str_eq(out(dir), "");
}
END_TEST

START_TEST(every_problem_of_the_configuration_is_told_at_once)
{
	const char *dir = test_dir();

	write_text(in_dir(dir, ".env"), "PORT=many\nADMIN_TOKEN=short\nTIMEZONE=Moon\n");
	ck_assert_int_eq(RUN(dir, "serve"), 78);
	ck_assert_has(err(dir), "PORT: ");
	ck_assert_has(err(dir), "ADMIN_TOKEN: ");
	ck_assert_has(err(dir), "SECRET_KEY: ");
	ck_assert_ptr_null(strstr(err(dir), "short"));
	ck_assert_int_eq(RUN(dir, "client", "list"), 78);
	ck_assert_ptr_null(strstr(err(dir), "There is no .env"));
	ck_assert_int_eq(unlink(in_dir(dir, ".env")), 0);
	ck_assert_int_eq(RUN(dir, "serve"), 78);
	ck_assert_has(err(dir), "There is no .env in this directory");
}
END_TEST

START_TEST(a_misspelt_variable_is_named)
{
	const char *dir = configured_dir("LOG_LEVL=warn\n");
	struct process p;

	ck_assert_int_eq(RUN(dir, "config"), 0);
	ck_assert_has(err(dir), "LOG_LEVL is not a variable of Recado; is LOG_LEVEL meant?\n");
	ck_assert_has(out(dir), "LOG_LEVEL=info\n");
	p = serve_in(dir);
	kill(p.pid, SIGTERM);
	ck_assert_int_eq(wait_end(p.pid, PATIENCE_MS), 0);
	ck_assert_has(err(dir), "warn config.unknown problem=");
	ck_assert_has(err(dir), "is LOG_LEVEL meant?");
	ck_assert_ptr_null(strstr(err(dir), "door.closed"));
	write_text(in_dir(dir, ".env"), "ADMINTOKEN=0123456789abcdef0123\n");
	ck_assert_int_eq(RUN(dir, "config"), 78);
	ck_assert_has(err(dir), "ADMIN_TOKEN: is required");
	ck_assert_has(err(dir), "is ADMIN_TOKEN meant?");
}
END_TEST

START_TEST(a_closed_door_is_said_once_with_the_remedy)
{
	const char *dir = configured_dir("META_VERIFY_TOKEN=\n");
	struct process p = serve_in(dir);
	const char *line;

	kill(p.pid, SIGTERM);
	ck_assert_int_eq(wait_end(p.pid, PATIENCE_MS), 0);
	line = strstr(err(dir), "warn door.closed ");
	ck_assert_ptr_nonnull(line);
	ck_assert_has(line, "set META_APP_SECRET and META_VERIFY_TOKEN");
	ck_assert_ptr_null(strstr(line + strlen("warn door.closed"), "door.closed"));
}
END_TEST

/* Another directory whose DATABASE_URL leads, by way of a link, to the database of `of`. */
static const char *
neighbour_dir(const char *of)
{
	const char *dir = test_dir();

	ck_assert_int_eq(symlink(in_dir(of, "recado.db"), in_dir(dir, "linked.db")), 0);
	write_text(in_dir(dir, ".env"),
	           "DATABASE_URL=sqlite:linked.db\nPORT=0\nADMIN_TOKEN=0123456789abcdef0123\n"
	           "SECRET_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
	return dir;
}

START_TEST(an_sqlite_file_has_one_server_until_that_ends_however_it_ends)
{
	struct process p = serve_in(configured_dir(""));
	const char *dir = neighbour_dir(p.dir);
	struct process next;

	ck_assert_int_eq(RUN(dir, "serve"), 1);
	ck_assert_str_eq(out(dir), "");
	ck_assert_has(err(dir),
	              str_z(test_arena(), str_fmt(test_arena(), "(process %d)", (int)p.pid)));
	ck_assert_has(err(dir), "recado.db.lock");
	ck_assert_has(err(dir), "DATABASE_URL");
	/* commands that end soon may stand beside it */
	ck_assert_int_eq(RUN(dir, "client", "add", "acme", "--name", "Acme"), 0);
	kill(p.pid, SIGKILL);
	ck_assert_int_eq(wait_end(p.pid, PATIENCE_MS), 128 + SIGKILL);
	next = serve_in(dir);
	ck_assert_int_eq(RUN(p.dir, "serve"), 1);
	kill(next.pid, SIGTERM);
	ck_assert_int_eq(wait_end(next.pid, PATIENCE_MS), 0);
}
END_TEST

START_TEST(a_file_that_is_no_database_is_left_alone_and_named_as_the_cause)
{
	const char *dir = configured_dir("DATABASE_URL=sqlite:notes.txt\n");

	write_text(in_dir(dir, "notes.txt"), "These are notes and not a database at all.\n");
	ck_assert_int_eq(RUN(dir, "serve"), 1);
	ck_assert_has(err(dir), "no SQLite database");
	ck_assert_int_ne(access(in_dir(dir, "notes.txt.lock"), F_OK), 0);
	ck_assert_str_eq(read_text(in_dir(dir, "notes.txt")),
	                 "These are notes and not a database at all.\n");
}
END_TEST

START_TEST(a_worker_needs_postgresql)
{
	const char *dir = configured_dir("");

	ck_assert_int_eq(RUN(dir, "worker"), 78);
	ck_assert_has(err(dir), "DATABASE_URL: ");
	ck_assert_has(err(dir), "PostgreSQL");
}
END_TEST

START_TEST(help_names_every_command_and_says_more_of_one)
{
	static const char *const names[] = { "serve",      "worker",       "migrate",
		                             "client add", "token create", "replay",
		                             "config",     "version",      "help" };
	const char *dir = test_dir();

	ck_assert_int_eq(RUN(dir, "help"), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		ck_assert_has(out(dir), names[i]);
	ck_assert_int_eq(RUN(dir, "help", "token"), 0);
	ck_assert_has(out(dir), "usage: recado token revoke ID\n");
	ck_assert_int_eq(RUN(dir, "help", "nothing"), 64);
}
END_TEST

START_TEST(the_database_is_brought_to_this_version_once)
{
	const char *dir = configured_dir("");

	ck_assert_int_eq(RUN(dir, "migrate"), 0);
	ck_assert(str_starts(str_from(out(dir)), STR("0 → ")));
	ck_assert_int_eq(RUN(dir, "migrate"), 0);
	ck_assert(!str_starts(str_from(out(dir)), STR("0 → ")));
}
END_TEST

START_TEST(clients_and_tokens_are_made_listed_and_taken_away)
{
	const char *dir = configured_dir("");
	char id[64];

	ck_assert_int_eq(RUN(dir, "client", "add", "acme", "--name", "Acme Ltda"), 0);
	ck_assert_int_eq(RUN(dir, "client", "add", "acme", "--name", "again"), 1);
	ck_assert_has(err(dir), "acme");
	ck_assert_int_eq(RUN(dir, "client", "update", "acme", "--active=no"), 0);
	ck_assert_int_eq(RUN(dir, "client", "update", "other", "--active=no"), 1);
	ck_assert_int_eq(RUN(dir, "client", "list"), 0);
	ck_assert_has(out(dir), "acme\tinactive\t");
	ck_assert_has(out(dir), "\tAcme Ltda\n");
	ck_assert_int_eq(RUN(dir, "token", "create", "t", "--role", "viewer", "--client", "no"), 1);
	ck_assert_int_eq(RUN(dir, "token", "create", "t", "--role", "viewer", "--client", "acme"),
	                 0);
	ck_assert_int_eq(strncmp(out(dir), "rcd_", 4), 0);
	ck_assert_int_eq(RUN(dir, "token", "list"), 0);
	ck_assert_has(out(dir), "\tviewer\tacme\tvalid\t");
	ck_assert_ptr_null(strstr(out(dir), "rcd_"));
	ck_assert_int_eq(sscanf(out(dir), "%63s", id), 1);
	ck_assert_int_eq(RUN(dir, "token", "revoke", id), 0);
	ck_assert_int_eq(RUN(dir, "token", "revoke", id), 1);
	ck_assert_int_eq(RUN(dir, "token", "list"), 0);
	ck_assert_has(out(dir), "\trevoked\t");
}
END_TEST

/* One column of one row of the database, as text. */
static const char *
look_up(const char *dir, const char *sql)
{
	const char *text = "";
	sqlite3_stmt *s;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(in_dir(dir, "recado.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	if (sqlite3_step(s) == SQLITE_ROW && sqlite3_column_text(s, 0) != NULL)
		text = str_z(test_arena(), str_from((const char *)sqlite3_column_text(s, 0)));
	sqlite3_finalize(s);
	sqlite3_close(db);
	return text;
}

START_TEST(what_commands_change_is_in_the_audit_log)
{
	const char *dir = configured_dir("");
	char id[64];

	ck_assert_int_eq(RUN(dir, "client", "add", "acme", "--name", "Acme"), 0);
	ck_assert_int_eq(RUN(dir, "client", "add", "acme", "--name", "again"), 1);
	ck_assert_int_eq(RUN(dir, "client", "update", "acme", "--active", "no"), 0);
	ck_assert_int_eq(RUN(dir, "token", "create", "t", "--role", "agent", "--client", "acme"),
	                 0);
	ck_assert_int_eq(RUN(dir, "token", "list"), 0);
	ck_assert_int_eq(sscanf(out(dir), "%63s", id), 1);
	ck_assert_int_eq(RUN(dir, "token", "revoke", id), 0);
	ck_assert_int_eq(RUN(dir, "token", "revoke", id), 1);
	ck_assert_int_eq(RUN(dir, "replay", "--status", "failed"), 0);
	ck_assert_str_eq(
		look_up(dir, "SELECT group_concat(action || ' ' || subject_kind || ' ' || actor ||"
	                     " coalesce(' ' || detail, ''), ', ')"
	                     " FROM (SELECT * FROM audit_log ORDER BY id)"),
		"client.created client operator {\"slug\":\"acme\"}, client.changed client "
		"operator, token.created token operator {\"role\":\"agent\"}, token.revoked "
		"token operator, webhook_events.replayed job operator {\"status\":\"failed\"}");
	ck_assert_str_eq(look_up(dir, "SELECT count(DISTINCT a.client_id) || ' ' || count(*)"
	                              " FROM audit_log a JOIN clients c ON c.id = a.client_id"),
	                 "1 4");
	ck_assert_str_eq(look_up(dir, "SELECT kind || ' ' || status FROM jobs"),
	                 "replay succeeded");
}
END_TEST

START_TEST(what_is_replayed_is_counted)
{
	const char *dir = configured_dir("");

	ck_assert_int_eq(RUN(dir, "replay"), 64);
	ck_assert_int_eq(RUN(dir, "replay", "--status", "failed"), 0);
	ck_assert_str_eq(out(dir), "0 will be applied again\n");
	ck_assert_int_eq(RUN(dir, "replay", "--id", "01900000-0000-7000-8000-000000000000"), 1);
	ck_assert_has(err(dir), "no such entry");
	ck_assert_int_eq(RUN(dir, "replay", "--status", "failed", "--id",
	                     "01900000-0000-7000-8000-000000000000"),
	                 64);
	ck_assert_has(err(dir), "--id: goes without other filters");
	ck_assert_int_eq(RUN(dir, "replay", "--status", "lost"), 64);
	ck_assert_has(err(dir), "lost: is no status of an entry");
}
END_TEST

START_TEST(an_entry_that_waits_already_is_said_to_wait)
{
	const char *dir = configured_dir(""), *id = "01900000-0000-7000-8000-000000000001";

	ck_assert_int_eq(RUN(dir, "migrate"), 0);
	look_up(dir, "INSERT INTO journal_parts (entry_id, part_no, status, fields, received_at, "
	             "attempts, bytes) VALUES (x'01900000000070008000000000000001', 0, 'failed', "
	             "0, 1, 8, 1)");
	ck_assert_int_eq(RUN(dir, "replay", "--id", id), 0);
	ck_assert_str_eq(out(dir), "1 will be applied again\n");
	ck_assert_int_eq(RUN(dir, "replay", "--id", id), 0);
	ck_assert_str_eq(out(dir),
	                 "0 will be applied again: the entry is waiting to be applied already\n");
	ck_assert_str_eq(look_up(dir, "SELECT group_concat(done, ' ') FROM (SELECT done FROM jobs "
	                              "ORDER BY id)"),
	                 "1 0");
}
END_TEST

START_TEST(names_and_keys_that_are_not_utf8_are_refused)
{
	const char *dir = configured_dir("");

	ck_assert_int_eq(RUN(dir, "client", "add", "acme", "--name", "Caf\xe9"), 64);
	ck_assert_has(err(dir), "--name: must be UTF-8");
	ck_assert_int_eq(RUN(dir, "client", "update", "acme", "--name", "Caf\xc3"), 64);
	ck_assert_has(err(dir), "--name: must be UTF-8");
	ck_assert_int_eq(RUN(dir, "token", "create", "\xff", "--role", "viewer"), 64);
	ck_assert_has(err(dir), "NAME: must be UTF-8");
	write_text(in_dir(dir, "key"), "key\xfe\n");
	ck_assert_int_eq(RUN(dir, "client", "add", "acme", "--name", "Caf\xc3\xa9",
	                     "--api-base-url", "http://127.0.0.1:9", "--api-key-file", "key"),
	                 1);
	ck_assert_has(err(dir), "the key in key must be UTF-8");
	ck_assert_int_eq(RUN(dir, "client", "add", "acme", "--name", "Caf\xc3\xa9"), 0);
}
END_TEST

START_TEST(the_settings_in_force_are_shown_without_secrets)
{
	const char *dir = configured_dir("LOG_LEVEL=warn\n");

	ck_assert_int_eq(RUN(dir, "config"), 0);
	ck_assert_has(out(dir), "LOG_LEVEL=warn\n");
	ck_assert_ptr_null(strstr(out(dir), "0123456789abcdef0123"));
	ck_assert_ptr_null(strstr(out(dir), GATE_SECRET));
}
END_TEST

START_TEST(the_example_configuration_in_the_tree_is_the_programs_own)
{
	const char *dir = test_dir(), *tree = getenv("RECADO_TREE");

	ck_assert_ptr_nonnull(tree);
	ck_assert_int_eq(RUN(dir, "config", "--example"), 0);
	ck_assert_str_eq(out(dir), read_text(in_dir(tree, ".env.example")));
}
END_TEST

START_TEST(the_reference_of_the_api_in_the_tree_is_the_programs_own)
{
	const char *dir = test_dir(), *tree = getenv("RECADO_TREE");

	ck_assert_ptr_nonnull(tree);
	ck_assert_int_eq(RUN(dir, "help", "--api"), 0);
	ck_assert_str_eq(out(dir), read_text(in_dir(tree, "docs/api.md")));
	ck_assert_int_eq(RUN(dir, "help", "serve", "--api"), 64);
}
END_TEST

START_TEST(the_openapi_document_is_printed_without_a_server)
{
	const char *dir = test_dir();
	const cJSON *doc;

	ck_assert_int_eq(RUN(dir, "help", "--openapi"), 0);
	doc = test_json(str_from(out(dir)));
	ck_assert_str(json_str(json_get(doc, "openapi")), "3.1.0");
	ck_assert(json_count(json_get(doc, "paths")) > 50);
	ck_assert_int_eq(RUN(dir, "help", "serve", "--openapi"), 64);
}
END_TEST

START_TEST(a_host_that_is_not_this_machines_is_said_with_what_to_do)
{
	const char *dir = configured_dir("HOST=192.0.2.1\n");

	ck_assert_int_eq(RUN(dir, "serve"), 1);
	ck_assert_has(err(dir), "HOST=192.0.2.1 is no address of this machine");
	dir = configured_dir("HOST=localhost:3000\n");
	ck_assert_int_eq(RUN(dir, "serve"), 78);
	ck_assert_has(err(dir), "HOST: must be an IP address or a host name");
}
END_TEST

START_TEST(a_port_that_is_taken_is_said_and_ends_it)
{
	struct process p = serve_in(configured_dir(""));
	const char *dir = test_dir();
	int status;

	write_text(in_dir(dir, ".env"),
	           str_z(test_arena(),
	                 str_fmt(test_arena(),
	                         "DATABASE_URL=sqlite:recado.db\nPORT=%u\n"
	                         "ADMIN_TOKEN=0123456789abcdef0123\n"
	                         "SECRET_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
	                         (unsigned)p.port)));
	status = RUN(dir, "serve");
	kill(p.pid, SIGTERM);
	ck_assert_int_eq(wait_end(p.pid, PATIENCE_MS), 0);
	ck_assert_int_eq(status, 1);
	ck_assert_str_eq(out(dir), "");
	ck_assert_has(err(dir),
	              str_z(test_arena(), str_fmt(test_arena(), "port %u of 127.0.0.1 is taken",
	                                          (unsigned)p.port)));
	ck_assert_has(err(dir), "set PORT");
}
END_TEST

START_TEST(an_import_that_cannot_be_says_why_and_what_to_do)
{
	const char *dir = configured_dir("");

	ck_assert_int_eq(RUN(dir, "import", "acme", "beta"), 64);
	ck_assert_int_eq(RUN(dir, "import", "--half"), 64);
	ck_assert_has(err(dir), "usage: recado import [SLUG] [--full] [--episodes] [--json]\n");
	ck_assert_int_eq(RUN(dir, "sync-contacts", "--full"), 64);
	ck_assert_int_eq(RUN(dir, "import", "Not a slug"), 64);
	ck_assert_int_eq(RUN(dir, "import"), 1);
	ck_assert_has(err(dir), "no active client has a helpdesk");
	ck_assert_int_eq(RUN(dir, "client", "add", "acme", "--name", "Acme"), 0);
	ck_assert_int_eq(RUN(dir, "import", "nobody"), 1);
	ck_assert_has(err(dir), "nobody: there is no such client");
	ck_assert_int_eq(RUN(dir, "import", "acme"), 1);
	ck_assert_has(err(dir), "acme: The client has no helpdesk: set its apiBaseUrl and apiKey");
	ck_assert_int_eq(RUN(dir, "sync-contacts", "acme"), 1);
	ck_assert_has(err(dir), "set its apiBaseUrl and apiKey");
	ck_assert_str_eq(out(dir), "");
	write_text(in_dir(dir, "key"), "the key\n");
	ck_assert_int_eq(RUN(dir, "client", "update", "acme", "--active", "no", "--api-base-url",
	                     "http://127.0.0.1:9", "--api-key-file", "key"),
	                 0);
	ck_assert_int_eq(RUN(dir, "import", "acme"), 1);
	ck_assert_has(err(dir), "acme: The client is not active");
	write_text(in_dir(dir, ".env"), "PORT=many\n");
	ck_assert_int_eq(RUN(dir, "import", "acme"), 78);
	ck_assert_has(err(dir), "PORT: ");
}
END_TEST

/* A number from the database of `dir`. */
static int
count_in(const char *dir, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	int n;

	ck_assert_int_eq(sqlite3_open(in_dir(dir, "recado.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

START_TEST(a_helpdesk_is_given_to_a_client_with_its_key_from_a_file)
{
	const char *dir = configured_dir("");

	ck_assert_int_eq(RUN(dir, "client", "add", "acme", "--name", "Acme", "--api-base-url",
	                     "desk.example"),
	                 64);
	ck_assert_has(err(dir), "--api-base-url: must be an http or https address");
	ck_assert_int_eq(
		RUN(dir, "client", "add", "acme", "--name", "Acme", "--api-key-file", "no"), 1);
	ck_assert_has(err(dir), "no: No such file");
	write_text(in_dir(dir, "key"), "\n");
	ck_assert_int_eq(
		RUN(dir, "client", "add", "acme", "--name", "Acme", "--api-key-file", "key"), 1);
	ck_assert_has(err(dir), "the key in key must not be empty");
	ck_assert_int_eq(count_in(dir, "SELECT count(*) FROM clients"), 0);
	write_text(in_dir(dir, "key"), "a very secret key\n");
	ck_assert_int_eq(RUN(dir, "client", "add", "acme", "--name", "Acme", "--api-base-url",
	                     "https://desk.example", "--api-key-file", "key"),
	                 0);
	ck_assert_int_eq(count_in(dir, "SELECT count(*) FROM connections WHERE kind = 'helpdesk' "
	                               "AND status = 'connected'"),
	                 1);
	ck_assert_int_eq(count_in(dir, "SELECT count(*) FROM clients WHERE instr(api_key_box, "
	                               "CAST('secret' AS blob)) = 0"),
	                 1);
	ck_assert_int_eq(RUN(dir, "client", "update", "acme", "--active", "no"), 0);
	ck_assert_int_eq(count_in(dir, "SELECT count(*) FROM connections WHERE kind = 'helpdesk' "
	                               "AND status = 'disconnected'"),
	                 1);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("commands", a_wrong_word_is_named_with_the_usage_line,
	                  help_and_version_are_given_however_they_are_asked_for,
	                  every_problem_of_the_configuration_is_told_at_once,
	                  a_misspelt_variable_is_named, a_closed_door_is_said_once_with_the_remedy,
	                  a_file_that_is_no_database_is_left_alone_and_named_as_the_cause,
	                  an_sqlite_file_has_one_server_until_that_ends_however_it_ends,
	                  a_worker_needs_postgresql, help_names_every_command_and_says_more_of_one,
	                  the_database_is_brought_to_this_version_once,
	                  clients_and_tokens_are_made_listed_and_taken_away,
	                  what_commands_change_is_in_the_audit_log, what_is_replayed_is_counted,
	                  an_entry_that_waits_already_is_said_to_wait,
	                  names_and_keys_that_are_not_utf8_are_refused,
	                  the_settings_in_force_are_shown_without_secrets,
	                  the_example_configuration_in_the_tree_is_the_programs_own,
	                  the_reference_of_the_api_in_the_tree_is_the_programs_own,
	                  the_openapi_document_is_printed_without_a_server,
	                  a_host_that_is_not_this_machines_is_said_with_what_to_do,
	                  a_port_that_is_taken_is_said_and_ends_it,
	                  an_import_that_cannot_be_says_why_and_what_to_do,
	                  a_helpdesk_is_given_to_a_client_with_its_key_from_a_file);
}

TEST_MAIN(make_suite)
