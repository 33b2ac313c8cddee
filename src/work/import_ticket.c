/*
 * One helpdesk ticket into rows: its person, its conversation, the ticket itself with the raw
 * trackings, its messages, its sessions. What always holds: one transaction; the number of
 * statements does not depend on how much there is of each; nothing that is as it was is written.
 * The columns of conversations and leads are folded by apply's own code, so that they are what it
 * would make of the same messages. Source: 4-helpdesk §2 rule 3, §3 R0, R8.
 */
#include "core/order.h"
#include "store/queries.h"
#include "work/import_internal.h"

/* What a ticket is known by that names nobody. */
static struct str
own_node(struct import_work *w)
{
	return str_fmt(w->s->arena, "ticket:" STR_FMT, STR_ARG(w->in->ticket->uuid));
}

static enum err
ticket_load(struct import_work *w)
{
	struct import_stored *x = &w->stored;
	struct db_result r;
	size_t c = 0;
	enum err e = db_query(w->s->db, &q_import_ticket,
	                      DB_PARAMS(db_uuid(w->s->client_id), db_text(w->in->ticket->uuid),
	                                db_text(own_node(w))),
	                      NULL, w->s->arena, &r);

	if (e != ERR_OK)
		return e;
	x->failed = db_get_bool(&r, 0, c++);
	x->done_at = db_get_time(&r, 0, c++);
	x->alone = db_get_bool(&r, 0, c++);
	x->there = !db_is_null(&r, 0, c);
	x->id = db_get_uuid(&r, 0, c++);
	x->conversation_id = db_get_uuid(&r, 0, c++);
	x->lead_id = db_get_uuid(&r, 0, c++);
	x->status = db_get_text(&r, 0, c++);
	x->opened_at = db_get_time(&r, 0, c++);
	x->updated_at = db_get_time(&r, 0, c++);
	x->is_group = db_get_bool(&r, 0, c++);
	x->company = db_get_text(&r, 0, c++);
	x->raw = import_canonical(w->s->arena, db_get_text(&r, 0, c++));
	x->has_trackings = db_get_bool(&r, 0, c++);
	x->last_message_at = db_get_time(&r, 0, c++);
	x->missing_since = db_get_time(&r, 0, c++);
	x->identity = db_get_text(&r, 0, c++);
	return ERR_OK;
}

/*
 * Whose ticket it is. A group's is its own. One that names nobody stays with whom it was, or is its
 * own; when it names somebody later and was its own, the two are one. Otherwise a contact that
 * changed is another person, to whom the ticket moves.
 */
static enum err
people(struct import_work *w, size_t *node, size_t *old_node)
{
	const struct hd_ticket *t = w->in->ticket;
	struct import_person v = { .updated_at = t->updated_at };
	bool named = !t->is_group && t->has_contact &&
	             import_contact_usable(w->s->arena, &t->contact);
	enum err e;

	if (named) {
		v.contact = &t->contact;
		if (w->stored.alone && !w->stored.is_group)
			v.node = own_node(w);
	} else {
		v.name = t->contact.name;
		if (!t->is_group && w->stored.there && str_is_set(w->stored.identity))
			v.kept = w->stored.identity;
		else
			v.node = own_node(w);
	}
	e = import_people(&w->people, w->s, &v, 1, w->stored.identity, old_node);
	*node = v.at;
	/* people were joined, and perhaps conversations */
	if (e == ERR_OK && w->people.counts.merges > 0 && w->stored.there)
		e = ticket_load(w);
	return e;
}

/* The slot of a lead's conversation on the helpdesk. */
static struct apply_conversation *
conversation_of(struct import_work *w, size_t node)
{
	struct apply *ap = &w->people.ap;
	struct uuid lead = apply_lead_of(ap, node)->row.id;
	struct str key = map_key_uuids(w->s->arena, w->s->connection_id, lead);

	return &ap->conversations.v[map_get(&ap->conversation_map, key)];
}

/* Both the conversation it goes to and the one it was in are loaded, as if they had messages in
 * this batch. */
