-- People: identities and leads, read and written by apply in batches.

-- name: apply_identities
-- rows: client uuid, kind text, value text, i int
-- returns: int, uuid
SELECT r.i, t.lead_id FROM @rows CROSS JOIN identities t WHERE t.client_id = r.client AND t.kind = r.kind AND t.value = r.value;

-- name: apply_identities_insert
-- rows: client uuid, kind text, value text, lead uuid
INSERT INTO identities (client_id, kind, value, lead_id)
SELECT r.client, r.kind, r.value, r.lead FROM @rows WHERE true;

-- name: apply_leads
-- rows: client uuid, id uuid
-- returns: uuid, int, text?, time?, int, text?, time?, text?, text?, time?, text?, time?, text?, time?, text?, time?, time?, bool?, bytes?, time?, time?, time?, time?, time?
SELECT t.id, t.evidence, t.wa_id, t.wa_changed_at, t.wa_level, t.user_id, t.user_changed_at, t.parent_id,
  t.username, t.username_at, t.book_name, t.book_name_at, t.profile_name, t.profile_name_at, t.hand_name, t.hand_name_at,
  t.presence_at, t.presence_remove, t.presence_key, t.presence_received_at,
  t.first_history_at, t.last_message_at, t.last_active_at, t.last_synced_at
FROM @rows CROSS JOIN leads t WHERE t.client_id = r.client AND t.id = r.id;

-- name: apply_leads_insert
-- param: now time
-- rows: client uuid, id uuid, evidence int, source text, wa_id text, wa_changed_at time, wa_level int, user_id text, user_changed_at time, parent_id text, username text, username_at time, push_name text, search_name text, book_name text, book_name_at time, profile_name text, profile_name_at time, hand_name text, hand_name_at time, presence_at time, presence_remove bool, presence_key bytes, presence_received_at time, deleted_at time, is_active bool, first_history_at time, last_message_at time, last_active_at time, last_synced_at time
INSERT INTO leads (client_id, id, evidence, source, wa_id, wa_changed_at, wa_level, user_id, user_changed_at, parent_id,
  username, username_at, push_name, search_name, book_name, book_name_at, profile_name, profile_name_at, hand_name, hand_name_at,
  presence_at, presence_remove, presence_key, presence_received_at, deleted_at, is_active,
  first_history_at, last_message_at, last_active_at, last_synced_at, created_at, updated_at)
SELECT r.client, r.id, r.evidence, r.source, r.wa_id, r.wa_changed_at, r.wa_level, r.user_id, r.user_changed_at, r.parent_id,
  r.username, r.username_at, r.push_name, r.search_name, r.book_name, r.book_name_at, r.profile_name, r.profile_name_at, r.hand_name, r.hand_name_at,
  r.presence_at, r.presence_remove, r.presence_key, r.presence_received_at, r.deleted_at, r.is_active,
  r.first_history_at, r.last_message_at, r.last_active_at, r.last_synced_at, :now, :now
FROM @rows WHERE true;

-- name: apply_leads_update
-- Rows that are there: written as an upsert, whose plan no statistics can spoil.
-- param: now time
-- rows: client uuid, id uuid, evidence int, source text, wa_id text, wa_changed_at time, wa_level int, user_id text, user_changed_at time, parent_id text, username text, username_at time, push_name text, search_name text, book_name text, book_name_at time, profile_name text, profile_name_at time, hand_name text, hand_name_at time, presence_at time, presence_remove bool, presence_key bytes, presence_received_at time, deleted_at time, is_active bool, first_history_at time, last_message_at time, last_active_at time, last_synced_at time
INSERT INTO leads (client_id, id, evidence, source, wa_id, wa_changed_at, wa_level, user_id, user_changed_at, parent_id,
  username, username_at, push_name, search_name, book_name, book_name_at, profile_name, profile_name_at, hand_name, hand_name_at,
  presence_at, presence_remove, presence_key, presence_received_at, deleted_at, is_active,
  first_history_at, last_message_at, last_active_at, last_synced_at, created_at, updated_at)
SELECT r.client, r.id, r.evidence, r.source, r.wa_id, r.wa_changed_at, r.wa_level, r.user_id, r.user_changed_at, r.parent_id,
  r.username, r.username_at, r.push_name, r.search_name, r.book_name, r.book_name_at, r.profile_name, r.profile_name_at, r.hand_name, r.hand_name_at,
  r.presence_at, r.presence_remove, r.presence_key, r.presence_received_at, r.deleted_at, r.is_active,
  r.first_history_at, r.last_message_at, r.last_active_at, r.last_synced_at, :now, :now
FROM @rows WHERE true
ON CONFLICT (client_id, id) DO UPDATE SET
  evidence = excluded.evidence, source = excluded.source, wa_id = excluded.wa_id, wa_changed_at = excluded.wa_changed_at, wa_level = excluded.wa_level,
  user_id = excluded.user_id, user_changed_at = excluded.user_changed_at, parent_id = excluded.parent_id, username = excluded.username, username_at = excluded.username_at,
  push_name = excluded.push_name, search_name = excluded.search_name, book_name = excluded.book_name, book_name_at = excluded.book_name_at, profile_name = excluded.profile_name,
  profile_name_at = excluded.profile_name_at, hand_name = excluded.hand_name, hand_name_at = excluded.hand_name_at, presence_at = excluded.presence_at,
  presence_remove = excluded.presence_remove, presence_key = excluded.presence_key, presence_received_at = excluded.presence_received_at,
  deleted_at = excluded.deleted_at, is_active = excluded.is_active, first_history_at = excluded.first_history_at, last_message_at = excluded.last_message_at,
  last_active_at = excluded.last_active_at, last_synced_at = excluded.last_synced_at, updated_at = excluded.updated_at;

-- name: apply_leads_times
-- Times of leads whose conversations were worked out again; NULL: it has none.
-- rows: client uuid, id uuid
-- returns: uuid, time?, time?, time?
SELECT r.id,
  (SELECT min(c.first_history_at) FROM conversations c WHERE c.client_id = r.client AND c.lead_id = r.id),
  (SELECT max(c.last_message_at) FROM conversations c WHERE c.client_id = r.client AND c.lead_id = r.id),
  (SELECT max(c.last_active_at) FROM conversations c WHERE c.client_id = r.client AND c.lead_id = r.id)
FROM @rows;

