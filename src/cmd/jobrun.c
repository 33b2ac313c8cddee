/*
 * Why: import, sync-contacts and analyze differ in what they ask for, not in how it is worked on,
 * shown and stopped. What always holds: the jobs are rows like any other's; this process works on
 * them, and shows them whoever works on them; a client's trouble stops no other's job; stopped at a
 * safe point or killed, what was done stays, and the next call goes on after it.
 */
#include "cmd/jobrun.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "cmd/analysing.h"
#include "cmd/importing.h"
#include "cmd/process.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/signals.h"

#define ARENA_BYTES   ((size_t)64 << 20)
#define AT_ONCE       8 /* jobs */
#define LOOK_MS       50
#define CHECKPOINT_MS 1000
#define AWAY_MS       60000 /* so long without a database is given up */
#define STOP_LIMIT_MS 30000

/* What works on one job of this process. */
struct jobrun_worker {
	struct importing *importing;
	struct analysing *analysing;
};

static enum err
worker_start(const struct jobrun *x, struct uuid job, struct jobrun_worker *w)
{
	if (x->kind == JOB_ANALYSIS)
		return analysing_start(x->settings, x->pool, job, &w->analysing);
	return importing_start(x->settings, x->pool, job, 1, &w->importing);
}

static bool
worker_works(const struct jobrun_worker *w)
{
	return w->importing != NULL || w->analysing != NULL;
}

static void
worker_stop(const struct jobrun_worker *w)
{
	if (w->importing != NULL)
		importing_stop(w->importing);
	if (w->analysing != NULL)
		analysing_stop(w->analysing);
}

static void
worker_join(struct jobrun_worker *w)
{
	importing_join(w->importing);
	analysing_join(w->analysing);
	*w = (struct jobrun_worker){ NULL, NULL };
}

void
jobrun_say(const struct jobrun *x, const char *slug, const char *text)
{
	fprintf(stderr, "recado %s: %s%s%s\n", x->inv->command->name, slug,
	        slug[0] != '\0' ? ": " : "", text);
}

void
jobrun_reserve(struct jobrun *x, size_t n)
{
	x->jobs = ARENA_ARRAY(x->arena, n, struct watched);
	x->workers = ARENA_ARRAY(x->arena, n, struct jobrun_worker);
}

void
jobrun_add(struct jobrun *x, struct uuid id, const char *slug, bool joined, bool held)
{
	x->jobs[x->n++] = (struct watched){ .id = id,
		                            .slug = slug,
		                            .joined = joined,
		                            .end = held ? WATCH_FAILED : WATCH_GOES_ON,
		                            .total = -1,
		                            .eta_seconds = -1 };
}

/* Workers of jobs that ended go, and others begin, AT_ONCE at a time. */
static enum err
tend_workers(struct jobrun *x)
{
	size_t working = 0;
	enum err e = ERR_OK;

	for (size_t i = 0; i < x->n; i++) {
		if (worker_works(&x->workers[i]) && x->jobs[i].end != WATCH_GOES_ON) {
			worker_stop(&x->workers[i]);
			worker_join(&x->workers[i]);
		}
		working += worker_works(&x->workers[i]);
	}
	for (size_t i = 0; e == ERR_OK && i < x->n && working < AT_ONCE; i++) {
		if (!worker_works(&x->workers[i]) && x->jobs[i].end == WATCH_GOES_ON) {
			e = worker_start(x, x->jobs[i].id, &x->workers[i]);
			working++;
		}
	}
	return e;
}

static void
end_workers(struct jobrun *x)
{
	for (size_t i = 0; i < x->n; i++)
		worker_stop(&x->workers[i]);
	for (size_t i = 0; i < x->n; i++)
		worker_join(&x->workers[i]);
}

/* What this call began ends at the next safe point; what it joined is given back, or goes on where
 * it is worked on. */
