-- name: engine
-- returns: text
SELECT 'postgres'::text;

-- name: thing_upsert
-- rows: id uuid, n int
INSERT INTO things (id, n) SELECT r.id, r.n FROM @rows
ON CONFLICT (id) DO UPDATE SET n = greatest(things.n, excluded.n);

-- name: thing_lock
-- param: id uuid
-- returns: int?
SELECT n FROM things WHERE id = :id FOR UPDATE;

-- name: slow
-- returns: int
SELECT 1 FROM (SELECT pg_sleep(30)) AS s;

-- name: session_setting
-- param: name text
-- returns: text
SELECT current_setting(:name);

-- name: lanes_waited_for
-- returns: int
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted;
