/*
 * Why: who is responsible wants to hear of trouble once, and that it is over once, however many
 * processes see it. What always holds: what is stored is read before what is the case, and a change
 * is made only to what still stands as it was read; so of several processes one makes it, and none
 * by what was the case before the change of another. A change and all that tells of it are one
 * transaction.
 */
#include <stdlib.h>

#include "base/json.h"
#include "store/audit.h"
#include "store/queries.h"
#include "sys/log.h"
#include "sys/metrics.h"
#include "work/alerter_internal.h"
#include "work/event.h"

#define ROUND_MS    (2 * TIME_SECOND)
#define HOLD_MS     TIME_MINUTE /* so long what only another process sees is believed */
#define ARENA_BYTES ((size_t)32 << 20)
#define BODY_MAX    4096

enum err
alerter_open(const struct alerter_options *o, struct alerter **out)
{
	struct alerter *al = calloc(1, sizeof(*al));
	enum err e;

	if (al == NULL)
		abort();
	al->o = *o;
	al->began_at = TIME_NONE;
	e = db_open(o->pool, false, &al->db);
	if (e != ERR_OK) {
		free(al);
		return e;
	}
	al->arena = arena_new(ARENA_BYTES);
	*out = al;
	return ERR_OK;
}

void
alerter_close(struct alerter *al)
{
	if (al == NULL)
		return;
	db_close(al->db);
	arena_free(al->arena);
	free(al);
}

static struct str
key_of(struct alerter *al, enum alert_kind kind, struct uuid about)
{
	return map_key_uuid(al->arena, about, str_from(alert_kind_names[kind]));
}

struct alert *
alerter_stored(struct alerter *al, enum alert_kind kind, struct uuid about)
{
	size_t i = map_get(&al->stored_by, key_of(al, kind, about));

	return i == MAP_NONE ? NULL : &al->stored[i];
}

static enum err
read_stored(struct alerter *al)
{
	struct db_result r;
	enum err e = db_query(al->db, &q_alerts_all, DB_NO_PARAMS, NULL, al->arena, &r);

	map_init(&al->stored_by, al->arena, 0);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct alert *x;
		const struct alert row = { .kind = alert_kind_of(db_get_text(&r, i, 0)),
			                   .about = db_get_uuid(&r, i, 1),
			                   .client_id = db_get_uuid(&r, i, 2),
			                   .slug = db_get_text(&r, i, 3),
			                   .connection_id = db_get_uuid(&r, i, 4),
			                   .firing = db_get_bool(&r, i, 5),
			                   .since = db_get_time(&r, i, 6),
			                   .changes = db_get_int(&r, i, 7),
			                   .detail = db_get_text(&r, i, 8),
			                   .owner = db_get_uuid(&r, i, 9),
			                   .held_until = db_get_time(&r, i, 10) };

		if (row.kind == ALERT_KINDS)
			continue; /* of a later version of the program */
		(void)map_put(&al->stored_by, key_of(al, row.kind, row.about), al->nstored, NULL);
		x = ARENA_ADD(al->arena, al->stored, al->nstored, al->stored_cap);
		*x = row;
	}
	return e;
}

static enum err
put_audit(struct alerter *al, const struct alert *x, bool firing, int64_t now_ms)
{
	bool of_connection = !uuid_is_nil(x->connection_id);
	bool of_client = !uuid_is_nil(x->client_id);
	const struct audit_row row = {
		.id = rand_uuid_v7(al->o.rand, now_ms),
		.client_id = x->client_id,
		.at = now_ms,
		.actor = STR("system"),
		.action = firing ? STR("alert.raised") : STR("alert.cleared"),
		.subject_kind = of_connection ? STR("connection")
		                : of_client   ? STR("client")
		                              : STR_NONE,
		.subject_id = of_connection ? x->connection_id : x->client_id,
		/* the kind, then the members of the detail, which always has some */
		.detail = str_fmt(al->arena, "{\"kind\":\"%s\"," STR_FMT, alert_kind_names[x->kind],
		                  STR_ARG(str_sub(x->detail, 1, x->detail.n - 1))),
	};
	return audit_insert(al->db, &row);
}

