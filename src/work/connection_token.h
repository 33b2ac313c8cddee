/*
 * What is known of a connection's access token: whether Meta takes it. Written by whoever asks Meta
 * with it; read by the page and by alerts. Source: the "token expired or revoked".
 */
#ifndef RECADO_WORK_CONNECTION_TOKEN_H
#define RECADO_WORK_CONNECTION_TOKEN_H

#include "core/graph.h"
#include "store/db.h"

/* Meta said GRAPH_RECONNECT. Inside the caller's transaction; the first time counts, a later
 * refusal of a token that is known to be refused changes nothing. */
MUST_CHECK enum err
connection_token_refused(struct db *, struct uuid client_id, struct uuid connection_id,
                         const struct graph_answer *, int64_t now_ms);
/* Meta took it. Inside the caller's transaction; writes only where it was refused before. */
MUST_CHECK enum err
connection_token_taken(struct db *, struct uuid client_id, struct uuid connection_id);

#endif
