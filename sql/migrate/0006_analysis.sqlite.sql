-- Analysis: rubrics, the queue and its reports. Others read these two tables directly, so their columns have the names that
-- the API shows. Every key leads with the client, except leases of rows.

CREATE TABLE analysis_scripts (
  "id" blob NOT NULL DEFAULT (randomblob(16)),
  "clientId" blob NOT NULL REFERENCES clients (id),
  "scriptKey" text NOT NULL,     -- which rubric
  "version" integer NOT NULL CHECK ("version" >= 1), -- never changed: a change is a new version
  "name" text NOT NULL,
  "description" text,
  "scriptText" text NOT NULL,                -- what the model is told to judge by
  "topics" text NOT NULL,                   -- [{key, label, weight}]
  "isActive" integer NOT NULL,               -- several versions may be; the highest is the default
  "createdAt" integer NOT NULL,
  "updatedAt" integer NOT NULL,          -- of isActive, which alone changes
  PRIMARY KEY ("clientId", "id")
);
CREATE UNIQUE INDEX "ux_analysis_scripts_version" ON analysis_scripts ("clientId", "scriptKey", "version");

-- One session × rubric × tag: a row of the queue that ends in a report.
CREATE TABLE session_analyses (
  "id" blob NOT NULL DEFAULT (randomblob(16)),
  "clientId" blob NOT NULL REFERENCES clients (id),
  "sessionId" blob NOT NULL,                 -- sessions.id; a retired one keeps its analyses
  "scriptKey" text NOT NULL,
  "scriptVersion" integer NOT NULL,
  "analysisVersionTag" text NOT NULL,
  "status" text NOT NULL CHECK ("status" IN ('pending', 'processing', 'done', 'failed')),
  "sessionEndedAt" integer NOT NULL,     -- the session's end, for the order: the newest first
  "retryDue" integer NOT NULL DEFAULT FALSE, -- failed: its nextRetryAt has come
  "ready" integer NOT NULL GENERATED ALWAYS AS ("status" = 'pending' OR ("status" = 'failed' AND "retryDue")) STORED, -- may be claimed
  "retryCount" integer NOT NULL DEFAULT 0,       -- attempts that failed; the fourth is final
  "nextRetryAt" integer,                 -- failed: not before; NULL: final
  "leaseOwner" blob,                         -- processing: whose it is
  "leaseUntil" integer,                  -- processing: then it is nobody's
  "interruptedCalls" integer NOT NULL DEFAULT 0, -- leases that ran out: each may have paid a call for nothing
  "lostCalls" integer NOT NULL DEFAULT 0,        -- calls in a row whose answer never came: core/model_retry.h
  "longerOutput" integer NOT NULL DEFAULT FALSE, -- an answer was cut for its length: the next may be longer
  "startedAt" integer,                   -- last claimed
  "processedAt" integer,                 -- when the last attempt ended, well or badly
  "report" text,                            -- of a done one
  "error" text,                              -- of a failed one: why
  "model" text,                              -- as it answered
  "promptHash" text,                         -- SHA-256 (hex) of all that was sent and decides the answer
  "overallScore" real,           -- the report's, 0…100
  "temperature" text CHECK ("temperature" IN ('cold', 'neutral', 'warm', 'hot')), -- the report's
  "evidenceVerified" integer NOT NULL DEFAULT 0, -- excerpts of the report that were found in their message
  "evidenceUnverified" integer NOT NULL DEFAULT 0, -- the others
  "truncated" integer NOT NULL DEFAULT FALSE, -- the session was too long: its middle was left out
  "stale" integer NOT NULL DEFAULT FALSE,    -- what was read has changed since
  "attempts" integer NOT NULL DEFAULT 0,         -- calls that the model answered
  "inputTokens" integer NOT NULL DEFAULT 0,   -- of all of them, cached ones among them
  "cachedTokens" integer NOT NULL DEFAULT 0,
  "outputTokens" integer NOT NULL DEFAULT 0,
  "costMicroUsd" integer,                     -- of all of them; NULL: no price was known
  "latencyMs" integer,                        -- of the last one
  "createdAt" integer NOT NULL,
  "updatedAt" integer NOT NULL,
  PRIMARY KEY ("clientId", "id"),
  CHECK ("status" <> 'processing' OR "leaseUntil" IS NOT NULL) -- nothing is processed for ever
);
CREATE UNIQUE INDEX "ux_session_analyses_session"
  ON session_analyses ("clientId", "sessionId", "scriptKey", "scriptVersion", "analysisVersionTag");
