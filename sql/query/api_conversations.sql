-- The inbox: conversations and their messages.

-- filter: all, open, unread, history. q: an SQL pattern of what core/search.h makes of the text, or NULL. Those without activity come last (next query).
-- name: api_conversation_list
-- param: client uuid, connection uuid, filter text, q text, at time, id uuid, limit int
-- returns: uuid, uuid, time?, int, bool, uuid?, uuid?, text?, text?, text?, text?, time?, time?, uuid, text?, text?, text?, text?, bool, bool, time?, time?, time, time?
SELECT c.id, c.connection_id, c.last_message_at, c.unread_count, c.first_history_at IS NOT NULL, c.open_ticket_id,
  m.id, m.body, m.type, m.direction, m.source, m.at, m.revoked_at,
  l.id, l.wa_id, l.username, l.push_name, l.source, l.first_history_at IS NOT NULL, l.is_active, l.deleted_at,
  l.last_synced_at, l.created_at, l.last_message_at
FROM conversations c
JOIN leads l ON l.client_id = c.client_id AND l.id = c.lead_id
LEFT JOIN messages m ON m.client_id = c.client_id AND m.id = c.last_message_id
WHERE c.client_id = :client AND (c.last_message_at, c.id) < (:at, :id)
  AND (:connection IS NULL OR c.connection_id = :connection)
  AND (:filter = 'all' OR (:filter = 'open' AND c.open_ticket_id IS NOT NULL) OR (:filter = 'unread' AND c.unread_count > 0)
    OR (:filter = 'history' AND c.first_history_at IS NOT NULL))
  AND (:q IS NULL OR l.search_name LIKE :q ESCAPE '!' OR l.wa_id LIKE :q ESCAPE '!')
ORDER BY c.last_message_at DESC, c.id DESC LIMIT :limit;

-- name: api_conversation_list_silent
-- param: client uuid, connection uuid, filter text, q text, id uuid, limit int
-- returns: uuid, uuid, time?, int, bool, uuid?, uuid?, text?, text?, text?, text?, time?, time?, uuid, text?, text?, text?, text?, bool, bool, time?, time?, time, time?
SELECT c.id, c.connection_id, c.last_message_at, c.unread_count, c.first_history_at IS NOT NULL, c.open_ticket_id,
  m.id, m.body, m.type, m.direction, m.source, m.at, m.revoked_at,
  l.id, l.wa_id, l.username, l.push_name, l.source, l.first_history_at IS NOT NULL, l.is_active, l.deleted_at,
  l.last_synced_at, l.created_at, l.last_message_at
FROM conversations c
JOIN leads l ON l.client_id = c.client_id AND l.id = c.lead_id
LEFT JOIN messages m ON m.client_id = c.client_id AND m.id = c.last_message_id
WHERE c.client_id = :client AND c.last_message_at IS NULL AND c.id < :id
  AND (:connection IS NULL OR c.connection_id = :connection)
  AND (:filter = 'all' OR (:filter = 'open' AND c.open_ticket_id IS NOT NULL) OR (:filter = 'unread' AND c.unread_count > 0)
    OR (:filter = 'history' AND c.first_history_at IS NOT NULL))
  AND (:q IS NULL OR l.search_name LIKE :q ESCAPE '!' OR l.wa_id LIKE :q ESCAPE '!')
ORDER BY c.id DESC LIMIT :limit;

-- name: api_conversation_one
-- param: client uuid, id uuid
-- returns: uuid, uuid, time?, int, bool, uuid?, uuid?, text?, text?, text?, text?, time?, time?, uuid, text?, text?, text?, text?, bool, bool, time?, time?, time, time?, int
SELECT c.id, c.connection_id, c.last_message_at, c.unread_count, c.first_history_at IS NOT NULL, c.open_ticket_id,
  m.id, m.body, m.type, m.direction, m.source, m.at, m.revoked_at,
  l.id, l.wa_id, l.username, l.push_name, l.source, l.first_history_at IS NOT NULL, l.is_active, l.deleted_at,
  l.last_synced_at, l.created_at, l.last_message_at,
  (SELECT count(*) FROM tickets t WHERE t.client_id = c.client_id AND t.conversation_id = c.id)
