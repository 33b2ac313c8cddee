-- The drain worker: routing new entries to clients, claiming a client's parts.

-- name: drain_any
-- param: after uuid
-- returns: bool
SELECT EXISTS (SELECT 1 FROM journal_parts WHERE client_id IS NULL AND status IN ('received', 'retrying') AND entry_id > :after);

-- name: drain_unrouted
-- param: after uuid, n int
-- returns: uuid, int, int, int, text?
SELECT entry_id, part_no, bytes, fields, route_key FROM journal_parts
WHERE client_id IS NULL AND status IN ('received', 'retrying') AND entry_id > :after ORDER BY entry_id LIMIT :n;

-- name: drain_bodies
-- rows: i int, id uuid
-- returns: int, bytes, time, uuid?
SELECT r.i, j.body, j.received_at, j.connection_id FROM @rows CROSS JOIN journal j WHERE j.id = r.id;

-- name: drain_routes
-- Client behind each number, account or connection that is live.
-- rows: key text, phone_number_id text, waba_id text, connection uuid
-- returns: text, uuid
SELECT r.key, c.client_id FROM @rows CROSS JOIN connections c WHERE c.phone_number_id = r.phone_number_id AND c.deleted_at IS NULL
UNION
SELECT r.key, c.client_id FROM @rows CROSS JOIN connections c WHERE c.waba_id = r.waba_id AND c.deleted_at IS NULL
UNION
SELECT r.key, c.client_id FROM @rows CROSS JOIN connections c WHERE c.id = r.connection AND c.deleted_at IS NULL;

-- name: drain_parts
-- The other parts of an entry.
-- param: entry uuid, part_no int
-- returns: int, uuid?, text?
SELECT part_no, client_id, route_key FROM journal_parts WHERE entry_id = :entry AND part_no <> :part_no;

-- name: drain_again
-- rows: entry uuid, part_no int
UPDATE journal_parts SET status = 'received', attempts = 0, next_attempt_at = NULL
FROM @rows WHERE journal_parts.entry_id = r.entry AND journal_parts.part_no = r.part_no;

-- name: drain_part_delete
-- param: entry uuid, part_no int
DELETE FROM journal_parts WHERE entry_id = :entry AND part_no = :part_no;

-- Those of the keys under which nothing is parked.
-- name: drain_parked_news
-- rows: key text
-- returns: text
SELECT r.key FROM @rows WHERE NOT EXISTS (SELECT 1 FROM journal_parts p WHERE p.status = 'parked' AND p.route_key = r.key);

-- name: drain_clients
-- returns: uuid
SELECT id FROM clients;

-- name: drain_route_update
-- rows: entry uuid, part_no int, client uuid, status text, route_key text, fields int, phone_number_id text, error text, received_at time, bytes int
UPDATE journal_parts SET client_id = r.client, status = r.status, route_key = r.route_key, fields = r.fields,
  phone_number_id = r.phone_number_id, error = r.error
FROM @rows WHERE journal_parts.entry_id = r.entry AND journal_parts.part_no = r.part_no;

-- name: drain_route_insert
-- part_no: after all parts that are there.
-- rows: entry uuid, part_no int, client uuid, status text, route_key text, fields int, phone_number_id text, error text, received_at time, bytes int
INSERT INTO journal_parts (entry_id, part_no, client_id, status, route_key, fields, phone_number_id, error, received_at, attempts, bytes)
SELECT r.entry, (SELECT max(p.part_no) FROM journal_parts p WHERE p.entry_id = r.entry)
    + row_number() OVER (PARTITION BY r.entry ORDER BY r.client, r.route_key),
  r.client, r.status, r.route_key, r.fields, r.phone_number_id, r.error, r.received_at, 0, r.bytes
FROM @rows WHERE true;

-- name: drain_next_client
-- The next client, in turn, that has something to apply.
-- param: after uuid
-- returns: uuid
SELECT client_id FROM journal_parts WHERE client_id > :after AND status IN ('received', 'retrying') ORDER BY client_id LIMIT 1;

-- name: drain_claim
-- param: client uuid, now time, n int
-- returns: uuid, int, time, int, int
SELECT entry_id, part_no, received_at, attempts, bytes FROM journal_parts
WHERE client_id = :client AND status IN ('received', 'retrying') AND (next_attempt_at IS NULL OR next_attempt_at <= :now)
ORDER BY entry_id LIMIT :n;

-- name: drain_mark
-- param: now time
-- rows: entry uuid, part_no int, status text, problems json
UPDATE journal_parts SET status = r.status, problems = r.problems, applied_at = :now, attempts = attempts + 1, next_attempt_at = NULL, error = NULL
FROM @rows WHERE journal_parts.entry_id = r.entry AND journal_parts.part_no = r.part_no;

-- name: drain_unroute
-- Parts whose connection is gone: not routed any more.
-- rows: entry uuid, part_no int
UPDATE journal_parts SET client_id = NULL, status = 'received', route_key = NULL, attempts = 0, next_attempt_at = NULL
FROM @rows WHERE journal_parts.entry_id = r.entry AND journal_parts.part_no = r.part_no;

-- name: drain_mark_failed
-- param: entry uuid, part_no int, status text, error text, next time
UPDATE journal_parts SET status = :status, error = :error, attempts = attempts + 1, next_attempt_at = :next
WHERE entry_id = :entry AND part_no = :part_no;
