/*
 * Why: requests, commands and workers leave the same traces. What always holds: a row is committed
 * with what it tells or not at all, since nothing here begins or ends a transaction.
 */
#include "store/audit.h"

#include "store/queries.h"

enum err
audit_insert(struct db *db, const struct audit_row *r)
{
	return db_exec(db, &q_audit_insert,
	               DB_PARAMS(db_uuid(r->id), db_uuid(r->client_id), db_time(r->at),
	                         db_text(r->actor), db_text(r->action), db_text(r->subject_kind),
	                         db_uuid(r->subject_id), db_json(r->detail)),
	               NULL, NULL);
}
