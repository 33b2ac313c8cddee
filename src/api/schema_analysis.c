/*
 * What the API answers about figures, rubrics, runs and reports, and the values of bodies there
 * that a handler looks into. What always holds: members stand in the order they are written in.
 */
#include "api/schema_rows.h"
#include "core/report.h"

/* clang-format off */
static SCHEMA(schema_figures, "Figures", NULL, "Of sessions that started in these days; both ends are inside.",
	TIME("from", 0, NULL),
	TIME("to", 0, NULL));

static SCHEMA(schema_spread, "SecondsSpread", NULL, "Null where nothing was measured.",
	NUMBER("averageSeconds", NUL, NULL),
	NUMBER("medianSeconds", NUL, NULL),
	NUMBER("p90Seconds", NUL, "nine of ten took no longer"));

static SCHEMA(schema_first_response, "FirstResponse", &schema_spread, NULL,
	TEXT("period", 0, "a day, a month, or `total`"),
	INT("answered", 0, "sessions"),
	INT("unanswered", 0, "sessions"));

SCHEMA(schema_first_responses, "FirstResponses", &schema_figures, NULL,
	OBJECT("data", LIST, &schema_first_response, NULL));

static SCHEMA(schema_duration, "TagDuration", &schema_spread, NULL,
	TEXT("tag", 0, NULL),
	INT("sessions", 0, NULL));

SCHEMA(schema_durations, "TagDurations", &schema_figures, NULL,
	OBJECT("data", LIST, &schema_duration, NULL));

static SCHEMA(schema_slow_session, "SlowSession", NULL, NULL,
	UUID("sessionId", 0, NULL),
	UUID("conversationId", NUL, NULL),
	UUID("ticketId", NUL, "null of an episode"),
	UUID("leadId", 0, NULL),
	TIME("startedAt", 0, NULL),
	TIME("endedAt", 0, NULL),
	NUMBER("durationSeconds", 0, NULL),
	TEXT("assignedUserName", NUL, NULL),
	TEXT("assignedUserEmail", NUL, NULL));

SCHEMA(schema_slowest_sessions, "SlowestSessions", &schema_figures, NULL,
	OBJECT("data", LIST, &schema_slow_session, "the slowest first"));

static SCHEMA(schema_topic, "ScriptTopic", NULL, NULL,
	TEXT("key", 0, NULL),
	TEXT("label", 0, NULL),
	NUMBER("weight", 0, NULL));

SCHEMA(schema_script, "Script", NULL, "A version of a rubric; it never changes.",
	UUID("id", 0, NULL),
	UUID("clientId", 0, NULL),
	TEXT("scriptKey", 0, NULL),
	INT("version", 0, NULL),
	TEXT("name", 0, NULL),
	TEXT("description", NUL, NULL),
	TEXT("scriptText", 0, NULL),
	OBJECT("topics", LIST, &schema_topic, "a report answers each of them once"),
	BOOL("isActive", 0, NULL),
	TIME("createdAt", 0, NULL),
	TIME("updatedAt", 0, NULL));

SCHEMA(schema_script_chosen, "ScriptChosen", NULL, NULL,
	BOOL("ok", 0, NULL),
	TEXT("scriptKey", 0, NULL),
	INT("version", 0, NULL),
	BOOL("deactivateOthers", 0, NULL));

static SCHEMA(schema_topic_new, "ScriptTopicNew", NULL, NULL,
	TEXT("key", 0, "unlike the others"),
	TEXT("label", 0, NULL),
	NUMBER("weight", OPT, "0 or more; 1 without it"));
const struct api_member schema_value_topics = OBJECT("topics", LIST, &schema_topic_new, NULL);

static SCHEMA(schema_tag_filter, "TagFilter", NULL, "Sessions of people without a tag.",
	WORD("mode", 0, words_tag_modes, NULL));
