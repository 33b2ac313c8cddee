-- PostgreSQL's spelling of batch look-ups: each row of the batch is one look-up by the whole key (apply_messages.postgres.sql).

-- name: media_expire
-- param: now time
-- rows: client uuid, id uuid
UPDATE media SET status = 'unavailable', reason = 'expired', owner = NULL, next_try_at = NULL, updated_at = :now
FROM (SELECT (SELECT x.ctid FROM media x WHERE x.client_id = r.client AND x.id = r.id) AS tid FROM @rows) r
WHERE media.ctid = r.tid AND media.status = 'pending';

-- name: api_media_of
-- rows: client uuid, i int, conversation uuid, meta text
-- returns: int, uuid, text, text?, text?, bytes?, int?, text?, text?, text?
SELECT r.i, m.id, m.status, CASE WHEN m.status <> 'pending' THEN m.reason
    WHEN c.access_token_box IS NULL THEN 'no_access_token' WHEN c.token_failed_at IS NOT NULL THEN c.token_failed_reason ELSE m.reason END,
  m.mime_type, m.sha256, m.bytes, t.status, t.reason, t.body
FROM @rows
CROSS JOIN LATERAL (SELECT x.connection_id FROM conversations x WHERE x.client_id = r.client AND x.id = r.conversation OFFSET 0) v
CROSS JOIN LATERAL (SELECT x.* FROM media x
  WHERE x.client_id = r.client AND x.connection_id = v.connection_id AND x.meta_id = r.meta OFFSET 0) m
CROSS JOIN LATERAL (SELECT x.* FROM connections x WHERE x.client_id = r.client AND x.id = v.connection_id OFFSET 0) c
LEFT JOIN LATERAL (SELECT x.* FROM transcripts x WHERE x.client_id = r.client AND x.sha256 = m.sha256 OFFSET 0) t ON true;
