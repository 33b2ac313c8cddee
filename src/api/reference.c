/*
 * Why: what the API takes and answers is written down once, in the tables that it is run by; the
 * reference is printed from them and cannot promise anything else. What always holds: the order is
 * that of the tables, so that the text changes only where they do.
 */
#include "api/call.h"

/* clang-format off */
static const char head[] =
	"# The HTTP API\n"
	"\n"
	"Made by `recado help --api` from the program's own tables (`make example` writes it).\n"
	"\n"
	"JSON in and out, in UTF-8. Ids are text. Times are ISO 8601 in UTC with milliseconds,\n"
	"`2024-01-10T09:00:00.000Z`; as input any zone will do, and a `+` in a query is `%2B`.\n"
	"What a row does not name, in the query or in the body, is refused with 400.\n"
	"\n"
	"## Who may call\n"
	"\n"
	"The operator sends `x-admin-token: <ADMIN_TOKEN>`; everyone else sends\n"
	"`Authorization: Bearer rcd_…` with a token of a role (`viewer`, `agent`, `admin`), for\n"
	"one client or for all. Each may do what those before it may; below, *who* names the\n"
	"least that is needed. A token of one client finds nothing of another's: 404, not 403.\n"
	"Refusals come in this order: 404 or 405 for the path, 401, 404 for what the path names,\n"
	"403, 400. After five wrong credentials in a minute the address is answered 429 until\n"
	"the minute is over.\n"
	"\n"
	"## Pages\n"
	"\n"
	"A page is `{\"data\":[…], \"nextCursor\":\"…\"}`. `limit` is how many rows, 1 to 200, 50\n"
	"without it. The next page is the same call with `cursor` set to `nextCursor`; null ends\n"
	"it. A cursor belongs to its list and is opaque: it stands for the last row shown, not\n"
	"for a number of rows, so that what comes in meanwhile shifts nothing. Messages of a\n"
	"conversation page by message id instead, and the messages of a ticket by\n"
	"`messagesNextCursor`.\n"
	"\n"
	"## Headers\n"
	"\n"
	"Every answer carries `X-Request-Id`; lines of the log name it. Routes marked *ETag* carry\n"
	"one, and answer 304 to an `If-None-Match` that names it. The id of a lead, conversation or\n"
	"ticket that was joined with another is answered 308 with `Location`. 405 carries `Allow`,\n"
	"429 and 503 may carry `Retry-After`. `HEAD` is answered wherever `GET` is.\n"
	"\n"
	"## Errors\n"
	"\n"
	"Errors are `application/problem+json` (RFC 9457): `type`, `title`, `status`, `error` (the\n"
	"stable code), `requestId`, and where there is more to say `detail` and\n"
	"`errors`: `[{path, message}]`, at most twenty. `invalid_request` is the code of 405 too,\n"
	"`payload_too_large` that of 431.\n"
	"\n"
	"| error | status | title |\n"
	"|---|---|---|\n";

