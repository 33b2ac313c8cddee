/*
 * Helpdesk tickets into rows: their people, their conversations, the tickets themselves with the
 * raw trackings, their messages, their sessions. What always holds: a batch is one transaction; the
 * number of statements does not depend on how many tickets there are, nor on how much there is of
 * each; nothing that is as it was is written. The columns of conversations and leads are folded by
 * apply's own code, so that they are what it would make of the same messages. Source: 4-helpdesk §2
 * rule 3, §3 R0, R8.
 */
#include "store/queries.h"
#include "work/event.h"
#include "work/import_internal.h"

/* What a ticket is known by that names nobody. */
static struct str
own_node(struct arena *a, const struct import_work *w)
{
	return str_fmt(a, "ticket:" STR_FMT, STR_ARG(w->in->ticket->uuid));
}

static void
ticket_read(struct arena *a, const struct db_result *r, size_t i, struct import_stored *x)
{
	size_t c = 1; /* 0 is the place in the batch */

	x->failed = db_get_bool(r, i, c++);
	x->done_at = db_get_time(r, i, c++);
	x->alone = db_get_bool(r, i, c++);
	x->there = !db_is_null(r, i, c);
	x->id = db_get_uuid(r, i, c++);
	x->conversation_id = db_get_uuid(r, i, c++);
	x->lead_id = db_get_uuid(r, i, c++);
	x->status = db_get_text(r, i, c++);
	x->opened_at = db_get_time(r, i, c++);
	x->updated_at = db_get_time(r, i, c++);
	x->is_group = db_get_bool(r, i, c++);
	x->company = db_get_text(r, i, c++);
	x->raw = import_canonical(a, db_get_text(r, i, c++));
	x->has_trackings = db_get_bool(r, i, c++);
	x->last_message_at = db_get_time(r, i, c++);
	x->missing_since = db_get_time(r, i, c++);
	x->identity = db_get_text(r, i, c++);
}

static enum err
tickets_load(struct import_batch *b)
{
	struct db_rows *rows = db_rows_of(b->s->arena, &q_import_ticket, b->s->client_id);
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < b->n; i++) {
		db_row_int(rows, (int64_t)i);
		db_row_text(rows, b->v[i].in->ticket->uuid);
		db_row_text(rows, own_node(b->s->arena, &b->v[i]));
	}
	e = db_query(b->s->db, &q_import_ticket, DB_NO_PARAMS, rows, b->s->arena, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		ticket_read(b->s->arena, &r, i, &b->v[db_get_int(&r, i, 0)].stored);
	return e;
}

/*
 * Whose ticket it is. A group's is its own. One that names nobody stays with whom it was, or is its
 * own; when it names somebody later and was its own, the two are one. Otherwise a contact that
 * changed is another person, to whom the ticket moves.
 */
static struct import_person
person_of(struct arena *a, const struct import_work *w)
{
	const struct hd_ticket *t = w->in->ticket;
	struct import_person v = { .updated_at = t->updated_at, .also = w->stored.identity };

	if (!t->is_group && t->has_contact && import_contact_usable(a, &t->contact)) {
		v.contact = &t->contact;
		if (w->stored.alone && !w->stored.is_group)
			v.node = own_node(a, w);
		return v;
	}
	v.name = t->contact.name;
	if (!t->is_group && w->stored.there && str_is_set(w->stored.identity))
		v.kept = w->stored.identity;
	else
		v.node = own_node(a, w);
	return v;
}

static enum err
people(struct import_batch *b)
{
	struct import_person *v = ARENA_ARRAY(b->s->arena, b->n, struct import_person);
	enum err e;

	for (size_t i = 0; i < b->n; i++)
		v[i] = person_of(b->s->arena, &b->v[i]);
	e = import_people(&b->people, b->s, v, b->n);
	for (size_t i = 0; i < b->n; i++) {
		b->v[i].node = v[i].at;
		b->v[i].old_node = v[i].also_at;
	}
	/* people were joined, and perhaps conversations */
	if (e == ERR_OK && b->people.counts.merges > 0)
		e = tickets_load(b);
	return e;
}

