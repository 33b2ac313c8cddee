-- What somebody has to look at: one row for each thing that was ever wrong. The audit log holds how it came and went.
-- Neither key leads with the client: an alert may be the installation's.
CREATE TABLE alerts (
  kind text NOT NULL CHECK (kind IN ('history_late', 'token_refused', 'disconnected', 'journal_stuck', 'import_failing')),
  about uuid NOT NULL,                   -- the connection; else the client; else (the installation) a fixed id
  client_id uuid REFERENCES clients (id), -- NULL: the installation
  connection_id uuid,                    -- NULL: it is not of one
  firing boolean NOT NULL,
  since timestamptz NOT NULL,             -- it is so; not firing: it is over
  changes bigint NOT NULL,                -- of state, so far; who changes it says which one it has seen
  detail jsonb NOT NULL,                 -- codes and counts, as when it began to fire
  owner uuid,                            -- the process that alone sees that it is over; NULL: every one does
  held_until timestamptz,                 -- then it is believed to be gone, and anybody may say that it is over
  PRIMARY KEY (kind, about)
);
CREATE INDEX ix_alerts_firing ON alerts (client_id, since) WHERE firing;

-- Changes of state that ALERT_WEBHOOK_URL is still to hear of.
CREATE TABLE alert_deliveries (
  kind text NOT NULL,
  about uuid NOT NULL,
  change_no bigint NOT NULL,              -- alerts.changes: those of one alert leave one after the other
  id uuid NOT NULL,                      -- version 7; the same at each try
  body text NOT NULL,                    -- the JSON that is sent
  tries bigint NOT NULL,
  next_try_at timestamptz NOT NULL,       -- not before; of one under way: then another process goes on
  owner uuid,                            -- the process that is at it
  created_at timestamptz NOT NULL,
  PRIMARY KEY (kind, about, change_no)
);
CREATE UNIQUE INDEX ux_alert_deliveries_id ON alert_deliveries (id);
CREATE INDEX ix_alert_deliveries_due ON alert_deliveries (next_try_at);
