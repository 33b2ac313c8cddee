/*
 * The messages of helpdesk tickets. What always holds: a message is known by the helpdesk's id
 * within its ticket; one that reads as it is stored is not written; an older reading never
 * overwrites a newer one; of a body that changed the earlier ones are kept in the form of
 * core/message_json.c, so that everything that shows versions shows these. Source: 4-helpdesk §2
 * rule 4.
 */
#include "base/digest.h"
#include "core/order.h"
#include "core/wamid.h"
#include "store/queries.h"
#include "work/import_internal.h"

/* A message as its row says. */
struct row {
	struct uuid id;
	int64_t external_id, at, updated_at, missing_since;
	bool outbound;
	struct str type, body, content, sender, same_key, original, edits;
	int64_t edited_at; /* TIME_NONE: nothing new */
};

/* One that was read, and what to do with it. */
struct reading {
	const struct hd_message *m;
	const struct row *stored; /* NULL: new */
	struct row row;
	bool changed;
};

struct import_messages {
	struct reading *v; /* by external id, each once */
	size_t n;
	struct row *rows; /* what is stored: of these, or of the whole ticket */
	size_t nrows;
};

static bool
same_text(struct str a, struct str b)
{
	return str_is_set(a) == str_is_set(b) && str_eq(a, b);
}

/* h:<id, 20 characters in the order of the ids>:<ticket> */
static struct str
dedup_key(struct arena *a, int64_t id, struct str ticket)
{
	if (id >= 0)
		return str_fmt(a, "h:%020lld:" STR_FMT, (long long)id, STR_ARG(ticket));
	return str_fmt(a, "h:-%019llu:" STR_FMT, (unsigned long long)id - (1ULL << 63),
	               STR_ARG(ticket));
}

static struct str
type_of(const struct hd_message *m)
{
	/* longer words before those they begin with */
	static const char *const words[][2] = {
		{ "image", "image" },       { "audio", "audio" },          { "ptt", "audio" },
		{ "voice", "audio" },       { "video", "video" },          { "sticker", "sticker" },
		{ "document", "document" }, { "application", "document" }, { "file", "document" },
		{ "location", "location" }, { "contact", "contacts" },     { "vcard", "contacts" },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t n = strlen(words[i][0]);

		if (m->media_type.n >= n &&
		    str_ieq(str_sub(m->media_type, 0, n), str_from(words[i][0])))
			return str_from(words[i][1]);
	}
	return str_is_set(m->media_url) ? STR("document") : STR("text");
}

static struct str
content_of(struct arena *a, const struct hd_message *m)
{
	struct buf b;
	struct jw w;

	if (!str_is_set(m->media_url) && !str_is_set(m->media_type))
		return STR_NONE;
	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "mediaType", m->media_type);
	jw_kstr(&w, "mediaUrl", m->media_url);
	jw_obj_end(&w);
	return import_canonical(a, buf_slice(&b));
}

/* The key of the same message at WhatsApp, whose id the helpdesk gives whole or in part. */
static struct str
same_key(struct arena *a, const struct hd_message *m)
{
	if (!str_is_set(m->key))
		return STR_NONE;
	if (str_starts(m->key, STR("wamid.")))
		return wamid_dedup_key(a, m->key);
	return str_fmt(a, "%c:" STR_FMT, m->from_me ? 'o' : 'i', STR_ARG(m->key));
}

static struct row
row_of(struct arena *a, const struct hd_message *m)
{
	return (struct row){
		.external_id = m->id,
		.at = m->created_at,
		.updated_at = m->updated_at,
		.missing_since = TIME_NONE,
		.outbound = m->from_me,
		.type = type_of(m),
		.body = m->body,
		.content = content_of(a, m),
		.sender = m->by_ai       ? STR("AI")
		          : m->by_system ? STR("SYSTEM")
		                         : STR("HUMAN"),
		.same_key = same_key(a, m),
		.edited_at = TIME_NONE,
	};
}

