/* What the importer's files share. One thread. */
#ifndef RECADO_WORK_IMPORTER_INTERNAL_H
#define RECADO_WORK_IMPORTER_INTERNAL_H

#include "core/budget.h"
#include "core/import_plan.h"
#include "core/import_retry.h"
#include "work/apply_internal.h"
#include "work/import_store.h"
#include "work/importer.h"

#define IMPORTER_MAX_JOBS    64
#define IMPORT_BATCH_TICKETS 128 /* stored in one transaction */

struct import_job;
struct import_storer;
struct ticket_work;

/* One request that is to be made or under way: a page of the job's list, or of one ticket's
 * messages. */
struct ask {
	struct import_job *job;
	struct ticket_work *ticket; /* NULL: the job's own list */
	enum hd_list list;
	struct import_try attempt;
	int64_t page, not_before;
	bool wanted, flying;
	uint64_t call; /* while flying */
};

/*
 * Pages of tickets are kept until the last of their tickets is done: at most so many bytes of them,
 * as they are in memory, and the one that passes that. Then no further page of the list is asked
 * for, and no failure taken, until one of them is done.
 */
#define IMPORTER_PAGES_HELD ((size_t)32 << 20)
struct ticket_page {
	struct import_job *job;
	size_t bytes;
	struct arena *arena;
	struct hd_page page;
	size_t refs;
};

/* Done: stored, noted as a failure, or outdated, since the list has shown it again, changed. */
enum ticket_state {
	TICKET_WAITS,
	TICKET_READS,
	TICKET_READ,
	TICKET_STORES, /* the storer's */
	TICKET_FAILED,
	TICKET_DONE
};

struct ticket_work {
	struct ticket_work *next;
	struct ticket_work *same; /* the next in the job's chain of those whose uuids are alike */
	bool failure;             /* of an earlier run */
	bool outdated;            /* the list has shown the ticket again since, changed */
	struct ticket_page *page;
	const struct hd_ticket *ticket;
	struct import_known known;
	enum ticket_state state;
	int64_t read_at;
	struct arena *arena;      /* its messages; NULL before it is begun */
	struct arena *walk_arena; /* likewise */
	struct import_walk walk;
	FACTS_LIST(struct hd_message) messages;
	struct ask ask;
	bool holes;         /* some of its messages could not be read */
	const char *reason; /* of a failure */
	struct str detail;
};

/* What a job is at; all but the reading is done in pieces by importer_after.c. */
enum import_phase {
	IMPORT_LOADS,   /* what is remembered from earlier runs */
	IMPORT_BEGINS,  /* which failures are to be tried; a --full run forgets what is done */
	IMPORT_READS,   /* the list, and what is in it */
	IMPORT_MARKS,   /* a whole walk: what it did not see is missing */
	IMPORT_FORGETS, /* likewise: failures of tickets that are no more, tags */
	IMPORT_NOTES,   /* the cursor */
	IMPORT_CLEARS,  /* what this run has done is forgotten */
	IMPORT_ENDS
};

#define IMPORTER_CHAINS 256 /* a power of two */

struct import_job {
	struct importer *im;
	struct job job;
	struct arena *arena; /* settings */
	struct str base_url, api_key, slug;
	unsigned char budget_key[32];
	struct uuid connection_id;
	int64_t cursor, last_full_at;
	int64_t full_begun; /* created_at of the newest --full run that began; TIME_NONE */
	int64_t started_at; /* S; TIME_NONE before the first answer */
	int64_t began_at;   /* our clock */
	int64_t run_at;     /* likewise: when it began anew, as more was asked of it */
	bool full_walk;     /* to the end, whatever the order */
	enum import_phase phase;
	struct import_mark mark; /* how far the phase has come */
	/* failures of earlier runs that are not yet in the queue: ids after this, up to that */
	bool failures_left, failures_again; /* again: also those that this run has tried */
	struct uuid failures_after, failures_until;
	bool list_done, list_complete;
	struct arena *walk_arena;
	struct import_walk walk;
	struct hd_walk people_walk;       /* a contact sync's */
	struct ask ask;                   /* of the list */
	struct ticket_work *first, *last; /* all tickets that are not done, oldest first */
	size_t waiting, waiting_failures, reading;
	size_t pages_held;                           /* bytes */
	struct ticket_work *chains[IMPORTER_CHAINS]; /* of the same, by the uuid's hash */
	/* uuids, or ids, that the list has shown in this run; noted by a uuid is in which version
	 * the ticket was queued last */
	struct hd_seen seen;
	struct hd_seen tags;         /* of a contact sync: ids */
	struct import_size sizes[3]; /* by enum hd_list */
	struct import_counts counts;
	int64_t candidates, finished, failed, problems, requests, pages_done;
	int64_t lost; /* elements that could not be read, and are no failure that is kept */
	struct str first_lost;
	bool ending; /* by the next step */
	enum job_end end;
	struct str error;
	size_t tokens; /* taken from the budget, not yet spent */
	int64_t tokens_at, ask_budget_at, renew_at;
};

struct importer {
	struct importer_options o;
	struct import_storer *storer;
	struct db *db;
	struct arena *arena; /* of one piece of work */
	struct import_job *jobs[IMPORTER_MAX_JOBS];
	size_t njobs;
	int64_t claim_at, away_until;
};

