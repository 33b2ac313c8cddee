-- The spine: who may call, connections, the journal, people, conversations, messages, tickets, history sync.
-- Every key leads with the client, except: client slugs, token hashes, routes (phone_number_id, WABA, secrets),
-- the journal, the schema version.

CREATE TABLE clients (
  id blob PRIMARY KEY,
  slug text NOT NULL UNIQUE,             -- [a-z0-9-]{1,64}
  name text NOT NULL,
  api_base_url text,                     -- the helpdesk's REST API
  api_key_box blob,                     -- its key, encrypted (secretbox, "clients/<id>/api_key")
  is_active integer NOT NULL,
  created_at integer NOT NULL,
  updated_at integer NOT NULL
);

CREATE TABLE tokens (
  id blob PRIMARY KEY,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('viewer', 'agent', 'admin')),
  client_id blob REFERENCES clients (id),-- NULL: all clients
  secret_hash blob NOT NULL UNIQUE,     -- SHA-256 of the secret, which is shown once
  created_at integer NOT NULL,
  revoked_at integer
);

CREATE TABLE connections (
  id blob PRIMARY KEY,
  client_id blob NOT NULL REFERENCES clients (id),
  kind text NOT NULL CHECK (kind IN ('whatsapp', 'helpdesk')),
  mode text CHECK (mode IN ('coexistence', 'cloud_api')),
  status text NOT NULL CHECK (status IN ('pending', 'connected', 'paused', 'restricted', 'disconnected')),
  status_reason text,                    -- code or text behind the status
  status_at integer,                 -- register: time of the account event that decided the status
  status_key blob,                      -- register: digest of that event, for ties
  registered_by text NOT NULL CHECK (registered_by IN ('operator', 'admin', 'onboard')),
  phone_number_id text,                  -- Meta's id of the number
  waba_id text,                          -- Meta's id of the business account
  display_phone_number text,             -- + and digits
  verified_name text,
  access_token_box blob,                -- encrypted (secretbox, "connections/<id>/access_token")
  secret_hash blob UNIQUE,              -- SHA-256 of the connectionSecret of its own webhook URL
  history_sync_requested integer NOT NULL,
  last_webhook_at integer,           -- newest receive time of an applied entry
  created_at integer NOT NULL,
  updated_at integer NOT NULL,
  deleted_at integer
);
CREATE UNIQUE INDEX ux_connections_phone_number_id ON connections (phone_number_id) WHERE deleted_at IS NULL;
CREATE INDEX ix_connections_waba_id ON connections (waba_id) WHERE deleted_at IS NULL;
CREATE INDEX ix_connections_client ON connections (client_id, id);

-- Every webhook body, as received, before it is acknowledged. Never changed.
CREATE TABLE journal (
  id blob PRIMARY KEY,                   -- version 7: oldest first
  received_at integer NOT NULL,
  connection_id blob,                    -- set when it came by a connection's own URL
  body blob NOT NULL
);
-- One row per (entry, client) once it is routed; before that one row without client.
CREATE TABLE journal_parts (
  entry_id blob NOT NULL,
  part_no integer NOT NULL,
  client_id blob,                        -- NULL: not routed yet, parked, ignored or not readable
  status text NOT NULL CHECK (status IN ('received', 'applied', 'applied_with_problems', 'parked', 'retrying', 'failed', 'ignored')),
  route_key text,                        -- parked: "n:<phone_number_id>" or "w:<waba>"
  fields integer NOT NULL,                   -- bits of the kinds of change in it (facts.h fact_field); 0 until routed
  phone_number_id text,                  -- first one in it, for lists
  received_at integer NOT NULL,
  attempts integer NOT NULL,
  next_attempt_at integer,           -- retrying: not before
  applied_at integer,
  error text,                            -- stable code and text of the last failure
  problems text,                        -- elements that could not be used
  bytes integer NOT NULL,
  PRIMARY KEY (entry_id, part_no)
);
CREATE INDEX ix_journal_parts_due ON journal_parts (client_id, entry_id) WHERE status IN ('received', 'retrying');
CREATE INDEX ix_journal_parts_parked ON journal_parts (route_key, entry_id) WHERE status = 'parked';
CREATE INDEX ix_journal_parts_client ON journal_parts (client_id, entry_id);

