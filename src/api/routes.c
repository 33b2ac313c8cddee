/*
 * Why: the one visible table of who may call what, with which parameters and members. Everything
 * that is checked before a handler runs is read from here.
 *
 * What always holds: what is not named in a row is refused.
 */
#include "api/call.h"

#define END                                                                                        \
	{                                                                                          \
		.name = NULL                                                                       \
	}
#define REQ FIELD_REQUIRED
#define NUL FIELD_NULL
#define PAGE                                                                                       \
	{ "limit", KIND_LIMIT, 0, 0, NULL },                                                       \
	{                                                                                          \
		"cursor", KIND_CURSOR, 0, 0, NULL                                                  \
	}

static const char *const roles[] = { "viewer", "agent", "admin", NULL };
static const char *const kinds[] = { "whatsapp", NULL };
static const char *const modes[] = { "coexistence", "cloud_api", NULL };
static const char *const filters[] = { "all", "open", "unread", "history", NULL };
static const char *const by_hand[] = { "manual", "api", NULL };
static const char *const states[] = { "open", "pending", "closed", NULL };
static const char *const ticket_sources[] = { "incoming_message", "api", "manual",
	                                      "helpdesk_import", NULL };
static const char *const origins[] = { "new_contact", "history_lead", "existing", "helpdesk",
	                               NULL };
static const char *const lead_sources[] = { "direct_creation", "live_message",    "history_sync",
	                                    "state_sync",      "helpdesk_import", NULL };
static const char *const event_states[] = { "received", "applied",  "applied_with_problems",
	                                    "parked",   "retrying", "failed",
	                                    "ignored",  NULL };
static const char *const event_fields[] = {
	"messages", "history", "smb_message_echoes", "smb_app_state_sync", "account_update",
	"other",    NULL
};

static const struct api_field page[] = { PAGE, END };

static const struct api_field client_new[] = {
	{ "slug", KIND_SLUG, REQ, 64, NULL },        { "name", KIND_TEXT, REQ, 200, NULL },
	{ "apiBaseUrl", KIND_URL, NUL, 1024, NULL }, { "apiKey", KIND_TEXT, NUL, 1024, NULL },
	{ "isActive", KIND_BOOL, 0, 0, NULL },       END,
};
static const struct api_field client_change[] = {
	{ "name", KIND_TEXT, 0, 200, NULL },
	{ "apiBaseUrl", KIND_URL, NUL, 1024, NULL },
	{ "apiKey", KIND_TEXT, NUL, 1024, NULL },
	{ "isActive", KIND_BOOL, 0, 0, NULL },
	END,
};
static const struct api_field token_new[] = {
	{ "name", KIND_TEXT, REQ, 200, NULL },
	{ "role", KIND_WORD, REQ, 0, roles },
	{ "clientSlug", KIND_SLUG, NUL, 64, NULL },
	END,
};
static const struct api_field connection_new[] = {
	{ "kind", KIND_WORD, 0, 0, kinds },
	{ "mode", KIND_WORD, REQ, 0, modes },
	{ "phoneNumberId", KIND_DIGITS, REQ, 32, NULL },
	{ "wabaId", KIND_DIGITS, REQ, 32, NULL },
	{ "displayPhoneNumber", KIND_PHONE, REQ, 20, NULL },
	{ "accessToken", KIND_TEXT, NUL, 4096, NULL },
	{ "historySync", KIND_BOOL, 0, 0, NULL },
	END,
};
static const struct api_field connection_change[] = {
	{ "displayPhoneNumber", KIND_PHONE, 0, 20, NULL },
	{ "verifiedName", KIND_TEXT, NUL, 200, NULL },
	{ "accessToken", KIND_TEXT, NUL, 4096, NULL },
	END,
};
static const struct api_field ticket_query[] = {
	PAGE,
	{ "status", KIND_TEXT, 0, 64, NULL },
	{ "source", KIND_WORD, 0, 0, ticket_sources },
	{ "originatedFrom", KIND_WORD, 0, 0, origins },
	END,
};
static const struct api_field ticket_new[] = {
	{ "source", KIND_WORD, REQ, 0, by_hand },
	{ "stage", KIND_TEXT, 0, 64, NULL },
	END,
};
static const struct api_field ticket_change[] = {
	{ "status", KIND_WORD, 0, 0, states },
	{ "stage", KIND_TEXT, 0, 64, NULL },
	END,
};
static const struct api_field conversation_query[] = {
	PAGE,
	{ "q", KIND_TEXT, 0, 200, NULL },
	{ "filter", KIND_WORD, 0, 0, filters },
	{ "connectionId", KIND_UUID, 0, 0, NULL },
	END,
};
static const struct api_field message_query[] = {
	{ "limit", KIND_LIMIT, 0, 0, NULL },
	{ "before", KIND_UUID, 0, 0, NULL },
	{ "after", KIND_UUID, 0, 0, NULL },
	{ "around", KIND_UUID, 0, 0, NULL },
	END,
};
static const struct api_field lead_query[] = {
	PAGE,
	{ "q", KIND_TEXT, 0, 200, NULL },
	{ "source", KIND_WORD, 0, 0, lead_sources },
	END,
};
static const struct api_field lead_new[] = {
	{ "phoneNumber", KIND_PHONE, REQ, 20, NULL },
	{ "name", KIND_TEXT, NUL, 200, NULL },
	{ "tags", KIND_TEXTS, 0, 0, NULL },
	END,
};
static const struct api_field lead_change[] = {
	{ "name", KIND_TEXT, NUL, 200, NULL },
	{ "tags", KIND_TEXTS, 0, 0, NULL },
	END,
};
static const struct api_field event_query[] = {
	PAGE,
	{ "status", KIND_WORD, 0, 0, event_states },
	{ "field", KIND_WORD, 0, 0, event_fields },
	{ "from", KIND_TIME, 0, 0, NULL },
	{ "to", KIND_TIME, 0, 0, NULL },
	END,
};
static const struct api_field event_filter[] = {
	{ "status", KIND_WORD, 0, 0, event_states },
	{ "field", KIND_WORD, 0, 0, event_fields },
	{ "from", KIND_TIME, 0, 0, NULL },
	{ "to", KIND_TIME, 0, 0, NULL },
	END,
};

