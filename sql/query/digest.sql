-- Everything that the law of 3-whatsapp §2 speaks of, for `recado-sim digest`. One block a table; sim/digest.c names the
-- columns in the same order. :slug NULL: all clients.

-- name: digest_connections
-- param: slug text
-- returns: uuid, text, text?, text, text?, text, text?, time?, bytes?
SELECT t.id, c.slug, t.phone_number_id, t.kind, t.waba_id, t.status, t.status_reason, t.status_at, t.status_key
FROM connections t JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug) ORDER BY c.slug, t.phone_number_id, t.created_at;

-- name: digest_identities
-- param: slug text
-- returns: uuid, text, text, text
SELECT t.lead_id, c.slug, t.kind, t.value
FROM identities t JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug);

-- name: digest_leads
-- param: slug text
-- returns: uuid, int, text?, text?, time?, int, text?, time?, text?, text?, time?, text?, text?, time?, text?, time?, text?, time?, time?, bool?, bytes?, time?, time?, bool, time?, time?, time?, time?
SELECT t.id, t.evidence, t.source, t.wa_id, t.wa_changed_at, t.wa_level, t.user_id, t.user_changed_at, t.parent_id,
  t.username, t.username_at, t.push_name, t.book_name, t.book_name_at, t.profile_name, t.profile_name_at, t.hand_name,
  t.hand_name_at, t.presence_at, t.presence_remove, t.presence_key, t.presence_received_at, t.deleted_at, t.is_active,
  t.first_history_at, t.last_message_at, t.last_active_at, t.last_synced_at
FROM leads t JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug);

-- name: digest_lead_tags
-- param: slug text
-- returns: uuid, text, text?, bool, bool
SELECT t.lead_id, g.name, g.color, t.by_hand, t.by_helpdesk
FROM lead_tags t JOIN tags g ON g.client_id = t.client_id AND g.id = t.tag_id JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug);

-- name: digest_conversations
-- param: slug text
-- returns: uuid, uuid, uuid, uuid?, time?, text?, time?, text?, time?, time?, time?, time?, int, bool, uuid?
SELECT t.id, t.connection_id, t.lead_id, t.last_message_id, t.last_message_at, t.last_message_key, t.last_out_at,
  t.last_out_key, t.last_live_in_at, t.last_active_at, t.first_history_at, t.history_received_at, t.unread_count,
  t.unread_live, t.open_ticket_id
FROM conversations t JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug);

-- name: digest_messages
-- param: slug text
-- returns: uuid, uuid, text, uuid, time, bool, text, text, text?, json?, text, int, text, int, text?, text?, json?, text?, text?, json?, bytes, bytes?, time?, time, time?, json?, json?, time?, json?, time?, json?, time?, bool, uuid?, uuid?, int?, time?, text?, time?, text?
SELECT t.id, t.conversation_id, t.dedup_key, t.connection_id, t.at, t.bad_time, t.direction, t.type, t.body, t.content,
  t.source, t.seen, t.status, t.status_rank, t.history_status, t.wamid, t.wamids, t.reply_key, t.reply_wamid, t.extra,
  t.content_key, t.place_key, t.place_at, t.received_at, t.history_received_at, t.original, t.edits, t.edited_at,
  t.reactions, t.revoked_at, t.error, t.confirmed_at, t.unread, t.entry_ticket_id,
  t.ticket_id, t.external_id, t.external_updated_at, t.sender_type, t.missing_since, t.same_key
FROM messages t JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug);

-- name: digest_amendments
-- param: slug text
-- returns: uuid, text, bytes, uuid?, json, time, time
SELECT t.connection_id, t.target_key, t.digest, t.lead_id, t.doc, t.rank_at, t.received_at
FROM amendments t JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug);

-- name: digest_tickets
-- param: slug text
-- returns: uuid, uuid?, time, uuid, text?, text, text, text, text, bool, time?, time?, time?
SELECT t.id, t.conversation_id, t.opened_at, t.lead_id, t.external_uuid, t.source, t.originated_from, t.status, t.stage,
  t.is_open, t.closed_at, t.message_window_expires_at, t.service_window_expires_at
FROM tickets t JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug);

-- name: digest_sync_runs
-- param: slug text
-- returns: uuid, uuid, int, time, bool, time?, int?, text?, int?, int?, time?, time?, time?, time?, time?, json?, time?, json?, bool, bool, int, text?
SELECT t.id, t.connection_id, t.run_no, t.started_at, t.history_requested, t.requested_at, t.progress, t.phase,
  t.phase_number, t.chunk_order, t.first_chunk_at, t.last_chunk_at, t.full_at, t.state_sync_at, t.declined_at, t.declined,
  t.too_late_at, t.failure, n.status = 'disconnected', t.completed, t.messages_imported, n.mode
FROM sync_runs t JOIN clients c ON c.id = t.client_id JOIN connections n ON n.id = t.connection_id
WHERE (:slug IS NULL OR c.slug = :slug);

-- name: digest_sync_chunks
-- param: slug text
-- returns: uuid, text, int, bytes, int, int?, int, int, int, time
SELECT t.run_id, t.phase, t.chunk_order, t.digest, t.phase_number, t.progress, t.messages, t.threads, t.problems,
  t.received_at
FROM sync_chunks t JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug);

-- name: digest_sync_failures
-- param: slug text
-- returns: uuid, bytes, text, time
SELECT t.connection_id, t.digest, t.code, t.received_at
FROM sync_failures t JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug);

-- name: digest_connection_contacts
-- param: slug text
-- returns: uuid, uuid, time
SELECT t.connection_id, t.lead_id, t.received_at
FROM connection_contacts t JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug);

-- name: digest_sessions
-- Those that are sessions now.
-- param: slug text
-- returns: uuid, uuid?, text, text?, time, time?, time?, int?, json?, int, text?, text?, text?, int, time?
SELECT t.conversation_id, t.ticket_id, t.source, t.class, t.started_at, t.ended_at, t.lead_in_at, t.tracking_id, t.tracking_ids,
  t.flags, t.user_name, t.user_email, t.start_key, t.message_count, t.missing_since
FROM sessions t JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug) AND t.retired_at IS NULL;

-- name: digest_helpdesk_tickets
-- param: slug text
-- returns: uuid, time, bool, text?, json, bool, time?, time?
SELECT t.ticket_id, t.external_updated_at, t.is_group, t.company_id, t.raw, t.has_trackings, t.last_message_created_at,
  t.missing_since
FROM helpdesk_tickets t JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug);

-- name: digest_trackings
-- param: slug text
-- returns: uuid, int, time?, time?, time?, text?, text?, json, time?
SELECT t.ticket_id, t.external_id, t.created_at, t.started_at, t.finished_at, t.user_name, t.user_email, t.raw, t.missing_since
FROM trackings t JOIN clients c ON c.id = t.client_id
WHERE (:slug IS NULL OR c.slug = :slug);

-- The journal itself, for tests that apply it again elsewhere.
-- name: digest_journal
-- returns: uuid, time, bytes
SELECT id, received_at, body FROM journal ORDER BY id;
