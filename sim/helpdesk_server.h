/*
 * The simulated helpdesk on a socket, one thread a connection. A server of its own, since Recado's
 * own cannot misbehave: bodies that are cut, connections that end without an answer. Besides the
 * API: GET /__sim/stats, GET /__sim/truth (lines of JSON), POST /__sim/quiet, POST /__sim/heal and
 * POST /__sim/live?n=N; these need no key and are not counted.
 */
#ifndef RECADO_SIM_HELPDESK_SERVER_H
#define RECADO_SIM_HELPDESK_SERVER_H

#include "base/err.h"
#include "sim/helpdesk_answer.h"
#include "sys/clock.h"

struct helpdesk_server;
/* On 127.0.0.1. The world belongs to the server until it is stopped. port 0: any free one.
 * ERR_IO: the address cannot be had; the reason is on stderr. */
MUST_CHECK enum err helpdesk_server_start(struct helpdesk *, const struct clock *, uint16_t port,
                                          struct helpdesk_server **out);
uint16_t helpdesk_server_port(const struct helpdesk_server *);
/* Between the two the world may be looked at and changed. */
void helpdesk_server_lock(struct helpdesk_server *);
void helpdesk_server_unlock(struct helpdesk_server *);
/* Ends all connections at once and frees; the world is the caller's again. NULL is fine. */
void helpdesk_server_stop(struct helpdesk_server *);

#endif
