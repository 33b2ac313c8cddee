-- Sessions of a span of time, for the figures.
CREATE INDEX ix_sessions_started ON sessions (client_id, started_at, id) WHERE retired_at IS NULL;

-- Fixed statistics, as in 0003.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('sessions', 'ix_sessions_started', '2000000 1000000 1 1');
ANALYZE sqlite_schema;
