/*
 * Routing: which clients an entry concerns. What always holds: every entry keeps at least one part;
 * a part without client is not routed yet, parked (its number is unknown), ignored or unreadable.
 */
#include <stdio.h>

#include "core/wa_decode.h"
#include "store/queries.h"
#include "sys/log.h"
#include "sys/metrics.h"
#include "work/drain_internal.h"
#include "work/event.h"

#define ROUTE_BYTES (4u << 20) /* of bodies decoded at once; one entry may always be */

struct target {
	struct uuid client_id; /* nil: parked under route_key */
	struct str route_key, phone_number_id;
	unsigned fields; /* of the changes that lead there */
};

struct routed {
	struct drain_entry *entry;
	const char *status; /* failed or ignored; NULL: see targets */
	struct str error;
	struct db_result others; /* the entry's other parts, if it was routed before */
	FACTS_LIST(struct target) targets;
};

/*
 * Where to look from. What was routed leaves dead entries at the head of the queue's index, which
 * cost more than the living; so a worker goes on from where it was, and from the beginning again
 * when it has caught up, and every two seconds, for entries that another process committed late.
 */
#define RESCAN_MS 2000

static struct db_param
after(const struct drain *d)
{
	return (struct db_param){ 'u', { .u = d->route_after } };
}

static enum err
claim(struct drain *d, struct drain_batch *hot)
{
	struct db_result r;
	size_t bytes = 0;
	enum err e = db_query(d->db, &q_drain_unrouted,
	                      DB_PARAMS(after(d), db_int((int64_t)d->route_most)), NULL, hot->arena,
	                      &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct drain_entry x = { .id = db_get_uuid(&r, i, 0) };
		size_t cap = hot->entries.cap;

		x.part_no = (int)db_get_int(&r, i, 1);
		x.bytes = db_get_int(&r, i, 2);
		x.old_fields = db_get_int(&r, i, 3);
		x.route_key = db_get_text(&r, i, 4);
		bytes += (size_t)x.bytes;
		if (i > 0 && bytes > ROUTE_BYTES)
			break;
		if (hot->entries.n == cap) {
			struct drain_entry *v = ARENA_ARRAY(hot->arena, cap == 0 ? 64 : cap * 2,
			                                    struct drain_entry);

			if (cap > 0)
				memcpy(v, hot->entries.v, cap * sizeof(*v));
			hot->entries.v = v;
			hot->entries.cap = cap == 0 ? 64 : cap * 2;
		}
		hot->entries.v[hot->entries.n++] = x;
	}
	return e;
}

/* false: there was no memory left for it. */
static bool
decode(struct arena *a, struct routed *x)
{
	struct facts *facts = ARENA_NEW(a, struct facts);
	struct str reason = STR_NONE;
	enum wa_body kind = wa_decode(a, x->entry->body, facts, &reason);

	if (kind == WA_BODY_OK && facts->routes.n == 0) {
		kind = WA_BODY_IGNORED;
		reason = STR("it holds no changes");
	}
	if (kind == WA_BODY_OK) {
		x->entry->facts = facts;
		return true;
	}
	x->status = kind == WA_BODY_IGNORED ? "ignored" : "failed";
	x->error = str_fmt(a, "%s: " STR_FMT,
	                   kind == WA_BODY_IGNORED     ? "not_for_us"
	                   : kind == WA_BODY_TOO_LARGE ? "too_large"
	                                               : "not_json",
	                   STR_ARG(reason));
	return kind != WA_BODY_TOO_LARGE;
}

static struct str
route_key(struct arena *a, const struct fact_route *r)
{
	if (!str_is_empty(r->phone_number_id))
		return str_fmt(a, "n:" STR_FMT, STR_ARG(r->phone_number_id));
	return str_is_empty(r->waba_id) ? STR_NONE : str_fmt(a, "w:" STR_FMT, STR_ARG(r->waba_id));
}

