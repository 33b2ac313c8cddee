/*
 * The order test: random sets of webhooks, told in any order, in any batches, any number of times,
 * to any number of workers that may fail in the middle, end in the same digest as a plain run in
 * order. What always holds: a seed (with an engine) is one story, told the same way each time; a
 * failing one prints itself and what differs.
 *
 *   order [--seeds N] [--from SEED] [--only SEED] [--engine sqlite|postgres]     ORDER_SEEDS=N is
 * the same as --seeds
 *   order --planted yes      the gate's own test: databases that depend on the order are found out
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "pg.h"
#include "scene.h"
#include "sys/log.h"
#include "work/drain_internal.h"

#define AT          INT64_C(1768906800000) /* first delivery */
#define SOON        (AT + TIME_DAY / 2)    /* when applying begins */
#define DIGEST_AT   (AT + 2 * TIME_DAY)
#define MAX_ENTRIES 160
#define MAX_ROUNDS  100000
#define MAX_FAULTS  5
#define MAX_FAILED  5 /* enough to look at */
#define DIFF_LINES  12
#define VARIANTS    2
#define PLANTED     40 /* seeds within which a planted fault must be found */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DEFAULT_SEEDS 15
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DEFAULT_SEEDS 15
#endif
#endif
#ifndef DEFAULT_SEEDS
#define DEFAULT_SEEDS 120
#endif

struct story {
	uint64_t seed;
	struct scene_line lines[WILD_MAX_LINES];
	size_t nlines;
	struct world_bodies bodies;
};

static void
make_lines(struct story *st, struct dice *d, struct arena *a)
{
	size_t clients = 1 + dice_below(d, 2);

	st->nlines = 1 + dice_below(d, 3);
	for (size_t i = 0; i < st->nlines; i++) {
		struct scene_line *l = &st->lines[i];
		*l = (struct scene_line){ .client = dice_below(d, clients),
			                  .history_requested = !dice_permille(d, 150) };
		l->cloud_api = dice_permille(d, 50);
		l->line.phone_number_id = str_fmt(a, "10%zu", i);
		/* a WABA is one client's */
		l->line.waba_id = str_fmt(a, "20%zu%zu", l->client, dice_below(d, 2));
		l->line.display_number = str_fmt(a, "55113000000%zu", i);
		l->nruns = dice_permille(d, 300) ? 2 : 1;
		l->run_at[0] = AT - TIME_MINUTE;
		l->run_at[1] = AT + 1000 * dice_range(d, 10, 300);
	}
	if (st->nlines == 1)
		st->lines[0].client = 0;
}

static void
make_story(struct arena *a, uint64_t seed, struct story *out)
{
	struct dice d = dice_for(seed, 30, 0);
	struct story st = { .seed = seed };

	make_lines(&st, &d, a);
	if (dice_permille(&d, 800)) {
		struct wild_options o = {
			.seed = seed, .at = AT, .nlines = st.nlines, .strangers = true
		};
		o.bodies = 8 + dice_below(&d, 50);
		for (size_t i = 0; i < st.nlines; i++)
			o.lines[i] = st.lines[i].line;
		wild_make(a, &o, &st.bodies);
	} else {
		struct world_options o;
		struct world w;
		world_options_init(&o);
		o = (struct world_options){ .seed = seed,
			                    .at = AT,
			                    .line = st.lines[0].line,
			                    .people = 6,
			                    .messages = 60,
			                    .chunk_messages = 12,
			                    .contacts = 8,
			                    .live = 25,
			                    .parts = WORLD_ALL };
		world_make(a, &o, &w);
		world_make_bodies(a, &w, 1 + dice_below(&d, 3), &st.bodies);
	}
	if (st.bodies.n > MAX_ENTRIES)
		st.bodies.n = MAX_ENTRIES;
	*out = st;
}

