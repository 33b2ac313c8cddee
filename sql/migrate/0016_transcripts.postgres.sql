-- Transcripts of audios. A row is of a file of a client, not of a message: the same file is transcribed once.
CREATE TABLE transcripts (
  client_id uuid NOT NULL REFERENCES clients (id),
  sha256 bytea NOT NULL,                 -- the file's
  status text NOT NULL CHECK (status IN ('pending', 'ready', 'unavailable')),
  reason text,                           -- pending: why not yet; unavailable: why never; a word of core/transcript.h
  mime_type text NOT NULL,
  body text,                             -- ready: what is said; empty where nobody speaks
  model text,                            -- that wrote it
  input_tokens bigint,                   -- as the server counted them
  output_tokens bigint,
  milliseconds bigint,                   -- of the audio, where the server counts so
  cost_micro_usd bigint NOT NULL,        -- by TRANSCRIBE_PRICES
  tries bigint NOT NULL,
  next_try_at timestamptz,               -- pending: not before; of one that is held: when another may go on with it
  tell_at timestamptz,                   -- ready: another message has the file, and nobody has been told; NULL
  owner uuid,                            -- the process that holds it
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (client_id, sha256)
);
CREATE INDEX ix_transcripts_due ON transcripts (next_try_at) WHERE status = 'pending';
CREATE INDEX ix_transcripts_tell ON transcripts (tell_at) WHERE tell_at IS NOT NULL;
