/*
 * Rows as lines. What always holds: no id of ours and no time of a row is in a line; a reference is
 * written as the natural key of what it points at, so lines of two databases can be compared byte
 * by byte.
 */
#include "sim/digest.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/map.h"
#include "core/wa_rules.h"
#include "store/queries.h"

#define LINE_LIMIT (16u << 20)

/* Kinds of reference: each has a table from id to natural key. */
enum kind { CONNECTION, LEAD, CONVERSATION, MESSAGE, TICKET, RUN, KINDS };
static const char *const kind_names[KINDS] = { "connection", "lead",   "conversation",
	                                       "message",    "ticket", "run" };

/* `id@kind`: the row's own id, whose natural key it gets by make_key(). */
const struct digest_table digest_tables[] = {
	{ "connections", &q_digest_connections,
	  "id@connection -slug -phone_number_id kind waba_id status status_reason status_at "
	  "status_key",
	  "client_id mode registered_by display_phone_number verified_name access_token_box "
	  "secret_hash "
	  "history_sync_requested last_webhook_at created_at updated_at deleted_at "
	  "token_failed_at token_failed_code token_failed_reason" },
	{ "identities", &q_digest_identities, "lead_id@lead slug kind value", "client_id" },
	{ "leads", &q_digest_leads,
	  "id@lead evidence source wa_id wa_changed_at wa_level user_id user_changed_at parent_id "
	  "username username_at "
	  "push_name book_name book_name_at profile_name profile_name_at hand_name hand_name_at "
	  "presence_at presence_remove "
	  "presence_key presence_received_at deleted_at is_active first_history_at last_message_at "
	  "last_active_at "
	  "last_synced_at",
	  "client_id search_name created_at updated_at" },
	{ "lead_tags", &q_digest_lead_tags, "lead_id@lead name color by_hand by_helpdesk",
	  "client_id tag_id" },
	{ "conversations", &q_digest_conversations,
	  "id@conversation -connection_id -lead_id last_message_id@message last_message_at "
	  "last_message_key last_out_at "
	  "last_out_key last_live_in_at last_active_at first_history_at history_received_at "
	  "unread_count unread_live "
	  "open_ticket_id@ticket",
	  "client_id created_at updated_at" },
	{ "messages", &q_digest_messages,
	  "id@message -conversation_id -dedup_key connection_id@connection at bad_time direction "
	  "type body content source "
	  "seen status status_rank history_status wamid wamids reply_key reply_wamid extra "
	  "content_key place_key place_at "
	  "received_at history_received_at original edits edited_at reactions revoked_at error "
	  "confirmed_at unread "
	  "entry_ticket_id@ticket ticket_id@ticket external_id external_updated_at sender_type "
	  "missing_since same_key",
	  "client_id created_at updated_at" },
	{ "amendments", &q_digest_amendments,
	  "connection_id@connection target_key digest lead_id@lead doc rank_at received_at",
	  "client_id" },
	{ "tickets", &q_digest_tickets,
	  "id@ticket -conversation_id -opened_at lead_id@lead external_uuid source originated_from "
	  "status stage is_open "
	  "closed_at message_window_expires_at service_window_expires_at",
	  "client_id created_at updated_at" },
	{ "sync_runs", &q_digest_sync_runs,
	  "id@run -connection_id -run_no started_at history_requested requested_at progress phase "
	  "phase_number chunk_order "
	  "first_chunk_at last_chunk_at full_at state_sync_at declined_at declined too_late_at "
	  "failure -disconnected "
	  "completed messages_imported -mode",
	  "client_id status messages_duplicate alerted_at created_at" },
	{ "sync_chunks", &q_digest_sync_chunks,
	  "run_id@run phase chunk_order digest phase_number progress messages threads problems "
	  "received_at",
	  "client_id" },
	{ "sync_failures", &q_digest_sync_failures,
	  "connection_id@connection digest code received_at", "client_id" },
	{ "connection_contacts", &q_digest_connection_contacts,
	  "connection_id@connection lead_id@lead received_at", "client_id" },
	{ "sessions", &q_digest_sessions,
	  "conversation_id@conversation ticket_id@ticket source class started_at ended_at "
	  "lead_in_at tracking_id "
	  "tracking_ids flags user_name user_email start_key message_count missing_since",
	  "client_id id retired_at redirect_id created_at updated_at" },
	{ "helpdesk_tickets", &q_digest_helpdesk_tickets,
	  "ticket_id@ticket external_updated_at is_group company_id raw has_trackings "
	  "last_message_created_at "
	  "missing_since",
	  "client_id" },
	{ "trackings", &q_digest_trackings,
	  "ticket_id@ticket external_id created_at started_at finished_at user_name user_email raw "
	  "missing_since",
	  "client_id" },
};
const size_t digest_ntables = sizeof digest_tables / sizeof digest_tables[0];
enum {
	T_CONNECTIONS,
	T_IDENTITIES,
	T_LEADS,
	T_TAGS,
	T_CONVERSATIONS,
	T_MESSAGES,
	T_AMENDMENTS,
	T_TICKETS,
	T_RUNS
};

