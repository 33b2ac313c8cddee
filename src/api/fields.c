/*
 * Why: the parameters and body members that each route takes, apart from the table of routes, which
 * is long enough without them.
 *
 * What always holds: what is not named here is refused; a list ends with a NULL name and has at
 * most API_MAX_FIELDS rows.
 */
#include "api/fields.h"

#include "api/words.h"
#include "core/script.h"

#define END                                                                                        \
	{                                                                                          \
		.name = NULL                                                                       \
	}
#define REQ FIELD_REQUIRED
#define NUL FIELD_NULL
#define PAGE                                                                                       \
	{ "limit", KIND_LIMIT, 0, 0, NULL, NULL },                                                 \
	{                                                                                          \
		"cursor", KIND_CURSOR, 0, 0, NULL, NULL                                            \
	}

const struct api_field fields_page[] = { PAGE, END };

const struct api_field fields_login_new[] = {
	{ "token", KIND_TEXT, REQ, 1024, NULL, NULL },
	END,
};
const struct api_field fields_client_new[] = {
	{ "slug", KIND_SLUG, REQ, 64, NULL, NULL },
	{ "name", KIND_TEXT, REQ, 200, NULL, NULL },
	{ "apiBaseUrl", KIND_URL, NUL, 1024, NULL, NULL },
	{ "apiKey", KIND_TEXT, NUL, 1024, NULL, NULL },
	{ "isActive", KIND_BOOL, 0, 0, NULL, NULL },
	END,
};
const struct api_field fields_client_change[] = {
	{ "name", KIND_TEXT, 0, 200, NULL, NULL },
	{ "apiBaseUrl", KIND_URL, NUL, 1024, NULL, NULL },
	{ "apiKey", KIND_TEXT, NUL, 1024, NULL, NULL },
	{ "isActive", KIND_BOOL, 0, 0, NULL, NULL },
	END,
};
const struct api_field fields_token_new[] = {
	{ "name", KIND_TEXT, REQ, 200, NULL, NULL },
	{ "role", KIND_WORD, REQ, 0, words_roles, NULL },
	{ "clientSlug", KIND_SLUG, NUL, 64, NULL, NULL },
	END,
};
const struct api_field fields_connection_new[] = {
	{ "kind", KIND_WORD, 0, 0, words_kinds, NULL },
	{ "mode", KIND_WORD, REQ, 0, words_modes, NULL },
	{ "phoneNumberId", KIND_DIGITS, REQ, 32, NULL, NULL },
	{ "wabaId", KIND_DIGITS, REQ, 32, NULL, NULL },
	{ "displayPhoneNumber", KIND_PHONE, REQ, 20, NULL, NULL },
	{ "accessToken", KIND_TEXT, NUL, 4096, NULL, NULL },
	{ "historySync", KIND_BOOL, 0, 0, NULL, NULL },
	END,
};
const struct api_field fields_onboard[] = {
	{ "code", KIND_TEXT, REQ, 4096, NULL, NULL },
	{ "wabaId", KIND_DIGITS, REQ, 32, NULL, NULL },
	{ "phoneNumberId", KIND_DIGITS, NUL, 32, NULL, NULL },
	{ "mode", KIND_WORD, REQ, 0, words_modes, NULL },
	{ "historySync", KIND_BOOL, REQ, 0, NULL, NULL },
	END,
};
const struct api_field fields_connection_change[] = {
	{ "displayPhoneNumber", KIND_PHONE, 0, 20, NULL, NULL },
	{ "verifiedName", KIND_TEXT, NUL, 200, NULL, NULL },
	{ "accessToken", KIND_TEXT, NUL, 4096, NULL, NULL },
	END,
};
const struct api_field fields_ticket_query[] = {
	PAGE,
	{ "status", KIND_TEXT, 0, 64, NULL, NULL },
	{ "source", KIND_WORD, 0, 0, words_ticket_sources, NULL },
	{ "originatedFrom", KIND_WORD, 0, 0, words_origins, NULL },
	END,
};
const struct api_field fields_ticket_one[] = {
	PAGE,
	{ "include", KIND_WORD, 0, 0, words_includes, NULL },
	END,
};
const struct api_field fields_ticket_new[] = {
	{ "source", KIND_WORD, REQ, 0, words_by_hand, NULL },
	{ "stage", KIND_TEXT, 0, 64, NULL, NULL },
	END,
};
const struct api_field fields_ticket_change[] = {
	{ "status", KIND_WORD, 0, 0, words_states, NULL },
	{ "stage", KIND_TEXT, 0, 64, NULL, NULL },
	END,
};
const struct api_field fields_conversation_query[] = {
	PAGE,
	{ "q", KIND_TEXT, 0, 200, NULL, NULL },
	{ "filter", KIND_WORD, 0, 0, words_filters, NULL },
	{ "connectionId", KIND_UUID, 0, 0, NULL, NULL },
	END,
};
const struct api_field fields_message_new[] = {
	{ "type", KIND_WORD, REQ, 0, words_send_types, NULL },
	{ "text", KIND_JSON, REQ, 0, NULL, &schema_value_send_text },
	{ "replyTo", KIND_UUID, NUL, 0, NULL, NULL },
	{ "force", KIND_BOOL, 0, 0, NULL, NULL },
	END,
};
const struct api_field fields_message_query[] = {
	{ "limit", KIND_LIMIT, 0, 0, NULL, NULL },
	{ "before", KIND_UUID, 0, 0, NULL, NULL },
	{ "after", KIND_UUID, 0, 0, NULL, NULL },
	{ "around", KIND_UUID, 0, 0, NULL, NULL },
	END,
};
const struct api_field fields_lead_query[] = {
	PAGE,
	{ "q", KIND_TEXT, 0, 200, NULL, NULL },
	{ "source", KIND_WORD, 0, 0, words_lead_sources, NULL },
	END,
};
const struct api_field fields_lead_new[] = {
	{ "phoneNumber", KIND_PHONE, REQ, 20, NULL, NULL },
	{ "name", KIND_TEXT, NUL, 200, NULL, NULL },
	{ "tags", KIND_TEXTS, 0, 0, NULL, NULL },
	END,
};
const struct api_field fields_lead_change[] = {
	{ "name", KIND_TEXT, NUL, 200, NULL, NULL },
	{ "tags", KIND_TEXTS, 0, 0, NULL, NULL },
	END,
};
const struct api_field fields_alerts[] = {
	{ "clientSlug", KIND_SLUG, 0, 64, NULL, NULL },
	END,
};
const struct api_field fields_event_stream[] = {
	{ "clientSlug", KIND_SLUG, 0, 64, NULL, NULL },
	{ "lastEventId", KIND_DIGITS, 0, 19, NULL, NULL },
	END,
};
const struct api_field fields_event_query[] = {
	PAGE,
	{ "status", KIND_WORD, 0, 0, words_event_states, NULL },
	{ "field", KIND_WORD, 0, 0, words_event_fields, NULL },
	{ "from", KIND_TIME, 0, 0, NULL, NULL },
	{ "to", KIND_TIME, 0, 0, NULL, NULL },
	END,
};
const struct api_field fields_event_filter[] = {
	{ "status", KIND_WORD, 0, 0, words_event_states, NULL },
	{ "field", KIND_WORD, 0, 0, words_event_fields, NULL },
	{ "from", KIND_TIME, 0, 0, NULL, NULL },
	{ "to", KIND_TIME, 0, 0, NULL, NULL },
	{ "dryRun", KIND_BOOL, 0, 0, NULL, NULL },
	END,
};

