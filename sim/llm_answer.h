/*
 * One request to the simulated model server, without a socket. Seeded: the same requests have the
 * same answers, in whichever order they come.
 */
#ifndef RECADO_SIM_LLM_ANSWER_H
#define RECADO_SIM_LLM_ANSWER_H

#include "sim/llm.h"
#include "sim/web.h"

/* Fills in *out; its texts are in the arena. now_ms is the wall clock. */
void llm_answer(struct llm *, const struct web_request *, int64_t now_ms, struct arena *,
                struct web_reply *out);
/*
 * The reply's end, once for each; `whole`: the peer has all that there was. Only after it the reply
 * is no longer in flight, and its usage counts.
 */
void llm_done(struct llm *, const struct web_reply *, bool whole);
/*
 * The controls, which need no key and are not counted: GET /__sim/stats, GET /__sim/last?n=N,
 * POST /__sim/manners?manners=LIST&latency_ms=N&slow_ms=N (what is not named stays). False: the
 * path is none of them, and *out is untouched. A wrong query is 400.
 */
bool llm_control(struct llm *, const struct web_request *, struct arena *, struct web_reply *out);
/* The API and the controls, for a server. */
struct web_handler llm_handler(struct llm *);

#endif
