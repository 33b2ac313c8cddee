-- Sending: what is asked for, whose turn it is, and what became of it. core/send.h has the rules.

-- name: send_by_key
-- param: client uuid, key bytes
-- returns: uuid, uuid, bytes
SELECT id, conversation_id, request_hash FROM sends WHERE client_id = :client AND key_hash = :key;

-- From whom to whom.
-- name: send_target
-- param: client uuid, conversation uuid
-- returns: uuid, text, text, time?, bool, text?, text?, time?, time?
SELECT k.id, k.kind, k.status, k.deleted_at, k.access_token_box IS NOT NULL AND k.phone_number_id IS NOT NULL, l.wa_id, l.user_id,
  c.last_live_in_at, c.last_out_at
FROM conversations c
JOIN leads l ON l.client_id = c.client_id AND l.id = c.lead_id
JOIN connections k ON k.client_id = c.client_id AND k.id = c.connection_id
WHERE c.client_id = :client AND c.id = :conversation;

-- name: send_quoted
-- param: client uuid, conversation uuid, id uuid
-- returns: text?
SELECT wamid FROM messages WHERE client_id = :client AND id = :id AND conversation_id = :conversation;

-- Behind those of the same person that are not done with.
-- name: send_insert
-- param: client uuid, id uuid, connection uuid, conversation uuid, key bytes, request bytes, wa_id text, user_id text, body text, preview bool, reply text, actor text, now time, far time
INSERT INTO sends (client_id, id, connection_id, conversation_id, key_hash, request_hash, wa_id, user_id, body, preview_url,
  reply_wamid, status, tries, next_try_at, actor, created_at, updated_at)
SELECT :client, :id, :connection, :conversation, :key, :request, :wa_id, :user_id, :body, :preview, :reply,
  CASE WHEN w.waits THEN 'behind' ELSE 'queued' END, 0,
  CASE WHEN w.waits THEN NULL WHEN w.until > :now AND w.until <= :far THEN w.until ELSE :now END, :actor, :now, :now
FROM (SELECT
  EXISTS (SELECT 1 FROM sends s WHERE s.client_id = :client AND s.conversation_id = :conversation
    AND s.status IN ('behind', 'queued', 'calling')) AS waits,
  (SELECT p.until FROM send_pauses p WHERE p.client_id = :client AND p.conversation_id = :conversation) AS until) w;

-- When the number has something to do next, from its queue and its pace. hold_until: not before (NULL: as it is).
-- far: a pace beyond it is one of a clock that was wrong.
-- name: send_line_set
-- param: client uuid, connection uuid, hold_until time, now time, far time
INSERT INTO send_lines (client_id, connection_id, pace_at, next_at)
SELECT :client, :connection, COALESCE(:hold_until, :now),
  (SELECT min(s.next_try_at) FROM sends s WHERE s.client_id = :client AND s.connection_id = :connection AND s.status = 'queued')
WHERE true
ON CONFLICT (client_id, connection_id) DO UPDATE SET
  pace_at = CASE WHEN :hold_until > send_lines.pace_at THEN :hold_until WHEN send_lines.pace_at > :far THEN excluded.pace_at
    ELSE send_lines.pace_at END,
  next_at = CASE WHEN excluded.next_at IS NULL THEN NULL
    WHEN :hold_until > send_lines.pace_at AND :hold_until > excluded.next_at THEN :hold_until
    WHEN send_lines.pace_at > excluded.next_at AND send_lines.pace_at <= :far THEN send_lines.pace_at
    ELSE excluded.next_at END;

-- Numbers whose turn it is, and when the next one's will be.
-- name: send_lines_due
-- param: now time, limit int
-- returns: uuid, uuid
SELECT client_id, connection_id FROM send_lines WHERE next_at <= :now ORDER BY next_at LIMIT :limit;

-- name: send_lines_next
-- returns: time?
SELECT min(next_at) FROM send_lines WHERE next_at IS NOT NULL;

-- The number's turn is taken, until send_line_set says when it is again: nobody else has it meanwhile.
-- name: send_line_take
-- param: client uuid, connection uuid, now time, until time
UPDATE send_lines SET next_at = :until WHERE client_id = :client AND connection_id = :connection AND next_at <= :now;

-- The first of a number's queue, for this process.
-- name: send_claim
-- param: client uuid, connection uuid, owner uuid, now time, until time
-- returns: uuid, uuid, text?, text?, text, bool, text?, int, time
UPDATE sends SET status = 'calling', owner = :owner, tries = tries + 1, next_try_at = :until, updated_at = :now
WHERE client_id = :client AND status = 'queued' AND id = (SELECT s.id FROM sends s
  WHERE s.client_id = :client AND s.connection_id = :connection AND s.status = 'queued' AND s.next_try_at <= :now
  ORDER BY s.next_try_at, s.id LIMIT 1)
RETURNING id, conversation_id, wa_id, user_id, body, preview_url, reply_wamid, tries, created_at;

-- name: send_token
-- param: client uuid, connection uuid
-- returns: bytes?
SELECT access_token_box FROM connections WHERE client_id = :client AND id = :connection;

