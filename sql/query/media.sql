-- Media: the queue of downloads, which applying fills and the fetcher works off, and what the API says of it.

-- Those that messages of a batch hold. Of one that is there only a revocation counts.
-- name: media_put
-- param: now time
-- rows: client uuid, id uuid, connection uuid, meta text, conversation uuid, history bool, status text, reason text, mime text, filename text, expected bytes, revoked bool, received_at time
INSERT INTO media (client_id, id, connection_id, meta_id, conversation_id, history, status, reason, mime_type, filename, expected, revoked,
  received_at, tries, wrong, next_try_at, created_at, updated_at)
SELECT r.client, r.id, r.connection, r.meta, r.conversation, r.history, r.status, r.reason, r.mime, r.filename, r.expected, r.revoked,
  r.received_at, 0, 0, CASE WHEN r.revoked THEN NULL ELSE r.received_at END, :now, :now
FROM @rows WHERE true
ON CONFLICT (client_id, connection_id, meta_id) DO UPDATE SET revoked = true,
  status = CASE WHEN media.status = 'pending' THEN 'unavailable' ELSE media.status END,
  reason = CASE WHEN media.status = 'pending' THEN 'revoked' ELSE media.reason END,
  next_try_at = NULL, owner = NULL, updated_at = excluded.updated_at
WHERE excluded.revoked AND NOT media.revoked;

-- Two conversations become one.
-- name: media_move
-- param: client uuid, kept uuid, lost uuid
UPDATE media SET conversation_id = :kept WHERE client_id = :client AND conversation_id = :lost;

-- The one that is next: of each connection that may be asked the first that is due, of those the first.
-- name: media_pick
-- param: now time, history bool
-- returns: uuid, uuid
SELECT h.client_id, h.media_id FROM (
  SELECT c.client_id, (SELECT x.id FROM media x
    WHERE x.client_id = c.client_id AND x.connection_id = c.id AND x.status = 'pending' AND x.history = :history
      AND x.next_try_at <= :now ORDER BY x.next_try_at LIMIT 1) AS media_id
  FROM connections c
  WHERE c.access_token_box IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM media_pauses p WHERE p.client_id = c.client_id AND p.connection_id = c.id AND p.until > :now
      AND (NOT p.of_token OR c.token_failed_at IS NOT NULL))) h
JOIN media m ON m.client_id = h.client_id AND m.id = h.media_id
ORDER BY m.next_try_at LIMIT 1;

-- Nothing is changed if another was faster.
-- name: media_take
-- param: client uuid, id uuid, owner uuid, now time, until time
UPDATE media SET owner = :owner, next_try_at = :until, tries = tries + 1
WHERE client_id = :client AND id = :id AND status = 'pending' AND next_try_at <= :now;

-- With the length of a file that is this client's already and has the digest.
-- name: media_load
-- param: client uuid, id uuid
-- returns: uuid, text, uuid, bool, text?, bytes?, time, int, int, bytes?, bool, int?, text?
SELECT m.connection_id, m.meta_id, m.conversation_id, m.history, m.mime_type, m.expected, m.received_at, m.tries, m.wrong,
  (SELECT c.access_token_box FROM connections c WHERE c.client_id = m.client_id AND c.id = m.connection_id),
  EXISTS (SELECT 1 FROM connections c WHERE c.client_id = m.client_id AND c.id = m.connection_id AND c.token_failed_at IS NOT NULL),
  (SELECT x.bytes FROM media x WHERE x.client_id = m.client_id AND x.sha256 = m.expected AND x.status = 'ready' LIMIT 1),
  m.reason
FROM media m WHERE m.client_id = :client AND m.id = :id;

-- name: media_same
-- param: client uuid, sha256 bytes
-- returns: int
SELECT x.bytes FROM media x WHERE x.client_id = :client AND x.sha256 = :sha256 AND x.status = 'ready' LIMIT 1;

-- Those that this process holds stay its own.
-- name: media_hold
-- param: owner uuid, until time
UPDATE media SET next_try_at = :until WHERE owner = :owner AND status = 'pending';

-- name: media_ready
-- param: client uuid, id uuid, owner uuid, sha256 bytes, bytes int, mime text, now time
UPDATE media SET status = 'ready', reason = NULL, sha256 = :sha256, bytes = :bytes, mime_type = COALESCE(mime_type, :mime), owner = NULL,
  next_try_at = NULL, updated_at = :now
WHERE client_id = :client AND id = :id AND owner = :owner AND status = 'pending';

