-- A number on its way to being connected: one row for each code of Embedded Signup, or for each time that contacts and history are
-- asked for again. Who works on it has moved next_try_at ahead; when that time comes without a word, another goes on.
CREATE TABLE onboardings (
  id uuid NOT NULL,
  client_id uuid NOT NULL REFERENCES clients (id),
  code_hash bytea,                 -- SHA-256 of the code: the same code again is the same onboarding; NULL: it began without one
  code_box bytea,                  -- encrypted (secretbox, "onboardings/<id>/code"); NULL once it is of no use any more
  code_at timestamptz NOT NULL,           -- when the code, or the wish, came
  mode text NOT NULL CHECK (mode IN ('coexistence', 'cloud_api')),
  history boolean NOT NULL,
  waba_id text NOT NULL,
  phone_number_id text,              -- named, or found in the step number
  display text,                      -- digits of the number, as found
  verified_name text,
  token_box bytea,                 -- encrypted ("onboardings/<id>/token"), until the connection has it
  connection_id uuid,
  step text NOT NULL,                -- core/onboard.h
  status text NOT NULL CHECK (status IN ('running', 'done', 'failed')),
  tries bigint NOT NULL,              -- of this step
  next_try_at timestamptz,                -- of a running one
  owner uuid,                      -- who works on it
  error_code bigint,                  -- Meta's
  error_reason text,                 -- a word of core/graph.h, or of ours
  error_message text,                -- what Meta says of it
  actor text NOT NULL,               -- who began it, as in the audit log
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (client_id, id)
);
CREATE UNIQUE INDEX ux_onboardings_code ON onboardings (client_id, code_hash) WHERE code_hash IS NOT NULL;
CREATE INDEX ix_onboardings_due ON onboardings (next_try_at) WHERE status = 'running';
