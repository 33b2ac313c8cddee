-- PostgreSQL's spelling of batch look-ups. The fence (OFFSET 0) makes each row of the batch one look-up by the whole key:
-- without it, an index is walked for the client alone as soon as the statistics are older than the table.

-- name: apply_tickets_open
-- Open WhatsApp tickets of the leads, with the least openedAt among all tickets of the lead.
-- rows: client uuid, i int, lead uuid
-- returns: int, uuid, time, text, time
SELECT r.i, t.id, t.opened_at, t.originated_from,
  (SELECT min(o.opened_at) FROM tickets o WHERE o.client_id = r.client AND o.lead_id = r.lead)
FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM tickets x
  WHERE x.client_id = r.client AND x.lead_id = r.lead AND x.is_open OFFSET 0) t;

-- name: apply_tickets_opened
-- param: now time
-- rows: client uuid, id uuid, opened_at time
UPDATE tickets SET opened_at = r.opened_at, updated_at = :now
FROM (SELECT r.*, (SELECT x.ctid FROM tickets x WHERE x.client_id = r.client AND x.id = r.id) AS tid FROM @rows) r
WHERE tickets.ctid = r.tid AND tickets.is_open;

-- name: apply_tickets_origin
-- param: now time
-- rows: client uuid, id uuid, origin text
UPDATE tickets SET originated_from = r.origin, updated_at = :now
FROM (SELECT r.*, (SELECT x.ctid FROM tickets x WHERE x.client_id = r.client AND x.id = r.id) AS tid FROM @rows) r
WHERE tickets.ctid = r.tid;
