-- Conversations, read and written by apply in batches.

-- name: apply_conversations
-- rows: client uuid, i int, lead uuid, connection uuid
-- returns: int, uuid, uuid?, time?, text?, time?, text?, time?, time?, time?, time?, int, bool, uuid?, time?, text?
SELECT r.i, c.id, c.last_message_id, c.last_message_at, c.last_message_key, c.last_out_at, c.last_out_key, c.last_live_in_at,
  c.last_active_at, c.first_history_at, c.history_received_at, c.unread_count, c.unread_live, c.open_ticket_id, t.opened_at, t.source
FROM @rows CROSS JOIN conversations c LEFT JOIN tickets t ON t.client_id = r.client AND t.id = c.open_ticket_id
WHERE c.client_id = r.client AND c.lead_id = r.lead AND c.connection_id = r.connection;

-- name: apply_conversations_insert
-- param: now time
-- rows: client uuid, id uuid, connection uuid, lead uuid, last_message_id uuid, last_message_at time, last_message_key text, last_out_at time, last_out_key text, last_live_in_at time, last_active_at time, first_history_at time, history_received_at time, unread_count int, unread_live bool, open_ticket uuid
INSERT INTO conversations (client_id, id, connection_id, lead_id, last_message_id, last_message_at, last_message_key, last_out_at,
  last_out_key, last_live_in_at, last_active_at, first_history_at, history_received_at, unread_count, unread_live, open_ticket_id,
  created_at, updated_at)
SELECT r.client, r.id, r.connection, r.lead, r.last_message_id, r.last_message_at, r.last_message_key, r.last_out_at,
  r.last_out_key, r.last_live_in_at, r.last_active_at, r.first_history_at, r.history_received_at, r.unread_count, r.unread_live, r.open_ticket,
  :now, :now
FROM @rows WHERE true;

-- name: apply_conversations_update
-- param: now time
-- rows: client uuid, id uuid, connection uuid, lead uuid, last_message_id uuid, last_message_at time, last_message_key text, last_out_at time, last_out_key text, last_live_in_at time, last_active_at time, first_history_at time, history_received_at time, unread_count int, unread_live bool, open_ticket uuid
UPDATE conversations SET last_message_id = r.last_message_id, last_message_at = r.last_message_at,
  last_message_key = r.last_message_key, last_out_at = r.last_out_at, last_out_key = r.last_out_key,
  last_live_in_at = r.last_live_in_at, last_active_at = r.last_active_at, first_history_at = r.first_history_at,
  history_received_at = r.history_received_at, unread_count = r.unread_count, unread_live = r.unread_live,
  open_ticket_id = r.open_ticket, updated_at = :now
FROM @rows WHERE conversations.client_id = r.client AND conversations.id = r.id;

-- name: apply_conversations_fold
-- All derived columns of conversations, from their messages. seen: 1 history, 14 echo, API or live, 16 live inbound.
-- rows: client uuid, i int, id uuid
-- returns: int, uuid?, time?, text?, time?, text?, time?, time?, time?, time?, int, bool
SELECT x.i, lm.id, lm.at, lm.dedup_key, lo.at, lo.dedup_key,
  (SELECT max(m.at) FROM messages m WHERE m.client_id = x.client AND m.conversation_id = x.id AND m.seen & 16 <> 0),
  (SELECT max(m.at) FROM messages m WHERE m.client_id = x.client AND m.conversation_id = x.id AND m.seen & 14 <> 0),
  (SELECT min(m.at) FROM messages m WHERE m.client_id = x.client AND m.conversation_id = x.id AND m.seen & 1 <> 0),
  (SELECT min(m.history_received_at) FROM messages m WHERE m.client_id = x.client AND m.conversation_id = x.id),
  (SELECT count(*) FROM messages m WHERE m.client_id = x.client AND m.conversation_id = x.id AND m.unread AND m.direction = 'INBOUND'
     AND (lo.at IS NULL OR m.at > lo.at OR (m.at = lo.at AND m.dedup_key > lo.dedup_key))),
  EXISTS (SELECT 1 FROM messages m WHERE m.client_id = x.client AND m.conversation_id = x.id AND m.unread)
FROM (SELECT r.client AS client, r.i AS i, r.id AS id,
    (SELECT m.id FROM messages m WHERE m.client_id = r.client AND m.conversation_id = r.id AND m.type <> 'system'
       ORDER BY m.at DESC, m.dedup_key DESC LIMIT 1) AS last_id,
    (SELECT m.id FROM messages m WHERE m.client_id = r.client AND m.conversation_id = r.id AND m.direction = 'OUTBOUND'
       ORDER BY m.at DESC, m.dedup_key DESC LIMIT 1) AS out_id
  FROM @rows) x
LEFT JOIN messages lm ON lm.client_id = x.client AND lm.id = x.last_id
LEFT JOIN messages lo ON lo.client_id = x.client AND lo.id = x.out_id;
