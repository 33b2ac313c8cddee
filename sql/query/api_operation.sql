-- The journal, the audit log and the state of the whole, as the API shows them.

-- One row an entry, with the worst status of its parts: see status_words in api/webhook_events.c.
-- name: api_entry_list
-- param: entry uuid, before uuid, rank int, field int, from_at time, to_at time, limit int
-- returns: uuid, int, int, text?, time, time?, int, time?, text?, int
SELECT entry_id,
  max(CASE status WHEN 'parked' THEN 7 WHEN 'retrying' THEN 6 WHEN 'failed' THEN 5 WHEN 'received' THEN 4
    WHEN 'applied_with_problems' THEN 3 WHEN 'applied' THEN 2 ELSE 1 END),
  max(fields & 1) + max(fields & 2) + max(fields & 4) + max(fields & 8) + max(fields & 16) + max(fields & 32),
  min(phone_number_id), min(received_at), max(applied_at), max(attempts), min(next_attempt_at), max(error), max(bytes)
FROM journal_parts
WHERE entry_id < :before AND (:entry IS NULL OR entry_id = :entry)
  AND (:from_at IS NULL OR received_at >= :from_at) AND (:to_at IS NULL OR received_at < :to_at)
GROUP BY entry_id
HAVING (:rank IS NULL OR max(CASE status WHEN 'parked' THEN 7 WHEN 'retrying' THEN 6 WHEN 'failed' THEN 5
    WHEN 'received' THEN 4 WHEN 'applied_with_problems' THEN 3 WHEN 'applied' THEN 2 ELSE 1 END) = :rank)
  AND (:field IS NULL OR max(fields & :field) > 0)
ORDER BY entry_id DESC LIMIT :limit;

-- One client's parts.
-- name: api_part_list
-- param: client uuid, entry uuid, before uuid, rank int, field int, from_at time, to_at time, limit int
-- returns: uuid, int, int, text?, time, time?, int, time?, text?, int
SELECT entry_id,
  max(CASE status WHEN 'parked' THEN 7 WHEN 'retrying' THEN 6 WHEN 'failed' THEN 5 WHEN 'received' THEN 4
    WHEN 'applied_with_problems' THEN 3 WHEN 'applied' THEN 2 ELSE 1 END),
  max(fields & 1) + max(fields & 2) + max(fields & 4) + max(fields & 8) + max(fields & 16) + max(fields & 32),
  min(phone_number_id), min(received_at), max(applied_at), max(attempts), min(next_attempt_at), max(error), max(bytes)
FROM journal_parts
WHERE client_id = :client AND entry_id < :before AND (:entry IS NULL OR entry_id = :entry)
  AND (:from_at IS NULL OR received_at >= :from_at) AND (:to_at IS NULL OR received_at < :to_at)
GROUP BY entry_id
HAVING (:rank IS NULL OR max(CASE status WHEN 'parked' THEN 7 WHEN 'retrying' THEN 6 WHEN 'failed' THEN 5
    WHEN 'received' THEN 4 WHEN 'applied_with_problems' THEN 3 WHEN 'applied' THEN 2 ELSE 1 END) = :rank)
  AND (:field IS NULL OR max(fields & :field) > 0)
ORDER BY entry_id DESC LIMIT :limit;

-- Problems of the parts of one page. client NULL: of all.
-- name: api_part_problems
-- param: client uuid
-- rows: entry uuid
-- returns: uuid, json
SELECT p.entry_id, p.problems FROM @rows JOIN journal_parts p ON p.entry_id = r.entry
WHERE p.problems IS NOT NULL AND (:client IS NULL OR p.client_id = :client)
ORDER BY p.entry_id, p.part_no;

-- name: api_entry_body
-- param: id uuid
-- returns: bytes, uuid?
SELECT body, connection_id FROM journal WHERE id = :id;

-- What routes to a client: numbers and WABAs of its connections, deleted ones too (what came before stays theirs).
-- name: api_client_routes
-- param: client uuid
-- returns: uuid, text?, text?
SELECT id, phone_number_id, waba_id FROM connections WHERE client_id = :client AND kind = 'whatsapp';

