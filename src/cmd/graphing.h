/* The thread that talks to Meta's Graph API (onboarding, sending, media), with one HTTP client. */
#ifndef RECADO_CMD_GRAPHING_H
#define RECADO_CMD_GRAPHING_H

#include "cmd/settings.h"

struct graphing;
/* connected: a number was connected that may take what was parked for it; called by that thread.
 * Why not: in the log. */
MUST_CHECK enum err graphing_start(const struct settings *, struct db_pool *,
                                   void (*connected)(void *ctx), void *ctx, struct graphing **out);
/* There may be something to do. Any thread. */
void graphing_wake(struct graphing *);
/* Asks it to stop after the step that runs; does not wait. */
void graphing_stop(struct graphing *);
/* Waits for it, gives back what it holds and frees. NULL is fine. */
void graphing_join(struct graphing *);

#endif
