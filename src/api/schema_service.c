/*
 * What the API answers about the service itself, about clients and tokens, the journal, the audit
 * log and jobs. What always holds: members stand in the order they are written in.
 */
#include "api/schema_rows.h"
#include "core/alert.h"
#include "net/problem.h"

/* clang-format off */
static const char *const alive[] = { "ok", NULL };
static const char *const faults[] = { PROBLEM_REQUIRED, PROBLEM_UNKNOWN, PROBLEM_INVALID, NULL };
static const char *const readiness[] = { "ready", "unavailable", NULL };

SCHEMA(schema_health, "Health", NULL, NULL,
	WORD("status", 0, alive, NULL));

SCHEMA(schema_ready, "Ready", NULL, NULL,
	WORD("status", 0, readiness, NULL),
	TEXT("reasons", LIST, "why it is not ready"));

SCHEMA(schema_me, "Me", NULL, "Who calls.",
	WORD("role", 0, words_callers, NULL),
	TEXT("clients", LIST, "slugs of the clients the caller may see"),
	TEXT("clientSlug", NUL, "of the one client the caller is bound to; null: of all"),
	TEXT("language", 0, NULL));

SCHEMA(schema_login_link, "LoginLink", NULL, "Works once.",
	TEXT("url", 0, NULL),
	TIME("expiresAt", 0, NULL));

SCHEMA(schema_settings, "Settings", NULL, NULL,
	TEXT("settings", MAP, "by the name of the variable; of a secret `set` or `unset`"));

static SCHEMA(schema_finding, "Finding", NULL, NULL,
	TEXT("code", 0, "stable"),
	WORD("severity", 0, words_findings, NULL),
	TEXT("text", 0, "what is wrong"),
	TEXT("remedy", 0, "how to mend it"));

static SCHEMA(schema_alert, "Alert", NULL, "What somebody has to look at.",
	WORD("kind", 0, alert_kind_names, NULL),
	TEXT("clientSlug", NUL, "null: the installation"),
	UUID("connectionId", NUL, "null: it is not of one"),
	TIME("since", 0, NULL),
	OBJECT("detail", 0, NULL, "codes, counts and times, by its kind"));

SCHEMA(schema_alerts, "Alerts", NULL, NULL,
	OBJECT("alerts", LIST, &schema_alert, NULL));

SCHEMA(schema_health_details, "HealthDetails", NULL, NULL,
	OBJECT("findings", LIST, &schema_finding, NULL));

static SCHEMA(schema_problem_error, "ProblemError", NULL, NULL,
	TEXT("path", 0, "of the parameter or member"),
	WORD("code", 0, faults, NULL),
	TEXT("message", 0, "goes on from the path"));

SCHEMA(schema_problem, "Problem", NULL, "An error, by RFC 9457.",
	TEXT("type", 0, "`/problems/` and the code"),
	TEXT("title", 0, NULL),
	INT("status", 0, "that of the answer"),
	TEXT("detail", OPT, "for people"),
	TEXT("error", 0, "the stable code"),
	TEXT("code", OPT, "a finer one, such as `slug_taken`"),
	OBJECT("errors", LIST | OPT, &schema_problem_error, "at most twenty"),
	TEXT("requestId", 0, "lines of the log name it"));

SCHEMA(schema_client, "Client", NULL, "A tenant.",
	UUID("id", 0, NULL),
	TEXT("slug", 0, NULL),
	TEXT("name", 0, NULL),
	TEXT("apiBaseUrl", NUL, "of its helpdesk's API"),
	BOOL("hasApiKey", 0, "the key itself is never shown"),
	BOOL("isActive", 0, NULL),
	TIME("createdAt", 0, NULL),
	TIME("updatedAt", 0, NULL));

SCHEMA(schema_token, "Token", NULL, "Whoever is not the operator calls with one.",
	UUID("id", 0, NULL),
	TEXT("name", 0, NULL),
	WORD("role", 0, words_roles, NULL),
	TEXT("clientSlug", NUL, "null: of all clients"),
	TIME("createdAt", 0, NULL));

SCHEMA(schema_token_made, "TokenMade", NULL, NULL,
	OBJECT("token", 0, &schema_token, NULL),
	TEXT("secret", 0, "shown this once"));

SCHEMA(schema_audit_row, "AuditRow", NULL, NULL,
	UUID("id", 0, NULL),
	TIME("at", 0, NULL),
	TEXT("actor", 0, "`operator`, `system` or `token:` and its id"),
	TEXT("action", 0, "stable, such as `connection.registered`"),
	TEXT("subjectKind", NUL, NULL),
	UUID("subjectId", NUL, NULL),
	ANY("detail", NUL, NULL));