/* Entries in the order in which they arrive. */
static struct scene_entry *
arrange(struct arena *a, const struct story *st, struct dice *shuffle)
{
	size_t n = st->bodies.n;
	size_t *order = ARENA_ARRAY(a, n + 1, size_t);
	struct scene_entry *v = ARENA_ARRAY(a, n + 1, struct scene_entry);

	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; shuffle != NULL && i > 1; i--) {
		size_t k = dice_below(shuffle, i), keep = order[i - 1];
		order[i - 1] = order[k];
		order[k] = keep;
	}
	for (size_t i = 0; i < n; i++) {
		const struct world_body *b = &st->bodies.v[order[i]];
		unsigned char random[10] = { 0 };
		v[i] = (struct scene_entry){ uuid_v7(AT + (int64_t)i, random), b->received_at,
			                     b->bytes };
	}
	return v;
}

struct twist {
	struct scene *scene;
	struct dice d;
	struct drain *workers[SCENE_MAX_WORKERS];
	size_t nworkers, faults, replays;
	struct keeper *keeper;
	int64_t now;
};

static void
hire(struct twist *t, size_t i)
{
	struct drain_options o = scene_worker_options(t->scene);

	o.route_entries = 1 + dice_below(&t->d, 20);
	o.claim_messages = 1 + dice_below(&t->d, 40);
	o.claim_bytes = 1 + dice_below(&t->d, 20000);
	t->workers[i] = scene_hire(t->scene, i, &o);
}

/* A statement of this worker will fail; sometimes the worker is gone after that. */
static void
work(struct twist *t)
{
	static const enum err faults[] = { ERR_UNAVAILABLE, ERR_DISK_FULL, ERR_DB, ERR_TIMEOUT };
	size_t i = dice_below(&t->d, t->nworkers);
	bool fault = t->faults < MAX_FAULTS && dice_permille(&t->d, 80);
	int64_t next;

	if (fault) {
		t->faults++;
		db_fail_at(t->workers[i]->db, 1 + dice_below(&t->d, 40),
		           faults[dice_below(&t->d, 4)]);
	}
	(void)drain_step(t->workers[i], t->now, &next);
	if (fault) {
		db_fail_at(t->workers[i]->db, 0, ERR_OK);
		if (dice_permille(&t->d, 500))
			hire(t, i);
	}
}

/* Some of what was applied is applied again. */
static void
replay(struct twist *t)
{
	char sql[200];

	t->replays++;
	snprintf(sql, sizeof sql,
	         "UPDATE journal_parts SET status = 'received', attempts = 0 WHERE client_id IS "
	         "NOT NULL AND "
	         "status IN ('applied', 'applied_with_problems') AND bytes %% 3 = %u",
	         (unsigned)dice_below(&t->d, 3));
	raw_exec(t->scene->raw, sql);
}

/* The end of every run: what only the keeper sees, a history run whose last waiting entry was not
 * its own. */
static void
settle(struct keeper *k, int64_t now)
{
	int64_t next;

	(void)keeper_step(k, now, &next);
}

static bool
tell_twisted(struct scene *s, struct keeper *k, struct arena *a, const struct story *st,
             uint64_t variant)
{
	struct twist t = {
		.scene = s, .d = dice_for(st->seed, 31, variant), .now = SOON, .keeper = k
	};
	struct scene_entry *v = arrange(a, st, dice_permille(&t.d, 900) ? &t.d : NULL);
	size_t told = 0, rounds = 0;

	t.nworkers = 1 + dice_below(&t.d, SCENE_MAX_WORKERS);
	for (size_t i = 0; i < t.nworkers; i++)
		hire(&t, i);
	for (; rounds < MAX_ROUNDS; rounds++) {
		t.now += 50 + (int64_t)dice_below(&t.d, 800);
		uint64_t throw = dice_below(&t.d, 100);
		int64_t next;
		if (told < st->bodies.n && (throw < 25 || scene_waiting(s) == 0)) {
			size_t n = 1 + dice_below(&t.d, 12);
			if (n > st->bodies.n - told)
				n = st->bodies.n - told;
			scene_journal(s, a, v + told, n);
			told += n;
		} else if (throw < 28) {
			(void)keeper_step(t.keeper, t.now, &next);
		} else if (throw < 30 && t.replays < 4) {
			replay(&t);
		} else {
			work(&t);
		}
		if (told == st->bodies.n && rounds % 4 == 0 && scene_waiting(s) == 0)
			break;
	}
	settle(k, t.now);
	return rounds < MAX_ROUNDS;
}