-- The queue: the next one is the first entry.
CREATE INDEX "ix_session_analyses_ready" ON session_analyses ("clientId", "scriptKey", "scriptVersion", "analysisVersionTag",
  "sessionEndedAt" DESC, "createdAt" DESC, "id") WHERE "ready";
-- Failed ones whose time is still to come.
CREATE INDEX "ix_session_analyses_retry" ON session_analyses ("clientId", "scriptKey", "scriptVersion", "analysisVersionTag",
  "nextRetryAt") WHERE "status" = 'failed' AND NOT "retryDue" AND "nextRetryAt" IS NOT NULL;
-- Leases that ran out, of whatever client.
CREATE INDEX "ix_session_analyses_lease" ON session_analyses ("leaseUntil") WHERE "status" = 'processing';
-- How many there are of each kind.
CREATE INDEX "ix_session_analyses_status" ON session_analyses ("clientId", "scriptKey", "scriptVersion", "analysisVersionTag",
  "status", "nextRetryAt");
-- Results of a span of time.
CREATE INDEX "ix_session_analyses_processed" ON session_analyses ("clientId", "scriptKey", "scriptVersion", "analysisVersionTag",
  "processedAt") WHERE "processedAt" IS NOT NULL;

-- A helpdesk session's messages: those of its ticket between two times.
DROP INDEX ix_messages_ticket_time;
CREATE INDEX "ix_messages_sessionId" ON messages (client_id, ticket_id, at, dedup_key) WHERE ticket_id IS NOT NULL;

-- Sessions that may be analysed once they are settled: ended, of a person without a tag, not a group's, and no episode that a
-- helpdesk tells as well, message by message (where a helpdesk tells of WhatsApp's messages at all).
CREATE VIEW analysable_sessions AS
SELECT s.client_id, s.id, s.ended_at, s.message_count
FROM sessions s
JOIN conversations c ON c.client_id = s.client_id AND c.id = s.conversation_id
WHERE s.retired_at IS NULL AND s.ended_at IS NOT NULL AND (s.class = 'CLOSED' OR s.source = 'episode')
  AND NOT EXISTS (SELECT 1 FROM helpdesk_tickets h
    WHERE h.client_id = s.client_id AND h.ticket_id = s.ticket_id AND h.is_group)
  AND NOT EXISTS (SELECT 1 FROM lead_tags x JOIN tags t ON t.client_id = x.client_id AND t.id = x.tag_id
    WHERE x.client_id = c.client_id AND x.lead_id = c.lead_id AND (x.by_hand OR t.missing_since IS NULL))
  AND (s.ticket_id IS NOT NULL
    OR NOT EXISTS (SELECT 1 FROM messages k WHERE k.client_id = s.client_id AND k.same_key IS NOT NULL)
    OR EXISTS (SELECT 1 FROM messages m
      WHERE m.client_id = s.client_id AND m.conversation_id = s.conversation_id AND m.at >= s.started_at AND m.at <= s.ended_at
        AND m.type <> 'system'
        AND NOT EXISTS (SELECT 1 FROM messages h JOIN conversations o ON o.client_id = h.client_id AND o.id = h.conversation_id
          WHERE h.client_id = m.client_id AND h.same_key = m.dedup_key AND o.lead_id = c.lead_id)));

-- Fixed statistics, as in 0003.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('messages', 'ix_messages_sessionId', '5000000 2500000 30 2 1'),
  ('analysis_scripts', 'sqlite_autoindex_analysis_scripts_1', '100 10 1'),
  ('analysis_scripts', 'ux_analysis_scripts_version', '100 10 2 1'),
  ('session_analyses', 'sqlite_autoindex_session_analyses_1', '1000000 500000 1'),
  ('session_analyses', 'ux_session_analyses_session', '1000000 500000 2 1 1 1'),
  ('session_analyses', 'ix_session_analyses_ready', '100000 50000 20000 10000 10000 2 1 1'),
  ('session_analyses', 'ix_session_analyses_retry', '10000 5000 2000 1000 1000 2'),
  ('session_analyses', 'ix_session_analyses_lease', '100 2'),
  ('session_analyses', 'ix_session_analyses_status', '1000000 500000 200000 100000 100000 25000 20000'),
  ('session_analyses', 'ix_session_analyses_processed', '900000 450000 200000 100000 100000 2');
ANALYZE sqlite_schema;