-- name: media_unavailable
-- param: client uuid, id uuid, owner uuid, reason text, now time
UPDATE media SET status = 'unavailable', reason = :reason, owner = NULL, next_try_at = NULL, updated_at = :now
WHERE client_id = :client AND id = :id AND owner = :owner AND status = 'pending';

-- `tries` and `wrong` are what they are from now on.
-- name: media_later
-- param: client uuid, id uuid, owner uuid, reason text, tries int, wrong int, at time, now time
UPDATE media SET reason = :reason, tries = :tries, wrong = :wrong, next_try_at = :at, owner = NULL, updated_at = :now
WHERE client_id = :client AND id = :id AND owner = :owner AND status = 'pending';

-- name: media_drop
-- param: client uuid, id uuid, owner uuid, at time
UPDATE media SET owner = NULL, next_try_at = :at WHERE client_id = :client AND id = :id AND owner = :owner AND status = 'pending';

-- name: media_pause
-- param: client uuid, connection uuid, until time, of_token bool
INSERT INTO media_pauses (client_id, connection_id, until, of_token) VALUES (:client, :connection, :until, :of_token)
ON CONFLICT (client_id, connection_id) DO UPDATE SET until = excluded.until, of_token = excluded.of_token;

-- Changes one row if the file is new.
-- name: media_file_put
-- param: sha256 bytes, bytes int, now time
INSERT INTO media_files (sha256, bytes, created_at) VALUES (:sha256, :bytes, :now) ON CONFLICT (sha256) DO NOTHING;

-- name: media_use_add
-- param: bytes int
INSERT INTO media_use (one, bytes) VALUES (1, :bytes) ON CONFLICT (one) DO UPDATE SET bytes = media_use.bytes + excluded.bytes;

-- name: media_use
-- returns: int
SELECT bytes FROM media_use WHERE one = 1;

-- Whose time is over; the longest first.
-- name: media_expired
-- param: before time, n int
-- returns: uuid, uuid, uuid
SELECT client_id, id, conversation_id FROM media WHERE status = 'pending' AND received_at < :before ORDER BY received_at LIMIT :n;

-- name: media_expire
-- param: now time
-- rows: client uuid, id uuid
UPDATE media SET status = 'unavailable', reason = 'expired', owner = NULL, next_try_at = NULL, updated_at = :now
WHERE status = 'pending' AND (client_id, id) IN (SELECT r.client, r.id FROM @rows);

-- name: media_depth
-- returns: int
SELECT count(*) FROM media WHERE status = 'pending';

-- Of a process that ends.
-- name: media_release
-- param: owner uuid, now time
UPDATE media SET owner = NULL, next_try_at = :now WHERE owner = :owner AND status = 'pending';

-- Of the messages of a page; i: which.
-- name: api_media_of
-- rows: client uuid, i int, conversation uuid, meta text
-- returns: int, uuid, text, text?, text?, bytes?, int?, text?, text?, text?
SELECT r.i, m.id, m.status, CASE WHEN m.status <> 'pending' THEN m.reason
    WHEN c.access_token_box IS NULL THEN 'no_access_token' WHEN c.token_failed_at IS NOT NULL THEN c.token_failed_reason ELSE m.reason END,
  m.mime_type, m.sha256, m.bytes, t.status, t.reason, t.body
FROM @rows CROSS JOIN conversations v CROSS JOIN media m CROSS JOIN connections c
  LEFT JOIN transcripts t ON t.client_id = m.client_id AND t.sha256 = m.sha256
WHERE v.client_id = r.client AND v.id = r.conversation AND m.client_id = r.client AND m.connection_id = v.connection_id
  AND m.meta_id = r.meta AND c.client_id = r.client AND c.id = v.connection_id;

-- name: api_media_one
-- param: client uuid, id uuid
-- returns: text, text?, text?, text?, bytes?, int?, bool
SELECT status, reason, mime_type, filename, sha256, bytes, revoked FROM media WHERE client_id = :client AND id = :id;

-- name: api_scope_media
-- param: id uuid, client uuid
-- returns: uuid, text, uuid
SELECT c.id, c.slug, x.id FROM media x JOIN clients c ON c.id = x.client_id
WHERE x.id = :id AND (:client IS NULL OR x.client_id = :client);

-- Why downloads stand still for want of room, and for how many that is known.
-- name: api_health_media
-- returns: text, int
SELECT reason, count(*) FROM media WHERE status = 'pending' AND reason IN ('disk_full', 'disk_budget', 'disk_error')
GROUP BY reason ORDER BY reason;
