/* The commands as a shell sees them: what they print, and how they end. */
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
	ck_assert_has(err(dir), "usage: recado client add SLUG --name NAME\n");
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
	ck_assert_has(out(dir), "0 → ");
	ck_assert_int_eq(RUN(dir, "migrate"), 0);
	ck_assert_ptr_null(strstr(out(dir), "0 → "));
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

START_TEST(what_is_replayed_is_counted)
{
	const char *dir = configured_dir("");

	ck_assert_int_eq(RUN(dir, "replay"), 64);
	ck_assert_int_eq(RUN(dir, "replay", "--status", "failed"), 0);
	ck_assert_str_eq(out(dir), "0 will be applied again\n");
	ck_assert_int_eq(RUN(dir, "replay", "--id", "01900000-0000-7000-8000-000000000000"), 1);
	ck_assert_has(err(dir), "no such entry");
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
	ck_assert_has(err(dir), "127.0.0.1");
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("commands", a_wrong_word_is_named_with_the_usage_line,
	                  every_problem_of_the_configuration_is_told_at_once,
	                  a_worker_needs_postgresql, help_names_every_command_and_says_more_of_one,
	                  the_database_is_brought_to_this_version_once,
	                  clients_and_tokens_are_made_listed_and_taken_away,
	                  what_is_replayed_is_counted,
	                  the_settings_in_force_are_shown_without_secrets,
	                  the_example_configuration_in_the_tree_is_the_programs_own,
	                  a_port_that_is_taken_is_said_and_ends_it);
}

TEST_MAIN(make_suite)
