-- Analysis: rubrics, the queue and its reports. Others read these two tables directly, so their columns have the names that
-- the API shows. Every key leads with the client, except leases of rows.

CREATE TABLE analysis_scripts (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "clientId" uuid NOT NULL REFERENCES clients (id),
  "scriptKey" text COLLATE "C" NOT NULL,     -- which rubric
  "version" int NOT NULL CHECK ("version" >= 1), -- never changed: a change is a new version
  "name" text NOT NULL,
  "description" text,
  "scriptText" text NOT NULL,                -- what the model is told to judge by
  "topics" jsonb NOT NULL,                   -- [{key, label, weight}]
  "isActive" boolean NOT NULL,               -- several versions may be; the highest is the default
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,          -- of isActive, which alone changes
  PRIMARY KEY ("clientId", "id")
);
CREATE UNIQUE INDEX "ux_analysis_scripts_version" ON analysis_scripts ("clientId", "scriptKey", "version");

-- One session × rubric × tag: a row of the queue that ends in a report.
CREATE TABLE session_analyses (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "clientId" uuid NOT NULL REFERENCES clients (id),
  "sessionId" uuid NOT NULL,                 -- sessions.id; a retired one keeps its analyses
  "scriptKey" text COLLATE "C" NOT NULL,
  "scriptVersion" int NOT NULL,
  "analysisVersionTag" text COLLATE "C" NOT NULL,
  "status" text NOT NULL CHECK ("status" IN ('pending', 'processing', 'done', 'failed')),
  "sessionEndedAt" timestamptz NOT NULL,     -- the session's end, for the order: the newest first
  "retryDue" boolean NOT NULL DEFAULT FALSE, -- failed: its nextRetryAt has come
  "ready" boolean NOT NULL GENERATED ALWAYS AS ("status" = 'pending' OR ("status" = 'failed' AND "retryDue")) STORED, -- may be claimed
  "retryCount" int NOT NULL DEFAULT 0,       -- attempts that failed; the fourth is final
  "nextRetryAt" timestamptz,                 -- failed: not before; NULL: final
  "leaseOwner" uuid,                         -- processing: whose it is
  "leaseUntil" timestamptz,                  -- processing: then it is nobody's
  "interruptedCalls" int NOT NULL DEFAULT 0, -- leases that ran out: each may have paid a call for nothing
  "lostCalls" int NOT NULL DEFAULT 0,        -- calls in a row whose answer never came: core/model_retry.h
  "longerOutput" boolean NOT NULL DEFAULT FALSE, -- an answer was cut for its length: the next may be longer
  "startedAt" timestamptz,                   -- last claimed
  "processedAt" timestamptz,                 -- when the last attempt ended, well or badly
  "report" jsonb,                            -- of a done one
  "error" text,                              -- of a failed one: why
  "model" text,                              -- as it answered
  "promptHash" text,                         -- SHA-256 (hex) of all that was sent and decides the answer
  "overallScore" double precision,           -- the report's, 0…100
  "temperature" text CHECK ("temperature" IN ('cold', 'neutral', 'warm', 'hot')), -- the report's
  "evidenceVerified" int NOT NULL DEFAULT 0, -- excerpts of the report that were found in their message
  "evidenceUnverified" int NOT NULL DEFAULT 0, -- the others
  "truncated" boolean NOT NULL DEFAULT FALSE, -- the session was too long: its middle was left out
  "stale" boolean NOT NULL DEFAULT FALSE,    -- what was read has changed since
  "attempts" int NOT NULL DEFAULT 0,         -- calls that the model answered
  "inputTokens" bigint NOT NULL DEFAULT 0,   -- of all of them, cached ones among them
  "cachedTokens" bigint NOT NULL DEFAULT 0,
  "outputTokens" bigint NOT NULL DEFAULT 0,
  "costMicroUsd" bigint,                     -- of all of them; NULL: no price was known
  "latencyMs" bigint,                        -- of the last one
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,
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
  "status") INCLUDE ("nextRetryAt");
-- Results of a span of time.
CREATE INDEX "ix_session_analyses_processed" ON session_analyses ("clientId", "scriptKey", "scriptVersion", "analysisVersionTag",
  "processedAt") WHERE "processedAt" IS NOT NULL;

-- A helpdesk session's messages: those of its ticket between two times.
ALTER INDEX ix_messages_ticket_time RENAME TO "ix_messages_sessionId";

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

-- Fixed statistics, as in 0003: made-up rows, analysed and removed again.
INSERT INTO clients (id, slug, name, is_active, created_at, updated_at)
VALUES ('00000000-0000-7000-8000-000000000001', '', '', false, now(), now());
INSERT INTO session_analyses ("clientId", "sessionId", "scriptKey", "scriptVersion", "analysisVersionTag", "status", "sessionEndedAt",
  "nextRetryAt", "leaseUntil", "processedAt", "createdAt", "updatedAt")
SELECT '00000000-0000-7000-8000-000000000001', gen_random_uuid(), 'k' || n % 10, 1, 'v1',
  CASE WHEN n % 20 = 0 THEN 'processing' WHEN n % 20 = 1 THEN 'failed' WHEN n % 20 < 6 THEN 'pending' ELSE 'done' END,
  now() - n * interval '1 s', CASE WHEN n % 20 = 1 THEN now() + n * interval '1 s' END,
  CASE WHEN n % 20 = 0 THEN now() + n * interval '1 s' END,
  CASE WHEN n % 20 = 1 OR n % 20 >= 6 THEN now() - n * interval '1 s' END, now() - n * interval '1 s', now()
FROM generate_series(1, 6000) n;
ANALYZE session_analyses;
DELETE FROM session_analyses;
DELETE FROM clients WHERE id = '00000000-0000-7000-8000-000000000001';
