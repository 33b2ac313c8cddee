/*
 * Amendments of a batch: joined to the message they name in the conversation of the person they
 * name, or kept until there is one. What always holds: one without a person is joined to every
 * message with the key and kept for those to come.
 */
#include "store/queries.h"
#include "work/apply_internal.h"

/* true if it was joined to some message. */
static bool
join_targets(struct apply *ap, const struct apply_amendment *am)
{
	struct uuid connection_id = ap->connections.v[am->connection].id;
	size_t i = map_get(&ap->target_map,
	                   map_key_uuid(ap->o.arena, connection_id, am->a.target_key));
	bool found = false;

	for (; i != MAP_NONE && i != APPLY_NONE; i = ap->messages.v[i].next) {
		struct apply_message *m = &ap->messages.v[i];

		if (!uuid_is_nil(am->lead_id) && !uuid_eq(am->lead_id, m->lead_id))
			continue;
		found = true;
		if (amendment_apply(ap->o.arena, &am->a, &m->row))
			m->changed = true;
		else
			continue;
		m->amended |= !am->from_store && am->origin != ORIGIN_HISTORY;
	}
	return found;
}

static enum amendment_kind
kind_of(struct arena *a, struct str doc)
{
	const cJSON *v;
	int64_t kind = AMEND_STATUS;

	if (json_parse(a, doc, &v) == ERR_OK)
		(void)json_i64(json_get(v, "kind"), &kind);
	return (enum amendment_kind)kind;
}

static enum err
add_waiting(struct apply *ap, const struct db_result *r)
{
	for (size_t i = 0; i < r->nrows; i++) {
		size_t connection = apply_connection_find(ap, db_get_uuid(r, i, 0));
		struct apply_amendment *am;

		if (connection == APPLY_NONE)
			return ERR_CORRUPT; /* an amendment without its connection */
		am = APPLY_ADD(ap->o.arena, &ap->amendments);
		*am = (struct apply_amendment){ .connection = connection,
			                        .node = APPLY_NONE,
			                        .from_store = true };
		am->a.target_key = db_get_text(r, i, 1);
		am->digest = db_get_text(r, i, 2);
		am->lead_id = db_get_uuid(r, i, 3);
		am->a.doc = db_get_text(r, i, 4);
		am->a.rank = db_get_time(r, i, 5);
		am->a.received_at = db_get_time(r, i, 6);
		am->a.kind = kind_of(ap->o.arena, am->a.doc);
	}
	return ERR_OK;
}

/* What waits for the messages that are new in this batch, or have just got their key. */
static enum err
load_waiting(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_amendments, ap->o.client_id);
	struct db_result r;
	enum err e;

	e = db_query(ap->o.db, &q_apply_amendments_any, DB_PARAMS(db_uuid(ap->o.client_id)), NULL,
	             ap->o.arena, &r);
	if (e != ERR_OK || !db_get_bool(&r, 0, 0))
		return e;
	for (size_t i = 0; i < ap->messages.n; i++) {
		const struct apply_message *m = &ap->messages.v[i];

		if (m->stored)
			continue;
		db_row_uuid(rows, m->row.connection_id);
		db_row_text(rows, m->row.key);
	}
	for (size_t i = 0; i < ap->namings.n; i++) {
		db_row_uuid(rows, ap->connections.v[ap->namings.v[i].connection].id);
		db_row_text(rows, ap->namings.v[i].key);
	}
	e = db_query(ap->o.db, &q_apply_amendments, DB_NO_PARAMS, rows, ap->o.arena, &r);
	return e == ERR_OK ? add_waiting(ap, &r) : e;
}

enum err
apply_amendments_match(struct apply *ap)
{
	enum err e;

	for (size_t i = 0; i < ap->amendments.n; i++) {
		struct apply_amendment *am = &ap->amendments.v[i];

		if (am->node != APPLY_NONE)
			am->lead_id = apply_lead_of(ap, am->node)->row.id;
	}
	e = load_waiting(ap);
	for (size_t i = 0; e == ERR_OK && i < ap->amendments.n; i++) {
		struct apply_amendment *am = &ap->amendments.v[i];
		bool found = join_targets(ap, am);

		am->waits = !found || uuid_is_nil(am->lead_id);
	}
	return e;
}

