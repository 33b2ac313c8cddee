-- The helpdesk inlet, sessions and jobs. Every key leads with the client, except: request budgets, leases of jobs.

-- Which of a lead's tags came from where: the helpdesk's are replaced by each contact sync, a person's own stay.
ALTER TABLE lead_tags ADD COLUMN by_hand boolean NOT NULL DEFAULT TRUE;
ALTER TABLE lead_tags ADD COLUMN by_helpdesk boolean NOT NULL DEFAULT FALSE;
ALTER TABLE tags ADD COLUMN external_id text;              -- the helpdesk's
ALTER TABLE tags ADD COLUMN missing_since timestamptz;     -- vanished from the helpdesk; kept
CREATE INDEX ix_lead_tags_tag ON lead_tags (client_id, tag_id);

-- One helpdesk connection a client: its address and key are the client's.
CREATE UNIQUE INDEX ux_connections_helpdesk ON connections (client_id) WHERE kind = 'helpdesk';

-- Messages of a helpdesk ticket are messages: source helpdesk, seen 0, dedup_key h:<id, 20 digits>:<ticket uuid>.
ALTER TABLE messages ADD COLUMN ticket_id uuid;               -- the helpdesk ticket it belongs to
ALTER TABLE messages ADD COLUMN external_id bigint;           -- the helpdesk's id, unique in the ticket
ALTER TABLE messages ADD COLUMN external_updated_at timestamptz; -- as the helpdesk wrote it
ALTER TABLE messages ADD COLUMN sender_type text CHECK (sender_type IN ('HUMAN', 'SYSTEM', 'AI')); -- NULL: HUMAN
ALTER TABLE messages ADD COLUMN missing_since timestamptz;       -- deleted at the helpdesk; kept, shown and counted
ALTER TABLE messages ADD COLUMN same_key text COLLATE "C";    -- dedup_key of the same message at WhatsApp, from the helpdesk's `key`
CREATE UNIQUE INDEX ux_messages_external ON messages (client_id, ticket_id, external_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX ix_messages_ticket_time ON messages (client_id, ticket_id, at, dedup_key) WHERE ticket_id IS NOT NULL;
CREATE INDEX ix_messages_same ON messages (client_id, same_key) WHERE same_key IS NOT NULL;

-- What only the helpdesk knows of a ticket; 1:1 with tickets.
CREATE TABLE helpdesk_tickets (
  client_id uuid NOT NULL,
  ticket_id uuid NOT NULL,
  external_updated_at timestamptz NOT NULL,  -- as last imported
  is_group boolean NOT NULL,
  company_id text,
  raw jsonb NOT NULL,                        -- the element without its trackings, as last imported
  has_trackings boolean NOT NULL,            -- the source gave an array of them at least once
  last_message_created_at timestamptz,       -- lastImportedMessageCreatedAt: greatest createdAt of what is stored
  missing_since timestamptz,                 -- not in the last complete walk
  PRIMARY KEY (client_id, ticket_id)
);
CREATE TABLE trackings (
  client_id uuid NOT NULL,
  ticket_id uuid NOT NULL,
  external_id bigint NOT NULL,
  created_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  user_name text,
  user_email text,
  raw jsonb NOT NULL,
  missing_since timestamptz,                 -- absent from the array it once stood in
  PRIMARY KEY (client_id, ticket_id, external_id)
);

-- Stretches of a conversation. Which messages are in one is worked out from its bounds (core/session.h), nothing is kept on the message.
CREATE TABLE sessions (
  client_id uuid NOT NULL,
  id uuid NOT NULL,
  conversation_id uuid NOT NULL,
  ticket_id uuid,                            -- of trackings: their ticket; NULL for an episode of a WhatsApp conversation
  source text NOT NULL CHECK (source IN ('tracking', 'episode')),
  class text CHECK (class IN ('CLOSED', 'OPEN_REAL', 'OPEN_WEAK')), -- NULL: an episode, whose class depends on the clock
  started_at timestamptz NOT NULL,
  ended_at timestamptz,                      -- of an episode: its last message
  lead_in_at timestamptz,                    -- tracking.createdAt of the standing tracking
  tracking_id bigint,                        -- the standing tracking
  tracking_ids jsonb,                        -- all of its trackings, ascending
  flags int NOT NULL,                        -- bits, see core/session.h
  user_name text,
  user_email text,
  start_key text COLLATE "C",                -- of an episode: dedup_key of its first message; with started_at its identity
  message_count int NOT NULL,
  missing_since timestamptz,                 -- a CLOSED one whose tracking vanished
  retired_at timestamptz,                    -- no longer a session; keeps its analyses, left out of figures
  redirect_id uuid,                          -- retired: the one that took it over
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE INDEX ix_sessions_conversation ON sessions (client_id, conversation_id, started_at, id) WHERE retired_at IS NULL;
CREATE INDEX ix_sessions_ticket ON sessions (client_id, ticket_id, started_at) WHERE ticket_id IS NOT NULL;
CREATE INDEX ix_sessions_retired ON sessions (client_id, conversation_id) WHERE retired_at IS NOT NULL;
CREATE INDEX ix_sessions_redirect ON sessions (client_id, redirect_id) WHERE redirect_id IS NOT NULL;

-- The helpdesk's contacts, as last seen by a contact sync.
CREATE TABLE helpdesk_contacts (
  client_id uuid NOT NULL,
  external_id text COLLATE "C" NOT NULL,
  lead_id uuid,                              -- NULL: a group, or nobody to know it by
  raw jsonb NOT NULL,
  missing_since timestamptz,
  PRIMARY KEY (client_id, external_id)
);
CREATE INDEX ix_helpdesk_contacts_lead ON helpdesk_contacts (client_id, lead_id);

-- What an import remembers from run to run: key tickets_import (the global cursor), contacts_sync, full_begun, and size:tickets,
-- size:messages, size:contacts (a page size that was learned).
CREATE TABLE import_state (
  client_id uuid NOT NULL,
  key text NOT NULL,
  cursor_at timestamptz,                     -- never backwards
  last_full_at timestamptz,                  -- a walk to the end was completed
  page_size int,                             -- learned; NULL: the default
  page_size_until timestamptz,               -- then the default is tried again
  page int,                                  -- contacts: pages done in the running sweep
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (client_id, key)
);
-- Tickets done in a walk that is not complete, so that a killed one does not read them again.
CREATE TABLE import_done (
  client_id uuid NOT NULL,
  external_uuid text COLLATE "C" NOT NULL,
  external_updated_at timestamptz NOT NULL,
  PRIMARY KEY (client_id, external_uuid)
);
-- Tickets that could not be imported: tried again at the start of every run.
CREATE TABLE import_failures (
  client_id uuid NOT NULL,
  id uuid NOT NULL,
  external_uuid text COLLATE "C" NOT NULL,
  reason text NOT NULL,                      -- stable: gone, unreadable, unavailable, database, …
  detail text,
  attempts int NOT NULL,
  raw jsonb NOT NULL,                        -- the ticket's element as last seen
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE UNIQUE INDEX ux_import_failures_uuid ON import_failures (client_id, external_uuid);

-- Requests to one helpdesk, whoever makes them: a token bucket.
CREATE TABLE request_budgets (
  key bytea PRIMARY KEY,                     -- SHA-256 of base URL and API key
  next_us bigint NOT NULL,                   -- core/budget.h; microseconds since 1970
  held_until timestamptz                    -- the source asked for a pause (429)
);

-- Long work is leased to one process and taken up by another when the lease ends.
ALTER TABLE jobs ADD COLUMN eta_seconds bigint;             -- as last worked out
ALTER TABLE jobs ADD COLUMN cancel_requested boolean NOT NULL DEFAULT FALSE;
ALTER TABLE jobs ADD COLUMN lease_owner uuid;               -- the process that works on it
ALTER TABLE jobs ADD COLUMN lease_until timestamptz;
CREATE UNIQUE INDEX ux_jobs_running ON jobs (client_id, kind)
  WHERE status IN ('queued', 'running') AND client_id IS NOT NULL AND kind IN ('import', 'sync_contacts');
CREATE INDEX ix_jobs_due ON jobs (kind, lease_until) WHERE status IN ('queued', 'running');

-- A message with the id of the one it replies to, and of the same message at WhatsApp, if they are here.
DROP VIEW message_docs;
CREATE VIEW message_docs AS
SELECT m.client_id, m.conversation_id, m.id, m.dedup_key, m.at, m.bad_time, m.source, m.direction, m.type, m.body, m.content,
  m.status, m.history_status, m.wamid, m.reply_key, m.reply_wamid,
  CASE WHEN m.reply_key IS NOT NULL THEN (
    SELECT o.id FROM messages o
    WHERE o.client_id = m.client_id AND o.connection_id = m.connection_id AND o.dedup_key = m.reply_key
      AND o.conversation_id = m.conversation_id)
  END AS reply_id,
  m.original, m.edits, m.edited_at, m.reactions, m.revoked_at, m.error, m.confirmed_at,
  m.ticket_id, m.external_id, m.sender_type, m.missing_since,
  CASE WHEN m.same_key IS NOT NULL THEN (
    SELECT o.id FROM conversations c
    JOIN conversations w ON w.client_id = c.client_id AND w.lead_id = c.lead_id
    JOIN messages o ON o.client_id = w.client_id AND o.connection_id = w.connection_id AND o.dedup_key = m.same_key
      AND o.conversation_id = w.id
    WHERE c.client_id = m.client_id AND c.id = m.conversation_id
    ORDER BY o.at, o.dedup_key, o.connection_id LIMIT 1)
  END AS same_id
FROM messages m;

-- Clients that have address and key already get their helpdesk connection.
INSERT INTO connections (id, client_id, kind, status, status_reason, registered_by, history_sync_requested, created_at, updated_at)
SELECT gen_random_uuid(), id, 'helpdesk', CASE WHEN is_active THEN 'connected' ELSE 'disconnected' END,
  CASE WHEN NOT is_active THEN 'inactive' END, 'operator', FALSE, updated_at, updated_at
FROM clients WHERE api_base_url IS NOT NULL AND api_key_box IS NOT NULL;

-- Fixed statistics, as in 0003: made-up rows of both inlets, analysed and removed again. Without them a message of a ticket
-- is looked for among all messages of its ticket.
INSERT INTO messages (id, client_id, connection_id, conversation_id, dedup_key, at, bad_time, direction, type, source, seen, status,
  status_rank, content_key, received_at, unread, entry_ticket_id, ticket_id, external_id, external_updated_at, sender_type, same_key,
  created_at, updated_at)
SELECT gen_random_uuid(), '00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002',
  ('00000000-0000-7000-8000-' || lpad(to_hex(n / 30), 12, '0'))::uuid, 'i:' || n, now() - n * interval '1 s', false, 'INBOUND', 'text',
  CASE WHEN h.ed THEN 'helpdesk' ELSE 'history' END, CASE WHEN h.ed THEN 0 ELSE 1 END, 'received', 0, '\x00', now(), false,
  CASE WHEN n % 10 = 0 AND NOT h.ed THEN gen_random_uuid() END,
  CASE WHEN h.ed THEN ('00000000-0000-7000-8001-' || lpad(to_hex(n / 30), 12, '0'))::uuid END, CASE WHEN h.ed THEN n END,
  CASE WHEN h.ed THEN now() - n * interval '1 s' END, CASE WHEN h.ed THEN 'HUMAN' END,
  CASE WHEN h.ed AND n % 5 = 0 THEN 'i:k' || n END, now(), now()
FROM generate_series(1, 6000) n CROSS JOIN LATERAL (SELECT n <= 3000 AS ed) h;
INSERT INTO tickets (id, client_id, conversation_id, lead_id, external_uuid, source, originated_from, status, stage, is_open, opened_at,
  created_at, updated_at)
SELECT gen_random_uuid(), '00000000-0000-7000-8000-000000000001', gen_random_uuid(), gen_random_uuid(),
  CASE WHEN n % 2 = 0 THEN 'x' || n END, CASE WHEN n % 2 = 0 THEN 'helpdesk_import' ELSE 'incoming_message' END, 'new_contact', 'open', 'new',
  n % 2 = 1, now() - n * interval '1 s', now(), now() FROM generate_series(1, 6000) n;
INSERT INTO helpdesk_tickets (client_id, ticket_id, external_updated_at, is_group, raw, has_trackings)
SELECT '00000000-0000-7000-8000-000000000001', gen_random_uuid(), now() - n * interval '1 s', false, '{}', true FROM generate_series(1, 3000) n;
INSERT INTO trackings (client_id, ticket_id, external_id, raw)
SELECT '00000000-0000-7000-8000-000000000001', ('00000000-0000-7000-8001-' || lpad(to_hex(n / 2), 12, '0'))::uuid, n, '{}'
FROM generate_series(1, 3000) n;
INSERT INTO sessions (client_id, id, conversation_id, ticket_id, source, started_at, ended_at, flags, message_count, retired_at,
  redirect_id, created_at, updated_at)
SELECT '00000000-0000-7000-8000-000000000001', gen_random_uuid(), ('00000000-0000-7000-8000-' || lpad(to_hex(n / 3), 12, '0'))::uuid,
  CASE WHEN n % 2 = 0 THEN ('00000000-0000-7000-8001-' || lpad(to_hex(n / 4), 12, '0'))::uuid END, 'episode', now() - n * interval '1 s',
  now(), 0, 5, CASE WHEN n % 50 = 0 THEN now() END, CASE WHEN n % 50 = 0 THEN gen_random_uuid() END, now(), now()
FROM generate_series(1, 3000) n;
INSERT INTO helpdesk_contacts (client_id, external_id, lead_id, raw)
SELECT '00000000-0000-7000-8000-000000000001', 'x' || n, gen_random_uuid(), '{}' FROM generate_series(1, 3000) n;
ANALYZE messages, tickets, helpdesk_tickets, trackings, sessions, helpdesk_contacts;
DELETE FROM messages WHERE client_id = '00000000-0000-7000-8000-000000000001';
DELETE FROM tickets WHERE client_id = '00000000-0000-7000-8000-000000000001';
TRUNCATE helpdesk_tickets, trackings, sessions, helpdesk_contacts;
