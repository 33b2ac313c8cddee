/*
 * What the API answers about connections, people and what they wrote. What always holds: members
 * stand in the order they are written in; what is not known is null.
 */
#include "api/schema_rows.h"
#include "core/graph.h"
#include "core/media.h"
#include "core/transcript.h"

/* clang-format off */
static SCHEMA(schema_history_error, "HistoryError", NULL, NULL,
	INT("code", NUL, "Meta's"),
	WORD("reason", NUL, words_history_reasons, "null: the message is Meta's"),
	TEXT("message", 0, NULL),
	INT("failedChunks", 0, "chunks that could not be applied"));

static SCHEMA(schema_history_counters, "HistoryCounters", NULL, NULL,
	INT("messagesImported", 0, NULL),
	INT("messagesDuplicate", 0, NULL),
	INT("messagesFailed", 0, NULL),
	INT("contactsImported", 0, NULL),
	INT("threads", 0, NULL),
	INT("chunks", 0, NULL),
	INT("durationSeconds", NUL, NULL));

SCHEMA(schema_connection, "Connection", NULL, "An inlet of a client. Of a helpdesk everything that is WhatsApp's is null.",
	UUID("id", 0, NULL),
	TEXT("clientSlug", 0, NULL),
	WORD("kind", 0, words_all_kinds, NULL),
	WORD("mode", NUL, words_modes, NULL),
	WORD("status", 0, words_connections, NULL),
	TEXT("phoneNumberId", NUL, "Meta's id of the number"),
	TEXT("wabaId", NUL, "Meta's id of the business account"),
	TEXT("displayPhoneNumber", NUL, NULL),
	TEXT("verifiedName", NUL, NULL),
	BOOL("hasAccessToken", NUL, "the token itself is never shown"),
	BOOL("historySyncRequested", NUL, NULL),
	WORD("historySyncStatus", NUL, words_sync, NULL),
	TIME("historySyncStartedAt", NUL, NULL),
	TIME("historySyncCompletedAt", NUL, NULL),
	INT("historySyncProgress", NUL, "percent, as Meta tells it"),
	TEXT("historySyncPhase", NUL, "as Meta names it"),
	INT("historySyncChunkOrder", NUL, NULL),
	OBJECT("historySyncError", NUL, &schema_history_error, NULL),
	OBJECT("historyCounters", NUL, &schema_history_counters, NULL),
	INT("historyLeadsWithNewMessage", NUL, "people with history who have written since"),
	TEXT("statusReason", NUL, NULL),
	TIME("lastWebhookAt", NUL, NULL),
	TIME("createdAt", 0, NULL));

static SCHEMA(schema_onboarding_error, "OnboardingError", NULL, NULL,
	INT("code", NUL, "Meta's"),
	WORD("reason", 0, graph_reasons, NULL),
	TEXT("message", NUL, "what Meta says"));

static SCHEMA(schema_onboarding, "Onboarding", NULL, "A number on its way to being connected.",
	UUID("id", 0, NULL),
	WORD("step", 0, words_onboarding_steps, "the one that is under way, or that failed"),
	WORD("status", 0, words_onboarding_states, NULL),
	OBJECT("error", NUL, &schema_onboarding_error, "why it failed, what it waits for, or what the number is connected without"));

SCHEMA(schema_onboarded, "Onboarded", NULL, NULL,
	OBJECT("connection", NUL, &schema_connection, "once there is one"),
	OBJECT("onboarding", 0, &schema_onboarding, NULL));

SCHEMA(schema_onboarding_settings, "OnboardingSettings", NULL, NULL,
	BOOL("ready", 0, NULL),
	TEXT("missing", LIST, "names of settings"),
	TEXT("appId", NUL, NULL),
	TEXT("configId", NUL, NULL),
	TEXT("graphVersion", NUL, NULL));

SCHEMA(schema_connection_secret, "ConnectionSecret", NULL, "Shown this once.",
	TEXT("connectionSecret", 0, NULL),
	TEXT("url", 0, "what Meta or a provider is given"));