const char *const digest_exclusions[] = {
	"ids of rows (references are natural keys), created_at and updated_at",
	"delivery statistics: sync_runs.messages_duplicate, attempts of journal parts",
	"alert marks: sync_runs.alerted_at; sync_runs.status as last logged (it is read again at "
	"--now)",
	"how a connection was registered, its secrets and what Meta says of them, and "
	"connections.last_webhook_at",
	"media: what is downloaded is Meta's to give, and when",
	"the journal, the audit log, jobs, tokens, redirects, retired sessions",
	NULL,
};

struct digesting {
	struct arena *arena;
	struct map keys[KINDS]; /* id bytes → index into texts */
	struct str *texts;
	size_t ntexts, texts_cap;
	struct str *lines;
	size_t nlines, lines_cap;
	struct db_result results[sizeof digest_tables / sizeof digest_tables[0]];
	int64_t at;
};

static struct str
id_key(struct digesting *d, struct uuid id)
{
	return str_n(arena_copy(d->arena, id.b, sizeof id.b), sizeof id.b);
}

static void
set_key(struct digesting *d, enum kind kind, struct uuid id, struct str text)
{
	*ARENA_ADD(d->arena, d->texts, d->ntexts, d->texts_cap) = text;
	map_set(&d->keys[kind], id_key(d, id), d->ntexts - 1);
}

/* Natural key of a reference; what points nowhere says so. */
static struct str
key_of(struct digesting *d, enum kind kind, struct uuid id)
{
	struct str bytes = { (const char *)id.b, sizeof id.b };
	size_t i = map_get(&d->keys[kind], bytes);

	if (uuid_is_nil(id))
		return STR("-");
	return i == MAP_NONE ? str_fmt(d->arena, "missing-%s", kind_names[kind]) : d->texts[i];
}

static void
key_connections(struct digesting *d)
{
	const struct db_result *r = &d->results[T_CONNECTIONS];
	struct str last = STR_NONE;
	size_t again = 0;

	for (size_t i = 0; i < r->nrows; i++) {
		struct str slug = db_get_text(r, i, 1), number = db_get_text(r, i, 2),
			   kind = db_get_text(r, i, 3);
		struct str key = str_fmt(d->arena, STR_FMT "/" STR_FMT, STR_ARG(slug),
		                         STR_ARG(str_is_set(number) ? number : kind));
		/* a number that was registered again: in the order of registration */
		again = str_is_set(last) && str_eq(last, key) ? again + 1 : 0;
		last = key;
		if (again > 0)
			key = str_fmt(d->arena, STR_FMT "#%zu", STR_ARG(key), again + 1);
		set_key(d, CONNECTION, db_get_uuid(r, i, 0), key);
	}
}

