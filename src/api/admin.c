/*
 * Why: the operator works with requests or at a shell; what is done must not depend on it.
 *
 * What always holds: a change and its audit row are in one transaction; a secret is stored as its
 * digest only.
 */
#include "api/admin.h"

#include "api/webhook_events.h"
#include "base/json.h"
#include "base/utf8.h"
#include "store/audit.h"
#include "store/queries.h"
#include "work/event.h"

#define SECRET_BYTES 32
#define SECRET_TEXT  43 /* of base64, without the padding */
#define DETAIL_BYTES ((size_t)64 << 10)
#define REPLAY_BATCH 1000                /* entries per transaction */
#define REPLAY_ARENA ((size_t)256 << 10) /* of one batch */
#define REPLAY_NOTE  "unfinished: it is under way, or was cut short; asking again does no harm."

/* What a change is told as, by what it was of. Of the others whoever changes them tells. */
static const struct {
	const char *kind;
	enum event_kind event;
	bool subject; /* the event has one */
} told[] = {
	{ "analysis_script", EVENT_SCRIPT, false }, { "client", EVENT_CLIENT, false },
	{ "connection", EVENT_CONNECTION, true },   { "lead", EVENT_LEAD, true },
	{ "token", EVENT_CLIENT, false },
};

static enum err
tell(const struct admin *ad, struct uuid client, struct str kind, struct uuid subject)
{
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (str_eq(kind, str_from(told[i].kind)))
			return event_put(ad->db, client, told[i].event,
			                 told[i].subject ? subject : UUID_NIL, ad->now);
	return ERR_OK;
}

enum err
admin_audit(const struct admin *ad, struct uuid client, const char *action, const char *kind,
            struct uuid subject, struct str detail)
{
	const struct audit_row row = { .id = rand_uuid_v7(ad->rand, ad->now),
		                       .client_id = client,
		                       .at = ad->now,
		                       .actor = ad->actor,
		                       .action = str_from(action),
		                       .subject_kind = str_from(kind),
		                       .subject_id = subject,
		                       .detail = detail };
	enum err e = audit_insert(ad->db, &row);

	return e != ERR_OK ? e : tell(ad, client, row.subject_kind, subject);
}

struct str
admin_detail(struct arena *a, const char *name, struct str text)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, DETAIL_BYTES);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, name, text);
	jw_obj_end(&w);
	return buf_slice(&b);
}

struct str
admin_secret(const struct admin *ad, const char *prefix)
{
	unsigned char bytes[SECRET_BYTES];
	struct str text;
	char *p;

	rand_fill(ad->rand, bytes, sizeof(bytes));
	text = base64_encode(ad->arena, bytes, sizeof(bytes));
	text = str_fmt(ad->arena, "%s" STR_FMT, prefix, SECRET_TEXT, text.p);
	p = arena_copy(ad->arena, text.p, text.n);
	for (size_t i = strlen(prefix); i < text.n; i++)
		p[i] = (char)(p[i] == '+' ? '-' : p[i] == '/' ? '_' : p[i]);
	return str_n(p, text.n);
}

const char *
admin_slug_wrong(struct str s)
{
	bool ok = s.n >= 1 && s.n <= 64;

	for (size_t i = 0; i < s.n; i++)
		ok = ok && ((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
		            s.p[i] == '-');
	return ok ? NULL : "must be 1 to 64 of a-z, 0-9 and -";
}

static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];

		if ((ch < 0x20 && ch != '\n' && ch != '\t' && ch != '\r') || ch == 0x7f)
			return true;
	}
	return false;
}

const char *
admin_text_wrong(struct arena *a, struct str s, size_t max)
{
	if (utf8_valid_prefix(s) != s.n)
		return "must be UTF-8";
	if (str_is_empty(str_trim(s)))
		return "must not be empty";
	if (max > 0 && utf8_length(s) > max)
		return str_z(a, str_fmt(a, "must have at most %zu characters", max));
	return has_control(s) ? "must not hold control characters" : NULL;
}

