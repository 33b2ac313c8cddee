-- Transcripts of audios: the queue of the transcriber, and what the API and analyses read of them.

-- Of one that is there already those who have the file now are told.
-- name: transcript_put
-- param: client uuid, sha256 bytes, mime text, now time
INSERT INTO transcripts (client_id, sha256, status, mime_type, cost_micro_usd, tries, next_try_at, created_at, updated_at)
VALUES (:client, :sha256, 'pending', :mime, 0, 0, :now, :now, :now)
ON CONFLICT (client_id, sha256) DO UPDATE SET tell_at = excluded.next_try_at WHERE transcripts.status = 'ready';

-- name: transcript_to_tell
-- param: now time
-- returns: uuid, bytes
SELECT client_id, sha256 FROM transcripts WHERE tell_at <= :now ORDER BY tell_at LIMIT 1;

-- name: transcript_told
-- param: client uuid, sha256 bytes
UPDATE transcripts SET tell_at = NULL WHERE client_id = :client AND sha256 = :sha256;

-- Somebody still has the file: no message that had it was revoked since.
-- name: transcript_wanted
-- param: client uuid, sha256 bytes
-- returns: bool
SELECT EXISTS (SELECT 1 FROM media x WHERE x.client_id = :client AND x.sha256 = :sha256 AND x.status = 'ready' AND NOT x.revoked);

-- name: transcript_pick
-- param: now time
-- returns: uuid, bytes
SELECT client_id, sha256 FROM transcripts WHERE status = 'pending' AND next_try_at <= :now ORDER BY next_try_at LIMIT 1;

-- name: transcript_take
-- param: client uuid, sha256 bytes, owner uuid, now time, until time
-- returns: text, int
UPDATE transcripts SET owner = :owner, next_try_at = :until, tries = tries + 1, updated_at = :now
WHERE client_id = :client AND sha256 = :sha256 AND status = 'pending' AND next_try_at <= :now
RETURNING mime_type, tries;

-- name: transcript_ready
-- param: client uuid, sha256 bytes, owner uuid, body text, model text, input int, output int, ms int, cost int, now time
UPDATE transcripts SET status = 'ready', reason = NULL, body = :body, model = :model, input_tokens = :input, output_tokens = :output,
  milliseconds = :ms, cost_micro_usd = :cost, next_try_at = NULL, owner = NULL, updated_at = :now
WHERE client_id = :client AND sha256 = :sha256 AND status = 'pending' AND owner = :owner;

-- at NULL: never.
-- name: transcript_not
-- param: client uuid, sha256 bytes, owner uuid, reason text, spent bool, at time, now time
UPDATE transcripts SET status = CASE WHEN :at IS NULL THEN 'unavailable' ELSE 'pending' END, reason = :reason,
  tries = CASE WHEN :spent THEN tries ELSE tries - 1 END, next_try_at = :at, owner = NULL, updated_at = :now
WHERE client_id = :client AND sha256 = :sha256 AND status = 'pending' AND owner = :owner;

-- name: transcript_release
-- param: owner uuid, now time
UPDATE transcripts SET owner = NULL, tries = tries - 1, next_try_at = :now WHERE status = 'pending' AND owner = :owner;

-- The messages that hold the file.
-- name: transcript_messages
-- param: client uuid, sha256 bytes
-- returns: uuid, time
SELECT m.conversation_id, m.at FROM media x
JOIN messages m ON m.client_id = x.client_id AND m.conversation_id = x.conversation_id
WHERE x.client_id = :client AND x.sha256 = :sha256 AND x.status = 'ready' AND m.type = 'audio'
  AND m.content ->> 'id' = x.meta_id;

-- Texts of audios among some messages.
-- name: transcript_texts
-- rows: client uuid, id uuid
-- returns: uuid, text
SELECT m.id, t.body FROM @rows
CROSS JOIN messages m
JOIN media x ON x.client_id = m.client_id AND x.connection_id = m.connection_id AND x.meta_id = m.content ->> 'id'
JOIN transcripts t ON t.client_id = x.client_id AND t.sha256 = x.sha256 AND t.status = 'ready'
WHERE m.client_id = r.client AND m.id = r.id AND NOT x.revoked;
