/*
 * The simulated model server on a socket: one thread, one epoll loop, so that a thousand requests
 * can wait for their answers at once. Besides the API it answers the controls of model_answer.h.
 */
#ifndef RECADO_SIM_MODEL_SERVER_H
#define RECADO_SIM_MODEL_SERVER_H

#include "base/err.h"
#include "sim/model_answer.h"
#include "sys/clock.h"

struct model_server;
/*
 * On 127.0.0.1. The model belongs to the server until it is stopped. port 0: any free one. The
 * clock gives dates; delays are real. ERR_IO: the address cannot be had; the reason is on stderr.
 */
MUST_CHECK enum err
model_server_start(struct model *, const struct clock *, uint16_t port, struct model_server **out);
uint16_t model_server_port(const struct model_server *);
/* Between the two the model may be looked at and changed; no request is answered. */
void model_server_lock(struct model_server *);
void model_server_unlock(struct model_server *);
/* Ends all connections at once and frees; the model is the caller's again. NULL is fine. */
void model_server_stop(struct model_server *);

#endif
