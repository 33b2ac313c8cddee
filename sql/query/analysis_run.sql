-- What a run of the analysis asks for itself.

-- version NULL: the highest active one.
-- name: analysis_script_find
-- param: client uuid, key text, version int
-- returns: int, text, json
SELECT "version", "scriptText", "topics" FROM analysis_scripts
WHERE "clientId" = :client AND "scriptKey" = :key AND CASE WHEN :version IS NULL THEN "isActive" ELSE "version" = :version END
ORDER BY "version" DESC LIMIT 1;

-- name: analysis_usual_output
-- param: client uuid, key text, version int, tag text
-- returns: int?
SELECT CAST(sum(x."outputTokens" / x."attempts") AS bigint) / NULLIF(count(*), 0) FROM (
  SELECT a."outputTokens", a."attempts" FROM session_analyses a
  WHERE a."clientId" = :client AND a."scriptKey" = :key AND a."scriptVersion" = :version AND a."analysisVersionTag" = :tag
    AND a."processedAt" IS NOT NULL AND a."status" = 'done' AND a."attempts" > 0
  ORDER BY a."processedAt" DESC LIMIT 100) x;