static struct str
identity_text(struct digesting *d, size_t i)
{
	const struct db_result *r = &d->results[T_IDENTITIES];
	struct str slug = db_get_text(r, i, 1), kind = db_get_text(r, i, 2),
		   value = db_get_text(r, i, 3);

	return str_fmt(d->arena, STR_FMT "/" STR_FMT ":" STR_FMT, STR_ARG(slug), STR_ARG(kind),
	               STR_ARG(value));
}

/* A lead is named by the least of its identities; their lines show all of them. */
static void
key_leads(struct digesting *d)
{
	const struct db_result *r = &d->results[T_IDENTITIES];

	for (size_t i = 0; i < r->nrows; i++) {
		struct uuid id = db_get_uuid(r, i, 0);
		struct str bytes = { (const char *)id.b, sizeof id.b }, text = identity_text(d, i);
		size_t k = map_get(&d->keys[LEAD], bytes);
		if (k == MAP_NONE)
			set_key(d, LEAD, id, text);
		else if (str_cmp(text, d->texts[k]) < 0)
			d->texts[k] = text;
	}
}

static struct str
join(struct digesting *d, struct str a, struct str b)
{
	return str_fmt(d->arena, STR_FMT " " STR_FMT, STR_ARG(a), STR_ARG(b));
}

static void
key_rest(struct digesting *d)
{
	const struct db_result *r = &d->results[T_CONVERSATIONS];
	char at[TIME_TEXT_LEN + 1];

	for (size_t i = 0; i < r->nrows; i++)
		set_key(d, CONVERSATION, db_get_uuid(r, i, 0),
		        join(d, key_of(d, CONNECTION, db_get_uuid(r, i, 1)),
		             key_of(d, LEAD, db_get_uuid(r, i, 2))));
	r = &d->results[T_MESSAGES];
	for (size_t i = 0; i < r->nrows; i++)
		set_key(d, MESSAGE, db_get_uuid(r, i, 0),
		        join(d, key_of(d, CONVERSATION, db_get_uuid(r, i, 1)),
		             db_get_text(r, i, 2)));
	r = &d->results[T_TICKETS];
	for (size_t i = 0; i < r->nrows; i++) {
		time_format(db_get_time(r, i, 2), at);
		set_key(d, TICKET, db_get_uuid(r, i, 0),
		        join(d, key_of(d, CONVERSATION, db_get_uuid(r, i, 1)), str_from(at)));
	}
	r = &d->results[T_RUNS];
	for (size_t i = 0; i < r->nrows; i++)
		set_key(d, RUN, db_get_uuid(r, i, 0),
		        str_fmt(d->arena, STR_FMT "#run%lld",
		                STR_ARG(key_of(d, CONNECTION, db_get_uuid(r, i, 1))),
		                (long long)db_get_int(r, i, 2)));
}

static void
put_json(struct digesting *d, struct buf *b, struct str text)
{
	const cJSON *v;

	/* the engines keep JSON in forms of their own */
	if (json_parse(d->arena, text, &v) == ERR_OK)
		buf_str(b, json_canonical(d->arena, v));
	else
		buf_z(b, "not-json");
}

static void
put_value(struct digesting *d, struct buf *b, const struct db_result *r, size_t row, size_t col)
{
	char text[TIME_TEXT_LEN + 1];
	struct jw jw;

	if (db_is_null(r, row, col)) {
		buf_char(b, '-');
		return;
	}
	switch (r->types[col]) {
	case 'm':
		time_format(db_get_time(r, row, col), text);
		buf_z(b, text);
		break;
	case 'b':
		buf_z(b, db_get_bool(r, row, col) ? "true" : "false");
		break;
	case 'i':
		buf_i64(b, db_get_int(r, row, col));
		break;
	case 'x':
		buf_str(b, hex_encode(d->arena, db_get_text(r, row, col).p,
		                      db_get_text(r, row, col).n));
		break;
	case 'j':
		put_json(d, b, db_get_text(r, row, col));
		break;
	default:
		jw_init(&jw, b);
		jw_str(&jw, db_get_text(r, row, col));
		break;
	}
}

