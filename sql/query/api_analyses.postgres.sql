-- PostgreSQL's spelling: the fence (OFFSET 0) makes each session one look-up by its whole key, as in apply_people.

-- name: api_analysis_failures
-- param: client uuid, key text, version int, tag text, limit int
-- returns: uuid, uuid, time, time?, text?, time?, text?, int, time?
SELECT a."id", a."sessionId", s.started_at, s.ended_at, s.user_name, a."processedAt", a."error", a."retryCount", a."nextRetryAt"
FROM session_analyses a CROSS JOIN LATERAL (SELECT x.* FROM sessions x
  WHERE x.client_id = a."clientId" AND x.id = a."sessionId" AND x.retired_at IS NULL OFFSET 0) s
WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
  AND a."status" = 'failed' AND a."retryCount" >= 0
ORDER BY a."processedAt" DESC, a."id" LIMIT :limit;
