/*
 * The import model: a simulated helpdesk with its own manners lives between the importer's
 * requests; importers are killed, paused and made to fail; when the helpdesk is quiet, ours equals
 * its. What always holds: a seed (with an engine) is one story, told the same way each time; a
 * failing one prints itself and what differs. Source: 4-helpdesk §2, §3.
 *
 *   import_model [--seeds N] [--from SEED] [--only SEED] [--engine sqlite|postgres]
 *   IMPORT_SEEDS=N is the same as --seeds
 *   import_model --planted yes   the gate's own test: faults put in on purpose are found
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "import_check.h"
#include "pg.h"
#include "sys/log.h"
#include "work/importer_internal.h"

#define MAX_STEPS  60000 /* of one run */
#define MAX_RUNS   6
#define MAX_KILLS  4 /* in a story */
#define MAX_FAULTS 6
#define MAX_PAUSES 5
#define MAX_ASKS   4
#define MAX_FAILED 5 /* seeds: enough to look at */
#define MAX_LINES  14
#define PLANTED    40 /* seeds within which a planted fault must be found */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DEFAULT_SEEDS 10
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DEFAULT_SEEDS 10
#endif
#endif
#ifndef DEFAULT_SEEDS
#define DEFAULT_SEEDS 30
#endif

#define CHANGE_BIT(c) (1u << (c))
/* What a plain run finds again in whatever order the helpdesk lists. An edited contact is not among
 * it: tickets show it and are not touched. */
#define ALWAYS_FOUND                                                                               \
	(CHANGE_BIT(CHANGE_TICKET_NEW) | CHANGE_BIT(CHANGE_MESSAGE_NEW) |                          \
	 CHANGE_BIT(CHANGE_TRACKING_NEW) | CHANGE_BIT(CHANGE_TRACKING_WEAK) |                      \
	 CHANGE_BIT(CHANGE_STARTED) | CHANGE_BIT(CHANGE_FINISHED) | CHANGE_BIT(CHANGE_REOPENED) |  \
	 CHANGE_BIT(CHANGE_TRACKING_GONE) | CHANGE_BIT(CHANGE_TRACKING_BACK) |                     \
	 CHANGE_BIT(CHANGE_HIDDEN) | CHANGE_BIT(CHANGE_SHOWN) | CHANGE_BIT(CHANGE_STATUS) |        \
	 CHANGE_BIT(CHANGE_SAME_MOMENT) | CHANGE_BIT(CHANGE_CONTACT_NEW) |                         \
	 CHANGE_BIT(CHANGE_TAG_SET) | CHANGE_BIT(CHANGE_TAG_NEW) | CHANGE_BIT(CHANGE_TAG_EDITED))
/* What it finds where a ticket's messages are walked to their end, since they are not newest-first.
 */
#define FOUND_AT_THE_END                                                                           \
	(CHANGE_BIT(CHANGE_MESSAGE_LATE) | CHANGE_BIT(CHANGE_EDIT_LATE) |                          \
	 CHANGE_BIT(CHANGE_EDIT_EARLY) | CHANGE_BIT(CHANGE_MEDIA) |                                \
	 CHANGE_BIT(CHANGE_MESSAGE_GONE))
/* Manners that cost requests and time, but hide nothing. */
#define HARMLESS                                                                                   \
	(MANNER_BIT(MANNER_FILTER) | MANNER_BIT(MANNER_LIMIT) | MANNER_BIT(MANNER_429) |           \
	 MANNER_BIT(MANNER_5XX) | MANNER_BIT(MANNER_BIG) | MANNER_BIT(MANNER_CUT) |                \
	 MANNER_BIT(MANNER_GARBAGE) | MANNER_BIT(MANNER_CLOSE) | MANNER_BIT(MANNER_SLOW) |         \
	 MANNER_BIT(MANNER_401) | MANNER_BIT(MANNER_POISON))