static enum kind
find_kind(struct str name)
{
	for (int k = 0; k < KINDS; k++)
		if (str_eq(name, str_from(kind_names[k])))
			return (enum kind)k;
	return KINDS;
}

/* What the clock says about a run. */
static void
put_status(struct digesting *d, struct buf *b, const struct db_result *r, size_t row)
{
	struct sync_view v = { .cloud_api = str_eq(db_get_text(r, row, 21), STR("cloud_api")),
		               .history_requested = db_get_bool(r, row, 4),
		               .started_at = db_get_time(r, row, 3),
		               .progress = db_is_null(r, row, 6) ? -1 : (int)db_get_int(r, row, 6),
		               .has_chunk = !db_is_null(r, row, 10),
		               .disconnected = db_get_bool(r, row, 18),
		               .too_late = !db_is_null(r, row, 16),
		               .declined = !db_is_null(r, row, 14),
		               .has_state_sync = !db_is_null(r, row, 13),
		               .completed = db_get_bool(r, row, 19) };

	buf_z(b, " status=");
	buf_z(b, wa_sync_status(&v, d->at));
}

static void
put_line(struct digesting *d, size_t table, size_t row)
{
	const struct digest_table *t = &digest_tables[table];
	const struct db_result *r = &d->results[table];
	struct str rest = str_from(t->columns), name;
	struct buf b;

	buf_init(&b, d->arena, LINE_LIMIT);
	buf_z(&b, t->name);
	for (size_t col = 0; str_split(&rest, ' ', &name); col++) {
		size_t ref = str_find(name, '@');
		if (name.p[0] == '-')
			continue;
		buf_char(&b, ' ');
		if (ref < name.n) {
			enum kind kind = find_kind(str_sub(name, ref + 1, name.n));
			buf_str(&b, str_sub(name, 0, ref));
			buf_char(&b, '=');
			buf_str(&b, key_of(d, kind, db_get_uuid(r, row, col)));
			continue;
		}
		buf_str(&b, name);
		buf_char(&b, '=');
		put_value(d, &b, r, row, col);
	}
	if (table == T_RUNS && d->at != TIME_NONE)
		put_status(d, &b, r, row);
	*ARENA_ADD(d->arena, d->lines, d->nlines, d->lines_cap) = buf_slice(&b);
}

static int
by_bytes(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

enum err
digest_database(struct db *db, struct arena *a, struct str slug, int64_t at, struct db_digest *out)
{
	struct digesting d = { .arena = a, .at = at };
	struct digest *sha;
	enum err e = ERR_OK;

	if ((e = db_begin_read(db)) != ERR_OK)
		return e;
	for (size_t i = 0; i < digest_ntables && e == ERR_OK; i++)
		e = db_query(db, digest_tables[i].query, DB_PARAMS(db_text(slug)), NULL, a,
		             &d.results[i]);
	db_rollback(db);
	if (e != ERR_OK)
		return e;
	for (int k = 0; k < KINDS; k++)
		map_init(&d.keys[k], a, 64);
	key_connections(&d);
	key_leads(&d);
	key_rest(&d);
	for (size_t i = 0; i < digest_ntables; i++)
		for (size_t row = 0; row < d.results[i].nrows; row++)
			put_line(&d, i, row);
	if (d.nlines > 0)
		qsort(d.lines, d.nlines, sizeof *d.lines, by_bytes);
	*out = (struct db_digest){ .n = d.nlines, .lines = d.lines };
	sha = digest_new();
	for (size_t i = 0; i < d.nlines; i++) {
		digest_add(sha, d.lines[i]);
		digest_add(sha, STR("\n"));
	}
	digest_end(sha, out->sha);
	digest_free(sha);
	return ERR_OK;
}
