/*
 * Finds out what somebody has to look at, and tells each change of it once: a row, a line of the
 * audit log, an event for the pages, and one that waits for ALERT_WEBHOOK_URL. A worker as steps
 * (sys/threads.h); any number of processes may run it side by side. Source: 1-product.
 */
#ifndef RECADO_WORK_ALERTER_H
#define RECADO_WORK_ALERTER_H

#include "store/db.h"
#include "sys/rand.h"
#include "sys/threads.h"

#define ALERT_DELIVERIES_MOST 10000 /* that wait; beyond, a change is not told */

struct alerter;
struct alerter_options {
	struct db_pool *pool;
	const struct randomness *rand;
	struct uuid owner;       /* this process */
	bool tell;               /* there is an ALERT_WEBHOOK_URL */
	int64_t import_every_ms; /* IMPORT_INTERVAL_MINUTES; 0: never */
	/* How long the committer of this process has been blocked, ms; NULL: it has none. */
	int64_t (*blocked_ms)(void *ctx);
	void *ctx;
};
MUST_CHECK enum err alerter_open(const struct alerter_options *, struct alerter **out);
/* Looks at everything once, every two seconds. */
enum step alerter_step(void *alerter, int64_t now_ms, int64_t *next_ms);
void alerter_close(struct alerter *);

#endif
