-- What a run of the analysis asks for itself.

-- name: analysis_script_text
-- param: client uuid, key text, version int
-- returns: text, json
SELECT "scriptText", "topics" FROM analysis_scripts WHERE "clientId" = :client AND "scriptKey" = :key AND "version" = :version;
