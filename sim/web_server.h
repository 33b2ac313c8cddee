/*
 * A simulator on a socket: one thread, one epoll loop, so that a thousand requests can wait for
 * their answers at once. A server of its own, since Recado's own cannot misbehave: bodies that are
 * cut, answers that never come.
 */
#ifndef RECADO_SIM_WEB_SERVER_H
#define RECADO_SIM_WEB_SERVER_H

#include "base/err.h"
#include "sim/web.h"
#include "sys/clock.h"

struct web_server;
/*
 * On 127.0.0.1. What the handler works on belongs to the server until it is stopped. port 0: any
 * free one. The clock gives dates; delays are real. ERR_IO: the address cannot be had; the reason
 * is on stderr.
 */
MUST_CHECK enum err web_server_start(const struct web_handler *, const struct clock *,
                                     uint16_t port, struct web_server **out);
uint16_t web_server_port(const struct web_server *);
/* Between the two the simulator may be looked at and changed; no request is answered. */
void web_server_lock(struct web_server *);
void web_server_unlock(struct web_server *);
/* Ends all connections at once and frees; the simulator is the caller's again. NULL is fine. */
void web_server_stop(struct web_server *);

/* As many connections as the system lets us have. */
void web_server_raise_limit(void);
/*
 * Says on stdout where it listens, and waits for SIGTERM or SIGINT; `signals` is from
 * signals_setup.
 */
void web_server_wait(const struct web_server *, int signals);

#endif
