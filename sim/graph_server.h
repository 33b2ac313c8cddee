/*
 * The simulated Graph API on a socket, and a postman: a thread that delivers the webhooks that the
 * requests lead to, each at its time. A server that does not answer holds up the webhooks behind.
 */
#ifndef RECADO_SIM_GRAPH_SERVER_H
#define RECADO_SIM_GRAPH_SERVER_H

#include "sim/graph_answer.h"
#include "sim/web_server.h"

struct graph_server_options {
	uint16_t port;     /* 0: any free one */
	size_t parallel;   /* webhooks in flight; 0: 1 */
	size_t attempts;   /* tries of one; 0: 1 */
	unsigned retry_ms; /* wait before the next try */
};
struct graph_server;
/* As web_server_start. */
MUST_CHECK enum err
graph_server_start(struct graph *, const struct clock *, const struct graph_server_options *,
                   struct graph_server **out);
/* For its port, and to look at the graph under its lock. */
struct web_server *graph_server_web(struct graph_server *);
/* What is not delivered yet never is. NULL is fine. */
void graph_server_stop(struct graph_server *);

#endif
