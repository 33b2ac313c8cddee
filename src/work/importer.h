/*
 * Reads helpdesks: claims import and contact-sync jobs and works several off at once on one thread,
 * with as many requests in flight as the budgets allow. A worker as steps (sys/threads.h): killed
 * at any point, another goes on where it was. Source: 4-helpdesk §1, §2.
 */
#ifndef RECADO_WORK_IMPORTER_H
#define RECADO_WORK_IMPORTER_H

#include "base/secretbox.h"
#include "net/http_client.h"
#include "store/db.h"
#include "sys/rand.h"
#include "sys/threads.h"
#include "work/jobs.h"

struct importer;
struct importer_options {
	struct db_pool *pool;
	const struct http_client *http; /* the importer's alone */
	const struct randomness *rand;
	const struct secretbox_keys *keys;
	int64_t per_minute;    /* EXTERNAL_API_REQUESTS_PER_MINUTE */
	int64_t start_at;      /* IMPORT_START_AT */
	int64_t full_every_ms; /* IMPORT_FULL_EVERY_HOURS; 0: never by itself */
	struct uuid owner;     /* of leases: this process */
	struct uuid only;      /* one job alone, for a command; nil: whatever is due */
	size_t max_jobs;       /* worked on at once */
	size_t max_requests;   /* in flight for one job */
	size_t ticket_bytes;   /* messages of one ticket held in memory; more is a failure too_large
	                        */
	/* A thread of its own drives importer_store_step: how each wakes the other. Both NULL:
	 * there is none, and importer_step stores what was read itself. */
	struct wake *read_wake, *store_wake;
	/* Called after each step that changed a job; may be NULL. */
	void (*progressed)(void *ctx, const struct job *, const struct job_progress *);
	void *ctx;
};
MUST_CHECK enum err importer_open(const struct importer_options *, struct importer **out);
/* One bounded piece of work. Waiting for answers is the driver's affair: http_client_wait. */
enum step importer_step(void *importer, int64_t now_ms, int64_t *next_ms);
/* Stores one batch of tickets that importer_step gave it. */
enum step importer_store_step(void *importer, int64_t now_ms, int64_t *next_ms);
/* After the threads of both steps have ended. Gives the running jobs back (jobs_release). */
void importer_stop(struct importer *, int64_t now_ms);
/* Jobs that are worked on now. */
size_t importer_running(const struct importer *);
void importer_close(struct importer *);

#endif
