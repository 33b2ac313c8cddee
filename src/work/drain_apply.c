/*
 * Applying: one batch of one client's due parts, in its lane. What always holds: parts are marked
 * in the transaction that applied them; if a batch fails its parts are tried alone, and one that
 * fails alone is retried later and at last failed: visible, counted, replayable.
 */
#include "core/wa_decode.h"
#include "store/queries.h"
#include "sys/log.h"
#include "sys/metrics.h"
#include "work/drain_internal.h"
#include "work/sync_status.h"

/* After the n-th failure. Source: 3-whatsapp §2. */
static const int64_t back_off_ms[] = {
	1 * TIME_SECOND,  5 * TIME_SECOND, 30 * TIME_SECOND, 5 * TIME_MINUTE,
	30 * TIME_MINUTE, 2 * TIME_HOUR,   6 * TIME_HOUR,    6 * TIME_HOUR,
};
#define ATTEMPTS    ((int64_t)(sizeof(back_off_ms) / sizeof(back_off_ms[0])))
#define CLAIM_PARTS 1024

struct batch {
	struct uuid client_id;
	struct drain_entry *v;
	size_t n;
	size_t claimed; /* of v: may be more than n */
};

static enum err
claim(struct drain *d, int64_t now_ms, struct batch *b)
{
	struct db_result r;
	enum err e = db_query(
		d->db, &q_drain_claim,
		DB_PARAMS(db_uuid(b->client_id), db_time(now_ms),
	                  db_int(d->o.claim_parts > 0 ? (int64_t)d->o.claim_parts : CLAIM_PARTS)),
		NULL, d->arena, &r);
	size_t bytes = 0, units = 0;

	if (e != ERR_OK)
		return e;
	b->v = ARENA_ARRAY(d->arena, r.nrows, struct drain_entry);
	for (size_t i = 0; i < r.nrows; i++) {
		struct drain_entry x = { .id = db_get_uuid(&r, i, 0) };

		x.part_no = (int)db_get_int(&r, i, 1);
		x.received_at = db_get_time(&r, i, 2);
		x.attempts = db_get_int(&r, i, 3);
		x.bytes = db_get_int(&r, i, 4);
		if (!drain_hot_take(d->hot, &x))
			bytes += (size_t)x.bytes;
		else
			units += apply_units(x.facts);
		if (b->n > 0 && (bytes > d->o.claim_bytes || units > d->o.claim_messages)) {
			drain_hot_release(d->hot, &x, false);
			break;
		}
		b->v[b->n++] = x;
		b->claimed = b->n;
	}
	e = drain_bodies(d, d->arena, b->v, b->n);
	if (e != ERR_OK)
		b->n = 0; /* the database's trouble, not an entry's */
	return e;
}

/* Decodes what is not decoded and cuts the batch where it has enough messages, or before an entry
 * that cannot be read. */
static void
decode(struct drain *d, struct batch *b)
{
	size_t units = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct drain_entry *x = &b->v[i];

		if (x->facts == NULL) {
			struct facts *facts = ARENA_NEW(d->arena, struct facts);
			struct str reason;

			if (wa_decode(d->arena, x->body, facts, &reason) == WA_BODY_OK)
				x->facts = facts;
		}
		if (x->facts != NULL)
			units += apply_units(x->facts);
		if (x->facts == NULL || units > d->o.claim_messages) {
			b->n = i > 0 ? i : 1;
			break;
		}
	}
}

#define PROBLEMS_MAX   1000         /* named in the entry; the rest is counted */
#define PROBLEMS_BYTES (512 * 1024) /* after which no more are named */