const char *
admin_key_wrong(struct arena *a, struct str s, size_t max)
{
	const char *wrong = admin_text_wrong(a, s, max);

	if (wrong == NULL && str_trim(s).n != s.n)
		return "must not begin or end with white space";
	if (wrong == NULL && (str_eq(s, STR(".")) || str_eq(s, STR(".."))))
		return "must not be . or .., which no path can name";
	if (wrong == NULL &&
	    (str_find(s, '\n') < s.n || str_find(s, '\r') < s.n || str_find(s, '\t') < s.n))
		return "must not hold control characters";
	return wrong;
}

/* The client's helpdesk connection follows its address, its key and whether it is active. */
static enum err
follow_helpdesk(const struct admin *ad, struct uuid client)
{
	bool operator_ = str_eq(ad->actor, STR("operator"));
	struct uuid id = rand_uuid_v7(ad->rand, ad->now);
	int64_t made = 0, changed = 0;
	enum err e = db_exec(ad->db, &q_jobs_helpdesk_insert,
	                     DB_PARAMS(db_uuid(id), db_uuid(client),
	                               db_text(operator_ ? STR("operator") : STR("admin")),
	                               db_time(ad->now)),
	                     NULL, &made);

	if (e == ERR_OK)
		e = db_exec(ad->db, &q_jobs_helpdesk_status,
		            DB_PARAMS(db_uuid(client), db_time(ad->now)), NULL, &changed);
	if (e == ERR_OK && made > 0)
		e = admin_audit(ad, client, "connection.registered", "connection", id,
		                admin_detail(ad->arena, "kind", STR("helpdesk")));
	else if (e == ERR_OK && changed > 0)
		e = event_put(ad->db, client, EVENT_CONNECTION, UUID_NIL, ad->now);
	return e;
}

const char *
admin_url_wrong(struct str s)
{
	bool scheme = str_starts(s, STR("https://")) || str_starts(s, STR("http://"));

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f || s.p[i] == '@')
			return "must be an http or https address without credentials";
	return scheme && s.n > 10 && s.n <= 1024 ? NULL : "must be an http or https address";
}

struct str
admin_seal(const struct admin *ad, const struct secretbox_keys *keys, const char *table,
           struct uuid id, const char *column, struct str plain)
{
	struct str aad = str_fmt(ad->arena, "%s/" STR_FMT "/%s", table,
	                         STR_ARG(uuid_text(ad->arena, id)), column);
	unsigned char nonce[SECRETBOX_NONCE_LEN];

	if (!str_is_set(plain))
		return STR_NONE;
	rand_fill(ad->rand, nonce, sizeof(nonce));
	return secretbox_seal(ad->arena, keys, aad, plain, nonce);
}

enum err
admin_client_insert(const struct admin *ad, const struct admin_client *x, bool *made)
{
	int64_t changed = 0;
	enum err e = db_exec(ad->db, &q_api_client_insert,
	                     DB_PARAMS(db_uuid(x->id), db_text(x->slug), db_text(x->name),
	                               db_text(x->base_url), db_bytes(x->key_box),
	                               db_bool(x->active), db_time(ad->now)),
	                     NULL, &changed);

	*made = e == ERR_OK && changed == 1;
	if (!*made)
		return e;
	e = follow_helpdesk(ad, x->id);
	return e != ERR_OK ? e
	                   : admin_audit(ad, x->id, "client.created", "client", x->id,
	                                 admin_detail(ad->arena, "slug", x->slug));
}

enum err
admin_client_update(const struct admin *ad, const struct admin_client_change *x)
{
	enum err e =
		db_exec(ad->db, &q_api_client_update,
	                DB_PARAMS(db_uuid(x->id), db_text(x->name), db_bool(x->set_url),
	                          db_text(x->base_url), db_bool(x->set_key), db_bytes(x->key_box),
	                          db_bool(x->active), db_bool(x->set_active), db_time(ad->now)),
	                NULL, NULL);

	if (e == ERR_OK)
		e = follow_helpdesk(ad, x->id);
	return e != ERR_OK ? e
	                   : admin_audit(ad, x->id, "client.changed", "client", x->id, STR_NONE);
}