SCHEMA(schema_released, "Released", NULL, NULL,
	INT("released", 0, "how many parts"));

static SCHEMA(schema_history_run, "HistoryRun", NULL, NULL,
	UUID("id", 0, NULL),
	UUID("connectionId", 0, NULL),
	WORD("status", 0, words_sync, NULL),
	TEXT("phase", NUL, NULL),
	INT("chunkOrder", NUL, NULL),
	INT("progress", NUL, NULL),
	TIME("requestedAt", NUL, NULL),
	TIME("firstPayloadAt", NUL, NULL),
	TIME("lastPayloadAt", NUL, NULL),
	TIME("completedAt", NUL, NULL),
	INT("errorCode", NUL, "Meta's"),
	WORD("errorReason", NUL, words_history_reasons, "null: the message is Meta's"),
	TEXT("errorMessage", NUL, NULL),
	OBJECT("counters", 0, &schema_history_counters, NULL));

static SCHEMA(schema_history_chunk, "HistoryChunk", NULL, NULL,
	TEXT("phase", 0, NULL),
	INT("chunkOrder", 0, NULL),
	INT("progress", NUL, NULL),
	INT("messages", 0, NULL),
	TIME("receivedAt", 0, NULL),
	INT("problems", 0, "elements that could not be used"));

static SCHEMA(schema_history_gap, "HistoryGap", NULL, "Chunks between two that came which did not.",
	TEXT("phase", 0, NULL),
	INT("from", 0, NULL),
	INT("to", 0, NULL));

static SCHEMA(schema_history_line, "HistoryLine", NULL, NULL,
	TIME("at", 0, NULL),
	TEXT("code", 0, "stable, such as `history_sync.completed`"),
	TEXT("text", 0, "for people"));

SCHEMA(schema_history_sync, "HistorySync", NULL, NULL,
	OBJECT("run", NUL, &schema_history_run, NULL),
	OBJECT("chunks", LIST, &schema_history_chunk, NULL),
	OBJECT("gaps", LIST, &schema_history_gap, NULL),
	OBJECT("log", LIST, &schema_history_line, NULL));

static SCHEMA(schema_tag, "Tag", NULL, NULL,
	UUID("id", 0, NULL),
	TEXT("name", 0, NULL),
	TEXT("color", NUL, NULL));

SCHEMA(schema_lead, "Lead", NULL, "A person who writes to the business.",
	UUID("id", 0, NULL),
	TEXT("phoneNumber", NUL, "`+` and `waId`"),
	TEXT("waId", NUL, NULL),
	TEXT("username", NUL, NULL),
	TEXT("pushName", NUL, "set by hand, else of the address book, the profile or the username"),
	WORD("source", 0, words_lead_sources, NULL),
	BOOL("hasHistory", 0, NULL),
	BOOL("isActive", 0, NULL),
	TIME("deletedAt", NUL, "from the address book"),
	TIME("lastSyncedAt", NUL, NULL),
	TIME("createdAt", 0, NULL),
	TIME("lastMessageAt", NUL, NULL),
	OBJECT("tags", LIST, &schema_tag, NULL));

static SCHEMA(schema_last_message, "LastMessage", NULL, NULL,
	TEXT("body", NUL, NULL),
	TEXT("type", 0, NULL),
	WORD("direction", 0, words_directions, NULL),
	WORD("source", 0, words_message_sources, NULL),
	TIME("timestamp", 0, NULL));

SCHEMA(schema_conversation, "Conversation", NULL, "One person on one connection.",
	UUID("id", 0, NULL),
	OBJECT("lead", 0, &schema_lead, NULL),
	UUID("connectionId", 0, NULL),
	OBJECT("lastMessage", NUL, &schema_last_message, NULL),
	TIME("lastMessageAt", NUL, NULL),
	INT("unreadCount", 0, NULL),
	BOOL("hasHistory", 0, NULL),
	UUID("openTicketId", NUL, NULL));

