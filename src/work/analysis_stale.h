/*
 * What makes an analysis stale: its session's messages or bounds are others than it was made from.
 * Whoever changes messages or sessions of a client collects here what he changed and marks it in
 * the same transaction, which holds the client's lane: at most four statements, none if all that
 * changed is younger than a day, since no session with such a message can have been analysed, and
 * one if the client has no analyses. Statuses and reactions are no change. Not thread-safe.
 * Source: 5-analysis "Report"; 4-helpdesk §3 S2, S9.
 */
#ifndef RECADO_WORK_ANALYSIS_STALE_H
#define RECADO_WORK_ANALYSIS_STALE_H

#include "base/map.h"
#include "core/session.h"
#include "store/db.h"

struct analysis_stale {
	struct arena *arena;
	struct uuid client_id;
	int64_t now_ms;
	bool marked;     /* out: an analysis was, since the beginning; who tells of it looks here */
	struct map seen; /* what is in the batches already */
	struct db_rows *sessions, *moments, *tickets;
	int64_t *ticket_times; /* of messages of tickets, each with its ticket */
	struct uuid *ticket_ids;
	size_t n, cap;
};

/* Borrows the arena until the mark. */
void
analysis_stale_init(struct analysis_stale *, struct arena *, struct uuid client_id, int64_t now_ms);

/* Is this time so long ago that a session that holds it, or ended with it, may be settled? */
static inline bool
analysis_stale_old(int64_t at, int64_t now_ms)
{
	return at != TIME_NONE && at <= now_ms - SESSION_SETTLE_MS;
}

/* A stored session that now has other bounds, another class or number of messages, or has retired.
 * ended_before: its end before the change; TIME_NONE if it was open, when nothing is to be done. */
void analysis_stale_session(struct analysis_stale *, struct uuid session_id, int64_t ended_before);
/*
 * A message that reads differently now: its body, type, media, direction, sender, time, the
 * helpdesk's updatedAt, revoked, missing. `ticket`: the helpdesk's, or nil; then it counts for the
 * conversation's episodes. Of one whose time changed, both times. A message that came or went
 * changes its session's number of messages, so that the session is enough.
 */
void analysis_stale_message(struct analysis_stale *, struct uuid conversation, struct uuid ticket,
                            int64_t at);
/*
 * After messages and sessions were written. Rows of the queue keep in step with their session's
 * end; those that are done, or being worked on, are stale. Those that wait are written too, so that
 * nobody who claims one reads its messages before this transaction is over. Empties the collection.
 */
MUST_CHECK enum err analysis_stale_mark(struct db *, struct analysis_stale *);

#endif