/* The change `route` leads to the client, or to nobody known (nil) and is parked under its key. */
static void
add_target(struct arena *a, struct routed *x, struct uuid client_id, struct str key, size_t route)
{
	const struct facts *f = x->entry->facts;
	struct target *t = NULL;

	for (size_t i = 0; i < x->targets.n; i++) {
		if (uuid_eq(x->targets.v[i].client_id, client_id) &&
		    (!uuid_is_nil(client_id) || str_eq(x->targets.v[i].route_key, key)))
			t = &x->targets.v[i];
	}
	if (t == NULL) {
		if (x->targets.n == x->targets.cap) {
			struct target *v = ARENA_ARRAY(a, x->targets.cap * 2 + 4, struct target);

			if (x->targets.n > 0)
				memcpy(v, x->targets.v, x->targets.n * sizeof(*v));
			x->targets.v = v;
			x->targets.cap = x->targets.cap * 2 + 4;
		}
		t = &x->targets.v[x->targets.n++];
		*t = (struct target){ .client_id = client_id,
			              .route_key = uuid_is_nil(client_id) ? key : STR_NONE };
	}
	t->fields |= f->route_fields[route];
	if (str_is_empty(t->phone_number_id))
		t->phone_number_id = f->routes.v[route].phone_number_id;
}

/* Clients behind the route keys ("n:…", "w:…") and connections ("c" + id bytes) of all entries, in
 * one statement. */
static enum err
look_up(struct drain *d, struct routed *v, size_t n, struct arena *a, struct map *known,
        struct uuid **clients)
{
	struct db_rows *rows = db_rows_new(a, &q_drain_routes);
	struct db_result r;
	struct map asked;
	enum err e;

	map_init(&asked, a, n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; v[i].entry->facts != NULL && k < v[i].entry->facts->routes.n;
		     k++) {
			struct str key = route_key(a, &v[i].entry->facts->routes.v[k]);
			bool added;

			if (!str_is_set(key) || !uuid_is_nil(v[i].entry->connection_id))
				continue;
			(void)map_put(&asked, key, 0, &added);
			if (!added)
				continue;
			db_row_text(rows, key);
			db_row_text(rows, key.p[0] == 'n' ? str_sub(key, 2, key.n) : STR_NONE);
			db_row_text(rows, key.p[0] == 'w' ? str_sub(key, 2, key.n) : STR_NONE);
			db_row_uuid(rows, UUID_NIL);
		}
		if (!uuid_is_nil(v[i].entry->connection_id)) {
			db_row_text(rows, uuid_text(a, v[i].entry->connection_id));
			db_row_null(rows);
			db_row_null(rows);
			db_row_uuid(rows, v[i].entry->connection_id);
		}
	}
	e = db_query(d->db, &q_drain_routes, DB_NO_PARAMS, rows, a, &r);
	if (e != ERR_OK)
		return e;
	*clients = ARENA_ARRAY(a, r.nrows + 1, struct uuid);
	map_init(known, a, r.nrows);
	for (size_t i = 0; i < r.nrows; i++) {
		(*clients)[i] = db_get_uuid(&r, i, 1);
		map_set(known, db_get_text(&r, i, 0), i);
	}
	return ERR_OK;
}

/* The part was parked, or a client's, before: then the entry may have other parts. */
static bool
was_routed(const struct drain_entry *e)
{
	return e->old_fields != 0 || str_is_set(e->route_key);
}

static enum err
load_others(struct drain *d, struct routed *x, struct arena *a)
{
	if (!was_routed(x->entry))
		return ERR_OK;
	return db_query(d->db, &q_drain_parts,
	                DB_PARAMS(db_uuid(x->entry->id), db_int(x->entry->part_no)), NULL, a,
	                &x->others);
}

/*
 * A part that was released from being parked is routed for the key it was parked under alone, and
 * no other part for that key: what else is parked of the same body has not been released.
 */
