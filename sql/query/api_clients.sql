-- Clients and tokens.

-- name: api_client_one
-- param: id uuid
-- returns: uuid, text, text, text?, bool, bool, time, time
SELECT id, slug, name, api_base_url, api_key_box IS NOT NULL, is_active, created_at, updated_at
FROM clients WHERE id = :id;

-- name: api_client_list
-- param: client uuid, after text, limit int
-- returns: uuid, text, text, text?, bool, bool, time, time
SELECT id, slug, name, api_base_url, api_key_box IS NOT NULL, is_active, created_at, updated_at
FROM clients WHERE slug > :after AND (:client IS NULL OR id = :client) ORDER BY slug LIMIT :limit;

-- name: api_client_insert
-- param: id uuid, slug text, name text, base_url text, key_box bytes, active bool, now time
INSERT INTO clients (id, slug, name, api_base_url, api_key_box, is_active, created_at, updated_at)
VALUES (:id, :slug, :name, :base_url, :key_box, :active, :now, :now)
ON CONFLICT (slug) DO NOTHING;

-- set_*: whether the value is to be taken.
-- name: api_client_update
-- param: id uuid, name text, set_url bool, base_url text, set_key bool, key_box bytes, active bool, set_active bool, now time
UPDATE clients SET
  name = COALESCE(:name, name),
  api_base_url = CASE WHEN :set_url THEN :base_url ELSE api_base_url END,
  api_key_box = CASE WHEN :set_key THEN :key_box ELSE api_key_box END,
  is_active = CASE WHEN :set_active THEN :active ELSE is_active END,
  updated_at = :now
WHERE id = :id;

-- revoked: those too.
-- name: api_token_list
-- param: client uuid, after uuid, revoked bool, limit int
-- returns: uuid, text, text, text?, time, time?
SELECT t.id, t.name, t.role, c.slug, t.created_at, t.revoked_at FROM tokens t LEFT JOIN clients c ON c.id = t.client_id
WHERE (:revoked OR t.revoked_at IS NULL) AND (:client IS NULL OR t.client_id = :client) AND (:after IS NULL OR t.id > :after)
ORDER BY t.id LIMIT :limit;

-- name: api_token_insert
-- param: id uuid, name text, role text, client uuid, hash bytes, now time
INSERT INTO tokens (id, name, role, client_id, secret_hash, created_at)
VALUES (:id, :name, :role, :client, :hash, :now);

-- name: api_token_revoke
-- param: id uuid, now time
UPDATE tokens SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL;
