-- Tickets, read and written by apply in batches.

-- name: apply_tickets_insert
-- param: now time
-- rows: client uuid, id uuid, conversation uuid, lead uuid, opened_at time
INSERT INTO tickets (client_id, id, conversation_id, lead_id, source, originated_from, status, stage, is_open, opened_at, created_at, updated_at)
SELECT r.client, r.id, r.conversation, r.lead, 'incoming_message', 'new_contact', 'open', 'new', TRUE, r.opened_at, :now, :now
FROM @rows WHERE true;

-- name: apply_tickets_first
-- Least time of the messages that came live while an incoming ticket was open; only for tickets that are open.
-- rows: client uuid, i int, id uuid
-- returns: int, time?
SELECT r.i, (SELECT min(m.at) FROM messages m WHERE m.client_id = r.client AND m.entry_ticket_id = r.id) FROM @rows
WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.client_id = r.client AND t.id = r.id AND t.is_open AND t.source = 'incoming_message');

-- name: apply_tickets_opened
-- param: now time
-- rows: client uuid, id uuid, opened_at time
UPDATE tickets SET opened_at = r.opened_at, updated_at = :now
FROM @rows WHERE tickets.client_id = r.client AND tickets.id = r.id AND tickets.is_open;

-- name: apply_tickets_open
-- Open WhatsApp tickets of the leads, with the least openedAt among all tickets of the lead.
-- rows: client uuid, i int, lead uuid
-- returns: int, uuid, time, text, time
SELECT r.i, t.id, t.opened_at, t.originated_from,
  (SELECT min(o.opened_at) FROM tickets o WHERE o.client_id = r.client AND o.lead_id = r.lead)
FROM @rows CROSS JOIN tickets t WHERE t.client_id = r.client AND t.lead_id = r.lead AND t.is_open;

-- name: apply_tickets_origin
-- param: now time
-- rows: client uuid, id uuid, origin text
UPDATE tickets SET originated_from = r.origin, updated_at = :now
FROM @rows WHERE tickets.client_id = r.client AND tickets.id = r.id;

-- name: apply_tickets_of
-- Tickets of conversations, for merging.
-- param: client uuid, kept uuid, lost uuid
-- returns: uuid, uuid, text, time, text, text
SELECT id, conversation_id, source, opened_at, status, stage FROM tickets
WHERE client_id = :client AND conversation_id IN (:kept, :lost) AND is_open;

-- name: apply_tickets_delete
-- param: client uuid, id uuid
DELETE FROM tickets WHERE client_id = :client AND id = :id;

-- name: apply_tickets_move
-- param: client uuid, kept uuid, lost uuid
UPDATE tickets SET conversation_id = :kept WHERE client_id = :client AND conversation_id = :lost;
