/*
 * Requests that wait for the end of something long, without a thread of their own: the exchange is
 * kept, and answered when it has ended or the time is over. One thread looks, while there are any.
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
/* What is waited for. */
struct wait_for {
	const struct wait_kind *kind; /* NULL: nothing */
	struct uuid client, id;
	int64_t until_ms;
};
struct wait_kind {
	/* rows: a number and the id of each; answers the numbers of those that have ended */
	const struct query *ended;
	/* Writes the body of the answer: of its end (status 200), or while it goes on (202). Any
	 * error becomes a problem document. */
	enum err (*write)(struct db *, struct arena *, const struct wait_for *, bool ended,
	                  int64_t now_ms, struct buf *out);
	const char *location; /* of a 202: the id follows; NULL: none */
};
struct wait_options {
	struct db_pool *pool;
	const struct clock *clock;
	const char *content_type;
};
struct wait *wait_new(const struct wait_options *);
/*
 * Takes the exchange over until until_ms. ERR_UNAVAILABLE: it does not, since too many wait or we
 * are stopping: the caller answers. Any thread.
 */
MUST_CHECK enum err wait_add(struct wait *, struct http_exchange *, const struct wait_for *);
/* Answers all that wait as if their time were over, and takes no more. Before the HTTP server
 * stops. */
void wait_stop(struct wait *);
void wait_free(struct wait *); /* stops; NULL is fine */

#endif
