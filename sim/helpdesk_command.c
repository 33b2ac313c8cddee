/*
 * `recado-sim helpdesk`: the simulated helpdesk on a port, until SIGTERM or SIGINT. What always
 * holds: the first line on stdout says where it listens; the history does not depend on the clock,
 * what happens from then on takes place at the clock's time.
 */
#include <errno.h>
#include <stdio.h>

#include "sim/commands.h"
#include "sim/helpdesk_answer.h"
#include "sim/web_server.h"
#include "sys/signals.h"

static bool
write_truth(struct helpdesk *w, const char *path)
{
	struct buf b;

	buf_init(&b, NULL, (size_t)8 << 30);
	helpdesk_truth_lines(w, &b);
	struct str text = buf_slice(&b);
	FILE *f = fopen(path, "wb");
	bool ok = f != NULL && fwrite(text.p, 1, text.n, f) == text.n;
	if (f != NULL && fclose(f) != 0)
		ok = false;
	if (!ok)
		fprintf(stderr, "recado-sim: %s: %s\n", path, strerror(errno));
	buf_deinit(&b);
	return ok;
}

/* NULL: a problem was printed. */
static struct helpdesk *
make(struct arena *a, const struct sim_args *args)
{
	struct helpdesk_options o;
	struct world whatsapp;

	helpdesk_options_init(&o);
	if (args->manners != NULL && !helpdesk_manners_parse(str_from(args->manners), &o.manners)) {
		fprintf(stderr, "recado-sim helpdesk: --manners is none, all, or of:");
		for (int i = 0; i < HELPDESK_MANNERS; i++)
			fprintf(stderr, " %s", helpdesk_manner_names[i]);
		fprintf(stderr, ", with commas\n");
		return NULL;
	}
	o.seed = args->world.seed;
	o.people_seed = args->world.people_seed;
	o.at = args->world.at;
	o.contacts = args->world.contacts;
	o.messages = args->world.messages;
	o.tickets = args->tickets;
	o.live = args->changes;
	o.per_minute = (unsigned)args->per_minute;
	for (int i = 0; i < HELPDESK_LISTS; i++)
		o.styles[i].order = (enum helpdesk_order)args->order;
	o.api_key = str_from(args->api_key);
	if (args->with_whatsapp) {
		world_make(a, &args->world, &whatsapp);
		o.whatsapp = &whatsapp;
	}
	return helpdesk_new(&o);
}

int
command_helpdesk(struct arena *a, const struct sim_args *args)
{
	struct web_server *server;
	int signals, status = 0;

	if (args->port > UINT16_MAX) {
		fprintf(stderr, "recado-sim helpdesk: --port is at most %u\n",
		        (unsigned)UINT16_MAX);
		return 64;
	}
	if (signals_setup(&signals) != ERR_OK)
		return 1;
	struct helpdesk *w = make(a, args);
	if (w == NULL)
		return 64;
	helpdesk_set_clock(w, clock_now(&clock_real));
	w->lived_until = w->now;
	const struct web_handler handler = helpdesk_handler(w);
	if (web_server_start(&handler, &clock_real, (uint16_t)args->port, &server) != ERR_OK) {
		helpdesk_free(w);
		return 1;
	}
	web_server_wait(server, signals);
	web_server_stop(server);
	if (args->truth != NULL && !write_truth(w, args->truth))
		status = 1;
	helpdesk_free(w);
	return status;
}
