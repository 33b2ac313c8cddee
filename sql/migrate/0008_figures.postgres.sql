-- Sessions of a span of time, for the figures.
CREATE INDEX ix_sessions_started ON sessions (client_id, started_at, id) WHERE retired_at IS NULL;
