-- The operator's commands.

-- name: cmd_client_list
-- returns: slug text, name text, is_active bool, created_at time
SELECT slug, name, is_active, created_at FROM clients ORDER BY slug;

-- name: cmd_client_update
-- param: slug text, name text, active bool, now time
UPDATE clients SET name = coalesce(:name, name), is_active = coalesce(:active, is_active), updated_at = :now
WHERE slug = :slug;

-- name: cmd_client_add
-- param: id uuid, slug text, name text, now time
INSERT INTO clients (id, slug, name, is_active, created_at, updated_at)
VALUES (:id, :slug, :name, true, :now, :now);

-- name: cmd_client_id
-- param: slug text
-- returns: id uuid
SELECT id FROM clients WHERE slug = :slug;

-- name: cmd_token_add
-- param: id uuid, name text, role text, client uuid, hash bytes, now time
INSERT INTO tokens (id, name, role, client_id, secret_hash, created_at)
VALUES (:id, :name, :role, :client, :hash, :now);

-- name: cmd_token_list
-- returns: id uuid, name text, role text, slug text?, created_at time, revoked_at time?
SELECT t.id, t.name, t.role, c.slug, t.created_at, t.revoked_at
FROM tokens t LEFT JOIN clients c ON c.id = t.client_id
ORDER BY t.created_at, t.id;

-- name: cmd_token_revoke
-- param: id uuid, now time
UPDATE tokens SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL;

-- Routing looks at part 0 again, a lane at the others; what is given as NULL does not filter.
-- name: cmd_replay
-- param: id uuid, since time, until time, status text
UPDATE journal_parts SET status = 'received', attempts = 0, next_attempt_at = NULL, error = NULL
WHERE status <> 'received' AND (:id IS NULL OR entry_id = :id) AND (:since IS NULL OR received_at >= :since)
  AND (:until IS NULL OR received_at < :until) AND (:status IS NULL OR status = :status);