static struct str
body_of(struct alerter *al, struct uuid id, const struct alert *x, bool firing, int64_t now_ms)
{
	struct buf b;
	struct jw w;

	buf_init(&b, al->arena, BODY_MAX);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kuuid(&w, "id", id);
	jw_kz(&w, "kind", alert_kind_names[x->kind]);
	jw_kz(&w, "state", firing ? "raised" : "cleared");
	jw_kstr(&w, "clientSlug", x->slug);
	jw_kuuid(&w, "connectionId", x->connection_id);
	jw_ktime(&w, "since", x->since);
	jw_ktime(&w, "at", now_ms);
	jw_kraw(&w, "detail", x->detail);
	jw_kz(&w, "text", alert_text(x->kind, firing));
	jw_obj_end(&w);
	return buf_slice(&b);
}

/* change: the how-manieth of this alert. */
static enum err
put_delivery(struct alerter *al, const struct alert *x, bool firing, int64_t change, int64_t now_ms)
{
	struct uuid id = rand_uuid_v7(al->o.rand, now_ms);
	int64_t put = 0;
	enum err e;

	if (!al->o.tell)
		return ERR_OK;
	e = db_exec(al->db, &q_alert_delivery_put,
	            DB_PARAMS(db_text(str_from(alert_kind_names[x->kind])), db_uuid(x->about),
	                      db_int(change), db_uuid(id),
	                      db_text(body_of(al, id, x, firing, now_ms)), db_time(now_ms),
	                      db_int(ALERT_DELIVERIES_MOST)),
	            NULL, &put);
	if (e == ERR_OK && put == 0) {
		metrics_add(M_ALERT_DELIVERIES_DROPPED, 1);
		log_warn("alert.not_told", LOG_Z("kind", alert_kind_names[x->kind]),
		         LOG_Z("reason", "too many wait"));
	}
	return e;
}

/* Of the installation every client's page tells, to those who may see it. */
static enum err
put_events(struct alerter *al, const struct alert *x, int64_t now_ms)
{
	struct event_batch events;
	struct db_result r;
	enum err e;

	if (!uuid_is_nil(x->client_id))
		return event_put(al->db, x->client_id, EVENT_ALERT, UUID_NIL, now_ms);
	e = db_query(al->db, &q_drain_clients, DB_NO_PARAMS, NULL, al->arena, &r);
	event_batch_init(&events, al->arena);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		event_batch_add(&events, db_get_uuid(&r, i, 0), EVENT_ALERT, UUID_NIL);
	return e == ERR_OK ? event_batch_store(&events, al->db, now_ms) : e;
}

/* seen: the number of changes that it is to stand at. ERR_CONFLICT: another was faster, or holds
 * it. */
static enum err
write_state(struct alerter *al, const struct alert *x, bool firing, int64_t seen, int64_t now_ms)
{
	struct db_param kind = db_text(str_from(alert_kind_names[x->kind]));
	int64_t changed = 0;
	enum err e;

	if (firing)
		e = db_exec(al->db, &q_alerts_raise,
		            DB_PARAMS(kind, db_uuid(x->about), db_uuid(x->client_id),
		                      db_uuid(x->connection_id), db_time(x->since), db_int(seen),
		                      db_json(x->detail), db_uuid(x->mine ? al->o.owner : UUID_NIL),
		                      db_time(x->mine ? now_ms + HOLD_MS : TIME_NONE)),
		            NULL, &changed);
	else
		e = db_exec(al->db, &q_alerts_clear,
		            DB_PARAMS(kind, db_uuid(x->about), db_int(seen), db_uuid(al->o.owner),
		                      db_time(now_ms)),
		            NULL, &changed);
	return e == ERR_OK && changed == 0 ? ERR_CONFLICT : e;
}

