-- PostgreSQL's spelling: fences, so that look-ups are by the whole key, and tuple ids.

-- name: sync_runs_open
-- rows: client uuid
-- returns: uuid, uuid, uuid, text, text, text, bool, time, int?, time?, time?, time?, time?, time?, bool
SELECT s.client_id, s.id, s.connection_id, s.status, c.status, c.mode, s.history_requested, COALESCE(s.requested_at, s.started_at), s.progress, s.first_chunk_at,
  s.declined_at, s.too_late_at, s.alerted_at, s.state_sync_at,
  s.full_at IS NOT NULL AND (
    coalesce(s.full_at >= (SELECT p.received_at FROM journal_parts p WHERE p.client_id = s.client_id
      AND p.status IN ('received', 'retrying') AND (p.fields & 2) <> 0 ORDER BY p.received_at LIMIT 1), false)
    OR coalesce(s.full_at >= (SELECT p.received_at FROM journal_parts p WHERE p.client_id IS NULL
      AND p.status IN ('received', 'retrying') AND p.attempts >= 0 ORDER BY p.received_at LIMIT 1), false)
    OR coalesce(s.full_at >= (SELECT p.received_at FROM journal_parts p WHERE p.status = 'parked' AND p.route_key = 'n:' || c.phone_number_id
      AND (p.fields & 2) <> 0 ORDER BY p.received_at LIMIT 1), false))
FROM @rows
CROSS JOIN LATERAL (SELECT x.* FROM sync_runs x WHERE x.client_id = r.client AND NOT x.completed
  AND x.run_no = (SELECT max(o.run_no) FROM sync_runs o WHERE o.client_id = x.client_id AND o.connection_id = x.connection_id) OFFSET 0) s
CROSS JOIN LATERAL (SELECT x.* FROM connections x WHERE x.id = s.connection_id AND x.client_id = s.client_id AND x.deleted_at IS NULL OFFSET 0) c
ORDER BY s.client_id, s.id;

-- name: keeper_unpark
-- param: n int
-- rows: key text, connection uuid
UPDATE journal_parts SET status = 'received', attempts = 0, next_attempt_at = NULL, error = NULL
WHERE status = 'parked' AND ctid = ANY(ARRAY(
  SELECT p.tid FROM @rows
  CROSS JOIN LATERAL (SELECT x.id FROM connections x WHERE x.id = r.connection AND x.deleted_at IS NULL OFFSET 0) c
  CROSS JOIN LATERAL (SELECT x.ctid AS tid FROM journal_parts x WHERE x.status = 'parked' AND x.route_key = r.key ORDER BY x.entry_id OFFSET 0) p
  LIMIT :n));

-- name: keeper_amendments_drop
-- param: before time, n int
DELETE FROM amendments WHERE ctid IN (SELECT a.ctid FROM amendments a
  WHERE a.client_id IN (SELECT c.id FROM clients c) AND a.received_at < :before
  AND (SELECT p.entry_id FROM journal_parts p WHERE p.client_id = a.client_id AND p.status IN ('received', 'retrying')
    ORDER BY p.entry_id LIMIT 1) IS NULL
  AND (SELECT p.entry_id FROM journal_parts p WHERE p.status = 'parked'
    AND p.route_key = (SELECT 'n:' || c.phone_number_id FROM connections c WHERE c.id = a.connection_id)
    ORDER BY p.entry_id LIMIT 1) IS NULL
  LIMIT :n);
