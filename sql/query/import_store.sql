-- The helpdesk's tickets, messages and contacts, read and written by the importer (work/import_*.c).

-- name: import_known
-- rows: client uuid, i int, external text, updated_at time
-- returns: int, uuid, time, time?, bool
SELECT r.i, t.id, h.external_updated_at, h.last_message_created_at,
  EXISTS (SELECT 1 FROM import_done d WHERE d.client_id = r.client AND d.external_uuid = r.external AND d.external_updated_at = r.updated_at)
FROM @rows CROSS JOIN tickets t CROSS JOIN helpdesk_tickets h
WHERE t.client_id = r.client AND t.external_uuid = r.external AND h.client_id = r.client AND h.ticket_id = t.id;

-- name: import_stored
-- Messages that are stored with the same updatedAt, and stand.
-- rows: client uuid, i int, ticket uuid, external int, updated_at time
-- returns: int
SELECT r.i FROM @rows CROSS JOIN messages m
WHERE m.client_id = r.client AND m.ticket_id = r.ticket AND m.external_id = r.external
  AND m.external_updated_at = r.updated_at AND m.missing_since IS NULL;

-- name: import_ticket
-- One row for each of the batch. node: the identity of a ticket without contact; alone: it is all that its lead is known by.
-- identity: some identity of the stored ticket's lead, as kind:value.
-- rows: client uuid, i int, external text, node text
-- returns: int, bool, time?, bool, uuid?, uuid?, uuid?, text?, time?, time?, bool?, text?, json?, bool?, time?, time?, text?
SELECT r.i,
  EXISTS (SELECT 1 FROM import_failures f WHERE f.client_id = r.client AND f.external_uuid = r.external),
  (SELECT d.external_updated_at FROM import_done d WHERE d.client_id = r.client AND d.external_uuid = r.external),
  EXISTS (SELECT 1 FROM identities i WHERE i.client_id = r.client AND i.kind = 'helpdesk' AND i.value = r.node AND i.lead_id = t.lead_id
    AND NOT EXISTS (SELECT 1 FROM identities o WHERE o.client_id = r.client AND o.lead_id = i.lead_id
      AND (o.kind <> 'helpdesk' OR o.value <> r.node))),
  t.id, t.conversation_id, t.lead_id, t.status, t.opened_at,
  h.external_updated_at, h.is_group, h.company_id, h.raw, h.has_trackings, h.last_message_created_at, h.missing_since,
  (SELECT i.kind || ':' || i.value FROM identities i WHERE i.client_id = r.client AND i.lead_id = t.lead_id
   ORDER BY i.kind, i.value LIMIT 1)
FROM @rows
LEFT JOIN tickets t ON t.client_id = r.client AND t.external_uuid = r.external
LEFT JOIN helpdesk_tickets h ON h.client_id = r.client AND h.ticket_id = t.id;

-- name: import_ticket_put
-- param: now time
-- rows: client uuid, id uuid, conversation uuid, lead uuid, external text, status text, opened_at time
INSERT INTO tickets (client_id, id, conversation_id, lead_id, external_uuid, source, originated_from, status, stage, is_open,
  opened_at, created_at, updated_at)
SELECT r.client, r.id, r.conversation, r.lead, r.external, 'helpdesk_import', 'helpdesk', r.status, '', FALSE, r.opened_at, :now, :now
FROM @rows WHERE true
ON CONFLICT (client_id, id) DO UPDATE SET conversation_id = excluded.conversation_id, lead_id = excluded.lead_id,
  status = excluded.status, opened_at = excluded.opened_at, updated_at = excluded.updated_at;

-- name: import_helpdesk_put
-- rows: client uuid, ticket uuid, updated_at time, is_group bool, company text, raw json, has_trackings bool, last_message time
INSERT INTO helpdesk_tickets (client_id, ticket_id, external_updated_at, is_group, company_id, raw, has_trackings,
  last_message_created_at)
SELECT r.client, r.ticket, r.updated_at, r.is_group, r.company, r.raw, r.has_trackings, r.last_message FROM @rows WHERE true
ON CONFLICT (client_id, ticket_id) DO UPDATE SET external_updated_at = excluded.external_updated_at, is_group = excluded.is_group,
  company_id = excluded.company_id, raw = excluded.raw, has_trackings = excluded.has_trackings,
  last_message_created_at = excluded.last_message_created_at, missing_since = NULL;

