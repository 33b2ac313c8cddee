-- Several workers may claim at once: each takes rows that no other holds, and waits for none.

-- name: analysis_insert
-- param: key text, version int, tag text, now time
-- rows: client uuid, id uuid, session uuid
INSERT INTO session_analyses ("clientId", "id", "sessionId", "scriptKey", "scriptVersion", "analysisVersionTag", "status",
  "sessionEndedAt", "createdAt", "updatedAt")
SELECT r.client, r.id, s.id, :key, :version, :tag, 'pending', s.ended_at, :now, :now
FROM @rows CROSS JOIN LATERAL (SELECT x.id, x.ended_at FROM sessions x
  WHERE x.client_id = r.client AND x.id = r.session AND x.retired_at IS NULL AND x.ended_at IS NOT NULL OFFSET 0) s
ON CONFLICT ("clientId", "sessionId", "scriptKey", "scriptVersion", "analysisVersionTag") DO NOTHING;

-- name: analysis_retry
-- param: client uuid, key text, version int, tag text, now time, n int
WITH picked AS MATERIALIZED (SELECT a."clientId", a."id" FROM session_analyses a
  WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
    AND a."status" = 'failed' LIMIT :n FOR UPDATE SKIP LOCKED)
UPDATE session_analyses t
SET "status" = 'pending', "retryDue" = FALSE, "retryCount" = 0, "nextRetryAt" = NULL, "updatedAt" = :now
FROM picked p WHERE t."clientId" = p."clientId" AND t."id" = p."id";

-- name: analysis_due
-- param: client uuid, key text, version int, tag text, now time, n int
WITH picked AS MATERIALIZED (SELECT a."clientId", a."id" FROM session_analyses a
  WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
    AND a."status" = 'failed' AND NOT a."retryDue" AND a."nextRetryAt" IS NOT NULL AND a."nextRetryAt" <= :now
  ORDER BY a."nextRetryAt" LIMIT :n FOR UPDATE SKIP LOCKED)
UPDATE session_analyses t SET "retryDue" = TRUE
FROM picked p WHERE t."clientId" = p."clientId" AND t."id" = p."id";

-- name: analysis_claim
-- param: client uuid, key text, version int, tag text, owner uuid, now time, until time, before time, n int
-- returns: uuid, uuid, time, time, int, int, int, bool
WITH picked AS MATERIALIZED (SELECT a."clientId", a."id" FROM session_analyses a
  WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
    AND a."ready" AND (:before IS NULL OR a."startedAt" IS NULL OR a."startedAt" < :before)
  ORDER BY a."sessionEndedAt" DESC, a."createdAt" DESC, a."id" LIMIT :n FOR UPDATE SKIP LOCKED)
UPDATE session_analyses t SET "status" = 'processing', "retryDue" = FALSE, "nextRetryAt" = NULL, "leaseOwner" = :owner,
  "leaseUntil" = :until, "startedAt" = :now, "stale" = FALSE, "updatedAt" = :now
FROM picked p WHERE t."clientId" = p."clientId" AND t."id" = p."id"
RETURNING t."id", t."sessionId", t."sessionEndedAt", t."createdAt", t."retryCount", t."lostCalls", t."attempts", t."longerOutput";

-- name: analysis_sweep
-- param: now time, n int
WITH picked AS MATERIALIZED (SELECT a."clientId", a."id" FROM session_analyses a
  WHERE a."status" = 'processing' AND a."leaseUntil" <= :now ORDER BY a."leaseUntil" LIMIT :n FOR UPDATE SKIP LOCKED)
UPDATE session_analyses t SET "status" = 'pending', "leaseOwner" = NULL, "leaseUntil" = NULL, "stale" = FALSE,
  "interruptedCalls" = "interruptedCalls" + 1, "updatedAt" = :now
FROM picked p WHERE t."clientId" = p."clientId" AND t."id" = p."id";
