/*
 * What the files of this folder share: a call on its way through the pipeline, the rows of the
 * route table, and the small helpers that handlers are written with.
 */
#ifndef RECADO_API_CALL_H
#define RECADO_API_CALL_H

#include "api/admin.h"
#include "api/api.h"
#include "api/schema.h"
#include "api/stream.h"
#include "api/throttle.h"
#include "base/json.h"
#include "base/zone.h"
#include "net/problem.h"
#include "net/router.h"
#include "work/analysis_queue.h"

#define API_DEFAULT_LIMIT 50
#define API_MAX_LIMIT     200
#define API_MAX_ANSWER    ((size_t)96 << 20)
#define API_ARENA         ((size_t)128 << 20)
#define API_MAX_FIELDS    12
#define API_MAX_SLUG      64
#define API_MAX_TEXTS     50 /* of KIND_TEXTS */
#define API_MAX_TEXT      64 /* characters of one of them */

/* Ascending: each may do what those below it may. ROLE_NONE: nobody needs to be known. */
enum api_role { ROLE_NONE, ROLE_VIEWER, ROLE_AGENT, ROLE_ADMIN, ROLE_OPERATOR };

/* Which client a route concerns, and by what it is found. */
enum api_scope {
	SCOPE_NONE,
	SCOPE_ALL, /* needs a caller who is not bound to one client */
	SCOPE_SLUG,
	SCOPE_CONNECTION,
	SCOPE_CONVERSATION,
	SCOPE_LEAD,
	SCOPE_TICKET,
	SCOPE_SESSION,
	SCOPE_TOKEN,
	SCOPE_ENTRY,
	SCOPE_JOB,
	SCOPE_MEDIA
};

enum api_kind {
	KIND_TEXT,   /* 1…max characters, no control characters but line breaks and tabs */
	KIND_SLUG,   /* [a-z0-9-]{1,64} */
	KIND_DIGITS, /* 1…max digits; a number is taken too */
	KIND_PHONE,  /* a phone number in any spelling; becomes digits */
	KIND_URL,    /* http(s) */
	KIND_WORD,   /* one of `words` */
	KIND_BOOL,
	KIND_INT,  /* a whole number from 1 to max; FIELD_CLAMP: greater ones are max */
	KIND_KEY,  /* 1…max characters on one line, not blank at either end */
	KIND_TIME, /* ISO 8601 with zone */
	KIND_DATE, /* a day (YYYY-MM-DD), or a time as above; query only */
	KIND_UUID,
	KIND_LIMIT, /* 1…200 */
	KIND_CURSOR,
	KIND_TEXTS, /* array of up to 50 texts; body only */
	KIND_JSON   /* any value, for the handler to look into; body only */
};
#define FIELD_REQUIRED 1u
#define FIELD_NULL     2u
#define FIELD_CLAMP    4u

/* A query parameter or body member that a route takes. */
struct api_field {
	const char *name; /* NULL ends a list */
	enum api_kind kind;
	unsigned flags;
	size_t max;
	const char *const *words;        /* ends with NULL */
	const struct api_member *inside; /* of KIND_JSON: what it is made of; else NULL */
};
struct api_value {
	bool set, null;
	bool b;       /* bool; of a date: it is a day */
	struct str s; /* text; digits of a phone; raw cursor */
	int64_t i;    /* time, limit, int; number of a day */
	struct uuid u;
	struct str *list;
	size_t nlist;
	const cJSON *json;
};

struct api_call;
struct api_route {
	const char *method, *pattern;
	enum api_role role;
	enum api_scope scope;
	const struct api_field *query; /* NULL: none */
	const struct api_field *body;  /* NULL: none, and the body is not read */
	bool etag;
	enum err (*handle)(struct api_call *);
	/* for the OpenAPI document and docs/api.md */
	const char *section; /* of this row and those after it; NULL: as before */
	const char *id;      /* operationId: camelCase, never changed */
	const char *does;    /* Markdown */
	/* Ends with status 0. What every route may answer (400, 401 …) is not repeated here. */
	const struct api_reply *replies;
};
extern const struct api_route api_routes[];
extern const size_t api_route_count;
/* What the door answers (work/door.h): described beside the others, handled there. */
extern const struct api_route api_door_routes[];
extern const size_t api_door_route_count;
/* A body of any JSON, as the door takes it. */
extern const struct api_field api_any_body[];
/* Row i of both tables; NULL past the end. */
const struct api_route *api_route_at(size_t i);
/* A request header that it reads beside those that all do; NULL. */
const char *api_route_header(const struct api_route *);
/* May the route refuse a call with this status, for a reason that routes have in common? */
bool api_route_refuses(const struct api_route *, int status);