struct story {
	struct import_scene *s;
	const char *engine;
	uint64_t seed;
	struct dice d;
	struct import_memory memory;
	struct import_complaints complaints;
	int64_t skew;
	bool careful; /* nothing happens that only --full finds */
	unsigned kills, faults, pauses, asks;
	size_t hands;
};

static void
set_world(struct story *st, struct helpdesk_options *o)
{
	struct dice *d = &st->d;
	unsigned subset = (unsigned)dice_next(d);

	helpdesk_options_init(o);
	o->seed = st->seed;
	st->skew = dice_permille(d, 300) ? dice_range(d, -TIME_HOUR, TIME_HOUR) : 0;
	o->at = IMPORT_AT + st->skew;
	o->span_ms = dice_range(d, TIME_HOUR, 60 * TIME_DAY);
	o->tickets = 1 + dice_below(d, 24);
	o->contacts = 1 + dice_below(d, 14);
	o->tags = dice_below(d, 7);
	o->messages = 5 + dice_below(d, 150);
	o->permille = (unsigned)dice_range(d, 15, 120);
	o->poison = 1 + dice_below(d, 3);
	o->slow_ms = dice_range(d, 1, 90) * TIME_SECOND;
	o->manners = dice_permille(d, 700) ? MANNER_BIT(MANNER_LIMIT) : 0;
	st->careful = dice_permille(d, 550);
	if (st->careful)
		o->manners |= dice_permille(d, 600) ? subset & HARMLESS : 0;
	else
		o->manners = dice_permille(d, 300)
		                     ? HELPDESK_ALL_MANNERS
		                     : (subset & HELPDESK_ALL_MANNERS) | MANNER_BIT(MANNER_LIVE);
}

static void
set_scene(struct story *st)
{
	struct import_scene *s = st->s;
	struct dice *d = &st->d;
	static const int64_t rates[] = { 60, 600, BUDGET_MAX_PER_MINUTE };

	s->options.per_minute = rates[dice_below(d, 3)];
	s->options.max_requests = 1 + dice_below(d, 6);
	s->latency = dice_permille(d, 500) ? dice_range(d, 1, 3000) : 0;
	s->skew = st->skew;
	s->strict = dice_permille(d, 600);
	s->most_changes = 1 + (unsigned)dice_below(d, 3);
	if (st->careful && dice_permille(d, 850)) {
		s->allowed = ALWAYS_FOUND;
		if (s->world->options.styles[HELPDESK_MESSAGES].order != ORDER_NEWEST)
			s->allowed |= FOUND_AT_THE_END;
	}
	if (!st->careful && dice_permille(d, 300))
		s->options.full_every_ms = dice_range(d, 1, 30) * TIME_HOUR;
	st->hands = 1 + dice_below(d, IMPORT_SCENE_MOST);
	for (size_t i = 0; i < st->hands; i++)
		import_scene_hire(s, i);
}

static void
check_half(struct story *st)
{
	/* what a bad page hid is not there, and nobody could know */
	bool whole = st->careful && st->s->strict &&
	             (st->s->world->options.manners & MANNER_BIT(MANNER_GARBAGE)) == 0;

	import_remember(st->s, &st->memory);
	import_check_half(st->s, whole, &st->complaints);
}

/* One process ends, mostly without a word, waits longer than its lease, or has a statement fail; or
 * somebody asks for another import meanwhile. */
