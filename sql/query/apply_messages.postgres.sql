-- PostgreSQL's spelling of batch look-ups. The fence (OFFSET 0) makes each row of the batch one look-up by the whole key:
-- without it, an index is walked for the client alone as soon as the statistics are older than the table.

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
FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM messages x
  WHERE x.client_id = r.client AND x.connection_id = r.connection AND x.dedup_key = r.key OFFSET 0) m;

-- name: apply_messages_update
-- param: now time
-- rows: client uuid, id uuid, connection uuid, conversation uuid, key text, at time, bad_time bool, direction text, type text, body text, content json, source text, seen int, status text, status_rank int, history_status text, wamid text, wamids json, reply_key text, reply_wamid text, extra json, content_key bytes, place_key bytes, place_at time, received_at time, history_received_at time, original json, edits json, edited_at time, reactions json, revoked_at time, error json, confirmed_at time, unread bool, entry_ticket uuid
UPDATE messages SET
  at = r.at, bad_time = r.bad_time, direction = r.direction, type = r.type, body = r.body, content = r.content,
  source = r.source, seen = r.seen, status = r.status, status_rank = r.status_rank,
  history_status = r.history_status, wamid = r.wamid, wamids = r.wamids, reply_key = r.reply_key,
  reply_wamid = r.reply_wamid, extra = r.extra, content_key = r.content_key, place_key = r.place_key,
  place_at = r.place_at, received_at = r.received_at, history_received_at = r.history_received_at,
  original = r.original, edits = r.edits, edited_at = r.edited_at, reactions = r.reactions,
  revoked_at = r.revoked_at, error = r.error, confirmed_at = r.confirmed_at, unread = r.unread,
  entry_ticket_id = r.entry_ticket, updated_at = :now
FROM (SELECT r.*, (SELECT x.ctid FROM messages x WHERE x.client_id = r.client AND x.id = r.id) AS tid FROM @rows) r
WHERE messages.ctid = r.tid;