static void
prepare(struct scene *s, const struct story *st, uint64_t variant)
{
	scene_clear(s);
	s->rand = rand_seeded(&s->seed, st->seed * 16 + variant);
	scene_fill(s, st->lines, st->nlines);
}

static int64_t
failed_parts(struct scene *s)
{
	return raw_number(s->raw, "SELECT count(*) FROM journal_parts WHERE status = 'failed' AND "
	                          "client_id IS NOT NULL");
}

enum verdict { SAME, DIFFERENT, NO_END };

static enum verdict
run_seed(struct scene *s, struct keeper *k, const char *engine, uint64_t seed, size_t diff_lines)
{
	struct arena *a = arena_new((size_t)1 << 30);
	enum verdict verdict = NO_END;
	struct db_digest expected, got;
	struct story st;
	int64_t now = SOON;

	make_story(a, seed, &st);
	prepare(s, &st, 0);
	scene_journal(s, a, arrange(a, &st, NULL), st.bodies.n);
	bool drained = scene_drain(s, &now);
	settle(k, now);
	if (!drained || failed_parts(s) > 0 ||
	    digest_database(s->db, a, STR_NONE, DIGEST_AT, &expected) != ERR_OK) {
		printf("seed %" PRIu64 " on %s: the plain run did not end well: %" PRId64
		       " parts wait, %" PRId64 " failed\n",
		       seed, engine, scene_waiting(s), failed_parts(s));
		goto out;
	}
	for (uint64_t variant = 1; variant <= VARIANTS; variant++) {
		prepare(s, &st, variant);
		if (!tell_twisted(s, k, a, &st, variant) ||
		    digest_database(s->db, a, STR_NONE, DIGEST_AT, &got) != ERR_OK) {
			printf("seed %" PRIu64 " on %s: variant %" PRIu64 " did not end\n", seed,
			       engine, variant);
			goto out;
		}
		if (memcmp(expected.sha, got.sha, sizeof got.sha) != 0) {
			verdict = DIFFERENT;
			if (diff_lines == 0)
				goto out;
			printf("seed %" PRIu64 " on %s: variant %" PRIu64
			       " differs (- plain run, + this one)\n",
			       seed, engine, variant);
			scene_print_difference(&expected, &got, diff_lines);
			goto out;
		}
	}
	verdict = SAME;
out:
	arena_free(a);
	return verdict;
}

struct order_args {
	uint64_t from, seeds, only;
	const char *engine;
	bool planted;
};

struct counts {
	unsigned passed, failed;
};

static void
count_seed(struct scene *s, struct keeper *k, const char *engine, uint64_t seed, struct counts *c)
{
	if (run_seed(s, k, engine, seed, DIFF_LINES) == SAME) {
		c->passed++;
	} else {
		c->failed++;
		printf("again: order --engine %s --only %" PRIu64 "\n", engine, seed);
	}
	fflush(stdout);
}

static void
run_known(struct scene *s, struct keeper *k, const char *engine, struct counts *c)
{
	const char *folder = getenv("TESTS_DATA_DIR");
	char path[1024], line[256];
	FILE *f;

	if (folder == NULL)
		return;
	snprintf(path, sizeof path, "%s/order-seeds.txt", folder);
	f = fopen(path, "r");
	if (f == NULL) {
		printf("%s: cannot be read\n", path);
		c->failed++;
		return;
	}
	while (fgets(line, sizeof line, f) != NULL) {
		char *end;
		uint64_t seed = strtoull(line, &end, 10);
		if (end != line && c->failed < MAX_FAILED)
			count_seed(s, k, engine, seed, c);
	}
	fclose(f);
}

