-- Rubrics. Columns of one: id, script key, version, name, description, text, topics, active, created at, updated at.

-- name: api_script_highest
-- param: client uuid, key text
-- returns: int?
SELECT max("version") FROM analysis_scripts WHERE "clientId" = :client AND "scriptKey" = :key;

-- Nothing is changed if there is that version.
-- name: api_script_insert
-- param: id uuid, client uuid, key text, version int, name text, description text, body text, topics json, active bool, now time
INSERT INTO analysis_scripts ("id", "clientId", "scriptKey", "version", "name", "description", "scriptText", "topics", "isActive",
  "createdAt", "updatedAt")
VALUES (:id, :client, :key, :version, :name, :description, :body, :topics, :active, :now, :now)
ON CONFLICT ("clientId", "scriptKey", "version") DO NOTHING;

-- name: api_script_one
-- param: client uuid, key text, version int
-- returns: uuid, text, int, text, text?, text, json, bool, time, time
SELECT "id", "scriptKey", "version", "name", "description", "scriptText", "topics", "isActive", "createdAt", "updatedAt"
FROM analysis_scripts WHERE "clientId" = :client AND "scriptKey" = :key AND "version" = :version;

-- By key, of each the newest version first, after (key, version). only NULL: all keys.
-- name: api_script_list
-- param: client uuid, only text, active bool, key text, version int, limit int
-- returns: uuid, text, int, text, text?, text, json, bool, time, time
SELECT "id", "scriptKey", "version", "name", "description", "scriptText", "topics", "isActive", "createdAt", "updatedAt"
FROM analysis_scripts
WHERE "clientId" = :client AND (:only IS NULL OR "scriptKey" = :only) AND ("isActive" OR NOT :active)
  AND ("scriptKey" > :key OR ("scriptKey" = :key AND "version" < :version))
ORDER BY "scriptKey", "version" DESC LIMIT :limit;

-- The version, and with others the active ones beside it.
-- name: api_script_activate
-- param: client uuid, key text, version int, others bool, now time
UPDATE analysis_scripts SET "isActive" = ("version" = :version), "updatedAt" = :now
WHERE "clientId" = :client AND "scriptKey" = :key AND ("version" = :version OR (:others AND "isActive"));

-- That version of a key; NULL: the highest active one.
-- name: api_script_default
-- param: client uuid, key text, version int
-- returns: int?
SELECT max("version") FROM analysis_scripts
WHERE "clientId" = :client AND "scriptKey" = :key AND CASE WHEN :version IS NULL THEN "isActive" ELSE "version" = :version END;

-- The active one that was changed last.
-- name: api_script_newest
-- param: client uuid
-- returns: text, int
SELECT "scriptKey", "version" FROM analysis_scripts WHERE "clientId" = :client AND "isActive"
ORDER BY "updatedAt" DESC, "scriptKey", "version" DESC LIMIT 1;
