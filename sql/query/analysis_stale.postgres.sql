-- PostgreSQL's spelling of batch look-ups: each is fenced, so that it goes by the whole key.

-- name: analysis_stale_episodes
-- rows: client uuid, conversation uuid, at time
-- returns: uuid
SELECT s.id FROM @rows CROSS JOIN LATERAL (SELECT x.id, x.ended_at FROM sessions x
  WHERE x.client_id = r.client AND x.conversation_id = r.conversation AND x.retired_at IS NULL AND x.ticket_id IS NULL
    AND x.started_at <= r.at ORDER BY x.started_at DESC LIMIT 1) s
WHERE s.ended_at >= r.at;

-- name: analysis_stale_tickets
-- rows: client uuid, ticket uuid
-- returns: uuid, uuid, text?, time, time?, time, int?
SELECT s.ticket_id, s.id, s.class, s.started_at, s.ended_at, COALESCE(s.lead_in_at, s.started_at), s.tracking_id
FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM sessions x
  WHERE x.client_id = r.client AND x.ticket_id = r.ticket AND x.retired_at IS NULL OFFSET 0) s
ORDER BY s.ticket_id, s.started_at, s.id;
