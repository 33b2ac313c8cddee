-- PostgreSQL's spelling of batch look-ups. The fence (OFFSET 0) makes each row of the batch one look-up by the whole key:
-- without it, an index is walked for the client alone as soon as the statistics are older than the table.

-- name: apply_amendments
-- rows: client uuid, connection uuid, key text
-- returns: uuid, text, bytes, uuid?, json, time, time
SELECT a.connection_id, a.target_key, a.digest, a.lead_id, a.doc, a.rank_at, a.received_at
FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM amendments x
  WHERE x.client_id = r.client AND x.connection_id = r.connection AND x.target_key = r.key OFFSET 0) a;

-- name: apply_amendments_of
-- rows: client uuid, lead uuid
-- returns: uuid, text, bytes, uuid?, json, time, time
SELECT a.connection_id, a.target_key, a.digest, a.lead_id, a.doc, a.rank_at, a.received_at
FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM amendments x
  WHERE x.client_id = r.client AND x.lead_id = r.lead OFFSET 0) a;
