/*
 * The committer: one thread with its own connection that appends webhook bodies to the journal.
 * It takes everything queued, one transaction, answers them all (group commit). A body is
 * acknowledged only after the commit is durable.
 */
#ifndef RECADO_WORK_INGEST_H
#define RECADO_WORK_INGEST_H

#include "base/err.h"
#include "base/uuid.h"
#include "store/db.h"
#include "sys/clock.h"
#include "sys/rand.h"
#include "sys/threads.h"

struct ingest;
struct ingest_options {
	struct db_pool *pool;
	const struct clock *clock;
	const struct randomness *rand;
	size_t max_entries; /* not answered yet; beyond: ERR_UNAVAILABLE at once */
	/* Longer waits are answered ERR_UNAVAILABLE; the body may still be stored: harmless. */
	int64_t append_timeout_ms;
	size_t batch_entries;                         /* per transaction */
	size_t batch_bytes;                           /* likewise; one entry is always taken */
	void (*committed)(void *ctx, size_t entries); /* after each commit: wakes the drainers */
	void *ctx;
};
/* Called exactly once per entry, from the committer or its watchdog. ERR_OK: durable. */
typedef void ingest_done_fn(void *ctx, enum err e);

MUST_CHECK enum err ingest_start(const struct ingest_options *, struct ingest **out);
/*
 * Any thread, never blocks. On ERR_OK the body (malloc'ed, or NULL if empty) is taken over;
 * otherwise it stays the caller's and done is not called: ERR_UNAVAILABLE when the queue is full,
 * ERR_CANCELLED when stopping. Entries are stored with ids in the order of these calls.
 * connection_id: nil, or the connection whose own URL it came by.
 */
MUST_CHECK enum err ingest_append(struct ingest *, char *body, size_t body_len,
                                  struct uuid connection_id, ingest_done_fn *done, void *ctx);
/* How long the running append has been blocked, ms; 0 if none runs. For /ready. Any thread. */
int64_t ingest_blocked_ms(const struct ingest *);
/*
 * Commits what is queued (for at most `drain_ms`), answers the rest ERR_CANCELLED, joins, frees.
 * Waits for a statement that runs. NULL is fine.
 */
void ingest_stop(struct ingest *, int64_t drain_ms);

#endif
