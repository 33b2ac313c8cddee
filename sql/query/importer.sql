-- The importer: what a run needs of its client, the request budgets, what is remembered between runs.

-- name: importer_client
-- param: client uuid
-- returns: text?, bytes?, bool, uuid?, text
SELECT c.api_base_url, c.api_key_box, c.is_active,
  (SELECT n.id FROM connections n WHERE n.client_id = c.id AND n.kind = 'helpdesk' AND n.deleted_at IS NULL), c.slug
FROM clients c WHERE c.id = :client;

-- name: importer_states
-- param: client uuid
-- returns: text, time?, time?, int?, time?, int?
SELECT key, cursor_at, last_full_at, page_size, page_size_until, page FROM import_state WHERE client_id = :client;

-- name: importer_state_put
-- A cursor and the time of a full walk only grow.
-- param: client uuid, key text, cursor time, full_at time, size int, size_until time, page int, now time
INSERT INTO import_state (client_id, key, cursor_at, last_full_at, page_size, page_size_until, page, updated_at)
VALUES (:client, :key, :cursor, :full_at, :size, :size_until, :page, :now)
ON CONFLICT (client_id, key) DO UPDATE SET
  cursor_at = CASE WHEN import_state.cursor_at IS NULL OR excluded.cursor_at > import_state.cursor_at THEN excluded.cursor_at ELSE import_state.cursor_at END,
  last_full_at = CASE WHEN import_state.last_full_at IS NULL OR excluded.last_full_at > import_state.last_full_at THEN excluded.last_full_at ELSE import_state.last_full_at END,
  page_size = excluded.page_size, page_size_until = excluded.page_size_until, page = excluded.page, updated_at = excluded.updated_at;

-- So many of them: a range from the index's beginning.
-- name: importer_done_clear
-- param: client uuid, most int
DELETE FROM import_done WHERE client_id = :client AND external_uuid <= (
  SELECT max(x.external_uuid) FROM (SELECT d.external_uuid FROM import_done d WHERE d.client_id = :client
    ORDER BY d.external_uuid LIMIT :most) x);

-- name: importer_failures_left
-- param: client uuid
-- returns: int
SELECT count(*) FROM import_failures WHERE client_id = :client;

-- name: importer_failures_put
-- param: reason text, now time
-- rows: client uuid, id uuid, external text, detail text, raw json
INSERT INTO import_failures (client_id, id, external_uuid, reason, detail, attempts, raw, first_at, last_at)
SELECT r.client, r.id, r.external, :reason, r.detail, 1, r.raw, :now, :now FROM @rows WHERE true
ON CONFLICT (client_id, external_uuid) DO UPDATE SET reason = excluded.reason, detail = excluded.detail,
  attempts = import_failures.attempts + 1, raw = excluded.raw, last_at = excluded.last_at;

-- The newest, whose id is the greatest.
-- name: importer_failure_last
-- param: client uuid
-- returns: uuid
SELECT id FROM import_failures WHERE client_id = :client ORDER BY id DESC LIMIT 1;

-- name: importer_failure_next
-- param: client uuid, after uuid, until uuid
-- returns: uuid, json
SELECT id, raw FROM import_failures WHERE client_id = :client AND id > :after AND id <= :until ORDER BY id LIMIT 1;

-- name: importer_budget_new
-- param: key bytes
INSERT INTO request_budgets (key, next_us) VALUES (:key, 0) ON CONFLICT (key) DO NOTHING;

-- name: importer_budget
-- param: key bytes
-- returns: int, time?
SELECT next_us, held_until FROM request_budgets WHERE key = :key;

-- name: importer_budget_put
-- param: key bytes, next_us int, held_until time
UPDATE request_budgets SET next_us = :next_us, held_until = :held_until WHERE key = :key;

-- Failures, a page at a time, and whether there is nothing to try again once the list does not show the ticket.
-- name: importer_gone
-- param: client uuid, after text, most int
-- returns: text, bool
SELECT external_uuid, reason IN ('gone', 'unreadable') FROM import_failures WHERE client_id = :client AND external_uuid > :after
ORDER BY external_uuid LIMIT :most;

-- name: importer_gone_drop
-- rows: client uuid, uuid text
DELETE FROM import_failures WHERE (client_id, external_uuid) IN (SELECT r.client, r.uuid FROM @rows);