static int
cmp_reading(const void *pa, const void *pb)
{
	const struct hd_message *a = ((const struct reading *)pa)->m;
	const struct hd_message *b = ((const struct reading *)pb)->m;
	int c = order_i64(a->id, b->id);

	if (c == 0)
		c = order_i64(a->updated_at, b->updated_at);
	return c != 0 ? c : str_cmp(a->raw, b->raw);
}

/* The same one twice is the newer reading. */
static void
fold(struct arena *a, const struct import_work *w, struct import_messages *ms)
{
	size_t n = w->in->nmessages, kept = 0;

	ms->v = ARENA_ARRAY(a, n, struct reading);
	for (size_t i = 0; i < n; i++)
		ms->v[i].m = &w->in->messages[i];
	order_sort(a, ms->v, n, sizeof *ms->v, cmp_reading);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || ms->v[i + 1].m->id != ms->v[i].m->id)
			ms->v[kept++] = ms->v[i];
	ms->n = kept;
}

static void
row_read(struct arena *a, const struct db_result *r, size_t i, struct row *x)
{
	size_t c = 1; /* 0 is the ticket's place in the batch */

	x->external_id = db_get_int(r, i, c++);
	x->id = db_get_uuid(r, i, c++);
	x->at = db_get_time(r, i, c++);
	x->outbound = str_eq(db_get_text(r, i, c++), STR("OUTBOUND"));
	x->type = db_get_text(r, i, c++);
	x->body = db_get_text(r, i, c++);
	x->content = import_canonical(a, db_get_text(r, i, c++));
	x->updated_at = db_get_time(r, i, c++);
	x->sender = db_get_text(r, i, c++);
	x->same_key = db_get_text(r, i, c++);
	x->missing_since = db_get_time(r, i, c++);
	x->original = db_get_text(r, i, c++);
	x->edits = db_get_text(r, i, c++);
}

/* Rows come ticket by ticket. */
static void
rows_read(struct import_batch *b, const struct db_result *r)
{
	struct row *rows = ARENA_ARRAY(b->s->arena, r->nrows, struct row);

	for (size_t i = 0; i < r->nrows; i++) {
		struct import_messages *ms = b->v[db_get_int(r, i, 0)].messages;

		if (ms->nrows++ == 0)
			ms->rows = &rows[i];
		row_read(b->s->arena, r, i, &rows[i]);
	}
}

/* What is stored of them: of those that were read, or all of the ticket. */
static enum err
load(struct import_batch *b)
{
	struct import_store *s = b->s;
	struct db_rows *some = db_rows_of(s->arena, &q_import_messages, s->client_id);
	struct db_rows *whole = db_rows_of(s->arena, &q_import_messages_whole, s->client_id);
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < b->n; i++) {
		const struct import_work *w = &b->v[i];

		if (!w->stored.there)
			continue;
		if (w->in->whole) {
			db_row_int(whole, (int64_t)i);
			db_row_uuid(whole, w->ticket_id);
			continue;
		}
		for (size_t k = 0; k < w->messages->n; k++) {
			db_row_int(some, (int64_t)i);
			db_row_uuid(some, w->ticket_id);
			db_row_int(some, w->messages->v[k].m->id);
		}
	}
	e = db_query(s->db, &q_import_messages, DB_NO_PARAMS, some, s->arena, &r);
	if (e != ERR_OK)
		return e;
	rows_read(b, &r);
	e = db_query(s->db, &q_import_messages_whole, DB_NO_PARAMS, whole, s->arena, &r);
	if (e == ERR_OK)
		rows_read(b, &r);
	return e;
}

static struct str
original_json(struct arena *a, const struct row *x)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "type", x->type);
	jw_kstr(&w, "body", x->body);
	jw_kraw(&w, "content", x->content);
	jw_obj_end(&w);
	return buf_slice(&b);
}

