/* What the sender's files share. One thread. */
#ifndef RECADO_WORK_SENDER_INTERNAL_H
#define RECADO_WORK_SENDER_INTERNAL_H

#include <stdatomic.h>

#include "core/send.h"
#include "work/sender.h"

struct sender {
	struct sender_options o;
	struct db *db;
	struct arena *arena; /* of one step */
	struct sending *first;
	size_t n;
	bool draining;
	int64_t look_at, away_until, sweep_at, tidy_at;
	_Atomic bool look;
};

/* One whose call is in flight, or whose answer is to be written. Its texts are of its own arena. */
struct sending {
	struct graph_call call; /* first: the call is the sending */
	struct sender *s;
	struct sending *next;
	struct arena *arena;
	struct uuid client_id, connection_id, conversation_id;
	struct send_text text;
	struct str token, box; /* box: the token as it is stored */
	unsigned tries;        /* with this one */
	int64_t at;            /* when it was written */
	int64_t held_until;
	const char *refused; /* why it was not called at all */
	bool named;          /* not called: a status has named it meanwhile */
	bool heard;
	struct http_result result;
};

/* sender_store.c: rows. Each is one transaction. ERR_CONFLICT: it is another's by now. */

/* Up to `most` numbers whose turn it is, as pairs (client, connection). */
MUST_CHECK enum err
send_store_due(struct sender *, int64_t now_ms, int64_t most, struct db_result *out);
/* When the next number's turn is; TIME_NONE: nothing is queued. */
MUST_CHECK enum err send_store_next(struct sender *, int64_t *at);
/* The first of that number's queue; *out NULL: it was another's turn. */
MUST_CHECK enum err
send_store_claim(struct sender *, struct uuid client_id, struct uuid connection_id, int64_t now_ms,
                 struct sending **out);
/* answer NULL: it was not called. */
MUST_CHECK enum err send_store_settle(struct sending *, const struct send_verdict *,
                                      const struct graph_answer *, int64_t now_ms);
/* Those that a process left behind in flight: nobody knows. *more: there may be others. */
MUST_CHECK enum err send_store_sweep(struct sender *, int64_t now_ms, bool *more);
MUST_CHECK enum err send_store_tidy(struct sender *, int64_t now_ms);
void sending_free(struct sending *);

#endif
