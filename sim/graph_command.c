/*
 * `recado-sim graph`: the simulated Graph API on a port, until SIGTERM or SIGINT. What always
 * holds: the first line on stdout says where it listens; the log has a line of JSON for each
 * request.
 */
#include <errno.h>
#include <stdio.h>

#include "base/json.h"
#include "sim/commands.h"
#include "sim/graph_server.h"
#include "sys/signals.h"

#define LINE_BYTES ((size_t)1 << 20)
#define RETRY_MS   500

static bool
read_options(const struct sim_args *args, struct graph_options *o)
{
	graph_options_init(o);
	o->seed = args->world.seed;
	o->latency_ms = args->latency_ms;
	if (args->app_id != NULL)
		o->app_id = str_from(args->app_id);
	if (args->secret != NULL)
		o->app_secret = str_from(args->secret);
	if (args->code_seconds > 0)
		o->code_ms = (int64_t)args->code_seconds * 1000;
	if (args->port > UINT16_MAX) {
		fprintf(stderr, "recado-sim graph: --port is at most %u\n", (unsigned)UINT16_MAX);
		return false;
	}
	o->rude = args->manners != NULL && strcmp(args->manners, "rude") == 0;
	if (args->manners != NULL && !o->rude && strcmp(args->manners, "none") != 0) {
		fprintf(stderr, "recado-sim graph: --manners is none or rude\n");
		return false;
	}
	return true;
}

static void
write_line(void *ctx, const struct graph_kept *k)
{
	FILE *f = ctx;
	struct buf b;

	buf_init(&b, NULL, LINE_BYTES);
	graph_kept_json(k, &b);
	buf_char(&b, '\n');
	(void)fwrite(b.p, 1, b.n, f);
	(void)fflush(f);
	buf_deinit(&b);
}

/* False: a problem was printed. */
static bool
open_log(struct graph *g, const char *path, FILE **out)
{
	*out = NULL;
	if (path == NULL)
		return true;
	*out = fopen(path, "ab");
	if (*out == NULL) {
		fprintf(stderr, "recado-sim: %s: %s\n", path, strerror(errno));
		return false;
	}
	g->noted = write_line;
	g->noted_ctx = *out;
	return true;
}

static int
serve(struct graph *g, const struct sim_args *args, int signals)
{
	const struct graph_server_options o = { .port = (uint16_t)args->port,
		                                .parallel = args->parallel,
		                                .attempts = args->attempts,
		                                .retry_ms = RETRY_MS };
	struct graph_server *server;

	if (args->deliver != NULL) {
		g->deliver_url = str_fmt(g->arena, "%s%s", args->deliver, args->path);
		g->deliver_secret = g->options.app_secret;
	}
	if (graph_server_start(g, &clock_real, &o, &server) != ERR_OK)
		return 1;
	web_server_wait(graph_server_web(server), signals);
	graph_server_stop(server);
	if (!args->quiet)
		printf("%llu requests, %llu messages accepted, %llu webhooks; %zu violations\n",
		       (unsigned long long)g->calls, (unsigned long long)g->accepted,
		       (unsigned long long)g->webhooks, g->violations.n);
	return 0;
}

int
command_graph(struct arena *a, const struct sim_args *args)
{
	struct graph_options o;
	int signals, status = 1;
	FILE *log;

	(void)a;
	if (!read_options(args, &o))
		return 64;
	if (signals_setup(&signals) != ERR_OK)
		return 1;
	web_server_raise_limit();
	struct graph *g = graph_new(&o);
	if (open_log(g, args->log, &log))
		status = serve(g, args, signals);
	graph_free(g);
	if (log != NULL)
		(void)fclose(log);
	return status;
}