/* The slot of a lead's conversation on the helpdesk. */
static struct apply_conversation *
conversation_of(struct import_batch *b, size_t node)
{
	struct apply *ap = &b->people.ap;
	struct uuid lead = apply_lead_of(ap, node)->row.id;
	struct str key = map_key_uuids(b->s->arena, b->s->connection_id, lead);

	return &ap->conversations.v[map_get(&ap->conversation_map, key)];
}

/* Whom the ticket was with, if that is somebody else; NULL. */
static struct apply_lead *
old_lead(struct import_batch *b, const struct import_work *w)
{
	struct apply_lead *old =
		w->old_node != APPLY_NONE ? apply_lead_of(&b->people.ap, w->old_node) : NULL;

	return old != apply_lead_of(&b->people.ap, w->node) ? old : NULL;
}

static void
place(struct import_batch *b, struct import_work *w)
{
	struct apply_lead *lead = apply_lead_of(&b->people.ap, w->node), *old = old_lead(b, w);
	struct apply_conversation *c = conversation_of(b, w->node);

	w->ticket_id = w->stored.there ? w->stored.id : apply_new_id(&b->people.ap);
	w->conversation_id = c->id;
	w->moved = w->stored.there && !uuid_eq(w->stored.conversation_id, c->id);
	if (w->moved) {
		c->dirty = true;
		if (old != NULL) {
			conversation_of(b, w->old_node)->dirty = true;
			old->origin_dirty = true;
		}
	}
	/* somebody's other tickets may have been his first until now */
	if ((w->moved || !w->stored.there) && lead->stored)
		lead->origin_dirty = true;
}

/* Both the conversations they go to and those they were in are loaded, as if they had messages in
 * this batch. */
static enum err
conversations(struct import_batch *b)
{
	struct apply *ap = &b->people.ap;
	enum err e;

	APPLY_ADD(b->s->arena, &ap->connections)->id = b->s->connection_id;
	for (size_t i = 0; i < b->n; i++) {
		const struct import_work *w = &b->v[i];

		*APPLY_ADD(b->s->arena, &ap->copies) = (struct apply_copy){ .node = w->node };
		if (old_lead(b, w) != NULL)
			*APPLY_ADD(b->s->arena, &ap->copies) =
				(struct apply_copy){ .node = w->old_node };
	}
	e = apply_conversations_load(ap);
	for (size_t i = 0; e == ERR_OK && i < b->n; i++)
		place(b, &b->v[i]);
	return e;
}

