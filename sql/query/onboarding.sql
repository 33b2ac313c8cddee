-- Numbers on their way to being connected (work/onboarder.h).

-- name: onboarding_by_code
-- param: client uuid, hash bytes
-- returns: uuid
SELECT id FROM onboardings WHERE client_id = :client AND code_hash = :hash;

-- name: onboarding_insert
-- param: client uuid, id uuid, hash bytes, box bytes, mode text, history bool, waba text, number text, connection uuid, step text, actor text, now time
INSERT INTO onboardings (client_id, id, code_hash, code_box, code_at, mode, history, waba_id, phone_number_id, connection_id, step,
  status, tries, next_try_at, actor, created_at, updated_at)
VALUES (:client, :id, :hash, :box, :now, :mode, :history, :waba, :number, :connection, :step, 'running', 0, :now, :actor, :now, :now);

-- A failed one goes on where it stopped, unless nothing is left to go on with.
-- name: onboarding_resume
-- param: client uuid, id uuid, number text, now time
UPDATE onboardings SET status = 'running', tries = 0, next_try_at = :now, error_code = NULL, error_reason = NULL,
  error_message = NULL, phone_number_id = COALESCE(phone_number_id, :number), updated_at = :now
WHERE client_id = :client AND id = :id AND status = 'failed' AND (step <> 'token' OR code_box IS NOT NULL);

-- One of the connection that has not ended.
-- name: onboarding_of_connection
-- param: client uuid, connection uuid
-- returns: uuid
SELECT id FROM onboardings WHERE client_id = :client AND connection_id = :connection AND status = 'running'
ORDER BY id DESC LIMIT 1;

-- As it is shown.
-- name: onboarding_one
-- param: client uuid, id uuid
-- returns: uuid?, text, text, int?, text?, text?
SELECT connection_id, step, status, error_code, error_reason, error_message FROM onboardings WHERE client_id = :client AND id = :id;

-- Those that have ended; few run at once.
-- name: onboarding_ended
-- rows: i int, id uuid
-- returns: int
SELECT r.i FROM @rows WHERE NOT EXISTS (SELECT 1 FROM onboardings o WHERE o.status = 'running' AND o.id = r.id);

-- name: onboarding_pick
-- param: now time
-- returns: uuid, uuid
SELECT client_id, id FROM onboardings WHERE status = 'running' AND next_try_at <= :now ORDER BY next_try_at LIMIT 1;

-- Nothing is changed if another was faster.
-- name: onboarding_take
-- param: client uuid, id uuid, owner uuid, now time, until time
UPDATE onboardings SET owner = :owner, next_try_at = :until
WHERE client_id = :client AND id = :id AND status = 'running' AND next_try_at <= :now;

-- name: onboarding_load
-- param: client uuid, id uuid
-- returns: bytes?, time, text, bool, text, text?, bytes?, text?, text?, uuid?, text, int, text, bytes?
SELECT o.code_box, o.code_at, o.mode, o.history, o.waba_id, o.phone_number_id, o.token_box, o.display, o.verified_name, o.connection_id,
  o.step, o.tries, o.actor,
  (SELECT c.access_token_box FROM connections c WHERE c.client_id = o.client_id AND c.id = o.connection_id AND c.deleted_at IS NULL)
FROM onboardings o WHERE o.client_id = :client AND o.id = :id;

-- Before a call leaves.
-- name: onboarding_called
-- param: client uuid, id uuid, owner uuid, step text, now time, until time
UPDATE onboardings SET step = :step, tries = tries + 1, next_try_at = :until, updated_at = :now
WHERE client_id = :client AND id = :id AND owner = :owner AND status = 'running';

-- A step is done, and the next one begins.
-- name: onboarding_advance
-- param: client uuid, id uuid, owner uuid, step text, code_box bytes, token_box bytes, number text, display text, name text, connection uuid, code int, reason text, message text, now time, until time
UPDATE onboardings SET step = :step, tries = 0, next_try_at = :until, code_box = :code_box, token_box = :token_box,
  phone_number_id = :number, display = :display, verified_name = :name, connection_id = :connection, error_code = :code,
  error_reason = :reason, error_message = :message, updated_at = :now
WHERE client_id = :client AND id = :id AND owner = :owner AND status = 'running';

