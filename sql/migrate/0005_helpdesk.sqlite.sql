-- The helpdesk inlet, sessions and jobs. Every key leads with the client, except: request budgets, leases of jobs.

-- Which of a lead's tags came from where: the helpdesk's are replaced by each contact sync, a person's own stay.
ALTER TABLE lead_tags ADD COLUMN by_hand integer NOT NULL DEFAULT TRUE;
ALTER TABLE lead_tags ADD COLUMN by_helpdesk integer NOT NULL DEFAULT FALSE;
ALTER TABLE tags ADD COLUMN external_id text;              -- the helpdesk's
ALTER TABLE tags ADD COLUMN missing_since integer;     -- vanished from the helpdesk; kept
CREATE INDEX ix_lead_tags_tag ON lead_tags (client_id, tag_id);

-- One helpdesk connection a client: its address and key are the client's.
CREATE UNIQUE INDEX ux_connections_helpdesk ON connections (client_id) WHERE kind = 'helpdesk';

-- Messages of a helpdesk ticket are messages: source helpdesk, seen 0, dedup_key h:<id, 20 digits>:<ticket uuid>.
ALTER TABLE messages ADD COLUMN ticket_id blob;               -- the helpdesk ticket it belongs to
ALTER TABLE messages ADD COLUMN external_id integer;           -- the helpdesk's id, unique in the ticket
ALTER TABLE messages ADD COLUMN external_updated_at integer; -- as the helpdesk wrote it
ALTER TABLE messages ADD COLUMN sender_type text CHECK (sender_type IN ('HUMAN', 'SYSTEM', 'AI')); -- NULL: HUMAN
ALTER TABLE messages ADD COLUMN missing_since integer;       -- deleted at the helpdesk; kept, shown and counted
ALTER TABLE messages ADD COLUMN same_key text;    -- dedup_key of the same message at WhatsApp, from the helpdesk's `key`
CREATE UNIQUE INDEX ux_messages_external ON messages (client_id, ticket_id, external_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX ix_messages_ticket_time ON messages (client_id, ticket_id, at, dedup_key) WHERE ticket_id IS NOT NULL;
CREATE INDEX ix_messages_same ON messages (client_id, same_key) WHERE same_key IS NOT NULL;

-- What only the helpdesk knows of a ticket; 1:1 with tickets.
CREATE TABLE helpdesk_tickets (
  client_id blob NOT NULL,
  ticket_id blob NOT NULL,
  external_updated_at integer NOT NULL,  -- as last imported
  is_group integer NOT NULL,
  company_id text,
  raw text NOT NULL,                        -- the element without its trackings, as last imported
  has_trackings integer NOT NULL,            -- the source gave an array of them at least once
  last_message_created_at integer,       -- lastImportedMessageCreatedAt: greatest createdAt of what is stored
  missing_since integer,                 -- not in the last complete walk
  PRIMARY KEY (client_id, ticket_id)
);
CREATE TABLE trackings (
  client_id blob NOT NULL,
  ticket_id blob NOT NULL,
  external_id integer NOT NULL,
  created_at integer,
  started_at integer,
  finished_at integer,
  user_name text,
  user_email text,
  raw text NOT NULL,
  missing_since integer,                 -- absent from the array it once stood in
  PRIMARY KEY (client_id, ticket_id, external_id)
);

-- Stretches of a conversation. Which messages are in one is worked out from its bounds (core/session.h), nothing is kept on the message.
CREATE TABLE sessions (
  client_id blob NOT NULL,
  id blob NOT NULL,
  conversation_id blob NOT NULL,
  ticket_id blob,                            -- of trackings: their ticket; NULL for an episode of a WhatsApp conversation
  source text NOT NULL CHECK (source IN ('tracking', 'episode')),
  class text CHECK (class IN ('CLOSED', 'OPEN_REAL', 'OPEN_WEAK')), -- NULL: an episode, whose class depends on the clock
  started_at integer NOT NULL,
  ended_at integer,                      -- of an episode: its last message
  lead_in_at integer,                    -- tracking.createdAt of the standing tracking
  tracking_id integer,                        -- the standing tracking
  tracking_ids text,                        -- all of its trackings, ascending
  flags integer NOT NULL,                        -- bits, see core/session.h
  user_name text,
  user_email text,
  start_key text,                -- of an episode: dedup_key of its first message; with started_at its identity
  message_count integer NOT NULL,
  missing_since integer,                 -- a CLOSED one whose tracking vanished
  retired_at integer,                    -- no longer a session; keeps its analyses, left out of figures
  redirect_id blob,                          -- retired: the one that took it over
  created_at integer NOT NULL,
  updated_at integer NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE INDEX ix_sessions_conversation ON sessions (client_id, conversation_id, started_at, id) WHERE retired_at IS NULL;
CREATE INDEX ix_sessions_ticket ON sessions (client_id, ticket_id, started_at) WHERE ticket_id IS NOT NULL;
CREATE INDEX ix_sessions_retired ON sessions (client_id, conversation_id) WHERE retired_at IS NOT NULL;
CREATE INDEX ix_sessions_redirect ON sessions (client_id, redirect_id) WHERE redirect_id IS NOT NULL;

-- The helpdesk's contacts, as last seen by a contact sync.
CREATE TABLE helpdesk_contacts (
  client_id blob NOT NULL,
  external_id text NOT NULL,
  lead_id blob,                              -- NULL: a group, or nobody to know it by
  raw text NOT NULL,
  missing_since integer,
  PRIMARY KEY (client_id, external_id)
);
CREATE INDEX ix_helpdesk_contacts_lead ON helpdesk_contacts (client_id, lead_id);

-- What an import remembers from run to run: key tickets_import (the global cursor), contacts_sync, full_begun, and size:tickets,
-- size:messages, size:contacts (a page size that was learned).
CREATE TABLE import_state (
  client_id blob NOT NULL,
  key text NOT NULL,
  cursor_at integer,                     -- never backwards
  last_full_at integer,                  -- a walk to the end was completed
  page_size integer,                             -- learned; NULL: the default
  page_size_until integer,               -- then the default is tried again
  page integer,                                  -- contacts: pages done in the running sweep
  updated_at integer NOT NULL,
  PRIMARY KEY (client_id, key)
);
-- Tickets done in a walk that is not complete, so that a killed one does not read them again.
CREATE TABLE import_done (
  client_id blob NOT NULL,
  external_uuid text NOT NULL,
  external_updated_at integer NOT NULL,
  PRIMARY KEY (client_id, external_uuid)
);
-- Tickets that could not be imported: tried again at the start of every run.
CREATE TABLE import_failures (
  client_id blob NOT NULL,
  id blob NOT NULL,
  external_uuid text NOT NULL,
  reason text NOT NULL,                      -- stable: gone, unreadable, unavailable, database, …
  detail text,
  attempts integer NOT NULL,
  raw text NOT NULL,                        -- the ticket's element as last seen
  first_at integer NOT NULL,
  last_at integer NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE UNIQUE INDEX ux_import_failures_uuid ON import_failures (client_id, external_uuid);

-- Requests to one helpdesk, whoever makes them: a token bucket.
CREATE TABLE request_budgets (
  key blob PRIMARY KEY,                     -- SHA-256 of base URL and API key
  next_us integer NOT NULL,                   -- core/budget.h; microseconds since 1970
  held_until integer                    -- the source asked for a pause (429)
);

-- Long work is leased to one process and taken up by another when the lease ends.
ALTER TABLE jobs ADD COLUMN eta_seconds integer;             -- as last worked out
ALTER TABLE jobs ADD COLUMN cancel_requested integer NOT NULL DEFAULT FALSE;
ALTER TABLE jobs ADD COLUMN lease_owner blob;               -- the process that works on it
ALTER TABLE jobs ADD COLUMN lease_until integer;
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

-- Fixed statistics, as in 0003.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('messages', 'ux_messages_external', '5000000 2500000 30 1'),
  ('messages', 'ix_messages_ticket_time', '5000000 2500000 30 2 1'),
  ('messages', 'ix_messages_same', '1000000 500000 1'),
  ('lead_tags', 'sqlite_autoindex_lead_tags_1', '500000 250000 2 1'),
  ('lead_tags', 'ix_lead_tags_tag', '500000 250000 5000'),
  ('helpdesk_tickets', 'sqlite_autoindex_helpdesk_tickets_1', '500000 250000 1'),
  ('trackings', 'sqlite_autoindex_trackings_1', '1000000 500000 2 1'),
  ('sessions', 'sqlite_autoindex_sessions_1', '2000000 1000000 1'),
  ('sessions', 'ix_sessions_conversation', '2000000 1000000 3 1 1'),
  ('sessions', 'ix_sessions_ticket', '1000000 500000 2 1'),
  ('sessions', 'ix_sessions_retired', '10000 5000 2'),
  ('sessions', 'ix_sessions_redirect', '10000 5000 2'),
  ('helpdesk_contacts', 'sqlite_autoindex_helpdesk_contacts_1', '500000 250000 1'),
  ('helpdesk_contacts', 'ix_helpdesk_contacts_lead', '500000 250000 2'),
  ('import_done', 'sqlite_autoindex_import_done_1', '50000 25000 1'),
  ('import_failures', 'sqlite_autoindex_import_failures_1', '1000 500 1'),
  ('import_failures', 'ux_import_failures_uuid', '1000 500 1'),
  ('jobs', 'ux_jobs_running', '1000 1 1'),
  ('jobs', 'ix_jobs_due', '1000 500 1');
ANALYZE sqlite_schema;

-- Clients that have address and key already get their helpdesk connection.
INSERT INTO connections (id, client_id, kind, status, status_reason, registered_by, history_sync_requested, created_at, updated_at)
SELECT randomblob(16), id, 'helpdesk', CASE WHEN is_active THEN 'connected' ELSE 'disconnected' END,
  CASE WHEN NOT is_active THEN 'inactive' END, 'operator', FALSE, updated_at, updated_at
FROM clients WHERE api_base_url IS NOT NULL AND api_key_box IS NOT NULL;
