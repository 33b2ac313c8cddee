-- Episodes of WhatsApp conversations, kept up to date by apply. Rows that live have retired_at NULL; those of a helpdesk
-- ticket (ticket_id) are not touched here.

-- name: apply_sessions
-- Episodes that reach into the windows: those that start inside one, and the newest before it if it ends in it or later.
-- rows: client uuid, i int, conversation uuid, from_at time, to_at time
-- returns: int, uuid, time, time, int, text
SELECT r.i, s.id, s.started_at, s.ended_at, s.message_count, s.start_key
FROM @rows CROSS JOIN sessions s
WHERE s.client_id = r.client AND s.conversation_id = r.conversation AND s.retired_at IS NULL AND s.ticket_id IS NULL
  AND s.started_at <= r.to_at AND s.ended_at >= r.from_at
  AND s.started_at >= COALESCE((SELECT x.started_at FROM sessions x
    WHERE x.client_id = r.client AND x.conversation_id = r.conversation AND x.retired_at IS NULL AND x.ticket_id IS NULL
      AND x.started_at < r.from_at ORDER BY x.started_at DESC LIMIT 1), r.from_at);

-- name: apply_sessions_bounds
-- The newest message at or before a time, and the oldest at or after it.
-- rows: client uuid, i int, conversation uuid, at time
-- returns: int, time?, time?
SELECT r.i,
  (SELECT m.at FROM messages m WHERE m.client_id = r.client AND m.conversation_id = r.conversation AND m.at <= r.at
     AND m.type <> 'system' ORDER BY m.at DESC, m.dedup_key DESC LIMIT 1),
  (SELECT m.at FROM messages m WHERE m.client_id = r.client AND m.conversation_id = r.conversation AND m.at >= r.at
     AND m.type <> 'system' ORDER BY m.at, m.dedup_key LIMIT 1)
FROM @rows;

-- name: apply_sessions_count
-- The first key of a span, and where asked the number of its messages.
-- rows: client uuid, i int, conversation uuid, from_at time, to_at time, counted bool
-- returns: int, text, int?
SELECT r.i,
  (SELECT m.dedup_key FROM messages m WHERE m.client_id = r.client AND m.conversation_id = r.conversation AND m.at = r.from_at
     AND m.type <> 'system' ORDER BY m.dedup_key LIMIT 1),
  CASE WHEN r.counted THEN (SELECT count(*) FROM messages m WHERE m.client_id = r.client AND m.conversation_id = r.conversation
     AND m.at >= r.from_at AND m.at <= r.to_at AND m.type <> 'system') END
FROM @rows;

-- name: apply_sessions_put
-- Inserts, changes and retires: the id decides whether it is there.
-- param: now time
-- rows: client uuid, id uuid, conversation uuid, started_at time, ended_at time, messages int, start_key text, retired bool, heir uuid
INSERT INTO sessions (client_id, id, conversation_id, source, started_at, ended_at, flags, start_key, message_count, retired_at,
  redirect_id, created_at, updated_at)
SELECT r.client, r.id, r.conversation, 'episode', r.started_at, r.ended_at, 0, r.start_key, r.messages,
  CASE WHEN r.retired THEN :now END, r.heir, :now, :now
FROM @rows WHERE true
ON CONFLICT (client_id, id) DO UPDATE SET
  conversation_id = excluded.conversation_id, started_at = excluded.started_at, ended_at = excluded.ended_at,
  start_key = excluded.start_key, message_count = excluded.message_count, retired_at = excluded.retired_at,
  redirect_id = excluded.redirect_id, updated_at = excluded.updated_at;

-- name: apply_sessions_follow
-- What pointed at one that has just retired points at its heir. Rows that are there: written as an upsert, whose plan no
-- statistics can spoil.
-- param: now time
-- rows: client uuid, lost uuid, heir uuid
INSERT INTO sessions (client_id, id, conversation_id, source, started_at, flags, message_count, redirect_id, created_at, updated_at)
SELECT s.client_id, s.id, s.conversation_id, s.source, s.started_at, s.flags, s.message_count, r.heir, :now, :now
FROM @rows CROSS JOIN sessions s WHERE s.client_id = r.client AND s.redirect_id = r.lost
ON CONFLICT (client_id, id) DO UPDATE SET redirect_id = excluded.redirect_id, updated_at = excluded.updated_at;

-- name: apply_sessions_times
-- Every message of a conversation that takes part in its episodes.
-- param: client uuid, conversation uuid
-- returns: time, text
SELECT at, dedup_key FROM messages
WHERE client_id = :client AND conversation_id = :conversation AND type <> 'system' AND ticket_id IS NULL
ORDER BY at, dedup_key;

-- name: apply_sessions_of
-- param: client uuid, conversation uuid
-- returns: uuid, time, time, int, text
SELECT id, started_at, ended_at, message_count, start_key FROM sessions
WHERE client_id = :client AND conversation_id = :conversation AND retired_at IS NULL AND ticket_id IS NULL;

-- name: apply_sessions_move
-- param: client uuid, kept uuid, lost uuid
UPDATE sessions SET conversation_id = :kept WHERE client_id = :client AND conversation_id = :lost AND retired_at IS NULL;

-- name: apply_sessions_move_retired
-- param: client uuid, kept uuid, lost uuid
UPDATE sessions SET conversation_id = :kept WHERE client_id = :client AND conversation_id = :lost AND retired_at IS NOT NULL;