struct api_caller {
	enum api_role role;
	bool all_clients;
	struct uuid client_id; /* nil if all */
	struct uuid token_id;  /* nil: operator */
	bool by_cookie;        /* a browser that has logged in */
};

struct api {
	struct api_options o;
	unsigned char admin_digest[SHA256_LEN];
	struct throttle *throttle;
	struct ready *ready;
	struct wait *wait;
	struct stream *stream;
	struct arena *arena; /* of what follows */
	const struct zone *zone;
};

struct api_thread {
	struct api *api;
	struct db *rd, *wr; /* NULL: could not be opened yet */
	struct arena *arena;
};

struct api_call {
	struct api *api;
	struct api_thread *thread;
	struct db *rd, *wr;
	struct arena *a;
	const struct api_request *in;
	const struct api_route *route;
	struct route_params params;
	struct api_caller who;
	unsigned char credential[SHA256_LEN]; /* digest of what was shown */
	struct str address;                   /* the real one */
	int64_t now;
	/* whom it concerns; nil and absent where the route has no client */
	struct uuid client_id;
	struct str client_slug;
	struct uuid subject; /* id of the connection, conversation … that the path names */
	struct api_value query[API_MAX_FIELDS], body[API_MAX_FIELDS];
	/* the answer */
	int status; /* 200 until a handler says otherwise; of a failure the code's own, unless 400
	               or more */
	const char *content_type;
	struct buf out;
	struct jw w;
	struct problem problem; /* detail and errors[] of a failure */
	struct str location, set_cookie, set_hint;
	int64_t retry_after_s;
	struct wait_for wait;            /* a 202 that is held back until this ends */
	struct stream_wish stream;       /* instead of an answer: its client is not nil */
	struct api_file *file;           /* the body, of a route that gives files; else NULL */
	struct http_header_out extra[8]; /* more headers, ends with name NULL */
};

#define AUTH_COOKIE "recado"
/* Scripts may read this one: there is, or was, a session. */
#define AUTH_COOKIE_HINT "recado_in"

/* auth.c: who calls. ERR_UNAUTHORIZED, ERR_TOO_MANY (retry_after_s set) or the database's failure.
 */
MUST_CHECK enum err auth_check(struct api_call *);
/* The same by a token as such: the operator's or one of `rcd_…`. */
MUST_CHECK enum err auth_by_token(struct api_call *, struct str token);
/* Whether a browser sent this from our own page, or nobody's browser did; false also where a
 * browser does not say. Source: Fetch, "Origin header"; Fetch Metadata. */
bool auth_same_site(const struct api_call *);
struct str auth_actor(const struct api_call *); /* "operator" or "token:<id>" */
const char *auth_role_name(enum api_role);
enum api_role auth_role_of(struct str name); /* ROLE_NONE if there is none such */

/* scope.c: client and subject of the path. ERR_NOT_FOUND also for another client's; 308 by
 * c->location. */
MUST_CHECK enum err scope_find(struct api_call *);
/* The client of a slug that is named elsewhere than in the path; ERR_NOT_FOUND as above. */
MUST_CHECK enum err scope_named(struct api_call *, struct str slug, struct uuid *out);

/* args.c: query and body against the route's lists; problems with paths. */
MUST_CHECK enum err args_check_query(struct api_call *);
MUST_CHECK enum err args_check_body(struct api_call *);
const struct api_value *
arg_query(const struct api_call *, const char *name); /* asserted to exist */
const struct api_value *arg_body(const struct api_call *, const char *name);
size_t arg_limit(const struct api_call *); /* `limit` of the query, or 50 */
/* `q` as a pattern for LIKE … ESCAPE '!', lower case; STR_NONE without it. */
struct str arg_pattern(struct api_call *, const char *name);

/* cursor.c: opaque keyset cursors. */
struct api_cursor {
	char list; /* which list it belongs to: another's is refused */
	int64_t at;
	struct uuid id;
	struct str text;
};
struct str cursor_encode(struct arena *, const struct api_cursor *);
/* Fills from the query's `cursor`; leaves *cursor alone without one. ERR_INVALID for any other
 * text. */
MUST_CHECK enum err cursor_take(struct api_call *, struct api_cursor *cursor);
/* Before and after every real instant and id, for the first page. */
#define CURSOR_FIRST_AT INT64_C(-62135596800000)
#define CURSOR_LAST_AT  INT64_C(253402300799999)
struct uuid cursor_last_id(void);

