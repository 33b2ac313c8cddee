/*
 * The crash test of the analysis: processes that grade one client's sessions together, killed with
 * SIGKILL at random moments and replaced, until all is done. What always holds in the end: every
 * session is graded, none is left in anybody's hands, none was ever asked about twice at once, and
 * what was paid beyond one call a session is counted as interrupted. RECADO and RECADO_SIM name the
 * programs; CRASH_ROUNDS says how long it takes.
 */
#include "../e2e/run_fixture.h"
#include "core/redact.h"
#include "sim/dice.h"
#include "sim/llm_answer.h"
#include "work/analysis_plan.h"

#define DEFAULT_ROUNDS 8
#define HANDS_MOST     8
#define END_MS         180000
#define SETTINGS                                                                                   \
	"HANDLER_THREADS=1\nDRAINERS=1\nANALYSIS_TIMEOUT_SECONDS=5\nANALYSIS_CONCURRENCY=%d\n"     \
	"LOG_LEVEL=warn\n"

static struct pg_server *postgres;

/* Several processes and what befalls them. */
struct storm {
	struct shop *s;
	size_t hands;
	bool serves; /* the first is a server, the others are workers; else all are servers */
	int concurrency, sessions, kills;
	int64_t least_ms, most_ms; /* between two kills */
	pid_t pid[HANDS_MOST];
	struct dice dice;
	bool retry_failed;
};

static int
rounds(void)
{
	const char *env = getenv("CRASH_ROUNDS");
	int64_t n;

	return env != NULL && str_to_i64(str_from(env), &n) && n > 0 ? (int)n : DEFAULT_ROUNDS;
}

static void
start(struct storm *x, size_t i)
{
	const char *binary = getenv("RECADO");
	const char *word = i == 0 || !x->serves ? "serve" : "worker";

	ck_assert_msg(binary != NULL, "RECADO does not name the binary");
	x->pid[i] = fork();
	ck_assert_int_ge(x->pid[i], 0);
	if (x->pid[i] > 0)
		return;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || chdir(x->s->dir) != 0 ||
	    freopen("out", "a", stdout) == NULL || freopen("err", "a", stderr) == NULL)
		_exit(99);
	execl(binary, binary, word, (char *)NULL);
	_exit(99);
}

static void
kill_one(struct storm *x, size_t i)
{
	int status;

	kill(x->pid[i], SIGKILL);
	ck_assert_int_eq(waitpid(x->pid[i], &status, 0), x->pid[i]);
	ck_assert_msg(WIFSIGNALED(status), "it had ended by itself: %s",
	              read_text(in_dir(x->s->dir, "err")));
}

static void
ask_for_run(struct storm *x)
{
	struct desk *d = x->s->d;
	const struct analysis_params p = { .script_key = d->combo.script_key,
		                           .script_version = d->combo.script_version,
		                           .tag = d->combo.tag,
		                           .min_messages = 5,
		                           .limit = ANALYSIS_RUN_LIMIT,
		                           .retry_failed = x->retry_failed,
		                           .max_cost = -1 };
	struct uuid id;

	ck_assert_ok(db_begin(d->s.db, DB_API));
	ck_assert_ok(jobs_insert(d->s.db, &d->s.rand, d->client, JOB_ANALYSIS,
	                         analysis_params_write(test_arena(), &p), clock_now(&clock_real),
	                         &id));
	ck_assert_ok(db_commit(d->s.db));
}

static void
rage(struct storm *x)
{
	for (size_t i = 0; i < x->hands; i++)
		start(x, i);
	ask_for_run(x);
	shop_await(x->s, "done", 1);
	for (int k = 0; k < x->kills; k++) {
		size_t victim = dice_below(&x->dice, x->hands);

		ask_for_run(x);
		poll(NULL, 0, (int)dice_range(&x->dice, x->least_ms, x->most_ms));
		kill_one(x, victim);
		start(x, victim);
	}
}

