/*
 * Requests that wait for a job's end, without a thread of their own: the exchange is kept, and
 * answered when the job has ended or the time is over. One thread looks, while there are any.
 */
#ifndef RECADO_API_WAIT_H
#define RECADO_API_WAIT_H

#include "net/http_server.h"
#include "store/db.h"
#include "sys/clock.h"

#define WAIT_MOST                                                                                  \
	256 /* requests that wait at once; beyond: answered as if their time were over             \
	     */

struct wait;
struct wait_options {
	struct db_pool *pool;
	const struct clock *clock;
	const char *content_type;
	/* Writes the body of the answer: of the job's end (status 200), or of a job that goes on
	 * (202). Any error becomes a problem document. */
	enum err (*write)(struct db *, struct arena *, struct uuid job, bool ended,
	                  struct buf *out);
};
struct wait *wait_new(const struct wait_options *);
/*
 * Takes the exchange over until until_ms. ERR_UNAVAILABLE: it does not, since too many wait or we
 * are stopping: the caller answers. Any thread.
 */
MUST_CHECK enum err
wait_for(struct wait *, struct http_exchange *, struct uuid job, int64_t until_ms);
/* Answers all that wait as if their time were over, and takes no more. Before the HTTP server
 * stops. */
void wait_stop(struct wait *);
void wait_free(struct wait *); /* stops; NULL is fine */

#endif
