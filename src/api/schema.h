/*
 * What the API answers, as tables: every document, its members and what may stand in each. The
 * OpenAPI document and docs/api.md are made from them, and the tests hold every real answer against
 * them. All of it is constant.
 */
#ifndef RECADO_API_SCHEMA_H
#define RECADO_API_SCHEMA_H

#include <stddef.h>

enum api_type {
	TYPE_TEXT,
	TYPE_INT,    /* a whole number */
	TYPE_NUMBER, /* any number */
	TYPE_BOOL,
	TYPE_TIME, /* ISO 8601 in UTC with milliseconds and Z */
	TYPE_UUID,
	TYPE_WORD,   /* one of `words` */
	TYPE_OBJECT, /* of the schema `of`; NULL: an object of any members */
	TYPE_ANY     /* any JSON value */
};
#define MEMBER_NULL     1u /* may be null */
#define MEMBER_OPTIONAL 2u /* may be left out */
#define MEMBER_LIST     4u /* an array of such values */
#define MEMBER_MAP      8u /* an object of any members that are such values */

struct api_schema;
struct api_member {
	const char *name; /* NULL ends a list */
	enum api_type type;
	unsigned flags;
	const struct api_schema *of;
	const char *const *words; /* ends with NULL */
	const char *does;         /* Markdown; NULL: the name says it */
};

struct api_schema {
	const char *name;                 /* in PascalCase, as components/schemas has it */
	const char *does;                 /* Markdown; NULL: the name says it */
	const struct api_schema *base;    /* its members come first; NULL: none */
	const struct api_member *members; /* ends with a NULL name */
};
/* Every schema, in the order they are shown in; NULL past the end. */
const struct api_schema *schema_at(size_t i);
/* Member i of a schema, its base's first; i counts up from 0 until the answer is NULL. */
const struct api_member *schema_member(const struct api_schema *, size_t i);

enum api_reply_form {
	REPLY_EMPTY,    /* no body; of 400 and above: a problem */
	REPLY_DOCUMENT, /* the schema itself */
	REPLY_UNDER,    /* {"<member>": schema} */
	REPLY_PAGE,     /* {"data": [schema], "nextCursor": …} */
	REPLY_OTHER     /* no JSON: `member` is the content type */
};
#define REPLY_LOCATION 1u /* carries Location */
#define REPLY_COOKIE   2u /* carries Set-Cookie */

/* One answer of a route. Several of one status are told apart by their members. */
struct api_reply {
	int status; /* 0 ends a list */
	enum api_reply_form form;
	const char *member;
	const struct api_schema *schema;
	const char *when; /* Markdown; NULL: nothing to add */
	unsigned flags;
};

/* What several files name. The rest is reached through these. */
extern const struct api_schema schema_health, schema_ready, schema_me, schema_login_link,
	schema_settings, schema_alerts, schema_health_details, schema_problem, schema_client,
	schema_token, schema_token_made, schema_audit_row, schema_webhook_event,
	schema_webhook_event_detail, schema_job, schema_job_started, schema_jobs_started,
	schema_replay, schema_replay_count, schema_import_state, schema_import_failure;
extern const struct api_schema schema_connection, schema_connection_secret, schema_onboarded,
	schema_onboarding_settings, schema_released, schema_history_sync, schema_lead,
	schema_conversation, schema_conversation_detail, schema_ticket, schema_ticket_detail,
	schema_session, schema_message, schema_message_page;
extern const struct api_schema schema_first_responses, schema_durations, schema_slowest_sessions;
extern const struct api_schema schema_script, schema_script_chosen, schema_analysis_run,
	schema_analysis_plan, schema_analysis_summary, schema_analysis_ranking,
	schema_analysis_failures, schema_analysis_details;
/* Values of bodies that a handler looks into. */
extern const struct api_member schema_value_topics, schema_value_tag_filter, schema_value_max_cost,
	schema_value_send_text;

#endif
