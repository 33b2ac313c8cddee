-- What changed, for who watches: GET /api/events. A row says which thing, never how it is now, and is kept for a day.

-- The newest id of each client. Whoever gives ids updates this row and so holds it until its transaction ends: the next
-- one waits, so a higher id is never seen before a lower one, whether or not the writers hold the client's lane. It is
-- the last lock that a transaction takes, so nobody who holds it waits for another.
CREATE TABLE event_heads (
  client_id uuid NOT NULL REFERENCES clients (id),
  last_id bigint NOT NULL,               -- given last; never given again, also when the rows are gone
  PRIMARY KEY (client_id)
) WITH (fillfactor = 10);                -- updated all the time: each page keeps room for it

CREATE TABLE events (
  client_id uuid NOT NULL,
  id bigint NOT NULL,                    -- 1, 2, 3 … of the client, without a gap
  at timestamptz NOT NULL,               -- when it was written
  kind text NOT NULL,                    -- conversation.changed, job.changed …
  subject_kind text NOT NULL,            -- what subject_id is the id of
  subject_id uuid,                       -- NULL: the client's as a whole
  PRIMARY KEY (client_id, id)
);
CREATE INDEX ix_events_age ON events (at);
