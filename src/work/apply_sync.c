/*
 * Connections and their history runs: where a change was addressed, what it says about the
 * synchronisation and about the account. What always holds: a run's columns are folds over what was
 * received in its interval; the status itself is worked out elsewhere (work/sync_status) from these
 * folds.
 */
#include "store/queries.h"
#include "work/apply_internal.h"

size_t
apply_connection_find(const struct apply *ap, struct uuid id)
{
	for (size_t i = 0; i < ap->connections.n; i++) {
		if (uuid_eq(ap->connections.v[i].id, id))
			return i;
	}
	return APPLY_NONE;
}

static enum err
runs_load(struct apply *ap)
{
	struct db_result r;
	enum err e = db_query(ap->o.db, &q_apply_runs, DB_PARAMS(db_uuid(ap->o.client_id)), NULL,
	                      ap->o.arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		size_t slot = apply_connection_find(ap, db_get_uuid(&r, i, 0)), k = 0;
		struct apply_connection *c;
		struct apply_run *run;

		if (slot == APPLY_NONE)
			return ERR_CORRUPT; /* a run without its connection */
		c = &ap->connections.v[slot];
		run = APPLY_ADD(ap->o.arena, &c->runs);
		run->id = db_get_uuid(&r, i, ++k);
		run->started_at = db_get_time(&r, i, ++k);
		run->progress = db_is_null(&r, i, ++k) ? -1 : db_get_int(&r, i, k);
		run->phase = db_get_text(&r, i, ++k);
		run->phase_number = db_get_int(&r, i, ++k);
		run->chunk_order = db_get_int(&r, i, ++k);
		run->first_chunk_at = db_get_time(&r, i, ++k);
		run->last_chunk_at = db_get_time(&r, i, ++k);
		run->full_at = db_get_time(&r, i, ++k);
		run->state_sync_at = db_get_time(&r, i, ++k);
		run->declined_at = db_get_time(&r, i, ++k);
		run->too_late_at = db_get_time(&r, i, ++k);
		run->declined = db_get_text(&r, i, ++k);
		run->failure = db_get_text(&r, i, ++k);
		run->next_started_at = TIME_NONE;
		if (c->runs.n > 1)
			c->runs.v[c->runs.n - 2].next_started_at = run->started_at;
	}
	return e;
}

static size_t
find_route(const struct apply *ap, const struct fact_route *route, struct uuid only)
{
	for (size_t i = 0; i < ap->connections.n; i++) {
		const struct apply_connection *c = &ap->connections.v[i];
		bool by_number = !str_is_empty(route->phone_number_id);

		if (!c->live || (!uuid_is_nil(only) && !uuid_eq(only, c->id)))
			continue;
		if (by_number ? str_eq(route->phone_number_id, c->phone_number_id)
		              : !str_is_empty(route->waba_id) && str_eq(route->waba_id, c->waba_id))
			return i;
		/* at a connection's own URL a change may name nobody: then it is that connection's
		 */
		if (!uuid_is_nil(only) && !by_number && str_is_empty(route->waba_id))
			return i;
	}
	return APPLY_NONE;
}

static void
routes_resolve(struct apply *ap)
{
	ap->routes = ARENA_ARRAY(ap->o.arena, ap->nentries, size_t *);
	for (size_t i = 0; i < ap->nentries; i++) {
		struct apply_entry *e = &ap->entries[i];
		bool own = e->facts->fields == FIELD_OWN;

		ap->routes[i] = ARENA_ARRAY(ap->o.arena, e->facts->routes.n, size_t);
		e->unrouted = true;
		for (size_t r = 0; r < e->facts->routes.n; r++) {
			size_t c = own ? apply_connection_find(ap, e->only_connection)
			               : find_route(ap, &e->facts->routes.v[r], e->only_connection);

			ap->routes[i][r] = c;
			if (c == APPLY_NONE && !uuid_is_nil(e->only_connection) &&
			    apply_is_last_slice(e))
				apply_add_problem(ap, e, "route_mismatch",
				                  str_fmt(ap->o.arena, "change %zu", r),
				                  STR("addressed to another number than the URL's"),
				                  STR_NONE);
			if (c == APPLY_NONE)
				continue;
			e->unrouted = false;
			if (!own &&
			    moment_max(ap->connections.v[c].last_webhook_at, e->received_at) !=
			            ap->connections.v[c].last_webhook_at) {
				ap->connections.v[c].last_webhook_at = e->received_at;
				ap->connections.v[c].changed = true;
			}
		}
	}
}