SCHEMA(schema_conversation_detail, "ConversationDetail", &schema_conversation, NULL,
	INT("tickets", 0, "how many it has"));

SCHEMA(schema_session, "Session", NULL, "A stretch of a conversation.",
	UUID("id", 0, NULL),
	UUID("conversationId", NUL, NULL),
	UUID("ticketId", NUL, NULL),
	WORD("source", 0, words_session_sources, "`tracking`: the helpdesk's; `episode`: cut by a silence of more than 24 hours"),
	WORD("type", 0, words_session_types, "an episode is closed once nothing came for 24 hours"),
	TIME("startedAt", 0, NULL),
	TIME("endedAt", NUL, NULL),
	TIME("settledAt", NUL, "24 hours after its end"),
	WORD("flags", LIST, words_session_flags, NULL),
	TEXT("externalTrackingIds", LIST, "the helpdesk's"),
	TEXT("assignedUserName", NUL, NULL),
	TEXT("assignedUserEmail", NUL, NULL),
	INT("messageCount", 0, NULL),
	UUID("firstMessageId", NUL, "where it begins in its conversation; null: it has no message"),
	TIME("missingSince", NUL, "its tracking is gone from the helpdesk"),
	TIME("retiredAt", NUL, "it is no session any more"));

static SCHEMA(schema_reply_to, "ReplyTo", NULL, NULL,
	UUID("id", NUL, "null: that message is not here"),
	TEXT("wamid", NUL, NULL));

static SCHEMA(schema_reaction, "Reaction", NULL, NULL,
	WORD("by", 0, words_sides, NULL),
	TEXT("emoji", 0, NULL),
	TIME("timestamp", NUL, NULL));

static SCHEMA(schema_version, "MessageVersion", NULL, "What a message said before it was edited.",
	TEXT("body", NUL, NULL),
	TIME("until", NUL, NULL));

static SCHEMA(schema_message_error, "MessageError", NULL, NULL,
	INT("code", NUL, "Meta's"),
	WORD("kind", NUL, graph_reasons, "what it means, where that is known"),
	TEXT("reason", NUL, "as Meta says it"));

static SCHEMA(schema_transcript, "Transcript", NULL, "What is said in an audio, as a model wrote it down.",
	WORD("status", 0, words_media, NULL),
	WORD("reason", NUL, transcript_reasons, "why there is none, or not yet"),
	TEXT("text", NUL, "empty where nobody speaks"));

static SCHEMA(schema_media, "Media", NULL, NULL,
	UUID("id", 0, NULL),
	WORD("status", 0, words_media, NULL),
	TEXT("mimeType", NUL, NULL),
	TEXT("sha256", NUL, "of the file, in hex, once it is there"),
	INT("bytes", NUL, "once it is there"),
	TEXT("filename", NUL, NULL),
	BOOL("voice", 0, "it was recorded as a voice message"),
	WORD("reason", NUL, media_reasons, "why it is unavailable, or what it waits for"),
	OBJECT("transcript", NUL, &schema_transcript, "only of audios, where `TRANSCRIBE` is on"),
	TEXT("url", 0, "where it is had from once it is ready"));

