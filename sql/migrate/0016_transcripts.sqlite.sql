-- Transcripts of audios. A row is of a file of a client, not of a message: the same file is transcribed once.
CREATE TABLE transcripts (
  client_id blob NOT NULL REFERENCES clients (id),
  sha256 blob NOT NULL,                 -- the file's
  status text NOT NULL CHECK (status IN ('pending', 'ready', 'unavailable')),
  reason text,                           -- pending: why not yet; unavailable: why never; a word of core/transcript.h
  mime_type text NOT NULL,
  body text,                             -- ready: what is said; empty where nobody speaks
  model text,                            -- that wrote it
  input_tokens integer,                   -- as the server counted them
  output_tokens integer,
  milliseconds integer,                   -- of the audio, where the server counts so
  cost_micro_usd integer NOT NULL,        -- by TRANSCRIBE_PRICES
  tries integer NOT NULL,
  next_try_at integer,               -- pending: not before; of one that is held: when another may go on with it
  tell_at integer,                   -- ready: another message has the file, and nobody has been told; NULL
  owner blob,                            -- the process that holds it
  created_at integer NOT NULL,
  updated_at integer NOT NULL,
  PRIMARY KEY (client_id, sha256)
);
CREATE INDEX ix_transcripts_due ON transcripts (next_try_at) WHERE status = 'pending';
CREATE INDEX ix_transcripts_tell ON transcripts (tell_at) WHERE tell_at IS NOT NULL;

-- Fixed statistics, as in 0003.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('transcripts', 'sqlite_autoindex_transcripts_1', '10000 5000 1'),
  ('transcripts', 'ix_transcripts_due', '100 1'),
  ('transcripts', 'ix_transcripts_tell', '10 1');
ANALYZE sqlite_schema;
