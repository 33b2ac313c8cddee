/*
 * Has sessions graded: claims analysis jobs, puts their sessions into the queue, and works the
 * queue off against the model server, with many calls in flight on one thread. A worker as steps
 * (sys/threads.h): killed at any point, what it held returns to the queue when its lease is over,
 * and another goes on with its jobs. Source: 5-analysis.
 */
#ifndef RECADO_WORK_ANALYSER_H
#define RECADO_WORK_ANALYSER_H

#include "core/prompt.h"
#include "net/http_client.h"
#include "store/db.h"
#include "sys/rand.h"
#include "sys/threads.h"
#include "work/analysis_run.h"
#include "work/jobs.h"

/* How the model is asked, and what it costs; for runs and for estimates. */
struct analyser_model {
	struct str base_url, model;
	unsigned redact; /* core/redact.h */
	int64_t max_input_tokens;
	bool priced;
	struct model_prices prices; /* if priced */
};

struct analyser;
struct analyser_options {
	struct db_pool *pool;
	const struct http_client *http; /* the analyser's alone; at least `concurrency` in flight */
	const struct randomness *rand;
	struct analyser_model model;
	struct str api_key;
	int64_t timeout_ms; /* of one call; a row is held for twice that */
	size_t concurrency; /* calls in flight, of all runs together */
	struct uuid owner;  /* of jobs and rows: this process, and never another */
	struct uuid only;   /* one job alone, for a command; nil: whatever is due */
	size_t max_jobs;    /* worked on at once */
};
MUST_CHECK enum err analyser_open(const struct analyser_options *, struct analyser **out);
/* One bounded piece of work. Waiting for answers is the driver's affair: http_client_wait. */
enum step analyser_step(void *analyser, int64_t now_ms, int64_t *next_ms);
/* There may be a job: it is looked for at the next step. Any thread; the caller wakes the driver.
 */
void analyser_look(struct analyser *);
/* Ends what is in flight and gives rows and jobs back, after the thread has ended. */
void analyser_stop(struct analyser *, int64_t now_ms);
/*
 * The request that a run would make of a session, for a call and for an estimate. *settled false:
 * there is none, the session is open or goes on. ERR_NOT_FOUND: no such session of the client.
 * ERR_TOO_LARGE: the rubric leaves no room, or the arena's cap. The connection must be outside a
 * transaction.
 */
MUST_CHECK enum err analyser_prompt(struct db *, struct arena *, const struct analyser_model *,
                                    const struct analysis_params *, const struct script *,
                                    struct uuid client_id, struct uuid session_id, bool longer,
                                    int64_t now_ms, struct prompt *out, bool *settled);
void analyser_close(struct analyser *);

#endif
