-- The queue of analyses. A combo is a client's script, its version and a tag. What may be analysed at all says the view
-- analysable_sessions; rows that may be claimed are "ready", which follows from their status.

-- Sessions that may be analysed, and how many of them are in the queue in which state: done, being processed, any, pending or
-- failed, to be claimed now.
-- name: analysis_eligible
-- param: client uuid, key text, version int, tag text, least int, settled time, now time
-- returns: int, int, int, int, int, int
SELECT count(*), count(CASE WHEN a."status" = 'done' THEN 1 END), count(CASE WHEN a."status" = 'processing' THEN 1 END),
  count(a."status"), count(CASE WHEN a."status" IN ('pending', 'failed') THEN 1 END),
  count(CASE WHEN a."status" = 'pending' OR (a."status" = 'failed' AND a."nextRetryAt" <= :now) THEN 1 END)
FROM analysable_sessions s LEFT JOIN session_analyses a ON a."clientId" = s.client_id AND a."sessionId" = s.id
  AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
WHERE s.client_id = :client AND s.message_count >= :least AND s.ended_at <= :settled;

-- A page of the client's settled sessions by id: whether each may be analysed, and its row in the queue.
-- name: analysis_page
-- param: client uuid, key text, version int, tag text, least int, settled time, after uuid, n int
-- returns: uuid, bool, uuid?, text?
SELECT p.id, s.id IS NOT NULL, a."id", a."status"
FROM (SELECT x.client_id, x.id FROM sessions x
  WHERE x.client_id = :client AND x.id > :after AND x.retired_at IS NULL AND x.message_count >= :least AND x.ended_at <= :settled
  ORDER BY x.id LIMIT :n) p
LEFT JOIN analysable_sessions s ON s.client_id = p.client_id AND s.id = p.id
LEFT JOIN session_analyses a ON a."clientId" = p.client_id AND a."sessionId" = p.id
  AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
ORDER BY p.id;

-- The session's end as it is now; one that has retired or gone on since it was looked for is passed over.
-- name: analysis_insert
-- param: key text, version int, tag text, now time
-- rows: client uuid, id uuid, session uuid
INSERT INTO session_analyses ("clientId", "id", "sessionId", "scriptKey", "scriptVersion", "analysisVersionTag", "status",
  "sessionEndedAt", "createdAt", "updatedAt")
SELECT r.client, r.id, s.id, :key, :version, :tag, 'pending', s.ended_at, :now, :now
FROM @rows CROSS JOIN sessions s
WHERE s.client_id = r.client AND s.id = r.session AND s.retired_at IS NULL AND s.ended_at IS NOT NULL
ON CONFLICT ("clientId", "sessionId", "scriptKey", "scriptVersion", "analysisVersionTag") DO NOTHING;

-- As if it had never been worked on, but what was paid stays told; what is being processed stays.
-- name: analysis_reset
-- param: now time
-- rows: client uuid, id uuid
UPDATE session_analyses SET "status" = 'pending', "retryDue" = FALSE, "retryCount" = 0,
  "nextRetryAt" = NULL, "lostCalls" = 0, "longerOutput" = FALSE, "startedAt" = NULL, "processedAt" = NULL,
  "report" = NULL, "error" = NULL, "model" = NULL, "promptHash" = NULL, "overallScore" = NULL, "temperature" = NULL,
  "evidenceVerified" = 0, "evidenceUnverified" = 0, "truncated" = FALSE, "stale" = FALSE, "latencyMs" = NULL, "updatedAt" = :now
FROM @rows
WHERE session_analyses."clientId" = r.client AND session_analyses."id" = r.id AND session_analyses."status" <> 'processing';

-- Failed ones, final or not yet due, begin again. At most n.
-- name: analysis_retry
-- param: client uuid, key text, version int, tag text, now time, n int
UPDATE session_analyses SET "status" = 'pending', "retryDue" = FALSE, "retryCount" = 0, "nextRetryAt" = NULL, "updatedAt" = :now
WHERE "clientId" = :client AND "id" IN (SELECT a."id" FROM session_analyses a
  WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
    AND a."status" = 'failed' LIMIT :n);

