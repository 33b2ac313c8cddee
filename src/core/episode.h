/*
 * Episodes: a conversation's messages cut by silence (4-helpdesk §3 R10). A gap of more than 24 h
 * begins a new one; exactly 24 h stays together. Which messages take part (all but `system`) is the
 * caller's affair. Messages of the same millisecond are always in one episode, so times alone
 * decide and keys are only asked for where two rows begin at once. Pure; times are ms, never
 * TIME_NONE.
 *
 * There are two ways to the same rows:
 *
 *  - episode_cut() over all times, then episode_match() against the rows: where everything is read
 *    anyway (the stretch of a helpdesk ticket, the first cut of a conversation);
 *  - episode_recut(): from what changed alone. Its cost, and that of the reads it needs, grows with
 *    the changes and not with the conversation.
 *
 * The local way, step by step, all in the transaction that wrote the messages, after it wrote them:
 *
 *  1. Say what changed. `added`: the time of every message that is in the conversation now and was
 *     not before, or that has another time now. `removed`: the time at which a message stood
 *     that has left, or that has another time now. A message that came again with the same time is
 *     neither: the caller knows whether its insert made a row. So each message is counted exactly
 *     once however often it comes, as long as messages and episodes are written in one transaction.
 *     When other conversations are joined into this one their rows are given too, with another
 *     `from`; their messages are neither added nor removed. A message that both sides held and
 *     that is one row now is removed from the side whose copy went (with `from` of that side); if
 *     its time became another, both copies are removed and the one that is left is added.
 *  2. episode_windows() over these times, and over the spans of the rows of the joined-in
 *     conversations. For each window [start, end] read the live rows that reach into it: those with
 *     start in it, by index, and the newest one that starts before it, if it ends in it or later.
 *     Rows are more than 24 h apart, so a window holds at most two for each change in it and two
 *     more. A row that reaches into two windows is given once.
 *  3. For each removed time t read two boundary times, by index, as the messages stand now: the
 *     newest at or before t and the oldest at or after t. With additions alone there is nothing to
 *     read.
 *  4. episode_recut() says which rows to update, insert and retire.
 *  5. Where a run is marked `recount`, and only there, count the messages in [start, end] by index.
 *     This happens when a removal tore an episode apart; its cost is the torn episode's length.
 */
#ifndef RECADO_CORE_EPISODE_H
#define RECADO_CORE_EPISODE_H

#include "core/session.h"

#define EPISODE_GAP_MS TIME_DAY

/* Closed on both sides: the times of the first and the last message. */
struct episode_span {
	int64_t start, end;
};

/* A stored row that is not retired. */
struct episode_row {
	struct episode_span span;
	int64_t count; /* its messages */
	unsigned from; /* which of the conversations that were joined; rows of one are disjoint */
	/* Key of its first message. Only looked at between rows of different `from` that begin in
	 * the same millisecond; may be absent elsewhere. */
	struct str first_key;
};

struct episode_removed {
	int64_t at;       /* where it stood */
	unsigned from;    /* the conversation it stood in */
	int64_t before;   /* newest message now with time <= at; TIME_NONE if there is none */
	int64_t after;    /* oldest message now with time >= at; TIME_NONE if there is none */
	int64_t moved_to; /* its time now, which is among `added`; TIME_NONE if it is gone */
};

struct episode_changes {
	const int64_t *added; /* any order; a time twice is two messages */
	size_t n_added;
	const struct episode_removed *removed; /* any order */
	size_t n_removed;
};

enum episode_act { EPISODE_KEEP, EPISODE_UPDATE, EPISODE_INSERT };

/* An episode as it is now. */
struct episode_run {
	struct episode_span span;
	int64_t count;
	bool recount; /* `count` says nothing: the caller counts */
	enum episode_act act;
	size_t row; /* index of the row that lives on in it; SESSION_NONE when inserted */
};

/* A row to be retired. */
struct episode_leaving {
	size_t row;
	size_t heir; /* index of the run that took it over; SESSION_NONE if nothing is left of it */
};

struct episode_plan {
	struct episode_run *runs; /* ascending */
	size_t n_runs;
	struct episode_leaving *leaving; /* ascending by the rows' start */
	size_t n_leaving;
};

/* All episodes of these ascending times; act is INSERT. */
void episode_cut(struct arena *, const int64_t *times, size_t n, struct episode_run **runs,
                 size_t *n_runs);
/*
 * Which stored rows live on in the runs of a full cut (which are all there are). A row may live on
 * in a run that its span meets. Rows choose by start, each the first such run that is still free,
 * so that the survivor of a join is the row that holds the earliest message and a torn row stays
 * with its earliest part. `rows` in any order.
 */
void episode_match(struct arena *, const struct episode_row *rows, size_t n_rows,
                   const struct episode_run *runs, size_t n_runs, struct episode_plan *out);

/* The windows to read for changes at these spans (a single time is a span of its own), ascending
 * and disjoint; how many. */
size_t episode_windows(struct arena *, const struct episode_span *changes, size_t n,
                       struct episode_span **windows);
/*
 * The plan for the rows given: exactly what episode_cut() over all times would give in these
 * places, with identity as in episode_match(). A row all of whose messages have left goes with the
 * earliest of them that was moved, if no other row lives on there. `rows` in any order.
 * O((rows + changes) log).
 */
void episode_recut(struct arena *, const struct episode_row *rows, size_t n_rows,
                   const struct episode_changes *, struct episode_plan *out);

/* The class and times that an episode with this last message shows at `now` (its class is a
 * reading, never stored): CLOSED with both times from end + 24 h on, before that OPEN_REAL and both
 * TIME_NONE. */
struct episode_view {
	enum session_type type;
	int64_t ended_at, settled_at;
};
struct episode_view episode_view(int64_t end, int64_t now);

#endif
