/*
 * `recado-sim meta`: plays Meta for one number. What always holds: the exit status is 0 only if
 * every body was answered with 200.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "sim/commands.h"
#include "sim/deliver.h"

struct telling {
	const struct world_bodies *bodies;
	size_t done, messages;
	const char *part;
	bool show, terminal;
	int64_t told_ms;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
tell(struct telling *t, bool last)
{
	int64_t now = now_ms();

	if (!t->show || (!last && now - t->told_ms < (t->terminal ? 100 : 2000)))
		return;
	t->told_ms = now;
	printf("%s%-8s %5zu of %zu webhooks, %7zu messages%s", t->terminal ? "\r" : "", t->part,
	       t->done, t->bodies->n, t->messages, t->terminal && !last ? " " : "\n");
	fflush(stdout);
}

static bool
on_done(void *ctx, size_t index, long status)
{
	struct telling *t = ctx;
	const struct world_body *b = &t->bodies->v[index];

	t->done++;
	t->part = b->part;
	if (status == 200)
		t->messages += b->messages;
	else
		fprintf(stderr, "recado-sim: a body of part %s was answered %ld\n", b->part,
		        status);
	tell(t, false);
	return true;
}

static void
wait_ms(int64_t ms)
{
	struct timespec t = { ms / 1000, (ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

int
command_meta(struct arena *a, const struct sim_args *args)
{
	struct world w;
	struct world_bodies bodies;
	struct deliver_stats stats;

	if (args->url == NULL || args->secret == NULL) {
		fprintf(stderr, "recado-sim meta: --url and --secret are needed\n");
		return 64;
	}
	world_make(a, &args->world, &w);
	world_make_bodies(a, &w, args->batch, &bodies);
	world_misdeliver(a, &bodies, args->world.seed, args->window, args->duplicate);
	struct telling t = {
		.bodies = &bodies, .part = "", .show = args->progress, .terminal = isatty(1)
	};
	struct deliver_options o = { .url = str_z(a, str_fmt(a, "%s%s", args->url, args->path)),
		                     .secret = str_from(args->secret),
		                     .parallel = args->parallel,
		                     .rate = args->rate,
		                     .attempts = args->attempts,
		                     .retry_ms = 500,
		                     .done = on_done,
		                     .ctx = &t };
	if (args->delay_ms > 0)
		wait_ms(args->delay_ms);
	if (!deliver(&o, &bodies, &stats)) {
		fprintf(stderr, "recado-sim: libcurl could not be set up\n");
		return 1;
	}
	tell(&t, true);
	if (!args->quiet)
		printf("delivered %zu, refused %zu, lost %zu, retries %zu, %.1f MB in %.1f s\n",
		       stats.delivered, stats.refused, stats.lost, stats.retries,
		       (double)stats.bytes / 1e6, stats.seconds);
	return stats.refused + stats.lost == 0 ? 0 : 1;
}
