/*
 * The queue of analyses: which sessions may be graded, rows that wait, who works on which, what
 * became of them. The state is in the database alone, so several processes can work on one queue
 * and none leaves anything behind. A combo is what a queue is of: one client's script, its version
 * and a tag. Times are ms; `now_ms` is the caller's clock. Any thread, with its own connection;
 * unless it says otherwise a function is one transaction of its own and the connection must be
 * outside one. Source: 5-analysis.
 */
#ifndef RECADO_WORK_ANALYSIS_QUEUE_H
#define RECADO_WORK_ANALYSIS_QUEUE_H

#include "core/model_cost.h"
#include "store/db.h"
#include "sys/rand.h"

#define ANALYSIS_PAGE  1000 /* sessions that one call looks at */
#define ANALYSIS_BATCH 500  /* rows that one transaction makes due, begins anew or takes back */

struct analysis_combo {
	struct uuid client_id;
	struct str script_key;
	int64_t script_version;
	struct str tag; /* analysisVersionTag */
};

/* The parameters of queries that name one. */
#define ANALYSIS_COMBO(c)                                                                          \
	db_uuid((c)->client_id), db_text((c)->script_key), db_int((c)->script_version),            \
		db_text((c)->tag)

/* Which sessions of the client: settled ones (core/session.h R9), not a group's, of a person
 * without a tag, not an episode that a helpdesk tells whole as well. */
struct analysis_choice {
	int64_t min_messages; /* of all kinds */
	bool force;           /* those that are done too */
};

/* What a dry run shows: exact, as of one snapshot. Rows of the queue are counted whether or not
 * their sessions may still be analysed, but for the first three and the last. */
struct analysis_figures {
	int64_t eligible;          /* sessions, done or not */
	int64_t already_done;      /* of these */
	int64_t would_enqueue;     /* eligible without already_done; with force all of them */
	int64_t already_queued;    /* rows that are pending or failed */
	int64_t would_process_now; /* rows that may be claimed now, before anything is enqueued */
	int64_t failed_permanent;  /* rows */
	int64_t would_write; /* what enqueueing would count: without those in the queue already */
	/* Of already_queued and of would_process_now, those of eligible sessions: with force
	 * would_write counts them too. */
	int64_t queued_eligible, ready_eligible;
};
MUST_CHECK enum err
analysis_queue_figures(struct db *, struct arena *, const struct analysis_combo *,
                       const struct analysis_choice *, int64_t now_ms,
                       struct analysis_figures *out);

/* How far the list of sessions that would be analysed is, for an estimate of what that costs. Begin
 * with zeros. */
struct analysis_candidates {
	struct uuid after;
	struct uuid *v; /* of this page; may be none of them */
	size_t n;
	bool finished;
};
/* The next page of those that are not done (with force: of all): what ANALYSIS_PAGE settled
 * sessions hold of them. Call until finished. */
MUST_CHECK enum err
analysis_queue_candidates(struct db *, struct arena *, const struct analysis_combo *,
                          const struct analysis_choice *, int64_t now_ms,
                          struct analysis_candidates *);

/* How far enqueueing is. Begin with zeros. */
struct analysis_enqueue {
	struct uuid after;
	int64_t enqueued; /* rows that are new, or were reset */
	bool finished;
};
/*
 * Looks at ANALYSIS_PAGE settled sessions and enqueues those that are not in the queue; with force
 * also those that are in it and not being processed: they begin anew, as if never worked on, but
 * what they have cost stays told. Call until finished. Looks for them outside a transaction and
 * writes in one that holds the client's lane. On an error the page was not written and `e` says
 * where to go on. Calling it again from the start does no harm without force.
 */
MUST_CHECK enum err
analysis_queue_enqueue(struct db *, struct arena *, const struct randomness *,
                       const struct analysis_combo *, const struct analysis_choice *,
                       int64_t now_ms, struct analysis_enqueue *e);
/* Failed rows of the combo, final or not yet due, are pending again with all attempts before them.
 * *changed: how many; if that is ANALYSIS_BATCH there may be more. */
MUST_CHECK enum err analysis_queue_retry_failed(struct db *, const struct analysis_combo *,
                                                int64_t now_ms, int64_t *changed);

/* A row that is being worked on, and what was before. */
struct analysis_claimed {
	struct uuid id, session_id;
	int64_t session_ended_at, created_at;
	int64_t retry_count; /* attempts that failed */
	unsigned losses;     /* calls whose answer never came: core/model_retry.h */
	bool longer_output;  /* an answer was cut for its length */
};
/* Failed rows whose time has come may be claimed from now on. *changed as above. */
MUST_CHECK enum err analysis_queue_make_due(struct db *, const struct analysis_combo *,
                                            int64_t now_ms, int64_t *changed);
