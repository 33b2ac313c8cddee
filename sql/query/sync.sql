-- History runs: what their status is worked out from; the keeper's housekeeping. fields & 2: the part holds history.
-- Every look at journal_parts is the first entry of an index range (ORDER BY … LIMIT 1), whatever the table holds; tests/store/test_plans.c.

-- name: sync_runs_open
-- Current runs of clients that are not complete, of connections that are live; those of one client follow each other.
-- rows: client uuid
-- returns: uuid, uuid, uuid, text, text, text, bool, time, int?, time?, time?, time?, time?, time?, bool
SELECT s.client_id, s.id, s.connection_id, s.status, c.status, c.mode, s.history_requested, COALESCE(s.requested_at, s.started_at), s.progress, s.first_chunk_at,
  s.declined_at, s.too_late_at, s.alerted_at, s.state_sync_at,
  s.full_at IS NOT NULL AND (
    coalesce(s.full_at >= (SELECT p.received_at FROM journal_parts p WHERE p.client_id = s.client_id
      AND p.status IN ('received', 'retrying') AND (p.fields & 2) <> 0 ORDER BY p.received_at LIMIT 1), false)
    OR coalesce(s.full_at >= (SELECT p.received_at FROM journal_parts p WHERE p.client_id IS NULL
      AND p.status IN ('received', 'retrying') AND p.attempts >= 0 ORDER BY p.received_at LIMIT 1), false)
    OR coalesce(s.full_at >= (SELECT p.received_at FROM journal_parts p WHERE p.status = 'parked' AND p.route_key = 'n:' || c.phone_number_id
      AND (p.fields & 2) <> 0 ORDER BY p.received_at LIMIT 1), false))
FROM @rows CROSS JOIN sync_runs s CROSS JOIN connections c
WHERE s.client_id = r.client AND NOT s.completed
  AND c.id = s.connection_id AND c.client_id = s.client_id AND c.deleted_at IS NULL
  AND s.run_no = (SELECT max(o.run_no) FROM sync_runs o WHERE o.client_id = s.client_id AND o.connection_id = s.connection_id)
ORDER BY s.client_id, s.id;

-- name: sync_status
-- param: client uuid, id uuid, status text, completed bool
UPDATE sync_runs SET status = :status, completed = :completed WHERE client_id = :client AND id = :id;

-- name: sync_alerted
-- param: client uuid, id uuid, now time
UPDATE sync_runs SET alerted_at = :now WHERE client_id = :client AND id = :id AND alerted_at IS NULL;

-- name: sync_clients
-- Clients with a run that the clock, or another client's entry, may change; a page of them.
-- param: after uuid, n int
-- returns: uuid
SELECT DISTINCT s.client_id FROM sync_runs s CROSS JOIN connections c
WHERE s.client_id > :after AND c.id = s.connection_id AND c.deleted_at IS NULL
  AND NOT s.completed AND s.status NOT IN ('not_supported', 'declined', 'completed')
  AND s.run_no = (SELECT max(o.run_no) FROM sync_runs o WHERE o.client_id = s.client_id AND o.connection_id = s.connection_id)
ORDER BY s.client_id LIMIT :n;

-- name: keeper_known
-- Keys under which something is parked and that have become known to a connection that may take it.
-- returns: text, uuid, uuid
SELECT 'n:' || c.phone_number_id, c.id, c.client_id FROM connections c
WHERE c.deleted_at IS NULL AND c.registered_by IN ('operator', 'onboard') AND (SELECT p.entry_id FROM journal_parts p
  WHERE p.status = 'parked' AND p.route_key = 'n:' || c.phone_number_id ORDER BY p.entry_id LIMIT 1) IS NOT NULL
UNION ALL
SELECT 'w:' || c.waba_id, c.id, c.client_id FROM connections c
WHERE c.deleted_at IS NULL AND c.registered_by IN ('operator', 'onboard') AND (SELECT p.entry_id FROM journal_parts p
  WHERE p.status = 'parked' AND p.route_key = 'w:' || c.waba_id ORDER BY p.entry_id LIMIT 1) IS NOT NULL;

