-- Messages that are sent from here. The message itself stands in messages under the same id; here stands what is still to be done
-- with it. A person's messages leave one after the other: the first is queued, the others are behind it.
CREATE TABLE sends (
  id blob NOT NULL,                      -- the message's
  client_id blob NOT NULL REFERENCES clients (id),
  connection_id blob NOT NULL,
  conversation_id blob NOT NULL,
  key_hash blob,                        -- SHA-256 of the Idempotency-Key; NULL: none was given
  request_hash blob NOT NULL,           -- SHA-256 of what was asked: the same key must ask the same
  wa_id text,                            -- to whom: digits; or, where there is no number,
  user_id text,                          -- the BSUID
  body text NOT NULL,
  preview_url integer NOT NULL,
  reply_wamid text,                      -- of the message that is quoted
  status text NOT NULL CHECK (status IN ('behind', 'queued', 'calling', 'accepted', 'failed', 'unknown')),
  tries integer NOT NULL,
  next_try_at integer,               -- queued: not before; calling: when nobody knows any more what became of it
  owner blob,                            -- calling: the process
  reason text,                           -- why it waits or failed: a word of core/graph.h, or of ours
  actor text NOT NULL,                   -- who sent it, as in the audit log
  created_at integer NOT NULL,
  updated_at integer NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE UNIQUE INDEX ux_sends_key ON sends (client_id, key_hash) WHERE key_hash IS NOT NULL;
CREATE INDEX ix_sends_due ON sends (client_id, connection_id, next_try_at, id) WHERE status = 'queued';
CREATE INDEX ix_sends_person ON sends (client_id, conversation_id, id) WHERE status IN ('behind', 'queued', 'calling', 'unknown');
CREATE INDEX ix_sends_conversation ON sends (client_id, conversation_id);
CREATE INDEX ix_sends_calling ON sends (next_try_at) WHERE status = 'calling';

-- When a person was last written to from here, where that is not long ago.
CREATE TABLE send_pauses (
  client_id blob NOT NULL,
  conversation_id blob NOT NULL,
  until integer NOT NULL,            -- no message before
  PRIMARY KEY (client_id, conversation_id)
);
-- The pace of a number, and when it has something to send.
CREATE TABLE send_lines (
  client_id blob NOT NULL,
  connection_id blob NOT NULL,
  pace_at integer NOT NULL,          -- no message before
  next_at integer,                   -- when the first queued one may leave; NULL: none is queued
  PRIMARY KEY (client_id, connection_id)
);
CREATE INDEX ix_send_lines_next ON send_lines (next_at) WHERE next_at IS NOT NULL;

-- Since when Meta refuses the connection's access token, and why; NULL: it is taken, as far as is known.
ALTER TABLE connections ADD COLUMN token_failed_at integer;
ALTER TABLE connections ADD COLUMN token_failed_code integer;    -- Meta's
ALTER TABLE connections ADD COLUMN token_failed_reason text;    -- a word of core/graph.h

-- Fixed statistics, as in 0003.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('sends', 'sqlite_autoindex_sends_1', '100000 50000 1'),
  ('sends', 'ux_sends_key', '100000 50000 1'),
  ('sends', 'ix_sends_due', '1000 500 250 2 1'),
  ('sends', 'ix_sends_person', '1000 500 5 1'),
  ('sends', 'ix_sends_conversation', '100000 50000 10'),
  ('sends', 'ix_sends_calling', '20 1'),
  ('send_pauses', 'sqlite_autoindex_send_pauses_1', '10000 5000 1'),
  ('send_lines', 'sqlite_autoindex_send_lines_1', '100 50 1'),
  ('send_lines', 'ix_send_lines_next', '10 1');
ANALYZE sqlite_schema;