static bool
same_text(struct str a, struct str b)
{
	return a.n == b.n && str_eq(str_n(a.n > 0 ? a.p : "", a.n), str_n(b.n > 0 ? b.p : "", b.n));
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

static void
put_ticket(struct import_batch *b, struct import_work *w, struct db_rows *rows)
{
	struct apply_lead *lead = apply_lead_of(&b->people.ap, w->node);
	const struct hd_ticket *t = w->in->ticket;
	const struct import_stored *x = &w->stored;
	struct str status = str_is_set(t->status) ? t->status : STR("");
	int64_t opened_at = t->created_at;

	if (opened_at == TIME_NONE)
		opened_at = x->there ? x->opened_at : t->updated_at;
	if (x->there && !w->moved && uuid_eq(x->lead_id, lead->row.id) &&
	    str_eq(x->status, status) && x->opened_at == opened_at)
		return;
	if (x->there && x->opened_at != opened_at)
		lead->origin_dirty = true;
	db_row_uuid(rows, w->ticket_id);
	db_row_uuid(rows, w->conversation_id);
	db_row_uuid(rows, lead->row.id);
	db_row_text(rows, t->uuid);
	db_row_text(rows, status);
	db_row_time(rows, opened_at);
	w->wrote = true;
}

static void
put_helpdesk(struct import_batch *b, struct import_work *w, struct db_rows *rows)
{
	const struct hd_ticket *t = w->in->ticket;
	const struct import_stored *x = &w->stored;
	struct str raw = raw_without_trackings(b->s->arena, t->raw);
	struct str company = import_id_text(b->s->arena, t->company_id);
	bool has_trackings = x->has_trackings || t->trackings_known;
	int64_t last = w->ntimes > 0 ? w->times[w->ntimes - 1] : x->last_message_at;

	if (x->there && x->updated_at == t->updated_at && x->is_group == t->is_group &&
	    same_text(x->company, company) && str_eq(x->raw, raw) &&
	    x->has_trackings == has_trackings && x->last_message_at == last &&
	    x->missing_since == TIME_NONE)
		return;
	db_row_uuid(rows, w->ticket_id);
	db_row_time(rows, t->updated_at);
	db_row_bool(rows, t->is_group);
	db_row_text(rows, company);
	db_row_text(rows, raw);
	db_row_bool(rows, has_trackings);
	db_row_time(rows, last);
	w->wrote = true;
}

static enum err
store_rows(struct import_batch *b)
{
	struct import_store *s = b->s;
	struct db_rows *tickets = db_rows_of(s->arena, &q_import_ticket_put, s->client_id);
	struct db_rows *helpdesk = db_rows_of(s->arena, &q_import_helpdesk_put, s->client_id);
	enum err e;

	for (size_t i = 0; i < b->n; i++) {
		put_ticket(b, &b->v[i], tickets);
		put_helpdesk(b, &b->v[i], helpdesk);
	}
	e = db_exec(s->db, &q_import_ticket_put, DB_PARAMS(db_time(s->now_ms)), tickets, NULL);
	return e == ERR_OK ? db_exec(s->db, &q_import_helpdesk_put, DB_NO_PARAMS, helpdesk, NULL)
	                   : e;
}

static enum err
move(struct import_batch *b)
{
	struct import_store *s = b->s;
	struct db_rows *messages =
		db_rows_of(s->arena, &q_import_ticket_move_messages, s->client_id);
	struct db_rows *sessions =
		db_rows_of(s->arena, &q_import_ticket_move_sessions, s->client_id);
	enum err e;

	for (size_t i = 0; i < b->n; i++) {
		struct import_work *w = &b->v[i];

		if (!w->moved)
			continue;
		db_row_uuid(messages, w->ticket_id);
		db_row_uuid(messages, w->conversation_id);
		db_row_uuid(sessions, w->ticket_id);
		db_row_uuid(sessions, w->conversation_id);
		w->wrote = true;
	}
	e = db_exec(s->db, &q_import_ticket_move_messages, DB_NO_PARAMS, messages, NULL);
	return e == ERR_OK ? db_exec(s->db, &q_import_ticket_move_sessions,
	                             DB_PARAMS(db_time(s->now_ms)), sessions, NULL)
	                   : e;
}

/* What the run remembers of them. */
static enum err
store_marks(struct import_batch *b)
{
	struct import_store *s = b->s;
	struct db_rows *done = db_rows_of(s->arena, &q_import_done_put, s->client_id);
	struct db_rows *mended = db_rows_of(s->arena, &q_import_failure_drop, s->client_id);
	enum err e;

	for (size_t i = 0; i < b->n; i++) {
		const struct import_work *w = &b->v[i];
		const struct hd_ticket *t = w->in->ticket;

		if (w->in->done && (w->wrote || w->in->always_done) &&
		    w->stored.done_at != t->updated_at) {
			db_row_text(done, t->uuid);
			db_row_time(done, t->updated_at);
		}
		if (w->stored.failed)
			db_row_text(mended, t->uuid);
	}
	e = db_exec(s->db, &q_import_done_put, DB_NO_PARAMS, done, NULL);
	return e == ERR_OK ? db_exec(s->db, &q_import_failure_drop, DB_NO_PARAMS, mended, NULL) : e;
}

/* Conversations, leads and what depends on them, as apply writes them. */
static enum err
store_people(struct import_batch *b)
{
	struct apply *ap = &b->people.ap;
	enum err e;

	if ((e = apply_conversations_store(ap)) != ERR_OK ||
	    (e = apply_leads_recompute(ap)) != ERR_OK || (e = apply_people_store(ap)) != ERR_OK)
		return e;
	return apply_tickets_store(ap);
}

static enum err
store(struct import_batch *b)
{
	enum err e;

	if ((e = tickets_load(b)) != ERR_OK || (e = people(b)) != ERR_OK ||
	    (e = conversations(b)) != ERR_OK || (e = import_messages_load(b)) != ERR_OK)
		return e;
	apply_conversations_fold(&b->people.ap);
	if ((e = move(b)) != ERR_OK || (e = import_messages_store(b)) != ERR_OK ||
	    (e = import_trackings_store(b)) != ERR_OK || (e = import_messages_times(b)) != ERR_OK ||
	    (e = import_sessions_store(b)) != ERR_OK)
		return e;
	if ((e = store_rows(b)) != ERR_OK || (e = store_people(b)) != ERR_OK ||
	    (e = analysis_stale_mark(b->s->db, &b->stale)) != ERR_OK)
		return e;
	return store_marks(b);
}

static bool
has_changed(const struct import_work *w)
{
	return !w->stored.there || w->wrote || w->counts.messages_new > 0 ||
	       w->counts.messages_changed > 0 || w->counts.sessions_changed > 0;
}

/* Each conversation that changed, once; of many only that there were many. The last statement. */
static enum err
tell(const struct import_batch *b)
{
	const struct import_store *s = b->s;
	struct event_batch events;
	size_t changed = 0;

	event_batch_init(&events, s->arena);
	for (size_t i = 0; i < b->n; i++)
		changed += has_changed(&b->v[i]);
	if (changed > IMPORT_TOLD_MOST)
		event_batch_add(&events, s->client_id, EVENT_CONVERSATION, UUID_NIL);
	for (size_t i = 0; i < b->n && changed <= IMPORT_TOLD_MOST; i++)
		if (has_changed(&b->v[i]))
			event_batch_add(&events, s->client_id, EVENT_CONVERSATION,
			                b->v[i].conversation_id);
	if (b->stale.marked || b->people.ap.stale.marked)
		event_batch_add(&events, s->client_id, EVENT_ANALYSIS, UUID_NIL);
	return event_batch_store(&events, s->db, s->now_ms);
}

static void
count(struct import_counts *into, const struct import_batch *b)
{
	into->leads_new += b->people.created;
	for (size_t i = 0; i < b->n; i++) {
		const struct import_work *w = &b->v[i];

		into->tickets_new += !w->stored.there;
		into->tickets_changed += w->stored.there && w->wrote;
		into->tickets_same += w->stored.there && !w->wrote;
		into->messages_new += w->counts.messages_new;
		into->messages_changed += w->counts.messages_changed;
		into->messages_same += w->counts.messages_same;
		into->sessions_changed += w->counts.sessions_changed;
	}
}

enum err
import_store_tickets(struct import_store *s, const struct import_ticket *in, size_t n,
                     struct import_counts *counts)
{
	struct import_batch b = { .s = s, .n = n };
	enum err e = import_begin(s);

	b.v = ARENA_ARRAY(s->arena, n, struct import_work);
	for (size_t i = 0; i < n; i++)
		b.v[i].in = &in[i];
	analysis_stale_init(&b.stale, s->arena, s->client_id, s->now_ms);
	if (e == ERR_OK)
		e = store(&b);
	if (e == ERR_OK)
		e = tell(&b);
	e = import_end(s, e);
	if (e == ERR_OK)
		count(counts, &b);
	return e;
}
