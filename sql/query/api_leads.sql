-- Leads as the API shows and changes them.

-- name: api_lead_one
-- param: client uuid, id uuid
-- returns: uuid, text?, text?, text?, text?, bool, bool, time?, time?, time, time?
SELECT id, wa_id, username, push_name, source, first_history_at IS NOT NULL, is_active, deleted_at, last_synced_at,
  created_at, last_message_at
FROM leads WHERE client_id = :client AND id = :id AND evidence > 0;

-- name: api_lead_list
-- param: client uuid, source text, q text, id uuid, limit int
-- returns: uuid, text?, text?, text?, text?, bool, bool, time?, time?, time, time?
SELECT id, wa_id, username, push_name, source, first_history_at IS NOT NULL, is_active, deleted_at, last_synced_at,
  created_at, last_message_at
FROM leads
WHERE client_id = :client AND evidence > 0 AND (:id IS NULL OR id < :id) AND (:source IS NULL OR source = :source)
  AND (:q IS NULL OR search_name LIKE :q ESCAPE '!' OR wa_id LIKE :q ESCAPE '!')
ORDER BY id DESC LIMIT :limit;

-- The lead that one of the numbers' identities names already.
-- name: api_lead_by_phone
-- param: client uuid, digits text, match_key text
-- returns: uuid, int
SELECT l.id, l.evidence FROM identities i JOIN leads l ON l.client_id = i.client_id AND l.id = i.lead_id
WHERE i.client_id = :client AND i.kind = 'phone' AND i.value IN (:digits, :match_key)
ORDER BY l.evidence DESC LIMIT 1;

-- name: api_lead_insert
-- param: id uuid, client uuid, evidence int, wa_id text, name text, search_name text, now time
INSERT INTO leads (id, client_id, evidence, source, wa_id, wa_level, push_name, search_name, hand_name, hand_name_at, is_active,
  created_at, updated_at)
VALUES (:id, :client, :evidence, 'direct_creation', :wa_id, 1, :name, :search_name, :name, CASE WHEN :name IS NOT NULL THEN :now END,
  true, :now, :now);

-- A lead of which only identities were known is now one made by hand.
-- name: api_lead_reveal
-- param: client uuid, id uuid, evidence int, wa_id text, name text, now time
UPDATE leads SET evidence = :evidence, source = 'direct_creation', wa_id = COALESCE(wa_id, :wa_id),
  wa_level = CASE WHEN wa_id IS NULL THEN 1 ELSE wa_level END,
  hand_name = :name, hand_name_at = CASE WHEN :name IS NOT NULL THEN :now END,
  push_name = COALESCE(:name, push_name), is_active = true, updated_at = :now
WHERE client_id = :client AND id = :id;

-- What a lead is called once its name by hand is this one.
-- name: api_lead_called
-- param: client uuid, id uuid, name text
-- returns: text?, text?
SELECT COALESCE(:name, book_name, profile_name, username), username FROM leads WHERE client_id = :client AND id = :id;

-- name: api_lead_search
-- param: client uuid, id uuid, search_name text
UPDATE leads SET search_name = :search_name WHERE client_id = :client AND id = :id;

-- name: api_identity_add
-- param: client uuid, value text, lead uuid
INSERT INTO identities (client_id, kind, value, lead_id) VALUES (:client, 'phone', :value, :lead)
ON CONFLICT (client_id, kind, value) DO NOTHING;

-- name: api_lead_rename
-- param: client uuid, id uuid, name text, now time
UPDATE leads SET hand_name = :name, hand_name_at = CASE WHEN :name IS NOT NULL THEN :now END,
  push_name = COALESCE(:name, book_name, profile_name, username), updated_at = :now
WHERE client_id = :client AND id = :id;

-- name: api_tag_add
-- param: client uuid, now time
-- rows: id uuid, name text
INSERT INTO tags (id, client_id, name, created_at)
SELECT r.id, :client, r.name, :now FROM @rows WHERE true
ON CONFLICT (client_id, name) DO NOTHING;

-- name: api_lead_tags_clear
-- param: client uuid, lead uuid
DELETE FROM lead_tags WHERE client_id = :client AND lead_id = :lead;

-- name: api_lead_tags_set
-- param: client uuid, lead uuid
-- rows: name text
INSERT INTO lead_tags (client_id, lead_id, tag_id)
SELECT g.client_id, :lead, g.id FROM @rows JOIN tags g ON g.client_id = :client AND g.name = r.name WHERE true
ON CONFLICT (client_id, lead_id, tag_id) DO NOTHING;
