/*
 * What an answer of the helpdesk, or its absence, means for the request, the ticket and the run;
 * how long to wait; how large a page to ask for. Pure: chance comes in as a number. Source:
 * 4-helpdesk §1 "Requests".
 */
#ifndef RECADO_CORE_IMPORT_RETRY_H
#define RECADO_CORE_IMPORT_RETRY_H

#include <stdint.h>

#include "base/time.h"

#define IMPORT_TRIES 4 /* of one request */
/* after the first failure; doubles, less up to half of it by chance */
#define IMPORT_BACKOFF_MS     (2 * TIME_SECOND)
#define IMPORT_BACKOFF_MAX_MS TIME_MINUTE
#define IMPORT_HOLD_MIN_MS    TIME_SECOND /* a 429 is waited for at least this */
#define IMPORT_HOLD_MAX_MS    TIME_HOUR /* and never longer than this, whatever Retry-After says */
#define IMPORT_SIZE_SMALL     5         /* pages up to this are not halved for a 5xx */
#define IMPORT_SIZE_KEPT_MS   TIME_DAY

/* What came back. */
enum import_answer {
	IMPORT_ANSWERED,  /* with `status`; of 2xx the body is a page */
	IMPORT_GARBAGE,   /* with 2xx, but the body is no page */
	IMPORT_TOO_LARGE, /* the page passes the limit in bytes or memory */
	IMPORT_LOST,      /* refused, unreachable, cut, timed out, bad certificate */
	IMPORT_FORBIDDEN  /* our own rules do not let us call this address */
};

enum import_do {
	IMPORT_TAKE,        /* use the page */
	IMPORT_AGAIN,       /* the same request after wait_ms */
	IMPORT_HOLD,        /* the same, and nobody asks this source meanwhile (429) */
	IMPORT_SMALLER,     /* at once, with pages of `size`; page numbers begin anew */
	IMPORT_FAIL_TICKET, /* what was asked for is a ticket's failure; the run goes on */
	IMPORT_FAIL_RUN
};

/* One request, over its tries. Begin with { .size = … }. */
struct import_try {
	unsigned failures; /* tries used up: 429 and halvings are none */
	unsigned held;     /* 429 on end */
	int64_t size;      /* elements asked for on a page */
	bool of_ticket;    /* one ticket's messages; else a list */
};

struct import_verdict {
	enum import_do act;
	int64_t wait_ms;
	int64_t size;
	/* of the two failures: a stable word: unauthorized forbidden not_found gone too_large
	 * garbage unreachable server_error refused_by_rule redirected unexpected_status */
	const char *reason;
};

/*
 * `status` counts for IMPORT_ANSWERED only; retry_after_ms: what Retry-After asks for, -1 if it is
 * not given; chance: any random number. Updates the try.
 */
struct import_verdict import_judge(struct import_try *, enum import_answer, int status,
                                   int64_t retry_after_ms, uint64_t chance);

/* The page size of one source's list, as stored. {0, 0}: nothing learned. */
struct import_size {
	int64_t size;
	int64_t until; /* ms */
};
/* How many to ask for: `wanted`, or less where that was learned. */
int64_t import_size_now(const struct import_size *, int64_t wanted, int64_t now_ms);
/*
 * A page came with `size` asked for. True if something was learned that is to be stored: a smaller
 * size than `wanted` was what helped. A size that did not help is not kept, else one ticket whose
 * messages never come would make every page small.
 */
bool import_size_learn(struct import_size *, int64_t wanted, int64_t size, int64_t now_ms);

#endif
