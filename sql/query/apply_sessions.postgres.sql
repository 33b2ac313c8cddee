-- PostgreSQL's spelling of batch look-ups. The fence (OFFSET 0) makes each row of the batch one look-up by the whole key:
-- without it, an index is walked for the client alone as soon as the statistics are older than the table.

-- name: apply_sessions
-- rows: client uuid, i int, conversation uuid, from_at time, to_at time
-- returns: int, uuid, time, time, int, text
SELECT r.i, s.id, s.started_at, s.ended_at, s.message_count, s.start_key
FROM (SELECT r.*, COALESCE((SELECT x.started_at FROM sessions x
    WHERE x.client_id = r.client AND x.conversation_id = r.conversation AND x.retired_at IS NULL AND x.ticket_id IS NULL
      AND x.started_at < r.from_at ORDER BY x.started_at DESC LIMIT 1), r.from_at) AS first_at FROM @rows OFFSET 0) r
CROSS JOIN LATERAL (SELECT x.* FROM sessions x
  WHERE x.client_id = r.client AND x.conversation_id = r.conversation AND x.retired_at IS NULL AND x.ticket_id IS NULL
    AND x.started_at >= r.first_at AND x.started_at <= r.to_at AND x.ended_at >= r.from_at OFFSET 0) s;

-- name: apply_sessions_follow
-- param: now time
-- rows: client uuid, lost uuid, heir uuid
UPDATE sessions SET redirect_id = f.heir, updated_at = :now
FROM (SELECT s.tid, r.heir FROM @rows CROSS JOIN LATERAL (SELECT x.ctid AS tid FROM sessions x
  WHERE x.client_id = r.client AND x.redirect_id = r.lost OFFSET 0) s) f
WHERE sessions.ctid = f.tid;
