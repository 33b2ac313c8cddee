-- Long work as rows. A job is held while lease_until is to come; the holder is lease_owner.

-- The one job of a client and kind that has not ended.
-- name: jobs_live
-- param: client uuid, kind text, now time
-- returns: uuid, json?, bool, bool
SELECT id, params, cancel_requested, lease_until IS NULL OR lease_until <= :now FROM jobs
WHERE client_id = :client AND client_id IS NOT NULL AND kind = :kind AND kind IN ('import', 'sync_contacts')
  AND status IN ('queued', 'running');

-- name: jobs_insert
-- param: id uuid, client uuid, kind text, params json, unit text, now time
INSERT INTO jobs (id, client_id, kind, status, params, done, unit, created_at)
VALUES (:id, :client, :kind, 'queued', :params, 0, :unit, :now);

-- What more is asked of a job; who works on it looks before it ends.
-- name: jobs_widen
-- param: id uuid, params json
UPDATE jobs SET params = :params WHERE id = :id AND status IN ('queued', 'running');

-- name: jobs_params
-- param: id uuid
-- returns: json?
SELECT params FROM jobs WHERE id = :id;

-- Its end was asked for, and then the job itself again: the last word counts.
-- name: jobs_uncancel
-- param: id uuid
UPDATE jobs SET cancel_requested = false WHERE id = :id AND status IN ('queued', 'running');

-- name: jobs_pick
-- param: only uuid, now time
-- rows: kind text
-- returns: uuid, uuid, text, json?, bool, time, json?
SELECT j.id, j.client_id, j.kind, j.params, j.started_at IS NOT NULL, j.created_at, j.counts FROM @rows CROSS JOIN jobs j
WHERE j.kind = r.kind AND j.status IN ('queued', 'running') AND (j.lease_until IS NULL OR j.lease_until <= :now)
  AND (:only IS NULL OR j.id = :only)
ORDER BY j.created_at, j.id LIMIT 1;

-- Nothing is changed if another was faster.
-- name: jobs_take
-- param: id uuid, owner uuid, now time, until time
UPDATE jobs SET status = 'running', lease_owner = :owner, lease_until = :until, started_at = COALESCE(started_at, :now)
WHERE id = :id AND status IN ('queued', 'running') AND (lease_until IS NULL OR lease_until <= :now);

-- name: jobs_renew
-- param: id uuid, owner uuid, until time, done int, total int, unit text, eta int, counts json
UPDATE jobs SET lease_until = :until, done = :done, total = :total, unit = :unit, eta_seconds = :eta, counts = :counts
WHERE id = :id AND lease_owner = :owner AND status = 'running';

-- Whose it is, whether its end was asked for, and whether an import ended.
-- name: jobs_of
-- param: id uuid
-- returns: uuid?, bool, bool
SELECT client_id, cancel_requested, kind IN ('import', 'sync_contacts') AND finished_at IS NOT NULL FROM jobs WHERE id = :id;

-- name: jobs_finish
-- param: id uuid, owner uuid, now time, status text, error text, done int, total int, unit text, counts json
UPDATE jobs SET status = :status, error = :error, done = :done, total = :total, unit = :unit, counts = :counts,
  eta_seconds = NULL, finished_at = :now, lease_owner = NULL, lease_until = NULL
WHERE id = :id AND lease_owner = :owner AND status = 'running';

-- name: jobs_release
-- param: id uuid, owner uuid
UPDATE jobs SET status = 'queued', eta_seconds = NULL, lease_owner = NULL, lease_until = NULL
WHERE id = :id AND lease_owner = :owner AND status = 'running';

-- Who holds it ends it; what nobody holds ends here.
-- name: jobs_cancel
-- param: id uuid, now time
UPDATE jobs SET cancel_requested = true,
  status = CASE WHEN lease_until > :now THEN status ELSE 'cancelled' END,
  finished_at = CASE WHEN lease_until > :now THEN finished_at ELSE :now END,
  lease_owner = CASE WHEN lease_until > :now THEN lease_owner END,
  lease_until = CASE WHEN lease_until > :now THEN lease_until END
WHERE id = :id AND kind IN ('import', 'sync_contacts', 'analysis') AND status IN ('queued', 'running');

-- Clients that a periodic import is due for: active, set up, none under way, the last one ended before that.
-- name: jobs_import_due
-- param: before time, n int
-- returns: uuid
SELECT c.id FROM clients c JOIN connections n ON n.client_id = c.id AND n.kind = 'helpdesk'
WHERE c.is_active AND c.api_base_url IS NOT NULL AND c.api_key_box IS NOT NULL
  AND (SELECT COALESCE(j.finished_at > :before, true) FROM jobs j
    WHERE j.client_id = c.id AND j.kind = 'import' ORDER BY j.id DESC LIMIT 1) IS NOT TRUE
ORDER BY c.id LIMIT :n;

