/*
 * Why: the one visible table of who may call what, with which parameters and members, and what
 * comes back. Everything that is checked before a handler runs is read from here, and everything
 * that is said about a route.
 *
 * What always holds: what is not named in a row is refused; a row names every status it answers
 * with, but for those that routes have in common (api_route_refuses).
 */
#include "api/fields.h"

#define REPLIES(...)                                                                               \
	(const struct api_reply[])                                                                 \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			.status = 0                                                                \
		}                                                                                  \
	}
#define BARE(status, schema, when)                                                                 \
	{                                                                                          \
		status, REPLY_DOCUMENT, NULL, &schema_##schema, when, 0                            \
	}
#define UNDER(status, member, schema, when)                                                        \
	{                                                                                          \
		status, REPLY_UNDER, member, &schema_##schema, when, 0                             \
	}
#define PAGE_OF(schema)                                                                            \
	{                                                                                          \
		200, REPLY_PAGE, NULL, &schema_##schema, NULL, 0                                   \
	}
#define OTHER(status, type, when)                                                                  \
	{                                                                                          \
		status, REPLY_OTHER, type, NULL, when, 0                                           \
	}
#define EMPTY(status)                                                                              \
	{                                                                                          \
		status, REPLY_EMPTY, NULL, NULL, NULL, 0                                           \
	}
#define FAILS(status, when)                                                                        \
	{                                                                                          \
		status, REPLY_EMPTY, NULL, NULL, when, 0                                           \
	}
/* with `Location` */
#define AT(status, form, member, schema, when)                                                     \
	{                                                                                          \
		status, form, member, &schema_##schema, when, REPLY_LOCATION                       \
	}
/* with `Set-Cookie` */
#define COOKIE(status, form, schema, flags)                                                        \
	{                                                                                          \
		status, form, NULL, schema, NULL, flags                                            \
	}

#define HELPDESK    "it is the client's helpdesk"
#define NO_HELPDESK "the client is not active, or has no `apiBaseUrl` or `apiKey`"
#define NO_SCRIPT   "there is no such client, script or version"