/*
 * The next rows are the owner's until lease_until: pending ones and failed ones that were made due,
 * the newest session first, of sessions that ended together the row that was made last first;
 * `out` is in that order. Two callers never get the same row and none waits for another. An owner
 * is an id made for one process's run. before: those that were claimed last at or after it are
 * passed over, so that a row the server always fails at does not keep the others waiting;
 * TIME_NONE: none is. At most n (<= ANALYSIS_BATCH).
 */
MUST_CHECK enum err
analysis_queue_claim(struct db *, struct arena *, const struct analysis_combo *, struct uuid owner,
                     int64_t now_ms, int64_t lease_until, int64_t before, size_t n,
                     struct analysis_claimed **out, size_t *nout);

/* Whose row it is. All that take one give ERR_CONFLICT, and change nothing, when it is not the
 * owner's any more. They may also be called inside a transaction, as a part of it; then an
 * EVENT_ANALYSIS for rows done or failed is the caller's to write. */
struct analysis_lease {
	struct uuid client_id, id, owner;
};
/* What calls have cost; added to what the row has cost before. Zeros: nothing was answered. */
struct analysis_paid {
	int64_t calls;
	struct model_usage usage;
	bool priced;            /* cost_micro_usd is known */
	int64_t cost_micro_usd; /* 1e-6 USD */
	int64_t latency_ms;     /* of the last call; 0: none */
};
struct analysis_done {
	struct str report;             /* JSON */
	struct str model, prompt_hash; /* model: as it answered */
	double overall_score;
	struct str temperature; /* cold, neutral, warm or hot */
	int64_t verified, unverified;
	bool truncated;
};
/* It is done, and has lost nothing. If the session changed while it was worked on, it is stale at
 * once. */
MUST_CHECK enum err analysis_queue_done(struct db *, const struct analysis_lease *, int64_t now_ms,
                                        const struct analysis_done *, const struct analysis_paid *);
struct analysis_failure {
	struct str error;              /* for people; no text of messages */
	struct str model, prompt_hash; /* STR_NONE: not known */
	int64_t next_retry_at;         /* TIME_NONE: final, as failure MODEL_ATTEMPTS always is */
	unsigned losses;               /* from now on */
	bool interrupted;              /* as of a release */
};
/* An attempt was spent. */
MUST_CHECK enum err
analysis_queue_failed(struct db *, const struct analysis_lease *, int64_t now_ms,
                      const struct analysis_failure *, const struct analysis_paid *);
struct analysis_release {
	unsigned losses;  /* from now on */
	bool longer;      /* an answer was cut for its length */
	bool interrupted; /* a call ended without its answer, and may be paid all the same */
};
/* Back to pending: no attempt is spent. */
MUST_CHECK enum err
analysis_queue_release(struct db *, const struct analysis_lease *, int64_t now_ms,
                       const struct analysis_release *, const struct analysis_paid *);
/* Out of the queue: its session has reopened, goes on or is none any more (core/session.h R7, R9).
 * It is found again when it is settled. ERR_CONFLICT also if a call was made for it, which it goes
 * on telling of: it is to be failed. */
MUST_CHECK enum err analysis_queue_drop(struct db *, const struct analysis_lease *);

/* Of a row that was given back at now_ms, by a transaction of which nobody was told whether it was
 * made: *stored, it is as it was to be. status: done, failed or pending. Inside or outside a
 * transaction. */
MUST_CHECK enum err
analysis_queue_stored(struct db *, struct arena *, const struct analysis_lease *,
                      const char *status, struct str prompt_hash, int64_t now_ms, bool *stored);

/* Rows of all clients whose lease is over are pending again, no attempt spent, an interrupted call
 * counted. Several transactions. *returned: how many. */
MUST_CHECK enum err analysis_queue_sweep(struct db *, int64_t now_ms, int64_t *returned);

/* Rows that the owner holds beside these are pending again, as after a sweep: what he gave back
 * while the database was away, and what he was not told that he had claimed. asked: some of them
 * were asked about, so each counts an interrupted call. */
MUST_CHECK enum err
analysis_queue_gather(struct db *, struct arena *, struct uuid owner, const struct uuid *held,
                      size_t nheld, bool asked, int64_t now_ms, int64_t *returned);

struct analysis_counts {
	int64_t pending, processing, done;
	int64_t failed_retryable; /* another attempt will be made */
	int64_t due;              /* of these: now */
	int64_t failed_permanent;
};
/* Inside or outside a transaction. */
MUST_CHECK enum err
analysis_queue_counts(struct db *, struct arena *, const struct analysis_combo *, int64_t now_ms,
                      struct analysis_counts *out);

#endif
