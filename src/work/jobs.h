/*
 * Long work as rows: enqueued by the API, a command or the schedule, leased to one process, taken
 * up by another when the lease ends. At most one import and one contact sync of a client is queued
 * or running; of analyses any number are. Every function is its own transaction unless it says
 * otherwise; any thread, with its own connection. What shows of a job tells of it (work/event.h).
 */
#ifndef RECADO_WORK_JOBS_H
#define RECADO_WORK_JOBS_H

#include "store/db.h"
#include "sys/rand.h"

#define JOB_LEASE_MS (15 * TIME_SECOND) /* renewed about every third of it */

enum job_kind { JOB_IMPORT, JOB_SYNC_CONTACTS, JOB_ANALYSIS }; /* bit in a mask: 1 << kind */
enum job_end { JOB_SUCCEEDED, JOB_PARTIAL, JOB_FAILED, JOB_CANCELLED };

struct job {
	struct uuid id, client_id;
	enum job_kind kind;
	bool full, episodes; /* params {"full":bool,"episodes":bool,"retries":n} */
	int64_t retries;     /* how often it was asked that failures be tried again */
	bool resumed;        /* another process began it */
	int64_t created_at;
	struct str params, counts; /* as stored; in the arena of jobs_claim */
};

/* What is shown of a job while it runs. */
struct job_progress {
	int64_t done, total; /* total -1: not known */
	const char *unit;    /* "tickets", "contacts", "sessions" */
	int64_t eta_seconds; /* -1: not known */
	struct str counts;   /* JSON object */
};

/*
 * Inside the caller's write transaction, which holds the client's lane. A job of that kind that is
 * queued or running is given instead: *existing; it takes on what more is asked (one that runs
 * when it comes to its end: jobs_complete), and if its end was asked for before, that is taken
 * back.
 */
MUST_CHECK enum err jobs_enqueue(struct db *, struct arena *, const struct randomness *,
                                 struct uuid client_id, enum job_kind, bool full, bool episodes,
                                 int64_t now_ms, struct uuid *id, bool *existing);
/* Of one that is under way: what failed is to be tried again before it ends. Transaction and lane
 * as above. */
MUST_CHECK enum err jobs_retry(struct db *, struct arena *, struct uuid id);
/* How often that was asked. */
MUST_CHECK enum err jobs_retries(struct db *, struct uuid id, int64_t *n);
/* Inside the caller's write transaction: a new one, beside whatever is under way. params: JSON. */
MUST_CHECK enum err jobs_insert(struct db *, const struct randomness *, struct uuid client_id,
                                enum job_kind, struct str params, int64_t now_ms, struct uuid *id);
/*
 * The oldest job of these kinds that nobody works on (queued, or its lease is over) becomes
 * `owner`'s and running; *found false: there is none. only: that job alone (nil: any).
 */
MUST_CHECK enum err jobs_claim(struct db *, struct arena *, unsigned kinds, struct uuid only,
                               struct uuid owner, int64_t now_ms, struct job *out, bool *found);
/* Stores the progress and holds on to the job. *cancel: someone asked for its end. ERR_CONFLICT: it
 * is no longer the owner's. */
MUST_CHECK enum err jobs_renew(struct db *, struct uuid id, struct uuid owner, int64_t now_ms,
                               const struct job_progress *, bool *cancel);
/* Ends it. error: for people; absent where there is none. ERR_CONFLICT as above. */
MUST_CHECK enum err jobs_finish(struct db *, struct uuid id, struct uuid owner, int64_t now_ms,
                                enum job_end, struct str error, const struct job_progress *);
/*
 * Ends one that came to its end (SUCCEEDED, PARTIAL), in its client's lane, unless more has been
 * asked of it than `job` says: then it goes on, *more is true and `job` says so.
 */
MUST_CHECK enum err
jobs_complete(struct db *, struct job *, struct uuid owner, int64_t now_ms, enum job_end,
              struct str error, const struct job_progress *, bool *more);
/* Gives it back, for another process or a later call to go on with: it is queued again.
 * ERR_CONFLICT as above. */
MUST_CHECK enum err jobs_release(struct db *, struct uuid id, struct uuid owner, int64_t now_ms);
/* Asks for its end: one that nobody holds ends at once, else its owner ends it (jobs_renew).
 * ERR_CONFLICT: there is none, it has ended, or its kind is never held. */
MUST_CHECK enum err jobs_cancel(struct db *, struct uuid id, int64_t now_ms);
/* "import", "sync_contacts", "analysis" */
const char *jobs_kind_name(enum job_kind);

#endif
