/*
 * The import law as a state machine: which page of the tickets, or of one ticket's messages, to
 * read next, when a walk is done, and where the next run begins. Pure. Source: 4-helpdesk §2.
 *
 *   import_walk_init(&w, arena, …);
 *   do { page = ask for w.walk.page;  next = import_walk_tickets(&w, &page); }
 *   while (next == IMPORT_NEXT_PAGE || next == IMPORT_FROM_START);
 *
 * The answer depends on the page alone, not on what became of its elements: the next page may be
 * asked for before they are applied.
 */
#ifndef RECADO_CORE_IMPORT_PLAN_H
#define RECADO_CORE_IMPORT_PLAN_H

#include "core/hd_walk.h"

#define IMPORT_MAX_RESTARTS   2 /* walks from page 1 again, in one run */
#define IMPORT_CURSOR_BACK_MS (2 * TIME_MINUTE)
/* How often the time must have fallen from one element to the next before newest-first counts as
 * shown. Less proves nothing: elements of one moment are in any order, and of a few pages with four
 * elements each some are sorted by chance. */
#define IMPORT_ORDER_PROOF 8
#define IMPORT_MAX_PAGES   INT64_C(100000) /* 5 million tickets at 50 a page */

enum import_next {
	IMPORT_NEXT_PAGE,  /* ask for walk.page */
	IMPORT_FROM_START, /* likewise, which is 1 again: the list moved while it was read */
	IMPORT_DONE,       /* `stop`, `early` and `complete` say how */
	IMPORT_FAILED      /* too many pages, or more elements than can be remembered */
};

struct import_walk {
	struct hd_walk walk;
	struct arena *arena;
	struct hd_seen *seen; /* of the run; NULL: the walk's own, in the arena */
	bool full;
	int64_t from; /* tickets: candidates are at or after this. Messages: the newest stored */
	/* newest first, as far as this walk has seen */
	int64_t last_at; /* of the element before */
	unsigned falls;  /* how often the next one was older */
	bool unordered;  /* one was newer */
	unsigned idle;   /* pages on end without anything to do */
	/* does the list move? */
	int64_t pages;            /* as the first page gave it */
	uint64_t *before, *spare; /* hashes of the page before, sorted; room for the next one's */
	size_t nbefore, before_room, spare_room;
	unsigned restarts;
	int64_t stuck_at; /* page of an earlier walk that held nothing new; 0 */
	/* of the run */
	int64_t newest; /* greatest time seen; TIME_NONE */
	enum hd_stop stop;
	bool early;    /* done because newest-first order was shown */
	bool complete; /* false: pages that the source says it has could not be reached. What was
	                  read stands, but no cursor may move */
};

/*
 * The tickets of a run. `from`: those with updatedAt at or after it are candidates. For an
 * incremental run the cursor; for a full one, which walks to the end whatever the order, where
 * history begins (IMPORT_START_AT), so that what was missed before is taken now.
 * `arena` is the walk's alone: each walk from page 1 empties it.
 */
void import_walk_init(struct import_walk *, struct arena *, int64_t from, bool full);
/* Likewise, but what it meets is remembered in the run's own table, over all walks from page 1: so
 * the arena does not grow with the list. */
void import_walk_init_shared(struct import_walk *, struct arena *, struct hd_seen *, int64_t from,
                             bool full);
/* One page of HD_TICKETS. */
enum import_next import_walk_tickets(struct import_walk *, const struct hd_page *);
/* Whether a ticket of that updatedAt is to be looked at (and skipped if it was done at it). */
bool import_walk_wants(const struct import_walk *, int64_t updated_at);

/*
 * The messages of one ticket: import_walk_init with `from` = the createdAt of its newest imported
 * message (TIME_NONE: none yet); `full` for --full by hand. stored[i]: messages[i] is stored with
 * the same updatedAt. Restarts are counted for each ticket by itself.
 */
enum import_next
import_walk_messages(struct import_walk *, const struct hd_page *, const bool *stored);

/* The page size has changed: page numbers mean something else, so the walk begins again. Not
 * counted as a restart, and bounded by how often a size can be halved. */
void import_walk_resized(struct import_walk *);

/* The run's start S: the Date of the first answer less its Age (ms, s; TIME_NONE, -1 if not
 * given), else our clock. */
int64_t import_started_at(int64_t date_ms, int64_t age_s, int64_t now_ms);
/* The cursor after a complete walk: never before the old one (TIME_NONE: there is none). */
int64_t import_cursor_after(int64_t cursor, int64_t started_at, int64_t newest);

#endif