CREATE TABLE leads (
  id blob NOT NULL,
  client_id blob NOT NULL,
  evidence integer NOT NULL,                 -- bits, see core/lead.h; 0: only identities are known, no lead is shown
  source text,                           -- strongest evidence; NULL while evidence is 0
  wa_id text,                            -- register: best phone identity by (wa_changed_at, wa_level, bytes)
  wa_changed_at integer,
  wa_level integer NOT NULL,                    -- 0 none, 1 named, 2 in a contact, 3 in a message
  user_id text,                          -- register: best BSUID by (user_changed_at, bytes)
  user_changed_at integer,
  parent_id text,                        -- parent BSUID, never an edge
  username text,                         -- register, with username_at
  username_at integer,
  push_name text,                        -- shown name: hand > address book > profile > username
  book_name text,                        -- register: newest non-empty address-book name
  book_name_at integer,
  profile_name text,                     -- register: newest profile name
  profile_name_at integer,
  hand_name text,                        -- set by a person
  hand_name_at integer,
  presence_at integer,               -- register: newest add/remove in the address book
  presence_remove integer,
  presence_key blob,
  presence_received_at integer,
  deleted_at integer,                -- derived: time of the winning presence if it is a remove
  is_active integer NOT NULL,            -- derived
  first_history_at integer,          -- least time of a message with a history copy
  last_message_at integer,           -- newest message, system ones aside
  last_active_at integer,            -- newest live, echo or API message
  last_synced_at integer,            -- newest receive time of a contact or of history
  created_at integer NOT NULL,
  updated_at integer NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE INDEX ix_leads_recent ON leads (client_id, last_message_at, id) WHERE evidence > 0;

CREATE TABLE identities (
  client_id blob NOT NULL,
  kind text NOT NULL CHECK (kind IN ('phone', 'bsuid', 'helpdesk')),
  value text NOT NULL,
  lead_id blob NOT NULL,
  PRIMARY KEY (client_id, kind, value)
);
CREATE INDEX ix_identities_lead ON identities (client_id, lead_id);

CREATE TABLE tags (
  id blob NOT NULL,
  client_id blob NOT NULL REFERENCES clients (id),
  name text NOT NULL,
  color text,
  created_at integer NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE UNIQUE INDEX ux_tags_name ON tags (client_id, name);
CREATE TABLE lead_tags (
  client_id blob NOT NULL,
  lead_id blob NOT NULL,
  tag_id blob NOT NULL,
  PRIMARY KEY (client_id, lead_id, tag_id)
);

CREATE TABLE conversations (
  id blob NOT NULL,
  client_id blob NOT NULL,
  connection_id blob NOT NULL,
  lead_id blob NOT NULL,
  last_message_id blob,                  -- newest message by (at, key), system ones aside
  last_message_at integer,
  last_message_key text,
  last_out_at integer,               -- newest outbound message by (at, key)
  last_out_key text,
  last_live_in_at integer,           -- newest live inbound message
  last_active_at integer,            -- newest live, echo or API message
  first_history_at integer,          -- least time of a message with a history copy
  history_received_at integer,       -- least receive time of a history copy
  unread_count integer NOT NULL,             -- flagged messages newer than the newest outbound one
  unread_live integer NOT NULL,          -- some message is flagged
  open_ticket_id blob,
  created_at integer NOT NULL,
  updated_at integer NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE UNIQUE INDEX ux_conversations_lead ON conversations (client_id, lead_id, connection_id);
CREATE INDEX ix_conversations_recent ON conversations (client_id, last_message_at, id);
CREATE INDEX ix_conversations_connection ON conversations (client_id, connection_id, history_received_at);

CREATE TABLE messages (
  id blob NOT NULL,
  client_id blob NOT NULL,
  connection_id blob NOT NULL,
  conversation_id blob NOT NULL,
  dedup_key text NOT NULL,               -- i:<key_id>, o:<key_id> or the wamid itself
  at integer NOT NULL,               -- shown time; the receive time where bad_time
  bad_time integer NOT NULL,
  direction text NOT NULL CHECK (direction IN ('INBOUND', 'OUTBOUND')),
  type text NOT NULL,
  body text,                             -- readable text of the best copy, or of the newest edit
  content text,                         -- the type's own object, where it says more than body
  source text NOT NULL CHECK (source IN ('live', 'history', 'app_echo', 'api', 'helpdesk')),
  seen integer NOT NULL,                     -- bits: 1 history, 2 app_echo, 4 api, 8 live, 16 live and inbound
  status text NOT NULL CHECK (status IN ('pending', 'sent', 'delivered', 'read', 'played', 'failed', 'received')),
  status_rank integer NOT NULL,              -- greatest outbound status evidence (facts.h wa_status)
  history_status text,
  wamid text,                            -- of the strongest source
  wamids text,                          -- all, as ["<source rank>:<wamid>"], sorted, where more than one
  reply_key text,
  reply_wamid text,
  extra text,                           -- referral, forwarded
  content_key blob NOT NULL,            -- order of the copy that content came from (core/message.h)
  place_key blob,                       -- order of the copy that time and direction came from; NULL: the same
  place_at integer,                  -- time as that copy wrote it; NULL if it had none
  received_at integer NOT NULL,      -- least receive time of its copies
  history_received_at integer,       -- least receive time of its history copies
  original text,                        -- {type, body, content} of the best copy, once there are edits
  edits text,                           -- [{at, key, type, body, content}] ascending
  edited_at integer,                 -- time of the newest edit
  reactions text,                       -- {"lead": {at, key, emoji}, "business": …}, removals included
  revoked_at integer,
  error text,                           -- newest failure {at, key, code, title, details}
  confirmed_at integer,              -- least time of an echo or status that names it
  unread integer NOT NULL,
  entry_ticket_id blob,                  -- the ticket that was open when it came live
  created_at integer NOT NULL,
  updated_at integer NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE UNIQUE INDEX ux_messages_key ON messages (client_id, connection_id, dedup_key, conversation_id);
CREATE INDEX ix_messages_time ON messages (client_id, conversation_id, at, dedup_key);
CREATE INDEX ix_messages_unread ON messages (client_id, conversation_id, at, dedup_key) WHERE unread;
CREATE INDEX ix_messages_ticket ON messages (client_id, entry_ticket_id) WHERE entry_ticket_id IS NOT NULL;

-- Statuses, edits, revokes and reactions whose message is not there yet, or that name no person.
CREATE TABLE amendments (
  client_id blob NOT NULL,
  connection_id blob NOT NULL,
  target_key text NOT NULL,
  digest blob NOT NULL,                 -- of the element and its route: the same twice is one
  lead_id blob,                          -- NULL: names no person, applies to every message with the key
  doc text NOT NULL,                    -- core/amendment.h
  rank_at integer NOT NULL,          -- greatest time it was believed to have; 0 for a bad one
  received_at integer NOT NULL,      -- least
  PRIMARY KEY (client_id, connection_id, target_key, digest)
);
CREATE INDEX ix_amendments_lead ON amendments (client_id, lead_id);
CREATE INDEX ix_amendments_age ON amendments (client_id, received_at);

CREATE TABLE tickets (
  id blob NOT NULL,
  client_id blob NOT NULL,
  conversation_id blob,
  lead_id blob NOT NULL,
  external_uuid text,                    -- the helpdesk's
  source text NOT NULL CHECK (source IN ('incoming_message', 'api', 'manual', 'helpdesk_import')),
  originated_from text NOT NULL CHECK (originated_from IN ('new_contact', 'history_lead', 'existing', 'helpdesk')),
  status text NOT NULL,
  stage text NOT NULL,
  is_open integer NOT NULL,              -- WhatsApp tickets: status is not closed
  opened_at integer NOT NULL,
  closed_at integer,
  message_window_expires_at integer, -- as it stood at closing; worked out on reading while open
  service_window_expires_at integer, -- likewise
  created_at integer NOT NULL,
  updated_at integer NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE UNIQUE INDEX ux_tickets_open ON tickets (client_id, conversation_id) WHERE is_open;
CREATE INDEX ix_tickets_lead ON tickets (client_id, lead_id, opened_at);
CREATE INDEX ix_tickets_conversation ON tickets (client_id, conversation_id, opened_at);
CREATE INDEX ix_tickets_recent ON tickets (client_id, opened_at, id);
CREATE UNIQUE INDEX ux_tickets_external ON tickets (client_id, external_uuid) WHERE external_uuid IS NOT NULL;

-- One history synchronisation of a connection; its interval reaches to the start of the next.
CREATE TABLE sync_runs (
  id blob NOT NULL,
  client_id blob NOT NULL,
  connection_id blob NOT NULL,
  run_no integer NOT NULL,                   -- 1 reaches back without bound
  started_at integer NOT NULL,
  history_requested integer NOT NULL,
  requested_at integer,              -- when history was asked for
  progress integer,                          -- greatest seen
  phase text,                            -- greatest (phase, chunk_order) seen
  phase_number integer,
  chunk_order integer,
  first_chunk_at integer,            -- least receive time of a chunk
  last_chunk_at integer,             -- greatest
  full_at integer,                   -- least receive time of a delivery with progress 100
  state_sync_at integer,             -- least receive time of a state sync
  declined_at integer,               -- least receive time of error 2593109
  declined text,                        -- {code, message}
  too_late_at integer,               -- error 2593108
  failure text,                         -- {code, message} of the greatest such error
  completed integer NOT NULL,            -- final
  status text NOT NULL,                  -- as last worked out, for the audit log
  messages_imported integer NOT NULL,     -- distinct messages whose first history copy was received in this run
  messages_duplicate integer NOT NULL,    -- delivery statistics
  alerted_at integer,                -- no history in time, told once
  created_at integer NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE UNIQUE INDEX ux_sync_runs_no ON sync_runs (client_id, connection_id, run_no);
CREATE TABLE sync_chunks (
  client_id blob NOT NULL,
  run_id blob NOT NULL,
  phase text NOT NULL,
  chunk_order integer NOT NULL,
  digest blob NOT NULL,
  phase_number integer NOT NULL,
  progress integer,
  messages integer NOT NULL,
  threads integer NOT NULL,
  problems integer NOT NULL,
  received_at integer NOT NULL,      -- least
  PRIMARY KEY (client_id, run_id, phase, chunk_order, digest)
);
CREATE TABLE sync_failures (
  client_id blob NOT NULL,
  connection_id blob NOT NULL,
  digest blob NOT NULL,                 -- of the failed element
  code text NOT NULL,
  received_at integer NOT NULL,      -- least
  PRIMARY KEY (client_id, connection_id, digest)
);
-- People whom a connection's address book named.
CREATE TABLE connection_contacts (
  client_id blob NOT NULL,
  connection_id blob NOT NULL,
  lead_id blob NOT NULL,
  received_at integer NOT NULL,      -- least
  PRIMARY KEY (client_id, connection_id, lead_id)
);
CREATE INDEX ix_connection_contacts_received ON connection_contacts (client_id, connection_id, received_at);

-- Ids that were lost when two people turned out to be one: answered with 308.
CREATE TABLE redirects (
  client_id blob NOT NULL,
  kind text NOT NULL CHECK (kind IN ('lead', 'conversation', 'ticket')),
  lost_id blob NOT NULL,
  to_id blob NOT NULL,
  at integer NOT NULL,
  PRIMARY KEY (client_id, kind, lost_id)
);

CREATE TABLE audit_log (
  id blob NOT NULL,                      -- version 7
  client_id blob,                        -- NULL: the installation
  at integer NOT NULL,
  actor text NOT NULL,                   -- operator, token:<id>, system
  action text NOT NULL,                  -- stable, e.g. history_sync.completed
  subject_kind text,
  subject_id blob,
  detail text,
  PRIMARY KEY (id)
);
CREATE INDEX ix_audit_log_client ON audit_log (client_id, id);
CREATE INDEX ix_audit_log_subject ON audit_log (client_id, subject_id, id);

CREATE TABLE jobs (
  id blob PRIMARY KEY,
  client_id blob,
  kind text NOT NULL CHECK (kind IN ('import', 'sync_contacts', 'analysis', 'replay', 'export', 'erase')),
  status text NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled')),
  params text,
  done integer NOT NULL,
  total integer,
  unit text NOT NULL,
  counts text,
  error text,
  created_at integer NOT NULL,
  started_at integer,
  finished_at integer
);
CREATE INDEX ix_jobs_client ON jobs (client_id, id);
