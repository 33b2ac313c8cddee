-- What changed, for who watches: GET /api/events. A row says which thing, never how it is now, and is kept for a day.

-- The newest id of each client. Its row is what makes ids appear in order: see 0009_events.postgres.sql.
CREATE TABLE event_heads (
  client_id blob NOT NULL REFERENCES clients (id),
  last_id integer NOT NULL,              -- given last; never given again, also when the rows are gone
  PRIMARY KEY (client_id)
);

CREATE TABLE events (
  client_id blob NOT NULL,
  id integer NOT NULL,                   -- 1, 2, 3 … of the client, without a gap
  at integer NOT NULL,                   -- when it was written
  kind text NOT NULL,                    -- conversation.changed, job.changed …
  subject_kind text NOT NULL,            -- what subject_id is the id of
  subject_id blob,                       -- NULL: the client's as a whole
  PRIMARY KEY (client_id, id)
);
CREATE INDEX ix_events_age ON events (at);

-- On PostgreSQL the statement that gives the ids does this itself.
CREATE TRIGGER tr_events_head AFTER INSERT ON events BEGIN
  INSERT INTO event_heads (client_id, last_id) VALUES (new.client_id, new.id)
  ON CONFLICT (client_id) DO UPDATE SET last_id = excluded.last_id;
END;

-- Fixed statistics, as in 0003.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('event_heads', 'sqlite_autoindex_event_heads_1', '100 1'),
  ('events', 'sqlite_autoindex_events_1', '1000000 500000 1'),
  ('events', 'ix_events_age', '1000000 2');
ANALYZE sqlite_schema;