/* clang-format off */
const struct api_route api_routes[] = {
	/* method, pattern, role, client found by, query, body, ETag, handler,
	 * section that begins here, operationId, what it does, what it answers */
	{ "GET", "/health", ROLE_NONE, SCOPE_NONE, NULL, NULL, false, operation_health,
	  "The service", "health", "Is the process alive? Touches nothing.",
	  REPLIES(BARE(200, health, NULL)) },
	{ "GET", "/api/health", ROLE_NONE, SCOPE_NONE, NULL, NULL, false, operation_health,
	  NULL, "apiHealth", "The same.",
	  REPLIES(BARE(200, health, NULL)) },
	{ "GET", "/ready", ROLE_NONE, SCOPE_NONE, NULL, NULL, false, operation_ready,
	  NULL, "ready", "Can it do its work? Looks at the database at most once a second.",
	  REPLIES(BARE(200, ready, NULL), BARE(503, ready, "not ready, and why")) },
	{ "GET", "/metrics", ROLE_VIEWER, SCOPE_ALL, NULL, NULL, false, operation_metrics,
	  NULL, "metrics", "Counters for Prometheus.",
	  REPLIES(OTHER(200, "text/plain", "in the text format of Prometheus")) },
	{ "POST", "/api/login", ROLE_NONE, SCOPE_NONE, NULL, fields_login_new, false, login_post,
	  NULL, "login", "Logs a browser in with a token, the operator's or one of `rcd_…`: sets the cookie `recado` for 14 days, and beside it `recado_in`, which tells scripts of the page that there is a session and opens nothing. Calls by cookie that change something must come from the page itself (`Origin`).",
	  REPLIES(COOKIE(200, REPLY_DOCUMENT, &schema_me, REPLY_COOKIE), FAILS(401, "the token is wrong"), FAILS(403, "it was not sent by the page"), FAILS(429, "there were too many")) },
	{ "POST", "/api/logout", ROLE_VIEWER, SCOPE_NONE, NULL, NULL, false, logout_post,
	  NULL, "logout", "Makes the cookie worthless, and takes it back, as well as `recado_in`.",
	  REPLIES(COOKIE(204, REPLY_EMPTY, NULL, REPLY_COOKIE)) },
	{ "POST", "/api/login-links", ROLE_OPERATOR, SCOPE_NONE, NULL, NULL, false, login_links_create,
	  NULL, "loginLinksCreate", "A link that logs a browser in as the operator, once, within ten minutes.",
	  REPLIES(BARE(201, login_link, NULL)) },
	{ "GET", "/login/:secret", ROLE_NONE, SCOPE_NONE, NULL, NULL, false, login_link_use,
	  NULL, "loginLinkUse", "Such a link: sets the cookies and leads to the page.",
	  REPLIES(COOKIE(303, REPLY_EMPTY, NULL, REPLY_COOKIE | REPLY_LOCATION)) },
	{ "GET", "/api/me", ROLE_VIEWER, SCOPE_NONE, NULL, NULL, false, operation_me,
	  NULL, "me", "Who the caller is.",
	  REPLIES(BARE(200, me, NULL)) },
	{ "GET", "/api/settings", ROLE_OPERATOR, SCOPE_NONE, NULL, NULL, false, operation_settings,
	  NULL, "settings", "The settings in force; of secrets only whether they are set.",
	  REPLIES(BARE(200, settings, NULL)) },
	{ "GET", "/api/health/details", ROLE_OPERATOR, SCOPE_NONE, NULL, NULL, false, operation_health_details,
	  NULL, "healthDetails", "What is wrong, and how to mend it.",
	  REPLIES(BARE(200, health_details, NULL)) },

	{ "GET", "/api/openapi.json", ROLE_VIEWER, SCOPE_NONE, NULL, NULL, true, openapi_get,
	  NULL, "openapi", "This, for programs: an OpenAPI 3.1 document of every route. `recado help --openapi` prints the same.",
	  REPLIES(OTHER(200, "application/json", NULL)) },

	{ "GET", "/api/clients", ROLE_VIEWER, SCOPE_NONE, fields_page, NULL, false, clients_list,
	  "Clients and tokens", "clientsList", "The clients the caller may see, by slug.",
	  REPLIES(PAGE_OF(client)) },
	{ "POST", "/api/clients", ROLE_ADMIN, SCOPE_ALL, NULL, fields_client_new, false, clients_create,
	  NULL, "clientsCreate", "Adds a client.",
	  REPLIES(UNDER(201, "client", client, NULL), FAILS(409, "the slug is taken")) },
	{ "POST", "/api/clients/ensure", ROLE_ADMIN, SCOPE_ALL, NULL, fields_client_new, false, clients_ensure,
	  NULL, "clientsEnsure", "Adds a client, or answers the one that has the slug, as it is.",
	  REPLIES(UNDER(201, "client", client, "it is new"), UNDER(200, "client", client, "it was there")) },
	{ "GET", "/api/clients/:slug", ROLE_VIEWER, SCOPE_SLUG, NULL, NULL, true, clients_get,
	  NULL, "clientsGet", "One client.",
	  REPLIES(UNDER(200, "client", client, NULL)) },
	{ "PATCH", "/api/clients/:slug", ROLE_ADMIN, SCOPE_SLUG, NULL, fields_client_change, false, clients_patch,
	  NULL, "clientsChange", "Changes what the body names.",
	  REPLIES(UNDER(200, "client", client, NULL)) },
	{ "GET", "/api/tokens", ROLE_ADMIN, SCOPE_NONE, fields_page, NULL, false, tokens_list,
	  NULL, "tokensList", "The valid tokens, without their secrets.",
	  REPLIES(PAGE_OF(token)) },
	{ "POST", "/api/tokens", ROLE_ADMIN, SCOPE_NONE, NULL, fields_token_new, false, tokens_create,
	  NULL, "tokensCreate", "Makes a token. Who is bound to a client makes them for that client only.",
	  REPLIES(BARE(201, token_made, NULL), FAILS(404, "there is no client of `clientSlug`")) },
	{ "DELETE", "/api/tokens/:id", ROLE_ADMIN, SCOPE_TOKEN, NULL, NULL, false, tokens_delete,
	  NULL, "tokensRevoke", "Makes a token worthless.",
	  REPLIES(EMPTY(204)) },

	{ "GET", "/api/clients/:slug/connections", ROLE_VIEWER, SCOPE_SLUG, fields_page, NULL, false, connections_list,
	  "Connections", "connectionsList", "The connections of a client.",
	  REPLIES(PAGE_OF(connection)) },
	{ "POST", "/api/clients/:slug/connections", ROLE_ADMIN, SCOPE_SLUG, NULL, fields_connection_new, false, connections_create,
	  NULL, "connectionsCreate", "Registers a number. If the operator does it, entries that were parked for it are applied.",
	  REPLIES(UNDER(201, "connection", connection, NULL), FAILS(409, "the number has a connection, or its WABA belongs to another client")) },
	{ "GET", "/api/connections/:id", ROLE_VIEWER, SCOPE_CONNECTION, NULL, NULL, true, connections_get,
	  NULL, "connectionsGet", "One connection.",
	  REPLIES(UNDER(200, "connection", connection, NULL)) },
	{ "PATCH", "/api/connections/:id", ROLE_ADMIN, SCOPE_CONNECTION, NULL, fields_connection_change, false, connections_patch,
	  NULL, "connectionsChange", "Changes what the body names.",
	  REPLIES(UNDER(200, "connection", connection, NULL), FAILS(409, HELPDESK)) },
	{ "DELETE", "/api/connections/:id", ROLE_ADMIN, SCOPE_CONNECTION, NULL, NULL, false, connections_delete,
	  NULL, "connectionsDelete", "Disconnects and hides it; its data stays.",
	  REPLIES(EMPTY(204), FAILS(409, HELPDESK)) },
	{ "POST", "/api/connections/:id/webhook-secret", ROLE_ADMIN, SCOPE_CONNECTION, NULL, NULL, false, connections_new_secret,
	  NULL, "connectionsNewSecret", "Gives it a webhook URL of its own, and makes the one before worthless.",
	  REPLIES(BARE(201, connection_secret, NULL), FAILS(409, HELPDESK)) },
	{ "POST", "/api/connections/:id/release", ROLE_OPERATOR, SCOPE_CONNECTION, NULL, NULL, false, connections_release,
	  NULL, "connectionsRelease", "Applies what was parked for a number that a client's admin registered.",
	  REPLIES(BARE(200, released, NULL), FAILS(409, HELPDESK)) },
	{ "GET", "/api/connections/:id/history-sync", ROLE_VIEWER, SCOPE_CONNECTION, NULL, NULL, true, history_sync_get,
	  NULL, "historySyncGet", "How far the history is, what came and what is missing.",
	  REPLIES(BARE(200, history_sync, NULL)) },

	{ "POST", "/api/connections/:id/history-sync/request", ROLE_ADMIN, SCOPE_CONNECTION, NULL, NULL, false, history_sync_request,
	  NULL, "historySyncRequest", "Asks Meta for contacts and history, again or for the first time; it sends what it has not sent, within 24 hours of connecting.",
	  REPLIES(BARE(200, onboarded, "it has ended, well or not"), BARE(202, onboarded, "it goes on"), FAILS(409, "there is nothing to ask for, or no access token")) },
	{ "GET", "/api/onboarding", ROLE_ADMIN, SCOPE_NONE, NULL, NULL, false, onboarding_settings,
	  NULL, "onboardingSettings", "What the page needs to open Embedded Signup, or which settings are missing.",
	  REPLIES(BARE(200, onboarding_settings, NULL)) },
	{ "POST", "/api/clients/:slug/connections/onboard", ROLE_ADMIN, SCOPE_SLUG, NULL, fields_onboard, false, connections_onboard,
	  NULL, "connectionsOnboard", "Finishes Embedded Signup: exchanges the code, finds the number, has its webhooks sent here, asks for contacts and history. The same `code` again goes on with the same onboarding, also after it failed.",
	  REPLIES(BARE(200, onboarded, "it has ended, well or not"), BARE(202, onboarded, "it goes on")) },
	{ "GET", "/api/clients/:slug/onboardings/:id", ROLE_ADMIN, SCOPE_SLUG, NULL, NULL, false, onboardings_get,
	  NULL, "onboardingsGet", "How far an onboarding is.",
	  REPLIES(BARE(200, onboarded, NULL)) },

	{ "GET", "/api/clients/:slug/tickets", ROLE_VIEWER, SCOPE_SLUG, fields_ticket_query, NULL, false, tickets_list,
	  "Tickets", "ticketsList", "The tickets of a client, newest first.",
	  REPLIES(PAGE_OF(ticket)) },
	{ "GET", "/api/tickets/:id", ROLE_VIEWER, SCOPE_TICKET, fields_ticket_one, NULL, true, tickets_get,
	  NULL, "ticketsGet", "One ticket with the messages of its conversation (of a helpdesk ticket: its own), oldest first: 200, or `limit` of them. `cursor` is `messagesNextCursor` of the page before. `include` says `retired` to see retired sessions too.",
	  REPLIES(UNDER(200, "ticket", ticket_detail, NULL), FAILS(409, "several clients have the id")) },
	{ "GET", "/api/tickets/:clientSlug/:id", ROLE_VIEWER, SCOPE_TICKET, fields_ticket_one, NULL, true, tickets_get,
	  NULL, "ticketsGetOfClient", "The same, of the client that is named.",
	  REPLIES(UNDER(200, "ticket", ticket_detail, NULL)) },
	{ "PATCH", "/api/tickets/:id", ROLE_AGENT, SCOPE_TICKET, NULL, fields_ticket_change, false, tickets_patch,
	  NULL, "ticketsChange", "Closes, reopens or moves a ticket.",
	  REPLIES(UNDER(200, "ticket", ticket_detail, NULL), FAILS(409, "another ticket of the conversation is open, the ticket is the helpdesk's, or several clients have the id")) },

	{ "GET", "/api/clients/:slug/conversations", ROLE_VIEWER, SCOPE_SLUG, fields_conversation_query, NULL, false, conversations_list,
	  "Conversations", "conversationsList", "The inbox: newest activity first. `q` looks in names and numbers.",
	  REPLIES(PAGE_OF(conversation)) },
	{ "GET", "/api/conversations/:id", ROLE_VIEWER, SCOPE_CONVERSATION, NULL, NULL, true, conversations_get,
	  NULL, "conversationsGet", "One conversation, with the number of its tickets.",
	  REPLIES(UNDER(200, "conversation", conversation_detail, NULL)) },
	{ "GET", "/api/conversations/:id/tickets", ROLE_VIEWER, SCOPE_CONVERSATION, fields_page, NULL, false, tickets_of_conversation,
	  NULL, "conversationTicketsList", "The tickets of a conversation, newest first.",
	  REPLIES(PAGE_OF(ticket)) },
	{ "POST", "/api/conversations/:id/tickets", ROLE_AGENT, SCOPE_CONVERSATION, NULL, fields_ticket_new, false, tickets_open,
	  NULL, "conversationTicketsOpen", "Opens a ticket by hand.",
	  REPLIES(UNDER(201, "ticket", ticket_detail, NULL), FAILS(409, "one is open")) },
	{ "GET", "/api/conversations/:id/messages", ROLE_VIEWER, SCOPE_CONVERSATION, fields_message_query, NULL, false, messages_list,
	  NULL, "messagesList", "The newest messages, or those beside the message that `before`, `after` or `around` names (one of the three); oldest first inside the page.",
	  REPLIES(BARE(200, message_page, NULL)) },
	{ "GET", "/api/media/:id", ROLE_VIEWER, SCOPE_MEDIA, NULL, NULL, true, media_get,
	  NULL, "mediaGet", "The file of a message, once its `media` is `ready`; a part of it with `Range` (one). Its `ETag` is its digest, and it never changes. Pictures (JPEG, PNG, WebP, GIF), audio and video come as what they are; everything else is a file to be saved, and what a browser could run has no type.",
	  REPLIES(OTHER(200, "*/*", "the file"), OTHER(206, "*/*", "the part that `Range` names"), FAILS(404, "also where it is not ready (`media_pending`, `media_unavailable`), where its file is gone (`media_missing`) and where the message was revoked"), FAILS(416, "`Range` begins behind its end; `Content-Range` says how long it is")) },
	{ "POST", "/api/conversations/:id/messages", ROLE_AGENT, SCOPE_CONVERSATION, NULL, fields_message_new, false, messages_send,
	  NULL, "messagesSend", "Sends a text to the customer. It is queued at once and leaves at the pace that Meta allows; what becomes of it is told by `status` and `unknownOutcome`. `replyTo` quotes a message of the conversation; `force` sends although Meta's window is closed. The same `Idempotency-Key` with the same request again answers with the message that it made.",
	  REPLIES(UNDER(202, "message", message, NULL), FAILS(409, "Meta's window is closed (`outside_service_window`), the number cannot send, or the `Idempotency-Key` was used for another request")) },
	{ "GET", "/api/conversations/:id/sessions", ROLE_VIEWER, SCOPE_CONVERSATION, fields_page, NULL, false, sessions_of_conversation,
	  NULL, "sessionsList", "The sessions of a conversation, the newest first, by their start.",
	  REPLIES(PAGE_OF(session)) },
	{ "GET", "/api/sessions/:id", ROLE_VIEWER, SCOPE_SESSION, NULL, NULL, true, sessions_get,
	  NULL, "sessionsGet", "One session. One that another took over answers 308; one that retired without is shown with `retiredAt`.",
	  REPLIES(UNDER(200, "session", session, NULL)) },
	{ "POST", "/api/conversations/:id/read", ROLE_AGENT, SCOPE_CONVERSATION, NULL, NULL, false, conversations_read,
	  NULL, "conversationsRead", "Sets the unread count to 0 here; nothing is told to Meta.",
	  REPLIES(UNDER(200, "conversation", conversation_detail, NULL)) },

	{ "GET", "/api/clients/:slug/leads", ROLE_VIEWER, SCOPE_SLUG, fields_lead_query, NULL, false, leads_list,
	  "Leads", "leadsList", "The people of a client. `q` looks in names and numbers.",
	  REPLIES(PAGE_OF(lead)) },
	{ "POST", "/api/clients/:slug/leads", ROLE_AGENT, SCOPE_SLUG, NULL, fields_lead_new, false, leads_create,
	  NULL, "leadsCreate", "Adds a person by hand.",
	  REPLIES(UNDER(201, "lead", lead, NULL), FAILS(409, "there is one with the number")) },
	{ "GET", "/api/leads/:id", ROLE_VIEWER, SCOPE_LEAD, NULL, NULL, true, leads_get,
	  NULL, "leadsGet", "One person.",
	  REPLIES(UNDER(200, "lead", lead, NULL)) },
	{ "PATCH", "/api/leads/:id", ROLE_AGENT, SCOPE_LEAD, NULL, fields_lead_change, false, leads_patch,
	  NULL, "leadsChange", "Names or tags a person; `tags` are all tags from then on.",
	  REPLIES(UNDER(200, "lead", lead, NULL)) },

	{ "POST", "/api/jobs/import", ROLE_ADMIN, SCOPE_NONE, NULL, fields_import_new, false, job_import_all,
	  "Jobs and the helpdesk import", "importAll", "Imports the helpdesks of all active clients that have one. `full` walks every list to its end; `episodes` also cuts waiting stretches into episodes.",
	  REPLIES(AT(202, REPLY_DOCUMENT, NULL, jobs_started, "`Location` is the list of jobs, unless it is one")) },
	{ "POST", "/api/jobs/import/:slug", ROLE_ADMIN, SCOPE_SLUG, NULL, fields_import_new, false, job_import,
	  NULL, "importStart", "Imports one client's helpdesk.",
	  REPLIES(AT(202, REPLY_DOCUMENT, NULL, job_started, "a new job, or the one under way"), FAILS(409, NO_HELPDESK)) },
	{ "POST", "/api/jobs/sync-contacts", ROLE_ADMIN, SCOPE_NONE, NULL, NULL, false, job_sync_contacts_all,
	  NULL, "syncContactsAll", "Reads the contacts and tags of all active clients' helpdesks.",
	  REPLIES(AT(202, REPLY_DOCUMENT, NULL, jobs_started, NULL)) },
	{ "POST", "/api/jobs/sync-contacts/:slug", ROLE_ADMIN, SCOPE_SLUG, NULL, NULL, false, job_sync_contacts,
	  NULL, "syncContactsStart", "Reads the contacts and tags of one client's helpdesk.",
	  REPLIES(AT(202, REPLY_DOCUMENT, NULL, job_started, "a new job, or the one under way"), FAILS(409, NO_HELPDESK)) },
	{ "GET", "/api/jobs", ROLE_VIEWER, SCOPE_NONE, fields_job_query, NULL, false, job_list,
	  NULL, "jobsList", "The jobs the caller may see, newest first.",
	  REPLIES(PAGE_OF(job)) },
	{ "GET", "/api/jobs/:id", ROLE_VIEWER, SCOPE_JOB, NULL, NULL, true, job_get,
	  NULL, "jobsGet", "One job.",
	  REPLIES(UNDER(200, "job", job, NULL)) },
	{ "POST", "/api/jobs/:id/cancel", ROLE_ADMIN, SCOPE_JOB, NULL, NULL, false, job_cancel,
	  NULL, "jobsCancel", "Asks for its end: at once if nobody works on it, else at the next safe point. What was imported stays.",
	  REPLIES(UNDER(202, "job", job, NULL), FAILS(409, "it has ended")) },
	{ "GET", "/api/clients/:slug/import-state", ROLE_VIEWER, SCOPE_SLUG, NULL, NULL, false, imports_state,
	  NULL, "importState", "Whether the helpdesk is imported, and up to when: tickets changed since `cursor` are read by the next run.",
	  REPLIES(BARE(200, import_state, NULL)) },
	{ "GET", "/api/clients/:slug/import-failures", ROLE_VIEWER, SCOPE_SLUG, fields_page, NULL, false, imports_failures,
	  NULL, "importFailuresList", "Tickets that could not be imported; every run tries them again.",
	  REPLIES(PAGE_OF(import_failure)) },
	{ "POST", "/api/clients/:slug/import-failures/:id/retry", ROLE_ADMIN, SCOPE_SLUG, NULL, NULL, false, imports_retry,
	  NULL, "importFailuresRetry", "Tries now: an import is started, or the one under way answered.",
	  REPLIES(AT(202, REPLY_UNDER, "job", job, NULL), FAILS(409, NO_HELPDESK)) },

	{ "GET", "/api/clients/:slug/kpis/first-response", ROLE_VIEWER, SCOPE_SLUG, fields_kpi_response, NULL, false, kpis_first_response,
	  "Figures", "kpisFirstResponse", "How long people waited for the first answer of a person, in sessions that started from `from` to `to` (the last 30 days; at most 366), by the day or month of `TIMEZONE` they started on, or in all. Of one agent (name or e-mail) or one tag, whatever the case.",
	  REPLIES(BARE(200, first_responses, NULL), OTHER(200, "text/csv", "the same, with `format=csv`")) },
	{ "GET", "/api/clients/:slug/kpis/session-duration", ROLE_VIEWER, SCOPE_SLUG, fields_kpi_duration, NULL, false, kpis_session_duration,
	  NULL, "kpisSessionDuration", "How long closed sessions took, by tag; one of several tags counts in each, one without in `Sem tag`.",
	  REPLIES(BARE(200, durations, NULL), OTHER(200, "text/csv", "the same, with `format=csv`")) },
	{ "GET", "/api/clients/:slug/kpis/slowest-sessions", ROLE_VIEWER, SCOPE_SLUG, fields_kpi_slowest, NULL, false, kpis_slowest_sessions,
	  NULL, "kpisSlowestSessions", "The closed sessions that took longest: 10, or `limit`.",
	  REPLIES(BARE(200, slowest_sessions, NULL), OTHER(200, "text/csv", "the same, with `format=csv`")) },

	{ "POST", "/api/admin/:slug/analysis-scripts", ROLE_ADMIN, SCOPE_SLUG, NULL, fields_script_new, false, scripts_create,
	  "Analysis", "scriptsCreate", "Adds a version of a rubric: without `version` the next one. `topics` is `[{key, label, weight}]`, keys unlike each other, `weight` 0 or more and 1 without it; the report answers each of them once. A version is never changed: make another.",
	  REPLIES(BARE(201, script, NULL), FAILS(409, "there is that version")) },
	{ "GET", "/api/admin/:slug/analysis-scripts", ROLE_ADMIN, SCOPE_SLUG, fields_script_query, NULL, false, scripts_list,
	  NULL, "scriptsList", "The rubrics of a client by key, of each the newest version first.",
	  REPLIES(PAGE_OF(script)) },
	{ "POST", "/api/admin/:slug/analysis-scripts/:scriptKey/activate", ROLE_ADMIN, SCOPE_SLUG, NULL, fields_script_choice, false, scripts_activate,
	  NULL, "scriptsActivate", "Puts a version into use, and the others of its key out of it unless `deactivateOthers` is false. The highest active version is what a run takes.",
	  REPLIES(BARE(200, script_chosen, NULL), FAILS(404, "there is no such client or version")) },
	{ "POST", "/api/admin/:slug/session-analyses/run", ROLE_ADMIN, SCOPE_SLUG, NULL, fields_analysis_ask, false, analysis_run,
	  NULL, "analysisRun", "Puts the sessions that may be analysed into the queue and works on it, the newest first, until `limit` (200, at most 500), the end of the queue or `maxCostUsd`. Sessions have been closed for a day, have `minMessages` (20) messages and are of people without a tag, which is what `tagFilter` `{\"mode\":\"none\"}` says; what is done is left unless `forceReprocess`, what failed for good unless `retryFailed`. Waits up to `ANALYSIS_SYNC_SECONDS`, not at all with `Prefer: respond-async`; a connection that is cut changes nothing. With `dryRun` it only says what there is and what it would cost.",
	  REPLIES(BARE(200, analysis_run, "it has ended"), BARE(200, analysis_plan, "with `dryRun`"), AT(202, REPLY_UNDER, "job", job, "it goes on"),
	          FAILS(400, "also `not_implemented`: another `tagFilter`"), FAILS(404, "there is no such client or script"), FAILS(503, "also without `OPENAI_API_KEY`")) },
	{ "GET", "/api/tenant/:slug/session-analyses/summary", ROLE_VIEWER, SCOPE_SLUG, fields_analysis_window, NULL, false, analyses_summary,
	  NULL, "analysesSummary", "Figures of the analyses that were processed in a window: from `startDate` to `endDate`, whole days where they are days, or the last `fromDays` (30). Of the script named, its highest active version or the one named; without a name of the active script that was changed last.",
	  REPLIES(BARE(200, analysis_summary, NULL), FAILS(404, NO_SCRIPT)) },
	{ "GET", "/api/tenant/:slug/session-analyses/ranking", ROLE_VIEWER, SCOPE_SLUG, fields_analysis_ranking, NULL, false, analyses_ranking,
	  NULL, "analysesRanking", "The sessions of such a window, the worst first: 10, or `limit`.",
	  REPLIES(BARE(200, analysis_ranking, NULL), FAILS(404, NO_SCRIPT)) },
	{ "GET", "/api/tenant/:slug/session-analyses/failures", ROLE_VIEWER, SCOPE_SLUG, fields_analysis_failures, NULL, false, analyses_failures,
	  NULL, "analysesFailures", "The sessions whose analysis failed, the latest first: 10, or `limit`. Each with the reason, and when it is tried again.",
	  REPLIES(BARE(200, analysis_failures, NULL), FAILS(404, NO_SCRIPT)) },
	{ "GET", "/api/tenant/:slug/session-analyses/details", ROLE_VIEWER, SCOPE_SLUG, fields_analysis_one, NULL, false, analyses_details,
	  NULL, "analysesDetails", "One session with its analysis.",
	  REPLIES(BARE(200, analysis_details, NULL), FAILS(404, "there is no such client, script, version or session")) },

	{ "GET", "/api/events", ROLE_VIEWER, SCOPE_NONE, fields_event_stream, NULL, false, events_stream,
	  "Events", "eventsStream", "What changes at a client, as Server-Sent Events until the caller leaves. `clientSlug` may be left out by a token of one client. An event says what changed, not how it is now: `conversation.changed`, `connection.changed` (history too: once for each batch of it, and nothing else), `lead.changed`, `job.changed`, `webhook_events.changed` (at every client once for each number that something is parked for), `import.changed`, `analysis.changed`, `script.changed`, `client.changed`, `alert.changed` (of the installation at every client), `media.changed` (of a conversation: a file of it came, will never come, or waits for another reason; or what is said in an audio was written down). Ids grow by one and are the same in every stream of the client; they are kept for `EVENT_RETENTION_HOURS`. With the header `Last-Event-ID`, or `lastEventId` in the query, it goes on behind that event. The first frame is `ready`, whose id is where it goes on, or `reset` where the events behind the one named are not kept any more: ask for everything anew. Then `id`, `event` and `data: {subjectKind, subjectId, at}`; `subjectId` is null where the kind has none, and where an import changed many conversations at once. A comment every 15 seconds. A client that takes nothing for `REQUEST_TIMEOUT_SECONDS` is cut off; the streams of a revoked token or an ended login end.",
	  REPLIES(OTHER(200, "text/event-stream", "The stream"), FAILS(404, "there is no client of `clientSlug`"), FAILS(503, "also where `MAX_STREAMS` are open")) },

	{ "GET", "/api/alerts", ROLE_VIEWER, SCOPE_NONE, fields_alerts, NULL, false, alerts_list,
	  "Alerts", "alertsList", "What fires now at the clients the caller may see, or at the one named, the oldest first, 500 at most; of the installation to the operator only. `history_late`: no history within `HISTORY_ALERT_MINUTES` of asking. `token_refused`: Meta does not take the connection's access token. `disconnected`: Meta disconnected or restricted the number. `journal_stuck`: webhooks wait longer than 60 seconds, or are not accepted. `import_failing`: the last three imports of the client failed, or with `IMPORT_INTERVAL_MINUTES` none has ended well for four intervals and an hour.",
	  REPLIES(BARE(200, alerts, NULL), FAILS(404, "there is no client of `clientSlug`")) },

	{ "GET", "/api/webhook-events", ROLE_OPERATOR, SCOPE_NONE, fields_event_query, NULL, false, events_list_all,
	  "The journal and the audit log", "webhookEventsListAll", "The journal of all clients, newest first; what nobody is known for too.",
	  REPLIES(PAGE_OF(webhook_event)) },
	{ "POST", "/api/webhook-events/replay", ROLE_OPERATOR, SCOPE_NONE, NULL, fields_event_filter, false, events_replay_all,
	  NULL, "webhookEventsReplayAll", "Applies again what passes the filters; `{}` is everything. With `dryRun` it only counts.",
	  REPLIES(BARE(202, replay, NULL), BARE(200, replay_count, "with `dryRun`")) },
	{ "GET", "/api/webhook-events/:id", ROLE_VIEWER, SCOPE_ENTRY, NULL, NULL, true, events_get,
	  NULL, "webhookEventsGet", "One entry with its body; a client sees its own part of it.",
	  REPLIES(UNDER(200, "webhookEvent", webhook_event_detail, NULL)) },
	{ "POST", "/api/webhook-events/:id/replay", ROLE_ADMIN, SCOPE_ENTRY, NULL, NULL, false, events_replay_one,
	  NULL, "webhookEventsReplayOne", "Applies one entry again.",
	  REPLIES(BARE(202, replay, NULL)) },
	{ "GET", "/api/clients/:slug/webhook-events", ROLE_VIEWER, SCOPE_SLUG, fields_event_query, NULL, false, events_list,
	  NULL, "webhookEventsList", "The journal of one client, newest first.",
	  REPLIES(PAGE_OF(webhook_event)) },
	{ "POST", "/api/clients/:slug/webhook-events/replay", ROLE_ADMIN, SCOPE_SLUG, NULL, fields_event_filter, false, events_replay,
	  NULL, "webhookEventsReplay", "Applies again what passes the filters; parked parts only for the operator. With `dryRun` it only counts.",
	  REPLIES(BARE(202, replay, NULL), BARE(200, replay_count, "with `dryRun`")) },
	{ "GET", "/api/clients/:slug/audit-log", ROLE_ADMIN, SCOPE_SLUG, fields_page, NULL, false, audit_list,
	  NULL, "auditLogList", "Who did what, newest first.",
	  REPLIES(PAGE_OF(audit_row)) },
};

