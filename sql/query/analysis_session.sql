-- A session with its messages, as the model is to read them: by the session's bounds, since no message says which session it
-- is in. The first ones and, where there are very many, the last ones.

-- name: analysis_session
-- param: client uuid, id uuid
-- returns: uuid, uuid?, text, text?, time?, time, time?, int
SELECT conversation_id, ticket_id, source, class, ended_at, COALESCE(lead_in_at, started_at), retired_at, message_count
FROM sessions WHERE client_id = :client AND id = :id;

-- Sessions of a ticket that a message between two times may belong to.
-- name: analysis_session_trackings
-- param: client uuid, ticket uuid, from_at time, to_at time
-- returns: uuid, text, time, time?, time, int
SELECT id, class, started_at, ended_at, COALESCE(lead_in_at, started_at), tracking_id FROM sessions
WHERE client_id = :client AND ticket_id = :ticket AND source = 'tracking' AND retired_at IS NULL
  AND (started_at <= :to_at OR lead_in_at <= :to_at) AND (ended_at IS NULL OR ended_at >= :from_at);

-- name: analysis_session_ticket
-- param: client uuid, ticket uuid, from_at time, to_at time, n int
-- returns: uuid, text, text?, text, text?, time, time?, time?, text
SELECT id, direction, sender_type, type, body, at, external_updated_at, revoked_at, dedup_key
FROM messages WHERE client_id = :client AND ticket_id = :ticket AND at >= :from_at AND at <= :to_at
ORDER BY at, dedup_key LIMIT :n;

-- The last ones after (at, key), the last first.
-- name: analysis_session_ticket_tail
-- param: client uuid, ticket uuid, at time, key text, to_at time, n int
-- returns: uuid, text, text?, text, text?, time, time?, time?, text
SELECT id, direction, sender_type, type, body, at, external_updated_at, revoked_at, dedup_key
FROM messages WHERE client_id = :client AND ticket_id = :ticket AND (at, dedup_key) > (:at, :key) AND at <= :to_at
ORDER BY at DESC, dedup_key DESC LIMIT :n;

-- name: analysis_session_episode
-- param: client uuid, conversation uuid, from_at time, to_at time, n int
-- returns: uuid, text, text?, text, text?, time, time?, time?, text
SELECT id, direction, sender_type, type, body, at, external_updated_at, revoked_at, dedup_key
FROM messages WHERE client_id = :client AND conversation_id = :conversation AND at >= :from_at AND at <= :to_at
  AND type <> 'system' AND ticket_id IS NULL
ORDER BY at, dedup_key LIMIT :n;

-- name: analysis_session_episode_tail
-- param: client uuid, conversation uuid, at time, key text, to_at time, n int
-- returns: uuid, text, text?, text, text?, time, time?, time?, text
SELECT id, direction, sender_type, type, body, at, external_updated_at, revoked_at, dedup_key
FROM messages WHERE client_id = :client AND conversation_id = :conversation AND (at, dedup_key) > (:at, :key) AND at <= :to_at
  AND type <> 'system' AND ticket_id IS NULL
ORDER BY at DESC, dedup_key DESC LIMIT :n;