-- name: import_ticket_move_messages
-- rows: client uuid, ticket uuid, conversation uuid
UPDATE messages SET conversation_id = r.conversation FROM @rows
WHERE messages.client_id = r.client AND messages.ticket_id = r.ticket;

-- name: import_ticket_move_sessions
-- param: now time
-- rows: client uuid, ticket uuid, conversation uuid
UPDATE sessions SET conversation_id = r.conversation, updated_at = :now FROM @rows
WHERE sessions.client_id = r.client AND sessions.ticket_id = r.ticket;

-- name: import_trackings
-- rows: client uuid, i int, ticket uuid
-- returns: int, int, time?, time?, time?, text?, text?, json, time?
SELECT r.i, x.external_id, x.created_at, x.started_at, x.finished_at, x.user_name, x.user_email, x.raw, x.missing_since
FROM @rows CROSS JOIN trackings x WHERE x.client_id = r.client AND x.ticket_id = r.ticket ORDER BY r.i, x.external_id;

-- name: import_trackings_put
-- rows: client uuid, ticket uuid, external int, created_at time, started_at time, finished_at time, user_name text, user_email text, raw json, missing_since time
INSERT INTO trackings (client_id, ticket_id, external_id, created_at, started_at, finished_at, user_name, user_email, raw, missing_since)
SELECT r.client, r.ticket, r.external, r.created_at, r.started_at, r.finished_at, r.user_name, r.user_email, r.raw, r.missing_since
FROM @rows WHERE true
ON CONFLICT (client_id, ticket_id, external_id) DO UPDATE SET created_at = excluded.created_at, started_at = excluded.started_at,
  finished_at = excluded.finished_at, user_name = excluded.user_name, user_email = excluded.user_email, raw = excluded.raw,
  missing_since = excluded.missing_since;

-- name: import_messages
-- Those of the batch that are stored.
-- rows: client uuid, i int, ticket uuid, external int
-- returns: int, int, uuid, time, text, text, text?, json?, time, text?, text?, time?, json?, json?
SELECT r.i, m.external_id, m.id, m.at, m.direction, m.type, m.body, m.content, m.external_updated_at, m.sender_type, m.same_key,
  m.missing_since, m.original, m.edits
FROM @rows CROSS JOIN messages m WHERE m.client_id = r.client AND m.ticket_id = r.ticket AND m.external_id = r.external
ORDER BY r.i, m.external_id;

-- name: import_messages_whole
-- All of the tickets.
-- rows: client uuid, i int, ticket uuid
-- returns: int, int, uuid, time, text, text, text?, json?, time, text?, text?, time?, json?, json?
SELECT r.i, m.external_id, m.id, m.at, m.direction, m.type, m.body, m.content, m.external_updated_at, m.sender_type, m.same_key,
  m.missing_since, m.original, m.edits
FROM @rows CROSS JOIN messages m WHERE m.client_id = r.client AND m.ticket_id = r.ticket ORDER BY r.i, m.external_id;

-- name: import_messages_insert
-- param: connection uuid, now time
-- rows: client uuid, id uuid, conversation uuid, ticket uuid, key text, at time, direction text, type text, body text, content json, status text, external int, updated_at time, sender text, same_key text
INSERT INTO messages (client_id, id, connection_id, conversation_id, dedup_key, at, bad_time, direction, type, body, content, source,
  seen, status, status_rank, content_key, place_at, received_at, unread, ticket_id, external_id, external_updated_at, sender_type,
  same_key, created_at, updated_at)
SELECT r.client, r.id, :connection, r.conversation, r.key, r.at, FALSE, r.direction, r.type, r.body, r.content, 'helpdesk',
  0, r.status, 0, x'', r.at, :now, FALSE, r.ticket, r.external, r.updated_at, r.sender,
  r.same_key, :now, :now
FROM @rows WHERE true;

-- name: import_messages_update
-- param: now time
-- rows: client uuid, id uuid, at time, direction text, type text, body text, content json, status text, updated_at time, sender text, same_key text, original json, edits json, edited_at time
UPDATE messages SET at = r.at, place_at = r.at, direction = r.direction, type = r.type, body = r.body, content = r.content,
  status = r.status, external_updated_at = r.updated_at, sender_type = r.sender, same_key = r.same_key, original = r.original,
  edits = r.edits, edited_at = r.edited_at, missing_since = NULL, updated_at = :now
