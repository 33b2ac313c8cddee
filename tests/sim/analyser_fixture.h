/*
 * Analysers at work in this thread under a fake clock: sessions written by hand, a rubric, and the
 * simulated model server behind a client without a network. A message may carry a marker
 * (sim:NAME*N, see sim/llm_internal.h) that says how the model answers its session. ENGINE says on
 * which database.
 */
#ifndef RECADO_TESTS_ANALYSER_FIXTURE_H
#define RECADO_TESTS_ANALYSER_FIXTURE_H

#include "analysis_fixture.h"
#include "http_fake.h"
#include "sim/llm_answer.h"
#include "work/analyser.h"
#include "work/analyser_internal.h"
#include "work/jobs.h"

#define BUREAU_HANDS 3

/* One process that analyses. */
struct bureau_hand {
	struct analyser *analyser; /* NULL: nobody */
	struct http_fake *http;
	bool paused; /* makes no steps */
};

/* A request, as it came. */
struct bureau_asked {
	struct uuid session, job;
	size_t hand;
	int64_t at;
};

struct bureau {
	struct desk *d;
	struct clock_fake time;
	struct clock clock;
	struct llm *llm; /* its options may be changed */
	/* in place of the model; NULL: nobody */
	http_fake_answer *other;
	void *other_ctx;
	/* Before each answer; may change all of this. NULL: nothing happens. */
	void (*meanwhile)(struct bureau *, const struct analyser_call *);
	struct analyser_options options; /* of who is hired next */
	struct bureau_hand hands[BUREAU_HANDS];
	struct analysis_params params; /* of the run that is asked for next */
	struct bureau_asked *asked;
	size_t nasked, asked_cap;
};

/* The desk's client with its rubric and one analyser, one call in flight. */
struct bureau *bureau_open(void);
/* No row is being processed, rows are what their status says, and every request was one that the
 * model server takes and kept what is promised of it; or the test fails. */
void bureau_check(struct bureau *);
/* Checks it, then ends it. */
void bureau_close(struct bureau *);
/* Checks it; then there are no sessions, rows, jobs and requests, and the model knows nothing. Time
 * goes on, and whoever works goes on. */
void bureau_begin_again(struct bureau *);

/* A process that knows nothing takes this place; whoever stood there is gone without a word. */
void bureau_hire(struct bureau *, size_t place);
void bureau_kill(struct bureau *, size_t place);
/* As at SIGTERM. */
void bureau_stop(struct bureau *, size_t place);
/* Its database fails at every statement, or does so no longer. */
void bureau_away(struct bureau *, size_t place, bool away);

/* desk_talk; the session. */
struct uuid bureau_session(struct bureau *, const char *marker, struct planted *);
/* So many, the first one the newest. In test_arena. */
struct uuid *bureau_sessions(struct bureau *, size_t n);
/* With these markers, NULL for none; the same. */
struct uuid *bureau_marked(struct bureau *, const char *const *markers, size_t n);
/* How often the session was asked about. */
size_t bureau_times(const struct bureau *, struct uuid session);

/* Asks for a run with bureau.params. */
struct uuid bureau_ask(struct bureau *);
struct uuid bureau_ask_for(struct bureau *, struct uuid client);
/* Each hand that is not paused makes a step; the clock moves on to where the next one is due. */
void bureau_step(struct bureau *);
/* Steps until the job has ended; its status. */
struct str bureau_run(struct bureau *, struct uuid job);
/* Both, for a run that must end so. */
struct uuid bureau_analyse(struct bureau *, const char *status);
/* Steps until so much time has passed. */
void bureau_pass(struct bureau *, int64_t ms);
/* An analyser hired anew, with n calls in flight, of one run and one moment; its job. */
struct uuid bureau_in_flight(struct bureau *, size_t n);
/* A column of the row of the job, as text; empty: NULL. */
struct str bureau_job_text(struct bureau *, const char *column, struct uuid job);
/* As the row of the job says. */
struct str bureau_status(struct bureau *, struct uuid job);
struct str bureau_error(struct bureau *, struct uuid job);
struct analysis_tally bureau_tally(struct bureau *, struct uuid job);

/* A row of the queue. */
struct bureau_row {
	struct uuid id;
	struct str status; /* STR_NONE: there is none */
	int64_t started_at, processed_at, retry_count, next_retry_at, updated_at;
	struct str error, model, hash, report;
	bool stale, truncated;
	int64_t attempts, interrupted, lost;
	struct model_usage usage;
	int64_t cost, latency; /* -1: null */
	int64_t verified, unverified;
};
/* Of the combo of bureau.params. */
struct bureau_row bureau_row(struct bureau *, struct uuid session);
/* How many rows have that status, of all combos. */
int64_t bureau_count(struct bureau *, const char *status);

/* The main function: PostgreSQL is started where ENGINE asks for it. */
#define BUREAU_MAIN(make_suite)                                                                    \
	int main(void)                                                                             \
	{                                                                                          \
		return desk_main(make_suite);                                                      \
	}

#endif
