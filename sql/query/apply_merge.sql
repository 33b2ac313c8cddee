-- Two leads become one: `kept` takes over everything of `lost`.

-- name: apply_conversations_of
-- param: client uuid, kept uuid, lost uuid
-- returns: uuid, uuid, uuid
SELECT id, connection_id, lead_id FROM conversations WHERE client_id = :client AND lead_id IN (:kept, :lost) ORDER BY id;

-- name: apply_conversations_delete
-- param: client uuid, id uuid
DELETE FROM conversations WHERE client_id = :client AND id = :id;

-- name: apply_merge_identities
-- param: client uuid, kept uuid, lost uuid
UPDATE identities SET lead_id = :kept WHERE client_id = :client AND lead_id = :lost;

-- name: apply_merge_conversations
-- param: client uuid, kept uuid, lost uuid
UPDATE conversations SET lead_id = :kept WHERE client_id = :client AND lead_id = :lost;

-- name: apply_merge_tickets
-- param: client uuid, kept uuid, lost uuid
UPDATE tickets SET lead_id = :kept WHERE client_id = :client AND lead_id = :lost;

-- name: apply_merge_amendments
-- param: client uuid, kept uuid, lost uuid
UPDATE amendments SET lead_id = :kept WHERE client_id = :client AND lead_id = :lost;

-- name: apply_merge_tags
-- param: client uuid, kept uuid, lost uuid
INSERT INTO lead_tags (client_id, lead_id, tag_id, by_hand, by_helpdesk)
SELECT client_id, :kept, tag_id, by_hand, by_helpdesk FROM lead_tags WHERE client_id = :client AND lead_id = :lost
ON CONFLICT (client_id, lead_id, tag_id) DO UPDATE SET
  by_hand = (lead_tags.by_hand OR excluded.by_hand), by_helpdesk = (lead_tags.by_helpdesk OR excluded.by_helpdesk);

-- name: apply_merge_tags_delete
-- param: client uuid, lost uuid
DELETE FROM lead_tags WHERE client_id = :client AND lead_id = :lost;

-- name: apply_merge_contacts
-- param: client uuid, kept uuid, lost uuid
INSERT INTO connection_contacts (client_id, connection_id, lead_id, received_at)
SELECT client_id, connection_id, :kept, received_at FROM connection_contacts WHERE client_id = :client AND lead_id = :lost
ON CONFLICT (client_id, connection_id, lead_id) DO UPDATE SET
  received_at = CASE WHEN excluded.received_at < connection_contacts.received_at THEN excluded.received_at ELSE connection_contacts.received_at END;

-- name: apply_merge_contacts_delete
-- param: client uuid, lost uuid
DELETE FROM connection_contacts WHERE client_id = :client AND lead_id = :lost;

-- name: apply_merge_helpdesk
-- param: client uuid, kept uuid, lost uuid
UPDATE helpdesk_contacts SET lead_id = :kept WHERE client_id = :client AND lead_id = :lost;

-- name: apply_merge_lead_delete
-- param: client uuid, lost uuid
DELETE FROM leads WHERE client_id = :client AND id = :lost;

-- name: apply_redirect
-- param: client uuid, kind text, lost uuid, to_id uuid, now time
INSERT INTO redirects (client_id, kind, lost_id, to_id, at) VALUES (:client, :kind, :lost, :to_id, :now)
ON CONFLICT (client_id, kind, lost_id) DO UPDATE SET to_id = excluded.to_id;

-- name: apply_redirect_follow
-- param: client uuid, kind text, lost uuid, to_id uuid
UPDATE redirects SET to_id = :to_id WHERE client_id = :client AND kind = :kind AND to_id = :lost;

-- name: apply_connection_errors
-- rows: client uuid, id uuid, at time, connection uuid, detail json
INSERT INTO audit_log (id, client_id, at, actor, action, subject_kind, subject_id, detail)
SELECT r.id, r.client, r.at, 'system', 'connection.error', 'connection', r.connection, r.detail FROM @rows WHERE true;
