-- The statement that gives ids holds the clients' heads until the transaction ends, and tells who listens once it did.

-- name: events_put
-- param: now time
-- rows: client uuid, i int, kind text, subject_kind text, subject uuid
WITH told AS MATERIALIZED (SELECT pg_notify('events', '') AS nothing),
heads AS (INSERT INTO event_heads AS h (client_id, last_id)
  SELECT r.client, count(*) FROM @rows GROUP BY r.client ORDER BY r.client
  ON CONFLICT (client_id) DO UPDATE SET last_id = h.last_id + excluded.last_id RETURNING h.client_id, h.last_id)
INSERT INTO events (client_id, id, at, kind, subject_kind, subject_id)
SELECT r.client, x.last_id - count(*) OVER (PARTITION BY r.client) + row_number() OVER (PARTITION BY r.client ORDER BY r.i),
  :now, r.kind, r.subject_kind, r.subject
FROM @rows JOIN heads x ON x.client_id = r.client CROSS JOIN told;

-- name: events_drop
-- rows: client uuid, id int
DELETE FROM events USING @rows WHERE events.client_id = r.client AND events.id <= r.id;