static struct str
problems_json(struct arena *a, const struct apply_entry *e)
{
	struct buf b;
	struct jw w;
	size_t i;

	if (e->problems.n == 0)
		return STR_NONE;
	buf_init(&b, a, 2 * PROBLEMS_BYTES);
	jw_init(&w, &b);
	jw_arr(&w);
	for (i = 0; i < e->problems.n && i < PROBLEMS_MAX && b.n < PROBLEMS_BYTES; i++) {
		const struct apply_problem *p = &e->problems.v[i];

		jw_obj(&w);
		jw_kz(&w, "code", p->code);
		jw_kstr(&w, "path", str_sub(p->path, 0, 512));
		jw_kstr(&w, "detail", str_sub(p->detail, 0, 512));
		jw_kstr(&w, "wamid", p->wamid);
		jw_obj_end(&w);
	}
	if (i < e->problems.n) {
		jw_obj(&w);
		jw_kz(&w, "code", "more");
		jw_kstr(&w, "detail", str_fmt(a, "%zu more problems", e->problems.n - i));
		jw_obj_end(&w);
	}
	jw_arr_end(&w);
	return buf_slice(&b);
}

/* What became of the entries. One that is no live connection's any more is routed again, and so
 * parked. */
static enum err
mark(struct drain *d, struct apply_entry *v, size_t n, int64_t now_ms)
{
	struct db_rows *rows = db_rows_new(d->work, &q_drain_mark);
	struct db_rows *lost = db_rows_new(d->work, &q_drain_unroute);
	enum err e;

	for (size_t i = 0; i < n; i++) {
		if (v[i].unrouted) {
			db_row_uuid(lost, v[i].entry_id);
			db_row_int(lost, v[i].part_no);
			continue;
		}
		db_row_uuid(rows, v[i].entry_id);
		db_row_int(rows, v[i].part_no);
		db_row_text(rows,
		            v[i].problems.n == 0 ? STR("applied") : STR("applied_with_problems"));
		db_row_text(rows, problems_json(d->work, &v[i]));
	}
	e = db_exec(d->db, &q_drain_mark, DB_PARAMS(db_time(now_ms)), rows, NULL);
	return e == ERR_OK ? db_exec(d->db, &q_drain_unroute, DB_NO_PARAMS, lost, NULL) : e;
}

static void
count(const struct apply_counts *c, size_t parts)
{
	metrics_add(M_FACTS_MESSAGES, c->messages);
	metrics_add(M_FACTS_CONTACTS, c->contacts);
	metrics_add(M_FACTS_AMENDMENTS, c->amendments);
	metrics_add(M_FACTS_ACCOUNT, c->accounts);
	metrics_add(M_FACTS_CHUNKS, c->chunks);
	metrics_add(M_DUPLICATES, c->duplicates);
	metrics_add(M_PROBLEMS, c->problems);
	metrics_add(M_LEAD_MERGES, c->merges);
	metrics_add(M_PARTS_APPLIED, (int64_t)parts);
}

/* Inside the transaction: all entries, their marks, and what the history runs' status becomes. */
static enum err
apply_in_lane(struct drain *d, struct uuid client_id, struct apply_entry *v, size_t n, bool last,
              int64_t now_ms)
{
	struct event_batch events;
	const struct apply_options o = { .db = d->db,
		                         .arena = d->work,
		                         .rand = d->o.rand,
		                         .client_id = client_id,
		                         .now_ms = now_ms,
		                         .events = &events };
	struct apply_counts counts = { 0 };
	unsigned fields = 0;
	enum err e;

	event_batch_init(&events, d->work);
	e = apply_entries(&o, v, n, &counts);
	for (size_t i = 0; i < n; i++) {
		fields |= v[i].facts->fields;
		if (v[i].unrouted)
			event_batch_add(&events, client_id, EVENT_WEBHOOK_EVENTS, UUID_NIL);
	}
	if (e == ERR_OK && last)
		e = mark(d, v, n, now_ms);
	if (e == ERR_OK && last && (fields & (FIELD_HISTORY | FIELD_STATE_SYNC | FIELD_ACCOUNT)))
		e = sync_status_evaluate(d->db, d->work, d->o.rand, client_id, now_ms,
		                         d->o.alert_ms, &events);
	if (e == ERR_OK)
		e = event_batch_store(&events, d->db, now_ms);
	if (e == ERR_OK)
		e = arena_check(d->work);
	if (e == ERR_OK)
		count(&counts, last ? n : 0);
	return e;
}

