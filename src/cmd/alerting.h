/* The thread that looks for what somebody has to look at, and tells of it. */
#ifndef RECADO_CMD_ALERTING_H
#define RECADO_CMD_ALERTING_H

#include "cmd/settings.h"
#include "work/ingest.h"

struct alerting;
/* Why not: in the log. */
MUST_CHECK enum err
alerting_start(const struct settings *, struct db_pool *, struct alerting **out);
/* Whether the committer of this process is blocked is looked at too; NULL: not any more, before it
 * is stopped. Any thread. */
void alerting_watch(struct alerting *, const struct ingest *);
/* Asks it to stop after the step that runs; does not wait. */
void alerting_stop(struct alerting *);
/* Waits for it, gives back what it holds and frees. NULL is fine. */
void alerting_join(struct alerting *);

#endif
