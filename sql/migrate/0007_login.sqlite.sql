-- Browsers. Keys that do not lead with the client: digests of secrets, like those of tokens.

-- A browser that has logged in: the cookie is worthless without its row.
CREATE TABLE browser_sessions (
  secret_hash blob PRIMARY KEY,          -- SHA-256 of the cookie's value
  token_id blob REFERENCES tokens (id),  -- whose login it is; NULL: the operator's
  created_at integer NOT NULL,
  expires_at integer NOT NULL
);
CREATE INDEX ix_browser_sessions_expires ON browser_sessions (expires_at);
CREATE INDEX ix_browser_sessions_token ON browser_sessions (token_id) WHERE token_id IS NOT NULL;

-- Links that log the operator in, once.
CREATE TABLE login_links (
  secret_hash blob PRIMARY KEY,          -- SHA-256 of the link's last part
  created_at integer NOT NULL,
  expires_at integer NOT NULL
);