SCHEMA(schema_message, "Message", NULL, NULL,
	UUID("id", 0, NULL),
	WORD("source", 0, words_message_sources, NULL),
	WORD("direction", 0, words_directions, NULL),
	BOOL("fromMe", 0, "it is `OUTBOUND`"),
	TEXT("type", 0, "such as `text` or `image`"),
	TEXT("body", NUL, "null too of one that was revoked"),
	WORD("status", 0, words_message_states, NULL),
	TEXT("historyStatus", NUL, "as the history told it"),
	WORD("senderType", 0, words_senders, NULL),
	TEXT("agentName", NUL, NULL),
	TIME("timestamp", 0, NULL),
	BOOL("badTime", 0, "the time shown is when it came"),
	UUID("sessionId", NUL, "null in no session, and of system messages of WhatsApp"),
	TEXT("wamid", NUL, NULL),
	TEXT("externalMessageId", NUL, "the helpdesk's"),
	UUID("sameAs", NUL, "the same message as WhatsApp told it"),
	TIME("missingSince", NUL, "gone from the helpdesk and kept here"),
	OBJECT("replyTo", NUL, &schema_reply_to, NULL),
	OBJECT("reactions", LIST, &schema_reaction, NULL),
	OBJECT("versions", LIST, &schema_version, "oldest first"),
	TIME("editedAt", NUL, NULL),
	TIME("revokedAt", NUL, NULL),
	TIME("metaConfirmedAt", NUL, NULL),
	OBJECT("error", NUL, &schema_message_error, NULL),
	BOOL("unknownOutcome", 0, "the answer to sending it was lost: a status may still tell"),
	OBJECT("media", NUL, &schema_media, NULL));

static SCHEMA(schema_send_text, "SendText", NULL, NULL,
	TEXT("body", 0, "1 to 4096 characters"),
	BOOL("previewUrl", OPT, "show a preview of the first link"));
const struct api_member schema_value_send_text = OBJECT("text", 0, &schema_send_text, NULL);

SCHEMA(schema_message_page, "MessagePage", NULL, NULL,
	OBJECT("data", LIST, &schema_message, "oldest first"),
	BOOL("hasBefore", 0, NULL),
	BOOL("hasAfter", 0, NULL));

SCHEMA(schema_ticket, "Ticket", NULL, "A request for attention in a conversation.",
	UUID("id", 0, NULL),
	TEXT("externalUuid", NUL, "the helpdesk's"),
	TEXT("clientSlug", 0, NULL),
	UUID("conversationId", NUL, NULL),
	WORD("source", 0, words_ticket_sources, NULL),
	WORD("originatedFrom", 0, words_origins, NULL),
	TEXT("status", 0, "`open`, `pending` or `closed`; of an import the helpdesk's own word"),
	TEXT("stage", 0, NULL),
	TIME("openedAt", 0, NULL),
	TIME("closedAt", NUL, NULL),
	TIME("messageWindowExpiresAt", NUL, NULL),
	TIME("serviceWindowExpiresAt", NUL, "Meta's window of 24 hours"),
	TIME("createdAt", 0, "of an import the helpdesk's"),
	TIME("updatedAt", 0, "of an import the helpdesk's"),
	TIME("importedAt", OPT, "only of an import"),
	OBJECT("lead", 0, &schema_lead, NULL),
	OBJECT("sessions", LIST, &schema_session, "of a WhatsApp ticket those of its conversation that overlap it"));

SCHEMA(schema_ticket_detail, "TicketDetail", &schema_ticket, NULL,
	OBJECT("messages", LIST, &schema_message, "oldest first"),
	TEXT("messagesNextCursor", NUL, NULL));
/* clang-format on */

const struct api_schema *const schemas_inbox[] = { &schema_history_error,
	                                           &schema_history_counters,
	                                           &schema_connection,
	                                           &schema_onboarding_error,
	                                           &schema_onboarding,
	                                           &schema_onboarded,
	                                           &schema_onboarding_settings,
	                                           &schema_connection_secret,
	                                           &schema_released,
	                                           &schema_history_run,
	                                           &schema_history_chunk,
	                                           &schema_history_gap,
	                                           &schema_history_line,
	                                           &schema_history_sync,
	                                           &schema_tag,
	                                           &schema_transcript,
	                                           &schema_send_text,
	                                           &schema_lead,
	                                           &schema_last_message,
	                                           &schema_conversation,
	                                           &schema_conversation_detail,
	                                           &schema_session,
	                                           &schema_reply_to,
	                                           &schema_reaction,
	                                           &schema_version,
	                                           &schema_message_error,
	                                           &schema_media,
	                                           &schema_message,
	                                           &schema_message_page,
	                                           &schema_ticket,
	                                           &schema_ticket_detail,
	                                           NULL };
