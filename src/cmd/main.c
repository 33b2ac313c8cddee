/*
 * Where the program begins. The table says what there is; `recado help` and the usage lines are
 * made from it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "api/api.h"
#include "cmd/commands.h"

const struct command commands[] = {
	{ .name = "serve",
	  .words = "",
	  .summary = "HTTP server and workers in one process",
	  .details = "Brings the database to this version, then prints `listening on "
	             "http://HOST:PORT`.\n"
	             "SIGTERM and Ctrl-C stop it, SIGHUP reads LOG_LEVEL and LOG_FORMAT again.",
	  .run = serve_run },
	{ .name = "worker",
	  .words = "",
	  .summary = "Workers only, beside a `recado serve` (PostgreSQL)",
	  .run = worker_run },
	{ .name = "migrate",
	  .words = "",
	  .summary = "Bring the database to this version (serve does it too)",
	  .run = migrate_run },
	{ .name = "import",
	  .words = "[SLUG]",
	  .summary = "Import helpdesks now: of all active clients, or of one",
	  .details =
	          "Reads what changed since the last import; tickets that failed are tried first.\n"
	          "A job that waits, or that its process left behind, is taken up. One that "
	          "another "
	          "process\n"
	          "works on is named, and counts as failed: GET /api/jobs/ID shows how far it is.\n"
	          "On a terminal there is a progress bar; in a pipe, a line every few seconds.\n"
	          "Exit status: 0 all done, 1 failed, 3 partly done. Ctrl-C ends what this call "
	          "began at\n"
	          "the next safe point (status cancelled; a job it took up is given back); the "
	          "next call\n"
	          "goes on from there. Ctrl-C once more ends it at once.",
	  .max_words = 1,
	  .options = { { "--full", NULL, "walk every list to its end", false },
	               { "--episodes", NULL, "also cut waiting stretches into episodes", false },
	               { "--json", NULL, "one JSON object a line on stdout", false } },
	  .run = import_run },
	{ .name = "sync-contacts",
	  .words = "[SLUG]",
	  .summary = "Read the contacts and tags of helpdesks, like import",
	  .max_words = 1,
	  .options = { { "--json", NULL, "one JSON object a line on stdout", false } },
	  .run = sync_contacts_run },
	{ .name = "analyze",
	  .words = "SLUG",
	  .summary = "Have a client's sessions graded against a rubric",
	  .details =
	          "Takes sessions that have been closed for a day, of people without a tag, and "
	          "works on the\n"
	          "newest first. --dry-run shows how many there are and what they would cost; it "
	          "writes\n"
	          "nothing and needs no OPENAI_API_KEY. What is done is not paid again without "
	          "--force.\n"
	          "Exit status: 0 all done, 1 failed, 3 partly done. Ctrl-C gives what is under "
	          "way back to\n"
	          "the queue; the next call goes on from there. Ctrl-C once more ends it at once.",
	  .min_words = 1,
	  .max_words = 1,
	  .options = { { "--script", "KEY", "which rubric", true },
	               { "--version", "N", "of the rubric; without it, the highest active one",
	                 false },
	               { "--tag", "TAG", "analysisVersionTag, v1 if not given", false },
	               { "--dry-run", NULL, "only say what would be done and what it costs",
	                 false },
	               { "--limit", "N", "sessions at most, 200 if not given, never above 500",
	                 false },
	               { "--min-messages", "N", "of a session, 20 if not given", false },
	               { "--max-cost", "USD", "begin no call once so much is spent", false },
	               { "--order", "ORDER", "of messages: updated (the default) or sent", false },
	               { "--force", NULL, "analyse again what is done", false },
	               { "--retry-failed", NULL, "try again what has failed for good", false },
	               { "--json", NULL, "one JSON object a line on stdout", false } },
	  .run = analyze_run },
	{ .name = "client add",
	  .words = "SLUG",
	  .summary = "Add a client",
	  .details = "SLUG is 1 to 64 of a-z, 0-9 and the hyphen.",
	  .min_words = 1,
	  .max_words = 1,
	  .options = { { "--name", "NAME", "what people call it", true },
	               { "--api-base-url", "URL", "its helpdesk's API", false },
	               { "--api-key-file", "FILE", "holds the helpdesk's key; - is stdin",
	                 false } },
	  .run = client_add },
	{ .name = "client list", .words = "", .summary = "List the clients", .run = client_list },
	{ .name = "client update",
	  .words = "SLUG",
	  .summary = "Change a client",
	  .min_words = 1,
	  .max_words = 1,
	  .options = { { "--name", "NAME", "what people call it", false },
	               { "--active", "yes|no", "whether it is worked for", false },
	               { "--api-base-url", "URL", "its helpdesk's API", false },
	               { "--api-key-file", "FILE", "holds the helpdesk's key; - is stdin",
	                 false } },
	  .run = client_update },
	{ .name = "token create",
	  .words = "NAME",
	  .summary = "Make a token for the API",
	  .details = "Its secret is printed once and cannot be shown again.",
	  .min_words = 1,
	  .max_words = 1,
	  .options = { { "--role", "ROLE", "viewer, agent or admin", true },
	               { "--client", "SLUG", "for this client only; without it, for all", false } },
	  .run = token_create },
	{ .name = "token list",
	  .words = "",
	  .summary = "List the tokens, without their secrets",
	  .run = token_list },
	{ .name = "token revoke",
	  .words = "ID",
	  .summary = "Make a token worthless",
	  .min_words = 1,
	  .max_words = 1,
	  .run = token_revoke },
	{ .name = "replay",
	  .words = "",
	  .summary = "Apply journal entries again",
	  .details = "Takes one entry, or those that pass all the filters given. Applying twice "
	             "changes\n"
	             "nothing that is right. A running server or worker does the work.",
	  .options = { { "--id", "ID", "one entry", false },
	               { "--status", "STATUS", "applied, failed, parked, retrying, ignored …",
	                 false },
	               { "--since", "TIME", "received then or later, e.g. 2026-01-31T00:00:00Z",
	                 false },
	               { "--until", "TIME", "received before", false } },
	  .run = replay_run },
	{ .name = "config",
	  .words = "",
	  .summary = "Print the settings in force, secrets masked",
	  .options = { { "--example", NULL, "a .env file with every setting, explained", false },
	               { "--reference", NULL, "a table of every setting", false } },
	  .run = config_run },
	{ .name = "version", .words = "", .summary = "Print the version", .run = version_run },
	{ .name = "help",
	  .words = "[COMMAND]",
	  .summary = "Say what there is, or what a command does",
	  .max_words = 2,
	  .options = { { "--api", NULL, "the reference of the HTTP API, in Markdown", false },
	               { "--openapi", NULL, "the same as an OpenAPI document, in JSON", false } },
	  .run = help_run },
	{ .name = NULL },
};

/* What `write` writes; option: how it was asked for. */
static int
print_reference(const struct invocation *inv, const char *option, void (*write)(struct buf *))
{
	struct buf b;

	if (inv->nwords > 0) {
		char wrong[64];

		snprintf(wrong, sizeof(wrong), "does not go with %s", option);
		return command_refuse(inv, inv->words[0], wrong);
	}
	buf_init(&b, NULL, (size_t)4 << 20);
	write(&b);
	fwrite(b.p, 1, b.n, stdout);
	buf_deinit(&b);
	return EXIT_DONE;
}

int
help_run(const struct invocation *inv)
{
	char name[64];

	if (invocation_get(inv, "--api") != NULL)
		return print_reference(inv, "--api", api_reference);
	if (invocation_get(inv, "--openapi") != NULL)
		return print_reference(inv, "--openapi", api_openapi);
	if (inv->nwords == 0) {
		command_help_all();
		return EXIT_DONE;
	}
	snprintf(name, sizeof(name), "%s%s%s", inv->words[0], inv->nwords > 1 ? " " : "",
	         inv->nwords > 1 ? inv->words[1] : "");
	if (!command_help(name))
		return command_refuse(inv, name, "there is no such command");
	return EXIT_DONE;
}

int
main(int argc, char **argv)
{
	struct invocation inv;
	char version[] = "version";
	int status;

	umask(077);
	if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0))
		argv[1] = version;
	status = command_parse(argc - 1, argv + 1, &inv);
	if (status == EXIT_DONE)
		status = inv.command->run(&inv);
	if (fflush(stdout) != 0 && status == EXIT_DONE)
		status = EXIT_FAILED;
	return status;
}
