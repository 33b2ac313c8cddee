/*
 * Why: sending and media both hear that a token is of no use, and it is one fact. What
 * always holds: a new token (by hand or by onboarding) begins as one that is taken.
 */
#include "work/connection_token.h"

#include <string.h>

#include "store/queries.h"

bool
connection_token_is_meant(const struct graph_answer *answer)
{
	return answer->reason != NULL && strcmp(answer->reason, "token_invalid") == 0;
}

/* The page says it beside what waits for it. */
static enum err
exec_and_tell(struct db *db, const struct query *q, const struct db_param *params,
              struct uuid client_id, struct uuid connection_id, struct event_batch *events)
{
	int64_t changed = 0;
	enum err e = db_exec(db, q, params, NULL, &changed);

	if (e == ERR_OK && changed > 0)
		event_batch_add(events, client_id, EVENT_CONNECTION, connection_id);
	return e;
}

enum err
connection_token_refused(struct db *db, struct uuid client_id, struct uuid connection_id,
                         const struct graph_answer *answer, int64_t now_ms,
                         struct event_batch *events)
{
	const struct db_param params[] = { db_uuid(client_id), db_uuid(connection_id),
		                           answer->code < 0 ? db_null('i') : db_int(answer->code),
		                           db_text(str_from(answer->reason)), db_time(now_ms) };

	if (!connection_token_is_meant(answer))
		return ERR_OK;
	return exec_and_tell(db, &q_connection_token_refused, params, client_id, connection_id,
	                     events);
}

enum err
connection_token_taken(struct db *db, struct uuid client_id, struct uuid connection_id,
                       struct event_batch *events)
{
	return exec_and_tell(db, &q_connection_token_taken,
	                     DB_PARAMS(db_uuid(client_id), db_uuid(connection_id)), client_id,
	                     connection_id, events);
}
