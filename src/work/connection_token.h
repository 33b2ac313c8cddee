/*
 * What is known of a connection's access token: whether Meta takes it. Written by whoever asks Meta
 * with it; read by the page and by alerts. Source: the "token expired or revoked".
 */
#ifndef RECADO_WORK_CONNECTION_TOKEN_H
#define RECADO_WORK_CONNECTION_TOKEN_H

#include "core/graph.h"
#include "store/db.h"
#include "work/event.h"

/* Is it the token that Meta does not take? Other answers need somebody too, but say nothing of it:
 * a number that is not registered, or a permission that is missing. */
bool connection_token_is_meant(const struct graph_answer *);
/* Meta said GRAPH_RECONNECT; nothing is noted unless the token is meant. Inside the caller's
 * transaction; the first time counts, a later refusal of a token that is known to be refused
 * changes nothing. */
MUST_CHECK enum err
connection_token_refused(struct db *, struct uuid client_id, struct uuid connection_id,
                         const struct graph_answer *, int64_t now_ms, struct event_batch *);
/* Meta took it. Inside the caller's transaction; writes only where it was refused before. */
MUST_CHECK enum err connection_token_taken(struct db *, struct uuid client_id,
                                           struct uuid connection_id, struct event_batch *);

#endif