FROM @rows WHERE messages.client_id = r.client AND messages.id = r.id;

-- name: import_messages_missing
-- param: now time
-- rows: client uuid, id uuid
UPDATE messages SET missing_since = :now, updated_at = :now
FROM @rows WHERE messages.client_id = r.client AND messages.id = r.id;

-- name: import_times
-- rows: client uuid, i int, ticket uuid
-- returns: int, time, text
SELECT r.i, m.at, m.dedup_key FROM @rows CROSS JOIN messages m WHERE m.client_id = r.client AND m.ticket_id = r.ticket
ORDER BY r.i, m.at, m.dedup_key;

-- name: import_sessions
-- All of the tickets, retired ones too.
-- rows: client uuid, i int, ticket uuid
-- returns: int, uuid, text, text?, time, time?, time?, json?, int, text?, text?, text?, int, time?, time?, uuid?
SELECT r.i, s.id, s.source, s.class, s.started_at, s.ended_at, s.lead_in_at, s.tracking_ids, s.flags, s.user_name, s.user_email,
  s.start_key, s.message_count, s.missing_since, s.retired_at, s.redirect_id
FROM @rows CROSS JOIN sessions s WHERE s.client_id = r.client AND s.ticket_id = r.ticket ORDER BY r.i, s.started_at, s.id;

-- name: import_sessions_put
-- Inserts, changes and retires: the id decides whether it is there.
-- param: now time
-- rows: client uuid, id uuid, conversation uuid, ticket uuid, source text, class text, started_at time, ended_at time, lead_in_at time, tracking int, trackings json, flags int, user_name text, user_email text, start_key text, messages int, missing_since time, retired_at time, heir uuid
INSERT INTO sessions (client_id, id, conversation_id, ticket_id, source, class, started_at, ended_at, lead_in_at, tracking_id,
  tracking_ids, flags, user_name, user_email, start_key, message_count, missing_since, retired_at, redirect_id, created_at, updated_at)
SELECT r.client, r.id, r.conversation, r.ticket, r.source, r.class, r.started_at, r.ended_at, r.lead_in_at, r.tracking,
  r.trackings, r.flags, r.user_name, r.user_email, r.start_key, r.messages, r.missing_since, r.retired_at, r.heir, :now, :now
FROM @rows WHERE true
ON CONFLICT (client_id, id) DO UPDATE SET class = excluded.class, started_at = excluded.started_at, ended_at = excluded.ended_at,
  lead_in_at = excluded.lead_in_at, tracking_id = excluded.tracking_id, tracking_ids = excluded.tracking_ids, flags = excluded.flags,
  user_name = excluded.user_name, user_email = excluded.user_email, start_key = excluded.start_key,
  message_count = excluded.message_count, missing_since = excluded.missing_since, retired_at = excluded.retired_at,
  redirect_id = excluded.redirect_id, updated_at = excluded.updated_at;

-- name: import_done_put
-- rows: client uuid, external text, updated_at time
INSERT INTO import_done (client_id, external_uuid, external_updated_at) SELECT r.client, r.external, r.updated_at FROM @rows WHERE true
ON CONFLICT (client_id, external_uuid) DO UPDATE SET external_updated_at = excluded.external_updated_at;

-- name: import_failure_drop
-- rows: client uuid, external text
DELETE FROM import_failures WHERE (client_id, external_uuid) IN (SELECT r.client, r.external FROM @rows);

-- name: import_failure_put
-- param: client uuid, id uuid, external text, reason text, detail text, raw json, now time
INSERT INTO import_failures (client_id, id, external_uuid, reason, detail, attempts, raw, first_at, last_at)
VALUES (:client, :id, :external, :reason, :detail, 1, :raw, :now, :now)
ON CONFLICT (client_id, external_uuid) DO UPDATE SET reason = excluded.reason, detail = excluded.detail,
  attempts = import_failures.attempts + 1, raw = excluded.raw, last_at = excluded.last_at;