static void
stop_jobs(struct jobrun *x, struct watch *w, int signal_fd)
{
	watch_say(w, "stopping at the next safe point; once more ends it at once");
	process_limit_stop(signal_fd, STOP_LIMIT_MS);
	for (size_t i = 0; i < x->n; i++) {
		struct watched *j = &x->jobs[i];
		enum err e;

		if (j->end != WATCH_GOES_ON)
			continue;
		if (j->joined) {
			j->end = WATCH_STOPPED;
			watch_say(w, str_z(x->arena, str_fmt(x->arena,
			                                     "%s: the job that was joined is left "
			                                     "as it is",
			                                     j->slug)));
			continue;
		}
		e = jobs_cancel(x->db, j->id, clock_now(&clock_real));
		if (e != ERR_OK && e != ERR_CONFLICT)
			j->end = WATCH_STOPPED; /* the database is away: its lease ends */
	}
}

/* As a server's keeper does it: beside the work, or SQLite's log grows until the end and is moved
 * then, while nothing else is done. A failure is met again at the next one, or by the work itself.
 */
static void
checkpoint(struct jobrun *x, int64_t now_ms, int64_t *next_ms)
{
	enum err e;

	if (now_ms < *next_ms)
		return;
	*next_ms = now_ms + CHECKPOINT_MS;
	e = db_checkpoint(x->db);
	if (e != ERR_OK)
		log_warn("jobrun.checkpoint_failed", LOG_ERR(e),
		         LOG_Z("detail", db_message(x->db)));
}

static int
go_on(struct jobrun *x, int signal_fd)
{
	const char *name = x->inv->command->name;
	int64_t away_since = 0, next_checkpoint = 0;
	bool stopping = false;
	struct watch w;
	enum err e;

	watch_init(&w, name, invocation_get(x->inv, "--json") != NULL, x->jobs, x->n);
	while (watch_goes_on(&w)) {
		int64_t now = clock_now(&clock_real);

		e = watch_look(&w, x->db, now);
		if (e == ERR_OK)
			away_since = 0;
		else if (away_since == 0)
			away_since = now;
		if (away_since != 0 && now - away_since > AWAY_MS)
			return settings_finish(x->inv, x->db, e);
		if (!watch_goes_on(&w))
			break;
		if (tend_workers(x) != ERR_OK)
			return EXIT_FAILED;
		checkpoint(x, now, &next_checkpoint);
		if (stopping) {
			poll(NULL, 0, LOOK_MS);
		} else {
			int signal = signals_wait(signal_fd, LOOK_MS);

			stopping = signal == SIGINT || signal == SIGTERM;
			if (stopping)
				stop_jobs(x, &w, signal_fd);
		}
	}
	end_workers(x);
	return watch_finish(&w, x->db);
}

static int
run_jobs(struct jobrun *x, enum err (*ask)(struct jobrun *), int signal_fd)
{
	int status = EXIT_FAILED;
	enum err e;

	if (settings_open_db(x->settings, &x->pool, &x->db) != ERR_OK)
		return EXIT_FAILED;
	x->arena = arena_new(ARENA_BYTES);
	e = ask(x);
	if (e == ERR_OK && x->n == 0)
		status = x->status;
	else if (e == ERR_OK)
		status = go_on(x, signal_fd);
	else if (e != ERR_NOT_FOUND && e != ERR_CONFLICT)
		status = settings_finish(x->inv, x->db, e);
	end_workers(x);
	settings_close_db(x->pool, x->db);
	arena_free(x->arena);
	return status;
}

int
jobrun_command(const struct invocation *inv, enum job_kind kind, enum err (*ask)(struct jobrun *),
               const void *ctx)
{
	struct settings s;
	struct jobrun x = { .inv = inv, .kind = kind, .settings = &s, .ctx = ctx };
	int signal_fd, status = EXIT_CONFIG;
	const char *wrong = inv->nwords > 0 ? admin_slug_wrong(str_from(inv->words[0])) : NULL;

	if (wrong != NULL)
		return command_refuse(inv, inv->words[0], wrong);
	if (signals_setup(&signal_fd) != ERR_OK) {
		fprintf(stderr, "recado %s: signals cannot be set up\n", inv->command->name);
		return EXIT_FAILED;
	}
	if (settings_load(&s)) {
		process_harden();
		if (!str_eq(s.config.log_level, STR("debug")))
			log_setup(LOG_LEVEL_WARN, str_eq(s.config.log_format, STR("json")));
		status = run_jobs(&x, ask, signal_fd);
	}
	settings_free(&s);
	return status;
}
