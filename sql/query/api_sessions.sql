-- Sessions as the API shows them. Columns of a session: id, conversation, ticket, source, class, start, end, flags, trackings,
-- user's name and e-mail, number of messages, missing since, retired at.

-- One that retired and has an heir is found by api_redirect.
-- name: api_scope_session
-- param: id uuid, client uuid
-- returns: uuid, text, uuid
SELECT c.id, c.slug, x.id FROM clients c CROSS JOIN sessions x
WHERE x.client_id = c.id AND x.id = :id AND x.redirect_id IS NULL AND (:client IS NULL OR c.id = :client) LIMIT 2;

-- name: api_session_one
-- param: client uuid, id uuid
-- returns: uuid, uuid, uuid?, text, text?, time, time?, int, json?, text?, text?, int, time?, time?
SELECT id, conversation_id, ticket_id, source, class, started_at, ended_at, flags, tracking_ids, user_name, user_email,
  message_count, missing_since, retired_at
FROM sessions WHERE client_id = :client AND id = :id;

-- name: api_session_list
-- param: client uuid, conversation uuid, at time, id uuid, limit int
-- returns: uuid, uuid, uuid?, text, text?, time, time?, int, json?, text?, text?, int, time?, time?
SELECT id, conversation_id, ticket_id, source, class, started_at, ended_at, flags, tracking_ids, user_name, user_email,
  message_count, missing_since, retired_at
FROM sessions
WHERE client_id = :client AND conversation_id = :conversation AND retired_at IS NULL AND (started_at, id) < (:at, :id)
ORDER BY started_at DESC, id DESC LIMIT :limit;

-- Sessions that belong to tickets, by the place of the ticket in the batch.
-- name: api_session_of_tickets
-- param: client uuid, retired bool
-- rows: i int, ticket uuid
-- returns: int, uuid, uuid, uuid?, text, text?, time, time?, int, json?, text?, text?, int, time?, time?
SELECT r.i, s.id, s.conversation_id, s.ticket_id, s.source, s.class, s.started_at, s.ended_at, s.flags, s.tracking_ids,
  s.user_name, s.user_email, s.message_count, s.missing_since, s.retired_at
FROM @rows CROSS JOIN sessions s
WHERE s.client_id = :client AND s.ticket_id = r.ticket AND (s.retired_at IS NULL OR :retired)
ORDER BY r.i, s.started_at, s.id;

-- Episodes of conversations that overlap spans: no two overlap, so only the newest that starts before one may reach into it.
-- name: api_session_overlapping
-- param: client uuid, retired bool
-- rows: i int, conversation uuid, from_at time, to_at time
-- returns: int, uuid, uuid, uuid?, text, text?, time, time?, int, json?, text?, text?, int, time?, time?
SELECT r.i, s.id, s.conversation_id, s.ticket_id, s.source, s.class, s.started_at, s.ended_at, s.flags, s.tracking_ids,
  s.user_name, s.user_email, s.message_count, s.missing_since, s.retired_at
FROM @rows CROSS JOIN sessions s
WHERE s.client_id = :client AND s.conversation_id = r.conversation AND s.retired_at IS NULL AND s.ticket_id IS NULL
  AND s.started_at <= r.to_at AND s.ended_at >= r.from_at
  AND s.started_at >= COALESCE((SELECT x.started_at FROM sessions x
    WHERE x.client_id = :client AND x.conversation_id = r.conversation AND x.retired_at IS NULL AND x.ticket_id IS NULL
      AND x.started_at < r.from_at ORDER BY x.started_at DESC LIMIT 1), r.from_at)
UNION ALL
SELECT r.i, s.id, s.conversation_id, s.ticket_id, s.source, s.class, s.started_at, s.ended_at, s.flags, s.tracking_ids,
  s.user_name, s.user_email, s.message_count, s.missing_since, s.retired_at
FROM @rows CROSS JOIN sessions s
WHERE :retired AND s.client_id = :client AND s.conversation_id = r.conversation AND s.retired_at IS NOT NULL AND s.ticket_id IS NULL
  AND s.started_at <= r.to_at AND s.ended_at >= r.from_at
ORDER BY 1, 7, 2;

-- Where sessions begin: the first message of each. What came before a tracking was taken up is in it too, unless another
-- tracking of the ticket has it; so the search begins where those before it end.
-- name: api_session_firsts
-- param: client uuid
-- rows: id uuid
-- returns: uuid, uuid?
SELECT s.id, CASE WHEN s.ticket_id IS NULL THEN (SELECT m.id FROM messages m
  WHERE m.client_id = s.client_id AND m.conversation_id = s.conversation_id AND m.at >= s.started_at AND m.at <= s.ended_at
    AND m.ticket_id IS NULL AND m.type <> 'system' ORDER BY m.at, m.dedup_key LIMIT 1)
ELSE (SELECT m.id FROM messages m
  WHERE m.client_id = s.client_id AND m.ticket_id = s.ticket_id AND (s.ended_at IS NULL OR m.at <= s.ended_at)
    AND m.at >= COALESCE((SELECT max(CASE WHEN x.ended_at < s.started_at THEN x.ended_at ELSE s.started_at END) FROM sessions x
      WHERE x.client_id = s.client_id AND x.ticket_id = s.ticket_id AND x.source = 'tracking' AND x.retired_at IS NULL
        AND x.started_at < s.started_at AND (x.ended_at IS NULL OR x.ended_at > s.lead_in_at)), s.lead_in_at, s.started_at)
    AND (m.at >= s.started_at OR NOT EXISTS (SELECT 1 FROM sessions x
      WHERE x.client_id = s.client_id AND x.ticket_id = s.ticket_id AND x.source = 'tracking' AND x.retired_at IS NULL
        AND x.started_at <= m.at AND x.ended_at >= m.at))
  ORDER BY m.at, m.dedup_key LIMIT 1) END
FROM @rows CROSS JOIN sessions s WHERE s.client_id = :client AND s.id = r.id
ORDER BY s.id;

-- Where the messages of a page are: the episodes of their span.
-- name: api_session_spans
-- param: client uuid, conversation uuid, from_at time, to_at time
-- returns: uuid, time, time
SELECT s.id, s.started_at, s.ended_at FROM sessions s
WHERE s.client_id = :client AND s.conversation_id = :conversation AND s.retired_at IS NULL AND s.ticket_id IS NULL
  AND s.started_at <= :to_at AND s.ended_at >= :from_at
  AND s.started_at >= COALESCE((SELECT x.started_at FROM sessions x
    WHERE x.client_id = :client AND x.conversation_id = :conversation AND x.retired_at IS NULL AND x.ticket_id IS NULL
      AND x.started_at < :from_at ORDER BY x.started_at DESC LIMIT 1), :from_at)
ORDER BY s.started_at;

-- The same for messages of helpdesk tickets: all that core/session.h may choose from for a time in the span.
-- name: api_session_trackings
-- param: client uuid, from_at time, to_at time
-- rows: ticket uuid
-- returns: uuid, uuid, text, time, time?, time, int
SELECT s.ticket_id, s.id, s.class, s.started_at, s.ended_at, COALESCE(s.lead_in_at, s.started_at), s.tracking_id
FROM @rows CROSS JOIN sessions s
WHERE s.client_id = :client AND s.ticket_id = r.ticket AND s.source = 'tracking' AND s.retired_at IS NULL
  AND (s.started_at <= :to_at OR s.lead_in_at <= :to_at) AND (s.ended_at IS NULL OR s.ended_at >= :from_at)
ORDER BY s.ticket_id;
