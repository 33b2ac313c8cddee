/*
 * Runs of the analysis by the real program: a database with conversations that were written by
 * hand, the simulated model server as a process, and a server or commands beside it. RECADO and
 * RECADO_SIM name the programs, ENGINE says on which database.
 */
#ifndef RECADO_TESTS_RUN_FIXTURE_H
#define RECADO_TESTS_RUN_FIXTURE_H

#include <sys/prctl.h>

/* The simulator has a world too, which nobody here looks at. */
#define world sim_world
#include "analysis_fixture.h"
#undef world
#include "api_fixture.h"

#define MODEL_KEY    "sk-canary-key-of-the-model-0123456789"
#define MODEL_PRICES "0.25,0.025,2"
#define RUN_PATH     "/api/admin/acme/session-analyses/run"
#define LONG_MS      60000

/* The model server. */
struct model {
	struct process process;
	const char *url; /* without a path */
};

static inline struct model
model_start(const char *manners, int latency_ms)
{
	const char *sim = getenv("RECADO_SIM"), *dir = test_dir(), *file = in_dir(dir, "sim");
	const char *latency = FMT("%d", latency_ms);
	int64_t end = now_ms() + PATIENCE_MS;
	struct model m = { .process = { .dir = dir } };
	unsigned port = 0;

	ck_assert_msg(sim != NULL, "RECADO_SIM does not name the simulator");
	m.process.pid = fork();
	ck_assert_int_ge(m.process.pid, 0);
	if (m.process.pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || freopen(file, "w", stdout) == NULL)
			_exit(99);
		execl(sim, sim, "model", "--port", "0", "--quiet", "--strict-data", "--api-key",
		      MODEL_KEY, "--manners", manners, "--latency-ms", latency, (char *)NULL);
		_exit(99);
	}
	while (port == 0 && now_ms() < end) {
		if (access(file, R_OK) == 0)
			sscanf(read_text(file), "listening on http://127.0.0.1:%u\n", &port);
		poll(NULL, 0, 5);
	}
	ck_assert_msg(port != 0, "the model server does not listen");
	m.process.port = (uint16_t)port;
	m.url = FMT("http://127.0.0.1:%u", port);
	return m;
}

static inline void
model_end(struct model *m)
{
	kill(m->process.pid, SIGTERM);
	ck_assert_int_eq(wait_end(m->process.pid, PATIENCE_MS), 0);
}

/* A control of the model server; its document, NULL if it has none. */
static inline const cJSON *
model_control(const struct model *m, const char *method, const char *path)
{
	struct client c = connect_to(&m->process);
	const cJSON *doc = NULL;
	struct answer a;

	client_send(&c,
	            FMT("%s %s HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", method, path));
	a = client_read(&c, false);
	client_close(&c);
	ck_assert_int_eq(a.status, 200);
	if (a.body_len > 0)
		ck_assert_ok(json_parse(test_arena(),
		                        str_dup(test_arena(), str_n(a.body, a.body_len)), &doc));
	answer_free(&a);
	return doc;
}

static inline int64_t
model_number(const struct model *m, const char *path)
{
	return int_at(model_control(m, "GET", "/__sim/stats"), path);
}

/* Every request was one that a model server takes, and kept what is promised of it. */
static inline void
model_check(const struct model *m)
{
	static const char *const none[] = {
		"elsewhere",         "refused.invalid",  "refused.unauthorized", "violations.store",
		"violations.strict", "violations.phone", "violations.email",     "violations.key"
	};
	const cJSON *stats = model_control(m, "GET", "/__sim/stats");

	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		ck_assert_msg(int_at(stats, none[i]) == 0, "%s: %s", none[i],
		              str_z(test_arena(), json_raw(test_arena(), stats)));
}

/* A database with clients acme and beta, acme's rubric sales/2, and a directory to run in. */
struct shop {
	const char *dir;
	struct desk *d;
	struct model model;
	struct world w; /* once it serves */
};

/* Its .env, with a key for the model and prices unless they are NULL, and more lines. */
static inline void
shop_configure(const struct shop *s, const char *key, const char *prices, const char *more)
{
	write_text(in_dir(s->dir, ".env"),
	           FMT("DATABASE_URL=%s\nPORT=0\nADMIN_TOKEN=" ADMIN "\n"
	               "SECRET_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
	               "META_APP_SECRET=" GATE_SECRET "\nMETA_VERIFY_TOKEN=" GATE_VERIFY "\n"
	               "OPENAI_BASE_URL=%s/v1\n%s%s\n%s%s\n%s",
	               s->d->url, s->model.url, key != NULL ? "OPENAI_API_KEY=" : "",
	               key != NULL ? key : "", prices != NULL ? "OPENAI_PRICES=" : "",
	               prices != NULL ? prices : "", more));
}

static inline struct shop *
shop_open(const char *manners, int latency_ms, const char *more)
{
	struct shop *s = ARENA_NEW(test_arena(), struct shop);

	s->dir = test_dir();
	s->model = model_start(manners, latency_ms);
	s->d = desk_open_at(pg != NULL ? pg_server_new_migrated(pg, test_arena())
	                               : FMT("sqlite:%s", in_dir(s->dir, "recado.db")));
	s->d->at = clock_now(&clock_real);
	desk_rubric(s->d, s->d->client, "sales", 2);
	shop_configure(s, MODEL_KEY, MODEL_PRICES, more);
	return s;
}

static inline void
shop_serve(struct shop *s)
{
	s->w = (struct world){ .process = serve_in(s->dir) };
	s->w.acme_admin = new_token(&s->w, "admin", "acme");
	s->w.acme_agent = new_token(&s->w, "agent", "acme");
	s->w.acme_viewer = new_token(&s->w, "viewer", "acme");
	s->w.beta_admin = new_token(&s->w, "admin", "beta");
}

#define ROWS_WHERE "SELECT count(*) FROM session_analyses WHERE "

/* Nothing is being worked on, and the model server has nothing to complain of. */
static inline void
shop_check(const struct shop *s)
{
	ck_assert_int_eq(desk_number(s->d, ROWS_WHERE "\"status\" = 'processing' OR "
	                                              "\"leaseOwner\" IS NOT NULL"),
	                 0);
	model_check(&s->model);
}

static inline void
shop_close(struct shop *s)
{
	if (s->w.process.pid > 0)
		world_end(&s->w);
	shop_check(s);
	model_end(&s->model);
	desk_close(s->d);
}

/* So many settled conversations, the first with this marker (sim/llm_internal.h) or NULL. */
static inline void
shop_talk(struct shop *s, const char *marker, int n)
{
	for (int i = 0; i < n; i++) {
		struct planted p = { .ended_ago = 2 * DAY + (s->d->talks + 1) * TIME_MINUTE };

		desk_talk(s->d, &p, i == 0 ? marker : NULL);
	}
}

static inline int64_t
shop_count(const struct shop *s, const char *status)
{
	return desk_number(s->d, ROWS_WHERE "\"status\" = '%s'", status);
}

/* Waits until the number of rows with that status is at least n. */
static inline void
shop_await(const struct shop *s, const char *status, int64_t n)
{
	int64_t end = now_ms() + LONG_MS;

	while (shop_count(s, status) < n) {
		ck_assert_msg(now_ms() < end, "%lld are not %s: %s", (long long)n, status,
		              read_text(in_dir(s->dir, "err")));
		poll(NULL, 0, 10);
	}
}

/* The body of a run with these further members, ",…". */
static inline const char *
run_body(const char *more)
{
	return FMT("{\"scriptKey\":\"sales\",\"minMessages\":5%s}", more);
}

#endif