static enum err
conversations(struct import_work *w, size_t node, size_t old_node)
{
	struct apply *ap = &w->people.ap;
	struct apply_lead *lead = apply_lead_of(ap, node), *old = NULL;
	struct apply_conversation *c;
	enum err e;

	APPLY_ADD(w->s->arena, &ap->connections)->id = w->s->connection_id;
	*APPLY_ADD(w->s->arena, &ap->copies) = (struct apply_copy){ .node = node };
	if (old_node != APPLY_NONE && apply_lead_of(ap, old_node) != lead) {
		old = apply_lead_of(ap, old_node);
		*APPLY_ADD(w->s->arena, &ap->copies) = (struct apply_copy){ .node = old_node };
	}
	e = apply_conversations_load(ap);
	if (e != ERR_OK)
		return e;
	c = conversation_of(w, node);
	w->conversation_id = c->id;
	w->moved = w->stored.there && !uuid_eq(w->stored.conversation_id, c->id);
	if (w->moved) {
		c->dirty = true;
		if (old != NULL) {
			conversation_of(w, old_node)->dirty = true;
			old->origin_dirty = true;
		}
	}
	/* somebody's other tickets may have been his first until now */
	if ((w->moved || !w->stored.there) && lead->stored)
		lead->origin_dirty = true;
	return ERR_OK;
}

static int
cmp_tracking(const void *a, const void *b)
{
	return order_i64(((const struct import_tracking *)a)->t.id,
	                 ((const struct import_tracking *)b)->t.id);
}

static bool
same_text(struct str a, struct str b)
{
	return a.n == b.n && str_eq(str_n(a.n > 0 ? a.p : "", a.n), str_n(b.n > 0 ? b.p : "", b.n));
}

static bool
same_tracking(const struct import_tracking *a, const struct import_tracking *b)
{
	return a->t.created_at == b->t.created_at && a->t.started_at == b->t.started_at &&
	       a->t.finished_at == b->t.finished_at && same_text(a->t.user_name, b->t.user_name) &&
	       same_text(a->t.user_email, b->t.user_email) && str_eq(a->raw, b->raw) &&
	       a->missing_since == b->missing_since;
}

static enum err
trackings_load(struct import_work *w)
{
	struct db_result r;
	enum err e = db_query(w->s->db, &q_import_trackings,
	                      DB_PARAMS(db_uuid(w->s->client_id), db_uuid(w->stored.id)), NULL,
	                      w->s->arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct import_tracking *x = APPLY_ADD(w->s->arena, &w->trackings);

		x->t.id = db_get_int(&r, i, 0);
		x->t.created_at = db_get_time(&r, i, 1);
		x->t.started_at = db_get_time(&r, i, 2);
		x->t.finished_at = db_get_time(&r, i, 3);
		x->t.user_name = db_get_text(&r, i, 4);
		x->t.user_email = db_get_text(&r, i, 5);
		x->raw = import_canonical(w->s->arena, db_get_text(&r, i, 6));
		x->missing_since = db_get_time(&r, i, 7);
		x->t.missing = x->missing_since != TIME_NONE;
	}
	return e;
}

static void
write_tracking(struct db_rows *rows, const struct import_tracking *x)
{
	db_row_int(rows, x->t.id);
	db_row_time(rows, x->t.created_at);
	db_row_time(rows, x->t.started_at);
	db_row_time(rows, x->t.finished_at);
	db_row_text(rows, x->t.user_name);
	db_row_text(rows, x->t.user_email);
	db_row_text(rows, x->raw);
	db_row_time(rows, x->missing_since);
}

/* Those of the payload, each once: of equal ids the last one counts (R0). */
static struct import_tracking *
trackings_given(struct import_work *w, size_t *n)
{
	const struct hd_ticket *t = w->in->ticket;
	struct import_tracking *v = ARENA_ARRAY(w->s->arena, t->ntrackings, struct import_tracking);
	size_t kept = 0;

	for (size_t i = 0; i < t->ntrackings; i++)
		v[i] = (struct import_tracking){ .t = t->trackings[i].t,
			                         .raw = t->trackings[i].raw,
			                         .missing_since = TIME_NONE };
	order_sort(w->s->arena, v, t->ntrackings, sizeof *v, cmp_tracking);
	for (size_t i = 0; i < t->ntrackings; i++)
		if (i + 1 == t->ntrackings || v[i + 1].t.id != v[i].t.id)
			v[kept++] = v[i];
	*n = kept;
	return v;
}