FROM conversations c
JOIN leads l ON l.client_id = c.client_id AND l.id = c.lead_id
LEFT JOIN messages m ON m.client_id = c.client_id AND m.id = c.last_message_id
WHERE c.client_id = :client AND c.id = :id;

-- name: api_message_place
-- param: client uuid, conversation uuid, id uuid
-- returns: time, text
SELECT at, dedup_key FROM messages WHERE client_id = :client AND id = :id AND conversation_id = :conversation;

-- name: api_messages_forward
-- param: client uuid, conversation uuid, at time, key text, limit int
-- returns: uuid, text, time, bool, text, text, text, text?, json?, text, text?, text?, text?, text?, uuid?, json?, json?, time?, json?, time?, json?, time?, uuid?, int?, text?, time?, uuid?
SELECT id, dedup_key, at, bad_time, source, direction, type, body, content, status, history_status, wamid, reply_key,
  reply_wamid, reply_id, original, edits, edited_at, reactions, revoked_at, error, confirmed_at,
  ticket_id, external_id, sender_type, missing_since, same_id
FROM message_docs WHERE client_id = :client AND conversation_id = :conversation AND (at, dedup_key) > (:at, :key)
ORDER BY at, dedup_key LIMIT :limit;

-- name: api_messages_from
-- param: client uuid, conversation uuid, at time, key text, limit int
-- returns: uuid, text, time, bool, text, text, text, text?, json?, text, text?, text?, text?, text?, uuid?, json?, json?, time?, json?, time?, json?, time?, uuid?, int?, text?, time?, uuid?
SELECT id, dedup_key, at, bad_time, source, direction, type, body, content, status, history_status, wamid, reply_key,
  reply_wamid, reply_id, original, edits, edited_at, reactions, revoked_at, error, confirmed_at,
  ticket_id, external_id, sender_type, missing_since, same_id
FROM message_docs WHERE client_id = :client AND conversation_id = :conversation AND (at, dedup_key) >= (:at, :key)
ORDER BY at, dedup_key LIMIT :limit;

-- name: api_messages_backward
-- param: client uuid, conversation uuid, at time, key text, limit int
-- returns: uuid, text, time, bool, text, text, text, text?, json?, text, text?, text?, text?, text?, uuid?, json?, json?, time?, json?, time?, json?, time?, uuid?, int?, text?, time?, uuid?
SELECT id, dedup_key, at, bad_time, source, direction, type, body, content, status, history_status, wamid, reply_key,
  reply_wamid, reply_id, original, edits, edited_at, reactions, revoked_at, error, confirmed_at,
  ticket_id, external_id, sender_type, missing_since, same_id
FROM message_docs WHERE client_id = :client AND conversation_id = :conversation AND (at, dedup_key) < (:at, :key)
ORDER BY at DESC, dedup_key DESC LIMIT :limit;

-- The messages of one helpdesk ticket.
-- name: api_ticket_messages_forward
-- param: client uuid, ticket uuid, at time, key text, limit int
-- returns: uuid, text, time, bool, text, text, text, text?, json?, text, text?, text?, text?, text?, uuid?, json?, json?, time?, json?, time?, json?, time?, uuid?, int?, text?, time?, uuid?
SELECT id, dedup_key, at, bad_time, source, direction, type, body, content, status, history_status, wamid, reply_key,
  reply_wamid, reply_id, original, edits, edited_at, reactions, revoked_at, error, confirmed_at,
  ticket_id, external_id, sender_type, missing_since, same_id
FROM message_docs WHERE client_id = :client AND ticket_id = :ticket AND (at, dedup_key) > (:at, :key)
ORDER BY at, dedup_key LIMIT :limit;

-- name: api_message_read_flags
-- param: client uuid, conversation uuid, now time
UPDATE messages SET unread = false, updated_at = :now
WHERE client_id = :client AND conversation_id = :conversation AND unread;

-- name: api_conversation_read
-- param: client uuid, conversation uuid, now time
UPDATE conversations SET unread_count = 0, unread_live = false, updated_at = :now
WHERE client_id = :client AND id = :conversation;
