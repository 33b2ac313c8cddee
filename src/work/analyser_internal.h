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
#define ANALYSER_GROUP    16 /* answers that one transaction stores, and rows begun in a step */

struct analyser_run;

/* What is to become of a row, once its request has ended. */
enum analyser_act { ANALYSER_DONE, ANALYSER_FAILED, ANALYSER_RELEASED };
struct analyser_outcome {
	enum analyser_act act;
	struct model_verdict verdict;
	struct report report;            /* with MODEL_TAKE */
	struct analysis_paid paid;       /* zeros: nothing was answered */
	struct analysis_failure failure; /* if failed */
	struct analysis_release release; /* if released */
};

/* One row with its request, from claim to outcome. */
struct analyser_call {
	struct analyser_call *next;
	struct analyser_run *run;
	struct arena *arena;  /* the row, the prompt */
	struct arena *answer; /* what the outcome is made of; NULL until it is judged */
	struct analysis_claimed row;
	struct prompt prompt;
	bool asked, flying;
	uint64_t id;                      /* while flying */
	int64_t asked_at, answered_at;    /* when the request left, and the result came */
	struct analyser_call *next_heard; /* among an->heard */
	struct http_result result;
	bool judged;
	int64_t judged_at;               /* the row is written as of this moment, however often */
	struct analyser_outcome outcome; /* when it was judged: once, in the order of the answers */
	bool unsure;                     /* that may be stored, but nobody said so */
	bool lost;                       /* the row was somebody else's when that was stored */
};

/* How often something was no report. */
struct analyser_reason {
	struct analyser_reason *next;
	const char *word; /* of a verdict or a report */
	int64_t n;
};

/* A job from claim to end. */
struct analyser_run {
	struct analyser *an;
	struct job job;
	struct arena *arena; /* params, script, reasons */
	struct analysis_params params;
	struct analysis_combo combo;
	struct script script;
	struct str hash; /* promptHash of a request without a conversation */
	struct analysis_tally tally;
	struct analyser_reason *reasons; /* since this process has the job */
	int64_t total;                   /* rows it will work on, as far as is known; -1 */
	int64_t began_at, renew_at;
	uint64_t pauses_before; /* the server's, when it began */
	int64_t due_at;         /* when failed rows are to be looked for again */
	struct analyser_call *calls;
	size_t ncalls;
	bool dry;    /* nothing could be claimed */
	bool ending; /* nothing more is claimed; it ends when its calls have */
	bool cancelled;
	bool orphan;      /* the job is another's by now; ending */
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
	/* Calls whose result came, the first one first. It stays until the database has what it
	 * says. */
	struct analyser_call *heard;
	bool astray;       /* rows may be ours in the database that no call is for */
	bool astray_asked; /* and some of them were asked about */
	int64_t claim_at, sweep_at, away_until;
	atomic_bool look; /* for a job, whatever claim_at says */
};

/* analyser_run.c: a job from claim to end. */
MUST_CHECK enum err analyser_run_open(struct analyser *, const struct job *, int64_t now_ms);
/* Nothing more is to be claimed for it; the first word counts. reason: stable. */
void analyser_run_stop(struct analyser_run *, const char *reason, struct str error);
/* Counts why something was no report, for the log. word: lives on. */
void analyser_run_reason(struct analyser_run *, const char *word);
/* Holds on to it and shows how far it is; one that is another's by now is an orphan. */
MUST_CHECK enum err analyser_run_renew(struct analyser_run *, int64_t now_ms);
/* A batch of failed rows, or one page of sessions, into the queue, until tally.enqueue_done. */
MUST_CHECK enum err analyser_run_enqueue(struct analyser_run *, int64_t now_ms);
/* How many rows may be claimed for it. */
size_t analyser_run_wants(const struct analyser_run *);
/* Ends it in the database, unless it is an orphan, and forgets it. */
MUST_CHECK enum err analyser_run_end(struct analyser_run *, int64_t now_ms);
/* Gives it back to be gone on with from where it is, and forgets it. It has no calls. */
void analyser_run_release(struct analyser_run *, int64_t now_ms);
/* Forgets it; what it holds is given back as far as the database answers. */
void analyser_run_drop(struct analyser_run *, int64_t now_ms);

/* analyser_call.c: a row from claim to request. */
/* The row's session is read and the request begun; a row that there is nothing to ask about leaves
 * the queue. The row is in `an->arena`. */
MUST_CHECK enum err
analyser_call_begin(struct analyser_run *, const struct analysis_claimed *, int64_t now_ms);
/* Ends the request and gives the row back, unless now_ms is 0. */
void analyser_call_drop(struct analyser_call *, int64_t now_ms);
/* Ends the request; the row is given back with all others that no call is for. */
void analyser_call_cut(struct analyser_call *);
/* Frees it; its row is what it is. */
void analyser_call_forget(struct analyser_call *);
struct analysis_lease analyser_call_lease(const struct analyser_call *);
/* Says in the log that the row is somebody else's by now: what we know of it is worth nothing. */
void analyser_call_lost(const struct analyser_call *);

/* analyser_settle.c: answers from the socket into the database. */
/* Takes the results that are there, and keeps them. */
void analyser_hear(struct analyser *, int64_t now_ms);
/* Brings what ANALYSER_GROUP of them say into the database, in the order in which they came. */
MUST_CHECK enum err analyser_settle(struct analyser *, int64_t now_ms, bool *worked);
/* The call is no longer among those that were heard. */
void analyser_unhear(struct analyser_call *);

#endif
