-- Messages of ours that Meta has just named.

-- Those that have no name yet.
-- name: apply_sends_unnamed
-- rows: client uuid, connection uuid, id uuid, key text
-- returns: uuid, uuid
SELECT m.id, m.conversation_id
FROM @rows CROSS JOIN messages m
WHERE m.client_id = r.client AND m.id = r.id AND m.connection_id = r.connection AND m.dedup_key = r.key;

-- What came under the name before.
-- name: apply_sends_twins
-- rows: client uuid, id uuid, connection uuid, conversation uuid, key text
-- returns: uuid, uuid
SELECT r.id, m.id
FROM @rows CROSS JOIN messages m
WHERE m.client_id = r.client AND m.connection_id = r.connection AND m.dedup_key = r.key AND m.conversation_id = r.conversation;

-- name: apply_sends_message
-- param: client uuid, id uuid
-- returns: uuid, uuid, uuid, text, text, text, text?, json?, int, int, text?, text?, json?, text?, text?, json?, bytes, bytes?, time?, time, time?, json?, json?, time?, json?, time?, bool, uuid?, json?
SELECT
  m.id, m.connection_id, m.conversation_id, m.dedup_key, m.direction, m.type, m.body, m.content, m.seen,
  m.status_rank, m.history_status, m.wamid, m.wamids, m.reply_key, m.reply_wamid, m.extra, m.content_key,
  m.place_key, m.place_at, m.received_at, m.history_received_at, m.edits, m.reactions, m.revoked_at, m.error,
  m.confirmed_at, m.unread, m.entry_ticket_id, m.original
FROM messages m WHERE m.client_id = :client AND m.id = :id;

-- name: apply_sends_name
-- param: now time
-- rows: client uuid, id uuid, key text, wamid text
UPDATE messages SET dedup_key = r.key, wamid = r.wamid, updated_at = :now
FROM @rows WHERE messages.client_id = r.client AND messages.id = r.id;

-- name: apply_sends_last
-- rows: client uuid, conversation uuid, old_key text, key text
UPDATE conversations SET last_message_key = r.key
FROM @rows WHERE conversations.client_id = r.client AND conversations.id = r.conversation AND conversations.last_message_key = r.old_key;

-- name: apply_sends_last_out
-- rows: client uuid, conversation uuid, old_key text, key text
UPDATE conversations SET last_out_key = r.key
FROM @rows WHERE conversations.client_id = r.client AND conversations.id = r.conversation AND conversations.last_out_key = r.old_key;

-- What became of them was not known.
-- name: apply_sends_known
-- param: now time
-- rows: client uuid, id uuid
UPDATE sends SET status = 'accepted', reason = NULL, updated_at = :now
FROM @rows WHERE sends.client_id = r.client AND sends.id = r.id AND sends.status = 'unknown';

-- name: apply_sends_conversation
-- param: client uuid, id uuid
-- returns: uuid, uuid, uuid?
SELECT connection_id, lead_id, open_ticket_id FROM conversations WHERE client_id = :client AND id = :id;

-- Two conversations become one: their messages are of one person, and so is their queue.
-- name: apply_sends_move
-- param: client uuid, kept uuid, lost uuid
UPDATE sends SET conversation_id = :kept WHERE client_id = :client AND conversation_id = :lost;

-- name: apply_sends_pause
-- param: client uuid, kept uuid, lost uuid
INSERT INTO send_pauses (client_id, conversation_id, until)
SELECT p.client_id, :kept, p.until FROM send_pauses p WHERE p.client_id = :client AND p.conversation_id = :lost
ON CONFLICT (client_id, conversation_id) DO UPDATE SET
  until = CASE WHEN excluded.until > send_pauses.until THEN excluded.until ELSE send_pauses.until END;

-- One head at most: the one that is being called, else the oldest.
-- name: apply_sends_behind
-- param: client uuid, kept uuid
UPDATE sends SET status = 'behind', next_try_at = NULL
WHERE client_id = :client AND conversation_id = :kept AND status = 'queued' AND (
  EXISTS (SELECT 1 FROM sends c WHERE c.client_id = :client AND c.conversation_id = :kept AND c.status = 'calling')
  OR id <> (SELECT q.id FROM sends q WHERE q.client_id = :client AND q.conversation_id = :kept AND q.status = 'queued'
    ORDER BY q.id LIMIT 1));
