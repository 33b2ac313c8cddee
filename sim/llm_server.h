/*
 * The simulated model server on a socket: one thread, one epoll loop, so that a thousand requests
 * can wait for their answers at once. Besides the API it answers the controls of llm_answer.h.
 */
#ifndef RECADO_SIM_LLM_SERVER_H
#define RECADO_SIM_LLM_SERVER_H

#include "base/err.h"
#include "sim/llm_answer.h"
#include "sys/clock.h"

struct llm_server;
/*
 * On 127.0.0.1. The model belongs to the server until it is stopped. port 0: any free one. The
 * clock gives dates; delays are real. ERR_IO: the address cannot be had; the reason is on stderr.
 */
MUST_CHECK enum err
llm_server_start(struct llm *, const struct clock *, uint16_t port, struct llm_server **out);
uint16_t llm_server_port(const struct llm_server *);
/* Between the two the model may be looked at and changed; no request is answered. */
void llm_server_lock(struct llm_server *);
void llm_server_unlock(struct llm_server *);
/* Ends all connections at once and frees; the model is the caller's again. NULL is fine. */
void llm_server_stop(struct llm_server *);

#endif