static void
entry_prepare(struct apply_entry *out, const struct drain_entry *x)
{
	*out = (struct apply_entry){ .entry_id = x->id,
		                     .part_no = x->part_no,
		                     .received_at = x->received_at,
		                     .only_connection = x->connection_id,
		                     .facts = x->facts,
		                     .from = 0,
		                     .to = SIZE_MAX };
}

/* The problems of a slice outlive its memory: the last slice tells them all. */
static void
problems_keep(struct arena *a, struct apply_entry *e)
{
	struct apply_problem *v = ARENA_ARRAY(a, e->problems.n, struct apply_problem);

	for (size_t i = 0; i < e->problems.n; i++) {
		v[i] = e->problems.v[i];
		v[i].path = str_dup(a, v[i].path);
		v[i].detail = str_dup(a, v[i].detail);
		v[i].wamid = str_dup(a, v[i].wamid);
	}
	e->problems.v = v;
	e->problems.cap = e->problems.n;
}

/*
 * One entry alone, in slices of at most claim_messages units, each a transaction of its own with
 * memory of its own; the last one marks. Cut off between two slices it is applied from the first
 * again.
 */
static enum err
apply_alone(struct drain *d, struct uuid client_id, const struct drain_entry *x, int64_t now_ms)
{
	size_t units = apply_units(x->facts), step = d->o.claim_messages, from = 0;
	struct apply_entry entry;
	enum err e;
	bool last;

	entry_prepare(&entry, x);
	do {
		last = from + step >= units;
		entry.from = from;
		entry.to = last ? SIZE_MAX : from + step;
		arena_reset(d->work);
		e = db_begin(d->db, DB_APPLY);
		if (e != ERR_OK)
			return e;
		e = db_lane(d->db, client_id, true);
		if (e == ERR_OK)
			e = apply_in_lane(d, client_id, &entry, 1, last, now_ms);
		if (e == ERR_OK)
			e = db_commit(d->db);
		if (e != ERR_OK)
			db_rollback(d->db);
		problems_keep(d->arena, &entry);
		from += step;
	} while (e == ERR_OK && !last);
	return e;
}

static enum err
mark_failed(struct drain *d, struct uuid client_id, const struct drain_entry *x, enum err why,
            int64_t now_ms)
{
	bool final = x->attempts >= ATTEMPTS;
	struct str text = str_fmt(d->arena, "%s: %s", err_info(why)->code, db_message(d->db));
	enum err e;

	if (final)
		log_error("drain.part_failed", LOG_UUID("entry", x->id),
		          LOG_INT("part", x->part_no), LOG_ERR(why));
	else
		log_warn("drain.entry_failed", LOG_UUID("entry", x->id), LOG_ERR(why),
		         LOG_INT("attempt", x->attempts + 1));
	metrics_add(final ? M_PARTS_FAILED : M_PARTS_RETRIED, 1);
	e = db_begin(d->db, DB_APPLY);
	if (e == ERR_OK)
		e = db_exec(
			d->db, &q_drain_mark_failed,
			DB_PARAMS(db_uuid(x->id), db_int(x->part_no),
		                  db_text(final ? STR("failed") : STR("retrying")), db_text(text),
		                  db_time(final ? TIME_NONE : now_ms + back_off_ms[x->attempts])),
			NULL, NULL);
	if (e == ERR_OK)
		e = event_put(d->db, client_id, EVENT_WEBHOOK_EVENTS, UUID_NIL, now_ms);
	if (e == ERR_OK)
		e = db_commit(d->db);
	if (e != ERR_OK)
		db_rollback(d->db);
	return e;
}

/*
 * Each entry alone; one that fails is marked and does not stop the others. A time-out of one entry
 * alone is that entry's: otherwise it would be tried for ever.
 */
