/*
 * What a run of the analysis leaves outside the two places where it belongs: nothing. Words that
 * stand in messages, names, the rubric and the secrets are looked for in the log at its most
 * talkative, in what is printed, in jobs, in the audit log and in the metrics, after the model
 * server has answered in every way that it has, among them by repeating what it was sent. RECADO
 * and RECADO_SIM name the programs, ENGINE says on which engine.
 */
#include "run_fixture.h"
#include "sim/llm.h"

/* Words that are nowhere else. */
#define SAID   "papagaio-verde"
#define NAMED  "Zulmira"
#define PHONED "11987654321"
#define JUDGED "rubrica-do-canario"

static const char *const secrets[] = { SAID,         NAMED,      PHONED, JUDGED,      MODEL_KEY,
	                               "canary-key", "AAECAwQF", ADMIN,  GATE_SECRET, GATE_VERIFY };

/* The whole file, whatever its length. */
static struct str
whole_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *p = NULL;
	size_t n = 0;
	struct str s;

	ck_assert_ptr_nonnull(f);
	if (getdelim(&p, &n, '\0', f) < 0)
		p[0] = '\0';
	s = str_dup(test_arena(), str_from(p));
	free(p);
	fclose(f);
	return s;
}

static bool
holds(struct str text, const char *word)
{
	return memmem(text.p, text.n, word, strlen(word)) != NULL;
}

static void
must_be_clean(const char *what, struct str text)
{
	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
		const char *at = memmem(text.p, text.n, secrets[i], strlen(secrets[i]));

		ck_assert_msg(at == NULL, "\"%s\" is in %s: %.200s", secrets[i], what,
		              at != NULL && at - text.p > 100 ? at - 100 : text.p);
	}
}

/* A session for each way of the server to answer once, with all that is private in it. */
static void
plant(struct shop *s, bool ending)
{
	for (int i = LLM_GOOD; i < LLM_KINDS; i++) {
		enum llm_kind kind = (enum llm_kind)i;
		bool ends = kind == LLM_401 || kind == LLM_403 || kind == LLM_404 ||
		            kind == LLM_ECHO_401;

		if (ends == ending)
			shop_talk(s,
			          FMT("sim:%s*1 " SAID " diz " NAMED
			              ", +55 (11) 98765-4321 ou " PHONED,
			              llm_kind_name(kind)),
			          1);
	}
	desk_sql(s->d, "UPDATE sessions SET user_name = '" NAMED "'");
	desk_sql(s->d, "UPDATE analysis_scripts SET \"scriptText\" = 'Avalie: " JUDGED "'");
}

/* In the rows of a column. */
static void
check_column(const struct shop *s, const char *sql)
{
	struct str *v;
	size_t n = raw_column(s->d->s.raw, test_arena(), sql, &v);

	ck_assert_msg(n > 0, "%s", sql);
	for (size_t i = 0; i < n; i++)
		must_be_clean(sql, v[i]);
}

static void
check_everything(const struct shop *s)
{
	must_be_clean("the log", whole_file(in_dir(s->dir, "err")));
	must_be_clean("stdout", whole_file(in_dir(s->dir, "out")));
	check_column(s,
	             "SELECT COALESCE(error, '') || ' ' || COALESCE(CAST(counts AS text), '') || "
	             "COALESCE(CAST(params AS text), '') FROM jobs");
	check_column(s, "SELECT action || ' ' || COALESCE(CAST(detail AS text), '') FROM audit_log "
	                "UNION ALL SELECT 'none'");
}

/* What was planted was really told, and every way of answering really came. */
static void
check_told(const struct shop *s)
{
	const cJSON *stats = model_control(&s->model, "GET", "/__sim/stats");
	struct str *v;
	bool said = false;

	for (int i = LLM_GOOD; i < LLM_KINDS; i++)
		ck_assert_msg(at(at(stats, "kinds"), llm_kind_name((enum llm_kind)i)) != NULL,
		              "%s did not come", llm_kind_name((enum llm_kind)i));
	v = ARENA_NEW(test_arena(), struct str);
	*v = json_raw(test_arena(), model_control(&s->model, "GET", "/__sim/last?n=8"));
	ck_assert(holds(*v, SAID) && holds(*v, JUDGED));
	ck_assert(!holds(*v, PHONED) && !holds(*v, "98765-4321"));
	for (size_t n = raw_column(s->d->s.raw, test_arena(),
	                           "SELECT \"error\" FROM session_analyses WHERE \"error\" IS NOT "
	                           "NULL",
	                           &v);
	     n > 0; n--)
		said |= holds(v[n - 1], SAID);
	ck_assert_msg(said, "no row says what the server repeated");
}

/* The line of a run that has ended says why something was no report, and what its prompts have in
 * common. */
static void
check_ended(struct str log)
{
	struct str line;
	size_t ended = 0, refused = 0;

	while (str_split(&log, '\n', &line)) {
		if (!holds(line, "analysis.ended"))
			continue;
		ended++;
		refused += holds(line, "refusal:");
		ck_assert(holds(line, "reasons") && holds(line, "promptHash"));
	}
	ck_assert_uint_gt(ended, 0);
	ck_assert_uint_gt(refused, 0);
}

#define TALKATIVE                                                                                  \
	"LOG_LEVEL=debug\nLOG_FORMAT=%s\nANALYSIS_TIMEOUT_SECONDS=1\nANALYSIS_CONCURRENCY=8\n"

START_TEST(a_server_tells_nobody_what_it_has_graded)
{
	static const char *const formats[] = { "text", "json" };

	for (size_t f = 0; f < 2; f++) {
		struct shop *s = shop_open("none", 0, FMT(TALKATIVE, formats[f]));
		struct reply r;

		plant(s, false);
		shop_serve(s);
		for (int i = 0; i < 3; i++)
			MUST(&s->w, 200, "POST", RUN_PATH, "op", run_body(""));
		plant(s, true);
		for (int i = 0; i < 8; i++)
			MUST(&s->w, 200, "POST", RUN_PATH, "op",
			     run_body(",\"retryFailed\":false"));
		check_told(s);
		r = call(&s->w, "GET", "/metrics", "op", NULL);
		ck_assert_int_eq(r.status, 200);
		ck_assert(holds(r.body, "recado_model_calls_total"));
		must_be_clean("the metrics", r.body);
		must_be_clean("the list of jobs",
		              call(&s->w, "GET", "/api/jobs?limit=200", "op", NULL).body);
		world_end(&s->w);
		s->w.process.pid = 0;
		check_everything(s);
		check_ended(whole_file(in_dir(s->dir, "err")));
		ck_assert(holds(whole_file(in_dir(s->dir, "err")), "analysis.call_failed"));
		shop_close(s);
	}
}
END_TEST

START_TEST(a_command_tells_nobody_what_it_has_graded)
{
	static const char *const formats[] = { "text", "json" };

	for (size_t f = 0; f < 2; f++) {
		struct shop *s = shop_open("none", 0, FMT(TALKATIVE, formats[f]));

		plant(s, false);
		for (int i = 0; i < 11; i++) {
			if (i == 3)
				plant(s, true);
			(void)wait_end(
				spawn(s->dir,
			              (const char *const[]){ "analyze", "acme", "--script", "sales",
			                                     "--min-messages", "5",
			                                     i % 2 == 0 ? "--json" : NULL, NULL }),
				LONG_MS);
			check_everything(s);
		}
		check_told(s);
		shop_close(s);
	}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("run privacy", a_server_tells_nobody_what_it_has_graded,
	                  a_command_tells_nobody_what_it_has_graded);
}

API_MAIN(make_suite)