/* Who it names, for the identity of a waiting amendment. */
static struct str
person_text(struct arena *a, const struct apply_amendment *am)
{
	if (am->node == APPLY_NONE || am->person == NULL)
		return STR("");
	return str_fmt(a, STR_FMT " " STR_FMT, STR_ARG(am->person->wa_id),
	               STR_ARG(am->person->user_id));
}

/* Waiting ones that are the same: greatest rank, least receive time. */
static struct apply_amendment **
distinct(struct apply *ap, size_t *n)
{
	struct apply_amendment **out =
		ARENA_ARRAY(ap->o.arena, ap->amendments.n + 1, struct apply_amendment *);
	struct map seen;

	map_init(&seen, ap->o.arena, 16);
	*n = 0;
	for (size_t i = 0; i < ap->amendments.n; i++) {
		struct apply_amendment *am = &ap->amendments.v[i];
		unsigned char *digest;
		struct str key;
		bool added;
		size_t at;

		if (am->from_store || !am->waits)
			continue;
		digest = arena_alloc(ap->o.arena, SHA256_LEN);
		amendment_digest(ap->o.arena, &am->a, person_text(ap->o.arena, am), digest);
		am->digest = str_n((const char *)digest, SHA256_LEN);
		key = str_fmt(ap->o.arena, "%zu " STR_FMT STR_FMT, am->connection,
		              STR_ARG(am->digest), STR_ARG(am->a.target_key));
		at = map_put(&seen, key, *n, &added);
		if (added) {
			out[(*n)++] = am;
			continue;
		}
		out[at]->a.rank = moment_max(out[at]->a.rank, am->a.rank);
		out[at]->a.received_at = moment_min(out[at]->a.received_at, am->a.received_at);
	}
	return out;
}

enum err
apply_amendments_store(struct apply *ap)
{
	struct db_rows *keep = db_rows_of(ap->o.arena, &q_apply_amendments_insert, ap->o.client_id);
	struct db_rows *drop = db_rows_of(ap->o.arena, &q_apply_amendments_delete, ap->o.client_id);
	struct apply_amendment **waiting;
	size_t n;
	enum err e;

	for (size_t i = 0; i < ap->amendments.n; i++) {
		const struct apply_amendment *am = &ap->amendments.v[i];

		if (am->from_store && !am->waits) {
			db_row_uuid(drop, ap->connections.v[am->connection].id);
			db_row_text(drop, am->a.target_key);
			db_row_text(drop, am->digest);
		}
	}
	waiting = distinct(ap, &n);
	for (size_t i = 0; i < n; i++) {
		db_row_uuid(keep, ap->connections.v[waiting[i]->connection].id);
		db_row_text(keep, waiting[i]->a.target_key);
		db_row_text(keep, waiting[i]->digest);
		db_row_uuid(keep, waiting[i]->lead_id);
		db_row_text(keep, waiting[i]->a.doc);
		db_row_time(keep, waiting[i]->a.rank);
		db_row_time(keep, waiting[i]->a.received_at);
	}
	e = db_exec(ap->o.db, &q_apply_amendments_delete, DB_NO_PARAMS, drop, NULL);
	if (e == ERR_OK)
		e = db_exec(ap->o.db, &q_apply_amendments_insert, DB_NO_PARAMS, keep, NULL);
	return e;
}

/* What waits for people who have just become one: their messages may be there already. Before
 * messages are loaded. */
enum err
apply_amendments_rematch(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_amendments_of, ap->o.client_id);
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < ap->merged_leads.n; i++)
		db_row_uuid(rows, ap->merged_leads.v[i]);
	e = db_query(ap->o.db, &q_apply_amendments_of, DB_NO_PARAMS, rows, ap->o.arena, &r);
	return e == ERR_OK ? add_waiting(ap, &r) : e;
}