static bool
is_for(const struct routed *x, struct str key)
{
	if (str_is_set(x->entry->route_key))
		return str_eq(x->entry->route_key, key);
	for (size_t i = 0; i < x->others.nrows; i++)
		if (db_is_null(&x->others, i, 1) && str_eq(db_get_text(&x->others, i, 2), key))
			return false;
	return true;
}

static void
find_targets(struct arena *a, struct routed *x, const struct map *known, const struct uuid *clients)
{
	const struct facts *f = x->entry->facts;
	bool own_url = !uuid_is_nil(x->entry->connection_id), others = false;

	if (f == NULL)
		return;
	for (size_t k = 0; k < f->routes.n; k++) {
		struct str key = own_url ? uuid_text(a, x->entry->connection_id)
		                         : route_key(a, &f->routes.v[k]);
		size_t i = str_is_set(key) ? map_get(known, key) : MAP_NONE;

		if (!str_is_set(key) || (own_url && i == MAP_NONE))
			continue;
		if (!is_for(x, key)) {
			others |= !str_is_set(x->entry->route_key);
			continue;
		}
		add_target(a, x, i == MAP_NONE ? UUID_NIL : clients[i], key, k);
	}
	if (x->targets.n == 0 && !others) {
		x->status = "ignored";
		x->error = own_url ? STR("not_for_us: the connection of its URL was deleted")
		                   : STR("not_for_us: it names no number and no account of ours");
	}
}

/* An entry that was parked may have parts already: those of the clients it was known for are
 * applied again. */
static enum err
drop_known(struct drain *d, struct routed *x, struct map *assigned, struct arena *a)
{
	struct db_rows *again = db_rows_new(a, &q_drain_again);
	const struct db_result *r = &x->others;
	enum err e;

	for (size_t i = 0; i < r->nrows; i++) {
		for (size_t k = 0; k < x->targets.n; k++) {
			struct target *t = &x->targets.v[k];

			if (!uuid_eq(t->client_id, db_get_uuid(r, i, 1)) ||
			    (uuid_is_nil(t->client_id) &&
			     !str_eq(t->route_key, db_get_text(r, i, 2))))
				continue;
			if (!uuid_is_nil(t->client_id)) {
				db_row_uuid(again, x->entry->id);
				db_row_int(again, db_get_int(r, i, 0));
			}
			*t = x->targets.v[--x->targets.n];
			break;
		}
	}
	/* two parts of the entry that were released together may lead to one client */
	for (size_t k = 0; k < x->targets.n;) {
		struct str key = map_key_uuids(a, x->entry->id, x->targets.v[k].client_id);
		bool added = true;

		if (!uuid_is_nil(x->targets.v[k].client_id))
			(void)map_put(assigned, key, 0, &added);
		if (added)
			k++;
		else
			x->targets.v[k] = x->targets.v[--x->targets.n];
	}
	e = db_exec(d->db, &q_drain_again, DB_NO_PARAMS, again, NULL);
	if (e == ERR_OK && x->targets.n == 0)
		e = db_exec(d->db, &q_drain_part_delete,
		            DB_PARAMS(db_uuid(x->entry->id), db_int(x->entry->part_no)), NULL,
		            NULL);
	return e;
}

static void
write_target(struct db_rows *rows, const struct routed *x, int part_no, const struct target *t)
{
	db_row_uuid(rows, x->entry->id);
	db_row_int(rows, part_no);
	db_row_uuid(rows, t->client_id);
	db_row_text(rows, uuid_is_nil(t->client_id) ? STR("parked") : STR("received"));
	db_row_text(rows, t->route_key);
	db_row_int(rows, t->fields);
	db_row_text(rows, t->phone_number_id);
	db_row_null(rows);
	db_row_time(rows, x->entry->received_at);
	db_row_int(rows, x->entry->bytes);
}

/* What is told of a batch once it is committed: one line for each kind, however many entries. */
struct unapplied {
	size_t failed, parked;
	struct uuid bad, unknown; /* the first of each */
	char code[16];
};

