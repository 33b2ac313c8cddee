/*
 * Reads options from one table. What always holds: an unknown option, a missing value or a number
 * out of bounds is told by name, and nothing is half done.
 */
#include "sim/args.h"

#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"

enum kind {
	TEXT,
	SLICE,
	SIZE,
	PERMILLE,
	REAL,
	INT64,
	MOMENT,
	PARTS,
	DECLINE,
	WRAP,
	FLAG,
	LIVE,
	ORDER
};

struct option {
	const char *name;
	enum kind kind;
	size_t offset;
	const char *value, *help;
};
#define AT(member) offsetof(struct sim_args, member)

static const struct option options[] = {
	{ "url", TEXT, AT(url), "URL", "the server, http://127.0.0.1:3000" },
	{ "path", TEXT, AT(path), "PATH", "of the door (/webhooks/whatsapp)" },
	{ "secret", TEXT, AT(secret), "SECRET",
	  "the app secret that signs (graph: segredo-do-app)" },
	{ "token", TEXT, AT(token), "TOKEN", "check: the operator's token" },
	{ "client", TEXT, AT(client), "SLUG", "check, digest: the client" },
	{ "database", TEXT, AT(database), "URL", "digest: sqlite:PATH or postgresql://…" },
	{ "out", TEXT, AT(out), "DIR", "bodies: where to write" },
	{ "now", MOMENT, AT(now), "TIME", "digest: when clock-dependent readings are taken" },
	{ "seed", INT64, AT(world.seed), "N", "everything follows from it (1)" },
	{ "people-seed", INT64, AT(world.people_seed), "N", "the same people on several numbers" },
	{ "at", MOMENT, AT(world.at), "TIME", "when the number was connected; now, or ISO 8601" },
	{ "phone-number-id", SLICE, AT(world.line.phone_number_id), "ID",
	  "Meta's id of the number" },
	{ "waba", SLICE, AT(world.line.waba_id), "ID", "Meta's id of the business account" },
	{ "display-number", SLICE, AT(world.line.display_number), "N", "digits of the number" },
	{ "people", SIZE, AT(world.people), "N", "customers with conversations (120)" },
	{ "messages", SIZE, AT(world.messages), "N", "messages of history (2000)" },
	{ "chunk-messages", SIZE, AT(world.chunk_messages), "N", "of them in one chunk (500)" },
	{ "contacts", SIZE, AT(world.contacts), "N", "people in the address book, about (150)" },
	{ "live", LIVE, AT(world.live), "N",
	  "live messages (200); helpdesk: changes a second (1)" },
	{ "only", PARTS, AT(world.parts), "LIST", "of contacts,history,late,live,account,odd" },
	{ "decline", DECLINE, AT(world.decline), "FORM",
	  "no history: envelope, bare, value or metadata" },
	{ "wrapper", WRAP, AT(world.wrap), "WHO", "meta or 360dialog, for contacts and history" },
	{ "rate", REAL, AT(rate), "N", "bodies a second; 0: as fast as possible (0)" },
	{ "parallel", SIZE, AT(parallel), "N", "requests in flight (4)" },
	{ "batch", SIZE, AT(batch), "N", "live events in one body (1)" },
	{ "shuffle", SIZE, AT(window), "N", "mix the order within N deliveries (0)" },
	{ "duplicate", PERMILLE, AT(duplicate), "P", "share of bodies delivered twice, 0…1 (0)" },
	{ "delay", INT64, AT(delay_ms), "MS", "before the first delivery" },
	{ "attempts", SIZE, AT(attempts), "N", "tries of one body (20)" },
	{ "wait", INT64, AT(wait_seconds), "S", "check: until the server is done, at most (60)" },
	{ "port", SIZE, AT(port), "N",
	  "graph, helpdesk, model: where to listen; 0: any free port (0)" },
	{ "tickets", SIZE, AT(tickets), "N", "helpdesk: tickets that hold the messages (200)" },
	{ "manners", TEXT, AT(manners), "LIST",
	  "helpdesk, model: bad ones, none or all; graph: none or rude (none)" },
	{ "order", ORDER, AT(order), "WORD",
	  "helpdesk: of its lists: any, newest, oldest, none (any)" },
	{ "api-key", TEXT, AT(api_key), "KEY",
	  "helpdesk, model: the only one that is let in (any)" },
	{ "per-minute", SIZE, AT(per_minute), "N", "helpdesk: requests, 0: any number (0)" },
	{ "truth", TEXT, AT(truth), "FILE", "helpdesk: what stands when it ends" },
	{ "with-whatsapp", FLAG, AT(with_whatsapp), NULL,
	  "helpdesk: shows the messages of `meta` with the same options too" },
	{ "app-id", TEXT, AT(app_id), "ID", "graph: of the app (1234567890123456)" },
	{ "code-seconds", SIZE, AT(code_seconds), "N", "graph: how long a code lives (30)" },
	{ "deliver", TEXT, AT(deliver), "URL", "graph: the server that webhooks go to (none)" },
	{ "log", TEXT, AT(log), "FILE", "graph: a line of JSON for each request" },
	{ "base", TEXT, AT(base), "PATH", "model: what stands before /responses and /audio (/v1)" },
	{ "models", TEXT, AT(models), "LIST", "model: the only ones that exist (any)" },
	{ "latency-ms", INT64, AT(latency_ms), "MS", "graph, model: before an answer (0)" },
	{ "strict-data", FLAG, AT(strict_data), NULL, "model: counts personal data in requests" },
	{ "progress", FLAG, AT(progress), NULL, "a line that tells how far it is" },
	{ "quiet", FLAG, AT(quiet), NULL, "no summary" },
};
#define NOPTIONS (sizeof options / sizeof options[0])

