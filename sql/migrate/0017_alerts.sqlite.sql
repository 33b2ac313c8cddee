-- What somebody has to look at: one row for each thing that was ever wrong. The audit log holds how it came and went.
-- Neither key leads with the client: an alert may be the installation's.
CREATE TABLE alerts (
  kind text NOT NULL CHECK (kind IN ('history_late', 'token_refused', 'disconnected', 'journal_stuck', 'import_failing')),
  about blob NOT NULL,                   -- the connection; else the client; else (the installation) a fixed id
  client_id blob REFERENCES clients (id), -- NULL: the installation
  connection_id blob,                    -- NULL: it is not of one
  firing integer NOT NULL,
  since integer NOT NULL,             -- it is so; not firing: it is over
  changes integer NOT NULL,                -- of state, so far; who changes it says which one it has seen
  detail text NOT NULL,                 -- codes and counts, as when it began to fire
  owner blob,                            -- the process that alone sees that it is over; NULL: every one does
  held_until integer,                 -- then it is believed to be gone, and anybody may say that it is over
  PRIMARY KEY (kind, about)
);
CREATE INDEX ix_alerts_firing ON alerts (client_id, since) WHERE firing;

-- Changes of state that ALERT_WEBHOOK_URL is still to hear of.
CREATE TABLE alert_deliveries (
  kind text NOT NULL,
  about blob NOT NULL,
  change_no integer NOT NULL,              -- alerts.changes: those of one alert leave one after the other
  id blob NOT NULL,                      -- version 7; the same at each try
  body text NOT NULL,                    -- the JSON that is sent
  tries integer NOT NULL,
  next_try_at integer NOT NULL,       -- not before; of one under way: then another process goes on
  owner blob,                            -- the process that is at it
  created_at integer NOT NULL,
  PRIMARY KEY (kind, about, change_no)
);
CREATE UNIQUE INDEX ux_alert_deliveries_id ON alert_deliveries (id);
CREATE INDEX ix_alert_deliveries_due ON alert_deliveries (next_try_at);

-- Fixed statistics, as in 0003.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('alerts', 'sqlite_autoindex_alerts_1', '1000 200 1'),
  ('alerts', 'ix_alerts_firing', '20 2 1'),
  ('alert_deliveries', 'sqlite_autoindex_alert_deliveries_1', '100 20 10 1'),
  ('alert_deliveries', 'ux_alert_deliveries_id', '100 1'),
  ('alert_deliveries', 'ix_alert_deliveries_due', '100 1');
ANALYZE sqlite_schema;