static void
trouble(struct story *st)
{
	static const enum err faults[] = { ERR_UNAVAILABLE, ERR_DISK_FULL, ERR_TIMEOUT, ERR_BUSY };
	struct import_scene *s = st->s;
	size_t place = dice_below(&st->d, st->hands);
	struct import_hand *h = &s->hands[place];

	switch (dice_below(&st->d, 4)) {
	case 0:
		if (st->kills++ >= MAX_KILLS)
			break;
		if (dice_permille(&st->d, 300))
			importer_stop(h->importer, s->time.now_ms);
		import_scene_hire(s, place);
		break;
	case 1:
		if (st->hands > 1 && st->pauses++ < MAX_PAUSES)
			h->paused_until = s->time.now_ms + dice_range(&st->d, 1, 120) * TIME_SECOND;
		break;
	case 2:
		if (st->asks++ < MAX_ASKS)
			(void)import_scene_enqueue(s, JOB_IMPORT, dice_permille(&st->d, 500));
		break;
	default:
		if (st->faults++ < MAX_FAULTS && h->importer != NULL)
			db_fail_at(h->importer->db, 1 + dice_below(&st->d, 60),
			           faults[dice_below(&st->d, 4)]);
		break;
	}
}

static void
mend(struct story *st)
{
	for (size_t i = 0; i < st->hands; i++) {
		struct import_hand *h = &st->s->hands[i];

		h->paused_until = 0;
		if (h->importer != NULL)
			db_fail_at(h->importer->db, 0, ERR_OK);
	}
}

/* Works until the job has ended; the end is given. troubled: per mille of steps. */
static struct str
run_job(struct story *st, struct uuid job, unsigned troubled)
{
	struct import_scene *s = st->s;
	struct str status = STR_NONE;

	for (size_t i = 0; i < MAX_STEPS; i++) {
		struct arena *a;
		bool over;

		import_scene_step(s);
		if (troubled > 0 && dice_permille(&st->d, troubled))
			trouble(st);
		if (troubled > 0 && dice_permille(&st->d, 15))
			check_half(st);
		if (i % 8 != 7)
			continue;
		a = arena_new(1u << 20);
		status = import_scene_status(s, a, job);
		over = !str_eq(status, STR("queued")) && !str_eq(status, STR("running"));
		status = str_dup(s->arena, status);
		arena_free(a);
		if (over)
			break;
	}
	if (str_eq(status, STR("queued")) || str_eq(status, STR("running")))
		import_complain(&st->complaints, "? a run does not end");
	check_half(st);
	return status;
}

static void
wild_runs(struct story *st)
{
	struct import_scene *s = st->s;
	unsigned runs = 1 + (unsigned)dice_below(&st->d, MAX_RUNS);

	for (unsigned i = 0; i < runs && st->complaints.n == 0; i++) {
		bool full = dice_permille(&st->d, 150), sync = dice_permille(&st->d, 300);
		struct uuid contacts = sync ? import_scene_enqueue(s, JOB_SYNC_CONTACTS, false)
		                            : UUID_NIL;
		struct uuid job = import_scene_enqueue(s, JOB_IMPORT, full);

		(void)run_job(st, job, dice_permille(&st->d, 600) ? 20 : 0);
		if (sync)
			(void)run_job(st, contacts, 20);
		s->time.now_ms += dice_permille(&st->d, 500) ? dice_range(&st->d, 0, TIME_MINUTE)
		                                             : dice_range(&st->d, 0, 2 * TIME_DAY);
		helpdesk_set_clock(s->world, s->time.now_ms + s->skew);
		import_scene_live(s, (size_t)dice_below(&st->d, 12));
		if (!st->careful)
			helpdesk_live(s->world, (size_t)dice_below(&st->d, 12));
	}
}

static void
expect_status(struct story *st, const char *what, struct str status)
{
	if (!str_eq(status, STR("succeeded")))
		import_complain(&st->complaints, "? %s ended as " STR_FMT, what, STR_ARG(status));
}