/* Time of the newest edit that is stored; TIME_NONE: there is none. */
static int64_t
last_edit(struct arena *a, struct str edits)
{
	int64_t at, last = TIME_NONE;
	const cJSON *list;

	if (!str_is_set(edits) || json_parse(a, edits, &list) != ERR_OK)
		return TIME_NONE;
	for (const cJSON *v = json_first(list); v != NULL; v = v->next)
		if (json_i64(json_get(v, "rank"), &at))
			last = at;
	return last;
}

/* The list with the new body's edit as its newest, whatever the helpdesk says of the time. */
static struct str
edits_json(const struct import_store *s, const struct row *before, struct row *now)
{
	struct arena *a = s->arena;
	int64_t last = last_edit(a, before->edits);
	unsigned char digest[SHA256_LEN];
	struct str edits = before->edits;
	struct buf b;
	struct jw j;

	now->edited_at = now->updated_at > last ? now->updated_at : last + 1;
	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&j, &b);
	jw_arr(&j);
	jw_obj(&j);
	jw_ki64(&j, "at", now->edited_at);
	jw_ki64(&j, "rank", now->edited_at);
	jw_ki64(&j, "received", s->now_ms);
	digest_sha256(str_fmt(a, "%lld " STR_FMT, (long long)now->edited_at, STR_ARG(now->body)),
	              digest);
	jw_kstr(&j, "key", hex_encode(a, digest, 16));
	jw_kstr(&j, "type", now->type);
	jw_kstr(&j, "body", now->body);
	jw_kraw(&j, "content", now->content);
	jw_obj_end(&j);
	jw_arr_end(&j);
	(void)message_join_edits(a, &edits, buf_slice(&b));
	return edits;
}

/* What is read against what is stored. */
static void
compare(const struct import_store *store, struct reading *x)
{
	const struct row *s = x->stored;
	struct row *r = &x->row;

	r->id = s->id;
	r->original = s->original;
	r->edits = s->edits;
	r->edited_at = last_edit(store->arena, s->edits);
	if (r->updated_at < s->updated_at) {
		*r = *s;
		r->missing_since = TIME_NONE;
		r->edited_at = last_edit(store->arena, s->edits);
	}
	x->changed = r->at != s->at || r->outbound != s->outbound ||
	             r->updated_at != s->updated_at || s->missing_since != TIME_NONE ||
	             !same_text(r->type, s->type) || !same_text(r->body, s->body) ||
	             !same_text(r->content, s->content) || !same_text(r->sender, s->sender) ||
	             !same_text(r->same_key, s->same_key);
	if (same_text(r->body, s->body) || (!str_is_set(s->body) && !str_is_set(s->edits)))
		return;
	if (!str_is_set(s->edits))
		r->original = original_json(store->arena, s);
	r->edits = edits_json(store, s, r);
}

/* Into the batch, so that conversations and leads are folded by apply's own code: the time stands
 * for itself, as if it had been received when it was written. */
static void
hand_on(struct import_batch *b, const struct import_work *w, size_t conversation,
        const struct reading *x)
{
	struct apply_message *m = APPLY_ADD(b->s->arena, &b->people.ap.messages);

	*m = (struct apply_message){ .conversation = conversation,
		                     .stored = x->stored != NULL,
		                     .changed = x->changed };
	m->row.id = x->row.id;
	m->row.key = dedup_key(b->s->arena, x->row.external_id, w->in->ticket->uuid);
	m->row.type = x->row.type;
	m->row.outbound = x->row.outbound;
	m->row.place_at = m->row.received_at = x->row.at;
	m->row.history_received_at = TIME_NONE;
	if (x->stored != NULL) {
		m->at_before = x->stored->at;
		m->outbound_before = x->stored->outbound;
	}
}

