/*
 * Why: who starts long work wants to see that it moves, how fast and until when. What always holds:
 * what is shown is what is stored of the job, whichever process works on it; the bar is on stderr,
 * so that stdout has lines alone.
 */
#include "cmd/watch.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/job.h"
#include "cmd/command.h"
#include "store/queries.h"

#define LINE_MS     5000
#define BAR_WIDTH   24
#define ARENA_BYTES ((size_t)4 << 20)

void
watch_init(struct watch *w, const char *command, bool json, struct watched *jobs, size_t n)
{
	*w = (struct watch){ .command = command,
		             .json = json,
		             .terminal = !json && isatty(STDERR_FILENO) == 1,
		             .jobs = jobs,
		             .n = n };
}

bool
watch_goes_on(const struct watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->jobs[i].end == WATCH_GOES_ON)
			return true;
	return false;
}

static void
clear_bar(struct watch *w)
{
	if (w->bar)
		fputs("\r\033[K", stderr);
	w->bar = false;
}

void
watch_say(struct watch *w, const char *text)
{
	if (w->json)
		return;
	clear_bar(w);
	fprintf(stderr, "%s\n", text);
}

static enum watch_end
end_of(struct str status)
{
	if (str_eq(status, STR("succeeded")))
		return WATCH_DONE;
	if (str_eq(status, STR("partial")))
		return WATCH_PARTLY;
	if (str_eq(status, STR("failed")))
		return WATCH_FAILED;
	return str_eq(status, STR("cancelled")) ? WATCH_STOPPED : WATCH_GOES_ON;
}

/* 0 or more a second, since this call saw it; -1: not known. */
static double
rate(const struct watched *j, int64_t now_ms)
{
	int64_t ms = now_ms - j->seen_at;

	return j->seen_at == 0 || ms < 1000 ? -1
	                                    : (double)(j->done - j->seen_done) * 1000 / (double)ms;
}

/* " 12.3/s, 0:45 left" as far as known. */
static void
write_pace(struct buf *b, const struct watched *j, int64_t now_ms)
{
	double r = rate(j, now_ms);

	if (r >= 0)
		buf_fmt(b, ", %.1f/s", r);
	if (j->eta_seconds >= 0)
		buf_fmt(b, ", %lld:%02lld left", (long long)(j->eta_seconds / 60),
		        (long long)(j->eta_seconds % 60));
}

static void
write_counts(struct buf *b, const struct watched *j)
{
	if (j->total >= 0)
		buf_fmt(b, "%lld of %lld %s", (long long)j->done, (long long)j->total, j->unit);
	else
		buf_fmt(b, "%lld %s", (long long)j->done, j->unit);
}

/* All that go on as one bar. */
static void
draw_bar(struct watch *w, int64_t now_ms)
{
	struct watched all = { .slug = "", .total = 0, .eta_seconds = -1 };
	size_t going = 0;
	struct buf b;

	for (size_t i = 0; i < w->n; i++) {
		const struct watched *j = &w->jobs[i];

		if (j->end != WATCH_GOES_ON)
			continue;
		if (going++ == 0)
			all = *j;
		else {
			all.done += j->done;
			all.total = all.total < 0 || j->total < 0 ? -1 : all.total + j->total;
			all.seen_done += j->seen_done;
			if (j->eta_seconds > all.eta_seconds)
				all.eta_seconds = j->eta_seconds;
		}
	}
	if (going == 0)
		return;
	buf_init(&b, NULL, 4096);
	buf_fmt(&b, "\r\033[K");
	if (going == 1)
		buf_fmt(&b, "%s ", all.slug);
	else
		buf_fmt(&b, "%zu clients ", going);
	if (all.total > 0) {
		int64_t full = all.done >= all.total ? BAR_WIDTH : all.done * BAR_WIDTH / all.total;

		buf_char(&b, '[');
		for (int64_t i = 0; i < BAR_WIDTH; i++)
			buf_char(&b, i < full ? '#' : '.');
		buf_fmt(&b, "] %lld%% ",
		        (long long)(all.done >= all.total ? 100 : all.done * 100 / all.total));
	}
	write_counts(&b, &all);
	write_pace(&b, &all, now_ms);
	fprintf(stderr, STR_FMT, STR_ARG(buf_slice(&b)));
	fflush(stderr);
	w->bar = true;
	buf_deinit(&b);
}

static void
print_line(const struct watched *j, int64_t now_ms)
{
	struct buf b;

	buf_init(&b, NULL, 4096);
	buf_fmt(&b, "%s: ", j->slug);
	write_counts(&b, j);
	if (j->total > 0 && j->done <= j->total)
		buf_fmt(&b, ", %lld%%", (long long)(j->done * 100 / j->total));
	write_pace(&b, j, now_ms);
	printf(STR_FMT "\n", STR_ARG(buf_slice(&b)));
	fflush(stdout);
	buf_deinit(&b);
}

/* " (ticketsNew 193, requests 369)": what there was of. */
static void
write_nonzero(struct buf *b, struct str counts)
{
	struct arena *a = arena_new(ARENA_BYTES);
	const cJSON *doc = NULL;
	size_t shown = 0;

	if (json_parse(a, counts, &doc) != ERR_OK)
		doc = NULL;
	for (const cJSON *x = json_first(doc); x != NULL; x = x->next) {
		int64_t n = 0;

		if (json_i64(x, &n) && n != 0)
			buf_fmt(b, "%s%s %lld", shown++ == 0 ? " (" : ", ", x->string,
			        (long long)n);
	}
	if (shown > 0)
		buf_char(b, ')');
	arena_free(a);
}

