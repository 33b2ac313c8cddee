-- Several workers may route at once: each takes entries that no other holds.

-- name: drain_unrouted
-- param: after uuid, n int
-- returns: uuid, int, int, int, text?
SELECT entry_id, part_no, bytes, fields, route_key FROM journal_parts
WHERE client_id IS NULL AND status IN ('received', 'retrying') AND entry_id > :after ORDER BY entry_id LIMIT :n FOR UPDATE SKIP LOCKED;

-- name: drain_bodies
-- rows: i int, id uuid
-- returns: int, bytes, time, uuid?
SELECT r.i, j.body, j.received_at, j.connection_id
FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM journal x WHERE x.id = r.id OFFSET 0) j;