/* Until every session is graded; runs are asked for while there is none. */
static void
calm(struct storm *x)
{
	int64_t end = now_ms() + END_MS;

	while (shop_count(x->s, "done") < x->sessions) {
		ck_assert_msg(now_ms() < end, "%lld of %d are done: %s",
		              (long long)shop_count(x->s, "done"), x->sessions,
		              read_text(in_dir(x->s->dir, "err")));
		if (desk_number(x->s->d, "SELECT count(*) FROM jobs WHERE status IN ('queued', "
		                         "'running')") == 0)
			ask_for_run(x);
		poll(NULL, 0, 200);
	}
	for (size_t i = 0; i < x->hands; i++)
		kill(x->pid[i], SIGTERM);
	for (size_t i = 0; i < x->hands; i++)
		ck_assert_int_eq(wait_end(x->pid[i], PATIENCE_MS), 0);
}

/* The request that the program makes of a session. */
static struct str
body_of(struct storm *x, struct arena *a, struct uuid session)
{
	static const struct analyser_model model = { .model = STR("gpt-5-mini"),
		                                     .redact = REDACT_ALL,
		                                     .max_input_tokens = 100000 };
	const struct analysis_params p = { .tag = STR("v1") };
	struct desk *d = x->s->d;
	struct script script;
	struct prompt prompt;
	bool settled;

	ck_assert_ok(analysis_script_find(d->s.db, a, d->client, STR("sales"), 2, &script));
	ck_assert_ok(analyser_prompt(d->s.db, a, &model, &p, &script, d->client, session, false,
	                             clock_now(&clock_real), &prompt, &settled));
	ck_assert(settled);
	return prompt.body;
}

/* What the model server says it read. */
static int64_t
tokens_of(struct arena *a, struct str body)
{
	const struct web_request q = { .method = STR("POST"),
		                       .path = STR("/v1/responses"),
		                       .authorization = STR("Bearer k"),
		                       .content_type = STR("application/json"),
		                       .body = body };
	struct llm_options o;
	struct web_reply r;
	struct llm *m;

	llm_options_init(&o);
	m = llm_new(&o);
	llm_answer(m, &q, 0, a, &r);
	llm_done(m, &r, true);
	int64_t tokens = (int64_t)m->stats.usage.input;
	llm_free(m);
	return tokens;
}

/* A row beside what the model server counted of its request. */
static int64_t
check_session(struct storm *x, const cJSON *prompts, struct uuid session, bool good)
{
	struct arena *a = arena_new((size_t)16 << 20);
	unsigned char sum[SHA256_LEN];
	struct db_result r;
	struct str body = body_of(x, a, session);
	const cJSON *told;
	int64_t paid, interrupted;

	digest_sha256(body, sum);
	told = json_get(prompts, str_z(a, hex_encode(a, sum, sizeof sum)));
	ck_assert_msg(told != NULL, "a session was never asked about");
	ck_assert_ok(db_query(x->s->d->s.db, &q_api_analysis_one,
	                      DB_PARAMS(db_uuid(x->s->d->client), db_uuid(session),
	                                db_text(STR("sales")), db_int(2), db_text(STR("v1"))),
	                      NULL, a, &r));
	ck_assert_uint_eq(r.nrows, 1);
	interrupted = db_get_int(&r, 0, 17);
	ck_assert(str_eq(db_get_text(&r, 0, 1), STR("done")));
	ck_assert_int_eq(int_at(told, "mostInFlight"), 1);
	if (good) {
		paid = int_at(told, "paid");
		ck_assert_int_eq(paid, int_at(told, "requests"));
		ck_assert_msg(paid >= 1 && paid <= 1 + interrupted,
		              "paid %lld times, %lld calls were interrupted", (long long)paid,
		              (long long)interrupted);
		ck_assert_int_eq(db_get_int(&r, 0, 4), 0);  /* retryCount */
		ck_assert_int_eq(db_get_int(&r, 0, 11), 1); /* attempts */
		ck_assert_int_eq(db_get_int(&r, 0, 12), tokens_of(a, body));
	}
	arena_free(a);
	return interrupted;
}

