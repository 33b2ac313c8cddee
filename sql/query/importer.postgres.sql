-- Several processes share a budget: the row is locked while one of them takes from it.

-- name: importer_budget
-- param: key bytes
-- returns: int, time?
SELECT next_us, held_until FROM request_budgets WHERE key = :key FOR UPDATE;
