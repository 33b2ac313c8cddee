-- Browsers that have logged in, and links that log in once.

-- A token that was revoked takes its browsers with it.
-- name: api_session_by_hash
-- param: hash bytes, now time
-- returns: uuid?, text?, uuid?
SELECT s.token_id, t.role, t.client_id FROM browser_sessions s LEFT JOIN tokens t ON t.id = s.token_id
WHERE s.secret_hash = :hash AND s.expires_at > :now AND (s.token_id IS NULL OR (t.id IS NOT NULL AND t.revoked_at IS NULL));

-- name: api_browser_put
-- param: hash bytes, token uuid, now time, until time
INSERT INTO browser_sessions (secret_hash, token_id, created_at, expires_at) VALUES (:hash, :token, :now, :until);

-- name: api_browser_drop
-- param: hash bytes
DELETE FROM browser_sessions WHERE secret_hash = :hash;

-- name: api_browser_expire
-- param: now time
DELETE FROM browser_sessions WHERE expires_at <= :now;

-- name: api_link_put
-- param: hash bytes, now time, until time
INSERT INTO login_links (secret_hash, created_at, expires_at) VALUES (:hash, :now, :until);

-- Whoever deletes it has used it.
-- name: api_link_take
-- param: hash bytes, now time
DELETE FROM login_links WHERE secret_hash = :hash AND expires_at > :now;

-- name: api_link_expire
-- param: now time
DELETE FROM login_links WHERE expires_at <= :now;
