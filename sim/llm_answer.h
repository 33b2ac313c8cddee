/*
 * One request to the simulated model server, without a socket. Seeded: the same requests have the
 * same answers, in whichever order they come.
 */
#ifndef RECADO_SIM_LLM_ANSWER_H
#define RECADO_SIM_LLM_ANSWER_H

#include "sim/llm.h"

struct llm_request {
	struct str method, path, query;         /* path without, query without '?' */
	struct str authorization, content_type; /* absent: no such header */
	struct str body;
};

/* What the peer sees of the reply. */
enum llm_fate {
	LLM_ANSWERED,  /* all of it */
	LLM_TRUNCATED, /* head and the first cut_at bytes of the body, then the end */
	LLM_CLOSED,    /* the end of the connection at once */
	LLM_HANGS      /* nothing, and the connection stays */
};
#define LLM_MAX_HEADERS 5
struct llm_reply {
	enum llm_fate fate;
	int status;
	struct str body; /* in the arena */
	size_t filler;   /* so many bytes 'x' follow the body */
	struct {
		const char *name; /* Content-Type, Date, X-Request-Id, Retry-After, Allow */
		struct str value;
	} headers[LLM_MAX_HEADERS];
	size_t nheaders;
	size_t cut_at;    /* less than the body's length */
	int64_t delay_ms; /* before the first byte */
	bool counted;     /* in flight until llm_done() */
	size_t count;     /* if counted: which body, of llm.counts */
	struct llm_usage usage;
};

/* Fills in *out; its texts are in the arena. now_ms is the wall clock. */
void llm_answer(struct llm *, const struct llm_request *, int64_t now_ms, struct arena *,
                struct llm_reply *out);
/*
 * The reply's end, once for each; `whole`: the peer has all that there was. Only after it the reply
 * is no longer in flight, and its usage counts.
 */
void llm_done(struct llm *, const struct llm_reply *, bool whole);
/*
 * The controls, which need no key and are not counted: GET /__sim/stats, GET /__sim/last?n=N,
 * POST /__sim/manners?manners=LIST&latency_ms=N&slow_ms=N (what is not named stays). False: the
 * path is none of them, and *out is untouched. A wrong query is 400.
 */
bool llm_control(struct llm *, const struct llm_request *, struct arena *, struct llm_reply *out);

#endif
