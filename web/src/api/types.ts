/*
 * The names by which the page calls what the API answers. The shapes themselves are generated from
 * the OpenAPI document (schema.d.ts); nothing here describes one by hand.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Problem = Schemas["Problem"];
export type Me = Schemas["Me"];
export type Role = Me["role"];
export type Client = Schemas["Client"];
export type Token = Schemas["Token"];
export type Alert = Schemas["Alert"];
export type Finding = Schemas["Finding"];
export type Connection = Schemas["Connection"];
export type Onboarded = Schemas["Onboarded"];
export type HistoryStatus = NonNullable<Connection["historySyncStatus"]>;
export type HistorySync = Schemas["HistorySync"];
export type Conversation = Schemas["Conversation"];
export type Lead = Schemas["Lead"];
export type Session = Schemas["Session"];
export type Ticket = Schemas["Ticket"];
export type Message = Schemas["Message"];
export type Media = Schemas["Media"];
export type MessagePage = Schemas["MessagePage"];
export type Job = Schemas["Job"];
export type ImportState = Schemas["ImportState"];
export type ImportFailure = Schemas["ImportFailure"];
export type Script = Schemas["Script"];
export type Topic = Schemas["ScriptTopic"];
export type AnalysisSummary = Schemas["AnalysisSummary"];
export type AnalysisDetails = Schemas["AnalysisDetails"];
export type AnalysisRun = Schemas["AnalysisRun"];
export type AnalysisPlan = Schemas["AnalysisPlan"];
export type RankedSession = Schemas["RankedAnalysis"];
export type FailedAnalysis = Schemas["FailedAnalysis"];
export type AnalysisCombo = Schemas["AnalysisCombo"];
export type Temperature = RankedSession["temperature"];
export type Report = Schemas["Report"];
export type Evidence = Schemas["ReportEvidence"];
export type WebhookEvent = Schemas["WebhookEvent"];
export type AuditEntry = Schemas["AuditRow"];