static bool
read_parts(const char *text, unsigned *out)
{
	static const char *const names[] = {
		"contacts", "history", "late", "live", "account", "odd"
	};
	struct str rest = str_from(text), part;
	unsigned parts = 0;

	while (str_split(&rest, ',', &part)) {
		unsigned bit = 0;
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			if (str_eq(part, str_from(names[i])))
				bit = 1u << i;
		if (bit == 0)
			return false;
		parts |= bit;
	}
	*out = parts;
	return parts != 0;
}

static bool
read_word(const char *text, const char *const *words, int *out)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(text, words[i]) == 0) {
			*out = i;
			return true;
		}
	return false;
}

static bool
read_moment(const char *text, int64_t *out)
{
	if (strcmp(text, "now") == 0) {
		*out = (int64_t)time(NULL) * TIME_SECOND;
		return true;
	}
	return time_parse(str_from(text), out) == ERR_OK;
}

static bool
read_real(const char *text, double least, double most, double *out)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end != '\0' || !(v >= least && v <= most))
		return false;
	*out = v;
	return true;
}

static bool
store(const struct option *o, const char *text, struct sim_args *args)
{
	static const char *const declines[] = {
		"no", "envelope", "bare", "value", "metadata", NULL
	};
	static const char *const orders[] = { "any", "newest", "oldest", "none", NULL };
	static const char *const wraps[] = { "meta", "360dialog", NULL };
	void *at = (char *)args + o->offset;
	int64_t number = 0;
	double real = 0;
	int word = 0;

	switch (o->kind) {
	case TEXT:
		*(const char **)at = text;
		return true;
	case SLICE:
		*(struct str *)at = str_from(text);
		return *text != '\0';
	case SIZE:
		if (!str_to_i64(str_from(text), &number) || number < 0 || number > 100000000)
			return false;
		*(size_t *)at = (size_t)number;
		return true;
	case INT64:
		return str_to_i64(str_from(text), (int64_t *)at);
	case PERMILLE:
		if (!read_real(text, 0, 1, &real))
			return false;
		*(unsigned *)at = (unsigned)(real * 1000 + 0.5);
		return true;
	case REAL:
		return read_real(text, 0, 1e6, (double *)at);
	case MOMENT:
		return read_moment(text, (int64_t *)at);
	case PARTS:
		return read_parts(text, (unsigned *)at);
	case DECLINE:
	case WRAP:
		if (!read_word(text, o->kind == WRAP ? wraps : declines, &word))
			return false;
		if (o->kind == WRAP)
			args->world.wrap = (enum wire_wrap)word;
		else
			args->world.decline = (enum world_decline)word;
		return true;
	case FLAG:
		*(bool *)at = true;
		return true;
	case LIVE:
		if (!read_real(text, 0, 1e8, &args->changes))
			return false;
		*(size_t *)at = (size_t)args->changes;
		return true;
	case ORDER:
		return read_word(text, orders, (int *)at);
	}
	return false;
}

static const struct option *
find(struct str name)
{
	for (size_t i = 0; i < NOPTIONS; i++)
		if (str_eq(name, str_from(options[i].name)))
			return &options[i];
	return NULL;
}

bool
args_parse(struct arena *a, int argc, char **argv, struct sim_args *out)
{
	struct sim_args args = { .path = "/webhooks/whatsapp",
		                 .base = "/v1",
		                 .parallel = 4,
		                 .batch = 1,
		                 .attempts = 20,
		                 .wait_seconds = 60,
		                 .tickets = 200,
		                 .changes = 1 };

	world_options_init(&args.world);
	args.now = TIME_NONE;
	for (int i = 0; i < argc; i++) {
		struct str word = str_from(argv[i]);
		if (!str_starts(word, STR("--"))) {
			fprintf(stderr, "recado-sim: unexpected word: %s\n", argv[i]);
			return false;
		}
		size_t eq = str_find(word, '=');
		const struct option *o = find(str_sub(word, 2, eq - 2));
		if (o == NULL) {
			fprintf(stderr, "recado-sim: unknown option: %s\n", argv[i]);
			return false;
		}
		const char *value = eq < word.n ? str_z(a, str_sub(word, eq + 1, word.n)) : NULL;
		if (o->kind != FLAG && value == NULL && i + 1 < argc)
			value = argv[++i];
		if ((o->kind != FLAG) != (value != NULL) || !store(o, value, &args)) {
			fprintf(stderr, "recado-sim: --%s %s: %s\n", o->name,
			        o->value ? o->value : "takes no value", o->help);
			return false;
		}
	}
	*out = args;
	return true;
}

void
args_print(FILE *f)
{
	for (size_t i = 0; i < NOPTIONS; i++)
		fprintf(f, "  --%s%s%-*s %s\n", options[i].name, options[i].value ? " " : "",
		        24 - (int)strlen(options[i].name), options[i].value ? options[i].value : "",
		        options[i].help);
}
