-- History runs: what their status is worked out from. fields & 2: the part holds history.

-- name: sync_runs_open
-- Current runs that are not complete, of connections that are live.
-- param: client uuid
-- returns: uuid, uuid, text, text, text, bool, time, int?, time?, time?, time?, time?, time?, time?, bool
SELECT s.id, s.connection_id, s.status, c.status, c.mode, s.history_requested, s.started_at, s.progress, s.first_chunk_at,
  s.declined_at, s.too_late_at, s.requested_at, s.alerted_at, s.state_sync_at,
  s.full_at IS NOT NULL AND (
    EXISTS (SELECT 1 FROM journal_parts p WHERE p.client_id = :client AND p.status IN ('received', 'retrying')
      AND p.fields & 2 <> 0 AND p.received_at <= s.full_at)
    OR EXISTS (SELECT 1 FROM journal_parts p WHERE p.client_id IS NULL AND p.status IN ('received', 'retrying') AND p.received_at <= s.full_at)
    OR EXISTS (SELECT 1 FROM journal_parts p WHERE p.status = 'parked' AND p.route_key = 'n:' || c.phone_number_id
      AND p.fields & 2 <> 0 AND p.received_at <= s.full_at))
FROM sync_runs s JOIN connections c ON c.id = s.connection_id AND c.client_id = :client AND c.deleted_at IS NULL
WHERE s.client_id = :client AND NOT s.completed
  AND s.run_no = (SELECT max(o.run_no) FROM sync_runs o WHERE o.client_id = :client AND o.connection_id = s.connection_id);

-- name: sync_status
-- param: client uuid, id uuid, status text, completed bool
UPDATE sync_runs SET status = :status, completed = :completed WHERE client_id = :client AND id = :id;

-- name: sync_alerted
-- param: client uuid, id uuid, now time
UPDATE sync_runs SET alerted_at = :now WHERE client_id = :client AND id = :id AND alerted_at IS NULL;

-- name: sync_clients
-- Clients with a run that only the clock may change.
-- returns: uuid
SELECT DISTINCT s.client_id FROM sync_runs s JOIN connections c ON c.id = s.connection_id AND c.deleted_at IS NULL
WHERE NOT s.completed AND s.status NOT IN ('not_supported', 'declined', 'completed')
  AND s.run_no = (SELECT max(o.run_no) FROM sync_runs o WHERE o.client_id = s.client_id AND o.connection_id = s.connection_id);

-- name: keeper_unpark
-- Parked parts whose number or account has become known to a connection that may take them: routed again.
-- returns: uuid, int
UPDATE journal_parts SET status = 'received', route_key = NULL
WHERE status = 'parked' AND EXISTS (
  SELECT 1 FROM connections c WHERE c.deleted_at IS NULL AND c.registered_by IN ('operator', 'onboard')
    AND (journal_parts.route_key = 'n:' || c.phone_number_id OR journal_parts.route_key = 'w:' || c.waba_id))
RETURNING entry_id, part_no;

-- name: keeper_amendments_drop
-- param: before time
DELETE FROM amendments WHERE received_at < :before AND NOT EXISTS (
  SELECT 1 FROM journal_parts p WHERE p.client_id = amendments.client_id AND p.status IN ('received', 'retrying'))
AND NOT EXISTS (
  SELECT 1 FROM journal_parts p JOIN connections c ON p.route_key = 'n:' || c.phone_number_id
  WHERE p.status = 'parked' AND c.id = amendments.connection_id);

-- name: keeper_journal_old
-- Entries all of whose parts are done with, before the retention time.
-- param: before time, n int
-- returns: uuid
SELECT j.id FROM journal j WHERE j.received_at < :before AND NOT EXISTS (
  SELECT 1 FROM journal_parts p WHERE p.entry_id = j.id AND p.status NOT IN ('applied', 'applied_with_problems', 'ignored'))
ORDER BY j.id LIMIT :n;

-- name: keeper_parts_delete
-- rows: id uuid
DELETE FROM journal_parts WHERE entry_id IN (SELECT r.id FROM @rows);

-- name: keeper_journal_delete
-- rows: id uuid
DELETE FROM journal WHERE id IN (SELECT r.id FROM @rows);

-- name: keeper_depth
-- returns: int, time?
SELECT count(*), min(received_at) FROM journal_parts WHERE status IN ('received', 'retrying');