/* Of the door, by work/door.h: no handler, and no caller needs to be known. */
const struct api_field api_any_body[] = { { .name = NULL } };
const struct api_route api_door_routes[] = {
	{ "GET", "/webhooks/whatsapp", ROLE_NONE, SCOPE_NONE, fields_verification, NULL, false, NULL,
	  "Webhooks", "webhookVerify", "Meta's verification: `hub.verify_token` is META_VERIFY_TOKEN.",
	  REPLIES(OTHER(200, "text/plain", "`hub.challenge`"), FAILS(403, "what is not right")) },
	{ "POST", "/webhooks/whatsapp", ROLE_NONE, SCOPE_NONE, NULL, api_any_body, false, NULL,
	  NULL, "webhookReceive", "A delivery of Meta's. `X-Hub-Signature-256` is `sha256=` and the HMAC of the raw body with META_APP_SECRET. What the body says is looked at later: see the journal.",
	  REPLIES(BARE(200, health, "it is durable"), FAILS(401, "the signature is wrong"), FAILS(503, "it could not be stored, or META_APP_SECRET or META_VERIFY_TOKEN is not set")) },
	{ "POST", "/webhooks/whatsapp/:secret", ROLE_NONE, SCOPE_NONE, NULL, api_any_body, false, NULL,
	  NULL, "webhookReceiveOwn", "A delivery for one connection: the secret of its URL stands for the signature.",
	  REPLIES(BARE(200, health, "it is durable"), FAILS(404, "no connection has this secret"), FAILS(503, "it could not be stored")) },
};
/* clang-format on */
const size_t api_route_count = sizeof(api_routes) / sizeof(api_routes[0]);
const size_t api_door_route_count = sizeof(api_door_routes) / sizeof(api_door_routes[0]);

const struct api_route *
api_route_at(size_t i)
{
	if (i < api_route_count)
		return &api_routes[i];
	i -= api_route_count;
	return i < api_door_route_count ? &api_door_routes[i] : NULL;
}

const char *
api_route_header(const struct api_route *r)
{
	return r->handle == messages_send ? "Idempotency-Key" : NULL;
}

bool
api_route_refuses(const struct api_route *r, int status)
{
	switch (status) {
	case 308:
		return r->scope == SCOPE_CONVERSATION || r->scope == SCOPE_LEAD ||
		       r->scope == SCOPE_TICKET || r->scope == SCOPE_SESSION;
	case 401:
	case 429:
		return r->role != ROLE_NONE;
	case 403:
		/* by cookie, what changes something comes from the page or is refused */
		return r->role > ROLE_VIEWER || r->scope == SCOPE_ALL ||
		       (r->role != ROLE_NONE && strcmp(r->method, "GET") != 0);
	case 404:
		return r->scope > SCOPE_ALL;
	default:
		return status == 400 || status == 413 || status == 500 || status == 503;
	}
}

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
