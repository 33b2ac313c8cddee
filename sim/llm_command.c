/*
 * `recado-sim model`: the simulated model server on a port, until SIGTERM or SIGINT. What always
 * holds: the first line on stdout says where it listens; what was counted is printed at the end,
 * unless --quiet.
 */
#include <stdio.h>

#include "sim/commands.h"
#include "sim/llm_answer.h"
#include "sim/web_server.h"
#include "sys/signals.h"

static bool
read_options(const struct sim_args *args, struct llm_options *o)
{
	llm_options_init(o);
	o->seed = args->world.seed;
	o->api_key = str_from(args->api_key);
	o->models = str_from(args->models);
	o->base = str_from(args->base);
	o->latency_ms = args->latency_ms;
	o->strict_data = args->strict_data;
	if (args->port > UINT16_MAX) {
		fprintf(stderr, "recado-sim model: --port is at most %u\n", (unsigned)UINT16_MAX);
		return false;
	}
	if (args->manners != NULL && !llm_manners_parse(str_from(args->manners), &o->manners)) {
		fprintf(stderr, "recado-sim model: --manners is none, all, or of:");
		for (int i = LLM_GOOD + 1; i < LLM_KINDS; i++)
			fprintf(stderr, " %s", llm_kind_name((enum llm_kind)i));
		fprintf(stderr, ", with commas, each with =PERMILLE or without, 1000 in sum\n");
		return false;
	}
	return true;
}

static void
print_summary(const struct llm_stats *s)
{
	unsigned long long refused = s->unauthorized + s->invalid + s->unknown_model;

	printf("%llu requests", (unsigned long long)s->requests);
	for (int i = 0; i < LLM_KINDS; i++)
		if (s->kinds[i] > 0)
			printf(", %llu %s", (unsigned long long)s->kinds[i],
			       llm_kind_name((enum llm_kind)i));
	printf("; refused %llu; at most %zu in flight\n", refused, s->most_in_flight);
}

int
command_model(struct arena *a, const struct sim_args *args)
{
	struct llm_options o;
	struct web_server *server;
	int signals;

	(void)a;
	if (!read_options(args, &o))
		return 64;
	if (signals_setup(&signals) != ERR_OK)
		return 1;
	web_server_raise_limit();
	struct llm *m = llm_new(&o);
	const struct web_handler handler = llm_handler(m);
	if (web_server_start(&handler, &clock_real, (uint16_t)args->port, &server) != ERR_OK) {
		llm_free(m);
		return 1;
	}
	web_server_wait(server, signals);
	web_server_stop(server);
	if (!args->quiet)
		print_summary(&m->stats);
	llm_free(m);
	return 0;
}
