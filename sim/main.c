/*
 * recado-sim: the outside world that Recado lives in, from a seed. One table of commands;
 * everything is memory of one arena that ends with the process.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "sim/commands.h"

#define ARENA_BYTES ((size_t)16 << 30) /* a bound, not a reservation */

static const struct command {
	const char *name;
	int (*run)(struct arena *, const struct sim_args *);
	const char *help;
} commands[] = {
	{ "meta", command_meta, "deliver webhooks to a server: --url, --secret" },
	{ "check", command_check, "hold a server against the truth: --url, --token, --client" },
	{ "bodies", command_bodies, "write the webhook bodies as files: --out" },
	{ "digest", command_digest, "canonical lines and digest of a database: --database" },
	{ "graph", command_graph, "play Meta's Graph API until it is ended: --port, --deliver" },
	{ "helpdesk", command_helpdesk, "play a helpdesk until it is ended: --port" },
	{ "model", command_model, "play OpenAI's API until it is ended: --port" },
};

static void
print_help(FILE *f)
{
	fprintf(f, "recado-sim COMMAND [OPTIONS]\n\n");
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		fprintf(f, "  %-8s %s\n", commands[i].name, commands[i].help);
	fprintf(f, "\noptions (the same ones for all):\n");
	args_print(f);
}

int
main(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
		print_help(argc < 2 ? stderr : stdout);
		return argc < 2 ? 64 : 0;
	}
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		struct sim_args args;
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		struct arena *a = arena_new(ARENA_BYTES);
		int status = 64;
		if (args_parse(a, argc - 2, argv + 2, &args)) {
			curl_global_init(CURL_GLOBAL_DEFAULT);
			status = commands[i].run(a, &args);
			curl_global_cleanup();
		}
		arena_free(a);
		return status;
	}
	fprintf(stderr, "recado-sim: unknown command: %s\n", argv[1]);
	return 64;
}