enum err
apply_connections_load(struct apply *ap)
{
	struct db_result r;
	enum err e = db_query(ap->o.db, &q_apply_connections, DB_PARAMS(db_uuid(ap->o.client_id)),
	                      NULL, ap->o.arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct apply_connection *c = APPLY_ADD(ap->o.arena, &ap->connections);

		c->id = db_get_uuid(&r, i, 0);
		c->phone_number_id = db_get_text(&r, i, 1);
		c->waba_id = db_get_text(&r, i, 2);
		c->own = str_digits(ap->o.arena, db_get_text(&r, i, 3));
		c->status = db_get_text(&r, i, 4);
		c->reason = db_get_text(&r, i, 5);
		c->status_at = db_get_time(&r, i, 6);
		c->status_key = db_get_text(&r, i, 7);
		c->last_webhook_at = db_get_time(&r, i, 8);
		c->live = db_is_null(&r, i, 9);
	}
	if (e == ERR_OK)
		e = runs_load(ap);
	if (e == ERR_OK)
		routes_resolve(ap);
	return e;
}

/* The run in whose interval a delivery was received; NULL where the connection has none. */
static struct apply_run *
run_of(struct apply_connection *c, int64_t received_at)
{
	for (size_t i = 0; i < c->runs.n; i++) {
		if (c->runs.v[i].next_started_at == TIME_NONE ||
		    received_at < c->runs.v[i].next_started_at)
			return &c->runs.v[i];
	}
	return NULL;
}

static void
count_imported(struct apply_connection *c, int64_t received_at, int64_t add)
{
	struct apply_run *run = received_at == TIME_NONE ? NULL : run_of(c, received_at);

	if (run != NULL && add != 0) {
		run->imported += add;
		run->changed = true;
	}
}

void
apply_sync_message(struct apply *ap, size_t connection, int64_t before, int64_t after,
                   size_t duplicates)
{
	struct apply_connection *c = &ap->connections.v[connection];
	struct apply_run *run = run_of(c, after);

	count_imported(c, before, -1);
	count_imported(c, after, 1);
	if (run != NULL && duplicates > 0) {
		run->duplicates += (int64_t)duplicates;
		run->changed = true;
	}
}

void
apply_sync_joined(struct apply *ap, struct uuid connection_id, int64_t a, int64_t b)
{
	size_t slot = apply_connection_find(ap, connection_id);

	if (slot == APPLY_NONE)
		return;
	count_imported(&ap->connections.v[slot], a, -1);
	count_imported(&ap->connections.v[slot], b, -1);
	count_imported(&ap->connections.v[slot], moment_min(a, b), 1);
}

void
apply_failure_add(struct apply *ap, size_t connection, const char *code,
                  const unsigned char digest[SHA256_LEN], int64_t received_at)
{
	struct str copy = str_n(arena_copy(ap->o.arena, digest, SHA256_LEN), SHA256_LEN);

	*APPLY_ADD(ap->o.arena, &ap->failures) =
		(struct apply_failure){ connection, code, copy, received_at };
}

static int
phase_cmp(const struct apply_run *run, const struct fact_chunk *f)
{
	if (run->phase_number != f->phase_number)
		return run->phase_number < f->phase_number ? -1 : 1;
	if (f->phase_number < 0 && str_cmp(run->phase, f->phase) != 0)
		return str_cmp(run->phase, f->phase);
	return run->chunk_order == f->chunk_order ? 0 : run->chunk_order < f->chunk_order ? -1 : 1;
}