/* clang-format off */
const struct api_route api_routes[] = {
	/* method, pattern, role, client found by, query, body, ETag, handler */
	{ "GET", "/health", ROLE_NONE, SCOPE_NONE, NULL, NULL, false, operation_health },
	{ "GET", "/api/health", ROLE_NONE, SCOPE_NONE, NULL, NULL, false, operation_health },
	{ "GET", "/ready", ROLE_NONE, SCOPE_NONE, NULL, NULL, false, operation_ready },
	{ "GET", "/metrics", ROLE_VIEWER, SCOPE_ALL, NULL, NULL, false, operation_metrics },
	{ "GET", "/api/me", ROLE_VIEWER, SCOPE_NONE, NULL, NULL, false, operation_me },
	{ "GET", "/api/settings", ROLE_OPERATOR, SCOPE_NONE, NULL, NULL, false, operation_settings },
	{ "GET", "/api/health/details", ROLE_OPERATOR, SCOPE_NONE, NULL, NULL, false, operation_health_details },

	{ "GET", "/api/clients", ROLE_VIEWER, SCOPE_NONE, page, NULL, false, clients_list },
	{ "POST", "/api/clients", ROLE_ADMIN, SCOPE_ALL, NULL, client_new, false, clients_create },
	{ "POST", "/api/clients/ensure", ROLE_ADMIN, SCOPE_ALL, NULL, client_new, false, clients_ensure },
	{ "GET", "/api/clients/:slug", ROLE_VIEWER, SCOPE_SLUG, NULL, NULL, true, clients_get },
	{ "PATCH", "/api/clients/:slug", ROLE_ADMIN, SCOPE_SLUG, NULL, client_change, false, clients_patch },
	{ "GET", "/api/tokens", ROLE_ADMIN, SCOPE_NONE, page, NULL, false, tokens_list },
	{ "POST", "/api/tokens", ROLE_ADMIN, SCOPE_NONE, NULL, token_new, false, tokens_create },
	{ "DELETE", "/api/tokens/:id", ROLE_ADMIN, SCOPE_TOKEN, NULL, NULL, false, tokens_delete },

	{ "GET", "/api/clients/:slug/connections", ROLE_VIEWER, SCOPE_SLUG, page, NULL, false, connections_list },
	{ "POST", "/api/clients/:slug/connections", ROLE_ADMIN, SCOPE_SLUG, NULL, connection_new, false, connections_create },
	{ "GET", "/api/connections/:id", ROLE_VIEWER, SCOPE_CONNECTION, NULL, NULL, true, connections_get },
	{ "PATCH", "/api/connections/:id", ROLE_ADMIN, SCOPE_CONNECTION, NULL, connection_change, false, connections_patch },
	{ "DELETE", "/api/connections/:id", ROLE_ADMIN, SCOPE_CONNECTION, NULL, NULL, false, connections_delete },
	{ "POST", "/api/connections/:id/webhook-secret", ROLE_ADMIN, SCOPE_CONNECTION, NULL, NULL, false, connections_new_secret },
	{ "POST", "/api/connections/:id/release", ROLE_OPERATOR, SCOPE_CONNECTION, NULL, NULL, false, connections_release },
	{ "GET", "/api/connections/:id/history-sync", ROLE_VIEWER, SCOPE_CONNECTION, NULL, NULL, true, history_sync_get },

	{ "GET", "/api/clients/:slug/tickets", ROLE_VIEWER, SCOPE_SLUG, ticket_query, NULL, false, tickets_list },
	{ "GET", "/api/tickets/:id", ROLE_VIEWER, SCOPE_TICKET, page, NULL, true, tickets_get },
	{ "GET", "/api/tickets/:clientSlug/:id", ROLE_VIEWER, SCOPE_TICKET, page, NULL, true, tickets_get },
	{ "PATCH", "/api/tickets/:id", ROLE_AGENT, SCOPE_TICKET, NULL, ticket_change, false, tickets_patch },

	{ "GET", "/api/clients/:slug/conversations", ROLE_VIEWER, SCOPE_SLUG, conversation_query, NULL, false, conversations_list },
	{ "GET", "/api/conversations/:id", ROLE_VIEWER, SCOPE_CONVERSATION, NULL, NULL, true, conversations_get },
	{ "GET", "/api/conversations/:id/tickets", ROLE_VIEWER, SCOPE_CONVERSATION, page, NULL, false, tickets_of_conversation },
	{ "POST", "/api/conversations/:id/tickets", ROLE_AGENT, SCOPE_CONVERSATION, NULL, ticket_new, false, tickets_open },
	{ "GET", "/api/conversations/:id/messages", ROLE_VIEWER, SCOPE_CONVERSATION, message_query, NULL, false, messages_list },
	{ "POST", "/api/conversations/:id/read", ROLE_AGENT, SCOPE_CONVERSATION, NULL, NULL, false, conversations_read },

	{ "GET", "/api/clients/:slug/leads", ROLE_VIEWER, SCOPE_SLUG, lead_query, NULL, false, leads_list },
	{ "POST", "/api/clients/:slug/leads", ROLE_AGENT, SCOPE_SLUG, NULL, lead_new, false, leads_create },
	{ "GET", "/api/leads/:id", ROLE_VIEWER, SCOPE_LEAD, NULL, NULL, true, leads_get },
	{ "PATCH", "/api/leads/:id", ROLE_AGENT, SCOPE_LEAD, NULL, lead_change, false, leads_patch },

	{ "GET", "/api/webhook-events", ROLE_OPERATOR, SCOPE_NONE, event_query, NULL, false, events_list_all },
	{ "POST", "/api/webhook-events/replay", ROLE_OPERATOR, SCOPE_NONE, NULL, event_filter, false, events_replay_all },
	{ "GET", "/api/webhook-events/:id", ROLE_VIEWER, SCOPE_ENTRY, NULL, NULL, true, events_get },
	{ "POST", "/api/webhook-events/:id/replay", ROLE_ADMIN, SCOPE_ENTRY, NULL, NULL, false, events_replay_one },
	{ "GET", "/api/clients/:slug/webhook-events", ROLE_VIEWER, SCOPE_SLUG, event_query, NULL, false, events_list },
	{ "POST", "/api/clients/:slug/webhook-events/replay", ROLE_ADMIN, SCOPE_SLUG, NULL, event_filter, false, events_replay },
	{ "GET", "/api/clients/:slug/audit-log", ROLE_ADMIN, SCOPE_SLUG, page, NULL, false, audit_list },
};
/* clang-format on */
const size_t api_route_count = sizeof(api_routes) / sizeof(api_routes[0]);

const char *
api_route_method(size_t i)
{
	return i < api_route_count ? api_routes[i].method : NULL;
}

const char *
api_route_pattern(size_t i)
{
	return i < api_route_count ? api_routes[i].pattern : NULL;
}
