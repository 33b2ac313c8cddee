-- Conversations, read and written by apply in batches.

-- name: apply_conversations
-- rows: client uuid, i int, lead uuid, connection uuid
-- returns: int, uuid, uuid?, time?, text?, time?, text?, time?, time?, time?, time?, int, bool, uuid?, time?, text?
SELECT r.i, c.id, c.last_message_id, c.last_message_at, c.last_message_key, c.last_out_at, c.last_out_key, c.last_live_in_at,
  c.last_active_at, c.first_history_at, c.history_received_at, c.unread_count, c.unread_live, c.open_ticket_id,
  (SELECT t.opened_at FROM tickets t WHERE t.client_id = r.client AND t.id = c.open_ticket_id),
  (SELECT t.source FROM tickets t WHERE t.client_id = r.client AND t.id = c.open_ticket_id)
FROM @rows CROSS JOIN conversations c
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
-- Rows that are there: written as an upsert, whose plan no statistics can spoil.
-- param: now time
-- rows: client uuid, id uuid, connection uuid, lead uuid, last_message_id uuid, last_message_at time, last_message_key text, last_out_at time, last_out_key text, last_live_in_at time, last_active_at time, first_history_at time, history_received_at time, unread_count int, unread_live bool, open_ticket uuid
INSERT INTO conversations (client_id, id, connection_id, lead_id, last_message_id, last_message_at, last_message_key, last_out_at,
  last_out_key, last_live_in_at, last_active_at, first_history_at, history_received_at, unread_count, unread_live, open_ticket_id,
  created_at, updated_at)
SELECT r.client, r.id, r.connection, r.lead, r.last_message_id, r.last_message_at, r.last_message_key, r.last_out_at,
  r.last_out_key, r.last_live_in_at, r.last_active_at, r.first_history_at, r.history_received_at, r.unread_count, r.unread_live, r.open_ticket,
  :now, :now
FROM @rows WHERE true
ON CONFLICT (client_id, id) DO UPDATE SET
  last_message_id = excluded.last_message_id, last_message_at = excluded.last_message_at,
  last_message_key = excluded.last_message_key, last_out_at = excluded.last_out_at, last_out_key = excluded.last_out_key,
  last_live_in_at = excluded.last_live_in_at, last_active_at = excluded.last_active_at, first_history_at = excluded.first_history_at,
  history_received_at = excluded.history_received_at, unread_count = excluded.unread_count, unread_live = excluded.unread_live,
  open_ticket_id = excluded.open_ticket_id, updated_at = excluded.updated_at;

-- name: apply_conversations_fold
-- All derived columns of conversations, from their messages. seen: 1 history, 14 echo, API or live, 16 live inbound.
-- rows: client uuid, i int, id uuid
-- returns: int, uuid?, time?, text?, time?, text?, time?, time?, time?, time?, int, bool
SELECT x.i, x.last_id, x.last_at, x.last_key, x.out_at, x.out_key,
  (SELECT max(m.at) FROM messages m WHERE m.client_id = x.client AND m.conversation_id = x.id AND m.seen & 16 <> 0),
  (SELECT max(m.at) FROM messages m WHERE m.client_id = x.client AND m.conversation_id = x.id AND m.seen & 14 <> 0),
  (SELECT min(m.at) FROM messages m WHERE m.client_id = x.client AND m.conversation_id = x.id AND m.seen & 1 <> 0),
  (SELECT min(m.history_received_at) FROM messages m WHERE m.client_id = x.client AND m.conversation_id = x.id),
  (SELECT count(*) FROM messages m WHERE m.client_id = x.client AND m.conversation_id = x.id AND m.unread AND m.direction = 'INBOUND'
     AND (x.out_at IS NULL OR m.at > x.out_at OR (m.at = x.out_at AND m.dedup_key > x.out_key))),
  EXISTS (SELECT 1 FROM messages m WHERE m.client_id = x.client AND m.conversation_id = x.id AND m.unread)
FROM (SELECT y.client, y.i, y.id, y.last_id,
    (SELECT m.at FROM messages m WHERE m.client_id = y.client AND m.id = y.last_id) AS last_at,
    (SELECT m.dedup_key FROM messages m WHERE m.client_id = y.client AND m.id = y.last_id) AS last_key,
    (SELECT m.at FROM messages m WHERE m.client_id = y.client AND m.id = y.out_id) AS out_at,
    (SELECT m.dedup_key FROM messages m WHERE m.client_id = y.client AND m.id = y.out_id) AS out_key
  FROM (SELECT r.client AS client, r.i AS i, r.id AS id,
      (SELECT m.id FROM messages m WHERE m.client_id = r.client AND m.conversation_id = r.id AND m.type <> 'system'
         ORDER BY m.at DESC, m.dedup_key DESC LIMIT 1) AS last_id,
      (SELECT m.id FROM messages m WHERE m.client_id = r.client AND m.conversation_id = r.id AND m.direction = 'OUTBOUND'
         ORDER BY m.at DESC, m.dedup_key DESC LIMIT 1) AS out_id
    FROM @rows) y) x;