static enum err
change(struct alerter *al, const struct alert *x, bool firing, int64_t seen, int64_t now_ms)
{
	enum err e = db_begin(al->db, DB_API);

	if (e != ERR_OK)
		return e;
	e = write_state(al, x, firing, seen, now_ms);
	if (e == ERR_OK)
		e = put_audit(al, x, firing, now_ms);
	if (e == ERR_OK)
		e = put_delivery(al, x, firing, seen + 1, now_ms);
	if (e == ERR_OK)
		e = put_events(al, x, now_ms);
	e = db_end(al->db, e);
	if (e == ERR_CONFLICT)
		return ERR_OK; /* told by another; looked at again in the next round */
	if (e != ERR_OK && !db_is_away(e)) { /* one alert's trouble stops no other */
		log_warn("alert.not_stored", LOG_Z("kind", alert_kind_names[x->kind]), LOG_ERR(e),
		         LOG_Z("detail", db_message(al->db)));
		return ERR_OK;
	}
	if (e == ERR_OK && firing)
		log_warn("alert.raised", LOG_Z("kind", alert_kind_names[x->kind]),
		         LOG_STR("client", x->slug), LOG_UUID("connection", x->connection_id));
	else if (e == ERR_OK)
		log_info("alert.cleared", LOG_Z("kind", alert_kind_names[x->kind]),
		         LOG_STR("client", x->slug), LOG_UUID("connection", x->connection_id));
	return e;
}

/* It fires, and this process is one that sees why. */
static enum err
hold(struct alerter *al, const struct alert *old, int64_t now_ms)
{
	bool own = uuid_eq(old->owner, al->o.owner);

	if (own ? old->held_until - now_ms > HOLD_MS / 2
	        : !uuid_is_nil(old->owner) && old->held_until > now_ms)
		return ERR_OK;
	return db_exec(al->db, &q_alerts_hold,
	               DB_PARAMS(db_text(str_from(alert_kind_names[old->kind])),
	                         db_uuid(old->about), db_int(old->changes), db_uuid(al->o.owner),
	                         db_time(now_ms), db_time(now_ms + HOLD_MS)),
	               NULL, NULL);
}

/* What fires and is not wanted any more, unless another process holds it. */
static enum err
clear_rest(struct alerter *al, int64_t now_ms)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < al->nstored; i++) {
		struct alert *x = &al->stored[i];

		if (!x->firing || x->still)
			continue;
		if (!uuid_is_nil(x->owner) && !uuid_eq(x->owner, al->o.owner) &&
		    x->held_until > now_ms)
			continue;
		e = change(al, x, false, x->changes, now_ms);
		x->firing = false;
	}
	return e;
}

static enum err
look(struct alerter *al, int64_t now_ms)
{
	enum err e = read_stored(al);

	if (e == ERR_OK)
		e = alert_facts_read(al, now_ms);
	for (size_t i = 0; e == ERR_OK && i < al->nwanted; i++) {
		const struct alert *x = &al->wanted[i];
		struct alert *old = alerter_stored(al, x->kind, x->about);

		if (old == NULL || !old->firing)
			e = change(al, x, true, old == NULL ? 0 : old->changes, now_ms);
		else if (x->mine)
			e = hold(al, old, now_ms);
		if (old != NULL)
			old->still = true;
	}
	return e == ERR_OK ? clear_rest(al, now_ms) : e;
}

static void
set_gauges(const struct alerter *al)
{
	int64_t n[ALERT_KINDS] = { 0 };

	for (size_t i = 0; i < al->nwanted; i++)
		n[al->wanted[i].kind]++;
	for (size_t i = 0; i < al->nstored; i++)
		if (al->stored[i].firing && !al->stored[i].still)
			n[al->stored[i].kind]++; /* another holds it */
	for (size_t i = 0; i < ALERT_KINDS; i++)
		metrics_set((enum metric)(M_ALERTS_HISTORY_LATE + i), n[i]);
}

enum step
alerter_step(void *alerter, int64_t now_ms, int64_t *next_ms)
{
	static struct log_limit limit;
	struct alerter *al = alerter;
	int64_t hidden;
	enum err e;

	if (al->began_at == TIME_NONE)
		al->began_at = now_ms;
	arena_reset(al->arena);
	al->stored = al->wanted = NULL;
	al->nstored = al->nwanted = al->stored_cap = al->wanted_cap = 0;
	e = look(al, now_ms);
	if (e == ERR_OK)
		set_gauges(al);
	else
		db_rollback(al->db);
	if (e != ERR_OK && log_limited(&limit, now_ms, 10000, &hidden))
		log_warn("alerts.failed", LOG_ERR(e), LOG_Z("detail", db_message(al->db)),
		         LOG_INT("hidden", hidden));
	*next_ms = now_ms + ROUND_MS;
	return STEP_WAIT;
}
