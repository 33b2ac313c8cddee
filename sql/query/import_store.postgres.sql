-- PostgreSQL's spelling of batch look-ups. The fence (OFFSET 0) makes each row of the batch one look-up by the whole key:
-- without it, an index is walked for the client alone as soon as the statistics are older than the table.

-- name: import_known
-- rows: client uuid, i int, external text, updated_at time
-- returns: int, uuid, time, time?, bool
SELECT r.i, t.id, h.external_updated_at, h.last_message_created_at,
  EXISTS (SELECT 1 FROM import_done d WHERE d.client_id = r.client AND d.external_uuid = r.external AND d.external_updated_at = r.updated_at)
FROM @rows CROSS JOIN LATERAL (SELECT x.id FROM tickets x WHERE x.client_id = r.client AND x.external_uuid = r.external OFFSET 0) t
CROSS JOIN LATERAL (SELECT x.* FROM helpdesk_tickets x WHERE x.client_id = r.client AND x.ticket_id = t.id OFFSET 0) h;

-- name: import_stored
-- Messages that are stored with the same updatedAt, and stand.
-- rows: client uuid, i int, ticket uuid, external int, updated_at time
-- returns: int
SELECT r.i FROM @rows CROSS JOIN LATERAL (SELECT x.external_updated_at, x.missing_since FROM messages x
  WHERE x.client_id = r.client AND x.ticket_id = r.ticket AND x.external_id = r.external OFFSET 0) m
WHERE m.external_updated_at = r.updated_at AND m.missing_since IS NULL;

-- name: import_messages
-- rows: client uuid, ticket uuid, external int
-- returns: int, uuid, time, text, text, text?, json?, time, text?, text?, time?, json?, json?
SELECT m.external_id, m.id, m.at, m.direction, m.type, m.body, m.content, m.external_updated_at, m.sender_type, m.same_key,
  m.missing_since, m.original, m.edits
FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM messages x
  WHERE x.client_id = r.client AND x.ticket_id = r.ticket AND x.external_id = r.external OFFSET 0) m
ORDER BY m.external_id;

-- name: import_messages_insert
-- param: connection uuid, conversation uuid, ticket uuid, now time
-- rows: client uuid, id uuid, key text, at time, direction text, type text, body text, content json, status text, external int, updated_at time, sender text, same_key text
INSERT INTO messages (client_id, id, connection_id, conversation_id, dedup_key, at, bad_time, direction, type, body, content, source,
  seen, status, status_rank, content_key, place_at, received_at, unread, ticket_id, external_id, external_updated_at, sender_type,
  same_key, created_at, updated_at)
SELECT r.client, r.id, :connection, :conversation, r.key, r.at, FALSE, r.direction, r.type, r.body, r.content, 'helpdesk',
  0, r.status, 0, CAST('' AS bytea), r.at, :now, FALSE, :ticket, r.external, r.updated_at, r.sender,
  r.same_key, :now, :now
FROM @rows WHERE true;

-- name: import_messages_update
-- param: now time
-- rows: client uuid, id uuid, at time, direction text, type text, body text, content json, status text, updated_at time, sender text, same_key text, original json, edits json, edited_at time
UPDATE messages SET at = r.at, place_at = r.at, direction = r.direction, type = r.type, body = r.body, content = r.content,
  status = r.status, external_updated_at = r.updated_at, sender_type = r.sender, same_key = r.same_key, original = r.original,
  edits = r.edits, edited_at = r.edited_at, missing_since = NULL, updated_at = :now
FROM (SELECT r.*, (SELECT x.ctid FROM messages x WHERE x.client_id = r.client AND x.id = r.id) AS tid FROM @rows) r
WHERE messages.ctid = r.tid;

-- name: import_messages_missing
-- param: now time
-- rows: client uuid, id uuid
UPDATE messages SET missing_since = :now, updated_at = :now
FROM (SELECT r.*, (SELECT x.ctid FROM messages x WHERE x.client_id = r.client AND x.id = r.id) AS tid FROM @rows) r
WHERE messages.ctid = r.tid;

-- name: import_walked_mark
-- rows: client uuid, ticket uuid, missing_since time
UPDATE helpdesk_tickets SET missing_since = r.missing_since
FROM (SELECT r.*, (SELECT x.ctid FROM helpdesk_tickets x WHERE x.client_id = r.client AND x.ticket_id = r.ticket) AS tid FROM @rows) r
WHERE helpdesk_tickets.ctid = r.tid;

-- name: import_contacts
-- rows: client uuid, i int, external text
-- returns: int, uuid?, json, time?
SELECT r.i, c.lead_id, c.raw, c.missing_since FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM helpdesk_contacts x
  WHERE x.client_id = r.client AND x.external_id = r.external OFFSET 0) c;

-- name: import_contacts_of
-- rows: client uuid, i int, lead uuid
-- returns: int, text, json
SELECT r.i, c.external_id, c.raw FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM helpdesk_contacts x
  WHERE x.client_id = r.client AND x.lead_id = r.lead OFFSET 0) c
WHERE c.missing_since IS NULL;

-- name: import_contacts_mark
-- rows: client uuid, external text, missing_since time
UPDATE helpdesk_contacts SET missing_since = r.missing_since
FROM (SELECT r.*, (SELECT x.ctid FROM helpdesk_contacts x WHERE x.client_id = r.client AND x.external_id = r.external) AS tid FROM @rows) r
WHERE helpdesk_contacts.ctid = r.tid;

-- name: import_lead_tags
-- rows: client uuid, i int, lead uuid
-- returns: int, uuid, bool, bool
SELECT r.i, t.tag_id, t.by_hand, t.by_helpdesk FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM lead_tags x
  WHERE x.client_id = r.client AND x.lead_id = r.lead OFFSET 0) t;
