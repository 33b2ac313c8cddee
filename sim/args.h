/* The command line of recado-sim: one table of options, shared by its commands. */
#ifndef RECADO_SIM_ARGS_H
#define RECADO_SIM_ARGS_H

#include <stdio.h>

#include "sim/world.h"

struct sim_args {
	struct world_options world;
	const char *url, *path, *secret, *token, *client, *out, *database;
	int64_t now; /* digest: --at */
	double rate;
	size_t parallel, batch, window;
	unsigned duplicate; /* permille */
	size_t attempts;
	int64_t delay_ms, wait_seconds;
	bool progress, quiet;
	/* graph, helpdesk and model */
	size_t port;
	const char *api_key, *manners;
	/* helpdesk */
	size_t tickets, per_minute;
	double changes; /* a second */
	const char *truth;
	bool with_whatsapp;
	int order; /* enum helpdesk_order, of all lists */
	/* graph */
	const char *app_id, *deliver, *log;
	size_t code_seconds;
	/* model */
	const char *models, *base;
	int64_t latency_ms;
	bool strict_data;
};

/* false: a problem was printed. argv[0…argc) are the words behind the command. Text stays in argv
 * and the arena. */
bool args_parse(struct arena *, int argc, char **argv, struct sim_args *out);
/* The table, for help. */
void args_print(FILE *);

#endif
