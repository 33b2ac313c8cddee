/* The thread that has sessions graded: an analyser with its own HTTP client. */
#ifndef RECADO_CMD_ANALYSING_H
#define RECADO_CMD_ANALYSING_H

#include "cmd/settings.h"

struct analysing;
/* only: that job alone; nil: whatever is due. Why not: in the log. */
MUST_CHECK enum err analysing_start(const struct settings *, struct db_pool *, struct uuid only,
                                    struct analysing **out);
/* There may be a job. Any thread. */
void analysing_wake(struct analysing *);
/* Asks it to stop after the step that runs; does not wait. */
void analysing_stop(struct analysing *);
/* Waits for it, gives rows and jobs back and frees. NULL is fine. */
void analysing_join(struct analysing *);

#endif