const struct api_member schema_value_tag_filter = OBJECT("tagFilter", 0, &schema_tag_filter, NULL);
const struct api_member schema_value_max_cost = NUMBER("maxCostUsd", 0,
	"0 to 1000000; no call begins once so much is spent, those in flight then (`ANALYSIS_CONCURRENCY` at most) may pass it");

static SCHEMA(schema_usage, "ModelUsage", NULL, NULL,
	INT("inputTokens", 0, NULL),
	INT("cachedTokens", 0, NULL),
	INT("outputTokens", 0, NULL),
	NUMBER("costUsd", NUL, "null without `OPENAI_PRICES`"));

static SCHEMA(schema_run_criteria, "RunCriteria", NULL, NULL,
	INT("minMessages", 0, NULL),
	OBJECT("tagFilter", 0, &schema_tag_filter, NULL),
	BOOL("forceReprocess", 0, NULL));

static SCHEMA(schema_run_sample, "RunSample", NULL, NULL,
	UUID("processedIds", LIST, "at most 20"),
	UUID("failedIds", LIST, "at most 20"));

static SCHEMA(schema_run_head, "RunHead", NULL, "What was asked for.",
	UUID("clientId", 0, NULL),
	TEXT("scriptKey", 0, NULL),
	INT("scriptVersion", 0, NULL),
	TEXT("analysisVersionTag", 0, NULL),
	OBJECT("criteria", 0, &schema_run_criteria, NULL));

SCHEMA(schema_analysis_run, "AnalysisRun", &schema_run_head, "A run that has ended.",
	INT("enqueued", 0, NULL),
	INT("processed", 0, NULL),
	INT("failed", 0, "attempts"),
	INT("remainingQueue", 0, NULL),
	OBJECT("sample", 0, &schema_run_sample, NULL),
	OBJECT("usage", 0, &schema_usage, NULL),
	TEXT("reason", NUL, "why it ended early: `budget_spent`, `model_unavailable`, `unauthorized`, `unknown_model`, `cancelled` …"),
	UUID("jobId", 0, NULL),
	WORD("status", 0, words_job_states, NULL));

static SCHEMA(schema_plan_estimate, "PlanEstimate", NULL, NULL,
	INT("sessions", 0, NULL),
	INT("inputTokens", 0, NULL),
	INT("outputTokens", 0, NULL),
	NUMBER("costUsd", NUL, NULL),
	BOOL("sampled", 0, "only some of the sessions were read for it"));

SCHEMA(schema_analysis_plan, "AnalysisPlan", &schema_run_head, "What a run would do.",
	BOOL("dryRun", 0, "true"),
	BOOL("modelReady", 0, "false: `OPENAI_API_KEY` is not set, and a run would be answered 503"),
	INT("eligible", 0, NULL),
	INT("alreadyDone", 0, NULL),
	INT("alreadyQueued", 0, NULL),
	INT("wouldEnqueue", 0, NULL),
	INT("wouldProcessNow", 0, NULL),
	INT("failedPermanent", 0, NULL),
	OBJECT("estimate", 0, &schema_plan_estimate, NULL));

static SCHEMA(schema_combo, "AnalysisCombo", NULL, "Which analyses it is about.",
	TEXT("scriptKey", 0, NULL),
	INT("scriptVersion", 0, NULL),
	TEXT("analysisVersionTag", 0, NULL));

static SCHEMA(schema_window, "AnalysisWindow", NULL, "Both ends are inside.",
	TIME("from", 0, NULL),
	TIME("to", 0, NULL),
	INT("fromDays", NUL, "null: from `startDate`"));

static SCHEMA(schema_queue, "AnalysisQueue", NULL, NULL,
	INT("pending", 0, NULL),
	INT("processing", 0, NULL),
	INT("failedRetryable", 0, NULL),
	INT("failedPermanent", 0, NULL));

static SCHEMA(schema_temperatures, "TemperatureCounts", NULL, NULL,
	INT("cold", 0, NULL),
	INT("neutral", 0, NULL),
	INT("warm", 0, NULL),
	INT("hot", 0, NULL));

