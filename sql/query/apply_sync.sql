-- Connections and history runs, read and written by apply in batches.

-- name: apply_connections
-- param: client uuid
-- returns: uuid, text?, text?, text?, text, text?, time?, bytes?, time?, time?
SELECT id, phone_number_id, waba_id, display_phone_number, status, status_reason, status_at, status_key, last_webhook_at, deleted_at
FROM connections WHERE client_id = :client AND kind = 'whatsapp' ORDER BY id;

-- name: apply_connections_update
-- param: now time
-- rows: client uuid, id uuid, status text, reason text, status_at time, status_key bytes, last_webhook_at time
UPDATE connections SET status = r.status, status_reason = r.reason, status_at = r.status_at, status_key = r.status_key,
  last_webhook_at = r.last_webhook_at, updated_at = CASE WHEN connections.status = r.status THEN connections.updated_at ELSE :now END
FROM @rows WHERE connections.client_id = r.client AND connections.id = r.id;

-- name: apply_runs
-- param: client uuid
-- returns: uuid, uuid, time, int?, text?, int?, int?, time?, time?, time?, time?, time?, time?, json?, json?
SELECT connection_id, id, started_at, progress, phase, phase_number, chunk_order, first_chunk_at, last_chunk_at, full_at, state_sync_at,
  declined_at, too_late_at, declined, failure
FROM sync_runs WHERE client_id = :client ORDER BY connection_id, run_no;

-- name: apply_runs_update
-- rows: client uuid, id uuid, progress int, phase text, phase_number int, chunk_order int, first_chunk_at time, last_chunk_at time, full_at time, state_sync_at time, declined_at time, too_late_at time, declined json, failure json, imported int, duplicates int
UPDATE sync_runs SET progress = r.progress, phase = r.phase, phase_number = r.phase_number, chunk_order = r.chunk_order,
  first_chunk_at = r.first_chunk_at, last_chunk_at = r.last_chunk_at, full_at = r.full_at, state_sync_at = r.state_sync_at,
  declined_at = r.declined_at, too_late_at = r.too_late_at, declined = r.declined, failure = r.failure,
  messages_imported = messages_imported + r.imported, messages_duplicate = messages_duplicate + r.duplicates
FROM @rows WHERE sync_runs.client_id = r.client AND sync_runs.id = r.id;

-- name: apply_chunks
-- rows: client uuid, run uuid, phase text, chunk_order int, digest bytes, phase_number int, progress int, messages int, threads int, problems int, received_at time
INSERT INTO sync_chunks (client_id, run_id, phase, chunk_order, digest, phase_number, progress, messages, threads, problems, received_at)
SELECT r.client, r.run, r.phase, r.chunk_order, r.digest, r.phase_number, r.progress, r.messages, r.threads, r.problems, r.received_at
FROM @rows WHERE true
ON CONFLICT (client_id, run_id, phase, chunk_order, digest) DO UPDATE SET
  received_at = CASE WHEN excluded.received_at < sync_chunks.received_at THEN excluded.received_at ELSE sync_chunks.received_at END;

-- name: apply_contacts
-- rows: client uuid, connection uuid, lead uuid, received_at time
INSERT INTO connection_contacts (client_id, connection_id, lead_id, received_at)
SELECT r.client, r.connection, r.lead, r.received_at FROM @rows WHERE true
ON CONFLICT (client_id, connection_id, lead_id) DO UPDATE SET
  received_at = CASE WHEN excluded.received_at < connection_contacts.received_at THEN excluded.received_at ELSE connection_contacts.received_at END;

-- name: apply_failures
-- rows: client uuid, connection uuid, digest bytes, code text, received_at time
INSERT INTO sync_failures (client_id, connection_id, digest, code, received_at)
SELECT r.client, r.connection, r.digest, r.code, r.received_at FROM @rows WHERE true
ON CONFLICT (client_id, connection_id, digest) DO UPDATE SET
  received_at = CASE WHEN excluded.received_at < sync_failures.received_at THEN excluded.received_at ELSE sync_failures.received_at END;

