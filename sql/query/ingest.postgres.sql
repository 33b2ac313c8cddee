-- One statement, so that a group commit is one round trip: it writes the parts too.

-- name: ingest_journal
-- rows: id uuid, connection uuid, at time, body bytes
WITH entries AS (
  SELECT r.id, r.connection, r.at, r.body FROM @rows
), parts AS (
  INSERT INTO journal_parts (entry_id, part_no, status, fields, received_at, attempts, bytes)
  SELECT id, 0, 'received', 0, at, 0, length(body) FROM entries
)
INSERT INTO journal (id, received_at, connection_id, body)
SELECT id, at, connection, body FROM entries;