/* Rules that look at what came first, made by triggers behind the program's back. */
static const struct {
	const char *name, *trigger;
} planted[] = {
	{ "the first copy of a message stays", "BEFORE UPDATE ON messages" },
	{ "the first evidence of a lead stays", "BEFORE UPDATE ON leads" },
	{ "the first time of a ticket stays", "BEFORE UPDATE OF opened_at ON tickets" },
	{ "an amendment that comes first is lost", "BEFORE INSERT ON amendments" },
};

static void
run_planted(struct scene *s, struct keeper *k, struct counts *c)
{
	char sql[200];

	for (size_t i = 0; i < sizeof planted / sizeof planted[0]; i++) {
		enum verdict verdict = SAME;

		snprintf(sql, sizeof sql,
		         "CREATE TRIGGER planted %s BEGIN SELECT RAISE(IGNORE); END",
		         planted[i].trigger);
		raw_exec(s->raw, sql);
		for (uint64_t seed = 1; verdict == SAME && seed <= PLANTED; seed++)
			verdict = run_seed(s, k, "sqlite", seed, 0);
		raw_exec(s->raw, "DROP TRIGGER planted");
		printf("planted: %s: %s\n", planted[i].name,
		       verdict == DIFFERENT ? "found" : "NOT FOUND");
		*(verdict == DIFFERENT ? &c->passed : &c->failed) += 1;
	}
}

static void
run_engine(const struct order_args *args, const char *engine, const char *url, struct counts *c)
{
	struct scene s;
	struct keeper *k;
	struct timespec t0, t1;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	scene_open(&s, url);
	const struct keeper_options keep = { .pool = s.pool,
		                             .rand = &s.rand,
		                             .amendment_ms = 30 * TIME_DAY,
		                             .alert_ms = 30 * TIME_MINUTE,
		                             .journal_retention_ms = 365 * TIME_DAY,
		                             .event_ms = TIME_DAY };
	if (keeper_open(&keep, &k) != ERR_OK)
		abort();
	if (args->planted) {
		run_planted(&s, k, c);
	} else if (args->only > 0) {
		count_seed(&s, k, engine, args->only, c);
	} else {
		run_known(&s, k, engine, c);
		for (uint64_t i = 0; i < args->seeds && c->failed < MAX_FAILED; i++)
			count_seed(&s, k, engine, args->from + i, c);
	}
	keeper_close(k);
	scene_close(&s);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	if (!args->planted)
		printf("order on %s: %u seeds as in order, %u not, %ld s\n", engine, c->passed,
		       c->failed, (long)(t1.tv_sec - t0.tv_sec));
}

static void
run_sqlite(const struct order_args *args, struct counts *c)
{
	char dir[] = "/dev/shm/recado-order-XXXXXX", fallback[] = "/tmp/recado-order-XXXXXX",
	     url[64], command[64];
	char *at = mkdtemp(dir);

	if (at == NULL)
		at = mkdtemp(fallback);
	if (at == NULL)
		abort();
	snprintf(url, sizeof url, "sqlite:%s/order.db", at);
	run_engine(args, "sqlite", url, c);
	for (int i = 0; i < 3; i++) {
		static const char *const ends[] = { "", "-wal", "-shm" };
		snprintf(command, sizeof command, "%s/order.db%s", at, ends[i]);
		unlink(command);
	}
	rmdir(at);
}

static void
run_postgres(const struct order_args *args, struct counts *c)
{
	struct arena *a = arena_new(1u << 20);
	struct pg_server *server = pg_server_start(false);

	if (server == NULL)
		printf("skipped: order on postgres: no server\n");
	else
		run_engine(args, "postgres", pg_server_new_migrated(server, a), c);
	pg_server_end(server);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	const char *env = getenv("ORDER_SEEDS");
	struct order_args args = { .from = 1,
		                   .seeds = env != NULL ? strtoull(env, NULL, 10) : DEFAULT_SEEDS };
	struct counts sqlite = { 0 }, postgres = { 0 };

	log_setup(getenv("VERBOSE") != NULL ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
	          false); /* failures are made on purpose */
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