static enum err
apply_one_by_one(struct drain *d, const struct batch *b, int64_t now_ms)
{
	for (size_t i = 0; i < b->n; i++) {
		enum err e = b->v[i].facts == NULL ? ERR_CORRUPT
		                                   : apply_alone(d, b->client_id, &b->v[i], now_ms);

		if (db_is_away(e) && e != ERR_TIMEOUT)
			return e;
		if (e != ERR_OK)
			e = mark_failed(d, b->client_id, &b->v[i], e, now_ms);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

static enum err
apply_batch(struct drain *d, struct batch *b, int64_t now_ms)
{
	struct apply_entry *entries;
	enum err e = db_lane(d->db, b->client_id, false);

	if (e == ERR_OK)
		e = claim(d, now_ms, b);
	if (e != ERR_OK || b->n == 0)
		return e;
	decode(d, b);
	if (b->v[0].facts == NULL)
		return ERR_CORRUPT; /* it was read when it was routed */
	if (b->n == 1 && apply_units(b->v[0].facts) > d->o.claim_messages)
		return ERR_TOO_LARGE; /* the caller slices it */
	entries = ARENA_ARRAY(d->arena, b->n, struct apply_entry);
	for (size_t i = 0; i < b->n; i++)
		entry_prepare(&entries[i], &b->v[i]);
	return apply_in_lane(d, b->client_id, entries, b->n, true, now_ms);
}

static enum err
apply_claimed(struct drain *d, struct batch *b, int64_t now_ms)
{
	enum err e = db_begin(d->db, DB_APPLY);

	if (e != ERR_OK)
		return e;
	e = apply_batch(d, b, now_ms);
	if (e == ERR_OK && b->n > 0)
		e = db_commit(d->db);
	else
		db_rollback(d->db);
	if (e == ERR_BUSY && b->n == 0)
		return ERR_OK; /* another worker has the lane */
	if (e == ERR_OK || (db_is_away(e) && e != ERR_TIMEOUT) || b->n == 0)
		return e;
	return apply_one_by_one(d, b, now_ms);
}

/* *worked: the client had something due. */
static enum err
apply_client(struct drain *d, struct uuid client_id, int64_t now_ms, bool *worked)
{
	struct batch b = { .client_id = client_id };
	enum err e;

	arena_reset(d->arena);
	arena_reset(d->work);
	e = apply_claimed(d, &b, now_ms);
	for (size_t i = 0; i < b.claimed; i++)
		drain_hot_release(d->hot, &b.v[i], e == ERR_OK && i < b.n);
	*worked = b.n > 0;
	return e;
}

static enum err
next_client(struct drain *d, struct uuid after, struct uuid *out)
{
	struct db_result r;
	enum err e = db_query(d->db, &q_drain_next_client, DB_PARAMS(db_uuid(after)), NULL,
	                      d->arena, &r);

	*out = e == ERR_OK && r.nrows > 0 ? db_get_uuid(&r, 0, 0) : UUID_NIL;
	return e;
}

/* Clients in turn, from the one after the last served, until one had work or all were asked. */
enum err
drain_apply(struct drain *d, int64_t now_ms, bool *worked)
{
	struct uuid first = UUID_NIL;
	bool wrapped = false;

	for (;;) {
		struct uuid client_id;
		enum err e;

		arena_reset(d->arena);
		e = next_client(d, d->last_client, &client_id);
		if (e != ERR_OK)
			return e;
		if (uuid_is_nil(client_id)) {
			if (wrapped || uuid_is_nil(d->last_client))
				return ERR_OK;
			wrapped = true;
			d->last_client = uuid_v7_floor(0);
			continue;
		}
		if (uuid_eq(first, client_id))
			return ERR_OK;
		if (uuid_is_nil(first))
			first = client_id;
		d->last_client = client_id;
		e = apply_client(d, client_id, now_ms, worked);
		if (e != ERR_OK || *worked)
			return e;
	}
}
