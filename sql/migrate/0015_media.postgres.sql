-- Media of WhatsApp messages: what is to be downloaded, and what has been. A row is of an id of Meta's, not of a message: messages are
-- joined and folded. The bytes are files below MEDIA_DIR, named by their digest.
CREATE TABLE media (
  id uuid NOT NULL,                      -- ours: GET /api/media/:id
  client_id uuid NOT NULL REFERENCES clients (id),
  connection_id uuid NOT NULL,
  meta_id text NOT NULL,                 -- Meta's, of the message's object
  conversation_id uuid NOT NULL,         -- where it was first seen: who is told when it is there
  history boolean NOT NULL,              -- came by history: asked for first, the ids of a whole history end on one day
  status text NOT NULL CHECK (status IN ('pending', 'ready', 'unavailable')),
  reason text,                           -- pending: why not yet; unavailable: why never; a word of core/media.h
  mime_type text,                        -- as Meta names it
  filename text,                         -- as the sender named it
  expected bytea,                        -- SHA-256 that the message told; NULL: none that could be read
  sha256 bytea,                          -- ready: of the bytes
  bytes bigint,                          -- ready: how many
  revoked boolean NOT NULL,              -- a message that had it was revoked: it is neither fetched nor shown
  received_at timestamptz NOT NULL,      -- of the webhook; the id lives seven days from then
  tries bigint NOT NULL,
  wrong bigint NOT NULL,                 -- how often other bytes came than were told
  next_try_at timestamptz,               -- pending: not before; of one that is held: when another may go on with it
  owner uuid,                            -- the process that holds it
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
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
  client_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  until timestamptz NOT NULL,            -- nothing before
  of_token boolean NOT NULL,             -- the token was refused: over as soon as it is not known as refused any more
  PRIMARY KEY (client_id, connection_id)
);

-- The files below MEDIA_DIR, each once, whoever has it.
CREATE TABLE media_files (
  sha256 bytea NOT NULL,                 -- its name
  bytes bigint NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (sha256)
);
-- All of them together, in its only row.
CREATE TABLE media_use (
  one bigint NOT NULL CHECK (one = 1),
  bytes bigint NOT NULL,
  PRIMARY KEY (one)
);

-- What messages hold already.
INSERT INTO media (id, client_id, connection_id, meta_id, conversation_id, history, status, reason, mime_type, filename, revoked,
  received_at, tries, wrong, next_try_at, created_at, updated_at)
SELECT gen_random_uuid(), m.client_id, m.connection_id, m.content ->> 'id', m.conversation_id, m.seen = 1,
  CASE WHEN m.revoked_at IS NULL THEN 'pending' ELSE 'unavailable' END, CASE WHEN m.revoked_at IS NULL THEN NULL ELSE 'revoked' END,
  m.content ->> 'mime_type', m.content ->> 'filename', m.revoked_at IS NOT NULL, m.received_at, 0, 0,
  CASE WHEN m.revoked_at IS NULL THEN m.received_at END, now(), now()
FROM messages m
WHERE m.type IN ('image', 'audio', 'video', 'document', 'sticker') AND m.content ->> 'id' IS NOT NULL
ON CONFLICT DO NOTHING;
