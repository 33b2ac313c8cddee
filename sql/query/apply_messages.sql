-- Messages, read and written by apply in batches. The order of columns is that of work/apply_messages.c.

-- name: apply_messages
-- Every message with one of the keys, in whatever conversation of the connection.
-- rows: client uuid, connection uuid, key text
-- returns: uuid, uuid, uuid, text, text, text, text?, json?, int, int, text?, text?, json?, text?, text?, json?, bytes, bytes?, time?, time, time?, json?, json?, time?, json?, time?, bool, uuid?, json?, uuid
SELECT
  m.id, m.connection_id, m.conversation_id, m.dedup_key, m.direction, m.type, m.body, m.content, m.seen,
  m.status_rank, m.history_status, m.wamid, m.wamids, m.reply_key, m.reply_wamid, m.extra, m.content_key,
  m.place_key, m.place_at, m.received_at, m.history_received_at, m.edits, m.reactions, m.revoked_at, m.error,
  m.confirmed_at, m.unread, m.entry_ticket_id, m.original,
  (SELECT c.lead_id FROM conversations c WHERE c.client_id = r.client AND c.id = m.conversation_id)
FROM @rows CROSS JOIN messages m WHERE m.client_id = r.client AND m.connection_id = r.connection AND m.dedup_key = r.key;

-- name: apply_messages_insert
-- param: now time
-- rows: client uuid, id uuid, connection uuid, conversation uuid, key text, at time, bad_time bool, direction text, type text, body text, content json, source text, seen int, status text, status_rank int, history_status text, wamid text, wamids json, reply_key text, reply_wamid text, extra json, content_key bytes, place_key bytes, place_at time, received_at time, history_received_at time, original json, edits json, edited_at time, reactions json, revoked_at time, error json, confirmed_at time, unread bool, entry_ticket uuid
INSERT INTO messages (client_id,
  id, connection_id, conversation_id, dedup_key, at, bad_time, direction, type, body, content, source, seen, status,
  status_rank, history_status, wamid, wamids, reply_key, reply_wamid, extra, content_key, place_key, place_at,
  received_at, history_received_at, original, edits, edited_at, reactions, revoked_at, error, confirmed_at, unread,
  entry_ticket_id, created_at, updated_at)
SELECT r.client,
  r.id, r.connection, r.conversation, r.key, r.at, r.bad_time, r.direction, r.type, r.body, r.content, r.source,
  r.seen, r.status, r.status_rank, r.history_status, r.wamid, r.wamids, r.reply_key, r.reply_wamid, r.extra,
  r.content_key, r.place_key, r.place_at, r.received_at, r.history_received_at, r.original, r.edits, r.edited_at,
  r.reactions, r.revoked_at, r.error, r.confirmed_at, r.unread, r.entry_ticket, :now, :now
FROM @rows WHERE true;

-- name: apply_messages_update
-- Rows that are there: written as an upsert, whose plan no statistics can spoil.
-- param: now time
-- rows: client uuid, id uuid, connection uuid, conversation uuid, key text, at time, bad_time bool, direction text, type text, body text, content json, source text, seen int, status text, status_rank int, history_status text, wamid text, wamids json, reply_key text, reply_wamid text, extra json, content_key bytes, place_key bytes, place_at time, received_at time, history_received_at time, original json, edits json, edited_at time, reactions json, revoked_at time, error json, confirmed_at time, unread bool, entry_ticket uuid
INSERT INTO messages (client_id,
  id, connection_id, conversation_id, dedup_key, at, bad_time, direction, type, body, content, source, seen, status,
  status_rank, history_status, wamid, wamids, reply_key, reply_wamid, extra, content_key, place_key, place_at,
  received_at, history_received_at, original, edits, edited_at, reactions, revoked_at, error, confirmed_at, unread,
  entry_ticket_id, created_at, updated_at)
SELECT r.client,
  r.id, r.connection, r.conversation, r.key, r.at, r.bad_time, r.direction, r.type, r.body, r.content, r.source,
  r.seen, r.status, r.status_rank, r.history_status, r.wamid, r.wamids, r.reply_key, r.reply_wamid, r.extra,
  r.content_key, r.place_key, r.place_at, r.received_at, r.history_received_at, r.original, r.edits, r.edited_at,
  r.reactions, r.revoked_at, r.error, r.confirmed_at, r.unread, r.entry_ticket, :now, :now
FROM @rows WHERE true
ON CONFLICT (client_id, id) DO UPDATE SET
  at = excluded.at, bad_time = excluded.bad_time, direction = excluded.direction, type = excluded.type, body = excluded.body, content = excluded.content,
  source = excluded.source, seen = excluded.seen, status = excluded.status, status_rank = excluded.status_rank,
  history_status = excluded.history_status, wamid = excluded.wamid, wamids = excluded.wamids, reply_key = excluded.reply_key,
  reply_wamid = excluded.reply_wamid, extra = excluded.extra, content_key = excluded.content_key, place_key = excluded.place_key,
  place_at = excluded.place_at, received_at = excluded.received_at, history_received_at = excluded.history_received_at,
  original = excluded.original, edits = excluded.edits, edited_at = excluded.edited_at, reactions = excluded.reactions,
  revoked_at = excluded.revoked_at, error = excluded.error, confirmed_at = excluded.confirmed_at, unread = excluded.unread,
  entry_ticket_id = excluded.entry_ticket_id, updated_at = excluded.updated_at;

-- name: apply_messages_of
-- Every message of two conversations that stands in both, for merging: pairs by key.
-- param: client uuid, kept uuid, lost uuid
-- returns: uuid, uuid, uuid, text, text, text, text?, json?, int, int, text?, text?, json?, text?, text?, json?, bytes, bytes?, time?, time, time?, json?, json?, time?, json?, time?, bool, uuid?, json?
SELECT
  m.id, m.connection_id, m.conversation_id, m.dedup_key, m.direction, m.type, m.body, m.content, m.seen,
  m.status_rank, m.history_status, m.wamid, m.wamids, m.reply_key, m.reply_wamid, m.extra, m.content_key,
  m.place_key, m.place_at, m.received_at, m.history_received_at, m.edits, m.reactions, m.revoked_at, m.error,
  m.confirmed_at, m.unread, m.entry_ticket_id, m.original
FROM messages m
WHERE m.client_id = :client AND m.conversation_id IN (:kept, :lost)
  AND EXISTS (SELECT 1 FROM messages o WHERE o.client_id = :client AND o.connection_id = m.connection_id AND o.dedup_key = m.dedup_key
    AND o.conversation_id = CASE WHEN m.conversation_id = :kept THEN :lost ELSE :kept END)
ORDER BY m.dedup_key;

-- name: apply_messages_delete
-- rows: client uuid, id uuid
DELETE FROM messages WHERE (client_id, id) IN (SELECT r.client, r.id FROM @rows);

-- name: apply_messages_move
-- param: client uuid, kept uuid, lost uuid
UPDATE messages SET conversation_id = :kept WHERE client_id = :client AND conversation_id = :lost;

-- name: apply_messages_ticket_move
-- param: client uuid, kept uuid, lost uuid
UPDATE messages SET entry_ticket_id = :kept WHERE client_id = :client AND entry_ticket_id = :lost;