static const char documents[] =
	"## Documents\n"
	"\n"
	"What is not known is null; members are never left out.\n"
	"\n"
	"**client**: `id slug name apiBaseUrl hasApiKey isActive createdAt updatedAt`\n"
	"\n"
	"**token**: `id name role clientSlug createdAt`\n"
	"\n"
	"**connection**: `id clientSlug kind mode status phoneNumberId wabaId displayPhoneNumber\n"
	"verifiedName hasAccessToken historySyncRequested historySyncStatus historySyncStartedAt\n"
	"historySyncCompletedAt historySyncProgress historySyncPhase historySyncChunkOrder\n"
	"historySyncError{code message failedChunks} historyCounters{messagesImported messagesDuplicate\n"
	"messagesFailed contactsImported threads chunks durationSeconds} historyLeadsWithNewMessage\n"
	"statusReason lastWebhookAt createdAt`. `status` is `pending connected paused restricted\n"
	"disconnected`; `historySyncStatus` is `not_supported not_requested pending_consent\n"
	"pending_history syncing completed declined failed`.\n"
	"\n"
	"**history sync**: `run{id connectionId status phase chunkOrder progress requestedAt\n"
	"firstPayloadAt lastPayloadAt completedAt errorCode errorMessage counters}`, `chunks[phase\n"
	"chunkOrder progress messages receivedAt problems]`, `gaps[phase from to]`, `log[at text]`\n"
	"\n"
	"**lead**: `id phoneNumber waId username pushName source hasHistory isActive deletedAt\n"
	"lastSyncedAt createdAt lastMessageAt tags[id name color]`\n"
	"\n"
	"**conversation**: `id lead connectionId lastMessage{body type direction source timestamp}\n"
	"lastMessageAt unreadCount hasHistory openTicketId`; alone also `tickets`, their number\n"
	"\n"
	"**ticket**: `id externalUuid clientSlug conversationId source originatedFrom status stage\n"
	"openedAt closedAt messageWindowExpiresAt serviceWindowExpiresAt createdAt updatedAt lead\n"
	"sessions[session]`; alone also `messages messagesNextCursor`. The sessions of a WhatsApp ticket\n"
	"are those of its conversation that overlap it. `createdAt` and `updatedAt` of a helpdesk ticket\n"
	"are the helpdesk's, with our `importedAt` beside them.\n"
	"\n"
	"**session**: `id conversationId ticketId source type startedAt endedAt settledAt flags\n"
	"externalTrackingIds assignedUserName assignedUserEmail messageCount missingSince retiredAt`.\n"
	"`source` is `tracking` (the helpdesk's) or `episode` (cut by a silence of more than 24 hours);\n"
	"`type` is `CLOSED OPEN_REAL OPEN_WEAK`: an episode is closed once nothing came for 24 hours,\n"
	"which is its `settledAt`, and has neither `endedAt` nor `settledAt` before. `flags` are\n"
	"`not_accepted bad_interval end_inferred anchored`. `missingSince`: its tracking is gone from\n"
	"the helpdesk. `retiredAt`: it is no session any more.\n"
	"\n"
	"**message**: `id source direction fromMe type body status historyStatus senderType agentName\n"
	"timestamp badTime sessionId wamid externalMessageId sameAs missingSince replyTo{id wamid}\n"
	"reactions[by emoji timestamp] versions[body until] editedAt revokedAt metaConfirmedAt\n"
	"error{code reason} unknownOutcome media{id status mimeType sha256 bytes filename voice reason\n"
	"url}`. `source` is `live history app_echo api helpdesk`, `direction` is `INBOUND OUTBOUND`,\n"
	"`status` is `pending sent delivered read played failed received`, `senderType` is `HUMAN SYSTEM\n"
	"AI`. `badTime`: the time shown is when it came.\n"
	"`sessionId` is null in no session, and for system messages of WhatsApp. Of the helpdesk:\n"
	"`externalMessageId`; `sameAs`, the id of the same message as WhatsApp told it; `missingSince`,\n"
	"gone there and kept here.\n"
	"\n"
	"**script**: `id clientId scriptKey version name description scriptText topics[key label weight]\n"
	"isActive createdAt updatedAt`\n"
	"\n"
	"**analysis**: `id status startedAt processedAt retryCount nextRetryAt error model promptHash stale\n"
	"truncated usage{inputTokens cachedTokens outputTokens costUsd attempts interruptedCalls latencyMs}\n"
	"evidenceVerified evidenceUnverified report createdAt updatedAt`. `status` is `pending processing\n"
	"done failed`; a failed one with `nextRetryAt` null is not tried again. `stale`: the session has\n"
	"changed since it was read. `truncated`: it was too long, and its middle was left out.\n"
	"`processedAt`: when the last attempt ended, well or badly.\n"
	"\n"
	"**webhook event**: `id status fields phoneNumberId receivedAt appliedAt attempts nextAttemptAt\n"
	"error problems bytes`; `status` is the worst of its parts\n"
	"\n"
	"**job**: `id kind clientSlug status progress{done total unit} percent etaSeconds counts error\n"
	"createdAt startedAt finishedAt`\n"
	"\n";