static void
fold_chunk(struct apply_run *run, const struct fact_chunk *f, int64_t received_at)
{
	if (f->progress > run->progress)
		run->progress = f->progress;
	if (run->first_chunk_at == TIME_NONE || phase_cmp(run, f) < 0) {
		run->phase = f->phase;
		run->phase_number = f->phase_number;
		run->chunk_order = f->chunk_order;
	}
	run->first_chunk_at = moment_min(run->first_chunk_at, received_at);
	run->last_chunk_at = moment_max(run->last_chunk_at, received_at);
	if (f->progress == 100)
		run->full_at = moment_min(run->full_at, received_at);
	run->changed = true;
}

/* The same chunk twice in one batch is one row, with the least receive time. */
struct chunk_ref {
	const struct fact_chunk *fact;
	const struct apply_run *run;
	int64_t received_at;
};

static enum err
chunks_store(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_chunks, ap->o.client_id);
	FACTS_LIST(struct chunk_ref) refs = { 0 };
	struct map seen;

	map_init(&seen, ap->o.arena, 16);
	for (size_t i = 0; i < ap->nentries; i++) {
		const struct apply_entry *e = &ap->entries[i];

		for (size_t k = 0; apply_is_last_slice(e) && k < e->facts->chunks.n; k++) {
			const struct fact_chunk *f = &e->facts->chunks.v[k];
			size_t c = ap->routes[i][f->route], at;
			struct apply_run *run =
				c == APPLY_NONE ? NULL
						: run_of(&ap->connections.v[c], e->received_at);
			bool added;

			ap->counts->chunks++;
			if (run == NULL)
				continue;
			fold_chunk(run, f, e->received_at);
			at = map_put(&seen,
			             map_key_uuid(ap->o.arena, run->id,
			                          str_n((const char *)f->digest, SHA256_LEN)),
			             refs.n, &added);
			if (added)
				*APPLY_ADD(ap->o.arena, &refs) =
					(struct chunk_ref){ f, run, e->received_at };
			else if (at < refs.n) /* it was added before */
				refs.v[at].received_at =
					moment_min(refs.v[at].received_at, e->received_at);
		}
	}
	for (size_t i = 0; i < refs.n; i++) {
		const struct fact_chunk *f = refs.v[i].fact;

		db_row_uuid(rows, refs.v[i].run->id);
		db_row_text(rows, str_is_set(f->phase) ? f->phase : STR(""));
		db_row_int(rows, f->chunk_order);
		db_row_text(rows, str_n((const char *)f->digest, SHA256_LEN));
		db_row_int(rows, f->phase_number);
		db_row_int(rows, f->progress);
		db_row_int(rows, (int64_t)f->messages);
		db_row_int(rows, (int64_t)f->threads);
		db_row_int(rows, (int64_t)f->problems);
		db_row_time(rows, refs.v[i].received_at);
	}
	return db_exec(ap->o.db, &q_apply_chunks, DB_NO_PARAMS, rows, NULL);
}

