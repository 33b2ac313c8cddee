/* What the analyser's files share. One thread. */
#ifndef RECADO_WORK_ANALYSER_INTERNAL_H
#define RECADO_WORK_ANALYSER_INTERNAL_H

#include <stdatomic.h>

#include "core/model_retry.h"
#include "core/prompt.h"
#include "core/report.h"
#include "work/analyser.h"
#include "work/analysis_run.h"

#define ANALYSER_MAX_JOBS 64

struct analyser_run;

/* One row with its request, from claim to outcome. */
struct analyser_call {
	struct analyser_call *next;
	struct analyser_run *run;
	struct arena *arena; /* the row, the prompt, what the report is made of */
	struct analysis_claimed row;
	struct prompt prompt;
	bool flying;
	uint64_t id;      /* while flying */
	int64_t asked_at; /* when the request left */
	/* from 1, in the order in which they came; 0: the result is not here. It stays until the
	 * database has what it says */
	uint64_t answered;
	int64_t answered_at;
	struct http_result result;
};

/* A job from claim to end. */
struct analyser_run {
	struct analyser *an;
	struct job job;
	struct arena *arena; /* params, script, reason */
	struct analysis_params params;
	struct analysis_combo combo;
	struct script script;
	struct analysis_tally tally;
	int64_t total; /* rows it will work on, as far as is known; -1 */
	int64_t began_at, renew_at;
	struct analyser_call *calls;
	size_t ncalls;
	bool dry;    /* nothing could be claimed */
	bool ending; /* nothing more is claimed; it ends when its calls have */
	bool cancelled;
	struct str error; /* for people */
};

struct analyser {
	struct analyser_options o;
	struct db *db;
	struct arena *arena; /* of one piece of work */
	struct model_client client;
	struct analyser_run *runs[ANALYSER_MAX_JOBS];
	size_t nruns, ncalls;
	size_t turn; /* which run claims next */
	uint64_t answers;
	bool astray; /* rows may be ours in the database that no call is for */
	int64_t claim_at, sweep_at, away_until;
	atomic_bool look; /* for a job, whatever claim_at says */
};

/* The database is away: to be tried again. Any other error is the run's own. */
bool analyser_is_away(enum err e);

/* analyser_run.c: a job from claim to end. */
MUST_CHECK enum err analyser_run_open(struct analyser *, const struct job *, int64_t now_ms);
/* Nothing more is to be claimed for it; the first word counts. reason: stable; NULL: none. */
void analyser_run_stop(struct analyser_run *, const char *reason, struct str error);
/* Holds on to it and shows how far it is. It may be forgotten. */
MUST_CHECK enum err analyser_run_renew(struct analyser_run *, int64_t now_ms);
/* One page of sessions into the queue, until tally.enqueue_done. */
MUST_CHECK enum err analyser_run_enqueue(struct analyser_run *, int64_t now_ms);
/* How many rows may be claimed for it. */
size_t analyser_run_wants(const struct analyser_run *);
/* Ends it in the database, and forgets it. */
MUST_CHECK enum err analyser_run_end(struct analyser_run *, int64_t now_ms);
/* Gives it back to be gone on with from where it is, and forgets it. */
void analyser_run_release(struct analyser_run *, int64_t now_ms);
/* Forgets it; what it holds is given back as far as the database answers. */
void analyser_run_drop(struct analyser_run *, int64_t now_ms);

/* analyser_call.c: a row from claim to outcome. */
/* The row's session is read and the request begun; a row that there is nothing to ask about leaves
 * the queue. The row is in `an->arena`. */
MUST_CHECK enum err
analyser_call_begin(struct analyser_run *, const struct analysis_claimed *, int64_t now_ms);
/* Takes the results that are there, and keeps them. */
void analyser_call_hear(struct analyser *, int64_t now_ms);
/* Brings what they say into the database, in the order in which they came. */
MUST_CHECK enum err analyser_call_settle(struct analyser *, int64_t now_ms, bool *worked);
/* Ends the request and gives the row back. */
void analyser_call_drop(struct analyser_call *, int64_t now_ms);

#endif
