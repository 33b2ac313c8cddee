-- Failed analyses, the latest first. "retryCount" is never negative: the condition keeps every question from this index that does
-- not name it, as in 0008.
CREATE INDEX "ix_session_analyses_failed" ON session_analyses ("clientId", "scriptKey", "scriptVersion", "analysisVersionTag",
  "processedAt" DESC, "id") WHERE "status" = 'failed' AND "retryCount" >= 0;
