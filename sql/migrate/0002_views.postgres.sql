-- What the API shows of a row that is worked out on reading, in one place for both engines.

-- Connections whose badge counts new messages of people with history.
CREATE INDEX ix_conversations_unread_live ON conversations (client_id, connection_id) WHERE unread_live;
-- Failed parts are few and asked for by every connection document.
CREATE INDEX ix_journal_parts_failed ON journal_parts (client_id, phone_number_id) WHERE status = 'failed';

-- A ticket with both windows: as stored once it is closed, worked out while it is open.
CREATE VIEW ticket_docs AS
SELECT t.client_id, t.id, t.external_uuid, t.conversation_id, t.lead_id, t.source, t.originated_from, t.status, t.stage,
  t.is_open, t.opened_at, t.closed_at, t.created_at, t.updated_at,
  CASE
    WHEN NOT t.is_open THEN t.message_window_expires_at
    WHEN l.first_history_at < t.opened_at THEN NULL
    WHEN NOT EXISTS (
      SELECT 1 FROM tickets o
      WHERE o.client_id = t.client_id AND o.conversation_id = t.conversation_id AND o.opened_at > t.opened_at
    ) THEN CASE WHEN c.last_live_in_at >= t.opened_at THEN c.last_live_in_at + interval '24 hours' END
    ELSE (
      SELECT m.at + interval '24 hours' FROM messages m
      WHERE m.client_id = t.client_id AND m.conversation_id = t.conversation_id AND m.at >= t.opened_at
        AND (m.seen & 16) <> 0
        AND NOT EXISTS (
          SELECT 1 FROM tickets o
          WHERE o.client_id = t.client_id AND o.conversation_id = t.conversation_id AND o.opened_at > t.opened_at
            AND o.opened_at <= m.at AND (o.closed_at IS NULL OR m.at < o.closed_at))
      ORDER BY m.at DESC LIMIT 1)
  END AS message_window_expires_at,
  CASE WHEN NOT t.is_open THEN t.service_window_expires_at ELSE c.last_live_in_at + interval '24 hours' END
    AS service_window_expires_at
FROM tickets t
JOIN leads l ON l.client_id = t.client_id AND l.id = t.lead_id
LEFT JOIN conversations c ON c.client_id = t.client_id AND c.id = t.conversation_id;

-- A message with the id of the one it replies to, if that is here.
CREATE VIEW message_docs AS
SELECT m.client_id, m.conversation_id, m.id, m.dedup_key, m.at, m.bad_time, m.source, m.direction, m.type, m.body, m.content,
  m.status, m.history_status, m.wamid, m.reply_key, m.reply_wamid,
  CASE WHEN m.reply_key IS NOT NULL THEN (
    SELECT o.id FROM messages o
    WHERE o.client_id = m.client_id AND o.connection_id = m.connection_id AND o.dedup_key = m.reply_key
      AND o.conversation_id = m.conversation_id)
  END AS reply_id,
  m.original, m.edits, m.edited_at, m.reactions, m.revoked_at, m.error, m.confirmed_at
FROM messages m;

-- A connection with its current run and what has come in that run's interval.
CREATE VIEW connection_docs AS
SELECT d.*,
  (SELECT count(*) FROM connection_contacts x
    WHERE x.client_id = d.client_id AND x.connection_id = d.id AND x.received_at >= d.since) AS contacts_imported,
  (SELECT count(*) FROM conversations x
    WHERE x.client_id = d.client_id AND x.connection_id = d.id AND x.history_received_at >= d.since) AS threads,
  (SELECT count(*) FROM (
    SELECT DISTINCT x.phase, x.chunk_order FROM sync_chunks x WHERE x.client_id = d.client_id AND x.run_id = d.run_id) y)
    AS chunks,
  (SELECT count(*) FROM sync_failures x
    WHERE x.client_id = d.client_id AND x.connection_id = d.id AND x.received_at >= d.since) AS messages_failed,
  (SELECT count(*) FROM journal_parts x
    WHERE x.client_id = d.client_id AND x.phone_number_id = d.phone_number_id AND x.status = 'failed'
      AND (x.fields & 2) <> 0 AND x.received_at >= d.since) AS failed_chunks,
  (SELECT count(*) FROM conversations x JOIN leads l ON l.client_id = x.client_id AND l.id = x.lead_id
    WHERE x.client_id = d.client_id AND x.connection_id = d.id AND x.unread_live AND l.first_history_at IS NOT NULL)
    AS leads_with_new
FROM (
  SELECT c.*, r.id AS run_id, r.run_no, r.started_at, r.history_requested, r.requested_at, r.progress, r.phase, r.chunk_order,
    r.first_chunk_at, r.last_chunk_at, r.full_at, r.state_sync_at, r.declined_at, r.declined, r.too_late_at, r.failure,
    c.status = 'disconnected' AS disconnected, r.completed, r.status AS run_status, r.messages_imported, r.messages_duplicate,
    CASE WHEN r.run_no > 1 THEN r.started_at ELSE timestamptz '0001-01-01 00:00:00+00' END AS since
  FROM connections c
  LEFT JOIN sync_runs r ON r.client_id = c.client_id AND r.connection_id = c.id AND r.run_no = (
    SELECT max(x.run_no) FROM sync_runs x WHERE x.client_id = c.client_id AND x.connection_id = c.id)
  WHERE c.deleted_at IS NULL
) d;
