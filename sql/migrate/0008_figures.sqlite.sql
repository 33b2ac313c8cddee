-- Sessions of a span of time, for the figures. `flags` are never negative: the condition keeps every question from this index that
-- does not name it, whatever the planner knows, since it begins like those of a conversation's sessions (docs/decisions/0002).
CREATE INDEX ix_sessions_started ON sessions (client_id, started_at, id) WHERE retired_at IS NULL AND flags >= 0;

-- Fixed statistics, as in 0003.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('sessions', 'ix_sessions_started', '2000000 1000000 1 1');
ANALYZE sqlite_schema;