static SCHEMA(schema_webhook_problem, "WebhookProblem", NULL, "An element of a body that could not be used.",
	TEXT("code", 0, "stable; `more`: further ones were only counted"),
	TEXT("path", NUL | OPT, "of the element"),
	TEXT("detail", NUL, NULL),
	TEXT("wamid", NUL | OPT, "of the message it is about"));

SCHEMA(schema_webhook_event, "WebhookEvent", NULL, "An entry of the journal: one body as it was received.",
	UUID("id", 0, NULL),
	WORD("status", 0, words_event_states, "the worst of its parts"),
	WORD("fields", LIST, words_event_fields, "what kinds of change are in it"),
	TEXT("phoneNumberId", NUL, "the first that it names"),
	TIME("receivedAt", 0, NULL),
	TIME("appliedAt", NUL, NULL),
	INT("attempts", 0, NULL),
	TIME("nextAttemptAt", NUL, NULL),
	TEXT("error", NUL, "of the last attempt that failed"),
	TEXT("errorCode", NUL, "its stable code, where it has one"),
	OBJECT("problems", LIST, &schema_webhook_problem, NULL),
	INT("bytes", 0, NULL));

SCHEMA(schema_webhook_event_detail, "WebhookEventDetail", &schema_webhook_event, NULL,
	ANY("payload", NUL, "the body, or the caller's part of it; text if it is no JSON"));

static SCHEMA(schema_job_progress, "JobProgress", NULL, NULL,
	INT("done", 0, NULL),
	INT("total", NUL, "null: not known"),
	TEXT("unit", 0, "what is counted, such as `tickets`"));

SCHEMA(schema_job, "Job", NULL, "One execution of long work.",
	UUID("id", 0, NULL),
	WORD("kind", 0, words_job_kinds, NULL),
	TEXT("clientSlug", NUL, "null: of all clients"),
	WORD("status", 0, words_job_states, NULL),
	OBJECT("progress", 0, &schema_job_progress, NULL),
	INT("percent", NUL, NULL),
	INT("etaSeconds", NUL, NULL),
	OBJECT("counts", 0, NULL, "what it did, by its kind"),
	TEXT("error", NUL, "for people"),
	TEXT("errorCode", NUL, "its stable code, where it has one"),
	TIME("createdAt", 0, NULL),
	TIME("startedAt", NUL, NULL),
	TIME("finishedAt", NUL, NULL));

SCHEMA(schema_job_started, "JobStarted", NULL, NULL,
	TEXT("message", 0, NULL),
	TEXT("slug", 0, "of the client"),
	UUID("jobId", 0, "of the new job, or of the one under way"));

SCHEMA(schema_jobs_started, "JobsStarted", NULL, NULL,
	TEXT("message", 0, NULL),
	TEXT("slug", 0, "`all`"),
	UUID("jobId", NUL, "the first one"),
	UUID("jobIds", LIST, "one a client, the one under way where there is one"));

SCHEMA(schema_replay, "Replay", NULL, NULL,
	OBJECT("job", 0, &schema_job, NULL),
	INT("count", 0, "entries that will be applied again"));

SCHEMA(schema_replay_count, "ReplayCount", NULL, NULL,
	INT("count", 0, "entries that would be applied again"));

SCHEMA(schema_import_state, "ImportState", NULL, NULL,
	TIME("lastImportAt", NUL, "when the last run that ended well ended"),
	TIME("cursor", NUL, "the next run reads what changed since"),
	TIME("lastFullAt", NUL, "the last walk of the whole list"),
	INT("failures", 0, "tickets that could not be imported"),
	OBJECT("lastRun", NUL, &schema_job, NULL));

SCHEMA(schema_import_failure, "ImportFailure", NULL, "A ticket that could not be imported.",
	UUID("id", 0, NULL),
	TEXT("externalUuid", 0, "the helpdesk's"),
	TEXT("reason", 0, "stable"),
	TEXT("detail", NUL, "for people"),
	INT("attempts", 0, NULL),
	TIME("firstAt", 0, NULL),
	TIME("lastAt", 0, NULL));
/* clang-format on */

const struct api_schema *const schemas_service[] = { &schema_health,
	                                             &schema_ready,
	                                             &schema_me,
	                                             &schema_login_link,
	                                             &schema_settings,
	                                             &schema_finding,
	                                             &schema_alert,
	                                             &schema_alerts,
	                                             &schema_health_details,
	                                             &schema_problem_error,
	                                             &schema_problem,
	                                             &schema_client,
	                                             &schema_token,
	                                             &schema_token_made,
	                                             &schema_audit_row,
	                                             &schema_webhook_problem,
	                                             &schema_webhook_event,
	                                             &schema_webhook_event_detail,
	                                             &schema_job_progress,
	                                             &schema_job,
	                                             &schema_job_started,
	                                             &schema_jobs_started,
	                                             &schema_replay,
	                                             &schema_replay_count,
	                                             &schema_import_state,
	                                             &schema_import_failure,
	                                             NULL };
