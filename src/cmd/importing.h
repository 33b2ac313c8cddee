/* The thread that reads helpdesks: an importer with its own HTTP client. */
#ifndef RECADO_CMD_IMPORTING_H
#define RECADO_CMD_IMPORTING_H

#include "cmd/settings.h"

struct importing;
/* only: that job alone; nil: whatever is due, up to max_jobs at once. Why not: in the log. */
MUST_CHECK enum err importing_start(const struct settings *, struct db_pool *, struct uuid only,
                                    size_t max_jobs, struct importing **out);
/* There may be a job. Any thread. */
void importing_wake(struct importing *);
/* Asks it to stop after the step that runs; does not wait. */
void importing_stop(struct importing *);
/* Waits for it, gives its jobs back and frees. NULL is fine. */
void importing_join(struct importing *);

#endif