const struct api_field fields_import_new[] = {
	{ "full", KIND_BOOL, 0, 0, NULL, NULL },
	{ "episodes", KIND_BOOL, 0, 0, NULL, NULL },
	END,
};
const struct api_field fields_job_query[] = {
	PAGE,
	{ "kind", KIND_WORD, 0, 0, words_job_kinds, NULL },
	{ "status", KIND_WORD, 0, 0, words_job_states, NULL },
	{ "clientSlug", KIND_SLUG, 0, 64, NULL, NULL },
	END,
};

#define FIGURES                                                                                    \
	{ "from", KIND_DATE, 0, 0, NULL, NULL }, { "to", KIND_DATE, 0, 0, NULL, NULL },            \
		{ "agent", KIND_TEXT, 0, 320, NULL, NULL },                                        \
		{ "tag", KIND_TEXT, 0, 200, NULL, NULL },                                          \
	{                                                                                          \
		"format", KIND_WORD, 0, 0, words_formats, NULL                                     \
	}
const struct api_field fields_kpi_response[] = {
	FIGURES,
	{ "granularity", KIND_WORD, 0, 0, words_granularities, NULL },
	END,
};
const struct api_field fields_kpi_duration[] = { FIGURES, END };
const struct api_field fields_kpi_slowest[] = {
	FIGURES,
	{ "limit", KIND_INT, 0, 50, NULL, NULL },
	END,
};