/* Stored ones with what the payload says of them; what changed is written. */
static enum err
trackings(struct import_work *w)
{
	struct db_rows *rows = db_rows_of(w->s->arena, &q_import_trackings_put, w->s->client_id);
	const struct hd_ticket *t = w->in->ticket;
	size_t n, given = 0, stored;
	struct import_tracking *v;
	enum err e = w->stored.there ? trackings_load(w) : ERR_OK;

	if (e != ERR_OK || !t->trackings_known)
		return e;
	v = trackings_given(w, &n);
	stored = w->trackings.n;
	for (size_t i = 0; i < stored || given < n;) {
		struct import_tracking *x = i < stored ? &w->trackings.v[i] : NULL, *y = NULL;

		if (given < n && (x == NULL || v[given].t.id <= x->t.id))
			y = &v[given];
		if (y == NULL) {
			i++;
			if (x->t.missing || !t->trackings_whole)
				continue;
			x->t.missing = true;
			x->missing_since = w->s->now_ms;
			write_tracking(rows, x);
			continue;
		}
		given++;
		if (x != NULL && x->t.id == y->t.id) {
			i++;
			if (same_tracking(x, y))
				continue;
			*x = *y;
		} else {
			*APPLY_ADD(w->s->arena, &w->trackings) = *y;
		}
		write_tracking(rows, y);
	}
	order_sort(w->s->arena, w->trackings.v, w->trackings.n, sizeof(struct import_tracking),
	           cmp_tracking);
	w->retimed |= rows->nrows > 0;
	return db_exec(w->s->db, &q_import_trackings_put, DB_PARAMS(db_uuid(w->ticket_id)), rows,
	               NULL);
}

/* The element as it came, but for what is kept in rows of its own. */
static struct str
raw_without_trackings(struct arena *a, struct str raw)
{
	const cJSON *doc;
	struct buf b;
	struct jw w;

	if (json_parse(a, raw, &doc) != ERR_OK)
		return STR("{}");
	buf_init(&b, a, raw.n + 64);
	jw_init(&w, &b);
	jw_obj(&w);
	for (const cJSON *v = json_first(doc); v != NULL; v = v->next)
		if (strcmp(v->string, "ticketTrakings") != 0)
			jw_kraw(&w, v->string, json_canonical(a, v));
	jw_obj_end(&w);
	return import_canonical(a, buf_slice(&b));
}

static enum err
store_ticket_row(struct import_work *w, struct apply_lead *lead)
{
	const struct hd_ticket *t = w->in->ticket;
	const struct import_stored *x = &w->stored;
	struct str status = str_is_set(t->status) ? t->status : STR("");
	int64_t opened_at = t->created_at;

	if (opened_at == TIME_NONE)
		opened_at = x->there ? x->opened_at : t->updated_at;
	if (x->there && !w->moved && uuid_eq(x->lead_id, lead->row.id) &&
	    str_eq(x->status, status) && x->opened_at == opened_at)
		return ERR_OK;
	if (x->there && x->opened_at != opened_at)
		lead->origin_dirty = true;
	return db_exec(w->s->db, &q_import_ticket_put,
	               DB_PARAMS(db_uuid(w->s->client_id), db_uuid(w->ticket_id),
	                         db_uuid(w->conversation_id), db_uuid(lead->row.id),
	                         db_text(t->uuid), db_text(status), db_time(opened_at),
	                         db_time(w->s->now_ms)),
	               NULL, NULL);
}

static enum err
store_helpdesk_row(struct import_work *w)
{
	const struct hd_ticket *t = w->in->ticket;
	const struct import_stored *x = &w->stored;
	struct str raw = raw_without_trackings(w->s->arena, t->raw);
	struct str company = import_id_text(w->s->arena, t->company_id);
	bool has_trackings = x->has_trackings || t->trackings_known;
	int64_t last = w->ntimes > 0 ? w->times[w->ntimes - 1] : x->last_message_at;

	if (x->there && x->updated_at == t->updated_at && x->is_group == t->is_group &&
	    same_text(x->company, company) && str_eq(x->raw, raw) &&
	    x->has_trackings == has_trackings && x->last_message_at == last &&
	    x->missing_since == TIME_NONE)
		return ERR_OK;
	return db_exec(w->s->db, &q_import_helpdesk_put,
	               DB_PARAMS(db_uuid(w->s->client_id), db_uuid(w->ticket_id),
	                         db_time(t->updated_at), db_bool(t->is_group), db_text(company),
	                         db_json(raw), db_bool(has_trackings), db_time(last)),
	               NULL, NULL);
}