-- Failed ones whose time has come may be claimed. At most n.
-- name: analysis_due
-- param: client uuid, key text, version int, tag text, now time, n int
UPDATE session_analyses SET "retryDue" = TRUE
WHERE "clientId" = :client AND "id" IN (SELECT a."id" FROM session_analyses a
  WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
    AND a."status" = 'failed' AND NOT a."retryDue" AND a."nextRetryAt" IS NOT NULL AND a."nextRetryAt" <= :now
  ORDER BY a."nextRetryAt" LIMIT :n);

-- name: analysis_claim
-- param: client uuid, key text, version int, tag text, owner uuid, now time, until time, before time, n int
-- returns: uuid, uuid, time, time, int, int, bool
UPDATE session_analyses SET "status" = 'processing', "retryDue" = FALSE, "nextRetryAt" = NULL, "leaseOwner" = :owner,
  "leaseUntil" = :until, "startedAt" = :now, "stale" = FALSE, "updatedAt" = :now
WHERE "clientId" = :client AND "id" IN (SELECT a."id" FROM session_analyses a
  WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
    AND a."ready" AND (:before IS NULL OR a."startedAt" IS NULL OR a."startedAt" < :before)
  ORDER BY a."sessionEndedAt" DESC, a."createdAt" DESC, a."id" LIMIT :n)
RETURNING "id", "sessionId", "sessionEndedAt", "createdAt", "retryCount", "lostCalls", "longerOutput";

-- The report of the one that holds the lease. stale stays as it is: the session may have changed since it was read.
-- name: analysis_done
-- param: client uuid, id uuid, owner uuid, now time, report json, model text, hash text, score double, temperature text, verified int, unverified int, truncated bool, calls int, input int, cached int, output int, cost int, latency int
UPDATE session_analyses SET "status" = 'done', "report" = :report, "error" = NULL, "model" = :model, "promptHash" = :hash,
  "overallScore" = :score, "temperature" = :temperature, "evidenceVerified" = :verified, "evidenceUnverified" = :unverified,
  "truncated" = :truncated, "lostCalls" = 0, "leaseOwner" = NULL, "leaseUntil" = NULL, "processedAt" = :now, "attempts" = "attempts" + :calls,
  "inputTokens" = "inputTokens" + :input, "cachedTokens" = "cachedTokens" + :cached, "outputTokens" = "outputTokens" + :output,
  "costMicroUsd" = CASE WHEN :cost IS NULL THEN "costMicroUsd" ELSE COALESCE("costMicroUsd", 0) + :cost END,
  "latencyMs" = COALESCE(:latency, "latencyMs"), "updatedAt" = :now
WHERE "clientId" = :client AND "id" = :id AND "status" = 'processing' AND "leaseOwner" = :owner;

-- name: analysis_failed
-- param: client uuid, id uuid, owner uuid, now time, error text, model text, hash text, next time, most int, lost int, interrupted int, calls int, input int, cached int, output int, cost int, latency int
UPDATE session_analyses SET "status" = 'failed', "error" = :error, "model" = COALESCE(:model, "model"),
  "promptHash" = COALESCE(:hash, "promptHash"), "nextRetryAt" = CASE WHEN "retryCount" + 1 < :most THEN :next END,
  "retryCount" = "retryCount" + 1, "lostCalls" = :lost, "interruptedCalls" = "interruptedCalls" + :interrupted, "leaseOwner" = NULL, "leaseUntil" = NULL, "stale" = FALSE,
  "processedAt" = :now, "attempts" = "attempts" + :calls, "inputTokens" = "inputTokens" + :input,
  "cachedTokens" = "cachedTokens" + :cached, "outputTokens" = "outputTokens" + :output,
  "costMicroUsd" = CASE WHEN :cost IS NULL THEN "costMicroUsd" ELSE COALESCE("costMicroUsd", 0) + :cost END,
  "latencyMs" = COALESCE(:latency, "latencyMs"), "updatedAt" = :now
