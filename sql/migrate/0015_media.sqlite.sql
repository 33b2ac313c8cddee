-- Media of WhatsApp messages: what is to be downloaded, and what has been. A row is of an id of Meta's, not of a message: messages are
-- joined and folded. The bytes are files below MEDIA_DIR, named by their digest.
CREATE TABLE media (
  id blob NOT NULL,                      -- ours: GET /api/media/:id
  client_id blob NOT NULL REFERENCES clients (id),
  connection_id blob NOT NULL,
  meta_id text NOT NULL,                 -- Meta's, of the message's object
  conversation_id blob NOT NULL,         -- where it was first seen: who is told when it is there
  history integer NOT NULL,              -- came by history: asked for first, the ids of a whole history end on one day
  status text NOT NULL CHECK (status IN ('pending', 'ready', 'unavailable')),
  reason text,                           -- pending: why not yet; unavailable: why never; a word of core/media.h
  mime_type text,                        -- as Meta names it
  filename text,                         -- as the sender named it
  expected blob,                        -- SHA-256 that the message told; NULL: none that could be read
  sha256 blob,                          -- ready: of the bytes
  bytes integer,                          -- ready: how many
  revoked integer NOT NULL,              -- a message that had it was revoked: it is neither fetched nor shown
  received_at integer NOT NULL,      -- of the webhook; the id lives seven days from then
  tries integer NOT NULL,
  wrong integer NOT NULL,                 -- how often other bytes came than were told
  next_try_at integer,               -- pending: not before; of one that is held: when another may go on with it
  owner blob,                            -- the process that holds it
  created_at integer NOT NULL,
  updated_at integer NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE UNIQUE INDEX ux_media_id ON media (id);
CREATE UNIQUE INDEX ux_media_meta ON media (client_id, connection_id, meta_id);
CREATE INDEX ix_media_due ON media (client_id, connection_id, history, next_try_at) WHERE status = 'pending';
CREATE INDEX ix_media_age ON media (received_at) WHERE status = 'pending';
CREATE INDEX ix_media_held ON media (owner) WHERE owner IS NOT NULL;
CREATE INDEX ix_media_digest ON media (client_id, sha256) WHERE status = 'ready';
CREATE INDEX ix_media_conversation ON media (conversation_id);
CREATE INDEX ix_media_disk ON media (reason) WHERE status = 'pending' AND reason IN ('disk_full', 'disk_budget', 'disk_error');

-- Connections whose media is not asked for now.
CREATE TABLE media_pauses (
  client_id blob NOT NULL,
  connection_id blob NOT NULL,
  until integer NOT NULL,            -- nothing before
  of_token integer NOT NULL,             -- the token was refused: over as soon as it is not known as refused any more
  PRIMARY KEY (client_id, connection_id)
);

-- The files below MEDIA_DIR, each once, whoever has it.
CREATE TABLE media_files (
  sha256 blob NOT NULL,                 -- its name
  bytes integer NOT NULL,
  created_at integer NOT NULL,
  PRIMARY KEY (sha256)
);
-- All of them together, in its only row.
CREATE TABLE media_use (
  one integer NOT NULL CHECK (one = 1),
  bytes integer NOT NULL,
  PRIMARY KEY (one)
);

-- What messages hold already.
INSERT INTO media (id, client_id, connection_id, meta_id, conversation_id, history, status, reason, mime_type, filename, revoked,
  received_at, tries, wrong, next_try_at, created_at, updated_at)
SELECT randomblob(16), m.client_id, m.connection_id, json_extract(m.content, '$.id'), m.conversation_id, m.seen = 1,
  CASE WHEN m.revoked_at IS NULL THEN 'pending' ELSE 'unavailable' END, CASE WHEN m.revoked_at IS NULL THEN NULL ELSE 'revoked' END,
  json_extract(m.content, '$.mime_type'), json_extract(m.content, '$.filename'), m.revoked_at IS NOT NULL, m.received_at, 0, 0,
  CASE WHEN m.revoked_at IS NULL THEN m.received_at END, m.received_at, m.received_at
FROM messages m
WHERE m.type IN ('image', 'audio', 'video', 'document', 'sticker') AND json_extract(m.content, '$.id') IS NOT NULL
ON CONFLICT DO NOTHING;

-- Fixed statistics, as in 0003.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('media', 'sqlite_autoindex_media_1', '1000000 500000 1'),
  ('media', 'ux_media_id', '1000000 1'),
  ('media', 'ux_media_meta', '1000000 500000 250000 1'),
  ('media', 'ix_media_due', '10000 5000 2500 1250 2'),
  ('media', 'ix_media_age', '10000 2'),
  ('media', 'ix_media_held', '8 4'),
  ('media', 'ix_media_digest', '1000000 500000 2'),
  ('media', 'ix_media_conversation', '1000000 20'),
  ('media', 'ix_media_disk', '8 4'),
  ('media_pauses', 'sqlite_autoindex_media_pauses_1', '10 5 1'),
  ('media_files', 'sqlite_autoindex_media_files_1', '1000000 1');
ANALYZE sqlite_schema;
