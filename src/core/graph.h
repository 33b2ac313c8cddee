/*
 * What Meta's Graph API answers, and what that means for whoever asked. Pure. Source: the wire
 * reference §8 (onboarding), §9 (sending); 3-whatsapp §5, §6.
 */
#ifndef RECADO_CORE_GRAPH_H
#define RECADO_CORE_GRAPH_H

#include "base/json.h"
#include "base/str.h"

/* Codes that are not errors of a call, or that steps treat in a way of their own. */
#define GRAPH_ALREADY_ASKED 2593107 /* this sync was requested before: fine */
#define GRAPH_TOO_LATE      2593108 /* more than 24 h after connecting */
#define GRAPH_CODE_EXPIRED  36007   /* subcodes of 100, of the exchange of a code */
#define GRAPH_CODE_USED     36009
#define GRAPH_PAIR_RATE     131056 /* one message per 6 s to one person */

/* What asking again would bring. */
enum graph_do {
	GRAPH_TAKE,      /* 2xx with a JSON object */
	GRAPH_LATER,     /* the server, or a limit that passes */
	GRAPH_NEVER,     /* the same again */
	GRAPH_RECONNECT, /* the same until the number is connected anew */
	GRAPH_STOP       /* the account may not: nobody of it is to ask */
};

/* What came back. */
enum graph_reply {
	GRAPH_ANSWERED, /* with `status` */
	GRAPH_LOST, /* cut, timed out after it was sent, too large: it may have been carried out */
	GRAPH_UNSENT,   /* refused, unknown name, no secure connection: nobody has read it */
	GRAPH_FORBIDDEN /* our own rules do not let us call this address */
};

struct graph_answer {
	enum graph_do act;
	/* Stable word, see graph_reasons; NULL with GRAPH_TAKE. */
	const char *reason;
	int64_t code, subcode; /* Meta's; -1: none */
	/* What Meta says of it, as one short line with personal data masked; STR_NONE. */
	struct str message;
	const cJSON *root; /* of a JSON object that was answered; NULL */
	bool carried_out;  /* false: nobody has done it for certain */
};
/* Reads a reply. status and body count with GRAPH_ANSWERED only. */
void
graph_read(struct arena *, enum graph_reply, int status, struct str body, struct graph_answer *out);

/* The word of a code of Meta's; NULL: it is not known. For failures that come by webhook. */
const char *graph_reason(int64_t code);

/* All words for what goes wrong with Meta: those of graph_read, those that say what was wrong with
 * a number that it named, and those of a message that could not even be asked for. Ends with NULL.
 */
extern const char *const graph_reasons[];

/* When to ask again after the nth try (from 1) that may pass: doubling from one second up to one
 * minute, less up to a quarter by chance; what the server asks for (retry_after_ms, -1: nothing)
 * goes before, up to an hour. */
int64_t graph_next_try_at(unsigned tries, int64_t now_ms, int64_t retry_after_ms, uint64_t chance);

#endif