static void
check(struct storm *x, bool good)
{
	const cJSON *stats = model_control(&x->s->model, "GET", "/__sim/stats");
	int64_t interrupted = 0, input, output;
	struct str *id;
	size_t n = raw_column(x->s->d->s.raw, test_arena(),
	                      pg != NULL ? "SELECT id FROM sessions"
	                                 : "SELECT substr(h, 1, 8) || '-' || substr(h, 9, 4) || "
	                                   "'-' || substr(h, 13, 4) || '-' || substr(h, 17, 4) || "
	                                   "'-' || substr(h, 21) FROM (SELECT lower(hex(id)) AS h "
	                                   "FROM sessions)",
	                      &id);

	shop_check(x->s);
	ck_assert_int_eq((int64_t)n, x->sessions);
	for (size_t i = 0; i < n; i++) {
		struct uuid session;

		ck_assert_ok(uuid_parse(id[i], &session));
		interrupted += check_session(x, at(stats, "prompts"), session, good);
	}
	input = desk_number(x->s->d, "SELECT sum(\"inputTokens\") FROM session_analyses");
	output = desk_number(x->s->d, "SELECT sum(\"outputTokens\") FROM session_analyses");
	ck_assert_int_le(input, int_at(stats, "usage.inputTokens"));
	ck_assert_int_le(output, int_at(stats, "usage.outputTokens"));
	ck_assert_int_gt(interrupted, 0);
	ck_assert_int_le(interrupted, (int64_t)x->kills * x->concurrency);
	printf("analysis crash on %s: %d sessions, %d kills, %lld requests, %lld calls "
	       "interrupted\n",
	       pg != NULL ? "postgres" : "sqlite", x->sessions, x->kills,
	       (long long)int_at(stats, "requests"), (long long)interrupted);
}

static void
play(struct storm *x, const char *manners, int latency_ms)
{
	x->s = shop_open(manners, latency_ms, FMT(SETTINGS, x->concurrency));
	x->dice = dice_for(1, 50, x->hands);
	desk_sql(x->s->d, "BEGIN");
	shop_talk(x->s, NULL, x->sessions);
	desk_sql(x->s->d, "COMMIT");
	rage(x);
	calm(x);
	check(x, strcmp(manners, "none") == 0);
	shop_close(x->s);
}

START_TEST(eight_processes_that_are_killed_and_replaced_grade_every_session_once)
{
	struct storm x = { .hands = HANDS_MOST,
		           .serves = true,
		           .concurrency = 3,
		           .sessions = 40 * rounds(),
		           .kills = 3 * rounds(),
		           .least_ms = 20,
		           .most_ms = 250 };

	pg = postgres;
	play(&x, "none", 400);
}
END_TEST

START_TEST(killed_while_the_model_server_misbehaves_every_session_is_graded_in_the_end)
{
	struct storm x = { .hands = 4,
		           .serves = true,
		           .concurrency = 4,
		           .sessions = 15 * rounds(),
		           .kills = rounds(),
		           .least_ms = 100,
		           .most_ms = 500,
		           .retry_failed = true };

	pg = postgres;
	play(&x, "fenced=50,429=40,503=40,broken_json=80,cut=40,failed=40,fabricated=50", 300);
}
END_TEST

START_TEST(one_server_that_is_killed_and_started_again_goes_on)
{
	struct storm x = { .hands = 1,
		           .concurrency = 4,
		           .sessions = 8 * rounds(),
		           .kills = rounds(),
		           .least_ms = 300,
		           .most_ms = 900 };

	pg = NULL;
	play(&x, "none", 300);
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *suite = suite_create("analysis crash");
	TCase *all = tcase_create("analysis crash");

	tcase_set_timeout(all, 0); /* as long as the rounds take */
	tcase_add_test(all, eight_processes_that_are_killed_and_replaced_grade_every_session_once);
	tcase_add_test(all,
	               killed_while_the_model_server_misbehaves_every_session_is_graded_in_the_end);
	tcase_add_test(all, one_server_that_is_killed_and_started_again_goes_on);
	suite_add_tcase(suite, all);
	return suite;
}

int
main(void)
{
	int status;

	postgres = pg_server_start(false);
	if (postgres == NULL)
		return 1;
	status = testing_run(make_suite);
	pg_server_end(postgres);
	return status;
}