-- Up to n parts parked under such keys are routed again, each for its key alone: it keeps it.
-- name: keeper_unpark
-- param: n int
-- rows: key text, connection uuid
UPDATE journal_parts SET status = 'received', attempts = 0, next_attempt_at = NULL, error = NULL
WHERE rowid IN (
  SELECT p.rowid FROM @rows CROSS JOIN connections c CROSS JOIN journal_parts p
  WHERE c.id = r.connection AND c.deleted_at IS NULL AND p.status = 'parked' AND p.route_key = r.key LIMIT :n);

-- name: keeper_amendments_drop
-- param: before time, n int
DELETE FROM amendments WHERE rowid IN (SELECT a.rowid FROM amendments a
  WHERE a.client_id IN (SELECT c.id FROM clients c) AND a.received_at < :before
  AND (SELECT p.entry_id FROM journal_parts p WHERE p.client_id = a.client_id AND p.status IN ('received', 'retrying')
    ORDER BY p.entry_id LIMIT 1) IS NULL
  AND (SELECT p.entry_id FROM journal_parts p WHERE p.status = 'parked'
    AND p.route_key = (SELECT 'n:' || c.phone_number_id FROM connections c WHERE c.id = a.connection_id)
    ORDER BY p.entry_id LIMIT 1) IS NULL
  LIMIT :n);

-- The next entries of a time that is over, and which of them is done with in all its parts.
-- name: keeper_journal_old
-- param: after uuid, before uuid, n int
-- returns: uuid, bool, int?
SELECT j.id, (SELECT p.part_no FROM journal_parts p
  WHERE p.entry_id = j.id AND p.status NOT IN ('applied', 'applied_with_problems', 'ignored') ORDER BY p.part_no LIMIT 1) IS NULL,
  (SELECT p.bytes FROM journal_parts p WHERE p.entry_id = j.id ORDER BY p.part_no LIMIT 1)
FROM journal j WHERE j.id > :after AND j.id < :before ORDER BY j.id LIMIT :n;

-- Parts of entries that are done with, unless one of them became due again meanwhile.
-- name: keeper_parts_delete
-- rows: id uuid
DELETE FROM journal_parts WHERE entry_id IN (SELECT r.id FROM @rows)
  AND status IN ('applied', 'applied_with_problems', 'ignored') AND (SELECT p.part_no FROM journal_parts p
  WHERE p.entry_id = journal_parts.entry_id AND p.status NOT IN ('applied', 'applied_with_problems', 'ignored')
  ORDER BY p.part_no LIMIT 1) IS NULL;

-- Entries without parts.
-- name: keeper_journal_delete
-- rows: id uuid
DELETE FROM journal WHERE id IN (SELECT r.id FROM @rows)
  AND (SELECT p.part_no FROM journal_parts p WHERE p.entry_id = journal.id ORDER BY p.part_no LIMIT 1) IS NULL;

-- Due parts, counted up to a bound, and when the oldest came: a client's oldest is its first, as ids grow with time.
-- name: keeper_depth
-- param: most int
-- returns: int, time?
SELECT
  (SELECT count(*) FROM (SELECT 1 FROM journal_parts p WHERE p.status IN ('received', 'retrying') LIMIT :most) d),
  (SELECT min(o.at) FROM (
    SELECT (SELECT p.received_at FROM journal_parts p WHERE p.client_id = c.id AND p.status IN ('received', 'retrying')
      ORDER BY p.entry_id LIMIT 1) AS at FROM clients c
    UNION ALL
    SELECT (SELECT p.received_at FROM journal_parts p WHERE p.client_id IS NULL AND p.status IN ('received', 'retrying')
      AND p.attempts >= 0 ORDER BY p.received_at LIMIT 1)) o);