-- A job as it is shown.
-- name: jobs_one
-- param: id uuid
-- returns: uuid, text, text?, text, int, int?, text, int?, json?, text?, time, time?, time?
SELECT j.id, j.kind, c.slug, j.status, j.done, j.total, j.unit, j.eta_seconds, j.counts, j.error, j.created_at, j.started_at, j.finished_at
FROM jobs j LEFT JOIN clients c ON c.id = j.client_id WHERE j.id = :id;

-- Newest first. client NULL: of all.
-- name: jobs_list
-- param: client uuid, kind text, status text, slug text, before uuid, limit int
-- returns: uuid, text, text?, text, int, int?, text, int?, json?, text?, time, time?, time?
SELECT j.id, j.kind, c.slug, j.status, j.done, j.total, j.unit, j.eta_seconds, j.counts, j.error, j.created_at, j.started_at, j.finished_at
FROM jobs j LEFT JOIN clients c ON c.id = j.client_id
WHERE j.id < :before AND (:client IS NULL OR j.client_id = :client) AND (:slug IS NULL OR c.slug = :slug)
  AND (:kind IS NULL OR j.kind = :kind) AND (:status IS NULL OR j.status = :status)
ORDER BY j.id DESC LIMIT :limit;

-- The import that was begun last, and the one that ended well last.
-- name: jobs_last_import
-- param: client uuid
-- returns: uuid?, time?
SELECT (SELECT j.id FROM jobs j WHERE j.client_id = c.id AND j.kind = 'import' ORDER BY j.id DESC LIMIT 1),
  (SELECT max(j.finished_at) FROM jobs j WHERE j.client_id = c.id AND j.kind = 'import' AND j.status IN ('succeeded', 'partial'))
FROM clients c WHERE c.id = :client;

-- name: jobs_import_state
-- param: client uuid
-- returns: time?, time?, int
SELECT (SELECT s.cursor_at FROM import_state s WHERE s.client_id = c.id AND s.key = 'tickets_import'),
  (SELECT s.last_full_at FROM import_state s WHERE s.client_id = c.id AND s.key = 'tickets_import'),
  (SELECT count(*) FROM import_failures f WHERE f.client_id = c.id)
FROM clients c WHERE c.id = :client;

-- Oldest first.
-- name: jobs_failures
-- param: client uuid, after uuid, limit int
-- returns: uuid, text, text, text?, int, time, time
SELECT id, external_uuid, reason, detail, attempts, first_at, last_at FROM import_failures
WHERE client_id = :client AND (:after IS NULL OR id > :after) ORDER BY id LIMIT :limit;

-- name: jobs_failure_is
-- param: client uuid, id uuid
-- returns: uuid
SELECT id FROM import_failures WHERE client_id = :client AND id = :id;

-- What a helpdesk job needs of a client.
-- name: jobs_client
-- param: client uuid
-- returns: bool, bool, bool
SELECT is_active, api_base_url IS NOT NULL, api_key_box IS NOT NULL FROM clients WHERE id = :client;

-- The clients that a job for all is for: those that are active and set up.
-- name: jobs_clients
-- param: client uuid
-- returns: uuid, text
SELECT id, slug FROM clients
WHERE is_active AND api_base_url IS NOT NULL AND api_key_box IS NOT NULL AND (:client IS NULL OR id = :client) ORDER BY slug;

-- The client's helpdesk as a connection, once its address and key are both there.
-- name: jobs_helpdesk_insert
-- param: id uuid, client uuid, by text, now time
INSERT INTO connections (id, client_id, kind, status, registered_by, history_sync_requested, created_at, updated_at)
SELECT :id, c.id, 'helpdesk', 'connected', :by, false, :now, :now
FROM clients c WHERE c.id = :client AND c.api_base_url IS NOT NULL AND c.api_key_box IS NOT NULL
ON CONFLICT (client_id) WHERE kind = 'helpdesk' DO NOTHING;

-- name: jobs_helpdesk_status
-- param: client uuid, now time
UPDATE connections SET status = s.status, status_reason = s.reason, updated_at = :now
FROM (SELECT c.id,
    CASE WHEN c.is_active AND c.api_base_url IS NOT NULL AND c.api_key_box IS NOT NULL THEN 'connected' ELSE 'disconnected' END AS status,
    CASE WHEN c.api_base_url IS NULL OR c.api_key_box IS NULL THEN 'not_configured' WHEN NOT c.is_active THEN 'inactive' END AS reason
  FROM clients c WHERE c.id = :client) s
WHERE connections.client_id = s.id AND connections.kind = 'helpdesk'
  AND (connections.status <> s.status OR COALESCE(connections.status_reason, '') <> COALESCE(s.reason, ''));

-- A run of the analysis, for its answer.
-- name: jobs_run
-- param: id uuid
-- returns: uuid, text, json, json?
SELECT client_id, status, params, counts FROM jobs WHERE id = :id AND kind = 'analysis';

-- Those of the batch that have ended.
-- name: jobs_ended
-- rows: i int, id uuid
-- returns: int
SELECT r.i FROM @rows CROSS JOIN jobs j WHERE j.id = r.id AND j.status NOT IN ('queued', 'running');
