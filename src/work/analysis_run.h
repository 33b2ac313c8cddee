/*
 * One run of the analysis as its job's row holds it: what was asked for (params) and what it has
 * done so far (counts). Both are JSON there; whoever takes a run up reads them, and the answers of
 * the API are made from them. Pure but for memory. Source: 5-analysis "run".
 */
#ifndef RECADO_WORK_ANALYSIS_RUN_H
#define RECADO_WORK_ANALYSIS_RUN_H

#include "base/json.h"
#include "core/model_cost.h"
#include "work/analysis_queue.h"

#define ANALYSIS_RUN_LIMIT  500  /* rows worked on by one run at most; more is clamped */
#define ANALYSIS_RUN_SAMPLE 20   /* ids of each kind that are shown */
#define ANALYSIS_MAX_TAG    64   /* characters of analysisVersionTag */
#define ANALYSIS_TAG        "v1" /* where none is named */

struct analysis_params {
	struct str script_key, tag;
	int64_t script_version, min_messages, limit;
	bool force, retry_failed;
	bool order_sent; /* messageOrder "sent" */
	/* micro-USD; no call begins once so much is spent, those in flight may pass it; -1: no
	 * bound */
	int64_t max_cost;
};

/* What a run does if nothing more is said: 5-analysis. */
void analysis_params_init(struct analysis_params *, struct str script_key);
/* The params column. */
struct str analysis_params_write(struct arena *, const struct analysis_params *);
/* ERR_CORRUPT: it is none of ours. Text borrows from `json` and the arena. */
MUST_CHECK enum err
analysis_params_read(struct arena *, struct str json, struct analysis_params *out);
/* Whose rows the run works on. */
struct analysis_combo analysis_params_combo(const struct analysis_params *, struct uuid client_id);
struct analysis_choice analysis_params_choice(const struct analysis_params *);

struct analysis_tally {
	/* how far enqueueing is */
	bool retried, enqueue_done;
	struct uuid after;
	int64_t enqueued;
	int64_t processed, failed; /* rows done; attempts that failed */
	int64_t released;          /* given back without an attempt: paused, interrupted */
	int64_t remaining;         /* rows of the combo that wait, as last counted */
	struct model_usage usage;  /* of all that was answered */
	bool priced;
	int64_t cost; /* micro-USD */
	struct uuid processed_ids[ANALYSIS_RUN_SAMPLE], failed_ids[ANALYSIS_RUN_SAMPLE];
	size_t nprocessed_ids, nfailed_ids;
	/* The model server is left alone until then; TIME_NONE: it is not. To be shown only: who
	 * takes a run up finds out for itself. */
	int64_t paused_until;
	struct str reason; /* why it ended before its work; a stable word; STR_NONE */
};

/* The counts column. */
struct str analysis_tally_write(struct arena *, const struct analysis_tally *);
/* Absent: zeros. ERR_CORRUPT as above. */
MUST_CHECK enum err
analysis_tally_read(struct arena *, struct str json, struct analysis_tally *out);
void analysis_tally_processed(struct analysis_tally *, struct uuid analysis_id);
void analysis_tally_failed(struct analysis_tally *, struct uuid analysis_id);

/* Members that the answers of a run have in common: clientId … criteria. */
void analysis_run_write_head(struct jw *, struct uuid client_id, const struct analysis_params *);
/* enqueued … usage and reason, after the head. */
void analysis_run_write_tally(struct jw *, const struct analysis_tally *);
/* Micro-USD as a number of USD, or null. */
void analysis_write_cost(struct jw *, const char *key, bool known, int64_t micro_usd);
/* Members inputTokens … costUsd. */
void analysis_write_usage(struct jw *, const struct model_usage *, bool priced, int64_t micro_usd);

#endif