static SCHEMA(schema_results, "AnalysisResults", NULL, NULL,
	INT("done", 0, NULL),
	NUMBER("avgOverallScore", NUL, NULL),
	OBJECT("temperature", 0, &schema_temperatures, NULL),
	TIME("lastProcessedAt", NUL, NULL),
	NUMBER("evidenceVerifiedShare", NUL, "0 to 1; null without evidence"),
	INT("stale", 0, NULL));

static SCHEMA(schema_analysis_head, "AnalysisHead", NULL, NULL,
	UUID("clientId", 0, NULL),
	TEXT("clientSlug", 0, NULL),
	OBJECT("combo", NUL, &schema_combo, "null where no script is active, with nothing in the rest"));

SCHEMA(schema_analysis_summary, "AnalysisSummary", &schema_analysis_head, NULL,
	OBJECT("window", 0, &schema_window, NULL),
	OBJECT("queue", 0, &schema_queue, NULL),
	OBJECT("results", 0, &schema_results, NULL),
	OBJECT("usage", 0, &schema_usage, NULL));

static SCHEMA(schema_rank_ticket, "RankedTicket", NULL, NULL,
	UUID("id", 0, NULL),
	TEXT("externalUuid", NUL, NULL));

static SCHEMA(schema_rank_session, "RankedSession", NULL, NULL,
	TIME("startedAt", 0, NULL),
	TIME("endedAt", NUL, NULL));

static SCHEMA(schema_rank, "RankedAnalysis", NULL, NULL,
	UUID("sessionAnalysisId", 0, NULL),
	UUID("sessionId", 0, NULL),
	OBJECT("ticket", NUL, &schema_rank_ticket, NULL),
	OBJECT("session", 0, &schema_rank_session, NULL),
	TIME("processedAt", 0, NULL),
	NUMBER("overallScore", 0, NULL),
	WORD("temperature", 0, report_temperatures, NULL),
	TEXT("summary", 0, NULL),
	TEXT("assignedUserName", NUL, NULL),
	BOOL("stale", 0, NULL));

SCHEMA(schema_analysis_ranking, "AnalysisRanking", &schema_analysis_head, NULL,
	OBJECT("window", 0, &schema_window, NULL),
	OBJECT("items", LIST, &schema_rank, "the worst first"));

static SCHEMA(schema_failure, "FailedAnalysis", NULL, NULL,
	UUID("sessionAnalysisId", 0, NULL),
	UUID("sessionId", 0, NULL),
	OBJECT("session", 0, &schema_rank_session, NULL),
	TEXT("assignedUserName", NUL, NULL),
	TIME("processedAt", NUL, "when it failed"),
	TEXT("error", NUL, NULL),
	TEXT("errorCode", NUL, "its stable code, where it has one"),
	INT("retryCount", 0, NULL),
	TIME("nextRetryAt", NUL, "null: it is not tried again by itself"));

SCHEMA(schema_analysis_failures, "AnalysisFailures", &schema_analysis_head, NULL,
	OBJECT("items", LIST, &schema_failure, "the latest first"));

static SCHEMA(schema_evidence, "ReportEvidence", NULL, NULL,
	UUID("messageId", NUL, "null: the session has no such message"),
	TEXT("claimedId", OPT, "then what the model named"),
	TEXT("excerpt", 0, NULL),
	BOOL("verified", 0, "the excerpt stands in that message"));

static SCHEMA(schema_check, "ReportCheck", NULL, NULL,
	TEXT("key", 0, NULL),
	TEXT("label", 0, NULL),
	BOOL("passed", 0, NULL),
	NUMBER("score", 0, "0 to 100"),
	TEXT("notes", 0, NULL));

static SCHEMA(schema_issue, "ReportIssue", NULL, NULL,
	TEXT("key", 0, NULL),
	WORD("severity", 0, report_severities, NULL),
	TEXT("notes", 0, NULL),
	OBJECT("evidence", LIST, &schema_evidence, NULL));