/* Nothing has changed: nothing is written, and no more is asked than the law asks. */
static void
run_again(struct story *st, bool full)
{
	struct import_scene *s = st->s;
	struct helpdesk_stats *stats = &s->world->stats;
	uint64_t tickets = stats->requests[HELPDESK_TICKETS],
		 messages = stats->requests[HELPDESK_MESSAGES];
	struct import_needed least;
	struct import_writes wrote;

	import_least_pages(s, full, &least);
	(void)import_scene_writes(s);
	expect_status(st, "a run over nothing new",
	              run_job(st, import_scene_enqueue(s, JOB_IMPORT, full), 0));
	wrote = import_scene_writes(s);
	tickets = stats->requests[HELPDESK_TICKETS] - tickets;
	messages = stats->requests[HELPDESK_MESSAGES] - messages;
	if (wrote.n != 0)
		import_complain(&st->complaints, "? a run over nothing new wrote rows:%s",
		                wrote.tables);
	if (tickets != least.tickets || messages != least.messages)
		import_complain(&st->complaints,
		                "? a run over nothing new asked for %" PRIu64
		                " pages of tickets and "
		                "%" PRIu64 " of messages; %" PRIu64 " and %" PRIu64 " are needed",
		                tickets, messages, least.tickets, least.messages);
}

static void
quiet_runs(struct story *st)
{
	struct import_scene *s = st->s;
	unsigned kept = s->world->options.manners & MANNER_BIT(MANNER_LIMIT);
	struct import_writes wrote;

	mend(st);
	s->allowed = 0;
	s->time.now_ms += dice_range(&st->d, 0, 10 * TIME_MINUTE);
	helpdesk_set_clock(s->world, s->time.now_ms + s->skew);
	helpdesk_quiet(s->world);
	helpdesk_heal(s->world);
	s->world->options.manners |= kept; /* small pages are no harm, and there are more of them */
	s->options.full_every_ms = 0;
	for (size_t i = 0; i < st->hands; i++)
		import_scene_hire(s, i);
	expect_status(st, "the run over the quiet helpdesk",
	              run_job(st, import_scene_enqueue(s, JOB_IMPORT, !st->careful), 0));
	expect_status(st, "the contact sync",
	              run_job(st, import_scene_enqueue(s, JOB_SYNC_CONTACTS, false), 0));
	if (st->complaints.n > 0)
		return;
	import_check_truth(s, &st->complaints);
	import_check_contents(s, &st->memory, &st->complaints);
	if (st->complaints.n > 0)
		return;
	if (import_scene_writes(s).back > 0)
		import_complain(&st->complaints, "? the cursor went back");
	run_again(st, false);
	if (st->complaints.n == 0 && dice_permille(&st->d, 300))
		run_again(st, true);
	(void)import_scene_writes(s);
	expect_status(st, "a sync over nothing new",
	              run_job(st, import_scene_enqueue(s, JOB_SYNC_CONTACTS, false), 0));
	wrote = import_scene_writes(s);
	if (wrote.n != 0)
		import_complain(&st->complaints, "? a sync over nothing new wrote rows:%s",
		                wrote.tables);
}

/* No minute had more requests than the budget of all processes allows, with the burst of a second
 * at either end and what each process may have taken before. */
static void
check_budget(struct story *st)
{
	const struct import_scene *s = st->s;
	size_t most = (size_t)s->options.per_minute, burst = most / 60 + 1;

	most += 2 * burst + st->hands;
	for (size_t i = most; i < s->asked; i++)
		if (s->asked_at[i] - s->asked_at[i - most] < TIME_MINUTE) {
			import_complain(&st->complaints,
			                "? more than %zu requests in a minute, of %" PRId64
			                " that are allowed",
			                most, s->options.per_minute);
			return;
		}
}

static void
print_complaints(const struct story *st)
{
	static const char *const orders[] = { "any", "newest first", "oldest first", "no order" };
	const struct helpdesk_style *styles = st->s->world->options.styles;
	struct str rest = buf_slice(&st->complaints.text), line;
	size_t shown = 0;

	printf("seed %" PRIu64 " on %s (%s; tickets: %s, messages: %s): %zu complaints (- the "
	       "helpdesk has, + we have)\n",
	       st->seed, st->engine, st->careful ? "plain runs" : "--full at the end",
	       orders[styles[HELPDESK_TICKETS].order], orders[styles[HELPDESK_MESSAGES].order],
	       st->complaints.n);
	while (str_split(&rest, '\n', &line) && shown++ < MAX_LINES)
		for (size_t i = 0; i <= line.n; i++)
			putchar(i == line.n ? '\n' : line.p[i] == '\x1f' ? '|' : line.p[i]);
}

