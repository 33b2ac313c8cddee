-- Appending to the journal: the committer's two statements. Both take the same batch.

-- name: ingest_journal
-- rows: id uuid, connection uuid, at time, body bytes
INSERT INTO journal (id, received_at, connection_id, body)
SELECT r.id, r.at, r.connection, r.body FROM @rows WHERE true;

-- Not routed yet: one part without client (part 0), due at once.
-- name: ingest_parts
-- rows: id uuid, connection uuid, at time, body bytes
INSERT INTO journal_parts (entry_id, part_no, status, fields, received_at, attempts, bytes)
SELECT r.id, 0, 'received', 0, r.at, 0, length(r.body) FROM @rows WHERE true;
