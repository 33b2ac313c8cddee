-- Who calls, and whose the named thing is. Ids alone do not lead with the client, so they are looked up client by client
-- (CROSS JOIN: SQLite keeps that order).

-- name: api_token_by_hash
-- param: hash bytes
-- returns: uuid, text, uuid?
SELECT id, role, client_id FROM tokens WHERE secret_hash = :hash AND revoked_at IS NULL;

-- name: api_scope_client
-- param: slug text, client uuid
-- returns: uuid, text, uuid
SELECT id, slug, id FROM clients WHERE slug = :slug AND (:client IS NULL OR id = :client);

-- name: api_scope_connection
-- param: id uuid, client uuid
-- returns: uuid, text, uuid
SELECT c.id, c.slug, x.id FROM connections x JOIN clients c ON c.id = x.client_id
WHERE x.id = :id AND x.deleted_at IS NULL AND (:client IS NULL OR c.id = :client);

-- name: api_scope_conversation
-- param: id uuid, client uuid
-- returns: uuid, text, uuid
SELECT c.id, c.slug, x.id FROM clients c CROSS JOIN conversations x
WHERE x.client_id = c.id AND x.id = :id AND (:client IS NULL OR c.id = :client) LIMIT 2;

-- name: api_scope_lead
-- param: id uuid, client uuid
-- returns: uuid, text, uuid
SELECT c.id, c.slug, x.id FROM clients c CROSS JOIN leads x
WHERE x.client_id = c.id AND x.id = :id AND x.evidence > 0 AND (:client IS NULL OR c.id = :client) LIMIT 2;

-- name: api_scope_ticket
-- param: id uuid, client uuid
-- returns: uuid, text, uuid
SELECT c.id, c.slug, x.id FROM clients c CROSS JOIN tickets x
WHERE x.client_id = c.id AND x.id = :id AND (:client IS NULL OR c.id = :client) LIMIT 2;

-- The helpdesk's own id of a ticket; several clients may have the same.
-- name: api_scope_ticket_external
-- param: external text, client uuid
-- returns: uuid, text, uuid
SELECT c.id, c.slug, x.id FROM clients c CROSS JOIN tickets x
WHERE x.client_id = c.id AND x.external_uuid = :external AND (:client IS NULL OR c.id = :client) LIMIT 2;

-- name: api_scope_token
-- param: id uuid, client uuid
-- returns: uuid?, text?, uuid
SELECT c.id, c.slug, x.id FROM tokens x LEFT JOIN clients c ON c.id = x.client_id
WHERE x.id = :id AND x.revoked_at IS NULL AND (:client IS NULL OR x.client_id = :client);

-- A journal entry belongs to whoever has a part of it.
-- name: api_scope_entry
-- param: id uuid, client uuid
-- returns: uuid?, text?, uuid
SELECT c.id, c.slug, x.entry_id FROM journal_parts x LEFT JOIN clients c ON c.id = x.client_id
WHERE x.entry_id = :id AND (:client IS NULL OR x.client_id = :client) ORDER BY x.part_no LIMIT 1;

-- name: api_scope_job
-- param: id uuid, client uuid
-- returns: uuid?, text?, uuid
SELECT c.id, c.slug, x.id FROM jobs x LEFT JOIN clients c ON c.id = x.client_id
WHERE x.id = :id AND (:client IS NULL OR x.client_id = :client);

-- Retired sessions know their heirs themselves.
-- name: api_redirect
-- param: kind text, id uuid, client uuid
-- returns: uuid
SELECT x.to_id FROM clients c CROSS JOIN redirects x
WHERE x.client_id = c.id AND x.kind = :kind AND x.lost_id = :id AND (:client IS NULL OR c.id = :client)
UNION ALL
SELECT s.redirect_id FROM clients c CROSS JOIN sessions s
WHERE :kind = 'session' AND s.client_id = c.id AND s.id = :id AND s.redirect_id IS NOT NULL AND (:client IS NULL OR c.id = :client)
LIMIT 1;

-- The connection whose own webhook URL holds the secret.
-- name: api_connection_by_secret
-- param: hash bytes
-- returns: uuid
SELECT id FROM connections WHERE secret_hash = :hash AND deleted_at IS NULL;
