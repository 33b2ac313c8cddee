/*
 * Why: Meta names a message when it takes it, by its answer or by a status with our id, whichever
 * is first; until then it stands under a key of ours. What always holds: a message gets its name
 * once; what came under that name before becomes the same row, ours.
 */
#include "core/send.h"
#include "core/wamid.h"
#include "store/queries.h"
#include "work/apply_internal.h"

void
apply_sends_note(struct apply *ap, struct uuid id, size_t connection, struct str wamid)
{
	for (size_t i = 0; i < ap->namings.n; i++)
		if (uuid_eq(ap->namings.v[i].id, id))
			return;
	*APPLY_ADD(ap->o.arena, &ap->namings) =
		(struct apply_naming){ .id = id,
		                       .connection = connection,
		                       .wamid = wamid,
		                       .key = wamid_dedup_key(ap->o.arena, wamid) };
}

/* Leaves those that have no name yet. */
static enum err
keep_unnamed(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_sends_unnamed, ap->o.client_id);
	struct db_result r;
	size_t kept = 0;
	enum err e;

	for (size_t i = 0; i < ap->namings.n; i++) {
		const struct apply_naming *n = &ap->namings.v[i];

		db_row_uuid(rows, ap->connections.v[n->connection].id);
		db_row_uuid(rows, n->id);
		db_row_text(rows, send_key(ap->o.arena, n->id));
	}
	e = db_query(ap->o.db, &q_apply_sends_unnamed, DB_NO_PARAMS, rows, ap->o.arena, &r);
	for (size_t i = 0; e == ERR_OK && i < ap->namings.n; i++) {
		for (size_t k = 0; k < r.nrows; k++) {
			if (!uuid_eq(db_get_uuid(&r, k, 0), ap->namings.v[i].id))
				continue;
			ap->namings.v[i].conversation_id = db_get_uuid(&r, k, 1);
			ap->namings.v[kept++] = ap->namings.v[i];
			break;
		}
	}
	if (e == ERR_OK)
		ap->namings.n = kept;
	return e;
}

static enum err
load_message(struct apply *ap, struct uuid id, struct message *out)
{
	struct db_result r;
	enum err e = db_query(ap->o.db, &q_apply_sends_message,
	                      DB_PARAMS(db_uuid(ap->o.client_id), db_uuid(id)), NULL, ap->o.arena,
	                      &r);

	if (e != ERR_OK || r.nrows == 0)
		return e == ERR_OK ? ERR_CORRUPT : e;
	apply_message_read(ap->o.arena, &r, 0, out);
	return ERR_OK;
}

/* What came under the name before joins ours, and is gone. */
static enum err
fold_twin(struct apply *ap, const struct apply_naming *n, struct uuid twin)
{
	struct db_rows *gone = db_rows_of(ap->o.arena, &q_apply_messages_delete, ap->o.client_id);
	struct db_rows *changed =
		db_rows_of(ap->o.arena, &q_apply_messages_update, ap->o.client_id);
	struct message ours, theirs;
	int64_t x, y;
	enum err e = load_message(ap, n->id, &ours);

	if (e == ERR_OK)
		e = load_message(ap, twin, &theirs);
	if (e != ERR_OK)
		return e;
	ours.key = n->key;
	ours.wamid = n->wamid;
	x = ours.history_received_at;
	y = theirs.history_received_at;
	(void)message_join(ap->o.arena, &ours, &theirs);
	apply_sync_joined(ap, ours.connection_id, x, y);
	apply_message_write(ap->o.arena, changed, &ours);
	db_row_uuid(gone, twin);
	e = db_exec(ap->o.db, &q_apply_messages_delete, DB_NO_PARAMS, gone, NULL);
	return e == ERR_OK ? db_exec(ap->o.db, &q_apply_messages_update,
	                             DB_PARAMS(db_time(ap->o.now_ms)), changed, NULL)
	                   : e;
}

/* Its columns and sessions, of which one message is gone. */
static enum err
refold(struct apply *ap, struct uuid conversation_id)
{
	struct db_result r;
	enum err e = db_query(ap->o.db, &q_apply_sends_conversation,
	                      DB_PARAMS(db_uuid(ap->o.client_id), db_uuid(conversation_id)), NULL,
	                      ap->o.arena, &r);

	if (e != ERR_OK || r.nrows == 0)
		return e == ERR_OK ? ERR_CORRUPT : e;
	e = apply_sessions_join(ap, conversation_id, UUID_NIL);
	return e == ERR_OK ? apply_conversation_refold(ap, conversation_id, db_get_uuid(&r, 0, 0),
	                                               db_get_uuid(&r, 0, 1), db_get_uuid(&r, 0, 2))
	                   : e;
}

