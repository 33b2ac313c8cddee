-- Messages that are sent from here. The message itself stands in messages under the same id; here stands what is still to be done
-- with it. A person's messages leave one after the other: the first is queued, the others are behind it.
CREATE TABLE sends (
  id uuid NOT NULL,                      -- the message's
  client_id uuid NOT NULL REFERENCES clients (id),
  connection_id uuid NOT NULL,
  conversation_id uuid NOT NULL,
  key_hash bytea,                        -- SHA-256 of the Idempotency-Key; NULL: none was given
  request_hash bytea NOT NULL,           -- SHA-256 of what was asked: the same key must ask the same
  wa_id text,                            -- to whom: digits; or, where there is no number,
  user_id text,                          -- the BSUID
  body text NOT NULL,
  preview_url boolean NOT NULL,
  reply_wamid text,                      -- of the message that is quoted
  status text NOT NULL CHECK (status IN ('behind', 'queued', 'calling', 'accepted', 'failed', 'unknown')),
  tries bigint NOT NULL,
  next_try_at timestamptz,               -- queued: not before; calling: when nobody knows any more what became of it
  owner uuid,                            -- calling: the process
  reason text,                           -- why it waits or failed: a word of core/graph.h, or of ours
  actor text NOT NULL,                   -- who sent it, as in the audit log
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE UNIQUE INDEX ux_sends_key ON sends (client_id, key_hash) WHERE key_hash IS NOT NULL;
CREATE INDEX ix_sends_due ON sends (client_id, connection_id, next_try_at, id) WHERE status = 'queued';
CREATE INDEX ix_sends_person ON sends (client_id, conversation_id, id) WHERE status IN ('behind', 'queued', 'calling', 'unknown');
CREATE INDEX ix_sends_conversation ON sends (client_id, conversation_id);
CREATE INDEX ix_sends_calling ON sends (next_try_at) WHERE status = 'calling';

-- When a person was last written to from here, where that is not long ago.
CREATE TABLE send_pauses (
  client_id uuid NOT NULL,
  conversation_id uuid NOT NULL,
  until timestamptz NOT NULL,            -- no message before
  PRIMARY KEY (client_id, conversation_id)
);
-- The pace of a number, and when it has something to send.
CREATE TABLE send_lines (
  client_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  pace_at timestamptz NOT NULL,          -- no message before
  next_at timestamptz,                   -- when the first queued one may leave; NULL: none is queued
  PRIMARY KEY (client_id, connection_id)
);
CREATE INDEX ix_send_lines_next ON send_lines (next_at) WHERE next_at IS NOT NULL;

-- Since when Meta refuses the connection's access token, and why; NULL: it is taken, as far as is known.
ALTER TABLE connections ADD COLUMN token_failed_at timestamptz;
ALTER TABLE connections ADD COLUMN token_failed_code bigint;    -- Meta's
ALTER TABLE connections ADD COLUMN token_failed_reason text;    -- a word of core/graph.h