static void
unapplied_note(struct unapplied *u, const struct routed *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].status != NULL && strcmp(v[i].status, "failed") == 0 && u->failed++ == 0) {
			struct str code = str_sub(v[i].error, 0, str_find(v[i].error, ':'));

			u->bad = v[i].entry->id;
			snprintf(u->code, sizeof(u->code), STR_FMT, STR_ARG(code));
		}
		for (size_t k = 0; v[i].status == NULL && k < v[i].targets.n; k++)
			if (uuid_is_nil(v[i].targets.v[k].client_id) && u->parked++ == 0)
				u->unknown = v[i].entry->id;
	}
}

static void
unapplied_log(const struct unapplied *u)
{
	if (u->failed > 0)
		log_error("drain.unreadable", LOG_UUID("entry", u->bad), LOG_Z("error", u->code),
		          LOG_INT("parts", u->failed));
	if (u->parked > 0)
		log_warn("drain.parked", LOG_UUID("entry", u->unknown),
		         LOG_Z("error", "unknown_number"), LOG_INT("parts", u->parked));
}

static enum err
store(struct drain *d, struct routed *v, size_t n, struct arena *a)
{
	struct db_rows *update = db_rows_new(a, &q_drain_route_update);
	struct db_rows *insert = db_rows_new(a, &q_drain_route_insert);
	struct map assigned;
	enum err e = ERR_OK;

	map_init(&assigned, a, 16);
	for (size_t i = 0; e == ERR_OK && i < n; i++) {
		struct routed *x = &v[i];

		if (x->status != NULL) {
			db_row_uuid(update, x->entry->id);
			db_row_int(update, x->entry->part_no);
			db_row_null(update);
			db_row_text(update, str_from(x->status));
			db_row_null(update);
			db_row_int(update, x->entry->facts == NULL ? 0 : x->entry->facts->fields);
			db_row_null(update);
			db_row_text(update, x->error);
			db_row_time(update, x->entry->received_at);
			db_row_int(update, x->entry->bytes);
			continue;
		}
		if (was_routed(x->entry))
			e = drop_known(d, x, &assigned, a);
		for (size_t k = 0; k < x->targets.n; k++) {
			if (uuid_is_nil(x->targets.v[k].client_id))
				metrics_add(M_PARTS_PARKED, 1);
			write_target(k == 0 ? update : insert, x, x->entry->part_no,
			             &x->targets.v[k]);
		}
	}
	if (e == ERR_OK)
		e = db_exec(d->db, &q_drain_route_update, DB_NO_PARAMS, update, NULL);
	if (e == ERR_OK)
		e = db_exec(d->db, &q_drain_route_insert, DB_NO_PARAMS, insert, NULL);
	return e;
}

/* Whether something is parked under a key under which nothing was; before it is stored. */
static enum err
find_news(struct drain *d, const struct routed *v, size_t n, struct arena *a, bool *news)
{
	struct db_rows *keys = db_rows_new(a, &q_drain_parked_news);
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; v[i].status == NULL && k < v[i].targets.n; k++)
			if (uuid_is_nil(v[i].targets.v[k].client_id))
				db_row_text(keys, v[i].targets.v[k].route_key);
	if (keys->nrows == 0)
		return ERR_OK;
	e = db_query(d->db, &q_drain_parked_news, DB_NO_PARAMS, keys, a, &r);
	*news = e == ERR_OK && r.nrows > 0;
	return e;
}

/* Nobody knows yet whom a parked entry concerns, so all are told; but of each number once, since
 * there may be many clients. */
static enum err
tell_all(struct drain *d, struct arena *a, int64_t now_ms)
{
	struct event_batch events;
	struct db_result r;
	enum err e = db_query(d->db, &q_drain_clients, DB_NO_PARAMS, NULL, a, &r);

	event_batch_init(&events, a);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		event_batch_add(&events, db_get_uuid(&r, i, 0), EVENT_WEBHOOK_EVENTS, UUID_NIL);
	return e == ERR_OK ? event_batch_store(&events, d->db, now_ms) : e;
}

