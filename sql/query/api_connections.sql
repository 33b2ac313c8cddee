-- Connections and the state of their history.

-- name: api_connection_list
-- param: client uuid, after uuid, limit int
-- returns: uuid, text, text?, text, text?, text?, text?, text?, bool, bool, text?, time?, time, int?, time?, bool?, time?, int?, text?, int?, time?, time?, time?, time?, time?, json?, time?, json?, bool?, bool?, text?, int?, int?, int, int, int, int, int, int, uuid?
SELECT id, kind, mode, status, phone_number_id, waba_id, display_phone_number, verified_name,
  access_token_box IS NOT NULL, history_sync_requested, status_reason, last_webhook_at, created_at,
  run_no, started_at, history_requested, requested_at, progress, phase, chunk_order, first_chunk_at, last_chunk_at, full_at,
  state_sync_at, declined_at, declined, too_late_at, failure, disconnected, completed, run_status, messages_imported,
  messages_duplicate, contacts_imported, threads, chunks, messages_failed, failed_chunks, leads_with_new, run_id
FROM connection_docs
WHERE client_id = :client AND (:after IS NULL OR id > :after) ORDER BY id LIMIT :limit;

-- name: api_connection_one
-- param: client uuid, id uuid
-- returns: uuid, text, text?, text, text?, text?, text?, text?, bool, bool, text?, time?, time, int?, time?, bool?, time?, int?, text?, int?, time?, time?, time?, time?, time?, json?, time?, json?, bool?, bool?, text?, int?, int?, int, int, int, int, int, int, uuid?
SELECT id, kind, mode, status, phone_number_id, waba_id, display_phone_number, verified_name,
  access_token_box IS NOT NULL, history_sync_requested, status_reason, last_webhook_at, created_at,
  run_no, started_at, history_requested, requested_at, progress, phase, chunk_order, first_chunk_at, last_chunk_at, full_at,
  state_sync_at, declined_at, declined, too_late_at, failure, disconnected, completed, run_status, messages_imported,
  messages_duplicate, contacts_imported, threads, chunks, messages_failed, failed_chunks, leads_with_new, run_id
FROM connection_docs WHERE client_id = :client AND id = :id;

-- Other clients' live connections of a WABA.
-- name: api_waba_elsewhere
-- param: waba text, client uuid
-- returns: int
SELECT count(*) FROM connections WHERE waba_id = :waba AND deleted_at IS NULL AND client_id <> :client;

-- name: api_connection_insert
-- param: id uuid, client uuid, mode text, by text, number text, waba text, display text, token_box bytes, history bool, now time
INSERT INTO connections (id, client_id, kind, mode, status, registered_by, phone_number_id, waba_id, display_phone_number,
  access_token_box, history_sync_requested, created_at, updated_at)
VALUES (:id, :client, 'whatsapp', :mode, 'connected', :by, :number, :waba, :display, :token_box, :history, :now, :now);

-- name: api_run_insert
-- param: id uuid, client uuid, connection uuid, history bool, requested_at time, status text, now time
INSERT INTO sync_runs (id, client_id, connection_id, run_no, started_at, history_requested, requested_at,
  completed, status, messages_imported, messages_duplicate, created_at)
SELECT :id, :client, :connection, COALESCE(max(run_no), 0) + 1, :now, :history, :requested_at, false, :status, 0, 0, :now
FROM sync_runs WHERE client_id = :client AND connection_id = :connection;

-- name: api_connection_update
-- param: client uuid, id uuid, display text, set_name bool, name text, set_token bool, token_box bytes, now time
UPDATE connections SET
  display_phone_number = COALESCE(:display, display_phone_number),
  verified_name = CASE WHEN :set_name THEN :name ELSE verified_name END,
  access_token_box = CASE WHEN :set_token THEN :token_box ELSE access_token_box END,
  token_failed_at = CASE WHEN :set_token THEN NULL ELSE token_failed_at END,
  token_failed_code = CASE WHEN :set_token THEN NULL ELSE token_failed_code END,
  token_failed_reason = CASE WHEN :set_token THEN NULL ELSE token_failed_reason END,
  updated_at = :now
WHERE client_id = :client AND id = :id AND deleted_at IS NULL;

-- name: api_connection_delete
-- param: client uuid, id uuid, now time
UPDATE connections SET status = 'disconnected', deleted_at = :now, updated_at = :now, secret_hash = NULL
WHERE client_id = :client AND id = :id AND deleted_at IS NULL;

-- name: api_connection_secret
-- param: client uuid, id uuid, hash bytes, now time
UPDATE connections SET secret_hash = :hash, updated_at = :now
WHERE client_id = :client AND id = :id AND deleted_at IS NULL;

-- Up to n parked parts of a number or its WABA go back to routing, while the connection that takes them is there.
-- name: api_parts_release
-- param: connection uuid, number_key text, waba_key text, n int
UPDATE journal_parts SET status = 'received', attempts = 0, next_attempt_at = NULL,
  error = NULL
WHERE (entry_id, part_no) IN (SELECT p.entry_id, p.part_no FROM journal_parts p
  WHERE p.status = 'parked' AND p.route_key IN (:number_key, :waba_key)
  AND (SELECT c.id FROM connections c WHERE c.id = :connection AND c.deleted_at IS NULL) IS NOT NULL LIMIT :n);

-- name: api_chunk_list
-- param: client uuid, run uuid, limit int
-- returns: text, int, int?, int, time, int
SELECT phase, chunk_order, progress, messages, received_at, problems FROM sync_chunks
WHERE client_id = :client AND run_id = :run ORDER BY phase_number, phase, chunk_order, received_at, digest LIMIT :limit;

-- name: api_connection_log
-- param: client uuid, connection uuid, limit int
-- returns: time, text, json?
SELECT at, action, detail FROM audit_log WHERE client_id = :client AND subject_id = :connection
  AND action NOT IN ('alert.raised', 'alert.cleared')
ORDER BY id DESC LIMIT :limit;