-- name: onboarding_later
-- param: client uuid, id uuid, owner uuid, code int, reason text, message text, now time, until time
UPDATE onboardings SET owner = NULL, next_try_at = :until, error_code = :code, error_reason = :reason, error_message = :message,
  updated_at = :now
WHERE client_id = :client AND id = :id AND owner = :owner AND status = 'running';

-- name: onboarding_end
-- param: client uuid, id uuid, owner uuid, status text, step text, code_box bytes, token_box bytes, code int, reason text, message text, now time
UPDATE onboardings SET status = :status, step = :step, next_try_at = NULL, owner = NULL, code_box = :code_box,
  token_box = :token_box, error_code = :code, error_reason = :reason, error_message = :message, updated_at = :now
WHERE client_id = :client AND id = :id AND owner = :owner AND status = 'running';

-- The connection's current run was begun for a history that is here from an earlier one: Meta sends it once.
-- name: onboarding_run_drop
-- param: client uuid, connection uuid
DELETE FROM sync_runs WHERE client_id = :client AND connection_id = :connection
  AND progress IS NULL AND first_chunk_at IS NULL AND state_sync_at IS NULL AND declined_at IS NULL
  AND run_no = (SELECT max(r.run_no) FROM sync_runs r WHERE r.client_id = :client AND r.connection_id = :connection)
  AND EXISTS (SELECT 1 FROM sync_runs r WHERE r.client_id = :client AND r.connection_id = :connection AND r.full_at IS NOT NULL);

-- Codes and tokens of failed ones that nobody went on with.
-- name: onboarding_forget
-- param: before time
UPDATE onboardings SET code_box = NULL, token_box = NULL
WHERE status = 'failed' AND updated_at < :before AND (code_box IS NOT NULL OR token_box IS NOT NULL);

-- Of a process that ends.
-- name: onboarding_release
-- param: owner uuid, now time
UPDATE onboardings SET owner = NULL, next_try_at = :now WHERE owner = :owner AND status = 'running';

-- The live connection that has the number, of whatever client.
-- name: onboarding_number
-- param: number text
-- returns: uuid, uuid
SELECT client_id, id FROM connections WHERE phone_number_id = :number AND deleted_at IS NULL;

-- name: onboarding_connect
-- param: id uuid, client uuid, mode text, number text, waba text, display text, name text, token_box bytes, history bool, now time
INSERT INTO connections (id, client_id, kind, mode, status, status_at, registered_by, phone_number_id, waba_id, display_phone_number,
  verified_name, access_token_box, history_sync_requested, created_at, updated_at)
VALUES (:id, :client, 'whatsapp', :mode, 'connected', :now, 'onboard', :number, :waba, :display, :name, :token_box, :history, :now, :now);

-- name: onboarding_reconnect
-- param: id uuid, client uuid, mode text, waba text, display text, name text, token_box bytes, history bool, now time
UPDATE connections SET mode = :mode, status = 'connected', status_reason = NULL, status_at = :now, status_key = NULL, registered_by = 'onboard',
  waba_id = :waba, display_phone_number = COALESCE(:display, display_phone_number), verified_name = COALESCE(:name, verified_name),
  access_token_box = :token_box, token_failed_at = NULL, token_failed_code = NULL, token_failed_reason = NULL,
  history_sync_requested = :history, updated_at = :now
WHERE client_id = :client AND id = :id AND deleted_at IS NULL;

-- The connection's current run: its history is asked for now.
-- name: onboarding_run_requested
-- param: client uuid, connection uuid, now time
UPDATE sync_runs SET history_requested = true, requested_at = :now, alerted_at = NULL
WHERE client_id = :client AND id = (SELECT r.id FROM sync_runs r WHERE r.client_id = :client AND r.connection_id = :connection
  ORDER BY r.run_no DESC LIMIT 1);

-- name: onboarding_run_too_late
-- param: client uuid, connection uuid, failure json, now time
UPDATE sync_runs SET too_late_at = :now, failure = COALESCE(failure, :failure)
WHERE client_id = :client AND id = (SELECT r.id FROM sync_runs r WHERE r.client_id = :client AND r.connection_id = :connection
  ORDER BY r.run_no DESC LIMIT 1);

-- name: onboarding_client
-- param: client uuid
-- returns: text
SELECT slug FROM clients WHERE id = :client;