-- What a call needs of its connection; live: there is somebody to send as. The message's key says whether it is named already.
-- name: send_connection
-- param: client uuid, connection uuid, id uuid
-- returns: text?, bytes?, bool, bool, text?
SELECT k.phone_number_id, k.access_token_box, k.deleted_at IS NULL AND k.status <> 'disconnected', k.mode = 'cloud_api',
  (SELECT m.dedup_key FROM messages m WHERE m.client_id = :client AND m.id = :id)
FROM connections k WHERE k.client_id = :client AND k.id = :connection;

-- The outcome of one that this process called.
-- name: send_settle
-- param: client uuid, id uuid, owner uuid, status text, reason text, at time, now time
-- returns: uuid
UPDATE sends SET status = :status, reason = :reason, next_try_at = :at, owner = NULL, updated_at = :now
WHERE client_id = :client AND id = :id AND status = 'calling' AND owner = :owner
RETURNING conversation_id;

-- The same of one that was swept meanwhile: only what is known for certain is still written.
-- name: send_settle_late
-- param: client uuid, id uuid, status text, now time
UPDATE sends SET status = :status, updated_at = :now
WHERE client_id = :client AND id = :id AND status = 'unknown' AND :status IN ('accepted', 'failed');

-- name: send_pause
-- param: client uuid, conversation uuid, until time
INSERT INTO send_pauses (client_id, conversation_id, until) VALUES (:client, :conversation, :until)
ON CONFLICT (client_id, conversation_id) DO UPDATE SET until = excluded.until;

-- The person's next message comes to the head, unless there is one.
-- name: send_promote
-- param: client uuid, conversation uuid, at time, now time
UPDATE sends SET status = 'queued', next_try_at = :at, updated_at = :now
WHERE client_id = :client AND status = 'behind' AND id = (SELECT s.id FROM sends s
  WHERE s.client_id = :client AND s.conversation_id = :conversation AND s.status = 'behind' ORDER BY s.id LIMIT 1)
  AND NOT EXISTS (SELECT 1 FROM sends h WHERE h.client_id = :client AND h.conversation_id = :conversation
    AND h.status IN ('queued', 'calling'));

-- People whose queue has no head: nothing should have left one so.
-- name: send_headless
-- param: limit int
-- returns: uuid, uuid, uuid
SELECT DISTINCT b.client_id, b.connection_id, b.conversation_id FROM sends b
WHERE b.status = 'behind' AND NOT EXISTS (SELECT 1 FROM sends h WHERE h.client_id = b.client_id
  AND h.conversation_id = b.conversation_id AND h.status IN ('queued', 'calling'))
LIMIT :limit;

-- Nobody claims of the number until this transaction ends. Before rows of its queue are written that are not being called.
-- name: send_line_lock
-- param: client uuid, connection uuid
UPDATE send_lines SET pace_at = pace_at WHERE client_id = :client AND connection_id = :connection;

-- Those that wait at a number that will not take any.
-- name: send_waiting
-- param: client uuid, connection uuid, limit int
-- returns: uuid, uuid, text?, text?, text, text?, time
SELECT id, conversation_id, wa_id, user_id, body, reply_wamid, created_at FROM sends
WHERE client_id = :client AND connection_id = :connection AND status IN ('behind', 'queued') ORDER BY id LIMIT :limit;

-- name: send_fail_waiting
-- param: reason text, now time
-- rows: client uuid, id uuid
UPDATE sends SET status = 'failed', reason = :reason, next_try_at = NULL, updated_at = :now
FROM @rows WHERE sends.client_id = r.client AND sends.id = r.id AND sends.status IN ('behind', 'queued');

-- Calls whose process is gone.
-- name: send_lost
-- param: now time
-- returns: uuid, uuid, uuid
SELECT client_id, id, connection_id FROM sends WHERE status = 'calling' AND next_try_at <= :now
ORDER BY next_try_at LIMIT 1;

-- A status may have named it meanwhile.
-- name: send_give_up
-- param: client uuid, id uuid, key text, now time
-- returns: uuid
UPDATE sends SET next_try_at = NULL, owner = NULL, updated_at = :now,
  status = CASE WHEN EXISTS (SELECT 1 FROM messages m WHERE m.client_id = :client AND m.id = :id AND m.dedup_key <> :key)
    THEN 'accepted' ELSE 'unknown' END
WHERE client_id = :client AND id = :id AND status = 'calling' AND next_try_at <= :now
RETURNING conversation_id;

-- name: send_pauses_forget
-- param: now time
DELETE FROM send_pauses WHERE until < :now;

-- name: send_depth
-- returns: text, int
SELECT status, count(*) FROM sends WHERE status IN ('behind', 'queued', 'calling') GROUP BY status;

-- Of a conversation, those of which nobody knows whether they were sent.
-- name: api_sends_unknown
-- param: client uuid, conversation uuid
-- returns: uuid
SELECT id FROM sends WHERE client_id = :client AND conversation_id = :conversation AND status = 'unknown';
