-- Analyses whose session has changed since it was read.

-- name: analysis_stale_any
-- param: client uuid
-- returns: bool
SELECT EXISTS (SELECT 1 FROM session_analyses WHERE "clientId" = :client);

-- Episodes of WhatsApp conversations that have these times inside.
-- name: analysis_stale_episodes
-- rows: client uuid, conversation uuid, at time
-- returns: uuid
SELECT s.id FROM @rows CROSS JOIN sessions s
WHERE s.client_id = r.client AND s.conversation_id = r.conversation AND s.retired_at IS NULL AND s.ticket_id IS NULL
  AND s.ended_at >= r.at
  AND s.started_at = (SELECT x.started_at FROM sessions x
    WHERE x.client_id = r.client AND x.conversation_id = r.conversation AND x.retired_at IS NULL AND x.ticket_id IS NULL
      AND x.started_at <= r.at ORDER BY x.started_at DESC LIMIT 1);

-- Sessions of tickets: what core/session.h chooses from, and the episodes inside.
-- name: analysis_stale_tickets
-- rows: client uuid, ticket uuid
-- returns: uuid, uuid, text?, time, time?, time, int?
SELECT s.ticket_id, s.id, s.class, s.started_at, s.ended_at, COALESCE(s.lead_in_at, s.started_at), s.tracking_id
FROM @rows CROSS JOIN sessions s
WHERE s.client_id = r.client AND s.ticket_id = r.ticket AND s.retired_at IS NULL
ORDER BY s.ticket_id, s.started_at, s.id;

-- Not by their place (ctid), since the queue changes rows without the client's lane and a row that was changed meanwhile must be
-- found in its new place. Those that wait are touched too: who claims one meanwhile passes it over, and so reads its messages only after this change.
-- name: analysis_stale_mark
-- param: now time
-- rows: client uuid, session uuid
UPDATE session_analyses SET "stale" = "status" IN ('done', 'processing'),
  "sessionEndedAt" = COALESCE((SELECT s.ended_at FROM sessions s WHERE s.client_id = session_analyses."clientId"
    AND s.id = session_analyses."sessionId"), "sessionEndedAt"), "updatedAt" = :now
FROM @rows WHERE session_analyses."clientId" = r.client AND session_analyses."sessionId" = r.session;
