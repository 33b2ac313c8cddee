/* The job document, and starting a job from a call; for the API and for commands. */
#ifndef RECADO_API_JOB_H
#define RECADO_API_JOB_H

#include "api/call.h"

/* Columns of jobs_one and jobs_list. */
enum {
	J_ID,
	J_KIND,
	J_SLUG,
	J_STATUS,
	J_DONE,
	J_TOTAL,
	J_UNIT,
	J_ETA,
	J_COUNTS,
	J_ERROR,
	J_CREATED_AT,
	J_STARTED_AT,
	J_FINISHED_AT
};

/* Writes the job as one object. ERR_NOT_FOUND: there is none. */
MUST_CHECK enum err job_write_one(struct db *, struct arena *, struct uuid id, struct jw *);
/* Starts it, or finds the one under way: 202 with its Location. Problems are set. */
MUST_CHECK enum err job_start(struct api_call *, struct admin_job *);
/* Answers {job}. */
MUST_CHECK enum err job_answer(struct api_call *, struct uuid id);

#endif
