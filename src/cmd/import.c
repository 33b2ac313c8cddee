/*
 * `recado import` and `recado sync-contacts`: the jobs are rows like any other's; this process
 * works on them, and shows them whoever works on them. What always holds: a client's trouble stops
 * no other's job; stopped at a safe point or killed, what was imported stays, and the next call
 * goes on after it.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/commands.h"
#include "cmd/importing.h"
#include "cmd/process.h"
#include "cmd/watch.h"
#include "store/queries.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/signals.h"

#define ARENA_BYTES   ((size_t)64 << 20)
#define AT_ONCE       8 /* clients */
#define LOOK_MS       250
#define AWAY_MS       60000 /* so long without a database is given up */
#define STOP_LIMIT_MS 30000

struct run {
	const struct invocation *inv;
	enum job_kind kind;
	const struct settings *settings;
	struct db_pool *pool;
	struct db *db;
	struct arena *arena; /* of the whole command */
	struct watched *jobs;
	struct importing **workers; /* of each job; NULL: none */
	size_t n;
};

static void
say(const struct run *x, const char *slug, const char *text)
{
	fprintf(stderr, "recado %s: %s%s%s\n", x->inv->command->name, slug,
	        slug[0] != '\0' ? ": " : "", text);
}

static void
add_watched(struct run *x, const struct admin_job *job, const char *slug)
{
	x->jobs[x->n++] = (struct watched){ .id = job->id,
		                            .slug = slug,
		                            .joined = job->existing,
		                            .end = job->held ? WATCH_FAILED : WATCH_GOES_ON,
		                            .total = -1,
		                            .eta_seconds = -1 };
}

/* The job of one client is queued, or the one that waits joined. One that another process works on
 * is left to it, and told. */
static enum err
add_job(struct run *x, struct uuid client, const char *slug)
{
	const struct admin ad = settings_admin(x->db, x->arena);
	bool import = x->kind == JOB_IMPORT;
	struct admin_job job = { .client = client, .kind = x->kind, .unheld = true };
	const char *id;
	enum err e;

	job.full = import && invocation_get(x->inv, "--full") != NULL;
	job.episodes = import && invocation_get(x->inv, "--episodes") != NULL;
	e = admin_job_start(&ad, &job);
	if (e == ERR_CONFLICT && !job.held && job.refused != NULL)
		say(x, slug, job.refused);
	if (e != ERR_OK && !job.held)
		return e;
	id = str_z(x->arena, uuid_text(x->arena, job.id));
	if (job.held)
		say(x, slug,
		    str_z(x->arena, str_fmt(x->arena,
		                            "another process works on job %s; GET /api/jobs/%s "
		                            "shows how far it is",
		                            id, id)));
	else if (job.existing)
		say(x, slug,
		    str_z(x->arena,
		          str_fmt(x->arena, "joined job %s, which was waiting to go on", id)));
	add_watched(x, &job, slug);
	return ERR_OK;
}

static enum err
add_jobs(struct run *x)
{
	const char *slug = x->inv->nwords > 0 ? x->inv->words[0] : NULL;
	struct db_result r;
	enum err e;

	if (slug != NULL)
		e = db_query(x->db, &q_api_scope_client,
		             DB_PARAMS(db_text(str_from(slug)), db_uuid(UUID_NIL)), NULL, x->arena,
		             &r);
	else
		e = db_query(x->db, &q_jobs_clients, DB_PARAMS(db_uuid(UUID_NIL)), NULL, x->arena,
		             &r);
	if (e != ERR_OK)
		return e;
	if (r.nrows == 0) {
		say(x, slug != NULL ? slug : "",
		    slug != NULL ? "there is no such client"
		                 : "no active client has a helpdesk: set apiBaseUrl and apiKey");
		return ERR_NOT_FOUND;
	}
	x->jobs = ARENA_ARRAY(x->arena, r.nrows, struct watched);
	x->workers = ARENA_ARRAY(x->arena, r.nrows, struct importing *);
	for (size_t i = 0; i < r.nrows; i++) {
		x->workers[i] = NULL;
		e = add_job(x, db_get_uuid(&r, i, 0), str_z(x->arena, db_get_text(&r, i, 1)));
		if (e == ERR_CONFLICT && slug == NULL)
			e = ERR_OK; /* it was changed meanwhile */
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* Workers of jobs that ended go, and others begin, AT_ONCE at a time. */
static enum err
tend_workers(struct run *x)
{
	size_t working = 0;
	enum err e = ERR_OK;

	for (size_t i = 0; i < x->n; i++) {
		if (x->workers[i] != NULL && x->jobs[i].end != WATCH_GOES_ON) {
			importing_stop(x->workers[i]);
			importing_join(x->workers[i]);
			x->workers[i] = NULL;
		}
		working += x->workers[i] != NULL;
	}
	for (size_t i = 0; e == ERR_OK && i < x->n && working < AT_ONCE; i++) {
		if (x->workers[i] == NULL && x->jobs[i].end == WATCH_GOES_ON) {
			e = importing_start(x->settings, x->pool, x->jobs[i].id, 1, &x->workers[i]);
			working++;
		}
	}
	return e;
}

static void
end_workers(struct run *x)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->workers[i] != NULL)
			importing_stop(x->workers[i]);
	for (size_t i = 0; i < x->n; i++) {
		importing_join(x->workers[i]);
		x->workers[i] = NULL;
	}
}

/* What this call began ends at the next safe point; what it joined is given back, or goes on where
 * it is worked on. */
static void
stop_jobs(struct run *x, struct watch *w, int signal_fd)
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

static int
go_on(struct run *x, int signal_fd)
{
	const char *name = x->inv->command->name;
	int64_t away_since = 0;
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
run_jobs(const struct invocation *inv, enum job_kind kind, const struct settings *s, int signal_fd)
{
	struct run x = { .inv = inv, .kind = kind, .settings = s };
	int status = EXIT_FAILED;
	enum err e;

	if (settings_open_db(s, &x.pool, &x.db) != ERR_OK)
		return EXIT_FAILED;
	x.arena = arena_new(ARENA_BYTES);
	e = add_jobs(&x);
	if (e == ERR_OK)
		status = go_on(&x, signal_fd);
	else if (e != ERR_NOT_FOUND && e != ERR_CONFLICT)
		status = settings_finish(inv, x.db, e);
	end_workers(&x);
	settings_close_db(x.pool, x.db);
	arena_free(x.arena);
	return status;
}

static int
run_kind(const struct invocation *inv, enum job_kind kind)
{
	struct settings s;
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
		status = run_jobs(inv, kind, &s, signal_fd);
	}
	settings_free(&s);
	return status;
}

int
import_run(const struct invocation *inv)
{
	return run_kind(inv, JOB_IMPORT);
}

int
sync_contacts_run(const struct invocation *inv)
{
	return run_kind(inv, JOB_SYNC_CONTACTS);
}
