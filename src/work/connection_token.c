/*
 * Why: sending, media and onboarding all hear that a token is of no use, and it is one fact. What
 * always holds: a new token (by hand or by onboarding) begins as one that is taken.
 */
#include "work/connection_token.h"

#include "store/queries.h"

enum err
connection_token_refused(struct db *db, struct uuid client_id, struct uuid connection_id,
                         const struct graph_answer *answer, int64_t now_ms)
{
	const struct db_param params[] = { db_uuid(client_id), db_uuid(connection_id),
		                           answer->code < 0 ? db_null('i') : db_int(answer->code),
		                           db_text(str_from(answer->reason)), db_time(now_ms) };

	return db_exec(db, &q_connection_token_refused, params, NULL, NULL);
}

enum err
connection_token_taken(struct db *db, struct uuid client_id, struct uuid connection_id)
{
	return db_exec(db, &q_connection_token_taken,
	               DB_PARAMS(db_uuid(client_id), db_uuid(connection_id)), NULL, NULL);
}