/* Each that was read against what is stored of its ticket; both are in the order of the ids. */
static void
match(struct import_batch *b, struct import_work *w)
{
	struct import_messages *ms = w->messages;
	struct str key = map_key_uuids(b->s->arena, b->s->connection_id,
	                               apply_lead_of(&b->people.ap, w->node)->row.id);
	size_t conversation = map_get(&b->people.ap.conversation_map, key), k = 0;

	for (size_t i = 0; i < ms->n; i++) {
		struct reading *x = &ms->v[i];

		x->row = row_of(b->s->arena, x->m);
		while (k < ms->nrows && ms->rows[k].external_id < x->m->id)
			k++;
		if (k < ms->nrows && ms->rows[k].external_id == x->m->id) {
			x->stored = &ms->rows[k];
			compare(b->s, x);
		} else {
			x->row.id = apply_new_id(&b->people.ap);
		}
		w->counts.messages_new += x->stored == NULL;
		w->counts.messages_changed += x->changed;
		w->counts.messages_same += x->stored != NULL && !x->changed;
		w->retimed |= x->stored == NULL || x->row.at != x->stored->at;
		if (x->stored == NULL || x->changed) {
			hand_on(b, w, conversation, x);
			w->wrote = true;
		}
		if (x->stored != NULL && x->changed) {
			analysis_stale_message(&b->stale, w->conversation_id, w->ticket_id,
			                       x->stored->at);
			analysis_stale_message(&b->stale, w->conversation_id, w->ticket_id,
			                       x->row.at);
		}
	}
}

enum err
import_messages_load(struct import_batch *b)
{
	enum err e;

	for (size_t i = 0; i < b->n; i++) {
		b->v[i].messages = ARENA_NEW(b->s->arena, struct import_messages);
		fold(b->s->arena, &b->v[i], b->v[i].messages);
	}
	e = load(b);
	for (size_t i = 0; e == ERR_OK && i < b->n; i++)
		match(b, &b->v[i]);
	return e;
}

static void
write_common(struct db_rows *rows, const struct row *x)
{
	db_row_time(rows, x->at);
	db_row_text(rows, x->outbound ? STR("OUTBOUND") : STR("INBOUND"));
	db_row_text(rows, x->type);
	db_row_text(rows, x->body);
	db_row_text(rows, x->content);
	db_row_text(rows, x->outbound ? STR("sent") : STR("received"));
}

static void
write_new(struct arena *a, const struct import_work *w, struct db_rows *rows, const struct row *x)
{
	db_row_uuid(rows, x->id);
	db_row_uuid(rows, w->conversation_id);
	db_row_uuid(rows, w->ticket_id);
	db_row_text(rows, dedup_key(a, x->external_id, w->in->ticket->uuid));
	write_common(rows, x);
	db_row_int(rows, x->external_id);
	db_row_time(rows, x->updated_at);
	db_row_text(rows, x->sender);
	db_row_text(rows, x->same_key);
}

static void
write_changed(struct db_rows *rows, const struct row *x)
{
	db_row_uuid(rows, x->id);
	write_common(rows, x);
	db_row_time(rows, x->updated_at);
	db_row_text(rows, x->sender);
	db_row_text(rows, x->same_key);
	db_row_text(rows, x->original);
	db_row_text(rows, x->edits);
	db_row_time(rows, x->edited_at);
}

/* Those stored that a whole walk did not see, and that were not missing before. */
static void
write_vanished(struct import_batch *b, struct import_work *w, struct db_rows *rows)
{
	const struct import_messages *ms = w->messages;
	size_t k = 0;

	for (size_t i = 0; w->in->whole && i < ms->nrows; i++) {
		while (k < ms->n && ms->v[k].m->id < ms->rows[i].external_id)
			k++;
		if (k < ms->n && ms->v[k].m->id == ms->rows[i].external_id)
			continue;
		if (ms->rows[i].missing_since != TIME_NONE)
			continue;
		db_row_uuid(rows, ms->rows[i].id);
		analysis_stale_message(&b->stale, w->conversation_id, w->ticket_id, ms->rows[i].at);
		w->wrote = true;
	}
}