enum err
admin_token_insert(const struct admin *ad, struct admin_token *x)
{
	enum err e;

	x->secret = admin_secret(ad, "rcd_");
	digest_sha256(x->secret, x->digest);
	e = db_exec(ad->db, &q_api_token_insert,
	            DB_PARAMS(db_uuid(x->id), db_text(x->name), db_text(x->role),
	                      db_uuid(x->client_id),
	                      db_bytes(str_n((const char *)x->digest, sizeof(x->digest))),
	                      db_time(ad->now)),
	            NULL, NULL);
	return e != ERR_OK ? e
	                   : admin_audit(ad, x->client_id, "token.created", "token", x->id,
	                                 admin_detail(ad->arena, "role", x->role));
}

enum err
admin_token_revoke(const struct admin *ad, struct uuid token, struct uuid client)
{
	int64_t changed = 0;
	enum err e = db_exec(ad->db, &q_api_token_revoke,
	                     DB_PARAMS(db_uuid(token), db_time(ad->now)), NULL, &changed);

	if (e == ERR_OK && changed == 0)
		return ERR_NOT_FOUND;
	return e != ERR_OK ? e : admin_audit(ad, client, "token.revoked", "token", token, STR_NONE);
}

static enum err
begin(const struct admin *ad, struct uuid client)
{
	enum err e = db_begin(ad->db, DB_API);

	if (e == ERR_OK && !uuid_is_nil(client)) {
		e = db_lane(ad->db, client, true);
		if (e != ERR_OK)
			db_rollback(ad->db);
	}
	return e;
}

static enum err
refuse(struct admin_job *x, const char *code, const char *why)
{
	x->refused_code = code;
	x->refused = why;
	return ERR_CONFLICT;
}

/* Whether no job can be for the client. */
static enum err
job_refused(const struct admin *ad, struct admin_job *x)
{
	struct db_result r;
	enum err e = db_query(ad->db, &q_jobs_client, DB_PARAMS(db_uuid(x->client)), NULL,
	                      ad->arena, &r);

	if (e != ERR_OK)
		return e;
	if (r.nrows == 0)
		return ERR_NOT_FOUND;
	if (!db_get_bool(&r, 0, 1) || !db_get_bool(&r, 0, 2))
		return refuse(x, "no_helpdesk",
		              "The client has no helpdesk: set its apiBaseUrl and apiKey.");
	if (!db_get_bool(&r, 0, 0))
		return refuse(x, "inactive", "The client is not active.");
	return ERR_OK;
}

/* ERR_CONFLICT: another process works on the one that is under way. */
static enum err
job_held(const struct admin *ad, struct admin_job *x)
{
	struct db_result r;
	enum err e =
		db_query(ad->db, &q_jobs_live,
	                 DB_PARAMS(db_uuid(x->client), db_text(str_from(jobs_kind_name(x->kind))),
	                           db_time(ad->now)),
	                 NULL, ad->arena, &r);

	if (e != ERR_OK || r.nrows == 0 || db_get_bool(&r, 0, 3))
		return e;
	x->id = db_get_uuid(&r, 0, 0);
	x->existing = x->held = true;
	return refuse(x, "job_held", "Another process works on the client's job.");
}

enum err
admin_job_start(const struct admin *ad, struct admin_job *x)
{
	enum err e = begin(ad, x->client);

	x->refused = x->refused_code = NULL;
	x->held = false;
	if (e != ERR_OK)
		return e;
	e = job_refused(ad, x);
	if (e == ERR_OK && x->unheld)
		e = job_held(ad, x);
	if (e == ERR_OK)
		e = follow_helpdesk(ad, x->client);
	if (e == ERR_OK)
		e = jobs_enqueue(ad->db, ad->arena, ad->rand, x->client, x->kind, x->full,
		                 x->episodes, ad->now, &x->id, &x->existing);
	if (e == ERR_OK && x->existing && x->retry)
		e = jobs_retry(ad->db, ad->arena, x->id);
	if (e == ERR_OK && !x->existing)
		e = admin_audit(ad, x->client, "job.started", "job", x->id,
		                admin_detail(ad->arena, "kind", str_from(jobs_kind_name(x->kind))));
	return db_end(ad->db, e);
}

