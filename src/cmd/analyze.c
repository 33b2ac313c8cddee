/*
 * `recado analyze`: a run of the analysis at a shell, or what it would do. What always holds: a
 * number that is no number is refused before anything is opened; a dry run writes nothing and asks
 * no model.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/jobrun.h"
#include "sys/clock.h"
#include "work/analysis_plan.h"

#define MAX_COUNT INT64_C(1000000)
#define TAG_ARENA ((size_t)4 << 10) /* for what is wrong with it */

/* A whole number from 1 on; what was not given stays. False: *status is to be returned. */
static bool
take_count(const struct invocation *inv, const char *option, int64_t *out, int *status)
{
	const char *text = invocation_get(inv, option);
	int64_t n;

	if (text == NULL)
		return true;
	if (!str_to_i64(str_from(text), &n) || n < 1 || n > MAX_COUNT) {
		*status = command_refuse(inv, text, "must be a whole number from 1 to 1000000");
		return false;
	}
	*out = n;
	return true;
}

/* USD as micro-USD. */
static bool
take_cost(const struct invocation *inv, int64_t *out, int *status)
{
	const char *text = invocation_get(inv, "--max-cost");
	char *end;
	double usd;

	if (text == NULL)
		return true;
	usd = strtod(text, &end);
	if (end != text && *end == '\0' && model_cost_of_usd(usd, out))
		return true;
	*status = command_refuse(inv, text, "must be an amount in USD from 0 to 1000000");
	return false;
}

/* What a request of the API could not name either is refused. */
static bool
take_tag(const struct invocation *inv, struct str *out, int *status)
{
	const char *text = invocation_get(inv, "--tag"), *wrong;
	struct arena *a;

	if (text == NULL)
		return true;
	*out = str_from(text);
	a = arena_new(TAG_ARENA);
	wrong = admin_key_wrong(a, *out, ANALYSIS_MAX_TAG);
	if (wrong != NULL)
		*status = command_refuse(inv, text, wrong);
	arena_free(a);
	return wrong == NULL;
}

static bool
take_order(const struct invocation *inv, bool *sent, int *status)
{
	const char *text = invocation_get(inv, "--order");

	if (text == NULL)
		return true;
	*sent = strcmp(text, "sent") == 0;
	if (*sent || strcmp(text, "updated") == 0)
		return true;
	*status = command_refuse(inv, text, "must be updated or sent");
	return false;
}

static void
print_plan(const struct jobrun *x, struct uuid client, const struct analysis_params *p,
           const struct analysis_plan *plan)
{
	const struct analysis_figures *f = &plan->figures;
	struct buf b;
	struct jw w;

	if (invocation_get(x->inv, "--json") != NULL) {
		buf_init(&b, x->arena, (size_t)1 << 20);
		jw_init(&w, &b);
		jw_obj(&w);
		jw_kz(&w, "type", "plan");
		analysis_run_write_head(&w, client, p);
		analysis_plan_write(&w, plan);
		jw_obj_end(&w);
		printf(STR_FMT "\n", STR_ARG(buf_slice(&b)));
		return;
	}
	printf(STR_FMT " version %lld, tag " STR_FMT ":\n", STR_ARG(p->script_key),
	       (long long)p->script_version, STR_ARG(p->tag));
	printf("%12lld sessions may be analysed\n", (long long)f->eligible);
	printf("%12lld of them are done already\n", (long long)f->already_done);
	printf("%12lld are in the queue, %lld of them due now\n", (long long)f->already_queued,
	       (long long)f->would_process_now);
	printf("%12lld have failed for good\n", (long long)f->failed_permanent);
	printf("%12lld would be analysed by this run: some %lld input and %lld output tokens",
	       (long long)plan->sessions, (long long)plan->input_tokens,
	       (long long)plan->output_tokens);
	if (plan->priced)
		printf(", about US$ %.2f", model_cost_usd(plan->cost));
	printf("\n");
}

/* The rubric, or why it cannot be used. */
static enum err
find_script(struct jobrun *x, struct uuid client, struct analysis_params *p, struct script *script)
{
	enum err e = analysis_script_find(x->db, x->arena, client, p->script_key, p->script_version,
	                                  script);

	if (e == ERR_NOT_FOUND)
		jobrun_say(x, x->inv->words[0],
		           p->script_version > 0 ? "there is no such version of that script"
		                                 : "no version of that script is active");
	if (e == ERR_OK)
		p->script_version = script->version;
	return e;
}

static enum err
ask(struct jobrun *x)
{
	const struct config *c = &x->settings->config;
	const char *slug = x->inv->words[0];
	struct analysis_params p = *(const struct analysis_params *)x->ctx;
	struct analyser_model model;
	struct analysis_plan plan;
	struct script script;
	struct uuid client, job;
	struct admin ad;
	enum err e = settings_find_client(x->db, x->arena, slug, &client);

	if (e == ERR_NOT_FOUND)
		jobrun_say(x, slug, "there is no such client");
	if (e == ERR_OK)
		e = find_script(x, client, &p, &script);
	if (e != ERR_OK)
		return e;
	analysis_model_of(c, &model);
	if (p.max_cost >= 0 && !model.priced) {
		jobrun_say(x, slug, "--max-cost needs OPENAI_PRICES");
		return ERR_CONFLICT;
	}
	e = analysis_script_fits(x->arena, &model, &script);
	if (e == ERR_TOO_LARGE) {
		jobrun_say(x, slug,
		           "the rubric leaves no room for a conversation: raise "
		           "ANALYSIS_MAX_INPUT_TOKENS or shorten it");
		return ERR_CONFLICT;
	}
	if (e == ERR_OK && invocation_get(x->inv, "--dry-run") != NULL) {
		e = analysis_plan(x->db, x->arena, &model, &p, &script, client,
		                  clock_now(&clock_real), &plan);
		if (e == ERR_OK)
			print_plan(x, client, &p, &plan);
		return e;
	}
	if (e != ERR_OK)
		return e;
	if (str_is_empty(c->openai_api_key)) {
		jobrun_say(x, slug, "OPENAI_API_KEY is not set; --dry-run works without it");
		x->status = EXIT_CONFIG;
		return ERR_OK;
	}
	ad = settings_admin(x->db, x->arena);
	e = admin_analysis_start(&ad, client, &p, &job);
	if (e != ERR_OK)
		return e;
	jobrun_reserve(x, 1);
	jobrun_add(x, job, slug, false, false);
	return ERR_OK;
}

int
analyze_run(const struct invocation *inv)
{
	struct analysis_params p;
	int status = EXIT_USAGE;

	analysis_params_init(&p, str_from(invocation_get(inv, "--script")));
	p.force = invocation_get(inv, "--force") != NULL;
	p.retry_failed = invocation_get(inv, "--retry-failed") != NULL;
	if (!take_count(inv, "--version", &p.script_version, &status) ||
	    !take_count(inv, "--limit", &p.limit, &status) ||
	    !take_count(inv, "--min-messages", &p.min_messages, &status) ||
	    !take_cost(inv, &p.max_cost, &status) || !take_order(inv, &p.order_sent, &status) ||
	    !take_tag(inv, &p.tag, &status))
		return status;
	if (p.limit > ANALYSIS_RUN_LIMIT)
		p.limit = ANALYSIS_RUN_LIMIT;
	return jobrun_command(inv, JOB_ANALYSIS, ask, &p);
}
