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

#define OFFICE_HANDS  3
#define OFFICE_RUBRIC "Avalie o atendimento."

/* One process that analyses. */
struct office_hand {
	struct analyser *analyser; /* NULL: nobody */
	struct http_fake *http;
	bool paused; /* makes no steps */
};

/* A request, as it came. */
struct office_asked {
	struct uuid session, job;
	size_t hand;
	int64_t at;
};

struct office {
	struct desk *d;
	struct clock_fake time;
	struct clock clock;
	struct llm *llm; /* its options may be changed */
	/* in place of the model; NULL: nobody */
	http_fake_answer *other;
	void *other_ctx;
	/* Before each answer; may change all of this. NULL: nothing happens. */
	void (*meanwhile)(struct office *, const struct analyser_call *);
	struct analyser_options options; /* of who is hired next */
	struct office_hand hands[OFFICE_HANDS];
	struct analysis_params params; /* of the run that is asked for next */
	struct office_asked *asked;
	size_t nasked, asked_cap;
	int64_t sessions; /* planted so far */
};

/* The desk's client with its rubric and one analyser, one call in flight. */
struct office *office_open(void);
/* No row is being processed, rows are what their status says, and every request was one that the
 * model server takes and kept what is promised of it; or the test fails. */
void office_check(struct office *);
/* Checks it, then ends it. */
void office_close(struct office *);
/* Checks it; then there are no sessions, rows, jobs and requests, and the model knows nothing. Time
 * goes on, and whoever works goes on. */
void office_begin_again(struct office *);

/* A process that knows nothing takes this place; whoever stood there is gone without a word. */
void office_hire(struct office *, size_t place);
void office_kill(struct office *, size_t place);
/* As at SIGTERM. */
void office_stop(struct office *, size_t place);
/* Its database fails at every statement, or does so no longer. */
void office_away(struct office *, size_t place, bool away);

/* A rubric with two topics. */
void office_rubric(struct office *, struct uuid client, const char *key, int64_t version);
/* A settled session of ten messages with six of them written, the first with this marker; the
 * others of the session are like desk_plant's. */
struct uuid office_session(struct office *, const char *marker, struct planted *);
/* So many, the first one the newest. In test_arena. */
struct uuid *office_sessions(struct office *, size_t n);
/* With these markers, NULL for none; the same. */
struct uuid *office_marked(struct office *, const char *const *markers, size_t n);
/* How often the session was asked about. */
size_t office_times(const struct office *, struct uuid session);

/* Asks for a run with office.params. */
struct uuid office_ask(struct office *);
struct uuid office_ask_for(struct office *, struct uuid client);
/* Each hand that is not paused makes a step; the clock moves on to where the next one is due. */
void office_step(struct office *);
/* Steps until the job has ended; its status. */
struct str office_run(struct office *, struct uuid job);
/* Both, for a run that must end so. */
struct uuid office_analyse(struct office *, const char *status);
/* Steps until so much time has passed. */
void office_pass(struct office *, int64_t ms);
/* As the row of the job says. */
struct str office_status(struct office *, struct uuid job);
struct str office_error(struct office *, struct uuid job);
struct analysis_tally office_tally(struct office *, struct uuid job);

/* A row of the queue. */
struct office_row {
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
/* Of the combo of office.params. */
struct office_row office_row(struct office *, struct uuid session);
/* How many rows have that status, of all combos. */
int64_t office_count(struct office *, const char *status);

/* The main function: PostgreSQL is started where ENGINE asks for it. */
#define OFFICE_MAIN(make_suite)                                                                    \
	int main(void)                                                                             \
	{                                                                                          \
		return desk_main(make_suite);                                                      \
	}

#endif
