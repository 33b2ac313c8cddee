/*
 * Has audios written down: takes those that are stored (work/media_fetcher.h puts them into the
 * queue) to a server that speaks OpenAI's `/audio/transcriptions`. A worker as steps
 * (sys/threads.h), on the thread and the client of graph_calls. A row is held by lease; of a call
 * whose answer was lost nobody knows whether it is paid, and it is made again. Source: 1-product
 * TRANSCRIBE; 3-whatsapp §7.
 */
#ifndef RECADO_WORK_TRANSCRIBER_H
#define RECADO_WORK_TRANSCRIBER_H

#include "core/transcript.h"
#include "store/db.h"
#include "sys/rand.h"
#include "sys/threads.h"
#include "work/graph_calls.h"

#define TRANSCRIBER_AT_ONCE 2

struct transcriber;
struct transcriber_options {
	struct db_pool *pool;
	const struct http_client *http; /* the one of graph_calls */
	const struct randomness *rand;
	struct str base_url, api_key, model;
	struct str dir; /* MEDIA_DIR; outlives it */
	struct transcript_prices prices;
	int64_t timeout_ms; /* of one call */
	struct uuid owner;  /* this process */
};
MUST_CHECK enum err transcriber_open(const struct transcriber_options *, struct transcriber **out);
/* One bounded piece of work; answers come by graph_calls_hear, on the same thread. */
enum step transcriber_step(void *transcriber, int64_t now_ms, int64_t *next_ms);
/* After the thread has ended: what is under way is another's at once. */
void transcriber_stop(struct transcriber *, int64_t now_ms);
void transcriber_close(struct transcriber *);

#endif
