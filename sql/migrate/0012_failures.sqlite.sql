-- Failed analyses, the latest first. "retryCount" is never negative: the condition keeps every question from this index that does
-- not name it, as in 0008.
CREATE INDEX "ix_session_analyses_failed" ON session_analyses ("clientId", "scriptKey", "scriptVersion", "analysisVersionTag",
  "processedAt" DESC, "id") WHERE "status" = 'failed' AND "retryCount" >= 0;

-- Fixed statistics, as in 0003.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('session_analyses', 'ix_session_analyses_failed', '10000 5000 2000 1000 1000 2 1');
ANALYZE sqlite_schema;
