-- Amendments that wait for their message.

-- name: apply_amendments_any
-- param: client uuid
-- returns: bool
SELECT EXISTS (SELECT 1 FROM amendments WHERE client_id = :client);

-- name: apply_amendments
-- rows: client uuid, connection uuid, key text
-- returns: uuid, text, bytes, uuid?, json, time, time
SELECT a.connection_id, a.target_key, a.digest, a.lead_id, a.doc, a.rank_at, a.received_at
FROM @rows CROSS JOIN amendments a WHERE a.client_id = r.client AND a.connection_id = r.connection AND a.target_key = r.key;

-- name: apply_amendments_of
-- rows: client uuid, lead uuid
-- returns: uuid, text, bytes, uuid?, json, time, time
SELECT a.connection_id, a.target_key, a.digest, a.lead_id, a.doc, a.rank_at, a.received_at
FROM @rows CROSS JOIN amendments a WHERE a.client_id = r.client AND a.lead_id = r.lead;

-- name: apply_amendments_insert
-- rows: client uuid, connection uuid, key text, digest bytes, lead uuid, doc json, rank_at time, received_at time
INSERT INTO amendments (client_id, connection_id, target_key, digest, lead_id, doc, rank_at, received_at)
SELECT r.client, r.connection, r.key, r.digest, r.lead, r.doc, r.rank_at, r.received_at FROM @rows WHERE true
ON CONFLICT (client_id, connection_id, target_key, digest) DO UPDATE SET
  rank_at = CASE WHEN excluded.rank_at > amendments.rank_at THEN excluded.rank_at ELSE amendments.rank_at END,
  received_at = CASE WHEN excluded.received_at < amendments.received_at THEN excluded.received_at ELSE amendments.received_at END;

-- name: apply_amendments_delete
-- rows: client uuid, connection uuid, key text, digest bytes
DELETE FROM amendments WHERE (client_id, connection_id, target_key, digest) IN (SELECT r.client, r.connection, r.key, r.digest FROM @rows);