static const struct apply_naming *
naming_of(const struct apply *ap, struct uuid id)
{
	for (size_t i = 0; i < ap->namings.n; i++)
		if (uuid_eq(ap->namings.v[i].id, id))
			return &ap->namings.v[i];
	return NULL;
}

static enum err
find_twins(struct apply *ap, struct db_result *out)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_sends_twins, ap->o.client_id);

	for (size_t i = 0; i < ap->namings.n; i++) {
		const struct apply_naming *n = &ap->namings.v[i];

		db_row_uuid(rows, n->id);
		db_row_uuid(rows, ap->connections.v[n->connection].id);
		db_row_uuid(rows, n->conversation_id);
		db_row_text(rows, n->key);
	}
	return db_query(ap->o.db, &q_apply_sends_twins, DB_NO_PARAMS, rows, ap->o.arena, out);
}

static void
add_key(struct apply *ap, struct db_rows *rows, const struct apply_naming *n)
{
	db_row_uuid(rows, n->conversation_id);
	db_row_text(rows, send_key(ap->o.arena, n->id));
	db_row_text(rows, n->key);
}

static enum err
write_names(struct apply *ap)
{
	struct db_rows *names = db_rows_of(ap->o.arena, &q_apply_sends_name, ap->o.client_id);
	struct db_rows *last = db_rows_of(ap->o.arena, &q_apply_sends_last, ap->o.client_id);
	struct db_rows *out = db_rows_of(ap->o.arena, &q_apply_sends_last_out, ap->o.client_id);
	struct db_rows *known = db_rows_of(ap->o.arena, &q_apply_sends_known, ap->o.client_id);
	const struct db_param now[] = { db_time(ap->o.now_ms) };
	enum err e;

	for (size_t i = 0; i < ap->namings.n; i++) {
		const struct apply_naming *n = &ap->namings.v[i];

		db_row_uuid(names, n->id);
		db_row_text(names, n->key);
		db_row_text(names, n->wamid);
		add_key(ap, last, n);
		add_key(ap, out, n);
		db_row_uuid(known, n->id);
	}
	e = db_exec(ap->o.db, &q_apply_sends_name, now, names, NULL);
	if (e == ERR_OK)
		e = db_exec(ap->o.db, &q_apply_sends_last, DB_NO_PARAMS, last, NULL);
	if (e == ERR_OK)
		e = db_exec(ap->o.db, &q_apply_sends_last_out, DB_NO_PARAMS, out, NULL);
	return e == ERR_OK ? db_exec(ap->o.db, &q_apply_sends_known, now, known, NULL) : e;
}

enum err
apply_sends_name(struct apply *ap)
{
	struct db_result twins;
	enum err e;

	if (ap->namings.n == 0)
		return ERR_OK;
	e = keep_unnamed(ap);
	if (e != ERR_OK || ap->namings.n == 0)
		return e;
	e = find_twins(ap, &twins);
	for (size_t i = 0; e == ERR_OK && i < twins.nrows; i++)
		e = fold_twin(ap, naming_of(ap, db_get_uuid(&twins, i, 0)),
		              db_get_uuid(&twins, i, 1));
	if (e == ERR_OK)
		e = write_names(ap);
	for (size_t i = 0; e == ERR_OK && i < twins.nrows; i++)
		e = refold(ap, naming_of(ap, db_get_uuid(&twins, i, 0))->conversation_id);
	return e;
}

enum err
apply_sends_join(struct apply *ap, struct uuid kept, struct uuid lost)
{
	const struct db_param p[] = { db_uuid(ap->o.client_id), db_uuid(kept), db_uuid(lost) };
	enum err e = db_exec(ap->o.db, &q_apply_sends_move, p, NULL, NULL);

	if (e == ERR_OK)
		e = db_exec(ap->o.db, &q_apply_sends_pause, p, NULL, NULL);
	return e == ERR_OK ? db_exec(ap->o.db, &q_apply_sends_behind, p, NULL, NULL) : e;
}