-- Entries to be applied again, oldest first, a page at a time.
-- name: api_replay_pick
-- param: client uuid, after uuid, status text, field int, from_at time, to_at time, operator bool, limit int
-- returns: uuid
SELECT DISTINCT entry_id FROM journal_parts
WHERE (:client IS NULL OR client_id = :client) AND entry_id > :after AND status <> 'received'
  AND (status <> 'parked' OR :operator)
  AND (:status IS NULL OR status = :status) AND (:field IS NULL OR (fields & :field) <> 0)
  AND (:from_at IS NULL OR received_at >= :from_at) AND (:to_at IS NULL OR received_at < :to_at)
ORDER BY entry_id LIMIT :limit;

-- How many those are.
-- name: api_replay_count
-- param: client uuid, status text, field int, from_at time, to_at time, operator bool
-- returns: int
SELECT count(DISTINCT entry_id) FROM journal_parts
WHERE (:client IS NULL OR client_id = :client) AND status <> 'received' AND (status <> 'parked' OR :operator)
  AND (:status IS NULL OR status = :status) AND (:field IS NULL OR (fields & :field) <> 0)
  AND (:from_at IS NULL OR received_at >= :from_at) AND (:to_at IS NULL OR received_at < :to_at);

-- Of what is parked, which the page asks for again and again, by the index that holds nothing else.
-- name: api_replay_count_parked
-- param: field int, from_at time, to_at time
-- returns: int
SELECT count(DISTINCT entry_id) FROM journal_parts
WHERE status = 'parked' AND (:field IS NULL OR (fields & :field) <> 0)
  AND (:from_at IS NULL OR received_at >= :from_at) AND (:to_at IS NULL OR received_at < :to_at);

-- client NULL: every part; those without a client are routed again. A parked part keeps the key it is released for, and
-- only the operator may release it.
-- name: api_replay_mark
-- param: client uuid, status text, operator bool
-- rows: entry uuid
UPDATE journal_parts SET status = 'received', attempts = 0, next_attempt_at = NULL, error = NULL
WHERE entry_id IN (SELECT r.entry FROM @rows) AND status <> 'received' AND (status <> 'parked' OR :operator)
  AND (:client IS NULL OR client_id = :client) AND (:status IS NULL OR status = :status);

-- Whose parts those entries have.
-- name: api_replay_clients
-- rows: entry uuid
-- returns: uuid
SELECT DISTINCT p.client_id FROM @rows JOIN journal_parts p ON p.entry_id = r.entry WHERE p.client_id IS NOT NULL;

-- name: api_job_insert
-- param: id uuid, client uuid, params json, note text, now time
INSERT INTO jobs (id, client_id, kind, status, params, done, unit, error, created_at, started_at)
VALUES (:id, :client, 'replay', 'running', :params, 0, 'entries', :note, :now, :now);

-- name: api_job_done
-- param: id uuid, done int
UPDATE jobs SET done = :done WHERE id = :id;

-- name: api_job_finish
-- param: id uuid, status text, done int, error text, now time
UPDATE jobs SET status = :status, done = :done, total = :done, error = :error, finished_at = :now WHERE id = :id;

-- name: api_audit_list
-- param: client uuid, before uuid, limit int
-- returns: uuid, time, text, text, text?, uuid?, json?
SELECT id, at, actor, action, subject_kind, subject_id, detail FROM audit_log
WHERE client_id = :client AND (:before IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit;

-- When the part that has been due longest became due.
-- name: api_ready_oldest
-- param: now time
-- returns: time?
SELECT min(o.at) FROM (
  SELECT (SELECT COALESCE(p.next_attempt_at, p.received_at) FROM journal_parts p WHERE p.client_id = c.id AND p.status IN ('received', 'retrying')
    AND (p.next_attempt_at IS NULL OR p.next_attempt_at <= :now) ORDER BY p.entry_id LIMIT 1) AS at FROM clients c
  UNION ALL
  SELECT (SELECT COALESCE(p.next_attempt_at, p.received_at) FROM journal_parts p WHERE p.client_id IS NULL AND p.status IN ('received', 'retrying')
    AND p.attempts >= 0 AND (p.next_attempt_at IS NULL OR p.next_attempt_at <= :now) ORDER BY p.received_at LIMIT 1)) o;

-- name: api_health_parts
-- returns: int, int
SELECT (SELECT count(*) FROM journal_parts WHERE status = 'parked'),
  (SELECT count(*) FROM journal_parts WHERE status = 'failed');

-- name: api_health_connections
-- returns: int
SELECT count(*) FROM connections WHERE deleted_at IS NULL AND kind = 'whatsapp' AND status IN ('restricted', 'disconnected');
