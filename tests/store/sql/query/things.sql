-- name: thing_insert
-- Every type as a scalar parameter.
-- param: id uuid, name text, n int, at time
-- param: ok bool, doc json, raw bytes, d double
INSERT INTO things (id, name, n, at, ok, doc, raw, d) VALUES (:id, :name, :n, :at, :ok, :doc, :raw, :d);

-- name: thing_insert_rows
-- rows: id uuid, name text, n int, at time, ok bool, doc json, raw bytes, d double
INSERT INTO things (id, name, n, at, ok, doc, raw, d)
SELECT r.id, r.name, r.n, r.at, r.ok, r.doc, r.raw, r.d FROM @rows WHERE true;

-- name: thing_insert_new
-- param: at time
-- rows: id uuid, name text, n int
-- returns: id uuid, text?, int?
INSERT INTO things (id, name, n, at) SELECT r.id, r.name, r.n, :at FROM @rows WHERE true
ON CONFLICT DO NOTHING RETURNING id, name, n;

-- name: thing_upsert
-- rows: id uuid, n int
INSERT INTO things (id, n) SELECT r.id, r.n FROM @rows WHERE true
ON CONFLICT (id) DO UPDATE SET n = max(things.n, excluded.n);

-- name: thing_update
-- rows: id uuid, n int
-- returns: uuid, int
UPDATE things SET n = r.n FROM @rows WHERE things.id = r.id RETURNING things.id, things.n;

-- name: thing_delete
-- rows: id uuid
DELETE FROM things WHERE id IN (SELECT r.id FROM @rows);

-- name: thing_get
-- param: id uuid
-- returns: id uuid, name text?, n int?, at time?, ok bool?, doc json?, raw bytes?, d double?
SELECT id, name, n, at, ok, doc, raw, d FROM things WHERE id = :id;

-- name: thing_list
-- returns: id uuid, n int?
SELECT id, n FROM things ORDER BY n, id;

-- name: thing_count
-- returns: int
SELECT count(*) FROM things;

-- name: thing_sum
-- returns: int?, double?
SELECT sum(n), avg(n) FROM things;

-- name: thing_join
-- The batch leads and the table is looked up; used twice.
-- rows: id uuid, label text
-- returns: label text, n int?
SELECT r.label, t.n FROM @rows JOIN things t ON t.id = r.id
WHERE r.label <> (SELECT min(r.label) FROM @rows) ORDER BY r.label;

-- name: thing_lock
-- param: id uuid
-- returns: int?
SELECT n FROM things WHERE id = :id;

-- name: rows_echo
-- rows: at int, name text
-- returns: int, text?
SELECT r.at, r.name FROM @rows;

-- name: pair_insert
-- param: a text, b text, thing uuid
INSERT INTO pairs (a, b, thing) VALUES (:a, :b, :thing);

-- name: numbers
-- returns: int, int, int, double, text, text, bool
SELECT i2, i4, i8, f4, v, c, i2 < 0 FROM numbers;

-- name: literals
-- What looks like a parameter in a literal is none.
-- param: it text
-- returns: text, text
SELECT ':it ''@rows'' ' || :it, 'a  b;c--d' /* :none */;

-- name: engine
-- returns: text
SELECT 'sqlite';

-- name: wrong_type
-- returns: int
SELECT 'text';

-- name: wrong_count
-- returns: int, int
SELECT count(*) FROM things;

-- name: wrong_null
-- returns: text
SELECT CAST(NULL AS text);

-- name: wrong_bool
-- returns: bool
SELECT 2;

-- name: wrong_sql
-- returns: int
SELECT n FROM no_such_table;

-- name: slow
-- returns: int
SELECT 1;

-- name: session_setting
-- param: name text
-- returns: text
SELECT :name;

-- name: lanes_waited_for
-- returns: int
SELECT 0;