WHERE "clientId" = :client AND "id" = :id AND "status" = 'processing' AND "leaseOwner" = :owner;

-- name: analysis_release
-- param: client uuid, id uuid, owner uuid, now time, lost int, longer bool, interrupted int, calls int, input int, cached int, output int, cost int, latency int
UPDATE session_analyses SET "status" = 'pending', "lostCalls" = :lost, "longerOutput" = "longerOutput" OR :longer,
  "interruptedCalls" = "interruptedCalls" + :interrupted, "leaseOwner" = NULL, "leaseUntil" = NULL, "stale" = FALSE, "attempts" = "attempts" + :calls,
  "inputTokens" = "inputTokens" + :input, "cachedTokens" = "cachedTokens" + :cached, "outputTokens" = "outputTokens" + :output,
  "costMicroUsd" = CASE WHEN :cost IS NULL THEN "costMicroUsd" ELSE COALESCE("costMicroUsd", 0) + :cost END,
  "latencyMs" = COALESCE(:latency, "latencyMs"), "updatedAt" = :now
WHERE "clientId" = :client AND "id" = :id AND "status" = 'processing' AND "leaseOwner" = :owner;

-- Whether the row is as somebody wrote it who was not told: done or failed at that moment with that prompt, or pending since then.
-- name: analysis_stored
-- param: client uuid, id uuid, status text, at time, hash text
-- returns: bool
SELECT "status" = :status AND CASE WHEN :status = 'pending' THEN "updatedAt" = :at
  ELSE "processedAt" = :at AND "promptHash" = :hash END
FROM session_analyses WHERE "clientId" = :client AND "id" = :id;

-- Not what calls were made for: that tells what they cost.
-- name: analysis_drop
-- param: client uuid, id uuid, owner uuid
DELETE FROM session_analyses
WHERE "clientId" = :client AND "id" = :id AND "status" = 'processing' AND "leaseOwner" = :owner
  AND "attempts" = 0 AND "interruptedCalls" = 0;

-- What somebody held who is gone, of whatever client. At most n.
-- name: analysis_sweep
-- param: now time, n int
UPDATE session_analyses SET "status" = 'pending', "leaseOwner" = NULL, "leaseUntil" = NULL, "stale" = FALSE,
  "interruptedCalls" = "interruptedCalls" + 1, "updatedAt" = :now
WHERE ("clientId", "id") IN (SELECT a."clientId", a."id" FROM session_analyses a
  WHERE a."status" = 'processing' AND a."leaseUntil" <= :now ORDER BY a."leaseUntil" LIMIT :n);

-- What an owner holds beside the rows of the batch, and does not know of.
-- name: analysis_astray
-- param: owner uuid, now time, asked int
-- rows: id uuid
UPDATE session_analyses SET "status" = 'pending', "leaseOwner" = NULL, "leaseUntil" = NULL, "stale" = FALSE,
  "interruptedCalls" = "interruptedCalls" + :asked, "updatedAt" = :now
WHERE "status" = 'processing' AND "leaseOwner" = :owner AND "leaseUntil" IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM @rows WHERE r.id = session_analyses."id");

-- pending, processing, failed with another attempt to come, of these due now, failed for good, done
-- name: analysis_counts
-- param: client uuid, key text, version int, tag text, now time
-- returns: int, int, int, int, int, int
SELECT count(CASE WHEN "status" = 'pending' THEN 1 END), count(CASE WHEN "status" = 'processing' THEN 1 END),
  count(CASE WHEN "status" = 'failed' THEN "nextRetryAt" END),
  count(CASE WHEN "status" = 'failed' AND "nextRetryAt" <= :now THEN 1 END),
  count(CASE WHEN "status" = 'failed' AND "nextRetryAt" IS NULL THEN 1 END), count(CASE WHEN "status" = 'done' THEN 1 END)
FROM session_analyses
WHERE "clientId" = :client AND "scriptKey" = :key AND "scriptVersion" = :version AND "analysisVersionTag" = :tag;
