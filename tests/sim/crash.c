/*
 * The crash test: the real program, killed with SIGKILL at random moments under load, again and
 * again. What always holds in the end: every body that was acknowledged is in the journal, every
 * part is in a final state, and the rows are those of a plain run over exactly that journal.
 *
 *   crash [--rounds N] [--engine sqlite|postgres] [--seed N]     CRASH_ROUNDS=N is the same as
 * --rounds
 */
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/map.h"
#include "base/time.h"
#include "http.h"
#include "pg.h"
#include "scene.h"
#include "server.h"
#include "sim/deliver.h"
#include "sys/log.h"

#define DEFAULT_ROUNDS 8
#define BODIES         1500
#define PARALLEL       16
#define LINES          3
#define QUIET_SECONDS  180
#define DIFF_LINES     12

struct crash {
	struct arena *arena;
	const char *engine, *url, *dir;
	uint64_t seed;
	size_t rounds;
	int64_t at;
	struct scene_line lines[LINES];
	struct map bodies; /* bytes → index into acknowledged */
	uint32_t *acknowledged;
	size_t cap, total, kills;
	unsigned passed, failed;
	/* of the round */
	struct server *server;
	struct world_bodies *round;
	int64_t kill_at;
};

static int64_t
mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
verdict(struct crash *c, bool ok, const char *what)
{
	if (ok)
		c->passed++;
	else
		c->failed++;
	if (!ok)
		printf("crash on %s, seed %" PRIu64 ": %s\n", c->engine, c->seed, what);
}

static void
make_lines(struct crash *c)
{
	for (size_t i = 0; i < LINES; i++) {
		struct scene_line *l = &c->lines[i];
		*l = (struct scene_line){ .client = i % 2,
			                  .history_requested = true,
			                  .nruns = 1,
			                  .run_at = { c->at - TIME_MINUTE } };
		l->line.phone_number_id = str_fmt(c->arena, "10%zu", i);
		l->line.waba_id = str_fmt(c->arena, "20%zu", l->client);
		l->line.display_number = str_fmt(c->arena, "55113000000%zu", i);
	}
}

static void
make_round(struct crash *c, struct arena *a, size_t round, struct world_bodies *out)
{
	struct wild_options o = {
		.seed = c->seed * 1000 + round, .at = c->at, .bodies = BODIES, .nlines = LINES
	};

	for (size_t i = 0; i < LINES; i++)
		o.lines[i] = c->lines[i].line;
	wild_make(a, &o, out);
}

static bool
on_answer(void *ctx, size_t index, long status)
{
	struct crash *c = ctx;

	if (status == 200) {
		struct str bytes = c->round->v[index].bytes;
		bool added;
		size_t k = map_put(&c->bodies, bytes, c->bodies.n, &added);
		if (k >= c->cap)
			abort();
		c->acknowledged[k]++;
		c->total++;
	}
	if (mono_ms() < c->kill_at || c->server == NULL)
		return c->server != NULL;
	server_kill(c->server);
	c->server = NULL;
	c->kills++;
	return false;
}

static struct server *
start(struct crash *c)
{
	struct server_options o = { .database_url = c->url,
		                    .dir = c->dir,
		                    .env = { "LOG_LEVEL=warn", NULL } };

	return server_start(&o);
}

/* Load until the moment has come; then the program is gone. */
static bool
crash_round(struct crash *c, size_t round)
{
	struct dice d = dice_for(c->seed, 40, round);
	struct world_bodies bodies;
	struct deliver_stats stats;

	make_round(c, c->arena, round, &bodies);
	c->round = &bodies;
	c->server = start(c);
	if (c->server == NULL)
		return false;
	c->kill_at = mono_ms() + dice_range(&d, 20, 900);
	struct deliver_options o = { .url = str_z(c->arena,
		                                  str_fmt(c->arena, "%s/webhooks/whatsapp",
		                                          server_url(c->server))),
		                     .secret = STR(SERVER_APP_SECRET),
		                     .parallel = PARALLEL,
		                     .attempts = 1,
		                     .done = on_answer,
		                     .ctx = c };
	bool ok = deliver(&o, &bodies, &stats);
	if (c->server != NULL) { /* all was told before the moment came */
		server_kill(c->server);
		c->server = NULL;
		c->kills++;
	}
	return ok;
}

/* The program once more, in peace, until nothing waits. */
static void
recover(struct crash *c)
{
	struct server *s = start(c);
	struct client *http;

	if (s == NULL) {
		verdict(c, false, "the program does not start after the last kill");
		return;
	}
	http = http_operator(server_url(s));
	verdict(c, http_wait_quiet(http, c->arena, QUIET_SECONDS),
	        "entries of the journal go on waiting");
	client_free(http);
	verdict(c, server_stop(s) == 0, "the program does not stop well");
}