/* True: all is well. */
static bool
run_seed(struct import_scene *s, const char *engine, uint64_t seed, bool drop_one, bool quiet)
{
	struct story st = { .s = s, .engine = engine, .seed = seed, .d = dice_for(seed, 40, 0) };
	struct arena *a = arena_new((size_t)256 << 20);
	struct helpdesk_options o;

	buf_init(&st.complaints.text, a, (size_t)64 << 20);
	import_memory_init(&st.memory, a);
	set_world(&st, &o);
	o.drop_one = drop_one;
	import_scene_begin(s, seed, &o);
	set_scene(&st);
	wild_runs(&st);
	if (st.complaints.n == 0)
		quiet_runs(&st);
	check_budget(&st);
	if (st.complaints.n > 0 && !quiet)
		print_complaints(&st);
	import_scene_end(s);
	arena_free(a);
	return st.complaints.n == 0;
}

struct model_args {
	uint64_t from, seeds, only;
	const char *engine;
	bool planted;
};

struct counts {
	unsigned passed, failed;
};

static void
count_seed(struct import_scene *s, const char *engine, uint64_t seed, struct counts *c)
{
	if (run_seed(s, engine, seed, false, false)) {
		c->passed++;
	} else {
		c->failed++;
		printf("again: import_model --engine %s --only %" PRIu64 "\n", engine, seed);
	}
	fflush(stdout);
}

/* Faults behind the program's back. Without a trigger it is the helpdesk that hides a ticket. */
static const struct {
	const char *name, *trigger;
} planted[] = {
	{ "a ticket is missing from the list", NULL },
	{ "every ninth message is lost", "BEFORE INSERT ON messages WHEN new.external_id % 9 = 0 "
	                                 "BEGIN SELECT RAISE(IGNORE); END" },
	{ "a ticket's last message is lost",
	  "AFTER UPDATE ON import_state WHEN new.cursor_at IS NOT NULL BEGIN DELETE FROM messages "
	  "WHERE rowid = (SELECT rowid FROM messages ORDER BY at DESC LIMIT 1); END" },
	{ "the cursor jumps ahead",
	  "AFTER UPDATE OF cursor_at ON import_state WHEN new.cursor_at IS NOT NULL BEGIN UPDATE "
	  "import_state SET cursor_at = cursor_at + 1800000 WHERE key = new.key; END" },
	{ "the cursor goes back",
	  "AFTER UPDATE OF cursor_at ON import_state WHEN new.cursor_at IS NOT NULL BEGIN UPDATE "
	  "import_state SET cursor_at = cursor_at - 1800000 WHERE key = new.key; END" },
	{ "what was edited stays as it was",
	  "BEFORE UPDATE OF body ON messages BEGIN SELECT RAISE(IGNORE); END" },
	{ "sessions stay as they were first",
	  "BEFORE UPDATE ON sessions BEGIN SELECT RAISE(IGNORE); END" },
	{ "what vanished is not marked",
	  "BEFORE UPDATE OF missing_since ON trackings WHEN new.missing_since IS NOT NULL BEGIN "
	  "SELECT RAISE(IGNORE); END" },
	{ "a run over nothing new writes",
	  "AFTER UPDATE OF status ON jobs WHEN new.status = 'succeeded' BEGIN UPDATE "
	  "helpdesk_tickets SET is_group = is_group; END" },
};

