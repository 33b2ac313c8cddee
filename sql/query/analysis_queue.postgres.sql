-- Several workers may claim at once: each takes rows that no other holds, and waits for none. What is picked is locked, so its
-- place (ctid) stays; going by it keeps the plan from depending on statistics that are older than the table.

-- Each session of a page is looked up by its key: the fence (OFFSET 0) keeps a page from costing as much as all of them. What is
-- known of its analyses likewise, and only then by the combo: of a combo that is being filled statistics know nothing yet.
-- name: analysis_page
-- param: client uuid, key text, version int, tag text, least int, settled time, after uuid, n int
-- returns: uuid, bool, uuid?, text?
SELECT p.id, s.id IS NOT NULL, a."id", a."status"
FROM (SELECT x.client_id, x.id FROM sessions x
  WHERE x.client_id = :client AND x.id > :after AND x.retired_at IS NULL AND x.message_count >= :least AND x.ended_at <= :settled
  ORDER BY x.id LIMIT :n) p
LEFT JOIN LATERAL (SELECT v.id FROM analysable_sessions v WHERE v.client_id = p.client_id AND v.id = p.id OFFSET 0) s ON TRUE
LEFT JOIN LATERAL (SELECT v.* FROM session_analyses v WHERE v."clientId" = p.client_id AND v."sessionId" = p.id OFFSET 0) a
  ON a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
ORDER BY p.id;

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
UPDATE session_analyses t
SET "status" = 'pending', "retryDue" = FALSE, "retryCount" = 0, "nextRetryAt" = NULL, "updatedAt" = :now
WHERE t.ctid = ANY (ARRAY(SELECT a.ctid FROM session_analyses a
  WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
    AND a."status" = 'failed' LIMIT :n FOR UPDATE SKIP LOCKED));

-- name: analysis_due
-- param: client uuid, key text, version int, tag text, now time, n int
UPDATE session_analyses t SET "retryDue" = TRUE
WHERE t.ctid = ANY (ARRAY(SELECT a.ctid FROM session_analyses a
  WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
    AND a."status" = 'failed' AND NOT a."retryDue" AND a."nextRetryAt" IS NOT NULL AND a."nextRetryAt" <= :now
  ORDER BY a."nextRetryAt" LIMIT :n FOR UPDATE SKIP LOCKED));

-- name: analysis_claim
-- param: client uuid, key text, version int, tag text, owner uuid, now time, until time, before time, n int
-- returns: uuid, uuid, time, time, int, int, bool
UPDATE session_analyses t SET "status" = 'processing', "retryDue" = FALSE, "nextRetryAt" = NULL, "leaseOwner" = :owner,
  "leaseUntil" = :until, "startedAt" = :now, "stale" = FALSE, "updatedAt" = :now
WHERE t.ctid = ANY (ARRAY(SELECT a.ctid FROM session_analyses a
  WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
    AND a."ready" AND (:before IS NULL OR a."startedAt" IS NULL OR a."startedAt" < :before)
  ORDER BY a."sessionEndedAt" DESC, a."createdAt" DESC, a."id" LIMIT :n FOR UPDATE SKIP LOCKED))
RETURNING t."id", t."sessionId", t."sessionEndedAt", t."createdAt", t."retryCount", t."lostCalls", t."longerOutput";

-- name: analysis_sweep
-- param: now time, n int
UPDATE session_analyses t SET "status" = 'pending', "leaseOwner" = NULL, "leaseUntil" = NULL, "stale" = FALSE,
  "interruptedCalls" = "interruptedCalls" + 1, "updatedAt" = :now
WHERE t.ctid = ANY (ARRAY(SELECT a.ctid FROM session_analyses a
  WHERE a."status" = 'processing' AND a."leaseUntil" <= :now ORDER BY a."leaseUntil" LIMIT :n FOR UPDATE SKIP LOCKED));