/* importer_job.c: a job from claim to end. All errors but those of the database end the job. */
MUST_CHECK enum err import_job_open(struct importer *, const struct job *, int64_t now_ms);
/* What is remembered from earlier runs, and what that makes of this one. *done: always. */
MUST_CHECK enum err import_job_load(struct import_job *, int64_t now_ms, bool *done);
/* It is to end so; the first word counts. */
void import_job_stop(struct import_job *, enum job_end, struct str error);
/* Ends it in the database as import_job_stop said, and forgets it; or it begins anew, if more was
 * asked of it meanwhile. */
MUST_CHECK enum err import_job_end(struct import_job *, int64_t now_ms);
/* An error of its own ends the job, and no other; ERR_OK then. What is away is given back. */
MUST_CHECK enum err import_job_error(struct import_job *, enum err e);
/* Why a list that does not end is given up. */
struct str import_job_too_long(const struct import_job *);
/* Forgets it: what is in flight is cancelled. */
void import_job_drop(struct import_job *);
void import_job_progress(struct import_job *, struct job_progress *, int64_t now_ms);
/* Remembers a cursor, a full walk or a learned page size. */
MUST_CHECK enum err
import_job_state(struct import_job *, const char *key, int64_t cursor, int64_t full_at,
                 const struct import_size *, int64_t page, int64_t now_ms);
/* A store for one piece of work, in the importer's arena. */
struct import_store import_job_store(struct import_job *, int64_t now_ms);

/* importer_ask.c: requests. */
void ask_init(struct ask *, struct import_job *, enum hd_list, struct ticket_work *);
void ask_page(struct ask *, int64_t page, int64_t now_ms);
void ask_cancel(struct ask *);
/* Begins what is wanted, due and within the budget; *next_ms falls to when more may be. */
MUST_CHECK enum err asks_start(struct import_job *, int64_t now_ms, int64_t *next_ms);
/* Takes one result, if there is one. */
MUST_CHECK enum err asks_result(struct importer *, int64_t now_ms, bool *worked);

/* importer_tickets.c: the tickets of a run. */
/* What was read; the body lives until the call ends. false in *garbage: it was a page. */
MUST_CHECK enum err
tickets_page(struct import_job *, struct str body, int64_t now_ms, bool *garbage);
MUST_CHECK enum err
ticket_messages(struct ticket_work *, struct str body, int64_t now_ms, enum import_answer *what);
/* The element of a ticket that failed in an earlier run, as a list of it, into the queue. */
MUST_CHECK enum err tickets_again(struct import_job *, struct str body, int64_t now_ms);
/* That very reading, which stands on a page that is held, is in the queue. */
bool tickets_read(struct import_job *, const struct hd_ticket *);
/* What tells versions of one ticket apart, as a note of `seen`. */
uint32_t import_version(struct str raw, int64_t updated_at);
void ticket_failed(struct ticket_work *, const char *reason, struct str detail);
/* Takes those that may be read next: their asks are wanted. Once all are done, one piece of what
 * follows; *worked then. Ends the job after the last. */
MUST_CHECK enum err tickets_begin(struct import_job *, int64_t now_ms, bool *worked);
/* Has stored what was read, if it is a batch or has waited long enough; *next_ms falls to when it
 * will have; *worked: some are done. Ends the job when all is done. */
MUST_CHECK enum err
tickets_store(struct import_job *, int64_t now_ms, int64_t *next_ms, bool *worked);
void tickets_drop(struct import_job *);

/* importer_store.c: one batch of tickets at a time, of whichever job. */
MUST_CHECK enum err import_storer_new(struct db_pool *, struct import_storer **out);
void import_storer_free(struct import_storer *); /* NULL is fine */
/* Gives what was read to be stored, if that is a batch or has waited long enough, and it is the
 * job's turn; *next_ms falls to when it will have waited. */
MUST_CHECK enum err import_storer_give(struct import_job *, int64_t now_ms, int64_t *next_ms);
/* Takes the job's batch back if it is stored: its tickets are done, failed, or to be given again,
 * since the database is away (that error). */
MUST_CHECK enum err import_storer_take(struct import_job *);
/* Nothing of the job's is with the storer any more; waits for what is being written. */
void import_storer_settle(struct import_job *);

/* importer_after.c: one piece of any phase but IMPORT_READS, one transaction; the next phase once
 * it has no more. */
MUST_CHECK enum err import_piece(struct import_job *, int64_t now_ms);

/* importer_problems.c */
/* Where a page is from. */
struct import_page {
	enum hd_list list;
	int64_t page;
	struct str ticket; /* whose messages; STR_NONE */
};
/* Logs what cannot be read of it, and counts it. Before the walk takes the page. */
void import_problems(struct import_job *, const struct import_page *, const struct hd_page *);
/* Notes the tickets of it that have an id and cannot be read as failures, once a version and run.
 */
MUST_CHECK enum err import_unreadable(struct import_job *, const struct import_page *,
                                      const struct hd_page *, int64_t now_ms);
/* "client acme, ticket 1" */
struct str import_place(const struct import_job *, struct arena *, struct str ticket);

/* importer_failures.c */
/* Those that stand now are to be tried in this run. */
MUST_CHECK enum err failures_begin(struct import_job *);
/* Likewise once more, if that was asked of the job while it reads. What is asked later is found
 * when it ends. */
MUST_CHECK enum err failures_asked(struct import_job *);
/* Puts the next one of them into the queue, if there is one and not too many tickets wait. */
MUST_CHECK enum err failures_step(struct import_job *, int64_t now_ms, bool *worked);

/* importer_contacts.c */
MUST_CHECK enum err
contacts_page(struct import_job *, struct str body, int64_t now_ms, bool *garbage);
MUST_CHECK enum err contacts_step(struct import_job *, int64_t now_ms, bool *worked);

#endif
