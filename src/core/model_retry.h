/*
 * What an answer of the model server, or its absence, means for the row, the run and everybody who
 * asks the same server; how long to wait. Pure: chance and time come in as numbers. What a 2xx
 * answer says is core/report's. Source: 5-analysis "The queue".
 */
#ifndef RECADO_CORE_MODEL_RETRY_H
#define RECADO_CORE_MODEL_RETRY_H

#include "base/str.h"
#include "base/time.h"

#define MODEL_ATTEMPTS     4 /* the fourth failed one is final */
#define MODEL_PAUSES       5 /* in a row without one success; the next ends the run */
#define MODEL_LOSSES       3 /* of one row: the third spends an attempt */
#define MODEL_PAUSE_MS     (2 * TIME_SECOND) /* the first; doubles, less up to half by chance */
#define MODEL_PAUSE_MAX_MS TIME_MINUTE
#define MODEL_HOLD_MIN_MS  TIME_SECOND /* a Retry-After is waited for at least this */
#define MODEL_HOLD_MAX_MS  TIME_HOUR   /* and never longer than this, whatever it says */

/* What came back. */
enum model_answer {
	MODEL_ANSWERED,  /* with `status` */
	MODEL_TOO_LARGE, /* the body passes the limit in bytes */
	MODEL_LOST,      /* refused, unreachable, cut, timed out, bad certificate */
	MODEL_FORBIDDEN  /* our own rules do not let us call this address */
};

/* What becomes of the row. */
enum model_do {
	MODEL_TAKE,    /* 2xx: read it with report_read */
	MODEL_RELEASE, /* back to pending, no attempt is spent */
	MODEL_FAILED,  /* a failed attempt: back-off, final after MODEL_ATTEMPTS */
	MODEL_FINAL    /* asking again would say the same */
};

/* Everybody who asks one server. Begin with { 0 }. */
struct model_client {
	unsigned pauses;    /* in a row without one success */
	uint64_t ever;      /* pauses so far, whatever came between them */
	int64_t paused_at;  /* when the latest began; counts while pauses > 0 */
	int64_t held_until; /* ask nobody before this; 0: never held */
};

struct model_try {
	enum model_answer answer;
	int status;             /* of MODEL_ANSWERED */
	struct str code;        /* error.code of the body (model_error_read); STR_NONE */
	int64_t retry_after_ms; /* -1: not given */
	int64_t asked_at;       /* when the request left, ms */
	unsigned losses;        /* of this row until now, as stored */
	uint64_t ever_before;   /* the client's `ever` when the run began */
};

struct model_verdict {
	enum model_do act;
	/* Of the row; a stable word: rate_limited server_error unreachable unexpected_status
	 * bad_request too_large, or ends_run's; NULL with MODEL_TAKE. */
	const char *reason;
	/* Not NULL: the run ends, every other row of it stays as it is. A stable word:
	 * model_unavailable unauthorized forbidden payment_required unknown_model not_found
	 * redirected refused_by_rule. */
	const char *ends_run;
	/* Of this row from now on, to be stored: one more after a loss, 0 once an attempt was
	 * spent or an answer came. */
	unsigned losses;
};

/*
 * Judges one try and updates the client. 2xx is a success and ends the row of pauses. A failure of
 * a request that left before the latest pause began belongs to that pause: many in flight are one
 * pause, which may only become longer. A run ends by the pauses since it began, whoever else asks;
 * held_until holds for all. chance: any random number.
 */
struct model_verdict
model_judge(struct model_client *, const struct model_try *, int64_t now_ms, uint64_t chance);

/* When the row may be claimed again after its nth failed attempt (from 1): 1, 5, 15 minutes;
 * TIME_NONE: never, the failure is final. */
int64_t model_next_try_at(unsigned failures, int64_t now_ms);

#endif
