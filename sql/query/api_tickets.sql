-- Tickets with the lead they belong to, and what people do with them.

-- name: api_ticket_one
-- param: client uuid, id uuid
-- returns: uuid, text?, uuid?, text, text, text, text, bool, time, time?, time?, time?, time, time, time?, uuid, text?, text?, text?, text?, bool, bool, time?, time?, time, time?
SELECT t.id, t.external_uuid, t.conversation_id, t.source, t.originated_from, t.status, t.stage, t.is_open, t.opened_at,
  t.closed_at, t.message_window_expires_at, t.service_window_expires_at,
  CASE WHEN t.source = 'helpdesk_import' THEN t.opened_at ELSE t.created_at END,
  COALESCE((SELECT h.external_updated_at FROM helpdesk_tickets h WHERE h.client_id = t.client_id AND h.ticket_id = t.id), t.updated_at),
  CASE WHEN t.source = 'helpdesk_import' THEN t.updated_at END,
  l.id, l.wa_id, l.username, l.push_name, l.source, l.first_history_at IS NOT NULL, l.is_active, l.deleted_at,
  l.last_synced_at, l.created_at, l.last_message_at
FROM ticket_docs t JOIN leads l ON l.client_id = t.client_id AND l.id = t.lead_id
WHERE t.client_id = :client AND t.id = :id;

-- name: api_ticket_list
-- param: client uuid, status text, source text, origin text, at time, id uuid, limit int
-- returns: uuid, text?, uuid?, text, text, text, text, bool, time, time?, time?, time?, time, time, time?, uuid, text?, text?, text?, text?, bool, bool, time?, time?, time, time?
SELECT t.id, t.external_uuid, t.conversation_id, t.source, t.originated_from, t.status, t.stage, t.is_open, t.opened_at,
  t.closed_at, t.message_window_expires_at, t.service_window_expires_at,
  CASE WHEN t.source = 'helpdesk_import' THEN t.opened_at ELSE t.created_at END,
  COALESCE((SELECT h.external_updated_at FROM helpdesk_tickets h WHERE h.client_id = t.client_id AND h.ticket_id = t.id), t.updated_at),
  CASE WHEN t.source = 'helpdesk_import' THEN t.updated_at END,
  l.id, l.wa_id, l.username, l.push_name, l.source, l.first_history_at IS NOT NULL, l.is_active, l.deleted_at,
  l.last_synced_at, l.created_at, l.last_message_at
FROM ticket_docs t JOIN leads l ON l.client_id = t.client_id AND l.id = t.lead_id
WHERE t.client_id = :client AND (t.opened_at, t.id) < (:at, :id)
  AND (:status IS NULL OR t.status = :status) AND (:source IS NULL OR t.source = :source)
  AND (:origin IS NULL OR t.originated_from = :origin)
ORDER BY t.opened_at DESC, t.id DESC LIMIT :limit;

-- name: api_ticket_of_conversation
-- param: client uuid, conversation uuid, at time, id uuid, limit int
-- returns: uuid, text?, uuid?, text, text, text, text, bool, time, time?, time?, time?, time, time, time?, uuid, text?, text?, text?, text?, bool, bool, time?, time?, time, time?
SELECT t.id, t.external_uuid, t.conversation_id, t.source, t.originated_from, t.status, t.stage, t.is_open, t.opened_at,
  t.closed_at, t.message_window_expires_at, t.service_window_expires_at,
  CASE WHEN t.source = 'helpdesk_import' THEN t.opened_at ELSE t.created_at END,
  COALESCE((SELECT h.external_updated_at FROM helpdesk_tickets h WHERE h.client_id = t.client_id AND h.ticket_id = t.id), t.updated_at),
  CASE WHEN t.source = 'helpdesk_import' THEN t.updated_at END,
  l.id, l.wa_id, l.username, l.push_name, l.source, l.first_history_at IS NOT NULL, l.is_active, l.deleted_at,
  l.last_synced_at, l.created_at, l.last_message_at
FROM ticket_docs t JOIN leads l ON l.client_id = t.client_id AND l.id = t.lead_id
WHERE t.client_id = :client AND t.conversation_id = :conversation AND (t.opened_at, t.id) < (:at, :id)
ORDER BY t.opened_at DESC, t.id DESC LIMIT :limit;

-- For opening by hand: the lead, its first history, whether it had a ticket before.
-- name: api_ticket_ground
-- param: client uuid, conversation uuid, now time
-- returns: uuid, bool, bool, bool
SELECT c.lead_id,
  EXISTS (SELECT 1 FROM tickets t WHERE t.client_id = c.client_id AND t.lead_id = c.lead_id AND t.opened_at < :now),
  COALESCE(l.first_history_at < :now, false),
  EXISTS (SELECT 1 FROM tickets t WHERE t.client_id = c.client_id AND t.conversation_id = c.id AND t.is_open)
FROM conversations c JOIN leads l ON l.client_id = c.client_id AND l.id = c.lead_id
WHERE c.client_id = :client AND c.id = :conversation;

-- name: api_ticket_insert
-- param: id uuid, client uuid, conversation uuid, lead uuid, source text, origin text, stage text, now time
INSERT INTO tickets (id, client_id, conversation_id, lead_id, source, originated_from, status, stage, is_open, opened_at,
  created_at, updated_at)
VALUES (:id, :client, :conversation, :lead, :source, :origin, 'open', :stage, true, :now, :now, :now);

-- name: api_ticket_state
-- param: client uuid, id uuid
-- returns: text, text, text, bool, uuid?, time?, time?
SELECT source, status, stage, is_open, conversation_id, message_window_expires_at, service_window_expires_at
FROM ticket_docs WHERE client_id = :client AND id = :id;

-- name: api_ticket_close
-- param: client uuid, id uuid, status text, stage text, message_window time, service_window time, now time
UPDATE tickets SET status = :status, stage = :stage, is_open = false, closed_at = :now,
  message_window_expires_at = :message_window, service_window_expires_at = :service_window, updated_at = :now
WHERE client_id = :client AND id = :id;

-- Stays open, or is opened again.
-- name: api_ticket_keep
-- param: client uuid, id uuid, status text, stage text, now time
UPDATE tickets SET status = :status, stage = :stage, is_open = true, closed_at = NULL, message_window_expires_at = NULL,
  service_window_expires_at = NULL, updated_at = :now
WHERE client_id = :client AND id = :id;

-- name: api_ticket_stage
-- param: client uuid, id uuid, stage text, now time
UPDATE tickets SET stage = :stage, updated_at = :now WHERE client_id = :client AND id = :id;

-- name: api_conversation_set_open
-- param: client uuid, conversation uuid, ticket uuid, now time
UPDATE conversations SET open_ticket_id = :ticket, updated_at = :now WHERE client_id = :client AND id = :conversation;

-- Tags of the leads of one page.
-- name: api_lead_tags
-- param: client uuid
-- rows: lead uuid
-- returns: uuid, uuid, text, text?
SELECT x.lead_id, g.id, g.name, g.color FROM @rows
JOIN lead_tags x ON x.client_id = :client AND x.lead_id = r.lead
JOIN tags g ON g.client_id = x.client_id AND g.id = x.tag_id
ORDER BY x.lead_id, g.name, g.id;