static enum err
move(struct import_work *w)
{
	const struct db_param p[] = { db_uuid(w->s->client_id), db_uuid(w->ticket_id),
		                      db_uuid(w->conversation_id), db_time(w->s->now_ms) };
	enum err e;

	if (!w->moved)
		return ERR_OK;
	e = db_exec(w->s->db, &q_import_ticket_move_messages, p, NULL, NULL);
	return e == ERR_OK ? db_exec(w->s->db, &q_import_ticket_move_sessions, p, NULL, NULL) : e;
}

/* What the run remembers of it. */
static enum err
store_marks(struct import_work *w)
{
	const struct hd_ticket *t = w->in->ticket;
	const struct db_param p[] = { db_uuid(w->s->client_id), db_text(t->uuid),
		                      db_time(t->updated_at) };
	enum err e = ERR_OK;

	w->wrote = db_stats(w->s->db).rows_changed != w->rows_before;
	if (w->in->done && (w->wrote || w->in->always_done) && w->stored.done_at != t->updated_at)
		e = db_exec(w->s->db, &q_import_done_put, p, NULL, NULL);
	if (e == ERR_OK && w->stored.failed)
		e = db_exec(w->s->db, &q_import_failure_drop, p, NULL, NULL);
	return e;
}

/* Conversations, leads and what depends on them, as apply writes them. */
static enum err
store_people(struct import_work *w)
{
	struct apply *ap = &w->people.ap;
	enum err e;

	if ((e = apply_conversations_store(ap)) != ERR_OK ||
	    (e = apply_leads_recompute(ap)) != ERR_OK || (e = apply_people_store(ap)) != ERR_OK)
		return e;
	return apply_tickets_store(ap);
}

static enum err
store(struct import_work *w)
{
	struct import_messages *messages;
	size_t node, old_node;
	struct apply_lead *lead;
	enum err e;

	if ((e = ticket_load(w)) != ERR_OK || (e = people(w, &node, &old_node)) != ERR_OK ||
	    (e = conversations(w, node, old_node)) != ERR_OK)
		return e;
	lead = apply_lead_of(&w->people.ap, node);
	w->counts.leads_new = w->people.created;
	w->ticket_id = w->stored.there ? w->stored.id : apply_new_id(&w->people.ap);
	if ((e = import_messages_load(w, &messages)) != ERR_OK)
		return e;
	apply_conversations_fold(&w->people.ap);
	if ((e = move(w)) != ERR_OK || (e = import_messages_store(w, messages)) != ERR_OK ||
	    (e = trackings(w)) != ERR_OK)
		return e;
	if (!w->stored.there || w->retimed || w->s->episodes) {
		if ((e = import_messages_times(w, messages)) != ERR_OK ||
		    (e = import_sessions_store(w)) != ERR_OK)
			return e;
	}
	if ((e = store_ticket_row(w, lead)) != ERR_OK || (e = store_helpdesk_row(w)) != ERR_OK ||
	    (e = store_people(w)) != ERR_OK)
		return e;
	return store_marks(w);
}

static void
count(struct import_counts *into, const struct import_work *w, bool wrote)
{
	into->tickets_new += !w->stored.there;
	into->tickets_changed += w->stored.there && wrote;
	into->tickets_same += w->stored.there && !wrote;
	into->messages_new += w->counts.messages_new;
	into->messages_changed += w->counts.messages_changed;
	into->messages_same += w->counts.messages_same;
	into->leads_new += w->counts.leads_new;
	into->sessions_changed += w->counts.sessions_changed;
}

enum err
import_store_ticket(struct import_store *s, const struct import_ticket *in,
                    struct import_counts *counts)
{
	struct import_work w = { .s = s, .in = in };
	enum err e = import_begin(s);

	w.rows_before = db_stats(s->db).rows_changed;
	if (e == ERR_OK)
		e = store(&w);
	e = import_end(s, e);
	if (e == ERR_OK)
		count(counts, &w, w.wrote);
	return e;
}