static const char door[] =
	"## Webhooks\n"
	"\n"
	"Meta calls these; no token of ours is needed.\n"
	"\n"
	"**`GET /webhooks/whatsapp`**: Meta's verification. `hub.mode=subscribe`, `hub.verify_token`\n"
	"(META_VERIFY_TOKEN) and `hub.challenge`: 200 with the challenge as text; 403 says what is\n"
	"not right.\n"
	"\n"
	"**`POST /webhooks/whatsapp`**: a delivery. `X-Hub-Signature-256` is `sha256=` and the HMAC of\n"
	"the raw body with META_APP_SECRET: 200 `{\"status\":\"ok\"}` once it is durable; 401 for a wrong\n"
	"signature; 413; 503 if it could not be stored, or META_APP_SECRET or META_VERIFY_TOKEN is not\n"
	"set.\n"
	"\n"
	"**`POST /webhooks/whatsapp/:secret`**: the URL of one connection; the secret stands for the\n"
	"signature.\n";
/* clang-format on */

static const char *const who[] = {
	[ROLE_NONE] = "nobody needs to be known",
	[ROLE_VIEWER] = "viewer",
	[ROLE_AGENT] = "agent",
	[ROLE_ADMIN] = "admin",
	[ROLE_OPERATOR] = "operator",
};

static void
write_errors(struct buf *b)
{
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
		const struct err_info *info = err_info((enum err)e);

		buf_fmt(b, "| `%s` | %d | %s |\n", info->code, info->http_status, info->title);
	}
	buf_char(b, '\n');
}

/* What a value must be, in words. */
static void
write_kind(struct buf *b, const struct api_field *f)
{
	static const char *const words[] = {
		[KIND_SLUG] = "1 to 64 of a-z, 0-9 and -",
		[KIND_PHONE] = "a phone number in any spelling",
		[KIND_URL] = "an http or https address",
		[KIND_WORD] = "one of",
		[KIND_BOOL] = "true or false",
		[KIND_TIME] = "a time",
		[KIND_DATE] = "a day such as 2024-01-31, of `TIMEZONE`, or a time",
		[KIND_UUID] = "an id",
		[KIND_LIMIT] = "1 to 200",
		[KIND_CURSOR] = "from the page before",
		[KIND_TEXTS] = "a list of at most 50 texts of 64 characters",
		[KIND_JSON] = "see below",
	};

	if (f->kind == KIND_TEXT)
		buf_fmt(b, "text of at most %zu characters", f->max);
	else if (f->kind == KIND_DIGITS)
		buf_fmt(b, "at most %zu digits", f->max);
	else if (f->kind == KIND_KEY)
		buf_fmt(b, "at most %zu characters on one line", f->max);
	else if (f->kind == KIND_INT)
		buf_fmt(b, "a whole number from 1 to %zu%s", f->max,
		        (f->flags & FIELD_CLAMP) != 0 ? "; a greater one counts as that" : "");
	else
		buf_z(b, words[f->kind]);
	for (size_t i = 0; f->kind == KIND_WORD && f->words[i] != NULL; i++)
		buf_fmt(b, " `%s`", f->words[i]);
}

static void
write_fields(struct buf *b, const char *what, const struct api_field *f)
{
	if (f == NULL)
		return;
	buf_fmt(b, "- %s:\n", what);
	for (; f->name != NULL; f++) {
		buf_fmt(b, "  - `%s`%s: ", f->name,
		        (f->flags & FIELD_REQUIRED) != 0 ? " (required)" : "");
		write_kind(b, f);
		buf_z(b, (f->flags & FIELD_NULL) != 0 ? ", or null\n" : "\n");
	}
}

static void
write_route(struct buf *b, const struct api_route *r)
{
	if (r->section != NULL)
		buf_fmt(b, "## %s\n\n", r->section);
	buf_fmt(b, "### `%s %s`\n\n%s\n\n- who: %s%s\n", r->method, r->pattern, r->does,
	        who[r->role], r->scope == SCOPE_ALL ? ", not bound to one client" : "");
	write_fields(b, "query", r->query);
	write_fields(b, "body", r->body);
	buf_fmt(b, "- answers: %s%s\n\n", r->answer, r->etag ? "; *ETag*" : "");
}

void
api_reference(struct buf *b)
{
	buf_z(b, head);
	write_errors(b);
	for (size_t i = 0; i < api_route_count; i++)
		write_route(b, &api_routes[i]);
	buf_z(b, documents);
	buf_z(b, door);
}