/* People whom the address book named, and when the run's first state sync came. */
static enum err
contacts_store(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_contacts, ap->o.client_id);
	FACTS_LIST(struct apply_failure) refs = { 0 };
	struct map seen;

	map_init(&seen, ap->o.arena, 16);
	for (size_t i = 0; i < ap->nentries; i++) {
		const struct apply_entry *e = &ap->entries[i];

		for (size_t k = 0; k < e->facts->contacts.n; k++) {
			const struct fact_contact *f = &e->facts->contacts.v[k];
			size_t c = ap->routes[i][f->route], node, at;
			struct apply_run *run;
			struct uuid lead;
			bool added;

			if (c == APPLY_NONE || !apply_in_slice(e, e->facts->links.n + k))
				continue;
			run = run_of(&ap->connections.v[c], e->received_at);
			if (run != NULL &&
			    moment_min(run->state_sync_at, e->received_at) != run->state_sync_at) {
				run->state_sync_at = e->received_at;
				run->changed = true;
			}
			node = apply_person(ap, &f->person, ap->connections.v[c].own,
			                    e->facts->routes.v[f->route].display_number);
			if (f->remove || node == APPLY_NONE)
				continue;
			lead = apply_lead_of(ap, node)->row.id;
			at = map_put(&seen,
			             map_key_uuids(ap->o.arena, ap->connections.v[c].id, lead),
			             refs.n, &added);
			if (added)
				*APPLY_ADD(ap->o.arena, &refs) = (struct apply_failure){
					c, "", str_n(arena_copy(ap->o.arena, lead.b, 16), 16),
					e->received_at
				};
			else if (at < refs.n) /* it was added before */
				refs.v[at].received_at =
					moment_min(refs.v[at].received_at, e->received_at);
		}
	}
	for (size_t i = 0; i < refs.n; i++) {
		struct uuid lead;

		memcpy(lead.b, refs.v[i].digest.p, 16);
		db_row_uuid(rows, ap->connections.v[refs.v[i].connection].id);
		db_row_uuid(rows, lead);
		db_row_time(rows, refs.v[i].received_at);
	}
	return db_exec(ap->o.db, &q_apply_contacts, DB_NO_PARAMS, rows, NULL);
}

static enum err
failures_store(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_failures, ap->o.client_id);
	struct map seen;
	size_t n = 0;

	/* the same element twice is one, with the least receive time; distinct ones move to the
	 * front */
	map_init(&seen, ap->o.arena, ap->failures.n);
	for (size_t i = 0; i < ap->failures.n; i++) {
		const struct apply_failure f = ap->failures.v[i];
		bool added;
		size_t at = map_put(
			&seen,
			map_key_uuid(ap->o.arena, ap->connections.v[f.connection].id, f.digest), n,
			&added);

		if (added)
			ap->failures.v[n++] = f;
		else
			ap->failures.v[at].received_at =
				moment_min(ap->failures.v[at].received_at, f.received_at);
	}
	for (size_t i = 0; i < n; i++) {
		const struct apply_failure *f = &ap->failures.v[i];

		db_row_uuid(rows, ap->connections.v[f->connection].id);
		db_row_text(rows, f->digest);
		db_row_text(rows, str_from(f->code));
		db_row_time(rows, f->received_at);
	}
	return db_exec(ap->o.db, &q_apply_failures, DB_NO_PARAMS, rows, NULL);
}

static enum err
runs_store(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_apply_runs_update, ap->o.client_id);

	for (size_t i = 0; i < ap->connections.n; i++) {
		for (size_t k = 0; k < ap->connections.v[i].runs.n; k++) {
			const struct apply_run *run = &ap->connections.v[i].runs.v[k];

			if (!run->changed)
				continue;
			db_row_uuid(rows, run->id);
			if (run->progress < 0)
				db_row_null(rows);
			else
				db_row_int(rows, run->progress);
			db_row_text(rows, run->phase);
			if (run->first_chunk_at == TIME_NONE) {
				db_row_null(rows);
				db_row_null(rows);
			} else {
				db_row_int(rows, run->phase_number);
				db_row_int(rows, run->chunk_order);
			}
			db_row_time(rows, run->first_chunk_at);
			db_row_time(rows, run->last_chunk_at);
			db_row_time(rows, run->full_at);
			db_row_time(rows, run->state_sync_at);
			db_row_time(rows, run->declined_at);
			db_row_time(rows, run->too_late_at);
			db_row_text(rows, run->declined);
			db_row_text(rows, run->failure);
			db_row_int(rows, run->imported);
			db_row_int(rows, run->duplicates);
		}
	}
	return db_exec(ap->o.db, &q_apply_runs_update, DB_NO_PARAMS, rows, NULL);
}

enum err
apply_sync_store(struct apply *ap)
{
	enum err e;

	if ((e = chunks_store(ap)) != ERR_OK || (e = contacts_store(ap)) != ERR_OK ||
	    (e = failures_store(ap)) != ERR_OK || (e = apply_account_fold(ap, run_of)) != ERR_OK)
		return e;
	return runs_store(ap);
}