const struct api_field fields_script_new[] = {
	{ "scriptKey", KIND_KEY, REQ, SCRIPT_MAX_KEY, NULL, NULL },
	{ "name", KIND_TEXT, REQ, SCRIPT_MAX_NAME, NULL, NULL },
	{ "scriptText", KIND_TEXT, REQ, SCRIPT_MAX_TEXT, NULL, NULL },
	{ "version", KIND_INT, 0, SCRIPT_MAX_VERSION, NULL, NULL },
	{ "description", KIND_TEXT, NUL, SCRIPT_MAX_DESCRIPTION, NULL, NULL },
	{ "topics", KIND_JSON, NUL, 0, NULL, &schema_value_topics },
	{ "isActive", KIND_BOOL, 0, 0, NULL, NULL },
	END,
};
const struct api_field fields_script_query[] = {
	PAGE,
	{ "scriptKey", KIND_KEY, 0, SCRIPT_MAX_KEY, NULL, NULL },
	{ "activeOnly", KIND_BOOL, 0, 0, NULL, NULL },
	END,
};
const struct api_field fields_analysis_ask[] = {
	{ "scriptKey", KIND_KEY, REQ, SCRIPT_MAX_KEY, NULL, NULL },
	{ "scriptVersion", KIND_INT, 0, SCRIPT_MAX_VERSION, NULL, NULL },
	{ "analysisVersionTag", KIND_KEY, 0, ANALYSIS_MAX_TAG, NULL, NULL },
	{ "minMessages", KIND_INT, 0, INT32_MAX, NULL, NULL },
	{ "tagFilter", KIND_JSON, 0, 0, NULL, &schema_value_tag_filter },
	{ "limit", KIND_INT, FIELD_CLAMP, ANALYSIS_RUN_LIMIT, NULL, NULL },
	{ "forceReprocess", KIND_BOOL, 0, 0, NULL, NULL },
	{ "dryRun", KIND_BOOL, 0, 0, NULL, NULL },
	{ "retryFailed", KIND_BOOL, 0, 0, NULL, NULL },
	{ "messageOrder", KIND_WORD, 0, 0, words_orders, NULL },
	{ "maxCostUsd", KIND_JSON, 0, 0, NULL, &schema_value_max_cost },
	END,
};
const struct api_field fields_script_choice[] = {
	{ "version", KIND_INT, REQ, SCRIPT_MAX_VERSION, NULL, NULL },
	{ "deactivateOthers", KIND_BOOL, 0, 0, NULL, NULL },
	END,
};
#define COMBO                                                                                      \
	{ "scriptKey", KIND_KEY, 0, SCRIPT_MAX_KEY, NULL, NULL },                                  \
		{ "scriptVersion", KIND_INT, 0, SCRIPT_MAX_VERSION, NULL, NULL },                  \
	{                                                                                          \
		"analysisVersionTag", KIND_KEY, 0, 64, NULL, NULL                                  \
	}
#define WINDOW                                                                                     \
	{ "startDate", KIND_DATE, 0, 0, NULL, NULL }, { "endDate", KIND_DATE, 0, 0, NULL, NULL },  \
	{                                                                                          \
		"fromDays", KIND_INT, 0, 365, NULL, NULL                                           \
	}
const struct api_field fields_analysis_window[] = { COMBO, WINDOW, END };
const struct api_field fields_analysis_ranking[] = {
	COMBO,
	WINDOW,
	{ "limit", KIND_INT, FIELD_CLAMP, 200, NULL, NULL },
	END,
};
const struct api_field fields_analysis_failures[] = {
	COMBO,
	{ "limit", KIND_INT, FIELD_CLAMP, 200, NULL, NULL },
	END,
};
const struct api_field fields_analysis_one[] = {
	COMBO,
	{ "sessionId", KIND_UUID, REQ, 0, NULL, NULL },
	END,
};

const struct api_field fields_verification[] = {
	{ "hub.mode", KIND_TEXT, REQ, 16, NULL, NULL },
	{ "hub.verify_token", KIND_TEXT, REQ, 1024, NULL, NULL },
	{ "hub.challenge", KIND_TEXT, REQ, 1024, NULL, NULL },
	END,
};