-- name: import_walked
-- The stored tickets of the helpdesk, a page at a time.
-- param: client uuid, after text, most int
-- returns: uuid, text, time?
SELECT t.id, t.external_uuid, h.missing_since FROM tickets t JOIN helpdesk_tickets h ON h.client_id = t.client_id AND h.ticket_id = t.id
WHERE t.client_id = :client AND t.external_uuid > :after ORDER BY t.external_uuid LIMIT :most;

-- name: import_walked_mark
-- rows: client uuid, ticket uuid, missing_since time
UPDATE helpdesk_tickets SET missing_since = r.missing_since
FROM @rows WHERE helpdesk_tickets.client_id = r.client AND helpdesk_tickets.ticket_id = r.ticket;

-- name: import_contacts
-- rows: client uuid, i int, external text
-- returns: int, uuid?, json, time?
SELECT r.i, c.lead_id, c.raw, c.missing_since FROM @rows CROSS JOIN helpdesk_contacts c
WHERE c.client_id = r.client AND c.external_id = r.external;

-- name: import_contacts_put
-- rows: client uuid, external text, lead uuid, raw json
INSERT INTO helpdesk_contacts (client_id, external_id, lead_id, raw)
SELECT r.client, r.external, r.lead, r.raw FROM @rows WHERE true
ON CONFLICT (client_id, external_id) DO UPDATE SET lead_id = excluded.lead_id, raw = excluded.raw, missing_since = NULL;

-- name: import_contacts_of
-- The contacts of leads, those that stand.
-- rows: client uuid, i int, lead uuid
-- returns: int, text, json
SELECT r.i, c.external_id, c.raw FROM @rows CROSS JOIN helpdesk_contacts c
WHERE c.client_id = r.client AND c.lead_id = r.lead AND c.missing_since IS NULL;

-- name: import_contacts_swept
-- A page of the contacts that are stored.
-- param: client uuid, after text, most int
-- returns: text, time?
SELECT external_id, missing_since FROM helpdesk_contacts WHERE client_id = :client AND external_id > :after
ORDER BY external_id LIMIT :most;

-- name: import_contacts_mark
-- rows: client uuid, external text, missing_since time
UPDATE helpdesk_contacts SET missing_since = r.missing_since
FROM @rows WHERE helpdesk_contacts.client_id = r.client AND helpdesk_contacts.external_id = r.external;

-- name: import_tags
-- param: client uuid
-- returns: uuid, text, text?, text?, time?
SELECT id, name, color, external_id, missing_since FROM tags WHERE client_id = :client ORDER BY name;

-- name: import_tags_insert
-- param: now time
-- rows: client uuid, id uuid, name text, color text, external text
INSERT INTO tags (id, client_id, name, color, external_id, created_at)
SELECT r.id, r.client, r.name, r.color, r.external, :now FROM @rows WHERE true;

-- name: import_tags_unname
-- Names that are about to be exchanged, out of each other's way.
-- rows: client uuid, id uuid, name text
UPDATE tags SET name = r.name FROM @rows WHERE tags.client_id = r.client AND tags.id = r.id;

-- name: import_tags_update
-- rows: client uuid, id uuid, name text, color text, external text, missing_since time
UPDATE tags SET name = r.name, color = r.color, external_id = r.external, missing_since = r.missing_since
FROM @rows WHERE tags.client_id = r.client AND tags.id = r.id;

-- name: import_lead_tags
-- rows: client uuid, i int, lead uuid
-- returns: int, uuid, bool, bool
SELECT r.i, x.tag_id, x.by_hand, x.by_helpdesk FROM @rows CROSS JOIN lead_tags x
WHERE x.client_id = r.client AND x.lead_id = r.lead;

-- name: import_lead_tags_put
-- rows: client uuid, lead uuid, tag uuid, by_hand bool, by_helpdesk bool
INSERT INTO lead_tags (client_id, lead_id, tag_id, by_hand, by_helpdesk)
SELECT r.client, r.lead, r.tag, r.by_hand, r.by_helpdesk FROM @rows WHERE true
ON CONFLICT (client_id, lead_id, tag_id) DO UPDATE SET by_hand = excluded.by_hand, by_helpdesk = excluded.by_helpdesk;

-- name: import_lead_tags_drop
-- rows: client uuid, lead uuid, tag uuid
DELETE FROM lead_tags WHERE (client_id, lead_id, tag_id) IN (SELECT r.client, r.lead, r.tag FROM @rows);