enum err
import_messages_store(struct import_batch *b)
{
	struct import_store *s = b->s;
	struct db_rows *fresh = db_rows_of(s->arena, &q_import_messages_insert, s->client_id);
	struct db_rows *changed = db_rows_of(s->arena, &q_import_messages_update, s->client_id);
	struct db_rows *gone = db_rows_of(s->arena, &q_import_messages_missing, s->client_id);
	const struct db_param now[] = { db_time(s->now_ms) };
	enum err e;

	for (size_t i = 0; i < b->n; i++) {
		struct import_work *w = &b->v[i];

		for (size_t k = 0; k < w->messages->n; k++) {
			const struct reading *x = &w->messages->v[k];

			if (x->stored == NULL)
				write_new(s->arena, w, fresh, &x->row);
			else if (x->changed)
				write_changed(changed, &x->row);
		}
		write_vanished(b, w, gone);
	}
	e = db_exec(s->db, &q_import_messages_insert, DB_PARAMS(db_uuid(s->connection_id), now[0]),
	            fresh, NULL);
	if (e == ERR_OK)
		e = db_exec(s->db, &q_import_messages_update, now, changed, NULL);
	if (e == ERR_OK)
		e = db_exec(s->db, &q_import_messages_missing, now, gone, NULL);
	return e;
}

struct moment_of {
	int64_t at;
	struct str key;
};

static int
cmp_moment(const void *pa, const void *pb)
{
	const struct moment_of *a = pa, *b = pb;

	return message_cmp_place(a->at, a->key, b->at, b->key);
}

static void
sort_times(struct arena *a, struct import_work *w, struct moment_of *v, size_t n)
{
	order_sort(a, v, n, sizeof *v, cmp_moment);
	w->ntimes = n;
	w->times = ARENA_ARRAY(a, n, int64_t);
	w->keys = ARENA_ARRAY(a, n, struct str);
	for (size_t i = 0; i < n; i++) {
		w->times[i] = v[i].at;
		w->keys[i] = v[i].key;
	}
}

static void
times_read(struct import_batch *b, struct import_work *w)
{
	const struct import_messages *ms = w->messages;
	struct arena *a = b->s->arena;
	struct moment_of *v = ARENA_ARRAY(a, ms->n, struct moment_of);

	for (size_t i = 0; i < ms->n; i++)
		v[i] = (struct moment_of){ ms->v[i].row.at,
			                   dedup_key(a, ms->v[i].m->id, w->in->ticket->uuid) };
	sort_times(a, w, v, ms->n);
}

/* Of a new ticket they are those that were read; otherwise the database tells. */
enum err
import_messages_times(struct import_batch *b)
{
	struct arena *a = b->s->arena;
	struct db_rows *rows = db_rows_of(a, &q_import_times, b->s->client_id);
	struct moment_of *v;
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < b->n; i++) {
		struct import_work *w = &b->v[i];

		if (!w->stored.there) {
			times_read(b, w);
		} else if (import_wants_sessions(b, w)) {
			db_row_int(rows, (int64_t)i);
			db_row_uuid(rows, w->ticket_id);
		}
	}
	e = db_query(b->s->db, &q_import_times, DB_NO_PARAMS, rows, a, &r);
	if (e != ERR_OK)
		return e;
	v = ARENA_ARRAY(a, r.nrows, struct moment_of);
	for (size_t i = 0; i < r.nrows; i++)
		v[i] = (struct moment_of){ db_get_time(&r, i, 1), db_get_text(&r, i, 2) };
	for (size_t from = 0, to; from < r.nrows; from = to) {
		for (to = from; to < r.nrows && db_get_int(&r, to, 0) == db_get_int(&r, from, 0);)
			to++;
		sort_times(a, &b->v[db_get_int(&r, from, 0)], &v[from], to - from);
	}
	return ERR_OK;
}
