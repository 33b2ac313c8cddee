/*
 * What a run of the analysis would do, before anything is spent: exact figures of the queue, and an
 * estimate of tokens and cost made from real prompts. Writes nothing. Source: 5-analysis "Dry run".
 */
#ifndef RECADO_WORK_ANALYSIS_PLAN_H
#define RECADO_WORK_ANALYSIS_PLAN_H

#include "sys/config.h"
#include "work/analyser.h"

#define ANALYSIS_PLAN_SAMPLE 100 /* sessions that are read for the estimate at most */
#define ANALYSIS_PLAN_OUTPUT 800 /* output tokens of a report, while none was made yet */

/* How the model is asked by this configuration. Text borrows from it. */
void analysis_model_of(const struct config *, struct analyser_model *out);

struct analysis_plan {
	struct analysis_figures figures;
	int64_t sessions;                    /* that the run would work on */
	int64_t input_tokens, output_tokens; /* of them all */
	bool priced;
	int64_t cost; /* micro-USD */
	bool sampled; /* from some of them */
};
/* Of a script that fits. The connection must be outside a transaction; prompts have memory of their
 * own. */
MUST_CHECK enum err analysis_plan(struct db *, struct arena *, const struct analyser_model *,
                                  const struct analysis_params *, const struct script *,
                                  struct uuid client_id, int64_t now_ms, struct analysis_plan *out);

/* Whether a rubric leaves room for a conversation. ERR_TOO_LARGE: no. */
MUST_CHECK enum err
analysis_script_fits(struct arena *, const struct analyser_model *, const struct script *);

/* Members eligible … estimate. */
void analysis_plan_write(struct jw *, const struct analysis_plan *);

/*
 * The script of a run: of that version, or with version 0 the highest active one, which is then in
 * *version. ERR_NOT_FOUND: there is none. ERR_CORRUPT: its topics are not what was stored. Text
 * lives in the arena.
 */
MUST_CHECK enum err analysis_script_find(struct db *, struct arena *, struct uuid client_id,
                                         struct str key, int64_t version, struct script *out);

#endif
