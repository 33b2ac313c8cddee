-- What changed, as it is written with the change itself, and as streams read it.

-- The streams' clients: the newest id, and the oldest that is kept (NULL: none is).
-- name: events_heads
-- rows: client uuid
-- returns: uuid, int, int?
SELECT h.client_id, h.last_id, (SELECT e.id FROM events e WHERE e.client_id = h.client_id ORDER BY e.id LIMIT 1)
FROM @rows CROSS JOIN event_heads h WHERE h.client_id = r.client;

-- In order.
-- name: events_after
-- param: client uuid, after int, n int
-- returns: int, time, text, text, uuid?
SELECT id, at, kind, subject_kind, subject_id FROM events
WHERE client_id = :client AND id > :after ORDER BY id LIMIT :n;

-- Which of the streams' tokens are still valid.
-- name: events_tokens
-- rows: i int, id uuid
-- returns: int
SELECT r.i FROM @rows CROSS JOIN tokens t WHERE t.id = r.id AND t.revoked_at IS NULL;

-- Which of their logins are not over.
-- name: events_logins
-- param: now time
-- rows: i int, hash bytes
-- returns: int
SELECT r.i FROM @rows CROSS JOIN browser_sessions b WHERE b.secret_hash = r.hash AND b.expires_at > :now;

-- The oldest: up to which id they go, client by client.
-- name: events_old
-- param: before time, n int
-- returns: uuid, int
SELECT client_id, max(id) FROM (SELECT e.client_id, e.id FROM events e WHERE e.at < :before ORDER BY e.at LIMIT :n) o
GROUP BY client_id;

-- What is left is always the end of a client's events.
-- name: events_drop
-- rows: client uuid, id int
DELETE FROM events WHERE EXISTS (SELECT 1 FROM @rows WHERE r.client = events.client_id AND events.id <= r.id);

-- SQLite has one writer, so the newest id is known; a trigger keeps it.
-- name: events_put
-- param: now time
-- rows: client uuid, i int, kind text, subject_kind text, subject uuid
INSERT INTO events (client_id, id, at, kind, subject_kind, subject_id)
SELECT r.client, COALESCE((SELECT h.last_id FROM event_heads h WHERE h.client_id = r.client), 0)
  + row_number() OVER (PARTITION BY r.client ORDER BY r.i), :now, r.kind, r.subject_kind, r.subject
FROM @rows ORDER BY r.client, r.i;