/* reply.c */
/* If-None-Match, or what it is made of, names the tag or is "*". */
bool api_names_tag(struct str header, struct str tag);
enum err api_fail(struct api_call *, enum err, const char *detail); /* returns the err */
/* The same with the stable code of why, which a page can say in other words. */
enum err api_refuse(struct api_call *, enum err, const char *code, const char *detail);
enum err api_invalid(struct api_call *, const char *path, const char *message); /* ERR_INVALID */
/* `error` and `errorCode`, of a text that begins with its code ("code: what happened") or is one;
 * STR_NONE: both are null. */
void api_write_error(struct jw *, struct str text);
/* `{"data":[` … `],"nextCursor":…}` */
void api_list_begin(struct api_call *);
void api_list_end(struct api_call *, const struct api_cursor *next); /* NULL: last page */
/* Pages of limit + 1 rows: how many to show. */
size_t api_page_rows(const struct api_call *, const struct db_result *);

/* Writes of the API: one transaction, with the client's lane where people's rows change. */
MUST_CHECK enum err api_begin(struct api_call *, bool lane);
/* Commits if e is OK, else rolls back; gives the outcome. */
MUST_CHECK enum err api_end(struct api_call *, enum err e);
struct uuid api_new_id(struct api_call *);
/* Inside a transaction. detail: JSON or STR_NONE. */
MUST_CHECK enum err api_audit(struct api_call *, const char *action, const char *kind,
                              struct uuid subject, struct str detail);
/* Sealed for "<table>/<id>/<column>". */
struct str api_seal(struct api_call *, const char *table, struct uuid id, const char *column,
                    struct str plain);
/* The caller and what it writes with, for what commands do too. */
struct admin api_admin(struct api_call *);

/* leads.c: the lead document from 11 columns that start at `col`; tags from lead_tags_load. */
struct lead_tags {
	struct db_result rows;
};
/* Tags of the leads whose ids stand in column `col` of the first n rows. */
MUST_CHECK enum err lead_tags_load(struct api_call *, const struct db_result *, size_t n,
                                   size_t col, struct lead_tags *out);
void
lead_write(struct jw *, const struct db_result *, size_t row, size_t col, const struct lead_tags *);

/* messages.c. An oldest-first page of the conversation, or of the helpdesk ticket unless that is
 * nil, written as an array; *next is set if there are more. */
MUST_CHECK enum err messages_write_forward(struct api_call *, struct uuid conversation,
                                           struct uuid ticket, const struct api_cursor *after,
                                           size_t limit, bool *more, struct api_cursor *next);

/* media.c: the media of a page of messages, by one query for all of them. */
struct media_finder {
	struct db_rows *rows;
	struct db_result found;
	/* Those messages that hold one. */
	struct media_note {
		struct uuid message;
		const cJSON *content;
		size_t row; /* of `found`; SIZE_MAX: not there */
	} * v;
	size_t n, cap;
};
void media_finder_init(struct api_call *, struct media_finder *);
/* content: JSON, may be absent. Not of a revoked one. */
void media_finder_note(struct api_call *, struct media_finder *, struct uuid conversation,
                       struct uuid message, struct str type, struct str content);
/* After the last was noted. */
MUST_CHECK enum err media_finder_load(struct api_call *, struct media_finder *);
/* `"media":…`; null of a message that was not noted or holds none. */
void media_finder_write(struct api_call *, const struct media_finder *, struct uuid message);

/* messages.c: the document of one message of the conversation. */
MUST_CHECK enum err message_write_one(struct api_call *, struct uuid conversation, struct uuid id);

/* sessions.c: the document of a session of the client. ERR_NOT_FOUND: it has none of that id. */
MUST_CHECK enum err session_write_one(struct api_call *, struct uuid id);

/* analyses_combo.c: which analyses a question is about, and of which days. */
struct api_combo {
	bool none; /* the client has no active script; the rest is empty */
	struct analysis_combo c;
};
/*
 * From the query's scriptKey, scriptVersion and analysisVersionTag: the version named, or of the
 * key named the highest active one, or the active script that was changed last. ERR_NOT_FOUND: what
 * is named is not there.
 */
MUST_CHECK enum err combo_take(struct api_call *, struct api_combo *out);
/* `"combo":…` */
void combo_write(struct api_call *, const struct api_combo *);
/* Both ends are inside. */
struct api_window {
	int64_t from, to;
	int64_t days; /* 0: from a date of its own */
};
/* From the query's startDate, endDate and fromDays. */
MUST_CHECK enum err window_take(struct api_call *, struct api_window *out);
/* `"window":…` */
void window_write(struct api_call *, const struct api_window *);

