-- PostgreSQL's spelling of batch look-ups. The fence (OFFSET 0) makes each row of the batch one look-up by the whole key:
-- without it, an index is walked for the client alone as soon as the statistics are older than the table.

-- name: apply_conversations
-- rows: client uuid, i int, lead uuid, connection uuid
-- returns: int, uuid, uuid?, time?, text?, time?, text?, time?, time?, time?, time?, int, bool, uuid?, time?, text?
SELECT r.i, c.id, c.last_message_id, c.last_message_at, c.last_message_key, c.last_out_at, c.last_out_key, c.last_live_in_at,
  c.last_active_at, c.first_history_at, c.history_received_at, c.unread_count, c.unread_live, c.open_ticket_id,
  (SELECT t.opened_at FROM tickets t WHERE t.client_id = r.client AND t.id = c.open_ticket_id),
  (SELECT t.source FROM tickets t WHERE t.client_id = r.client AND t.id = c.open_ticket_id)
FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM conversations x
  WHERE x.client_id = r.client AND x.lead_id = r.lead AND x.connection_id = r.connection OFFSET 0) c;

-- name: apply_conversations_update
-- param: now time
-- rows: client uuid, id uuid, connection uuid, lead uuid, last_message_id uuid, last_message_at time, last_message_key text, last_out_at time, last_out_key text, last_live_in_at time, last_active_at time, first_history_at time, history_received_at time, unread_count int, unread_live bool, open_ticket uuid
UPDATE conversations SET last_message_id = r.last_message_id, last_message_at = r.last_message_at,
  last_message_key = r.last_message_key, last_out_at = r.last_out_at, last_out_key = r.last_out_key,
  last_live_in_at = r.last_live_in_at, last_active_at = r.last_active_at, first_history_at = r.first_history_at,
  history_received_at = r.history_received_at, unread_count = r.unread_count, unread_live = r.unread_live,
  open_ticket_id = r.open_ticket, updated_at = :now
FROM (SELECT r.*, (SELECT x.ctid FROM conversations x WHERE x.client_id = r.client AND x.id = r.id) AS tid FROM @rows) r
WHERE conversations.ctid = r.tid;
