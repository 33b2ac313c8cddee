-- Analyses as the API shows them. A session that has retired keeps its analyses and is left out of figures; what they cost
-- counts whatever became of them.

-- name: api_analysis_results
-- param: client uuid, key text, version int, tag text, from_at time, to_at time
-- returns: int, double?, int, int, int, int, time?, int, int, int
SELECT count(*), CAST(avg(a."overallScore") AS double precision), count(CASE WHEN a."temperature" = 'cold' THEN 1 END),
  count(CASE WHEN a."temperature" = 'neutral' THEN 1 END), count(CASE WHEN a."temperature" = 'warm' THEN 1 END),
  count(CASE WHEN a."temperature" = 'hot' THEN 1 END), max(a."processedAt"),
  CAST(COALESCE(sum(a."evidenceVerified"), 0) AS bigint), CAST(COALESCE(sum(a."evidenceUnverified"), 0) AS bigint),
  count(CASE WHEN a."stale" THEN 1 END)
FROM session_analyses a JOIN sessions s ON s.client_id = a."clientId" AND s.id = a."sessionId" AND s.retired_at IS NULL
WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
  AND a."processedAt" IS NOT NULL AND a."processedAt" >= :from_at AND a."processedAt" <= :to_at AND a."status" = 'done';

-- name: api_analysis_usage
-- param: client uuid, key text, version int, tag text, from_at time, to_at time
-- returns: int, int, int, int?
SELECT CAST(COALESCE(sum("inputTokens"), 0) AS bigint), CAST(COALESCE(sum("cachedTokens"), 0) AS bigint),
  CAST(COALESCE(sum("outputTokens"), 0) AS bigint), CAST(sum("costMicroUsd") AS bigint)
FROM session_analyses
WHERE "clientId" = :client AND "scriptKey" = :key AND "scriptVersion" = :version AND "analysisVersionTag" = :tag
  AND "processedAt" IS NOT NULL AND "processedAt" >= :from_at AND "processedAt" <= :to_at;

-- The worst first.
-- name: api_analysis_ranking
-- param: client uuid, key text, version int, tag text, from_at time, to_at time, limit int
-- returns: uuid, uuid, uuid?, text?, time, time?, time, double, text, text?, text?, bool
SELECT a."id", a."sessionId", s.ticket_id, t.external_uuid, s.started_at, s.ended_at, a."processedAt", a."overallScore",
  a."temperature", a."report" ->> 'summary', s.user_name, a."stale"
FROM session_analyses a JOIN sessions s ON s.client_id = a."clientId" AND s.id = a."sessionId" AND s.retired_at IS NULL
LEFT JOIN tickets t ON t.client_id = s.client_id AND t.id = s.ticket_id
WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
  AND a."processedAt" IS NOT NULL AND a."processedAt" >= :from_at AND a."processedAt" <= :to_at AND a."status" = 'done'
ORDER BY a."overallScore", a."processedAt" DESC, a."id" LIMIT :limit;

-- What failed, the latest first; whether it is tried again or not.
-- name: api_analysis_failures
-- param: client uuid, key text, version int, tag text, limit int
-- returns: uuid, uuid, time, time?, text?, time?, text?, int, time?
SELECT a."id", a."sessionId", s.started_at, s.ended_at, s.user_name, a."processedAt", a."error", a."retryCount", a."nextRetryAt"
FROM session_analyses a JOIN sessions s ON s.client_id = a."clientId" AND s.id = a."sessionId" AND s.retired_at IS NULL
WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
  AND a."status" = 'failed' AND a."retryCount" >= 0
ORDER BY a."processedAt" DESC, a."id" LIMIT :limit;

-- name: api_analysis_one
-- param: client uuid, session uuid, key text, version int, tag text
-- returns: uuid, text, time?, time?, int, time?, text?, text?, text?, bool, bool, int, int, int, int, int?, int?, int, int, int, json?, time, time
SELECT "id", "status", "startedAt", "processedAt", "retryCount", "nextRetryAt", "error", "model", "promptHash", "stale", "truncated",
  "attempts", "inputTokens", "cachedTokens", "outputTokens", "costMicroUsd", "latencyMs", "interruptedCalls", "evidenceVerified",
  "evidenceUnverified", "report", "createdAt", "updatedAt"
FROM session_analyses
WHERE "clientId" = :client AND "sessionId" = :session AND "scriptKey" = :key AND "scriptVersion" = :version
  AND "analysisVersionTag" = :tag;
