/* The threads that turn the journal and helpdesks into rows: drainers, keeper and importer. For
 * serve and worker. */
#ifndef RECADO_CMD_WORKERS_H
#define RECADO_CMD_WORKERS_H

#include "cmd/settings.h"
#include "store/db.h"
#include "work/ingest.h"

struct workers;
/* Starts DRAINER_THREADS drainers (one on SQLite), the keeper and the importer. Why not: in the
 * log. */
MUST_CHECK enum err workers_start(const struct settings *, struct db_pool *, struct workers **out);
/* So many webhooks were committed: wakes the drainers, unless the door needs the machine. Any
 * thread. */
void workers_committed(struct workers *, size_t entries);
/* There is something to do now. Any thread. */
void workers_wake(struct workers *);
/* The committer of this process, for alerts; NULL before it is stopped. Any thread. */
void workers_watch(struct workers *, const struct ingest *);
/* Asks them to stop after the step that runs. */
void workers_stop(struct workers *);
/* Waits for them and frees. NULL is fine. */
void workers_join(struct workers *);

#endif
