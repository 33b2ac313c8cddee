/*
 * Why: a word that a caller may send or is shown is written once, for the check of what comes in,
 * for what goes out and for the documents that promise both.
 *
 * What always holds: a list ends with NULL; its order is the order it is shown in.
 */
#include "api/words.h"

const char *const words_roles[] = { "viewer", "agent", "admin", NULL };
const char *const words_callers[] = { "viewer", "agent", "admin", "operator", NULL };
const char *const words_kinds[] = { "whatsapp", NULL };
const char *const words_all_kinds[] = { "whatsapp", "helpdesk", NULL };
const char *const words_send_types[] = { "text", NULL };
const char *const words_modes[] = { "coexistence", "cloud_api", NULL };
const char *const words_connections[] = { "pending",    "connected",    "paused",
	                                  "restricted", "disconnected", NULL };
const char *const words_sync[] = { "not_supported",   "not_requested", "pending_consent",
	                           "pending_history", "syncing",       "completed",
	                           "declined",        "failed",        NULL };
const char *const words_history_reasons[] = { "no_history", "declined", "chunks_failed", NULL };
const char *const words_onboarding_steps[] = { "token",   "number", "subscribe", "contacts",
	                                       "history", "done",   NULL };
const char *const words_onboarding_states[] = { "running", "done", "failed", NULL };
const char *const words_filters[] = { "all", "open", "unread", "history", NULL };
const char *const words_by_hand[] = { "manual", "api", NULL };
const char *const words_states[] = { "open", "pending", "closed", NULL };
const char *const words_ticket_sources[] = { "incoming_message", "api", "manual", "helpdesk_import",
	                                     NULL };
const char *const words_includes[] = { "retired", NULL };
const char *const words_origins[] = { "new_contact", "history_lead", "existing", "helpdesk", NULL };
const char *const words_lead_sources[] = { "direct_creation", "live_message",    "history_sync",
	                                   "state_sync",      "helpdesk_import", NULL };
const char *const words_message_sources[] = {
	"live", "history", "app_echo", "api", "helpdesk", NULL
};
const char *const words_directions[] = { "INBOUND", "OUTBOUND", NULL };
const char *const words_message_states[] = { "pending", "sent",   "delivered", "read",
	                                     "played",  "failed", "received",  NULL };
const char *const words_senders[] = { "HUMAN", "SYSTEM", "AI", NULL };
const char *const words_sides[] = { "lead", "business", NULL };
const char *const words_media[] = { "pending", "ready", "unavailable", NULL };
const char *const words_session_sources[] = { "tracking", "episode", NULL };
const char *const words_session_types[] = { "CLOSED", "OPEN_REAL", "OPEN_WEAK", NULL };
const char *const words_session_flags[] = { "not_accepted", "bad_interval", "end_inferred",
	                                    "anchored", NULL };
const char *const words_event_states[] = { "received", "applied",  "applied_with_problems",
	                                   "parked",   "retrying", "failed",
	                                   "ignored",  NULL };
const char *const words_event_fields[] = {
	"messages", "history", "smb_message_echoes", "smb_app_state_sync", "account_update",
	"other",    NULL
};
const char *const words_job_kinds[] = { "import", "sync_contacts", "analysis", "replay",
	                                "export", "erase",         NULL };
const char *const words_job_states[] = { "queued", "running",   "succeeded", "partial",
	                                 "failed", "cancelled", NULL };
const char *const words_granularities[] = { "day", "month", "total", NULL };
const char *const words_formats[] = { "json", "csv", NULL };
const char *const words_orders[] = { "updated", "sent", NULL };
const char *const words_analysis_states[] = { "pending", "processing", "done", "failed", NULL };
const char *const words_findings[] = { "warning", "error", NULL };
const char *const words_tag_modes[] = { "none", NULL };