enum err
admin_analysis_start(const struct admin *ad, struct uuid client, const struct analysis_params *p,
                     struct uuid *job)
{
	struct str params = analysis_params_write(ad->arena, p);
	struct uuid id;
	enum err e = begin(ad, UUID_NIL);

	if (e != ERR_OK)
		return e;
	e = jobs_insert(ad->db, ad->rand, client, JOB_ANALYSIS, params, ad->now, &id);
	if (e == ERR_OK)
		e = admin_audit(ad, client, "analysis.started", "job", id, params);
	e = db_end(ad->db, e);
	if (e == ERR_OK)
		*job = id;
	return e;
}

/* The filter as it was given, for the job and the audit log. */
static struct str
asked(struct arena *a, const struct admin_replay *p)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, DETAIL_BYTES);
	jw_init(&w, &b);
	jw_obj(&w);
	if (!uuid_is_nil(p->entry)) {
		jw_kuuid(&w, "id", p->entry);
	} else {
		if (str_is_set(p->status))
			jw_kstr(&w, "status", p->status);
		if (str_is_set(p->field))
			jw_kstr(&w, "field", p->field);
		if (p->from != TIME_NONE)
			jw_ktime(&w, "from", p->from);
		if (p->to != TIME_NONE)
			jw_ktime(&w, "to", p->to);
	}
	jw_obj_end(&w);
	return buf_slice(&b);
}

/* The job row with its audit row, and what it was asked to do. */
static enum err
store_job(const struct admin *ad, struct admin_replay *p)
{
	struct str filter = asked(ad->arena, p);
	enum err e = begin(ad, UUID_NIL);

	if (e != ERR_OK)
		return e;
	p->job = rand_uuid_v7(ad->rand, ad->now);
	e = db_exec(ad->db, &q_api_job_insert,
	            DB_PARAMS(db_uuid(p->job), db_uuid(p->client), db_json(filter),
	                      db_text(STR(REPLAY_NOTE)), db_time(ad->now)),
	            NULL, NULL);
	if (e == ERR_OK)
		e = admin_audit(ad, p->audit_client, "webhook_events.replayed", "job", p->job,
		                filter);
	if (e == ERR_OK)
		e = event_put(ad->db, p->client, EVENT_JOB, p->job, ad->now);
	return db_end(ad->db, e);
}

/* How the job ended, e, and what it had done by then. */
static enum err
finish_job(const struct admin *ad, const struct admin_replay *p, enum err e)
{
	bool failed = e != ERR_OK;
	struct str error =
		failed ? str_fmt(ad->arena, "%s: %s", err_info(e)->code, err_info(e)->title)
		       : STR_NONE;
	enum err stored = begin(ad, UUID_NIL);

	if (stored != ERR_OK)
		return failed ? e : stored;
	stored = db_exec(ad->db, &q_api_job_finish,
	                 DB_PARAMS(db_uuid(p->job),
	                           db_text(failed ? STR("failed") : STR("succeeded")),
	                           db_int(p->entries), db_text(error), db_time(ad->now)),
	                 NULL, NULL);
	if (stored == ERR_OK)
		stored = event_put(ad->db, p->client, EVENT_JOB, p->job, ad->now);
	stored = db_end(ad->db, stored);
	return failed ? e : stored;
}