static void
check_acknowledged(struct crash *c, const struct scene_entry *v, size_t n)
{
	uint32_t *found = ARENA_ARRAY(c->arena, c->bodies.n + 1, uint32_t);
	size_t missing = 0, unknown = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = map_get(&c->bodies, v[i].body);
		if (k == MAP_NONE)
			unknown++; /* stored, but the answer was lost: allowed */
		else
			found[k]++;
	}
	for (size_t k = 0; k < c->bodies.n; k++)
		if (found[k] < c->acknowledged[k])
			missing += c->acknowledged[k] - found[k];
	if (missing > 0)
		printf("%zu acknowledged bodies are not in the journal\n", missing);
	verdict(c, missing == 0 && c->total > 0,
	        "an acknowledged body is lost, or none was ever acknowledged");
	printf("crash on %s: %zu kills, %zu bodies acknowledged, %zu stored, %zu of them without "
	       "an answer\n",
	       c->engine, c->kills, c->total, n, unknown);
}

/* Exactly this journal, in order, in a fresh database. */
static void
check_rows(struct crash *c, struct scene *s, const struct scene_entry *v, size_t n)
{
	struct scene plain;
	struct db_digest expected, got;
	int64_t now = c->at + TIME_HOUR, later = c->at + 2 * TIME_DAY;

	verdict(c, scene_waiting(s) == 0, "a part is not in a final state");
	verdict(c,
	        raw_number(s->raw, "SELECT count(*) FROM journal_parts WHERE client_id IS NOT NULL "
	                           "AND status = 'failed'") == 0,
	        "a part failed");
	scene_open(&plain, str_z(c->arena, str_fmt(c->arena, "sqlite:%s/plain.db", c->dir)));
	scene_fill(&plain, c->lines, LINES);
	for (size_t i = 0; i < n; i += 500)
		scene_journal(&plain, c->arena, v + i, n - i < 500 ? n - i : 500);
	verdict(c, scene_drain(&plain, &now), "the plain run does not end");
	if (digest_database(s->db, c->arena, STR_NONE, later, &got) != ERR_OK ||
	    digest_database(plain.db, c->arena, STR_NONE, later, &expected) != ERR_OK) {
		verdict(c, false, "a digest cannot be made");
	} else {
		bool same = memcmp(expected.sha, got.sha, sizeof got.sha) == 0;
		verdict(c, same && got.n > 0,
		        "the rows differ from those of a plain run (- plain, + crashed)");
		if (!same)
			scene_print_difference(&expected, &got, DIFF_LINES);
	}
	scene_close(&plain);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void
run_engine(const char *engine, const char *url, size_t rounds, uint64_t seed, unsigned *passed,
           unsigned *failed)
{
	char dir[] = "/tmp/recado-crash-XXXXXX";
	struct crash c = { .engine = engine,
		           .seed = seed,
		           .rounds = rounds,
		           .at = (int64_t)time(NULL) * TIME_SECOND };
	struct scene s;
	size_t n;

	c.dir = mkdtemp(dir);
	if (c.dir == NULL)
		abort();
	c.arena = arena_new((size_t)8 << 30);
	c.url = url != NULL ? url : str_z(c.arena, str_fmt(c.arena, "sqlite:%s/crash.db", c.dir));
	c.cap = rounds * BODIES * 2;
	c.acknowledged = ARENA_ARRAY(c.arena, c.cap, uint32_t);
	map_init(&c.bodies, c.arena, 4096);
	make_lines(&c);
	scene_open(&s, c.url);
	scene_fill(&s, c.lines, LINES);
	scene_close(&s);
	for (size_t i = 0; i < rounds; i++)
		verdict(&c, crash_round(&c, i), "the program does not start after a kill");
	recover(&c);
	scene_open(&s, c.url);
	struct scene_entry *v = scene_read_journal(&s, c.arena, &n);
	check_acknowledged(&c, v, n);
	check_rows(&c, &s, v, n);
	scene_close(&s);
	if (c.failed > 0)
		printf("kept: %s\n", c.dir);
	else
		(void)nftw(c.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(c.arena);
	*passed += c.passed;
	*failed += c.failed;
}

int
main(int argc, char **argv)
{
	const char *env = getenv("CRASH_ROUNDS"), *engine = NULL;
	size_t rounds = env != NULL ? strtoul(env, NULL, 10) : DEFAULT_ROUNDS;
	uint64_t seed = 1;
	unsigned passed = 0, failed = 0;

	log_setup(getenv("VERBOSE") != NULL ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
	          false); /* failures are made on purpose */
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--rounds") == 0)
			rounds = strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--engine") == 0)
			engine = argv[i + 1];
		else if (strcmp(argv[i], "--seed") == 0)
			seed = strtoull(argv[i + 1], NULL, 10);
		else
			return 64;
	}
	if (engine == NULL || strcmp(engine, "sqlite") == 0)
		run_engine("sqlite", NULL, rounds, seed, &passed, &failed);
	if (engine == NULL || strcmp(engine, "postgres") == 0) {
		struct arena *a = arena_new(1u << 20);
		struct pg_server *pg = pg_server_start(false);
		if (pg == NULL)
			printf("skipped: crash on postgres: no server\n");
		else
			run_engine("postgres", pg_server_new_migrated(pg, a), rounds, seed, &passed,
			           &failed);
		pg_server_end(pg);
		arena_free(a);
	}
	printf("checks: %u passed, %u failed\n", passed, failed);
	return failed == 0 && passed > 0 ? 0 : 1;
}
