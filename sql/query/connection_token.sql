-- Whether Meta takes a connection's access token.

-- name: connection_token_refused
-- param: client uuid, connection uuid, code int, reason text, now time
UPDATE connections SET token_failed_at = :now, token_failed_code = :code, token_failed_reason = :reason, updated_at = :now
WHERE client_id = :client AND id = :connection AND token_failed_at IS NULL;

-- name: connection_token_taken
-- param: client uuid, connection uuid
UPDATE connections SET token_failed_at = NULL, token_failed_code = NULL, token_failed_reason = NULL
WHERE client_id = :client AND id = :connection AND token_failed_at IS NOT NULL;