static SCHEMA(schema_highlight, "ReportHighlight", NULL, NULL,
	TEXT("key", 0, NULL),
	TEXT("notes", 0, NULL),
	OBJECT("evidence", LIST, &schema_evidence, NULL));

static SCHEMA(schema_report, "Report", NULL, NULL,
	TEXT("analysisVersionTag", 0, NULL),
	TEXT("scriptKey", 0, NULL),
	INT("scriptVersion", 0, NULL),
	NUMBER("overallScore", 0, "0 to 100"),
	WORD("temperature", 0, report_temperatures, "the customer's interest at the end"),
	TEXT("summary", 0, NULL),
	OBJECT("checklist", LIST, &schema_check, "each topic of the rubric once"),
	OBJECT("issues", LIST, &schema_issue, NULL),
	OBJECT("highlights", LIST, &schema_highlight, NULL),
	TEXT("recommendations", LIST, NULL));

static SCHEMA(schema_analysis_usage, "AnalysisUsage", &schema_usage, NULL,
	INT("attempts", 0, NULL),
	INT("interruptedCalls", 0, "that may have been paid for"),
	INT("latencyMs", NUL, NULL));

static SCHEMA(schema_analysis, "Analysis", NULL, NULL,
	UUID("id", 0, NULL),
	WORD("status", 0, words_analysis_states, NULL),
	TIME("startedAt", NUL, NULL),
	TIME("processedAt", NUL, "when the last attempt ended, well or badly"),
	INT("retryCount", 0, NULL),
	TIME("nextRetryAt", NUL, "null of a failed one: it is not tried again"),
	TEXT("error", NUL, "for people"),
	TEXT("errorCode", NUL, "its stable code, where it has one"),
	TEXT("model", NUL, "as answered"),
	TEXT("promptHash", NUL, NULL),
	BOOL("stale", 0, "the session has changed since it was read"),
	BOOL("truncated", 0, "it was too long, and its middle was left out"),
	OBJECT("usage", 0, &schema_analysis_usage, NULL),
	INT("evidenceVerified", 0, NULL),
	INT("evidenceUnverified", 0, NULL),
	OBJECT("report", NUL, &schema_report, NULL),
	TIME("createdAt", 0, NULL),
	TIME("updatedAt", 0, NULL));

SCHEMA(schema_analysis_details, "AnalysisDetails", &schema_analysis_head, NULL,
	OBJECT("session", 0, &schema_session, NULL),
	OBJECT("analysis", NUL, &schema_analysis, "null where there is none"));
/* clang-format on */

const struct api_schema *const schemas_analysis[] = { &schema_figures,
	                                              &schema_spread,
	                                              &schema_first_response,
	                                              &schema_first_responses,
	                                              &schema_duration,
	                                              &schema_durations,
	                                              &schema_slow_session,
	                                              &schema_slowest_sessions,
	                                              &schema_topic,
	                                              &schema_script,
	                                              &schema_script_chosen,
	                                              &schema_topic_new,
	                                              &schema_tag_filter,
	                                              &schema_usage,
	                                              &schema_run_criteria,
	                                              &schema_run_sample,
	                                              &schema_run_head,
	                                              &schema_analysis_run,
	                                              &schema_plan_estimate,
	                                              &schema_analysis_plan,
	                                              &schema_combo,
	                                              &schema_window,
	                                              &schema_queue,
	                                              &schema_temperatures,
	                                              &schema_results,
	                                              &schema_analysis_head,
	                                              &schema_analysis_summary,
	                                              &schema_rank_ticket,
	                                              &schema_rank_session,
	                                              &schema_rank,
	                                              &schema_analysis_ranking,
	                                              &schema_failure,
	                                              &schema_analysis_failures,
	                                              &schema_evidence,
	                                              &schema_check,
	                                              &schema_issue,
	                                              &schema_highlight,
	                                              &schema_report,
	                                              &schema_analysis_usage,
	                                              &schema_analysis,
	                                              &schema_analysis_details,
	                                              NULL };