/* How one ended, for people; failures on stderr. */
static void
print_end(struct watch *w, const struct watched *j, const struct db_result *r)
{
	static const char *const words[] = {
		[WATCH_DONE] = "done",
		[WATCH_PARTLY] = "partly done",
		[WATCH_FAILED] = "failed",
		[WATCH_STOPPED] = "stopped, the next call goes on from here",
	};
	struct str error = db_get_text(r, 0, J_ERROR), counts = db_get_text(r, 0, J_COUNTS);
	struct buf b;

	clear_bar(w);
	buf_init(&b, NULL, 8192);
	buf_fmt(&b, "%s: %s: ", j->slug, words[j->end]);
	write_counts(&b, j);
	if (!str_is_empty(error))
		buf_fmt(&b, ": " STR_FMT, STR_ARG(error));
	if (j->end == WATCH_PARTLY && str_eq(db_get_text(r, 0, J_KIND), STR("analysis")))
		buf_fmt(&b, " (GET /api/tenant/%s/session-analyses/summary shows what waits)",
		        j->slug);
	else if (j->end == WATCH_PARTLY)
		buf_fmt(&b,
		        " (GET /api/clients/%s/import-failures lists them; the next import "
		        "tries them again)",
		        j->slug);
	else if (j->end == WATCH_DONE && !str_is_empty(counts))
		write_nonzero(&b, counts);
	fprintf(j->end == WATCH_DONE ? stdout : stderr, STR_FMT "\n", STR_ARG(buf_slice(&b)));
	fflush(stdout);
	buf_deinit(&b);
}

/* {"type":"progress","job":{…}} */
static enum err
print_json(struct db *db, struct arena *a, const struct watched *j)
{
	struct buf b;
	struct jw w;
	enum err e;

	buf_init(&b, a, ARENA_BYTES / 4);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kz(&w, "type", "progress");
	jw_key(&w, "job");
	e = job_write_one(db, a, j->id, &w);
	jw_obj_end(&w);
	if (e == ERR_OK)
		printf(STR_FMT "\n", STR_ARG(buf_slice(&b)));
	fflush(stdout);
	return e;
}

/* *moved: something is new. */
static enum err
read_one(struct watched *j, struct db *db, struct arena *a, int64_t now_ms, struct db_result *r,
         bool *moved)
{
	struct watched was = *j;
	enum err e = db_query(db, &q_jobs_one, DB_PARAMS(db_uuid(j->id)), NULL, a, r);

	if (e != ERR_OK)
		return e;
	if (r->nrows == 0)
		return ERR_NOT_FOUND;
	j->done = db_get_int(r, 0, J_DONE);
	j->total = db_is_null(r, 0, J_TOTAL) ? -1 : db_get_int(r, 0, J_TOTAL);
	j->eta_seconds = db_is_null(r, 0, J_ETA) ? -1 : db_get_int(r, 0, J_ETA);
	snprintf(j->unit, sizeof(j->unit), STR_FMT, STR_ARG(db_get_text(r, 0, J_UNIT)));
	j->end = end_of(db_get_text(r, 0, J_STATUS));
	if (j->seen_at == 0 && str_eq(db_get_text(r, 0, J_STATUS), STR("running"))) {
		j->seen_at = now_ms;
		j->seen_done = j->done;
	}
	*moved = j->seen_at != was.seen_at || j->done != was.done || j->total != was.total ||
	         j->end != was.end;
	return ERR_OK;
}

enum err
watch_look(struct watch *w, struct db *db, int64_t now_ms)
{
	bool line = !w->json && !w->terminal && now_ms >= w->next_line_ms, moved = false;
	struct arena *a = arena_new(ARENA_BYTES);
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < w->n; i++) {
		struct watched *j = &w->jobs[i];
		struct db_result r;

		if (j->end != WATCH_GOES_ON)
			continue;
		arena_reset(a);
		e = read_one(j, db, a, now_ms, &r, &moved);
		if (e == ERR_OK && w->json && moved)
			e = print_json(db, a, j);
		if (e == ERR_OK && !w->json && j->end != WATCH_GOES_ON)
			print_end(w, j, &r);
		else if (e == ERR_OK && line && w->next_line_ms > 0)
			print_line(j, now_ms);
	}
	if (line)
		w->next_line_ms = now_ms + LINE_MS;
	if (w->terminal)
		draw_bar(w, now_ms);
	arena_free(a);
	return e;
}

/* All done 0, all failed 1, else 3. */
static int
exit_status(const struct watch *w)
{
	size_t done = 0, failed = 0;

	for (size_t i = 0; i < w->n; i++) {
		done += w->jobs[i].end == WATCH_DONE;
		failed += w->jobs[i].end == WATCH_FAILED;
	}
	return done == w->n ? EXIT_DONE : failed == w->n ? EXIT_FAILED : EXIT_PARTLY;
}

int
watch_finish(struct watch *w, struct db *db)
{
	int status = exit_status(w);
	struct arena *a;
	struct buf b;
	struct jw jw;

	clear_bar(w);
	if (!w->json)
		return status;
	a = arena_new(ARENA_BYTES * 16);
	buf_init(&b, a, ARENA_BYTES * 8);
	jw_init(&jw, &b);
	jw_obj(&jw);
	jw_kz(&jw, "type", "result");
	jw_kz(&jw, "command", w->command);
	jw_ki64(&jw, "exitStatus", status);
	jw_key(&jw, "jobs");
	jw_arr(&jw);
	for (size_t i = 0; i < w->n; i++)
		if (job_write_one(db, a, w->jobs[i].id, &jw) != ERR_OK)
			status = EXIT_FAILED;
	jw_arr_end(&jw);
	jw_obj_end(&jw);
	printf(STR_FMT "\n", STR_ARG(buf_slice(&b)));
	fflush(stdout);
	arena_free(a);
	return status;
}
