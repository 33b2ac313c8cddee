/*
 * Why: the one visible table of who may call what, with which parameters and members. Everything
 * that is checked before a handler runs is read from here.
 *
 * What always holds: what is not named in a row is refused.
 */
#include "api/call.h"
#include "core/script.h"

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
static const char *const includes[] = { "retired", NULL };
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
static const struct api_field event_stream[] = {
	{ "clientSlug", KIND_SLUG, 0, 64, NULL },
	{ "lastEventId", KIND_DIGITS, 0, 19, NULL },
	END,
};

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
static const struct api_field ticket_one[] = {
	PAGE,
	{ "include", KIND_WORD, 0, 0, includes },
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

static const char *const job_kinds[] = { "import", "sync_contacts", "analysis", "replay",
	                                 "export", "erase",         NULL };
static const char *const job_states[] = { "queued", "running",   "succeeded", "partial",
	                                  "failed", "cancelled", NULL };
static const struct api_field import_new[] = {
	{ "full", KIND_BOOL, 0, 0, NULL },
	{ "episodes", KIND_BOOL, 0, 0, NULL },
	END,
};
static const struct api_field job_query[] = {
	PAGE,
	{ "kind", KIND_WORD, 0, 0, job_kinds },
	{ "status", KIND_WORD, 0, 0, job_states },
	{ "clientSlug", KIND_SLUG, 0, 64, NULL },
	END,
};

static const struct api_field script_new[] = {
	{ "scriptKey", KIND_KEY, REQ, SCRIPT_MAX_KEY, NULL },
	{ "name", KIND_TEXT, REQ, SCRIPT_MAX_NAME, NULL },
	{ "scriptText", KIND_TEXT, REQ, SCRIPT_MAX_TEXT, NULL },
	{ "version", KIND_INT, 0, SCRIPT_MAX_VERSION, NULL },
	{ "description", KIND_TEXT, NUL, SCRIPT_MAX_DESCRIPTION, NULL },
	{ "topics", KIND_JSON, NUL, 0, NULL },
	{ "isActive", KIND_BOOL, 0, 0, NULL },
	END,
};
static const struct api_field script_query[] = {
	PAGE,
	{ "scriptKey", KIND_KEY, 0, SCRIPT_MAX_KEY, NULL },
	{ "activeOnly", KIND_BOOL, 0, 0, NULL },
	END,
};
static const char *const orders[] = { "updated", "sent", NULL };
static const struct api_field analysis_ask[] = {
	{ "scriptKey", KIND_KEY, REQ, SCRIPT_MAX_KEY, NULL },
	{ "scriptVersion", KIND_INT, 0, SCRIPT_MAX_VERSION, NULL },
	{ "analysisVersionTag", KIND_KEY, 0, ANALYSIS_MAX_TAG, NULL },
	{ "minMessages", KIND_INT, 0, INT32_MAX, NULL },
	{ "tagFilter", KIND_JSON, 0, 0, NULL },
	{ "limit", KIND_INT, FIELD_CLAMP, ANALYSIS_RUN_LIMIT, NULL },
	{ "forceReprocess", KIND_BOOL, 0, 0, NULL },
	{ "dryRun", KIND_BOOL, 0, 0, NULL },
	{ "retryFailed", KIND_BOOL, 0, 0, NULL },
	{ "messageOrder", KIND_WORD, 0, 0, orders },
	{ "maxCostUsd", KIND_JSON, 0, 0, NULL },
	END,
};
static const struct api_field script_choice[] = {
	{ "version", KIND_INT, REQ, SCRIPT_MAX_VERSION, NULL },
	{ "deactivateOthers", KIND_BOOL, 0, 0, NULL },
	END,
};
#define COMBO                                                                                      \
	{ "scriptKey", KIND_KEY, 0, SCRIPT_MAX_KEY, NULL },                                        \
		{ "scriptVersion", KIND_INT, 0, SCRIPT_MAX_VERSION, NULL },                        \
	{                                                                                          \
		"analysisVersionTag", KIND_KEY, 0, 64, NULL                                        \
	}
#define WINDOW                                                                                     \
	{ "startDate", KIND_DATE, 0, 0, NULL }, { "endDate", KIND_DATE, 0, 0, NULL },              \
	{                                                                                          \
		"fromDays", KIND_INT, 0, 365, NULL                                                 \
	}
static const struct api_field analysis_window[] = { COMBO, WINDOW, END };
static const struct api_field analysis_ranking[] = {
	COMBO,
	WINDOW,
	{ "limit", KIND_INT, FIELD_CLAMP, 200, NULL },
	END,
};
static const struct api_field analysis_one[] = {
	COMBO,
	{ "sessionId", KIND_UUID, REQ, 0, NULL },
	END,
};

/* clang-format off */
const struct api_route api_routes[] = {
	/* method, pattern, role, client found by, query, body, ETag, handler,
	 * section that begins here, what it does, what it answers */
	{ "GET", "/health", ROLE_NONE, SCOPE_NONE, NULL, NULL, false, operation_health,
	  "The service", "Is the process alive? Touches nothing.",
	  "200 `{\"status\":\"ok\"}`" },
	{ "GET", "/api/health", ROLE_NONE, SCOPE_NONE, NULL, NULL, false, operation_health,
	  NULL, "The same.",
	  "200 `{\"status\":\"ok\"}`" },
	{ "GET", "/ready", ROLE_NONE, SCOPE_NONE, NULL, NULL, false, operation_ready,
	  NULL, "Can it do its work? Looks at the database at most once a second.",
	  "200 `{status:\"ready\", reasons:[]}`; 503 `{status:\"unavailable\", reasons:[\"…\"]}`" },
	{ "GET", "/metrics", ROLE_VIEWER, SCOPE_ALL, NULL, NULL, false, operation_metrics,
	  NULL, "Counters for Prometheus.",
	  "200, text" },
	{ "GET", "/api/me", ROLE_VIEWER, SCOPE_NONE, NULL, NULL, false, operation_me,
	  NULL, "Who the caller is.",
	  "200 `{role, clients:[\"slug\"], language}`" },
	{ "GET", "/api/settings", ROLE_OPERATOR, SCOPE_NONE, NULL, NULL, false, operation_settings,
	  NULL, "The settings in force; of secrets only whether they are set.",
	  "200 `{settings:{NAME:\"value\"}}`" },
	{ "GET", "/api/health/details", ROLE_OPERATOR, SCOPE_NONE, NULL, NULL, false, operation_health_details,
	  NULL, "What is wrong, and how to mend it.",
	  "200 `{findings:[{code, severity, text, remedy}]}`" },

	{ "GET", "/api/clients", ROLE_VIEWER, SCOPE_NONE, page, NULL, false, clients_list,
	  "Clients and tokens", "The clients the caller may see, by slug.",
	  "200 page of clients" },
	{ "POST", "/api/clients", ROLE_ADMIN, SCOPE_ALL, NULL, client_new, false, clients_create,
	  NULL, "Adds a client.",
	  "201 `{client}`; 409 if the slug is taken" },
	{ "POST", "/api/clients/ensure", ROLE_ADMIN, SCOPE_ALL, NULL, client_new, false, clients_ensure,
	  NULL, "Adds a client, or answers the one that has the slug, as it is.",
	  "201 or 200 `{client}`" },
	{ "GET", "/api/clients/:slug", ROLE_VIEWER, SCOPE_SLUG, NULL, NULL, true, clients_get,
	  NULL, "One client.",
	  "200 `{client}`" },
	{ "PATCH", "/api/clients/:slug", ROLE_ADMIN, SCOPE_SLUG, NULL, client_change, false, clients_patch,
	  NULL, "Changes what the body names.",
	  "200 `{client}`" },
	{ "GET", "/api/tokens", ROLE_ADMIN, SCOPE_NONE, page, NULL, false, tokens_list,
	  NULL, "The valid tokens, without their secrets.",
	  "200 page of tokens" },
	{ "POST", "/api/tokens", ROLE_ADMIN, SCOPE_NONE, NULL, token_new, false, tokens_create,
	  NULL, "Makes a token. Who is bound to a client makes them for that client only.",
	  "201 `{token, secret}`; the secret is shown this once" },
	{ "DELETE", "/api/tokens/:id", ROLE_ADMIN, SCOPE_TOKEN, NULL, NULL, false, tokens_delete,
	  NULL, "Makes a token worthless.",
	  "204" },

	{ "GET", "/api/clients/:slug/connections", ROLE_VIEWER, SCOPE_SLUG, page, NULL, false, connections_list,
	  "Connections", "The connections of a client.",
	  "200 page of connections" },
	{ "POST", "/api/clients/:slug/connections", ROLE_ADMIN, SCOPE_SLUG, NULL, connection_new, false, connections_create,
	  NULL, "Registers a number. If the operator does it, entries that were parked for it are applied.",
	  "201 `{connection}`; 409 if the number has a connection, or its WABA belongs to another client" },
	{ "GET", "/api/connections/:id", ROLE_VIEWER, SCOPE_CONNECTION, NULL, NULL, true, connections_get,
	  NULL, "One connection.",
	  "200 `{connection}`" },
	{ "PATCH", "/api/connections/:id", ROLE_ADMIN, SCOPE_CONNECTION, NULL, connection_change, false, connections_patch,
	  NULL, "Changes what the body names.",
	  "200 `{connection}`" },
	{ "DELETE", "/api/connections/:id", ROLE_ADMIN, SCOPE_CONNECTION, NULL, NULL, false, connections_delete,
	  NULL, "Disconnects and hides it; its data stays.",
	  "204" },
	{ "POST", "/api/connections/:id/webhook-secret", ROLE_ADMIN, SCOPE_CONNECTION, NULL, NULL, false, connections_new_secret,
	  NULL, "Gives it a webhook URL of its own, and makes the one before worthless.",
	  "201 `{connectionSecret, url}`; shown this once" },
	{ "POST", "/api/connections/:id/release", ROLE_OPERATOR, SCOPE_CONNECTION, NULL, NULL, false, connections_release,
	  NULL, "Applies what was parked for a number that a client's admin registered.",
	  "200 `{released}`: how many parts" },
	{ "GET", "/api/connections/:id/history-sync", ROLE_VIEWER, SCOPE_CONNECTION, NULL, NULL, true, history_sync_get,
	  NULL, "How far the history is, what came and what is missing.",
	  "200 `{run, chunks, gaps, log}`" },

	{ "GET", "/api/clients/:slug/tickets", ROLE_VIEWER, SCOPE_SLUG, ticket_query, NULL, false, tickets_list,
	  "Tickets", "The tickets of a client, newest first.",
	  "200 page of tickets without messages" },
	{ "GET", "/api/tickets/:id", ROLE_VIEWER, SCOPE_TICKET, ticket_one, NULL, true, tickets_get,
	  NULL, "One ticket with the messages of its conversation (of a helpdesk ticket: its own), oldest first: 200, or `limit` of them. `cursor` is `messagesNextCursor` of the page before. `include` says `retired` to see retired sessions too.",
	  "200 `{ticket}`; 409 if several clients have the id" },
	{ "GET", "/api/tickets/:clientSlug/:id", ROLE_VIEWER, SCOPE_TICKET, ticket_one, NULL, true, tickets_get,
	  NULL, "The same, of the client that is named.",
	  "200 `{ticket}`" },
	{ "PATCH", "/api/tickets/:id", ROLE_AGENT, SCOPE_TICKET, NULL, ticket_change, false, tickets_patch,
	  NULL, "Closes, reopens or moves a ticket.",
	  "200 `{ticket}`; 409 if another ticket of the conversation is open, or the ticket is the helpdesk's" },

	{ "GET", "/api/clients/:slug/conversations", ROLE_VIEWER, SCOPE_SLUG, conversation_query, NULL, false, conversations_list,
	  "Conversations", "The inbox: newest activity first. `q` looks in names and numbers.",
	  "200 page of conversations" },
	{ "GET", "/api/conversations/:id", ROLE_VIEWER, SCOPE_CONVERSATION, NULL, NULL, true, conversations_get,
	  NULL, "One conversation, with the number of its tickets.",
	  "200 `{conversation}`" },
	{ "GET", "/api/conversations/:id/tickets", ROLE_VIEWER, SCOPE_CONVERSATION, page, NULL, false, tickets_of_conversation,
	  NULL, "The tickets of a conversation, newest first.",
	  "200 page of tickets without messages" },
	{ "POST", "/api/conversations/:id/tickets", ROLE_AGENT, SCOPE_CONVERSATION, NULL, ticket_new, false, tickets_open,
	  NULL, "Opens a ticket by hand.",
	  "201 `{ticket}`; 409 if one is open" },
	{ "GET", "/api/conversations/:id/messages", ROLE_VIEWER, SCOPE_CONVERSATION, message_query, NULL, false, messages_list,
	  NULL, "The newest messages, or those beside the message that `before`, `after` or `around` names (one of the three); oldest first inside the page.",
	  "200 `{data:[message], hasBefore, hasAfter}`" },
	{ "GET", "/api/conversations/:id/sessions", ROLE_VIEWER, SCOPE_CONVERSATION, page, NULL, false, sessions_of_conversation,
	  NULL, "The sessions of a conversation, the newest first, by their start.",
	  "200 page of sessions" },
	{ "GET", "/api/sessions/:id", ROLE_VIEWER, SCOPE_SESSION, NULL, NULL, true, sessions_get,
	  NULL, "One session. One that another took over answers 308; one that retired without is shown with `retiredAt`.",
	  "200 `{session}`" },
	{ "POST", "/api/conversations/:id/read", ROLE_AGENT, SCOPE_CONVERSATION, NULL, NULL, false, conversations_read,
	  NULL, "Sets the unread count to 0 here; nothing is told to Meta.",
	  "200 `{conversation}`" },

	{ "GET", "/api/clients/:slug/leads", ROLE_VIEWER, SCOPE_SLUG, lead_query, NULL, false, leads_list,
	  "Leads", "The people of a client. `q` looks in names and numbers.",
	  "200 page of leads" },
	{ "POST", "/api/clients/:slug/leads", ROLE_AGENT, SCOPE_SLUG, NULL, lead_new, false, leads_create,
	  NULL, "Adds a person by hand.",
	  "201 `{lead}`; 409 if there is one with the number" },
	{ "GET", "/api/leads/:id", ROLE_VIEWER, SCOPE_LEAD, NULL, NULL, true, leads_get,
	  NULL, "One person.",
	  "200 `{lead}`" },
	{ "PATCH", "/api/leads/:id", ROLE_AGENT, SCOPE_LEAD, NULL, lead_change, false, leads_patch,
	  NULL, "Names or tags a person; `tags` are all tags from then on.",
	  "200 `{lead}`" },

	{ "POST", "/api/jobs/import", ROLE_ADMIN, SCOPE_NONE, NULL, import_new, false, job_import_all,
	  "Jobs and the helpdesk import", "Imports the helpdesks of all active clients that have one. `full` walks every list to its end; `episodes` also cuts waiting stretches into episodes.",
	  "202 `{message, slug:\"all\", jobId, jobIds:[…]}`: one job a client, the one under way where there is one; `jobId` is the first, or null" },
	{ "POST", "/api/jobs/import/:slug", ROLE_ADMIN, SCOPE_SLUG, NULL, import_new, false, job_import,
	  NULL, "Imports one client's helpdesk.",
	  "202 `{message, slug, jobId}` and `Location`: a new job, or the one under way; 409 if the client is not active, or has no `apiBaseUrl` or `apiKey`" },
	{ "POST", "/api/jobs/sync-contacts", ROLE_ADMIN, SCOPE_NONE, NULL, NULL, false, job_sync_contacts_all,
	  NULL, "Reads the contacts and tags of all active clients' helpdesks.",
	  "202 `{message, slug:\"all\", jobId, jobIds:[…]}`" },
	{ "POST", "/api/jobs/sync-contacts/:slug", ROLE_ADMIN, SCOPE_SLUG, NULL, NULL, false, job_sync_contacts,
	  NULL, "Reads the contacts and tags of one client's helpdesk.",
	  "202 `{message, slug, jobId}` and `Location`; 409 as above" },
	{ "GET", "/api/jobs", ROLE_VIEWER, SCOPE_NONE, job_query, NULL, false, job_list,
	  NULL, "The jobs the caller may see, newest first.",
	  "200 page of jobs" },
	{ "GET", "/api/jobs/:id", ROLE_VIEWER, SCOPE_JOB, NULL, NULL, true, job_get,
	  NULL, "One job.",
	  "200 `{job}`" },
	{ "POST", "/api/jobs/:id/cancel", ROLE_ADMIN, SCOPE_JOB, NULL, NULL, false, job_cancel,
	  NULL, "Asks for its end: at once if nobody works on it, else at the next safe point. What was imported stays.",
	  "202 `{job}`; 409 if it has ended" },
	{ "GET", "/api/clients/:slug/import-state", ROLE_VIEWER, SCOPE_SLUG, NULL, NULL, false, imports_state,
	  NULL, "Whether the helpdesk is imported, and up to when: tickets changed since `cursor` are read by the next run.",
	  "200 `{lastImportAt, cursor, lastFullAt, failures, lastRun}`: `lastImportAt` is the end of the last run that ended well, `failures` a count, `lastRun` a job or null" },
	{ "GET", "/api/clients/:slug/import-failures", ROLE_VIEWER, SCOPE_SLUG, page, NULL, false, imports_failures,
	  NULL, "Tickets that could not be imported; every run tries them first.",
	  "200 page of `{id, externalUuid, reason, detail, attempts, firstAt, lastAt}`" },
	{ "POST", "/api/clients/:slug/import-failures/:id/retry", ROLE_ADMIN, SCOPE_SLUG, NULL, NULL, false, imports_retry,
	  NULL, "Tries now: an import is started, or the one under way answered.",
	  "202 `{job}` and `Location`" },

	{ "POST", "/api/admin/:slug/analysis-scripts", ROLE_ADMIN, SCOPE_SLUG, NULL, script_new, false, scripts_create,
	  "Analysis", "Adds a version of a rubric: without `version` the next one. `topics` is `[{key, label, weight}]`, keys unlike each other, `weight` 0 or more and 1 without it; the report answers each of them once. A version is never changed: make another.",
	  "201 the script; 409 if there is that version" },
	{ "GET", "/api/admin/:slug/analysis-scripts", ROLE_ADMIN, SCOPE_SLUG, script_query, NULL, false, scripts_list,
	  NULL, "The rubrics of a client by key, of each the newest version first.",
	  "200 page of scripts" },
	{ "POST", "/api/admin/:slug/analysis-scripts/:scriptKey/activate", ROLE_ADMIN, SCOPE_SLUG, NULL, script_choice, false, scripts_activate,
	  NULL, "Puts a version into use, and the others of its key out of it unless `deactivateOthers` is false. The highest active version is what a run takes.",
	  "200 `{ok, scriptKey, version, deactivateOthers}`; 404 if there is no such version" },
	{ "POST", "/api/admin/:slug/session-analyses/run", ROLE_ADMIN, SCOPE_SLUG, NULL, analysis_ask, false, analysis_run,
	  NULL, "Puts the sessions that may be analysed into the queue and works on it, the newest first, until `limit` (200, at most 500), the end of the queue or `maxCostUsd`. Sessions have been closed for a day, have `minMessages` (20) messages and are of people without a tag, which is what `tagFilter` `{\"mode\":\"none\"}` says; what is done is left unless `forceReprocess`, what failed for good unless `retryFailed`. Waits up to `ANALYSIS_SYNC_SECONDS`, not at all with `Prefer: respond-async`; a connection that is cut changes nothing. With `dryRun` it only says what there is and what it would cost.",
	  "200 `{clientId, scriptKey, scriptVersion, analysisVersionTag, criteria, enqueued, processed, failed, remainingQueue, sample{processedIds, failedIds}, usage{inputTokens, cachedTokens, outputTokens, costUsd}, reason, jobId, status}`, or 202 `{job}` while it goes on; `reason` is null, or why it ended early: budget_spent, model_unavailable, unauthorized, unknown_model, cancelled …; dry 200 `{…, dryRun, eligible, alreadyDone, alreadyQueued, wouldEnqueue, wouldProcessNow, failedPermanent, estimate{sessions, inputTokens, outputTokens, costUsd, sampled}}`; 400 `not_implemented` for another `tagFilter`; 404 for a script that is not there; 503 without `OPENAI_API_KEY`" },
	{ "GET", "/api/tenant/:slug/session-analyses/summary", ROLE_VIEWER, SCOPE_SLUG, analysis_window, NULL, false, analyses_summary,
	  NULL, "Figures of the analyses that were processed in a window: from `startDate` to `endDate`, whole days where they are days, or the last `fromDays` (30). Of the script named, its highest active version or the one named; without a name of the active script that was changed last.",
	  "200 `{clientId, clientSlug, combo, window{from, to, fromDays}, queue{pending, processing, failedRetryable, failedPermanent}, results{done, avgOverallScore, temperature{cold, neutral, warm, hot}, lastProcessedAt, evidenceVerifiedShare, stale}, usage{inputTokens, cachedTokens, outputTokens, costUsd}}`; `combo` is `{scriptKey, scriptVersion, analysisVersionTag}`, or null where no script is active, with zeros in the rest; 404 for a script or version that is not there" },
	{ "GET", "/api/tenant/:slug/session-analyses/ranking", ROLE_VIEWER, SCOPE_SLUG, analysis_ranking, NULL, false, analyses_ranking,
	  NULL, "The sessions of such a window, the worst first: 10, or `limit`.",
	  "200 `{clientId, clientSlug, combo, window, items:[{sessionAnalysisId, sessionId, ticket{id, externalUuid}, session{startedAt, endedAt}, processedAt, overallScore, temperature, summary, assignedUserName, stale}]}`" },
	{ "GET", "/api/tenant/:slug/session-analyses/details", ROLE_VIEWER, SCOPE_SLUG, analysis_one, NULL, false, analyses_details,
	  NULL, "One session with its analysis.",
	  "200 `{clientId, clientSlug, combo, session, analysis}`; `analysis` is null where there is none" },

	{ "GET", "/api/events", ROLE_VIEWER, SCOPE_NONE, event_stream, NULL, false, events_stream,
	  "Events", "What changes at a client, as Server-Sent Events until the caller leaves. `clientSlug` may be left out by a token of one client. An event says what changed, not how it is now: `conversation.changed`, `connection.changed` (history too: once for each batch of it, and nothing else), `lead.changed`, `job.changed`, `webhook_events.changed`, `import.changed`, `analysis.changed`, `script.changed`, `client.changed`. Ids grow by one and are the same in every stream of the client; they are kept for `EVENT_RETENTION_HOURS`. With the header `Last-Event-ID`, or `lastEventId` in the query, it goes on behind that event.",
	  "200 `text/event-stream`. The first frame is `ready`, whose id is where it goes on, or `reset` where the events behind the one named are not kept any more: ask for everything anew. Then `id`, `event` and `data: {subjectKind, subjectId, at}`; `subjectId` is null where the kind has none. A comment every 15 seconds. A client that takes nothing for `REQUEST_TIMEOUT_SECONDS` is cut off; a revoked token's streams end. 503 beyond `MAX_STREAMS`" },

	{ "GET", "/api/webhook-events", ROLE_OPERATOR, SCOPE_NONE, event_query, NULL, false, events_list_all,
	  "The journal and the audit log", "The journal of all clients, newest first; what nobody is known for too.",
	  "200 page of webhook events" },
	{ "POST", "/api/webhook-events/replay", ROLE_OPERATOR, SCOPE_NONE, NULL, event_filter, false, events_replay_all,
	  NULL, "Applies again what passes the filters; `{}` is everything.",
	  "202 `{job, count}`" },
	{ "GET", "/api/webhook-events/:id", ROLE_VIEWER, SCOPE_ENTRY, NULL, NULL, true, events_get,
	  NULL, "One entry with its body; a client sees its own part of it.",
	  "200 `{webhookEvent}`, with `payload`" },
	{ "POST", "/api/webhook-events/:id/replay", ROLE_ADMIN, SCOPE_ENTRY, NULL, NULL, false, events_replay_one,
	  NULL, "Applies one entry again.",
	  "202 `{job, count}`" },
	{ "GET", "/api/clients/:slug/webhook-events", ROLE_VIEWER, SCOPE_SLUG, event_query, NULL, false, events_list,
	  NULL, "The journal of one client, newest first.",
	  "200 page of webhook events" },
	{ "POST", "/api/clients/:slug/webhook-events/replay", ROLE_ADMIN, SCOPE_SLUG, NULL, event_filter, false, events_replay,
	  NULL, "Applies again what passes the filters; parked parts only for the operator.",
	  "202 `{job, count}`" },
	{ "GET", "/api/clients/:slug/audit-log", ROLE_ADMIN, SCOPE_SLUG, page, NULL, false, audit_list,
	  NULL, "Who did what, newest first.",
	  "200 page of `{id, at, actor, action, subjectKind, subjectId, detail}`" },
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