/* The client whose parts are marked, or every one that has parts of these entries. */
static enum err
tell_marked(const struct admin *ad, const struct admin_replay *p, const struct db_rows *ids)
{
	struct arena *a = arena_new(REPLAY_ARENA);
	struct event_batch events;
	struct db_result r = { .nrows = 0 };
	enum err e = ERR_OK;

	event_batch_init(&events, a);
	if (!uuid_is_nil(p->client))
		event_batch_add(&events, p->client, EVENT_WEBHOOK_EVENTS, UUID_NIL);
	else
		e = db_query(ad->db, &q_api_replay_clients, DB_NO_PARAMS, ids, a, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		event_batch_add(&events, db_get_uuid(&r, i, 0), EVENT_WEBHOOK_EVENTS, UUID_NIL);
	if (e == ERR_OK)
		e = event_batch_store(&events, ad->db, ad->now);
	arena_free(a);
	return e;
}

/* One transaction: the parts of these entries, and that the job has done `done`. */
static enum err
mark(const struct admin *ad, const struct admin_replay *p, const struct db_rows *ids, int64_t done,
     int64_t *parts)
{
	enum err e = begin(ad, p->client);

	if (e != ERR_OK)
		return e;
	e = db_exec(ad->db, &q_api_replay_mark,
	            DB_PARAMS(db_uuid(p->client), db_text(p->status), db_bool(p->operator_)), ids,
	            parts);
	if (e == ERR_OK)
		e = db_exec(ad->db, &q_api_job_done, DB_PARAMS(db_uuid(p->job), db_int(done)), NULL,
		            NULL);
	if (e == ERR_OK)
		e = tell_marked(ad, p, ids);
	return db_end(ad->db, e);
}

/* The next entries after *last: looked for without the writer's lock, for marking them looks at
 * their status again. */
static enum err
mark_batch(const struct admin *ad, struct admin_replay *p, struct arena *a, struct uuid *last,
           bool *more)
{
	struct db_rows *ids = db_rows_new(a, &q_api_replay_mark);
	struct db_result r;
	enum err e = db_query(ad->db, &q_api_replay_pick,
	                      DB_PARAMS(db_uuid(p->client), db_uuid(*last), db_text(p->status),
	                                event_field(p->field), db_time(p->from), db_time(p->to),
	                                db_bool(p->operator_), db_int(REPLAY_BATCH)),
	                      NULL, a, &r);

	*more = e == ERR_OK && r.nrows == REPLAY_BATCH;
	if (e != ERR_OK || r.nrows == 0)
		return e;
	for (size_t i = 0; i < r.nrows; i++)
		db_row_uuid(ids, db_get_uuid(&r, i, 0));
	*last = db_get_uuid(&r, r.nrows - 1, 0);
	e = mark(ad, p, ids, p->entries + (int64_t)r.nrows, NULL);
	if (e == ERR_OK)
		p->entries += (int64_t)r.nrows;
	return e;
}

static enum err
mark_filtered(const struct admin *ad, struct admin_replay *p)
{
	struct arena *a = arena_new(REPLAY_ARENA);
	struct uuid last = uuid_v7_floor(0); /* nil would be NULL */
	bool more = true;
	enum err e = ERR_OK;

	while (e == ERR_OK && more) {
		arena_reset(a);
		e = mark_batch(ad, p, a, &last, &more);
	}
	arena_free(a);
	return e;
}

static enum err
mark_one(const struct admin *ad, struct admin_replay *p)
{
	struct db_rows *ids = db_rows_new(ad->arena, &q_api_replay_mark);
	int64_t parts = 0;
	enum err e;

	db_row_uuid(ids, p->entry);
	e = mark(ad, p, ids, 0, &parts);
	p->entries = e == ERR_OK && parts > 0;
	return e;
}

enum err
admin_replay(const struct admin *ad, struct admin_replay *p)
{
	enum err e;

	p->entries = 0;
	e = store_job(ad, p);
	if (e != ERR_OK)
		return e;
	e = uuid_is_nil(p->entry) ? mark_filtered(ad, p) : mark_one(ad, p);
	return finish_job(ad, p, e);
}