static void
run_planted(struct import_scene *s, struct counts *c)
{
	char sql[500];

	for (size_t i = 0; i < sizeof planted / sizeof planted[0]; i++) {
		uint64_t seed = 1;
		bool well = true;

		if (planted[i].trigger != NULL) {
			snprintf(sql, sizeof sql, "CREATE TRIGGER planted %s", planted[i].trigger);
			raw_exec(s->raw, sql);
		}
		for (; well && seed <= PLANTED; seed++)
			well = run_seed(s, "sqlite", seed, planted[i].trigger == NULL, true);
		if (planted[i].trigger != NULL)
			raw_exec(s->raw, "DROP TRIGGER planted");
		printf("planted: %s: %s (seed %" PRIu64 ")\n", planted[i].name,
		       well ? "NOT FOUND" : "found", seed - 1);
		fflush(stdout);
		*(well ? &c->failed : &c->passed) += 1;
	}
}

static void
run_engine(const struct model_args *args, const char *engine, const char *url, struct counts *c)
{
	struct import_scene s;
	struct timespec t0, t1;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	import_scene_open(&s, url);
	if (args->planted)
		run_planted(&s, c);
	else if (args->only > 0)
		count_seed(&s, engine, args->only, c);
	for (uint64_t i = 0; !args->planted && args->only == 0 && i < args->seeds; i++) {
		if (c->failed < MAX_FAILED)
			count_seed(&s, engine, args->from + i, c);
	}
	import_scene_close(&s);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	if (!args->planted)
		printf("import on %s: %u seeds as the helpdesk, %u not, %ld s\n", engine, c->passed,
		       c->failed, (long)(t1.tv_sec - t0.tv_sec));
}

static void
run_sqlite(const struct model_args *args, struct counts *c)
{
	char dir[] = "/dev/shm/recado-import-XXXXXX", fallback[] = "/tmp/recado-import-XXXXXX",
	     url[64], file[64];
	char *at = mkdtemp(dir);

	if (at == NULL)
		at = mkdtemp(fallback);
	if (at == NULL)
		abort();
	snprintf(url, sizeof url, "sqlite:%s/import.db", at);
	run_engine(args, "sqlite", url, c);
	for (int i = 0; i < 3; i++) {
		static const char *const ends[] = { "", "-wal", "-shm" };
		snprintf(file, sizeof file, "%s/import.db%s", at, ends[i]);
		unlink(file);
	}
	rmdir(at);
}

static void
run_postgres(const struct model_args *args, struct counts *c)
{
	struct arena *a = arena_new(1u << 20);
	struct pg_server *server = pg_server_start(false);

	if (server == NULL)
		printf("skipped: import on postgres: no server\n");
	else
		run_engine(args, "postgres", pg_server_new_migrated(server, a), c);
	pg_server_end(server);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	const char *env = getenv("IMPORT_SEEDS");
	struct model_args args = { .from = 1,
		                   .seeds = env != NULL ? strtoull(env, NULL, 10) : DEFAULT_SEEDS };
	struct counts sqlite = { 0 }, postgres = { 0 };

	log_setup(getenv("VERBOSE") != NULL ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, false);
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--seeds") == 0)
			args.seeds = strtoull(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--from") == 0)
			args.from = strtoull(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--only") == 0)
			args.only = strtoull(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--engine") == 0)
			args.engine = argv[i + 1];
		else if (strcmp(argv[i], "--planted") == 0)
			args.planted = true;
		else
			return 64;
	}
	if (args.planted)
		args.engine = "sqlite";
	if (args.engine == NULL || strcmp(args.engine, "sqlite") == 0)
		run_sqlite(&args, &sqlite);
	if (args.engine == NULL || strcmp(args.engine, "postgres") == 0)
		run_postgres(&args, &postgres);
	printf("checks: %u passed, %u failed\n", sqlite.passed + postgres.passed,
	       sqlite.failed + postgres.failed);
	return sqlite.failed + postgres.failed == 0 && sqlite.passed + postgres.passed > 0 ? 0 : 1;
}
