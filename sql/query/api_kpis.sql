-- Figures over sessions. A session counts where it started; groups, retired ones, episodes that a helpdesk tells whole and
-- episodes inside a helpdesk's waiting session do not. What an agent and a tag are called ignores case.

-- A page of them, in the order of (started_at, id). `flags >= 0` asks for ix_sessions_started.
-- name: api_kpi_sessions
-- param: client uuid, from_at time, to_at time, agent text, tag text, after_at time, after_id uuid, n int
-- returns: uuid, uuid, uuid?, text, text?, time, time?, time, int?, int, text?, text?, uuid
SELECT s.id, s.conversation_id, s.ticket_id, s.source, s.class, s.started_at, s.ended_at, COALESCE(s.lead_in_at, s.started_at),
  s.tracking_id, s.flags, s.user_name, s.user_email, c.lead_id
FROM sessions s JOIN conversations c ON c.client_id = s.client_id AND c.id = s.conversation_id
WHERE s.client_id = :client AND s.retired_at IS NULL AND s.flags >= 0 AND s.started_at >= :from_at AND s.started_at <= :to_at
  AND (s.started_at, s.id) > (:after_at, :after_id)
  AND (s.source = 'tracking' OR s.ticket_id IS NULL)
  AND NOT EXISTS (SELECT 1 FROM helpdesk_tickets h WHERE h.client_id = s.client_id AND h.ticket_id = s.ticket_id AND h.is_group)
  AND (:agent IS NULL OR lower(s.user_name) = lower(:agent) OR lower(s.user_email) = lower(:agent))
  AND (:tag IS NULL OR EXISTS (SELECT 1 FROM lead_tags x JOIN tags t ON t.client_id = x.client_id AND t.id = x.tag_id
    WHERE x.client_id = c.client_id AND x.lead_id = c.lead_id AND lower(t.name) = lower(:tag)))
  AND (s.ticket_id IS NOT NULL OR EXISTS (SELECT 1 FROM messages m
    WHERE m.client_id = s.client_id AND m.conversation_id = s.conversation_id AND m.at >= s.started_at AND m.at <= s.ended_at
      AND m.type <> 'system' AND m.ticket_id IS NULL
      AND NOT EXISTS (SELECT 1 FROM messages h JOIN conversations o ON o.client_id = h.client_id AND o.id = h.conversation_id
        WHERE h.client_id = m.client_id AND h.same_key = m.dedup_key AND o.lead_id = c.lead_id)))
ORDER BY s.started_at, s.id LIMIT :n;

-- Messages that may belong to a span of a ticket, or of a conversation's own ones, in their order.
-- name: api_kpi_ticket_messages
-- rows: client uuid, i int, ticket uuid, from_at time, to_at time
-- returns: int, time, bool, bool
SELECT r.i, m.at, m.direction = 'OUTBOUND', COALESCE(m.sender_type, 'HUMAN') = 'HUMAN'
FROM @rows CROSS JOIN messages m
WHERE m.client_id = r.client AND m.ticket_id = r.ticket AND m.at >= r.from_at AND m.at <= r.to_at
ORDER BY r.i, m.at, m.dedup_key;

-- name: api_kpi_episode_messages
-- rows: client uuid, i int, conversation uuid, from_at time, to_at time
-- returns: int, time, bool, bool
SELECT r.i, m.at, m.direction = 'OUTBOUND', COALESCE(m.sender_type, 'HUMAN') = 'HUMAN'
FROM @rows CROSS JOIN messages m
WHERE m.client_id = r.client AND m.conversation_id = r.conversation AND m.at >= r.from_at AND m.at <= r.to_at
  AND m.type <> 'system' AND m.ticket_id IS NULL
ORDER BY r.i, m.at, m.dedup_key;

-- Tags of leads, those that vanished at the helpdesk left out.
-- name: api_kpi_tags
-- rows: client uuid, i int, lead uuid
-- returns: int, text
SELECT r.i, t.name FROM @rows CROSS JOIN lead_tags x JOIN tags t ON t.client_id = x.client_id AND t.id = x.tag_id
WHERE x.client_id = r.client AND x.lead_id = r.lead AND (x.by_hand OR t.missing_since IS NULL)
ORDER BY r.i, t.name;