/* Sessions: in which session each message of a page is, by one query for all of them. */
struct session_finder {
	int64_t first, last;  /* of the messages noted */
	bool conversation;    /* some are of no helpdesk ticket: episodes are asked for */
	struct db_rows *rows; /* the tickets of the others */
	struct db_result spans, trackings;
	struct session *sessions; /* of the rows of `trackings` */
};
void session_finder_init(struct api_call *, struct session_finder *);
void session_finder_note(struct session_finder *, int64_t at, struct uuid ticket);
/* After the last was noted. */
MUST_CHECK enum err
session_finder_load(struct api_call *, struct session_finder *, struct uuid conversation);
/* nil: in none. Of a message that was noted and takes part (a system one does not). */
struct uuid session_finder_at(const struct session_finder *, int64_t at, struct uuid ticket);

/* The sessions of some tickets. */
struct ticket_sessions {
	struct db_rows *own_rows, *overlapping_rows;
	struct db_result own, overlapping, firsts;
};
void ticket_sessions_init(struct api_call *, struct ticket_sessions *);
/* Ticket number i (growing): a helpdesk ticket's own sessions, or the episodes of the conversation
 * between two times (to TIME_NONE: until now). */
void ticket_sessions_own(struct ticket_sessions *, size_t i, struct uuid ticket);
void ticket_sessions_overlapping(struct ticket_sessions *, size_t i, struct uuid conversation,
                                 int64_t from, int64_t to);
MUST_CHECK enum err ticket_sessions_load(struct api_call *, struct ticket_sessions *, bool retired);
/* The array of those of ticket i. */
void ticket_sessions_write(struct api_call *, const struct ticket_sessions *, size_t i);

/* operation.c */
struct ready;
struct ready *ready_new(void);
void ready_free(struct ready *);

#define API_HANDLER(name) enum err name(struct api_call *)
API_HANDLER(login_post);
API_HANDLER(logout_post);
API_HANDLER(login_links_create);
API_HANDLER(login_link_use);
API_HANDLER(operation_health);
API_HANDLER(messages_send);
API_HANDLER(operation_ready);
API_HANDLER(operation_metrics);
API_HANDLER(operation_me);
API_HANDLER(operation_settings);
API_HANDLER(operation_health_details);
API_HANDLER(openapi_get);
API_HANDLER(clients_list);
API_HANDLER(clients_create);
API_HANDLER(clients_ensure);
API_HANDLER(clients_get);
API_HANDLER(clients_patch);
API_HANDLER(tokens_list);
API_HANDLER(tokens_create);
API_HANDLER(tokens_delete);
API_HANDLER(connections_list);
API_HANDLER(connections_create);
API_HANDLER(connections_get);
API_HANDLER(connections_patch);
API_HANDLER(connections_delete);
API_HANDLER(connections_new_secret);
API_HANDLER(connections_release);
API_HANDLER(history_sync_get);
API_HANDLER(history_sync_request);
API_HANDLER(connections_onboard);
API_HANDLER(onboardings_get);
API_HANDLER(onboarding_settings);
API_HANDLER(tickets_list);
API_HANDLER(tickets_get);
API_HANDLER(tickets_of_conversation);
API_HANDLER(tickets_open);
API_HANDLER(tickets_patch);
API_HANDLER(conversations_list);
API_HANDLER(conversations_get);
API_HANDLER(conversations_read);
API_HANDLER(messages_list);
API_HANDLER(media_get);
API_HANDLER(sessions_of_conversation);
API_HANDLER(sessions_get);
API_HANDLER(leads_list);
API_HANDLER(leads_create);
API_HANDLER(leads_get);
API_HANDLER(leads_patch);
API_HANDLER(events_stream);
API_HANDLER(events_list_all);
API_HANDLER(events_list);
API_HANDLER(events_get);
API_HANDLER(events_replay);
API_HANDLER(events_replay_all);
API_HANDLER(events_replay_one);
API_HANDLER(alerts_list);
API_HANDLER(audit_list);
API_HANDLER(job_import);
API_HANDLER(job_import_all);
API_HANDLER(job_sync_contacts);
API_HANDLER(job_sync_contacts_all);
API_HANDLER(job_list);
API_HANDLER(job_get);
API_HANDLER(job_cancel);
API_HANDLER(imports_state);
API_HANDLER(imports_failures);
API_HANDLER(imports_retry);
API_HANDLER(kpis_first_response);
API_HANDLER(kpis_session_duration);
API_HANDLER(kpis_slowest_sessions);
API_HANDLER(analysis_run);
API_HANDLER(scripts_create);
API_HANDLER(scripts_list);
API_HANDLER(scripts_activate);
API_HANDLER(analyses_summary);
API_HANDLER(analyses_ranking);
API_HANDLER(analyses_failures);
API_HANDLER(analyses_details);

/* analysis_run.c: the summary of a run that has ended, or its job while it goes on. */
MUST_CHECK enum err
analysis_run_answer(struct db *, struct arena *, struct uuid job, bool ended, struct buf *out);

#endif
