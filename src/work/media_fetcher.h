/*
 * Fetches media: asks Meta for the address of what messages hold, takes the bytes to MEDIA_DIR and
 * checks them. A worker as steps (sys/threads.h), on the thread of graph_calls. A medium is held by
 * lease, so that another process goes on with those of one that was killed. Source: 3-whatsapp §7.
 */
#ifndef RECADO_WORK_MEDIA_FETCHER_H
#define RECADO_WORK_MEDIA_FETCHER_H

#include "base/secretbox.h"
#include "store/db.h"
#include "sys/rand.h"
#include "sys/threads.h"
#include "work/graph_calls.h"

#define MEDIA_AT_ONCE 4
#define MEDIA_HISTORY_MOST                                                                         \
	3 /* of them: who waits for a picture now does not wait for a history                      \
	   */

struct media_fetcher;
struct media_fetcher_options {
	struct db_pool *pool;
	struct graph_calls *graph;
	const struct randomness *rand;
	const struct secretbox_keys *keys;
	struct str dir;       /* MEDIA_DIR; outlives it */
	int64_t budget_bytes; /* of all files; 0: no limit */
	bool transcribe;      /* audios are put into the queue of transcripts */
	struct uuid owner;    /* this process */
};
/* A MEDIA_DIR that cannot be used is no error here: media waits, and says why. */
MUST_CHECK enum err media_fetcher_open(const struct media_fetcher_options *, int64_t now_ms,
                                       struct media_fetcher **out);
/* One bounded piece of work; answers come by graph_calls_hear, on the same thread. */
enum step media_fetcher_step(void *fetcher, int64_t now_ms, int64_t *next_ms);
/* After the thread has ended: what is under way is another's at once. */
void media_fetcher_stop(struct media_fetcher *, int64_t now_ms);
void media_fetcher_close(struct media_fetcher *);

#endif
