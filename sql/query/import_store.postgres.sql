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
-- rows: client uuid, i int, ticket uuid, external int
-- returns: int, int, uuid, time, text, text, text?, json?, time, text?, text?, time?, json?, json?
SELECT r.i, m.external_id, m.id, m.at, m.direction, m.type, m.body, m.content, m.external_updated_at, m.sender_type, m.same_key,
  m.missing_since, m.original, m.edits
FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM messages x
  WHERE x.client_id = r.client AND x.ticket_id = r.ticket AND x.external_id = r.external OFFSET 0) m
ORDER BY r.i, m.external_id;

-- name: import_messages_whole
-- rows: client uuid, i int, ticket uuid
-- returns: int, int, uuid, time, text, text, text?, json?, time, text?, text?, time?, json?, json?
SELECT r.i, m.external_id, m.id, m.at, m.direction, m.type, m.body, m.content, m.external_updated_at, m.sender_type, m.same_key,
  m.missing_since, m.original, m.edits
FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM messages x WHERE x.client_id = r.client AND x.ticket_id = r.ticket OFFSET 0) m
ORDER BY r.i, m.external_id;

-- name: import_times
-- rows: client uuid, i int, ticket uuid
-- returns: int, time, text
SELECT r.i, m.at, m.dedup_key FROM @rows CROSS JOIN LATERAL (SELECT x.at, x.dedup_key FROM messages x
  WHERE x.client_id = r.client AND x.ticket_id = r.ticket OFFSET 0) m
ORDER BY r.i, m.at, m.dedup_key;

-- name: import_trackings
-- rows: client uuid, i int, ticket uuid
-- returns: int, int, time?, time?, time?, text?, text?, json, time?
SELECT r.i, x.external_id, x.created_at, x.started_at, x.finished_at, x.user_name, x.user_email, x.raw, x.missing_since
FROM @rows CROSS JOIN LATERAL (SELECT t.* FROM trackings t WHERE t.client_id = r.client AND t.ticket_id = r.ticket OFFSET 0) x
ORDER BY r.i, x.external_id;

-- name: import_sessions
-- rows: client uuid, i int, ticket uuid
-- returns: int, uuid, text, text?, time, time?, time?, json?, int, text?, text?, text?, int, time?, time?, uuid?
SELECT r.i, s.id, s.source, s.class, s.started_at, s.ended_at, s.lead_in_at, s.tracking_ids, s.flags, s.user_name, s.user_email,
  s.start_key, s.message_count, s.missing_since, s.retired_at, s.redirect_id
FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM sessions x WHERE x.client_id = r.client AND x.ticket_id = r.ticket OFFSET 0) s
ORDER BY r.i, s.started_at, s.id;

-- name: import_messages_insert
-- param: connection uuid, now time
-- rows: client uuid, id uuid, conversation uuid, ticket uuid, key text, at time, direction text, type text, body text, content json, status text, external int, updated_at time, sender text, same_key text
INSERT INTO messages (client_id, id, connection_id, conversation_id, dedup_key, at, bad_time, direction, type, body, content, source,
  seen, status, status_rank, content_key, place_at, received_at, unread, ticket_id, external_id, external_updated_at, sender_type,
  same_key, created_at, updated_at)
SELECT r.client, r.id, :connection, r.conversation, r.key, r.at, FALSE, r.direction, r.type, r.body, r.content, 'helpdesk',
  0, r.status, 0, CAST('' AS bytea), r.at, :now, FALSE, r.ticket, r.external, r.updated_at, r.sender,
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