static enum err
store_and_tell(struct drain *d, struct routed *v, size_t n, struct arena *a, int64_t now_ms)
{
	bool news = false;
	enum err e = find_news(d, v, n, a, &news);

	if (e == ERR_OK)
		e = store(d, v, n, a);
	return e == ERR_OK && news ? tell_all(d, a, now_ms) : e;
}

static enum err
route_claimed(struct drain *d, struct drain_batch *hot, int64_t now_ms, struct unapplied *told)
{
	struct routed *v = ARENA_ARRAY(hot->arena, hot->entries.n, struct routed);
	struct uuid *clients;
	struct map known;
	enum err e = drain_bodies(d, hot->arena, hot->entries.v, hot->entries.n);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < hot->entries.n; i++) {
		v[i].entry = &hot->entries.v[i];
		if (!decode(hot->arena, &v[i]) && hot->entries.n > 1)
			return ERR_TOO_LARGE; /* together with others; alone it may fit */
		(void)map_put(&hot->map, str_n((const char *)hot->entries.v[i].id.b, 16), i, NULL);
	}
	e = look_up(d, v, hot->entries.n, hot->arena, &known, &clients);
	for (size_t i = 0; e == ERR_OK && i < hot->entries.n; i++) {
		e = load_others(d, &v[i], hot->arena);
		if (e == ERR_OK)
			find_targets(hot->arena, &v[i], &known, clients);
	}
	if (e == ERR_OK)
		e = store_and_tell(d, v, hot->entries.n, hot->arena, now_ms);
	if (e == ERR_OK)
		unapplied_note(told, v, hot->entries.n);
	return e;
}

/* One batch of at most d->route_most entries. ERR_TOO_LARGE: they need more memory than allowed
 * together. */
static enum err
route_batch(struct drain *d, int64_t now_ms, size_t *routed)
{
	struct unapplied told = { 0 };
	struct drain_batch *batch;
	enum err e = db_begin(d->db, DB_APPLY);

	if (e != ERR_OK)
		return e;
	batch = drain_hot_begin(d->hot, d->o.route_entries);
	e = claim(d, batch);
	if (e == ERR_OK && batch->entries.n > 0)
		e = route_claimed(d, batch, now_ms, &told);
	*routed = e == ERR_OK ? batch->entries.n : 0;
	d->route_after = *routed > 0 ? batch->entries.v[*routed - 1].id : UUID_NIL;
	/* before the commit, so that whoever claims the entries finds them; what a body says does
	 * not depend on it */
	if (*routed > 0)
		drain_hot_add(d->hot, batch);
	else
		drain_hot_discard(d->hot, batch);
	if (e == ERR_OK)
		e = db_commit(d->db);
	if (e == ERR_OK)
		unapplied_log(&told);
	else
		db_rollback(d->db);
	return e;
}

enum err
drain_route(struct drain *d, int64_t now_ms, size_t *routed)
{
	struct db_result r;
	enum err e;

	if (now_ms >= d->rescan_at) {
		d->route_after = UUID_NIL;
		d->rescan_at = now_ms + RESCAN_MS;
	}
	arena_reset(d->arena);
	e = db_query(d->db, &q_drain_any, DB_PARAMS(after(d)), NULL, d->arena, &r);
	if (e != ERR_OK || !db_get_bool(&r, 0, 0)) {
		d->route_after = UUID_NIL;
		return e;
	}
	d->route_most = d->o.route_entries;
	e = route_batch(d, now_ms, routed);
	while (e == ERR_TOO_LARGE && d->route_most > 1) {
		d->route_most /= 2;
		e = route_batch(d, now_ms, routed);
	}
	return e;
}
