-- PostgreSQL's spelling of batch look-ups. The fence (OFFSET 0) makes each row of the batch one look-up by the whole key:
-- without it, an index is walked for the client alone as soon as the statistics are older than the table.

-- name: apply_identities
-- rows: client uuid, kind text, value text, i int
-- returns: int, uuid
SELECT r.i, t.lead_id FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM identities x
  WHERE x.client_id = r.client AND x.kind = r.kind AND x.value = r.value OFFSET 0) t;

-- name: apply_leads
-- rows: client uuid, id uuid
-- returns: uuid, int, text?, time?, int, text?, time?, text?, text?, time?, text?, time?, text?, time?, text?, time?, time?, bool?, bytes?, time?, time?, time?, time?, time?
SELECT t.id, t.evidence, t.wa_id, t.wa_changed_at, t.wa_level, t.user_id, t.user_changed_at, t.parent_id,
  t.username, t.username_at, t.book_name, t.book_name_at, t.profile_name, t.profile_name_at, t.hand_name, t.hand_name_at,
  t.presence_at, t.presence_remove, t.presence_key, t.presence_received_at,
  t.first_history_at, t.last_message_at, t.last_active_at, t.last_synced_at
FROM @rows CROSS JOIN LATERAL (SELECT x.* FROM leads x
  WHERE x.client_id = r.client AND x.id = r.id OFFSET 0) t;

-- name: apply_leads_update
-- param: now time
-- rows: client uuid, id uuid, evidence int, source text, wa_id text, wa_changed_at time, wa_level int, user_id text, user_changed_at time, parent_id text, username text, username_at time, push_name text, search_name text, book_name text, book_name_at time, profile_name text, profile_name_at time, hand_name text, hand_name_at time, presence_at time, presence_remove bool, presence_key bytes, presence_received_at time, deleted_at time, is_active bool, first_history_at time, last_message_at time, last_active_at time, last_synced_at time
UPDATE leads SET evidence = r.evidence, source = r.source, wa_id = r.wa_id, wa_changed_at = r.wa_changed_at, wa_level = r.wa_level,
  user_id = r.user_id, user_changed_at = r.user_changed_at, parent_id = r.parent_id, username = r.username, username_at = r.username_at,
  push_name = r.push_name, search_name = r.search_name, book_name = r.book_name, book_name_at = r.book_name_at, profile_name = r.profile_name,
  profile_name_at = r.profile_name_at, hand_name = r.hand_name, hand_name_at = r.hand_name_at, presence_at = r.presence_at,
  presence_remove = r.presence_remove, presence_key = r.presence_key, presence_received_at = r.presence_received_at,
  deleted_at = r.deleted_at, is_active = r.is_active, first_history_at = r.first_history_at, last_message_at = r.last_message_at,
  last_active_at = r.last_active_at, last_synced_at = r.last_synced_at, updated_at = :now
FROM (SELECT r.*, (SELECT x.ctid FROM leads x WHERE x.client_id = r.client AND x.id = r.id) AS tid FROM @rows) r
WHERE leads.ctid = r.tid;
